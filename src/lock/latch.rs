//! A word that one thread at a time holds: tried, or waited for.

/// The atomics of latches and shards, which a checker of schedules replaces by its own.
#[cfg(not(all(test, shuttle)))]
pub(crate) use core::sync::atomic;
#[cfg(all(test, shuttle))]
pub(crate) use shuttle::sync::atomic;

use self::atomic::{AtomicUsize, Ordering};

/// Set while the latch is held.
const HELD: usize = 1;

/// A latch. Its word is 1 while a thread holds it, and else an even number, which every release makes
/// another one: a reader of memory sees by it that nobody was there between two looks.
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct Latch(AtomicUsize);

impl Latch {
    /// A latch that nobody holds.
    pub(crate) const fn new() -> Self {
        Latch(AtomicUsize::new(0))
    }

    /// Takes the latch. `None` if somebody holds it.
    #[inline(always)]
    pub(crate) fn try_hold(&self) -> Option<Held<'_>> {
        let before = self.0.swap(HELD, Ordering::Acquire);
        // A holder writes the number back, so one that was overwritten is not lost. Where the latch was
        // held no `Held` may be made: dropping it would open the latch.
        if before == HELD { None } else { Some(Held { word: &self.0, before }) }
    }

    /// Takes the latch, as soon as nobody holds it.
    #[inline(always)]
    pub(crate) fn hold(&self) -> Held<'_> {
        loop {
            if let Some(held) = self.try_hold() {
                return held;
            }
            self.wait(usize::MAX);
        }
    }

    /// Returns true if a thread holds the latch now.
    #[inline(always)]
    fn is_held(&self) -> bool {
        self.0.load(Ordering::Relaxed) == HELD
    }

    /// Looks at the word less and less often until nobody holds the latch, or about `most` turns of a loop have
    /// passed: so the holder has the word's line of memory for itself. Natively other threads run in
    /// between after a while. Returns the number of turns.
    #[cold]
    #[inline(never)]
    pub(crate) fn wait(&self, most: usize) -> usize {
        let (mut pause, mut turns) = (1, 0_usize);
        while self.is_held() && turns < most {
            #[cfg(all(test, shuttle))]
            shuttle::thread::yield_now();
            for turn in 0..pause {
                core::hint::spin_loop();
                // In wasm the hint is no instruction, and an empty loop is none either.
                core::hint::black_box(turn);
            }
            turns = turns.saturating_add(pause);
            if pause < 1024 {
                pause *= 2;
            } else {
                #[cfg(all(not(target_family = "wasm"), any(unix, windows)))]
                std::thread::yield_now();
            }
        }
        turns
    }
}

/// A latch that is held until this is dropped: also if a panic unwinds.
#[derive(Debug)]
pub(crate) struct Held<'a> {
    word: &'a AtomicUsize,
    before: usize,
}

impl Drop for Held<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        self.word.store(self.before.wrapping_add(2), Ordering::Release);
    }
}
