//! The buddy core, with sizes that are chosen at run time.

use std::{alloc::Layout, ptr::NonNull};

use bonsai_alloc::{
    Linear,
    backing::{BackingAllocator as _, Source as _},
    buddy::{Tag, Tree},
    inspect::{Block, Damage, Inspect, State},
};
use js_sys::Uint32Array;
use wasm_bindgen::prelude::*;

use crate::{
    arguments::{self, error},
    handle::{Handle, Subject, methods},
    stats::Stats,
};

/// Orders enough for blocks from 8 bytes to 2 GiB.
const ORDERS: usize = 29;
/// The smallest block has room for the two links of a free one.
const SMALLEST: u32 = 8;

/// A buddy allocator over a region of its own: blocks are powers of two, split in halves and
/// merged with them.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Buddy(Handle<Region>);

#[wasm_bindgen]
impl Buddy {
    /// An allocator over `regionBytes` bytes, with blocks of `minBlock` bytes and up.
    ///
    /// `minBlock` is a power of two, at least 8, and `regionBytes` a multiple of it. The largest
    /// block is the largest power of two in the region.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(js_name = regionBytes, unchecked_param_type = "number")]
        region_bytes: &JsValue,
        #[wasm_bindgen(js_name = minBlock, unchecked_param_type = "number")] min_block: &JsValue,
    ) -> Result<Buddy, JsError> {
        let bytes = arguments::whole(region_bytes, "regionBytes", SMALLEST, "65536")?;
        let smallest = arguments::power_of_two(min_block, "minBlock", SMALLEST)?;
        if bytes % smallest != 0 {
            let below = bytes / smallest * smallest;
            let above = below + smallest;
            return Err(error(&format!(
                "regionBytes must be a multiple of minBlock ({smallest}), and {bytes} is none; \
                 the nearest are {below} and {above}"
            )));
        }
        let region = Region::new(bytes, smallest).ok_or_else(|| {
            error(&format!(
                "linear memory has no room for a region of {bytes} bytes; make it smaller"
            ))
        })?;
        Ok(Buddy(Handle::new(region)))
    }
}

methods! {
    Buddy,
    deallocate: "Gives the block at `address` back, and merges it with its buddy as often as that is free.",
    states: "(0 live, 1 free)."
}

/// A tree and the memory that is its.
#[derive(Debug)]
struct Region {
    tree: Tree<ORDERS>,
    map: NonNull<u8>,
    map_layout: Layout,
    start: NonNull<u8>,
    layout: Layout,
}

impl Region {
    fn new(bytes: usize, smallest: usize) -> Option<Self> {
        let largest = 1 << bytes.ilog2();
        let layout = Layout::from_size_align(bytes, largest).ok()?;
        let map_layout = Layout::array::<u8>(bytes / smallest).ok()?;
        let map = Linear.obtain(map_layout).ok()?;
        let Ok(start) = Linear.obtain(layout) else {
            // SAFETY: obtained just now.
            unsafe { Linear.deallocate(map, map_layout) };
            return None;
        };
        // SAFETY: both were obtained just now, and are kept until the tree is gone.
        let tree = unsafe { tree(map, map_layout, start, layout) };
        Some(Region { tree, map, map_layout, start, layout })
    }
}

/// A tree in which all of the region is free. The map has a byte for each smallest block, and the region is
/// aligned to the largest.
///
/// # Safety
/// Only the tree touches that memory as long as it lives.
unsafe fn tree(
    map: NonNull<u8>,
    map_layout: Layout,
    start: NonNull<u8>,
    layout: Layout,
) -> Tree<ORDERS> {
    let entries = map_layout.size();
    let granule = (layout.size() / entries).ilog2();
    let top = layout.align().ilog2() - granule;
    // SAFETY: by this function's contract, map and region have their layouts and belong to the tree.
    let tree = unsafe { Tree::new(map, start, entries, granule, top) };
    let mut tree = tree.expect("a region aligned to its largest block can be a tree's");
    let first = start.as_ptr().addr();
    // SAFETY: the map and the region are the tree's, by this function's contract; it has no memory yet.
    unsafe { tree.add(first, first + layout.size(), false) };
    tree
}

impl Subject for Region {
    const NAME: &'static str = "Buddy";

    fn refuse(&self, layout: Layout) -> Option<String> {
        if self.tree.order_for(layout.size(), layout.align()).is_some() {
            return None;
        }
        Some(format!(
            "{} bytes aligned to {} are more than the largest block of this Buddy has ({} bytes); \
             ask for less, or make a larger Buddy",
            layout.size(),
            layout.align(),
            self.layout.align(),
        ))
    }

    fn allocate(&mut self, layout: Layout) -> Option<usize> {
        let order = self.tree.order_for(layout.size(), layout.align())?;
        Some(self.tree.take(order, Tag::Plain)?.address)
    }

    fn deallocate(&mut self, address: usize) -> bool {
        let live = matches!(self.tree.block_at(address), Some(Block { state: State::Live, .. }));
        if live {
            // SAFETY: the map says that a live block begins there.
            unsafe { self.tree.give(address) };
        }
        live
    }

    fn reset(&mut self) {
        // SAFETY: the tree there was is gone with its bookkeeping, and JavaScript has been told that its
        // blocks are too.
        self.tree = unsafe { tree(self.map, self.map_layout, self.start, self.layout) };
    }
}

impl Inspect for Region {
    fn walk(&self, visit: &mut dyn FnMut(Block)) {
        let mut end = 0;
        while let Some(block) = self.tree.next(end) {
            end = block.end();
            visit(block);
        }
    }

    fn check(&self) -> Result<(), Damage> {
        self.tree.check()
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        // SAFETY: obtained with that layout, and the tree is not used any more.
        unsafe { Linear.deallocate(self.start, self.layout) };
        // SAFETY: obtained with that layout, and the tree that used the map is gone.
        unsafe { Linear.deallocate(self.map, self.map_layout) };
    }
}
