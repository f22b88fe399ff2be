//! The blocks of one size that are free: a list that stands in them, and the ones that were never
//! handed out.

use core::ptr::NonNull;

use crate::{
    bitmap::BitSet,
    checked,
    inspect::{Block, Damage, State, rule},
    provenance,
    region::Region,
};

/// The free blocks of one size. Its owner knows the place of the blocks.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct FreeList {
    /// Live blocks. Invariant: `fresh - used` blocks are on the list.
    pub(crate) used: usize,
    /// Blocks below this index have been handed out before; the others are free, not on the list
    /// and were never written to.
    pub(crate) fresh: usize,
    /// The first block of the list, null for none. Its first word is the pointer to the next.
    ///
    /// Invariant: all of them were made from the region's base.
    pub(crate) free: *mut u8,
}

/// The place of the blocks that a [`FreeList`] speaks of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blocks {
    pub(crate) first: usize,
    pub(crate) size: usize,
    pub(crate) count: usize,
}

impl FreeList {
    pub(crate) const EMPTY: FreeList = FreeList { used: 0, fresh: 0, free: core::ptr::null_mut() };

    /// Takes the block freed last.
    ///
    /// # Safety
    /// The list's blocks are ours.
    #[inline(always)]
    pub(crate) unsafe fn pop(&mut self, blocks: Blocks) -> Option<NonNull<u8>> {
        let block = NonNull::new(self.free)?;
        // SAFETY: a block on the list begins with a link.
        let next: *mut u8 = unsafe { block.cast().read() };
        let holds = || next.is_null() || self.was_handed_out(blocks, next.addr());
        let rule = "the free list leads to what is no block of the slab";
        let sound = checked::sound(holds, provenance::address(block), rule);
        self.free = if sound { next } else { core::ptr::null_mut() };
        self.used += 1;
        Some(block)
    }

    /// True if the list may be one of these blocks.
    pub(crate) fn is_plausible(&self, blocks: Blocks) -> bool {
        let head = self.free.addr();
        self.used <= self.fresh
            && self.fresh <= blocks.count
            && (head == 0 || self.was_handed_out(blocks, head))
    }

    /// True if a block begins at `address` that was handed out before.
    fn was_handed_out(&self, blocks: Blocks, address: usize) -> bool {
        let offset = address.wrapping_sub(blocks.first);
        offset % blocks.size == 0 && offset / blocks.size < self.fresh
    }

    /// Takes the next block that was never handed out.
    #[inline(always)]
    pub(crate) fn carve(&mut self, blocks: Blocks) -> Option<usize> {
        if self.fresh == blocks.count {
            return None;
        }
        let address = blocks.first + self.fresh * blocks.size;
        self.fresh += 1;
        self.used += 1;
        Some(address)
    }

    /// Puts a block on the list.
    ///
    /// # Safety
    /// It is live, and in `region`.
    #[inline(always)]
    pub(crate) unsafe fn push(&mut self, region: &Region, address: usize) {
        let block = region.non_null(address);
        // SAFETY: a block has room for a link, and the caller gives this one up.
        unsafe { block.cast().write(self.free) };
        self.free = block.as_ptr();
        self.used -= 1;
    }

    /// The blocks on the list, of the 4096 from the one with index `from` on.
    ///
    /// # Safety
    /// This is the list of `blocks`, and `region` may touch them.
    unsafe fn window(&self, region: &Region, blocks: Blocks, from: usize) -> BitSet<WINDOW> {
        let mut free = BitSet::new();
        let mut address = self.free.addr();
        // A damaged list must not go on for ever.
        for _ in 0..self.fresh {
            if !self.was_handed_out(blocks, address) {
                break;
            }
            let index = (address - blocks.first) / blocks.size;
            free.insert(index.wrapping_sub(from));
            // SAFETY: `was_handed_out` says that a block begins there, and this function's contract
            // that it may be read.
            address = unsafe { region.read(address) };
        }
        free
    }

    /// The blocks that are free, of at most 4096 in all.
    ///
    /// # Safety
    /// This is the list of `blocks`, and `region` may touch them.
    pub(crate) unsafe fn free_set(&self, region: &Region, blocks: Blocks) -> BitSet<WINDOW> {
        // SAFETY: this function has the same contract as `window`.
        let mut free = unsafe { self.window(region, blocks, 0) };
        for index in self.fresh..blocks.count {
            free.insert(index);
        }
        free
    }

    /// Shows every block.
    ///
    /// # Safety
    /// This is the list of `blocks`, and `region` may touch them.
    pub(crate) unsafe fn walk(
        &self,
        region: &Region,
        blocks: Blocks,
        visit: &mut dyn FnMut(Block),
    ) {
        let mut from = 0;
        while from < blocks.count {
            // SAFETY: this function has the same contract as `window`.
            let free = unsafe { self.window(region, blocks, from) };
            let to = blocks.count.min(from + BitSet::<WINDOW>::LEN);
            for index in from..to {
                let is_free = index >= self.fresh || free.contains(index - from);
                visit(Block {
                    address: blocks.first + index * blocks.size,
                    size: blocks.size,
                    state: if is_free { State::Free } else { State::Live },
                });
            }
            from = to;
        }
    }

    /// Verifies counts and list.
    ///
    /// # Safety
    /// This is the list of `blocks`, and `region` may touch them.
    pub(crate) unsafe fn check(&self, region: &Region, blocks: Blocks) -> Result<(), Damage> {
        rule(self.fresh <= blocks.count, blocks.first, "more blocks were carved than there are")?;
        rule(self.used <= self.fresh, blocks.first, "more blocks are live than were carved")?;
        let mut address = self.free.addr();
        for _ in self.used..self.fresh {
            let is_block = self.was_handed_out(blocks, address);
            rule(is_block, address, "the free list leads to what is no block of the slab")?;
            // SAFETY: the rule before says that a block begins there, and this function's contract
            // that it may be read.
            address = unsafe { region.read(address) };
        }
        // A list that leads to one of its blocks again never ends.
        rule(address == 0, address, "the free list is longer than the number of free blocks")
    }
}

/// 64 words, 4096 blocks, half a KiB of stack.
pub(crate) const WINDOW: usize = 64;
