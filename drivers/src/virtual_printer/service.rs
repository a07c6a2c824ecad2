//! Front ends: how bytes reach the [`Machine`] and its replies the host.
//!
//! One task lets the mechanism work in real time and hands finished papers on; one serves the line. Both hold the
//! machine's lock only between two awaits. What the machine's [`Plug`] says, the front end follows: it listens or
//! not, drops connections, moves to another address.

use super::fault::Fault;
use super::machine::{Machine, Plug, Received};
use super::paper::Paper;
use super::pty::{self, Pty, PtyLink};
use super::socket::{Listener, Place, Stream};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Notify, mpsc, watch};

/// Connections that wait for the serviced one to close (the UB-E02 holds three in all); further ones are dropped.
const MOST_HELD: usize = 8;
/// The mechanism looks at its clock at least this often.
const LONGEST_SLEEP: Duration = Duration::from_millis(250);
/// Read at once.
const CHUNK: usize = 4096;
/// Before a failed bind or open is tried again.
const RETRY: Duration = Duration::from_millis(100);

/// The machine and what wakes its tasks.
#[derive(Debug)]
pub(super) struct Shared {
    machine: Mutex<Machine>,
    start: Instant,
    /// Wakes the mechanism.
    kick: Notify,
    /// Wakes the line: replies are due, or the buffer has room again.
    line: Notify,
    plug: watch::Sender<Plug>,
    /// Where hosts find it at the moment.
    address: Mutex<Option<String>>,
}

impl Shared {
    pub(super) fn new(machine: Machine) -> Self {
        let plug = machine.plug();
        Self {
            machine: Mutex::new(machine),
            start: Instant::now(),
            kick: Notify::new(),
            line: Notify::new(),
            plug: watch::Sender::new(plug),
            address: Mutex::new(None),
        }
    }

    pub(super) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// A panic in one request must not take the printer down with it.
    fn machine(&self) -> MutexGuard<'_, Machine> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn address(&self) -> Option<String> {
        self.address.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_address(&self, address: Option<String>) {
        *self.address.lock().unwrap_or_else(PoisonError::into_inner) = address;
    }

    fn with_address(&self, mut state: Value) -> Value {
        if let Some(fields) = state.as_object_mut() {
            fields.insert("address".into(), json!(self.address()));
        }
        state
    }

    /// Tells the front end when the machine's plug has changed.
    fn follow(&self, plug: Plug) {
        self.plug.send_if_modified(|known| {
            let changed = *known != plug;
            *known = plug;
            changed
        });
    }

    pub(super) fn state(&self) -> Value {
        let now = self.now();
        let state = {
            let mut machine = self.machine();
            machine.advance(now);
            machine.state()
        };
        self.with_address(state)
    }

    pub(super) fn paper_in_slot(&self) -> Paper {
        self.machine().paper_in_slot()
    }

    pub(super) fn order(&self, fault: Fault) -> Value {
        let now = self.now();
        let (plug, state) = {
            let mut machine = self.machine();
            machine.order(fault, now);
            (machine.plug(), machine.state())
        };
        self.follow(plug);
        self.kick.notify_one();
        self.line.notify_one();
        self.with_address(state)
    }
}

/// Moves the mechanism in real time.
pub(super) async fn run_mechanism(shared: &Shared, papers: mpsc::Sender<Paper>) {
    loop {
        let now = shared.now();
        let (finished, wake, plug) = {
            let mut machine = shared.machine();
            machine.advance(now);
            (machine.take_papers(), machine.next_wake(), machine.plug())
        };
        shared.follow(plug);
        shared.line.notify_one();
        for paper in finished {
            if papers.send(paper).await.is_err() {
                return;
            }
        }
        let sleep = wake.map_or(LONGEST_SLEEP, |at| at.saturating_sub(now).min(LONGEST_SLEEP));
        tokio::select! {
            () = tokio::time::sleep(sleep) => {}
            () = shared.kick.notified() => {}
        }
    }
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    ByHost,
    /// To be reset.
    Reset,
    /// To be closed in order.
    Closed,
    /// It stays open and dead.
    Lost,
}

/// Serves one line until it ends. `own_rate` is the speed of the link itself, in bytes a second.
async fn serve_line<L>(shared: &Shared, line: &mut L, own_rate: Option<u32>) -> io::Result<Ended>
where
    L: AsyncRead + AsyncWrite + Unpin,
{
    let (mut input, mut output) = tokio::io::split(line);
    let mut buffer = vec![0; CHUNK];
    let mut pending: Vec<u8> = Vec::new();
    let mut next_read = shared.now();
    let mut last_byte = shared.now();
    loop {
        let now = shared.now();
        let (room, rate, patience) = {
            let mut machine = shared.machine();
            if pending.is_empty() {
                machine.set_host_ready(true, now);
                pending = machine.take_replies(now);
            } else {
                machine.set_host_ready(false, now);
            }
            let rate = [own_rate, machine.receive_rate()].into_iter().flatten().min();
            (machine.room(), rate, machine.idle_close().filter(|_| own_rate.is_none()))
        };
        let silent_until = patience.map_or(Duration::MAX, |patience| last_byte + patience);
        if now >= silent_until {
            return Ok(Ended::Closed);
        }
        let most = rate.map_or(CHUNK, |rate| usize::try_from(rate / 100).unwrap_or(CHUNK).clamp(1, CHUNK));
        let space = buffer.get_mut(..most.min(room)).unwrap_or_default();
        tokio::select! {
            count = input.read(space), if room > 0 && now >= next_read => {
                let count = count?;
                if count == 0 {
                    return Ok(Ended::ByHost);
                }
                last_byte = now;
                if let Some(rate) = rate {
                    let took = Duration::from_secs_f64(count as f64 / f64::from(rate.max(1)));
                    next_read = next_read.max(now.saturating_sub(Duration::from_millis(20))) + took;
                }
                let bytes = buffer.get(..count).unwrap_or_default();
                let (received, plug) = {
                    let mut machine = shared.machine();
                    (machine.receive(shared.now(), bytes), machine.plug())
                };
                shared.follow(plug);
                shared.kick.notify_one();
                match received {
                    Received::Taken => {}
                    Received::Reset => return Ok(Ended::Reset),
                    Received::Closed => return Ok(Ended::Closed),
                    Received::Lost => return Ok(Ended::Lost),
                }
            }
            count = output.write(&pending), if !pending.is_empty() => {
                pending.drain(..count?.min(pending.len()));
            }
            () = tokio::time::sleep(next_read.saturating_sub(now)), if now < next_read => {}
            () = tokio::time::sleep(silent_until.saturating_sub(now)), if silent_until != Duration::MAX => {}
            () = shared.line.notified() => {}
        }
    }
}

/// The listening side of a TCP or Unix printer.
struct Door<'a> {
    shared: &'a Shared,
    /// The name it was started under; `None` in the plug means this.
    home: Place,
    open: Option<(Place, Listener)>,
    /// Connections that wait.
    held: VecDeque<Stream>,
}

impl Door<'_> {
    fn wanted(&self, plug: &Plug) -> Place {
        plug.name.as_deref().and_then(|name| self.home.renamed(name)).unwrap_or_else(|| self.home.clone())
    }

    /// Opens, closes or moves, as the plug says.
    async fn follow(&mut self, plug: &Plug) {
        let wanted = self.wanted(plug);
        if !plug.listens || self.open.as_ref().is_some_and(|(place, _)| *place != wanted) {
            self.open = None;
        }
        self.shared.set_address(plug.present.then(|| wanted.announced()));
        if plug.listens && self.open.is_none() {
            match Listener::bind(&wanted).await {
                Ok(listener) => self.open = Some((wanted, listener)),
                Err(error) => {
                    tracing::warn!(%error, place = wanted.announced(), "cannot listen");
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    /// Takes the next connection; waits for good while the door is closed.
    async fn accept(&mut self) {
        let Some((_, listener)) = &self.open else {
            return std::future::pending().await;
        };
        match listener.accept().await {
            Ok(stream) if self.held.len() < MOST_HELD => self.held.push_back(stream),
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(RETRY).await;
            }
        }
    }

    fn drop_held(&mut self) {
        for stream in self.held.drain(..) {
            stream.will_reset();
        }
    }
}

/// Serves TCP or a Unix socket: one connection, others held silently.
pub(super) async fn run_listener(shared: &Shared, listener: Listener, home: Place) {
    let mut watch = shared.plug.subscribe();
    let mut door = Door { shared, home: home.clone(), open: Some((home, listener)), held: VecDeque::new() };
    // Connections in the black hole: open, and dead.
    let mut lost: Vec<Stream> = Vec::new();
    let mut drops = 0;
    loop {
        let plug = watch.borrow_and_update().clone();
        door.follow(&plug).await;
        if plug.drops != drops {
            drops = plug.drops;
            door.drop_held();
        }
        if !plug.black_hole {
            lost.drain(..).for_each(|stream| stream.will_reset());
        }
        let serves = !plug.busy && !plug.black_hole;
        let Some(mut stream) = serves.then(|| door.held.pop_front()).flatten() else {
            tokio::select! {
                () = door.accept() => {}
                _ = watch.changed() => {}
            }
            continue;
        };
        shared.machine().connect();
        let ended = {
            let serving = serve_line(shared, &mut stream, None);
            tokio::pin!(serving);
            loop {
                tokio::select! {
                    ended = &mut serving => break ended,
                    _ = watch.changed() => {
                        let plug = watch.borrow_and_update().clone();
                        door.follow(&plug).await;
                        if plug.drops != drops {
                            break Ok(Ended::Reset);
                        }
                    }
                    () = door.accept() => {}
                }
            }
        };
        shared.machine().disconnect();
        match ended {
            Ok(Ended::Reset) => stream.will_reset(),
            Ok(Ended::Lost) if lost.len() < MOST_HELD => lost.push(stream),
            Ok(Ended::Closed) => {
                // The host may be gone already.
                let _ = stream.shutdown().await;
            }
            Ok(_) | Err(_) => {}
        }
    }
}

/// Serves a PTY for good; the line has a speed and no connections.
pub(super) async fn run_pty(shared: &Shared, opened: (Pty, PtyLink), home: PathBuf, baud: u32) {
    let mut watch = shared.plug.subscribe();
    let mut opened = Some(opened);
    let mut drops = 0;
    loop {
        let plug = watch.borrow_and_update().clone();
        let link = plug.name.as_deref().map_or_else(|| home.clone(), |name| home.with_file_name(name));
        shared.set_address(plug.present.then(|| serial_address(&link, baud)));
        let (mut pty, line) = match opened.take() {
            Some(opened) if plug.present && plug.drops == drops => opened,
            _ if !plug.present => {
                drops = plug.drops;
                if watch.changed().await.is_err() {
                    return;
                }
                continue;
            }
            // The old line hangs up before the new one is there.
            _ => {
                drops = plug.drops;
                match pty::open(&link) {
                    Ok(opened) => opened,
                    Err(error) => {
                        tracing::warn!(%error, link = %link.display(), "cannot open the serial line");
                        tokio::time::sleep(RETRY).await;
                        continue;
                    }
                }
            }
        };
        shared.machine().connect();
        let present = serve_pty(shared, &mut pty, &line, baud, &mut watch).await;
        shared.machine().disconnect();
        if present {
            return;
        }
    }
}

/// Serves until the device vanishes or moves; `true` when the printer itself ends.
async fn serve_pty(
    shared: &Shared,
    pty: &mut Pty,
    line: &PtyLink,
    baud: u32,
    watch: &mut watch::Receiver<Plug>,
) -> bool {
    let started = watch.borrow().clone();
    let housekeeping = async {
        loop {
            // "Busy" is a device that another host has opened for itself.
            line.set_exclusive(shared.plug.borrow().busy);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    // A character is ten bits with its start and stop bit.
    let rate = Some((baud / 10).max(1));
    let serving = async {
        loop {
            match serve_line(shared, pty, rate).await {
                Ok(Ended::Reset | Ended::Closed | Ended::Lost) => shared.machine().pull_cable(),
                Ok(Ended::ByHost) => {}
                Err(error) => {
                    tracing::warn!(%error, "serial line");
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    };
    let moved = async {
        loop {
            if watch.changed().await.is_err() {
                return true;
            }
            let plug = watch.borrow_and_update().clone();
            line.set_exclusive(plug.busy);
            if plug.present != started.present || plug.name != started.name {
                return false;
            }
        }
    };
    tokio::select! {
        () = housekeeping => true,
        () = serving => true,
        ended = moved => ended,
    }
}

pub(super) fn serial_address(link: &Path, baud: u32) -> String {
    format!("serial:{}@{baud}", link.display())
}
