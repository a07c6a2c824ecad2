//! Cooling runs.

use rusqlite::Connection;
use serde::Serialize;
use trivet_domain::haccp::Limit;
use trivet_domain::safety;
use trivet_domain::safety::cooling::judge;
use trivet_log::Id;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{EVER, cooling_state, ids, word};
use crate::access::name_of;
use crate::haccp::view::RuleView;
use crate::safety::work;
use crate::time;

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CoolingRun)]
#[serde(rename_all = "camelCase")]
pub struct CoolingView {
    pub id: Uuid,
    pub product: String,
    pub lot: Option<String>,
    pub quantity: Option<String>,
    pub rule: String,
    pub probe_id: Option<Uuid>,
    pub began_at: String,
    pub started_by: Option<String>,
    /// When the clock of the limits started; none while the food is above the starting limit.
    pub clock_from: Option<String>,
    pub stages: Vec<StageView>,
    pub last_milli_c: Option<i32>,
    pub last_at: Option<String>,
    /// `running`, `passed`, `failed` or `indeterminate`.
    pub state: String,
    /// Why the samples prove nothing just now: measure by hand.
    pub doubt: Option<String>,
    /// The forecast misses the running stage: the percent of its time that was gone when it said so.
    pub warned_percent: Option<u8>,
    pub forecast_at: Option<String>,
    /// `kept`, `reheated` or `discarded`.
    pub outcome: Option<String>,
    pub settled_by: Option<String>,
    pub restarts: Option<Uuid>,
    pub plan_version: Option<u32>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CoolingStage)]
#[serde(rename_all = "camelCase")]
pub struct StageView {
    #[schema(value_type = RuleView)]
    pub to: Limit,
    pub within_minutes: u16,
    pub deadline: Option<String>,
    pub passed_at: Option<String>,
}

pub(in crate::safety) fn running_cooling(conn: &Connection) -> rusqlite::Result<Vec<Id>> {
    let sql = "SELECT id FROM safety_cooling WHERE settled=0 AND verdict IS NULL AND at_ms BETWEEN ?1 AND ?2";
    ids(conn, sql, EVER)
}

pub fn cooling_runs(conn: &Connection, span: (i64, i64), now_ms: i64) -> rusqlite::Result<Vec<CoolingView>> {
    let sql =
        "SELECT id FROM safety_cooling WHERE at_ms BETWEEN ?1 AND ?2 OR settled=0 ORDER BY at_ms DESC, id LIMIT 200";
    ids(conn, sql, span)?.into_iter().filter_map(|id| cooling(conn, id, now_ms).transpose()).collect()
}

pub fn cooling(conn: &Connection, id: Id, now_ms: i64) -> rusqlite::Result<Option<CoolingView>> {
    let Some(cooling) = cooling_state(conn, id)? else { return Ok(None) };
    // After its end a run is shown as it was then.
    let at_ms = cooling.ended.as_ref().map_or(now_ms, |ended| ended.what.at_ms.max(ended.at_ms));
    let samples = work::samples_of(conn, &cooling, at_ms)?;
    let course = cooling.course();
    let progress = judge(&course, &samples, at_ms);
    let started = &cooling.started.what;
    let stage = |(index, stage): (usize, &safety::Stage)| StageView {
        to: stage.to,
        within_minutes: stage.within_minutes,
        deadline: progress.start_ms.map(|start| time::text(start + i64::from(stage.within_minutes) * 60_000)),
        passed_at: progress.passed_ms.get(index).copied().map(time::text),
    };
    let warned = cooling.warned.iter().rfind(|warned| usize::from(warned.stage) == progress.passed_ms.len());
    let by = |entered: Option<Id>| entered.map(|by| name_of(conn, by)).transpose().map(Option::flatten);
    Ok(Some(CoolingView {
        id: id.0,
        product: started.product.clone(),
        lot: started.lot.clone(),
        quantity: started.quantity.clone(),
        rule: started.rule.clone(),
        probe_id: started.probe.map(|probe| probe.0),
        began_at: time::text(started.began_ms),
        started_by: name_of(conn, cooling.started.by)?,
        clock_from: progress.start_ms.map(time::text),
        stages: started.stages.iter().enumerate().map(stage).collect(),
        last_milli_c: progress.last.and_then(|sample| sample.value).map(|value| value.0),
        last_at: progress.last.map(|sample| time::text(sample.at_ms)),
        state: cooling.ended.as_ref().map_or_else(|| "running".to_owned(), |ended| word(&ended.what.verdict)),
        doubt: match &cooling.ended {
            Some(ended) => ended.what.doubt.map(|doubt| word(&doubt)),
            None => progress.doubt.map(|doubt| word(&doubt)),
        },
        warned_percent: warned.map(|warned| warned.percent),
        forecast_at: warned.and_then(|warned| warned.forecast_ms).map(time::text),
        outcome: cooling.settled.as_ref().map(|settled| word(&settled.what.outcome)),
        settled_by: by(cooling.settled.as_ref().map(|settled| settled.by))?,
        restarts: started.restarts.map(|run| run.0),
        plan_version: started.plan_version,
    }))
}
