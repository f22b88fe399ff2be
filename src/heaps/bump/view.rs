//! The chunks of the heap as readers see them, and its invariants, verified.

use super::{HEADER, Span, State};
use crate::{
    bitmap::WORD,
    global::{HeapView, Policy, Shell},
    inspect::{Block, Damage, State as Use, rule},
    linear::{LinearMemory, PageSource, Pool},
    lock::Lock,
};

impl State {
    /// The chunk before the one at `start`, as start and end; `None` where there is none, or its header
    /// was overwritten. All chunks but those seen are `left` bytes.
    ///
    /// # Safety
    /// A chunk of this heap begins at `start`.
    unsafe fn older<G: LinearMemory>(
        &self,
        pool: &Pool<G>,
        start: usize,
        left: usize,
    ) -> Option<(usize, usize)> {
        // SAFETY: a chunk begins with its header of two words.
        let before = unsafe { self.region.read(start) };
        // SAFETY: the second of the two words.
        let end = unsafe { self.region.read(start + WORD) };
        let holds = before % HEADER == 0
            && before != 0
            && before >= pool.region().start()
            && end <= pool.end()
            && before + HEADER <= end
            && end - before <= left;
        if holds { Some((before, end)) } else { None }
    }

    /// The chunk that follows the one at `after` in address order, as start, top and end. What was
    /// free behind an older one's top went back to the pool.
    fn chunk<G: LinearMemory>(
        &self,
        pool: &Pool<G>,
        after: usize,
    ) -> Option<(usize, usize, usize)> {
        let mut found: Option<(usize, usize, usize)> = None;
        let (mut start, mut top, mut end) = (self.start, self.span.top, self.span.end);
        let mut left = self.committed;
        while start != 0 {
            if start > after && found.is_none_or(|(least, ..)| start < least) {
                found = Some((start, top, end));
            }
            left = left.saturating_sub(end - start);
            // SAFETY: the state, or the chunk before, leads to `start`.
            (start, end) = unsafe { self.older(pool, start, left) }.unwrap_or((0, 0));
            top = end;
        }
        found
    }
}

impl HeapView for Lock<State> {
    /// Shows one live block for all that is in use in a chunk: a bump heap knows no boundary between
    /// blocks.
    fn walk<M: PageSource, P: Policy>(heap: &Shell<Self, M, P>, visit: &mut dyn FnMut(Block)) {
        let pool = heap.memory.pool();
        let mut last = 0;
        let mut last_end = 0;
        while let Some((start, top, end)) = heap.state.with(|state| state.chunk(pool, last)) {
            let mut show = |from: usize, to: usize, state| {
                if from < to {
                    visit(Block { address: from, size: to - from, state });
                }
            };
            if last > 0 {
                show(last_end, start, Use::Gap);
            }
            show(start, start + HEADER, Use::Meta);
            show(start + HEADER, top, Use::Live);
            show(top, end, Use::Free);
            last = start;
            last_end = end;
        }
    }

    fn check<M: PageSource, P: Policy>(heap: &Shell<Self, M, P>) -> Result<(), Damage> {
        let pool = heap.memory.pool();
        heap.state.with(|state| {
            if state.start == 0 {
                return Ok(());
            }
            let Span { top, end } = state.span;
            rule(state.start + HEADER <= top && top <= end, top, "the top is not in the chunk")?;
            let mut left = state.committed.saturating_sub(end - state.start);
            let mut start = state.start;
            // SAFETY: a chunk of ours begins with its header.
            while left > 0 || unsafe { state.region.read(start) } != 0 {
                // SAFETY: the state, or the chunk before, leads to `start`.
                let older = unsafe { state.older(pool, start, left) };
                let astray = "a chunk's header does not lead to the chunk before";
                rule(older.is_some(), start, astray)?;
                let Some((before, end)) = older else { break };
                left -= end - before;
                start = before;
            }
            let mut address = state.zero_from.max(top);
            while address < end {
                // SAFETY: free memory of ours.
                let clear = unsafe { state.region.pointer(address).read() } == 0;
                rule(clear, address, "memory known to be zero is not")?;
                address += 1;
            }
            Ok(())
        })
    }
}
