//! Memory that was used, and is used again.

use std::alloc::{GlobalAlloc, Layout};

use bonsai_alloc::linear::{Config, LinearMemory, PAGE};

use crate::{ROOMY, ZONE, alloc, each_heap, free, layout};

/// Fills the memory there is with blocks of one size. How many.
fn fill_up(heap: &dyn GlobalAlloc, wanted: Layout) -> Vec<*mut u8> {
    std::iter::from_fn(|| alloc(heap, wanted)).collect()
}

#[test]
fn a_heap_recovers_from_exhaustion() {
    let config = Config { pages: 1, max_pages: 40, ..ROOMY };
    each_heap(config, &|name, _, heap| {
        if name == "bump" {
            return;
        }
        // A tiny heap never makes large blocks of small ones.
        let sizes = if name == "tiny" { 1 } else { 3 };
        for &wanted in &[layout(5000, 8), layout(40, 8), layout(700, 4)][..sizes] {
            let first = fill_up(heap, wanted);
            assert!(first.len() * wanted.size() > 39 * PAGE / 3, "{name}: {}", first.len());
            first.iter().for_each(|&block| free(heap, block, wanted));
            let second = fill_up(heap, wanted);
            assert!(second.len() >= first.len(), "{name}: {} < {}", second.len(), first.len());
            second.iter().rev().for_each(|&block| free(heap, block, wanted));
        }
    });
}

#[test]
fn what_is_freed_merges_and_can_be_had_as_one() {
    let config = Config { pages: 1, max_pages: 66, ..ROOMY };
    each_heap(config, &|name, _, heap| {
        if name == "bump" || name == "tiny" {
            return;
        }
        // 4 MiB in small blocks, then a mebibyte in one.
        for size in [24, 600, 3000] {
            let wanted = layout(size, 8);
            let blocks = fill_up(heap, wanted);
            let (even, odd): (Vec<_>, Vec<_>) =
                blocks.iter().enumerate().partition(|(at, _)| at % 2 == 0);
            for (_, &block) in even.into_iter().chain(odd) {
                free(heap, block, wanted);
            }
            let large = layout((1 << 20) - ZONE, 8);
            let block = alloc(heap, large).unwrap_or_else(|| panic!("{name}: after {size}"));
            free(heap, block, large);
        }
    });
}

#[test]
fn the_same_work_again_needs_no_more_memory() {
    each_heap(ROOMY, &|name, pool, heap| {
        if name == "bump" {
            return;
        }
        let work = || {
            let mut live = Vec::new();
            for step in 0..600_usize {
                let wanted = layout(1 + step * 7919 % 6000, 8);
                live.push((alloc(heap, wanted).unwrap(), wanted));
                if step % 3 == 0 {
                    let (block, wanted) = live.swap_remove(step * 31 % live.len());
                    free(heap, block, wanted);
                }
            }
            live.into_iter().for_each(|(block, wanted)| free(heap, block, wanted));
        };
        // Lists and tables find their places in the first rounds.
        (0..10).for_each(|_| work());
        let pages = pool.memory().pages();
        (0..50).for_each(|_| work());
        // With `checked` the places of blocks depend on which others wait, round by round.
        let most = if cfg!(feature = "checked") { pages + pages / 8 } else { pages };
        assert!(
            pool.memory().pages() <= most,
            "{name} ratchets: {} for {pages}",
            pool.memory().pages()
        );
    });
}

#[test]
fn memory_that_was_used_is_zero_again_when_zeros_are_asked_for() {
    let config = Config { pages: 3, heap_base: Some(PAGE), ..ROOMY };
    each_heap(config, &|name, _, heap| {
        let sizes = [1, 8, 24, 500, 2048, 2049, 5000, 70_000];
        for round in 0..6 {
            let mut live = Vec::new();
            for (at, &size) in sizes.iter().cycle().take(40).enumerate() {
                let wanted = layout(size, 1 << (at % 7));
                // SAFETY: the size is not 0.
                let block = unsafe { heap.alloc_zeroed(wanted) };
                // SAFETY: that long, and initialised.
                let bytes = unsafe { std::slice::from_raw_parts_mut(block, size) };
                assert!(bytes.iter().all(|&byte| byte == 0), "{name}: {wanted:?}, round {round}");
                bytes.fill(0xEE);
                live.push((block, wanted));
            }
            // Now the last first, now the first.
            if round % 2 == 0 {
                live.reverse();
            }
            live.into_iter().for_each(|(block, wanted)| free(heap, block, wanted));
        }
    });
}
