//! `BumpHeap` in a memory that cannot grow.
#![cfg(target_arch = "wasm32")]

use bonsai_alloc::{BumpHeap, prelude::*};

#[global_allocator]
static HEAP: BumpHeap = BumpHeap::new();

bonsai_bodies::suite!(fixed, HEAP.check().unwrap());
