//! An MQTT 3.1.1 broker within the process, for the box's probes where no mosquitto runs: accounts with rules per topic,
//! retained messages, wills, one account's client ids apart from another's. Packets are rumqttc's; what this adds is
//! who may say what, and that whoever runs it hears every message.
//!
//! Nothing is dropped on the way to the owner: while it does not take messages, clients are read no further, and a
//! message is acknowledged when the owner has it. A client that does not take its own is disconnected. It keeps no
//! sessions, and gives QoS 0 to who subscribes, whatever was asked (3.8.4 allows both); what is retained is in memory.

mod talk;
#[cfg(test)]
mod tests;
pub mod topics;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use ring::hmac;
use ring::rand::SystemRandom;
use rumqttc::mqttbytes::v4::{
    ConnAck, Connect, ConnectReturnCode, Packet, Publish, SubAck, SubscribeFilter, SubscribeReasonCode, UnsubAck,
};
use rumqttc::mqttbytes::{Error, Protocol, QoS};
use rustix::net::sockopt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::time::{Instant, timeout, timeout_at};

pub use talk::{MAX_TAKEN, MAX_UNRELEASED, Message, Next, Talk};
use topics::{Rules, is_filter, is_topic, matches};

pub const MAX_CONNECTIONS: usize = 256;
/// A longer message is passed over.
pub const MAX_PACKET: usize = 64 * 1024;
/// Filters of a client, of an account, of all: each message is held against each.
pub const MAX_FILTERS: usize = 100;
pub const MAX_FILTERS_ACCOUNT: usize = 500;
pub const MAX_FILTERS_ALL: usize = 1_000;
/// Retained messages, with [`KEPT_EACH`] for each.
pub const MAX_KEPT: usize = 1024 * 1024;
const KEPT_EACH: usize = 128;
/// Bytes that wait for a client or are on their way to it; for all of them, past which the one for whom the most waits is
/// let go.
pub const MAX_WAITING: usize = 2 * MAX_KEPT;
pub const MAX_WAITING_ALL: usize = 8 * MAX_KEPT;
/// What is written at once.
const WRITE: usize = 16 * 1024;
/// A client says within this who it is.
const GREETS_WITHIN: Duration = Duration::from_secs(5);
const TAKES_WITHIN: Duration = Duration::from_secs(10);
/// One who guesses at passwords waits so long for each answer.
const REFUSED_AFTER: Duration = Duration::from_secs(1);
const ACCEPT_AGAIN: Duration = Duration::from_secs(1);
/// A peer that is gone without a word, also one that wants no keep-alive: asked after a minute, given up after two.
const TCP_IDLE: Duration = Duration::from_secs(60);
const TCP_AGAIN: Duration = Duration::from_secs(15);
const TCP_TIMES: u32 = 4;
/// Where bytes are on their way, TCP would ask for a quarter of an hour.
const TCP_GONE_MS: u32 = 120_000;
/// What is read at once of a client: little of one that says little.
const READ: [usize; 2] = [1024, 32 * 1024];
/// Reads that wait for the owner.
const MAX_READS: usize = 16;

/// Why a client was disconnected.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("its first packet is no CONNECT")]
    NoConnect,
    #[error("it was refused: {0:?}")]
    Refused(ConnectReturnCode),
    #[error("a packet that is damaged: {0}")]
    Packet(#[from] Error),
    #[error("a packet that a client does not send, or a second CONNECT")]
    OutOfTurn,
    #[error("{0:?} is no topic of a message")]
    Topic(String),
    #[error("a packet of more than {MAX_PACKET} bytes")]
    TooLong,
    #[error("more than {MAX_UNRELEASED} messages of QoS 2 were not released")]
    Unreleased,
    #[error("it was silent for longer than its keep-alive")]
    Silent,
    #[error("it does not take what it subscribed to")]
    Slow,
    #[error("the connection broke: {0}")]
    Io(#[from] io::Error),
}

/// Who may connect.
#[derive(Clone)]
pub struct Account {
    pub name: String,
    pub password: String,
    pub rules: Rules,
}

pub struct Broker {
    address: SocketAddr,
    heard: mpsc::Receiver<Vec<Message>>,
}

impl Broker {
    /// Listens until it is dropped.
    pub async fn open(at: impl ToSocketAddrs, accounts: &[Account]) -> io::Result<Broker> {
        let listener = TcpListener::bind(at).await?;
        let address = listener.local_addr()?;
        let (hub, heard) = Hub::new(accounts)?;
        tokio::spawn(accept(listener, Arc::new(hub)));
        Ok(Broker { address, heard })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Messages in the order of each client. To stop waiting for them loses nothing.
    pub async fn next(&mut self) -> Vec<Message> {
        match self.heard.recv().await {
            Some(messages) => messages,
            None => std::future::pending().await,
        }
    }
}

async fn accept(listener: TcpListener, hub: Arc<Hub>) {
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = hub.heard.closed() => return,
        };
        let (device, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a device cannot connect to the embedded broker");
                tokio::time::sleep(ACCEPT_AGAIN).await;
                continue;
            }
        };
        let Ok(place) = room.clone().try_acquire_owned() else {
            tracing::warn!(%from, "the embedded broker has {MAX_CONNECTIONS} connections: one more is refused");
            continue;
        };
        let hub = hub.clone();
        tokio::spawn(async move {
            if let Err(fault) = serve(device, &hub).await {
                tracing::warn!(%from, %fault, "a device at the embedded broker");
            }
            drop(place);
        });
    }
}

/// Until either side ends it.
async fn serve(mut device: TcpStream, hub: &Hub) -> Result<(), Fault> {
    device.set_nodelay(true)?;
    watch_the_line(&device)?;
    let mut received = BytesMut::with_capacity(READ[0]);
    let connect = timeout(GREETS_WITHIN, greeting(&mut device, &mut received)).await.map_err(|_| Fault::Silent)??;
    let quiet = Duration::from_millis(u64::from(connect.keep_alive) * 1_500);
    let (code, entered) = match hub.enter(connect).await {
        Ok(entered) => (ConnectReturnCode::Success, Ok(entered)),
        Err(code) => {
            tokio::time::sleep(REFUSED_AFTER).await;
            (code, Err(Fault::Refused(code)))
        }
    };
    let mut answer = BytesMut::new();
    ConnAck::new(code, false).write(&mut answer)?;
    let written = write(&mut device, &answer).await;
    answer.clear();
    let (seat, mut talk) = entered?;
    let mut line = Line { device, received, answer, quiet };
    let ended = match written {
        Ok(()) => line.carry(hub, &seat, &mut talk).await,
        Err(fault) => Err(fault),
    };
    // One that took its leave has no will any more.
    if let Some(will) = hub.leave(&seat)
        && ended.is_err()
    {
        hub.publish(None, vec![will]).await;
    }
    ended
}

fn watch_the_line(device: &TcpStream) -> io::Result<()> {
    sockopt::set_socket_keepalive(device, true)?;
    sockopt::set_tcp_keepidle(device, TCP_IDLE)?;
    sockopt::set_tcp_keepintvl(device, TCP_AGAIN)?;
    sockopt::set_tcp_keepcnt(device, TCP_TIMES)?;
    sockopt::set_tcp_user_timeout(device, TCP_GONE_MS)?;
    Ok(())
}

async fn greeting(device: &mut TcpStream, received: &mut BytesMut) -> Result<Connect, Fault> {
    loop {
        if is_of_another_version(received) {
            let code = ConnectReturnCode::RefusedProtocolVersion;
            let mut answer = BytesMut::new();
            ConnAck::new(code, false).write(&mut answer)?;
            write(device, &answer).await?;
            return Err(Fault::Refused(code));
        }
        match Packet::read(received, MAX_PACKET) {
            Ok(Packet::Connect(connect)) => return Ok(connect),
            Ok(_) => return Err(Fault::NoConnect),
            Err(Error::InsufficientBytes(_)) => {}
            Err(error) => return Err(error.into()),
        }
        if device.read_buf(received).await? == 0 {
            return Err(Fault::NoConnect);
        }
    }
}

/// A CONNECT of MQTT 5 or 3.1, which the codec would read as one of 3.1.1 or not at all: its name and level tell it.
fn is_of_another_version(received: &[u8]) -> bool {
    let Some(header) = received.iter().skip(1).position(|byte| byte & 0x80 == 0) else { return false };
    let name_and_level = received.get(header + 2..).unwrap_or_default();
    let is = |name: &[u8]| name_and_level.starts_with(name);
    let other_level = name_and_level.get(6).is_some_and(|level| *level != 4);
    received.first() == Some(&0x10) && (is(b"\0\x04MQTT") && other_level || is(b"\0\x06MQIsdp"))
}

/// Piece by piece: a line that is slow has its time, one that takes nothing has not.
async fn write(device: &mut TcpStream, bytes: &[u8]) -> Result<(), Fault> {
    for piece in bytes.chunks(WRITE) {
        timeout(TAKES_WITHIN, device.write_all(piece)).await.map_err(|_| Fault::Slow)??;
    }
    Ok(())
}

/// A client's connection.
struct Line {
    device: TcpStream,
    received: BytesMut,
    answer: BytesMut,
    /// It may be silent for so long; zero: for ever.
    quiet: Duration,
}

impl Line {
    async fn carry(&mut self, hub: &Hub, seat: &Seat, talk: &mut Talk) -> Result<(), Fault> {
        let mut room = READ[0];
        let mut heard_at = Instant::now();
        loop {
            let goes_on = self.take(hub, seat, talk).await?;
            let written = write(&mut self.device, &self.answer).await;
            // Who takes its leave may have closed already.
            if !goes_on {
                return Ok(());
            }
            written?;
            self.answer.clear();
            self.received.reserve(room);
            let until = if self.quiet.is_zero() { None } else { Some(heard_at + self.quiet) };
            tokio::select! {
                read = read(&mut self.device, &mut self.received, until) => {
                    let length = read?;
                    heard_at = Instant::now();
                    room = if length >= room { (2 * room).min(READ[1]) } else if 4 * length < room { READ[0] } else { room };
                }
                () = seat.more.notified() => match hub.waiting(seat)? {
                    Some(bytes) => {
                        for piece in bytes.chunks(WRITE) {
                            write(&mut self.device, piece).await?;
                            if !hub.written(seat, piece.len())? {
                                return Ok(());
                            }
                        }
                    }
                    None => return Ok(()),
                },
                () = hub.heard.closed() => return Ok(()),
            }
        }
    }

    /// What was received; false when the client takes its leave, or its place is another's.
    async fn take(&mut self, hub: &Hub, seat: &Seat, talk: &mut Talk) -> Result<bool, Fault> {
        loop {
            let mut messages = Vec::new();
            let next = talk.take(&mut self.received, &mut messages, &mut self.answer);
            if !messages.is_empty() && !hub.publish(Some(seat), messages).await {
                self.answer.clear();
                return Ok(false);
            }
            match next? {
                Next::More => return Ok(true),
                Next::Again => {}
                Next::Leave => return Ok(false),
                Next::Subscribe(subscribe) => {
                    let codes = hub.subscribe(seat, subscribe.filters);
                    SubAck::new(subscribe.pkid, codes).write(&mut self.answer)?;
                    tokio::task::yield_now().await;
                }
                Next::Unsubscribe(unsubscribe) => {
                    hub.unsubscribe(seat, &unsubscribe.topics);
                    UnsubAck::new(unsubscribe.pkid).write(&mut self.answer)?;
                }
            }
        }
    }
}

async fn read(device: &mut TcpStream, received: &mut BytesMut, until: Option<Instant>) -> Result<usize, Fault> {
    let read = device.read_buf(received);
    let length = match until {
        Some(until) => timeout_at(until, read).await.map_err(|_| Fault::Silent)??,
        None => read.await?,
    };
    if length == 0 { Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()) } else { Ok(length) }
}

/// An account and a client id.
type Name = (String, String);

/// A client's place: another one that comes by the same name has another number.
struct Seat {
    name: Name,
    number: u64,
    /// Something waits for it, or its place is another's.
    more: Arc<Notify>,
}

struct Hub {
    heard: mpsc::Sender<Vec<Message>>,
    accounts: HashMap<String, (hmac::Tag, Arc<Rules>)>,
    /// Passwords are compared by it, in a time that tells nothing.
    key: hmac::Key,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sessions: HashMap<Name, Session>,
    kept: BTreeMap<String, Bytes>,
    kept_bytes: usize,
    /// It was said that there is no more room.
    is_full: bool,
    last_seat: u64,
}

struct Session {
    seat: u64,
    rules: Arc<Rules>,
    filters: Vec<String>,
    waiting: BytesMut,
    /// Bytes that are being written.
    on_the_way: usize,
    is_slow: bool,
    more: Arc<Notify>,
    will: Option<Message>,
}

impl Hub {
    fn new(accounts: &[Account]) -> io::Result<(Hub, mpsc::Receiver<Vec<Message>>)> {
        let random = |_| io::Error::other("no random numbers");
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).map_err(random)?;
        let known = |account: &Account| {
            let tag = hmac::sign(&key, account.password.as_bytes());
            (account.name.clone(), (tag, Arc::new(account.rules.clone())))
        };
        let accounts = accounts.iter().map(known).collect();
        let (heard, waiting) = mpsc::channel(MAX_READS);
        Ok((Hub { heard, accounts, key, state: Mutex::default() }, waiting))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A client that comes by a name which is there already takes its place (3.1.4).
    async fn enter(&self, connect: Connect) -> Result<(Seat, Talk), ConnectReturnCode> {
        let Connect { protocol, client_id, clean_session, last_will, login, .. } = connect;
        if protocol != Protocol::V4 {
            return Err(ConnectReturnCode::RefusedProtocolVersion);
        }
        let login = login.ok_or(ConnectReturnCode::NotAuthorized)?;
        let known = self.accounts.get(&login.username);
        let (_, rules) = known
            .filter(|(tag, _)| hmac::verify(&self.key, login.password.as_bytes(), tag.as_ref()).is_ok())
            .ok_or(ConnectReturnCode::NotAuthorized)?;
        if client_id.is_empty() && !clean_session || client_id.contains('\0') {
            return Err(ConnectReturnCode::BadClientId);
        }
        let will = last_will.filter(|will| is_topic(&will.topic) && rules.may_write(&will.topic)).map(|will| Message {
            topic: will.topic,
            payload: will.message,
            retain: will.retain,
        });
        let more = Arc::new(Notify::new());
        let (seat, before) = {
            let mut state = self.state();
            state.last_seat += 1;
            let number = state.last_seat;
            // None that a client can give itself.
            let client_id = if client_id.is_empty() { format!("\0{number}") } else { client_id };
            let name = (login.username, client_id);
            let session = Session {
                seat: number,
                rules: rules.clone(),
                filters: Vec::new(),
                waiting: BytesMut::new(),
                on_the_way: 0,
                is_slow: false,
                more: more.clone(),
                will,
            };
            let before = state.sessions.insert(name.clone(), session);
            (Seat { name, number, more }, before)
        };
        if let Some(before) = before {
            before.more.notify_one();
            tracing::info!(
                account = seat.name.0,
                client = seat.name.1,
                "a device took the place of another by its name"
            );
            if let Some(will) = before.will {
                self.publish(None, vec![will]).await;
            }
        }
        let who = format!("{}/{}", seat.name.0, seat.name.1);
        Ok((seat, Talk::new(who, rules.clone())))
    }

    /// Gives the client's will, unless its place is another's already.
    fn leave(&self, seat: &Seat) -> Option<Message> {
        let mut state = self.state();
        state.session(seat)?;
        state.sessions.remove(&seat.name)?.will
    }

    /// To who subscribed, and to the owner. False if the place of who says it is another's by now, or the owner has
    /// ended: then it was not said.
    async fn publish(&self, from: Option<&Seat>, mut messages: Vec<Message>) -> bool {
        let Ok(owner) = self.heard.reserve().await else { return false };
        let mut said = 0;
        for message in &messages {
            // One by one, so that nobody waits for long.
            let mut state = self.state();
            if from.is_some_and(|seat| state.session(seat).is_none()) {
                break;
            }
            if message.retain {
                state.keep(message);
            }
            state.forward(message);
            said += 1;
        }
        let all = said == messages.len();
        messages.truncate(said);
        owner.send(messages);
        all
    }

    fn subscribe(&self, seat: &Seat, filters: Vec<SubscribeFilter>) -> Vec<SubscribeReasonCode> {
        let mut state = self.state();
        let (mut of_account, mut of_all) = (0, 0);
        for ((account, _), session) in &state.sessions {
            of_all += session.filters.len();
            of_account += if *account == seat.name.0 { session.filters.len() } else { 0 };
        }
        let State { sessions, kept, .. } = &mut *state;
        let Some(session) = sessions.get_mut(&seat.name).filter(|session| session.seat == seat.number) else {
            return filters.iter().map(|_| SubscribeReasonCode::Failure).collect();
        };
        let answer = |(n, SubscribeFilter { path: filter, .. }): (usize, SubscribeFilter)| {
            let is_known = session.filters.contains(&filter);
            let is_full =
                session.filters.len() >= MAX_FILTERS || of_account >= MAX_FILTERS_ACCOUNT || of_all >= MAX_FILTERS_ALL;
            if n >= MAX_FILTERS || session.is_slow || !is_filter(&filter) || !is_known && is_full {
                return SubscribeReasonCode::Failure;
            }
            for (topic, payload) in kept.iter().filter(|(topic, _)| matches(&filter, topic)) {
                if !session.is_slow && session.rules.may_read(topic) {
                    session.take(&packet(topic, payload, true));
                }
            }
            if !is_known {
                session.filters.push(filter);
                (of_account, of_all) = (of_account + 1, of_all + 1);
            }
            SubscribeReasonCode::Success(QoS::AtMostOnce)
        };
        let codes = filters.into_iter().enumerate().map(answer).collect();
        state.make_room();
        codes
    }

    fn unsubscribe(&self, seat: &Seat, filters: &[String]) {
        if let Some(session) = self.state().session(seat) {
            session.filters.retain(|filter| !filters.contains(filter));
        }
    }

    /// What waits for the client; none if its place is another's.
    fn waiting(&self, seat: &Seat) -> Result<Option<BytesMut>, Fault> {
        match self.state().session(seat) {
            Some(session) if session.is_slow => Err(Fault::Slow),
            session => Ok(session.map(|session| {
                session.on_the_way = session.waiting.len();
                std::mem::take(&mut session.waiting)
            })),
        }
    }

    /// Of what waited for the client so much is with it. False if its place is another's.
    fn written(&self, seat: &Seat, bytes: usize) -> Result<bool, Fault> {
        match self.state().session(seat) {
            Some(session) if session.is_slow => Err(Fault::Slow),
            Some(session) => {
                session.on_the_way = session.on_the_way.saturating_sub(bytes);
                Ok(true)
            }
            None => Ok(false),
        }
    }
}

impl State {
    fn session(&mut self, seat: &Seat) -> Option<&mut Session> {
        self.sessions.get_mut(&seat.name).filter(|session| session.seat == seat.number)
    }

    /// The last of its topic; an empty one ends it (3.3.1.3). One for which there is no room leaves none.
    fn keep(&mut self, message: &Message) {
        let Message { topic, payload, .. } = message;
        if let Some(before) = self.kept.remove(topic) {
            self.kept_bytes -= topic.len() + before.len() + KEPT_EACH;
        }
        let bytes = topic.len() + payload.len() + KEPT_EACH;
        if payload.is_empty() {
            return;
        }
        if self.kept_bytes + bytes > MAX_KEPT {
            if !std::mem::replace(&mut self.is_full, true) {
                tracing::warn!(topic, "the embedded broker keeps {MAX_KEPT} bytes of retained messages and no more");
            }
            return;
        }
        self.kept_bytes += bytes;
        // A part of what was read at once would keep all of it.
        self.kept.insert(topic.clone(), Bytes::copy_from_slice(payload));
    }

    fn forward(&mut self, message: &Message) {
        let Message { topic, payload, .. } = message;
        let mut packet_of = None;
        for session in self.sessions.values_mut() {
            let hears = session.filters.iter().any(|filter| matches(filter, topic)) && session.rules.may_read(topic);
            if hears && !session.is_slow {
                session.take(packet_of.get_or_insert_with(|| packet(topic, payload, false)));
            }
        }
        if packet_of.is_some() {
            self.make_room();
        }
    }

    fn make_room(&mut self) {
        while self.room() == 0 {
            let most = self.sessions.values_mut().max_by_key(|session| session.held());
            most.into_iter().for_each(Session::let_go);
        }
    }

    fn room(&self) -> usize {
        MAX_WAITING_ALL.saturating_sub(self.sessions.values().map(Session::held).sum())
    }
}

impl Session {
    fn held(&self) -> usize {
        self.waiting.len() + self.on_the_way
    }

    /// One who does not take what waits for it, so that this is too much, is disconnected and may begin anew.
    fn take(&mut self, packet: &[u8]) {
        if self.held() + packet.len() > MAX_WAITING {
            self.let_go();
        }
        if !self.is_slow {
            self.waiting.extend_from_slice(packet);
        }
        self.more.notify_one();
    }

    fn let_go(&mut self) {
        self.is_slow = true;
        self.filters.clear();
        // What is being written ends with its connection, after this piece.
        (self.waiting, self.on_the_way) = (BytesMut::new(), 0);
        self.more.notify_one();
    }
}

fn packet(topic: &str, payload: &Bytes, retain: bool) -> BytesMut {
    let mut bytes = BytesMut::new();
    let publish = Publish { retain, ..Publish::from_bytes(topic, QoS::AtMostOnce, payload.clone()) };
    // It was read as a packet that is no shorter.
    drop(publish.write(&mut bytes));
    bytes
}
