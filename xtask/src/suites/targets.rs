//! The exercises of tests/targets, on every target that this machine can build for and run.

use anyhow::Result;

use crate::process::cmd;
use crate::report::{Score, runners};
use crate::setup::Machine;

pub fn suite(machine: &Machine, score: &mut Score) -> Result<()> {
    let folder = crate::root().join("tests/targets");
    let mut skipped = Vec::new();
    score.tests(
        "cores and heaps on every target",
        || {
            let browser = machine.chrome()?;
            let node = cmd("node").args(["--test", "--test-reporter=tap"]).dir(&folder);
            let node = node.env(browser.variable, &browser.binary);
            node.env("WASM_BINDGEN", machine.wasm_bindgen()?).tee()
        },
        |output| {
            skipped = runners::skipped_by_node(&output.text);
            runners::node(&output.text)
        },
    );
    for (row, why) in skipped {
        score.skip(&row, &why);
    }
    Ok(())
}
