//! The mechanism: receive buffer, print head, paper, blade, drawer and power, on a clock that the caller passes in.
//!
//! Bytes are received at once and wait in the receive buffer; [`Machine::advance`] lets the mechanism work off what
//! it can do until `now`. A command is executed only when all before it is on paper, so that what `GS ( H` and
//! `GS r` answer is true at the moment of the answer. Real-time commands are executed on receipt.

use super::execute::Style;
use super::fault::{Fault, PaperLeft};
use super::parser::{Command, Parser, Picture};
use super::realtime::{RealTime, Scanner};
use super::sheet::{CUTTER_GAP_ROWS, DOTS_PER_MM, End, Paper, Sheet};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::time::Duration;

/// Paper that nobody cuts is torn off after this long.
const IDLE: Duration = Duration::from_secs(2);
/// One stroke of the blade.
pub(super) const CUT_TIME: Duration = Duration::from_millis(300);
/// Replies that wait for a host that does not read; more are lost, as in a real transmit buffer.
const MOST_REPLY_BYTES: usize = 4096;
/// Unknown commands that a strict machine lists.
const MOST_LISTED: usize = 256;
/// Papers that wait to be written.
const MOST_FINISHED: usize = 256;

/// What kind of printer it is.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Receive buffer in bytes (4096 or 45 on a serial printer).
    pub buffer_bytes: usize,
    /// How fast the buffer is worked off; `None` is faster than any link.
    pub drain_bytes_per_s: Option<u32>,
    /// Speed of the paper.
    pub mm_per_s: u32,
    /// Length of a new roll.
    pub roll_mm: f64,
    /// The near-end sensor sees the roll below this.
    pub near_end_mm: f64,
    /// Lists unknown commands in the state (for the encoder's tests), instead of only counting them.
    pub strict: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            buffer_bytes: 64 * 1024,
            drain_bytes_per_s: None,
            mm_per_s: 150,
            roll_mm: 80_000.0,
            near_end_mm: 3_000.0,
            strict: false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Power {
    On,
    Off,
    /// Off until this time.
    Cycling(Duration),
}

/// Faults that stay until they are cleared.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing {
    pub(super) near_end: bool,
    pub(super) cover_open: bool,
    pub(super) cutter_jam: bool,
    mute: bool,
    late: Duration,
    garbage: bool,
    slow: Option<u32>,
    refuse: bool,
    pub(super) clone: bool,
    cut_at_byte: Option<u64>,
    /// A PTY has no connection to reset: the cable is out instead.
    cable_out: bool,
}

#[derive(Debug)]
struct Reply {
    due: Duration,
    bytes: Vec<u8>,
}

/// What [`Machine::receive`] did with the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// The connection breaks here: reset it (fault `cut_at_byte`).
    pub reset: bool,
}

/// The whole printer without its plug.
#[derive(Debug)]
pub struct Machine {
    pub(super) settings: Settings,
    power: Power,
    receive_buffer: VecDeque<u8>,
    scanner: Scanner,
    parser: Parser,
    pub(super) style: Style,
    pub(super) sheet: Sheet,
    /// The mechanism is done with everything it was told at this time.
    pub(super) done_at: Duration,
    pub(super) nv: Vec<([u8; 2], Picture)>,
    pub(super) standing: Standing,
    pub(super) paper_left_mm: f64,
    pub(super) cutter_error: bool,
    /// The cut that the error interrupted, for `DLE ENQ 1`.
    pub(super) unfinished_cut: Option<(bool, Option<u8>)>,
    pub(super) drawer_open: bool,
    pub(super) auto_status: u8,
    pub(super) offline_response: bool,
    last_status: [u8; 4],
    was_offline: bool,
    host_connected: bool,
    host_ready: bool,
    held_id: Option<[u8; 4]>,
    replies: VecDeque<Reply>,
    noise: u32,
    finished: VecDeque<Paper>,
    /// Millimetres of paper moved since the start.
    pub(super) printed_mm: f64,
    pub(super) lines_fed: u64,
    pub(super) cuts: u64,
    pub(super) pulses: u64,
    received_bytes: u64,
    overrun_bytes: u64,
    pub(super) unknown_commands: u64,
    pub(super) listed_unknown: VecDeque<Vec<u8>>,
    connections: u64,
    papers: u64,
}

impl Machine {
    /// A printer that is switched on, with a full roll.
    pub fn new(settings: Settings) -> Self {
        let mut machine = Self {
            power: Power::On,
            receive_buffer: VecDeque::new(),
            scanner: Scanner::default(),
            parser: Parser::default(),
            style: Style::default(),
            sheet: Sheet::default(),
            done_at: Duration::ZERO,
            nv: Vec::new(),
            standing: Standing::default(),
            paper_left_mm: settings.roll_mm,
            cutter_error: false,
            unfinished_cut: None,
            drawer_open: false,
            auto_status: 0,
            offline_response: false,
            last_status: [0; 4],
            was_offline: false,
            host_connected: false,
            host_ready: true,
            held_id: None,
            replies: VecDeque::new(),
            noise: 0x2545_f491,
            finished: VecDeque::new(),
            printed_mm: 0.0,
            lines_fed: 0,
            cuts: 0,
            pulses: 0,
            received_bytes: 0,
            overrun_bytes: 0,
            unknown_commands: 0,
            listed_unknown: VecDeque::new(),
            connections: 0,
            papers: 0,
            settings,
        };
        machine.last_status = machine.status_bytes();
        machine
    }

    // ---- the host's side -------------------------------------------------------------------------------------

    /// A host connected; its replies start afresh.
    pub fn connect(&mut self) {
        self.host_connected = true;
        self.host_ready = true;
        self.connections += 1;
        self.replies.clear();
        self.held_id = None;
    }

    /// The host is gone. The receive buffer stays and is printed.
    pub fn disconnect(&mut self) {
        self.host_connected = false;
        self.replies.clear();
        self.held_id = None;
    }

    /// Whether the host takes bytes at the moment. While it does not, only the latest process id is kept.
    pub fn set_host_ready(&mut self, ready: bool, now: Duration) {
        self.host_ready = ready;
        if let (true, Some(id)) = (ready, self.held_id.take()) {
            self.reply_id(id, now);
        }
    }

    /// Bytes that the receive buffer still takes. A host that heeds BUSY sends no more than that.
    pub fn free(&self) -> usize {
        self.settings.buffer_bytes.saturating_sub(self.receive_buffer.len())
    }

    /// Bytes a second that the link takes, when it is slowed.
    pub fn receive_rate(&self) -> Option<u32> {
        self.standing.slow
    }

    /// Takes received bytes. What does not fit into the buffer is lost, as on a serial line without flow control.
    pub fn receive(&mut self, now: Duration, bytes: &[u8]) -> Received {
        self.advance(now);
        for byte in bytes {
            if !self.is_on() || self.standing.cable_out {
                break;
            }
            if let Some(left) = &mut self.standing.cut_at_byte {
                if *left == 0 {
                    self.standing.cut_at_byte = None;
                    return Received { reset: true };
                }
                *left -= 1;
            }
            self.received_bytes += 1;
            if self.receive_buffer.is_empty() {
                self.done_at = self.done_at.max(now);
            }
            if self.free() > 0 {
                self.receive_buffer.push_back(*byte);
            } else {
                self.overrun_bytes += 1;
            }
            if let Some(command) = self.scanner.push(*byte) {
                self.execute_real_time(command, now);
            }
        }
        let reset = self.standing.cut_at_byte == Some(0);
        if reset {
            self.standing.cut_at_byte = None;
        }
        self.advance(now);
        Received { reset }
    }

    /// The replies that are due.
    pub fn take_replies(&mut self, now: Duration) -> Vec<u8> {
        let mut out = Vec::new();
        while self.replies.front().is_some_and(|reply| reply.due <= now) {
            if let Some(reply) = self.replies.pop_front() {
                out.extend(reply.bytes);
            }
        }
        out
    }

    /// Papers that left the machine since the last call.
    pub fn take_papers(&mut self) -> Vec<Paper> {
        self.finished.drain(..).collect()
    }

    // ---- time ------------------------------------------------------------------------------------------------

    /// Lets the mechanism do what it can do until `now`.
    pub fn advance(&mut self, now: Duration) {
        if let Power::Cycling(until) = self.power
            && now >= until
        {
            self.switch_on(now);
        }
        let mut commands = Vec::new();
        while self.is_on() && !self.is_offline() && self.done_at <= now {
            let Some(byte) = self.receive_buffer.pop_front() else {
                break;
            };
            if let Some(rate) = self.settings.drain_bytes_per_s {
                self.done_at += Duration::from_secs(1) / rate.max(1);
            }
            self.sheet.consumed(byte);
            self.parser.push(byte, &mut commands);
            for command in commands.drain(..) {
                self.execute(command);
            }
            if self.sheet.is_full() {
                self.finish_paper(self.sheet.height(), End::Full);
            }
        }
        // A line that was never ended stays in the print buffer, as it does in the printer.
        if self.is_on() && self.is_idle_since(now) {
            self.finish_paper(self.sheet.height(), End::Idle);
        }
    }

    /// When [`Self::advance`] has something to do next, if nothing is received before.
    pub fn next_wake(&self) -> Option<Duration> {
        let cycling = match self.power {
            Power::Cycling(until) => Some(until),
            Power::On | Power::Off => None,
        };
        let works = self.is_on() && !self.is_offline() && !self.receive_buffer.is_empty();
        let idle = self.is_on() && self.receive_buffer.is_empty() && self.sheet.has_print();
        [
            cycling,
            works.then_some(self.done_at),
            idle.then_some(self.done_at + IDLE),
            self.replies.front().map(|reply| reply.due),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn is_idle_since(&self, now: Duration) -> bool {
        self.receive_buffer.is_empty() && self.sheet.has_print() && now >= self.done_at + IDLE
    }

    // ---- state -----------------------------------------------------------------------------------------------

    /// Whether it has power.
    pub fn is_on(&self) -> bool {
        self.power == Power::On
    }

    /// Whether it answers connections at all.
    pub fn accepts(&self) -> bool {
        self.is_on() && !self.standing.refuse
    }

    pub(super) fn is_offline(&self) -> bool {
        self.standing.cover_open || self.is_paper_out() || self.cutter_error
    }

    pub(super) fn is_paper_out(&self) -> bool {
        self.paper_left_mm <= 0.0
    }

    pub(super) fn is_near_end(&self) -> bool {
        self.standing.near_end || self.paper_left_mm < self.settings.near_end_mm
    }

    /// The bytes of unknown commands, oldest first; only a strict machine lists them.
    pub fn unknown_commands(&self) -> impl Iterator<Item = &[u8]> {
        self.listed_unknown.iter().map(Vec::as_slice)
    }

    /// Everything about it, for the control address.
    pub fn state(&self) -> Value {
        let word = |on: bool, yes: &'static str, no: &'static str| if on { yes } else { no };
        let mut state = json!({
            "power": match self.power { Power::On => "on", Power::Off => "off", Power::Cycling(_) => "cycling" },
            "paper": if self.is_paper_out() { "out" } else { word(self.is_near_end(), "near_end", "ok") },
            "paper_left_mm": self.paper_left_mm.max(0.0).round(),
            "cover": word(self.standing.cover_open, "open", "closed"),
            "cutter": if self.cutter_error { "error" } else { word(self.standing.cutter_jam, "jammed", "ok") },
            "drawer": word(self.drawer_open, "open", "closed"),
            "mute": self.standing.mute,
            "online": self.is_on() && !self.is_offline(),
            "papers": self.papers,
            "bytes": self.received_bytes,
            "buffered": self.receive_buffer.len(),
            "overrun": self.overrun_bytes,
            "connections": self.connections,
            "connected": self.host_connected,
            "unknown_commands": self.unknown_commands,
            "pulses": self.pulses,
            "cuts": self.cuts,
            "printed_mm": self.printed_mm,
            "faults": self.fault_names(),
        });
        if let (true, Some(fields)) = (self.settings.strict, state.as_object_mut()) {
            let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" ");
            fields.insert("unknown".into(), self.unknown_commands().map(hex).collect());
        }
        state
    }

    fn fault_names(&self) -> Vec<&'static str> {
        let standing = &self.standing;
        [
            (self.is_paper_out(), "paper_out"),
            (standing.near_end, "paper_near_end"),
            (standing.cover_open, "cover"),
            (standing.cutter_jam, "cutter"),
            (standing.mute, "mute"),
            (!standing.late.is_zero(), "late"),
            (standing.garbage, "garbage"),
            (matches!(self.power, Power::Cycling(_)), "power_cycle"),
            (self.power == Power::Off, "power_off"),
            (standing.cut_at_byte.is_some() || standing.cable_out, "cut_at_byte"),
            (standing.slow.is_some(), "slow"),
            (standing.refuse, "refuse"),
            (standing.clone, "clone"),
        ]
        .into_iter()
        .filter_map(|(on, name)| on.then_some(name))
        .collect()
    }

    // ---- faults ----------------------------------------------------------------------------------------------

    /// Does what the control address asks for.
    pub fn order(&mut self, fault: Fault, now: Duration) {
        self.advance(now);
        // Whatever it waited for, it goes on from now, not from when it stopped.
        if self.is_offline() || !self.is_on() {
            self.done_at = self.done_at.max(now);
        }
        match fault {
            Fault::PaperOut(PaperLeft::Full) => self.paper_left_mm = self.settings.roll_mm,
            Fault::PaperOut(PaperLeft::Millimetres(mm)) => self.paper_left_mm = mm,
            Fault::PaperNearEnd(on) => self.standing.near_end = on,
            Fault::Cover(open) => self.standing.cover_open = open,
            Fault::Cutter(jam) => {
                self.standing.cutter_jam = jam;
                if !jam {
                    self.recover(true);
                }
            }
            Fault::Mute(on) => self.standing.mute = on,
            Fault::Late(ms) => self.standing.late = Duration::from_millis(ms),
            Fault::Garbage(on) => self.standing.garbage = on,
            Fault::PowerCycle(ms) => {
                self.switch_off();
                self.power = Power::Cycling(now + Duration::from_millis(ms));
            }
            Fault::PowerOff(true) => self.switch_off(),
            Fault::PowerOff(false) => self.switch_on(now),
            Fault::CutAtByte(after) => self.standing.cut_at_byte = Some(after),
            Fault::Slow(rate) => self.standing.slow = rate,
            Fault::Refuse(on) => self.standing.refuse = on,
            Fault::Clone(on) => {
                self.standing.clone = on;
                self.style.kanji = on;
            }
            Fault::Drawer(open) => self.drawer_open = open,
            Fault::None => {
                self.standing = Standing::default();
                self.style.kanji = false;
                self.paper_left_mm = self.settings.roll_mm;
                self.recover(true);
                self.switch_on(now);
            }
        }
        self.status_changed(now);
        self.advance(now);
    }

    /// Pulls the cable of a device without connections (a PTY): nothing more gets through until `none`.
    pub fn pull_cable(&mut self) {
        self.standing.cable_out = true;
        self.replies.clear();
    }

    fn switch_off(&mut self) {
        if !self.is_on() {
            self.power = Power::Off;
            return;
        }
        self.sheet.event(json!({"event": "power_off", "lost_bytes": self.receive_buffer.len(),
            "printed_mm": self.printed_mm}));
        // The line that was being collected lives in memory only.
        self.style = Style::default();
        if self.sheet.has_print() {
            self.finish_paper(self.sheet.height(), End::PowerOff);
        }
        self.receive_buffer.clear();
        self.scanner.reset();
        self.parser.reset();
        self.replies.clear();
        self.held_id = None;
        self.auto_status = 0;
        self.offline_response = false;
        self.cutter_error = false;
        self.unfinished_cut = None;
        self.power = Power::Off;
    }

    fn switch_on(&mut self, now: Duration) {
        if self.is_on() {
            return;
        }
        self.power = Power::On;
        self.style = Style::fresh(self.standing.clone);
        self.done_at = self.done_at.max(now);
        self.last_status = self.status_bytes();
        self.was_offline = self.is_offline();
    }

    // ---- real time -------------------------------------------------------------------------------------------

    fn execute_real_time(&mut self, command: RealTime, now: Duration) {
        match command {
            RealTime::Status(n) => {
                let byte = self.real_time_status(n);
                self.reply(vec![byte], now);
            }
            RealTime::Resume if self.cutter_error => {
                self.done_at = self.done_at.max(now);
                self.recover(true);
            }
            RealTime::ClearAndRecover if self.cutter_error => {
                self.clear_buffers(now);
                self.recover(false);
            }
            // "Effective only when a recoverable error has occurred."
            RealTime::Resume | RealTime::ClearAndRecover => {}
            // "Ignored in an error status, or while a pulse is output."
            RealTime::Pulse { connector, on_ms } if !self.is_offline() => {
                self.pulse(connector, on_ms, on_ms, true);
            }
            RealTime::Pulse { .. } => {}
            RealTime::PowerOff => self.switch_off(),
            RealTime::ClearBuffers => {
                self.clear_buffers(now);
                self.recover(false);
                self.reply(vec![0x37, 0x25, 0x00], now);
            }
        }
        self.status_changed(now);
    }

    /// Receive and print buffers are emptied; ids of what is dropped are never sent.
    fn clear_buffers(&mut self, now: Duration) {
        self.sheet.event(json!({"event": "cleared", "dropped_bytes": self.receive_buffer.len(),
            "printed_mm": self.printed_mm}));
        self.receive_buffer.clear();
        self.parser.reset();
        self.style.clear_line();
        self.held_id = None;
        self.done_at = self.done_at.max(now);
    }

    /// Leaves the cutter's error; `resume` repeats the cut, which fails again while the blade is jammed.
    fn recover(&mut self, resume: bool) {
        self.cutter_error = false;
        if let (true, Some((full, feed))) = (resume, self.unfinished_cut.take()) {
            self.execute(Command::Cut { full, feed });
        }
        self.unfinished_cut = if self.cutter_error { self.unfinished_cut } else { None };
    }

    // ---- replies ---------------------------------------------------------------------------------------------

    pub(super) fn reply(&mut self, mut bytes: Vec<u8>, now: Duration) {
        let waiting: usize = self.replies.iter().map(|reply| reply.bytes.len()).sum();
        if !self.host_connected
            || self.standing.mute
            || self.standing.cable_out
            || waiting + bytes.len() > MOST_REPLY_BYTES
        {
            return;
        }
        if self.standing.garbage {
            for byte in &mut bytes {
                self.noise = self.noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *byte = self.noise.to_be_bytes()[0];
            }
        }
        self.replies.push_back(Reply { due: now + self.standing.late, bytes });
    }

    /// "If the host cannot receive, only the latest process id is sent."
    pub(super) fn reply_id(&mut self, id: [u8; 4], now: Duration) {
        if self.host_ready {
            let [a, b, c, d] = id;
            self.reply(vec![0x37, 0x22, a, b, c, d, 0x00], now);
        } else {
            self.held_id = Some(id);
        }
    }

    /// Sends what a change of state sends by itself: ASB and the offline response.
    pub(super) fn status_changed(&mut self, now: Duration) {
        if !self.is_on() {
            return;
        }
        let status = self.status_bytes();
        if self.auto_status != 0 && self.is_reported_change(status) {
            self.reply(status.to_vec(), now);
        }
        self.last_status = status;
        let offline = self.is_offline();
        if offline && !self.was_offline && self.offline_response {
            let cause = self.offline_cause();
            self.reply(vec![0x37, 0x23, cause, 0x00], now);
        }
        self.was_offline = offline;
    }

    fn is_reported_change(&self, status: [u8; 4]) -> bool {
        let [a, b, c, _] = status;
        let [last_a, last_b, last_c, _] = self.last_status;
        let (a, b, c) = (a ^ last_a, b ^ last_b, c ^ last_c);
        // "GS a n": bit 0 drawer, bit 1 online/offline, bit 2 error, bit 3 paper sensor.
        (self.auto_status & 1 != 0 && a & 0x04 != 0)
            || (self.auto_status & 2 != 0 && a & 0x28 != 0)
            || (self.auto_status & 4 != 0 && b & 0x2c != 0)
            || (self.auto_status & 8 != 0 && c & 0x0f != 0)
    }

    // ---- paper -----------------------------------------------------------------------------------------------

    /// Moves the paper; the roll gets shorter and time passes.
    pub(super) fn feed(&mut self, rows: usize) {
        self.sheet.feed(rows);
        self.moved(rows);
    }

    /// Accounts for rows that were drawn or fed.
    pub(super) fn moved(&mut self, rows: usize) {
        let rows = f64::from(u32::try_from(rows).unwrap_or(u32::MAX));
        let mm = rows / DOTS_PER_MM;
        let had_paper = !self.is_paper_out();
        self.printed_mm += mm;
        self.paper_left_mm -= mm;
        self.done_at += Duration::from_secs_f64(mm / f64::from(self.settings.mm_per_s.max(1)));
        if had_paper && self.is_paper_out() {
            self.note("paper_out", json!({}));
        }
        self.status_changed(self.done_at);
    }

    /// Cuts at the blade: what is between head and blade stays in the machine.
    pub(super) fn cut(&mut self, full: bool) {
        let until = self.sheet.height().saturating_sub(CUTTER_GAP_ROWS);
        self.cuts += 1;
        self.done_at += CUT_TIME;
        self.note("cut", json!({"mode": if full { "full" } else { "partial" }}));
        if self.sheet.has_print_above(until) {
            self.finish_paper(until, End::Cut);
        } else {
            self.sheet.discard(until);
        }
    }

    fn finish_paper(&mut self, until: usize, end: End) {
        let paper = self.sheet.take(until, end, self.printed_mm);
        self.papers += 1;
        if self.finished.len() < MOST_FINISHED {
            self.finished.push_back(paper);
        }
    }

    /// Records an event with its time and the length printed so far.
    pub(super) fn note(&mut self, event: &str, details: Value) {
        let mut entry = json!({
            "t_ms": u64::try_from(self.done_at.as_millis()).unwrap_or(u64::MAX),
            "event": event,
            "printed_mm": self.printed_mm,
        });
        if let (Some(fields), Value::Object(details)) = (entry.as_object_mut(), details) {
            fields.extend(details);
        }
        self.sheet.event(entry);
    }

    pub(super) fn note_unknown(&mut self, bytes: Vec<u8>) {
        self.unknown_commands += 1;
        let hex: Vec<String> = bytes.iter().map(|b| format!("{b:02x}")).collect();
        self.note("unknown", json!({"bytes": hex.join(" ")}));
        if self.settings.strict {
            if self.listed_unknown.len() >= MOST_LISTED {
                self.listed_unknown.pop_front();
            }
            self.listed_unknown.push_back(bytes);
        }
    }
}
