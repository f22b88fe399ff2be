//! C's interface over a `Heap`: sizes, alignment, errors and contents, as C17 and POSIX have them.

use std::collections::BTreeMap;

use bonsai_alloc::{
    Heap, Shell,
    c::Measured,
    heap::OneLock,
    inspect::Inspect,
    linear::{Config, PAGE, Pool, Simulation},
};

type Memory = Pool<Simulation>;

/// Calls a function for the heap with shards, as it is where there are threads, and for the one without.
macro_rules! for_both {
    ($function:ident) => {{
        fn run<S: Measured>(_: Shell<S>)
        where
            for<'a> Shell<S, &'a Memory>: Inspect,
        {
            $function::<S>();
        }
        run(Heap::new());
        run(OneLock::new());
    }};
}

fn memory(pages: usize) -> Memory {
    Pool::new(Simulation::new(Config { max_pages: pages, ..Config::default() }))
}

/// Writes a pattern of `size` bytes that depends on `seed`.
fn fill(block: *mut u8, size: usize, seed: usize) {
    for i in 0..size {
        // SAFETY: the tests pass blocks of at least `size` bytes.
        unsafe { block.wrapping_add(i).write((seed * 31 + i) as u8) };
    }
}

/// Panics unless the first `size` bytes are the pattern of `seed`.
#[track_caller]
fn verify(block: *mut u8, size: usize, seed: usize) {
    for i in 0..size {
        // SAFETY: the tests pass blocks of at least `size` bytes.
        let byte = unsafe { block.wrapping_add(i).read() };
        assert_eq!(byte, (seed * 31 + i) as u8, "byte {i} of {size}");
    }
}

#[test]
fn every_size_to_4_kib_is_aligned_and_usable_and_keeps_what_is_in_it() {
    for_both!(sizes);
}

fn sizes<S: Measured>()
where
    for<'a> Shell<S, &'a Memory>: Inspect,
{
    let pool = memory(2048);
    let heap = Shell::<S, _>::with_memory(&pool);
    let mut blocks = Vec::new();
    for size in 0..=4096 {
        let block = heap.c_malloc(size);
        assert!(!block.is_null() && block.addr() % 16 == 0, "{size}");
        // SAFETY: a live block.
        let usable = unsafe { heap.c_usable_size(block) };
        assert!(usable >= size.max(1) && usable <= size + size / 8 + 32, "{size}: {usable}");
        fill(block, usable, size);
        blocks.push((block, usable));
    }
    for (seed, &(block, usable)) in blocks.iter().enumerate() {
        verify(block, usable, seed);
        // SAFETY: a live block, freed once.
        unsafe { heap.c_free(block) };
    }
    heap.check().unwrap();
    assert_eq!(heap.stats().live_blocks, 0);
}

#[test]
fn every_alignment_holds_and_such_blocks_are_freed_and_resized_like_others() {
    let pool = memory(4096);
    let heap = Heap::with_memory(&pool);
    for size in [0, 1, 15, 16, 17, 100, 1000, 1024, 1025, 5000, 70_000, 300_000] {
        for log in 0..=16 {
            let align = 1 << log;
            let block = heap.c_aligned_alloc(align, size);
            assert!(!block.is_null() && block.addr() % align == 0, "{size} at {align}");
            fill(block, size, log);
            // SAFETY: a live block.
            let moved = unsafe { heap.c_realloc(block, 2 * size + 1) };
            assert!(!moved.is_null() && moved.addr() % 16 == 0);
            verify(moved, size, log);
            let mut out = std::ptr::null_mut();
            // SAFETY: a local variable.
            let result = unsafe { heap.c_posix_memalign(&raw mut out, align, size) };
            assert_eq!(result == 0, align >= size_of::<usize>(), "{size} at {align}: {result}");
            assert_eq!(out.is_null(), result != 0);
            assert!(out.addr() % align == 0);
            // SAFETY: live blocks, or null.
            unsafe { heap.c_free(moved) };
            // SAFETY: a live block, or null.
            unsafe { heap.c_free(out) };
        }
    }
    for align in [0, 3, 24, usize::MAX] {
        assert!(heap.c_aligned_alloc(align, 100).is_null(), "{align} is no power of two");
    }
    heap.check().unwrap();
    assert_eq!(heap.stats().live_blocks, 0);
}

#[test]
fn null_zero_and_sizes_that_overflow_are_answered_as_c_has_them() {
    let pool = memory(64);
    let heap = Heap::with_memory(&pool);
    // SAFETY: null is allowed.
    unsafe { heap.c_free(std::ptr::null_mut()) };
    // SAFETY: null is allowed.
    assert_eq!(unsafe { heap.c_usable_size(std::ptr::null_mut()) }, 0);
    let (one, two) = (heap.c_malloc(0), heap.c_malloc(0));
    assert!(!one.is_null() && !two.is_null() && one != two, "each is a block of its own");
    for size in [usize::MAX, usize::MAX - 15, isize::MAX as usize, 1 << 40] {
        assert!(heap.c_malloc(size).is_null(), "{size}");
        assert!(heap.c_calloc(1, size).is_null(), "{size}");
        assert!(heap.c_aligned_alloc(64, size).is_null(), "{size}");
        // SAFETY: a live block, which stays as it is.
        assert!(unsafe { heap.c_realloc(one, size) }.is_null(), "{size}");
    }
    for (count, size) in [(usize::MAX, 2), (2, usize::MAX), (1 << 33, 1 << 33)] {
        assert!(heap.c_calloc(count, size).is_null(), "{count} times {size}");
    }
    // SAFETY: null is allowed.
    let three = unsafe { heap.c_realloc(std::ptr::null_mut(), 100) };
    fill(three, 100, 3);
    // SAFETY: a live block.
    let small = unsafe { heap.c_realloc(three, 0) };
    assert!(!small.is_null(), "a size of 0 is one of 1");
    for block in [one, two, small] {
        // SAFETY: live, and freed once.
        unsafe { heap.c_free(block) };
    }
    heap.check().unwrap();
    assert_eq!(heap.stats().live_blocks, 0);
}

#[test]
fn calloc_clears_what_was_used_before() {
    for_both!(zeros);
}

fn zeros<S: Measured>()
where
    for<'a> Shell<S, &'a Memory>: Inspect,
{
    let pool = memory(64);
    let heap = Shell::<S, _>::with_memory(&pool);
    for size in (1..=200).chain([1000, 3000, 40_000]) {
        let block = heap.c_malloc(size);
        fill(block, size, 7);
        // SAFETY: live, and freed once.
        unsafe { heap.c_free(block) };
        let clear = heap.c_calloc(size, 1);
        for i in 0..size {
            // SAFETY: of the block.
            assert_eq!(unsafe { clear.wrapping_add(i).read() }, 0, "byte {i} of {size}");
        }
        // SAFETY: live, and freed once.
        unsafe { heap.c_free(clear) };
    }
}

#[test]
fn the_end_of_memory_is_an_answer_and_what_is_freed_can_be_had_again() {
    for_both!(end_of_memory);
}

fn end_of_memory<S: Measured>()
where
    for<'a> Shell<S, &'a Memory>: Inspect,
{
    let pool = memory(20);
    let heap = Shell::<S, _>::with_memory(&pool);
    let mut blocks = Vec::new();
    loop {
        let block = heap.c_malloc(1000);
        if block.is_null() {
            break;
        }
        fill(block, 1000, blocks.len());
        blocks.push(block);
    }
    assert!(blocks.len() * 1008 > 17 * PAGE / 10 * 9, "{}", blocks.len());
    // SAFETY: a live block, which stays as it is.
    assert!(unsafe { heap.c_realloc(blocks[0], 10 * PAGE) }.is_null());
    for (seed, &block) in blocks.iter().enumerate() {
        verify(block, 1000, seed);
        // SAFETY: live, and freed once.
        unsafe { heap.c_free(block) };
    }
    let large = heap.c_malloc(10 * PAGE);
    assert!(!large.is_null(), "the freed blocks have merged");
    heap.check().unwrap();
}

/// Runs a random program over the interface against a model that knows every block and its bytes.
#[test]
fn random_programs_agree_with_a_model() {
    for_both!(model);
}

fn model<S: Measured>()
where
    for<'a> Shell<S, &'a Memory>: Inspect,
{
    const STEPS: usize = if cfg!(miri) { 300 } else { 6_000 };
    for seed in 0..if cfg!(miri) { 1 } else { 4_u64 } {
        let pool = memory(400);
        let heap = Shell::<S, _>::with_memory(&pool);
        let mut state = seed * 2 + 1;
        let mut random = |below: usize| {
            state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
            (state >> 33) as usize % below
        };
        // Address to (size, seed of the contents).
        let mut live: BTreeMap<usize, (*mut u8, usize, usize)> = BTreeMap::new();
        for step in 0..STEPS {
            let size = match random(8) {
                0..=4 => random(300),
                5 | 6 => random(5000),
                _ => random(40_000),
            };
            let some = (!live.is_empty()).then(|| *live.keys().nth(random(live.len())).unwrap());
            let block = match (random(7), some) {
                (0 | 1, _) => heap.c_malloc(size),
                (2, _) => heap.c_calloc(size.div_ceil(8), 8),
                (3, _) => heap.c_aligned_alloc(1 << random(13), size),
                (4, Some(at)) => {
                    let (block, old, contents) = live[&at];
                    // SAFETY: a live block.
                    let moved = unsafe { heap.c_realloc(block, size) };
                    if moved.is_null() {
                        verify(block, old, contents);
                        continue;
                    }
                    live.remove(&at);
                    verify(moved, old.min(size), contents);
                    moved
                }
                (_, Some(at)) => {
                    let (block, size, contents) = live.remove(&at).unwrap();
                    verify(block, size, contents);
                    // SAFETY: live, and freed once.
                    unsafe { heap.c_free(block) };
                    continue;
                }
                (_, None) => continue,
            };
            if block.is_null() {
                continue;
            }
            // SAFETY: a live block.
            let usable = unsafe { heap.c_usable_size(block) };
            assert!(usable >= size, "step {step}: {usable} of {size}");
            let before = live.range(..=block.addr()).next_back();
            assert!(before.is_none_or(|(at, (_, size, _))| at + size <= block.addr()));
            let after = live.range(block.addr()..).next();
            assert!(after.is_none_or(|(&at, _)| block.addr() + usable <= at));
            fill(block, size, step);
            live.insert(block.addr(), (block, size, step));
            if step % 1000 == 0 {
                heap.check().unwrap();
            }
        }
        assert!(live.len() > 10 || cfg!(miri));
        for (block, size, contents) in live.into_values() {
            verify(block, size, contents);
            // SAFETY: live, and freed once.
            unsafe { heap.c_free(block) };
        }
        heap.check().unwrap();
        assert_eq!(heap.stats().live_blocks, 0);
    }
}

#[cfg(feature = "checked")]
#[test]
fn a_double_free_from_c_is_named() {
    use bonsai_alloc::checked::{self, Fault};
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    static DOUBLE: AtomicUsize = AtomicUsize::new(0);
    let pool = memory(64);
    let heap = Heap::with_memory(&pool);
    checked::set_hook(Some(|report| {
        if report.fault == Fault::Freed {
            DOUBLE.fetch_add(1, Relaxed);
        }
    }));
    let block = heap.c_malloc(100);
    // SAFETY: the first time it is live; then nothing happens but the report.
    unsafe { heap.c_free(block) };
    // SAFETY: `checked` names the misuse and leaves the heap as it is.
    unsafe { heap.c_free(block) };
    // SAFETY: `checked` names the misuse and leaves the heap as it is.
    assert!(unsafe { heap.c_realloc(block, 5) }.is_null());
    assert_eq!(DOUBLE.load(Relaxed), 2);
    heap.check().unwrap();
}
