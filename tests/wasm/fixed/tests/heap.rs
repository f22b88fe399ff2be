//! `Heap` in a memory that cannot grow.
#![cfg(target_arch = "wasm32")]

use bonsai_alloc::{Heap, prelude::*};

#[global_allocator]
static HEAP: Heap = Heap::new();

bonsai_bodies::suite!(fixed, HEAP.check().unwrap());
