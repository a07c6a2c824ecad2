//! Food safety as screens and answers see it: rows say which, the log says what.

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use serde_json::Value;
use trivet_domain::MilliCelsius;
use trivet_domain::haccp::Limit;
use trivet_domain::safety::cooling::judge;
use trivet_domain::safety::{
    self, Calibrated, Check, Clock, Cooling, Entered, Punctual, Record, Reviewed, State, Timer, severity,
};
use trivet_log::Id;
use trivet_replica::store::log;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{plans, work};
use crate::access::name_of;
use crate::time;

/// Of each list.
pub const MOST: usize = 200;

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PlanState)]
#[serde(rename_all = "camelCase")]
pub struct PlanView {
    pub in_force: Option<ApprovalView>,
    pub draft: Option<DraftView>,
    /// All approvals, the newest first, without their content.
    pub approvals: Vec<ApprovalView>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PlanApproval)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalView {
    pub id: Uuid,
    /// Every later fact names it.
    pub version: u32,
    pub from: String,
    pub approved_at: String,
    pub approved_by: Option<String>,
    pub note: Option<String>,
    /// Two boxes that were apart approved this number both; the later in the record is in force.
    pub conflict: bool,
    #[schema(value_type = Option<Object>)]
    pub plan: Option<Value>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PlanDraft)]
#[serde(rename_all = "camelCase")]
pub struct DraftView {
    /// To be named when it is approved.
    pub version: u64,
    /// It was changed on two boxes apart: save the one that counts.
    pub conflict: bool,
    #[schema(value_type = Object)]
    pub plan: Value,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = DueCheck)]
#[serde(rename_all = "camelCase")]
pub struct DueView {
    pub id: Uuid,
    pub check: String,
    pub name: String,
    pub kind: String,
    pub due_at: String,
    /// Until when it is on time.
    pub until: String,
    /// `upcoming`, `due`, `done`, `late` or `missed`.
    pub state: String,
    pub role: Option<String>,
    pub plan_version: u32,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SafetyCheck)]
#[serde(rename_all = "camelCase")]
pub struct CheckView {
    pub id: Uuid,
    pub check: String,
    pub name: String,
    pub kind: String,
    pub due_at: Option<String>,
    /// By the box's clock.
    pub entered_at: Option<String>,
    pub by: Option<String>,
    /// `on_time`, `late` or `missed`.
    pub punctual: String,
    pub passed: Option<bool>,
    pub values: Vec<CheckValueView>,
    pub answers: Vec<CheckAnswerView>,
    pub product: Option<String>,
    pub supplier: Option<String>,
    pub lot: Option<String>,
    pub accepted: Option<bool>,
    pub note: Option<String>,
    pub plan_version: Option<u32>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CheckValue)]
#[serde(rename_all = "camelCase")]
pub struct CheckValueView {
    pub rule: String,
    pub milli_c: i32,
    pub limit: LimitView,
    pub held_seconds: Option<u32>,
    pub needed_seconds: Option<u32>,
    pub took_minutes: Option<u32>,
    pub allowed_minutes: Option<u32>,
    pub within: bool,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CheckAnswer)]
#[serde(rename_all = "camelCase")]
pub struct CheckAnswerView {
    pub ask: String,
    pub yes: Option<bool>,
    pub text: Option<String>,
}

/// A limit in the unit that its rule states.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SafetyLimit)]
pub struct LimitView {
    /// `at_most`, `at_least`, `more_than` or `less_than`.
    pub bound: String,
    /// Thousandths of a degree of the scale.
    pub milli: i32,
    /// `C` or `F`.
    pub scale: String,
}

impl From<Limit> for LimitView {
    fn from(limit: Limit) -> LimitView {
        LimitView { bound: word(&limit.bound), milli: limit.milli, scale: word(&limit.scale) }
    }
}

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
    pub to: LimitView,
    pub within_minutes: u16,
    pub deadline: Option<String>,
    pub passed_at: Option<String>,
}

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

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Calibration)]
#[serde(rename_all = "camelCase")]
pub struct CalibrationView {
    pub id: Uuid,
    pub probe_id: Uuid,
    /// `ice`, `boil`, `bath` or `ice_and_boil`.
    pub method: String,
    pub reference: String,
    pub at: String,
    pub by: Option<String>,
    pub due_at: String,
    pub overdue: bool,
    pub points: Vec<PointView>,
    pub tolerance_milli: u16,
    pub found_good: bool,
    pub left_good: bool,
    /// Found too far off: what was read since then is in doubt, since ever if it is left out.
    pub in_doubt: Option<InDoubtView>,
    pub note: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CalibrationPoint)]
#[serde(rename_all = "camelCase")]
pub struct PointView {
    pub reference_milli_c: i32,
    pub read_milli_c: i32,
    /// The error before and after, in thousandths of a degree.
    pub found_milli: i32,
    pub left_milli: i32,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ReadingsInDoubt)]
pub struct InDoubtView {
    pub from: Option<String>,
    pub to: String,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CalibrationState)]
#[serde(rename_all = "camelCase")]
pub struct CalibrationStateView {
    pub probe_id: Uuid,
    pub probe_name: String,
    /// `never`, `valid`, `due` (within the plan's days of warning) or `overdue`.
    pub state: String,
    pub due_at: Option<String>,
    pub last: Option<CalibrationView>,
}

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

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SafetyReview)]
#[serde(rename_all = "camelCase")]
pub struct ReviewView {
    pub id: Uuid,
    pub from: String,
    pub to: String,
    /// What the name stands for.
    pub meaning: String,
    pub note: Option<String>,
    pub at: String,
    pub by: Option<String>,
}

/// The word by which an enumeration goes in JSON.
pub(super) fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn state(conn: &Connection, id: Id) -> rusqlite::Result<State> {
    Ok(safety::fold(&log::facts_of(conn, id)?))
}

macro_rules! states {
    ($($name:ident, $variant:ident => $type:ty;)+) => {$(
        pub(super) fn $name(conn: &Connection, id: Id) -> rusqlite::Result<Option<$type>> {
            Ok(match state(conn, id)? {
                State::$variant(found) => Some(found),
                _ => None,
            })
        }
    )+};
}

states! {
    check_state, Check => Check;
    cooling_state, Cooling => Cooling;
    timer_state, Timer => Timer;
    calibration_state, Calibration => Entered<Calibrated>;
    record_state, Record => Record;
    review_state, Review => Entered<Reviewed>;
}

fn ids(conn: &Connection, sql: &str, span: (i64, i64)) -> rusqlite::Result<Vec<Id>> {
    let mut statement = conn.prepare_cached(sql)?;
    statement.query_map(params![span.0, span.1], |row| row.get(0).map(Id::from_bytes))?.collect()
}

const EVER: (i64, i64) = (i64::MIN, i64::MAX);

pub(super) fn open_timers(conn: &Connection) -> rusqlite::Result<Vec<Id>> {
    ids(conn, "SELECT id FROM safety_timer WHERE ended_ms IS NULL AND at_ms BETWEEN ?1 AND ?2", EVER)
}

pub(super) fn running_cooling(conn: &Connection) -> rusqlite::Result<Vec<Id>> {
    let sql = "SELECT id FROM safety_cooling WHERE settled=0 AND verdict IS NULL AND at_ms BETWEEN ?1 AND ?2";
    ids(conn, sql, EVER)
}

pub fn plan(conn: &Connection, location: Id, now_ms: i64) -> rusqlite::Result<PlanView> {
    let approvals = plans::approvals(conn, location)?;
    let conflict = |version: u32| approvals.iter().filter(|approval| approval.version == version).count() > 1;
    let show = |approval: &safety::Approval, with_plan: bool| -> rusqlite::Result<ApprovalView> {
        Ok(ApprovalView {
            id: approval.id.0,
            version: approval.version,
            from: time::text(approval.from_ms),
            approved_at: time::text(approval.at_ms),
            approved_by: name_of(conn, approval.by)?,
            note: approval.note.clone(),
            conflict: conflict(approval.version),
            plan: with_plan.then(|| serde_json::from_str(&approval.content).unwrap_or_default()),
        })
    };
    let in_force = safety::in_force(&approvals, now_ms).map(|approval| show(approval, true)).transpose()?;
    let fields = log::fields(conn, safety::plan_document(location))?.filter(|(kind, _)| *kind == safety::DOCUMENT);
    let draft = fields.and_then(|(_, fields)| {
        Some(DraftView {
            version: fields.version(),
            conflict: !fields.conflicts().is_empty(),
            plan: serde_json::from_str(safety::draft(&fields)?).ok()?,
        })
    });
    let approvals = approvals.iter().rev().map(|approval| show(approval, false)).collect::<rusqlite::Result<_>>()?;
    Ok(PlanView { in_force, draft, approvals })
}

/// An approval with its content.
pub fn approval(conn: &Connection, location: Id, id: Id) -> rusqlite::Result<Option<ApprovalView>> {
    let known = plan(conn, location, i64::MAX)?.approvals.into_iter().find(|approval| approval.id == id.0);
    let content = plans::approvals(conn, location)?.into_iter().find(|approval| approval.id == id);
    Ok(known
        .zip(content)
        .map(|(known, content)| ApprovalView { plan: serde_json::from_str(&content.content).ok(), ..known }))
}

pub fn due(conn: &Connection, location: Id, span: (i64, i64), now_ms: i64) -> rusqlite::Result<Vec<DueView>> {
    let mut shown = Vec::new();
    for due in plans::due(conn, location, span.0, span.1)? {
        let until_ms = due.due_ms + i64::from(due.check.grace_minutes) * 60_000;
        let state = match check_state(conn, due.slot)? {
            Some(check) => match check.punctual() {
                Punctual::OnTime => "done",
                Punctual::Late => "late",
                Punctual::Missed => "missed",
            },
            None if now_ms > until_ms => "missed",
            None if now_ms >= due.due_ms - safety::EARLY_MS => "due",
            None => "upcoming",
        };
        shown.push(DueView {
            id: due.slot.0,
            check: due.check.id,
            name: due.check.name,
            kind: word(&due.check.kind),
            due_at: time::text(due.due_ms),
            until: time::text(until_ms),
            state: state.to_owned(),
            role: due.check.role.map(|role| role.name().to_owned()),
            plan_version: due.version,
        });
    }
    Ok(shown)
}

pub fn checks(conn: &Connection, span: (i64, i64)) -> rusqlite::Result<Vec<CheckView>> {
    let sql = "SELECT id FROM safety_check WHERE at_ms BETWEEN ?1 AND ?2 ORDER BY at_ms DESC, id LIMIT 200";
    ids(conn, sql, span)?.into_iter().filter_map(|id| check(conn, id).transpose()).collect()
}

pub fn check(conn: &Connection, id: Id) -> rusqlite::Result<Option<CheckView>> {
    let Some(check) = check_state(conn, id)? else { return Ok(None) };
    let punctual = match check.punctual() {
        Punctual::OnTime => "on_time",
        Punctual::Late => "late",
        Punctual::Missed => "missed",
    };
    let empty = CheckView {
        id: id.0,
        check: String::new(),
        name: String::new(),
        kind: String::new(),
        due_at: None,
        entered_at: None,
        by: None,
        punctual: punctual.to_owned(),
        passed: None,
        values: Vec::new(),
        answers: Vec::new(),
        product: None,
        supplier: None,
        lot: None,
        accepted: None,
        note: None,
        plan_version: None,
    };
    let Some(done) = check.done else {
        return Ok(check.missed.map(|missed| CheckView {
            check: missed.what.check,
            name: missed.what.name,
            kind: word(&missed.what.kind),
            due_at: Some(time::text(missed.what.due_ms)),
            plan_version: missed.what.plan_version,
            ..empty
        }));
    };
    let value = |value: safety::CheckValue| CheckValueView {
        rule: value.rule,
        milli_c: value.value.0,
        limit: value.limit.into(),
        held_seconds: value.held_seconds,
        needed_seconds: value.needed_seconds,
        took_minutes: value.took_minutes,
        allowed_minutes: value.allowed_minutes,
        within: value.within,
    };
    let answer = |answer: safety::CheckAnswer| CheckAnswerView { ask: answer.ask, yes: answer.yes, text: answer.text };
    let what = done.what;
    Ok(Some(CheckView {
        check: what.check,
        name: what.name,
        kind: word(&what.kind),
        due_at: what.due_ms.map(time::text),
        entered_at: Some(time::text(done.at_ms)),
        by: name_of(conn, done.by)?,
        passed: Some(what.passed),
        values: what.values.into_iter().map(value).collect(),
        answers: what.answers.into_iter().map(answer).collect(),
        product: what.product,
        supplier: what.supplier,
        lot: what.lot,
        accepted: what.accepted,
        note: what.note,
        plan_version: what.plan_version,
        ..empty
    }))
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
        to: stage.to.into(),
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

/// The newest first; of one probe or of all.
pub(super) fn calibrations_of(
    conn: &Connection,
    probe: Option<Id>,
    limit: usize,
) -> rusqlite::Result<Vec<(Id, Entered<Calibrated>)>> {
    let sql = "SELECT id FROM safety_calibration WHERE ?1 IS NULL OR probe=?1 ORDER BY at_ms DESC, id DESC LIMIT ?2";
    let mut statement = conn.prepare_cached(sql)?;
    let limit = i64::try_from(limit).unwrap_or(1);
    let found = statement
        .query_map(params![probe.as_ref().map(Id::as_bytes), limit], |row| row.get(0).map(Id::from_bytes))?
        .collect::<rusqlite::Result<Vec<Id>>>()?;
    found
        .into_iter()
        .filter_map(|id| calibration_state(conn, id).transpose().map(|found| found.map(|found| (id, found))))
        .collect()
}

pub fn calibrations(conn: &Connection, probe: Option<Id>, now_ms: i64) -> rusqlite::Result<Vec<CalibrationView>> {
    let found = calibrations_of(conn, probe, MOST)?;
    found.into_iter().map(|(id, calibration)| show_calibration(conn, id, calibration, now_ms)).collect()
}

pub fn calibration(conn: &Connection, id: Id, now_ms: i64) -> rusqlite::Result<Option<CalibrationView>> {
    let found = calibration_state(conn, id)?;
    found.map(|calibration| show_calibration(conn, id, calibration, now_ms)).transpose()
}

fn show_calibration(
    conn: &Connection,
    id: Id,
    calibration: Entered<Calibrated>,
    now_ms: i64,
) -> rusqlite::Result<CalibrationView> {
    let what = calibration.what;
    let good = "SELECT max(at_ms) FROM safety_calibration WHERE probe=?1 AND at_ms<?2";
    let before: Option<i64> =
        conn.prepare_cached(good)?.query_row(params![what.probe.as_bytes(), calibration.at_ms], |row| row.get(0))?;
    let in_doubt =
        (!what.found_good()).then(|| InDoubtView { from: before.map(time::text), to: time::text(calibration.at_ms) });
    let point = |point: &safety::Point| PointView {
        reference_milli_c: point.reference.0,
        read_milli_c: point.read.0,
        found_milli: point.found,
        left_milli: point.left,
    };
    Ok(CalibrationView {
        id: id.0,
        probe_id: what.probe.0,
        method: word(&what.method),
        points: what.points.iter().map(point).collect(),
        at: time::text(calibration.at_ms),
        by: name_of(conn, calibration.by)?,
        due_at: time::text(what.due_ms),
        overdue: now_ms > what.due_ms,
        tolerance_milli: what.tolerance_milli,
        found_good: what.found_good(),
        left_good: what.left_good(),
        in_doubt,
        reference: what.reference,
        note: what.note,
    })
}

/// Of every probe: what alerts and the list of probes go by.
pub fn calibration_states(
    conn: &Connection,
    warn_days: u16,
    now_ms: i64,
) -> rusqlite::Result<Vec<CalibrationStateView>> {
    let mut statement = conn.prepare_cached("SELECT id, name FROM haccp_probe ORDER BY name, id")?;
    let probes = statement.query_map([], |row| Ok((Id::from_bytes(row.get(0)?), row.get::<_, String>(1)?)))?;
    let mut states = Vec::new();
    for probe in probes {
        let (probe, probe_name) = probe?;
        let last = calibrations_of(conn, Some(probe), 1)?.into_iter().next();
        let due_ms = last.as_ref().map(|(_, calibration)| calibration.what.due_ms);
        let state = match &last {
            None => "never",
            Some((_, last)) if now_ms > last.what.due_ms || !last.what.left_good() => "overdue",
            Some((_, last)) if now_ms > last.what.due_ms - i64::from(warn_days) * 86_400_000 => "due",
            Some(_) => "valid",
        };
        states.push(CalibrationStateView {
            probe_id: probe.0,
            probe_name,
            state: state.to_owned(),
            due_at: due_ms.map(time::text),
            last: last.map(|(id, last)| show_calibration(conn, id, last, now_ms)).transpose()?,
        });
    }
    Ok(states)
}

/// A probe and, where its calibration is due or overdue, since when or by when.
#[derive(Clone, Debug)]
pub struct DueCalibration {
    pub probe: Id,
    pub name: String,
    pub due_ms: Option<i64>,
}

/// One that was never calibrated is in no list: nothing says when it would be due.
pub fn due_calibrations(conn: &Connection, warn_days: u16, now_ms: i64) -> rusqlite::Result<Vec<DueCalibration>> {
    let sql = "SELECT p.id, p.name, c.due_ms, c.left_good FROM haccp_probe p JOIN safety_calibration c ON c.id=(
          SELECT id FROM safety_calibration WHERE probe=p.id ORDER BY at_ms DESC, id DESC LIMIT 1)
        WHERE p.retired=0 ORDER BY p.id";
    let mut statement = conn.prepare_cached(sql)?;
    let warn_ms = i64::from(warn_days) * 86_400_000;
    let rows = statement.query_map([], |row| {
        let (due_ms, left_good): (i64, bool) = (row.get(2)?, row.get(3)?);
        let due = now_ms > due_ms - warn_ms || !left_good;
        Ok(DueCalibration { probe: row.get(0).map(Id::from_bytes)?, name: row.get(1)?, due_ms: due.then_some(due_ms) })
    })?;
    rows.collect()
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
        severity: severity::name(opened.severity).to_owned(),
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
        closed_at: record.closed.map(|(at_ms, _)| time::text(at_ms)),
        closed_by: by(record.closed.map(|(_, by)| by))?,
        verified_at: record.verified.as_ref().map(|verified| time::text(verified.at_ms)),
        verified_by: by(record.verified.as_ref().map(|verified| verified.by))?,
    }))
}

pub fn reviews(conn: &Connection) -> rusqlite::Result<Vec<ReviewView>> {
    let sql = "SELECT id FROM safety_review WHERE at_ms BETWEEN ?1 AND ?2 ORDER BY at_ms DESC, id LIMIT 200";
    ids(conn, sql, EVER)?.into_iter().filter_map(|id| review(conn, id).transpose()).collect()
}

pub fn review(conn: &Connection, id: Id) -> rusqlite::Result<Option<ReviewView>> {
    let Some(review) = review_state(conn, id)? else { return Ok(None) };
    Ok(Some(ReviewView {
        id: id.0,
        from: time::text(review.what.from_ms),
        to: time::text(review.what.to_ms),
        meaning: review.what.meaning,
        note: review.what.note,
        at: time::text(review.at_ms),
        by: name_of(conn, review.by)?,
    }))
}

/// Which of the tables a subject is in.
pub(super) fn sort_of(conn: &Connection, id: Id) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT 'plan' FROM safety_plan WHERE subject=?1 UNION ALL SELECT 'check' FROM safety_check WHERE id=?1
        UNION ALL SELECT 'cooling' FROM safety_cooling WHERE id=?1 UNION ALL SELECT 'timer' FROM safety_timer WHERE id=?1
        UNION ALL SELECT 'calibration' FROM safety_calibration WHERE id=?1
        UNION ALL SELECT 'record' FROM safety_record WHERE id=?1 LIMIT 1";
    conn.prepare_cached(sql)?.query_row([id.as_bytes()], |row| row.get(0)).optional()
}
