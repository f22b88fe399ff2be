//! Requests that no quick list serves: from what is free, or from memory that grows.

use core::{alloc::Layout, ptr};

use super::{
    State,
    front::Front,
    runs::LOOK,
    sizes::{GRANULE, GRANULE_LOG, SMALL, class_of, granules, room_for, rounded},
};
use crate::{
    global::{Policy, Shell},
    inspect::Inspect,
    linear::PageSource,
};

/// Small blocks are carved this many granules at a time, where a run has them.
pub(super) const BATCH: usize = 128;
/// Or this many blocks, where that is more.
pub(super) const BLOCKS: usize = 8;
/// Memory that grows although more than this part of it is free is fragmented: a quarter.
pub(super) const FRAGMENTED: usize = 4 * GRANULE;
/// Unless it grows for a request of more than this part of what is free: an eighth. A small heap has no
/// room for such a request, fragmented or not.
pub(super) const SPARSE: usize = 8;
/// Then the quick lists are emptied whenever this part of memory was taken from runs: a 256th.
pub(super) const OFTEN: usize = 256 * GRANULE;
/// But no more often than for every 64 KiB, in granules: small heaps would do nothing else.
pub(super) const SELDOM: usize = 4096;
/// A granule of page 0, where no block begins.
pub(super) const NO_RESERVE: usize = 1;

/// A block that was taken from the free runs.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// The block; null for none.
    pub(super) block: *mut u8,
    /// Bytes from its start that may not be zero; of what follows all are.
    pub(super) dirty: usize,
}

impl State {
    /// Returns the pointer to `address`.
    #[inline(always)]
    pub(super) fn pointer(&self, address: usize) -> *mut u8 {
        self.runs.pointer(self.runs.granule(address))
    }

    /// Takes a block of `g` granules aligned to `align` from the runs: those there are, then those that
    /// the quick lists make, then, without what its class adds, whichever holds it. Null only if no
    /// free memory does.
    #[inline]
    pub(super) fn serve(&mut self, g: usize, align: usize) -> Taken {
        #[cfg(test)]
        let _frame = super::trap::enter();
        let n = rounded(g);
        self.carved = self.carved.wrapping_add(n);
        if self.careful && self.carved > SELDOM.max(self.runs.committed / OFTEN) {
            self.carved = 0;
            self.flush();
        }
        let mut at = self.runs.find_any(n, align, LOOK);
        if at == 0 && self.flush() {
            at = self.runs.find_any(n, align, LOOK);
        }
        if at == 0 {
            at = self.runs.find_any(g, align, usize::MAX);
        }
        if at == 0 {
            let free = self.runs.free;
            self.careful = free > self.runs.committed / FRAGMENTED && n <= free / SPARSE;
            return Taken { block: ptr::null_mut(), dirty: 0 };
        }
        // SAFETY: found just now.
        unsafe { self.cut(at, g, align) }
    }

    /// Cuts a block of `g` granules out of a free run, as large as its class says if the run has as much.
    /// Of small ones more are cut, for the quick list.
    ///
    /// # Safety
    /// A free run begins at `at`, or the top does, and holds as much at that alignment.
    unsafe fn cut(&mut self, at: usize, g: usize, align: usize) -> Taken {
        let has = self.runs.free_at(at);
        let front = self.runs.front(at, align);
        let mut n = rounded(g);
        if n > has - front {
            n = g;
            self.short += 1;
        }
        let mut all = n;
        if n <= SMALL && align <= GRANULE {
            let most = BATCH.max(BLOCKS * n).min(has).min(self.runs.covered_from(at));
            while all + n <= most {
                all += n;
            }
        }
        let fresh = self.runs.fresh;
        // SAFETY: this function's contract gives the run, which has that much.
        let start = unsafe { self.runs.carve(at, has, front, all) };
        let mut rest = start + all;
        while rest > start + n {
            rest -= n;
            // SAFETY: inside of what was carved, which is one live block so far, and covered.
            unsafe { self.runs.mark(rest) };
            let address = self.runs.pointer(rest).addr();
            // SAFETY: carved just now, of that size; small blocks have a class.
            unsafe { self.push(class_of(n), address) };
        }
        Taken { block: self.runs.pointer(start), dirty: fresh.saturating_sub(start) << GRANULE_LOG }
    }

    /// Frees the emergency reserve. Returns false if there was none.
    fn free_emergency<P: Policy>(&mut self) -> bool {
        let there = self.emergency > NO_RESERVE;
        if there {
            // SAFETY: the reserve, which nobody uses.
            unsafe { self.free_block(self.emergency, granules(P::EMERGENCY)) };
            self.emergency = NO_RESERVE;
        }
        there
    }
}

impl<S: Front, M: PageSource, P: Policy> Shell<S, M, P> {
    /// Takes a block from what is free, or from memory that grows.
    #[inline]
    fn obtain(&self, g: usize, align: usize) -> Taken {
        let n = S::cut(g);
        loop {
            let taken = self.state.shared().with(|state| state.serve(n, align));
            if !taken.block.is_null() {
                return taken;
            }
            let more = S::relieve(self)
                || self.grow(room_for(n, align))
                || self.state.shared().with(|state| state.runs.trim_table());
            if !more {
                return S::last(self, g, align);
            }
        }
    }

    /// Sets the emergency reserve apart, once.
    fn set_apart(&self) {
        if P::EMERGENCY == 0 || self.state.shared().with(|state| state.emergency != 0) {
            return;
        }
        let g = granules(P::EMERGENCY);
        let taken = self.obtain(g, 1);
        self.state.shared().with(|state| {
            let reserve = if taken.block.is_null() {
                NO_RESERVE
            } else {
                state.runs.granule(taken.block.addr())
            };
            if state.emergency == 0 {
                state.emergency = reserve;
            } else if reserve > NO_RESERVE {
                // SAFETY: taken just now; another thread was first.
                unsafe { state.free_block(reserve, g) };
            }
        });
    }

    /// Allocates a block that its quick list does not have. A pointer alone is returned in a register.
    #[cold]
    #[inline(never)]
    pub(super) fn take_block(&self, layout: Layout) -> *mut u8 {
        self.take(layout).block
    }

    /// Allocates a block that its quick list does not have, or that is to be large or strongly aligned.
    #[cold]
    #[inline(never)]
    pub(super) fn take(&self, layout: Layout) -> Taken {
        let g = granules(layout.size());
        if layout.align() > GRANULE {
            // Strongly aligned blocks wait in the same lists as others of their size.
            let block = self.state.shared().with(|state| {
                let block = state.pop(class_of(g), layout.align());
                if block == 0 { ptr::null_mut() } else { state.pointer(block) }
            });
            if !block.is_null() {
                return Taken { block, dirty: usize::MAX };
            }
        }
        let mut retried = false;
        loop {
            self.set_apart();
            let taken = self.obtain(g, layout.align());
            if !taken.block.is_null() || (P::EMERGENCY == 0 && P::OUT_OF_MEMORY.is_none()) {
                return taken;
            }
            if self.empty_quarantine() {
                continue;
            }
            if retried {
                return taken;
            }
            let freed = self.state.shared().with(|state| state.free_emergency::<P>());
            let again = match P::OUT_OF_MEMORY {
                Some(hook) => hook(layout, &self.stats()),
                None => freed,
            };
            if !again {
                return taken;
            }
            retried = true;
        }
    }
}
