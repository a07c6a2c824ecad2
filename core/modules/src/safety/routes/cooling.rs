//! Cooling runs.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use trivet_domain::MilliCelsius;
use trivet_domain::safety::{Command, CoolingOutcome, CoolingSettled, CoolingStarted};
use trivet_log::Id;
use trivet_replica::http::Parsed;
use trivet_replica::{App, Caller, Key, Problem};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{LONGEST, NewMeasurement, Span, known_probe, moment, standing, submit};
use crate::safety::view::{self, CoolingView};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(cooling_runs, start_cooling))
        .routes(routes!(cooling_run))
        .routes(routes!(measure_cooling))
        .routes(routes!(settle_cooling))
}

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
    let rule = rule.ok_or_else(|| Problem::invalid("rule", "the plan in force has no such cooling rule"))?;
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
