//! Child processes, by duct: each command is shown, and named in the error if it fails.
//!
//! Four ways to run one: [`Cmd::run`] shows its output, [`Cmd::read`] returns it, [`Cmd::tee`] does both,
//! [`Cmd::quiet`] and [`Cmd::progress`] show it if the command fails.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead as _, BufReader};
use std::iter;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use duct::Expression;

/// A run of tests says something more often than this: one that does not hangs.
const TEST_SILENCE: Duration = Duration::from_secs(30 * 60);

/// The time between two signs of life of a long command.
const SIGN_OF_LIFE: Duration = Duration::from_secs(20);

/// A command that is about to run.
#[derive(Clone, Debug)]
pub struct Cmd {
    program: OsString,
    arguments: Vec<OsString>,
    variables: Vec<(String, OsString)>,
    folder: PathBuf,
}

/// The output of a command, both streams in the order in which they came.
#[derive(Debug)]
pub struct Output {
    pub status: ExitStatus,
    pub text: String,
}

/// A command with this program, in the project's folder.
pub fn cmd(program: impl AsRef<OsStr>) -> Cmd {
    Cmd {
        program: program.as_ref().to_owned(),
        arguments: Vec::new(),
        variables: Vec::new(),
        folder: crate::root().to_owned(),
    }
}

impl Cmd {
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    pub fn args<S: AsRef<OsStr>>(self, arguments: impl IntoIterator<Item = S>) -> Self {
        arguments.into_iter().fold(self, Self::arg)
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Puts folders in front of PATH.
    pub fn path_first(self, first: &[PathBuf]) -> Result<Self> {
        let rest = std::env::var_os("PATH").unwrap_or_default();
        let folders = first.iter().cloned().chain(std::env::split_paths(&rest));
        let path = std::env::join_paths(folders).context("cannot extend PATH")?;
        Ok(self.env("PATH", path))
    }

    pub fn dir(mut self, folder: &Path) -> Self {
        folder.clone_into(&mut self.folder);
        self
    }

    /// Runs it with the output of this process.
    pub fn run(&self) -> Result<()> {
        self.show();
        let output = self.expression().unchecked().run().with_context(|| self.cannot_start())?;
        self.expect_success(output.status, "")
    }

    /// Returns its standard output, trimmed.
    pub fn read(&self) -> Result<String> {
        let expression = self.expression().stdout_capture().stderr_capture().unchecked();
        let output = expression.run().with_context(|| self.cannot_start())?;
        self.expect_success(output.status, &String::from_utf8_lossy(&output.stderr))?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Returns true if it starts and succeeds.
    pub fn succeeds(&self) -> bool {
        self.read().is_ok()
    }

    /// Returns its output and shows nothing.
    pub fn capture(&self) -> Result<Output> {
        self.finish(None, |_| {})
    }

    /// Runs it without output, unless it fails: then the output is the error.
    pub fn quiet(&self) -> Result<()> {
        let output = self.capture()?;
        self.expect_success(output.status, &output.text)
    }

    /// Runs a long command, with a sign of life now and then, and its output if it fails.
    pub fn progress(&self, limit: Option<Duration>) -> Result<()> {
        self.show();
        let start = Instant::now();
        let output = self.finish(limit, |seconds| println!("    {seconds} s"))?;
        self.expect_success(output.status, &output.text)?;
        println!("    done after {:.1} s", start.elapsed().as_secs_f32());
        Ok(())
    }

    /// Shows the output as it comes and returns it. Ends the command after [`TEST_SILENCE`].
    pub fn tee(&self) -> Result<Output> {
        self.show();
        let expression = self.expression().stderr_to_stdout().unchecked();
        let reader = expression.reader().with_context(|| self.cannot_start())?;
        let (said, silence) = mpsc::channel::<()>();
        let mut text = String::new();
        thread::scope(|scope| -> Result<()> {
            scope.spawn(|| {
                let silence = silence;
                let mut words = iter::repeat_with(|| silence.recv_timeout(TEST_SILENCE));
                if words.find_map(Result::err) == Some(RecvTimeoutError::Timeout) {
                    println!("ended after {} s without a word: it hangs", TEST_SILENCE.as_secs());
                    let _ = reader.kill();
                }
            });
            let said = said;
            for line in BufReader::new(&reader).split(b'\n') {
                let line = line.with_context(|| format!("cannot read from `{self}`"))?;
                let line = String::from_utf8_lossy(&line);
                println!("{}", line.trim_end());
                text.push_str(line.trim_end());
                text.push('\n');
                // Who waits for it ends with the output, or has ended the command.
                let _ = said.send(());
            }
            Ok(())
        })?;
        let output = reader.try_wait()?.with_context(|| format!("`{self}` closed its output"))?;
        Ok(Output { status: output.status, text })
    }

    /// Waits for it with its output captured, and calls `sign` with the seconds that it took so far.
    fn finish(&self, limit: Option<Duration>, sign: impl Fn(u64)) -> Result<Output> {
        let expression = self.expression().stderr_to_stdout().stdout_capture().unchecked();
        let start = Instant::now();
        let handle = expression.start().with_context(|| self.cannot_start())?;
        let step = limit.map_or(SIGN_OF_LIFE, |limit| limit.min(SIGN_OF_LIFE));
        loop {
            if let Some(output) = handle.wait_timeout(step)? {
                let text = String::from_utf8_lossy(&output.stdout).into_owned();
                return Ok(Output { status: output.status, text });
            }
            if let Some(limit) = limit.filter(|limit| start.elapsed() >= *limit) {
                handle.kill().with_context(|| format!("cannot end `{self}`"))?;
                bail!("`{self}` was not done after {} s", limit.as_secs());
            }
            sign(start.elapsed().as_secs());
        }
    }

    fn expression(&self) -> Expression {
        let mut expression =
            duct::cmd(&self.program, &self.arguments).dir(&self.folder).stdin_null();
        for (name, value) in std::env::vars_os() {
            if describes_us(&name.to_string_lossy()) {
                expression = expression.env_remove(name);
            } else if name == "LD_LIBRARY_PATH" || name == "DYLD_FALLBACK_LIBRARY_PATH" {
                expression = expression.env(name, without_ours(&value));
            }
        }
        for (name, value) in &self.variables {
            expression = expression.env(name, value);
        }
        expression
    }

    fn show(&self) {
        println!("  $ {self}");
    }

    fn cannot_start(&self) -> String {
        format!("cannot start `{self}`")
    }

    fn expect_success(&self, status: ExitStatus, output: &str) -> Result<()> {
        if !status.success() {
            bail!("`{self}` failed ({status})\n{}", output.trim_end());
        }
        Ok(())
    }
}

/// The command line as a person would type it.
impl std::fmt::Display for Cmd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (name, value) in self.variables.iter().filter(|(name, _)| name != "PATH") {
            write!(f, "{name}={} ", quoted(value))?;
        }
        write!(f, "{}", quoted(&self.program))?;
        self.arguments.iter().try_for_each(|argument| write!(f, " {}", quoted(argument)))
    }
}

/// Returns true for the variables by which `cargo run` describes this package to this process: a
/// nested cargo must not take them for its own. RUSTUP_TOOLCHAIN stays, for `cargo +toolchain xtask`.
fn describes_us(name: &str) -> bool {
    ["CARGO", "OUT_DIR", "RUST_RECURSION_COUNT"].contains(&name)
        || ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

/// A library path without the folders that cargo and rustup added for this process: they are of the
/// active toolchain, and a child may have another.
fn without_ours(path: &OsStr) -> OsString {
    let target = crate::root().join("target");
    let kept = std::env::split_paths(path).filter(|folder| {
        !folder.starts_with(&target) && !folder.iter().any(|part| part == "toolchains")
    });
    std::env::join_paths(kept).unwrap_or_default()
}

fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    if word.is_empty() || word.contains([' ', '\'', '"', '$', '*']) {
        format!("'{}'", word.replace('\'', r"'\''"))
    } else {
        word.into_owned()
    }
}

/// Returns the full path of a program on PATH.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(&file))
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_does_not_describe_this_package_to_its_children() {
        for name in ["CARGO", "CARGO_PKG_NAME", "CARGO_MANIFEST_DIR", "OUT_DIR"] {
            assert!(describes_us(name), "{name}");
        }
        for name in ["CARGO_HOME", "CARGO_TARGET_DIR", "RUSTUP_TOOLCHAIN", "PATH"] {
            assert!(!describes_us(name), "{name}");
        }
        let json = cmd("env").read().unwrap();
        assert!(!json.contains("CARGO_MANIFEST_DIR="), "{json}");
    }

    #[test]
    fn a_users_own_library_path_survives() {
        let ours = crate::root().join("target/debug/deps");
        let both = std::env::join_paths([ours.as_path(), Path::new("/opt/lib")]).unwrap();
        assert_eq!(without_ours(&both), "/opt/lib");
        assert_eq!(without_ours(ours.as_os_str()), "");
    }

    #[test]
    fn words_are_quoted_where_a_shell_needs_it() {
        let command = cmd("sh").args(["plain", "it's two"]).env("A", "b c");
        assert_eq!(command.to_string(), r"A='b c' sh plain 'it'\''s two'");
    }

    #[cfg(unix)]
    #[test]
    fn output_is_kept_and_failure_names_the_command() {
        for output in [Cmd::capture, Cmd::tee] {
            let output = output(&cmd("sh").args(["-c", "echo out; echo err >&2; exit 3"])).unwrap();
            assert_eq!(output.status.code(), Some(3));
            assert_eq!(output.text, "out\nerr\n");
        }
        let error = cmd("sh").args(["-c", "echo no >&2; exit 1"]).read().unwrap_err().to_string();
        assert!(
            error.contains("sh -c 'echo no >&2; exit 1'") && error.ends_with("\nno"),
            "{error}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_limit_ends_what_outlasts_it() {
        let error = cmd("sleep").arg("30").progress(Some(Duration::from_secs(1))).unwrap_err();
        assert!(error.to_string().contains("was not done after 1 s"), "{error}");
    }
}
