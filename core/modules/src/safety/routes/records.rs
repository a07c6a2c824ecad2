//! Compliance records and what was done about them.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use trivet_domain::safety::{
    self, Choice, Command, CorrectiveActionTaken, Disposition, RecordKind, RecordOpened, severity,
};
use trivet_domain::{MilliCelsius, haccp};
use trivet_log::Id;
use trivet_replica::http::Parsed;
use trivet_replica::{App, Caller, Key, Problem};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{known_probe, moment, standing, submit};
use crate::safety::view::{self, RecordFilter, RecordView};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(records, open_record))
        .routes(routes!(record))
        .routes(routes!(take_action))
        .routes(routes!(people))
        .routes(routes!(assign_record))
        .routes(routes!(close_record))
        .routes(routes!(verify_record))
}

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
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Responsible {
    /// Null: nobody any more.
    person_id: Option<Uuid>,
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
        return Err(Problem::invalid("controlPoint", "the plan in force has no such control point"));
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
    found.ok_or_else(|| Problem::invalid("choice", "a corrective action of the control point, or `other`"))
}

#[derive(Serialize, ToSchema)]
#[schema(as = PeopleList)]
struct People {
    people: Vec<Somebody>,
}

#[derive(Serialize, ToSchema)]
struct Somebody {
    id: Uuid,
    name: String,
}

/// Who may see to a record: those whose account is in use, by name.
#[utoipa::path(get, path = "/api/v1/haccp/people", tag = "safety", responses((status = 200, body = People)))]
async fn people(State(app): State<App>) -> Result<Json<People>, Problem> {
    let people = app.read(|view| crate::access::active(view.conn)).await?;
    let shown = |(id, name): (Id, String)| Somebody { id: id.0, name };
    Ok(Json(People { people: people.into_iter().map(shown).collect() }))
}

/// Says who sees to a record (HAC-05).
#[utoipa::path(put, path = "/api/v1/haccp/records/{id}/responsible", tag = "safety", params(("id" = Uuid, Path)),
    request_body = Responsible,
    responses((status = 200, body = RecordView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn assign_record(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Key(key): Key,
    Parsed(body): Parsed<Responsible>,
) -> Result<Json<RecordView>, Problem> {
    if let Some(person) = body.person_id {
        let people = app.read(|view| crate::access::active(view.conn)).await?;
        if people.iter().all(|(id, _)| id.0 != person) {
            return Err(Problem::invalid("personId", "nobody who is active here has this id"));
        }
    }
    submit(&app, caller, key, Command::AssignRecord { record: Id(id), to: body.person_id.map(Id) }).await?;
    record(State(app), Path(id)).await
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
