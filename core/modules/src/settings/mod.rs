//! Settings of the location.

mod routes;

use rusqlite::Connection;
use trivet_domain::Permission;
use trivet_domain::settings::{self, Settings};
use trivet_log::Id;
use trivet_replica::Module;
use trivet_replica::module::{EMPTY, Reach, Read};
use trivet_replica::store::log;

pub use routes::SettingsView;

pub const MODULE: Module = Module {
    name: "settings",
    lane: settings::LANE,
    reach: Reach::Location,
    documents: &[settings::DOCUMENT],
    follows: &[&[settings::DOCUMENT]],
    routes: routes::routes,
    reads: &[Read { path: "/api/v1/settings", permission: Permission::SettingsRead }],
    ..EMPTY
};

/// The settings in force, read where a paper or a view needs them.
pub fn in_force(conn: &Connection) -> rusqlite::Result<Settings> {
    Ok(of_location(conn)?.map(|(_, settings)| settings).unwrap_or_default())
}

/// The location whose settings are here, with them.
pub fn of_location(conn: &Connection) -> rusqlite::Result<Option<(Id, Settings)>> {
    let sql = "SELECT id FROM document WHERE kind=?1 LIMIT 1";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query([settings::DOCUMENT])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let id = Id::from_bytes(row.get(0)?);
    Ok(log::fields(conn, id)?.map(|(_, fields)| (id, Settings::from_fields(&fields))))
}
