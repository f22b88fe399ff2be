//! Callers that mean no good, and need no `unsafe`: numbers at every edge for every safe function that takes one, and visitors that use
//! the heap that they look at. None panics but where the docs say so, none breaks memory, and nothing grows for a refusal.

use std::{
    alloc::{GlobalAlloc, Layout},
    cell::RefCell,
    panic::{AssertUnwindSafe, catch_unwind},
    ptr::NonNull,
};

use bonsai_alloc::{
    Buddy, BuddyHeap, Bump, BumpHeap, Heap, Slab, SlabHeap, TinyHeap,
    backing::Source,
    inspect::{Block, Inspect, State, Stats},
    linear::{Config, LinearMemory, Machine, PAGE, Pool, Simulation},
};

/// Numbers around 0, each power of two, the end of addresses and of signed sizes.
fn numbers() -> Vec<usize> {
    let mut all: Vec<usize> = (0..usize::BITS)
        .flat_map(|log| [(1_usize << log) - 1, 1 << log, (1 << log) + 1])
        .chain((0..20).map(|less| usize::MAX - less))
        .chain((0..20).map(|less| isize::MAX as usize - less))
        .chain([24, 40, PAGE + 16, 3 * PAGE - 16])
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn simulation() -> Simulation {
    Simulation::new(Config { pages: 2, max_pages: 40, ..Config::default() })
}

#[test]
fn a_pool_answers_every_number_and_hands_out_what_is_its_own() {
    let pool = Pool::new(simulation());
    let mut taken = Vec::new();
    let mut note = |extent: Option<bonsai_alloc::linear::Extent>| {
        let Some(extent) = extent else { return };
        let start = extent.start.addr().get();
        assert!(extent.zero_from <= extent.len);
        taken.push((start, start + extent.len));
    };
    for &size in &numbers() {
        for &align in &numbers() {
            note(pool.reuse(size, align));
            if align.is_power_of_two() && align < 1 << 20 {
                note(pool.acquire_run(size, align));
            }
        }
        for at in [0, size, pool.memory().addresses().end] {
            note(pool.extend(at, size));
        }
    }
    let memory = pool.memory().addresses();
    taken.sort_unstable();
    assert!(taken.windows(2).all(|pair| pair[0].1 <= pair[1].0), "two have one byte");
    assert!(taken.iter().all(|&(start, end)| memory.start <= start && end <= memory.end));
    assert!(!taken.is_empty() && pool.memory().foreign_intact());
}

#[test]
fn a_simulation_is_no_larger_than_it_says_whatever_it_is_asked() {
    let memory = simulation();
    for &pages in &numbers() {
        let before = memory.pages();
        if pages > 40 {
            assert!(!memory.foreign(pages));
            assert_eq!(memory.grow(pages), None, "{pages}");
        }
        assert_eq!(memory.pages(), before);
        memory.foreign_before_next(pages.max(41));
        memory.refuse(pages, pages);
        memory.refuse(0, 0);
        let _ = memory.pointer(pages);
        let _ = Machine.pointer(pages);
    }
    assert_eq!(memory.grow(38), Some(2));
    assert!(memory.foreign_intact());
}

/// Shapes that contradict themselves are refused with a panic, as the docs say, before anything is written.
#[test]
fn a_simulation_has_no_impossible_shape() {
    let many = numbers();
    for &max_pages in many.iter().filter(|&&pages| pages >= 1 << (usize::BITS - 17)) {
        let shape = Config { first_page: 0, pages: 0, max_pages, heap_base: None };
        assert!(catch_unwind(|| Simulation::new(shape)).is_err(), "{shape:?}");
    }
    for base in [0, 2 * PAGE - 1, 5 * PAGE + 1, usize::MAX] {
        let shape = Config { first_page: 2, pages: 5, max_pages: 9, heap_base: Some(base) };
        assert!(catch_unwind(|| Simulation::new(shape)).is_err(), "{shape:?}");
    }
    Simulation::new(Config { first_page: 2, pages: 5, max_pages: 9, heap_base: Some(5 * PAGE) });
}

/// A core that was made for numbers at an edge serves what it says it can.
fn serve(mut allocate: impl FnMut(Layout) -> Option<NonNull<[u8]>>) {
    for &size in &numbers() {
        for align in (0..usize::BITS).map(|log| 1 << log) {
            let Ok(layout) = Layout::from_size_align(size, align) else { continue };
            if let Some(block) = allocate(layout) {
                assert!(block.len() >= size && block.cast::<u8>().addr().get() % align == 0);
                // SAFETY: a new block of that length.
                unsafe { block.cast::<u8>().write_bytes(1, block.len()) };
            }
        }
    }
}

fn cores_over<A: Source>(backing: impl Fn() -> A) {
    for &many in &numbers() {
        let _ = Buddy::<16, 4, A>::region_layout(many);
        let _ = Buddy::<16, 4, A>::metadata_layout(many);
        if let Ok(mut buddy) = Buddy::<16, 4, A>::try_new_in(many, backing()) {
            serve(|layout| {
                assert!(buddy.usable_size(layout).is_ok() || buddy.allocate(layout).is_err());
                buddy.allocate(layout).ok()
            });
            buddy.check().unwrap();
        }
        for &size in &numbers() {
            let _ = Slab::<A>::region_layout(size, many);
            if size > 1 << 20 && many > 1 << 20 {
                assert!(Slab::try_new_in(size, many, backing()).is_err());
            } else if let Ok(mut slab) = Slab::try_new_in(size, many, backing()) {
                let edge = Layout::from_size_align(size.min(1 << 40), 1).unwrap();
                let _ = slab.usable_size(edge);
                if let Ok(block) = slab.allocate(edge) {
                    // SAFETY: a new block of that length.
                    unsafe { block.cast::<u8>().write_bytes(1, block.len()) };
                }
                slab.check().unwrap();
            }
        }
        if let Ok(layout) = Layout::from_size_align(many, 8) {
            if let Ok(mut bump) = Bump::try_new_in(layout, backing()) {
                serve(|layout| bump.allocate(layout).ok());
                bump.check().unwrap();
            }
        }
    }
}

#[test]
fn cores_of_every_number_of_blocks_serve_or_are_refused() {
    let pool = Pool::new(simulation());
    cores_over(|| &pool);
    assert!(pool.memory().foreign_intact());
}

#[test]
fn sums_of_blocks_that_nobody_has_do_not_overflow() {
    let mut stats = Stats::default();
    for state in [State::Live, State::Free, State::Meta, State::Gap] {
        for _ in 0..2 {
            let block = Block { address: usize::MAX - 1, size: usize::MAX, state };
            assert_eq!(block.end(), usize::MAX);
            stats.add(block);
        }
    }
    assert_eq!(stats.committed(), usize::MAX);
}

/// Allocates and frees, large and small, in the middle of a look.
fn meddle(heap: &dyn GlobalAlloc, kept: &RefCell<Vec<(*mut u8, Layout)>>) {
    let mut kept = kept.borrow_mut();
    let size = [24, 700, 5000, 100_000][kept.len() % 4];
    let layout = Layout::from_size_align(size, 8).unwrap();
    if kept.len() < 200 {
        // SAFETY: the size is not 0.
        let block = unsafe { heap.alloc(layout) };
        if !block.is_null() {
            // SAFETY: the new block.
            unsafe { block.write_bytes(7, size) };
            kept.push((block, layout));
        }
    }
    if kept.len() % 3 == 0 {
        if let Some((block, layout)) = kept.pop() {
            // SAFETY: live, with its layout.
            unsafe { heap.dealloc(block, layout) };
        }
    }
}

#[test]
fn who_looks_at_a_heap_may_use_it_meanwhile() {
    macro_rules! visited {
        ($($heap:ident)*) => {$({
            let pool = Pool::new(simulation());
            let heap = $heap::with_memory(&pool);
            let kept = RefCell::default();
            for _ in 0..20 {
                meddle(&heap, &kept);
            }
            let mut seen = 0;
            heap.walk(&mut |_| {
                seen += 1;
                meddle(&heap, &kept);
                let _ = heap.stats();
                heap.check().unwrap();
                assert!(seen < 100_000, "{} has no end", stringify!($heap));
            });
            assert!(seen > 1);
            // A visitor that panics leaves the heap as it is.
            let panics = || heap.walk(&mut |_| panic!("on purpose"));
            assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
            heap.check().unwrap();
            for (block, layout) in kept.take() {
                // SAFETY: live, with its layout.
                let bytes = unsafe { std::slice::from_raw_parts(block, layout.size()) };
                assert!(bytes.iter().all(|&byte| byte == 7));
                // SAFETY: live, with its layout.
                unsafe { heap.dealloc(block, layout) };
            }
            heap.check().unwrap();
        })*};
    }
    visited!(Heap SlabHeap BuddyHeap BumpHeap);

    let pool = Pool::new(simulation());
    let heap = TinyHeap::with_memory(&pool);
    let kept = RefCell::default();
    meddle(&heap, &kept);
    heap.walk_free(|_| {
        meddle(&heap, &kept);
        let _ = heap.stats();
    });
    let panics = || heap.walk_free(|_| panic!("on purpose"));
    assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
    for &size in &numbers() {
        if let Ok(layout) = Layout::from_size_align(size, 8) {
            assert!(heap.usable_size(layout) == 0 || heap.usable_size(layout) >= size);
        }
    }
}
