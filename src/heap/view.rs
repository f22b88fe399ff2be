//! The read-only view of a [`Heap`].

use super::{
    Heap, State,
    classes::{CLASSES, GRANULE_LOG, SMALL, size_of_class},
    runs::F,
};
use crate::{
    bitmap::BitSet,
    global::{HeapView, Policy, Shell},
    inspect::{Block, Damage, State as Use, rule},
    linear::PageSource,
    lock::Lock,
};

/// Words of bits, one a granule, of the memory that a walk shows after one look at the quick lists:
/// a MiB natively.
const WINDOW: usize = 1024;

impl<M: PageSource, P: Policy> Heap<M, P> {
    /// Which blocks, of those that begin in the window from granule `from` on, wait in quick lists.
    fn waiting(&self, from: usize) -> BitSet<WINDOW> {
        self.state.with(|state| {
            let mut set = BitSet::new();
            // A damaged list must lead nowhere else, and must not go on for ever.
            let mut most = state.runs.limit - state.runs.origin;
            for &head in &state.quick {
                let mut block = head;
                while most != 0 && state.may_wait(block) {
                    most -= 1;
                    set.insert(state.runs.granule(block).wrapping_sub(from));
                    // SAFETY: it waits on this list.
                    block = unsafe { state.link(block) };
                }
            }
            set
        })
    }
}

impl State {
    /// The block that begins at granule `at`, and where the next one does. A block in a quick list is
    /// live to the table.
    fn block(&self, at: usize) -> Option<(usize, Block)> {
        let runs = &self.runs;
        let end = if at < runs.end { runs.block_end(at) } else { runs.limit };
        let state = if at >= runs.end {
            Use::Meta
        } else if let Some(mark) = runs.mark_of(at) {
            mark
        } else if runs.is_free(at) {
            Use::Free
        } else {
            Use::Live
        };
        let block = || {
            let size = (end - at) << GRANULE_LOG;
            (end, Block { address: runs.pointer(at).addr(), size, state })
        };
        (at < end).then(block)
    }
}

impl HeapView for Lock<State> {
    /// O(granules + blocks in quick lists × MiB of memory).
    fn walk<M: PageSource, P: Policy>(heap: &Shell<Self, M, P>, visit: &mut dyn FnMut(Block)) {
        let mut at = heap.state.with(|state| state.runs.origin);
        let mut window = at;
        let mut waiting = heap.waiting(at);
        loop {
            if at - window >= BitSet::<WINDOW>::LEN {
                window = at;
                waiting = heap.waiting(at);
            }
            // One block at a time: `visit` may use the heap.
            let Some((end, mut block)) = heap.state.with(|state| state.block(at)) else {
                return;
            };
            if block.state == Use::Live && waiting.contains(at - window) {
                block.state = Use::Free;
            }
            visit(block);
            at = end;
        }
    }

    const MERGES: bool = true;

    /// Marks the blocks in quick lists as free for the time of one pass over the table: O(granules +
    /// blocks in quick lists).
    fn tally<M: PageSource, P: Policy>(heap: &Shell<Self, M, P>, visit: &mut dyn FnMut(Block)) {
        heap.state.with(|state| {
            let mut counts = [0_u32; CLASSES];
            for (&head, count) in state.quick.iter().zip(&mut counts) {
                let mut block = head;
                // A marked block is not met twice, so a damaged list ends.
                while state.may_wait(block) {
                    let at = state.runs.granule(block);
                    // SAFETY: the loop below flips it back.
                    unsafe { state.runs.flip(at, F) };
                    *count += 1;
                    // SAFETY: it waits on this list.
                    block = unsafe { state.link(block) };
                }
            }
            let mut at = state.runs.origin;
            while let Some((end, block)) = state.block(at) {
                visit(block);
                at = end;
            }
            for (&head, &count) in state.quick.iter().zip(&counts) {
                let mut block = head;
                for _ in 0..count {
                    let at = state.runs.granule(block);
                    // SAFETY: as it was before this look.
                    unsafe { state.runs.flip(at, F) };
                    // SAFETY: it waits on this list, whose links are as they were above.
                    block = unsafe { state.link(block) };
                }
            }
        });
    }

    fn check<M: PageSource, P: Policy>(heap: &Shell<Self, M, P>) -> Result<(), Damage> {
        heap.state.with(|state| {
            let runs = &state.runs;
            if runs.limit == 0 {
                return Ok(());
            }
            runs.check()?;
            let mut most = runs.limit - runs.origin;
            let mut idle = 0;
            for (class, &head) in state.quick.iter().enumerate() {
                let n = size_of_class(class);
                let mut block = head;
                while block != 0 {
                    let at = runs.granule(block);
                    let waits = runs.is_block(at)
                        && !runs.is_free(at)
                        && runs.mark_of(at).is_none()
                        && runs.block_end(at) == at + n;
                    rule(waits, block, "a quick list leads to what is no block of its size")?;
                    rule(most >= n, block, "a quick list has no end")?;
                    most -= n;
                    idle += if class > SMALL { n } else { 0 };
                    // SAFETY: it waits on this list.
                    block = unsafe { state.link(block) };
                }
            }
            rule(idle == state.idle, 0, "what waits in quick lists is counted wrongly")
        })
    }
}

#[cfg(test)]
mod tests {
    use core::ops::Range;
    use std::vec::Vec;

    use super::{
        super::tests::{Heap, alloc, dealloc, memory, take_top},
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
            state.quick[1] = state.address(state.runs.origin);
            state.quick[1]
        });
        // The middle of a block, what is behind all blocks, what is before them.
        breaks(rule, |state, _, live| {
            state.quick[2] = live + 32;
            live + 32
        });
        breaks(rule, |state, _, _| {
            state.quick[2] = state.address(state.runs.limit);
            state.quick[2]
        });
        breaks(rule, |state, _, _| {
            state.quick[2] = state.address(state.runs.origin - 1);
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
            unsafe { state.runs.cut(state.runs.top, free, free - 5) };
            state.quick[5] = state.address(state.runs.top);
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

    /// What a walk shows within `addresses`: sizes in granules, and uses.
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
    fn a_walk_shows_header_blocks_top_and_table_once_each_and_nothing_else() {
        let pool = memory(16);
        let heap = Heap::with_memory(&pool);
        assert!(view(&heap, 0..usize::MAX).is_empty());
        assert!(heap.reserve(8 * PAGE));
        let (waits, _) = (alloc(&heap, 72, 16), alloc(&heap, 80, 16));
        dealloc(&heap, waits, 72, 16);
        let (free, table) = heap
            .state
            .with(|state| (state.runs.end - state.runs.top, state.runs.limit - state.runs.end));
        let expected = [
            (1, Use::Meta),
            (72, Use::Free),
            (80, Use::Live),
            (free, Use::Free),
            (table, Use::Meta),
        ];
        assert_eq!(view(&heap, 0..usize::MAX), expected);
        // Memory that grew, and whose table is not behind the top any more.
        heap.state.with(|state| take_top(&mut state.runs));
        assert!(heap.reserve(PAGE / 2));
        let end = heap.state.with(|state| {
            assert_eq!(state.runs.end, state.runs.limit);
            state.address(state.runs.limit)
        });
        let mut last = 0;
        heap.walk(&mut |block| last = block.end());
        assert_eq!(last, end);
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes Miri many minutes")]
    fn a_walk_finds_what_waits_anywhere() {
        let pool = memory(100);
        let heap = Heap::with_memory(&pool);
        // Blocks of more than a window are between the first, some, and the last that wait.
        let blocks: Vec<_> =
            (0..40).map(|_| (alloc(&heap, 72, 16), alloc(&heap, 4096, 16))).collect();
        for &(block, _) in blocks.iter().step_by(3) {
            dealloc(&heap, block, 72, 16);
        }
        for (number, &(block, large)) in blocks.iter().enumerate() {
            let waits = if number % 3 == 0 { Use::Free } else { Use::Live };
            assert_eq!(view(&heap, block..block + 16), [(72, waits)], "{number}");
            assert_eq!(view(&heap, large..large + 16), [(4096, Use::Live)], "{number}");
        }
        heap.check().unwrap();
    }
}
