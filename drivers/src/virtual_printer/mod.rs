//! A printer without a case: it speaks ESC/POS, Star Line Mode or ZPL II over TCP, a PTY or a Unix socket, prints on
//! paper that lies in a folder, and fails on request.
//!
//! A product and the rig of our own tests. It is written from the command references and shares no code with the
//! encoders, so that a mistake in one is not hidden by the same mistake in the other. What must stay true: no input
//! makes it panic or grow without bound, and it never answers that something is printed before it is.
//!
//! [`VirtualPrinter::start`] runs one in real time; [`Machine`] is the same printer on a clock of your own;
//! [`develop`] turns bytes into papers at once; [`parse`] only reads them.

mod bitmap;
mod code_pages;
mod control;
mod develop;
mod escpos;
mod fault;
mod files;
mod font;
pub(crate) mod http;
mod language;
mod machine;
mod mechanism;
mod paper;
pub(crate) mod pty;
mod repair;
mod replies;
mod service;
mod settings;
mod sheet;
mod socket;
mod star;
mod symbols;
#[cfg(test)]
mod tests;
mod text;
mod zpl;

pub use bitmap::Bitmap;
pub use develop::develop;
pub use escpos::{Command, Parser, Qr, RealTime, Scanner};
pub use fault::{Fault, PaperLeft, Vanish};
pub use files::PaperTray;
pub use language::{MOST_HELD_BYTES, Parsed, parse};
pub use machine::{Machine, Plug, Received};
pub use paper::{End, Paper};
pub use settings::{FlowControl, Language, Settings, TwoByte};
pub use star::{StarCommand, StarParser};
pub use zpl::{ZplCommand, ZplParser};

use anyhow::Context;
use serde_json::{Value, json};
use service::Shared;
use socket::{Listener, Place};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Papers on their way to the disk; the printer waits when it is full.
const PAPER_QUEUE: usize = 16;

/// Where hosts find the printer.
#[derive(Clone, Debug)]
pub enum FrontEnd {
    /// TCP; port 0 takes a free one.
    Tcp(SocketAddr),
    /// A PTY whose slave `link` points at, at this speed.
    Pty {
        /// The stable address.
        link: PathBuf,
        /// Bits a second; it paces itself, because a PTY does not.
        baud: u32,
    },
    /// A Unix socket at this path.
    Unix(PathBuf),
}

/// How to start a printer.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where hosts find it.
    pub front_end: FrontEnd,
    /// The control address; port 0 takes a free one.
    pub control: SocketAddr,
    /// The folder that papers fall into.
    pub paper: PathBuf,
    /// What kind of printer it is.
    pub settings: Settings,
}

/// A running printer. It stops when dropped.
#[derive(Debug)]
pub struct VirtualPrinter {
    shared: Arc<Shared>,
    address: String,
    control: String,
    paper: PathBuf,
    language: Language,
    tasks: JoinSet<()>,
}

impl VirtualPrinter {
    /// Starts a printer; when this returns, hosts can connect.
    ///
    /// # Errors
    /// When an address cannot be bound, the PTY not be opened or the folder not be written.
    ///
    /// # Example
    /// ```no_run
    /// # async fn example() -> anyhow::Result<()> {
    /// use trivet_drivers::virtual_printer::{Fault, FrontEnd, Options, Settings, VirtualPrinter};
    /// let any = "127.0.0.1:0".parse()?;
    /// let printer = VirtualPrinter::start(Options {
    ///     front_end: FrontEnd::Tcp(any),
    ///     control: any,
    ///     paper: "papers".into(),
    ///     settings: Settings::default(),
    /// })
    /// .await?;
    /// printer.order(Fault::Cover(true));
    /// # Ok(()) }
    /// ```
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let Options { front_end, control, paper, settings } = options;
        let tray = PaperTray::open(&paper).with_context(|| format!("paper folder {}", paper.display()))?;
        let control = TcpListener::bind(control).await.with_context(|| format!("control address {control}"))?;
        let control_url = format!("http://{}", control.local_addr()?);
        let language = settings.language;
        let shared = Arc::new(Shared::new(Machine::new(settings)));
        let mut tasks = JoinSet::new();
        let address = start_front_end(front_end, &shared, &mut tasks).await?;

        let (papers, waiting) = mpsc::channel(PAPER_QUEUE);
        let mechanism = shared.clone();
        tasks.spawn(async move { service::run_mechanism(&mechanism, papers).await });
        tasks.spawn(write_papers(tray, waiting));
        let (controlled, folder) = (shared.clone(), paper.clone());
        tasks.spawn(http::serve(control, move |request| control::answer(&controlled, &folder, request)));
        Ok(Self { shared, address, control: control_url, paper, language, tasks })
    }

    /// `tcp:HOST:PORT`, `serial:PATH@BAUD` or `unix:PATH`, as it was at the start.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Where it is now: a device may vanish, and come back elsewhere.
    pub fn current_address(&self) -> Option<String> {
        self.shared.address()
    }

    /// `http://HOST:PORT`.
    pub fn control_url(&self) -> &str {
        &self.control
    }

    /// The folder that papers fall into.
    pub fn paper_folder(&self) -> &Path {
        &self.paper
    }

    /// What `POST` on the control address does; returns the state after it.
    pub fn order(&self, fault: Fault) -> Value {
        self.shared.order(fault)
    }

    /// What `GET /state` answers, except for the list of papers.
    pub fn state(&self) -> Value {
        self.shared.state()
    }

    /// The line that the binary prints at its start.
    pub fn announcement(&self) -> Value {
        json!({"kind": "printer", "language": self.language.name(), "address": self.address, "control": self.control,
            "paper": self.paper})
    }

    /// Stops it and waits until its addresses are free again. What is on the machine stays unwritten.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

async fn start_front_end(front_end: FrontEnd, shared: &Arc<Shared>, tasks: &mut JoinSet<()>) -> anyhow::Result<String> {
    let shared = shared.clone();
    let place = match front_end {
        FrontEnd::Tcp(wanted) => Place::Tcp(wanted),
        FrontEnd::Unix(path) => Place::Unix(path),
        FrontEnd::Pty { link, baud } => {
            let opened = pty::open(&link).with_context(|| format!("serial line {}", link.display()))?;
            let address = service::serial_address(&link, baud);
            tasks.spawn(async move { service::run_pty(&shared, opened, link, baud).await });
            return Ok(address);
        }
    };
    let listener = Listener::bind(&place).await.with_context(|| format!("printer address {}", place.announced()))?;
    let place = listener.place()?;
    let address = place.announced();
    tasks.spawn(async move { service::run_listener(&shared, listener, place).await });
    Ok(address)
}

async fn write_papers(mut tray: PaperTray, mut waiting: mpsc::Receiver<Paper>) {
    while let Some(paper) = waiting.recv().await {
        let written = tokio::task::spawn_blocking(move || {
            let result = tray.put(&paper);
            (tray, result)
        });
        match written.await {
            Ok((back, result)) => {
                tray = back;
                if let Err(error) = result {
                    tracing::error!(%error, "paper not written");
                }
            }
            // The pool ends with the process.
            Err(_) => return,
        }
    }
}
