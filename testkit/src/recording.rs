//! A recorded trace: the file that docs/trace-format.md specifies, and what it means as operations
//! on any allocator.

use std::{collections::HashMap, fmt};

use crate::Operation;

const MAGIC: &[u8; 8] = b"BONTRACE";
const VERSION: u32 = 2;
/// The oldest that is read: there bits 16 to 31 of a record's word 0 are 0.
const OLDEST: u32 = 1;
const HEADER: usize = 64;
const RECORD: usize = 16;

/// The kinds of records.
pub mod kind {
    pub const ALLOCATE: u32 = 1;
    pub const ZEROED: u32 = 2;
    pub const DEALLOCATE: u32 = 3;
    pub const REALLOCATE: u32 = 4;
    pub const GROW: u32 = 5;
    pub const SITE: u32 = 6;
    /// Only in files: a time.
    pub const MARK: u32 = 7;
    /// Only in files: records were lost here.
    pub const LOST: u32 = 8;
}

/// A trace as it was recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    /// The allocator's kind, numbered as in docs/heap-layout.md; 0 if unknown.
    pub kind: u32,
    /// Pages of linear memory when recording began.
    pub pages: u32,
    /// Bytes between two samples of call sites; 0 if none were taken.
    pub rate: u32,
    /// Records that the ring lost.
    pub lost: u64,
    /// Kind, log2 of the alignment (`<< 8`) and number of the thread (`<< 16`), and three words that depend on the kind.
    pub records: Vec<[u32; 4]>,
    /// The call sites, as JSON; empty if there are none.
    pub sites: Vec<u8>,
}

/// The reason why a file is not a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    Foreign,
    Version(u32),
    /// As long as its header says it would be, and as long as it is.
    Length {
        expected: u64,
        found: u64,
    },
    /// The first record of no known kind.
    Record(usize),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unreadable::Foreign => f.write_str("this is no trace: it does not begin with BONTRACE"),
            Unreadable::Version(version) => {
                write!(
                    f,
                    "the trace has version {version}; this program reads {OLDEST} to {VERSION}"
                )
            }
            Unreadable::Length { expected, found } if found < expected => {
                write!(f, "the trace is cut off: {found} bytes of {expected}")
            }
            Unreadable::Length { expected, found } => {
                write!(f, "the trace is {found} bytes long, but should be {expected}")
            }
            Unreadable::Record(at) => write!(f, "record {at} is of no kind that there is"),
        }
    }
}

impl std::error::Error for Unreadable {}

fn word(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

fn long(bytes: &[u8], at: usize) -> u64 {
    u64::from(word(bytes, at)) | u64::from(word(bytes, at + 4)) << 32
}

impl Recording {
    /// Reads a file.
    ///
    /// # Errors
    /// It is not a trace, of another version, cut off, or damaged.
    pub fn parse(bytes: &[u8]) -> Result<Recording, Unreadable> {
        if bytes.get(..8).is_none_or(|magic| magic != MAGIC) {
            return Err(Unreadable::Foreign);
        }
        let found = bytes.len() as u64;
        if bytes.len() < HEADER {
            return Err(Unreadable::Length { expected: HEADER as u64, found });
        }
        if !(OLDEST..=VERSION).contains(&word(bytes, 8)) {
            return Err(Unreadable::Version(word(bytes, 8)));
        }
        let count = long(bytes, 32);
        let sites = u64::from(word(bytes, 48));
        let expected = count
            .checked_mul(RECORD as u64)
            .and_then(|records| records.checked_add(HEADER as u64 + sites))
            .unwrap_or(u64::MAX);
        if word(bytes, 12) as usize != HEADER || word(bytes, 16) as usize != RECORD {
            return Err(Unreadable::Version(word(bytes, 8)));
        }
        if expected != found {
            return Err(Unreadable::Length { expected, found });
        }
        let end = HEADER + count as usize * RECORD;
        let records: Vec<_> = bytes[HEADER..end]
            .chunks_exact(RECORD)
            .map(|record| [0, 4, 8, 12].map(|at| word(record, at)))
            .collect();
        let known = |head: u32| {
            (kind::ALLOCATE..=kind::LOST).contains(&(head & 0xFF)) && (head >> 8 & 0xFF) < 32
        };
        if let Some(at) = records.iter().position(|record| !known(record[0])) {
            return Err(Unreadable::Record(at));
        }
        Ok(Recording {
            kind: word(bytes, 20),
            pages: word(bytes, 24),
            rate: word(bytes, 28),
            lost: long(bytes, 40),
            records,
            sites: bytes[end..].to_vec(),
        })
    }

    /// The number of threads that have records; 0 where none are told.
    pub fn threads(&self) -> usize {
        let told: std::collections::BTreeSet<_> = self
            .records
            .iter()
            .map(|record| record[0] >> 16)
            .filter(|&number| number != 0)
            .collect();
        told.len()
    }

    /// The file.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        let words = [VERSION, HEADER as u32, RECORD as u32, self.kind, self.pages, self.rate];
        words.iter().for_each(|word| bytes.extend(word.to_le_bytes()));
        bytes.extend((self.records.len() as u64).to_le_bytes());
        bytes.extend(self.lost.to_le_bytes());
        bytes.extend((self.sites.len() as u32).to_le_bytes());
        bytes.resize(HEADER, 0);
        for word in self.records.iter().flatten() {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend(&self.sites);
        bytes
    }
}

/// A trace as operations on blocks that have numbers instead of addresses, so that any allocator can
/// do them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    pub operations: Vec<Operation>,
    /// The number of slots that they use.
    pub slots: u32,
    /// The most bytes that were asked for and live at once.
    pub peak: u64,
    /// Frees of blocks that were there before recording began, or whose allocation was lost. Left out.
    pub unknown_frees: u64,
    /// Reallocations of such blocks. They become allocations.
    pub unknown_reallocations: u64,
    /// Blocks handed out where another one was still live, because the record of its end was lost.
    /// It ends there.
    pub implied_frees: u64,
    /// Requests that had been refused. Left out.
    pub refused: u64,
}

/// Slots, and what is in them by address.
#[derive(Default)]
struct Slots {
    live: HashMap<u32, (u32, u64)>,
    free: Vec<u32>,
    count: u32,
    bytes: u64,
}

impl Slots {
    fn fill(&mut self, address: u32, size: u32) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.count += 1;
            self.count - 1
        });
        self.keep(address, slot, size);
        slot
    }

    fn keep(&mut self, address: u32, slot: u32, size: u32) {
        self.bytes += u64::from(size);
        self.live.insert(address, (slot, u64::from(size)));
    }

    /// Forgets the block; its slot is not free.
    fn take(&mut self, address: u32) -> Option<u32> {
        let (slot, size) = self.live.remove(&address)?;
        self.bytes -= size;
        Some(slot)
    }
}

impl Plan {
    /// Returns the operations that repeat `recording`.
    pub fn of(recording: &Recording) -> Plan {
        let mut plan = Plan::default();
        let mut slots = Slots::default();
        for &[head, address, size, from] in &recording.records {
            let align = 1_usize << (head >> 8 & 0xFF).min(31);
            match head & 0xFF {
                kind::ALLOCATE | kind::ZEROED => {
                    plan.allocate(&mut slots, head & 0xFF == kind::ZEROED, address, size, align);
                }
                kind::DEALLOCATE => match slots.take(address) {
                    Some(slot) => plan.free(&mut slots, slot),
                    None => plan.unknown_frees += 1,
                },
                kind::REALLOCATE if address == 0 => plan.refused += 1,
                kind::REALLOCATE => match slots.take(from) {
                    Some(slot) => {
                        plan.displace(&mut slots, address);
                        slots.keep(address, slot, size);
                        plan.operations.push(Operation::Reallocate { slot, size: size as usize });
                    }
                    None => {
                        plan.unknown_reallocations += 1;
                        plan.allocate(&mut slots, false, address, size, align);
                    }
                },
                _ => {}
            }
            plan.peak = plan.peak.max(slots.bytes);
        }
        plan.slots = slots.count;
        plan
    }

    fn allocate(&mut self, slots: &mut Slots, zeroed: bool, address: u32, size: u32, align: usize) {
        if address == 0 {
            self.refused += 1;
            return;
        }
        self.displace(slots, address);
        let slot = slots.fill(address, size);
        let size = size as usize;
        self.operations.push(if zeroed {
            Operation::Zeroed { slot, size, align }
        } else {
            Operation::Allocate { slot, size, align }
        });
    }

    fn free(&mut self, slots: &mut Slots, slot: u32) {
        slots.free.push(slot);
        self.operations.push(Operation::Free { slot });
    }

    fn displace(&mut self, slots: &mut Slots, address: u32) {
        if let Some(slot) = slots.take(address) {
            self.implied_frees += 1;
            self.free(slots, slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALIGN_8: u32 = 3 << 8;

    fn recording(records: &[[u32; 4]]) -> Recording {
        Recording { records: records.to_vec(), ..Recording::default() }
    }

    fn sample() -> Recording {
        Recording {
            kind: 3,
            pages: 17,
            rate: 4096,
            lost: 1 << 33,
            records: vec![[kind::ALLOCATE | ALIGN_8, 1024, 100, 0], [kind::LOST, 0, 7, 0]],
            sites: b"[\"main\"]".to_vec(),
        }
    }

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let bytes = sample().bytes();
        assert_eq!(bytes.len(), 64 + 2 * 16 + 8);
        assert_eq!(Recording::parse(&bytes), Ok(sample()));
    }

    #[test]
    fn a_file_that_was_cut_off_anywhere_is_refused() {
        let bytes = sample().bytes();
        for end in 0..bytes.len() {
            let error = Recording::parse(&bytes[..end]).unwrap_err();
            let foreign = error == Unreadable::Foreign;
            assert_eq!(foreign, end < 8, "{end}: {error}");
        }
        let more = [&bytes[..], &[0]].concat();
        assert!(Recording::parse(&more).unwrap_err().to_string().contains("should be"));
    }

    #[test]
    fn a_file_of_another_kind_version_or_with_lies_is_refused() {
        assert_eq!(Recording::parse(b"\0asm\x01\0\0\0 and more"), Err(Unreadable::Foreign));
        let lie = |at: usize, value: u8| {
            let mut bytes = sample().bytes();
            bytes[at] = value;
            Recording::parse(&bytes).unwrap_err()
        };
        assert_eq!(lie(8, 3), Unreadable::Version(3));
        assert_eq!(lie(8, 0), Unreadable::Version(0));
        assert!(matches!(lie(39, 0xFF), Unreadable::Length { expected: u64::MAX, .. }));
        assert!(matches!(lie(33, 1), Unreadable::Length { .. }));
        assert_eq!(lie(64, 99), Unreadable::Record(0));
        assert_eq!(lie(64 + 16, 0), Unreadable::Record(1));
        assert_eq!(lie(65, 32), Unreadable::Record(0));
    }

    #[test]
    fn records_have_threads_and_version_1_has_none() {
        let threads =
            [kind::ALLOCATE | ALIGN_8 | 0xFFFF << 16, kind::DEALLOCATE | ALIGN_8 | 2 << 16];
        let told = recording(&threads.map(|head| [head, 64, 10, 0]));
        let mut bytes = told.bytes();
        assert_eq!(Recording::parse(&bytes).unwrap(), told);
        assert_eq!(told.threads(), 2);
        let operations =
            [Operation::Allocate { slot: 0, size: 10, align: 8 }, Operation::Free { slot: 0 }];
        assert_eq!(Plan::of(&told).operations, operations);
        bytes[8] = 1;
        for record in [64, 80] {
            bytes[record + 2..record + 4].fill(0);
        }
        let first = Recording::parse(&bytes).unwrap();
        assert_eq!((Plan::of(&first).operations, first.threads()), (Plan::of(&told).operations, 0));
    }

    #[test]
    fn addresses_become_slots() {
        let plan = Plan::of(&recording(&[
            [kind::ALLOCATE | ALIGN_8, 64, 10, 0],
            [kind::ZEROED, 128, 20, 0],
            [kind::GROW, 1, 2, 0],
            [kind::REALLOCATE | ALIGN_8, 256, 30, 64],
            [kind::DEALLOCATE, 128, 20, 0],
            [kind::ALLOCATE, 64, 5, 0],
        ]));
        assert_eq!(
            plan.operations,
            [
                Operation::Allocate { slot: 0, size: 10, align: 8 },
                Operation::Zeroed { slot: 1, size: 20, align: 1 },
                Operation::Reallocate { slot: 0, size: 30 },
                Operation::Free { slot: 1 },
                Operation::Allocate { slot: 1, size: 5, align: 1 },
            ]
        );
        assert_eq!((plan.slots, plan.peak, plan.unknown_frees), (2, 50, 0));
    }

    #[test]
    fn what_was_lost_is_tolerated_and_counted() {
        let plan = Plan::of(&recording(&[
            [kind::DEALLOCATE, 4096, 8, 0],
            [kind::REALLOCATE, 512, 40, 8192],
            [kind::ALLOCATE, 64, 10, 0],
            [kind::LOST, 0, 3, 0],
            [kind::ALLOCATE, 64, 12, 0],
            [kind::ALLOCATE, 0, 1 << 30, 0],
            [kind::REALLOCATE, 0, 1 << 30, 64],
            [kind::REALLOCATE, 512, 50, 64],
        ]));
        assert_eq!(
            plan.operations,
            [
                Operation::Allocate { slot: 0, size: 40, align: 1 },
                Operation::Allocate { slot: 1, size: 10, align: 1 },
                Operation::Free { slot: 1 },
                Operation::Allocate { slot: 1, size: 12, align: 1 },
                Operation::Free { slot: 0 },
                Operation::Reallocate { slot: 1, size: 50 },
            ]
        );
        let counts =
            [plan.unknown_frees, plan.unknown_reallocations, plan.implied_frees, plan.refused];
        assert_eq!(counts, [1, 1, 2, 2]);
        assert_eq!(plan.peak, 52);
    }
}
