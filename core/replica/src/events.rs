//! Public events: what other programs are told, as frames of the live feed in a namespace of their own.
//!
//! An event is made from entries, not from a picture: it belongs to the entry whose arrival here caused it, and has
//! that entry's name for its id. So an entry gives its events once, however many arrive in one commit and whoever
//! wrote them.

use rusqlite::Connection;
use trivet_domain::History;
use trivet_log::{Entry, Header, Id};

use crate::Module;
use crate::live::{Draft, Touched};
use crate::store::log;

pub const NAMESPACE: &str = "events";

/// One entry that has just arrived.
pub struct Arrived<'a> {
    pub header: &'a Header,
    /// The subject's facts without this entry and those that came after it.
    pub before: &'a History,
    /// The same with this entry.
    pub after: &'a History,
    /// The tenant.
    pub organization: Id,
}

/// What the last `new` of a subject's entries give, one after the other as they arrived.
pub fn of(modules: &[&Module], organization: Id, entries: &[Entry], new: usize) -> Vec<Draft> {
    let first = entries.len().saturating_sub(new);
    let until = |length: usize| log::facts(entries.get(..length).unwrap_or_default(), &[]);
    let mut before = until(first);
    let mut drafts = Vec::new();
    for (at, entry) in entries.iter().enumerate().skip(first) {
        let after = until(at + 1);
        let arrived = Arrived { header: &entry.header, before: &before, after: &after, organization };
        drafts.extend(modules.iter().filter_map(|module| module.public_events).flat_map(|events| events(&arrived)));
        before = after;
    }
    drafts
}

/// The events of what a commit brought to a subject. Later commits may be in the store already.
pub(crate) fn of_touched(
    modules: &[Module],
    organization: Id,
    conn: &Connection,
    touched: &Touched,
) -> rusqlite::Result<Vec<Draft>> {
    let telling = |module: &&Module| module.public_events.is_some() && module.follows(&touched.kinds);
    let telling: Vec<&Module> = modules.iter().filter(telling).collect();
    if touched.new == 0 || telling.is_empty() {
        return Ok(Vec::new());
    }
    let entries = log::entries_until(conn, touched.subject, touched.arrival)?;
    Ok(of(&telling, organization, &entries, touched.new))
}
