//! The quick lists: freed blocks of one class, handed out again as they are.

use super::{
    State,
    sizes::{CLASSES, GRANULE, SMALL, size_of_class},
};
use crate::checked;

const ASTRAY: &str = "a quick list leads to what is no block of its size";

impl State {
    /// Reads the link in a free block.
    ///
    /// # Safety
    /// A block at `address` waits on a list.
    #[inline(always)]
    pub(super) unsafe fn link(&self, address: usize) -> usize {
        let at = self.runs.at_address(address);
        // SAFETY: this function's contract says that the block is free; blocks are aligned to 16.
        unsafe { at.cast::<usize>().read() }
    }

    /// Returns true if a block begins at `address` that a quick list may lead to.
    #[inline]
    pub(super) fn may_wait(&self, address: usize) -> bool {
        address & (GRANULE - 1) == 0 && self.runs.is_taken(self.runs.granule(address))
    }

    /// Returns true if such a block of `n` granules does: a look at the table that only `checked` takes.
    pub(super) fn waits(&self, address: usize, n: usize) -> bool {
        self.may_wait(address) && self.runs.ends(self.runs.granule(address) + n)
    }

    /// Takes the first block of a class's list, if there is one and it is aligned to `align`, and returns
    /// its address; else 0.
    #[inline]
    pub(super) fn pop(&mut self, class: usize, align: usize) -> usize {
        let Some(&head) = self.quick.get(class) else {
            return 0;
        };
        if head == 0 || head & (align - 1) != 0 {
            return 0;
        }
        // SAFETY: it waits on this list.
        let next = unsafe { self.link(head) };
        let holds = || next == 0 || self.waits(next, size_of_class(class));
        let sound = checked::sound(holds, head, ASTRAY);
        // SAFETY: `get` found the class.
        unsafe { *self.quick.get_unchecked_mut(class) = if sound { next } else { 0 } };
        if class > SMALL {
            self.idle -= size_of_class(class);
        }
        head
    }

    /// Puts a block on a list.
    ///
    /// # Safety
    /// `class` is below [`CLASSES`]; a block of that class begins at `address`, and nothing uses it
    /// any more.
    #[inline]
    pub(super) unsafe fn push(&mut self, class: usize, address: usize) {
        // SAFETY: by this function's contract the class is below the length.
        let head = unsafe { self.quick.get_unchecked_mut(class) };
        let next = core::mem::replace(head, address);
        let at = self.runs.at_address(address);
        // SAFETY: by this function's contract nothing uses the block; it has room for an address.
        unsafe { at.cast::<usize>().write(next) };
    }

    /// Empties the quick lists into the runs. Returns false if they were empty. A list is given up
    /// where it leads to no block of its size: one that was freed twice, or overwritten.
    #[inline(never)]
    pub(super) fn flush(&mut self) -> bool {
        #[cfg(test)]
        let _frame = super::trap::enter();
        // Blocks that touch become one before they are merged with what is free around them.
        let (mut at, mut len) = (0, 0);
        for class in 0..CLASSES {
            let n = size_of_class(class);
            loop {
                // SAFETY: `class` is below the length.
                let head = unsafe { self.quick.get_unchecked_mut(class) };
                let block = *head;
                if block == 0 {
                    break;
                }
                // Off the list before it is freed: a trap in between loses one block.
                *head = 0;
                let start = self.runs.granule(block);
                let twice = start.wrapping_sub(at) < len;
                if !checked::plausible(!twice && self.may_wait(block), block, ASTRAY)
                    || !checked::sound(|| self.waits(block, n), block, ASTRAY)
                {
                    break;
                }
                // SAFETY: it waited on the list.
                let next = unsafe { self.link(block) };
                // SAFETY: `class` is below the length.
                unsafe { *self.quick.get_unchecked_mut(class) = next };
                if n > SMALL {
                    self.idle = self.idle.saturating_sub(n);
                }
                let behind = start == at + len;
                if behind || start + n == at {
                    let joint = if behind { start } else { at };
                    // SAFETY: a live block with the one before it, both of which nobody uses.
                    unsafe { self.runs.set(joint, 0) };
                    at = at.min(start);
                } else {
                    if len > 0 {
                        // SAFETY: blocks made one, which nobody uses.
                        unsafe { self.runs.free(at, len) };
                    }
                    (at, len) = (start, 0);
                }
                len += n;
            }
        }
        self.idle = 0;
        if len > 0 {
            // SAFETY: blocks made one, which nobody uses.
            unsafe { self.runs.free(at, len) };
        }
        len > 0
    }
}
