//! Checks and their orders.

mod project;
pub(crate) mod routes;
pub mod view;

use std::sync::Arc;

use trivet_domain::{Permission, Quantity, checks, kitchen, papers};
use trivet_replica::module::{EMPTY, Reach, Read, Topic};
use trivet_replica::{Draft, Module, View};

/// The box's scales: the weight on a pan, in thousandths of a kilogram, or why there is none.
#[derive(Clone)]
pub struct Weights(pub Arc<Weigh>);
pub type Weigh = dyn Fn(&str) -> Result<Quantity, String> + Send + Sync;

pub const MODULE: Module = Module {
    name: "checks",
    lane: checks::LANE,
    reach: Reach::Location,
    facts: checks::Event::KINDS,
    // The kitchen's facts too, an order that was recalled says so; and copies, which lie under their check.
    follows: &[checks::Event::KINDS, kitchen::Event::KINDS, papers::ON_A_CHECK],
    schema: include_str!("schema.sql"),
    tables: &["checks_order", "checks_line"],
    project: project::project,
    routes: routes::routes,
    reads: &[
        Read { path: "/api/v1/pos/orders", permission: Permission::OrdersRead },
        Read { path: "/api/v1/pos/orders/{id}", permission: Permission::OrdersRead },
    ],
    topics: &[Topic { namespace: "pos", permission: Permission::OrdersRead }],
    frames: |view, check| {
        let orders = view::of_check(view.conn, check)?;
        Ok(orders.iter().map(|order| Draft::new("pos", "pos:order:updated", order)).collect())
    },
    status,
    ..EMPTY
};

fn status(view: &View<'_>, namespace: &str) -> rusqlite::Result<Option<serde_json::Value>> {
    match namespace {
        "pos" => Ok(Some(serde_json::json!({ "orders": view::open(view.conn)? }))),
        _ => Ok(None),
    }
}
