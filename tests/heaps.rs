//! Every heap, over simulated memory of every kind, against the model: random operations, with
//! foreign growth and refused growths in between.

use bonsai_testkit::{Options, drive, subjects};

/// Runs every heap of the prefix: briefly with every look after each operation, then at length.
fn torture(prefix: &str) {
    let mut tested = 0;
    for entry in subjects::heaps().iter().filter(|entry| entry.name.starts_with(prefix)) {
        let profile = (entry.profile)();
        let make = || entry.subject();
        for seed in 1..=3 {
            // The paint of every block is looked at less often than all else: it takes longest.
            let options = Options { paint: 50, ..Options::EACH };
            drive(&make, &profile, seed, 500, options);
        }
        for seed in 4..=5 {
            let report = drive(&make, &profile, seed, 20_000, Options::SELDOM);
            // The profile is worth something: blocks come and go, and where memory is scarce, not
            // every request is granted.
            let (granted, refused) = (report.granted, report.refused);
            assert!(granted > 200, "{}: {granted} requests were granted", entry.name);
            let scarce = ["tight", "fixed", "high"].iter().any(|kind| entry.name.ends_with(kind));
            assert!(!scarce || refused > 50, "{}: {refused} requests were refused", entry.name);
            assert!(report.resized > 0, "{}: no block was resized in place", entry.name);
        }
        tested += 1;
    }
    assert_eq!(tested, 7, "heaps called {prefix}");
}

#[test]
fn bump_heaps_do_what_the_model_says() {
    torture("bump-heap");
}

#[test]
fn buddy_heaps_do_what_the_model_says() {
    torture("buddy-heap");
}

#[test]
fn slab_heaps_do_what_the_model_says() {
    torture("slab-heap");
}

#[test]
fn tiny_heaps_do_what_the_model_says() {
    torture("tiny-heap");
}

#[test]
fn heaps_do_what_the_model_says() {
    torture("heap");
}
