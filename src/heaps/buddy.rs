//! A buddy as a global allocator.

use core::alloc::Layout;

use super::arena::{Arena, arena_words};
use crate::{
    bitmap::WORD,
    buddy::{Tag, Taken},
    checked::Guard,
    descriptor::{Descriptor, Kind},
    global::{Plain, heap, resized},
    inspect::{Block, Damage, Inspect},
    linear::{Linear, PageSource},
    lock::Lock,
    region::Region,
};

/// Blocks of 16 bytes to 2 GiB.
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
/// aligned to its own size.
///
/// # Example
/// ```
/// #[global_allocator]
/// static HEAP: bonsai_alloc::BuddyHeap = bonsai_alloc::BuddyHeap::new();
/// # fn main() { assert_eq!(vec![1; 1000].len(), 1000); }
/// ```
#[derive(Debug)]
pub struct BuddyHeap<M: PageSource = Linear> {
    state: Lock<Arena<ORDERS>>,
    memory: M,
    guard: Guard,
}

impl BuddyHeap {
    /// A heap over the module's linear memory. It takes none before the first allocation.
    pub const fn new() -> Self {
        Self::with_memory(Linear)
    }

    /// Where a reader from outside finds what; for [`inspectable!`](crate::inspectable).
    pub const fn descriptor(&'static self) -> Descriptor {
        let arena = self.state.as_ptr();
        // SAFETY: only an address is taken, in a static.
        let committed = unsafe { &raw const (*arena).committed }.cast();
        Descriptor::new(Kind::Buddy, committed, &arena_words(arena, GRANULE))
    }
}

impl Default for BuddyHeap {
    fn default() -> Self {
        Self::new()
    }
}

impl<M: PageSource> BuddyHeap<M> {
    /// A heap over a pool of one's own.
    pub const fn with_memory(memory: M) -> Self {
        BuddyHeap { state: Lock::new(Arena::new(GRANULE)), memory, guard: Guard::new("BuddyHeap") }
    }

    #[inline]
    fn take(&self, layout: Layout) -> Option<(Taken, Region)> {
        self.state.with(|arena| {
            let order = arena.tree.order_for(layout.size(), layout.align())?;
            let taken = match arena.take(order, Tag::Plain) {
                Some(taken) => taken,
                None if arena.make_room(self.memory.pool(), order) => {
                    arena.take(order, Tag::Plain)?
                }
                None => return None,
            };
            Some((taken, *arena.tree.region()))
        })
    }
}

// SAFETY: a block is the caller's alone from `alloc` to `dealloc`, is as large and as aligned as
// asked, and nothing panics.
unsafe impl<M: PageSource> Plain for BuddyHeap<M> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match self.take(layout) {
            Some((taken, region)) => region.pointer(taken.address).as_ptr(),
            None => core::ptr::null_mut(),
        }
    }

    #[inline]
    unsafe fn dealloc(&self, ptr: *mut u8, _: Layout) -> bool {
        // SAFETY: the caller's block.
        self.state.with(|arena| unsafe { arena.tree.give(ptr.addr()) });
        true
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let Some((taken, region)) = self.take(layout) else {
            return core::ptr::null_mut();
        };
        let dirty = if taken.zero { 2 * WORD } else { layout.size() };
        // SAFETY: the new block, which is no smaller than its two links.
        unsafe { region.clear(taken.address, dirty) };
        region.pointer(taken.address).as_ptr()
    }

    unsafe fn resize(&self, ptr: *mut u8, layout: Layout, size: usize) -> bool {
        let new = resized(layout, size);
        // SAFETY: the caller's block.
        self.state.with(|arena| unsafe { arena.resize(ptr.addr(), new) })
    }
}

heap!([] BuddyHeap<M>);

impl<M: PageSource> Inspect for BuddyHeap<M> {
    fn walk(&self, visit: &mut dyn FnMut(Block)) {
        let visit = &mut self.guard.seen(visit);
        let mut address = 0;
        while let Some(block) = self.state.with(|arena| arena.next(address)) {
            visit(block);
            address = block.end();
        }
    }

    fn check(&self) -> Result<(), Damage> {
        self.guard.check(&self.memory.pool().region())?;
        self.state.with(|arena| arena.tree.check())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear::{Config, Pool, Simulation};

    #[test]
    fn a_damaged_map_is_found() {
        let pool = Pool::new(Simulation::new(Config::default()));
        let heap = BuddyHeap::with_memory(&pool);
        let (taken, _) = heap.take(Layout::new::<[u64; 16]>()).unwrap();
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
