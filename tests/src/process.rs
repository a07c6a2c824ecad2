//! A process of the restaurant: started from the build's folder, its words in a file, ended with its owner.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

pub struct Process {
    pub name: String,
    child: Child,
}

/// The binaries of this workspace.
#[derive(Clone, Debug)]
pub struct Binaries(PathBuf);

impl Binaries {
    /// In this folder, or beside the executable that runs.
    pub fn find(folder: Option<&Path>) -> anyhow::Result<Binaries> {
        if let Some(folder) = folder {
            return Ok(Binaries(folder.to_owned()));
        }
        let own = std::env::current_exe()?;
        let folder = own.parent().context("an executable lies in a folder")?;
        // Test executables lie in `deps`.
        let folder = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
        Ok(Binaries(folder.to_owned()))
    }

    pub fn path(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.0.join(name);
        anyhow::ensure!(path.exists(), "{} is not built: `cargo build --workspace` first", path.display());
        Ok(path)
    }
}

/// A port that nobody listens on just now.
pub fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

impl Process {
    /// Standard error goes to `NAME.log` in `logs`; standard output too, unless a line of it is wanted.
    pub fn start(name: &str, command: &mut Command, logs: &Path) -> anyhow::Result<Process> {
        Process::start_with(Stdio::null(), name, command, logs)
    }

    /// One that takes commands: see [`Process::tell`].
    pub fn listening(name: &str, command: &mut Command, logs: &Path) -> anyhow::Result<Process> {
        Process::start_with(Stdio::piped(), name, command, logs)
    }

    fn start_with(input: Stdio, name: &str, command: &mut Command, logs: &Path) -> anyhow::Result<Process> {
        let log = File::options().create(true).append(true).open(logs.join(format!("{name}.log")))?;
        command.stdin(input).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        Ok(Process { name: name.to_owned(), child })
    }

    /// Starts a device and gives the line that it announces itself with.
    pub fn announced(name: &str, command: &mut Command, logs: &Path) -> anyhow::Result<(Process, serde_json::Value)> {
        let log = File::options().create(true).append(true).open(logs.join(format!("{name}.log")))?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        let output = child.stdout.take().context("its output is piped")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let process = Process { name: name.to_owned(), child };
        let announcement = serde_json::from_str(&line).with_context(|| format!("{name} said {line:?}"))?;
        Ok((process, announcement))
    }

    /// A line on its input.
    pub fn tell(&mut self, line: &str) -> anyhow::Result<()> {
        let input = self.child.stdin.as_mut().with_context(|| format!("{} takes no commands", self.name))?;
        Ok(writeln!(input, "{line}")?)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    fn signal(&self, signal: Signal) {
        if let Ok(pid) = i32::try_from(self.child.id()) {
            let _gone_already = kill(Pid::from_raw(pid), signal);
        }
    }

    /// As a pulled plug does to a process.
    pub fn kill(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }

    pub fn pause(&self) {
        self.signal(Signal::SIGSTOP);
    }

    pub fn resume(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// SIGTERM, without waiting.
    pub fn ask_to_stop(&self) {
        self.signal(Signal::SIGTERM);
    }

    /// SIGTERM; SIGKILL if it has not ended in five seconds. True if it ended by itself.
    pub fn stop(&mut self) -> bool {
        self.signal(Signal::SIGTERM);
        let ended = until(Duration::from_secs(5), || Ok(self.has_ended().then_some(()))).is_ok();
        self.kill();
        ended
    }

    pub fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)) | Err(_))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Waits for a condition.
pub fn until<T>(within: Duration, mut look: impl FnMut() -> anyhow::Result<Option<T>>) -> anyhow::Result<T> {
    let start = Instant::now();
    let mut last = None;
    loop {
        match look() {
            Ok(Some(value)) => return Ok(value),
            Ok(None) => {}
            Err(error) => last = Some(error),
        }
        if start.elapsed() > within {
            match last {
                Some(error) => return Err(error.context(format!("not within {within:?}"))),
                None => bail!("not within {within:?}"),
            }
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
