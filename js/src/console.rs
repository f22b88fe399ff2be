//! Reports of `checked`, to where a page's author looks.

use std::fmt::Write as _;

use bonsai_alloc::checked::{self, Message, Report};
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console)]
    fn error(text: &str);
}

/// Makes the console the place that reports go to, unless the program has chosen another one.
pub fn by_default() {
    if let Some(chosen) = checked::set_hook(Some(tell)) {
        checked::set_hook(Some(chosen));
    }
}

/// Allocates nothing: what is wrong may be the module's own heap.
fn tell(report: &Report) {
    let mut message = Message::EMPTY;
    // A text that is too long is cut.
    let _ = write!(message, "bonsai_alloc: {report}");
    error(message.text());
    checked::stop(report);
}
