//! The promises of heaps beyond handing out blocks: over simulated memory, where faults are on
//! demand.

use std::alloc::{GlobalAlloc, Layout};

use bonsai_alloc::{
    BuddyHeap, BumpHeap, Heap, SlabHeap, TinyHeap,
    inspect::{Block, Inspect, State},
    linear::{Config, LinearMemory, PAGE, Pool, Simulation},
};

/// Bytes that `checked` puts behind a block.
const ZONE: usize = if cfg!(feature = "checked") { 16 } else { 0 };

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap()
}

fn pool(config: Config) -> Pool<Simulation> {
    Pool::new(Simulation::new(config))
}

fn alloc(heap: &dyn GlobalAlloc, layout: Layout) -> Option<*mut u8> {
    // SAFETY: no test asks for 0 bytes.
    let block = unsafe { heap.alloc(layout) };
    assert_eq!(block as usize % layout.align(), 0);
    if block.is_null() {
        return None;
    }
    // SAFETY: that long.
    unsafe { block.write_bytes(0xEE, layout.size()) };
    Some(block)
}

fn free(heap: &dyn GlobalAlloc, block: *mut u8, layout: Layout) {
    // SAFETY: the tests free what they allocated, once, with its layout.
    unsafe { heap.dealloc(block, layout) }
}

/// A test of a heap: of its kind, its memory, itself.
type Test<'a> = &'a dyn Fn(&str, &Pool<Simulation>, &dyn GlobalAlloc);

/// Runs `test` on every kind of heap over a new memory.
fn each_heap(config: Config, test: Test<'_>) {
    let memory = pool(config);
    test("bump", &memory, &BumpHeap::with_memory(&memory));
    let memory = pool(config);
    test("buddy", &memory, &BuddyHeap::with_memory(&memory));
    let memory = pool(config);
    test("slab", &memory, &SlabHeap::with_memory(&memory));
    let memory = pool(config);
    test("heap", &memory, &Heap::with_memory(&memory));
    let memory = pool(config);
    test("tiny", &memory, &TinyHeap::with_memory(&memory));
}

const ROOMY: Config = Config { first_page: 0, pages: 1, max_pages: 2000, heap_base: None };

#[test]
fn a_heap_takes_no_memory_before_it_is_asked_for_any() {
    each_heap(ROOMY, &|name, pool, _| assert_eq!(pool.memory().attempts(), 0, "{name}"));
}

#[test]
fn any_alignment_up_to_a_mebibyte_is_had() {
    each_heap(ROOMY, &|name, pool, heap| {
        for shift in (0..=20).rev() {
            for size in [1, 3000, 70_000] {
                let wanted = layout(size, 1 << shift);
                let block = alloc(heap, wanted).unwrap_or_else(|| panic!("{name}: {wanted:?}"));
                if shift % 2 == 0 {
                    free(heap, block, wanted);
                }
            }
        }
        assert!(pool.memory().foreign_intact(), "{name}");
    });
}

#[test]
fn memory_below_the_first_growth_is_used_before_memory_grows() {
    let config = Config { pages: 3, max_pages: 100, heap_base: Some(PAGE + 4096), first_page: 0 };
    each_heap(config, &|name, pool, heap| {
        let start = pool.memory().addresses().start;
        let mut bytes = 0;
        while pool.memory().attempts() == 0 {
            let block = alloc(heap, layout(496 - ZONE, 4)).unwrap() as usize;
            if block < start + 3 * PAGE {
                assert!(block >= start + PAGE + 4096, "{name}");
                bytes += 500;
            }
        }
        // Of nearly two pages, rounded up to 512 each by some.
        assert!(bytes > (2 * PAGE - 4096) * 3 / 4, "{name}: {bytes} bytes");
        assert!(pool.memory().foreign_intact(), "{name}: the program's data was touched");
    });
}

#[test]
fn fixed_memory_is_used_to_its_end() {
    let config = Config { pages: 16, max_pages: 16, heap_base: Some(PAGE), first_page: 0 };
    each_heap(config, &|name, pool, heap| {
        let mut bytes = 0;
        while let Some(block) = alloc(heap, layout(1000, 8)) {
            assert!(pool.memory().addresses().contains(&(block as usize + 999)), "{name}");
            bytes += 1000;
        }
        assert!(bytes > 15 * PAGE * 8 / 10, "{name}: {bytes} of {} bytes", 15 * PAGE);
        assert!(pool.memory().foreign_intact(), "{name}");
    });
}

#[test]
fn the_last_page_of_4_gib_is_never_handed_out() {
    for start in [65_500, 65_533, 65_534, 65_535] {
        let config =
            Config { first_page: start, pages: start + 1, max_pages: 65_536, heap_base: None };
        each_heap(config, &|name, pool, heap| {
            let last = pool.memory().pointer(65_535).addr();
            for size in [PAGE + 1, PAGE, 5000, 64, 1] {
                while let Some(block) = alloc(heap, layout(size, 1)) {
                    let end = block as usize + size;
                    assert!(end <= last, "{name}: a block of {size} ends in the last page");
                }
            }
            assert!(pool.memory().foreign_intact(), "{name}");
        });
    }
}

/// Returns the blocks of a heap. Free blocks that touch count as one: a heap may merge them before it
/// gives up.
fn view(heap: &dyn Inspect) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    heap.walk(&mut |block| match blocks.last_mut() {
        Some(last) if last.state == State::Free && block.state == State::Free => {
            last.size += block.size;
        }
        _ => blocks.push(block),
    });
    blocks
}

/// A growing program, in which one growth after another is refused.
fn grow_and_shrink(
    name: &str,
    pool: &Pool<Simulation>,
    heap: &dyn GlobalAlloc,
    inspect: Option<&dyn Inspect>,
) {
    let mut live = Vec::new();
    for step in 0..150_usize {
        let wanted = layout(1 + step * step * 7 % 90_000, 1 << (step % 8));
        let (attempts, growths) = (pool.memory().attempts(), pool.memory().growths());
        match alloc(heap, wanted) {
            Some(block) => live.push((block, wanted)),
            None => {
                let tried = pool.memory().attempts() - attempts;
                assert!(tried > 0, "{name}: null, and memory was not even asked to grow");
                // The next smaller request works, and so does the same one when memory may grow.
                let small = layout(1, 1);
                let other = alloc(heap, small).unwrap_or_else(|| panic!("{name}: nothing works"));
                let block = alloc(heap, wanted).unwrap_or_else(|| panic!("{name}: {wanted:?}"));
                live.push((other, small));
                live.push((block, wanted));
            }
        }
        if let Some(inspect) = inspect.filter(|_| step % 10 == 0) {
            inspect.check().unwrap_or_else(|damage| panic!("{name}, step {step}: {damage}"));
        }
        assert!(pool.memory().growths() >= growths);
        if step % 4 == 3 {
            let (block, wanted) = live.swap_remove(step % live.len());
            free(heap, block, wanted);
        }
    }
    for (block, wanted) in live {
        // SAFETY: live, and painted when it was allocated.
        let bytes = unsafe { std::slice::from_raw_parts(block, wanted.size()) };
        assert!(bytes.iter().all(|&byte| byte == 0xEE), "{name}: a block was written to");
        free(heap, block, wanted);
    }
}

#[test]
fn whichever_growth_is_refused_the_heap_goes_on() {
    fn refuse_each<H: GlobalAlloc>(
        name: &str,
        make: impl Fn(&'static Pool<Simulation>) -> H,
        inspect: impl Fn(&H) -> Option<&dyn Inspect>,
    ) {
        let run = |refused: Option<usize>| {
            // A test may keep a few mebibytes of addresses for good.
            let pool: &'static _ = Box::leak(Box::new(pool(Config { max_pages: 400, ..ROOMY })));
            if let Some(refused) = refused {
                pool.memory().refuse(refused, 1);
            }
            let heap = make(pool);
            grow_and_shrink(name, pool, &heap, inspect(&heap));
            pool.memory().attempts()
        };
        let attempts = run(None);
        assert!(attempts > 3, "{name} grew {attempts} times");
        // Every one of the first, some of the others.
        for refused in (0..attempts).filter(|&at| at < 8 || at % 7 == 0) {
            run(Some(refused));
        }
    }
    refuse_each("bump", BumpHeap::with_memory, |heap| Some(heap));
    refuse_each("buddy", BuddyHeap::with_memory, |heap| Some(heap));
    refuse_each("slab", SlabHeap::with_memory, |heap| Some(heap));
    refuse_each("heap", Heap::with_memory, |heap| Some(heap));
    refuse_each("tiny", TinyHeap::with_memory, |_| None);
}

#[test]
fn a_refused_request_changes_nothing() {
    fn refused<H: GlobalAlloc + Inspect>(name: &str, pool: &Pool<Simulation>, heap: &H) {
        let small = alloc(heap, layout(100, 8)).unwrap();
        pool.memory().refuse(0, usize::MAX);
        let before = (view(heap), pool.stats());
        for wanted in [layout(8 * PAGE, 1), layout(1, 32 * PAGE), layout(PAGE * 1000, 8)] {
            assert!(alloc(heap, wanted).is_none(), "{name}: {wanted:?}");
            assert_eq!((view(heap), pool.stats()), before, "{name}: {wanted:?} changed the heap");
            // SAFETY: live, with that layout.
            let grown = unsafe { heap.realloc(small, layout(100, 8), 8 * PAGE) };
            assert!(grown.is_null(), "{name}");
            assert_eq!((view(heap), pool.stats()), before, "{name}: realloc changed the heap");
        }
        heap.check().unwrap();
        pool.memory().refuse(0, 0);
        assert!(alloc(heap, layout(8 * PAGE, 1)).is_some(), "{name}");
    }
    let memory = pool(ROOMY);
    refused("bump", &memory, &BumpHeap::with_memory(&memory));
    let memory = pool(ROOMY);
    refused("buddy", &memory, &BuddyHeap::with_memory(&memory));
    let memory = pool(ROOMY);
    refused("slab", &memory, &SlabHeap::with_memory(&memory));
    let memory = pool(ROOMY);
    refused("heap", &memory, &Heap::with_memory(&memory));
}

/// Fills the memory there is with blocks of one size. How many.
fn fill_up(heap: &dyn GlobalAlloc, wanted: Layout) -> Vec<*mut u8> {
    std::iter::from_fn(|| alloc(heap, wanted)).collect()
}

#[test]
fn a_heap_recovers_from_exhaustion() {
    let config = Config { pages: 1, max_pages: 40, ..ROOMY };
    each_heap(config, &|name, _, heap| {
        if name == "bump" {
            return;
        }
        // A tiny heap never makes large blocks of small ones.
        let sizes = if name == "tiny" { 1 } else { 3 };
        for &wanted in &[layout(5000, 8), layout(40, 8), layout(700, 4)][..sizes] {
            let first = fill_up(heap, wanted);
            assert!(first.len() * wanted.size() > 39 * PAGE / 3, "{name}: {}", first.len());
            first.iter().for_each(|&block| free(heap, block, wanted));
            let second = fill_up(heap, wanted);
            assert!(second.len() >= first.len(), "{name}: {} < {}", second.len(), first.len());
            second.iter().rev().for_each(|&block| free(heap, block, wanted));
        }
    });
}

#[test]
fn what_is_freed_merges_and_can_be_had_as_one() {
    let config = Config { pages: 1, max_pages: 66, ..ROOMY };
    each_heap(config, &|name, _, heap| {
        if name == "bump" || name == "tiny" {
            return;
        }
        // 4 MiB in small blocks, then a mebibyte in one.
        for size in [24, 600, 3000] {
            let wanted = layout(size, 8);
            let blocks = fill_up(heap, wanted);
            let (even, odd): (Vec<_>, Vec<_>) =
                blocks.iter().enumerate().partition(|(at, _)| at % 2 == 0);
            for (_, &block) in even.into_iter().chain(odd) {
                free(heap, block, wanted);
            }
            let large = layout((1 << 20) - ZONE, 8);
            let block = alloc(heap, large).unwrap_or_else(|| panic!("{name}: after {size}"));
            free(heap, block, large);
        }
    });
}

#[test]
fn the_same_work_again_needs_no_more_memory() {
    each_heap(ROOMY, &|name, pool, heap| {
        if name == "bump" {
            return;
        }
        let work = || {
            let mut live = Vec::new();
            for step in 0..600_usize {
                let wanted = layout(1 + step * 7919 % 6000, 8);
                live.push((alloc(heap, wanted).unwrap(), wanted));
                if step % 3 == 0 {
                    let (block, wanted) = live.swap_remove(step * 31 % live.len());
                    free(heap, block, wanted);
                }
            }
            live.into_iter().for_each(|(block, wanted)| free(heap, block, wanted));
        };
        // Lists and tables find their places in the first rounds.
        (0..10).for_each(|_| work());
        let pages = pool.memory().pages();
        (0..50).for_each(|_| work());
        // With `checked` the places of blocks depend on which others wait, round by round.
        let most = if cfg!(feature = "checked") { pages + pages / 8 } else { pages };
        assert!(
            pool.memory().pages() <= most,
            "{name} ratchets: {} for {pages}",
            pool.memory().pages()
        );
    });
}

#[test]
fn memory_that_was_used_is_zero_again_when_zeros_are_asked_for() {
    let config = Config { pages: 3, heap_base: Some(PAGE), ..ROOMY };
    each_heap(config, &|name, _, heap| {
        let sizes = [1, 8, 24, 500, 2048, 2049, 5000, 70_000];
        for round in 0..6 {
            let mut live = Vec::new();
            for (at, &size) in sizes.iter().cycle().take(40).enumerate() {
                let wanted = layout(size, 1 << (at % 7));
                // SAFETY: the size is not 0.
                let block = unsafe { heap.alloc_zeroed(wanted) };
                // SAFETY: that long, and initialised.
                let bytes = unsafe { std::slice::from_raw_parts_mut(block, size) };
                assert!(bytes.iter().all(|&byte| byte == 0), "{name}: {wanted:?}, round {round}");
                bytes.fill(0xEE);
                live.push((block, wanted));
            }
            // Now the last first, now the first.
            if round % 2 == 0 {
                live.reverse();
            }
            live.into_iter().for_each(|(block, wanted)| free(heap, block, wanted));
        }
    });
}

/// The block that a heap resizes, and the end that it must keep.
fn resized(heap: &dyn GlobalAlloc, block: *mut u8, from: usize, to: usize) -> *mut u8 {
    // SAFETY: the tests pass a live block of `from` bytes, aligned to 8.
    let new = unsafe { heap.realloc(block, layout(from, 8), to) };
    assert!(!new.is_null());
    // SAFETY: as much as both sizes have in common was painted.
    let kept = unsafe { std::slice::from_raw_parts(new, from.min(to)) };
    assert!(kept.iter().all(|&byte| byte == 0xEE));
    // SAFETY: that long.
    unsafe { new.write_bytes(0xEE, to) };
    new
}

#[test]
fn the_last_block_grows_with_the_memory() {
    let grows = |name: &str, pool: &Pool<Simulation>, heap: &dyn GlobalAlloc| {
        let mut size = 1 << 20;
        let first = alloc(heap, layout(size, 8)).unwrap();
        let mut block = first;
        while size < 32 << 20 {
            block = resized(heap, block, size, size + (1 << 20));
            size += 1 << 20;
        }
        assert_eq!(block, first, "{name}: it moved");
        let pages = pool.memory().pages();
        assert!(pages < (32 << 20) / PAGE * 105 / 100, "{name}: {pages} pages");
    };
    let config = Config { max_pages: 1100, ..ROOMY };
    let memory = pool(config);
    grows("bump", &memory, &BumpHeap::with_memory(&memory));
    let memory = pool(config);
    grows("heap", &memory, &Heap::with_memory(&memory));
}

/// Under `checked` what is left waits before it is handed out again.
#[test]
#[cfg(not(feature = "checked"))]
fn a_tiny_heap_splits_what_shrinks_only_where_no_such_block_is_free() {
    let memory = pool(ROOMY);
    let heap = TinyHeap::with_memory(&memory);
    let large = alloc(&heap, layout(PAGE / 2, 8)).unwrap();
    let small = resized(&heap, large, PAGE / 2, 100);
    // There is one of 16 KiB now, so the next block that shrinks to that moves there, and the old one
    // stays whole.
    let large = alloc(&heap, layout(PAGE / 2, 8)).unwrap();
    let moved = resized(&heap, large, PAGE / 2, PAGE / 4 - 100);
    assert_ne!(moved, large);
    let again = alloc(&heap, layout(PAGE / 2, 8)).unwrap();
    assert_eq!(again, large, "what was left is not whole");
    for (block, size) in [(small, 100), (moved, PAGE / 4 - 100), (again, PAGE / 2)] {
        free(&heap, block, layout(size, 8));
    }
}

#[test]
fn a_block_stays_where_it_is_if_what_follows_is_free() {
    let config = Config { max_pages: 400, ..ROOMY };
    each_heap(config, &|name, _, heap| {
        // It splits what becomes smaller only where no block of the new size is free.
        if name == "tiny" {
            return;
        }
        let large = alloc(heap, layout(1 << 20, 8)).unwrap();
        // Smaller never moves a large block.
        let half = resized(heap, large, 1 << 20, 1 << 19);
        assert_eq!(half, large, "{name}: it moved when it shrank");
        let half = resized(heap, half, 1 << 19, (1 << 19) - 1000);
        assert_eq!(half, large, "{name}: it moved when it shrank a little");
        // What it left is free, and it may have it again.
        let whole = resized(heap, half, (1 << 19) - 1000, 1 << 20);
        assert_eq!(whole, large, "{name}: it moved when it grew");
    });
}

#[test]
fn foreign_growth_between_any_two_requests_is_survived() {
    let config = Config { max_pages: 1500, ..ROOMY };
    each_heap(config, &|name, pool, heap| {
        let mut live = Vec::new();
        for step in 0..120_usize {
            let wanted = layout(1 + step * 977 % 50_000, 8 << (step % 6));
            match step % 3 {
                0 => assert!(pool.memory().foreign(1)),
                1 => pool.memory().foreign_before_next(2),
                _ => {}
            }
            let block = alloc(heap, wanted).unwrap_or_else(|| panic!("{name}: step {step}"));
            live.push((block, wanted));
            if step % 5 == 4 {
                let (block, wanted) = live.swap_remove(step % live.len());
                free(heap, block, wanted);
            }
        }
        for &(block, wanted) in &live {
            // SAFETY: live, and painted when it was allocated.
            let bytes = unsafe { std::slice::from_raw_parts(block, wanted.size()) };
            assert!(bytes.iter().all(|&byte| byte == 0xEE), "{name}: a block was written to");
        }
        assert!(pool.memory().foreign_intact(), "{name}: a foreign page was written to");
    });
}

#[test]
fn threads_may_share_a_heap() {
    fn share<H: GlobalAlloc + Sync>(name: &str, heap: &H) {
        std::thread::scope(|scope| {
            for id in 0..4_u8 {
                scope.spawn(move || {
                    let mut rng = bonsai_testkit::fastrand::Rng::with_seed(u64::from(id));
                    let mut live: Vec<(*mut u8, Layout)> = Vec::new();
                    for _ in 0..4_000 {
                        if live.len() < 60 && rng.bool() {
                            let doubling = rng.u32(1..13);
                            let wanted = layout(rng.usize(1..1 << doubling), 1 << rng.u32(0..7));
                            // SAFETY: the size is not 0.
                            let block = unsafe { heap.alloc(wanted) };
                            assert!(!block.is_null(), "{name}");
                            // SAFETY: that long.
                            unsafe { block.write_bytes(id + 1, wanted.size()) };
                            live.push((block, wanted));
                        } else if !live.is_empty() {
                            let (block, wanted) = live.swap_remove(rng.usize(0..live.len()));
                            // SAFETY: live, and painted when it was allocated.
                            let bytes = unsafe { std::slice::from_raw_parts(block, wanted.size()) };
                            assert!(bytes.iter().all(|&byte| byte == id + 1), "{name}");
                            // SAFETY: live, with that layout.
                            unsafe { heap.dealloc(block, wanted) };
                        }
                    }
                });
            }
        });
    }
    let memory = pool(ROOMY);
    share("bump", &BumpHeap::with_memory(&memory));
    let memory = pool(ROOMY);
    let heap = BuddyHeap::with_memory(&memory);
    share("buddy", &heap);
    heap.check().unwrap();
    let memory = pool(ROOMY);
    let heap = SlabHeap::with_memory(&memory);
    share("slab", &heap);
    heap.check().unwrap();
    let memory = pool(ROOMY);
    let heap = Heap::with_memory(&memory);
    share("heap", &heap);
    heap.check().unwrap();
    let memory = pool(ROOMY);
    share("tiny", &TinyHeap::with_memory(&memory));
}

/// Memory that another user of the pool gives back may lie below all that a heap has.
#[test]
fn memory_below_a_heaps_own_is_used_when_it_becomes_free() {
    fn below<H: GlobalAlloc + Inspect>(name: &str, pool: &Pool<Simulation>, heap: &H) {
        let others = layout(6 * PAGE, PAGE);
        let low = pool.acquire(others).unwrap();
        let wanted = layout(5000, 8);
        let mut live = vec![alloc(heap, wanted).unwrap()];
        assert!(live[0] > low.as_ptr(), "{name}");
        // SAFETY: acquired with this layout, and not used.
        unsafe { pool.release(low, others) };
        pool.memory().refuse(0, usize::MAX);
        let end = low.as_ptr().wrapping_add(6 * PAGE);
        live.extend(std::iter::from_fn(|| alloc(heap, wanted)));
        let of_low = live.iter().filter(|&&block| block >= low.as_ptr() && block < end).count();
        assert!(of_low >= 20, "{name}: {of_low} blocks lie in the memory that became free");
        heap.check().unwrap();
        let mut last = 0;
        heap.walk(&mut |block| {
            assert!(block.address >= last, "{name}: {block:x?} is out of order");
            last = block.end();
        });
        for block in live {
            // SAFETY: live, and painted when it was allocated.
            let bytes = unsafe { std::slice::from_raw_parts(block, wanted.size()) };
            assert!(bytes.iter().all(|&byte| byte == 0xEE), "{name}: a block was written to");
            free(heap, block, wanted);
        }
        heap.check().unwrap();
    }
    let memory = pool(ROOMY);
    below("buddy", &memory, &BuddyHeap::with_memory(&memory));
    let memory = pool(ROOMY);
    below("slab", &memory, &SlabHeap::with_memory(&memory));
    let memory = pool(ROOMY);
    below("bump", &memory, &BumpHeap::with_memory(&memory));
}
