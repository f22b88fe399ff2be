//! The bump core.

use std::alloc::Layout;

use bonsai_alloc::{
    Bump as Core, Linear,
    inspect::{Block, Damage, Inspect, State},
};
use js_sys::Uint32Array;
use wasm_bindgen::prelude::*;

use crate::{
    arguments::{self, error},
    handle::{Handle, Subject, methods, pointer},
    stats::Stats,
};

/// The alignment of the region, in bytes. Blocks may be aligned to more.
const ALIGN: usize = 16;

/// A bump allocator over a region of its own: blocks lie in a row, and their memory is free when
/// all of them have been given back.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Bump(Handle<Row>);

#[wasm_bindgen]
impl Bump {
    /// An allocator over `regionBytes` bytes.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(js_name = regionBytes, unchecked_param_type = "number")]
        region_bytes: &JsValue,
    ) -> Result<Bump, JsError> {
        let bytes = arguments::whole(region_bytes, "regionBytes", 1, "65536")?;
        let core = Layout::from_size_align(bytes, ALIGN)
            .ok()
            .and_then(|layout| Core::try_new_in(layout, Linear).ok())
            .ok_or_else(|| {
                error(&format!(
                    "linear memory has no room for a region of {bytes} bytes; make it smaller"
                ))
            })?;
        Ok(Bump(Handle::new(Row { core, blocks: Vec::new(), live: 0 })))
    }
}

methods! {
    Bump,
    deallocate: "Gives the block at `address` back. Its memory is lost until no block is live any more.",
    states: "(0 live, 1 free, 2 lost until all is given back)."
}

/// A block that was handed out.
#[derive(Clone, Copy, Debug)]
struct Entry {
    address: usize,
    size: usize,
    live: bool,
}

/// A bump allocator, and a record of what it handed out: it keeps none itself.
#[derive(Debug)]
struct Row {
    core: Core<Linear>,
    /// As they were handed out: from high addresses to low ones.
    blocks: Vec<Entry>,
    /// The number of live blocks.
    live: usize,
}

impl Subject for Row {
    const NAME: &'static str = "Bump";

    fn refuse(&self, _: Layout) -> Option<String> {
        None
    }

    fn allocate(&mut self, layout: Layout) -> Option<usize> {
        self.blocks.try_reserve(1).ok()?;
        let address = self.core.allocate(layout).ok()?.as_ptr().addr();
        self.blocks.push(Entry { address, size: layout.size(), live: true });
        self.live += 1;
        Some(address)
    }

    fn deallocate(&mut self, address: usize) -> bool {
        let Ok(index) = self.blocks.binary_search_by(|block| address.cmp(&block.address)) else {
            return false;
        };
        let (entry, Some(block)) = (&mut self.blocks[index], pointer(address)) else {
            return false;
        };
        if !entry.live {
            return false;
        }
        entry.live = false;
        self.live -= 1;
        // SAFETY: the block is live.
        unsafe { self.core.deallocate(block) };
        if self.live == 0 {
            self.blocks.clear();
        }
        true
    }

    fn reset(&mut self) {
        self.blocks.clear();
        self.live = 0;
        // SAFETY: JavaScript has been told that its blocks are gone.
        unsafe { self.core.reset() };
    }
}

impl Inspect for Row {
    /// Shows each block on its own, where the core shows all that is in use as one.
    fn walk(&self, visit: &mut dyn FnMut(Block)) {
        let mut show = |from: usize, to: usize, state| {
            if from < to {
                visit(Block { address: from, size: to - from, state });
            }
        };
        let (mut at, mut end) = (0, 0);
        self.core.walk(&mut |block| {
            if block.state == State::Free {
                show(block.address, block.end(), State::Free);
            }
            // Where the newest block begins: what is live follows what is free.
            at = if block.state == State::Free { block.end() } else { block.address };
            end = block.end();
        });
        for block in self.blocks.iter().rev() {
            // What aligns the block before it.
            show(at, block.address, State::Meta);
            at = block.address + block.size;
            show(block.address, at, if block.live { State::Live } else { State::Meta });
        }
        show(at, end, State::Meta);
    }

    fn check(&self) -> Result<(), Damage> {
        self.core.check()
    }
}
