//! The work of a fuzz target on its input, and of the test that replays the corpus.

use std::fmt;

use crate::{
    Failure, Operation, Options, Report, Trace, decode::decode, run, shrink, subjects,
    subjects::Entry,
};

/// A fuzz target: the first byte of its input picks one of these allocators, the rest is what a
/// program does to it.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub name: &'static str,
    subjects: &'static [&'static str],
}

/// One target a core, one a heap, and one for the pool of pages.
pub const TARGETS: &[Target] = &[
    Target {
        name: "buddy",
        subjects: &["buddy-raw", "buddy-deep", "buddy-one-level", "buddy-gaps", "buddy-parts"],
    },
    Target { name: "slab", subjects: &["slab-raw", "slab-odd", "slab-word", "slab-simulated"] },
    Target { name: "bump", subjects: &["bump-raw", "bump-global", "bump-simulated"] },
    Target { name: "linear", subjects: &["linear", "linear-below", "linear-tight", "linear-high"] },
    Target {
        name: "heap",
        subjects: &["heap", "heap-foreign", "heap-below", "heap-tight", "heap-fixed", "heap-high"],
    },
    Target {
        name: "slab_heap",
        subjects: &["slab-heap-foreign", "slab-heap-below", "slab-heap-tight", "slab-heap-high"],
    },
    Target {
        name: "buddy_heap",
        subjects: &[
            "buddy-heap-foreign",
            "buddy-heap-below",
            "buddy-heap-tight",
            "buddy-heap-high",
        ],
    },
    Target {
        name: "bump_heap",
        subjects: &["bump-heap-foreign", "bump-heap-below", "bump-heap-tight", "bump-heap-high"],
    },
    Target {
        name: "tiny_heap",
        subjects: &["tiny-heap-foreign", "tiny-heap-below", "tiny-heap-tight", "tiny-heap-high"],
    },
];

/// A failure that an input found, and the program that found it.
#[derive(Clone, Debug)]
pub struct Finding {
    pub failure: Failure,
    pub trace: Trace,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.failure, self.trace)
    }
}

/// The most runs for one finding: a test that found something ends, and says what.
const MOST_RUNS: usize = 500;

impl Target {
    /// The target of that name.
    pub fn named(name: &str) -> Option<Target> {
        TARGETS.iter().copied().find(|target| target.name == name)
    }

    /// The allocator that an input is about, and the program.
    ///
    /// # Panics
    /// The table of targets names an allocator that is not there.
    pub fn decode(&self, input: &[u8]) -> (Entry, Vec<Operation>) {
        let (&first, rest) = input.split_first().unwrap_or((&0, &[]));
        let name = self.subjects[usize::from(first) % self.subjects.len()];
        let entry = subjects::named(name).expect("every subject of a target exists");
        let operations = decode(rest, &(entry.profile)());
        (entry, operations)
    }

    /// Runs an input. A short program is looked at closely after every operation, a long one as
    /// often in all.
    ///
    /// # Errors
    /// Something is wrong with the allocator.
    pub fn run(&self, input: &[u8]) -> Result<Report, Finding> {
        let (entry, operations) = self.decode(input);
        run(&mut *entry.subject(), &operations, looks(&operations)).map_err(|failure| Finding {
            failure,
            trace: Trace { subject: entry.name.to_owned(), operations },
        })
    }

    /// Cuts a finding down to a trace for `tests/traces`, as far as [`MOST_RUNS`] of it go.
    pub fn shorten(&self, finding: Finding) -> Finding {
        let Finding { mut failure, trace: Trace { subject, mut operations } } = finding;
        let entry = subjects::named(&subject).expect("a finding is about one of the subjects");
        // What was found late can be found early, and what comes behind it does not matter.
        operations.truncate(failure.at + 1);
        let attempt = |part: &[Operation]| run(&mut *entry.subject(), part, Options::EACH);
        if attempt(&operations).is_err() {
            let mut runs = 0..MOST_RUNS;
            operations = shrink(operations, |part| runs.next().is_some() && attempt(part).is_err());
            failure = attempt(&operations).err().unwrap_or(failure);
        }
        Finding { failure, trace: Trace { subject, operations } }
    }

    /// Runs an input for a fuzzer.
    ///
    /// # Panics
    /// Something is wrong with the allocator; the message ends with the program as a trace.
    pub fn hunt(name: &str, input: &[u8]) {
        let target = Target::named(name).expect("a target of the table");
        if let Err(finding) = target.run(input) {
            panic!("{finding}");
        }
    }
}

/// As many looks at a long program as at a short one.
fn looks(operations: &[Operation]) -> Options {
    let every = 1 + operations.len() / 32;
    Options { check: every, walk: every, paint: 4 * every, largest: 8 * every }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_runs_every_allocator_of_its_own() {
        for target in TARGETS {
            for first in 0..target.subjects.len() as u8 {
                let mut input = vec![first];
                input.extend([0, 1, 2, 3, 1, 2, 3, 4].repeat(20));
                let report = target.run(&input).unwrap_or_else(|finding| panic!("{finding}"));
                assert!(report.granted > 0, "{}: {}", target.name, target.decode(&input).0.name);
            }
        }
    }
}
