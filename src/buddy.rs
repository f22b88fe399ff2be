//! The core [`Buddy`]: blocks of a power of two, halved and merged again.
//!
//! The region is divided into equal blocks of a power of two bytes, each of which can be halved
//! again and again, down to the smallest block. Two halves of one block are *buddies*; when both
//! are free they merge.
//!
//! | operation | best | worst |
//! |---|---|---|
//! | allocate | O(1) | O(levels) |
//! | deallocate | O(1) | O(levels) |
//! | grow, shrink in place | O(1) | O(levels) |
//! | walk, stats, check, reset | | O(smallest blocks) |
//!
//! **Space**: one byte of metadata for every smallest block. **Waste**: requests are rounded up to
//! a power of two (up to half of a block, a quarter on average over random sizes).
//! **Pick it** for requests of medium and large sizes, for bounded time, and
//! for alignment: every block is aligned to its own size.
//!
//! Memory arrives all at once or in parts ([`Buddy::add_region`]), and gaps in it are never
//! touched.

mod audit;
mod make;
#[cfg(test)]
mod tests;
mod tree;

use core::{alloc::Layout, fmt, ptr::NonNull};

pub use self::{
    make::RawBuddyParts,
    tree::{Tag, Taken, Tree},
};
use crate::{
    AllocError, AllocInitError, BackingAllocator,
    bitmap::WORD,
    checked::{self, Guard},
    inspect::{Block, Damage, Inspect},
    provenance,
};

/// A binary-buddy allocator.
///
/// `BLK_SIZE` is the size of the largest block, `LEVELS` the number of sizes: blocks are of
/// `BLK_SIZE`, `BLK_SIZE / 2`, …, `BLK_SIZE >> (LEVELS - 1)` bytes. The allocator manages a number
/// of largest blocks that is given when it is made. See the [module](self) for costs.
///
/// A configuration is valid if `BLK_SIZE` is a power of two, `LEVELS` is not 0 and below
/// `usize::BITS`, and the smallest block has room for two addresses.
///
/// # Example
/// A buddy over a region of one's own, of which a part is not there: a device's registers.
/// ```
/// use bonsai_alloc::{Buddy, Raw};
/// use core::{alloc::Layout, num::NonZeroUsize, ptr::NonNull};
///
/// type Pages = Buddy<16384, 3, Raw>; // blocks of 16, 8 and 4 KiB
/// let memory = Layout::from_size_align(16384, 16384).unwrap();
/// # let region = NonNull::new(unsafe { std::alloc::alloc(memory) }).unwrap();
/// let mut map = vec![0_u8; Pages::metadata_layout(1).unwrap().size()];
/// let metadata = NonNull::new(map.as_mut_ptr()).unwrap();
///
/// // SAFETY: both are as large as the layouts say, and nobody else touches them.
/// let mut pages = unsafe { Pages::new_raw_unpopulated(metadata, region, 1).unwrap() };
/// let start = region.addr().get();
/// let at = |offset| NonZeroUsize::new(start + offset).unwrap();
/// // SAFETY: the second 4 KiB are left out.
/// unsafe {
///     pages.add_region(at(0)..at(4096));
///     pages.add_region(at(8192)..at(16384));
/// }
/// assert!(pages.allocate(Layout::new::<[u8; 16384]>()).is_err());
/// let block = pages.allocate(Layout::new::<[u8; 8192]>()).unwrap();
/// // SAFETY: allocated just now.
/// unsafe { pages.deallocate(block.cast()) };
/// # drop(pages);
/// # unsafe { std::alloc::dealloc(region.as_ptr(), memory) };
/// ```
pub struct Buddy<const BLK_SIZE: usize, const LEVELS: usize, A: BackingAllocator> {
    tree: Tree<LEVELS>,
    /// `region_layout(num_blocks)` of memory from `backing`.
    region: NonNull<u8>,
    /// `metadata_layout(num_blocks)` of memory from `backing`.
    metadata: NonNull<u8>,
    /// Invariant: both layouts exist for it.
    num_blocks: usize,
    backing: A,
    guard: Guard,
}

// SAFETY: the memory is the allocator's own, wherever it goes; the backing goes with it.
unsafe impl<const BLK_SIZE: usize, const LEVELS: usize, A: BackingAllocator + Send> Send
    for Buddy<BLK_SIZE, LEVELS, A>
{
}
// SAFETY: nothing changes through a shared reference.
unsafe impl<const BLK_SIZE: usize, const LEVELS: usize, A: BackingAllocator + Sync> Sync
    for Buddy<BLK_SIZE, LEVELS, A>
{
}

impl<const BLK_SIZE: usize, const LEVELS: usize, A: BackingAllocator> Buddy<BLK_SIZE, LEVELS, A> {
    /// The size of the smallest block in bytes, `BLK_SIZE >> (LEVELS - 1)`.
    ///
    /// # Errors
    /// `InvalidConfig` if the configuration is not valid.
    pub const fn min_block_size() -> Result<usize, AllocInitError> {
        if LEVELS == 0 || LEVELS >= usize::BITS as usize || !BLK_SIZE.is_power_of_two() {
            return Err(AllocInitError::InvalidConfig);
        }
        let size = BLK_SIZE >> (LEVELS - 1);
        if size < 2 * WORD {
            return Err(AllocInitError::InvalidConfig);
        }
        Ok(size)
    }

    /// The layout of a region of `num_blocks` largest blocks.
    ///
    /// # Errors
    /// `InvalidConfig` if the configuration is not valid, `num_blocks` is 0, or no region is that
    /// large.
    pub fn region_layout(num_blocks: usize) -> Result<Layout, AllocInitError> {
        Self::min_block_size()?;
        let size = BLK_SIZE.checked_mul(num_blocks).filter(|&size| size > 0);
        let size = size.ok_or(AllocInitError::InvalidConfig)?;
        Layout::from_size_align(size, BLK_SIZE).map_err(|_| AllocInitError::InvalidConfig)
    }

    /// The layout of the metadata for `num_blocks` largest blocks: a byte for every smallest block.
    ///
    /// # Errors
    /// As for [`Buddy::region_layout`].
    pub fn metadata_layout(num_blocks: usize) -> Result<Layout, AllocInitError> {
        let region = Self::region_layout(num_blocks)?;
        let entries = region.size() / Self::min_block_size()?;
        Layout::from_size_align(entries, 1).map_err(|_| AllocInitError::InvalidConfig)
    }

    /// Both layouts of this very allocator: of the region and of the metadata.
    fn layouts(&self) -> (Layout, Layout) {
        let entries = self.tree.entries;
        // SAFETY: the constructors made the same layouts from the same numbers.
        let region =
            unsafe { Layout::from_size_align_unchecked(entries * self.tree.size_of(0), BLK_SIZE) };
        // SAFETY: the constructors made this layout from the same number.
        (region, unsafe { Layout::from_size_align_unchecked(entries, 1) })
    }

    /// Allocates a block for `layout`: the smallest that is as large as both size and alignment.
    /// O(levels).
    ///
    /// The contents are uninitialized.
    ///
    /// # Errors
    /// If the size is 0, or size or alignment are above `BLK_SIZE`, or no block is free.
    #[inline]
    pub fn allocate(&mut self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        let order = self.order(layout)?;
        let mut taken = self.tree.take(order, Tag::Plain);
        while taken.is_none() {
            let waited = self.guard.next(self.tree.region(), true).ok_or(AllocError)?;
            // SAFETY: freed, and not given back before.
            unsafe { self.tree.give(waited) };
            taken = self.tree.take(order, Tag::Plain);
        }
        let address = taken.ok_or(AllocError)?.address;
        if !self.guard.admit(self.tree.region(), address, layout, self.tree.size_of(order)) {
            return Err(AllocError);
        }
        Ok(self.tree.region().block(address, layout.size()))
    }

    /// Frees a block, and merges it with its buddy as often as that is free. O(levels).
    ///
    /// # Safety
    /// `ptr` was allocated by this allocator and not freed since.
    #[inline]
    pub unsafe fn deallocate(&mut self, ptr: NonNull<u8>) {
        let mut next = self.guard.free(self.tree.region(), provenance::address(ptr));
        while let Some(address) = next {
            // SAFETY: the block was given up, by this function's contract: now, or when it began to wait.
            unsafe { self.tree.give(address) };
            next = self.guard.next(self.tree.region(), false);
        }
    }

    /// Makes a block larger where it is, if the blocks above it are free. O(levels).
    ///
    /// # Errors
    /// If it cannot grow there; the block is as it was.
    ///
    /// # Safety
    /// `ptr` was allocated by this allocator for `old` and not freed since; `new` is no smaller.
    pub unsafe fn grow(
        &mut self,
        ptr: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        let (from, to) = (self.order(old)?, self.order(new)?);
        let address = provenance::address(ptr);
        if !self.guard.resizes(self.tree.region(), address, old) {
            return Err(AllocError);
        }
        // SAFETY: the caller's block, of that order.
        let grown = from == to || from < to && unsafe { self.tree.extend(address, to) };
        let (now, order) = if grown { (new, to) } else { (old, from) };
        self.guard.resized(self.tree.region(), address, now, self.tree.size_of(order));
        if grown { Ok(self.tree.region().block(address, new.size())) } else { Err(AllocError) }
    }

    /// Makes a block smaller where it is, and frees what is left over. O(levels).
    ///
    /// # Errors
    /// If the new size is 0 or the alignment is one that the smaller block cannot have at its
    /// address; the block is as it was.
    ///
    /// # Safety
    /// `ptr` was allocated by this allocator for `old` and not freed since; `new` is no larger.
    pub unsafe fn shrink(
        &mut self,
        ptr: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        let (from, to) = (self.order(old)?, self.order(new)?);
        if to > from {
            return Err(AllocError);
        }
        let address = provenance::address(ptr);
        if !self.guard.resizes(self.tree.region(), address, old) {
            return Err(AllocError);
        }
        // SAFETY: the caller's block, of an order no lower.
        unsafe { self.tree.shrink(address, to) };
        self.guard.resized(self.tree.region(), address, new, self.tree.size_of(to));
        Ok(self.tree.region().block(address, new.size()))
    }

    /// Frees every block at once. O(smallest blocks).
    ///
    /// # Safety
    /// No block that was handed out is used any more.
    pub unsafe fn reset(&mut self) {
        self.guard.reset(self.tree.region());
        // SAFETY: this function's contract says that no block is used any more.
        unsafe { self.tree.give_all() }
    }

    /// Returns the number of bytes that a request for `layout` takes: the size of its block. O(1).
    ///
    /// # Errors
    /// If no block can serve it.
    pub fn usable_size(&self, layout: Layout) -> Result<usize, AllocError> {
        Ok(self.tree.size_of(self.order(layout)?))
    }

    /// The block or the gap that begins at `ptr`, if one does: its size, and whether it is live.
    /// O(1).
    pub fn block_at(&self, ptr: NonNull<u8>) -> Option<Block> {
        self.tree.block_at(provenance::address(ptr))
    }

    #[inline(always)]
    fn order(&self, layout: Layout) -> Result<u32, AllocError> {
        if layout.size() == 0 {
            return Err(AllocError);
        }
        // The constants are known here, and the fields of the tree are not.
        let granule = (BLK_SIZE >> (LEVELS - 1)).trailing_zeros();
        let need = layout.size().max(layout.align());
        let bits = usize::BITS - ((need - 1) | ((1 << granule) - 1)).leading_zeros();
        let order = bits - granule;
        if order < LEVELS as u32 { Ok(order) } else { Err(AllocError) }
    }
}

checked::watched!(
    [const BLK_SIZE: usize, const LEVELS: usize, A: BackingAllocator] Buddy<BLK_SIZE, LEVELS, A>,
    |buddy| *buddy.tree.region()
);

impl<const BLK_SIZE: usize, const LEVELS: usize, A: BackingAllocator> Inspect
    for Buddy<BLK_SIZE, LEVELS, A>
{
    fn walk(&self, visit: &mut dyn FnMut(Block)) {
        let visit = &mut self.guard.seen(visit);
        let mut address = 0;
        while let Some(block) = self.tree.next(address) {
            visit(block);
            address = block.end();
        }
    }

    fn check(&self) -> Result<(), Damage> {
        self.guard.check(self.tree.region())?;
        self.tree.check()
    }
}

impl<const BLK_SIZE: usize, const LEVELS: usize, A: BackingAllocator> Drop
    for Buddy<BLK_SIZE, LEVELS, A>
{
    fn drop(&mut self) {
        let (region, metadata) = self.layouts();
        // SAFETY: obtained from the backing with this layout.
        unsafe { self.backing.deallocate(self.region, region) };
        // SAFETY: obtained from the backing with this layout.
        unsafe { self.backing.deallocate(self.metadata, metadata) };
    }
}

impl<const BLK_SIZE: usize, const LEVELS: usize, A: BackingAllocator> fmt::Debug
    for Buddy<BLK_SIZE, LEVELS, A>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buddy")
            .field("metadata", &self.metadata)
            .field("region", &self.region)
            .field("num_blocks", &self.num_blocks)
            .finish_non_exhaustive()
    }
}
