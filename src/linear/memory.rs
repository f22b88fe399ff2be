//! Pages of linear memory: how many there are, and more of them.

use core::ops::Range;

/// The size of a page of linear memory: 64 KiB.
pub const PAGE: usize = 1 << 16;

/// How many pages are ever used: all of a 4 GiB memory but the last, so that the address behind a
/// block never overflows 32 bits.
pub const MAX_PAGES: usize = (1 << 16) - 1;

/// A linear memory that can grow.
///
/// The crate has two: [`Machine`] is the memory that the program runs in, and `Simulation` (where
/// there is a standard library) imitates one, with faults on demand.
///
/// # Safety
/// What `grow` returns are pages that nobody else uses, now or later, that are zero, and that may
/// be touched through `pointer` for ever. `pages` is never less than what `grow` has made it.
/// No method uses an allocator that is built on this memory.
pub unsafe trait LinearMemory {
    /// How many pages there are, whoever grew them.
    fn pages(&self) -> usize;

    /// Adds `pages` pages at the end and returns how many there were before. `None`, and nothing
    /// changed, where that is refused.
    fn grow(&self, pages: usize) -> Option<usize>;

    /// The pointer to the first byte of page `page`, which may touch every page there is.
    fn pointer(&self, page: usize) -> *mut u8;

    /// The addresses above the program's data that were there before the first growth and that
    /// nobody uses. Their contents are unknown.
    fn below(&self) -> Option<Range<usize>>;
}

/// The memory that the program runs in.
///
/// On wasm32 this is the instruction `memory.grow`. On a target with an operating system it is a
/// window of addresses, as large as can be had up to 4 GiB, reserved from the system's
/// allocator at the first growth; the operating system commits what is touched. So a
/// program that names one of this crate's heaps as its global allocator builds and runs natively
/// as it is. On any other target there is no memory until `Machine::provide` gives it some.
#[derive(Clone, Copy, Debug, Default)]
pub struct Machine;

#[cfg(target_arch = "wasm32")]
mod instruction {
    use core::{arch::wasm32, ops::Range};

    use super::{LinearMemory, Machine, PAGE};
    use crate::provenance;

    // SAFETY: memory.grow adds zeroed pages that no part of the module has used, and the caller of
    // the instruction is the only one who learns of them.
    unsafe impl LinearMemory for Machine {
        #[inline]
        fn pages(&self) -> usize {
            wasm32::memory_size(0)
        }

        #[inline]
        fn grow(&self, pages: usize) -> Option<usize> {
            match wasm32::memory_grow(0, pages) {
                usize::MAX => None,
                before => Some(before),
            }
        }

        #[inline]
        fn pointer(&self, page: usize) -> *mut u8 {
            provenance::exposed(page * PAGE)
        }

        /// The linker lays out data and stack first and says where they end (`__heap_base`) and
        /// how far the initial memory reaches (`__heap_end`). What lies between is reserved for
        /// the C library's `sbrk`, which no program for wasm32-unknown-unknown has, and which
        /// Rust's default allocator does not use: it only calls memory.grow. With threads
        /// wasm-bindgen puts the stacks of other threads there, and on other systems a C library
        /// may; so it is used only where neither is the case.
        #[inline]
        #[cfg(all(target_os = "unknown", not(target_feature = "atomics")))]
        fn below(&self) -> Option<Range<usize>> {
            unsafe extern "C" {
                static __heap_base: u8;
                static __heap_end: u8;
            }
            let start = (&raw const __heap_base).addr();
            let end = (&raw const __heap_end).addr();
            // An initial memory of 4 GiB ends at 0; its last page is not used.
            let last = super::MAX_PAGES * PAGE;
            let end = if end == 0 || end > last { last } else { end };
            Some(start..end)
        }

        #[inline]
        #[cfg(not(all(target_os = "unknown", not(target_feature = "atomics"))))]
        fn below(&self) -> Option<Range<usize>> {
            None
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod window {
    use core::{
        ops::Range,
        ptr::{self, NonNull},
        sync::atomic::{
            AtomicPtr, AtomicUsize,
            Ordering::{Acquire, Relaxed, Release},
        },
    };

    use super::{LinearMemory, MAX_PAGES, Machine, PAGE};
    use crate::{lock::Lock, provenance};

    /// The first page, or null before there is any.
    static FIRST: AtomicPtr<u8> = AtomicPtr::new(ptr::null_mut());
    /// Held by who makes the reservation.
    static RESERVING: Lock<()> = Lock::new(());
    /// How many pages fit.
    static LIMIT: AtomicUsize = AtomicUsize::new(0);
    /// How many are in use.
    static PAGES: AtomicUsize = AtomicUsize::new(0);

    fn set(start: NonNull<u8>, bytes: usize) {
        let pad = provenance::address(start).wrapping_neg() % PAGE;
        LIMIT.store((bytes.saturating_sub(pad) / PAGE).min(MAX_PAGES), Relaxed);
        FIRST.store(start.as_ptr().wrapping_add(pad), Release);
    }

    /// Reserves what the system gives: addresses, which it commits when they are touched.
    #[cfg(any(unix, windows))]
    fn reserve() {
        use std::alloc::{GlobalAlloc, Layout, System};

        // Miri commits what is reserved.
        let all = if usize::BITS == 32 { MAX_PAGES / 16 } else { MAX_PAGES };
        let mut pages = if cfg!(miri) { 64 } else { all };
        while pages > 16 {
            let bytes = (pages + 1) * PAGE;
            if let Ok(layout) = Layout::from_size_align(bytes, 16) {
                // SAFETY: the size is not 0.
                let start = unsafe { System.alloc_zeroed(layout) };
                if let Some(start) = NonNull::new(start) {
                    return set(start, bytes);
                }
            }
            pages /= 2;
        }
    }

    #[cfg(not(any(unix, windows)))]
    fn reserve() {}

    impl Machine {
        /// Gives the machine its memory, once, before the first allocation: for targets without an
        /// operating system.
        ///
        /// # Safety
        /// The memory is zero, valid for reads and writes for ever, and nobody else uses it.
        #[cfg(not(any(unix, windows)))]
        pub unsafe fn provide(start: NonNull<u8>, bytes: usize) {
            set(start, bytes);
        }
    }

    // SAFETY: the pages come from one zeroed reservation that is never given back, each once.
    unsafe impl LinearMemory for Machine {
        fn pages(&self) -> usize {
            PAGES.load(Relaxed)
        }

        fn grow(&self, pages: usize) -> Option<usize> {
            // Pools of several threads may grow at once.
            if FIRST.load(Acquire).is_null() {
                RESERVING.with(|()| {
                    if FIRST.load(Acquire).is_null() {
                        reserve();
                    }
                });
            }
            let grown = PAGES.fetch_update(Relaxed, Relaxed, |before| {
                before.checked_add(pages).filter(|&after| after <= LIMIT.load(Relaxed))
            });
            grown.ok()
        }

        fn pointer(&self, page: usize) -> *mut u8 {
            FIRST.load(Relaxed).wrapping_add(page * PAGE)
        }

        fn below(&self) -> Option<Range<usize>> {
            None
        }
    }
}
