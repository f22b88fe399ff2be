//! The verdict on each call: a block that is handed out, freed, resized, or leaves the quarantine.

use core::{
    alloc::Layout,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use super::{Guard, verify::inspect};
use crate::{
    checked::{
        book::{Book, Entry, State},
        bytes::{POISON, ZONE, fill},
        ledger::{LEDGER, Wrong},
        report::{Fault, Operation},
    },
    inspect::Damage,
    region::Region,
};

/// No more bytes than this are filled behind a block, however much room there is.
const ZONE_MOST: usize = 64;

/// The most bytes of freed blocks that wait, for each allocator.
static QUARANTINE: AtomicUsize = AtomicUsize::new(1 << 20);

/// Lets every allocator keep up to `bytes` bytes of freed blocks from being used again; 1 MiB by
/// default. 0 means that freed blocks do not wait. A larger block than that does not wait either.
///
/// Blocks that exceed a new limit leave when the next block is freed.
pub fn set_quarantine(bytes: usize) {
    QUARANTINE.store(bytes, Relaxed);
}

/// The way of a freed block back to its allocator.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Leave {
    /// It waits, if it is not too large.
    Waiting,
    /// It is the allocator's at once.
    AtOnce,
    /// Nobody uses it again.
    ForGood,
}

/// The result of a call that frees a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// It is not freed.
    Refused,
    /// It waits: the allocator is not told yet.
    Waits,
    /// It must be given to the allocator now.
    Gone,
}

impl Guard {
    /// A block was handed out: `layout` at `address`, of `room` bytes that are the block's.
    ///
    /// False if it is one that is held, which a damaged list may lead to: it must not be used.
    pub(crate) fn admit(
        &self,
        region: &Region,
        address: usize,
        layout: Layout,
        room: usize,
    ) -> bool {
        self.settle(Operation::Allocate);
        let zone = room.saturating_sub(layout.size()).min(ZONE_MOST);
        let entry = Entry::live(address, layout, zone as u8);
        let twice = self.with(|book, ledger| {
            let known = book.find(address).copied();
            if let Some(known) = known.filter(|known| known.state.held()) {
                return Some(book.known(&known));
            }
            if book.insert(entry, &mut ledger.storage) {
                // SAFETY: of the block, and not of what was asked for.
                unsafe { fill(region, address + layout.size(), zone, ZONE) };
            } else {
                book.untracked += 1;
            }
            None
        });
        let twice = twice.flatten();
        if let Some(block) = twice {
            let rule = "a list of free blocks leads to one that is not free";
            let fault = Fault::Damaged(Damage { address, rule });
            self.tell(Operation::Allocate, address, Some(layout), (fault, Some(block)));
        }
        twice.is_none()
    }

    /// Returns the result of `change` for the live block at `address`, or the fault of that address;
    /// `None` for a block that may lack an entry.
    fn verdict<R>(
        &self,
        region: &Region,
        address: usize,
        given: Option<Layout>,
        change: impl FnOnce(&mut Book, Entry) -> R,
    ) -> Option<Result<R, Wrong>> {
        let astray = self.with(|book, _| {
            let own = book.find(address).copied();
            let entry = match own {
                Some(entry) if entry.state.live() => entry,
                other => {
                    let own = other.filter(|entry| entry.state != State::Empty);
                    return Err((own.map(|entry| book.known(&entry)), book.untracked > 0));
                }
            };
            if given.is_some_and(|given| given != entry.layout()) {
                return Ok(Err((Fault::WrongLayout, Some(book.known(&entry)))));
            }
            // SAFETY: the entry says that the block is live, so its red zone is filled.
            if let Some(fault) = unsafe { inspect(region, &entry) } {
                return Ok(Err((fault, Some(book.known(&entry)))));
            }
            Ok(Ok(change(book, entry)))
        })?;
        match astray {
            Ok(verdict) => Some(verdict),
            Err((own, untracked)) => {
                let owner = self.owner();
                let wrong = LEDGER.with(|ledger| ledger.astray(own, owner, address));
                // A block without an entry is not within another one of this allocator; it has no
                // entry from before either, which would have been used.
                let unsure = matches!(wrong.0, Fault::Unknown | Fault::Foreign);
                if untracked && unsure { None } else { Some(Err(wrong)) }
            }
        }
    }

    /// Returns the layout of the live block at `address`; `untracked` if it may be a block without
    /// an entry; `None`, after a report, if something is wrong with it.
    #[cfg(feature = "c")]
    pub(crate) fn layout(
        &self,
        region: &Region,
        address: usize,
        operation: Operation,
        untracked: impl FnOnce() -> Option<Layout>,
    ) -> Option<Layout> {
        match self.verdict(region, address, None, |_, entry| entry.layout()) {
            None => untracked(),
            Some(Ok(layout)) => Some(layout),
            Some(Err(wrong)) => {
                self.tell(operation, address, None, wrong);
                None
            }
        }
    }

    /// Frees the block at `address`, as far as the ledger is concerned.
    pub(crate) fn leave(
        &self,
        region: &Region,
        address: usize,
        given: Option<Layout>,
        how: Leave,
    ) -> Left {
        let limit = if self.waits { QUARANTINE.load(Relaxed) } else { 0 };
        let left = self.verdict(region, address, given, |book, entry| {
            let len = entry.size + usize::from(entry.zone);
            // SAFETY: the caller gives the block up.
            unsafe { fill(region, address, len, POISON) };
            match how {
                Leave::Waiting if entry.size <= limit => {
                    book.wait(address);
                    return Left::Waits;
                }
                Leave::ForGood => book.close(address, State::Dead),
                Leave::Waiting | Leave::AtOnce => book.close(address, State::Freed),
            }
            Left::Gone
        });
        match left {
            None => {
                self.look(|book| book.untracked = book.untracked.saturating_sub(1));
                Left::Gone
            }
            Some(Ok(left)) => left,
            Some(Err(wrong)) => {
                self.tell(Operation::Free, address, given, wrong);
                Left::Refused
            }
        }
    }

    /// A block that was freed at once is one that nobody uses again.
    pub(crate) fn dead(&self, address: usize) {
        self.look(|book| {
            if book.find(address).is_some_and(|entry| entry.state == State::Freed) {
                book.close(address, State::Dead);
            }
        });
    }

    /// The block that has waited longest, which the allocator must take back now: because there is
    /// no other memory (`empty`), or because more waits than may.
    pub(crate) fn leaves(&self, region: &Region, empty: bool) -> Option<(usize, Layout)> {
        self.settle(if empty { Operation::Allocate } else { Operation::Free });
        let limit = if empty { 0 } else { QUARANTINE.load(Relaxed) };
        let (entry, wrong) = self.look(|book| {
            if book.waiting == 0 || !empty && book.waiting_bytes <= limit {
                return None;
            }
            let entry = book.oldest()?;
            // SAFETY: it waits; the entry is as it was.
            let fault = unsafe { inspect(region, &entry) };
            Some((entry, fault.map(|fault| (fault, Some(book.known(&entry))))))
        })??;
        if let Some(wrong) = wrong {
            self.tell(Operation::Reuse, entry.address, None, wrong);
        }
        Some((entry.address, entry.layout()))
    }

    /// Returns true if the block at `address` may be resized. Its end is not watched until
    /// [`Guard::resized`].
    pub(crate) fn resizes(&self, region: &Region, address: usize, old: Layout) -> bool {
        let resizing = |book: &mut Book, _| book.close(address, State::Resizing);
        match self.verdict(region, address, Some(old), resizing) {
            None | Some(Ok(())) => true,
            Some(Err(wrong)) => {
                self.tell(Operation::Resize, address, Some(old), wrong);
                false
            }
        }
    }

    /// The block has that layout now, or still, and `room` bytes.
    pub(crate) fn resized(&self, region: &Region, address: usize, layout: Layout, room: usize) {
        self.settle(Operation::Resize);
        let zone = room.saturating_sub(layout.size()).min(ZONE_MOST);
        self.look(|book| {
            if let Some(entry) = book.find(address).filter(|entry| entry.state.live()) {
                *entry = Entry::live(address, layout, zone as u8);
                // SAFETY: of the block, and not of what was asked for.
                unsafe { fill(region, address + layout.size(), zone, ZONE) };
            }
        });
    }
}

#[cfg(all(test, any(unix, windows)))]
mod tests {
    use core::ptr::NonNull;

    use super::*;
    use crate::checked::{Counts, storage::REFUSED};

    #[test]
    fn a_block_for_which_the_book_has_no_room_is_served_and_not_reported() {
        let wanted = Layout::new::<[u8; 100]>();
        let mut memory = [0_u128; 8 * 40];
        let start = NonNull::from(&mut memory).cast();
        let region = Region::new(start, size_of_val(&memory)).unwrap();
        let at = |block: usize| region.start() + 128 * block;

        // SAFETY: the test passes the region of its own memory, and blocks that lie in it.
        let guard = unsafe { Guard::new("Heap", true) };
        assert!(guard.admit(&region, at(0), wanted, 128));
        REFUSED.set(true);
        assert!((1..40).all(|block| guard.admit(&region, at(block), wanted, 128)));
        let counts = guard.counts();
        assert_eq!((counts.live, counts.untracked), (16, 24), "a table has 16 entries");
        // A report would stop the test.
        let left = |block| guard.leave(&region, at(block), Some(wanted), Leave::Waiting);
        assert!((0..16).all(|block| left(block) == Left::Waits));
        assert!((16..40).all(|block| left(block) == Left::Gone));
        let counts = guard.counts();
        assert_eq!((counts.live, counts.waiting, counts.untracked), (0, 16, 0));

        // Without a book there is nothing to hold anybody to.
        // SAFETY: the test passes the region of its own memory, and blocks that lie in it.
        let blind = unsafe { Guard::new("Heap", true) };
        assert!(blind.admit(&region, at(0), wanted, 128));
        assert_eq!(blind.leave(&region, at(0), Some(wanted), Leave::Waiting), Left::Gone);
        assert_eq!(blind.counts(), Counts::default());
        REFUSED.set(false);
    }
}
