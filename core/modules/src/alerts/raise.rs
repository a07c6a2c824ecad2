//! Raising an alert: the open one of its condition recurs, or a new one opens.

use rusqlite::{Connection, OptionalExtension};
use trivet_domain::alerts::{Command, Raised, id_of};
use trivet_domain::{Command as AnyCommand, Why};
use trivet_log::Id;
use trivet_replica::{Actor, App, Problem, Rejection};

/// The open alert of a condition.
pub fn open_of_key(conn: &Connection, key: &str) -> rusqlite::Result<Option<Id>> {
    let sql = "SELECT id FROM alerts_alert WHERE key=?1 AND closed=0 ORDER BY raised_ms DESC, id DESC LIMIT 1";
    conn.prepare_cached(sql)?.query_row([key], |row| row.get(0).map(Id::from_bytes)).optional()
}

/// The alerts of a condition that somebody closed while it lasted, and that it has not ended since; the newest first.
pub fn closed_early(conn: &Connection, key: &str) -> rusqlite::Result<Vec<Id>> {
    let sql = "SELECT id FROM alerts_alert WHERE key=?1 AND closed=1 AND json_extract(detail, '$.lasts')
        ORDER BY raised_ms DESC, id DESC";
    conn.prepare_cached(sql)?.query_map([key], |row| row.get(0).map(Id::from_bytes))?.collect()
}

/// Raises an alert, once for each cause however often it is asked; gives the alert's id.
pub async fn raise(app: &App, actor: Actor, raised: Raised) -> Result<Id, Rejection> {
    let fresh = id_of(&raised.key, raised.cause);
    let alert = open(app, &raised.key).await?.unwrap_or(fresh);
    match submit(app, actor, alert, &raised).await {
        // It was closed in this very moment.
        Err(Rejection::Refused(refusal)) if refusal.why == Why::Conflict && alert != fresh => {
            submit(app, actor, fresh, &raised).await.map(|()| fresh)
        }
        other => other.map(|()| alert),
    }
}

/// The condition is over; nothing where no alert of it is open. `new_id` is that of the command.
pub async fn return_of_key(app: &App, actor: Actor, key: &str, at_ms: i64, new_id: Id) -> Result<(), Rejection> {
    let Some(alert) = open(app, key).await? else { return Ok(()) };
    app.submit(actor, new_id, AnyCommand::Alerts(Command::Return { alert, at_ms })).await.map(drop)
}

async fn open(app: &App, key: &str) -> Result<Option<Id>, Rejection> {
    let key = key.to_owned();
    let failed = |problem: Problem| Rejection::Store(problem.detail);
    app.read(move |view| open_of_key(view.conn, &key)).await.map_err(failed)
}

async fn submit(app: &App, actor: Actor, alert: Id, raised: &Raised) -> Result<(), Rejection> {
    // What has become worse is another word about the same.
    let id = alert.derive(&format!("raise:{}:{}", raised.cause, raised.severity.name()), 0);
    let command = Command::Raise { alert, raised: raised.clone() };
    app.submit(actor, id, AnyCommand::Alerts(command)).await.map(drop)
}
