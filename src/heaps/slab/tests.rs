//! The classes, and what a heap's bookkeeping must be.

use std::vec::Vec;

use super::{classes::LARGEST, *};
use crate::inspect::{Inspect, State as Use};
use crate::linear::{Config, PAGE, Pool, Simulation};
use crate::slab::FreeList;

type Heap<'a> = SlabHeap<&'a Pool<Simulation>>;

#[test]
fn every_size_has_the_smallest_class_that_holds_it() {
    for size in 1..=LARGEST {
        let class = class_for(size, 1).unwrap();
        assert!(SIZES[class] >= size, "{size} in a block of {}", SIZES[class]);
        assert!(class == 0 || SIZES[class - 1] < size, "{size} would fit the class below");
    }
    assert_eq!(class_for(LARGEST + 1, 1), None);
    assert_eq!(class_for(0, 1), Some(0));
}

#[test]
fn every_block_is_aligned_as_asked() {
    for log in 0..=11 {
        let align = 1 << log;
        for size in 1..=LARGEST {
            let Some(class) = class_for(size, align) else { continue };
            let header = Header::new(class);
            assert!(SIZES[class] >= size);
            assert_eq!(SIZES[class] % align, 0, "{size} aligned to {align}");
            assert_eq!(header.first % align, 0, "{size} aligned to {align}");
        }
    }
    assert_eq!(class_for(1, 4096), None);
}

#[test]
fn slabs_have_room_for_blocks_and_not_for_one_more() {
    for (class, &size) in SIZES.iter().enumerate() {
        let header = Header::new(class);
        let slab = 1 << (GRANULE + slab_order(size));
        let used = header.first + header.capacity * size;
        assert!(header.capacity >= 7, "{} a slab of class {class}", header.capacity);
        assert!(used <= slab && slab - used < size);
        assert!(header.first >= size_of::<Header>());
    }
}

/// A slab has up to sixteen blocks, and is no larger than they need.
#[test]
fn slabs_are_of_4_kib_or_of_sixteen_blocks() {
    for size in SIZES {
        let slab = 4096 << slab_order(size);
        assert!(slab >= 16 * size, "{size} in a slab of {slab}");
        assert!(slab == 4096 || slab / 2 < 16 * size, "{size} in a slab of {slab}");
    }
}

/// Blocks of a class until there are none.
fn exhaust(heap: &Heap<'_>, class: usize) -> Vec<usize> {
    // SAFETY: the heap's own memory.
    let take = || heap.state.with(|state| unsafe { state.take_small(&heap.memory, class) });
    std::iter::from_fn(take).map(|block| block.addr()).collect()
}

#[test]
fn a_slab_that_is_kept_though_empty_serves_whoever_needs_it() {
    let fixed = Config { pages: 3, max_pages: 3, heap_base: Some(PAGE), first_page: 0 };
    let pool = Pool::new(Simulation::new(fixed));
    let heap = SlabHeap::with_memory(&pool);
    let classes = [48, 2048, 320, 8].map(|size| class_for(size, 1).unwrap());
    let mut counts = Vec::new();
    for class in classes.into_iter().chain(classes) {
        let blocks = exhaust(&heap, class);
        counts.push(blocks.len());
        for block in blocks {
            // SAFETY: taken just now.
            heap.state.with(|state| unsafe { state.give_small(block, class) });
        }
        heap.check().unwrap();
    }
    assert!(counts.iter().all(|&count| count > 30), "{counts:?}");
    assert_eq!(counts[..4], counts[4..]);
}

#[test]
fn a_walk_tiles_all_memory_and_shows_every_block() {
    let pool = Pool::new(Simulation::new(Config::default()));
    let heap = SlabHeap::with_memory(&pool);
    let mut live = Vec::new();
    for class in (0..CLASSES).chain(0..CLASSES) {
        // SAFETY: the heap's own memory.
        let block = heap.state.with(|state| unsafe { state.take_small(&heap.memory, class) });
        let block = block.unwrap();
        live.push((block.addr(), SIZES[class]));
    }
    let mut seen = Vec::new();
    let mut next = heap.state.with(|state| state.arena.tree.origin);
    heap.walk(&mut |block| {
        assert_eq!(block.address, next, "{block:x?} leaves something out");
        assert!(block.size > 0);
        next = block.end();
        if block.state == Use::Live {
            seen.push((block.address, block.size));
        }
    });
    live.sort();
    assert_eq!(seen, live);
    assert_eq!(next, pool.end());
}

/// The slabs of a heap that is in order.
struct Slabs {
    /// Of a class of 1 KiB: one that is full, and two with room, in the order of their list.
    full: usize,
    first: usize,
    second: usize,
    /// The only one of another class.
    alone: usize,
    /// No slab, but a block of the buddy.
    plain: usize,
}

const KIB: usize = 23;
const OTHER: usize = 5;

/// Shows a heap that is in order, then damages it, and finds the damage where `damage` says that
/// it is to be found.
#[track_caller]
fn breaks(rule: &str, damage: impl FnOnce(&mut State, &Slabs) -> usize) {
    let pool = Pool::new(Simulation::new(Config::default()));
    let heap = SlabHeap::with_memory(&pool);
    let slabs = heap.state.with(|state| {
        // SAFETY: the heap's own memory.
        let mut small = |class| unsafe { state.take_small(&heap.memory, class) }.unwrap().addr();
        let size = 1 << (GRANULE + slab_order(SIZES[KIB]));
        let blocks: Vec<_> = (0..3 * Header::new(KIB).capacity).map(|_| small(KIB)).collect();
        let alone = align_down(small(OTHER), 4096);
        let mut of_class: Vec<_> = blocks.iter().map(|&block| align_down(block, size)).collect();
        of_class.dedup();
        let [full, second, first] = of_class[..] else { panic!("{of_class:x?}") };
        for slab in [second, first] {
            let block = blocks.iter().find(|&&block| align_down(block, size) == slab).unwrap();
            // SAFETY: taken just now.
            unsafe { state.give_small(*block, KIB) };
        }
        // SAFETY: the heap's own memory.
        let (plain, _) = unsafe { state.take_large(&heap.memory, 0, Tag::Plain) }.unwrap();
        Slabs { full, first, second, alone, plain }
    });
    heap.check().unwrap();
    let address = heap.state.with(|state| damage(state, &slabs));
    match heap.check() {
        Ok(()) => assert_eq!(rule, SOUND),
        Err(found) => assert_eq!((found.rule, found.address), (rule, address)),
    }
}

/// The answer of [`breaks`] to a heap that is not broken.
const SOUND: &str = "nothing";

fn header(state: &mut State, slab: usize) -> &mut Header {
    // SAFETY: a slab is there, and nobody else looks at its header.
    unsafe { State::header(state.region(), slab) }
}

#[test]
fn what_is_wrong_with_a_header_is_named() {
    assert_eq!((SIZES[KIB], SIZES[OTHER]), (1024, 48));
    breaks("a slab is of no class", |state, slabs| {
        header(state, slabs.alone).class = CLASSES;
        slabs.alone
    });
    let model = "a slab's header is not that of its class";
    breaks(model, |state, slabs| {
        header(state, slabs.alone).capacity -= 1;
        slabs.alone
    });
    breaks(model, |state, slabs| {
        header(state, slabs.full).first += 8;
        slabs.full
    });
    breaks("more blocks are live than were carved", |state, slabs| {
        header(state, slabs.alone).list.used += 1;
        slabs.alone + Header::new(OTHER).first
    });
}

#[test]
fn what_is_wrong_with_the_lists_of_slabs_is_named() {
    let none = "a list of slabs leads to what is none";
    breaks(none, |state, slabs| {
        state.partial[OTHER] = slabs.plain;
        slabs.plain
    });
    breaks(none, |state, slabs| {
        header(state, slabs.second).next = slabs.alone + 4096;
        slabs.alone + 4096
    });
    let unfit = "a slab is on the list of another class, or full";
    breaks(unfit, |state, slabs| {
        state.partial[OTHER] = slabs.first;
        slabs.first
    });
    breaks(unfit, |state, slabs| {
        state.partial[KIB] = slabs.full;
        slabs.full
    });
    breaks("a link back does not lead back", |state, slabs| {
        header(state, slabs.second).previous = 0;
        slabs.second
    });
    breaks("a link back does not lead back", |state, slabs| {
        header(state, slabs.first).previous = slabs.second;
        slabs.first
    });
    let unlisted = "a slab with room is on no list";
    breaks(unlisted, |state, _| {
        state.partial[OTHER] = 0;
        0
    });
    breaks(unlisted, |state, slabs| {
        header(state, slabs.first).next = 0;
        slabs.first
    });
}

#[test]
fn a_slab_without_a_live_block_is_alone_on_its_list() {
    breaks("an empty slab is not alone", |state, slabs| {
        header(state, slabs.first).list = FreeList::EMPTY;
        slabs.first
    });
    breaks("an empty slab is not alone", |state, slabs| {
        header(state, slabs.second).list = FreeList::EMPTY;
        slabs.second
    });
    breaks(SOUND, |state, slabs| {
        header(state, slabs.alone).list = FreeList::EMPTY;
        slabs.alone
    });
}
