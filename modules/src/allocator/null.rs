//! No allocator: what a module weighs with it is the module's own.

use core::{
    alloc::{GlobalAlloc, Layout},
    ptr,
};

/// Fails, always.
#[derive(Debug)]
pub struct Null;

// SAFETY: it hands out nothing.
unsafe impl GlobalAlloc for Null {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}
