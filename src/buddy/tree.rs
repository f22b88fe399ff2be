//! The arithmetic of a binary buddy: which blocks exist, which are free, how they split and merge.
//!
//! ```text
//!  order 3  |               0               |      one byte of map a granule:
//!  order 2  |       0       |       4       |      0 inside a block, else the
//!  order 1  |   0   |   2   |   4   |   6   |      state and order of the block
//!  order 0  | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 |      that begins there
//! ```
//!
//! A block of order *k* is `1 << (granule + k)` bytes, begins at a multiple of its size, and has
//! one buddy, whose address differs in that one bit (D. E. Knuth, *The Art of Computer
//! Programming*, vol. 1, 2.5, "Buddy system"; K. C. Knowlton, *A fast storage allocator*, CACM
//! 8:10, 1965). The byte map takes the place of Knuth's tags inside of blocks: a live block belongs
//! to its owner to the last byte, an address is enough to free it, and a reader that knows
//! the map knows every block.

use core::ptr::NonNull;

use crate::{
    bitmap::{WORD, align_up},
    inspect::{Block, State},
    provenance,
    region::Region,
};

mod blocks;
mod memory;

/// The bits of a map entry that hold order + 1.
pub(super) const ORDER: u8 = 0x3F;
/// A live block: no other bit above [`ORDER`].
const LIVE: u8 = 0 << 6;
/// A free block.
pub(super) const FREE: u8 = 1 << 6;
/// A free block that is zero but for the two words of its links.
pub(super) const ZERO: u8 = 2 << 6;
/// A live block that its owner divides further.
const SLAB: u8 = 3 << 6;

/// The use that a block is handed out for, as the map keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// An ordinary block.
    Plain,
    /// A block that its owner divides further.
    Slab,
}

/// A block that [`Tree::take`] hands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The first address.
    pub address: usize,
    /// True if the block is zero but for its first two words.
    pub zero: bool,
}

/// A buddy whose sizes are chosen at run time. It owns no memory; it says which parts of the
/// memory it was told of are free.
///
/// `ORDERS` bounds the number of orders and is at most 63. `take` and `give` are O(`ORDERS`) at
/// worst and O(1) where no split or merge is due.
///
/// Use [`Buddy`](crate::Buddy) where sizes are constants: it is this with the duties of an owner.
#[repr(C)]
#[derive(Debug)]
pub struct Tree<const ORDERS: usize> {
    /// The memory that blocks may lie in.
    pub(super) region: Region,
    /// The map: `entries` bytes that only the tree touches.
    ///
    /// Invariant: an entry is not 0 exactly where a block begins.
    pub(crate) map: NonNull<u8>,
    pub(crate) entries: usize,
    /// The address that entry 0 stands for; a multiple of the granule.
    pub(crate) origin: usize,
    /// log2 of the size of a block of order 0, which has room for two links.
    pub(super) granule: u32,
    /// The highest order; below `ORDERS`.
    pub(super) top: u32,
    /// The orders with a free block. Bit `k` is set exactly where `heads[k]` is not 0.
    pub(super) nonempty: usize,
    /// The first free block of each order, 0 for none. Its first word is the address of the next
    /// one, its second that of the one before.
    pub(super) heads: [usize; ORDERS],
}

// SAFETY: the map and the free memory of the region are touched by the tree alone, from whichever
// thread it is on: the contracts of `Tree::new` and `Tree::add` demand it.
unsafe impl<const ORDERS: usize> Send for Tree<ORDERS> {}
// SAFETY: no method writes through a shared reference.
unsafe impl<const ORDERS: usize> Sync for Tree<ORDERS> {}

impl<const ORDERS: usize> Tree<ORDERS> {
    /// A tree with no memory, for blocks of `1 << granule` bytes and up.
    pub(crate) const fn empty(granule: u32) -> Self {
        assert!(ORDERS > 0 && ORDERS < 64 && 1 << granule >= 2 * WORD);
        Tree {
            region: Region::EMPTY,
            map: NonNull::dangling(),
            entries: 0,
            origin: 0,
            granule,
            top: ORDERS as u32 - 1,
            nonempty: 0,
            heads: [0; ORDERS],
        }
    }

    /// A tree over the `entries << granule` bytes at `region`, none of them free yet, with blocks
    /// of `1 << granule` to `1 << (granule + top)` bytes. Clears the map.
    ///
    /// Returns `None` for numbers that no tree can have: `top` is not below `ORDERS`, a granule has
    /// no room for two addresses, the region does not begin at a multiple of the largest block,
    /// or it would run over the end of the address space.
    ///
    /// # Safety
    /// `map` is `entries` bytes which only the tree touches as long as it lives; so is the memory
    /// at `region`, as far as it is given to the tree by [`Tree::add`].
    pub unsafe fn new(
        map: NonNull<u8>,
        region: NonNull<u8>,
        entries: usize,
        granule: u32,
        top: u32,
    ) -> Option<Self> {
        let largest = granule.checked_add(top).filter(|&bits| bits < usize::BITS)?;
        if ORDERS == 0 || ORDERS > 63 || top as usize >= ORDERS || 1 << granule < 2 * WORD {
            return None;
        }
        let len = entries.checked_mul(1 << granule)?;
        let region = Region::new(region, len).ok()?;
        if align_up(region.start(), 1 << largest) != region.start() {
            return None;
        }
        // SAFETY: the contract of this function gives the tree `entries` bytes at `map`.
        unsafe { map.as_ptr().write_bytes(0, entries) };
        Some(Tree {
            region,
            map,
            entries,
            origin: region.start(),
            granule,
            top,
            nonempty: 0,
            heads: [0; ORDERS],
        })
    }

    /// The address of the map.
    pub(crate) fn map_address(&self) -> usize {
        provenance::address(self.map)
    }

    /// The region, for pointers to blocks.
    #[inline]
    pub(crate) fn region(&self) -> &Region {
        &self.region
    }

    /// The size of a block of `order`; 0 for an order that no address space has.
    #[inline]
    pub fn size_of(&self, order: u32) -> usize {
        1_usize.checked_shl(self.granule.saturating_add(order)).unwrap_or(0)
    }

    /// The order of the smallest block that holds `size` bytes at an address that is a multiple
    /// of `align`; `None` for a size or an alignment above the largest block, and for no size with
    /// no alignment.
    #[inline]
    pub fn order_for(&self, size: usize, align: usize) -> Option<u32> {
        // `need - 1` has as many significant bits as the exponent of the block; or-ing the
        // granule's mask in keeps it from falling below.
        let need = if size > align { size } else { align };
        let mask = (1 << self.granule) - 1;
        let bits = usize::BITS - (need.wrapping_sub(1) | mask).leading_zeros();
        let order = bits - self.granule;
        if order <= self.top { Some(order) } else { None }
    }

    /// The index of the entry for `address`. An address below the origin wraps around to an index
    /// that no map has.
    #[inline]
    pub(super) fn index(&self, address: usize) -> usize {
        address.wrapping_sub(self.origin) >> self.granule
    }

    /// The map's entry; 0, as inside of a block, for an index that the map does not have.
    #[inline]
    pub(super) fn entry(&self, index: usize) -> u8 {
        if index >= self.entries {
            return 0;
        }
        // SAFETY: the map is `entries` bytes, and `index` is below by the test before.
        unsafe { self.map.as_ptr().wrapping_add(index).read() }
    }

    /// Overwrites the map's entry, if the map has it.
    #[inline]
    fn set_entry(&mut self, index: usize, entry: u8) {
        if index < self.entries {
            // SAFETY: the map is `entries` bytes, and `index` is below by the test before.
            unsafe { self.map.as_ptr().wrapping_add(index).write(entry) }
        }
    }

    /// The size of the block that begins at `address`; 0 where none begins.
    #[inline]
    pub(crate) fn size_at(&self, address: usize) -> usize {
        match self.entry(self.index(address)) & ORDER {
            0 => 0,
            order => self.size_of(u32::from(order) - 1),
        }
    }

    /// The block that begins at `address`, or `None` where none begins. O(1).
    pub fn block_at(&self, address: usize) -> Option<Block> {
        if address & (self.size_of(0) - 1) != 0 {
            return None;
        }
        let entry = self.entry(self.index(address));
        let order = u32::from(entry & ORDER).checked_sub(1)?;
        let state = if matches!(entry & !ORDER, FREE | ZERO) { State::Free } else { State::Live };
        Some(Block { address, size: self.size_of(order), state })
    }

    /// The first block or gap at or behind `address`, which is 0 or the end of a block that this
    /// returned before; `None` behind the last one. An address inside of a block is as good as one
    /// inside of a gap.
    pub fn next(&self, address: usize) -> Option<Block> {
        let inside = address.saturating_sub(self.origin);
        let mut index = inside.div_ceil(self.size_of(0));
        if index >= self.entries {
            return None;
        }
        let address = self.origin + (index << self.granule);
        let block = self.block_at(address);
        if block.is_some() {
            return block;
        }
        while index < self.entries && self.entry(index) & ORDER == 0 {
            index += 1;
        }
        let end = self.origin + (index << self.granule);
        Some(Block { address, size: end - address, state: State::Gap })
    }

    /// True if a free block of `order` begins at `address`.
    pub(super) fn is_free(&self, address: usize, order: u32) -> bool {
        let size = self.size_of(order);
        self.block_at(address) == Some(Block { address, size, state: State::Free })
    }

    /// True if a block begins at `address` that was handed out as a slab.
    pub(crate) fn is_slab(&self, address: usize) -> bool {
        let entry = self.entry(self.index(address));
        entry & !ORDER == SLAB && entry & ORDER != 0
    }
}
