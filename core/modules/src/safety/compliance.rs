//! The compliance of a location in a period: the score (G-04) and the figures that it is made of (AUD-10).

use rusqlite::params;
use serde::Serialize;
use trivet_domain::MilliCelsius;
use trivet_domain::haccp::{DOCUMENT, Probe};
use trivet_domain::safety::score::{Share, Shares};
use trivet_domain::safety::{Effective, Plan};
use trivet_log::Id;
use trivet_replica::View;
use trivet_replica::store::log;
use utoipa::ToSchema;

use super::{plans, view};
use crate::time;

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
    let standing = plans::in_force(view.conn, location, view.now_ms)?;
    let plan = standing.as_ref().map(|(_, plan)| plan);
    let readings = readings(view, plan, from_ms, to_ms.min(view.now_ms))?;
    of_readings(view, location, (from_ms, to_ms), readings)
}

/// With minutes in range and coverage that somebody has counted already.
pub fn of_readings(
    view: &View<'_>,
    location: Id,
    (from_ms, to_ms): (i64, i64),
    (in_range, coverage): (Share, Share),
) -> rusqlite::Result<ComplianceView> {
    let standing = plans::in_force(view.conn, location, view.now_ms)?;
    let plan = standing.as_ref().map(|(_, plan)| plan);
    let count = |sql: &str, from: i64, to: i64| -> rusqlite::Result<u64> {
        let count: i64 = view.conn.prepare_cached(sql)?.query_row(params![from, to], |row| row.get(0))?;
        Ok(count.cast_unsigned())
    };
    let due = "SELECT count(*) FROM safety_record WHERE due_ms>=?1 AND due_ms<?2";
    let due_to = to_ms.min(view.now_ms);
    let corrections =
        Share::new(count(&format!("{due} AND closed_ms<=due_ms"), from_ms, due_to)?, count(due, from_ms, due_to)?);
    let open = "SELECT count(*) FROM safety_record WHERE closed_ms IS NULL AND opened_ms>=?1 AND due_ms<?2";
    let states = view::calibration_states(view.conn, plan.map_or(14, |plan| plan.calibration.warn_days), view.now_ms)?;
    let valid = states.iter().filter(|state| matches!(state.state.as_str(), "valid" | "due")).count() as u64;
    let probes = crate::haccp::view::probes(view)?;
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
        plan_version: standing.as_ref().map(|(approval, _)| approval.version),
    })
}

/// Minutes in range of those with a value, and minutes with a value of all. A minute is in range if all of it was.
fn readings(view: &View<'_>, plan: Option<&Plan>, from_ms: i64, to_ms: i64) -> rusqlite::Result<(Share, Share)> {
    let (mut within, mut known, mut probes) = (0, 0, 0);
    let mut statement = view.conn.prepare_cached("SELECT id FROM haccp_probe")?;
    let ids = statement.query_map([], |row| row.get(0).map(Id::from_bytes))?;
    for id in ids {
        let id: Id = id?;
        let fields = log::fields(view.conn, id)?.filter(|(kind, _)| *kind == DOCUMENT);
        let Some(probe) = fields.map(|(_, fields)| Probe::from_fields(&fields)) else { continue };
        let effective = Effective::of(plan, id, probe.unit_kind);
        let own = effective.control_point.is_none().then_some(probe.limits);
        let holds = |value: i32| match own {
            // A limit that a person has set for the probe stands in for the default of its kind.
            Some(limits) if limits.min.is_some() || limits.max.is_some() => {
                limits.judge(MilliCelsius(value)) == trivet_domain::haccp::Verdict::Within
            }
            _ => effective.holds(MilliCelsius(value)),
        };
        probes += 1;
        for point in crate::haccp::view::history(view.conn, id, from_ms, to_ms)? {
            let Some((lowest, highest)) = point.min.zip(point.max) else { continue };
            known += 1;
            within += u64::from(holds(lowest) && holds(highest));
        }
    }
    let minutes = u64::try_from((to_ms - from_ms) / 60_000).unwrap_or(0) * probes;
    Ok((Share::new(within, known), Share::new(known, minutes)))
}
