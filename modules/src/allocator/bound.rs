//! A lower bound on time: size classes whose blocks are never split, merged or given back.
//!
//! An allocation pops a list, a deallocation pushes to it, and nothing else is done at all. It
//! cheats: memory that one size used is lost to all others, so it is no allocator for a program,
//! but an allocator that does not cheat cannot be expected to be faster.

use core::{
    alloc::{GlobalAlloc, Layout},
    arch::wasm32,
    cell::UnsafeCell,
    ptr,
};

/// Blocks of up to this size have a class for every 16 bytes; above there are 8 a doubling.
const EXACT: usize = 1024;
const CLASSES: usize = EXACT / 16 + 8 * 21;
/// A list for each class and each alignment from 16 to 64 KiB.
const ALIGNMENTS: usize = 13;
const PAGE: usize = 65536;

struct State {
    free: [[*mut u8; CLASSES]; ALIGNMENTS],
    /// Memory that was never handed out.
    next: usize,
    end: usize,
}

/// The lower bound.
#[derive(Debug)]
pub struct Bound(UnsafeCell<State>);

// SAFETY: the module has one thread.
unsafe impl Sync for Bound {}

impl core::fmt::Debug for State {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("State").finish_non_exhaustive()
    }
}

impl Default for Bound {
    fn default() -> Self {
        Self::new()
    }
}

impl Bound {
    pub const fn new() -> Self {
        let free = [[ptr::null_mut(); CLASSES]; ALIGNMENTS];
        Bound(UnsafeCell::new(State { free, next: 0, end: 0 }))
    }
}

/// The class of `size`.
#[inline(always)]
fn class_of(size: usize) -> usize {
    let last = size.max(1) - 1;
    if last < EXACT {
        last / 16
    } else {
        let log = usize::BITS - 1 - last.leading_zeros();
        EXACT / 16 + 8 * (log as usize - 10) + ((last >> (log - 3)) & 7)
    }
}

/// The size of the blocks of `class`.
#[inline(always)]
fn size_of_class(class: usize) -> usize {
    if class < EXACT / 16 {
        16 * (class + 1)
    } else {
        let (doubling, step) = ((class - EXACT / 16) / 8, (class - EXACT / 16) % 8);
        (step + 9) << (doubling + 7)
    }
}

#[inline(always)]
fn row_of(align: usize) -> usize {
    (align.max(16).trailing_zeros() - 4) as usize
}

impl State {
    #[cold]
    #[inline(never)]
    fn carve(&mut self, size: usize, align: usize) -> *mut u8 {
        let mut start = self.next.next_multiple_of(align);
        if start + size > self.end {
            let pages = (size + align).div_ceil(PAGE);
            let before = wasm32::memory_grow::<0>(pages);
            if before == usize::MAX {
                return ptr::null_mut();
            }
            if before * PAGE != self.end {
                self.next = before * PAGE;
            }
            self.end = (before + pages) * PAGE;
            start = self.next.next_multiple_of(align);
        }
        self.next = start + size;
        start as *mut u8
    }
}

// SAFETY: blocks come from memory of its own, each from a place of its own; a list has blocks of one
// size and one alignment only.
unsafe impl GlobalAlloc for Bound {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the module has one thread, and nothing below calls back.
        let state = unsafe { &mut *self.0.get() };
        let class = class_of(layout.size());
        let row = row_of(layout.align());
        if row >= ALIGNMENTS || class >= CLASSES {
            return ptr::null_mut();
        }
        let head = state.free[row][class];
        if head.is_null() {
            return state.carve(size_of_class(class), layout.align().max(16));
        }
        // SAFETY: a free block begins with a link.
        state.free[row][class] = unsafe { head.cast::<*mut u8>().read() };
        head
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the module has one thread, and nothing below calls back.
        let state = unsafe { &mut *self.0.get() };
        let (class, row) = (class_of(layout.size()), row_of(layout.align()));
        if row < ALIGNMENTS && class < CLASSES {
            // SAFETY: the block is the caller's, and has 16 bytes at least.
            unsafe { block.cast::<*mut u8>().write(state.free[row][class]) };
            state.free[row][class] = block;
        }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if class_of(layout.size()) == class_of(size) {
            return block;
        }
        // SAFETY: a layout by the contract of `realloc`.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        // SAFETY: the size is not 0.
        let to = unsafe { self.alloc(new) };
        if !to.is_null() {
            // SAFETY: two blocks, each at least that long.
            unsafe { block.copy_to_nonoverlapping(to, layout.size().min(size)) };
            // SAFETY: the caller's block.
            unsafe { self.dealloc(block, layout) };
        }
        to
    }
}
