//! Memory for the books, apart from what the allocators under test manage.
//!
//! Where there is an operating system it is the system's allocator. Elsewhere it is a few KiB in
//! the program's data, so that a module with fixed memory has a book too, and then pages that are
//! grown for it alone; what is given back waits on a list of its size, a power of two.

use core::{alloc::Layout, ptr::NonNull};

#[cfg(any(unix, windows))]
mod place {
    use std::alloc::{GlobalAlloc, System};

    use super::{Layout, NonNull};

    #[cfg(test)]
    std::thread_local! {
        /// Whether this thread finds no memory for books.
        pub(in crate::checked) static REFUSED: core::cell::Cell<bool> =
            const { core::cell::Cell::new(false) };
    }

    #[derive(Debug)]
    pub(in crate::checked) struct Storage;

    impl Storage {
        pub(in crate::checked) const fn new() -> Self {
            Storage
        }

        /// Zeroed memory; `None` where there is none. The size is not 0.
        pub(in crate::checked) fn obtain(&mut self, layout: Layout) -> Option<NonNull<u8>> {
            #[cfg(test)]
            if REFUSED.get() {
                return None;
            }
            // SAFETY: callers ask for something.
            NonNull::new(unsafe { System.alloc_zeroed(layout) })
        }

        /// # Safety
        /// Obtained here with that layout, and not used any more.
        pub(in crate::checked) unsafe fn release(&mut self, start: NonNull<u8>, layout: Layout) {
            // SAFETY: as the caller promises.
            unsafe { System.dealloc(start.as_ptr(), layout) }
        }
    }
}

#[cfg(not(any(unix, windows)))]
mod place {
    use core::cell::UnsafeCell;

    use super::{Layout, NonNull};
    use crate::memory::{Grow, MAX_PAGES, Machine, PAGE};

    /// The first books fit in here.
    const FIRST: usize = 16 * 1024;
    /// No alignment that is asked for is above it.
    const ALIGN: usize = 16;

    #[repr(align(16))]
    struct First(UnsafeCell<[u8; FIRST]>);

    // SAFETY: who touches it has taken it from the one storage there is.
    unsafe impl Sync for First {}

    static FIRST_BYTES: First = First(UnsafeCell::new([0; FIRST]));

    #[derive(Debug)]
    pub(in crate::checked) struct Storage {
        /// What was given back, by log2 of its size; the first word is the next one.
        free: [*mut u8; usize::BITS as usize],
        /// What was never handed out, and is zero.
        rest: *mut u8,
        len: usize,
    }

    // SAFETY: the memory is its own, wherever it goes.
    unsafe impl Send for Storage {}

    impl Storage {
        pub(in crate::checked) const fn new() -> Self {
            Storage {
                free: [core::ptr::null_mut(); usize::BITS as usize],
                rest: FIRST_BYTES.0.get().cast(),
                len: FIRST,
            }
        }

        /// The size that is handed out for a layout, and its list.
        fn class(layout: Layout) -> Option<(usize, usize)> {
            let size = layout.size().max(ALIGN).checked_next_power_of_two()?;
            Some((size, size.trailing_zeros() as usize))
        }

        /// Zeroed memory; `None` where there is none. The size is not 0.
        pub(in crate::checked) fn obtain(&mut self, layout: Layout) -> Option<NonNull<u8>> {
            let (size, class) = Self::class(layout)?;
            let list = self.free.get_mut(class)?;
            if let Some(block) = NonNull::new(*list) {
                // SAFETY: what is on a list begins with a link.
                *list = unsafe { block.cast::<*mut u8>().read() };
                // SAFETY: as large as its class says.
                unsafe { block.write_bytes(0, size) };
                return Some(block);
            }
            if self.len < size {
                self.grow(size)?;
            }
            let block = self.rest;
            self.rest = block.wrapping_add(size);
            self.len -= size;
            NonNull::new(block)
        }

        fn grow(&mut self, size: usize) -> Option<()> {
            let pages = size.div_ceil(PAGE);
            if pages > MAX_PAGES || Machine.pages() + pages > MAX_PAGES {
                return None;
            }
            self.rest = Machine.pointer(Machine.grow(pages)?);
            self.len = pages * PAGE;
            Some(())
        }

        /// # Safety
        /// Obtained here with that layout, and not used any more.
        pub(in crate::checked) unsafe fn release(&mut self, start: NonNull<u8>, layout: Layout) {
            let Some((_, class)) = Self::class(layout) else { return };
            let Some(list) = self.free.get_mut(class) else { return };
            // SAFETY: as the caller promises; it has room for a link.
            unsafe { start.cast::<*mut u8>().write(*list) };
            *list = start.as_ptr();
        }
    }
}

#[cfg(all(test, any(unix, windows)))]
pub(super) use place::REFUSED;
pub(super) use place::Storage;
