//! A soak: operation after operation on one instance, with blocks that stay from one call to the next.
//!
//! The requests change in phases (small blocks, mixed ones, large buffers), again and again, so that the blocks that one
//! phase leaves behind lie in the way of the next. The live bytes are bounded; so memory must be, too.
//!
//! A module with the feature exports [`soak`], [`soak_live`], [`soak_sound`], [`soak_blocks`] and [`soak_end`].

mod block;

use std::cell::RefCell;

use crate::{allocator, random::Random};
use block::Block;

/// Operations of a phase.
const PHASE: u64 = 50_000;

/// The requests of a phase: in how many slots, and sizes from `1 << low` to `1 << high`.
struct Phase {
    slots: usize,
    low: usize,
    high: usize,
}

const PHASES: [Phase; 3] = [
    Phase { slots: 8_000, low: 3, high: 9 },
    Phase { slots: 2_000, low: 4, high: 14 },
    Phase { slots: 200, low: 10, high: 17 },
];

/// Slots that are empty or hold a block.
struct State {
    slots: Vec<Option<Block>>,
    random: Random,
    operations: u64,
    live: usize,
}

impl State {
    fn new(seed: u32) -> State {
        let slots = (0..PHASES[0].slots).map(|_| None).collect();
        State { slots, random: Random::from_state(u64::from(seed)), operations: 0, live: 0 }
    }

    /// A slot is filled if it is empty; if not, its block is resized or freed.
    fn operate(&mut self) {
        let phase = &PHASES[(self.operations / PHASE) as usize % PHASES.len()];
        self.operations += 1;
        let random = &mut self.random;
        let slot = &mut self.slots[random.below(phase.slots)];
        let size = random.doubling(phase.low, phase.high);
        match slot {
            None => {
                *slot = Some(match random.below(8) {
                    0 => Block::zeroed(size),
                    1 => Block::new(size, 32 << random.below(8)),
                    _ => Block::new(size, 8),
                });
                self.live += size;
            }
            Some(block) if random.below(4) == 0 => {
                self.live = self.live + size - block.size();
                block.resize(size);
            }
            Some(block) => {
                self.live -= block.size();
                *slot = None;
            }
        }
    }
}

thread_local! {
    static STATE: RefCell<Option<State>> = const { RefCell::new(None) };
}

/// So many operations more. Blocks are checked before they are resized or freed; one that does not hold what was
/// written to it ends the instance with a trap. The seed counts in the first call only.
#[unsafe(no_mangle)]
pub extern "C" fn soak(operations: u32, seed: u32) {
    STATE.with_borrow_mut(|state| {
        let state = state.get_or_insert_with(|| State::new(seed));
        (0..operations).for_each(|_| state.operate());
    });
}

/// Bytes that are live, without what the allocator adds.
#[unsafe(no_mangle)]
pub extern "C" fn soak_live() -> u32 {
    STATE.with_borrow(|state| state.as_ref().map_or(0, |state| state.live as u32))
}

/// Returns 1 if the allocator's own check finds its bookkeeping sound, else 0.
#[unsafe(no_mangle)]
pub extern "C" fn soak_sound() -> u32 {
    allocator::view().is_none_or(|view| view.check().is_ok()).into()
}

/// Returns the number of blocks that the allocator has handed out and not got back; 0 if it cannot tell.
#[unsafe(no_mangle)]
pub extern "C" fn soak_blocks() -> u32 {
    allocator::view().map_or(0, |view| view.stats().live_blocks as u32)
}

/// Checks and frees every block.
#[unsafe(no_mangle)]
pub extern "C" fn soak_end() {
    STATE.with_borrow_mut(|state| *state = None);
}
