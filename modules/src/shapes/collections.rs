//! Shapes of what Rust programs are made of: vectors, strings, maps, boxes.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasherDefault, Hasher},
};

use crate::random::Random;

/// 64 vectors grow by pushes, each until it has reached a length of its own; then it starts anew.
pub fn vecs(steps: usize, random: &mut Random) -> u64 {
    let mut vecs: Vec<(Vec<u32>, usize)> = (0..64).map(|_| (Vec::new(), 1)).collect();
    let mut sum = 0;
    for step in 0..steps {
        let at = random.below(vecs.len());
        let (vec, limit) = &mut vecs[at];
        // A burst, as a parser or a renderer has them.
        for item in 0..16 {
            vec.push((step + item) as u32);
        }
        if vec.len() >= *limit {
            sum += u64::from(vec[vec.len() / 2]);
            *vec = Vec::new();
            *limit = random.doubling(4, 16);
        }
    }
    sum + vecs.iter().map(|(vec, _)| vec.len() as u64).sum::<u64>()
}

/// A string of `low..=high` letters that begins with a number.
fn string(number: usize, low: usize, high: usize, random: &mut Random) -> String {
    let mut text = number.to_string();
    let len = random.between(low, high);
    while text.len() < len {
        text.push((b'a' + (text.len() % 26) as u8) as char);
    }
    text
}

const KEYS: usize = 16_000;

pub fn strings_in_btree(steps: usize, random: &mut Random) -> u64 {
    let mut map = BTreeMap::new();
    let mut sum = 0;
    for _ in 0..steps {
        let number = random.below(KEYS);
        let key = string(number, 4 + number % 28, 4 + number % 28, random);
        if random.below(5) < 3 {
            let value = string(number, 8, 200, random);
            sum += map.insert(key, value).map_or(1, |old| old.len() as u64);
        } else {
            sum += map.remove(&key).map_or(0, |old| old.len() as u64);
        }
    }
    sum + map.iter().map(|(key, value)| (key.len() ^ value.len()) as u64).sum::<u64>()
}

/// FNV-1a: a hash that depends on nothing but what is hashed.
#[derive(Default)]
struct Fnv(u64);

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

pub fn strings_in_hash_map(steps: usize, random: &mut Random) -> u64 {
    let mut map: HashMap<String, String, BuildHasherDefault<Fnv>> = HashMap::default();
    let mut sum = 0;
    for _ in 0..steps {
        let number = random.below(KEYS);
        let key = string(number, 4 + number % 28, 4 + number % 28, random);
        if random.below(5) < 3 {
            let value = string(number, 8, 200, random);
            sum += map.insert(key, value).map_or(1, |old| old.len() as u64);
        } else {
            sum += map.remove(&key).map_or(0, |old| old.len() as u64);
        }
    }
    sum + map.iter().map(|(key, value)| (key.len() ^ value.len()) as u64).sum::<u64>()
}

/// Boxes of four sizes, freed in the opposite order, in stacks of 8,000.
pub fn boxes(steps: usize, random: &mut Random) -> u64 {
    enum Any {
        A(Box<u64>),
        B(Box<[u64; 4]>),
        C(Box<[u64; 12]>),
        D(Box<[u64; 32]>),
    }
    const STACK: usize = 8_000;
    let mut stack = Vec::with_capacity(STACK);
    let mut sum = 0;
    for _ in 0..steps / (2 * STACK) {
        for _ in 0..STACK {
            let value = random.number();
            stack.push(match value % 4 {
                0 => Any::A(Box::new(value)),
                1 => Any::B(Box::new([value; 4])),
                2 => Any::C(Box::new([value; 12])),
                _ => Any::D(Box::new([value; 32])),
            });
        }
        while let Some(item) = stack.pop() {
            sum ^= match item {
                Any::A(value) => *value,
                Any::B(values) => values[1],
                Any::C(values) => values[2],
                Any::D(values) => values[3],
            };
        }
    }
    sum
}

struct Node {
    left: Option<Box<Node>>,
    right: Option<Box<Node>>,
}

impl Node {
    fn new(depth: u32) -> Option<Box<Node>> {
        let children = depth.checked_sub(1)?;
        Some(Box::new(Node { left: Node::new(children), right: Node::new(children) }))
    }

    fn count(node: &Option<Box<Node>>) -> u64 {
        node.as_ref().map_or(0, |node| 1 + Node::count(&node.left) + Node::count(&node.right))
    }
}

/// Binary trees: a large one stays while small ones of several depths come and go.
pub fn trees(steps: usize, random: &mut Random) -> u64 {
    let long_lived = Node::new(16);
    let mut nodes = 0;
    while nodes < steps as u64 {
        nodes += Node::count(&Node::new(random.between(4, 14) as u32));
    }
    nodes + Node::count(&long_lived)
}

/// One vector, pushed to without knowing how long it will be.
pub fn pushes(bytes: usize, random: &mut Random) -> u64 {
    let mut vec = Vec::new();
    for _ in 0..bytes / 8 {
        vec.push(random.number());
    }
    vec.iter().fold(0, |sum, value| sum ^ value)
}
