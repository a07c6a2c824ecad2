//! The store: one SQLite file, one writer thread, many readers.
//!
//! What must stay true: an answer means committed with `synchronous=FULL`; nothing is published or shipped before; a
//! failed sync ends the process (after it the pages count as clean, so a retry would lie).

pub mod documents;
pub mod log;
pub mod rebuild;
mod segment;
#[cfg(test)]
mod tests;
mod writer;

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use axum::http::Extensions;
use rusqlite::{Connection, OpenFlags};
use trivet_domain::{Fact, History};
use trivet_log::{Entry, Id, Origin};

use crate::live::{Hub, Publisher};
use crate::{Identity, Module, Wall};

pub use segment::BLOCK;
pub use writer::{Figures, Job, Writing};

/// Waiting jobs of the writer; past it a caller waits (HTTP handlers are limited before that).
pub const MAX_QUEUED_JOBS: usize = 1_024;
/// Jobs in one commit.
pub const MAX_GROUP: usize = 128;
/// Read connections.
pub const MAX_READERS: usize = 4;

pub struct Opening {
    pub path: PathBuf,
    pub identity: Arc<Identity>,
    pub modules: Arc<Vec<Module>>,
    pub wall: Wall,
    pub hub: Arc<Hub>,
    pub more: Arc<Extensions>,
}

/// New entries of one subject, inside the transaction that appends them.
pub struct Appended<'a> {
    pub subject: Id,
    /// All of the subject, the new facts among it.
    pub history: &'a History,
    pub new: &'a [Entry],
    /// This replica's, to tell its own entries from others'.
    pub origin: Origin,
    pub now_ms: i64,
}

impl Appended<'_> {
    /// The new facts, in the fold's order.
    pub fn facts(&self) -> impl Iterator<Item = &Fact> {
        let is_new = |fact: &&Fact| {
            self.new
                .iter()
                .any(|entry| entry.header.stream.origin == fact.stamp.origin && entry.header.seq == fact.stamp.seq)
        };
        self.history.facts.iter().filter(is_new)
    }
}

#[derive(Clone)]
pub struct Store {
    writer: writer::Writer,
    readers: Arc<Readers>,
    pub path: Arc<PathBuf>,
}

impl Store {
    pub fn open(opening: Opening) -> anyhow::Result<Store> {
        let path = opening.path.clone();
        let mut conn = connect(&path, false)?;
        log::prepare(&mut conn)?;
        log::note_tenant(&conn, opening.identity.certificate.tenant)?;
        rebuild::migrate(&mut conn, &opening.modules)?;
        log::introduce(&conn, &opening.identity, std::slice::from_ref(&opening.identity.certificate))?;
        rebuild::bring_up_to_date(&mut conn, &opening.identity, &opening.modules)?;
        let publisher = Publisher::start(connect(&path, true)?, &opening)?;
        let writer = writer::Writer::start(conn, opening, publisher)?;
        Ok(Store { writer, readers: Arc::new(Readers::new(path.clone())), path: Arc::new(path) })
    }

    /// Runs a query on a read connection. Blocks: call it away from async threads.
    pub fn read<T>(&self, query: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        self.readers.with(query)
    }

    /// Runs a job in the writer's next commit; the answer comes after the sync. A job that fails changes nothing.
    pub async fn write<T: Send + 'static, E: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Writing<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<Result<T, E>, Closed> {
        self.writer.run(job).await
    }

    /// Changes with each commit that appended something: the local arrival number that was reached.
    pub fn grown(&self) -> tokio::sync::watch::Receiver<u64> {
        self.writer.grown()
    }

    /// As [`Store::grown`], for commits with an entry of one of these kinds alone.
    pub fn grown_of(&self, kinds: &'static [&'static [u16]]) -> tokio::sync::watch::Receiver<u64> {
        self.writer.grown_of(kinds)
    }

    pub fn figures(&self) -> Figures {
        self.writer.figures()
    }
}

/// The writer is gone: the process is about to end.
#[derive(Debug, thiserror::Error)]
#[error("the store is closed")]
pub struct Closed;

/// A connection with the store's settings.
pub fn connect(path: &std::path::Path, read_only: bool) -> anyhow::Result<Connection> {
    let version = rusqlite::version_number();
    // WAL-reset corruption: sqlite.org/wal.html#walresetbug.
    anyhow::ensure!(version >= 3_051_003 && version != 3_052_000, "SQLite {} may corrupt its log", rusqlite::version());
    let flags = if read_only {
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX
    } else {
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX
    };
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(std::time::Duration::from_secs(5))?;
    if !read_only {
        // Small pages: half the bytes on flash. The WAL is overwritten in place and never truncated, because a file
        // that changes its length drags the file system's journal into every sync.
        conn.execute_batch(
            "PRAGMA page_size=1024; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000;
             PRAGMA journal_size_limit=16777216;",
        )?;
    }
    conn.execute_batch(
        "PRAGMA cache_size=-2000; PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;
         PRAGMA foreign_keys=OFF; PRAGMA mmap_size=0;",
    )?;
    conn.set_prepared_statement_cache_capacity(128);
    Ok(conn)
}

struct Readers {
    path: PathBuf,
    idle: Mutex<(Vec<Connection>, usize)>,
    returned: Condvar,
}

impl Readers {
    fn new(path: PathBuf) -> Readers {
        Readers { path, idle: Mutex::new((Vec::new(), 0)), returned: Condvar::new() }
    }

    fn with<T>(&self, query: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        let lent = Lent { readers: self, conn: Some(self.take()?) };
        let conn = lent.conn.as_ref().expect("it was just put there");
        // One snapshot for all statements of the query.
        conn.unchecked_transaction().and_then(|_snapshot| query(conn))
    }

    fn take(&self) -> rusqlite::Result<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(conn) = idle.0.pop() {
                return Ok(conn);
            }
            if idle.1 < MAX_READERS {
                idle.1 += 1;
                let opened = connect(&self.path, true);
                if opened.is_err() {
                    idle.1 -= 1;
                }
                return opened.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()));
            }
            idle = self.returned.wait(idle).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// A connection that comes back, also from a query that panics.
struct Lent<'a> {
    readers: &'a Readers,
    conn: Option<Connection>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.readers.idle.lock().unwrap_or_else(PoisonError::into_inner).0.extend(self.conn.take());
        self.readers.returned.notify_one();
    }
}
