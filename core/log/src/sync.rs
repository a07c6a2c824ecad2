//! How two replicas (or a replica and the relay) bring each other up to date: events in, effects out, no IO.
//!
//! Each side tells per stream how far it holds it (a version vector with the chain at that place). Whoever holds more
//! sends batches; the receiver stores a batch durably and answers `Have`. The resume point is always what is stored,
//! so a connection may be cut at any byte. A batch never cuts a command and ends at a signed checkpoint.

use std::collections::{BTreeMap, BTreeSet};

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::certificate::Certificate;
use crate::chain::{Chain, Checkpoint, Head};
use crate::entry::{Entry, Malformed, StreamId};
use crate::id::Id;

/// Batches on their way to one peer, over all streams.
pub const MAX_BATCHES_IN_FLIGHT: usize = 4;
/// A batch ends at the last checkpoint within these; a single commit may exceed them.
pub const MAX_BATCH_ENTRIES: usize = 1_000;
pub const MAX_BATCH_BYTES: usize = 1024 * 1024;
/// A message larger than this is refused unread.
pub const MAX_MESSAGE_BYTES: usize = 8 * 1024 * 1024;

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Batch {
    #[n(0)]
    pub stream: StreamId,
    /// The number of the first entry.
    #[n(1)]
    pub first: u64,
    #[n(2)]
    pub entries: Vec<ByteVec>,
    /// Signs the chain after the last entry.
    #[n(3)]
    pub checkpoint: Checkpoint,
}

/// A person's data key, wrapped by the tenant's key: it travels beside the log, never in it.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct WrappedKey {
    #[n(0)]
    pub person: Id,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub wrapped: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub enum Message {
    /// The first message of each side. `certificates` are of all origins that the sender holds entries of.
    #[n(0)]
    Hello {
        #[n(0)]
        have: Vec<Head>,
        #[n(1)]
        certificates: Vec<Certificate>,
        #[n(2)]
        keys: Vec<WrappedKey>,
        /// The sender's wall clock, milliseconds since 1970; the relay's is compared with.
        #[n(3)]
        now_ms: Option<i64>,
    },
    #[n(1)]
    Batch(#[n(0)] Batch),
    /// "I hold this stream durably up to `seq`."
    #[n(2)]
    Have {
        #[n(0)]
        stream: StreamId,
        #[n(1)]
        seq: u64,
    },
    /// A replica or a person became known while the connection was up.
    #[n(3)]
    News {
        #[n(0)]
        certificates: Vec<Certificate>,
        #[n(1)]
        keys: Vec<WrappedKey>,
    },
    /// Relay to replica: how far another replica of the location holds a stream.
    #[n(4)]
    HeldBy {
        #[n(0)]
        stream: StreamId,
        #[n(1)]
        seq: u64,
    },
    /// Replica to relay: a one-time code was made here; an applicant that names its hash may leave a request.
    #[n(5)]
    Offer {
        #[n(0)]
        code_hash: String,
    },
    /// Relay to replica: an applicant's request. The relay cannot read or forge it.
    #[n(6)]
    Asked {
        #[n(0)]
        code_hash: String,
        #[n(1)]
        #[cbor(with = "minicbor::bytes")]
        request: Vec<u8>,
    },
    #[n(7)]
    Answer {
        #[n(0)]
        code_hash: String,
        #[n(1)]
        #[cbor(with = "minicbor::bytes")]
        answer: Vec<u8>,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    Received(Message),
    /// The local replica holds the stream up to here: committed and checkpointed.
    Grew(StreamId, u64),
    /// The answer to `Load`: None when there is nothing after that place.
    Loaded(StreamId, Option<Batch>),
    /// The answer to `Store`: how far the stream is held now (unchanged if the batch was refused).
    Stored(StreamId, u64),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Send(Message),
    /// Read a batch of the stream that begins after this number.
    Load(StreamId, u64),
    Store(Batch),
    /// The peer holds `head` of this stream: is it ours too? If it is a fork or lies ahead of us in our own stream,
    /// this replica was cloned or restored and must stop.
    Compare(Head),
    Introduce {
        certificates: Vec<Certificate>,
        keys: Vec<WrappedKey>,
    },
    HeldBy(StreamId, u64),
    /// A message about enrolment, which the host handles.
    Enrolment(Message),
}

/// One side's view of one connection.
pub struct Peer {
    may_read: Box<dyn Fn(Id) -> bool + Send + Sync>,
    greeted: bool,
    ours: BTreeMap<StreamId, u64>,
    theirs: BTreeMap<StreamId, u64>,
    in_flight: BTreeSet<StreamId>,
}

impl Peer {
    /// `may_read` tells which scopes the other side may receive.
    pub fn new(ours: &[Head], may_read: impl Fn(Id) -> bool + Send + Sync + 'static) -> Peer {
        Peer {
            may_read: Box::new(may_read),
            greeted: false,
            ours: ours.iter().map(|head| (head.stream, head.seq)).collect(),
            theirs: BTreeMap::new(),
            in_flight: BTreeSet::new(),
        }
    }

    /// How far the other side is known to hold a stream.
    pub fn held(&self, stream: &StreamId) -> u64 {
        self.theirs.get(stream).copied().unwrap_or(0)
    }

    /// Entries of ours that the other side may read and does not hold yet.
    pub fn behind(&self) -> u64 {
        let wanted = self.ours.iter().filter(|(stream, _)| (self.may_read)(stream.scope));
        wanted.map(|(stream, seq)| seq.saturating_sub(self.held(stream))).sum()
    }

    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        match input {
            Input::Received(Message::Hello { have, certificates, keys, .. }) => {
                self.greeted = true;
                self.theirs = have.iter().map(|head| (head.stream, head.seq)).collect();
                effects.push(Effect::Introduce { certificates, keys });
                effects.extend(have.into_iter().map(Effect::Compare));
            }
            Input::Received(Message::News { certificates, keys }) => {
                effects.push(Effect::Introduce { certificates, keys });
            }
            Input::Received(Message::Batch(batch)) => {
                let last = batch.checkpoint.seq;
                let theirs = self.theirs.entry(batch.stream).or_default();
                *theirs = last.max(*theirs);
                effects.push(Effect::Store(batch));
            }
            Input::Received(Message::Have { stream, seq }) => {
                self.theirs.insert(stream, seq);
                self.in_flight.remove(&stream);
            }
            Input::Received(Message::HeldBy { stream, seq }) => effects.push(Effect::HeldBy(stream, seq)),
            Input::Received(message @ (Message::Offer { .. } | Message::Asked { .. } | Message::Answer { .. })) => {
                effects.push(Effect::Enrolment(message))
            }
            Input::Grew(stream, seq) => {
                self.ours.insert(stream, seq);
            }
            Input::Loaded(stream, None) => {
                self.in_flight.remove(&stream);
                self.ours.insert(stream, self.held(&stream));
            }
            Input::Loaded(_, Some(batch)) => effects.push(Effect::Send(Message::Batch(batch))),
            Input::Stored(stream, seq) => {
                self.ours.insert(stream, seq);
                effects.push(Effect::Send(Message::Have { stream, seq }));
            }
        }
        effects.extend(self.next_loads());
        effects
    }

    /// Fills the window, orders before readings.
    fn next_loads(&mut self) -> Vec<Effect> {
        if !self.greeted {
            return Vec::new();
        }
        let mut wanting: Vec<(StreamId, u64)> = self
            .ours
            .iter()
            .filter(|(stream, seq)| **seq > self.held(stream) && (self.may_read)(stream.scope))
            .filter(|(stream, _)| !self.in_flight.contains(stream))
            .map(|(stream, _)| (*stream, self.held(stream)))
            .collect();
        wanting.sort_by_key(|(stream, _)| crate::Lane::ALL.iter().position(|lane| *lane == stream.lane));
        wanting.truncate(MAX_BATCHES_IN_FLIGHT.saturating_sub(self.in_flight.len()));
        self.in_flight.extend(wanting.iter().map(|(stream, _)| *stream));
        wanting.into_iter().map(|(stream, after)| Effect::Load(stream, after)).collect()
    }
}

/// Why a batch is not stored. Nothing of it is kept.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("the batch begins at {first}, this replica holds {held}")]
    Gap { first: u64, held: u64 },
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error("entry {0} lies in another stream or under another number than the batch says")]
    Misplaced(u64),
    #[error("the batch ends inside a command")]
    CutCommand,
    #[error("the chain does not lead to the checkpoint: an entry was changed, dropped or put in another order")]
    BrokenChain,
    #[error("the checkpoint is not signed by the stream's origin")]
    BadSignature,
    #[error("the batch holds {0} entries or more bytes than a message may")]
    TooLarge(usize),
}

/// The entries of a batch that `held` does not have yet, and the head after them; empty if it has them all.
pub fn check_batch(held: &Head, batch: &Batch, public_key: &[u8]) -> Result<(Vec<Entry>, Head), Fault> {
    if batch.entries.len() > usize::from(u16::MAX) {
        return Err(Fault::TooLarge(batch.entries.len()));
    }
    if batch.checkpoint.seq <= held.seq {
        return Ok((Vec::new(), *held));
    }
    if batch.first > held.seq + 1 || batch.first == 0 {
        return Err(Fault::Gap { first: batch.first, held: held.seq });
    }
    let known = usize::try_from(held.seq + 1 - batch.first).unwrap_or(usize::MAX);
    let mut head = *held;
    let mut entries = Vec::with_capacity(batch.entries.len().saturating_sub(known));
    for raw in batch.entries.iter().skip(known) {
        let entry = Entry::parse(raw.to_vec())?;
        if entry.header.stream != batch.stream || entry.header.seq != head.seq + 1 {
            return Err(Fault::Misplaced(head.seq + 1));
        }
        head.advance(&entry);
        entries.push(entry);
    }
    if entries.last().is_none_or(|last| last.header.rest != 0) {
        return Err(Fault::CutCommand);
    }
    if head.seq != batch.checkpoint.seq || head.chain != batch.checkpoint.chain {
        return Err(Fault::BrokenChain);
    }
    if !batch.checkpoint.is_signed_by(public_key, &batch.stream) {
        return Err(Fault::BadSignature);
    }
    Ok((entries, head))
}

/// What comparing a peer's head with our own chain says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Same,
    /// Two histories carry the same numbers.
    Fork,
    /// The peer holds entries of our own that we do not: this replica was restored from an older copy.
    LostOwn,
}

/// `chain_at` gives our chain at a place that we hold.
pub fn compare(theirs: &Head, our_seq: u64, is_own: bool, chain_at: impl FnOnce(u64) -> Option<Chain>) -> Comparison {
    if theirs.seq > our_seq {
        return if is_own { Comparison::LostOwn } else { Comparison::Same };
    }
    match chain_at(theirs.seq) {
        Some(chain) if chain != theirs.chain => Comparison::Fork,
        _ => Comparison::Same,
    }
}
