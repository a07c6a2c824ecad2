//! Twenty probes' temperatures, and a box's store that records them by the product's own path, a minute after the other.

use std::path::Path;

use trivet_domain::haccp::{self, Reading};
use trivet_domain::{Command, MilliCelsius};
use trivet_log::Id;
use trivet_replica::{Actor, App, Config, Identity, Wall};

pub(crate) const PROBES: usize = 20;
pub(crate) const DAY: i64 = 1_440;
/// Minutes since 1970: the first of a UTC day.
pub(crate) const START: i64 = 20_720 * DAY;
pub(crate) const LIMIT: i32 = 5_000;

pub(crate) fn probe(n: usize) -> Id {
    Id::at(1_790_000_000_000 + n as u64, [n as u8 + 1; 10])
}

/// A compressor's wave and five steps of noise of 0.06 °C.
pub(crate) fn milli(n: usize, minute: i64) -> i32 {
    let wave = (minute as f64 / (15.0 + n as f64) * std::f64::consts::TAU).sin() * 10.0;
    let mut noise =
        (minute as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (n as u64 + 1).wrapping_mul(0xd134_2543_de82_ef95);
    noise ^= noise >> 29;
    noise = noise.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    noise ^= noise >> 32;
    let steps = 72.0 + wave + (noise % 5) as f64 - 2.0;
    steps.round() as i32 * 60
}

pub(crate) struct Recorder {
    pub(crate) app: App,
    runtime: tokio::runtime::Runtime,
    actor: Actor,
}

impl Recorder {
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Recorder> {
        let app = App::open(Config {
            data: folder.to_owned(),
            identity: Identity::found(1_790_000_000_000),
            modules: trivet_modules::all(),
            wall: Wall::default(),
            version: "bench",
            more: axum::http::Extensions::new(),
        })?;
        let actor = Actor::the_box(Id::from_bytes(app.identity.origin().0));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Recorder { app, runtime, actor })
    }

    pub(crate) fn record(&self, minute: i64) -> anyhow::Result<()> {
        self.record_all(minute..minute + 1)
    }

    pub(crate) fn submit(&self, command: Command) -> anyhow::Result<()> {
        let id = trivet_replica::sealing::new_id(self.app.wall.now_ms());
        self.runtime.block_on(self.app.submit(self.actor, id, command))?;
        Ok(())
    }

    /// A sample a minute: what a minute's fact holds then. Minutes that are given together may share a commit.
    pub(crate) fn record_all(&self, minutes: std::ops::Range<i64>) -> anyhow::Result<()> {
        self.runtime.block_on(async {
            let mut recording = tokio::task::JoinSet::new();
            for minute in minutes {
                let now_ms = (minute + 1) * 60_000 + 180 + minute % 70;
                self.app.wall.step(now_ms - self.app.wall.now_ms());
                let one = |n| {
                    let last = Some(MilliCelsius(milli(n, minute)));
                    let reading = Reading { last, samples: Some(1), ..Reading::default() };
                    haccp::ProbeMinute { probe: probe(n), calibration: None, reading }
                };
                let probes = (0..PROBES).map(one).collect();
                let readings = haccp::Readings { minute, probes, ..haccp::Readings::default() };
                let command = Command::Haccp(haccp::Command::RecordMinute(readings));
                let (app, actor, id) = (self.app.clone(), self.actor, trivet_replica::sealing::new_id(now_ms));
                // One thread begins them in this order, and the writer takes them in it.
                recording.spawn(async move { app.submit(actor, id, command).await });
            }
            while let Some(recorded) = recording.join_next().await {
                recorded??;
            }
            Ok(())
        })
    }

    /// Waits until no full block of entries lies unpacked. Gives the bytes in use: pages but for free ones.
    pub(crate) fn bytes(&self) -> anyhow::Result<i64> {
        let idle = "SELECT count(*) FROM tail";
        trivet_restaurant::until(std::time::Duration::from_secs(60), || {
            let loose: i64 = self.app.store.read(|conn| conn.query_row(idle, [], |row| row.get(0)))?;
            Ok((loose < trivet_replica::store::BLOCK.cast_signed()).then_some(()))
        })?;
        let pragma = |conn: &rusqlite::Connection, name: &str| {
            conn.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0))
        };
        let used = self.app.store.read(|conn| {
            Ok((pragma(conn, "page_count")? - pragma(conn, "freelist_count")?) * pragma(conn, "page_size")?)
        })?;
        Ok(used)
    }
}
