//! Every trace in `tests/traces`: what was found wrong once stays right.
//!
//! A random test that fails prints such a trace.

use std::{fs, path::Path};

use bonsai_testkit::{Trace, replay, subjects};

#[test]
fn recorded_traces_pass() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/traces");
    let mut replayed = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let trace: Trace = match text.parse() {
            Ok(trace) => trace,
            Err(error) => panic!("{}: {error}", path.display()),
        };
        let Some(subject) = subjects::named(&trace.subject) else {
            panic!("{}: there is no subject `{}`", path.display(), trace.subject);
        };
        if let Err(failure) = replay(&|| subject.subject(), &trace) {
            panic!("{}: {failure}", path.display());
        }
        replayed += 1;
    }
    assert!(replayed > 0, "no trace in {}", folder.display());
}
