//! Benchmarks: `cargo xtask bench`.

use anyhow::Result;

use crate::process::{Cmd, cmd};
use crate::setup::{Browser, Machine};
use crate::workspace;

/// Compares the cores with their peers, natively.
pub fn cores(arguments: &[String]) -> Result<()> {
    super::program("benches/native")?.args(arguments).run()
}

/// Compares global allocators in wasm engines; with `--threads` under several threads, with `--sizes` by bytes.
pub fn heaps(machine: &Machine, arguments: &[String]) -> Result<()> {
    let others = |flag: &str| -> Option<Vec<&String>> {
        let others: Vec<_> = arguments.iter().filter(|argument| *argument != flag).collect();
        (others.len() < arguments.len()).then_some(others)
    };
    if let Some(others) = others("--threads") {
        let script = crate::root().join("benches/threads/run.mjs");
        return machine.atomics()?.on(cmd("node")).arg(script).args(others).run();
    }
    if let Some(others) = others("--sizes") {
        let script = machine.suite_modules()?.join("sizes.mjs");
        return machine
            .wasm_target()?
            .on(cmd("node"))
            .arg(script)
            .arg("--programs")
            .args(others)
            .run();
    }
    let script = crate::root().join(workspace::SUITE).join("run.mjs");
    let mut command = machine.wasm_target()?.on(cmd("node"));
    let engines = engines(arguments);
    if engines.is_none() {
        machine.suite_modules()?;
    }
    let wants = |name| engines.as_ref().is_none_or(|all| all.iter().any(|one| one == name));
    if wants("chromium") || wants("firefox") {
        // Puppeteer is among them.
        machine.page_modules()?;
    }
    if wants("chromium") {
        command = with_browser(command, machine.chrome());
    }
    if wants("firefox") {
        command = with_browser(command, machine.firefox());
    }
    command.arg(script).args(arguments).run()
}

/// Names a browser to the suite, which does without where there is none.
fn with_browser(command: Cmd, browser: Result<Browser>) -> Cmd {
    match browser {
        Ok(browser) => command.env(browser.variable, browser.binary),
        Err(missing) => {
            println!("  without an engine: {missing:#}");
            command
        }
    }
}

/// The engines that these arguments name for the suite; none is all of them.
fn engines(arguments: &[String]) -> Option<Vec<String>> {
    let mut named = Vec::new();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let names = match word.strip_prefix("--engine") {
            Some("") => words.next().map_or("", String::as_str),
            Some(rest) => rest.trim_start_matches('='),
            None => continue,
        };
        named.extend(names.split(',').map(str::to_owned));
    }
    let short = ["--quick", "--smoke", "--help", "--from"];
    let complete = named.is_empty() && !arguments.iter().any(|word| short.contains(&word.as_str()));
    let all = complete || named.iter().any(|name| name == "all");
    (!all).then_some(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_are_read_from_the_arguments_of_the_suite() {
        let engines =
            |line: &str| engines(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(engines(""), None);
        assert_eq!(engines("--peer talc"), None);
        assert_eq!(engines("--quick"), Some(vec![]));
        assert_eq!(engines("--quick --engine all"), None);
        let two = Some(vec!["node".to_owned(), "firefox".to_owned()]);
        assert_eq!(engines("--quick --engine node,firefox"), two);
        assert_eq!(engines("--engine=node --engine firefox"), two);
    }
}
