//! `memory.grow`, and the memory below the first growth.

#[cfg(target_arch = "wasm32")]
use core::arch::wasm32 as instruction;
#[cfg(target_arch = "wasm64")]
use core::arch::wasm64 as instruction;
use core::{ops::Range, ptr::NonNull};

use super::pieces::{Pieces, ProvideError};
use crate::{
    lock::Lock,
    machine::{LinearMemory, MAX_PAGES, Machine, PAGE},
    provenance,
};

/// Memory that is there without growing.
#[derive(Debug)]
struct Unused {
    pieces: Pieces,
    /// The address up to which the tail, the memory behind the program's data, was handed out; 0
    /// if none was.
    tail_end: usize,
}

// SAFETY: the closures change pieces of memory, which uses no lock but `GIVEN`.
static UNUSED: Lock<Unused> = unsafe { Lock::new(Unused { pieces: Pieces::NONE, tail_end: 0 }) };

/// True once a piece was given. A separate variable: in a program that never gives one, it is never
/// written, and the compiler leaves out all code for pieces.
// SAFETY: the closures read and write the value.
static GIVEN: Lock<bool> = unsafe { Lock::new(false) };

/// The end of the memory that is used at most.
const LAST: usize = MAX_PAGES * PAGE;

/// True where the linker's tail is used without asking.
///
/// The linker lays out data and stack first and says where they end (`__heap_base`) and how far
/// the initial memory reaches (`__heap_end`). The memory in between is reserved for the C library's
/// `sbrk`, which no program without a system has, and which Rust's default allocator does not use:
/// it only calls `memory.grow`. With threads wasm-bindgen puts the stacks of other threads there; on
/// WASI the C library's `malloc` takes it at its first call. There [`Machine::provide_tail`]
/// is the program's own decision.
const TAIL_IS_OURS: bool = cfg!(all(any(target_os = "unknown", target_os = "none"), not(threads)));

unsafe extern "C" {
    static __heap_base: u8;
    static __heap_end: u8;
}

/// The end of the program's data.
#[inline]
fn data_end() -> usize {
    (&raw const __heap_base).addr()
}

/// The end of memory now, or of what is used of it.
#[inline]
fn memory_end() -> usize {
    match instruction::memory_size(0) {
        pages if pages >= MAX_PAGES => LAST,
        pages => pages * PAGE,
    }
}

impl Machine {
    /// Gives the machine a piece of memory: pages that a host has set aside, or a static. Any
    /// number of pieces may be given, at any time, of any alignment and size. Returns the number
    /// of bytes that are used of it.
    ///
    /// # Errors
    /// [`ProvideError`] if nothing of the piece can be used.
    ///
    /// # Safety
    /// The memory is valid for reads and writes for ever, nobody else uses it, and
    /// it does not lie in the tail that the machine takes by itself (see
    /// [`Machine::provide_tail`]).
    pub unsafe fn provide(start: NonNull<u8>, bytes: usize) -> Result<usize, ProvideError> {
        provenance::expose(start);
        let at = provenance::address(start);
        UNUSED.with(|unused| {
            // SAFETY: this function's contract gives the memory; its pointer is exposed above.
            let used = unsafe { unused.pieces.add(at, bytes, memory_end()) }?;
            GIVEN.with(|given| *given = true);
            Ok(used.len())
        })
    }

    /// Gives the machine the tail: the memory between the program's data and the end of memory as
    /// it is now. Returns the number of bytes that are used of it.
    ///
    /// Without this call the tail is used up to the initial size that the linker wrote into the
    /// module, and only on targets without an operating system and without threads. Call it before
    /// the first allocation, for two cases:
    /// - a host may import a memory larger than the module declares; nothing in the module can
    ///   tell those pages from pages that somebody grew, so the program must say that they are its
    ///   own;
    /// - on WASI the tail belongs to the C library's `malloc`; a program without a C library, or
    ///   without a call of its `malloc`, may use it.
    ///
    /// # Errors
    /// [`ProvideError`] if nothing of the tail is left to be used.
    ///
    /// # Safety
    /// No part of the tail is used by anybody else, now or later: no C library's `malloc`, no stack
    /// of another thread, no other allocator, and no page that anybody grew before this call.
    pub unsafe fn provide_tail() -> Result<usize, ProvideError> {
        UNUSED.with(|unused| {
            let start = unused.tail_end.max(data_end());
            let end = memory_end();
            if end <= start {
                return Err(ProvideError::TooSmall);
            }
            // SAFETY: this function's contract gives the tail; the part up to `tail_end` is left
            // out. Linear memory has no other pointers than integers.
            let used = unsafe { unused.pieces.add(start, end - start, end) }?;
            unused.tail_end = used.end;
            GIVEN.with(|given| *given = true);
            Ok(used.len())
        })
    }
}

// SAFETY: `memory.grow` adds zeroed pages that no part of the module has used, and only the caller
// of the instruction learns of them. Pieces are handed out once each, by `Pieces` and `tail_end`.
unsafe impl LinearMemory for Machine {
    #[inline]
    fn pages(&self) -> usize {
        instruction::memory_size(0)
    }

    #[inline]
    fn grow(&self, pages: usize) -> Option<usize> {
        match instruction::memory_grow(0, pages) {
            usize::MAX => None,
            before => Some(before),
        }
    }

    #[inline]
    fn pointer(&self, page: usize) -> *mut u8 {
        provenance::exposed(page.wrapping_mul(PAGE))
    }

    #[inline]
    fn take_piece(&self) -> Option<Range<usize>> {
        UNUSED.with(|unused| {
            if TAIL_IS_OURS && unused.tail_end == 0 {
                let end = (&raw const __heap_end).addr();
                // An initial memory of 4 GiB ends at 0; its last page is not used.
                unused.tail_end = if end == 0 || end > LAST { LAST } else { end };
                return Some(data_end()..unused.tail_end);
            }
            if self.gives_pieces() { unused.pieces.take() } else { None }
        })
    }

    #[inline]
    fn gives_pieces(&self) -> bool {
        GIVEN.with(|given| *given)
    }
}
