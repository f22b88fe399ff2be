//! `TinyHeap` as a global allocator in a browser.
#![cfg(target_arch = "wasm32")]

use bonsai_alloc::TinyHeap;

#[global_allocator]
static HEAP: TinyHeap = TinyHeap::new();

/// It keeps no record of what is live; what is free is aligned to its size and inside of memory.
fn verify() {
    let end = std::arch::wasm32::memory_size(0) << 16;
    HEAP.walk_free(|block| {
        assert_eq!(block.address % block.size, 0, "{block:?}");
        assert!(block.end() <= end, "{block:?}");
    });
}

bonsai_wasm::suite!(verify());
