//! What became of the mutants: a table by file, the list of those that lived, and all as JSON.

use std::collections::BTreeMap;
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

/// What became of every mutant, by its name; in runs of parts, of the runs before too.
#[derive(Debug, Default)]
pub(crate) struct Report(BTreeMap<String, Fate>);

impl Report {
    /// What was kept in `file`.
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let text = fs::read(file).with_context(|| format!("no run before: {}", file.display()))?;
        Ok(Self(serde_json::from_slice(&text)?))
    }

    pub(crate) fn keep(&self, file: &Path) -> Result<()> {
        Ok(fs::write(file, serde_json::to_string_pretty(&self.0)?)?)
    }

    pub(crate) fn note(&mut self, mutants: &[Mutant], fates: &[Fate]) {
        for (mutant, fate) in mutants.iter().zip(fates) {
            self.0.insert(mutant.name.clone(), fate.clone());
        }
    }

    /// Whether no run has told the mutant from the library.
    pub(crate) fn lives(&self, mutant: &Mutant) -> bool {
        self.0.get(&mutant.name).is_some_and(Fate::lives)
    }

    /// Prints the survivors and the table.
    pub(crate) fn print(&self) {
        let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
        let mut all = Row::default();
        let mut alive = String::new();
        for (name, fate) in &self.0 {
            let file = name.split(':').next().unwrap_or(name);
            rows.entry(file.strip_prefix("src/").unwrap_or(file)).or_default().count(fate);
            all.count(fate);
            let why = match fate {
                Fate::Missed => "missed",
                Fate::NotReached => "not reached",
                Fate::LeftOut => "left out",
                Fate::Caught(_) | Fate::TimedOut(_) | Fate::Impossible => "",
            };
            if !why.is_empty() {
                let _ = writeln!(alive, "{why}: {name}");
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
}
