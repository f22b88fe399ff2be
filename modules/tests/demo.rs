//! The demo program on its default heap, as the page uses it.
#![cfg(target_arch = "wasm32")]

use bonsai_modules::demo::{Report, clear, parse, walk};
use js_sys::Reflect;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

const LIVE: u32 = 0;

/// Returns the bytes of the heap in each state. The blocks tile it.
fn bytes() -> [u32; 4] {
    let mut sums = [0; 4];
    let blocks = walk();
    let mut end = None;
    for i in (0..blocks.length()).step_by(3) {
        let address = blocks.get_index(i);
        assert_eq!(*end.get_or_insert(address), address);
        end = Some(address + blocks.get_index(i + 1));
        sums[blocks.get_index(i + 2) as usize] += blocks.get_index(i + 1);
    }
    sums
}

fn live() -> u32 {
    bytes()[LIVE as usize]
}

fn keep(kind: &str, source: &str) -> Report {
    parse(kind, source).unwrap_or_else(|error| panic!("{:?}", JsValue::from(error)))
}

fn report(kind: &str, source: &str) -> impl Fn(&str) -> JsValue {
    let report = keep(kind, source);
    move |name| Reflect::get(&report, &name.into()).unwrap()
}

#[track_caller]
fn assert_refused(kind: &str, source: &str, expected: &str) {
    let error: JsValue = parse(kind, source).expect_err("this is broken").into();
    let error: js_sys::Error = error.into();
    assert_eq!(error.message(), expected);
}

#[wasm_bindgen_test]
fn json() {
    let report = report("json", "{\"a\": [1, 2, {\"b\": \"c\"}], \"d\": null}");
    for (name, count) in [("values", 7), ("strings", 1), ("numbers", 2), ("depth", 3)] {
        assert_eq!(report(name), count, "{name}");
    }
    assert_eq!(report("kind"), "json");
    assert_eq!(report("summary"), "7 values, of them 1 string and 2 numbers, nested 3 deep");
}

#[wasm_bindgen_test]
fn markdown() {
    let report = report("markdown", "# One\n\ntwo [three](four) `five`\n\n## Six");
    for (name, count) in [("headings", 2), ("links", 1), ("words", 5)] {
        assert_eq!(report(name), count, "{name}");
    }
}

#[wasm_bindgen_test]
fn text() {
    let report = report("text", "The tree\nand the root.");
    for (name, count) in [("lines", 2), ("words", 5), ("distinct", 4)] {
        assert_eq!(report(name), count, "{name}");
    }
    assert_eq!(report("mostFrequent"), "the");
    assert_eq!(self::report("text", "")("mostFrequent"), "");
}

#[wasm_bindgen_test]
fn documents_are_kept_replaced_and_given_up() {
    clear();
    let empty = live();
    let large = format!("[{}0]", "\"some text\",".repeat(5000));
    keep("json", &large);
    let with_large = live() - large.len() as u32;
    assert!(with_large > empty + 5000 * 24, "{with_large} bytes hold 5000 values");
    assert_refused("json", "{\"a\": 1,\n \"b\" 2}", "expected `:` at line 2 column 6");
    assert!(live() - large.len() as u32 >= with_large, "the document before is still there");
    keep("json", "[]");
    assert!(live() < with_large, "a new document takes the place of the one before");
    drop(large);
    clear();
    assert_eq!(live(), empty);
}

#[wasm_bindgen_test]
fn other_kinds_are_refused() {
    let message = "kind must be \"json\", \"markdown\" or \"text\", and not \"yaml\"";
    assert_refused("yaml", "", message);
}

#[wasm_bindgen_test]
fn the_heap_can_be_found() {
    let exports = wasm_bindgen::exports();
    let global = Reflect::get(&exports, &"BONSAI_HEAP".into()).unwrap();
    let address = Reflect::get(&global, &"value".into()).unwrap().as_f64().expect("a number");
    let descriptor: *const u32 = std::ptr::with_exposed_provenance(address as usize);
    // SAFETY: the descriptor begins with these words.
    let words = unsafe { std::slice::from_raw_parts(descriptor, 4) };
    assert_eq!(words, [u32::from_le_bytes(*b"BONS"), 2, 5, 12]);
}
