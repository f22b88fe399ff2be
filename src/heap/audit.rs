//! What holds of the runs of a [`Heap`](super::Heap), verified.

use super::{
    classes::GRANULE,
    runs::{BINS, F, LENGTH, NEXT, PREVIOUS, Runs, S, bin_of},
};
use crate::inspect::{Damage, rule};

impl Runs {
    /// Verifies bits, runs and bins against each other. O(granules).
    pub(crate) fn check(&self) -> Result<(), Damage> {
        let address = |at: usize| self.pointer(at).addr();
        let mut runs = 0_usize;
        let mut at = self.origin;
        let mut was_free = false;
        while at < self.end {
            rule(self.get(at) & S != 0, address(at), "memory is in no block")?;
            let end = self.block_end(at);
            let free = at != self.top && self.get(at) & F != 0;
            if free {
                runs += 1;
                let n = end - at;
                // SAFETY: the bits say that it is a free run.
                let first = unsafe { self.read(at, LENGTH) };
                // SAFETY: the same.
                let last = unsafe { self.read(end - 1, GRANULE - 4) };
                rule(first == n && last == n, address(at), "a free run has another length")?;
                rule(self.get(end - 1) & F != 0, address(end - 1), "a free run has no end")?;
                rule(!was_free, address(at), "two free runs are not merged")?;
            } else if at != self.top {
                rule(self.get(end - 1) & F == 0, address(end - 1), "a live block ends as free")?;
            } else {
                rule(!was_free, address(at), "the top is not merged")?;
                rule(end == self.end, address(end), "a block begins in the top")?;
            }
            was_free = free;
            at = end;
        }
        rule(at == self.end, address(at), "blocks run over the end")?;
        for bin in 0..BINS {
            let occupied = self.occupied[bin / 32] >> (bin % 32) & 1 == 1;
            let mut at = self.bins[bin] as usize;
            rule(occupied == (at != 0), address(at), "the bitmap of bins is wrong")?;
            let mut previous = 0;
            while at != 0 {
                let is_run = self.is_block(at) && at != self.top && self.get(at) & F != 0;
                rule(is_run, address(at), "a bin leads to what is no free run")?;
                // SAFETY: the bits say that it is a free run.
                let n = unsafe { self.read(at, LENGTH) };
                // SAFETY: the same.
                let back = unsafe { self.read(at, PREVIOUS) };
                rule(bin_of(n) == bin, address(at), "a free run is in another bin")?;
                rule(
                    previous == 0 || back == previous,
                    address(at),
                    "a link back does not lead back",
                )?;
                rule(runs > 0, address(at), "the bins have more runs than memory has")?;
                runs -= 1;
                previous = at;
                // SAFETY: the same.
                at = unsafe { self.read(at, NEXT) };
            }
        }
        rule(runs == 0, address(self.origin), "a free run is in no bin")?;
        for at in self.fresh.max(self.top)..self.end {
            for word in 0..4 {
                // SAFETY: free memory of ours.
                let clear = unsafe { self.read(at, word * 4) } == 0;
                rule(clear, address(at), "memory known to be zero is not")?;
            }
        }
        Ok(())
    }
}
