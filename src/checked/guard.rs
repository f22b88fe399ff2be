//! The guard between an allocator and its callers: its blocks, and every verdict.
//!
//! One lock guards all books, and is held while a verdict is found and while red zones and poison
//! are read or written; never while an allocator works or the hook runs.

use core::{
    alloc::Layout,
    fmt, ptr,
    sync::atomic::{AtomicPtr, AtomicUsize, Ordering::Relaxed},
};

use super::{
    book::{Book, Entry, State},
    bytes::{POISON, ZONE, differs, fill},
    hook::deliver,
    ledger::{BLIND, LEDGER, Ledger, Wrong},
    report::{Allocator, Fault, Known, Operation, Report},
};
use crate::{
    inspect::{Block, Damage, State as Use},
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

/// An allocator's place in the ledger.
pub(crate) struct Guard {
    name: &'static str,
    /// True if freed blocks wait in quarantine.
    waits: bool,
    /// Null before the first use. Changes only while the ledger is locked.
    book: AtomicPtr<Book>,
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

/// Returns the fault that the bytes behind a block, or in a freed one, show: they are to be as the
/// guard filled them.
///
/// # Safety
/// The block is held and `region` may touch it.
unsafe fn inspect(region: &Region, entry: &Entry) -> Option<Fault> {
    let end = entry.address + entry.size;
    let zone = usize::from(entry.zone);
    match entry.state {
        State::Live => {
            // SAFETY: the red zone was filled, and is nobody's.
            let (at, found) = unsafe { differs(region, end, zone, ZONE) }?;
            Some(Fault::Overflow { offset: entry.size + at, found })
        }
        State::Waiting | State::Dead => {
            // SAFETY: the block and what is behind it were filled, and are nobody's.
            let (at, found) = unsafe { differs(region, entry.address, entry.size + zone, POISON) }?;
            Some(Fault::UseAfterFree { offset: at, found })
        }
        _ => None,
    }
}

impl Book {
    /// The first block, from the entry at `at` on, with which something is wrong, and the position
    /// behind its entry.
    fn next_wrong(&mut self, region: &Region, at: usize) -> Option<(usize, Fault, Known)> {
        let rest = self.entries().get(at..)?;
        let (index, fault) = rest.iter().enumerate().find_map(|(index, entry)| {
            // SAFETY: held, as far as it looks at a block at all.
            Some((index, unsafe { inspect(region, entry) }?))
        })?;
        let entry = *self.entries().get(at + index)?;
        Some((at + index + 1, fault, self.known(&entry)))
    }
}

impl Guard {
    /// Guards an allocator of the type `name`. With `waits`, freed blocks wait in quarantine: not for
    /// allocators that hand nothing out again.
    ///
    /// # Safety
    /// The owner of the guard passes its own region with each call, the memory that its blocks lie in.
    /// It admits only blocks that it hands out, with the bytes that are theirs, and frees or resizes
    /// only at the demand of a caller who gives the block up or owns it.
    pub(crate) const unsafe fn new(name: &'static str, waits: bool) -> Self {
        Guard { name, waits, book: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Uses the allocator's book, if there is one or there can be one.
    fn with<R>(&self, f: impl FnOnce(&mut Book, &mut Ledger) -> R) -> Option<R> {
        LEDGER.with(|ledger| {
            let mut book = self.book.load(Relaxed);
            if book.is_null() {
                book = match ledger.storage.obtain(Layout::new::<Book>()) {
                    None => BLIND,
                    Some(place) => {
                        let book = place.cast::<Book>().as_ptr();
                        ledger.numbered += 1;
                        let owner = Allocator { name: self.name, number: ledger.numbered };
                        let mut new = Book::new(owner);
                        new.next = ledger.first;
                        // SAFETY: obtained for a book.
                        unsafe { book.write(new) };
                        ledger.first = book;
                        book
                    }
                };
                self.book.store(book, Relaxed);
            }
            if book == BLIND {
                return None;
            }
            // SAFETY: the allocator's own book, which lives until the guard is dropped; the
            // closures do not search the ledger while they use it.
            Some(f(unsafe { &mut *book }, ledger))
        })
    }

    /// Uses the book if there is one already.
    fn look<R>(&self, f: impl FnOnce(&mut Book) -> R) -> Option<R> {
        if self.book.load(Relaxed).is_null() {
            return None;
        }
        self.with(|book, _| f(book))
    }

    fn owner(&self) -> Allocator {
        let known = self.look(|book| book.owner);
        known.unwrap_or(Allocator { name: self.name, number: 0 })
    }

    fn tell(
        &self,
        operation: Operation,
        address: usize,
        given: Option<Layout>,
        (fault, block): Wrong,
    ) {
        let allocator = self.owner();
        deliver(&Report { fault, operation, allocator, address, given, block });
    }

    /// The allocator's own words are wrong at `address`.
    pub(super) fn damaged(&self, operation: Operation, damage: Damage) {
        // It may be the first that is heard of the allocator.
        self.with(|_, _| ());
        self.tell(operation, damage.address, None, (Fault::Damaged(damage), None));
    }

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
            // SAFETY: live.
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

    /// Verifies what is watched; shows `visit` each fault.
    pub(super) fn verify(
        &self,
        region: &Region,
        operation: Operation,
        visit: &mut dyn FnMut(&Report),
    ) {
        let mut at = 0;
        // One fault at a time: `visit` may use the allocator, and the table may move. Then a block
        // may be seen twice, or not at all.
        while let Some((next, fault, block)) =
            self.look(|book| book.next_wrong(region, at)).flatten()
        {
            at = next;
            let (allocator, address, block) = (block.owner, block.address, Some(block));
            visit(&Report { fault, operation, allocator, address, given: None, block });
        }
    }

    /// Verifies what is watched, and tells the hook of each fault.
    pub(crate) fn check(&self, region: &Region) -> Result<(), Damage> {
        let mut first = Ok(());
        self.verify(region, Operation::Check, &mut |report| {
            let (at, rule) = match report.fault {
                Fault::Overflow { offset, .. } => (offset, "a byte behind a block was overwritten"),
                Fault::UseAfterFree { offset, .. } => (offset, "a freed block was written to"),
                _ => (0, "a block is damaged"),
            };
            if first.is_ok() {
                first = Err(Damage { address: report.address + at, rule });
            }
            deliver(report);
        });
        first
    }

    /// Every block is free at once, and may be handed out again; what was watched is verified.
    pub(crate) fn reset(&self, region: &Region) {
        self.verify(region, Operation::Reuse, &mut deliver);
        self.look(Book::reset);
    }

    /// The blocks are nobody's any more.
    pub(crate) fn forget(&self) {
        drop(self.take());
    }

    /// The same place in the ledger for another owner of the blocks; this one begins anew.
    pub(crate) fn take(&self) -> Guard {
        let book = LEDGER.with(|_| {
            // The lock is held, and not every target has a swap.
            let book = self.book.load(Relaxed);
            self.book.store(ptr::null_mut(), Relaxed);
            book
        });
        Guard { name: self.name, waits: self.waits, book: AtomicPtr::new(book) }
    }

    /// Returns the number of freed blocks that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.look(|book| book.waiting).unwrap_or(0)
    }

    /// Shows `visit` a waiting block as free, which to the allocator is live; and one that another
    /// thread is just giving back.
    pub(crate) fn seen<'a>(
        &'a self,
        visit: &'a mut dyn FnMut(Block),
    ) -> impl FnMut(Block) + use<'a> {
        move |mut block| {
            if block.state == Use::Live {
                let freed = |entry: &mut Entry| !entry.state.live();
                let known = self.look(|book| book.find(block.address).is_some_and(freed));
                if known == Some(true) {
                    block.state = Use::Free;
                }
            }
            visit(block);
        }
    }

    /// Returns the counters of the book; zeros without a book.
    pub(super) fn counts(&self) -> super::Counts {
        let counts = self.look(|book| super::Counts {
            live: book.live,
            waiting: book.waiting,
            waiting_bytes: book.waiting_bytes,
            untracked: book.untracked,
        });
        counts.unwrap_or_default()
    }
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

impl Drop for Guard {
    fn drop(&mut self) {
        let book = *self.book.get_mut();
        if book.is_null() || book == BLIND {
            return;
        }
        LEDGER.with(|ledger| {
            // SAFETY: `book` is this guard's own, which `with` put on the list; only the ledger, which is locked, leads to it.
            let current = unsafe { &mut *book };
            current.clear(&mut ledger.storage);
            let mut place = &raw mut ledger.first;
            // SAFETY: `place` is `ledger.first` or the `next` of a book on the list, and the ledger is locked.
            while unsafe { *place } != book {
                // SAFETY: `place` is valid, as in the condition of the loop.
                let other = unsafe { *place };
                // SAFETY: `other` is a book on the list: it is not null, since `book` is on the list behind it.
                place = unsafe { &raw mut (*other).next };
            }
            // SAFETY: `place` is the link that leads to `book`, and the ledger is locked.
            unsafe { *place = current.next };
            let Some(place) = ptr::NonNull::new(book.cast::<u8>()) else { return };
            // SAFETY: obtained with this layout, and off the list.
            unsafe { ledger.storage.release(place, Layout::new::<Book>()) };
        });
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(all(test, any(unix, windows)))]
mod tests {
    use core::ptr::NonNull;

    use super::{super::storage::REFUSED, *};

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
        assert_eq!(blind.counts(), super::super::Counts::default());
        REFUSED.set(false);
    }
}
