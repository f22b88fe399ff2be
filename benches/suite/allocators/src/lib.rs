//! The allocators that the suite compares. Whichever feature is on makes one of them the global
//! allocator of the module that links this crate; without any it is std's own.

// Only wasm32 has them all, and nothing else is measured here.
#![cfg(target_arch = "wasm32")]

#[cfg(feature = "bound")]
pub mod bound;
#[cfg(feature = "null")]
pub mod null;
#[cfg(feature = "watch")]
pub mod watch;

/// True if the module counts and checks instead of being timed.
pub const WATCHED: bool = cfg!(feature = "watch");

/// Makes `$new` the global allocator, with a watch around it where that is asked for.
#[allow(unused_macros, reason = "std's needs none, unless it is watched")]
macro_rules! contestant {
    ($allocator:ty, $new:expr) => {
        #[cfg(not(feature = "watch"))]
        #[global_allocator]
        static ALLOCATOR: $allocator = $new;

        #[cfg(feature = "watch")]
        #[global_allocator]
        static ALLOCATOR: watch::Watch<$allocator> = watch::Watch::new($new);
    };
}

#[cfg(feature = "talc")]
contestant!(talc::wasm::WasmDynamicTalc, talc::wasm::new_wasm_dynamic_allocator());

#[cfg(feature = "rlsf")]
contestant!(rlsf::GlobalTlsf, rlsf::GlobalTlsf::new());

#[cfg(feature = "rlsf-small")]
contestant!(rlsf::SmallGlobalTlsf, rlsf::SmallGlobalTlsf::new());

#[cfg(feature = "lol")]
contestant!(
    lol_alloc::AssumeSingleThreaded<lol_alloc::FreeListAllocator>,
    // SAFETY: the module has one thread.
    unsafe { lol_alloc::AssumeSingleThreaded::new(lol_alloc::FreeListAllocator::new()) }
);

#[cfg(feature = "lol-locked")]
contestant!(
    lol_alloc::LockedAllocator<lol_alloc::FreeListAllocator>,
    lol_alloc::LockedAllocator::new(lol_alloc::FreeListAllocator::new())
);

#[cfg(feature = "wee")]
contestant!(wee_alloc::WeeAlloc<'static>, wee_alloc::WeeAlloc::INIT);

#[cfg(feature = "wasmalloc")]
contestant!(wasmalloc::WasmAlloc, wasmalloc::WasmAlloc::new());

#[cfg(feature = "null")]
contestant!(null::Null, null::Null);

#[cfg(feature = "bump")]
contestant!(bonsai_alloc::BumpHeap, bonsai_alloc::BumpHeap::new());

#[cfg(feature = "buddy")]
contestant!(bonsai_alloc::BuddyHeap, bonsai_alloc::BuddyHeap::new());

#[cfg(feature = "slab")]
contestant!(bonsai_alloc::SlabHeap, bonsai_alloc::SlabHeap::new());

#[cfg(feature = "tiny")]
contestant!(bonsai_alloc::TinyHeap, bonsai_alloc::TinyHeap::new());

#[cfg(feature = "heap")]
contestant!(bonsai_alloc::Heap, bonsai_alloc::Heap::new());

#[cfg(feature = "bound")]
contestant!(bound::Bound, bound::Bound::new());

#[cfg(all(
    feature = "watch",
    not(any(
        feature = "talc",
        feature = "wasmalloc",
        feature = "lol-locked",
        feature = "null",
        feature = "rlsf",
        feature = "rlsf-small",
        feature = "lol",
        feature = "wee",
        feature = "bump",
        feature = "buddy",
        feature = "slab",
        feature = "tiny",
        feature = "heap",
        feature = "bound"
    ))
))]
contestant!(std::alloc::System, std::alloc::System);

/// Asks the allocator's view of itself, where there is one that its user sees.
macro_rules! ask {
    (|$view:ident| $answer:expr, or $other:expr) => {{
        #[cfg(all(
            any(feature = "heap", feature = "slab", feature = "buddy", feature = "bump"),
            not(feature = "watch")
        ))]
        let answer = {
            let $view: &dyn bonsai_alloc::inspect::Inspect = &ALLOCATOR;
            $answer
        };
        #[cfg(not(all(
            any(feature = "heap", feature = "slab", feature = "buddy", feature = "bump"),
            not(feature = "watch")
        )))]
        let answer = $other;
        answer
    }};
}

/// Returns true if the allocator finds its own bookkeeping sound; those that cannot tell are believed.
pub fn sound() -> bool {
    ask!(|view| view.check().is_ok(), or true)
}

/// Returns the number of live blocks as the allocator has it; 0 from those that cannot tell.
pub fn live_blocks() -> usize {
    ask!(|view| view.stats().live_blocks, or 0)
}
