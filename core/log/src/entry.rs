//! An entry: one fact or one change of a document, with the header by which it is filtered, ordered and audited.
//!
//! An entry is kept as the bytes that its author wrote: `CBOR(header) ‖ body`. Fields are numbered, only ever added,
//! always optional, never renumbered; what a reader does not know stays in the bytes, and so under the hash.

use std::fmt;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::clock::{Hlc, TimeQuality};
use crate::id::{Id, Origin};

/// What travels together. A module names its lane; the order of the variants is the order of shipping after an outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    #[n(0)]
    Orders,
    #[n(1)]
    Readings,
    #[n(2)]
    Documents,
    #[n(3)]
    Audit,
    #[n(4)]
    Blobs,
}

impl Lane {
    pub const ALL: [Lane; 5] = [Lane::Orders, Lane::Documents, Lane::Audit, Lane::Readings, Lane::Blobs];

    pub fn number(self) -> u8 {
        self as u8
    }

    pub fn from_number(number: u8) -> Option<Lane> {
        Lane::ALL.into_iter().find(|lane| lane.number() == number)
    }
}

/// Numbers, chain, checkpoints and version vectors run per stream.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct StreamId {
    #[n(0)]
    pub origin: Origin,
    /// The tenant or the location that may read it.
    #[n(1)]
    pub scope: Id,
    #[n(2)]
    pub lane: Lane,
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{:?}", self.origin, self.scope, self.lane)
    }
}

/// An entry's place: its origin, and its number in the stream of its own scope and lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryRef {
    pub origin: Origin,
    pub seq: u64,
}

/// One of the newest entries of the same subject that the author had seen. The author's own origin is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Seen {
    #[n(0)]
    pub seq: u64,
    #[n(1)]
    pub origin: Option<Origin>,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Header {
    #[n(0)]
    pub stream: StreamId,
    /// Counts from 1.
    #[n(1)]
    pub seq: u64,
    #[n(2)]
    pub hlc: Hlc,
    #[n(3)]
    pub quality: TimeQuality,
    /// The person, or nil for a timer, a device or a policy.
    #[n(4)]
    pub actor: Id,
    /// The screen, probe or box that the command came from.
    #[n(5)]
    pub device: Id,
    #[n(6)]
    pub command: Id,
    /// How many entries of the same command follow in the stream: a batch is cut only after a 0.
    #[n(7)]
    pub rest: u16,
    #[n(8)]
    pub kind: u16,
    #[n(9)]
    pub version: u8,
    /// The subject that it tells of.
    #[n(10)]
    pub entity: Id,
    #[n(11)]
    pub frontier: Vec<Seen>,
}

impl Header {
    pub fn place(&self) -> EntryRef {
        EntryRef { origin: self.stream.origin, seq: self.seq }
    }

    /// The entry's name in text, which no other entry has: `origin/scope/lane/seq`, the lane by its number.
    pub fn name(&self) -> String {
        let StreamId { origin, scope, lane } = self.stream;
        format!("{origin}/{scope}/{}/{}", lane.number(), self.seq)
    }

    /// The places that the frontier names.
    pub fn seen(&self) -> impl Iterator<Item = EntryRef> {
        let own = self.stream.origin;
        self.frontier.iter().map(move |seen| EntryRef { origin: seen.origin.unwrap_or(own), seq: seen.seq })
    }
}

/// Larger entries are refused on every way in.
pub const MAX_ENTRY_BYTES: usize = 64 * 1024;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub header: Header,
    raw: Vec<u8>,
    body_at: usize,
}

#[derive(Debug, thiserror::Error)]
pub enum Malformed {
    #[error("an entry of {0} bytes; the limit is {MAX_ENTRY_BYTES}")]
    TooLarge(usize),
    #[error("an entry's header does not read: {0}")]
    Header(#[from] minicbor::decode::Error),
}

impl Entry {
    pub fn new(header: Header, body: &[u8]) -> Result<Entry, Malformed> {
        let mut raw = encode(&header);
        let body_at = raw.len();
        raw.extend_from_slice(body);
        if raw.len() > MAX_ENTRY_BYTES {
            return Err(Malformed::TooLarge(raw.len()));
        }
        Ok(Entry { header, raw, body_at })
    }

    pub fn parse(raw: Vec<u8>) -> Result<Entry, Malformed> {
        if raw.len() > MAX_ENTRY_BYTES {
            return Err(Malformed::TooLarge(raw.len()));
        }
        let mut decoder = minicbor::Decoder::new(&raw);
        let header = decoder.decode()?;
        let body_at = decoder.position();
        Ok(Entry { header, raw, body_at })
    }

    /// The bytes as their author wrote them.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    pub fn body(&self) -> &[u8] {
        self.raw.get(self.body_at..).unwrap_or_default()
    }
}

/// CBOR of a value whose encoding cannot fail (a `Vec` has no end).
pub fn encode<T: Encode<()>>(value: &T) -> Vec<u8> {
    minicbor::to_vec(value).expect("encoding into a Vec cannot fail")
}
