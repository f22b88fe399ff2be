//! The library with all its mutants, built once with its tests.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::list::Mutant;
use crate::weave::{Woven, weave};

/// Names the mutants' module in the library.
const MUTATION: &str = include_str!("mutation.rs.txt");

/// What `cargo test` builds of the tests.
pub(crate) type Part = &'static [&'static str];
pub(crate) const LIBRARY: Part = &["--lib"];
pub(crate) const ALL: Part = &["--lib", "--tests"];

/// A copy of the repository whose library has all mutants that compile.
#[derive(Debug)]
pub(crate) struct Build {
    tree: PathBuf,
    original: PathBuf,
    features: &'static str,
    /// Mutants that do not compile.
    pub(crate) impossible: HashSet<usize>,
    /// Mutants that could not be woven in: cargo-mutants has to run them.
    pub(crate) left_out: HashSet<usize>,
    /// Which number each mutant's place goes by.
    pub(crate) places: BTreeMap<usize, usize>,
}

impl Build {
    /// Copies `original` and finds the mutants that compile.
    pub(crate) fn new(
        original: &Path,
        tree: &Path,
        features: &'static str,
        mutants: &[Mutant],
    ) -> Result<Self> {
        copy(original, tree)?;
        let mut build = Self {
            tree: tree.to_owned(),
            original: original.to_owned(),
            features,
            impossible: HashSet::new(),
            left_out: HashSet::new(),
            places: BTreeMap::new(),
        };
        for round in 1.. {
            let woven = build.write(mutants)?;
            let errors = build.errors()?;
            if errors.is_empty() {
                for (numbers, _) in woven.values().flat_map(|woven| &woven.places) {
                    build.places.extend(numbers.iter().map(|&number| (number, numbers[0])));
                }
                return Ok(build);
            }
            let before = (build.impossible.len(), build.left_out.len());
            for error in &errors {
                build.learn(error, &woven);
            }
            let after = (build.impossible.len(), build.left_out.len());
            eprintln!(
                "  round {round}: {} errors; {} mutants do not compile, {} left out",
                errors.len(),
                after.0,
                after.1
            );
            if before == after {
                bail!("the library with its mutants does not compile: {}", errors[0].text);
            }
        }
        unreachable!("the loop ends by returning");
    }

    fn write(&mut self, mutants: &[Mutant]) -> Result<BTreeMap<String, Woven>> {
        let mut files: BTreeMap<&str, Vec<(usize, &Mutant)>> = BTreeMap::new();
        for (number, mutant) in mutants.iter().enumerate() {
            // A file whose last mutant does not compile becomes what it was.
            let file = files.entry(&mutant.file).or_default();
            if !self.impossible.contains(&number) && !self.left_out.contains(&number) {
                file.push((number, mutant));
            }
        }
        let mut all = BTreeMap::new();
        for (file, mutants) in files {
            let source = fs::read_to_string(self.original.join(file))?;
            let woven = weave(&source, &mutants).with_context(|| file.to_owned())?;
            self.left_out.extend(&woven.left_out);
            replace(&self.tree.join(file), &woven.source)?;
            all.insert(file.to_owned(), woven);
        }
        let root = self.tree.join("src/lib.rs");
        let library = fs::read_to_string(self.original.join("src/lib.rs"))?;
        let library = library.replacen(
            "#![no_std]",
            "#![no_std]\n#![allow(warnings)]\n#![feature(core_intrinsics, const_eval_select)]",
            1,
        );
        let first = library.find("\nmod ").context("src/lib.rs has no module")?;
        replace(&root, &format!("{}\nmod mutation;{}", &library[..first], &library[first..]))?;
        replace(
            &self.tree.join("src/mutation.rs"),
            &format!("{MUTATION}const COUNT: usize = {};\n", mutants.len()),
        )?;
        Ok(all)
    }

    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("cargo");
        command
            .args(arguments)
            .args(["-p", "bonsai_alloc", "--features", self.features, "--message-format", "json"])
            .env("CARGO_PROFILE_DEV_OPT_LEVEL", "2")
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("CARGO_TARGET_DIR", self.tree.with_file_name("target"))
            .env("CARGO_INCREMENTAL", "1")
            .env("RUSTFLAGS", "-Awarnings")
            // A constant function asks which mutant is alive only when it runs: a feature of nightly
            // Rust, which no toolchain has to be there for.
            .env("RUSTC_BOOTSTRAP", "bonsai_alloc")
            .current_dir(&self.tree);
        command
    }

    fn errors(&self) -> Result<Vec<Error>> {
        let output = self.cargo(&[&["check"], ALL].concat()).stderr(Stdio::null()).output()?;
        let mut errors = Vec::new();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let Ok(message) = serde_json::from_str::<Value>(line) else { continue };
            if message["reason"] == "compiler-message" && message["message"]["level"] == "error" {
                errors.push(Error::new(&message["message"]));
            }
        }
        errors.retain(|error| !error.spans.is_empty());
        ensure!(
            output.status.success() || !errors.is_empty(),
            "cargo check failed without an error"
        );
        Ok(errors)
    }

    /// Takes out what an error is about: the alternative it lies in, else the whole place.
    fn learn(&mut self, error: &Error, woven: &BTreeMap<String, Woven>) {
        for (file, span) in &error.spans {
            let Some(woven) = woven.get(file) else { continue };
            let within = |range: &Range<usize>| range.start <= span.start && span.end <= range.end;
            let alternative = woven
                .alternatives
                .iter()
                .filter(|(_, range)| within(range))
                .min_by_key(|(_, range)| range.len());
            if let Some((number, _)) = alternative {
                self.impossible.insert(*number);
                return;
            }
            let place = woven
                .places
                .iter()
                .filter(|(_, range)| within(range))
                .min_by_key(|(_, range)| range.len());
            if let Some((numbers, _)) = place {
                self.left_out.extend(numbers);
                return;
            }
        }
    }

    /// The test programs, built. Their paths stay the same whatever is in the library.
    pub(crate) fn programs(&self, part: Part) -> Result<Vec<PathBuf>> {
        let arguments = [&["test", "--no-run"], part].concat();
        let output = self.cargo(&arguments).stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "the tests do not build with the mutants in the library");
        let mut programs = Vec::new();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let Ok(message) = serde_json::from_str::<Value>(line) else { continue };
            if let Some(program) = message["executable"].as_str() {
                programs.push(PathBuf::from(program));
            }
        }
        Ok(programs)
    }
}

/// An error of the compiler, with its places, the first before the others.
struct Error {
    text: String,
    spans: Vec<(String, Range<usize>)>,
}

impl Error {
    fn new(message: &Value) -> Self {
        let mut spans: Vec<_> = message["spans"].as_array().cloned().unwrap_or_default();
        spans.sort_by_key(|span| span["is_primary"] != true);
        let number = |value: &Value| value.as_u64().unwrap_or(0) as usize;
        Self {
            text: message["rendered"].as_str().unwrap_or("an error without text").to_owned(),
            spans: spans
                .iter()
                .map(|span| {
                    let range = number(&span["byte_start"])..number(&span["byte_end"]);
                    (span["file_name"].as_str().unwrap_or("").to_owned(), range)
                })
                .collect(),
        }
    }
}

/// Copies what git knows of, but for the page.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(from)
        .output()?;
    ensure!(listed.status.success(), "git ls-files failed in {}", from.display());
    for name in String::from_utf8_lossy(&listed.stdout).split('\0') {
        let source = from.join(name);
        if name.is_empty() || name.starts_with("www/") || !source.is_file() {
            continue;
        }
        let target = to.join(name);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        if fs::read(&target).ok() != Some(fs::read(&source)?) {
            fs::copy(&source, &target)?;
        }
    }
    Ok(())
}

/// Writes only what is new, so that nothing else is built again.
fn replace(path: &Path, text: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    fs::write(path, text).with_context(|| path.display().to_string())
}
