//! Synthetic shapes of allocation. Each is a function of a number of steps and of a seed, returns a
//! checksum that does not depend on the allocator, and leaves nothing live.
//!
//! The table in `harness/shapes.mjs` names them; a shape's number is its place in [`SHAPES`].

mod block;
mod blocks;
mod collections;
mod teardown;

use crate::random::Random;

const SHAPES: [fn(usize, &mut Random) -> u64; 20] = [
    blocks::random_10k,
    blocks::random_10k_realloc,
    blocks::random_10k_aligned,
    blocks::random_100k,
    blocks::churn,
    blocks::random_512,
    collections::vecs,
    collections::strings_in_btree,
    collections::strings_in_hash_map,
    collections::boxes,
    collections::trees,
    blocks::waves,
    blocks::random_actions,
    blocks::ratchet,
    collections::pushes,
    blocks::zeroed,
    teardown::mixed_trees,
    teardown::parser_arenas,
    teardown::nested_vecs,
    teardown::documents,
];

/// Runs a shape.
#[unsafe(no_mangle)]
pub extern "C" fn run(shape: u32, steps: u32, seed: u32) -> u64 {
    SHAPES[shape as usize](steps as usize, &mut Random::new(seed))
}
