//! Each misuse of each heap, found at the call by the feature `checked`, before anything is
//! written; and that none is found where there is none.
//!
//! `checked_security.rs` has the cases of a list that others keep.

#![cfg(feature = "checked")]

#[path = "checked/heaps.rs"]
mod heaps;
#[path = "checked/reports.rs"]
mod reports;

use std::alloc::{GlobalAlloc, Layout};

use bonsai_alloc::{
    BuddyHeap, BumpHeap, Heap, SlabHeap,
    checked::{Fault, Operation},
    inspect::{Damage, Inspect},
    linear::Config,
};

use heaps::{ROOMY, SIZES, each_heap, pool, the_report};
use reports::{keep, layout, no_report, reports};

#[test]
fn a_double_free_is_named() {
    each_heap(ROOMY, |heap, _| {
        for size in SIZES {
            let wanted = layout(size, 8);
            let block = heap.alloc(wanted);
            let other = heap.alloc(wanted);
            heap.free(block, wanted);
            no_report(heap.name);
            heap.free(block, wanted);
            let report = the_report(heap.name);
            assert_eq!(report.fault, Fault::Freed, "{report}");
            assert_eq!((report.operation, report.address), (Operation::Free, block.addr()));
            assert_eq!(report.given, Some(wanted));
            let known = report.block.unwrap();
            assert_eq!((known.address, known.layout, known.live), (block.addr(), wanted, false));
            assert_eq!((known.owner, report.allocator.name), (report.allocator, heap.name));
            assert!(report.to_string().starts_with("double free: "), "{report}");
            // It was not done: the block is handed out once.
            let again = heap.alloc(wanted);
            assert_ne!(again, heap.alloc(wanted));
            heap.free(other, wanted);
            no_report(heap.name);
        }
    });
}

#[test]
fn a_double_free_is_named_after_the_block_has_left_the_quarantine() {
    each_heap(ROOMY, |heap, _| {
        let wanted = layout(64, 8);
        let block = heap.alloc(wanted);
        heap.free(block, wanted);
        // More than the quarantine holds.
        for _ in 0..6 {
            let large = layout(300_000, 8);
            heap.free(heap.alloc(large), large);
        }
        heap.free(block, wanted);
        assert_eq!(the_report(heap.name).fault, Fault::Freed);
    });
}

#[test]
fn what_was_never_handed_out_is_not_freed() {
    each_heap(ROOMY, |heap, pool| {
        let wanted = layout(64, 16);
        let block = heap.alloc(wanted);
        let on_the_stack = 0_u64;
        let in_rust = Box::new([0_u8; 64]);
        for nothing in [
            pool.memory().addresses().start as *mut u8,
            (&raw const on_the_stack).cast_mut().cast(),
            (&raw const *in_rust).cast_mut().cast(),
            16 as *mut u8,
            usize::MAX as *mut u8,
            std::ptr::null_mut(),
        ] {
            heap.free(nothing, wanted);
            let report = the_report(heap.name);
            assert_eq!((report.fault, report.block), (Fault::Unknown, None), "{report}");
            assert_eq!(report.address, nothing.addr());
            assert!(heap.resize(nothing, wanted, 100).is_null());
            assert_eq!(the_report(heap.name).operation, Operation::Resize);
        }
        heap.free(block, wanted);
        no_report(heap.name);
    });
}

#[test]
fn a_byte_within_a_block_is_not_a_block() {
    each_heap(ROOMY, |heap, _| {
        for size in SIZES {
            let wanted = layout(size, 8);
            let block = heap.alloc(wanted);
            // The second byte, an aligned one in the middle, the last one.
            for offset in [1, size / 2 / 16 * 16, size - 1] {
                if offset == 0 || offset >= size {
                    continue;
                }
                heap.free(block.wrapping_add(offset), wanted);
                let report = the_report(heap.name);
                assert_eq!(report.fault, Fault::Interior { offset }, "{report}");
                assert_eq!(report.block.unwrap().address, block.addr());
                // SAFETY: live, and the call was refused.
                assert_eq!(unsafe { block.wrapping_add(offset).read() }, 0x11);
            }
            heap.free(block, wanted);
            no_report(heap.name);
        }
    });
}

#[test]
fn the_byte_behind_a_block_is_none_of_its_own() {
    each_heap(ROOMY, |heap, _| {
        for size in SIZES {
            let wanted = layout(size, 8);
            let block = heap.alloc(wanted);
            heap.free(block.wrapping_add(size), wanted);
            let report = the_report(heap.name);
            assert_eq!((report.fault, report.block), (Fault::Unknown, None), "{report}");
            heap.free(block, wanted);
            no_report(heap.name);
        }
    });
}

#[test]
fn another_allocators_block_is_not_freed() {
    each_heap(ROOMY, |heap, _| {
        let other = SlabHeap::with_memory(pool(ROOMY));
        let wanted = layout(100, 8);
        // SAFETY: the size is not 0.
        let block = unsafe { other.alloc(wanted) };
        heap.free(block, wanted);
        let report = the_report(heap.name);
        assert_eq!(report.fault, Fault::Foreign, "{report}");
        assert_eq!(report.allocator.name, heap.name);
        let known = report.block.unwrap();
        assert_eq!((known.owner.name, known.layout), ("SlabHeap", wanted));
        assert_ne!(known.owner, report.allocator);
        heap.free(block.wrapping_add(5), wanted);
        assert_eq!(the_report(heap.name).fault, Fault::Foreign);
        // SAFETY: live, with its layout.
        unsafe { other.dealloc(block, wanted) };
        no_report(heap.name);
    });
}

#[test]
fn another_size_or_alignment_is_named() {
    each_heap(ROOMY, |heap, _| {
        for size in SIZES {
            let wanted = layout(size, 8);
            let block = heap.alloc(wanted);
            for wrong in [layout(size + 1, 8), layout(size * 2, 8), layout(size, 16)] {
                heap.free(block, wrong);
                let report = the_report(heap.name);
                assert_eq!(report.fault, Fault::WrongLayout, "{report}");
                assert_eq!(report.given, Some(wrong));
                assert_eq!(report.block.unwrap().layout, wanted);
                assert!(heap.resize(block, wrong, 10).is_null());
                assert_eq!(the_report(heap.name).fault, Fault::WrongLayout);
            }
            // What it was resized to is what counts from then on; off by one is wrong.
            let resized = heap.resize(block, wanted, size + 30);
            assert!(!resized.is_null());
            heap.free(resized, wanted);
            assert_eq!(the_report(heap.name).fault, Fault::WrongLayout);
            heap.free(resized, layout(size + 31, 8));
            assert_eq!(the_report(heap.name).fault, Fault::WrongLayout);
            heap.free(resized, layout(size + 30, 8));
            no_report(heap.name);
        }
    });
}

#[test]
fn a_dead_block_is_not_resized() {
    each_heap(ROOMY, |heap, _| {
        for size in SIZES {
            let wanted = layout(size, 8);
            let block = heap.alloc(wanted);
            heap.free(block, wanted);
            for to in [size + 1, 3 * size, size.div_ceil(2)] {
                assert!(heap.resize(block, wanted, to).is_null());
                let report = the_report(heap.name);
                assert_eq!(report.fault, Fault::Freed, "{report}");
                assert_eq!(report.operation, Operation::Resize);
            }
        }
    });
}

#[test]
fn a_block_that_was_resized_elsewhere_is_dead() {
    each_heap(ROOMY, |heap, _| {
        let wanted = layout(100, 8);
        let block = heap.alloc(wanted);
        let _behind = heap.alloc(wanted);
        let moved = heap.resize(block, wanted, 50_000);
        assert!(!moved.is_null());
        assert_ne!(moved, block, "{}", heap.name);
        // Resized twice, and freed after that.
        assert!(heap.resize(block, wanted, 50_000).is_null());
        assert_eq!(the_report(heap.name).fault, Fault::Freed);
        heap.free(block, wanted);
        assert_eq!(the_report(heap.name).fault, Fault::Freed);
        heap.free(moved, layout(50_000, 8));
        no_report(heap.name);
    });
}

#[test]
fn a_write_behind_a_block_is_found_when_it_is_freed() {
    each_heap(ROOMY, |heap, _| {
        for size in SIZES {
            for (from, len) in [(0, 1), (0, 16), (7, 1), (15, 1)] {
                let wanted = layout(size, 8);
                let block = heap.alloc(wanted);
                let at = block.wrapping_add(size + from);
                // SAFETY: at least 16 bytes behind a block are the heap's, and nobody's.
                let before = unsafe { at.read() };
                // SAFETY: `from + len` is at most 16, and these bytes are the heap's, and nobody's.
                unsafe { at.write_bytes(0x41, len) };
                assert_eq!((heap.verify)(), 1, "{}: {size}", heap.name);
                heap.free(block, wanted);
                let report = the_report(heap.name);
                let Fault::Overflow { offset, found } = report.fault else { panic!("{report}") };
                assert_eq!(offset, size + from);
                assert!(found.bytes().starts_with(&vec![0x41; len]), "{report}");
                assert_eq!(report.block.unwrap().address, block.addr());
                assert!(report.to_string().contains("41"), "{report}");
                assert!(heap.resize(block, wanted, 2 * size).is_null());
                assert!(matches!(the_report(heap.name).fault, Fault::Overflow { .. }));
                // SAFETY: makes good what was done.
                unsafe { at.write_bytes(before, len) };
                heap.free(block, wanted);
                no_report(heap.name);
            }
        }
    });
}

/// As `strcpy` into a buffer that was resized by one too few.
#[test]
fn a_write_behind_a_resized_block_is_found() {
    each_heap(ROOMY, |heap, _| {
        for (size, to) in [(100, 108), (108, 100), (20, 5000), (5000, 20), (8, 9)] {
            let block = heap.alloc(layout(size, 8));
            let block = heap.resize(block, layout(size, 8), to);
            // SAFETY: the first byte behind it is the heap's, and nobody's.
            unsafe { block.wrapping_add(to).write(0) };
            heap.free(block, layout(to, 8));
            let report = the_report(heap.name);
            assert!(
                matches!(report.fault, Fault::Overflow { offset, .. } if offset == to),
                "{report}"
            );
        }
    });
}

#[test]
fn a_write_to_a_freed_block_is_found() {
    each_heap(ROOMY, |heap, _| {
        for size in SIZES {
            for offset in [0, size / 2, size - 1] {
                let wanted = layout(size, 8);
                let block = heap.alloc(wanted);
                // A bump heap frees its last block at once.
                let _behind = heap.alloc(wanted);
                heap.free(block, wanted);
                // SAFETY: what the test is about: memory that waits in quarantine.
                unsafe { block.wrapping_add(offset).write(0x42) };
                let found = (heap.verify)();
                assert_eq!(found, 1, "{}: {size}, {offset}", heap.name);
                // SAFETY: makes good what was done.
                unsafe { block.wrapping_add(offset).write(0xDD) };
                assert_eq!((heap.verify)(), 0);
            }
        }
    });
}

#[test]
fn a_write_to_a_freed_block_is_found_before_its_memory_is_used_again() {
    each_heap(ROOMY, |heap, _| {
        if heap.name == "BumpHeap" {
            return;
        }
        let wanted = layout(100, 8);
        let block = heap.alloc(wanted);
        heap.free(block, wanted);
        // SAFETY: what the test is about: memory that waits in quarantine.
        unsafe { block.wrapping_add(10).write(0x42) };
        for _ in 0..6 {
            let large = layout(300_000, 8);
            heap.free(heap.alloc(large), large);
        }
        let report = the_report(heap.name);
        let Fault::UseAfterFree { offset, found } = report.fault else { panic!("{report}") };
        assert_eq!((report.operation, offset), (Operation::Reuse, 10), "{report}");
        assert_eq!(found.bytes()[..2], [0x42, 0xDD]);
        assert_eq!(report.block.unwrap().layout, wanted);
    });
}

#[test]
fn check_names_the_byte_that_was_overwritten_and_tells_the_hook() {
    fn on<H: GlobalAlloc + Inspect + std::fmt::Debug>(name: &str, heap: &H) {
        let wanted = layout(100, 8);
        // SAFETY: the size is not 0.
        let [first, second] = [0; 2].map(|_| unsafe { heap.alloc(wanted) });
        heap.check().unwrap();
        let behind = second.wrapping_add(100);
        // SAFETY: what the test is about: a red zone.
        unsafe { behind.write(0x42) };
        let rule = "a byte behind a block was overwritten";
        assert_eq!(heap.check(), Err(Damage { address: behind.addr(), rule }), "{name}");
        assert_eq!(the_report(name).operation, Operation::Check);
        // SAFETY: makes good what was done.
        unsafe { behind.write(0xFD) };
        heap.check().unwrap();

        // SAFETY: live, with its layout.
        unsafe { heap.dealloc(first, wanted) };
        let within = first.wrapping_add(30);
        // SAFETY: what the test is about: memory that is freed.
        unsafe { within.write(0x42) };
        let rule = "a freed block was written to";
        assert_eq!(heap.check(), Err(Damage { address: within.addr(), rule }), "{name}");
        assert_eq!(the_report(name).operation, Operation::Check);
        assert!(format!("{heap:?}").contains(&format!("guard: {name}")), "{heap:?}");
    }
    keep();
    on("Heap", &Heap::with_memory(pool(ROOMY)));
    on("SlabHeap", &SlabHeap::with_memory(pool(ROOMY)));
    on("BuddyHeap", &BuddyHeap::with_memory(pool(ROOMY)));
    on("BumpHeap", &BumpHeap::with_memory(pool(ROOMY)));
}

#[test]
fn a_block_larger_than_the_quarantine_does_not_wait() {
    each_heap(ROOMY, |heap, _| {
        if heap.name == "BumpHeap" {
            return;
        }
        let (small, large) = (layout(64, 8), layout(1_500_000, 8));
        let blocks = [small, large].map(|layout| heap.alloc(layout));
        heap.free(blocks[0], small);
        heap.free(blocks[1], large);
        let counts = (heap.counts)();
        assert_eq!(
            (counts.live, counts.waiting, counts.waiting_bytes),
            (0, 1, 64),
            "{}",
            heap.name
        );
    });
}

#[test]
fn a_freed_block_is_filled() {
    each_heap(ROOMY, |heap, _| {
        let wanted = layout(500, 8);
        let block = heap.alloc(wanted);
        let _behind = heap.alloc(wanted);
        heap.free(block, wanted);
        // SAFETY: it waits; nobody writes to it.
        let bytes = unsafe { std::slice::from_raw_parts(block, 500) };
        assert!(bytes.iter().all(|&byte| byte == 0xDD), "{}", heap.name);
    });
}

#[test]
fn what_waits_is_used_before_a_request_is_refused() {
    let fixed = Config { pages: 17, max_pages: 17, heap_base: Some(4096), first_page: 0 };
    each_heap(fixed, |heap, _| {
        if heap.name == "BumpHeap" {
            return;
        }
        for _ in 0..20 {
            let wanted = layout(200_000, 8);
            let block = heap.alloc(wanted);
            heap.free(block, wanted);
            let counts = (heap.counts)();
            assert!(counts.waiting > 0 && counts.live == 0, "{}: {counts:?}", heap.name);
        }
        let small = layout(1000, 8);
        let first: Vec<_> = std::iter::from_fn(|| {
            // SAFETY: the size is not 0.
            let block = unsafe { heap.heap.alloc(small) };
            (!block.is_null()).then_some(block)
        })
        .collect();
        assert_eq!((heap.counts)().waiting, 0, "{}", heap.name);
        first.iter().for_each(|&block| heap.free(block, small));
        // Nothing is lost: as many again.
        for _ in &first {
            heap.alloc(small);
        }
        no_report(heap.name);
    });
}

#[test]
fn a_small_block_of_heap_grows_over_what_is_free_behind_it_before_it_is_refused() {
    let heap = Heap::with_memory(pool(Config { max_pages: 2, ..Config::default() }));
    let (small, larger) = (layout(48, 8), layout(96, 8));
    let mut blocks = Vec::new();
    loop {
        // SAFETY: the size is not 0.
        let block = unsafe { heap.alloc(small) };
        if block.is_null() {
            break;
        }
        blocks.push(block);
    }
    blocks.sort_unstable();
    let apart = |pair: &[*mut u8]| pair[1].addr() - pair[0].addr();
    let step = blocks.windows(2).map(apart).min().unwrap();
    let at = blocks.windows(2).position(|pair| apart(pair) == step).unwrap();
    // SAFETY: live, and freed with its layout.
    unsafe { heap.dealloc(blocks.remove(at + 1), small) };
    // SAFETY: live, and of that layout.
    let grown = unsafe { heap.realloc(blocks[at], small, larger.size()) };
    assert_eq!(grown, blocks[at], "nothing else is free");
    blocks.remove(at);
    // SAFETY: live, and freed with its layout.
    unsafe { heap.dealloc(grown, larger) };
    for block in blocks {
        // SAFETY: live, and freed with its layout.
        unsafe { heap.dealloc(block, small) };
    }
    heap.check().unwrap();
    no_report("Heap");
}

#[test]
fn correct_programs_are_not_reported() {
    each_heap(ROOMY, |heap, pool| {
        let mut rng = bonsai_testkit::fastrand::Rng::with_seed(7);
        let mut live: Vec<(*mut u8, Layout)> = Vec::new();
        for step in 0..4000 {
            let most = 1 << rng.u32(0..12);
            let wanted = layout(1 + rng.usize(0..most), 1 << rng.u32(0..8));
            if step % 97 == 0 {
                pool.memory().foreign(1);
            }
            match rng.u8(0..6) {
                0..=2 if live.len() < 100 => {
                    // SAFETY: the size is not 0.
                    let block = unsafe { heap.heap.alloc_zeroed(wanted) };
                    if !block.is_null() {
                        live.push((block, wanted));
                    }
                }
                3 if !live.is_empty() => {
                    let (block, old) = live.swap_remove(rng.usize(0..live.len()));
                    let new = heap.resize(block, old, wanted.size());
                    let layout = layout(wanted.size(), old.align());
                    live.push(if new.is_null() { (block, old) } else { (new, layout) });
                }
                _ if !live.is_empty() => {
                    let (block, old) = live.swap_remove(rng.usize(0..live.len()));
                    // SAFETY: live, and that long.
                    unsafe { block.write_bytes(0x33, old.size()) };
                    heap.free(block, old);
                }
                _ => {}
            }
            if step % 64 == 0 {
                assert_eq!((heap.verify)(), 0, "{}", heap.name);
                assert_eq!((heap.counts)().live, live.len(), "{}", heap.name);
            }
        }
        assert_eq!(reports(), [], "{}", heap.name);
        assert_eq!((heap.counts)().untracked, 0);
    });
}

#[test]
fn a_heap_that_is_gone_leaves_nothing_behind() {
    keep();
    let wanted = layout(64, 8);
    let memory = pool(ROOMY);
    let gone = Heap::with_memory(memory);
    // SAFETY: the size is not 0.
    let block = unsafe { gone.alloc(wanted) };
    drop(gone);
    let heap = BuddyHeap::with_memory(memory);
    // SAFETY: refused.
    unsafe { heap.dealloc(block, wanted) };
    // Not `Foreign`: nobody has that block any more.
    assert_eq!(the_report("BuddyHeap").fault, Fault::Unknown);
}
