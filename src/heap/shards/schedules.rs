//! Threads over one heap, in many orders of their steps: a checker decides after each access to an atomic which thread goes
//! on. It runs by `cargo xtask test --only native`, with the cfg `shuttle`.

use core::alloc::{GlobalAlloc, Layout};
use std::{sync::Arc, vec::Vec};

use shuttle::{
    Config as Limits, Runner,
    scheduler::{PctScheduler, RandomScheduler, Scheduler},
    sync::Mutex,
    thread,
};

use super::{Class, Relaxed};
use crate::{
    Heap,
    inspect::Inspect,
    linear::{Config, Pool, Simulation},
};

type Subject = Heap<&'static Pool<Simulation>>;

/// Runs a program in orders drawn at random, and in some with few changes of the thread, which find what needs a
/// certain change at a certain step.
fn each_order(rounds: usize, program: impl Fn() + Send + Sync + Clone + 'static) {
    fn run(scheduler: impl Scheduler + 'static, program: impl Fn() + Send + Sync + 'static) {
        let mut limits = Limits::new();
        limits.stack_size = 1 << 17;
        Runner::new(scheduler, limits).run(program);
    }
    run(RandomScheduler::new(rounds), program.clone());
    run(PctScheduler::new(3, rounds), program);
}

/// A heap over memory of its own, which is never freed: shuttle's threads have static lifetimes.
fn heap(max_pages: usize) -> Arc<Subject> {
    let pool = Pool::new(Simulation::new(Config { max_pages, ..Config::default() }));
    Arc::new(Subject::with_memory(std::boxed::Box::leak(std::boxed::Box::new(pool))))
}

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, 8).unwrap()
}

/// A block: its address, its size, and the byte that fills it.
type Block = (usize, usize, u8);

fn alloc(heap: &Subject, size: usize, mark: u8) -> Option<Block> {
    // SAFETY: no test asks for 0 bytes.
    let block = unsafe { heap.alloc(layout(size)) };
    if block.is_null() {
        return None;
    }
    // SAFETY: the new block.
    unsafe { block.write_bytes(mark, size) };
    Some((block.expose_provenance(), size, mark))
}

fn free(heap: &Subject, (block, size, mark): Block) {
    let block = core::ptr::with_exposed_provenance_mut::<u8>(block);
    // SAFETY: a live block of that size.
    let bytes = unsafe { core::slice::from_raw_parts(block, size) };
    assert!(bytes.iter().all(|&byte| byte == mark), "a block was written to");
    // SAFETY: a live block, freed once with its layout.
    unsafe { heap.dealloc(block, layout(size)) };
}

/// The books when all is free again.
fn whole(heap: &Subject) {
    heap.check().unwrap();
    assert_eq!(heap.stats().live_blocks, 0);
    assert_eq!(heap.state.shards.short.load(Relaxed), 0);
}

#[test]
fn blocks_that_pass_between_threads_overlap_in_no_order() {
    each_order(150, || {
        let heap = heap(16);
        let passed = Arc::new(Mutex::new(Vec::<Block>::new()));
        let run = |mark: u8| {
            let (heap, passed) = (heap.clone(), passed.clone());
            move || {
                for round in 0..3 {
                    let size = [16, 500, 1_000][round];
                    let blocks: Vec<_> =
                        (0..3).map(|_| alloc(&heap, size, mark).unwrap()).collect();
                    let others = core::mem::replace(&mut *passed.lock().unwrap(), blocks);
                    others.into_iter().for_each(|block| free(&heap, block));
                }
            }
        };
        let threads: Vec<_> = (1..=3).map(|mark| thread::spawn(run(mark))).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        for block in core::mem::take(&mut *passed.lock().unwrap()) {
            free(&heap, block);
        }
        whole(&heap);
    });
}

/// Lists run full and empty, batches go through stores, and somebody looks meanwhile.
#[test]
fn batches_are_lost_and_doubled_in_no_order() {
    each_order(60, || {
        let heap = heap(16);
        let batch = Class::of(64).unwrap().batch();
        let run = |mark: u8| {
            let heap = heap.clone();
            move || {
                let blocks: Vec<_> =
                    (0..3 * batch).map(|_| alloc(&heap, 1_024, mark).unwrap()).collect();
                blocks.into_iter().for_each(|block| free(&heap, block));
            }
        };
        let mut threads: Vec<_> = (1..=2).map(|mark| thread::spawn(run(mark))).collect();
        let looks = heap.clone();
        threads.push(thread::spawn(move || {
            looks.check().unwrap();
            let stats = looks.stats();
            assert!(stats.largest_free <= stats.free_bytes);
        }));
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        whole(&heap);
    });
}

/// At the end of memory each thread holds all shards in turn, and nobody waits for ever.
#[test]
fn the_end_of_memory_is_answered_in_every_order() {
    each_order(60, || {
        let heap = heap(1);
        let run = |mark: u8| {
            let heap = heap.clone();
            move || {
                let (mut blocks, mut sizes) =
                    (Vec::new(), [1_000, 528, 1_000, 3_000, 48].iter().cycle());
                let refused = loop {
                    let size = *sizes.next().unwrap();
                    match alloc(&heap, size, mark) {
                        Some(block) => blocks.push(block),
                        None => break size,
                    }
                };
                assert!(refused >= 48);
                blocks.into_iter().for_each(|block| free(&heap, block));
            }
        };
        let threads: Vec<_> = (1..=2).map(|mark| thread::spawn(run(mark))).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        whole(&heap);
    });
}
