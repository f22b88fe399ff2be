//! The start of linear memory, which a heap makes its pointers from.

#[cfg(not(target_family = "wasm"))]
use {crate::linear::PAGE, core::ptr::NonNull};

use crate::{
    linear::{LinearMemory, Pool},
    provenance,
};

/// The pointer to granule 0. In wasm that is address 0, and nothing has to be kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Base {
    #[cfg(not(target_family = "wasm"))]
    start: NonNull<u8>,
}

impl Base {
    /// The base of a heap that has no memory.
    pub(super) const NONE: Base = Base {
        #[cfg(not(target_family = "wasm"))]
        start: NonNull::dangling(),
    };

    /// Returns the start of a pool's linear memory, a page below it: granule 0 is none.
    #[cfg_attr(target_family = "wasm", expect(unused_variables, reason = "it is address 0"))]
    pub(super) fn of<G: LinearMemory>(pool: &Pool<G>) -> Base {
        Base {
            #[cfg(not(target_family = "wasm"))]
            start: NonNull::new(pool.memory().pointer(0).wrapping_sub(PAGE))
                .unwrap_or(NonNull::dangling()),
        }
    }

    /// The address of granule 0.
    #[inline(always)]
    pub(super) fn address(self) -> usize {
        #[cfg(target_family = "wasm")]
        return 0;
        #[cfg(not(target_family = "wasm"))]
        provenance::address(self.start)
    }

    /// The pointer to `address`.
    #[inline(always)]
    pub(super) fn pointer(self, address: usize) -> *mut u8 {
        #[cfg(target_family = "wasm")]
        return provenance::exposed(address);
        #[cfg(not(target_family = "wasm"))]
        provenance::at(self.start, address)
    }
}
