//! Free memory as runs of granules: where they begin and end, and which one fits.
//!
//! ```text
//!  header | live | free run ....... | live | table | free run | live |  top ............|
//!  S        S      SF             F   S      S       SF      F  S       S                end
//! ```
//!
//! The **table** has two bits for every granule. `S`: a block begins here, whether it is live,
//! waits in a quick list, or is a free run. `F`: the first or the last granule of a free run. Live
//! blocks have no header; a free run has its links and its length in its first granule, and the
//! length once more at its end. So a block that is freed finds free neighbours on both sides in
//! O(1), and merges with them. The bits change only where blocks are carved and merged.
//!
//! Where the table is and how memory joins, `regions.rs` says.
//!
//! Runs wait in **bins** of eight sizes a doubling; a bitmap says which are not empty. The last
//! run, the **top**, is in no bin and is used last: else large buffers that come and go among small
//! blocks would drive the small ones ever further up.

mod links;
#[cfg(test)]
mod tests;

use core::ptr::NonNull;

use super::classes::{GRANULE, GRANULE_LOG};
use crate::provenance;

/// A block begins here.
pub(super) const S: u8 = 1;
/// A free run begins or ends here.
pub(super) const F: u8 = 2;

/// Bins below 16 granules hold one size each.
const EXACT: usize = 16;
/// Eight bins for every doubling from there to 4 GiB.
pub(super) const BINS: usize = EXACT + 8 * 24;
/// How many runs of a bin whose sizes differ are looked at before a larger bin is.
const LOOK: usize = 8;
/// Runs of this many granules, 16 KiB, are worth a longer look for the one that fits best: less of
/// them is cut off, and a look costs little beside the use of such a block.
const LARGE: usize = 1024;
/// The number of runs of a bin of large ones that are looked at.
const LOOK_LARGE: usize = 64;

/// The first words of a free run: its neighbours in the bin, and its length. The first run of a bin
/// has no previous one, and what stands there means nothing: so whoever takes it need not touch the
/// next one, which is in no cache.
pub(super) const NEXT: usize = 0;
pub(super) const PREVIOUS: usize = 4;
pub(super) const LENGTH: usize = 8;

/// The free runs of a heap, and the memory that it has.
///
/// All positions are *granule numbers*: offsets from the start of linear memory in granules.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Runs {
    /// The pointer to granule 0, for every access.
    pub(super) base: NonNull<u8>,
    /// Two bits a granule from `origin` on. It is a block of the heap's own, somewhere.
    ///
    /// Invariant: exclusively ours, and zero where it stands for what is not ours yet.
    pub(crate) table: *mut u8,
    /// The first granule of the first region.
    pub(crate) origin: usize,
    /// The last free run is `top..end`, and may be empty.
    pub(crate) top: usize,
    /// Where the top ends: at `limit`, or at the table if it is the last block.
    pub(crate) end: usize,
    /// How many granules from the origin on the table has room for.
    pub(crate) cover: usize,
    /// What lies at or above it, up to `end`, is zero and was never handed out.
    pub(crate) fresh: usize,
    /// Where the newest region ends.
    pub(crate) limit: usize,
    /// The newest region's first granule. It has, as two words of 32 bits, the same of the region
    /// before and where that one ended; 0 and 0 for the first.
    pub(crate) newest: usize,
    /// All regions, in bytes.
    pub(crate) committed: usize,
    /// Granules in bins.
    pub(crate) free: usize,
    /// Bit `i % 32` of word `i / 32`: bin `i` is not empty.
    pub(super) occupied: [u32; BINS / 32 + 1],
    /// The first run of each bin, 0 for none.
    pub(super) bins: [u32; BINS],
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
pub(super) fn bin_of(n: usize) -> usize {
    if n < EXACT {
        return n;
    }
    let log = (usize::BITS - 1 - n.leading_zeros()) as usize;
    let bin = EXACT + (log - 4) * 8 + ((n >> (log - 3)) & 7);
    // More than any bin is for may be asked for. Nothing holds it.
    bin.min(BINS - 1)
}

impl Runs {
    pub(crate) const EMPTY: Runs = Runs {
        base: NonNull::dangling(),
        table: core::ptr::null_mut(),
        origin: 0,
        top: 0,
        end: 0,
        cover: 0,
        fresh: 0,
        limit: 0,
        newest: 0,
        committed: 0,
        free: 0,
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

    /// The bits of granule `at`; 0 where the table has none.
    #[inline]
    pub(super) fn get(&self, at: usize) -> u8 {
        let index = at.wrapping_sub(self.origin);
        if index >= self.cover {
            return 0;
        }
        // SAFETY: the table is the heap's, and has two bits for each of `cover` granules.
        let byte = unsafe { self.table.wrapping_add(index / 4).read() };
        byte >> (index % 4 * 2) & 3
    }

    /// Sets the bits of granule `at`; does nothing where the table has none.
    ///
    /// # Safety
    /// Blocks and runs are what the bits say when the operation ends that this is part of.
    #[inline]
    pub(super) unsafe fn set(&mut self, at: usize, bits: u8) {
        let index = at.wrapping_sub(self.origin);
        if index >= self.cover {
            return;
        }
        // SAFETY: the table is the heap's, and has two bits for each of `cover` granules.
        let byte = unsafe { &mut *self.table.wrapping_add(index / 4) };
        let shift = index % 4 * 2;
        *byte = *byte & !(3 << shift) | bits << shift;
    }

    /// Reads the word of 32 bits at `offset` in granule `at`.
    ///
    /// # Safety
    /// It is the heap's: in a free run, or a region's header.
    #[inline]
    pub(super) unsafe fn read(&self, at: usize, offset: usize) -> usize {
        // SAFETY: as the caller promises; granules are aligned to 16.
        unsafe { self.pointer(at).wrapping_add(offset).cast::<u32>().read() as usize }
    }

    /// Writes the word of 32 bits at `offset` in granule `at`.
    ///
    /// # Safety
    /// It is the heap's: in a free run, or a region's header.
    #[inline]
    pub(super) unsafe fn write(&mut self, at: usize, offset: usize, word: usize) {
        // SAFETY: as the caller promises; granules are aligned to 16.
        unsafe { self.pointer(at).wrapping_add(offset).cast::<u32>().write(word as u32) };
    }

    /// Puts the run of `n` granules at `at` into its bin. Its bits are the caller's to set.
    ///
    /// # Safety
    /// It is free memory of the heap's, and no part of it is in a run.
    #[inline(never)]
    unsafe fn link(&mut self, at: usize, n: usize) {
        self.free += n;
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
        self.free -= n;
        // SAFETY: a free run.
        let next = unsafe { self.read(at, NEXT) };
        let bin = bin_of(n);
        // SAFETY: no run is too large for the last bin.
        let first = unsafe { *self.bins.get_unchecked(bin) } as usize == at;
        if !self.leads(at, next) {
            return self.give_up(bin);
        }
        if first {
            // SAFETY: the same.
            unsafe { *self.bins.get_unchecked_mut(bin) = next as u32 };
            if next == 0 {
                self.give_up(bin);
            }
            return;
        }
        // SAFETY: a free run, not the first of its bin.
        let previous = unsafe { self.read(at, PREVIOUS) };
        if !self.follows(at, previous) {
            return self.give_up(bin);
        }
        // SAFETY: a free run too.
        unsafe { self.write(previous, NEXT, next) };
        if next != 0 {
            // SAFETY: the same.
            unsafe { self.write(next, PREVIOUS, previous) };
        }
    }

    /// Leaves a bin empty, whatever was in it.
    fn give_up(&mut self, bin: usize) {
        // SAFETY: no run is too large for the last bin.
        unsafe { *self.bins.get_unchecked_mut(bin) = 0 };
        // SAFETY: there is a word for every 32 bins.
        unsafe { *self.occupied.get_unchecked_mut(bin / 32) &= !(1 << (bin % 32)) };
    }

    /// Makes the run `at..at + n` the run `to..to + m`, which overlaps it or touches it. Its bits
    /// are the caller's to set.
    ///
    /// # Safety
    /// The one is a free run; of the other, nothing is in use or in another run.
    #[inline(never)]
    unsafe fn relink(&mut self, at: usize, n: usize, to: usize, m: usize) {
        let bin = bin_of(m);
        // SAFETY: a free run.
        let next = unsafe { self.read(at, NEXT) };
        // SAFETY: no run is too large for the last bin.
        let first = unsafe { *self.bins.get_unchecked(bin) } as usize == at;
        // SAFETY: a free run, not the first of its bin.
        let previous = if first { 0 } else { unsafe { self.read(at, PREVIOUS) } };
        let stays = bin == bin_of(n);
        if !stays || !self.leads(at, next) || !(first || self.follows(at, previous)) {
            // SAFETY: as the caller promises.
            unsafe { self.unlink(at, n) };
            // SAFETY: the same.
            return unsafe { self.link(to, m) };
        }
        self.free = self.free + m - n;
        // The same bin: it stays where it is on the list.
        if first {
            // SAFETY: no run is too large for the last bin.
            unsafe { *self.bins.get_unchecked_mut(bin) = to as u32 };
        } else {
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
        if at < self.limit && self.get(at) & F != 0 {
            // SAFETY: a free run.
            let n = unsafe { self.read(at, LENGTH) };
            return if self.has(at, n) { n } else { 0 };
        }
        0
    }

    /// Returns the length of the free run that ends at `at`, where a block begins; 0 if none does.
    pub(crate) fn free_before(&self, at: usize) -> usize {
        if self.get(at - 1) & F == 0 {
            return 0;
        }
        // SAFETY: the bits say that a free run ends there.
        unsafe { self.length_before(at) }
    }

    /// Moves a live block of `n` granules to where the free run in front of it begins, with its
    /// contents. What was free in front of it is behind it then. Returns where the block begins.
    ///
    /// # Safety
    /// The block `at..at + n` is live.
    pub(crate) unsafe fn slide(&mut self, at: usize, n: usize) -> usize {
        let left = self.free_before(at);
        if left == 0 {
            return at;
        }
        let start = at - left;
        // SAFETY: a free run.
        unsafe { self.unlink(start, left) };
        // SAFETY: it is no free run any more; a trap before it is freed again loses it.
        unsafe { self.set(at - 1, 0) };
        // SAFETY: a block begins there, and until its contents are moved nothing is lost.
        unsafe { self.set(start, S) };
        let (from, to) = (self.pointer(at), self.pointer(start));
        // SAFETY: the caller's block, and the memory in front of it, which nobody uses.
        unsafe { from.copy_to(to, n << GRANULE_LOG) };
        // SAFETY: the block does not begin there any more.
        unsafe { self.set(at, 0) };
        // SAFETY: what is behind the block begins there.
        unsafe { self.set(start + n, S) };
        // SAFETY: a block of its own now, which nobody uses.
        unsafe { self.free(start + n, left) };
        start
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
            // SAFETY: the bits say that a free run ends there.
            left = unsafe { self.length_before(at) };
        }
        let start = at - left;
        let to_top = after == self.top;
        let right = if to_top { 0 } else { self.free_at(after) };
        let whole = left + n + right;
        // First the lists, the deepest call first, and then the bits, without a call: a trap for want
        // of stack comes before anything has changed.
        if to_top {
            if left > 0 {
                // SAFETY: the bits say that it is a free run.
                unsafe { self.unlink(start, left) };
            }
        } else if left > 0 {
            // SAFETY: a free run, and what was freed behind it.
            unsafe { self.relink(start, left, start, whole) };
            if right > 0 {
                // SAFETY: a free run, whose links are as they were.
                unsafe { self.unlink(after, right) };
            }
        } else if right > 0 {
            // SAFETY: a free run, and what was freed before it.
            unsafe { self.relink(after, right, start, whole) };
        } else {
            // SAFETY: free, and in no run.
            unsafe { self.link(start, whole) };
        }
        if left > 0 {
            // SAFETY: the run to the left ends no more where it did; if it is one granule, it begins
            // there still.
            unsafe { self.set(at - 1, if left > 1 { 0 } else { S | F }) };
            // SAFETY: no block begins there any more.
            unsafe { self.set(at, 0) };
        }
        if to_top {
            if after < self.end {
                // SAFETY: the top begins before it now.
                unsafe { self.set(after, 0) };
            }
            // SAFETY: the top begins there.
            unsafe { self.set(start, S) };
            self.top = start;
            return;
        }
        let (last, bits) = if right > 0 {
            // The run to the right begins no more; its last granule stays that.
            (after, if right > 1 { 0 } else { F })
        } else {
            (after - 1, F)
        };
        // SAFETY: in the run that was made, or its last granule.
        unsafe { self.set(last, bits) };
        // SAFETY: the run that was made begins there.
        unsafe { self.set(start, S | F) };
    }

    /// The run that fits `n` granules best, among those looked at, and its length; not the top.
    #[inline]
    pub(super) fn find(&mut self, n: usize) -> Option<(usize, usize)> {
        let mut bin = bin_of(n);
        if n > EXACT {
            // Runs of this bin may be too small, so look at some; those above it are not.
            // SAFETY: no size is too large for the last bin.
            let mut at = unsafe { *self.bins.get_unchecked(bin) } as usize;
            let mut looks = if n < LARGE { LOOK } else { LOOK_LARGE };
            let mut best = None;
            let mut least = usize::MAX;
            while at != 0 && looks != 0 {
                // SAFETY: a free run.
                let has = unsafe { self.read(at, LENGTH) };
                // SAFETY: the same.
                let next = unsafe { self.read(at, NEXT) };
                if !self.has(at, has) || !self.leads(at, next) {
                    self.give_up(bin);
                    break;
                }
                if has >= n && has < least {
                    least = has;
                    best = Some((at, has));
                    if n < LARGE || has == n {
                        break;
                    }
                }
                at = next;
                looks -= 1;
            }
            if best.is_some() {
                return best;
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
                // SAFETY: a free run.
                let has = unsafe { self.read(at, LENGTH) };
                if self.has(at, has) {
                    return Some((at, has));
                }
                self.give_up(bin);
                continue;
            }
            mask = u32::MAX;
            word += 1;
        }
        None
    }

    /// The room in front of the first granule of the run at `at` that is aligned to `align`.
    #[inline]
    fn front(&self, at: usize, align: usize) -> usize {
        let start = self.pointer(at).addr();
        (start.wrapping_neg() & (align - 1)) >> GRANULE_LOG
    }

    /// Takes what is wanted from the best run among those looked at; `None` where none fits.
    #[inline(never)]
    pub(crate) fn take(&mut self, want: Want) -> Option<Taken> {
        let (at, has) = self.find(want.fit).unwrap_or((self.top, self.end - self.top));
        if has < want.fit {
            return None;
        }
        // SAFETY: a free run, or the top, with room for the worst alignment.
        Some(unsafe { self.carve(at, has, want) })
    }

    /// Takes `n` granules aligned to `align` from any run that holds them, or from the top. Looks at
    /// every run that could: the last resort before memory grows, or a request is refused.
    #[inline(never)]
    pub(crate) fn take_exactly(&mut self, n: usize, align: usize) -> Option<Taken> {
        let want = Want { n, fit: n, most: n, align };
        let mut bin = bin_of(n);
        while let Some(&first) = self.bins.get(bin) {
            let mut at = first as usize;
            while at != 0 {
                // SAFETY: what a bin leads to is a free run.
                let has = unsafe { self.read(at, LENGTH) };
                // SAFETY: a free run.
                let next = unsafe { self.read(at, NEXT) };
                if !self.has(at, has) || !self.leads(at, next) {
                    self.give_up(bin);
                    break;
                }
                if has >= n && has - n >= self.front(at, align) {
                    // SAFETY: a free run with room for this alignment.
                    return Some(unsafe { self.carve(at, has, want) });
                }
                at = next;
            }
            bin += 1;
        }
        let has = self.end - self.top;
        if has >= n && has - n >= self.front(self.top, align) {
            // SAFETY: the top, with room for this alignment.
            return Some(unsafe { self.carve(self.top, has, want) });
        }
        None
    }

    /// Takes what is wanted out of the `has` granules at `at`.
    ///
    /// # Safety
    /// That is a free run, or the top, and has room for the blocks and what is in front of them.
    unsafe fn carve(&mut self, at: usize, has: usize, want: Want) -> Taken {
        let front = self.front(at, want.align);
        let mut n = want.n;
        while n + want.n <= want.most && front + n + want.n <= has {
            n += want.n;
        }
        let fresh = self.fresh;
        // SAFETY: the caller's run, which has that much.
        unsafe { self.cut(at, has, front + n) };
        if front > 0 {
            // SAFETY: cut off just now, and the block before it is live.
            unsafe { self.link(at, front) };
            // SAFETY: the block begins behind the run in front.
            unsafe { self.set(at + front, S) };
            // SAFETY: the run in front ends there.
            unsafe { self.set(at + front - 1, F) };
            // SAFETY: the run in front begins there.
            unsafe { self.set(at, S | F) };
        }
        Taken { at: at + front, n, fresh }
    }

    /// Takes the first `n` of the `has` free granules at `at`.
    ///
    /// # Safety
    /// A free run of `has` granules begins at `at`, or the top does; `n` is 1 to `has`.
    #[inline(never)]
    pub(crate) unsafe fn cut(&mut self, at: usize, has: usize, n: usize) {
        let rest = at + n;
        if at == self.top {
            self.top = rest;
            self.fresh = self.fresh.max(rest);
            if rest < self.end {
                // SAFETY: the top begins there now.
                unsafe { self.set(rest, S) };
            }
            return;
        }
        // First the list and then the bits: see `free`.
        if has > n {
            // SAFETY: the caller's run, of which the end stays free.
            unsafe { self.relink(at, has, rest, has - n) };
            // SAFETY: a free run begins there; its last granule stays that.
            unsafe { self.set(rest, S | F) };
        } else {
            // SAFETY: the caller's run.
            unsafe { self.unlink(at, has) };
            // SAFETY: no run ends there any more.
            unsafe { self.set(rest - 1, 0) };
        }
        // SAFETY: a block begins there.
        unsafe { self.set(at, S) };
    }

    /// Makes the block that begins at `at` part of the block before it.
    ///
    /// # Safety
    /// Both are live.
    #[inline]
    pub(crate) unsafe fn join(&mut self, at: usize) {
        // SAFETY: one block, by the caller's will.
        unsafe { self.set(at, 0) };
    }

    /// Divides the live block that `at` is inside of: a second one begins there.
    ///
    /// # Safety
    /// `at` is inside of a live block.
    #[inline]
    pub(crate) unsafe fn mark(&mut self, at: usize) {
        // SAFETY: two blocks, by the caller's will.
        unsafe { self.set(at, S) };
    }

    /// Adds `bits` to, or takes them from, the first granule of a block, for the time of a look at
    /// all blocks.
    ///
    /// # Safety
    /// They are as before when anything else reads the table.
    #[inline(always)]
    pub(crate) unsafe fn flip(&mut self, at: usize, bits: u8) {
        let old = self.get(at);
        // SAFETY: the caller flips them back.
        unsafe { self.set(at, old ^ bits) };
    }

    /// Returns where the block ends that begins at `at`: where the next one begins, or at the end of
    /// the top. Reads a word of the table for every 16 granules.
    pub(crate) fn block_end(&self, at: usize) -> usize {
        /// The bit `S` of the 16 granules of a word.
        const BEGINS: u32 = 0x5555_5555;
        let mut next = at + 1;
        while next < self.end {
            let index = next - self.origin;
            // SAFETY: the table has an entry for every granule below `end`, begins at a multiple of
            // 16 bytes and is a multiple of 16 bytes long, so the word is aligned and inside of it.
            let word = unsafe { self.table.cast::<u32>().wrapping_add(index / 16).read() };
            let begins = (u32::from_le(word) & BEGINS) >> (index % 16 * 2);
            if begins != 0 {
                return (next + begins.trailing_zeros() as usize / 2).min(self.end);
            }
            next += 16 - index % 16;
        }
        self.end.max(at + 1)
    }

    /// Whether a free run begins at `at`, which is where a block begins.
    pub(crate) fn is_free(&self, at: usize) -> bool {
        at == self.top || self.get(at) & F != 0
    }

    /// Whether a block begins at `at`.
    pub(crate) fn is_block(&self, at: usize) -> bool {
        at >= self.origin && at < self.end && self.get(at) & S != 0
    }
}

/// The address of the start of linear memory.
#[inline(always)]
#[cfg(target_family = "wasm")]
pub(super) fn base_address(_: NonNull<u8>) -> usize {
    0
}

/// The address of the start of linear memory.
#[inline(always)]
#[cfg(not(target_family = "wasm"))]
pub(super) fn base_address(base: NonNull<u8>) -> usize {
    provenance::address(base)
}
