//! Verifies the headers of slabs before their words are followed.
//!
//! They stand in front of blocks, not in free memory; but a slab that went back to the buddy is free
//! memory, and who still writes to one of its blocks may write to a header that is there next. Only
//! `checked` looks.

use super::{State, header::Header};
use crate::{checked::sound, inspect::State as Use};

const RULE: &str = "a slab's header is not what it was";

impl State {
    /// True if the map says that a slab begins at `slab`.
    fn begins(&self, slab: usize) -> bool {
        let block = self.arena.tree.block_at(slab);
        block.is_some_and(|block| block.state == Use::Live) && self.arena.tree.is_slab(slab)
    }

    /// A copy of the header of the slab at `slab`: no reference to it ends.
    fn peek(&self, slab: usize) -> Option<Header> {
        // SAFETY: the map says that a slab begins there.
        let read = || unsafe { self.region().pointer(slab).cast::<Header>().read() };
        if self.begins(slab) { Some(read()) } else { None }
    }

    /// True if a slab of `class` is at `slab`.
    #[inline(always)]
    pub(super) fn is_sound(&self, slab: usize, class: usize) -> bool {
        let holds = || {
            let model = Header::new(class);
            self.peek(slab).is_some_and(|header| {
                header.class == class
                    && (header.capacity, header.first) == (model.capacity, model.first)
                    && header.list.is_plausible(header.blocks(slab))
            })
        };
        sound(holds, slab, RULE)
    }

    /// True if the slabs before and behind one on the list of its class lead to it.
    #[inline(always)]
    pub(super) fn leads(&self, slab: usize, header: &Header) -> bool {
        let (class, previous, next) = (header.class, header.previous, header.next);
        let of_class = |slab| self.peek(slab).filter(|header| header.class == class);
        let holds = || {
            let first = previous == 0 && self.partial.get(class) == Some(&slab);
            (next == 0 || of_class(next).is_some_and(|header| header.previous == slab))
                && (first || of_class(previous).is_some_and(|header| header.next == slab))
        };
        sound(holds, slab, RULE)
    }
}
