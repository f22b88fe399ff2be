//! Cores as `Allocator`s, for collections on one thread.

use core::{alloc::Layout, cell::UnsafeCell, ptr::NonNull};

use crate::{
    BackingAllocator, Buddy, Bump, Slab,
    allocator::{AllocError, Allocator},
    provenance,
};

/// What [`Local`] needs of a core.
pub trait Core {
    /// Allocates a block.
    ///
    /// # Errors
    /// If there is none for the layout.
    fn allocate(&mut self, layout: Layout) -> Result<NonNull<[u8]>, crate::AllocError>;

    /// Frees a block.
    ///
    /// # Safety
    /// It was allocated by this core and not freed since.
    unsafe fn deallocate(&mut self, ptr: NonNull<u8>);

    /// Makes a block larger or smaller where it is.
    ///
    /// # Errors
    /// If that cannot be; the block is as it was.
    ///
    /// # Safety
    /// It was allocated by this core for `old` and not freed since.
    unsafe fn resize(
        &mut self,
        ptr: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, crate::AllocError>;
}

macro_rules! core {
    ([$($generics:tt)*] $core:ty) => {
        impl<$($generics)*> Core for $core {
            fn allocate(&mut self, layout: Layout) -> Result<NonNull<[u8]>, crate::AllocError> {
                self.allocate(layout)
            }

            unsafe fn deallocate(&mut self, ptr: NonNull<u8>) {
                // SAFETY: as the caller promises.
                unsafe { self.deallocate(ptr) }
            }

            unsafe fn resize(
                &mut self,
                ptr: NonNull<u8>,
                old: Layout,
                new: Layout,
            ) -> Result<NonNull<[u8]>, crate::AllocError> {
                if new.size() >= old.size() {
                    // SAFETY: as the caller promises.
                    unsafe { self.grow(ptr, old, new) }
                } else {
                    // SAFETY: as the caller promises.
                    unsafe { self.shrink(ptr, old, new) }
                }
            }
        }
    };
}
core!([const BLK_SIZE: usize, const LEVELS: usize, A: BackingAllocator] Buddy<BLK_SIZE, LEVELS, A>);
core!([A: BackingAllocator] Bump<A>);
core!([A: BackingAllocator] Slab<A>);

/// A core that collections can be built on: an `Allocator` for one thread.
///
/// # Example
/// ```
/// # #[cfg(all(feature = "allocator-api2", not(feature = "unstable")))] {
/// use bonsai_alloc::{Local, prelude::*};
///
/// let buddy = Local::new(Buddy::<4096, 9, Linear>::try_new(4).unwrap());
/// let mut primes = allocator_api2::vec::Vec::new_in(&buddy);
/// primes.extend_from_slice(&[2, 3, 5, 7]);
/// # }
/// ```
#[derive(Debug)]
pub struct Local<C>(UnsafeCell<C>);

impl<C: Core> Local<C> {
    /// Shares a core.
    pub const fn new(core: C) -> Self {
        Local(UnsafeCell::new(core))
    }

    /// Ends the sharing.
    pub fn into_inner(self) -> C {
        self.0.into_inner()
    }

    #[expect(clippy::mut_from_ref, reason = "the one place where a shared core is borrowed")]
    fn core(&self) -> &mut C {
        // SAFETY: `Local` is not `Sync`, no method of a core calls back, and the reference ends
        // with the method that took it.
        unsafe { &mut *self.0.get() }
    }
}

// SAFETY: a core's blocks stay where they are as long as it lives, wherever it moves, and are
// its memory's until they are given back.
unsafe impl<C: Core> Allocator for Local<C> {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        if layout.size() == 0 {
            let dangling = provenance::dangling(layout.align());
            return Ok(NonNull::slice_from_raw_parts(dangling, 0));
        }
        self.core().allocate(layout).map_err(|_| AllocError)
    }

    unsafe fn deallocate(&self, ptr: NonNull<u8>, layout: Layout) {
        if layout.size() > 0 {
            // SAFETY: as the caller promises.
            unsafe { self.core().deallocate(ptr) }
        }
    }

    unsafe fn grow(
        &self,
        ptr: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: as the caller promises.
        unsafe { self.resize(ptr, old, new) }
    }

    unsafe fn shrink(
        &self,
        ptr: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: as the caller promises.
        unsafe { self.resize(ptr, old, new) }
    }
}

impl<C: Core> Local<C> {
    /// In place where the core can, else by moving.
    ///
    /// # Safety
    /// `ptr` was allocated by this for `old` and not freed since.
    unsafe fn resize(
        &self,
        ptr: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        if old.size() > 0 && new.size() > 0 {
            // SAFETY: as the caller promises.
            if let Ok(block) = unsafe { self.core().resize(ptr, old, new) } {
                return Ok(block);
            }
        }
        let block = Allocator::allocate(self, new)?;
        let len = old.size().min(new.size());
        // SAFETY: two distinct blocks, each at least that long.
        unsafe { block.cast::<u8>().copy_from_nonoverlapping(ptr, len) };
        // SAFETY: as the caller promises.
        unsafe { Allocator::deallocate(self, ptr, old) };
        Ok(block)
    }
}
