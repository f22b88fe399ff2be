//! The sums of a heap that it knows without a look at its blocks.

use super::{front::Front, sizes::GRANULE_LOG};
use crate::{
    global::{Policy, Shell},
    linear::PageSource,
};

/// The sums of a [`Heap`](crate::Heap) that cost O(1). All in bytes.
///
/// [`Inspect::stats`](crate::inspect::Inspect::stats) tells live and waiting blocks apart, and looks at each of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// All memory of the heap.
    pub committed: usize,
    /// Memory that is merged and ready to be handed out. Blocks that wait in quick lists, and with threads in shards, are not counted;
    /// after a call of `stats`, which merges the former, only the latter are missing.
    pub free: usize,
    /// Memory that was handed out at least once. What is left of `committed` has never been touched: it is the end of memory.
    pub high_water: usize,
}

impl<S: Front, M: PageSource, P: Policy> Shell<S, M, P> {
    /// Returns the sums that the heap knows without a look at its blocks. O(1).
    ///
    /// # Example
    /// ```
    /// # #[cfg(any(unix, windows))] {
    /// use bonsai_alloc::{Heap, linear::{Config, PAGE, Pool, Simulation}};
    ///
    /// let pool = Pool::new(Simulation::new(Config::default()));
    /// let heap = Heap::with_memory(&pool);
    /// assert_eq!(heap.usage().committed, 0);
    /// assert!(heap.reserve(1000));
    /// let usage = heap.usage();
    /// assert_eq!(usage.committed, PAGE);
    /// assert!(usage.free >= 1000 && usage.high_water < 1000);
    /// # }
    /// ```
    pub fn usage(&self) -> Usage {
        self.state.shared().with(|state| {
            let runs = &state.runs;
            let top = runs.end - runs.top - runs.set_aside();
            let fresh = runs.end.saturating_sub(runs.fresh);
            Usage {
                committed: runs.committed,
                free: (runs.free + top) << GRANULE_LOG,
                high_water: runs.committed.saturating_sub(fresh << GRANULE_LOG),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::super::tests::{Heap, alloc, dealloc, memory};
    use crate::{inspect::Inspect, linear::PAGE};

    #[test]
    fn sums_agree_with_what_a_look_at_each_block_finds() {
        let pool = memory(200);
        let heap = Heap::with_memory(&pool);
        assert_eq!(heap.usage(), super::Usage::default());
        let (mut live, mut most) = (Vec::new(), 0);
        for n in 1..600 {
            if n % 3 == 0 {
                let (at, size) = live.swap_remove(n * 7 % live.len());
                dealloc(&heap, at, size, 16);
            } else {
                let size = 1 + n * n % 700;
                live.push((alloc(&heap, size, 16), size));
            }
            if n % 50 == 0 {
                assert!(pool.memory().foreign(1));
            }
            let before = heap.usage();
            let stats = heap.stats();
            let usage = heap.usage();
            assert_eq!((usage.committed, usage.free), (stats.committed(), stats.free_bytes), "{n}");
            assert!(before.free <= usage.free, "what waited is free now");
            assert!(usage.high_water >= most && usage.high_water <= usage.committed, "{n}");
            assert!(usage.high_water >= stats.live_bytes);
            most = usage.high_water;
        }
        for (at, size) in live {
            dealloc(&heap, at, size, 16);
        }
        heap.stats();
        let usage = heap.usage();
        assert_eq!(usage.high_water, most, "it never falls");
        assert!(usage.committed - usage.free < PAGE, "headers and tables are left");
    }
}
