//! `BuddyHeap` as a global allocator in a browser.
#![cfg(target_arch = "wasm32")]

use bonsai_alloc::{BuddyHeap, prelude::*};

#[global_allocator]
static HEAP: BuddyHeap = BuddyHeap::new();

bonsai_wasm::suite!(HEAP.check().unwrap());
