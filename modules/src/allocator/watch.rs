//! The calls between a program and its allocator: counted, and checked where that is cheap.

use core::{
    alloc::{GlobalAlloc, Layout},
    arch::wasm32,
    cell::Cell,
};

/// An allocator and what was seen of it.
#[derive(Debug)]
pub struct Watch<A>(A);

/// The counters of all calls. A module has one allocator, so there is one of these.
#[derive(Debug)]
struct Seen {
    allocations: Cell<u32>,
    reallocations: Cell<u32>,
    frees: Cell<u32>,
    growths: Cell<u32>,
    live: Cell<usize>,
    peak: Cell<usize>,
}

// SAFETY: the module has one thread.
unsafe impl Sync for Seen {}

static SEEN: Seen = Seen {
    allocations: Cell::new(0),
    reallocations: Cell::new(0),
    frees: Cell::new(0),
    growths: Cell::new(0),
    live: Cell::new(0),
    peak: Cell::new(0),
};

fn count(counter: &Cell<u32>) {
    counter.set(counter.get() + 1);
}

impl Seen {
    fn resize(&self, by: isize) {
        self.live.set(self.live.get().wrapping_add_signed(by));
        self.peak.set(self.peak.get().max(self.live.get()));
    }
}

impl<A> Watch<A> {
    pub const fn new(allocator: A) -> Self {
        Watch(allocator)
    }

    /// Runs something of the allocator's, and notices if memory has grown.
    fn observe(&self, layout: Layout, work: impl FnOnce(&A) -> *mut u8) -> *mut u8 {
        let before = wasm32::memory_size::<0>();
        let block = work(&self.0);
        if wasm32::memory_size::<0>() != before {
            count(&SEEN.growths);
        }
        if block.addr() % layout.align() != 0 {
            // A panic would allocate.
            wasm32::unreachable();
        }
        block
    }
}

// SAFETY: it does what the allocator does.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Watch<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(&SEEN.allocations);
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`, which is that of the allocator inside.
        let block = self.observe(layout, |allocator| unsafe { allocator.alloc(layout) });
        if !block.is_null() {
            SEEN.resize(layout.size() as isize);
        }
        block
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(&SEEN.allocations);
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc_zeroed`, which is that of the allocator inside.
        let block = self.observe(layout, |allocator| unsafe { allocator.alloc_zeroed(layout) });
        if !block.is_null() {
            SEEN.resize(layout.size() as isize);
        }
        block
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(&SEEN.reallocations);
        // SAFETY: every block that was handed out is one of the allocator inside, with the same layout.
        let block =
            self.observe(layout, |allocator| unsafe { allocator.realloc(block, layout, size) });
        if !block.is_null() {
            SEEN.resize(size as isize - layout.size() as isize);
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(&SEEN.frees);
        SEEN.resize(-(layout.size() as isize));
        // SAFETY: every block that was handed out is one of the allocator inside, with the same layout.
        unsafe { self.0.dealloc(block, layout) }
    }
}

macro_rules! exports {
    ($($name:ident = $value:expr;)*) => { $(
        #[unsafe(no_mangle)]
        pub extern "C" fn $name() -> u32 {
            $value
        }
    )* };
}

exports! {
    watched_allocations = SEEN.allocations.get();
    watched_reallocations = SEEN.reallocations.get();
    watched_frees = SEEN.frees.get();
    watched_growths = SEEN.growths.get();
    watched_live = SEEN.live.get() as u32;
    watched_peak = SEEN.peak.get() as u32;
}
