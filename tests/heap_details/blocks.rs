//! Blocks: their alignment, their growth in place, and threads that share them.

use std::alloc::{GlobalAlloc, Layout};

use bonsai_alloc::{
    BuddyHeap, BumpHeap, Heap, SlabHeap, TinyHeap,
    inspect::Inspect,
    linear::{Config, LinearMemory, PAGE, Pool, Simulation},
};

use crate::{ROOMY, alloc, each_heap, free, layout, pool};

#[test]
fn any_alignment_up_to_a_mebibyte_is_had() {
    each_heap(ROOMY, &|name, pool, heap| {
        for shift in (0..=20).rev() {
            for size in [1, 3000, 70_000] {
                let wanted = layout(size, 1 << shift);
                let block = alloc(heap, wanted).unwrap_or_else(|| panic!("{name}: {wanted:?}"));
                if shift % 2 == 0 {
                    free(heap, block, wanted);
                }
            }
        }
        assert!(pool.memory().foreign_intact(), "{name}");
    });
}

/// The block that a heap resizes, and the end that it must keep.
fn resized(heap: &dyn GlobalAlloc, block: *mut u8, from: usize, to: usize) -> *mut u8 {
    // SAFETY: the tests pass a live block of `from` bytes, aligned to 8.
    let new = unsafe { heap.realloc(block, layout(from, 8), to) };
    assert!(!new.is_null());
    // SAFETY: as much as both sizes have in common was painted.
    let kept = unsafe { std::slice::from_raw_parts(new, from.min(to)) };
    assert!(kept.iter().all(|&byte| byte == 0xEE));
    // SAFETY: that long.
    unsafe { new.write_bytes(0xEE, to) };
    new
}

#[test]
fn the_last_block_grows_with_the_memory() {
    let grows = |name: &str, pool: &Pool<Simulation>, heap: &dyn GlobalAlloc| {
        let mut size = 1 << 20;
        let first = alloc(heap, layout(size, 8)).unwrap();
        let mut block = first;
        while size < 32 << 20 {
            block = resized(heap, block, size, size + (1 << 20));
            size += 1 << 20;
        }
        assert_eq!(block, first, "{name}: it moved");
        let pages = pool.memory().pages();
        assert!(pages < (32 << 20) / PAGE * 105 / 100, "{name}: {pages} pages");
    };
    let config = Config { max_pages: 1100, ..ROOMY };
    let memory = pool(config);
    grows("bump", &memory, &BumpHeap::with_memory(&memory));
    let memory = pool(config);
    grows("heap", &memory, &Heap::with_memory(&memory));
}

/// Under `checked` what is left waits before it is handed out again.
#[test]
#[cfg(not(feature = "checked"))]
fn a_tiny_heap_splits_what_shrinks_only_where_no_such_block_is_free() {
    let memory = pool(ROOMY);
    let heap = TinyHeap::with_memory(&memory);
    let large = alloc(&heap, layout(PAGE / 2, 8)).unwrap();
    let small = resized(&heap, large, PAGE / 2, 100);
    // There is one of 16 KiB now, so the next block that shrinks to that moves there, and the old one
    // stays whole.
    let large = alloc(&heap, layout(PAGE / 2, 8)).unwrap();
    let moved = resized(&heap, large, PAGE / 2, PAGE / 4 - 100);
    assert_ne!(moved, large);
    let again = alloc(&heap, layout(PAGE / 2, 8)).unwrap();
    assert_eq!(again, large, "what was left is not whole");
    for (block, size) in [(small, 100), (moved, PAGE / 4 - 100), (again, PAGE / 2)] {
        free(&heap, block, layout(size, 8));
    }
}

#[test]
fn a_block_stays_where_it_is_if_what_follows_is_free() {
    let config = Config { max_pages: 400, ..ROOMY };
    each_heap(config, &|name, _, heap| {
        // It splits what becomes smaller only where no block of the new size is free.
        if name == "tiny" {
            return;
        }
        let large = alloc(heap, layout(1 << 20, 8)).unwrap();
        // Smaller never moves a large block.
        let half = resized(heap, large, 1 << 20, 1 << 19);
        assert_eq!(half, large, "{name}: it moved when it shrank");
        let half = resized(heap, half, 1 << 19, (1 << 19) - 1000);
        assert_eq!(half, large, "{name}: it moved when it shrank a little");
        // What it left is free, and it may have it again.
        let whole = resized(heap, half, (1 << 19) - 1000, 1 << 20);
        assert_eq!(whole, large, "{name}: it moved when it grew");
    });
}

#[test]
fn threads_may_share_a_heap() {
    fn share<H: GlobalAlloc + Sync>(name: &str, heap: &H) {
        std::thread::scope(|scope| {
            for id in 0..4_u8 {
                scope.spawn(move || {
                    let mut rng = bonsai_testkit::fastrand::Rng::with_seed(u64::from(id));
                    let mut live: Vec<(*mut u8, Layout)> = Vec::new();
                    for _ in 0..4_000 {
                        if live.len() < 60 && rng.bool() {
                            let doubling = rng.u32(1..13);
                            let wanted = layout(rng.usize(1..1 << doubling), 1 << rng.u32(0..7));
                            // SAFETY: the size is not 0.
                            let block = unsafe { heap.alloc(wanted) };
                            assert!(!block.is_null(), "{name}");
                            // SAFETY: that long.
                            unsafe { block.write_bytes(id + 1, wanted.size()) };
                            live.push((block, wanted));
                        } else if !live.is_empty() {
                            let (block, wanted) = live.swap_remove(rng.usize(0..live.len()));
                            // SAFETY: live, and painted when it was allocated.
                            let bytes = unsafe { std::slice::from_raw_parts(block, wanted.size()) };
                            assert!(bytes.iter().all(|&byte| byte == id + 1), "{name}");
                            // SAFETY: live, with that layout.
                            unsafe { heap.dealloc(block, wanted) };
                        }
                    }
                });
            }
        });
    }
    let memory = pool(ROOMY);
    share("bump", &BumpHeap::with_memory(&memory));
    let memory = pool(ROOMY);
    let heap = BuddyHeap::with_memory(&memory);
    share("buddy", &heap);
    heap.check().unwrap();
    let memory = pool(ROOMY);
    let heap = SlabHeap::with_memory(&memory);
    share("slab", &heap);
    heap.check().unwrap();
    let memory = pool(ROOMY);
    let heap = Heap::with_memory(&memory);
    share("heap", &heap);
    heap.check().unwrap();
    let memory = pool(ROOMY);
    share("tiny", &TinyHeap::with_memory(&memory));
}
