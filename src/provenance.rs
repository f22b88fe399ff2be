//! Addresses and pointers: the only file that names sptr, and the only one that turns an address
//! into a pointer.
//!
//! Cores keep addresses, which are plain integers, and make a pointer at the moment of an access,
//! from the pointer with which they were given their memory. So no link in a free list carries a
//! pointer whose permission an access through another one could have ended.

use core::ptr::NonNull;

#[cfg(feature = "sptr")]
use sptr::Strict as _;

/// The address of `pointer`.
#[inline(always)]
#[cfg_attr(feature = "sptr", allow(unstable_name_collisions, clippy::incompatible_msrv))]
pub(crate) fn address(pointer: NonNull<u8>) -> usize {
    pointer.as_ptr().addr()
}

/// The pointer to `address` that may touch what `base` may touch.
///
/// On wasm every address is an index into the one linear memory, and without an operating system
/// one into the machine's; so the pointer is made from the integer alone: [`expose`] has been called
/// on every base.
#[inline(always)]
#[cfg(any(target_family = "wasm", not(any(unix, windows))))]
pub(crate) fn at(base: NonNull<u8>, address: usize) -> *mut u8 {
    let _ = base;
    exposed(address)
}

/// The pointer to `address` that may touch what `base` may touch.
#[inline(always)]
#[cfg(not(any(target_family = "wasm", not(any(unix, windows)))))]
#[cfg_attr(feature = "sptr", allow(unstable_name_collisions))]
pub(crate) fn at(base: NonNull<u8>, address: usize) -> *mut u8 {
    base.as_ptr().with_addr(address)
}

/// A pointer to `address` in memory that the compiler knows nothing of, or whose pointer was
/// given to [`expose`].
#[inline(always)]
#[cfg(all(any(test, target_family = "wasm", not(any(unix, windows))), feature = "sptr"))]
pub(crate) fn exposed(address: usize) -> *mut u8 {
    sptr::from_exposed_addr_mut(address)
}

/// A pointer to `address` in memory that the compiler knows nothing of, or whose pointer was
/// given to [`expose`].
#[inline(always)]
#[cfg(all(any(test, target_family = "wasm", not(any(unix, windows))), not(feature = "sptr")))]
pub(crate) fn exposed(address: usize) -> *mut u8 {
    core::ptr::with_exposed_provenance_mut(address)
}

/// Allows pointers made from integers to touch what `pointer` may touch.
#[inline(always)]
#[cfg_attr(feature = "sptr", allow(unstable_name_collisions))]
pub(crate) fn expose(pointer: NonNull<u8>) {
    #[cfg(feature = "sptr")]
    let _ = pointer.as_ptr().expose_addr();
    #[cfg(not(feature = "sptr"))]
    let _ = pointer.as_ptr().expose_provenance();
}

/// A pointer that is aligned to `align` and must not be dereferenced.
#[inline(always)]
#[cfg(feature = "sptr")]
pub(crate) fn dangling(align: usize) -> NonNull<u8> {
    NonNull::new(sptr::invalid_mut(align)).unwrap_or(NonNull::dangling())
}

/// A pointer that is aligned to `align` and must not be dereferenced.
#[inline(always)]
#[cfg(not(feature = "sptr"))]
pub(crate) fn dangling(align: usize) -> NonNull<u8> {
    NonNull::new(core::ptr::without_provenance_mut(align)).unwrap_or(NonNull::dangling())
}
