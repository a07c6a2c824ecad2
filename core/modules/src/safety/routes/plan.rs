//! The plan: its draft, its approvals, plans to begin with.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trivet_domain::safety::{self, Command};
use trivet_log::Id;
use trivet_replica::http::Parsed;
use trivet_replica::{App, Caller, Key, Problem};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{moment, submit};
use crate::safety::view::{self, ApprovalView, PlanView};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(plan))
        .routes(routes!(plan_presets))
        .routes(routes!(approval))
        .routes(routes!(change_draft))
        .routes(routes!(approve))
}

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
