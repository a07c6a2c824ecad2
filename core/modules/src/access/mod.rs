//! People and how they log in.

mod people;
mod routes;

use rusqlite::params;
use trivet_domain::History;
use trivet_domain::access::{self, Personal};
use trivet_log::Id;
use trivet_replica::module::{EMPTY, Projecting, Reach};
use trivet_replica::{Module, sealing};

pub(crate) use people::active;
pub use people::{NewPerson, add_person, name_of};

pub const MODULE: Module = Module {
    name: "access",
    lane: access::LANE,
    reach: Reach::Tenant,
    facts: access::Event::KINDS,
    follows: &[access::Event::KINDS],
    schema: include_str!("schema.sql"),
    tables: &["access_person"],
    project,
    routes: routes::routes,
    ..EMPTY
};

/// A person whose key is not here (erased, or not arrived yet) has no row: nobody can log in as them.
fn project(projecting: &Projecting<'_>, id: Id, history: &History) -> rusqlite::Result<()> {
    let person = access::fold(history);
    let conn = projecting.conn;
    conn.execute("DELETE FROM access_person WHERE id=?1", [id.as_bytes()])?;
    let key = people::person_key(conn, projecting.identity, id)?;
    let opened = key.and_then(|key| sealing::open(&key, id.as_bytes(), &person.sealed));
    let personal = opened.and_then(|bytes| minicbor::decode::<Personal>(&bytes).ok());
    if let (Some(role), Some(personal)) = (person.role, personal) {
        conn.execute(
            "INSERT INTO access_person VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                id.as_bytes(),
                role.name(),
                personal.login,
                personal.name,
                personal.password,
                personal.pin,
                person.disabled
            ],
        )?;
    }
    Ok(())
}
