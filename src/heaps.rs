//! Global allocators made of one core or two, over linear memory.
//!
//! Each is one state behind one lock ([`crate::lock`]), a `GlobalAlloc`, an `Allocator` where there
//! is that trait, and open to [`Inspect`](crate::inspect::Inspect). Their memory comes from a
//! [`PageSource`](crate::linear::PageSource): the module's own pool, or a simulation in native tests.

mod arena;
mod buddy;
mod bump;
mod slab;
mod tiny;

pub use self::{
    buddy::BuddyHeap,
    bump::BumpHeap,
    slab::SlabHeap,
    tiny::{TinyHeap, TinyStats},
};
