//! The sites of allocations: JavaScript's stack, which names this module's functions too.

use bonsai_alloc::trace::Sites;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// A function that whoever sets a sampling rate must have put into the global object before: it
    /// captures the stack, and returns the number that it keeps it under. It must not call this
    /// module.
    #[wasm_bindgen(js_namespace = globalThis, js_name = bonsaiSite)]
    fn bonsai_site(size: usize) -> usize;
}

/// The hook of the trace.
#[derive(Clone, Copy, Debug)]
pub enum Stack {}

impl Sites for Stack {
    fn site(size: usize) -> usize {
        bonsai_site(size)
    }
}
