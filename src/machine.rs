//! A memory that can grow, and the one that the program runs in: one file for each kind of target says
//! how [`Machine`] has pages.

use core::ops::Range;

#[cfg(target_pointer_width = "16")]
compile_error!("bonsai_alloc needs addresses of 32 bits or more: this target's have 16");

#[cfg(not(any(unix, windows, target_family = "wasm")))]
mod bare;
#[cfg(target_os = "emscripten")]
mod emscripten;
#[cfg(all(any(unix, windows), not(target_family = "wasm")))]
mod native;
#[cfg(any(test, not(any(unix, windows))))]
mod pieces;
#[cfg(all(target_family = "wasm", not(target_os = "emscripten")))]
mod wasm;

#[cfg(not(any(unix, windows)))]
pub use pieces::ProvideError;

/// The size of a page of linear memory: 64 KiB.
pub const PAGE: usize = 1 << 16;

/// The number of pages that are used at most: all of a 4 GiB memory but the last, so that the
/// address behind a block never overflows 32 bits; 16 GiB on wasm64.
pub const MAX_PAGES: usize = if cfg!(target_arch = "wasm64") { 1 << 18 } else { (1 << 16) - 1 };

/// A linear memory that can grow.
///
/// The crate has two: [`Machine`] is the memory that the program runs in, and `Simulation` (where
/// there is a standard library) imitates one, with faults on demand.
///
/// # Safety
/// - `grow` returns pages that nobody else uses, now or later, that are zero, and that may be
///   touched through `pointer` for ever.
/// - `take_piece` returns addresses that nobody else uses, now or later, that `grow` does not
///   return, that lie below the page `pages()`, and that may be touched through `pointer` for ever.
///   It returns no address twice.
/// - `pages` is never less than `grow` has made it.
/// - No method uses an allocator that is built on this memory.
pub unsafe trait LinearMemory {
    /// The number of pages, whoever grew them.
    fn pages(&self) -> usize;

    /// Adds `pages` pages at the end and returns the number of pages before. `None`, and nothing
    /// changed, if that is refused.
    fn grow(&self, pages: usize) -> Option<usize>;

    /// The pointer to the first byte of page `page`, which may touch every page there is.
    fn pointer(&self, page: usize) -> *mut u8;

    /// Hands out a piece of memory that is there without growing, such as what lies between the
    /// program's data and the first growth. Its contents are unknown. `None` if every piece was
    /// handed out.
    fn take_piece(&self) -> Option<Range<usize>>;

    /// Returns false if there is no piece but one, which is handed out first and lies below all pages that
    /// grow. Then a heap is spared the code for pieces below what it has.
    #[inline]
    fn gives_pieces(&self) -> bool {
        true
    }
}

/// The memory that the program runs in.
///
/// | target | memory |
/// |---|---|
/// | wasm32, wasm64 | the instruction `memory.grow`, and what lies below the first growth where nobody else may use it |
/// | wasm32-unknown-emscripten | `sbrk`, which the C library believes in |
/// | Unix, Windows | a window of addresses, as large as can be had up to 4 GiB, reserved from the system's allocator at the first growth; the operating system commits what is touched |
/// | any other | what `Machine::provide` was given |
///
/// So a program that names one of this crate's heaps as its global allocator builds and runs
/// natively as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Machine;
