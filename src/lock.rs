//! The lock: one thread at a time.
//!
//! | target | the gate | an interrupt or signal handler that allocates |
//! |---|---|---|
//! | wasm without threads (the cfg `threads` of build.rs) | none: there is one thread | cannot be |
//! | with compare-and-swap | a flag, and spinning: a browser's main thread must not wait, and the sections are short | hangs, if it interrupts an operation of the same heap |
//! | without compare-and-swap; without an operating system and with the feature `critical-section` | the critical section that the program has installed | may |

use core::cell::UnsafeCell;

#[cfg(any(
    not(target_has_atomic = "8"),
    all(feature = "critical-section", not(any(unix, windows, target_family = "wasm")))
))]
#[path = "lock/critical.rs"]
mod gate;
#[cfg(all(target_family = "wasm", not(threads)))]
#[path = "lock/open.rs"]
mod gate;
#[cfg(not(any(
    not(target_has_atomic = "8"),
    all(feature = "critical-section", not(any(unix, windows, target_family = "wasm"))),
    all(target_family = "wasm", not(threads))
)))]
#[path = "lock/spin.rs"]
mod gate;
#[cfg(not(any(
    not(target_has_atomic = "8"),
    all(feature = "critical-section", not(any(unix, windows, target_family = "wasm"))),
    all(target_family = "wasm", not(threads))
)))]
pub(crate) mod latch;

/// A value that one thread at a time may use.
#[repr(C)]
pub struct Lock<T> {
    value: UnsafeCell<T>,
    gate: gate::Gate,
}

// SAFETY: the value is reached through `with` alone, whose gate lets one thread in at a time; that
// thread may as well have been sent the value.
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    /// Guards a value.
    ///
    /// # Safety
    /// The owner of the lock passes [`Lock::with`] only closures that do not use this lock again. The
    /// gate of a module with one thread would let them in, to a second reference.
    pub(crate) const unsafe fn new(value: T) -> Self {
        Lock { value: UnsafeCell::new(value), gate: gate::Gate::new() }
    }

    /// The address of the value, for the descriptor that a reader from outside follows.
    pub(crate) const fn as_ptr(&self) -> *mut T {
        self.value.get()
    }

    /// The address of the gate, for the same reader: a latch where there are threads.
    #[allow(dead_code, reason = "only heaps with shards are read while threads run")]
    pub(crate) const fn gate(&self) -> *const () {
        (&raw const self.gate).cast()
    }

    /// Runs `f` on the value, alone. The lock is free again if `f` panics.
    #[inline(always)]
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        let value = self.value.get();
        // SAFETY: the gate lets no other thread in before the reference ends, and `f` does not use this
        // lock, by the contract of `new`.
        self.gate.pass(|| f(unsafe { &mut *value }))
    }
}

impl<T> core::fmt::Debug for Lock<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Lock")
    }
}
#[cfg(test)]
mod tests {
    use super::Lock;
    use std::{format, thread};

    #[test]
    fn one_thread_at_a_time_has_the_value() {
        const ROUNDS: usize = if cfg!(miri) { 50 } else { 20_000 };
        // SAFETY: no closure of this test uses the lock again.
        let lock = unsafe { Lock::new(0usize) };
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..ROUNDS {
                        lock.with(|count| {
                            let before = *count;
                            core::hint::spin_loop();
                            *count = before + 1;
                        });
                    }
                });
            }
        });
        assert_eq!(lock.with(|count| *count), 3 * ROUNDS);
        assert_eq!(format!("{lock:?}"), "Lock", "it does not wait to print");
    }

    #[test]
    fn a_panic_leaves_the_lock_free() {
        // SAFETY: no closure of this test uses the lock again.
        let lock = unsafe { Lock::new(1) };
        let locked = std::panic::AssertUnwindSafe(|| lock.with(|_| panic!("on purpose")));
        assert!(std::panic::catch_unwind(locked).is_err());
        assert_eq!(lock.with(|value| *value), 1);
    }
}
