//! The kitchen's tickets.

mod project;
mod routes;
mod topics;
pub mod view;

use rusqlite::Connection;
use trivet_domain::{Permission, checks, kitchen, papers};
use trivet_log::Id;
use trivet_replica::module::{EMPTY, Reach, Read, Topic};
use trivet_replica::{Draft, Module, View, events};

/// How the paper of a ticket stands, told by whoever prints it; a replica without printers has none.
#[derive(Clone)]
pub struct PaperState(pub fn(&Connection, Id) -> rusqlite::Result<Option<String>>);

pub const MODULE: Module = Module {
    name: "kitchen",
    lane: kitchen::LANE,
    reach: Reach::Location,
    facts: kitchen::Event::KINDS,
    follows: &[checks::Event::KINDS, kitchen::Event::KINDS, papers::ON_A_CHECK],
    schema: include_str!("schema.sql"),
    tables: &["kitchen_ticket"],
    project: project::project,
    routes: routes::routes,
    reads: &[
        Read { path: "/api/v1/kitchen/orders", permission: Permission::KitchenRead },
        Read { path: "/api/v1/kitchen/orders/{id}", permission: Permission::KitchenRead },
    ],
    topics: &[
        Topic { namespace: "kitchen", permission: Permission::KitchenRead },
        Topic { namespace: events::NAMESPACE, permission: Permission::OrdersRead },
    ],
    frames: |view, check| {
        let tickets = view::of_check(view, check)?;
        let drafts = tickets.iter().flat_map(|ticket| {
            [
                Draft::new("kitchen", "kitchen:order:updated", ticket),
                Draft::new("pos", "pos:order:kitchen_update", ticket),
            ]
        });
        Ok(drafts.collect())
    },
    public_events: Some(topics::events),
    status,
    ..EMPTY
};

fn status(view: &View<'_>, namespace: &str) -> rusqlite::Result<Option<serde_json::Value>> {
    if namespace != "kitchen" {
        return Ok(None);
    }
    Ok(Some(serde_json::json!({ "orders": view::open(view, None)?, "stations": view::stations(view)? })))
}
