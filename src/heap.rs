//! The general-purpose global allocator.
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
mod classes;
mod regions;
mod runs;
#[cfg(test)]
mod tests;
mod view;

use core::{
    alloc::Layout,
    mem::offset_of,
    ptr::{self, NonNull},
};

pub use crate::global::{Policy, Standard};

use self::{
    classes::{CLASSES, GRANULE, GRANULE_LOG, SMALL, class_for, granules, size_of_class},
    runs::{Runs, Taken, Want},
};
use crate::{
    bitmap::align_up,
    checked,
    descriptor::{Descriptor, Kind, value},
    global::{HeapState, Shell},
    inspect::Inspect,
    linear::{Linear, LinearMemory, PAGE, PageSource, Pool},
    lock::Lock,
};

/// Small blocks are carved this many granules at a time, where a run has them.
const BATCH: usize = 128;
/// What waits in quick lists of sizes above [`SMALL`] is at most a quarter of all memory: granules
/// are compared with bytes.
const IDLE: usize = 4 * GRANULE;
/// Memory that grows although more than this part of it is free is fragmented: a quarter.
const FRAGMENTED: usize = 4 * GRANULE;
/// Then the quick lists are emptied whenever this part of memory was taken from runs: a 256th.
const OFTEN: usize = 256 * GRANULE;
/// Granules of page 0, where no block begins.
const NO_RESERVE: usize = 1;
/// Blocks from this size on, in granules, grow with the memory they end with.
const EXTEND: usize = 1024;
const ASTRAY: &str = "a quick list leads to what is no block of its size";

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
    /// Whether memory grew although much of it was free. Then the quick lists are emptied often: what
    /// waits there keeps free memory around it in pieces.
    careful: bool,
    /// Granules taken from runs since the lists were emptied for that reason.
    carved: usize,
    /// The granule of the emergency reserve; 0 before the first allocation, [`NO_RESERVE`] where
    /// there is none or it was used up.
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
/// | realloc | in place if what follows is free, else a copy | |
/// | when memory grows | O(blocks in quick lists), and now and then a copy of the table | |
///
/// **Space**: a 64th of memory for the table, and up to a quarter of that as room for more.
/// **Waste**: sizes are rounded up to 16 bytes, above 1 KiB by an eighth at most. Buffers at the end
/// of memory grow with it, without a copy, where nothing that is free could hold them.
/// `alloc_zeroed` clears nothing that is known to be zero. Freed memory merges at once or before
/// memory grows.
///
/// A refused growth is a null pointer, and changes nothing; [`Policy`] says more.
///
/// # Example
/// ```
/// #[global_allocator]
/// static HEAP: bonsai_alloc::Heap = bonsai_alloc::Heap::new();
/// # fn main() { assert_eq!(vec![1; 1000].len(), 1000); }
/// ```
pub type Heap<M = Linear, P = Standard> = Shell<Lock<State>, M, P>;

impl<P: Policy> Heap<Linear, P> {
    /// Makes a heap over the module's linear memory, with a policy of the caller's.
    pub const fn with_policy() -> Self {
        Self::assemble(Linear)
    }

    /// Where a reader from outside finds what; for [`inspectable!`](crate::inspectable).
    pub const fn descriptor(&'static self) -> Descriptor {
        const fn field(state: *const State, offset: usize) -> *const () {
            state.cast::<()>().wrapping_byte_add(offset)
        }
        let state = self.state.as_ptr();
        let words = [
            field(state, offset_of!(State, runs.table)),
            field(state, offset_of!(State, runs.origin)),
            field(state, offset_of!(State, runs.top)),
            field(state, offset_of!(State, runs.end)),
            field(state, offset_of!(State, runs.limit)),
            field(state, offset_of!(State, runs.newest)),
            field(state, offset_of!(State, quick)),
            value(CLASSES),
            value(SMALL),
        ];
        Descriptor::new(Kind::Heap, field(state, offset_of!(State, runs.committed)), &words)
    }
}

impl State {
    /// The link in a free block.
    ///
    /// # Safety
    /// A block at `address` waits on a list.
    #[inline(always)]
    unsafe fn link(&self, address: usize) -> usize {
        let at = self.runs.pointer(self.runs.granule(address));
        // SAFETY: as the caller promises; blocks are aligned to 16.
        unsafe { at.cast::<usize>().read() }
    }

    /// Whether a block begins at `address` that a quick list may lead to.
    #[inline]
    fn may_wait(&self, address: usize) -> bool {
        address & (GRANULE - 1) == 0 && self.runs.is_taken(self.runs.granule(address))
    }

    /// Whether one of `n` granules does: a look at the table that only `checked` takes.
    fn waits(&self, address: usize, n: usize) -> bool {
        self.may_wait(address) && self.runs.ends(self.runs.granule(address) + n)
    }

    /// Takes the first block of a list.
    #[inline(always)]
    fn pop(&mut self, class: usize) -> Option<usize> {
        // SAFETY: callers pass classes that there are.
        let head = unsafe { *self.quick.get_unchecked(class) };
        if head == 0 {
            return None;
        }
        // SAFETY: it waits on this list.
        let next = unsafe { self.link(head) };
        let holds = || next == 0 || self.waits(next, size_of_class(class));
        let sound = checked::sound(holds, head, ASTRAY);
        // SAFETY: as above.
        unsafe { *self.quick.get_unchecked_mut(class) = if sound { next } else { 0 } };
        Some(head)
    }

    /// Puts a block on a list.
    ///
    /// # Safety
    /// It is a block of that class, and nothing uses it any more.
    #[inline(always)]
    unsafe fn push(&mut self, class: usize, address: usize) {
        // SAFETY: callers pass classes that there are.
        let head = unsafe { self.quick.get_unchecked_mut(class) };
        let next = core::mem::replace(head, address);
        let at = self.runs.pointer(self.runs.granule(address));
        // SAFETY: the caller gives the block up; it has room for an address.
        unsafe { at.cast::<usize>().write(next) };
    }

    fn address(&self, at: usize) -> usize {
        self.runs.pointer(at).addr()
    }

    /// Empties the quick lists into the runs. Whether there was anything. A list is given up where
    /// it leads to what is no block of its size: one that was freed twice, or overwritten.
    fn flush(&mut self) -> bool {
        let mut any = false;
        for class in 0..CLASSES {
            let n = size_of_class(class);
            // SAFETY: a class that there is.
            let mut block = core::mem::replace(unsafe { self.quick.get_unchecked_mut(class) }, 0);
            while block != 0
                && checked::plausible(self.may_wait(block), block, ASTRAY)
                && checked::sound(|| self.waits(block, n), block, ASTRAY)
            {
                any = true;
                // SAFETY: it waited on the list.
                let next = unsafe { self.link(block) };
                let at = self.runs.granule(block);
                // SAFETY: a free block of that size.
                unsafe { self.runs.free(at, n) };
                block = next;
            }
        }
        self.idle = 0;
        any
    }

    /// Grows by what `n` granules in a row need; `joined`: those that follow the top. False, and
    /// nothing changed, where that is refused. What came may be too little, though not twice in a
    /// row.
    fn grow<G: LinearMemory, P: Policy>(&mut self, pool: &Pool<G>, n: usize, joined: bool) -> bool {
        let runs = &mut self.runs;
        let end = runs.granule(pool.end());
        let mut needed = 0;
        let mut bytes = 0;
        for moves in [false, true] {
            needed = runs.needed(end, n, moves) << GRANULE_LOG;
            bytes = P::growth(runs.committed, needed);
            let pages = align_up(bytes, PAGE) >> GRANULE_LOG;
            if bytes >= needed && runs.table_stays(end, pages, joined) {
                break;
            }
        }
        if bytes < needed {
            return false;
        }
        // What would have been nice to have may be too much.
        let Some(extent) = pool.take_fresh(bytes).or_else(|| pool.take_fresh(needed)) else {
            return false;
        };
        // SAFETY: fresh from the pool, whose memory begins there.
        if !unsafe { runs.add(base(pool), &extent, joined) } {
            // It is what was below the first growth and less than three granules; or, where there
            // are threads, somebody else grew in the same instant.
            #[cfg(any(target_feature = "atomics", not(target_family = "wasm")))]
            // SAFETY: taken from the pool just now.
            unsafe {
                pool.release_run(extent.start, extent.len);
            }
        }
        true
    }

    /// Takes what is wanted from the runs: those there are, then those that the quick lists make,
    /// then new memory.
    #[inline(never)]
    fn obtain<G: LinearMemory, P: Policy>(&mut self, pool: &Pool<G>, want: Want) -> Option<Taken> {
        // Without memory there is no table to look into.
        if self.runs.limit != 0 {
            self.carved = self.carved.wrapping_add(want.fit);
            if self.careful && self.carved > self.runs.committed / OFTEN {
                self.carved = 0;
                self.flush();
            }
            if let Some(taken) = self.runs.take(want) {
                return Some(taken);
            }
            if self.flush() {
                if let Some(taken) = self.runs.take(want) {
                    return Some(taken);
                }
            }
        }
        self.careful = self.runs.free > self.runs.committed / FRAGMENTED;
        // The first growth may be what is below it, and too small; one that lands behind
        // foreign pages does not add to the top.
        for _ in 0..3 {
            if !self.grow::<G, P>(pool, want.fit, false) {
                return None;
            }
            if let Some(taken) = self.runs.take(want) {
                return Some(taken);
            }
        }
        None
    }

    /// Takes a block that the first of a quick list is not: a small one, of which more are carved
    /// from the same run for the list, a large or strongly aligned one, or any where nothing waits.
    #[inline(never)]
    fn take<G: LinearMemory, P: Policy>(
        &mut self,
        pool: &Pool<G>,
        layout: Layout,
    ) -> Option<Taken> {
        let (n, class) = class_for(layout.size());
        let align = layout.align();
        if align > GRANULE {
            if let Some(at) = self.pop_aligned(class, align) {
                return Some(Taken { at, n, fresh: usize::MAX });
            }
            let fit = n.checked_add((align >> GRANULE_LOG) - 1)?;
            return self.obtain::<G, P>(pool, Want { n, fit, most: n, align });
        }
        let most = if n <= SMALL { BATCH } else { n };
        let taken = self.obtain::<G, P>(pool, Want { n, fit: n, most, align })?;
        let mut at = taken.at + taken.n;
        while at > taken.at + n {
            at -= n;
            self.runs.mark(at);
            let address = self.address(at);
            // SAFETY: carved just now, of that size.
            unsafe { self.push(class, address) };
        }
        Some(Taken { n, ..taken })
    }

    /// Takes the first block of a list if it happens to be aligned to `align`: strongly aligned
    /// blocks wait in the same lists as others of their size.
    fn pop_aligned(&mut self, class: usize, align: usize) -> Option<usize> {
        let head = *self.quick.get(class)?;
        if head & (align - 1) != 0 {
            return None;
        }
        let block = self.pop(class)?;
        if class > SMALL {
            self.idle -= size_of_class(class);
        }
        Some(self.runs.granule(block))
    }

    /// Sets the emergency reserve apart, once.
    #[inline(always)]
    fn set_apart<G: LinearMemory, P: Policy>(&mut self, pool: &Pool<G>) {
        if P::EMERGENCY > 0 && self.emergency == 0 {
            let n = granules(P::EMERGENCY);
            let want = Want { n, fit: n, most: n, align: 1 };
            self.emergency = self.obtain::<G, P>(pool, want).map_or(NO_RESERVE, |taken| taken.at);
        }
    }

    /// Frees the emergency reserve. Whether there was one.
    fn free_emergency<P: Policy>(&mut self) -> bool {
        let there = self.emergency > NO_RESERVE;
        if there {
            // SAFETY: the reserve, which nobody uses.
            unsafe { self.runs.free(self.emergency, granules(P::EMERGENCY)) };
            self.emergency = NO_RESERVE;
        }
        there
    }

    /// Makes a block smaller or larger where it is. False, and nothing changed, where that cannot
    /// be.
    ///
    /// # Safety
    /// It was handed out for `old` bytes.
    #[inline(never)]
    unsafe fn resize<G: LinearMemory, P: Policy>(
        &mut self,
        pool: &Pool<G>,
        address: usize,
        old: usize,
        new: usize,
    ) -> bool {
        let (from, _) = class_for(old);
        let (to, _) = class_for(new);
        let at = self.runs.granule(address);
        if to <= from {
            if to < from {
                self.runs.mark(at + to);
                // SAFETY: a block of its own now, which the caller gives up.
                unsafe { self.runs.free(at + to, from - to) };
            }
            return true;
        }
        let more = to - from;
        let mut free = self.runs.free_at(at + from);
        if free < more && at + from == self.runs.top && to >= EXTEND {
            // Memory grows only for what nothing that is free could hold.
            self.flush();
            if self.runs.find(to).is_some() || !self.grow::<G, P>(pool, more, true) {
                return false;
            }
            free = self.runs.free_at(at + from);
        }
        if free < more {
            return false;
        }
        self.runs.cut(at + from, free, more);
        self.runs.join(at + from);
        true
    }
}

/// The start of a pool's linear memory, a page below it: granule 0 is none.
fn base<G: LinearMemory>(pool: &Pool<G>) -> NonNull<u8> {
    NonNull::new(pool.memory().pointer(0).wrapping_sub(PAGE)).unwrap_or(NonNull::dangling())
}

impl<M: PageSource, P: Policy> Heap<M, P> {
    /// Makes a heap over a pool of the caller's, with a policy of the caller's.
    pub const fn with_policy_and_memory(memory: M) -> Self {
        Self::assemble(memory)
    }

    /// Grows now, so that `bytes` bytes more can be allocated without growing later. False, and
    /// nothing changed, where that is refused.
    ///
    /// With a [`Policy`] that never grows, the start-up code's way to all the memory there will be
    /// is a policy that allows it until then.
    pub fn reserve(&self, bytes: usize) -> bool {
        self.state.with(|state| {
            let pool = self.memory.pool();
            // The first growth may be what is below it, and too small.
            for _ in 0..3 {
                if state.runs.end - state.runs.top >= granules(bytes) {
                    return true;
                }
                if !state.grow::<M::Memory, P>(pool, granules(bytes), false) {
                    return false;
                }
            }
            state.runs.end - state.runs.top >= granules(bytes)
        })
    }

    #[inline(always)]
    fn take(&self, layout: Layout) -> Option<(*mut u8, Taken)> {
        let mut retried = false;
        loop {
            let taken = self.state.with(|state| {
                state.set_apart::<M::Memory, P>(self.memory.pool());
                let taken = state.take::<M::Memory, P>(self.memory.pool(), layout)?;
                Some((state.runs.pointer(taken.at), taken))
            });
            if taken.is_some() || retried || (P::EMERGENCY == 0 && P::OUT_OF_MEMORY.is_none()) {
                return taken;
            }
            if checked::make_room(self) {
                continue;
            }
            let freed = self.state.with(|state| state.free_emergency::<P>());
            let again = match P::OUT_OF_MEMORY {
                Some(hook) => hook(layout, &self.stats()),
                None => freed,
            };
            if !again {
                return None;
            }
            retried = true;
        }
    }

    /// What [`Plain::alloc`] does when a quick list does not do it.
    #[cold]
    #[inline(never)]
    fn alloc_slowly(&self, layout: Layout) -> *mut u8 {
        match self.take(layout) {
            Some((block, _)) => block,
            None => ptr::null_mut(),
        }
    }
}

// SAFETY: blocks are runs of granules that were taken out of the free runs, so they do not overlap;
// `State::take` sees to size and alignment. Nothing panics.
unsafe impl HeapState for Lock<State> {
    const NEW: Self = Lock::new(State {
        quick: [0; CLASSES],
        idle: 0,
        careful: false,
        carved: 0,
        emergency: 0,
        runs: Runs::EMPTY,
    });
    const NAME: &'static str = "Heap";
    const ALIGN: usize = GRANULE;

    #[inline(always)]
    unsafe fn alloc<M: PageSource, P: Policy>(heap: &Shell<Self, M, P>, layout: Layout) -> *mut u8 {
        if layout.align() <= GRANULE {
            let (n, class) = class_for(layout.size());
            if class < CLASSES {
                let block = heap.state.with(|state| {
                    let block = state.pop(class)?;
                    if n > SMALL {
                        state.idle -= n;
                    }
                    Some(state.runs.pointer(state.runs.granule(block)))
                });
                if let Some(block) = block {
                    return block;
                }
            }
        }
        heap.alloc_slowly(layout)
    }

    #[inline(always)]
    unsafe fn dealloc<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        block: *mut u8,
        layout: Layout,
    ) -> bool {
        let (n, class) = class_for(layout.size());
        heap.state.with(|state| {
            if n > SMALL {
                if class == CLASSES || state.idle + n > state.runs.committed / IDLE {
                    // SAFETY: a live block of `n` granules, by the contract of `dealloc`.
                    return unsafe { state.runs.free(state.runs.granule(block.addr()), n) };
                }
                state.idle += n;
            }
            // SAFETY: a live block of that class, by the contract of `dealloc`.
            unsafe { state.push(class, block.addr()) };
        });
        true
    }

    #[inline(always)]
    unsafe fn alloc_zeroed<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        layout: Layout,
    ) -> *mut u8 {
        let n = granules(layout.size());
        if n <= SMALL {
            // SAFETY: the contract is that of `alloc`.
            let block = unsafe { Self::alloc(heap, layout) };
            if !block.is_null() {
                // SAFETY: the new block.
                unsafe { block.write_bytes(0, layout.size()) };
            }
            return block;
        }
        let Some((block, taken)) = heap.take(layout) else {
            return ptr::null_mut();
        };
        let dirty = taken.fresh.saturating_sub(taken.at).min(n) << GRANULE_LOG;
        // SAFETY: the new block.
        unsafe { block.write_bytes(0, dirty.min(layout.size())) };
        block
    }

    #[inline(always)]
    unsafe fn resize<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        block: *mut u8,
        layout: Layout,
        size: usize,
    ) -> bool {
        let pool = heap.memory.pool();
        heap.state.with(|state| {
            // SAFETY: a live block of that layout, by the contract of `resize`.
            unsafe { state.resize::<M::Memory, P>(pool, block.addr(), layout.size(), size) }
        })
    }
}

#[cfg(feature = "c")]
// SAFETY: the table has the size that the block was cut to, which is that of its class, at least
// what was asked for; `dealloc` and `resize` find the same class for it, and need no alignment.
unsafe impl crate::c::Measured for Lock<State> {
    unsafe fn size<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        block: NonNull<u8>,
    ) -> usize {
        heap.state.with(|state| {
            let at = state.runs.granule(block.addr().get());
            (state.runs.block_end(at) - at) << GRANULE_LOG
        })
    }
}
