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
    linear::{Linear, LinearMemory, MAX_PAGES, PAGE, PageSource, Pool},
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
/// Growths in a row that one request may need.
const GROWTHS: usize = 3;
/// Granules of all memory that there can be.
const MOST: usize = (MAX_PAGES * PAGE) >> GRANULE_LOG;
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
    /// Live blocks that are smaller than their class, because nothing larger was free.
    short: usize,
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
    ///
    /// # Safety
    /// `class` is below [`CLASSES`].
    #[inline(always)]
    unsafe fn pop(&mut self, class: usize) -> Option<usize> {
        // SAFETY: the caller's class is below the length.
        let head = unsafe { *self.quick.get_unchecked(class) };
        if head == 0 {
            return None;
        }
        // SAFETY: it waits on this list.
        let next = unsafe { self.link(head) };
        let holds = || next == 0 || self.waits(next, size_of_class(class));
        let sound = checked::sound(holds, head, ASTRAY);
        // SAFETY: the caller's class is below the length.
        unsafe { *self.quick.get_unchecked_mut(class) = if sound { next } else { 0 } };
        Some(head)
    }

    /// Puts a block on a list.
    ///
    /// # Safety
    /// `class` is below [`CLASSES`]; a block of that class begins at `address`, and nothing uses it
    /// any more.
    #[inline(always)]
    unsafe fn push(&mut self, class: usize, address: usize) {
        // SAFETY: the caller's class is below the length.
        let head = unsafe { self.quick.get_unchecked_mut(class) };
        let next = core::mem::replace(head, address);
        let at = self.runs.pointer(self.runs.granule(address));
        // SAFETY: the caller gives the block up; it has room for an address.
        unsafe { at.cast::<usize>().write(next) };
    }

    fn address(&self, at: usize) -> usize {
        self.runs.pointer(at).addr()
    }

    /// Empties the quick lists into the runs. Returns false if they were empty. A list is given up
    /// where it leads to no block of its size: one that was freed twice, or overwritten.
    #[inline(never)]
    fn flush(&mut self) -> bool {
        let mut any = false;
        for class in 0..CLASSES {
            let n = size_of_class(class);
            loop {
                // SAFETY: `class` is below the length.
                let head = unsafe { self.quick.get_unchecked_mut(class) };
                let block = *head;
                if block == 0 {
                    break;
                }
                // Off the list before it is freed: a trap in between loses one block.
                *head = 0;
                if !checked::plausible(self.may_wait(block), block, ASTRAY)
                    || !checked::sound(|| self.waits(block, n), block, ASTRAY)
                {
                    break;
                }
                any = true;
                // SAFETY: it waited on the list.
                let next = unsafe { self.link(block) };
                // SAFETY: `class` is below the length.
                unsafe { *self.quick.get_unchecked_mut(class) = next };
                if n > SMALL {
                    self.idle = self.idle.saturating_sub(n);
                }
                let at = self.runs.granule(block);
                // SAFETY: a block of that size, which nobody uses.
                unsafe { self.runs.free(at, n) };
            }
        }
        self.idle = 0;
        any
    }

    /// Grows by `bytes`, or by `needed` where that is too much. Returns false, and changes nothing,
    /// where both are refused. What came may be too little, though not twice in a row.
    fn grow<G: LinearMemory>(
        &mut self,
        pool: &Pool<G>,
        bytes: usize,
        needed: usize,
        joined: bool,
    ) -> bool {
        let Some(extent) = pool.take_fresh(bytes).or_else(|| pool.take_fresh(needed)) else {
            return false;
        };
        // SAFETY: fresh from the pool, whose memory begins there.
        if !unsafe { self.runs.add(base(pool), &extent, joined) } {
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
    /// then, for `g` granules without what the class adds, whichever holds them. `None` only if no
    /// free memory does.
    #[inline(never)]
    fn serve(&mut self, want: Want, g: usize) -> Option<Taken> {
        // Without memory there is no table to look into.
        if self.runs.limit == 0 {
            return None;
        }
        self.carved = self.carved.wrapping_add(want.fit);
        if self.careful && self.carved > self.runs.committed / OFTEN {
            self.carved = 0;
            self.flush();
        }
        let mut taken = self.runs.take(want);
        if taken.is_none() && self.flush() {
            taken = self.runs.take(want);
        }
        if taken.is_none() {
            taken = self.runs.take_exactly(g, want.align);
            if taken.is_none() {
                self.careful = self.runs.free > self.runs.committed / FRAGMENTED;
            } else if g < want.n {
                self.short += 1;
            }
        }
        taken
    }

    /// Tells a block that is `g` granules, of a class with blocks of `n`, from a whole one: another
    /// block begins behind `g`.
    #[inline]
    fn is_short(&self, at: usize, g: usize, n: usize) -> bool {
        self.short > 0 && g < n && self.runs.ends(at + g)
    }

    /// Puts all blocks but the first, of those of `n` granules that were carved together, on their
    /// list.
    ///
    /// # Safety
    /// The granules were taken just now, and `n` is the size of the class, which is below
    /// [`CLASSES`].
    unsafe fn keep_rest(&mut self, taken: &Taken, n: usize, class: usize) {
        let mut at = taken.at + taken.n;
        while at > taken.at + n {
            at -= n;
            // SAFETY: inside of what was carved, which is one live block so far.
            unsafe { self.runs.mark(at) };
            let address = self.address(at);
            // SAFETY: carved just now, of that size.
            unsafe { self.push(class, address) };
        }
    }

    /// Takes the first block of a list if it happens to be aligned to `align`: strongly aligned
    /// blocks wait in the same lists as others of their size.
    fn pop_aligned(&mut self, class: usize, align: usize) -> Option<usize> {
        let head = *self.quick.get(class)?;
        if head & (align - 1) != 0 {
            return None;
        }
        // SAFETY: `get` found the class.
        let block = unsafe { self.pop(class) }?;
        if class > SMALL {
            self.idle -= size_of_class(class);
        }
        Some(self.runs.granule(block))
    }

    /// Frees the emergency reserve. Returns false if there was none.
    fn free_emergency<P: Policy>(&mut self) -> bool {
        let there = self.emergency > NO_RESERVE;
        if there {
            // SAFETY: the reserve, which nobody uses.
            unsafe { self.runs.free(self.emergency, granules(P::EMERGENCY)) };
            self.emergency = NO_RESERVE;
        }
        there
    }

    /// Makes a block smaller or larger where it is, as far as free memory behind it goes.
    ///
    /// # Safety
    /// It was handed out for `old` bytes, and is live.
    #[inline(never)]
    unsafe fn resize(&mut self, address: usize, old: usize, new: usize) -> Resized {
        let (mut from, _) = class_for(old);
        let (whole, _) = class_for(new);
        let at = self.runs.granule(address);
        let was_short = self.is_short(at, granules(old), from);
        if was_short {
            from = granules(old);
        }
        // As large as its class says where that can be, else as large as was asked for.
        let exact = granules(new).max(1);
        let mut free = if whole > from { self.runs.free_at(at + from) } else { 0 };
        let mut to = if whole <= from + free { whole } else { exact };
        if to > from + free {
            if at + from != self.runs.top || to < EXTEND {
                return Resized::No;
            }
            // Memory grows only for what nothing that is free could hold.
            self.flush();
            free = self.runs.free_at(at + from);
            if self.runs.find(whole).is_some() {
                return Resized::No;
            }
            if whole > from + free {
                return Resized::Grow(whole - from);
            }
            to = whole;
        }
        if to < from {
            // SAFETY: inside of the caller's block.
            unsafe { self.runs.mark(at + to) };
            // SAFETY: a block of its own now, which the caller gives up.
            unsafe { self.runs.free(at + to, from - to) };
        } else if to > from {
            // SAFETY: that much is free behind the block.
            unsafe { self.runs.cut(at + from, free, to - from) };
            // SAFETY: the caller's block, and what was cut off for it.
            unsafe { self.runs.join(at + from) };
        }
        self.short = self.short - usize::from(was_short) + usize::from(to < whole);
        Resized::Yes
    }
}

impl State {
    /// Resizes a block where there is no memory for another one. The runs are merged. Returns the
    /// address of the block, or `None` if nothing changed.
    ///
    /// # Safety
    /// It was handed out for `old` bytes at `address`, aligned to `align`, and is live.
    #[inline(never)]
    unsafe fn squeeze(
        &mut self,
        address: usize,
        old: usize,
        align: usize,
        new: usize,
    ) -> Option<usize> {
        // SAFETY: the contract of `squeeze`.
        if let Resized::Yes = unsafe { self.resize(address, old, new) } {
            return Some(address);
        }
        let at = self.runs.granule(address);
        let (class, _) = class_for(old);
        let exact = granules(old).max(1);
        let n = if self.is_short(at, exact, class) { exact } else { class };
        let free = self.runs.free_before(at) + self.runs.free_at(at + n);
        if align > GRANULE || granules(new) > n + free {
            return None;
        }
        // SAFETY: a live block of `n` granules.
        let start = unsafe { self.runs.slide(at, n) };
        let moved = self.address(start);
        // SAFETY: the block is live at its new place, and all that was free on both sides is
        // behind it now.
        unsafe { self.resize(moved, old, new) };
        Some(moved)
    }
}

/// The outcome of [`State::resize`].
enum Resized {
    Yes,
    No,
    /// The block ends with memory, and memory would have to grow by this many granules.
    Grow(usize),
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

    /// Grows now, so that `bytes` bytes more can be allocated without growing later. Returns false
    /// where that is refused.
    ///
    /// With a [`Policy`] that never grows, the start-up code's way to all the memory there will be
    /// is a policy that allows it until then.
    pub fn reserve(&self, bytes: usize) -> bool {
        let n = granules(bytes);
        let has = || self.state.with(|state| state.runs.end - state.runs.top >= n);
        for _ in 0..GROWTHS {
            if has() {
                return true;
            }
            if !self.grow(n, false) {
                return false;
            }
        }
        has()
    }

    /// Grows by what `n` granules in a row need; `joined`: those that follow the top. Returns false,
    /// and changes nothing, where that is refused. The policy is asked while no lock is held.
    fn grow(&self, n: usize, joined: bool) -> bool {
        // More than there can be needs nobody's answer, and no sum of it overflows.
        if n > MOST {
            return false;
        }
        let pool = self.memory.pool();
        let plan = |state: &State, moves| {
            let end = state.runs.granule(pool.end());
            (end, state.runs.needed(end, n, moves).min(MOST + 1) << GRANULE_LOG)
        };
        for moves in [false, true] {
            let (committed, needed) =
                self.state.with(|state| (state.runs.committed, plan(state, moves).1));
            if needed > MOST << GRANULE_LOG {
                return false;
            }
            let bytes = P::growth(committed, needed).min(MOST << GRANULE_LOG);
            if bytes < needed {
                continue;
            }
            let grown = self.state.with(|state| {
                // Another thread may have used the heap since.
                let (end, needed) = plan(state, moves);
                let pages = align_up(bytes, PAGE) >> GRANULE_LOG;
                let fits = moves || state.runs.table_stays(end, pages, joined);
                (fits && needed <= bytes).then(|| state.grow(pool, bytes, needed, joined))
            });
            if let Some(grown) = grown {
                return grown;
            }
        }
        false
    }

    /// Takes what is wanted from what is free, or from memory that grows.
    #[inline(never)]
    fn obtain(&self, want: Want, g: usize) -> Option<Taken> {
        // The first growth may be what is below it, and too small; one that lands behind foreign
        // pages does not add to the top.
        for _ in 0..GROWTHS {
            let taken = self.state.with(|state| state.serve(want, g));
            if taken.is_some() {
                return taken;
            }
            if !self.grow(want.fit, false) {
                return None;
            }
        }
        self.state.with(|state| state.serve(want, g))
    }

    /// Takes a block that is not the first of a quick list: a small one, of which more are carved
    /// from the same run for the list, a large or strongly aligned one, or any where no block waits.
    fn carve(&self, layout: Layout) -> Option<Taken> {
        let (n, class) = class_for(layout.size());
        let g = granules(layout.size()).max(1);
        let align = layout.align();
        if align > GRANULE {
            if let Some(at) = self.state.with(|state| state.pop_aligned(class, align)) {
                return Some(Taken { at, n, fresh: usize::MAX });
            }
            let fit = n.checked_add((align >> GRANULE_LOG) - 1)?;
            return self.obtain(Want { n, fit, most: n, align }, g);
        }
        let most = if n <= SMALL { BATCH } else { n };
        let taken = self.obtain(Want { n, fit: n, most, align }, g)?;
        if taken.n > n {
            // SAFETY: taken just now, in blocks of the class, which is small.
            self.state.with(|state| unsafe { state.keep_rest(&taken, n, class) });
        }
        Some(Taken { n: n.min(taken.n), ..taken })
    }

    /// Sets the emergency reserve apart, once.
    fn set_apart(&self) {
        if P::EMERGENCY == 0 || self.state.with(|state| state.emergency != 0) {
            return;
        }
        let n = granules(P::EMERGENCY);
        let want = Want { n, fit: n, most: n, align: 1 };
        let reserve = self.obtain(want, n).map_or(NO_RESERVE, |taken| taken.at);
        self.state.with(|state| {
            if state.emergency == 0 {
                state.emergency = reserve;
            } else if reserve > NO_RESERVE {
                // SAFETY: taken just now; another thread was first.
                unsafe { state.runs.free(reserve, n) };
            }
        });
    }

    #[inline(never)]
    fn take(&self, layout: Layout) -> Option<(*mut u8, Taken)> {
        let mut retried = false;
        loop {
            self.set_apart();
            if let Some(taken) = self.carve(layout) {
                let block = self.state.with(|state| state.runs.pointer(taken.at));
                return Some((block, taken));
            }
            if retried || (P::EMERGENCY == 0 && P::OUT_OF_MEMORY.is_none()) {
                return None;
            }
            if self.empty_quarantine() {
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

    /// Allocates a block that no quick list has.
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
    // SAFETY: the closures of this file call functions of the state and of a pool, whose lock is
    // another one; none of them calls the shell or the program.
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

    #[inline(always)]
    unsafe fn alloc<M: PageSource, P: Policy>(heap: &Shell<Self, M, P>, layout: Layout) -> *mut u8 {
        if layout.align() <= GRANULE {
            let (n, class) = class_for(layout.size());
            if class < CLASSES {
                let block = heap.state.with(|state| {
                    // SAFETY: tested just now.
                    let block = unsafe { state.pop(class) }?;
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
                let (at, g) = (state.runs.granule(block.addr()), granules(layout.size()));
                if state.is_short(at, g, n) {
                    state.short -= 1;
                    // SAFETY: a live block of `g` granules, by the contract of `dealloc`.
                    return unsafe { state.runs.free(at, g) };
                }
                if class == CLASSES || state.idle + n > state.runs.committed / IDLE {
                    // SAFETY: a live block of `n` granules, by the contract of `dealloc`.
                    return unsafe { state.runs.free(at, n) };
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
    unsafe fn squeeze<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        block: *mut u8,
        layout: Layout,
        size: usize,
    ) -> *mut u8 {
        heap.state.with(|state| {
            let (old, align) = (layout.size(), layout.align());
            // SAFETY: a live block of that layout, by the contract of `squeeze`.
            let moved = unsafe { state.squeeze(block.addr(), old, align, size) };
            moved.map_or(ptr::null_mut(), |at| state.runs.pointer(state.runs.granule(at)))
        })
    }

    #[inline(always)]
    unsafe fn resize<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        block: *mut u8,
        layout: Layout,
        size: usize,
    ) -> bool {
        // SAFETY: a live block of that layout, by the contract of `resize`.
        let resize = |state: &mut State| unsafe { state.resize(block.addr(), layout.size(), size) };
        match heap.state.with(resize) {
            Resized::Yes => true,
            Resized::No => false,
            Resized::Grow(more) => {
                heap.grow(more, true) && matches!(heap.state.with(resize), Resized::Yes)
            }
        }
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
