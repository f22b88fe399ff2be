//! The trait `Allocator`: that of `core::alloc` with the feature `unstable`, that of the crate
//! allocator-api2 with the feature `allocator-api2` alone.

#[cfg(not(feature = "unstable"))]
pub use allocator_api2::alloc::{AllocError, Allocator};
#[cfg(feature = "unstable")]
pub use core::alloc::{AllocError, Allocator};
