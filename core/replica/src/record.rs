//! Writing a bundle: the streams that a location's temperatures stand on, for a period, sealed by this replica
//! (docs/record-format.md, "Bundle").
//!
//! It is made piece by piece, each from a query of its own: whoever fetches it slowly holds no snapshot of the store,
//! and no more than a batch is in memory. That is right because the log only grows and the ends are fixed at the start.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::body::{Body, Bytes};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rusqlite::Connection;
use trivet_log::record::{Begin, FORMAT, Part, Writer};
use trivet_log::{Checkpoint, Entry, Id, Lane, StreamId, TimeQuality};

use crate::store::log;
use crate::{App, Identity};

/// Entries of a batch, if a commit is not larger: four hours of minutes, so that a damage is told that closely.
const MAX_BATCH_ENTRIES: u64 = 240;
/// So long after the period facts of it may still be written: samples that a probe kept, what somebody enters later.
const LATE_MS: u64 = 48 * 3_600_000;
const HOUR_MS: u64 = 3_600_000;
/// People that a bundle names.
const MAX_NAMES: usize = 10_000;

/// Names of these actors, and of whatever else the entries speak of.
pub type Names = fn(&Connection, &BTreeSet<Id>) -> rusqlite::Result<Vec<(Id, String)>>;

/// What is asked for, and what the log does not hold.
pub struct Request {
    /// From the first entry, if None.
    pub from_ms: Option<i64>,
    /// To the newest entry, if None.
    pub to_ms: Option<i64>,
    pub place: Option<String>,
    pub time_zone: Option<String>,
    pub names: Names,
    /// How far others hold the streams.
    pub held: BTreeMap<StreamId, u64>,
    pub restored: bool,
    pub written_ms: i64,
    pub quality: TimeQuality,
    pub software: String,
}

/// A bundle on its way.
pub struct Bundle {
    identity: Arc<Identity>,
    writer: Option<Writer>,
    first: Option<Vec<u8>>,
    /// With the checkpoint that closes each: the store keeps it only until a later one vouches for its entries.
    parts: Vec<(Part, Checkpoint)>,
    at: usize,
    /// Of the part that is being written, the last entry so far.
    seq: u64,
    actors: BTreeSet<Id>,
    names: Names,
}

impl Bundle {
    pub fn open(conn: &Connection, identity: Arc<Identity>, request: &Request) -> rusqlite::Result<Bundle> {
        let mut parts = Vec::new();
        for (sid, head) in log::heads(conn)? {
            let belongs = head.stream.scope == identity.certificate.location
                && matches!(head.stream.lane, Lane::Readings | Lane::Documents | Lane::Audit);
            if belongs && let Some(part) = part(conn, sid, head.stream, request)? {
                parts.push(part);
            }
        }
        let origins: BTreeSet<_> =
            parts.iter().map(|(part, _)| part.stream.origin).chain([identity.origin()]).collect();
        let mut certificates = log::certificates(conn)?;
        certificates.retain(|certificate| origins.contains(&certificate.origin()));
        let begin = Begin {
            format: FORMAT.to_owned(),
            root_public_key: identity.root_public_key.clone(),
            tenant: identity.certificate.tenant,
            location: identity.certificate.location,
            from_ms: request.from_ms,
            to_ms: request.to_ms,
            written_ms: request.written_ms,
            quality: request.quality,
            software: request.software.clone(),
            writer: identity.origin(),
            restored: request.restored.then_some(true),
            place: request.place.clone(),
            time_zone: request.time_zone.clone(),
            certificates,
            parts: parts.iter().map(|(part, _)| part.clone()).collect(),
        };
        let (writer, first) = Writer::begin(&begin);
        let seq = parts.first().map_or(0, starts_after);
        let (writer, first, actors) = (Some(writer), Some(first), BTreeSet::new());
        Ok(Bundle { identity, writer, first, parts, at: 0, seq, actors, names: request.names })
    }

    /// The next bytes; None after the seal.
    pub fn next(&mut self, conn: &Connection) -> rusqlite::Result<Option<Vec<u8>>> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        let Some(writer) = &mut self.writer else { return Ok(None) };
        while let Some((part, last)) = self.parts.get(self.at) {
            let batch = log::batch_until(conn, &part.stream, self.seq, Some(last), MAX_BATCH_ENTRIES)?;
            if let Some(batch) = batch {
                self.seq = batch.checkpoint.seq;
                // A damaged entry goes into the bundle as it lies: the check says so.
                for entry in batch.entries.iter().filter_map(|raw| Entry::parse(raw.to_vec()).ok()) {
                    if entry.header.actor != Id::NIL && self.actors.len() < MAX_NAMES {
                        self.actors.insert(entry.header.actor);
                    }
                }
                return Ok(Some(writer.batch(&batch)));
            }
            self.at += 1;
            self.seq = self.parts.get(self.at).map_or(0, starts_after);
        }
        let Some(mut writer) = self.writer.take() else { return Ok(None) };
        let mut bytes = Vec::new();
        for (id, name) in (self.names)(conn, &self.actors)? {
            bytes.extend(writer.name(id, &name));
        }
        bytes.extend(writer.seal(&self.identity.key()));
        Ok(Some(bytes))
    }
}

fn starts_after((part, _): &(Part, Checkpoint)) -> u64 {
    part.begin.as_ref().map_or(0, |checkpoint| checkpoint.seq)
}

/// A stream's part of the period: whole hours, because an hour's first fact says whose readings follow. Documents go
/// from their first change, because each stands on those before.
fn part(
    conn: &Connection,
    sid: i64,
    stream: StreamId,
    request: &Request,
) -> rusqlite::Result<Option<(Part, Checkpoint)>> {
    let Some(head) = log::newest_checkpoint(conn, sid)? else { return Ok(None) };
    let time = |ms: i64| u64::try_from(ms).unwrap_or(0);
    let begin = match request.from_ms.filter(|_| stream.lane != Lane::Documents) {
        Some(from) => log::last_checkpoint_before(conn, sid, head.seq, time(from) / HOUR_MS * HOUR_MS)?,
        None => None,
    };
    let last = match request.to_ms.filter(|_| stream.lane != Lane::Documents) {
        Some(to) => log::first_checkpoint_from(conn, sid, head.seq, time(to).saturating_add(LATE_MS))?,
        None => None,
    };
    let last = last.unwrap_or_else(|| head.clone());
    let held = request.held.get(&stream).copied();
    Ok(Some((Part { stream, begin, last: last.seq, head, held }, last)))
}

/// The bundle as a response's body.
pub fn body(app: App, bundle: Bundle) -> Body {
    let pieces = futures_util::stream::try_unfold(bundle, move |mut bundle| {
        let app = app.clone();
        async move {
            let read = app.read(move |view| bundle.next(view.conn).map(|piece| (piece, bundle))).await;
            // The file ends without its seal, and so does not pass for whole.
            let (piece, bundle) = read.map_err(|problem| std::io::Error::other(problem.detail))?;
            Ok::<_, std::io::Error>(piece.map(|piece| (Bytes::from(piece), bundle)))
        }
    });
    Body::from_stream(pieces)
}

/// The same within a page that checks it: `page` is what stands before and after the bundle in base64.
pub fn page_body(app: App, bundle: Bundle, page: [&'static str; 2]) -> Body {
    use futures_util::StreamExt;
    let [before, after] = page;
    let mut text = Base64::default();
    let pieces = body(app, bundle).into_data_stream().map(Some).chain(futures_util::stream::iter([None]));
    let pieces = pieces.map(move |piece| match piece {
        Some(piece) => piece.map(|bytes| Bytes::from(text.next(&bytes))),
        None => Ok(Bytes::from(std::mem::take(&mut text).end())),
    });
    let around = |text: &'static str| futures_util::stream::iter([Ok(Bytes::from_static(text.as_bytes()))]);
    Body::from_stream(around(before).chain(pieces).chain(around(after)))
}

/// Base64 of a stream of bytes.
#[derive(Default)]
pub struct Base64 {
    left: Vec<u8>,
}

impl Base64 {
    pub fn next(&mut self, bytes: &[u8]) -> String {
        self.left.extend_from_slice(bytes);
        let left = self.left.split_off(self.left.len() / 3 * 3);
        STANDARD.encode(std::mem::replace(&mut self.left, left))
    }

    pub fn end(self) -> String {
        STANDARD.encode(self.left)
    }
}

#[cfg(test)]
mod tests {
    use minicbor::Decoder;
    use trivet_log::chain::Head;
    use trivet_log::sync::Batch;
    use trivet_log::{Chain, Header, Hlc};

    use super::*;

    /// A box that writes a minute of readings in each commit.
    struct Minutes {
        conn: Connection,
        identity: Arc<Identity>,
        head: Head,
    }

    impl Minutes {
        fn new() -> Minutes {
            let mut conn = Connection::open_in_memory().unwrap();
            log::prepare(&mut conn).unwrap();
            let identity = Arc::new(Identity::found(1_790_000_000_000));
            log::introduce(&conn, &identity, std::slice::from_ref(&identity.certificate)).unwrap();
            let (origin, scope) = (identity.origin(), identity.certificate.location);
            Minutes { conn, identity, head: Head::start(StreamId { origin, scope, lane: Lane::Readings }) }
        }

        fn hlc(minute: u64) -> Hlc {
            Hlc::from_ms(1_790_000_000_000 + minute * 60_000)
        }

        fn append(&mut self, minutes: u64) {
            let stream = self.head.stream;
            let sid = log::sid(&self.conn, &stream).unwrap();
            for seq in self.head.seq + 1..=self.head.seq + minutes {
                let header = Header {
                    stream,
                    seq,
                    hlc: Minutes::hlc(seq),
                    quality: TimeQuality::Ntp,
                    actor: Id::NIL,
                    device: Id::from_bytes(stream.origin.0),
                    command: Id::at(seq, [7; 10]),
                    rest: 0,
                    kind: 0x610,
                    version: 1,
                    entity: Id::from_bytes([3; 16]),
                    frontier: vec![],
                };
                let entry = Entry::new(header, &[4; 20]).unwrap();
                log::insert(&self.conn, sid, seq, &entry).unwrap();
                self.head.advance(&entry);
                let checkpoint =
                    Checkpoint::sign(&self.identity.key(), &stream, seq, self.head.chain, Minutes::hlc(seq));
                log::save_checkpoint(&self.conn, sid, &stream, &checkpoint).unwrap();
            }
        }

        fn open(&self, to_minute: Option<u64>) -> Bundle {
            let late = LATE_MS / 60_000;
            let to_ms = to_minute.map(|minute| i64::try_from(Minutes::hlc(minute - late).ms()).unwrap());
            let request = Request {
                from_ms: None,
                to_ms,
                place: None,
                time_zone: None,
                names: |_, _| Ok(Vec::new()),
                held: BTreeMap::new(),
                restored: false,
                written_ms: 0,
                quality: TimeQuality::Ntp,
                software: String::new(),
            };
            Bundle::open(&self.conn, self.identity.clone(), &request).unwrap()
        }

        /// How many entries the batches hold, one after the other, each up to a checkpoint that fits and is signed.
        fn drain(&self, mut bundle: Bundle) -> u64 {
            let stream = self.head.stream;
            let (mut seq, mut chain) = (0, Chain::start(&stream));
            while let Some(piece) = bundle.next(&self.conn).unwrap() {
                let [0x82, 1, batch @ ..] = piece.as_slice() else { continue };
                let batch: Batch = Decoder::new(batch).decode().unwrap();
                assert_eq!(batch.first, seq + 1);
                seq += batch.entries.len() as u64;
                chain = batch.entries.iter().fold(chain, |chain, raw| chain.then(raw));
                assert_eq!((batch.checkpoint.seq, batch.checkpoint.chain), (seq, chain));
                assert!(batch.checkpoint.is_signed_by(&self.identity.certificate.public_key, &stream));
            }
            seq
        }
    }

    /// The store drops the checkpoint that a bundle was to end at as soon as a later one vouches for its entries.
    #[test]
    fn what_is_written_while_a_bundle_is_fetched_cuts_nothing_off() {
        let late = LATE_MS / 60_000;
        let cases = [(1, None), (30, None), (64, None), (70, None), (500, None), (late + 9, Some(late + 9))];
        for (before, to_minute) in cases {
            let mut minutes = Minutes::new();
            minutes.append(before);
            let bundle = minutes.open(to_minute);
            minutes.append(3);
            assert_eq!(minutes.drain(bundle), before, "of {before} minutes");
        }
    }

    #[test]
    fn base64_in_pieces_is_base64_of_the_whole() {
        let bytes: Vec<u8> = (0..=255).collect();
        for size in [1, 2, 3, 7, 100] {
            let mut text = Base64::default();
            let mut made: String = bytes.chunks(size).map(|piece| text.next(piece)).collect();
            made += &text.end();
            assert_eq!(made, STANDARD.encode(&bytes), "in pieces of {size}");
        }
    }
}
