//! A refusal of a `Heap` is a promise: null means that no free memory, merged, holds the request.
#![cfg(not(feature = "checked"))] // Red zones add to every request.

use std::{
    alloc::{GlobalAlloc, Layout},
    collections::BTreeMap,
};

use bonsai_testkit::fastrand;

use bonsai_alloc::{
    Heap,
    heap::Policy,
    inspect::Inspect,
    linear::{Config, PAGE, Pool, Simulation},
};

type Small<'a> = Heap<&'a Pool<Simulation>>;

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap()
}

fn memory(pages: usize) -> Pool<Simulation> {
    Pool::new(Simulation::new(Config { max_pages: pages, ..Config::default() }))
}

fn alloc(heap: &impl GlobalAlloc, size: usize, align: usize) -> *mut u8 {
    // SAFETY: no test asks for 0 bytes.
    unsafe { heap.alloc(layout(size, align)) }
}

fn free(heap: &impl GlobalAlloc, block: *mut u8, size: usize, align: usize) {
    // SAFETY: the tests free what they allocated, once, with its layout.
    unsafe { heap.dealloc(block, layout(size, align)) }
}

/// Allocates blocks until there is no memory for one more.
fn fill(heap: &impl GlobalAlloc, size: usize) -> Vec<*mut u8> {
    let blocks: Vec<_> =
        std::iter::repeat_with(|| alloc(heap, size, 8)).take_while(|b| !b.is_null()).collect();
    assert!(alloc(heap, size, 8).is_null());
    blocks
}

#[test]
fn the_largest_free_block_can_be_had_at_every_step_of_a_program() {
    for seed in 0..40 {
        let pool = memory(24);
        let heap: Small = Heap::with_memory(&pool);
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut live: BTreeMap<usize, (*mut u8, usize)> = BTreeMap::new();
        for step in 0..400 {
            if rng.u8(..) < 150 {
                let most = 1 << rng.usize(4..18);
                let size = rng.usize(1..most);
                let block = alloc(&heap, size, 8);
                if !block.is_null() {
                    live.insert(block.addr(), (block, size));
                }
            } else if let Some(&at) = live.keys().nth(rng.usize(..live.len().max(1))) {
                let (block, size) = live.remove(&at).unwrap();
                free(&heap, block, size, 8);
            }
            if step % 10 != 0 || live.is_empty() {
                continue;
            }
            let stats = heap.stats();
            if stats.largest_free > 0 {
                let growths = pool.memory().growths();
                let block = alloc(&heap, stats.largest_free, 16);
                assert!(!block.is_null(), "{seed}, {step}: {stats:?}");
                assert_eq!(pool.memory().growths(), growths, "{seed}, {step}: {stats:?}");
                heap.check().unwrap();
                free(&heap, block, stats.largest_free, 16);
            }
            heap.check().unwrap();
        }
    }
}

#[test]
fn a_hole_that_holds_a_request_exactly_serves_it_at_its_alignment() {
    // 1,584 and 1,568 bytes are no sizes of a class: 1,664 is.
    for (size, align) in [(1584, 16), (1568, 32)] {
        let pool = memory(8);
        let heap = Heap::with_memory(&pool);
        let mut blocks = fill(&heap, 176);
        fill(&heap, 16);
        blocks.sort_unstable();
        let row = blocks
            .windows(9)
            .find(|row| row.windows(2).all(|pair| pair[1].addr() - pair[0].addr() == 176))
            .unwrap();
        for &block in row {
            free(&heap, block, 176, 8);
        }
        let hole = row[0].addr()..row[8].addr() + 176;
        assert_eq!(heap.stats().largest_free, hole.len());
        let block = alloc(&heap, size, align);
        assert!(hole.contains(&block.addr()) && block.addr() % align == 0, "{align}");
        heap.check().unwrap();
        // A short block is resized and freed as what it is.
        let write = |byte: u8| {
            // SAFETY: live, and that long.
            unsafe { block.write_bytes(byte, size) };
        };
        write(1);
        // SAFETY: live, with its layout.
        let resized = unsafe { heap.realloc(block, layout(size, align), size - 100) };
        assert_eq!(resized, block);
        heap.check().unwrap();
        // SAFETY: live, with its layout.
        let resized = unsafe { heap.realloc(block, layout(size - 100, align), size) };
        assert_eq!(resized, block, "what was cut off is still free behind it");
        heap.check().unwrap();
        free(&heap, block, size, align);
        heap.check().unwrap();
        assert_eq!(heap.stats().largest_free, hole.len(), "all of it is one run again");
        assert_eq!(alloc(&heap, hole.len(), 16).addr(), hole.start);
        heap.check().unwrap();
    }
}

/// A policy that uses the heap while it is asked.
struct Allocates;

static POOL: std::sync::LazyLock<Pool<Simulation>> = std::sync::LazyLock::new(|| memory(100));
static HEAP: std::sync::LazyLock<Heap<&'static Pool<Simulation>, Allocates>> =
    std::sync::LazyLock::new(|| Heap::with_policy_and_memory(&POOL));

impl Policy for Allocates {
    fn growth(committed: usize, needed: usize) -> usize {
        if committed > 0 {
            let block = alloc(&*HEAP, 16, 8);
            assert!(!block.is_null());
            free(&*HEAP, block, 16, 8);
            HEAP.check().unwrap();
        }
        needed
    }
}

#[test]
fn a_policy_may_use_the_heap_that_it_decides_for() {
    // A block of its size waits from here on.
    let small = alloc(&*HEAP, 16, 8);
    free(&*HEAP, small, 16, 8);
    for pages in 1..8 {
        assert!(!alloc(&*HEAP, pages * PAGE, 8).is_null());
    }
    HEAP.check().unwrap();
}

/// A panic of a policy leaves no lock taken.
struct Panics;

impl Policy for Panics {
    fn growth(_: usize, _: usize) -> usize {
        panic!("on purpose")
    }
}

#[test]
fn a_policy_that_panics_leaves_a_heap_that_answers() {
    let pool = memory(10);
    let heap: Heap<_, Panics> = Heap::with_policy_and_memory(&pool);
    for _ in 0..2 {
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| heap.reserve(1)));
        assert!(caught.is_err());
    }
    heap.check().unwrap();
    assert_eq!(heap.stats().committed(), 0);
}

/// A vector that grows in a small memory gets nearly all of it: what was freed in front of it
/// counts, too.
#[test]
fn a_growing_vector_gets_nearly_all_of_a_small_memory() {
    for (bytes, most) in [(4096, 3500), (2048, 1700), (1024, 800), (8192, 7900), (65_000, 63_000)] {
        for kept in [0, 1] {
            let config = Config {
                pages: 1,
                max_pages: 1,
                heap_base: Some(PAGE - bytes),
                ..Config::default()
            };
            let pool = Pool::new(Simulation::new(config));
            let heap: Small = Heap::with_memory(&pool);
            let mut size = 2;
            let mut block = alloc(&heap, size, 1);
            // SAFETY: of the block.
            unsafe { block.write_bytes(7, size) };
            let mut step = size;
            while step > 0 {
                // SAFETY: a live block of that layout.
                let next = unsafe { heap.realloc(block, layout(size, 1), size + step) };
                if next.is_null() {
                    step /= 2;
                    continue;
                }
                block = next;
                for i in 0..size {
                    // SAFETY: of the block.
                    assert_eq!(unsafe { block.wrapping_add(i).read() }, 7, "byte {i} of {size}");
                }
                // SAFETY: of the block, which has grown.
                unsafe { block.wrapping_add(size).write_bytes(7, step) };
                size += step;
                if size == 1024 && kept == 1 {
                    // A small live block stays somewhere in between, and parts what is free.
                    alloc(&heap, 8, 8);
                }
                step = size;
            }
            heap.check().unwrap();
            assert!(kept == 1 || size >= most, "{size} of {bytes}");
            free(&heap, block, size, 1);
            heap.check().unwrap();
        }
    }
}
