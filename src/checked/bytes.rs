//! The patterns behind live blocks and in freed ones.

use super::report::Found;
use crate::region::Region;

/// The byte that fills a red zone.
pub(super) const ZONE: u8 = 0xFD;
/// The byte that fills a freed block.
pub(super) const POISON: u8 = 0xDD;

/// The number of bytes that are compared at once.
const CHUNK: usize = 256;

/// Fills `len` bytes from `address` on.
///
/// # Safety
/// The bytes belong to the allocator of `region`, and no reference to them exists.
pub(super) unsafe fn fill(region: &Region, address: usize, len: usize, byte: u8) {
    // SAFETY: `region` leads to these bytes, by this function's contract.
    unsafe { region.pointer(address).write_bytes(byte, len) };
}

/// Returns the offset of the first of `len` bytes that is not `byte`, and the bytes from there on.
///
/// # Safety
/// They were filled, nobody writes to them, and `region` may touch them.
pub(super) unsafe fn differs(
    region: &Region,
    address: usize,
    len: usize,
    byte: u8,
) -> Option<(usize, Found)> {
    let start = region.pointer(address);
    // SAFETY: `len` bytes from `start` were filled, so they are initialized, and by this function's
    // contract nobody writes to them.
    let bytes = unsafe { core::slice::from_raw_parts(start, len) };
    // By chunks, which compare fast without optimization too.
    let pattern = [byte; CHUNK];
    let wrong = bytes.chunks(CHUNK).position(|chunk| !pattern.starts_with(chunk))?;
    let chunk = bytes.chunks(CHUNK).nth(wrong)?;
    let offset = wrong * CHUNK + chunk.iter().position(|&other| other != byte)?;
    let mut found = Found { bytes: [0; Found::MOST], len: 0 };
    for (to, &from) in found.bytes.iter_mut().zip(bytes.iter().skip(offset)) {
        *to = from;
        found.len += 1;
    }
    Some((offset, found))
}
