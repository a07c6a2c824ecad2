//! What the relay keeps, in one SQLite file: tenants, replicas, their streams as they came, wrapped keys.
//!
//! What must stay true: `Have` is answered only for what is synced to disk; a stream has one history.

use std::path::Path;

use anyhow::Context;
use rusqlite::{Connection, OptionalExtension, params};
use trivet_log::chain::Head;
use trivet_log::entry::encode;
use trivet_log::sync::{
    Batch, Comparison, Fault, MAX_BATCH_BYTES, MAX_BATCH_ENTRIES, WrappedKey, check_batch, compare,
};
use trivet_log::{Certificate, Chain, Checkpoint, Hlc, Id, Lane, Origin, StreamId};

pub(crate) struct Store {
    conn: Connection,
}

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS invitation(hash TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tenant(id BLOB PRIMARY KEY, root BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS replica(tenant BLOB NOT NULL, origin BLOB NOT NULL, certificate BLOB NOT NULL,
  PRIMARY KEY(tenant, origin)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stream(
  sid INTEGER PRIMARY KEY, tenant BLOB NOT NULL, origin BLOB NOT NULL, scope BLOB NOT NULL, lane INTEGER NOT NULL,
  seq INTEGER NOT NULL, chain BLOB NOT NULL, UNIQUE(tenant, origin, scope, lane));
CREATE TABLE IF NOT EXISTS entry(sid INTEGER NOT NULL, seq INTEGER NOT NULL, raw BLOB NOT NULL, PRIMARY KEY(sid, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS checkpoint(
  sid INTEGER NOT NULL, seq INTEGER NOT NULL, chain BLOB NOT NULL, hlc INTEGER NOT NULL, signature BLOB NOT NULL,
  PRIMARY KEY(sid, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS person_key(tenant BLOB NOT NULL, person BLOB NOT NULL, wrapped BLOB NOT NULL,
  PRIMARY KEY(tenant, person)) WITHOUT ROWID;
";

#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error(transparent)]
    Fault(#[from] Fault),
    #[error("no certificate of this tenant's root for {0}")]
    Stranger(Origin),
    #[error(transparent)]
    Store(#[from] rusqlite::Error),
}

impl Store {
    pub(crate) fn open(data: &Path) -> anyhow::Result<Store> {
        std::fs::create_dir_all(data).with_context(|| format!("cannot make {}", data.display()))?;
        let conn = Connection::open(data.join("relay.db"))?;
        conn.busy_timeout(std::time::Duration::from_secs(5))?;
        conn.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=16777216;")?;
        conn.execute_batch(SCHEMA)?;
        conn.set_prepared_statement_cache_capacity(64);
        Ok(Store { conn })
    }

    pub(crate) fn add_invitation(&self, hash: &str) -> rusqlite::Result<()> {
        self.conn.execute("INSERT INTO invitation(hash) VALUES(?1)", [hash]).map(drop)
    }

    /// Uses an invitation up for this tenant. False: there is no such invitation.
    pub(crate) fn claim(&mut self, invitation: &str, root: &[u8], first: &Certificate) -> rusqlite::Result<bool> {
        let tx = self.conn.transaction()?;
        if tx.execute("DELETE FROM invitation WHERE hash=?1", [invitation])? == 0 {
            return Ok(false);
        }
        // An id that is taken is another tenant's: the invitation stays good for the right one.
        if tx
            .execute("INSERT OR IGNORE INTO tenant(id, root) VALUES(?1, ?2)", params![first.tenant.as_bytes(), root])?
            == 0
        {
            return Ok(false);
        }
        tx.execute(
            "INSERT OR IGNORE INTO replica(origin, tenant, certificate) VALUES(?1, ?2, ?3)",
            params![first.origin().0, first.tenant.as_bytes(), encode(first)],
        )?;
        tx.commit()?;
        Ok(true)
    }

    pub(crate) fn root(&self, tenant: Id) -> rusqlite::Result<Option<Vec<u8>>> {
        let sql = "SELECT root FROM tenant WHERE id=?1";
        self.conn.query_row(sql, [tenant.as_bytes()], |row| row.get(0)).optional()
    }

    pub(crate) fn certificates(&self, tenant: Id) -> rusqlite::Result<Vec<Certificate>> {
        let mut statement =
            self.conn.prepare_cached("SELECT certificate FROM replica WHERE tenant=?1 ORDER BY origin")?;
        let rows = statement.query_map([tenant.as_bytes()], |row| row.get::<_, Vec<u8>>(0))?;
        rows.map(|raw| raw.map(|raw| minicbor::decode(&raw).ok())).filter_map(Result::transpose).collect()
    }

    pub(crate) fn keys(&self, tenant: Id) -> rusqlite::Result<Vec<WrappedKey>> {
        let sql = "SELECT person, wrapped FROM person_key WHERE tenant=?1 ORDER BY person";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([tenant.as_bytes()], |row| {
            Ok(WrappedKey { person: Id::from_bytes(row.get(0)?), wrapped: row.get(1)? })
        })?;
        rows.collect()
    }

    /// Notes certificates that the tenant's root has signed, and wrapped keys. True if any was new.
    pub(crate) fn introduce(
        &mut self,
        tenant: Id,
        certificates: &[Certificate],
        keys: &[WrappedKey],
    ) -> rusqlite::Result<bool> {
        let root = self.root(tenant)?.unwrap_or_default();
        let tx = self.conn.transaction()?;
        let mut new = 0;
        for certificate in certificates.iter().filter(|c| c.tenant == tenant && c.is_signed_by(&root)) {
            new += tx.execute(
                "INSERT OR IGNORE INTO replica(origin, tenant, certificate) VALUES(?1, ?2, ?3)",
                params![certificate.origin().0, tenant.as_bytes(), encode(certificate)],
            )?;
        }
        for key in keys {
            new += tx.execute(
                "INSERT OR IGNORE INTO person_key(tenant, person, wrapped) VALUES(?1, ?2, ?3)",
                params![tenant.as_bytes(), key.person.as_bytes(), key.wrapped],
            )?;
        }
        tx.commit()?;
        Ok(new > 0)
    }

    pub(crate) fn heads(&self, tenant: Id) -> rusqlite::Result<Vec<Head>> {
        let sql = "SELECT origin, scope, lane, seq, chain FROM stream WHERE tenant=?1 ORDER BY sid";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([tenant.as_bytes()], |row| {
            let lane = Lane::from_number(row.get(2)?).unwrap_or(Lane::Blobs);
            let stream = StreamId { origin: Origin(row.get(0)?), scope: Id::from_bytes(row.get(1)?), lane };
            Ok(Head { stream, seq: row.get::<_, i64>(3)?.cast_unsigned(), chain: Chain(row.get(4)?) })
        })?;
        rows.collect()
    }

    /// Stores a batch: durable when it returns. Business reasons refuse nothing here: a refused link would block its
    /// stream for ever.
    pub(crate) fn store(&mut self, tenant: Id, batch: &Batch) -> Result<Head, Refused> {
        let origin = batch.stream.origin;
        let sql = "SELECT certificate FROM replica WHERE origin=?1 AND tenant=?2";
        let certificate = self
            .conn
            .query_row(sql, params![origin.0, tenant.as_bytes()], |row| row.get::<_, Vec<u8>>(0))
            .optional()?
            .and_then(|raw| minicbor::decode::<Certificate>(&raw).ok())
            .filter(|certificate| certificate.may_read(batch.stream.scope))
            .ok_or(Refused::Stranger(origin))?;
        let tx = self.conn.transaction()?;
        let (sid, held) = match head(&tx, tenant, &batch.stream)? {
            Some(known) => known,
            None => begin(&tx, tenant, &batch.stream)?,
        };
        let (entries, reached) = match check_batch(&held, batch, &certificate.public_key) {
            Ok(checked) => checked,
            // No fault of the sender's: the answer tells where to go on.
            Err(Fault::Gap { .. }) => return Ok(held),
            Err(fault) => return Err(fault.into()),
        };
        if entries.is_empty() {
            return Ok(held);
        }
        let mut insert = tx.prepare_cached("INSERT INTO entry(sid, seq, raw) VALUES(?1, ?2, ?3)")?;
        for entry in &entries {
            insert.execute(params![sid, entry.header.seq.cast_signed(), entry.raw()])?;
        }
        drop(insert);
        let checkpoint = &batch.checkpoint;
        tx.prepare_cached("INSERT OR REPLACE INTO checkpoint VALUES(?1, ?2, ?3, ?4, ?5)")?.execute(params![
            sid,
            checkpoint.seq.cast_signed(),
            checkpoint.chain.0,
            checkpoint.hlc.0.cast_signed(),
            checkpoint.signature
        ])?;
        tx.execute(
            "UPDATE stream SET seq=?2, chain=?3 WHERE sid=?1",
            params![sid, reached.seq.cast_signed(), reached.chain.0],
        )?;
        tx.commit()?;
        Ok(reached)
    }

    pub(crate) fn batch_after(&self, tenant: Id, stream: &StreamId, after: u64) -> rusqlite::Result<Option<Batch>> {
        let Some((sid, _)) = head(&self.conn, tenant, stream)? else { return Ok(None) };
        // Checkpoints stand where batches ended, so whole batches of the sender's are passed on.
        let sql = "SELECT seq, chain, hlc, signature FROM checkpoint WHERE sid=?1 AND seq>?2 ORDER BY seq LIMIT ?3";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map(params![sid, after.cast_signed(), MAX_BATCH_ENTRIES as i64], |row| {
            Ok(Checkpoint {
                seq: row.get::<_, i64>(0)?.cast_unsigned(),
                chain: Chain(row.get(1)?),
                hlc: Hlc(row.get::<_, i64>(2)?.cast_unsigned()),
                signature: row.get(3)?,
            })
        })?;
        let mut batch: Option<Batch> = None;
        let mut bytes = 0;
        for checkpoint in rows {
            let checkpoint = checkpoint?;
            let from = batch.as_ref().map_or(after, |batch| batch.checkpoint.seq);
            let entries = self.entries(sid, from, checkpoint.seq)?;
            bytes += entries.iter().map(Vec::len).sum::<usize>();
            match &mut batch {
                None => {
                    let entries = entries.into_iter().map(Into::into).collect();
                    batch = Some(Batch { stream: *stream, first: after + 1, entries, checkpoint });
                }
                Some(batch) if bytes <= MAX_BATCH_BYTES && batch.entries.len() + entries.len() <= MAX_BATCH_ENTRIES => {
                    batch.entries.extend(entries.into_iter().map(Into::into));
                    batch.checkpoint = checkpoint;
                }
                Some(_) => break,
            }
        }
        Ok(batch)
    }

    fn entries(&self, sid: i64, after: u64, to: u64) -> rusqlite::Result<Vec<Vec<u8>>> {
        let sql = "SELECT raw FROM entry WHERE sid=?1 AND seq>?2 AND seq<=?3 ORDER BY seq";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map(params![sid, after.cast_signed(), to.cast_signed()], |row| row.get(0))?;
        rows.collect()
    }

    /// Is what a peer holds of a stream the history that is kept here?
    pub(crate) fn compare(&self, tenant: Id, theirs: &Head) -> rusqlite::Result<Comparison> {
        let Some((sid, held)) = head(&self.conn, tenant, &theirs.stream)? else { return Ok(Comparison::Same) };
        let mut chain = None;
        if theirs.seq <= held.seq {
            let sql = "SELECT seq, chain FROM checkpoint WHERE sid=?1 AND seq<=?2 ORDER BY seq DESC LIMIT 1";
            let before = self
                .conn
                .query_row(sql, params![sid, theirs.seq.cast_signed()], |row| {
                    Ok((row.get::<_, i64>(0)?, Chain(row.get(1)?)))
                })
                .optional()?;
            let (at, start) =
                before.map_or((0, Chain::start(&theirs.stream)), |(seq, chain)| (seq.cast_unsigned(), chain));
            let entries = self.entries(sid, at, theirs.seq)?;
            chain = Some(entries.iter().fold(start, |chain, raw| chain.then(raw)));
        }
        Ok(compare(theirs, held.seq, false, |_| chain))
    }
}

fn head(conn: &Connection, tenant: Id, stream: &StreamId) -> rusqlite::Result<Option<(i64, Head)>> {
    let sql = "SELECT sid, seq, chain FROM stream WHERE tenant=?1 AND origin=?2 AND scope=?3 AND lane=?4";
    let values = params![tenant.as_bytes(), stream.origin.0, stream.scope.as_bytes(), stream.lane.number()];
    let known = conn.prepare_cached(sql)?.query_row(values, |row| {
        let head = Head { stream: *stream, seq: row.get::<_, i64>(1)?.cast_unsigned(), chain: Chain(row.get(2)?) };
        Ok((row.get(0)?, head))
    });
    known.optional()
}

/// A stream's row, with its first batch.
fn begin(conn: &Connection, tenant: Id, stream: &StreamId) -> rusqlite::Result<(i64, Head)> {
    let start = Head::start(*stream);
    let sql = "INSERT INTO stream(tenant, origin, scope, lane, seq, chain) VALUES(?1, ?2, ?3, ?4, 0, ?5)";
    conn.prepare_cached(sql)?.execute(params![
        tenant.as_bytes(),
        stream.origin.0,
        stream.scope.as_bytes(),
        stream.lane.number(),
        start.chain.0
    ])?;
    Ok((conn.last_insert_rowid(), start))
}
