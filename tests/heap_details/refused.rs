//! Heaps whose memory is refused.

use std::alloc::GlobalAlloc;

use bonsai_alloc::{
    BuddyHeap, BumpHeap, Heap, SlabHeap, TinyHeap,
    inspect::{Block, Inspect, State},
    linear::{Config, PAGE, Pool, Simulation},
};

use crate::{ROOMY, alloc, free, layout, pool};

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
