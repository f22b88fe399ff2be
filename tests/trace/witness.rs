//! Records beside the calls of a witness.

use std::{
    alloc::{GlobalAlloc, Layout},
    ops::Range,
    ptr::NonNull,
};

use bonsai_alloc::{
    BuddyHeap, BumpHeap, Heap, SlabHeap, TinyHeap,
    inspect::Inspect,
    linear::{Config, Pool, Simulation},
    trace::{Event, Traced},
};
use bonsai_testkit::{
    Legality, Model, Options, Profile, Subject, heaps::HeapSubject, run, subjects,
};

use crate::{alone, events};

/// A subject, and what it was asked and what it answered.
struct Witness<S> {
    subject: S,
    seen: Vec<Event>,
}

fn address(answer: Option<NonNull<[u8]>>) -> usize {
    answer.map_or(0, |block| block.cast::<u8>().as_ptr().addr())
}

// SAFETY: the blocks are those of the subject inside.
unsafe impl<S: Subject> Subject for Witness<S> {
    fn name(&self) -> &str {
        self.subject.name()
    }

    fn allocate(&mut self, layout: Layout) -> Option<NonNull<[u8]>> {
        let answer = self.subject.allocate(layout);
        let (size, align) = (layout.size(), layout.align());
        if size > 0 {
            let address = address(answer);
            self.seen.push(Event::Allocate { address, size, align, zeroed: false });
        }
        answer
    }

    fn zeroed(&mut self, layout: Layout) -> Option<Option<NonNull<[u8]>>> {
        let answer = self.subject.zeroed(layout);
        if let Some(answer) = answer {
            let (size, align) = (layout.size(), layout.align());
            self.seen.push(Event::Allocate { address: address(answer), size, align, zeroed: true });
        }
        answer
    }

    unsafe fn deallocate(&mut self, ptr: NonNull<u8>, layout: Layout) {
        let (size, align) = (layout.size(), layout.align());
        self.seen.push(Event::Deallocate { address: ptr.as_ptr().addr(), size, align });
        // SAFETY: `Subject::deallocate` has one contract, here and of the subject inside.
        unsafe { self.subject.deallocate(ptr, layout) }
    }

    unsafe fn reallocate(
        &mut self,
        ptr: NonNull<u8>,
        old: Layout,
        size: usize,
    ) -> Option<Option<NonNull<[u8]>>> {
        let from = ptr.as_ptr().addr();
        // SAFETY: `Subject::reallocate` has one contract, here and of the subject inside.
        let answer = unsafe { self.subject.reallocate(ptr, old, size) };
        if let Some(answer) = answer {
            let address = address(answer);
            self.seen.push(Event::Reallocate { from, address, size, align: old.align() });
        }
        answer
    }

    fn legality(&self, model: &Model, layout: Layout) -> Legality {
        self.subject.legality(model, layout)
    }

    fn owns(&self, range: Range<usize>) -> bool {
        self.subject.owns(range)
    }

    fn inspect(&self) -> Option<&dyn Inspect> {
        self.subject.inspect()
    }

    fn foreign(&mut self, pages: usize) {
        self.subject.foreign(pages);
    }

    fn refuse(&mut self, refuse: bool) {
        self.subject.refuse(refuse);
    }
}

fn recorded_is_done<H: GlobalAlloc + 'static>(
    name: &str,
    make: fn(&'static Pool<Simulation>) -> Traced<H>,
) {
    let profile = Profile { refuse: 5, ..(subjects::named("slab-heap").unwrap().profile)() };
    let operations = profile.generate(7, 4000);
    let subject = HeapSubject::new(name, Config::default(), make);
    subject.heap().start();
    let mut witness = Witness { subject, seen: Vec::new() };
    run(&mut witness, &operations, Options::NEVER).unwrap();
    let (mut recorded, lost) = events(witness.subject.heap());
    recorded.retain(|event| !matches!(event, Event::Grow { .. }));
    assert_eq!(lost, 0);
    let refused = |event: &Event| matches!(event, Event::Allocate { address: 0, .. });
    assert!(witness.seen.len() > 3000 && witness.seen.iter().any(refused), "too little to see");
    for (at, (recorded, seen)) in recorded.iter().zip(&witness.seen).enumerate() {
        assert_eq!(recorded, seen, "{name}, record {at}");
    }
    assert_eq!(recorded.len(), witness.seen.len(), "{name}");
}

#[test]
fn what_is_recorded_is_what_was_done() {
    let _alone = alone();
    recorded_is_done("heap", |pool| Traced::new(<Heap<_>>::with_memory(pool)));
    recorded_is_done("slab", |pool| Traced::new(SlabHeap::with_memory(pool)));
    recorded_is_done("buddy", |pool| Traced::new(BuddyHeap::with_memory(pool)));
    recorded_is_done("bump", |pool| Traced::new(BumpHeap::with_memory(pool)));
    recorded_is_done("tiny", |pool| Traced::new(TinyHeap::with_memory(pool)));
}
