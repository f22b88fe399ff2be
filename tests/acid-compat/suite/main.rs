//! A program written for acid_alloc 0.1.0: every constructor and every method of its public API,
//! and a small program that uses the three allocators together.
//!
//! These files name nothing but `acid_alloc`. Two manifests build them: `../Cargo.toml` with this
//! crate under that name, `../forebear/Cargo.toml` with acid_alloc 0.1.0 itself.

#![cfg_attr(feature = "unstable", feature(allocator_api))]

#[cfg(feature = "unstable")]
mod backed;
mod buddy;
mod bump;
mod crate_root;
mod program;
mod region;
mod slab;
