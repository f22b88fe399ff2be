//! A module that misuses its allocator: each exported function in one way.
//!
//! `misuse.test.mjs` runs them, and reads in the module's memory what the allocator says of it. What
//! [`faults`] exports is a correct program's, whose memory fails.

mod faults;

use std::{
    alloc::{Layout, alloc, dealloc, realloc},
    hint::black_box,
};

use bonsai_alloc::prelude::*;

const WANTED: Layout = Layout::new::<[u32; 10]>();

fn block() -> *mut u8 {
    // SAFETY: the size is not 0.
    black_box(unsafe { alloc(WANTED) })
}

fn free(block: *mut u8, layout: Layout) {
    // SAFETY: broken on purpose: that is what the module is for. With `checked` nothing comes of it.
    unsafe { dealloc(block, layout) }
}

fn write(at: *mut u8) {
    // SAFETY: broken on purpose.
    unsafe { at.write_volatile(0x41) }
}

/// Until it is the turn of what was freed before to be used again.
#[unsafe(no_mangle)]
extern "C" fn reuse() {
    for _ in 0..100 {
        drop(black_box(vec![1_u8; 50_000]));
    }
}

#[unsafe(no_mangle)]
extern "C" fn correct() -> usize {
    let words: Vec<String> = (0..1000).map(|n| n.to_string()).collect();
    let more = black_box(words.clone());
    drop(words);
    more.concat().len()
}

#[unsafe(no_mangle)]
extern "C" fn double_free() {
    let block = block();
    free(block, WANTED);
    free(block, WANTED);
}

#[unsafe(no_mangle)]
extern "C" fn invalid_free() {
    free(black_box(12_345 as *mut u8), WANTED);
}

#[unsafe(no_mangle)]
extern "C" fn interior_free() {
    free(block().wrapping_add(16), WANTED);
}

#[unsafe(no_mangle)]
extern "C" fn foreign_free() {
    let mut slab = Slab::try_new_in(40, 4, Linear).expect("memory");
    let block = slab.allocate_block().expect("memory");
    free(block.cast().as_ptr(), WANTED);
}

#[unsafe(no_mangle)]
extern "C" fn wrong_size() {
    free(block(), Layout::new::<[u32; 11]>());
}

#[unsafe(no_mangle)]
extern "C" fn dead_realloc() {
    let block = block();
    free(block, WANTED);
    // SAFETY: broken on purpose.
    black_box(unsafe { realloc(block, WANTED, 100) });
}

#[unsafe(no_mangle)]
extern "C" fn overflow() {
    let block = block();
    write(block.wrapping_add(WANTED.size()));
    free(block, WANTED);
}

#[unsafe(no_mangle)]
extern "C" fn write_after_free() {
    let block = block();
    free(block, WANTED);
    write(block.wrapping_add(3));
}

/// Overwrites links in free memory: the first two words lead back to their own block.
#[unsafe(no_mangle)]
extern "C" fn link_overwritten() {
    let blocks = [block(), block(), block()];
    free(blocks[0], WANTED);
    free(blocks[2], WANTED);
    for word in 0..2 {
        let at = blocks[2].cast::<usize>().wrapping_add(word);
        // SAFETY: broken on purpose.
        unsafe { at.write_volatile(blocks[2].addr()) }
    }
}

/// Returns true if two blocks that are live together overlap: a misuse before may have led to that.
#[unsafe(no_mangle)]
extern "C" fn overlap() -> bool {
    let mut starts: Vec<usize> = Vec::with_capacity(32);
    starts.extend((0..32).map(|_| block().addr()));
    starts.sort_unstable();
    starts.windows(2).any(|pair| pair[0] + WANTED.size() > pair[1])
}

/// Replaces `count` of 10,000 live blocks of 8 to 1,024 bytes, and keeps the last ones. What it
/// costs is for figures.mjs to say.
#[unsafe(no_mangle)]
extern "C" fn churn(count: usize) {
    let mut state = 0x2545_F491_u32;
    let mut live: Vec<Vec<u8>> = (0..10_000).map(|_| Vec::new()).collect();
    for _ in 0..count {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let at = (state >> 8) as usize % live.len();
        live[at] = black_box(Vec::with_capacity(8 + (state >> 4) as usize % 1017));
    }
    std::mem::forget(black_box(live));
}
