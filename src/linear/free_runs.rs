//! The free memory of a [`Pool`](super::Pool): an ordered list of free runs, which
//! stands in the runs themselves.
//!
//! Before an operation the list is walked once, and cut where it cannot be what the pool wrote: a
//! program that still writes to memory that it gave back loses that memory, and no more. That is in
//! every build, because pools are asked seldom. It does not see a word that was replaced by one that
//! could be right; with `checked` the list also has a seal, out of line, which does.

use super::Extent;
use crate::{bitmap::WORD, checked::Seal, region::Region};

/// Sizes and addresses of runs are multiples of this, so that any of them holds its two words.
pub(super) const UNIT: usize = 16;

/// The free runs, in the order of their addresses.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct FreeRuns {
    /// Times that growing succeeded. Read from outside.
    pub(crate) growths: usize,
    pub(super) grown_pages: usize,
    /// The first free run, 0 for none. A run's first word is the address of the next one, its
    /// second its length.
    ///
    /// Invariant: ascending, and no run touches the next.
    pub(super) first: usize,
    /// Free memory that is known to be zero: what is left of the last growth. Part of one run,
    /// without its two words.
    pub(super) zero_start: usize,
    pub(super) zero_end: usize,
    /// The seal over the words of the list, made when the list was changed last.
    pub(super) seal: Seal,
}

impl FreeRuns {
    pub(super) const EMPTY: FreeRuns = FreeRuns {
        growths: 0,
        grown_pages: 0,
        first: 0,
        zero_start: 0,
        zero_end: 0,
        seal: Seal::NONE,
    };

    /// Puts `start..start + len` on the list, merged with what it touches. Returns where the run
    /// begins that it is now part of.
    ///
    /// # Safety
    /// The memory is the pool's, and on no run.
    pub(super) unsafe fn insert(&mut self, region: Region, start: usize, len: usize) -> usize {
        let mut before = 0;
        let mut after = self.first;
        while after != 0 && after < start {
            before = after;
            // SAFETY: a run on the list begins with these words.
            after = unsafe { region.read(after) };
        }
        let mut end = start + len;
        let mut next = after;
        if after == end {
            // SAFETY: `after` is a run on the list, whose first word is the link to the next.
            next = unsafe { region.read(after) };
            // SAFETY: `after` is a run on the list, whose second word is its length.
            end += unsafe { region.read(after + WORD) };
        }
        // SAFETY: `before` is 0, or a run on the list, whose second word is its length.
        let touches = before != 0 && before + unsafe { region.read(before + WORD) } == start;
        let run = if touches { before } else { start };
        // SAFETY: the run is ours to write its words into.
        unsafe { region.write(run, next) };
        // SAFETY: `run` begins a free run of 16 bytes or more: this is the second of its two words.
        unsafe { region.write(run + WORD, end - run) };
        if !touches {
            // SAFETY: `before` is 0 or a run on the list.
            unsafe { self.link(region, before, run) };
        }
        run
    }

    /// Makes `to` follow `before`, or be the first where that is 0.
    ///
    /// # Safety
    /// `before` is 0 or a run on the list.
    pub(super) unsafe fn link(&mut self, region: Region, before: usize, to: usize) {
        if before == 0 {
            self.first = to;
        } else {
            // SAFETY: `before` is on the list, by this function's contract, and its first word is a
            // link.
            unsafe { region.write(before, to) };
        }
    }

    /// Takes `start..start + size` out of the run behind `before`, and what follows in that run
    /// too if that is less than `slack`.
    ///
    /// # Safety
    /// `before` is 0 or a run on the list, and that range lies in the run behind it.
    pub(super) unsafe fn take(
        &mut self,
        region: Region,
        before: usize,
        start: usize,
        size: usize,
        slack: usize,
    ) -> Extent {
        let run = if before == 0 {
            self.first
        } else {
            // SAFETY: `before` is a run on the list, whose first word is the link to the next.
            unsafe { region.read(before) }
        };
        // SAFETY: a run on the list begins with these words.
        let mut next = unsafe { region.read(run) };
        // SAFETY: `run` is a run on the list, whose second word is its length.
        let run_end = run + unsafe { region.read(run + WORD) };
        let mut end = start + size;
        if run_end - end < slack {
            end = run_end;
        }
        if end < run_end {
            // SAFETY: the rest becomes a run of its own.
            unsafe { region.write(end, next) };
            // SAFETY: `end` begins a free run of 16 bytes or more: this is the second of its two
            // words.
            unsafe { region.write(end + WORD, run_end - end) };
            next = end;
        }
        if run < start {
            // SAFETY: what is below `start` stays a run.
            unsafe { region.write(run, next) };
            // SAFETY: `run` begins a free run of 16 bytes or more: this is the second of its two
            // words.
            unsafe { region.write(run + WORD, start - run) };
        } else {
            // SAFETY: `before` is 0 or a run on the list.
            unsafe { self.link(region, before, next) };
        }
        let mut zero_from = end - start;
        // What is zero may begin where this range ends: it loses the words of the run behind.
        if start < self.zero_end && self.zero_start < end + 2 * WORD {
            // Not `clamp`, which has a panic in it, and that a kilobyte of code.
            zero_from = self.zero_start.max(start).min(end) - start;
            self.zero_start = end + 2 * WORD;
        }
        Extent { start: region.non_null(start), len: end - start, zero_from }
    }
}
