//! The way from a heap's functions to its state: a lock, and shards before it where there are threads.

use core::ptr;

use super::{State, serve::Taken};
use crate::{
    global::{HeapState, Policy, Shell},
    inspect::Damage,
    linear::PageSource,
    lock::Lock,
};

/// A way to the state of a heap.
pub trait Front: HeapState {
    /// True if other threads may change the state between two looks.
    const SHARED: bool = cfg!(not(all(target_family = "wasm", not(threads))));

    /// The lock of the state.
    fn shared(&self) -> &Lock<State>;

    /// Returns the granules that a block for `g` granules is cut with.
    #[inline(always)]
    fn cut(g: usize) -> usize {
        g
    }

    /// Runs `f` on the state when every free block has come back to it, while nobody else can use any.
    #[inline(always)]
    fn alone<M: PageSource, P: Policy, R>(
        heap: &Shell<Self, M, P>,
        f: impl FnOnce(&mut State) -> R,
    ) -> R {
        heap.state.shared().with(f)
    }

    /// Gives the state what waits in front of it, a part at least, if that is more than may wait while
    /// memory grows. Returns false if it is not.
    #[inline(always)]
    fn relieve<M: PageSource, P: Policy>(_: &Shell<Self, M, P>) -> bool {
        false
    }

    /// Takes a block where memory cannot grow: from what waits in front of the state, or one that is cut with
    /// no more than `g` granules.
    #[inline(always)]
    fn last<M: PageSource, P: Policy>(_: &Shell<Self, M, P>, _: usize, _: usize) -> Taken {
        Taken { block: ptr::null_mut(), dirty: 0 }
    }

    /// Verifies what waits in front of the state.
    fn check_front<M: PageSource, P: Policy>(_: &Shell<Self, M, P>) -> Result<(), Damage> {
        Ok(())
    }
}

impl Front for Lock<State> {
    #[inline(always)]
    fn shared(&self) -> &Lock<State> {
        self
    }
}
