//! The growth of a [`Heap`](crate::Heap), and its answer when there is no memory.

use core::alloc::Layout;

use crate::inspect::Stats;

/// Decides how much a [`Heap`](crate::Heap) grows, and what it does when it cannot. An item that
/// keeps its default costs nothing.
///
/// # Example
/// A heap that never has more than 8 MiB, keeps 64 KiB for emergencies and says when they come:
/// ```
/// use bonsai_alloc::{Heap, Linear, heap::Policy, inspect::Stats};
/// use core::alloc::Layout;
///
/// struct Small;
///
/// impl Policy for Small {
///     const EMERGENCY: usize = 64 * 1024;
///     const OUT_OF_MEMORY: Option<fn(Layout, &Stats) -> bool> = Some(|layout, stats| {
///         report(layout.size(), stats.live_bytes, stats.largest_free);
///         true // try again: the emergency reserve is free now
///     });
///
///     fn growth(committed: usize, needed: usize) -> usize {
///         if committed + needed > 8 << 20 { 0 } else { needed }
///     }
/// }
/// # fn report(_: usize, _: usize, _: usize) {}
///
/// #[global_allocator]
/// static HEAP: Heap<Linear, Small> = Heap::with_policy();
/// # fn main() { assert_eq!(vec![1; 1000].len(), 1000); }
/// ```
pub trait Policy {
    /// Bytes set apart at the first allocation, and freed when memory runs out for the first time,
    /// before [`Policy::OUT_OF_MEMORY`] is called; without that hook, the request is tried once more
    /// then. Where they cannot be had at the first allocation, there is no reserve. Until then they
    /// count as live.
    const EMERGENCY: usize = 0;

    /// Called when a request cannot be served, with its layout and what the heap holds. It may use
    /// the heap: free what it can do without. True means to try once more; else the request
    /// fails.
    const OUT_OF_MEMORY: Option<fn(Layout, &Stats) -> bool> = None;

    /// By how many bytes to grow when `needed` more are needed and `committed` are there. Less than
    /// `needed` means not to grow. Rounded up to whole pages.
    ///
    /// No lock is held: the function may use the heap, though a request in it that needs memory
    /// asks it again.
    ///
    /// By default a 64th of what there is, or what is needed if that is more.
    #[inline]
    fn growth(committed: usize, needed: usize) -> usize {
        needed.max(committed / 64)
    }
}

/// The default policy: grow by what is needed, a 64th of what there is at least, and fail with a
/// null pointer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standard;

impl Policy for Standard {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_default_memory_grows_by_a_64th_or_by_what_is_needed() {
        for (committed, needed, growth) in
            [(0, 16, 16), (6400, 99, 100), (6400, 101, 101), (64 << 20, 16, 1 << 20)]
        {
            assert_eq!(Standard::growth(committed, needed), growth);
        }
    }
}
