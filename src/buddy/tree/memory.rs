//! Memory: parts of it added and taken back, and a map that moves.

use core::{ops::Range, ptr::NonNull};

use super::{FREE, LIVE, ORDER, SLAB, Tree, ZERO};
use crate::region::Region;

/// An entry of a granule that lies in a gap, while gaps are taken out of a new region.
const HOLE: u8 = 0xFF;

impl<const ORDERS: usize> Tree<ORDERS> {
    /// Adds the memory in `start..end`, which must be multiples of the granule within the map's
    /// range. `zero` says that it is all zero.
    ///
    /// # Safety
    /// The memory is not the tree's yet, and only the tree touches it from now on, but for blocks
    /// that it handed out.
    pub unsafe fn add(&mut self, start: usize, end: usize, zero: bool) {
        let state = if zero { ZERO } else { FREE };
        let mut address = start;
        while address < end {
            let order = self.order_at(address, end);
            // SAFETY: this function's contract gives the tree `start..end`, and `order_at` lets no
            // block run over `end`.
            unsafe { self.insert(order, address, state) };
            address += self.size_of(order);
        }
    }

    /// Adds `start..end` without those granules of it that one of `gaps` touches, given as
    /// offsets from `start`, in any order. O(granules).
    ///
    /// # Safety
    /// The memory outside of the gaps is as [`Tree::add`] demands; none inside is touched.
    pub(crate) unsafe fn add_around(
        &mut self,
        start: usize,
        end: usize,
        gaps: impl IntoIterator<Item = Range<usize>>,
    ) {
        let granules = (end - start) >> self.granule;
        let first = self.index(start);
        for gap in gaps {
            if gap.is_empty() {
                continue;
            }
            let from = gap.start >> self.granule;
            let to = ((gap.end - 1) >> self.granule).min(granules.wrapping_sub(1));
            for granule in from..=to {
                self.set_entry(first + granule, HOLE);
            }
        }
        let mut run = start;
        for granule in 0..granules {
            if self.entry(first + granule) == HOLE {
                self.set_entry(first + granule, 0);
                let hole = start + (granule << self.granule);
                // SAFETY: no granule of `run..hole` is in a gap: each would have been a hole.
                unsafe { self.add(run, hole, false) };
                run = hole + self.size_of(0);
            }
        }
        // SAFETY: no granule of `run..end` is in a gap: the last hole is before `run`.
        unsafe { self.add(run, end, false) };
    }

    /// Enters the memory in `start..end`, both multiples of the granule, as live blocks: the heap's
    /// own map, which lies in its own memory.
    pub(crate) fn add_live(&mut self, start: usize, end: usize) {
        let mut address = start;
        while address < end {
            let order = self.order_at(address, end);
            self.set_entry(self.index(address), LIVE | (order as u8 + 1));
            address += self.size_of(order);
        }
    }

    /// Takes back all live blocks that tile `start..end`.
    ///
    /// # Safety
    /// Live blocks tile that range, and nothing uses them any more.
    pub(crate) unsafe fn give_range(&mut self, start: usize, end: usize) {
        let mut address = start;
        while address < end {
            let size = self.size_at(address);
            if size == 0 {
                return;
            }
            // SAFETY: this function's contract says that a live block begins here.
            unsafe { self.give(address) };
            address += size;
        }
    }

    /// Takes every live block back.
    ///
    /// # Safety
    /// No block that was handed out is used any more.
    pub(crate) unsafe fn give_all(&mut self) {
        let mut index = 0;
        while index < self.entries {
            let entry = self.entry(index);
            let order = u32::from(entry & ORDER);
            if order > 0 && matches!(entry & !ORDER, LIVE | SLAB) {
                let address = self.origin + (index << self.granule);
                // SAFETY: the map says that the block is live, and this function's contract that
                // nothing uses it.
                unsafe { self.give(address) };
            }
            index += 1 << order.saturating_sub(1);
        }
    }

    /// The address where the free memory begins that ends at `end`; `end` if the last block is
    /// live.
    pub(crate) fn free_until(&self, end: usize) -> usize {
        let free_before = |end: usize| {
            let start = |order| end.wrapping_sub(self.size_of(order));
            (0..=self.top).find(|&order| self.is_free(start(order), order)).map(start)
        };
        let mut start = end;
        while let Some(before) = free_before(start) {
            start = before;
        }
        start
    }

    /// Moves to another map, whose entry 0 stands for `origin`: no higher than now, and a
    /// multiple of the granule. Entries beyond those of the old map are 0; `entries` stays to be
    /// raised by the caller.
    ///
    /// # Safety
    /// `map` is `capacity` bytes that only the tree touches, room for the shifted old map.
    /// The old map is the caller's again. `base` may touch all memory that is ever added.
    pub(crate) unsafe fn move_map(
        &mut self,
        base: NonNull<u8>,
        map: NonNull<u8>,
        capacity: usize,
        origin: usize,
    ) {
        // SAFETY: this function's contract gives the tree `capacity` bytes at `map`.
        unsafe { map.as_ptr().write_bytes(0, capacity) };
        if self.entries > 0 {
            let shift = (self.origin - origin) >> self.granule;
            // SAFETY: the contract demands room for the old map behind `shift` entries.
            let to = unsafe { map.add(shift) };
            // SAFETY: the old map is `entries` bytes, there is room for them at `to`, and two maps
            // that the tree owns do not overlap.
            unsafe { to.copy_from_nonoverlapping(self.map, self.entries) };
            self.entries += shift;
        }
        self.region = Region::unbounded(base);
        self.map = map;
        self.origin = origin;
    }

    /// The highest order of a block that may begin at `address` and not run over `end`.
    fn order_at(&self, address: usize, end: usize) -> u32 {
        let aligned = address.trailing_zeros();
        let fits = usize::BITS - 1 - (end - address).leading_zeros();
        aligned.min(fits).min(self.granule + self.top) - self.granule
    }

    /// True if no part of `start..end` is in a block.
    pub(crate) fn lacks(&self, start: usize, end: usize) -> bool {
        let mut at = 0;
        while let Some(block) = self.next(at) {
            at = block.end();
            if block.state != crate::inspect::State::Gap && block.address < end && start < at {
                return false;
            }
        }
        true
    }
}
