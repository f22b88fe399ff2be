//! `SlabHeap` in a memory that grows.
#![cfg(target_arch = "wasm32")]

use bonsai_alloc::{SlabHeap, prelude::*};

#[global_allocator]
static HEAP: SlabHeap = SlabHeap::new();

bonsai_bodies::suite!(growing, HEAP.check().unwrap());
