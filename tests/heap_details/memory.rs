//! The memory that a heap takes: when, where, and up to which end.

use std::alloc::GlobalAlloc;

use bonsai_alloc::{
    BuddyHeap, BumpHeap, SlabHeap,
    inspect::Inspect,
    linear::{Config, LinearMemory, PAGE, Pool, Simulation},
};

use crate::{ROOMY, ZONE, alloc, each_heap, free, layout, pool};

#[test]
fn a_heap_takes_no_memory_before_it_is_asked_for_any() {
    each_heap(ROOMY, &|name, pool, _| assert_eq!(pool.memory().attempts(), 0, "{name}"));
}

#[test]
fn memory_below_the_first_growth_is_used_before_memory_grows() {
    let config = Config { pages: 3, max_pages: 100, heap_base: Some(PAGE + 4096), first_page: 0 };
    each_heap(config, &|name, pool, heap| {
        let start = pool.memory().addresses().start;
        let mut bytes = 0;
        while pool.memory().attempts() == 0 {
            let block = alloc(heap, layout(496 - ZONE, 4)).unwrap() as usize;
            if block < start + 3 * PAGE {
                assert!(block >= start + PAGE + 4096, "{name}");
                bytes += 500;
            }
        }
        // Of nearly two pages, rounded up to 512 each by some.
        assert!(bytes > (2 * PAGE - 4096) * 3 / 4, "{name}: {bytes} bytes");
        assert!(pool.memory().foreign_intact(), "{name}: the program's data was touched");
    });
}

#[test]
fn fixed_memory_is_used_to_its_end() {
    let config = Config { pages: 16, max_pages: 16, heap_base: Some(PAGE), first_page: 0 };
    each_heap(config, &|name, pool, heap| {
        let mut bytes = 0;
        while let Some(block) = alloc(heap, layout(1000, 8)) {
            assert!(pool.memory().addresses().contains(&(block as usize + 999)), "{name}");
            bytes += 1000;
        }
        assert!(bytes > 15 * PAGE * 8 / 10, "{name}: {bytes} of {} bytes", 15 * PAGE);
        assert!(pool.memory().foreign_intact(), "{name}");
    });
}

#[test]
fn the_last_page_of_4_gib_is_never_handed_out() {
    for start in [65_500, 65_533, 65_534, 65_535] {
        let config =
            Config { first_page: start, pages: start + 1, max_pages: 65_536, heap_base: None };
        each_heap(config, &|name, pool, heap| {
            let last = pool.memory().pointer(65_535).addr();
            for size in [PAGE + 1, PAGE, 5000, 64, 1] {
                while let Some(block) = alloc(heap, layout(size, 1)) {
                    let end = block as usize + size;
                    assert!(end <= last, "{name}: a block of {size} ends in the last page");
                }
            }
            assert!(pool.memory().foreign_intact(), "{name}");
        });
    }
}

#[test]
fn foreign_growth_between_any_two_requests_is_survived() {
    let config = Config { max_pages: 1500, ..ROOMY };
    each_heap(config, &|name, pool, heap| {
        let mut live = Vec::new();
        for step in 0..120_usize {
            let wanted = layout(1 + step * 977 % 50_000, 8 << (step % 6));
            match step % 3 {
                0 => assert!(pool.memory().foreign(1)),
                1 => pool.memory().foreign_before_next(2),
                _ => {}
            }
            let block = alloc(heap, wanted).unwrap_or_else(|| panic!("{name}: step {step}"));
            live.push((block, wanted));
            if step % 5 == 4 {
                let (block, wanted) = live.swap_remove(step % live.len());
                free(heap, block, wanted);
            }
        }
        for &(block, wanted) in &live {
            // SAFETY: live, and painted when it was allocated.
            let bytes = unsafe { std::slice::from_raw_parts(block, wanted.size()) };
            assert!(bytes.iter().all(|&byte| byte == 0xEE), "{name}: a block was written to");
        }
        assert!(pool.memory().foreign_intact(), "{name}: a foreign page was written to");
    });
}

/// Memory that another user of the pool gives back may lie below all that a heap has.
#[test]
fn memory_below_a_heaps_own_is_used_when_it_becomes_free() {
    fn below<H: GlobalAlloc + Inspect>(name: &str, pool: &Pool<Simulation>, heap: &H) {
        let others = layout(6 * PAGE, PAGE);
        let low = pool.acquire(others).unwrap();
        let wanted = layout(5000, 8);
        let mut live = vec![alloc(heap, wanted).unwrap()];
        assert!(live[0] > low.as_ptr(), "{name}");
        // SAFETY: acquired with this layout, and not used.
        unsafe { pool.release(low, others) };
        pool.memory().refuse(0, usize::MAX);
        let end = low.as_ptr().wrapping_add(6 * PAGE);
        live.extend(std::iter::from_fn(|| alloc(heap, wanted)));
        let of_low = live.iter().filter(|&&block| block >= low.as_ptr() && block < end).count();
        assert!(of_low >= 20, "{name}: {of_low} blocks lie in the memory that became free");
        heap.check().unwrap();
        let mut last = 0;
        heap.walk(&mut |block| {
            assert!(block.address >= last, "{name}: {block:x?} is out of order");
            last = block.end();
        });
        for block in live {
            // SAFETY: live, and painted when it was allocated.
            let bytes = unsafe { std::slice::from_raw_parts(block, wanted.size()) };
            assert!(bytes.iter().all(|&byte| byte == 0xEE), "{name}: a block was written to");
            free(heap, block, wanted);
        }
        heap.check().unwrap();
    }
    let memory = pool(ROOMY);
    below("buddy", &memory, &BuddyHeap::with_memory(&memory));
    let memory = pool(ROOMY);
    below("slab", &memory, &SlabHeap::with_memory(&memory));
    let memory = pool(ROOMY);
    below("bump", &memory, &BumpHeap::with_memory(&memory));
}
