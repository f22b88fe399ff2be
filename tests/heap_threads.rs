//! A policy's limit, its hook, its reserve and `reserve` while several threads use the heap.

use std::{
    alloc::{GlobalAlloc, Layout},
    sync::{
        Barrier,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

use bonsai_alloc::{
    Heap,
    heap::Policy,
    inspect::{Inspect, Stats},
    linear::{Config, PAGE, Pool, Simulation},
};

const THREADS: usize = 4;
const ROUNDS: usize = if cfg!(miri) { 1 } else { 8 };

fn pool(max_pages: usize) -> Pool<Simulation> {
    Pool::new(Simulation::new(Config { max_pages, ..Config::default() }))
}

const fn layout(size: usize) -> Layout {
    match Layout::from_size_align(size, 8) {
        Ok(layout) => layout,
        Err(_) => panic!("a size of this file"),
    }
}

static REFUSED: AtomicUsize = AtomicUsize::new(0);

/// Bytes that the heap may have.
const LIMIT: usize = 24 * PAGE;

struct Limited;

impl Policy for Limited {
    const EMERGENCY: usize = 2 * PAGE;
    const OUT_OF_MEMORY: Option<fn(Layout, &Stats) -> bool> = Some(|_, stats| {
        assert!(stats.committed() <= LIMIT);
        REFUSED.fetch_add(1, Relaxed);
        false
    });

    fn growth(committed: usize, needed: usize) -> usize {
        // Others grow in between.
        thread::yield_now();
        if committed + needed > LIMIT { 0 } else { needed }
    }
}

/// Blocks of sizes that depend on `seed`, until a request is refused. Returns their number.
fn fill(heap: &impl GlobalAlloc, seed: usize) -> usize {
    let mut blocks = Vec::new();
    for n in seed.. {
        let layout = layout(16 + n.wrapping_mul(0x9E37_79B1) % 7_000);
        // SAFETY: the size is not 0.
        let block = unsafe { heap.alloc(layout) };
        if block.is_null() {
            break;
        }
        // SAFETY: the new block.
        unsafe { block.write_bytes(seed as u8, layout.size()) };
        blocks.push((block, layout));
    }
    let count = blocks.len();
    for (block, layout) in blocks {
        // SAFETY: that long, and live.
        let bytes = unsafe { std::slice::from_raw_parts(block, layout.size()) };
        assert!(bytes.iter().all(|&byte| byte == seed as u8), "a block was written to");
        // SAFETY: live, with that layout.
        unsafe { heap.dealloc(block, layout) };
    }
    count
}

#[test]
fn a_limit_holds_and_each_refusal_calls_the_hook_once_whichever_thread_grows() {
    let pool = pool(100);
    let heap = Heap::<_, Limited>::with_policy_and_memory(&pool);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let (heap, over) = (&heap, &over);
        let fills: Vec<_> = (1..=THREADS)
            .map(|seed| {
                scope.spawn(move || {
                    (0..ROUNDS).map(|round| fill(heap, seed * 1_000 + round)).sum::<usize>()
                })
            })
            .collect();
        let looks = scope.spawn(move || {
            while !over.load(Relaxed) {
                assert!(heap.stats().committed() <= LIMIT);
                heap.check().unwrap();
            }
        });
        let filled: usize = fills.into_iter().map(|fill| fill.join().unwrap()).sum();
        over.store(true, Relaxed);
        looks.join().unwrap();
        assert!(filled > THREADS * ROUNDS, "{filled} blocks");
    });
    assert_eq!(REFUSED.load(Relaxed), THREADS * ROUNDS, "each round ends with one refusal");
    let stats = heap.stats();
    // The reserve was freed at the first refusal.
    assert_eq!(stats.live_blocks, 0, "{stats:?}");
    assert!(stats.committed() > LIMIT - 2 * PAGE && stats.committed() <= LIMIT, "{stats:?}");
    heap.check().unwrap();
}

#[test]
fn threads_that_reserve_at_once_have_it_without_growth_and_waste_nothing() {
    const BYTES: usize = 5 * PAGE;
    for _ in 0..ROUNDS {
        let pool = pool(100);
        let heap = <Heap<_>>::with_memory(&pool);
        let together = Barrier::new(THREADS);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    together.wait();
                    assert!(heap.reserve(BYTES));
                });
            }
        });
        let grown = pool.stats();
        assert!(grown.grown_pages <= 7, "{grown:?}: the books need less than two pages");
        // SAFETY: the size is not 0.
        let block = unsafe { heap.alloc(layout(BYTES - 1_000)) };
        assert!(!block.is_null());
        assert_eq!(pool.stats().growths, grown.growths, "it was reserved");
        // SAFETY: live, with that layout.
        unsafe { heap.dealloc(block, layout(BYTES - 1_000)) };
        heap.check().unwrap();
    }
}
