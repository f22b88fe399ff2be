//! The core [`Slab`]: blocks of one size, each in O(1).
//!
//! The region is divided into blocks of one size. Freed blocks form a list that stands in the
//! blocks themselves, the last one freed is the next one handed out; blocks that were never handed
//! out are not even on it, so that a slab costs nothing to make, however large.
//!
//! ```text
//!  | live | free ─┐ | live | free ─┐ | fresh | fresh | fresh |
//!           ▲     │          │     │   ▲
//!           │     └──► none  │     │   └ carved next, when the list is empty
//!      list ┼────────────────┘     │
//!           └──────────────────────┘
//! ```
//!
//! | operation | time |
//! |---|---|
//! | new, allocate, deallocate | O(1) |
//! | walk, stats | O(blocks + freed blocks × blocks / 4096) |
//! | check | O(freed blocks) |
//!
//! **Space**: nothing beside the blocks. **Waste**: the difference between request and block.
//! **Pick it** for many values of one type, or of types of nearly one size.
//! (The list in the free blocks is Knuth's available-space list, *The Art of Computer
//! Programming*, vol. 1, 2.2.3; the name is from J. Bonwick, *The Slab Allocator*, USENIX 1994.)

mod free_list;

use core::{alloc::Layout, fmt, num::NonZeroUsize, ptr::NonNull};

pub(crate) use self::free_list::{Blocks, FreeList, WINDOW};

#[cfg(feature = "alloc")]
use crate::backing::Global;
use crate::{
    AllocError, AllocInitError, BackingAllocator, Raw,
    backing::Source,
    bitmap::{WORD, align_up},
    checked::{self, Guard},
    inspect::{Block, Damage, Inspect},
    provenance,
    region::Region,
};

/// A slab allocator: blocks of one size.
///
/// Blocks are packed, so each is aligned to the largest power of two that divides the block size
/// ([`Slab::block_align`]); requests aligned to more are refused. The block size is rounded up to
/// a multiple of an address. See the [module](self) for costs.
///
/// # Example
/// ```
/// use bonsai_alloc::prelude::*;
/// use core::alloc::Layout;
///
/// let mut slab = Slab::try_new_in(96, 8, Linear).unwrap();
/// let block = slab.allocate(Layout::new::<[u64; 12]>()).unwrap();
/// assert_eq!(slab.outstanding(), 1);
/// // SAFETY: allocated just now.
/// unsafe { slab.deallocate(block.cast()) };
/// ```
pub struct Slab<A: BackingAllocator> {
    region: Region,
    list: FreeList,
    /// A multiple of a word.
    block_size: usize,
    num_blocks: usize,
    backing: A,
    guard: Guard,
}

// SAFETY: the memory is the allocator's own, wherever it goes; the backing goes with it.
unsafe impl<A: BackingAllocator + Send> Send for Slab<A> {}
// SAFETY: nothing changes through a shared reference.
unsafe impl<A: BackingAllocator + Sync> Sync for Slab<A> {}

impl Slab<Raw> {
    /// Makes a slab of `num_blocks` blocks of `block_size` bytes at `region`. O(1).
    ///
    /// # Errors
    /// `InvalidConfig` as for [`Slab::region_layout`], or if a block has no room for an address;
    /// `InvalidLocation` if the region runs over the
    /// end of the address space or is not aligned as that layout says.
    ///
    /// # Safety
    /// As long as the allocator lives, `region` is valid for reads and writes for
    /// [`region_layout(block_size, num_blocks)`](Slab::region_layout), and nothing else touches it
    /// except for blocks that the allocator hands out.
    pub unsafe fn new_raw(
        region: NonNull<u8>,
        block_size: usize,
        num_blocks: usize,
    ) -> Result<Self, AllocInitError> {
        let layout = Self::layout(block_size, num_blocks)?;
        let region = Region::new(region, layout.size())?;
        if region.start() & (layout.align() - 1) != 0 {
            return Err(AllocInitError::InvalidLocation);
        }
        // SAFETY: the caller's region, by this function's contract; `Raw` does nothing with it in the end.
        Ok(unsafe { Self::over(region, align_up(block_size, WORD), num_blocks, Raw) })
    }
}

#[cfg(feature = "alloc")]
impl Slab<Global> {
    /// Makes a slab of `num_blocks` blocks of `block_size` bytes, backed by the global allocator.
    ///
    /// # Errors
    /// `InvalidConfig` as for [`Slab::region_layout`], or if a block has no room for an address;
    /// `AllocFailed` if there is no memory.
    pub fn try_new(block_size: usize, num_blocks: usize) -> Result<Self, AllocInitError> {
        Self::try_new_in(block_size, num_blocks, Global)
    }
}

impl<A: Source> Slab<A> {
    /// Makes a slab of `num_blocks` blocks of `block_size` bytes, backed by `backing`.
    ///
    /// # Errors
    /// `InvalidConfig` as for [`Slab::region_layout`], or if a block has no room for an address;
    /// `AllocFailed` if `backing` has no memory.
    pub fn try_new_in(
        block_size: usize,
        num_blocks: usize,
        backing: A,
    ) -> Result<Self, AllocInitError> {
        let layout = Self::layout(block_size, num_blocks)?;
        let region = if layout.size() == 0 {
            provenance::dangling(layout.align())
        } else {
            backing.obtain(layout).map_err(|_| AllocInitError::AllocFailed(layout))?
        };
        let region = Region::new(region, layout.size())?;
        // SAFETY: obtained just now, for that many blocks, unless there are none.
        Ok(unsafe { Self::over(region, align_up(block_size, WORD), num_blocks, backing) })
    }
}

impl<A: BackingAllocator> Slab<A> {
    /// Makes a slab allocator over a region.
    ///
    /// # Safety
    /// `backing` handed the region out for `num_blocks` blocks of `block_size` bytes, a multiple of a word, and
    /// takes it back.
    unsafe fn over(region: Region, block_size: usize, num_blocks: usize, backing: A) -> Self {
        // SAFETY: the allocator passes the region that its blocks lie in, and blocks that it hands out.
        let guard = unsafe { Guard::new("Slab", true) };
        Slab { region, list: FreeList::EMPTY, block_size, num_blocks, backing, guard }
    }

    /// The layout of the region of a slab.
    ///
    /// # Errors
    /// `InvalidConfig` if the block size is 0 or the region is 4 GiB or more.
    pub fn region_layout(block_size: usize, num_blocks: usize) -> Result<Layout, AllocInitError> {
        let config = AllocInitError::InvalidConfig;
        if block_size == 0 || block_size > isize::MAX as usize {
            return Err(config);
        }
        let block_size = align_up(block_size, WORD);
        let Some(size) = block_size.checked_mul(num_blocks) else {
            return Err(config);
        };
        let align = 1 << block_size.trailing_zeros();
        // There are no more blocks than bytes.
        if u32::try_from(size).is_err() || u32::try_from(block_size).is_err() {
            return Err(config);
        }
        Layout::from_size_align(size, align).map_err(|_| config)
    }

    /// The layout of a slab that can be made.
    fn layout(block_size: usize, num_blocks: usize) -> Result<Layout, AllocInitError> {
        if block_size < WORD {
            return Err(AllocInitError::InvalidConfig);
        }
        Self::region_layout(block_size, num_blocks)
    }

    #[inline(always)]
    fn blocks(&self) -> Blocks {
        Blocks { first: self.region.start(), size: self.block_size, count: self.num_blocks }
    }

    /// Allocates a block for `layout`. O(1). A size of 0 takes a block like any other.
    ///
    /// The contents are uninitialized.
    ///
    /// # Errors
    /// If no block is free, or the layout is larger than [`Slab::block_size`] or aligned to more
    /// than [`Slab::block_align`].
    #[inline]
    pub fn allocate(&mut self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        self.fits(layout)?;
        self.take(layout)
    }

    /// Allocates a block, all [`Slab::block_size`] bytes of it. O(1).
    ///
    /// # Errors
    /// If no block is free.
    #[inline]
    pub fn allocate_block(&mut self) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: no larger than the region, whose layout exists; 1 is an alignment.
        self.take(unsafe { Layout::from_size_align_unchecked(self.block_size, 1) })
    }

    #[inline(always)]
    fn take(&mut self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        let block = loop {
            // SAFETY: the list is of this region.
            if let Some(block) = unsafe { self.list.pop(self.blocks()) } {
                break block;
            }
            if let Some(address) = self.list.carve(self.blocks()) {
                break self.region.non_null(address);
            }
            let waited = self.guard.next(&self.region, true).ok_or(AllocError)?;
            // SAFETY: freed, and not given back before.
            unsafe { self.list.push(&self.region, waited) };
        };
        let address = provenance::address(block);
        if !self.guard.admit(&self.region, address, layout, self.block_size) {
            return Err(AllocError);
        }
        Ok(NonNull::slice_from_raw_parts(block, layout.size()))
    }

    #[inline(always)]
    fn fits(&self, layout: Layout) -> Result<(), AllocError> {
        // The block size is a multiple of the alignment just where the blocks are aligned to it.
        if layout.size() > self.block_size || self.block_size & (layout.align() - 1) != 0 {
            return Err(AllocError);
        }
        Ok(())
    }

    /// Frees a block. O(1).
    ///
    /// # Safety
    /// `ptr` was allocated by this allocator and not freed since.
    #[inline]
    pub unsafe fn deallocate(&mut self, ptr: NonNull<u8>) {
        let mut next = self.guard.free(&self.region, provenance::address(ptr));
        while let Some(address) = next {
            // SAFETY: the block was given up, by this function's contract: now, or when it began to wait.
            unsafe { self.list.push(&self.region, address) };
            next = self.guard.next(&self.region, false);
        }
    }

    /// Makes a block another size where it is.
    fn resize(
        &mut self,
        ptr: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        self.fits(new)?;
        let address = provenance::address(ptr);
        if !self.guard.resizes(&self.region, address, old) {
            return Err(AllocError);
        }
        self.guard.resized(&self.region, address, new, self.block_size);
        Ok(NonNull::slice_from_raw_parts(ptr, new.size()))
    }

    /// Makes a block larger where it is, up to the block size.
    ///
    /// # Errors
    /// If `new` does not fit a block.
    ///
    /// # Safety
    /// `ptr` was allocated by this allocator for `old` and not freed since; `new` is no smaller.
    pub unsafe fn grow(
        &mut self,
        ptr: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        debug_assert!(new.size() >= old.size());
        self.resize(ptr, old, new)
    }

    /// Makes a block smaller where it is. It keeps its place and its whole block.
    ///
    /// # Errors
    /// If `new` is aligned to more than a block.
    ///
    /// # Safety
    /// `ptr` was allocated by this allocator for `old` and not freed since; `new` is no larger.
    pub unsafe fn shrink(
        &mut self,
        ptr: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        debug_assert!(new.size() <= old.size());
        self.resize(ptr, old, new)
    }

    /// Frees every block at once. O(1).
    ///
    /// # Safety
    /// No block that was handed out is used any more.
    pub unsafe fn reset(&mut self) {
        self.guard.reset(&self.region);
        self.list = FreeList::EMPTY;
    }

    /// Returns the number of bytes that a request for `layout` takes: a block. O(1).
    ///
    /// # Errors
    /// If no block can serve it.
    pub fn usable_size(&self, layout: Layout) -> Result<usize, AllocError> {
        self.fits(layout)?;
        Ok(self.block_size)
    }

    /// The size of a block in bytes.
    #[inline]
    pub fn block_size(&self) -> usize {
        self.block_size
    }

    /// The alignment that every block has.
    #[inline]
    pub fn block_align(&self) -> usize {
        1 << self.block_size.trailing_zeros()
    }

    /// The number of blocks, live and free.
    #[inline]
    pub fn num_blocks(&self) -> usize {
        self.num_blocks
    }

    /// The size of the region in bytes.
    #[inline]
    pub fn size(&self) -> usize {
        self.region.len()
    }

    /// The first address behind the region; `None` at the end of the address space.
    #[inline]
    pub fn limit(&self) -> Option<NonZeroUsize> {
        NonZeroUsize::new(self.region.end())
    }

    /// True if `ptr` lies in the region, in a live block or not.
    #[inline]
    pub fn contains_ptr(&self, ptr: NonNull<u8>) -> bool {
        provenance::address(ptr).wrapping_sub(self.region.start()) < self.region.len()
    }

    /// True if a block is free.
    #[inline]
    pub fn can_allocate(&self) -> bool {
        self.outstanding() < self.num_blocks
    }

    /// The number of live blocks.
    #[inline]
    pub fn outstanding(&self) -> usize {
        self.list.used - self.guard.waiting()
    }
}

checked::watched!([A: BackingAllocator] Slab<A>, |slab| slab.region);

impl<A: BackingAllocator> Inspect for Slab<A> {
    fn walk(&self, visit: &mut dyn FnMut(Block)) {
        let visit = &mut self.guard.seen(visit);
        // SAFETY: `list` is the list of the region's blocks; the region is this slab's.
        unsafe { self.list.walk(&self.region, self.blocks(), visit) };
    }

    fn check(&self) -> Result<(), Damage> {
        self.guard.check(&self.region)?;
        // SAFETY: `list` is the list of the region's blocks; the region is this slab's.
        unsafe { self.list.check(&self.region, self.blocks()) }
    }
}

impl<A: BackingAllocator> Drop for Slab<A> {
    fn drop(&mut self) {
        if self.region.len() > 0 {
            let align = self.block_align();
            // SAFETY: `region_layout` made this layout when the slab was made.
            let layout = unsafe { Layout::from_size_align_unchecked(self.region.len(), align) };
            // SAFETY: obtained from the backing with this layout.
            unsafe { self.backing.deallocate(self.region.base(), layout) };
        }
    }
}

impl<A: BackingAllocator> fmt::Debug for Slab<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slab")
            .field("region", &self.region.base())
            .field("block_size", &self.block_size)
            .field("num_blocks", &self.num_blocks)
            .field("outstanding", &self.outstanding())
            .finish_non_exhaustive()
    }
}
