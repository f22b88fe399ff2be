//! Whether free runs and their links are what the table says, before they are followed.
//!
//! What stands in free memory a program may have written to. The table is elsewhere, and says where
//! runs begin and end. So in every build a length is believed if both ends of the run and the table
//! have it, and a link if it leads to a run, and that one back. Where they do not agree, the run is
//! left as it is or its bin is given up: memory is lost, and nothing else happens. All of it is on the
//! way to the runs, which quick lists keep short.

use super::{F, GRANULE, LENGTH, NEXT, PREVIOUS, Runs, S};
use crate::checked::{plausible, sound};

const RULE: &str = "a free run's length or links are not what they were";

impl Runs {
    /// Whether a free run begins at `at`, as far as the table says.
    fn begins(&self, at: usize) -> bool {
        at.wrapping_sub(self.origin) < self.limit - self.origin && self.get(at) == S | F
    }

    /// Whether a block that is no free run begins at `at`.
    pub(crate) fn is_taken(&self, at: usize) -> bool {
        at.wrapping_sub(self.origin) < self.limit - self.origin
            && at != self.top
            && self.get(at) == S
    }

    /// Whether a block ends where `end` is.
    pub(crate) fn ends(&self, end: usize) -> bool {
        end == self.end || self.is_block(end)
    }

    /// The length of the free run at `at`; 0 where its ends do not agree.
    ///
    /// # Safety
    /// The table has one begin there.
    pub(super) unsafe fn length(&self, at: usize) -> usize {
        // SAFETY: a free run.
        let n = unsafe { self.read(at, LENGTH) };
        let holds = n.wrapping_sub(1) < self.limit - at && {
            let last = at + n - 1;
            // SAFETY: within the heap's memory.
            self.get(last) & F != 0 && unsafe { self.read(last, GRANULE - 4) } == n
        };
        if plausible(holds, self.pointer(at).addr(), RULE) { n } else { 0 }
    }

    /// The length of the free run that ends at `end`; 0 where its ends do not agree.
    ///
    /// # Safety
    /// The table has one end there.
    pub(super) unsafe fn length_before(&self, end: usize) -> usize {
        // SAFETY: the last granule of a free run.
        let n = unsafe { self.read(end - 1, GRANULE - 4) };
        let at = end.wrapping_sub(n);
        // SAFETY: a free run begins there, by the tests before.
        let holds = self.begins(at) && unsafe { self.read(at, LENGTH) } == n;
        if plausible(holds, self.pointer(end - 1).addr(), RULE) { n } else { 0 }
    }

    /// Whether the run at `at` may be left for `next`, which it says comes next in its bin.
    pub(super) fn leads(&self, at: usize, next: usize) -> bool {
        let address = self.pointer(at).addr();
        if next == 0 {
            return true;
        }
        // Whether it leads back is a look at memory that is in no cache.
        // SAFETY: a free run begins there, by the test before.
        let back = || unsafe { self.read(next, PREVIOUS) } == at;
        plausible(self.begins(next), address, RULE) && sound(back, address, RULE)
    }

    /// The runs before and behind `at` in its bin, 0 for none; `None`, and the bin is given up,
    /// where they do not agree.
    ///
    /// # Safety
    /// It is a free run.
    pub(super) unsafe fn neighbours(&mut self, at: usize, bin: usize) -> Option<(usize, usize)> {
        // SAFETY: a free run.
        let next = unsafe { self.read(at, NEXT) };
        // SAFETY: no run is too large for the last bin.
        if unsafe { *self.bins.get_unchecked(bin) } as usize == at {
            if self.leads(at, next) {
                return Some((0, next));
            }
        } else {
            // SAFETY: a free run, not the first of its bin.
            let previous = unsafe { self.read(at, PREVIOUS) };
            // SAFETY: a free run begins there, by the test before.
            let follows = self.begins(previous) && unsafe { self.read(previous, NEXT) } == at;
            // SAFETY: the same.
            let back = || self.begins(next) && unsafe { self.read(next, PREVIOUS) } == at;
            if plausible(follows && (next == 0 || back()), self.pointer(at).addr(), RULE) {
                return Some((previous, next));
            }
        }
        self.give_up(bin);
        None
    }
}
