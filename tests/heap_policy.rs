//! `Heap`'s policies: how it grows, what it keeps for emergencies, and whom it tells that memory
//! has run out.

use std::{
    alloc::{GlobalAlloc, Layout},
    cell::{Cell, RefCell},
};

use bonsai_alloc::{
    Heap,
    heap::Policy,
    inspect::{Inspect, State, Stats},
    linear::{Config, PAGE, Pool, Simulation},
};

const MIB: usize = 1 << 20;

fn memory(max_pages: usize) -> Pool<Simulation> {
    Pool::new(Simulation::new(Config { max_pages, ..Config::default() }))
}

/// Bytes that `checked` puts behind a block.
const ZONE: usize = if cfg!(feature = "checked") { 16 } else { 0 };

/// A request for which the heap takes a block of `size`.
fn bytes(size: usize) -> Layout {
    Layout::from_size_align(size.saturating_sub(ZONE).max(1), 8).unwrap()
}

/// Returns the layout that a hook is told of a request.
fn all(size: usize) -> Layout {
    Layout::from_size_align(size, 8).unwrap()
}

/// Allocates, and writes to all of it.
fn take(heap: &impl GlobalAlloc, size: usize) -> Option<*mut u8> {
    // SAFETY: no test asks for 0 bytes.
    let block = unsafe { heap.alloc(bytes(size)) };
    if block.is_null() {
        return None;
    }
    // SAFETY: that long.
    unsafe { block.write_bytes(0xA5, bytes(size).size()) };
    Some(block)
}

fn give(heap: &impl GlobalAlloc, block: *mut u8, size: usize) {
    // SAFETY: the tests free what they took, once.
    unsafe { heap.dealloc(block, bytes(size)) };
}

/// Takes blocks of `size` until there are none.
fn exhaust(heap: &impl GlobalAlloc, size: usize) -> Vec<*mut u8> {
    std::iter::from_fn(|| take(heap, size)).collect()
}

/// Never more than 2 MiB.
struct Capped;
impl Policy for Capped {
    fn growth(committed: usize, needed: usize) -> usize {
        if committed + needed > 2 * MIB { 0 } else { needed }
    }
}

#[test]
fn a_cap_is_kept_and_what_is_freed_below_it_comes_back() {
    let pool = memory(1000);
    let heap = Heap::<_, Capped>::with_policy_and_memory(&pool);
    let blocks = exhaust(&heap, 10_000);
    assert!(pool.stats().grown_pages * PAGE <= 2 * MIB);
    assert!(blocks.len() > 190, "only {} blocks of 10,000 bytes", blocks.len());
    assert_eq!(pool.memory().attempts(), pool.stats().growths, "growth was tried in vain");
    blocks.iter().for_each(|&block| give(&heap, block, 10_000));
    heap.check().unwrap();
    assert!(take(&heap, MIB).is_some());
}

/// Grows once, however much that is.
struct Once;
impl Policy for Once {
    fn growth(committed: usize, needed: usize) -> usize {
        if committed == 0 { needed } else { 0 }
    }
}

#[test]
fn what_was_reserved_at_the_start_is_all_there_is() {
    let pool = memory(1000);
    let heap = Heap::<_, Once>::with_policy_and_memory(&pool);
    assert!(heap.reserve(3 * MIB));
    let pages = pool.stats().grown_pages;
    let block = take(&heap, 3 * MIB).expect("3 MiB were reserved");
    assert!(take(&heap, MIB).is_none() && !heap.reserve(MIB));
    give(&heap, block, 3 * MIB);
    assert!(heap.reserve(3 * MIB), "they are free again");
    assert_eq!((pool.stats().grown_pages, pool.stats().growths), (pages, 1));
    heap.check().unwrap();
}

#[test]
fn a_reserve_of_what_there_is_does_not_grow() {
    let pool = memory(1000);
    let heap = Heap::with_memory(&pool);
    assert!(heap.reserve(MIB));
    let before = pool.stats();
    assert!(heap.reserve(MIB) && heap.reserve(1) && heap.reserve(0));
    assert_eq!(pool.stats(), before);
}

#[test]
fn a_reserve_that_is_refused_changes_nothing() {
    let pool = memory(20);
    let heap = Heap::with_memory(&pool);
    let before = (pool.stats(), heap.stats());
    assert!(!heap.reserve(20 * PAGE));
    assert_eq!((pool.stats(), heap.stats()), before);
    assert!(heap.reserve(10 * PAGE) && take(&heap, 10 * PAGE).is_some());
}

/// Grows by a mebibyte at a time.
struct Steps;
impl Policy for Steps {
    fn growth(_: usize, needed: usize) -> usize {
        needed.next_multiple_of(MIB)
    }
}

#[test]
fn growth_goes_in_the_steps_that_are_asked_for_or_by_what_is_needed() {
    let pool = memory(40);
    let heap = Heap::<_, Steps>::with_policy_and_memory(&pool);
    for _ in 0..200 {
        take(&heap, 9_000).unwrap();
    }
    assert_eq!((pool.stats().growths, pool.stats().grown_pages), (2, 32));
    // 7 pages are left, so a step is refused; what is needed is not.
    assert!(take(&heap, 5 * PAGE).is_some());
    heap.check().unwrap();
}

thread_local! {
    static TOLD: RefCell<Vec<(Layout, Stats)>> = const { RefCell::new(Vec::new()) };
    static CACHE: Cell<Option<(*const Simple, *mut u8)>> = const { Cell::new(None) };
}

type Simple = Heap<&'static Pool<Simulation>, Tells>;

/// Remembers what it was told, and gives up.
struct Tells;
impl Policy for Tells {
    const OUT_OF_MEMORY: Option<fn(Layout, &Stats) -> bool> = Some(|layout, stats| {
        TOLD.with_borrow_mut(|told| told.push((layout, *stats)));
        // A program that has a cache gives it up, through the heap that is asking.
        let Some((heap, block)) = CACHE.take() else {
            return false;
        };
        // SAFETY: the test keeps the heap until it ends.
        give(unsafe { &*heap }, block, MIB);
        true
    });
}

#[test]
fn the_hook_is_told_layout_and_statistics_once_a_request() {
    let pool = memory(33);
    let heap = Heap::<_, Tells>::with_policy_and_memory(&pool);
    let block = take(&heap, MIB).unwrap();
    assert!(TOLD.take().is_empty());
    assert!(take(&heap, 2 * MIB).is_none());
    let told = TOLD.take();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0], (all(2 * MIB), heap.stats()));
    assert!(told[0].1.live_bytes >= MIB);
    // Growing a block is told as well, and the block stays.
    // SAFETY: the block is live.
    let grown = unsafe { heap.realloc(block, bytes(MIB), bytes(4 * MIB).size()) };
    assert!(grown.is_null());
    assert_eq!(TOLD.take().iter().map(|told| told.0).collect::<Vec<_>>(), [all(4 * MIB)]);
    // SAFETY: the block is as long.
    let kept = unsafe { std::slice::from_raw_parts(block, bytes(MIB).size()) };
    assert!(kept.iter().all(|&byte| byte == 0xA5));
    heap.check().unwrap();
}

#[test]
fn a_hook_that_frees_something_has_the_request_tried_again() {
    let pool: &'static _ = Box::leak(Box::new(memory(33)));
    let heap = Simple::with_policy_and_memory(pool);
    let cache = take(&heap, MIB).unwrap();
    CACHE.set(Some((&raw const heap, cache)));
    assert!(take(&heap, 3 * MIB / 2).is_some(), "what the hook freed was not used");
    assert_eq!(TOLD.take().len(), 1);
    assert!(take(&heap, MIB).is_none());
    assert_eq!(TOLD.take().len(), 1, "a hook that gives up is asked once");
}

const KEPT: usize = 10 * PAGE;

/// Keeps ten pages for emergencies, of which nobody is told.
struct Silent;
impl Policy for Silent {
    const EMERGENCY: usize = KEPT;
}

/// The same, and somebody is told.
struct Announced;
impl Policy for Announced {
    const EMERGENCY: usize = KEPT;
    const OUT_OF_MEMORY: Option<fn(Layout, &Stats) -> bool> = Some(|layout, stats| {
        TOLD.with_borrow_mut(|told| told.push((layout, *stats)));
        true
    });
}

#[test]
fn the_emergency_reserve_is_there_when_all_else_is_gone() {
    let pool = memory(40);
    let heap = Heap::<_, Silent>::with_policy_and_memory(&pool);
    take(&heap, 1).unwrap();
    assert!(heap.stats().live_bytes >= KEPT, "no reserve was set apart");
    let large = exhaust(&heap, KEPT / 2 + PAGE);
    // Four fit beside the reserve; the fifth is where it was.
    assert_eq!(large.len(), 5);
    let small = exhaust(&heap, 1000);
    assert!(heap.stats().largest_free < 1024);
    heap.check().unwrap();
    small.iter().for_each(|&block| give(&heap, block, 1000));
    large.iter().for_each(|&block| give(&heap, block, KEPT / 2 + PAGE));
    // It was freed for good.
    assert_eq!(heap.stats().live_blocks, 1);
    assert!(take(&heap, KEPT).is_some() && take(&heap, KEPT).is_some());
}

#[test]
fn the_hook_finds_the_emergency_reserve_free() {
    let pool = memory(40);
    let heap = Heap::<_, Announced>::with_policy_and_memory(&pool);
    let block = take(&heap, 25 * PAGE).unwrap();
    assert!(take(&heap, KEPT).is_some(), "the reserve was not given to the request");
    let told = TOLD.take();
    assert_eq!(told.len(), 1);
    assert!(told[0].1.largest_free >= KEPT);
    // Used up: the next time the hook is told, and its word that there is more does not help.
    assert!(take(&heap, KEPT).is_none());
    assert_eq!(TOLD.take().len(), 1);
    give(&heap, block, 25 * PAGE);
    heap.check().unwrap();
}

#[test]
fn without_room_for_a_reserve_there_is_none_and_requests_are_served() {
    let pool = memory(6);
    let heap = Heap::<_, Silent>::with_policy_and_memory(&pool);
    assert!(take(&heap, 4 * PAGE).is_some());
    let mut live = 0;
    heap.walk(&mut |block| live += usize::from(block.state == State::Live));
    assert_eq!(live, 1);
    heap.check().unwrap();
}
