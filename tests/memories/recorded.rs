//! The recordings: what `record.mjs` wrote.

use std::{fs, path::Path};

use crate::layout::{Block, State};

/// The heaps by their kinds, and the moments of each.
///
/// `heap1` is of 2026-11-25: the last one with version 1 of the layout of kind 5. `heap3` is `heap` where there are
/// threads: version 3.
const HEAPS: [(u64, &str); 7] =
    [(1, "bump"), (2, "buddy"), (3, "slab"), (4, "tiny"), (5, "heap1"), (5, "heap"), (5, "heap3")];
const MOMENTS: [&str; 3] = ["new", "young", "old"];

#[derive(Debug)]
pub struct Recording {
    /// A heap and a moment.
    pub name: String,
    pub kind: u64,
    pub bytes: Vec<u8>,
    pub descriptor: u64,
    /// The blocks as the heap itself saw them.
    pub blocks: Vec<Block>,
}

/// All of them.
pub fn all() -> impl Iterator<Item = Recording> {
    HEAPS.into_iter().flat_map(|(kind, heap)| MOMENTS.map(|moment| read(kind, heap, moment)))
}

fn read(kind: u64, heap: &str, moment: &str) -> Recording {
    let name = format!("{heap}-{moment}");
    let file = |ending| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/memories/recorded");
        fs::read_to_string(folder.join(format!("{name}.{ending}"))).unwrap()
    };
    let memory = file("memory");
    let mut lines = memory.lines().map(|line| line.split_once(' ').unwrap());
    let mut header = |key| lines.next().filter(|line| line.0 == key).map(|line| hex(line.1));
    let (length, descriptor) = (header("length").unwrap(), header("descriptor").unwrap());
    let mut bytes = vec![0; length as usize];
    for (at, row) in lines {
        for i in 0..row.len() / 2 {
            bytes[hex(at) as usize + i] = hex(&row[2 * i..][..2]) as u8;
        }
    }
    let blocks = file("blocks").lines().map(block).collect();
    Recording { name, kind, bytes, descriptor, blocks }
}

fn block(line: &str) -> Block {
    let [at, size, state] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
    let state = match state {
        "live" => State::Live,
        "free" => State::Free,
        "meta" => State::Meta,
        "gap" => State::Gap,
        _ => panic!("no state: {state}"),
    };
    Block { at: hex(at), size: size.parse().unwrap(), state }
}

fn hex(digits: &str) -> u64 {
    u64::from_str_radix(digits, 16).unwrap()
}
