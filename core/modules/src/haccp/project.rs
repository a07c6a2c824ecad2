//! Temperature's subjects become rows; the minutes of an hour are [`super::minutes`]'.

use rusqlite::params;
use trivet_domain::haccp::{self, BreachKind, Cause, NoData, Scale, State};
use trivet_domain::{History, MilliCelsius};
use trivet_log::Id;
use trivet_replica::module::Projecting;

use super::minutes;

pub(super) fn project(projecting: &Projecting<'_>, id: Id, history: &History) -> rusqlite::Result<()> {
    let conn = projecting.conn;
    match haccp::fold(history) {
        State::Nothing => Ok(()),
        State::Probe(probe) => {
            let limit = |limit: Option<MilliCelsius>| limit.map(|milli| milli.0);
            conn.prepare_cached("INSERT OR REPLACE INTO haccp_probe VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)")?.execute(
                params![
                    id.as_bytes(),
                    probe.name,
                    probe.unit_kind.name(),
                    limit(probe.limits.min),
                    limit(probe.limits.max),
                    probe.input,
                    probe.retired
                ],
            )?;
            Ok(())
        }
        State::Day(day) => {
            // The whole day is folded at each change of it: a row that stands already is not written again.
            let sql = "INSERT INTO haccp_part VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE
                SET state=excluded.state, reason=excluded.reason
                WHERE excluded.state IS NOT state OR excluded.reason IS NOT reason";
            let mut insert = conn.prepare_cached(sql)?;
            for changed in day.parts {
                insert.execute(params![
                    changed.probe.as_bytes(),
                    changed.part.name(),
                    changed.at_ms,
                    changed.on,
                    changed.no_data.map(NoData::name)
                ])?;
            }
            Ok(())
        }
        State::Hour(hour) => minutes::project(conn, id, &hour),
        State::Breach(breach) => {
            let kind = match breach.opened.kind {
                BreachKind::High => "high",
                BreachKind::Low => "low",
            };
            let sql = "INSERT OR REPLACE INTO haccp_breach
                VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
            let closed = breach.closed.as_ref();
            conn.prepare_cached(sql)?.execute(params![
                id.as_bytes(),
                breach.opened.probe.as_bytes(),
                kind,
                breach.opened.at_ms,
                breach.closed_at_ms,
                breach.opened.limit.0,
                breach.peak.0,
                closed.and_then(|closed| closed.peak_at_ms),
                closed.and_then(|closed| closed.beyond_ms),
                closed.and_then(|closed| closed.cause).map(Cause::name),
                breach.opened.late_ms,
                breach.opened.plan,
                breach.opened.rule.map(|rule| rule.milli),
                breach.opened.rule.map(|rule| rule.scale.name()),
                breach.opened.rule.map(|rule| rule.bound.name())
            ])?;
            Ok(())
        }
        State::Outage(outage) => {
            conn.prepare_cached("INSERT OR REPLACE INTO haccp_outage VALUES(?1, ?2, ?3, ?4, ?5)")?.execute(params![
                id.as_bytes(),
                outage.probe.as_bytes(),
                outage.reason.name(),
                outage.lost_at_ms,
                outage.returned_at_ms
            ])?;
            Ok(())
        }
        State::Manual(manual) => {
            let sql = "INSERT OR REPLACE INTO haccp_manual VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
            conn.prepare_cached(sql)?.execute(params![
                id.as_bytes(),
                manual.recorded.probe.as_bytes(),
                manual.value().map(|milli| milli.0),
                manual.recorded.measured_at_ms,
                manual.entered_at_ms,
                manual.recorded.source,
                manual.by.as_bytes(),
                manual.recorded.min.map(|milli| milli.0),
                manual.recorded.max.map(|milli| milli.0),
                manual.scale().map(Scale::name),
                manual.corrections.last().map(|last| last.at_ms)
            ])?;
            Ok(())
        }
    }
}
