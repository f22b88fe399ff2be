//! `Heap` in a memory that grows.
#![cfg(target_arch = "wasm32")]

use bonsai_alloc::{Heap, prelude::*};

#[global_allocator]
static HEAP: Heap = Heap::new();

bonsai_bodies::suite!(growing, HEAP.check().unwrap());
