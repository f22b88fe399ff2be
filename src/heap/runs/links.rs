//! Whether free runs and their links are what the table says, before they are followed: the part
//! of `checked` that needs to know them.

use super::{F, GRANULE, LENGTH, NEXT, PREVIOUS, Runs, bin_of};
use crate::checked::sound;

const RULE: &str = "a free run's length or links are not what they were";

impl Runs {
    /// Whether a free run begins at `at`, as far as the table says.
    fn begins(&self, at: usize) -> bool {
        self.is_block(at) && at != self.top && self.get(at) & F != 0
    }

    /// Whether the run at `at` and its neighbours in the bin agree.
    fn agrees(&self, at: usize) -> bool {
        if !self.begins(at) {
            return false;
        }
        // SAFETY: a free run begins there.
        let n = unsafe { self.read(at, LENGTH) };
        if n == 0 || n > self.limit - at || self.get(at + n - 1) & F == 0 {
            return false;
        }
        // SAFETY: within the heap's memory.
        let tail = unsafe { self.read(at + n - 1, GRANULE - 4) };
        // SAFETY: as above.
        let next = unsafe { self.read(at, NEXT) };
        // SAFETY: a free run begins there, by the test before.
        let follows = next == 0 || self.begins(next) && unsafe { self.read(next, PREVIOUS) } == at;
        let first = self.bins.get(bin_of(n)).is_some_and(|&first| first as usize == at);
        // SAFETY: as above.
        let previous = unsafe { self.read(at, PREVIOUS) };
        // SAFETY: the same.
        let leads = || self.begins(previous) && unsafe { self.read(previous, NEXT) } == at;
        tail == n && follows && (first || leads())
    }

    /// Whether the free run at `at` may be used.
    #[inline(always)]
    pub(super) fn sound(&self, at: usize) -> bool {
        sound(|| self.agrees(at), self.pointer(at).addr(), RULE)
    }

    /// Whether the free run of `n` granules that ends at `end` may be used.
    #[inline(always)]
    pub(super) fn sound_before(&self, end: usize, n: usize) -> bool {
        let agrees = || {
            n > 0
                && n <= end - self.origin
                && self.agrees(end - n)
                // SAFETY: a free run begins there, by the test before.
                && unsafe { self.read(end - n, LENGTH) } == n
        };
        sound(agrees, self.pointer(end - 1).addr(), RULE)
    }
}
