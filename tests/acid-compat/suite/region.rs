//! Memory for the allocators that are made from raw pointers.

use std::{
    alloc::{Layout, alloc, dealloc},
    num::NonZeroUsize,
    ops::Range,
    ptr::NonNull,
};

/// A block of the system's memory that outlives the allocator made over it.
pub struct Region {
    pointer: NonNull<u8>,
    layout: Layout,
}

impl Region {
    /// Memory that holds `0xA5` everywhere: an allocator may not count on zeros.
    pub fn new(layout: Layout) -> Region {
        assert_ne!(layout.size(), 0);
        // SAFETY: the size is not zero.
        let raw = unsafe { alloc(layout) };
        let pointer = NonNull::new(raw).expect("the system is out of memory");
        // SAFETY: the block was just allocated with this size.
        unsafe { pointer.write_bytes(0xA5, layout.size()) };
        Region { pointer, layout }
    }

    pub fn pointer(&self) -> NonNull<u8> {
        self.pointer
    }

    /// The addresses from offset `from` up to offset `to`.
    pub fn range(&self, from: usize, to: usize) -> Range<NonZeroUsize> {
        let base = self.pointer.as_ptr() as usize;
        NonZeroUsize::new(base + from).unwrap()..NonZeroUsize::new(base + to).unwrap()
    }

    /// Is every byte of the offsets still what [`Region::new`] wrote?
    pub fn untouched(&self, range: Range<usize>) -> bool {
        assert!(range.end <= self.layout.size());
        let first = self.pointer.as_ptr().wrapping_add(range.start);
        // SAFETY: the range is within the block, which `new` initialised; nobody writes to it
        // before this function returns.
        let bytes = unsafe { std::slice::from_raw_parts(first, range.len()) };
        bytes.iter().all(|&byte| byte == 0xA5)
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with this layout.
        unsafe { dealloc(self.pointer.as_ptr(), self.layout) }
    }
}

pub fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap()
}

/// The address at which a block begins.
pub fn address(block: NonNull<[u8]>) -> usize {
    block.as_ptr() as *mut u8 as usize
}

/// Fills a block, to show that all of it can be written.
pub fn fill(block: NonNull<[u8]>, byte: u8) {
    // SAFETY: the callers pass blocks that are live, and hold no reference into them.
    unsafe { block.cast::<u8>().write_bytes(byte, block.len()) }
}

/// Does the block hold `byte` from end to end?
pub fn holds(block: NonNull<[u8]>, byte: u8) -> bool {
    // SAFETY: the callers pass live blocks that `fill` initialised and that nobody else uses.
    let bytes = unsafe { block.as_ref() };
    bytes.iter().all(|&other| other == byte)
}
