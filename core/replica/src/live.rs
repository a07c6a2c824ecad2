//! The live feed: what changed, pushed to every screen over one socket.
//!
//! A frame's `n` is the replica's durable local arrival number and `epoch` its origin. Whoever asks for what came
//! after a place that is no longer at hand, or is too slow, gets the whole picture instead: never a silent skip.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use axum::Json;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::broadcast;
use trivet_domain::Role;
use trivet_log::{Id, Origin};

use crate::module::View;
use crate::store::{Opening, log};
use crate::{App, Caller, Module, Problem, events};

/// Frames kept for those that come back.
const RING: usize = 2_048;
/// Frames that a socket may lag behind before it gets the whole picture.
const LAG: usize = 512;
/// Commits that may wait for the publisher; past it every socket gets the whole picture.
const MAX_WAITING_COMMITS: usize = 1_024;
const HELLO_WITHIN: Duration = Duration::from_secs(5);
/// A socket that takes a frame no faster than this is closed.
const SEND_WITHIN: Duration = Duration::from_secs(5);
const HEARTBEAT: Duration = Duration::from_secs(1);
const POLL_WITHIN: Duration = Duration::from_secs(25);
const MAX_CLIENT_MESSAGE: usize = 64 * 1024;

/// What a module wants the screens to be told.
#[derive(Debug)]
pub struct Draft {
    pub namespace: &'static str,
    pub kind: &'static str,
    pub data: Value,
    /// Who may see it of those who listen; None: all of them.
    pub roles: Option<Vec<Role>>,
}

impl Draft {
    pub fn new(namespace: &'static str, kind: &'static str, data: &impl Serialize) -> Draft {
        Draft { namespace, kind, data: serde_json::to_value(data).unwrap_or_default(), roles: None }
    }

    #[must_use]
    pub fn only_for(self, roles: Vec<Role>) -> Draft {
        Draft { roles: Some(roles), ..self }
    }
}

pub(crate) struct Frame {
    /// Counts the frames of this process: the cursor of the long poll.
    serial: u64,
    n: u64,
    namespace: String,
    roles: Option<Vec<Role>>,
    text: Utf8Bytes,
}

impl Frame {
    fn is_for(&self, caller: Caller, namespaces: &[String]) -> bool {
        let told = self.roles.as_ref().is_none_or(|roles| roles.contains(&caller.rights.role));
        told && namespaces.contains(&self.namespace)
    }
}

#[derive(Default)]
struct Ring {
    frames: VecDeque<Arc<Frame>>,
    last_serial: u64,
    /// All frames with a larger `n` are here.
    floor: u64,
}

impl Ring {
    fn push(&mut self, frame: impl FnOnce(u64) -> Frame) -> Arc<Frame> {
        if self.frames.len() == RING {
            let evicted = self.frames.pop_front().map_or(0, |frame| frame.n);
            self.floor = self.floor.max(evicted);
        }
        self.last_serial += 1;
        let frame = Arc::new(frame(self.last_serial));
        self.frames.push_back(frame.clone());
        frame
    }
}

pub struct Hub {
    epoch: String,
    reached: AtomicU64,
    ring: Mutex<Ring>,
    /// Tells this process's cursors from those before a restart.
    boot: String,
    out: broadcast::Sender<Arc<Frame>>,
}

impl Hub {
    pub fn new(origin: Origin) -> Hub {
        Hub {
            epoch: origin.to_string(),
            reached: AtomicU64::new(0),
            ring: Mutex::default(),
            boot: crate::identity::hex(&crate::sealing::random::<4>()),
            out: broadcast::channel(LAG).0,
        }
    }

    pub fn epoch(&self) -> &str {
        &self.epoch
    }

    pub fn reached(&self) -> u64 {
        self.reached.load(Ordering::Relaxed)
    }

    /// Something that is no entry (a probe's sample, a device's state): told at once, under the latest number.
    pub fn tell(&self, draft: &Draft) {
        self.send(draft, self.reached());
    }

    fn send(&self, draft: &Draft, n: u64) {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let frame = ring.push(|serial| Frame {
            serial,
            roles: draft.roles.clone(),
            ..self.frame(draft.namespace, draft.kind, n, &draft.data)
        });
        drop(self.out.send(frame));
    }

    fn frame(&self, namespace: &str, kind: &str, n: u64, data: &Value) -> Frame {
        let text = json!({"ns": namespace, "epoch": self.epoch, "n": n, "type": kind, "data": data}).to_string();
        Frame { serial: 0, n, namespace: namespace.to_owned(), roles: None, text: text.into() }
    }

    /// The frames from `n` on, if none between has been forgotten. Those of `n` itself again: a commit has several.
    fn since(&self, from: &From) -> Option<Vec<Arc<Frame>>> {
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        (from.epoch == self.epoch && from.n <= self.reached() && from.n > ring.floor)
            .then(|| ring.frames.iter().filter(|frame| frame.n >= from.n).cloned().collect())
    }

    /// The frames after a cursor of the long poll, and the next cursor. None: some have been forgotten.
    fn after(&self, cursor: &str) -> (Option<Vec<Arc<Frame>>>, String) {
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let next = format!("{}.{}", self.boot, ring.last_serial);
        let serial = cursor.strip_prefix(&self.boot).and_then(|rest| rest.strip_prefix('.')?.parse::<u64>().ok());
        let oldest = ring.frames.front().map_or(ring.last_serial + 1, |frame| frame.serial);
        let known = serial.filter(|serial| serial + 1 >= oldest && *serial <= ring.last_serial);
        let frames = known.map(|serial| ring.frames.iter().filter(|frame| frame.serial > serial).cloned().collect());
        (frames, next)
    }

    /// Numbers up to here were reached before this process could tell of them.
    fn begin(&self, n: u64) {
        self.reached.store(n, Ordering::Relaxed);
        self.ring.lock().unwrap_or_else(PoisonError::into_inner).floor = n;
    }

    /// Forgets the frames at hand, so that everybody gets the whole picture.
    fn start_over(&self) {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        ring.frames.clear();
        ring.last_serial += 1;
        ring.floor = self.reached();
        drop(ring);
        let lost = Arc::new(self.frame("live", "start_over", 0, &Value::Null));
        drop(self.out.send(lost));
    }
}

/// A subject that a commit changed.
#[derive(Debug)]
pub struct Touched {
    pub subject: Id,
    pub kinds: BTreeSet<u16>,
    pub arrival: u64,
    /// So many of its entries up to `arrival` came just now.
    pub new: usize,
}

/// Renders frames after the commit, on a thread and a connection of its own.
pub struct Publisher {
    commits: mpsc::SyncSender<Vec<Touched>>,
    overrun: Arc<AtomicBool>,
}

impl Publisher {
    pub(crate) fn start(conn: Connection, opening: &Opening) -> anyhow::Result<Publisher> {
        let (commits, queue) = mpsc::sync_channel::<Vec<Touched>>(MAX_WAITING_COMMITS);
        let overrun = Arc::new(AtomicBool::new(false));
        let (hub, modules, more) = (opening.hub.clone(), opening.modules.clone(), opening.more.clone());
        let (wall, flag) = (opening.wall.clone(), overrun.clone());
        let organization = opening.identity.certificate.tenant;
        hub.begin(log::last_arrival(&conn)?);
        std::thread::Builder::new().name("publisher".into()).spawn(move || {
            while let Ok(touched) = queue.recv() {
                let view = View { conn: &conn, more: &more, now_ms: wall.now_ms(), caller: None };
                let published =
                    catch_unwind(AssertUnwindSafe(|| publish(&hub, &modules, organization, &view, &touched)));
                if published.is_err() {
                    tracing::error!("rendering for the screens panicked; they get the whole picture");
                    hub.start_over();
                }
                if flag.swap(false, Ordering::Relaxed) {
                    hub.start_over();
                }
            }
        })?;
        Ok(Publisher { commits, overrun })
    }

    /// Never blocks the writer.
    pub(crate) fn publish(&self, touched: Vec<Touched>) {
        if self.commits.try_send(touched).is_err() {
            self.overrun.store(true, Ordering::Relaxed);
        }
    }
}

/// A subject's picture is told once a commit, as it is at the end; its public events one by one.
fn publish(hub: &Hub, modules: &[Module], organization: Id, view: &View<'_>, commit: &[Touched]) {
    let last: BTreeMap<Id, usize> = commit.iter().enumerate().map(|(at, touched)| (touched.subject, at)).collect();
    for (at, touched) in commit.iter().enumerate() {
        hub.reached.fetch_max(touched.arrival, Ordering::Relaxed);
        match events::of_touched(modules, organization, view.conn, touched) {
            Ok(drafts) => drafts.iter().for_each(|draft| hub.send(draft, touched.arrival)),
            Err(error) => {
                tracing::error!(%error, subject = %touched.subject, "reading for the public events");
                hub.start_over();
            }
        }
        if last.get(&touched.subject) != Some(&at) {
            continue;
        }
        for module in modules.iter().filter(|module| module.follows(&touched.kinds)) {
            match (module.frames)(view, touched.subject) {
                Ok(drafts) => drafts.iter().for_each(|draft| hub.send(draft, touched.arrival)),
                Err(error) => tracing::error!(%error, module = module.name, "rendering for the screens"),
            }
        }
    }
}

#[derive(Deserialize)]
struct From {
    epoch: String,
    n: u64,
}

#[derive(Deserialize)]
struct Hello {
    token: String,
    subscribe: Vec<String>,
    #[serde(default)]
    from: Option<From>,
}

/// `GET /api/v1/live`: a WebSocket. The first message is the client's hello with its token, which so stands in no URL.
pub async fn socket(State(app): State<App>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    if !same_origin(&headers) {
        return Problem::new(StatusCode::FORBIDDEN, "a page of another origin may not listen here").into_response();
    }
    let upgrade = upgrade.max_message_size(MAX_CLIENT_MESSAGE).max_frame_size(MAX_CLIENT_MESSAGE);
    upgrade.on_upgrade(move |mut socket| async move {
        if let Err(problem) = serve(&app, &mut socket).await {
            let frame = app.hub.frame("live", "error", app.hub.reached(), &json!(problem));
            drop(send(&mut socket, frame.text).await);
        }
    })
}

/// Browsers always send `Origin` with a WebSocket; programs need not.
fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
    match (text(header::ORIGIN), text(header::HOST)) {
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, origin_host)| origin_host == host),
        (Some(_), None) => false,
        (None, _) => true,
    }
}

async fn serve(app: &App, socket: &mut WebSocket) -> Result<(), Problem> {
    let Ok(Some(Ok(Message::Text(text)))) = tokio::time::timeout(HELLO_WITHIN, socket.recv()).await else {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "the first message is a hello with the token"));
    };
    let hello: Hello = serde_json::from_str(&text)
        .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, format!("the hello does not read: {error}")))?;
    let caller = app.auth.check(&hello.token, app.wall.now_ms()).ok_or_else(Problem::unauthorized)?;
    may_listen(app, caller, &hello.subscribe)?;
    let mut frames = app.hub.out.subscribe();
    let mut seen = match hello.from.as_ref().and_then(|from| app.hub.since(from)) {
        Some(missed) => {
            for frame in missed.iter().filter(|frame| frame.is_for(caller, &hello.subscribe)) {
                send(socket, frame.text.clone()).await?;
            }
            missed.last().map_or(0, |frame| frame.n)
        }
        None => picture(app, socket, caller, &hello.subscribe).await?,
    };
    let mut heartbeat = tokio::time::interval(HEARTBEAT);
    loop {
        tokio::select! {
            _ = heartbeat.tick() => {
                if app.auth.check(&hello.token, app.wall.now_ms()).is_none() {
                    return Err(Problem::unauthorized());
                }
                send(socket, heartbeat_frame(app)).await?;
            }
            frame = frames.recv() => match frame {
                Ok(frame) if frame.namespace == "live" => seen = picture(app, socket, caller, &hello.subscribe).await?,
                Ok(frame) if frame.n >= seen && frame.is_for(caller, &hello.subscribe) => {
                    send(socket, frame.text.clone()).await?;
                }
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(_)) => seen = picture(app, socket, caller, &hello.subscribe).await?,
                Err(broadcast::error::RecvError::Closed) => return Ok(()),
            },
            message = socket.recv() => match message {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(()),
                Some(Ok(_)) => {}
            }
        }
    }
}

fn heartbeat_frame(app: &App) -> Utf8Bytes {
    let data = json!({
        "now": app.wall.now_ms(),
        "timeQuality": app.wall.quality(),
        "heldBy": app.sync.held_by(),
    });
    app.hub.frame("live", "heartbeat", app.hub.reached(), &data).text
}

/// Sends the whole picture of each namespace; gives the number that it was taken at.
async fn picture(app: &App, socket: &mut WebSocket, caller: Caller, namespaces: &[String]) -> Result<u64, Problem> {
    let (asked, modules) = (namespaces.to_vec(), app.modules.clone());
    // One snapshot for all of them: what is committed after it has a larger number for each.
    let (n, pictures) = app
        .read(move |view| {
            let view = &View { caller: Some(caller), ..*view };
            let picture = |namespace: &String| {
                let mut whole = serde_json::Map::new();
                for module in modules.iter() {
                    if let Some(Value::Object(part)) = (module.status)(view, namespace)? {
                        whole.extend(part);
                    }
                }
                Ok((namespace.clone(), Value::Object(whole)))
            };
            let pictures = asked.iter().map(picture).collect::<rusqlite::Result<Vec<_>>>()?;
            Ok((log::last_arrival(view.conn)?, pictures))
        })
        .await?;
    for (namespace, data) in pictures {
        send(socket, app.hub.frame(&namespace, &format!("{namespace}:status"), n, &data).text).await?;
    }
    Ok(n)
}

fn may_listen(app: &App, caller: Caller, namespaces: &[String]) -> Result<(), Problem> {
    for namespace in namespaces {
        let topics = app.modules.iter().flat_map(|module| module.topics);
        let mut needed = topics.filter(|topic| topic.namespace == namespace).peekable();
        if needed.peek().is_none() {
            return Err(Problem::new(StatusCode::NOT_FOUND, format!("there is no namespace `{namespace}`")));
        }
        if !needed.all(|topic| caller.may(topic.permission)) {
            return Err(Problem::forbidden());
        }
    }
    Ok(())
}

async fn send(socket: &mut WebSocket, text: Utf8Bytes) -> Result<(), Problem> {
    let sent = tokio::time::timeout(SEND_WITHIN, socket.send(Message::Text(text))).await;
    match sent {
        Ok(Ok(())) => Ok(()),
        _ => Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "this screen takes its frames too slowly")),
    }
}

#[derive(Deserialize)]
pub struct Poll {
    /// Namespaces, separated by commas.
    ns: String,
    /// The `cursor` of the answer before; none at first.
    #[serde(default)]
    cursor: String,
}

/// `GET /api/v1/live/poll`: the same frames for a browser that gets no WebSocket through. Waits up to 25 s for one.
/// With `startOver` the lists are to be read anew, and polling goes on from the cursor of this answer.
pub async fn poll(State(app): State<App>, caller: Caller, Query(poll): Query<Poll>) -> Result<Response, Problem> {
    let namespaces: Vec<String> = poll.ns.split(',').map(str::to_owned).collect();
    may_listen(&app, caller, &namespaces)?;
    let mut news = app.hub.out.subscribe();
    let until = tokio::time::Instant::now() + POLL_WITHIN;
    let mut cursor = poll.cursor;
    loop {
        let (frames, next) = app.hub.after(&cursor);
        let start_over = frames.is_none();
        let of_ours = |frame: &Arc<Frame>| {
            let wanted = frame.is_for(caller, &namespaces);
            wanted.then(|| serde_json::from_str::<Value>(&frame.text).ok()).flatten()
        };
        let frames: Vec<Value> = frames.unwrap_or_default().iter().filter_map(of_ours).collect();
        cursor = next;
        let waited = start_over || !frames.is_empty() || tokio::time::timeout_at(until, news.recv()).await.is_err();
        if waited {
            let body = json!({"epoch": app.hub.epoch(), "cursor": cursor, "startOver": start_over, "frames": frames});
            return Ok(Json(body).into_response());
        }
    }
}
