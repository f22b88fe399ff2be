//! Refusals of constructors and methods beyond acid_alloc's API (`tests/acid-compat` has that), and
//! the API beyond it that no other suite needs.

#![cfg_attr(feature = "unstable", feature(allocator_api))]

use std::alloc::{GlobalAlloc, Layout};

use bonsai_alloc::{
    AllocInitError, Global, Heap, Raw, TinyHeap,
    inspect::{Damage, Inspect, State},
    linear::{Config, PAGE, PageSource, Pool, Simulation},
    prelude::*,
};

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap()
}

#[test]
fn cores_over_linear_memory_refuse_what_cannot_be() {
    assert!(matches!(Slab::try_new_in(1, 1, Linear), Err(AllocInitError::InvalidConfig)));
    assert!(matches!(Slab::try_new_in(usize::MAX, 2, Linear), Err(AllocInitError::InvalidConfig)));
    assert!(matches!(Bump::try_new_in(layout(0, 1), Linear), Err(AllocInitError::InvalidConfig)));
    assert!(matches!(Buddy::<64, 0, _>::try_new_in(1, Linear), Err(AllocInitError::InvalidConfig)));
    assert!(matches!(Buddy::<63, 2, _>::try_new_in(1, Linear), Err(AllocInitError::InvalidConfig)));
    assert!(matches!(Buddy::<64, 2, _>::try_new_in(0, Linear), Err(AllocInitError::InvalidConfig)));
    // More than linear memory can ever have.
    let huge = layout(1 << 33, 8);
    let Err(AllocInitError::AllocFailed(wanted)) = Bump::try_new_in(huge, Linear) else {
        panic!("8 GiB of linear memory");
    };
    assert_eq!(wanted, huge);
    assert!(matches!(
        Buddy::<{ 1 << 30 }, 2, _>::try_new_in(5, Linear),
        Err(AllocInitError::AllocFailed(_))
    ));
}

/// `isize::MAX` bytes are a layout at an alignment of 1, and none at a heap's own alignment.
#[test]
fn heaps_refuse_the_largest_layout() {
    let heaps: [&dyn GlobalAlloc; 5] =
        [&Heap::new(), &SlabHeap::new(), &BuddyHeap::new(), &BumpHeap::new(), &TinyHeap::new()];
    for (which, heap) in heaps.into_iter().enumerate() {
        // SAFETY: the size is not 0.
        let block = unsafe { heap.alloc(layout(isize::MAX as usize, 1)) };
        assert!(block.is_null(), "heap {which}");
    }
}

fn invalid<T>(result: Result<T, AllocInitError>) -> bool {
    matches!(result, Err(AllocInitError::InvalidConfig))
}

#[test]
fn what_no_buddy_can_be_has_no_smallest_block() {
    assert!(invalid(Buddy::<64, 0, Raw>::min_block_size()));
    assert!(invalid(Buddy::<64, { usize::BITS as usize }, Raw>::min_block_size()));
    assert!(invalid(Buddy::<48, 1, Raw>::min_block_size()));
    // Room for one address, for none, and for two.
    assert!(invalid(Buddy::<8, 1, Raw>::min_block_size()));
    assert!(invalid(Buddy::<64, 8, Raw>::min_block_size()));
    assert_eq!(Buddy::<64, 3, Raw>::min_block_size().unwrap(), 16);
}

#[test]
fn a_slab_is_below_4_gib_and_so_are_its_blocks() {
    assert!(invalid(Slab::<Raw>::region_layout(1 << 20, 1 << 12)));
    assert!(invalid(Slab::<Raw>::region_layout(8, 1 << 32)));
    assert!(invalid(Slab::<Raw>::region_layout(1 << 32, 0)));
    assert!(invalid(Slab::<Raw>::region_layout(1 << 32, 1)));
    assert!(invalid(Slab::<Raw>::region_layout(0, 1)));
    let largest = Slab::<Raw>::region_layout(1 << 20, (1 << 12) - 1);
    assert_eq!(largest.unwrap(), layout((1 << 32) - (1 << 20), 1 << 20));
}

#[test]
fn a_slab_knows_its_region() {
    let word = size_of::<usize>();
    let mut slab = Slab::<Global>::try_new(word, 9).unwrap();
    assert_eq!((slab.size(), slab.block_size(), slab.num_blocks()), (9 * word, word, 9));
    let first = slab.allocate_block().unwrap().cast::<u8>();
    let start = first.addr().get();
    assert_eq!(slab.limit().map(|limit| limit.get()), Some(start + 9 * word));
    let contains = |address: usize| {
        slab.contains_ptr(first.with_addr(std::num::NonZeroUsize::new(address).unwrap()))
    };
    assert!(contains(start) && contains(start + 1) && contains(start + 9 * word - 1));
    assert!(!contains(start - 1) && !contains(start + 9 * word));
}

#[test]
fn cores_can_be_printed() {
    let mut slab = Slab::<Global>::try_new(64, 3).unwrap();
    slab.allocate_block().unwrap();
    let shown = format!("{slab:?}");
    assert!(shown.starts_with("Slab {") && shown.contains("outstanding: 1"), "{shown}");
    let buddy = Buddy::<64, 3, Global>::try_new(7).unwrap();
    let shown = format!("{buddy:?}");
    assert!(shown.starts_with("Buddy {") && shown.contains("num_blocks: 7"), "{shown}");
}

#[test]
fn a_slab_without_blocks_needs_no_memory() {
    let pool = Pool::new(Simulation::new(Config { pages: 1, max_pages: 1, ..Config::default() }));
    let mut slab = Slab::try_new_in(64, 0, &pool).unwrap();
    assert!(slab.allocate_block().is_err() && !slab.can_allocate());
    slab.check().unwrap();
    assert_eq!(slab.stats(), Default::default());
    drop(slab);
    assert_eq!(pool.stats(), Default::default());
}

#[test]
fn grow_and_shrink_refuse_what_they_cannot_do_in_place() {
    // A freed block that waits is in the way of one that grows.
    #[cfg(feature = "checked")]
    bonsai_alloc::checked::set_quarantine(0);
    let mut buddy = Buddy::<256, 5, Global>::try_new(1).unwrap();
    let first = buddy.allocate(layout(16, 16)).unwrap();
    let second = buddy.allocate(layout(16, 16)).unwrap();
    let larger = layout(32, 16);
    // The second 16 bytes are live; the second block is an upper half.
    // SAFETY: live, with its layout.
    let lower = unsafe { buddy.grow(first.cast(), layout(16, 16), larger) };
    // SAFETY: `second` is live, with its layout.
    let upper = unsafe { buddy.grow(second.cast(), layout(16, 16), larger) };
    assert!(lower.is_err() && upper.is_err());
    // SAFETY: live, given up.
    unsafe { buddy.deallocate(second.cast()) };
    // SAFETY: live, with its layout.
    assert!(unsafe { buddy.grow(first.cast(), layout(16, 16), layout(257, 16)) }.is_err());
    // SAFETY: `first` is live, with its layout: growing it was refused.
    let all = unsafe { buddy.grow(first.cast(), layout(16, 16), layout(256, 16)) }.unwrap();
    assert_eq!((all.len(), all.cast()), (256, first.cast::<u8>()));
    assert_eq!(buddy.stats().free_bytes, 0);
    // SAFETY: live, with its layout.
    assert!(unsafe { buddy.shrink(first.cast(), layout(256, 16), layout(0, 16)) }.is_err());
    // SAFETY: `first` is live, of 256 bytes: shrinking it was refused.
    let some = unsafe { buddy.shrink(first.cast(), layout(256, 16), layout(17, 16)) }.unwrap();
    assert_eq!((some.len(), buddy.stats().live_bytes), (17, 32));
    buddy.check().unwrap();

    let mut slab = Slab::<Global>::try_new(64, 2).unwrap();
    let block = slab.allocate(layout(10, 1)).unwrap().cast();
    // SAFETY: live, with its layout.
    assert_eq!(unsafe { slab.grow(block, layout(10, 1), layout(64, 64)) }.unwrap().len(), 64);
    // SAFETY: live, with the layout it has now.
    assert!(unsafe { slab.grow(block, layout(64, 64), layout(65, 1)) }.is_err());
    // SAFETY: `block` is live, with the layout it has now: growing it was refused.
    assert!(unsafe { slab.shrink(block, layout(64, 64), layout(8, 128)) }.is_err());

    let mut bump = Bump::<Global>::try_new(layout(64, 64)).unwrap();
    let first = bump.allocate(layout(10, 1)).unwrap().cast();
    let second = bump.allocate(layout(10, 2)).unwrap().cast();
    // SAFETY: live, with its layout.
    assert!(unsafe { bump.grow(first, layout(10, 1), layout(11, 1)) }.is_err());
    // SAFETY: `second` is live, with its layout.
    assert!(unsafe { bump.grow(second, layout(10, 2), layout(10, 64)) }.is_err());
    // SAFETY: `second` is live, with its layout: growing it was refused.
    assert_eq!(unsafe { bump.grow(second, layout(10, 2), layout(10, 1)) }.unwrap().len(), 10);
    // SAFETY: live, with the layout it has now.
    assert!(unsafe { bump.shrink(second, layout(10, 1), layout(0, 2)) }.is_err());
    // SAFETY: `second` is live, with the layout it has now: shrinking it was refused.
    assert_eq!(unsafe { bump.shrink(second, layout(10, 1), layout(4, 2)) }.unwrap().len(), 4);
    assert_eq!(bump.stats().free_bytes, 44);
}

#[test]
fn reset_frees_everything_and_keeps_the_gaps() {
    let mut buddy = Buddy::<64, 3, Global>::try_new_with_offset_gaps(2, [70..71, 0..0]).unwrap();
    let before = buddy.stats();
    while buddy.allocate(layout(16, 1)).is_ok() {}
    assert_eq!(buddy.stats().free_bytes, 0);
    // SAFETY: nobody uses the blocks.
    unsafe { buddy.reset() };
    assert_eq!(buddy.stats(), before);
    assert_eq!((before.gap_bytes, before.largest_free, before.live_blocks), (16, 64, 0));
    buddy.check().unwrap();
}

#[test]
fn block_at_tells_what_begins_where() {
    let mut buddy = Buddy::<64, 3, Global>::try_new_with_offset_gaps(2, [64..65, 90..90]).unwrap();
    let live = buddy.allocate(layout(20, 1)).unwrap();
    let mut seen = Vec::new();
    buddy.walk(&mut |block| seen.push(block));
    for block in seen {
        let at = |offset: usize| {
            let address = std::num::NonZeroUsize::new(block.address + offset).unwrap();
            buddy.block_at(live.cast::<u8>().with_addr(address))
        };
        assert_eq!(at(0), (block.state != State::Gap).then_some(block));
        assert_eq!(at(1), None);
        assert_eq!(at(8), None);
    }
}

#[test]
fn damage_is_found_and_named() {
    // Blocks that wait have no links yet.
    #[cfg(feature = "checked")]
    bonsai_alloc::checked::set_quarantine(0);
    // A link of a free block is overwritten.
    let mut slab = Slab::<Global>::try_new(64, 4).unwrap();
    let blocks = [slab.allocate_block().unwrap(), slab.allocate_block().unwrap()];
    for block in blocks {
        // SAFETY: allocated just now.
        unsafe { slab.deallocate(block.cast()) };
    }
    slab.check().unwrap();
    // SAFETY: the memory is the slab's; a program that writes after it freed does this.
    unsafe { blocks[1].cast::<usize>().write(0x1234) };
    let damage = slab.check().unwrap_err();
    assert!(damage.to_string().contains("0x1234"), "{damage}");
    // SAFETY: makes good what was done.
    unsafe { blocks[1].cast::<usize>().write(blocks[0].cast::<u8>().as_ptr() as usize) };
    slab.check().unwrap();

    let mut buddy = Buddy::<64, 3, Global>::try_new(1).unwrap();
    let block = buddy.allocate(layout(16, 1)).unwrap();
    let other = buddy.allocate(layout(16, 1)).unwrap();
    // SAFETY: allocated just now.
    unsafe { buddy.deallocate(block.cast()) };
    buddy.check().unwrap();
    // SAFETY: the memory is the buddy's; a program that writes after it freed does this.
    let link = unsafe { block.cast::<usize>().read() };
    // SAFETY: a word of the buddy's memory, which the test overwrites.
    unsafe { block.cast::<usize>().write(other.cast::<u8>().as_ptr() as usize) };
    let damage = buddy.check().unwrap_err();
    assert!(damage.to_string().contains("0x"), "{damage}");
    // SAFETY: makes good what was done.
    unsafe { block.cast::<usize>().write(link) };
    buddy.check().unwrap();
}

/// More blocks than a walk looks up at a time, of which some were never handed out.
#[test]
fn a_slab_of_many_blocks_shows_each_as_it_is() {
    #[cfg(feature = "checked")]
    bonsai_alloc::checked::set_quarantine(0);
    let mut slab = Slab::<Global>::try_new(16, 9000).unwrap();
    let mut live: Vec<_> = (0..8500).map(|_| slab.allocate_block().unwrap()).collect();
    for at in [8400, 8191, 4097, 4096, 4095, 300, 8499, 0] {
        // SAFETY: allocated above, and forgotten here.
        unsafe { slab.deallocate(live[at].cast()) };
    }
    for at in [8499, 8400, 8191, 4097, 4096, 4095, 300, 0] {
        live.remove(at);
    }
    slab.check().unwrap();
    let mut seen = Vec::new();
    slab.walk(&mut |block| {
        if block.state == State::Live {
            seen.push(block.address);
        }
    });
    let live: Vec<_> = live.into_iter().map(|block| block.cast::<u8>().addr().get()).collect();
    assert!(seen == live, "{} of {} blocks are shown", seen.len(), live.len());
}

#[test]
fn a_list_leads_to_blocks_that_were_handed_out() {
    #[cfg(feature = "checked")]
    bonsai_alloc::checked::set_quarantine(0);
    let mut slab = Slab::<Global>::try_new(64, 4).unwrap();
    let blocks = [slab.allocate_block().unwrap(), slab.allocate_block().unwrap()];
    let [first, second] = blocks.map(|block| block.cast::<u8>().addr().get());
    for block in blocks {
        // SAFETY: allocated just now.
        unsafe { slab.deallocate(block.cast()) };
    }
    // The middle of a block; one that is yet to be handed out; none; below all.
    for address in [first + 8, second + 64, second + 1024, first - 64] {
        // SAFETY: the memory is the slab's; a program that writes after it freed does this.
        unsafe { blocks[1].cast::<usize>().write(address) };
        let rule = "the free list leads to what is no block of the slab";
        assert_eq!(slab.check(), Err(Damage { address, rule }));
    }
    // A list that ends too early, and one that does not end.
    for (address, rule) in [
        (0, "the free list leads to what is no block of the slab"),
        (second, "the free list is longer than the number of free blocks"),
    ] {
        // SAFETY: the memory is the slab's; a program that writes after it freed does this.
        unsafe { blocks[1].cast::<usize>().write(address) };
        assert_eq!(slab.check(), Err(Damage { address, rule }));
    }
    // SAFETY: makes good what was done.
    unsafe { blocks[1].cast::<usize>().write(first) };
    slab.check().unwrap();
}

/// No other test of this binary gets memory from the shared pool.
#[test]
fn linear_memory_is_shared_and_comes_back() {
    let stats = || Linear.pool().stats();
    let slab = Slab::try_new_in(PAGE, 3, Linear).unwrap();
    let buddy = Buddy::<65536, 9, _>::try_new_in(2, Linear).unwrap();
    let bump = Bump::try_new_in(layout(1000, 8), Linear).unwrap();
    let held = stats();
    assert!(held.grown_pages >= 5 && held.free_bytes < PAGE, "{held:?}");
    drop((slab, buddy, bump));
    let after = stats();
    assert_eq!(after.free_bytes, after.grown_pages * PAGE);
    drop(Slab::try_new_in(PAGE, 5, Linear).unwrap());
    assert_eq!(stats(), after, "memory grew, or did not come back");
}
