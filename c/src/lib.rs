//! `libbonsai.a`: C's allocation functions over a [`Heap`](bonsai_alloc::Heap), for C and C++
//! programs that are compiled to WebAssembly.
//!
//! Linked before the C library, its `malloc` and `free` take the place of those in there. Natively the
//! crate is empty: a program's C library has blocks of its own.

// On Emscripten, a kind of Unix, the library of heaps uses std.
#![cfg_attr(all(target_family = "wasm", not(unix)), no_std)]

#[cfg(target_family = "wasm")]
mod module {
    static HEAP: bonsai_alloc::Heap = bonsai_alloc::Heap::new();
    bonsai_alloc::c_interface!(HEAP);
    bonsai_alloc::inspectable!(HEAP);

    /// Stops the program. No function of the library panics.
    #[cfg(not(unix))]
    #[panic_handler]
    fn stop(_: &core::panic::PanicInfo) -> ! {
        core::arch::wasm32::unreachable()
    }
}
