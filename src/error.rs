//! The errors of constructors and allocations.

use core::{alloc::Layout, fmt};

#[cfg(feature = "unstable")]
pub use core::alloc::AllocError;

/// An allocation failed: there was no room, or no block of this allocator fits the layout.
///
/// Nothing has changed; a smaller request may succeed. With the feature `unstable` this is
/// [`core::alloc::AllocError`](https://doc.rust-lang.org/core/alloc/struct.AllocError.html).
#[cfg(not(feature = "unstable"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllocError;

#[cfg(not(feature = "unstable"))]
impl fmt::Display for AllocError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("memory allocation failed")
    }
}

#[cfg(not(feature = "unstable"))]
impl core::error::Error for AllocError {}

/// An allocator could not be made.
#[derive(Clone, Debug)]
pub enum AllocInitError {
    /// The memory it needs, for its region or its metadata, was refused. Carries the layout that
    /// was asked for.
    AllocFailed(Layout),
    /// No allocator of this configuration can exist: a size is not a power of two, too small, or
    /// too large for the address space.
    InvalidConfig,
    /// The region would run over the end of the address space, or does not begin where its
    /// alignment demands.
    InvalidLocation,
}

impl fmt::Display for AllocInitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AllocInitError::AllocFailed(layout) => write!(
                f,
                "the backing allocator refused {} bytes aligned to {}",
                layout.size(),
                layout.align()
            ),
            AllocInitError::InvalidConfig => {
                f.write_str("no allocator can have this configuration of sizes")
            }
            AllocInitError::InvalidLocation => {
                f.write_str("the region does not fit at this address")
            }
        }
    }
}

impl core::error::Error for AllocInitError {}
