//! The calls of a heap: each looked at, and passed on with room for a red zone.

use core::{alloc::Layout, ptr};

use super::{
    Guard, Operation,
    guard::{Leave, Left},
};
use crate::{
    bitmap::align_up,
    global::{Plain, relocate},
    linear::PageSource,
    region::Region,
};

/// The least that is between a block of a heap and the next one, in bytes; and what sizes are
/// rounded up to before, so that bytes just behind a block are its red zone.
pub const ZONE: usize = 16;

fn region(memory: &impl PageSource) -> Region {
    memory.pool().region()
}

/// What a heap asks itself for, when it is asked for a layout. `None` where that is none.
pub(crate) fn padded(layout: Layout) -> Option<Layout> {
    let size = align_up(layout.size(), ZONE) + ZONE;
    Layout::from_size_align(size, layout.align()).ok()
}

fn hand_out(
    heap: &impl Plain,
    guard: &Guard,
    memory: &impl PageSource,
    layout: Layout,
    take: impl Fn(Layout) -> *mut u8,
) -> *mut u8 {
    let Some(padded) = padded(layout) else {
        return ptr::null_mut();
    };
    let mut block = take(padded);
    if block.is_null() && make_room(heap, guard, memory) {
        block = take(padded);
    }
    if !block.is_null() && !guard.admit(&region(memory), block.addr(), layout, padded.size()) {
        return ptr::null_mut();
    }
    block
}

/// # Safety
/// As for [`alloc`](core::alloc::GlobalAlloc::alloc).
pub(crate) unsafe fn alloc(
    heap: &impl Plain,
    guard: &Guard,
    memory: &impl PageSource,
    layout: Layout,
) -> *mut u8 {
    // SAFETY: a larger layout.
    hand_out(heap, guard, memory, layout, |padded| unsafe { heap.alloc(padded) })
}

/// # Safety
/// As for [`alloc_zeroed`](core::alloc::GlobalAlloc::alloc_zeroed).
pub(crate) unsafe fn alloc_zeroed(
    heap: &impl Plain,
    guard: &Guard,
    memory: &impl PageSource,
    layout: Layout,
) -> *mut u8 {
    // SAFETY: a larger layout.
    hand_out(heap, guard, memory, layout, |padded| unsafe { heap.alloc_zeroed(padded) })
}

/// Gives the heap the blocks that have waited longest: all, or those above the limit. Whether there
/// were any.
fn empty(heap: &impl Plain, guard: &Guard, memory: &impl PageSource, all: bool) -> bool {
    let region = region(memory);
    let mut any = false;
    while let Some((address, layout)) = guard.leaves(&region, all) {
        if let Some(padded) = padded(layout) {
            // SAFETY: a block that was freed, and that the heap handed out for that.
            unsafe { heap.dealloc(region.pointer(address).as_ptr(), padded) };
        }
        any = true;
    }
    any
}

/// Empties the quarantine. Whether there was anything.
pub(crate) fn make_room(heap: &impl Plain, guard: &Guard, memory: &impl PageSource) -> bool {
    empty(heap, guard, memory, true)
}

/// # Safety
/// As for [`dealloc`](core::alloc::GlobalAlloc::dealloc), as far as nobody checks it.
pub(crate) unsafe fn dealloc(
    heap: &impl Plain,
    guard: &Guard,
    memory: &impl PageSource,
    block: *mut u8,
    layout: Layout,
) {
    let region = region(memory);
    match guard.leave(&region, block.addr(), Some(layout), Leave::Waiting) {
        Left::Refused => {}
        Left::Waits => {
            empty(heap, guard, memory, false);
        }
        Left::Gone => {
            let Some(padded) = padded(layout) else { return };
            // SAFETY: the heap handed it out for that.
            if !unsafe { heap.dealloc(block, padded) } {
                guard.dead(block.addr());
            }
            guard.settle(Operation::Free);
        }
    }
}

/// # Safety
/// As for [`realloc`](core::alloc::GlobalAlloc::realloc), as far as nobody checks it.
pub(crate) unsafe fn realloc(
    heap: &impl Plain,
    guard: &Guard,
    memory: &impl PageSource,
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
    let region = region(memory);
    if !guard.resizes(&region, block.addr(), old) {
        return ptr::null_mut();
    }
    // SAFETY: a live block, which the heap handed out for that.
    let in_place = || unsafe { heap.resize(block, padded_old, padded_new.size()) };
    if in_place() {
        guard.resized(&region, block.addr(), new, padded_new.size());
        return block;
    }
    // The old block is as it was, and freed like any other if it moves.
    let stays = || guard.resized(&region, block.addr(), old, padded_old.size());
    let take = |new| {
        // SAFETY: the caller's size is not 0.
        let to = unsafe { alloc(heap, guard, memory, new) };
        if !to.is_null() {
            stays();
        }
        to
    };
    // SAFETY: the caller's block.
    let give = |block, old| unsafe { dealloc(heap, guard, memory, block, old) };
    // SAFETY: the same.
    let to = unsafe { relocate(block, old, new, take, give) };
    if to.is_null() {
        // What waited, and does no longer, may have been behind the block.
        if in_place() {
            guard.resized(&region, block.addr(), new, padded_new.size());
            return block;
        }
        stays();
    }
    to
}
