//! Blocks: handed out and split, taken back and merged, made larger and smaller.

use super::{FREE, LIVE, ORDER, SLAB, Tag, Taken, Tree, ZERO};
use crate::bitmap::WORD;

impl<const ORDERS: usize> Tree<ORDERS> {
    /// Hands out a block of `order`, splitting a larger one where no block of the order is free;
    /// `None` where nothing is large enough, or no block has that order.
    #[inline]
    pub fn take(&mut self, order: u32, tag: Tag) -> Option<Taken> {
        let fit = self.nonempty.checked_shr(order)?;
        if fit == 0 {
            return None;
        }
        let mut at = order + fit.trailing_zeros();
        let address = *self.heads.get(at as usize)?;
        // SAFETY: `address` is the head of the list of `at`, which `nonempty` says is not empty.
        unsafe { self.unlink_first(at, address) };
        let index = self.index(address);
        let state = self.entry(index) & !ORDER;
        while at > order {
            at -= 1;
            // SAFETY: the upper half of a block of order `at + 1` that was unlinked above.
            unsafe { self.push(at, address + self.size_of(at), state) };
        }
        let tag = if matches!(tag, Tag::Slab) { SLAB } else { LIVE };
        self.set_entry(index, tag | (order as u8 + 1));
        Some(Taken { address, zero: state == ZERO })
    }

    /// Takes a block back and merges it with its buddy, and the result with its own, as long as
    /// the other is free.
    ///
    /// # Safety
    /// `address` is a block that was handed out and not taken back since.
    #[inline]
    pub unsafe fn give(&mut self, address: usize) {
        let order = u32::from(self.entry(self.index(address)) & ORDER);
        debug_assert!(order > 0, "no block begins at {address:#x}");
        // SAFETY: this function's contract says that the block is live, and no live block is
        // free in part; its order is the map's.
        unsafe { self.insert(order.wrapping_sub(1), address, FREE) };
    }

    /// Makes a block of `order` free, merging as far as possible.
    ///
    /// # Safety
    /// The block is the tree's, and neither it nor a part of it is free yet. With the state `ZERO`
    /// it is all zero but for its first two words.
    #[inline]
    pub(super) unsafe fn insert(&mut self, mut order: u32, mut address: usize, mut state: u8) {
        while order < self.top {
            let buddy = address ^ self.size_of(order);
            let entry = self.entry(self.index(buddy));
            let free = FREE | (order as u8 + 1);
            let zero = ZERO | (order as u8 + 1);
            if entry != free && entry != zero {
                break;
            }
            // SAFETY: the map says that `buddy` is free and of this order, so it is on that list.
            unsafe { self.unlink(order, buddy) };
            let upper = address | buddy;
            self.set_entry(self.index(upper), 0);
            if state == ZERO && entry == zero {
                // SAFETY: the upper half is free or the caller's to free; the first two words,
                // its links, are all that is not zero in it.
                unsafe { self.region.clear(upper, 2 * WORD) };
            } else {
                state = FREE;
            }
            address &= buddy;
            order += 1;
        }
        // SAFETY: the block is on no list: its halves were unlinked above, or were not free.
        unsafe { self.push(order, address, state) };
    }

    /// Makes a live block smaller where it is, giving its upper part back. Nothing happens where
    /// the block is of a lower order already.
    ///
    /// # Safety
    /// `address` is a live block; nothing uses it beyond the new size any more.
    #[inline]
    pub unsafe fn shrink(&mut self, address: usize, order: u32) {
        let index = self.index(address);
        let entry = self.entry(index);
        let Some(mut at) = u32::from(entry & ORDER).checked_sub(1) else { return };
        if order >= at {
            return;
        }
        self.set_entry(index, (entry & !ORDER) | (order as u8 + 1));
        while at > order {
            at -= 1;
            // SAFETY: the upper half of a live block that nothing uses; its buddy, the lower half,
            // stays live.
            unsafe { self.push(at, address + self.size_of(at), FREE) };
        }
    }

    /// Makes a live block larger where it is, by merging it with the free blocks above it. False,
    /// and nothing changed, where those are not all free, the block is the upper half of one, or
    /// no block has that order.
    ///
    /// # Safety
    /// `address` is a live block.
    #[inline]
    pub unsafe fn extend(&mut self, address: usize, order: u32) -> bool {
        let index = self.index(address);
        let entry = self.entry(index);
        let Some(from) = u32::from(entry & ORDER).checked_sub(1) else { return false };
        if order > self.top || order < from || address & (self.size_of(order) - 1) != 0 {
            return false;
        }
        for at in from..order {
            let entry = self.entry(self.index(address + self.size_of(at)));
            let is = at as u8 + 1;
            if entry != FREE | is && entry != ZERO | is {
                return false;
            }
        }
        for at in from..order {
            let upper = address + self.size_of(at);
            // SAFETY: the loop before found in the map that it is free and of this order.
            unsafe { self.unlink(at, upper) };
            self.set_entry(self.index(upper), 0);
        }
        self.set_entry(index, (entry & !ORDER) | (order as u8 + 1));
        true
    }

    /// Puts the block at the front of the list of `order`, and into the map. Nothing happens for an
    /// order that the tree does not have.
    ///
    /// # Safety
    /// The block is the tree's, of that order, and not on a list.
    #[inline]
    unsafe fn push(&mut self, order: u32, address: usize, state: u8) {
        let Some(head) = self.heads.get_mut(order as usize) else { return };
        let next = core::mem::replace(head, address);
        // SAFETY: `new` and `empty` make no block without room for two words, and a free block is
        // the tree's to write to.
        unsafe { self.region.write(address, next) };
        // SAFETY: the second of the two words.
        unsafe { self.region.write(address + WORD, 0) };
        if next != 0 {
            // SAFETY: `next` was the head, so it is a free block, whose second word is a link.
            unsafe { self.region.write(next + WORD, address) };
        }
        self.nonempty |= 1 << order;
        let index = self.index(address);
        self.set_entry(index, state | (order as u8 + 1));
    }

    /// Makes `address`, or 0 for none, the first block of `order`.
    #[inline]
    fn set_head(&mut self, order: u32, address: usize) {
        if let Some(head) = self.heads.get_mut(order as usize) {
            *head = address;
            if address == 0 {
                self.nonempty &= !(1 << order);
            }
        }
    }

    /// Takes the block off the list of `order`; its map entry stays.
    ///
    /// # Safety
    /// The block is on that list.
    #[inline]
    unsafe fn unlink(&mut self, order: u32, address: usize) {
        if !self.sound(order, address) {
            return;
        }
        // SAFETY: a block on a list is free, and its first word is the link to the next.
        let next = unsafe { self.region.read(address) };
        // SAFETY: its second word is the link to the one before.
        let before = unsafe { self.region.read(address + WORD) };
        if next != 0 {
            // SAFETY: a link leads to a free block, whose second word is the link back.
            unsafe { self.region.write(next + WORD, before) };
        }
        if before != 0 {
            // SAFETY: a link leads to a free block, whose first word is the link to this one.
            unsafe { self.region.write(before, next) };
        } else {
            self.set_head(order, next);
        }
    }

    /// [`Tree::unlink`] for the first block of a list.
    ///
    /// # Safety
    /// The block is the first of that list.
    #[inline]
    unsafe fn unlink_first(&mut self, order: u32, address: usize) {
        if !self.sound(order, address) {
            return;
        }
        // SAFETY: a block on a list is free, and its first word is the link to the next.
        let next = unsafe { self.region.read(address) };
        self.set_head(order, next);
        if next != 0 {
            // SAFETY: a link leads to a free block, whose second word is the link back.
            unsafe { self.region.write(next + WORD, 0) };
        }
    }

    /// True if the links of a free block of `order` may be followed. Without the feature `checked`
    /// they always may; with it, a list whose links were overwritten is given up.
    #[inline(always)]
    fn sound(&mut self, order: u32, address: usize) -> bool {
        let rule = "a free block's links are not what they were";
        let sound = crate::checked::sound(|| self.is_linked(order, address), address, rule);
        if !sound {
            self.set_head(order, 0);
        }
        sound
    }
}
