//! The buffer in which a handle shows its blocks to JavaScript.

use bonsai_alloc::inspect::{Block, Inspect, State};
use js_sys::Uint32Array;
use wasm_bindgen::{JsCast as _, JsError};

use crate::arguments::error;

/// Blocks as words, and JavaScript's view of them.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// The count, and address, size and state of each block.
    words: Vec<u32>,
    /// A view of all that `words` has allocated.
    view: Option<Uint32Array>,
}

impl Snapshot {
    /// Shows every block of `subject`.
    ///
    /// # Errors
    /// If there is no memory for so many.
    pub fn show(&mut self, subject: &impl Inspect) -> Result<Uint32Array, JsError> {
        self.words.clear();
        let mut complete = self.words.try_reserve(64).is_ok();
        self.words.push(0);
        subject.walk(&mut |block| complete &= self.push(block));
        if !complete {
            self.words.clear();
            return Err(error("no memory is left to list the blocks in; free something first"));
        }
        self.words[0] = (self.words.len() / 3) as u32;
        Ok(self.view())
    }

    fn push(&mut self, block: Block) -> bool {
        let state = match block.state {
            State::Live => 0,
            State::Free => 1,
            State::Meta => 2,
            State::Gap => 3,
        };
        let fits = self.words.try_reserve(3).is_ok();
        if fits {
            self.words.extend([block.address as u32, block.size as u32, state]);
        }
        fits
    }

    /// The view there was, unless it became stale: the buffer moved or grew, or memory grew, after
    /// which a view has no length.
    fn view(&mut self) -> Uint32Array {
        let start = self.words.as_ptr();
        let len = self.words.capacity() as u32;
        if let Some(view) = &self.view {
            if view.length() == len && view.byte_offset() == start as u32 {
                return view.clone();
            }
        }
        let buffer =
            wasm_bindgen::memory().unchecked_into::<js_sys::WebAssembly::Memory>().buffer();
        let view = Uint32Array::new_with_byte_offset_and_length(&buffer, start as u32, len);
        self.view.insert(view).clone()
    }
}
