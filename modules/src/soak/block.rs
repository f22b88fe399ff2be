//! A block that remembers what was written to it: to all of a small one, to samples of a large one.

use std::{
    alloc::{self, Layout},
    ptr::NonNull,
};

/// Up to this size every byte is looked at.
const SMALL: usize = 128;
/// Of larger blocks one in so many, and the last. A prime, so that no part of a page is left out for ever.
const STRIDE: usize = 509;

/// A live block.
#[derive(Debug)]
pub struct Block {
    start: NonNull<u8>,
    layout: Layout,
}

/// Which bytes of a block of that size are looked at.
fn samples(size: usize) -> impl Iterator<Item = usize> {
    let step = if size <= SMALL { 1 } else { STRIDE };
    (0..size).step_by(step).chain([size - 1])
}

impl Block {
    pub fn new(size: usize, align: usize) -> Block {
        let layout = Layout::from_size_align(size, align).expect("far from the limit");
        // SAFETY: the size is not 0.
        let block = Block::own(unsafe { alloc::alloc(layout) }, layout);
        assert_eq!(block.start.addr().get() % align, 0, "an alignment of {align}");
        block.write();
        block
    }

    /// Asks for zeroed memory, and looks whether it is.
    pub fn zeroed(size: usize) -> Block {
        let layout = Layout::from_size_align(size, 8).expect("far from the limit");
        // SAFETY: the size is not 0.
        let block = Block::own(unsafe { alloc::alloc_zeroed(layout) }, layout);
        assert!(samples(size).all(|at| block.read(at) == 0), "{size} bytes are zero");
        block.write();
        block
    }

    fn own(start: *mut u8, layout: Layout) -> Block {
        let Some(start) = NonNull::new(start) else { alloc::handle_alloc_error(layout) };
        Block { start, layout }
    }

    pub fn size(&self) -> usize {
        self.layout.size()
    }

    pub fn resize(&mut self, size: usize) {
        self.verify();
        let (kept, tag) = (self.size().min(size), self.tag());
        // SAFETY: the block is live, with that layout, and the new size is not 0.
        let start = unsafe { alloc::realloc(self.start.as_ptr(), self.layout, size) };
        let layout =
            Layout::from_size_align(size, self.layout.align()).expect("far from the limit");
        // Its block is no longer there to be freed.
        let old = std::mem::ManuallyDrop::new(std::mem::replace(self, Block::own(start, layout)));
        let mut moved = samples(old.size()).filter(|at| *at < kept);
        assert!(moved.all(|at| self.read(at) == tag), "{kept} bytes were kept");
        self.write();
    }

    /// Returns the byte that is written: of two blocks with another address or size likely another one.
    fn tag(&self) -> u8 {
        let mixed = self.start.addr().get() ^ self.size().wrapping_mul(0x9E37_79B1);
        (mixed.wrapping_mul(0x85EB_CA6B) >> 24) as u8 | 1
    }

    fn write(&self) {
        for at in samples(self.size()) {
            // SAFETY: within the block.
            unsafe { self.byte(at).write(self.tag()) };
        }
    }

    fn read(&self, at: usize) -> u8 {
        // SAFETY: within the block, and all samples were written, or are zero.
        unsafe { self.byte(at).read() }
    }

    fn byte(&self, at: usize) -> NonNull<u8> {
        debug_assert!(at < self.size());
        // SAFETY: samples lie within the block.
        unsafe { self.start.add(at) }
    }

    fn verify(&self) {
        let tag = self.tag();
        let found = samples(self.size()).find(|at| self.read(*at) != tag);
        assert_eq!(found, None, "{self:?} does not hold what was written to it");
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        self.verify();
        // SAFETY: the block is live, with that layout.
        unsafe { alloc::dealloc(self.start.as_ptr(), self.layout) };
    }
}
