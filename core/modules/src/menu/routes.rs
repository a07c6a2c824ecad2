//! `/api/v1/pos/menu`: reading and editing the menu (POS-18).

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use trivet_domain::menu::{Change, Command, Modifier};
use trivet_domain::{Command as AnyCommand, Money};
use trivet_log::Id;
use trivet_replica::http::Parsed;
use trivet_replica::{App, Caller, Key, Problem};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::view::{self, MenuItemView, ModifierView};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(read, change, retire))
}

#[derive(Serialize, ToSchema)]
struct Menu {
    items: Vec<MenuItemView>,
}

/// The fields of an item. What is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MenuItemChange {
    name: Option<String>,
    description: Option<String>,
    category: Option<String>,
    /// Minor units.
    price: Option<i64>,
    tax_class: Option<String>,
    station: Option<String>,
    is_available: Option<bool>,
    /// Minutes.
    preparation_time: Option<u16>,
    image_url: Option<String>,
    dietary_info: Option<Vec<String>>,
    recipe_id: Option<Uuid>,
    /// The whole set.
    modifiers: Option<Vec<ModifierView>>,
}

impl From<MenuItemChange> for Change {
    fn from(body: MenuItemChange) -> Change {
        let modifier = |m: ModifierView| Modifier { id: Id(m.id), name: m.name, price: Money(m.price) };
        Change {
            name: body.name,
            description: body.description,
            category: body.category,
            price: body.price.map(Money),
            tax_class: body.tax_class,
            station: body.station,
            is_available: body.is_available,
            preparation_minutes: body.preparation_time,
            image_url: body.image_url,
            dietary_info: body.dietary_info,
            recipe_id: body.recipe_id.map(Id),
            modifiers: body.modifiers.map(|list| list.into_iter().map(modifier).collect()),
        }
    }
}

/// The menu, by category and name.
#[utoipa::path(get, path = "/api/v1/pos/menu", tag = "menu", responses((status = 200, body = Menu)))]
async fn list(State(app): State<App>) -> Result<Json<Menu>, Problem> {
    Ok(Json(Menu { items: app.read(|view| view::on_the_menu(view.conn)).await? }))
}

#[utoipa::path(get, path = "/api/v1/pos/menu/{id}", tag = "menu", params(("id" = Uuid, Path)),
    responses((status = 200, body = MenuItemView), (status = 404, body = Problem)))]
async fn read(State(app): State<App>, Path(id): Path<Uuid>) -> Result<Json<MenuItemView>, Problem> {
    let item = app.read(move |view| view::item(view.conn, Id(id))).await?;
    item.map(Json).ok_or_else(|| Problem::not_found("menu item"))
}

/// Puts an item on the menu; the Idempotency-Key becomes its id.
#[utoipa::path(post, path = "/api/v1/pos/menu", tag = "menu", request_body = MenuItemChange,
    responses((status = 201, body = MenuItemView), (status = 422, body = Problem)))]
async fn create(
    State(app): State<App>,
    caller: Caller,
    Key(key): Key,
    Parsed(body): Parsed<MenuItemChange>,
) -> Result<(StatusCode, Json<MenuItemView>), Problem> {
    let command = Command::Create { item: key, change: body.into() };
    app.submit(caller.actor(), key, AnyCommand::Menu(command)).await?;
    Ok((StatusCode::CREATED, read(State(app), Path(key.0)).await?))
}

/// Changes the fields that are given.
#[utoipa::path(put, path = "/api/v1/pos/menu/{id}", tag = "menu", params(("id" = Uuid, Path)),
    request_body = MenuItemChange,
    responses((status = 200, body = MenuItemView), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn change(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Key(key): Key,
    Parsed(body): Parsed<MenuItemChange>,
) -> Result<Json<MenuItemView>, Problem> {
    let command = Command::Change { item: Id(id), change: body.into() };
    app.submit(caller.actor(), key, AnyCommand::Menu(command)).await?;
    read(State(app), Path(id)).await
}

/// Takes the item off the menu for good; orders that have it keep it.
#[utoipa::path(delete, path = "/api/v1/pos/menu/{id}", tag = "menu", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
async fn retire(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Key(key): Key,
) -> Result<StatusCode, Problem> {
    app.submit(caller.actor(), key, AnyCommand::Menu(Command::Retire { item: Id(id) })).await?;
    Ok(StatusCode::NO_CONTENT)
}
