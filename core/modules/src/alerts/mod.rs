//! Alerts: those that are open, those that were, and who has been told.

mod notifications;
mod project;
mod raise;
mod routes;
pub mod view;

use rusqlite::Connection;
use serde_json::json;
use trivet_domain::alerts::{self, ROUTING, Routing};
use trivet_domain::{Permission, Role};
use trivet_log::Id;
use trivet_replica::module::{EMPTY, Reach, Read, Topic};
use trivet_replica::store::log;
use trivet_replica::{Draft, Module, View};

pub use raise::{closed_early, open_of_key, raise, return_of_key};
pub use view::{lasting, lasting_though_closed, standing};

pub const MODULE: Module = Module {
    name: "alerts",
    lane: alerts::LANE,
    reach: Reach::Location,
    facts: alerts::Event::KINDS,
    documents: alerts::DOCUMENTS,
    follows: &[alerts::Event::KINDS, alerts::DOCUMENTS],
    schema: include_str!("schema.sql"),
    tables: &["alerts_alert", "alerts_cause", "alerts_notice", "alerts_equipment"],
    migrations: &[include_str!("schema_1.sql")],
    project: project::project,
    routes: routes::routes,
    reads: &[
        Read { path: "/api/v1/alerts", permission: Permission::AlertsRead },
        Read { path: "/api/v1/alerts/{id}", permission: Permission::AlertsRead },
        Read { path: "/api/v1/alerts/routing", permission: Permission::AlertsRead },
        Read { path: "/api/v1/notifications", permission: Permission::AlertsRead },
        Read { path: "/api/v1/kitchen/equipment", permission: Permission::AlertsRead },
    ],
    topics: &[Topic { namespace: "notifications", permission: Permission::AlertsRead }],
    frames,
    status,
    ..EMPTY
};

/// Who is told of what here.
pub fn routing(conn: &Connection) -> rusqlite::Result<Routing> {
    let mut statement = conn.prepare_cached("SELECT id FROM document WHERE kind=?1 LIMIT 1")?;
    let mut rows = statement.query([ROUTING])?;
    let Some(row) = rows.next()? else { return Ok(Routing::default()) };
    let id = Id::from_bytes(row.get(0)?);
    Ok(log::fields(conn, id)?.map(|(_, fields)| Routing::from_fields(&fields)).unwrap_or_default())
}

fn frames(view: &View<'_>, subject: Id) -> rusqlite::Result<Vec<Draft>> {
    let routing = routing(view.conn)?;
    let mut drafts = Vec::new();
    // Of a piece of equipment: the alerts that its being out of service keeps quiet, or no longer.
    for (alert, news) in view::touched_by(view.conn, subject)? {
        let Some(shown) = view::alert(view, alert)? else { continue };
        let kind = match news.as_str() {
            _ if shown.state == "closed" => "notifications:alert:closed",
            "raised" => "notifications:alert:raised",
            _ => "notifications:alert:changed",
        };
        let roles = Role::ALL.into_iter().filter(|role| shown.is_for(*role, &routing)).collect();
        drafts.push(Draft::new("notifications", kind, &shown).only_for(roles));
    }
    Ok(drafts)
}

fn status(view: &View<'_>, namespace: &str) -> rusqlite::Result<Option<serde_json::Value>> {
    let Some(caller) = view.caller.filter(|_| namespace == "notifications") else { return Ok(None) };
    let alerts = view::open(view, caller.rights.role)?;
    let unread = notifications::list(view, caller, true, notifications::MAX_PAGE)?;
    Ok(Some(json!({ "alerts": alerts, "unread": unread })))
}
