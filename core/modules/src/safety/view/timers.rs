//! Food under time control.

use rusqlite::Connection;
use serde::Serialize;
use serde_json::Value;
use trivet_domain::safety::Clock;
use trivet_log::Id;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{EVER, ids, timer_state, word};
use crate::access::name_of;
use crate::time;

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = FoodTimer)]
#[serde(rename_all = "camelCase")]
pub struct TimerView {
    pub id: Uuid,
    pub product: String,
    pub lot: Option<String>,
    pub quantity: Option<String>,
    pub rule: String,
    pub start_milli_c: i32,
    pub started_at: String,
    pub started_by: Option<String>,
    pub deadline: String,
    /// By the clock that says less; 0 when its time is over.
    pub left_seconds: i64,
    /// `running`, `warned`, `expired`, `served` or `discarded`.
    pub state: String,
    /// `time_up` or `too_warm`.
    pub expired: Option<String>,
    pub ended_by: Option<String>,
    pub plan_version: Option<u32>,
    /// The body of `POST /api/v1/labels` for its label.
    #[schema(value_type = Object)]
    pub label: Value,
}

pub(in crate::safety) fn open_timers(conn: &Connection) -> rusqlite::Result<Vec<Id>> {
    ids(conn, "SELECT id FROM safety_timer WHERE ended_ms IS NULL AND at_ms BETWEEN ?1 AND ?2", EVER)
}

pub fn timers(conn: &Connection, span: (i64, i64), clock: &Clock) -> rusqlite::Result<Vec<TimerView>> {
    let sql = "SELECT id FROM safety_timer WHERE at_ms BETWEEN ?1 AND ?2 OR ended_ms IS NULL ORDER BY at_ms DESC, id LIMIT 200";
    ids(conn, sql, span)?.into_iter().filter_map(|id| timer(conn, id, clock).transpose()).collect()
}

pub fn timer(conn: &Connection, id: Id, clock: &Clock) -> rusqlite::Result<Option<TimerView>> {
    let Some(timer) = timer_state(conn, id)? else { return Ok(None) };
    let started = &timer.started.what;
    let ended_by = timer.ended.as_ref().map(|ended| name_of(conn, ended.by)).transpose()?.flatten();
    let left_ms = if timer.expired.is_some() || timer.ended.is_some() { 0 } else { started.left_ms(clock).max(0) };
    Ok(Some(TimerView {
        id: id.0,
        product: started.product.clone(),
        lot: started.lot.clone(),
        quantity: started.quantity.clone(),
        rule: started.rule.clone(),
        start_milli_c: started.value.0,
        started_at: time::text(started.started_ms),
        started_by: name_of(conn, timer.started.by)?,
        deadline: time::text(started.deadline_ms()),
        left_seconds: left_ms / 1_000,
        state: timer.state().name().to_owned(),
        expired: timer.expired.as_ref().map(|expired| word(&expired.what.why)),
        ended_by,
        plan_version: started.plan_version,
        label: serde_json::json!({
            "layout": "haccp_label",
            "item": started.product,
            "batch": started.lot.clone().unwrap_or_default(),
            "quantity": started.quantity.clone().unwrap_or_default(),
            "madeAt": time::text(started.started_ms),
            "useBy": time::text(started.deadline_ms()),
            "temperatureMilliC": started.value.0,
            "note": "",
        }),
    }))
}
