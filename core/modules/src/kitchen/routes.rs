//! `/api/v1/kitchen/orders` (KDS-01 to KDS-04) and sending an order to the kitchen (POS-16).

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use trivet_domain::Command as AnyCommand;
use trivet_domain::kitchen::{Command, TicketStatus, Which};
use trivet_log::Id;
use trivet_replica::http::Parsed;
use trivet_replica::{App, Caller, Key, Problem};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::view::{self, StationLoad, TicketView};
use crate::checks::routes::check_of;
use crate::checks::view::{self as orders, OrderView};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(read))
        .routes(routes!(change_status))
        .routes(routes!(start))
        .routes(routes!(complete))
        .routes(routes!(recall))
        .routes(routes!(send))
}

#[derive(Serialize, ToSchema)]
struct TicketList {
    orders: Vec<TicketView>,
    stations: Vec<StationLoad>,
}

#[derive(Serialize, ToSchema)]
struct SentToKitchen {
    order: OrderView,
    tickets: Vec<TicketView>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    station: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TicketStatusChange {
    #[schema(value_type = String, example = "preparing")]
    status: TicketStatus,
}

/// Makes the order's tickets, one a station, and has them printed and shown. A repeat gives the same tickets.
#[utoipa::path(post, path = "/api/v1/pos/orders/{id}/send-to-kitchen", tag = "kitchen", params(("id" = Uuid, Path)),
    responses((status = 200, body = SentToKitchen), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn send(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Key(key): Key,
) -> Result<Json<SentToKitchen>, Problem> {
    let order = Id(id);
    let check = check_of(&app, order).await?;
    app.submit(caller.actor(), key, AnyCommand::Kitchen(Command::Send { check, order })).await?;
    let sent = app.read(move |view| Ok((orders::order(view.conn, order)?, view::of_order(view, order)?))).await?;
    match sent {
        (Some(order), tickets) => Ok(Json(SentToKitchen { order, tickets })),
        (None, _) => Err(Problem::not_found("order")),
    }
}

/// Open tickets, by priority and age.
#[utoipa::path(get, path = "/api/v1/kitchen/orders", tag = "kitchen", params(ListQuery),
    responses((status = 200, body = TicketList)))]
async fn list(State(app): State<App>, Query(query): Query<ListQuery>) -> Result<Json<TicketList>, Problem> {
    let listed = app.read(move |view| Ok((view::open(view, query.station.as_deref())?, view::stations(view)?))).await?;
    let (orders, stations) = listed;
    Ok(Json(TicketList { orders, stations }))
}

#[utoipa::path(get, path = "/api/v1/kitchen/orders/{id}", tag = "kitchen", params(("id" = Uuid, Path)),
    responses((status = 200, body = TicketView), (status = 404, body = Problem)))]
async fn read(State(app): State<App>, Path(id): Path<Uuid>) -> Result<Json<TicketView>, Problem> {
    let ticket = app
        .read(move |view| match view::ticket(view, Id(id))? {
            Some(ticket) => Ok(Some(ticket)),
            None => Ok(view::of_order(view, Id(id))?.into_iter().next()),
        })
        .await?;
    ticket.map(Json).ok_or_else(|| Problem::not_found("ticket"))
}

/// Takes a ticket's id, or an order's: then it acts on all of the order's tickets, and makes them if they are missing.
#[utoipa::path(put, path = "/api/v1/kitchen/orders/{id}/status", tag = "kitchen", params(("id" = Uuid, Path)),
    request_body = TicketStatusChange,
    responses((status = 200, body = TicketView), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn change_status(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Key(key): Key,
    Parsed(body): Parsed<TicketStatusChange>,
) -> Result<Json<TicketView>, Problem> {
    let to = body.status;
    act(app, caller, id, key, |check, which| Command::Advance { check, which, to }).await
}

/// Begins work on a ticket. A second call changes nothing.
#[utoipa::path(post, path = "/api/v1/kitchen/orders/{id}/start", tag = "kitchen", params(("id" = Uuid, Path)),
    responses((status = 200, body = TicketView), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn start(
    state: State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Key(key): Key,
) -> Result<Json<TicketView>, Problem> {
    let to = TicketStatus::Preparing;
    act(state.0, caller, id, key, |check, which| Command::Advance { check, which, to }).await
}

/// Bumps a ticket: it is done. When each ticket of the order is, the order is ready.
#[utoipa::path(post, path = "/api/v1/kitchen/orders/{id}/complete", tag = "kitchen", params(("id" = Uuid, Path)),
    responses((status = 200, body = TicketView), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn complete(
    state: State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Key(key): Key,
) -> Result<Json<TicketView>, Problem> {
    let to = TicketStatus::Ready;
    act(state.0, caller, id, key, |check, which| Command::Advance { check, which, to }).await
}

/// Takes a ticket back from the pass; the order stays ready and shows that it was recalled.
#[utoipa::path(post, path = "/api/v1/kitchen/orders/{id}/recall", tag = "kitchen", params(("id" = Uuid, Path)),
    responses((status = 200, body = TicketView), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn recall(
    state: State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Key(key): Key,
) -> Result<Json<TicketView>, Problem> {
    act(state.0, caller, id, key, |check, which| Command::Recall { check, which }).await
}

async fn act(
    app: App,
    caller: Caller,
    id: Uuid,
    key: Id,
    command: impl FnOnce(Id, Which) -> Command,
) -> Result<Json<TicketView>, Problem> {
    let found = app.read(move |view| view::check_of(view, Id(id))).await?;
    let (check, is_ticket) = found.ok_or_else(|| Problem::not_found("ticket"))?;
    let which = if is_ticket { Which::Ticket(Id(id)) } else { Which::Order(Id(id)) };
    app.submit(caller.actor(), key, AnyCommand::Kitchen(command(check, which))).await?;
    read(State(app), Path(id)).await
}
