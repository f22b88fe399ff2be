//! Buddies are made here: over raw memory, all at once or in parts, and over a backing.

use core::{alloc::Layout, mem::ManuallyDrop, num::NonZeroUsize, ops::Range, ptr::NonNull};

use super::{Buddy, Tree};
#[cfg(feature = "alloc")]
use crate::backing::Global;
use crate::{
    AllocInitError, BackingAllocator, Raw,
    backing::Source,
    checked::{self, Guard},
    provenance,
};

/// The memory of a [`Buddy`] over [`Raw`], given back by [`Buddy::into_raw_parts`].
#[derive(Debug)]
pub struct RawBuddyParts {
    /// The metadata.
    pub metadata: NonNull<u8>,
    /// Its layout.
    pub metadata_layout: Layout,
    /// The region.
    pub region: NonNull<u8>,
    /// Its layout.
    pub region_layout: Layout,
}

impl<const BLK_SIZE: usize, const LEVELS: usize> Buddy<BLK_SIZE, LEVELS, Raw> {
    /// Makes a buddy over `num_blocks` blocks of `BLK_SIZE` bytes at `region`. O(smallest blocks).
    ///
    /// # Errors
    /// `InvalidConfig` if the configuration is not valid, `num_blocks` is 0 or the sizes overflow;
    /// `InvalidLocation` if `region` is not aligned to `BLK_SIZE` or runs over the end of the
    /// address space. The memory is then untouched.
    ///
    /// # Safety
    /// As long as the allocator lives,
    /// - `metadata` and `region` are valid for reads and writes for
    ///   [`metadata_layout(num_blocks)`](Self::metadata_layout) and
    ///   [`region_layout(num_blocks)`](Self::region_layout), and do not overlap;
    /// - nothing else touches either, except for blocks that the allocator hands out.
    pub unsafe fn new_raw(
        metadata: NonNull<u8>,
        region: NonNull<u8>,
        num_blocks: usize,
    ) -> Result<Self, AllocInitError> {
        // SAFETY: this function's contract says more of `metadata` and `region` than that one's.
        let mut buddy = unsafe { Self::new_raw_unpopulated(metadata, region, num_blocks) }?;
        // SAFETY: the whole region is ours.
        unsafe { buddy.populate([]) };
        Ok(buddy)
    }

    /// Makes a buddy which has no memory yet: [`Buddy::add_region`] gives it any. `region` itself
    /// is not touched.
    ///
    /// # Errors
    /// As for [`Buddy::new_raw`].
    ///
    /// # Safety
    /// As long as the allocator lives, `metadata` is valid for reads and writes for
    /// [`metadata_layout(num_blocks)`](Self::metadata_layout), nothing else touches it, and it does
    /// not overlap what is added of `region`.
    pub unsafe fn new_raw_unpopulated(
        metadata: NonNull<u8>,
        region: NonNull<u8>,
        num_blocks: usize,
    ) -> Result<Self, AllocInitError> {
        // SAFETY: this function's contract says more of `metadata` and `region` than that one's.
        let tree = unsafe { Self::tree(metadata, region, num_blocks) }?;
        // SAFETY: the allocator passes the region that its blocks lie in, and blocks that it hands out.
        let guard = unsafe { Guard::new("Buddy", true) };
        Ok(Buddy { tree, region, metadata, num_blocks, backing: Raw, guard })
    }

    /// Gives the allocator memory: a part of the region that it does not have yet. Blocks merge
    /// across the parts. O(levels + largest blocks added).
    ///
    /// # Panics
    /// A bound that lies outside of the region, or is not a multiple of
    /// [`min_block_size`](Self::min_block_size), panics.
    ///
    /// # Safety
    /// The range was not added before, is valid for reads and writes, and nothing else touches it
    /// as long as the allocator lives, except for blocks that the allocator hands out.
    pub unsafe fn add_region(&mut self, addr_range: Range<NonZeroUsize>) {
        let (start, end) = (addr_range.start.get(), addr_range.end.get());
        let region = self.tree.region();
        assert!(
            region.start() <= start && end <= region.end(),
            "add_region: {start:#x}..{end:#x} is not within the region {:#x}..{:#x}",
            region.start(),
            region.end()
        );
        let granule = self.tree.size_of(0);
        assert!(
            start % granule == 0 && end % granule == 0,
            "add_region: {start:#x}..{end:#x} is not in multiples of the smallest block, {granule} bytes"
        );
        let rule = "memory is added that the buddy has";
        if !checked::sound(|| self.tree.lacks(start, end), start, rule) {
            return self.guard.returned();
        }
        // SAFETY: this function's contract gives the tree this range, which it does not have yet.
        unsafe { self.tree.add(start, end, false) };
    }

    /// Gives the memory back to the caller.
    ///
    /// # Safety
    /// No block that was handed out is used any more.
    pub unsafe fn into_raw_parts(self) -> RawBuddyParts {
        let this = ManuallyDrop::new(self);
        this.guard.forget();
        RawBuddyParts {
            metadata: this.metadata,
            metadata_layout: this.layouts().1,
            region: this.region,
            region_layout: this.layouts().0,
        }
    }
}

#[cfg(feature = "alloc")]
impl<const BLK_SIZE: usize, const LEVELS: usize> Buddy<BLK_SIZE, LEVELS, Global> {
    /// Makes a buddy of `num_blocks` largest blocks, backed by the global allocator.
    ///
    /// # Errors
    /// `InvalidConfig` as for [`Buddy::new_raw`]; `AllocFailed` if there is no memory.
    pub fn try_new(num_blocks: usize) -> Result<Self, AllocInitError> {
        Self::try_new_in(num_blocks, Global)
    }

    /// [`Buddy::try_new`] with gaps, as for [`Buddy::try_new_with_offset_gaps_in`].
    ///
    /// # Errors
    /// As for [`Buddy::try_new`].
    pub fn try_new_with_offset_gaps<I>(num_blocks: usize, gaps: I) -> Result<Self, AllocInitError>
    where
        I: IntoIterator<Item = Range<usize>>,
    {
        Self::try_new_with_offset_gaps_in(num_blocks, gaps, Global)
    }
}

impl<const BLK_SIZE: usize, const LEVELS: usize, A: Source> Buddy<BLK_SIZE, LEVELS, A> {
    /// Makes a buddy of `num_blocks` largest blocks, backed by `backing`.
    ///
    /// # Errors
    /// `InvalidConfig` as for [`Buddy::new_raw`]; `AllocFailed` if `backing` has no memory.
    pub fn try_new_in(num_blocks: usize, backing: A) -> Result<Self, AllocInitError> {
        Self::try_new_with_offset_gaps_in(num_blocks, [], backing)
    }

    /// [`Buddy::try_new_in`], but memory at the offsets in `gaps` is never read or
    /// written, nor what shares a smallest block with it. The ranges may overlap, come in any order
    /// and lie outside of the region.
    ///
    /// # Errors
    /// As for [`Buddy::try_new_in`].
    pub fn try_new_with_offset_gaps_in<I>(
        num_blocks: usize,
        gaps: I,
        backing: A,
    ) -> Result<Self, AllocInitError>
    where
        I: IntoIterator<Item = Range<usize>>,
    {
        let region_layout = Self::region_layout(num_blocks)?;
        let metadata_layout = Self::metadata_layout(num_blocks)?;
        let obtain =
            |layout| backing.obtain(layout).map_err(|_| AllocInitError::AllocFailed(layout));
        let region = obtain(region_layout)?;
        let metadata = match obtain(metadata_layout) {
            Ok(metadata) => metadata,
            Err(error) => {
                // SAFETY: obtained just now.
                unsafe { backing.deallocate(region, region_layout) };
                return Err(error);
            }
        };
        // SAFETY: both come from the backing with the layouts they must have.
        let tree = match unsafe { Self::tree(metadata, region, num_blocks) } {
            Ok(tree) => tree,
            Err(error) => {
                // SAFETY: obtained just now.
                unsafe { backing.deallocate(region, region_layout) };
                // SAFETY: obtained above with this layout.
                unsafe { backing.deallocate(metadata, metadata_layout) };
                return Err(error);
            }
        };
        // SAFETY: the allocator passes the region that its blocks lie in, and blocks that it hands out.
        let guard = unsafe { Guard::new("Buddy", true) };
        let mut buddy = Buddy { tree, region, metadata, num_blocks, backing, guard };
        // SAFETY: the whole region is ours.
        unsafe { buddy.populate(gaps) };
        Ok(buddy)
    }
}

impl<const BLK_SIZE: usize, const LEVELS: usize, A: BackingAllocator> Buddy<BLK_SIZE, LEVELS, A> {
    /// Makes the tree of a buddy, with no memory in it.
    ///
    /// # Safety
    /// As for [`Buddy::new_raw_unpopulated`].
    unsafe fn tree(
        metadata: NonNull<u8>,
        region: NonNull<u8>,
        num_blocks: usize,
    ) -> Result<Tree<LEVELS>, AllocInitError> {
        let granule = Self::min_block_size()?.trailing_zeros();
        let size = Self::region_layout(num_blocks)?.size();
        let entries = Self::metadata_layout(num_blocks)?.size();
        if provenance::address(metadata).checked_add(entries).is_none()
            || provenance::address(region).checked_add(size).is_none()
        {
            return Err(AllocInitError::InvalidLocation);
        }
        let top = LEVELS as u32 - 1;
        // SAFETY: this function's contract gives the tree `metadata`, of `entries` bytes, and
        // `region`.
        let tree = unsafe { Tree::new(metadata, region, entries, granule, top) };
        tree.ok_or(AllocInitError::InvalidLocation)
    }

    /// Adds the whole region, without the gaps.
    ///
    /// # Safety
    /// It is all ours, except for the gaps.
    unsafe fn populate(&mut self, gaps: impl IntoIterator<Item = Range<usize>>) {
        let (start, end) = (self.tree.region().start(), self.tree.region().end());
        // SAFETY: this function's contract gives the tree the region but for the gaps.
        unsafe { self.tree.add_around(start, end, gaps) };
    }
}
