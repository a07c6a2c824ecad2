//! What goes back to the host, and the faults of that direction.

use std::collections::VecDeque;
use std::time::Duration;

/// Replies that wait for a host that does not read; more are lost, as in a real transmit buffer.
const MOST_WAITING_BYTES: usize = 4096;
const XON: u8 = 0x11;
const XOFF: u8 = 0x13;

#[derive(Debug)]
struct Reply {
    due: Duration,
    bytes: Vec<u8>,
}

/// The printer's transmitter.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    queue: VecDeque<Reply>,
    /// XON and XOFF go between the bytes of a reply.
    flow: Vec<u8>,
    connected: bool,
    /// Whether the host takes bytes at the moment.
    ready: bool,
    pub(super) mute: bool,
    pub(super) late: Duration,
    pub(super) garbage: bool,
    noise: u32,
}

impl Outbox {
    pub(super) fn connect(&mut self) {
        self.forget();
        self.connected = true;
        self.ready = true;
    }

    pub(super) fn disconnect(&mut self) {
        self.forget();
        self.connected = false;
    }

    pub(super) fn forget(&mut self) {
        self.queue.clear();
        self.flow.clear();
    }

    pub(super) fn set_ready(&mut self, ready: bool) {
        self.ready = ready;
    }

    pub(super) fn is_ready(&self) -> bool {
        self.ready
    }

    pub(super) fn is_connected(&self) -> bool {
        self.connected
    }

    pub(super) fn send(&mut self, mut bytes: Vec<u8>, at: Duration) {
        let waiting: usize = self.queue.iter().map(|reply| reply.bytes.len()).sum();
        if bytes.is_empty() || !self.connected || self.mute || waiting + bytes.len() > MOST_WAITING_BYTES {
            return;
        }
        if self.garbage {
            for byte in &mut bytes {
                self.noise = self.noise.wrapping_add(0x2545_f491).wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *byte = self.noise.to_be_bytes()[0];
            }
        }
        self.queue.push_back(Reply { due: at + self.late, bytes });
    }

    /// XOFF (`stop`) or XON, at once.
    pub(super) fn flow(&mut self, stop: bool) {
        if self.connected && !self.mute {
            // The last word counts; two of the same would tell nothing new.
            self.flow.clear();
            self.flow.push(if stop { XOFF } else { XON });
        }
    }

    /// When the next reply is due.
    pub(super) fn next_due(&self) -> Option<Duration> {
        self.queue.iter().map(|reply| reply.due).min()
    }

    /// The replies that are due.
    pub(super) fn take(&mut self, now: Duration) -> Vec<u8> {
        let mut out = Vec::new();
        self.queue.retain(|reply| {
            let due = reply.due <= now;
            if due {
                out.extend_from_slice(&reply.bytes);
            }
            !due
        });
        // An XOFF may stand inside a reply of several bytes: hosts must cope.
        let at = out.len().min(1);
        out.splice(at..at, self.flow.drain(..));
        out
    }
}
