//! Front ends: how bytes reach the [`Machine`] and its replies the host.
//!
//! One task lets the mechanism work in real time and hands finished papers on; one serves the line. Both hold the
//! machine's lock only between two awaits.

use super::fault::Fault;
use super::machine::Machine;
use super::pty::{Pty, PtyLink};
use super::sheet::Paper;
use serde_json::Value;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc, watch};

/// Connections that wait for the serviced one to close (the UB-E02 holds three in all); further ones are dropped.
const MOST_HELD: usize = 8;
/// The mechanism looks at its clock at least this often.
const LONGEST_SLEEP: Duration = Duration::from_millis(250);
/// Read at once.
const CHUNK: usize = 4096;

/// The machine and what wakes its tasks.
#[derive(Debug)]
pub(super) struct Shared {
    machine: Mutex<Machine>,
    start: Instant,
    /// Wakes the mechanism.
    kick: Notify,
    /// Wakes the line: replies are due, or the buffer has room again.
    line: Notify,
    /// Whether connections are accepted.
    accepts: watch::Sender<bool>,
    /// Counts power cycles: each drops the connection.
    powered: watch::Sender<u64>,
}

impl Shared {
    pub(super) fn new(machine: Machine) -> Self {
        Self {
            machine: Mutex::new(machine),
            start: Instant::now(),
            kick: Notify::new(),
            line: Notify::new(),
            accepts: watch::Sender::new(true),
            powered: watch::Sender::new(0),
        }
    }

    pub(super) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// A panic in one request must not take the printer down with it.
    fn machine(&self) -> MutexGuard<'_, Machine> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn state(&self) -> Value {
        let now = self.now();
        let mut machine = self.machine();
        machine.advance(now);
        machine.state()
    }

    pub(super) fn order(&self, fault: Fault) -> Value {
        let drops = matches!(fault, Fault::PowerCycle(_) | Fault::PowerOff(true));
        let now = self.now();
        let (accepts, state) = {
            let mut machine = self.machine();
            machine.order(fault, now);
            (machine.accepts(), machine.state())
        };
        self.accepts.send_if_modified(|value| std::mem::replace(value, accepts) != accepts);
        if drops {
            self.powered.send_modify(|count| *count += 1);
        }
        self.kick.notify_one();
        self.line.notify_one();
        state
    }
}

/// Moves the mechanism in real time.
pub(super) async fn run_mechanism(shared: &Shared, papers: mpsc::Sender<Paper>) {
    loop {
        let now = shared.now();
        let (finished, wake, accepts) = {
            let mut machine = shared.machine();
            machine.advance(now);
            (machine.take_papers(), machine.next_wake(), machine.accepts())
        };
        shared.accepts.send_if_modified(|value| std::mem::replace(value, accepts) != accepts);
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
    /// The fault `cut_at_byte`.
    Reset,
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
    loop {
        let now = shared.now();
        let (free, rate) = {
            let mut machine = shared.machine();
            if pending.is_empty() {
                machine.set_host_ready(true, now);
                pending = machine.take_replies(now);
            } else {
                machine.set_host_ready(false, now);
            }
            let rate = [own_rate, machine.receive_rate()].into_iter().flatten().min();
            // Without power nobody reads; a serial printer simply does not listen.
            (if machine.is_on() { machine.free() } else { CHUNK }, rate)
        };
        let most = rate.map_or(CHUNK, |rate| usize::try_from(rate / 100).unwrap_or(CHUNK).clamp(1, CHUNK));
        let space = buffer.get_mut(..most.min(free)).unwrap_or_default();
        tokio::select! {
            count = input.read(space), if free > 0 && now >= next_read => {
                let count = count?;
                if count == 0 {
                    return Ok(Ended::ByHost);
                }
                if let Some(rate) = rate {
                    let took = Duration::from_secs_f64(count as f64 / f64::from(rate.max(1)));
                    next_read = next_read.max(now.saturating_sub(Duration::from_millis(20))) + took;
                }
                let bytes = buffer.get(..count).unwrap_or_default();
                let received = shared.machine().receive(shared.now(), bytes);
                shared.kick.notify_one();
                if received.reset {
                    return Ok(Ended::Reset);
                }
            }
            count = output.write(&pending), if !pending.is_empty() => {
                pending.drain(..count?.min(pending.len()));
            }
            () = tokio::time::sleep(next_read.saturating_sub(now)), if now < next_read => {}
            () = shared.line.notified() => {}
        }
    }
}

/// Serves TCP: one connection, others held silently; no listener at all while refusing or without power.
pub(super) async fn run_tcp(shared: &Shared, listener: TcpListener, address: SocketAddr) {
    let mut listener = Some(listener);
    let mut accepts = shared.accepts.subscribe();
    let mut powered = shared.powered.subscribe();
    let mut held: VecDeque<TcpStream> = VecDeque::new();
    loop {
        if let Some(mut stream) = held.pop_front() {
            shared.machine().connect();
            let ended = {
                let serving = serve_line(shared, &mut stream, None);
                tokio::pin!(serving);
                loop {
                    tokio::select! {
                        ended = &mut serving => break ended,
                        _ = powered.changed() => {
                            held.clear();
                            break Ok(Ended::Reset);
                        }
                        () = keep_accepting(&mut listener, address, &mut accepts, &mut held) => {}
                    }
                }
            };
            if matches!(ended, Ok(Ended::Reset)) && stream.set_zero_linger().is_err() {
                tracing::debug!("cannot reset the connection; it closes instead");
            }
            shared.machine().disconnect();
        } else {
            tokio::select! {
                () = keep_accepting(&mut listener, address, &mut accepts, &mut held) => {}
                _ = powered.changed() => {}
            }
        }
    }
}

/// Returns after one event: a connection came, or accepting began or ended.
async fn keep_accepting(
    listener: &mut Option<TcpListener>,
    address: SocketAddr,
    accepts: &mut watch::Receiver<bool>,
    held: &mut VecDeque<TcpStream>,
) {
    if !*accepts.borrow_and_update() {
        *listener = None;
        // The sender lives as long as the task that awaits this.
        let _ = accepts.changed().await;
        return;
    }
    let Some(open) = listener else {
        match TcpListener::bind(address).await {
            Ok(bound) => *listener = Some(bound),
            Err(error) => {
                tracing::warn!(%error, %address, "cannot listen again");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        return;
    };
    tokio::select! {
        accepted = open.accept() => match accepted {
            Ok((stream, _)) if held.len() < MOST_HELD => held.push_back(stream),
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        },
        _ = accepts.changed() => {}
    }
}

/// Serves a PTY for good; the line has a speed and no connections.
pub(super) async fn run_pty(shared: &Shared, mut pty: Pty, link: PtyLink, baud: u32) {
    shared.machine().connect();
    let housekeeping = async {
        loop {
            link.forget_exclusive();
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    // A character is ten bits with its start and stop bit.
    let rate = Some((baud / 10).max(1));
    let serving = async {
        loop {
            match serve_line(shared, &mut pty, rate).await {
                Ok(Ended::Reset) => shared.machine().pull_cable(),
                Ok(Ended::ByHost) => {}
                Err(error) => {
                    tracing::warn!(%error, "serial line");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    };
    tokio::select! {
        () = housekeeping => {}
        () = serving => {}
    }
}
