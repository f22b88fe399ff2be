//! The memory of the target: one file for each kind of target says how [`Machine`](super::Machine)
//! has pages.

#[cfg(target_pointer_width = "16")]
compile_error!("bonsai_alloc needs addresses of 32 bits or more: this target's have 16");

#[cfg(not(any(unix, windows, target_family = "wasm")))]
mod bare;
#[cfg(target_os = "emscripten")]
mod emscripten;
#[cfg(all(any(unix, windows), not(target_family = "wasm")))]
mod native;
#[cfg(any(test, not(any(unix, windows))))]
mod pieces;
#[cfg(all(target_family = "wasm", not(target_os = "emscripten")))]
mod wasm;

#[cfg(not(any(unix, windows)))]
pub use pieces::ProvideError;
