//! No allocator: what the loads themselves cost, and share.

use std::{
    alloc::{Layout, System},
    cell::Cell,
};

/// A thread's blocks, all of a size, which it hands out by turns, in use or not. A load writes one word into each: a
/// size, in whose place another does as well.
const BLOCKS: usize = 4_096;
const BLOCK: usize = 1_024;

thread_local! {
    static MEMORY: Cell<*mut u8> = const { Cell::new(core::ptr::null_mut()) };
    static NEXT: Cell<usize> = const { Cell::new(0) };
}

/// Returns the next block of this thread's, which is never freed.
pub fn next() -> *mut u8 {
    if MEMORY.get().is_null() {
        let Ok(layout) = Layout::from_size_align(BLOCKS * BLOCK, BLOCK) else { unreachable!() };
        // SAFETY: the size is not 0.
        let memory = unsafe { core::alloc::GlobalAlloc::alloc(&System, layout) };
        assert!(!memory.is_null());
        MEMORY.set(memory);
    }
    let next = NEXT.get();
    NEXT.set((next + 1) % BLOCKS);
    MEMORY.get().wrapping_add(next * BLOCK)
}
