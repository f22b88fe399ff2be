//! A ring that takes the last pages of memory, and one for which there are none: alone in its process,
//! because the memory of a native program is used up.

use std::alloc::{GlobalAlloc, Layout};

use bonsai_alloc::{
    TinyHeap,
    linear::{Config, LinearMemory, Machine, PAGE, Pool, Simulation},
    trace::{Event, NoSites, Traced},
};
use bonsai_testkit::MACHINE_PAGES as LIMIT;

const RECORDS: usize = 1 << 12;
const RING: usize = 4 * size_of::<usize>() * RECORDS / PAGE;

#[test]
fn a_ring_takes_the_last_pages_there_are_or_none() {
    let pool = Pool::new(Simulation::new(Config::default()));
    let make = || Traced::<_, NoSites, RECORDS>::new(TinyHeap::with_memory(&pool));
    let wanted = Layout::new::<[u8; 100]>();
    assert_eq!(Machine.grow(LIMIT - RING), Some(0));

    let heap = make();
    heap.start();
    // SAFETY: the size is not 0.
    assert!(!unsafe { heap.alloc(wanted) }.is_null());
    assert!(heap.is_recording());
    assert_eq!(Machine.pages(), LIMIT);
    let mut events = 0;
    assert_eq!(
        heap.drain(&mut |event, _| events += usize::from(matches!(event, Event::Allocate { .. }))),
        0
    );
    assert_eq!(events, 1);

    let other = make();
    other.start();
    // SAFETY: the size is not 0.
    assert!(!unsafe { other.alloc(wanted) }.is_null(), "the heap has memory of its own");
    assert!(!other.is_recording());
    assert_eq!((other.drain(&mut |_, _| panic!("recorded nowhere")), Machine.pages()), (0, LIMIT));
}
