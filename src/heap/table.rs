//! The table: two bits for every granule, which say where blocks and free runs begin and end.
//!
//! ```text
//!  header | table | live | free run ....... | live | free run | live |  top ............|
//!  S        S       S      SF             F   S      SF      F  S                        end
//! ```
//!
//! `S`: a block begins here, whether it is live, waits in a quick list, or is a free run. `F`: the first or
//! the last granule of a free run. So a block whose last granule has F is free, and any other is not.
//! The bits change only where blocks are carved and merged, and the top has none.
//!
//! A **region** is memory in one piece. Each has a table of its own, a block like others, so what lies between
//! two regions costs nothing. The table of the newest region reaches a little further than blocks
//! do: a block that extends beyond it needs no bits there, and when the top does, a larger table is
//! allocated at the top and the old one is freed. A region that is followed by another one has bits for all of it,
//! and an S where it ends: what is there is somebody else's, a block that nobody frees.

use super::{
    runs::Runs,
    sizes::{GRANULE, GRANULE_LOG},
};

/// A block begins here.
pub(super) const S: u8 = 1;
/// A free run begins or ends here.
pub(super) const F: u8 = 2;

/// A region, and where its table is. All in granules.
///
/// The record of the newest region is in the heap's state. A region begins with a header, one granule that has
/// the record of the region before it, as words of 32 bits; all 0 in the first.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Region {
    /// The first granule, which is the header; 0 for none, whatever the others are.
    pub(crate) origin: usize,
    /// The number of granules from the origin on that the table has bits for.
    pub(crate) cover: usize,
    /// The granule where the table begins. Its first byte has the bits of the granule
    /// `origin & !3`.
    pub(crate) table: usize,
}

/// The granules of a table that has bits for `cover` granules, wherever its region begins.
pub(super) fn table_size(cover: usize) -> usize {
    (cover + 3).div_ceil(4 * GRANULE)
}

/// The granules of a table for a region of which `used` granules are in use: it reaches half as far again,
/// and beyond itself.
pub(super) fn roomy(used: usize) -> usize {
    table_size(used + used / 2 + 1)
}

/// The most granules that a table of `n` granules has bits for, wherever its region begins.
pub(super) fn coverage(n: usize) -> usize {
    (n * (4 * GRANULE)).wrapping_sub(3)
}

impl Region {
    /// Before the first region: all zero, as the memory is that a host has cleared.
    pub(super) const NONE: Region = Region { origin: 0, cover: 0, table: 0 };

    /// Returns true if the table has bits for granule `at`.
    #[inline(always)]
    fn has(&self, at: usize) -> bool {
        at.wrapping_sub(self.origin) < self.cover
    }

    /// Returns where a region ends that is followed by another one.
    pub(super) fn end(&self) -> usize {
        (self.origin + self.cover).saturating_sub(1)
    }
}

impl Runs {
    /// Returns the region before one: what stands in its header.
    ///
    /// # Safety
    /// The region is the newest one, or this function returned it.
    pub(super) unsafe fn before(&self, Region { origin, .. }: Region) -> Region {
        if origin == 0 {
            return Region::NONE;
        }
        // SAFETY: a region of this heap, by this function's contract, begins with three words.
        let word = |i: usize| unsafe { self.read(origin, 4 * i) };
        let mut before = Region { origin: word(0), cover: word(1), table: word(2) };
        // Regions descend. A header that was overwritten must not lead in circles.
        if before.origin >= origin {
            before.origin = 0;
        }
        before
    }

    /// Returns the region whose table has bits for granule `at`, or none.
    #[inline]
    pub(super) fn region_of(&self, at: usize) -> Region {
        if self.region.has(at) { self.region } else { self.older(at) }
    }

    /// Returns the region before the newest one whose table has bits for granule `at`, or none.
    #[inline]
    fn older(&self, at: usize) -> Region {
        let mut region = self.region;
        loop {
            // SAFETY: it is the newest region, or one before it.
            region = unsafe { self.before(region) };
            if region.origin == 0 || region.has(at) {
                return region;
            }
        }
    }

    /// Returns the byte of a table that has the bits of granule `at`; null where no table has any.
    #[inline]
    fn slot(&self, at: usize) -> *mut u8 {
        if self.region.has(at) { self.slot_in(self.region, at) } else { self.slot_before(at) }
    }

    /// Returns what [`Runs::slot`] does, of a region whose table has bits for the granule.
    #[inline]
    fn slot_in(&self, region: Region, at: usize) -> *mut u8 {
        self.pointer(region.table).wrapping_add(at / 4 - region.origin / 4)
    }

    /// Returns what [`Runs::slot`] does, of a granule that is not in the newest region.
    #[cold]
    #[inline(never)]
    fn slot_before(&self, at: usize) -> *mut u8 {
        let region = self.older(at);
        if region.origin == 0 { core::ptr::null_mut() } else { self.slot_in(region, at) }
    }

    /// Returns the bits of granule `at`; 0 where no table has any.
    #[inline]
    pub(super) fn get(&self, at: usize) -> u8 {
        let slot = self.slot(at);
        if slot.is_null() {
            return 0;
        }
        // SAFETY: a byte of a table, which is the heap's.
        let byte = unsafe { slot.read() };
        byte >> (at % 4 * 2) & 3
    }

    /// Sets the bits of granule `at`; does nothing where no table has any.
    ///
    /// # Safety
    /// Blocks and runs are what the bits say when the operation ends that this is part of.
    #[inline]
    pub(super) unsafe fn set(&mut self, at: usize, bits: u8) {
        #[cfg(test)]
        let _frame = super::trap::enter();
        let slot = self.slot(at);
        if slot.is_null() {
            return;
        }
        let shift = at % 4 * 2;
        // SAFETY: a byte of a table, which is the heap's.
        let byte = unsafe { &mut *slot };
        *byte = *byte & !(3 << shift) | bits << shift;
    }

    /// Does what [`Runs::set`] does, out of line: where memory grows bytes count.
    ///
    /// # Safety
    /// As for [`Runs::set`].
    #[cold]
    #[inline(never)]
    unsafe fn put(&mut self, at: usize, bits: u8) {
        // SAFETY: the contract is that of `set`.
        unsafe { self.set(at, bits) };
    }

    /// Divides the live block that `at` is inside of: a second one begins there.
    ///
    /// # Safety
    /// `at` is inside of a live block, and the table reaches it.
    #[inline]
    pub(crate) unsafe fn mark(&mut self, at: usize) {
        // SAFETY: by this function's contract two live blocks are there, where there was one.
        unsafe { self.set(at, S) };
    }

    /// Returns true if the table reaches beyond the top, so far that where it does not reach an aligned block,
    /// what is free in front of that has room for a larger one.
    pub(super) fn reaches_far(&self) -> bool {
        self.top - self.region.origin + 2 * self.larger_table() < self.region.cover
    }

    /// Returns true if the table reaches all blocks that can begin in the top: it reaches far, or to the end.
    pub(super) fn reaches_top(&self) -> bool {
        self.reaches_far() || self.end - self.region.origin <= self.region.cover
    }

    /// Returns how many granules from `at` on may be the first ones of blocks, as far as the table of
    /// the newest region reaches.
    pub(super) fn covered_from(&self, at: usize) -> usize {
        (self.region.origin + self.region.cover).wrapping_sub(at)
    }

    /// Moves the newest region's table to the `n` granules at `at`, where it has bits for `cover`
    /// granules. Returns where it was and how long, in granules.
    ///
    /// # Safety
    /// `at..at + n` is memory of the heap's that nothing uses. The caller marks it, and frees the old
    /// table.
    unsafe fn move_table(&mut self, at: usize, n: usize, cover: usize) -> (usize, usize) {
        let old = self.region;
        let (from, to) = (self.pointer(old.table), self.pointer(at));
        let used = old.cover.div_ceil(4);
        // SAFETY: the old table, and the new one, which is larger and elsewhere.
        unsafe { from.copy_to_nonoverlapping(to, used) };
        let rest = (n << GRANULE_LOG) - used;
        // SAFETY: the rest of the new one.
        unsafe { to.wrapping_add(used).write_bytes(0, rest) };
        self.region.table = at;
        self.region.cover = cover;
        (old.table, used >> GRANULE_LOG)
    }

    /// Returns the top if it holds `n` granules aligned to `align`; else 0. Where its table does not
    /// reach that far, a larger one is allocated there first.
    #[inline]
    pub(super) fn find_top(&mut self, n: usize, align: usize) -> usize {
        let at = self.top;
        let used = at - self.region.origin;
        let mut size = if self.reaches_top() { 0 } else { roomy(used) };
        let mut front = self.front(at + size, align);
        let cover = if size > 0 { coverage(size) } else { self.region.cover };
        if used + size + front >= cover {
            // It has room in front of the block.
            size = roomy(used + size + front);
            front = self.front(at + size, align);
        }
        if self.end - at < (size + front).saturating_add(n) {
            return 0;
        }
        if size > 0 {
            // The top has no bits. This is the call below, before anything has changed.
            // SAFETY: the top has no bits, and gets none.
            unsafe { self.put(at, 0) };
            // SAFETY: the top has that much.
            let (old, n) = unsafe { self.move_table(at, size, coverage(size)) };
            self.raise_top(at + size);
            // SAFETY: the table's block begins where the top did.
            unsafe { self.put(at, S) };
            // SAFETY: the block that was the table.
            unsafe { self.free(old, n) };
        }
        self.top
    }

    /// Returns the size of the table that the newest region needs next, in granules.
    pub(super) fn larger_table(&self) -> usize {
        roomy(self.top - self.region.origin)
    }

    /// Frees what the newest region's table has bits for beyond memory: where memory ends, nothing begins there. Returns
    /// false if that is less than a granule of the table.
    pub(super) fn trim_table(&mut self) -> bool {
        let Region { origin, cover, table } = self.region;
        let needs = table_size(self.end - origin);
        let covers = coverage(needs);
        if covers >= cover {
            return false;
        }
        self.region.cover = covers;
        // SAFETY: the last part of the table's block, which has no bits of anything.
        unsafe { self.free(table + needs, (cover - covers) / (4 * GRANULE)) };
        true
    }

    /// Ends the newest region, if there is one: its table has bits for all of it and for the gap that follows. Where it
    /// has to be larger for that, it moves to `at`, behind the region, where `n` granules are.
    ///
    /// # Safety
    /// `n` is what [`Runs::closing`] returned, and nothing uses those granules.
    pub(super) unsafe fn close(&mut self, at: usize, n: usize) {
        if self.region.origin == 0 {
            return;
        }
        let whole = self.end - self.region.origin + 1;
        if n > 0 {
            // SAFETY: this function's contract gives the memory.
            let (old, size) = unsafe { self.move_table(at, n, whole) };
            // SAFETY: the block that was the table.
            unsafe { self.free(old, size) };
        }
        self.region.cover = whole;
        // SAFETY: the gap begins there, a block that nobody frees.
        unsafe { self.put(self.end, S) };
        let (top, n) = (self.top, self.end - self.top);
        // SAFETY: what was the top is a live block, or the gap begins there.
        unsafe { self.put(top, S) };
        self.top = self.end;
        if n > 0 {
            // SAFETY: that block is nobody's; the granule before it is in no run.
            unsafe { self.insert(top, n) };
        }
    }

    /// Returns the size of the table that [`Runs::close`] needs room for, in granules; 0 for none.
    pub(super) fn closing(&self) -> usize {
        let whole = self.end - self.region.origin;
        // Before the first region the table has bits for nothing, and needs none.
        if whole <= self.region.cover.wrapping_sub(1) { 0 } else { table_size(whole + 1) }
    }

    /// Adds a region below the newest one, which has ended, with the table for all of it: the rest is a free run.
    /// Returns false, and changes nothing, where header and table leave no room.
    ///
    /// # Safety
    /// The memory `from..to` is the heap's from now on and in no region, and the newest one is above it.
    pub(super) unsafe fn add_below(&mut self, from: usize, to: usize) -> bool {
        let cover = to - from + 1;
        let rest = from + 1 + table_size(cover);
        let around = |above, before: Region| (before.origin < from).then_some((above, before));
        let Some((above, before)) = self.in_regions(around).filter(|_| rest < to) else {
            return false;
        };
        let region = Region { origin: from, cover, table: from + 1 };
        // SAFETY: the table of the new region, behind its header.
        unsafe { self.pointer(region.table).write_bytes(0, (rest - region.table) << GRANULE_LOG) };
        // Header, table, what is left, and the end: no block of these is free.
        for at in [from, region.table, rest, to] {
            let slot = self.slot_in(region, at);
            // SAFETY: a byte of the new table.
            unsafe { *slot |= S << (at % 4 * 2) };
        }
        // SAFETY: the first granule of the new region.
        unsafe { self.write_record(from, before) };
        // SAFETY: the header of the region above, which leads to this one from now on.
        unsafe { self.write_record(above.origin, region) };
        // SAFETY: the block between table and end, which nobody uses; its neighbours are live.
        unsafe { self.insert(rest, to - rest) };
        true
    }

    /// Writes the record of a region into the header at `at`.
    ///
    /// # Safety
    /// The granule is the header of a region that is above the one in the record.
    unsafe fn write_record(&mut self, at: usize, Region { origin, cover, table }: Region) {
        // SAFETY: the first word of the header.
        unsafe { self.write(at, 0, origin) };
        // SAFETY: the second word of the header.
        unsafe { self.write(at, 4, cover) };
        // SAFETY: the third word of the header.
        unsafe { self.write(at, 8, table) };
    }

    /// Begins a region at `at`, with a table of `n` granules at `table`, and the top behind that up to
    /// `end`.
    ///
    /// # Safety
    /// The memory is the heap's, and nothing of it is in use but what is between header and table;
    /// the region before was ended.
    pub(super) unsafe fn begin(&mut self, at: usize, table: usize, n: usize, end: usize) {
        // SAFETY: the first granule of the region, which is above all others.
        unsafe { self.write_record(at, self.region) };
        // SAFETY: the new table.
        unsafe { self.pointer(table).write_bytes(0, n << GRANULE_LOG) };
        self.region = Region { origin: at, cover: coverage(n), table };
        self.top = table + n;
        self.end = end;
        // SAFETY: the header is a block.
        unsafe { self.put(at, S) };
        // SAFETY: behind it is a table: of the region before, or this one's.
        unsafe { self.put(at + 1, S) };
        // SAFETY: this one's table is a block.
        unsafe { self.put(table, S) };
    }
}
