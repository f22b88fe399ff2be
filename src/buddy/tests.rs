//! [`Tree`] over a few granules.

use core::ptr::NonNull;
use std::vec::Vec;

use super::{Tag, Tree};
use crate::{
    bitmap::WORD,
    inspect::{Block, State},
    provenance,
};

pub(super) type Small = Tree<6>;
/// The order of the largest block.
pub(super) const TOP: u32 = 4;
/// The size of the smallest one.
pub(super) const SMALLEST: usize = 2 * WORD;
/// The map's entries. Behind them there are zeros that are none of the tree's business.
const ENTRIES: usize = 28;

#[repr(align(1024))]
struct Memory([u8; (2 * SMALLEST) << TOP]);

/// The address of a granule.
pub(super) type At<'a> = &'a dyn Fn(usize) -> usize;

/// Shows a tree that was given no memory yet.
pub(super) fn empty<R>(look: impl FnOnce(&mut Small, At<'_>) -> R) -> R {
    let mut memory = Memory([0; (2 * SMALLEST) << TOP]);
    let mut map = [0_u8; 64];
    let start = NonNull::from(&mut memory.0).cast();
    let granule = SMALLEST.trailing_zeros();
    // SAFETY: the memory and the map are the tree's alone as long as it lives.
    let tree = unsafe { Tree::new(NonNull::from(&mut map).cast(), start, ENTRIES, granule, TOP) };
    let start = provenance::address(start);
    look(&mut tree.unwrap(), &|granule| start + granule * SMALLEST)
}

/// Every block and gap, in granules: which one it begins with, and how many there are.
fn view(tree: &Small, at: At<'_>) -> Vec<(usize, usize, State)> {
    let mut blocks = Vec::new();
    let mut address = 0;
    while let Some(block) = tree.next(address) {
        let granule = (block.address - at(0)) / SMALLEST;
        blocks.push((granule, block.size / SMALLEST, block.state));
        address = block.end();
    }
    blocks
}

#[test]
fn a_tree_without_memory_has_an_order_for_each_of_its_lists() {
    let granule = SMALLEST.trailing_zeros();
    let tree = Small::empty(granule);
    for (order, size) in (0..6).map(|order| (order, SMALLEST << order)) {
        assert_eq!(tree.order_for(size, 1), Some(order));
    }
    assert_eq!(tree.order_for((SMALLEST << 5) + 1, 1), None);
}

#[test]
fn the_order_for_a_layout_is_the_lowest_that_holds_it() {
    empty(|tree, _| {
        for size in 1..=SMALLEST << (TOP + 1) {
            for align in (0..SMALLEST.trailing_zeros() + TOP + 2).map(|log| 1 << log) {
                let holds = |&order: &u32| tree.size_of(order) >= size.max(align);
                let lowest = (0..=TOP).find(holds);
                assert_eq!(tree.order_for(size, align), lowest, "{size} aligned to {align}");
            }
        }
    });
}

#[test]
fn a_range_is_entered_in_the_largest_blocks() {
    for (start, end) in
        (0..ENTRIES).flat_map(|start| (start..=ENTRIES).map(move |end| (start, end)))
    {
        empty(|tree, at| {
            tree.add_live(at(start), at(end));
            let live = view(tree, at);
            // SAFETY: the blocks that were entered just now.
            unsafe { tree.give_range(at(start), at(end)) };
            tree.check().unwrap();
            let given = view(tree, at);
            let added = empty(|tree, at| {
                // SAFETY: memory that the tree does not have yet.
                unsafe { tree.add(at(start), at(end), false) };
                tree.check().unwrap();
                view(tree, at)
            });
            assert_eq!(given, added);
            let mut next = start;
            for &(granule, granules, state) in &live {
                if state == State::Gap {
                    continue;
                }
                let double = 2 * granules;
                assert_eq!((granule, state), (next, State::Live));
                assert!(
                    granules == 1 << TOP || granule % double != 0 || granule + double > end,
                    "{granules} at {granule} of {start}..{end}"
                );
                next += granules;
            }
            assert_eq!(next, end);
            let free = live.into_iter().map(|(granule, granules, state)| {
                (granule, granules, if state == State::Live { State::Free } else { state })
            });
            assert_eq!(given, free.collect::<Vec<_>>());
        });
    }
}

#[test]
fn free_memory_is_followed_down_from_its_end() {
    empty(|tree, at| {
        // SAFETY: memory that the tree does not have yet.
        unsafe { tree.add(at(0), at(26), true) };
        // Blocks of 16, 8 and 2, down to the origin, and a gap behind them.
        assert_eq!(tree.free_until(at(26)), at(0));
        assert_eq!(tree.free_until(at(28)), at(28));
        assert_eq!(tree.free_until(at(16)), at(0));
        assert_eq!(tree.free_until(at(0)), at(0));
        let live = tree.take(3, super::Tag::Plain).unwrap().address;
        assert_eq!(live, at(16));
        assert_eq!(tree.free_until(at(26)), at(24));
        assert_eq!(tree.free_until(at(24)), at(24));
        // SAFETY: taken just now.
        unsafe { tree.give(live) };
        // SAFETY: memory that the tree does not have yet.
        unsafe { tree.add(at(27), at(28), false) };
        assert_eq!(tree.free_until(at(28)), at(27));
        // What is free and not known to be zero counts as well: 24 to 26, now in one block.
        // SAFETY: memory that the tree does not have yet.
        unsafe { tree.add(at(26), at(27), false) };
        assert_eq!(tree.free_until(at(28)), at(0));
    });
}

#[test]
fn gaps_end_where_a_block_begins_or_the_map_ends() {
    empty(|tree, at| {
        assert_eq!(view(tree, at), [(0, ENTRIES, State::Gap)]);
        // SAFETY: memory that the tree does not have yet.
        unsafe { tree.add(at(4), at(6), false) };
        let blocks = [(0, 4, State::Gap), (4, 2, State::Free), (6, ENTRIES - 6, State::Gap)];
        assert_eq!(view(tree, at), blocks);
        assert_eq!(tree.next(at(ENTRIES)), None);
        assert_eq!(
            tree.next(at(4)),
            Some(Block { address: at(4), size: 2 * SMALLEST, state: State::Free })
        );
    });
}

#[test]
fn any_number_is_answered() {
    empty(|tree, at| {
        // SAFETY: memory that the tree does not have yet.
        unsafe { tree.add(at(0), at(24), false) };
        let before = view(tree, at);
        for order in [TOP + 1, 5, 6, 31, 32, 63, 64, 65, u32::MAX - 1, u32::MAX] {
            assert_eq!(tree.take(order, Tag::Plain), None, "order {order}");
        }
        for order in [64, u32::MAX] {
            assert_eq!(tree.size_of(order), 0);
        }
        for (size, align) in [(0, 0), (usize::MAX, 1), (1, usize::MAX), (usize::MAX, usize::MAX)] {
            assert_eq!(tree.order_for(size, align), None, "{size}, {align}");
        }
        for address in [1, at(0) - 1, at(0) + 1, at(24) + 1, usize::MAX - 1, usize::MAX] {
            assert_eq!(tree.block_at(address), None, "{address:#x}");
            if let Some(block) = tree.next(address) {
                assert!(block.address >= at(0) && block.end() <= at(ENTRIES), "{block:?}");
            }
        }
        assert_eq!(tree.next(usize::MAX), None);
        assert_eq!(view(tree, at), before);
        tree.check().unwrap();
    });
}

#[test]
fn a_block_is_made_neither_larger_nor_smaller_than_there_are_orders() {
    empty(|tree, at| {
        // SAFETY: memory that the tree does not have yet.
        unsafe { tree.add(at(0), at(24), false) };
        let block = tree.take(1, Tag::Plain).unwrap().address;
        let before = view(tree, at);
        for order in [0, TOP + 1, 63, 64, u32::MAX] {
            // SAFETY: taken above.
            assert!(!unsafe { tree.extend(block, order) }, "order {order}");
        }
        for order in [1, 2, 63, 64, u32::MAX] {
            // SAFETY: taken above.
            unsafe { tree.shrink(block, order) };
        }
        assert_eq!(view(tree, at), before);
        tree.check().unwrap();
    });
}

#[test]
fn no_tree_has_numbers_that_overflow() {
    let start = NonNull::dangling();
    for (granule, top) in [(u32::MAX, 1), (4, u32::MAX), (u32::MAX, u32::MAX), (usize::BITS, 0)] {
        // SAFETY: it refuses before it touches anything.
        let tree = unsafe { Small::new(start, start, 1, granule, top) };
        assert!(tree.is_none(), "{granule}, {top}");
    }
}
