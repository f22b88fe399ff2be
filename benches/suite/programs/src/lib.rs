//! Real programs: crates that people use, on input that is generated from a seed. Each is a function
//! of how large its input is and of the seed; it returns a checksum of what it computed.
//!
//! The table in `harness/shapes.mjs` names them; a program's number is its place in [`PROGRAMS`].

#![cfg(target_arch = "wasm32")]

mod documents;
mod languages;
mod maps;
mod text;

// For its global allocator: a crate that nobody mentions is not linked.
use bonsai_suite_allocators as _;
// For its exports.
#[cfg(feature = "soak")]
use bonsai_suite_soak as _;
use text::Random;

const PROGRAMS: [fn(usize, &mut Random) -> u64; 7] = [
    documents::json,
    documents::markdown,
    documents::regex,
    documents::deflate,
    languages::wat,
    languages::rhai,
    maps::mix,
];

/// Runs a program.
#[unsafe(no_mangle)]
pub extern "C" fn run(program: u32, size: u32, seed: u32) -> u64 {
    PROGRAMS[program as usize](size as usize, &mut Random::new(seed))
}
