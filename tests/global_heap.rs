//! `Heap` as the global allocator of a native program.

use bonsai_alloc::{Heap, inspect::Inspect};

#[global_allocator]
static HEAP: Heap = Heap::new();

#[path = "global/program.rs"]
mod program;

#[test]
fn the_heap_is_the_one_in_use() {
    let _alone = program::alone();
    let before = HEAP.stats().live_bytes;
    let block = vec![1_u8; 3 << 20];
    assert!(HEAP.stats().live_bytes >= before + (2 << 20), "3 MiB are not in this heap");
    drop(block);
    HEAP.check().unwrap();
}
