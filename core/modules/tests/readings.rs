//! Readings on a real store: whatever the order in which minutes come (clocks are set back, boxes were apart), the rows
//! are those of the set, no minute is missing or double, and days and reports add up to the minutes.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::collections::BTreeMap;

use tempfile::TempDir;
use trivet_domain::haccp::{self, HourReading, Limits, NoData, Reading};
use trivet_domain::{Command, MilliCelsius};
use trivet_log::{Id, ReplicaKind};
use trivet_modules::haccp::minutes::{self, Figures};
use trivet_modules::haccp::parts;
use trivet_replica::identity::{Applicant, EnrolmentCode, certify, letter};
use trivet_replica::store::{log, rebuild};
use trivet_replica::{Actor, App, Config, Identity, View, Wall};

struct Replica {
    app: App,
    _data: TempDir,
}

impl std::ops::Deref for Replica {
    type Target = App;
    fn deref(&self) -> &App {
        &self.app
    }
}

/// Two boxes of one location.
fn two() -> [Replica; 2] {
    let founder = Identity::found(1);
    let code = EnrolmentCode::new(&founder.root_public_key);
    let applicant = Applicant::new(ReplicaKind::Box);
    let answer = certify(&founder, &code, &applicant.request(&code), letter(1)).unwrap();
    [founder, applicant.accept(&code, answer).unwrap()].map(|identity| {
        let data = tempfile::tempdir().unwrap();
        let app = App::open(Config {
            data: data.path().to_owned(),
            identity,
            modules: trivet_modules::all(),
            wall: Wall::default(),
            version: "test",
            more: axum::http::Extensions::new(),
        });
        Replica { app: app.unwrap(), _data: data }
    })
}

const HOUR: i64 = 497_222;
const PROBES: u8 = 3;

fn probe(n: u8) -> Id {
    Id::at(1_790_000_000_000, [n; 10])
}

/// A value of its own for each probe and minute; one in eight minutes is without data.
fn reading(n: u8, minute: i64) -> Reading {
    let noise = (minute * 31 + i64::from(n) * 17).rem_euclid(64);
    match noise % 8 {
        0 => Reading { no_data: Some(NoData::Timeout), bad: Some(60), ..Reading::default() },
        _ => Reading {
            last: Some(MilliCelsius(3_000 + 60 * noise as i32)),
            samples: Some(60),
            above: Some(noise as u32).filter(|above| *above > 0),
            ..Reading::default()
        },
    }
}

impl Replica {
    async fn record(&self, minute: i64) {
        let readings = (0..PROBES).map(|n| (probe(n), reading(n, minute)));
        let key = Id::at(u64::try_from(minute * 60_000).unwrap(), trivet_replica::sealing::random());
        let actor = Actor::the_box(Id::from_bytes(self.identity.origin().0));
        let of = |(probe, reading)| haccp::ProbeMinute { probe, calibration: None, reading };
        let probes = readings.map(of).collect();
        let readings = haccp::Readings { minute, probes, ..haccp::Readings::default() };
        self.submit(actor, key, Command::Haccp(haccp::Command::RecordMinute(readings))).await.unwrap();
    }

    async fn give(&self, command: haccp::Command) {
        let key = Id::at(1_790_000_000_000, trivet_replica::sealing::random());
        let actor = Actor::the_box(Id::from_bytes(self.identity.origin().0));
        self.submit(actor, key, Command::Haccp(command)).await.unwrap();
    }

    async fn change(&self, n: u8, change: haccp::Change) {
        let change = haccp::Change { name: Some(format!("Fridge {n}")), ..change };
        self.give(haccp::Command::ChangeProbe { probe: probe(n), change }).await;
    }

    fn dump(&self) -> String {
        self.store.read(|conn| rebuild::dump(conn, &self.modules)).unwrap()
    }

    async fn ship_to(&self, other: &Replica) {
        let certificates = self.store.read(log::certificates).unwrap();
        other.store.write(move |writing| writing.introduce(&certificates, &[])).await.unwrap().unwrap();
        for (_, head) in self.store.read(log::heads).unwrap() {
            loop {
                let theirs = other.store.read(log::heads).unwrap();
                let held = theirs.iter().find(|(_, held)| held.stream == head.stream).map_or(0, |(_, held)| held.seq);
                let batch = self.store.read(|conn| log::batch_after(conn, &head.stream, held)).unwrap();
                let Some(batch) = batch else { break };
                other.store.write(move |writing| writing.merge(&batch)).await.unwrap().unwrap();
            }
        }
    }

    fn minutes(&self, n: u8) -> Vec<HourReading> {
        self.store.read(|conn| minutes::minutes(conn, probe(n), 0, i64::MAX)).unwrap()
    }

    async fn rebuilt(&self) -> String {
        let mut conn = trivet_replica::store::connect(&self.store.path, false).unwrap();
        rebuild::rebuild_all(&mut conn, &self.identity, &self.modules).unwrap();
        self.dump()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn minutes_in_any_order_are_the_rows_of_their_set() {
    let [a, b] = two();
    let limits = Limits { min: None, max: Some(MilliCelsius(6_000)) };
    // Forward over midnight, then a clock that was set back by three hours and goes on, then forward again.
    let own: Vec<i64> = (HOUR * 60 + 50..HOUR * 60 + 190).step_by(7).collect();
    let back: Vec<i64> = (HOUR * 60 - 100..HOUR * 60 + 60).step_by(11).collect();
    let ahead: Vec<i64> = (HOUR * 60 + 24 * 60..HOUR * 60 + 26 * 60).step_by(13).collect();
    let others: Vec<i64> = (HOUR * 60..HOUR * 60 + 1_600).step_by(97).collect();
    for minute in own.iter().chain(&back).chain(&ahead) {
        a.record(*minute).await;
    }
    for minute in &others {
        b.record(*minute).await;
    }
    b.ship_to(&a).await;
    a.ship_to(&b).await;
    let rows = a.dump();
    assert_eq!(b.dump(), rows);
    assert_eq!(b.rebuilt().await, rows);
    let mut all: Vec<i64> = own.iter().chain(&back).chain(&ahead).chain(&others).copied().collect();
    all.sort_unstable();
    for n in 0..PROBES {
        let shown: Vec<(i64, Reading)> = a.minutes(n).into_iter().map(|at| (at.minute, at.reading)).collect();
        assert_eq!(shown, all.iter().map(|minute| (*minute, reading(n, *minute))).collect::<Vec<_>>());
    }
    let expected = |minutes: &[i64], limits: Limits| {
        let mut sums: BTreeMap<(Id, i64), Figures> = BTreeMap::new();
        for minute in minutes {
            for n in 0..PROBES {
                let at = HourReading {
                    minute: *minute,
                    reading: reading(n, *minute),
                    quality: Default::default(),
                    late: false,
                };
                sums.entry((probe(n), minute.div_euclid(1_440))).or_default().add(&[at], &limits);
            }
        }
        sums
    };
    let mut sums: BTreeMap<(Id, i64), Figures> = BTreeMap::new();
    let add = |_: i64, probe: Id, hour: &[HourReading]| {
        for at in hour {
            sums.entry((probe, at.minute.div_euclid(1_440))).or_default().add(std::slice::from_ref(at), &limits);
        }
    };
    a.store.read(|conn| minutes::visit(conn, 0..i64::MAX, add)).unwrap();
    assert_eq!(sums, expected(&all, limits));
    assert!(sums.values().any(|figures| figures.beyond > 0 && figures.missing > 0));
    // Days hold the closed hours: all but the newest of each box.
    let of_a: Vec<i64> = own.iter().chain(&back).chain(&ahead).copied().collect();
    let closed = |minutes: &[i64]| {
        let newest = minutes.iter().max().unwrap().div_euclid(60);
        minutes.iter().copied().filter(|minute| minute.div_euclid(60) != newest).collect::<Vec<_>>()
    };
    let mut days = BTreeMap::new();
    for n in 0..PROBES {
        let of_probe = a.store.read(|conn| minutes::days(conn, probe(n), 0..i64::MAX)).unwrap();
        days.extend(of_probe.into_iter().map(|(day, figures)| ((probe(n), day), figures)));
    }
    assert_eq!(days, expected(&[closed(&of_a), closed(&others)].concat(), Limits::default()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_minute_of_the_hour_that_goes_on_writes_no_row() {
    let [a, _] = two();
    a.record(HOUR * 60).await;
    let rows = a.dump();
    for minute in 1..60 {
        a.record(HOUR * 60 + minute).await;
    }
    assert_eq!(a.dump(), rows);
    assert_eq!(a.minutes(0).len(), 60, "and yet it is there");
    a.record(HOUR * 60 + 60).await;
    assert_ne!(a.dump(), rows);
    assert_eq!(a.minutes(0).len(), 61);
}

/// Full blocks of entries are packed while the writer is idle, on the box that wrote them and on the one that got them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_packed_store_ships_folds_and_rebuilds_as_before() {
    let [a, b] = two();
    for minute in 0..600 {
        a.record(HOUR * 60 + minute).await;
    }
    let loose = |replica: &Replica| -> u64 {
        let sql = "SELECT count(*) FROM tail";
        replica.store.read(|conn| conn.query_row(sql, [], |row| row.get::<_, i64>(0))).unwrap().cast_unsigned()
    };
    let until_packed = async |replica: &Replica| {
        let packing = async {
            while loose(replica) >= trivet_replica::store::BLOCK {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), packing).await.unwrap();
    };
    until_packed(&a).await;
    let rows = a.dump();
    a.ship_to(&b).await;
    until_packed(&b).await;
    assert_eq!(b.dump(), rows);
    // A straggler of an hour that is packed by now is folded with the others of its hour.
    a.record(HOUR * 60 + 61).await;
    a.ship_to(&b).await;
    assert_eq!(a.minutes(1).len(), 601);
    let rows = a.dump();
    assert_eq!(b.dump(), rows);
    assert_eq!(b.rebuilt().await, rows);
    assert_eq!(a.rebuilt().await, rows);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_score_counts_each_minute_once_and_no_probe_that_is_out_of_use() {
    let [a, _] = two();
    // The last has no limit of its own: it goes by that of fridges.
    let max = |n: u8| (n < 2).then_some(Some(MilliCelsius(6_000)));
    for n in 0..PROBES {
        a.change(n, haccp::Change { max: max(n), retired: Some(n == 1), ..haccp::Change::default() }).await;
    }
    let minutes = HOUR * 60..HOUR * 60 + 90;
    for minute in minutes.clone() {
        a.record(minute).await;
    }
    // A second fact of a minute.
    a.record(HOUR * 60 + 5).await;
    let mut expected = Figures::default();
    for minute in minutes.clone() {
        for (n, milli) in [(0, 6_000), (2, 5_000)] {
            let at = HourReading { minute, reading: reading(n, minute), quality: Default::default(), late: false };
            expected.add(&[at], &Limits { min: None, max: Some(MilliCelsius(milli)) });
        }
    }
    let (from_ms, to_ms) = (minutes.start * 60_000, minutes.end * 60_000);
    let location = a.identity.certificate.location;
    let read = |conn: &rusqlite::Connection| {
        let view = View { conn, more: &a.more, now_ms: to_ms + 3_600_000, caller: None };
        trivet_modules::safety::compliance(&view, location, from_ms, to_ms)
    };
    let score = a.store.read(read).unwrap();
    let known = expected.minutes.cast_unsigned();
    let within = (expected.minutes - expected.beyond).cast_unsigned();
    assert_eq!((score.readings_in_range.part, score.readings_in_range.of), (within, known));
    assert_eq!((score.coverage.part, score.coverage.of), (known, 2 * 90));
    assert_eq!((score.sensors_online.of, score.calibrations_valid.of), (2, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_compressor_s_changes_are_kept_in_order_and_counted() {
    let [a, _] = two();
    let details = vec![("compressor".to_owned(), "in-1".to_owned())];
    a.change(0, haccp::Change { details, ..haccp::Change::default() }).await;
    let from_ms = HOUR * 3_600_000;
    let at = |minute: i64| from_ms + minute * 60_000;
    for (minute, part, on) in [
        (-10, haccp::Part::Compressor, Some(false)),
        (15, haccp::Part::Compressor, Some(true)),
        (20, haccp::Part::Door, Some(true)),
        (45, haccp::Part::Compressor, Some(false)),
    ] {
        let changed = haccp::PartChanged { probe: probe(0), part, on, no_data: None, at_ms: at(minute) };
        a.give(haccp::Command::ChangePart(changed)).await;
    }
    let duty = |n: u8, to: i64| a.store.read(|conn| parts::duty(conn, probe(n), from_ms, at(to))).unwrap();
    assert_eq!(duty(0, 60), Some(parts::Duty { duty_percent: 50, starts: 1 }));
    assert_eq!(duty(0, 10), Some(parts::Duty { duty_percent: 0, starts: 0 }));
    assert_eq!(duty(1, 60), None, "no contact, no figure");
    let rows = a.dump();
    assert_eq!(a.rebuilt().await, rows);
}
