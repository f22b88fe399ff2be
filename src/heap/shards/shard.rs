//! One shard: a latch, and a list of free blocks for each small size.

use core::cell::UnsafeCell;

use super::{
    super::State,
    classes::{Class, LISTS},
};
use crate::{
    lock::{
        Lock,
        latch::{Held, Latch},
    },
    region::Region,
};

/// A shard. No two share a line of any cache: lines have 64 bytes, or 128 on Apple's processors, and
/// Intel's fetch two of 64 at once.
#[repr(C, align(128))]
#[derive(Debug)]
pub(super) struct Shard {
    latch: Latch,
    pub(super) lists: UnsafeCell<[List; LISTS]>,
}

/// Blocks that wait.
#[repr(C)]
#[derive(Debug)]
pub(super) struct List {
    /// The address of the block freed last, 0 for none. A free block's first word is the address of the
    /// next.
    ///
    /// Invariant: a block on a list is as large as the list says, and begins where the table has a block
    /// begin.
    head: usize,
    /// The number of blocks, at most twice a batch.
    blocks: usize,
}

/// A row of free blocks of one size. Each one's first word is the address of the next, 0 in the last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    /// The address of the first block, 0 for none.
    pub(super) first: usize,
    /// The number of blocks.
    pub(super) blocks: usize,
}

// SAFETY: the lists are reached through `Open` alone, which has the latch.
unsafe impl Sync for Shard {}

impl Shard {
    pub(super) const fn new() -> Self {
        let lists = [const { List { head: 0, blocks: 0 } }; LISTS];
        Shard { latch: Latch::new(), lists: UnsafeCell::new(lists) }
    }

    /// Opens the shard. `None` if somebody has.
    #[inline(always)]
    pub(super) fn open(&self) -> Option<Open<'_>> {
        let held = self.latch.try_hold()?;
        Some(Open { cell: &self.lists, _held: held })
    }

    /// Waits for about `most` turns of a loop until nobody has the shard. Returns their number.
    pub(super) fn wait(&self, most: usize) -> usize {
        self.latch.wait(most)
    }
}

/// A shard that nobody else can open.
///
/// A unique reference to the lists in its place would have to last as long as a function that takes it as an argument, and
/// others open the shard as soon as it is dropped there.
#[derive(Debug)]
pub(super) struct Open<'a> {
    cell: &'a UnsafeCell<[List; LISTS]>,
    _held: Held<'a>,
}

impl Open<'_> {
    #[inline(always)]
    fn lists(&self) -> &[List; LISTS] {
        // SAFETY: the latch is held, and who changes the lists borrows this value alone.
        unsafe { &*self.cell.get() }
    }

    #[inline(always)]
    fn list(&mut self, class: Class) -> &mut List {
        // SAFETY: the latch is held, and this value is borrowed alone.
        let lists = unsafe { &mut *self.cell.get() };
        &mut lists[class.number()]
    }

    /// Takes a block. Returns its address, 0 if none waits or the first is not aligned to `align`, a power of
    /// two.
    ///
    /// # Safety
    /// `memory` is that of the heap whose shard this is.
    #[inline(always)]
    pub(super) unsafe fn pop(&mut self, memory: Region, class: Class, align: usize) -> usize {
        let list = self.list(class);
        let block = list.head;
        if block == 0 || block & (align - 1) != 0 {
            return 0;
        }
        // SAFETY: a block that waits here begins with a link; `memory` has it, by this function's contract.
        list.head = unsafe { memory.read(block) };
        list.blocks = list.blocks.wrapping_sub(1);
        block
    }

    /// Puts a block on its list. Returns true if more wait than may.
    ///
    /// # Safety
    /// A block of that class begins at `address`, within `memory`, and nothing uses it any more.
    #[inline(always)]
    pub(super) unsafe fn push(&mut self, memory: Region, class: Class, address: usize) -> bool {
        let list = self.list(class);
        let next = core::mem::replace(&mut list.head, address);
        list.blocks = list.blocks.wrapping_add(1);
        let over = list.blocks > 2 * class.batch();
        // SAFETY: by this function's contract nothing uses the block; it has room for an address.
        unsafe { memory.write(address, next) };
        over
    }

    /// Takes all that waits on a list.
    pub(super) fn take_list(&mut self, class: Class) -> Chain {
        let List { head, blocks } =
            core::mem::replace(self.list(class), List { head: 0, blocks: 0 });
        Chain { first: head, blocks }
    }

    /// Puts a chain onto a list. Returns false, and does nothing, if blocks wait there.
    ///
    /// # Safety
    /// Its blocks are of that class, of this heap, and nothing uses them if the result is true.
    pub(super) unsafe fn put_list(&mut self, class: Class, chain: Chain) -> bool {
        let list = self.list(class);
        let empty = list.head == 0;
        if empty {
            *list = List { head: chain.first, blocks: chain.blocks };
        }
        empty
    }

    /// Takes what a list has above a batch off it: the blocks that have waited longest.
    ///
    /// # Safety
    /// `memory` is that of the heap whose shard this is.
    pub(super) unsafe fn take_rest(&mut self, memory: Region, class: Class) -> Chain {
        let list = self.list(class);
        let (mut last, mut left) = (list.head, class.batch());
        let rest = list.blocks.saturating_sub(left);
        while left > 1 && last != 0 {
            // SAFETY: a block that waits here begins with a link.
            last = unsafe { memory.read(last) };
            left -= 1;
        }
        if last == 0 {
            return Chain { first: 0, blocks: 0 };
        }
        list.blocks -= rest;
        // SAFETY: a block that waits here begins with a link.
        let first = unsafe { memory.read(last) };
        // SAFETY: the last block that the list keeps.
        unsafe { memory.write(last, 0) };
        Chain { first, blocks: rest }
    }

    /// Gives the heap every block.
    ///
    /// # Safety
    /// It is the heap whose shard this is, and its memory.
    pub(super) unsafe fn give_all(&mut self, memory: Region, heap: &Lock<State>) {
        for number in 0..LISTS {
            if self.lists()[number].head != 0 {
                let class = Class::numbered(number);
                let chain = self.take_list(class);
                // SAFETY: taken off the list of that class just now; the heap and its memory, by this function's contract.
                unsafe { give(memory, heap, class, chain) };
            }
        }
    }

    /// Returns the granules that wait.
    pub(super) fn waiting(&self) -> usize {
        let mut granules = 0;
        for (number, list) in self.lists().iter().enumerate() {
            granules += list.blocks * Class::numbered(number).granules();
        }
        granules
    }

    /// Calls `f` with the first block of each list that has one, until it fails.
    pub(super) fn heads<E>(
        &self,
        mut f: impl FnMut(Class, usize) -> Result<(), E>,
    ) -> Result<(), E> {
        for (number, list) in self.lists().iter().enumerate() {
            if list.head != 0 {
                f(Class::numbered(number), list.head)?;
            }
        }
        Ok(())
    }
}

/// Gives the heap a chain of blocks, whose end is looked for before the heap is locked.
///
/// # Safety
/// The blocks are of that class and of that heap, whose memory this is, and nothing uses them any more.
pub(super) unsafe fn give(memory: Region, heap: &Lock<State>, class: Class, chain: Chain) {
    let Chain { first, blocks } = chain;
    if first == 0 {
        return;
    }
    let mut last = first;
    for _ in 1..blocks {
        // SAFETY: a block of the chain begins with a link.
        let next = unsafe { memory.read(last) };
        if next == 0 {
            break;
        }
        last = next;
    }
    // SAFETY: blocks of that size that waited in a shard, from `first` to `last`.
    heap.with(|state| unsafe { state.take_back(class.granules(), first, last) });
}
