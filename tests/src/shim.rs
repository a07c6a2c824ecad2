//! The shim that counts and delays a box's flushes.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

/// Builds it into a folder; the C compiler that SQLite is built with is there.
pub fn build(folder: &Path) -> anyhow::Result<PathBuf> {
    let source = folder.join("sync_shim.c");
    let library = folder.join("sync_shim.so");
    std::fs::write(&source, include_str!("sync_shim.c"))?;
    let built =
        Command::new("cc").args(["-O1", "-shared", "-fPIC", "-o"]).arg(&library).arg(&source).arg("-ldl").status();
    ensure!(built.context("cc is missing")?.success(), "the sync shim does not build");
    Ok(library)
}

/// The environment of a box whose flushes are counted into a file, and delayed.
pub fn environment(library: &Path, count: &Path, delay_us: u32) -> Vec<(String, String)> {
    let text = |path: &Path| path.display().to_string();
    vec![
        ("LD_PRELOAD".to_owned(), text(library)),
        ("SYNC_COUNT".to_owned(), text(count)),
        ("SYNC_US".to_owned(), delay_us.to_string()),
    ]
}

/// Flushes by fdatasync and by fsync, so far.
pub fn flushes(count: &Path) -> anyhow::Result<(u64, u64)> {
    let text = std::fs::read_to_string(count).unwrap_or_else(|_| "0 0".to_owned());
    let (data, full) = text.trim().split_once(' ').context("two counts")?;
    Ok((data.parse()?, full.parse()?))
}
