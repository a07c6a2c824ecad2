//! Steps that the commands share: what must be installed, built and written before anything runs.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};

/// The project's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the project's folder").to_owned()
}

/// Where everything is built.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder))
}

pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(status.success(), "{command:?} failed: {status}");
    Ok(())
}

pub(crate) fn cargo() -> Command {
    builder(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// A program that builds.
pub(crate) fn builder(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    // `cargo run` describes xtask in the environment; build scripts that look at it would run again each time.
    for (name, _) in std::env::vars_os() {
        let of_package =
            name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"));
        if of_package {
            command.env_remove(name);
        }
    }
    command
}

fn npm(arguments: &[&str]) -> anyhow::Result<()> {
    let found = Command::new("npm").arg("--version").output();
    ensure!(
        found.is_ok_and(|out| out.status.success()),
        "npm is missing: install Node.js 20 or later, then run this again"
    );
    run(Command::new("npm").args(arguments).current_dir(root().join("screens")))
}

/// Builds the screens, if anything that they are made of is newer than they.
pub(crate) fn screens_if_stale() -> anyhow::Result<()> {
    let built = newest(&root().join("screens/dist"))?;
    let made_of = [
        "src",
        "public",
        "index.html",
        "pos",
        "kitchen",
        "labels",
        "haccp",
        "safety",
        "alerts",
        "status",
        "dashboard",
        "printers",
        "layouts",
        "package.json",
        "package-lock.json",
        "vite.config.ts",
    ];
    let sources = made_of.iter().filter_map(|part| newest(&root().join("screens").join(part)).ok().flatten()).max();
    if built.is_none() || built < sources {
        screens()?;
    }
    Ok(())
}

pub(crate) fn screens() -> anyhow::Result<()> {
    npm(&["ci", "--no-fund", "--no-audit"])?;
    npm(&["run", "--silent", "build"])
}

fn newest(path: &Path) -> anyhow::Result<Option<std::time::SystemTime>> {
    if path.is_file() {
        return Ok(Some(path.metadata()?.modified()?));
    }
    let Ok(folder) = std::fs::read_dir(path) else { return Ok(None) };
    let mut latest = None;
    for file in folder {
        latest = latest.max(newest(&file?.path())?);
    }
    Ok(latest)
}

/// Builds every binary and says where they are.
pub(crate) fn build(release: bool) -> anyhow::Result<PathBuf> {
    screens_if_stale()?;
    let mut command = cargo();
    command.args(["build", "--workspace", "--bins"]);
    if release {
        command.arg("--release");
    }
    run(&mut command)?;
    Ok(target().join(if release { "release" } else { "debug" }))
}

/// Debian packages that a command needs: installed as root, or named.
pub(crate) fn packages(needed: &[(&str, &str)]) -> anyhow::Result<()> {
    let is_there = |path: &str| Path::new(path).exists();
    let missing: Vec<&str> = needed.iter().filter(|(_, path)| !is_there(path)).map(|(package, _)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !nix::unistd::Uid::effective().is_root() {
        bail!("missing: run `sudo apt-get install {}`, then this again", missing.join(" "));
    }
    run(Command::new("apt-get").args(["update", "-qq"]))?;
    run(Command::new("apt-get")
        .args(["install", "-y", "-qq", "--no-install-recommends"])
        .args(&missing)
        .env("DEBIAN_FRONTEND", "noninteractive"))
}

pub(crate) fn openapi(check: bool) -> anyhow::Result<()> {
    let folder = build(false)?;
    let output = Command::new(folder.join("trivet")).arg("openapi").output()?;
    ensure!(output.status.success(), "trivet openapi failed");
    let path = root().join("docs/api/box.json");
    if check {
        let golden = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        ensure!(
            golden == output.stdout,
            "the API differs from {}: `cargo xtask openapi`, and read the change",
            path.display()
        );
        return Ok(());
    }
    std::fs::write(&path, output.stdout)?;
    Ok(())
}
