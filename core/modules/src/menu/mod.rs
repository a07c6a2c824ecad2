//! The menu.

mod routes;
pub mod view;

pub use view::kept_in;

use rusqlite::params;
use trivet_domain::menu::{self, Item};
use trivet_domain::{History, Permission};
use trivet_log::Id;
use trivet_replica::module::{EMPTY, Projecting, Reach, Read, Topic};
use trivet_replica::{Draft, Module, View};

pub const MODULE: Module = Module {
    name: "menu",
    lane: menu::LANE,
    reach: Reach::Tenant,
    documents: &[menu::DOCUMENT],
    follows: &[&[menu::DOCUMENT]],
    schema: "CREATE TABLE menu_item(id BLOB PRIMARY KEY, category TEXT NOT NULL, name TEXT NOT NULL, price INTEGER NOT NULL, \
             is_available INTEGER NOT NULL, retired INTEGER NOT NULL) WITHOUT ROWID;",
    tables: &["menu_item"],
    project,
    routes: routes::routes,
    reads: &[
        Read { path: "/api/v1/pos/menu", permission: Permission::MenuRead },
        Read { path: "/api/v1/pos/menu/{id}", permission: Permission::MenuRead },
    ],
    topics: &[Topic { namespace: "pos", permission: Permission::MenuRead }],
    frames: |view, id| {
        let item = view::item(view.conn, id)?;
        Ok(item.map(|item| Draft::new("pos", "pos:menu:updated", &item)).into_iter().collect())
    },
    status,
    ..EMPTY
};

fn project(projecting: &Projecting<'_>, id: Id, history: &History) -> rusqlite::Result<()> {
    let Some(item) = history.document_of(menu::DOCUMENT).map(Item::from_fields) else { return Ok(()) };
    projecting
        .conn
        .prepare_cached("INSERT OR REPLACE INTO menu_item VALUES(?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute(params![id.as_bytes(), item.category, item.name, item.price.0, item.is_available, item.retired])?;
    Ok(())
}

fn status(view: &View<'_>, namespace: &str) -> rusqlite::Result<Option<serde_json::Value>> {
    match namespace {
        "pos" => Ok(Some(serde_json::json!({ "menu": view::on_the_menu(view.conn)? }))),
        _ => Ok(None),
    }
}
