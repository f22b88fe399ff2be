//! The read-only view of a [`Heap`](super::Heap).

use super::{
    State,
    front::Front,
    runs::Runs,
    sizes::{GRANULE_LOG, SMALL, size_of_class},
    table::{F, Region},
};
use crate::{
    global::{HeapView, Policy, Shell},
    inspect::{Block, Damage, State as Use, rule},
    linear::PageSource,
};

/// Granules whose bits are in a word of the table.
const WORD_GRANULES: usize = 32;

/// The bits `S` in a word of the table.
const BEGINS: u64 = 0x5555_5555_5555_5555;

impl Runs {
    /// Calls `find` with each region and the one before it, the newest first, until it returns something.
    pub(super) fn in_regions<R>(&self, find: impl Fn(Region, Region) -> Option<R>) -> Option<R> {
        let mut region = self.region;
        while region.origin != 0 {
            // SAFETY: it is the newest region, or one before it.
            let before = unsafe { self.before(region) };
            if let Some(found) = find(region, before) {
                return Some(found);
            }
            region = before;
        }
        None
    }

    /// Returns the first granule of the heap, 0 if it has no memory.
    pub(super) fn first(&self) -> usize {
        let first = |region: Region, before: Region| (before.origin == 0).then_some(region.origin);
        self.in_regions(first).unwrap_or(0)
    }

    /// Returns true if the block at `at` is a region's header or table.
    pub(super) fn is_meta(&self, at: usize) -> bool {
        let own = |region: Region, _| (at == region.origin || at == region.table).then_some(());
        self.in_regions(own).is_some()
    }

    /// Returns the end of the gap that `at` is in, if it is in one.
    pub(super) fn gap_at(&self, at: usize) -> Option<usize> {
        self.in_regions(|region, before| {
            let gap = before.end()..region.origin;
            (before.origin != 0 && gap.contains(&at)).then_some(gap.end)
        })
    }

    /// Returns the granules at the start of the top that no block can have, because a larger table has
    /// to be there first.
    pub(super) fn set_aside(&self) -> usize {
        let room = self.end - self.top;
        if self.reaches_top() { 0 } else { self.larger_table().min(room) }
    }

    /// Returns where the block ends that begins at `at`: where the next one begins, at the top, or
    /// with the region.
    pub(crate) fn block_end(&self, at: usize) -> usize {
        match self.near_size(at) {
            0 => self.far_end(at),
            // A table that is damaged may have a block begin in the top.
            n => (at + n).min(self.top.max(at + 1)),
        }
    }

    /// Returns the granules of the block at `at` if two words of the newest region's table have its end: those of all
    /// blocks to 61 granules, and of none above [`SMALL`]. Else 0.
    #[inline(always)]
    pub(super) fn near_size(&self, at: usize) -> usize {
        let next = at + 1;
        let Region { origin, cover, table } = self.region;
        let index = (next / 4).wrapping_sub(origin / 4);
        if index >= (cover / 4).saturating_sub(2 * size_of::<u64>() - 1) {
            return 0;
        }
        let bytes = self.pointer(table).wrapping_add(index);
        let word = |i: usize| {
            let word = bytes.wrapping_add(i).cast::<u64>();
            // SAFETY: the table is the heap's, and has these bytes, by the test before.
            u64::from_le(unsafe { word.read_unaligned() }) & BEGINS
        };
        // Sizes change at random, so no branch tells which of the words it is: the count of an empty word is 64.
        let skip = next as u32 % 4 * 2;
        let near = (word(0) & u64::MAX << skip).trailing_zeros();
        let bits = near + (word(8).trailing_zeros() & (near / 64).wrapping_neg());
        if bits == 2 * u64::BITS { 0 } else { 1 + ((bits - skip) / 2) as usize }
    }

    /// Returns what [`Runs::block_end`] does, for blocks of any size in any region.
    #[cold]
    #[inline(never)]
    fn far_end(&self, at: usize) -> usize {
        let mut region = self.region_of(at);
        let mut end = region.end();
        if region.origin == 0 || region.origin == self.region.origin {
            region = self.region;
            end = if at < self.top { self.top } else { self.end };
        }
        let start = region.origin & !3;
        // Below all regions no table has bits.
        let mut next = (at + 1).max(region.origin);
        while next < end.min(region.origin + region.cover) {
            let index = next - start;
            let word = self.pointer(region.table).cast::<u64>().wrapping_add(index / WORD_GRANULES);
            // SAFETY: the table is the heap's, begins at a granule, is a multiple of 16 bytes
            // long, and has bits for `next`.
            let word = u64::from_le(unsafe { word.read() });
            let begins = (word & BEGINS) >> (index % WORD_GRANULES * 2);
            if begins != 0 {
                return (next + begins.trailing_zeros() as usize / 2).min(end);
            }
            next += WORD_GRANULES - index % WORD_GRANULES;
        }
        end.max(at + 1)
    }

    /// Returns the block that begins at granule `at`, and where the next one does. A block in a quick
    /// list is live to the table.
    pub(super) fn block(&self, at: usize) -> Option<(usize, Block)> {
        if at >= self.end {
            return None;
        }
        let aside = self.top + self.set_aside();
        let (end, state) = if let Some(end) = self.gap_at(at) {
            (end, Use::Gap)
        } else if at >= self.top {
            if at < aside { (aside, Use::Meta) } else { (self.end, Use::Free) }
        } else {
            let end = self.block_end(at);
            let state = if self.is_meta(at) {
                Use::Meta
            } else if self.get(end - 1) & F != 0 {
                Use::Free
            } else {
                Use::Live
            };
            (end, state)
        };
        let size = (end - at) << GRANULE_LOG;
        Some((end, Block { address: self.pointer(at).addr(), size, state }))
    }
}

impl<S: Front> HeapView for S {
    /// Merges first what waits in quick lists, as a request that memory is short for would. O(granules).
    fn walk<M: PageSource, P: Policy>(heap: &Shell<Self, M, P>, visit: &mut dyn FnMut(Block)) {
        let mut at = heap.state.shared().with(|state| state.runs.first());
        // One block at a time: `visit` may use the heap, and free blocks.
        let next = |at| {
            S::alone(heap, |state| {
                state.flush();
                state.runs.block(at)
            })
        };
        while let Some((end, block)) = next(at) {
            visit(block);
            at = end;
        }
    }

    const MERGES: bool = true;

    /// Merges first what waits in quick lists. O(granules).
    unsafe fn tally<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        visit: &mut dyn FnMut(Block),
    ) {
        S::alone(heap, |state| {
            state.flush();
            let mut at = state.runs.first();
            while let Some((end, block)) = state.runs.block(at) {
                visit(block);
                at = end;
            }
        });
    }

    fn check<M: PageSource, P: Policy>(heap: &Shell<Self, M, P>) -> Result<(), Damage> {
        heap.state.shared().with(|state| {
            let runs = &state.runs;
            runs.check()?;
            let mut most = runs.end - runs.first();
            let mut idle = 0;
            for (class, &head) in state.quick.iter().enumerate() {
                let n = size_of_class(class);
                let blocks = state.check_list(head, n, &mut most)?;
                idle += if class > SMALL { blocks * n } else { 0 };
            }
            rule(idle == state.idle, 0, "what waits in quick lists is counted wrongly")
        })?;
        S::check_front(heap)
    }
}

impl State {
    /// Verifies a list: blocks of `n` granules, all of which have no more than `most`, from which they are
    /// subtracted. Returns the number of blocks.
    pub(super) fn check_list(
        &self,
        head: usize,
        n: usize,
        most: &mut usize,
    ) -> Result<usize, Damage> {
        let runs = &self.runs;
        let (mut block, mut blocks) = (head, 0);
        while block != 0 {
            let at = runs.granule(block);
            let waits = self.may_wait(block)
                && !runs.is_meta(at)
                && runs.gap_at(at).is_none()
                && runs.block_end(at) == at + n;
            rule(waits, block, "a quick list leads to what is no block of its size")?;
            rule(*most >= n, block, "a quick list has no end")?;
            *most -= n;
            blocks += 1;
            // SAFETY: it waits on this list.
            block = unsafe { self.link(block) };
        }
        Ok(blocks)
    }
}

#[cfg(test)]
mod tests {
    use core::ops::Range;
    use std::{vec, vec::Vec};

    use super::{
        super::{
            sizes::GRANULE,
            table::table_size,
            tests::{Heap, alloc, dealloc, memory},
        },
        *,
    };
    use crate::{inspect::Inspect, linear::PAGE};

    /// Damages one thing in a heap in which the one of two blocks of 72 granules waits in a list
    /// and the other is live: `damage` says where that shows. It is found there, as a breach of
    /// `rule`.
    fn breaks(rule: &'static str, damage: impl FnOnce(&mut State, usize, usize) -> usize) {
        let pool = memory(16);
        let heap = Heap::with_memory(&pool);
        assert!(heap.reserve(PAGE));
        let (waits, live) = (alloc(&heap, 72, 16), alloc(&heap, 72, 16));
        alloc(&heap, 80, 16);
        dealloc(&heap, waits, 72, 16);
        heap.check().unwrap();
        let address = heap.state.with(|state| damage(state, waits, live));
        assert_eq!(heap.check(), Err(Damage { address, rule }));
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes Miri many minutes")]
    fn a_list_has_blocks_of_its_size_that_are_neither_free_runs_nor_the_heaps_own() {
        let rule = "a quick list leads to what is no block of its size";
        // In a list of smaller blocks, and of larger ones.
        for class in [1, 2, SMALL, SMALL + 2] {
            breaks(rule, |state, _, live| {
                state.quick[class] = live;
                live
            });
        }
        // The header of the region is one granule.
        breaks(rule, |state, _, _| {
            state.quick[1] = state.runs.pointer(state.runs.region.origin).addr();
            state.quick[1]
        });
        // The middle of a block, what is behind all blocks, what is before them.
        breaks(rule, |state, _, live| {
            state.quick[2] = live + 32;
            live + 32
        });
        breaks(rule, |state, _, _| {
            state.quick[2] = state.runs.pointer(state.runs.end).addr();
            state.quick[2]
        });
        breaks(rule, |state, _, _| {
            state.quick[2] = state.runs.pointer(state.runs.region.origin - 1).addr();
            state.quick[2]
        });
        // A free run of the right size, and the top when it has that size.
        breaks(rule, |state, _, live| {
            let at = state.runs.granule(live);
            // SAFETY: the test's block.
            unsafe { state.runs.free(at, 72) };
            state.quick[SMALL + 1] = live;
            live
        });
        breaks(rule, |state, _, _| {
            let free = state.runs.end - state.runs.top;
            // SAFETY: the top has that much.
            unsafe { state.runs.carve(state.runs.top, free, 0, free - 5) };
            state.quick[5] = state.runs.pointer(state.runs.top).addr();
            state.quick[5]
        });
        // Not only the first of a list.
        breaks(rule, |state, waits, live| {
            let at = state.runs.pointer(state.runs.granule(waits));
            // SAFETY: the link of a block that waits.
            unsafe { at.cast::<usize>().write(live + 16) };
            live + 16
        });
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes Miri many minutes")]
    fn lists_end_and_what_waits_in_those_of_large_blocks_is_counted() {
        breaks("a quick list has no end", |state, waits, _| {
            let at = state.runs.pointer(state.runs.granule(waits));
            // SAFETY: the link of a block that waits.
            unsafe { at.cast::<usize>().write(waits) };
            waits
        });
        for wrong in [0, 71, 73, 144] {
            breaks("what waits in quick lists is counted wrongly", |state, _, _| {
                state.idle = wrong;
                0
            });
        }
        // Up to 64 granules nothing is counted.
        for n in [1, 63, 64] {
            let pool = memory(16);
            let heap = Heap::with_memory(&pool);
            let block = alloc(&heap, n, 16);
            dealloc(&heap, block, n, 16);
            assert_eq!(heap.state.with(|state| state.idle), 0, "{n}");
            heap.check().unwrap();
        }
    }

    /// Returns the blocks that a walk shows within `addresses`: sizes in granules, and uses.
    fn view(heap: &Heap, addresses: Range<usize>) -> Vec<(usize, Use)> {
        let mut blocks = Vec::new();
        heap.walk(&mut |block| {
            if addresses.contains(&block.address) {
                blocks.push((block.size >> GRANULE_LOG, block.state));
            }
        });
        blocks
    }

    #[test]
    fn a_walk_shows_header_table_blocks_and_top_once_each_and_nothing_else() {
        let pool = memory(16);
        let heap = Heap::with_memory(&pool);
        assert!(view(&heap, 0..usize::MAX).is_empty());
        assert!(heap.reserve(8 * PAGE));
        let (waits, _) = (alloc(&heap, 72, 16), alloc(&heap, 80, 16));
        dealloc(&heap, waits, 72, 16);
        // The first table has bits for 61 granules: the second one moved behind the first block.
        let (table, aside, free) = heap.state.with(|state| {
            let (runs, aside) = (&state.runs, state.runs.set_aside());
            (table_size(runs.region.cover), aside, runs.end - runs.top - aside)
        });
        assert!(aside > 0 && free > 0);
        let expected = [
            (1, Use::Meta),
            (1 + 72, Use::Free),
            (table, Use::Meta),
            (80, Use::Live),
            (aside, Use::Meta),
            (free, Use::Free),
        ];
        assert_eq!(view(&heap, 0..usize::MAX), expected);
    }

    #[test]
    fn two_regions_have_a_gap_between_them_and_each_its_header_and_table() {
        let pool = memory(64);
        let heap = Heap::with_memory(&pool);
        alloc(&heap, 40, 16);
        assert!(pool.memory().foreign(3));
        let large = alloc(&heap, 2 * PAGE / GRANULE, 16);
        heap.check().unwrap();
        let blocks = view(&heap, 0..usize::MAX);
        let gaps: Vec<_> = blocks.iter().filter(|block| block.1 == Use::Gap).collect();
        assert_eq!(gaps, [&(3 * PAGE / GRANULE, Use::Gap)]);
        // Of the first region a header. Of the second one too, and both tables: that of the first one has to
        // have bits for all of it now.
        let meta = |blocks: &[(usize, Use)]| blocks.iter().filter(|b| b.1 == Use::Meta).count();
        let gap = blocks.iter().position(|block| block.1 == Use::Gap).unwrap();
        assert_eq!(meta(&blocks[..gap]), 1, "{blocks:?}");
        assert!(meta(&blocks[gap..]) >= 3, "{blocks:?}");
        assert_eq!(view(&heap, large..large + 16), [(2 * PAGE / GRANULE, Use::Live)]);
        let sum: usize = blocks.iter().filter(|b| b.1 != Use::Gap).map(|b| b.0 * GRANULE).sum();
        assert_eq!(sum, heap.state.with(|state| state.runs.committed));
    }

    #[test]
    fn a_walk_finds_what_waits_anywhere() {
        let pool = memory(100);
        let heap = Heap::with_memory(&pool);
        let blocks: Vec<_> =
            (0..40).map(|_| (alloc(&heap, 72, 16), alloc(&heap, 4096, 16))).collect();
        for &(block, _) in blocks.iter().step_by(3) {
            dealloc(&heap, block, 72, 16);
        }
        let seen = heap.stats();
        let mut free = 0;
        heap.walk(&mut |block| free += if block.state == Use::Free { block.size } else { 0 });
        assert_eq!(seen.free_bytes, free);
        for (number, &(block, large)) in blocks.iter().enumerate() {
            let live = if number % 3 == 0 { Vec::new() } else { vec![(72, Use::Live)] };
            assert_eq!(
                view(&heap, block..block + 16)
                    .into_iter()
                    .filter(|b| b.1 == Use::Live)
                    .collect::<Vec<_>>(),
                live,
                "{number}"
            );
            assert_eq!(view(&heap, large..large + 16), [(4096, Use::Live)], "{number}");
        }
        heap.check().unwrap();
    }

    /// A visitor may free the block that it is shown, and those before it.
    #[test]
    fn a_walk_goes_on_where_blocks_are_freed_meanwhile() {
        let pool = memory(100);
        let heap = Heap::with_memory(&pool);
        let mut blocks: Vec<_> = (0..40).map(|_| alloc(&heap, 72, 16)).collect();
        let mut end = 0;
        heap.walk(&mut |block| {
            assert!(end == 0 || block.address == end);
            end = block.end();
            if let Some(i) = blocks.iter().position(|&at| at == block.address) {
                dealloc(&heap, blocks.swap_remove(i), 72, 16);
            }
        });
        assert!(blocks.is_empty());
        heap.check().unwrap();
        assert_eq!(heap.stats().live_blocks, 0);
    }
}
