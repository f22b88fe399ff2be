//! The document that the program parses and keeps.

use std::collections::BTreeMap;

use pulldown_cmark::{Event, Options, Parser};
use serde_json::Value;

/// A parsed file.
#[derive(Debug)]
pub enum Document {
    /// JSON: the tree of its values.
    Json(Value),
    /// Markdown: its headings, paragraphs, links and so on, in their order.
    Markdown(Vec<Event<'static>>),
    /// Any text: where in it each word stands.
    Text(Words),
}

/// The words of a text, in lower case, each with the numbers of the lines it is on.
#[derive(Debug, Default)]
pub struct Words {
    pub lines: usize,
    pub places: BTreeMap<String, Vec<u32>>,
}

impl Document {
    /// Parses `source`, a file of the kind that is named.
    ///
    /// # Errors
    /// A message for people, with line and column.
    // Call sites of what it allocates have its name.
    #[inline(never)]
    pub fn parse(kind: &str, source: &str) -> Result<Document, String> {
        match kind {
            "json" => match serde_json::from_str(source) {
                Ok(value) => Ok(Document::Json(value)),
                Err(error) => Err(error.to_string()),
            },
            "markdown" => {
                let events = Parser::new_ext(source, Options::all()).map(Event::into_static);
                Ok(Document::Markdown(events.collect()))
            }
            "text" => Ok(Document::Text(Words::of(source))),
            _ => Err(format!("kind must be \"json\", \"markdown\" or \"text\", and not {kind:?}")),
        }
    }
}

impl Words {
    fn of(text: &str) -> Words {
        let mut words = Words::default();
        for (number, line) in text.lines().enumerate() {
            words.lines += 1;
            for word in line.split(|c: char| !c.is_alphanumeric() && c != '\'') {
                if !word.is_empty() {
                    words.places.entry(word.to_lowercase()).or_default().push(number as u32);
                }
            }
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_json_is_refused_with_its_place() {
        for (source, message) in [
            ("{\"a\": [1,\n x]}", "expected value at line 2 column 2"),
            ("", "EOF while parsing a value at line 1 column 0"),
            ("{\"a\": 1} 2", "trailing characters at line 1 column 10"),
            (&"[".repeat(1000), "recursion limit exceeded at line 1 column 128"),
        ] {
            assert_eq!(Document::parse("json", source).unwrap_err(), message);
        }
    }

    #[test]
    fn json_keeps_its_values() {
        let Ok(Document::Json(value)) = Document::parse("json", "{\"é\": [1, null]}") else {
            panic!("this is JSON");
        };
        assert_eq!(value["é"][0], 1);
    }

    #[test]
    fn markdown_does_not_borrow_its_source() {
        let Ok(Document::Markdown(events)) = Document::parse("markdown", "# A\n\n[b](c) *d*")
        else {
            panic!("every text is Markdown");
        };
        let text: String = events
            .iter()
            .filter_map(|event| if let Event::Text(text) = event { Some(&**text) } else { None })
            .collect();
        assert_eq!(text, "Ab d");
    }

    #[test]
    fn words_are_counted_whatever_their_case() {
        let words = Words::of("The tree, the Tree.\n\nÉté's end -- été's");
        assert_eq!(words.lines, 3);
        let places: Vec<_> = words.places.iter().map(|(word, at)| (&**word, &**at)).collect();
        let expected: [(&str, &[u32]); 4] =
            [("end", &[2]), ("the", &[0, 0]), ("tree", &[0, 0]), ("été's", &[2, 2])];
        assert_eq!(places, expected);
    }

    #[test]
    fn no_other_kind_is_known() {
        assert!(Document::parse("yaml", "").unwrap_err().contains("and not \"yaml\""));
    }
}
