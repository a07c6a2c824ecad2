//! haccp-pdf: a year of twenty probes as an inspector gets it: the figures gathered from the product's own tables, and
//! the pages drawn by the process that a box starts for them, with what memory it takes. Beside it the goal of 10 s.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, ensure};
use trivet_domain::haccp::{self, Change, UnitKind};
use trivet_domain::{Command as AnyCommand, MilliCelsius};
use trivet_modules::reports::{Asked, Report, csv, report};
use trivet_replica::View;
use trivet_restaurant::Binaries;

use crate::figure::Figure;
use crate::readings::{DAY, LIMIT, PROBES, Recorder, START, probe};

const DAYS: i64 = 365;
const ROUNDS: usize = 3;
const GOAL_MS: f64 = 10_000.0;
/// Minutes that are recorded together.
const TOGETHER: i64 = 128;

pub(crate) fn run() -> anyhow::Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let recorder = Recorder::open(folder.path())?;
    for n in 0..PROBES {
        let change = Change {
            name: Some(format!("Unit {n:02}")),
            unit_kind: Some(UnitKind::Fridge),
            max: Some(Some(MilliCelsius(LIMIT))),
            ..Change::default()
        };
        recorder.submit(AnyCommand::Haccp(haccp::Command::ChangeProbe { probe: probe(n), change }))?;
    }
    let end = START + DAYS * DAY;
    let mut minute = START;
    while minute < end {
        let until = (minute + TOGETHER).min(end);
        recorder.record_all(minute..until)?;
        minute = until;
    }
    recorder.app.wall.step((end + 60) * 60_000 - recorder.app.wall.now_ms());
    let (mut gathered, mut drawn, mut tables, mut all, mut memory, mut size) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let made = gather(&recorder, end)?;
        gathered.push(ms(started));
        let sheet = serde_json::to_vec(&made.sheet("en"))?;
        let drawing = Instant::now();
        let (pdf, peak) = draw(&sheet)?;
        drawn.push(ms(drawing));
        all.push(ms(started));
        memory.push(peak);
        size.push(pdf.len() as f64 / 1_024.0);
        let writing = Instant::now();
        let text = csv::write(&made, None).context("CSV")?;
        tables.push(ms(writing));
        ensure!(text.lines().count() > PROBES, "CSV has {} lines", text.lines().count());
    }
    let figure = |figure: &str, unit, rounds, limit| Figure {
        id: "haccp-pdf",
        figure: figure.to_owned(),
        unit,
        rounds,
        limit,
        peer: None,
        larger_is_better: false,
    };
    Ok(vec![
        figure("a year of 20 probes as PDF, all of it", "ms", all, Some(GOAL_MS)),
        figure("of it gathering the figures", "ms", gathered, None),
        figure("of it the process that draws", "ms", drawn, None),
        figure("that process takes at most", "MiB", memory, Some(192.0)),
        figure("the PDF", "KiB", size, None),
        figure("the same as CSV, from the figures", "ms", tables, None),
    ])
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000.0
}

fn gather(recorder: &Recorder, end: i64) -> anyhow::Result<Report> {
    let asked = Asked::all(START * 60_000, end * 60_000);
    let app = &recorder.app;
    let made = app.store.read(|conn| {
        let view = View { conn, more: &app.more, now_ms: app.wall.now_ms(), caller: None };
        report(&view, &app.identity, "bench", &asked)
    })?;
    let coverage = serde_json::to_value(&made.answer.coverage)?;
    let expected = DAYS * DAY * PROBES as i64;
    ensure!(coverage["part"] == expected && coverage["of"] == expected, "coverage is {coverage}");
    Ok(made)
}

/// The PDF, and how much memory its process had at most, in MiB.
fn draw(sheet: &[u8]) -> anyhow::Result<(Vec<u8>, f64)> {
    let mut child = Command::new(Binaries::find(None)?.path("trivet")?)
        .arg("report-pdf")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let (mut input, mut output) = (child.stdin.take().context("stdin")?, child.stdout.take().context("stdout")?);
    let sheet = sheet.to_owned();
    let writing = std::thread::spawn(move || input.write_all(&sheet));
    // It writes when it has drawn: what it had until its first byte is what it took.
    let mut pdf = vec![0; 1];
    output.read_exact(&mut pdf)?;
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()))?;
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.trim().parse().ok());
    let peak: f64 = peak.context("the peak of its memory")?;
    output.read_to_end(&mut pdf)?;
    writing.join().ok().context("writing the sheet")??;
    ensure!(child.wait()?.success() && pdf.starts_with(b"%PDF"), "no PDF was drawn");
    Ok((pdf, peak / 1_024.0))
}
