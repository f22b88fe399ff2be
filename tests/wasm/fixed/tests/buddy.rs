//! `BuddyHeap` in a memory that cannot grow.
#![cfg(target_arch = "wasm32")]

use bonsai_alloc::{BuddyHeap, prelude::*};

#[global_allocator]
static HEAP: BuddyHeap = BuddyHeap::new();

bonsai_bodies::suite!(fixed, HEAP.check().unwrap());
