//! P5: what a day of twenty probes, a sample a minute, writes to the device, and what a reading takes on disk. The
//! device is a file system of its own on a loop device, so that the file system's journal counts; where none can be
//! made, the figure says so and is what the kernel was asked to write by this process.
//!
//! Limit: a file of constant length, 4 KiB overwritten and synced each minute. Peer: a table of rows with an index, a
//! commit a minute.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use rusqlite::params;

use crate::figure::{Figure, median};
use crate::machine::{sync_probe, written};
use crate::readings::{DAY, PROBES, Recorder, START, milli};

const ROUNDS: usize = 3;
/// Closer together commits would share a change of the file's time.
const APART: Duration = Duration::from_millis(6);

pub(crate) fn run() -> anyhow::Result<Vec<Figure>> {
    let (mut ours, mut flat, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    let (mut flushes, mut flat_flushes) = (Vec::new(), Vec::new());
    let (mut open, mut packed, mut row_bytes) = (Vec::new(), Vec::new(), Vec::new());
    let mut where_from = "";
    for _ in 0..ROUNDS {
        let device = Device::make()?;
        where_from = device.name();
        crate::figure::say(&format!("P5  one sync of 4 KiB: {:.3} ms", sync_probe(device.folder())?));
        let (bytes, flushed) = device.count(|| flat_file(device.folder()))?;
        flat.push(bytes / 1e6);
        flat_flushes.push(flushed);

        let recorder = Recorder::open(device.folder())?;
        recorder.record(START - 1)?;
        let before = recorder.bytes()?;
        let mut hour_began = 0;
        for minute in 0..DAY {
            recorder.record(START + minute)?;
            match minute {
                // Its first minute closed the hour before.
                0 => hour_began = recorder.bytes()?,
                59 => open.push((recorder.bytes()? - hour_began) as f64 / (59 * PROBES) as f64),
                _ => {}
            }
        }
        let (bytes, flushed) = device.count(|| {
            (DAY..2 * DAY).try_for_each(|minute| {
                std::thread::sleep(APART);
                recorder.record(START + minute)
            })
        })?;
        ours.push(bytes / 1e6);
        flushes.push(flushed);
        packed.push((recorder.bytes()? - before) as f64 / (2 * DAY * PROBES as i64) as f64);
        drop(recorder);

        let table = Rows::open(device.folder())?;
        table.record(0..DAY)?;
        let (bytes, _) = device.count(|| table.record(DAY..2 * DAY))?;
        rows.push(bytes / 1e6);
        row_bytes.push(table.bytes()? / (2 * DAY * PROBES as i64) as f64);
    }
    let figure = |figure: String, unit, rounds, limit: Option<&[f64]>, peer: Option<&[f64]>| Figure {
        id: "P5",
        figure,
        unit,
        rounds,
        limit: limit.map(median),
        peer: peer.map(median),
        larger_is_better: false,
    };
    Ok(vec![
        figure(format!("written, {where_from}"), "MB/day", ours, Some(&flat), Some(&rows)),
        figure("flushes".into(), "a day", flushes, Some(&flat_flushes), None),
        figure("on disk, the hour that goes on".into(), "B/reading", open, None, Some(&row_bytes)),
        figure("on disk, after two days".into(), "B/reading", packed, None, Some(&row_bytes)),
    ])
}

fn flat_file(folder: &Path) -> anyhow::Result<()> {
    let file = File::create(folder.join("flat"))?;
    file.write_all_at(&vec![0; 4_096 * 256], 0)?;
    file.sync_all()?;
    for minute in 0..DAY as u64 {
        std::thread::sleep(APART);
        file.write_all_at(&[minute as u8; 4_096], minute % 256 * 4_096)?;
        file.sync_data()?;
    }
    Ok(())
}

struct Rows(rusqlite::Connection);

impl Rows {
    fn open(folder: &Path) -> anyhow::Result<Rows> {
        let conn = rusqlite::Connection::open(folder.join("rows.db"))?;
        conn.execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
             CREATE TABLE reading(id INTEGER PRIMARY KEY, probe TEXT NOT NULL, at TEXT NOT NULL, c REAL NOT NULL);
             CREATE INDEX reading_at ON reading(probe, at);",
        )?;
        Ok(Rows(conn))
    }

    fn record(&self, minutes: std::ops::Range<i64>) -> anyhow::Result<()> {
        for minute in minutes {
            std::thread::sleep(APART);
            let tx = self.0.unchecked_transaction()?;
            let sql =
                "INSERT INTO reading(probe, at, c) VALUES(?1, strftime('%Y-%m-%dT%H:%M:%SZ', ?2, 'unixepoch'), ?3)";
            let mut insert = tx.prepare_cached(sql)?;
            for n in 0..PROBES {
                let at = (START + minute) * 60;
                insert.execute(params![format!("probe-{n}"), at, f64::from(milli(n, START + minute)) / 1_000.0])?;
            }
            drop(insert);
            tx.commit()?;
        }
        Ok(())
    }

    fn bytes(&self) -> anyhow::Result<f64> {
        let pragma = |name: &str| self.0.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
        Ok(((pragma("page_count")? - pragma("freelist_count")?) * pragma("page_size")?) as f64)
    }
}

/// A file system of its own, or a folder.
enum Device {
    Loop { device: String, mount: PathBuf, _folder: tempfile::TempDir },
    Folder(tempfile::TempDir),
}

impl Device {
    fn make() -> anyhow::Result<Device> {
        let folder = tempfile::tempdir()?;
        match Device::mounted(folder.path()) {
            Ok((device, mount)) => Ok(Device::Loop { device, mount, _folder: folder }),
            Err(error) => {
                crate::figure::say(&format!("P5  no loop device: {error:#}"));
                Ok(Device::Folder(folder))
            }
        }
    }

    fn mounted(folder: &Path) -> anyhow::Result<(String, PathBuf)> {
        let image = folder.join("image");
        File::create(&image)?.set_len(1 << 30)?;
        let device = told(Command::new("losetup").args(["--find", "--show"]).arg(&image))?.trim().to_owned();
        let mount = folder.join("mount");
        std::fs::create_dir(&mount)?;
        let made =
            told(Command::new("mkfs.ext4").args(["-q", "-E", "lazy_itable_init=0,lazy_journal_init=0"]).arg(&device))
                .and_then(|_| told(Command::new("mount").args(["-o", "noatime"]).arg(&device).arg(&mount)));
        if made.is_err() {
            drop(told(Command::new("losetup").args(["-d", &device])));
        }
        made?;
        Ok((device, mount))
    }

    fn name(&self) -> &'static str {
        match self {
            Device::Loop { .. } => "loop device",
            Device::Folder(_) => "asked of the kernel (no loop device)",
        }
    }

    fn folder(&self) -> &Path {
        match self {
            Device::Loop { mount, .. } => mount,
            Device::Folder(folder) => folder.path(),
        }
    }

    /// Bytes and flushes, with all that was left to write later.
    fn count(&self, work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<(f64, f64)> {
        self.settle()?;
        let before = self.stat()?;
        work()?;
        self.settle()?;
        let after = self.stat()?;
        Ok((after.0 - before.0, after.1 - before.1))
    }

    fn settle(&self) -> anyhow::Result<()> {
        told(Command::new("sync").arg("-f").arg(self.folder())).map(drop)
    }

    fn stat(&self) -> anyhow::Result<(f64, f64)> {
        let Device::Loop { device, .. } = self else { return Ok((written(std::process::id())? as f64, f64::NAN)) };
        let name = device.trim_start_matches("/dev/");
        let text = std::fs::read_to_string(format!("/sys/block/{name}/stat"))?;
        // Documentation/block/stat.rst: sectors of 512 bytes written; flush requests.
        let field = |index: usize| text.split_whitespace().nth(index).and_then(|field| field.parse::<f64>().ok());
        Ok((field(6).context("sectors written")? * 512.0, field(15).context("flushes")?))
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        if let Device::Loop { device, mount, .. } = self {
            drop(told(Command::new("umount").arg(mount)));
            drop(told(Command::new("losetup").args(["-d", device])));
        }
    }
}

fn told(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
