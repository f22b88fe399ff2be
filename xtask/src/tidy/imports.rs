//! Who may import whom.
//!
//! The layers of the library: a module names what stands below it and nothing else. Arithmetic
//! (`region`, `bitmap`) knows of no allocator; a core knows of no other core and of memory only
//! the backings that it is made with; only heaps put cores and memory together.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail};

use super::{files_below, read};

/// What makes and drops a core; never what grows memory.
const BACKINGS: &[&str] = &[
    "backing::BackingAllocator",
    "backing::Source",
    "backing::Raw",
    "backing::Global",
    "linear::Linear",
];

const ARITHMETIC: &[&str] = &["error", "provenance", "region", "bitmap", "inspect"];

const CORES: &[&str] = &["buddy", "bump", "slab"];

/// Module of the library -> what it may name: a `module` whole, or only a `module::Item`. Of
/// several entries that a module is in, the first one counts.
const LIBRARY: &[(&[&str], &[&[&str]])] = &[
    (&["error", "bitmap", "lock", "provenance"], &[&["error"]]),
    (&["region"], &[&["error", "provenance"]]),
    (&["inspect"], &[&["error", "bitmap"]]),
    (&["allocator"], &[&["error"]]),
    (CORES, &[ARITHMETIC, BACKINGS, &["checked"]]),
    (
        &["linear"],
        &[
            &["error", "provenance", "region", "bitmap", "lock", "allocator"],
            &["checked::Guard", "checked::Seal", "checked::plausible", "checked::sound"],
        ],
    ),
    (&["backing"], &[&["error", "allocator", "linear"]]),
    // Puts cores behind the trait `Allocator`.
    (&["local"], &[ARITHMETIC, CORES, BACKINGS, &["allocator"]]),
    // Stands between an allocator and its callers; with its feature or without.
    (&["checked"], &[ARITHMETIC, &["linear", "lock", "global"]]),
    // What heaps share: how they are a `GlobalAlloc`, and how a reader from outside finds them.
    (&["global"], &[ARITHMETIC, &["linear", "allocator", "checked"]]),
    (&["descriptor"], &[&["linear"]]),
    (
        &["heap", "heaps"],
        &[ARITHMETIC, CORES, &["linear", "lock", "allocator", "global", "descriptor", "checked"]],
    ),
    // Wraps a heap, and takes pages for its records.
    (&["trace"], &[ARITHMETIC, &["linear", "lock", "global", "descriptor", "heap", "heaps"]]),
    (&["prelude"], &[ARITHMETIC, CORES, &["linear", "backing", "heap", "heaps"]]),
];

/// The only file that may name the crate sptr.
const PROVENANCE: &str = "provenance";

pub fn library() -> Result<()> {
    let folder = crate::root().join("src");
    let reexports = reexports(&tokens(&read(&folder.join("lib.rs"))?));
    let mut wrong = Vec::new();
    for file in files_below(&folder, ".rs")? {
        let module = module_path(file.strip_prefix(&folder)?);
        if module.is_empty() {
            continue;
        }
        let tokens = tokens(&read(&file)?);
        for complaint in complaints(&module, &tokens, &reexports) {
            wrong.push(format!("{}: {complaint}", file.display()));
        }
    }
    if wrong.is_empty() { Ok(()) } else { bail!("{}", wrong.join("\n")) }
}

/// `buddy/tree.rs` -> `buddy`, `tree`; `lib.rs` -> nothing.
fn module_path(file: &Path) -> Vec<String> {
    let mut path: Vec<_> = file
        .with_extension("")
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    if path.last().is_some_and(|last| last == "mod" || (last == "lib" && path.len() == 1)) {
        path.pop();
    }
    path
}

fn complaints(
    module: &[String],
    tokens: &[String],
    reexports: &BTreeMap<String, String>,
) -> Vec<String> {
    let top = module[0].as_str();
    let is_in = |entry: &&str| {
        let entry: Vec<_> = entry.split("::").collect();
        module.iter().map(String::as_str).take(entry.len()).eq(entry)
    };
    let entry = LIBRARY.iter().find(|(modules, _)| modules.iter().any(&is_in));
    let Some((_, allowed)) = entry else {
        return vec![format!(
            "the module `{top}` is not in the table of xtask/src/tidy/imports.rs"
        )];
    };
    let allows = |name: &str| allowed.iter().any(|names| names.contains(&name));
    let is_module = |name: &str| LIBRARY.iter().any(|(modules, _)| modules.contains(&name));
    let mut complaints = Vec::new();
    for path in crate_paths(module, tokens) {
        let Some(first) = path.first() else { continue };
        // What the root re-exports is as good as named where it is.
        let path = match reexports.get(first) {
            Some(home) => vec![home.clone(), first.clone()],
            None => path,
        };
        let item = path.iter().take(2).cloned().collect::<Vec<_>>().join("::");
        if is_module(&path[0]) && path[0] != top && !allows(&path[0]) && !allows(&item) {
            complaints.push(format!("`{top}` must not name `{item}`"));
        }
    }
    if top != PROVENANCE && tokens.iter().any(|token| token == "sptr") {
        complaints.push(format!("only `{PROVENANCE}` may name sptr"));
    }
    complaints
}

/// Every path that begins at the crate's root, whether by `crate::` or by enough `super::`s.
fn crate_paths(file: &[String], tokens: &[String]) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    // Inline modules that we are in: their names, and the depth of braces outside of them.
    let mut inline: Vec<(&str, usize)> = Vec::new();
    let mut depth = 0;
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at].as_str() {
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                if inline.last().is_some_and(|(_, outside)| *outside == depth) {
                    inline.pop();
                }
            }
            "mod" if tokens.get(at + 2).is_some_and(|next| next == "{") => {
                inline.push((&tokens[at + 1], depth));
            }
            "crate" if tokens.get(at + 1).is_some_and(|next| next == "::") => {
                paths.extend(tree(tokens, &mut (at + 2)));
            }
            "super" if at == 0 || tokens[at - 1] != "::" => {
                let mut level = file.len() + inline.len();
                let mut next = at;
                while tokens.get(next).is_some_and(|token| token == "super") {
                    level = level.saturating_sub(1);
                    next += 2;
                }
                if level == 0 {
                    paths.extend(tree(tokens, &mut next));
                }
            }
            _ => {}
        }
        at += 1;
    }
    paths
}

/// The paths of a use-tree, or of a path in an expression, that begins at `at`.
fn tree(tokens: &[String], at: &mut usize) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    if tokens.get(*at).is_some_and(|token| token == "{") {
        *at += 1;
        while tokens.get(*at).is_some_and(|token| token != "}") {
            paths.extend(tree(tokens, at));
            while tokens.get(*at).is_some_and(|token| token != "," && token != "}") {
                *at += 1; // `as name`
            }
            if tokens.get(*at).is_some_and(|token| token == ",") {
                *at += 1;
            }
        }
        *at += 1;
        return paths;
    }
    let Some(name) = tokens.get(*at) else { return paths };
    *at += 1;
    if tokens.get(*at).is_some_and(|token| token == "::") {
        *at += 1;
        let rest = tree(tokens, at);
        paths.extend(rest.into_iter().map(|rest| [vec![name.clone()], rest].concat()));
    } else {
        paths.push(vec![name.clone()]);
    }
    paths
}

/// What lib.rs re-exports: the name at the root -> the module that it comes from.
fn reexports(tokens: &[String]) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for at in 0..tokens.len().saturating_sub(1) {
        if tokens[at] != "pub" || tokens[at + 1] != "use" {
            continue;
        }
        for path in tree(tokens, &mut (at + 2)) {
            let path: Vec<_> =
                path.into_iter().skip_while(|part| part == "crate" || part == "self").collect();
            if let (Some(module), Some(name)) = (path.first(), path.last()) {
                if path.len() > 1 && name != "self" {
                    names.insert(name.clone(), module.clone());
                }
            }
        }
    }
    names
}

/// The words and signs of a Rust file, without comments, literals and what only tests compile.
fn tokens(source: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if c == '"' {
            literal(rest)
        } else if let Some(hashes) = raw_string(rest) {
            let close = format!("\"{}", "#".repeat(hashes));
            let open = hashes + 2;
            rest[open..].find(&close).map_or(rest.len(), |end| open + end + close.len())
        } else if c == '\'' {
            character(rest)
        } else if c.is_alphanumeric() || c == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            tokens.push(rest[..end].to_owned());
            end
        } else if rest.starts_with("::") {
            tokens.push("::".to_owned());
            2
        } else {
            if !c.is_whitespace() {
                tokens.push(c.to_string());
            }
            c.len_utf8()
        };
        rest = &rest[length..];
    }
    without_tests(tokens)
}

/// The length of the string literal that `text` begins with.
fn literal(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// The number of hashes of the raw string that `text` begins with, if it does.
fn raw_string(text: &str) -> Option<usize> {
    let after = text.strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    after[hashes..].starts_with('"').then_some(hashes)
}

/// The length of the character literal, or of the sign of a lifetime.
fn character(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some((after, c))) => {
            text[after + c.len_utf8()..].find('\'').map_or(1, |end| after + c.len_utf8() + end + 1)
        }
        (_, Some((close, '\''))) => close + 1,
        _ => 1,
    }
}

/// Leaves out every `#[cfg(test)] mod name { ... }`: tests may import anything.
fn without_tests(tokens: Vec<String>) -> Vec<String> {
    let mark = ["#", "[", "cfg", "(", "test", ")", "]", "mod"];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at..].iter().take(mark.len()).eq(mark.iter()) {
            let mut depth = 0;
            at += mark.len();
            while at < tokens.len() {
                match tokens[at].as_str() {
                    "{" => depth += 1,
                    "}" => depth -= 1,
                    _ => {}
                }
                at += 1;
                if depth == 0 && (tokens[at - 1] == "}" || tokens[at - 1] == ";") {
                    break;
                }
            }
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints_of(file: &str, source: &str) -> Vec<String> {
        let lib = tokens("pub use crate::linear::Pool; pub use backing::Raw; pub use slab::Slab;");
        complaints(&module_path(Path::new(file)), &tokens(source), &reexports(&lib))
    }

    #[test]
    fn what_the_table_allows_passes() {
        let source =
            "use crate::{AllocError, bitmap::{self, align_up}, backing::Source, linear::Linear};
            use crate::Raw;
            fn f() -> crate::region::Region { crate::slab::f() }";
        assert_eq!(complaints_of("slab.rs", source), [""; 0]);
    }

    #[test]
    fn cores_name_neither_each_other_nor_what_grows_memory() {
        assert_eq!(
            complaints_of("buddy.rs", "use crate::slab::Slab;"),
            ["`buddy` must not name `slab::Slab`"]
        );
        let nested = "use crate::{error::AllocError, backing::Raw, linear::{Pool as P}};";
        assert_eq!(
            complaints_of("buddy/tree.rs", nested),
            ["`buddy` must not name `linear::Pool`"]
        );
        let expression = "fn f() { crate::linear::Machine.grow(1) }";
        assert_eq!(
            complaints_of("bump.rs", expression),
            ["`bump` must not name `linear::Machine`"]
        );
    }

    #[test]
    fn neither_the_roots_reexports_nor_super_are_a_way_around() {
        assert_eq!(
            complaints_of("bump.rs", "use crate::Slab;"),
            ["`bump` must not name `slab::Slab`"]
        );
        assert_eq!(
            complaints_of("bump.rs", "use super::slab::Slab;"),
            ["`bump` must not name `slab::Slab`"]
        );
        let inner = "mod inner { use super::slab; use super::super::buddy::Tree; }";
        assert_eq!(complaints_of("bump.rs", inner), ["`bump` must not name `buddy::Tree`"]);
        assert_eq!(complaints_of("linear/pool.rs", "use super::buddy::X;"), [""; 0]);
    }

    #[test]
    fn comments_literals_and_tests_do_not_count() {
        let source = r##"
            //! crate::linear::Pool
            /* crate::slab::Slab */
            const A: &str = "crate::slab \" crate::slab::Slab";
            const B: &str = r#"crate::slab::Slab"#;
            fn f<'a>(_: &'a u8) -> char { '"' }
            fn g() -> char { '\'' }
            #[cfg(test)]
            mod tests { use crate::slab::Slab; fn f() { if true {} } }
            use crate::slab::Last;"##;
        assert_eq!(complaints_of("buddy.rs", source), ["`buddy` must not name `slab::Last`"]);
    }

    #[test]
    fn one_module_touches_provenance_and_every_module_has_a_place() {
        assert_eq!(
            complaints_of("region.rs", "use sptr::Strict;"),
            ["only `provenance` may name sptr"]
        );
        assert_eq!(complaints_of("provenance.rs", "use sptr::Strict;"), [""; 0]);
        assert!(complaints_of("new.rs", "")[0].contains("`new` is not in the table"));
    }
}
