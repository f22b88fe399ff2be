//! What became of the mutants: a table by file, the list of those that lived, and all as JSON.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::list::Mutant;
use crate::run::Fate;

/// How many mutants of a file had which fate.
#[derive(Default)]
struct Row {
    caught: usize,
    timed_out: usize,
    missed: usize,
    not_reached: usize,
    impossible: usize,
    left_out: usize,
}

impl Row {
    fn count(&mut self, fate: &Fate) {
        *match fate {
            Fate::Caught(_) => &mut self.caught,
            Fate::TimedOut(_) => &mut self.timed_out,
            Fate::Missed => &mut self.missed,
            Fate::NotReached => &mut self.not_reached,
            Fate::Impossible => &mut self.impossible,
            Fate::LeftOut => &mut self.left_out,
        } += 1;
    }

    fn write(&self, name: &str, table: &mut String) {
        let all = self.caught
            + self.timed_out
            + self.missed
            + self.not_reached
            + self.impossible
            + self.left_out;
        let _ = writeln!(
            table,
            "| {name} | {all} | {} | {} | {} | {} | {} |",
            self.impossible,
            self.caught + self.timed_out,
            self.missed,
            self.not_reached,
            self.left_out
        );
    }
}

/// Keeps every mutant's fate in `file`.
pub(crate) fn keep(mutants: &[Mutant], fates: &[Fate], file: &Path) -> Result<()> {
    let kept: BTreeMap<&str, &Fate> =
        mutants.iter().map(|mutant| mutant.name.as_str()).zip(fates).collect();
    Ok(fs::write(file, serde_json::to_string_pretty(&kept)?)?)
}

/// The mutants that lived when `file` was kept.
pub(crate) fn alive(file: &Path) -> Result<HashSet<String>> {
    let text = fs::read(file).with_context(|| format!("no run before: {}", file.display()))?;
    let kept: BTreeMap<String, Fate> = serde_json::from_slice(&text)?;
    Ok(kept.into_iter().filter(|(_, fate)| fate.lives()).map(|(name, _)| name).collect())
}

/// Prints the survivors and the table.
pub(crate) fn print(mutants: &[Mutant], fates: &[Fate]) {
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    let mut all = Row::default();
    let mut alive = String::new();
    for (mutant, fate) in mutants.iter().zip(fates) {
        let name = mutant.file.strip_prefix("src/").unwrap_or(&mutant.file);
        rows.entry(name).or_default().count(fate);
        all.count(fate);
        let why = match fate {
            Fate::Missed => "missed",
            Fate::NotReached => "not reached",
            Fate::LeftOut => "left out",
            Fate::Caught(_) | Fate::TimedOut(_) | Fate::Impossible => "",
        };
        if !why.is_empty() {
            let _ = writeln!(alive, "{why}: {}", mutant.name);
        }
    }

    let mut table = String::from(
        "| file | mutants | do not compile | caught | missed | not reached | left out |\n\
         |---|---:|---:|---:|---:|---:|---:|\n",
    );
    for (name, row) in &rows {
        row.write(&format!("`{name}`"), &mut table);
    }
    all.write("all", &mut table);
    println!("{alive}\n{table}");
}
