//! The constructors over any `Allocator` of nightly Rust.

use std::{
    alloc::{Allocator, Layout},
    cell::Cell,
    ptr::NonNull,
};

use acid_alloc::{AllocError, AllocInitError, Buddy, Bump, Global, Slab};

use crate::region::layout;

/// The system's allocator, counted, with a limit on how many blocks it gives out.
struct Counted<'a> {
    live: &'a Cell<usize>,
    limit: usize,
}

// SAFETY: every block is one of the global allocator's.
unsafe impl Allocator for Counted<'_> {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        if self.live.get() == self.limit {
            return Err(AllocError);
        }
        let block = Allocator::allocate(&Global, layout)?;
        self.live.set(self.live.get() + 1);
        Ok(block)
    }

    unsafe fn deallocate(&self, ptr: NonNull<u8>, layout: Layout) {
        self.live.set(self.live.get() - 1);
        // SAFETY: the caller's promise is the one that the global allocator asks for.
        unsafe { Allocator::deallocate(&Global, ptr, layout) }
    }
}

#[test]
fn memory_comes_from_the_allocator_and_goes_back_to_it() {
    let live = Cell::new(0);
    let backing = || Counted { live: &live, limit: 8 };
    let mut buddy = Buddy::<256, 5, _>::try_new_in(2, backing()).unwrap();
    let mut gapped =
        Buddy::<256, 5, _>::try_new_with_offset_gaps_in(1, [0..100], backing()).unwrap();
    let mut bump = Bump::try_new_in(layout(100, 4), backing()).unwrap();
    let mut slab = Slab::try_new_in(64, 4, backing()).unwrap();
    assert!(live.get() >= 4);
    assert!(buddy.allocate(layout(256, 1)).is_ok());
    assert!(gapped.allocate(layout(256, 1)).is_err());
    assert!(gapped.allocate(layout(128, 1)).is_ok());
    assert!(bump.allocate(layout(100, 4)).is_ok());
    assert!(slab.allocate_block().is_ok());
    drop((buddy, gapped, bump, slab));
    assert_eq!(live.get(), 0);
}

#[test]
fn an_allocator_that_refuses_is_reported_with_the_layout() {
    let live = Cell::new(0);
    let full = || Counted { live: &live, limit: 0 };
    let Err(AllocInitError::AllocFailed(wanted)) = Bump::try_new_in(layout(100, 4), full()) else {
        panic!("a full allocator gave memory to a bump allocator");
    };
    assert_eq!(wanted, layout(100, 4));
    let Err(AllocInitError::AllocFailed(wanted)) = Slab::try_new_in(64, 4, full()) else {
        panic!("a full allocator gave memory to a slab");
    };
    assert_eq!(wanted, layout(256, 64));
    assert!(matches!(
        Buddy::<256, 5, _>::try_new_in(1, full()),
        Err(AllocInitError::AllocFailed(_))
    ));
}

#[test]
fn the_global_allocator_is_an_allocator_too() {
    assert!(Buddy::<256, 5, Global>::try_new(1).is_ok());
    assert!(Bump::try_new_in(layout(100, 4), Global).is_ok());
    assert!(Slab::try_new_in(64, 4, Global).is_ok());
}
