//! A std program whose threads share one `Heap`, the global allocator. Prints "ok", or what failed.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    thread,
};

use bonsai_alloc::{
    Heap,
    inspect::Inspect,
    trace::{NoSites, Traced},
};
use bonsai_targets::threads::{churn, look, sweep, told, traced};

#[global_allocator]
static HEAP: Heap = Heap::new();

const THREADS: u32 = 4;
const ROUNDS: usize = 20_000;
/// Threads that come and go.
const SHORT: usize = 40;

/// Four threads replace blocks, their own and each other's, while one looks at the books.
fn many() {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let over = &over;
        let churns: Vec<_> =
            (1..=THREADS).map(|seed| scope.spawn(move || churn(&HEAP, seed, ROUNDS))).collect();
        let looks = scope.spawn(move || {
            while !over.load(Relaxed) {
                look(&HEAP, 1)?;
            }
            Ok::<_, bonsai_targets::Place>(())
        });
        let refused: Result<usize, _> =
            churns.into_iter().map(|churns| churns.join().unwrap()).sum();
        over.store(true, Relaxed);
        assert_eq!((refused, looks.join().unwrap()), (Ok(0), Ok(())));
    });
    assert_eq!(sweep(&HEAP), Ok(()));
}

/// Threads that send what they made to the next one, which frees it.
fn short() {
    let mut words = vec![String::from("one")];
    for n in 0..SHORT {
        let passed = thread::spawn(move || {
            let mut more = words.clone();
            more.push(format!("thread {n}"));
            more
        });
        words = passed.join().unwrap();
    }
    assert_eq!(words.len(), SHORT + 1);
}

/// Each record says which thread made it: here by what the C library knows.
fn recorded() {
    static HEAP: Traced<Heap, NoSites, { 1 << 16 }> = Traced::new(Heap::new());
    HEAP.start();
    thread::scope(|scope| {
        for number in 1..=4 {
            scope.spawn(move || {
                assert_eq!(traced(&HEAP, number, 10), Ok(()));
                // All of them run at once: who begins where another has ended may have its number.
                static BEGUN: AtomicUsize = AtomicUsize::new(0);
                BEGUN.fetch_add(1, Relaxed);
                while BEGUN.load(Relaxed) < 4 {
                    thread::yield_now();
                }
                assert_eq!(traced(&HEAP, number, 1_000), Ok(()));
            });
        }
    });
    HEAP.stop();
    assert_eq!(told(&HEAP), Ok(4));
}

fn main() {
    recorded();
    many();
    short();
    let committed = HEAP.stats().committed();
    many();
    short();
    // Random sizes need not fit into the same pages.
    let more = HEAP.stats().committed().saturating_sub(committed);
    assert!(more <= 1 << 19, "{committed} bytes, and {more} more the second time");
    HEAP.check().unwrap();
    println!("ok");
}
