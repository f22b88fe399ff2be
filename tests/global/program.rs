//! The work of a program on its global allocator: the standard library's collections, from several
//! threads. Each heap is the global allocator of one test binary that includes this.

use std::{
    alloc::{Layout, alloc, alloc_zeroed, dealloc, realloc},
    collections::{BTreeMap, BinaryHeap, HashMap, VecDeque},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, mpsc},
    thread,
};

use bonsai_testkit::fastrand::Rng;

/// The harness runs tests in parallel, and they share the heap: who compares figures of the heap
/// must be alone.
static HEAP_USERS: RwLock<()> = RwLock::new(());

/// To be held by each test that uses the heap and does not look at its figures.
fn together() -> RwLockReadGuard<'static, ()> {
    HEAP_USERS.read().unwrap_or_else(PoisonError::into_inner)
}

/// To be held by a test that looks at the heap's figures.
pub fn alone() -> RwLockWriteGuard<'static, ()> {
    HEAP_USERS.write().unwrap_or_else(PoisonError::into_inner)
}

/// A test that `HEAP` of the file that asks for it serves the program.
#[allow(unused_macros, reason = "a heap that tells no figures has a test of its own")]
macro_rules! is_the_one_in_use {
    () => {
        #[test]
        fn the_heap_is_the_one_in_use() {
            use bonsai_alloc::inspect::Inspect as _;

            let _alone = program::alone();
            let before = HEAP.stats().live_bytes;
            let block = vec![1_u8; 3 << 20];
            let now = HEAP.stats().live_bytes;
            assert!(now >= before + (2 << 20), "3 MiB are not in this heap");
            drop(block);
            HEAP.check().unwrap();
        }
    };
}
#[allow(unused_imports, reason = "as above")]
pub(crate) use is_the_one_in_use;

#[test]
fn vectors_grow_and_shrink() {
    let _together = together();
    let mut vector: Vec<u64> = Vec::new();
    for n in 0..200_000 {
        vector.push(n * n);
    }
    assert!(vector.iter().zip(0..).all(|(&square, n)| square == n * n));
    vector.truncate(1000);
    vector.shrink_to_fit();
    vector.extend(1000..5000);
    assert_eq!(vector.len(), 5000);
    assert_eq!((vector[999], vector[1000], vector[4999]), (999 * 999, 1000, 4999));

    let mut nested: Vec<Vec<u8>> = (0..500).map(|n| vec![n as u8; n]).collect();
    nested.retain(|inner| inner.len() % 3 == 0);
    nested.iter_mut().for_each(|inner| inner.resize(inner.len() * 2, inner.len() as u8));
    assert!(nested.iter().all(|inner| inner.iter().all(|&byte| byte == (inner.len() / 2) as u8)));
}

#[test]
fn strings_are_built_split_and_joined() {
    let _together = together();
    let mut text = String::new();
    for n in 0..20_000 {
        text.push_str(&n.to_string());
        text.push(' ');
    }
    let words: Vec<String> = text.split_whitespace().rev().map(str::to_owned).collect();
    assert_eq!(words.len(), 20_000);
    let sum: u64 = words.iter().map(|word| word.parse::<u64>().unwrap()).sum();
    assert_eq!(sum, 19_999 * 20_000 / 2);
    assert_eq!(words.concat().len(), text.len() - 20_000);
}

#[test]
fn maps_agree_with_each_other() {
    let _together = together();
    let mut rng = Rng::with_seed(3);
    let mut tree: BTreeMap<String, Box<usize>> = BTreeMap::new();
    let mut table: HashMap<String, Box<usize>> = HashMap::new();
    for step in 0..40_000 {
        let key = format!("key {}", rng.u16(0..5000));
        if rng.bool() {
            assert_eq!(tree.insert(key.clone(), Box::new(step)), table.insert(key, Box::new(step)));
        } else {
            assert_eq!(tree.remove(&key), table.remove(&key));
        }
    }
    assert_eq!(tree.len(), table.len());
    assert!(tree.iter().all(|(key, value)| table.get(key) == Some(value)));
}

#[test]
fn queues_and_heaps_come_and_go() {
    let _together = together();
    let mut queue = VecDeque::new();
    let mut heap = BinaryHeap::new();
    let mut rng = Rng::with_seed(4);
    for _ in 0..50_000 {
        let number = rng.u32(..);
        queue.push_back(vec![number; 1 + number as usize % 30]);
        heap.push(number);
        if queue.len() > 300 {
            let front = queue.pop_front().unwrap();
            assert!(front.iter().all(|&other| other == front[0]));
        }
    }
    let sorted = heap.into_sorted_vec();
    assert!(sorted.is_sorted());
    assert_eq!(sorted.len(), 50_000);
}

#[test]
fn memory_that_was_used_comes_back_zero_when_zeros_are_asked_for() {
    let _together = together();
    for round in 0..40 {
        let dirty: Vec<Vec<u8>> = (1..60).map(|n| vec![0xEE; n * n * 7]).collect();
        drop(dirty);
        let zeros: Vec<Vec<u64>> = (1..60).map(|n| vec![0; n * n]).collect();
        assert!(zeros.iter().flatten().all(|&word| word == 0), "round {round}");
    }
}

#[test]
fn every_alignment_is_had() {
    let _together = together();
    for shift in 0..=20 {
        let align = 1 << shift;
        for size in [1, align / 2 + 1, align, align + 1] {
            let layout = Layout::from_size_align(size, align).unwrap();
            // SAFETY: the size is not 0.
            let block = unsafe { alloc(layout) };
            assert!(!block.is_null(), "{layout:?}");
            assert_eq!(block as usize % align, 0, "{layout:?}");
            // SAFETY: that long.
            unsafe { block.write_bytes(0xEE, size) };
            // SAFETY: live, with that layout; the new size is not 0.
            let block = unsafe { realloc(block, layout, 2 * size) };
            assert!(!block.is_null() && block as usize % align == 0, "{layout:?}");
            // SAFETY: live, and the first `size` bytes were written before it was resized.
            let kept = unsafe { std::slice::from_raw_parts(block, size) };
            assert!(kept.iter().all(|&byte| byte == 0xEE), "{layout:?}");
            let larger = Layout::from_size_align(2 * size, align).unwrap();
            // SAFETY: live, with that layout.
            unsafe { dealloc(block, larger) };
            // SAFETY: the size is not 0.
            let zero = unsafe { alloc_zeroed(layout) };
            // SAFETY: live, that long, and initialised.
            let bytes = unsafe { std::slice::from_raw_parts(zero, size) };
            assert!(bytes.iter().all(|&byte| byte == 0), "{layout:?}");
            // SAFETY: live, with that layout.
            unsafe { dealloc(zero, layout) };
        }
    }
}

#[test]
fn what_no_memory_holds_is_refused_and_the_program_goes_on() {
    let _together = together();
    let mut vector: Vec<u8> = Vec::new();
    assert!(vector.try_reserve_exact(isize::MAX as usize).is_err());
    assert!(vector.try_reserve_exact(1 << 46).is_err());
    vector.try_reserve_exact(1 << 20).unwrap();
    vector.resize(1 << 20, 1);
    assert_eq!(vector.iter().map(|&byte| usize::from(byte)).sum::<usize>(), 1 << 20);
}

#[test]
fn threads_share_the_heap() {
    let _together = together();
    let (sender, receiver) = mpsc::channel::<(usize, Vec<Box<[u8]>>)>();
    let shared = Arc::new((0..100).map(|n| n.to_string()).collect::<Vec<_>>());
    let threads: Vec<_> = (0..4)
        .map(|id| {
            let sender = sender.clone();
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let mut rng = Rng::with_seed(id as u64);
                let mut kept: Vec<Box<[u8]>> = Vec::new();
                for _ in 0..5_000 {
                    kept.push(vec![id as u8 + 1; rng.usize(1..600)].into_boxed_slice());
                    if kept.len() > 50 {
                        let gone = kept.swap_remove(rng.usize(0..50));
                        assert!(gone.iter().all(|&byte| byte == id as u8 + 1));
                    }
                    if rng.u8(0..100) == 0 {
                        // Freed by another thread than the one that allocated it.
                        sender.send((id, std::mem::take(&mut kept))).unwrap();
                        assert_eq!(shared[id * 7], (id * 7).to_string());
                    }
                }
            })
        })
        .collect();
    drop(sender);
    let mut received = 0;
    for (id, boxes) in receiver {
        assert!(boxes.iter().all(|block| block.iter().all(|&byte| byte == id as u8 + 1)));
        received += boxes.len();
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert!(received > 1000);
}
