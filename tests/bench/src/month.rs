//! P4: a month of twenty probes (864,000 readings) by probe and day: how many, lowest, highest, mean, and minutes above
//! the limit, 600 lines. Ours: the packed hours of the product's own tables, as a report reads them. Peer: a table of
//! rows with an index, in SQLite. Limit: DuckDB on a file of its own, one thread. All are warm and must agree on the
//! number of violations.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, ensure};
use rusqlite::params;
use serde_json::Value;
use trivet_domain::MilliCelsius;
use trivet_domain::haccp::{HourReading, Limits};
use trivet_log::Id;
use trivet_modules::haccp::minutes::Figures;
use trivet_modules::haccp::{minutes, view};

use crate::figure::{Figure, median};
use crate::machine::sync_probe;
use crate::python::Python;
use crate::readings::{DAY, LIMIT, PROBES, Recorder, START, milli, probe};

const ROUNDS: usize = 5;
const DAYS: i64 = 30;

pub(crate) fn run() -> anyhow::Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let python = Python::install(crate::python::DUCKDB)?;
    crate::figure::say(&format!("P4  one sync of 4 KiB: {:.3} ms", sync_probe(folder.path())?));
    let recorder = Recorder::open(folder.path())?;
    recorder.record(START - 1)?;
    let before = recorder.bytes()?;
    (0..DAYS * 24).try_for_each(|hour| recorder.record_all(START + hour * 60..START + hour * 60 + 60))?;
    let readings = (DAYS * DAY * PROBES as i64) as f64;
    let packed = (recorder.bytes()? - before) as f64 / readings;
    let rows = rows(folder.path())?;
    let csv = csv(folder.path())?;
    let (mut ours, mut peer, mut limit, mut chart) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (our_ms, our_count) = report(&recorder)?;
        let (row_ms, row_count) = report_of_rows(&rows)?;
        let (duck_ms, duck_count) = python.month(folder.path(), &csv)?;
        ensure!(
            our_count > 0 && our_count == row_count && our_count == duck_count,
            "violations: {our_count} here, {row_count} in rows, {duck_count} in DuckDB"
        );
        // The first only warms up.
        if round > 0 {
            ours.push(our_ms);
            peer.push(row_ms);
            limit.push(duck_ms);
            chart.push(day_of_one(&recorder)?);
        }
    }
    let ratio: Vec<f64> = peer.iter().zip(&ours).map(|(peer, ours)| peer / ours).collect();
    let to_limit: Vec<f64> = ours.iter().zip(&limit).map(|(ours, limit)| ours / limit).collect();
    let figure = |figure: &str, unit, rounds, limit, peer, larger_is_better| Figure {
        id: "P4",
        figure: figure.to_owned(),
        unit,
        rounds,
        limit,
        peer,
        larger_is_better,
    };
    let (limit_ms, peer_ms) = (median(&limit), median(&peer));
    Ok(vec![
        figure("a month's report, 864,000 readings", "ms", ours, Some(limit_ms), Some(peer_ms), false),
        figure("a table of rows takes, in the same round", "times as long", ratio, None, None, true),
        figure("it takes of DuckDB's time, in the same round", "times", to_limit, None, None, false),
        figure("a probe's day out of it", "ms", chart, Some(200.0), None, false),
        figure("on disk after a month, log and tables", "B/reading", vec![packed], None, None, false),
    ])
}

fn report(recorder: &Recorder) -> anyhow::Result<(f64, i64)> {
    let started = Instant::now();
    let limits = Limits { min: None, max: Some(MilliCelsius(LIMIT)) };
    let hours = START / 60..START / 60 + DAYS * 24;
    let mut sums: BTreeMap<(Id, i64), Figures> = BTreeMap::new();
    // A probe's hour lies in one day.
    let add = |hour: i64, probe: Id, minutes: &[HourReading]| {
        let sum = sums.entry((probe, (hour * 60).div_euclid(DAY))).or_default();
        sum.add(minutes, &limits);
    };
    recorder.app.store.read(|conn| minutes::visit(conn, hours, add))?;
    let taken = started.elapsed().as_secs_f64() * 1_000.0;
    ensure!(sums.len() == DAYS as usize * PROBES, "{} lines", sums.len());
    ensure!(sums.values().map(|sum| sum.minutes).sum::<i64>() == DAYS * DAY * PROBES as i64, "readings are missing");
    Ok((taken, sums.values().map(|sum| sum.beyond).sum()))
}

fn day_of_one(recorder: &Recorder) -> anyhow::Result<f64> {
    let from = (START + 17 * DAY) * 60_000;
    let started = Instant::now();
    let points = recorder.app.store.read(|conn| view::history(conn, probe(7), from, from + DAY * 60_000))?;
    let taken = started.elapsed().as_secs_f64() * 1_000.0;
    ensure!(points.len() == DAY as usize, "{} points", points.len());
    Ok(taken)
}

fn rows(folder: &Path) -> anyhow::Result<rusqlite::Connection> {
    let conn = rusqlite::Connection::open(folder.join("rows.db"))?;
    conn.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA cache_size=-8000;
         CREATE TABLE reading(id INTEGER PRIMARY KEY, probe TEXT NOT NULL, at TEXT NOT NULL, c REAL NOT NULL); BEGIN;",
    )?;
    {
        let sql = "INSERT INTO reading(probe, at, c) VALUES(?1, strftime('%Y-%m-%dT%H:%M:%SZ', ?2, 'unixepoch'), ?3)";
        let mut insert = conn.prepare(sql)?;
        let names: Vec<String> = (0..PROBES).map(|n| format!("probe-{n:02}")).collect();
        for minute in START..START + DAYS * DAY {
            for (n, name) in names.iter().enumerate() {
                insert.execute(params![name, minute * 60, f64::from(milli(n, minute)) / 1_000.0])?;
            }
        }
    }
    conn.execute_batch("COMMIT; CREATE INDEX reading_at ON reading(probe, at); ANALYZE;")?;
    Ok(conn)
}

fn report_of_rows(conn: &rusqlite::Connection) -> anyhow::Result<(f64, i64)> {
    let sql = "SELECT probe, substr(at, 1, 10) AS day, count(*), min(c), max(c), avg(c), sum(c > 5.0)
        FROM reading GROUP BY probe, day";
    let started = Instant::now();
    let mut statement = conn.prepare(sql)?;
    let violations = statement.query_map([], |row| row.get::<_, i64>(6))?.collect::<rusqlite::Result<Vec<_>>>()?;
    let taken = started.elapsed().as_secs_f64() * 1_000.0;
    ensure!(violations.len() == DAYS as usize * PROBES, "{} lines of rows", violations.len());
    Ok((taken, violations.iter().sum()))
}

fn csv(folder: &Path) -> anyhow::Result<std::path::PathBuf> {
    let path = folder.join("month.csv");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path)?);
    for minute in START..START + DAYS * DAY {
        for n in 0..PROBES {
            writeln!(file, "{n},{minute},{}", milli(n, minute))?;
        }
    }
    file.flush()?;
    Ok(path)
}

impl Python {
    /// What DuckDB takes, in ms, and its count of violations.
    fn month(&self, folder: &Path, csv: &Path) -> anyhow::Result<(f64, i64)> {
        let script = folder.join("month.py");
        std::fs::write(&script, include_str!("month.py"))?;
        let said = self.run(&[&script, csv, &folder.join("month.duckdb")]).context("DuckDB does not report")?;
        let said: Value = serde_json::from_str(said.trim()).with_context(|| format!("DuckDB says {said}"))?;
        ensure!(said["lines"] == DAYS * PROBES as i64, "DuckDB: {said}");
        Ok((said["ms"].as_f64().context("ms")?, said["violations"].as_i64().context("violations")?))
    }
}
