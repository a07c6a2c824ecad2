//! A printer on a bench: a connected host, and time that passes only when told to.

use super::super::*;
use std::time::Duration;

/// No reply.
pub(super) const NOTHING: [u8; 0] = [];
pub(super) const CUT: &[u8] = b"\x1dVB\x00";

/// A printer with a connected host, and time that passes only when told to.
pub(super) struct Bench {
    pub(super) machine: Machine,
    pub(super) now: Duration,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::of(Settings::default())
    }

    pub(super) fn of(settings: Settings) -> Self {
        let mut machine = Machine::new(Settings { strict: true, ..settings });
        machine.connect();
        Self { machine, now: Duration::ZERO }
    }

    /// Sends bytes; returns what comes back at once.
    pub(super) fn send(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.machine.receive(self.now, bytes);
        self.machine.take_replies(self.now)
    }

    /// Lets time pass; returns what comes back meanwhile.
    pub(super) fn pass(&mut self, ms: u64) -> Vec<u8> {
        self.now += Duration::from_millis(ms);
        self.machine.advance(self.now);
        self.machine.take_replies(self.now)
    }

    pub(super) fn order(&mut self, fault: &str, value: Value) -> Vec<u8> {
        let fault = Fault::from_json(&json!({"fault": fault, "value": value})).unwrap();
        self.machine.order(fault, self.now);
        self.machine.take_replies(self.now)
    }

    pub(super) fn texts(&mut self) -> Vec<String> {
        self.machine.take_papers().into_iter().map(|paper| paper.text().to_owned()).collect()
    }

    pub(super) fn is(&self, field: &str, value: Value) -> bool {
        self.machine.state()[field] == value
    }
}

pub(super) fn id(text: &[u8; 4]) -> Vec<u8> {
    [b"\x1d(H\x06\x0000".as_slice(), text].concat()
}

pub(super) fn id_reply(text: &[u8; 4]) -> Vec<u8> {
    [b"\x37\x22".as_slice(), text, b"\x00"].concat()
}
