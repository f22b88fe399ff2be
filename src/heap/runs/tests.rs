//! The search for runs: it finds them, and does not look where there are none.

use core::{
    ops::Range,
    ptr::NonNull,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};
use std::alloc::{GlobalAlloc, Layout, System};

use super::{
    super::{
        OneLock,
        tests::{self, memory, plug, take, take_top, with_runs},
    },
    *,
};
use crate::linear::{LinearMemory, PAGE, Pool};

#[test]
fn nothing_begins_and_nothing_is_free_outside_of_the_heap() {
    let pool = memory(100);
    let heap = tests::Heap::with_memory(&pool);
    assert!(heap.reserve(8 * PAGE));
    heap.state.with(|state| {
        let runs = &mut state.runs;
        let live = take(runs, 3);
        for (at, is) in [
            (runs.region.origin - 1, false),
            (runs.region.origin, true),
            (live, true),
            (live + 1, false),
            (runs.top, false),
            (runs.top + 1, false),
            (runs.end, false),
            (runs.end + 1, false),
        ] {
            assert_eq!(runs.get(at) & S != 0, is, "{}", at - runs.region.origin);
        }
        assert_eq!(runs.free_at(live), 0);
        assert_eq!(runs.free_at(runs.top), runs.end - runs.top);
        assert_eq!(runs.free_at(runs.end), 0);
        assert_eq!(runs.free_at(runs.end + 1), 0);
    });
}

/// A search takes a bounded time.
#[test]
fn of_a_bin_no_more_than_eight_runs_are_looked_at() {
    // All of one bin but 80; the one freed last is looked at first.
    with_runs([71, 80, 64, 65, 66, 64, 65, 66, 64], |runs, [fits, ..]| {
        assert_eq!(runs.find(67, 1, LOOK), fits);
    });
    with_runs([71, 80, 64, 65, 66, 64, 65, 66, 64, 65], |runs, [fits, larger, ..]| {
        assert_eq!(runs.find(67, 1, LOOK), larger);
        assert_eq!(runs.find(67, 1, usize::MAX), fits);
    });
    // Nothing else has as much, and the top is not a run of a bin.
    with_runs([71, 64, 65, 66, 64, 65, 66, 64, 65], |runs, [fits, ..]| {
        assert_eq!(runs.find(67, 1, LOOK), 0);
        assert_eq!(runs.find(67, 1, usize::MAX), fits);
        assert_eq!(runs.find_any(67, 1, LOOK), runs.top);
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
    let heap = OneLock::<_>::with_memory(&pool);
    assert!(heap.reserve(GIB + GIB / 32));
    heap.state.with(|state| {
        let runs = &mut state.runs;
        let n = GIB / GRANULE;
        let run = take(runs, n);
        take(runs, 1);
        take_top(runs);
        plug(runs);
        // SAFETY: taken just now.
        unsafe { runs.free(run, n) };
        for wanted in [100, 1000, n] {
            assert_eq!(runs.find(wanted, 1, LOOK), run, "{wanted}");
        }
        assert_eq!(runs.find(n + 1, 1, LOOK), 0);
    });
}
