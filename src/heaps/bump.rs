//! Bump allocation as a global allocator.

mod view;

use core::alloc::Layout;

use crate::{
    bitmap::{WORD, align_up},
    descriptor::{Descriptor, Kind},
    global::{HeapState, Policy, Shell},
    linear::{Linear, LinearMemory, PageSource, Pool},
    lock::Lock,
    provenance,
    region::Region,
};

/// A chunk begins with two words: the start of the chunk before it, and where that one's use
/// ended.
const HEADER: usize = 2 * WORD;

/// The address that moves, and where it stops.
///
/// Invariant: `top <= end`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Span {
    top: usize,
    end: usize,
}

impl Span {
    /// Moves past a block of `size` bytes and returns where it begins; `None` where there is no
    /// room. `align` is a power of two.
    #[inline(always)]
    fn take(&mut self, size: usize, align: usize) -> Option<usize> {
        let pad = self.top.wrapping_neg() & (align - 1);
        // No overflow: both are at most `isize::MAX`, as parts of a `Layout` are.
        let need = pad + size;
        if need > self.end - self.top {
            return None;
        }
        let start = self.top + pad;
        self.top += need;
        Some(start)
    }

    /// Makes the last block `new` bytes long. False where it is not the last one, or there
    /// is no room.
    #[inline(always)]
    fn resize_last(&mut self, start: usize, old: usize, new: usize) -> bool {
        if start + old != self.top || new > self.end - start {
            return false;
        }
        self.top = start + new;
        true
    }
}

/// The newest chunk, and the way to the older ones.
#[repr(C)]
#[derive(Debug)]
pub struct State {
    /// The start of the newest chunk, 0 before there is one.
    start: usize,
    span: Span,
    /// Memory from here to the chunk's end is zero, and was never handed out, unless `span.top` is
    /// above.
    zero_from: usize,
    /// Bytes obtained from the pool.
    committed: usize,
    region: Region,
}

// SAFETY: all it refers to is linear memory of its own.
unsafe impl Send for State {}

/// A global allocator that only ever moves one address up: the fastest there is. See the table for
/// costs.
///
/// Only the last block can be freed, grown in place or shrunk; every other free is forgotten. For
/// modules that live for one request, and are thrown away with their memory.
///
/// | operation | time |
/// |---|---|
/// | alloc, dealloc, realloc of the last block | O(1) |
/// | realloc of another block, to more | a copy |
/// | when memory grows | O(free runs of the pool) |
///
/// **Space**: two words for every chunk; memory that grows without interruption is one chunk.
/// **Waste**: all that is freed out of order. `alloc_zeroed` clears only what was used before.
///
/// Interrupts, signals and traps: as for [`Heap`](crate::Heap#interrupts-signals-and-traps).
///
/// # Example
/// ```
/// #[global_allocator]
/// static HEAP: bonsai_alloc::BumpHeap = bonsai_alloc::BumpHeap::new();
/// # fn main() { assert_eq!(vec![1; 1000].len(), 1000); }
/// ```
pub type BumpHeap<M = Linear> = Shell<Lock<State>, M>;

impl BumpHeap {
    /// The addresses of the state, for readers outside of the module: see [`inspectable!`](crate::inspectable).
    pub const fn descriptor(&'static self) -> Descriptor {
        let state = self.state.as_ptr();
        // SAFETY: only an address is taken, in a static.
        let committed = unsafe { &raw const (*state).committed }.cast();
        // SAFETY: this takes an address in a static, and reads nothing.
        let start = unsafe { &raw const (*state).start }.cast();
        // SAFETY: this takes an address in a static, and reads nothing.
        let top = unsafe { &raw const (*state).span.top }.cast();
        // SAFETY: this takes an address in a static, and reads nothing.
        let end = unsafe { &raw const (*state).span.end }.cast();
        Descriptor::new(Kind::Bump, committed, &[start, top, end])
    }
}

impl State {
    /// Obtains room for a block: behind the chunk's end if that can be, else in a new chunk.
    ///
    /// # Safety
    /// The pool is the heap's own: what an older chunk leaves goes back to it.
    #[cold]
    #[inline(never)]
    unsafe fn make_room<G: LinearMemory>(
        &mut self,
        pool: &Pool<G>,
        size: usize,
        align: usize,
    ) -> bool {
        let Some(needed) = size.checked_add(align - 1) else {
            return false;
        };
        if self.start > 0 {
            let more = needed - (self.span.end - self.span.top).min(needed);
            if let Some(extent) = pool.extend(self.span.end, more.max(1)) {
                let end = self.span.end;
                if extent.zero_from > 0 {
                    self.zero_from = end + extent.zero_from;
                }
                self.span.end = end + extent.len;
                self.committed += extent.len;
                return true;
            }
        }
        let Some(extent) = needed.checked_add(HEADER).and_then(|n| pool.acquire_run(n, HEADER))
        else {
            return false;
        };
        let region = Region::unbounded(extent.start);
        let start = region.start();
        // What the pool does not take back for its alignment stays in use, so that the view and
        // `committed` add up.
        let rest = align_up(self.span.top, 16).min(self.span.end);
        // SAFETY: the chunk is ours, and large enough for its header.
        unsafe { region.write(start, self.start) };
        // SAFETY: the second of the two words of the header.
        unsafe { region.write(start + WORD, rest) };
        if rest < self.span.end {
            self.committed -= self.span.end - rest;
            // SAFETY: the rest of the older chunk, which nothing uses.
            unsafe { pool.release_run(self.region.non_null(rest), self.span.end - rest) };
        }
        self.region = region;
        self.start = start;
        self.span = Span { top: start + HEADER, end: start + extent.len };
        self.zero_from = start + extent.zero_from.max(HEADER);
        self.committed += extent.len;
        true
    }

    /// Remembers that memory below the top has been used, before the top moves down.
    #[inline(always)]
    fn soil(&mut self) {
        self.zero_from = self.zero_from.max(self.span.top);
    }
}

impl State {
    /// Takes a block, and returns its address.
    ///
    /// # Safety
    /// The pool is the heap's own.
    #[inline(always)]
    unsafe fn take<G: LinearMemory>(&mut self, pool: &Pool<G>, layout: Layout) -> Option<usize> {
        if let Some(address) = self.span.take(layout.size(), layout.align()) {
            return Some(address);
        }
        // SAFETY: the heap's own pool, by this function's contract.
        if unsafe { self.make_room(pool, layout.size(), layout.align()) } {
            return self.span.take(layout.size(), layout.align());
        }
        None
    }
}

// SAFETY: the top moves past each block that is handed out, so blocks do not overlap; `Span::take`
// sees to size and alignment. Nothing panics.
unsafe impl HeapState for Lock<State> {
    // SAFETY: the closures of this file call functions of the state and of a pool, whose lock is
    // another one; none of them calls the shell or the program.
    const NEW: Self = unsafe {
        Lock::new(State {
            start: 0,
            span: Span { top: 0, end: 0 },
            zero_from: 0,
            committed: 0,
            region: Region::EMPTY,
        })
    };
    const NAME: &'static str = "BumpHeap";
    const QUARANTINE: bool = false;

    #[inline(always)]
    unsafe fn alloc<M: PageSource, P: Policy>(heap: &Shell<Self, M, P>, layout: Layout) -> *mut u8 {
        let pool = heap.memory.pool();
        // SAFETY: the pool of the shell whose state it is.
        heap.state.with(|state| match unsafe { state.take(pool, layout) } {
            Some(address) => provenance::at(state.region.base(), address),
            None => core::ptr::null_mut(),
        })
    }

    #[inline(always)]
    unsafe fn dealloc<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        block: *mut u8,
        layout: Layout,
    ) -> bool {
        heap.state.with(|state| {
            let last = block.addr() + layout.size() == state.span.top;
            if last {
                state.soil();
                state.span.top = block.addr();
            }
            last
        })
    }

    #[inline(always)]
    unsafe fn alloc_zeroed<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        layout: Layout,
    ) -> *mut u8 {
        let pool = heap.memory.pool();
        // SAFETY: the pool of the shell whose state it is.
        heap.state.with(|state| match unsafe { state.take(pool, layout) } {
            Some(address) => {
                let end = address + layout.size();
                let dirty = state.zero_from.min(end).max(address) - address;
                // SAFETY: the new block.
                unsafe { state.region.clear(address, dirty) };
                provenance::at(state.region.base(), address)
            }
            None => core::ptr::null_mut(),
        })
    }

    #[inline(always)]
    unsafe fn resize<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        block: *mut u8,
        layout: Layout,
        new_size: usize,
    ) -> bool {
        let start = block.addr();
        let pool = heap.memory.pool();
        heap.state.with(|state| {
            state.soil();
            if state.span.resize_last(start, layout.size(), new_size) {
                return true;
            }
            if new_size <= layout.size() {
                return true;
            }
            // The last block at the end of memory grows with the memory.
            start + layout.size() == state.span.top
                // SAFETY: the pool of the shell whose state it is.
                && unsafe { state.make_room(pool, new_size - layout.size(), 1) }
                && state.span.resize_last(start, layout.size(), new_size)
        })
    }
}

#[cfg(test)]
mod tests {
    use core::ptr::NonNull;

    use super::*;
    use crate::inspect::Inspect;
    use crate::linear::{Config, PAGE, Pool, Simulation};

    #[test]
    fn the_top_lies_between_the_header_and_the_end_of_the_chunk() {
        let pool = Pool::new(Simulation::new(Config::default()));
        let heap = BumpHeap::with_memory(&pool);
        // SAFETY: the size is not 0.
        let block =
            NonNull::new(unsafe { HeapState::alloc(&heap, Layout::new::<[u8; 100]>()) }).unwrap();
        let first = crate::provenance::address(block);
        for (top, is_sound) in [
            (first, true),
            (first - 1, false),
            (first - HEADER, false),
            (first + 100, true),
            (first - HEADER + PAGE, true),
            (first - HEADER + PAGE + 1, false),
        ] {
            heap.state.with(|state| {
                state.span.top = top;
                state.zero_from = usize::MAX;
            });
            let damage = heap.check().err().map(|damage| damage.address);
            assert_eq!(damage, if is_sound { None } else { Some(top) });
        }
    }
}
