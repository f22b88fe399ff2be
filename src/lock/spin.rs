//! A flag, and spinning until it is clear, ever more seldom.

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
            self.back_off();
        }
        let _release = Release(taken);
        f()
    }

    /// Looks at the flag less and less often until it is clear, so that the thread inside has the
    /// flag's line of memory for itself. Natively other threads run in between after a while.
    #[cold]
    #[inline(never)]
    fn back_off(&self) {
        let mut pause = 1_u32;
        while self.0.load(Ordering::Relaxed) {
            for turn in 0..pause {
                core::hint::spin_loop();
                // In wasm the hint is no instruction, and an empty loop is none either.
                core::hint::black_box(turn);
            }
            if pause < 1024 {
                pause *= 2;
            } else {
                #[cfg(all(not(target_family = "wasm"), any(unix, windows)))]
                std::thread::yield_now();
            }
        }
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
