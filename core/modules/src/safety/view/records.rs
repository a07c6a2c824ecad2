//! Compliance records with what was done.

use rusqlite::Connection;
use serde::Serialize;
use trivet_domain::MilliCelsius;
use trivet_log::Id;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{ids, record_state, word};
use crate::access::name_of;
use crate::time;

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ComplianceRecord)]
#[serde(rename_all = "camelCase")]
pub struct RecordView {
    pub id: Uuid,
    /// `breach`, `check_failed`, `check_missed`, `cooling`, `timer`, `calibration` or `other`.
    pub kind: String,
    /// `warn`, `high` or `critical`.
    pub severity: String,
    pub summary: String,
    pub about: Option<Uuid>,
    pub control_point: Option<String>,
    pub probe_id: Option<Uuid>,
    pub plan_version: Option<u32>,
    pub opened_at: String,
    pub opened_by: Option<String>,
    pub due_at: String,
    pub overdue: bool,
    pub actions: Vec<ActionView>,
    /// Who sees to it.
    pub responsible: Option<String>,
    pub responsible_id: Option<Uuid>,
    pub closed_at: Option<String>,
    pub closed_by: Option<String>,
    pub verified_at: Option<String>,
    pub verified_by: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CorrectiveAction)]
#[serde(rename_all = "camelCase")]
pub struct ActionView {
    pub choice: String,
    pub text: String,
    pub product_milli_c: Option<i32>,
    /// `keep`, `rework`, `discard` or `no_food`.
    pub disposition: Option<String>,
    pub quantity: Option<String>,
    pub cause: Option<String>,
    pub note: Option<String>,
    pub at: String,
    pub by: Option<String>,
}

/// Which records a list holds.
#[derive(Clone, Copy, Debug)]
pub struct RecordFilter {
    pub open_only: bool,
    pub span: (i64, i64),
}

pub fn records(conn: &Connection, filter: RecordFilter, now_ms: i64) -> rusqlite::Result<Vec<RecordView>> {
    let sql = match filter.open_only {
        true => {
            "SELECT id FROM safety_record WHERE closed_ms IS NULL AND opened_ms BETWEEN ?1 AND ?2 ORDER BY opened_ms DESC, id LIMIT 200"
        }
        false => "SELECT id FROM safety_record WHERE opened_ms BETWEEN ?1 AND ?2 ORDER BY opened_ms DESC, id LIMIT 200",
    };
    ids(conn, sql, filter.span)?.into_iter().filter_map(|id| record(conn, id, now_ms).transpose()).collect()
}

pub fn record(conn: &Connection, id: Id, now_ms: i64) -> rusqlite::Result<Option<RecordView>> {
    let Some(record) = record_state(conn, id)? else { return Ok(None) };
    let overdue = record.is_overdue(now_ms);
    let mut actions = Vec::new();
    for action in &record.actions {
        let what = action.what.clone();
        actions.push(ActionView {
            choice: what.choice,
            text: what.text,
            product_milli_c: what.product_temperature.map(|MilliCelsius(milli)| milli),
            disposition: what.disposition.map(|disposition| word(&disposition)),
            quantity: what.quantity,
            cause: what.cause,
            note: what.note,
            at: time::text(action.at_ms),
            by: name_of(conn, action.by)?,
        });
    }
    let by = |person: Option<Id>| person.map(|by| name_of(conn, by)).transpose().map(Option::flatten);
    let opened = record.opened.what;
    Ok(Some(RecordView {
        id: id.0,
        kind: word(&opened.kind),
        severity: opened.severity.name().to_owned(),
        summary: opened.summary,
        about: opened.about.map(|about| about.0),
        control_point: opened.control_point,
        probe_id: opened.probe.map(|probe| probe.0),
        plan_version: opened.plan_version,
        opened_at: time::text(record.opened.at_ms),
        opened_by: name_of(conn, record.opened.by)?,
        due_at: time::text(opened.due_ms),
        overdue,
        actions,
        responsible: by(record.responsible)?,
        responsible_id: record.responsible.map(|person| person.0),
        closed_at: record.closed.map(|(at_ms, _)| time::text(at_ms)),
        closed_by: by(record.closed.map(|(_, by)| by))?,
        verified_at: record.verified.as_ref().map(|verified| time::text(verified.at_ms)),
        verified_by: by(record.verified.as_ref().map(|verified| verified.by))?,
    }))
}
