//! A heap seen from inside: what its lists and its runs are after each step, not only what it hands
//! out.

use core::{alloc::Layout, ops::Range};

use super::{
    HeapState, State,
    runs::Runs,
    serve::{BATCH, BLOCKS, FRAGMENTED, OFTEN, SELDOM, SPARSE},
    sizes::{GRANULE, SMALL, class_of},
};
use crate::{
    inspect::Inspect,
    linear::{Config, LinearMemory, PAGE, Pool, Simulation},
};

pub(super) type Heap<'a> = super::OneLock<&'a Pool<Simulation>>;

/// Granules of a page.
const PAGES: usize = PAGE / GRANULE;

/// A memory in which nothing is below the first growth.
pub(super) fn memory(max_pages: usize) -> Pool<Simulation> {
    Pool::new(Simulation::new(Config { max_pages, ..Config::default() }))
}

pub(super) fn layout(granules: usize, align: usize) -> Layout {
    Layout::from_size_align(granules * GRANULE, align).unwrap()
}

/// A block of a heap, without what `checked` would add. Its address.
pub(super) fn alloc(heap: &Heap, granules: usize, align: usize) -> usize {
    // SAFETY: no test asks for 0 bytes.
    let block = unsafe { HeapState::alloc(heap, layout(granules, align)) };
    assert!(!block.is_null() && block.addr() % align == 0, "{block:p}");
    block.addr()
}

pub(super) fn dealloc(heap: &Heap, block: usize, granules: usize, align: usize) {
    let pointer = heap.state.with(|state| state.runs.pointer(state.runs.granule(block)));
    // SAFETY: the tests free what they allocated, once, with its layout.
    unsafe { HeapState::dealloc(heap, pointer, layout(granules, align)) };
}

/// Takes `n` granules from the runs: the first of them.
pub(super) fn take(runs: &mut Runs, n: usize) -> usize {
    let at = runs.find_any(n, 1, 8);
    assert_ne!(at, 0);
    // SAFETY: found just now.
    unsafe { runs.carve(at, runs.free_at(at), 0, n) }
}

/// Takes every free run but the top.
pub(super) fn plug(runs: &mut Runs) {
    loop {
        let at = runs.find(1, 1, 8);
        if at == 0 {
            break;
        }
        take(runs, runs.free_at(at));
    }
}

/// Takes what the top has.
pub(super) fn take_top(runs: &mut Runs) -> Range<usize> {
    runs.find_top(1, 1);
    let room = runs.end - runs.top - runs.set_aside();
    let at = if room > 0 { take(runs, room) } else { runs.end };
    at..at + room
}

/// A heap that has free runs of these sizes and a top. A live block of two granules is behind each
/// run, the header of the region before the first. They were freed in this order, so the last one
/// comes first in its bin.
pub(super) fn with_runs<const N: usize>(
    sizes: [usize; N],
    test: impl FnOnce(&mut Runs, [usize; N]),
) {
    let pool = memory(16);
    let heap = Heap::with_memory(&pool);
    assert!(heap.reserve(4 * PAGE));
    heap.state.with(|state| {
        let runs = &mut state.runs;
        if cfg!(miri) {
            // Each granule that is known to be zero is read each time.
            runs.fresh = runs.end - 300;
        }
        // A table for all that follows, and nothing left of those before.
        take(runs, 8000);
        take(runs, 1);
        plug(runs);
        let starts = sizes.map(|n| {
            let at = take(runs, n);
            take(runs, 2);
            at
        });
        for (at, n) in starts.into_iter().zip(sizes) {
            // SAFETY: taken just now.
            unsafe { runs.free(at, n) };
        }
        runs.check().unwrap();
        test(runs, starts);
    });
}

/// Returns the number of blocks that wait on the list of a class.
fn waiting(state: &State, class: usize) -> usize {
    let mut block = state.quick[class];
    let mut n = 0;
    while block != 0 {
        n += 1;
        // SAFETY: it waits on this list.
        block = unsafe { state.link(block) };
    }
    n
}

#[test]
fn a_list_leads_only_to_where_a_block_begins_that_is_no_free_run() {
    with_runs([5, 5], |runs, [run, _]| {
        let state = State {
            quick: [0; super::CLASSES],
            idle: 0,
            careful: false,
            short: 0,
            carved: 0,
            emergency: 0,
            runs: core::mem::replace(runs, Runs::EMPTY),
        };
        // Live blocks of two granules, one at an even granule and one at an odd.
        let live = [run + 5, run + 12];
        assert_eq!(live.map(|at| at % 2).iter().sum::<usize>(), 1);
        for at in live {
            let block = state.runs.pointer(at).addr();
            assert!(state.may_wait(block) && state.waits(block, 2));
            assert!(!state.waits(block, 1) && !state.waits(block, 3));
            for inside in [1, 8, 15, 16, 24] {
                assert!(!state.may_wait(block + inside) && !state.waits(block + inside, 2));
            }
        }
        for none in [run, state.runs.top, state.runs.end, state.runs.region.origin - 1, 0] {
            assert!(!state.may_wait(state.runs.pointer(none).addr()), "{none}");
        }
    });
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri many minutes")]
fn small_blocks_are_carved_many_at_a_time_whatever_ordinary_alignment_they_ask_for() {
    for align in [1, 2, 8, 16] {
        for n in [1, 3, 64, 72] {
            let pool = memory(16);
            let heap = Heap::with_memory(&pool);
            // Behind this the first table has no bits, so a larger one comes first.
            alloc(&heap, 4000, 16);
            alloc(&heap, n, align);
            let class = class_of(n);
            let others = if n <= SMALL { (BATCH / n).max(BLOCKS) - 1 } else { 0 };
            heap.state.with(|state| assert_eq!(waiting(state, class), others, "{n}, {align}"));
            heap.check().unwrap();
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri many minutes")]
fn strongly_aligned_blocks_wait_and_are_the_next_ones_handed_out() {
    for n in [8, 64, 72, 160] {
        let pool = memory(16);
        let heap = Heap::with_memory(&pool);
        let idle = || heap.state.with(|state| state.idle);
        let block = alloc(&heap, n, 256);
        dealloc(&heap, block, n, 256);
        heap.check().unwrap();
        assert_eq!(idle(), if n > SMALL { n } else { 0 });
        assert_eq!(alloc(&heap, n, 256), block, "{n}");
        assert_eq!(idle(), 0);
        heap.check().unwrap();
    }
}

#[test]
fn what_waits_and_is_not_aligned_as_asked_stays_where_it_is() {
    let pool = memory(16);
    let heap = Heap::with_memory(&pool);
    // Blocks of 128 bytes side by side.
    let [one, other] = [alloc(&heap, 8, 16), alloc(&heap, 8, 16)];
    let odd = if one % 256 == 0 { other } else { one };
    dealloc(&heap, odd, 8, 16);
    let aligned = alloc(&heap, 8, 256);
    assert_ne!(aligned, odd);
    assert_eq!(alloc(&heap, 8, 16), odd);
    heap.check().unwrap();
}

#[test]
fn a_run_with_room_for_the_worst_alignment_serves_any() {
    for align in [32, 64, 1024] {
        let fit = 9 + align / GRANULE - 1;
        // Wherever it begins.
        for shift in 0..align / GRANULE {
            let pool = memory(3);
            let heap = Heap::with_memory(&pool);
            assert!(heap.reserve(PAGE));
            heap.state.with(|state| {
                take(&mut state.runs, 1 + shift);
                let run = take(&mut state.runs, fit);
                take_top(&mut state.runs);
                // SAFETY: taken just now.
                unsafe { state.runs.free(run, fit) };
            });
            pool.memory().refuse(0, usize::MAX);
            alloc(&heap, 9, align);
            heap.check().unwrap();
        }
    }
}

/// Blocks that touch are merged before they are freed; one that is on a list twice ends the list all the same.
#[test]
#[cfg(not(feature = "checked"))]
fn lists_are_emptied_whatever_order_neighbours_have_on_them() {
    for order in
        [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0], [0, 2, 1], [0, 0, 1], [0, 1, 0], [1, 0, 1]]
    {
        let pool = memory(100);
        let heap = Heap::with_memory(&pool);
        let blocks = [5, 7, 70].map(|n| alloc(&heap, n, 16));
        // Of two sizes; three neighbours.
        let base = heap.state.with(|state| {
            let at = take(&mut state.runs, 15);
            // SAFETY: inside of the block taken just now.
            unsafe { state.runs.mark(at + 5) };
            // SAFETY: inside of the block taken just now.
            unsafe { state.runs.mark(at + 10) };
            assert!(state.flush());
            for part in order {
                let address = state.runs.pointer(at + 5 * part).addr();
                // SAFETY: a block of five granules, which nobody uses; or one freed twice.
                unsafe { state.push(5, address) };
            }
            assert!(state.flush() && waiting(state, 5) == 0);
            at
        });
        heap.check().unwrap();
        heap.state.with(|state| {
            let parts = [0, 1, 2].map(|part| order.contains(&part));
            // All of a permutation is free and one run; of the others at most what was freed is.
            if parts == [true; 3] {
                assert!(!state.runs.is_taken(base));
            }
            for (part, freed) in parts.into_iter().enumerate() {
                assert!(freed || state.runs.is_taken(base + 5 * part), "{order:?}");
            }
        });
        for (block, n) in blocks.into_iter().zip([5, 7, 70]) {
            dealloc(&heap, block, n, 16);
        }
        heap.state.with(|state| state.flush());
        heap.check().unwrap();
    }
}

#[test]
fn memory_is_fragmented_when_it_grows_for_little_though_more_than_a_quarter_is_free() {
    const PARTS: usize = 2 * SPARSE;
    for (beyond, larger, fragmented) in [(0, 0, false), (1, 0, true), (1, 1, false)] {
        let pool = memory(100);
        let heap = Heap::with_memory(&pool);
        assert!(heap.reserve(8 * PAGE));
        let mut free = 0;
        heap.state.with(|state| {
            free = state.runs.committed / FRAGMENTED + beyond;
            let part = free / PARTS;
            let mut parts = [part; PARTS];
            parts[0] += free % PARTS;
            let runs = parts.map(|n| {
                let at = take(&mut state.runs, n);
                // Tables that moved leave holes.
                plug(&mut state.runs);
                take(&mut state.runs, 1);
                (at, n)
            });
            take_top(&mut state.runs);
            plug(&mut state.runs);
            for (at, n) in runs {
                // SAFETY: taken just now.
                unsafe { state.runs.free(at, n) };
            }
            assert_eq!(state.runs.free, free);
        });
        // Sizes of classes, of which the second is more than an eighth of what is free.
        let little = (free / SPARSE) & !127;
        alloc(&heap, little + larger * 128, 16);
        assert_eq!(pool.memory().growths(), 2);
        heap.state.with(|state| assert_eq!(state.careful, fragmented));
    }
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri many minutes")]
fn lists_of_fragmented_memory_are_emptied_whenever_a_256th_and_a_page_were_taken_from_runs() {
    let cases = [(true, 0, false), (true, 1, true), (false, 1, false)];
    for (pages, (careful, beyond, emptied)) in
        [8, 300].into_iter().flat_map(|pages| cases.map(|case| (pages, case)))
    {
        let pool = memory(400);
        let heap = Heap::with_memory(&pool);
        assert!(heap.reserve(pages * PAGE));
        let block = alloc(&heap, 80, 16);
        dealloc(&heap, block, 80, 16);
        heap.state.with(|state| {
            let often = state.runs.committed / OFTEN;
            assert_eq!(often > SELDOM, pages == 300);
            state.careful = careful;
            state.carved = SELDOM.max(often) - 128 + beyond;
        });
        alloc(&heap, 128, 16);
        let class = class_of(80);
        heap.state.with(|state| {
            assert_eq!(waiting(state, class), usize::from(!emptied));
            assert_eq!(state.carved == 0, emptied);
        });
        heap.check().unwrap();
    }
}

#[test]
fn the_pool_gets_back_what_is_too_small_for_a_heap_and_nothing_else() {
    for (below, back) in [(32, 32), (48, 0), (4096, 0)] {
        let config = Config { heap_base: Some(PAGE - below), ..Config::default() };
        let pool = Pool::new(Simulation::new(config));
        let heap = Heap::with_memory(&pool);
        for _ in 0..5 {
            alloc(&heap, PAGES, 16);
        }
        heap.check().unwrap();
        assert!(pool.memory().growths() > 1);
        assert_eq!(pool.stats().free_bytes, back, "{below}");
    }
}

/// A memory in which somebody else grows before every growth.
#[derive(Debug)]
struct Crowded(Simulation);

// SAFETY: as the simulation's.
unsafe impl LinearMemory for Crowded {
    fn pages(&self) -> usize {
        self.0.pages()
    }

    fn grow(&self, pages: usize) -> Option<usize> {
        self.0.foreign_before_next(100);
        self.0.grow(pages)
    }

    fn pointer(&self, page: usize) -> *mut u8 {
        self.0.pointer(page)
    }

    fn take_piece(&self) -> Option<Range<usize>> {
        self.0.take_piece()
    }
}

/// Below the first growth is little, and where the growths land behind it the table does not reach.
#[test]
#[cfg_attr(miri, ignore = "takes Miri many minutes")]
fn what_was_reserved_is_there_whoever_grows_at_the_same_time() {
    for bytes in [1, PAGE - 100, PAGE, 5 * PAGE] {
        for below in [None, Some(PAGE - 48), Some(PAGE - 4096)] {
            let config = Config { heap_base: below, max_pages: 1000, ..Config::default() };
            let pool = Pool::new(Crowded(Simulation::new(config)));
            let heap = super::OneLock::<_>::with_memory(&pool);
            let reserved = heap.reserve(bytes);
            let there = heap.state.with(|state| state.runs.end - state.runs.top) * GRANULE;
            assert_eq!(reserved, there >= bytes, "{bytes}, {below:?}: {there}");
            heap.check().unwrap();
        }
    }
    // Once: then there is room.
    for bytes in [PAGE - 100, PAGE, 5 * PAGE] {
        for foreign in 1..20 {
            let config =
                Config { heap_base: Some(PAGE - 4096), max_pages: 1000, ..Config::default() };
            let pool = Pool::new(Simulation::new(config));
            pool.memory().foreign_before_next(foreign);
            let heap = super::OneLock::<_>::with_memory(&pool);
            assert!(heap.reserve(bytes), "{bytes}, {foreign}");
            heap.check().unwrap();
        }
    }
}
