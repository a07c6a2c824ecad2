//! The compliance of a location in a period: the score (G-04) and the figures that it is made of (AUD-10).

use std::collections::HashMap;

use rusqlite::params;
use serde::Serialize;
use trivet_domain::haccp::{DOCUMENT, Probe};
use trivet_domain::safety::score::{Share, Shares};
use trivet_domain::safety::{Approval, in_force};
use trivet_log::Id;
use trivet_replica::View;
use trivet_replica::store::log;
use utoipa::ToSchema;

use super::view;
use crate::haccp::counting::{Counting, SETTLES_MS, Slots, Standing, hours_about};
use crate::haccp::minutes;
use crate::{plans, time};

const MINUTE_MS: i64 = 60_000;

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Compliance)]
#[serde(rename_all = "camelCase")]
pub struct ComplianceView {
    pub from: String,
    pub to: String,
    /// Hundredths of a point, 0 to 10,000; none without any reading in the period.
    pub score: Option<u32>,
    /// Probe-minutes in range of all that hold a value.
    pub readings_in_range: ShareView,
    /// Probe-minutes that hold a value of all minutes of the period: the score says nothing of the rest.
    pub coverage: ShareView,
    /// Records due in the period that were closed by then.
    pub corrections_in_time: ShareView,
    /// Now.
    pub calibrations_valid: ShareView,
    pub sensors_online: ShareView,
    pub open_violations: u64,
    pub overdue_corrections: u64,
    /// Due, overdue or never done.
    pub calibrations_due: u64,
    pub plan_version: Option<u32>,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = Share)]
#[serde(rename_all = "camelCase")]
pub struct ShareView {
    pub part: u64,
    pub of: u64,
    /// Ten-thousandths, rounded down; none of nothing.
    pub basis_points: Option<u32>,
}

impl From<Share> for ShareView {
    fn from(share: Share) -> ShareView {
        ShareView { part: share.part, of: share.of, basis_points: share.basis_points() }
    }
}

pub fn compliance(view: &View<'_>, location: Id, from_ms: i64, to_ms: i64) -> rusqlite::Result<ComplianceView> {
    let approvals = plans::approvals(view.conn, location)?;
    let readings = readings(view, &approvals, (from_ms, to_ms))?;
    made(view, in_force(&approvals, view.now_ms), (from_ms, to_ms), readings)
}

/// With minutes in range and coverage that somebody has counted already.
pub fn of_readings(
    view: &View<'_>,
    location: Id,
    (from_ms, to_ms): (i64, i64),
    (in_range, coverage): (Share, Share),
) -> rusqlite::Result<ComplianceView> {
    let approvals = plans::approvals(view.conn, location)?;
    made(view, in_force(&approvals, view.now_ms), (from_ms, to_ms), (in_range, coverage))
}

fn made(
    view: &View<'_>,
    standing: Option<&Approval>,
    (from_ms, to_ms): (i64, i64),
    (in_range, coverage): (Share, Share),
) -> rusqlite::Result<ComplianceView> {
    let standing = standing.and_then(|approval| Some((approval.version, approval.plan()?)));
    let warn_days = standing.as_ref().map_or(14, |(_, plan)| plan.calibration.warn_days);
    let count = |sql: &str, from: i64, to: i64| -> rusqlite::Result<u64> {
        let count: i64 = view.conn.prepare_cached(sql)?.query_row(params![from, to], |row| row.get(0))?;
        Ok(count.cast_unsigned())
    };
    let due = "SELECT count(*) FROM safety_record WHERE due_ms>=?1 AND due_ms<?2";
    let due_to = to_ms.min(view.now_ms);
    let corrections =
        Share::new(count(&format!("{due} AND closed_ms<=due_ms"), from_ms, due_to)?, count(due, from_ms, due_to)?);
    let open = "SELECT count(*) FROM safety_record WHERE closed_ms IS NULL AND opened_ms>=?1 AND due_ms<?2";
    // What is no longer in use is neither calibrated nor online, and that is no fault.
    let mut probes = crate::haccp::view::probes(view)?;
    probes.retain(|probe| !probe.retired);
    let mut states = view::calibration_states(view.conn, warn_days, view.now_ms)?;
    states.retain(|state| probes.iter().any(|probe| probe.id == state.probe_id));
    let valid = states.iter().filter(|state| matches!(state.state.as_str(), "valid" | "due")).count() as u64;
    let online = probes.iter().filter(|probe| probe.current.milli_c.is_some()).count() as u64;
    let shares = Shares {
        readings_in_range: in_range,
        corrections_in_time: corrections,
        calibrations_valid: Share::new(valid, states.len() as u64),
        sensors_online: Share::new(online, probes.len() as u64),
    };
    Ok(ComplianceView {
        from: time::text(from_ms),
        to: time::text(to_ms),
        score: shares.score(),
        readings_in_range: in_range.into(),
        coverage: coverage.into(),
        corrections_in_time: corrections.into(),
        calibrations_valid: shares.calibrations_valid.into(),
        sensors_online: shares.sensors_online.into(),
        open_violations: count(open, i64::MIN, i64::MAX)?,
        overdue_corrections: count(open, i64::MIN, view.now_ms)?,
        calibrations_due: states.iter().filter(|state| state.state != "valid").count() as u64,
        plan_version: standing.map(|(version, _)| version),
    })
}

/// Minutes in range of those that are covered, and those of all: as a report counts them, of the probes that
/// are in use.
fn readings(view: &View<'_>, approvals: &[Approval], (from_ms, to_ms): (i64, i64)) -> rusqlite::Result<(Share, Share)> {
    let from = -(-from_ms).div_euclid(MINUTE_MS);
    let end = to_ms.min(view.now_ms - SETTLES_MS).div_euclid(MINUTE_MS).max(from);
    let slots = Slots::one(from, end);
    let mut countings = HashMap::new();
    let mut statement = view.conn.prepare_cached("SELECT id FROM haccp_probe WHERE retired=0")?;
    for id in statement.query_map([], |row| row.get(0).map(Id::from_bytes))? {
        let id = id?;
        let fields = log::fields(view.conn, id)?.filter(|(kind, _)| *kind == DOCUMENT);
        let Some(probe) = fields.map(|(_, fields)| Probe::from_fields(&fields)) else { continue };
        let standing = Standing::timeline(approvals, id, &probe, (from_ms, to_ms));
        countings.insert(id, Counting::new(standing, from, end, &slots, None));
    }
    minutes::visit(view.conn, hours_about(from, end), |_, probe, readings| {
        if let Some(counting) = countings.get_mut(&probe) {
            counting.add(readings, &slots);
        }
    })?;
    countings.values_mut().for_each(|counting| counting.finish());
    let known: u64 = countings.values().map(|counting| counting.known).sum();
    let beyond: u64 = countings.values().map(|counting| counting.beyond).sum();
    let minutes = (end - from).unsigned_abs() * countings.len() as u64;
    Ok((Share::new(known - beyond, known), Share::new(known, minutes)))
}
