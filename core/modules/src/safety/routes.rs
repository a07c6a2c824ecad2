//! `/api/v1/haccp/…` of the plan, checks, cooling runs, timers, calibrations, records and reviews.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trivet_domain::safety::{
    self, Answered, CheckAnswer, Choice, Command, Compared, CoolingOutcome, CoolingSettled, CoolingStarted,
    CorrectiveActionTaken, Disposition, Measured, Method, RecordKind, RecordOpened, Reviewed, TimerEnd, TimerEnded,
    severity,
};
use trivet_domain::{Command as AnyCommand, MilliCelsius, Permission, haccp};
use trivet_log::Id;
use trivet_replica::http::Parsed;
use trivet_replica::{App, Caller, Key, Problem, Receipt};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::compliance::{ComplianceView, compliance};
use super::view::{
    self, ApprovalView, CalibrationStateView, CalibrationView, CheckView, CoolingView, DueView, PlanView, RecordFilter,
    RecordView, ReviewView, TimerView,
};
use super::{PrintLabel, plans, work};
use crate::papers::Label;
use crate::time;

const DAY: i64 = 24 * 3_600_000;
/// A period that is asked for.
const LONGEST: i64 = 400 * DAY;
/// A score reads each minute of each probe.
const LONGEST_SCORE: i64 = 32 * DAY;
/// A list of due times.
const LONGEST_DUE: i64 = 32 * DAY;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(plan))
        .routes(routes!(plan_presets))
        .routes(routes!(approval))
        .routes(routes!(change_draft))
        .routes(routes!(approve))
        .routes(routes!(checks, do_check))
        .routes(routes!(cooling_runs, start_cooling))
        .routes(routes!(cooling_run))
        .routes(routes!(measure_cooling))
        .routes(routes!(settle_cooling))
        .routes(routes!(timers, start_timer))
        .routes(routes!(measure_timer))
        .routes(routes!(end_timer))
        .routes(routes!(calibrations, calibrate))
        .routes(routes!(calibrations_due))
        .routes(routes!(records, open_record))
        .routes(routes!(record))
        .routes(routes!(take_action))
        .routes(routes!(close_record))
        .routes(routes!(verify_record))
        .routes(routes!(reviews, review))
        .routes(routes!(score))
}

async fn submit(app: &App, caller: Caller, key: Id, command: Command) -> Result<Receipt, Problem> {
    Ok(app.submit(caller.actor(), key, AnyCommand::Safety(command)).await?)
}

fn invalid(field: &str, why: &str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, why).field(field, why)
}

fn moment(field: &str, text: Option<&str>) -> Result<Option<i64>, Problem> {
    text.map(|text| time::parse(text).ok_or_else(|| invalid(field, "a time as RFC 3339"))).transpose()
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Span {
    /// RFC 3339; seven days before `to` if left out.
    from: Option<String>,
    /// Now, if left out.
    to: Option<String>,
}

impl Span {
    fn read(&self, now_ms: i64, longest: i64) -> Result<(i64, i64), Problem> {
        let to = moment("to", self.to.as_deref())?.unwrap_or(now_ms + 1);
        let from = moment("from", self.from.as_deref())?.unwrap_or(to - 7 * DAY);
        if to <= from || to - from > longest {
            return Err(invalid("from", &format!("before `to`, by at most {} days", longest / DAY)));
        }
        Ok((from, to))
    }
}

// ---- the plan

#[derive(Serialize, ToSchema)]
struct PresetList {
    presets: Vec<PresetView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PlanPreset)]
struct PresetView {
    id: String,
    #[schema(value_type = Object)]
    plan: Value,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DraftChange {
    /// The whole plan.
    #[schema(value_type = Object)]
    plan: Value,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Approve {
    /// Of the draft that was read.
    draft_version: u64,
    /// RFC 3339; at once, if left out.
    from: Option<String>,
    #[schema(max_length = 500)]
    note: Option<String>,
}

/// The HACCP plan in force, its draft and its approvals.
#[utoipa::path(get, path = "/api/v1/haccp/plan", tag = "safety", responses((status = 200, body = PlanView)))]
async fn plan(State(app): State<App>) -> Result<Json<PlanView>, Problem> {
    let location = app.identity.certificate.location;
    Ok(Json(app.read(move |view| view::plan(view.conn, location, view.now_ms)).await?))
}

/// Plans to begin with. Limits whose `confirmed` is false were not compared with the rule's text.
#[utoipa::path(get, path = "/api/v1/haccp/plan/presets", tag = "safety", responses((status = 200, body = PresetList)))]
async fn plan_presets() -> Json<PresetList> {
    let show = |preset: safety::Preset| PresetView {
        id: preset.id.to_owned(),
        plan: serde_json::to_value(&preset.plan).unwrap_or_default(),
    };
    Json(PresetList { presets: safety::presets().into_iter().map(show).collect() })
}

/// An approved plan, as it was approved.
#[utoipa::path(get, path = "/api/v1/haccp/plan/approvals/{id}", tag = "safety", params(("id" = Uuid, Path)),
    responses((status = 200, body = ApprovalView), (status = 404, body = Problem)))]
async fn approval(State(app): State<App>, Path(id): Path<Uuid>) -> Result<Json<ApprovalView>, Problem> {
    let location = app.identity.certificate.location;
    let shown = app.read(move |view| view::approval(view.conn, location, Id(id))).await?;
    shown.map(Json).ok_or_else(|| Problem::not_found("approval"))
}

/// Changes the draft. A refusal names the place: `controlPoints[2].limits[0].limit`.
#[utoipa::path(put, path = "/api/v1/haccp/plan/draft", tag = "safety", request_body = DraftChange,
    responses((status = 200, body = PlanView), (status = 422, body = Problem)))]
async fn change_draft(
    State(app): State<App>,
    caller: Caller,
    Key(key): Key,
    Parsed(body): Parsed<DraftChange>,
) -> Result<Json<PlanView>, Problem> {
    let location = app.identity.certificate.location;
    submit(&app, caller, key, Command::ChangePlan { location, plan: body.plan.to_string() }).await?;
    plan(State(app)).await
}

/// Approves the draft: from then on it is in force and never changes.
#[utoipa::path(post, path = "/api/v1/haccp/plan/approve", tag = "safety", request_body = Approve,
    responses((status = 200, body = PlanView), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn approve(
    State(app): State<App>,
    caller: Caller,
    Key(key): Key,
    Parsed(body): Parsed<Approve>,
) -> Result<Json<PlanView>, Problem> {
    let location = app.identity.certificate.location;
    let from_ms = moment("from", body.from.as_deref())?;
    let command = Command::ApprovePlan { location, draft_version: body.draft_version, from_ms, note: body.note };
    submit(&app, caller, key, command).await?;
    plan(State(app)).await
}

/// The plan in force, or a refusal that says what is missing.
async fn standing(app: &App) -> Result<(u32, safety::Plan), Problem> {
    let location = app.identity.certificate.location;
    let found = app.read(move |view| plans::in_force(view.conn, location, view.now_ms)).await?;
    let none = || Problem::new(StatusCode::CONFLICT, "no HACCP plan is in force: approve one first");
    found.map(|(approval, plan)| (approval.version, plan)).ok_or_else(none)
}

// ---- checks

#[derive(Serialize, ToSchema)]
struct CheckList {
    due: Vec<DueView>,
    /// What was answered or missed in the period, the newest first; at most 200.
    done: Vec<CheckView>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewCheck {
    /// The check's id in the plan.
    check: String,
    /// Which due time is answered; left out for a check on an event.
    due_at: Option<String>,
    #[serde(default)]
    values: Vec<NewValue>,
    #[serde(default)]
    answers: Vec<NewAnswer>,
    product: Option<String>,
    supplier: Option<String>,
    lot: Option<String>,
    /// Of a delivery.
    accepted: Option<bool>,
    note: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewValue {
    /// The id of a limit of the check's control point.
    rule: String,
    milli_c: i32,
    held_seconds: Option<u32>,
    took_minutes: Option<u32>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAnswer {
    ask: String,
    yes: Option<bool>,
    text: Option<String>,
}

/// What is due and what was done in a period; today and the day before, if it is left out.
#[utoipa::path(get, path = "/api/v1/haccp/checks", tag = "safety", params(Span),
    responses((status = 200, body = CheckList), (status = 422, body = Problem)))]
async fn checks(State(app): State<App>, Query(span): Query<Span>) -> Result<Json<CheckList>, Problem> {
    let now = app.wall.now_ms();
    let span = match (&span.from, &span.to) {
        (None, None) => (now - DAY, now + DAY),
        _ => span.read(now, LONGEST_DUE)?,
    };
    let location = app.identity.certificate.location;
    let read = move |view: &trivet_replica::View<'_>| {
        let due = view::due(view.conn, location, span, view.now_ms)?;
        Ok(CheckList { due, done: view::checks(view.conn, span)? })
    };
    Ok(Json(app.read(read).await?))
}

/// Answers a check. It counts from the moment of this request: one that comes late is marked late.
#[utoipa::path(post, path = "/api/v1/haccp/checks", tag = "safety", request_body = NewCheck,
    responses((status = 201, body = CheckView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn do_check(
    State(app): State<App>,
    caller: Caller,
    Key(key): Key,
    Parsed(body): Parsed<NewCheck>,
) -> Result<(StatusCode, Json<CheckView>), Problem> {
    let due_ms = moment("dueAt", body.due_at.as_deref())?;
    let (version, plan, slot) = match due_ms {
        None => standing(&app).await.map(|(version, plan)| (version, plan, key))?,
        Some(due_ms) => of_slot(&app, &body.check, due_ms).await?,
    };
    let planned = plan.check(&body.check).ok_or_else(|| invalid("check", "the plan in force has no such check"))?;
    if due_ms.is_none() && matches!(planned.schedule, safety::Schedule::Times { .. }) {
        return Err(invalid("dueAt", "this check has times of day: say which one is answered"));
    }
    let value = |value: NewValue| Measured {
        rule: value.rule,
        value: MilliCelsius(value.milli_c),
        held_seconds: value.held_seconds,
        took_minutes: value.took_minutes,
    };
    let answer = |answer: NewAnswer| CheckAnswer { ask: answer.ask, yes: answer.yes, text: answer.text };
    let answered = Answered {
        values: body.values.into_iter().map(value).collect(),
        answers: body.answers.into_iter().map(answer).collect(),
        product: body.product,
        supplier: body.supplier,
        lot: body.lot,
        accepted: body.accepted,
        note: body.note,
    };
    let command = Command::DoCheck {
        slot,
        rules: plan.limits_of(planned).to_vec(),
        planned: Box::new(planned.clone()),
        due_ms,
        plan_version: Some(version),
        answered: Box::new(answered),
    };
    submit(&app, caller, key, command).await?;
    let shown = app.read(move |view| view::check(view.conn, slot)).await?;
    shown.map(|check| (StatusCode::CREATED, Json(check))).ok_or_else(|| Problem::not_found("check"))
}

/// The plan that asked for a check at a due time, and the id of that time.
async fn of_slot(app: &App, check: &str, due_ms: i64) -> Result<(u32, safety::Plan, Id), Problem> {
    let location = app.identity.certificate.location;
    let check = check.to_owned();
    let found = app
        .read(move |view| {
            let due = plans::due(view.conn, location, due_ms, due_ms + 1)?;
            let due = due.into_iter().find(|due| due.check.id == check);
            let plan = plans::in_force(view.conn, location, due_ms)?;
            Ok(due.zip(plan).map(|(due, (_, plan))| (due.version, plan, due.slot)))
        })
        .await?;
    found.ok_or_else(|| Problem::not_found("check with this due time"))
}

// ---- cooling

#[derive(Serialize, ToSchema)]
struct CoolingList {
    runs: Vec<CoolingView>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewCooling {
    product: String,
    /// The id of a cooling rule of the plan.
    rule: String,
    /// Which probe is in the food; measured by hand if left out.
    probe_id: Option<Uuid>,
    /// When it left the heat or was made; now, if left out.
    began_at: Option<String>,
    lot: Option<String>,
    quantity: Option<String>,
    /// The run before the food was heated again.
    restarts: Option<Uuid>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewMeasurement {
    milli_c: i32,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SettleCooling {
    #[schema(value_type = String, example = "kept")]
    outcome: CoolingOutcome,
    /// What it was reheated to.
    milli_c: Option<i32>,
    quantity: Option<String>,
    note: Option<String>,
}

/// Cooling runs of a period and those that are not settled, the newest first.
#[utoipa::path(get, path = "/api/v1/haccp/cooling", tag = "safety", params(Span),
    responses((status = 200, body = CoolingList), (status = 422, body = Problem)))]
async fn cooling_runs(State(app): State<App>, Query(span): Query<Span>) -> Result<Json<CoolingList>, Problem> {
    let span = span.read(app.wall.now_ms(), LONGEST)?;
    let runs = app.read(move |view| view::cooling_runs(view.conn, span, view.now_ms)).await?;
    Ok(Json(CoolingList { runs }))
}

/// A cooling run.
#[utoipa::path(get, path = "/api/v1/haccp/cooling/{id}", tag = "safety", params(("id" = Uuid, Path)),
    responses((status = 200, body = CoolingView), (status = 404, body = Problem)))]
async fn cooling_run(State(app): State<App>, Path(id): Path<Uuid>) -> Result<Json<CoolingView>, Problem> {
    let shown = app.read(move |view| view::cooling(view.conn, Id(id), view.now_ms)).await?;
    shown.map(Json).ok_or_else(|| Problem::not_found("cooling run"))
}

/// Starts a cooling run by a rule of the plan in force.
#[utoipa::path(post, path = "/api/v1/haccp/cooling", tag = "safety", request_body = NewCooling,
    responses((status = 201, body = CoolingView), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn start_cooling(
    State(app): State<App>,
    caller: Caller,
    Key(key): Key,
    Parsed(body): Parsed<NewCooling>,
) -> Result<(StatusCode, Json<CoolingView>), Problem> {
    let (version, plan) = standing(&app).await?;
    let rule = plan.cooling.iter().find(|rule| rule.id == body.rule);
    let rule = rule.ok_or_else(|| invalid("rule", "the plan in force has no such cooling rule"))?;
    let probe = known_probe(&app, body.probe_id).await?;
    let began_ms = moment("beganAt", body.began_at.as_deref())?.unwrap_or(app.wall.now_ms());
    let started = CoolingStarted {
        product: body.product,
        rule: rule.id.clone(),
        stages: rule.stages.clone(),
        max_gap_minutes: rule.max_gap_minutes,
        began_ms,
        from: rule.from,
        probe,
        plan_version: Some(version),
        lot: body.lot,
        quantity: body.quantity,
        restarts: body.restarts.map(Id),
    };
    submit(&app, caller, key, Command::StartCooling { run: key, started }).await?;
    Ok((StatusCode::CREATED, cooling_run(State(app), Path(key.0)).await?))
}

async fn known_probe(app: &App, probe: Option<Uuid>) -> Result<Option<Id>, Problem> {
    let Some(probe) = probe else { return Ok(None) };
    let known = app.read(move |view| crate::haccp::view::probe(view, Id(probe))).await?;
    known.map(|probe| Some(Id(probe.id))).ok_or_else(|| invalid("probeId", "there is no such probe"))
}

/// A temperature of the food, measured by hand now.
#[utoipa::path(post, path = "/api/v1/haccp/cooling/{id}/measurements", tag = "safety", params(("id" = Uuid, Path)),
    request_body = NewMeasurement,
    responses((status = 200, body = CoolingView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn measure_cooling(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Key(key): Key,
    Parsed(body): Parsed<NewMeasurement>,
) -> Result<Json<CoolingView>, Problem> {
    submit(&app, caller, key, Command::MeasureCooling { run: Id(id), value: MilliCelsius(body.milli_c) }).await?;
    cooling_run(State(app), Path(id)).await
}

/// What became of the food: kept after a pass, reheated to begin anew, or discarded.
#[utoipa::path(post, path = "/api/v1/haccp/cooling/{id}/settle", tag = "safety", params(("id" = Uuid, Path)),
    request_body = SettleCooling,
    responses((status = 200, body = CoolingView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn settle_cooling(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Key(key): Key,
    Parsed(body): Parsed<SettleCooling>,
) -> Result<Json<CoolingView>, Problem> {
    let settled = CoolingSettled {
        outcome: body.outcome,
        product_temperature: body.milli_c.map(MilliCelsius),
        quantity: body.quantity,
        note: body.note,
    };
    submit(&app, caller, key, Command::SettleCooling { run: Id(id), settled }).await?;
    cooling_run(State(app), Path(id)).await
}

// ---- timers

#[derive(Serialize, ToSchema)]
struct TimerList {
    timers: Vec<TimerView>,
}

#[derive(Serialize, ToSchema)]
struct StartedTimer {
    timer: TimerView,
    /// A label was given to the printer.
    printed: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewTimer {
    product: String,
    /// The id of a timer rule of the plan.
    rule: String,
    /// Of the food now.
    milli_c: i32,
    /// A probe that watches the food, where the rule has a temperature that it never exceeds.
    probe_id: Option<Uuid>,
    lot: Option<String>,
    quantity: Option<String>,
    #[serde(default)]
    print: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EndTimer {
    #[schema(value_type = String, example = "discarded")]
    how: TimerEnd,
    quantity: Option<String>,
    note: Option<String>,
}

/// Food under time control: of a period and all that is not served or discarded, the newest first.
#[utoipa::path(get, path = "/api/v1/haccp/timers", tag = "safety", params(Span),
    responses((status = 200, body = TimerList), (status = 422, body = Problem)))]
async fn timers(State(app): State<App>, Query(span): Query<Span>) -> Result<Json<TimerList>, Problem> {
    let span = span.read(app.wall.now_ms(), LONGEST)?;
    let timers = app.read(move |view| view::timers(view.conn, span, &work::clock(view.now_ms))).await?;
    Ok(Json(TimerList { timers }))
}

async fn shown_timer(app: &App, id: Id) -> Result<TimerView, Problem> {
    let shown = app.read(move |view| view::timer(view.conn, id, &work::clock(view.now_ms))).await?;
    shown.ok_or_else(|| Problem::not_found("timer"))
}

/// Takes food out of temperature control. There is no pause, no extension and no way back.
#[utoipa::path(post, path = "/api/v1/haccp/timers", tag = "safety", request_body = NewTimer,
    responses((status = 201, body = StartedTimer), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn start_timer(
    State(app): State<App>,
    caller: Caller,
    Key(key): Key,
    Parsed(body): Parsed<NewTimer>,
) -> Result<(StatusCode, Json<StartedTimer>), Problem> {
    let (version, plan) = standing(&app).await?;
    let rule = plan.timers.iter().find(|rule| rule.id == body.rule);
    let rule = rule.ok_or_else(|| invalid("rule", "the plan in force has no such timer"))?;
    let command = Command::StartTimer {
        timer: key,
        rule: Box::new(rule.clone()),
        product: body.product,
        value: MilliCelsius(body.milli_c),
        probe: known_probe(&app, body.probe_id).await?,
        lot: body.lot,
        quantity: body.quantity,
        plan_version: Some(version),
        clock: work::clock(app.wall.now_ms()),
    };
    submit(&app, caller, key, command).await?;
    let timer = shown_timer(&app, key).await?;
    let printer = app.more.get::<PrintLabel>().cloned();
    let printed = match printer.filter(|_| body.print && caller.may(Permission::PrintingReprint)) {
        Some(PrintLabel(print)) => print(app.clone(), key.derive("label", 0), label(&app, key).await?).await.is_ok(),
        None => false,
    };
    Ok((StatusCode::CREATED, Json(StartedTimer { timer, printed })))
}

async fn label(app: &App, id: Id) -> Result<Label, Problem> {
    let made = app.read(move |view| {
        let Some(timer) = view::timer_state(view.conn, id)? else { return Ok(None) };
        let started = timer.started.what;
        Ok(Some(Label {
            use_by_ms: Some(started.deadline_ms()),
            item: started.product,
            quantity: started.quantity.unwrap_or_default(),
            batch: started.lot.unwrap_or_default(),
            temperature: Some(started.value),
            made_at_ms: started.started_ms,
            who: crate::access::name_of(view.conn, timer.started.by)?.unwrap_or_default(),
            note: String::new(),
        }))
    });
    made.await?.ok_or_else(|| Problem::not_found("timer"))
}

/// A temperature of the food, measured by hand now. One beyond what its rule allows ends its time at once.
#[utoipa::path(post, path = "/api/v1/haccp/timers/{id}/measurements", tag = "safety", params(("id" = Uuid, Path)),
    request_body = NewMeasurement,
    responses((status = 200, body = TimerView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn measure_timer(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Key(key): Key,
    Parsed(body): Parsed<NewMeasurement>,
) -> Result<Json<TimerView>, Problem> {
    submit(&app, caller, key, Command::MeasureTimer { timer: Id(id), value: MilliCelsius(body.milli_c) }).await?;
    shown_timer(&app, Id(id)).await.map(Json)
}

/// Served, or discarded with the quantity. After its time food can only be discarded.
#[utoipa::path(post, path = "/api/v1/haccp/timers/{id}/end", tag = "safety", params(("id" = Uuid, Path)),
    request_body = EndTimer,
    responses((status = 200, body = TimerView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn end_timer(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Key(key): Key,
    Parsed(body): Parsed<EndTimer>,
) -> Result<Json<TimerView>, Problem> {
    let ended = TimerEnded { how: body.how, quantity: body.quantity, note: body.note };
    let clock = work::clock(app.wall.now_ms());
    submit(&app, caller, key, Command::EndTimer { timer: Id(id), ended, clock }).await?;
    shown_timer(&app, Id(id)).await.map(Json)
}

// ---- calibrations

#[derive(Serialize, ToSchema)]
struct CalibrationList {
    calibrations: Vec<CalibrationView>,
}

#[derive(Serialize, ToSchema)]
struct CalibrationsDue {
    probes: Vec<CalibrationStateView>,
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct CalibrationQuery {
    probe_id: Option<Uuid>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewCalibration {
    probe_id: Uuid,
    /// `ice`, `boil`, `bath` or `ice_and_boil`.
    #[schema(value_type = String, example = "ice")]
    method: Method,
    /// What it was compared with: an ice bath, the number of a reference thermometer.
    reference: String,
    points: Vec<NewPoint>,
    /// For the boiling point; the plan's, if left out.
    altitude_metres: Option<u16>,
    /// RFC 3339; by the plan's days, if left out.
    due_at: Option<String>,
    note: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewPoint {
    /// What the reference showed; given by the method for ice and boiling water.
    reference_milli_c: Option<i32>,
    /// What the probe gives without any correction.
    read_milli_c: i32,
    /// What was shown after this calibration, if somebody looked.
    left_milli_c: Option<i32>,
}

/// Calibrations, the newest first; at most 200.
#[utoipa::path(get, path = "/api/v1/haccp/calibrations", tag = "safety", params(CalibrationQuery),
    responses((status = 200, body = CalibrationList)))]
async fn calibrations(
    State(app): State<App>,
    Query(query): Query<CalibrationQuery>,
) -> Result<Json<CalibrationList>, Problem> {
    let probe = query.probe_id.map(Id);
    let calibrations = app.read(move |view| view::calibrations(view.conn, probe, view.now_ms)).await?;
    Ok(Json(CalibrationList { calibrations }))
}

/// Of every probe: whether its calibration is valid, due or overdue.
#[utoipa::path(get, path = "/api/v1/haccp/calibrations/due", tag = "safety",
    responses((status = 200, body = CalibrationsDue)))]
async fn calibrations_due(State(app): State<App>) -> Result<Json<CalibrationsDue>, Problem> {
    let location = app.identity.certificate.location;
    let read = move |view: &trivet_replica::View<'_>| {
        let plan = plans::in_force(view.conn, location, view.now_ms)?;
        let warn_days = plan.map_or_else(safety::CalibrationPlan::default, |(_, plan)| plan.calibration).warn_days;
        view::calibration_states(view.conn, warn_days, view.now_ms)
    };
    Ok(Json(CalibrationsDue { probes: app.read(read).await? }))
}

/// Records a calibration: from now on the probe's readings are corrected by it.
#[utoipa::path(post, path = "/api/v1/haccp/calibrations", tag = "safety", request_body = NewCalibration,
    responses((status = 201, body = CalibrationView), (status = 422, body = Problem)))]
async fn calibrate(
    State(app): State<App>,
    caller: Caller,
    Key(key): Key,
    Parsed(body): Parsed<NewCalibration>,
) -> Result<(StatusCode, Json<CalibrationView>), Problem> {
    let location = app.identity.certificate.location;
    let probe = known_probe(&app, Some(body.probe_id)).await?.unwrap_or_default();
    let (before, plan) = app
        .read(move |view| {
            let plan = plans::in_force(view.conn, location, view.now_ms)?;
            Ok((work::correction(view.conn, probe)?, plan))
        })
        .await?;
    let plan_version = plan.as_ref().map(|(approval, _)| approval.version);
    let planned = plan.map(|(_, plan)| plan.calibration).unwrap_or_default();
    let now = app.wall.now_ms();
    let due_ms = moment("dueAt", body.due_at.as_deref())?.unwrap_or(now + i64::from(planned.every_days) * DAY);
    if due_ms <= now || due_ms > now + 1_000 * DAY {
        return Err(invalid("dueAt", "after now, within 1,000 days"));
    }
    let compared = |point: NewPoint| Compared {
        reference: point.reference_milli_c.map(MilliCelsius),
        read: MilliCelsius(point.read_milli_c),
        left: point.left_milli_c.map(MilliCelsius),
    };
    let command = Command::Calibrate {
        calibration: key,
        probe,
        method: body.method,
        points: body.points.into_iter().map(compared).collect(),
        reference: body.reference,
        altitude_metres: body.altitude_metres.unwrap_or(planned.altitude_metres),
        tolerance_milli: planned.tolerance_milli,
        due_ms,
        plan_version,
        note: body.note,
        before,
    };
    submit(&app, caller, key, command).await?;
    let shown = app.read(move |view| view::calibration(view.conn, key, view.now_ms)).await?;
    shown.map(|shown| (StatusCode::CREATED, Json(shown))).ok_or_else(|| Problem::not_found("calibration"))
}

// ---- records

#[derive(Serialize, ToSchema)]
struct RecordList {
    records: Vec<RecordView>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RecordQuery {
    /// Only those that are not closed.
    #[serde(default)]
    open: bool,
    /// RFC 3339.
    from: Option<String>,
    to: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewRecord {
    summary: String,
    /// `warn`, `high` or `critical`.
    #[schema(value_type = String, example = "high")]
    severity: haccp::Severity,
    /// What it is about, if it is in the record.
    about: Option<Uuid>,
    control_point: Option<String>,
    probe_id: Option<Uuid>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewAction {
    /// A corrective action's id in the plan, or `other`.
    choice: String,
    /// What was done; the plan's words, if left out.
    text: Option<String>,
    product_milli_c: Option<i32>,
    /// `keep`, `rework`, `discard` or `no_food`.
    #[schema(value_type = Option<String>)]
    disposition: Option<Disposition>,
    quantity: Option<String>,
    cause: Option<String>,
    note: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Verify {
    note: Option<String>,
}

/// Compliance records, the newest first; at most 200.
#[utoipa::path(get, path = "/api/v1/haccp/records", tag = "safety", params(RecordQuery),
    responses((status = 200, body = RecordList), (status = 422, body = Problem)))]
async fn records(State(app): State<App>, Query(query): Query<RecordQuery>) -> Result<Json<RecordList>, Problem> {
    let from = moment("from", query.from.as_deref())?.unwrap_or(i64::MIN);
    let to = moment("to", query.to.as_deref())?.unwrap_or(i64::MAX);
    let filter = RecordFilter { open_only: query.open, span: (from, to) };
    let records = app.read(move |view| view::records(view.conn, filter, view.now_ms)).await?;
    Ok(Json(RecordList { records }))
}

/// A compliance record with what was done.
#[utoipa::path(get, path = "/api/v1/haccp/records/{id}", tag = "safety", params(("id" = Uuid, Path)),
    responses((status = 200, body = RecordView), (status = 404, body = Problem)))]
async fn record(State(app): State<App>, Path(id): Path<Uuid>) -> Result<Json<RecordView>, Problem> {
    let shown = app.read(move |view| view::record(view.conn, Id(id), view.now_ms)).await?;
    shown.map(Json).ok_or_else(|| Problem::not_found("record"))
}

/// Opens a record by hand; the box opens those that follow from readings and checks itself.
#[utoipa::path(post, path = "/api/v1/haccp/records", tag = "safety", request_body = NewRecord,
    responses((status = 201, body = RecordView), (status = 422, body = Problem)))]
async fn open_record(
    State(app): State<App>,
    caller: Caller,
    Key(key): Key,
    Parsed(body): Parsed<NewRecord>,
) -> Result<(StatusCode, Json<RecordView>), Problem> {
    let plan = standing(&app).await.ok();
    if let (Some(point), Some((_, plan))) = (&body.control_point, &plan)
        && plan.control_point(point).is_none()
    {
        return Err(invalid("controlPoint", "the plan in force has no such control point"));
    }
    let opened = RecordOpened {
        kind: RecordKind::Other,
        severity: body.severity,
        due_ms: severity::due_ms(body.severity, app.wall.now_ms()),
        summary: body.summary,
        about: body.about.map(Id),
        control_point: body.control_point,
        plan_version: plan.map(|(version, _)| version),
        probe: known_probe(&app, body.probe_id).await?,
    };
    submit(&app, caller, key, Command::OpenRecord { record: key, opened }).await?;
    Ok((StatusCode::CREATED, record(State(app), Path(key.0)).await?))
}

/// Says what was done. What must be said (the food's temperature, what became of it…) is the plan's.
#[utoipa::path(post, path = "/api/v1/haccp/records/{id}/actions", tag = "safety", params(("id" = Uuid, Path)),
    request_body = NewAction,
    responses((status = 200, body = RecordView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn take_action(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Key(key): Key,
    Parsed(body): Parsed<NewAction>,
) -> Result<Json<RecordView>, Problem> {
    let known = app.read(move |view| view::record(view.conn, Id(id), view.now_ms)).await?;
    let known = known.ok_or_else(|| Problem::not_found("record"))?;
    let choice = choice(&app, &known, &body.choice).await?;
    let action = CorrectiveActionTaken {
        choice: choice.id.clone(),
        text: body.text.unwrap_or_else(|| choice.text.clone()),
        product_temperature: body.product_milli_c.map(MilliCelsius),
        disposition: body.disposition,
        quantity: body.quantity,
        cause: body.cause,
        note: body.note,
    };
    submit(&app, caller, key, Command::TakeAction { record: Id(id), choice, action }).await?;
    record(State(app), Path(id)).await
}

/// A choice of the record's control point; of any, where the record names none. `other` asks for a cause and for what
/// became of the food.
async fn choice(app: &App, record: &RecordView, wanted: &str) -> Result<Choice, Problem> {
    if wanted == "other" {
        let requires = vec![safety::Need::Disposition, safety::Need::Cause];
        return Ok(Choice { id: wanted.to_owned(), text: String::new(), requires });
    }
    let (_, plan) = standing(app).await?;
    let points = plan.control_points.iter();
    let points = points.filter(|point| record.control_point.as_ref().is_none_or(|named| point.id == *named));
    let mut choices = points.flat_map(|point| &point.corrective);
    let found = choices.find(|choice| choice.id == wanted).cloned();
    found.ok_or_else(|| invalid("choice", "a corrective action of the control point, or `other`"))
}

/// Closes a record; refused without a corrective action.
#[utoipa::path(post, path = "/api/v1/haccp/records/{id}/close", tag = "safety", params(("id" = Uuid, Path)),
    responses((status = 200, body = RecordView), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn close_record(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Key(key): Key,
) -> Result<Json<RecordView>, Problem> {
    submit(&app, caller, key, Command::CloseRecord { record: Id(id) }).await?;
    record(State(app), Path(id)).await
}

/// A manager verifies a closed record.
#[utoipa::path(post, path = "/api/v1/haccp/records/{id}/verify", tag = "safety", params(("id" = Uuid, Path)),
    request_body = Verify,
    responses((status = 200, body = RecordView), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn verify_record(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Key(key): Key,
    Parsed(body): Parsed<Verify>,
) -> Result<Json<RecordView>, Problem> {
    submit(&app, caller, key, Command::VerifyRecord { record: Id(id), note: body.note }).await?;
    record(State(app), Path(id)).await
}

// ---- reviews and the score

#[derive(Serialize, ToSchema)]
struct ReviewList {
    reviews: Vec<ReviewView>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewReview {
    /// RFC 3339.
    from: String,
    to: String,
    /// What the name stands for: "reviewed and found complete".
    meaning: String,
    note: Option<String>,
}

/// Reviews of the records, the newest first; at most 200.
#[utoipa::path(get, path = "/api/v1/haccp/reviews", tag = "safety", responses((status = 200, body = ReviewList)))]
async fn reviews(State(app): State<App>) -> Result<Json<ReviewList>, Problem> {
    Ok(Json(ReviewList { reviews: app.read(|view| view::reviews(view.conn)).await? }))
}

/// A manager reviews the records of a period and says what their name stands for.
#[utoipa::path(post, path = "/api/v1/haccp/reviews", tag = "safety", request_body = NewReview,
    responses((status = 201, body = ReviewView), (status = 422, body = Problem)))]
async fn review(
    State(app): State<App>,
    caller: Caller,
    Key(key): Key,
    Parsed(body): Parsed<NewReview>,
) -> Result<(StatusCode, Json<ReviewView>), Problem> {
    let at = |field: &str, text: &str| moment(field, Some(text)).map(Option::unwrap_or_default);
    let (from_ms, to_ms) = (at("from", &body.from)?, at("to", &body.to)?);
    let reviewed = Reviewed { from_ms, to_ms, meaning: body.meaning, note: body.note };
    submit(&app, caller, key, Command::Review { review: key, reviewed }).await?;
    let shown = app.read(move |view| view::review(view.conn, key)).await?;
    shown.map(|shown| (StatusCode::CREATED, Json(shown))).ok_or_else(|| Problem::not_found("review"))
}

/// The compliance score of a period and the figures behind it; 32 days at most.
#[utoipa::path(get, path = "/api/v1/haccp/compliance", tag = "safety", params(Span),
    responses((status = 200, body = ComplianceView), (status = 422, body = Problem)))]
async fn score(State(app): State<App>, Query(span): Query<Span>) -> Result<Json<ComplianceView>, Problem> {
    let (from, to) = span.read(app.wall.now_ms(), LONGEST_SCORE)?;
    let location = app.identity.certificate.location;
    Ok(Json(app.read(move |view| compliance(view, location, from, to)).await?))
}
