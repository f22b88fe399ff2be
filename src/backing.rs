//! Backings: the memory that a core stands on, and the way it goes back.
//!
//! A core is given its memory by its owner: raw pointers ([`Raw`]), the global allocator
//! (`Global`, feature `alloc`), any `Allocator` (features `unstable` and `allocator-api2`), or
//! linear memory ([`Linear`], or a [`Pool`]).

use core::{alloc::Layout, ptr::NonNull};

#[cfg(any(feature = "unstable", feature = "allocator-api2"))]
use crate::allocator::Allocator;
use crate::{
    AllocError,
    linear::{Linear, LinearMemory, PageSource, Pool},
};

mod private {
    pub trait Sealed {}
}
use private::Sealed;

/// Memory that an allocator can be backed by.
///
/// Implemented by [`Raw`], `Global`, [`Linear`] and [`&Pool`](Pool), and, with the features
/// `unstable` or `allocator-api2`, by every `Allocator`. The trait is sealed: cores rely on the memory that a backing hands out.
///
/// ```compile_fail,E0277
/// use bonsai_alloc::{BackingAllocator, backing::Source, AllocError};
/// use core::{alloc::Layout, ptr::NonNull};
///
/// struct Wild;
///
/// impl BackingAllocator for Wild {
///     unsafe fn deallocate(&self, _: NonNull<u8>, _: Layout) {}
/// }
/// impl Source for Wild {
///     fn obtain(&self, _: Layout) -> Result<NonNull<u8>, AllocError> {
///         Ok(NonNull::dangling())
///     }
/// }
/// ```
pub trait BackingAllocator: Sealed {
    /// Gives back memory that the allocator was made with.
    ///
    /// # Safety
    /// `ptr` is a block that came from this backing with `layout`, and nothing uses it any more.
    unsafe fn deallocate(&self, ptr: NonNull<u8>, layout: Layout);
}

/// A backing that memory can be obtained from when an allocator is made.
pub trait Source: BackingAllocator {
    /// Obtains memory for `layout`. Its contents are uninitialized.
    ///
    /// # Errors
    /// There is no such memory, or the size is 0; nothing has changed.
    fn obtain(&self, layout: Layout) -> Result<NonNull<u8>, AllocError>;
}

/// The backing of allocators made from raw pointers: the memory stays their caller's, and nothing
/// happens to it when the allocator is dropped.
#[derive(Clone, Copy, Debug, Default)]
pub struct Raw;

impl Sealed for Raw {}
impl BackingAllocator for Raw {
    unsafe fn deallocate(&self, _: NonNull<u8>, _: Layout) {}
}

/// The global allocator as a backing.
///
/// With the features `alloc` and `unstable` together this is `alloc::alloc::Global`.
#[cfg(all(feature = "alloc", not(feature = "unstable")))]
#[derive(Clone, Copy, Debug, Default)]
pub struct Global;

#[cfg(all(feature = "alloc", feature = "unstable"))]
pub use alloc::alloc::Global;

#[cfg(all(feature = "alloc", not(feature = "unstable")))]
impl Sealed for Global {}

#[cfg(all(feature = "alloc", not(feature = "unstable")))]
impl BackingAllocator for Global {
    unsafe fn deallocate(&self, ptr: NonNull<u8>, layout: Layout) {
        // SAFETY: `obtain` took `ptr` from the global allocator with this layout, by this
        // function's contract.
        unsafe { alloc::alloc::dealloc(ptr.as_ptr(), layout) }
    }
}

#[cfg(all(feature = "alloc", not(feature = "unstable")))]
impl Source for Global {
    fn obtain(&self, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        if layout.size() == 0 {
            return Err(AllocError);
        }
        // SAFETY: the size is not 0, by the test before.
        NonNull::new(unsafe { alloc::alloc::alloc(layout) }).ok_or(AllocError)
    }
}

impl Sealed for Linear {}
impl BackingAllocator for Linear {
    unsafe fn deallocate(&self, ptr: NonNull<u8>, layout: Layout) {
        // SAFETY: `obtain` acquired `ptr` from this pool with this layout, by this function's
        // contract.
        unsafe { self.pool().release(ptr, layout) }
    }
}
impl Source for Linear {
    fn obtain(&self, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        self.pool().acquire(layout).ok_or(AllocError)
    }
}

impl<L: LinearMemory> Sealed for &Pool<L> {}
impl<L: LinearMemory> BackingAllocator for &Pool<L> {
    unsafe fn deallocate(&self, ptr: NonNull<u8>, layout: Layout) {
        // SAFETY: `obtain` acquired `ptr` from this pool with this layout, by this function's
        // contract.
        unsafe { self.release(ptr, layout) }
    }
}
impl<L: LinearMemory> Source for &Pool<L> {
    fn obtain(&self, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        self.acquire(layout).ok_or(AllocError)
    }
}

#[cfg(any(feature = "unstable", feature = "allocator-api2"))]
impl<A: Allocator> Sealed for A {}

#[cfg(any(feature = "unstable", feature = "allocator-api2"))]
impl<A: Allocator> BackingAllocator for A {
    unsafe fn deallocate(&self, ptr: NonNull<u8>, layout: Layout) {
        // SAFETY: `obtain` allocated `ptr` from this allocator with this layout, by this function's
        // contract.
        unsafe { Allocator::deallocate(self, ptr, layout) }
    }
}

#[cfg(any(feature = "unstable", feature = "allocator-api2"))]
impl<A: Allocator> Source for A {
    fn obtain(&self, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        if layout.size() == 0 {
            return Err(AllocError);
        }
        match self.allocate(layout) {
            Ok(block) => Ok(block.cast()),
            Err(_) => Err(AllocError),
        }
    }
}
