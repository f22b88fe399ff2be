//! A module that holds an allocator and nothing else: what it weighs, less what the same module
//! weighs over an allocator that always fails, is what the allocator costs its user.
//!
//! The four functions of an allocator are exported with sizes and alignments that nobody knows at
//! compile time, so nothing of it can be optimised away. `sizes.mjs` builds and weighs.

use std::alloc::{self, Layout};

/// # Safety
/// `size` and `align` make a layout.
unsafe fn layout(size: usize, align: usize) -> Layout {
    // SAFETY: this function's contract demands numbers that make a layout.
    unsafe { Layout::from_size_align_unchecked(size, align) }
}

/// # Safety
/// As [`alloc::alloc`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn allocate(size: usize, align: usize) -> *mut u8 {
    // SAFETY: the contract is that of a function that takes a layout, here as two numbers.
    let layout = unsafe { layout(size, align) };
    // SAFETY: the size is not 0, by the contract of `alloc::alloc`.
    unsafe { alloc::alloc(layout) }
}

/// # Safety
/// As [`alloc::alloc_zeroed`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn allocate_zeroed(size: usize, align: usize) -> *mut u8 {
    // SAFETY: the contract is that of a function that takes a layout, here as two numbers.
    let layout = unsafe { layout(size, align) };
    // SAFETY: the size is not 0, by the contract of `alloc::alloc_zeroed`.
    unsafe { alloc::alloc_zeroed(layout) }
}

/// # Safety
/// As [`alloc::realloc`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn reallocate(
    block: *mut u8,
    size: usize,
    align: usize,
    new_size: usize,
) -> *mut u8 {
    // SAFETY: the contract is that of a function that takes a layout, here as two numbers.
    let layout = unsafe { layout(size, align) };
    // SAFETY: the block is live, with that layout, by the contract of `alloc::realloc`.
    unsafe { alloc::realloc(block, layout, new_size) }
}

/// # Safety
/// As [`alloc::dealloc`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn deallocate(block: *mut u8, size: usize, align: usize) {
    // SAFETY: the contract is that of a function that takes a layout, here as two numbers.
    let layout = unsafe { layout(size, align) };
    // SAFETY: the block is live, with that layout, by the contract of `alloc::dealloc`.
    unsafe { alloc::dealloc(block, layout) }
}
