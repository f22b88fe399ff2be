//! A module that holds an allocator and nothing else: what it weighs, less what the same module
//! weighs over an allocator that always fails, is what the allocator costs its user.
//!
//! The four functions of an allocator are exported with sizes and alignments that nobody knows at
//! compile time, so nothing of it can be optimised away. `size.mjs` builds and weighs.

use std::alloc::{self, Layout};

#[cfg(all(target_arch = "wasm32", feature = "null"))]
mod null {
    use std::alloc::{GlobalAlloc, Layout};

    /// Fails, always.
    #[derive(Debug)]
    pub struct Null;

    // SAFETY: it hands out nothing.
    unsafe impl GlobalAlloc for Null {
        unsafe fn alloc(&self, _: Layout) -> *mut u8 {
            std::ptr::null_mut()
        }
        unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
    }
}

#[cfg(all(target_arch = "wasm32", feature = "null"))]
#[global_allocator]
static ALLOCATOR: null::Null = null::Null;

#[cfg(all(target_arch = "wasm32", feature = "heap"))]
#[global_allocator]
static ALLOCATOR: bonsai_alloc::Heap = bonsai_alloc::Heap::new();

#[cfg(all(target_arch = "wasm32", feature = "tiny"))]
#[global_allocator]
static ALLOCATOR: bonsai_alloc::TinyHeap = bonsai_alloc::TinyHeap::new();

#[cfg(all(target_arch = "wasm32", feature = "bump"))]
#[global_allocator]
static ALLOCATOR: bonsai_alloc::BumpHeap = bonsai_alloc::BumpHeap::new();

#[cfg(all(target_arch = "wasm32", feature = "buddy"))]
#[global_allocator]
static ALLOCATOR: bonsai_alloc::BuddyHeap = bonsai_alloc::BuddyHeap::new();

#[cfg(all(target_arch = "wasm32", feature = "slab"))]
#[global_allocator]
static ALLOCATOR: bonsai_alloc::SlabHeap = bonsai_alloc::SlabHeap::new();

#[cfg(all(target_arch = "wasm32", feature = "talc"))]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

#[cfg(all(target_arch = "wasm32", feature = "rlsf"))]
#[global_allocator]
static ALLOCATOR: rlsf::GlobalTlsf = rlsf::GlobalTlsf::new();

#[cfg(all(target_arch = "wasm32", feature = "rlsf-small"))]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

#[cfg(all(target_arch = "wasm32", feature = "lol"))]
#[global_allocator]
static ALLOCATOR: lol_alloc::AssumeSingleThreaded<lol_alloc::FreeListAllocator> =
    // SAFETY: the module has one thread.
    unsafe { lol_alloc::AssumeSingleThreaded::new(lol_alloc::FreeListAllocator::new()) };

#[cfg(all(target_arch = "wasm32", feature = "lol-locked"))]
#[global_allocator]
static ALLOCATOR: lol_alloc::LockedAllocator<lol_alloc::FreeListAllocator> =
    lol_alloc::LockedAllocator::new(lol_alloc::FreeListAllocator::new());

/// # Safety
/// `size` and `align` make a layout.
unsafe fn layout(size: usize, align: usize) -> Layout {
    // SAFETY: as the caller promises.
    unsafe { Layout::from_size_align_unchecked(size, align) }
}

/// # Safety
/// As [`alloc::alloc`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn allocate(size: usize, align: usize) -> *mut u8 {
    // SAFETY: as the caller promises.
    let layout = unsafe { layout(size, align) };
    // SAFETY: as the caller promises.
    unsafe { alloc::alloc(layout) }
}

/// # Safety
/// As [`alloc::alloc_zeroed`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn allocate_zeroed(size: usize, align: usize) -> *mut u8 {
    // SAFETY: as the caller promises.
    let layout = unsafe { layout(size, align) };
    // SAFETY: as the caller promises.
    unsafe { alloc::alloc_zeroed(layout) }
}

/// # Safety
/// As [`alloc::realloc`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn reallocate(
    block: *mut u8,
    size: usize,
    align: usize,
    new_size: usize,
) -> *mut u8 {
    // SAFETY: as the caller promises.
    let layout = unsafe { layout(size, align) };
    // SAFETY: as the caller promises.
    unsafe { alloc::realloc(block, layout, new_size) }
}

/// # Safety
/// As [`alloc::dealloc`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn deallocate(block: *mut u8, size: usize, align: usize) {
    // SAFETY: as the caller promises.
    let layout = unsafe { layout(size, align) };
    // SAFETY: as the caller promises.
    unsafe { alloc::dealloc(block, layout) }
}
