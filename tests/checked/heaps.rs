//! Every heap, over a memory of its own, to be misused.

use std::alloc::{GlobalAlloc, Layout};

use bonsai_alloc::{
    BuddyHeap, BumpHeap, Heap, SlabHeap, TinyHeap,
    checked::{self, Checked, Report},
    linear::{Config, Pool, Simulation},
};

use crate::reports::{keep, reports};

/// The one report since the last look.
#[track_caller]
pub fn the_report(what: &str) -> Report {
    let reports = reports();
    assert_eq!(reports.len(), 1, "{what}: {reports:x?}");
    reports[0]
}

pub const ROOMY: Config = Config { first_page: 0, pages: 1, max_pages: 100, heap_base: None };

/// A memory that stays until the end, of a few MiB of addresses.
pub fn pool(config: Config) -> &'static Pool<Simulation> {
    Box::leak(Box::new(Pool::new(Simulation::new(config))))
}

/// A heap under test.
pub struct Subject<'a> {
    pub name: &'static str,
    pub heap: &'a dyn GlobalAlloc,
    /// Returns the counters of its book.
    pub counts: &'a dyn Fn() -> checked::Counts,
    /// Shows every fault there is now.
    pub verify: &'a dyn Fn() -> usize,
}

impl Subject<'_> {
    pub fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: no test asks for 0 bytes.
        let block = unsafe { self.heap.alloc(layout) };
        assert!(!block.is_null(), "{}: {layout:?}", self.name);
        // SAFETY: that long.
        unsafe { block.write_bytes(0x11, layout.size()) };
        block
    }

    /// Frees a block, as the test is about: the call may be wrong, and is looked at before it is done.
    pub fn free(&self, block: *mut u8, layout: Layout) {
        // SAFETY: with `checked` and a hook that returns, what is wrong is not done.
        unsafe { self.heap.dealloc(block, layout) }
    }

    /// Resizes a block, in a call that may be wrong, too.
    pub fn resize(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: with `checked` and a hook that returns, a wrong resize is not done.
        unsafe { self.heap.realloc(block, layout, size) }
    }
}

/// Runs a test on every heap.
pub fn each_heap(config: Config, test: impl Fn(&Subject<'_>, &'static Pool<Simulation>)) {
    keep();
    macro_rules! on {
        ($name:literal, $heap:ty) => {{
            let pool = pool(config);
            let heap = <$heap>::with_memory(pool);
            let verify = || {
                let mut faults = 0;
                heap.verify(&mut |_| faults += 1);
                faults
            };
            let counts = || heap.counts();
            let subject = Subject { name: $name, heap: &heap, counts: &counts, verify: &verify };
            test(&subject, pool);
            assert!(pool.memory().foreign_intact(), $name);
        }};
    }
    on!("BumpHeap", BumpHeap<_>);
    on!("BuddyHeap", BuddyHeap<_>);
    on!("SlabHeap", SlabHeap<_>);
    on!("TinyHeap", TinyHeap<_>);
    on!("Heap", Heap<_>);
}

/// Sizes in every part of every heap: classes, slabs, pages.
pub const SIZES: [usize; 7] = [1, 8, 40, 1000, 2048, 5000, 200_000];
