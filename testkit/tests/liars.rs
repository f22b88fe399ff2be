//! The model itself: a heap that tells one lie, and the run that must find it.

#![cfg(any(unix, windows))]

use std::{
    alloc::{GlobalAlloc, Layout},
    cell::RefCell,
    ops::Range,
};

use bonsai_alloc::{
    inspect::{Block, Damage, Inspect, State},
    linear::{Config, LinearMemory, Pool, Simulation},
};
use bonsai_testkit::{Operation, Options, Promise, heaps::HeapSubject, run};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lie {
    None,
    /// No block is larger than this.
    Refuses(usize),
    /// No block becomes larger where it is.
    Stays,
    /// Free neighbours are not merged before a request is refused.
    Apart,
    /// The last live block of the view is free.
    Frees,
    /// Requests that ask for no alignment get the first live block.
    Twice,
}

/// First fit over a page, with a sorted list of what is live.
struct FirstFit {
    memory: &'static Pool<Simulation>,
    all: Range<usize>,
    live: RefCell<Vec<Range<usize>>>,
    lie: Lie,
}

impl FirstFit {
    fn new(memory: &'static Pool<Simulation>, lie: Lie) -> FirstFit {
        // Of the one page, 16 bytes are the data of the program: see `complaint`.
        let Range { start, end } = memory.memory().addresses();
        let all = start + 16..end;
        FirstFit { memory, all, live: RefCell::default(), lie }
    }

    /// The free memory between live blocks.
    fn free(&self) -> Vec<Range<usize>> {
        let live = self.live.borrow();
        let starts = [self.all.start].into_iter().chain(live.iter().map(|block| block.end));
        let ends = live.iter().map(|block| block.start).chain([self.all.end]);
        starts.zip(ends).map(|(start, end)| start..end).filter(|free| !free.is_empty()).collect()
    }

    fn pointer(&self, address: usize) -> *mut u8 {
        let first = self.memory.memory().pointer(0);
        first.wrapping_add(address - first as usize)
    }
}

// SAFETY: blocks are apart, as `free` lists only what lies between them; the lie that hands one out
// twice is for runs that end there.
unsafe impl GlobalAlloc for FirstFit {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let size = layout.size().next_multiple_of(16);
        let largest = match self.lie {
            Lie::Refuses(largest) => largest,
            Lie::Apart => 32_768,
            _ => usize::MAX,
        };
        let start = |free: &Range<usize>| free.start.next_multiple_of(layout.align());
        if self.lie == Lie::Twice && layout.align() == 1 {
            return self.pointer(self.live.borrow()[0].start);
        }
        let found = self.free().into_iter().find(|free| start(free) + size <= free.end);
        match found.filter(|_| size <= largest).map(|free| start(&free)) {
            Some(start) => {
                let mut live = self.live.borrow_mut();
                live.push(start..start + size);
                live.sort_by_key(|block| block.start);
                self.pointer(start)
            }
            None => std::ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, _: Layout) {
        self.live.borrow_mut().retain(|block| block.start != ptr as usize);
    }

    unsafe fn realloc(&self, ptr: *mut u8, _: Layout, new_size: usize) -> *mut u8 {
        let size = new_size.next_multiple_of(16);
        let mut live = self.live.borrow_mut();
        let at = live.iter().position(|block| block.start == ptr as usize).expect("live");
        let limit = live.get(at + 1).map_or(self.all.end, |next| next.start);
        if self.lie == Lie::Stays || live[at].start + size > limit {
            return std::ptr::null_mut();
        }
        live[at].end = live[at].start + size;
        ptr
    }
}

impl Inspect for FirstFit {
    fn walk(&self, visit: &mut dyn FnMut(Block)) {
        let live = self.live.borrow().clone();
        let last = live.last().filter(|_| self.lie == Lie::Frees).cloned();
        let state = |block: &Range<usize>| match Some(block) == last.as_ref() {
            true => State::Free,
            false => State::Live,
        };
        let mut blocks: Vec<_> = live.iter().map(|block| (block.clone(), state(block))).collect();
        blocks.extend(self.free().into_iter().map(|block| (block, State::Free)));
        blocks.sort_by_key(|(block, _)| block.start);
        for (block, state) in blocks {
            // Two blocks where two were, so that there is something to merge.
            let middle = block.start + 32_768;
            let cut = self.lie == Lie::Apart && state == State::Free && middle < block.end;
            let parts =
                if cut { vec![block.start..middle, middle..block.end] } else { vec![block] };
            for part in parts {
                visit(Block { address: part.start, size: part.len(), state });
            }
        }
    }

    fn check(&self) -> Result<(), Damage> {
        Ok(())
    }
}

/// Fills three quarters of a page, frees the first half, takes less than that again, and makes the
/// block behind it larger.
const PROGRAM: [Operation; 5] = [
    Operation::Allocate { slot: 0, size: 35_000, align: 8 },
    Operation::Allocate { slot: 1, size: 15_000, align: 8 },
    Operation::Free { slot: 0 },
    Operation::Allocate { slot: 2, size: 34_000, align: 64 },
    Operation::Reallocate { slot: 1, size: 16_000 },
];

/// The complaint about a heap that tells `LIE`, looked at in every way after each operation.
fn complaint(make: fn(&'static Pool<Simulation>) -> FirstFit, promise: Promise) -> String {
    let config = Config { first_page: 0, pages: 1, max_pages: 1, heap_base: Some(16) };
    let subject = HeapSubject::new("liar", config, make);
    let mut subject = subject.with_view(|heap| heap).with_promise(promise);
    let looks = Options { largest: 1, ..Options::EACH };
    match run(&mut subject, &PROGRAM, looks) {
        Ok(report) => format!("{} requests were granted", report.granted),
        Err(failure) => failure.to_string(),
    }
}

const EXACT: Promise = Promise::Exact { granule: 16 };

#[test]
fn an_honest_heap_passes() {
    let all = "4 requests were granted";
    assert_eq!(complaint(|pool| FirstFit::new(pool, Lie::None), EXACT), all);
    // What is not promised is not demanded.
    let fewer = "2 requests were granted";
    let refuses = complaint(|pool| FirstFit::new(pool, Lie::Refuses(20_000)), Promise::Nothing);
    assert_eq!(refuses, fewer);
}

#[test]
fn a_refusal_beside_free_memory_is_found() {
    let what = complaint(|pool| FirstFit::new(pool, Lie::Refuses(34_990)), EXACT);
    assert!(what.starts_with("operation 0") && what.contains("is refused, though"), "{what}");
    let what = complaint(|pool| FirstFit::new(pool, Lie::Refuses(60_000)), EXACT);
    assert!(what.contains("the largest free block"), "{what}");
}

#[test]
fn free_neighbours_that_are_not_merged_are_found() {
    let what = complaint(|pool| FirstFit::new(pool, Lie::Apart), EXACT);
    assert!(what.starts_with("operation 0") && what.contains("is refused, though"), "{what}");
}

#[test]
fn a_block_that_could_have_grown_is_found() {
    let what = complaint(|pool| FirstFit::new(pool, Lie::Stays), EXACT);
    assert!(what.starts_with("operation 4") && what.contains("cannot become"), "{what}");
}

#[test]
fn live_memory_that_is_shown_as_free_is_found() {
    let what = complaint(|pool| FirstFit::new(pool, Lie::Frees), EXACT);
    assert!(what.starts_with("operation 0") && what.contains("is live, but"), "{what}");
}

#[test]
fn the_largest_free_block_must_not_be_a_live_one() {
    let what = complaint(|pool| FirstFit::new(pool, Lie::Twice), EXACT);
    assert!(what.contains("overlaps the live"), "{what}");
}
