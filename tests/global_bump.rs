//! `BumpHeap` as the global allocator of a native program.

use bonsai_alloc::BumpHeap;

#[global_allocator]
static HEAP: BumpHeap = BumpHeap::new();

#[path = "global/program.rs"]
mod program;

program::is_the_one_in_use!();
