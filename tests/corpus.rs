//! Every input of `fuzz/corpus`, through the function that the fuzz targets call: what they have
//! reached stays right, without nightly Rust and without a fuzzer.
//!
//! A crashing input that is copied there fails here, with a trace that has been cut down.

use std::{fs, path::Path};

use bonsai_testkit::fuzz::{TARGETS, Target};

/// A test for each target, so that they run side by side.
macro_rules! every_input_passes {
    ($($target:ident)*) => {
        $(
            #[test]
            fn $target() {
                replay(stringify!($target));
            }
        )*

        const REPLAYED: &[&str] = &[$(stringify!($target)),*];
    };
}

every_input_passes!(buddy slab bump linear heap slab_heap buddy_heap bump_heap tiny_heap);

#[test]
fn every_target_of_the_table_is_replayed() {
    let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(REPLAYED, names);
}

fn replay(name: &str) {
    let target = Target::named(name).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let (mut inputs, mut done) = (0, 0);
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match target.run(&fs::read(&path).unwrap()) {
            Ok(report) => done += report.done,
            Err(finding) => panic!("{}: {}", path.display(), target.shorten(finding)),
        }
        inputs += 1;
    }
    println!("{name}: {inputs} inputs, {done} operations");
    assert!(inputs >= 20, "{name}: {inputs} inputs");
}

/// The fuzz targets are those of the table, and call it by their own names.
#[test]
fn every_target_of_the_table_is_one_of_the_fuzzer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), TARGETS.len());
    for target in TARGETS {
        let source = fs::read_to_string(folder.join(format!("{}.rs", target.name))).unwrap();
        assert!(source.contains(&format!("hunt(\"{}\"", target.name)), "{}", target.name);
    }
}
