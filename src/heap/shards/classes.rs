//! The sizes of blocks in shards, and how many of them move at once.
//!
//! Up to 256 bytes every multiple of 16 is a size, above there are eight a doubling: 32 lists in place of
//! the 64 of the heap behind. A list of fewer sizes runs empty less often, and for sizes of 8 to 1,024
//! bytes, all as likely, rounding up costs 3 %.

use crate::heap::sizes::SMALL;

/// Lists of a shard; list 0 is not used.
pub(super) const LISTS: usize = 33;

/// Returns the size of a list's blocks, in granules.
const fn size(list: usize) -> usize {
    match list {
        0..=16 => list,
        17..=24 => 16 + 2 * (list - 16),
        _ => 32 + 4 * (list - 24),
    }
}

/// The size of each list's blocks, in granules.
const SIZES: [u8; LISTS] = {
    let mut sizes = [0; LISTS];
    let mut list = 0;
    while list < LISTS {
        sizes[list] = size(list) as u8;
        list += 1;
    }
    sizes
};

/// The list for each number of granules.
const LISTS_OF: [u8; SMALL + 1] = {
    let mut lists = [1; SMALL + 1];
    let (mut g, mut list) = (1, 1);
    while g <= SMALL {
        if size(list) < g {
            list += 1;
        }
        lists[g] = list as u8;
        g += 1;
    }
    lists
};

/// The number of blocks of each list that move at once: 2 KiB, but 12 at least and 32 at most.
const BATCHES: [u8; LISTS] = {
    let mut batches = [12; LISTS];
    let mut list = 1;
    while list < LISTS {
        let blocks = 128 / size(list);
        batches[list] = if blocks > 32 {
            32
        } else if blocks < 12 {
            12
        } else {
            blocks as u8
        };
        list += 1;
    }
    batches
};

/// A list of a shard.
#[derive(Clone, Copy, Debug)]
pub(super) struct Class(u8);

impl Class {
    /// Returns the list for blocks of `g` granules. `None` for those that shards do not serve.
    #[inline(always)]
    pub(super) fn of(g: usize) -> Option<Class> {
        LISTS_OF.get(g).map(|&list| Class(list))
    }

    /// Returns all lists.
    #[cfg(test)]
    pub(super) fn all() -> impl Iterator<Item = Class> {
        (1..LISTS as u8).map(Class)
    }

    /// Returns the list of a number; the last one for a number that is none.
    pub(super) fn numbered(number: usize) -> Class {
        Class(number.min(LISTS - 1) as u8)
    }

    /// The number of the list.
    #[inline(always)]
    pub(super) fn number(self) -> usize {
        usize::from(self.0)
    }

    /// The size of its blocks, in granules.
    #[inline(always)]
    pub(super) fn granules(self) -> usize {
        usize::from(SIZES[self.number()])
    }

    /// The number of blocks that move between a shard and the heap at once. Twice as many may wait.
    #[inline(always)]
    pub(super) fn batch(self) -> usize {
        usize::from(BATCHES[self.number()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_small_size_has_the_smallest_list_that_holds_it() {
        for g in 1..=SMALL {
            let class = Class::of(g).unwrap();
            assert!(class.granules() >= g && class.granules() <= g + g.div_ceil(8), "{g}");
            assert!(class.number() == 1 || size(class.number() - 1) < g, "{g}");
        }
        assert_eq!(Class::all().map(Class::granules).max(), Some(SMALL));
        assert!(Class::of(SMALL + 1).is_none());
    }

    #[test]
    fn a_batch_is_two_kib_within_bounds() {
        assert!(Class::all().all(|class| (12..=32).contains(&class.batch())));
        assert_eq!(Class::of(8).unwrap().batch() * 8, 128);
    }
}
