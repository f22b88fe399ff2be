//! Heaps and cores as an `Allocator`, where sizes may be 0 and alignments may change.

#![cfg(any(feature = "allocator-api2", feature = "unstable"))]
#![cfg_attr(feature = "unstable", feature(allocator_api))]

use std::{alloc::Layout, ptr::NonNull};

use bonsai_alloc::{
    Buddy, BuddyHeap, Bump, BumpHeap, Heap, Local, Slab, SlabHeap, TinyHeap,
    allocator::Allocator,
    inspect::Inspect,
    linear::{Config, Pool, Simulation},
};

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap()
}

fn fill(block: NonNull<[u8]>) {
    // SAFETY: a block of the test's, that long.
    unsafe { block.cast::<u8>().write_bytes(7, block.len()) }
}

fn starts_with(block: NonNull<[u8]>, count: usize) -> bool {
    // SAFETY: a block of the test's, filled or zeroed.
    unsafe { std::slice::from_raw_parts(block.as_ptr().cast::<u8>(), count) }
        .iter()
        .all(|&byte| byte == 7)
}

/// Nothing is allocated for a size of 0, and a block may become nothing and something again.
fn sizes_of_zero(name: &str, allocator: &impl Allocator, live: impl Fn() -> Option<usize>) {
    for align in [1, 8, 64] {
        let nothing = layout(0, align);
        let block = allocator.allocate(nothing).unwrap();
        assert_eq!((block.cast::<u8>().as_ptr().addr() % align, block.len()), (0, 0), "{name}");
        let zeroed = allocator.allocate_zeroed(nothing).unwrap();
        assert_eq!((zeroed.cast::<u8>().as_ptr().addr() % align, zeroed.len()), (0, 0), "{name}");
        assert!(live().is_none_or(|live| live == 0), "{name}");
        // SAFETY: allocated above, with this layout.
        unsafe { allocator.deallocate(zeroed.cast(), nothing) };

        let some = layout(32, align);
        // SAFETY: a live block of that layout; the new size is larger.
        let grown = unsafe { allocator.grow(block.cast(), nothing, some) }.unwrap();
        assert_eq!(grown.cast::<u8>().as_ptr().addr() % align, 0, "{name}");
        assert!(grown.len() >= 32, "{name}");
        fill(grown);
        assert!(live().is_none_or(|live| live > 0), "{name}");
        // SAFETY: a live block of that layout; the new size is smaller.
        let shrunk = unsafe { allocator.shrink(grown.cast(), some, nothing) }.unwrap();
        assert_eq!((shrunk.cast::<u8>().as_ptr().addr() % align, shrunk.len()), (0, 0), "{name}");
        assert!(live().is_none_or(|live| live == 0), "{name}");
        // SAFETY: `shrunk` is the live block, of the layout `nothing`.
        unsafe { allocator.deallocate(shrunk.cast(), nothing) };
    }
}

/// A block keeps its bytes, whatever becomes of its size and alignment.
fn alignments(name: &str, allocator: &impl Allocator) {
    let mut now = layout(24, 8);
    let mut block = allocator.allocate(now).unwrap();
    fill(block);
    for (next, grows) in [
        (layout(40, 64), true),
        (layout(40, 1), false),
        (layout(48, 16), true),
        (layout(24, 32), false),
        (layout(24, 8), false),
    ] {
        let old = block.cast();
        let moved = if grows {
            // SAFETY: allocated with `now`, and what is to be is larger.
            unsafe { allocator.grow(old, now, next) }
        } else {
            // SAFETY: allocated with `now`, and what is to be is smaller.
            unsafe { allocator.shrink(old, now, next) }
        };
        block = moved.unwrap_or_else(|_| panic!("{name}: {now:?} to {next:?}"));
        assert_eq!(block.cast::<u8>().as_ptr().addr() % next.align(), 0, "{name}: {next:?}");
        assert!(starts_with(block, 24), "{name}: {now:?} to {next:?}");
        now = next;
    }
    // SAFETY: `block` is live and has the layout `now`, the last that it was resized to.
    unsafe { allocator.deallocate(block.cast(), now) };
}

#[test]
fn heaps_are_allocators() {
    let memory = || Pool::new(Simulation::new(Config::default()));
    fn test(name: &str, heap: &(impl Allocator + Inspect), frees: bool) {
        let live = || frees.then(|| heap.stats().live_bytes);
        sizes_of_zero(name, heap, live);
        alignments(name, heap);
        assert!(live().is_none_or(|live| live == 0), "{name}");
        heap.check().unwrap();
    }
    let exact = cfg!(not(feature = "checked"));
    test("heap", &Heap::with_memory(&memory()), exact);
    test("slab", &SlabHeap::with_memory(&memory()), exact);
    test("buddy", &BuddyHeap::with_memory(&memory()), exact);
    let pool = memory();
    let bump = BumpHeap::with_memory(&pool);
    sizes_of_zero("bump", &bump, || None);
    alignments("bump", &bump);
    let pool = memory();
    let tiny = TinyHeap::with_memory(&pool);
    sizes_of_zero("tiny", &tiny, || None);
    alignments("tiny", &tiny);
}

#[test]
fn cores_are_allocators_when_they_are_local() {
    let pool = Pool::new(Simulation::new(Config::default()));
    let buddy = Local::new(Buddy::<256, 5, _>::try_new_in(8, &pool).unwrap());
    sizes_of_zero("buddy", &buddy, || None);
    alignments("buddy", &buddy);
    let bump = Local::new(Bump::try_new_in(layout(4096, 64), &pool).unwrap());
    sizes_of_zero("bump", &bump, || None);
    let slab = Local::new(Slab::try_new_in(64, 8, &pool).unwrap());
    sizes_of_zero("slab", &slab, || None);
    let refused = slab.allocate(layout(65, 1));
    assert!(refused.is_err(), "no block is that large");
}
