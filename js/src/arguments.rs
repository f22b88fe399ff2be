//! Arguments from JavaScript, turned into numbers, or into an Error that says what is wrong.

use std::alloc::Layout;

use js_sys::BigInt;
use wasm_bindgen::{JsCast as _, JsError, JsValue};

/// The largest number that any argument can be: linear memory has no more bytes.
const MOST: f64 = 4_294_967_296.0;

/// A whole number from `least` to 4 GiB. `name` says which argument it is and `example` what would
/// do.
pub fn whole(value: &JsValue, name: &str, least: u32, example: &str) -> Result<usize, JsError> {
    let Some(number) = value.as_f64() else {
        let (what, instead) = describe(value);
        let example = format!("pass a number such as {example}");
        let instead = instead.unwrap_or(&example);
        return Err(error(&format!("{name} is {what} and not a number; {instead}")));
    };
    let wrong = if number.is_nan() {
        "is not a number (NaN)"
    } else if number < 0.0 {
        "is negative"
    } else if number > MOST {
        "is more than linear memory can have (4 GiB)"
    } else if number.fract() != 0.0 {
        "is not a whole number"
    } else if number < f64::from(least) {
        "is too small"
    } else if number == MOST {
        "is more than linear memory can give (4 GiB)"
    } else {
        // A whole number below 2^32.
        return Ok(number as u32 as usize);
    };
    Err(error(&format!(
        "{name} {wrong}: {number}; pass a number such as {example}, {least} or more"
    )))
}

/// A power of two.
pub fn power_of_two(value: &JsValue, name: &str, least: u32) -> Result<usize, JsError> {
    let number = whole(value, name, least, "16")?;
    if !number.is_power_of_two() {
        let above = (number as u64).next_power_of_two();
        let (below, above) = (above / 2, above.min(1 << 31));
        return Err(error(&format!(
            "{name} must be a power of two, and {number} is none; the nearest are {below} and {above}"
        )));
    }
    Ok(number)
}

/// The size and alignment of a request.
pub fn layout(size: &JsValue, align: &JsValue) -> Result<Layout, JsError> {
    let size = whole(size, "size", 1, "100")?;
    let align = power_of_two(align, "align", 1)?;
    Layout::from_size_align(size, align).map_err(|_| {
        error(&format!(
            "size {size} with align {align} is more than half of linear memory; ask for less"
        ))
    })
}

/// Returns the Error for an address at which no live block begins.
pub fn not_live(address: usize) -> JsError {
    error(&format!(
        "no live block begins at {address}; it was given back before, or never allocated here; pass an \
         address that allocate returned, once"
    ))
}

/// A JavaScript Error.
pub fn error(message: &str) -> JsError {
    JsError::new(message)
}

/// Describes a value that is not a number, and the remedy where there is a plain one.
fn describe(value: &JsValue) -> (String, Option<&'static str>) {
    let convert = Some("convert it with Number()");
    if value.is_undefined() {
        ("undefined".into(), Some("is an argument missing?"))
    } else if let Some(text) = value.as_string() {
        (format!("the string {:?}", short(&text)), convert)
    } else if value.has_type::<BigInt>() {
        ("a BigInt".into(), convert)
    } else if value.is_null() {
        ("null".into(), None)
    } else {
        (format!("of type {}", value.js_typeof().as_string().unwrap_or_default()), None)
    }
}

/// The beginning of a text that may be of any length.
fn short(text: &str) -> String {
    let mut start: String = text.chars().take(20).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}
