//! The memory that a `BumpHeap` takes, to the byte, and its view of several chunks. With `checked`
//! every block is longer.

#![cfg(not(feature = "checked"))]

use std::{
    alloc::{GlobalAlloc, Layout},
    ptr::NonNull,
};

use bonsai_alloc::{
    BumpHeap,
    inspect::{Block, Inspect, State},
    linear::{Config, PAGE, Pool, Simulation},
};

/// Before a chunk's first block.
const HEADER: usize = 2 * size_of::<usize>();

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap()
}

fn pool() -> Pool<Simulation> {
    Pool::new(Simulation::new(Config::default()))
}

fn alloc(heap: &BumpHeap<&Pool<Simulation>>, size: usize, align: usize) -> *mut u8 {
    // SAFETY: no test asks for 0 bytes.
    let block = unsafe { heap.alloc(layout(size, align)) };
    assert!(!block.is_null());
    heap.check().unwrap();
    block
}

fn blocks(heap: &BumpHeap<&Pool<Simulation>>) -> Vec<Block> {
    let mut blocks = Vec::new();
    heap.walk(&mut |block| blocks.push(block));
    blocks
}

#[test]
fn a_block_takes_as_many_pages_as_it_needs_with_the_header() {
    for (size, align, pages) in [
        (PAGE - HEADER, 1, 1),
        (PAGE - HEADER + 1, 1, 2),
        (PAGE - HEADER - 31, 32, 1),
        (PAGE - HEADER - 15, 32, 2),
        (3 * PAGE - HEADER, 1, 3),
    ] {
        let pool = pool();
        let heap = BumpHeap::with_memory(&pool);
        alloc(&heap, size, align);
        assert_eq!(pool.stats().grown_pages, pages, "{size} bytes aligned to {align}");
        assert_eq!(heap.stats().committed(), pages * PAGE);
    }
}

#[test]
fn a_chunk_is_used_to_its_last_byte_and_grows_by_what_is_missing() {
    let pool = pool();
    let heap = BumpHeap::with_memory(&pool);
    alloc(&heap, 1000, 8);
    let rest = heap.stats().free_bytes;
    assert_eq!(rest, PAGE - HEADER - 1000);
    let last = alloc(&heap, rest, 1);
    assert_eq!((heap.stats().free_bytes, pool.stats().grown_pages), (0, 1));
    // SAFETY: allocated just now.
    unsafe { heap.dealloc(last, layout(rest, 1)) };
    let last = alloc(&heap, 100, 1);
    // SAFETY: allocated just now, with this layout.
    let same = unsafe { heap.realloc(last, layout(100, 1), rest) };
    assert_eq!((same, heap.stats().free_bytes, pool.stats().grown_pages), (last, 0, 1));

    // SAFETY: the block was resized to `rest` bytes just now.
    unsafe { heap.dealloc(last, layout(rest, 1)) };
    alloc(&heap, rest + PAGE, 1);
    assert_eq!((heap.stats().free_bytes, pool.stats().grown_pages), (0, 2));
    // With a chunk that is full, all of it is missing.
    alloc(&heap, PAGE, 1);
    assert_eq!((heap.stats().free_bytes, pool.stats().grown_pages), (0, 3));
}

#[test]
fn chunks_are_shown_in_the_order_of_their_addresses_whichever_is_the_newest() {
    let pool = pool();
    let low = pool.acquire(layout(2 * PAGE, 16)).unwrap();
    assert!(pool.memory().foreign(1));
    let heap = BumpHeap::with_memory(&pool);
    let older = alloc(&heap, PAGE - HEADER - 1000, 1).addr() - HEADER;
    assert!(pool.memory().foreign(2));
    let free = pool.stats().free_bytes;
    assert_eq!(free, 0);
    // SAFETY: acquired above, and not used.
    unsafe { pool.release(low, layout(2 * PAGE, 16)) };
    let newest = alloc(&heap, PAGE, 1).addr() - HEADER;
    assert_eq!(newest, NonNull::as_ptr(low).addr(), "what fits is used before memory grows");

    let top = older + PAGE - 1000;
    let rest = (top + 15) & !15;
    let expected = [
        (newest, HEADER, State::Meta),
        (newest + HEADER, PAGE, State::Live),
        (newest + HEADER + PAGE, PAGE - HEADER, State::Free),
        (newest + 2 * PAGE, PAGE, State::Gap),
        (older, HEADER, State::Meta),
        (older + HEADER, rest - older - HEADER, State::Live),
    ];
    let expected = expected.map(|(address, size, state)| Block { address, size, state });
    assert_eq!(blocks(&heap), expected);
    // What was behind the older one's top went back, but for what aligns it.
    assert_eq!(pool.stats().free_bytes, older + PAGE - rest);
    assert_eq!(heap.stats().committed(), 2 * PAGE + rest - older);
    alloc(&heap, 100, 1);
    alloc(&heap, PAGE, 1);
    let ends: Vec<_> = blocks(&heap).windows(2).map(|b| (b[0].end(), b[1].address)).collect();
    assert!(ends.iter().all(|(end, next)| end == next), "{ends:x?}");
    assert!(blocks(&heap).iter().all(|block| block.size > 0));
}

#[test]
fn a_chunk_that_ends_full_leaves_nothing_behind() {
    let pool = pool();
    let heap = BumpHeap::with_memory(&pool);
    alloc(&heap, PAGE - HEADER, 1);
    assert!(pool.memory().foreign(1));
    alloc(&heap, PAGE - HEADER, 1);
    assert_eq!((pool.stats().free_bytes, pool.stats().grown_pages), (0, 2));
    let states: Vec<_> = blocks(&heap).iter().map(|block| (block.size, block.state)).collect();
    let chunk = [(HEADER, State::Meta), (PAGE - HEADER, State::Live)];
    assert_eq!(states, [&chunk[..], &[(PAGE, State::Gap)], &chunk].concat());
}

#[test]
fn a_chunk_whose_header_was_overwritten_is_damage() {
    for word in 0..2 {
        for value in [0, 1, usize::MAX, PAGE] {
            let pool = pool();
            let heap = BumpHeap::with_memory(&pool);
            alloc(&heap, PAGE - HEADER, 1);
            assert!(pool.memory().foreign(1));
            let newest = alloc(&heap, 100, 1).wrapping_sub(HEADER).cast::<usize>();
            // SAFETY: the header of the newest chunk.
            unsafe { newest.wrapping_add(word).write(value) };
            let damage = heap.check().unwrap_err();
            assert_eq!(damage.address, newest.addr(), "{damage}");
            assert!(damage.rule.contains("chunk"), "{damage}");
            assert!(blocks(&heap).len() >= 3, "what can be known is shown");
        }
    }
}

#[test]
fn a_header_that_leads_to_no_chunk_that_can_be_is_damage() {
    let before = |older: usize| [(1, older + size_of::<usize>()), (0, older + 1)];
    for case in 0..4 {
        let pool = pool();
        let heap = BumpHeap::with_memory(&pool);
        let older = alloc(&heap, PAGE - HEADER, 1).addr() - HEADER;
        assert!(pool.memory().foreign(1));
        let newest = alloc(&heap, 100, 1).wrapping_sub(HEADER).cast::<usize>();
        let end = pool.memory().addresses().end;
        let (word, value) = match case {
            // Shorter than its header, not at a header's alignment, longer than all that is the
            // heap's, beyond memory.
            0 | 1 => before(older)[case],
            2 => (1, end),
            _ => (1, end + HEADER),
        };
        // SAFETY: the header of the newest chunk.
        unsafe { newest.wrapping_add(word).write(value) };
        assert_eq!(heap.check().unwrap_err().address, newest.addr(), "case {case}");
        let shown: Vec<_> = blocks(&heap).iter().map(|block| block.address).collect();
        assert_eq!(shown[0], newest.addr(), "case {case}");
    }
}

#[test]
fn the_first_chunk_may_be_where_memory_begins() {
    let pool = Pool::new(Simulation::new(Config { pages: 0, ..Config::default() }));
    let heap = BumpHeap::with_memory(&pool);
    let first = alloc(&heap, PAGE - HEADER, 1);
    assert_eq!(first.addr() - HEADER, pool.memory().addresses().start);
    assert!(pool.memory().foreign(1));
    alloc(&heap, 100, 1);
    assert_eq!(blocks(&heap)[1].address, first.addr());
    assert_eq!(heap.stats().committed(), 2 * PAGE);
}

#[test]
fn memory_that_is_known_to_be_zero_and_is_not_is_damage() {
    let pool = pool();
    let heap = BumpHeap::with_memory(&pool);
    let block = alloc(&heap, 100, 1);
    for (offset, known) in [(100, true), (1000, true), (PAGE - HEADER - 1, true), (99, false)] {
        let at = block.wrapping_add(offset);
        // SAFETY: memory of the heap's.
        unsafe { at.write(1) };
        match heap.check() {
            Ok(()) => assert!(!known, "byte {offset}"),
            Err(damage) => assert!(known && damage.address == at.addr(), "byte {offset}: {damage}"),
        }
        // SAFETY: `at` is a byte of the heap's own memory, which outlives this.
        unsafe { at.write(0) };
        heap.check().unwrap();
    }
}
