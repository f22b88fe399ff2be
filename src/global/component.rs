//! Blocks for the host of a component: the canonical ABI's `realloc`.
//!
//! A host writes strings and lists into blocks that the component's exported function `cabi_realloc`
//! allocates, and the component's global allocator frees them.

use core::{
    alloc::{GlobalAlloc, Layout},
    ptr,
};

use super::{HeapState, Policy, Shell};
use crate::linear::PageSource;

impl<S: HeapState, M: PageSource, P: Policy> Shell<S, M, P> {
    /// Allocates, resizes or frees a block, as a component's `cabi_realloc` does: the old size is 0 for a new
    /// block, the new size is 0 for none. Returns null, and leaves the block as it was, where there is no
    /// memory; for a size of 0 an address that is not null, with nothing behind it. Time as for `realloc`.
    ///
    /// # Safety
    /// `old_size` is 0, or a live block of `old_size` bytes aligned to `align`, allocated by this heap, begins
    /// at `block`; if the result is not null, only the result is used from then on.
    pub unsafe fn component_realloc(
        &self,
        block: *mut u8,
        old_size: usize,
        align: usize,
        size: usize,
    ) -> *mut u8 {
        let layout = |size| Layout::from_size_align(size, align).ok();
        let (Some(old), Some(new)) = (layout(old_size), layout(size)) else {
            return ptr::null_mut();
        };
        match (old_size, size) {
            (0, 0) => ptr::without_provenance_mut(align),
            // SAFETY: the size is above 0.
            (0, _) => unsafe { self.alloc(new) },
            (_, 0) => {
                // SAFETY: by this function's contract a live block of that layout, not used any more.
                unsafe { self.dealloc(block, old) };
                ptr::without_provenance_mut(align)
            }
            // SAFETY: by this function's contract a live block of that layout; the new size is valid
            // and above 0.
            _ => unsafe { self.realloc(block, old, size) },
        }
    }
}

/// Defines `cabi_realloc` over a heap, in a component: the host's strings and lists lie in blocks of this heap.
///
/// Once in a component, beside the global allocator. Without it the linker takes one of the weak
/// definitions that std, wasi-libc and wit-bindgen bring along, whichever it meets first; if it is
/// wasi-libc's, a block comes from C's `malloc` and is freed by Rust's global allocator. The canonical ABI
/// has no answer for the end of memory: then the component traps.
///
/// # Example
/// ```no_run
/// #[global_allocator]
/// static HEAP: bonsai_alloc::Heap = bonsai_alloc::Heap::new();
/// # #[cfg(target_arch = "wasm32")]
/// bonsai_alloc::component_realloc!(HEAP);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! component_realloc {
    ($heap:path) => {
        const _: () = {
            #[unsafe(no_mangle)]
            unsafe extern "C" fn cabi_realloc(
                block: *mut u8,
                old_size: usize,
                align: usize,
                size: usize,
            ) -> *mut u8 {
                // SAFETY: the canonical ABI's contract of `realloc`.
                let block = unsafe { $heap.component_realloc(block, old_size, align, size) };
                if block.is_null() {
                    ::core::arch::wasm32::unreachable();
                }
                block
            }
        };
    };
}
