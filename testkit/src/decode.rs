//! Bytes as operations: a fuzzer's mutations become programs.
//!
//! Four bytes are an operation, and no bytes are refused, so that a mutation changes one operation
//! and a splice joins two programs. Two kinds stand for many operations: filling a row of slots and
//! emptying every nth of a row, which reach a full page in a few bytes.
//!
//! ```text
//!   byte 0           byte 1   byte 2            byte 3
//!   align:4 kind:4   slot     fraction, count   doubling of the size, step
//! ```

use crate::{Operation, Profile, Sizes};

/// The most operations of one input: it should run in milliseconds.
const MOST: usize = 1024;
/// The most bytes that an input may ask for, alignment included, before its blocks become small, for
/// the same reason.
const BUDGET: usize = 1 << 20;
/// The most bytes of a block from then on.
const SMALL: usize = 256;

#[derive(Clone, Copy)]
enum Kind {
    Allocate,
    Fill,
    Free,
    Drain,
    Zeroed,
    Reallocate,
    Grow,
    Shrink,
    Reset,
    Foreign,
    Refuse,
    Permit,
}

/// Returns the meanings of the low half of an operation's first byte: kinds with a weight in the profile.
/// Memory that can refuse to grow can be grown by somebody else too.
fn kinds(profile: &Profile) -> Vec<Kind> {
    use Kind::*;
    let some = |weight: u32, kind: Kind| (weight > 0).then_some(kind);
    let optional = [
        some(profile.zeroed, Zeroed),
        some(profile.reallocate, Reallocate),
        some(profile.reallocate, Reallocate),
        some(profile.grow, Grow),
        some(profile.shrink, Shrink),
        some(profile.reset, Reset),
        some(profile.foreign + profile.refuse, Foreign),
        some(profile.refuse, Refuse),
        some(profile.permit, Permit),
    ];
    let always = [Allocate, Fill, Free, Drain, Allocate, Free];
    always.into_iter().chain(optional.into_iter().flatten()).collect()
}

/// Bytes as operations for an allocator of that profile: its sizes, its alignments, and what it can
/// do.
pub fn decode(bytes: &[u8], profile: &Profile) -> Vec<Operation> {
    let kinds = kinds(profile);
    let mut decoder = Decoder {
        doublings: largest(&profile.sizes).max(1).ilog2() as usize + 2,
        align: profile.align.ilog2(),
        huge: profile.huge > 0,
        spent: 0,
        operations: Vec::new(),
    };
    for chunk in bytes.chunks(4) {
        if decoder.operations.len() >= MOST {
            break;
        }
        let mut word = [0; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        decoder.push(kinds[usize::from(word[0] & 15) % kinds.len()], word);
    }
    decoder.operations.truncate(MOST);
    decoder.operations
}

/// The largest size of a profile.
fn largest(sizes: &Sizes) -> usize {
    match sizes {
        Sizes::Uniform(range) | Sizes::Doublings(range) => *range.end(),
        Sizes::Choice(sizes) => sizes.iter().copied().max().unwrap_or(1),
    }
}

struct Decoder {
    /// The number of powers of two at which a size may begin.
    doublings: usize,
    /// The logarithm of the largest alignment.
    align: u32,
    huge: bool,
    /// Bytes asked for so far.
    spent: usize,
    operations: Vec<Operation>,
}

impl Decoder {
    fn push(&mut self, kind: Kind, [first, slot, fine, coarse]: [u8; 4]) {
        let align = self.align(first >> 4);
        let slot = u32::from(slot);
        // A row begins at any sixteenth slot, so that rows can follow one another.
        let row = slot * 16;
        let count = 4 << (fine % 7);
        let operation = match kind {
            Kind::Allocate => {
                Operation::Allocate { slot, size: self.size(fine, coarse, align), align }
            }
            Kind::Zeroed => Operation::Zeroed { slot, size: self.size(fine, coarse, align), align },
            Kind::Free => Operation::Free { slot },
            Kind::Reallocate => Operation::Reallocate { slot, size: self.size(fine, coarse, 1) },
            Kind::Grow => Operation::Grow { slot, size: self.size(fine, coarse, 1) },
            Kind::Shrink => Operation::Shrink { slot, size: self.size(fine, coarse, 1) },
            Kind::Reset => Operation::Reset,
            Kind::Foreign => Operation::Foreign { pages: 1 + usize::from(fine % 3) },
            Kind::Refuse => Operation::Refuse,
            Kind::Permit => Operation::Permit,
            Kind::Fill => {
                for slot in row..row + count {
                    let align = self.align(first >> 4);
                    let size = self.size(fine & !7, coarse, align);
                    self.operations.push(Operation::Allocate { slot, size, align });
                }
                return;
            }
            Kind::Drain => {
                let step = usize::from(coarse % 4) + 1;
                let slots = (row..).step_by(step).take(count as usize);
                self.operations.extend(slots.map(|slot| Operation::Free { slot }));
                return;
            }
        };
        self.operations.push(operation);
    }

    /// Mostly small; three of sixteen are the largest, and near it.
    fn align(&self, nibble: u8) -> usize {
        if self.spent > BUDGET {
            return 1;
        }
        const SMALL: [u32; 13] = [0, 0, 0, 1, 2, 3, 3, 3, 4, 4, 4, 5, 6];
        let shift = match SMALL.get(usize::from(nibble)) {
            Some(&shift) => shift.min(self.align),
            None => self.align.saturating_sub(u32::from(15 - nibble)),
        };
        1 << shift
    }

    /// A power of two and so many 256ths of it, or one more or less; rarely more than any memory
    /// holds.
    fn size(&mut self, fine: u8, coarse: u8, align: usize) -> usize {
        let fine = usize::from(fine);
        if self.huge && coarse >= 250 {
            let largest = isize::MAX as usize - (align - 1);
            return match coarse {
                250 => largest,
                251 => largest - fine,
                252 => (largest >> (1 + fine % (usize::BITS as usize / 2))) + fine,
                _ => (1 << (usize::BITS as usize / 2 + fine % (usize::BITS as usize / 2 - 1))) - 1,
            };
        }
        let coarse = usize::from(coarse);
        let power = 1 << (coarse % self.doublings);
        let size = power + fine * power / 256;
        let size = match coarse / self.doublings % 4 {
            0 => size - 1,
            1 => size + 1,
            _ => size,
        };
        let size = if self.spent > BUDGET { size.min(SMALL) } else { size };
        self.spent += size.max(align);
        size
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subjects;

    #[test]
    fn every_input_is_a_program_of_bounded_length() {
        let mut rng = fastrand::Rng::with_seed(1);
        for entry in subjects::all() {
            let profile = (entry.profile)();
            for length in (0..64_usize).chain([1000, 4000]) {
                let bytes: Vec<u8> = (0..length).map(|_| rng.u8(..)).collect();
                let operations = decode(&bytes, &profile);
                assert!(operations.len() >= length.div_ceil(4).min(MOST), "{}", entry.name);
                assert!(operations.len() <= MOST);
                for operation in operations {
                    if let Operation::Allocate { size, align, .. } = operation {
                        let layout = std::alloc::Layout::from_size_align(size, align);
                        assert!(layout.is_ok(), "{}: {operation}", entry.name);
                    }
                }
            }
        }
    }

    #[test]
    fn a_changed_byte_changes_one_operation() {
        let profile = (subjects::named("heap").unwrap().profile)();
        let bytes: Vec<u8> = (0..40).map(|at| if at % 4 == 0 { 4 } else { at }).collect();
        let before = decode(&bytes, &profile);
        assert_eq!(before.len(), 10);
        let mut changed = bytes;
        changed[18] ^= 0x80;
        let after = decode(&changed, &profile);
        let differ: Vec<_> = (0..10).filter(|&at| before[at] != after[at]).collect();
        assert_eq!(differ, [4]);
    }

    #[test]
    fn every_kind_of_operation_can_be_reached() {
        let profile = (subjects::named("heap-foreign").unwrap().profile)();
        let bytes: Vec<u8> = (0..=255).flat_map(|first| [first, 1, 2, 3]).collect();
        let operations = decode(&bytes, &profile);
        for name in ["allocate", "zeroed", "free", "reallocate", "foreign", "refuse", "permit"] {
            let found = operations.iter().any(|o| o.to_string().starts_with(name));
            assert!(found, "no {name}");
        }
    }
}
