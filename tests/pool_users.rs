//! Users of a pool's memory: cores, and heaps that share one.

use std::{
    alloc::{GlobalAlloc, Layout},
    ops::Range,
};

use bonsai_alloc::{
    AllocInitError, Buddy, BuddyHeap, Bump, BumpHeap, Slab, SlabHeap, TinyHeap,
    inspect::{Inspect, State},
    linear::{Config, PAGE, Pool, Simulation},
};
use bonsai_testkit::fastrand::Rng;

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap()
}

fn pool(config: Config) -> Pool<Simulation> {
    Pool::new(Simulation::new(config))
}

#[test]
fn a_core_that_cannot_have_memory_says_which() {
    let pool = pool(Config { pages: 1, max_pages: 3, ..Config::default() });
    let Err(AllocInitError::AllocFailed(wanted)) = Buddy::<4096, 9, _>::try_new_in(40, &pool)
    else {
        panic!("40 blocks of 4 KiB out of 2 pages");
    };
    assert_eq!(wanted, Buddy::<4096, 9, bonsai_alloc::Raw>::region_layout(40).unwrap());
    let Err(AllocInitError::AllocFailed(wanted)) = Slab::try_new_in(4096, 40, &pool) else {
        panic!("40 blocks of 4 KiB out of 2 pages");
    };
    assert_eq!(wanted, layout(40 * 4096, 4096));
    let Err(AllocInitError::AllocFailed(wanted)) = Bump::try_new_in(layout(3 * PAGE, 8), &pool)
    else {
        panic!("3 pages out of 2");
    };
    assert_eq!(wanted, layout(3 * PAGE, 8));
    assert_eq!(pool.stats(), Default::default());

    // Room for the region, and none for the metadata: what it got goes back.
    let Err(AllocInitError::AllocFailed(wanted)) = Buddy::<4096, 9, _>::try_new_in(32, &pool)
    else {
        panic!("2 pages and a map out of 2 pages");
    };
    assert_eq!(wanted, Buddy::<4096, 9, bonsai_alloc::Raw>::metadata_layout(32).unwrap());
    assert_eq!(pool.stats().free_bytes, pool.stats().grown_pages * PAGE);
}

#[test]
fn cores_give_their_memory_back() {
    let pool = pool(Config { pages: 1, max_pages: 255, ..Config::default() });
    for _ in 0..5 {
        let mut buddy = Buddy::<4096, 9, _>::try_new_in(20, &pool).unwrap();
        let mut slab = Slab::try_new_in(48, 3000, &pool).unwrap();
        let mut bump = Bump::try_new_in(layout(100_000, 64), &pool).unwrap();
        buddy.allocate(layout(4096, 4096)).unwrap();
        slab.allocate_block().unwrap();
        bump.allocate(layout(100_000, 64)).unwrap();
    }
    let stats = pool.stats();
    assert_eq!((stats.free_runs, stats.free_bytes), (1, stats.grown_pages * PAGE));
    assert!(stats.grown_pages <= 6, "{stats:?}");
}

/// Heaps that share a pool are as foreign to each other as any other two.
#[test]
fn heaps_of_four_kinds_share_one_pool() {
    let pool = pool(Config { pages: 2, max_pages: 1024, heap_base: Some(70_000), first_page: 0 });
    let slab = SlabHeap::with_memory(&pool);
    let buddy = BuddyHeap::with_memory(&pool);
    let bump = BumpHeap::with_memory(&pool);
    let tiny = TinyHeap::with_memory(&pool);
    let heaps: [&dyn GlobalAlloc; 4] = [&slab, &buddy, &bump, &tiny];
    let mut rng = Rng::with_seed(1);
    let mut live: Vec<(usize, *mut u8, Layout, u8)> = Vec::new();
    let verify = |&(_, block, layout, byte): &(usize, *mut u8, Layout, u8)| {
        // SAFETY: live, and painted when it was allocated.
        let bytes = unsafe { std::slice::from_raw_parts(block, layout.size()) };
        assert!(bytes.iter().all(|&other| other == byte));
    };
    for step in 0..6_000_usize {
        if live.len() < 400 && rng.u8(0..5) < 3 {
            let heap = rng.usize(0..4);
            let doubling = rng.u32(1..16);
            let layout = layout(rng.usize(1..1 << doubling), 1 << rng.u32(0..8));
            // SAFETY: the size is not 0.
            let block = unsafe { heaps[heap].alloc(layout) };
            assert!(!block.is_null());
            let byte = step as u8 | 1;
            // SAFETY: that long.
            unsafe { block.write_bytes(byte, layout.size()) };
            live.push((heap, block, layout, byte));
        } else if !live.is_empty() {
            let dead = live.swap_remove(rng.usize(0..live.len()));
            verify(&dead);
            // SAFETY: live until now.
            unsafe { heaps[dead.0].dealloc(dead.1, dead.2) };
        }
    }
    live.iter().for_each(verify);
    slab.check().unwrap();
    buddy.check().unwrap();
    bump.check().unwrap();

    // Where one heap has memory, the other has a gap or nothing.
    let mut of_slab: Vec<Range<usize>> = Vec::new();
    slab.walk(&mut |block| {
        if block.state != State::Gap {
            of_slab.push(block.address..block.end());
        }
    });
    buddy.walk(&mut |block| {
        let overlaps =
            of_slab.iter().any(|other| other.start < block.end() && block.address < other.end);
        assert!(block.state == State::Gap || !overlaps, "{block:x?} is both heaps'");
    });
}
