//! A module without the standard library whose memory several threads share, for hosts that call it from workers. Each
//! function returns a number.
#![no_std]
// Only a compiler that builds the standard library anew shows the feature `atomics`.
#![cfg_attr(target_feature = "atomics", feature(thread_local))]

use core::alloc::{GlobalAlloc, Layout};

use bonsai_alloc::{
    Heap,
    linear::Machine,
    trace::{Sites, Traced},
};
use bonsai_targets::{
    Outcome, books,
    fault::{self, failed},
    threads,
};

static HEAP: Heap = Heap::new();
bonsai_alloc::inspectable!(HEAP);

/// Another heap, whose operations are recorded.
static TRACED: Traced<Heap, Storage, { 1 << 16 }> = Traced::new(Heap::new());
bonsai_alloc::traceable!(TRACED);

/// A thread is told by where its storage is. Nothing there is touched.
enum Storage {}

impl Sites for Storage {
    const SAMPLES: bool = false;

    fn site(_: usize) -> usize {
        0
    }

    #[cfg(target_feature = "atomics")]
    fn thread() -> usize {
        #[thread_local]
        static HERE: () = ();
        (&raw const HERE).addr()
    }
}

/// Returns where the place that failed is written, up to a 0; null if nothing has failed.
#[unsafe(no_mangle)]
pub extern "C" fn fault() -> *const u8 {
    fault::last()
}

fn told(outcome: Outcome) -> i32 {
    outcome.map_or_else(failed, |()| 0)
}

const fn room_of(size: usize) -> Layout {
    // SAFETY: hosts ask for the stack and the thread-local storage of a worker; 16 is a power of two.
    unsafe { Layout::from_size_align_unchecked(size, 16) }
}

/// Gives the heap the memory that a host made larger than the module declares. Returns its bytes, or 0.
#[unsafe(no_mangle)]
pub extern "C" fn take_tail() -> usize {
    // SAFETY: called before the first allocation, when nobody has grown memory; no C library is linked, and workers
    // have their stacks from the heap.
    unsafe { Machine::provide_tail() }.unwrap_or(0)
}

/// Allocates for the host: the stack and the thread-local storage of a worker.
#[unsafe(no_mangle)]
pub extern "C" fn room(size: usize) -> *mut u8 {
    // SAFETY: hosts ask for no size of 0.
    unsafe { HEAP.alloc(room_of(size)) }
}

/// Frees what [`room`] returned.
///
/// # Safety
/// It is live, of that size, and no thread uses it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn give_room(room: *mut u8, size: usize) {
    // SAFETY: allocated with that layout, and nobody's any more, by this function's contract.
    unsafe { HEAP.dealloc(room, room_of(size)) };
}

/// Replaces blocks. Returns how many requests were refused, or -1.
#[unsafe(no_mangle)]
pub extern "C" fn churn(seed: u32, rounds: usize) -> i32 {
    threads::churn(&HEAP, seed, rounds).map_or_else(failed, |refused| refused as i32)
}

/// Looks at the books while others use the heap. Returns 0, or -1.
#[unsafe(no_mangle)]
pub extern "C" fn look(rounds: usize) -> i32 {
    told(threads::look(&HEAP, rounds))
}

/// Frees what threads passed to each other. Returns the number of live blocks that are left, or -1.
#[unsafe(no_mangle)]
pub extern "C" fn sweep() -> i32 {
    let live = || books(&HEAP).ok_or(bonsai_targets::place!());
    threads::sweep(&HEAP).and_then(|()| live()).map_or_else(failed, |live| live as i32)
}

/// Replaces blocks whose operations are recorded. Returns 0, or -1.
#[unsafe(no_mangle)]
pub extern "C" fn traced(number: usize, rounds: usize) -> i32 {
    TRACED.start();
    told(threads::traced(&TRACED, number, rounds))
}

/// Looks at what was recorded. Returns the number of threads, or -1.
#[unsafe(no_mangle)]
pub extern "C" fn traces() -> i32 {
    threads::told(&TRACED).map_or_else(failed, |threads| threads as i32)
}

/// Allocates the largest free block. Returns 0, or -1.
#[unsafe(no_mangle)]
pub extern "C" fn largest() -> i32 {
    told(threads::largest(&HEAP))
}

/// Allocates blocks that live on. Returns how many there are.
#[unsafe(no_mangle)]
pub extern "C" fn take(size: usize, count: usize) -> usize {
    // SAFETY: hosts ask for no size of 0.
    let block = |_: &usize| !unsafe { HEAP.alloc(room_of(size)) }.is_null();
    (0..count).take_while(block).count()
}

/// Allocates and frees blocks of one size.
#[unsafe(no_mangle)]
pub extern "C" fn burst(size: usize, count: usize, rounds: usize) {
    threads::burst(&HEAP, size, count, rounds);
}

/// Fills memory with blocks of `size` bytes, and frees them. Returns how many there were, or -1.
#[unsafe(no_mangle)]
pub extern "C" fn exhaust(size: usize) -> i32 {
    threads::exhaust(&HEAP, size).map_or_else(failed, |count| count as i32)
}

/// Stops the thread.
#[cfg(target_family = "wasm")]
#[panic_handler]
fn stop(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable();
}
