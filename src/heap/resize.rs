//! Blocks that become larger or smaller where they are, or slide over free memory in front of them.

use core::{alloc::Layout, ptr};

use super::{
    Heap, State,
    runs::LOOK,
    sizes::{GRANULE, granules, rounded},
};
use crate::{global::Policy, linear::PageSource};

/// Blocks from this size on, in granules, grow with the memory they end with.
const EXTEND: usize = 1024;

/// The outcome of [`State::resize`].
enum Resized {
    Yes,
    No,
    /// The block ends with memory, and memory would have to grow by this many granules.
    Grow(usize),
}

impl State {
    /// Frees the live block at `at` that was handed out for `g` granules.
    ///
    /// # Safety
    /// It was, and nothing uses it any more.
    pub(super) unsafe fn free_block(&mut self, at: usize, g: usize) {
        let n = self.extent(at, g);
        self.short -= usize::from(n < rounded(g));
        // SAFETY: a live block of that size, by this function's contract.
        unsafe { self.runs.free(at, n) };
    }

    /// Makes a block of `from` granules one for `g` where it is, as far as free memory behind it goes.
    ///
    /// # Safety
    /// It is live.
    unsafe fn resize(&mut self, at: usize, from: usize, g: usize) -> Resized {
        let whole = rounded(g);
        let end = at + from;
        let mut free = if whole > from { self.runs.free_at(end) } else { 0 };
        // As large as its class says where that can be, else as large as was asked for.
        let mut to = if whole <= from + free { whole } else { g };
        if to > from + free {
            if end != self.runs.top || to < EXTEND {
                return Resized::No;
            }
            // Memory grows only for what nothing that is free could hold.
            self.flush();
            free = self.runs.free_at(end);
            if self.runs.find_any(whole, 1, LOOK) != 0 {
                return Resized::No;
            }
            if whole > from + free {
                return Resized::Grow(whole - from);
            }
            to = whole;
        }
        // SAFETY: a live block, and as much is free behind it.
        unsafe { self.fit(at, from, free, to) };
        self.short += usize::from(to < whole);
        Resized::Yes
    }

    /// Makes a block of `from` granules one of `to`, where `free` are free behind it.
    ///
    /// # Safety
    /// The block is live; `free` is what `free_at` says where it ends, or 0; `to` is at most both
    /// together, and not 0.
    unsafe fn fit(&mut self, at: usize, from: usize, free: usize, to: usize) {
        let end = at + from;
        if to > from {
            // SAFETY: as much is free behind the block, by this function's contract.
            unsafe { self.runs.extend(end, free, to - from) };
        } else if to < from {
            // SAFETY: inside of the block.
            unsafe { self.runs.mark(at + to) };
            // SAFETY: a block of its own now, which nobody uses.
            unsafe { self.runs.free(at + to, from - to) };
        }
    }

    /// Resizes a block where there is no memory for another one: the runs are merged. Returns null if
    /// nothing changed.
    ///
    /// # Safety
    /// The block was handed out for `layout`, and is live.
    #[inline(never)]
    pub(super) unsafe fn squeeze(
        &mut self,
        block: *mut u8,
        layout: Layout,
        size: usize,
    ) -> *mut u8 {
        let mut at = self.runs.granule(block.addr());
        let (old, g) = (granules(layout.size()), granules(size));
        let mut from = self.extent(at, old);
        let short = from < rounded(old);
        let free = self.runs.free_at(at + from);
        let left = self.runs.free_before(at);
        if g > from + free {
            if layout.align() > GRANULE || g > left + from + free {
                return ptr::null_mut();
            }
            // SAFETY: a live block, and the free run before it.
            unsafe { self.runs.slide(at, from, left) };
            at -= left;
            from += left;
        }
        // SAFETY: a live block, with as much free behind it.
        unsafe { self.resize(at, from, g) };
        self.short -= usize::from(short);
        self.runs.pointer(at)
    }
}

impl<M: PageSource, P: Policy> Heap<M, P> {
    /// Makes a block larger or smaller where it is; memory grows for the last one. Returns false,
    /// and changes nothing, where that is impossible.
    ///
    /// # Safety
    /// The block was handed out for `layout`, and is live.
    #[inline(never)]
    pub(super) unsafe fn resize_in_place(
        &self,
        block: *mut u8,
        layout: Layout,
        size: usize,
    ) -> bool {
        let old = granules(layout.size());
        loop {
            let resized = self.state.with(|state| {
                let at = state.runs.granule(block.addr());
                let from = state.extent(at, old);
                // SAFETY: a live block of that size, by this function's contract.
                let resized = unsafe { state.resize(at, from, granules(size)) };
                if let Resized::Yes = resized {
                    state.short -= usize::from(from < rounded(old));
                }
                resized
            });
            match resized {
                Resized::Yes => return true,
                Resized::No => return false,
                Resized::Grow(more) if self.grow(more) => {}
                Resized::Grow(_) => return false,
            }
        }
    }
}
