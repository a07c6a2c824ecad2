//! The sync client: keeps one socket to the relay open and drives the exchange of `trivet_log::sync` over it.
//!
//! Nothing in the restaurant waits for it. Whatever cuts the connection, the next one goes on from what is stored.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use futures_util::stream::SplitSink;
use futures_util::{SinkExt, StreamExt};
use minicbor::{Decode, Encode};
use serde::Serialize;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Message as Frame};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use trivet_log::chain::Head;
use trivet_log::entry::encode;
use trivet_log::sync::{
    Batch, Comparison, Effect, Input, MAX_MESSAGE_BYTES, Message, Peer, WrappedKey, check_batch, compare,
};
use trivet_log::{Certificate, Id, ReplicaKind, StreamId};

use crate::identity::{EnrolmentCode, EnrolmentRequest, certify, letter};
use crate::store::{Writing, log};
use crate::{App, Rejection};

/// Silence after which the connection counts as cut.
const SILENCE: Duration = Duration::from_secs(30);
/// Messages to the relay that wait to be written: four batches and what is small.
const MAX_WAITING_FRAMES: usize = 256;
const PING: Duration = Duration::from_secs(10);
const MAX_BACKOFF: Duration = Duration::from_secs(30);
/// How long a dashboard's edit waits for the relay.
const HELD_WITHIN: Duration = Duration::from_secs(6);
/// A clock that is no further from the relay's counts as compared with it.
const CLOCKS_AGREE_MS: u64 = 2_000;
/// A one-time code's life.
const CODE_LIFE_MS: i64 = 15 * 60_000;

/// The first message of a replica to the relay, in answer to the relay's 32 random bytes.
#[derive(Encode, Decode)]
pub struct Proof {
    #[n(0)]
    pub certificate: Certificate,
    /// Ed25519 over `"trivet sync 1" ‖ the relay's bytes`.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub signature: Vec<u8>,
}

pub fn proof_bytes(challenge: &[u8]) -> Vec<u8> {
    [b"trivet sync 1", challenge].concat()
}

/// How the sync stands, for the status page and the heartbeat.
pub struct Status {
    report: Mutex<Report>,
    held: watch::Sender<BTreeMap<StreamId, u64>>,
    held_by: Mutex<BTreeMap<String, u64>>,
    codes: Mutex<HashMap<String, (EnrolmentCode, i64)>>,
    /// A dashboard has its own earlier entries back from the relay, and may add to them.
    has_own: AtomicBool,
    offers: watch::Sender<u64>,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    pub relay_url: Option<String>,
    pub connected: bool,
    pub last_contact_ms: Option<i64>,
    /// Entries that exist on this replica alone.
    pub unsent: u64,
    pub error: Option<String>,
    /// This replica was cloned or restored: it no longer syncs until it is enrolled anew.
    pub forked: bool,
}

impl Default for Status {
    fn default() -> Status {
        Status {
            report: Mutex::default(),
            held: watch::channel(BTreeMap::new()).0,
            held_by: Mutex::default(),
            codes: Mutex::default(),
            has_own: AtomicBool::new(false),
            offers: watch::channel(0).0,
        }
    }
}

impl Status {
    pub fn report(&self) -> Report {
        self.report.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Per stream, how far another box of the location has confirmed.
    pub fn held_by(&self) -> BTreeMap<String, u64> {
        self.held_by.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Per stream, how far the relay or another replica is known to hold it.
    pub fn witnessed(&self) -> BTreeMap<StreamId, u64> {
        self.held.borrow().iter().filter(|(_, seq)| **seq > 0).map(|(stream, seq)| (*stream, *seq)).collect()
    }

    fn update(&self, change: impl FnOnce(&mut Report)) {
        change(&mut self.report.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) async fn wait_until_held(&self, stream: StreamId, seq: u64) -> bool {
        let mut held = self.held.subscribe();
        let reached = held.wait_for(|held| held.get(&stream).is_some_and(|reached| *reached >= seq));
        matches!(tokio::time::timeout(HELD_WITHIN, reached).await, Ok(Ok(_)))
    }

    /// A dashboard's database is disposable: until its own entries are back it would number new ones like old ones.
    pub(crate) fn may_write(&self, kind: ReplicaKind) -> bool {
        kind == ReplicaKind::Box || self.has_own.load(Ordering::Relaxed)
    }

    /// Makes a one-time code and lets the relay know its hash.
    pub fn new_code(&self, root_public_key: &[u8], now_ms: i64) -> String {
        let code = EnrolmentCode::new(root_public_key);
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        codes.retain(|_, (_, made)| now_ms - *made < CODE_LIFE_MS);
        let text = code.to_text();
        codes.insert(code.hash(), (code, now_ms));
        drop(codes);
        self.offers.send_modify(|n| *n += 1);
        text
    }

    fn take_code(&self, hash: &str, now_ms: i64) -> Option<EnrolmentCode> {
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        codes.remove(hash).filter(|(_, made)| now_ms - *made < CODE_LIFE_MS).map(|(code, _)| code)
    }

    fn code_hashes(&self) -> Vec<String> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }
}

/// Keeps the connection up for as long as the process lives.
pub async fn run(app: App, relay_url: String) {
    app.sync.update(|report| report.relay_url = Some(relay_url.clone()));
    let mut backoff = Duration::from_millis(200);
    loop {
        let connected_at = tokio::time::Instant::now();
        let outcome = session(&app, &relay_url).await;
        let error = outcome.err().map(|error| format!("{error:#}"));
        tracing::info!(error, "the connection to the relay ended");
        app.sync.update(|report| {
            report.connected = false;
            report.error = error;
        });
        app.wall.agrees_with_relay(false);
        app.sync.has_own.store(false, Ordering::Relaxed);
        if app.sync.report().forked {
            tracing::error!("this replica was cloned or restored: enrol it anew; it goes on serving the restaurant");
            return;
        }
        if connected_at.elapsed() > MAX_BACKOFF {
            backoff = Duration::from_millis(200);
        }
        // Full jitter, so that a thousand boxes do not come back at once.
        let random = u64::from_be_bytes(crate::sealing::random());
        tokio::time::sleep(Duration::from_millis(random % backoff.as_millis().max(1) as u64 + 50)).await;
        backoff = (backoff * 2).min(MAX_BACKOFF);
    }
}

type Sink = SplitSink<WebSocketStream<MaybeTlsStream<TcpStream>>, Frame>;

struct Session<'a> {
    app: &'a App,
    /// To the task that writes: reading goes on while a send waits, or two full pipes would wait for each other.
    out: mpsc::Sender<Frame>,
    peer: Peer,
    /// How far the relay holds our own streams, by its greeting.
    own_there: BTreeMap<StreamId, u64>,
    /// Streams with a fault: passed over for this connection, so that they do not keep out the others.
    set_aside: BTreeSet<StreamId>,
    known: BTreeMap<StreamId, u64>,
    /// Certificates and keys that the relay has been told of.
    introduced: usize,
}

async fn session(app: &App, relay_url: &str) -> anyhow::Result<()> {
    let url = format!("{}/v1/sync", relay_url.replacen("http", "ws", 1).trim_end_matches('/'));
    let limits =
        WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE_BYTES)).max_frame_size(Some(MAX_MESSAGE_BYTES));
    let connecting = connect_async_with_config(&url, Some(limits), true);
    let (mut socket, _) = tokio::time::timeout(PING, connecting).await.context("no answer")??;
    let challenge = match tokio::time::timeout(PING, socket.next()).await.context("no challenge")? {
        Some(Ok(Frame::Binary(challenge))) if challenge.len() == 32 => challenge,
        other => bail!("the relay did not begin with a challenge: {other:?}"),
    };
    let signature = app.identity.key().sign(&proof_bytes(&challenge)).as_ref().to_vec();
    let proof = Proof { certificate: app.identity.certificate.clone(), signature };
    socket.send(Frame::Binary(encode(&proof).into())).await?;

    let mut grown = app.store.grown();
    let mut offers = app.sync.offers.subscribe();
    let (have, certificates, keys) = app
        .read(|view| {
            let heads: Vec<Head> = log::heads(view.conn)?.into_iter().map(|(_, head)| head).collect();
            Ok((heads, log::certificates(view.conn)?, log::wrapped_keys(view.conn)?))
        })
        .await
        .map_err(|problem| anyhow::anyhow!(problem.detail))?;
    let (sink, mut socket) = socket.split();
    let (out, waiting) = mpsc::channel(MAX_WAITING_FRAMES);
    let mut writing = tokio::spawn(write(sink, waiting));
    let mut session = Session {
        app,
        out,
        peer: Peer::new(&have, |_| true),
        own_there: BTreeMap::new(),
        set_aside: BTreeSet::new(),
        known: have.iter().map(|head| (head.stream, head.seq)).collect(),
        introduced: certificates.len() + keys.len(),
    };
    let now_ms = Some(app.wall.now_ms());
    session.send(Message::Hello { have, certificates, keys, now_ms }).await?;
    session.offer().await?;
    let mut ping = tokio::time::interval(PING);
    let mut last_heard = tokio::time::Instant::now();
    loop {
        tokio::select! {
            frame = socket.next() => {
                last_heard = tokio::time::Instant::now();
                match frame.context("the relay closed the connection")?? {
                    Frame::Binary(bytes) => session.received(&bytes).await?,
                    Frame::Text(text) => bail!("the relay says: {text}"),
                    Frame::Close(close) => bail!("the relay closed: {}", close.map(|c| c.reason.to_string()).unwrap_or_default()),
                    _ => {}
                }
            }
            written = &mut writing => return written.context("the writing task")?,
            changed = grown.changed() => {
                changed?;
                session.grew().await?;
            }
            changed = offers.changed() => {
                changed?;
                session.offer().await?;
            }
            _ = ping.tick() => {
                ensure!(last_heard.elapsed() < SILENCE, "nothing heard for {} s", SILENCE.as_secs());
                session.queue(Frame::Ping(Bytes::new()))?;
            }
        }
        session.report();
    }
}

/// Sends what is queued, each within a time. Ends with the session, or with its error.
async fn write(mut sink: Sink, mut waiting: mpsc::Receiver<Frame>) -> anyhow::Result<()> {
    while let Some(frame) = waiting.recv().await {
        tokio::time::timeout(SILENCE, sink.send(frame)).await.context("the relay takes nothing")??;
    }
    Ok(())
}

impl Session<'_> {
    async fn send(&mut self, message: Message) -> anyhow::Result<()> {
        self.queue(Frame::Binary(encode(&message).into()))
    }

    fn queue(&self, frame: Frame) -> anyhow::Result<()> {
        self.out.try_send(frame).map_err(|_| anyhow::anyhow!("the relay takes nothing"))
    }

    async fn received(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        let message: Message = minicbor::decode(bytes).context("a message of the relay does not read")?;
        if let Message::Hello { now_ms, have, .. } = &message {
            self.app.sync.update(|report| report.connected = true);
            let own = self.app.identity.origin();
            let ours = have.iter().filter(|head| head.stream.origin == own);
            self.own_there = ours.map(|head| (head.stream, head.seq)).collect();
            let differs_by = now_ms.map(|relay| relay.abs_diff(self.app.wall.now_ms()));
            self.app.wall.agrees_with_relay(differs_by.is_some_and(|ms| ms < CLOCKS_AGREE_MS));
        }
        self.drive(Input::Received(message)).await
    }

    /// Tells the exchange of streams that have grown since.
    async fn grew(&mut self) -> anyhow::Result<()> {
        let heads = self.read(log::heads).await?;
        for (_, head) in heads {
            if self.known.insert(head.stream, head.seq) != Some(head.seq) {
                self.drive(Input::Grew(head.stream, head.seq)).await?;
            }
        }
        // Keys of new people travel beside the entries that name them.
        let (certificates, keys) = self.read(|conn| Ok((log::certificates(conn)?, log::wrapped_keys(conn)?))).await?;
        if std::mem::replace(&mut self.introduced, certificates.len() + keys.len()) < certificates.len() + keys.len() {
            self.send(Message::News { certificates, keys }).await?;
        }
        Ok(())
    }

    async fn drive(&mut self, input: Input) -> anyhow::Result<()> {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            for effect in self.peer.handle(input) {
                inputs.extend(self.carry_out(effect).await?);
            }
        }
        Ok(())
    }

    async fn carry_out(&mut self, effect: Effect) -> anyhow::Result<Option<Input>> {
        match effect {
            Effect::Send(message) => self.send(message).await?,
            Effect::Load(stream, after) => {
                let batch = self.read(move |conn| log::batch_after(conn, &stream, after)).await?;
                return Ok(Some(Input::Loaded(stream, batch)));
            }
            Effect::Store(batch) => {
                let stream = batch.stream;
                if self.set_aside.contains(&stream) {
                    return Ok(None);
                }
                let head = match self.app.store.write(move |writing| writing.merge(&batch)).await? {
                    Ok(head) => head,
                    Err(Unmerged::Store(error)) => bail!("the store failed: {error}"),
                    Err(fault) => {
                        // Not answered, so it is not sent again on this connection.
                        tracing::error!(?stream, %fault, "a stream is set aside");
                        self.set_aside.insert(stream);
                        return Ok(None);
                    }
                };
                self.known.insert(stream, head.seq);
                return Ok(Some(Input::Stored(stream, head.seq)));
            }
            Effect::Compare(theirs) => self.compare(theirs).await?,
            Effect::Introduce { certificates, keys } => {
                let introduced = move |writing: &mut Writing<'_>| writing.introduce(&certificates, &keys);
                self.app.store.write(introduced).await??;
            }
            Effect::HeldBy(stream, seq) => {
                let mut held_by = self.app.sync.held_by.lock().unwrap_or_else(PoisonError::into_inner);
                held_by.insert(format!("{stream:?}"), seq);
            }
            Effect::Enrolment(Message::Asked { code_hash, request }) => {
                if let Some(answer) = self.certify(&code_hash, &request).await? {
                    self.send(Message::Answer { code_hash, answer }).await?;
                }
            }
            Effect::Enrolment(_) => {}
        }
        Ok(None)
    }

    /// Is what the relay holds of this stream ours? If not, this replica was cloned or restored.
    async fn compare(&mut self, theirs: Head) -> anyhow::Result<()> {
        let own = theirs.stream.origin == self.app.identity.origin();
        let comparison = self
            .read(move |conn| {
                let held = log::heads(conn)?.into_iter().find(|(_, head)| head.stream == theirs.stream);
                let our_seq = held.map_or(0, |(_, head)| head.seq);
                let chain = match theirs.seq <= our_seq {
                    true => log::chain_at(conn, &theirs.stream, theirs.seq)?,
                    false => None,
                };
                Ok(compare(&theirs, our_seq, own, |_| chain))
            })
            .await?;
        // A dashboard that lost its database gets its own entries back.
        let disposable = self.app.identity.certificate.kind == ReplicaKind::Dashboard;
        if comparison == Comparison::LostOwn && disposable {
            return Ok(());
        }
        if comparison != Comparison::Same && own {
            self.app.sync.update(|report| report.forked = true);
            bail!("the relay holds another history of this box ({comparison:?} at {})", theirs.seq);
        }
        if comparison == Comparison::Fork {
            tracing::error!(stream = ?theirs.stream, "another replica's history differs from ours: it was cloned");
        }
        Ok(())
    }

    async fn certify(&self, hash: &str, request: &[u8]) -> anyhow::Result<Option<Vec<u8>>> {
        let Some(code) = self.app.sync.take_code(hash, self.app.wall.now_ms()) else { return Ok(None) };
        let Ok(request) = minicbor::decode::<EnrolmentRequest>(request) else { return Ok(None) };
        let known = self.read(log::certificates).await?;
        match certify(&self.app.identity, &code, &request, letter(known.len())) {
            Ok(answer) => {
                let certificate = answer.certificate.clone();
                let introduced = move |writing: &mut Writing<'_>| writing.introduce(&[certificate], &[]);
                self.app.store.write(introduced).await??;
                Ok(Some(encode(&answer)))
            }
            Err(error) => {
                tracing::warn!(%error, "an enrolment was refused");
                Ok(None)
            }
        }
    }

    async fn offer(&mut self) -> anyhow::Result<()> {
        for code_hash in self.app.sync.code_hashes() {
            self.send(Message::Offer { code_hash }).await?;
        }
        Ok(())
    }

    fn report(&self) {
        let held = self.known.keys().map(|stream| (*stream, self.peer.held(stream))).collect();
        self.app.sync.held.send_if_modified(|before| {
            let changed = *before != held;
            *before = held;
            changed
        });
        let reached = |(stream, seq): (&StreamId, &u64)| self.known.get(stream).is_some_and(|held| held >= seq);
        let greeted = self.app.sync.report().connected;
        let has_own = greeted && self.own_there.iter().all(reached);
        self.app.sync.has_own.store(has_own, Ordering::Relaxed);
        let (unsent, now) = (self.peer.behind(), self.app.wall.now_ms());
        self.app.sync.update(|report| {
            report.unsent = unsent;
            report.last_contact_ms = Some(now);
        });
    }

    async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let read = self.app.read(move |view| query(view.conn)).await;
        read.map_err(|problem| anyhow::anyhow!(problem.detail))
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Unmerged {
    #[error(transparent)]
    Fault(#[from] trivet_log::sync::Fault),
    #[error("no certificate for {0}")]
    Stranger(trivet_log::Origin),
    #[error("the relay sent entries of this replica's own that it does not have")]
    OwnEntries,
    #[error("the store failed: {0}")]
    Store(String),
}

impl Writing<'_> {
    /// Stores another replica's batch, whole or not at all. A gap is no error: the answer tells where to go on.
    pub fn merge(&mut self, batch: &Batch) -> Result<Head, Unmerged> {
        let (_, held) = self.head(batch.stream).map_err(|e| Unmerged::Store(self.failed(e)))?;
        let disposable = self.identity.certificate.kind == ReplicaKind::Dashboard;
        if batch.stream.origin == self.identity.origin() && !disposable {
            return if batch.checkpoint.seq <= held.seq { Ok(held) } else { Err(Unmerged::OwnEntries) };
        }
        let public_key =
            log::public_key(self.conn, batch.stream.origin).map_err(|e| Unmerged::Store(self.failed(e)))?;
        let public_key = public_key.ok_or(Unmerged::Stranger(batch.stream.origin))?;
        let (entries, head) = match check_batch(&held, batch, &public_key) {
            Ok(checked) => checked,
            Err(trivet_log::sync::Fault::Gap { .. }) => return Ok(held),
            Err(fault) => return Err(fault.into()),
        };
        if !entries.is_empty() {
            self.merge_entries(&entries, head, batch).map_err(|e| Unmerged::Store(self.failed(e)))?;
        }
        Ok(head)
    }

    fn merge_entries(&mut self, entries: &[trivet_log::Entry], head: Head, batch: &Batch) -> rusqlite::Result<()> {
        let arrival = self.take_over(entries, head, &batch.checkpoint)?;
        let mut subjects: BTreeMap<Id, usize> = BTreeMap::new();
        for entry in entries {
            *subjects.entry(entry.header.entity).or_default() += 1;
        }
        for (subject, new) in subjects {
            let all = log::entries(self.conn, subject)?;
            self.project(subject, &all, new, arrival)?;
        }
        Ok(())
    }

    /// Notes certificates and keys; a person whose key has just arrived is projected again.
    pub fn introduce(&mut self, certificates: &[Certificate], keys: &[WrappedKey]) -> Result<(), Rejection> {
        let introduced = log::introduce(self.conn, self.identity, certificates).and_then(|_| {
            for person in log::add_keys(self.conn, self.identity, keys)? {
                let entries = log::entries(self.conn, person)?;
                if !entries.is_empty() {
                    let arrival = log::last_arrival(self.conn)?;
                    self.project(person, &entries, 0, arrival)?;
                }
            }
            Ok(())
        });
        introduced.map_err(|error| Rejection::Store(self.failed(error)))
    }
}
