//! Patterns of allocation, a step at a time: each step is one allocation, one free or one change of
//! size, and which one it is depends on the seed alone, never on the allocator.
//!
//! A static table lists the blocks, so that the heap holds nothing but the workload.

use super::block::Block;
use crate::random::Random;

/// Blocks that can be live at once.
const SLOTS: usize = 10_000;

/// A pattern, by the number that the page knows it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    /// 2,000 slots, of which one at a time is filled or emptied; 1 to 10,000 bytes.
    Random = 0,
    /// 10,000 blocks of 8 to 1,024 bytes, of which one at a time is replaced.
    Churn = 1,
    /// 800 slots, of which one at a time is filled or emptied; 1 to 100,000 bytes.
    Large = 2,
    /// 64 buffers that double until they reach 64 KiB, and begin anew.
    Vectors = 3,
    /// Blocks of 16 to 64 bytes; the newest goes first.
    Stack = 4,
    /// Rounds of a buffer that is a little larger than the last, and of six small blocks that
    /// outlive it.
    Ratchet = 5,
}

impl Workload {
    pub fn of(number: u32) -> Option<Workload> {
        use Workload::{Churn, Large, Random, Ratchet, Stack, Vectors};
        [Random, Churn, Large, Vectors, Stack, Ratchet].into_iter().find(|it| *it as u32 == number)
    }
}

/// A workload under way.
#[derive(Debug)]
pub struct Run {
    workload: Workload,
    /// None before the first start: a static has room for all of this, the stack of a page does not.
    random: Option<Random>,
    slots: [Option<Block>; SLOTS],
    /// The workload's counter: slots filled, depth, step of the round.
    count: usize,
    /// The workload's goal: the slot to fill next, the depth to reach, the round.
    goal: usize,
    live: usize,
    peak: usize,
    sum: u32,
    damaged: bool,
}

impl Run {
    pub const fn new() -> Run {
        Run {
            workload: Workload::Random,
            random: None,
            slots: [const { None }; SLOTS],
            count: 0,
            goal: 0,
            live: 0,
            peak: 0,
            sum: 0,
            damaged: false,
        }
    }

    /// Begins anew, after whatever was live is freed.
    pub fn start(&mut self, workload: Workload, seed: u32) {
        self.finish();
        self.workload = workload;
        self.random = Some(Random::new(seed));
        (self.count, self.goal, self.peak, self.sum, self.damaged) = (0, 0, 0, 0, false);
    }

    fn random(&mut self) -> &mut Random {
        self.random.get_or_insert_with(|| Random::new(0))
    }

    /// One step; false, and nothing done, if the allocator had no room.
    pub fn step(&mut self) -> bool {
        match self.workload {
            Workload::Random => self.toggle(2_000, 10_000),
            Workload::Large => self.toggle(800, 100_000),
            Workload::Churn => self.churn(),
            Workload::Vectors => self.vector(),
            Workload::Stack => self.stack(),
            Workload::Ratchet => self.ratchet(),
        }
    }

    /// Frees all that is live.
    pub fn finish(&mut self) {
        for at in 0..SLOTS {
            self.free(at);
        }
    }

    /// Bytes that are live, as they were asked for.
    pub const fn live(&self) -> usize {
        self.live
    }

    /// The most bytes that ever were.
    pub const fn peak(&self) -> usize {
        self.peak
    }

    /// A sum over all steps, the same on every allocator; 0 if a block lost what was written to it.
    pub const fn checksum(&self) -> u32 {
        if self.damaged { 0 } else { self.sum | 1 }
    }

    fn toggle(&mut self, slots: usize, most: usize) -> bool {
        let at = self.random().below(slots);
        if self.slots[at].is_some() {
            self.free(at);
            return true;
        }
        let size = self.random().between(1, most);
        self.fill(at, size)
    }

    fn churn(&mut self) -> bool {
        if self.count == SLOTS {
            // The slot that is emptied now is filled by the next step.
            self.goal = self.random().below(SLOTS);
            self.free(self.goal);
            self.count -= 1;
            return true;
        }
        let at = if self.goal == 0 && self.slots[0].is_some() { self.count } else { self.goal };
        let size = self.random().between(8, 1024);
        let filled = self.fill(at, size);
        if filled {
            self.count += 1;
            if self.count < SLOTS {
                self.goal = self.count;
            }
        }
        filled
    }

    fn vector(&mut self) -> bool {
        let at = self.random().below(64);
        match self.slots[at].take() {
            None => self.fill(at, 16),
            Some(block) if block.size() < 64 * 1024 => {
                let (was, size) = (block.size(), block.size() * 2);
                let (resized, sound) = block.resize(size);
                self.damaged |= !sound;
                let done = resized.is_ok();
                self.slots[at] = Some(resized.unwrap_or_else(|block| block));
                if done {
                    self.count(size - was);
                    self.add(size);
                }
                done
            }
            full => {
                self.slots[at] = full;
                self.free(at);
                true
            }
        }
    }

    fn stack(&mut self) -> bool {
        while self.count == self.goal {
            self.goal = self.random().below(SLOTS);
        }
        if self.count < self.goal {
            let size = self.random().between(16, 64);
            let filled = self.fill(self.count, size);
            self.count += usize::from(filled);
            filled
        } else {
            self.count -= 1;
            self.free(self.count);
            true
        }
    }

    /// The buffer stands in the last slot; the small blocks go round through the others.
    fn ratchet(&mut self) -> bool {
        const BUFFER: usize = SLOTS - 1;
        let done = match self.count {
            0 => self.fill(BUFFER, 65_001 + 202 * (self.goal % 1_000)),
            small @ 1..=6 => {
                let at = (self.goal * 6 + small - 1) % BUFFER;
                if self.slots[at].is_some() {
                    self.free(at);
                    return true;
                }
                let size = self.random().between(16, 256);
                self.fill(at, size)
            }
            _ => {
                self.free(BUFFER);
                true
            }
        };
        if done {
            self.count = (self.count + 1) % 8;
            self.goal += usize::from(self.count == 0);
        }
        done
    }

    fn fill(&mut self, at: usize, size: usize) -> bool {
        let Some(block) = Block::new(size) else {
            return false;
        };
        self.slots[at] = Some(block);
        self.count(size);
        self.add(size);
        true
    }

    fn free(&mut self, at: usize) {
        if let Some(block) = self.slots[at].take() {
            self.live -= block.size();
            self.add(at);
            self.damaged |= !block.free();
        }
    }

    fn count(&mut self, more: usize) {
        self.live += more;
        self.peak = self.peak.max(self.live);
    }

    fn add(&mut self, number: usize) {
        self.sum = self.sum.rotate_left(5) ^ (number as u32).wrapping_mul(0x9e37_79b9);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns what a run leaves: its checksum, its live bytes and its peak.
    fn run(workload: Workload, seed: u32, steps: usize) -> (u32, usize, usize) {
        // On the heap: the table is larger than a test's stack should have to be.
        let mut run = Box::new(Run::new());
        run.start(workload, seed);
        for _ in 0..steps {
            assert!(run.step(), "{workload:?} has room");
        }
        let seen = (run.checksum(), run.live(), run.peak());
        run.finish();
        assert_eq!(run.live(), 0);
        seen
    }

    const ALL: [Workload; 6] = [
        Workload::Random,
        Workload::Churn,
        Workload::Large,
        Workload::Vectors,
        Workload::Stack,
        Workload::Ratchet,
    ];

    #[test]
    fn a_seed_decides_all_and_another_decides_otherwise() {
        for workload in ALL {
            let one = run(workload, 1, 3_000);
            assert_eq!(one, run(workload, 1, 3_000));
            assert_ne!(one.0, run(workload, 2, 3_000).0, "{workload:?}");
            assert_ne!(one.0, 0, "no block of {workload:?} is damaged");
        }
    }

    #[test]
    fn churn_keeps_ten_thousand_blocks() {
        let mut run = Box::new(Run::new());
        run.start(Workload::Churn, 3);
        for step in 0..25_000 {
            assert!(run.step());
            let live = run.slots.iter().flatten().count();
            if step % 1_000 == 0 && step >= SLOTS {
                assert!((SLOTS - 1..=SLOTS).contains(&live), "{live} after {step}");
            }
        }
        run.finish();
    }

    #[test]
    fn a_stack_has_no_holes() {
        let mut run = Box::new(Run::new());
        run.start(Workload::Stack, 4);
        for _ in 0..20_000 {
            assert!(run.step());
        }
        assert!(run.slots[..run.count].iter().all(Option::is_some));
        assert!(run.slots[run.count..].iter().all(Option::is_none));
        run.finish();
    }

    #[test]
    fn a_ratchets_buffers_grow_and_go() {
        let mut run = Box::new(Run::new());
        run.start(Workload::Ratchet, 5);
        for _ in 0..8 * 20 {
            assert!(run.step());
        }
        assert!(run.slots[SLOTS - 1].is_none());
        assert_eq!(run.slots.iter().flatten().count(), 6 * 20);
        assert!(run.live() < 6 * 20 * 257);
        assert!(run.peak() > 65_001 + 202 * 19);
        run.finish();
    }

    #[test]
    fn numbers_name_workloads() {
        for workload in ALL {
            assert_eq!(Workload::of(workload as u32), Some(workload));
        }
        assert_eq!(Workload::of(6), None);
    }
}
