//! Targets without an operating system: the memory that the program provides.

use core::{ops::Range, ptr::NonNull};

use super::pieces::{Pieces, ProvideError};
use crate::{
    lock::Lock,
    machine::{LinearMemory, MAX_PAGES, Machine, PAGE},
    provenance,
};

/// The memory that was provided.
#[derive(Debug)]
struct Provided {
    pieces: Pieces,
    /// The page behind the highest piece.
    pages: usize,
}

// SAFETY: the closures change pieces of memory, which uses no lock.
static PROVIDED: Lock<Provided> = unsafe { Lock::new(Provided { pieces: Pieces::NONE, pages: 0 }) };

/// The end of the addresses that are used: on 32 bits the last page is not, so that the address
/// behind a block never overflows.
const LAST: usize = if usize::BITS == 32 { MAX_PAGES * PAGE } else { usize::MAX - PAGE };

impl Machine {
    /// Gives the machine a piece of memory: a static, or a range that the linker script sets aside.
    /// Any number of pieces may be given, at any time, of any alignment and size; the contents do
    /// not matter. Returns the number of bytes that are used of it.
    ///
    /// A target without an operating system has no other memory: before the first call every
    /// allocation fails.
    ///
    /// # Errors
    /// [`ProvideError`] if nothing of the piece can be used.
    ///
    /// # Safety
    /// The memory is valid for reads and writes for ever, and nobody else uses it.
    pub unsafe fn provide(start: NonNull<u8>, bytes: usize) -> Result<usize, ProvideError> {
        provenance::expose(start);
        let at = provenance::address(start);
        PROVIDED.with(|provided| {
            // SAFETY: this function's contract gives the memory; its pointer is exposed above.
            let used = unsafe { provided.pieces.add(at, bytes, LAST) }?;
            provided.pages = provided.pages.max(used.end.div_ceil(PAGE));
            Ok(used.len())
        })
    }
}

// SAFETY: nothing grows, and `Pieces` hands out each piece once, which lies below `pages` and which
// nobody else uses by the contract of `provide`.
unsafe impl LinearMemory for Machine {
    fn pages(&self) -> usize {
        PROVIDED.with(|provided| provided.pages)
    }

    fn grow(&self, _: usize) -> Option<usize> {
        None
    }

    /// Pages are counted from address 0, whatever lies there.
    fn pointer(&self, page: usize) -> *mut u8 {
        provenance::exposed(page.wrapping_mul(PAGE))
    }

    fn take_piece(&self) -> Option<Range<usize>> {
        PROVIDED.with(|provided| provided.pieces.take())
    }
}
