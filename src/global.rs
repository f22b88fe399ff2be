//! What every global allocator of this crate needs beside its own idea.

use core::alloc::{GlobalAlloc, Layout};

/// Moves a block: allocates, copies, frees. Null, and the block as it was, where there is no
/// memory.
///
/// # Safety
/// As for [`GlobalAlloc::realloc`].
pub(crate) unsafe fn relocate(
    heap: &impl GlobalAlloc,
    ptr: *mut u8,
    old: Layout,
    new: Layout,
) -> *mut u8 {
    // SAFETY: the caller's size is not 0.
    let to = unsafe { heap.alloc(new) };
    if !to.is_null() {
        let len = old.size().min(new.size());
        // SAFETY: two distinct blocks, each at least that long.
        unsafe { ptr.copy_to_nonoverlapping(to, len) };
        // SAFETY: the caller's block.
        unsafe { heap.dealloc(ptr, old) };
    }
    to
}

/// The layout that `realloc` asks for.
pub(crate) fn resized(layout: Layout, size: usize) -> Layout {
    // SAFETY: the contract of `GlobalAlloc::realloc` demands that this is a layout.
    unsafe { Layout::from_size_align_unchecked(size, layout.align()) }
}

/// A heap is an `Allocator` by way of being a `GlobalAlloc`.
#[cfg(any(feature = "unstable", feature = "allocator-api2"))]
macro_rules! allocator {
    ([$($policy:tt)*] $heap:ty) => {
        // SAFETY: the blocks are linear memory's, which outlives the heap; each is the caller's until
        // it is given back.
        unsafe impl<M: Memory, $($policy)*> crate::allocator::Allocator for $heap {
            fn allocate(
                &self,
                layout: Layout,
            ) -> Result<core::ptr::NonNull<[u8]>, crate::allocator::AllocError> {
                crate::global::allocate(layout, |layout| {
                    // SAFETY: the size is not 0.
                    unsafe { GlobalAlloc::alloc(self, layout) }
                })
            }

            fn allocate_zeroed(
                &self,
                layout: Layout,
            ) -> Result<core::ptr::NonNull<[u8]>, crate::allocator::AllocError> {
                crate::global::allocate(layout, |layout| {
                    // SAFETY: the size is not 0.
                    unsafe { GlobalAlloc::alloc_zeroed(self, layout) }
                })
            }

            unsafe fn deallocate(&self, ptr: core::ptr::NonNull<u8>, layout: Layout) {
                if layout.size() > 0 {
                    // SAFETY: as the caller promises.
                    unsafe { GlobalAlloc::dealloc(self, ptr.as_ptr(), layout) }
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
            // SAFETY: the same.
            unsafe { relocate(heap, ptr.as_ptr(), old, new) }
        }
    })
    .inspect(|_| {
        if new.size() == 0 && old.size() > 0 {
            // SAFETY: the caller's block, of which nothing is left.
            unsafe { heap.dealloc(ptr.as_ptr(), old) }
        }
    })
}
