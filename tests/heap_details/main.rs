//! The promises of heaps beyond handing out blocks: over simulated memory, where faults are on
//! demand.

mod blocks;
mod memory;
mod refused;
mod reuse;

use std::alloc::{GlobalAlloc, Layout};

use bonsai_alloc::{
    BuddyHeap, BumpHeap, Heap, SlabHeap, TinyHeap,
    linear::{Config, Pool, Simulation},
};

/// Bytes that `checked` puts behind a block.
const ZONE: usize = if cfg!(feature = "checked") { 16 } else { 0 };

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap()
}

fn pool(config: Config) -> Pool<Simulation> {
    Pool::new(Simulation::new(config))
}

fn alloc(heap: &dyn GlobalAlloc, layout: Layout) -> Option<*mut u8> {
    // SAFETY: no test asks for 0 bytes.
    let block = unsafe { heap.alloc(layout) };
    assert_eq!(block as usize % layout.align(), 0);
    if block.is_null() {
        return None;
    }
    // SAFETY: that long.
    unsafe { block.write_bytes(0xEE, layout.size()) };
    Some(block)
}

fn free(heap: &dyn GlobalAlloc, block: *mut u8, layout: Layout) {
    // SAFETY: the tests free what they allocated, once, with its layout.
    unsafe { heap.dealloc(block, layout) }
}

/// A test of a heap: of its kind, its memory, itself.
type Test<'a> = &'a dyn Fn(&str, &Pool<Simulation>, &dyn GlobalAlloc);

/// Runs `test` on every kind of heap over a new memory.
fn each_heap(config: Config, test: Test<'_>) {
    let memory = pool(config);
    test("bump", &memory, &BumpHeap::with_memory(&memory));
    let memory = pool(config);
    test("buddy", &memory, &BuddyHeap::with_memory(&memory));
    let memory = pool(config);
    test("slab", &memory, &SlabHeap::with_memory(&memory));
    let memory = pool(config);
    test("heap", &memory, &Heap::with_memory(&memory));
    let memory = pool(config);
    test("tiny", &memory, &TinyHeap::with_memory(&memory));
}

const ROOMY: Config = Config { first_page: 0, pages: 1, max_pages: 2000, heap_base: None };
