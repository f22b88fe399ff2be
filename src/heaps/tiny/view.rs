//! The free blocks of the heap as readers see them.

use super::{TinyHeap, may_wait, size_of_class};
use crate::{
    inspect::{Block, State},
    linear::PageSource,
};

/// The free memory of a [`TinyHeap`]. It does not know what is live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TinyStats {
    /// Ready to be handed out.
    pub free_bytes: usize,
    /// The number of free blocks.
    pub free_blocks: usize,
    /// The largest free block. A request above it makes the heap grow, or fails.
    pub largest_free: usize,
}

impl<M: PageSource> TinyHeap<M> {
    /// Shows `visit` every free block: the largest first, those of one size in the order in which
    /// they will be handed out.
    ///
    /// Nothing is allocated. `visit` may use this heap; blocks that it takes or frees may be shown
    /// or not, and move those behind them.
    pub fn walk_free(&self, mut visit: impl FnMut(Block)) {
        const BATCH: usize = 128;
        let mut seen = 0;
        loop {
            let mut batch = [Block { address: 0, size: 0, state: State::Free }; BATCH];
            let mut room = batch.iter_mut();
            let mut skip = seen;
            let look = |block| {
                if skip > 0 {
                    skip -= 1;
                    return true;
                }
                match room.next() {
                    Some(place) => *place = block,
                    None => return false,
                }
                true
            };
            // SAFETY: the closure writes to `batch`.
            unsafe { self.each_free(look) };
            let count = BATCH - room.len();
            seen += count;
            for &block in batch.iter().take(count) {
                visit(block);
            }
            if count < BATCH {
                return;
            }
        }
    }

    /// Shows `look` every free block under the lock, as long as it answers true.
    ///
    /// # Safety
    /// `look` does not use the heap.
    unsafe fn each_free(&self, mut look: impl FnMut(Block) -> bool) {
        let region = self.memory.pool().region();
        self.state.with(|lists| {
            // A damaged list must lead nowhere else, and must not go on for ever.
            let mut most = self.memory.pool().end() - region.start();
            for (class, &head) in lists.heads.iter().enumerate().skip(1) {
                let size = size_of_class(class);
                let mut address = head;
                while may_wait(&self.memory, class, address) && most >= size {
                    most -= size;
                    if !look(Block { address, size, state: State::Free }) {
                        return;
                    }
                    // SAFETY: the heads and the links of a list lead to free blocks, which begin
                    // with a link; `may_wait` has found the address in memory.
                    address = unsafe { region.read(address) };
                }
            }
        });
    }

    /// Counts the free blocks. O(free blocks).
    pub fn stats(&self) -> TinyStats {
        let mut stats = TinyStats::default();
        let look = |block: Block| {
            stats.free_bytes += block.size;
            stats.free_blocks += 1;
            stats.largest_free = stats.largest_free.max(block.size);
            true
        };
        // SAFETY: the closure adds numbers.
        unsafe { self.each_free(look) };
        stats
    }
}
