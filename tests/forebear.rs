//! Faults of acid_alloc 0.1.0 that must not be here.
//!
//! `tests/acid-compat` has what is right there and must be the same here.

#![cfg_attr(feature = "unstable", feature(allocator_api))]

use std::{alloc::Layout, ptr::NonNull};

use bonsai_alloc::{AllocInitError, Buddy, Bump, Global, Raw, Slab, inspect::Inspect};
use bonsai_testkit::cores::Region;

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap()
}

/// There, `reset` forgets to forget how many blocks are out, so the region never comes back by
/// deallocation again.
#[test]
fn a_bump_that_was_reset_comes_back_by_deallocation() {
    let mut bump = Bump::<Global>::try_new(layout(64, 8)).unwrap();
    bump.allocate(layout(16, 8)).unwrap();
    bump.allocate(layout(16, 8)).unwrap();
    // SAFETY: nobody uses the blocks.
    unsafe { bump.reset() };
    assert_eq!(bump.stats().live_blocks, 0);
    let block = bump.allocate(layout(48, 8)).unwrap();
    assert!(bump.allocate(layout(48, 8)).is_err());
    // SAFETY: allocated just now.
    unsafe { bump.deallocate(block.cast()) };
    bump.allocate(layout(64, 8)).unwrap();
}

/// There, `split` of a bump that handed nothing out panics in debug builds.
#[test]
fn an_untouched_bump_can_be_split() {
    let region = Region::new(layout(64, 64));
    // SAFETY: the region fits the layout and outlives both parts.
    let bump = unsafe { Bump::new_raw(region.pointer(), layout(64, 64)) }.unwrap();
    let (mut unused, mut used) = bump.split();
    assert!(used.allocate(layout(1, 1)).is_err());
    unused.check().unwrap();
    used.check().unwrap();
    assert_eq!(unused.allocate(layout(64, 1)).unwrap().len(), 64);

    // Nor one that handed everything out.
    // SAFETY: nobody uses the region any more.
    let mut bump = unsafe { Bump::new_raw(region.pointer(), layout(64, 64)) }.unwrap();
    bump.allocate(layout(64, 1)).unwrap();
    let (mut unused, used) = bump.split();
    assert!(unused.allocate(layout(1, 1)).is_err());
    assert_eq!(used.stats().live_bytes, 64);
}

#[test]
fn both_parts_of_a_large_bump_have_all_that_is_theirs() {
    let whole = layout(1 << 20, 16);
    let region = Region::new(whole);
    // SAFETY: the region fits the layout and outlives both parts.
    let mut bump = unsafe { Bump::new_raw(region.pointer(), whole) }.unwrap();
    bump.allocate(layout(300_000, 16)).unwrap();
    let (mut unused, used) = bump.split();
    assert_eq!(used.stats().live_bytes, 300_000);
    assert_eq!(unused.allocate(layout((1 << 20) - 300_000, 16)).unwrap().len(), 748_576);
}

/// There, a region that runs over the end of the address space is a panic, though the
/// error says that it is for that.
#[test]
fn a_bump_over_the_end_of_the_address_space_is_an_error() {
    let near = NonNull::new((usize::MAX - 4095) as *mut u8).unwrap();
    // SAFETY: refused before it looks at the memory.
    let refused = unsafe { Bump::new_raw(near, layout(8192, 4096)) };
    assert!(matches!(refused, Err(AllocInitError::InvalidLocation)));
}

/// There, these panic or overflow where they promise an error.
#[test]
fn sizes_of_impossible_buddies_are_errors() {
    assert!(Buddy::<256, 0, Raw>::metadata_layout(1).is_err());
    assert!(Buddy::<256, 1, Raw>::metadata_layout(usize::MAX).is_err());
    assert!(Buddy::<256, 5, Raw>::metadata_layout(usize::MAX / 2).is_err());
    assert!(Buddy::<255, 2, Raw>::metadata_layout(1).is_err());
    const HUGE: usize = 1 << (usize::BITS - 1);
    assert!(Buddy::<HUGE, 40, Raw>::region_layout(1).is_err());
    assert!(Buddy::<HUGE, 40, Raw>::metadata_layout(1).is_err());
    assert!(Buddy::<{ 1 << 40 }, 36, Raw>::metadata_layout(1 << 30).is_err());
}

/// There, gaps must come in order and may not overlap, else it is a panic.
#[test]
fn gaps_may_come_in_any_order_and_overlap() {
    let gaps = [48..60, 0..1, 50..64, 5..6, 200..300, 64..64];
    let mut buddy = Buddy::<64, 3, Global>::try_new_with_offset_gaps(2, gaps).unwrap();
    buddy.check().unwrap();
    let granules = std::iter::from_fn(|| buddy.allocate(layout(16, 16)).ok()).count();
    assert_eq!(granules, 8 - 2);
}

/// There, an alignment above the size is refused by a buddy, though every block is aligned to its
/// own size.
#[test]
fn a_buddy_aligns_small_blocks_too() {
    let mut buddy = Buddy::<4096, 9, Global>::try_new(2).unwrap();
    for shift in 0..=12 {
        let block = buddy.allocate(layout(1, 1 << shift)).unwrap();
        assert_eq!(block.cast::<u8>().as_ptr() as usize % (1 << shift), 0);
        // SAFETY: allocated just now.
        unsafe { buddy.deallocate(block.cast()) };
    }
    assert!(buddy.allocate(layout(1, 8192)).is_err());
}

/// There, a raw slab over a region that is less aligned than its blocks breaks its promise of
/// `block_align` silently.
#[test]
fn a_slab_refuses_a_region_that_is_not_aligned_as_its_blocks_must_be() {
    let region = Region::new(layout(512, 64));
    // SAFETY: 8 bytes into the region.
    let off = unsafe { region.pointer().add(8) };
    // SAFETY: refused before it looks at the memory.
    let refused = unsafe { Slab::new_raw(off, 64, 4) };
    assert!(matches!(refused, Err(AllocInitError::InvalidLocation)));
    assert!(region.untouched(0..512));
}

/// There, the same for a buddy, whose blocks would not be aligned to their size.
#[test]
fn a_buddy_refuses_a_region_that_is_not_aligned_to_its_largest_block() {
    type Two = Buddy<64, 2, Raw>;
    let region = Region::new(layout(256, 64));
    let metadata = Region::new(Two::metadata_layout(2).unwrap());
    // SAFETY: 16 bytes into the region.
    let off = unsafe { region.pointer().add(16) };
    // SAFETY: refused before it looks at the memory.
    let refused = unsafe { Two::new_raw(metadata.pointer(), off, 2) };
    assert!(matches!(refused, Err(AllocInitError::InvalidLocation)));
    // SAFETY: this constructor, too, refuses before it looks at the memory.
    let refused = unsafe { Two::new_raw_unpopulated(metadata.pointer(), off, 2) };
    assert!(matches!(refused, Err(AllocInitError::InvalidLocation)));
    assert!(region.untouched(0..256));
}

/// There, a slab writes a link into every block when it is made: O(blocks), and every page of it
/// is committed.
#[test]
fn making_a_slab_touches_none_of_its_memory() {
    let region = Region::new(layout(64 * 100, 64));
    // SAFETY: the region fits the layout and outlives the slab.
    let mut slab = unsafe { Slab::new_raw(region.pointer(), 64, 100) }.unwrap();
    assert!(region.untouched(0..6400));
    let block = slab.allocate_block().unwrap();
    assert!(region.untouched(0..6400));
    // SAFETY: allocated just now.
    unsafe { slab.deallocate(block.cast()) };
    let word = size_of::<usize>();
    // With `checked` the freed block is filled with poison.
    let written = if cfg!(feature = "checked") { 64 } else { word };
    assert!(region.untouched(written..6400));
}

/// There, both errors lack `Display` and `Error`.
#[test]
fn errors_say_what_is_wrong() {
    fn text(error: &dyn std::error::Error) -> String {
        error.to_string()
    }
    let refused = Slab::<Global>::try_new(1, 1).unwrap_err();
    assert!(text(&refused).contains("configuration"));
    let failed = AllocInitError::AllocFailed(layout(100, 8));
    assert!(text(&failed).contains("100"));
    assert!(!text(&AllocInitError::InvalidLocation).is_empty());
    let full = Bump::<Global>::try_new(layout(1, 1)).unwrap().allocate(layout(2, 1)).unwrap_err();
    assert!(text(&full).contains("failed"));
}
