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

#[cfg(test)]
mod tests {
    use super::{super::super::tests::with_runs, *};

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
}
