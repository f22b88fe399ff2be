//! Blocks of sizes at random that are freed with and without their sizes.

use std::{
    alloc::{GlobalAlloc, Layout},
    cell::UnsafeCell,
};

use bonsai_alloc::Heap;

use crate::random::Random;

static HEAP: Heap = Heap::new();

const BLOCKS: usize = 4096;

/// The blocks, with their sizes.
struct Blocks(UnsafeCell<[(*mut u8, usize); BLOCKS]>);

// SAFETY: the module has one thread.
unsafe impl Sync for Blocks {}

static LIVE: Blocks = Blocks(UnsafeCell::new([(std::ptr::null_mut(), 0); BLOCKS]));

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, 16).unwrap()
}

/// Allocates all blocks, of 1 to `most` bytes, and writes into each.
#[unsafe(no_mangle)]
pub extern "C" fn fill(most: usize, seed: u32) {
    // SAFETY: nothing else uses them during this call.
    let blocks = unsafe { &mut *LIVE.0.get() };
    let mut random = Random::new(seed);
    for (block, size) in blocks {
        *size = random.between(1, most);
        // SAFETY: the size is above 0.
        *block = unsafe { HEAP.alloc(layout(*size)) };
        // SAFETY: a new block of at least a byte.
        unsafe { block.write(1) };
    }
}

/// Frees a block with its size: by a call, as programs do where a size is no constant. This one has a single such
/// place, so the compiler would have it there.
///
/// # Safety
/// `fill` allocated it for that size, and it is live.
#[inline(never)]
unsafe fn by_size(block: *mut u8, size: usize) {
    // SAFETY: this function's contract.
    unsafe { HEAP.dealloc(block, layout(size)) };
}

/// Frees a block without its size, by a call, as C does.
///
/// # Safety
/// `fill` allocated it, and it is live.
#[inline(never)]
unsafe fn by_table(block: *mut u8) {
    // SAFETY: this function's contract.
    unsafe { HEAP.c_free(block) };
}

/// Frees every block, with its size.
#[unsafe(no_mangle)]
pub extern "C" fn free_sized() {
    // SAFETY: nothing else uses them during this call.
    for (block, size) in unsafe { &*LIVE.0.get() } {
        // SAFETY: `fill` allocated it with that layout.
        unsafe { by_size(*block, *size) };
    }
}

/// Frees every block, without its size.
#[unsafe(no_mangle)]
pub extern "C" fn free_unsized() {
    // SAFETY: nothing else uses them during this call.
    for (block, _) in unsafe { &*LIVE.0.get() } {
        // SAFETY: `fill` allocated it.
        unsafe { by_table(*block) };
    }
}
