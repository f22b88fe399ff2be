//! A module without the standard library, for hosts that call it. Each function returns a number.
#![no_std]
#![cfg_attr(target_arch = "wasm64", feature(simd_wasm64))]

use core::alloc::{GlobalAlloc, Layout};

use bonsai_alloc::{BuddyHeap, BumpHeap, Heap, SlabHeap, TinyHeap, linear::Machine};
use bonsai_targets::{
    Limits, books, end_of_memory,
    fault::{self, failed},
    heap, place, sound, unknown,
};

static HEAP: Heap = Heap::new();
static SLAB: SlabHeap = SlabHeap::new();
static BUDDY: BuddyHeap = BuddyHeap::new();
static BUMP: BumpHeap = BumpHeap::new();
static TINY: TinyHeap = TinyHeap::new();

const LIMITS: Limits = Limits { operations: 20_000, largest: 9000, align: 256, tight: false };

/// Returns where the place that failed is written, up to a 0; null if nothing has failed.
#[unsafe(no_mangle)]
pub extern "C" fn fault() -> *const u8 {
    fault::last()
}

/// Exercises every heap. Returns 0, or -1.
#[unsafe(no_mangle)]
pub extern "C" fn exercise() -> i32 {
    let run = || {
        heap(&HEAP, || books(&HEAP), LIMITS)?;
        heap(&SLAB, || books(&SLAB), LIMITS)?;
        heap(&BUDDY, || books(&BUDDY), LIMITS)?;
        heap(&TINY, unknown, LIMITS)?;
        heap(&BUMP, || sound(&BUMP), LIMITS)
    };
    run().map_or_else(failed, |()| 0)
}

/// Fills memory with blocks of `size` bytes, which are written and read, and frees them. Returns how many
/// there were, or -1.
#[unsafe(no_mangle)]
pub extern "C" fn fill(size: usize) -> i32 {
    end_of_memory(&HEAP, || books(&HEAP), size, true).map_or_else(failed, |count| count as i32)
}

/// Gives the heap the memory that a host made larger than the module declares. Returns its bytes, or 0.
#[unsafe(no_mangle)]
pub extern "C" fn take_tail() -> usize {
    // SAFETY: called before the first allocation, when nobody has grown memory; no C library is linked.
    unsafe { Machine::provide_tail() }.unwrap_or(0)
}

/// Allocates a block and forgets it. Returns its address, 0 for none.
#[unsafe(no_mangle)]
pub extern "C" fn allocate(size: usize) -> usize {
    let Ok(layout) = Layout::from_size_align(size.max(1), 16) else { return 0 };
    // SAFETY: the size is above 0.
    unsafe { HEAP.alloc(layout) }.addr()
}

/// Takes memory for the heap that was grown before the host put an earlier copy back. Returns its bytes.
#[unsafe(no_mangle)]
pub extern "C" fn adopt() -> usize {
    // SAFETY: nothing but the heap grows memory in this module.
    unsafe { HEAP.adopt() }
}

/// Returns the number of live blocks, or -1 if the heap's books do not hold.
#[unsafe(no_mangle)]
pub extern "C" fn live() -> i32 {
    books(&HEAP).map_or(-1, |count| count as i32)
}

/// Frees every block. Returns 0, or -1 if one is left.
#[unsafe(no_mangle)]
pub extern "C" fn reset() -> i32 {
    // SAFETY: `allocate` forgets its blocks, and all others are free.
    unsafe { HEAP.reset() };
    if books(&HEAP) == Some(0) { 0 } else { failed(place!()) }
}

/// Allocates blocks of 512 MiB, `most` of them or until the answer is null, touches both ends of each, and frees them. Returns how
/// many there were, or -1.
#[unsafe(no_mangle)]
pub extern "C" fn giants(most: usize) -> i32 {
    const SIZE: usize = 512 << 20;
    const MOST: usize = 40;
    let Ok(layout) = Layout::from_size_align(SIZE, 16) else { return failed(place!()) };
    let mut blocks = [core::ptr::null_mut::<u8>(); MOST];
    let mut count = 0;
    while count < most.min(MOST) {
        // SAFETY: the size is above 0.
        let block = unsafe { HEAP.alloc(layout) };
        if block.is_null() {
            break;
        }
        // SAFETY: a new block of that size.
        unsafe { block.write(count as u8) };
        // SAFETY: its last byte.
        unsafe { block.wrapping_add(SIZE - 1).write(!(count as u8)) };
        blocks[count] = block;
        count += 1;
    }
    for (i, &block) in blocks[..count].iter().enumerate() {
        // SAFETY: a live block of that size.
        let first = unsafe { block.read() };
        // SAFETY: its last byte.
        let last = unsafe { block.wrapping_add(SIZE - 1).read() };
        if (first, last) != (i as u8, !(i as u8)) {
            return failed(place!());
        }
        // SAFETY: live, of that layout, and forgotten.
        unsafe { HEAP.dealloc(block, layout) };
    }
    if books(&HEAP).is_none() { failed(place!()) } else { count as i32 }
}

/// Stops the module.
#[cfg(target_family = "wasm")]
#[panic_handler]
fn stop(_: &core::panic::PanicInfo) -> ! {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(target_arch = "wasm64")]
    core::arch::wasm64::unreachable();
}
