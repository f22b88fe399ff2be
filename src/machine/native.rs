//! A window of addresses that the operating system reserves and commits as it is touched.

use core::{
    ops::Range,
    ptr::{self, NonNull},
    sync::atomic::{
        AtomicPtr, AtomicUsize,
        Ordering::{Acquire, Relaxed, Release},
    },
};

use std::alloc::{GlobalAlloc, Layout, System};

use crate::{
    lock::Lock,
    machine::{LinearMemory, MAX_PAGES, Machine, PAGE},
    provenance,
};

/// The first page, or null before there is any.
static FIRST: AtomicPtr<u8> = AtomicPtr::new(ptr::null_mut());
/// Held while the reservation is made.
// SAFETY: the one closure reserves memory from the system.
static RESERVING: Lock<()> = unsafe { Lock::new(()) };
/// The number of pages that fit.
static LIMIT: AtomicUsize = AtomicUsize::new(0);
/// The number of pages in use.
static PAGES: AtomicUsize = AtomicUsize::new(0);

/// Makes `bytes` bytes at `start` the window.
fn set(start: NonNull<u8>, bytes: usize) {
    let pad = provenance::address(start).wrapping_neg() % PAGE;
    LIMIT.store((bytes.saturating_sub(pad) / PAGE).min(MAX_PAGES), Relaxed);
    FIRST.store(start.as_ptr().wrapping_add(pad), Release);
}

/// Reserves as many addresses as the system gives.
fn reserve() {
    // Miri commits what is reserved.
    let all = if usize::BITS == 32 { MAX_PAGES / 16 } else { MAX_PAGES };
    let mut pages = if cfg!(miri) { 64 } else { all };
    while pages > 16 {
        let bytes = (pages + 1) * PAGE;
        if let Ok(layout) = Layout::from_size_align(bytes, 16) {
            // SAFETY: the size is 17 pages or more.
            let start = unsafe { System.alloc_zeroed(layout) };
            if let Some(start) = NonNull::new(start) {
                return set(start, bytes);
            }
        }
        pages /= 2;
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
        FIRST.load(Relaxed).wrapping_add(page.wrapping_mul(PAGE))
    }

    fn take_piece(&self) -> Option<Range<usize>> {
        None
    }
}
