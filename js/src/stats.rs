//! Sums over a handle's blocks, as a plain object.

use bonsai_alloc::inspect;
use js_sys::{Object, Reflect};
use wasm_bindgen::{JsCast as _, JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** Sums over the blocks of an allocator, in bytes unless they count blocks. */
export interface Stats {
  /** Handed out, in whole blocks: what was asked for and what rounding added. */
  readonly liveBytes: number;
  readonly liveBlocks: number;
  /** Ready to be handed out. */
  readonly freeBytes: number;
  readonly freeBlocks: number;
  /** The largest free block. */
  readonly largestFree: number;
  /** The allocator's own, or lost until more is given back. */
  readonly metaBytes: number;
  /** All of its region. */
  readonly regionBytes: number;
}
"#;

#[wasm_bindgen]
extern "C" {
    /// The object of the interface above.
    #[wasm_bindgen(typescript_type = "Stats")]
    #[derive(Debug)]
    pub type Stats;
}

/// `stats` for JavaScript.
pub fn to_js(stats: inspect::Stats) -> Stats {
    let object = Object::new();
    for (name, number) in [
        ("liveBytes", stats.live_bytes),
        ("liveBlocks", stats.live_blocks),
        ("freeBytes", stats.free_bytes),
        ("freeBlocks", stats.free_blocks),
        ("largestFree", stats.largest_free),
        ("metaBytes", stats.meta_bytes),
        ("regionBytes", stats.committed()),
    ] {
        let set = Reflect::set(&object, &name.into(), &JsValue::from_f64(number as f64));
        debug_assert!(set.is_ok(), "a fresh object takes every property");
    }
    object.unchecked_into()
}
