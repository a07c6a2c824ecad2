//! Papers: tickets, receipts and labels from layouts that a restaurant can edit, in its language and its time.
//!
//! In reading order: [`Stationery`] (what a paper is made with), [`apply()`] (layout and figures become blocks),
//! `kitchen`, `receipt` and `label` (the figures), [`sample()`] (the same with figures of a made-up day). Whoever
//! prints, calls these and nothing below them.

mod apply;
mod audit;
mod kitchen;
mod label;
mod layouts;
mod logo;
mod outbox;
pub(crate) mod pdf;
mod receipt;
mod sample;
mod stationery;
#[cfg(test)]
mod tests;

use trivet_domain::{Permission, checks, papers};
use trivet_replica::Module;
use trivet_replica::module::{EMPTY, Reach, Read};
use utoipa_axum::router::OpenApiRouter;

pub use apply::{Data, Entry, TaxRow, TotalRow, apply, as_copy};
pub use kitchen::{ticket, ticket_changes, void_slip};
pub use label::{Label, label};
pub use receipt::{receipt, receipt_in_force};
pub use sample::sample;
pub use stationery::{Stationery, logo};
pub use trivet_domain::papers::{Layout, LayoutId, receipt_id, validate, void_slip_id};

pub const MODULE: Module = Module {
    name: "papers",
    lane: papers::LANE,
    reach: Reach::Location,
    facts: papers::Event::KINDS,
    documents: papers::DOCUMENTS,
    // A copy is a fact of a check: what else a check's history holds is followed with it.
    follows: &[papers::DOCUMENTS, papers::Event::KINDS, checks::Event::KINDS, trivet_domain::kitchen::Event::KINDS],
    schema: include_str!("schema.sql"),
    tables: &["papers_audit"],
    project: audit::project,
    migrations: &[include_str!("outbox.sql")],
    routes: || {
        OpenApiRouter::new()
            .merge(layouts::routes())
            .merge(logo::routes())
            .merge(receipt::routes())
            .merge(outbox::routes())
            .merge(audit::routes())
    },
    reads: &[
        Read { path: "/api/v1/printing/layouts", permission: Permission::SettingsRead },
        Read { path: "/api/v1/printing/logo", permission: Permission::SettingsRead },
        Read { path: "/api/v1/printing/audit", permission: Permission::BoxRead },
        Read { path: "/api/v1/printing/outbox", permission: Permission::PrintingManage },
        Read { path: "/api/v1/pos/orders/{id}/receipt", permission: Permission::OrdersRead },
    ],
    ..EMPTY
};

/// A body of bytes, in the API's description.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "the description alone reads it")]
pub struct Binary(Vec<u8>);
