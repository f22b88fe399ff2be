//! Free blocks of small sizes in front of the heap's lock, where there are threads.
//!
//! ```text
//!   thread ──► its stack's address ──► seat ──► shard: a latch, and 32 lists of small sizes
//!                                                 │ empty         ▲ more than two batches
//!                                     a batch     ▼               │ all but one batch
//!                                   stores: shards that no seat leads to, a batch a list
//!                                                 │ empty         ▲ full
//!                                   ──────────────────────────────────────────────
//!                                    the heap: quick lists and runs, behind one lock
//! ```
//!
//! A small block is allocated from a *shard*, and freed into one. Each thread finds its shard by the
//! address of its stack, so threads that run at once use different ones, as a rule, and wait for nobody. A
//! shard belongs to nobody: a thread that finds it taken goes on to the next, and a block may be
//! freed into any. So a thread that ends leaves nothing behind that another one could not use, and nothing is
//! registered. Thread-local storage is not touched: wasm-bindgen allocates before a thread has any.
//!
//! Two batches a list may wait in a shard, and in all threads' shards a 64th of what the heap has where memory would grow.
//! Stores are emptied first. Before a request is refused all of it has come back.
//!
//! Order of locks: shards by ascending number, then the heap. Who has one shard waits for no other, and who has
//! the heap for none.
//!
//! Shards in front of one heap, chosen without thread-local storage, and left for the next when they are taken, are
//! SmpAllocator's of Zig's standard library; batches between both are J. Bonwick's magazines (*Magazines and
//! Vmem*, USENIX 2001).

mod batches;
mod classes;
#[cfg(all(test, shuttle))]
mod schedules;
mod seats;
mod set;
mod shard;
#[cfg(test)]
mod tests;

use core::{alloc::Layout, ptr, sync::atomic::Ordering::Relaxed};

use self::{
    classes::{Class, LISTS},
    set::{ALL, Shards},
    shard::{Open, Shard, give},
};
use super::{
    State, committed, described,
    front::Front,
    serve::Taken,
    sizes::{GRANULE, GRANULE_LOG, class_of, granules},
};
use crate::{
    descriptor::{Descriptor, Kind, value},
    global::{HeapState, Policy, Shell},
    inspect::Damage,
    linear::{Linear, PageSource},
    lock::Lock,
    region::Region,
};

/// The part of what the heap has that may wait in shards when memory grows: a 64th.
const WAITING: usize = 64 * GRANULE;

/// The state of a [`Heap`](super::Heap), behind shards.
#[doc(hidden)]
#[repr(C)]
#[derive(Debug)]
pub struct Sharded {
    shards: Shards,
    shared: Lock<State>,
}

impl Sharded {
    /// Gives back what is in the shards that are held.
    ///
    /// # Safety
    /// They are this heap's, and `memory` is its own.
    unsafe fn drain(&self, memory: Region, shards: &mut [Option<Open<'_>>; ALL]) {
        for shard in shards.iter_mut().flatten() {
            // SAFETY: a shard of this heap, and its memory, by this function's contract.
            unsafe { shard.give_all(memory, &self.shared) };
        }
    }

    /// Frees a live block of no more than `g` granules, where live blocks are shorter than their list says.
    /// Returns false, and does nothing, if this one is not.
    ///
    /// # Safety
    /// The block was handed out for `g` granules, and nothing uses it any more.
    #[cold]
    #[inline(never)]
    unsafe fn free_short(&self, block: *mut u8, g: usize) -> bool {
        self.shared.with(|state| {
            let at = state.runs.granule(block.addr());
            let short = state.runs.ends(at + g);
            if short {
                // SAFETY: a live block of `g` granules, as another one begins behind it.
                unsafe { state.runs.free(at, g) };
                self.shards.short.fetch_sub(1, Relaxed);
            }
            short
        })
    }

    /// Returns the granules that the live block at `block`, handed out for `g`, has been cut with.
    fn extent(&self, state: &State, block: *mut u8, g: usize) -> usize {
        let n = Self::cut(g);
        let at = state.runs.granule(block.addr());
        if g < n && self.shards.short.load(Relaxed) > 0 && state.runs.ends(at + g) { g } else { n }
    }
}

impl<P: Policy> Shell<Sharded, Linear, P> {
    /// Returns the addresses of the heap's state, for [`inspectable!`](crate::inspectable).
    pub const fn descriptor(&'static self) -> Descriptor {
        let state = self.state.shared.as_ptr();
        let [region, top, end, quick, classes, small] = described(state);
        let words = [
            region,
            top,
            end,
            quick,
            classes,
            small,
            (&raw const self.state.shards).cast(),
            value(ALL),
            value(size_of::<Shard>()),
            value(LISTS),
            self.state.shared.gate(),
        ];
        Descriptor::new(Kind::Heap, committed(state), &words)
    }
}

/// Returns a layout for blocks of `g` granules.
fn layout_of(g: usize, align: usize) -> Layout {
    Layout::from_size_align(g << GRANULE_LOG, align).unwrap_or(Layout::new::<u8>())
}

impl Front for Sharded {
    #[inline(always)]
    fn shared(&self) -> &Lock<State> {
        &self.shared
    }

    #[inline(always)]
    fn cut(g: usize) -> usize {
        Class::of(g).map_or(g, Class::granules)
    }

    fn alone<M: PageSource, P: Policy, R>(
        heap: &Shell<Self, M, P>,
        f: impl FnOnce(&mut State) -> R,
    ) -> R {
        let memory = heap.memory.pool().region();
        let mut shards = heap.state.shards.hold();
        // SAFETY: the shards of this heap, which are held, and the memory of its shell.
        unsafe { heap.state.drain(memory, &mut shards) };
        heap.state.shared.with(f)
    }

    #[cold]
    #[inline(never)]
    fn relieve<M: PageSource, P: Policy>(heap: &Shell<Self, M, P>) -> bool {
        let memory = heap.memory.pool().region();
        if let Some(mut store) = heap.state.shards.stores().find(|store| store.waiting() > 0) {
            // SAFETY: a store of this heap, and the memory of its shell.
            unsafe { store.give_all(memory, &heap.state.shared) };
            return true;
        }
        let committed = heap.state.shared.with(|state| state.runs.committed);
        let (waiting, largest) = heap.state.shards.waiting();
        match largest {
            Some(mut shard) if waiting > committed / WAITING => {
                // SAFETY: a shard of this heap, and the memory of its shell.
                unsafe { shard.give_all(memory, &heap.state.shared) };
                true
            }
            _ => false,
        }
    }

    #[cold]
    #[inline(never)]
    fn last<M: PageSource, P: Policy>(heap: &Shell<Self, M, P>, g: usize, align: usize) -> Taken {
        Self::alone(heap, |state| {
            let n = Self::cut(g);
            let taken = state.serve(n, align);
            if !taken.block.is_null() || n == g {
                return taken;
            }
            let taken = state.serve(g, align);
            if !taken.block.is_null() {
                heap.state.shards.short.fetch_add(1, Relaxed);
            }
            taken
        })
    }

    fn check_front<M: PageSource, P: Policy>(heap: &Shell<Self, M, P>) -> Result<(), Damage> {
        let shards = heap.state.shards.hold();
        heap.state.shared.with(|state| {
            let runs = &state.runs;
            let mut most = runs.end - runs.first();
            for shard in shards.iter().flatten() {
                shard.heads(|class, head| {
                    state.check_list(head, class.granules(), &mut most).map(drop)
                })?;
            }
            Ok(())
        })
    }
}

// SAFETY: blocks come from the state, whose contract is the same; a shard hands out those of the size that its list
// says, each once. Nothing panics.
unsafe impl HeapState for Sharded {
    // SAFETY: closures of this folder call functions of the state, of a shard and of a pool, whose locks are
    // others; none of them calls the shell or the program.
    const NEW: Self = Sharded { shards: Shards::new(), shared: Lock::<State>::NEW };
    const NAME: &'static str = Lock::<State>::NAME;
    const ALIGN: usize = Lock::<State>::ALIGN;
    const WORDS: bool = true;

    #[inline(always)]
    unsafe fn alloc<M: PageSource, P: Policy>(heap: &Shell<Self, M, P>, layout: Layout) -> *mut u8 {
        let g = granules(layout.size());
        let memory = heap.memory.pool().region();
        if let Some(class) = Class::of(g) {
            if let Some(mut shard) = heap.state.shards.open() {
                // SAFETY: a shard of this heap, and the memory of its shell.
                let block = unsafe { shard.pop(memory, class, layout.align()) };
                if block != 0 {
                    return memory.pointer(block);
                }
                return miss(heap, shard, class, layout);
            }
        }
        if layout.align() <= GRANULE {
            let class = class_of(Self::cut(g));
            let block = heap.state.shared.with(|state| {
                let block = state.pop(class, 1);
                if block == 0 { ptr::null_mut() } else { state.pointer(block) }
            });
            if !block.is_null() {
                return block;
            }
        }
        heap.take(layout).block
    }

    #[inline(always)]
    unsafe fn dealloc<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        block: *mut u8,
        layout: Layout,
    ) -> bool {
        let g = granules(layout.size());
        let Some(class) = Class::of(g) else {
            // SAFETY: a live block for `g` granules, by the contract of `dealloc`.
            heap.state.shared.with(|state| unsafe { state.release(block.addr(), layout.size()) });
            return true;
        };
        if g < class.granules() && heap.state.shards.short.load(Relaxed) > 0 {
            // SAFETY: a live block for `g` granules, by the contract of `dealloc`.
            if unsafe { heap.state.free_short(block, g) } {
                return true;
            }
        }
        let memory = heap.memory.pool().region();
        if let Some(mut shard) = heap.state.shards.open() {
            // SAFETY: a live block of that class, by the contract of `dealloc`.
            if unsafe { shard.push(memory, class, block.addr()) } {
                overflow(heap, shard, class);
            }
        } else {
            let size = class.granules() << GRANULE_LOG;
            // SAFETY: a live block of that size, by the contract of `dealloc`.
            heap.state.shared.with(|state| unsafe { state.release(block.addr(), size) });
        }
        true
    }

    #[inline(always)]
    unsafe fn alloc_zeroed<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        layout: Layout,
    ) -> *mut u8 {
        let taken = if Class::of(granules(layout.size())).is_some() {
            // SAFETY: the contract is that of `alloc`.
            Taken { block: unsafe { Self::alloc(heap, layout) }, dirty: usize::MAX }
        } else {
            heap.take(layout)
        };
        if !taken.block.is_null() {
            // SAFETY: the new block.
            unsafe { taken.block.write_bytes(0, taken.dirty.min(layout.size())) };
        }
        taken.block
    }

    unsafe fn resize<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        block: *mut u8,
        layout: Layout,
        size: usize,
    ) -> bool {
        let (g, to) = (granules(layout.size()), granules(size));
        if Class::of(g).is_none() {
            // SAFETY: a live block of that layout, by the contract of `resize`.
            return unsafe { heap.resize_in_place(block, layout, Self::cut(to) << GRANULE_LOG) };
        }
        // A small block moves, which costs less than the heap's lock.
        let short = heap.state.shards.short.load(Relaxed) > 0;
        if short { g == to } else { Self::cut(g) == Self::cut(to) }
    }

    unsafe fn squeeze<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        block: *mut u8,
        layout: Layout,
        size: usize,
    ) -> *mut u8 {
        Self::alone(heap, |state| {
            let (g, to) = (granules(layout.size()), granules(size));
            let n = heap.state.extent(state, block, g);
            let old = layout_of(n, layout.align());
            let mut cut = Self::cut(to);
            // SAFETY: a live block of `n` granules, by the contract of `squeeze`.
            let mut moved = unsafe { state.squeeze(block, old, cut << GRANULE_LOG) };
            if moved.is_null() && to < cut {
                cut = to;
                // SAFETY: the block is as it was.
                moved = unsafe { state.squeeze(block, old, cut << GRANULE_LOG) };
            }
            if !moved.is_null() {
                let shorts = usize::from(cut < Self::cut(to));
                heap.state.shards.short.fetch_add(shorts, Relaxed);
                heap.state.shards.short.fetch_sub(usize::from(n < Self::cut(g)), Relaxed);
            }
            moved
        })
    }
}

#[cfg(feature = "c")]
// SAFETY: the table has the size that the block was cut to, at least what was asked for; `dealloc` and
// `resize` find the same list for it, and need no alignment.
unsafe impl crate::c::Measured for Sharded {
    unsafe fn size<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        block: ptr::NonNull<u8>,
    ) -> usize {
        heap.state.shared.with(|state| state.size_of(block.addr().get())) << GRANULE_LOG
    }

    /// Frees a small block onto the heap's quick list: its size is in the table, which the lock guards.
    #[inline]
    unsafe fn free<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        block: ptr::NonNull<u8>,
    ) -> bool {
        heap.state.shared.with(|state| {
            let n = state.size_of(block.addr().get());
            if Self::cut(n) > n {
                // Shorter than any list's blocks.
                heap.state.shards.short.fetch_sub(1, Relaxed);
            }
            if n <= super::SMALL {
                // SAFETY: by this function's contract a live block, of that size, which is its class.
                unsafe { state.push(n, block.addr().get()) };
            }
            n <= super::SMALL
        })
    }
}

/// Allocates a block that the shard does not have.
#[cold]
#[inline(never)]
fn miss<M: PageSource, P: Policy>(
    heap: &Shell<Sharded, M, P>,
    mut shard: Open<'_>,
    class: Class,
    layout: Layout,
) -> *mut u8 {
    let memory = heap.memory.pool().region();
    if layout.align() <= GRANULE {
        let mut stored = heap.state.shards.stores().map(|mut store| store.take_list(class));
        let lend = || heap.state.shared.with(|state| state.lend(class.granules(), class.batch()));
        let mut chain = stored.find(|chain| chain.first != 0).unwrap_or_else(lend);
        while chain.first == 0 && Sharded::relieve(heap) {
            chain = lend();
        }
        // SAFETY: from a store's list of that class, or lent for its size just now.
        unsafe { shard.put_list(class, chain) };
        // SAFETY: a shard of this heap, and the memory of its shell.
        let block = unsafe { shard.pop(memory, class, 1) };
        if block != 0 {
            return memory.pointer(block);
        }
    }
    drop(shard);
    heap.take(layout).block
}

/// Gives back what a shard has too much of.
#[cold]
#[inline(never)]
fn overflow<M: PageSource, P: Policy>(
    heap: &Shell<Sharded, M, P>,
    mut shard: Open<'_>,
    class: Class,
) {
    let memory = heap.memory.pool().region();
    // SAFETY: a shard of this heap, and the memory of its shell.
    let chain = unsafe { shard.take_rest(memory, class) };
    // SAFETY: taken off the list of that class just now; the first store that takes it has it.
    if !heap.state.shards.stores().any(|mut store| unsafe { store.put_list(class, chain) }) {
        // SAFETY: taken off the list of that class just now, and no store has taken it.
        unsafe { give(memory, &heap.state.shared, class, chain) };
    }
}
