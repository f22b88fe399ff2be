//! `Heap` as the global allocator of a native program.

use bonsai_alloc::Heap;

#[global_allocator]
static HEAP: Heap = Heap::new();

#[path = "global/program.rs"]
mod program;

program::is_the_one_in_use!();
