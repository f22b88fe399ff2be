//! A program whose collections live in a [`Heap`], and which then looks into that heap.
//!
//! `cargo run --example global_allocator`

use std::collections::BTreeMap;

use bonsai_alloc::{Heap, inspect::Inspect};

#[global_allocator]
static HEAP: Heap = Heap::new();

// A page or a debugger finds the heap by this symbol. It costs nothing while the program runs.
bonsai_alloc::inspectable!(HEAP);

/// Counts how often each word occurs.
fn count(text: &str) -> BTreeMap<String, usize> {
    let mut words = BTreeMap::new();
    for word in text.split_whitespace() {
        *words.entry(word.to_lowercase()).or_default() += 1;
    }
    words
}

fn main() {
    let words = count("the quick brown fox jumps over the lazy dog and the dog sleeps");
    assert_eq!((words["the"], words["dog"], words["fox"]), (3, 2, 1));

    let stats = HEAP.stats();
    println!(
        "{} words; {} blocks live, {} bytes",
        words.len(),
        stats.live_blocks,
        stats.live_bytes
    );
    assert!(stats.live_blocks >= words.len(), "each word is a block of its own");
    HEAP.check().expect("the heap's bookkeeping holds");
}

#[test]
fn runs() {
    main();
}
