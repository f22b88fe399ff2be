//! Several threads on one heap: each builds strings, and another thread frees them.
//!
//! `cargo run --release --example threads`

use std::{sync::mpsc, thread};

use bonsai_alloc::{Heap, inspect::Inspect};

#[global_allocator]
static HEAP: Heap = Heap::new();

/// Threads that allocate.
const WRITERS: usize = 4;
/// Strings that each of them sends.
const EACH: usize = if cfg!(miri) { 10 } else { 10_000 };

fn main() {
    let (sender, receiver) = mpsc::channel::<String>();
    let total: usize = thread::scope(|scope| {
        for writer in 0..WRITERS {
            let sender = sender.clone();
            scope.spawn(move || {
                for i in 0..EACH {
                    let text = format!("writer {writer} sends {i}");
                    sender.send(text).expect("the reader waits for all");
                }
            });
        }
        drop(sender);
        // The strings are freed here, by a thread that did not allocate them.
        receiver.iter().map(|text| text.split(' ').count()).sum()
    });
    assert_eq!(total, WRITERS * EACH * 4);
    HEAP.check().expect("the heap's bookkeeping holds");
    println!("{} strings, {} blocks live at the end", WRITERS * EACH, HEAP.stats().live_blocks);
}

#[test]
fn runs() {
    main();
}
