//! The shard that a thread uses, by where its stack is.

use core::mem::MaybeUninit;

use crate::lock::latch::atomic::{AtomicU8, Ordering::Relaxed};

/// Seats: many more than threads that run at once, so that few share one.
const SEATS: usize = 256;
/// log2 of the bytes of stack that lead to one seat: a page in wasm, where a stack may be as small;
/// natively a stack has a MiB or more.
const AREA: u32 = if cfg!(target_family = "wasm") { 16 } else { 18 };

/// The shard that each seat leads to, as the difference from the seat's number. They are written
/// when two threads meet in a shard, so rarely.
#[derive(Debug)]
pub(super) struct Seats([AtomicU8; SEATS]);

impl Seats {
    pub(super) const fn new() -> Self {
        Seats([const { AtomicU8::new(0) }; SEATS])
    }

    /// The seat of the thread that calls.
    #[inline(always)]
    pub(super) fn own(&self) -> Seat<'_> {
        let here = MaybeUninit::<u8>::uninit();
        // Under Miri each variable of a stack is anywhere in memory: all threads have one seat there.
        self.of(if cfg!(miri) { 0 } else { (&raw const here).addr() })
    }

    /// The seat of a thread that has `address` on its stack.
    #[inline(always)]
    fn of(&self, address: usize) -> Seat<'_> {
        // Knuth's multiplicative hash: stacks at equal distances get seats far from each other.
        let number = (((address >> AREA) as u32).wrapping_mul(0x9E37_79B1) >> 24) as u8;
        Seat { word: &self.0[usize::from(number)], number }
    }
}

/// The seat of a thread.
#[derive(Debug)]
pub(super) struct Seat<'a> {
    word: &'a AtomicU8,
    number: u8,
}

impl Seat<'_> {
    /// The number of the shard that the seat leads to; any bits may be set.
    #[inline(always)]
    pub(super) fn shard(&self) -> usize {
        usize::from(self.word.load(Relaxed) ^ self.number)
    }

    /// Leads to another shard from now on.
    pub(super) fn change(&self, shard: usize) {
        self.word.store(shard as u8 ^ self.number, Relaxed);
    }
}
