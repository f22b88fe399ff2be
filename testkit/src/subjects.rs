//! Every allocator that is tested, by name.

use std::alloc::Layout;

use bonsai_alloc::{
    Buddy, BuddyHeap, Bump, BumpHeap, Global, Heap, Linear, Slab, SlabHeap, TinyHeap,
    inspect::Block,
    linear::{Config, PAGE, PageSource},
};

use crate::{
    Closeness, Profile, Promise, Sizes, Subject,
    cores::{BuddySubject, BumpSubject, SlabSubject},
    heaps::{HeapSubject, OwnedPool},
    pool::PoolSubject,
};

/// An allocator to test, and how to.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub name: &'static str,
    /// A new one.
    pub make: fn(&'static str) -> Box<dyn Subject>,
    /// The operations of a program that reaches all of it.
    pub profile: fn() -> Profile,
}

impl Entry {
    /// A new one.
    pub fn subject(&self) -> Box<dyn Subject> {
        (self.make)(self.name)
    }
}

/// The entry of that name.
pub fn named(name: &str) -> Option<Entry> {
    all().into_iter().find(|entry| entry.name == name)
}

/// Every allocator.
pub fn all() -> Vec<Entry> {
    [CORES, POOLS, BUMP_HEAPS, BUDDY_HEAPS, SLAB_HEAPS, GENERAL_HEAPS, TINY_HEAPS].concat()
}

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).expect("valid")
}

fn small_buddy() -> Profile {
    Profile {
        sizes: Sizes::Doublings(1..=4096),
        align: 1024,
        live: 150,
        grow: 20,
        shrink: 20,
        reset: 1,
        ..Profile::default()
    }
}

fn slab(size: usize, blocks: usize) -> Profile {
    Profile {
        sizes: Sizes::Uniform(0..=size + 1),
        align: 16,
        live: blocks + 2,
        grow: 10,
        shrink: 10,
        reset: 1,
        ..Profile::default()
    }
}

fn bump() -> Profile {
    Profile {
        sizes: Sizes::Doublings(1..=600),
        align: 256,
        live: 12,
        grow: 30,
        shrink: 30,
        reset: 3,
        ..Profile::default()
    }
}

/// The cores, over everything that can back them.
pub const CORES: &[Entry] = &[
    Entry {
        name: "buddy-raw",
        make: |name| Box::new(BuddySubject::<4096, 9, _>::raw(name, 4)),
        profile: small_buddy,
    },
    Entry {
        // A top level of one block; fourteen more below it.
        name: "buddy-deep",
        make: |name| Box::new(BuddySubject::<{ 1 << 18 }, 15, _>::raw(name, 1)),
        profile: || Profile {
            sizes: Sizes::Doublings(1..=1 << 17),
            align: 1 << 16,
            live: 300,
            ..small_buddy()
        },
    },
    Entry {
        name: "buddy-one-level",
        make: |name| Box::new(BuddySubject::<64, 1, _>::raw(name, 37)),
        profile: || Profile {
            sizes: Sizes::Uniform(0..=65),
            live: 40,
            align: 128,
            ..small_buddy()
        },
    },
    Entry {
        name: "buddy-gaps",
        make: |name| {
            let gaps = [16..48, 128..129, 1000..1040, 2047..2048];
            let buddy = Buddy::<1024, 7, Global>::try_new_with_offset_gaps(3, gaps).expect("valid");
            let whole = [16..48, 128..144, 992..1040, 2032..2048];
            Box::new(BuddySubject::new(name, buddy, ()).with_gaps(&whole))
        },
        profile: || Profile { sizes: Sizes::Doublings(1..=1024), ..small_buddy() },
    },
    Entry {
        name: "buddy-parts",
        make: |name| {
            let parts = [1024..1040, 0..512, 2048..3072, 1040..2048, 3200..3216];
            Box::new(BuddySubject::<1024, 7, _>::raw_in_parts(name, 4, &parts))
        },
        profile: || Profile { sizes: Sizes::Doublings(1..=1024), ..small_buddy() },
    },
    Entry {
        name: "buddy-global",
        make: |name| {
            let buddy = Buddy::<4096, 9, Global>::try_new(3).expect("memory");
            Box::new(BuddySubject::new(name, buddy, ()))
        },
        profile: small_buddy,
    },
    Entry {
        name: "buddy-linear",
        make: |name| {
            let buddy = Buddy::<4096, 9, Linear>::try_new_in(3, Linear).expect("memory");
            Box::new(BuddySubject::new(name, buddy, ()))
        },
        profile: small_buddy,
    },
    Entry {
        name: "buddy-simulated",
        make: |name| {
            let pool = OwnedPool::new(Config::default());
            // SAFETY: the subject drops the buddy before the pool.
            let buddy = Buddy::<4096, 9, _>::try_new_in(3, unsafe { pool.get() });
            Box::new(BuddySubject::new(name, buddy.expect("memory"), pool))
        },
        profile: small_buddy,
    },
    Entry {
        name: "slab-raw",
        make: |name| Box::new(SlabSubject::raw(name, 64, 50)),
        profile: || slab(64, 50),
    },
    Entry {
        name: "slab-odd",
        make: |name| Box::new(SlabSubject::raw(name, 23, 300)),
        profile: || slab(24, 300),
    },
    Entry {
        name: "slab-word",
        make: |name| Box::new(SlabSubject::raw(name, size_of::<usize>(), 70)),
        profile: || slab(size_of::<usize>(), 70),
    },
    Entry {
        name: "slab-global",
        make: |name| {
            Box::new(SlabSubject::new(name, Slab::<Global>::try_new(96, 40).expect("memory"), ()))
        },
        profile: || slab(96, 40),
    },
    Entry {
        name: "slab-linear",
        make: |name| {
            let slab = Slab::<Linear>::try_new_in(96, 40, Linear).expect("memory");
            Box::new(SlabSubject::new(name, slab, ()))
        },
        profile: || slab(96, 40),
    },
    Entry {
        name: "slab-simulated",
        make: |name| {
            let pool = OwnedPool::new(Config::default());
            // SAFETY: the subject drops the slab before the pool.
            let slab = Slab::try_new_in(128, 600, unsafe { pool.get() }).expect("memory");
            Box::new(SlabSubject::new(name, slab, pool))
        },
        profile: || Profile { align: 256, ..slab(128, 600) },
    },
    Entry {
        name: "bump-raw",
        make: |name| Box::new(BumpSubject::raw(name, layout(4000, 16))),
        profile: bump,
    },
    Entry {
        name: "bump-global",
        make: |name| {
            let bump = Bump::<Global>::try_new(layout(4099, 1)).expect("memory");
            Box::new(BumpSubject::new(name, bump, ()))
        },
        profile: bump,
    },
    Entry {
        name: "bump-linear",
        make: |name| {
            let bump = Bump::<Linear>::try_new_in(layout(4096, 4096), Linear).expect("memory");
            Box::new(BumpSubject::new(name, bump, ()))
        },
        profile: bump,
    },
    Entry {
        name: "bump-simulated",
        make: |name| {
            let pool = OwnedPool::new(Config::default());
            // SAFETY: the subject drops the allocator before the pool.
            let bump = Bump::try_new_in(layout(5000, 8), unsafe { pool.get() }).expect("memory");
            Box::new(BumpSubject::new(name, bump, pool))
        },
        profile: bump,
    },
];

/// Memory that can grow to 64 MiB; the program's data ends with a page.
const ROOMY: Config = Config { first_page: 0, pages: 1, max_pages: 1024, heap_base: None };
/// The program's data ends within a page, and there is memory behind it before the first growth.
const BELOW: Config =
    Config { heap_base: Some(PAGE + 12_344), pages: 4, max_pages: 1024, first_page: 0 };
/// Memory that can hardly grow.
const TIGHT: Config = Config { first_page: 0, pages: 1, max_pages: 6, heap_base: Some(1000) };
/// Memory that cannot grow at all.
const FIXED: Config = Config { first_page: 0, pages: 8, max_pages: 8, heap_base: Some(PAGE + 8) };
/// The last pages below 4 GiB.
const HIGH: Config =
    Config { first_page: 65_524, pages: 65_525, max_pages: 65_536, heap_base: None };

fn heap() -> Profile {
    Profile {
        sizes: Sizes::Doublings(1..=1 << 15),
        align: 4096,
        live: 200,
        zeroed: 30,
        reallocate: 60,
        refuse: 2,
        permit: 8,
        ..Profile::default()
    }
}

fn foreign() -> Profile {
    Profile { sizes: Sizes::Doublings(1..=1 << 17), align: 1 << 17, foreign: 2, ..heap() }
}

fn small_blocks() -> Profile {
    Profile { sizes: Sizes::Doublings(1..=3000), align: 64, live: 1500, ..heap() }
}

fn scarce() -> Profile {
    Profile { sizes: Sizes::Doublings(1..=1 << 15), live: 300, ..heap() }
}

/// For a heap that hardly uses anything again.
fn spent() -> Profile {
    Profile { sizes: Sizes::Doublings(1..=512), align: 64, ..scarce() }
}

/// The entries of one heap: in every kind of memory.
macro_rules! heap_entries {
    ($make:expr; $($name:literal, $config:ident, $profile:ident;)*) => {
        &[$(Entry {
            name: $name,
            make: |name| Box::new($make(name, $config)),
            profile: $profile,
        }),*]
    };
}

fn runs() -> Profile {
    Profile {
        sizes: Sizes::Doublings(1..=1 << 17),
        align: 1 << 17,
        live: 60,
        zeroed: 60,
        reallocate: 0,
        grow: 40,
        shrink: 40,
        foreign: 2,
        ..heap()
    }
}

/// The pool of pages, under every heap and every core that is backed by linear memory.
pub const POOLS: &[Entry] = heap_entries! {
    PoolSubject::new;
    "linear", ROOMY, runs;
    "linear-below", BELOW, runs;
    "linear-tight", TIGHT, runs;
    "linear-fixed", FIXED, runs;
    "linear-high", HIGH, runs;
};

const BUMP_HEAPS: &[Entry] = heap_entries! {
    |name, config| HeapSubject::new(name, config, BumpHeap::with_memory)
        .with_view(|heap| heap)
        .with_closeness(Closeness::Covers)
        .with_promise(Promise::Rest);
    "bump-heap", ROOMY, heap;
    "bump-heap-foreign", ROOMY, foreign;
    "bump-heap-small-blocks", ROOMY, small_blocks;
    "bump-heap-below", BELOW, heap;
    "bump-heap-tight", TIGHT, spent;
    "bump-heap-fixed", FIXED, spent;
    "bump-heap-high", HIGH, spent;
};

const BUDDY_HEAPS: &[Entry] = heap_entries! {
    |name, config| HeapSubject::new(name, config, BuddyHeap::with_memory)
        .with_view(|heap| heap)
        .with_promise(Promise::Orders { smallest: 16 });
    "buddy-heap", ROOMY, heap;
    "buddy-heap-foreign", ROOMY, foreign;
    "buddy-heap-small-blocks", ROOMY, small_blocks;
    "buddy-heap-below", BELOW, heap;
    "buddy-heap-tight", TIGHT, scarce;
    "buddy-heap-fixed", FIXED, scarce;
    "buddy-heap-high", HIGH, scarce;
};

const SLAB_HEAPS: &[Entry] = heap_entries! {
    |name, config| HeapSubject::new(name, config, SlabHeap::with_memory)
        .with_view(|heap| heap)
        .with_promise(Promise::Slabs);
    "slab-heap", ROOMY, heap;
    "slab-heap-foreign", ROOMY, foreign;
    "slab-heap-small-blocks", ROOMY, small_blocks;
    "slab-heap-below", BELOW, heap;
    "slab-heap-tight", TIGHT, scarce;
    "slab-heap-fixed", FIXED, scarce;
    "slab-heap-high", HIGH, scarce;
};

/// The promise of `Heap`.
pub const HEAP: Promise = Promise::Exact { granule: 16 };

const GENERAL_HEAPS: &[Entry] = heap_entries! {
    |name, config| HeapSubject::new(name, config, Heap::with_memory)
        .with_view(|heap| heap)
        .with_promise(HEAP);
    "heap", ROOMY, heap;
    "heap-foreign", ROOMY, foreign;
    "heap-small-blocks", ROOMY, small_blocks;
    "heap-below", BELOW, heap;
    "heap-tight", TIGHT, scarce;
    "heap-fixed", FIXED, scarce;
    "heap-high", HIGH, scarce;
};

/// The free blocks of a `TinyHeap`, by list.
pub fn free_of_tiny<M: PageSource>(heap: &TinyHeap<M>) -> Vec<Block> {
    let mut free = Vec::new();
    heap.walk_free(|block| free.push(block));
    free
}

const TINY_HEAPS: &[Entry] = heap_entries! {
    |name, config| HeapSubject::new(name, config, TinyHeap::with_memory)
        .with_free(free_of_tiny)
        .with_promise(Promise::Lists);
    "tiny-heap", ROOMY, heap;
    "tiny-heap-foreign", ROOMY, foreign;
    "tiny-heap-small-blocks", ROOMY, small_blocks;
    "tiny-heap-below", BELOW, heap;
    "tiny-heap-tight", TIGHT, scarce;
    "tiny-heap-fixed", FIXED, scarce;
    "tiny-heap-high", HIGH, scarce;
};

/// The heaps, each in memory of every kind.
pub fn heaps() -> Vec<Entry> {
    [BUMP_HEAPS, BUDDY_HEAPS, SLAB_HEAPS, GENERAL_HEAPS, TINY_HEAPS].concat()
}
