//! Replays a recorded trace (docs/trace-format.md) on the allocators of the crate.
//!
//! `cargo xtask replay FILE [--heap NAME]... [--cost]`

mod contestants;
mod table;

use std::{path::PathBuf, process::ExitCode};

use bonsai_testkit::recording::{Plan, Recording};

use crate::contestants::HEAPS;

const USAGE: &str = "\
usage: cargo xtask replay FILE [--heap NAME]... [--cost]
  FILE         a trace that the page saved (docs/trace-format.md)
  --heap NAME  heap, slab, buddy, bump, tiny or all, the default
  --cost       also what recording costs: the same operations, traced";

/// No trace is larger; what is was not made by a page.
const MOST: u64 = 4 << 30;

#[derive(Debug, Default)]
struct Arguments {
    file: PathBuf,
    heaps: Vec<String>,
    cost: bool,
}

fn main() -> ExitCode {
    let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    match arguments(words).and_then(|arguments| replay(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn arguments(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments::default();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--heap" => {
                let name = words.next().ok_or("--heap needs a name")?;
                if name != "all" && HEAPS.iter().all(|heap| heap.name != name) {
                    let names: Vec<_> = HEAPS.iter().map(|heap| heap.name).collect();
                    let names = names.join(", ");
                    return Err(format!("no such heap: {name}; there are {names} and all"));
                }
                arguments.heaps.push(name);
            }
            "--cost" => arguments.cost = true,
            "--help" => return Err(USAGE.to_owned()),
            _ if word.starts_with('-') || !arguments.file.as_os_str().is_empty() => {
                return Err(format!("no such option: {word}\n{USAGE}"));
            }
            _ => arguments.file = word.into(),
        }
    }
    if arguments.file.as_os_str().is_empty() { Err(USAGE.to_owned()) } else { Ok(arguments) }
}

fn replay(arguments: &Arguments) -> Result<(), String> {
    let named = |why: &dyn std::fmt::Display| format!("{}: {why}", arguments.file.display());
    let length = std::fs::metadata(&arguments.file).map_err(|why| named(&why))?.len();
    if length > MOST {
        return Err(named(&format!("{length} bytes are too many for a trace")));
    }
    let bytes = std::fs::read(&arguments.file).map_err(|why| named(&why))?;
    let recording = Recording::parse(&bytes).map_err(|why| named(&why))?;
    let plan = Plan::of(&recording);
    print!("{}", table::summary(&recording, &plan));
    let chosen = |name: &str| {
        let heaps = &arguments.heaps;
        heaps.is_empty() || heaps.iter().any(|heap| heap == name || heap == "all")
    };
    let outcomes: Vec<_> = HEAPS
        .iter()
        .filter(|heap| chosen(heap.name))
        .map(|heap| (heap.name, (heap.replay)(&plan)))
        .collect();
    print!("{}", table::comparison(&outcomes));
    if arguments.cost {
        print!("{}", table::cost(&contestants::cost(&plan)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<Arguments, String> {
        arguments(words.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn arguments_are_read_and_wrong_ones_named() {
        let read = parse("a.bontrace --heap slab --heap tiny --cost").unwrap();
        assert_eq!((read.file, read.cost), ("a.bontrace".into(), true));
        assert_eq!(read.heaps, ["slab", "tiny"]);
        assert!(parse("").unwrap_err().contains("usage"));
        assert!(parse("a --heap slob").unwrap_err().contains("heap, slab, buddy, bump, tiny"));
        assert!(parse("a --fast").unwrap_err().contains("--fast"));
        assert!(parse("a b").unwrap_err().contains("b"));
    }

    #[test]
    fn a_file_that_is_none_is_a_sentence() {
        let missing = Arguments { file: "no-such-file".into(), ..Arguments::default() };
        assert!(replay(&missing).unwrap_err().starts_with("no-such-file: "));
        let foreign = Arguments { file: file!().rsplit('/').next().unwrap().into(), ..missing };
        let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(foreign.file);
        let foreign = Arguments { file: here, ..Arguments::default() };
        assert!(replay(&foreign).unwrap_err().contains("BONTRACE"));
    }
}
