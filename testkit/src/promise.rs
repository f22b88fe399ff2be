//! Promises of heaps about refusals: which free memory must have served a request.
//!
//! A promise is judged by the model's own arithmetic on the free blocks that the heap's view shows;
//! [`Model::compare`](crate::Model::compare) has held that view against the live blocks.

use std::{alloc::Layout, ops::Range};

use bonsai_alloc::inspect::Block;

/// A heap's promise: a request is refused only if no free memory of this kind holds it, and linear
/// memory cannot grow by what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// No promise: every refusal is right.
    Nothing,
    /// Any free run, all free neighbours merged, that holds the exact size, rounded up to `granule`,
    /// at its alignment. `Heap` promises it.
    Exact { granule: usize },
    /// A free block of the request's order: a power of two that is neither below the size, nor the
    /// alignment, nor `smallest`, at a multiple of itself. `BuddyHeap` promises it.
    Orders { smallest: usize },
    /// To 2 KiB a free block of the request's class in a slab, or a block of the buddy that becomes
    /// such a slab; above that the same as for orders of 4 KiB and more. `SlabHeap` promises it.
    Slabs,
    /// The free memory behind the block that was handed out last. `BumpHeap` promises it.
    Rest,
    /// A free block on the list of the request's power of two, or of a larger one; nothing is
    /// merged. `TinyHeap` promises it.
    Lists,
}

impl Promise {
    /// Returns the free memory that must have served `layout`, where there is any. `free` are the
    /// free blocks in address order.
    pub fn broken(self, free: &[Block], layout: Layout) -> Option<Range<usize>> {
        let (size, align) = (layout.size(), layout.align());
        match self {
            Promise::Nothing => None,
            Promise::Exact { granule } => {
                hole(&merged(free), size.checked_next_multiple_of(granule)?, align)
            }
            Promise::Orders { smallest } => order(&merged(free), size.max(align), smallest),
            Promise::Slabs => {
                // Free blocks in slabs are smaller; slabs that are empty have a header.
                let buddy: Vec<Block> =
                    free.iter().copied().filter(|block| block.size >= 4096).collect();
                match slab_class(size, align) {
                    Some(class) => free
                        .iter()
                        .find(|block| block.size == class && block.address % align == 0)
                        .map(range)
                        .or_else(|| order(&merged(&buddy), 16 * class, 4096)),
                    None => order(&merged(&buddy), size.max(align), 4096),
                }
            }
            Promise::Rest => hole(&[range(free.last()?)], size, align),
            Promise::Lists => {
                let class = size.max(align).checked_next_power_of_two()?.max(8);
                free.iter().find(|block| block.size >= class).map(range)
            }
        }
    }
}

fn range(block: &Block) -> Range<usize> {
    block.address..block.end()
}

/// Merges blocks that touch.
fn merged(free: &[Block]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for block in free {
        match runs.last_mut() {
            Some(last) if last.end == block.address => last.end = block.end(),
            _ => runs.push(range(block)),
        }
    }
    runs
}

/// The first of `runs` that holds `size` bytes aligned to `align`.
fn hole(runs: &[Range<usize>], size: usize, align: usize) -> Option<Range<usize>> {
    let fits = |run: &&Range<usize>| {
        let start = run.start.checked_next_multiple_of(align);
        start.and_then(|start| start.checked_add(size)).is_some_and(|end| end <= run.end)
    };
    runs.iter().find(fits).cloned()
}

/// The first run with an aligned power of two of at least `size` and `smallest` bytes.
fn order(runs: &[Range<usize>], size: usize, smallest: usize) -> Option<Range<usize>> {
    let block = size.max(smallest).checked_next_power_of_two()?;
    hole(runs, block, block)
}

/// The size of the blocks in the slabs that serve a request, `None` above 2 KiB: multiples of 8 to
/// 64, then four sizes a doubling; powers of two for alignments above 16.
fn slab_class(size: usize, align: usize) -> Option<usize> {
    let size = match align {
        0..=16 => size.checked_next_multiple_of(align)?,
        _ => size.max(align).checked_next_power_of_two()?,
    };
    let step = if size <= 64 { 8 } else { size.checked_next_power_of_two()? / 8 };
    Some(size.next_multiple_of(step)).filter(|&class| class <= 2048)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bonsai_alloc::inspect::State;

    /// Free blocks by address and size.
    fn free(blocks: &[(usize, usize)]) -> Vec<Block> {
        let block = |&(address, size)| Block { address, size, state: State::Free };
        blocks.iter().map(block).collect()
    }

    fn broken(promise: Promise, blocks: &[(usize, usize)], size: usize, align: usize) -> bool {
        promise.broken(&free(blocks), Layout::from_size_align(size, align).unwrap()).is_some()
    }

    #[test]
    fn an_exact_heap_merges_and_pays_for_alignment_alone() {
        let exact = Promise::Exact { granule: 16 };
        let blocks = [(4096, 16), (4112, 32), (8192, 64)];
        for (size, align, holds) in [
            (48, 1, true),
            (33, 16, true),
            (49, 1, true), // in the other one
            (64, 64, true),
            (65, 1, false),
            (64, 8192, true),
            (1, 16_384, false),
            (usize::MAX / 2 - 15, 16, false),
        ] {
            assert_eq!(broken(exact, &blocks, size, align), holds, "{size} aligned to {align}");
        }
        assert!(!broken(exact, &blocks[..2], 49, 1), "48 bytes are free in a row");
        assert!(broken(exact, &blocks[..2], 16, 4096));
        assert!(!broken(exact, &blocks[1..2], 1, 64), "no multiple of 64 within 4112..4144");
        assert!(!broken(Promise::Nothing, &blocks, 1, 1));
    }

    #[test]
    fn a_buddy_needs_a_power_of_two_at_its_place() {
        let orders = Promise::Orders { smallest: 16 };
        assert!(broken(orders, &[(32, 16), (48, 16)], 17, 1));
        assert!(!broken(orders, &[(48, 16), (64, 16)], 17, 1), "not at a multiple of 32");
        assert!(broken(orders, &[(48, 16), (64, 32)], 17, 1));
        assert!(!broken(orders, &[(64, 8)], 1, 1));
        assert!(broken(orders, &[(4096, 4096)], 1, 4096));
    }

    #[test]
    fn a_slab_heap_uses_the_slots_of_a_class_and_blocks_for_slabs() {
        for (size, align, class) in
            [(1, 1, 8), (9, 16, 16), (64, 8, 64), (65, 1, 80), (1025, 8, 1280), (100, 64, 128)]
        {
            assert_eq!(slab_class(size, align), Some(class), "{size} aligned to {align}");
        }
        assert_eq!(slab_class(2048, 1), Some(2048));
        assert_eq!((slab_class(2049, 1), slab_class(8, 4096)), (None, None));
        assert!(broken(Promise::Slabs, &[(800, 80)], 70, 16));
        assert!(!broken(Promise::Slabs, &[(800, 80)], 81, 1), "a slot of another class");
        assert!(!broken(Promise::Slabs, &[(800, 80)], 64, 1), "a slot of another class");
        assert!(broken(Promise::Slabs, &[(8192, 4096)], 64, 1), "room for a slab");
        assert!(!broken(Promise::Slabs, &[(8192, 4096)], 300, 1), "a slab of 320 has 8 KiB");
        assert!(broken(Promise::Slabs, &[(8192, 4096), (12_288, 4096)], 300, 1));
        assert!(!broken(
            Promise::Slabs,
            &[(8192, 4096), (12_288, 2048), (14_336, 2048)],
            3000,
            8192
        ));
    }

    #[test]
    fn a_bump_heap_has_what_lies_behind_the_last_block() {
        assert!(broken(Promise::Rest, &[(64, 8), (100, 28)], 28, 4));
        assert!(!broken(Promise::Rest, &[(64, 64), (300, 28)], 29, 1));
        assert!(!broken(Promise::Rest, &[(100, 28)], 28, 8), "begins at 104");
        assert!(!broken(Promise::Rest, &[], 1, 1));
    }

    #[test]
    fn a_tiny_heap_merges_nothing() {
        assert!(broken(Promise::Lists, &[(64, 64)], 33, 1));
        assert!(!broken(Promise::Lists, &[(64, 64), (128, 64)], 65, 1));
        assert!(broken(Promise::Lists, &[(64, 64)], 1, 64));
        assert!(!broken(Promise::Lists, &[(64, 64)], 1, 128));
    }
}
