//! A program with threads of rayon's over one `Heap`, for a page.
#![cfg(target_family = "wasm")]

use std::collections::BTreeSet;

use bonsai_alloc::{Heap, inspect::Inspect, trace::Traced};
use rayon::prelude::*;
use wasm_bindgen::prelude::*;
pub use wasm_bindgen_rayon::init_thread_pool;

bonsai_alloc::javascript_sites!(Stack);

#[global_allocator]
static HEAP: Traced<Heap, Stack, { 1 << 17 }> = Traced::new(Heap::new());
bonsai_alloc::inspectable!(HEAP);
bonsai_alloc::traceable!(HEAP);

/// Makes words of 10 to 1,209 bytes on all threads, sorts them, joins each with its neighbour, and frees them, whichever thread
/// made them. Returns the bytes of all.
#[wasm_bindgen]
pub fn words(count: usize) -> usize {
    let word =
        |n: usize| format!("{:>width$}", n.wrapping_mul(0x9E37_79B1), width = 10 + n * 7 % 1_200);
    let mut words: Vec<String> = (0..count).into_par_iter().map(word).collect();
    words.par_sort_unstable();
    assert!(words.par_windows(2).all(|pair| pair[0] <= pair[1]));
    let joined: Vec<String> = words.par_chunks(2).map(<[String]>::concat).collect();
    words.into_par_iter().for_each(drop);
    joined.into_par_iter().map(|word| word.len()).sum()
}

/// Returns the sum that [`words`] has to, counted by one thread.
#[wasm_bindgen]
pub fn expected(count: usize) -> usize {
    let length = |n: usize| n.wrapping_mul(0x9E37_79B1).to_string().len();
    (0..count).map(|n| length(n).max(10 + n * 7 % 1_200)).sum()
}

/// Returns the number of live blocks; panics if the books are wrong.
#[wasm_bindgen]
pub fn live() -> usize {
    HEAP.check().unwrap();
    HEAP.stats().live_blocks
}

/// Records what all threads do for `count` words, and a block of each thread. Returns how many threads have records.
#[wasm_bindgen]
pub fn recorded(count: usize) -> usize {
    HEAP.clear();
    HEAP.start();
    words(count);
    rayon::broadcast(|_| drop(vec![0_u8; 100]));
    HEAP.stop();
    let mut threads = BTreeSet::new();
    let lost = HEAP.drain(&mut |_, thread| {
        threads.insert(thread);
    });
    assert_eq!(lost, 0);
    assert!(!threads.contains(&0), "a thread is not told");
    threads.len()
}
