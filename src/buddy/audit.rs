//! Whether the map and the lists of a [`Tree`] agree.

use super::tree::{FREE, ORDER, Tree, ZERO};
use crate::{
    bitmap::WORD,
    checked,
    inspect::{Damage, rule},
};

impl<const ORDERS: usize> Tree<ORDERS> {
    /// Whether the links of a free block of `order` may be followed. With `checked`, if they were
    /// overwritten, the list is given up; without it, they may.
    #[inline(always)]
    pub(super) fn sound(&mut self, order: u32, address: usize) -> bool {
        let rule = "a free block's links are not what they were";
        let sound = checked::sound(|| self.is_linked(order, address), address, rule);
        if !sound {
            *self.head(order) = 0;
            self.nonempty &= !(1 << order);
        }
        sound
    }

    /// Whether no part of `start..end` is in a block.
    pub(crate) fn lacks(&self, start: usize, end: usize) -> bool {
        let mut at = 0;
        while let Some(block) = self.next(at) {
            at = block.end();
            if block.state != State::Gap && block.address < end && start < at {
                return false;
            }
        }
        true
    }

    /// Whether a free block of `order` and its neighbours on the list agree.
    fn is_linked(&self, order: u32, address: usize) -> bool {
        let free = |address| self.is_free(address, order);
        // SAFETY: a free block of ours.
        let next = unsafe { self.region.read(address) };
        // SAFETY: the same.
        let before = unsafe { self.region.read(address + WORD) };
        // SAFETY: a free block, by the test before.
        let follows =
            next == 0 || free(next) && unsafe { self.region.read(next + WORD) } == address;
        let first = before == 0 && self.heads.get(order as usize) == Some(&address);
        // SAFETY: the same.
        let leads = || free(before) && unsafe { self.region.read(before) } == address;
        follows && (first || leads())
    }

    /// Verifies map and lists against each other. O(granules + free blocks + bytes known to be
    /// zero).
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn check(&self) -> Result<(), Damage> {
        let mut in_map = [0_usize; ORDERS];
        let mut index = 0;
        while index < self.entries {
            let address = self.origin + (index << self.granule);
            let entry = self.entry(index);
            let Some(order) = u32::from(entry & ORDER).checked_sub(1) else {
                rule(entry == 0, address, "a map entry has a state but no order")?;
                index += 1;
                continue;
            };
            rule(order <= self.top, address, "a block is larger than the largest")?;
            let size = self.size_of(order);
            rule(address & (size - 1) == 0, address, "a block is not aligned to its size")?;
            let granules = 1 << order;
            rule(granules <= self.entries - index, address, "a block runs over the map")?;
            for inside in index + 1..index + granules {
                rule(self.entry(inside) == 0, address, "a block begins inside of another")?;
            }
            if matches!(entry & !ORDER, FREE | ZERO) {
                in_map[order as usize] += 1;
                let buddy = self.index(address ^ size);
                let merged = order == self.top
                    || buddy >= self.entries
                    || !matches!(self.entry(buddy), e if e == FREE | (order as u8 + 1)
                        || e == ZERO | (order as u8 + 1));
                rule(merged, address, "two free buddies are not merged")?;
            }
            if entry & !ORDER == ZERO {
                let mut word = address + 2 * WORD;
                while word < address + size {
                    // SAFETY: free memory of ours.
                    let clear = unsafe { self.region.read(word) } == 0;
                    rule(clear, word, "memory known to be zero is not")?;
                    word += WORD;
                }
            }
            index += granules;
        }
        for (order, &expected) in in_map.iter().enumerate() {
            let mut listed = 0;
            let mut before = 0;
            let mut address = self.heads[order];
            rule(
                (address != 0) == (self.nonempty >> order & 1 == 1),
                address,
                "the set of orders with free blocks contradicts the lists",
            )?;
            while address != 0 {
                let free = self.is_free(address, order as u32);
                rule(free, address, "a list leads to what is no free block of its order")?;
                listed += 1;
                rule(listed <= expected, address, "a list is longer than the map allows")?;
                // SAFETY: a free block of ours.
                let back = unsafe { self.region.read(address + WORD) };
                rule(back == before, address, "a link back does not lead back")?;
                before = address;
                // SAFETY: the same.
                address = unsafe { self.region.read(address) };
            }
            rule(listed == expected, before, "a free block is on no list")?;
        }
        Ok(())
    }
}
