//! Threads over one heap, and what shards are after each step.

use core::alloc::{GlobalAlloc, Layout};
use std::{sync::Mutex, thread, vec::Vec};

use super::{Class, Front, Open, Sharded};
use crate::{
    Heap,
    inspect::{Damage, Inspect},
    linear::{Config, PAGE, Pool, Simulation},
};

type Subject<'a> = Heap<&'a Pool<Simulation>>;

fn memory(max_pages: usize) -> Pool<Simulation> {
    Pool::new(Simulation::new(Config { max_pages, ..Config::default() }))
}

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, 8).unwrap()
}

/// Allocates a block that has its size, and a byte of its owner's everywhere else.
fn alloc(heap: &Subject, size: usize, mark: u8) -> usize {
    // SAFETY: no test asks for 0 bytes.
    let block = unsafe { heap.alloc(layout(size)) };
    if !block.is_null() {
        // SAFETY: the new block.
        unsafe { block.write_bytes(mark, size) };
    }
    block.expose_provenance()
}

/// Frees a block that has still the bytes that [`alloc`] gave it.
fn free(heap: &Subject, block: usize, size: usize, mark: u8) {
    let block = core::ptr::with_exposed_provenance_mut::<u8>(block);
    // SAFETY: a live block of that size.
    let bytes = unsafe { core::slice::from_raw_parts(block, size) };
    assert!(bytes.iter().all(|&byte| byte == mark), "a block was written to");
    // SAFETY: a live block, freed once with its layout.
    unsafe { heap.dealloc(block, layout(size)) };
}

fn waiting(heap: &Subject) -> usize {
    heap.state.shards.waiting().0
}

#[test]
fn a_block_that_was_freed_is_the_next_of_its_list_and_nothing_reaches_the_heap() {
    let pool = memory(16);
    let heap = Subject::with_memory(&pool);
    let block = alloc(&heap, 500, 1);
    let state = waiting(&heap);
    free(&heap, block, 500, 1);
    assert_eq!(alloc(&heap, 505, 2), block, "32 granules serve 497 to 512 bytes");
    assert_eq!(waiting(&heap), state);
    free(&heap, block, 505, 2);
    heap.check().unwrap();
}

#[test]
fn a_list_takes_a_batch_and_gives_one_back_when_two_wait() {
    let pool = memory(16);
    let heap = Subject::with_memory(&pool);
    let class = Class::of(8).unwrap();
    let batch = class.batch();
    let blocks: Vec<_> = (0..9 * batch).map(|_| alloc(&heap, 128, 7)).collect();
    for (freed, &block) in blocks.iter().enumerate() {
        free(&heap, block, 128, 7);
        // The last batch was used up, or began to wait.
        assert!(waiting(&heap) <= 2 * batch * 8, "{freed}");
    }
    assert!(waiting(&heap) >= batch * 8);
    // What is too much waits for other threads, a batch in each store, and from there on for all sizes.
    let stored = heap.state.shards.stores().filter(|store| store.waiting() > 0).count();
    assert!(stored >= 1, "nothing is in the stores");
    assert!(heap.state.shards.stores().all(|store| store.waiting() <= (batch + 1) * 8));
    let shared = heap.state.shared.with(|state| state.quick[8] != 0);
    assert!(shared, "what no store has room for is the heap's");
    heap.check().unwrap();
    assert_eq!(heap.stats().live_blocks, 0);
    assert_eq!(waiting(&heap), 0, "statistics merge what waits");
}

#[test]
fn no_request_is_refused_while_what_waits_could_serve_it() {
    let pool = memory(2);
    let heap = Subject::with_memory(&pool);
    // Every size takes a part, and all of it waits in shards then.
    let fill = |size: usize| {
        let mut blocks = Vec::new();
        loop {
            let block = alloc(&heap, size, 3);
            if block == 0 {
                return blocks;
            }
            blocks.push(block);
        }
    };
    for size in [16, 1024, 48, 300, 1000] {
        let blocks = fill(size);
        for &block in &blocks {
            free(&heap, block, size, 3);
        }
        let largest = heap.stats().largest_free;
        // Some of it waits in a shard again.
        let some: Vec<_> = (0..20).map(|_| alloc(&heap, 16, 3)).collect();
        some.iter().for_each(|&block| free(&heap, block, 16, 3));
        assert!(waiting(&heap) > 0);
        let block = alloc(&heap, largest, 4);
        assert_ne!(block, 0, "{largest} bytes were free, after blocks of {size}");
        free(&heap, block, largest, 4);
    }
    heap.check().unwrap();
}

/// 33 granules are cut as 36, unless no more than 33 are free.
#[test]
fn the_last_granules_are_served_as_they_are_and_freed_as_they_were() {
    let pool = memory(2);
    let heap = Subject::with_memory(&pool);
    let (small, large) = (33 * 16, 36 * 16);
    let shorts = || heap.state.shards.short.load(super::Relaxed);
    let fill = |size| {
        let blocks = core::iter::repeat_with(|| alloc(&heap, size, 1));
        blocks.take_while(|&block| block != 0).collect::<Vec<_>>()
    };
    let blocks = fill(large);
    let rest = fill(16);
    free(&heap, blocks[3], large, 1);
    let three = alloc(&heap, 48, 2);
    let last = alloc(&heap, small, 3);
    assert!(three != 0 && last != 0, "33 of 36 granules are free");
    assert_eq!(shorts(), 1);
    heap.check().unwrap();
    // It is as long as it was, whatever it becomes.
    let pointer = core::ptr::with_exposed_provenance_mut::<u8>(last);
    // SAFETY: live, with its layout.
    let moved = unsafe { heap.realloc(pointer, layout(small), large) };
    assert!(moved.is_null(), "nothing larger is free");
    // SAFETY: live, with its layout: the call before failed.
    let shrunk = unsafe { heap.realloc(pointer, layout(small), small - 100) };
    assert_eq!(shrunk, pointer);
    assert_eq!(shorts(), 0);
    free(&heap, last, small - 100, 3);
    let last = alloc(&heap, small, 3);
    assert_eq!(shorts(), 1);
    free(&heap, last, small, 3);
    assert_eq!(shorts(), 0);
    assert_eq!(heap.stats().largest_free, small);
    free(&heap, three, 48, 2);
    rest.iter().for_each(|&block| free(&heap, block, 16, 1));
    let others = blocks.iter().enumerate().filter(|&(i, _)| i != 3);
    others.for_each(|(_, &block)| free(&heap, block, large, 1));
    heap.check().unwrap();
    assert_eq!(heap.stats().live_blocks, 0);
}

#[test]
fn a_shard_that_somebody_holds_stops_nobody() {
    let pool = memory(16);
    let heap = Subject::with_memory(&pool);
    // As if a thread had been stopped inside of its shard.
    let held = heap.state.shards.open();
    assert!(held.is_some());
    let blocks: Vec<_> = (1..100).map(|n| (alloc(&heap, n * 8, 5), n * 8)).collect();
    blocks.iter().for_each(|&(block, size)| free(&heap, block, size, 5));
    assert!(waiting(&heap) > 0, "another shard served them");
    drop(held);
    // All are held: the heap behind them serves.
    let all = heap.state.shards.hold();
    assert!(all.iter().all(Option::is_some));
    let block = alloc(&heap, 100, 6);
    assert_ne!(block, 0);
    free(&heap, block, 100, 6);
    drop(all);
    heap.check().unwrap();
}

#[test]
fn a_list_with_a_block_of_another_size_is_damage() {
    let pool = memory(16);
    let heap = Subject::with_memory(&pool);
    let block = alloc(&heap, 160, 1);
    heap.check().unwrap();
    let mut shard = heap.state.shards.open().unwrap();
    let memory = pool.region();
    // SAFETY: what the test is about: a block of 10 granules in the list of those with 9.
    unsafe { shard.push(memory, Class::of(9).unwrap(), block) };
    drop(shard);
    let rule = "a quick list leads to what is no block of its size";
    assert_eq!(heap.check(), Err(Damage { address: block, rule }));
    let heads = |open: &Open<'_>| {
        open.heads(|_, head| if head == block { Err(()) } else { Ok(()) }).is_err()
    };
    assert!(heap.state.shards.hold().iter().flatten().any(heads), "a check changes nothing");
}

/// Threads replace blocks of each other's while one looks at all of it. A book has every live block, so
/// that no two overlap.
#[test]
fn blocks_of_threads_never_overlap_and_all_come_back() {
    const THREADS: usize = 4;
    const ROUNDS: usize = if cfg!(miri) { 60 } else { 4_000 };
    let pool = memory(400);
    let heap = Subject::with_memory(&pool);
    let live: Mutex<std::collections::BTreeMap<usize, (usize, u8)>> = Mutex::default();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (heap, live) = (&heap, &live);
            scope.spawn(move || {
                let mut x = 0x9E37_79B9_u32.wrapping_mul(thread as u32 + 1) | 1;
                for round in 0..ROUNDS {
                    x ^= x << 13;
                    x ^= x >> 17;
                    x ^= x << 5;
                    let size = 1 + x as usize % if round % 16 == 0 { 5_000 } else { 1_100 };
                    let mark = x as u8;
                    let block = alloc(heap, size, mark);
                    assert_ne!(block, 0);
                    let mut book = live.lock().unwrap();
                    let before = book.range(..block + size).next_back();
                    let apart = before.is_none_or(|(at, (size, _))| at + size <= block);
                    assert!(apart, "two blocks overlap");
                    book.insert(block, (size, mark));
                    // Any thread's block, where there are enough.
                    let one = if book.len() > 300 { book.range(x as usize..).next() } else { None };
                    let one = one.map(|(&at, &(size, mark))| (at, size, mark));
                    let one = one.or_else(|| {
                        let (&at, &(size, mark)) = book.iter().nth(x as usize % book.len())?;
                        (book.len() > 300).then_some((at, size, mark))
                    });
                    if let Some((at, _, _)) = one {
                        book.remove(&at);
                    }
                    drop(book);
                    if let Some((at, size, mark)) = one {
                        free(heap, at, size, mark);
                    }
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..if cfg!(miri) { 2 } else { 50 } {
                heap.check().unwrap();
                let stats = heap.stats();
                let mut sum = 0;
                heap.walk(&mut |block| sum += block.size);
                assert!(sum >= stats.live_bytes / 2);
            }
        });
    });
    for (at, (size, mark)) in live.into_inner().unwrap() {
        free(&heap, at, size, mark);
    }
    heap.check().unwrap();
    let stats = heap.stats();
    assert_eq!((stats.live_blocks, stats.live_bytes), (0, 0));
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri many minutes")]
fn threads_that_come_and_go_leave_nothing() {
    let pool = memory(100);
    let heap = Subject::with_memory(&pool);
    let run = |threads: usize| {
        for _ in 0..threads / 4 {
            thread::scope(|scope| {
                for thread in 0..4_usize {
                    let heap = &heap;
                    scope.spawn(move || {
                        let sizes = (1..20).map(|n| n * (40 + thread));
                        let blocks: Vec<_> =
                            sizes.map(|size| (alloc(heap, size, 9), size)).collect();
                        blocks.iter().for_each(|&(block, size)| free(heap, block, size, 9));
                    });
                }
            });
        }
    };
    run(400);
    let pages = pool.stats().grown_pages;
    run(9_600);
    // Four threads at once have less than two pages live, and as much may wait.
    let more = pool.stats().grown_pages - pages;
    assert!(more <= 8, "{pages} pages after 400 threads, {more} more after 9,600 others");
    heap.check().unwrap();
    assert_eq!(heap.stats().live_blocks, 0);
}

/// Whoever is asked for growth lets somebody else grow first.
struct Overtaken;

static OVERTAKEN: std::sync::OnceLock<Heap<&'static Pool<Simulation>, Overtaken>> =
    std::sync::OnceLock::new();

impl crate::heap::Policy for Overtaken {
    fn growth(committed: usize, needed: usize) -> usize {
        // The one who overtakes finds the heap larger, and asks nobody.
        static ASKED: core::sync::atomic::AtomicBool = core::sync::atomic::AtomicBool::new(false);
        if !ASKED.swap(true, super::Relaxed) {
            let heap = OVERTAKEN.get().unwrap();
            thread::scope(|scope| scope.spawn(|| assert!(heap.reserve(10 * PAGE))).join()).unwrap();
        }
        crate::heap::Standard::growth(committed, needed)
    }
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri many minutes")]
fn of_two_threads_that_grow_at_once_one_finds_what_the_other_grew() {
    static POOL: std::sync::OnceLock<Pool<Simulation>> = std::sync::OnceLock::new();
    let pool = POOL.get_or_init(|| memory(100));
    let heap = OVERTAKEN.get_or_init(|| Heap::with_policy_and_memory(pool));
    // SAFETY: the size is not 0.
    let block = unsafe { heap.alloc(layout(2 * PAGE)) };
    assert!(!block.is_null());
    assert_eq!(pool.stats().growths, 1, "the second growth would have been for nothing");
    // SAFETY: live, and freed with its layout.
    unsafe { heap.dealloc(block, layout(2 * PAGE)) };
    heap.check().unwrap();
}

#[test]
fn what_waits_is_bounded_by_two_batches_a_list() {
    let most: usize = Class::all().map(|class| 2 * class.batch() * class.granules()).sum();
    assert!(most * 16 <= 5 * PAGE, "{} bytes", most * 16);
    assert_eq!(<Sharded as Front>::cut(65), 65, "larger blocks are cut as they are");
    assert_eq!(<Sharded as Front>::cut(33), 36);
}
