//! The general-purpose global allocator, [`Heap`], and the policies by which it grows.
//!
//! ```text
//!            alloc, dealloc                        1 KiB           256 KiB
//!  sizes     |── a list for every 16 bytes ─────────|── 8 lists a ───|── no list ──►
//!            |                                      |   doubling     |
//!  quick     a pop, a push                          and a count
//!  lists            │ empty        ▲ all, before memory grows
//!  ─────────────────┼──────────────┼─────────────────────────────────────────────────
//!  runs       carve ▼              │ merge
//!            | header | block | block | free run | block | top … | table |
//! ```
//!
//! Memory is *runs* of 16-byte granules (`runs.rs`): no headers, two bits a granule out of line,
//! free runs merged at once and kept in bins of good fit. In front of them stand *quick lists*, one
//! for each size class: the block freed last is the next one handed out, and nothing else is
//! touched. Rust tells the size of a block when it frees it, so a free needs no look-up. Before
//! memory grows, the lists are emptied into the runs, so what waits there never makes the heap
//! larger.
//!
//! Segregated quick lists in front of a coalescing heap are C. B. Weinstock and W. A. Wulf's
//! (*An Efficient Algorithm for Heap Storage Allocation*, SIGPLAN Notices 23:10, 1988); the
//! last run kept back is D. Lea's wilderness.

mod audit;
mod base;
mod front;
mod growth;
mod links;
mod quick;
mod reset;
mod resize;
mod runs;
mod serve;
#[cfg(all(
    not(feature = "checked"),
    any(
        all(any(unix, windows), not(target_family = "wasm")),
        all(target_family = "wasm", threads)
    )
))]
mod shards;
mod sizes;
mod table;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod trap;
mod usage;
mod view;

use core::{alloc::Layout, mem::offset_of, ptr};

pub use self::usage::Usage;
pub use crate::global::{Policy, Standard};

use self::{
    front::Front,
    runs::Runs,
    sizes::{CLASSES, GRANULE, SMALL, class_of, granules, rounded, size_of_class, small_class},
};
#[cfg(feature = "c")]
use crate::global::copy::copy;
use crate::{
    descriptor::{Descriptor, Kind, value},
    global::{HeapState, Shell},
    linear::{Linear, PageSource},
    lock::Lock,
};

/// The part of all memory that may wait in quick lists of sizes above [`SMALL`]: a quarter. Granules
/// are compared with bytes.
const IDLE: usize = 4 * GRANULE;

/// The quick lists and the runs of a [`Heap`].
#[doc(hidden)]
#[repr(C)]
#[derive(Debug)]
pub struct State {
    /// The block freed last of each class, 0 for none. A free block's first word is the address of
    /// the next.
    ///
    /// Invariant: a block on the list of a class is as large as the class says, begins where the
    /// table has a block begin, and is no free run.
    quick: [usize; CLASSES],
    /// Granules that wait on lists of classes above [`SMALL`].
    idle: usize,
    /// True if memory grew for a small request although much of it was free. Then the quick lists are emptied often: what
    /// waits there keeps free memory around it in pieces.
    careful: bool,
    /// Live blocks that are smaller than their class, because nothing larger was free.
    short: usize,
    /// Granules taken from runs since the lists were emptied for that reason.
    carved: usize,
    /// The granule of the emergency reserve; 0 before the first allocation, [`serve::NO_RESERVE`]
    /// where there is none or it was used up.
    emergency: usize,
    runs: Runs,
}

// SAFETY: all it refers to is linear memory of its own.
unsafe impl Send for State {}

/// The global allocator for programs of any kind: fast, frugal, small, and open to inspection.
///
/// | operation | typical | worst |
/// |---|---|---|
/// | alloc, dealloc to 256 KiB | a pop, a push: O(1) | carving or merging one run: O(1) |
/// | alloc, dealloc above | O(1) | O(1) |
/// | realloc | in place if what follows is free, else a copy; blocks to 1 KiB are copied where their class changes | |
/// | when memory grows | O(blocks in quick lists), and now and then a copy of the table | |
///
/// **Space**: a 64th of memory for the table, and up to half of that as room for more.
/// **Waste**: sizes are rounded up to 16 bytes, above 1 KiB by an eighth at most. Buffers at the end
/// of memory grow with it, without a copy, where nothing that is free could hold them.
/// `alloc_zeroed` clears nothing that is known to be zero. Freed memory merges at once or before
/// memory grows.
///
/// A refused growth is a null pointer, and changes nothing; [`Policy`] says more.
///
/// # Threads
/// Natively, and in wasm with the target feature `atomics`, blocks to 1 KiB come from one of sixteen *shards*, sets of lists of free blocks, and
/// threads wait for each other only where those lists run empty or full. Nothing is registered.
///
/// # Interrupts, signals and traps
/// - **wasm with one thread**: nothing interrupts an operation. A trap may end one: the host catches a stack overflow, say, and calls
///   the module again. The heap is sound then and goes on, whatever the depth; at most the blocks that were on their way
///   are lost.
/// - **wasm with threads** (`atomics`): a worker that traps, or is ended from outside (`Worker.terminate`), takes along what it has live.
///   Within an operation it may have a shard: what waits there, 300 KiB at most, is lost, and all others go on. Or it may hold the
///   heap's own lock, and then every other thread that needs it waits for ever; the main thread of a page waits by spinning. End all workers of
///   a module together, or have each end itself.
/// - **An operating system, or bare metal with compare-and-swap**: a signal or interrupt handler must not call a heap, to allocate,
///   to free or to look into it: it would wait for ever for an operation that it interrupts itself.
/// - **Targets without compare-and-swap**, and with the feature `critical-section` all without an operating system: handlers may
///   call heaps. Every operation runs within the program's critical section.
///
/// A policy and its hooks, and what `walk` visits, are called while no lock is held, and may use the heap. A panic of theirs leaves it as
/// it is.
///
/// # Example
/// ```
/// #[global_allocator]
/// static HEAP: bonsai_alloc::Heap = bonsai_alloc::Heap::new();
/// # fn main() { assert_eq!(vec![1; 1000].len(), 1000); }
/// ```
pub type Heap<M = Linear, P = Standard> = Shell<Whole, M, P>;

#[cfg(all(
    not(feature = "checked"),
    any(
        all(any(unix, windows), not(target_family = "wasm")),
        all(target_family = "wasm", threads)
    )
))]
type Whole = shards::Sharded;
#[cfg(not(all(
    not(feature = "checked"),
    any(
        all(any(unix, windows), not(target_family = "wasm")),
        all(target_family = "wasm", threads)
    )
)))]
type Whole = Lock<State>;

/// A [`Heap`] as it is where there is one thread: a lock, and no shards before it.
#[doc(hidden)]
pub type OneLock<M = Linear, P = Standard> = Shell<Lock<State>, M, P>;

impl<S: Front, P: Policy> Shell<S, Linear, P> {
    /// Makes a heap over the module's linear memory, with a policy of the caller's.
    pub const fn with_policy() -> Self {
        Self::assemble(Linear)
    }
}

/// Returns the words of a descriptor that are of a state.
const fn described(state: *const State) -> [*const (); 6] {
    [
        field(state, offset_of!(State, runs.region)),
        field(state, offset_of!(State, runs.top)),
        field(state, offset_of!(State, runs.end)),
        field(state, offset_of!(State, quick)),
        value(CLASSES),
        value(SMALL),
    ]
}

const fn committed(state: *const State) -> *const () {
    field(state, offset_of!(State, runs.committed))
}

const fn field(state: *const State, offset: usize) -> *const () {
    state.cast::<()>().wrapping_byte_add(offset)
}

impl<P: Policy> Shell<Lock<State>, Linear, P> {
    /// Returns the addresses of the heap's state, for [`inspectable!`](crate::inspectable).
    pub const fn descriptor(&'static self) -> Descriptor {
        let state = self.state.as_ptr();
        Descriptor::new(Kind::Heap, committed(state), &described(state))
    }
}

impl<S: Front, M: PageSource, P: Policy> Shell<S, M, P> {
    /// Makes a heap over a pool of the caller's, with a policy of the caller's.
    pub const fn with_policy_and_memory(memory: M) -> Self {
        Self::assemble(memory)
    }
}

impl State {
    /// Returns true if the live block at `at` that was handed out for `g` granules is smaller than its class: then
    /// another block begins behind `g`.
    #[inline(always)]
    fn is_short(&self, at: usize, g: usize) -> bool {
        self.short > 0 && self.ends_early(at, g)
    }

    /// Returns true if the class of `g` granules is larger, and another block begins behind them.
    #[cold]
    #[inline(never)]
    fn ends_early(&self, at: usize, g: usize) -> bool {
        g < rounded(g) && self.runs.ends(at + g)
    }

    /// Returns the granules of the live block at `at` that was handed out for `g`: as many as its class
    /// says, or no more than `g`.
    #[inline(always)]
    fn extent(&self, at: usize, g: usize) -> usize {
        if self.is_short(at, g) { g } else { rounded(g) }
    }

    /// Takes a block for `size` bytes, aligned to a granule, off its quick list; null where there is none.
    #[inline(always)]
    fn reuse(&mut self, size: usize) -> *mut u8 {
        let address = match small_class(size) {
            Some(class) => self.pop(class, 1),
            None => self.pop(class_of(granules(size)), 1),
        };
        if address == 0 { ptr::null_mut() } else { self.runs.at_address(address) }
    }

    /// Frees a block of `size` bytes: onto its quick list, if there is one and it may wait there.
    ///
    /// # Safety
    /// A live block that was handed out for `size` bytes begins at `address`, and nothing uses it any more.
    #[inline(always)]
    unsafe fn release(&mut self, address: usize, size: usize) {
        if let Some(class) = small_class(size) {
            // SAFETY: a live block of that class, by this function's contract.
            return unsafe { self.push(class, address) };
        }
        let g = granules(size);
        let class = class_of(g);
        let idle = self.idle + size_of_class(class);
        let at = self.runs.granule(address);
        if class >= CLASSES || idle > self.runs.committed / IDLE || self.is_short(at, g) {
            // Inline, so that this way is as long as `FOLDS` says.
            // SAFETY: a live block that was handed out for `g` granules, by this function's contract.
            return unsafe { self.free_block(at, g) };
        }
        // SAFETY: a live block of that class, by this function's contract.
        unsafe { self.push(class, address) };
        self.idle = idle;
    }
}

// SAFETY: blocks are runs of granules that were taken out of the free runs, so they do not overlap;
// `State::serve` sees to size and alignment. Nothing panics.
unsafe impl HeapState for Lock<State> {
    // SAFETY: the closures of this file and of its modules call functions of the state and of a pool,
    // whose lock is another one; none of them calls the shell or the program.
    const NEW: Self = unsafe {
        Lock::new(State {
            quick: [0; CLASSES],
            idle: 0,
            careful: false,
            short: 0,
            carved: 0,
            emergency: 0,
            runs: Runs::EMPTY,
        })
    };
    const NAME: &'static str = "Heap";
    const ALIGN: usize = GRANULE;
    const WORDS: bool = true;
    const FOLDS: bool = true;

    #[inline(always)]
    unsafe fn alloc<M: PageSource, P: Policy>(heap: &Shell<Self, M, P>, layout: Layout) -> *mut u8 {
        if layout.align() <= GRANULE {
            let block = heap.state.with(|state| state.reuse(layout.size()));
            if !block.is_null() {
                return block;
            }
        }
        heap.take_block(layout)
    }

    #[inline(always)]
    unsafe fn dealloc<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        block: *mut u8,
        layout: Layout,
    ) -> bool {
        // SAFETY: a live block of that size, by the contract of `dealloc`.
        heap.state.with(|state| unsafe { state.release(block.addr(), layout.size()) });
        true
    }

    #[inline(always)]
    unsafe fn alloc_zeroed<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        layout: Layout,
    ) -> *mut u8 {
        let taken = if granules(layout.size()) <= SMALL {
            // SAFETY: the contract is that of `alloc`.
            serve::Taken { block: unsafe { Self::alloc(heap, layout) }, dirty: usize::MAX }
        } else {
            heap.take(layout)
        };
        if !taken.block.is_null() {
            // SAFETY: the new block.
            unsafe { taken.block.write_bytes(0, taken.dirty.min(layout.size())) };
        }
        taken.block
    }

    #[inline(always)]
    unsafe fn squeeze<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        block: *mut u8,
        layout: Layout,
        size: usize,
    ) -> *mut u8 {
        // SAFETY: a live block of that layout, by the contract of `squeeze`.
        heap.state.with(|state| unsafe { state.squeeze(block, layout, size) })
    }

    #[inline(always)]
    unsafe fn resize<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        block: *mut u8,
        layout: Layout,
        size: usize,
    ) -> bool {
        // With the feature `checked` a block never slides, so this is the only look at what is free behind it.
        let small = (small_class(layout.size()), small_class(size));
        if let (false, (Some(old), Some(new))) = (cfg!(feature = "checked"), small) {
            // A small block seldom has room behind it, and to move it costs less than to look.
            return old == new;
        }
        // SAFETY: a live block of that layout, by the contract of `resize`.
        unsafe { heap.resize_in_place(block, layout, size) }
    }
}

#[cfg(feature = "c")]
// SAFETY: the table has the size that the block was cut to, which is that of its class, at least
// what was asked for; `dealloc` and `resize` find the same class for it, and need no alignment.
unsafe impl crate::c::Measured for Lock<State> {
    unsafe fn size<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        block: ptr::NonNull<u8>,
    ) -> usize {
        heap.state.with(|state| state.size_of(block.addr().get())) << sizes::GRANULE_LOG
    }

    #[inline(always)]
    unsafe fn free<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        block: ptr::NonNull<u8>,
    ) -> bool {
        heap.state.with(|state| {
            let address = block.addr().get();
            let n = state.runs.near_size(state.runs.granule(address));
            if n != 0 {
                // SAFETY: by this function's contract a live block, of that size, which is small: `near_size` finds no others.
                unsafe { state.push(n, address) };
            }
            n != 0
        })
    }

    #[inline(always)]
    unsafe fn realloc<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        block: ptr::NonNull<u8>,
        size: usize,
    ) -> *mut u8 {
        heap.state.with(|state| {
            let n = state.runs.near_size(state.runs.granule(block.addr().get()));
            // SAFETY: by this function's contract a live block, of that size.
            unsafe { state.move_small(block, n, size) }
        })
    }
}

#[cfg(feature = "c")]
impl State {
    /// Returns the granules of the block at `address`, which the table knows.
    fn size_of(&self, address: usize) -> usize {
        let at = self.runs.granule(address);
        self.runs.block_end(at) - at
    }

    /// Makes a small block of `n` granules one for `size` bytes: as it is, or by way of a quick list. Returns null, and
    /// does nothing, where that list is empty, `size` is not small, or `n` is 0.
    ///
    /// # Safety
    /// `n` is at most [`SMALL`]. A live block of that size is at `block`, and nothing else uses it if the result is another
    /// one; or `n` is 0.
    #[inline(always)]
    unsafe fn move_small(&mut self, block: ptr::NonNull<u8>, n: usize, size: usize) -> *mut u8 {
        let Some(class) = small_class(size).filter(|_| n != 0) else {
            return ptr::null_mut();
        };
        if class == n {
            return block.as_ptr();
        }
        let new = self.pop(class, 1);
        if new == 0 {
            return ptr::null_mut();
        }
        let to = self.runs.at_address(new);
        // SAFETY: two live blocks, of which both have as many granules.
        unsafe { copy(block.as_ptr(), to, n.min(class) << sizes::GRANULE_LOG) };
        // SAFETY: by this function's contract a live block of that size, which nobody uses any more.
        unsafe { self.push(n, block.addr().get()) };
        to
    }
}
