//! Numbers from a seed. The same seed gives the same numbers in every module, version and engine.

use rand_xoshiro::{
    SplitMix64,
    rand_core::{Rng as _, SeedableRng as _},
};

/// A generator of numbers.
#[derive(Clone, Debug)]
pub struct Random(SplitMix64);

impl Random {
    /// The generator of a module's seed.
    pub fn new(seed: u32) -> Random {
        Random::from_state(u64::from(seed) << 32 | 0x9e37_79b9)
    }

    /// The generator that begins with this state.
    pub fn from_state(state: u64) -> Random {
        Random(SplitMix64::seed_from_u64(state))
    }

    /// The next number.
    #[inline(always)]
    pub fn number(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `end`.
    #[inline(always)]
    pub fn below(&mut self, end: usize) -> usize {
        (((self.number() >> 32) * end as u64) >> 32) as usize
    }

    /// A number from `low` to `high`.
    #[inline(always)]
    pub fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    /// The number of times that a coin shows heads before it shows tails.
    #[inline(always)]
    pub fn geometric(&mut self) -> u32 {
        self.number().trailing_zeros()
    }

    /// A size between `1 << low` and `1 << high`, each doubling as likely as any other.
    #[inline(always)]
    pub fn doubling(&mut self, low: usize, high: usize) -> usize {
        let base = 1 << (low + self.below(high - low));
        base + self.below(base)
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}
