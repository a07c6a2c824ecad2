//! Epson's ESC/POS.

mod codes;
mod command;
mod execute;
mod parser;
mod pictures;
mod realtime;
mod status;

pub use command::{Command, Qr};
pub use parser::Parser;
pub use realtime::{RealTime, Scanner};

use super::bitmap::Bitmap;
use super::language::{Heard, Interpreter, Parsed};
use super::mechanism::Mechanism;
use super::settings::{Settings, TwoByte};
use execute::Style;
use std::time::Duration;

/// The answer to `DLE DC4 8`.
const CLEARED: &[u8] = &[0x37, 0x25, 0x00];

/// The interpreter.
#[derive(Debug)]
pub(super) struct EscPos {
    scanner: Scanner,
    parser: Parser,
    commands: Vec<Command>,
    style: Style,
    two_byte: TwoByte,
    /// Pictures that survive the power: by key, by number.
    nv: Vec<([u8; 2], Bitmap)>,
    nv_images: Vec<Bitmap>,
    nv_images_left: u8,
    auto_status: u8,
    offline_response: bool,
    last_status: [u8; 4],
    was_offline: bool,
    held_id: Option<[u8; 4]>,
}

impl EscPos {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            scanner: Scanner::default(),
            parser: Parser::default(),
            commands: Vec::new(),
            style: Style::fresh(settings.two_byte),
            two_byte: settings.two_byte,
            nv: Vec::new(),
            nv_images: Vec::new(),
            nv_images_left: 0,
            auto_status: 0,
            offline_response: false,
            last_status: [0; 4],
            was_offline: false,
            held_id: None,
        }
    }

    /// The two-byte mode of the model; a clone is made for China.
    fn model(&self, mechanism: &Mechanism) -> TwoByte {
        if mechanism.clone { TwoByte::Chinese } else { self.two_byte }
    }
}

impl Interpreter for EscPos {
    fn hear(&mut self, byte: u8, mechanism: &mut Mechanism, now: Duration) -> Heard {
        match self.scanner.push(byte) {
            None => {}
            Some(RealTime::Status(n)) => {
                mechanism.outbox.send(vec![status::real_time(mechanism, n)], now);
            }
            Some(RealTime::Resume) if mechanism.is_recoverable() => {
                mechanism.done_at = mechanism.done_at.max(now);
                mechanism.recover(true);
            }
            Some(RealTime::ClearAndRecover) if mechanism.is_recoverable() => return Heard::Clear(&[]),
            // "Effective only when a recoverable error has occurred."
            Some(RealTime::Resume | RealTime::ClearAndRecover) => {}
            // "Ignored in an error status, or while a pulse is output."
            Some(RealTime::Pulse { connector, on_ms }) if !mechanism.is_offline() => {
                mechanism.pulse(connector, on_ms, on_ms, true);
            }
            Some(RealTime::Pulse { .. }) => {}
            Some(RealTime::PowerOff) => return Heard::PowerOff,
            Some(RealTime::ClearBuffers) => return Heard::Clear(CLEARED),
        }
        Heard::Nothing
    }

    fn take(&mut self, byte: u8, mechanism: &mut Mechanism) {
        let mut commands = std::mem::take(&mut self.commands);
        self.parser.push(byte, &mut commands);
        for command in commands.drain(..) {
            self.execute(command, mechanism);
        }
        self.commands = commands;
    }

    fn report(&mut self, mechanism: &mut Mechanism, at: Duration) {
        let status = status::automatic(mechanism);
        if self.auto_status != 0 && status::is_reported(self.auto_status, self.last_status, status) {
            mechanism.outbox.send(status.to_vec(), at);
        }
        self.last_status = status;
        let offline = mechanism.is_offline();
        if offline && !self.was_offline && self.offline_response {
            mechanism.outbox.send(vec![0x37, 0x23, status::offline_cause(mechanism), 0x00], at);
        }
        self.was_offline = offline;
    }

    fn host_ready(&mut self, mechanism: &mut Mechanism, now: Duration) {
        if let Some(id) = self.held_id.take() {
            mechanism.outbox.send(status::process_id(id), now);
        }
    }

    fn clear(&mut self, _mechanism: &mut Mechanism) {
        self.parser.reset();
        self.style.line.clear();
        // "When the data is cleared, the response is not sent": also that of a job that is done and could not be told.
        self.held_id = None;
    }

    fn power_on(&mut self, mechanism: &mut Mechanism) {
        self.scanner.reset();
        self.parser.reset();
        self.style = Style::fresh(self.model(mechanism));
        self.auto_status = 0;
        self.offline_response = false;
        self.held_id = None;
        self.nv_images_left = 0;
        self.last_status = status::automatic(mechanism);
        self.was_offline = mechanism.is_offline();
    }
}

/// Parses without printing.
pub(super) fn parse(bytes: &[u8]) -> Parsed {
    let (mut parser, mut scanner, mut out, mut parsed) =
        (Parser::default(), Scanner::default(), Vec::new(), Parsed::default());
    for byte in bytes {
        scanner.push(*byte);
        parser.push(*byte, &mut out);
        parsed.most_held = parsed.most_held.max(parser.held());
        parsed.commands += out.len();
        parsed.unknown += out.drain(..).filter(|command| matches!(command, Command::Unknown(_))).count();
    }
    parsed.inside_command = parser.is_inside_command();
    parsed
}
