//! `BumpHeap` as a global allocator in a browser.
#![cfg(target_arch = "wasm32")]

use bonsai_alloc::{BumpHeap, prelude::*};

#[global_allocator]
static HEAP: BumpHeap = BumpHeap::new();

bonsai_wasm::suite!(HEAP.check().unwrap());
