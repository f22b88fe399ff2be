//! The blocks of the heap as readers see them, and its invariants, verified.

use super::{State, classes::CLASSES, header::Header};
use crate::{
    bitmap::BitSet,
    global::{HeapView, Policy, Shell},
    inspect::{Block, Damage, State as Use, rule},
    linear::PageSource,
    lock::Lock,
    slab::{Blocks, WINDOW},
};

impl State {
    /// The block of the buddy behind `address`; if it is a slab, where its blocks are and which are
    /// free.
    fn next(&self, address: usize) -> Option<(Block, Option<(Blocks, BitSet<WINDOW>)>)> {
        let block = self.arena.next(address)?;
        if block.state != Use::Live || !self.arena.tree.is_slab(block.address) {
            return Some((block, None));
        }
        let region = self.region();
        // SAFETY: the map says that a slab begins there.
        let header = unsafe { State::header(region, block.address) };
        let blocks = header.blocks(block.address);
        // SAFETY: the header is that of the slab, so its list is that of its blocks.
        let free = unsafe { header.list.free_set(&region, blocks) };
        Some((block, Some((blocks, free))))
    }
}

impl HeapView for Lock<State> {
    fn walk<M: PageSource, P: Policy>(heap: &Shell<Self, M, P>, visit: &mut dyn FnMut(Block)) {
        let mut address = 0;
        // One block of the buddy at a time: `visit` may use the heap.
        while let Some((block, slab)) = heap.state.with(|state| state.next(address)) {
            match slab {
                Some((blocks, free)) => walk_slab(block, blocks, &free, visit),
                None => visit(block),
            }
            address = block.end();
        }
    }

    fn check<M: PageSource, P: Policy>(heap: &Shell<Self, M, P>) -> Result<(), Damage> {
        heap.state.with(|state| {
            state.arena.tree.check()?;
            let region = state.region();
            let mut with_room = [0_usize; CLASSES];
            let mut address = 0;
            while let Some(block) = state.arena.next(address) {
                address = block.end();
                if block.state != Use::Live || !state.arena.tree.is_slab(block.address) {
                    continue;
                }
                // SAFETY: the map says that a slab begins there.
                let header = unsafe { State::header(region, block.address) };
                rule(header.class < CLASSES, block.address, "a slab is of no class")?;
                let model = Header::new(header.class);
                let sound = header.capacity == model.capacity && header.first == model.first;
                rule(sound, block.address, "a slab's header is not that of its class")?;
                // SAFETY: the rule before says that the header is that of the slab.
                unsafe { header.list.check(&region, header.blocks(block.address)) }?;
                with_room[header.class] += usize::from(header.list.used < header.capacity);
            }
            for (class, &expected) in with_room.iter().enumerate() {
                let mut listed = 0;
                let mut previous = 0;
                let mut slab = state.partial[class];
                while slab != 0 {
                    let is_slab =
                        state.arena.tree.block_at(slab).is_some() && state.arena.tree.is_slab(slab);
                    rule(is_slab, slab, "a list of slabs leads to what is none")?;
                    // SAFETY: the map says that a slab begins there.
                    let header = unsafe { State::header(region, slab) };
                    let fits = header.class == class && header.list.used < header.capacity;
                    rule(fits, slab, "a slab is on the list of another class, or full")?;
                    rule(header.previous == previous, slab, "a link back does not lead back")?;
                    let alone = previous == 0 && header.next == 0;
                    rule(header.list.used > 0 || alone, slab, "an empty slab is not alone")?;
                    listed += 1;
                    rule(listed <= expected, slab, "a list of slabs is too long")?;
                    previous = slab;
                    slab = header.next;
                }
                rule(listed == expected, previous, "a slab with room is on no list")?;
            }
            Ok(())
        })
    }
}

/// Shows the header, the blocks and the tail of a slab.
fn walk_slab(slab: Block, blocks: Blocks, free: &BitSet<WINDOW>, visit: &mut dyn FnMut(Block)) {
    let meta = |from: usize, to: usize| Block { address: from, size: to - from, state: Use::Meta };
    visit(meta(slab.address, blocks.first));
    for index in 0..blocks.count {
        visit(Block {
            address: blocks.first + index * blocks.size,
            size: blocks.size,
            state: if free.contains(index) { Use::Free } else { Use::Live },
        });
    }
    let tail = blocks.first + blocks.count * blocks.size;
    if tail < slab.end() {
        visit(meta(tail, slab.end()));
    }
}
