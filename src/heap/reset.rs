//! All blocks freed at once, and memory that a host put back.

use core::ptr::NonNull;

use super::{State, base::Base, front::Front, growth::MOST, sizes::GRANULE_LOG};
use crate::{
    global::{Policy, Shell},
    inspect::State as Use,
    linear::{Extent, PageSource},
};

impl State {
    /// Frees every live block.
    ///
    /// # Safety
    /// Nothing uses any block any more.
    unsafe fn reset(&mut self) {
        self.flush();
        let mut at = self.runs.first();
        while let Some((end, block)) = self.runs.block(at) {
            if block.state == Use::Live {
                // SAFETY: the books say that it is a live block, and by this function's contract nothing
                // uses it.
                unsafe { self.runs.free(at, end - at) };
            }
            at = end;
        }
        self.careful = false;
        self.short = 0;
        self.carved = 0;
        self.emergency = 0;
    }
}

impl<S: Front, M: PageSource, P: Policy> Shell<S, M, P> {
    /// Frees every block at once and keeps the pages: for modules that serve one request after another. The
    /// emergency reserve of the policy is set apart again. Time: O(blocks), and a 64th of the
    /// heap's memory is read.
    ///
    /// With the feature `checked` red zones and waiting blocks are verified first, and a block that is used
    /// as if it were live later is named.
    ///
    /// # Safety
    /// No block of this heap is used any more, and none is freed or resized after this call: no value of
    /// std's that was allocated before it is dropped, not those in statics and thread-locals either.
    ///
    /// # Example
    /// ```
    /// # #[cfg(any(unix, windows))] {
    /// use core::alloc::{GlobalAlloc, Layout};
    /// use bonsai_alloc::{Heap, inspect::Inspect, linear::{Config, Pool, Simulation}};
    ///
    /// let pool = Pool::new(Simulation::new(Config::default()));
    /// let heap = Heap::<_>::with_memory(&pool);
    /// for _request in 0..10 {
    ///     // SAFETY: the size is above 0.
    ///     let block = unsafe { heap.alloc(Layout::new::<[u64; 1000]>()) };
    ///     assert!(!block.is_null());
    ///     // SAFETY: the block is not used any more.
    ///     unsafe { heap.reset() };
    /// }
    /// assert_eq!(heap.stats().live_blocks, 0);
    /// assert_eq!(pool.stats().growths, 1);
    /// # }
    /// ```
    pub unsafe fn reset(&self) {
        self.guard.reset(&self.memory.pool().region());
        // SAFETY: by this function's contract no block is used any more.
        S::alone(self, |state| unsafe { state.reset() });
    }

    /// Takes the memory between the heap's end and the end of linear memory for the heap. Returns its
    /// bytes; 0 if there is none, or if the heap has no memory yet. O(1).
    ///
    /// For a module whose host puts an earlier copy of its memory back. Memory never shrinks, so what
    /// was grown since is there still, and the heap of the copy knows nothing of it: to the heap it is
    /// somebody else's, and is never used again, unless this function is called after each
    /// time.
    ///
    /// # Safety
    /// That memory is nobody else's: nobody but this heap has grown memory since the heap did last, in
    /// this course of events or in one that was put back.
    pub unsafe fn adopt(&self) -> usize {
        let pool = self.memory.pool();
        let end = pool.end();
        self.state.shared().with(|state| {
            let runs = &mut state.runs;
            if runs.first() == 0 {
                return 0;
            }
            let len = runs.granule(end).min(MOST).saturating_sub(runs.end) << GRANULE_LOG;
            let Some(start) = NonNull::new(runs.pointer(runs.end)).filter(|_| len > 0) else {
                return 0;
            };
            // SAFETY: by this function's contract the memory is the heap's from now on.
            unsafe { runs.add(Base::of(pool), &Extent { start, len, zero_from: len }) };
            len
        })
    }
}
