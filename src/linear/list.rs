//! The free runs of a pool with the memory that they stand in: looked at, searched, and grown.

use core::ptr::NonNull;

use super::{
    Extent, LinearMemory, MAX_PAGES, PAGE,
    free_runs::{FreeRuns, UNIT},
};
use crate::{
    bitmap::{WORD, align_down, align_up},
    checked::{Seal, plausible},
    region::Region,
};

/// The list of a pool, with the memory that it stands in.
///
/// Invariant: the runs are of that memory, which nobody else uses.
#[derive(Debug)]
pub(super) struct List<'a, L: LinearMemory> {
    pub(super) runs: &'a mut FreeRuns,
    memory: &'a L,
}

impl<'a, L: LinearMemory> List<'a, L> {
    /// Puts a list and its memory together.
    ///
    /// # Safety
    /// They always are: no other memory is ever passed with this list.
    pub(super) unsafe fn new(runs: &'a mut FreeRuns, memory: &'a L) -> Self {
        List { runs, memory }
    }

    /// All memory there is.
    fn region(&self) -> Region {
        all(self.memory)
    }

    /// Gives up what cannot be what the pool wrote, and all that only that leads to.
    pub(super) fn audit(&mut self) {
        let rule = "a free run's link or length is not what it was";
        let (region, end) = (self.region(), end(self.memory));
        let mut before = 0;
        let mut run = self.runs.first;
        while run != 0 {
            // SAFETY: the pool's own word leads to the first run, and links that hold to others.
            let next = unsafe { region.read(run) };
            // SAFETY: `run` is a run on the list, whose second word is its length.
            let len = unsafe { region.read(run + WORD) };
            let holds = (next | len) % UNIT == 0
                && len.wrapping_sub(1) < end - run
                && (next == 0 || next > run + len && next < end);
            if !plausible(holds, run, rule) {
                // SAFETY: 0, or a run that holds.
                unsafe { self.runs.link(region, before, 0) };
                self.runs.zero_end = 0;
                return self.reseal();
            }
            before = run;
            run = next;
        }
        if !self.runs.seal.holds(|| self.words(), self.runs.first, rule) {
            self.runs.first = 0;
            self.runs.zero_end = 0;
            self.reseal();
        }
    }

    /// True if `len` bytes from `at` on may become free: in memory, in whole units, and no part of
    /// them free.
    pub(super) fn lacks(&self, at: usize, len: usize) -> bool {
        let region = self.region();
        let mut run = self.runs.first;
        while run != 0 {
            // SAFETY: a run on the list begins with these words.
            if run < at.saturating_add(len) && at < run + unsafe { region.read(run + WORD) } {
                return false;
            }
            // SAFETY: `run` is a run on the list, whose first word is the link to the next.
            run = unsafe { region.read(run) };
        }
        let end = end(self.memory);
        (at | len) % UNIT == 0 && len != 0 && at < end && len <= end - at
    }

    /// The list is what it should be.
    #[inline(always)]
    pub(super) fn reseal(&mut self) {
        self.runs.seal = Seal::of(|| self.words());
    }

    /// The words of the list, its runs' addresses included.
    fn words(&self) -> impl Iterator<Item = usize> + use<L> {
        let region = self.region();
        let mut run = self.runs.first;
        core::iter::from_fn(move || {
            let at = run;
            if at == 0 {
                return None;
            }
            // SAFETY: a run on the list begins with these words.
            run = unsafe { region.read(at) };
            // SAFETY: `at` is a run on the list, whose second word is its length.
            Some([at, unsafe { region.read(at + WORD) }])
        })
        .flatten()
    }

    /// Puts the memory that is there without growing on the list.
    #[inline]
    pub(super) fn add_pieces(&mut self) {
        while let Some((start, len)) = piece(self.memory) {
            // SAFETY: `LinearMemory::take_piece` returns memory that nobody uses, each address
            // once, and `piece` rounds it to units.
            unsafe { self.runs.insert(self.region(), start, len) };
        }
    }

    /// Grows by `bytes`, in whole pages, and puts them on the list. False, and nothing
    /// changed, where that is refused.
    pub(super) fn grow_by(&mut self, bytes: usize) -> bool {
        let pages = bytes.div_ceil(PAGE);
        if self.memory.pages() + pages > MAX_PAGES {
            return false;
        }
        let Some(before) = self.memory.grow(pages) else {
            return false;
        };
        self.runs.growths += 1;
        self.runs.grown_pages += pages;
        // Foreign growth just before ours may have taken it to the last page after all.
        let usable = pages.min(MAX_PAGES.saturating_sub(before));
        if usable == 0 {
            return false;
        }
        let start = self.memory.pointer(before).addr();
        let end = start + usable * PAGE;
        // SAFETY: pages fresh from growing are ours.
        let run = unsafe { self.runs.insert(self.region(), start, end - start) };
        self.runs.zero_start = if run == start { start + 2 * WORD } else { start };
        self.runs.zero_end = end;
        true
    }

    /// The last run, if it reaches up to `end`.
    pub(super) fn last_touching(&self, end: usize) -> Option<usize> {
        let region = self.region();
        let mut run = self.runs.first;
        while run != 0 {
            // SAFETY: a run on the list begins with these words.
            let next = unsafe { region.read(run) };
            // SAFETY: `run` is a run on the list, whose second word is its length.
            if next == 0 && run + unsafe { region.read(run + WORD) } == end {
                return Some(run);
            }
            run = next;
        }
        None
    }

    /// Takes `size` bytes aligned to `align` out of the smallest run that has them; up to `slack`
    /// more if the run has no more.
    pub(super) fn carve(&mut self, size: usize, align: usize, slack: usize) -> Option<Extent> {
        let region = self.region();
        let mut best = None;
        let mut best_len = usize::MAX;
        let mut before = 0;
        let mut run = self.runs.first;
        while run != 0 {
            // SAFETY: a run on the list begins with these words.
            let len = unsafe { region.read(run + WORD) };
            let pad = align_up(run, align).wrapping_sub(run);
            if len < best_len && len.checked_sub(pad).is_some_and(|rest| rest >= size) {
                best = Some((before, run + pad));
                best_len = len;
            }
            before = run;
            // SAFETY: `run` is a run on the list, whose first word is the link to the next.
            run = unsafe { region.read(run) };
        }
        let (before, start) = best?;
        // SAFETY: found on the list just now.
        Some(unsafe { self.runs.take(region, before, start, size, slack) })
    }

    /// Takes `size` bytes at `at`, if a run begins there and has them.
    pub(super) fn carve_at(&mut self, at: usize, size: usize) -> Option<Extent> {
        let region = self.region();
        let mut before = 0;
        let mut run = self.runs.first;
        while run != 0 && run < at {
            before = run;
            // SAFETY: a run on the list begins with these words.
            run = unsafe { region.read(run) };
        }
        // SAFETY: `run` is a run on the list, whose second word is its length.
        if run == 0 || run != at || unsafe { region.read(run + WORD) } < size {
            return None;
        }
        // SAFETY: found on the list just now.
        Some(unsafe { self.runs.take(region, before, at, size, PAGE) })
    }
}

/// Takes a piece of the memory that is there without growing, in whole units, as address and
/// length.
#[inline(always)]
pub(super) fn piece<L: LinearMemory>(memory: &L) -> Option<(usize, usize)> {
    loop {
        let piece = memory.take_piece()?;
        let start = align_up(piece.start, UNIT);
        let len = align_down(piece.end, UNIT).saturating_sub(start);
        if len > 0 {
            return Some((start, len));
        }
    }
}

/// All memory there is.
pub(super) fn all<L: LinearMemory>(memory: &L) -> Region {
    let any = NonNull::new(memory.pointer(0)).unwrap_or(NonNull::dangling());
    Region::unbounded(any)
}

/// The end of memory.
pub(super) fn end<L: LinearMemory>(memory: &L) -> usize {
    memory.pointer(memory.pages()).addr()
}
