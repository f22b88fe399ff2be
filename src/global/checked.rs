//! The calls of a heap: each looked at, and passed on with room for a red zone.

use core::{alloc::Layout, ptr};

use super::{HeapState, Policy, Shell};
use crate::{
    checked::{Leave, Left, Operation, padded},
    linear::PageSource,
};

fn hand_out<S: HeapState, M: PageSource, P: Policy>(
    heap: &Shell<S, M, P>,
    layout: Layout,
    take: impl Fn(Layout) -> *mut u8,
) -> *mut u8 {
    let Some(padded) = padded(layout) else {
        return ptr::null_mut();
    };
    let mut block = take(padded);
    // A heap with a hook empties the quarantine before it calls the hook, which is told of a request once.
    if block.is_null() && P::OUT_OF_MEMORY.is_none() && make_room(heap) {
        block = take(padded);
    }
    let region = heap.memory.pool().region();
    if !block.is_null() && !heap.guard.admit(&region, block.addr(), layout, padded.size()) {
        return ptr::null_mut();
    }
    block
}

/// Allocates a block with a red zone behind it.
///
/// # Safety
/// As for [`alloc`](core::alloc::GlobalAlloc::alloc).
pub(super) unsafe fn alloc<S: HeapState, M: PageSource, P: Policy>(
    heap: &Shell<S, M, P>,
    layout: Layout,
) -> *mut u8 {
    // SAFETY: a larger layout.
    hand_out(heap, layout, |padded| unsafe { S::alloc(heap, padded) })
}

/// Allocates a block that is zero, with a red zone behind it.
///
/// # Safety
/// As for [`alloc_zeroed`](core::alloc::GlobalAlloc::alloc_zeroed).
pub(super) unsafe fn alloc_zeroed<S: HeapState, M: PageSource, P: Policy>(
    heap: &Shell<S, M, P>,
    layout: Layout,
) -> *mut u8 {
    // SAFETY: a larger layout.
    hand_out(heap, layout, |padded| unsafe { S::alloc_zeroed(heap, padded) })
}

/// Gives the heap the blocks that have waited longest: all, or those above the limit. Returns false
/// if there were none.
fn empty<S: HeapState, M: PageSource, P: Policy>(heap: &Shell<S, M, P>, all: bool) -> bool {
    let region = heap.memory.pool().region();
    let mut any = false;
    while let Some((address, layout)) = heap.guard.leaves(&region, all) {
        if let Some(padded) = padded(layout) {
            // SAFETY: the guard keeps only freed blocks, which the heap handed out for `padded`.
            unsafe { S::dealloc(heap, region.pointer(address), padded) };
        }
        any = true;
    }
    any
}

/// Empties the quarantine. Returns false if nothing was in it.
pub(super) fn make_room<S: HeapState, M: PageSource, P: Policy>(heap: &Shell<S, M, P>) -> bool {
    empty(heap, true)
}

/// Frees a block, or lets it wait.
///
/// # Safety
/// As for [`dealloc`](core::alloc::GlobalAlloc::dealloc), as far as nobody checks it.
pub(super) unsafe fn dealloc<S: HeapState, M: PageSource, P: Policy>(
    heap: &Shell<S, M, P>,
    block: *mut u8,
    layout: Layout,
) {
    let region = heap.memory.pool().region();
    match heap.guard.leave(&region, block.addr(), Some(layout), Leave::Waiting) {
        Left::Refused => {}
        Left::Waits => {
            empty(heap, false);
        }
        Left::Gone => {
            let Some(padded) = padded(layout) else { return };
            // SAFETY: the guard found it live; the heap handed it out for `padded`.
            if !unsafe { S::dealloc(heap, block, padded) } {
                heap.guard.dead(block.addr());
            }
            heap.guard.settle(Operation::Free);
        }
    }
}

/// Resizes a block, in place or by moving it.
///
/// # Safety
/// As for [`realloc`](core::alloc::GlobalAlloc::realloc), as far as nobody checks it.
pub(super) unsafe fn realloc<S: HeapState, M: PageSource, P: Policy>(
    heap: &Shell<S, M, P>,
    block: *mut u8,
    old: Layout,
    size: usize,
) -> *mut u8 {
    let Ok(new) = Layout::from_size_align(size, old.align()) else {
        return ptr::null_mut();
    };
    let (Some(padded_old), Some(padded_new)) = (padded(old), padded(new)) else {
        return ptr::null_mut();
    };
    let (guard, region) = (&heap.guard, heap.memory.pool().region());
    if !guard.resizes(&region, block.addr(), old) {
        return ptr::null_mut();
    }
    // SAFETY: the guard found it live; the heap handed it out for `padded_old`.
    let in_place = || unsafe { S::resize(heap, block, padded_old, padded_new.size()) };
    if in_place() {
        guard.resized(&region, block.addr(), new, padded_new.size());
        return block;
    }
    // SAFETY: `size` is not 0, by the contract of `realloc`.
    let to = unsafe { alloc(heap, new) };
    if to.is_null() && in_place() {
        // The quarantine was emptied, and what was freed may have been behind the block.
        guard.resized(&region, block.addr(), new, padded_new.size());
        return block;
    }
    // The old block is as it was, and freed like any other if it moves.
    guard.resized(&region, block.addr(), old, padded_old.size());
    if !to.is_null() {
        // SAFETY: two live blocks do not overlap, and both are at least that long.
        unsafe { block.copy_to_nonoverlapping(to, old.size().min(size)) };
        // SAFETY: the block is live, and allocated for `old`.
        unsafe { dealloc(heap, block, old) };
    }
    to
}

/// Returns the layout of a live block for callers that do not know it. `None`, after a report, if no
/// live block begins there or its red zone was overwritten. `measure` returns the size of the
/// heap's own block, for a block that the ledger had no memory for.
#[cfg(feature = "c")]
pub(crate) fn layout<S: HeapState, M: PageSource, P: Policy>(
    heap: &Shell<S, M, P>,
    block: ptr::NonNull<u8>,
    why: crate::c::Use,
    measure: impl FnOnce() -> usize,
) -> Option<Layout> {
    let operation = match why {
        crate::c::Use::Free | crate::c::Use::Ask => Operation::Free,
        crate::c::Use::Resize => Operation::Resize,
    };
    let region = heap.memory.pool().region();
    let untracked = || {
        Layout::from_size_align(measure().checked_sub(crate::checked::ZONE)?, crate::checked::ZONE)
            .ok()
    };
    heap.guard.layout(&region, block.addr().get(), operation, untracked)
}
