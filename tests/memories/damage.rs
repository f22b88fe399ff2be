//! Memories that something wrote over: whatever stands in them, a reader ends soon, with a reason
//! or with blocks that are in memory.

use std::collections::BTreeSet;

use bonsai_testkit::fastrand::Rng;

use crate::{
    layout::Memory,
    recorded::{self, Recording},
};

const ROUNDS: u64 = 400;

/// Nothing that a heap links is in the first page.
const PAGE: usize = 1 << 16;

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The words to damage: the descriptor and those that it leads to; those reached from there, by
/// addresses or by numbers of granules, from link to link; and all that are not zero.
struct Targets([Vec<usize>; 3]);

impl Targets {
    fn of(Recording { bytes, descriptor, .. }: &Recording) -> Targets {
        let start = *descriptor as usize;
        let mut led_to: BTreeSet<_> = (0..15).map(|i| start + 4 * i).collect();
        let mut ends: Vec<_> = led_to.iter().copied().collect();
        let mut descriptor = ends.clone();
        for _ in 0..5 {
            let values = ends.iter().filter_map(|&at| word(bytes, at)).filter(|&to| to != 0);
            let places: Vec<_> =
                values.flat_map(|to| [to as usize & !3, to as usize * 16]).collect();
            if descriptor.len() == 15 {
                descriptor.extend(places.iter().filter(|&at| at + 4 <= bytes.len()));
            }
            let words = places.into_iter().flat_map(|to| (to..to + 64).step_by(4));
            ends = words.filter(|&at| at + 4 <= bytes.len() && led_to.insert(at)).collect();
        }
        let all = (0..bytes.len()).step_by(4).filter(|&at| word(bytes, at) != Some(0)).collect();
        Targets([descriptor, led_to.into_iter().collect(), all])
    }

    fn any(&self, rng: &mut Rng) -> usize {
        let some = &self.0[rng.usize(..3)];
        some[rng.usize(..some.len())]
    }
}

/// One thing goes wrong.
fn damage(bytes: &mut Vec<u8>, targets: &Targets, rng: &mut Rng) {
    let at = targets.any(rng);
    let Some(was) = word(bytes, at) else { return };
    let now = match rng.u32(..9) {
        0 => was ^ (1 << rng.u32(..32)),
        1 => rng.u32(..),
        2 => rng.u32(..bytes.len() as u32) & !3,
        3 => u32::MAX,
        4 => 0,
        5 => was.wrapping_mul(2),
        6 => was.wrapping_add(rng.u32(1..64)),
        // A link that was somewhere else: lists meet.
        7 => word(bytes, targets.any(rng)).unwrap_or(0),
        _ => {
            bytes.truncate(rng.usize(..bytes.len()));
            return;
        }
    };
    bytes[at..at + 4].copy_from_slice(&now.to_le_bytes());
}

/// Reads a memory, and tells whether that can be done.
fn ends(Recording { name, descriptor, .. }: &Recording, bytes: &[u8], round: u64) -> bool {
    let Ok(heap) = Memory::new(bytes).heap(*descriptor) else { return false };
    let mut end = 0;
    for block in heap.blocks {
        assert!(end <= block.at, "{name}, {round}: {block:x?}");
        end = block.at + block.size;
    }
    assert!(end <= bytes.len() as u64, "{name}, {round}: {end:#x}");
    true
}

#[test]
fn whatever_is_damaged_a_reader_ends_with_a_reason_or_with_blocks_in_memory() {
    for recording in recorded::all() {
        let targets = Targets::of(&recording);
        let (mut read, mut refused) = (0, 0);
        for round in 0..ROUNDS {
            let mut rng = Rng::with_seed(round);
            let mut bytes = recording.bytes.clone();
            for _ in 0..rng.u32(1..4) {
                damage(&mut bytes, &targets, &mut rng);
            }
            if ends(&recording, &bytes, round) {
                read += 1;
            } else {
                refused += 1;
            }
        }
        // Without blocks nothing of what was damaged is looked at but the descriptor, and shards are most of the rest.
        let least = if recording.name == "heap3-new" { ROUNDS / 10 } else { ROUNDS / 4 };
        assert!(read > 0 && refused > least, "{}: {read}, {refused}", recording.name);
    }
}

#[test]
fn a_list_that_runs_in_a_circle_ends() {
    for mut recording in recorded::all() {
        let length = recording.bytes.len();
        let (mut links, mut refused) = (0, 0);
        for at in (0..length).step_by(4) {
            let Some(was) = word(&recording.bytes, at).filter(|&to| to != 0) else { continue };
            // A word may lead somewhere by an address or by a number of granules.
            for unit in [1, 16] {
                if was as usize * unit < length && at % unit == 0 && was as usize * unit > PAGE {
                    let itself = (at / unit) as u32;
                    recording.bytes[at..at + 4].copy_from_slice(&itself.to_le_bytes());
                    links += 1;
                    refused += usize::from(!ends(&recording, &recording.bytes, at as u64));
                }
            }
            recording.bytes[at..at + 4].copy_from_slice(&was.to_le_bytes());
        }
        assert!(refused > 0, "{}: {links} links", recording.name);
    }
}
