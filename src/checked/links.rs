//! Links in free memory, before they are followed.
//!
//! They are looked at while an allocator works, under its lock, where no hook may run. Damage that is
//! found waits for the end of the call; with several threads, for the first call that ends.
//! The allocator goes on without the list that it cannot trust.

use super::{Guard, Operation};
use crate::{inspect::Damage, lock::Lock};

/// The first damage that was found and not reported yet.
// SAFETY: the closures read and write the value.
static FOUND: Lock<Option<Damage>> = unsafe { Lock::new(None) };

/// Returns `holds()`, true if a link may be followed. A false answer is reported at the end of the
/// call; `rule` is the rule that is broken.
#[inline]
pub(crate) fn sound(holds: impl FnOnce() -> bool, address: usize, rule: &'static str) -> bool {
    let sound = holds();
    if !sound {
        FOUND.with(|found| *found = found.or(Some(Damage { address, rule })));
    }
    sound
}

/// Returns `holds`, as [`sound`] does, in a check that every build makes.
#[inline]
pub(crate) fn plausible(holds: bool, address: usize, rule: &'static str) -> bool {
    sound(|| holds, address, rule)
}

/// A checksum of a list's words, kept apart from the memory that holds the list.
#[derive(Debug)]
pub(crate) struct Seal(usize);

impl Seal {
    /// The seal of an empty list.
    pub(crate) const NONE: Seal = Seal(0);

    /// Returns the seal of a list as it is now.
    pub(crate) fn of<I: Iterator<Item = usize>>(words: impl FnOnce() -> I) -> Seal {
        Seal(
            words()
                .fold(0, |sum: usize, word| (sum.rotate_left(7) ^ word).wrapping_mul(0x9E37_79B1)),
        )
    }

    /// Returns true if the list is as it was. A false answer is reported at the end of the call.
    pub(crate) fn holds<I: Iterator<Item = usize>>(
        &self,
        words: impl FnOnce() -> I,
        address: usize,
        rule: &'static str,
    ) -> bool {
        sound(|| Self::of(words).0 == self.0, address, rule)
    }
}

impl Guard {
    /// Reports damage that was found while memory was asked for without a guard.
    pub(crate) fn obtained(&self) {
        self.settle(Operation::Allocate);
    }

    /// Reports damage that was found while memory was given back without a guard.
    pub(crate) fn returned(&self) {
        self.settle(Operation::Free);
    }

    /// Tells of links that were found wrong since the last call.
    pub(crate) fn settle(&self, operation: Operation) {
        if let Some(damage) = FOUND.with(Option::take) {
            self.damaged(operation, damage);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_tells_each_bit_and_the_order_of_the_words() {
        let words = [0x1_0000, 0x1_FFF0, usize::MAX, 0, 48];
        let sealed = |words: [usize; 5]| Seal::of(|| words.into_iter()).0;
        for at in 0..words.len() {
            for bit in 0..usize::BITS {
                let mut other = words;
                other[at] ^= 1 << bit;
                assert_ne!(sealed(other), sealed(words), "bit {bit} of word {at}");
            }
        }
        let mut turned = words;
        turned.swap(0, 1);
        assert_ne!(sealed(turned), sealed(words));
        assert_eq!(Seal::of(core::iter::empty).0, Seal::NONE.0);
    }
}
