//! The numbers of threads in records.
//!
//! A running thread has something that no other one has: the place of its thread-local storage. Its address is asked for,
//! and nothing there is touched: wasm-bindgen calls the allocator before a thread has any storage, and after it has
//! given it back.

/// Threads that get a number, where a program has more than one.
const MOST: usize = if cfg!(any(threads, not(target_family = "wasm"))) { 255 } else { 0 };

/// Returns an address that no other running thread gets: that of a thread-local variable.
#[cfg(all(any(unix, windows), any(threads, not(target_family = "wasm"))))]
pub(super) fn here() -> usize {
    std::thread_local! {
        static HERE: u8 = const { 0 };
    }
    HERE.try_with(|here| core::ptr::from_ref(here).addr()).unwrap_or(0)
}

/// Returns an address that no other running thread gets: that of wasi-libc's notes on it.
#[cfg(all(threads, target_os = "wasi"))]
pub(super) fn here() -> usize {
    unsafe extern "C" {
        safe fn pthread_self() -> *const ();
    }
    pthread_self().addr()
}

/// Returns a number that no other running thread gets: that of 64 KiB of its stack. A thread has as many as it uses, so
/// programs that know their threads better have a hook.
#[cfg(all(threads, not(any(unix, target_os = "wasi"))))]
pub(super) fn here() -> usize {
    let here = core::mem::MaybeUninit::<u8>::uninit();
    (&raw const here).addr() >> 16 | 1 << (usize::BITS - 1)
}

/// Returns 0: there is one thread, or no way to tell.
#[cfg(not(any(threads, all(any(unix, windows), not(target_family = "wasm")))))]
pub(super) fn here() -> usize {
    0
}

/// The threads that have recorded something, by number.
#[derive(Debug)]
pub(super) struct Threads([usize; MOST]);

impl Threads {
    pub(super) const fn new() -> Self {
        Threads([0; MOST])
    }

    /// Returns the number of a thread, from 1 in the order of their first records. 0 for one that is not told, and for
    /// those that come when all numbers are given.
    pub(super) fn number(&mut self, thread: usize) -> usize {
        if thread == 0 {
            return 0;
        }
        for (at, known) in self.0.iter_mut().enumerate() {
            if *known == 0 {
                *known = thread;
            }
            if *known == thread {
                return at + 1;
            }
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_numbered_in_the_order_of_their_first_records() {
        let mut threads = Threads::new();
        assert_eq!(
            [70, 0, 50, 70, 60, 50].map(|thread| threads.number(thread)),
            [1, 0, 2, 1, 3, 2]
        );
        let all: std::vec::Vec<_> = (100..500).map(|thread| threads.number(thread)).collect();
        assert_eq!(all[..252], (4..=255).collect::<std::vec::Vec<_>>());
        assert!(all[252..].iter().all(|&number| number == 0), "no two threads share a number");
        assert_eq!([threads.number(50), threads.number(351), threads.number(352)], [2, 255, 0]);
    }

    #[test]
    fn each_running_thread_has_an_address_that_stays() {
        let both = std::sync::Barrier::new(2);
        let there = std::thread::scope(|scope| {
            let other = scope.spawn(|| {
                let there = here();
                both.wait();
                assert_eq!(here(), there);
                there
            });
            let own = here();
            both.wait();
            assert_eq!(here(), own);
            (own, other.join().unwrap())
        });
        assert!(there.0 != there.1 && there.0 != 0 && there.1 != 0, "{there:?}");
    }
}
