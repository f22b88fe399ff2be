//! `BuddyHeap` as the global allocator of a native program.

use bonsai_alloc::BuddyHeap;

#[global_allocator]
static HEAP: BuddyHeap = BuddyHeap::new();

#[path = "global/program.rs"]
mod program;

program::is_the_one_in_use!();
