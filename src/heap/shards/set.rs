//! The shards of a heap: which one a thread opens, and all of them at once.

use super::{
    seats::{Seat, Seats},
    shard::{Open, Shard},
};
use crate::lock::latch::atomic::{AtomicUsize, Ordering::Relaxed};

/// The number of shards that threads find by their seats, a power of two.
const SHARDS: usize = 16;
/// Shards that no seat leads to: in each may wait a batch of every list that a thread had too much of, until a thread
/// needs one. A batch changes hands there without the heap's lock, and no block of it but the first is touched.
const STORES: usize = 4;
/// All of them.
pub(super) const ALL: usize = SHARDS + STORES;
/// Turns of a pause after which a shard is given up in wasm, some milliseconds: a worker that was
/// terminated does not close its shard. Natively no thread ends like that.
const PATIENCE: usize = if cfg!(target_family = "wasm") { 1 << 23 } else { usize::MAX };

/// The shards of a heap.
#[repr(C, align(128))]
#[derive(Debug)]
pub(super) struct Shards {
    /// Those of threads, and the stores behind them.
    pub(super) shards: [Shard; ALL],
    // Read by every operation, and seldom written.
    seats: Seats,
    /// Live blocks that are smaller than their list says, because nothing larger was free.
    pub(super) short: AtomicUsize,
    /// A bit for each shard that nobody waits for any more.
    given_up: AtomicUsize,
}

impl Shards {
    pub(super) const fn new() -> Self {
        Shards {
            shards: [const { Shard::new() }; ALL],
            seats: Seats::new(),
            short: AtomicUsize::new(0),
            given_up: AtomicUsize::new(0),
        }
    }

    /// Opens the shard that the seat leads to, or the next that nobody holds. `None` if all are
    /// held.
    #[inline(always)]
    pub(super) fn open(&self) -> Option<Open<'_>> {
        let seat = self.seats.own();
        let number = seat.shard() % SHARDS;
        self.shards[number].open().or_else(|| self.open_next(&seat, number))
    }

    #[cold]
    #[inline(never)]
    fn open_next(&self, seat: &Seat<'_>, number: usize) -> Option<Open<'_>> {
        (1..SHARDS).find_map(|step| {
            let next = (number + step) % SHARDS;
            let open = self.shards[next].open()?;
            seat.change(next);
            Some(open)
        })
    }

    /// Opens the stores that nobody holds, one after another.
    pub(super) fn stores(&self) -> impl Iterator<Item = Open<'_>> {
        self.shards[SHARDS..].iter().filter_map(Shard::open)
    }

    /// Returns the granules that wait in threads' shards that nobody holds, and the shard that has the most.
    pub(super) fn waiting(&self) -> (usize, Option<Open<'_>>) {
        let (mut all, mut most, mut largest) = (0, 0, None);
        for shard in &self.shards[..SHARDS] {
            let Some(open) = shard.open() else { continue };
            let waiting = open.waiting();
            all += waiting;
            if waiting > most {
                most = waiting;
                largest = Some(open);
            }
        }
        (all, largest)
    }

    /// Opens all shards. The caller waits for each, but for one that a terminated worker holds.
    pub(super) fn hold(&self) -> [Option<Open<'_>>; ALL] {
        core::array::from_fn(|number| self.open_later(number))
    }

    /// Opens a shard as soon as nobody holds it. `None` if that takes too long.
    fn open_later(&self, number: usize) -> Option<Open<'_>> {
        let (shard, bit) = (&self.shards[number], 1 << number);
        let mut left = PATIENCE;
        loop {
            let open = shard.open();
            let given_up = self.given_up.load(Relaxed) & bit != 0;
            match (open.is_some(), given_up) {
                (true, true) => {
                    self.given_up.fetch_and(!bit, Relaxed);
                    return open;
                }
                (true, false) => return open,
                (false, true) => return None,
                (false, false) => {}
            }
            let took = shard.wait(left).max(1);
            if PATIENCE != usize::MAX {
                left = left.saturating_sub(took);
            }
            if left == 0 {
                self.given_up.fetch_or(bit, Relaxed);
            }
        }
    }
}
