//! Records of several threads.

use std::{collections::HashMap, thread};

use bonsai_alloc::{
    Heap, SlabHeap,
    trace::{Event, NoSites, Sites, Traced},
};

use crate::{alone, events, touch};

#[test]
fn threads_record_what_could_have_been_one_program() {
    let _alone = alone();
    static HEAP: Traced<SlabHeap, NoSites, { 1 << 14 }> = Traced::new(SlabHeap::new());
    HEAP.start();
    thread::scope(|scope| {
        for thread in 1..=4 {
            scope.spawn(move || {
                for round in 0..if cfg!(miri) { 20 } else { 1000 } {
                    touch(&HEAP, thread * (round % 50 + 1));
                }
            });
        }
    });
    HEAP.stop();
    let (events, lost) = events(&HEAP);
    assert_eq!(lost, 0);
    let mut live = HashMap::new();
    for event in events {
        match event {
            Event::Allocate { address, size, .. } => {
                assert_eq!(live.insert(address, size), None);
            }
            Event::Deallocate { address, size, .. } => {
                assert_eq!(live.remove(&address), Some(size));
            }
            _ => {}
        }
    }
    assert!(live.is_empty());
}

/// Threads that run at once, each of which allocates sizes of its own, and threads after them.
#[test]
fn a_record_says_which_thread() {
    let _alone = alone();
    static HEAP: Traced<Heap, NoSites, { 1 << 14 }> = Traced::new(Heap::new());
    const THREADS: usize = 4;
    let rounds = if cfg!(miri) { 5 } else { 500 };
    HEAP.start();
    touch(&HEAP, 1);
    let together = std::sync::Barrier::new(THREADS);
    thread::scope(|scope| {
        for thread in 1..=THREADS {
            let together = &together;
            scope.spawn(move || {
                touch(&HEAP, thread * 1_000);
                together.wait();
                (0..rounds).for_each(|_| touch(&HEAP, thread * 1_000));
            });
        }
    });
    touch(&HEAP, 1);
    HEAP.stop();
    let mut numbers: HashMap<usize, Vec<u16>> = HashMap::new();
    let lost = HEAP.drain(&mut |event, thread| {
        if let Event::Allocate { size, .. } | Event::Deallocate { size, .. } = event {
            numbers.entry(size / 1_000).or_default().push(thread);
        }
    });
    assert_eq!((lost, numbers.len()), (0, THREADS + 1));
    // The program's own threads have numbers in the order of their first records, from 1; all those of one are equal.
    let mut firsts: Vec<u16> = numbers.values().map(|all| all[0]).collect();
    firsts.sort_unstable();
    assert_eq!(firsts, [1, 2, 3, 4, 5]);
    assert_eq!(numbers[&0], [1; 4]);
    for (thread, all) in &numbers {
        assert!(all.iter().all(|number| *number == all[0]), "thread {thread} has several numbers");
        assert!(*thread == 0 || all.len() == 2 * rounds + 2);
    }
}

enum Named {}

impl Sites for Named {
    fn site(_: usize) -> usize {
        9
    }

    fn thread() -> usize {
        77
    }
}

/// A program may know its threads better: here all of them are one.
#[test]
fn the_program_says_which_thread_where_it_has_a_hook() {
    let _alone = alone();
    static HEAP: Traced<SlabHeap, Named, 64> = Traced::new(SlabHeap::new());
    HEAP.start();
    HEAP.sample(1);
    touch(&HEAP, 100);
    thread::scope(|scope| scope.spawn(|| touch(&HEAP, 100)).join()).unwrap();
    HEAP.stop();
    let mut kinds = (0, 0);
    HEAP.drain(&mut |event, thread| {
        assert_eq!(thread, 1, "{event:?}");
        kinds.0 += 1;
        kinds.1 += usize::from(matches!(event, Event::Site { site: 9, .. }));
    });
    assert!(kinds.0 >= 6 && kinds.1 == 2, "{kinds:?}");
}
