//! A person's data is sealed before it becomes a command, so that nothing personal is ever in the log.

use rusqlite::{Connection, OptionalExtension, params};
use trivet_domain::Role;
use trivet_domain::access::{Command, Personal, check_pin};
use trivet_log::Id;
use trivet_replica::auth::hash_password;
use trivet_replica::sealing::{self, SecretKey};
use trivet_replica::{Actor, App, Identity, Rejection};

pub struct NewPerson {
    pub name: String,
    pub login: String,
    pub role: Role,
    pub password: String,
    /// For taking over a screen that somebody has opened; none, if they don't.
    pub pin: Option<String>,
}

/// Adds a person: the key first, wrapped, then the fact.
pub async fn add_person(app: &App, actor: Actor, id: Id, person: NewPerson) -> Result<(), Rejection> {
    person.pin.as_deref().map_or(Ok(()), check_pin)?;
    let hash = |secret: &str| hash_password(secret).map_err(|error| Rejection::Store(error.to_string()));
    let personal = Personal {
        name: person.name,
        login: person.login.to_lowercase(),
        password: hash(&person.password)?,
        pin: person.pin.as_deref().map(hash).transpose()?,
    };
    let key: SecretKey = sealing::random();
    let sealed = sealing::seal(&key, id.as_bytes(), &trivet_log::entry::encode(&personal));
    let wrapped = sealing::seal(&app.identity.tenant_key, id.as_bytes(), &key);
    app.store
        .write(move |writing| {
            let sql = "INSERT OR IGNORE INTO person_key(person, wrapped) VALUES(?1, ?2)";
            writing.conn.execute(sql, params![id.as_bytes(), wrapped]).map(drop)
        })
        .await?
        .map_err(|error| Rejection::Store(error.to_string()))?;
    let command = Command::Add { person: id, role: person.role, sealed };
    app.submit(actor, id, trivet_domain::Command::Access(command)).await?;
    Ok(())
}

pub(super) fn person_key(conn: &Connection, identity: &Identity, person: Id) -> rusqlite::Result<Option<SecretKey>> {
    let sql = "SELECT wrapped FROM person_key WHERE person=?1";
    let wrapped: Option<Vec<u8>> = conn.query_row(sql, [person.as_bytes()], |row| row.get(0)).optional()?;
    let opened = wrapped.and_then(|wrapped| sealing::open(&identity.tenant_key, person.as_bytes(), &wrapped));
    Ok(opened.and_then(|key| key.try_into().ok()))
}

/// None for somebody whose key is not here.
pub fn name_of(conn: &Connection, person: Id) -> rusqlite::Result<Option<String>> {
    conn.query_row("SELECT name FROM access_person WHERE id=?1", [person.as_bytes()], |row| row.get(0)).optional()
}

/// Those who have an account that is in use, by name.
pub(crate) fn active(conn: &Connection) -> rusqlite::Result<Vec<(Id, String)>> {
    let mut statement = conn.prepare_cached("SELECT id, name FROM access_person WHERE disabled=0 ORDER BY name, id")?;
    statement.query_map([], |row| Ok((Id::from_bytes(row.get(0)?), row.get(1)?)))?.collect()
}
