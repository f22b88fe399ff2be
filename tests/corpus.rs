//! Every input of `fuzz/corpus`, through the function that the fuzz targets call: what they have
//! reached stays right, without nightly Rust and without a fuzzer.
//!
//! A crashing input that is copied there fails here, with a trace that has been cut down.

use std::{fs, path::Path};

use bonsai_testkit::fuzz::TARGETS;

#[test]
fn every_input_of_the_corpus_passes() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for target in TARGETS {
        let folder = corpus.join(target.name);
        let (mut inputs, mut done) = (0, 0);
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            match target.run(&fs::read(&path).unwrap()) {
                Ok(report) => done += report.done,
                Err(finding) => panic!("{}: {}", path.display(), target.shorten(finding)),
            }
            inputs += 1;
        }
        println!("{}: {inputs} inputs, {done} operations", target.name);
        assert!(inputs >= 20, "{}: {inputs} inputs", target.name);
    }
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
