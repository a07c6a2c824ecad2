//! An excursion that goes on though its alert was closed: people are told again. By the record alone, so that a restart
//! changes nothing.

use rusqlite::{Connection, params};
use trivet_domain::alerts::{self, AGAIN_MS, BreachAlert, Raised};
use trivet_domain::haccp::Severity;
use trivet_domain::safety::{self, ControlKind, Effective, RecordKind, RecordOpened, record_about, severity};
use trivet_domain::{Command, MilliCelsius, policies};
use trivet_log::{Id, Origin};
use trivet_modules::alerts::{closed_early, lasting, raise};
use trivet_modules::{haccp, plans};
use trivet_replica::store::log;
use trivet_replica::{Actor, App, Rejection, View};

use super::read;
use super::timers::GRACE_MS;

/// What goes on.
struct Excursion {
    breach: Id,
    probe: Id,
    too_warm: bool,
    opened_ms: i64,
    limit: MilliCelsius,
}

/// Its last alert, which was closed, and how it stands now.
struct Standing {
    excursion: Excursion,
    last: Id,
    value: MilliCelsius,
    now_ms: i64,
}

pub(super) async fn look(app: &App, actor: Actor) -> Result<(), Rejection> {
    let (here, location) = (app.identity.origin(), app.identity.certificate.location);
    let due = read(app, move |view| {
        let mut due = Vec::new();
        for excursion in long(view.conn, view.now_ms)? {
            if let Some(standing) = standing(view, excursion, here)? {
                due.extend(standing.again(view, location)?);
            }
        }
        Ok(due)
    });
    for (raised, record) in due.await? {
        match tell(app, actor, raised, record).await {
            // The others are told all the same.
            Err(Rejection::Refused(refusal)) => tracing::warn!(%refusal, "an excursion was not told of again"),
            told => told?,
        }
    }
    Ok(())
}

async fn tell(app: &App, actor: Actor, raised: Raised, record: Option<safety::Command>) -> Result<(), Rejection> {
    if let Some(record) = record {
        let id = raised.cause.derive("still: record", 0);
        app.submit(actor, id, Command::Safety(record)).await?;
    }
    raise(app, actor, raised).await.map(drop)
}

/// Those that have lasted for so long at least, the newest first.
fn long(conn: &Connection, now_ms: i64) -> rusqlite::Result<Vec<Excursion>> {
    let sql = "SELECT id, probe, kind, opened_ms, limit_value FROM haccp_breach INDEXED BY haccp_breach_open
        WHERE closed_ms IS NULL AND late_ms IS NULL AND opened_ms<=?1 ORDER BY id DESC";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([now_ms - AGAIN_MS], |row| {
        let kind: String = row.get(2)?;
        Ok(Excursion {
            breach: Id::from_bytes(row.get(0)?),
            probe: Id::from_bytes(row.get(1)?),
            too_warm: kind != "low",
            opened_ms: row.get(3)?,
            limit: MilliCelsius(row.get(4)?),
        })
    })?;
    rows.collect()
}

/// None where an alert of it is open, none was closed long enough ago, or no value says that it goes on.
fn standing(view: &View<'_>, excursion: Excursion, here: Origin) -> rusqlite::Result<Option<Standing>> {
    let words = if excursion.too_warm { "temperature_high" } else { "temperature_low" };
    let key = alerts::key_of(words, excursion.probe);
    // One that is open, but not of what lasts (a value that somebody measured), recurs.
    if lasting(view.conn, &key)?.is_some() {
        return Ok(None);
    }
    let Some(last) = closed_early(view.conn, &key)?.first().copied() else { return Ok(None) };
    let alert = alerts::fold(&log::facts_of(view.conn, last)?);
    // The box that raised an alert tells of it again; another waits, in case that box is gone.
    let grace = if alert.origin == here { 0 } else { GRACE_MS };
    if alert.again_ms().is_none_or(|again_ms| again_ms + grace > view.now_ms) {
        return Ok(None);
    }
    let current = haccp::view::probe(view, excursion.probe)?.and_then(|probe| probe.current.milli_c);
    let beyond = |value: &i32| if excursion.too_warm { *value > excursion.limit.0 } else { *value < excursion.limit.0 };
    let Some(value) = current.filter(beyond) else { return Ok(None) };
    Ok(Some(Standing { excursion, last, value: MilliCelsius(value), now_ms: view.now_ms }))
}

impl Standing {
    fn severity(&self) -> Severity {
        let beyond = i32::try_from(self.value.0.abs_diff(self.excursion.limit.0)).unwrap_or(i32::MAX);
        Severity::of(beyond, self.now_ms - self.excursion.opened_ms)
    }

    /// What is raised; with a record first where none asks yet what became of the food, because the excursion began
    /// while the alert of another was open.
    fn again(&self, view: &View<'_>, location: Id) -> rusqlite::Result<Option<(Raised, Option<safety::Command>)>> {
        let Excursion { breach, probe, too_warm, limit, .. } = self.excursion;
        let Some((_, known)) = haccp::view::in_use(view.conn)?.into_iter().find(|(id, _)| *id == probe) else {
            return Ok(None);
        };
        let plan = plans::in_force(view.conn, location, self.now_ms)?;
        let effective = Effective::of(plan.as_ref().map(|(_, plan)| plan), probe, &known);
        let is_asked = is_about(view.conn, breach)?;
        let raised = alerts::raise_again_for_breach(&BreachAlert {
            breach: if is_asked { self.last.derive("still", 0) } else { breach },
            probe,
            name: &known.name,
            too_warm,
            value: self.value,
            limit,
            severity: policies::severity(self.severity()),
            at_ms: self.excursion.opened_ms,
            late_ms: None,
            needs_action: !is_asked && effective.kind == Some(ControlKind::Ccp),
        });
        let record = (!is_asked).then(|| safety::Command::OpenRecord {
            record: record_about(breach),
            opened: RecordOpened {
                kind: RecordKind::Breach,
                severity: self.severity(),
                due_ms: severity::due_ms(self.severity(), self.now_ms),
                summary: format!("{}: {}", known.name, self.value),
                about: Some(breach),
                control_point: effective.control_point,
                plan_version: plan.map(|(approval, _)| approval.version),
                probe: Some(probe),
            },
        });
        Ok(Some((raised, record)))
    }
}

/// Whether something asks, or has asked, about an excursion: a record, or an alert of its own.
fn is_about(conn: &Connection, breach: Id) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS(SELECT 1 FROM safety_record WHERE about=?1)
        OR EXISTS(SELECT 1 FROM alerts_cause WHERE cause=?1)";
    conn.prepare_cached(sql)?.query_row(params![breach.as_bytes()], |row| row.get(0))
}
