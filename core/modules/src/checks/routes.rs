//! `/api/v1/pos/orders` (POS-01, POS-03, POS-04, POS-09, POS-22).

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use trivet_domain::checks::{Command, OrderType, PlaceOrder, Status, WantedLine};
use trivet_domain::{Command as AnyCommand, Money, Quantity};
use trivet_log::Id;
use trivet_replica::http::Parsed;
use trivet_replica::{App, Caller, Key, Problem};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::view::{self, Filter, OrderView};
use crate::time;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, place)).routes(routes!(read)).routes(routes!(change_status))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewOrder {
    #[schema(value_type = String, example = "dine_in")]
    order_type: OrderType,
    items: Vec<NewLine>,
    table_number: Option<String>,
    customer_id: Option<Uuid>,
    special_instructions: Option<String>,
    /// Adds the order to an open check. Without it a check is opened.
    check_id: Option<Uuid>,
    /// Compared with the total by the menu in force, never stored.
    total_amount: Option<i64>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewLine {
    menu_item_id: Uuid,
    /// Whole pieces; left out where a scale is named.
    #[serde(default)]
    quantity: i64,
    /// The scale on whose pan the goods lie: the line's quantity is their weight in kilograms, as the box reads it now.
    /// Refused unless the scale is at rest.
    scale: Option<String>,
    /// Ids of the item's modifiers.
    #[serde(default)]
    modifications: Vec<Uuid>,
    special_instructions: Option<String>,
    /// Compared with the menu in force, never stored.
    unit_price: Option<i64>,
}

#[derive(Serialize, ToSchema)]
struct OrderList {
    orders: Vec<OrderView>,
    /// The `after` of the next page.
    next: Option<Uuid>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    status: Option<String>,
    /// Part of the number, the table or an item's name.
    search: Option<String>,
    /// RFC 3339.
    from: Option<String>,
    to: Option<String>,
    after: Option<Uuid>,
    /// 1 to 200, 50 if left out.
    limit: Option<u32>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StatusChange {
    #[schema(value_type = String, example = "completed")]
    status: Status,
}

/// Takes an order. The Idempotency-Key becomes its id: sent twice, it is one order.
#[utoipa::path(post, path = "/api/v1/pos/orders", tag = "checks", request_body = NewOrder,
    params(("Idempotency-Key" = Option<String>, Header, description = "the order's id, a UUIDv7")),
    responses((status = 201, body = OrderView), (status = 400, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
async fn place(
    State(app): State<App>,
    caller: Caller,
    Key(key): Key,
    Parsed(body): Parsed<NewOrder>,
) -> Result<(StatusCode, Json<OrderView>), Problem> {
    // A repeat of an order that was taken weighs nothing again: the pan may be empty by now.
    let weighed = body.items.iter().any(|line| line.scale.is_some());
    if weighed && let Some(taken) = app.read(move |read| view::order(read.conn, key)).await? {
        return Ok((StatusCode::CREATED, Json(taken)));
    }
    let line = |(index, line): (usize, NewLine)| {
        let quantity = match &line.scale {
            Some(scale) => weigh(&app, scale).map_err(|why| no_weight(index, &why))?,
            None => Quantity(line.quantity.saturating_mul(1_000)),
        };
        Ok(WantedLine {
            item: Id(line.menu_item_id),
            quantity,
            modifiers: line.modifications.into_iter().map(Id).collect(),
            note: line.special_instructions,
            expected_unit_price: line.unit_price.map(Money),
        })
    };
    let lines = body.items.into_iter().enumerate().map(line).collect::<Result<Vec<WantedLine>, Problem>>()?;
    let command = Command::PlaceOrder(PlaceOrder {
        check: body.check_id.map_or_else(|| key.derive("check", 0), Id),
        opens_check: body.check_id.is_none(),
        order: key,
        order_type: body.order_type,
        table: body.table_number.filter(|table| !table.is_empty()),
        customer: body.customer_id.map(Id),
        note: body.special_instructions.filter(|note| !note.is_empty()),
        lines,
        expected_total: body.total_amount.map(Money),
    });
    app.submit(caller.actor(), key, AnyCommand::Checks(command)).await?;
    Ok((StatusCode::CREATED, read(State(app), Path(key.0)).await?))
}

#[utoipa::path(get, path = "/api/v1/pos/orders/{id}", tag = "checks", params(("id" = Uuid, Path)),
    responses((status = 200, body = OrderView), (status = 404, body = Problem)))]
async fn read(State(app): State<App>, Path(id): Path<Uuid>) -> Result<Json<OrderView>, Problem> {
    let order = app.read(move |read| view::order(read.conn, Id(id))).await?;
    order.map(Json).ok_or_else(|| Problem::not_found("order"))
}

/// Orders, the newest first.
#[utoipa::path(get, path = "/api/v1/pos/orders", tag = "checks", params(ListQuery),
    responses((status = 200, body = OrderList), (status = 422, body = Problem)))]
async fn list(State(app): State<App>, Query(query): Query<ListQuery>) -> Result<Json<OrderList>, Problem> {
    let time_of = |field: &str, text: Option<String>| match text {
        None => Ok(None),
        Some(text) => time::of(field, &text).map(Some),
    };
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let filter = Filter {
        status: query.status,
        search: query.search.filter(|text| !text.is_empty()),
        from_ms: time_of("from", query.from)?,
        to_ms: time_of("to", query.to)?,
        after: query.after.map(Id),
        limit,
    };
    let orders = app.read(move |view| view::list(view.conn, &filter)).await?;
    let full = orders.len() == limit as usize;
    let next = orders.last().filter(|_| full).map(|order| order.id);
    Ok(Json(OrderList { orders, next }))
}

/// Moves an order along its states: `completed` is served, `cancelled` keeps the order with its history.
#[utoipa::path(put, path = "/api/v1/pos/orders/{id}/status", tag = "checks", params(("id" = Uuid, Path)),
    request_body = StatusChange,
    responses((status = 200, body = OrderView), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn change_status(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Key(key): Key,
    Parsed(body): Parsed<StatusChange>,
) -> Result<Json<OrderView>, Problem> {
    let check = check_of(&app, Id(id)).await?;
    let command = Command::MoveOrder { check, order: Id(id), to: body.status };
    app.submit(caller.actor(), key, AnyCommand::Checks(command)).await?;
    read(State(app), Path(id)).await
}

/// The check of an order, or 404.
fn weigh(app: &App, scale: &str) -> Result<Quantity, String> {
    match app.more.get::<super::Weights>() {
        Some(weights) => (weights.0)(scale),
        None => Err("this replica has no scales".to_owned()),
    }
}

fn no_weight(index: usize, why: &str) -> Problem {
    Problem::new(StatusCode::CONFLICT, why).field(format!("items[{index}].scale"), why)
}

pub(crate) async fn check_of(app: &App, order: Id) -> Result<Id, Problem> {
    let check = app.read(move |view| view::check_of(view.conn, order)).await?;
    check.ok_or_else(|| Problem::not_found("order"))
}
