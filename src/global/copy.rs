//! Copies of blocks that move, and zeros.

use core::mem::MaybeUninit;

/// Up to this many bytes are copied or cleared word by word: `memory.copy` and `memory.fill` are calls out of the
/// module's code in V8, which cost more than so few words.
pub(crate) const SHORT: usize = 128;
/// Bytes that a program may not have written yet.
type Word = MaybeUninit<u64>;
const WORD: usize = size_of::<Word>();

/// Calls `step` with the offset of each word of `len` bytes, at least [`WORD`]. The last word ends with the bytes, and
/// may overlap the one before it.
#[inline(always)]
fn words(len: usize, mut step: impl FnMut(usize)) {
    let last = len - WORD;
    let mut at = 0;
    loop {
        step(at);
        if at == last {
            return;
        }
        at = (at + WORD).min(last);
    }
}

/// Copies `len` bytes.
///
/// # Safety
/// Both are valid for as many, and do not overlap.
#[inline(always)]
pub(crate) unsafe fn copy(from: *const u8, to: *mut u8, len: usize) {
    if !(WORD..=SHORT).contains(&len) {
        // SAFETY: by this function's contract both are valid, and do not overlap.
        return unsafe { from.copy_to_nonoverlapping(to, len) };
    }
    words(len, |at| {
        // SAFETY: `words` passes offsets of words inside of the `len` bytes.
        let word = unsafe { from.wrapping_add(at).cast::<Word>().read_unaligned() };
        // SAFETY: `words` passes offsets of words inside of the `len` bytes.
        unsafe { to.wrapping_add(at).cast::<Word>().write_unaligned(word) };
    });
}

/// Clears `len` bytes.
///
/// # Safety
/// They are valid for writes.
#[cfg(feature = "c")]
#[inline(always)]
pub(crate) unsafe fn clear(to: *mut u8, len: usize) {
    if !(WORD..=SHORT).contains(&len) {
        // SAFETY: by this function's contract valid for writes.
        return unsafe { to.write_bytes(0, len) };
    }
    words(len, |at| {
        // SAFETY: `words` passes offsets of words inside of the `len` bytes.
        unsafe { to.wrapping_add(at).cast::<u64>().write_unaligned(0) };
    });
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "c")]
    use super::clear;
    use super::{SHORT, copy};

    #[test]
    #[cfg(feature = "c")]
    fn every_length_is_cleared_and_not_a_byte_more() {
        for len in 0..=SHORT + 20 {
            for offset in [0, 3] {
                let mut bytes = [1; 2 * SHORT];
                // SAFETY: a part of the array that is `len` bytes.
                unsafe { clear(bytes[offset..offset + len].as_mut_ptr(), len) };
                for (at, byte) in bytes.into_iter().enumerate() {
                    let cleared = (offset..offset + len).contains(&at);
                    assert_eq!(byte, u8::from(!cleared), "{len}, {at}");
                }
            }
        }
    }

    #[test]
    fn every_length_is_copied_and_not_a_byte_more() {
        let from: [u8; 2 * SHORT] = core::array::from_fn(|at| (at % 255) as u8 + 1);
        for len in 0..=SHORT + 20 {
            for offset in [0, 3] {
                let mut to = [0; 2 * SHORT];
                let place = to[offset..offset + len].as_mut_ptr();
                // SAFETY: two arrays, of which both parts are `len` bytes.
                unsafe { copy(from[offset..offset + len].as_ptr(), place, len) };
                for (at, byte) in to.into_iter().enumerate() {
                    let copied = (offset..offset + len).contains(&at);
                    assert_eq!(byte, if copied { from[at] } else { 0 }, "{len}, {at}");
                }
            }
        }
    }
}
