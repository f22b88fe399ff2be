//! The handles with the feature `checked`, in browsers: what JavaScript writes beyond a block.
#![cfg(all(target_family = "wasm", feature = "checked"))]

use bonsai_js::Slab;
use js_sys::{Array, Function, Reflect, Uint8Array, WebAssembly::Memory};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).expect("an object")
}

fn call(object: &JsValue, method: &str, arguments: &[JsValue]) -> Result<JsValue, JsValue> {
    let method: Function = get(object, method).dyn_into().expect("a method");
    method.apply(object, &arguments.iter().collect::<Array>())
}

/// A write behind a block: the console has the report, and so has the memory; the call traps.
#[wasm_bindgen_test]
fn an_overflow_is_told_to_the_console_and_traps() {
    let console = get(&js_sys::global(), "console");
    let (before, told) = (get(&console, "error"), Array::new());
    let slab: JsValue = Slab::new(&96.into(), &10.into()).unwrap_or_else(|_| panic!("room")).into();
    let address = call(&slab, "allocate", &[50.into(), 1.into()]).unwrap();
    let buffer = wasm_bindgen::memory().unchecked_into::<Memory>().buffer();
    let all = Uint8Array::new(&buffer);
    all.set_index(address.as_f64().unwrap() as u32 + 50, 0x41);
    let push: Function = get(&told, "push").unchecked_into();
    Reflect::set(&console, &"error".into(), &push.bind0(&told)).unwrap();
    let trap = call(&slab, "deallocate", &[address]);
    Reflect::set(&console, &"error".into(), &before).unwrap();
    let trap: js_sys::Error = trap.unwrap_err().unchecked_into();
    assert_eq!(trap.name(), "RuntimeError");
    assert_eq!(told.length(), 1);
    let text = told.get(0).as_string().unwrap();
    let starts = "bonsai_alloc: overflow: Slab ";
    assert!(text.starts_with(starts) && text.contains("from byte 50 on 41 fd"), "{text}");
    let at = get(&get(&wasm_bindgen::exports(), "BONSAI_REPORT"), "value").as_f64().unwrap() as u32;
    let buffer = wasm_bindgen::memory().unchecked_into::<Memory>().buffer();
    let left = Uint8Array::new(&buffer).slice(at, at + 4 + text.len() as u32).to_vec();
    assert_eq!(left[..4], (text.len() as u32).to_le_bytes());
    assert_eq!(left[4..], *text.as_bytes());
}
