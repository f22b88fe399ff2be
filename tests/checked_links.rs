//! Links in free memory that a program has overwritten: reported before they are followed, and the
//! allocator goes on without them.
//!
//! Blocks do not wait here, so that a freed one has links at once.

#![cfg(feature = "checked")]
#![cfg_attr(feature = "unstable", feature(allocator_api))]

#[path = "checked/reports.rs"]
mod reports;

use std::{
    alloc::{GlobalAlloc, Layout},
    collections::BTreeSet,
    ptr::NonNull,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bonsai_alloc::{
    Buddy, BuddyHeap, BumpHeap, Global, Heap, Slab, SlabHeap, TinyHeap,
    checked::{self, Fault},
    inspect::{Inspect, State},
    linear::{Config, LinearMemory, Pool, Simulation},
};

use reports::{keep, layout, no_report, reports};

/// Lets one test run at a time: damage that was found waits for the end of a call, of any thread.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    keep();
    alone
}

/// Returns the values that links are overwritten with: nothing, an odd address, one in nobody's
/// memory, one in a live block.
fn wild(live: usize) -> [usize; 4] {
    [0x4141_4141, live + 1, 0xFFFF_FFF0, live]
}

/// A word of the bytes that fill a freed block.
const POISON: usize = usize::from_ne_bytes([0xDD; size_of::<usize>()]);

/// Frees a block between live ones, writes over its first word, and asks for blocks until
/// the link would have been followed.
fn overwrite(name: &str, wanted: Layout, heap: &dyn GlobalAlloc, link: usize) {
    // SAFETY: the size is not 0.
    let alloc = || unsafe { heap.alloc(wanted) };
    let mut live: Vec<_> = (0..16).map(|_| alloc()).collect();
    live.sort();
    // What is freed merges with what is free before it, and then has no link. Two are needed that do
    // not, so that one leads to the other.
    let mut linked = Vec::new();
    for at in [13, 11, 9, 7, 5, 3, 1] {
        if linked.len() < 2 {
            let block = live.remove(at);
            // SAFETY: live, with its layout.
            unsafe { heap.dealloc(block, wanted) };
            // SAFETY: what the test is about: memory that is the heap's again.
            if unsafe { block.cast::<usize>().read() } != POISON {
                linked.push(block);
            }
        }
    }
    assert_eq!(linked.len(), 2, "{name}: {wanted:?} leaves no links");
    let last = linked[1];
    no_report(name);
    let link = wild(live[0].addr())[link];
    // SAFETY: what the test is about: memory that is the heap's again.
    unsafe { last.cast::<usize>().write(link) };
    let mut seen: BTreeSet<_> = live.into_iter().collect();
    for _ in 0..6 {
        let block = alloc();
        if !block.is_null() {
            assert!(seen.insert(block), "{name}: {block:p} was handed out twice");
            // SAFETY: that long.
            unsafe { block.write_bytes(1, wanted.size()) };
        }
    }
    let reports = reports();
    let damaged = reports.iter().filter(|report| matches!(report.fault, Fault::Damaged(_)));
    assert!(damaged.count() > 0, "{name}: {wanted:?}, {link:#x}: {reports:x?}");
    assert!(reports[0].to_string().starts_with("damage: "), "{}", reports[0]);
    assert_eq!(reports[0].allocator.name, name);
}

#[test]
fn heaps_do_not_follow_a_link_that_was_overwritten() {
    let _alone = alone();
    checked::set_quarantine(0);
    for size in [24, 500, 3000, 70_000, 400_000] {
        for link in 0..4 {
            macro_rules! on {
                ($name:literal, $heap:ty) => {{
                    let pool = Pool::new(Simulation::new(Config::default()));
                    overwrite($name, layout(size, 8), &<$heap>::with_memory(&pool), link);
                    assert!(pool.memory().foreign_intact() && pool.memory().pages() > 1);
                }};
            }
            on!("BuddyHeap", BuddyHeap<_>);
            on!("SlabHeap", SlabHeap<_>);
            on!("TinyHeap", TinyHeap<_>);
            on!("Heap", Heap<_>);
        }
    }
}

#[test]
fn cores_do_not_follow_a_link_that_was_overwritten() {
    let _alone = alone();
    checked::set_quarantine(0);
    let wanted = layout(64, 8);
    for link in 0..4 {
        let mut slab = Slab::<Global>::try_new(64, 10).unwrap();
        let live: Vec<_> = (0..6).map(|_| slab.allocate(wanted).unwrap().cast::<u8>()).collect();
        // SAFETY: live.
        unsafe { slab.deallocate(live[1]) };
        // SAFETY: live.
        unsafe { slab.deallocate(live[3]) };
        // SAFETY: what the test is about: memory that is the slab's again.
        unsafe { live[3].cast::<usize>().write(wild(live[2].addr().get())[link]) };
        // A slab has no map: it takes any of its blocks for a free one. The ledger does not.
        assert!(link == 3 || slab.check().is_err());
        let more: BTreeSet<_> = std::iter::from_fn(|| slab.allocate(wanted).ok()).collect();
        assert!(!more.iter().any(|block| block.cast() == live[2]), "a live block was handed out");
        assert!(matches!(reports()[0].fault, Fault::Damaged(_)));

        let mut buddy = Buddy::<1024, 5, Global>::try_new(1).unwrap();
        let live: Vec<_> = (0..6).map(|_| buddy.allocate(wanted).unwrap().cast::<u8>()).collect();
        // SAFETY: live.
        unsafe { buddy.deallocate(live[1]) };
        // SAFETY: live.
        unsafe { buddy.deallocate(live[3]) };
        // SAFETY: what the test is about: memory that is the buddy's again.
        unsafe { live[3].cast::<usize>().write(wild(live[2].addr().get())[link]) };
        buddy.check().unwrap_err();
        let more: BTreeSet<_> = std::iter::from_fn(|| buddy.allocate(wanted).ok()).collect();
        assert!(!more.iter().any(|block| block.cast() == live[2]), "a live block was handed out");
        let reports = reports();
        assert!(matches!(reports[0].fault, Fault::Damaged(_)), "{reports:x?}");
        assert_eq!(reports[0].allocator.name, "Buddy");
    }
}

/// Writes a word to the heap's own memory: what these tests are about.
fn damage(at: *mut u8, offset: usize, word: usize) {
    // SAFETY: simulated memory, which is there until the test ends, and aligned for a word.
    unsafe { at.wrapping_add(offset).cast::<usize>().write(word) };
}

/// The one report since the last look, of the damage at `address`.
#[track_caller]
fn named(name: &str, address: usize) {
    let reports = reports();
    assert!(!reports.is_empty(), "{name}: nobody saw it");
    let report = reports[0];
    assert!(matches!(report.fault, Fault::Damaged(_)), "{report}");
    assert_eq!((report.allocator.name, report.address), (name, address), "{report}");
    assert!(report.allocator.number > 0, "{report}");
}

/// The words of the pool's own free runs: each is damaged in turn, by what cannot be right, and by
/// what could.
#[test]
fn a_pool_does_not_follow_a_link_that_was_overwritten() {
    let _alone = alone();
    let wanted = layout(4096, 16);
    for word in 0..2 {
        for what in 0..6 {
            let pool = Pool::new(Simulation::new(Config::default()));
            let blocks: Vec<_> = (0..8).map(|_| pool.acquire(wanted).unwrap()).collect();
            let free = |at: usize| {
                // SAFETY: acquired with that layout, and not used any more.
                unsafe { pool.release(blocks[at], wanted) };
            };
            [1, 3, 5].into_iter().for_each(free);
            assert_eq!(pool.stats().free_runs, 4);
            no_report("Pool");
            // In a live block: a run that could be one.
            let forged = blocks[4].as_ptr().wrapping_add(64);
            damage(forged, 0, 0);
            damage(forged, size_of::<usize>(), 4096);
            let (live, run) = (blocks[2].addr().get(), blocks[3].as_ptr());
            let wild = wild(live);
            let value = match (what, word) {
                (0..4, _) => wild[what],
                (4, 0) => forged.addr(),
                (4, _) => 16,
                (_, 0) => 0,
                _ => 1 << 30,
            };
            damage(run, word * size_of::<usize>(), value);
            let more: Vec<_> = (0..4).map(|_| pool.acquire(wanted).unwrap()).collect();
            // What could be right is found by the seal, which knows the list only.
            let sealed = word == 0 && matches!(what, 4 | 5) || word == 1 && what == 4;
            named("Pool", if sealed { blocks[1].addr().get() } else { run.addr() });
            no_report("Pool");
            for block in &more {
                assert!(
                    [0, 2, 4, 6, 7].iter().all(|&at| blocks[at] != *block),
                    "{block:p} is live"
                );
            }
            assert!(pool.memory().foreign_intact());
            // What is given back afterwards is a list again.
            free(6);
            assert_eq!(pool.acquire(wanted), Some(blocks[6]));
            no_report("Pool");
        }
    }
}

/// Heaps come to the pool under their own lock, and tell of it when it is open.
#[test]
fn heaps_tell_of_damage_to_their_pool() {
    let _alone = alone();
    macro_rules! on {
        ($name:literal, $heap:ty) => {{
            let pool = Pool::new(Simulation::new(Config::default()));
            let heap = <$heap>::with_memory(&pool);
            let rest: Vec<_> = (0..4).map(|_| pool.acquire(layout(4096, 16)).unwrap()).collect();
            for at in [0, 2] {
                // SAFETY: acquired with that layout, and not used any more.
                unsafe { pool.release(rest[at], layout(4096, 16)) };
            }
            damage(rest[0].as_ptr(), 0, 0x4141_4141);
            // SAFETY: the size is not 0.
            assert!(!unsafe { heap.alloc(layout(40_000, 8)) }.is_null());
            named($name, rest[0].addr().get());
            no_report($name);
        }};
    }
    on!("BuddyHeap", BuddyHeap<_>);
    on!("BumpHeap", BumpHeap<_>);
    on!("SlabHeap", SlabHeap<_>);
}

/// Every word of a slab's header, which a dangling pointer may lead to when the slab is a new one.
#[test]
fn a_slab_heap_believes_no_header_that_was_overwritten() {
    let _alone = alone();
    checked::set_quarantine(0);
    let wanted = layout(200, 8);
    for word in 0..8 {
        let pool = Pool::new(Simulation::new(Config::default()));
        let heap = SlabHeap::with_memory(&pool);
        // SAFETY: the size is not 0.
        let alloc = || unsafe { heap.alloc(wanted) };
        // SAFETY: live, with its layout.
        let free = |block: *mut u8| unsafe { heap.dealloc(block, wanted) };
        let slab_of = |block: *mut u8| block.addr() & !4095;
        let blocks: Vec<_> = (0..100).map(|_| alloc()).collect();
        let full = slab_of(blocks[0]);
        let second = slab_of(*blocks.iter().find(|block| slab_of(**block) != full).unwrap());
        // Two slabs with room, and the last one: a list of three.
        let in_second = *blocks.iter().find(|block| slab_of(**block) == second).unwrap();
        free(blocks[0]);
        free(in_second);
        no_report("SlabHeap");
        let header =
            pool.memory().pointer(0).wrapping_add(second - pool.memory().pointer(0).addr());
        damage(header, word * size_of::<usize>(), 0x4141_4141_4141);
        heap.check().unwrap_err();
        let mut seen: BTreeSet<_> = blocks[1..].iter().copied().collect();
        for block in &blocks[1..] {
            if slab_of(*block) == second && seen.remove(block) && *block != in_second {
                free(*block);
            }
        }
        for _ in 0..60 {
            let block = alloc();
            assert!(block.is_null() || seen.insert(block), "{word}: {block:p} twice");
        }
        let reports = reports();
        let damaged = |report: &checked::Report| matches!(report.fault, Fault::Damaged(_));
        assert!(reports.iter().any(damaged), "word {word} of a header: {reports:x?}");
        assert!(pool.memory().foreign_intact());
    }
}

/// The lengths of a heap's free runs, at both ends, and the links back.
#[test]
fn a_heap_believes_no_length_that_was_overwritten() {
    let _alone = alone();
    checked::set_quarantine(0);
    let wanted = layout(300_000, 16);
    for (offset, at_end) in [(4, false), (8, false), (4, true)] {
        for word in [0, 1, 7, 0x4141_4141_u32] {
            let pool = Pool::new(Simulation::new(Config::default()));
            let heap: Heap<_> = Heap::with_memory(&pool);
            // Behind it comes a table for all that follows.
            // SAFETY: the size is not 0.
            assert!(!unsafe { heap.alloc(layout(9 << 20, 16)) }.is_null());
            // SAFETY: the size is not 0.
            let alloc = || unsafe { heap.alloc(wanted) };
            // SAFETY: live, with its layout.
            let free = |block: *mut u8| unsafe { heap.dealloc(block, wanted) };
            let blocks: Vec<_> = (0..12).map(|_| alloc()).collect();
            [1, 3, 5].into_iter().for_each(|at| free(blocks[at]));
            let end = blocks[4].wrapping_sub(offset);
            let at = if at_end { end } else { blocks[3].wrapping_add(offset) };
            // SAFETY: what the test is about: memory that is the heap's again.
            unsafe { at.cast::<u32>().write(word) };
            no_report("Heap");
            // Merges with it, or would. The report names where the run ends that was looked at, or
            // the run whose link back leads elsewhere.
            free(blocks[4]);
            let link_back = offset == 4 && !at_end;
            let found = if link_back { blocks[3] } else { blocks[4].wrapping_sub(16) };
            named("Heap", found.addr());
            free(blocks[2]);
            let mut seen: BTreeSet<_> = [0, 6, 7, 8, 9, 10, 11].map(|at| blocks[at]).into();
            for _ in 0..6 {
                let block = alloc();
                assert!(block.is_null() || seen.insert(block), "{block:p} is handed out twice");
            }
            reports();
        }
    }
}

/// A length that leads into a live block, which says the same.
#[test]
fn a_heap_believes_no_length_that_a_live_block_agrees_with() {
    let _alone = alone();
    checked::set_quarantine(0);
    let pool = Pool::new(Simulation::new(Config::default()));
    let heap: Heap<_> = Heap::with_memory(&pool);
    // Behind it comes a table for all that follows.
    // SAFETY: the size is not 0.
    assert!(!unsafe { heap.alloc(layout(9 << 20, 16)) }.is_null());
    let wanted = layout(300_000, 16);
    // SAFETY: the size is not 0.
    let blocks = [0; 4].map(|_| unsafe { heap.alloc(wanted) });
    // SAFETY: live, with its layout.
    unsafe { heap.dealloc(blocks[1], wanted) };
    let longer = blocks[2].addr() - blocks[1].addr() + 160;
    let granules = (longer / 16) as u32;
    // SAFETY: what the test is about: memory that is the heap's again.
    unsafe { blocks[1].wrapping_add(8).cast::<u32>().write(granules) };
    // SAFETY: of a live block.
    unsafe { blocks[1].wrapping_add(longer - 4).cast::<u32>().write(granules) };
    no_report("Heap");
    // SAFETY: the size is not 0.
    let block = unsafe { heap.alloc(layout(300_100, 16)) };
    assert_ne!(block, blocks[1], "handed out, with a part of the live block behind it");
    named("Heap", blocks[1].addr());
}

/// Views follow links too.
#[test]
fn a_view_of_damaged_lists_ends() {
    let _alone = alone();
    checked::set_quarantine(0);
    let wanted = layout(100, 8);
    macro_rules! on {
        ($heap:ty, $walk:ident) => {{
            let pool = Pool::new(Simulation::new(Config::default()));
            let heap = <$heap>::with_memory(&pool);
            // SAFETY: the size is not 0.
            let blocks: Vec<_> = (0..20).map(|_| unsafe { heap.alloc(wanted) }).collect();
            for at in [1, 3, 5] {
                // SAFETY: live, with its layout.
                unsafe { heap.dealloc(blocks[at], wanted) };
            }
            for link in wild(blocks[2].addr()).into_iter().chain([blocks[5].addr()]) {
                damage(blocks[5], 0, link);
                let mut seen = 0;
                heap.$walk(&mut |block: bonsai_alloc::inspect::Block| {
                    seen += usize::from(block.state == State::Free);
                });
                assert!(seen > 0 && seen < 100_000);
            }
        }};
    }
    on!(Heap<_>, walk);
    on!(SlabHeap<_>, walk);
    on!(TinyHeap<_>, walk_free);
    let mut slab = Slab::<Global>::try_new(64, 10).unwrap();
    let blocks: Vec<NonNull<u8>> = (0..6).map(|_| slab.allocate_block().unwrap().cast()).collect();
    // SAFETY: live.
    unsafe { slab.deallocate(blocks[3]) };
    for link in wild(blocks[2].addr().get()).into_iter().chain([blocks[3].addr().get()]) {
        damage(blocks[3].as_ptr(), 0, link);
        slab.walk(&mut |_| ());
    }

    // A bump heap's chunks, with somebody else's pages between.
    let pool = Pool::new(Simulation::new(Config::default()));
    let heap = BumpHeap::with_memory(&pool);
    let mut last = std::ptr::null_mut();
    for _ in 0..4 {
        // SAFETY: the size is not 0.
        last = unsafe { heap.alloc(layout(60_000, 8)) };
        assert!(pool.memory().foreign(1));
    }
    heap.check().unwrap();
    let header = last.wrapping_sub(2 * size_of::<usize>());
    for link in wild(last.addr()).into_iter().chain([header.addr()]) {
        for word in 0..2 {
            // SAFETY: the chunk's header.
            let before = unsafe { header.cast::<usize>().wrapping_add(word).read() };
            damage(header, word * size_of::<usize>(), link);
            heap.check().unwrap_err();
            let mut blocks = 0;
            heap.walk(&mut |_| blocks += 1);
            assert!(blocks < 20, "{link:#x}: {blocks}");
            damage(header, word * size_of::<usize>(), before);
        }
    }
    heap.check().unwrap();
}
