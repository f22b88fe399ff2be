//! An allocator's calls for a host whose stack ends in the middle of them: it keeps the books, since nothing in here can be relied on
//! after that. `stack.test.mjs` calls it.

use std::alloc::{self, Layout};

use crate::allocator;

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).expect("a size and an alignment")
}

/// Allocates a block of at least one byte. Returns its address, 0 for none.
#[unsafe(no_mangle)]
extern "C" fn allocate(size: usize, align: usize) -> usize {
    // SAFETY: the host asks for no block of 0 bytes.
    unsafe { alloc::alloc(layout(size, align)) }.addr()
}

/// Frees a block.
///
/// # Safety
/// The block is live, with that size and alignment.
#[unsafe(no_mangle)]
unsafe extern "C" fn deallocate(block: *mut u8, size: usize, align: usize) {
    // SAFETY: the block is live, with that layout, by this function's contract.
    unsafe { alloc::dealloc(block, layout(size, align)) }
}

/// Resizes a block. Returns its address, 0 if it is as it was.
///
/// # Safety
/// The block is live, with that size and alignment; the new size is above 0.
#[unsafe(no_mangle)]
unsafe extern "C" fn reallocate(block: *mut u8, size: usize, align: usize, new: usize) -> usize {
    // SAFETY: the block is live, with that layout, by this function's contract.
    unsafe { alloc::realloc(block, layout(size, align), new) }.addr()
}

/// Verifies the allocator's books, if it has any. Returns the address where they are wrong, 0 if they are right.
#[unsafe(no_mangle)]
extern "C" fn check() -> usize {
    let damage = allocator::view().and_then(|view| view.check().err());
    damage.map_or(0, |damage| damage.address.max(1))
}

/// Returns the bytes that live blocks have, 0 for an allocator that does not know.
#[unsafe(no_mangle)]
extern "C" fn live() -> usize {
    allocator::view().map_or(0, |view| view.stats().live_bytes)
}
