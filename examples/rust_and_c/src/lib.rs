//! Rust and C in one wasm module, with one heap.
//!
//! ```sh
//! cargo build --release --target wasm32-unknown-unknown   # needs clang
//! node ../inspect/inspect.mjs target/wasm32-unknown-unknown/release/rust_and_c.wasm remember 100
//! ```

use std::{cell::RefCell, ptr::NonNull, slice};

#[global_allocator]
static HEAP: bonsai_alloc::Heap = bonsai_alloc::Heap::new();

// C's malloc and free, over the heap of Rust.
bonsai_alloc::c_interface!(HEAP);
// The place of the heap in memory, for those who look into it.
bonsai_alloc::inspectable!(HEAP);

unsafe extern "C" {
    /// Returns a copy of `length` bytes in capitals, to be freed by C's `free`.
    fn shout(text: *const u8, length: usize) -> *mut u8;
    fn free(block: *mut u8);
}

/// Bytes that C allocated, and that Rust frees.
struct FromC {
    bytes: NonNull<u8>,
    length: usize,
}

impl FromC {
    /// Returns the text in capitals. `None` if there is no memory for it.
    fn shouted(text: &str) -> Option<Self> {
        // SAFETY: C reads `text.len()` bytes of a `str`, which has as many.
        let bytes = unsafe { shout(text.as_ptr(), text.len()) };
        Some(Self { bytes: NonNull::new(bytes)?, length: text.len() })
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: `shout` wrote `length` bytes there, and only `drop` frees them.
        unsafe { slice::from_raw_parts(self.bytes.as_ptr(), self.length) }
    }
}

impl Drop for FromC {
    fn drop(&mut self) {
        // SAFETY: `shout` took the block from `malloc`, and it is freed here alone.
        unsafe { free(self.bytes.as_ptr()) };
    }
}

thread_local! {
    /// Pairs of a text of Rust's and its copy in capitals, allocated by C.
    static KEPT: RefCell<Vec<(String, FromC)>> = const { RefCell::new(Vec::new()) };
}

/// Keeps `count` texts more, and their copies. Returns how many bytes all texts have.
#[unsafe(no_mangle)]
pub extern "C" fn remember(count: usize) -> usize {
    KEPT.with_borrow_mut(|kept| {
        for _ in 0..count {
            let text = format!("text number {}", kept.len());
            let Some(loud) = FromC::shouted(&text) else { break };
            assert_eq!(loud.bytes(), text.to_uppercase().as_bytes());
            kept.push((text, loud));
        }
        kept.iter().map(|(text, _)| text.len()).sum()
    })
}

/// Frees all that is kept.
#[unsafe(no_mangle)]
pub extern "C" fn forget() {
    KEPT.take();
}
