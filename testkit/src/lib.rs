//! The model, the operations and the traces that tests, fuzzers and benches of bonsai_alloc share.
//!
//! ```text
//!   Profile --generate--> [Operation] --run--> Subject (an allocator under test)
//!                              |          \--> Model   (what must be true, kept apart)
//!   tests/traces/*.trace --parse             on failure: shrink, print as a trace
//! ```
//!
//! - [`Operation`] is one thing that a program does to an allocator; a sequence of them has a text
//!   form, so that a bug found by chance becomes a file of the test suite.
//! - [`Subject`] is an allocator under test. `cores` and `heaps` implement it.
//! - [`Model`] is the oracle. It knows which ranges are live and what was written to them, and
//!   nothing of how an allocator works.
//! - [`Promise`] is what a heap says about the requests that it refuses; the model demands it.
//! - [`run`] applies operations to a subject and holds every answer against the model.
//! - [`decode`] makes operations of any bytes, and [`fuzz`] runs a fuzzer's inputs.
//! - [`drive`] does that with random operations, and cuts a failing sequence down to a short one.

#![cfg_attr(feature = "unstable", feature(allocator_api))]

pub mod cores;
pub mod decode;
#[cfg(any(unix, windows))]
pub mod fuzz;
pub mod generate;
#[cfg(any(unix, windows))]
pub mod heaps;
mod model;
mod operation;
#[cfg(any(unix, windows))]
pub mod pool;
mod promise;
pub mod recording;
mod run;
mod shrink;
mod subject;
#[cfg(any(unix, windows))]
pub mod subjects;

pub use fastrand;
pub use generate::{Profile, Sizes};
pub use model::{Model, Placed};
pub use operation::{Operation, Trace};
pub use promise::Promise;
pub use run::{Failure, Options, Report, drive, replay, run};
pub use shrink::shrink;
pub use subject::{Closeness, Legality, Subject};

/// The number of pages of a native program's memory. Miri commits what is reserved.
pub const MACHINE_PAGES: usize = if cfg!(miri) {
    64
} else if cfg!(target_pointer_width = "32") {
    bonsai_alloc::linear::MAX_PAGES / 16
} else {
    bonsai_alloc::linear::MAX_PAGES
};
