//! Linear memory as a source of memory: what `mmap` and `munmap` are elsewhere.
//!
//! Memory only ever grows. So a pool keeps what it is given back, as an ordered list of *runs* that
//! stands in the free memory itself, merges neighbours, and grows only when no run is large enough.
//! It never assumes that two growths touch: JavaScript or another allocator may have grown in
//! between. A run that does touch the end of memory needs only the difference.
//!
//! Time: O(free runs) an operation; heaps come here rarely and cores once. Space: none.

use core::{alloc::Layout, ops::Range, ptr::NonNull};

use super::{
    LinearMemory, MAX_PAGES, PAGE,
    free_runs::{FreeRuns, UNIT},
    list::{List, all, end, piece},
};
use crate::{
    bitmap::{WORD, align_up},
    checked::{Guard, sound},
    lock::Lock,
    provenance,
    region::Region,
};

/// Memory that a pool hands out.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// The first byte.
    pub start: NonNull<u8>,
    /// The length in bytes.
    pub len: usize,
    /// The bytes from this offset to the end are known to be zero.
    pub zero_from: usize,
}

/// The counts of a pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolStats {
    /// Pages the pool has obtained by growing.
    pub grown_pages: usize,
    /// The number of growths.
    pub growths: usize,
    /// Bytes that wait to be handed out again.
    pub free_bytes: usize,
    /// In how many runs.
    pub free_runs: usize,
}

/// Pages of one linear memory: obtained by growing, handed out, taken back.
///
/// Interrupts, signals and traps: as for [`Heap`](crate::Heap#interrupts-signals-and-traps).
///
/// # Example
/// ```
/// # #[cfg(any(unix, windows))] {
/// use bonsai_alloc::linear::{Config, PAGE, Pool, Simulation};
/// use bonsai_alloc::Slab;
///
/// let pool = Pool::new(Simulation::new(Config::default()));
/// let slab = Slab::try_new_in(4096, 16, &pool).unwrap();
/// assert_eq!(pool.stats().growths, 1);
/// drop(slab);
/// assert_eq!(pool.stats().free_bytes, PAGE);
/// # }
/// ```
#[derive(Debug)]
pub struct Pool<L: LinearMemory> {
    runs: Lock<FreeRuns>,
    memory: L,
    guard: Guard,
}

impl<L: LinearMemory> Pool<L> {
    /// A pool over `memory`.
    ///
    /// Any number of pools may share one memory: each page and each piece of it goes to one of
    /// them.
    pub const fn new(memory: L) -> Self {
        // SAFETY: the closures of this file use the list and the memory, whose methods use no
        // allocator that is built on it, by the contract of `LinearMemory`.
        let runs = unsafe { Lock::new(FreeRuns::EMPTY) };
        // SAFETY: a pool asks its guard for reports alone: it passes neither regions nor blocks.
        let guard = unsafe { Guard::new("Pool", true) };
        Pool { runs, memory, guard }
    }

    /// The memory that the pool grows.
    pub const fn memory(&self) -> &L {
        &self.memory
    }

    pub(crate) const fn runs(&self) -> *mut FreeRuns {
        self.runs.as_ptr()
    }

    /// Does something with the free runs: those that can be trusted.
    #[inline(always)]
    fn with<R>(&self, f: impl FnOnce(&mut List<'_, L>) -> R) -> R {
        self.runs.with(|runs| {
            // SAFETY: the pool's own list and memory.
            let mut list = unsafe { List::new(runs, &self.memory) };
            list.audit();
            let result = f(&mut list);
            list.reseal();
            result
        })
    }

    /// Obtains memory for `layout`; `None`, and nothing changed, where there is none.
    ///
    /// Takes the smallest run that fits, else grows by what is missing, in whole pages.
    pub fn acquire(&self, layout: Layout) -> Option<NonNull<u8>> {
        let size = unit_up(layout.size())?;
        let extent = self.extent(size, layout.align().max(UNIT), 0);
        self.guard.obtained();
        Some(extent?.start)
    }

    /// Obtains at least `size` bytes, aligned to `align`, and with them the rest of the run if that
    /// is less than a page. For heaps, which use whatever they get.
    pub fn acquire_run(&self, size: usize, align: usize) -> Option<Extent> {
        self.extent(unit_up(size)?, align.max(UNIT), PAGE)
    }

    /// As [`Pool::acquire_run`], but only what was released before; memory does not grow.
    pub fn reuse(&self, size: usize, align: usize) -> Option<Extent> {
        let size = unit_up(size)?;
        self.with(|list| {
            list.add_pieces();
            list.carve(size, align.max(UNIT), PAGE)
        })
    }

    fn extent(&self, size: usize, align: usize, slack: usize) -> Option<Extent> {
        self.with(|list| {
            list.add_pieces();
            if let Some(extent) = list.carve(size, align, slack) {
                return Some(extent);
            }
            // A growth that lands elsewhere than it was computed for leaves its pages on the list;
            // the second one is computed from there.
            for _ in 0..2 {
                let end = end(&self.memory);
                let start = align_up(list.last_touching(end).unwrap_or(end), align);
                let needed = start.checked_add(size)?.checked_sub(end)?;
                if !list.grow_by(needed) {
                    return None;
                }
                if let Some(extent) = list.carve(size, align, slack) {
                    return Some(extent);
                }
            }
            None
        })
    }

    /// Obtains at least `len` bytes that begin at the address `at`, the end of what the caller has,
    /// and with them the rest of the run if that is less than a page. `None`, and nothing taken,
    /// where what follows is not free.
    pub fn extend(&self, at: usize, len: usize) -> Option<Extent> {
        let len = unit_up(len)?;
        self.with(|list| {
            list.add_pieces();
            if let Some(extent) = list.carve_at(at, len) {
                return Some(extent);
            }
            let end = end(&self.memory);
            let free = if at == end { 0 } else { end - list.last_touching(end)? };
            if end - free != at || !list.grow_by(len.checked_sub(free)?) {
                return None;
            }
            list.carve_at(at, len)
        })
    }

    /// The end of memory now: the address at which a growth would begin.
    pub(crate) fn end(&self) -> usize {
        self.runs.with(|_| end(&self.memory))
    }

    /// Takes back what [`Pool::acquire`] handed out for `layout`.
    ///
    /// # Safety
    /// It did, and nothing uses that memory any more.
    pub unsafe fn release(&self, start: NonNull<u8>, layout: Layout) {
        // SAFETY: `acquire` rounded up like this.
        unsafe { self.release_run(start, align_up(layout.size(), UNIT)) };
        self.guard.returned();
    }

    /// Takes back a part, or all, of an [`Extent`].
    ///
    /// # Safety
    /// It came from this pool, `start` and `len` are multiples of 16, `len` is not 0, and nothing
    /// uses that memory any more.
    pub unsafe fn release_run(&self, start: NonNull<u8>, len: usize) {
        self.with(|list| {
            let at = provenance::address(start);
            let rule = "memory is given back that is free, or that no pool has";
            if sound(|| list.lacks(at, len), at, rule) {
                // SAFETY: the caller gives it back.
                unsafe { list.runs.insert(Region::unbounded(start), at, len) };
            }
        });
    }

    /// Counts what the pool has and did. O(free runs).
    pub fn stats(&self) -> PoolStats {
        self.with(|list| {
            let mut stats = PoolStats {
                grown_pages: list.runs.grown_pages,
                growths: list.runs.growths,
                ..PoolStats::default()
            };
            let region = all(&self.memory);
            let mut run = list.runs.first;
            while run != 0 {
                stats.free_runs += 1;
                // SAFETY: a run on the list begins with these words.
                stats.free_bytes += unsafe { region.read(run + WORD) };
                // SAFETY: `run` is a run on the list, whose first word is the link to the next.
                run = unsafe { region.read(run) };
            }
            stats
        })
    }
}

/// `size` in whole units; `None` where it is 0 or no memory is that large.
fn unit_up(size: usize) -> Option<usize> {
    match size {
        0 => None,
        _ if size > MAX_PAGES * PAGE => None,
        _ => Some(align_up(size, UNIT)),
    }
}

/// For heaps that keep their free memory themselves and take it in whole growths.
impl<L: LinearMemory> Pool<L> {
    /// Takes a piece that is there without growing, of any size, and if none is left at least `bytes` that are
    /// fresh from growing, or `least` where so much is refused. `None`, and nothing changed, where both are.
    #[inline(always)]
    pub(crate) fn take_fresh(&self, bytes: usize, least: usize) -> Option<Extent> {
        self.runs.with(|runs| {
            let memory = &self.memory;
            if let Some((start, len)) = piece(memory) {
                return Some(Extent { start: all(memory).non_null(start), len, zero_from: len });
            }
            let mut pages = bytes.div_ceil(PAGE);
            let before = loop {
                let room = memory.pages() + pages <= MAX_PAGES;
                if let Some(before) = room.then(|| memory.grow(pages)).flatten() {
                    break before;
                }
                let fewer = least.div_ceil(PAGE);
                if fewer >= pages {
                    return None;
                }
                pages = fewer;
            };
            runs.growths += 1;
            runs.grown_pages += pages;
            // Where there are threads, another one may have grown in between.
            #[cfg(any(threads, not(target_family = "wasm")))]
            let pages = pages.min(MAX_PAGES.saturating_sub(before));
            let start = all(memory).non_null(memory.pointer(before).addr());
            Some(Extent { start, len: pages * PAGE, zero_from: 0 })
        })
    }

    /// All memory there is.
    #[inline(always)]
    pub(crate) fn region(&self) -> Region {
        all(&self.memory)
    }

    /// Hands out memory that has a block of `size` bytes, a power of two, at a multiple of its
    /// size: what is below the first growth, whatever it has, and from then on what is grown for
    /// the purpose. `None`, and nothing changed, where growing is refused.
    ///
    /// Unless somebody else grows in the same instant: then it is whatever came of the growth.
    ///
    /// This is no more than `TinyHeap` needs, in no more code than it can afford: it does not look
    /// at the free runs, nor count the growth.
    #[inline(always)]
    pub(crate) fn take_aligned(&self, size: usize) -> Option<Range<usize>> {
        self.runs.with(|_| {
            let memory = &self.memory;
            if let Some((start, len)) = piece(memory) {
                return Some(start..start + len);
            }
            let before = memory.pages();
            let wanted = (size - 1) / PAGE + 1;
            // Where the growth begins is no multiple of `size` in general.
            let skip = (memory.pointer(before).addr() / PAGE).wrapping_neg() & (wanted - 1);
            let pages = skip + wanted;
            if before + pages > MAX_PAGES {
                return None;
            }
            let before = memory.grow(pages)?;
            let end = before + pages;
            // Where there are threads, another one may have grown in between.
            #[cfg(any(threads, not(target_family = "wasm")))]
            let end = end.min(MAX_PAGES).max(before);
            Some(memory.pointer(before).addr()..memory.pointer(end).addr())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear::{Config, Simulation};

    #[test]
    fn fresh_memory_is_had_to_the_last_page_but_one_of_4_gib() {
        let near = MAX_PAGES - 3;
        let config = Config { first_page: near, pages: near, max_pages: 65_536, heap_base: None };
        let pool = Pool::new(Simulation::new(config));
        assert!(pool.take_fresh(4 * PAGE, 4 * PAGE).is_none());
        // What is refused is asked for once more, by as little as is needed.
        assert_eq!(pool.take_fresh(4 * PAGE, PAGE).map(|extent| extent.len), Some(PAGE));
        assert_eq!(pool.take_fresh(2 * PAGE, PAGE).map(|extent| extent.len), Some(2 * PAGE));
        assert!(pool.take_fresh(1, 1).is_none());
        assert!(pool.take_fresh(usize::MAX, 1).is_none());
        assert_eq!((pool.stats().grown_pages, pool.stats().growths), (3, 2));
    }
}
