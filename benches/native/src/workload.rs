//! The workloads: sequences of operations, made once, the same for every contestant.

use fastrand::Rng;

/// Which core a workload is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Core {
    Buddy,
    Slab,
    Bump,
    /// [`Core::Bump`] where an emptied slot means that all blocks are given up.
    Arena,
}

/// An operation on a slot: a size fills it, 0 empties it.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub slot: u32,
    pub size: u32,
}

/// A sequence of operations, under a name.
#[derive(Clone, Debug)]
pub struct Workload {
    pub name: &'static str,
    pub core: Core,
    pub slots: usize,
    pub steps: Vec<Step>,
}

/// Slots filled and emptied at random, about half of them live on average, and in the end none.
fn mixed(
    name: &'static str,
    core: Core,
    slots: usize,
    count: usize,
    mut size: impl FnMut(&mut Rng) -> u32,
) -> Workload {
    let mut rng = Rng::with_seed(0x0B05_A10C);
    let mut sizes = vec![0_u32; slots];
    let mut steps = Vec::with_capacity(count + slots);
    while steps.len() < count {
        let slot = rng.usize(0..slots);
        sizes[slot] = if sizes[slot] == 0 { size(&mut rng) } else { 0 };
        steps.push(Step { slot: slot as u32, size: sizes[slot] });
    }
    let left = (0..slots).filter(|&slot| sizes[slot] != 0);
    let emptied = left.map(|slot| Step { slot: slot as u32, size: 0 });
    steps.extend(emptied.collect::<Vec<_>>());
    Workload { name, core, slots, steps }
}

/// All slots filled, then emptied from the last to the first, again and again.
fn stack(name: &'static str, core: Core, slots: usize, count: usize, size: u32) -> Workload {
    let fill = (0..slots).map(|slot| Step { slot: slot as u32, size });
    let empty = (0..slots).rev().map(|slot| Step { slot: slot as u32, size: 0 });
    let cycle: Vec<Step> = fill.chain(empty).collect();
    let steps = cycle.repeat(count.div_ceil(cycle.len()));
    Workload { name, core, slots, steps }
}

/// Slots filled in order; when all are full, everything is given up at once (slot 0, size 0).
fn arena(
    name: &'static str,
    slots: usize,
    count: usize,
    mut size: impl FnMut(&mut Rng) -> u32,
) -> Workload {
    let mut rng = Rng::with_seed(0x0B05_A10C);
    let mut cycle: Vec<Step> =
        (0..slots).map(|slot| Step { slot: slot as u32, size: size(&mut rng) }).collect();
    cycle.push(Step { slot: 0, size: 0 });
    let steps = cycle.repeat(count.div_ceil(cycle.len()));
    Workload { name, core: Core::Arena, slots, steps }
}

/// Every workload, each of about `count` operations.
pub fn all(count: usize) -> Vec<Workload> {
    let mut powers = [16, 32, 64, 128, 256, 512, 1024, 2048].into_iter().cycle();
    vec![
        mixed("buddy: random 1..=10,000 B", Core::Buddy, 2_000, count, |rng| rng.u32(1..=10_000)),
        mixed("buddy: random 1..=512 B", Core::Buddy, 10_000, count, |rng| rng.u32(1..=512)),
        mixed("buddy: random 4..=64 KiB", Core::Buddy, 400, count, |rng| rng.u32(4_096..=65_536)),
        mixed("buddy: powers of two, 16..=2,048 B", Core::Buddy, 4_000, count, |_| {
            powers.next().expect("a cycle never ends")
        }),
        stack("buddy: stack of 64 B", Core::Buddy, 1_000, count, 64),
        mixed("slab: random order", Core::Slab, 10_000, count, |_| 64),
        mixed("slab: random order, few live", Core::Slab, 100, count, |_| 64),
        stack("slab: stack", Core::Slab, 1_000, count, 64),
        arena("bump: 1..=64 B, then all at once", 10_000, count, |rng| rng.u32(1..=64)),
        arena("bump: 24 B, then all at once", 10_000, count, |_| 24),
        stack("bump: stack of 32 B", Core::Bump, 1_000, count, 32),
    ]
}
