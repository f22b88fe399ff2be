//! `SlabHeap` as the global allocator of a native program.

use bonsai_alloc::SlabHeap;

#[global_allocator]
static HEAP: SlabHeap = SlabHeap::new();

#[path = "global/program.rs"]
mod program;

program::is_the_one_in_use!();
