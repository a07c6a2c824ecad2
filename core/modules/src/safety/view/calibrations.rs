//! Calibrations, and of each probe how its last one stands.

use rusqlite::{Connection, params};
use serde::Serialize;
use trivet_domain::safety::{self, Calibrated, Entered};
use trivet_log::Id;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{MOST, calibration_state, word};
use crate::access::name_of;
use crate::time;

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Calibration)]
#[serde(rename_all = "camelCase")]
pub struct CalibrationView {
    pub id: Uuid,
    pub probe_id: Uuid,
    /// `ice`, `boil`, `bath` or `ice_and_boil`.
    pub method: String,
    pub reference: String,
    pub at: String,
    pub by: Option<String>,
    pub due_at: String,
    pub overdue: bool,
    pub points: Vec<PointView>,
    pub tolerance_milli: u16,
    pub found_good: bool,
    pub left_good: bool,
    /// Found too far off: what was read since then is in doubt, since ever if it is left out.
    pub in_doubt: Option<InDoubtView>,
    pub note: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CalibrationPoint)]
#[serde(rename_all = "camelCase")]
pub struct PointView {
    pub reference_milli_c: i32,
    pub read_milli_c: i32,
    /// The error before and after, in thousandths of a degree.
    pub found_milli: i32,
    pub left_milli: i32,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ReadingsInDoubt)]
pub struct InDoubtView {
    pub from: Option<String>,
    pub to: String,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CalibrationState)]
#[serde(rename_all = "camelCase")]
pub struct CalibrationStateView {
    pub probe_id: Uuid,
    pub probe_name: String,
    /// `never`, `valid`, `due` (within the plan's days of warning) or `overdue`.
    pub state: String,
    pub due_at: Option<String>,
    pub last: Option<CalibrationView>,
}

/// The newest first; of one probe or of all.
pub(in crate::safety) fn calibrations_of(
    conn: &Connection,
    probe: Option<Id>,
    limit: usize,
) -> rusqlite::Result<Vec<(Id, Entered<Calibrated>)>> {
    let sql = "SELECT id FROM safety_calibration WHERE ?1 IS NULL OR probe=?1 ORDER BY at_ms DESC, id DESC LIMIT ?2";
    let mut statement = conn.prepare_cached(sql)?;
    let limit = i64::try_from(limit).unwrap_or(1);
    let found = statement
        .query_map(params![probe.as_ref().map(Id::as_bytes), limit], |row| row.get(0).map(Id::from_bytes))?
        .collect::<rusqlite::Result<Vec<Id>>>()?;
    found
        .into_iter()
        .filter_map(|id| calibration_state(conn, id).transpose().map(|found| found.map(|found| (id, found))))
        .collect()
}

pub fn calibrations(conn: &Connection, probe: Option<Id>, now_ms: i64) -> rusqlite::Result<Vec<CalibrationView>> {
    let found = calibrations_of(conn, probe, MOST)?;
    found.into_iter().map(|(id, calibration)| show_calibration(conn, id, calibration, now_ms)).collect()
}

pub fn calibration(conn: &Connection, id: Id, now_ms: i64) -> rusqlite::Result<Option<CalibrationView>> {
    let found = calibration_state(conn, id)?;
    found.map(|calibration| show_calibration(conn, id, calibration, now_ms)).transpose()
}

fn show_calibration(
    conn: &Connection,
    id: Id,
    calibration: Entered<Calibrated>,
    now_ms: i64,
) -> rusqlite::Result<CalibrationView> {
    let what = calibration.what;
    let good = "SELECT max(at_ms) FROM safety_calibration WHERE probe=?1 AND at_ms<?2";
    let before: Option<i64> =
        conn.prepare_cached(good)?.query_row(params![what.probe.as_bytes(), calibration.at_ms], |row| row.get(0))?;
    let in_doubt =
        (!what.found_good()).then(|| InDoubtView { from: before.map(time::text), to: time::text(calibration.at_ms) });
    let point = |point: &safety::Point| PointView {
        reference_milli_c: point.reference.0,
        read_milli_c: point.read.0,
        found_milli: point.found,
        left_milli: point.left,
    };
    Ok(CalibrationView {
        id: id.0,
        probe_id: what.probe.0,
        method: word(&what.method),
        points: what.points.iter().map(point).collect(),
        at: time::text(calibration.at_ms),
        by: name_of(conn, calibration.by)?,
        due_at: time::text(what.due_ms),
        overdue: now_ms > what.due_ms,
        tolerance_milli: what.tolerance_milli,
        found_good: what.found_good(),
        left_good: what.left_good(),
        in_doubt,
        reference: what.reference,
        note: what.note,
    })
}

/// Of every probe: what alerts and the list of probes go by.
pub fn calibration_states(
    conn: &Connection,
    warn_days: u16,
    now_ms: i64,
) -> rusqlite::Result<Vec<CalibrationStateView>> {
    let mut statement = conn.prepare_cached("SELECT id, name FROM haccp_probe ORDER BY name, id")?;
    let probes = statement.query_map([], |row| Ok((Id::from_bytes(row.get(0)?), row.get::<_, String>(1)?)))?;
    let mut states = Vec::new();
    for probe in probes {
        let (probe, probe_name) = probe?;
        let last = calibrations_of(conn, Some(probe), 1)?.into_iter().next();
        let due_ms = last.as_ref().map(|(_, calibration)| calibration.what.due_ms);
        let state = match &last {
            None => "never",
            Some((_, last)) if now_ms > last.what.due_ms || !last.what.left_good() => "overdue",
            Some((_, last)) if now_ms > last.what.due_ms - i64::from(warn_days) * 86_400_000 => "due",
            Some(_) => "valid",
        };
        states.push(CalibrationStateView {
            probe_id: probe.0,
            probe_name,
            state: state.to_owned(),
            due_at: due_ms.map(time::text),
            last: last.map(|(id, last)| show_calibration(conn, id, last, now_ms)).transpose()?,
        });
    }
    Ok(states)
}

/// A probe and, where its calibration is due or overdue, since when or by when.
#[derive(Clone, Debug)]
pub struct DueCalibration {
    pub probe: Id,
    pub name: String,
    pub due_ms: Option<i64>,
}

/// One that was never calibrated is in no list: nothing says when it would be due.
pub fn due_calibrations(conn: &Connection, warn_days: u16, now_ms: i64) -> rusqlite::Result<Vec<DueCalibration>> {
    let sql = "SELECT p.id, p.name, c.due_ms, c.left_good FROM haccp_probe p JOIN safety_calibration c ON c.id=(
          SELECT id FROM safety_calibration WHERE probe=p.id ORDER BY at_ms DESC, id DESC LIMIT 1)
        WHERE p.retired=0 ORDER BY p.id";
    let mut statement = conn.prepare_cached(sql)?;
    let warn_ms = i64::from(warn_days) * 86_400_000;
    let rows = statement.query_map([], |row| {
        let (due_ms, left_good): (i64, bool) = (row.get(2)?, row.get(3)?);
        let due = now_ms > due_ms - warn_ms || !left_good;
        Ok(DueCalibration { probe: row.get(0).map(Id::from_bytes)?, name: row.get(1)?, due_ms: due.then_some(due_ms) })
    })?;
    rows.collect()
}
