//! The invariants of the runs of a [`Heap`](super::Heap), verified.

use super::{
    runs::{LENGTH, NEXT, PREVIOUS, Runs},
    sizes::{BINS, GRANULE, bin_of},
    table::{F, Region, S},
};
use crate::inspect::{Damage, rule};

impl Runs {
    /// Verifies the blocks of a region up to `end`, and returns how many are free runs.
    fn check_region(&self, region: Region, end: usize) -> Result<usize, Damage> {
        let address = |at: usize| self.pointer(at).addr();
        let (mut runs, mut at, mut was_free) = (0, region.origin, false);
        while at < end {
            rule(self.get(at) & S != 0, address(at), "memory is in no block")?;
            let next = self.block_end(at);
            let free = self.get(at) & F != 0;
            if free {
                runs += 1;
                let n = next - at;
                // SAFETY: the bits say that it is a free run.
                let first = unsafe { self.read(at, LENGTH) };
                // SAFETY: the last granule of the same run.
                let last = unsafe { self.read(next - 1, GRANULE - 4) };
                rule(first == n && last == n, address(at), "a free run has another length")?;
                rule(self.get(next - 1) & F != 0, address(next - 1), "a free run has no end")?;
                rule(!was_free, address(at), "two free runs are not merged")?;
            } else {
                rule(self.get(next - 1) & F == 0, address(next - 1), "a live block ends as free")?;
            }
            was_free = free;
            at = next;
        }
        rule(at == end, address(at), "blocks run over the end")?;
        if region.origin == self.region.origin {
            rule(!was_free, address(at), "the top is not merged")?;
            for at in self.top..self.end.min(region.origin + region.cover) {
                rule(self.get(at) == 0, address(at), "a block begins in the top")?;
            }
        }
        Ok(runs)
    }

    /// Verifies bits, runs and bins against each other. O(granules).
    pub(crate) fn check(&self) -> Result<(), Damage> {
        let address = |at: usize| self.pointer(at).addr();
        let ordered = self.top <= self.end && self.region.origin <= self.top;
        rule(ordered, address(self.top), "the top is not in the newest region")?;
        let (mut runs, mut region, mut end) = (0, self.region, self.top);
        while region.origin != 0 {
            runs += self.check_region(region, end)?;
            // SAFETY: it is the newest region, or one before it.
            region = unsafe { self.before(region) };
            end = region.end();
        }
        for bin in 0..BINS {
            let occupied = self.occupied[bin / 64] >> (bin % 64) & 1 == 1;
            let mut at = self.bins[bin] as usize;
            rule(occupied || at == 0, address(at), "the bitmap of bins is wrong")?;
            let mut previous = 0;
            while at != 0 {
                let is_run = self.get(at) == S | F;
                rule(is_run, address(at), "a bin leads to what is no free run")?;
                // SAFETY: the bits say that it is a free run.
                let n = unsafe { self.read(at, LENGTH) };
                // SAFETY: the bits say that it is a free run.
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
                // SAFETY: a free run, by the rules above.
                at = unsafe { self.read(at, NEXT) };
            }
        }
        rule(runs == 0, address(self.first()), "a free run is in no bin")?;
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

#[cfg(test)]
mod tests {
    use super::{super::tests::with_runs, *};

    /// Damages one thing in a heap with free runs of 5, 3 and 5 granules and live blocks of 2
    /// behind each: `damage` says where that shows. It is found there, as a breach of `rule`.
    fn breaks(rule: &'static str, damage: impl FnOnce(&mut Runs, [usize; 3]) -> usize) {
        with_runs([5, 3, 5], |runs, starts| {
            let at = damage(runs, starts);
            let address = runs.pointer(at).addr();
            assert_eq!(runs.check(), Err(Damage { address, rule }));
        });
    }

    /// Overwrites a word of a free run.
    fn write(runs: &mut Runs, at: usize, offset: usize, word: usize) {
        // SAFETY: the tests write to free runs of the heap they made.
        unsafe { runs.write(at, offset, word) }
    }

    /// Makes `at..at + n` what looks like a free run, in no bin.
    fn fake(runs: &mut Runs, at: usize, n: usize) {
        // SAFETY: what the test is about: a table that is wrong.
        unsafe { runs.set(at, S | F) };
        // SAFETY: what the test is about: a table that is wrong.
        unsafe { runs.set(at + n - 1, if n > 1 { F } else { S | F }) };
        write(runs, at, LENGTH, n);
        write(runs, at + n - 1, GRANULE - 4, n);
    }

    #[test]
    fn every_granule_is_in_one_block_and_both_ends_of_a_run_say_so() {
        breaks("memory is in no block", |runs, _| {
            // SAFETY: what the test is about: a table that is wrong.
            unsafe { runs.set(runs.region.origin, 0) };
            runs.region.origin
        });
        for wrong in [4, 6, 0] {
            breaks("a free run has another length", |runs, [run, ..]| {
                write(runs, run, LENGTH, wrong);
                run
            });
            breaks("a free run has another length", |runs, [run, ..]| {
                write(runs, run + 4, GRANULE - 4, wrong);
                run
            });
        }
        breaks("a free run has no end", |runs, [run, ..]| {
            // SAFETY: what the test is about: a table that is wrong.
            unsafe { runs.set(run + 4, 0) };
            run + 4
        });
        breaks("a live block ends as free", |runs, [run, ..]| {
            // SAFETY: what the test is about: a table that is wrong.
            unsafe { runs.set(run + 6, F) };
            run + 6
        });
        breaks("a block begins in the top", |runs, _| {
            // SAFETY: what the test is about: a table that is wrong.
            unsafe { runs.set(runs.top + 3, S) };
            runs.top + 3
        });
        breaks("the top is not in the newest region", |runs, _| {
            runs.end = runs.top - 1;
            runs.top
        });
    }

    #[test]
    fn no_two_free_runs_touch() {
        breaks("two free runs are not merged", |runs, [run, ..]| {
            fake(runs, run, 2);
            fake(runs, run + 2, 3);
            run + 2
        });
        breaks("the top is not merged", |runs, _| {
            fake(runs, runs.top - 1, 1);
            runs.top
        });
    }

    #[test]
    fn the_bitmap_says_which_bins_have_runs() {
        breaks("the bitmap of bins is wrong", |runs, [run, _, first]| {
            assert_ne!(run, first);
            runs.occupied[0] &= !(1 << 5);
            first
        });
        // It may say more: the bit of a bin that became empty is cleared by the next look.
        for bin in [0, 4, 31, 32, BINS - 1] {
            with_runs([5, 3, 5], |runs, _| {
                runs.occupied[bin / 64] |= 1 << (bin % 64);
                runs.check().unwrap();
                assert_eq!(runs.find(6, 1, 8), 0);
                assert!(bin < 6 || runs.occupied[bin / 64] & 1 << (bin % 64) == 0, "{bin}");
            });
        }
    }

    #[test]
    fn every_free_run_is_once_in_the_bin_of_its_size() {
        let nowhere = |runs: &Runs, [run, ..]: [usize; 3]| {
            // A live block, the end of a run, the middle of one, the top, and no memory of the heap's.
            [run + 5, run + 4, run + 2, runs.top, runs.end, runs.end + 9, runs.region.origin - 1, 1]
        };
        for case in 0..8 {
            breaks("a bin leads to what is no free run", |runs, starts| {
                let at = nowhere(runs, starts)[case];
                runs.bins[3] = at as u32;
                at
            });
            breaks("a bin leads to what is no free run", |runs, starts| {
                let at = nowhere(runs, starts)[case];
                write(runs, starts[1], NEXT, at);
                at
            });
        }
        breaks("a free run is in another bin", |runs, [_, run, _]| {
            runs.bins.swap(3, 2);
            runs.occupied[0] |= 1 << 2;
            run
        });
        breaks("a free run is in no bin", |runs, _| {
            runs.bins[3] = 0;
            runs.region.origin
        });
        breaks("a free run is in no bin", |runs, [_, _, first]| {
            write(runs, first, NEXT, 0);
            runs.region.origin
        });
        breaks("the bins have more runs than memory has", |runs, [second, _, first]| {
            write(runs, second, NEXT, first);
            write(runs, first, PREVIOUS, second);
            first
        });
    }

    #[test]
    fn a_link_leads_back_to_the_run_before_but_for_that_of_the_first() {
        for wrong in [0, 1, 0xFFFF_FFFF] {
            breaks("a link back does not lead back", |runs, [second, ..]| {
                write(runs, second, PREVIOUS, wrong);
                second
            });
            with_runs([5, 3, 5], |runs, [_, only, first]| {
                write(runs, only, PREVIOUS, wrong);
                write(runs, first, PREVIOUS, wrong);
                runs.check().unwrap();
            });
        }
    }

    #[test]
    fn what_is_known_to_be_zero_is() {
        for word in 0..4 {
            for last in [false, true] {
                breaks("memory known to be zero is not", |runs, _| {
                    let at = if last { runs.end - 1 } else { runs.fresh };
                    write(runs, at, word * 4, 0x100);
                    at
                });
            }
            // What was in use is not.
            with_runs([], |runs, []| {
                let at = runs.top;
                // SAFETY: the top has that much.
                unsafe { runs.carve(at, runs.end - at, 0, 2) };
                write(runs, at + 1, word * 4, 1);
                // SAFETY: taken just now.
                unsafe { runs.free(at, 2) };
                runs.check().unwrap();
            });
        }
    }
}
