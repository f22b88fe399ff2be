//! The rules that the map and the lists of a [`Tree`] keep.

use super::tree::{FREE, ORDER, Tree, ZERO};
use crate::{
    bitmap::WORD,
    inspect::{Damage, rule},
};

impl<const ORDERS: usize> Tree<ORDERS> {
    /// True if a free block of `order` and its neighbours on the list agree.
    pub(super) fn is_linked(&self, order: u32, address: usize) -> bool {
        let free = |address| self.is_free(address, order);
        if !free(address) {
            return false;
        }
        // SAFETY: a free block of the tree, by the test before, has two words to read.
        let next = unsafe { self.region.read(address) };
        // SAFETY: the second of the two words.
        let before = unsafe { self.region.read(address + WORD) };
        // SAFETY: `free(next)` is tested first, and a free block has a second word.
        let follows =
            next == 0 || free(next) && unsafe { self.region.read(next + WORD) } == address;
        let first = before == 0 && self.heads.get(order as usize) == Some(&address);
        // SAFETY: `free(before)` is tested first, and a free block has a first word.
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
                    // SAFETY: the map says that the block is free, and `word` lies inside of it.
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
                // SAFETY: `is_free` found it in the map, and a free block has a second word.
                let back = unsafe { self.region.read(address + WORD) };
                rule(back == before, address, "a link back does not lead back")?;
                before = address;
                // SAFETY: `is_free` found it in the map, and a free block has a first word.
                address = unsafe { self.region.read(address) };
            }
            rule(listed == expected, before, "a free block is on no list")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buddy::{
        Tag,
        tests::{At, SMALLEST, Small, TOP, empty},
    };

    /// The state of an entry for a live block.
    const LIVE: u8 = 0;

    /// Shows a tree that is in order, and has blocks of every kind:
    ///
    /// ```text
    ///  granule | 0 … 15 | 16 | 17 | 18 | 19 | 20 | 21 | 22, 23 | 24 … 27 |
    ///          | zero   | c  | L  | b  | L  | a  | L  | zero   | gap     |
    /// ```
    ///
    /// `a`, `b` and `c` are the free list of order 0, in this order; `L` is live.
    fn with_tree<R>(look: impl FnOnce(&mut Small, At<'_>) -> R) -> R {
        empty(|tree, at| {
            // SAFETY: memory that the tree does not have yet, all zero.
            unsafe { tree.add(at(0), at(24), true) };
            let blocks = [0; 6].map(|_| tree.take(0, Tag::Plain).unwrap().address);
            assert_eq!(blocks, [16, 17, 18, 19, 20, 21].map(at));
            for granule in [16, 18, 20] {
                // SAFETY: taken above.
                unsafe { tree.give(at(granule)) };
            }
            tree.check().unwrap();
            look(tree, at)
        })
    }

    /// Overwrites an entry of the map.
    fn enter(tree: &mut Small, granule: usize, state: u8, order: u8) {
        // SAFETY: an entry of the map.
        unsafe { tree.map.as_ptr().wrapping_add(granule).write(state | (order + 1)) };
    }

    /// Overwrites a word of free memory.
    fn write(tree: &Small, address: usize, word: usize) {
        // SAFETY: memory that the tree has.
        unsafe { tree.region.write(address, word) };
    }

    /// The damage, which says where it is to be found, is found there and is called `rule`.
    #[track_caller]
    fn breaks(rule: &str, damage: impl FnOnce(&mut Small, At<'_>) -> usize) {
        with_tree(|tree, at| {
            let address = damage(tree, at);
            let found = tree.check().expect_err(rule);
            assert_eq!((found.rule, found.address), (rule, address));
        });
    }

    #[test]
    fn what_is_wrong_with_the_map_is_named() {
        breaks("a map entry has a state but no order", |tree, at| {
            // SAFETY: an entry of the map.
            unsafe { tree.map.as_ptr().wrapping_add(25).write(FREE) };
            at(25)
        });
        breaks("a block is larger than the largest", |tree, at| {
            enter(tree, 24, LIVE, TOP as u8 + 1);
            at(24)
        });
        breaks("a block is not aligned to its size", |tree, at| {
            enter(tree, 25, LIVE, 1);
            at(25)
        });
        breaks("a block runs over the map", |tree, at| {
            enter(tree, 24, LIVE, 3);
            at(24)
        });
        for granule in [1, 15] {
            breaks("a block begins inside of another", |tree, at| {
                enter(tree, granule, LIVE, 0);
                at(0)
            });
        }
        for state in [FREE, ZERO] {
            breaks("two free buddies are not merged", |tree, at| {
                enter(tree, 17, state, 0);
                at(16)
            });
        }
    }

    #[test]
    fn what_is_known_to_be_zero_is_looked_at_to_the_last_word() {
        for (block, size) in [(0, SMALLEST << TOP), (22, 2 * SMALLEST)] {
            for offset in [2 * WORD, 3 * WORD, size - WORD] {
                breaks("memory known to be zero is not", |tree, at| {
                    write(tree, at(block) + offset, 1);
                    at(block) + offset
                });
            }
            with_tree(|tree, at| {
                let order = tree.block_at(at(block)).unwrap().size / SMALLEST;
                enter(tree, block, FREE, order.trailing_zeros() as u8);
                write(tree, at(block) + 2 * WORD, 1);
                tree.check().expect("what is merely free may hold anything");
            });
        }
    }

    #[test]
    fn what_is_wrong_with_the_lists_is_named() {
        let set = "the set of orders with free blocks contradicts the lists";
        breaks(set, |tree, at| {
            tree.nonempty &= !1;
            at(20)
        });
        breaks(set, |tree, _| {
            tree.nonempty |= 1 << 2;
            0
        });
        // A live block of the order; a free one of another; none at all.
        for (order, granule) in [(0, 17), (2, 16), (0, 23)] {
            breaks("a list leads to what is no free block of its order", |tree, at| {
                tree.heads[order] = at(granule);
                tree.nonempty |= 1 << order;
                at(granule)
            });
        }
        breaks("a list is longer than the map allows", |tree, at| {
            write(tree, at(16), at(20));
            at(20)
        });
        breaks("a link back does not lead back", |tree, at| {
            write(tree, at(18) + WORD, at(16));
            at(18)
        });
        breaks("a link back does not lead back", |tree, at| {
            write(tree, at(20) + WORD, at(18));
            at(20)
        });
        breaks("a free block is on no list", |tree, at| {
            write(tree, at(18), 0);
            at(18)
        });
    }

    /// The test that only `checked` makes, before it follows a link.
    #[test]
    fn a_block_is_linked_if_its_neighbours_say_so_too() {
        with_tree(|tree, at| {
            for granule in [20, 18, 16] {
                assert!(tree.is_linked(0, at(granule)), "granule {granule}");
            }
            assert!(tree.is_linked(1, at(22)) && tree.is_linked(TOP, at(0)));
        });
        let unlinked = |granule: usize, damage: &dyn Fn(&mut Small, At<'_>)| {
            with_tree(|tree, at| {
                damage(tree, at);
                assert!(!tree.is_linked(0, at(granule)), "granule {granule}");
            });
        };
        // The first one's next is live, free but of another order, or leads back to another.
        unlinked(20, &|tree, at| {
            write(tree, at(20), at(17));
            write(tree, at(17) + WORD, at(20));
        });
        unlinked(20, &|tree, at| {
            write(tree, at(20), at(22));
            write(tree, at(22) + WORD, at(20));
        });
        unlinked(20, &|tree, at| write(tree, at(20), at(16)));
        // The list begins with another one.
        unlinked(20, &|tree, at| tree.heads[0] = at(18));
        // The one before is live, free but of another order, or leads to another one.
        for before in [17, 22] {
            unlinked(16, &|tree, at| {
                write(tree, at(16) + WORD, at(before));
                write(tree, at(before), at(16));
            });
        }
        unlinked(18, &|tree, at| write(tree, at(20), at(16)));
        // The first one of the list is said to be behind another.
        unlinked(16, &|tree, at| {
            write(tree, at(16) + WORD, at(20));
            tree.heads[0] = at(16);
        });
    }
}
