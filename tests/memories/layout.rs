//! A reader of heaps in linear memory, written from docs/heap-layout.md alone: it shares nothing with
//! the library, so that what the page says and what a heap does are held against each other.
//!
//! It takes nothing on trust. Every read is checked and counted, and every list ends, because no
//! block is on it twice. Of a wrong heap it says what is wrong, and where; it panics only if it runs
//! in a circle itself.

mod heap;

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// The use of a block, in the words of the page and of the recordings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Live,
    Free,
    Meta,
    Gap,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    pub at: u64,
    pub size: u64,
    pub state: State,
}

/// A heap as it is read.
#[derive(Debug)]
pub struct Heap {
    pub kind: u64,
    /// None where the descriptor says that nobody counts.
    pub committed: Option<u64>,
    pub growths: Option<u64>,
    /// In the order of their addresses.
    pub blocks: Vec<Block>,
}

/// The reason why a heap cannot be read.
#[derive(Debug)]
pub struct Wrong {
    what: &'static str,
    at: u64,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {:#x}", self.what, self.at)
    }
}

type Result<T> = std::result::Result<T, Wrong>;

fn rule(holds: bool, what: &'static str, at: u64) -> Result<()> {
    if holds { Ok(()) } else { Err(Wrong { what, at }) }
}

/// Linear memory, and how often it was read.
#[derive(Debug)]
pub struct Memory<'a> {
    bytes: &'a [u8],
    reads: Cell<usize>,
}

impl<'a> Memory<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Memory { bytes, reads: Cell::new(0) }
    }

    /// Far fewer reads than there are bytes see a whole heap.
    fn count(&self) {
        self.reads.set(self.reads.get() + 1);
        assert!(self.reads.get() <= self.bytes.len() + 100, "the reader runs in a circle");
    }

    fn byte(&self, at: u64) -> Result<u8> {
        self.count();
        let byte = usize::try_from(at).ok().and_then(|at| self.bytes.get(at));
        byte.copied().ok_or(Wrong { what: "a byte is beyond memory", at })
    }

    fn word(&self, at: u64) -> Result<u64> {
        self.count();
        rule(at % 4 == 0, "a word is not aligned", at)?;
        let word = usize::try_from(at).ok().and_then(|at| self.bytes.get(at..)?.first_chunk());
        let word = word.ok_or(Wrong { what: "a word is beyond memory", at })?;
        Ok(u32::from_le_bytes(*word).into())
    }

    fn holds(&self, at: u64, size: u64) -> Result<()> {
        rule(at + size <= self.bytes.len() as u64, "a length leads beyond memory", at)
    }

    /// Reads the heap whose descriptor is at an address.
    pub fn heap(&self, descriptor: u64) -> Result<Heap> {
        let words = Words { memory: self, at: descriptor };
        rule(descriptor != 0, "there is no descriptor", descriptor)?;
        rule(words.value(0)? == 0x534E_4F42, "no magic", descriptor)?;
        let (version, kind) = (words.value(1)?, words.value(2)?);
        let known = version == 1 || kind == 5 && (2..=3).contains(&version);
        rule(known, "no version", descriptor)?;
        let least = match kind {
            5 if version == 2 => 12,
            5 if version == 3 => 17,
            1 | 4 => 9,
            2 => 11,
            3 => 13,
            5 => 15,
            _ => return Err(Wrong { what: "no kind", at: descriptor }),
        };
        rule(words.value(3)? >= least, "a descriptor that is too short", descriptor)?;
        self.holds(descriptor, 4 * words.value(3)?)?;
        let blocks = match kind {
            1 => bump(&words)?,
            2 => buddy(&words, None)?,
            3 => buddy(&words, Some(&sizes(&words)?))?,
            4 => tiny(&words)?,
            _ if version > 1 => heap::heap(&words, version == 3)?,
            _ => heap::first_heap(&words)?,
        };
        let counted = |word| words.value(word).map(|at| (at != 0).then_some(word));
        let committed = counted(4)?.map(|word| words.behind(word)).transpose()?;
        // Where a heap does not count what it obtained, the pool's growths leave its own out.
        let growths = counted(5)?.filter(|_| committed.is_some());
        let growths = growths.map(|word| words.behind(word)).transpose()?;
        Ok(Heap { kind, committed, growths, blocks })
    }
}

/// A descriptor's words.
struct Words<'a> {
    memory: &'a Memory<'a>,
    at: u64,
}

impl Words<'_> {
    fn value(&self, word: u64) -> Result<u64> {
        self.memory.word(self.at + 4 * word)
    }

    /// The value of an *address of a word*.
    fn behind(&self, word: u64) -> Result<u64> {
        self.memory.word(self.value(word)?)
    }

    /// A row of words: its address is one word, its length another.
    fn row(&self, at: u64, length: u64) -> Result<Vec<u64>> {
        let (at, length) = (self.value(at)?, self.value(length)?);
        self.memory.holds(at, 4 * length)?;
        (0..length).map(|i| self.memory.word(at + 4 * i)).collect()
    }
}

/// Blocks that are added in the order of their addresses and leave nothing out.
#[derive(Default)]
struct Tiles(Vec<Block>);

impl Tiles {
    fn end(&self) -> Option<u64> {
        self.0.last().map(|last| last.at + last.size)
    }

    fn push(&mut self, at: u64, size: u64, state: State) -> Result<()> {
        rule(self.end().is_none_or(|end| end == at), "blocks overlap", at)?;
        match self.0.last_mut() {
            // Where one hole ends and the next begins, nobody knows.
            Some(last) if state == State::Gap && last.state == state => last.size += size,
            _ if size > 0 => self.0.push(Block { at, size, state }),
            _ => {}
        }
        Ok(())
    }
}

fn bump(words: &Words<'_>) -> Result<Vec<Block>> {
    let memory = words.memory;
    let newest = words.behind(6)?;
    let (mut start, mut top) = (newest, words.behind(7)?);
    let mut chunks = BTreeMap::new();
    while start != 0 {
        rule(start + 8 <= top, "a chunk ends before its header", start)?;
        memory.holds(top, 0)?;
        rule(chunks.insert(start, top).is_none(), "chunks run in a circle", start)?;
        (start, top) = (memory.word(start)?, memory.word(start + 4)?);
    }
    let mut tiles = Tiles::default();
    for (start, top) in chunks {
        if let Some(end) = tiles.end() {
            rule(end <= start, "chunks overlap", start)?;
            tiles.push(end, start - end, State::Gap)?;
        }
        tiles.push(start, 8, State::Meta)?;
        tiles.push(start + 8, top - start - 8, State::Live)?;
        if start == newest {
            let end = words.behind(8)?;
            rule(top <= end, "the newest chunk ends before its top", start)?;
            memory.holds(end, 0)?;
            tiles.push(top, end - top, State::Free)?;
        }
    }
    Ok(tiles.0)
}

/// The sizes of a slab heap's classes.
fn sizes(words: &Words<'_>) -> Result<Vec<u64>> {
    let sizes = words.row(12, 11)?;
    rule(sizes.is_sorted_by(|a, b| a < b), "sizes do not ascend", words.at)?;
    rule(sizes.first().is_none_or(|&least| least >= 4), "no room for a link", words.at)?;
    Ok(sizes)
}

fn buddy(words: &Words<'_>, sizes: Option<&[u64]>) -> Result<Vec<Block>> {
    let memory = words.memory;
    let (map, entries, origin) = (words.behind(6)?, words.behind(7)?, words.behind(8)?);
    let (granule, capacity) = (words.value(9)?, words.behind(10)?);
    rule(granule < 32, "a granule beyond all memory", words.at)?;
    memory.holds(map, entries)?;
    memory.holds(origin, entries << granule)?;
    let mut tiles = Tiles::default();
    let mut entry = 0;
    while entry < entries {
        let at = origin + (entry << granule);
        let byte = memory.byte(map + entry)?;
        if byte == 0 {
            tiles.push(at, 1 << granule, State::Gap)?;
            entry += 1;
            continue;
        }
        let order = u64::from(byte & 0x3F);
        rule((1..=32).contains(&order), "a block of no order", at)?;
        let order = order - 1;
        let size = 1 << (granule + order);
        rule(entry + (1 << order) <= entries, "a block beyond the map", at)?;
        rule(at % size == 0, "a block that is not aligned to its size", at)?;
        match (byte >> 6, sizes) {
            (0, _) => {
                let own = (map..map + capacity).contains(&at);
                tiles.push(at, size, if own { State::Meta } else { State::Live })?;
            }
            (1 | 2, _) => tiles.push(at, size, State::Free)?,
            (_, Some(sizes)) => slab(memory, at, size, sizes, &mut tiles)?,
            (_, None) => return Err(Wrong { what: "a slab in a buddy heap", at }),
        }
        entry += 1 << order;
    }
    Ok(tiles.0)
}

fn slab(memory: &Memory<'_>, at: u64, room: u64, sizes: &[u64], tiles: &mut Tiles) -> Result<()> {
    let field = |offset| memory.word(at + offset);
    let (class, used, fresh, capacity) = (field(0)?, field(4)?, field(8)?, field(24)?);
    let first = field(28)?;
    let size = usize::try_from(class).ok().and_then(|class| sizes.get(class)).copied();
    let size = size.ok_or(Wrong { what: "a slab of no class", at })?;
    rule(used <= fresh && fresh <= capacity, "a slab with more blocks than fit", at)?;
    rule(first >= 32 && first + capacity * size <= room, "a slab's blocks beyond it", at)?;
    let mut free = BTreeSet::new();
    let mut block = field(12)?;
    while block != 0 {
        let offset = block.wrapping_sub(at + first);
        rule(offset / size < fresh, "a free block that was never carved", block)?;
        rule(offset % size == 0, "a free block between two others", block)?;
        rule(free.insert(offset / size), "a free list runs in a circle", block)?;
        block = memory.word(block)?;
    }
    rule(free.len() as u64 == fresh - used, "a free list of another length", at)?;
    tiles.push(at, first, State::Meta)?;
    for i in 0..capacity {
        let state = if i >= fresh || free.contains(&i) { State::Free } else { State::Live };
        tiles.push(at + first + i * size, size, state)?;
    }
    let end = first + capacity * size;
    tiles.push(at + end, room - end, State::Meta)
}

/// The free blocks, which is all that can be known.
fn tiny(words: &Words<'_>) -> Result<Vec<Block>> {
    let memory = words.memory;
    let (heads, largest) = (words.row(6, 7)?, words.value(8)?);
    let mut free = BTreeMap::new();
    for (class, &head) in heads.iter().enumerate() {
        let order = largest.checked_sub(class as u64).filter(|order| (2..32).contains(order));
        let order = order.ok_or(Wrong { what: "a class of no size", at: words.at })?;
        let mut block = head;
        while block != 0 {
            memory.holds(block, 1 << order)?;
            rule(free.insert(block, 1 << order).is_none(), "a block is on a list twice", block)?;
            block = memory.word(block)?;
        }
    }
    let mut end = 0;
    for (&at, &size) in &free {
        rule(end <= at, "free blocks overlap", at)?;
        end = at + size;
    }
    Ok(free.into_iter().map(|(at, size)| Block { at, size, state: State::Free }).collect())
}
