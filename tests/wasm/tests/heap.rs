//! `Heap` as a global allocator in a browser.
#![cfg(target_arch = "wasm32")]

use bonsai_alloc::{Heap, prelude::*};

#[global_allocator]
static HEAP: Heap = Heap::new();

bonsai_wasm::suite!(HEAP.check().unwrap());
