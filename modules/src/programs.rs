//! Real programs: crates that people use, on input that is generated from a seed, or on files in
//! `input` of which a word is drawn. Each is a function of how large its input is, or of how often it is
//! read, and of the seed; it returns a checksum of what it computed.
//!
//! The table in `harness/shapes.mjs` names them; a program's number is its place there, and here in [`run`].

mod compilers;
mod documents;
mod languages;
mod maps;
mod text;

use text::Random;

/// Fills memory with the same bytes each time, where a dependency asks for a seed of its hashes:
/// its maps, and so its allocations, have one order in all modules.
///
/// # Safety
/// `bytes` points to `length` bytes that nobody else uses.
#[cfg(feature = "lightningcss")]
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(
    bytes: *mut u8,
    length: usize,
) -> Result<(), getrandom::Error> {
    // SAFETY: the caller, which is the crate getrandom, gives its buffer and that one's length.
    unsafe { bytes.write_bytes(0x5a, length) };
    Ok(())
}

/// Runs a program; traps if it is not in this module.
#[unsafe(no_mangle)]
pub extern "C" fn run(program: u32, size: u32, seed: u32) -> u64 {
    let random = &mut Random::new(seed);
    let size = size as usize;
    match program {
        #[cfg(feature = "serde_json")]
        0 => documents::json(size, random),
        #[cfg(feature = "pulldown-cmark")]
        1 => documents::markdown(size, random),
        #[cfg(feature = "regex")]
        2 => documents::regex(size, random),
        #[cfg(feature = "miniz_oxide")]
        3 => documents::deflate(size, random),
        #[cfg(feature = "wat")]
        4 => languages::wat(size, random),
        #[cfg(feature = "rhai")]
        5 => languages::rhai(size, random),
        #[cfg(feature = "maps")]
        6 => maps::mix(size, random),
        #[cfg(feature = "lightningcss")]
        7 => compilers::style(size, random),
        #[cfg(feature = "naga")]
        8 => compilers::shader(size, random),
        #[cfg(feature = "sqlparser")]
        9 => compilers::queries(size, random),
        #[cfg(feature = "minijinja")]
        10 => documents::template(size, random),
        #[cfg(feature = "usvg")]
        11 => documents::picture(size, random),
        _ => core::arch::wasm32::unreachable(),
    }
}
