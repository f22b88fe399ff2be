//! Shapes that build something large out of mixed parts and drop it as a whole, as compilers, renderers and
//! servers do.

use std::rc::Rc;

use crate::random::Random;

/// A syntax tree: leaves of 8 and 12 bytes, names, short and long lists of children.
enum Tree {
    Number(Box<u64>),
    Flag(Box<[u32; 3]>),
    Name(String),
    Text(Rc<str>),
    Pair(Box<(Tree, Tree)>),
    List(Vec<Tree>),
    Call(Box<Call>),
}

struct Call {
    name: String,
    arguments: Vec<Tree>,
    result: Option<Box<Tree>>,
    places: [u32; 6],
}

fn name(low: usize, high: usize, random: &mut Random) -> String {
    let length = random.between(low, high);
    let first = random.below(26) as u8;
    (0..length).map(|at| (b'a' + (first + at as u8) % 26) as char).collect()
}

impl Tree {
    /// Grows a tree; `nodes` counts down.
    fn grow(depth: u32, nodes: &mut usize, random: &mut Random) -> Tree {
        *nodes = nodes.saturating_sub(1);
        if depth == 0 || *nodes == 0 {
            return match random.below(4) {
                0 => Tree::Number(Box::new(random.number())),
                1 => Tree::Flag(Box::new([depth, *nodes as u32, 3])),
                2 => Tree::Name(name(1, 24, random)),
                _ => Tree::Text(name(4, 120, random).into()),
            };
        }
        match random.below(6) {
            0 => Tree::Pair(Box::new((
                Tree::grow(depth - 1, nodes, random),
                Tree::grow(depth - 1, nodes, random),
            ))),
            // Its vector grows, as those of parsers do, which do not know how much is coming.
            1..=3 => {
                let mut list = Vec::new();
                for _ in 0..random.between(1, 12) {
                    list.push(Tree::grow(depth - 1, nodes, random));
                }
                Tree::List(list)
            }
            _ => {
                let arguments =
                    (0..random.below(5)).map(|_| Tree::grow(depth - 1, nodes, random)).collect();
                let result =
                    (random.below(2) == 0).then(|| Box::new(Tree::grow(depth - 1, nodes, random)));
                Tree::Call(Box::new(Call {
                    name: name(3, 30, random),
                    arguments,
                    result,
                    places: [depth; 6],
                }))
            }
        }
    }

    fn sum(&self) -> u64 {
        match self {
            Tree::Number(number) => **number,
            Tree::Flag(flag) => u64::from(flag[0] ^ flag[1]),
            Tree::Name(name) => name.len() as u64,
            Tree::Text(text) => text.len() as u64,
            Tree::Pair(pair) => pair.0.sum() ^ pair.1.sum().rotate_left(1),
            Tree::List(list) => list.iter().fold(1, |sum, tree| sum.rotate_left(3) ^ tree.sum()),
            Tree::Call(call) => {
                let arguments = call.arguments.iter().map(Tree::sum).fold(0, u64::wrapping_add);
                arguments
                    ^ call.name.len() as u64
                    ^ u64::from(call.places[5])
                    ^ call.result.as_ref().map_or(0, |tree| tree.sum())
            }
        }
    }
}

/// Syntax trees of mixed nodes are built and dropped, one after the other; every tenth is kept for ten more.
pub fn mixed_trees(steps: usize, random: &mut Random) -> u64 {
    let mut left = steps;
    let mut kept = None;
    let mut sum = 0_u64;
    for round in 0.. {
        if left == 0 {
            break;
        }
        let mut nodes = 4_000.min(left);
        let before = nodes;
        // Lists end when the count does; a tree may have ended before.
        let mut trees = Vec::new();
        while nodes > 0 {
            trees.push(Tree::grow(9, &mut nodes, random));
        }
        left -= before;
        sum = trees.iter().fold(sum, |sum, tree| sum.rotate_left(1) ^ tree.sum());
        if round % 10 == 0 {
            kept = Some(trees);
        }
    }
    sum ^ kept.map_or(0, |trees: Vec<Tree>| trees.len() as u64)
}

/// The results of a parser for one file: names by number, tokens, lists of lists, and texts of comments. All of them
/// are freed at once, before the next file is read.
#[derive(Default)]
struct Arena {
    names: Vec<String>,
    tokens: Vec<(u32, u32)>,
    children: Vec<Vec<u32>>,
    comments: Vec<Box<str>>,
    scopes: Vec<Vec<(u32, String)>>,
}

pub fn parser_arenas(steps: usize, random: &mut Random) -> u64 {
    const FILE: usize = 2_000;
    let mut sum = 0_u64;
    for _ in 0..steps / FILE {
        let mut arena = Arena::default();
        for token in 0..FILE {
            arena.tokens.push((token as u32, random.below(9) as u32));
            match random.below(8) {
                0..=2 => arena.names.push(name(2, 40, random)),
                3 => arena.comments.push(name(20, 400, random).into_boxed_str()),
                4 => arena.children.push(vec![token as u32]),
                5 => arena.scopes.push(Vec::new()),
                6 => {
                    let at = arena.children.len().wrapping_sub(1 + random.below(4));
                    if let Some(list) = arena.children.get_mut(at) {
                        list.extend([token as u32; 5]);
                    }
                }
                _ => {
                    if let Some(scope) = arena.scopes.last_mut() {
                        scope.push((token as u32, name(2, 16, random)));
                    }
                }
            }
        }
        let lists = arena.children.iter().map(|list| list.len() as u64).sum::<u64>();
        let names = arena.names.iter().map(|name| name.len() as u64).sum::<u64>();
        let comments = arena.comments.iter().map(|text| text.len() as u64).sum::<u64>();
        let scoped =
            arena.scopes.iter().flatten().map(|(at, name)| u64::from(*at) ^ name.len() as u64);
        sum = sum.rotate_left(1)
            ^ lists
            ^ names
            ^ comments
            ^ scoped.sum::<u64>()
            ^ arena.tokens.len() as u64;
    }
    sum
}

/// Tables grow by rows and rows by cells, several at a time; a table is dropped when it is large.
pub fn nested_vecs(steps: usize, random: &mut Random) -> u64 {
    let mut tables: Vec<Vec<Vec<Vec<u16>>>> = (0..6).map(|_| Vec::new()).collect();
    let mut sum = 0_u64;
    for step in 0..steps {
        let which = random.below(tables.len());
        let table = &mut tables[which];
        if table.is_empty() || random.below(12) == 0 {
            table.push(Vec::new());
        }
        let last = table.len() - 1;
        let back = random.below(table.len().min(3));
        let row = &mut table[last - back];
        if row.is_empty() || random.below(3) == 0 {
            row.push(Vec::new());
        }
        let at = random.below(row.len());
        row[at].extend([step as u16; 7]);
        if table.len() > 150 {
            let cells = table.iter().flatten().map(|cell| cell.len() as u64);
            sum = sum.rotate_left(1) ^ cells.sum::<u64>();
            *table = Vec::new();
        }
    }
    sum ^ tables.iter().flatten().flatten().map(|cell| cell.len() as u64).sum::<u64>()
}

struct Document {
    title: String,
    words: Vec<String>,
    lines: Vec<(u32, Vec<u32>)>,
    body: Vec<u8>,
}

/// Forty documents are open; each step reads one anew, and then drops what it was before.
pub fn documents(steps: usize, random: &mut Random) -> u64 {
    let mut open: Vec<Option<Document>> = (0..40).map(|_| None).collect();
    let mut sum = 0_u64;
    for step in 0..steps {
        let scale = 1 << random.below(6);
        let mut body = Vec::new();
        let mut words = Vec::new();
        let mut lines = Vec::new();
        for line in 0..4 * scale {
            let mut places = Vec::new();
            for _ in 0..random.between(1, 8) {
                let word = name(1, 20, random);
                places.push(body.len() as u32);
                body.extend_from_slice(word.as_bytes());
                words.push(word);
            }
            lines.push((line, places));
        }
        words.shrink_to_fit();
        let document = Document { title: format!("{step}. {}", words[0]), words, lines, body };
        let at = random.below(open.len());
        let old = open[at].replace(document);
        sum = old.iter().fold(sum, |sum, old| {
            let places = old.lines.iter().map(|(line, places)| *line as usize ^ places.len());
            let read = old.body.len() ^ old.words.len() ^ old.title.len() ^ places.sum::<usize>();
            sum.rotate_left(1) ^ read as u64
        });
    }
    sum ^ open.iter().flatten().map(|document| document.body.len() as u64).sum::<u64>()
}
