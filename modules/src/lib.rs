//! Programs as wasm modules: one feature chooses the program, another one its global allocator. table.mjs names the
//! combinations that are in use, and build.mjs builds them.

// The module's allocator is all that some programs use of this.
#[cfg(target_arch = "wasm32")]
pub mod allocator;
#[cfg(feature = "demo")]
pub mod demo;
#[cfg(feature = "empty")]
pub mod empty;
#[cfg(feature = "free")]
pub mod free;
#[cfg(feature = "misuse")]
pub mod misuse;
#[cfg(feature = "program")]
pub mod programs;
#[cfg(feature = "random")]
pub mod random;
#[cfg(feature = "shapes")]
pub mod shapes;
#[cfg(feature = "soak")]
pub mod soak;
#[cfg(all(feature = "stack", target_arch = "wasm32"))]
pub mod stack;
#[cfg(feature = "workbench")]
pub mod workbench;
