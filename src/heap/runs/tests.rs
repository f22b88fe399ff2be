//! Where runs are found, and that they are not looked for where there are none.

use core::{
    ops::Range,
    ptr::NonNull,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};
use std::alloc::{GlobalAlloc, Layout, System};

use super::{
    super::{
        Heap,
        tests::{self, memory, take, take_top, with_runs},
    },
    *,
};
use crate::linear::{LinearMemory, PAGE, Pool};

#[test]
fn bins_ascend_without_gaps_and_their_sizes_differ_by_an_eighth_at_most() {
    assert!((0..EXACT).all(|n| bin_of(n) == n));
    let mut smallest = EXACT;
    for n in EXACT..1 << 16 {
        let (bin, below) = (bin_of(n), bin_of(n - 1));
        assert!(bin == below || bin == below + 1, "{n}");
        if bin != below {
            smallest = n;
        }
        assert!(n - smallest < smallest.div_ceil(8), "{smallest} and {n} are in one bin");
    }
    // Up to 4 GiB, and what is no size of a run is not outside of all bins.
    for log in 5..28 {
        assert_eq!(bin_of(1 << log), EXACT + (log - 4) * 8);
        assert_eq!(bin_of((1 << log) - 1), EXACT + (log - 4) * 8 - 1);
    }
    assert_eq!(bin_of((1 << 28) - 1), BINS - 1);
    #[cfg(target_pointer_width = "64")]
    assert_eq!((bin_of(1 << 28), bin_of(usize::MAX)), (BINS - 1, BINS - 1));
}

#[test]
fn nothing_begins_and_nothing_is_free_outside_of_the_heap() {
    let pool = memory(100);
    let heap = tests::Heap::with_memory(&pool);
    assert!(heap.reserve(8 * PAGE));
    heap.state.with(|state| take_top(&mut state.runs));
    // Memory whose end is the top's: the table is elsewhere.
    assert!(heap.reserve(PAGE / 2));
    heap.state.with(|state| {
        let runs = &mut state.runs;
        let live = take(runs, 3);
        assert_eq!(runs.end, runs.limit);
        for (at, is) in [
            (runs.origin - 1, false),
            (runs.origin, true),
            (live, true),
            (live + 1, false),
            (runs.top, true),
            (runs.top + 1, false),
            (runs.limit, false),
            (runs.limit + 1, false),
        ] {
            assert_eq!(runs.is_block(at), is, "{}", at - runs.origin);
        }
        assert_eq!(runs.free_at(live), 0);
        assert_eq!(runs.free_at(runs.top), runs.end - runs.top);
        assert_eq!(runs.free_at(runs.limit), 0);
        assert_eq!(runs.free_at(runs.limit + 1), 0);
    });
}

/// A search takes a bounded time.
#[test]
fn of_a_bin_no_more_than_eight_runs_are_looked_at() {
    // All of one bin but 40; the one freed last is looked at first.
    with_runs([35, 40, 32, 33, 34, 32, 33, 34, 32], |runs, [fits, ..]| {
        assert_eq!(runs.find(35), Some((fits, 35)));
    });
    with_runs([35, 40, 32, 33, 34, 32, 33, 34, 32, 33], |runs, [_, larger, ..]| {
        assert_eq!(runs.find(35), Some((larger, 40)));
    });
    // Nothing else has as much, and the top is not a run of a bin.
    with_runs([35, 32, 33, 34, 32, 33, 34, 32, 33], |runs, _| {
        assert_eq!(runs.find(35), None);
    });
}

/// Addresses for which the system has memory when they are touched.
#[derive(Debug)]
struct Sparse {
    block: NonNull<u8>,
    layout: Layout,
    pages: AtomicUsize,
}

impl Sparse {
    fn new(pages: usize) -> Self {
        // Of what is to be aligned more strongly, the system's allocator clears every byte.
        let layout = Layout::from_size_align((pages + 1) * PAGE, 16).unwrap();
        // SAFETY: the size is not 0.
        let block = NonNull::new(unsafe { System.alloc_zeroed(layout) }).unwrap();
        Sparse { block, layout, pages: AtomicUsize::new(1) }
    }
}

impl Drop for Sparse {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout.
        unsafe { System.dealloc(self.block.as_ptr(), self.layout) };
    }
}

// SAFETY: pages are handed out once, zero, and live as long as this does.
unsafe impl LinearMemory for Sparse {
    fn pages(&self) -> usize {
        self.pages.load(Relaxed)
    }

    fn grow(&self, pages: usize) -> Option<usize> {
        let before = self.pages.fetch_add(pages, Relaxed);
        assert!((before + pages) * PAGE < self.layout.size());
        Some(before)
    }

    fn pointer(&self, page: usize) -> *mut u8 {
        let start = self.block.as_ptr();
        start.wrapping_add(start.align_offset(PAGE) + page * PAGE)
    }

    fn take_piece(&self) -> Option<Range<usize>> {
        None
    }
}

#[test]
#[cfg_attr(miri, ignore = "Miri has memory for every address")]
fn the_largest_runs_are_found_too() {
    const GIB: usize = 1 << 30;
    let pool = Pool::new(Sparse::new(GIB / PAGE * 9 / 8));
    let heap = Heap::<_>::with_memory(&pool);
    assert!(heap.reserve(GIB + PAGE));
    heap.state.with(|state| {
        let runs = &mut state.runs;
        let n = GIB / GRANULE;
        let run = take(runs, n);
        take_top(runs);
        // SAFETY: taken just now.
        unsafe { runs.free(run, n) };
        for wanted in [1, 1000, n] {
            assert_eq!(runs.find(wanted), Some((run, n)), "{wanted}");
        }
        assert_eq!(runs.find(n + 1), None);
    });
}
