//! `Buddy`.

use std::{
    alloc::Layout,
    mem::size_of,
    panic::{AssertUnwindSafe, catch_unwind},
    ptr::NonNull,
};

use acid_alloc::{AllocError, AllocInitError, Buddy, Global, Raw, buddy::RawBuddyParts};

use crate::region::{Region, address, fill, holds, layout};

/// Blocks of 16 to 4096 bytes.
type Small = Buddy<4096, 9, Global>;

/// A raw buddy with its two regions, both of exactly the size asked for.
struct Held<const B: usize, const L: usize> {
    // Dropped first: declared before its memory.
    buddy: Buddy<B, L, Raw>,
    region: Region,
    _metadata: Region,
}

impl<const B: usize, const L: usize> Held<B, L> {
    fn unpopulated(blocks: usize) -> Self {
        let region = Region::new(Buddy::<B, L, Raw>::region_layout(blocks).unwrap());
        let metadata = Region::new(Buddy::<B, L, Raw>::metadata_layout(blocks).unwrap());
        // SAFETY: both regions have the layouts asked for and outlive the allocator.
        let buddy =
            unsafe { Buddy::new_raw_unpopulated(metadata.pointer(), region.pointer(), blocks) }
                .unwrap();
        Held { buddy, region, _metadata: metadata }
    }

    fn populated(blocks: usize) -> Self {
        let region = Region::new(Buddy::<B, L, Raw>::region_layout(blocks).unwrap());
        let metadata = Region::new(Buddy::<B, L, Raw>::metadata_layout(blocks).unwrap());
        // SAFETY: both regions have the layouts asked for and outlive the allocator.
        let buddy =
            unsafe { Buddy::new_raw(metadata.pointer(), region.pointer(), blocks) }.unwrap();
        Held { buddy, region, _metadata: metadata }
    }

    fn add(&mut self, from: usize, to: usize) {
        let range = self.region.range(from, to);
        // SAFETY: the tests add each part of the region once.
        unsafe { self.buddy.add_region(range) };
    }

    fn offset(&self, block: NonNull<[u8]>) -> usize {
        address(block) - self.region.range(0, 1).start.get()
    }
}

/// Takes every block of the size that is to be had.
fn drain<const B: usize, const L: usize, A: acid_alloc::BackingAllocator>(
    buddy: &mut Buddy<B, L, A>,
    size: usize,
) -> Vec<NonNull<[u8]>> {
    std::iter::from_fn(|| buddy.allocate(layout(size, 1)).ok()).collect()
}

#[test]
fn the_configuration_tells_the_sizes() {
    assert_eq!(Small::min_block_size().unwrap(), 16);
    assert_eq!(Buddy::<4096, 1, Raw>::min_block_size().unwrap(), 4096);
    const SMALLEST: Result<usize, AllocInitError> = Buddy::<65536, 5, Raw>::min_block_size();
    assert!(matches!(SMALLEST, Ok(4096)));

    let region = Small::region_layout(4).unwrap();
    assert_eq!((region.size(), region.align()), (16384, 4096));
    assert!(Small::metadata_layout(4).unwrap().size() > 0);
}

#[test]
fn configurations_that_cannot_be_are_refused() {
    fn refused<const B: usize, const L: usize>(blocks: usize) {
        assert!(matches!(
            Buddy::<B, L, Global>::try_new(blocks),
            Err(AllocInitError::InvalidConfig)
        ));
    }
    // No level, as many levels as a word has bits, no power of two, blocks below two words.
    refused::<256, 0>(8);
    refused::<256, { usize::BITS as usize }>(8);
    refused::<0, 1>(8);
    refused::<255, 4>(8);
    refused::<3, 1>(8);
    refused::<{ size_of::<usize>() }, 1>(8);
    refused::<{ size_of::<usize>() << 7 }, 8>(8);
    // No block at all, or more than there are addresses for.
    refused::<128, 4>(0);
    refused::<256, 1>(usize::MAX);
    refused::<4096, 1>(usize::MAX / 4096);

    assert!(matches!(Buddy::<256, 0, Raw>::min_block_size(), Err(AllocInitError::InvalidConfig)));
    assert!(matches!(Buddy::<100, 2, Raw>::min_block_size(), Err(AllocInitError::InvalidConfig)));
    assert!(matches!(Small::region_layout(0), Err(AllocInitError::InvalidConfig)));
    assert!(matches!(Small::metadata_layout(0), Err(AllocInitError::InvalidConfig)));
    assert!(matches!(Small::region_layout(usize::MAX), Err(AllocInitError::InvalidConfig)));
    // The least that can be is two words, in one level.
    assert!(Buddy::<{ 2 * size_of::<usize>() }, 1, Global>::try_new(1).is_ok());
}

#[test]
fn raw_constructors_refuse_what_cannot_be() {
    /// Returns the errors of both constructors for a place and a number of blocks that they must refuse.
    fn refused<const B: usize, const L: usize>(
        metadata: NonNull<u8>,
        region: NonNull<u8>,
        blocks: usize,
    ) -> [AllocInitError; 2] {
        // SAFETY: the constructor refuses before it uses any memory.
        let populated = unsafe { Buddy::<B, L, Raw>::new_raw(metadata, region, blocks) };
        // SAFETY: this constructor, too, refuses before it uses any memory.
        let unpopulated =
            unsafe { Buddy::<B, L, Raw>::new_raw_unpopulated(metadata, region, blocks) };
        [populated.unwrap_err(), unpopulated.unwrap_err()]
    }
    use AllocInitError::{InvalidConfig, InvalidLocation};

    let region = Region::new(layout(64, 64));
    let (here, elsewhere) = (region.pointer(), NonNull::<u64>::dangling().cast());
    let no_blocks = refused::<64, 2>(elsewhere, here, 0);
    assert!(matches!(no_blocks, [InvalidConfig, InvalidConfig]));
    let no_power_of_two = refused::<60, 2>(elsewhere, here, 1);
    assert!(matches!(no_power_of_two, [InvalidConfig, InvalidConfig]));
    let too_small = refused::<64, 4>(elsewhere, here, 1);
    assert!(matches!(too_small, [InvalidConfig, InvalidConfig]));

    let last = NonNull::new((usize::MAX - 63) as *mut u8).unwrap();
    let region_too_high = refused::<64, 2>(elsewhere, last, 1);
    assert!(matches!(region_too_high, [InvalidLocation, InvalidLocation]));
    let size = Buddy::<64, 2, Raw>::metadata_layout(1).unwrap().size();
    let last = NonNull::new((usize::MAX - size + 1) as *mut u8).unwrap();
    let metadata_too_high = refused::<64, 2>(last, here, 1);
    assert!(matches!(metadata_too_high, [InvalidLocation, InvalidLocation]));
    assert!(region.untouched(0..64));
}

#[test]
fn a_block_satisfies_its_layout() {
    let mut buddy = Small::try_new(4).unwrap();
    for (size, align) in [(1, 1), (16, 16), (17, 16), (100, 4), (64, 64), (4096, 4096), (3000, 8)] {
        let block = buddy.allocate(layout(size, align)).unwrap();
        assert_eq!(block.len(), size);
        assert_eq!(address(block) % align, 0);
        fill(block, 3);
        assert!(holds(block, 3));
        // SAFETY: allocated above, freed once.
        unsafe { buddy.deallocate(block.cast()) };
    }
}

#[test]
fn what_cannot_be_had_is_an_error_and_takes_nothing() {
    let mut buddy = Buddy::<64, 3, Global>::try_new(1).unwrap();
    assert_eq!(buddy.allocate(layout(0, 1)), Err(AllocError));
    assert_eq!(buddy.allocate(layout(0, 16)), Err(AllocError));
    assert_eq!(buddy.allocate(layout(65, 1)), Err(AllocError));
    assert_eq!(buddy.allocate(layout(isize::MAX as usize, 1)), Err(AllocError));
    let all = buddy.allocate(layout(64, 64)).unwrap();
    assert_eq!(buddy.allocate(layout(1, 1)), Err(AllocError));
    // SAFETY: allocated above, freed once.
    unsafe { buddy.deallocate(all.cast()) };
}

#[test]
fn every_size_fills_the_region_and_merges_again() {
    // 3 blocks: the top level is no power of two of them.
    let mut buddy = Buddy::<128, 4, Global>::try_new(3).unwrap();
    for size in [16, 32, 64, 128, 16, 128, 64, 32, 9, 33, 65] {
        let blocks = drain(&mut buddy, size);
        assert_eq!(blocks.len(), 3 * 128 / usize::max(size.next_power_of_two(), 16));
        for (byte, &block) in (0_u8..).zip(&blocks) {
            fill(block, byte);
        }
        for (byte, &block) in (0_u8..).zip(&blocks) {
            assert!(holds(block, byte));
        }
        // Every second block first: each free meets a live buddy, then a free one.
        let (even, odd): (Vec<_>, Vec<_>) = blocks.chunks(2).map(|c| (c[0], c.get(1))).unzip();
        for block in even.into_iter().chain(odd.into_iter().flatten().copied()) {
            // SAFETY: allocated in this round, freed once.
            unsafe { buddy.deallocate(block.cast()) };
        }
    }
    assert_eq!(drain(&mut buddy, 128).len(), 3);
}

#[test]
fn buddies_merge_in_either_order() {
    let mut buddy = Buddy::<64, 2, Global>::try_new(1).unwrap();
    for order in [[0, 1], [1, 0]] {
        let halves =
            [buddy.allocate(layout(32, 32)).unwrap(), buddy.allocate(layout(32, 32)).unwrap()];
        assert!(buddy.allocate(layout(1, 1)).is_err());
        // SAFETY: allocated in this round, freed once.
        unsafe { buddy.deallocate(halves[order[0]].cast()) };
        assert!(buddy.allocate(layout(64, 1)).is_err());
        // SAFETY: the other half, allocated in this round, freed once.
        unsafe { buddy.deallocate(halves[order[1]].cast()) };
        let all = buddy.allocate(layout(64, 1)).unwrap();
        // SAFETY: allocated in the line before, freed once.
        unsafe { buddy.deallocate(all.cast()) };
    }
}

#[test]
fn top_level_blocks_never_merge() {
    let mut buddy = Buddy::<32, 2, Global>::try_new(2).unwrap();
    let blocks = drain(&mut buddy, 32);
    assert_eq!(blocks.len(), 2);
    for block in blocks {
        // SAFETY: allocated above, freed once.
        unsafe { buddy.deallocate(block.cast()) };
    }
    assert!(buddy.allocate(layout(33, 1)).is_err());
}

#[test]
fn gaps_are_kept_out_of_a_single_level() {
    type OneLevel = Buddy<16, 1, Global>;
    for (blocks, gap, left) in [
        (1, 0..1, 0),
        (1, 15..16, 0),
        (1, 0..16, 0),
        (1, 15..32, 0),
        (1, 16..32, 1),
        (2, 15..17, 0),
        (2, 0..16, 1),
        (3, 15..33, 0),
        (3, 16..33, 1),
        (3, 16..32, 2),
        (3, 5..5, 3),
    ] {
        let mut buddy = OneLevel::try_new_with_offset_gaps(blocks, [gap.clone()]).unwrap();
        assert_eq!(drain(&mut buddy, 1).len(), left, "{blocks} blocks, gap {gap:?}");
    }
}

#[test]
fn blocks_do_not_merge_across_a_gap() {
    type TwoLevels = Buddy<32, 2, Global>;
    for gap in [0..16, 3..4, 16..32, 31..32, 16..48] {
        let mut buddy = TwoLevels::try_new_with_offset_gaps(1, [gap]).unwrap();
        assert!(buddy.allocate(layout(32, 32)).is_err());
        let half = buddy.allocate(layout(16, 16)).unwrap();
        assert!(buddy.allocate(layout(1, 1)).is_err());
        // SAFETY: allocated above, freed once.
        unsafe { buddy.deallocate(half.cast()) };
        assert!(buddy.allocate(layout(32, 32)).is_err());
    }
}

#[test]
fn several_gaps_may_touch_and_share_a_block() {
    // Blocks of 16: gaps cover the blocks 0, 2, 3 and 7 of 8.
    let gaps = [1..2, 33..34, 40..48, 48..50, 120..128];
    let mut buddy = Buddy::<128, 4, Global>::try_new_with_offset_gaps(1, gaps).unwrap();
    assert!(buddy.allocate(layout(64, 1)).is_err());
    assert_eq!(drain(&mut buddy, 32).len(), 1);
    assert_eq!(drain(&mut buddy, 16).len(), 2);
}

#[test]
fn unpopulated_memory_is_neither_handed_out_nor_touched() {
    let mut held = Held::<16384, 3>::unpopulated(1);
    assert!(held.region.untouched(0..16384));
    assert_eq!(held.buddy.allocate(Layout::new::<[u8; 4096]>()), Err(AllocError));

    held.add(0, 4096);
    held.add(8192, 16384);
    assert!(held.region.untouched(4096..8192));
    let block = held.buddy.allocate(layout(8192, 4096)).unwrap();
    assert_eq!(held.offset(block), 8192);
    let low = held.buddy.allocate(layout(4096, 4096)).unwrap();
    assert_eq!(held.offset(low), 0);
    fill(block, 1);
    fill(low, 2);
    assert!(held.buddy.allocate(layout(1, 1)).is_err());
    // SAFETY: allocated above, freed once.
    unsafe { held.buddy.deallocate(block.cast()) };
    // SAFETY: `low` was allocated above and is freed once.
    unsafe { held.buddy.deallocate(low.cast()) };
    assert!(held.buddy.allocate(layout(16384, 1)).is_err());
    assert!(held.region.untouched(4096..8192));
}

#[test]
fn regions_added_one_after_the_other_merge() {
    for parts in [
        [(0, 64), (64, 128)],
        [(64, 128), (0, 64)],
        [(0, 32), (32, 128)],
        [(32, 128), (0, 32)],
        [(0, 96), (96, 128)],
    ] {
        let mut held = Held::<128, 3>::unpopulated(1);
        for (added, (from, to)) in parts.into_iter().enumerate() {
            assert!(held.buddy.allocate(layout(128, 1)).is_err(), "{added} parts");
            held.add(from, to);
        }
        let all = held.buddy.allocate(layout(128, 128)).unwrap();
        assert_eq!(held.offset(all), 0);
    }
}

#[test]
fn a_region_merges_with_blocks_that_were_used_meanwhile() {
    let mut held = Held::<128, 2>::unpopulated(1);
    held.add(0, 64);
    let left = held.buddy.allocate(layout(64, 64)).unwrap();
    held.add(64, 128);
    assert!(held.buddy.allocate(layout(128, 1)).is_err());
    // SAFETY: allocated above, freed once.
    unsafe { held.buddy.deallocate(left.cast()) };
    assert!(held.buddy.allocate(layout(128, 128)).is_ok());
}

#[test]
fn a_region_over_several_blocks_fills_them_all() {
    let mut held = Held::<64, 3>::unpopulated(4);
    held.add(48, 208);
    assert_eq!(drain(&mut held.buddy, 64).len(), 2);
    assert_eq!(drain(&mut held.buddy, 16).len(), 2);
    assert!(held.region.untouched(0..48));
    assert!(held.region.untouched(208..256));
}

#[test]
fn an_empty_region_may_be_added() {
    let mut held = Held::<64, 3>::unpopulated(1);
    held.add(16, 16);
    held.add(64, 64);
    assert!(held.buddy.allocate(layout(1, 1)).is_err());
}

#[test]
fn a_region_outside_or_not_on_a_block_boundary_panics() {
    // Three levels over 64 bytes: blocks of 16.
    for (from, to) in [(8, 64), (0, 60), (0, 80), (1, 1)] {
        let mut held = Held::<64, 3>::unpopulated(1);
        let range = held.region.range(0, 1).start.get();
        let range = NonZero::at(range + from)..NonZero::at(range + to);
        // SAFETY: the call panics, as documented.
        let call = || unsafe { held.buddy.add_region(range) };
        assert!(catch_unwind(AssertUnwindSafe(call)).is_err(), "{from}..{to}");
    }
    let mut held = Held::<64, 3>::unpopulated(1);
    let below = held.region.range(0, 16);
    let below = NonZero::at(below.start.get() - 16)..below.end;
    // SAFETY: the call panics, as documented.
    let call = || unsafe { held.buddy.add_region(below) };
    assert!(catch_unwind(AssertUnwindSafe(call)).is_err());
}

/// `NonZeroUsize::new(..).unwrap()`, shorter.
struct NonZero;

impl NonZero {
    fn at(address: usize) -> std::num::NonZeroUsize {
        std::num::NonZeroUsize::new(address).unwrap()
    }
}

#[test]
fn metadata_need_not_arrive_zeroed() {
    // `Region::new` fills both regions with 0xA5.
    let mut held = Held::<256, 5>::populated(3);
    let mut blocks = drain(&mut held.buddy, 16);
    assert_eq!(blocks.len(), 48);
    blocks.sort_by_key(|&block| address(block));
    blocks.dedup();
    assert_eq!(blocks.len(), 48);
    for block in blocks {
        // SAFETY: allocated above, freed once.
        unsafe { held.buddy.deallocate(block.cast()) };
    }
    assert_eq!(drain(&mut held.buddy, 256).len(), 3);
}

#[test]
fn the_raw_parts_are_what_went_in() {
    type Parts = Buddy<256, 5, Raw>;
    let region = Region::new(Parts::region_layout(3).unwrap());
    let metadata = Region::new(Parts::metadata_layout(3).unwrap());
    // SAFETY: both regions have the layouts asked for and outlive the allocator.
    let mut buddy = unsafe { Parts::new_raw(metadata.pointer(), region.pointer(), 3) }.unwrap();
    buddy.allocate(layout(100, 1)).unwrap();
    // SAFETY: nobody holds a reference to the block.
    let RawBuddyParts {
        metadata: metadata_pointer,
        metadata_layout,
        region: region_pointer,
        region_layout,
    } = unsafe { buddy.into_raw_parts() };
    assert_eq!(region_pointer, region.pointer());
    assert_eq!(metadata_pointer, metadata.pointer());
    assert_eq!(region_layout, Parts::region_layout(3).unwrap());
    assert_eq!(metadata_layout, Parts::metadata_layout(3).unwrap());
    // The parts make another allocator.
    // SAFETY: the memory is nobody's since `into_raw_parts`.
    let mut buddy = unsafe { Parts::new_raw(metadata_pointer, region_pointer, 3) }.unwrap();
    assert_eq!(drain(&mut buddy, 256).len(), 3);
}

#[test]
fn many_blocks_and_many_levels() {
    // 130 top-level blocks: more than two words of 64 bits of any map.
    let mut buddy = Buddy::<1024, 7, Global>::try_new(130).unwrap();
    let mut blocks = drain(&mut buddy, 16);
    assert_eq!(blocks.len(), 130 * 64);
    blocks.sort_by_key(|&block| address(block));
    for pair in blocks.windows(2) {
        assert!(address(pair[0]) + 16 <= address(pair[1]));
    }
    for block in blocks {
        // SAFETY: allocated above, freed once.
        unsafe { buddy.deallocate(block.cast()) };
    }
    assert_eq!(drain(&mut buddy, 1024).len(), 130);
}
