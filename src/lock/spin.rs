//! A latch, and spinning until it is free, ever more seldom.

use super::latch::Latch;

/// The gate of a lock.
#[derive(Debug)]
pub(super) struct Gate(Latch);

impl Gate {
    pub(super) const fn new() -> Self {
        Gate(Latch::new())
    }

    /// Runs `f`, alone.
    #[inline(always)]
    pub(super) fn pass<R>(&self, f: impl FnOnce() -> R) -> R {
        let _held = self.0.hold();
        f()
    }
}
