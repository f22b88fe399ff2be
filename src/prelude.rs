//! All that a program usually names: the allocators, [`Linear`], and the traits whose methods they
//! have.

pub use crate::{
    AllocError, AllocInitError, Buddy, BuddyHeap, Bump, BumpHeap, Linear, Raw, Slab, SlabHeap,
    buddy::LinearBuddy as _, bump::LinearBump as _, inspect::Inspect, slab::LinearSlab as _,
};
