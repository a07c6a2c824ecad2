//! What is asked of the machine and of a process, and when orders arrive.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::figure::median;

/// One sync of 4 KiB overwritten in place, in ms: what an answer costs at least.
pub(crate) fn sync_probe(folder: &Path) -> anyhow::Result<f64> {
    let file = File::create(folder.join("probe"))?;
    file.set_len(1 << 20)?;
    file.sync_all()?;
    let mut taken = Vec::new();
    for n in 0..200u64 {
        let started = Instant::now();
        file.write_at(&[n as u8; 4_096], n % 256 * 4_096)?;
        file.sync_data()?;
        taken.push(started.elapsed().as_secs_f64() * 1_000.0);
    }
    Ok(median(&taken))
}

/// The same numbers in every run.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(0x2545_f491_4f6c_dd1d ^ seed << 32)
    }

    /// From 0 to below 1.
    pub(crate) fn unit(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn below(&mut self, count: usize) -> usize {
        (self.unit() * count as f64) as usize
    }
}

/// Poisson arrivals of so many a second.
pub(crate) fn arrivals(rate: f64, during: Duration) -> impl Iterator<Item = Duration> {
    let mut random = Random::new(0);
    let mut at = 0.0;
    std::iter::from_fn(move || {
        if at >= during.as_secs_f64() {
            return None;
        }
        at += -(1.0 - random.unit()).ln() / rate;
        Some(Duration::from_secs_f64(at))
    })
}

/// proc(5): utime and stime, in clock ticks of 10 ms.
pub(crate) fn cpu_us(pid: u32) -> anyhow::Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).context("/proc/PID/stat");
    Ok((ticks(11)? + ticks(12)?) * 10_000.0)
}

pub(crate) fn written(pid: u32) -> anyhow::Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/io"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("write_bytes: ")).context("/proc/PID/io")?;
    Ok(line.trim().parse()?)
}

pub(crate) fn memory_mb(pid: u32) -> anyhow::Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("/proc/PID/status")?;
    Ok(line.trim().trim_end_matches(" kB").trim().parse::<f64>()? / 1_024.0)
}
