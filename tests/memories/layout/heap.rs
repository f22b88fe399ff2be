//! `Heap`, in each version of its layout.

use std::collections::{BTreeMap, BTreeSet};

use super::{Block, Memory, Result, State, Tiles, Words, Wrong, rule};

/// Granules have 16 bytes.
const GRANULE: u64 = 16;

/// A region: its first granule, how many granules its table has bits for, the granule of the table.
struct Region {
    origin: u64,
    cover: u64,
    table: u64,
    /// The granule where its blocks end: at the top in the newest, at a gap in the others.
    end: u64,
}

impl Region {
    fn bits(&self, memory: &Memory<'_>, granule: u64) -> Result<u8> {
        if granule - self.origin >= self.cover {
            return Ok(0);
        }
        let byte = self.table * GRANULE + granule / 4 - self.origin / 4;
        Ok((memory.byte(byte)? >> (granule % 4 * 2)) & 3)
    }
}

pub fn heap(words: &Words<'_>, sharded: bool) -> Result<Vec<Block>> {
    let memory = words.memory;
    let (top, end) = (words.behind(7)?, words.behind(8)?);
    if end == 0 {
        return Ok(Vec::new());
    }
    memory.holds(end * GRANULE, 0)?;
    let regions = all_regions(words, top, end)?;
    let newest = regions.last().ok_or(Wrong { what: "no region", at: words.at })?;
    let mut own: BTreeSet<u64> = regions.iter().flat_map(|r| [r.origin, r.table]).collect();
    let mut quick = quick(words, 9)?;
    if sharded {
        shards(words, &mut quick)?;
    }
    let mut tiles = Tiles::default();
    for region in &regions {
        if let Some(end) = tiles.end() {
            tiles.push(end, region.origin * GRANULE - end, State::Gap)?;
        }
        let mut at = region.origin;
        while at < region.end {
            let mut next = at + 1;
            while next < region.end && next < region.origin + region.cover {
                if region.bits(memory, next)? & 1 != 0 {
                    break;
                }
                next += 1;
            }
            if next >= region.origin + region.cover {
                next = region.end;
            }
            let state = if own.remove(&at) {
                State::Meta
            } else if region.bits(memory, at)? & 2 != 0 {
                State::Free
            } else if let Some(size) = quick.remove(&at) {
                rule(next - at == size, "a block in another class's list", at * GRANULE)?;
                State::Free
            } else {
                State::Live
            };
            tiles.push(at * GRANULE, (next - at) * GRANULE, state)?;
            at = next;
        }
    }
    rule(own.is_empty(), "a header or a table is no block", words.at)?;
    rule(quick.is_empty(), "a block that waits is none", words.at)?;
    let used = top - newest.origin;
    let size = (used + used / 2 + 67) / 64;
    let reaches = used + 2 * size < newest.cover || end - newest.origin <= newest.cover;
    let aside = if reaches { 0 } else { size.min(end - top) };
    tiles.push(top * GRANULE, aside * GRANULE, State::Meta)?;
    tiles.push((top + aside) * GRANULE, (end - top - aside) * GRANULE, State::Free)?;
    Ok(tiles.0)
}

/// The regions in the order of their addresses.
fn all_regions(words: &Words<'_>, top: u64, end: u64) -> Result<Vec<Region>> {
    let mut regions = Vec::new();
    let mut record = words.value(6)?;
    let mut after = end;
    loop {
        let word = |i: u64| words.memory.word(record + 4 * i);
        let (origin, cover, table) = (word(0)?, word(1)?, word(2)?);
        if origin == 0 {
            break;
        }
        let end = if regions.is_empty() { top } else { (origin + cover).saturating_sub(1) };
        rule(origin < end && end <= after, "a region that ends in another", origin * GRANULE)?;
        words.memory.holds(table * GRANULE, (origin % 4 + cover).div_ceil(4))?;
        regions.push(Region { origin, cover, table, end });
        after = origin;
        record = origin * GRANULE;
    }
    regions.reverse();
    Ok(regions)
}

pub fn first_heap(words: &Words<'_>) -> Result<Vec<Block>> {
    let memory = words.memory;
    let (table, origin, top) = (words.behind(6)?, words.behind(7)?, words.behind(8)?);
    let (end, limit) = (words.behind(9)?, words.behind(10)?);
    if limit == 0 {
        return Ok(Vec::new());
    }
    let ordered = origin <= top && top <= end && end <= limit;
    rule(ordered, "the top is not in the heap", words.at)?;
    memory.holds(limit * GRANULE, 0)?;
    memory.holds(table, (limit - origin).div_ceil(4))?;
    let bits = |granule: u64| -> Result<u8> {
        let index = granule - origin;
        Ok((memory.byte(table + index / 4)? >> (index % 4 * 2)) & 3)
    };

    let (headers, gaps) = regions(words, origin, end)?;
    let quick = quick(words, 12)?;
    let (mut tops, mut regions, mut waiting, mut tables) = (0, 0, 0, 0);
    let mut tiles = Tiles::default();
    let mut at = origin;
    while at < end {
        let mut next = at + 1;
        while next < end && bits(next)? & 1 == 0 {
            next += 1;
        }
        let state = if at == top {
            rule(next == end, "the top is split", at * GRANULE)?;
            tops += 1;
            State::Free
        } else if headers.contains(&at) {
            rule(next == at + 1, "a header of more than a granule", at * GRANULE)?;
            regions += 1;
            State::Meta
        } else if gaps.contains(&at) {
            State::Gap
        } else if bits(at)? & 2 != 0 {
            State::Free
        } else if let Some(&size) = quick.get(&at) {
            rule(next - at == size, "a block in another class's list", at * GRANULE)?;
            waiting += 1;
            State::Free
        } else if at * GRANULE == table {
            tables += 1;
            State::Meta
        } else {
            State::Live
        };
        tiles.push(at * GRANULE, (next - at) * GRANULE, state)?;
        at = next;
    }
    if table == end * GRANULE {
        tables += 1;
        tiles.push(table, (limit - end) * GRANULE, State::Meta)?;
    }
    rule(tops == u64::from(top < end), "the top is no block", top * GRANULE)?;
    rule(tables == 1, "the table is no block", table)?;
    rule(regions == headers.len(), "a header is no block", words.at)?;
    rule(waiting == quick.len(), "a block that waits is none", words.at)?;
    Ok(tiles.0)
}

/// Version 1: which granules are the regions' headers, and where others' memory begins.
fn regions(words: &Words<'_>, origin: u64, end: u64) -> Result<(BTreeSet<u64>, BTreeSet<u64>)> {
    let (mut headers, mut gaps) = (BTreeSet::new(), BTreeSet::new());
    let mut header = words.behind(11)?;
    while header != 0 {
        let at = header * GRANULE;
        rule((origin..end).contains(&header), "a region outside of the heap", at)?;
        rule(headers.insert(header), "regions run in a circle", at)?;
        let (before, ended) = (words.memory.word(at)?, words.memory.word(at + 4)?);
        if before != 0 {
            rule(before < ended && ended < header, "a region that ended in another", at)?;
            gaps.insert(ended);
        }
        header = before;
    }
    Ok((headers, gaps))
}

/// The blocks in quick lists, and their sizes, in granules. `at`: the word of the first list, before those of
/// how many there are, and of how many classes are small.
fn quick(words: &Words<'_>, at: u64) -> Result<BTreeMap<u64, u64>> {
    let (heads, small) = (words.row(at, at + 1)?, words.value(at + 2)?);
    let mut blocks = BTreeMap::new();
    for (class, &head) in heads.iter().enumerate() {
        list(words, head, class_size(words, class as u64, small)?, &mut blocks)?;
    }
    Ok(blocks)
}

/// The blocks in the lists of shards, and their sizes.
fn shards(words: &Words<'_>, blocks: &mut BTreeMap<u64, u64>) -> Result<()> {
    let (first, count) = (words.value(12)?, words.value(13)?);
    let (bytes, lists) = (words.value(14)?, words.value(15)?);
    rule(4 + 8 * lists <= bytes, "a shard's lists run into the next", first)?;
    words.memory.holds(first, count * bytes)?;
    for shard in (0..count).map(|i| first + i * bytes) {
        for i in 0..lists {
            let head = words.memory.word(shard + 4 + 8 * i)?;
            list(words, head, class_size(words, i, 16)?, blocks)?;
        }
    }
    Ok(())
}

/// The size of a class, in granules, where classes up to `small` are their sizes.
fn class_size(words: &Words<'_>, class: u64, small: u64) -> Result<u64> {
    if class <= small {
        return Ok(class.max(1));
    }
    let above = class - small - 1;
    rule(above / 8 < 29, "a class of no size", words.at)?;
    rule(small.is_power_of_two() && small >= 8, "an odd number of small classes", words.at)?;
    Ok((above % 8 + 9) << (above / 8 + u64::from(small.ilog2()) - 3))
}

/// The blocks of one list.
fn list(words: &Words<'_>, head: u64, size: u64, blocks: &mut BTreeMap<u64, u64>) -> Result<()> {
    let mut block = head;
    while block != 0 {
        rule(block % GRANULE == 0, "a block that waits between two granules", block)?;
        rule(blocks.insert(block / GRANULE, size).is_none(), "a block waits twice", block)?;
        block = words.memory.word(block)?;
    }
    Ok(())
}
