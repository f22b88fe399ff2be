//! Bits and rounding. Safe code only.

/// The size of a link in a free list: one address.
pub(crate) const WORD: usize = size_of::<usize>();

/// Rounds `n` up to a multiple of `align`, a power of two; wraps around where that overflows.
#[inline(always)]
pub(crate) const fn align_up(n: usize, align: usize) -> usize {
    n.wrapping_add(align - 1) & !(align - 1)
}

/// Rounds `n` down to a multiple of `align`, a power of two.
#[inline(always)]
pub(crate) const fn align_down(n: usize, align: usize) -> usize {
    n & !(align - 1)
}

/// A set of small integers of fixed size, for the walks, which must not allocate.
#[derive(Debug)]
pub(crate) struct BitSet<const WORDS: usize>([u64; WORDS]);

impl<const WORDS: usize> BitSet<WORDS> {
    /// The number of integers, from 0 on, that it can hold.
    pub(crate) const LEN: usize = WORDS * 64;

    pub(crate) const fn new() -> Self {
        BitSet([0; WORDS])
    }

    /// Adds `i`; false if it was there already or is none that the set can hold.
    pub(crate) fn insert(&mut self, i: usize) -> bool {
        let Some(word) = self.0.get_mut(i / 64) else {
            return false;
        };
        let bit = 1 << (i % 64);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    pub(crate) fn contains(&self, i: usize) -> bool {
        self.0.get(i / 64).is_some_and(|word| word >> (i % 64) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding() {
        assert_eq!((align_up(0, 16), align_up(1, 16), align_up(16, 16)), (0, 16, 16));
        assert_eq!(align_up(usize::MAX, 16), 0);
        assert_eq!((align_down(0, 16), align_down(15, 16), align_down(17, 16)), (0, 0, 16));
    }

    #[test]
    fn a_set_remembers_each_once() {
        let mut set = BitSet::<2>::new();
        assert_eq!(BitSet::<2>::LEN, 128);
        assert!(set.insert(0) && set.insert(63) && set.insert(64) && set.insert(127));
        assert!(!set.insert(64) && !set.insert(128));
        assert!(set.contains(127) && !set.contains(1) && !set.contains(128));
    }
}
