//! Each misuse of each core, found at the call by the feature `checked`.
//!
//! A core's `deallocate` is told an address and no layout, so a wrong one can only be found where a
//! block is resized.

#![cfg(feature = "checked")]
#![cfg_attr(feature = "unstable", feature(allocator_api))]

#[path = "checked/reports.rs"]
mod reports;

use std::{alloc::Layout, ptr::NonNull};

use bonsai_alloc::{
    AllocError, Buddy, Bump, Raw, Slab,
    checked::{Checked, Fault, Operation, Report},
    inspect::{Inspect, State},
};
use bonsai_testkit::cores::Region;

use reports::{keep, layout, no_report, reports};

/// The one report since the last look.
#[track_caller]
fn the_report(what: &str) -> Report {
    let reports = reports();
    assert_eq!(reports.len(), 1, "{what}: {reports:x?}");
    reports[0]
}

type Pages = Buddy<4096, 9, Raw>;

/// The calls that the three cores have in common.
trait Core: Inspect {
    fn allocate(&mut self, layout: Layout) -> Result<NonNull<[u8]>, AllocError>;
    /// May be wrong: with `checked` and a hook that returns, it is then not done.
    fn deallocate(&mut self, block: NonNull<u8>);
    fn grow(&mut self, block: NonNull<u8>, old: Layout, new: Layout) -> bool;
    fn shrink(&mut self, block: NonNull<u8>, old: Layout, new: Layout) -> bool;
    fn reset(&mut self);
    fn faults(&self) -> usize;
}

macro_rules! core {
    ($core:ty) => {
        impl Core for $core {
            fn allocate(&mut self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
                self.allocate(layout)
            }
            fn deallocate(&mut self, block: NonNull<u8>) {
                // SAFETY: as the trait says.
                unsafe { self.deallocate(block) }
            }
            fn grow(&mut self, block: NonNull<u8>, old: Layout, new: Layout) -> bool {
                // SAFETY: as the trait says.
                unsafe { self.grow(block, old, new) }.is_ok()
            }
            fn shrink(&mut self, block: NonNull<u8>, old: Layout, new: Layout) -> bool {
                // SAFETY: as the trait says.
                unsafe { self.shrink(block, old, new) }.is_ok()
            }
            fn reset(&mut self) {
                // SAFETY: as the trait says.
                unsafe { self.reset() }
            }
            fn faults(&self) -> usize {
                let mut faults = 0;
                self.verify(&mut |_| faults += 1);
                faults
            }
        }
    };
}
core!(Pages);
core!(Slab<Raw>);
core!(Bump<Raw>);

/// Runs a test on every core, over memory of its own.
fn each_core(test: impl Fn(&str, &mut dyn Core)) {
    keep();
    let region = Region::new(Pages::region_layout(4).unwrap());
    let metadata = Region::new(Pages::metadata_layout(4).unwrap());
    // SAFETY: memory of these layouts that outlives the buddy.
    let buddy = unsafe { Pages::new_raw(metadata.pointer(), region.pointer(), 4) };
    test("Buddy", &mut buddy.unwrap());
    let region = Region::new(Slab::<Raw>::region_layout(256, 40).unwrap());
    // SAFETY: `region` has the layout for 40 blocks of 256 bytes, and outlives the slab.
    let slab = unsafe { Slab::new_raw(region.pointer(), 256, 40) };
    test("Slab", &mut slab.unwrap());
    let memory = layout(16_384, 64);
    let region = Region::new(memory);
    // SAFETY: `region` has the layout `memory`, and outlives the bump allocator.
    let bump = unsafe { Bump::new_raw(region.pointer(), memory) };
    test("Bump", &mut bump.unwrap());
}

fn at(block: NonNull<u8>, offset: usize) -> NonNull<u8> {
    NonNull::new(block.as_ptr().wrapping_add(offset)).unwrap()
}

#[test]
fn a_double_free_is_named() {
    each_core(|name, core| {
        let wanted = layout(100, 4);
        let blocks = [(); 3].map(|()| core.allocate(wanted).unwrap().cast::<u8>());
        core.deallocate(blocks[1]);
        no_report(name);
        core.deallocate(blocks[1]);
        let report = the_report(name);
        assert_eq!((report.fault, report.operation), (Fault::Freed, Operation::Free), "{report}");
        assert_eq!(report.block.unwrap().layout, wanted);
        assert_eq!((report.given, report.allocator.name), (None, name));
        core.deallocate(blocks[0]);
        core.deallocate(blocks[2]);
        no_report(name);
        assert_eq!(core.stats().live_blocks, 0, "{name}");
        // Also when nothing is left.
        core.deallocate(blocks[2]);
        assert_eq!(the_report(name).fault, Fault::Freed);
        core.check().unwrap();
    });
}

#[test]
fn what_is_no_block_is_not_freed() {
    each_core(|name, core| {
        let block = core.allocate(layout(100, 4)).unwrap().cast::<u8>();
        let other = Box::new(0_u64);
        for nothing in [NonNull::from(&*other).cast(), at(block, 20_000), at(block, 256)] {
            core.deallocate(nothing);
            assert_eq!(the_report(name).fault, Fault::Unknown, "{name}");
        }
        for offset in [1, 16, 99] {
            core.deallocate(at(block, offset));
            assert_eq!(the_report(name).fault, Fault::Interior { offset }, "{name}");
        }
        core.deallocate(block);
        no_report(name);
    });
}

#[test]
fn another_cores_block_is_not_freed() {
    let region = Region::new(Slab::<Raw>::region_layout(64, 4).unwrap());
    // SAFETY: memory of that layout that outlives the slab.
    let mut other = unsafe { Slab::new_raw(region.pointer(), 64, 4) }.unwrap();
    let block = other.allocate_block().unwrap().cast::<u8>();
    each_core(|name, core| {
        core.deallocate(block);
        let report = the_report(name);
        assert_eq!(report.fault, Fault::Foreign, "{report}");
        assert_eq!(report.block.unwrap().owner.name, "Slab");
        assert_ne!(report.block.unwrap().owner, report.allocator);
        assert!(!core.shrink(block, layout(64, 1), layout(50, 1)));
        assert_eq!(the_report(name).fault, Fault::Foreign);
    });
    // SAFETY: live: the other cores refused.
    unsafe { other.deallocate(block) };
    no_report("Slab");
}

#[test]
fn only_a_live_block_with_its_layout_is_resized() {
    each_core(|name, core| {
        let wanted = layout(100, 4);
        let block = core.allocate(wanted).unwrap().cast::<u8>();
        let _behind = core.allocate(wanted).unwrap();
        for wrong in [layout(99, 4), layout(101, 4), layout(100, 1)] {
            assert!(!core.shrink(block, wrong, layout(50, 1)), "{name}");
            let report = the_report(name);
            assert_eq!((report.fault, report.given), (Fault::WrongLayout, Some(wrong)));
            assert_eq!(report.operation, Operation::Resize);
        }
        assert!(core.shrink(block, wanted, layout(64, 4)));
        assert!(!core.shrink(block, wanted, layout(64, 4)));
        assert_eq!(the_report(name).fault, Fault::WrongLayout);
        core.deallocate(block);
        assert!(!core.shrink(block, layout(64, 4), layout(32, 4)));
        assert_eq!(the_report(name).fault, Fault::Freed);
        // A bump grows nothing.
        if name != "Bump" {
            assert!(!core.grow(block, layout(64, 4), layout(65, 4)));
            assert_eq!(the_report(name).fault, Fault::Freed);
        }
        no_report(name);
    });
}

/// A bump's blocks are filled to their end.
#[test]
fn a_write_behind_a_block_is_found() {
    each_core(|name, core| {
        if name == "Bump" {
            return;
        }
        let wanted = layout(100, 4);
        let block = core.allocate(wanted).unwrap().cast::<u8>();
        // SAFETY: the block has more bytes than were asked for, which are the core's.
        unsafe { at(block, 101).write(b'A') };
        assert_eq!(core.faults(), 1, "{name}");
        core.deallocate(block);
        let report = the_report(name);
        assert!(
            matches!(report.fault, Fault::Overflow { offset: 101, found } if found.bytes()[0] == b'A'),
            "{report}"
        );
        let damage = core.check().unwrap_err();
        assert_eq!(damage.address, at(block, 101).addr().get());
        assert_eq!(the_report(name).operation, Operation::Check);
    });
}

#[test]
fn a_write_to_a_freed_block_is_found() {
    each_core(|name, core| {
        let wanted = layout(100, 4);
        let block = core.allocate(wanted).unwrap().cast::<u8>();
        let behind = core.allocate(wanted).unwrap().cast::<u8>();
        core.deallocate(block);
        core.check().unwrap();
        // SAFETY: what the test is about: memory that waits in quarantine.
        unsafe { at(block, 8).write(0x42) };
        assert_eq!(core.faults(), 1, "{name}");
        // All memory is used again: the block, too.
        core.deallocate(behind);
        while core.allocate(layout(256, 1)).is_ok() {}
        let report = the_report(name);
        assert!(matches!(report.fault, Fault::UseAfterFree { offset: 8, .. }), "{report}");
        assert_eq!(report.operation, Operation::Reuse);
    });
}

#[test]
fn a_reset_forgets_every_block_and_verifies_it_before() {
    each_core(|name, core| {
        let wanted = layout(100, 4);
        let blocks = [(); 3].map(|()| core.allocate(wanted).unwrap().cast::<u8>());
        core.deallocate(blocks[0]);
        // SAFETY: what the test is about.
        unsafe { blocks[0].write(0x42) };
        core.reset();
        assert!(matches!(the_report(name).fault, Fault::UseAfterFree { offset: 0, .. }));
        assert_eq!(core.stats().live_bytes, 0);
        core.deallocate(blocks[1]);
        assert_eq!(the_report(name).fault, Fault::Freed, "{name}");
        let block = core.allocate(wanted).unwrap().cast();
        core.deallocate(block);
        no_report(name);
    });
}

#[test]
fn what_waits_is_shown_as_free_and_used_before_a_request_is_refused() {
    each_core(|name, core| {
        let wanted = layout(256, 8);
        let mut first = 0;
        for _ in 0..5 {
            let blocks: Vec<_> = std::iter::from_fn(|| core.allocate(wanted).ok()).collect();
            assert!(first == 0 || blocks.len() == first, "{name}: {} blocks", blocks.len());
            first = blocks.len();
            blocks.iter().for_each(|block| core.deallocate(block.cast()));
            let mut live = 0;
            core.walk(&mut |block| live += usize::from(block.state == State::Live));
            assert_eq!((live, core.stats().live_blocks), (0, 0), "{name}");
            core.check().unwrap();
        }
        assert!(first >= 40, "{name}: {first}");
        assert_eq!(reports(), [], "{name}");
    });
}

#[test]
fn the_parts_of_a_bump_know_their_blocks() {
    keep();
    let memory = layout(1000, 8);
    let region = Region::new(memory);
    // SAFETY: memory of that layout that outlives both.
    let mut whole = unsafe { Bump::new_raw(region.pointer(), memory) }.unwrap();
    let block = whole.allocate(layout(100, 4)).unwrap().cast();
    let (mut free, mut used) = whole.split();
    // SAFETY: refused: the other one has it.
    unsafe { free.deallocate(block) };
    assert_eq!(the_report("Bump").fault, Fault::Foreign);
    // SAFETY: its own.
    unsafe { used.deallocate(block) };
    no_report("Bump");
}

#[test]
fn what_a_buddys_parts_were_is_nobodys() {
    keep();
    type Pages = Buddy<4096, 9, Raw>;
    let region = Region::new(Pages::region_layout(2).unwrap());
    let metadata = Region::new(Pages::metadata_layout(2).unwrap());
    // SAFETY: memory of these layouts that outlives the buddy.
    let buddy = unsafe { Pages::new_raw(metadata.pointer(), region.pointer(), 2) };
    let mut buddy = buddy.unwrap();
    let block: NonNull<u8> = buddy.allocate(layout(64, 8)).unwrap().cast();
    // SAFETY: the block is not used any more.
    let _parts = unsafe { buddy.into_raw_parts() };
    let other = Region::new(layout(64, 16));
    // SAFETY: the region fits the layout and outlives the bump.
    let mut bump = unsafe { Bump::new_raw(other.pointer(), layout(64, 16)) }.unwrap();
    // SAFETY: refused.
    unsafe { bump.deallocate(block) };
    // Not `Foreign`.
    assert_eq!(the_report("Bump").fault, Fault::Unknown);
}
