//! The plan in force, and the due times of its checks in the location's time.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rusqlite::Connection;
use trivet_domain::safety::{self, Approval, Plan, PlannedCheck, Schedule, State, time_of_day};
use trivet_log::Id;
use trivet_replica::store::log;

use crate::settings;

/// The plan that a location goes by now, with its approval.
pub fn in_force(conn: &Connection, location: Id, now_ms: i64) -> rusqlite::Result<Option<(Approval, Plan)>> {
    let approvals = approvals(conn, location)?;
    let standing = safety::in_force(&approvals, now_ms).cloned();
    Ok(standing.and_then(|approval| approval.plan().map(|plan| (approval, plan))))
}

/// All approvals, in their order.
pub fn approvals(conn: &Connection, location: Id) -> rusqlite::Result<Vec<Approval>> {
    Ok(match safety::fold(&log::facts_of(conn, safety::approvals(location))?) {
        State::Plans(approvals) => approvals,
        _ => Vec::new(),
    })
}

/// A check at one of its due times.
#[derive(Clone, Debug)]
pub struct Due {
    pub slot: Id,
    pub due_ms: i64,
    pub check: PlannedCheck,
    pub version: u32,
}

/// What was or will be due from `from_ms` until before `to_ms`, each by the plan in force at that moment.
pub fn due(conn: &Connection, location: Id, from_ms: i64, to_ms: i64) -> rusqlite::Result<Vec<Due>> {
    let approvals = approvals(conn, location)?;
    let zone = TimeZone::get(&settings::in_force(conn)?.time_zone).unwrap_or(TimeZone::UTC);
    let mut due = Vec::new();
    for approval in approvals.iter().filter(|approval| approval.from_ms < to_ms) {
        let counts = |at_ms: &i64| {
            (from_ms..to_ms).contains(at_ms)
                && safety::in_force(&approvals, *at_ms).map(|one| one.id) == Some(approval.id)
        };
        // One that was replaced before the span is not read at all.
        let replaced = safety::in_force(&approvals, from_ms).is_some_and(|standing| standing.id != approval.id);
        if replaced && approval.from_ms <= from_ms {
            continue;
        }
        let Some(plan) = approval.plan() else { continue };
        for check in &plan.checks {
            for due_ms in times(check, &zone, from_ms, to_ms).into_iter().filter(counts) {
                let slot = safety::check_slot(location, &check.id, due_ms);
                due.push(Due { slot, due_ms, check: check.clone(), version: approval.version });
            }
        }
    }
    due.sort_by_key(|due| due.due_ms);
    Ok(due)
}

/// A time that a change of clocks leaves out is due when the clocks have moved.
fn times(check: &PlannedCheck, zone: &TimeZone, from_ms: i64, to_ms: i64) -> Vec<i64> {
    let Schedule::Times { at, days } = &check.schedule else { return Vec::new() };
    let Ok(from) = Timestamp::from_millisecond(from_ms) else { return Vec::new() };
    let mut date = from.to_zoned(zone.clone()).date();
    let mut found = Vec::new();
    loop {
        let weekday = u8::try_from(date.weekday().to_monday_one_offset()).unwrap_or(0);
        let midnight = date.to_zoned(zone.clone()).map_or(i64::MAX, |zoned| zoned.timestamp().as_millisecond());
        if midnight >= to_ms {
            return found;
        }
        if days.is_empty() || days.contains(&weekday) {
            for (hour, minute) in at.iter().filter_map(|text| time_of_day(text)) {
                let moment = date.at(hour.cast_signed(), minute.cast_signed(), 0, 0).to_zoned(zone.clone());
                found.extend(moment.map(|zoned| zoned.timestamp().as_millisecond()));
            }
        }
        let Ok(next) = date.checked_add(1.day()) else { return found };
        date = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time;

    #[test]
    fn checks_are_due_by_the_clock_on_the_wall() {
        let mut check = safety::presets().remove(0).plan.checks.remove(3);
        let zone = TimeZone::get("Europe/Helsinki").unwrap();
        let due = |check: &PlannedCheck, from: &str, to: &str| {
            let (from, to) = (time::parse(from).unwrap(), time::parse(to).unwrap());
            let times = times(check, &zone, from, to).into_iter().filter(|at| (from..to).contains(at));
            times.map(time::text).collect::<Vec<_>>()
        };
        check.schedule = Schedule::Times { at: vec!["03:30".into(), "14:00".into()], days: vec![] };
        // On 29 March 2026 the clocks go from 3 to 4.
        assert_eq!(
            due(&check, "2026-03-28T20:00:00Z", "2026-03-30T20:00:00Z"),
            ["2026-03-29T01:30:00Z", "2026-03-29T11:00:00Z", "2026-03-30T00:30:00Z", "2026-03-30T11:00:00Z"]
        );
        check.schedule = Schedule::Times { at: vec!["14:00".into()], days: vec![1] };
        assert_eq!(due(&check, "2026-03-28T20:00:00Z", "2026-04-05T20:00:00Z"), ["2026-03-30T11:00:00Z"]);
        check.schedule = Schedule::OnEvent {};
        assert!(due(&check, "2026-03-28T20:00:00Z", "2026-04-05T20:00:00Z").is_empty());
    }
}
