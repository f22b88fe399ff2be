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
};

use bonsai_alloc::{
    Buddy, BuddyHeap, Global, Heap, Slab, SlabHeap, TinyHeap,
    checked::{self, Fault},
    inspect::Inspect,
    memory::{Config, Grow, Pool, Simulation},
};

use reports::{keep, layout, no_report, reports};

/// What links are overwritten with: nothing, an odd address, one in nobody's memory, one in a live
/// block.
fn wild(live: usize) -> [usize; 4] {
    [0x4141_4141, live + 1, 0xFFFF_FFF0, live]
}

/// What a freed block is filled with.
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
    keep();
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
    keep();
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
