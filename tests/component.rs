//! The canonical ABI's `realloc`, natively.

use std::{
    alloc::{GlobalAlloc, Layout},
    ptr,
};

use bonsai_alloc::{
    Heap,
    inspect::Inspect,
    linear::{Config, PAGE, Pool, Simulation},
};

fn with_heap(pages: usize, test: impl FnOnce(&Heap<&Pool<Simulation>>)) {
    let pool = Pool::new(Simulation::new(Config { max_pages: pages, ..Config::default() }));
    test(&Heap::with_memory(&pool));
}

#[test]
fn a_hosts_block_is_one_that_rust_frees() {
    with_heap(100, |heap| {
        for align in [1, 2, 4, 8, 16, 64] {
            for size in [1, 7, 100, 5000, 100_000] {
                // SAFETY: a new block.
                let block = unsafe { heap.component_realloc(ptr::null_mut(), 0, align, size) };
                assert!(!block.is_null() && block.addr() % align == 0);
                // SAFETY: a new block of that size.
                unsafe { block.write_bytes(0xA5, size) };
                // SAFETY: a live block of that size and alignment.
                let larger = unsafe { heap.component_realloc(block, size, align, 2 * size) };
                // SAFETY: at least that long, and its bytes were written before it was resized.
                let kept = unsafe { std::slice::from_raw_parts(larger, size) };
                assert!(kept.iter().all(|&byte| byte == 0xA5));
                let layout = Layout::from_size_align(2 * size, align).unwrap();
                // SAFETY: a live block of that layout, by the contract between host and component.
                unsafe { heap.dealloc(larger, layout) };
            }
        }
        assert_eq!(heap.stats().live_blocks, 0);
        heap.check().unwrap();
    });
}

#[test]
fn nothing_and_what_cannot_be_are_answered() {
    with_heap(4, |heap| {
        // SAFETY: no block is named.
        let none = unsafe { heap.component_realloc(ptr::null_mut(), 0, 8, 0) };
        assert_eq!(none.addr(), 8, "not null, and aligned");
        assert_eq!(heap.stats().live_blocks, 0);
        for (align, size) in [(8, 10 * PAGE), (8, usize::MAX), (3, 10), (0, 10)] {
            // SAFETY: no block is named.
            let block = unsafe { heap.component_realloc(ptr::null_mut(), 0, align, size) };
            assert!(block.is_null(), "{align}, {size}");
        }
        // SAFETY: a new block.
        let block = unsafe { heap.component_realloc(ptr::null_mut(), 0, 4, 100) };
        // SAFETY: a live block of that size and alignment.
        assert!(unsafe { heap.component_realloc(block, 100, 4, 10 * PAGE) }.is_null());
        assert_eq!(heap.stats().live_blocks, 1, "the block is as it was");
        // SAFETY: a live block of that size and alignment.
        assert!(!unsafe { heap.component_realloc(block, 100, 4, 0) }.is_null());
        assert_eq!(heap.stats().live_blocks, 0);
    });
}
