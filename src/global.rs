//! What every global allocator of this crate needs beside its own idea.

#[cfg(any(feature = "unstable", feature = "allocator-api2"))]
use core::alloc::GlobalAlloc;
use core::alloc::Layout;

/// A heap without what the feature `checked` adds: what [`heap!`] makes a [`GlobalAlloc`] of.
///
/// # Safety
/// As for [`GlobalAlloc`].
pub(crate) unsafe trait Plain {
    /// # Safety
    /// As for [`GlobalAlloc::alloc`].
    unsafe fn alloc(&self, layout: Layout) -> *mut u8;

    /// # Safety
    /// As for [`GlobalAlloc::dealloc`].
    ///
    /// False if the memory is not used again.
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) -> bool;

    /// # Safety
    /// As for [`GlobalAlloc::alloc_zeroed`].
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        let block = unsafe { self.alloc(layout) };
        if !block.is_null() {
            // SAFETY: the new block.
            unsafe { block.write_bytes(0, layout.size()) };
        }
        block
    }

    /// Makes a block larger or smaller where it is. False, and nothing changed, where that cannot
    /// be.
    ///
    /// # Safety
    /// As for [`GlobalAlloc::realloc`].
    unsafe fn resize(&self, block: *mut u8, layout: Layout, size: usize) -> bool;
}

/// Moves a block: allocates, copies, frees. Null, and the block as it was, where there is no
/// memory.
///
/// # Safety
/// The block at `from` was allocated for `old`; `alloc` returns null or another block for `new`.
#[inline(always)]
pub(crate) unsafe fn relocate(
    from: *mut u8,
    old: Layout,
    new: Layout,
    alloc: impl FnOnce(Layout) -> *mut u8,
    dealloc: impl FnOnce(*mut u8, Layout),
) -> *mut u8 {
    let to = alloc(new);
    if !to.is_null() {
        let len = old.size().min(new.size());
        // SAFETY: two distinct blocks, each at least that long.
        unsafe { from.copy_to_nonoverlapping(to, len) };
        dealloc(from, old);
    }
    to
}

/// The layout that `realloc` asks for.
pub(crate) fn resized(layout: Layout, size: usize) -> Layout {
    // SAFETY: the contract of `GlobalAlloc::realloc` demands that this is a layout.
    unsafe { Layout::from_size_align_unchecked(size, layout.align()) }
}

/// Makes a [`Plain`] heap with the fields `guard` and `memory` a `GlobalAlloc`, and an `Allocator`
/// where there is that trait.
macro_rules! heap {
    ([$($policy:tt)*] $heap:ty) => {
        // SAFETY: so is what it calls; `checked` asks for more than it is asked for, and refuses
        // what breaks this contract.
        unsafe impl<M: PageSource, $($policy)*> core::alloc::GlobalAlloc for $heap {
            #[inline]
            unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
                // SAFETY: as the caller promises.
                unsafe { crate::checked::alloc(self, &self.guard, &self.memory, layout) }
            }

            #[inline]
            unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
                // SAFETY: as the caller promises.
                unsafe { crate::checked::dealloc(self, &self.guard, &self.memory, block, layout) }
            }

            #[inline]
            unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
                // SAFETY: as the caller promises.
                unsafe { crate::checked::alloc_zeroed(self, &self.guard, &self.memory, layout) }
            }

            #[inline]
            unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
                let (guard, memory) = (&self.guard, &self.memory);
                // SAFETY: as the caller promises.
                unsafe { crate::checked::realloc(self, guard, memory, block, layout, size) }
            }
        }

        crate::global::allocator!([$($policy)*] $heap);
        crate::checked::watched!([M: PageSource, $($policy)*] $heap, |heap| {
            heap.memory.pool().region()
        });
    };
}
pub(crate) use heap;

/// A heap is an `Allocator` by way of being a `GlobalAlloc`.
#[cfg(any(feature = "unstable", feature = "allocator-api2"))]
macro_rules! allocator {
    ([$($policy:tt)*] $heap:ty) => {
        // SAFETY: the blocks are linear memory's, which outlives the heap; each is the caller's until
        // it is given back.
        unsafe impl<M: PageSource, $($policy)*> crate::allocator::Allocator for $heap {
            fn allocate(
                &self,
                layout: Layout,
            ) -> Result<core::ptr::NonNull<[u8]>, crate::allocator::AllocError> {
                crate::global::allocate(layout, |layout| {
                    // SAFETY: the size is not 0.
                    unsafe { core::alloc::GlobalAlloc::alloc(self, layout) }
                })
            }

            fn allocate_zeroed(
                &self,
                layout: Layout,
            ) -> Result<core::ptr::NonNull<[u8]>, crate::allocator::AllocError> {
                crate::global::allocate(layout, |layout| {
                    // SAFETY: the size is not 0.
                    unsafe { core::alloc::GlobalAlloc::alloc_zeroed(self, layout) }
                })
            }

            unsafe fn deallocate(&self, ptr: core::ptr::NonNull<u8>, layout: Layout) {
                if layout.size() > 0 {
                    // SAFETY: as the caller promises.
                    unsafe { core::alloc::GlobalAlloc::dealloc(self, ptr.as_ptr(), layout) }
                }
            }

            unsafe fn grow(
                &self,
                ptr: core::ptr::NonNull<u8>,
                old: Layout,
                new: Layout,
            ) -> Result<core::ptr::NonNull<[u8]>, crate::allocator::AllocError> {
                // SAFETY: as the caller promises.
                unsafe { crate::global::reallocate(self, ptr, old, new) }
            }

            unsafe fn shrink(
                &self,
                ptr: core::ptr::NonNull<u8>,
                old: Layout,
                new: Layout,
            ) -> Result<core::ptr::NonNull<[u8]>, crate::allocator::AllocError> {
                // SAFETY: as the caller promises.
                unsafe { crate::global::reallocate(self, ptr, old, new) }
            }
        }
    };
}
#[cfg(not(any(feature = "unstable", feature = "allocator-api2")))]
macro_rules! allocator {
    ([$($policy:tt)*] $heap:ty) => {};
}
pub(crate) use allocator;

/// [`Allocator::allocate`](crate::allocator::Allocator::allocate) by a function that takes no size
/// of 0.
#[cfg(any(feature = "unstable", feature = "allocator-api2"))]
pub(crate) fn allocate(
    layout: Layout,
    alloc: impl FnOnce(Layout) -> *mut u8,
) -> Result<core::ptr::NonNull<[u8]>, crate::allocator::AllocError> {
    let start = if layout.size() == 0 {
        crate::provenance::dangling(layout.align())
    } else {
        core::ptr::NonNull::new(alloc(layout)).ok_or(crate::allocator::AllocError)?
    };
    Ok(core::ptr::NonNull::slice_from_raw_parts(start, layout.size()))
}

/// [`Allocator::grow`](crate::allocator::Allocator::grow) and `shrink` by a `GlobalAlloc`.
///
/// # Safety
/// As for those.
#[cfg(any(feature = "unstable", feature = "allocator-api2"))]
pub(crate) unsafe fn reallocate<H: GlobalAlloc>(
    heap: &H,
    ptr: core::ptr::NonNull<u8>,
    old: Layout,
    new: Layout,
) -> Result<core::ptr::NonNull<[u8]>, crate::allocator::AllocError> {
    allocate(new, |new| {
        if old.size() == 0 {
            // SAFETY: the size is not 0.
            unsafe { heap.alloc(new) }
        } else if old.align() == new.align() {
            // SAFETY: the caller's block; neither size is 0.
            unsafe { heap.realloc(ptr.as_ptr(), old, new.size()) }
        } else {
            // SAFETY: the size is not 0.
            let alloc = |layout| unsafe { heap.alloc(layout) };
            // SAFETY: the caller's block.
            let dealloc = |block, layout| unsafe { heap.dealloc(block, layout) };
            // SAFETY: the same.
            unsafe { relocate(ptr.as_ptr(), old, new, alloc, dealloc) }
        }
    })
    .inspect(|_| {
        if new.size() == 0 && old.size() > 0 {
            // SAFETY: the caller's block, of which nothing is left.
            unsafe { heap.dealloc(ptr.as_ptr(), old) }
        }
    })
}
