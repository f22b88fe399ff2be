//! The blocks that one allocator handed out: a hash table by address.
//!
//! Entries stay when a block is freed, so that a second free can be told from a free of nothing;
//! they leave when the table is made anew, or their place is needed.

use core::{alloc::Layout, ptr::NonNull};

use super::{
    report::{Allocator, Known},
    storage::Storage,
};

/// The state of a block that was handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum State {
    /// No entry. Zero, as fresh tables are.
    Empty = 0,
    Live,
    /// Live, and its end is about to move.
    Resizing,
    /// Freed and filled with poison; the allocator itself does not know yet.
    Waiting,
    /// Freed and filled with poison, and never used again.
    Dead,
    /// Freed, and the allocator's again.
    Freed,
}

impl State {
    /// Returns true if the block's bytes are watched.
    pub(super) fn held(self) -> bool {
        !matches!(self, State::Empty | State::Freed)
    }

    pub(super) fn live(self) -> bool {
        matches!(self, State::Live | State::Resizing)
    }
}

/// A block.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(super) struct Entry {
    pub(super) address: usize,
    /// The requested size in bytes, without the red zone.
    pub(super) size: usize,
    /// The address of the block that was freed after it, while both wait; else 0.
    next: usize,
    /// log2 of the alignment.
    align: u8,
    /// Bytes behind the block that are filled.
    pub(super) zone: u8,
    pub(super) state: State,
}

impl Entry {
    pub(super) fn live(address: usize, layout: Layout, zone: u8) -> Self {
        let align = layout.align().trailing_zeros() as u8;
        Entry { address, size: layout.size(), next: 0, align, zone, state: State::Live }
    }

    pub(super) fn layout(&self) -> Layout {
        // SAFETY: of a layout's parts.
        unsafe { Layout::from_size_align_unchecked(self.size, 1 << self.align) }
    }

    /// Returns true if `address` is one of the block's bytes.
    pub(super) fn contains(&self, address: usize) -> bool {
        self.state.held() && address.wrapping_sub(self.address) < self.size
    }
}

/// The blocks of one allocator.
#[derive(Debug)]
pub(super) struct Book {
    /// The next allocator's.
    pub(super) next: *mut Book,
    pub(super) owner: Allocator,
    /// `capacity` entries, 0 or a power of two.
    ///
    /// Invariant: exclusively the book's, and initialised.
    table: *mut Entry,
    capacity: usize,
    /// Entries that are not empty.
    used: usize,
    /// Entries whose blocks are held.
    held: usize,
    /// The block that has waited longest and the one that was freed last, 0 for none.
    oldest: usize,
    newest: usize,
    pub(super) live: usize,
    pub(super) waiting: usize,
    pub(super) waiting_bytes: usize,
    /// Live blocks of which there was no room for an entry.
    pub(super) untracked: usize,
}

impl Book {
    pub(super) fn new(owner: Allocator) -> Self {
        Book {
            next: core::ptr::null_mut(),
            owner,
            table: core::ptr::null_mut(),
            capacity: 0,
            used: 0,
            held: 0,
            oldest: 0,
            newest: 0,
            live: 0,
            waiting: 0,
            waiting_bytes: 0,
            untracked: 0,
        }
    }

    /// Every entry, in no order.
    pub(super) fn entries(&mut self) -> &mut [Entry] {
        if self.capacity == 0 {
            return &mut [];
        }
        // SAFETY: the table's invariant.
        unsafe { core::slice::from_raw_parts_mut(self.table, self.capacity) }
    }

    /// Returns the index at which the search for an address begins.
    fn start(&self, address: usize) -> usize {
        // Fibonacci hashing: the upper bits of the product depend on all of the address.
        const FACTOR: usize = (0x9E37_79B9_7F4A_7C15_u64 >> (64 - usize::BITS)) as usize;
        let mixed = address.wrapping_mul(FACTOR);
        mixed >> (usize::BITS - self.capacity.trailing_zeros())
    }

    /// The entry of the block at `address`.
    pub(super) fn find(&mut self, address: usize) -> Option<&mut Entry> {
        let (start, capacity) = (self.start(address), self.capacity);
        let entries = self.entries();
        for step in 0..capacity {
            let at = (start + step) & (capacity - 1);
            match entries.get(at) {
                Some(entry) if entry.state == State::Empty => return None,
                Some(entry) if entry.address == address => return entries.get_mut(at),
                _ => {}
            }
        }
        None
    }

    /// Enters a block. False where there is no room for it.
    pub(super) fn insert(&mut self, entry: Entry, storage: &mut Storage) -> bool {
        if let Some(known) = self.find(entry.address) {
            if known.state == State::Freed {
                *known = entry;
                self.held += 1;
                self.live += 1;
                return true;
            }
            return false;
        }
        if self.used >= self.capacity / 4 * 3 {
            // Where that is refused, there may be an entry of a freed block to put it in.
            self.rebuild(storage);
        }
        self.place(entry)
    }

    /// Puts an entry that is not there yet where it belongs, if there is an empty place or one of
    /// a freed block.
    fn place(&mut self, entry: Entry) -> bool {
        let (start, capacity) = (self.start(entry.address), self.capacity);
        for step in 0..capacity {
            let at = (start + step) & (capacity - 1);
            let Some(place) = self.entries().get_mut(at) else { return false };
            if !place.state.held() {
                let empty = place.state == State::Empty;
                *place = entry;
                self.used += usize::from(empty);
                self.held += 1;
                self.live += usize::from(entry.state.live());
                return true;
            }
        }
        false
    }

    fn layout(capacity: usize) -> Option<Layout> {
        Layout::array::<Entry>(capacity).ok()
    }

    /// Moves to a table that is at most half full.
    fn rebuild(&mut self, storage: &mut Storage) -> Option<()> {
        let capacity = (2 * self.held).next_power_of_two().max(16);
        let table = storage.obtain(Self::layout(capacity)?)?.cast();
        let mut book = Book::new(self.owner);
        book.table = table.as_ptr();
        book.capacity = capacity;
        for entry in self.entries().iter().filter(|entry| entry.state.held()) {
            book.place(*entry);
        }
        core::mem::swap(&mut self.table, &mut book.table);
        core::mem::swap(&mut self.capacity, &mut book.capacity);
        self.used = book.used;
        book.clear(storage);
        Some(())
    }

    /// A live block was freed, and waits.
    pub(super) fn wait(&mut self, address: usize) {
        let Some(entry) = self.find(address) else { return };
        entry.state = State::Waiting;
        entry.next = 0;
        let size = entry.size;
        self.live -= 1;
        self.waiting += 1;
        self.waiting_bytes += size;
        let before = core::mem::replace(&mut self.newest, address);
        if self.oldest == 0 {
            self.oldest = address;
        } else if let Some(before) = self.find(before) {
            before.next = address;
        }
    }

    /// The block that has waited longest, as it waited. It is the allocator's again.
    pub(super) fn oldest(&mut self) -> Option<Entry> {
        let oldest = self.oldest;
        let entry = self.find(oldest).filter(|entry| entry.state == State::Waiting)?;
        let waited = *entry;
        entry.state = State::Freed;
        self.oldest = waited.next;
        self.waiting -= 1;
        self.waiting_bytes -= waited.size;
        self.held -= 1;
        Some(waited)
    }

    /// A live block was freed at once; or, with [`State::Dead`], for good.
    pub(super) fn close(&mut self, address: usize, state: State) {
        let Some(entry) = self.find(address) else { return };
        let (was, is) = (entry.state, state);
        entry.state = state;
        self.live -= usize::from(was.live());
        self.live += usize::from(is.live());
        self.held -= usize::from(was.held());
        self.held += usize::from(is.held());
    }

    /// Every block was freed at once.
    pub(super) fn reset(&mut self) {
        for entry in self.entries() {
            if entry.state.held() {
                entry.state = State::Freed;
            }
        }
        *self = Book {
            next: self.next,
            table: self.table,
            capacity: self.capacity,
            used: self.used,
            ..Book::new(self.owner)
        };
    }

    /// Forgets every block.
    pub(super) fn clear(&mut self, storage: &mut Storage) {
        if let (Some(table), Some(layout)) = (NonNull::new(self.table), Self::layout(self.capacity))
        {
            // SAFETY: obtained with this layout.
            unsafe { storage.release(table.cast(), layout) };
        }
        *self = Book { next: self.next, ..Book::new(self.owner) };
    }

    /// Returns the block of an entry as a report names it.
    pub(super) fn known(&self, entry: &Entry) -> Known {
        Known {
            address: entry.address,
            layout: entry.layout(),
            live: entry.state.live(),
            owner: self.owner,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIXTEEN: Layout = Layout::new::<u128>();

    fn book() -> Book {
        Book::new(Allocator { name: "Heap", number: 1 })
    }

    #[test]
    fn a_table_is_as_large_as_what_is_held_and_not_what_ever_was() {
        let (mut book, mut storage) = (book(), Storage::new());
        for address in (16..16 * 10_000).step_by(16) {
            assert!(book.insert(Entry::live(address, SIXTEEN, 0), &mut storage));
            assert!(book.start(address) < book.capacity);
            match address / 16 % 3 {
                0 => book.close(address, State::Freed),
                1 => book.wait(address),
                _ => {
                    book.wait(address);
                    book.oldest().unwrap();
                    book.oldest().unwrap();
                }
            }
            assert_eq!((book.live, book.held), (0, book.waiting), "{address}");
            assert_eq!(book.waiting_bytes, book.waiting * 16);
        }
        assert!(book.waiting < 2 && book.capacity <= 32, "{book:?}");
        for address in (16..16 * 1000).step_by(16) {
            book.insert(Entry::live(address, SIXTEEN, 0), &mut storage);
        }
        assert!((2048..=4096).contains(&book.capacity), "{}", book.capacity);
        for address in (16..16 * 1000).step_by(16) {
            book.close(address, State::Dead);
        }
        assert_eq!(book.live, 0);
        assert!(book.held >= 998, "what nobody uses again is held");
        book.clear(&mut storage);
        assert_eq!((book.entries().len(), book.held, book.used), (0, 0, 0));
    }

    #[test]
    fn a_block_has_its_bytes_and_none_behind_them() {
        let entry = Entry::live(160, SIXTEEN, 16);
        let within: std::vec::Vec<_> = (0..400).filter(|&at| entry.contains(at)).collect();
        assert_eq!(within, (160..176).collect::<std::vec::Vec<_>>());
    }
}
