//! Free memory as runs of granules: which one fits, how it is cut, and how it merges.
//!
//! Live blocks have no header. A free run has its links and its length in its first granule, and the
//! length once more at its end. With the bits of the table (`table.rs`) a block that is freed finds free
//! neighbours on both sides in O(1), and merges with them.
//!
//! Runs wait in **bins**; a bitmap says which are not empty. The last run, the **top**, is in no bin
//! and is used last: else large buffers that come and go among small blocks would drive the small
//! ones ever further up.
//!
//! A trap can come wherever a function is called: the stack is at its end. So memory that changes hands is a
//! live block in between: it is lost then, and nothing else is wrong. What has to change together
//! changes behind the last call, or behind one that needs as much of the stack.

#[cfg(test)]
mod tests;

#[cfg(test)]
use super::trap;

use super::{
    base::Base,
    sizes::{BINS, GRANULE, GRANULE_LOG, bin_of},
    table::{F, Region, S},
};
/// The number of runs of a bin that are looked at before a larger bin is.
pub(super) const LOOK: usize = 8;
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

/// The words of the bitmap of bins.
const WORDS: usize = BINS.div_ceil(64);

/// The free runs of a heap, and the memory that it has.
///
/// All positions are *granule numbers*: offsets from the start of linear memory in granules.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Runs {
    /// The pointer to granule 0, for every access.
    pub(super) base: Base,
    /// The newest region, and its table.
    ///
    /// Invariant: tables are exclusively the heap's, and zero where they have bits for what is not in
    /// use yet.
    pub(crate) region: Region,
    /// The last free run is `top..end`, and may be empty.
    pub(crate) top: usize,
    /// The end of the newest region; 0 if there is none.
    pub(crate) end: usize,
    /// The granule from which on all, up to `end`, is zero and was never handed out.
    pub(crate) fresh: usize,
    /// All regions, in bytes.
    pub(crate) committed: usize,
    /// Granules in bins.
    pub(crate) free: usize,
    /// Bit `i % 64` of word `i / 64` is set if bin `i` is not empty, and maybe if it is.
    pub(super) occupied: [u64; WORDS],
    /// The first run of each bin, 0 for none; one for each bit of `occupied`, so that no bit leads out of here.
    pub(super) bins: [u32; 64 * WORDS],
}

impl Runs {
    pub(crate) const EMPTY: Runs = Runs {
        base: Base::NONE,
        region: Region::NONE,
        top: 0,
        end: 0,
        fresh: 0,
        committed: 0,
        free: 0,
        occupied: [0; WORDS],
        bins: [0; 64 * WORDS],
    };

    /// The pointer to granule `at`.
    #[inline(always)]
    pub(crate) fn pointer(&self, at: usize) -> *mut u8 {
        self.base.pointer(self.base.address().wrapping_add(at << GRANULE_LOG))
    }

    /// The pointer to the block that begins at `address`.
    #[inline(always)]
    pub(crate) fn at_address(&self, address: usize) -> *mut u8 {
        self.base.pointer(address)
    }

    /// The granule that begins at `address`.
    #[inline(always)]
    pub(crate) fn granule(&self, address: usize) -> usize {
        address.wrapping_sub(self.base.address()) >> GRANULE_LOG
    }

    /// Reads the word of 32 bits at `offset` in granule `at`.
    ///
    /// # Safety
    /// It is the heap's: in a free run, or a region's header.
    #[inline(always)]
    pub(super) unsafe fn read(&self, at: usize, offset: usize) -> usize {
        // SAFETY: by this function's contract the word is the heap's; granules are aligned to 16.
        unsafe { self.pointer(at).wrapping_add(offset).cast::<u32>().read() as usize }
    }

    /// Writes the word of 32 bits at `offset` in granule `at`.
    ///
    /// # Safety
    /// It is the heap's: in a free run, or a region's header.
    #[inline(always)]
    pub(super) unsafe fn write(&mut self, at: usize, offset: usize, word: usize) {
        // SAFETY: by this function's contract the word is the heap's; granules are aligned to 16.
        unsafe { self.pointer(at).wrapping_add(offset).cast::<u32>().write(word as u32) };
    }

    /// Makes `at..at + n` a free run of its bin.
    ///
    /// # Safety
    /// It is a live block that nothing uses, or memory behind all blocks, and touches no free run.
    #[inline(never)]
    pub(super) unsafe fn insert(&mut self, at: usize, n: usize) {
        #[cfg(test)]
        let _frame = trap::enter();
        let bin = bin_of(n);
        // SAFETY: a run ends there.
        unsafe { self.set(at + n - 1, F) };
        // SAFETY: a run begins there; if it ends there too, this says both.
        unsafe { self.set(at, S | F) };
        // SAFETY: `bin_of` returns less than `BINS`.
        let first = unsafe { self.bins.get_unchecked_mut(bin) };
        let next = core::mem::replace(first, at as u32) as usize;
        // SAFETY: there is a word for every 64 bins.
        unsafe { *self.occupied.get_unchecked_mut(bin / 64) |= 1 << (bin % 64) };
        self.free += n;
        // SAFETY: the first granule of the run.
        unsafe { self.write(at, NEXT, next) };
        // SAFETY: the first granule of the run.
        unsafe { self.write(at, LENGTH, n) };
        // SAFETY: the last granule of the run; if it is the first, this is its fourth word.
        unsafe { self.write(at + n - 1, GRANULE - 4, n) };
        if next != 0 {
            // SAFETY: the run that was the first of the bin.
            unsafe { self.write(next, PREVIOUS, at) };
        }
    }

    /// Takes the run `at..at + n` out of its bin. It is a live block then, which the caller has.
    ///
    /// # Safety
    /// It is a free run.
    #[inline(never)]
    pub(super) unsafe fn remove(&mut self, at: usize, n: usize) {
        #[cfg(test)]
        let _frame = trap::enter();
        let bin = bin_of(n);
        // SAFETY: a run ends there no more.
        unsafe { self.set(at + n - 1, 0) };
        // SAFETY: a live block begins there.
        unsafe { self.set(at, S) };
        self.free -= n;
        // SAFETY: the first granule of what was a run.
        let next = unsafe { self.read(at, NEXT) };
        // SAFETY: `bin_of` returns less than `BINS`.
        let first = unsafe { self.bins.get_unchecked_mut(bin) };
        if *first as usize == at {
            *first = next as u32;
            if !self.leads(at, next) {
                self.give_up(bin);
            }
            return;
        }
        // SAFETY: the first granule of what was a run.
        let previous = unsafe { self.read(at, PREVIOUS) };
        if !self.leads(at, next) || !self.follows(at, previous) {
            return self.give_up(bin);
        }
        // SAFETY: a run of the bin: this one was not the first.
        unsafe { self.write(previous, NEXT, next) };
        if next != 0 {
            // SAFETY: a run of the bin.
            unsafe { self.write(next, PREVIOUS, previous) };
        }
    }

    /// Leaves a bin empty, whatever was in it.
    fn give_up(&mut self, bin: usize) {
        if let Some(first) = self.bins.get_mut(bin) {
            *first = 0;
        }
    }

    /// Returns the length of the free run that begins at `at`, or of the top; 0 where neither does.
    #[inline]
    pub(crate) fn free_at(&self, at: usize) -> usize {
        if at == self.top {
            return self.end - self.top;
        }
        if self.get(at) & F == 0 {
            return 0;
        }
        // SAFETY: the bits say that a free run begins there.
        let n = unsafe { self.read(at, LENGTH) };
        if self.has(at, n) { n } else { 0 }
    }

    /// Returns the length of the free run that ends at `at`, where a block begins; 0 if none does.
    #[inline]
    pub(crate) fn free_before(&self, at: usize) -> usize {
        if self.get(at - 1) & F == 0 {
            return 0;
        }
        // SAFETY: the bits say that a free run ends there.
        unsafe { self.length_before(at) }
    }

    /// Frees the block `at..at + n`, or the end of one, and merges it with what is free on both sides.
    ///
    /// # Safety
    /// It is a live block, or the last part of one, and nothing uses it any more.
    #[inline(never)]
    pub(crate) unsafe fn free(&mut self, at: usize, n: usize) {
        #[cfg(test)]
        let _frame = trap::enter();
        let left = self.free_before(at);
        let start = at - left;
        if left > 0 {
            // SAFETY: the bits say that it is a free run.
            unsafe { self.remove(start, left) };
            // SAFETY: one live block with the one before it.
            unsafe { self.set(at, 0) };
        }
        let after = at + n;
        if after == self.top {
            // SAFETY: the top has no bits.
            unsafe { self.set(start, 0) };
            self.top = start;
            return;
        }
        let right = self.free_at(after);
        if right > 0 {
            // SAFETY: the bits say that it is a free run.
            unsafe { self.remove(after, right) };
        }
        // SAFETY: one or two live blocks that nothing uses, whose neighbours are none that are free.
        unsafe { self.insert(start, after + right - start) };
        if right > 1 {
            // SAFETY: inside of the run, and not its last granule.
            unsafe { self.set(after, 0) };
        }
    }

    /// Returns the room in front of the first granule of the run at `at` that is aligned to `align`.
    #[inline]
    pub(super) fn front(&self, at: usize, align: usize) -> usize {
        let start = self.pointer(at).addr();
        (start.wrapping_neg() & (align - 1)) >> GRANULE_LOG
    }

    /// Returns a free run of a bin that holds `n` granules aligned to `align`, if one is found; else 0.
    /// Of a bin, `looks` runs are looked at, of large ones [`LOOK_LARGE`] at least.
    #[inline]
    pub(super) fn find(&mut self, n: usize, align: usize, looks: usize) -> usize {
        let looks = if n < LARGE { looks } else { looks.max(LOOK_LARGE) };
        let mut bin = bin_of(n);
        while bin < BINS {
            // SAFETY: there is a word for every 64 bins, and `bin` is below `BINS`.
            let bits = unsafe { *self.occupied.get_unchecked(bin / 64) } >> (bin % 64);
            if bits == 0 {
                bin = (bin | 63) + 1;
                continue;
            }
            bin += bits.trailing_zeros() as usize;
            // SAFETY: `bin` is the number of a bit of that word, and there is a bin for each.
            let mut at = unsafe { *self.bins.get_unchecked(bin) } as usize;
            if at == 0 {
                // SAFETY: there is a word for every 64 bins.
                unsafe { *self.occupied.get_unchecked_mut(bin / 64) &= !(1 << (bin % 64)) };
            }
            let (mut best, mut least) = (0, usize::MAX);
            let mut left = looks;
            while at != 0 && left != 0 {
                // SAFETY: what a bin leads to is a free run.
                let has = unsafe { self.read(at, LENGTH) };
                // SAFETY: what a bin leads to is a free run, and begins with its links.
                let next = unsafe { self.read(at, NEXT) };
                if !self.has(at, has) || !self.leads(at, next) {
                    self.give_up(bin);
                    break;
                }
                if has < least && has >= n + self.front(at, align) {
                    (best, least) = (at, has);
                    if n < LARGE {
                        break;
                    }
                }
                at = next;
                left -= 1;
            }
            if best != 0 {
                return best;
            }
            bin += 1;
        }
        0
    }

    /// Returns what [`Runs::find`] does; where that is nothing, the top if it holds as much.
    #[inline(never)]
    pub(super) fn find_any(&mut self, n: usize, align: usize, looks: usize) -> usize {
        let at = self.find(n, align, looks);
        if at != 0 { at } else { self.find_top(n, align) }
    }

    /// Takes `n` granules out of the `has` free ones at `at`, behind the first `front` of them, which
    /// stay free. Returns where they begin.
    ///
    /// # Safety
    /// That is a free run, or the top, which has `front + n` granules and which the table reaches.
    #[inline(never)]
    pub(crate) unsafe fn carve(&mut self, at: usize, has: usize, front: usize, n: usize) -> usize {
        #[cfg(test)]
        let _frame = trap::enter();
        let start = at + front;
        let end = start + n;
        if at == self.top {
            // SAFETY: a live block begins where the top did.
            unsafe { self.set(at, S) };
            self.raise_top(end);
        } else {
            // SAFETY: by this function's contract a free run.
            unsafe { self.remove(at, has) };
            if has > front + n {
                // SAFETY: inside of the run, which is a live block now.
                unsafe { self.mark(end) };
                // SAFETY: the last part of it, whose neighbours are live.
                unsafe { self.insert(end, at + has - end) };
            }
        }
        if front > 0 {
            // SAFETY: inside of what was taken.
            unsafe { self.mark(start) };
            // SAFETY: the first part of it, whose neighbours are live.
            unsafe { self.insert(at, front) };
        }
        start
    }

    /// Makes the top begin at `at`: what was before it is in use.
    #[inline(always)]
    pub(super) fn raise_top(&mut self, at: usize) {
        self.top = at;
        self.fresh = self.fresh.max(at);
    }

    /// Moves a live block of `n` granules over the last `left` of the `before` free granules in front of it,
    /// and makes these and the `right` free ones behind it a part of the block. Returns where it begins.
    ///
    /// # Safety
    /// The block `at..at + n` is live, `before` and `right` are what `free_before` and `free_at` return for its
    /// ends, and `left` is 1 to `before`.
    pub(crate) unsafe fn slide(
        &mut self,
        at: usize,
        n: usize,
        before: usize,
        left: usize,
        right: usize,
    ) -> usize {
        let end = at + n;
        if right > 0 {
            // SAFETY: by this function's contract a free run, or the top, all of which is taken.
            unsafe { self.carve(end, right, 0, right) };
        }
        // SAFETY: by this function's contract a free run, the end of which is taken.
        let start = unsafe { self.carve(at - before, before, before - left, left) };
        let (from, to) = (self.pointer(at), self.pointer(start));
        // SAFETY: the caller's block, and the memory in front of it, which nobody uses.
        unsafe { from.copy_to(to, n << GRANULE_LOG) };
        // SAFETY: one block with the one before it.
        unsafe { self.set(at, 0) };
        if right > 0 {
            // SAFETY: one block with the one before it.
            unsafe { self.set(end, 0) };
        }
        start
    }

    /// Makes the `n` granules at `at` part of the live block that ends there, of the `has` that are
    /// free.
    ///
    /// # Safety
    /// A free run of `has` granules begins at `at`, or the top does; `n` is 1 to `has`.
    pub(crate) unsafe fn extend(&mut self, at: usize, has: usize, n: usize) {
        // SAFETY: by this function's contract the run has that much; of the top, the new end is
        // beyond the table or has no bits yet.
        unsafe { self.carve(at, has, 0, n) };
        // SAFETY: one block with the one before it.
        unsafe { self.set(at, 0) };
    }
}
