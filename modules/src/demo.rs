//! A program as people write them: it parses a file with published crates and keeps what it
//! found. What the page shows is this module's heap.

mod document;
mod report;

use std::cell::RefCell;

use js_sys::Uint32Array;
use wasm_bindgen::prelude::*;

use self::document::Document;
pub use self::report::Report;
use crate::allocator;

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

/// The heap's blocks, three words each: [`allocator::each_block`] says which. A tiny heap shows its free ones.
#[wasm_bindgen]
pub fn walk() -> Uint32Array {
    // Nothing is allocated in this memory on the way: it would be part of the picture.
    let mut words = 0;
    allocator::each_block(|block| words += block.len() as u32);
    let array = Uint32Array::new_with_length(words);
    let mut next = 0;
    allocator::each_block(|block| {
        for word in block {
            array.set_index(next, word);
            next += 1;
        }
    });
    array
}
