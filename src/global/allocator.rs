//! Every heap as an `Allocator`, by way of being a `GlobalAlloc`.

use core::{
    alloc::{GlobalAlloc, Layout},
    ptr::NonNull,
};

use super::{HeapState, Policy, Shell, relocate};
use crate::{
    allocator::{AllocError, Allocator},
    linear::PageSource,
    provenance,
};

type Answer = Result<NonNull<[u8]>, AllocError>;

// SAFETY: the blocks are linear memory's, which outlives the heap; each is its owner's until it is
// passed to `deallocate`, by the contract of `HeapState`.
unsafe impl<S: HeapState, M: PageSource, P: Policy> Allocator for Shell<S, M, P> {
    fn allocate(&self, layout: Layout) -> Answer {
        // SAFETY: `answer` calls with sizes above 0 only.
        answer(layout, |layout| unsafe { self.alloc(layout) })
    }

    fn allocate_zeroed(&self, layout: Layout) -> Answer {
        // SAFETY: `answer` calls with sizes above 0 only.
        answer(layout, |layout| unsafe { self.alloc_zeroed(layout) })
    }

    unsafe fn deallocate(&self, ptr: NonNull<u8>, layout: Layout) {
        if layout.size() > 0 {
            // SAFETY: a live block of this layout, by the contract of `deallocate`.
            unsafe { self.dealloc(ptr.as_ptr(), layout) }
        }
    }

    unsafe fn grow(&self, ptr: NonNull<u8>, old: Layout, new: Layout) -> Answer {
        // SAFETY: a live block for `old`, by the contract of `grow`.
        unsafe { reallocate(self, ptr, old, new) }
    }

    unsafe fn shrink(&self, ptr: NonNull<u8>, old: Layout, new: Layout) -> Answer {
        // SAFETY: a live block for `old`, by the contract of `shrink`.
        unsafe { reallocate(self, ptr, old, new) }
    }
}

/// Answers a request by a function that takes no size of 0.
fn answer(layout: Layout, alloc: impl FnOnce(Layout) -> *mut u8) -> Answer {
    let start = if layout.size() == 0 {
        provenance::dangling(layout.align())
    } else {
        NonNull::new(alloc(layout)).ok_or(AllocError)?
    };
    Ok(NonNull::slice_from_raw_parts(start, layout.size()))
}

/// Resizes a block, whatever the alignments are.
///
/// # Safety
/// The block at `ptr` was allocated by `heap` for `old`, and is live.
unsafe fn reallocate<H: GlobalAlloc>(
    heap: &H,
    ptr: NonNull<u8>,
    old: Layout,
    new: Layout,
) -> Answer {
    answer(new, |new| {
        if old.size() == 0 {
            // SAFETY: the size is not 0.
            unsafe { heap.alloc(new) }
        } else if old.align() == new.align() {
            // SAFETY: the caller's block; neither size is 0.
            unsafe { heap.realloc(ptr.as_ptr(), old, new.size()) }
        } else {
            // SAFETY: the caller's block; neither size is 0.
            unsafe { relocate(heap, ptr.as_ptr(), old, new, false) }
        }
    })
    .inspect(|_| {
        if new.size() == 0 && old.size() > 0 {
            // SAFETY: the caller's block, of which nothing is left.
            unsafe { heap.dealloc(ptr.as_ptr(), old) }
        }
    })
}
