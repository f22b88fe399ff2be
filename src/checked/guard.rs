//! The guard between an allocator and its callers: its book in the ledger.
//!
//! One lock guards all books, and is held while a verdict is found and while red zones and poison
//! are read or written; never while an allocator works or the hook runs.

mod verdicts;
mod verify;

use core::{
    alloc::Layout,
    fmt, ptr,
    sync::atomic::{AtomicPtr, Ordering::Relaxed},
};

pub use self::verdicts::set_quarantine;
pub(crate) use self::verdicts::{Leave, Left};
use super::{
    book::{Book, Entry},
    hook::deliver,
    ledger::{BLIND, LEDGER, Ledger, Wrong},
    report::{Allocator, Fault, Operation, Report},
};
use crate::inspect::{Block, Damage, State as Use};

/// An allocator's place in the ledger.
pub(crate) struct Guard {
    name: &'static str,
    /// True if freed blocks wait in quarantine.
    waits: bool,
    /// Null before the first use. Changes only while the ledger is locked.
    book: AtomicPtr<Book>,
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
