//! A module as bare as can be: nothing imported, an allocator's calls exported, and workloads to
//! run on it. The page's comparison times them, and its tour of the ratchet calls the allocator.

mod block;
mod workload;

use std::{
    alloc::{Layout, alloc, alloc_zeroed, dealloc, realloc},
    cell::{Cell, RefCell},
    ptr,
};

use self::workload::{Run, Workload};

thread_local! {
    static RUN: RefCell<Run> = const { RefCell::new(Run::new()) };
    static GROWTHS: Cell<u32> = const { Cell::new(0) };
}

/// The address of a new block; 0 if there is no room, or if that is no size (at least 1) or
/// alignment (a power of two).
#[unsafe(no_mangle)]
pub extern "C" fn allocate(size: usize, align: usize) -> *mut u8 {
    match Layout::from_size_align(size, align) {
        // SAFETY: the size is not 0.
        Ok(layout) if size > 0 => unsafe { alloc(layout) },
        _ => ptr::null_mut(),
    }
}

/// The same, of zeros.
#[unsafe(no_mangle)]
pub extern "C" fn allocate_zeroed(size: usize, align: usize) -> *mut u8 {
    match Layout::from_size_align(size, align) {
        // SAFETY: the size is not 0.
        Ok(layout) if size > 0 => unsafe { alloc_zeroed(layout) },
        _ => ptr::null_mut(),
    }
}

/// The new address of a block that is to have `new_size` bytes; 0, and the block as it was, if there
/// is no room, or if that is no size.
///
/// # Safety
/// As for `deallocate`, and unless it is 0 the block is `new_size` bytes from then on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn reallocate(
    block: *mut u8,
    size: usize,
    align: usize,
    new_size: usize,
) -> *mut u8 {
    match (Layout::from_size_align(size, align), Layout::from_size_align(new_size, align)) {
        (Ok(layout), Ok(_)) if new_size > 0 => {
            // SAFETY: this function's contract: a live block of `layout`; `new_size` is a layout and not 0.
            unsafe { realloc(block, layout, new_size) }
        }
        _ => ptr::null_mut(),
    }
}

/// Gives a block back.
///
/// # Safety
/// One of these returned it for that size and alignment, and it was not given back since.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn deallocate(block: *mut u8, size: usize, align: usize) {
    if let Ok(layout) = Layout::from_size_align(size, align) {
        // SAFETY: this function's contract: a live block of this layout.
        unsafe { dealloc(block, layout) };
    }
}

/// Writes the heap's blocks, three words each, of which [`allocator::each_block`](crate::allocator::each_block) tells.
/// Returns how many there are; those that find no room are counted, and not written.
///
/// # Safety
/// `into` leads to `room` blocks of three words each, which are nobody's: pages grown for this are.
#[cfg(all(feature = "own", target_arch = "wasm32"))]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn walk(into: *mut [u32; 3], room: usize) -> usize {
    let mut count = 0;
    crate::allocator::each_block(|block| {
        if count < room {
            // SAFETY: within the blocks that `into` leads to, by this function's contract.
            let to = unsafe { into.add(count) };
            // SAFETY: one of `room` blocks that are nobody else's, by this function's contract.
            unsafe { to.write(block) };
        }
        count += 1;
    });
    count
}

/// Begins a workload, and ends the one before; false if it has no such number.
#[unsafe(no_mangle)]
pub extern "C" fn start(workload: u32, seed: u32) -> bool {
    let Some(workload) = Workload::of(workload) else {
        return false;
    };
    GROWTHS.set(0);
    RUN.with_borrow_mut(|run| run.start(workload, seed));
    true
}

/// Does so many steps, and returns how many it did: fewer if memory ran out.
#[unsafe(no_mangle)]
pub extern "C" fn step(count: u32) -> u32 {
    RUN.with_borrow_mut(|run| (0..count).find(|_| !run.step()).unwrap_or(count))
}

/// As `step`, and counts after which steps memory had grown: for rounds that are not timed.
#[unsafe(no_mangle)]
pub extern "C" fn observe(count: u32) -> u32 {
    let mut pages = pages();
    RUN.with_borrow_mut(|run| {
        for done in 0..count {
            if !run.step() {
                return done;
            }
            let now = self::pages();
            if now != pages {
                pages = now;
                GROWTHS.set(GROWTHS.get() + 1);
            }
        }
        count
    })
}

/// Frees all that the workload has live.
#[unsafe(no_mangle)]
pub extern "C" fn finish() {
    RUN.with_borrow_mut(Run::finish);
}

/// Bytes that the workload has live, as it asked for them.
#[unsafe(no_mangle)]
pub extern "C" fn live() -> usize {
    RUN.with_borrow(Run::live)
}

/// The most bytes that it had live.
#[unsafe(no_mangle)]
pub extern "C" fn peak() -> usize {
    RUN.with_borrow(Run::peak)
}

/// Observed steps after which memory had grown.
#[unsafe(no_mangle)]
pub extern "C" fn growths() -> u32 {
    GROWTHS.get()
}

/// A sum over the steps, the same on every allocator; 0 if a block lost what was written to it.
#[unsafe(no_mangle)]
pub extern "C" fn checksum() -> u32 {
    RUN.with_borrow(Run::checksum)
}

/// Pages of linear memory.
#[cfg(target_family = "wasm")]
fn pages() -> usize {
    core::arch::wasm32::memory_size::<0>()
}

/// No linear memory, no pages.
#[cfg(not(target_family = "wasm"))]
const fn pages() -> usize {
    0
}
