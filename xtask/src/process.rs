//! Child processes: what is run is shown, what fails is named.
//!
//! Four ways to run one, by who wants the output: [`Cmd::run`] (the user), [`Cmd::read`] (the
//! caller), [`Cmd::tee`] (both), [`Cmd::progress`] (nobody, unless it fails).

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, IsTerminal, Read, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// No run of tests takes nearly as long: one that does hangs, and others want their turn.
const TEST_LIMIT: Duration = Duration::from_secs(30 * 60);

/// A command that is about to run.
#[derive(Debug)]
pub struct Cmd {
    command: Command,
    /// The command line as a person would type it, for messages.
    shown: String,
}

/// What a command said, standard output and error in the order they came.
#[derive(Debug)]
pub struct Output {
    pub status: ExitStatus,
    pub text: String,
}

/// A command with this program and an environment in which nested cargo calls work.
pub fn cmd(program: impl AsRef<OsStr>) -> Cmd {
    let program = program.as_ref();
    let mut command = Command::new(program);
    command.current_dir(crate::root()).stdin(Stdio::null());
    for (name, value) in std::env::vars_os() {
        match inherited(&name, &value) {
            Inherit::AsIs => {}
            Inherit::Drop => {
                command.env_remove(&name);
            }
            Inherit::As(value) => {
                command.env(&name, value);
            }
        }
    }
    Cmd { command, shown: quoted(program) }
}

impl Cmd {
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.shown.push(' ');
        self.shown.push_str(&quoted(arg.as_ref()));
        self.command.arg(arg);
        self
    }

    pub fn args<S: AsRef<OsStr>>(self, args: impl IntoIterator<Item = S>) -> Self {
        args.into_iter().fold(self, Self::arg)
    }

    /// Sets a variable, which messages show in front of the command.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.shown = format!("{name}={} {}", quoted(value.as_ref()), self.shown);
        self.command.env(name, value);
        self
    }

    /// Puts a folder in front of PATH.
    pub fn path_first(mut self, folder: &Path) -> Self {
        let current = self.command.get_envs().find(|(name, _)| *name == "PATH");
        let current = match current {
            Some((_, value)) => value.map(OsStr::to_owned),
            None => std::env::var_os("PATH"),
        };
        let current = current.unwrap_or_default();
        let folders = std::iter::once(folder.to_owned()).chain(std::env::split_paths(&current));
        if let Ok(joined) = std::env::join_paths(folders) {
            self.command.env("PATH", joined);
        }
        self
    }

    pub fn dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Runs it with the user's own output; fails if it fails.
    pub fn run(mut self) -> Result<()> {
        self.show();
        let status = self.command.status().with_context(|| self.cannot_start())?;
        self.expect_success(status, "")
    }

    /// Standard output of a command that is over at once, trimmed; fails if it fails.
    pub fn read(mut self) -> Result<String> {
        let output = self.command.output().with_context(|| self.cannot_start())?;
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr);
            bail!("`{}` failed ({}): {}", self.shown, output.status, errors.trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Whether a command that is over at once succeeds.
    pub fn succeeds(mut self) -> bool {
        self.command.stdout(Stdio::null()).stderr(Stdio::null());
        self.command.status().is_ok_and(|status| status.success())
    }

    /// Shows the output as it comes and keeps it. Fails after [`TEST_LIMIT`].
    pub fn tee(mut self) -> Result<Output> {
        self.show();
        let mut text = String::new();
        let status = self.lines(Some(TEST_LIMIT), |line| {
            if let Some(line) = line {
                println!("{line}");
                text.push_str(line);
                text.push('\n');
            }
        })?;
        Ok(Output { status, text })
    }

    /// Shows the output only if it fails, as the error.
    pub fn quiet(self) -> Result<()> {
        let shown = self.shown.clone();
        let output = self.capture()?;
        if output.status.success() {
            return Ok(());
        }
        bail!("`{shown}` failed ({})\n{}", output.status, output.text.trim_end())
    }

    /// Keeps the output and shows nothing.
    pub fn capture(mut self) -> Result<Output> {
        let mut text = String::new();
        let status = self.lines(None, |line| {
            if let Some(line) = line {
                let _ = writeln!(text, "{line}");
            }
        })?;
        Ok(Output { status, text })
    }

    /// Runs something long that says more than anyone wants to read: a sign of life now and then,
    /// the time it took, and the whole of the output only if it fails (or outlasts `limit`).
    pub fn progress(mut self, limit: Option<Duration>) -> Result<()> {
        self.show();
        let mut text = String::new();
        let mut sign = SignOfLife::new();
        let ended = self.lines(limit, |line| {
            if let Some(line) = line {
                let _ = writeln!(text, "{line}");
            }
            sign.tick(line);
        });
        sign.finish(ended.as_ref().is_ok_and(ExitStatus::success));
        self.expect_success(ended?, &text)
    }

    /// Starts it and returns at once.
    pub fn spawn(mut self) -> Result<Child> {
        self.show();
        self.command.spawn().with_context(|| self.cannot_start())
    }

    /// Hands every line to `see`, and `None` each second in which there was none.
    fn lines(
        &mut self,
        limit: Option<Duration>,
        mut see: impl FnMut(Option<&str>),
    ) -> Result<ExitStatus> {
        let start = Instant::now();
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().with_context(|| self.cannot_start())?;
        let (sender, receiver) = mpsc::channel();
        let out = child.stdout.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>);
        let err = child.stderr.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>);
        for pipe in [out, err].into_iter().flatten() {
            let sender = sender.clone();
            thread::spawn(move || {
                for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
                    let line = String::from_utf8_lossy(&line).trim_end().to_owned();
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        loop {
            match receiver.recv_timeout(Duration::from_secs(1)) {
                Ok(line) => see(Some(&line)),
                Err(RecvTimeoutError::Timeout) => see(None),
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if let Some(limit) = limit.filter(|limit| start.elapsed() > *limit) {
                child.kill().with_context(|| format!("cannot end `{}`", self.shown))?;
                child.wait()?;
                bail!("`{}` was not done after {} s", self.shown, limit.as_secs());
            }
        }
        child.wait().with_context(|| format!("cannot wait for `{}`", self.shown))
    }

    fn show(&self) {
        println!("  $ {}", self.shown);
    }

    fn cannot_start(&self) -> String {
        format!("cannot start `{}`", self.shown)
    }

    fn expect_success(&self, status: ExitStatus, output: &str) -> Result<()> {
        if status.success() {
            return Ok(());
        }
        if !output.is_empty() {
            eprintln!("{}", output.trim_end());
        }
        bail!("`{}` failed ({status})", self.shown)
    }
}

/// "It is still at it": on a terminal one line that is written over every second, elsewhere a line
/// every 20 seconds.
struct SignOfLife {
    start: Instant,
    terminal: bool,
    next: Duration,
    last_line: String,
}

impl SignOfLife {
    fn new() -> Self {
        let terminal = std::io::stdout().is_terminal();
        let next = Duration::from_secs(if terminal { 1 } else { 20 });
        Self { start: Instant::now(), terminal, next, last_line: String::new() }
    }

    fn tick(&mut self, line: Option<&str>) {
        if let Some(line) = line.map(str::trim).filter(|line| !line.is_empty()) {
            self.last_line = line.chars().take(60).collect();
        }
        let elapsed = self.start.elapsed();
        if elapsed < self.next {
            return;
        }
        let seconds = elapsed.as_secs();
        if self.terminal {
            print!("\r\x1b[K    {seconds} s: {}", self.last_line);
            let _ = std::io::stdout().flush();
            self.next = elapsed + Duration::from_secs(1);
        } else {
            println!("    {seconds} s: {}", self.last_line);
            self.next = elapsed + Duration::from_secs(20);
        }
    }

    fn finish(&self, well: bool) {
        if self.terminal {
            print!("\r\x1b[K");
        }
        let outcome = if well { "done" } else { "failed" };
        println!("    {outcome} after {:.1} s", self.start.elapsed().as_secs_f32());
    }
}

enum Inherit {
    AsIs,
    Drop,
    As(OsString),
}

/// What a child gets of a variable that cargo and rustup set for this process. `cargo run`
/// describes this package and its toolchain to us; a cargo that we start, perhaps of another
/// toolchain, must not take that for its own. RUSTUP_TOOLCHAIN stays: it is how
/// `cargo +toolchain xtask` reaches the commands, and whoever wants another one sets it.
fn inherited(name: &OsStr, value: &OsStr) -> Inherit {
    let name = name.to_string_lossy();
    let about_us = name == "CARGO"
        || name == "OUT_DIR"
        || name == "RUST_RECURSION_COUNT"
        || ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"]
            .iter()
            .any(|prefix| name.starts_with(prefix));
    if about_us {
        return Inherit::Drop;
    }
    if name != "LD_LIBRARY_PATH" && name != "DYLD_FALLBACK_LIBRARY_PATH" {
        return Inherit::AsIs;
    }
    let target = crate::root().join("target");
    let kept = std::env::split_paths(value).filter(|folder| {
        !folder.starts_with(&target)
            && !folder.components().any(|part| part.as_os_str() == "toolchains")
    });
    match std::env::join_paths(kept) {
        Ok(kept) if kept.is_empty() => Inherit::Drop,
        Ok(kept) => Inherit::As(kept),
        Err(_) => Inherit::AsIs,
    }
}

fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    if word.is_empty() || word.contains([' ', '\'', '"', '$', '*']) {
        format!("'{}'", word.replace('\'', r"'\''"))
    } else {
        word.into_owned()
    }
}

/// The full path of a program on PATH.
pub fn find_program(name: &str) -> Option<std::path::PathBuf> {
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
            assert!(matches!(inherited(name.as_ref(), "x".as_ref()), Inherit::Drop), "{name}");
        }
        for name in ["CARGO_HOME", "CARGO_TARGET_DIR", "RUSTUP_TOOLCHAIN", "PATH"] {
            assert!(matches!(inherited(name.as_ref(), "x".as_ref()), Inherit::AsIs), "{name}");
        }
    }

    #[test]
    fn a_users_own_library_path_survives() {
        let ours = crate::root().join("target/debug/deps");
        let both = std::env::join_paths([ours.as_path(), Path::new("/opt/lib")]).unwrap();
        let Inherit::As(kept) = inherited("LD_LIBRARY_PATH".as_ref(), &both) else {
            panic!("not filtered");
        };
        assert_eq!(kept, "/opt/lib");
        assert!(matches!(inherited("LD_LIBRARY_PATH".as_ref(), ours.as_ref()), Inherit::Drop));
    }

    #[test]
    fn words_are_quoted_where_a_shell_needs_it() {
        assert_eq!(quoted("plain".as_ref()), "plain");
        assert_eq!(quoted("it's two".as_ref()), r"'it'\''s two'");
    }

    #[cfg(unix)]
    #[test]
    fn output_is_kept_and_failure_names_the_command() {
        let output = cmd("sh").args(["-c", "echo out; echo err >&2; exit 3"]).capture().unwrap();
        assert_eq!(output.status.code(), Some(3));
        assert!(output.text.contains("out\n") && output.text.contains("err\n"));
        let error = cmd("sh").args(["-c", "exit 1"]).read().unwrap_err().to_string();
        assert!(error.contains("sh -c 'exit 1'"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_limit_ends_what_outlasts_it() {
        let error = cmd("sleep").arg("30").progress(Some(Duration::from_secs(1))).unwrap_err();
        assert!(error.to_string().contains("was not done after 1 s"), "{error}");
    }
}
