//! Pieces of memory that a program gives to [`Machine`](crate::machine::Machine), until a pool
//! takes them: a list that stands in the pieces themselves.

use core::{fmt, ops::Range};

use crate::{
    bitmap::{WORD, align_down},
    provenance,
};

/// Addresses and lengths of pieces are multiples of this.
const UNIT: usize = 16;
/// The smallest piece that a heap can use.
const LEAST: usize = 4 * UNIT;

/// Memory that was offered cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProvideError {
    /// Less than 64 bytes would be left when both ends are rounded to multiples of 16.
    TooSmall,
    /// The range runs over the end of memory, or of the address space.
    OutOfReach,
}

impl fmt::Display for ProvideError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ProvideError::TooSmall => {
                "the memory is too small to be used: give 64 bytes or more, aligned to 16"
            }
            ProvideError::OutOfReach => {
                "the memory is not there: its range runs over the end of memory"
            }
        })
    }
}

impl core::error::Error for ProvideError {}

/// The pieces that no pool took yet.
#[derive(Debug)]
pub(super) struct Pieces {
    /// The address of the lowest piece, 0 for none. A piece's first word is the address of the next
    /// one, which lies above it, its second its length.
    first: usize,
}

/// The word at `address`.
fn word(address: usize) -> *mut usize {
    provenance::exposed(address).cast()
}

impl Pieces {
    pub(super) const NONE: Pieces = Pieces { first: 0 };

    /// Adds the memory at `start..start + len`, as far as it lies below `limit`. Returns the
    /// range that is used of it.
    ///
    /// # Errors
    /// As [`ProvideError`] says; nothing has changed.
    ///
    /// # Safety
    /// The memory is valid for reads and writes for ever, nobody else uses it, and its pointer was
    /// exposed.
    pub(super) unsafe fn add(
        &mut self,
        start: usize,
        len: usize,
        limit: usize,
    ) -> Result<Range<usize>, ProvideError> {
        let end = start.checked_add(len).ok_or(ProvideError::OutOfReach)?;
        // Address 0 means none, so the first unit of memory is not used.
        let from = start.max(1).checked_next_multiple_of(UNIT).ok_or(ProvideError::TooSmall)?;
        let to = align_down(end.min(limit), UNIT);
        if to < end - end % UNIT && to <= from {
            return Err(ProvideError::OutOfReach);
        }
        if to.saturating_sub(from) < LEAST {
            return Err(ProvideError::TooSmall);
        }
        let (mut before, mut next) = (0, self.first);
        while next != 0 && next < from {
            before = next;
            // SAFETY: `next` is a piece that `add` wrote two words into, and nobody else uses it.
            next = unsafe { word(next).read() };
        }
        // SAFETY: `from..to` lies in the memory that this function's contract gives, and has room
        // for two words.
        unsafe { word(from).write(next) };
        // SAFETY: the second of the two words.
        unsafe { word(from + WORD).write(to - from) };
        if before == 0 {
            self.first = from;
        } else {
            // SAFETY: the first word of a piece on the list.
            unsafe { word(before).write(from) };
        }
        Ok(from..to)
    }

    /// Takes the lowest piece: in the order of addresses, each one of a heap begins where more can follow.
    #[inline]
    pub(super) fn take(&mut self) -> Option<Range<usize>> {
        let start = self.first;
        if start == 0 {
            return None;
        }
        // SAFETY: `first` is a piece that `add` wrote two words into, and nobody else uses it.
        self.first = unsafe { word(start).read() };
        // SAFETY: the second of the two words.
        let len = unsafe { word(start + WORD).read() };
        Some(start..start + len)
    }
}

#[cfg(test)]
mod tests {
    use core::ptr::NonNull;
    use std::string::ToString;

    use super::*;

    #[repr(align(16))]
    struct Memory([u8; 1024]);

    /// Gives a part of a memory, as offsets, and returns the part that is used.
    fn given(
        offset: usize,
        len: usize,
        limit: usize,
    ) -> (Result<Range<usize>, ProvideError>, Option<Range<usize>>) {
        let mut memory = Memory([0xA5; 1024]);
        let start = NonNull::from(&mut memory.0).cast::<u8>();
        provenance::expose(start);
        let base = provenance::address(start);
        let mut pieces = Pieces::NONE;
        // SAFETY: the memory outlives the pieces, and nobody else uses it.
        let used = unsafe { pieces.add(base + offset, len, base + limit) };
        let relative = |range: Range<usize>| range.start - base..range.end - base;
        (used.map(relative), pieces.take().map(relative))
    }

    #[test]
    fn odd_addresses_and_sizes_are_used_as_far_as_units_go() {
        for (offset, len, used) in [
            (0, 1024, 0..1024),
            (1, 1000, 16..992),
            (15, 94, 16..96),
            (16, 79, 16..80),
            (7, 1017, 16..1024),
        ] {
            let (answer, piece) = given(offset, len, 1024);
            assert_eq!((answer, piece), (Ok(used.clone()), Some(used)), "{offset}, {len}");
        }
    }

    #[test]
    fn memory_that_cannot_be_used_is_an_error() {
        for (offset, len) in [(0, 0), (0, 63), (1, 78), (15, 64), (1000, 24)] {
            let answer = given(offset, len, 1024);
            assert_eq!(answer, (Err(ProvideError::TooSmall), None), "{offset}, {len}");
        }
        let answer = given(512, 512, 512);
        assert_eq!(answer, (Err(ProvideError::OutOfReach), None));
        assert_eq!(given(512, 512, 640), (Ok(512..640), Some(512..640)));
        let mut pieces = Pieces::NONE;
        for (start, len) in [(usize::MAX, 1), (1 << 20, usize::MAX), (usize::MAX - 100, 101)] {
            // SAFETY: refused before it is touched.
            let answer = unsafe { pieces.add(start, len, usize::MAX) };
            assert_eq!(answer, Err(ProvideError::OutOfReach), "{start:#x}, {len:#x}");
        }
        // SAFETY: refused before it is touched.
        let answer = unsafe { pieces.add(usize::MAX - 40, 40, usize::MAX) };
        assert_eq!(answer, Err(ProvideError::TooSmall));
        assert!(ProvideError::TooSmall.to_string().contains("64 bytes"));
    }

    #[test]
    fn several_pieces_are_taken_each_once_in_order_of_address() {
        let mut memory = Memory([0; 1024]);
        let start = NonNull::from(&mut memory.0).cast::<u8>();
        provenance::expose(start);
        let base = provenance::address(start);
        let mut pieces = Pieces::NONE;
        for offset in [512, 0, 256] {
            // SAFETY: the memory outlives the pieces, and nobody else uses it.
            unsafe { pieces.add(base + offset, 128, usize::MAX) }.unwrap();
        }
        for offset in [0, 256, 512] {
            assert_eq!(pieces.take(), Some(base + offset..base + offset + 128));
        }
        assert_eq!(pieces.take(), None);
    }
}
