//! The operations of a program on an allocator, and their text form.

use std::{fmt, str::FromStr};

/// One thing that a program does to an allocator.
///
/// Blocks go by the number of their *slot*. An operation on an empty slot does nothing, so that any
/// part of a sequence is a sequence too, and a failing one can be cut down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Fills an empty slot.
    Allocate { slot: u32, size: usize, align: usize },
    /// Fills an empty slot with memory that must be zero.
    Zeroed { slot: u32, size: usize, align: usize },
    /// Empties a slot.
    Free { slot: u32 },
    /// Resizes a block, which may move.
    Reallocate { slot: u32, size: usize },
    /// Makes a block larger where it is, or fails.
    Grow { slot: u32, size: usize },
    /// Makes a block smaller where it is, or fails.
    Shrink { slot: u32, size: usize },
    /// Forgets every block.
    Reset,
    /// Somebody else grows linear memory.
    Foreign { pages: usize },
    /// Linear memory refuses to grow from here on.
    Refuse,
    /// Linear memory may grow again.
    Permit,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Operation::Allocate { slot, size, align } => {
                write!(f, "allocate {slot} {size} {align}")
            }
            Operation::Zeroed { slot, size, align } => write!(f, "zeroed {slot} {size} {align}"),
            Operation::Free { slot } => write!(f, "free {slot}"),
            Operation::Reallocate { slot, size } => write!(f, "reallocate {slot} {size}"),
            Operation::Grow { slot, size } => write!(f, "grow {slot} {size}"),
            Operation::Shrink { slot, size } => write!(f, "shrink {slot} {size}"),
            Operation::Reset => f.write_str("reset"),
            Operation::Foreign { pages } => write!(f, "foreign {pages}"),
            Operation::Refuse => f.write_str("refuse"),
            Operation::Permit => f.write_str("permit"),
        }
    }
}

impl FromStr for Operation {
    type Err = String;

    fn from_str(line: &str) -> Result<Operation, String> {
        let mut words = line.split_whitespace();
        let name = words.next().ok_or("an empty line")?;
        let mut number = |what: &str| -> Result<usize, String> {
            let word = words.next().ok_or_else(|| format!("`{line}`: no {what}"))?;
            word.parse().map_err(|_| format!("`{line}`: {what} is no number"))
        };
        let mut slot = || -> Result<u32, String> {
            number("slot")?.try_into().map_err(|_| format!("`{line}`: slot is too large"))
        };
        let operation = match name {
            "allocate" => {
                let slot = slot()?;
                Operation::Allocate { slot, size: number("size")?, align: number("align")? }
            }
            "zeroed" => {
                let slot = slot()?;
                Operation::Zeroed { slot, size: number("size")?, align: number("align")? }
            }
            "free" => Operation::Free { slot: slot()? },
            "reallocate" => {
                let slot = slot()?;
                Operation::Reallocate { slot, size: number("size")? }
            }
            "grow" => {
                let slot = slot()?;
                Operation::Grow { slot, size: number("size")? }
            }
            "shrink" => {
                let slot = slot()?;
                Operation::Shrink { slot, size: number("size")? }
            }
            "reset" => Operation::Reset,
            "foreign" => Operation::Foreign { pages: number("pages")? },
            "refuse" => Operation::Refuse,
            "permit" => Operation::Permit,
            _ => return Err(format!("`{line}`: no such operation")),
        };
        match words.next() {
            Some(word) => Err(format!("`{line}`: `{word}` is too much")),
            None => Ok(operation),
        }
    }
}

/// A recorded sequence of operations, and the name of the subject it is for.
///
/// ```text
/// # Why this trace exists.
/// subject buddy-raw
/// allocate 0 100 4
/// free 0
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// A name that [`crate::subjects::named`] knows.
    pub subject: String,
    /// The operations to be run on it.
    pub operations: Vec<Operation>,
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "subject {}", self.subject)?;
        self.operations.iter().try_for_each(|operation| writeln!(f, "{operation}"))
    }
}

impl FromStr for Trace {
    type Err = String;

    fn from_str(text: &str) -> Result<Trace, String> {
        let mut lines = text
            .lines()
            .map(|line| line.split('#').next().unwrap_or("").trim())
            .filter(|line| !line.is_empty());
        let subject = lines
            .next()
            .and_then(|line| line.strip_prefix("subject "))
            .ok_or("a trace begins with `subject` and a name")?
            .trim()
            .to_owned();
        let operations = lines.map(str::parse).collect::<Result<_, _>>()?;
        Ok(Trace { subject, operations })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_survives_its_text_form() {
        let operations = vec![
            Operation::Allocate { slot: 1, size: 2, align: 4 },
            Operation::Zeroed { slot: 2, size: 3, align: 8 },
            Operation::Free { slot: 1 },
            Operation::Reallocate { slot: 2, size: 30 },
            Operation::Grow { slot: 2, size: 40 },
            Operation::Shrink { slot: 2, size: 5 },
            Operation::Reset,
            Operation::Foreign { pages: 6 },
            Operation::Refuse,
            Operation::Permit,
        ];
        let trace = Trace { subject: "some-heap".into(), operations };
        assert_eq!(trace.to_string().parse(), Ok(trace));
    }

    #[test]
    fn comments_and_empty_lines_are_nothing() {
        let trace: Trace = "# why\n\nsubject x # this one\n  free 3 # last\n".parse().unwrap();
        assert_eq!(trace.subject, "x");
        assert_eq!(trace.operations, [Operation::Free { slot: 3 }]);
    }

    #[test]
    fn a_bad_line_is_named() {
        for bad in ["allocate 1 2", "free x", "fly 3", "reset 1", "free 99999999999"] {
            let error = format!("subject x\n{bad}").parse::<Trace>().unwrap_err();
            assert!(error.contains(bad), "{error}");
        }
        assert!("free 1".parse::<Trace>().unwrap_err().contains("subject"));
    }
}
