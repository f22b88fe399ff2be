//! The shell of every global allocator: the only `impl GlobalAlloc` of the heaps.
//!
//! ```text
//!  call site      alloc(size)            a call, and nothing else
//!  ─────────────────┼───────────────────────────────────────────────
//!  Shell            ▼                    out of line, once in a program
//!                 checked::alloc         with the feature `checked`: looks at the call
//!                   ▼
//!  HeapState      S::alloc, S::dealloc, S::resize …
//!                   │ takes its lock
//!                   ▼
//!                 the heap's own lists and runs ──► PageSource ──► memory.grow
//! ```
//!
//! An allocation stands at ten thousand places of a real program, so what stands there decides how
//! large the program is. [`Shell`]'s methods are inlined only as far as a test of the alignment,
//! which is a constant at most call sites; everything else is in functions that are never inlined, but for a
//! free of a constant size, if that is all that is left of it: three instructions of a quick list.
//!
//! A heap is a state ([`HeapState`]), a [`PageSource`], a [`Policy`] and a [`Guard`]. The state brings
//! its own lock or locks. The shell knows nothing of how a heap works, and a heap knows nothing of
//! `GlobalAlloc`, `Allocator`, `Inspect` or the feature `checked`.

#[cfg(any(feature = "unstable", feature = "allocator-api2"))]
mod allocator;
#[cfg(feature = "checked")]
mod checked;
mod component;
#[cfg(any(
    not(feature = "checked"),
    feature = "unstable",
    feature = "allocator-api2",
    feature = "c"
))]
pub(crate) mod copy;
mod policy;

use core::{
    alloc::{GlobalAlloc, Layout},
    fmt,
    marker::PhantomData,
    ptr,
};

#[cfg(all(feature = "checked", feature = "c"))]
pub(crate) use self::checked::layout;
pub use self::policy::{Policy, Standard};
use crate::{
    checked::Guard,
    inspect::{Block, Damage, Inspect, State, Stats},
    linear::{Linear, PageSource},
};

/// The state of a heap, and the functions that make it an allocator. Behind [`Shell`].
///
/// The state is shared between threads, so it contains its own lock. No function calls back into
/// the program while a lock is held.
///
/// # Safety
/// [`HeapState::alloc`] and [`HeapState::alloc_zeroed`] return null, or a block of at least the size
/// and the alignment of the layout that overlaps no other block until it is passed to
/// [`HeapState::dealloc`]. A successful [`HeapState::resize`] keeps the bytes that both sizes have.
/// Blocks stay valid if the heap moves. Nothing panics.
pub unsafe trait HeapState: Sync + Sized {
    /// A heap that has no memory yet.
    const NEW: Self;

    /// The name of the heap in reports.
    const NAME: &'static str;

    /// True if freed blocks wait in quarantine under `checked`: false for heaps that do not use
    /// memory again.
    const QUARANTINE: bool = true;

    /// The alignment, a power of two or 0, up to which [`HeapState::alloc`] does the same for every
    /// layout of a size. Requests up to it pass no alignment at the call site.
    const ALIGN: usize = 0;

    /// True if short blocks that move are copied word by word, which is faster, and larger.
    const WORDS: bool = false;

    /// True if a free of a constant size is a few instructions, and one of any other size so many that no compiler
    /// inlines it.
    const FOLDS: bool = false;

    /// Allocates a block.
    ///
    /// # Safety
    /// As for [`GlobalAlloc::alloc`].
    unsafe fn alloc<M: PageSource, P: Policy>(heap: &Shell<Self, M, P>, layout: Layout) -> *mut u8;

    /// Frees a block. Returns false if its memory is not used again.
    ///
    /// # Safety
    /// As for [`GlobalAlloc::dealloc`].
    unsafe fn dealloc<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        block: *mut u8,
        layout: Layout,
    ) -> bool;

    /// Allocates a block that is zero.
    ///
    /// # Safety
    /// As for [`GlobalAlloc::alloc_zeroed`].
    #[inline(always)]
    unsafe fn alloc_zeroed<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        layout: Layout,
    ) -> *mut u8 {
        // SAFETY: the contract is that of `alloc`.
        let block = unsafe { Self::alloc(heap, layout) };
        if !block.is_null() {
            // SAFETY: a new block of that size, by the contract of `alloc`.
            unsafe { block.write_bytes(0, layout.size()) };
        }
        block
    }

    /// Makes a block larger or smaller where it is. Returns false, and changes nothing, where that
    /// is impossible.
    ///
    /// # Safety
    /// As for [`GlobalAlloc::realloc`].
    unsafe fn resize<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        block: *mut u8,
        layout: Layout,
        size: usize,
    ) -> bool;

    /// Resizes a block when there is no memory for another one: in place, or by moving it over free
    /// memory in front of it. Returns null, and changes nothing, where that is impossible.
    ///
    /// # Safety
    /// As for [`GlobalAlloc::realloc`].
    #[inline(always)]
    unsafe fn squeeze<M: PageSource, P: Policy>(
        _: &Shell<Self, M, P>,
        _: *mut u8,
        _: Layout,
        _: usize,
    ) -> *mut u8 {
        ptr::null_mut()
    }
}

/// The read-only view of a state, for [`Inspect`].
pub trait HeapView: HeapState {
    /// Shows every block in address order. No lock is held while `visit` runs.
    fn walk<M: PageSource, P: Policy>(heap: &Shell<Self, M, P>, visit: &mut dyn FnMut(Block));

    /// True if free blocks that are neighbours can be had as one.
    const MERGES: bool = false;

    /// Shows every block in address order, in one pass.
    ///
    /// # Safety
    /// `visit` does not use the heap: it may be called while a lock is held.
    unsafe fn tally<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        visit: &mut dyn FnMut(Block),
    ) {
        Self::walk(heap, visit);
    }

    /// Verifies every invariant of the state.
    fn check<M: PageSource, P: Policy>(heap: &Shell<Self, M, P>) -> Result<(), Damage>;
}

/// A global allocator: a state, the memory it takes pages from, and a policy.
///
/// Programs name it by one of its aliases: [`Heap`](crate::Heap), [`SlabHeap`](crate::SlabHeap),
/// [`BuddyHeap`](crate::BuddyHeap), [`BumpHeap`](crate::BumpHeap), [`TinyHeap`](crate::TinyHeap).
pub struct Shell<S: HeapState, M: PageSource = Linear, P: Policy = Standard> {
    pub(crate) state: S,
    pub(crate) memory: M,
    pub(crate) guard: Guard,
    policy: PhantomData<fn() -> P>,
}

impl<S: HeapState> Shell<S> {
    /// Makes a heap over the module's linear memory. It takes none before the first allocation.
    pub const fn new() -> Self {
        Self::with_memory(Linear)
    }
}

impl<S: HeapState> Default for Shell<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: HeapState, M: PageSource> Shell<S, M> {
    /// Makes a heap over a pool of the caller's. The pool outlives the heap:
    ///
    /// ```compile_fail,E0597
    /// use bonsai_alloc::{Heap, linear::{Config, Pool, Simulation}};
    ///
    /// let heap = {
    ///     let pool = Pool::new(Simulation::new(Config::default()));
    ///     Heap::with_memory(&pool)
    /// };
    /// heap.reserve(1);
    /// ```
    pub const fn with_memory(memory: M) -> Self {
        Self::assemble(memory)
    }
}

impl<S: HeapState, M: PageSource, P: Policy> Shell<S, M, P> {
    pub(crate) const fn assemble(memory: M) -> Self {
        // SAFETY: the shell passes the region of its own memory, which the blocks of every state lie in,
        // and the blocks that its state hands out.
        let guard = unsafe { Guard::new(S::NAME, S::QUARANTINE) };
        Shell { state: S::NEW, memory, guard, policy: PhantomData }
    }

    /// Empties the quarantine of the feature `checked`. Returns false if nothing was in it.
    #[inline(always)]
    pub(crate) fn empty_quarantine(&self) -> bool {
        #[cfg(feature = "checked")]
        return checked::make_room(self);
        #[cfg(not(feature = "checked"))]
        false
    }

    /// Allocates a block whose alignment is at most [`HeapState::ALIGN`].
    ///
    /// # Safety
    /// As for [`GlobalAlloc::alloc`].
    #[inline(never)]
    unsafe fn alloc_size(&self, size: usize) -> *mut u8 {
        // SAFETY: `size` is part of a layout, so at most `isize::MAX`, which needs no rounding here.
        let layout = unsafe { Layout::from_size_align_unchecked(size, 1) };
        // SAFETY: the caller's contract is that of `GlobalAlloc::alloc`.
        unsafe { S::alloc(self, layout) }
    }

    /// Allocates a block.
    ///
    /// # Safety
    /// As for [`GlobalAlloc::alloc`].
    #[inline(never)]
    unsafe fn alloc_layout(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract is that of `GlobalAlloc::alloc`.
        unsafe { self.alloc_inline(layout) }
    }

    /// Allocates a block, with no call where that is short.
    ///
    /// # Safety
    /// As for [`GlobalAlloc::alloc`].
    #[inline(always)]
    pub(crate) unsafe fn alloc_inline(&self, layout: Layout) -> *mut u8 {
        #[cfg(feature = "checked")]
        // SAFETY: the caller's contract is that of `GlobalAlloc::alloc`.
        let block = unsafe { checked::alloc(self, layout) };
        #[cfg(not(feature = "checked"))]
        // SAFETY: the caller's contract is that of `GlobalAlloc::alloc`.
        let block = unsafe { S::alloc(self, layout) };
        block
    }

    /// Allocates a block that is zero.
    ///
    /// # Safety
    /// As for [`GlobalAlloc::alloc_zeroed`].
    #[inline(never)]
    unsafe fn zeroed_layout(&self, layout: Layout) -> *mut u8 {
        #[cfg(feature = "checked")]
        // SAFETY: the caller's contract is that of `GlobalAlloc::alloc_zeroed`.
        let block = unsafe { checked::alloc_zeroed(self, layout) };
        #[cfg(not(feature = "checked"))]
        // SAFETY: the caller's contract is that of `GlobalAlloc::alloc_zeroed`.
        let block = unsafe { S::alloc_zeroed(self, layout) };
        block
    }

    /// Frees a block of a state that has [`HeapState::FOLDS`]: inlined where the size is a constant for which that is
    /// cheaper than a call, as the compiler counts.
    ///
    /// # Safety
    /// As for [`GlobalAlloc::dealloc`].
    unsafe fn dealloc_folded(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's contract is that of `GlobalAlloc::dealloc`.
        unsafe { S::dealloc(self, block, layout) };
    }

    /// Frees a block.
    ///
    /// # Safety
    /// As for [`GlobalAlloc::dealloc`].
    #[inline(never)]
    unsafe fn dealloc_layout(&self, block: *mut u8, layout: Layout) {
        #[cfg(feature = "checked")]
        // SAFETY: the caller's contract is that of `GlobalAlloc::dealloc`.
        unsafe {
            checked::dealloc(self, block, layout);
        };
        #[cfg(not(feature = "checked"))]
        // SAFETY: the caller's contract is that of `GlobalAlloc::dealloc`.
        unsafe {
            S::dealloc(self, block, layout);
        };
    }

    /// Resizes a block, in place or by moving it.
    ///
    /// # Safety
    /// As for [`GlobalAlloc::realloc`].
    #[inline(never)]
    unsafe fn realloc_layout(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        #[cfg(feature = "checked")]
        // SAFETY: the caller's contract is that of `GlobalAlloc::realloc`.
        return unsafe { checked::realloc(self, block, layout, size) };
        #[cfg(not(feature = "checked"))]
        // SAFETY: the caller's contract is that of `GlobalAlloc::realloc`.
        if unsafe { S::resize(self, block, layout, size) } {
            block
        } else {
            // SAFETY: the contract of `realloc` says that `size` makes a layout.
            let new = unsafe { resized(layout, size) };
            // SAFETY: the contract of `realloc` says that the block is live, and that `size` is not 0.
            let to = unsafe { relocate(self, block, layout, new, S::WORDS) };
            if to.is_null() {
                // SAFETY: the block is as it was.
                return unsafe { S::squeeze(self, block, layout, size) };
            }
            to
        }
    }
}

// SAFETY: the state's contract promises what `GlobalAlloc` demands; `checked` passes on layouts that
// are at least as large, and refuses only calls that break the contract.
unsafe impl<S: HeapState, M: PageSource, P: Policy> GlobalAlloc for Shell<S, M, P> {
    #[inline(always)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // The book of `checked` and a hook are told the layout as it is.
        let by_size = cfg!(not(feature = "checked")) && P::OUT_OF_MEMORY.is_none();
        if by_size && layout.align() <= S::ALIGN {
            // SAFETY: the caller's contract, and the alignment was tested.
            unsafe { self.alloc_size(layout.size()) }
        } else {
            // SAFETY: the caller's contract is passed on.
            unsafe { self.alloc_layout(layout) }
        }
    }

    #[inline(always)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if cfg!(not(feature = "checked")) && S::FOLDS {
            // SAFETY: the caller's contract is passed on.
            unsafe { self.dealloc_folded(block, layout) }
        } else {
            // SAFETY: the caller's contract is passed on.
            unsafe { self.dealloc_layout(block, layout) }
        }
    }

    #[inline(always)]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract is passed on.
        unsafe { self.zeroed_layout(layout) }
    }

    #[inline(always)]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's contract is passed on.
        unsafe { self.realloc_layout(block, layout, size) }
    }
}

impl<S: HeapView, M: PageSource, P: Policy> Inspect for Shell<S, M, P> {
    fn walk(&self, visit: &mut dyn FnMut(Block)) {
        if S::QUARANTINE {
            S::walk(self, &mut self.guard.seen(visit));
        } else {
            S::walk(self, visit);
        }
    }

    fn check(&self) -> Result<(), Damage> {
        self.guard.check(&self.memory.pool().region())?;
        S::check(self)
    }

    fn stats(&self) -> Stats {
        let mut stats = Stats::default();
        let (mut end, mut row) = (0, 0);
        let mut add = |block: Block| {
            stats.add(block);
            let free = block.state == State::Free;
            row = if !free {
                0
            } else if block.address == end {
                row + block.size
            } else {
                block.size
            };
            end = block.end();
            if S::MERGES {
                stats.largest_free = stats.largest_free.max(row);
            }
        };
        if S::QUARANTINE {
            // SAFETY: the closure adds numbers, and looks into the guard's book, whose lock is another one.
            unsafe { S::tally(self, &mut self.guard.seen(&mut add)) };
        } else {
            // SAFETY: the closure adds numbers.
            unsafe { S::tally(self, &mut add) };
        }
        stats
    }
}

impl<S: HeapState, M: PageSource, P: Policy> fmt::Debug for Shell<S, M, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(S::NAME).field("guard", &self.guard).finish_non_exhaustive()
    }
}

#[cfg(feature = "checked")]
impl<S: HeapState, M: PageSource, P: Policy> crate::checked::Watched for Shell<S, M, P> {
    fn guard(&self) -> &Guard {
        &self.guard
    }

    fn region(&self) -> crate::region::Region {
        self.memory.pool().region()
    }
}

/// Moves a block: allocates, copies, frees. Returns null, and leaves the block as it was, where
/// there is no memory. With `words`, short blocks are copied word by word.
///
/// # Safety
/// The block at `from` was allocated by `heap` for `old` and is live; neither size is 0.
#[cfg(any(not(feature = "checked"), feature = "unstable", feature = "allocator-api2"))]
#[inline(always)]
pub(crate) unsafe fn relocate<H: GlobalAlloc>(
    heap: &H,
    from: *mut u8,
    old: Layout,
    new: Layout,
    words: bool,
) -> *mut u8 {
    // SAFETY: the size is not 0.
    let to = unsafe { heap.alloc(new) };
    if !to.is_null() {
        let len = old.size().min(new.size());
        if words {
            // SAFETY: two live blocks do not overlap, and both are at least that long.
            unsafe { copy::copy(from, to, len) };
        } else {
            // SAFETY: two live blocks do not overlap, and both are at least that long.
            unsafe { from.copy_to_nonoverlapping(to, len) };
        }
        // SAFETY: the block is live, and allocated for `old`.
        unsafe { heap.dealloc(from, old) };
    }
    to
}

/// Returns the layout that `realloc` asks for.
///
/// # Safety
/// `size`, rounded up to the alignment of `layout`, is at most `isize::MAX`: the contract of
/// [`GlobalAlloc::realloc`].
#[inline(always)]
pub(crate) unsafe fn resized(layout: Layout, size: usize) -> Layout {
    // SAFETY: this function's contract, and the alignment is a layout's.
    unsafe { Layout::from_size_align_unchecked(size, layout.align()) }
}
