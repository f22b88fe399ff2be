//! No gate: there is one thread.

/// The gate of a lock.
#[derive(Debug)]
pub(super) struct Gate;

impl Gate {
    pub(super) const fn new() -> Self {
        Gate
    }

    /// Runs `f`, alone.
    #[expect(clippy::unused_self, reason = "the other gates have a state")]
    #[inline(always)]
    pub(super) fn pass<R>(&self, f: impl FnOnce() -> R) -> R {
        f()
    }
}
