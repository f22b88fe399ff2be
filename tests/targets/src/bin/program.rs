//! A std program whose global allocator is `Heap`, beside the C library's own `malloc`.
//! Prints "ok", or what failed.

use std::{
    alloc::{Layout, alloc, dealloc},
    collections::BTreeMap,
};

use bonsai_alloc::{
    BuddyHeap, BumpHeap, Heap, SlabHeap, TinyHeap,
    inspect::{Block, Inspect, State},
};
use bonsai_targets::{Limits, Region, books, cores, heap, lives, sound, unknown};

#[global_allocator]
static HEAP: Heap = Heap::new();

static SLAB: SlabHeap = SlabHeap::new();
static BUDDY: BuddyHeap = BuddyHeap::new();
static BUMP: BumpHeap = BumpHeap::new();
static TINY: TinyHeap = TinyHeap::new();

const LIMITS: Limits = Limits { operations: 20_000, largest: 9000, align: 256, tight: false };

mod libc {
    unsafe extern "C" {
        pub safe fn malloc(size: usize) -> *mut u8;
        pub fn free(block: *mut u8);
    }
}

/// Grows two heaps by turns, and holds their blocks apart: ours, and the C library's.
fn beside_libc() {
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    for round in 0..2000_usize {
        let size = 1 + round * 131 % 3000;
        ours.push(vec![round as u8; size]);
        let block = libc::malloc(size);
        assert!(!block.is_null());
        // SAFETY: a new block of that size.
        unsafe { block.write_bytes(!(round as u8), size) };
        theirs.push((block, size));
    }
    let mut memory = Vec::with_capacity(1 << 16);
    HEAP.walk(&mut |block: Block| {
        // A push beyond the capacity would use the heap that is walked.
        if block.state != State::Gap && memory.len() < memory.capacity() {
            memory.push(block.address..block.end());
        }
    });
    assert!(memory.len() < memory.capacity(), "more blocks than there is room for");
    for (round, &(block, size)) in theirs.iter().enumerate() {
        let at = block.addr();
        let found = memory.iter().find(|ours| ours.start < at + size && at < ours.end);
        assert!(found.is_none(), "libc's {at:#x} + {size} lies in {found:x?}");
        // SAFETY: written above, and live.
        let bytes = unsafe { std::slice::from_raw_parts(block, size) };
        assert!(bytes.iter().all(|&byte| byte == !(round as u8)));
        // SAFETY: libc's own block, which is forgotten.
        unsafe { libc::free(block) };
    }
    for (round, block) in ours.iter().enumerate() {
        assert!(block.iter().all(|&byte| byte == round as u8));
        assert!(lives(&HEAP, block.as_ptr().addr()));
    }
    HEAP.check().unwrap();
}

/// Uses std's collections.
fn collections() {
    let mut words = BTreeMap::new();
    for n in 0..5000_u32 {
        words.entry(format!("word {}", n % 700)).or_insert_with(Vec::new).push(n);
    }
    assert_eq!(words.len(), 700);
    assert_eq!(words.values().map(Vec::len).sum::<usize>(), 5000);
    words.retain(|_, numbers| numbers.len() > 7);
    HEAP.check().unwrap();
}

/// The end of memory: every request is answered, what lives goes on, and freeing makes room.
fn the_end() {
    let kept = vec![7_u8; 1000];
    let layout = Layout::from_size_align(1 << 20, 16).unwrap();
    let mut blocks = Vec::with_capacity(1 << 13);
    loop {
        // SAFETY: the size is above 0.
        let block = unsafe { alloc(layout) };
        if block.is_null() {
            break;
        }
        assert!(blocks.len() < blocks.capacity(), "memory does not end");
        blocks.push(block);
    }
    let mut more = Vec::<u8>::new();
    assert!(more.try_reserve_exact(1 << 21).is_err());
    for block in blocks.drain(..) {
        // SAFETY: allocated above with that layout, and forgotten.
        unsafe { dealloc(block, layout) };
    }
    more.try_reserve_exact(1 << 21).unwrap();
    assert!(kept.iter().all(|&byte| byte == 7));
    HEAP.check().unwrap();
}

fn main() {
    let mut region = Box::new(Region([0; 2048]));
    assert_eq!(cores(&mut region), Ok(()));
    assert_eq!(heap(&HEAP, || books(&HEAP), LIMITS), Ok(()), "Heap");
    assert_eq!(heap(&SLAB, || books(&SLAB), LIMITS), Ok(()), "SlabHeap");
    assert_eq!(heap(&BUDDY, || books(&BUDDY), LIMITS), Ok(()), "BuddyHeap");
    assert_eq!(heap(&TINY, unknown, LIMITS), Ok(()), "TinyHeap");
    assert_eq!(heap(&BUMP, || sound(&BUMP), LIMITS), Ok(()), "BumpHeap");
    collections();
    beside_libc();
    // Natively the window is as large as the machine lets it be.
    if cfg!(target_family = "wasm") {
        the_end();
    }
    println!("ok");
}
