//! The benchmark runs, and says what it should.

use std::process::Command;

#[test]
fn a_quick_run_measures_every_core_beside_its_peers() {
    let json = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("native.json");
    let output = Command::new(env!("CARGO_BIN_EXE_bonsai_bench_native"))
        .arg("--quick")
        .arg("--json")
        .arg(&json)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let table = String::from_utf8(output.stdout).unwrap();
    let peers = ["acid_alloc", "buddy_system_allocator", "slab 0.4", "bumpalo"];
    for name in ["buddy: ", "slab: ", "bump: "].into_iter().chain(peers) {
        assert!(table.contains(name), "no {name} in\n{table}");
    }
    let record = std::fs::read_to_string(json).unwrap();
    assert_eq!(record.matches("\"bonsai_alloc\"").count(), table.matches("bonsai_alloc ").count());
    assert!(!record.contains("NaN"));
}

#[test]
fn an_unknown_option_is_named() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_bonsai_bench_native")).arg("--fast").output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("--fast"));
}
