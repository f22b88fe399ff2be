//! Batches of blocks of a small size, between the heap and its shards.

use super::{
    super::{State, runs::LOOK, serve::OFTEN, sizes::SMALL},
    shard::Chain,
};

impl State {
    /// Hands out `most` free blocks of `n` granules, or as many as there are, without growing memory: those that
    /// wait, else new ones in a row.
    pub(super) fn lend(&mut self, n: usize, most: usize) -> Chain {
        let mut chain = Chain { first: 0, blocks: 0 };
        if n == 0 || n > SMALL {
            return chain;
        }
        let first = self.quick.get(n).copied().unwrap_or(0);
        if first != 0 {
            let mut last = first;
            chain = Chain { first, blocks: 1 };
            // SAFETY: it waits on the list.
            let mut next = unsafe { self.link(last) };
            while next != 0 && chain.blocks < most {
                last = next;
                chain.blocks += 1;
                // SAFETY: it waits on the list.
                next = unsafe { self.link(last) };
            }
            // SAFETY: the last block of the chain is nobody's.
            unsafe { self.set_link(last, 0) };
            if let Some(head) = self.quick.get_mut(n) {
                *head = next;
            }
            return chain;
        }
        self.carved = self.carved.wrapping_add(n.saturating_mul(most));
        if self.careful && self.carved > self.runs.committed / OFTEN {
            self.carved = 0;
            self.flush();
        }
        if !self.carve_chain(n, most, &mut chain) && self.flush() {
            self.carve_chain(n, most, &mut chain);
        }
        chain
    }

    /// Carves blocks for a chain: from a run that has all of them, else from those that have some. Returns
    /// false if there was none.
    fn carve_chain(&mut self, n: usize, most: usize, chain: &mut Chain) -> bool {
        let mut wanted = most;
        while chain.blocks < most {
            let mut at = self.runs.find(n.saturating_mul(wanted), 1, LOOK);
            if at == 0 {
                at = self.runs.find_any(n, 1, LOOK);
            }
            if at == 0 {
                break;
            }
            let has = self.runs.free_at(at);
            let blocks = (has / n).min(self.runs.covered_from(at) / n).min(wanted).max(1);
            // SAFETY: found just now, with that much.
            let start = unsafe { self.runs.carve(at, has, 0, blocks * n) };
            for block in (0..blocks).rev() {
                let at = start + block * n;
                if block > 0 {
                    // SAFETY: inside of what was carved, which is one live block so far, and covered.
                    unsafe { self.runs.mark(at) };
                }
                let address = self.runs.pointer(at).addr();
                // SAFETY: carved just now.
                unsafe { self.set_link(address, chain.first) };
                chain.first = address;
            }
            chain.blocks += blocks;
            wanted = most - chain.blocks;
        }
        chain.blocks > 0
    }

    /// Takes back a chain of blocks of `n` granules, from the one at `first` to the one at `last`.
    ///
    /// # Safety
    /// They are such blocks, linked in that order, and nothing uses them any more; `n` is [`SMALL`] at most.
    pub(super) unsafe fn take_back(&mut self, n: usize, first: usize, last: usize) {
        let Some(head) = self.quick.get_mut(n) else { return };
        let next = core::mem::replace(head, first);
        // SAFETY: by this function's contract nothing uses the block.
        unsafe { self.set_link(last, next) };
    }

    /// Writes the link in a free block.
    ///
    /// # Safety
    /// A block that nothing uses begins at `address`.
    unsafe fn set_link(&self, address: usize, next: usize) {
        let at = self.runs.pointer(self.runs.granule(address));
        // SAFETY: by this function's contract nothing uses the block; it has room for an address.
        unsafe { at.cast::<usize>().write(next) };
    }
}
