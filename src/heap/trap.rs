//! A stack that ends: functions of a heap that are called too deep panic, as a module traps in them. The host
//! may catch that and call the module again, so whatever the depth, the heap must be sound then, and may
//! have lost blocks at most.

use core::{alloc::Layout, cell::Cell};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    thread_local,
    vec::Vec,
};

use super::{
    HeapState,
    sizes::GRANULE,
    tests::{Heap, alloc, layout, memory},
};
use crate::{
    inspect::Inspect,
    linear::{Pool, Simulation},
};

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    static LIMIT: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// A function of the heap that has been entered.
pub(super) struct Frame;

/// Enters a function, if the stack has room for one more.
pub(super) fn enter() -> Frame {
    let depth = DEPTH.get() + 1;
    assert!(depth <= LIMIT.get(), "the stack is at its end");
    DEPTH.set(depth);
    Frame
}

impl Drop for Frame {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

/// Does something with a stack of so many frames. Returns false if they were too few.
fn limited(limit: usize, operation: impl FnOnce()) -> bool {
    LIMIT.set(limit);
    let hook = std::panic::take_hook();
    std::panic::set_hook(std::boxed::Box::new(|_| {}));
    let done = catch_unwind(AssertUnwindSafe(operation)).is_ok();
    std::panic::set_hook(hook);
    LIMIT.set(usize::MAX);
    done
}

#[derive(Clone, Copy, Debug)]
enum Operation {
    Alloc(usize, usize),
    Free(usize),
    Resize(usize, usize),
}

#[derive(Clone, Copy)]
struct Block {
    at: *mut u8,
    layout: Layout,
}

/// Does an operation on the blocks that live. What it takes is no longer among them while it runs, so a
/// block that was lost on the way is nobody's; a block that is resized stays as it is until that is done.
fn run(heap: &Heap, live: &mut Vec<Block>, operation: Operation) {
    match operation {
        Operation::Alloc(n, align) => {
            let layout = layout(n, align);
            // SAFETY: no operation asks for 0 bytes.
            let at = unsafe { HeapState::alloc(heap, layout) };
            if !at.is_null() {
                // SAFETY: the new block.
                unsafe { at.write_bytes(0xA5, layout.size()) };
                live.push(Block { at, layout });
            }
        }
        Operation::Free(which) if !live.is_empty() => {
            let Block { at, layout } = live.swap_remove(which % live.len());
            // SAFETY: live, and freed once, with its layout.
            unsafe { HeapState::dealloc(heap, at, layout) };
        }
        Operation::Resize(which, n) if !live.is_empty() => {
            let which = which % live.len();
            let Block { at, layout: old } = live[which];
            let new = layout(n, old.align());
            // SAFETY: live, with its layout.
            let moved = if unsafe { HeapState::resize(heap, at, old, new.size()) } {
                at
            } else {
                // SAFETY: live, with its layout.
                unsafe { HeapState::squeeze(heap, at, old, new.size()) }
            };
            if !moved.is_null() {
                live[which] = Block { at: moved, layout: new };
                let kept = old.size().min(new.size());
                // SAFETY: the part of the block that both sizes have.
                assert!((0..kept).all(|i| unsafe { moved.wrapping_add(i).read() } == 0xA5));
                // SAFETY: the block has its new size.
                unsafe { moved.write_bytes(0xA5, new.size()) };
            }
        }
        _ => {}
    }
}

/// A program of so many operations, the same for a seed.
fn program(seed: u64, steps: usize) -> Vec<Operation> {
    let mut x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut below = move |end: usize| {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        (x >> 20) as usize % end
    };
    let mut size = move || {
        let log = below(12);
        (below(100), 1 + below(1 << log))
    };
    (0..steps)
        .map(|_| match size() {
            (0..40, n) => Operation::Alloc(n, 16),
            (40..45, n) => Operation::Alloc(n, 1024),
            (45..75, n) => Operation::Free(n),
            (which, n) => Operation::Resize(which, n),
        })
        .collect()
}

fn sound(heap: &Heap, live: &[Block]) {
    heap.check().unwrap();
    let mut blocks: Vec<_> = live.iter().map(|b| (b.at.addr(), b.layout.size())).collect();
    blocks.sort_unstable();
    assert!(blocks.windows(2).all(|pair| pair[0].0 + pair[0].1 <= pair[1].0));
    for block in live {
        // SAFETY: a live block, which has been written to.
        let bytes = unsafe { core::slice::from_raw_parts(block.at, block.layout.size()) };
        assert!(bytes.iter().all(|&byte| byte == 0xA5));
    }
}

/// Every operation of a program is done again with each stack that is too short for it, and the program goes
/// on in the same heap.
fn interrupted(seed: u64, pages: usize, steps: usize) -> usize {
    let pool: Pool<Simulation> = memory(pages);
    let heap = Heap::with_memory(&pool);
    let mut live = Vec::new();
    let mut traps = 0;
    for (step, operation) in program(seed, steps).into_iter().enumerate() {
        if step % 50 == 20 {
            pool.memory().foreign(1);
        }
        for limit in 0.. {
            if limited(limit, || run(&heap, &mut live, operation)) {
                break;
            }
            traps += 1;
            sound(&heap, &live);
        }
        sound(&heap, &live);
    }
    // It goes on to the end.
    while !live.is_empty() {
        run(&heap, &mut live, Operation::Free(0));
    }
    heap.check().unwrap();
    assert!(alloc(&heap, 1, 16) % GRANULE == 0);
    traps
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri many minutes")]
fn a_stack_that_ends_in_the_middle_of_an_operation_leaves_a_sound_heap() {
    let mut traps = 0;
    for seed in 1..9 {
        traps += interrupted(seed, 400, 150);
        traps += interrupted(seed, 6, 150);
    }
    assert!(traps > 3_000, "{traps}");
}
