//! Every sequence of operations up to a length, on allocators so small that this reaches every
//! state they have.

#![cfg_attr(feature = "unstable", feature(allocator_api))]

use std::{alloc::Layout, num::NonZeroUsize, ops::Range, ptr::NonNull};

use bonsai_alloc::{
    AllocError, Buddy, BuddyHeap, BumpHeap, Heap, Raw, SlabHeap, TinyHeap,
    inspect::Inspect,
    linear::{Config, PAGE},
};
use bonsai_testkit::{
    Closeness, Operation, Options, Promise, Subject, Trace,
    cores::{BuddySubject, BumpSubject, Region, SlabSubject},
    heaps::HeapSubject,
    run, subjects,
};

/// Returns the operations that may come next, given the slots; a filled one is `Some` of its size.
type Next<'a> = &'a dyn Fn(&[Option<usize>]) -> Vec<Operation>;

/// Runs every sequence of up to `depth` operations, each with every look after its last one: what
/// comes before that is a sequence too. Returns how many there were.
fn every_sequence(
    depth: usize,
    slots: usize,
    next: Next<'_>,
    make: &dyn Fn() -> Box<dyn Subject>,
) -> usize {
    fn extend(
        depth: usize,
        operations: &mut Vec<Operation>,
        slots: &[Option<usize>],
        next: Next<'_>,
        make: &dyn Fn() -> Box<dyn Subject>,
    ) -> usize {
        let last = operations.len().max(1);
        let mut subject = make();
        let looks = Options { check: last, walk: last, paint: last, largest: last };
        if let Err(failure) = run(&mut *subject, operations, looks) {
            let subject = subject.name().to_owned();
            panic!("{failure}\n{}", Trace { subject, operations: operations.clone() });
        }
        if operations.len() == depth {
            return 1;
        }
        let longer: usize = next(slots)
            .into_iter()
            .map(|operation| {
                let mut slots = slots.to_vec();
                match operation {
                    Operation::Allocate { slot, size, .. }
                    | Operation::Zeroed { slot, size, .. }
                    | Operation::Reallocate { slot, size }
                    | Operation::Grow { slot, size }
                    | Operation::Shrink { slot, size } => slots[slot as usize] = Some(size),
                    Operation::Free { slot } => slots[slot as usize] = None,
                    Operation::Reset => slots.fill(None),
                    Operation::Foreign { .. } => {}
                    other => panic!("{other} is not part of any alphabet here"),
                }
                operations.push(operation);
                let count = extend(depth, operations, &slots, next, make);
                operations.pop();
                count
            })
            .sum();
        longer + 1
    }
    extend(depth, &mut Vec::new(), &vec![None; slots], next, make)
}

/// Fills the first empty slot in every way, empties every filled one.
fn fill_or_free(slots: &[Option<usize>], fills: &[(usize, usize)]) -> Vec<Operation> {
    let empty = slots.iter().position(Option::is_none);
    let fills = empty.into_iter().flat_map(|slot| {
        fills.iter().map(move |&(size, align)| Operation::Allocate {
            slot: slot as u32,
            size,
            align,
        })
    });
    let frees = (0..slots.len())
        .filter(|&slot| slots[slot].is_some())
        .map(|slot| Operation::Free { slot: slot as u32 });
    fills.chain(frees).collect()
}

/// Resizes every filled slot to each of the sizes.
fn resize(slots: &[Option<usize>], sizes: &[usize]) -> Vec<Operation> {
    let filled = slots.iter().enumerate().filter_map(|(slot, size)| Some((slot as u32, (*size)?)));
    filled
        .flat_map(|(slot, old)| {
            sizes.iter().filter(move |&&size| size != old).map(move |&size| {
                if size > old {
                    Operation::Grow { slot, size }
                } else {
                    Operation::Shrink { slot, size }
                }
            })
        })
        .collect()
}

#[test]
fn buddy_of_three_levels() {
    let count =
        every_sequence(8, 5, &|slots| fill_or_free(slots, &[(16, 1), (20, 1), (64, 1)]), &|| {
            Box::new(BuddySubject::<64, 3, _>::raw("64 bytes in 3 levels", 1))
        });
    assert!(count > 50_000, "{count}");
}

#[test]
fn buddy_of_three_levels_resized() {
    let count = every_sequence(
        6,
        4,
        &|slots| {
            let mut next = fill_or_free(slots, &[(16, 16), (32, 1)]);
            next.extend(resize(slots, &[16, 32, 64]));
            next
        },
        &|| Box::new(BuddySubject::<64, 3, _>::raw("64 bytes in 3 levels", 1)),
    );
    assert!(count > 20_000, "{count}");
}

#[test]
fn two_buddies_of_two_levels() {
    let count = every_sequence(
        8,
        5,
        &|slots| {
            let mut next = fill_or_free(slots, &[(16, 1), (32, 1)]);
            next.push(Operation::Reset);
            next
        },
        &|| Box::new(BuddySubject::<32, 2, _>::raw("2 times 32 bytes in 2 levels", 2)),
    );
    assert!(count > 50_000, "{count}");
}

#[test]
fn slab_of_four_blocks() {
    let count = every_sequence(
        10,
        5,
        &|slots| {
            let mut next = fill_or_free(slots, &[(8, 8)]);
            next.push(Operation::Reset);
            next
        },
        &|| Box::new(SlabSubject::raw("4 blocks of 16", 16, 4)),
    );
    assert!(count > 20_000, "{count}");
}

#[test]
fn bump_of_64_bytes() {
    let count = every_sequence(
        6,
        3,
        &|slots| {
            let mut next = fill_or_free(slots, &[(1, 1), (24, 8), (1, 16), (64, 1)]);
            next.extend(resize(slots, &[1, 30]));
            next.push(Operation::Reset);
            next
        },
        &|| Box::new(BumpSubject::raw("64 bytes", Layout::from_size_align(64, 16).unwrap())),
    );
    assert!(count > 100_000, "{count}");
}

/// A small block, one of some granules, and one that fills most of a page.
const SIZES: [(usize, usize); 3] = [(24, 8), (3000, 64), (50_000, 16)];

/// Every sequence over a heap that can have two pages: of requests of all sizes, with zeroed ones,
/// reallocation, and somebody else who takes a page; and longer ones of small and large blocks.
fn heap_of_two_pages(make: &dyn Fn() -> Box<dyn Subject>) {
    let all = |slots: &[Option<usize>]| {
        let mut next = fill_or_free(slots, &SIZES);
        if let Some(slot) = slots.iter().position(Option::is_none) {
            next.push(Operation::Zeroed { slot: slot as u32, size: 3000, align: 16 });
        }
        let filled = (0..slots.len()).filter(|&slot| slots[slot].is_some());
        next.extend(filled.flat_map(|slot| {
            [100, 40_000].map(|size| Operation::Reallocate { slot: slot as u32, size })
        }));
        next.push(Operation::Foreign { pages: 1 });
        next
    };
    let count = every_sequence(4, 3, &all, make);
    assert!(count > 3_000, "{count}");
    let count = every_sequence(6, 4, &|slots| fill_or_free(slots, &[(24, 8), (50_000, 16)]), make);
    assert!(count > 1_500, "{count}");
}

/// A page of data, and two that can be grown.
const TWO: Config = Config { first_page: 0, pages: 1, max_pages: 3, heap_base: None };
/// No growth at all: a page and a half behind the data.
const FIXED: Config =
    Config { first_page: 0, pages: 2, max_pages: 2, heap_base: Some(PAGE / 2 + 8) };

/// A heap over both kinds of memory.
macro_rules! heap {
    ($test:ident, $make:expr) => {
        #[test]
        fn $test() {
            for (name, config) in [("two pages", TWO), ("fixed memory", FIXED)] {
                heap_of_two_pages(&|| Box::new($make(name, config)));
            }
        }
    };
}

heap!(general_heap_of_two_pages, |name, config| {
    HeapSubject::new(name, config, Heap::with_memory)
        .with_view(|heap| heap)
        .with_promise(subjects::HEAP)
});
heap!(slab_heap_of_two_pages, |name, config| {
    HeapSubject::new(name, config, SlabHeap::with_memory)
        .with_view(|heap| heap)
        .with_promise(Promise::Slabs)
});
heap!(buddy_heap_of_two_pages, |name, config| {
    HeapSubject::new(name, config, BuddyHeap::with_memory)
        .with_view(|heap| heap)
        .with_promise(Promise::Orders { smallest: 16 })
});
heap!(bump_heap_of_two_pages, |name, config| {
    HeapSubject::new(name, config, BumpHeap::with_memory)
        .with_view(|heap| heap)
        .with_closeness(Closeness::Covers)
        .with_promise(Promise::Rest)
});
heap!(tiny_heap_of_two_pages, |name, config| {
    HeapSubject::new(name, config, TinyHeap::with_memory)
        .with_free(subjects::free_of_tiny)
        .with_promise(Promise::Lists)
});

/// Returns the number of aligned blocks of `size` that fit the granules of 16 bytes that are there.
fn room(there: &[bool], size: usize) -> usize {
    there.chunks(size / 16).filter(|block| block.iter().all(|&granule| granule)).count()
}

/// The maximal ranges of offsets of granules that are, or are not, there.
fn ranges(there: &[bool], wanted: bool) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for at in (0..there.len()).filter(|&at| there[at] == wanted) {
        match ranges.last_mut() {
            Some(last) if last.end == at * 16 => last.end += 16,
            _ => ranges.push(at * 16..at * 16 + 16),
        }
    }
    ranges
}

type Sixteen = Buddy<64, 3, Raw>;

/// Takes all there is of every size, gives it back, in orders that differ.
fn drain_and_refill(buddy: &mut Sixteen, there: &[bool]) {
    for size in [16, 64, 32, 16, 32, 64] {
        let layout = Layout::from_size_align(size, 1).unwrap();
        let blocks: Vec<NonNull<[u8]>> =
            std::iter::from_fn(|| buddy.allocate(layout).ok()).collect();
        assert_eq!(blocks.len(), room(there, size), "blocks of {size} of {there:?}");
        buddy.check().unwrap();
        let (even, odd): (Vec<_>, Vec<_>) =
            blocks.iter().enumerate().partition(|(at, _)| at % 2 == 0);
        for (_, block) in odd.into_iter().chain(even) {
            // SAFETY: allocated in this round, freed once.
            unsafe { buddy.deallocate(block.cast()) };
            buddy.check().unwrap();
        }
    }
}

/// Two top-level blocks of four granules: all 256 ways in which granules may be missing.
#[test]
fn every_set_of_gaps_in_a_buddy_of_eight_granules() {
    for mask in 0..1_u32 << 8 {
        let there: Vec<bool> = (0..8).map(|at| mask >> at & 1 == 1).collect();
        let gaps = ranges(&there, false);

        // Told of the gaps.
        let mut buddy =
            Buddy::<64, 3, bonsai_alloc::Global>::try_new_with_offset_gaps(2, gaps.clone())
                .unwrap();
        buddy.check().unwrap();
        for size in [64, 32, 16] {
            let layout = Layout::from_size_align(size, 1).unwrap();
            let blocks: Vec<_> = std::iter::from_fn(|| buddy.allocate(layout).ok()).collect();
            assert_eq!(blocks.len(), room(&there, size), "blocks of {size}, gaps {gaps:?}");
            for block in blocks {
                // SAFETY: allocated just now, freed once.
                unsafe { buddy.deallocate(block.cast()) };
            }
            buddy.check().unwrap();
        }

        // Given the rest in parts: ascending, descending, granule by granule.
        let parts = ranges(&there, true);
        let granules: Vec<_> =
            parts.iter().flat_map(|part| part.clone().step_by(16).map(|at| at..at + 16)).collect();
        let descending: Vec<_> = parts.iter().rev().cloned().collect();
        let scattered: Vec<_> =
            (0..granules.len()).map(|at| granules[at * 5 % granules.len()].clone()).collect();
        // Five steps reach every one just where five and their number have no common divisor.
        let scattered = if granules.len() % 5 == 0 { granules.clone() } else { scattered };
        for parts in [parts.clone(), descending, granules, scattered] {
            let region = Region::new(Sixteen::region_layout(2).unwrap());
            let metadata = Region::new(Sixteen::metadata_layout(2).unwrap());
            // SAFETY: memory of these layouts that outlives the buddy.
            let buddy =
                unsafe { Sixteen::new_raw_unpopulated(metadata.pointer(), region.pointer(), 2) };
            let mut buddy = buddy.unwrap();
            assert_eq!(buddy.allocate(Layout::new::<u8>()), Err(AllocError));
            for part in &parts {
                let range: Range<NonZeroUsize> = region.range(part.clone());
                // SAFETY: each part is added once.
                unsafe { buddy.add_region(range) };
                buddy.check().unwrap();
            }
            drain_and_refill(&mut buddy, &there);
            for gap in &gaps {
                assert!(region.untouched(gap.clone()), "the gap {gap:?} was written to");
            }
        }
    }
}

/// Every request of every size and alignment, from an empty buddy: granted just where it must be.
#[test]
fn every_layout() {
    for size in 0..=130 {
        for align in (0..=8).map(|shift| 1 << shift) {
            let layout = Layout::from_size_align(size, align).unwrap();
            let mut buddy = Buddy::<128, 4, bonsai_alloc::Global>::try_new(2).unwrap();
            let need = size.max(align).max(16).next_power_of_two();
            let cost = (size > 0 && need <= 128).then_some(need);
            assert_eq!(buddy.usable_size(layout).ok(), cost, "{layout:?}");
            let block = buddy.allocate(layout);
            assert_eq!(block.is_ok(), cost.is_some(), "{layout:?}");
            assert_eq!(buddy.stats().live_bytes, cost.unwrap_or(0), "{layout:?}");
            if let Ok(block) = block {
                assert_eq!(block.len(), size);
                assert_eq!(block.cast::<u8>().as_ptr() as usize % align, 0);
            }
        }
    }
}
