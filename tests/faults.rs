//! Faults at every point of a run: growth refused, foreign pages, memory that cannot grow, memory
//! that is exhausted again and again. After each operation the heap's bookkeeping holds; at the end
//! every block holds what was written to it.

use std::{
    alloc::{GlobalAlloc, Layout},
    cell::Cell,
};

use bonsai_alloc::{
    BuddyHeap, BumpHeap, Heap, SlabHeap, TinyHeap,
    inspect::Inspect,
    linear::{Config, LinearMemory, PAGE, Pool, Simulation},
};

const ROOMY: Config = Config { first_page: 0, pages: 1, max_pages: 400, heap_base: None };

/// A heap, its memory, and the blocks that a program has of it.
struct Run<'a> {
    name: &'static str,
    heap: &'a dyn GlobalAlloc,
    pool: &'a Pool<Simulation>,
    /// Verifies all of the heap that can be verified.
    check: &'a dyn Fn(),
    live: Vec<(*mut u8, Layout, u8)>,
    next: u8,
}

impl Run<'_> {
    fn paint(&mut self, block: *mut u8, layout: Layout) {
        self.next = self.next.wrapping_add(1) | 1;
        // SAFETY: live, and that long.
        unsafe { block.write_bytes(self.next, layout.size()) };
        self.live.push((block, layout, self.next));
    }

    /// Allocates a block. Returns false if there is none.
    fn alloc(&mut self, size: usize, align: usize) -> bool {
        let layout = Layout::from_size_align(size, align).unwrap();
        // SAFETY: the size is not 0.
        let block = unsafe { self.heap.alloc(layout) };
        (self.check)();
        if block.is_null() {
            return false;
        }
        assert_eq!(block.addr() % align, 0, "{}", self.name);
        self.paint(block, layout);
        true
    }

    fn verify(&self, block: *mut u8, layout: Layout, paint: u8) {
        // SAFETY: live, painted, and that long.
        let bytes = unsafe { std::slice::from_raw_parts(block, layout.size()) };
        // Two slices compare fast without optimization too.
        assert!(*bytes == *vec![paint; layout.size()], "{}: {layout:?}", self.name);
    }

    fn free(&mut self, index: usize) {
        let (block, layout, paint) = self.live.swap_remove(index);
        self.verify(block, layout, paint);
        // SAFETY: live, with its layout.
        unsafe { self.heap.dealloc(block, layout) };
        (self.check)();
    }

    /// Resizes a block. Returns false if that failed, and then the block is as it was.
    fn resize(&mut self, index: usize, size: usize) -> bool {
        let (block, layout, paint) = self.live[index];
        // SAFETY: live, with its layout; the size is not 0.
        let new = unsafe { self.heap.realloc(block, layout, size) };
        (self.check)();
        if new.is_null() {
            self.verify(block, layout, paint);
            return false;
        }
        let kept = Layout::from_size_align(size.min(layout.size()), layout.align()).unwrap();
        self.verify(new, kept, paint);
        self.live.swap_remove(index);
        self.paint(new, Layout::from_size_align(size, layout.align()).unwrap());
        true
    }

    /// A block is freed, and another of its size had: what fits, whatever was refused before. Where
    /// blocks were freed in the middle, a bump heap has it only by chance.
    fn replace(&mut self) {
        let Some(last) = self.live.len().checked_sub(1) else { return };
        let size = self.live[last].1.size();
        self.free(last);
        assert!(self.alloc(size, 1), "{}: {size} bytes were free", self.name);
    }

    /// Returns the number of growths that were refused so far.
    fn refusals(&self) -> usize {
        let memory = self.pool.memory();
        memory.attempts() - memory.growths()
    }

    fn end(mut self) {
        assert!(self.pool.memory().foreign_intact(), "{}", self.name);
        for &(block, layout, paint) in &self.live {
            self.verify(block, layout, paint);
        }
        while let Some(last) = self.live.len().checked_sub(1) {
            self.free(last);
        }
    }
}

/// Runs a test on every heap over a new memory of that shape.
fn each_heap(config: Config, test: &dyn Fn(Run<'_>)) {
    macro_rules! on {
        ($name:literal, $heap:ty, |$this:ident| $check:expr) => {{
            let pool = Pool::new(Simulation::new(config));
            let heap = <$heap>::with_memory(&pool);
            let check = || {
                let $this = &heap;
                $check
            };
            let (name, live) = ($name, Vec::new());
            test(Run { name, heap: &heap, pool: &pool, check: &check, live, next: 0 });
        }};
    }
    on!("BumpHeap", BumpHeap<_>, |heap| heap.check().unwrap());
    on!("BuddyHeap", BuddyHeap<_>, |heap| heap.check().unwrap());
    on!("SlabHeap", SlabHeap<_>, |heap| heap.check().unwrap());
    on!("Heap", Heap<_>, |heap| heap.check().unwrap());
    // It has no record to be verified: what it shows as free must not overlap.
    on!("TinyHeap", TinyHeap<_>, |heap| {
        let mut blocks = Vec::new();
        heap.walk_free(|block| blocks.push((block.address, block.end())));
        blocks.sort();
        assert!(blocks.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{blocks:x?}");
        #[cfg(feature = "checked")]
        bonsai_alloc::checked::Checked::verify(heap, &mut |report| panic!("{report}"));
    });
}

/// A program that needs more memory again and again: small blocks, buffers that grow, strong
/// alignment. `before` is called before each operation; how many requests were refused.
fn program(run: &mut Run<'_>, before: &dyn Fn(usize, &Pool<Simulation>)) -> usize {
    let mut refused = 0;
    for step in 0..60_usize {
        before(step, run.pool);
        let size = 1 + step * step * 13 % 40_000;
        refused += usize::from(!run.alloc(size, 1 << (step % 9)));
        before(step, run.pool);
        if step % 3 == 2 && !run.live.is_empty() {
            let index = step % run.live.len();
            let to = run.live[index].1.size() * 5 / 2;
            refused += usize::from(!run.resize(index, to));
        }
        if step % 4 == 3 && !run.live.is_empty() {
            run.free(step * 7 % run.live.len());
        }
    }
    refused
}

/// The number of faults that a test has made, for those who count them.
#[derive(Default)]
struct Faults(Cell<usize>);

impl Faults {
    fn add(&self, count: usize) {
        self.0.set(self.0.get() + count);
    }

    fn tell(&self, what: &str, least: usize) {
        let count = self.0.get();
        println!("{count} {what}");
        assert!(count >= least, "only {count} {what}");
    }
}

/// One growth is refused, or all from one on: for every one there is in the run.
#[test]
fn the_nth_growth_is_refused_for_every_n() {
    let faults = Faults::default();
    for count in [1, usize::MAX] {
        for nth in 0.. {
            let reached = Cell::new(false);
            each_heap(ROOMY, &|mut run| {
                run.pool.memory().refuse(nth, count);
                let refused = program(&mut run, &|_, _| ());
                if run.pool.memory().attempts() <= nth {
                    assert_eq!(refused, 0, "{}: nothing was refused", run.name);
                    return run.end();
                }
                reached.set(true);
                if run.name != "BumpHeap" {
                    run.replace();
                }
                faults.add(run.refusals());
                // Memory may grow again: what was refused is had.
                run.pool.memory().refuse(0, 0);
                assert!(run.alloc(100_000, 8), "{}: growth {nth}", run.name);
                run.end();
            });
            if !reached.get() {
                break;
            }
        }
    }
    faults.tell("growths refused", 50);
}

/// Somebody else grows between any two operations, and in the instant before a growth.
#[test]
fn foreign_pages_appear_between_any_two_operations() {
    let faults = Faults::default();
    // Every operation has a turn.
    for turn in 0..3 {
        each_heap(Config { max_pages: 1500, ..ROOMY }, &|mut run| {
            let refused = program(&mut run, &|step, pool| match (step + turn) % 3 {
                0 => {
                    assert!(pool.memory().foreign(1 + step % 2));
                    faults.add(1);
                }
                1 => pool.memory().foreign_before_next(1 + step % 3),
                _ => {}
            });
            assert_eq!(refused, 0, "{}", run.name);
            run.end();
        });
    }
    faults.tell("foreign growths", 500);
}

/// Memory that cannot grow: from the end of the program's data to the last page.
#[test]
fn fixed_memory_of_one_two_and_seventeen_pages() {
    let faults = Faults::default();
    for pages in [1, 2, 17] {
        let config = Config { pages, max_pages: pages, heap_base: Some(4096), first_page: 0 };
        each_heap(config, &|mut run| {
            let mut bytes = 0;
            for size in [40_000, 3000, 200, 16, 1] {
                while run.alloc(size, 1) {
                    bytes += size;
                }
            }
            assert!(bytes > (pages * PAGE - 4096) / 4, "{}: {bytes} of {pages} pages", run.name);
            assert_eq!(run.pool.memory().pages(), pages);
            run.replace();
            faults.add(run.refusals());
            run.end();
        });
    }
    faults.tell("growths refused in fixed memory", 15);
}

/// The last pages below 4 GiB, which run out in the middle of the program.
#[test]
fn the_top_of_4_gib() {
    let faults = Faults::default();
    let config = Config { first_page: 65_520, pages: 65_521, max_pages: 65_536, heap_base: None };
    each_heap(config, &|mut run| {
        let refused = program(&mut run, &|_, _| ());
        assert!((1..20).contains(&refused), "{}: {refused} of 80 are too much", run.name);
        let last = run.pool.memory().pointer(65_535).addr();
        for (block, layout, _) in &run.live {
            assert!(block.addr() + layout.size() <= last, "{}", run.name);
        }
        if run.name != "BumpHeap" {
            run.replace();
        }
        faults.add(refused);
        run.end();
    });
    faults.tell("requests refused below 4 GiB", 5);
}

/// Nearly all memory is somebody else's: what is there besides is used, though no table or map of
/// a heap has room to stand for what lies behind.
#[test]
fn a_little_memory_below_much_of_somebody_elses() {
    let faults = Faults::default();
    let config = Config { pages: 2, max_pages: 402, heap_base: Some(4096), first_page: 0 };
    each_heap(config, &|mut run| {
        assert!(run.pool.memory().foreign(398));
        faults.add(1);
        let granted = (0..20).filter(|_| run.alloc(1000, 8)).count();
        assert_eq!(granted, 20, "{}: requests of 1,000 bytes", run.name);
        while run.alloc(3000, 8) {}
        run.replace();
        faults.add(run.refusals());
        run.end();
    });
    faults.tell("faults above a little memory", 10);
}

/// A thousand times all memory is used, and freed. A bump heap frees only what is the last block:
/// the blocks go in the opposite order.
#[test]
fn exhaustion_and_recovery_a_thousand_times() {
    let faults = Faults::default();
    let config = Config { pages: 3, max_pages: 3, heap_base: Some(PAGE), first_page: 0 };
    each_heap(config, &|mut run| {
        let mut first = 0;
        for round in 0..1000 {
            while run.alloc(9000, 8) {}
            let blocks = run.live.len();
            // Where blocks of one size were, there is room for as many again.
            assert!(round == 0 || blocks >= first, "{}: {blocks}, {round}", run.name);
            if round == 0 {
                first = blocks;
                assert!(first >= 4, "{}: {first} blocks", run.name);
            }
            assert!(!run.resize(0, 2 * PAGE), "{}", run.name);
            // The request that ended the loop, and this one.
            faults.add(2);
            while let Some(last) = run.live.len().checked_sub(1) {
                run.free(last);
            }
        }
        run.end();
    });
    faults.tell("requests refused by a full heap", 10_000);
}
