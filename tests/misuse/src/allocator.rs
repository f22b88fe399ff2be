//! The allocator of the module: `Heap`, unless a feature names another one.

/// One allocator a feature. `std` is none of these: what std has where nobody names one.
macro_rules! allocators {
    ($($feature:literal: $allocator:ty = $new:expr;)*) => {
        $(
            #[cfg(feature = $feature)]
            #[global_allocator]
            static ALLOCATOR: $allocator = $new;
        )*

        #[cfg(not(any(feature = "std", $(feature = $feature),*)))]
        #[global_allocator]
        static ALLOCATOR: bonsai_alloc::Heap = bonsai_alloc::Heap::new();
    };
}

allocators! {
    "slab": bonsai_alloc::SlabHeap = bonsai_alloc::SlabHeap::new();
    "buddy": bonsai_alloc::BuddyHeap = bonsai_alloc::BuddyHeap::new();
    "bump": bonsai_alloc::BumpHeap = bonsai_alloc::BumpHeap::new();
    "tiny": bonsai_alloc::TinyHeap = bonsai_alloc::TinyHeap::new();
    "talc": talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
    "rlsf": rlsf::GlobalTlsf = rlsf::GlobalTlsf::new();
    "lol": lol_alloc::AssumeSingleThreaded<lol_alloc::FreeListAllocator> = {
        // SAFETY: the module has one thread.
        unsafe { lol_alloc::AssumeSingleThreaded::new(lol_alloc::FreeListAllocator::new()) }
    };
}
