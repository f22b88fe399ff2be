//! The read-only view of a [`Heap`].

use super::{
    Heap,
    classes::{GRANULE_LOG, SMALL, size_of_class},
    policy::Policy,
};
use crate::{
    bitmap::BitSet,
    inspect::{Block, Damage, Inspect, State as Use, rule},
    memory::Memory,
};

/// How many granules of memory a walk looks at with one look at the quick lists.
const WINDOW: usize = 256;

impl<M: Memory, P: Policy> Heap<M, P> {
    /// Which blocks, of those that begin in the window from granule `from` on, wait in quick lists.
    fn waiting(&self, from: usize) -> BitSet<WINDOW> {
        self.state.with(|state| {
            let mut set = BitSet::new();
            // A damaged list must lead nowhere else, and must not go on for ever.
            let mut most = state.runs.limit - state.runs.origin;
            for &head in &state.quick {
                let mut block = head;
                while most != 0 && state.may_wait(block) {
                    most -= 1;
                    set.insert(state.runs.granule(block).wrapping_sub(from));
                    // SAFETY: it waits on this list.
                    block = unsafe { state.link(block) };
                }
            }
            set
        })
    }
}

impl<M: Memory, P: Policy> Inspect for Heap<M, P> {
    /// O(granules + blocks in quick lists × 256 KiB of memory).
    fn walk(&self, visit: &mut dyn FnMut(Block)) {
        let visit = &mut self.guard.seen(visit);
        let mut at = self.state.with(|state| state.runs.origin);
        let mut window = at;
        let mut waiting = self.waiting(at);
        loop {
            if at - window >= BitSet::<WINDOW>::LEN {
                window = at;
                waiting = self.waiting(at);
            }
            // One block at a time: `visit` may use the heap.
            let block = self.state.with(|state| {
                let runs = &state.runs;
                let end = if at < runs.end { runs.block_end(at) } else { runs.limit };
                let state = if at >= runs.end {
                    Use::Meta
                } else if let Some(mark) = runs.mark_of(at) {
                    mark
                } else if runs.is_free(at) || waiting.contains(at - window) {
                    Use::Free
                } else {
                    Use::Live
                };
                (at < end).then(|| {
                    let size = (end - at) << GRANULE_LOG;
                    (end, Block { address: runs.pointer(at).addr(), size, state })
                })
            });
            let Some((end, block)) = block else {
                return;
            };
            visit(block);
            at = end;
        }
    }

    fn check(&self) -> Result<(), Damage> {
        self.guard.check(&self.memory.pool().region())?;
        self.state.with(|state| {
            let runs = &state.runs;
            if runs.limit == 0 {
                return Ok(());
            }
            runs.check()?;
            let mut most = runs.limit - runs.origin;
            let mut idle = 0;
            for (class, &head) in state.quick.iter().enumerate() {
                let n = size_of_class(class);
                let mut block = head;
                while block != 0 {
                    let at = runs.granule(block);
                    let waits = runs.is_block(at)
                        && !runs.is_free(at)
                        && runs.mark_of(at).is_none()
                        && runs.block_end(at) == at + n;
                    rule(waits, block, "a quick list leads to what is no block of its size")?;
                    rule(most >= n, block, "a quick list has no end")?;
                    most -= n;
                    idle += if class > SMALL { n } else { 0 };
                    // SAFETY: it waits on this list.
                    block = unsafe { state.link(block) };
                }
            }
            rule(idle == state.idle, 0, "what waits in quick lists is counted wrongly")
        })
    }
}
