//! Random operations.

use std::ops::RangeInclusive;

use fastrand::Rng;

use crate::Operation;

/// The distribution of the sizes that a program asks for, in bytes.
#[derive(Clone, Debug)]
pub enum Sizes {
    /// Every size of the range is as likely as any other.
    Uniform(RangeInclusive<usize>),
    /// Every doubling of the range is as likely as any other: many small, few large.
    Doublings(RangeInclusive<usize>),
    /// One of a few.
    Choice(Vec<usize>),
}

impl Sizes {
    fn pick(&self, rng: &mut Rng) -> usize {
        match self {
            Sizes::Uniform(range) => rng.usize(range.clone()),
            Sizes::Doublings(range) => {
                let (low, high) = (*range.start(), *range.end());
                let doublings = high.max(1).ilog2() - low.max(1).ilog2();
                let base = low.max(1) << rng.u32(0..=doublings);
                rng.usize(base.min(high)..=(2 * base - 1).min(high)).max(low)
            }
            Sizes::Choice(sizes) => sizes[rng.usize(0..sizes.len())],
        }
    }
}

/// The behaviour of a program. The numbers from `allocate` to `permit` are weights.
#[derive(Clone, Debug)]
pub struct Profile {
    pub sizes: Sizes,
    /// The largest alignment asked for; most are 16 or less.
    pub align: usize,
    /// One request in so many is for more than any memory holds; 0 is none.
    pub huge: u32,
    /// The most blocks live at once. Their number goes up and down between this and none.
    pub live: usize,
    pub allocate: u32,
    pub zeroed: u32,
    pub free: u32,
    pub reallocate: u32,
    pub grow: u32,
    pub shrink: u32,
    pub reset: u32,
    pub foreign: u32,
    pub refuse: u32,
    pub permit: u32,
}

impl Default for Profile {
    fn default() -> Profile {
        Profile {
            sizes: Sizes::Doublings(1..=4096),
            align: 64,
            huge: 200,
            live: 100,
            allocate: 100,
            zeroed: 0,
            free: 100,
            reallocate: 0,
            grow: 0,
            shrink: 0,
            reset: 0,
            foreign: 0,
            refuse: 0,
            permit: 0,
        }
    }
}

impl Profile {
    /// `count` operations that depend on the profile and the seed only.
    pub fn generate(&self, seed: u64, count: usize) -> Vec<Operation> {
        let mut rng = Rng::with_seed(seed);
        let mut filled: Vec<u32> = Vec::new();
        let mut empty: Vec<u32> = (0..self.live as u32).rev().collect();
        let mut filling = true;
        (0..count)
            .map(|_| {
                // Phases of filling and of emptying, with both kinds of operation in each: an
                // allocator meets full, empty and everything between.
                if filled.is_empty() || rng.usize(0..4 * self.live) == 0 {
                    filling = true;
                } else if empty.is_empty() || rng.usize(0..4 * self.live) == 0 {
                    filling = false;
                }
                self.operation(&mut rng, &mut filled, &mut empty, filling)
            })
            .collect()
    }

    fn operation(
        &self,
        rng: &mut Rng,
        filled: &mut Vec<u32>,
        empty: &mut Vec<u32>,
        filling: bool,
    ) -> Operation {
        let (more, less) = if filling { (3, 1) } else { (1, 3) };
        let can_fill = u32::from(!empty.is_empty());
        let can_free = u32::from(!filled.is_empty());
        let weights = [
            self.allocate * more * can_fill,
            self.zeroed * more * can_fill,
            self.free * less * can_free,
            self.reallocate * can_free,
            self.grow * can_free,
            self.shrink * can_free,
            self.reset,
            self.foreign,
            self.refuse,
            self.permit,
        ];
        let mut at = rng.u32(0..weights.iter().sum());
        let kind = weights
            .iter()
            .position(|&weight| {
                let chosen = at < weight;
                at = at.wrapping_sub(weight);
                chosen
            })
            .expect("the number is below the sum");
        match kind {
            0 | 1 => {
                let slot = empty.pop().expect("weighed 0 otherwise");
                filled.push(slot);
                let align = self.pick_align(rng);
                let size = self.pick_size(rng, align);
                if kind == 0 {
                    Operation::Allocate { slot, size, align }
                } else {
                    Operation::Zeroed { slot, size, align }
                }
            }
            2 => {
                // Now the newest, now any: stacks and heaps alike.
                let newest = filled.len() - 1;
                let at = if rng.u8(0..4) == 0 { newest } else { rng.usize(0..=newest) };
                let slot = filled.remove(at);
                empty.push(slot);
                Operation::Free { slot }
            }
            3..=5 => {
                let slot = filled[rng.usize(0..filled.len())];
                let size = self.pick_size(rng, 1 << 20);
                match kind {
                    3 => Operation::Reallocate { slot, size },
                    4 => Operation::Grow { slot, size },
                    _ => Operation::Shrink { slot, size },
                }
            }
            6 => {
                empty.append(filled);
                Operation::Reset
            }
            7 => Operation::Foreign { pages: rng.usize(1..4) },
            8 => Operation::Refuse,
            _ => Operation::Permit,
        }
    }

    fn pick_size(&self, rng: &mut Rng, align: usize) -> usize {
        if self.huge == 0 || rng.u32(0..self.huge) > 0 {
            return self.sizes.pick(rng);
        }
        // The largest that a `Layout` may have, and what arithmetic may stumble over.
        let largest = isize::MAX as usize - (align - 1);
        let shift = rng.u32(1..usize::BITS / 2);
        let near = rng.usize(0..20);
        match rng.u8(0..4) {
            0 => largest,
            1 => largest - near,
            2 => (largest >> shift) + near,
            _ => (1 << (usize::BITS - 1 - shift)) + near,
        }
    }

    fn pick_align(&self, rng: &mut Rng) -> usize {
        let largest = if rng.u8(0..8) == 0 { self.align } else { self.align.min(16) };
        1 << rng.u32(0..=largest.ilog2())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_sequence() {
        let profile = Profile { reallocate: 20, reset: 1, foreign: 1, ..Profile::default() };
        assert_eq!(profile.generate(7, 1000), profile.generate(7, 1000));
        assert_ne!(profile.generate(7, 1000), profile.generate(8, 1000));
    }

    #[test]
    fn sizes_stay_in_their_range() {
        let mut rng = Rng::with_seed(1);
        for (low, high) in [(0, 0), (1, 1), (3, 17), (0, 100), (16, 4096)] {
            for _ in 0..1000 {
                for sizes in [Sizes::Uniform(low..=high), Sizes::Doublings(low..=high)] {
                    let size = sizes.pick(&mut rng);
                    assert!((low..=high).contains(&size), "{sizes:?} gave {size}");
                }
            }
        }
    }

    #[test]
    fn slots_are_filled_once_before_they_are_emptied() {
        let mut filled = std::collections::BTreeSet::new();
        let profile = Profile { live: 5, reset: 3, huge: 0, ..Profile::default() };
        for operation in profile.generate(3, 5000) {
            match operation {
                Operation::Allocate { slot, .. } => assert!(filled.insert(slot)),
                Operation::Free { slot } => assert!(filled.remove(&slot)),
                Operation::Reset => filled.clear(),
                other => panic!("{other} has no weight"),
            }
        }
    }
}
