//! Blocks of a workload: taken from the module's global allocator, marked at both ends, and looked
//! at again before they are given back.

use std::{
    alloc::{Layout, alloc, dealloc, realloc},
    ptr::NonNull,
};

const ALIGN: usize = 8;

/// A live block of at least one byte. It is not freed by being dropped.
#[derive(Debug)]
pub struct Block {
    start: NonNull<u8>,
    size: u32,
}

impl Block {
    /// None if the allocator has no room.
    pub fn new(size: usize) -> Option<Block> {
        let layout = layout(size)?;
        // SAFETY: `layout` is of no size 0.
        let start = NonNull::new(unsafe { alloc(layout) })?;
        let block = Block { start, size: size as u32 };
        block.mark();
        Some(block)
    }

    pub const fn size(&self) -> usize {
        self.size as usize
    }

    /// Returns true if both ends of the block hold what `mark` wrote.
    fn sound(&self) -> bool {
        let mark = self.size as u8;
        // SAFETY: a live block's first byte, written by `mark`.
        let first = unsafe { self.start.read() };
        // SAFETY: within the block, which has `size` bytes.
        let end = unsafe { self.start.add(self.size() - 1) };
        // SAFETY: a live block's last byte, written by `mark`.
        let last = unsafe { end.read() };
        first == mark && last == mark
    }

    fn mark(&self) {
        let mark = self.size as u8;
        // SAFETY: a live block's first byte.
        unsafe { self.start.write(mark) };
        // SAFETY: within the block, which has `size` bytes.
        let end = unsafe { self.start.add(self.size() - 1) };
        // SAFETY: a live block's last byte.
        unsafe { end.write(mark) };
    }

    /// Another size, perhaps at another place; the block as it was if there is no room. The second
    /// value says whether the block was sound.
    pub fn resize(self, size: usize) -> (Result<Block, Block>, bool) {
        let sound = self.sound();
        let (Some(old), Some(_)) = (layout(self.size()), layout(size)) else {
            return (Err(self), sound);
        };
        // SAFETY: the block is live and has that layout, and the new size makes a layout and is not 0.
        let start = NonNull::new(unsafe { realloc(self.start.as_ptr(), old, size) });
        let Some(start) = start else {
            return (Err(self), sound);
        };
        // SAFETY: the first byte moved along with the block.
        let kept = unsafe { start.read() } == self.size as u8;
        let block = Block { start, size: size as u32 };
        block.mark();
        (Ok(block), sound && kept)
    }

    /// Gives the block back, and tells whether it was sound.
    pub fn free(self) -> bool {
        let sound = self.sound();
        if let Some(layout) = layout(self.size()) {
            // SAFETY: the block is live and has that layout.
            unsafe { dealloc(self.start.as_ptr(), layout) };
        }
        sound
    }
}

fn layout(size: usize) -> Option<Layout> {
    if size == 0 { None } else { Layout::from_size_align(size, ALIGN).ok() }
}
