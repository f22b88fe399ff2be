//! The module's global allocator, and how it sees itself.

// Where several are chosen, the one that can do least: `cargo build --all-features` is none of a
// user's choices, but must do something.
#[cfg(all(feature = "buddy", not(any(feature = "bump", feature = "tiny"))))]
use bonsai_alloc::BuddyHeap as Heap;
#[cfg(all(feature = "bump", not(feature = "tiny")))]
use bonsai_alloc::BumpHeap as Heap;
#[cfg(not(any(feature = "slab", feature = "buddy", feature = "bump", feature = "tiny")))]
use bonsai_alloc::Heap;
#[cfg(all(feature = "slab", not(any(feature = "buddy", feature = "bump", feature = "tiny"))))]
use bonsai_alloc::SlabHeap as Heap;
#[cfg(feature = "tiny")]
use bonsai_alloc::TinyHeap as Heap;
use bonsai_alloc::inspect::{Block, State};

#[global_allocator]
static HEAP: Heap = Heap::new();
bonsai_alloc::inspectable!(HEAP);

/// Writes the heap's blocks as the crate itself sees them: three words each, address, size and state
/// (0 live, 1 free, 2 the heap's own, 3 not the heap's). Returns how many there are; those that
/// find no room are counted, and not written. A tiny heap knows its free blocks only, in no order.
///
/// # Safety
/// `into` leads to `room` blocks of three words each, which are nobody's: pages grown for this are.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn walk(into: *mut [u32; 3], room: usize) -> usize {
    let mut count = 0;
    each_block(&mut |Block { address, size, state }| {
        if count < room {
            let state = match state {
                State::Live => 0,
                State::Free => 1,
                State::Meta => 2,
                State::Gap => 3,
            };
            // SAFETY: within the blocks that `into` leads to.
            let to = unsafe { into.add(count) };
            // SAFETY: one of `room` blocks that are nobody else's, by this function's contract.
            unsafe { to.write([address as u32, size as u32, state]) };
        }
        count += 1;
    });
    count
}

#[cfg(not(feature = "tiny"))]
fn each_block(visit: &mut dyn FnMut(Block)) {
    use bonsai_alloc::inspect::Inspect as _;

    HEAP.walk(visit);
}

#[cfg(feature = "tiny")]
fn each_block(visit: &mut dyn FnMut(Block)) {
    HEAP.walk_free(visit);
}
