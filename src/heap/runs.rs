//! Free memory as runs of granules: where they begin and end, and which one fits.
//!
//! ```text
//!  header | live | free run ....... | live | live | free run | live |  top ............ | table |
//!  S        S      SF             F   S      S      SF      F  S       S                  end   limit
//! ```
//!
//! The **table** has two bits for every granule. `S`: a block begins here, whether it is live,
//! waits in a quick list, or is a free run. `F`: the first or the last granule of a free run. Live
//! blocks have no header; a free run has its links and its length in its first granule, and the
//! length once more at its end. So a block that is freed finds free neighbours on both sides in
//! O(1), and merges with them. The bits change only where blocks are carved and merged.
//!
//! The table lies at the end of memory and moves when memory grows. It is a 64th of the memory.
//!
//! Runs wait in **bins** of eight sizes a doubling; a bitmap says which are not empty. The last
//! run, the **top**, is in no bin and is used last: else large buffers that come and go among small
//! blocks would drive the small ones ever further up.

mod links;

use core::ptr::NonNull;

use super::classes::{GRANULE, GRANULE_LOG};
use crate::{
    bitmap::align_up,
    inspect::{Damage, rule},
    memory::Extent,
    provenance,
};

/// A block begins here.
const S: u8 = 1;
/// A free run begins or ends here.
const F: u8 = 2;

/// Bins below 16 granules hold one size each.
const EXACT: usize = 16;
/// Eight bins for every doubling from there to 4 GiB.
const BINS: usize = EXACT + 8 * 24;
/// How many runs of a bin whose sizes differ are looked at before a larger bin is.
const LOOK: usize = 8;

/// The first words of a free run: its neighbours in the bin, and its length. The first run of a bin
/// has no previous one, and what stands there means nothing: so whoever takes it need not touch the
/// next one, which is in no cache.
const NEXT: usize = 0;
const PREVIOUS: usize = 4;
const LENGTH: usize = 8;

/// The free runs of a heap, and the memory that it has.
///
/// All positions are *granule numbers*: offsets from the start of linear memory in granules.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Runs {
    /// The pointer to granule 0, for every access.
    base: NonNull<u8>,
    /// Two bits a granule, from `origin` to `limit`, at `end`.
    ///
    /// Invariant: exclusively ours.
    pub(crate) table: *mut u8,
    /// The first granule of the first region.
    pub(crate) origin: usize,
    /// The last free run is `top..end`, and may be empty.
    pub(crate) top: usize,
    /// Where the table begins.
    pub(crate) end: usize,
    /// What lies at or above it, up to `end`, is zero and was never handed out.
    pub(crate) fresh: usize,
    /// Where the newest region ends.
    pub(crate) limit: usize,
    /// The newest region's first granule. It has, as two words of 32 bits, the same of the region
    /// before and where that one ended; 0 and 0 for the first.
    pub(crate) newest: usize,
    /// All regions, in bytes.
    pub(crate) committed: usize,
    /// Bit `i % 32` of word `i / 32`: bin `i` is not empty.
    occupied: [u32; BINS / 32 + 1],
    /// The first run of each bin, 0 for none.
    bins: [u32; BINS],
}

/// What is wanted of [`Runs::take`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Want {
    /// Granules of a block.
    pub(crate) n: usize,
    /// Granules that a run has to have: what the worst alignment costs included.
    pub(crate) fit: usize,
    /// As many blocks of `n` as the run has, but no more granules than this. At least one.
    pub(crate) most: usize,
    /// The alignment in bytes.
    pub(crate) align: usize,
}

/// Granules that [`Runs::take`] hands out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    pub(crate) at: usize,
    pub(crate) n: usize,
    /// From this granule on they are zero.
    pub(crate) fresh: usize,
}

/// The bin for runs of `n` granules.
#[inline]
fn bin_of(n: usize) -> usize {
    if n < EXACT {
        return n;
    }
    let log = (usize::BITS - 1 - n.leading_zeros()) as usize;
    let bin = EXACT + (log - 4) * 8 + ((n >> (log - 3)) & 7);
    // A 64-bit program may ask for more than any bin is for. It gets nothing, but it may ask.
    if usize::BITS > 32 { bin.min(BINS - 1) } else { bin }
}

impl Runs {
    pub(crate) const EMPTY: Runs = Runs {
        base: NonNull::dangling(),
        table: core::ptr::null_mut(),
        origin: 0,
        top: 0,
        end: 0,
        fresh: 0,
        limit: 0,
        newest: 0,
        committed: 0,
        occupied: [0; BINS / 32 + 1],
        bins: [0; BINS],
    };

    /// The pointer to granule `at`.
    #[inline(always)]
    pub(crate) fn pointer(&self, at: usize) -> *mut u8 {
        let address = base_address(self.base).wrapping_add(at << GRANULE_LOG);
        provenance::at(self.base, address)
    }

    /// The granule that begins at `address`.
    #[inline(always)]
    pub(crate) fn granule(&self, address: usize) -> usize {
        address.wrapping_sub(base_address(self.base)) >> GRANULE_LOG
    }

    #[inline]
    fn get(&self, at: usize) -> u8 {
        let index = at - self.origin;
        debug_assert!(at >= self.origin && at < self.limit);
        // SAFETY: the table has an entry for every granule from the origin to the limit.
        let byte = unsafe { self.table.wrapping_add(index / 4).read() };
        byte >> (index % 4 * 2) & 3
    }

    #[inline]
    fn set(&mut self, at: usize, bits: u8) {
        let index = at - self.origin;
        debug_assert!(at >= self.origin && at < self.limit);
        // SAFETY: the table has an entry for every granule from the origin to the limit.
        let byte = unsafe { &mut *self.table.wrapping_add(index / 4) };
        let shift = index % 4 * 2;
        *byte = *byte & !(3 << shift) | bits << shift;
    }

    /// Reads the word of 32 bits at `offset` in granule `at`.
    ///
    /// # Safety
    /// It is the heap's: in a free run, or a region's header.
    #[inline]
    unsafe fn read(&self, at: usize, offset: usize) -> usize {
        // SAFETY: as the caller promises; granules are aligned to 16.
        unsafe { self.pointer(at).wrapping_add(offset).cast::<u32>().read() as usize }
    }

    /// Writes the word of 32 bits at `offset` in granule `at`.
    ///
    /// # Safety
    /// It is the heap's: in a free run, or a region's header.
    #[inline]
    unsafe fn write(&mut self, at: usize, offset: usize, word: usize) {
        // SAFETY: as the caller promises; granules are aligned to 16.
        unsafe { self.pointer(at).wrapping_add(offset).cast::<u32>().write(word as u32) };
    }

    /// Puts the run of `n` granules at `at` into its bin. Its bits are the caller's to set.
    ///
    /// # Safety
    /// It is free memory of the heap's, and no part of it is in a run.
    #[inline(never)]
    unsafe fn link(&mut self, at: usize, n: usize) {
        let bin = bin_of(n);
        // SAFETY: no run is too large for the last bin.
        let first = unsafe { self.bins.get_unchecked_mut(bin) };
        let next = core::mem::replace(first, at as u32) as usize;
        // SAFETY: there is a word for every 32 bins.
        unsafe { *self.occupied.get_unchecked_mut(bin / 32) |= 1 << (bin % 32) };
        // SAFETY: free memory, and `next` is what came first in the bin.
        unsafe { self.write_run(at, n, next) };
    }

    /// Writes the length and the next run into a run, and the run into the next one.
    ///
    /// # Safety
    /// `at..at + n` is free memory of the heap's, and `next` is 0 or a free run.
    #[inline]
    unsafe fn write_run(&mut self, at: usize, n: usize, next: usize) {
        // SAFETY: the run's own memory.
        unsafe { self.write(at, NEXT, next) };
        // SAFETY: the same.
        unsafe { self.write(at, LENGTH, n) };
        // SAFETY: the same; in a run of one granule this is its fourth word.
        unsafe { self.write(at + n - 1, GRANULE - 4, n) };
        if next != 0 {
            // SAFETY: a free run.
            unsafe { self.write(next, PREVIOUS, at) };
        }
    }

    /// Takes the run `at..at + n` out of its bin. Its bits are the caller's to clear.
    ///
    /// # Safety
    /// It is a free run.
    #[inline(never)]
    unsafe fn unlink(&mut self, at: usize, n: usize) {
        // SAFETY: a free run.
        let next = unsafe { self.read(at, NEXT) };
        let bin = bin_of(n);
        // SAFETY: no run is too large for the last bin.
        let first = unsafe { self.bins.get_unchecked_mut(bin) };
        if *first as usize == at {
            *first = next as u32;
            if next == 0 {
                // SAFETY: there is a word for every 32 bins.
                unsafe { *self.occupied.get_unchecked_mut(bin / 32) &= !(1 << (bin % 32)) };
            }
            return;
        }
        // SAFETY: a free run, not the first of its bin.
        let previous = unsafe { self.read(at, PREVIOUS) };
        // SAFETY: a free run too.
        unsafe { self.write(previous, NEXT, next) };
        if next != 0 {
            // SAFETY: the same.
            unsafe { self.write(next, PREVIOUS, previous) };
        }
    }

    /// Makes the run `at..at + n` the run `to..to + m`, which overlaps it or touches it. Its bits
    /// are the caller's to set.
    ///
    /// # Safety
    /// The one is a free run; of the other, nothing is in use or in another run.
    #[inline(never)]
    unsafe fn relink(&mut self, at: usize, n: usize, to: usize, m: usize) {
        let bin = bin_of(m);
        if bin != bin_of(n) {
            // SAFETY: as the caller promises.
            unsafe { self.unlink(at, n) };
            // SAFETY: the same.
            return unsafe { self.link(to, m) };
        }
        // The same bin: it stays where it is on the list.
        // SAFETY: a free run.
        let next = unsafe { self.read(at, NEXT) };
        // SAFETY: no run is too large for the last bin.
        let first = unsafe { self.bins.get_unchecked_mut(bin) };
        if *first as usize == at {
            *first = to as u32;
        } else {
            // SAFETY: a free run, not the first of its bin.
            let previous = unsafe { self.read(at, PREVIOUS) };
            // SAFETY: free memory of the heap's.
            unsafe { self.write(to, PREVIOUS, previous) };
            // SAFETY: a free run too.
            unsafe { self.write(previous, NEXT, to) };
        }
        // SAFETY: free memory of the heap's, and the run that came next.
        unsafe { self.write_run(to, m, next) };
    }

    /// The length of the free run that begins at `at`, or of the top; 0 where neither does.
    #[inline]
    pub(crate) fn free_at(&self, at: usize) -> usize {
        if at == self.top {
            return self.end - self.top;
        }
        if at < self.limit && self.get(at) & F != 0 && self.sound(at) {
            // SAFETY: a free run.
            return unsafe { self.read(at, LENGTH) };
        }
        0
    }

    /// Frees `at..at + n`, and merges it with what is free on both sides.
    ///
    /// # Safety
    /// It is a live block, or part of one whose bits have been set, and nothing uses it any more.
    #[inline(never)]
    pub(crate) unsafe fn free(&mut self, at: usize, n: usize) {
        let after = at + n;
        // A region begins with a header, so there is a granule before.
        let mut left = 0;
        if self.get(at - 1) & F != 0 {
            // SAFETY: the last granule of a free run.
            left = unsafe { self.read(at - 1, GRANULE - 4) };
            if !self.sound_before(at, left) {
                left = 0;
            }
        }
        let start = at - left;
        if left > 0 {
            self.set(at, 0);
            // The first granule of the run keeps its bits, even if it was the last one too.
            if left > 1 {
                self.set(at - 1, 0);
            }
        }
        if after == self.top {
            if left > 0 {
                // SAFETY: a free run.
                unsafe { self.unlink(start, left) };
            }
            self.set(after, 0);
            self.set(start, S);
            self.top = start;
            return;
        }
        self.set(start, S | F);
        let right = self.free_at(after);
        if right > 0 {
            self.set(after, if right > 1 { 0 } else { F });
        } else {
            self.set(after - 1, if after - 1 > start { F } else { S | F });
        }
        let whole = left + n + right;
        if left > 0 {
            if right > 0 {
                // SAFETY: a free run.
                unsafe { self.unlink(after, right) };
            }
            // SAFETY: a free run, and what was freed behind it.
            unsafe { self.relink(start, left, start, whole) };
        } else if right > 0 {
            // SAFETY: a free run, and what was freed before it.
            unsafe { self.relink(after, right, start, whole) };
        } else {
            // SAFETY: free, and in no run.
            unsafe { self.link(start, whole) };
        }
    }

    /// The run that fits `n` granules best, among those looked at; not the top.
    #[inline]
    fn find(&self, n: usize) -> Option<usize> {
        let mut bin = bin_of(n);
        if n > EXACT {
            // Runs of this bin may be too small, so look at some; those above it are not.
            // SAFETY: no size is too large for the last bin.
            let mut at = unsafe { *self.bins.get_unchecked(bin) } as usize;
            let mut looks = LOOK;
            while at != 0 && looks != 0 && self.sound(at) {
                // SAFETY: a free run.
                if unsafe { self.read(at, LENGTH) } >= n {
                    return Some(at);
                }
                // SAFETY: the same.
                at = unsafe { self.read(at, NEXT) };
                looks -= 1;
            }
            bin += 1;
        }
        let mut word = bin / 32;
        let mut mask = u32::MAX << (bin % 32);
        while word < BINS / 32 + 1 {
            // SAFETY: below the number of words.
            let set = unsafe { *self.occupied.get_unchecked(word) } & mask;
            if set != 0 {
                bin = word * 32 + set.trailing_zeros() as usize;
                // SAFETY: only bits of bins are set.
                let at = unsafe { *self.bins.get_unchecked(bin) } as usize;
                if self.sound(at) {
                    return Some(at);
                }
                mask &= !(1 << (bin % 32));
                continue;
            }
            mask = u32::MAX;
            word += 1;
        }
        None
    }

    /// Takes what is wanted; `None` where nothing fits.
    #[inline(never)]
    pub(crate) fn take(&mut self, want: Want) -> Option<Taken> {
        let (at, has) = match self.find(want.fit) {
            // SAFETY: a free run.
            Some(at) => (at, unsafe { self.read(at, LENGTH) }),
            None => (self.top, self.end - self.top),
        };
        if has < want.fit {
            return None;
        }
        let mut n = want.n;
        while n + want.n <= want.most && n + want.n <= has {
            n += want.n;
        }
        let fresh = self.fresh;
        let start = self.pointer(at).addr();
        let front = (align_up(start, want.align) - start) >> GRANULE_LOG;
        self.cut(at, has, front + n);
        if front > 0 {
            self.set(at + front, S);
            self.set(at + front - 1, F);
            self.set(at, S | F);
            // SAFETY: cut off just now, and the block before it is live.
            unsafe { self.link(at, front) };
        }
        Some(Taken { at: at + front, n, fresh })
    }

    /// Takes the first `n` of the `has` free granules at `at`.
    #[inline(never)]
    pub(crate) fn cut(&mut self, at: usize, has: usize, n: usize) {
        let rest = at + n;
        if at == self.top {
            self.top = rest;
            self.fresh = self.fresh.max(rest);
            if rest < self.end {
                self.set(rest, S);
            }
            return;
        }
        self.set(at, S);
        if has > n {
            // The last granule of the run stays that.
            self.set(rest, S | F);
            // SAFETY: the caller found a free run there.
            unsafe { self.relink(at, has, rest, has - n) };
        } else {
            if has > 1 {
                self.set(rest - 1, 0);
            }
            // SAFETY: the same.
            unsafe { self.unlink(at, has) };
        }
    }

    /// Makes what begins at `at` part of the block before it.
    #[inline]
    pub(crate) fn join(&mut self, at: usize) {
        self.set(at, 0);
    }

    /// Marks the beginning of a block inside of one that is live.
    #[inline]
    pub(crate) fn mark(&mut self, at: usize) {
        self.set(at, S);
    }

    /// Makes an extent part of the heap: more top if it follows the newest region, else a region
    /// of its own. The table moves to its end. False, and nothing changed, where it is
    /// too small for header and table, or lies below the first region.
    ///
    /// # Safety
    /// The extent is the heap's from now on; `base` is the start of the linear memory it is in.
    pub(crate) unsafe fn add(&mut self, base: NonNull<u8>, extent: &Extent) -> bool {
        let start = provenance::address(extent.start).wrapping_sub(base_address(base));
        let from = align_up(start, GRANULE) >> GRANULE_LOG;
        let to = (start + extent.len) >> GRANULE_LOG;
        let origin = if self.limit == 0 { from } else { self.origin };
        let entries = (to - origin).div_ceil(4);
        let end = to - entries.div_ceil(GRANULE);
        let follows = from == self.limit && self.limit > 0;
        // Behind the newest region any growth is more room; elsewhere there must be room for
        // a header, and something to hand out.
        if if follows { end <= self.end } else { from < self.limit || from + 2 > end } {
            return false;
        }
        self.base = base;
        let (old_table, old_limit) = (self.table, self.limit);
        let old_entries = (old_limit - self.origin).div_ceil(4);
        let table = self.pointer(end);
        if old_limit > 0 {
            // SAFETY: the old table, and room for it in ours; they may overlap.
            unsafe { old_table.copy_to(table, old_entries) };
        }
        // SAFETY: the rest of our table.
        unsafe { table.wrapping_add(old_entries).write_bytes(0, entries - old_entries) };
        self.table = table;
        self.origin = origin;
        self.end = end;
        self.limit = to;
        self.committed += (to - from) << GRANULE_LOG;
        let zero = (start + extent.zero_from).div_ceil(GRANULE).max(from).min(to);
        if follows {
            // Where the table was is not zero, and a little before it no longer counts as such.
            self.fresh = zero;
            self.set(self.top, S);
            return true;
        }
        if old_limit > 0 {
            // The old top and where the table was are one free run now, at the end of its region.
            self.set(old_limit, S);
            let at = self.top;
            self.set(at, S);
            self.top = from + 1;
            // SAFETY: free, and the heap's; nothing behind it is.
            unsafe { self.free(at, old_limit - at) };
        }
        self.set(from, S);
        self.set(from + 1, S);
        // SAFETY: the first granule of the region.
        unsafe { self.write(from, 0, self.newest) };
        // SAFETY: the same.
        unsafe { self.write(from, 4, old_limit) };
        self.newest = from;
        self.top = from + 1;
        self.fresh = zero.max(from + 1);
        true
    }

    /// Where the block ends that begins at `at`: at the next one.
    pub(crate) fn block_end(&self, at: usize) -> usize {
        let mut next = at + 1;
        while next < self.end && self.get(next) & S == 0 {
            next += 1;
        }
        next
    }

    /// Whether a free run begins at `at`, which is where a block begins.
    pub(crate) fn is_free(&self, at: usize) -> bool {
        at == self.top || self.get(at) & F != 0
    }

    /// Whether a block begins at `at`.
    pub(crate) fn is_block(&self, at: usize) -> bool {
        at >= self.origin && at < self.end && self.get(at) & S != 0
    }

    /// Whether the block at `at` is a region's header, or the gap between two regions.
    pub(crate) fn region_mark(&self, at: usize) -> Option<crate::inspect::State> {
        let mut header = self.newest;
        while header != 0 {
            if header == at {
                return Some(crate::inspect::State::Meta);
            }
            // SAFETY: a region's header.
            if unsafe { self.read(header, 4) } == at {
                return Some(crate::inspect::State::Gap);
            }
            // SAFETY: the same.
            header = unsafe { self.read(header, 0) };
        }
        None
    }

    /// Verifies bits, runs and bins against each other. O(granules).
    pub(crate) fn check(&self) -> Result<(), Damage> {
        let address = |at: usize| self.pointer(at).addr();
        let mut runs = 0_usize;
        let mut at = self.origin;
        let mut was_free = false;
        while at < self.end {
            rule(self.get(at) & S != 0, address(at), "memory is in no block")?;
            let end = self.block_end(at);
            let free = at != self.top && self.get(at) & F != 0;
            if free {
                runs += 1;
                let n = end - at;
                // SAFETY: the bits say that it is a free run.
                let first = unsafe { self.read(at, LENGTH) };
                // SAFETY: the same.
                let last = unsafe { self.read(end - 1, GRANULE - 4) };
                rule(first == n && last == n, address(at), "a free run has another length")?;
                rule(self.get(end - 1) & F != 0, address(end - 1), "a free run has no end")?;
                rule(!was_free, address(at), "two free runs are not merged")?;
            } else if at != self.top {
                rule(self.get(end - 1) & F == 0, address(end - 1), "a live block ends as free")?;
            } else {
                rule(!was_free, address(at), "the top is not merged")?;
                rule(end == self.end, address(end), "a block begins in the top")?;
            }
            was_free = free;
            at = end;
        }
        rule(at == self.end, address(at), "blocks run over the end")?;
        for bin in 0..BINS {
            let occupied = self.occupied[bin / 32] >> (bin % 32) & 1 == 1;
            let mut at = self.bins[bin] as usize;
            rule(occupied == (at != 0), address(at), "the bitmap of bins is wrong")?;
            let mut previous = 0;
            while at != 0 {
                let is_run = self.is_block(at) && at != self.top && self.get(at) & F != 0;
                rule(is_run, address(at), "a bin leads to what is no free run")?;
                // SAFETY: the bits say that it is a free run.
                let n = unsafe { self.read(at, LENGTH) };
                // SAFETY: the same.
                let back = unsafe { self.read(at, PREVIOUS) };
                rule(bin_of(n) == bin, address(at), "a free run is in another bin")?;
                rule(
                    previous == 0 || back == previous,
                    address(at),
                    "a link back does not lead back",
                )?;
                rule(runs > 0, address(at), "the bins have more runs than memory has")?;
                runs -= 1;
                previous = at;
                // SAFETY: the same.
                at = unsafe { self.read(at, NEXT) };
            }
        }
        rule(runs == 0, address(self.origin), "a free run is in no bin")?;
        for at in self.fresh.max(self.top)..self.end {
            for word in 0..4 {
                // SAFETY: free memory of ours.
                let clear = unsafe { self.read(at, word * 4) } == 0;
                rule(clear, address(at), "memory known to be zero is not")?;
            }
        }
        Ok(())
    }
}

/// The address of the start of linear memory.
#[inline(always)]
#[cfg(target_family = "wasm")]
fn base_address(_: NonNull<u8>) -> usize {
    0
}

/// The address of the start of linear memory.
#[inline(always)]
#[cfg(not(target_family = "wasm"))]
fn base_address(base: NonNull<u8>) -> usize {
    provenance::address(base)
}
