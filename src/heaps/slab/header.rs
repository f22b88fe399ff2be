//! The header of a slab.

use super::{
    GRANULE, State,
    classes::{block_size, slab_order},
};
use crate::{
    bitmap::align_up,
    region::Region,
    slab::{Blocks, FreeList},
};

/// The header of a slab. Read from outside; docs/heap-layout.md specifies it.
#[repr(C)]
pub(super) struct Header {
    pub(super) class: usize,
    pub(super) list: FreeList,
    /// The neighbours in the list of slabs of the class that have room, 0 for none.
    pub(super) next: usize,
    pub(super) previous: usize,
    /// Invariant: as many blocks as fit.
    pub(super) capacity: usize,
    /// The offset of the first block: behind the header, and a multiple of the alignment that the
    /// class promises.
    pub(super) first: usize,
}

impl Header {
    /// The header of a slab of `class`, none of whose blocks was handed out yet.
    pub(super) fn new(class: usize) -> Header {
        let size = block_size(class);
        let align = if size.is_power_of_two() { size } else { 16 };
        let first = align_up(size_of::<Header>(), align);
        let capacity = ((1 << (GRANULE + slab_order(size))) - first) / size;
        Header { class, list: FreeList::EMPTY, next: 0, previous: 0, capacity, first }
    }

    /// The place of the blocks of the slab at `slab`.
    pub(super) fn blocks(&self, slab: usize) -> Blocks {
        Blocks { first: slab + self.first, size: block_size(self.class), count: self.capacity }
    }
}

impl State {
    /// The header of the slab at `slab`.
    ///
    /// # Safety
    /// There is one, and no other reference to it is used.
    #[inline]
    pub(super) unsafe fn header<'a>(region: Region, slab: usize) -> &'a mut Header {
        // SAFETY: this function's contract says that a header is there, and that no other reference
        // to it is used.
        unsafe { &mut *region.pointer(slab).cast::<Header>() }
    }
}
