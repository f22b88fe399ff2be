//! `SlabHeap` in a memory that cannot grow.
#![cfg(target_arch = "wasm32")]

use bonsai_alloc::{SlabHeap, prelude::*};

#[global_allocator]
static HEAP: SlabHeap = SlabHeap::new();

bonsai_bodies::suite!(fixed, HEAP.check().unwrap());
