//! Conditions of unsafe functions that have nothing to do with a block, broken under `checked`.
//! docs/checked.md lists all of them; `checked_heaps.rs` and `checked_cores.rs` break the others.

#![cfg(feature = "checked")]

#[path = "checked/reports.rs"]
mod reports;

use std::{num::NonZeroUsize, ops::Range, ptr::NonNull};

use bonsai_alloc::{
    BackingAllocator, Buddy, Raw,
    checked::{Fault, Report},
    inspect::Inspect,
    linear::{Config, PAGE, Pool, Simulation},
};
use bonsai_testkit::cores::Region;

use reports::{keep, layout, no_report, reports};

/// The one report since the last look.
#[track_caller]
fn damage(name: &str, operation: &str) -> Report {
    let reports = reports();
    assert_eq!(reports.len(), 1, "{name}: {reports:x?}");
    let report = reports[0];
    assert!(matches!(report.fault, Fault::Damaged(_)), "{report}");
    assert_eq!(report.allocator.name, name);
    assert!(report.to_string().contains(operation), "{report}");
    report
}

/// Damage that is found waits for the end of a call, of whichever thread: so this is one test.
#[test]
fn memory_is_not_given_twice() {
    keep();
    let pool = Pool::new(Simulation::new(Config::default()));
    let wanted = layout(4096, 16);
    let blocks: Vec<_> = (0..4).map(|_| pool.acquire(wanted).unwrap()).collect();
    let release = |start: NonNull<u8>, layout| {
        // SAFETY: looked at before it is done.
        unsafe { pool.release(start, layout) }
    };
    let behind = layout(PAGE - 4 * 4096, 16);
    let rest = pool.acquire(behind).unwrap();
    let at = |block: usize, offset: usize| {
        NonNull::new(blocks[block].as_ptr().wrapping_add(offset)).unwrap()
    };
    release(blocks[1], wanted);
    no_report("Pool");
    let before = pool.stats();
    // Again; a part of it; what reaches into it from below; what is not in whole units; nothing;
    // what is behind all memory; more than there is.
    for (start, wanted) in [
        (blocks[1], wanted),
        (at(1, 1024), layout(64, 16)),
        (at(0, 4080), layout(32, 16)),
        (at(2, 8), layout(64, 16)),
        (blocks[2], layout(0, 16)),
        (at(3, 1 << 30), wanted),
        (rest, layout(behind.size() + 16, 16)),
    ] {
        release(start, wanted);
        let report = damage("Pool", "free");
        assert_eq!(report.address, start.addr().get());
        assert_eq!(pool.stats(), before);
    }
    // SAFETY: looked at before it is done.
    unsafe { BackingAllocator::deallocate(&&pool, blocks[1], wanted) };
    damage("Pool", "free");
    // SAFETY: looked at before it is done.
    unsafe { pool.release_run(at(2, 8), 72) };
    assert_eq!(pool.stats(), before);
    // A heap holds its lock when it calls that: the report waits for the next call.
    release(blocks[2], wanted);
    damage("Pool", "free");

    type Pages = Buddy<4096, 9, Raw>;
    let region = Region::new(Pages::region_layout(4).unwrap());
    let metadata = Region::new(Pages::metadata_layout(4).unwrap());
    // SAFETY: memory of these layouts that outlives the buddy.
    let buddy = unsafe { Pages::new_raw_unpopulated(metadata.pointer(), region.pointer(), 4) };
    let mut buddy = buddy.unwrap();
    let start = region.pointer().addr().get();
    let part = |range: Range<usize>| {
        let bound = |at| NonZeroUsize::new(start + at).unwrap();
        bound(range.start)..bound(range.end)
    };
    // SAFETY: the region's, and not added before.
    unsafe { buddy.add_region(part(4096..8192)) };
    let block = buddy.allocate(layout(64, 8)).unwrap();
    no_report("Buddy");
    let before = buddy.stats();
    for again in [4096..8192, 0..16_384, 4096..4112, 6144..6160, 8176..8192] {
        // SAFETY: looked at before it is done.
        unsafe { buddy.add_region(part(again)) };
        damage("Buddy", "add");
        assert_eq!(buddy.stats(), before);
    }
    buddy.check().unwrap();
    // SAFETY: the region's, and not added before.
    unsafe { buddy.add_region(part(8192..12_288)) };
    // SAFETY: live.
    unsafe { buddy.deallocate(block.cast()) };
    no_report("Buddy");
    buddy.check().unwrap();
}
