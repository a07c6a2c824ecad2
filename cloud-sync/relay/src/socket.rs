//! A replica's connection: it proves its key, then both sides drive the exchange of `trivet_log::sync`.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use axum::extract::State;
use axum::extract::ws::{Message as Frame, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use minicbor::{Decode, Encode};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ED25519, UnparsedPublicKey};
use tokio::sync::mpsc;
use trivet_log::entry::encode;
use trivet_log::sync::{Comparison, Effect, Input, MAX_MESSAGE_BYTES, Message, Peer};
use trivet_log::{Certificate, Id, Origin};

use crate::peers::News;
use crate::serve::Relay;
use crate::store::Refused;

const PROOF_WITHIN: Duration = Duration::from_secs(10);
/// A replica pings every ten seconds.
const SILENCE: Duration = Duration::from_secs(30);
const SEND_WITHIN: Duration = Duration::from_secs(30);

/// Messages to one replica that wait to be written.
const MAX_WAITING_FRAMES: usize = 1_024;
/// SHA-256 in hexadecimal digits.
const CODE_HASH_LETTERS: usize = 64;
const MAX_ANSWER_BYTES: usize = 16 * 1024;

#[derive(Encode, Decode)]
struct Proof {
    #[n(0)]
    certificate: Certificate,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    signature: Vec<u8>,
}

pub(crate) async fn upgrade(State(relay): State<Arc<Relay>>, upgrade: WebSocketUpgrade) -> Response {
    let upgrade = upgrade.max_message_size(MAX_MESSAGE_BYTES).max_frame_size(MAX_MESSAGE_BYTES);
    upgrade.on_upgrade(move |socket| async move {
        if let Err(error) = serve(&relay, socket).await {
            tracing::info!(error = %format!("{error:#}"), "a connection ended");
        }
    })
}

async fn serve(relay: &Arc<Relay>, mut socket: WebSocket) -> anyhow::Result<()> {
    // Those that have proved nothing share few places.
    let unproven = relay.unproven.clone().try_acquire_owned().context("too many connections without a proof")?;
    let certificate = prove(relay, &mut socket).await?;
    drop(unproven);
    let (origin, tenant) = (certificate.origin(), certificate.tenant);
    let (number, mut news) = relay.peers.join(certificate.clone());
    let (sink, stream) = socket.split();
    let (out, waiting) = mpsc::channel(MAX_WAITING_FRAMES);
    let writing = tokio::spawn(write(sink, waiting));
    let outcome = exchange(relay, stream, out.clone(), &certificate, &mut news).await;
    if let Err(error) = &outcome {
        drop(out.try_send(Frame::Text(format!("{error:#}").into())));
    }
    drop(out);
    drop(tokio::time::timeout(SEND_WITHIN, writing).await);
    relay.peers.leave(origin, number);
    outcome.with_context(|| format!("replica {origin} of tenant {tenant}"))
}

/// The replica signs 32 random bytes with the key that the tenant's root has certified.
async fn prove(relay: &Arc<Relay>, socket: &mut WebSocket) -> anyhow::Result<Certificate> {
    let mut challenge = [0u8; 32];
    SystemRandom::new().fill(&mut challenge).map_err(|_| anyhow::anyhow!("no random bytes"))?;
    socket.send(Frame::Binary(challenge.to_vec().into())).await?;
    let answer = tokio::time::timeout(PROOF_WITHIN, socket.recv()).await.context("no proof in time")?;
    let Some(Ok(Frame::Binary(bytes))) = answer else { bail!("the connection began without a proof") };
    let proof: Proof = minicbor::decode(&bytes).context("the proof does not read")?;
    let tenant = proof.certificate.tenant;
    let root = relay.with_store(move |store| store.root(tenant)).await??.context("this tenant is not known here")?;
    ensure!(proof.certificate.is_signed_by(&root), "the certificate is not the tenant's");
    let signed = [b"trivet sync 1", &challenge[..]].concat();
    let verified = UnparsedPublicKey::new(&ED25519, &proof.certificate.public_key).verify(&signed, &proof.signature);
    ensure!(verified.is_ok(), "the proof is not signed with the certified key");
    let introduced = proof.certificate.clone();
    if relay.with_store(move |store| store.introduce(tenant, &[introduced], &[])).await?? {
        let message = Message::News { certificates: vec![proof.certificate.clone()], keys: Vec::new() };
        relay.peers.tell(tenant, proof.certificate.origin(), &News::Send(message));
    }
    Ok(proof.certificate)
}

/// Sends what is queued, each within a time.
async fn write(mut sink: SplitSink<WebSocket, Frame>, mut waiting: mpsc::Receiver<Frame>) {
    while let Some(frame) = waiting.recv().await {
        match tokio::time::timeout(SEND_WITHIN, sink.send(frame)).await {
            Ok(Ok(())) => {}
            _ => return,
        }
    }
}

struct Exchange<'a> {
    relay: &'a Arc<Relay>,
    /// To the task that writes: reading goes on while a send waits.
    out: mpsc::Sender<Frame>,
    peer: Peer,
    tenant: Id,
    origin: Origin,
}

async fn exchange(
    relay: &Arc<Relay>,
    mut stream: SplitStream<WebSocket>,
    out: mpsc::Sender<Frame>,
    certificate: &Certificate,
    news: &mut tokio::sync::mpsc::Receiver<News>,
) -> anyhow::Result<()> {
    let tenant = certificate.tenant;
    let greeting = relay.with_store(move |store| {
        Ok::<_, rusqlite::Error>((store.heads(tenant)?, store.certificates(tenant)?, store.keys(tenant)?))
    });
    let (mut have, certificates, keys) = greeting.await??;
    have.retain(|head| certificate.may_read(head.stream.scope));
    let reader = certificate.clone();
    let peer = Peer::new(&have, move |scope| reader.may_read(scope));
    let mut exchange = Exchange { relay, out, peer, tenant, origin: certificate.origin() };
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let now_ms = i64::try_from(now.as_millis()).ok();
    exchange.send(&Message::Hello { have, certificates, keys, now_ms }).await?;
    loop {
        tokio::select! {
            frame = tokio::time::timeout(SILENCE, stream.next()) => {
                match frame.context("nothing heard for 30 s")? {
                    Some(Ok(Frame::Binary(bytes))) => {
                        let message = minicbor::decode(&bytes).context("a message does not read")?;
                        exchange.drive(Input::Received(message)).await?;
                    }
                    Some(Ok(Frame::Close(_))) | None => return Ok(()),
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(error.into()),
                }
            }
            told = news.recv() => match told {
                Some(News::Grew(stream, seq)) => exchange.drive(Input::Grew(stream, seq)).await?,
                Some(News::HeldBy(stream, seq)) => exchange.send(&Message::HeldBy { stream, seq }).await?,
                Some(News::Send(message)) => exchange.send(&message).await?,
                Some(News::Close(why)) => bail!("{why}"),
                None => bail!("too far behind with its news"),
            }
        }
    }
}

impl Exchange<'_> {
    async fn send(&mut self, message: &Message) -> anyhow::Result<()> {
        let frame = Frame::Binary(encode(message).into());
        self.out.try_send(frame).map_err(|_| anyhow::anyhow!("this replica takes nothing"))
    }

    async fn drive(&mut self, input: Input) -> anyhow::Result<()> {
        // What a replica confirms of another's stream is told to that other.
        if let Input::Received(Message::Have { stream, seq }) = &input
            && stream.origin != self.origin
        {
            self.relay.peers.tell(self.tenant, self.origin, &News::HeldBy(*stream, *seq));
        }
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            for effect in self.peer.handle(input) {
                inputs.extend(self.carry_out(effect).await?);
            }
        }
        Ok(())
    }

    async fn carry_out(&mut self, effect: Effect) -> anyhow::Result<Option<Input>> {
        let tenant = self.tenant;
        match effect {
            Effect::Send(message) => self.send(&message).await?,
            Effect::Load(stream, after) => {
                let batch = self.relay.with_store(move |store| store.batch_after(tenant, &stream, after)).await??;
                return Ok(Some(Input::Loaded(stream, batch)));
            }
            Effect::Store(batch) => {
                let stream = batch.stream;
                let head = match self.relay.with_store(move |store| store.store(tenant, &batch)).await? {
                    Ok(head) => head,
                    Err(Refused::Store(error)) => return Err(error.into()),
                    Err(fault) => {
                        // Not answered, so it is not sent again on this connection, and the other streams go on.
                        tracing::error!(?stream, %fault, "a batch was refused");
                        return Ok(None);
                    }
                };
                self.relay.peers.tell(tenant, self.origin, &News::Grew(stream, head.seq));
                return Ok(Some(Input::Stored(stream, head.seq)));
            }
            Effect::Compare(theirs) => {
                let comparison = self.relay.with_store(move |store| store.compare(tenant, &theirs)).await??;
                if comparison == Comparison::Fork {
                    tracing::error!(stream = ?theirs.stream, "two histories under the same numbers");
                    ensure!(theirs.stream.origin != self.origin, "fork: another history of this replica is kept here");
                }
            }
            Effect::Introduce { certificates, keys } => {
                let (known, wrapped) = (certificates.clone(), keys.clone());
                let new = self.relay.with_store(move |store| store.introduce(tenant, &known, &wrapped)).await??;
                if new {
                    self.relay.peers.tell(tenant, self.origin, &News::Send(Message::News { certificates, keys }));
                }
            }
            Effect::Enrolment(Message::Offer { code_hash }) if code_hash.len() == CODE_HASH_LETTERS => {
                self.relay.peers.offer(tenant, self.origin, code_hash);
            }
            Effect::Enrolment(Message::Answer { code_hash, answer }) if answer.len() <= MAX_ANSWER_BYTES => {
                self.relay.peers.answer(tenant, &code_hash, answer);
            }
            Effect::Enrolment(_) | Effect::HeldBy(..) => {}
        }
        Ok(None)
    }
}
