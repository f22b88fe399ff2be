//! C's interface over a heap: `malloc`, `free` and their kin.
//!
//! ```text
//!  C                         Rust
//!  malloc, free, calloc …    #[global_allocator]
//!       │ no size at free         │ the size at dealloc
//!       ▼                         │
//!  size from the table            │      two bits a granule: a block ends where the next begins
//!       └────────────┬────────────┘
//!                    ▼
//!                one Heap
//! ```
//!
//! C does not tell the size of a block when it frees it. [`Heap`](crate::Heap) has no header in front of a block
//! either: its table says where the next block begins, and so where this one ends. Both languages
//! share one heap, and the inspector shows one.
//!
//! Sizes, alignment and errors are those of C17 and POSIX: every block is aligned to 16 at least;
//! `malloc(0)` returns a block of its own; `free(NULL)` does nothing; a request that cannot be
//! served, or whose size overflows, returns null, sets `errno` to `ENOMEM` where the target has an
//! `errno`, and leaves every block as it was.
//!
//! **Cost**: `free`, `realloc` and `malloc_usable_size` read the table from the block's first
//! granule to its last: 976 bytes at once, and a word for every 512 bytes of larger blocks; docs/c.md has figures. The rest
//! is as for Rust.

mod errno;

use core::{
    alloc::{GlobalAlloc, Layout},
    ptr::{self, NonNull},
};

use self::errno::{EINVAL, ENOMEM};
use crate::{
    global::{
        HeapState, Policy, Shell,
        copy::{SHORT, clear},
    },
    linear::PageSource,
};

/// The alignment of every block: that of the largest C type, `max_align_t`.
const ALIGN: usize = 16;

/// A heap that finds the size of a block by its address.
///
/// # Safety
/// [`Measured::size`] returns at least the size that the block was last allocated or resized for,
/// and a size for which the heap's `dealloc` and `resize` accept the block at alignment 16.
pub unsafe trait Measured: HeapState {
    /// Returns the size of a live block in bytes.
    ///
    /// # Safety
    /// A live block of the heap begins at `block`.
    unsafe fn size<M: PageSource, P: Policy>(heap: &Shell<Self, M, P>, block: NonNull<u8>)
    -> usize;

    /// Frees a block if that is the work of a few instructions. Returns false, and changes nothing, where it
    /// is not.
    ///
    /// # Safety
    /// A live block of the heap begins at `block`, and nothing uses it any more if the result is true.
    unsafe fn free<M: PageSource, P: Policy>(heap: &Shell<Self, M, P>, block: NonNull<u8>) -> bool;

    /// Resizes a block to `size` bytes, at least one, if that is the work of a few instructions. Returns null, and changes
    /// nothing, where it is not.
    ///
    /// # Safety
    /// A live block of the heap begins at `block`; if the result is not null, only the result is used from then on.
    #[inline(always)]
    unsafe fn realloc<M: PageSource, P: Policy>(
        _: &Shell<Self, M, P>,
        _: NonNull<u8>,
        _: usize,
    ) -> *mut u8 {
        ptr::null_mut()
    }
}

impl<S: Measured, M: PageSource, P: Policy> Shell<S, M, P> {
    /// Allocates `size` bytes, aligned to 16, as C's `malloc` does.
    pub fn c_malloc(&self, size: usize) -> *mut u8 {
        allocate(size, ALIGN, |layout| {
            // SAFETY: `allocate` passes no size of 0.
            unsafe { self.alloc_inline(layout) }
        })
    }

    /// Allocates `count` times `size` bytes of zero, aligned to 16, as C's `calloc` does.
    pub fn c_calloc(&self, count: usize, size: usize) -> *mut u8 {
        let Some(size) = count.checked_mul(size) else {
            return refused();
        };
        allocate(size, ALIGN, |layout| {
            if size > SHORT {
                // SAFETY: `allocate` passes no size of 0.
                return unsafe { self.alloc_zeroed(layout) };
            }
            // SAFETY: `allocate` passes no size of 0.
            let block = unsafe { self.alloc_inline(layout) };
            if !block.is_null() {
                // SAFETY: a new block of that size.
                unsafe { clear(block, layout.size()) };
            }
            block
        })
    }

    /// Frees a block, as C's `free` does.
    ///
    /// # Safety
    /// `block` is null, or a live block of this heap that is not used any more.
    pub unsafe fn c_free(&self, block: *mut u8) {
        let Some(start) = NonNull::new(block) else { return };
        // SAFETY: the contract of `c_free`: a live block, not used any more.
        if cfg!(not(feature = "checked")) && unsafe { S::free(self, start) } {
            return;
        }
        // SAFETY: the contract of `c_free`: a live block, not used any more.
        unsafe { self.free_by_layout(start) };
    }

    /// Frees a block.
    ///
    /// # Safety
    /// A live block of this heap begins at `block`, and nothing uses it any more.
    #[cold]
    #[inline(never)]
    unsafe fn free_by_layout(&self, block: NonNull<u8>) {
        // SAFETY: the contract of this function: a live block.
        if let Some(layout) = unsafe { self.layout(block, Use::Free) } {
            // SAFETY: the heap itself gave this layout for the live block.
            unsafe { self.dealloc(block.as_ptr(), layout) }
        }
    }

    /// Resizes a block, as C's `realloc` does. Returns null, and leaves the block as it was, where
    /// there is no memory. A `size` of 0 is one of 1.
    ///
    /// # Safety
    /// `block` is null, or a live block of this heap; if the result is not null, only the result is used from
    /// then on.
    pub unsafe fn c_realloc(&self, block: *mut u8, size: usize) -> *mut u8 {
        let Some(start) = NonNull::new(block) else {
            return self.c_malloc(size);
        };
        if cfg!(not(feature = "checked")) {
            // SAFETY: the contract of `c_realloc`: a live block, and only the result is used.
            let new = unsafe { S::realloc(self, start, size.max(1)) };
            if !new.is_null() {
                return new;
            }
        }
        // SAFETY: the contract of `c_realloc`.
        unsafe { self.realloc_by_layout(start, size) }
    }

    /// Resizes a block, as C's `realloc` does.
    ///
    /// # Safety
    /// A live block of this heap begins at `block`; if the result is not null, only the result is used from then on.
    #[cold]
    #[inline(never)]
    unsafe fn realloc_by_layout(&self, block: NonNull<u8>, size: usize) -> *mut u8 {
        // SAFETY: the contract of this function: a live block.
        let Some(old) = (unsafe { self.layout(block, Use::Resize) }) else {
            return ptr::null_mut();
        };
        allocate(size, old.align(), |new| {
            // SAFETY: a live block, the layout that the heap gave for it, and a valid size above 0.
            unsafe { self.realloc(block.as_ptr(), old, new.size()) }
        })
    }

    /// Allocates `size` bytes at a multiple of `align`, as C's `aligned_alloc` does. Returns null,
    /// and sets `errno` to `EINVAL`, unless `align` is a power of two.
    pub fn c_aligned_alloc(&self, align: usize, size: usize) -> *mut u8 {
        if !align.is_power_of_two() {
            errno::set(EINVAL);
            return ptr::null_mut();
        }
        allocate(size, align.max(ALIGN), |layout| {
            // SAFETY: `allocate` passes no size of 0.
            unsafe { self.alloc(layout) }
        })
    }

    /// Allocates as POSIX's `posix_memalign` does: writes the block to `out`, and returns 0 or an
    /// error number. An error leaves `out` and `errno` as they were.
    ///
    /// # Safety
    /// `out` is valid for writing a pointer.
    pub unsafe fn c_posix_memalign(&self, out: *mut *mut u8, align: usize, size: usize) -> i32 {
        if !align.is_power_of_two() || align < size_of::<*mut u8>() {
            return EINVAL;
        }
        let before = errno::get();
        let block = self.c_aligned_alloc(align, size);
        if block.is_null() {
            errno::set(before);
            return ENOMEM;
        }
        // SAFETY: valid for writing, by the contract of `c_posix_memalign`.
        unsafe { out.write(block) };
        0
    }

    /// Returns how many bytes of a block may be used: what was asked for and what rounding added. 0 for null.
    ///
    /// # Safety
    /// `block` is null, or a live block of this heap.
    pub unsafe fn c_usable_size(&self, block: *mut u8) -> usize {
        let Some(start) = NonNull::new(block) else { return 0 };
        // SAFETY: the contract of `c_usable_size`: a live block.
        unsafe { self.layout(start, Use::Ask) }.map_or(0, |layout| layout.size())
    }

    /// Returns a layout by which a live block can be freed. With `checked`: `None`, after a report,
    /// if no live block begins there.
    ///
    /// # Safety
    /// A live block of this heap begins at `block`, as far as nobody checks it.
    #[cfg_attr(not(feature = "checked"), expect(unused_variables, reason = "for reports"))]
    unsafe fn layout(&self, block: NonNull<u8>, why: Use) -> Option<Layout> {
        // SAFETY: the contract of `layout`.
        let measure = || unsafe { S::size(self, block) };
        #[cfg(feature = "checked")]
        return crate::global::layout(self, block, why, measure);
        #[cfg(not(feature = "checked"))]
        Layout::from_size_align(measure(), ALIGN).ok()
    }
}

/// The reason for which the size of a block is looked up.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Use {
    Free,
    Resize,
    Ask,
}

/// Passes a valid layout of at least one byte to `take`. Sets `errno` where there is none, or no memory.
fn allocate(size: usize, align: usize, take: impl FnOnce(Layout) -> *mut u8) -> *mut u8 {
    let Ok(layout) = Layout::from_size_align(size.max(1), align) else {
        return refused();
    };
    let block = take(layout);
    if block.is_null() { refused() } else { block }
}

#[cold]
#[inline(never)]
fn refused() -> *mut u8 {
    errno::set(ENOMEM);
    ptr::null_mut()
}

/// Defines C's allocation functions over a heap: `malloc`, `calloc`, `realloc`, `reallocarray`,
/// `free`, `aligned_alloc`, `memalign`, `posix_memalign` and `malloc_usable_size`.
///
/// Once in a program, beside the heap. C code that is linked with it, and C++ by way of
/// `operator new`, allocates from the same heap as Rust. Not for native programs whose C library is
/// loaded dynamically and has blocks of its own to free.
///
/// # Example
/// ```no_run
/// #[global_allocator]
/// static HEAP: bonsai_alloc::Heap = bonsai_alloc::Heap::new();
/// # #[cfg(target_family = "wasm")]
/// bonsai_alloc::c_interface!(HEAP);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! c_interface {
    ($heap:path) => {
        const _: () = {
            #[unsafe(no_mangle)]
            extern "C" fn malloc(size: usize) -> *mut u8 {
                $heap.c_malloc(size)
            }
            #[unsafe(no_mangle)]
            extern "C" fn calloc(count: usize, size: usize) -> *mut u8 {
                $heap.c_calloc(count, size)
            }
            #[unsafe(no_mangle)]
            unsafe extern "C" fn free(block: *mut u8) {
                // SAFETY: C's contract of `free`.
                unsafe { $heap.c_free(block) }
            }
            #[unsafe(no_mangle)]
            unsafe extern "C" fn realloc(block: *mut u8, size: usize) -> *mut u8 {
                // SAFETY: C's contract of `realloc`.
                unsafe { $heap.c_realloc(block, size) }
            }
            #[unsafe(no_mangle)]
            unsafe extern "C" fn reallocarray(
                block: *mut u8,
                count: usize,
                size: usize,
            ) -> *mut u8 {
                // A product that overflows is larger than any block.
                let size = count.checked_mul(size).unwrap_or(usize::MAX);
                // SAFETY: the contract of `reallocarray`.
                unsafe { $heap.c_realloc(block, size) }
            }
            #[unsafe(no_mangle)]
            extern "C" fn aligned_alloc(align: usize, size: usize) -> *mut u8 {
                $heap.c_aligned_alloc(align, size)
            }
            #[unsafe(no_mangle)]
            extern "C" fn memalign(align: usize, size: usize) -> *mut u8 {
                $heap.c_aligned_alloc(align, size)
            }
            #[unsafe(no_mangle)]
            unsafe extern "C" fn posix_memalign(
                out: *mut *mut u8,
                align: usize,
                size: usize,
            ) -> i32 {
                // SAFETY: POSIX's contract of `posix_memalign`.
                unsafe { $heap.c_posix_memalign(out, align, size) }
            }
            #[unsafe(no_mangle)]
            unsafe extern "C" fn malloc_usable_size(block: *mut u8) -> usize {
                // SAFETY: the contract of `malloc_usable_size`.
                unsafe { $heap.c_usable_size(block) }
            }
        };
    };
}
