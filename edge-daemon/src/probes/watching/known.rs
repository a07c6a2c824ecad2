//! What the log says of the probes: their documents, and of one that is new here what went on when the box stopped.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension};
use trivet_domain::MilliCelsius;
use trivet_domain::alerts;
use trivet_domain::haccp::{AlarmKind, BreachKind, DOCUMENT, Excursion, Probe, Severity, Watch};
use trivet_log::Id;
use trivet_modules::safety;
use trivet_replica::store::log;

use super::notes::words;
use super::{Alarms, Calibration, FIRST_INTERVAL_MS, Open, Place};

pub(super) struct Known {
    pub(super) id: Id,
    pub(super) probe: Probe,
    pub(super) calibration: Calibration,
    /// None of one that is watched already.
    pub(super) before: Option<Before>,
}

/// What went on when the box stopped.
#[derive(Default)]
pub(super) struct Before {
    /// The breach, its kind, when it opened and its peak.
    breach: Option<(Id, BreachKind, i64, MilliCelsius)>,
    outage: Option<Id>,
    /// What was told of and is not over, with the name of its words.
    alarms: Vec<(AlarmKind, &'static str, Severity)>,
    battery: Option<alerts::Severity>,
}

/// Those whose words differ; both limits above have the same.
pub(super) const ALARMS: [AlarmKind; 4] = [AlarmKind::High, AlarmKind::Low, AlarmKind::Rate, AlarmKind::Door];

impl Place {
    pub(super) fn resume(before: Before, now: i64) -> Place {
        let Before { breach, outage, alarms, battery } = before;
        let active: Vec<_> = alarms.iter().map(|(kind, _, severity)| (*kind, *severity)).collect();
        let excursion = breach.map(|(_, kind, at_ms, peak)| Excursion::resume(kind, at_ms, peak));
        Place {
            watch: Watch::resume(excursion, outage.is_some(), &active),
            alarms: Alarms {
                active: active.into_iter().map(|(kind, _)| kind).collect(),
                told: alarms.into_iter().map(|(_, words, severity)| (words, severity)).collect(),
            },
            open: breach.map(|(breach, ..)| Open { breach, peak_raw: Vec::new() }),
            outage,
            battery,
            said_ms: now,
            interval_ms: FIRST_INTERVAL_MS,
            ..Place::default()
        }
    }
}

/// The probes in use.
pub(super) fn known(conn: &Connection, watched: &BTreeSet<Id>) -> rusqlite::Result<Vec<Known>> {
    let mut statement = conn.prepare_cached("SELECT id FROM haccp_probe WHERE retired=0 AND input<>'' ORDER BY id")?;
    let ids = statement.query_map([], |row| row.get(0).map(Id::from_bytes))?;
    let mut probes = Vec::new();
    for id in ids {
        let id = id?;
        let fields = log::fields(conn, id)?.filter(|(kind, _)| *kind == DOCUMENT);
        let Some(probe) = fields.map(|(_, fields)| Probe::from_fields(&fields)) else { continue };
        let before = if watched.contains(&id) { None } else { Some(before(conn, id)?) };
        probes.push(Known { id, probe, calibration: calibration(conn, id)?, before });
    }
    Ok(probes)
}

fn before(conn: &Connection, probe: Id) -> rusqlite::Result<Before> {
    let sql = "SELECT id, kind, opened_ms, peak FROM haccp_breach WHERE probe=?1 AND closed_ms IS NULL ORDER BY id DESC LIMIT 1";
    let breach = conn.prepare_cached(sql)?.query_row([probe.as_bytes()], |row| {
        let kind: String = row.get(1)?;
        let kind = if kind == "low" { BreachKind::Low } else { BreachKind::High };
        Ok((Id::from_bytes(row.get(0)?), kind, row.get(2)?, MilliCelsius(row.get(3)?)))
    });
    let sql = "SELECT id FROM haccp_outage WHERE probe=?1 AND returned_ms IS NULL ORDER BY id DESC LIMIT 1";
    let outage = conn.prepare_cached(sql)?.query_row([probe.as_bytes()], |row| row.get(0).map(Id::from_bytes));
    let battery = trivet_modules::alerts::lasting(conn, &alerts::key_of("battery_low", probe))?;
    Ok(Before { breach: breach.optional()?, outage: outage.optional()?, alarms: alarms(conn, probe)?, battery })
}

fn calibration(conn: &Connection, probe: Id) -> rusqlite::Result<Calibration> {
    let sql = "SELECT id, due_ms FROM safety_calibration WHERE probe=?1 ORDER BY at_ms DESC, id DESC LIMIT 1";
    let latest = conn
        .prepare_cached(sql)?
        .query_row([probe.as_bytes()], |row| Ok((row.get(0).map(Id::from_bytes)?, row.get::<_, i64>(1)?)));
    let Some((id, due_ms)) = latest.optional()? else { return Ok(Calibration::default()) };
    let correction = safety::work::correction(conn, probe)?;
    Ok(Calibration { id: Some(id), correction, due_ms: Some(due_ms) })
}

/// Of alerts that stand: what the watch goes on from.
fn alarms(conn: &Connection, probe: Id) -> rusqlite::Result<Vec<(AlarmKind, &'static str, Severity)>> {
    let mut alarms = Vec::new();
    for kind in ALARMS {
        let key = alerts::key_of(words(kind), probe);
        // One that was closed while it lasted was told as well, and ends as the others do.
        let known = match trivet_modules::alerts::lasting(conn, &key)? {
            Some(severity) => Some(severity),
            None => trivet_modules::alerts::lasting_though_closed(conn, &key)?,
        };
        let Some(severity) = known else { continue };
        let severity = match severity {
            alerts::Severity::Warn => Severity::Warn,
            alerts::Severity::High => Severity::High,
            alerts::Severity::Critical => Severity::Critical,
        };
        alarms.push((kind, words(kind), severity));
    }
    Ok(alarms)
}
