//! Exercises of a heap.

use core::{
    alloc::{GlobalAlloc, Layout},
    ptr,
};

use bonsai_alloc::inspect::{Block, Inspect, State};

use crate::{Live, Outcome, Place, Random, must, place};

/// The limits of what an exercise asks for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The number of operations.
    pub operations: usize,
    /// The largest block in bytes.
    pub largest: usize,
    /// The largest alignment, a power of two.
    pub align: usize,
    /// True if memory may end in the middle.
    pub tight: bool,
}

/// The number of live blocks in a heap's books; `None` if they do not hold.
pub type Books = Option<usize>;

/// Looks at the books of a heap.
pub fn books(heap: &impl Inspect) -> Books {
    heap.check().ok().map(|()| heap.stats().live_blocks)
}

/// Looks at the books of a heap that knows no boundary between blocks: whether they hold.
pub fn sound(heap: &impl Inspect) -> Books {
    heap.check().ok().map(|()| 0)
}

/// The books of a heap that has none to look at.
pub const fn unknown() -> Books {
    Some(0)
}

const SLOTS: usize = 48;

/// Allocates, resizes and frees at random. Looks at every byte, and at the heap's books in the end,
/// when all blocks of the exercise are free again.
///
/// # Errors
/// The place of what did not hold.
pub fn heap(heap: &impl GlobalAlloc, books: impl Fn() -> Books, limits: Limits) -> Outcome {
    let mut random = Random(0x9E37_79B9);
    let mut slots = [None::<Live>; SLOTS];
    let Some(before) = books() else { return Err(place!()) };
    for step in 0..limits.operations {
        let slot = random.below(SLOTS);
        let byte = step as u8 | 1;
        // Half of the blocks are small.
        let limit = if random.below(2) == 0 { 64.min(limits.largest) } else { limits.largest };
        let size = 1 + random.below(limit);
        match slots[slot].take() {
            None => {
                let align = 1 << random.below(limits.align.ilog2() as usize + 1);
                let Ok(layout) = Layout::from_size_align(size, align) else { return Err(place!()) };
                let zero = random.below(4) == 0;
                let start = if zero {
                    // SAFETY: the size is above 0.
                    unsafe { heap.alloc_zeroed(layout) }
                } else {
                    // SAFETY: the size is above 0.
                    unsafe { heap.alloc(layout) }
                };
                if start.is_null() {
                    must!(limits.tight);
                    continue;
                }
                must!(start.addr() % align == 0);
                // SAFETY: a new block of that size.
                must!(!zero || (0..size).all(|i| unsafe { start.wrapping_add(i).read() } == 0));
                // SAFETY: a new block of that size.
                slots[slot] = Some(unsafe { Live::fill(start, size, align, byte) });
            }
            Some(live) if random.below(3) == 0 => {
                must!(live.holds(live.size));
                // SAFETY: allocated with that layout, below.
                let layout = unsafe { Layout::from_size_align_unchecked(live.size, live.align) };
                // SAFETY: a live block of that layout; the new size is above 0 and far below the largest.
                let start = unsafe { heap.realloc(live.start, layout, size) };
                if start.is_null() {
                    must!(limits.tight && live.holds(live.size));
                    slots[slot] = Some(live);
                    continue;
                }
                must!(start.addr() % live.align == 0);
                must!(Live { start, ..live }.holds(size));
                // SAFETY: the resized block.
                slots[slot] = Some(unsafe { Live::fill(start, size, live.align, byte) });
            }
            Some(live) => {
                must!(live.holds(live.size));
                free(heap, live);
            }
        }
    }
    must!(books().is_some());
    for live in slots.into_iter().flatten() {
        must!(live.holds(live.size));
        free(heap, live);
    }
    must!(books() == Some(before));
    Ok(())
}

fn free(heap: &impl GlobalAlloc, live: Live) {
    // SAFETY: the exercises allocate with layouts.
    let layout = unsafe { Layout::from_size_align_unchecked(live.size, live.align) };
    // SAFETY: a live block of that layout, which is forgotten.
    unsafe { heap.dealloc(live.start, layout) };
}

/// Allocates blocks of `size` bytes until the answer is null. Then: what lives is as it was, a
/// block that is freed makes room for another, and when all are free the heap is whole. Returns how many
/// blocks there were. `again`: the heap uses memory again that was freed.
///
/// # Errors
/// The place of what did not hold.
pub fn end_of_memory(
    heap: &impl GlobalAlloc,
    books: impl Fn() -> Books,
    size: usize,
    again: bool,
) -> Result<usize, Place> {
    let Ok(layout) = Layout::from_size_align(size.max(size_of::<usize>()), align_of::<usize>())
    else {
        return Err(place!());
    };
    let byte = 0x5A;
    // Each block begins with the address of the one before.
    let mut last = ptr::null_mut::<u8>();
    let mut count = 0;
    loop {
        // SAFETY: the size is above 0.
        let block = unsafe { heap.alloc(layout) };
        if block.is_null() {
            break;
        }
        // SAFETY: a new block of that size.
        unsafe { block.write_bytes(byte, layout.size()) };
        // SAFETY: its first word; the block is aligned to one.
        unsafe { block.cast::<*mut u8>().write(last) };
        last = block;
        count += 1;
    }
    must!(count > 0 && books().is_some());
    // SAFETY: the size is above 0.
    must!(unsafe { heap.alloc_zeroed(layout) }.is_null());
    // SAFETY: the last block that was allocated is live; the new size is far below the largest.
    must!(unsafe { heap.realloc(last, layout, 64 * layout.size()) }.is_null());
    if again {
        // SAFETY: the last block, whose first word is the one before.
        let before = unsafe { last.cast::<*mut u8>().read() };
        // SAFETY: live, of that layout, and forgotten.
        unsafe { heap.dealloc(last, layout) };
        // SAFETY: the size is above 0.
        last = unsafe { heap.alloc(layout) };
        must!(!last.is_null());
        // SAFETY: a new block of that size.
        unsafe { last.write_bytes(byte, layout.size()) };
        // SAFETY: its first word.
        unsafe { last.cast::<*mut u8>().write(before) };
    }
    let mut left = count;
    while !last.is_null() {
        for i in size_of::<usize>()..layout.size() {
            // SAFETY: a live block of that size.
            must!(unsafe { last.wrapping_add(i).read() } == byte);
        }
        // SAFETY: its first word.
        let before = unsafe { last.cast::<*mut u8>().read() };
        // SAFETY: live, of that layout, and forgotten.
        unsafe { heap.dealloc(last, layout) };
        last = before;
        left -= 1;
    }
    must!(left == 0 && books().is_some());
    Ok(count)
}

/// Returns true if a live block of the heap holds the byte at `address`.
pub fn lives(heap: &impl Inspect, address: usize) -> bool {
    let mut found = false;
    heap.walk(&mut |block: Block| {
        let inside = (block.address..block.end()).contains(&address);
        found |= inside && block.state == State::Live;
    });
    found
}
