//! A program as people write them: it parses a file with published crates and keeps what it
//! found. What the page shows is this module's heap.
//!
//! Which of bonsai_alloc's heaps it runs on is a feature of this crate; the rest of the program does
//! not know. README.md says how to build it.

mod document;
mod report;

use std::cell::RefCell;

use bonsai_alloc::inspectable;
use js_sys::Uint32Array;
use wasm_bindgen::prelude::*;

use self::document::Document;
pub use self::report::Report;

// Where several are chosen, the one that can do least: `cargo build --all-features` is none of a
// user's choices, but must do something.
#[cfg(all(feature = "buddy", not(any(feature = "bump", feature = "tiny"))))]
use bonsai_alloc::BuddyHeap as Heap;
#[cfg(all(feature = "bump", not(feature = "tiny")))]
use bonsai_alloc::BumpHeap as Heap;
#[cfg(not(any(feature = "slab", feature = "buddy", feature = "bump", feature = "tiny")))]
use bonsai_alloc::Heap;
#[cfg(all(feature = "slab", not(any(feature = "buddy", feature = "bump", feature = "tiny"))))]
use bonsai_alloc::SlabHeap as Heap;
#[cfg(feature = "tiny")]
use bonsai_alloc::TinyHeap as Heap;

#[cfg(not(feature = "trace"))]
#[global_allocator]
static HEAP: Heap = Heap::new();

#[cfg(feature = "trace")]
bonsai_alloc::javascript_sites!(Stack);
#[cfg(feature = "trace")]
#[global_allocator]
static HEAP: bonsai_alloc::trace::Traced<Heap, Stack, RECORDS> =
    bonsai_alloc::trace::Traced::new(Heap::new());
/// The page drains the ring between calls and at each sample of a call site: it holds the frees of a document of some megabytes.
#[cfg(feature = "trace")]
const RECORDS: usize = 1 << 17;
#[cfg(feature = "trace")]
bonsai_alloc::traceable!(HEAP);

inspectable!(HEAP);

thread_local! {
    static DOCUMENT: RefCell<Option<Document>> = const { RefCell::new(None) };
}

/// Parses `source` and keeps the document, in place of the one before, until `clear`.
///
/// Throws an Error with the parser's message, line and column if `source` is broken; the document
/// before is then still there.
#[wasm_bindgen]
pub fn parse(
    #[wasm_bindgen(unchecked_param_type = "\"json\" | \"markdown\" | \"text\"")] kind: &str,
    source: &str,
) -> Result<Report, JsError> {
    let document = Document::parse(kind, source).map_err(|error| JsError::new(&error))?;
    let report = report::of(&document);
    DOCUMENT.replace(Some(document));
    Ok(report)
}

/// Gives up the document.
#[wasm_bindgen]
pub fn clear() {
    DOCUMENT.take();
}

/// The heap's blocks as the crate itself sees them: address, size and state (0 live, 1 free,
/// 2 the heap's own, 3 not the heap's) of each, in the order of their addresses. For tests of readers that
/// look from outside.
///
/// A tiny heap knows its free blocks only, and shows those.
#[wasm_bindgen]
pub fn walk() -> Uint32Array {
    use bonsai_alloc::inspect::State;

    // Nothing is allocated in this memory on the way: it would be part of the picture.
    let mut words = 0;
    each_block(&mut |_| words += 3);
    let array = Uint32Array::new_with_length(words);
    let mut next = 0;
    each_block(&mut |block| {
        let state = match block.state {
            State::Live => 0,
            State::Free => 1,
            State::Meta => 2,
            State::Gap => 3,
        };
        for word in [block.address as u32, block.size as u32, state] {
            array.set_index(next, word);
            next += 1;
        }
    });
    array
}

#[cfg(not(feature = "tiny"))]
fn each_block(visit: &mut dyn FnMut(bonsai_alloc::inspect::Block)) {
    use bonsai_alloc::inspect::Inspect as _;

    HEAP.walk(visit);
}

#[cfg(all(feature = "tiny", feature = "trace"))]
fn heap() -> &'static Heap {
    HEAP.heap()
}

#[cfg(all(feature = "tiny", not(feature = "trace")))]
fn heap() -> &'static Heap {
    &HEAP
}

/// In the order of their addresses, as the other heaps do it: the least one above the last, again
/// and again. That is slow, and takes no memory.
#[cfg(feature = "tiny")]
fn each_block(visit: &mut dyn FnMut(bonsai_alloc::inspect::Block)) {
    let mut last = 0;
    loop {
        let mut next: Option<bonsai_alloc::inspect::Block> = None;
        heap().walk_free(|block| {
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
