//! Shapes of plain blocks.

use crate::random::Random;

use super::block::Block;

/// Slots that are empty or hold a block.
struct Slots(Vec<Option<Block>>);

impl Slots {
    fn new(slots: usize) -> Slots {
        Slots((0..slots).map(|_| None).collect())
    }

    /// Frees what is left.
    fn finish(self) -> u64 {
        self.0.into_iter().flatten().map(Block::free).sum()
    }
}

/// Every step picks a slot: empties it if it is full, fills it if it is empty. Half of the slots
/// are full on average.
#[inline(always)]
fn toggle(
    steps: usize,
    slots: usize,
    random: &mut Random,
    mut request: impl FnMut(&mut Random) -> (usize, usize),
) -> u64 {
    let mut slots = Slots::new(slots);
    let mut sum = 0;
    for _ in 0..steps {
        let at = random.below(slots.0.len());
        match slots.0[at].take() {
            Some(block) => sum += block.free(),
            None => {
                let (size, align) = request(random);
                slots.0[at] = Some(Block::new(size, align, size as u8));
            }
        }
    }
    sum + slots.finish()
}

pub fn random_10k(steps: usize, random: &mut Random) -> u64 {
    toggle(steps, 2_000, random, |random| (random.between(1, 10_000), 8))
}

pub fn random_10k_aligned(steps: usize, random: &mut Random) -> u64 {
    toggle(steps, 2_000, random, |random| {
        // Every fourth asks for more than 16: for 32 as often as for all above together.
        let align = if random.below(4) == 0 { 32 << random.geometric().min(7) } else { 8 };
        (random.between(1, 10_000), align)
    })
}

pub fn random_100k(steps: usize, random: &mut Random) -> u64 {
    toggle(steps, 800, random, |random| (random.between(1, 100_000), 8))
}

pub fn random_512(steps: usize, random: &mut Random) -> u64 {
    toggle(steps, 10_000, random, |random| (random.between(1, 512), 8))
}

/// As `random_10k`, but every third of the blocks that are met is resized instead of freed.
pub fn random_10k_realloc(steps: usize, random: &mut Random) -> u64 {
    let mut slots = Slots::new(2_000);
    let mut sum = 0;
    for _ in 0..steps {
        let at = random.below(slots.0.len());
        let size = random.between(1, 10_000);
        match &mut slots.0[at] {
            Some(block) if random.below(3) == 0 => block.resize(size),
            full @ Some(_) => sum += full.take().map_or(0, Block::free),
            empty => *empty = Some(Block::new(size, 8, size as u8)),
        }
    }
    sum + slots.finish()
}

/// 10,000 small blocks are live; every step replaces one.
pub fn churn(steps: usize, random: &mut Random) -> u64 {
    let mut slots = Slots::new(10_000);
    let mut sum = 0;
    for slot in &mut slots.0 {
        *slot = Some(Block::new(random.between(8, 1024), 8, 1));
    }
    for _ in 0..steps {
        let at = random.below(slots.0.len());
        let size = random.between(8, 1024);
        sum += slots.0[at].take().map_or(0, Block::free);
        slots.0[at] = Some(Block::new(size, 8, size as u8));
    }
    sum + slots.finish()
}

/// Waves of blocks of mixed sizes; of each wave one block in 32 stays for the next eight waves.
pub fn waves(steps: usize, random: &mut Random) -> u64 {
    const WAVE: usize = 2_000;
    let mut kept: [Vec<Block>; 8] = Default::default();
    let mut sum = 0;
    for wave in 0..steps / WAVE {
        let mut blocks: Vec<_> = (0..WAVE)
            .map(|_| {
                let size = random.doubling(4, 15);
                Block::new(size, 8, size as u8)
            })
            .collect();
        let mut keep = Vec::new();
        while !blocks.is_empty() {
            let block = blocks.swap_remove(random.below(blocks.len()));
            if blocks.len() % 32 == 0 { keep.push(block) } else { sum += block.free() }
        }
        let old = std::mem::replace(&mut kept[wave % 8], keep);
        sum += old.into_iter().map(Block::free).sum::<u64>();
    }
    sum + kept.into_iter().flatten().map(Block::free).sum::<u64>()
}

/// The recipe that talc's own benchmark had for WebAssembly: sizes to 10,000, alignments of 8
/// shifted by half of a geometric draw, at least 50 blocks live, and a seventh of reallocations.
pub fn random_actions(steps: usize, random: &mut Random) -> u64 {
    let mut live: Vec<Block> = Vec::with_capacity(10_000);
    let mut sum = 0;
    for _ in 0..steps {
        let action = random.below(7);
        if action == 6 {
            if !live.is_empty() {
                let at = random.below(live.len());
                live[at].resize(random.between(1, 10_000));
            }
        } else if action < 3 || live.len() < 50 {
            let size = random.between(1, 10_000);
            let align = 8 << (random.geometric().min(16) / 2);
            live.push(Block::new(size, align, size as u8));
        } else {
            let at = random.below(live.len());
            sum += live.swap_remove(at).free();
        }
    }
    sum + live.into_iter().map(Block::free).sum::<u64>()
}

/// A round: a buffer comes, a little larger than the last one and of an odd size, a few small blocks
/// that live long are allocated behind it, the buffer goes. No buffer fits where the last one was if
/// the small blocks took of its place. What counts is how many pages there are after the last round.
pub fn ratchet(rounds: usize, random: &mut Random) -> u64 {
    let mut long_lived = Vec::new();
    let mut sum = 0;
    for round in 0..rounds {
        let buffer = Block::new(65_001 + 202 * round, 8, round as u8);
        for _ in 0..6 {
            let size = random.between(16, 256);
            long_lived.push(Block::new(size, 8, size as u8));
        }
        sum += buffer.free();
    }
    sum + long_lived.into_iter().map(Block::free).sum::<u64>()
}

/// Blocks of 4 MiB that are to be zero, all of them live.
pub fn zeroed(blocks: usize, _: &mut Random) -> u64 {
    let blocks: Vec<_> = (0..blocks).map(|at| Block::zeroed(4 << 20, at as u8)).collect();
    blocks.into_iter().map(Block::free).sum()
}
