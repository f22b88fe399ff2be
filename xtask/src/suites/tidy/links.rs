//! The links of every Markdown file.
//!
//! Readers meet a README in four places: the repository, a registry, docs.rs and npm. A relative link
//! works in the first alone, so a text that is read elsewhere has absolute ones.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use pulldown_cmark::{BrokenLink, CowStr, Event, LinkType, Options, Parser, Tag};

use super::read;
use crate::process::cmd;

/// Texts that are read outside of the repository: on docs.rs, and in the npm package.
const ABROAD: [&str; 2] = ["README.md", "www/component/README.md"];

/// The most lines of the README.
const README_LINES: usize = 100;

/// The pages of the library on docs.rs.
const PAGES: &str = "https://docs.rs/bonsai_alloc/latest/";

/// Checks that links of Markdown files lead to files that exist, and that the README is short.
pub fn lead_somewhere() -> Result<()> {
    let files = cmd("git").args(["ls-files", "*.md"]).read()?;
    let repository = repository()?;
    let mut complaints = Vec::new();
    for file in files.lines().filter(|file| Path::new(file).exists()) {
        let text = read(&crate::root().join(file))?;
        let wrong = |link: &String| complaint(file, link, &repository);
        complaints.extend(links(&text).iter().filter_map(wrong));
        let lines = text.lines().count();
        if file == "README.md" && lines > README_LINES {
            complaints
                .push(format!("{file} has {lines} lines, and at most {README_LINES} are read"));
        }
    }
    if complaints.is_empty() { Ok(()) } else { bail!("{}", complaints.join("\n")) }
}

/// Checks that the README's links to the library's documentation name pages that were built.
pub fn are_documented() -> Result<()> {
    let text = read(&crate::root().join(ABROAD[0]))?;
    let links = links(&text);
    let pages: Vec<_> = links.iter().filter_map(|link| link.strip_prefix(PAGES)).collect();
    if pages.is_empty() {
        bail!("the README links to no page of the documentation");
    }
    let built = crate::root().join("target/doc");
    match pages.iter().find(|page| !built.join(page).is_file()) {
        Some(missing) => {
            bail!("README.md links to {PAGES}{missing}, which cargo doc did not write")
        }
        None => Ok(()),
    }
}

/// Returns the address of the repository, from the manifest of the library.
fn repository() -> Result<String> {
    let manifest = read(&crate::root().join("Cargo.toml"))?;
    let line = manifest.lines().find_map(|line| line.strip_prefix("repository = \""));
    let address = line.and_then(|rest| rest.strip_suffix('"'));
    Ok(address.context("Cargo.toml names no repository")?.to_owned())
}

/// Returns the targets of all links and pictures. A reference without a definition is one, too: it
/// is returned as it is written, in brackets.
fn links(text: &str) -> Vec<String> {
    let mut undefined = Vec::new();
    let mut note = |link: BrokenLink<'_>| -> Option<(CowStr<'_>, CowStr<'_>)> {
        // Brackets alone are more often prose than a link.
        if link.link_type == LinkType::Reference || link.reference.contains('`') {
            undefined.push(format!("[{}]", link.reference));
        }
        None
    };
    let options = Options::ENABLE_TABLES;
    let events = Parser::new_with_broken_link_callback(text, options, Some(&mut note));
    let mut links: Vec<_> = events
        .filter_map(|event| match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                Some(dest_url.into_string())
            }
            _ => None,
        })
        .collect();
    links.extend(undefined);
    links
}

/// Returns what is wrong with a link of a file, if anything is.
fn complaint(file: &str, link: &str, repository: &str) -> Option<String> {
    if link.starts_with('[') {
        return Some(format!("{file}: {link} has no definition"));
    }
    let target = link.split('#').next().unwrap_or_default();
    let raw = repository.replace("github.com", "raw.githubusercontent.com");
    let inside =
        [format!("{repository}/blob/main/"), format!("{repository}/tree/main/"), raw + "/main/"];
    if let Some(path) = inside.iter().find_map(|start| target.strip_prefix(start.as_str())) {
        return missing(file, link, Path::new(path));
    }
    if link.contains("://") {
        let ours = link.contains(repository.rsplit('/').next().unwrap_or_default());
        let unknown = ours && link.contains("github.com") && !link.starts_with(repository);
        return unknown.then(|| format!("{file}: {link} is not in {repository}"));
    }
    if ABROAD.contains(&file) && !target.is_empty() {
        return Some(format!(
            "{file}: {link} is relative, and breaks where the text is read abroad"
        ));
    }
    missing(file, link, &Path::new(file).parent()?.join(target))
}

fn missing(file: &str, link: &str, path: &Path) -> Option<String> {
    let exists = crate::root().join(path).exists();
    (!exists).then(|| format!("{file}: {link} leads to no file"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_pictures_and_undefined_references_are_found() {
        let text =
            "[a](one.md) ![b][two] [`c`] [plain] [d][e]\n```sh\n[x](code)\n```\n\n[two]: two.png\n";
        assert_eq!(links(text), ["one.md", "two.png", "[`c`]", "[e]"]);
    }

    #[test]
    fn a_link_leads_to_a_file_here_or_in_the_repository() {
        let home = "https://github.com/o/r";
        let wrong = |file: &str, link: &str| complaint(file, link, home).is_some();
        assert!(!wrong("docs/a.md", "testing.md#x"));
        assert!(wrong("docs/a.md", "none.md"));
        assert!(!wrong("README.md", "https://github.com/o/r/blob/main/docs/testing.md"));
        assert!(wrong("README.md", "https://github.com/o/r/blob/main/docs/none.md"));
        assert!(wrong("README.md", "https://raw.githubusercontent.com/o/r/main/docs/none.png"));
        assert!(wrong("README.md", "docs/testing.md"));
        assert!(wrong("README.md", "[`Heap`]"));
        assert!(!wrong("README.md", "https://docs.rs/talc"));
        assert!(wrong("README.md", "https://github.com/other/r"));
    }
}
