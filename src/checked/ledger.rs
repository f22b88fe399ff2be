//! The ledger: the books of all allocators, and the search through them.

use core::ptr;

use super::{
    book::{Book, Entry},
    report::{Allocator, Fault, Known},
    storage::Storage,
};
use crate::lock::Lock;

/// Every book, and the memory for them.
pub(super) struct Ledger {
    /// The first book of the list.
    pub(super) first: *mut Book,
    /// The number of allocators that were numbered.
    pub(super) numbered: usize,
    pub(super) storage: Storage,
}

// SAFETY: the books are the ledger's own memory.
unsafe impl Send for Ledger {}

// SAFETY: the closures read and write books, which uses no lock; the hook runs without the lock.
pub(super) static LEDGER: Lock<Ledger> =
    unsafe { Lock::new(Ledger { first: ptr::null_mut(), numbered: 0, storage: Storage::new() }) };

/// The book of an allocator for which there was no memory. It is not checked at all.
pub(super) const BLIND: *mut Book = ptr::without_provenance_mut(1);

/// A fault, and the block that it is about.
pub(super) type Wrong = (Fault, Option<Known>);

impl Ledger {
    /// A block, of any allocator, for which `matches` holds.
    fn search(&mut self, mut matches: impl FnMut(&Entry) -> bool) -> Option<Known> {
        let mut book = self.first;
        while !book.is_null() {
            // SAFETY: on the list, and nobody else refers to it while the ledger is locked.
            let current = unsafe { &mut *book };
            let found = current.entries().iter().copied().find(&mut matches);
            if let Some(entry) = found {
                return Some(current.known(&entry));
            }
            book = current.next;
        }
        None
    }

    /// Returns the fault of an address at which the allocator has no live block; `own` is its block
    /// that was freed there.
    pub(super) fn astray(&mut self, own: Option<Known>, owner: Allocator, address: usize) -> Wrong {
        if own.is_some() {
            return (Fault::Freed, own);
        }
        let exact = |entry: &Entry| entry.state.live() && entry.address == address;
        let block = match self.search(exact) {
            None => self.search(|entry| entry.contains(address)),
            exact => exact,
        };
        let fault = match block {
            None => Fault::Unknown,
            Some(block) if block.owner == owner => {
                Fault::Interior { offset: address - block.address }
            }
            Some(_) => Fault::Foreign,
        };
        (fault, block)
    }
}
