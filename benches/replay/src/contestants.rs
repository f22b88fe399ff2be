//! The heaps, and one replay on each.
//!
//! A heap is alone in a linear memory that is simulated; all that the trace did is done to it
//! in one go, and only that is timed. Blocks are touched no more than the heap itself does.

use std::{
    alloc::{GlobalAlloc, Layout},
    ptr,
    time::{Duration, Instant},
};

use bonsai_alloc::{
    BuddyHeap, BumpHeap, Heap, SlabHeap, TinyHeap,
    inspect::Inspect,
    linear::{Config, LinearMemory, Pool, Simulation},
    trace::Traced,
};
use bonsai_testkit::{Operation, recording::Plan};

/// 2 GiB: more than any program that a page recorded, and less than a host refuses to reserve.
const MAX_PAGES: usize = 1 << 15;

/// The figures of a replay.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    pub time: Duration,
    pub operations: usize,
    /// Requests that failed.
    pub refused: usize,
    /// Pages of linear memory at the end, which never shrinks.
    pub pages: usize,
    pub growths: usize,
    /// The largest free block when the trace ended.
    pub largest_free: usize,
}

/// A heap by its name.
pub struct Contestant {
    pub name: &'static str,
    pub replay: fn(&Plan) -> Outcome,
}

type Simulated<'a> = &'a Pool<Simulation>;

fn free_of(heap: &impl Inspect) -> usize {
    heap.stats().largest_free
}

pub const HEAPS: &[Contestant] = &[
    Contestant { name: "heap", replay: |plan| on(plan, <Heap<Simulated>>::with_memory, free_of) },
    Contestant { name: "slab", replay: |plan| on(plan, SlabHeap::with_memory, free_of) },
    Contestant { name: "buddy", replay: |plan| on(plan, BuddyHeap::with_memory, free_of) },
    Contestant { name: "bump", replay: |plan| on(plan, BumpHeap::with_memory, free_of) },
    Contestant {
        name: "tiny",
        replay: |plan| {
            let free = |heap: &TinyHeap<Simulated>| heap.stats().largest_free;
            on(plan, TinyHeap::with_memory, free)
        },
    },
];

/// Replays on a heap that `make` makes, in a memory that is leaked: heaps borrow it for good.
fn on<H: GlobalAlloc>(
    plan: &Plan,
    make: impl FnOnce(Simulated<'static>) -> H,
    largest_free: impl FnOnce(&H) -> usize,
) -> Outcome {
    let config = Config { max_pages: MAX_PAGES, pages: 0, ..Config::default() };
    let pool: Simulated = Box::leak(Box::new(Pool::new(Simulation::new(config))));
    let heap = make(pool);
    let mut slots = Slots::new(plan);
    let start = Instant::now();
    for &operation in &plan.operations {
        slots.apply(&heap, operation);
    }
    let time = start.elapsed();
    Outcome {
        time,
        operations: plan.operations.len(),
        refused: slots.refused,
        pages: pool.memory().pages(),
        growths: pool.memory().growths(),
        largest_free: largest_free(&heap),
    }
}

/// The live blocks, by the plan's slots.
struct Slots {
    blocks: Vec<(*mut u8, Layout)>,
    refused: usize,
}

impl Slots {
    fn new(plan: &Plan) -> Slots {
        Slots {
            blocks: vec![(ptr::null_mut(), Layout::new::<u8>()); plan.slots as usize],
            refused: 0,
        }
    }

    #[inline]
    fn fill(&mut self, slot: u32, size: usize, align: usize, alloc: impl Fn(Layout) -> *mut u8) {
        // A `GlobalAlloc` is never asked for nothing; only a damaged trace does.
        let Ok(layout) = Layout::from_size_align(size.max(1), align) else { return };
        let block = alloc(layout);
        self.refused += usize::from(block.is_null());
        self.blocks[slot as usize] = (block, layout);
    }

    #[inline]
    fn apply(&mut self, heap: &impl GlobalAlloc, operation: Operation) {
        match operation {
            Operation::Allocate { slot, size, align } => {
                // SAFETY: the size is not 0.
                self.fill(slot, size, align, |layout| unsafe { heap.alloc(layout) });
            }
            Operation::Zeroed { slot, size, align } => {
                // SAFETY: the size is not 0.
                self.fill(slot, size, align, |layout| unsafe { heap.alloc_zeroed(layout) });
            }
            Operation::Free { slot } => {
                let (block, layout) = self.blocks[slot as usize];
                if !block.is_null() {
                    // SAFETY: live, and allocated with this layout.
                    unsafe { heap.dealloc(block, layout) };
                    self.blocks[slot as usize].0 = ptr::null_mut();
                }
            }
            Operation::Reallocate { slot, size } => {
                let (block, layout) = self.blocks[slot as usize];
                let Ok(new) = Layout::from_size_align(size.max(1), layout.align()) else { return };
                if block.is_null() {
                    return;
                }
                // SAFETY: live, allocated with this layout, and the new one is valid.
                let moved = unsafe { heap.realloc(block, layout, new.size()) };
                if moved.is_null() {
                    self.refused += 1;
                } else {
                    self.blocks[slot as usize] = (moved, new);
                }
            }
            // A plan has no others.
            _ => {}
        }
    }
}

/// The times of the same operations without a trace, with one that is off, and with one that
/// records: the best of several goes each, as what disturbs a go only ever adds.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    pub operations: usize,
    pub plain: Duration,
    pub off: Duration,
    pub on: Duration,
}

pub fn cost(plan: &Plan) -> Cost {
    const GOES: usize = 9;
    let best = |go: &dyn Fn() -> Duration| (0..GOES).map(|_| go()).min().unwrap_or_default();
    // The machine's memory is asked for its length at each record; the simulation, behind a mutex,
    // would cost more than the record.
    let go = |heap: &dyn Fn(&mut Slots)| {
        let mut slots = Slots::new(plan);
        let start = Instant::now();
        heap(&mut slots);
        start.elapsed()
    };
    static PLAIN: SlabHeap = SlabHeap::new();
    static TRACED: Traced<SlabHeap> = Traced::new(SlabHeap::new());
    fn all(heap: &impl GlobalAlloc, plan: &Plan, slots: &mut Slots) {
        plan.operations.iter().for_each(|&operation| slots.apply(heap, operation));
        for slot in 0..plan.slots {
            slots.apply(heap, Operation::Free { slot });
        }
    }
    let plain = best(&|| go(&|slots| all(&PLAIN, plan, slots)));
    let off = best(&|| go(&|slots| all(&TRACED, plan, slots)));
    TRACED.start();
    let on = best(&|| go(&|slots| all(&TRACED, plan, slots)));
    TRACED.stop();
    Cost { operations: plan.operations.len() + plan.slots as usize, plain, off, on }
}
