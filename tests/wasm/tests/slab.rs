//! `SlabHeap` as a global allocator in a browser.
#![cfg(target_arch = "wasm32")]

use bonsai_alloc::{SlabHeap, prelude::*};

#[global_allocator]
static HEAP: SlabHeap = SlabHeap::new();

bonsai_wasm::suite!(HEAP.check().unwrap());
