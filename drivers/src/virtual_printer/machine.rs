//! The whole printer on a clock that the caller passes in: receive buffer, power, faults of the line, and between
//! them the language and the mechanism.
//!
//! Bytes are received at once and wait in the receive buffer; [`Machine::advance`] lets the mechanism work off what
//! it can do until `now`. A command is executed only when all before it is on paper, so that what a printer answers
//! to `GS ( H`, `GS r` or `ETB` is true at the moment of the answer. Real-time commands are executed on receipt.

use super::language::{self, Heard, Interpreter};
use super::mechanism::{Mechanism, Trouble};
use super::paper::{End, Paper};
use super::settings::{FlowControl, Settings};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::time::Duration;

/// Paper that nobody cuts is torn off after this long.
const IDLE: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Power {
    On,
    Off,
    /// Off until this time.
    Cycling(Duration),
}

/// How a connection ends at a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Break {
    Reset,
    Close,
    BlackHole,
}

/// Faults of the line that stay until they are cleared.
#[derive(Debug, Default)]
pub(super) struct LineFaults {
    pub(super) slow: Option<u32>,
    pub(super) refuse: bool,
    pub(super) busy: bool,
    /// Away until this time.
    pub(super) vanished: Option<Duration>,
    pub(super) small_buffer: Option<usize>,
    pub(super) breaks: Option<(Break, u64)>,
    pub(super) black_hole: bool,
    /// A PTY has no connection to reset: the cable is out instead.
    pub(super) cable_out: bool,
}

/// What [`Machine::receive`] did with the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// They are in the buffer, or lost where the buffer loses them.
    Taken,
    /// The connection breaks here: reset it.
    Reset,
    /// The connection ends here in order.
    Closed,
    /// From here on nothing gets through, and nobody is told.
    Lost,
}

/// How the printer stands to the world at the moment: what a front end has to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plug {
    /// The device is at its address; without it, there is no link, socket or listener.
    pub present: bool,
    /// Connections are accepted.
    pub listens: bool,
    /// Connections are accepted and never served.
    pub busy: bool,
    /// A connection in the black hole stays open and dead.
    pub black_hole: bool,
    /// The name it took after it vanished.
    pub name: Option<String>,
    /// Grows when connections are to be dropped.
    pub drops: u64,
}

/// The printer without its plug.
#[derive(Debug)]
pub struct Machine {
    pub(super) power: Power,
    pub(super) receive_buffer: VecDeque<u8>,
    pub(super) interpreter: Box<dyn Interpreter>,
    pub(super) mechanism: Mechanism,
    pub(super) line: LineFaults,
    /// XOFF was sent.
    pub(super) stopped: bool,
    pub(super) name: Option<String>,
    pub(super) drops: u64,
    received_bytes: u64,
    overrun_bytes: u64,
    connections: u64,
}

impl Machine {
    /// A printer that is switched on, with a full roll.
    pub fn new(settings: Settings) -> Self {
        let mut machine = Self {
            power: Power::On,
            receive_buffer: VecDeque::new(),
            interpreter: language::interpreter(&settings),
            mechanism: Mechanism::new(settings),
            line: LineFaults::default(),
            stopped: false,
            name: None,
            drops: 0,
            received_bytes: 0,
            overrun_bytes: 0,
            connections: 0,
        };
        machine.interpreter.power_on(&mut machine.mechanism);
        machine
    }

    // ---- the host's side -------------------------------------------------------------------------------------

    /// A host connected; its replies start afresh.
    pub fn connect(&mut self) {
        self.connections += 1;
        self.mechanism.outbox.connect();
    }

    /// The host is gone. The receive buffer stays and is printed.
    pub fn disconnect(&mut self) {
        self.mechanism.outbox.disconnect();
    }

    /// Whether the host takes bytes at the moment. While it does not, only the latest process id is kept.
    pub fn set_host_ready(&mut self, ready: bool, now: Duration) {
        self.mechanism.outbox.set_ready(ready);
        if ready {
            self.interpreter.host_ready(&mut self.mechanism, now);
        }
    }

    fn capacity(&self) -> usize {
        self.line.small_buffer.unwrap_or(self.mechanism.settings.buffer_bytes)
    }

    fn flow(&self) -> FlowControl {
        if self.line.small_buffer.is_some() { FlowControl::None } else { self.mechanism.settings.flow }
    }

    /// Bytes that the receive buffer still takes.
    pub fn free(&self) -> usize {
        self.capacity().saturating_sub(self.receive_buffer.len())
    }

    /// Bytes that a link which heeds the flow control may bring now; without flow control there is no limit.
    pub fn room(&self) -> usize {
        // Without power nobody reads; a serial printer simply does not listen.
        if self.is_on() && self.flow() == FlowControl::Hold { self.free() } else { usize::MAX }
    }

    /// Bytes a second that the link takes, when it is slowed.
    pub fn receive_rate(&self) -> Option<u32> {
        self.line.slow
    }

    /// How long a connection may be silent.
    pub fn idle_close(&self) -> Option<Duration> {
        self.mechanism.settings.idle_close
    }

    /// Takes received bytes. What does not fit into the buffer is lost, as on a serial line without flow control.
    pub fn receive(&mut self, now: Duration, bytes: &[u8]) -> Received {
        self.advance(now);
        let mut received = Received::Taken;
        for byte in bytes {
            if !self.is_on() || self.line.cable_out || self.line.black_hole || self.line.busy {
                break;
            }
            if let Some((how, 0)) = self.line.breaks {
                received = self.broken(how);
                break;
            }
            if let Some((_, left)) = &mut self.line.breaks {
                *left -= 1;
            }
            self.receive_byte(*byte, now);
        }
        if let Some((how, 0)) = self.line.breaks
            && !bytes.is_empty()
        {
            received = self.broken(how);
        }
        self.advance(now);
        received
    }

    fn receive_byte(&mut self, byte: u8, now: Duration) {
        self.received_bytes += 1;
        if self.receive_buffer.is_empty() {
            self.mechanism.done_at = self.mechanism.done_at.max(now);
        }
        if self.free() > 0 {
            self.receive_buffer.push_back(byte);
        } else {
            self.overrun_bytes += 1;
        }
        self.watch_level();
        match self.interpreter.hear(byte, &mut self.mechanism, now) {
            Heard::Nothing => return,
            Heard::PowerOff => self.switch_off(),
            Heard::Clear(answer) => {
                self.clear_buffers(now);
                self.mechanism.outbox.send(answer.to_vec(), now);
            }
        }
        self.report(now);
    }

    fn broken(&mut self, how: Break) -> Received {
        self.line.breaks = None;
        match how {
            Break::Reset => Received::Reset,
            Break::Close => Received::Closed,
            Break::BlackHole => {
                self.line.black_hole = true;
                self.mechanism.outbox.disconnect();
                Received::Lost
            }
        }
    }

    /// XOFF and XON by the room that is left: "BUSY at 128 bytes" (16 of a small buffer), ready again at twice that.
    pub(super) fn watch_level(&mut self) {
        if self.flow() != FlowControl::XonXoff {
            return;
        }
        let low = if self.capacity() < 1024 { 16 } else { 128 };
        if !self.stopped && self.free() <= low {
            self.stopped = true;
            self.mechanism.outbox.flow(true);
        } else if self.stopped && self.free() >= 2 * low {
            self.stopped = false;
            self.mechanism.outbox.flow(false);
        }
    }

    /// The replies that are due.
    pub fn take_replies(&mut self, now: Duration) -> Vec<u8> {
        self.mechanism.outbox.take(now)
    }

    /// Papers that left the machine since the last call.
    pub fn take_papers(&mut self) -> Vec<Paper> {
        self.mechanism.take_papers()
    }

    /// What has come out of the slot of the paper that is being printed.
    pub fn paper_in_slot(&self) -> Paper {
        self.mechanism.sheet.seen()
    }

    // ---- time ------------------------------------------------------------------------------------------------

    /// Lets the mechanism do what it can do until `now`.
    pub fn advance(&mut self, now: Duration) {
        if let Power::Cycling(until) = self.power
            && now >= until
        {
            self.switch_on(now);
        }
        if self.line.vanished.is_some_and(|until| now >= until) {
            self.line.vanished = None;
        }
        while self.works() && self.mechanism.done_at <= now {
            if !self.interpreter.work(&mut self.mechanism) {
                let Some(byte) = self.receive_buffer.pop_front() else {
                    break;
                };
                if let Some(rate) = self.mechanism.settings.drain_bytes_per_s {
                    self.mechanism.done_at += Duration::from_secs(1) / rate.max(1);
                }
                self.mechanism.sheet.consumed(byte);
                self.interpreter.take(byte, &mut self.mechanism);
                self.watch_level();
            }
            if self.mechanism.sheet.is_full() {
                self.mechanism.tear_off(End::Full);
            }
            self.report(self.mechanism.done_at);
        }
        // A line that was never ended stays in the print buffer, as it does in the printer.
        if self.is_on() && self.is_idle() && now >= self.mechanism.done_at + IDLE {
            self.mechanism.tear_off(End::Idle);
        }
    }

    /// When [`Self::advance`] has something to do next, if nothing is received before.
    pub fn next_wake(&self) -> Option<Duration> {
        let cycling = match self.power {
            Power::Cycling(until) => Some(until),
            Power::On | Power::Off => None,
        };
        let done_at = self.mechanism.done_at;
        let busy = self.works() && (!self.receive_buffer.is_empty() || self.interpreter.has_work());
        [
            cycling,
            self.line.vanished,
            busy.then_some(done_at),
            (self.is_on() && self.is_idle()).then_some(done_at + IDLE),
            self.mechanism.outbox.next_due(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    pub(super) fn works(&self) -> bool {
        self.is_on() && !self.mechanism.is_offline()
    }

    fn is_idle(&self) -> bool {
        self.receive_buffer.is_empty() && !self.interpreter.has_work() && self.mechanism.sheet.has_print()
    }

    pub(super) fn report(&mut self, at: Duration) {
        if self.is_on() {
            self.interpreter.report(&mut self.mechanism, at);
        }
    }

    // ---- state -----------------------------------------------------------------------------------------------

    /// Whether it has power.
    pub fn is_on(&self) -> bool {
        self.power == Power::On
    }

    /// What a front end has to do.
    pub fn plug(&self) -> Plug {
        let present = self.line.vanished.is_none();
        Plug {
            present,
            listens: present && self.is_on() && !self.line.refuse,
            busy: self.line.busy,
            black_hole: self.line.black_hole,
            name: self.name.clone(),
            drops: self.drops,
        }
    }

    /// The bytes of unknown commands, oldest first; only a strict machine lists them.
    pub fn unknown_commands(&self) -> impl Iterator<Item = &[u8]> {
        self.mechanism.listed_unknown()
    }

    /// Everything about it, for the control address.
    pub fn state(&self) -> Value {
        let mechanism = &self.mechanism;
        let word = |on: bool, yes: &'static str, no: &'static str| if on { yes } else { no };
        let mut state = json!({
            "language": mechanism.settings.language.name(),
            "power": match self.power { Power::On => "on", Power::Off => "off", Power::Cycling(_) => "cycling" },
            "paper": if mechanism.is_paper_out() { "out" } else { word(mechanism.is_near_end(), "near_end", "ok") },
            "paper_left_mm": mechanism.paper_left_mm.max(0.0).round(),
            "cover": word(mechanism.cover_open, "open", "closed"),
            "cutter": if mechanism.has(Trouble::Cutter) { "error" } else {
                word(mechanism.cutter_jam, "jammed", "ok")
            },
            "error": match mechanism.trouble {
                None => "none",
                Some(Trouble::Cutter) => "cutter",
                Some(Trouble::Mechanical) => "recoverable",
                Some(Trouble::Unrecoverable) => "unrecoverable",
            },
            "drawer": word(mechanism.drawer_open, "open", "closed"),
            "mute": mechanism.outbox.mute,
            "online": self.works(),
            "papers": mechanism.papers,
            "papers_lost": mechanism.papers_lost,
            "bytes": self.received_bytes,
            "buffered": self.receive_buffer.len(),
            "overrun": self.overrun_bytes,
            "connections": self.connections,
            "connected": mechanism.outbox.is_connected(),
            "unknown_commands": mechanism.unknown_commands,
            "pulses": mechanism.pulses,
            "cuts": mechanism.cuts,
            "printed_mm": mechanism.printed_mm,
            "slot_rows": mechanism.sheet.height(),
            "width_dots": mechanism.sheet.width(),
            "faults": self.fault_names(),
        });
        if let (true, Some(fields)) = (mechanism.settings.strict, state.as_object_mut()) {
            let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" ");
            fields.insert("unknown".into(), self.unknown_commands().map(hex).collect());
        }
        state
    }

    fn fault_names(&self) -> Vec<&'static str> {
        let (mechanism, line) = (&self.mechanism, &self.line);
        let breaks = |how: Break| line.breaks.is_some_and(|(known, _)| known == how);
        [
            (mechanism.is_paper_out(), "paper_out"),
            (mechanism.near_end_forced, "paper_near_end"),
            (mechanism.cover_open, "cover"),
            (mechanism.cutter_jam, "cutter"),
            (mechanism.has(Trouble::Mechanical), "recoverable_error"),
            (mechanism.has(Trouble::Unrecoverable), "unrecoverable_error"),
            (mechanism.outbox.mute, "mute"),
            (!mechanism.outbox.late.is_zero(), "late"),
            (mechanism.outbox.garbage, "garbage"),
            (matches!(self.power, Power::Cycling(_)), "power_cycle"),
            (self.power == Power::Off, "power_off"),
            (breaks(Break::Reset) || line.cable_out, "cut_at_byte"),
            (breaks(Break::Close), "close_at_byte"),
            (breaks(Break::BlackHole) || line.black_hole, "black_hole_at_byte"),
            (line.slow.is_some(), "slow"),
            (line.small_buffer.is_some(), "small_buffer"),
            (line.refuse, "refuse"),
            (line.busy, "busy"),
            (line.vanished.is_some(), "vanish"),
            (mechanism.clone, "clone"),
        ]
        .into_iter()
        .filter_map(|(on, name)| on.then_some(name))
        .collect()
    }
}
