//! What a unit's parts did: a door, a defrost, a compressor. Each change is a row; of any span also the last before it
//! counts, because that state went on.

use rusqlite::{Connection, OptionalExtension, Row, params};
use trivet_domain::haccp::{DOCUMENT, Part, Probe};
use trivet_log::Id;
use trivet_replica::store::log;

use super::view::PartView;
use crate::time;

/// Of a part in a span so many changes are looked at, the newest.
pub(super) const MOST_CHANGES: u32 = 4_000;

/// When a part changed, and whether it is open or runs; None: nobody knows.
pub(super) type Change = (i64, Option<bool>);

/// How much a compressor ran, and how often it started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duty {
    /// Of the time in which it was known.
    pub duty_percent: u8,
    pub starts: u32,
}

/// Each part as it was last heard of.
pub(super) fn latest(conn: &Connection, probe: Id) -> rusqlite::Result<Vec<PartView>> {
    let sql = "SELECT state, reason, at_ms FROM haccp_part WHERE probe=?1 AND part=?2 ORDER BY at_ms DESC LIMIT 1";
    let mut statement = conn.prepare_cached(sql)?;
    let mut parts = Vec::new();
    for part in Part::ALL {
        let view = |row: &Row<'_>| {
            let since = time::text(row.get(2)?);
            Ok(PartView { part: part.name().to_owned(), on: row.get(0)?, reason: row.get(1)?, since })
        };
        parts.extend(statement.query_row(params![probe.as_bytes(), part.name()], view).optional()?);
    }
    Ok(parts)
}

/// In the order of time; of more than `most` the newest.
pub(super) fn changes(
    conn: &Connection,
    probe: Id,
    part: Part,
    (from_ms, to_ms): (i64, i64),
    most: u32,
) -> rusqlite::Result<Vec<Change>> {
    let sql = "SELECT at_ms, state FROM haccp_part WHERE probe=?1 AND part=?2 AND at_ms<?4 AND at_ms>=coalesce(
            (SELECT max(at_ms) FROM haccp_part WHERE probe=?1 AND part=?2 AND at_ms<?3), ?3)
        ORDER BY at_ms DESC LIMIT ?5";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map(params![probe.as_bytes(), part.name(), from_ms, to_ms, most], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    let mut changes = rows.collect::<rusqlite::Result<Vec<Change>>>()?;
    changes.reverse();
    Ok(changes)
}

/// None where the unit's compressor has no contact, or was not known for more than half of the time.
pub fn duty(conn: &Connection, probe: Id, from_ms: i64, to_ms: i64) -> rusqlite::Result<Option<Duty>> {
    let fields = log::fields(conn, probe)?.filter(|(kind, _)| *kind == DOCUMENT);
    let Some(known) = fields.map(|(_, fields)| Probe::from_fields(&fields)) else { return Ok(None) };
    if !is_wired(&known, Part::Compressor) {
        return Ok(None);
    }
    let changes = changes(conn, probe, Part::Compressor, (from_ms, to_ms), MOST_CHANGES)?;
    Ok(duty_of(&changes, from_ms, to_ms))
}

/// One that was taken off its input is known no more, whatever it did last.
pub(super) fn is_wired(probe: &Probe, part: Part) -> bool {
    probe.part(part).is_some_and(|input| !input.is_empty())
}

pub(super) fn duty_of(changes: &[Change], from_ms: i64, to_ms: i64) -> Option<Duty> {
    let (mut known_ms, mut on_ms, mut starts) = (0, 0, 0_u32);
    let ends = changes.iter().skip(1).map(|(at_ms, _)| *at_ms).chain([to_ms]);
    let mut before = None;
    for ((at_ms, on), end_ms) in changes.iter().zip(ends) {
        let lasted = (end_ms.min(to_ms) - (*at_ms).max(from_ms)).max(0);
        known_ms += if on.is_some() { lasted } else { 0 };
        on_ms += if *on == Some(true) { lasted } else { 0 };
        let started = before == Some(false) && *on == Some(true) && (from_ms..to_ms).contains(at_ms);
        starts += u32::from(started);
        before = *on;
    }
    if known_ms == 0 || known_ms * 2 < to_ms - from_ms {
        return None;
    }
    Some(Duty { duty_percent: u8::try_from(on_ms * 100 / known_ms).ok()?, starts })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compressor_is_judged_by_the_time_in_which_it_is_known() {
        let (on, off, lost) = (Some(true), Some(false), None);
        let duty = |duty_percent, starts| Some(Duty { duty_percent, starts });
        for (changes, expected) in [
            (vec![], None),
            // It ran when the span began, and started twice in it.
            (vec![(-50, on), (10, off), (40, on), (60, off), (70, on)], duty(60, 2)),
            (vec![(-50, on)], duty(100, 0)),
            (vec![(-50, off)], duty(0, 0)),
            // The box was started anew and says again what it is.
            (vec![(-50, off), (20, on), (30, on), (60, off)], duty(40, 1)),
            (vec![(-50, off), (20, on), (40, lost), (60, off)], duty(25, 1)),
            // After a time in which nobody knew, a compressor that runs has not been seen to start.
            (vec![(-50, on), (20, lost), (60, on)], duty(100, 0)),
            (vec![(-50, on), (20, lost), (69, on)], duty(100, 0)),
            (vec![(-50, on), (20, lost), (71, on)], None),
            (vec![(60, on)], None),
            (vec![(50, on)], duty(100, 0)),
        ] {
            assert_eq!(duty_of(&changes, 0, 100), expected, "{changes:?}");
        }
    }
}
