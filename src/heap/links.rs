//! The links and lengths of free runs, held against the table before they are followed.
//!
//! A program may have written to free memory. The table is elsewhere, and says where
//! runs begin and end. So a length is believed if both ends of the run and the table have it, and a
//! link if it leads to a run, and that one back. Where they do not agree, the run is left as it is or
//! its bin is given up: memory is lost, and nothing else happens.
//!
//! Only `checked` looks at runs: they are on the way of a fifth of all requests, and docs/checked.md
//! says what it would cost. What quick lists lead to every build looks at, when they are emptied.

use super::{
    runs::{LENGTH, NEXT, PREVIOUS, Runs},
    sizes::GRANULE,
    table::{F, S},
};
use crate::checked::sound;

const RULE: &str = "a free run's length or links are not what they were";

impl Runs {
    /// Returns true if a free run begins at `at`, as far as the table says.
    fn begins(&self, at: usize) -> bool {
        self.get(at) == S | F
    }

    /// Returns true if a block that is no free run begins at `at`.
    #[inline]
    pub(crate) fn is_taken(&self, at: usize) -> bool {
        self.get(at) == S
    }

    /// Returns true if a block ends where `end` is.
    #[inline]
    pub(crate) fn ends(&self, end: usize) -> bool {
        end == self.top || self.get(end) & S != 0
    }

    /// Returns true if the free run at `at` has `n` granules, as it says itself.
    #[inline(always)]
    pub(super) fn has(&self, at: usize, n: usize) -> bool {
        let holds = || {
            let last = at.wrapping_add(n).wrapping_sub(1);
            // SAFETY: the bits say that a free run ends there.
            let says = || unsafe { self.read(last, GRANULE - 4) };
            self.begins(at) && n != 0 && self.get(last) & F != 0 && says() == n
        };
        sound(holds, self.pointer(at).addr(), RULE)
    }

    /// Returns the length of the free run that ends at `end`; 0 where its ends do not agree.
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

    /// Returns true if the run at `at` may be left for `next`, which it says comes next in its bin.
    #[inline(always)]
    pub(super) fn leads(&self, at: usize, next: usize) -> bool {
        // SAFETY: a free run begins there, by the test before.
        let back = || self.begins(next) && unsafe { self.read(next, PREVIOUS) } == at;
        sound(|| next == 0 || back(), self.pointer(at).addr(), RULE)
    }

    /// Returns true if the run at `at`, not the first of its bin, follows `previous`, which it says is before
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
    use super::super::tests::with_runs;

    #[test]
    fn the_table_says_where_runs_and_live_blocks_begin_and_end() {
        with_runs([5, 1], |runs, [five, one]| {
            let header = runs.region.origin;
            let taken = [header, header + 1, five + 5, one + 1];
            assert_eq!(five + 7, one);
            for at in (header - 2..=header + 1).chain(five..=runs.end + 2) {
                let starts = [five, one].contains(&at) || taken.contains(&at);
                assert_eq!(runs.begins(at), [five, one].contains(&at), "{}", at - header);
                assert_eq!(runs.is_taken(at), taken.contains(&at), "{}", at - header);
                assert_eq!(runs.ends(at), starts || at == runs.top, "{}", at - header);
            }
            for far in [0, usize::MAX, usize::MAX - runs.end] {
                assert!(!runs.begins(far) && !runs.is_taken(far) && !runs.ends(far));
            }
        });
    }
}
