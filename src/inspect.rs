//! The one read-only view of an allocator: its blocks in address order, their sums, and a check of
//! its bookkeeping.
//!
//! Tests, fuzzers, the handles for JavaScript and the page all read this view.

use core::fmt;

/// The use of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Handed out and not freed.
    Live,
    /// Ready to be handed out.
    Free,
    /// The allocator's own: headers, maps, and tails too small for any block.
    Meta,
    /// Within the allocator's range of addresses, but not its memory: a region never added, or
    /// pages that somebody else grew.
    Gap,
}

/// A range of addresses that has one use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Block {
    /// The first address.
    pub address: usize,
    /// The size in bytes, never 0.
    pub size: usize,
    /// The use of the block.
    pub state: State,
}

impl Block {
    /// The first address behind the block.
    pub const fn end(&self) -> usize {
        self.address.saturating_add(self.size)
    }
}

/// The sums of an allocator's blocks. All sizes in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Handed out, counted in whole blocks: what was asked for and what rounding added.
    pub live_bytes: usize,
    /// The number of live blocks.
    pub live_blocks: usize,
    /// Ready to be handed out.
    pub free_bytes: usize,
    /// The number of free blocks.
    pub free_blocks: usize,
    /// The largest free block. A request above it makes the allocator grow, or fails.
    pub largest_free: usize,
    /// The allocator's own: headers, maps, and tails too small for any block.
    pub meta_bytes: usize,
    /// Not the allocator's, but within its range of addresses.
    pub gap_bytes: usize,
}

impl Stats {
    /// All memory the allocator holds: live, free and its own.
    pub const fn committed(&self) -> usize {
        self.live_bytes.saturating_add(self.free_bytes).saturating_add(self.meta_bytes)
    }

    /// Counts one more block.
    pub fn add(&mut self, block: Block) {
        let add = |sum: &mut usize| *sum = sum.saturating_add(block.size);
        match block.state {
            State::Live => {
                add(&mut self.live_bytes);
                self.live_blocks += 1;
            }
            State::Free => {
                add(&mut self.free_bytes);
                self.free_blocks += 1;
                self.largest_free = self.largest_free.max(block.size);
            }
            State::Meta => add(&mut self.meta_bytes),
            State::Gap => add(&mut self.gap_bytes),
        }
    }
}

/// The rule that [`Inspect::check`] found broken: bookkeeping contradicts itself, because memory was
/// overwritten, a block was freed twice, or the allocator has a bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The address of the block, the link or the entry of the map that breaks the rule.
    pub address: usize,
    /// The rule that does not hold.
    pub rule: &'static str,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the allocator is damaged at {:#x}: {}", self.address, self.rule)
    }
}

impl core::error::Error for Damage {}

/// `Err` with a [`Damage`] at `address` unless `holds`.
#[inline]
pub(crate) fn rule(holds: bool, address: usize, rule: &'static str) -> Result<(), Damage> {
    if holds { Ok(()) } else { Err(Damage { address, rule }) }
}

/// An allocator that can be looked into.
///
/// # Example
/// ```
/// use bonsai_alloc::prelude::*;
/// use core::alloc::Layout;
///
/// let mut slab = Slab::try_new_in(64, 10, Linear).unwrap();
/// slab.allocate(Layout::new::<[u8; 50]>()).unwrap();
/// let stats = slab.stats();
/// assert_eq!((stats.live_blocks, stats.free_blocks), (1, 9));
/// slab.check().unwrap();
/// ```
pub trait Inspect {
    /// Shows `visit` every block, in address order; together they tile the allocator's memory.
    ///
    /// Nothing is allocated. `visit` may use the allocator if it can reach it (a global one); what
    /// it sees is then no longer of one moment.
    fn walk(&self, visit: &mut dyn FnMut(Block));

    /// Verifies every invariant of the bookkeeping.
    ///
    /// # Errors
    /// The first rule that does not hold, and where.
    fn check(&self) -> Result<(), Damage>;

    /// Returns the sums of all blocks. It costs as much as [`Inspect::walk`], unless the allocator keeps
    /// them.
    fn stats(&self) -> Stats {
        let mut stats = Stats::default();
        self.walk(&mut |block| stats.add(block));
        stats
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_add_up_and_gaps_are_nobodys() {
        let mut stats = Stats::default();
        for (size, state) in [
            (1, State::Live),
            (20, State::Free),
            (300, State::Meta),
            (4000, State::Gap),
            (50_000, State::Live),
            (10, State::Free),
        ] {
            stats.add(Block { address: 0, size, state });
        }
        assert_eq!((stats.live_bytes, stats.live_blocks), (50_001, 2));
        assert_eq!((stats.free_bytes, stats.free_blocks, stats.largest_free), (30, 2, 20));
        assert_eq!((stats.meta_bytes, stats.gap_bytes), (300, 4000));
        assert_eq!(stats.committed(), 50_331);
    }
}
