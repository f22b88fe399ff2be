//! Every core, over every backing, against the model: random operations.

use bonsai_testkit::{Options, Report, drive, subjects};

/// Runs every core of the prefix: briefly with every look after each operation, then at length.
fn torture(prefix: &str) {
    let mut tested = 0;
    for entry in subjects::CORES.iter().filter(|entry| entry.name.starts_with(prefix)) {
        let profile = (entry.profile)();
        let make = || entry.subject();
        for seed in 1..=4 {
            drive(&make, &profile, seed, 1_000, Options::EACH);
        }
        let Report { granted, refused, resized, .. } =
            drive(&make, &profile, 5, 40_000, Options::SELDOM);
        // The profile is worth something: it fills the allocator, and more than that.
        assert!(granted > 5_000, "{}: {granted} requests were granted", entry.name);
        assert!(refused > 100, "{}: {refused} requests were refused", entry.name);
        assert!(resized > 100, "{}: {resized} blocks were resized", entry.name);
        tested += 1;
    }
    assert!(tested >= 4, "no more than {tested} cores are called {prefix}");
}

#[test]
fn buddies_do_what_the_model_says() {
    torture("buddy-");
}

#[test]
fn slabs_do_what_the_model_says() {
    torture("slab-");
}

#[test]
fn bumps_do_what_the_model_says() {
    torture("bump-");
}
