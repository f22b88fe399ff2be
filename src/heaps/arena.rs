//! A buddy over linear memory, whose map grows with the memory.
//!
//! Memory comes in extents, wherever the pool finds them, at ascending addresses or not. The map
//! spans them all, from the lowest to the highest, and lies in an extent of its own, entered as
//! live. When it is full, one a quarter larger than needed is made and the old one is
//! freed: O(1) a granule over time.

use core::{alloc::Layout, ptr::NonNull};

use crate::{
    bitmap::{align_down, align_up},
    buddy::{Tag, Taken, Tree},
    descriptor::value,
    inspect::{Block, State},
    linear::{Extent, LinearMemory, PAGE, Pool},
    provenance,
    region::Region,
};

/// A tree of buddies and the memory it has so far.
#[repr(C)]
#[derive(Debug)]
pub struct Arena<const ORDERS: usize> {
    pub(crate) tree: Tree<ORDERS>,
    /// The number of entries that fit at the place of the map. Those behind `tree.entries` are 0.
    pub(crate) capacity: usize,
    /// Bytes obtained from the pool.
    pub(crate) committed: usize,
}

impl<const ORDERS: usize> Arena<ORDERS> {
    /// An arena without memory, for blocks of `1 << granule` bytes and up.
    pub(crate) const fn new(granule: u32) -> Self {
        Arena { tree: Tree::empty(granule), capacity: 0, committed: 0 }
    }

    /// Hands out a block of `order` from what there is.
    #[inline(always)]
    pub(crate) fn take(&mut self, order: u32, tag: Tag) -> Option<Taken> {
        self.tree.take(order, tag)
    }

    /// Makes a block fit another layout where it is. False, and nothing changed, where that cannot be.
    ///
    /// # Safety
    /// `address` is a live block, and of it no more than the new size is used from now on.
    pub(crate) unsafe fn resize(&mut self, address: usize, new: Layout) -> bool {
        let Some(order) = self.tree.order_for(new.size(), new.align()) else {
            return false;
        };
        if self.tree.size_of(order) <= self.tree.size_at(address) {
            // SAFETY: a live block of an order no lower.
            unsafe { self.tree.shrink(address, order) };
            return true;
        }
        // SAFETY: a live block of a lower order.
        unsafe { self.tree.extend(address, order) }
    }

    /// Obtains memory for a block of `order`. False where there is none; the arena is then as good
    /// as before. Where the map could grow for a part of that memory only, the part may be too small.
    ///
    /// # Safety
    /// The pool is the same one each time: all of an arena's memory is reached from one pointer.
    #[cold]
    #[inline(never)]
    pub(crate) unsafe fn make_room<G: LinearMemory>(&mut self, pool: &Pool<G>, order: u32) -> bool {
        let size = self.tree.size_of(order);
        // Memory that was released before; else just enough behind our own end to complete a
        // block with what is free there; else wherever memory grows.
        let extent = pool
            .reuse(size, size)
            .or_else(|| self.complete(pool, size))
            .or_else(|| pool.acquire_run(size, size));
        // SAFETY: from the arena's pool just now.
        extent.is_some_and(|extent| unsafe { self.add(pool, extent, size) })
    }

    /// The end of the arena's memory.
    fn end(&self) -> usize {
        self.tree.origin + self.tree.entries * self.tree.size_of(0)
    }

    /// Memory that begins at the arena's end and makes an aligned block of `size` with the free
    /// blocks there.
    fn complete<G: LinearMemory>(&self, pool: &Pool<G>, size: usize) -> Option<Extent> {
        let end = self.end();
        let start = align_up(self.tree.free_until(end), size);
        let needed = start.checked_add(size)?.checked_sub(end)?;
        if self.tree.entries == 0 { None } else { pool.extend(end, needed) }
    }

    /// Makes an extent part of the arena, or no more of it than `size` bytes. False, and the extent
    /// released, where the map cannot grow to cover it.
    ///
    /// # Safety
    /// The extent is fresh from the arena's pool.
    unsafe fn add<G: LinearMemory>(
        &mut self,
        pool: &Pool<G>,
        mut extent: Extent,
        size: usize,
    ) -> bool {
        let start = provenance::address(extent.start);
        // SAFETY: the extent is of the arena's pool, by this function's contract.
        while !unsafe { self.cover(pool, extent.start, start, start + extent.len) } {
            // In a small memory the map may find room only in what the extent has beside.
            let keep = if extent.len > size { size } else { 0 };
            let rest = Region::unbounded(extent.start).non_null(start + keep);
            // SAFETY: a part of the extent, which nobody uses.
            unsafe { pool.release_run(rest, extent.len - keep) };
            if keep == 0 {
                return false;
            }
            extent.len = keep;
            extent.zero_from = extent.zero_from.min(keep);
        }
        // SAFETY: the extent is fresh from the arena's pool, by this function's contract.
        unsafe { self.enter(pool, extent, 0) };
        true
    }

    /// Enters a covered extent into the map: its first `live` bytes as live, the rest as free.
    ///
    /// # Safety
    /// The extent is fresh from the arena's pool; nothing uses more of it than the first `live` bytes.
    unsafe fn enter<G: LinearMemory>(&mut self, pool: &Pool<G>, extent: Extent, live: usize) {
        let granule = self.tree.size_of(0);
        let start = provenance::address(extent.start);
        let free = start + align_up(live, granule);
        let end = align_down(start + extent.len, granule);
        let zero = align_up(start + extent.zero_from, granule).min(end).max(free);
        // A shift, because a division has a panic where its divisor is 0.
        let entries = (end - self.tree.origin) >> granule.trailing_zeros();
        self.tree.entries = self.tree.entries.max(entries);
        self.tree.add_live(start, free);
        // SAFETY: fresh from the pool, and unused, by this function's contract.
        unsafe { self.tree.add(free, zero, false) };
        // SAFETY: fresh from the pool, which says that it is zero.
        unsafe { self.tree.add(zero, end, true) };
        self.committed += end - start;
        let tail = start + extent.len - end;
        if tail > 0 {
            // SAFETY: the end of the extent, which nobody uses.
            unsafe { pool.release_run(self.tree.region().non_null(end), tail) };
        }
    }

    /// Sees to it that the map has an entry for every granule of `start..end`.
    ///
    /// # Safety
    /// The pool is the arena's, and all of its memory may be reached from `base`.
    unsafe fn cover<G: LinearMemory>(
        &mut self,
        pool: &Pool<G>,
        base: NonNull<u8>,
        start: usize,
        end: usize,
    ) -> bool {
        let granule = self.tree.size_of(0);
        if self.capacity > 0
            && start >= self.tree.origin
            && end <= self.tree.origin + self.capacity * granule
        {
            return true;
        }
        // All of a fixed memory at once: when it is nearly full, there is no room to move. Where
        // nearly all is somebody else's, there is none for a map of that.
        let (all, own) = (pool.end(), end.max(self.end()));
        // SAFETY: pool and base are as `remap` demands them, by this function's contract.
        let mut remap = |end| unsafe { self.remap(pool, base, start, end) };
        remap(own.max(all)) || (own < all && remap(own))
    }

    /// Makes a map that has entries from `lowest` or below to `highest` or beyond.
    ///
    /// # Safety
    /// The pool is the arena's, and all of its memory may be reached from `base`.
    unsafe fn remap<G: LinearMemory>(
        &mut self,
        pool: &Pool<G>,
        base: NonNull<u8>,
        mut lowest: usize,
        mut highest: usize,
    ) -> bool {
        let granule = self.tree.size_of(0);
        if self.capacity > 0 {
            lowest = lowest.min(self.tree.origin);
        }
        // The new map's own extent is to be covered too, and may lie beyond; then once more.
        for _ in 0..3 {
            let origin = align_down(lowest, PAGE);
            let needed = align_up(highest - origin, granule) >> granule.trailing_zeros();
            let capacity = align_up(needed + needed / 4 + 1, granule);
            let Some(extent) = pool.acquire_run(capacity, granule) else {
                return false;
            };
            let map = provenance::address(extent.start);
            let map_end = map + extent.len;
            if map < origin || map_end > origin + capacity * granule {
                lowest = lowest.min(map);
                highest = highest.max(map_end);
                // SAFETY: acquired just now.
                unsafe { pool.release_run(extent.start, extent.len) };
                continue;
            }
            let old = self.tree.map_address();
            let old_capacity = self.capacity;
            // SAFETY: fresh from the pool, and at least `capacity` bytes; the old map is entered as
            // live memory of our own.
            unsafe { self.tree.move_map(base, extent.start, capacity, origin) };
            self.capacity = capacity;
            // SAFETY: acquired just now; the map is its first `capacity` bytes.
            unsafe { self.enter(pool, extent, capacity) };
            if old_capacity > 0 {
                // SAFETY: the old map, which is no longer used.
                unsafe { self.tree.give_range(old, old + old_capacity) };
            }
            return true;
        }
        false
    }

    /// The first block or gap behind `address`, as [`Tree::next`] has it, with the map's memory
    /// as what it is.
    pub(crate) fn next(&self, address: usize) -> Option<Block> {
        let mut block = self.tree.next(address)?;
        let map = self.tree.map_address();
        if block.state == State::Live && block.address.wrapping_sub(map) < self.capacity {
            block.state = State::Meta;
        }
        Some(block)
    }
}

/// The words that a heap with an arena adds: map, entries, origin, granule, capacity.
pub(crate) const fn arena_words<const ORDERS: usize>(
    arena: *const Arena<ORDERS>,
    granule: u32,
) -> [*const (); 5] {
    // SAFETY: only an address is taken, in a static.
    let tree: *const Tree<ORDERS> = unsafe { &raw const (*arena).tree };
    // SAFETY: this takes an address in a static, and reads nothing.
    let map = unsafe { &raw const (*tree).map }.cast();
    // SAFETY: this takes an address in a static, and reads nothing.
    let entries = unsafe { &raw const (*tree).entries }.cast();
    // SAFETY: this takes an address in a static, and reads nothing.
    let origin = unsafe { &raw const (*tree).origin }.cast();
    // SAFETY: this takes an address in a static, and reads nothing.
    let capacity = unsafe { &raw const (*arena).capacity }.cast();
    [map, entries, origin, value(granule as usize), capacity]
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;
    use crate::linear::{Config, PoolStats, Simulation};

    fn pool(config: Config) -> Pool<Simulation> {
        Pool::new(Simulation::new(config))
    }

    /// A block of at least `size` bytes.
    fn take<const ORDERS: usize>(
        arena: &mut Arena<ORDERS>,
        pool: &Pool<Simulation>,
        size: usize,
    ) -> Option<usize> {
        let order = arena.tree.order_for(size, 1)?;
        let taken = arena.take(order, Tag::Plain);
        let taken = taken.or_else(|| {
            // SAFETY: each test has one pool.
            if unsafe { arena.make_room(pool, order) } {
                arena.take(order, Tag::Plain)
            } else {
                None
            }
        });
        Some(taken?.address)
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes Miri many minutes")]
    fn memory_grows_by_what_completes_a_block_with_the_free_ones_at_the_end() {
        for granule in [4, 12] {
            let pool = pool(Config::default());
            let mut arena = Arena::<20>::new(granule);
            for size in [PAGE, 2 * PAGE, 4 * PAGE] {
                let block = loop {
                    let block = take(&mut arena, &pool, size).unwrap();
                    let covered = arena.tree.origin + arena.capacity * arena.tree.size_of(0);
                    let is_lower = block % (2 * size) == 0;
                    if is_lower && block + size == pool.end() && block + 2 * size <= covered {
                        break block;
                    }
                };
                // SAFETY: taken just now.
                unsafe { arena.tree.give(block) };
                let pages = pool.memory().pages();
                assert_eq!(take(&mut arena, &pool, 2 * size), Some(block), "{size}");
                assert_eq!(pool.memory().pages() - pages, size / PAGE);
                arena.tree.check().unwrap();
            }
        }
    }

    #[test]
    fn all_memory_is_an_arenas_or_the_pools() {
        let pool = pool(Config::default());
        // Runs that no number of granules fills, each before memory that is somebody else's.
        let sizes = [12_288 + 48, 4096 + 4080, 40_960 + 16, 32_768];
        let runs = sizes.map(|_| pool.acquire_run(PAGE, PAGE).unwrap());
        let mut others: usize = runs.iter().map(|run| run.len).sum();
        let mut arena = Arena::<20>::new(12);
        let mut last = 0;
        for (&size, run) in sizes.iter().zip(runs) {
            // SAFETY: acquired above, and not used.
            unsafe { pool.release_run(run.start, size) };
            others -= size;
            while arena.committed == last {
                take(&mut arena, &pool, 4096).unwrap();
                let PoolStats { grown_pages, free_bytes, .. } = pool.stats();
                assert_eq!(arena.committed + free_bytes + others, grown_pages * PAGE);
            }
            last = arena.committed;
        }
        assert_eq!(arena.committed % 4096, 0);
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes Miri many minutes")]
    fn a_growing_map_seldom_moves() {
        let pool = pool(Config { max_pages: 600, ..Config::default() });
        let mut arena = Arena::<28>::new(4);
        let mut maps = Vec::new();
        while take(&mut arena, &pool, PAGE).is_some() {
            maps.push(arena.tree.map_address());
        }
        assert!(maps.len() > 300, "{} pages", maps.len());
        arena.tree.check().unwrap();
        maps.dedup();
        // A quarter more each time.
        assert!(maps.len() < 32, "the map moved {} times", maps.len());
    }

    #[test]
    fn two_granules_are_enough_for_a_block_and_its_map() {
        let pool = pool(Config { pages: 2, max_pages: 402, heap_base: Some(PAGE), first_page: 0 });
        let lent = |size: usize| Layout::from_size_align(size, 16).unwrap();
        let two = pool.acquire(lent(2 * 4096)).unwrap();
        pool.acquire(lent(PAGE - 2 * 4096)).unwrap();
        // SAFETY: acquired with that layout, and not used.
        unsafe { pool.release(two, lent(2 * 4096)) };
        // A map of all memory would have no room.
        assert!(pool.memory().foreign(400));
        let mut arena = Arena::<20>::new(12);
        assert_eq!(take(&mut arena, &pool, 4096), Some(provenance::address(two)));
        assert_eq!(take(&mut arena, &pool, 4096), None);
        assert!(pool.memory().foreign_intact());
    }
}
