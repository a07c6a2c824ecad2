//! Temperature's subjects become rows. A probe's hour is one row with its minutes packed: reports and charts read a
//! few hundred bytes an hour, not sixty rows.

use minicbor::{Decode, Encode};
use rusqlite::{Connection, params};
use trivet_domain::haccp::{self, BreachKind, Cause, Hour, HourReading, NoData, State};
use trivet_domain::{History, MilliCelsius};
use trivet_log::{Id, TimeQuality};
use trivet_replica::module::Projecting;

/// One minute inside an hour's row.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Packed {
    /// Minutes after the hour.
    #[n(0)]
    pub minute: u8,
    #[n(1)]
    pub last: Option<MilliCelsius>,
    #[n(2)]
    pub below: Option<u32>,
    #[n(3)]
    pub above: Option<u32>,
    #[n(4)]
    pub samples: Option<u16>,
    #[n(5)]
    pub no_data: Option<NoData>,
    /// Left out while the clock is synchronised.
    #[n(6)]
    pub quality: Option<TimeQuality>,
}

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
            let sql = "INSERT OR REPLACE INTO haccp_part VALUES(?1, ?2, ?3, ?4, ?5)";
            let mut insert = conn.prepare_cached(sql)?;
            for changed in day.parts {
                insert.execute(params![
                    changed.probe.as_bytes(),
                    changed.at_ms,
                    changed.part.name(),
                    changed.on,
                    changed.no_data.map(NoData::name)
                ])?;
            }
            Ok(())
        }
        State::Hour(hour) => write_hour(conn, id, &hour),
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
            let sql = "INSERT OR REPLACE INTO haccp_manual VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
            conn.prepare_cached(sql)?.execute(params![
                id.as_bytes(),
                manual.recorded.probe.as_bytes(),
                manual.recorded.value.0,
                manual.recorded.measured_at_ms,
                manual.entered_at_ms,
                manual.recorded.source,
                manual.by.as_bytes(),
                manual.recorded.min.map(|milli| milli.0),
                manual.recorded.max.map(|milli| milli.0)
            ])?;
            Ok(())
        }
    }
}

fn write_hour(conn: &Connection, subject: Id, hour: &Hour) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO haccp_hour VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let mut insert = conn.prepare_cached(sql)?;
    for (probe, minutes) in &hour.probes {
        let Some(first) = minutes.first() else { continue };
        let packed: Vec<Packed> = minutes.iter().map(pack).collect();
        let samples: i64 = minutes.iter().map(|m| i64::from(m.reading.samples.unwrap_or(0))).sum();
        let sum: i64 = minutes
            .iter()
            .filter_map(|m| Some(i64::from(m.reading.mean()?.0) * i64::from(m.reading.samples.unwrap_or(0))))
            .sum();
        insert.execute(params![
            first.minute.div_euclid(60),
            probe.as_bytes(),
            hour.origin.0,
            subject.as_bytes(),
            samples,
            minutes.iter().filter_map(|m| m.reading.lowest()).min().map(|milli| milli.0),
            minutes.iter().filter_map(|m| m.reading.highest()).max().map(|milli| milli.0),
            sum,
            trivet_log::entry::encode(&packed)
        ])?;
    }
    Ok(())
}

fn pack(at: &HourReading) -> Packed {
    Packed {
        minute: u8::try_from(at.minute.rem_euclid(60)).unwrap_or(0),
        last: at.reading.last,
        below: at.reading.below,
        above: at.reading.above,
        samples: at.reading.samples,
        no_data: at.reading.no_data,
        quality: Some(at.quality).filter(|quality| *quality < TimeQuality::Ntp),
    }
}
