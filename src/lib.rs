#![doc = include_str!("../README.md")]
//!
//! # Features
//! | feature | default | what it adds |
//! |---|---|---|
//! | `sptr` | yes | strict-provenance methods from the crate sptr; without it, core's own |
//! | `alloc` | | cores backed by the global allocator |
//! | `allocator-api2` | | cores backed by any `Allocator` of the crate allocator-api2, version 0.4; cores (`Local`) and heaps that are one |
//! | `unstable` | | the same with `core::alloc::Allocator`, on nightly; with both features, with that trait alone |
//! | `checked` | | every misuse named at the call, red zones, poison and quarantine: `checked` |
//! | `c` | | C's `malloc` and `free` over a heap: `c_interface!` |
//! | `trace` | | `trace::Traced`: a record of every operation, for readers outside of the module |
//! | `critical-section` | | without an operating system: interrupt handlers may allocate; targets without compare-and-swap need no feature for it |
//!
//! Features only add, but for `unstable` beside `allocator-api2`. None needs the standard library.

#![no_std]
#![cfg_attr(feature = "unstable", feature(allocator_api))]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(target_arch = "wasm64", feature(simd_wasm64))]
#![warn(missing_docs)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(unix, windows, test))]
extern crate std;

#[cfg(any(feature = "unstable", feature = "allocator-api2"))]
pub mod allocator;
pub mod backing;
mod bitmap;
pub mod buddy;
pub mod bump;
#[cfg(feature = "c")]
pub mod c;
#[cfg(feature = "checked")]
pub mod checked;
mod descriptor;
mod error;
mod global;
pub mod heap;
mod heaps;
pub mod inspect;
pub mod linear;
#[cfg(any(feature = "unstable", feature = "allocator-api2"))]
mod local;
mod lock;
mod machine;
pub mod prelude;
mod provenance;
mod region;
pub mod slab;
#[cfg(feature = "trace")]
pub mod trace;
#[cfg(not(feature = "checked"))]
mod unchecked;

#[cfg(not(feature = "checked"))]
use unchecked as checked;

// Inline: the front page says of each what it is.
#[cfg(feature = "alloc")]
#[doc(inline)]
pub use backing::Global;
#[cfg(any(feature = "unstable", feature = "allocator-api2"))]
pub use local::{Core, Local};
#[doc(inline)]
pub use {
    backing::{BackingAllocator, Raw},
    buddy::Buddy,
    bump::Bump,
    descriptor::Descriptor,
    error::{AllocError, AllocInitError},
    global::Shell,
    heap::Heap,
    heaps::{BuddyHeap, BumpHeap, SlabHeap, TinyHeap, TinyStats},
    linear::Linear,
    slab::Slab,
};
