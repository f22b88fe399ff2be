//! The security cases of mimalloc-bench (daanx/mimalloc-bench, `bench/security`), rewritten for Rust's
//! allocators: each on every heap. docs/checked.md says which test stands for which cases.

#![cfg(feature = "checked")]

#[path = "checked/heaps.rs"]
mod heaps;
#[path = "checked/reports.rs"]
mod reports;

use std::alloc::Layout;

use bonsai_alloc::checked::{Fault, Operation};

use heaps::{ROOMY, SIZES, Subject, each_heap, pool, the_report};
use reports::{layout, no_report, reports};

/// A byte of a block, or of what is around it.
fn write(block: *mut u8, offset: isize, byte: u8) {
    // SAFETY: simulated memory, on both sides of the block.
    unsafe { block.wrapping_offset(offset).write(byte) }
}

fn read(block: *mut u8, offset: isize) -> u8 {
    // SAFETY: simulated memory, which is there on both sides of the block.
    unsafe { block.wrapping_offset(offset).read() }
}

#[track_caller]
fn double_free(heap: &Subject<'_>, block: *mut u8, layout: Layout) {
    no_report(heap.name);
    heap.free(block, layout);
    let report = the_report(heap.name);
    assert_eq!((report.fault, report.operation), (Fault::Freed, Operation::Free), "{report}");
}

/// `double_free_delayed`: other blocks come and go in between. `double_free_interleaved`: another one
/// is freed in between, as fastbins of C libraries were fooled.
#[test]
fn a_double_free_is_named_however_late() {
    each_heap(ROOMY, |heap, _| {
        for size in SIZES {
            let wanted = layout(size, 8);
            let blocks = [(); 3].map(|()| heap.alloc(wanted));
            heap.free(blocks[0], wanted);
            heap.free(blocks[1], wanted);
            double_free(heap, blocks[0], wanted);
            for other in [1, 100, size, 3000] {
                let other = layout(other, 8);
                heap.free(heap.alloc(other), other);
            }
            double_free(heap, blocks[1], wanted);
            double_free(heap, blocks[0], wanted);
            heap.free(blocks[2], wanted);
            assert_eq!((heap.counts)().live, 0);
        }
    });
}

/// `double_free_reuse`, `double_free_single_reuse`: a block of the same size is handed out in between;
/// the second free must not take it away.
#[test]
fn a_double_free_does_not_free_the_block_that_came_after() {
    each_heap(ROOMY, |heap, _| {
        for size in SIZES {
            let wanted = layout(size, 8);
            let block = heap.alloc(wanted);
            let _behind = heap.alloc(wanted);
            heap.free(block, wanted);
            let next = heap.alloc(wanted);
            double_free(heap, block, wanted);
            heap.free(next, wanted);
            no_report(heap.name);
        }
    });
}

/// `malloc_reuse`, `malloc_reuse_downsize`, `realloc_reuse`: what is freed is not handed out at once,
/// nor to a smaller request, nor to one that moves.
#[test]
fn a_freed_block_is_not_handed_out_at_once() {
    each_heap(ROOMY, |heap, _| {
        for size in [40, 1000, 5000] {
            let wanted = layout(size, 8);
            let (block, _behind) = (heap.alloc(wanted), heap.alloc(wanted));
            heap.free(block, wanted);
            assert_ne!(heap.alloc(wanted), block, "{}", heap.name);
            let less = layout(size / 2, 8);
            let small = heap.alloc(less);
            assert!(!(block.addr()..block.addr() + size).contains(&small.addr()), "{}", heap.name);
            let _behind = heap.alloc(less);
            assert_ne!(heap.resize(small, less, size), block, "{}", heap.name);
            no_report(heap.name);
        }
    });
}

/// `invalid_free`, `invalid_free_far`, `invalid_free_stack` (and `_alloca`), `invalid_free_close`,
/// `invalid_free_unaligned` (and `_multiple`), `unaligned_free_small` and `_large`.
#[test]
fn a_free_of_no_block_is_named_wherever_it_is() {
    each_heap(ROOMY, |heap, pool| {
        let on_the_stack = [0_u8; 64];
        for size in SIZES {
            let wanted = layout(size, 8);
            let block = heap.alloc(wanted);
            let stack = on_the_stack.as_ptr().cast_mut().wrapping_add(16);
            let far = block.wrapping_add(1 << 20);
            let close = block.wrapping_sub(1);
            for nothing in [stack, far, close, std::ptr::without_provenance_mut(12_345)] {
                heap.free(nothing, wanted);
                assert_eq!(the_report(heap.name).fault, Fault::Unknown, "{}", heap.name);
            }
            for offset in (1..size.min(9)).chain([size / 2]).filter(|&at| at > 0 && at < size) {
                heap.free(block.wrapping_add(offset), wanted);
                assert_eq!(the_report(heap.name).fault, Fault::Interior { offset });
            }
            heap.free(block, wanted);
            no_report(heap.name);
        }
        assert!(pool.memory().foreign_intact());
    });
}

/// `one_byte_overflow`, `32_byte_overflow` and `one_mbyte_overflow`, each `_small`, `_big` and by
/// memcpy: byte by byte or at once makes no difference to what is found.
#[test]
fn a_write_behind_a_block_is_found_however_long() {
    each_heap(ROOMY, |heap, _| {
        for size in SIZES {
            for len in [1, 32] {
                let wanted = layout(size, 8);
                let (block, behind) = (heap.alloc(wanted), heap.alloc(wanted));
                let distance = behind.addr().abs_diff(block.addr());
                let first = if behind > block { block } else { behind };
                let before: Vec<u8> =
                    (0..len).map(|at| read(first, (size + at) as isize)).collect();
                (0..len).for_each(|at| write(first, (size + at) as isize, 0x41));
                heap.free(first, wanted);
                let report = the_report(heap.name);
                let Fault::Overflow { offset, found } = report.fault else { panic!("{report}") };
                assert_eq!((offset, found.bytes()[0]), (size, 0x41), "{}: {report}", heap.name);
                assert!(distance >= size + 16, "{}: {distance} apart", heap.name);
                for (at, byte) in before.into_iter().enumerate() {
                    write(first, (size + at) as isize, byte);
                }
                heap.free(block, wanted);
                heap.free(behind, wanted);
                no_report(heap.name);
            }
        }
    });
    // A megabyte runs over all that follows, the heap's own words too: so it is only looked at.
    each_heap(ROOMY, |heap, pool| {
        let wanted = layout(100, 8);
        let blocks: Vec<_> = (0..30).map(|_| heap.alloc(wanted)).collect();
        let first = *blocks.iter().min().unwrap();
        let end = pool.memory().addresses().end;
        let len = (1 << 20).min(end - first.addr() - 100);
        // SAFETY: simulated memory behind the block.
        unsafe { first.wrapping_add(100).write_bytes(0x41, len) };
        assert_eq!((heap.verify)(), 30, "{}", heap.name);
    });
}

/// `one_byte_underflow`, `32_byte_underflow` and `one_mbyte_underflow`: the red zone is the one of the
/// block before, so that one is named. Before the first block there is none.
#[test]
fn a_write_before_a_block_is_found_behind_the_block_before() {
    each_heap(ROOMY, |heap, _| {
        let mut tested = 0;
        for size in [16, 48, 1008, 5040] {
            for len in [1, 16] {
                let wanted = layout(size, 8);
                let mut blocks = [heap.alloc(wanted), heap.alloc(wanted)];
                blocks.sort();
                let [before, block] = blocks;
                let gap = block.addr() - before.addr() - size;
                // What a buddy's or a class's size leaves behind its red zone is nobody's.
                if gap > 32 {
                    continue;
                }
                tested += 1;
                let saved: Vec<u8> = (1..=len).map(|at| read(block, -at)).collect();
                (1..=len).for_each(|at| write(block, -at, 0x41));
                assert_eq!((heap.verify)(), 1, "{}: {size}, {len}", heap.name);
                heap.free(before, wanted);
                let report = the_report(heap.name);
                assert!(matches!(report.fault, Fault::Overflow { .. }), "{report}");
                for (at, byte) in (1..=len).zip(saved) {
                    write(block, -at, byte);
                }
                blocks.iter().for_each(|&block| heap.free(block, wanted));
                no_report(heap.name);
            }
        }
        assert!(tested >= 2, "{}", heap.name);
    });
}

/// `write_after_free` and `_reuse`, `_small` and `_large`: found before the block is used again.
#[test]
fn a_write_to_a_freed_block_is_found_before_it_is_used() {
    each_heap(ROOMY, |heap, _| {
        for size in [24, 3000, 200_000] {
            let wanted = layout(size, 8);
            let (block, behind) = (heap.alloc(wanted), heap.alloc(wanted));
            heap.free(block, wanted);
            let after = heap.alloc(wanted);
            write(block, size as isize / 2, 0x41);
            assert_eq!((heap.verify)(), 1, "{}", heap.name);
            heap.free(behind, wanted);
            heap.free(after, wanted);
            if heap.name == "BumpHeap" {
                // It uses nothing again. For the next size there must be no fault.
                write(block, size as isize / 2, 0xDD);
                continue;
            }
            for _ in 0..12 {
                let large = layout(300_000, 8);
                heap.free(heap.alloc(large), large);
            }
            let report = the_report(heap.name);
            assert!(matches!(report.fault, Fault::UseAfterFree { .. }), "{report}");
            assert_eq!(report.operation, Operation::Reuse);
        }
    });
}

/// `zero_after_free`: what was in a block is not there to be read when it is freed.
/// `zero_on_malloc`: `alloc_zeroed` has nothing of an earlier block either.
#[test]
fn nothing_of_a_freed_block_is_left() {
    each_heap(ROOMY, |heap, _| {
        for size in SIZES {
            let wanted = layout(size, 8);
            let (block, _behind) = (heap.alloc(wanted), heap.alloc(wanted));
            heap.free(block, wanted);
            assert!((0..size).all(|at| read(block, at as isize) != 0x11), "{}", heap.name);
            // SAFETY: the size is not 0.
            let zeroed = unsafe { heap.heap.alloc_zeroed(wanted) };
            assert!((0..size).all(|at| read(zeroed, at as isize) == 0), "{}", heap.name);
            heap.free(zeroed, wanted);
        }
        no_report(heap.name);
    });
}

/// `impossibly_large_malloc`: null, and the heap goes on.
#[test]
fn what_no_memory_holds_is_refused() {
    each_heap(ROOMY, |heap, _| {
        for size in [isize::MAX as usize - 7, isize::MAX as usize / 2, 1 << 40] {
            // SAFETY: the size is not 0.
            let block = unsafe { heap.heap.alloc(layout(size, 1)) };
            assert!(block.is_null(), "{}: {size}", heap.name);
        }
        let wanted = layout(100, 8);
        let block = heap.alloc(wanted);
        // The last is no size that a layout has: a broken condition of `realloc`.
        for size in [isize::MAX as usize - 7, isize::MAX as usize + 1, usize::MAX] {
            assert!(heap.resize(block, wanted, size).is_null());
        }
        heap.free(block, wanted);
        no_report(heap.name);
    });
}

/// `write_zero_size`: a block of no bytes, which Rust forbids to ask for, has a red zone from its
/// first byte on. `delete_type_size_mismatch`: another size is named when it is freed.
#[test]
fn a_block_of_no_bytes_has_none_to_write_to() {
    each_heap(ROOMY, |heap, _| {
        let nothing = layout(0, 8);
        // SAFETY: broken on purpose: that is what the test is about. `checked` asks for more than nothing.
        let block = unsafe { heap.heap.alloc(nothing) };
        assert!(!block.is_null());
        let saved = read(block, 0);
        write(block, 0, 0x41);
        heap.free(block, nothing);
        let report = the_report(heap.name);
        assert!(matches!(report.fault, Fault::Overflow { offset: 0, .. }), "{report}");
        write(block, 0, saved);
        heap.free(block, layout(8, 8));
        assert_eq!(the_report(heap.name).fault, Fault::WrongLayout);
        heap.free(block, nothing);
        assert_eq!(reports(), []);
    });
}

/// A heap that was never used has no block either.
#[test]
fn a_heap_without_memory_frees_nothing() {
    each_heap(ROOMY, |heap, _| {
        let other = pool(ROOMY).acquire(layout(64, 16)).unwrap();
        heap.free(other.as_ptr(), layout(64, 16));
        assert_eq!(the_report(heap.name).fault, Fault::Unknown);
    });
}
