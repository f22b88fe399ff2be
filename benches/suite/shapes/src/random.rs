//! Numbers from a seed: SplitMix64, which costs about a nanosecond.

#[derive(Debug)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u32) -> Random {
        Random(u64::from(seed) << 32 | 0x9e37_79b9)
    }

    #[inline(always)]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// A number below `end`.
    #[inline(always)]
    pub fn below(&mut self, end: usize) -> usize {
        (((self.next() >> 32) * end as u64) >> 32) as usize
    }

    /// A number from `low` to `high`.
    #[inline(always)]
    pub fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    /// How often a coin shows heads before it shows tails.
    #[inline(always)]
    pub fn geometric(&mut self) -> u32 {
        self.next().trailing_zeros()
    }

    /// A size between `1 << low` and `1 << high`, each doubling as likely as any other.
    #[inline(always)]
    pub fn doubling(&mut self, low: usize, high: usize) -> usize {
        let base = 1 << (low + self.below(high - low));
        base + self.below(base)
    }
}
