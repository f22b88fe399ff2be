//! All blocks freed at once, and memory that the heap is told to adopt.

use std::alloc::{GlobalAlloc, Layout};

use bonsai_alloc::{
    Heap,
    inspect::Inspect,
    linear::{Config, PAGE, Pool, Simulation},
};

type Memory = Pool<Simulation>;

fn memory(pages: usize) -> Memory {
    Pool::new(Simulation::new(Config { max_pages: pages, ..Config::default() }))
}

/// Allocates blocks of many sizes and alignments, frees some, and lets somebody else grow in between.
fn use_it(heap: &Heap<&Memory>, pool: &Memory, foreign: bool) -> Vec<*mut u8> {
    let mut blocks = Vec::new();
    for step in 0..2000_usize {
        let layout = Layout::from_size_align(1 + step * 37 % 3000, 1 << (step % 9)).unwrap();
        // SAFETY: the size is above 0.
        let block = unsafe { heap.alloc(layout) };
        assert!(!block.is_null());
        // SAFETY: a new block of that size.
        unsafe { block.write_bytes(0xA5, layout.size()) };
        if step % 3 == 0 {
            // SAFETY: allocated with that layout just now.
            unsafe { heap.dealloc(block, layout) };
        } else {
            blocks.push(block);
        }
        if foreign && step % 500 == 499 {
            assert!(pool.memory().foreign(1));
        }
    }
    blocks
}

#[test]
fn a_reset_frees_every_block_and_keeps_the_pages() {
    for foreign in [false, true] {
        let pool = memory(1000);
        let heap = Heap::with_memory(&pool);
        use_it(&heap, &pool, foreign);
        let before = heap.stats();
        assert!(before.live_blocks > 1000);
        // SAFETY: no block is used any more.
        unsafe { heap.reset() };
        heap.check().unwrap();
        let after = heap.stats();
        assert_eq!((after.live_blocks, after.live_bytes), (0, 0));
        assert_eq!(after.committed(), before.committed());
        // The table stands between two free runs, in each region.
        assert!(after.free_blocks <= if foreign { 10 } else { 2 }, "{after:?}");
    }
}

#[test]
fn memory_does_not_grow_from_request_to_request() {
    let pool = memory(1000);
    let heap = Heap::with_memory(&pool);
    let mut pages = Vec::new();
    for _ in 0..20 {
        use_it(&heap, &pool, false);
        pages.push(pool.stats().grown_pages);
        // SAFETY: no block is used any more.
        unsafe { heap.reset() };
    }
    assert!(pages.iter().all(|&count| count == pages[0]), "{pages:?}");
}

#[test]
fn a_reset_of_an_empty_heap_changes_nothing() {
    let pool = memory(10);
    let heap = Heap::<_>::with_memory(&pool);
    // SAFETY: there is no block.
    unsafe { heap.reset() };
    assert_eq!(heap.stats().committed(), 0);
    // SAFETY: nobody else has grown.
    assert_eq!(unsafe { heap.adopt() }, 0);
    heap.check().unwrap();
}

#[test]
fn what_somebody_grew_is_used_once_it_is_adopted() {
    let pool = memory(100);
    let heap = Heap::with_memory(&pool);
    use_it(&heap, &pool, false);
    let before = heap.stats().committed();
    assert!(pool.memory().foreign(40));
    // SAFETY: the pages are nobody's: no test looks at them.
    assert_eq!(unsafe { heap.adopt() }, 40 * PAGE);
    // SAFETY: nobody but the heap has grown memory since.
    assert_eq!(unsafe { heap.adopt() }, 0);
    heap.check().unwrap();
    assert_eq!(heap.stats().committed(), before + 40 * PAGE);
    let growths = pool.stats().growths;
    let layout = Layout::from_size_align(35 * PAGE, 16).unwrap();
    // SAFETY: the size is above 0.
    let block = unsafe { heap.alloc_zeroed(layout) };
    assert!(!block.is_null());
    assert_eq!(pool.stats().growths, growths, "memory did not grow");
    // SAFETY: a new block of that size.
    let bytes = unsafe { std::slice::from_raw_parts(block, layout.size()) };
    assert!(bytes.iter().all(|&byte| byte == 0), "adopted memory is not taken for zero");
    heap.check().unwrap();
}

/// Under `checked` an old block that is freed once more is named; without it nothing can tell.
#[cfg(feature = "checked")]
#[test]
fn a_block_from_before_a_reset_is_named_when_it_is_freed() {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use bonsai_alloc::checked::{Fault, set_hook};

    static NAMED: AtomicUsize = AtomicUsize::new(0);
    let pool = memory(100);
    let heap = Heap::<_>::with_memory(&pool);
    let layout = Layout::new::<[u8; 100]>();
    // SAFETY: the size is above 0.
    let block = unsafe { heap.alloc(layout) };
    // SAFETY: the block is not used as a live one any more.
    unsafe { heap.reset() };
    set_hook(Some(|report| {
        assert_eq!(report.fault, Fault::Freed);
        NAMED.fetch_add(1, SeqCst);
    }));
    // SAFETY: the hook returns, so nothing happens but the report.
    unsafe { heap.dealloc(block, layout) };
    set_hook(None);
    assert_eq!(NAMED.load(SeqCst), 1);
    heap.check().unwrap();
}
