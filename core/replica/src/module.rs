//! A module, as the runtime sees it: data and plain functions.

use std::collections::BTreeSet;

use axum::http::Extensions;
use rusqlite::Connection;
use trivet_domain::{History, Permission};
use trivet_log::{Id, Lane};
use utoipa_axum::router::OpenApiRouter;

use crate::events::Arrived;
use crate::live::Draft;
use crate::{App, Appended, Caller};

/// Who may hold a module's entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    Tenant,
    Location,
}

/// A read route and what it takes to use it. A GET that is in no module's list answers 403 to everybody.
#[derive(Clone, Copy, Debug)]
pub struct Read {
    pub path: &'static str,
    pub permission: Permission,
}

/// A namespace of the live feed and what it takes to subscribe to it.
#[derive(Clone, Copy, Debug)]
pub struct Topic {
    pub namespace: &'static str,
    pub permission: Permission,
}

#[derive(Clone)]
pub struct Module {
    pub name: &'static str,
    /// Where its facts go; its documents go to the lane of documents.
    pub lane: Lane,
    pub reach: Reach,
    /// Kinds of fact that it appends.
    pub facts: &'static [u16],
    /// Kinds of document that it keeps.
    pub documents: &'static [u16],
    /// Kinds that its projection is folded from, its own among them.
    pub follows: &'static [&'static [u16]],
    /// Its projection tables. A change of this text, or of `fold_version`, rebuilds them at the next start.
    pub schema: &'static str,
    pub tables: &'static [&'static str],
    pub fold_version: u32,
    /// Writes a subject's rows anew.
    pub project: fn(&Projecting<'_>, Id, &History) -> rusqlite::Result<()>,
    /// Effects to note in the same transaction, once per new entry: never called by a rebuild.
    pub on_append: Option<fn(&Connection, &Appended<'_>) -> rusqlite::Result<()>>,
    /// Effect tables, as numbered steps that are never changed once released.
    pub migrations: &'static [&'static str],
    pub routes: fn() -> OpenApiRouter<App>,
    pub reads: &'static [Read],
    pub topics: &'static [Topic],
    /// What the screens are told when a subject has changed.
    pub frames: fn(&View<'_>, Id) -> rusqlite::Result<Vec<Draft>>,
    /// What other programs are told of an entry that has just arrived, by whatever way it came.
    pub public_events: Option<fn(&Arrived<'_>) -> Vec<Draft>>,
    /// What a screen gets first: the module's part of the namespace's whole picture, as an object.
    pub status: fn(&View<'_>, &str) -> rusqlite::Result<Option<serde_json::Value>>,
}

/// A module with nothing in it, to be filled by struct update.
pub const EMPTY: Module = Module {
    name: "",
    lane: Lane::Audit,
    reach: Reach::Location,
    facts: &[],
    documents: &[],
    follows: &[],
    schema: "",
    tables: &[],
    fold_version: 1,
    project: |_, _, _| Ok(()),
    on_append: None,
    migrations: &[],
    routes: OpenApiRouter::new,
    reads: &[],
    topics: &[],
    frames: |_, _| Ok(Vec::new()),
    public_events: None,
    status: |_, _| Ok(None),
};

/// What a projection may use beside the history.
pub struct Projecting<'a> {
    pub conn: &'a Connection,
    pub identity: &'a crate::Identity,
}

/// What a view reads from.
pub struct View<'a> {
    pub conn: &'a Connection,
    pub more: &'a Extensions,
    pub now_ms: i64,
    /// For whom a picture is; None where it is for everybody, or the caller is asked elsewhere.
    pub caller: Option<Caller>,
}

impl Module {
    pub fn follows(&self, kinds: &BTreeSet<u16>) -> bool {
        self.follows.iter().flat_map(|list| list.iter()).any(|kind| kinds.contains(kind))
    }

    pub fn writes(&self, kind: u16) -> bool {
        self.facts.contains(&kind) || self.documents.contains(&kind)
    }
}
