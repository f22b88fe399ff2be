//! A block of memory that remembers what was written to it.

use std::{
    alloc::{self, Layout},
    slice,
    sync::atomic::{AtomicBool, Ordering},
};

use crate::allocator::WATCHED;

/// A live block. Its first and its last byte hold `tag`; all of it where the module is watched.
#[derive(Debug)]
pub struct Block {
    start: *mut u8,
    layout: Layout,
    tag: u8,
}

impl Block {
    #[inline(always)]
    pub fn new(size: usize, align: usize, tag: u8) -> Block {
        // SAFETY: alignments here are powers of two, and sizes far from the limit.
        let layout = unsafe { Layout::from_size_align_unchecked(size, align) };
        // SAFETY: the size is not 0.
        let start = unsafe { alloc::alloc(layout) };
        if start.is_null() {
            alloc::handle_alloc_error(layout);
        }
        let block = Block { start, layout, tag };
        block.mark(0);
        block
    }

    #[inline(always)]
    pub fn zeroed(size: usize, tag: u8) -> Block {
        // SAFETY: sizes here are far from the limit.
        let layout = unsafe { Layout::from_size_align_unchecked(size, 8) };
        // SAFETY: the size is not 0.
        let start = unsafe { alloc::alloc_zeroed(layout) };
        if start.is_null() {
            alloc::handle_alloc_error(layout);
        }
        let block = Block { start, layout, tag };
        block.expect(0, size, 0);
        block.mark(0);
        block
    }

    /// Byte `at`, which is below the size, or where the block ends.
    #[inline(always)]
    fn byte(&self, at: usize) -> *mut u8 {
        // SAFETY: within the block, or just behind it.
        unsafe { self.start.add(at) }
    }

    /// Writes the tag, from `from` to the end.
    #[inline(always)]
    fn mark(&self, from: usize) {
        let size = self.layout.size();
        if WATCHED {
            // SAFETY: within the block.
            unsafe { self.byte(from).write_bytes(self.tag, size - from) };
        } else {
            // SAFETY: the block has at least one byte.
            unsafe { self.start.write(self.tag) };
            // SAFETY: `size - 1` is within the block, which has at least one byte.
            unsafe { self.byte(size - 1).write(self.tag) };
        }
    }

    /// Sees to it that bytes in `from..to` are all `value`: every one where the module is watched,
    /// the first and the last otherwise.
    #[inline(always)]
    fn expect(&self, from: usize, to: usize, value: u8) {
        let right = if WATCHED {
            // SAFETY: within the block, and all of it was written.
            let bytes = unsafe { slice::from_raw_parts(self.byte(from), to - from) };
            let mut words = bytes.chunks_exact(8);
            let rest = words.remainder();
            words.all(|word| word == [value; 8]) && rest.iter().all(|byte| *byte == value)
        } else {
            // SAFETY: callers stay within the block, and wrote to it.
            let is = |at: usize| unsafe { self.byte(at).read() } == value;
            is(from) && is(to - 1)
        };
        if !right {
            found_damage();
        }
    }

    #[inline(always)]
    pub fn resize(&mut self, size: usize) {
        let old = self.layout.size();
        // SAFETY: the block is live, with that layout, and the new size is not 0.
        let start = unsafe { alloc::realloc(self.start, self.layout, size) };
        if start.is_null() {
            alloc::handle_alloc_error(self.layout);
        }
        self.start = start;
        // SAFETY: alignments here are powers of two, and sizes far from the limit.
        self.layout = unsafe { Layout::from_size_align_unchecked(size, self.layout.align()) };
        let kept = old.min(size);
        if WATCHED {
            self.expect(0, kept, self.tag);
        } else {
            // The last byte that was kept may never have been written.
            self.expect(0, 1, self.tag);
        }
        self.mark(kept);
    }

    /// Frees it, and tells the tag that was read from it.
    #[inline(always)]
    pub fn free(self) -> u64 {
        self.expect(0, self.layout.size(), self.tag);
        // SAFETY: the block is live, with that layout.
        unsafe { alloc::dealloc(self.start, self.layout) };
        u64::from(self.tag)
    }
}

static DAMAGED: AtomicBool = AtomicBool::new(false);

/// A block does not hold what was written to it: the allocator is wrong.
#[cold]
#[inline(never)]
fn found_damage() -> ! {
    DAMAGED.store(true, Ordering::Relaxed);
    core::arch::wasm32::unreachable()
}

/// Returns 1 if damage ended the run: an allocator may run out of memory, but never damage a block.
#[unsafe(no_mangle)]
pub extern "C" fn damaged() -> u32 {
    DAMAGED.load(Ordering::Relaxed).into()
}
