//! The spool's rows. They are effects, not projections: a rebuild of the log does not touch them.

use minicbor::{Decode, Encode};
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use trivet_domain::{Event, Fact, checks, kitchen};
use trivet_log::{Id, TimeQuality};
use trivet_modules::papers::{self, LayoutId, Stationery};
use trivet_paper::Paper;
use trivet_replica::Appended;
use utoipa::ToSchema;
use uuid::Uuid;

/// A ticket that has waited longer for its printer is held for a person: a night's backlog is not dumped at breakfast.
pub(super) const EXPIRES_MS: i64 = 30 * 60_000;
/// Finished jobs are kept this long for a look back.
const KEPT_MS: i64 = 7 * 24 * 3_600_000;

#[derive(Encode, Decode)]
struct Stored {
    #[n(0)]
    paper: Paper,
}

/// Spools the tickets that new entries have made, if their station prints at this box. The entry that placed the order
/// may come after the one that made its tickets, from another box: then the tickets are spooled with it.
pub(super) fn on_append(conn: &Connection, appended: &Appended<'_>) -> rusqlite::Result<()> {
    for fact in appended.facts() {
        let order = match &fact.event {
            Event::Checks(checks::Event::TicketsMade(made)) => made.order,
            Event::Checks(checks::Event::OrderPlaced(placed)) => placed.order,
            _ => continue,
        };
        let board = kitchen::fold(appended.history);
        let Some(placed) = board.check.order(order).filter(|order| !order.status.is_final()) else { continue };
        let stationery = Stationery::in_force(conn, LayoutId::KitchenTicket)?;
        for ticket in board.tickets.iter().filter(|ticket| ticket.order == order) {
            let printed_here = "SELECT 1 FROM print_station WHERE station=?1";
            if conn.query_row(printed_here, [&ticket.station], |_| Ok(())).optional()?.is_none() {
                continue;
            }
            let stored = Stored { paper: papers::ticket(&stationery, &board, ticket) };
            let sql = "INSERT OR IGNORE INTO print_job VALUES(?1, ?2, ?3, ?4, ?5, 'queued', '', '', 0, ?6, 0, ?6)";
            conn.prepare_cached(sql)?.execute(params![
                ticket.id.as_bytes(),
                appended.subject.as_bytes(),
                ticket.station,
                placed.number,
                trivet_log::entry::encode(&stored),
                spooled_at(appended, fact)
            ])?;
        }
    }
    Ok(())
}

/// A ticket's age counts by this box's clock. Another box's is believed if something stands behind it: then a ticket
/// that comes a night late is known to be old.
fn spooled_at(appended: &Appended<'_>, fact: &Fact) -> i64 {
    let believed = fact.stamp.origin != appended.origin && fact.stamp.quality >= TimeQuality::Ntp;
    if believed { fact.stamp.ms().min(appended.now_ms) } else { appended.now_ms }
}

/// What a paper begins with when an earlier copy may exist.
pub(super) fn doubt(number: &str) -> String {
    format!("** POSSIBLE DUPLICATE of {number} **")
}

/// At the start: the stations of the configuration; and what was being sent when the process ended is in doubt.
pub(super) fn begin(conn: &Connection, stations: &[(String, String)], now_ms: i64) -> rusqlite::Result<()> {
    conn.execute("DELETE FROM print_station", [])?;
    for (station, printer) in stations {
        conn.execute("INSERT OR REPLACE INTO print_station VALUES(?1, ?2)", params![station, printer])?;
    }
    conn.execute(
        "UPDATE print_job SET state='in_doubt', note='the box stopped while it was being printed',
           heading='** POSSIBLE DUPLICATE of '||number||' **' WHERE state='sending'",
        [],
    )?;
    conn.execute("DELETE FROM print_job WHERE state IN ('printed', 'sent') AND updated_ms<?1", [now_ms - KEPT_MS])?;
    conn.execute("DELETE FROM print_attempt WHERE job NOT IN (SELECT id FROM print_job)", [])?;
    Ok(())
}

#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) id: Id,
    pub(super) check: Id,
    pub(super) number: String,
    /// None if the row does not read.
    pub(super) paper: Option<Paper>,
    pub(super) in_doubt: bool,
    pub(super) heading: String,
    pub(super) created_ms: i64,
    pub(super) attempts: i64,
    /// Released by a person: its age no longer counts.
    pub(super) released: bool,
}

/// The next job of these stations, in the order in which the tickets were made.
pub(super) fn next(conn: &Connection, printer: &str, now_ms: i64) -> rusqlite::Result<Option<Job>> {
    let sql = "SELECT j.id, j.check_id, j.number, j.paper, j.state, j.heading, j.created_ms, j.not_before_ms, j.note, j.attempts
        FROM print_job j JOIN print_station s ON s.station=j.station
        WHERE s.printer=?1 AND j.state IN ('queued', 'in_doubt') ORDER BY j.created_ms, j.id LIMIT 1";
    let found = conn
        .prepare_cached(sql)?
        .query_row([printer], |row| {
            let bytes: Vec<u8> = row.get(3)?;
            let paper = minicbor::decode::<Stored>(&bytes).map(|stored| stored.paper).ok();
            let (state, note): (String, String) = (row.get(4)?, row.get(8)?);
            let job = Job {
                id: Id::from_bytes(row.get(0)?),
                check: Id::from_bytes(row.get(1)?),
                number: row.get(2)?,
                paper,
                in_doubt: state == "in_doubt",
                heading: row.get(5)?,
                created_ms: row.get(6)?,
                attempts: row.get(9)?,
                released: note == RELEASED,
            };
            Ok((job, row.get::<_, i64>(7)?))
        })
        .optional()?;
    Ok(found.filter(|(_, not_before)| *not_before <= now_ms).map(|(job, _)| job))
}

pub(super) const RELEASED: &str = "released";

/// Commits an attempt, before its first byte: gives the mark that its bytes carry.
pub(super) fn begin_attempt(conn: &Connection, job: Id, printer: &str, now_ms: i64) -> rusqlite::Result<u32> {
    let sql = "INSERT INTO print_mark(printer, last) VALUES(?1, 1)
        ON CONFLICT DO UPDATE SET last=(last + 1) % 830584 RETURNING last";
    let mark: u32 = conn.query_row(sql, [printer], |row| row.get(0))?;
    let sql = "UPDATE print_job SET state='sending', attempts=attempts+1, updated_ms=?2 WHERE id=?1";
    conn.execute(sql, params![job.as_bytes(), now_ms])?;
    let sql = "SELECT coalesce(max(n), 0) + 1 FROM print_attempt WHERE job=?1";
    let n: i64 = conn.query_row(sql, [job.as_bytes()], |row| row.get(0))?;
    let sql = "INSERT INTO print_attempt(job, n, printer, mark, started_ms) VALUES(?1, ?2, ?3, ?4, ?5)";
    conn.execute(sql, params![job.as_bytes(), n, printer, mark, now_ms])?;
    Ok(mark)
}

/// What became of a job.
pub(super) struct End {
    pub(super) state: &'static str,
    pub(super) note: String,
    /// What the next attempt begins with.
    pub(super) heading: String,
    pub(super) not_before_ms: i64,
    /// False when not one byte was sent: a printer that was off does not use up a ticket's attempts.
    pub(super) counts: bool,
}

pub(super) fn end_attempt(conn: &Connection, job: Id, end: &End, now_ms: i64) -> rusqlite::Result<()> {
    let sql = "UPDATE print_job SET state=?2, note=?3, heading=?4, not_before_ms=?5, updated_ms=?6,
        attempts=attempts-?7 WHERE id=?1";
    let uncounted = i64::from(!end.counts);
    let values = params![job.as_bytes(), end.state, end.note, end.heading, end.not_before_ms, now_ms, uncounted];
    conn.prepare_cached(sql)?.execute(values)?;
    let sql = "UPDATE print_attempt SET ended_ms=?2, outcome=?3 WHERE job=?1 AND ended_ms IS NULL";
    conn.prepare_cached(sql)?.execute(params![job.as_bytes(), now_ms, format!("{} {}", end.state, end.note)])?;
    Ok(())
}

/// Lets a held job go, or has a job in doubt tried again now. Gives its check; None if there is none to let go.
pub(super) fn release(conn: &Connection, job: Id, now_ms: i64) -> rusqlite::Result<Option<Id>> {
    let sql = "UPDATE print_job SET state='queued', note=?2, attempts=0, not_before_ms=0, updated_ms=?3
        WHERE id=?1 AND state='held' RETURNING check_id";
    conn.query_row(sql, params![job.as_bytes(), RELEASED, now_ms], |row| row.get(0).map(Id::from_bytes)).optional()
}

/// How the paper of a ticket stands.
pub(crate) fn paper_state(conn: &Connection, ticket: Id) -> rusqlite::Result<Option<String>> {
    let mut statement = conn.prepare_cached("SELECT state FROM print_job WHERE id=?1")?;
    statement.query_row([ticket.as_bytes()], |row| row.get(0)).optional()
}

/// Per printer: how many wait, and since when.
pub(crate) fn waiting(conn: &Connection) -> rusqlite::Result<Vec<(String, i64, Option<i64>)>> {
    let sql = "SELECT s.printer, count(j.id), min(j.created_ms) FROM print_station s
        LEFT JOIN print_job j ON j.station=s.station AND j.state IN ('queued', 'sending', 'in_doubt', 'held')
        GROUP BY s.printer ORDER BY s.printer";
    let mut statement = conn.prepare_cached(sql)?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
}

#[derive(Serialize, ToSchema)]
#[schema(as = PrintJob)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobView {
    /// The ticket's.
    id: Uuid,
    station: String,
    order_number: String,
    /// `queued`, `sending`, `sent`, `printed`, `in_doubt` or `held`.
    state: String,
    note: String,
    attempts: i64,
    created_at: String,
}

/// What is not finished, and the latest that is.
pub(super) fn jobs(conn: &Connection) -> rusqlite::Result<Vec<JobView>> {
    let sql = "SELECT id, station, number, state, note, attempts, created_ms FROM print_job
        ORDER BY state IN ('printed', 'sent'), created_ms DESC LIMIT 200";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| {
        Ok(JobView {
            id: Uuid::from_bytes(row.get(0)?),
            station: row.get(1)?,
            order_number: row.get(2)?,
            state: row.get(3)?,
            note: row.get(4)?,
            attempts: row.get(5)?,
            created_at: trivet_modules::time::text(row.get(6)?),
        })
    })?;
    rows.collect()
}
