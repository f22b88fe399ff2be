//! The table of contracts in docs/checked.md: it names each unsafe function that users can call.

use anyhow::{Result, bail};

use super::{files_below, read};

/// The part of the document that lists them.
const HEADING: &str = "## The contracts of unsafe functions";

pub fn listed() -> Result<()> {
    let document = read(&crate::root().join("docs/checked.md"))?;
    let table = section(&document);
    let mut missing = Vec::new();
    let mut found = 0;
    let folder = crate::root().join("src");
    for file in files_below(&folder, ".rs")? {
        for name in unsafe_items(&read(&file)?) {
            found += 1;
            if !names(table, name) {
                missing.push(format!("{}: `{name}`", file.display()));
            }
        }
    }
    if found == 0 {
        bail!("there is no unsafe function in {}", folder.display());
    }
    if !missing.is_empty() {
        bail!("docs/checked.md, {HEADING:?}, does not name\n{}", missing.join("\n"));
    }
    Ok(())
}

/// Returns the text below the heading, up to the next one.
fn section(document: &str) -> &str {
    let rest = document.split_once(HEADING).map_or("", |(_, rest)| rest);
    rest.split("\n## ").next().unwrap_or("")
}

/// The names of public unsafe functions and traits in a file.
fn unsafe_items(source: &str) -> impl Iterator<Item = &str> {
    source.lines().filter_map(|line| {
        let line = line.trim_start();
        let rest = line.strip_prefix("pub unsafe fn ").or(line.strip_prefix("pub unsafe trait "))?;
        rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()
    })
}

/// Returns true if a text has the name in it as a word of code.
fn names(text: &str, name: &str) -> bool {
    let mut codes = text.split('`').skip(1).step_by(2);
    codes.any(|code| code.rsplit("::").next() == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_unsafe_items_are_found() {
        let source = "pub unsafe fn one(\n    pub unsafe fn two<T>() {}\nunsafe fn three() {}\n\
                      pub(crate) unsafe fn four() {}\n/// pub unsafe fn five\npub unsafe trait Six {";
        assert_eq!(unsafe_items(source).collect::<Vec<_>>(), ["one", "two", "Six"]);
    }

    #[test]
    fn a_table_names_what_stands_in_it_as_code() {
        let document =
            format!("`early`\n{HEADING}\n| `Tree::give`, `take` | give up |\n## Next\n`late`");
        let table = section(&document);
        assert!(names(table, "give") && names(table, "take"));
        for other in ["early", "late", "up", "Tree", "giv"] {
            assert!(!names(table, other), "{other}");
        }
    }
}
