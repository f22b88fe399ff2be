//! The pools that a heap can take its pages from, and the one of the module's own memory.

use super::{LinearMemory, Machine, Pool, free_runs::FreeRuns};

static SHARED: Pool<Machine> = Pool::new(Machine);

/// The module's linear memory, as a backing for cores and heaps: one [`Pool`] over [`Machine`],
/// shared by all who use it.
///
/// # Example
/// ```
/// use bonsai_alloc::prelude::*;
/// use core::alloc::Layout;
///
/// let mut buddy = Buddy::<4096, 9, _>::try_new_in(4, Linear).unwrap();
/// let block = buddy.allocate(Layout::new::<[u64; 8]>()).unwrap();
/// // SAFETY: allocated just now.
/// unsafe { buddy.deallocate(block.cast()) };
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Linear;

mod private {
    /// Seals [`PageSource`](super::PageSource): heaps trust that `pool` always returns one pool.
    pub trait Sealed {}
}

/// A pool of pages that heaps can be built on: [`Linear`], or a [`&Pool`](Pool).
///
/// The trait is sealed: a heap relies on getting the same pool at every call.
///
/// ```compile_fail,E0277
/// use bonsai_alloc::linear::{Machine, PageSource, Pool};
///
/// static POOLS: [Pool<Machine>; 2] = [Pool::new(Machine), Pool::new(Machine)];
/// struct Alternating(std::cell::Cell<usize>);
///
/// impl PageSource for Alternating {
///     type Memory = Machine;
///     fn pool(&self) -> &Pool<Machine> {
///         &POOLS[self.0.replace(1 - self.0.get())]
///     }
/// }
/// ```
pub trait PageSource: private::Sealed {
    /// The linear memory of the pool.
    type Memory: LinearMemory;

    /// The pool.
    fn pool(&self) -> &Pool<Self::Memory>;
}

impl private::Sealed for Linear {}
impl PageSource for Linear {
    type Memory = Machine;

    #[inline(always)]
    fn pool(&self) -> &Pool<Machine> {
        &SHARED
    }
}

impl Linear {
    /// The address of the shared pool's state, for descriptors.
    pub(crate) const fn runs() -> *mut FreeRuns {
        SHARED.runs()
    }
}

impl<L: LinearMemory> private::Sealed for &Pool<L> {}
impl<L: LinearMemory> PageSource for &Pool<L> {
    type Memory = L;

    #[inline(always)]
    fn pool(&self) -> &Pool<L> {
        self
    }
}
