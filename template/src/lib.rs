//! A module for the browser on bonsai_alloc's heap, open to inspection.

use std::collections::BTreeMap;

use wasm_bindgen::prelude::*;

#[global_allocator]
static HEAP: bonsai_alloc::Heap = bonsai_alloc::Heap::new();

// Exports the place of the heap, so that a page can show it. Costs nothing while the module runs.
bonsai_alloc::inspectable!(HEAP);

/// Counts words, and keeps the counts.
#[wasm_bindgen]
#[derive(Default, Debug)]
pub struct Words(BTreeMap<String, u32>);

#[wasm_bindgen]
impl Words {
    /// Makes an empty count.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Words {
        Words::default()
    }

    /// Counts the words of a text. Returns how many different words there are.
    pub fn add(&mut self, text: &str) -> usize {
        for word in text.split_whitespace() {
            *self.0.entry(word.to_lowercase()).or_default() += 1;
        }
        self.0.len()
    }

    /// Returns how often a word was counted.
    pub fn count(&self, word: &str) -> u32 {
        self.0.get(word).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::Words;

    #[test]
    fn words_are_counted_in_either_case() {
        let mut words = Words::new();
        assert_eq!(words.add("the Fox and the fox"), 3);
        assert_eq!((words.count("fox"), words.count("the"), words.count("dog")), (2, 2, 0));
    }
}
