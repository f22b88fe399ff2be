//! Cores as `Allocator`s, for collections on one thread.

use core::{alloc::Layout, cell::UnsafeCell, ptr::NonNull};

use crate::{
    BackingAllocator, Buddy, Bump, Slab,
    allocator::{AllocError, Allocator},
    provenance,
};

mod private {
    /// Seals [`Core`](super::Core): `Local` relies on the blocks that a core hands out.
    pub trait Sealed {}
}

/// The operations of a core that [`Local`] is built on.
///
/// The trait is sealed, because unsafe code relies on what `allocate` returns. It is implemented by
/// [`Buddy`], [`Bump`] and [`Slab`].
///
/// ```compile_fail,E0277
/// use bonsai_alloc::{AllocError, Core, Local};
/// use core::{alloc::Layout, ptr::NonNull};
///
/// struct Wild;
///
/// impl Core for Wild {
///     fn allocate(&mut self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
///         Ok(NonNull::slice_from_raw_parts(NonNull::without_provenance(64.try_into().unwrap()), layout.size()))
///     }
///     unsafe fn deallocate(&mut self, _: NonNull<u8>) {}
///     unsafe fn resize(
///         &mut self,
///         _: NonNull<u8>,
///         _: Layout,
///         _: Layout,
///     ) -> Result<NonNull<[u8]>, AllocError> {
///         Err(AllocError)
///     }
/// }
/// ```
pub trait Core: private::Sealed {
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
        impl<$($generics)*> private::Sealed for $core {}

        impl<$($generics)*> Core for $core {
            fn allocate(&mut self, layout: Layout) -> Result<NonNull<[u8]>, crate::AllocError> {
                self.allocate(layout)
            }

            unsafe fn deallocate(&mut self, ptr: NonNull<u8>) {
                // SAFETY: `Core::deallocate` has the contract of the core's own method.
                unsafe { self.deallocate(ptr) }
            }

            unsafe fn resize(
                &mut self,
                ptr: NonNull<u8>,
                old: Layout,
                new: Layout,
            ) -> Result<NonNull<[u8]>, crate::AllocError> {
                if new.size() >= old.size() {
                    // SAFETY: `ptr` is a live block of `old` by the contract of `Core::resize`, and
                    // `new` is no smaller by the test before.
                    unsafe { self.grow(ptr, old, new) }
                } else {
                    // SAFETY: `ptr` is a live block of `old` by the contract of `Core::resize`, and
                    // `new` is smaller by the test before.
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
/// let buddy = Local::new(Buddy::<4096, 9, _>::try_new_in(4, Linear).unwrap());
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

    /// Borrows the core.
    ///
    /// # Safety
    /// No other reference to the core is used before the last use of this one.
    #[expect(clippy::mut_from_ref, reason = "the one place where a shared core is borrowed")]
    unsafe fn core(&self) -> &mut C {
        // SAFETY: `Local` is not `Sync`, so this thread alone has it, and this function's contract
        // excludes other references on this thread.
        unsafe { &mut *self.0.get() }
    }
}

// SAFETY: `Core` is sealed. The blocks of its three implementations stay at their addresses when the
// core moves, do not overlap, and are their holder's until they are given back.
unsafe impl<C: Core> Allocator for Local<C> {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        if layout.size() == 0 {
            let dangling = provenance::dangling(layout.align());
            return Ok(NonNull::slice_from_raw_parts(dangling, 0));
        }
        // SAFETY: `Core::allocate` calls nothing of `Local`, and the reference ends with the call.
        let core = unsafe { self.core() };
        core.allocate(layout).map_err(|_| AllocError)
    }

    unsafe fn deallocate(&self, ptr: NonNull<u8>, layout: Layout) {
        if layout.size() > 0 {
            // SAFETY: `Core::deallocate` calls nothing of `Local`, and the reference ends with the
            // call.
            let core = unsafe { self.core() };
            // SAFETY: the contract of `Allocator::deallocate` says that `ptr` is a live block of
            // this allocator, and one with a size is the core's.
            unsafe { core.deallocate(ptr) }
        }
    }

    unsafe fn grow(
        &self,
        ptr: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: the contract of `Allocator::grow` says that `ptr` is a live block of `old`.
        unsafe { self.resize(ptr, old, new) }
    }

    unsafe fn shrink(
        &self,
        ptr: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: the contract of `Allocator::shrink` says that `ptr` is a live block of `old`.
        unsafe { self.resize(ptr, old, new) }
    }
}

impl<C: Core> Local<C> {
    /// Resizes a block in place where the core can, else by moving it.
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
            // SAFETY: `Core::resize` calls nothing of `Local`, and the reference ends with the call.
            let core = unsafe { self.core() };
            // SAFETY: this function's contract says that `ptr` is a live block of `old`, and one
            // with a size is the core's.
            if let Ok(block) = unsafe { core.resize(ptr, old, new) } {
                return Ok(block);
            }
        }
        let block = Allocator::allocate(self, new)?;
        let len = old.size().min(new.size());
        // SAFETY: `ptr` is a live block of `old.size()` bytes, and `block` another one of
        // `new.size()`; `len` is no more than either.
        unsafe { block.cast::<u8>().copy_from_nonoverlapping(ptr, len) };
        // SAFETY: this function's contract says that `ptr` is a live block of `old`.
        unsafe { Allocator::deallocate(self, ptr, old) };
        Ok(block)
    }
}
