//! Slabs over a buddy as a global allocator.
//!
//! ```text
//!  map:     | 0 | 0 | slab, order 1 | 0 | 0 | live, order 2         | …   one byte a granule
//!  memory:  |free...| slab of 8 KiB         | a request of 12 KiB   | …
//!                    │
//!                    ▼
//!            | header | block | block | block | … | tail |
//! ```

mod classes;
mod header;
mod links;
#[cfg(test)]
mod tests;
mod view;

use core::alloc::Layout;

use self::{
    classes::{CLASSES, SIZES, block_size, class_for, slab_order},
    header::Header,
};
use super::arena::{Arena, arena_words};
use crate::{
    bitmap::{WORD, align_down},
    buddy::Tag,
    descriptor::{Descriptor, Kind, value},
    global::{HeapState, Policy, Shell, resized},
    linear::{Linear, PageSource},
    lock::Lock,
    region::Region,
};

/// The buddy's orders: blocks of 4 KiB to 2 GiB, of which memory holds those to 1 GiB.
const ORDERS: usize = 20;
const GRANULE: u32 = 12;

#[repr(C)]
#[derive(Debug)]
pub struct State {
    arena: Arena<ORDERS>,
    /// The first slab of each class that has room, 0 for none.
    ///
    /// Invariant: a slab is on the list of its class exactly if it has room. One without a
    /// live block is alone on it.
    partial: [usize; CLASSES],
}

/// A global allocator of size-class slabs whose slabs are blocks of a buddy: the textbook's
/// composition.
///
/// Requests to 2 KiB come from slabs of one block size each, of 4 to 32 KiB; larger ones are blocks
/// of the buddy. A slab whose last block is freed goes back to the buddy, but for one a class,
/// which goes back before memory grows.
///
/// | operation | worst |
/// |---|---|
/// | alloc, dealloc to 2 KiB | O(1) in a slab; O(levels) to make or give back one |
/// | alloc, dealloc above | O(levels): at most 20 splits or merges |
/// | when memory grows | and O(free runs of the pool), and now and then a copy of the map |
///
/// **Space**: 8 words a slab, one byte for every 4 KiB. **Waste**: to 2 KiB a tenth on average,
/// above it what rounding up to a power of two adds. **Largest block**: 1 GiB; one of 2 GiB would
/// begin at 2 GiB and reach over the last page of 4 GiB, which no heap uses. **Pick it** for programs of any kind that one
/// would like to look into.
///
/// Interrupts, signals and traps: as for [`Heap`](crate::Heap#interrupts-signals-and-traps).
///
/// # Example
/// ```
/// #[global_allocator]
/// static HEAP: bonsai_alloc::SlabHeap = bonsai_alloc::SlabHeap::new();
/// # fn main() { assert_eq!(vec![1; 1000].len(), 1000); }
/// ```
pub type SlabHeap<M = Linear> = Shell<Lock<State>, M>;

impl SlabHeap {
    /// The addresses of the state, for readers outside of the module: see [`inspectable!`](crate::inspectable).
    pub const fn descriptor(&'static self) -> Descriptor {
        let state = self.state.as_ptr();
        // SAFETY: only an address is taken, in a static.
        let arena = unsafe { &raw const (*state).arena };
        // SAFETY: this takes an address in a static, and reads nothing.
        let committed = unsafe { &raw const (*arena).committed }.cast();
        let [map, entries, origin, granule, capacity] = arena_words(arena, GRANULE);
        let sizes = (&raw const SIZES).cast();
        Descriptor::new(
            Kind::Slab,
            committed,
            &[map, entries, origin, granule, capacity, value(CLASSES), sizes],
        )
    }
}

impl State {
    /// The first slab of `class` that has room, 0 for none; of the last class for every number beyond.
    #[inline(always)]
    fn first(&mut self, class: usize) -> &mut usize {
        &mut self.partial[class.min(CLASSES - 1)]
    }

    fn region(&self) -> Region {
        *self.arena.tree.region()
    }

    /// Puts a slab at the front of the list of its class. One that is there and empty leaves.
    ///
    /// # Safety
    /// It has room, and is not on the list.
    unsafe fn link(&mut self, slab: usize) {
        let region = self.region();
        // SAFETY: a slab of ours.
        let header = unsafe { State::header(region, slab) };
        let mut next = *self.first(header.class);
        if next != 0 {
            let sound = self.is_sound(next, header.class);
            // SAFETY: another slab of ours.
            let neighbour = unsafe { State::header(region, next) };
            if !sound {
                next = 0;
            } else if neighbour.list.used == 0 {
                // SAFETY: nothing in it is live, and it is alone on its list.
                unsafe { self.arena.tree.give(next) };
                next = 0;
            } else {
                neighbour.previous = slab;
            }
        }
        header.next = next;
        header.previous = 0;
        *self.first(header.class) = slab;
    }

    /// Takes a slab off the list of its class.
    ///
    /// # Safety
    /// It is on it.
    unsafe fn unlink(&mut self, slab: usize) {
        let region = self.region();
        // SAFETY: a slab of ours.
        let header = unsafe { State::header(region, slab) };
        if !self.leads(slab, header) {
            *self.first(header.class) = 0;
            return;
        }
        if header.next != 0 {
            // SAFETY: another slab of ours.
            unsafe { State::header(region, header.next) }.previous = header.previous;
        }
        if header.previous != 0 {
            // SAFETY: another slab of ours.
            unsafe { State::header(region, header.previous) }.next = header.next;
        } else {
            *self.first(header.class) = header.next;
        }
    }

    /// Gives the slabs back that are kept though they are empty. Returns false if there were none.
    fn reclaim(&mut self) -> bool {
        let mut any = false;
        for class in 0..CLASSES {
            let slab = *self.first(class);
            // SAFETY: a slab of ours, if it is one.
            let empty = slab != 0 && unsafe { State::header(self.region(), slab) }.list.used == 0;
            if empty && self.is_sound(slab, class) {
                *self.first(class) = 0;
                // SAFETY: nothing in it is live, and it was alone on its list.
                unsafe { self.arena.tree.give(slab) };
                any = true;
            }
        }
        any
    }

    /// Takes a block of the buddy: one that is free, or one that empty slabs make, or new memory.
    ///
    /// # Safety
    /// The memory is the heap's own.
    unsafe fn take_large<M: PageSource>(
        &mut self,
        memory: &M,
        order: u32,
        tag: Tag,
    ) -> Option<(usize, bool)> {
        let mut taken = self.arena.take(order, tag);
        if taken.is_none() && self.reclaim() {
            taken = self.arena.take(order, tag);
        }
        // SAFETY: the heap's own memory, by this function's contract.
        if taken.is_none() && unsafe { self.arena.make_room(memory.pool(), order) } {
            taken = self.arena.take(order, tag);
        }
        taken.map(|taken| (taken.address, taken.zero))
    }

    /// Makes a slab of `class`. Returns false where there is no memory.
    ///
    /// # Safety
    /// The memory is the heap's own.
    #[cold]
    #[inline(never)]
    unsafe fn make_slab<M: PageSource>(&mut self, memory: &M, class: usize) -> bool {
        let order = slab_order(block_size(class));
        // SAFETY: the heap's own memory, by this function's contract.
        let Some((slab, _)) = (unsafe { self.take_large(memory, order, Tag::Slab) }) else {
            return false;
        };
        let at = self.region().pointer(slab).cast::<Header>();
        // SAFETY: a new block, larger than a header.
        unsafe { at.write(Header::new(class)) };
        // SAFETY: a new slab, all of it free.
        unsafe { self.link(slab) };
        true
    }

    /// Takes a block of `class`.
    ///
    /// # Safety
    /// The memory is the heap's own.
    #[inline]
    unsafe fn take_small<M: PageSource>(&mut self, memory: &M, class: usize) -> Option<*mut u8> {
        debug_assert!(class < CLASSES);
        let mut slab = *self.first(class);
        if slab == 0 || !self.is_sound(slab, class) {
            *self.first(class) = 0;
            // SAFETY: the heap's own memory, by this function's contract.
            if !unsafe { self.make_slab(memory, class) } {
                return None;
            }
            slab = *self.first(class);
        }
        let region = self.region();
        // SAFETY: a slab of ours, with room.
        let header = unsafe { State::header(region, slab) };
        // SAFETY: its list is in this slab.
        let block = match unsafe { header.list.pop(header.blocks(slab)) } {
            Some(block) => block,
            None => region.non_null(header.list.carve(header.blocks(slab))?),
        };
        if header.list.used == header.capacity {
            // SAFETY: it had room, so it is on the list.
            unsafe { self.unlink(slab) };
        }
        Some(block.as_ptr())
    }

    /// Frees a block of `class`.
    ///
    /// # Safety
    /// It was taken for that class, and not freed since.
    #[inline]
    unsafe fn give_small(&mut self, address: usize, class: usize) {
        let slab = align_down(address, 1 << (GRANULE + slab_order(block_size(class))));
        let region = self.region();
        if !self.is_sound(slab, class) {
            return;
        }
        // SAFETY: the block's slab; a slab is aligned to its size.
        let header = unsafe { State::header(region, slab) };
        debug_assert_eq!(header.class, class, "{address:#x} is freed with another layout");
        // SAFETY: the caller gives the block up.
        unsafe { header.list.push(&region, address) };
        if header.list.used + 1 == header.capacity {
            // SAFETY: it was full, so it is not on the list, and now it has room.
            unsafe { self.link(slab) };
        }
        // SAFETY: the block's slab; `link` had a reference of its own, and this is a new one.
        let header = unsafe { State::header(region, slab) };
        if header.list.used == 0 && (header.next | header.previous) != 0 {
            // SAFETY: it has room, so it is on the list.
            unsafe { self.unlink(slab) };
            // SAFETY: nothing in it is live.
            unsafe { self.arena.tree.give(slab) };
        }
    }
}

impl State {
    /// Takes a block for `layout`; true beside it if it is zero but for two words.
    ///
    /// # Safety
    /// The memory is the heap's own.
    #[inline]
    unsafe fn take<M: PageSource>(
        &mut self,
        memory: &M,
        layout: Layout,
    ) -> Option<(*mut u8, bool)> {
        if let Some(class) = class_for(layout.size(), layout.align()) {
            // SAFETY: the heap's own memory, by this function's contract.
            return Some((unsafe { self.take_small(memory, class) }?, false));
        }
        let order = self.arena.tree.order_for(layout.size(), layout.align())?;
        // SAFETY: the heap's own memory, by this function's contract.
        let (address, zero) = unsafe { self.take_large(memory, order, Tag::Plain) }?;
        Some((self.region().pointer(address), zero))
    }
}

// SAFETY: blocks of a slab do not overlap, and slabs are blocks of a buddy, which do not overlap
// either; a class is as large and as aligned as the layouts that it is chosen for. Nothing panics.
unsafe impl HeapState for Lock<State> {
    // SAFETY: the closures of this file call functions of the state and of a pool, whose lock is
    // another one; none of them calls the shell or the program.
    const NEW: Self =
        unsafe { Lock::new(State { arena: Arena::new(GRANULE), partial: [0; CLASSES] }) };
    const NAME: &'static str = "SlabHeap";

    #[inline(always)]
    unsafe fn alloc<M: PageSource, P: Policy>(heap: &Shell<Self, M, P>, layout: Layout) -> *mut u8 {
        // SAFETY: the memory of the shell whose state it is.
        match heap.state.with(|state| unsafe { state.take(&heap.memory, layout) }) {
            Some((block, _)) => block,
            None => core::ptr::null_mut(),
        }
    }

    #[inline(always)]
    unsafe fn dealloc<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        block: *mut u8,
        layout: Layout,
    ) -> bool {
        heap.state.with(|state| match class_for(layout.size(), layout.align()) {
            // SAFETY: a live block of that class, by the contract of `dealloc`.
            Some(class) => unsafe { state.give_small(block.addr(), class) },
            // SAFETY: a live block of the buddy, by the contract of `dealloc`.
            None => unsafe { state.arena.tree.give(block.addr()) },
        });
        true
    }

    #[inline(always)]
    unsafe fn alloc_zeroed<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        layout: Layout,
    ) -> *mut u8 {
        // SAFETY: the memory of the shell whose state it is.
        let taken = heap.state.with(|state| unsafe { state.take(&heap.memory, layout) });
        let Some((block, zero)) = taken else {
            return core::ptr::null_mut();
        };
        let dirty = if zero { 2 * WORD } else { layout.size() };
        // SAFETY: the new block; one of the buddy's is larger than two words.
        unsafe { block.write_bytes(0, dirty) };
        block
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
        let from = class_for(layout.size(), layout.align());
        let to = class_for(size, layout.align());
        match (from, to) {
            (Some(from), Some(to)) => from == to,
            (None, None) => {
                // SAFETY: a live block of the buddy, by the contract of `resize`.
                heap.state.with(|state| unsafe { state.arena.resize(block.addr(), new) })
            }
            _ => false,
        }
    }
}
