//! The minutes of probes: the hour that goes on is read from the log, where each of its minutes lies already; a closed
//! hour is a packed row a probe. So a minute dirties no page of a projection, and an hour's end writes each probe once.
//!
//! An hour of a box is closed by the first minute of a later one. Which hours are closed, and all that the rows hold,
//! depends on the set of entries alone, not on the order of their arrival.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};
use trivet_domain::haccp::pack::{pack, unpack};
use trivet_domain::haccp::{self, Hour, HourReading, Limits, State, Verdict, hour_id};
use trivet_log::{Id, Origin};
use trivet_replica::store::log;

/// Of each box the hours of so many days are kept as rows, the newest of those of which there are any: a clock that
/// once was years ahead drops nothing. What the other days add up to stays, and their minutes stay in the log.
pub const KEPT_DAYS: i64 = 3 * 366;

const HOURS_A_DAY: i64 = 24;
const HOUR_MS: i64 = 3_600_000;

/// What a probe's minutes of some time add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Minutes with a value, and those that were recorded without one.
    pub minutes: i64,
    pub missing: i64,
    pub lowest: Option<i32>,
    pub highest: Option<i32>,
    /// Of the minutes' mean values.
    pub sum: i64,
    /// Minutes whose lowest or highest value lay beyond a limit.
    pub beyond: i64,
}

impl Figures {
    pub fn add(&mut self, minutes: &[HourReading], limits: &Limits) {
        let (mut lowest, mut highest) = (i32::MAX, i32::MIN);
        let mut sum = Figures::default();
        for HourReading { reading, .. } in minutes {
            let (Some(low), Some(high), Some(mean)) = (reading.lowest(), reading.highest(), reading.mean()) else {
                sum.missing += 1;
                continue;
            };
            let within = |milli| limits.judge(milli) == Verdict::Within;
            (lowest, highest) = (lowest.min(low.0), highest.max(high.0));
            sum.minutes += 1;
            sum.sum += i64::from(mean.0);
            sum.beyond += i64::from(!(within(low) && within(high)));
        }
        if sum.minutes > 0 {
            (sum.lowest, sum.highest) = (Some(lowest), Some(highest));
        }
        self.merge(&sum);
    }

    pub fn merge(&mut self, other: &Figures) {
        self.minutes += other.minutes;
        self.missing += other.missing;
        self.lowest = self.lowest.into_iter().chain(other.lowest).min();
        self.highest = self.highest.into_iter().chain(other.highest).max();
        self.sum += other.sum;
        self.beyond += other.beyond;
    }

    pub fn mean(&self) -> Option<i32> {
        i32::try_from(self.sum.checked_div_euclid(self.minutes)?).ok()
    }
}

/// The last sample of each line of a box that is in the record: its device's start, and the number since.
pub fn marks(conn: &Connection, origin: Origin) -> rusqlite::Result<Vec<(String, u32, u32)>> {
    let mut statement = conn.prepare_cached("SELECT line, boot, sample FROM haccp_mark WHERE origin=?1")?;
    statement.query_map([origin.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
}

/// Called with each subject that holds minutes, whenever it has grown.
pub(super) fn project(conn: &Connection, subject: Id, hour: &Hour) -> rusqlite::Result<()> {
    for (line, (seq, mark)) in &hour.marks {
        let sql = "INSERT INTO haccp_mark VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE
            SET seq=excluded.seq, boot=excluded.boot, sample=excluded.sample WHERE excluded.seq>=seq";
        conn.prepare_cached(sql)?.execute(params![hour.origin.0, line, seq.cast_signed(), mark.boot, mark.seq])?;
    }
    let Some(at) = hour_of(subject, hour) else { return Ok(()) };
    let open = "SELECT hour FROM haccp_open WHERE origin=?1";
    let open: Option<i64> = conn.prepare_cached(open)?.query_row([hour.origin.0], |row| row.get(0)).optional()?;
    let newest = open.map_or(at, |open| open.max(at));
    if open != Some(newest) {
        let sql = "INSERT OR REPLACE INTO haccp_open VALUES(?1, ?2, ?3)";
        conn.prepare_cached(sql)?.execute(params![hour.origin.0, newest, subject.as_bytes()])?;
    }
    match open {
        None => Ok(()),
        // Another minute of the hour that goes on: it lies in the log.
        Some(open) if open == at => Ok(()),
        Some(open) if open < at => {
            let Some(closed) = in_log(conn, hour.origin, open)? else { return Ok(()) };
            let day = open.div_euclid(HOURS_A_DAY);
            let begins = !has_day(conn, hour.origin, day)?;
            write(conn, open, &closed)?;
            for (probe, figures) in figures_of(&closed) {
                add_to_day(conn, hour.origin, day, probe, &figures)?;
            }
            if begins { forget(conn, hour.origin, KEPT_DAYS) } else { Ok(()) }
        }
        Some(open) => {
            // A minute of an hour that was closed, or that came after a later one. Its day is added up anew.
            let day = at.div_euclid(HOURS_A_DAY);
            let begins = !has_day(conn, hour.origin, day)?;
            if !begins && !has_hours(conn, hour.origin, day)? {
                return write_day_from_log(conn, hour.origin, day, open);
            }
            for probe in write(conn, at, hour)? {
                write_day(conn, hour.origin, day, probe)?;
            }
            if begins { forget(conn, hour.origin, KEPT_DAYS) } else { Ok(()) }
        }
    }
}

fn has_day(conn: &Connection, origin: Origin, day: i64) -> rusqlite::Result<bool> {
    conn.prepare_cached("SELECT 1 FROM haccp_day WHERE day=?1 AND origin=?2 LIMIT 1")?.exists(params![day, origin.0])
}

/// A day whose hours were dropped has its figures alone.
fn has_hours(conn: &Connection, origin: Origin, day: i64) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM haccp_hour WHERE hour>=?1 AND hour<?2 AND origin=?3 LIMIT 1";
    conn.prepare_cached(sql)?.exists(params![day * HOURS_A_DAY, (day + 1) * HOURS_A_DAY, origin.0])
}

/// Drops the rows of hours that lie before the newest so many days of a box.
fn forget(conn: &Connection, origin: Origin, kept_days: i64) -> rusqlite::Result<()> {
    let sql = "SELECT DISTINCT day FROM haccp_day WHERE origin=?1 ORDER BY day DESC LIMIT 1 OFFSET ?2";
    let oldest = conn.prepare_cached(sql)?.query_row(params![origin.0, kept_days - 1], |row| row.get::<_, i64>(0));
    if let Some(oldest) = oldest.optional()? {
        let sql = "DELETE FROM haccp_hour WHERE hour<?1 AND origin=?2";
        conn.prepare_cached(sql)?.execute(params![oldest * HOURS_A_DAY, origin.0])?;
    }
    Ok(())
}

/// The hour that a subject is of, if it is the one under which its box writes that hour.
fn hour_of(subject: Id, hour: &Hour) -> Option<i64> {
    let first = hour.probes.values().flatten().map(|at| at.minute).min()?;
    let at = first.div_euclid(60);
    (hour_id(hour.origin, at) == subject).then_some(at)
}

fn in_log(conn: &Connection, origin: Origin, hour: i64) -> rusqlite::Result<Option<Hour>> {
    Ok(match haccp::fold(&log::facts_of(conn, hour_id(origin, hour))?) {
        State::Hour(hour) => Some(hour),
        _ => None,
    })
}

/// Gives the probes whose row is new or another.
fn write(conn: &Connection, at: i64, hour: &Hour) -> rusqlite::Result<Vec<Id>> {
    let sql = "INSERT INTO haccp_hour VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE
        SET readings=excluded.readings WHERE excluded.readings<>readings";
    let mut insert = conn.prepare_cached(sql)?;
    let mut written = Vec::new();
    for (probe, minutes) in &hour.probes {
        if insert.execute(params![at, probe.as_bytes(), hour.origin.0, pack(at, minutes)])? > 0 {
            written.push(*probe);
        }
    }
    Ok(written)
}

fn figures_of(hour: &Hour) -> BTreeMap<Id, Figures> {
    let mut figures: BTreeMap<Id, Figures> = BTreeMap::new();
    for (probe, minutes) in &hour.probes {
        figures.entry(*probe).or_default().add(minutes, &Limits::default());
    }
    figures
}

const WRITE_DAY: &str = "INSERT OR REPLACE INTO haccp_day VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const READ_DAY: &str =
    "SELECT minutes, missing, lowest, highest, sum FROM haccp_day WHERE day=?1 AND probe=?2 AND origin=?3";

fn add_to_day(conn: &Connection, origin: Origin, day: i64, probe: Id, figures: &Figures) -> rusqlite::Result<()> {
    let mut statement = conn.prepare_cached(READ_DAY)?;
    let before = statement.query_row(params![day, probe.as_bytes(), origin.0], |row| figures_from_row(row, 0));
    let mut sum = before.optional()?.unwrap_or_default();
    sum.merge(figures);
    put_day(conn, origin, day, probe, &sum)
}

/// Out of the rows of its hours, of which the one that goes on has none.
fn write_day(conn: &Connection, origin: Origin, day: i64, probe: Id) -> rusqlite::Result<()> {
    let sql = "SELECT readings FROM haccp_hour WHERE hour=?1 AND probe=?2 AND origin=?3";
    let mut statement = conn.prepare_cached(sql)?;
    let mut minutes = Vec::new();
    for hour in day * HOURS_A_DAY..(day + 1) * HOURS_A_DAY {
        let mut rows = statement.query(params![hour, probe.as_bytes(), origin.0])?;
        while let Some(row) = rows.next()? {
            unpack_row(hour, row.get_ref(0)?.as_blob()?, &mut minutes);
        }
    }
    let mut sum = Figures::default();
    sum.add(&minutes, &Limits::default());
    put_day(conn, origin, day, probe, &sum)
}

/// Of a day whose rows were dropped.
fn write_day_from_log(conn: &Connection, origin: Origin, day: i64, open: i64) -> rusqlite::Result<()> {
    let mut days: BTreeMap<Id, Figures> = BTreeMap::new();
    for at in (day * HOURS_A_DAY..(day + 1) * HOURS_A_DAY).filter(|at| *at != open) {
        let Some(hour) = in_log(conn, origin, at)? else { continue };
        for (probe, figures) in figures_of(&hour) {
            days.entry(probe).or_default().merge(&figures);
        }
    }
    days.iter().try_for_each(|(probe, figures)| put_day(conn, origin, day, *probe, figures))
}

fn put_day(conn: &Connection, origin: Origin, day: i64, probe: Id, sum: &Figures) -> rusqlite::Result<()> {
    let Figures { minutes, missing, lowest, highest, sum, .. } = *sum;
    let values = params![day, probe.as_bytes(), origin.0, minutes, missing, lowest, highest, sum];
    conn.prepare_cached(WRITE_DAY)?.execute(values)?;
    Ok(())
}

fn figures_from_row(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<Figures> {
    Ok(Figures {
        minutes: row.get(first)?,
        missing: row.get(first + 1)?,
        lowest: row.get(first + 2)?,
        highest: row.get(first + 3)?,
        sum: row.get(first + 4)?,
        beyond: 0,
    })
}

/// The hours that go on: of each box the newest.
fn open_hours(conn: &Connection, from: i64, to: i64) -> rusqlite::Result<Vec<Hour>> {
    let sql = "SELECT origin, hour FROM haccp_open WHERE hour BETWEEN ?1 AND ?2 ORDER BY origin";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([from, to], |row| Ok((Origin(row.get(0)?), row.get(1)?)))?;
    let open = rows.collect::<rusqlite::Result<Vec<(Origin, i64)>>>()?;
    open.into_iter().filter_map(|(origin, hour)| in_log(conn, origin, hour).transpose()).collect()
}

/// A probe's minutes in a span of time, by whichever box reported them.
pub fn minutes(conn: &Connection, probe: Id, from_ms: i64, to_ms: i64) -> rusqlite::Result<Vec<HourReading>> {
    let hours = (from_ms.div_euclid(HOUR_MS), to_ms.div_euclid(HOUR_MS));
    let sql = "SELECT hour, readings FROM haccp_hour WHERE hour BETWEEN ?1 AND ?2 AND probe=?3 ORDER BY hour, origin";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params![hours.0, hours.1, probe.as_bytes()])?;
    let mut minutes = Vec::new();
    while let Some(row) = rows.next()? {
        unpack_row(row.get(0)?, row.get_ref(1)?.as_blob()?, &mut minutes);
    }
    for mut hour in open_hours(conn, hours.0, hours.1)? {
        minutes.extend(hour.probes.remove(&probe).unwrap_or_default());
    }
    minutes.retain(|at| (from_ms..to_ms).contains(&(at.minute.saturating_mul(60_000))));
    minutes.sort_by_key(|at| at.minute);
    Ok(minutes)
}

/// Damaged bytes can only come of a damaged file: they are said, and the rest is shown.
fn unpack_row(hour: i64, packed: &[u8], into: &mut Vec<HourReading>) {
    if let Err(error) = unpack(hour, packed, into) {
        tracing::error!(hour, %error, "a row of readings");
    }
}

/// The newest minute of each probe, out of the newest hour of each box and the one before it.
pub(super) fn newest(conn: &Connection) -> rusqlite::Result<BTreeMap<Id, HourReading>> {
    let mut newest: BTreeMap<Id, HourReading> = BTreeMap::new();
    let mut see = |probe: Id, at: HourReading| {
        let known = newest.entry(probe).or_insert_with(|| at.clone());
        if known.minute <= at.minute {
            *known = at;
        }
    };
    let open = open_hours(conn, i64::MIN, i64::MAX)?;
    for hour in open {
        let Some(at) = hour.probes.values().flatten().map(|at| at.minute).min().map(|at| at.div_euclid(60)) else {
            continue;
        };
        let sql = "SELECT probe, readings FROM haccp_hour WHERE hour=?1 AND origin=?2";
        let mut statement = conn.prepare_cached(sql)?;
        let mut rows = statement.query(params![at - 1, hour.origin.0])?;
        while let Some(row) = rows.next()? {
            let probe = row.get(0).map(Id::from_bytes)?;
            let mut minutes = Vec::new();
            unpack_row(at - 1, row.get_ref(1)?.as_blob()?, &mut minutes);
            minutes.into_iter().for_each(|reading| see(probe, reading));
        }
        for (probe, minutes) in hour.probes {
            minutes.into_iter().for_each(|at| see(probe, at));
        }
    }
    Ok(newest)
}

/// The probes of a subject, if it is an hour that goes on.
pub(super) fn probes_of(conn: &Connection, subject: Id) -> rusqlite::Result<Vec<Id>> {
    let sql = "SELECT origin, hour FROM haccp_open WHERE subject=?1";
    let mut statement = conn.prepare_cached(sql)?;
    let open = statement.query_row([subject.as_bytes()], |row| Ok((Origin(row.get(0)?), row.get(1)?))).optional()?;
    let hour = open.map(|(origin, hour)| in_log(conn, origin, hour)).transpose()?.flatten();
    Ok(hour.map_or_else(Vec::new, |hour| hour.probes.into_keys().collect()))
}

/// Shows a probe's hours one after the other, in the order of time and of probes: all that any box reported of an hour,
/// by minute. Only one hour is held at once, so that a year takes no more memory than a day.
pub fn visit(
    conn: &Connection,
    hours: std::ops::Range<i64>,
    mut see: impl FnMut(i64, Id, &[HourReading]),
) -> rusqlite::Result<()> {
    let mut open: BTreeMap<(i64, Id), Vec<HourReading>> = BTreeMap::new();
    for hour in open_hours(conn, hours.start, hours.end.saturating_sub(1))? {
        for (probe, minutes) in hour.probes {
            let at = minutes.first().map_or(0, |at| at.minute.div_euclid(60));
            open.entry((at, probe)).or_default().extend(minutes);
        }
    }
    let mut show = |(hour, probe): (i64, Id), minutes: &mut Vec<HourReading>| {
        let by_minute = |at: &HourReading| (at.minute, at.late);
        if !minutes.is_sorted_by_key(by_minute) {
            minutes.sort_by_key(by_minute);
        }
        see(hour, probe, minutes);
        minutes.clear();
    };
    let mut gathered: Option<(i64, Id)> = None;
    let mut minutes = Vec::new();
    let sql = "SELECT hour, probe, readings FROM haccp_hour WHERE hour>=?1 AND hour<?2 ORDER BY hour, probe, origin";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query([hours.start, hours.end])?;
    while let Some(row) = rows.next()? {
        let place = (row.get(0)?, row.get(1).map(Id::from_bytes)?);
        if gathered != Some(place) {
            gathered.replace(place).into_iter().for_each(|place| show(place, &mut minutes));
            while let Some(before) = open.first_entry().filter(|entry| *entry.key() < place) {
                let (place, mut minutes) = before.remove_entry();
                show(place, &mut minutes);
            }
            minutes.extend(open.remove(&place).unwrap_or_default());
        }
        unpack_row(place.0, row.get_ref(2)?.as_blob()?, &mut minutes);
    }
    gathered.into_iter().for_each(|place| show(place, &mut minutes));
    open.into_iter().for_each(|(place, mut minutes)| show(place, &mut minutes));
    Ok(())
}

/// The first day of UTC of which a probe has any figures.
pub fn first_day(conn: &Connection, probe: Id) -> rusqlite::Result<Option<i64>> {
    let sql = "SELECT min(day) FROM haccp_day WHERE probe=?1";
    conn.prepare_cached(sql)?.query_row([probe.as_bytes()], |row| row.get(0))
}

/// A probe's figures of whole days of UTC that count from 1970, without what lies beyond a limit: for charts of years,
/// and for time whose minutes are no longer kept as rows. The hours that go on are not in them yet.
pub fn days(conn: &Connection, probe: Id, days: std::ops::Range<i64>) -> rusqlite::Result<BTreeMap<i64, Figures>> {
    let mut sums: BTreeMap<i64, Figures> = BTreeMap::new();
    let sql = "SELECT day, minutes, missing, lowest, highest, sum FROM haccp_day WHERE day>=?1 AND day<?2 AND probe=?3";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params![days.start, days.end, probe.as_bytes()])?;
    while let Some(row) = rows.next()? {
        sums.entry(row.get(0)?).or_default().merge(&figures_from_row(row, 1)?);
    }
    Ok(sums)
}
