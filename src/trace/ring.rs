//! The ring of records, and the words by which it is ruled from outside.
//!
//! ```text
//!   read                    written          both count records and wrap;
//!    ▼                         ▼             written - read <= N
//!   | r | r | r | r | r | r | r |   |   |
//! ```
//!
//! A record that finds the ring full takes the place of the oldest, which is lost: `read` moves on,
//! and `lost` counts it. A reader sets `read` to `written` once it has copied what lies between.

use core::{
    ptr::NonNull,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use super::threads::Threads;
use crate::{
    bitmap::WORD,
    linear::{LinearMemory, MAX_PAGES, Machine, PAGE},
    lock::Lock,
    region::Region,
};

/// The number of records of a ring by default: 1 MiB of them on wasm32.
pub const RECORDS: usize = 1 << 16;

/// Values of [`Control::state`].
const OFF: usize = 0;
const ON: usize = 1;
/// Off because memory could not grow by what the ring needs.
const REFUSED: usize = 2;

/// A record of an operation. Addresses and sizes are in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A block was allocated.
    Allocate {
        /// The address of the block; 0 without memory.
        address: usize,
        /// The size that was asked for.
        size: usize,
        /// Its alignment.
        align: usize,
        /// True if the block was to be zero.
        zeroed: bool,
    },
    /// A block was freed.
    Deallocate {
        /// The address of the block.
        address: usize,
        /// Its size.
        size: usize,
        /// Its alignment.
        align: usize,
    },
    /// A block was resized.
    Reallocate {
        /// The address before.
        from: usize,
        /// The address after; 0 without memory: the block then stays at `from`.
        address: usize,
        /// The size that was asked for.
        size: usize,
        /// Its alignment.
        align: usize,
    },
    /// Linear memory grew, whoever grew it, in the operation of the next record or before it.
    Grow {
        /// Pages before.
        from: usize,
        /// Pages since.
        to: usize,
    },
    /// The allocation of the record before was sampled.
    Site {
        /// The address of its block.
        address: usize,
        /// The size that was asked for.
        size: usize,
        /// The number that [`Sites::site`](super::Sites::site) returned.
        site: usize,
    },
}

/// The number of each kind of record.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operation {
    Allocate = 1,
    Zeroed = 2,
    Deallocate = 3,
    Reallocate = 4,
    Grow = 5,
    Site = 6,
}

/// The operation, log2 of the alignment and the number of the thread, and three words that depend on the operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record([usize; 4]);

impl Record {
    pub(super) fn new(
        operation: Operation,
        align: usize,
        address: usize,
        size: usize,
        other: usize,
    ) -> Self {
        let log = align.trailing_zeros() as usize;
        Record([operation as usize | log << 8, address, size, other])
    }

    /// Returns the record as one of the thread with that number.
    fn of_thread(self, number: usize) -> Self {
        let Record([head, address, size, other]) = self;
        Record([head | number << 16, address, size, other])
    }

    /// Returns what was done, and the number of the thread that did it.
    fn event(self) -> Option<(Event, u16)> {
        let Record([head, address, size, other]) = self;
        let align = 1 << (head >> 8 & 0x1F);
        let is = |operation: Operation| head & 0xFF == operation as usize;
        let event = if is(Operation::Allocate) || is(Operation::Zeroed) {
            Event::Allocate { address, size, align, zeroed: is(Operation::Zeroed) }
        } else if is(Operation::Deallocate) {
            Event::Deallocate { address, size, align }
        } else if is(Operation::Reallocate) {
            Event::Reallocate { from: other, address, size, align }
        } else if is(Operation::Grow) {
            Event::Grow { from: address, to: size }
        } else if is(Operation::Site) {
            Event::Site { address, size, site: other }
        } else {
            return None;
        };
        Some((event, (head >> 16) as u16))
    }
}

/// The words that a reader outside of the module sees. It may write `state`, `rate`, `read` and `lost`.
#[repr(C)]
#[derive(Debug)]
struct Control {
    state: AtomicUsize,
    rate: AtomicUsize,
    /// The address of the first record, 0 while there is no ring.
    ring: AtomicUsize,
    /// Pages of linear memory right after the ring was made.
    pages: AtomicUsize,
    written: AtomicUsize,
    read: AtomicUsize,
    lost: AtomicUsize,
}

/// The state that only the writer knows.
#[derive(Debug)]
struct Writer {
    /// The memory of the records; empty until recording begins.
    region: Region,
    /// Pages at the last record.
    pages: usize,
    threads: Threads,
}

// SAFETY: the records are memory of its own.
unsafe impl Send for Writer {}

#[derive(Debug)]
pub(super) struct Ring<const N: usize> {
    control: Control,
    writer: Lock<Writer>,
}

impl<const N: usize> Ring<N> {
    const MASK: usize = {
        assert!(N.is_power_of_two(), "the number of records is no power of two");
        N - 1
    };

    pub(super) const fn new() -> Self {
        // Nothing else than zeros where possible: statics of zeros take no room in a module.
        let control = Control {
            state: AtomicUsize::new(OFF),
            rate: AtomicUsize::new(0),
            ring: AtomicUsize::new(0),
            pages: AtomicUsize::new(0),
            written: AtomicUsize::new(0),
            read: AtomicUsize::new(0),
            lost: AtomicUsize::new(0),
        };
        // SAFETY: `writer` is private to this file. Its closures write records, which uses no lock.
        let writer = unsafe {
            Lock::new(Writer { region: Region::EMPTY, pages: 0, threads: Threads::new() })
        };
        Ring { control, writer }
    }

    /// The address of the words that a reader sees.
    pub(super) const fn control(&self) -> *const () {
        (&raw const self.control).cast()
    }

    #[inline(always)]
    pub(super) fn is_on(&self) -> bool {
        self.control.state.load(Relaxed) == ON
    }

    pub(super) fn switch(&self, on: bool) {
        self.control.state.store(if on { ON } else { OFF }, Relaxed);
    }

    pub(super) fn rate(&self) -> usize {
        self.control.rate.load(Relaxed)
    }

    pub(super) fn set_rate(&self, bytes: usize) {
        self.control.rate.store(bytes, Relaxed);
    }

    pub(super) fn clear(&self) {
        self.writer.with(|_| {
            self.control.read.store(self.control.written.load(Relaxed), Relaxed);
            self.control.lost.store(0, Relaxed);
        });
    }

    pub(super) fn take_lost(&self) -> usize {
        self.writer.with(|_| {
            // The lock is held, and not every target has a swap.
            let lost = self.control.lost.load(Relaxed);
            self.control.lost.store(0, Relaxed);
            lost
        })
    }

    /// Returns the number of records that are not taken out yet.
    pub(super) fn waiting(&self) -> usize {
        self.writer.with(|_| {
            let read = self.control.read.load(Relaxed);
            self.control.written.load(Relaxed).wrapping_sub(read).min(N)
        })
    }

    /// Writes a record of a thread, as [`Sites::thread`](super::Sites::thread) tells it, and before it, if memory has
    /// grown, that it has.
    pub(super) fn push(&self, record: Record, thread: usize) {
        self.writer.with(|writer| {
            if writer.region.len() == 0 && !self.make(writer) {
                return;
            }
            let number = writer.threads.number(thread);
            let pages = Machine.pages();
            if pages != writer.pages {
                let before = core::mem::replace(&mut writer.pages, pages);
                let grown = Record::new(Operation::Grow, 1, before, pages, 0);
                self.write(writer, grown.of_thread(number));
            }
            self.write(writer, record.of_thread(number));
        });
    }

    fn write(&self, writer: &Writer, Record(words): Record) {
        let written = self.control.written.load(Relaxed);
        let read = self.control.read.load(Relaxed);
        // Not `==`: nobody can make it write elsewhere, but a reader's `read` may be any number.
        if written.wrapping_sub(read) >= N {
            self.control.read.store(written.wrapping_sub(N - 1), Relaxed);
            self.control.lost.store(self.control.lost.load(Relaxed).saturating_add(1), Relaxed);
        }
        let mut address = writer.region.start() + (written & Self::MASK) * size_of::<Record>();
        for word in words {
            // SAFETY: within the ring, which has that many records.
            unsafe { writer.region.write(address, word) };
            address += WORD;
        }
        self.control.written.store(written.wrapping_add(1), Relaxed);
    }

    /// Takes pages for the ring. Straight from memory and not from the pool that heaps share: none
    /// of their pages is where it would not be without a trace but for the gap.
    fn make(&self, writer: &mut Writer) -> bool {
        let bytes = N * size_of::<Record>();
        let pages = bytes.div_ceil(PAGE);
        let start = if Machine.pages() + pages > MAX_PAGES { None } else { Machine.grow(pages) };
        let Some(start) = start.and_then(|page| NonNull::new(Machine.pointer(page))) else {
            self.control.state.store(REFUSED, Relaxed);
            return false;
        };
        writer.region = Region::unbounded(start).first(bytes);
        writer.pages = Machine.pages();
        self.control.ring.store(writer.region.start(), Relaxed);
        self.control.pages.store(writer.pages, Relaxed);
        true
    }

    /// Takes the oldest record.
    pub(super) fn pop(&self) -> Option<(Event, u16)> {
        self.writer.with(|writer| {
            let read = self.control.read.load(Relaxed);
            if read == self.control.written.load(Relaxed) || writer.region.len() == 0 {
                return None;
            }
            let mut address = writer.region.start() + (read & Self::MASK) * size_of::<Record>();
            let mut words = [0; 4];
            for word in &mut words {
                // SAFETY: within the ring, where a record was written.
                *word = unsafe { writer.region.read(address) };
                address += WORD;
            }
            self.control.read.store(read.wrapping_add(1), Relaxed);
            Record(words).event()
        })
    }
}
