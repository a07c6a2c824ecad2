//! `cargo xtask firmware`: builds the boards of the sensor, runs the one that QEMU has, and reads its frames.
//!
//! Where rustup can fetch targets: `rustup target add thumbv6m-none-eabi thumbv7m-none-eabi`. Where it cannot, `core` is
//! built from the standard library's source of exactly this compiler's version, in a copy of the toolchain made of hard
//! links; the installed one stays as it is. Without either it fails: nothing is left out.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use trivet_wire::{Down, Frame, Quality, Reader, Up};

use crate::steps::{builder, packages, root, run, target};

const QEMU: (&str, &str) = ("qemu-system-arm", "/usr/bin/qemu-system-arm");
/// Board, and the target that it is built for.
const BOARDS: [(&str, &str); 2] = [("board-qemu", "thumbv7m-none-eabi"), ("board-rp2040", "thumbv6m-none-eabi")];
/// From the start of QEMU to the readings that are waited for.
const SPEAKS_WITHIN: Duration = Duration::from_secs(60);
const READINGS: u32 = 5;

/// Gives the image of the board that QEMU has.
pub(crate) fn firmware(rust_src: Option<&Path>) -> anyhow::Result<PathBuf> {
    packages(&[QEMU])?;
    let boards = root().join("sensor-firmware");
    run(builder("cargo").args(["fmt", "--all", "--check"]).current_dir(&boards))?;
    let toolchain = Toolchain::find(rust_src)?;
    for (board, target) in BOARDS {
        let mut build = toolchain.cargo("build", target);
        run(build.args(["--quiet", "--release", "-p", board]).current_dir(&boards))?;
    }
    let image = built().join(BOARDS[0].1).join("release").join(BOARDS[0].0);
    speaks(&image)?;
    Ok(image)
}

fn built() -> PathBuf {
    target().join("firmware/boards")
}

/// What builds for boards.
enum Toolchain {
    /// With rustup's targets.
    Installed,
    /// A copy with the source of `core`.
    Copied(PathBuf),
}

impl Toolchain {
    fn find(rust_src: Option<&Path>) -> anyhow::Result<Toolchain> {
        let sysroot = output(Command::new("rustc").args(["--print", "sysroot"]).current_dir(root()))?;
        let sysroot = PathBuf::from(sysroot.trim());
        if BOARDS.iter().all(|(_, target)| sysroot.join("lib/rustlib").join(target).exists()) {
            return Ok(Toolchain::Installed);
        }
        let Some(source) = rust_src else {
            let targets = BOARDS.map(|(_, target)| target).join(" ");
            bail!(
                "this toolchain builds for no board: `rustup target add {targets}`, or pass --rust-src FILE, the \
                 standard library's source (rust-src) of exactly this compiler's version as a .tar.xz"
            );
        };
        let source = source.canonicalize().with_context(|| format!("cannot read {}", source.display()))?;
        copy(&sysroot, &source).map(Toolchain::Copied)
    }

    fn cargo(&self, verb: &str, target: &str) -> Command {
        let mut command = match self {
            Toolchain::Installed => builder("cargo"),
            Toolchain::Copied(copy) => {
                let mut command = builder(copy.join("bin/cargo"));
                let path = std::env::var("PATH").unwrap_or_default();
                command.env("PATH", format!("{}:{path}", copy.join("bin").display()));
                // rustup's cargo names its own libraries, and the compiler takes their place for its own.
                command.env_remove("LD_LIBRARY_PATH").env_remove("RUSTUP_TOOLCHAIN").env_remove("RUSTC");
                // What a stable compiler keeps for nightly ones: building `core`.
                command.env("RUSTC_BOOTSTRAP", "1");
                command
            }
        };
        command.arg(verb).args(["--target", target, "--target-dir"]).arg(built());
        if let Toolchain::Copied(_) = self {
            command.arg("-Zbuild-std=core");
        }
        command
    }
}

/// The toolchain's programs and libraries, as hard links where the file system allows, with the source beside them.
fn copy(sysroot: &Path, source: &Path) -> anyhow::Result<PathBuf> {
    let copy = target().join("firmware/toolchain");
    let made_of = copy.join("made-of");
    let version = output(Command::new("rustc").arg("-vV").current_dir(root()))?;
    let wanted = format!("{version}{} {}\n", source.display(), source.metadata()?.len());
    if std::fs::read_to_string(&made_of).is_ok_and(|made_of| made_of == wanted) {
        return Ok(copy);
    }
    if copy.exists() {
        std::fs::remove_dir_all(&copy)?;
    }
    let library = copy.join("lib/rustlib/src/rust");
    std::fs::create_dir_all(&copy)?;
    for part in ["bin", "lib"] {
        // Either may be a link to another toolchain's.
        let (from, to) = (sysroot.join(part).canonicalize()?, copy.join(part));
        if !Command::new("cp").arg("-al").arg(&from).arg(&to).stderr(Stdio::null()).status()?.success() {
            // Another file system: what was linked so far goes.
            if to.exists() {
                std::fs::remove_dir_all(&to)?;
            }
            run(Command::new("cp").arg("-a").arg(&from).arg(&to))?;
        }
    }
    std::fs::create_dir_all(&library)?;
    run(Command::new("tar").arg("xJf").arg(source).arg("-C").arg(&library))?;
    ensure!(library.join("library/core").exists(), "{} holds no library/core", source.display());
    std::fs::write(&made_of, wanted)?;
    Ok(copy)
}

fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(output.status.success(), "{command:?} failed: {}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

/// A QEMU that ends with this.
struct Qemu(Child);

impl Drop for Qemu {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the board, asks it as a box does, and wants readings in order, each decoded as its bytes say.
fn speaks(image: &Path) -> anyhow::Result<()> {
    let mut qemu = Command::new(QEMU.1);
    qemu.args(["-cpu", "cortex-m3", "-machine", "lm3s6965evb", "-nographic", "-monitor", "none"]);
    qemu.args(["-serial", "pty", "-kernel"]).arg(image).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut qemu = Qemu(qemu.spawn().context("cannot start QEMU")?);
    let said = qemu.0.stdout.take().context("QEMU has no output")?;
    let path = BufReader::new(said).lines().find_map(|line| {
        let line = line.ok()?;
        Some(line.split_whitespace().find(|word| word.starts_with("/dev/pts/"))?.to_owned())
    });
    let path = path.context("QEMU named no PTY")?;
    let mut line = File::options().read(true).write(true).custom_flags(nix::libc::O_NOCTTY).open(&path)?;
    let mut modes = nix::sys::termios::tcgetattr(&line)?;
    nix::sys::termios::cfmakeraw(&mut modes);
    nix::sys::termios::tcsetattr(&line, nix::sys::termios::SetArg::TCSANOW, &modes)?;
    listen(&mut line).with_context(|| format!("the board of QEMU on {path}"))
}

fn listen(line: &mut File) -> anyhow::Result<()> {
    let until = Instant::now() + SPEAKS_WITHIN;
    let (mut reader, mut next, mut greeted) = (Reader::default(), 1, false);
    let mut bytes = [0; 256];
    while next <= READINGS {
        ensure!(Instant::now() < until, "{} of {READINGS} readings within {SPEAKS_WITHIN:?}", next - 1);
        let mut wanted = [PollFd::new(line.as_fd(), PollFlags::POLLIN)];
        if poll(&mut wanted, PollTimeout::from(200_u16))? == 0 {
            continue;
        }
        let read = line.read(&mut bytes)?;
        for byte in bytes.iter().take(read) {
            let Some(frame) = reader.push(*byte) else { continue };
            // The first frame may have lost its beginning before the PTY was opened.
            let Ok(message) = frame else {
                ensure!(!greeted, "a damaged frame");
                continue;
            };
            match Up::read(message).context("a message that the wire does not know")? {
                Up::Hello(hello) if hello.boot == 0 => {
                    say(line, &Down::Time { utc_ms: 1_790_000_000_000, err_ms: 0 })?;
                    say(line, &Down::Config { period_s: 1, resolution_bits: 12 })?;
                }
                Up::Hello(hello) if !greeted => {
                    greeted = true;
                    say(line, &Down::Replay { boot: hello.boot, from: 1 })?;
                }
                Up::Sample { boot, seq, raw, milli_c, quality, .. } => {
                    let [low, high, ..] = raw;
                    let sixteenths = i32::from(i16::from_le_bytes([low, high]));
                    let milli = (sixteenths * 125 + 1).div_euclid(2);
                    ensure!(seq == next, "reading {seq} came in the place of {next}");
                    ensure!(
                        quality == Quality::Good && milli_c == Some(milli),
                        "{milli_c:?} of {raw:02x?}, {quality:?}"
                    );
                    ensure!((0..20_000).contains(&milli), "{milli} thousandths are none of the board's fridge");
                    say(line, &Down::Ack { boot, upto: seq })?;
                    next += 1;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn say(line: &mut File, message: &Down<'_>) -> anyhow::Result<()> {
    let frame = Frame::down(message).context("a message that is too long")?;
    Ok(line.write_all(frame.as_bytes())?)
}
