//! Projections are disposable: they can be written again from the log, and then they are equal.
//!
//! Readers go on with the old rows until the new ones are committed.

use std::collections::BTreeSet;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use trivet_log::Entry;

use super::log;
use crate::identity::hex;
use crate::module::Projecting;
use crate::{Identity, Module};

/// Effect tables go forward by numbered steps; a step that was released is never changed.
pub fn migrate(conn: &mut Connection, modules: &[Module]) -> rusqlite::Result<()> {
    let tx = conn.transaction()?;
    for module in modules {
        let key = format!("migration:{}", module.name);
        let done = meta(&tx, &key)?.and_then(|text| text.parse().ok()).unwrap_or(0usize);
        for (step, sql) in module.migrations.iter().enumerate().skip(done) {
            tx.execute_batch(sql)?;
            set_meta(&tx, &key, &(step + 1).to_string())?;
        }
    }
    tx.commit()
}

/// Rebuilds the modules whose tables or folds are of another release.
pub fn bring_up_to_date(conn: &mut Connection, identity: &Identity, modules: &[Module]) -> rusqlite::Result<()> {
    for module in modules.iter().filter(|module| !module.schema.is_empty()) {
        let key = format!("projection:{}", module.name);
        let wanted = format!("{} {}", module.fold_version, module.schema);
        if meta(conn, &key)?.as_deref() != Some(wanted.as_str()) {
            let tx = conn.transaction()?;
            rebuild(&tx, identity, modules, module)?;
            set_meta(&tx, &key, &wanted)?;
            tx.commit()?;
        }
    }
    Ok(())
}

/// Drops a module's tables and writes them again from the log.
pub fn rebuild(tx: &Transaction<'_>, identity: &Identity, modules: &[Module], module: &Module) -> rusqlite::Result<()> {
    for table in module.tables {
        tx.execute_batch(&format!("DROP TABLE IF EXISTS {table};"))?;
    }
    tx.execute_batch(module.schema)?;
    let documents = document_kinds(modules);
    for subject in log::subjects(tx)? {
        let entries = log::entries(tx, subject)?;
        if module.follows(&kinds(&entries)) {
            for kind in kinds(&entries).into_iter().filter(|kind| documents.contains(kind)) {
                log::project_document(tx, &entries, kind)?;
            }
            let history = log::history(tx, &entries, &documents)?;
            (module.project)(&Projecting { conn: tx, identity }, subject, &history)?;
        }
    }
    Ok(())
}

/// Rebuilds everything, in one transaction.
pub fn rebuild_all(conn: &mut Connection, identity: &Identity, modules: &[Module]) -> rusqlite::Result<()> {
    let tx = conn.transaction()?;
    modules.iter().try_for_each(|module| rebuild(&tx, identity, modules, module))?;
    tx.commit()
}

/// All projections as text, each table in the order of its key: what two replicas, or a replica and its rebuild, are
/// compared by.
pub fn dump(conn: &Connection, modules: &[Module]) -> rusqlite::Result<String> {
    let mut text = String::new();
    for table in modules.iter().flat_map(|module| module.tables) {
        let mut statement = conn.prepare(&format!("SELECT * FROM {table}"))?;
        let width = statement.column_count();
        let mut rows: Vec<String> = statement
            .query_map([], |row| (0..width).map(|i| row.get_ref(i).map(cell)).collect::<Result<Vec<_>, _>>())?
            .map(|row| row.map(|cells| cells.join("|")))
            .collect::<rusqlite::Result<_>>()?;
        rows.sort();
        text.push_str(&format!("== {table}\n{}\n", rows.join("\n")));
    }
    Ok(text)
}

fn cell(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "-".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(bytes) => hex(bytes),
    }
}

pub(crate) fn kinds(entries: &[Entry]) -> BTreeSet<u16> {
    entries.iter().map(|entry| entry.header.kind).collect()
}

pub(crate) fn document_kinds(modules: &[Module]) -> Vec<u16> {
    modules.iter().flat_map(|module| module.documents.iter().copied()).collect()
}

fn meta(conn: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    conn.query_row("SELECT value FROM meta WHERE key=?1", [key], |row| row.get(0)).optional()
}

fn set_meta(conn: &Connection, key: &str, value: &str) -> rusqlite::Result<()> {
    conn.execute("INSERT OR REPLACE INTO meta(key, value) VALUES(?1, ?2)", params![key, value])?;
    Ok(())
}
