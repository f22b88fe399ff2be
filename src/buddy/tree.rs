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

/// The bits of a map entry that hold order + 1.
pub(super) const ORDER: u8 = 0x3F;
/// Live. Entries with no other bit above [`ORDER`].
const LIVE: u8 = 0 << 6;
/// Free.
pub(super) const FREE: u8 = 1 << 6;
/// Free, and zero but for the two words of its links.
pub(super) const ZERO: u8 = 2 << 6;
/// Live, and divided further by the owner.
const SLAB: u8 = 3 << 6;
/// In the map only while gaps are taken out of a new region.
const HOLE: u8 = 0xFF;

/// How a block that is handed out is to be entered in the map.
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
    /// Its first address.
    pub address: usize,
    /// Whether it is zero but for its first two words.
    pub zero: bool,
}

/// A buddy whose sizes are chosen at run time. It owns no memory; it says which parts of the
/// memory it was told of are free.
///
/// `ORDERS` bounds the number of orders and is at most 63. `take` and `give` are O(`ORDERS`) at
/// worst and O(1) where no split or merge is due.
///
/// [`Buddy`](crate::Buddy) is this with an owner's duties; use this type where sizes are not
/// constants.
#[repr(C)]
#[derive(Debug)]
pub struct Tree<const ORDERS: usize> {
    /// Memory that blocks may lie in.
    pub(super) region: Region,
    /// `entries` bytes, exclusively ours.
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
    /// Bit `k` is set exactly where `heads[k]` is not 0.
    pub(super) nonempty: usize,
    /// The first free block of each order, 0 for none. Its first word is the address of the next
    /// one, its second that of the one before.
    pub(super) heads: [usize; ORDERS],
}

// SAFETY: a tree is the only one to touch its map and the free memory of its region, from
// whichever thread it is on; the constructors' contract says so.
unsafe impl<const ORDERS: usize> Send for Tree<ORDERS> {}
// SAFETY: nothing changes through a shared reference.
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
    /// Returns `None` where no such tree can be: `top` is not below `ORDERS`, a granule has no room
    /// for two addresses, the region does not begin at a multiple of the largest block, or it
    /// would run over the end of the address space.
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
        if ORDERS == 0
            || ORDERS > 63
            || top as usize >= ORDERS
            || granule + top >= usize::BITS
            || 1 << granule < 2 * WORD
        {
            return None;
        }
        let len = entries.checked_mul(1 << granule)?;
        let region = Region::new(region, len).ok()?;
        if align_up(region.start(), 1 << (granule + top)) != region.start() {
            return None;
        }
        // SAFETY: the caller gives us these bytes.
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

    /// Moves to another map, whose entry 0 stands for `origin`: no higher than now, and a
    /// multiple of the granule. Entries that there were not before are 0; `entries` stays to be
    /// raised by the caller.
    ///
    /// # Safety
    /// `map` is `capacity` bytes that only the tree touches, and room for all there is.
    /// The old map is the caller's again. `base` may touch all memory that is ever added.
    pub(crate) unsafe fn move_map(
        &mut self,
        base: NonNull<u8>,
        map: NonNull<u8>,
        capacity: usize,
        origin: usize,
    ) {
        // SAFETY: the caller gives us these bytes.
        unsafe { map.as_ptr().write_bytes(0, capacity) };
        if self.entries > 0 {
            let shift = (self.origin - origin) >> self.granule;
            // SAFETY: room for all there is, says the caller.
            let to = unsafe { map.add(shift) };
            // SAFETY: the same; the maps are distinct.
            unsafe { to.copy_from_nonoverlapping(self.map, self.entries) };
            self.entries += shift;
        }
        self.region = Region::unbounded(base);
        self.map = map;
        self.origin = origin;
    }

    /// The address of the map.
    pub(crate) fn map_address(&self) -> usize {
        provenance::address(self.map)
    }

    /// The size of a block of `order`.
    #[inline]
    pub fn size_of(&self, order: u32) -> usize {
        1 << (self.granule + order)
    }

    /// The order of the smallest block that holds `size` bytes at an address that is a multiple
    /// of `align`; `None` where no block is large enough.
    #[inline]
    pub fn order_for(&self, size: usize, align: usize) -> Option<u32> {
        // `need - 1` has as many significant bits as the exponent of the block; or-ing the
        // granule's mask in keeps it from falling below.
        let need = if size > align { size } else { align };
        let bits = usize::BITS - ((need - 1) | ((1 << self.granule) - 1)).leading_zeros();
        let order = bits - self.granule;
        if order <= self.top { Some(order) } else { None }
    }

    #[inline]
    pub(super) fn index(&self, address: usize) -> usize {
        // Below the origin this wraps around to an index that no map has.
        address.wrapping_sub(self.origin) >> self.granule
    }

    #[inline]
    pub(super) fn entry(&self, index: usize) -> u8 {
        debug_assert!(index < self.entries);
        // SAFETY: every index comes from an address inside of the map's range.
        unsafe { self.map.as_ptr().wrapping_add(index).read() }
    }

    #[inline]
    fn set_entry(&mut self, index: usize, entry: u8) {
        debug_assert!(index < self.entries);
        // SAFETY: every index comes from an address inside of the map's range.
        unsafe { self.map.as_ptr().wrapping_add(index).write(entry) }
    }

    #[inline]
    pub(super) fn head(&mut self, order: u32) -> &mut usize {
        debug_assert!((order as usize) < ORDERS);
        // SAFETY: orders are at most `top`, which is below `ORDERS`.
        unsafe { self.heads.get_unchecked_mut(order as usize) }
    }

    /// Puts the block at the front of the list of `order`, and into the map.
    ///
    /// # Safety
    /// The block is ours and not on a list.
    #[inline]
    unsafe fn push(&mut self, order: u32, address: usize, state: u8) {
        let next = core::mem::replace(self.head(order), address);
        // SAFETY: a free block has room for two words, which are ours.
        unsafe { self.region.write(address, next) };
        // SAFETY: the same.
        unsafe { self.region.write(address + WORD, 0) };
        if next != 0 {
            // SAFETY: `next` is a free block.
            unsafe { self.region.write(next + WORD, address) };
        }
        self.nonempty |= 1 << order;
        let index = self.index(address);
        self.set_entry(index, state | (order as u8 + 1));
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
        // SAFETY: the block is free, so its words are links.
        let next = unsafe { self.region.read(address) };
        // SAFETY: the same.
        let before = unsafe { self.region.read(address + WORD) };
        if next != 0 {
            // SAFETY: `next` is a free block.
            unsafe { self.region.write(next + WORD, before) };
        }
        if before != 0 {
            // SAFETY: `before` is a free block.
            unsafe { self.region.write(before, next) };
        } else {
            *self.head(order) = next;
            if next == 0 {
                self.nonempty &= !(1 << order);
            }
        }
    }

    /// Hands out a block of `order`, splitting a larger one where there is none; `None` where
    /// nothing is large enough.
    #[inline]
    pub fn take(&mut self, order: u32, tag: Tag) -> Option<Taken> {
        debug_assert!(order <= self.top);
        let fit = self.nonempty >> order;
        if fit == 0 {
            return None;
        }
        let mut at = order + fit.trailing_zeros();
        let address = *self.head(at);
        // SAFETY: the first block of a list is on it.
        unsafe { self.unlink_first(at, address) };
        let index = self.index(address);
        let state = self.entry(index) & !ORDER;
        while at > order {
            at -= 1;
            // SAFETY: the upper half of a block that is ours and on no list.
            unsafe { self.push(at, address + self.size_of(at), state) };
        }
        let tag = if matches!(tag, Tag::Slab) { SLAB } else { LIVE };
        self.set_entry(index, tag | (order as u8 + 1));
        Some(Taken { address, zero: state == ZERO })
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
        // SAFETY: the block is free, so its words are links.
        let next = unsafe { self.region.read(address) };
        *self.head(order) = next;
        if next != 0 {
            // SAFETY: `next` is a free block.
            unsafe { self.region.write(next + WORD, 0) };
        } else {
            self.nonempty &= !(1 << order);
        }
    }

    /// Takes a block back and merges it with its buddy, and the result with its own, as long as
    /// the other is free.
    ///
    /// # Safety
    /// `address` is a block that was handed out and not taken back since.
    #[inline]
    pub unsafe fn give(&mut self, address: usize) {
        let order = (self.entry(self.index(address)) & ORDER) as u32;
        debug_assert!(order > 0, "no block begins at {address:#x}");
        // SAFETY: the block is live, so ours to free.
        unsafe { self.insert(order - 1, address, FREE) };
    }

    /// Makes a block of `order` free, merging as far as possible.
    ///
    /// # Safety
    /// The block is ours, and neither it nor a part of it is free yet. With the state `ZERO` it is
    /// all zero but for its first two words.
    #[inline]
    unsafe fn insert(&mut self, mut order: u32, mut address: usize, mut state: u8) {
        while order < self.top {
            let buddy = address ^ self.size_of(order);
            let index = self.index(buddy);
            if index >= self.entries {
                break;
            }
            let entry = self.entry(index);
            let free = FREE | (order as u8 + 1);
            let zero = ZERO | (order as u8 + 1);
            if entry != free && entry != zero {
                break;
            }
            // SAFETY: the map says that it is free and of this order, so it is on that list.
            unsafe { self.unlink(order, buddy) };
            let upper = address | buddy;
            self.set_entry(self.index(upper), 0);
            if state == ZERO && entry == zero {
                // SAFETY: the upper half is ours; its links are all that is not zero in it.
                unsafe { self.region.clear(upper, 2 * WORD) };
            } else {
                state = FREE;
            }
            address &= buddy;
            order += 1;
        }
        // SAFETY: no longer on any list.
        unsafe { self.push(order, address, state) };
    }
    /// Adds memory: what lies in `start..end`, which must be multiples of the granule within the
    /// map's range. `zero` says that it is all zero.
    ///
    /// # Safety
    /// The memory is not the tree's yet, and only the tree touches it from now on, but for blocks
    /// that it handed out.
    pub unsafe fn add(&mut self, start: usize, end: usize, zero: bool) {
        let state = if zero { ZERO } else { FREE };
        let mut address = start;
        while address < end {
            let order = self.order_at(address, end);
            // SAFETY: the caller gives us this memory.
            unsafe { self.insert(order, address, state) };
            address += self.size_of(order);
        }
    }

    /// Enters the memory in `start..end`, both multiples of the granule, as live blocks: the heap's
    /// own map, which lies in its own memory.
    pub(crate) fn add_live(&mut self, start: usize, end: usize) {
        let mut address = start;
        while address < end {
            let order = self.order_at(address, end);
            self.set_entry(self.index(address), LIVE | (order as u8 + 1));
            address += self.size_of(order);
        }
    }

    /// Takes back all live blocks that tile `start..end`.
    ///
    /// # Safety
    /// Live blocks tile that range, and nothing uses them any more.
    pub(crate) unsafe fn give_range(&mut self, start: usize, end: usize) {
        let mut address = start;
        while address < end {
            let next = address + self.size_at(address);
            // SAFETY: as the caller promises.
            unsafe { self.give(address) };
            address = next;
        }
    }

    /// Adds `start..end` without those granules of it that one of `gaps` touches, given as
    /// offsets from `start`, in any order. O(granules).
    ///
    /// # Safety
    /// As for [`Tree::add`]; only memory outside of the gaps is touched.
    pub(crate) unsafe fn add_around(
        &mut self,
        start: usize,
        end: usize,
        gaps: impl IntoIterator<Item = core::ops::Range<usize>>,
    ) {
        let granules = (end - start) >> self.granule;
        let first = self.index(start);
        for gap in gaps {
            if gap.is_empty() {
                continue;
            }
            let from = gap.start >> self.granule;
            let to = ((gap.end - 1) >> self.granule).min(granules.wrapping_sub(1));
            for granule in from..=to {
                self.set_entry(first + granule, HOLE);
            }
        }
        let mut run = start;
        for granule in 0..granules {
            if self.entry(first + granule) == HOLE {
                self.set_entry(first + granule, 0);
                let hole = start + (granule << self.granule);
                // SAFETY: as the caller promises; nothing in `run..hole` is in a gap.
                unsafe { self.add(run, hole, false) };
                run = hole + self.size_of(0);
            }
        }
        // SAFETY: the same.
        unsafe { self.add(run, end, false) };
    }

    /// The highest order of a block that may begin at `address` and not run over `end`.
    fn order_at(&self, address: usize, end: usize) -> u32 {
        let aligned = address.trailing_zeros();
        let fits = usize::BITS - 1 - (end - address).leading_zeros();
        aligned.min(fits).min(self.granule + self.top) - self.granule
    }

    /// The size of the block that begins at `address`.
    ///
    /// `address` is in the map's range, and a block begins there.
    #[inline]
    pub(crate) fn size_at(&self, address: usize) -> usize {
        let order = self.entry(self.index(address)) & ORDER;
        debug_assert!(order > 0, "no block begins at {address:#x}");
        self.size_of(u32::from(order).wrapping_sub(1))
    }

    /// The block that begins at `address`, or `None` where none begins. O(1).
    pub fn block_at(&self, address: usize) -> Option<Block> {
        let index = self.index(address);
        if index >= self.entries || address & (self.size_of(0) - 1) != 0 {
            return None;
        }
        let entry = self.entry(index);
        let order = u32::from(entry & ORDER).checked_sub(1)?;
        let state = if matches!(entry & !ORDER, FREE | ZERO) { State::Free } else { State::Live };
        Some(Block { address, size: self.size_of(order), state })
    }

    /// Whether a free block of `order` begins at `address`.
    pub(super) fn is_free(&self, address: usize, order: u32) -> bool {
        let size = self.size_of(order);
        self.block_at(address) == Some(Block { address, size, state: State::Free })
    }

    /// Whether the live block at `address` was handed out as a slab.
    pub(crate) fn is_slab(&self, address: usize) -> bool {
        self.entry(self.index(address)) & !ORDER == SLAB
    }

    /// Makes a live block smaller where it is, giving its upper part back.
    ///
    /// # Safety
    /// `address` is a live block of an order not below `order`; what is beyond the new size is no
    /// longer used.
    #[inline]
    pub unsafe fn shrink(&mut self, address: usize, order: u32) {
        let index = self.index(address);
        let entry = self.entry(index);
        let mut at = u32::from(entry & ORDER).wrapping_sub(1);
        self.set_entry(index, (entry & !ORDER) | (order as u8 + 1));
        while at > order {
            at -= 1;
            // SAFETY: the upper half of a live block; its buddy, the lower one, stays live.
            unsafe { self.push(at, address + self.size_of(at), FREE) };
        }
    }

    /// Makes a live block larger where it is, by merging it with the free blocks above it. False,
    /// and nothing changed, where those are not all free or the block is the upper half of one.
    ///
    /// # Safety
    /// `address` is a live block of an order not above `order`.
    #[inline]
    pub unsafe fn extend(&mut self, address: usize, order: u32) -> bool {
        let index = self.index(address);
        let entry = self.entry(index);
        let from = u32::from(entry & ORDER).wrapping_sub(1);
        if order > self.top || address & (self.size_of(order) - 1) != 0 {
            return false;
        }
        for at in from..order {
            let upper = self.index(address + self.size_of(at));
            if upper >= self.entries {
                return false;
            }
            let entry = self.entry(upper);
            let is = at as u8 + 1;
            if entry != FREE | is && entry != ZERO | is {
                return false;
            }
        }
        for at in from..order {
            let upper = address + self.size_of(at);
            // SAFETY: the map says that it is free and of this order.
            unsafe { self.unlink(at, upper) };
            self.set_entry(self.index(upper), 0);
        }
        self.set_entry(index, (entry & !ORDER) | (order as u8 + 1));
        true
    }

    /// Takes every live block back.
    ///
    /// # Safety
    /// No block that was handed out is used any more.
    pub(crate) unsafe fn give_all(&mut self) {
        let mut index = 0;
        while index < self.entries {
            let entry = self.entry(index);
            let order = u32::from(entry & ORDER);
            if order > 0 && matches!(entry & !ORDER, LIVE | SLAB) {
                let address = self.origin + (index << self.granule);
                // SAFETY: live, and the caller gives up all live blocks.
                unsafe { self.give(address) };
            }
            index += 1 << order.saturating_sub(1);
        }
    }

    /// Where the free memory begins that ends at `end`; `end` where the last block is live.
    pub(crate) fn free_until(&self, end: usize) -> usize {
        let free_before = |end: usize| {
            let start = |order| end.wrapping_sub(self.size_of(order));
            (0..=self.top).find(|&order| self.is_free(start(order), order)).map(start)
        };
        let mut start = end;
        while let Some(before) = free_before(start) {
            start = before;
        }
        start
    }

    /// The first block or gap at or behind `address`; `None` behind the last one. `address` is 0
    /// or the end of a block that this returned before.
    pub fn next(&self, address: usize) -> Option<Block> {
        let address = address.max(self.origin);
        let mut index = self.index(address);
        if index >= self.entries {
            return None;
        }
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

    /// The region, for pointers to blocks.
    #[inline]
    pub(crate) fn region(&self) -> &Region {
        &self.region
    }
}
