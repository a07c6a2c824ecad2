//! What new entries of the log ask for, noted with them in one transaction: a policy's wish, and what is to be sent.
//! Only of this box's own facts, so that of two boxes one acts.

use rusqlite::{Connection, OptionalExtension, params};
use trivet_domain::alerts::{self, Severity};
use trivet_domain::haccp::{self, Probe};
use trivet_domain::policies::{self, Wish};
use trivet_domain::{Event, Fact};
use trivet_log::Id;
use trivet_replica::Appended;
use trivet_replica::store::log;

/// Wishes that wait for the worker, which takes milliseconds for one; past it the oldest goes.
const MAX_WISHES: i64 = 10_000;
/// Wishes that are carried out in one go.
const AT_ONCE: u32 = 64;
/// What waits to be sent; past it the oldest goes: last month's alarm is worth less than today's.
pub(super) const MAX_OUTBOX: i64 = 10_000;

pub(super) fn on_append(conn: &Connection, appended: &Appended<'_>) -> rusqlite::Result<()> {
    for fact in appended.facts().filter(|fact| fact.stamp.origin == appended.origin && !fact.twin) {
        for wish in policies::of_fact(appended.subject, appended.history, fact, &|probe| name_of(conn, probe)) {
            let bytes = trivet_log::entry::encode(&wish);
            conn.prepare_cached("INSERT INTO alerts_wish(wish) VALUES(?1)")?.execute([bytes])?;
            let sql = "DELETE FROM alerts_wish WHERE id<=(SELECT max(id) FROM alerts_wish)-?1";
            if conn.prepare_cached(sql)?.execute([MAX_WISHES])? > 0 {
                tracing::error!("more alerts are asked for than are raised: the oldest was dropped");
            }
        }
        if let Some(level) = to_be_sent(fact) {
            send(conn, appended, level)?;
        }
    }
    Ok(())
}

/// Who is to be written to, by the level; None: whoever looks at a screen sees it there.
fn to_be_sent(fact: &Fact) -> Option<u8> {
    match &fact.event {
        Event::Alerts(alerts::Event::Raised(raised)) => (raised.severity >= Severity::High).then_some(0),
        Event::Alerts(alerts::Event::AlertEscalated(escalated)) => Some(escalated.level),
        _ => None,
    }
}

fn send(conn: &Connection, appended: &Appended<'_>, level: u8) -> rusqlite::Result<()> {
    let sql = "INSERT INTO alerts_outbox(alert, level, at_ms) VALUES(?1, ?2, ?3)";
    conn.prepare_cached(sql)?.execute(params![appended.subject.as_bytes(), level, appended.now_ms])?;
    let sql = "DELETE FROM alerts_outbox WHERE id<=(SELECT max(id) FROM alerts_outbox)-?1";
    conn.prepare_cached(sql)?.execute([MAX_OUTBOX]).map(drop)
}

fn name_of(conn: &Connection, probe: Id) -> Option<String> {
    let (kind, fields) = log::fields(conn, probe).ok()??;
    (kind == haccp::DOCUMENT).then(|| Probe::from_fields(&fields).name)
}

/// None for a wish of another release, which is nobody's to carry out.
pub(super) fn wishes(conn: &Connection) -> rusqlite::Result<Vec<(i64, Option<Wish>)>> {
    let mut statement = conn.prepare_cached("SELECT id, wish FROM alerts_wish ORDER BY id LIMIT ?1")?;
    let rows = statement.query_map([AT_ONCE], |row| {
        let bytes: Vec<u8> = row.get(1)?;
        Ok((row.get(0)?, minicbor::decode(&bytes).ok()))
    })?;
    rows.collect()
}

pub(super) fn done(conn: &Connection, row: i64) -> rusqlite::Result<()> {
    conn.prepare_cached("DELETE FROM alerts_wish WHERE id=?1")?.execute([row]).map(drop)
}

/// How much waits to be sent, and since when.
pub(crate) fn waiting(conn: &Connection) -> rusqlite::Result<(i64, Option<i64>)> {
    let mut statement = conn.prepare_cached("SELECT count(*), min(at_ms) FROM alerts_outbox")?;
    let row = statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    Ok(row.unwrap_or((0, None)))
}
