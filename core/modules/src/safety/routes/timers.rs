//! Food under time control, and its labels.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use trivet_domain::safety::{Command, TimerEnd, TimerEnded};
use trivet_domain::{MilliCelsius, Permission};
use trivet_log::Id;
use trivet_replica::http::Parsed;
use trivet_replica::{App, Caller, Key, Problem};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{LONGEST, NewMeasurement, Span, known_probe, standing, submit};
use crate::papers::Label;
use crate::safety::view::{self, TimerView};
use crate::safety::{PrintLabel, work};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(timers, start_timer)).routes(routes!(measure_timer)).routes(routes!(end_timer))
}

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
    let rule = plan.timer(&body.rule)?;
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
