//! The slab core.

use std::alloc::Layout;

use bonsai_alloc::{
    AllocInitError, Linear, Slab as Core,
    inspect::{Block, Damage, Inspect},
};
use js_sys::Uint32Array;
use wasm_bindgen::prelude::*;

use crate::{
    arguments::{self, error},
    handle::{Handle, Subject, methods, pointer},
    stats::Stats,
};

/// A free block holds the address of the next one.
const SMALLEST: u32 = 4;

/// A slab allocator over a region of its own: blocks of one size.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Slab(Handle<Blocks>);

#[wasm_bindgen]
impl Slab {
    /// An allocator of `numBlocks` blocks of `blockSize` bytes, at least 4. That size is rounded
    /// up to a multiple of 4.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(js_name = blockSize, unchecked_param_type = "number")] block_size: &JsValue,
        #[wasm_bindgen(js_name = numBlocks, unchecked_param_type = "number")] num_blocks: &JsValue,
    ) -> Result<Slab, JsError> {
        let size = arguments::whole(block_size, "blockSize", SMALLEST, "64")?;
        let count = arguments::whole(num_blocks, "numBlocks", 1, "100")?;
        Ok(Slab(Handle::new(Blocks::new(size, count)?)))
    }
}

methods! {
    Slab,
    deallocate: "Gives the block at `address` back.",
    states: "(0 live, 1 free)."
}

/// A slab, and which of its blocks are live: the slab itself knows only which are free.
#[derive(Debug)]
struct Blocks {
    slab: Core<Linear>,
    first: usize,
    live: Vec<bool>,
}

impl Blocks {
    fn new(size: usize, count: usize) -> Result<Self, JsError> {
        let no_room = || {
            error(&format!(
                "linear memory has no room for {count} blocks of {size} bytes; make it fewer or smaller"
            ))
        };
        let mut live = Vec::new();
        live.try_reserve_exact(count).map_err(|_| no_room())?;
        live.resize(count, false);
        let slab = Core::try_new_in(size, count, Linear).map_err(|why| match why {
            AllocInitError::AllocFailed(_) => no_room(),
            AllocInitError::InvalidConfig | AllocInitError::InvalidLocation => error(&format!(
                "{count} blocks of {size} bytes are more than linear memory can have (4 GiB); make \
                 it fewer or smaller"
            )),
        })?;
        let mut first = usize::MAX;
        slab.walk(&mut |block| first = first.min(block.address));
        Ok(Blocks { slab, first, live })
    }
}

impl Subject for Blocks {
    const NAME: &'static str = "Slab";

    fn refuse(&self, layout: Layout) -> Option<String> {
        let (size, align) = (self.slab.block_size(), self.slab.block_align());
        if layout.size() > size {
            return Some(format!(
                "the blocks of this Slab have {size} bytes, and {} are too many; ask for less, or make \
                 a Slab of larger blocks",
                layout.size(),
            ));
        }
        if layout.align() > align {
            return Some(format!(
                "the blocks of this Slab are aligned to {align}, and not to {}; ask for less, or \
                 make a Slab whose block size is a multiple of it",
                layout.align(),
            ));
        }
        None
    }

    fn allocate(&mut self, layout: Layout) -> Option<usize> {
        let address = self.slab.allocate(layout).ok()?.as_ptr().addr();
        self.live[(address - self.first) / self.slab.block_size()] = true;
        Some(address)
    }

    fn deallocate(&mut self, address: usize) -> bool {
        let offset = address.wrapping_sub(self.first);
        let size = self.slab.block_size();
        let (Some(live), Some(block)) = (self.live.get_mut(offset / size), pointer(address)) else {
            return false;
        };
        if !*live || offset % size != 0 {
            return false;
        }
        *live = false;
        // SAFETY: the block is live.
        unsafe { self.slab.deallocate(block) };
        true
    }

    fn reset(&mut self) {
        self.live.fill(false);
        // SAFETY: JavaScript has been told that its blocks are gone.
        unsafe { self.slab.reset() };
    }
}

impl Inspect for Blocks {
    fn walk(&self, visit: &mut dyn FnMut(Block)) {
        self.slab.walk(visit);
    }

    fn check(&self) -> Result<(), Damage> {
        self.slab.check()
    }
}
