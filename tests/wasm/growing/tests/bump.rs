//! `BumpHeap` in a memory that grows.
#![cfg(target_arch = "wasm32")]

use bonsai_alloc::{BumpHeap, prelude::*};

#[global_allocator]
static HEAP: BumpHeap = BumpHeap::new();

bonsai_bodies::suite!(growing, HEAP.check().unwrap());
