//! One thread at a time.
//!
//! On wasm32 without the `atomics` target feature there is one thread and the lock is nothing.
//! Everywhere else it spins: it never waits, because a browser's main thread must not, and the
//! sections it guards are short.

use core::cell::UnsafeCell;

#[cfg(not(all(target_family = "wasm", not(target_feature = "atomics"))))]
use core::sync::atomic::{AtomicBool, Ordering};

/// A value that one thread at a time may use.
#[repr(C)]
pub struct Lock<T> {
    value: UnsafeCell<T>,
    #[cfg(not(all(target_family = "wasm", not(target_feature = "atomics"))))]
    taken: AtomicBool,
}

// SAFETY: there is one thread.
#[cfg(all(target_family = "wasm", not(target_feature = "atomics")))]
unsafe impl<T> Sync for Lock<T> {}

// SAFETY: `with` lets one thread at a time in, which may as well have been sent the value.
#[cfg(not(all(target_family = "wasm", not(target_feature = "atomics"))))]
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    pub(crate) const fn new(value: T) -> Self {
        Lock {
            value: UnsafeCell::new(value),
            #[cfg(not(all(target_family = "wasm", not(target_feature = "atomics"))))]
            taken: AtomicBool::new(false),
        }
    }

    /// The address of the value, for the descriptor that a reader from outside follows.
    pub(crate) const fn as_ptr(&self) -> *mut T {
        self.value.get()
    }

    /// Runs `f` on the value, alone. `f` must neither panic nor use the same lock.
    #[cfg(all(target_family = "wasm", not(target_feature = "atomics")))]
    #[inline(always)]
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: there is one thread, and `f` does not come back here.
        f(unsafe { &mut *self.value.get() })
    }

    /// Runs `f` on the value, alone. `f` must neither panic nor use the same lock.
    #[cfg(not(all(target_family = "wasm", not(target_feature = "atomics"))))]
    #[inline(always)]
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        while self
            .taken
            .compare_exchange_weak(false, true, Ordering::Acquire, Ordering::Relaxed)
            .is_err()
        {
            while self.taken.load(Ordering::Relaxed) {
                core::hint::spin_loop();
            }
        }
        let _release = Release(&self.taken);
        // SAFETY: the flag was clear and is set now, so nobody else is here before it is cleared.
        f(unsafe { &mut *self.value.get() })
    }
}

/// Clears the flag of a lock when it is dropped: also if a panic unwinds.
#[cfg(not(all(target_family = "wasm", not(target_feature = "atomics"))))]
struct Release<'a>(&'a AtomicBool);

#[cfg(not(all(target_family = "wasm", not(target_feature = "atomics"))))]
impl Drop for Release<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
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
        let lock = Lock::new(0usize);
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
        let lock = Lock::new(1);
        let locked = std::panic::AssertUnwindSafe(|| lock.with(|_| panic!("on purpose")));
        assert!(std::panic::catch_unwind(locked).is_err());
        assert_eq!(lock.with(|value| *value), 1);
    }
}
