//! The house's language, as far as it can be held without judgement.
//!
//! A doc comment begins with a verb or a noun phrase, never with a question word. The reason of an
//! unsafe block names a fact, not another comment.

use std::path::Path;

use anyhow::{Result, bail};

use super::read;
use crate::process::cmd;

/// Doc comments do not begin with these.
const QUESTIONS: [&str; 8] = ["What", "Whether", "Where", "Who", "How", "If", "When", "Why"];

/// Reasons that are none by themselves, nor as the first words of one.
const EMPTY_REASONS: [&str; 7] = [
    "the same",
    "as above",
    "as before",
    "likewise",
    "none",
    "as the caller promises",
    "the caller promises",
];

/// Checks every Rust and TypeScript file of the repository.
pub fn comments() -> Result<()> {
    let files = cmd("git").args(["ls-files", "*.rs", "*.ts", "*.mjs"]).read()?;
    let mut complaints = Vec::new();
    for file in files.lines().filter(|file| Path::new(file).exists()) {
        let found = complaints_on(&read(&crate::root().join(file))?);
        complaints.extend(found.iter().map(|one| format!("{file}:{one}")));
    }
    if complaints.is_empty() { Ok(()) } else { bail!("{}", complaints.join("\n")) }
}

/// Returns a line for each comment that breaks a rule, beginning with its number.
fn complaints_on(source: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut in_docs = false;
    for (at, line) in source.lines().map(str::trim_start).enumerate() {
        let doc = ["///", "//!", "/**"].iter().find_map(|sign| line.strip_prefix(sign));
        if let Some(text) = doc.filter(|_| !in_docs).map(str::trim) {
            let first = text.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
            if QUESTIONS.contains(&first) {
                complaints.push(format!("{}: a doc comment begins with {first}: {text}", at + 1));
            }
        }
        in_docs = doc.is_some_and(|text| !text.trim().is_empty());
        if let Some(reason) = line.split("// SAFETY:").nth(1) {
            let first = reason.split(['.', ':', ';', ',']).next().unwrap_or_default();
            let reason = first.trim().to_lowercase();
            if EMPTY_REASONS.contains(&reason.as_str()) {
                complaints.push(format!("{}: SAFETY names no fact: {reason}", at + 1));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn question_words_and_empty_reasons_are_found() {
        let source = "//! How it is.\n//! What follows.\n\nfn f() {\n    /// Whether.\n    fn g() {}\n/** If so. */\n\
                      // SAF\u{45}TY: the same.\n    // SAF\u{45}TY: As above\n// SAF\u{45}TY: the same, and more.\n";
        let found = complaints_on(source);
        let lines: Vec<_> = found.iter().filter_map(|line| line.split(':').next()).collect();
        assert_eq!(lines, ["1", "5", "7", "8", "9", "10"]);
    }

    #[test]
    fn others_pass() {
        let source = "/// Returns true.\n/// What a caller gets is a block.\nfn f() {\n// What now?\n\
                      // SAFETY: the same block as `a`, which is live: `take` returned it.\n/// However.\n";
        assert_eq!(complaints_on(source), [""; 0]);
    }
}
