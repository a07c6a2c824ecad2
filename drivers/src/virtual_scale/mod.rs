//! A shop scale without a platform: it speaks Mettler Toledo's 8217 protocol or CAS' over a PTY, weighs what it is
//! told to, and fails on request.
//!
//! [`VirtualScale::start`] runs one in real time; [`Scale`] is the same scale on a clock of your own. It holds one
//! byte of what the host sends and at most [`MOST_WAITING_BYTES`] of answers, whatever arrives.

mod order;
mod scale;
#[cfg(test)]
mod tests;

pub use order::Order;
pub use scale::{MOST_WAITING_BYTES, Protocol, Scale, Settings, Unit};

use crate::virtual_printer::http::{self, Request, Response};
use crate::virtual_printer::pty::{self, Pty};
use anyhow::Context;
use serde_json::{Value, json};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

const PAGE: &str = include_str!("page.html");
const SCRIPT: &str = include_str!("page.js");
const LOOK: &str = include_str!("page.css");
/// Before a line that failed is tried again.
const RETRY: Duration = Duration::from_millis(100);

/// How to start a scale.
#[derive(Clone, Debug)]
pub struct Options {
    /// The stable address: a link that points at the PTY's slave.
    pub link: PathBuf,
    /// The speed that the address names; a PTY has none.
    pub baud: u32,
    /// The control address; port 0 takes a free one.
    pub control: SocketAddr,
    /// What kind of scale it is.
    pub settings: Settings,
}

/// A running scale. It stops when dropped.
#[derive(Debug)]
pub struct VirtualScale {
    shared: Arc<Shared>,
    control: String,
    _tasks: JoinSet<()>,
}

#[derive(Debug)]
struct Shared {
    scale: Mutex<Scale>,
    start: Instant,
    /// Wakes the line: the scale changed, or an answer is due.
    line: Notify,
    /// Whether the device is plugged in.
    plugged: watch::Sender<bool>,
    link: PathBuf,
    baud: u32,
}

impl Shared {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// A panic in one request must not take the scale down with it.
    fn scale(&self) -> MutexGuard<'_, Scale> {
        self.scale.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn address(&self) -> String {
        format!("serial:{}@{}", self.link.display(), self.baud)
    }

    fn order(&self, order: &Order) -> Value {
        let now = self.now();
        let plugged = {
            let mut scale = self.scale();
            scale.order(order, now);
            scale.is_plugged()
        };
        self.plugged.send_if_modified(|known| std::mem::replace(known, plugged) != plugged);
        self.line.notify_one();
        self.state()
    }

    fn state(&self) -> Value {
        let now = self.now();
        let mut state = self.scale().state(now);
        if let Some(fields) = state.as_object_mut() {
            fields.insert("address".into(), json!(self.address()));
        }
        state
    }
}

impl VirtualScale {
    /// Starts a scale; when this returns, a host can open the link.
    ///
    /// # Errors
    /// When the PTY cannot be opened or the control address not be bound.
    ///
    /// # Example
    /// ```no_run
    /// # async fn example() -> anyhow::Result<()> {
    /// use trivet_drivers::virtual_scale::{Options, Order, Settings, VirtualScale};
    /// let scale = VirtualScale::start(Options {
    ///     link: "/tmp/scale".into(),
    ///     baud: 9600,
    ///     control: "127.0.0.1:0".parse()?,
    ///     settings: Settings::default(),
    /// })
    /// .await?;
    /// scale.order(&Order::Weight(1_250_000));
    /// # Ok(()) }
    /// ```
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let Options { link, baud, control, settings } = options;
        let opened = pty::open(&link).with_context(|| format!("serial line {}", link.display()))?;
        let control = TcpListener::bind(control).await.with_context(|| format!("control address {control}"))?;
        let control_url = format!("http://{}", control.local_addr()?);
        let shared = Arc::new(Shared {
            scale: Mutex::new(Scale::new(settings)),
            start: Instant::now(),
            line: Notify::new(),
            plugged: watch::Sender::new(true),
            link,
            baud,
        });
        let mut tasks = JoinSet::new();
        let (line, controlled) = (shared.clone(), shared.clone());
        tasks.spawn(async move { run_line(&line, opened).await });
        tasks.spawn(http::serve(control, move |request| answer(&controlled, request)));
        Ok(Self { shared, control: control_url, _tasks: tasks })
    }

    /// `serial:PATH@BAUD`.
    pub fn address(&self) -> String {
        self.shared.address()
    }

    /// `http://HOST:PORT`.
    pub fn control_url(&self) -> &str {
        &self.control
    }

    /// The link that a host opens.
    pub fn link(&self) -> &Path {
        &self.shared.link
    }

    /// What `POST` on the control address does; returns the state after it.
    pub fn order(&self, order: &Order) -> Value {
        self.shared.order(order)
    }

    /// What `GET /state` answers.
    pub fn state(&self) -> Value {
        self.shared.state()
    }

    /// The line that the binary prints at its start.
    pub fn announcement(&self) -> Value {
        json!({"kind": "scale", "protocol": self.shared.scale().protocol().name(), "address": self.address(),
            "control": self.control})
    }
}

fn answer(shared: &Shared, request: &Request) -> Response {
    match (request.method.as_str(), request.path.as_str()) {
        ("POST", _) => match request.json().and_then(|body| Order::from_json(&body)) {
            Ok(order) => Response::json(&shared.order(&order)),
            Err(text) => Response::refusal(400, &text),
        },
        ("GET" | "HEAD", "/page.js") => Response::ok("text/javascript; charset=utf-8", SCRIPT),
        ("GET" | "HEAD", "/page.css") => Response::ok("text/css; charset=utf-8", LOOK),
        ("GET" | "HEAD", "/") if request.wants_page() => Response::ok("text/html; charset=utf-8", PAGE),
        ("GET" | "HEAD", "/" | "/state") => Response::json(&shared.state()),
        ("GET" | "HEAD", _) => Response::refusal(404, "there is a page at / and the state at /state"),
        _ => Response::refusal(405, "GET and POST only"),
    }
}

/// Keeps the device at its link while it is plugged in.
async fn run_line(shared: &Shared, opened: (Pty, pty::PtyLink)) {
    let mut plugged = shared.plugged.subscribe();
    let mut opened = Some(opened);
    loop {
        if !*plugged.borrow_and_update() {
            opened = None;
            if plugged.changed().await.is_err() {
                return;
            }
            continue;
        }
        let (mut pty, link) = match opened.take().map_or_else(|| pty::open(&shared.link), Ok) {
            Ok(opened) => opened,
            Err(error) => {
                tracing::warn!(%error, link = %shared.link.display(), "cannot open the serial line");
                tokio::time::sleep(RETRY).await;
                continue;
            }
        };
        let housekeeping = async {
            loop {
                link.forget_exclusive();
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        tokio::select! {
            () = housekeeping => {}
            result = serve(shared, &mut pty) => if let Err(error) = result {
                tracing::warn!(%error, "serial line");
                tokio::time::sleep(RETRY).await;
            },
            _ = plugged.changed() => {}
        }
    }
}

async fn serve(shared: &Shared, pty: &mut Pty) -> io::Result<()> {
    let (mut input, mut output) = tokio::io::split(pty);
    let mut buffer = [0; 256];
    loop {
        let now = shared.now();
        let (ready, due) = {
            let mut scale = shared.scale();
            (scale.take_replies(now), scale.next_due())
        };
        if !ready.is_empty() {
            output.write_all(&ready).await?;
            continue;
        }
        let sleep = due.map_or(Duration::from_secs(60), |due| due.saturating_sub(now));
        tokio::select! {
            count = input.read(&mut buffer) => {
                let count = count?;
                shared.scale().receive(shared.now(), buffer.get(..count).unwrap_or_default());
            }
            () = tokio::time::sleep(sleep) => {}
            () = shared.line.notified() => {}
        }
    }
}
