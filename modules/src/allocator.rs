//! The module's global allocator: the one whose feature is on, or without any std's own.

#[cfg(feature = "bound")]
mod bound;
#[cfg(feature = "null")]
mod null;
#[cfg(feature = "watch")]
mod watch;

#[cfg(feature = "inspect")]
use bonsai_alloc::inspect::Inspect;
#[cfg(all(feature = "inspect", feature = "own"))]
use bonsai_alloc::inspect::{Block, State};

/// True if the module counts and checks instead of being timed.
pub const WATCHED: bool = cfg!(feature = "watch");

/// Makes `$new` the global allocator, inside of what is asked for around it.
#[allow(unused_macros, reason = "std's needs none, unless it is watched or recorded")]
macro_rules! global {
    ($allocator:ty, $new:expr) => {
        #[cfg(not(any(feature = "watch", feature = "trace")))]
        #[global_allocator]
        static ALLOCATOR: $allocator = $new;

        #[cfg(feature = "watch")]
        #[global_allocator]
        static ALLOCATOR: watch::Watch<$allocator> = watch::Watch::new($new);

        #[cfg(feature = "trace")]
        #[global_allocator]
        static ALLOCATOR: bonsai_alloc::trace::Traced<$allocator, Stack, RECORDS> =
            bonsai_alloc::trace::Traced::new($new);
    };
}

#[cfg(feature = "trace")]
bonsai_alloc::javascript_sites!(Stack);
/// The page drains the ring between calls and at each sample of a call site: it holds the frees of a document of some megabytes.
#[cfg(feature = "trace")]
const RECORDS: usize = 1 << 17;
#[cfg(feature = "trace")]
bonsai_alloc::traceable!(ALLOCATOR);

#[cfg(all(feature = "own", any(feature = "demo", feature = "workbench")))]
bonsai_alloc::inspectable!(ALLOCATOR);

macro_rules! allocators {
    ($($feature:literal: $allocator:ty = $new:expr;)*) => {
        $(
            #[cfg(feature = $feature)]
            global!($allocator, $new);
        )*

        #[cfg(all(any(feature = "watch", feature = "trace"), not(any($(feature = $feature),*))))]
        global!(std::alloc::System, std::alloc::System);
    };
}

allocators! {
    "heap": bonsai_alloc::Heap = bonsai_alloc::Heap::new();
    "slab": bonsai_alloc::SlabHeap = bonsai_alloc::SlabHeap::new();
    "buddy": bonsai_alloc::BuddyHeap = bonsai_alloc::BuddyHeap::new();
    "bump": bonsai_alloc::BumpHeap = bonsai_alloc::BumpHeap::new();
    "tiny": bonsai_alloc::TinyHeap = bonsai_alloc::TinyHeap::new();
    "talc": talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
    "wasmalloc": wasmalloc::WasmAlloc = wasmalloc::WasmAlloc::new();
    "rlsf": rlsf::GlobalTlsf = rlsf::GlobalTlsf::new();
    "rlsf-small": rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
    "lol": lol_alloc::AssumeSingleThreaded<lol_alloc::FreeListAllocator> = {
        // SAFETY: the module has one thread.
        unsafe { lol_alloc::AssumeSingleThreaded::new(lol_alloc::FreeListAllocator::new()) }
    };
    "lol-locked": lol_alloc::LockedAllocator<lol_alloc::FreeListAllocator> =
        lol_alloc::LockedAllocator::new(lol_alloc::FreeListAllocator::new());
    "wee": wee_alloc::WeeAlloc<'static> = wee_alloc::WeeAlloc::INIT;
    "bound": bound::Bound = bound::Bound::new();
    "null": null::Null = null::Null;
}

/// The allocator's view of itself, if it is one of this repository that knows its live blocks.
#[cfg(all(feature = "inspect", feature = "own", not(any(feature = "tiny", feature = "watch"))))]
pub fn view() -> Option<&'static dyn Inspect> {
    Some(&ALLOCATOR)
}

/// The allocator's view of itself: it has none.
#[cfg(all(
    feature = "inspect",
    not(all(feature = "own", not(any(feature = "tiny", feature = "watch"))))
))]
pub fn view() -> Option<&'static dyn Inspect> {
    None
}

/// Visits the heap's blocks as the crate itself sees them, by their addresses, each as three words: address, size
/// and state (0 live, 1 free, 2 the heap's own, 3 not the heap's). For tests of readers that look from outside.
#[cfg(all(feature = "inspect", feature = "own"))]
pub fn each_block(mut visit: impl FnMut([u32; 3])) {
    let mut visit = |Block { address, size, state }| {
        let state = match state {
            State::Live => 0,
            State::Free => 1,
            State::Meta => 2,
            State::Gap => 3,
        };
        visit([address as u32, size as u32, state]);
    };
    match view() {
        Some(view) => view.walk(&mut visit),
        None => each_free_block(&mut visit),
    }
}

/// A tiny heap knows its free blocks only, in no order: the least one above the last, again and again.
/// That is slow, and takes no memory.
#[cfg(all(feature = "inspect", feature = "tiny"))]
fn each_free_block(visit: &mut dyn FnMut(Block)) {
    #[cfg(feature = "trace")]
    let heap = ALLOCATOR.heap();
    #[cfg(not(feature = "trace"))]
    let heap = &ALLOCATOR;
    let mut last = 0;
    loop {
        let mut next: Option<Block> = None;
        heap.walk_free(|block| {
            if block.address > last && next.is_none_or(|least| block.address < least.address) {
                next = Some(block);
            }
        });
        let Some(block) = next else {
            return;
        };
        last = block.address;
        visit(block);
    }
}

/// Nothing of another allocator, or behind a watch, is seen.
#[cfg(all(feature = "inspect", feature = "own", not(feature = "tiny")))]
fn each_free_block(_: &mut dyn FnMut(Block)) {}

/// Nothing of an allocator that is not of this repository is known in the module.
#[cfg(all(feature = "demo", not(feature = "own")))]
pub fn each_block(_: impl FnMut([u32; 3])) {}
