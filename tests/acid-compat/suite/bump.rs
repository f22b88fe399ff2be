//! `Bump`.

use std::ptr::NonNull;

use acid_alloc::{AllocError, AllocInitError, Bump, Global, Raw};

use crate::region::{Region, address, fill, holds, layout};

#[test]
fn blocks_are_apart_aligned_and_as_long_as_asked_for() {
    let mut bump = Bump::try_new(layout(4096, 64)).unwrap();
    let mut blocks = Vec::new();
    for (byte, (size, align)) in (1_u8..).zip([(1, 1), (24, 8), (100, 4), (64, 64), (7, 32)]) {
        let block = bump.allocate(layout(size, align)).unwrap();
        assert_eq!(block.len(), size);
        assert_eq!(address(block) % align, 0);
        fill(block, byte);
        blocks.push((byte, block));
    }
    for (byte, block) in blocks {
        assert!(holds(block, byte));
    }
}

#[test]
fn a_region_is_handed_out_to_its_last_byte() {
    let mut bump = Bump::<Global>::try_new(layout(64, 16)).unwrap();
    for _ in 0..64 {
        bump.allocate(layout(1, 1)).unwrap();
    }
    assert_eq!(bump.allocate(layout(1, 1)), Err(AllocError));

    let mut bump = Bump::<Global>::try_new(layout(64, 16)).unwrap();
    bump.allocate(layout(64, 16)).unwrap();
    assert_eq!(bump.allocate(layout(1, 1)), Err(AllocError));
}

#[test]
fn what_does_not_fit_is_an_error_and_takes_nothing() {
    let mut bump = Bump::try_new(layout(64, 64)).unwrap();
    assert_eq!(bump.allocate(layout(65, 1)), Err(AllocError));
    assert_eq!(bump.allocate(layout(isize::MAX as usize, 1)), Err(AllocError));
    assert_eq!(bump.allocate(layout(0, 1)), Err(AllocError));
    assert_eq!(bump.allocate(layout(0, 64)), Err(AllocError));
    bump.allocate(layout(64, 1)).unwrap();
}

#[test]
fn the_last_block_out_gives_everything_back() {
    let mut bump = Bump::try_new(layout(96, 8)).unwrap();
    for _ in 0..3 {
        let first = bump.allocate(layout(32, 8)).unwrap();
        let second = bump.allocate(layout(32, 8)).unwrap();
        let third = bump.allocate(layout(32, 8)).unwrap();
        assert!(bump.allocate(layout(1, 1)).is_err());
        // SAFETY: allocated in this round, freed once.
        unsafe { bump.deallocate(second.cast()) };
        // SAFETY: `first` was allocated in this round and is freed once.
        unsafe { bump.deallocate(first.cast()) };
        // Two blocks of three are free, and none of their memory is.
        assert!(bump.allocate(layout(32, 8)).is_err());
        // SAFETY: `third` was allocated in this round and is freed once.
        unsafe { bump.deallocate(third.cast()) };
    }
    bump.allocate(layout(96, 8)).unwrap();
}

#[test]
fn reset_gives_everything_back_at_once() {
    let mut bump = Bump::try_new(layout(64, 8)).unwrap();
    for _ in 0..10 {
        bump.allocate(layout(40, 8)).unwrap();
        assert!(bump.allocate(layout(40, 8)).is_err());
        // SAFETY: nobody uses the block.
        unsafe { bump.reset() };
    }
    bump.allocate(layout(64, 8)).unwrap();
}

#[test]
fn an_empty_region_is_refused() {
    assert!(matches!(Bump::<Global>::try_new(layout(0, 8)), Err(AllocInitError::InvalidConfig)));
}

#[test]
fn a_raw_bump_stays_in_its_region_and_leaves_it_behind() {
    let region = Region::new(layout(256, 64));
    // SAFETY: offset 64 is within the region's 256 bytes.
    let start = unsafe { region.pointer().add(64) };
    // SAFETY: 128 bytes from `start` are in the region, which outlives the allocator.
    let mut bump = unsafe { Bump::<Raw>::new_raw(start, layout(128, 64)) }.unwrap();
    while let Ok(block) = bump.allocate(layout(5, 4)) {
        fill(block, 1);
    }
    drop(bump);
    assert!(region.untouched(0..64));
    assert!(region.untouched(192..256));
}

#[test]
fn a_region_that_is_not_aligned_as_its_layout_says_is_refused() {
    let region = Region::new(layout(64, 64));
    // SAFETY: offset 1 is within the region.
    let odd = unsafe { region.pointer().add(1) };
    // SAFETY: the constructor refuses.
    let refused = unsafe { Bump::new_raw(odd, layout(32, 2)) };
    assert!(matches!(refused, Err(AllocInitError::InvalidConfig)));
    // SAFETY: 32 bytes from `odd` are in the region.
    assert!(unsafe { Bump::new_raw(odd, layout(32, 1)) }.is_ok());
}

/// The first half has the memory that nobody uses yet, the second what was handed out.
#[test]
fn split_parts_what_is_free_from_what_is_handed_out() {
    let region = Region::new(layout(128, 64));
    // SAFETY: the region fits the layout and outlives both halves.
    let mut bump = unsafe { Bump::new_raw(region.pointer(), layout(128, 64)) }.unwrap();
    let old = bump.allocate(layout(32, 8)).unwrap();
    fill(old, 9);
    let (mut unused, mut used): (Bump<Raw>, Bump<Raw>) = bump.split();
    assert!(used.allocate(layout(1, 1)).is_err());
    assert!(unused.allocate(layout(97, 1)).is_err());
    let new = unused.allocate(layout(96, 1)).unwrap();
    assert_ne!(address(new), address(old));
    fill(new, 8);
    assert!(holds(old, 9));
    // The last block out gives the second half back, the first stays as it is.
    // SAFETY: `old` is an allocation of the second half now.
    unsafe { used.deallocate(old.cast()) };
    let again = used.allocate(layout(32, 1)).unwrap();
    fill(again, 7);
    assert!(unused.allocate(layout(1, 1)).is_err());
    assert!(holds(new, 8));
}

#[test]
fn an_empty_raw_region_never_has_room() {
    // SAFETY: no byte of the region is ever used.
    let mut bump =
        unsafe { Bump::new_raw(NonNull::<u64>::dangling().cast(), layout(0, 8)) }.unwrap();
    assert!(bump.allocate(layout(1, 1)).is_err());
}
