//! Exercises of the cores, over a region that the caller gives.

use core::{alloc::Layout, ptr::NonNull};

use bonsai_alloc::{Buddy, Bump, Raw, Slab, inspect::Inspect};

use crate::{Live, Outcome, must, place};

/// Bytes of the region.
pub const REGION: usize = 2048;

/// A region that is aligned to its size.
#[repr(align(2048))]
#[derive(Debug)]
pub struct Region(pub [u8; REGION]);

/// Runs every core over the region, one after the other.
///
/// # Errors
/// The place of what did not hold.
pub fn cores(region: &mut Region) -> Outcome {
    let start = NonNull::from(&mut region.0).cast::<u8>();
    buddy(start)?;
    slab(start)?;
    bump(start)
}

type Frames = Buddy<REGION, 6, Raw>;

fn buddy(region: NonNull<u8>) -> Outcome {
    let mut metadata = [0_u64; 32];
    let (Ok(layout), Ok(meta)) = (Frames::region_layout(1), Frames::metadata_layout(1)) else {
        return Err(place!());
    };
    must!(layout.size() == REGION && meta.size() <= size_of_val(&metadata));
    let metadata = NonNull::from(&mut metadata).cast();
    // SAFETY: region and metadata are as large and as aligned as the layouts say, and are the buddy's
    // until this function returns.
    let Ok(mut frames) = (unsafe { Frames::new_raw(metadata, region, 1) }) else {
        return Err(place!());
    };
    let mut blocks = [None::<Live>; 8];
    for round in 0..200_usize {
        let place = round * 5 % blocks.len();
        if let Some(live) = blocks[place].take() {
            must!(live.holds(live.size));
            let Some(start) = NonNull::new(live.start) else { return Err(place!()) };
            // SAFETY: a live block, which is forgotten.
            unsafe { frames.deallocate(start) };
        } else {
            let size = 1 + round * 37 % 600;
            let Ok(layout) = Layout::from_size_align(size, 1) else { return Err(place!()) };
            let Ok(block) = frames.allocate(layout) else { continue };
            must!(block.len() >= size);
            // SAFETY: a new block, at least that long.
            blocks[place] =
                Some(unsafe { Live::fill(block.cast().as_ptr(), size, 1, round as u8) });
        }
    }
    must!(frames.check().is_ok());
    for live in blocks.into_iter().flatten() {
        must!(live.holds(live.size));
        let Some(start) = NonNull::new(live.start) else { return Err(place!()) };
        // SAFETY: a live block, which is forgotten.
        unsafe { frames.deallocate(start) };
    }
    let stats = frames.stats();
    // With `checked` freed blocks wait, and are not merged.
    must!(stats.live_blocks == 0 && (cfg!(feature = "checked") || stats.largest_free == REGION));
    Ok(())
}

fn slab(region: NonNull<u8>) -> Outcome {
    const SIZE: usize = 48;
    // SAFETY: the region has room for that many blocks, and is the slab's until this function returns.
    let Ok(mut slab) = (unsafe { Slab::<Raw>::new_raw(region, SIZE, REGION / SIZE) }) else {
        return Err(place!());
    };
    let mut count = 0_u8;
    let mut first = None;
    while let Ok(block) = slab.allocate_block() {
        // SAFETY: a new block of that size.
        let live = unsafe { Live::fill(block.cast().as_ptr(), SIZE, 1, count) };
        first.get_or_insert(live);
        count += 1;
    }
    must!(usize::from(count) == REGION / SIZE && slab.check().is_ok());
    let Some(live) = first else { return Err(place!()) };
    must!(live.holds(SIZE));
    let Some(start) = NonNull::new(live.start) else { return Err(place!()) };
    // SAFETY: a live block, which is forgotten.
    unsafe { slab.deallocate(start) };
    must!(slab.allocate_block().is_ok() && slab.allocate_block().is_err());
    Ok(())
}

fn bump(region: NonNull<u8>) -> Outcome {
    let Ok(layout) = Layout::from_size_align(REGION, 16) else { return Err(place!()) };
    // SAFETY: the region is as large and as aligned as the layout says, and is the bump's until this
    // function returns.
    let Ok(mut bump) = (unsafe { Bump::<Raw>::new_raw(region, layout) }) else {
        return Err(place!());
    };
    let mut bytes = 0;
    for size in 1..REGION {
        let Ok(layout) = Layout::from_size_align(size, 8) else { return Err(place!()) };
        let Ok(block) = bump.allocate(layout) else { break };
        must!(block.cast::<u8>().addr().get() % 8 == 0);
        bytes += size;
    }
    must!(bytes > REGION / 2 && bump.check().is_ok());
    // SAFETY: no block is used any more.
    unsafe { bump.reset() };
    must!(bump.stats().live_bytes == 0);
    Ok(())
}
