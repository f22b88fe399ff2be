//! Whether free runs and their links are what the table says, before they are followed.
//!
//! What stands in free memory a program may have written to. The table is elsewhere, and says where
//! runs begin and end. So a length is believed if both ends of the run and the table have it, and a
//! link if it leads to a run, and that one back. Where they do not agree, the run is left as it is or
//! its bin is given up: memory is lost, and nothing else happens.
//!
//! Only `checked` looks at runs: they are on the way of a fifth of all requests, and docs/checked.md
//! says what it would cost. What quick lists lead to every build looks at, when they are emptied.

use super::{F, GRANULE, LENGTH, NEXT, PREVIOUS, Runs, S};
use crate::checked::sound;

const RULE: &str = "a free run's length or links are not what they were";

impl Runs {
    /// Whether a free run begins at `at`, as far as the table says.
    fn begins(&self, at: usize) -> bool {
        at.wrapping_sub(self.origin) < self.limit - self.origin && self.get(at) == S | F
    }

    /// Whether a block that is no free run begins at `at`.
    #[inline]
    pub(crate) fn is_taken(&self, at: usize) -> bool {
        at.wrapping_sub(self.origin) < self.limit - self.origin
            && at != self.top
            && self.get(at) == S
    }

    /// Whether a block ends where `end` is.
    pub(crate) fn ends(&self, end: usize) -> bool {
        end == self.end || self.is_block(end)
    }

    /// Whether the free run at `at` has `n` granules, as it says itself.
    #[inline(always)]
    pub(super) fn has(&self, at: usize, n: usize) -> bool {
        let holds = || {
            self.begins(at) && n.wrapping_sub(1) < self.limit - at && {
                let last = at + n - 1;
                // SAFETY: within the heap's memory.
                self.get(last) & F != 0 && unsafe { self.read(last, GRANULE - 4) } == n
            }
        };
        sound(holds, self.pointer(at).addr(), RULE)
    }

    /// The length of the free run that ends at `end`; 0 where its ends do not agree.
    ///
    /// # Safety
    /// The table has one end there.
    #[inline(always)]
    pub(super) unsafe fn length_before(&self, end: usize) -> usize {
        // SAFETY: the last granule of a free run.
        let n = unsafe { self.read(end - 1, GRANULE - 4) };
        let at = end.wrapping_sub(n);
        // SAFETY: a free run begins there, by the test before.
        let holds = || self.begins(at) && unsafe { self.read(at, LENGTH) } == n;
        if sound(holds, self.pointer(end - 1).addr(), RULE) { n } else { 0 }
    }

    /// Whether the run at `at` may be left for `next`, which it says comes next in its bin.
    #[inline(always)]
    pub(super) fn leads(&self, at: usize, next: usize) -> bool {
        // SAFETY: a free run begins there, by the test before.
        let back = || self.begins(next) && unsafe { self.read(next, PREVIOUS) } == at;
        sound(|| next == 0 || back(), self.pointer(at).addr(), RULE)
    }

    /// Whether the run at `at`, not the first of its bin, follows `previous`, which it says is before
    /// it.
    #[inline(always)]
    pub(super) fn follows(&self, at: usize, previous: usize) -> bool {
        // SAFETY: a free run begins there, by the test before.
        let leads = || self.begins(previous) && unsafe { self.read(previous, NEXT) } == at;
        sound(leads, self.pointer(at).addr(), RULE)
    }
}

// With `checked` what is wrong would be told to a call of whichever test ends next.
#[cfg(test)]
#[cfg(not(feature = "checked"))]
mod tests {
    use super::{
        super::super::tests::{take, with_runs},
        *,
    };

    /// Overwrites a word of a free run.
    fn write(runs: &mut Runs, at: usize, offset: usize, word: usize) {
        // SAFETY: the tests write to free runs of the heap they made.
        unsafe { runs.write(at, offset, word) }
    }

    /// What every place of a heap is. `begins`, `is_taken`, `ends`.
    fn each(runs: &Runs) -> impl Iterator<Item = (usize, [bool; 3])> {
        (runs.origin.saturating_sub(2)..=runs.limit + 2)
            .map(|at| (at, [runs.begins(at), runs.is_taken(at), runs.ends(at)]))
    }

    #[test]
    fn the_table_says_where_runs_and_live_blocks_begin_and_end() {
        with_runs([5, 1], |runs, [five, one]| {
            let taken = [runs.origin, five + 5, one + 1];
            for (at, is) in each(runs) {
                let starts = [five, one].contains(&at) || taken.contains(&at) || at == runs.top;
                let ends = starts || at == runs.end;
                let expected = [[five, one].contains(&at), taken.contains(&at), ends];
                assert_eq!(is, expected, "{}", at - runs.origin);
            }
            for far in [0, usize::MAX, usize::MAX - runs.limit] {
                assert!(!runs.begins(far) && !runs.is_taken(far) && !runs.ends(far));
            }
        });
    }

    #[test]
    fn a_length_is_believed_where_both_ends_and_the_table_have_it() {
        let lengths = |runs: &Runs, at: usize, n: usize| {
            // SAFETY: the table has a run of `n` begin and end there.
            (unsafe { runs.length(at) }, unsafe { runs.length_before(at + n) })
        };
        for n in [1, 2, 3, 16, 40] {
            with_runs([n, 7], |runs, [run, _]| assert_eq!(lengths(runs, run, n), (n, n)));
        }
        for n in [2, 5] {
            with_runs([n, 7], |runs, [run, other]| {
                // One end says something else: less, more, so much that it would be outside of memory,
                // nothing, and what leads to another run.
                let wrong = [
                    0,
                    n - 1,
                    n + 1,
                    runs.limit - run,
                    runs.limit - run + 1,
                    run + n - runs.origin + 1,
                    u32::MAX as usize,
                ];
                for wrong in wrong {
                    write(runs, run, LENGTH, wrong);
                    assert_eq!(lengths(runs, run, n), (0, 0), "{wrong} first");
                    write(runs, run, LENGTH, n);
                    write(runs, run + n - 1, GRANULE - 4, wrong);
                    assert_eq!(lengths(runs, run, n), (0, 0), "{wrong} last");
                    write(runs, run + n - 1, GRANULE - 4, n);
                }
                // The last granule of one leads to the first of the other.
                let whole = other + 7 - run;
                write(runs, other + 6, GRANULE - 4, whole);
                // SAFETY: the table has a run end there.
                assert_eq!(unsafe { runs.length_before(other + 7) }, 0);
                // A run to which both ends agree, and the table does not.
                write(runs, run, LENGTH, n + 2);
                write(runs, run + n + 1, GRANULE - 4, n + 2);
                assert_eq!(lengths(runs, run, n), (0, 0));
                write(runs, run, LENGTH, n);
                runs.set(run + n - 1, 0);
                // SAFETY: the table has a run begin there.
                assert_eq!(unsafe { runs.length(run) }, 0);
                runs.set(run + n - 1, F);
                // A block that is no free run begins there, though its words would do.
                runs.set(run, S);
                // SAFETY: the table has a run end there.
                assert_eq!(unsafe { runs.length_before(run + n) }, 0);
            });
        }
    }

    #[test]
    fn a_link_is_believed_where_it_leads_to_a_run() {
        with_runs([5, 3, 5], |runs, [run, other, first]| {
            assert!(runs.leads(first, run) && runs.leads(run, 0));
            for wrong in [run + 5, run + 4, run + 1, runs.top, runs.limit, runs.origin, 1] {
                assert!(!runs.leads(first, wrong), "{wrong}");
            }
            assert!(runs.begins(other));
        });
    }

    #[test]
    fn neighbours_are_believed_where_they_agree_and_else_the_bin_is_given_up() {
        let empty = |runs: &Runs| runs.bins[5] == 0 && runs.occupied[0] >> 5 & 1 == 0;
        // SAFETY: free runs.
        let neighbours = |runs: &mut Runs, at| unsafe { runs.neighbours(at, 5) };
        with_runs([5, 5, 5, 3], |runs, [last, middle, first, other]| {
            assert_eq!(neighbours(runs, first), Some((0, middle)));
            assert_eq!(neighbours(runs, middle), Some((first, last)));
            assert_eq!(neighbours(runs, last), Some((middle, 0)));
            assert!(!empty(runs));
            // The first has none before it, whatever stands there.
            write(runs, first, PREVIOUS, other);
            assert_eq!(neighbours(runs, first), Some((0, middle)));
        });
        // Which run is asked, whose word is wrong, and which.
        let cases = [
            (0, 0, NEXT),
            (1, 1, NEXT),
            (1, 1, PREVIOUS),
            (1, 0, NEXT),
            (1, 2, PREVIOUS),
            (2, 2, NEXT),
            (2, 2, PREVIOUS),
            (2, 1, NEXT),
        ];
        for (asked, whose, offset) in cases {
            for case in 0..6 {
                with_runs([5, 5, 5, 3], |runs, [last, middle, first, other]| {
                    let order = [first, middle, last];
                    // A live block, the end of a run, the top, outside, a run of another bin: that
                    // one can be told by its own link alone.
                    let wrong =
                        [first + 5, first + 4, runs.top, runs.limit, runs.origin - 1, other][case];
                    if wrong == other && asked == whose && (asked, offset) != (1, PREVIOUS) {
                        return;
                    }
                    write(runs, order[whose], offset, wrong);
                    assert_eq!(neighbours(runs, order[asked]), None, "{asked} {whose} {offset}");
                    assert!(empty(runs));
                });
            }
        }
    }

    #[test]
    fn a_run_beside_one_that_was_overwritten_is_freed_without_it() {
        for (at_end, offset) in [(false, LENGTH), (true, GRANULE - 4)] {
            with_runs([5, 6], |runs, [run, other]| {
                let live = run + 5;
                write(runs, if at_end { run + 4 } else { run }, offset, 900);
                write(runs, if at_end { other + 5 } else { other }, offset, 900);
                let free = runs.free;
                // SAFETY: the live block between them.
                unsafe { runs.free(live, 2) };
                assert_eq!(runs.free, free + 2);
                assert_eq!(runs.free_at(live), 2);
                assert_eq!(take(runs, 2), live);
                assert!(runs.is_taken(live));
            });
        }
    }
}
