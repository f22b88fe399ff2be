//! Real programs: crates that people use, on input that is generated from a seed, or on files in
//! `input` of which a word is drawn. Each is a function of how large its input is, or of how often it is
//! read, and of the seed; it returns a checksum of what it computed.
//!
//! The table in `harness/shapes.mjs` names them; a program's number is its place in [`PROGRAMS`].

#![cfg(target_arch = "wasm32")]

mod compilers;
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

const PROGRAMS: [fn(usize, &mut Random) -> u64; 12] = [
    documents::json,
    documents::markdown,
    documents::regex,
    documents::deflate,
    languages::wat,
    languages::rhai,
    maps::mix,
    compilers::style,
    compilers::shader,
    compilers::queries,
    documents::template,
    documents::picture,
];

/// Fills memory with the same bytes each time, where a dependency asks for a seed of its hashes:
/// its maps, and so its allocations, have one order in all modules.
///
/// # Safety
/// `bytes` points to `length` bytes that nobody else uses.
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(
    bytes: *mut u8,
    length: usize,
) -> Result<(), getrandom::Error> {
    // SAFETY: the caller, which is the crate getrandom, gives its buffer and that one's length.
    unsafe { bytes.write_bytes(0x5a, length) };
    Ok(())
}

/// Runs a program.
#[unsafe(no_mangle)]
pub extern "C" fn run(program: u32, size: u32, seed: u32) -> u64 {
    PROGRAMS[program as usize](size as usize, &mut Random::new(seed))
}
