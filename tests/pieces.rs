//! `Heap` over memory that is given in pieces: in any order, before the first allocation or after it, beside each
//! other or apart.
//!
//! Without the feature `checked`: red zones make blocks larger than the figures here.
#![cfg(not(feature = "checked"))]

use std::{
    alloc::{GlobalAlloc, Layout},
    collections::VecDeque,
    ops::Range,
    ptr,
    sync::Mutex,
};

use bonsai_alloc::{
    Heap,
    inspect::{Inspect, State},
    linear::{LinearMemory, PAGE, Pool},
};

/// The bytes of all memory that can be given.
const BYTES: usize = 8 * PAGE;

/// A memory that does not grow: pieces of one block of the system's.
#[derive(Debug)]
struct Given {
    start: *mut u8,
    pieces: Mutex<VecDeque<Range<usize>>>,
}

// SAFETY: the block is raw memory that its users share, and the list is behind a mutex.
unsafe impl Sync for Given {}

fn all() -> Layout {
    Layout::from_size_align(BYTES, PAGE).unwrap()
}

impl Given {
    fn new() -> Given {
        // SAFETY: the size is above 0.
        let start = unsafe { std::alloc::alloc(all()) };
        assert!(!start.is_null());
        // SAFETY: the block, which nobody uses yet. Its contents are nothing to rely on.
        unsafe { start.write_bytes(0xA5, BYTES) };
        start.expose_provenance();
        Given { start, pieces: Mutex::default() }
    }

    /// Gives a part of the block.
    fn give(&self, part: Range<usize>) {
        let start = self.start.addr();
        self.pieces.lock().unwrap().push_back(start + part.start..start + part.end);
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        // SAFETY: allocated with that layout; a heap over the memory has ended.
        unsafe { std::alloc::dealloc(self.start, all()) };
    }
}

// SAFETY: nothing grows, and each piece, a part of the block, is handed out once.
unsafe impl LinearMemory for Given {
    fn pages(&self) -> usize {
        BYTES / PAGE
    }

    fn grow(&self, _: usize) -> Option<usize> {
        None
    }

    fn pointer(&self, page: usize) -> *mut u8 {
        self.start.wrapping_add(page * PAGE)
    }

    fn take_piece(&self) -> Option<Range<usize>> {
        self.pieces.lock().unwrap().pop_front()
    }
}

type Pieces<'a> = Heap<&'a Pool<Given>>;

/// Allocates blocks of `size` bytes until the answer is null, writes each, and returns them.
fn fill(heap: &Pieces<'_>, size: usize) -> Vec<*mut u8> {
    let layout = Layout::from_size_align(size, 16).unwrap();
    let mut blocks = Vec::new();
    loop {
        // SAFETY: the size is above 0.
        let block = unsafe { heap.alloc(layout) };
        if block.is_null() {
            heap.check().unwrap();
            return blocks;
        }
        // SAFETY: a new block of that size.
        unsafe { block.write_bytes(blocks.len() as u8, size) };
        blocks.push(block);
    }
}

fn free(heap: &Pieces<'_>, blocks: Vec<*mut u8>, size: usize) {
    for (i, block) in blocks.into_iter().enumerate() {
        // SAFETY: a live block of that size.
        let bytes = unsafe { &*ptr::slice_from_raw_parts(block, size) };
        assert!(bytes.iter().all(|&byte| byte == i as u8));
        // SAFETY: allocated with that layout, and forgotten.
        unsafe { heap.dealloc(block, Layout::from_size_align(size, 16).unwrap()) };
    }
    heap.check().unwrap();
}

/// The books of a heap that has these pieces: free memory and what is the heap's own are all of them, and what
/// is the heap's own is a header and a table of each: a 64th, or half as much again where one piece follows another.
fn holds(heap: &Pieces<'_>, pieces: &[Range<usize>]) {
    let (mut free, mut own, mut end) = (0, 0, 0);
    heap.walk(&mut |block| {
        assert!(end == 0 || block.address == end, "no gap and no overlap in a walk");
        end = block.end();
        match block.state {
            State::Free => free += block.size,
            State::Meta => own += block.size,
            State::Gap => (),
            other => panic!("{other:?}"),
        }
    });
    let given: usize = pieces.iter().map(Range::len).sum();
    assert_eq!(free + own, given);
    let most: usize =
        pieces.iter().map(|piece| 16 + (piece.len() / 42 + 32).next_multiple_of(16)).sum();
    assert!(own <= most, "{own} of {given} bytes, {most} at most");
    assert_eq!(heap.stats().live_blocks, 0);
}

/// Three pieces in each order: `later` of them are given when the heap has filled those before.
#[test]
fn pieces_in_any_order_are_all_used() {
    const APART: [Range<usize>; 3] = [80..PAGE, PAGE + 160..3 * PAGE - 16, 5 * PAGE..BYTES];
    const BESIDE: [Range<usize>; 3] = [16..PAGE, PAGE..PAGE + 64, PAGE + 64..BYTES];
    for pieces in [APART, BESIDE] {
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            for later in 0..3 {
                let pool = Pool::new(Given::new());
                let heap = Pieces::with_memory(&pool);
                let given = order.map(|i| pieces[i].clone());
                let (first, rest) = given.split_at(3 - later);
                for piece in first {
                    pool.memory().give(piece.clone());
                }
                let mut blocks = fill(&heap, 32);
                for piece in rest {
                    pool.memory().give(piece.clone());
                    let more = fill(&heap, 32);
                    assert!(more.len() * 32 + piece.len() / 32 + 128 > piece.len(), "{order:?}");
                    free(&heap, more, 32);
                }
                free(&heap, std::mem::take(&mut blocks), 32);
                holds(&heap, &given);
                // Again, as one heap: as many bytes as there are, up to what is the heap's own.
                let bytes: usize = given.iter().map(Range::len).sum();
                let blocks = fill(&heap, 32);
                assert!(blocks.len() * 32 + bytes / 32 + 384 > bytes, "{order:?}, {later}");
                free(&heap, blocks, 32);
                holds(&heap, &given);
            }
        }
    }
}

/// The smallest piece that `Machine::provide` takes has room for blocks wherever it lies.
#[test]
fn the_smallest_piece_is_used_below_and_above() {
    for piece in [PAGE - 64..PAGE, 4 * PAGE..4 * PAGE + 64] {
        let pool = Pool::new(Given::new());
        let heap = Pieces::with_memory(&pool);
        pool.memory().give(2 * PAGE..3 * PAGE);
        let blocks = fill(&heap, 16);
        pool.memory().give(piece.clone());
        let more = fill(&heap, 16);
        assert_eq!(more.len(), 2, "{piece:?}");
        free(&heap, more, 16);
        free(&heap, blocks, 16);
        holds(&heap, &[2 * PAGE..3 * PAGE, piece]);
        // SAFETY: all blocks are free.
        unsafe { heap.reset() };
        heap.check().unwrap();
    }
}

/// One table from the start serves all of a piece: blocks of a page fill it but for that table and the rest of a
/// page at either end.
#[test]
fn large_blocks_fill_a_piece() {
    let pool = Pool::new(Given::new());
    let heap = Pieces::with_memory(&pool);
    pool.memory().give(0..BYTES);
    let blocks = fill(&heap, PAGE);
    assert_eq!(blocks.len(), BYTES / PAGE - 1);
    free(&heap, blocks, PAGE);
    let quarters = fill(&heap, PAGE / 4);
    assert_eq!(quarters.len(), 4 * BYTES / PAGE - 1);
    free(&heap, quarters, PAGE / 4);
}

/// A region whose table does not reach its end gets a larger one when another region follows. A small piece has no room
/// for that table: it stands in what is free elsewhere, and where nothing is, the piece is the pool's.
#[test]
fn a_small_piece_above_is_used_or_known_to_be_free() {
    for room in [true, false] {
        let pool = Pool::new(Given::new());
        let heap = Pieces::with_memory(&pool);
        pool.memory().give(16..PAGE);
        let small = Layout::new::<[u128; 512]>();
        // SAFETY: the size is above 0.
        let below = unsafe { heap.alloc(small) };
        // The memory goes on, and one block is all of it: no larger table is needed.
        pool.memory().give(PAGE..6 * PAGE);
        let largest = (1..6 * PAGE / 16).rev().map(|n| 16 * n).find(|&size| {
            let layout = Layout::from_size_align(size, 16).unwrap();
            // SAFETY: the size is above 0.
            let block = unsafe { heap.alloc(layout) };
            if !block.is_null() {
                // SAFETY: a live block of that layout, which is forgotten.
                unsafe { heap.dealloc(block, layout) };
            }
            !block.is_null()
        });
        let largest = largest.unwrap();
        assert!(largest > 5 * PAGE);
        let filler = fill(&heap, largest);
        let rest = fill(&heap, 16);
        assert_eq!((filler.len(), rest.len()), (1, 0));
        if room {
            // SAFETY: a live block of that layout, which is forgotten.
            unsafe { heap.dealloc(below, small) };
        }
        pool.memory().give(7 * PAGE..7 * PAGE + 64);
        let committed = heap.usage().committed;
        // What was free below is too small for this.
        let wanted = Layout::new::<[u128; 513]>();
        // SAFETY: the size is above 0.
        assert!(unsafe { heap.alloc(wanted) }.is_null());
        let (more, left) = if room { (64, 0) } else { (0, 64) };
        assert_eq!(heap.usage().committed - committed, more);
        assert_eq!(pool.stats().free_bytes, left);
        heap.check().unwrap();
        free(&heap, filler, largest);
        if !room {
            // SAFETY: a live block of that layout, which is forgotten.
            unsafe { heap.dealloc(below, small) };
        }
        heap.check().unwrap();
        assert_eq!(heap.stats().live_blocks, 0);
    }
}
