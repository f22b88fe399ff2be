//! Allocators for WebAssembly linear memory.
//!
//! | type | is | pick it for |
//! |---|---|---|
//! | [`Heap`] | a global allocator | programs of any kind |
//! | [`SlabHeap`] | a global allocator | seeing how allocation works: slabs over a buddy |
//! | [`BuddyHeap`] | a global allocator | bounded time, large and strongly aligned blocks |
//! | [`BumpHeap`] | a global allocator | modules that live for one request |
//! | [`TinyHeap`] | a global allocator | the smallest module |
//! | [`Buddy`] | a core over memory of yours | blocks of medium and large sizes |
//! | [`Slab`] | a core over memory of yours | many values of one size |
//! | [`Bump`] | a core over memory of yours | memory that is freed all at once |
//!
//! A **core** manages memory that it is given: by raw pointers ([`Raw`]), by the global allocator
//! (`Global`, feature `alloc`), by any `Allocator`, or from `memory.grow` ([`Linear`]). A **heap**
//! takes its memory from `memory.grow` as it needs it, and one line makes it the allocator of a
//! whole program:
//!
//! ```
//! #[global_allocator]
//! static HEAP: bonsai_alloc::Heap = bonsai_alloc::Heap::new();
//!
//! fn main() {
//!     let words = vec!["the", "same", "line", "works", "natively"];
//!     assert_eq!(words.len(), 5);
//! }
//! ```
//!
//! All of them can be [looked into](inspect::Inspect), and a heap also from outside of the module:
//! see [`inspectable!`].
//!
//! # Features
//! | feature | default | what it adds |
//! |---|---|---|
//! | `sptr` | yes | strict-provenance methods from the crate sptr; without it, core's own |
//! | `alloc` | | cores backed by the global allocator |
//! | `allocator-api2` | | cores backed by any `Allocator` of the crate allocator-api2, version 0.2; cores (`Local`) and heaps that are one |
//! | `unstable` | | the same with `core::alloc::Allocator`, on nightly |
//! | `checked` | | every misuse named at the call, red zones, poison and quarantine: `checked` |
//! | `c` | | C's `malloc` and `free` over a heap: `c_interface!` |
//! | `trace` | | `trace::Traced`: a record of every operation, for readers outside of the module |
//! | `critical-section` | | without an operating system: interrupt handlers may allocate; targets without compare-and-swap need no feature for it |
//!
//! Features only add. None needs the standard library.

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
#[cfg(not(feature = "checked"))]
#[path = "checked/inert.rs"]
mod checked;
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
pub mod prelude;
mod provenance;
mod region;
pub mod slab;
#[cfg(feature = "trace")]
pub mod trace;

#[cfg(feature = "alloc")]
pub use backing::Global;
#[cfg(any(feature = "unstable", feature = "allocator-api2"))]
pub use local::{Core, Local};
pub use {
    backing::{BackingAllocator, Raw},
    buddy::Buddy,
    bump::Bump,
    descriptor::Descriptor,
    error::{AllocError, AllocInitError},
    heap::Heap,
    heaps::{BuddyHeap, BumpHeap, SlabHeap, TinyHeap, TinyStats},
    linear::Linear,
    slab::Slab,
};

/// Runs the README's examples.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
