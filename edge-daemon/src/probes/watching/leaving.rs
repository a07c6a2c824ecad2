//! A unit is not watched any more: it was retired, or its probe was taken away. Nothing will come that says that what
//! went on there is over, so it ends with what is known of it. The record of the food stays open for people.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use rusqlite::{Connection, Params};
use tokio::time::Instant;
use trivet_domain::alerts::wear_words;
use trivet_domain::haccp::trend::Wear;
use trivet_domain::haccp::{self, Breach, BreachClosed, BreachKind, BreachOpened, Command, Reading, State};
use trivet_domain::{Command as AnyCommand, History, MilliCelsius, alerts};
use trivet_log::{Id, Origin};
use trivet_modules::alerts::{closed_early, open_of_key, return_of_key};
use trivet_modules::haccp::minutes::minutes;
use trivet_replica::sealing;
use trivet_replica::store::log;

use super::known::ALARMS;
use super::notes::{closed, words};
use super::{MINUTE_MS, Place, Watching};

/// What another box began is that one's to end. This one waits so long, in case that box is gone.
const GRACE: Duration = Duration::from_secs(120);
/// So much of a breach's minutes is read at once.
const SPAN_MS: i64 = 24 * 60 * MINUTE_MS;

/// A unit that is not watched any more, with what the record says still goes on there.
#[derive(Default)]
pub(super) struct Left {
    unit: Id,
    /// Each with its end as the recorded minutes tell it.
    breaches: Vec<(Id, BreachKind, BreachClosed)>,
    outages: Vec<Id>,
    /// Those whose condition lasts.
    alerts: Vec<Id>,
    /// This box began some of it.
    is_ours: bool,
}

impl Watching {
    /// Ends what goes on at units that are not watched any more, and lets go of places whose probe is not here.
    pub(super) async fn part_with(&mut self, left: Vec<Left>, gone: BTreeSet<Id>) {
        if !gone.is_empty() {
            self.write_late(true).await;
        }
        self.left_elsewhere.retain(|unit, _| left.iter().any(|left| left.unit == *unit));
        for left in left {
            if left.is_ours || self.places.contains_key(&left.unit) || self.is_left_alone(left.unit) {
                self.end(left).await;
            }
        }
        for id in gone {
            let Some(mut place) = self.places.remove(&id) else { continue };
            if let Some((breach, closed)) = place.late.finish() {
                self.submit(Command::CloseBreach { breach, closed }).await;
            }
            if place.battery.is_some() {
                self.end_battery(id).await;
            }
        }
    }

    fn is_left_alone(&mut self, unit: Id) -> bool {
        self.left_elsewhere.entry(unit).or_insert_with(Instant::now).elapsed() >= GRACE
    }

    async fn end(&mut self, left: Left) {
        let mut seen: HashMap<Id, BreachClosed> =
            self.places.remove(&left.unit).map(|place| place.finish().collect()).unwrap_or_default();
        for (breach, kind, recorded) in left.breaches {
            let closed = match seen.remove(&breach) {
                Some(seen) => seen_and_recorded(kind, seen, recorded),
                None => recorded,
            };
            self.submit(Command::CloseBreach { breach, closed }).await;
        }
        for outage in left.outages {
            self.submit(Command::ReturnProbe { outage }).await;
        }
        for alert in left.alerts {
            let at_ms = self.app.wall.now_ms();
            self.send(AnyCommand::Alerts(alerts::Command::Return { alert, at_ms })).await;
        }
    }

    /// The probe whose battery was low is not there any more.
    pub(super) async fn end_battery(&self, unit: Id) {
        let (key, now) = (alerts::key_of("battery_low", unit), self.app.wall.now_ms());
        let new = sealing::new_id(now);
        if let Err(error) = return_of_key(&self.app, self.actor, &key, now, new).await {
            tracing::error!(%error, "an alert was not ended");
        }
    }
}

impl Place {
    /// Its excursions as it saw them to the end.
    fn finish(mut self) -> impl Iterator<Item = (Id, BreachClosed)> {
        let open = self.watch.finish().zip(self.open.take());
        let ended = open.map(|(excursion, open)| (open.breach, closed(&excursion, open.peak_raw, None)));
        ended.into_iter().chain(self.late.finish())
    }
}

/// The units that are retired or have no probe, and at which something goes on by the record.
pub(super) fn left(conn: &Connection, here: Origin, now_ms: i64) -> rusqlite::Result<Vec<Left>> {
    let mut all = Vec::new();
    let mut statement =
        conn.prepare_cached("SELECT id, retired FROM haccp_probe WHERE retired=1 OR input='' ORDER BY id")?;
    let units = statement.query_map([], |row| Ok((Id::from_bytes(row.get(0)?), row.get(1)?)))?;
    for (unit, retired) in units.collect::<rusqlite::Result<Vec<(Id, bool)>>>()? {
        let left = left_of(conn, unit, retired, here, now_ms)?;
        if !(left.breaches.is_empty() && left.outages.is_empty() && left.alerts.is_empty()) {
            all.push(left);
        }
    }
    Ok(all)
}

fn left_of(conn: &Connection, unit: Id, retired: bool, here: Origin, now_ms: i64) -> rusqlite::Result<Left> {
    let began_here = |history: &History| history.facts.first().is_some_and(|fact| fact.stamp.origin == here);
    let mut left = Left { unit, ..Left::default() };
    let sql = "SELECT id FROM haccp_breach WHERE probe=?1 AND closed_ms IS NULL ORDER BY id";
    for id in ids(conn, sql, [unit.as_bytes()])? {
        let history = log::facts_of(conn, id)?;
        if let State::Breach(breach) = haccp::fold(&history) {
            left.is_ours |= began_here(&history);
            left.breaches.push((id, breach.opened.kind, recorded_end(conn, &breach, now_ms)?));
        }
    }
    let sql = "SELECT id FROM haccp_outage WHERE probe=?1 AND returned_ms IS NULL ORDER BY id";
    left.outages = ids(conn, sql, [unit.as_bytes()])?;
    for outage in &left.outages {
        left.is_ours |= began_here(&log::facts_of(conn, *outage)?);
    }
    let of_probe = ALARMS.map(words).into_iter().chain(["battery_low", "sensor_offline"]);
    // Without a probe it is still there, to be repaired.
    let of_unit = Wear::ALL.map(wear_words).into_iter().chain(["calibration_due"]).filter(|_| retired);
    for kind in of_probe.chain(of_unit) {
        let key = alerts::key_of(kind, unit);
        let mut of_key: Vec<Id> = open_of_key(conn, &key)?.into_iter().collect();
        // Those that were closed before it was over: nobody is to be told of them again.
        if !left.breaches.is_empty() {
            of_key.extend(closed_early(conn, &key)?);
        }
        for id in of_key {
            let alert = alerts::fold(&log::facts_of(conn, id)?);
            if alert.lasts {
                left.is_ours |= alert.origin == here;
                left.alerts.push(id);
            }
        }
    }
    Ok(left)
}

fn ids(conn: &Connection, sql: &str, of: impl Params) -> rusqlite::Result<Vec<Id>> {
    let mut statement = conn.prepare_cached(sql)?;
    statement.query_map(of, |row| row.get(0).map(Id::from_bytes))?.collect()
}

/// The end of a breach as far as the minutes tell it: the last that was beyond its limit, and the furthest.
fn recorded_end(conn: &Connection, breach: &Breach, now_ms: i64) -> rusqlite::Result<BreachClosed> {
    let opened = &breach.opened;
    let mut end = BreachClosed {
        peak: breach.peak,
        at_ms: opened.at_ms,
        peak_at_ms: Some(opened.at_ms),
        beyond_ms: None,
        peak_raw: None,
        end_raw: None,
        cause: None,
    };
    // What a device had kept was over when it came; later minutes are not of it.
    if opened.late_ms.is_some() {
        return Ok(end);
    }
    let mut from_ms = opened.at_ms.div_euclid(MINUTE_MS) * MINUTE_MS;
    while from_ms < now_ms {
        for at in minutes(conn, opened.probe, from_ms, from_ms + SPAN_MS)? {
            if let Some(value) = furthest(&at.reading, opened).filter(|value| is_beyond(opened, *value)) {
                let ended_ms = ((at.minute + 1) * MINUTE_MS).min(now_ms);
                end.at_ms = end.at_ms.max(ended_ms);
                if is_further(opened.kind, value, end.peak) {
                    (end.peak, end.peak_at_ms) = (value, Some(ended_ms));
                }
            }
        }
        from_ms += SPAN_MS;
    }
    Ok(end)
}

/// What a place saw counts, with the peak of both; after a restart it may have seen nothing of an excursion yet, and then
/// the record alone knows.
fn seen_and_recorded(kind: BreachKind, seen: BreachClosed, recorded: BreachClosed) -> BreachClosed {
    if seen.at_ms + MINUTE_MS < recorded.at_ms {
        return recorded;
    }
    match is_further(kind, recorded.peak, seen.peak) {
        true => BreachClosed { peak: recorded.peak, peak_at_ms: recorded.peak_at_ms, peak_raw: None, ..seen },
        false => seen,
    }
}

/// None of a minute without a value that is judged.
fn furthest(reading: &Reading, opened: &BreachOpened) -> Option<MilliCelsius> {
    reading.samples?;
    match opened.kind {
        BreachKind::High => reading.highest(),
        BreachKind::Low => reading.lowest(),
    }
}

fn is_beyond(opened: &BreachOpened, value: MilliCelsius) -> bool {
    opened.rule.map_or_else(|| is_further(opened.kind, value, opened.limit), |limit| !limit.holds(value))
}

fn is_further(kind: BreachKind, value: MilliCelsius, than: MilliCelsius) -> bool {
    match kind {
        BreachKind::High => value > than,
        BreachKind::Low => value < than,
    }
}
