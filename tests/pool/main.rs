//! The pool of pages, over simulated linear memory.

mod model;

use std::{alloc::Layout, ptr::NonNull};

use bonsai_alloc::linear::{Config, LinearMemory, MAX_PAGES, PAGE, Pool, Simulation};

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap()
}

fn pool(config: Config) -> Pool<Simulation> {
    Pool::new(Simulation::new(config))
}

/// One page of data, 254 pages to grow.
fn roomy() -> Pool<Simulation> {
    pool(Config { pages: 1, max_pages: 255, ..Config::default() })
}

fn pages(count: usize) -> Layout {
    layout(count * PAGE, PAGE)
}

fn release(pool: &Pool<Simulation>, start: NonNull<u8>, layout: Layout) {
    // SAFETY: the tests release what they acquired, once, and do not use it any more.
    unsafe { pool.release(start, layout) }
}

fn address(start: NonNull<u8>) -> usize {
    start.as_ptr() as usize
}

/// Every byte of the range, which a test acquired, becomes `byte`.
fn fill(start: NonNull<u8>, len: usize, byte: u8) {
    // SAFETY: acquired by the test, that long, and not released yet.
    unsafe { start.write_bytes(byte, len) }
}

#[test]
fn released_regions_merge_and_are_used_before_memory_grows() {
    let pool = roomy();
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [0, 2, 1, 3], [1, 3, 0, 2]] {
        let parts: Vec<_> = (0..4).map(|_| pool.acquire(pages(1)).unwrap()).collect();
        let growths = pool.stats().growths;
        for part in order {
            release(&pool, parts[part], pages(1));
        }
        assert_eq!((pool.stats().free_runs, pool.stats().free_bytes), (1, 4 * PAGE), "{order:?}");
        let whole = pool.acquire(pages(4)).unwrap();
        assert_eq!(pool.stats().growths, growths, "{order:?}");
        fill(whole, 4 * PAGE, 0xEE);
        release(&pool, whole, pages(4));
    }
    assert_eq!(pool.stats().grown_pages, 4);
}

#[test]
fn a_run_at_the_end_needs_only_the_difference() {
    let pool = roomy();
    let first = pool.acquire(pages(2)).unwrap();
    let second = pool.acquire(pages(3)).unwrap();
    release(&pool, second, pages(3));
    let larger = pool.acquire(pages(10)).unwrap();
    assert_eq!(larger, second);
    assert_eq!(pool.stats().grown_pages, 12);
    release(&pool, first, pages(2));
    release(&pool, larger, pages(10));
    assert_eq!(pool.stats().free_runs, 1);
}

#[test]
fn foreign_growth_is_survived() {
    let pool = roomy();
    let first = pool.acquire(pages(1)).unwrap();
    assert!(pool.memory().foreign(2));
    let second = pool.acquire(pages(1)).unwrap();
    assert_eq!(address(second), address(first) + 3 * PAGE);
    fill(first, PAGE, 0xEE);
    fill(second, PAGE, 0xEE);
    release(&pool, first, pages(1));
    release(&pool, second, pages(1));
    // What is not ours lies between them: they do not merge, and hold no two pages together.
    assert_eq!(pool.stats().free_runs, 2);
    assert!(pool.memory().foreign(1));
    let both = pool.acquire(pages(2)).unwrap();
    assert!(address(both) > address(second) + PAGE);
    fill(both, 2 * PAGE, 0xEE);
    assert!(pool.memory().foreign_intact());
}

#[test]
fn somebody_who_grows_in_the_same_instant_is_survived() {
    for size in 1..=4 {
        let pool = roomy();
        let first = pool.acquire(pages(1)).unwrap();
        release(&pool, first, pages(1));
        // The pool counts on the free page at the end, which is no longer there when it grows.
        pool.memory().foreign_before_next(3);
        let block = pool.acquire(pages(1 + size)).unwrap();
        fill(block, (1 + size) * PAGE, 0xEE);
        assert!(pool.memory().foreign_intact());
        // Nothing that was grown is lost.
        release(&pool, block, pages(1 + size));
        let stats = pool.stats();
        assert_eq!(stats.free_bytes, stats.grown_pages * PAGE);

        let pool = roomy();
        let first = pool.acquire(pages(1)).unwrap();
        pool.memory().foreign_before_next(1);
        let end = address(first) + PAGE;
        assert!(pool.extend(end, size * PAGE).is_none());
        assert!(pool.memory().foreign_intact());
        release(&pool, first, pages(1));
        let stats = pool.stats();
        assert_eq!(stats.free_bytes, stats.grown_pages * PAGE);
    }
}

#[test]
fn memory_below_the_first_growth_is_used_first_and_not_taken_for_zero() {
    let base = PAGE + 1000;
    let pool = pool(Config { pages: 4, max_pages: 8, heap_base: Some(base), ..Config::default() });
    let all = pool.memory().addresses();
    let mut taken = 0;
    while let Some(extent) = pool.reuse(1000, 16) {
        assert!(address(extent.start) >= all.start + base);
        assert!(address(extent.start) + extent.len <= all.start + 4 * PAGE);
        assert!(extent.zero_from >= extent.len, "dirty memory is said to be zero");
        fill(extent.start, extent.len, 0xEE);
        taken += extent.len;
    }
    assert_eq!(pool.memory().attempts(), 0);
    assert!(taken > 3 * PAGE - 1000 - 1100, "{taken} bytes of those below were used");
    assert!(pool.memory().foreign_intact(), "the program's data was touched");
    // The first growth touches what is below it.
    assert!(pool.acquire(pages(1)).is_some());
    assert_eq!(pool.stats().growths, 1);
}

#[test]
fn a_growth_merges_with_what_is_below_it() {
    let config = Config { pages: 2, max_pages: 8, heap_base: Some(PAGE), ..Config::default() };
    let pool = pool(config);
    let two = pool.acquire(pages(2)).unwrap();
    assert_eq!(address(two), pool.memory().addresses().start + PAGE);
    assert_eq!(pool.stats().grown_pages, 1);
}

#[test]
fn fixed_memory_works() {
    let config = Config { pages: 6, max_pages: 6, heap_base: Some(PAGE / 2), ..Config::default() };
    let pool = pool(config);
    let blocks: Vec<_> = std::iter::from_fn(|| pool.acquire(layout(PAGE / 2, 16))).collect();
    assert_eq!(blocks.len(), 11);
    assert_eq!((pool.stats().growths, pool.stats().free_bytes), (0, 0));
    for &block in &blocks {
        release(&pool, block, layout(PAGE / 2, 16));
    }
    assert_eq!((pool.stats().free_runs, pool.stats().free_bytes), (1, 11 * PAGE / 2));
    assert!(pool.acquire(layout(11 * PAGE / 2, 16)).is_some());
}

#[test]
fn the_last_page_of_4_gib_is_never_handed_out() {
    let config =
        || Config { first_page: 65_525, pages: 65_526, max_pages: 65_536, heap_base: None };
    for step in 1..=4 {
        let pool = pool(config());
        let last = pool.memory().pointer(MAX_PAGES).addr();
        assert_eq!(last, pool.memory().pointer(65_535).addr());
        let mut got = 0;
        for size in [step, 1] {
            while let Some(block) = pool.acquire(pages(size)) {
                assert!(address(block) + size * PAGE <= last);
                fill(block, size * PAGE, 0xEE);
                got += size;
            }
        }
        assert_eq!(got, 65_535 - 65_526, "all other pages are");
    }
    // Nor if somebody else takes the memory close to it.
    let pool = pool(config());
    assert!(pool.memory().foreign(8));
    assert!(pool.acquire(pages(1)).is_some());
    assert!(pool.acquire(pages(1)).is_none());
    assert!(pool.memory().foreign(1), "others may");
    assert!(pool.acquire(pages(1)).is_none());
}

#[test]
fn nobody_is_told_of_the_last_page_when_others_grow_in_the_same_instant() {
    for foreign in 0..=10 {
        for size in 1..=9 {
            let config =
                Config { first_page: 65_525, pages: 65_526, max_pages: 65_536, heap_base: None };
            let pool = pool(config);
            let last = pool.memory().pointer(65_535).addr();
            pool.memory().foreign_before_next(foreign);
            let mut blocks = vec![pool.acquire(pages(size)).map(|block| (block, size))];
            blocks.extend((0..10).map(|_| pool.acquire(pages(1)).map(|block| (block, 1))));
            for (block, size) in blocks.into_iter().flatten() {
                assert!(address(block) + size * PAGE <= last);
                fill(block, size * PAGE, 0xEE);
            }
            assert!(pool.memory().foreign_intact());
        }
    }
}

#[test]
fn what_no_memory_holds_is_refused() {
    let pool = roomy();
    assert!(pool.acquire(layout(0, 1)).is_none());
    assert!(pool.acquire(layout(isize::MAX as usize - 4096, 1)).is_none());
    assert!(pool.acquire(layout(1, 1 << 40)).is_none());
    assert!(pool.acquire(layout(256 * PAGE, 1)).is_none());
    assert!(pool.acquire_run(usize::MAX, 16).is_none());
    assert!(pool.extend(pool.memory().addresses().end, usize::MAX).is_none());
    assert_eq!(pool.stats(), Default::default());
    assert_eq!(pool.memory().pages(), 1);
}

#[test]
fn a_run_is_extended_where_it_ends_or_not_at_all() {
    let pool = roomy();
    let block = pool.acquire(pages(1)).unwrap();
    let end = address(block) + PAGE;
    let more = pool.extend(end, 100).unwrap();
    assert_eq!(address(more.start), end);
    assert!(more.len >= 100 && more.zero_from <= 16);
    let end = end + more.len;
    assert!(pool.extend(end - 16, 100).is_none(), "that is not free");
    assert!(pool.memory().foreign(1));
    assert!(pool.extend(end, 100).is_none());
    let growths = pool.stats().growths;
    assert!(pool.extend(end, 100).is_none());
    assert_eq!(pool.stats().growths, growths, "an extension that cannot be grew memory");
}

#[test]
fn an_extension_uses_what_is_free_at_the_end_and_grows_by_the_rest() {
    let pool = roomy();
    let block = pool.acquire(pages(2)).unwrap();
    let middle = address(block) + PAGE;
    // SAFETY: the upper half of the block, which nothing uses any more.
    unsafe { pool.release_run(NonNull::new(block.as_ptr().wrapping_add(PAGE)).unwrap(), PAGE) };
    let more = pool.extend(middle, 3 * PAGE).unwrap();
    assert_eq!((address(more.start), more.len), (middle, 3 * PAGE));
    assert_eq!((pool.stats().grown_pages, pool.stats().free_bytes), (4, 0));
}

#[test]
fn of_runs_that_fit_alike_the_lowest_is_taken() {
    let pool = roomy();
    let blocks: Vec<_> = (0..5).map(|_| pool.acquire(pages(1)).unwrap()).collect();
    for at in [3, 1] {
        release(&pool, blocks[at], pages(1));
    }
    assert_eq!(pool.acquire(pages(1)), Some(blocks[1]));
    assert_eq!(pool.acquire(pages(1)), Some(blocks[3]));
}

#[test]
fn where_nothing_is_below_the_first_growth_nothing_is_listed() {
    for base in [PAGE - 15, PAGE - 8, PAGE] {
        let pool = pool(Config { heap_base: Some(base), ..Config::default() });
        assert!(pool.reuse(16, 16).is_none());
        assert_eq!(pool.stats(), Default::default(), "{base}");
        // With `checked` a run that cannot be would be told here.
        assert!(pool.acquire(pages(1)).is_some());
    }
}

/// A program that takes and gives back memory in several ways. How many growths it tries.
fn program(pool: &Pool<Simulation>) -> usize {
    let mut live: Vec<(NonNull<u8>, Layout)> = Vec::new();
    for step in 0..12 {
        let wanted = layout((1 + step % 5) * PAGE / 2, 16 << step);
        let before = pool.stats();
        match pool.acquire(wanted) {
            Some(block) => {
                fill(block, wanted.size(), 0xEE);
                live.push((block, wanted));
            }
            None => {
                assert_eq!(pool.stats(), before, "a refused growth changed something");
                let again = pool.acquire(wanted).expect("one growth is refused, not two");
                live.push((again, wanted));
            }
        }
        if step % 3 == 2 {
            let (block, wanted) = live.swap_remove(0);
            release(pool, block, wanted);
        }
    }
    for (block, wanted) in live {
        release(pool, block, wanted);
    }
    let stats = pool.stats();
    assert_eq!((stats.free_bytes, stats.free_runs), (stats.grown_pages * PAGE, 1));
    pool.memory().attempts()
}

#[test]
fn whichever_growth_is_refused_nothing_changes() {
    let attempts = program(&roomy());
    assert!(attempts > 3);
    for refused in 0..attempts {
        let pool = roomy();
        pool.memory().refuse(refused, 1);
        program(&pool);
    }
}
