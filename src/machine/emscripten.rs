//! Emscripten's `sbrk`. Its C library takes all memory up to the end for its own, so pages that
//! `memory.grow` added behind its back would be handed out twice.

use core::{ffi::c_void, ops::Range};

use crate::{
    machine::{LinearMemory, MAX_PAGES, Machine, PAGE},
    provenance,
};

unsafe extern "C" {
    /// Moves the end of the memory in use, and returns where it was; `usize::MAX` if refused.
    fn sbrk(increment: isize) -> *mut c_void;
}

/// The end of the memory in use.
fn end() -> usize {
    // SAFETY: an increment of 0 changes nothing.
    unsafe { sbrk(0) }.addr()
}

// SAFETY: `sbrk` gives each byte to one caller. Memory above its end was never used, so it is zero.
unsafe impl LinearMemory for Machine {
    /// The page at which the next growth begins: above it is no memory of anybody.
    fn pages(&self) -> usize {
        end().div_ceil(PAGE)
    }

    fn grow(&self, pages: usize) -> Option<usize> {
        let bytes = pages.checked_mul(PAGE).filter(|&bytes| bytes <= MAX_PAGES * PAGE)?;
        let pad = end().wrapping_neg() % PAGE;
        let increment = isize::try_from(pad + bytes).ok()?;
        // SAFETY: an increment above 0 takes no memory from anybody.
        let start = unsafe { sbrk(increment) }.addr();
        // Another thread may have moved the end since: then the pages are lost, as they would
        // begin inside of a page.
        if start == usize::MAX || (start + pad) % PAGE != 0 {
            return None;
        }
        Some((start + pad) / PAGE)
    }

    fn pointer(&self, page: usize) -> *mut u8 {
        provenance::exposed(page.wrapping_mul(PAGE))
    }

    fn take_piece(&self) -> Option<Range<usize>> {
        None
    }
}
