//! Every core and every heap against the model, in programs so short that Miri ends them: it looks
//! for what no test of behaviour sees. `cores.rs` and `heaps.rs` have the long ones.

use bonsai_testkit::{Options, Profile, Sizes, drive, subjects};

/// A few dozen small blocks, and whatever else the subject can be asked for.
fn short(profile: Profile) -> Profile {
    Profile { sizes: Sizes::Doublings(1..=3000), live: 24, huge: 50, ..profile }
}

/// Miri takes a second for a few of them.
const OPERATIONS: usize = if cfg!(miri) { 60 } else { 500 };
const LOOKS: Options = Options { check: 40, walk: 60, paint: 20, largest: 50 };

#[test]
fn cores_in_short_programs() {
    for entry in subjects::CORES {
        let profile = short((entry.profile)());
        drive(&|| entry.subject(), &profile, 1, OPERATIONS, LOOKS);
    }
}

#[test]
fn heaps_in_short_programs() {
    for entry in subjects::heaps() {
        // Miri takes half a minute for a heap: in two kinds of memory of seven.
        if cfg!(miri) && !["heap", "tight"].iter().any(|kind| entry.name.ends_with(kind)) {
            continue;
        }
        let profile = short((entry.profile)());
        drive(&|| entry.subject(), &profile, 2, OPERATIONS, LOOKS);
    }
}
