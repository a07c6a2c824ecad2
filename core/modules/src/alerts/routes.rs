//! `/api/v1/alerts…`, `/api/v1/notifications…` and `/api/v1/kitchen/equipment`.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use trivet_domain::alerts::{Category, Command, EquipmentChange, RoutingChange, Severity, Status};
use trivet_domain::{Command as AnyCommand, Role};
use trivet_log::Id;
use trivet_replica::http::{Parsed, given};
use trivet_replica::{App, Caller, Key, Problem};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::notifications::{__path_mark_read, __path_notifications, mark_read, notifications};
use super::view::{self, AlertView, EquipmentView, Filter};
use crate::{safety, time};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(routing, route))
        .routes(routes!(one))
        .routes(routes!(acknowledge))
        .routes(routes!(shelve))
        .routes(routes!(unshelve))
        .routes(routes!(close))
        .routes(routes!(notifications))
        .routes(routes!(mark_read))
        .routes(routes!(equipment))
        .routes(routes!(change_equipment))
}

#[derive(Serialize, ToSchema)]
struct AlertList {
    alerts: Vec<AlertView>,
    /// The `after` of the next page.
    next: Option<Uuid>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AlertQuery {
    category: Option<String>,
    severity: Option<String>,
    state: Option<String>,
    /// Only those that are not closed.
    #[serde(default)]
    open: bool,
    /// RFC 3339: raised then or later.
    since: Option<String>,
    after: Option<Uuid>,
    /// 1 to 200, 50 if left out.
    limit: Option<usize>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = AlertAcknowledgement)]
#[serde(deny_unknown_fields)]
struct Acknowledgement {
    comment: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = AlertShelving)]
#[serde(deny_unknown_fields)]
struct Shelving {
    /// RFC 3339, within the next 24 hours.
    until: String,
    why: String,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = AlertClosing)]
#[serde(deny_unknown_fields)]
struct Closing {
    comment: Option<String>,
    /// The record of the corrective action, where the alert needs one.
    action: Option<Uuid>,
}

/// Which role sees which category, and how long an alert waits before the next are called.
#[derive(Serialize, ToSchema)]
#[schema(as = AlertRouting)]
#[serde(rename_all = "camelCase")]
struct RoutingView {
    sees: BTreeMap<String, BTreeMap<String, bool>>,
    /// Until the manager is called, and from then until the owner is.
    escalate_after_minutes: [i64; 2],
}

#[derive(Deserialize, ToSchema)]
#[schema(as = AlertRoutingChange)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RoutingBody {
    /// By category and role; what is left out stays.
    #[serde(default)]
    sees: BTreeMap<String, BTreeMap<String, bool>>,
    #[serde(default)]
    escalate_after_minutes: [Option<u16>; 2],
}

#[derive(Serialize, ToSchema)]
struct EquipmentList {
    equipment: Vec<EquipmentView>,
}

/// What is left out stays; null takes a value away.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EquipmentBody {
    name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Uuid>)]
    probe_id: Option<Option<Uuid>>,
    /// RFC 3339.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    next_maintenance: Option<Option<String>>,
    /// Why it is out of service; null when it serves again.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    out_of_service: Option<Option<String>>,
}

/// One of these names, if any was given.
fn one_of(field: &str, given: Option<String>, names: &[&str]) -> Result<Option<String>, Problem> {
    match given {
        Some(text) if !names.contains(&text.as_str()) => {
            Err(Problem::invalid(field, format!("one of {}", names.join(", "))))
        }
        given => Ok(given),
    }
}

/// Alerts that the caller's role sees, the newest first.
#[utoipa::path(get, path = "/api/v1/alerts", tag = "alerts", params(AlertQuery),
    responses((status = 200, body = AlertList), (status = 422, body = Problem)))]
async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<AlertQuery>,
) -> Result<Json<AlertList>, Problem> {
    let filter = Filter {
        category: one_of("category", query.category, &Category::ALL.map(Category::name))?,
        severity: one_of("severity", query.severity, &Severity::ALL.map(Severity::name))?,
        state: one_of("state", query.state, &Status::ALL.map(Status::name))?,
        open: query.open,
        since_ms: query.since.map(|text| time::of("since", &text)).transpose()?,
        after: query.after.map(Id),
        limit: query.limit.unwrap_or(50).clamp(1, 200),
    };
    let limit = filter.limit;
    let alerts = app.read(move |view| view::list(view, caller.rights.role, &filter)).await?;
    let next = alerts.last().filter(|_| alerts.len() == limit).map(|alert| alert.id);
    Ok(Json(AlertList { alerts, next }))
}

/// One alert.
#[utoipa::path(get, path = "/api/v1/alerts/{id}", tag = "alerts", params(("id" = Uuid, Path)),
    responses((status = 200, body = AlertView), (status = 404, body = Problem)))]
async fn one(State(app): State<App>, caller: Caller, Path(id): Path<Uuid>) -> Result<Json<AlertView>, Problem> {
    let shown = app
        .read(move |view| {
            let routing = super::routing(view.conn)?;
            Ok(view::alert(view, Id(id))?.filter(|alert| alert.is_for(caller.rights.role, &routing)))
        })
        .await?;
    shown.map(Json).ok_or_else(|| Problem::not_found("alert"))
}

/// Carries out a command on an alert that the caller sees.
async fn act(app: App, caller: Caller, id: Uuid, key: Id, command: Command) -> Result<Json<AlertView>, Problem> {
    drop(one(State(app.clone()), caller, Path(id)).await?);
    app.submit(caller.actor(), key, AnyCommand::Alerts(command)).await?;
    one(State(app), caller, Path(id)).await
}

/// Says that somebody has seen it: that stops the calling of the manager, not the condition.
#[utoipa::path(post, path = "/api/v1/alerts/{id}/acknowledge", tag = "alerts", params(("id" = Uuid, Path)),
    request_body = Acknowledgement, responses((status = 200, body = AlertView), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn acknowledge(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Key(key): Key,
    Parsed(body): Parsed<Acknowledgement>,
) -> Result<Json<AlertView>, Problem> {
    act(app, caller, id, key, Command::Acknowledge { alert: Id(id), comment: body.comment }).await
}

/// Keeps an alert quiet until a time, with the reason.
#[utoipa::path(post, path = "/api/v1/alerts/{id}/shelve", tag = "alerts", params(("id" = Uuid, Path)),
    request_body = Shelving, responses((status = 200, body = AlertView), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn shelve(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Key(key): Key,
    Parsed(body): Parsed<Shelving>,
) -> Result<Json<AlertView>, Problem> {
    let until_ms = time::of("until", &body.until)?;
    act(app, caller, id, key, Command::Shelve { alert: Id(id), until_ms, why: body.why }).await
}

/// Takes an alert off the shelf.
#[utoipa::path(post, path = "/api/v1/alerts/{id}/unshelve", tag = "alerts", params(("id" = Uuid, Path)),
    responses((status = 200, body = AlertView), (status = 404, body = Problem)))]
async fn unshelve(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Key(key): Key,
) -> Result<Json<AlertView>, Problem> {
    act(app, caller, id, key, Command::Unshelve { alert: Id(id) }).await
}

/// Ends an alert. One whose condition lasts takes a comment; one that needs a corrective action takes its record.
#[utoipa::path(post, path = "/api/v1/alerts/{id}/close", tag = "alerts", params(("id" = Uuid, Path)),
    request_body = Closing, responses((status = 200, body = AlertView), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn close(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Key(key): Key,
    Parsed(body): Parsed<Closing>,
) -> Result<Json<AlertView>, Problem> {
    if let Some(action) = body.action {
        let record = app.read(move |view| safety::view::record(view.conn, Id(action), view.now_ms)).await?;
        if record.is_none_or(|record| record.actions.is_empty()) {
            return Err(Problem::invalid("action", "the id of a record in which a corrective action was written"));
        }
    }
    let command = Command::Close { alert: Id(id), comment: body.comment, action: body.action.map(Id), cause: None };
    act(app, caller, id, key, command).await
}

/// Who is told of what.
#[utoipa::path(get, path = "/api/v1/alerts/routing", tag = "alerts", responses((status = 200, body = RoutingView)))]
async fn routing(State(app): State<App>) -> Result<Json<RoutingView>, Problem> {
    let routing = app.read(|view| super::routing(view.conn)).await?;
    let roles = |category: Category| {
        Role::ALL.into_iter().map(|role| (role.name().to_owned(), routing.sees(role, category))).collect()
    };
    Ok(Json(RoutingView {
        sees: Category::ALL.into_iter().map(|category| (category.name().to_owned(), roles(category))).collect(),
        escalate_after_minutes: routing.escalate_after_ms.map(|ms| ms / 60_000),
    }))
}

/// Changes who is told of what at this location.
#[utoipa::path(put, path = "/api/v1/alerts/routing", tag = "alerts", request_body = RoutingBody,
    responses((status = 200, body = RoutingView), (status = 422, body = Problem)))]
async fn route(
    State(app): State<App>,
    caller: Caller,
    Key(key): Key,
    Parsed(body): Parsed<RoutingBody>,
) -> Result<Json<RoutingView>, Problem> {
    let mut sees = Vec::new();
    for (category, roles) in body.sees {
        let known = Category::named(&category);
        let known = known.ok_or_else(|| Problem::invalid("sees", format!("no category `{category}`")))?;
        for (role, yes) in roles {
            let role = Role::ALL.into_iter().find(|known| known.name() == role);
            sees.push((known, role.ok_or_else(|| Problem::invalid("sees", "no such role"))?, yes));
        }
    }
    let location = app.identity.certificate.location;
    let change = RoutingChange { sees, escalate_after_minutes: body.escalate_after_minutes };
    app.submit(caller.actor(), key, AnyCommand::Alerts(Command::Route { location, change })).await?;
    routing(State(app)).await
}

/// Pieces of equipment with the temperature of the probe in each and their next maintenance; at most 500.
#[utoipa::path(get, path = "/api/v1/kitchen/equipment", tag = "alerts", responses((status = 200, body = EquipmentList)))]
async fn equipment(State(app): State<App>) -> Result<Json<EquipmentList>, Problem> {
    Ok(Json(EquipmentList { equipment: app.read(|view| view::equipment(view, None)).await? }))
}

/// Changes a piece of equipment, or adds it under this id.
#[utoipa::path(put, path = "/api/v1/kitchen/equipment/{id}", tag = "alerts", params(("id" = Uuid, Path)),
    request_body = EquipmentBody,
    responses((status = 200, body = EquipmentView), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn change_equipment(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Key(key): Key,
    Parsed(body): Parsed<EquipmentBody>,
) -> Result<Json<EquipmentView>, Problem> {
    let due = |text: Option<String>| text.map(|text| time::of("nextMaintenance", &text)).transpose();
    let change = EquipmentChange {
        name: body.name,
        probe: body.probe_id.map(|probe| probe.map(Id)),
        next_maintenance_ms: body.next_maintenance.map(due).transpose()?,
        out_of_service: body.out_of_service,
    };
    let command = Command::ChangeEquipment { equipment: Id(id), change };
    app.submit(caller.actor(), key, AnyCommand::Alerts(command)).await?;
    let shown = app.read(move |view| view::equipment(view, Some(Id(id)))).await?;
    shown.into_iter().next().map(Json).ok_or_else(|| Problem::not_found("piece of equipment"))
}
