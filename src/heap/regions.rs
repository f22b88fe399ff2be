//! How memory joins a heap, and where the table of its granules stands.
//!
//! ```text
//!  header | blocks ... | table | blocks ........ | top ........... | gap | header | blocks | top ...
//!  newest, in the end                                               not ours, up to the next header
//! ```
//!
//! A **region** is memory in one piece. Growth that follows the newest region is more top; growth
//! that lands elsewhere, because somebody else grew in between, begins a region of its own with a
//! header of one granule.
//!
//! The **table** has room for a quarter more than there is, so it moves seldom: to the end of memory,
//! where it is in nobody's way, and what follows later passes it by. Then it is a block like
//! others. A buffer at the end of memory that grows with it moves the table along.

use core::ptr::NonNull;

use super::{
    classes::{GRANULE, GRANULE_LOG},
    runs::{Runs, S, base_address},
};
use crate::{
    bitmap::{WORD, align_up},
    inspect::State,
    linear::Extent,
    provenance,
};

/// The table moves in pieces of this many bytes.
const CHUNK: usize = 1024;

/// How many granules the table takes that stands for `covered` granules, two bits each.
fn table_size(covered: usize) -> usize {
    covered.div_ceil(4 * GRANULE)
}

impl Runs {
    /// How many granules to grow by, where memory ends at granule `end`, so that `n` in a row are
    /// free. `moves`: the table does, see [`Runs::table_stays`].
    pub(crate) fn needed(&self, end: usize, n: usize, moves: bool) -> usize {
        let follows = self.limit == 0 || self.limit == end;
        if !moves {
            // Where the table is the last block, the top does not reach the new memory.
            let reached = if follows && !self.table_is_last() { self.end - self.top } else { 0 };

            return n.saturating_sub(reached) + 2;
        }
        // Five quarters of a 64th of all: of what is there, what is lacking, and the table itself.
        let lacks = n.saturating_sub(if follows { self.end - self.top } else { 0 });
        let origin = if self.limit == 0 { end } else { self.origin };
        let table = (end - origin + lacks) / 50 + 4;
        lacks + if follows { table.saturating_sub(self.limit - self.end) } else { table }
    }

    /// Whether the table stays where it is when memory that ends at granule `end` grows by `n`
    /// granules. `joined`: what follows the newest region has to be more of the top.
    pub(crate) fn table_stays(&self, end: usize, n: usize, joined: bool) -> bool {
        let in_the_way = joined && self.limit == end && self.table_is_last();
        !in_the_way && end + n - self.origin <= self.cover
    }

    /// Whether nothing of the heap's is behind the table.
    fn table_is_last(&self) -> bool {
        self.end < self.limit
    }

    /// The granule where the table begins.
    fn table_at(&self) -> usize {
        self.granule(self.table.addr())
    }

    /// Makes an extent part of the heap. `joined`: if it follows the newest region, all of it has to
    /// be more of the top. False, and nothing changed, where it is too small for header and
    /// table, or lies below the newest region.
    ///
    /// # Safety
    /// The extent is the heap's from now on; `base` is the start of the linear memory it is in.
    pub(crate) unsafe fn add(&mut self, base: NonNull<u8>, extent: &Extent, joined: bool) -> bool {
        let start = provenance::address(extent.start).wrapping_sub(base_address(base));
        let from = align_up(start, GRANULE) >> GRANULE_LOG;
        let to = (start + extent.len) >> GRANULE_LOG;
        let zero = (start + extent.zero_from).div_ceil(GRANULE).max(from).min(to);
        let old = Old { limit: self.limit, end: self.end, inner: !self.table_is_last() };
        let follows = from == old.limit;
        let origin = if old.limit == 0 { from } else { self.origin };
        let stays = self.table_stays(from, to - from, joined);
        let cover = if stays { self.cover } else { to - origin + (to - origin) / 4 };
        let end = to.saturating_sub(if stays { 0 } else { table_size(cover) });
        // Behind the newest region any growth is more room; elsewhere there must be room for
        // a header, and something to hand out.
        if if follows { end <= old.end } else { from < old.limit || from + 2 > end } {
            return false;
        }
        self.base = base;
        self.origin = origin;
        self.end = end;
        self.limit = to;
        self.committed += (to - from) << GRANULE_LOG;
        let (old_at, old_size) = (self.table_at(), table_size(self.cover));
        if !stays {
            self.cover = cover;
            // SAFETY: the end of the extent, which is free.
            if !unsafe { self.move_table(end, old.limit, end >= zero) } && follows {
                // What it left behind is not zero, and a little before it no longer counts as such.
                self.fresh = zero;
            }
        }
        if follows && (old.inner || !stays) {
            if zero > from {
                self.fresh = zero;
            }
            // SAFETY: the top begins there.
            unsafe { self.set(self.top, S) };
        } else {
            // SAFETY: an extent that the top does not reach.
            unsafe { self.begin_top(from, zero, &old, stays) };
        }
        if !stays && old.inner && old.limit > 0 {
            // SAFETY: the block that was the table.
            unsafe { self.free(old_at, old_size) };
        }
        true
    }

    /// Begins a top in an extent from granule `from` on, which is zero from `zero` on. The top before is
    /// a free run.
    ///
    /// # Safety
    /// The extent is the heap's, and nothing of it is in use but the table at its end.
    unsafe fn begin_top(&mut self, from: usize, zero: usize, old: &Old, stays: bool) {
        let top = self.top;
        let follows = from == old.limit;
        // SAFETY: the top, or a header, begins with the extent.
        unsafe { self.set(from, S) };
        self.top = from;
        if !follows {
            // SAFETY: the first granule of the extent.
            unsafe { self.write(from, 0, self.newest) };
            // SAFETY: the same.
            unsafe { self.write(from, 4, old.limit) };
            self.newest = from;
            self.top = from + 1;
            // SAFETY: the top begins behind the header.
            unsafe { self.set(self.top, S) };
        }
        self.fresh = zero.max(self.top);
        if old.limit == 0 {
            return;
        }
        if !follows {
            // SAFETY: the gap begins there, a block that nobody frees.
            unsafe { self.set(old.limit, S) };
        }
        // The table is a block behind the old top, or it is gone from there.
        let end = if stays || old.inner { old.end } else { old.limit };
        // SAFETY: the table, the gap or the new top begins there.
        unsafe { self.set(end, S) };
        if top < end {
            // SAFETY: the old top, a block of its own.
            unsafe { self.set(top, S) };
            // SAFETY: free, and the heap's.
            unsafe { self.free(top, end - top) };
        }
    }

    /// Moves the table to granule `end`; `clear`: zeros are there, and it is not where the table is
    /// now. It stood for the granules up to `limit`, 0 if there was none. Whether zeros are where it
    /// was.
    ///
    /// # Safety
    /// What is there up to the limit is free; the old table may overlap it.
    unsafe fn move_table(&mut self, end: usize, limit: usize, clear: bool) -> bool {
        let (from, to) = (self.table, self.pointer(end));
        self.table = to;
        let used = limit.saturating_sub(self.origin).div_ceil(4);
        if clear {
            // SAFETY: as the caller promises.
            unsafe { carry(from, to, used) };
            return true;
        }
        if used > 0 {
            // SAFETY: the old table, and room for it in the new one.
            unsafe { from.copy_to(to, used) };
        }
        // SAFETY: the rest of the new one.
        unsafe { to.wrapping_add(used).write_bytes(0, table_size(self.cover) * GRANULE - used) };
        false
    }

    /// Whether the block at `at` is the table, a region's header, or the gap between two regions.
    pub(crate) fn mark_of(&self, at: usize) -> Option<State> {
        if at == self.table_at() {
            return Some(State::Meta);
        }
        let mut header = self.newest;
        while header != 0 {
            if header == at {
                return Some(State::Meta);
            }
            // SAFETY: a region's header.
            if unsafe { self.read(header, 4) } == at {
                return Some(State::Gap);
            }
            // SAFETY: the same.
            let before = unsafe { self.read(header, 0) };
            // Regions descend. A header that was overwritten must not lead in circles.
            header = if (self.origin..header).contains(&before) { before } else { 0 };
        }
        None
    }
}

/// How a heap was before memory was added.
struct Old {
    limit: usize,
    end: usize,
    /// Whether the table is not the last block, or there is none.
    inner: bool,
}

/// Moves `len` bytes to where zeros are, and leaves zeros. What is zero is not touched at either place:
/// of a table over large blocks that is nearly all, and the system need not find memory for it.
///
/// # Safety
/// Both are the caller's and aligned to words, and they do not overlap.
unsafe fn carry(from: *mut u8, to: *mut u8, len: usize) {
    let mut at = 0;
    while at < len {
        let n = CHUNK.min(len - at);
        let mut i = 0;
        // SAFETY: a word of the chunk.
        while i + WORD <= n && unsafe { from.wrapping_add(at + i).cast::<usize>().read() } == 0 {
            i += WORD;
        }
        if i < n {
            // SAFETY: as the caller promises.
            unsafe { from.wrapping_add(at).copy_to_nonoverlapping(to.wrapping_add(at), n) };
            // SAFETY: the same.
            unsafe { from.wrapping_add(at).write_bytes(0, n) };
        }
        at += n;
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Heap, memory, take_top};
    use crate::{
        heap::{State, classes::GRANULE},
        linear::{PAGE, Pool, Simulation},
    };

    /// Granules of a page.
    const PAGES: usize = PAGE / GRANULE;
    /// What is left of the top before memory grows.
    const LEFT: usize = 1000;

    /// Uses up the top but for [`LEFT`].
    fn fill(state: &mut State) {
        let free = state.runs.end - state.runs.top;
        // SAFETY: the top has that much.
        unsafe { state.runs.cut(state.runs.top, free, free - LEFT) };
    }

    /// A heap of 16 pages, with a table for 20, and little in its top. `inner`: of 17 pages, and the
    /// last one follows the table. `behind`: somebody else has grown a page since.
    fn grown(inner: bool, behind: bool, test: impl FnOnce(&Pool<Simulation>, &Heap)) {
        let pool = memory(100);
        let heap = Heap::with_memory(&pool);
        assert!(heap.reserve(15 * PAGE) && pool.stats().grown_pages == 16);
        heap.state.with(|state| {
            assert_eq!(state.runs.cover, 20 * PAGES);
            fill(state);
        });
        if inner {
            assert!(heap.grow(3000, false));
            heap.state.with(fill);
        }
        assert!(!behind || pool.memory().foreign(1));
        test(&pool, &heap);
        heap.state.with(|state| state.runs.check()).unwrap();
        assert!(pool.memory().foreign_intact());
    }

    /// Grows by what `n` granules in a row need. The pages that took, and whether the table stayed.
    fn grow(pool: &Pool<Simulation>, heap: &Heap, n: usize, joined: bool) -> (usize, bool) {
        let table = || heap.state.with(|state| state.runs.table);
        let (before, stood) = (pool.stats(), table());
        assert!(heap.grow(n, joined));
        let after = pool.stats();
        assert_eq!(after.growths, before.growths + 1);
        (after.grown_pages - before.grown_pages, table() == stood)
    }

    const EACH: [(bool, bool); 4] = [(false, false), (false, true), (true, false), (true, true)];

    #[test]
    #[cfg_attr(miri, ignore = "many memories, each of which takes Miri seconds")]
    fn one_growth_is_enough_wherever_it_lands() {
        for (inner, behind) in EACH {
            for n in [LEFT + 1, PAGES - 2, PAGES + 4, 2 * PAGES, 5 * PAGES, 40 * PAGES] {
                grown(inner, behind, |pool, heap| {
                    grow(pool, heap, n, false);
                    let free = heap.state.with(|state| state.runs.end - state.runs.top);
                    assert!(free >= n, "{n}, {inner}, {behind}: {free}");
                });
            }
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "many memories, each of which takes Miri seconds")]
    fn memory_grows_by_no_page_more_than_is_needed() {
        for (inner, behind) in EACH {
            // What is left of the top counts where it reaches the new memory; a header is
            // reckoned with.
            let reached = if inner && !behind { LEFT } else { 0 };
            for (n, pages) in [(PAGES - 2, 1), (PAGES - 1, 2), (2 * PAGES - 2, 2)] {
                grown(inner, behind, |pool, heap| {
                    let took = grow(pool, heap, n + reached, false);
                    assert_eq!(took, (pages, true), "{n}, {inner}, {behind}");
                });
            }
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "many memories, each of which takes Miri seconds")]
    fn the_table_moves_when_it_has_no_room_and_not_before() {
        for (inner, behind) in EACH {
            let there = 16 + usize::from(inner) + usize::from(behind);
            for pages in 1..=20 - there {
                grown(inner, behind, |pool, heap| {
                    let reached = if inner && !behind { LEFT } else { 0 };
                    let took = grow(pool, heap, pages * PAGES - 2 + reached, false);
                    assert_eq!(took, (pages, true));
                });
            }
            grown(inner, behind, |pool, heap| {
                let (_, stayed) = grow(pool, heap, (21 - there) * PAGES, false);
                assert!(!stayed);
                assert!(heap.state.with(|state| state.runs.cover) >= (21 + 21 / 4) * PAGES);
            });
        }
    }

    /// A buffer at the end of memory grows with it: where the table is in between it has to move.
    #[test]
    #[cfg_attr(miri, ignore = "many memories, each of which takes Miri seconds")]
    fn the_table_moves_out_of_the_way_of_what_has_to_be_joined() {
        for (inner, behind) in EACH {
            grown(inner, behind, |pool, heap| {
                let place = || heap.state.with(|state| (state.runs.top, state.runs.end));
                let (top, end) = place();
                let (_, stayed) = grow(pool, heap, PAGES, true);
                assert_eq!(stayed, inner || behind, "{inner}, {behind}");
                if !behind {
                    let (top_after, end_after) = place();
                    assert_eq!(top_after, top);
                    assert!(end_after >= top + PAGES && end < end_after);
                }
            });
        }
    }

    #[test]
    fn the_first_growth_has_room_for_what_was_asked_for_and_the_table() {
        for n in [1, PAGES - 1, PAGES, 3 * PAGES, 50 * PAGES] {
            let pool = memory(100);
            let heap = Heap::with_memory(&pool);
            grow(&pool, &heap, n, false);
            heap.state.with(|state| {
                let runs = &mut state.runs;
                assert!(runs.end - runs.top >= n, "{n}");
                take_top(runs);
                runs.check().unwrap();
            });
        }
    }
}
