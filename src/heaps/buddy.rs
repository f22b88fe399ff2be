//! A buddy as a global allocator.

use core::alloc::Layout;

use super::arena::{Arena, arena_words};
use crate::{
    bitmap::WORD,
    buddy::{Tag, Taken},
    descriptor::{Descriptor, Kind},
    global::{HeapState, HeapView, Policy, Shell, resized},
    inspect::{Block, Damage},
    linear::{Linear, PageSource},
    lock::Lock,
    region::Region,
};

/// The orders: blocks of 16 bytes to 2 GiB, of which memory holds those to 1 GiB.
const ORDERS: usize = 28;
const GRANULE: u32 = 4;

/// A global allocator that is one buddy over linear memory, which is added to it as it
/// grows.
///
/// Freed memory merges again and stays with the heap. A refused growth is a null pointer and
/// changes nothing.
///
/// | operation | worst |
/// |---|---|
/// | alloc, dealloc, realloc in place | O(levels): at most 28 splits or merges |
/// | when memory grows | O(free runs of the pool), and now and then a copy of the map |
///
/// **Space**: one byte for every 16 of memory. **Waste**: sizes are rounded up to powers of two,
/// and to 16. **Pick it** for bounded time, large and strongly aligned blocks: every block is
/// aligned to its own size. **Largest block**: 1 GiB; one of 2 GiB would begin at 2 GiB and reach
/// over the last page of 4 GiB, which no heap uses.
///
/// Interrupts, signals and traps: as for [`Heap`](crate::Heap#interrupts-signals-and-traps).
///
/// # Example
/// ```
/// #[global_allocator]
/// static HEAP: bonsai_alloc::BuddyHeap = bonsai_alloc::BuddyHeap::new();
/// # fn main() { assert_eq!(vec![1; 1000].len(), 1000); }
/// ```
pub type BuddyHeap<M = Linear> = Shell<Lock<Arena<ORDERS>>, M>;

impl BuddyHeap {
    /// The addresses of the state, for readers outside of the module: see [`inspectable!`](crate::inspectable).
    pub const fn descriptor(&'static self) -> Descriptor {
        let arena = self.state.as_ptr();
        // SAFETY: only an address is taken, in a static.
        let committed = unsafe { &raw const (*arena).committed }.cast();
        Descriptor::new(Kind::Buddy, committed, &arena_words(arena, GRANULE))
    }
}

type State = Lock<Arena<ORDERS>>;

/// Takes a block, and the region to touch it through.
#[inline]
fn take<M: PageSource, P: Policy>(
    heap: &Shell<State, M, P>,
    layout: Layout,
) -> Option<(Taken, Region)> {
    let pool = heap.memory.pool();
    heap.state.with(|arena| {
        let order = arena.tree.order_for(layout.size(), layout.align())?;
        let taken = match arena.take(order, Tag::Plain) {
            Some(taken) => taken,
            // SAFETY: the pool of the shell whose arena it is.
            None if unsafe { arena.make_room(pool, order) } => arena.take(order, Tag::Plain)?,
            None => return None,
        };
        Some((taken, *arena.tree.region()))
    })
}

// SAFETY: the buddy's blocks do not overlap, and each is a power of two that is at least as large
// as size and alignment, at a multiple of itself. Nothing panics.
unsafe impl HeapState for State {
    // SAFETY: the closures of this file call functions of the state and of a pool, whose lock is
    // another one; none of them calls the shell or the program.
    const NEW: Self = unsafe { Lock::new(Arena::new(GRANULE)) };
    const NAME: &'static str = "BuddyHeap";

    #[inline(always)]
    unsafe fn alloc<M: PageSource, P: Policy>(heap: &Shell<Self, M, P>, layout: Layout) -> *mut u8 {
        match take(heap, layout) {
            Some((taken, region)) => region.pointer(taken.address),
            None => core::ptr::null_mut(),
        }
    }

    #[inline(always)]
    unsafe fn dealloc<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        block: *mut u8,
        _: Layout,
    ) -> bool {
        // SAFETY: a live block of this heap, by the contract of `dealloc`.
        heap.state.with(|arena| unsafe { arena.tree.give(block.addr()) });
        true
    }

    #[inline(always)]
    unsafe fn alloc_zeroed<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        layout: Layout,
    ) -> *mut u8 {
        let Some((taken, region)) = take(heap, layout) else {
            return core::ptr::null_mut();
        };
        let dirty = if taken.zero { 2 * WORD } else { layout.size() };
        // SAFETY: the new block, which is no smaller than its two links.
        unsafe { region.clear(taken.address, dirty) };
        region.pointer(taken.address)
    }

    #[inline(always)]
    unsafe fn resize<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        block: *mut u8,
        layout: Layout,
        size: usize,
    ) -> bool {
        // SAFETY: the contract of `resize` says that `size` makes a layout.
        let new = unsafe { resized(layout, size) };
        // SAFETY: a live block of this heap, by the contract of `resize`.
        heap.state.with(|arena| unsafe { arena.resize(block.addr(), new) })
    }
}

impl HeapView for State {
    fn walk<M: PageSource, P: Policy>(heap: &Shell<Self, M, P>, visit: &mut dyn FnMut(Block)) {
        let mut address = 0;
        while let Some(block) = heap.state.with(|arena| arena.next(address)) {
            visit(block);
            address = block.end();
        }
    }

    fn check<M: PageSource, P: Policy>(heap: &Shell<Self, M, P>) -> Result<(), Damage> {
        heap.state.with(|arena| arena.tree.check())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::Inspect;
    use crate::linear::{Config, Pool, Simulation};

    #[test]
    fn a_damaged_map_is_found() {
        let pool = Pool::new(Simulation::new(Config::default()));
        let heap = BuddyHeap::with_memory(&pool);
        let (taken, _) = take(&heap, Layout::new::<[u64; 16]>()).unwrap();
        heap.check().unwrap();
        heap.state.with(|arena| {
            let inside = ((taken.address - arena.tree.origin) >> GRANULE) + 1;
            // SAFETY: an entry of the map; an order and no state is a live block.
            unsafe { arena.tree.map.as_ptr().wrapping_add(inside).write(1) };
        });
        let rule = "a block begins inside of another";
        assert_eq!(heap.check(), Err(Damage { address: taken.address, rule }));
    }
}
