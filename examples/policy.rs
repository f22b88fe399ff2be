//! A heap with a limit: it never holds more than 4 MiB, keeps 64 KiB in reserve, and calls a hook
//! when a request cannot be served.
//!
//! `cargo run --example policy`

use std::{
    alloc::Layout,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use bonsai_alloc::{Heap, Linear, heap::Policy, inspect::Stats};

/// The most that the heap may hold, in bytes.
const LIMIT: usize = 4 << 20;

/// The size of the last request that could not be served, in bytes.
static REFUSED: AtomicUsize = AtomicUsize::new(0);

struct Limited;

impl Policy for Limited {
    const EMERGENCY: usize = 64 << 10;
    const OUT_OF_MEMORY: Option<fn(Layout, &Stats) -> bool> = Some(|layout, stats| {
        // The hook may use the heap: the reserve has just been freed.
        eprintln!("no room for {} bytes beside {} live ones", layout.size(), stats.live_bytes);
        REFUSED.store(layout.size(), Relaxed);
        false // `true` would try the request once more
    });

    fn growth(committed: usize, needed: usize) -> usize {
        if committed + needed > LIMIT { 0 } else { needed }
    }
}

#[global_allocator]
static HEAP: Heap<Linear, Limited> = Heap::with_policy();

fn main() {
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    let refused = loop {
        let mut piece = Vec::new();
        if let Err(error) = piece.try_reserve_exact(256 << 10) {
            break error;
        }
        pieces.push(piece);
    };
    println!("{} pieces of 256 KiB, then: {refused}", pieces.len());
    assert!(pieces.len() >= 10 && pieces.len() * (256 << 10) <= LIMIT);
    assert!(REFUSED.load(Relaxed) >= 256 << 10, "the hook was called");

    // Nothing is lost: what is freed can be had again.
    pieces.pop();
    pieces.push(Vec::with_capacity(256 << 10));
}

#[test]
fn runs() {
    main();
}
