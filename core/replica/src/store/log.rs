//! The log's tables: entries in the order of local arrival (the readings lane's lie in [`super::segment`]), streams,
//! checkpoints, replicas, documents.

use rusqlite::{Connection, OptionalExtension, params};
use trivet_domain::document::{Fields, Value};
use trivet_domain::{Event, Fact, History, Stamp};
use trivet_log::chain::Head;
use trivet_log::sync::{Batch, MAX_BATCH_BYTES, MAX_BATCH_ENTRIES, WrappedKey};
use trivet_log::{Certificate, Chain, Checkpoint, Entry, Header, Hlc, Id, Lane, Origin, StreamId, merge};

use super::{documents, segment};
use crate::{Identity, sealing};

pub const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS replica(origin BLOB PRIMARY KEY, certificate BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stream(
  sid INTEGER PRIMARY KEY, origin BLOB NOT NULL, scope BLOB NOT NULL, lane INTEGER NOT NULL,
  UNIQUE(origin, scope, lane));
CREATE TABLE IF NOT EXISTS log(
  arrival INTEGER PRIMARY KEY, sid INTEGER NOT NULL, seq INTEGER NOT NULL, entity BLOB NOT NULL, entry BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS log_place ON log(sid, seq);
CREATE INDEX IF NOT EXISTS log_entity ON log(entity);
-- A stream is held as far as its newest checkpoint says.
CREATE TABLE IF NOT EXISTS checkpoint(
  sid INTEGER NOT NULL, seq INTEGER NOT NULL, chain BLOB NOT NULL, hlc INTEGER NOT NULL, signature BLOB NOT NULL,
  PRIMARY KEY(sid, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS document(id BLOB PRIMARY KEY, kind INTEGER NOT NULL, fields BLOB NOT NULL) WITHOUT ROWID;
-- Which subject a command was carried out on: its key means nothing else afterwards.
CREATE TABLE IF NOT EXISTS command(id BLOB PRIMARY KEY, subject BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counter(series TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS person_key(person BLOB PRIMARY KEY, wrapped BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
";

/// Of the readings lane, which signs a checkpoint a minute, the last one within so many numbers is kept: it vouches for
/// all before it. As many entries of the largest size fit into a message of the sync.
const CHECKPOINTS_APART: u64 = 64;

/// Makes the tables. A file of before the segments is brought along.
pub(crate) fn prepare(conn: &mut Connection) -> rusqlite::Result<()> {
    let tx = conn.transaction()?;
    let before_segments = tx.prepare("SELECT 1 FROM pragma_table_info('stream') WHERE name='chain'")?.exists([])?;
    if before_segments {
        tx.execute_batch("ALTER TABLE stream DROP COLUMN seq; ALTER TABLE stream DROP COLUMN chain;")?;
    }
    tx.execute_batch(SCHEMA)?;
    tx.execute_batch(segment::SCHEMA)?;
    if before_segments {
        let sql = "SELECT l.arrival, l.sid, l.seq, l.entity, l.entry FROM log l JOIN stream s USING(sid)
            WHERE s.lane=?1 ORDER BY l.arrival";
        let mut statement = tx.prepare(sql)?;
        let mut rows = statement.query([Lane::Readings.number()])?;
        while let Some(row) = rows.next()? {
            let (arrival, sid, seq): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let (entity, raw) = (row.get_ref(3)?.as_blob()?, row.get_ref(4)?.as_blob()?);
            segment::bring(&tx, sid, seq.cast_unsigned(), arrival.cast_unsigned(), entity, raw)?;
        }
        drop(rows);
        drop(statement);
        let moved = "DELETE FROM log WHERE sid IN (SELECT sid FROM stream WHERE lane=?1)";
        tx.execute(moved, [Lane::Readings.number()])?;
    }
    tx.commit()
}

pub(crate) fn id(bytes: [u8; 16]) -> Id {
    Id::from_bytes(bytes)
}

/// The number by which a stream is known in this file.
pub(crate) fn sid(conn: &Connection, stream: &StreamId) -> rusqlite::Result<i64> {
    if let Some(sid) = known_sid(conn, stream)? {
        return Ok(sid);
    }
    conn.prepare_cached("INSERT INTO stream(origin, scope, lane) VALUES(?1, ?2, ?3)")?.execute(params![
        stream.origin.0,
        stream.scope.as_bytes(),
        stream.lane.number()
    ])?;
    Ok(conn.last_insert_rowid())
}

fn known_sid(conn: &Connection, stream: &StreamId) -> rusqlite::Result<Option<i64>> {
    conn.prepare_cached("SELECT sid FROM stream WHERE origin=?1 AND scope=?2 AND lane=?3")?
        .query_row(params![stream.origin.0, stream.scope.as_bytes(), stream.lane.number()], |row| row.get(0))
        .optional()
}

/// All streams with how far they are held.
pub fn heads(conn: &Connection) -> rusqlite::Result<Vec<(i64, Head)>> {
    let sql = "SELECT s.sid, s.origin, s.scope, s.lane, c.seq, c.chain FROM stream s LEFT JOIN checkpoint c
        ON c.sid=s.sid AND c.seq=(SELECT max(seq) FROM checkpoint WHERE sid=s.sid) ORDER BY s.sid";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| {
        let lane = Lane::from_number(row.get(3)?)
            .ok_or_else(|| rusqlite::Error::IntegralValueOutOfRange(3, row.get(3).unwrap_or_default()))?;
        let stream = StreamId { origin: Origin(row.get(1)?), scope: id(row.get(2)?), lane };
        let head = match row.get::<_, Option<i64>>(4)? {
            Some(seq) => Head { stream, seq: seq.cast_unsigned(), chain: Chain(row.get(5)?) },
            None => Head::start(stream),
        };
        Ok((row.get(0)?, head))
    })?;
    rows.collect()
}

pub(crate) fn save_checkpoint(
    conn: &Connection,
    sid: i64,
    stream: &StreamId,
    checkpoint: &Checkpoint,
) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "INSERT OR REPLACE INTO checkpoint(sid, seq, chain, hlc, signature) VALUES(?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        sid,
        checkpoint.seq.cast_signed(),
        checkpoint.chain.0,
        checkpoint.hlc.0.cast_signed(),
        checkpoint.signature
    ])?;
    if segment::keeps(stream.lane) {
        let from = checkpoint.seq.saturating_sub(1) / CHECKPOINTS_APART * CHECKPOINTS_APART;
        conn.prepare_cached("DELETE FROM checkpoint WHERE sid=?1 AND seq>?2 AND seq<?3")?.execute(params![
            sid,
            from.cast_signed(),
            checkpoint.seq.cast_signed()
        ])?;
    }
    Ok(())
}

/// The subject that a command was carried out on, here or on another replica.
pub(crate) fn subject_of_command(conn: &Connection, command: Id) -> rusqlite::Result<Option<Id>> {
    let mut statement = conn.prepare_cached("SELECT subject FROM command WHERE id=?1")?;
    statement.query_row([command.as_bytes()], |row| row.get(0).map(id)).optional()
}

/// Writes an entry under its local arrival number.
pub(crate) fn insert(conn: &Connection, sid: i64, arrival: u64, entry: &Entry) -> rusqlite::Result<()> {
    let header = &entry.header;
    if segment::keeps(header.stream.lane) {
        segment::insert(conn, sid, arrival, entry)?;
    } else {
        let sql = "INSERT INTO log(arrival, sid, seq, entity, entry) VALUES(?1, ?2, ?3, ?4, ?5)";
        conn.prepare_cached(sql)?.execute(params![
            arrival.cast_signed(),
            sid,
            header.seq.cast_signed(),
            header.entity.as_bytes(),
            entry.raw()
        ])?;
    }
    // What a box records by itself each minute has a new id that nobody else was told: nothing can come under it again.
    let by_itself = segment::keeps(header.stream.lane)
        && header.actor == Id::NIL
        && *header.device.as_bytes() == header.stream.origin.0;
    if header.rest == 0 && !by_itself {
        conn.prepare_cached("INSERT OR IGNORE INTO command(id, subject) VALUES(?1, ?2)")?
            .execute(params![header.command.as_bytes(), header.entity.as_bytes()])?;
    }
    Ok(())
}

pub fn last_arrival(conn: &Connection) -> rusqlite::Result<u64> {
    let sql = "SELECT coalesce(max(arrival), 0) FROM log";
    let last = conn.query_row(sql, [], |row| row.get::<_, i64>(0)).map(i64::cast_unsigned)?;
    Ok(last.max(segment::last_arrival(conn)?))
}

/// The newest stamp that this origin wrote: the clock goes on from there.
pub(crate) fn last_hlc(conn: &Connection, origin: Origin) -> rusqlite::Result<Hlc> {
    let sql = "SELECT coalesce(max(c.hlc), 0) FROM stream s JOIN checkpoint c
        ON c.sid=s.sid AND c.seq=(SELECT max(seq) FROM checkpoint WHERE sid=s.sid) WHERE s.origin=?1";
    conn.query_row(sql, [origin.0], |row| row.get::<_, i64>(0)).map(|hlc| Hlc(hlc.cast_unsigned()))
}

/// A subject's entries as they arrived.
pub(crate) fn entries(conn: &Connection, subject: Id) -> rusqlite::Result<Vec<Entry>> {
    entries_until(conn, subject, i64::MAX.cast_unsigned())
}

/// Those with a local arrival number up to this one.
pub(crate) fn entries_until(conn: &Connection, subject: Id, arrival: u64) -> rusqlite::Result<Vec<Entry>> {
    let mut found: Vec<(u64, Entry)> = Vec::new();
    let mut statement = conn.prepare_cached("SELECT arrival, entry FROM log WHERE entity=?1 ORDER BY arrival")?;
    let mut rows = statement.query([subject.as_bytes()])?;
    while let Some(row) = rows.next()? {
        // Unreadable bytes can only come of a damaged file: the chain check names the place, the fold goes on.
        match Entry::parse(row.get(1)?) {
            Ok(entry) => found.push((row.get::<_, i64>(0)?.cast_unsigned(), entry)),
            Err(error) => tracing::error!(%subject, %error, "damaged entry"),
        }
    }
    segment::of_subject(conn, subject, &mut found)?;
    found.retain(|(at, _)| *at <= arrival);
    found.sort_by_key(|(at, _)| *at);
    Ok(found.into_iter().map(|(_, entry)| entry).collect())
}

/// All subjects that entries tell of.
pub(crate) fn subjects(conn: &Connection) -> rusqlite::Result<Vec<Id>> {
    let mut statement = conn.prepare(&format!("SELECT entity FROM log UNION {} ORDER BY 1", segment::SUBJECTS))?;
    statement.query_map([], |row| row.get(0).map(id))?.collect()
}

/// A subject's history in the fold's order. A document's fields are those that were projected with its last entry.
pub fn history(conn: &Connection, entries: &[Entry], document_kinds: &[u16]) -> rusqlite::Result<History> {
    let mut history = facts(entries, document_kinds);
    let change = entries.iter().find(|entry| document_kinds.contains(&entry.header.kind));
    if let Some(change) = change
        && let Some((kind, fields)) = fields(conn, change.header.entity)?
    {
        history.document = Some(fields);
        history.document_kind = kind;
    }
    Ok(history)
}

/// A subject's history without its document: what the entries alone tell.
pub(crate) fn facts(entries: &[Entry], document_kinds: &[u16]) -> History {
    let headers: Vec<&Header> = entries.iter().map(|entry| &entry.header).collect();
    let mut history = History::default();
    for placed in merge::order(&headers) {
        let Some(entry) = entries.get(placed.index) else { continue };
        if document_kinds.contains(&entry.header.kind) {
            continue;
        }
        match Event::decode(entry.header.kind, entry.body()) {
            Some(event) => {
                history.facts.push(Fact { stamp: Stamp::of(&entry.header), event, twin: placed.twin });
            }
            None => history.unread += 1,
        }
    }
    history
}

/// The facts of a subject, in the fold's order: for what needs more than rows hold, a receipt or a report.
pub fn facts_of(conn: &Connection, subject: Id) -> rusqlite::Result<History> {
    Ok(facts(&entries(conn, subject)?, &[]))
}

pub fn fields(conn: &Connection, document: Id) -> rusqlite::Result<Option<(u16, Fields)>> {
    let mut statement = conn.prepare_cached("SELECT kind, fields FROM document WHERE id=?1")?;
    let row =
        statement.query_row([document.as_bytes()], |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?))).optional()?;
    Ok(row.and_then(|(kind, bytes)| Some((kind, minicbor::decode(&bytes).ok()?))))
}

/// What one edit of a document changed: fields with the values that stood before and after it.
#[derive(Clone, Debug)]
pub struct Edit {
    pub at_ms: i64,
    pub by: Id,
    pub changes: Vec<(String, Vec<Value>, Vec<Value>)>,
}

/// The edits of a document in a span of time, as they arrived here.
pub fn edits(conn: &Connection, document: Id, kind: u16, from_ms: i64, to_ms: i64) -> rusqlite::Result<Vec<Edit>> {
    let mut edited = documents::Document::new();
    let mut before = Fields::default();
    let mut edits = Vec::new();
    for entry in entries(conn, document)?.iter().filter(|entry| entry.header.kind == kind) {
        edited.apply(entry);
        let after = edited.fields();
        let at_ms = i64::try_from(entry.header.hlc.ms()).unwrap_or(i64::MAX);
        if (from_ms..to_ms).contains(&at_ms) {
            let values = |fields: &Fields, field: &str| -> Vec<Value> {
                let standing = fields.all(field).into_iter().filter(|value| **value != Value::Nothing);
                standing.cloned().collect()
            };
            let changed = after.0.keys().map(|field| (field.clone(), values(&before, field), values(&after, field)));
            let changes = changed.filter(|(_, before, after)| before != after).collect();
            edits.push(Edit { at_ms, by: entry.header.actor, changes });
        }
        before = after;
    }
    Ok(edits)
}

/// Reads a document anew from its changes and notes its fields.
pub(crate) fn project_document(conn: &Connection, entries: &[Entry], kind: u16) -> rusqlite::Result<()> {
    let Some(first) = entries.first() else { return Ok(()) };
    let fields = documents::Document::from_entries(entries.iter().filter(|e| e.header.kind == kind)).fields();
    conn.prepare_cached("INSERT OR REPLACE INTO document(id, kind, fields) VALUES(?1, ?2, ?3)")?.execute(params![
        first.header.entity.as_bytes(),
        kind,
        trivet_log::entry::encode(&fields)
    ])?;
    Ok(())
}

/// Views name the organisation without knowing the identity.
pub(crate) fn note_tenant(conn: &Connection, tenant: Id) -> rusqlite::Result<()> {
    conn.execute("INSERT OR REPLACE INTO meta(key, value) VALUES('tenant', ?1)", [tenant.as_bytes()])?;
    Ok(())
}

/// Notes replicas that the tenant's root has certified; others are passed over and said.
pub fn introduce(conn: &Connection, identity: &Identity, certificates: &[Certificate]) -> rusqlite::Result<usize> {
    let mut new = 0;
    for certificate in certificates {
        if !certificate.is_signed_by(&identity.root_public_key) || certificate.tenant != identity.certificate.tenant {
            tracing::warn!(origin = %certificate.origin(), "a certificate that the tenant's root did not sign");
            continue;
        }
        new += conn.execute(
            "INSERT OR IGNORE INTO replica(origin, certificate) VALUES(?1, ?2)",
            params![certificate.origin().0, trivet_log::entry::encode(certificate)],
        )?;
    }
    Ok(new)
}

pub fn certificates(conn: &Connection) -> rusqlite::Result<Vec<Certificate>> {
    let mut statement = conn.prepare_cached("SELECT certificate FROM replica ORDER BY origin")?;
    let rows = statement.query_map([], |row| row.get::<_, Vec<u8>>(0))?;
    rows.map(|raw| raw.map(|raw| minicbor::decode(&raw).ok())).filter_map(Result::transpose).collect()
}

pub fn public_key(conn: &Connection, origin: Origin) -> rusqlite::Result<Option<Vec<u8>>> {
    let sql = "SELECT certificate FROM replica WHERE origin=?1";
    let raw: Option<Vec<u8>> = conn.query_row(sql, [origin.0], |row| row.get(0)).optional()?;
    Ok(raw.and_then(|raw| minicbor::decode::<Certificate>(&raw).ok()).map(|certificate| certificate.public_key))
}

pub fn wrapped_keys(conn: &Connection) -> rusqlite::Result<Vec<WrappedKey>> {
    let mut statement = conn.prepare_cached("SELECT person, wrapped FROM person_key ORDER BY person")?;
    let rows = statement.query_map([], |row| Ok(WrappedKey { person: id(row.get(0)?), wrapped: row.get(1)? }))?;
    rows.collect()
}

/// Notes keys of persons; gives those that were new.
pub(crate) fn add_keys(conn: &Connection, identity: &Identity, keys: &[WrappedKey]) -> rusqlite::Result<Vec<Id>> {
    let mut new = Vec::new();
    for key in keys {
        // The relay carries these and is not trusted with them: what does not open is not a key.
        if sealing::open(&identity.tenant_key, key.person.as_bytes(), &key.wrapped).is_none() {
            tracing::warn!(person = %key.person, "a key that is not wrapped by the tenant's");
            continue;
        }
        let sql = "INSERT OR IGNORE INTO person_key(person, wrapped) VALUES(?1, ?2)";
        if conn.execute(sql, params![key.person.as_bytes(), key.wrapped])? == 1 {
            new.push(key.person);
        }
    }
    Ok(new)
}

/// The next batch of a stream after a number, as far as it is held.
pub fn batch_after(conn: &Connection, stream: &StreamId, after: u64) -> rusqlite::Result<Option<Batch>> {
    batch_until(conn, stream, after, None, MAX_BATCH_ENTRIES as u64)
}

/// The next batch after a number: whole commands, up to a checkpoint, within the limits. A checkpoint closes each
/// commit, so the largest batch that fits ends at one; a commit larger than the limits goes whole.
///
/// It ends at `last` or before. That one may be a checkpoint which the store has dropped since it was read, because a
/// later one vouches for the same entries.
pub(crate) fn batch_until(
    conn: &Connection,
    stream: &StreamId,
    after: u64,
    last: Option<&Checkpoint>,
    most: u64,
) -> rusqlite::Result<Option<Batch>> {
    let Some(sid) = known_sid(conn, stream)? else { return Ok(None) };
    let end = last.map_or(i64::MAX.cast_unsigned(), |last| last.seq);
    let nearest = checkpoint(conn, sid, after + 1, "seq>=?2 ORDER BY seq")?.filter(|c| c.seq <= end);
    let Some(nearest) = nearest.or_else(|| last.filter(|last| last.seq > after).cloned()) else { return Ok(None) };
    let before = |seq| checkpoint(conn, sid, seq, "seq<=?2 ORDER BY seq DESC");
    let widest = before(end.min(after.saturating_add(most)))?.filter(|c| c.seq > nearest.seq);
    let mut checkpoint = widest.unwrap_or_else(|| nearest.clone());
    let mut entries = read_entries(conn, sid, stream.lane, after, checkpoint.seq)?;
    let mut bytes = 0;
    let fitting = entries.iter().take_while(|entry| {
        bytes += entry.len();
        bytes <= MAX_BATCH_BYTES
    });
    let fitting = fitting.count();
    if fitting < entries.len() && checkpoint.seq > nearest.seq {
        checkpoint = before(after + fitting as u64)?.filter(|c| c.seq > nearest.seq).unwrap_or(nearest);
        // Read again, not cut: where an entry is missing, places are not numbers.
        entries = read_entries(conn, sid, stream.lane, after, checkpoint.seq)?;
    }
    let entries = entries.into_iter().map(Into::into).collect();
    Ok(Some(Batch { stream: *stream, first: after + 1, entries, checkpoint }))
}

fn checkpoint(conn: &Connection, sid: i64, seq: u64, which: &str) -> rusqlite::Result<Option<Checkpoint>> {
    let sql = format!("SELECT seq, chain, hlc, signature FROM checkpoint WHERE sid=?1 AND {which} LIMIT 1");
    conn.prepare_cached(&sql)?
        .query_row(params![sid, seq.cast_signed()], |row| {
            Ok(Checkpoint {
                seq: row.get::<_, i64>(0)?.cast_unsigned(),
                chain: Chain(row.get(1)?),
                hlc: Hlc(row.get::<_, i64>(2)?.cast_unsigned()),
                signature: row.get(3)?,
            })
        })
        .optional()
}

/// A stream's entries after a number and up to another: the bytes of their authors.
pub fn range(conn: &Connection, stream: &StreamId, after: u64, to: u64) -> rusqlite::Result<Vec<Vec<u8>>> {
    match known_sid(conn, stream)? {
        Some(sid) => read_entries(conn, sid, stream.lane, after, to),
        None => Ok(Vec::new()),
    }
}

fn read_entries(conn: &Connection, sid: i64, lane: Lane, after: u64, to: u64) -> rusqlite::Result<Vec<Vec<u8>>> {
    if segment::keeps(lane) {
        return segment::range(conn, sid, after, to);
    }
    let mut statement =
        conn.prepare_cached("SELECT entry FROM log WHERE sid=?1 AND seq>?2 AND seq<=?3 ORDER BY seq")?;
    let rows = statement.query_map(params![sid, after.cast_signed(), to.cast_signed()], |row| row.get(0))?;
    rows.collect()
}

pub(crate) fn newest_checkpoint(conn: &Connection, sid: i64) -> rusqlite::Result<Option<Checkpoint>> {
    checkpoint(conn, sid, i64::MAX.cast_unsigned(), "seq<=?2 ORDER BY seq DESC")
}

/// The last checkpoint of before a time, by halving: the clock of a stream rises.
pub(crate) fn last_checkpoint_before(
    conn: &Connection,
    sid: i64,
    head: u64,
    ms: u64,
) -> rusqlite::Result<Option<Checkpoint>> {
    let (mut best, mut low, mut high) = (None, 1, head);
    while low <= high {
        let middle = low + (high - low) / 2;
        match checkpoint(conn, sid, middle, "seq<=?2 ORDER BY seq DESC")?.filter(|c| c.seq >= low) {
            Some(later) if later.hlc.ms() >= ms => high = later.seq - 1,
            found => {
                best = found.or(best);
                low = middle + 1;
            }
        }
    }
    Ok(best)
}

/// The first checkpoint of a time or later.
pub(crate) fn first_checkpoint_from(
    conn: &Connection,
    sid: i64,
    head: u64,
    ms: u64,
) -> rusqlite::Result<Option<Checkpoint>> {
    let before = last_checkpoint_before(conn, sid, head, ms)?.map_or(0, |c| c.seq);
    checkpoint(conn, sid, before + 1, "seq>=?2 ORDER BY seq")
}

/// Our chain at a place, recomputed from the checkpoint before it.
pub fn chain_at(conn: &Connection, stream: &StreamId, seq: u64) -> rusqlite::Result<Option<Chain>> {
    let Some(sid) = known_sid(conn, stream)? else { return Ok((seq == 0).then(|| Chain::start(stream))) };
    let before = checkpoint(conn, sid, seq, "seq<=?2 ORDER BY seq DESC")?;
    let (mut at, mut chain) = before.map_or((0, Chain::start(stream)), |c| (c.seq, c.chain));
    for raw in read_entries(conn, sid, stream.lane, at, seq)? {
        chain = chain.then(&raw);
        at += 1;
    }
    Ok((at == seq).then_some(chain))
}
