//! Memory for the books, apart from what the allocators under test manage.
//!
//! On an operating system it is the system's allocator. Elsewhere it is a few KiB in the program's
//! data, so that a module with fixed memory has a book too, and then pages that are grown for it
//! alone; memory that is given back is kept on a list of its size, a power of two.

use core::{alloc::Layout, ptr::NonNull};

#[cfg(any(unix, windows))]
mod system {
    use std::alloc::{GlobalAlloc, System};

    use super::{Layout, NonNull};

    #[cfg(test)]
    std::thread_local! {
        /// True if this thread finds no memory for books, in tests.
        pub(in crate::checked) static REFUSED: core::cell::Cell<bool> =
            const { core::cell::Cell::new(false) };
    }

    #[derive(Debug)]
    pub(in crate::checked) struct Storage;

    impl Storage {
        pub(in crate::checked) const fn new() -> Self {
            Storage
        }

        /// Returns zeroed memory; `None` where there is none, and for a size of 0.
        pub(in crate::checked) fn obtain(&mut self, layout: Layout) -> Option<NonNull<u8>> {
            #[cfg(test)]
            if REFUSED.get() {
                return None;
            }
            if layout.size() == 0 {
                return None;
            }
            // SAFETY: the size is not 0, by the test before.
            NonNull::new(unsafe { System.alloc_zeroed(layout) })
        }

        /// # Safety
        /// Obtained here with that layout, and not used any more.
        pub(in crate::checked) unsafe fn release(&mut self, start: NonNull<u8>, layout: Layout) {
            // SAFETY: `start` comes from `obtain`, which took it from `System` with this layout.
            unsafe { System.dealloc(start.as_ptr(), layout) }
        }
    }
}

#[cfg(any(test, not(any(unix, windows))))]
mod pages {
    use core::cell::UnsafeCell;

    use super::{Layout, NonNull};
    use crate::machine::{LinearMemory, MAX_PAGES, Machine, PAGE};

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
        /// Memory that was given back, by log2 of its size; the first word of each is the link to the next.
        free: [*mut u8; usize::BITS as usize],
        /// The memory that was never handed out, all zero.
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

        /// Returns zeroed memory; `None` where there is none, and for a size of 0.
        pub(in crate::checked) fn obtain(&mut self, layout: Layout) -> Option<NonNull<u8>> {
            if layout.size() == 0 {
                return None;
            }
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
            if Machine.pages() + pages > MAX_PAGES {
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
            // SAFETY: obtained here, by this function's contract, so it has room for a link.
            unsafe { start.cast::<*mut u8>().write(*list) };
            *list = start.as_ptr();
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        fn layout(size: usize) -> Layout {
            Layout::from_size_align(size, 8).unwrap()
        }

        /// The address of zeroed memory for `size` bytes, which is written to from then on.
        fn take(storage: &mut Storage, size: usize) -> Option<usize> {
            let block = storage.obtain(layout(size))?.as_ptr();
            for at in 0..size {
                let byte = block.wrapping_add(at);
                // SAFETY: obtained with that size.
                assert_eq!(unsafe { byte.replace(0xEE) }, 0, "byte {at} of {size}");
            }
            Some(block.addr())
        }

        /// There is one storage, so this is one test; and nothing else in these grows the memory of
        /// the program.
        #[test]
        fn books_have_memory_of_their_own_and_use_all_of_it() {
            let mut storage = Storage::new();
            let mut all = std::vec::Vec::new();
            let first = FIRST_BYTES.0.get().addr();
            for at in 0..16 {
                assert_eq!(take(&mut storage, 1000), Some(first + at * 1024));
                all.push(first + at * 1024);
            }
            assert_eq!(Machine.pages(), 0);
            let page = take(&mut storage, 1000).unwrap();
            assert_eq!((page, Machine.pages()), (Machine.pointer(0).addr(), 1));
            for at in 1..64 {
                assert_eq!(take(&mut storage, 1000), Some(page + at * 1024));
            }
            assert_eq!(Machine.pages(), 1);
            let large = take(&mut storage, 3 * PAGE).unwrap();
            assert_eq!((large, Machine.pages()), (page + PAGE, 5));

            for &block in &all[..2] {
                let block = FIRST_BYTES.0.get().cast::<u8>().wrapping_add(block - first);
                // SAFETY: obtained with a layout of that class, and not used any more.
                unsafe { storage.release(NonNull::new(block).unwrap(), layout(600)) };
            }
            assert_eq!(take(&mut storage, 1024), Some(all[1]));
            assert_eq!(take(&mut storage, 513), Some(all[0]));
            let small = take(&mut storage, 1).unwrap();
            assert_eq!(take(&mut storage, 8), Some(small + 16));

            assert_eq!(take(&mut storage, (MAX_PAGES + 1) * PAGE), None);
            assert_eq!(take(&mut storage, isize::MAX as usize - 7), None);
            assert_eq!(Machine.pages(), 6);
            assert_eq!(take(&mut storage, 16), Some(small + 32));
        }
    }
}

#[cfg(not(any(unix, windows)))]
pub(super) use pages::Storage;
#[cfg(all(test, any(unix, windows)))]
pub(super) use system::REFUSED;
#[cfg(any(unix, windows))]
pub(super) use system::Storage;
