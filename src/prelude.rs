//! The names that a program usually needs: the allocators, [`Linear`], and the traits whose methods they
//! have.

pub use crate::{
    AllocError, AllocInitError, Buddy, BuddyHeap, Bump, BumpHeap, Heap, Linear, Raw, Slab,
    SlabHeap, TinyHeap, inspect::Inspect,
};
