//! Growth: how much is needed, and how what came becomes part of the heap.
//!
//! ```text
//!  header | table | blocks ........ | free run | gap | header | table | blocks | top ...
//!  a region that has ended                 not ours, up to the next header
//! ```
//!
//! Memory that follows the newest region is more top. Memory that lands elsewhere, because somebody else
//! grew in between, is a region of its own, and what is left of the top before becomes a free run.

use super::{
    State,
    base::Base,
    front::Front,
    runs::Runs,
    sizes::{GRANULE_LOG, granules},
    table::{roomy, table_size},
};
use crate::{
    global::{Policy, Shell},
    linear::{Extent, LinearMemory, MAX_PAGES, PAGE, PageSource, Pool},
    provenance,
};

/// Granules of all memory that there can be.
pub(super) const MOST: usize = (MAX_PAGES * PAGE) >> GRANULE_LOG;

/// Granules of a piece, 64 MiB, that its first table has bits for: a longer one is not cleared for memory that may
/// stay unused.
const PIECE: usize = 1 << 22;

impl Runs {
    /// Returns how many granules to grow by, where memory ends at granule `end`, so that a block of `n`
    /// can be cut from the top; then how many are enough where memory ends with them: its table need reach no further.
    fn needed(&self, end: usize, n: usize) -> (usize, usize) {
        if self.end != end {
            // The header, the table of the region before, and this one's.
            let used = 1 + self.closing();
            let needed = n + used + roomy(used);
            return (needed, needed);
        }
        // Where memory goes on, a table that reaches the end now does not.
        let table = if self.reaches_far() { 0 } else { self.larger_table() };
        let more = |n: usize| n.saturating_sub(self.end - self.top).max(1);
        let (needed, least) = (more(n + table), more(n));
        let end = self.end + least.next_multiple_of(PAGE >> GRANULE_LOG);
        (needed, if end - self.region.origin <= self.region.cover { least } else { needed })
    }

    /// Makes an extent part of the heap. Returns false, and changes nothing, where it is too small for
    /// header and table, or lies below the newest region.
    ///
    /// # Safety
    /// The extent is the heap's from now on; `base` is the start of the linear memory it is in.
    pub(super) unsafe fn add(&mut self, base: Base, extent: &Extent) -> bool {
        let start = provenance::address(extent.start).wrapping_sub(base.address());
        // A pool gives whole granules.
        let from = start >> GRANULE_LOG;
        let to = (start + extent.len) >> GRANULE_LOG;
        let mut zero = (start + extent.zero_from) >> GRANULE_LOG;
        if from == self.end {
            if zero == from {
                zero = self.fresh;
            }
            self.end = to;
        } else {
            let closing = self.closing();
            let table = from + 1 + closing;
            let mut n = roomy(table - from);
            if extent.zero_from > 0 {
                // It was there without growing, and may be all there is: one table for all of it.
                n = table_size((to - from + 1).min(PIECE));
            }
            if from < self.end || to <= table + n {
                return false;
            }
            self.base = base;
            // SAFETY: the extent has room for the table behind its header.
            unsafe { self.close(from + 1, closing) };
            // SAFETY: the extent, of which header and tables are in use.
            unsafe { self.begin(from, table, n, to) };
        }
        self.fresh = zero.max(self.top);
        self.committed += (to - from) << GRANULE_LOG;
        true
    }
}

impl State {
    /// Makes an extent part of the heap that [`Runs::add`] does not, if it is a piece that was given below
    /// what the heap has. Returns false, and changes nothing, where it is not.
    ///
    /// # Safety
    /// The pool is the heap's own, and handed it out just now.
    unsafe fn add_below<G: LinearMemory>(&mut self, pool: &Pool<G>, extent: &Extent) -> bool {
        let from = self.runs.granule(provenance::address(extent.start));
        let n = extent.len >> GRANULE_LOG;
        // The memory's answer leaves this out of programs that give no piece.
        let added = pool.memory().gives_pieces()
            && from < self.runs.end
            // SAFETY: a pool hands out what nobody has, so it is in no region.
            && unsafe { self.runs.add_below(from, from + n) };
        self.runs.committed += if added { extent.len } else { 0 };
        added
    }

    /// Ends the newest region for a piece above it, if there is room for its last table among what is free: the piece
    /// may be too small for that table.
    fn close_for(&mut self, piece: &Extent) {
        let n = self.runs.closing();
        let above = self.runs.granule(provenance::address(piece.start)) > self.runs.end;
        if n == 0 || piece.zero_from == 0 || !above {
            return;
        }
        let at = self.runs.find_any(n, 1, usize::MAX);
        // A larger table at the top may reach as far.
        if at != 0 && self.runs.closing() > 0 {
            let has = self.runs.free_at(at);
            // SAFETY: found just now, with that much.
            unsafe { self.runs.carve(at, has, 0, n) };
            // SAFETY: as much as is needed, of which nothing is in use.
            unsafe { self.runs.close(at, n) };
        }
    }

    /// Grows by `bytes`, or by `least` where that is too much. Returns false, and changes nothing,
    /// where both are refused. What came may be too little.
    ///
    /// # Safety
    /// The pool is the heap's own: all of a heap's memory is reached from one pointer.
    unsafe fn grow<G: LinearMemory>(&mut self, pool: &Pool<G>, bytes: usize, least: usize) -> bool {
        let Some(extent) = pool.take_fresh(bytes, least) else {
            return false;
        };
        // The memory's answer leaves this out of programs that give no piece.
        if pool.memory().gives_pieces() {
            self.close_for(&extent);
        }
        // SAFETY: fresh from the heap's own pool, whose memory begins there.
        let added = unsafe { self.runs.add(Base::of(pool), &extent) }
            // SAFETY: fresh from the heap's own pool.
            || unsafe { self.add_below(pool, &extent) };
        let shared = cfg!(any(threads, not(target_family = "wasm")));
        if !added && (shared || pool.memory().gives_pieces()) {
            // It is too small, or, where there are threads, somebody else grew in the same instant.
            // SAFETY: taken from the pool just now.
            unsafe { pool.release_run(extent.start, extent.len) };
        }
        true
    }
}

impl<S: Front, M: PageSource, P: Policy> Shell<S, M, P> {
    /// Grows now, so that `bytes` bytes more can be allocated without growing later. Returns false
    /// where that is refused.
    ///
    /// With a [`Policy`] that never grows, the start-up code's way to all the memory there will be
    /// is a policy that allows it until then.
    pub fn reserve(&self, bytes: usize) -> bool {
        if bytes > MAX_PAGES * PAGE {
            return false;
        }
        let n = granules(bytes);
        loop {
            if self.state.shared().with(|state| state.runs.find_top(n, 1) != 0) {
                return true;
            }
            if !self.grow(n) {
                return false;
            }
        }
    }

    /// Grows by what a block of `n` granules needs. Returns false, and changes nothing, where that is
    /// refused; after true there is more memory, though it may be too little. The policy is asked while no
    /// lock is held.
    pub(super) fn grow(&self, n: usize) -> bool {
        // More than there can be needs nobody's answer, and no sum of it overflows.
        if n > MOST {
            return false;
        }
        let pool = self.memory.pool();
        let (committed, (needed, least)) = self.state.shared().with(|state| {
            let end = state.runs.granule(pool.end());
            (state.runs.committed, state.runs.needed(end, n))
        });
        if needed > MOST {
            return false;
        }
        let needed = needed << GRANULE_LOG;
        let bytes = P::growth(committed, needed).min(MOST << GRANULE_LOG);
        bytes >= needed
            && self.state.shared().with(|state| {
                // What somebody else has grown in between may be enough.
                // SAFETY: the pool of this shell.
                S::SHARED && state.runs.committed != committed
                    || unsafe { state.grow(pool, bytes, least << GRANULE_LOG) }
            })
    }
}

#[cfg(test)]
mod tests {
    use core::{alloc::GlobalAlloc, iter};
    use std::vec::Vec;

    use super::{
        super::{
            table::Region,
            tests::{Heap, alloc, layout, memory},
        },
        roomy, table_size,
    };
    use crate::{
        heap::sizes::GRANULE,
        inspect::Inspect,
        linear::{LinearMemory, PAGE, Pool, Simulation},
    };

    /// Granules of a page.
    const PAGES: usize = PAGE / GRANULE;

    /// A heap whose top is nearly used up. `far`: one block of eight pages is all of it, so that the table does
    /// not reach the top. `behind`: somebody else has grown a page since.
    fn grown(far: bool, behind: bool, test: impl FnOnce(&Pool<Simulation>, &Heap)) {
        let pool = memory(100);
        let heap = Heap::with_memory(&pool);
        if far {
            alloc(&heap, 8 * PAGES, 16);
        } else {
            for _ in 0..8 {
                alloc(&heap, PAGES, 16);
            }
        }
        heap.state.with(|state| {
            assert!(!far || !state.runs.reaches_top());
            assert!(state.runs.end - state.runs.top < PAGES);
        });
        assert!(!behind || pool.memory().foreign(1));
        test(&pool, &heap);
        heap.check().unwrap();
        assert!(pool.memory().foreign_intact());
    }

    #[test]
    #[cfg_attr(miri, ignore = "many memories, each of which takes Miri seconds")]
    fn one_growth_is_enough_wherever_it_lands_and_takes_no_page_too_many() {
        for (far, behind) in [(false, false), (false, true), (true, false), (true, true)] {
            for n in [PAGES + 1, PAGES + 4, 2 * PAGES, 5 * PAGES, 40 * PAGES] {
                grown(far, behind, |pool, heap| {
                    let before = pool.stats();
                    let least = heap.state.with(|state| {
                        let runs = &state.runs;
                        let used = 1 + runs.closing();
                        let there = if behind { 0 } else { runs.end - runs.top };
                        let tables = match behind {
                            true => used + roomy(used),
                            false if runs.reaches_far() => 0,
                            false => runs.larger_table(),
                        };
                        (n + tables - there).div_ceil(PAGES)
                    });
                    alloc(heap, n, 16);
                    let after = pool.stats();
                    assert_eq!(after.growths, before.growths + 1, "{n}, {far}, {behind}");
                    let pages = after.grown_pages - before.grown_pages;
                    // Blocks are rounded up to their class.
                    assert!(pages >= least && pages <= least + n / 8 / PAGES, "{n}: {pages}");
                });
            }
        }
    }

    /// The table of a region that has ended has bits for all of it.
    #[test]
    fn what_is_left_of_a_top_is_a_run_when_memory_goes_on_elsewhere() {
        for far in [false, true] {
            grown(far, true, |_, heap| {
                let (top, left) =
                    heap.state.with(|state| (state.runs.top, state.runs.end - state.runs.top));
                alloc(heap, 2 * PAGES, 16);
                heap.state.with(|state| {
                    // The table before it may have merged with it.
                    let at = state.runs.find(left, 1, 8);
                    assert!(at != 0 && at <= top && at + state.runs.free_at(at) == top + left);
                });
            });
        }
    }

    #[test]
    fn a_block_at_the_end_of_memory_needs_no_table_for_what_it_grows_by() {
        let pool = memory(100);
        let heap = Heap::with_memory(&pool);
        alloc(&heap, 50 * PAGES, 16);
        // 50 pages, a granule of header and one of table.
        assert_eq!(pool.stats().grown_pages, 51);
        heap.check().unwrap();
    }

    #[test]
    fn what_was_reserved_is_there() {
        for n in [1, PAGES - 2, PAGES - 1, PAGES, 3 * PAGES, 50 * PAGES] {
            for behind in [false, true] {
                grown(true, behind, |pool, heap| {
                    assert!(heap.reserve(n * GRANULE));
                    let growths = pool.stats().growths;
                    // SAFETY: the size is not 0.
                    let taken = heap.state.with(|state| state.serve(n, 1));
                    assert!(!taken.block.is_null());
                    assert_eq!(pool.stats().growths, growths);
                });
            }
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "hundreds of memories that are filled")]
    fn memory_is_used_to_its_end_unless_the_table_ends_just_before() {
        let layout = layout(1000, 8);
        let leaves = |pages: &usize| {
            let pool = memory(*pages);
            let heap = Heap::with_memory(&pool);
            // SAFETY: the size is above 0.
            while !unsafe { heap.alloc(layout) }.is_null() {}
            pool.memory().grow(1).is_some()
        };
        // With a larger table for each growth near a table's end these were 23.
        let left: Vec<_> = (2..300).filter(leaves).collect();
        assert!(left.len() <= 9, "of {left:?} pages some are left");
    }

    /// The table of memory that grows reaches half as far again as blocks do. What of it is beyond the end of memory is
    /// free where nothing else is.
    #[test]
    fn where_memory_ends_the_table_reaches_no_further() {
        let pool = memory(60);
        let heap = Heap::with_memory(&pool);
        let layout = layout(48, 16);
        // SAFETY: the size is above 0.
        let block = || unsafe { heap.alloc(layout) };
        let blocks: Vec<_> =
            iter::from_fn(|| Some(block()).filter(|block| !block.is_null())).collect();
        heap.state.with(|state| {
            let Region { origin, cover, .. } = state.runs.region;
            assert_eq!(table_size(cover), table_size(state.runs.end - origin));
        });
        heap.check().unwrap();
        for block in blocks {
            // SAFETY: a live block of that layout.
            unsafe { heap.dealloc(block, layout) };
        }
        heap.check().unwrap();
        // All is one run again, and a table grows where memory does.
        heap.state.with(|state| assert!(state.flush() && state.runs.top < state.runs.end));
    }
}
