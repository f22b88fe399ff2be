//! The records of a traced allocator are the operations that were done.

mod threads;
mod witness;

use std::{
    alloc::{GlobalAlloc, Layout},
    ptr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bonsai_alloc::{
    BuddyHeap, BumpHeap, Heap, SlabHeap,
    inspect::{Block, Damage, Inspect, State},
    linear::{Config, LinearMemory, Machine, PAGE, Pool, Simulation},
    trace::{Event, NoSites, RECORDS, Sites, TraceDescriptor, Traced},
};
use bonsai_testkit::{
    Options,
    heaps::HeapSubject,
    recording::{Plan, Recording, kind},
    run, subjects,
};

/// Every ring takes pages of the one memory whose growth is recorded: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap()
}

fn events<H, S: Sites, const N: usize>(heap: &Traced<H, S, N>) -> (Vec<Event>, usize) {
    let mut events = Vec::new();
    let lost = heap.drain(&mut |event, _| events.push(event));
    (events, lost)
}

/// A block of `size` bytes, freed again.
fn touch(heap: &impl GlobalAlloc, size: usize) {
    // SAFETY: the size is not 0.
    let block = unsafe { heap.alloc(layout(size, 8)) };
    // SAFETY: allocated just now.
    unsafe { heap.dealloc(block, layout(size, 8)) };
}

#[test]
fn nothing_is_recorded_and_no_memory_taken_before_it_is_switched_on() {
    let _alone = alone();
    let pool = Pool::new(Simulation::new(Config::default()));
    let heap: Traced<_> = Traced::new(SlabHeap::with_memory(&pool));
    let pages = Machine.pages();
    touch(&heap, 100);
    assert_eq!(Machine.pages(), pages);
    assert_eq!(events(&heap), (vec![], 0));
    heap.start();
    touch(&heap, 100);
    heap.stop();
    touch(&heap, 100);
    assert_eq!(Machine.pages(), pages + RECORDS * 4 * size_of::<usize>() / PAGE);
    assert_eq!(events(&heap).0.len(), 2);
    assert_eq!(events(&heap), (vec![], 0));
}

#[test]
fn a_full_ring_loses_the_oldest_and_counts_them() {
    let _alone = alone();
    let pool = Pool::new(Simulation::new(Config::default()));
    let heap: Traced<_, NoSites, 16> = Traced::new(BumpHeap::with_memory(&pool));
    heap.start();
    for size in 1..=50 {
        touch(&heap, size);
    }
    let (last, lost) = events(&heap);
    assert_eq!((last.len(), lost), (16, 84));
    assert!(matches!(last[0], Event::Allocate { size: 43, .. }));
    assert!(matches!(last[15], Event::Deallocate { size: 50, .. }));

    for size in 1..=5 {
        touch(&heap, size);
    }
    assert_eq!((heap.drain(&mut |_, _| ()), events(&heap)), (0, (vec![], 0)));
    for size in 1..=50 {
        touch(&heap, size);
    }
    heap.clear();
    touch(&heap, 3);
    assert_eq!((events(&heap).0.len(), events(&heap).1), (2, 0));
}

#[test]
fn growth_is_recorded_before_the_operation_that_needed_it() {
    let _alone = alone();
    static HEAP: Traced<BuddyHeap> = Traced::new(BuddyHeap::new());
    HEAP.start();
    touch(&HEAP, 100);
    Machine.grow(3).unwrap();
    touch(&HEAP, 100);
    touch(&HEAP, 3 << 20);
    HEAP.stop();
    let (events, _) = events(&HEAP);
    let mut pages = None;
    let mut grown = Vec::new();
    for pair in events.windows(2) {
        if let [Event::Grow { from, to }, next] = *pair {
            assert!(pages.is_none_or(|pages| pages == from), "{events:?}");
            assert!(from < to);
            pages = Some(to);
            grown.push((to - from, next));
        }
    }
    assert_eq!(pages, Some(Machine.pages()));
    assert!(grown.iter().any(|(by, _)| *by == 3), "{grown:?}");
    let large = |(by, next): &(usize, Event)| {
        *by >= 48 && matches!(next, Event::Allocate { size, .. } if *size == 3 << 20)
    };
    assert!(grown.iter().any(large), "{grown:?}");
    HEAP.heap().check().unwrap();
}

/// The words of docs/trace-format.md, natively as wide as a pointer.
struct Outside {
    descriptor: [usize; 6],
}

impl Outside {
    const STATE: usize = 0;
    const RING: usize = 2;
    const WRITTEN: usize = 4;
    const READ: usize = 5;
    const LOST: usize = 6;

    fn new(descriptor: &TraceDescriptor) -> Outside {
        // SAFETY: it is that many words, whose values are valid as integers.
        Outside { descriptor: unsafe { ptr::from_ref(descriptor).cast::<[usize; 6]>().read() } }
    }

    fn word(&self, index: usize) -> *mut usize {
        (ptr::with_exposed_provenance_mut::<usize>(self.descriptor[5])).wrapping_add(index)
    }

    fn get(&self, index: usize) -> usize {
        // SAFETY: a word of the static heap's.
        unsafe { self.word(index).read_volatile() }
    }

    fn set(&self, index: usize, value: usize) {
        // SAFETY: a word of the control block of a static heap, which is always there.
        unsafe { self.word(index).write_volatile(value) }
    }
}

#[test]
// The reader has no pointer but what it finds as an integer.
#[cfg(not(miri))]
fn a_reader_from_outside_switches_it_on_and_reads_it() {
    let _alone = alone();
    static HEAP: Traced<SlabHeap, NoSites, 64> = Traced::new(SlabHeap::new());
    static DESCRIPTOR: TraceDescriptor = HEAP.trace_descriptor();
    let outside = Outside::new(&DESCRIPTOR);
    assert_eq!(outside.descriptor[..5], [0x544E_4F42, 2, 6, 4 * size_of::<usize>(), 64]);
    touch(&HEAP, 10);
    assert_eq!(outside.get(Outside::RING), 0);
    outside.set(Outside::STATE, 1);
    touch(&HEAP, 10);
    outside.set(Outside::STATE, 0);
    touch(&HEAP, 10);
    let written = outside.get(Outside::WRITTEN);
    assert!((2..=3).contains(&written), "two records, and maybe that memory grew");
    let last = outside.get(Outside::RING) + (written - 1) * outside.descriptor[3];
    let record = ptr::with_exposed_provenance::<[usize; 4]>(last);
    // SAFETY: a record that was written.
    let [head, address, size, _] = unsafe { record.read() };
    assert_eq!((head & 0xFF, head >> 8 & 0xFF, head >> 16, size), (3, 3, 1, 10));
    assert!(address != 0);
    outside.set(Outside::READ, written);
    assert_eq!(events(&HEAP), (vec![], 0));
}

#[test]
#[cfg(not(miri))]
fn a_reader_that_writes_nonsense_does_no_harm() {
    let _alone = alone();
    static HEAP: Traced<SlabHeap, NoSites, 64> = Traced::new(SlabHeap::new());
    static DESCRIPTOR: TraceDescriptor = HEAP.trace_descriptor();
    let outside = Outside::new(&DESCRIPTOR);
    // There is no ring yet.
    outside.set(Outside::READ, 5);
    assert_eq!(events(&HEAP).0, []);
    HEAP.start();
    for read in [usize::MAX, 1 << 20, 7, usize::MAX / 2] {
        outside.set(Outside::READ, read);
        outside.set(Outside::LOST, usize::MAX);
        touch(&HEAP, 10);
        outside.set(Outside::STATE, 99);
        touch(&HEAP, 10);
        HEAP.start();
        let (events, lost) = events(&HEAP);
        assert!(events.len() <= 64 && lost == usize::MAX);
    }
    HEAP.clear();
    HEAP.stop();
    assert_eq!(events(&HEAP), (vec![], 0));
}

enum Greedy {}

static SAMPLED: Traced<SlabHeap, Greedy> = Traced::new(SlabHeap::new());

impl Sites for Greedy {
    fn site(size: usize) -> usize {
        touch(&SAMPLED, 5000);
        size + 1
    }
}

#[test]
fn the_hook_numbers_samples_and_may_allocate() {
    let _alone = alone();
    SAMPLED.start();
    touch(&SAMPLED, 10);
    SAMPLED.sample(1);
    touch(&SAMPLED, 300);
    SAMPLED.sample(0);
    touch(&SAMPLED, 20);
    SAMPLED.stop();
    let (mut events, _) = events(&SAMPLED);
    events.retain(|event| !matches!(event, Event::Grow { .. }));
    let Event::Allocate { address, .. } = events[2] else { panic!("{events:?}") };
    let sizes: Vec<_> = events
        .iter()
        .map(|event| match *event {
            Event::Allocate { size, .. } => ("allocate", size),
            Event::Deallocate { size, .. } => ("deallocate", size),
            Event::Site { site, size, address: at } => {
                assert_eq!((at, size), (address, 300));
                ("site", site)
            }
            _ => panic!("{event:?}"),
        })
        .collect();
    let expected = [
        ("allocate", 10),
        ("deallocate", 10),
        ("allocate", 300),
        ("allocate", 5000),
        ("deallocate", 5000),
        ("site", 301),
        ("deallocate", 300),
        ("allocate", 20),
        ("deallocate", 20),
    ];
    assert_eq!(sizes, expected);
}

#[test]
fn the_heap_inside_is_seen_through_it() {
    let pool = Pool::new(Simulation::new(Config::default()));
    let heap: Traced<_> = Traced::new(SlabHeap::with_memory(&pool));
    // SAFETY: the size is not 0.
    unsafe { heap.alloc(layout(5000, 8)) };
    assert_eq!(heap.stats(), heap.heap().stats());
    heap.check().unwrap();
    let mut live = 0;
    heap.walk(&mut |block| live += usize::from(block.state == State::Live) * block.size);
    assert!(live >= 5000);
}

#[test]
fn it_says_whether_it_is_recording() {
    let _alone = alone();
    let pool = Pool::new(Simulation::new(Config::default()));
    let heap: Traced<_> = Traced::new(BumpHeap::with_memory(&pool));
    let says = || (heap.is_recording(), format!("{heap:?}"));
    let expected = |on| (on, format!("Traced {{ recording: {on}, .. }}"));
    assert_eq!(says(), expected(false));
    heap.start();
    assert_eq!(says(), expected(true));
    touch(&heap, 10);
    assert_eq!(says(), expected(true));
    heap.stop();
    assert_eq!(says(), expected(false));
}

#[test]
fn a_ring_for_which_there_is_no_memory_is_off_again() {
    let _alone = alone();
    let pool = Pool::new(Simulation::new(Config::default()));
    let heap: Traced<_, NoSites, { 1 << 27 }> = Traced::new(BumpHeap::with_memory(&pool));
    let before = Machine.pages();
    heap.start();
    touch(&heap, 10);
    assert!(!heap.is_recording());
    assert_eq!((events(&heap), Machine.pages()), ((vec![], 0), before));

    // However much is somebody else's, what is left will do.
    let most = 30_000;
    let foreign = most - before;
    if cfg!(miri) || Machine.grow(foreign).is_none() {
        return;
    }
    let heap: Traced<_> = Traced::new(BumpHeap::with_memory(&pool));
    heap.start();
    touch(&heap, 10);
    assert!(heap.is_recording());
    assert_eq!(events(&heap).0.len(), 2);
}

#[test]
fn what_is_recorded_while_it_is_read_comes_next_time() {
    let _alone = alone();
    let pool = Pool::new(Simulation::new(Config::default()));
    let heap: Traced<_> = Traced::new(BumpHeap::with_memory(&pool));
    heap.start();
    for size in 1..=3 {
        touch(&heap, size);
    }
    let mut seen = 0;
    heap.drain(&mut |_, _| {
        seen += 1;
        assert!(seen <= 6, "more is read than was there");
        touch(&heap, 100);
    });
    assert_eq!((seen, events(&heap).0.len()), (6, 12));
}

/// A heap that always has the same damage.
struct Damaged;

impl Inspect for Damaged {
    fn walk(&self, _: &mut dyn FnMut(Block)) {}

    fn check(&self) -> Result<(), Damage> {
        Err(Damage { address: 16, rule: "it is damaged" })
    }
}

#[test]
fn damage_of_the_heap_inside_is_told() {
    let heap: Traced<_> = Traced::new(Damaged);
    assert_eq!(heap.check(), Damaged.check());
}

/// Events as the records of a file, with addresses from `base` on.
fn recording(events: &[Event], base: usize) -> Recording {
    let record = |head: u32, align: usize, address: usize, size: usize, from: usize| {
        let at = |address: usize| if address == 0 { 0 } else { (address - base) as u32 };
        [head | align.trailing_zeros() << 8, at(address), size as u32, at(from)]
    };
    let records = events.iter().filter_map(|event| match *event {
        Event::Allocate { address, size, align, zeroed } => {
            let head = if zeroed { kind::ZEROED } else { kind::ALLOCATE };
            Some(record(head, align, address, size, 0))
        }
        Event::Deallocate { address, size, align } => {
            Some(record(kind::DEALLOCATE, align, address, size, 0))
        }
        Event::Reallocate { from, address, size, align } => {
            Some(record(kind::REALLOCATE, align, address, size, from))
        }
        _ => None,
    });
    Recording { records: records.collect(), ..Recording::default() }
}

#[test]
fn a_trace_that_is_recorded_saved_and_replayed_records_itself() {
    let _alone = alone();
    let operations = (subjects::named("slab-heap").unwrap().profile)().generate(11, 3000);
    let replayed = |operations: &[bonsai_testkit::Operation]| {
        let make: fn(&'static Pool<Simulation>) -> Traced<Heap<&'static Pool<Simulation>>> =
            |pool| Traced::new(Heap::with_memory(pool));
        let mut subject = HeapSubject::new("heap", Config::default(), make);
        subject.heap().start();
        let base = subject.pool().memory().addresses().start;
        run(&mut subject, operations, Options::NEVER).unwrap();
        recording(&events(subject.heap()).0, base)
    };
    let first = replayed(&operations);
    let read = Recording::parse(&first.bytes()).unwrap();
    assert_eq!(read, first);
    let plan = Plan::of(&read);
    let losses = [plan.unknown_frees, plan.unknown_reallocations, plan.implied_frees];
    assert_eq!(losses, [0; 3]);
    let again = replayed(&plan.operations);
    assert!(first.records.len() > 2000);
    assert_eq!(Plan::of(&again).operations, plan.operations);
}
