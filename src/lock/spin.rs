//! A flag, and spinning until it is clear.

use core::sync::atomic::{AtomicBool, Ordering};

/// The gate of a lock.
#[derive(Debug)]
pub(super) struct Gate(AtomicBool);

impl Gate {
    pub(super) const fn new() -> Self {
        Gate(AtomicBool::new(false))
    }

    /// Runs `f`, alone.
    #[inline(always)]
    pub(super) fn pass<R>(&self, f: impl FnOnce() -> R) -> R {
        let taken = &self.0;
        while taken
            .compare_exchange_weak(false, true, Ordering::Acquire, Ordering::Relaxed)
            .is_err()
        {
            while taken.load(Ordering::Relaxed) {
                core::hint::spin_loop();
            }
        }
        let _release = Release(taken);
        f()
    }
}

/// Clears the flag when it is dropped: also if a panic unwinds.
struct Release<'a>(&'a AtomicBool);

impl Drop for Release<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}
