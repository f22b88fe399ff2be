//! The core [`Bump`]: blocks one behind the other, freed all at once.
//!
//! One address moves down through the region; what it has passed is in use. A block cannot be freed
//! by itself, but when the last one is given back, everything is free again.
//!
//! ```text
//!  | free ....................... | newest block | ... | oldest block |
//!  start                          top                                 end
//! ```
//!
//! | operation | time |
//! |---|---|
//! | new, allocate, deallocate, reset | O(1) |
//! | walk, stats, check | O(1) |
//!
//! **Space**: nothing beside the blocks. **Waste**: alignment, and every block that is freed before
//! the last one. **Pick it** for memory that is given back all at once: a frame, a request, a
//! pass of a compiler.
//!
//! It moves down because every allocation waits for the one before it, and to round an address down
//! to an alignment is one instruction where to round it up is two (N. Fitzgerald, *Always Bump
//! Downwards*, 2019). The price is that no block can grow in place: `BumpHeap`, whose
//! last block grows with the memory, moves up.

use core::{alloc::Layout, fmt, ptr::NonNull};

#[cfg(feature = "alloc")]
use crate::backing::Global;
use crate::{
    AllocError, AllocInitError, BackingAllocator, Raw,
    backing::Source,
    checked::{self, Guard},
    inspect::{Block, Damage, Inspect, State, Stats, rule},
    provenance,
    region::Region,
};

/// A bump allocator. See the [module](self) for costs.
///
/// # Example
/// ```
/// use bonsai_alloc::prelude::*;
/// use core::alloc::Layout;
///
/// let mut frame = Bump::try_new_in(Layout::new::<[u8; 4096]>(), Linear).unwrap();
/// let first = frame.allocate(Layout::new::<[u8; 100]>()).unwrap();
/// let second = frame.allocate(Layout::new::<u64>()).unwrap();
/// // SAFETY: both are blocks of this allocator.
/// unsafe {
///     frame.deallocate(first.cast());
///     assert!(frame.stats().free_bytes < 4096);
///     frame.deallocate(second.cast());
///     assert_eq!(frame.stats().free_bytes, 4096);
/// }
/// ```
pub struct Bump<A: BackingAllocator> {
    /// Of `layout`.
    region: Region,
    /// The start of the newest block.
    ///
    /// Invariant: within the region, and its end exactly when nothing is outstanding.
    top: usize,
    outstanding: usize,
    layout: Layout,
    backing: A,
    guard: Guard,
}

impl Bump<Raw> {
    /// Makes a bump allocator over the memory of `layout` at `region`.
    ///
    /// # Errors
    /// `InvalidConfig` if `region` is not aligned as `layout` says; `InvalidLocation` if it runs
    /// over the end of the address space.
    ///
    /// # Safety
    /// As long as the allocator lives, `region` is valid for reads and writes for `layout`, and
    /// nothing else touches it except for blocks that the allocator hands out.
    pub unsafe fn new_raw(region: NonNull<u8>, layout: Layout) -> Result<Self, AllocInitError> {
        // SAFETY: the caller's memory, by this function's contract; `Raw` does nothing with it in the end.
        unsafe { Self::over(region, layout, Raw) }.map_err(|(error, _)| error)
    }

    /// Splits the allocator where its free memory begins: the first of the two gets what is free,
    /// the second all that is in use, and with it every block handed out so far.
    pub fn split(self) -> (Bump<Raw>, Bump<Raw>) {
        let part = |start: usize, end: usize, top: usize, outstanding, guard| {
            let region = Region::unbounded(self.region.non_null(start)).first(end - start);
            // SAFETY: no longer than the whole, whose layout exists; 1 is an alignment.
            let layout = unsafe { Layout::from_size_align_unchecked(end - start, 1) };
            Bump { region, top, outstanding, layout, backing: Raw, guard }
        };
        let (start, top, end) = (self.region.start(), self.top, self.region.end());
        // SAFETY: the allocator passes the region that its blocks lie in, and blocks that it hands out.
        let none = unsafe { Guard::new("Bump", false) };
        let all = self.guard.take();
        (part(start, top, top, 0, none), part(top, end, top, self.outstanding, all))
    }
}

#[cfg(feature = "alloc")]
impl Bump<Global> {
    /// Makes a bump allocator over memory of `layout`, backed by the global allocator.
    ///
    /// # Errors
    /// `InvalidConfig` if the size is 0; `AllocFailed` if there is no memory.
    pub fn try_new(layout: Layout) -> Result<Self, AllocInitError> {
        Self::try_new_in(layout, Global)
    }
}

impl<A: Source> Bump<A> {
    /// Makes a bump allocator over memory of `layout`, backed by `backing`.
    ///
    /// # Errors
    /// `InvalidConfig` if the size is 0; `AllocFailed` if `backing` has no memory.
    pub fn try_new_in(layout: Layout, backing: A) -> Result<Self, AllocInitError> {
        if layout.size() == 0 {
            return Err(AllocInitError::InvalidConfig);
        }
        let region = backing.obtain(layout).map_err(|_| AllocInitError::AllocFailed(layout))?;
        // SAFETY: obtained just now.
        unsafe { Self::over(region, layout, backing) }.map_err(|(error, backing)| {
            // SAFETY: obtained just now.
            unsafe { backing.deallocate(region, layout) };
            error
        })
    }
}

impl<A: BackingAllocator> Bump<A> {
    /// Makes a bump allocator over memory of `layout`; gives the backing back where that cannot be.
    ///
    /// # Safety
    /// `backing` handed the memory out for `layout`, and takes it back.
    unsafe fn over(
        start: NonNull<u8>,
        layout: Layout,
        backing: A,
    ) -> Result<Self, (AllocInitError, A)> {
        let region = match Region::new(start, layout.size()) {
            Ok(region) => region,
            Err(error) => return Err((error, backing)),
        };
        if region.start() & (layout.align() - 1) != 0 {
            return Err((AllocInitError::InvalidConfig, backing));
        }
        // SAFETY: the allocator passes the region that its blocks lie in, and blocks that it hands out.
        let guard = unsafe { Guard::new("Bump", false) };
        Ok(Bump { top: region.end(), region, outstanding: 0, layout, backing, guard })
    }

    /// Allocates a block for `layout`. O(1).
    ///
    /// The contents are uninitialized.
    ///
    /// # Errors
    /// If the size is 0 or there is no room.
    #[inline]
    pub fn allocate(&mut self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        if layout.size() == 0 {
            return Err(AllocError);
        }
        let block = self.below(layout).ok_or(AllocError)?;
        if !self.guard.admit(&self.region, block, layout, layout.size()) {
            return Err(AllocError);
        }
        self.top = block;
        self.outstanding += 1;
        Ok(self.region.block(block, layout.size()))
    }

    /// The start of the next block; `None` if there is no room.
    #[inline(always)]
    fn below(&self, layout: Layout) -> Option<usize> {
        let block = self.top.checked_sub(layout.size())? & layout.align().wrapping_neg();
        if block < self.region.start() { None } else { Some(block) }
    }

    /// Gives a block back. Its memory is free when every other block has been given back too.
    /// O(1).
    ///
    /// # Safety
    /// `ptr` was allocated by this allocator and not given back since.
    #[inline]
    pub unsafe fn deallocate(&mut self, ptr: NonNull<u8>) {
        let last = self.outstanding == 1;
        if !self.guard.free_unused(&self.region, provenance::address(ptr), last) {
            return;
        }
        debug_assert!(self.outstanding > 0, "{ptr:p} given back, but nothing is outstanding");
        self.outstanding = self.outstanding.wrapping_sub(1);
        if self.outstanding == 0 {
            self.top = self.region.end();
        }
    }

    /// Would make a block larger where it is; but what lies above it is in use.
    ///
    /// # Errors
    /// Unless the size is the same and the block aligned to what `new` asks; it is as it was.
    ///
    /// # Safety
    /// `ptr` was allocated by this allocator for `old` and not given back since; `new` is no
    /// smaller.
    pub unsafe fn grow(
        &mut self,
        ptr: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        if new.size() > old.size() {
            return Err(AllocError);
        }
        // SAFETY: `ptr` is a live block of `old` by this function's contract, and `new` is no
        // larger by the test before.
        unsafe { self.shrink(ptr, old, new) }
    }

    /// Makes a block smaller where it is. What it leaves is lost until everything is given back.
    /// O(1).
    ///
    /// # Errors
    /// If the new size is 0, or the block is not aligned to what `new` asks; it is as it was.
    ///
    /// # Safety
    /// `ptr` was allocated by this allocator for `old` and not given back since; `new` is no
    /// larger.
    pub unsafe fn shrink(
        &mut self,
        ptr: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        debug_assert!(new.size() <= old.size());
        let start = provenance::address(ptr);
        if new.size() == 0 || start & (new.align() - 1) != 0 {
            return Err(AllocError);
        }
        if !self.guard.resizes(&self.region, start, old) {
            return Err(AllocError);
        }
        self.guard.resized(&self.region, start, new, new.size());
        Ok(self.region.block(start, new.size()))
    }

    /// Frees every block at once. O(1).
    ///
    /// # Safety
    /// No block that was handed out is used any more, nor given back.
    pub unsafe fn reset(&mut self) {
        self.guard.reset(&self.region);
        self.top = self.region.end();
        self.outstanding = 0;
    }

    /// Returns the number of bytes that a request for `layout` takes now: its size, and what aligns it. O(1).
    ///
    /// # Errors
    /// If there is no room for it, or its size is 0.
    pub fn usable_size(&self, layout: Layout) -> Result<usize, AllocError> {
        if layout.size() == 0 {
            return Err(AllocError);
        }
        Ok(self.top - self.below(layout).ok_or(AllocError)?)
    }
}

checked::watched!([A: BackingAllocator] Bump<A>, |bump| bump.region);

impl<A: BackingAllocator> Inspect for Bump<A> {
    /// A bump allocator knows no boundary between blocks: all that is in use is one live block.
    fn walk(&self, visit: &mut dyn FnMut(Block)) {
        let (start, top, end) = (self.region.start(), self.top, self.region.end());
        for (from, to, state) in [(start, top, State::Free), (top, end, State::Live)] {
            if from < to {
                visit(Block { address: from, size: to - from, state });
            }
        }
    }

    fn check(&self) -> Result<(), Damage> {
        self.guard.check(&self.region)?;
        let (start, top, end) = (self.region.start(), self.top, self.region.end());
        rule(start <= top && top <= end, top, "the top is not within the region")?;
        rule(
            (self.outstanding == 0) == (top == end),
            top,
            "memory is in use just when blocks are outstanding",
        )
    }

    /// Counts the blocks that were handed out, which the walk cannot tell apart.
    fn stats(&self) -> Stats {
        let mut stats = Stats::default();
        self.walk(&mut |block| stats.add(block));
        stats.live_blocks = self.outstanding;
        stats
    }
}

impl<A: BackingAllocator> Drop for Bump<A> {
    fn drop(&mut self) {
        // SAFETY: obtained from the backing with this layout.
        unsafe { self.backing.deallocate(self.region.base(), self.layout) };
    }
}

impl<A: BackingAllocator> fmt::Debug for Bump<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bump")
            .field("region", &self.region.base())
            .field("size", &self.region.len())
            .field("used", &(self.region.end() - self.top))
            .field("outstanding", &self.outstanding)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{format, vec};

    #[test]
    fn a_top_that_cannot_be_is_damage() {
        let mut memory = vec![0_u8; 64];
        let layout = Layout::from_size_align(64, 1).unwrap();
        let start = NonNull::new(memory.as_mut_ptr()).unwrap();
        // SAFETY: the vector's own, which outlives the allocator.
        let mut bump = unsafe { Bump::new_raw(start, layout) }.unwrap();
        bump.allocate(Layout::new::<[u8; 10]>()).unwrap();
        assert_eq!((bump.check(), bump.top), (Ok(()), bump.region.end() - 10));
        assert!(format!("{bump:?}").contains("used: 10, outstanding: 1"), "{bump:?}");
        for top in [bump.region.start() - 1, bump.region.end() + 1, bump.region.end()] {
            bump.top = top;
            assert_eq!(bump.check().unwrap_err().address, top);
        }
    }
}
