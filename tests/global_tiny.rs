//! `TinyHeap` as the global allocator of a native program.

use bonsai_alloc::TinyHeap;

#[global_allocator]
static HEAP: TinyHeap = TinyHeap::new();

#[path = "global/program.rs"]
mod program;

#[test]
fn the_heap_is_the_one_in_use() {
    let _alone = program::alone();
    let block = vec![1_u8; 3 << 20];
    let start = block.as_ptr() as usize;
    drop(block);
    let mut found = false;
    HEAP.walk_free(|block| found |= block.address == start);
    assert!(found, "3 MiB went elsewhere");
}
