//! A menu item as screens see it.

use rusqlite::Connection;
use serde::Serialize;
use trivet_domain::document::{Conflict, Fields, Value};
use trivet_domain::menu::Item;
use trivet_log::Id;
use trivet_replica::store::log;
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Serialize, ToSchema)]
#[schema(as = MenuItem)]
#[serde(rename_all = "camelCase")]
pub(super) struct MenuItemView {
    id: Uuid,
    name: String,
    description: String,
    category: String,
    /// Minor units.
    price: i64,
    tax_class: String,
    /// Empty for what nobody cooks.
    station: String,
    /// What people have set, and nothing holds it.
    is_available: bool,
    /// What is wrong with what it is made of, where it may not be sold for that.
    holds: Vec<HoldView>,
    /// Minutes.
    preparation_time: u16,
    image_url: String,
    dietary_info: Vec<String>,
    recipe_id: Option<Uuid>,
    modifiers: Vec<ModifierView>,
    retired: bool,
    /// Rises with each edit.
    version: u64,
    /// Fields that were set apart on two boxes: the value in force stands above, all of them here.
    conflicts: Vec<ConflictView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MenuHold)]
#[serde(rename_all = "camelCase")]
pub(super) struct HoldView {
    /// The breach, by which it is released.
    cause: Uuid,
    reason: String,
}

#[derive(Serialize, serde::Deserialize, ToSchema)]
#[schema(as = Modifier)]
#[serde(deny_unknown_fields)]
pub(super) struct ModifierView {
    pub(super) id: Uuid,
    pub(super) name: String,
    /// Minor units.
    pub(super) price: i64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = FieldConflict)]
pub struct ConflictView {
    field: String,
    values: Vec<String>,
}

impl From<Conflict> for ConflictView {
    fn from(conflict: Conflict) -> ConflictView {
        let text = |value: Value| match value {
            Value::Nothing => "–".to_owned(),
            Value::Text(text) => text,
            Value::Integer(number) => number.to_string(),
            Value::Bool(yes) => yes.to_string(),
            Value::Bytes(bytes) => format!("{} bytes", bytes.len()),
        };
        ConflictView { field: conflict.field, values: conflict.values.into_iter().map(text).collect() }
    }
}

fn show(id: Id, fields: &Fields) -> MenuItemView {
    let item = Item::from_fields(fields);
    let is_available = item.may_be_sold();
    let modifiers = item.modifiers.into_iter();
    MenuItemView {
        id: id.0,
        name: item.name,
        description: item.description,
        category: item.category,
        price: item.price.0,
        tax_class: item.tax_class,
        station: item.station,
        is_available,
        holds: item.holds.into_iter().map(|hold| HoldView { cause: hold.cause.0, reason: hold.reason }).collect(),
        preparation_time: item.preparation_minutes,
        image_url: item.image_url,
        dietary_info: item.dietary_info,
        recipe_id: item.recipe_id.map(|id| id.0),
        modifiers: modifiers.map(|m| ModifierView { id: m.id.0, name: m.name, price: m.price.0 }).collect(),
        retired: item.retired,
        version: fields.version(),
        conflicts: item.conflicts.into_iter().map(ConflictView::from).collect(),
    }
}

pub(super) fn item(conn: &Connection, id: Id) -> rusqlite::Result<Option<MenuItemView>> {
    let fields = log::fields(conn, id)?.filter(|(kind, _)| *kind == trivet_domain::menu::DOCUMENT);
    Ok(fields.map(|(_, fields)| show(id, &fields)))
}

/// All items that are not retired, by category and name.
pub(super) fn on_the_menu(conn: &Connection) -> rusqlite::Result<Vec<MenuItemView>> {
    let mut statement = conn.prepare_cached("SELECT id FROM menu_item WHERE retired=0 ORDER BY category, name, id")?;
    let ids = statement.query_map([], |row| row.get(0).map(Id::from_bytes))?.collect::<rusqlite::Result<Vec<Id>>>()?;
    ids.into_iter().filter_map(|id| item(conn, id).transpose()).collect()
}

/// The items of these categories, and those of these ids.
pub fn kept_in(conn: &Connection, stores: &[String]) -> rusqlite::Result<Vec<Id>> {
    let mut statement = conn.prepare_cached("SELECT id, category FROM menu_item WHERE retired=0 ORDER BY id")?;
    let rows = statement.query_map([], |row| Ok((row.get(0).map(Id::from_bytes)?, row.get::<_, String>(1)?)))?;
    let kept = |(id, category): &(Id, String)| stores.iter().any(|of| of == category || *of == id.to_string());
    rows.filter(|row| row.as_ref().map_or(true, kept)).map(|row| row.map(|(id, _)| id)).collect()
}

/// The items that a cause holds.
pub fn held_by(conn: &Connection, cause: Id) -> rusqlite::Result<Vec<Id>> {
    let mut statement = conn.prepare_cached("SELECT id FROM menu_item WHERE retired=0 ORDER BY id")?;
    let ids = statement.query_map([], |row| row.get(0).map(Id::from_bytes))?;
    let mut held = Vec::new();
    for id in ids {
        let id = id?;
        let fields = log::fields(conn, id)?.map(|(_, fields)| Item::from_fields(&fields));
        if fields.is_some_and(|item| item.holds.iter().any(|hold| hold.cause == cause)) {
            held.push(id);
        }
    }
    Ok(held)
}
