//! Printing: a durable spool, and one actor a printer.
//!
//! What must stay true: a ticket's job is committed with the ticket; an attempt is committed before its first byte; a
//! paper that may exist already is printed again only with "POSSIBLE DUPLICATE" on it; one dead printer delays no
//! other and no request.

mod actor;
mod routes;
mod spool;

use trivet_domain::{Permission, checks};
use trivet_replica::Module;
use trivet_replica::module::{EMPTY, Read};

pub(crate) use actor::start;
pub(crate) use spool::{paper_state, waiting};

pub(crate) const MODULE: Module = Module {
    name: "printing",
    follows: &[checks::Event::KINDS],
    on_append: Some(spool::on_append),
    migrations: &[include_str!("schema.sql")],
    routes: routes::routes,
    reads: &[Read { path: "/api/v1/print-jobs", permission: Permission::KitchenRead }],
    ..EMPTY
};
