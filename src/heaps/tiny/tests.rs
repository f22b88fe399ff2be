//! Tests of `TinyHeap`.

use core::alloc::GlobalAlloc;
use std::{collections::BTreeMap, vec::Vec};

use super::{Layout, TinyHeap, TinyStats, class_of, size_of_class};
use crate::bitmap::align_up;
use crate::checked::ZONE;
use crate::inspect::{Block, State};
use crate::linear::{Config, LinearMemory, MAX_PAGES, PAGE, Pool, Simulation};

type Heap<'a> = TinyHeap<&'a Pool<Simulation>>;

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap()
}

fn alloc(heap: &Heap, size: usize, align: usize) -> Option<usize> {
    // SAFETY: the tests ask for no 0 bytes.
    let block = unsafe { heap.alloc(layout(size, align)) };
    assert_eq!(block.addr() % align, 0, "{size} bytes aligned to {align}");
    (!block.is_null()).then(|| block.addr())
}

fn pointer(pool: &Pool<Simulation>, address: usize) -> *mut u8 {
    pool.region().pointer(address)
}

fn free_blocks(heap: &Heap) -> Vec<Block> {
    let mut blocks = Vec::new();
    heap.walk_free(|block| blocks.push(block));
    blocks
}

/// Every block on a list is aligned to its size, and overlaps neither a live nor another free
/// one.
fn check(heap: &Heap, live: &BTreeMap<usize, Layout>) {
    let live = live.iter().map(|(&address, &layout)| Block {
        address,
        size: heap.usable_size(layout),
        state: State::Live,
    });
    let mut blocks = free_blocks(heap);
    blocks.extend(live);
    blocks.sort_by_key(|block| block.address);
    for block in &blocks {
        assert_eq!(block.address % block.size, 0, "{block:x?}");
    }
    for pair in blocks.windows(2) {
        assert!(pair[0].end() <= pair[1].address, "{pair:x?}");
    }
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri many minutes")]
fn model() {
    let pool = Pool::new(Simulation::new(Config {
        max_pages: 400,
        pages: 3,
        heap_base: Some(PAGE + 12_344),
        ..Config::default()
    }));
    let heap = TinyHeap::with_memory(&pool);
    let mut live = BTreeMap::new();
    let mut foreign = 0;
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 16) as usize % below
    };
    let tag = |address: usize| (address >> 3) as u8 ^ 0x5A;
    for step in 0..10_000 {
        let scale = 1 + random(19);
        let size = 1 + random(1 << scale);
        let chosen = live.iter().nth(random(live.len().max(1))).map(|(&a, &l)| (a, l));
        match (random(8), chosen) {
            (0..=3, _) | (_, None) => {
                let align = 1 << random(if step % 50 == 0 { 21 } else { 7 });
                if let Some(block) = alloc(&heap, size, align) {
                    // SAFETY: that large.
                    unsafe { pointer(&pool, block).write_bytes(tag(block), size) };
                    live.insert(block, layout(size, align));
                }
            }
            (4..=5, Some((block, old))) => {
                // SAFETY: live, with that layout.
                let new = unsafe { heap.realloc(pointer(&pool, block), old, size) };
                if new.is_null() {
                    let wanted = heap.usable_size(layout(size, old.align()));
                    assert!(wanted > heap.usable_size(old), "shrinking needs no memory");
                    continue;
                }
                live.remove(&block);
                for i in 0..size.min(old.size()) {
                    // SAFETY: that large.
                    assert_eq!(unsafe { new.wrapping_add(i).read() }, tag(block));
                }
                // SAFETY: that large.
                unsafe { new.write_bytes(tag(new.addr()), size) };
                live.insert(new.addr(), layout(size, old.align()));
            }
            (_, Some((block, old))) => {
                for i in 0..old.size() {
                    let at = pointer(&pool, block + i);
                    // SAFETY: that large.
                    assert_eq!(unsafe { at.read() }, tag(block));
                }
                live.remove(&block);
                // SAFETY: live, with that layout.
                unsafe { heap.dealloc(pointer(&pool, block), old) };
            }
        }
        if step % 300 == 0 && pool.memory().foreign(1) {
            foreign += 1;
        }
        if step % 64 == 0 {
            check(&heap, &live);
        }
    }
    check(&heap, &live);
    for (block, layout) in live {
        // SAFETY: live, with that layout.
        unsafe { heap.dealloc(pointer(&pool, block), layout) };
    }
    heap.empty_quarantine();
    let below = 2 * PAGE - align_up(12_344, 16);
    let grown = (pool.memory().pages() - 3 - foreign) * PAGE;
    assert_eq!(heap.stats().free_bytes, below + grown, "nothing is lost");
    assert!(pool.memory().growths() > 10);
    assert!(pool.memory().foreign_intact());
}

#[test]
fn a_block_is_no_larger_than_it_must_be() {
    for (size, log) in (1_usize..300).flat_map(|size| (0..12).map(move |log| (size, log))) {
        let needed = size.max(1 << log).max(8).next_power_of_two();
        assert_eq!(size_of_class(class_of(size, 1 << log)), needed, "{size}, 1 << {log}");
    }
}

#[test]
fn refused_growth_changes_nothing() {
    let pool = Pool::new(Simulation::new(Config::default()));
    let heap = TinyHeap::with_memory(&pool);
    alloc(&heap, 100, 1).unwrap();
    let before = free_blocks(&heap);
    assert_eq!(heap.stats().free_blocks, before.len());
    pool.memory().refuse(0, 1);
    assert_eq!(alloc(&heap, PAGE + 1, 1), None);
    assert_eq!(free_blocks(&heap), before);
    assert!(alloc(&heap, PAGE, 1).is_some());
}

#[test]
fn fixed_memory_is_used_to_the_last_byte() {
    let pool = Pool::new(Simulation::new(Config {
        pages: 4,
        max_pages: 4,
        heap_base: Some(PAGE / 2),
        ..Config::default()
    }));
    let heap = TinyHeap::with_memory(&pool);
    let mut bytes = 0;
    for size in [2 * PAGE, PAGE, PAGE / 2] {
        bytes += alloc(&heap, size - ZONE, 1).map_or(0, |_| size);
    }
    assert_eq!(bytes, 4 * PAGE - PAGE / 2);
    assert_eq!(alloc(&heap, 1, 1), None);
    assert!(pool.memory().foreign_intact());
}

#[test]
fn growth_that_lands_elsewhere() {
    let pool = Pool::new(Simulation::new(Config { pages: 4, ..Config::default() }));
    let heap = TinyHeap::with_memory(&pool);
    // Four pages from page 4 on would do; those from page 5 on do not, and the heap grows
    // again.
    pool.memory().foreign_before_next(1);
    let block = alloc(&heap, 4 * PAGE - ZONE, 1).unwrap();
    assert_eq!(block % (4 * PAGE), 0);
    assert_eq!(pool.memory().growths(), 2);
    check(&heap, &BTreeMap::from([(block, layout(4 * PAGE - ZONE, 1))]));
    assert!(pool.memory().foreign_intact());
}

#[test]
fn the_last_page_of_4_gib_is_not_used() {
    let pool = Pool::new(Simulation::new(Config {
        first_page: MAX_PAGES - 3,
        pages: MAX_PAGES - 3,
        max_pages: MAX_PAGES + 1,
        heap_base: None,
    }));
    let heap = TinyHeap::with_memory(&pool);
    let mut blocks = 0;
    while alloc(&heap, PAGE - ZONE, 1).is_some() {
        blocks += 1;
    }
    assert_eq!((blocks, pool.memory().pages()), (3, MAX_PAGES));
    assert_eq!(alloc(&heap, 1 << 31, 1), None);
    assert_eq!(alloc(&heap, 1, 1), None);
}

#[test]
fn freed_blocks_are_reused_and_large_ones_split() {
    let pool = Pool::new(Simulation::new(Config::default()));
    let heap = TinyHeap::with_memory(&pool);
    let large = alloc(&heap, PAGE, 1).unwrap();
    // SAFETY: live, with that layout.
    unsafe { heap.dealloc(pointer(&pool, large), layout(PAGE, 1)) };
    for i in 0..PAGE / 64 {
        assert!(alloc(&heap, 40, 8).is_some(), "{i}");
    }
    assert_eq!(pool.memory().growths(), 1);
    assert_eq!(heap.stats(), TinyStats::default());
}

#[test]
fn zeroed_memory_is_zero_the_second_time_too() {
    let pool = Pool::new(Simulation::new(Config::default()));
    let heap = TinyHeap::with_memory(&pool);
    for _ in 0..2 {
        // SAFETY: the size is not 0.
        let block = unsafe { heap.alloc_zeroed(layout(1000, 8)) };
        for i in 0..1000 {
            // SAFETY: that large.
            assert_eq!(unsafe { block.wrapping_add(i).read() }, 0);
        }
        // SAFETY: that large.
        unsafe { block.write_bytes(0xFF, 1000) };
        // SAFETY: live, with that layout.
        unsafe { heap.dealloc(block, layout(1000, 8)) };
    }
}

#[test]
fn a_visitor_may_use_the_heap() {
    let pool = Pool::new(Simulation::new(Config::default()));
    let heap = TinyHeap::with_memory(&pool);
    let blocks: Vec<_> = (0..1000).filter_map(|_| alloc(&heap, 40, 1)).collect();
    for &block in &blocks {
        // SAFETY: live, with that layout.
        unsafe { heap.dealloc(pointer(&pool, block), layout(40, 1)) };
    }
    heap.empty_quarantine();
    let before = free_blocks(&heap);
    assert!(before.len() > 1000, "more than one batch: {}", before.len());
    assert_eq!(heap.stats().free_blocks, before.len());
    let mut shown = Vec::new();
    heap.walk_free(|block| {
        let taken = alloc(&heap, 3000, 1).unwrap();
        // SAFETY: live, with that layout.
        unsafe { heap.dealloc(pointer(&pool, taken), layout(3000, 1)) };
        assert!(heap.stats().free_blocks > 0);
        shown.push(block);
    });
    assert!(shown.len() >= 1000);
    check(&heap, &BTreeMap::new());
}

#[test]
#[cfg_attr(feature = "checked", ignore = "a block for nothing has a red zone then")]
fn a_block_for_nothing_has_no_bytes() {
    let pool = Pool::new(Simulation::new(Config::default()));
    let heap = TinyHeap::with_memory(&pool);
    assert_eq!(heap.usable_size(layout(0, 1)), 0);
    assert_eq!(heap.usable_size(layout(0, 4096)), 0);
}

#[test]
fn alignment_beyond_a_page() {
    let pool = Pool::new(Simulation::new(Config { max_pages: 2000, ..Config::default() }));
    let heap = TinyHeap::with_memory(&pool);
    for shift in 0..=24 {
        assert!(alloc(&heap, 24, 1 << shift).is_some(), "{shift}");
    }
}
