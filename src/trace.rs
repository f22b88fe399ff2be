//! A record of every operation of a global allocator, in linear memory, for a reader outside of the
//! module (feature `trace`).
//!
//! ```text
//!   program ── alloc, dealloc … ──► Traced<H> ──► H
//!                                       │ while it is switched on
//!                                       ▼
//!     BONSAI_TRACE ─► control words ─► ring of records, in pages of its own
//!                          ▲               │
//!                 state, rate, read        ▼ read through a typed array, with no call
//!                          └──────────── the page
//! ```
//!
//! Time: one load and one branch an operation while it is off; while it is on, about what the
//! operation itself costs (`cargo xtask replay FILE --cost`). Space: 16 bytes
//! a record, [`RECORDS`] of them by default, taken by one `memory.grow` when recording begins and kept for
//! good; nothing before. docs/trace-format.md in the repository specifies it byte by byte.

mod ring;
mod sites;
mod threads;

use core::{
    alloc::{GlobalAlloc, Layout},
    fmt,
    marker::PhantomData,
};

pub use self::{
    ring::{Event, RECORDS},
    sites::{NoSites, Sites},
};
use self::{
    ring::{Operation, Record, Ring},
    sites::Sampler,
};
use crate::{
    BuddyHeap, BumpHeap, Heap, Linear, SlabHeap, TinyHeap,
    descriptor::{Descriptor, value},
    heap::Policy,
    inspect::{Block, Damage, Inspect, Stats},
};

/// `BONT`.
const MAGIC: usize = 0x544E_4F42;
const VERSION: usize = 2;
const WORDS: usize = 6;

/// A global allocator, and a record of what was asked of it.
///
/// It passes everything on to the allocator inside, a heap of this crate or any other. Switched on
/// (by [`Traced::start`], or from outside by a word in memory), it writes down each operation, and
/// each growth of linear memory between two. The ring keeps the last `N` records and counts those
/// that it lost.
///
/// With threads, blocks are recorded in an order in which they could have been handed out, with one
/// exception: a block may be handed out anew before the record of the reallocation that left it.
///
/// # Example
/// ```
/// use bonsai_alloc::{SlabHeap, trace::Traced};
///
/// #[global_allocator]
/// static HEAP: Traced<SlabHeap> = Traced::new(SlabHeap::new());
/// bonsai_alloc::inspectable!(HEAP); // the heap, as without a trace
/// bonsai_alloc::traceable!(HEAP);
///
/// # fn main() {
/// HEAP.start();
/// drop(vec![1_u8; 1000]);
/// HEAP.stop();
/// let mut bytes = 0;
/// HEAP.drain(&mut |event, _thread| {
///     if let bonsai_alloc::trace::Event::Allocate { size, .. } = event {
///         bytes += size;
///     }
/// });
/// assert!(bytes >= 1000);
/// # }
/// ```
pub struct Traced<H, S = NoSites, const N: usize = RECORDS> {
    heap: H,
    ring: Ring<N>,
    sampler: Sampler,
    sites: PhantomData<fn() -> S>,
}

impl<H, S: Sites, const N: usize> Traced<H, S, N> {
    /// Wraps `heap`. Recording is off. `N`, the number of records, must be a power of two; anything
    /// else does not compile.
    pub const fn new(heap: H) -> Self {
        Traced { heap, ring: Ring::new(), sampler: Sampler::new(), sites: PhantomData }
    }

    /// The allocator inside.
    pub const fn heap(&self) -> &H {
        &self.heap
    }

    /// Switches recording on. The first operation after it takes the memory of the ring; if there
    /// is none, recording is off again ([`Traced::is_recording`]).
    pub fn start(&self) {
        self.ring.switch(true);
    }

    /// Switches recording off. What was recorded stays.
    pub fn stop(&self) {
        self.ring.switch(false);
    }

    /// Returns true if operations are recorded.
    pub fn is_recording(&self) -> bool {
        self.ring.is_on()
    }

    /// Samples one allocation in about `bytes` allocated bytes, and has [`Sites::site`] called for
    /// it. 0, as in the beginning, samples none.
    pub fn sample(&self, bytes: usize) {
        self.ring.set_rate(bytes);
    }

    /// Forgets what was recorded, and that anything was lost.
    pub fn clear(&self) {
        self.ring.clear();
    }

    /// Takes every record out of the ring, the oldest first, and returns how many were lost before
    /// the first one. `visit` gets each, and the number of the thread that did it: from 1 in the order of their first
    /// records, 0 where there is one thread, or where 255 have a number. A thread that begins where another has ended may
    /// have its number. `visit` may use the allocator; what it does while recording is on comes last.
    pub fn drain(&self, visit: &mut dyn FnMut(Event, u16)) -> usize {
        let lost = self.ring.take_lost();
        let mut left = self.ring.waiting();
        while left > 0 {
            let Some((event, thread)) = self.ring.pop() else { break };
            visit(event, thread);
            left -= 1;
        }
        lost
    }

    /// Returns the addresses by which a reader outside of the module finds the trace; for
    /// [`traceable!`](crate::traceable).
    pub const fn trace_descriptor(&'static self) -> TraceDescriptor {
        TraceDescriptor([
            value(MAGIC),
            value(VERSION),
            value(WORDS),
            value(size_of::<Record>()),
            value(N),
            self.ring.control(),
        ])
    }

    /// Records an allocation that was made, or refused, and takes a sample if one is due.
    #[cold]
    #[inline(never)]
    fn allocated(&self, operation: Operation, block: *mut u8, layout: Layout, from: usize) {
        let record = Record::new(operation, layout.align(), block.addr(), layout.size(), from);
        let thread = S::thread();
        self.ring.push(record, thread);
        let rate = self.ring.rate();
        if !S::SAMPLES || rate == 0 || block.is_null() {
            return;
        }
        // Not under the ring's lock: the hook may allocate.
        let site = self.sampler.due(layout.size(), rate, || S::site(layout.size()));
        if let Some(site) = site {
            let record = Record::new(Operation::Site, 1, block.addr(), layout.size(), site);
            self.ring.push(record, thread);
        }
    }

    #[cold]
    #[inline(never)]
    fn deallocated(&self, block: *mut u8, layout: Layout) {
        let operation = Operation::Deallocate;
        let record = Record::new(operation, layout.align(), block.addr(), layout.size(), 0);
        self.ring.push(record, S::thread());
    }
}

// SAFETY: every promise is that of the allocator inside, to which everything is passed on as it is.
unsafe impl<H: GlobalAlloc, S: Sites, const N: usize> GlobalAlloc for Traced<H, S, N> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`, which is that of the heap inside.
        let block = unsafe { self.heap.alloc(layout) };
        if self.ring.is_on() {
            self.allocated(Operation::Allocate, block, layout, 0);
        }
        block
    }

    #[inline]
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // Before it is done: another thread may have the block right after.
        if self.ring.is_on() {
            self.deallocated(ptr, layout);
        }
        // SAFETY: every block that was handed out is one of the heap inside, with the same layout.
        unsafe { self.heap.dealloc(ptr, layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc_zeroed`, which is that of the heap
        // inside.
        let block = unsafe { self.heap.alloc_zeroed(layout) };
        if self.ring.is_on() {
            self.allocated(Operation::Zeroed, block, layout, 0);
        }
        block
    }

    #[inline]
    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let from = ptr.addr();
        // SAFETY: every block that was handed out is one of the heap inside, with the same layout.
        let block = unsafe { self.heap.realloc(ptr, layout, new_size) };
        if self.ring.is_on() {
            // SAFETY: the contract of `realloc` says that `new_size` makes a layout.
            let new = unsafe { crate::global::resized(layout, new_size) };
            self.allocated(Operation::Reallocate, block, new, from);
        }
        block
    }
}

impl<H: Inspect, S, const N: usize> Inspect for Traced<H, S, N> {
    fn walk(&self, visit: &mut dyn FnMut(Block)) {
        self.heap.walk(visit);
    }

    fn check(&self) -> Result<(), Damage> {
        self.heap.check()
    }

    fn stats(&self) -> Stats {
        self.heap.stats()
    }
}

impl<H, S, const N: usize> fmt::Debug for Traced<H, S, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Traced").field("recording", &self.ring.is_on()).finish_non_exhaustive()
    }
}

/// `descriptor` is a `const fn`, which no trait can have: each heap is named.
macro_rules! descriptor {
    ($([$($policy:tt)*] $heap:ty),*) => {$(
        impl<$($policy)* S, const N: usize> Traced<$heap, S, N> {
            /// The descriptor of the heap inside; for [`inspectable!`](crate::inspectable).
            pub const fn descriptor(&'static self) -> Descriptor {
                self.heap.descriptor()
            }
        }
    )*};
}
descriptor!([] BuddyHeap, [] BumpHeap, [] SlabHeap, [] TinyHeap, [P: Policy,] Heap<Linear, P>);

/// The addresses of a trace's state, for readers of linear memory. Made by
/// [`traceable!`](crate::traceable); a reader in the program itself uses [`Traced::drain`].
#[repr(transparent)]
#[derive(Debug)]
pub struct TraceDescriptor([*const (); WORDS]);

// SAFETY: nothing in it is ever dereferenced here.
unsafe impl Sync for TraceDescriptor {}

/// Exports the [`TraceDescriptor`] of a [`Traced`] allocator from a wasm module, so that a page can
/// switch recording on and off and read what was recorded without calling the module.
///
/// The exported global is named `BONSAI_TRACE`; its value is the descriptor's address. Once in a
/// program. docs/trace-format.md in the repository specifies what a reader finds.
///
/// # Example
/// ```
/// use bonsai_alloc::{BuddyHeap, trace::Traced};
///
/// #[global_allocator]
/// static HEAP: Traced<BuddyHeap> = Traced::new(BuddyHeap::new());
/// bonsai_alloc::traceable!(HEAP);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! traceable {
    ($heap:path) => {
        /// The addresses of the trace, for readers of linear memory: see bonsai_alloc's docs/trace-format.md.
        #[unsafe(no_mangle)]
        pub static BONSAI_TRACE: $crate::trace::TraceDescriptor = $heap.trace_descriptor();
    };
}
