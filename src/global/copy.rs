//! Copies of blocks that move.

/// Up to this many bytes are copied word by word: `memory.copy` is a call out of the module's code in V8, which
/// costs more than so short a copy.
const SHORT: usize = 128;
const WORD: usize = size_of::<u64>();

/// Copies `len` bytes.
///
/// # Safety
/// Both are valid for as many, and do not overlap.
#[inline(always)]
pub(super) unsafe fn copy(from: *const u8, to: *mut u8, len: usize) {
    if !(WORD..=SHORT).contains(&len) {
        // SAFETY: by this function's contract both are valid, and do not overlap.
        return unsafe { from.copy_to_nonoverlapping(to, len) };
    }
    let last = len - WORD;
    let mut at = 0;
    loop {
        // SAFETY: `at` is at most `last`, so the word is inside of the `len` bytes.
        let word = unsafe { from.wrapping_add(at).cast::<u64>().read_unaligned() };
        // SAFETY: `at` is at most `last`, so the word is inside of the `len` bytes.
        unsafe { to.wrapping_add(at).cast::<u64>().write_unaligned(word) };
        if at == last {
            return;
        }
        // The last word ends with the bytes, and may overlap the one before it.
        at = (at + WORD).min(last);
    }
}

#[cfg(test)]
mod tests {
    use super::{SHORT, copy};

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
