//! The spool's rows. They are effects, not projections: a rebuild of the log does not touch them.
//!
//! A job goes `queued → sending → printed | sent`; beside it stand `in_doubt` (some, all or nothing of it is on paper),
//! `held` (a person decides) and `cancelled`.

use minicbor::{Decode, Encode};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};
use serde::Serialize;
use trivet_log::Id;
use trivet_paper::{Bitmap, Paper, PictureId};
use utoipa::ToSchema;
use uuid::Uuid;

/// A paper that has waited longer for its printer is held for a person: a night's backlog is not dumped at breakfast.
pub(super) const EXPIRES_MS: i64 = 30 * 60_000;
/// A drawer that nobody could open at once stays shut.
pub(super) const DRAWER_EXPIRES_MS: i64 = 5_000;
/// Finished jobs are kept this long for a look back.
const KEPT_MS: i64 = 7 * 24 * 3_600_000;
/// An attempt's mark is three characters of 94: so many before one comes again.
const MARKS: u32 = 94 * 94 * 94;

/// The partial index holds these. SQLite uses it only where a query has this very term: a week of finished jobs is not
/// read through each time a printer wakes.
const UNFINISHED: &str = "j.state IN ('queued', 'sending', 'in_doubt', 'held')";

/// What a paper is for; it decides what happens when nobody knows whether it was printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Ticket,
    Void,
    Receipt,
    Label,
    Test,
}

impl JobView {
    pub(super) fn printer(&self) -> &str {
        &self.printer
    }
}

impl Kind {
    const ALL: [Kind; 5] = [Kind::Ticket, Kind::Void, Kind::Receipt, Kind::Label, Kind::Test];

    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Ticket => "ticket",
            Kind::Void => "void",
            Kind::Receipt => "receipt",
            Kind::Label => "label",
            Kind::Test => "test",
        }
    }

    fn named(name: &str) -> Kind {
        Kind::ALL.into_iter().find(|kind| kind.name() == name).unwrap_or(Kind::Ticket)
    }

    /// A kitchen that misses a ticket loses more than one that gets it twice, with that said on it. A guest's receipt, a
    /// label or a test is a person's to decide.
    pub(super) fn is_printed_again_when_in_doubt(self) -> bool {
        matches!(self, Kind::Ticket | Kind::Void)
    }
}

#[derive(Encode, Decode)]
struct Stored {
    #[n(0)]
    paper: Paper,
}

pub(super) struct NewJob<'a> {
    pub(super) id: Id,
    pub(super) kind: Kind,
    /// Nil for a paper that belongs to none.
    pub(super) check: Id,
    /// The ticket's or the receipt's id, which a copy has in common with what it copies.
    pub(super) original: Id,
    pub(super) station: &'a str,
    /// None: the one that is active for the station.
    pub(super) printer: Option<&'a str>,
    /// What people call it: an order's number.
    pub(super) number: &'a str,
    pub(super) paper: &'a Paper,
    pub(super) copy: bool,
    pub(super) at_ms: i64,
}

/// False, with nothing done, if the job is there already or nobody prints its station here.
pub(super) fn add(conn: &Connection, job: &NewJob<'_>) -> rusqlite::Result<bool> {
    let printer = match job.printer {
        Some(printer) => Some(printer.to_owned()),
        None => active_printer(conn, job.station)?,
    };
    let Some(printer) = printer else { return Ok(false) };
    let sql = "INSERT OR IGNORE INTO print_job VALUES(NULL, ?1, ?2, ?3, ?9, ?4, ?5, ?6, 'queued', '', 0, 0, ?7, '', 0, 0, ?8, 0, ?8)";
    let added = conn.prepare_cached(sql)?.execute(params![
        job.id.as_bytes(),
        job.kind.name(),
        job.check.as_bytes(),
        job.station,
        printer,
        job.number,
        job.copy,
        job.at_ms,
        job.original.as_bytes()
    ])?;
    if added == 1 {
        let stored = Stored { paper: job.paper.clone() };
        let bytes = trivet_log::entry::encode(&stored);
        conn.prepare_cached("INSERT INTO print_paper VALUES(?1, ?2)")?
            .execute(params![conn.last_insert_rowid(), bytes])?;
    }
    Ok(added == 1)
}

/// The printer that a station's new papers go to. None: another box prints them. (When boxes come to take stations over
/// from each other, the lease is asked here.)
pub(super) fn active_printer(conn: &Connection, station: &str) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT printer FROM print_route WHERE station=?1 ORDER BY active DESC, place LIMIT 1";
    conn.prepare_cached(sql)?.query_row([station], |row| row.get(0)).optional()
}

/// A station with the printers that print it, the first one first.
pub(super) struct Route {
    pub(super) station: String,
    pub(super) printers: Vec<String>,
}

/// At the start: the routes of the configuration; and what was being sent when the process ended is in doubt.
pub(super) fn begin(conn: &Connection, routes: &[Route], now_ms: i64) -> rusqlite::Result<()> {
    // A station that another printer stands in for stays there: papers of it may wait in that queue.
    let standings = standings(conn)?;
    conn.execute("DELETE FROM print_route", [])?;
    for route in routes {
        let before = standings.iter().find(|standing| standing.station == route.station).map(|known| &known.active);
        let active = route.printers.iter().position(|printer| Some(printer) == before).unwrap_or(0);
        for (place, printer) in route.printers.iter().enumerate() {
            let values = params![route.station, place as i64, printer, place == active];
            conn.execute("INSERT INTO print_route VALUES(?1, ?2, ?3, ?4)", values)?;
        }
    }
    // Half a command may stand in the printer, and would swallow what comes first.
    conn.execute(
        "INSERT OR IGNORE INTO print_cancel SELECT DISTINCT printer FROM print_job WHERE state='sending'",
        [],
    )?;
    conn.execute(
        "UPDATE print_job SET state='in_doubt', doubt=1, note='the box stopped while it was being printed'
         WHERE state='sending'",
        [],
    )?;
    // Of a printer that is no longer configured: to the station's, else to a person.
    conn.execute(
        "UPDATE print_job SET printer=coalesce((SELECT r.printer FROM print_route r WHERE r.station=print_job.station
           AND r.place=0), '') WHERE state IN ('queued', 'in_doubt', 'held')
           AND printer NOT IN (SELECT printer FROM print_route)",
        [],
    )?;
    conn.execute(
        "UPDATE print_job SET state='held', note='its printer is no longer configured' WHERE printer=''
         AND state IN ('queued', 'in_doubt')",
        [],
    )?;
    let old = "state IN ('printed', 'sent', 'cancelled') AND updated_ms<?1";
    conn.execute(
        &format!("DELETE FROM print_paper WHERE n IN (SELECT n FROM print_job WHERE {old})"),
        [now_ms - KEPT_MS],
    )?;
    conn.execute(&format!("DELETE FROM print_job WHERE {old}"), [now_ms - KEPT_MS])?;
    conn.execute("DELETE FROM print_attempt WHERE job NOT IN (SELECT id FROM print_job)", [])?;
    conn.execute("DELETE FROM print_action WHERE at_ms<?1", [now_ms - KEPT_MS])?;
    // It may have opened: never again.
    conn.execute("UPDATE drawer_pulse SET state='in_doubt' WHERE state='firing'", [])?;
    conn.execute("DELETE FROM drawer_pulse WHERE wanted_ms<?1", [now_ms - KEPT_MS])?;
    Ok(())
}

#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) id: Id,
    pub(super) kind: Kind,
    pub(super) check: Id,
    pub(super) number: String,
    pub(super) note: String,
    /// None if the row does not read.
    pub(super) paper: Option<Paper>,
    pub(super) state: String,
    /// An earlier copy may exist.
    pub(super) doubt: bool,
    /// An earlier copy broke off, by the printer's own word.
    pub(super) incomplete: bool,
    /// The printer that should have printed it.
    pub(super) moved_from: String,
    /// Let go by a person: its age no longer counts.
    pub(super) released: bool,
    pub(super) attempts: i64,
    pub(super) created_ms: i64,
    pub(super) not_before_ms: i64,
}

const JOB: &str = "j.note, j.id, j.kind, j.check_id, j.number, p.paper, j.state, j.doubt, j.incomplete, j.moved_from, \
    j.released, j.attempts, j.created_ms, j.not_before_ms FROM print_job j JOIN print_paper p ON p.n=j.n";

impl Job {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Job> {
        let (kind, paper): (String, Vec<u8>) = (row.get(2)?, row.get(5)?);
        Ok(Job {
            note: row.get(0)?,
            id: Id::from_bytes(row.get(1)?),
            kind: Kind::named(&kind),
            check: Id::from_bytes(row.get(3)?),
            number: row.get(4)?,
            paper: minicbor::decode::<Stored>(&paper).map(|stored| stored.paper).ok(),
            state: row.get(6)?,
            doubt: row.get(7)?,
            incomplete: row.get(8)?,
            moved_from: row.get(9)?,
            released: row.get(10)?,
            attempts: row.get(11)?,
            created_ms: row.get(12)?,
            not_before_ms: row.get(13)?,
        })
    }
}

/// The next job of a printer, in the order in which papers were asked for.
pub(super) fn next(conn: &Connection, printer: &str, now_ms: i64) -> rusqlite::Result<Option<Job>> {
    let sql = format!(
        "SELECT {JOB} WHERE j.printer=?1 AND {UNFINISHED} AND j.state IN ('queued', 'in_doubt') ORDER BY j.n LIMIT 1"
    );
    let found = conn.prepare_cached(&sql)?.query_row([printer], Job::from_row).optional()?;
    Ok(found.filter(|job| job.not_before_ms <= now_ms))
}

pub(super) fn job(conn: &Connection, id: Id) -> rusqlite::Result<Option<Job>> {
    conn.prepare_cached(&format!("SELECT {JOB} WHERE j.id=?1"))?.query_row([id.as_bytes()], Job::from_row).optional()
}

/// Commits an attempt, before its first byte: gives the mark that its bytes carry. None if the job was called off or
/// moved meanwhile.
pub(super) fn begin_attempt(conn: &Connection, job: Id, printer: &str, now_ms: i64) -> rusqlite::Result<Option<u32>> {
    let sql = "UPDATE print_job SET state='sending', attempts=attempts+1, updated_ms=?2
        WHERE id=?1 AND printer=?3 AND state IN ('queued', 'in_doubt')";
    if conn.prepare_cached(sql)?.execute(params![job.as_bytes(), now_ms, printer])? == 0 {
        return Ok(None);
    }
    let sql = "INSERT INTO print_mark(printer, last) VALUES(?1, 1)
        ON CONFLICT DO UPDATE SET last=(last + 1) % ?2 RETURNING last";
    let mark: u32 = conn.prepare_cached(sql)?.query_row(params![printer, MARKS], |row| row.get(0))?;
    let sql = "SELECT coalesce(max(n), 0) + 1 FROM print_attempt WHERE job=?1";
    let n: i64 = conn.prepare_cached(sql)?.query_row([job.as_bytes()], |row| row.get(0))?;
    let sql = "INSERT INTO print_attempt(job, n, printer, mark, started_ms) VALUES(?1, ?2, ?3, ?4, ?5)";
    conn.prepare_cached(sql)?.execute(params![job.as_bytes(), n, printer, mark, now_ms])?;
    Ok(Some(mark))
}

/// What became of a job.
pub(super) struct End {
    pub(super) state: &'static str,
    pub(super) note: String,
    pub(super) doubt: bool,
    pub(super) incomplete: bool,
    pub(super) not_before_ms: i64,
    /// False when not one byte was sent: a printer that was off does not use up a paper's attempts.
    pub(super) counts: bool,
}

pub(super) fn end_attempt(conn: &Connection, job: Id, end: &End, now_ms: i64) -> rusqlite::Result<()> {
    let sql = "UPDATE print_job SET state=?2, note=?3, doubt=?4, incomplete=?5, not_before_ms=?6, updated_ms=?7,
        attempts=attempts-?8 WHERE id=?1";
    let uncounted = i64::from(!end.counts);
    conn.prepare_cached(sql)?.execute(params![
        job.as_bytes(),
        end.state,
        end.note,
        end.doubt,
        end.incomplete,
        end.not_before_ms,
        now_ms,
        uncounted
    ])?;
    let sql = "UPDATE print_attempt SET ended_ms=?2, outcome=?3 WHERE job=?1 AND ended_ms IS NULL";
    conn.prepare_cached(sql)?.execute(params![job.as_bytes(), now_ms, format!("{} {}", end.state, end.note)])?;
    Ok(())
}

/// Notes why a paper waits. One that was called off meanwhile stays called off.
pub(super) fn note(conn: &Connection, job: Id, why: &str) -> rusqlite::Result<()> {
    let sql = "UPDATE print_job SET note=?2 WHERE id=?1 AND state IN ('queued', 'in_doubt')";
    conn.prepare_cached(sql)?.execute(params![job.as_bytes(), why])?;
    Ok(())
}

/// What a person asks of a job.
#[derive(Clone, Debug)]
pub(super) enum Action {
    /// Print what was held, or try again now.
    Release,
    Cancel,
    Move {
        printer: String,
    },
}

/// Does it, and notes who asked and why. Err: why it can't be done.
pub(super) fn act(
    conn: &Connection,
    id: Id,
    action: &Action,
    by: (Id, &str),
    now_ms: i64,
) -> rusqlite::Result<Result<Id, &'static str>> {
    let (sql, name, printer) = match action {
        Action::Release => (
            "UPDATE print_job SET state='queued', released=1, attempts=0, not_before_ms=0, updated_ms=?2, note='released'
             WHERE id=?1 AND state IN ('held', 'queued', 'in_doubt') AND printer<>'' AND ?3 IS NULL RETURNING check_id",
            "release",
            None,
        ),
        Action::Cancel => (
            "UPDATE print_job SET state='cancelled', updated_ms=?2, note='cancelled'
             WHERE id=?1 AND state IN ('held', 'queued', 'in_doubt') AND ?3 IS NULL RETURNING check_id",
            "cancel",
            None,
        ),
        Action::Move { printer } => {
            let known = "SELECT 1 FROM print_route WHERE printer=?1";
            if conn.query_row(known, [printer], |_| Ok(())).optional()?.is_none() {
                return Ok(Err("there is no such printer"));
            }
            (
                "UPDATE print_job SET moved_from=printer, printer=?3, state='queued', released=1, attempts=0,
                 not_before_ms=0, updated_ms=?2, note='moved'
                 WHERE id=?1 AND state IN ('held', 'queued', 'in_doubt') AND printer<>?3 RETURNING check_id",
                "move",
                Some(printer),
            )
        }
    };
    let done = conn
        .query_row(sql, params![id.as_bytes(), now_ms, printer], |row| row.get(0).map(Id::from_bytes))
        .optional()?;
    let Some(check) = done else { return Ok(Err("it is being printed, or finished, or there already")) };
    let sql = "INSERT INTO print_action VALUES(NULL, ?1, ?2, ?3, ?4, ?5)";
    conn.execute(sql, params![id.as_bytes(), now_ms, by.0.as_bytes(), name, by.1])?;
    Ok(Ok(check))
}

/// Has a ticket not printed whose order was cancelled before it was begun. False if it is, or may be, on paper.
pub(super) fn withdraw(conn: &Connection, ticket: Id, now_ms: i64) -> rusqlite::Result<bool> {
    let sql = "UPDATE print_job SET state='cancelled', note='its order was cancelled', updated_ms=?2
        WHERE id=?1 AND doubt=0 AND incomplete=0 AND (state='queued' OR (state='held' AND attempts=0))";
    Ok(conn.execute(sql, params![ticket.as_bytes(), now_ms])? == 1)
}

/// What a job's paper is a print of: for a copy the paper that was copied.
pub(super) struct Original {
    pub(super) kind: Kind,
    pub(super) check: Id,
    pub(super) paper: Id,
}

pub(super) fn original(conn: &Connection, id: Id) -> rusqlite::Result<Option<Original>> {
    let sql = "SELECT kind, check_id, original FROM print_job WHERE id=?1";
    let row = |row: &Row<'_>| {
        let kind: String = row.get(0)?;
        Ok(Original {
            kind: Kind::named(&kind),
            check: Id::from_bytes(row.get(1)?),
            paper: Id::from_bytes(row.get(2)?),
        })
    };
    conn.query_row(sql, [id.as_bytes()], row).optional()
}

/// Moves a station's papers to another printer, in their order, and makes it the active one. What is being sent stays.
/// Gives the checks concerned.
pub(super) fn fail_over(
    conn: &Connection,
    station: &str,
    from: &str,
    to: &str,
    now_ms: i64,
) -> rusqlite::Result<Vec<Id>> {
    activate(conn, station, to)?;
    let doubtful = format!(
        "SELECT 1 FROM print_job j WHERE j.station=?1 AND j.printer=?2 AND {UNFINISHED} AND j.state='in_doubt' LIMIT 1"
    );
    if conn.query_row(&doubtful, [station, from], |_| Ok(())).optional()?.is_some() {
        conn.execute("INSERT OR IGNORE INTO print_cancel VALUES(?1)", [from])?;
    }
    let sql = "UPDATE print_job SET printer=?3, moved_from=?2, not_before_ms=0, updated_ms=?4
        WHERE station=?1 AND printer=?2 AND state IN ('queued', 'in_doubt') RETURNING check_id";
    let mut statement = conn.prepare(sql)?;
    let moved = statement.query_map(params![station, from, to, now_ms], |row| row.get(0).map(Id::from_bytes))?;
    moved.collect()
}

pub(super) fn activate(conn: &Connection, station: &str, printer: &str) -> rusqlite::Result<()> {
    conn.execute("UPDATE print_route SET active=(printer=?2) WHERE station=?1", [station, printer])?;
    Ok(())
}

/// A station, for the router: its printers in their order, the active one, and whether papers of it are unfinished.
pub(super) struct Standing {
    pub(super) station: String,
    pub(super) printers: Vec<String>,
    pub(super) active: String,
    pub(super) unfinished: bool,
}

pub(super) fn standings(conn: &Connection) -> rusqlite::Result<Vec<Standing>> {
    let sql = format!(
        "SELECT station, printer, active, EXISTS(SELECT 1 FROM print_job j WHERE j.printer=r.printer
           AND j.station=r.station AND {UNFINISHED} AND j.state<>'held')
         FROM print_route r ORDER BY station, place"
    );
    let mut standings: Vec<Standing> = Vec::new();
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (station, printer, active, unfinished): (String, String, bool, bool) =
            (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        if standings.last().is_none_or(|last| last.station != station) {
            standings.push(Standing { station, printers: Vec::new(), active: printer.clone(), unfinished: false });
        }
        if let Some(last) = standings.last_mut() {
            if active {
                last.active.clone_from(&printer);
            }
            last.printers.push(printer);
            last.unfinished |= unfinished;
        }
    }
    Ok(standings)
}

/// Whether a printer must drop what it holds first; says it once.
pub(super) fn take_cancel(conn: &Connection, printer: &str) -> rusqlite::Result<bool> {
    Ok(conn.execute("DELETE FROM print_cancel WHERE printer=?1", [printer])? > 0)
}

pub(super) fn is_cancelled(conn: &Connection, printer: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM print_cancel WHERE printer=?1";
    Ok(conn.prepare_cached(sql)?.query_row([printer], |_| Ok(())).optional()?.is_some())
}

/// A drawer that is to be opened: the newest; older ones stay shut.
pub(super) fn wanted_drawer(conn: &Connection, printer: &str) -> rusqlite::Result<Option<(Id, i64)>> {
    let sql =
        "SELECT id, wanted_ms FROM drawer_pulse WHERE printer=?1 AND state='wanted' ORDER BY wanted_ms DESC LIMIT 1";
    let row = |row: &Row<'_>| Ok((Id::from_bytes(row.get(0)?), row.get(1)?));
    conn.prepare_cached(sql)?.query_row([printer], row).optional()
}

/// Committed before the five bytes. False: another has been here.
pub(super) fn fire_drawer(conn: &Connection, id: Id) -> rusqlite::Result<bool> {
    let fired =
        conn.execute("UPDATE drawer_pulse SET state='firing' WHERE id=?1 AND state='wanted'", [id.as_bytes()])?;
    // It opens once for all who asked just now.
    let others = "UPDATE drawer_pulse SET state='not_opened', note='it was opened for a later request'
        WHERE state='wanted' AND printer=(SELECT printer FROM drawer_pulse WHERE id=?1)";
    conn.execute(others, [id.as_bytes()])?;
    Ok(fired == 1)
}

pub(super) fn end_drawer(conn: &Connection, id: Id, state: &str, note: &str) -> rusqlite::Result<()> {
    conn.execute("UPDATE drawer_pulse SET state=?2, note=?3 WHERE id=?1", params![id.as_bytes(), state, note])?;
    Ok(())
}

pub(super) fn want_drawer(conn: &Connection, id: Id, printer: &str, now_ms: i64) -> rusqlite::Result<()> {
    let sql = "INSERT OR IGNORE INTO drawer_pulse VALUES(?1, ?2, 'wanted', '', ?3)";
    conn.execute(sql, params![id.as_bytes(), printer, now_ms])?;
    Ok(())
}

/// How a drawer's opening stands: its state and a word on it.
pub(super) fn drawer(conn: &Connection, id: Id) -> rusqlite::Result<Option<(String, String)>> {
    let sql = "SELECT state, note FROM drawer_pulse WHERE id=?1";
    conn.query_row(sql, [id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

/// Has a printer keep the logo. False if there is none.
pub(super) fn want_logo(conn: &Connection, printer: &str) -> rusqlite::Result<bool> {
    let Some((id, bitmap)) = trivet_modules::papers::logo(conn)? else { return Ok(false) };
    let sql = "INSERT OR IGNORE INTO print_picture VALUES(?1, ?2, ?3)";
    conn.execute(sql, params![id.0, bitmap.width, bitmap.packed])?;
    conn.execute("INSERT OR REPLACE INTO print_wanted_logo VALUES(?1, ?2)", params![printer, id.0])?;
    Ok(true)
}

/// A picture that a printer is to keep.
pub(super) fn wanted_logo(conn: &Connection, printer: &str) -> rusqlite::Result<Option<(PictureId, Bitmap)>> {
    let sql = "SELECT p.id, p.width, p.packed FROM print_wanted_logo w JOIN print_picture p ON p.id=w.picture
        WHERE w.printer=?1";
    let row = |row: &Row<'_>| Ok((PictureId(row.get(0)?), Bitmap { width: row.get(1)?, packed: row.get(2)? }));
    conn.prepare_cached(sql)?.query_row([printer], row).optional()
}

/// It has it, under a key; or it has not, and nobody tries again by themselves.
pub(super) fn end_logo(conn: &Connection, printer: &str, kept: Option<(PictureId, [u8; 2])>) -> rusqlite::Result<()> {
    conn.execute("DELETE FROM print_wanted_logo WHERE printer=?1", [printer])?;
    if let Some((picture, key)) = kept {
        conn.execute("INSERT OR REPLACE INTO print_stored VALUES(?1, ?2, ?3)", params![printer, picture.0, key])?;
    }
    Ok(())
}

/// How the paper of a ticket stands.
pub(crate) fn paper_state(conn: &Connection, ticket: Id) -> rusqlite::Result<Option<String>> {
    let mut statement = conn.prepare_cached("SELECT state FROM print_job WHERE id=?1")?;
    statement.query_row([ticket.as_bytes()], |row| row.get(0)).optional()
}

/// What waits for a printer.
pub(crate) struct Waiting {
    pub(crate) printer: String,
    pub(crate) waiting: i64,
    pub(crate) held: i64,
    pub(crate) oldest_ms: Option<i64>,
}

/// Of every printer that prints a station.
pub(crate) fn waiting(conn: &Connection) -> rusqlite::Result<Vec<Waiting>> {
    let sql = format!(
        "SELECT r.printer, count(j.n) FILTER (WHERE j.state<>'held'), count(j.n) FILTER (WHERE j.state='held'),
          min(j.created_ms) FROM (SELECT DISTINCT printer FROM print_route) r
        LEFT JOIN print_job j ON j.printer=r.printer AND {UNFINISHED}
        GROUP BY r.printer ORDER BY r.printer"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let row = |row: &Row<'_>| {
        Ok(Waiting { printer: row.get(0)?, waiting: row.get(1)?, held: row.get(2)?, oldest_ms: row.get(3)? })
    };
    statement.query_map([], row)?.collect()
}

#[derive(Serialize, ToSchema)]
#[schema(as = PrintJob)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobView {
    /// A ticket's is the ticket's own.
    id: Uuid,
    kind: Kind,
    printer: String,
    station: String,
    order_number: String,
    /// `queued`, `sending`, `sent` (this printer does not confirm), `printed`, `in_doubt`, `held` or `cancelled`.
    state: String,
    note: String,
    attempts: i64,
    /// The printer that should have printed it.
    moved_from: Option<String>,
    /// An earlier copy may exist: it says so on the paper.
    possible_duplicate: bool,
    copy: bool,
    created_at: String,
    /// What people did with it, the latest last.
    actions: Vec<ActionView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PrintJobAction)]
#[serde(rename_all = "camelCase")]
struct ActionView {
    /// `release`, `cancel` or `move`.
    action: String,
    reason: String,
    by: Option<String>,
    at: String,
}

fn actions(conn: &Connection, job: &Uuid) -> rusqlite::Result<Vec<ActionView>> {
    let sql = "SELECT action, reason, person, at_ms FROM print_action WHERE job=?1 ORDER BY n";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([job.as_bytes()], |row| {
        Ok(ActionView {
            action: row.get(0)?,
            reason: row.get(1)?,
            by: trivet_modules::access::name_of(conn, Id::from_bytes(row.get(2)?))?,
            at: trivet_modules::time::text(row.get(3)?),
        })
    })?;
    rows.collect()
}

/// The latest print of a paper.
pub(super) fn latest_of(conn: &Connection, original: Id) -> rusqlite::Result<Option<JobView>> {
    let sql = "SELECT id FROM print_job WHERE original=?1 ORDER BY n DESC LIMIT 1";
    let id = conn.query_row(sql, [original.as_bytes()], |row| row.get(0).map(Id::from_bytes)).optional()?;
    Ok(id.map(|id| job_view(conn, id)).transpose()?.flatten())
}

/// A list holds so many.
const MOST_LISTED: usize = 200;
/// For a list in the order of `n`, SQLite would rather read the table, which has that order.
const WAITING: &str = "INDEXED BY print_job_unfinished WHERE j.state IN ('queued', 'sending', 'in_doubt', 'held')";

/// What is not finished, in its order, and then the latest that is.
pub(super) fn jobs(conn: &Connection, printer: Option<&str>) -> rusqlite::Result<Vec<JobView>> {
    let waiting = format!("{WAITING} AND (?1 IS NULL OR j.printer=?1) ORDER BY j.n LIMIT ?2");
    let mut jobs = select(conn, &waiting, params![printer, MOST_LISTED as i64])?;
    let finished = format!("WHERE NOT {UNFINISHED} AND (?1 IS NULL OR j.printer=?1) ORDER BY j.n DESC LIMIT ?2");
    jobs.extend(select(conn, &finished, params![printer, (MOST_LISTED - jobs.len()) as i64])?);
    Ok(jobs)
}

pub(super) fn job_view(conn: &Connection, id: Id) -> rusqlite::Result<Option<JobView>> {
    Ok(select(conn, "WHERE j.id=?1", params![id.as_bytes()])?.pop())
}

fn select(conn: &Connection, which: &str, values: &[&dyn ToSql]) -> rusqlite::Result<Vec<JobView>> {
    let sql = format!(
        "SELECT id, kind, printer, station, number, state, note, attempts, moved_from, doubt, copy, created_ms
         FROM print_job j {which}"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let rows = statement.query_map(values, |row| {
        let (kind, moved_from): (String, String) = (row.get(1)?, row.get(8)?);
        Ok(JobView {
            id: Uuid::from_bytes(row.get(0)?),
            kind: Kind::named(&kind),
            printer: row.get(2)?,
            station: row.get(3)?,
            order_number: row.get(4)?,
            state: row.get(5)?,
            note: row.get(6)?,
            attempts: row.get(7)?,
            moved_from: Some(moved_from).filter(|name| !name.is_empty()),
            possible_duplicate: row.get(9)?,
            copy: row.get(10)?,
            created_at: trivet_modules::time::text(row.get(11)?),
            actions: Vec::new(),
        })
    })?;
    let mut jobs = rows.collect::<rusqlite::Result<Vec<JobView>>>()?;
    for job in &mut jobs {
        job.actions = actions(conn, &job.id)?;
    }
    Ok(jobs)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A week of finished jobs lies beside the few that wait: whoever wakes often must not read through them.
    #[test]
    fn nobody_reads_through_finished_jobs() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("schema.sql")).unwrap();
        conn.execute_batch(include_str!("schema_2.sql")).unwrap();
        let plan = |sql: &str| -> Vec<String> {
            let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let steps = statement.query_map([], |row| row.get::<_, String>(3)).unwrap();
            steps.map(Result::unwrap).filter(|step| step.starts_with("SCAN j") && !step.contains("INDEX")).collect()
        };
        for sql in [
            format!(
                "SELECT {JOB} WHERE j.printer='a' AND {UNFINISHED} AND j.state IN ('queued', 'in_doubt') ORDER BY j.n"
            ),
            format!(
                "SELECT EXISTS(SELECT 1 FROM print_job j WHERE j.printer='a' AND {UNFINISHED} AND j.state<>'held')"
            ),
            format!("SELECT count(*) FROM print_job j WHERE j.printer='a' AND {UNFINISHED}"),
            format!("SELECT n FROM print_job j {WAITING} ORDER BY j.n LIMIT 200"),
        ] {
            assert_eq!(plan(&sql), [""; 0], "{sql}");
        }
        // The check sees a scan.
        assert_eq!(plan("SELECT 1 FROM print_job j WHERE j.printer='a' AND j.state='queued'").len(), 1);
    }
}
