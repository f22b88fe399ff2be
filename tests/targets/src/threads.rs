//! Exercises of a heap that several threads use at once. Each function is for one of them.
//!
//! Every block says its size and the byte that fills it, so whichever thread frees it can look at it. A map of
//! memory says which granules are live: no two threads may hold the same.

use core::{
    alloc::{GlobalAlloc, Layout},
    ptr,
    sync::atomic::{
        AtomicPtr, AtomicU8,
        Ordering::{AcqRel, Relaxed},
    },
};

use bonsai_alloc::{
    inspect::{Block, Inspect, State},
    trace::{Event, Sites, Traced},
};

use crate::{Outcome, Place, Random, must};

const GRANULE: usize = 16;
/// Granules of 64 MiB, the most memory that a program of these exercises has.
const GRANULES: usize = (64 << 20) / GRANULE;
/// Blocks that a thread keeps to itself.
const OWN: usize = 64;
/// Blocks that pass from thread to thread.
const PASSED: usize = 256;

/// The use of each granule of linear memory: 1 while it is in a live block.
static MAP: [AtomicU8; GRANULES] = [const { AtomicU8::new(0) }; GRANULES];
static TABLE: [AtomicPtr<Head>; PASSED] = [const { AtomicPtr::new(ptr::null_mut()) }; PASSED];

/// The first words of a block.
#[derive(Clone, Copy)]
#[repr(C)]
struct Head {
    size: usize,
    byte: u8,
}

const fn layout(size: usize) -> Layout {
    // SAFETY: every size here is far below the largest, and 16 is a power of two.
    unsafe { Layout::from_size_align_unchecked(size, GRANULE) }
}

/// Marks the granules of a block live, or free. Returns false if one of them was so before.
fn mark(block: *mut Head, size: usize, live: bool) -> bool {
    let first = block.addr() / GRANULE;
    let granules = MAP.get(first..first + size.div_ceil(GRANULE));
    let now = u8::from(live);
    granules.is_some_and(|all| all.iter().all(|one| one.swap(now, Relaxed) != now))
}

/// Writes a new block.
///
/// # Safety
/// `block` is valid for writing `size` bytes, which is `size_of::<Head>()` at least, and aligned to 16.
unsafe fn write(block: *mut Head, size: usize, byte: u8) {
    // SAFETY: valid for that many bytes, by this function's contract.
    unsafe { block.cast::<u8>().write_bytes(byte, size) };
    // SAFETY: its first bytes.
    unsafe { block.write(Head { size, byte }) };
}

/// Returns true if the bytes behind the head of a block are as they were written, up to `end`.
///
/// # Safety
/// [`write`] wrote at least `end` bytes at `block`, and they are still the caller's.
unsafe fn holds(block: *mut Head, byte: u8, end: usize) -> bool {
    // SAFETY: inside of the block, by this function's contract.
    let rest = |i| unsafe { block.cast::<u8>().wrapping_add(i).read() };
    (size_of::<Head>()..end).all(|i| rest(i) == byte)
}

/// Allocates a block; null where memory has ended.
fn make(heap: &impl GlobalAlloc, random: &mut Random) -> Result<*mut Head, Place> {
    // Most blocks are small, a few beyond what shards serve.
    let most = if random.below(20) == 0 { 9_000 } else { 1_200 };
    let size = size_of::<Head>() + random.below(most);
    let zero = random.below(8) == 0;
    let block = if zero {
        // SAFETY: the size is not 0.
        unsafe { heap.alloc_zeroed(layout(size)) }
    } else {
        // SAFETY: the size is not 0.
        unsafe { heap.alloc(layout(size)) }
    };
    let block = block.cast::<Head>();
    if !block.is_null() {
        must!(block.addr() % GRANULE == 0 && mark(block, size, true));
        // SAFETY: a new block of that size.
        let byte = |i| unsafe { block.cast::<u8>().wrapping_add(i).read() };
        must!(!zero || (0..size).all(|i| byte(i) == 0));
        // SAFETY: a new block of that size, and a granule is as large as a head.
        unsafe { write(block, size, random.below(255) as u8) };
    }
    Ok(block)
}

/// Looks at a block, and frees it. Null is none.
///
/// # Safety
/// [`make`] returned the block, or [`remake`], and the caller has it from there.
unsafe fn free(heap: &impl GlobalAlloc, block: *mut Head) -> Outcome {
    if !block.is_null() {
        // SAFETY: a live block of the caller's, which begins with its head.
        let Head { size, byte } = unsafe { block.read() };
        // SAFETY: written so when it was made.
        must!(unsafe { holds(block, byte, size) });
        must!(mark(block, size, false));
        // SAFETY: allocated for that layout, and nobody has it any more.
        unsafe { heap.dealloc(block.cast(), layout(size)) };
    }
    Ok(())
}

/// Resizes a block. Returns where it is.
///
/// # Safety
/// As for [`free`]; the block is not null.
unsafe fn remake(
    heap: &impl GlobalAlloc,
    block: *mut Head,
    random: &mut Random,
) -> Result<*mut Head, Place> {
    // SAFETY: a live block of the caller's, which begins with its head.
    let Head { size, byte } = unsafe { block.read() };
    let new = size_of::<Head>() + random.below(1_500);
    must!(mark(block, size, false));
    // SAFETY: allocated for that layout; the new size is not 0.
    let moved = unsafe { heap.realloc(block.cast(), layout(size), new) }.cast::<Head>();
    if moved.is_null() {
        must!(mark(block, size, true));
        return Ok(block);
    }
    must!(mark(moved, new, true));
    // SAFETY: both sizes' bytes moved along.
    must!(unsafe { holds(moved, byte, size.min(new)) });
    // SAFETY: a live block of the new size.
    unsafe { write(moved, new, byte) };
    Ok(moved)
}

/// Replaces blocks at random: those of this thread, and those of a table through which blocks pass from
/// thread to thread. Frees its own in the end. Returns how many requests were refused.
///
/// # Errors
/// The place of what did not hold.
pub fn churn(heap: &impl GlobalAlloc, seed: u32, rounds: usize) -> Result<usize, Place> {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9) | 1);
    let mut own = [ptr::null_mut::<Head>(); OWN];
    let mut refused = 0;
    for _ in 0..rounds {
        let slot = random.below(OWN);
        if random.below(4) == 0 && !own[slot].is_null() {
            // SAFETY: the slot has a live block of this thread's.
            own[slot] = unsafe { remake(heap, own[slot], &mut random) }?;
            continue;
        }
        let block = make(heap, &mut random)?;
        refused += usize::from(block.is_null());
        let before = if random.below(2) == 0 {
            core::mem::replace(&mut own[slot], block)
        } else {
            TABLE[random.below(PASSED)].swap(block, AcqRel)
        };
        // SAFETY: it was in a slot, which has another one now.
        unsafe { free(heap, before) }?;
    }
    for block in own {
        // SAFETY: the slot had it, and is gone.
        unsafe { free(heap, block) }?;
    }
    Ok(refused)
}

/// Frees what waits in the table, when no thread uses it any more.
///
/// # Errors
/// The place of what did not hold.
pub fn sweep(heap: &impl GlobalAlloc) -> Outcome {
    for slot in &TABLE {
        // SAFETY: it was in the slot, which is empty now.
        unsafe { free(heap, slot.swap(ptr::null_mut(), AcqRel)) }?;
    }
    Ok(())
}

/// Looks at a heap's books while other threads use it: they hold, and a walk goes up through memory.
///
/// # Errors
/// The place of what did not hold.
pub fn look(heap: &impl Inspect, rounds: usize) -> Outcome {
    for _ in 0..rounds {
        must!(heap.check().is_ok());
        let (mut end, mut sum, mut up) = (0, 0, true);
        heap.walk(&mut |block: Block| {
            up &= block.address >= end && block.size > 0;
            end = block.end();
            sum += if block.state == State::Gap { 0 } else { block.size };
        });
        must!(up);
        // Memory does not shrink, so what was there at the walk is there now.
        let stats = heap.stats();
        must!(sum <= stats.committed());
        must!(stats.largest_free <= stats.free_bytes);
    }
    Ok(())
}

/// Allocates the largest free block that the statistics tell. Needs the heap for itself, whatever other threads
/// left behind.
///
/// # Errors
/// The place of what did not hold.
pub fn largest(heap: &(impl GlobalAlloc + Inspect)) -> Outcome {
    let size = heap.stats().largest_free;
    must!(size > 0);
    // SAFETY: the size is not 0.
    let block = unsafe { heap.alloc(layout(size)) };
    must!(!block.is_null());
    // SAFETY: live, of that layout, and forgotten.
    unsafe { heap.dealloc(block, layout(size)) };
    Ok(())
}

/// Allocates blocks of `size` bytes, each of which has the address of the one before, until `most` are there or memory has
/// ended. Returns the last one, and how many there are.
fn chain(heap: &impl GlobalAlloc, size: usize, most: usize) -> (*mut Head, usize) {
    let (mut last, mut count) = (ptr::null_mut::<Head>(), 0);
    while count < most {
        // SAFETY: the size is not 0.
        let block = unsafe { heap.alloc(layout(size)) }.cast::<Head>();
        if block.is_null() {
            break;
        }
        // SAFETY: a new block, as large as a head at least.
        unsafe { block.write(Head { size: last.expose_provenance(), byte: 0 }) };
        last = block;
        count += 1;
    }
    (last, count)
}

/// Frees the blocks of a [`chain`].
///
/// # Safety
/// [`chain`] returned `last` for that size, and nothing uses its blocks any more.
unsafe fn unchain(heap: &impl GlobalAlloc, size: usize, mut last: *mut Head) {
    while !last.is_null() {
        // SAFETY: a live block of the chain, which begins with the address of the one before.
        let before = unsafe { last.read() }.size;
        // SAFETY: live, of that layout, and forgotten.
        unsafe { heap.dealloc(last.cast(), layout(size)) };
        last = ptr::with_exposed_provenance_mut(before);
    }
}

/// Allocates `count` blocks of one size and frees them again, `rounds` times: nearly all of it goes past the lists of a
/// shard. Stops where memory ends.
pub fn burst(heap: &impl GlobalAlloc, size: usize, count: usize, rounds: usize) {
    let size = size.max(GRANULE);
    for _ in 0..rounds {
        let (last, _) = chain(heap, size, count);
        // SAFETY: a chain of that size, which ends here.
        unsafe { unchain(heap, size, last) };
    }
}

/// Allocates blocks of one size until the answer is null: then no free block is as large. Frees them. Returns how
/// many there were. Needs the heap for itself, whatever other threads left behind.
///
/// # Errors
/// The place of what did not hold.
pub fn exhaust(heap: &(impl GlobalAlloc + Inspect), size: usize) -> Result<usize, Place> {
    let size = size.max(GRANULE);
    let (last, count) = chain(heap, size, usize::MAX);
    must!(heap.stats().largest_free < size);
    must!(heap.check().is_ok());
    // SAFETY: a chain of that size, which ends here.
    unsafe { unchain(heap, size, last) };
    Ok(count)
}

/// Sizes of the blocks of each thread that is traced: from its number times this.
const STEP: usize = 1_000;
/// Threads that are traced at most.
const TRACED: usize = 8;

/// Replaces blocks of sizes that say which of the threads this is, from 1.
///
/// # Errors
/// The place of what did not hold.
pub fn traced(heap: &impl GlobalAlloc, number: usize, rounds: usize) -> Outcome {
    let mut random = Random(number as u32);
    for _ in 0..rounds {
        let layout = layout(number * STEP + random.below(STEP));
        // SAFETY: the size is not 0.
        let block = unsafe { heap.alloc(layout) };
        must!(!block.is_null());
        // SAFETY: allocated just now, with that layout.
        unsafe { heap.dealloc(block, layout) };
    }
    Ok(())
}

/// Looks at what was recorded of [`traced`]: each thread's records have one number, and no two threads' the same; one
/// that is not told has 0. Returns how many are told.
///
/// # Errors
/// The place of what did not hold.
pub fn told<H: GlobalAlloc, S: Sites, const N: usize>(
    heap: &Traced<H, S, N>,
) -> Result<usize, Place> {
    let mut numbers = [None; TRACED];
    let mut same = true;
    let lost = heap.drain(&mut |event, number| {
        let (Event::Allocate { size, .. } | Event::Deallocate { size, .. }) = event else { return };
        let Some(known) = numbers.get_mut(size / STEP) else { return };
        same &= *known.get_or_insert(number) == number;
    });
    must!(lost == 0 && same && numbers[0].is_none());
    let told = || numbers.iter().flatten().filter(|&&number| number != 0);
    must!(told().all(|number| told().filter(|&other| other == number).count() == 1));
    Ok(told().count())
}
