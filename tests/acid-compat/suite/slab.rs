//! `Slab`.

use std::{mem::size_of, ptr::NonNull};

use acid_alloc::{AllocError, AllocInitError, Global, Raw, Slab};

use crate::region::{Region, address, fill, holds, layout};

#[test]
fn sizes_are_told_and_the_backing_is_inferred() {
    let slab = Slab::try_new(96, 8).unwrap();
    assert_eq!(slab.block_size(), 96);
    assert_eq!(slab.block_align(), 32);
    assert_eq!(slab.num_blocks(), 8);
    assert_eq!(slab.size(), 768);
    assert_eq!(slab.outstanding(), 0);
    assert!(slab.can_allocate());
    assert_eq!(Slab::try_new(48, 12).unwrap().block_align(), 16);
    assert_eq!(Slab::try_new(64, 7).unwrap().block_align(), 64);
}

#[test]
fn a_block_size_is_rounded_up_to_the_alignment_of_a_link() {
    let word = size_of::<usize>();
    let slab = Slab::<Global>::try_new(4 * word + 1, 3).unwrap();
    assert_eq!(slab.block_size(), 5 * word);
    assert_eq!(slab.size(), 15 * word);
    let region = Slab::<Global>::region_layout(4 * word + 1, 3).unwrap();
    assert_eq!(region.size(), 15 * word);
    assert_eq!(region.align(), word);
}

#[test]
fn region_layout_is_what_the_blocks_need() {
    for (size, blocks, bytes, align) in
        [(64, 4, 256, 64), (96, 8, 768, 32), (4096, 1, 4096, 4096), (48, 0, 0, 16)]
    {
        let region = Slab::<Raw>::region_layout(size, blocks).unwrap();
        assert_eq!((region.size(), region.align()), (bytes, align));
    }
}

#[test]
fn sizes_that_cannot_be_are_refused() {
    let word = size_of::<usize>();
    for blocks in [0, 1, 8] {
        for size in 0..word {
            assert!(matches!(
                Slab::<Global>::try_new(size, blocks),
                Err(AllocInitError::InvalidConfig)
            ));
        }
    }
    assert!(matches!(Slab::<Global>::try_new(usize::MAX, 2), Err(AllocInitError::InvalidConfig)));
    assert!(matches!(
        Slab::<Global>::try_new(usize::MAX / 2 + 1, 2),
        Err(AllocInitError::InvalidConfig)
    ));
    assert!(matches!(Slab::<Raw>::region_layout(0, 1), Err(AllocInitError::InvalidConfig)));
    assert!(matches!(
        Slab::<Raw>::region_layout(usize::MAX, 1),
        Err(AllocInitError::InvalidConfig)
    ));
    assert!(matches!(
        Slab::<Raw>::region_layout(1 << 16, usize::MAX),
        Err(AllocInitError::InvalidConfig)
    ));
}

#[test]
fn no_blocks_is_a_slab_that_never_has_room() {
    let mut slab = Slab::<Global>::try_new(128, 0).unwrap();
    assert!(!slab.can_allocate());
    assert_eq!((slab.num_blocks(), slab.size()), (0, 0));
    assert_eq!(slab.allocate(layout(0, 1)), Err(AllocError));
    assert_eq!(slab.allocate_block(), Err(AllocError));
}

#[test]
fn every_block_comes_out_once_and_apart_from_the_others() {
    let mut slab = Slab::try_new(96, 8).unwrap();
    let mut blocks = Vec::new();
    for byte in 0..8 {
        assert!(slab.can_allocate());
        assert_eq!(slab.outstanding(), usize::from(byte));
        let block = slab.allocate_block().unwrap();
        assert_eq!(block.len(), 96);
        assert_eq!(address(block) % slab.block_align(), 0);
        assert!(slab.contains_ptr(block.cast()));
        fill(block, byte);
        blocks.push(block);
    }
    assert!(!slab.can_allocate());
    assert_eq!(slab.outstanding(), 8);
    assert!(slab.allocate_block().is_err());
    assert!(slab.allocate(layout(1, 1)).is_err());
    assert_eq!(slab.outstanding(), 8);
    for (byte, block) in (0..8).zip(blocks) {
        assert!(holds(block, byte));
        // SAFETY: allocated above, freed once.
        unsafe { slab.deallocate(block.cast()) };
    }
    assert_eq!(slab.outstanding(), 0);
    assert!(slab.can_allocate());
}

#[test]
fn a_freed_block_is_used_again_whatever_the_order() {
    let mut slab = Slab::try_new(32, 3).unwrap();
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [1, 0, 2]] {
        let blocks: [NonNull<[u8]>; 3] = std::array::from_fn(|_| slab.allocate_block().unwrap());
        assert!(slab.allocate_block().is_err());
        for (freed, at) in order.into_iter().enumerate() {
            // SAFETY: allocated in this round, freed once.
            unsafe { slab.deallocate(blocks[at].cast()) };
            assert_eq!(slab.outstanding(), 2 - freed);
        }
    }
}

#[test]
fn a_request_gets_a_block_of_the_length_it_asked_for() {
    let mut slab = Slab::try_new(96, 8).unwrap();
    for (size, align) in [(0, 1), (1, 1), (95, 8), (96, 32)] {
        let block = slab.allocate(layout(size, align)).unwrap();
        assert_eq!(block.len(), size);
        assert_eq!(address(block) % align, 0);
    }
    assert_eq!(slab.outstanding(), 4);
}

#[test]
fn too_large_or_too_aligned_is_an_error_and_takes_no_block() {
    let mut slab = Slab::try_new(96, 1).unwrap();
    assert_eq!(slab.allocate(layout(97, 1)), Err(AllocError));
    assert_eq!(slab.allocate(layout(1, 64)), Err(AllocError));
    assert_eq!(slab.allocate(layout(0, 128)), Err(AllocError));
    assert_eq!(slab.outstanding(), 0);
    slab.allocate(layout(96, 32)).unwrap();
}

#[test]
fn limit_and_contains_ptr_tell_where_the_region_is() {
    let region = Region::new(Slab::<Raw>::region_layout(64, 4).unwrap());
    // SAFETY: the region has the layout asked for and lives longer than the slab.
    let slab = unsafe { Slab::new_raw(region.pointer(), 64, 4) }.unwrap();
    let base = region.range(0, 256);
    assert_eq!(slab.limit(), Some(base.end));
    let at =
        |offset: usize| NonNull::new((base.start.get().wrapping_add(offset)) as *mut u8).unwrap();
    assert!(slab.contains_ptr(at(0)));
    assert!(slab.contains_ptr(at(1)));
    assert!(slab.contains_ptr(at(255)));
    assert!(!slab.contains_ptr(at(256)));
    assert!(!slab.contains_ptr(at(usize::MAX)));
    assert!(slab.can_allocate());
}

#[test]
fn a_raw_slab_stays_in_its_region_and_leaves_it_behind() {
    let region = Region::new(layout(64 * 6, 64));
    // The second and third block of 64; the rest of the memory belongs to nobody.
    // SAFETY: offset 64 is within the region's 384 bytes.
    let start = unsafe { region.pointer().add(64) };
    // SAFETY: 128 bytes from `start` are in the region, which outlives the slab.
    let mut slab = unsafe { Slab::<Raw>::new_raw(start, 64, 2) }.unwrap();
    let first = slab.allocate_block().unwrap();
    let second = slab.allocate_block().unwrap();
    fill(first, 1);
    fill(second, 2);
    drop(slab);
    assert!(region.untouched(0..64));
    assert!(region.untouched(192..384));
    assert!(!region.untouched(64..192));
}

#[test]
fn a_raw_slab_refuses_sizes_that_cannot_be() {
    let region = Region::new(layout(64, 64));
    for size in [0, 1, size_of::<usize>() - 1] {
        // SAFETY: the constructor refuses before it looks at the region.
        let refused = unsafe { Slab::new_raw(region.pointer(), size, 1) };
        assert!(matches!(refused, Err(AllocInitError::InvalidConfig)));
    }
    // SAFETY: the constructor refuses sizes that overflow before it looks at the region.
    let refused = unsafe { Slab::new_raw(region.pointer(), 1 << 20, usize::MAX >> 4) };
    assert!(matches!(refused, Err(AllocInitError::InvalidConfig)));
    assert!(region.untouched(0..64));
}

#[test]
fn a_region_that_ends_beyond_the_address_space_is_refused() {
    let near_the_end = NonNull::new((usize::MAX - 63) as *mut u8).unwrap();
    // SAFETY: the constructor refuses before it looks at the region.
    let refused = unsafe { Slab::new_raw(near_the_end, 64, 2) };
    assert!(matches!(refused, Err(AllocInitError::InvalidLocation)));
}
