//! Links in free memory that a program has overwritten, in every build where every build looks at
//! them, and with `checked` everywhere: memory is lost, and nothing else. `checked_links.rs` is about
//! what is said of it.

use std::{
    alloc::{GlobalAlloc, Layout},
    ptr::NonNull,
};

use bonsai_alloc::{
    BuddyHeap, BumpHeap, Heap, SlabHeap, TinyHeap,
    inspect::Inspect,
    linear::{Config, LinearMemory, PAGE, Pool, Simulation},
};
use bonsai_testkit::fastrand::Rng;

const ROOMY: Config = Config { first_page: 0, pages: 1, max_pages: 1000, heap_base: None };

/// With `checked` no report stops the program, and blocks do not wait.
fn go_on() {
    #[cfg(feature = "checked")]
    {
        bonsai_alloc::checked::set_hook(Some(|_| ()));
        bonsai_alloc::checked::set_quarantine(0);
    }
}

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap()
}

/// Blocks that are live, each full of a byte of its own.
struct Live<'a> {
    heap: &'a dyn GlobalAlloc,
    blocks: Vec<(*mut u8, Layout, u8)>,
    painted: u8,
}

impl Live<'_> {
    fn alloc(&mut self, wanted: Layout) -> bool {
        // SAFETY: the size is not 0.
        let block = unsafe { self.heap.alloc(wanted) };
        if block.is_null() {
            return false;
        }
        self.painted = self.painted % 250 + 1;
        // SAFETY: that long.
        unsafe { block.write_bytes(self.painted, wanted.size()) };
        self.blocks.push((block, wanted, self.painted));
        true
    }

    fn free(&mut self, at: usize) {
        let (block, layout, byte) = self.blocks.swap_remove(at);
        // SAFETY: live, and painted when it was allocated.
        let bytes = unsafe { std::slice::from_raw_parts(block, layout.size()) };
        // Allocators write to ends.
        let end = 1024.min(bytes.len());
        let intact = |bytes: &[u8]| bytes.iter().all(|&other| other == byte);
        assert!(intact(&bytes[..end]) && intact(&bytes[bytes.len() - end..]), "{block:p}");
        // SAFETY: live until now.
        unsafe { self.heap.dealloc(block, layout) };
    }
}

/// Blocks above 256 KiB wait in no quick list: all that is freed is runs. Their words are replaced
/// at random, by anything and by what stands in other runs; what is live stays as it is, and the
/// heap goes on. Only `checked` looks at runs.
#[test]
#[cfg(feature = "checked")]
fn a_heap_loses_runs_that_were_overwritten_and_nothing_else() {
    go_on();
    for seed in 0..12 {
        let mut rng = Rng::with_seed(seed);
        let pool = Pool::new(Simulation::new(ROOMY));
        let heap: Heap<_> = Heap::with_memory(&pool);
        let mut live = Live { heap: &heap, blocks: Vec::new(), painted: 0 };
        for step in 0..400 {
            let wanted = layout(rng.usize(262_145..600_000), 16 << rng.u32(0..3));
            match rng.u8(0..10) {
                0..5 if live.blocks.len() < 40 => {
                    live.alloc(wanted);
                }
                5..9 if !live.blocks.is_empty() => live.free(rng.usize(0..live.blocks.len())),
                _ => {}
            }
            if step % 7 != 0 {
                continue;
            }
            let mut runs = Vec::new();
            heap.walk(&mut |block| {
                if block.state == bonsai_alloc::inspect::State::Free {
                    runs.push(block);
                }
            });
            // The last one is the top, which has no words.
            runs.pop();
            if runs.is_empty() {
                continue;
            }
            let word = |run: usize, offset: usize| {
                let start = pool.memory().pointer(0);
                let run = runs[run];
                let at = run.address - start.addr() + offset % run.size;
                start.wrapping_add(at).cast::<u32>()
            };
            let any = |rng: &mut Rng| {
                (rng.usize(0..runs.len()), [0, 4, 8, usize::MAX - 3][rng.usize(0..4)])
            };
            let (run, offset) = any(&mut rng);
            let last = |run: usize, offset| if offset > 8 { runs[run].size - 4 } else { offset };
            let (from, other) = any(&mut rng);
            let value = match rng.u8(0..4) {
                0 => rng.u32(..),
                1 => rng.u32(0..100_000),
                // SAFETY: simulated memory, initialised.
                _ => unsafe { word(from, last(from, other)).read() },
            };
            // SAFETY: what the test is about: memory that is the heap's again.
            unsafe { word(run, last(run, offset)).write(value) };
        }
        while !live.blocks.is_empty() {
            live.free(0);
        }
        assert!(live.alloc(layout(300_000, 16)), "the heap is of no use any more");
        assert!(pool.memory().foreign_intact());
    }
}

/// Before memory grows the quick lists are emptied: a block that is on one twice ends it.
#[test]
fn a_heap_gives_up_a_quick_list_that_goes_in_circles() {
    go_on();
    for size in [40, 1000, 5000] {
        let pool = Pool::new(Simulation::new(ROOMY));
        let heap: Heap<_> = Heap::with_memory(&pool);
        let wanted = layout(size, 8);
        // SAFETY: the size is not 0.
        let blocks: Vec<_> = (0..40).map(|_| unsafe { heap.alloc(wanted) }).collect();
        for at in [1, 3, 1] {
            // SAFETY: none the third time: that is what the test is about.
            unsafe { heap.dealloc(blocks[at], wanted) };
        }
        let mut seen = 0;
        heap.walk(&mut |_| seen += 1);
        assert!(seen > 40);
        let pages = pool.memory().pages();
        let mut live = Live { heap: &heap, blocks: Vec::new(), painted: 0 };
        while pool.memory().pages() == pages {
            assert!(live.alloc(layout(300_000, 16)));
        }
        heap.check().unwrap();
        for at in [0, 2, 4, 5, 39] {
            // SAFETY: live, with its layout.
            unsafe { heap.dealloc(blocks[at], wanted) };
        }
        for _ in 0..100 {
            assert!(live.alloc(wanted));
        }
        while !live.blocks.is_empty() {
            live.free(0);
        }
        heap.check().unwrap();
    }
}

/// Without `checked` a tiny heap follows its lists wherever they lead; a walk of them ends.
#[test]
fn a_walk_of_a_tiny_heaps_list_that_goes_in_circles_ends() {
    go_on();
    let pool = Pool::new(Simulation::new(ROOMY));
    let heap = TinyHeap::with_memory(&pool);
    let wanted = layout(1000, 8);
    // SAFETY: the size is not 0.
    let blocks = [0; 2].map(|_| unsafe { heap.alloc(wanted) });
    for at in [0, 1, 0] {
        // SAFETY: none the third time: that is what the test is about.
        unsafe { heap.dealloc(blocks[at], wanted) };
    }
    let mut seen = 0;
    heap.walk_free(|block| {
        seen += usize::from(blocks.iter().any(|other| other.addr() == block.address));
    });
    assert!((2..=2 * PAGE / 1000).contains(&seen), "{seen}");
}

/// Each rule for a pool's list, broken alone: of two runs, the second is lost, or both.
#[test]
fn a_pool_believes_no_run_that_cannot_be() {
    go_on();
    const WORD: usize = size_of::<usize>();
    let wanted = layout(PAGE, PAGE);
    // Which run, its words, and what is left of two pages.
    type Words = fn(run: usize, other: usize, end: usize) -> [usize; 2];
    let cases: [(usize, Words, usize); 9] = [
        (0, |_, other, _| [other, PAGE], 2 * PAGE),
        (0, |_, other, _| [other + WORD, PAGE + WORD], 0),
        (0, |_, other, _| [other, 0], 0),
        (0, |run, other, _| [other, other - run], 0),
        (0, |run, _, _| [run, PAGE], 0),
        (1, |_, _, end| [end, PAGE], PAGE),
        (1, |run, _, end| [0, end - run + 2 * WORD], PAGE),
        (1, |_, other, _| [other, PAGE], PAGE),
        (1, |_, _, _| [0, PAGE + 1], PAGE),
    ];
    for (at, (damaged, words, left)) in cases.into_iter().enumerate() {
        let pool = Pool::new(Simulation::new(ROOMY));
        let lent = [0; 5].map(|_| pool.acquire(wanted).unwrap());
        for run in [1, 3] {
            // SAFETY: acquired with that layout, and not used any more.
            unsafe { pool.release(lent[run], wanted) };
        }
        let runs = [lent[1], lent[3]].map(NonNull::as_ptr);
        let (run, other) = (runs[damaged], runs[1 - damaged]);
        let words = words(run.addr(), other.addr(), pool.memory().addresses().end);
        // SAFETY: what the test is about: memory that is the pool's again.
        unsafe { run.cast::<[usize; 2]>().write(words) };
        let had = pool.reuse(PAGE, 16).map_or(0, |extent| extent.len);
        assert_eq!(had + pool.stats().free_bytes, left, "case {at}");
    }
}

/// A piece that a pool was given back, and that a program still writes to, is left out by the pool
/// and by the heaps over it.
#[test]
fn a_pool_loses_runs_that_were_overwritten_and_nothing_else() {
    go_on();
    for seed in 0..30 {
        let mut rng = Rng::with_seed(seed);
        let pool = Pool::new(Simulation::new(ROOMY));
        let heaps: [&dyn GlobalAlloc; 3] = [
            &SlabHeap::with_memory(&pool),
            &BuddyHeap::with_memory(&pool),
            &BumpHeap::with_memory(&pool),
        ];
        let mut live = heaps.map(|heap| Live { heap, blocks: Vec::new(), painted: 0 });
        let wanted = layout(4096, 16);
        let lent: Vec<NonNull<u8>> = (0..60).map(|_| pool.acquire(wanted).unwrap()).collect();
        let mut back = Vec::new();
        for (at, start) in lent.into_iter().enumerate() {
            if at % 2 == 0 {
                // SAFETY: acquired with that layout, and not used any more.
                unsafe { pool.release(start, wanted) };
                back.push(start);
            }
        }
        let run = back[rng.usize(0..back.len())].as_ptr();
        let value = match rng.u8(0..4) {
            0 => rng.usize(..),
            1 => rng.usize(0..5000),
            2 => run.addr() + 1,
            _ => run.addr(),
        };
        // SAFETY: what the test is about: memory that is the pool's again.
        unsafe { run.cast::<usize>().wrapping_add(rng.usize(0..2)).write(value) };
        for step in 0..200 {
            let live = &mut live[step % 3];
            assert!(live.alloc(layout(rng.usize(1..30_000), 8)));
            if rng.bool() {
                live.free(rng.usize(0..live.blocks.len()));
            }
        }
        assert!(pool.stats().free_runs <= back.len() + 10);
        for live in &mut live {
            while !live.blocks.is_empty() {
                live.free(0);
            }
        }
        assert!(pool.memory().foreign_intact());
    }
}
