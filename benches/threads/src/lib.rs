//! Loads that several threads put on one global allocator. A module exports them for workers;
//! `main.rs` calls them from threads.

#[cfg(feature = "none")]
mod none;

use std::{
    alloc::{Layout, alloc, dealloc},
    sync::atomic::{AtomicPtr, Ordering::AcqRel},
};

#[cfg(feature = "heap")]
#[global_allocator]
static ALLOCATOR: bonsai_alloc::Heap = bonsai_alloc::Heap::new();

#[cfg(feature = "lock")]
#[global_allocator]
static ALLOCATOR: bonsai_alloc::heap::OneLock = bonsai_alloc::heap::OneLock::new();

// Of talc's two sources for wasm, the one that may be sent between threads.
#[cfg(all(feature = "talc", target_family = "wasm"))]
#[global_allocator]
static ALLOCATOR: talc::TalcLock<spinning_top::RawSpinlock, talc::wasm::WasmGrowAndClaim> =
    talc::TalcLock::new(talc::wasm::WasmGrowAndClaim);

#[cfg(all(feature = "talc", not(target_family = "wasm")))]
#[global_allocator]
static ALLOCATOR: talc::TalcLock<
    spinning_top::RawSpinlock,
    talc::source::GlobalAllocSource<std::alloc::System>,
> = talc::TalcLock::new(talc::source::GlobalAllocSource::new(std::alloc::System));

/// Blocks that a thread keeps in the load `own`.
const LIVE: usize = 2_000;
/// Slots of the table that all threads share in the load `larson`.
const TABLE: usize = 4_096;

static SHARED: [AtomicPtr<usize>; TABLE] = [const { AtomicPtr::new(core::ptr::null_mut()) }; TABLE];

/// Marsaglia's xorshift.
struct Random(u32);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        (u64::from(self.0) * limit as u64 >> 32) as usize
    }
}

/// Allocates a block of 8 to 1,024 bytes that begins with its size.
fn make(random: &mut Random) -> *mut usize {
    made(8 + random.below(1_017))
}

/// Allocates a block that begins with its size.
fn made(size: usize) -> *mut usize {
    let Ok(layout) = Layout::from_size_align(size, 8) else { unreachable!() };
    #[cfg(feature = "none")]
    let block = none::next().cast::<usize>();
    #[cfg(not(feature = "none"))]
    // SAFETY: the size is not 0.
    let block = unsafe { alloc(layout) }.cast::<usize>();
    if block.is_null() {
        std::alloc::handle_alloc_error(layout);
    }
    // SAFETY: the block has 8 bytes at least.
    unsafe { block.write(size) };
    block
}

/// Frees a block of [`made`]; null is none.
///
/// # Safety
/// The block is live, and the caller's.
unsafe fn free(block: *mut usize) {
    if !block.is_null() {
        // SAFETY: `made` wrote the size to the start of the block.
        let size = unsafe { block.read() };
        // SAFETY: `made` made a layout of that size.
        let layout = unsafe { Layout::from_size_align_unchecked(size, 8) };
        if cfg!(not(feature = "none")) {
            // SAFETY: `made` allocated the block for that layout.
            unsafe { dealloc(block.cast(), layout) };
        }
    }
}

/// Replaces blocks of this thread's own at random, `rounds` times: each is one free and one
/// allocation.
#[unsafe(no_mangle)]
pub extern "C" fn own(seed: u32, rounds: u32) {
    let mut random = Random(seed);
    let mut blocks: Vec<_> = (0..LIVE).map(|_| make(&mut random)).collect();
    for _ in 0..rounds {
        let slot = &mut blocks[random.below(LIVE)];
        // SAFETY: the slot has a block of `make`, which is replaced below.
        unsafe { free(*slot) };
        *slot = make(&mut random);
    }
    for block in blocks {
        // SAFETY: the vector had the block, and is gone.
        unsafe { free(block) };
    }
}

/// Replaces blocks of a table that all threads share, at random, `rounds` times. With two threads
/// every second block was another thread's, with four three of four. What P. Larson and
/// M. Krishnan measured (*Memory Allocation for Long-Running Server Applications*, ISMM 1998).
#[unsafe(no_mangle)]
pub extern "C" fn larson(seed: u32, rounds: u32) {
    let mut random = Random(seed);
    for _ in 0..rounds {
        let block = make(&mut random);
        let before = SHARED[random.below(TABLE)].swap(block, AcqRel);
        // SAFETY: the slot had the block, and has another one now.
        unsafe { free(before) };
    }
}

/// Blocks that a thread keeps in the load `turns`, and the size of the smallest.
const TURNS: usize = 1_024;
const LEAST: usize = 1_000;

/// Replaces blocks of this thread's own by turns, `rounds` times, each by one of the same size: 1,000 to 2,023 bytes. The recipe
/// of Emscripten's test of allocators with threads (test/other/test_malloc_multithreading.cpp).
#[unsafe(no_mangle)]
pub extern "C" fn turns(_seed: u32, rounds: u32) {
    let mut blocks: Vec<_> = (0..TURNS).map(|slot| made(LEAST + slot)).collect();
    for round in 0..rounds as usize {
        let slot = round % TURNS;
        // SAFETY: the slot has a block of `made`, which is replaced below.
        unsafe { free(blocks[slot]) };
        blocks[slot] = made(LEAST + slot);
    }
    for block in blocks {
        // SAFETY: the vector had the block, and is gone.
        unsafe { free(block) };
    }
}

/// Allocates for the harness: the stack and the thread-local storage of a worker.
#[unsafe(no_mangle)]
pub extern "C" fn room(size: usize) -> *mut u8 {
    let Ok(layout) = Layout::from_size_align(size, 16) else { unreachable!() };
    // SAFETY: the harness asks for no size of 0.
    unsafe { alloc(layout) }
}

/// Returns true if the allocator finds its own books in order; allocators without a view of themselves are
/// believed.
#[unsafe(no_mangle)]
pub extern "C" fn sound() -> bool {
    #[cfg(any(feature = "heap", feature = "lock"))]
    return bonsai_alloc::inspect::Inspect::check(&ALLOCATOR).is_ok();
    #[cfg(not(any(feature = "heap", feature = "lock")))]
    return true;
}
