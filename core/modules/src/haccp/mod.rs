//! Temperatures: probes, their hours, breaches, and readings that people give.

mod chart;
pub(crate) mod counting;
pub mod minutes;
pub mod parts;
mod project;
pub mod record;
mod routes;
mod samples;
pub mod trend;
pub mod view;

use trivet_domain::Permission;
use trivet_domain::haccp;
use trivet_log::Lane;
use trivet_replica::module::{EMPTY, Reach, Read, Topic};
use trivet_replica::{Draft, Module, View};

pub use samples::{Latest, Samples};

pub const MODULE: Module = Module {
    name: "haccp",
    lane: Lane::Readings,
    reach: Reach::Location,
    facts: haccp::Event::KINDS,
    documents: &[haccp::DOCUMENT],
    follows: &[haccp::Event::KINDS, &[haccp::DOCUMENT]],
    schema: include_str!("schema.sql"),
    tables: &[
        "haccp_probe",
        "haccp_open",
        "haccp_hour",
        "haccp_day",
        "haccp_breach",
        "haccp_outage",
        "haccp_manual",
        "haccp_part",
        "haccp_mark",
    ],
    project: project::project,
    routes: routes::routes,
    reads: &[
        Read { path: "/api/v1/haccp/probes", permission: Permission::HaccpRead },
        Read { path: "/api/v1/haccp/probes/{id}/history", permission: Permission::HaccpRead },
        Read { path: "/api/v1/haccp/record", permission: Permission::HaccpRead },
        Read { path: "/api/v1/haccp/record.html", permission: Permission::HaccpRead },
        Read { path: "/api/v1/haccp/probes/{id}/days", permission: Permission::HaccpRead },
        Read { path: "/api/v1/haccp/breaches", permission: Permission::HaccpRead },
        Read { path: "/api/v1/temperature", permission: Permission::HaccpRead },
        Read { path: "/api/temperature", permission: Permission::HaccpRead },
    ],
    topics: &[
        Topic { namespace: "admin", permission: Permission::HaccpRead },
        Topic { namespace: "notifications", permission: Permission::HaccpRead },
    ],
    frames,
    status,
    ..EMPTY
};

fn frames(view: &View<'_>, subject: trivet_log::Id) -> rusqlite::Result<Vec<Draft>> {
    let mut drafts = Vec::new();
    if let Some(breach) = view::breach(view.conn, subject)? {
        let kind = match breach.closed_at {
            None => "notifications:breach:opened",
            Some(_) => "notifications:breach:closed",
        };
        drafts.push(Draft::new("notifications", kind, &breach));
    }
    // A breach, an outage, an hour or a document: each changes what a probe's card shows.
    for probe in view::shown(view, view::probes_of(view.conn, subject)?)? {
        drafts.push(Draft::new("admin", "haccp:probe:updated", &probe));
    }
    Ok(drafts)
}

fn status(view: &View<'_>, namespace: &str) -> rusqlite::Result<Option<serde_json::Value>> {
    Ok(match namespace {
        "admin" => Some(serde_json::json!({ "probes": view::probes(view)? })),
        "notifications" => Some(serde_json::json!({ "breaches": view::breaches(view.conn, true)? })),
        _ => None,
    })
}
