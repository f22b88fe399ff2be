//! The report on a document: a sentence, and the numbers in it.

use js_sys::{Object, Reflect};
use pulldown_cmark::{Event, Tag};
use serde_json::Value;
use wasm_bindgen::{JsCast as _, JsValue, prelude::wasm_bindgen};

use super::document::{Document, Words};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** The contents of a document. */
export type Report = JsonReport | MarkdownReport | TextReport;

export interface JsonReport {
  readonly kind: "json";
  /** The numbers below in one sentence. */
  readonly summary: string;
  /** Objects, arrays, strings, numbers and so on, the outermost included. */
  readonly values: number;
  readonly strings: number;
  readonly numbers: number;
  /** The depth to which arrays and objects are nested. */
  readonly depth: number;
}

export interface MarkdownReport {
  readonly kind: "markdown";
  /** The numbers below in one sentence. */
  readonly summary: string;
  readonly headings: number;
  readonly links: number;
  readonly words: number;
}

export interface TextReport {
  readonly kind: "text";
  /** The numbers below in one sentence. */
  readonly summary: string;
  readonly lines: number;
  readonly words: number;
  /** Words that are not the same, whatever their case. */
  readonly distinct: number;
  /** The word that is there most often, "" if there is none. */
  readonly mostFrequent: string;
}
"#;

#[wasm_bindgen]
extern "C" {
    /// An object of the interfaces above.
    #[wasm_bindgen(typescript_type = "Report")]
    #[derive(Debug)]
    pub type Report;
}

/// Counts what is in a document.
pub fn of(document: &Document) -> Report {
    match document {
        Document::Json(value) => {
            let mut counts = Json::default();
            counts.add(value, 0);
            let Json { values, strings, numbers, depth } = counts;
            let summary = format!(
                "{}, of them {} and {}, nested {depth} deep",
                counted(values, "value"),
                counted(strings, "string"),
                counted(numbers, "number"),
            );
            object(
                "json",
                &summary,
                &[("values", values), ("strings", strings), ("numbers", numbers), ("depth", depth)],
            )
        }
        Document::Markdown(events) => {
            let (mut headings, mut links, mut words) = (0, 0, 0);
            for event in events {
                match event {
                    Event::Start(Tag::Heading { .. }) => headings += 1,
                    Event::Start(Tag::Link { .. }) => links += 1,
                    Event::Text(text) | Event::Code(text) => {
                        words += text.split_whitespace().count();
                    }
                    _ => {}
                }
            }
            let summary = [(words, "word"), (headings, "heading"), (links, "link")]
                .map(|(count, name)| counted(count, name))
                .join(", ");
            object(
                "markdown",
                &summary,
                &[("headings", headings), ("links", links), ("words", words)],
            )
        }
        Document::Text(Words { lines, places }) => {
            let words = places.values().map(Vec::len).sum();
            let distinct = places.len();
            let most = places.iter().max_by_key(|(_, places)| places.len());
            let most_frequent = most.map_or("", |(word, _)| word);
            let mut summary = format!(
                "{} in {}, {distinct} different",
                counted(words, "word"),
                counted(*lines, "line")
            );
            if let Some((word, places)) = most.filter(|(_, places)| places.len() > 1) {
                summary += &format!(
                    "; \u{201c}{word}\u{201d} is there most often, {}",
                    counted(places.len(), "time")
                );
            }
            let report = object(
                "text",
                &summary,
                &[("lines", *lines), ("words", words), ("distinct", distinct)],
            );
            set(&report, "mostFrequent", &most_frequent.into());
            report
        }
    }
}

/// Returns "1 word", or "2 words".
fn counted(count: usize, name: &str) -> String {
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

fn object(kind: &str, summary: &str, counts: &[(&str, usize)]) -> Report {
    let report: Report = Object::new().unchecked_into();
    set(&report, "kind", &kind.into());
    set(&report, "summary", &summary.into());
    for &(name, count) in counts {
        set(&report, name, &JsValue::from_f64(count as f64));
    }
    report
}

fn set(report: &Report, name: &str, value: &JsValue) {
    let set = Reflect::set(report, &name.into(), value);
    debug_assert!(set.is_ok(), "a fresh object takes every property");
}

#[derive(Default)]
struct Json {
    values: usize,
    strings: usize,
    numbers: usize,
    depth: usize,
}

impl Json {
    fn add(&mut self, value: &Value, depth: usize) {
        self.values += 1;
        self.depth = self.depth.max(depth);
        match value {
            Value::String(_) => self.strings += 1,
            Value::Number(_) => self.numbers += 1,
            Value::Array(items) => items.iter().for_each(|item| self.add(item, depth + 1)),
            Value::Object(fields) => fields.values().for_each(|field| self.add(field, depth + 1)),
            Value::Null | Value::Bool(_) => {}
        }
    }
}
