//! The root of the crate: markers, errors, paths, auto traits.

use std::{alloc::Layout, fmt::Debug, ptr::NonNull};

use acid_alloc::{AllocError, AllocInitError, BackingAllocator, Buddy, Bump, Global, Raw, Slab};

use crate::region::layout;

fn is_send<T: Send>() {}
fn is_sync<T: Sync>() {}
fn is_debug<T: Debug>() {}
fn backs<A: BackingAllocator>() {}

#[test]
fn the_modules_hold_the_same_types_as_the_root() {
    let buddy: Buddy<256, 3, Global> =
        acid_alloc::buddy::Buddy::<256, 3, Global>::try_new(1).unwrap();
    let bump: Bump<Global> = acid_alloc::bump::Bump::try_new(layout(64, 1)).unwrap();
    let slab: Slab<Global> = acid_alloc::slab::Slab::try_new(16, 1).unwrap();
    drop((buddy, bump, slab));
    is_debug::<acid_alloc::buddy::RawBuddyParts>();
}

#[test]
fn markers_are_backing_allocators() {
    backs::<Raw>();
    backs::<Global>();
    assert_eq!(format!("{:?}", Raw.clone()), "Raw");
    assert_eq!(format!("{:?}", Global.clone()), "Global");
}

#[test]
fn raw_gives_nothing_back() {
    let mut byte = 7_u8;
    // SAFETY: `Raw` never had the block and does nothing with it.
    unsafe { BackingAllocator::deallocate(&Raw, NonNull::from(&mut byte), Layout::new::<u8>()) };
    assert_eq!(byte, 7);
}

#[test]
fn global_gives_blocks_back() {
    let layout = layout(64, 16);
    // SAFETY: the size is not zero.
    let block = NonNull::new(unsafe { std::alloc::alloc(layout) }).unwrap();
    // SAFETY: allocated by the global allocator one line above, with this layout.
    unsafe { BackingAllocator::deallocate(&Global, block, layout) };
}

#[test]
fn the_allocators_that_were_send_and_sync_still_are() {
    is_send::<Buddy<4096, 9, Raw>>();
    is_sync::<Buddy<4096, 9, Raw>>();
    is_send::<Buddy<4096, 9, Global>>();
    is_sync::<Buddy<4096, 9, Global>>();
    is_send::<Slab<Raw>>();
    is_sync::<Slab<Raw>>();
    is_send::<Slab<Global>>();
    is_sync::<Slab<Global>>();
}

#[test]
fn everything_can_be_printed() {
    is_debug::<Buddy<4096, 9, Raw>>();
    is_debug::<Bump<Raw>>();
    is_debug::<Slab<Raw>>();
    let buddy = Buddy::<64, 2, Global>::try_new(1).unwrap();
    assert!(format!("{buddy:?}").starts_with("Buddy"));
    assert!(format!("{:?}", Slab::try_new(96, 8).unwrap()).starts_with("Slab"));
    assert!(format!("{:?}", Bump::try_new(layout(8, 8)).unwrap()).starts_with("Bump"));
}

#[test]
fn the_errors_can_be_compared_cloned_and_printed() {
    let error = AllocError;
    let copy = error;
    assert_eq!(error, copy);
    assert_eq!(format!("{error:?}"), "AllocError");

    let failed = AllocInitError::AllocFailed(layout(8, 4));
    match failed.clone() {
        AllocInitError::AllocFailed(wanted) => assert_eq!(wanted, layout(8, 4)),
        AllocInitError::InvalidConfig | AllocInitError::InvalidLocation => unreachable!(),
    }
    assert_eq!(format!("{:?}", AllocInitError::InvalidConfig), "InvalidConfig");
    assert_eq!(format!("{:?}", AllocInitError::InvalidLocation), "InvalidLocation");
}

/// A program may keep any of the three behind the marker that backs it.
#[test]
fn code_may_be_generic_over_what_backs_an_allocator() {
    fn twice<const B: usize, const L: usize, A: BackingAllocator>(
        buddy: &mut Buddy<B, L, A>,
        layout: Layout,
    ) -> Result<[NonNull<[u8]>; 2], AllocError> {
        Ok([buddy.allocate(layout)?, buddy.allocate(layout)?])
    }
    fn one<A: BackingAllocator>(slab: &mut Slab<A>, bump: &mut Bump<A>) -> bool {
        slab.allocate_block().is_ok() && bump.allocate(Layout::new::<u64>()).is_ok()
    }
    let mut buddy = Buddy::<64, 2, Global>::try_new(1).unwrap();
    let pair = twice(&mut buddy, layout(32, 1)).unwrap();
    assert!(twice(&mut buddy, layout(32, 1)).is_err());
    for block in pair {
        // SAFETY: allocated above, freed once.
        unsafe { buddy.deallocate(block.cast()) };
    }
    let mut slab = Slab::try_new(32, 1).unwrap();
    let mut bump = Bump::try_new(layout(64, 8)).unwrap();
    assert!(one(&mut slab, &mut bump));
    assert!(!one(&mut slab, &mut bump));
}

/// `Slab` and `Buddy` may be handed to another thread.
#[test]
fn an_allocator_may_move_to_another_thread() {
    let mut slab = Slab::try_new(64, 4).unwrap();
    let mut buddy = Buddy::<128, 3, Global>::try_new(2).unwrap();
    let (slab, buddy) = std::thread::spawn(move || {
        slab.allocate_block().unwrap();
        buddy.allocate(layout(128, 1)).unwrap();
        (slab, buddy)
    })
    .join()
    .unwrap();
    assert_eq!(slab.outstanding(), 1);
    drop(buddy);
}
