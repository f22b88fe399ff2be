//! Blocks that become larger or smaller where they are, or slide over free memory in front of them.

use core::{alloc::Layout, ptr};

use super::{
    State,
    front::Front,
    runs::LOOK,
    sizes::{GRANULE, granules, rounded},
};
use crate::{
    global::{Policy, Shell},
    linear::PageSource,
};

/// Blocks from this size on, in granules, grow with the memory they end with.
const EXTEND: usize = 1024;

/// The answer of [`State::resize`] where a block stays as it is: more granules than memory ever grows by.
const NEVER: usize = usize::MAX;

impl State {
    /// Frees the live block at `at` that was handed out for `g` granules.
    ///
    /// # Safety
    /// It was, and nothing uses it any more.
    #[inline(always)]
    pub(super) unsafe fn free_block(&mut self, at: usize, g: usize) {
        let mut n = rounded(g);
        if self.is_short(at, g) {
            self.short -= 1;
            n = g;
        }
        // SAFETY: a live block of that size, by this function's contract.
        unsafe { self.runs.free(at, n) };
    }

    /// Makes a block of `from` granules one for `g` where it is, as far as free memory behind it goes. Returns 0 if that is
    /// done; else by how many granules memory has to grow first, or [`NEVER`].
    ///
    /// # Safety
    /// It is live.
    unsafe fn resize(&mut self, at: usize, from: usize, g: usize) -> usize {
        let whole = rounded(g);
        let end = at + from;
        let mut free = if whole > from { self.runs.free_at(end) } else { 0 };
        // As large as its class says where that can be, else as large as was asked for.
        let mut to = if whole <= from + free { whole } else { g };
        if to > from + free {
            if end != self.runs.top || to < EXTEND {
                return NEVER;
            }
            // Memory grows only for what nothing that is free could hold.
            self.flush();
            free = self.runs.free_at(end);
            if self.runs.find_any(whole, 1, LOOK) != 0 {
                return NEVER;
            }
            if whole > from + free {
                return whole - from;
            }
            to = whole;
        }
        if to > from {
            // SAFETY: as much is free behind the block.
            unsafe { self.runs.extend(end, free, to - from) };
        } else if to < from {
            // SAFETY: the last part of the block, which its owner gives up.
            unsafe { self.runs.free(at + to, from - to) };
        }
        self.short += usize::from(to < whole);
        0
    }

    /// Resizes a block where there is no memory for another one, and the runs are merged: where it is, or
    /// over free memory in front of it. Returns null if nothing changed.
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
        let at = self.runs.granule(block.addr());
        let (old, g) = (granules(layout.size()), granules(size));
        let from = self.extent(at, old);
        let right = self.runs.free_at(at + from);
        let before = self.runs.free_before(at);
        let left = g.saturating_sub(from + right);
        let mut start = at;
        if left == 0 {
            // SAFETY: a live block, with as much free behind it.
            unsafe { self.resize(at, from, g) };
        } else if left > before || layout.align() > GRANULE {
            return ptr::null_mut();
        } else {
            // SAFETY: a live block, and what is free on both sides.
            start = unsafe { self.runs.slide(at, from, before, left, right) };
            self.short += usize::from(g < rounded(g));
        }
        self.short -= usize::from(from < rounded(old));
        self.runs.pointer(start)
    }
}

impl<S: Front, M: PageSource, P: Policy> Shell<S, M, P> {
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
            let more = self.state.shared().with(|state| {
                let at = state.runs.granule(block.addr());
                let from = state.extent(at, old);
                // SAFETY: a live block of that size, by this function's contract.
                let more = unsafe { state.resize(at, from, granules(size)) };
                if more == 0 {
                    state.short -= usize::from(from < rounded(old));
                }
                more
            });
            if more == 0 {
                return true;
            }
            if !self.grow(more) {
                return false;
            }
        }
    }
}
