//! Star Line Mode.

mod codes;
mod command;
mod execute;
mod parser;
mod raster;
mod status;

pub use command::StarCommand;
pub use parser::StarParser;

use super::language::{Heard, Interpreter, Parsed};
use super::mechanism::Mechanism;
use super::settings::Settings;
use execute::Style;
use status::Etb;
use std::time::Duration;

/// A document that was begun and not ended is forgotten after this long without data ("Timeouts are 10 seconds").
const DOCUMENT_TIMEOUT: Duration = Duration::from_secs(10);

/// The interpreter.
#[derive(Debug)]
pub(super) struct Star {
    /// Sees the bytes as they arrive, so that requests between commands are answered at once. The specification does
    /// not promise that inside data, as Epson's does.
    hearing: StarParser,
    parser: StarParser,
    commands: Vec<StarCommand>,
    style: Style,
    auto_status: bool,
    etb: Etb,
    last_status: [u8; 9],
    /// The print end counter of `ESC GS ETX`.
    document_counter: u8,
    document: Document,
    last_byte_at: Duration,
}

/// Where it stands between "start document" and "end document".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Document {
    #[default]
    None,
    Open,
    /// An error came in between: the rest is dropped until the document ends.
    Dropped,
}

impl Star {
    pub(super) fn new(_settings: &Settings) -> Self {
        Self {
            hearing: StarParser::forgetful(),
            parser: StarParser::default(),
            commands: Vec::new(),
            style: Style::default(),
            auto_status: false,
            etb: Etb::default(),
            last_status: [0; 9],
            document_counter: 0,
            document: Document::None,
            last_byte_at: Duration::ZERO,
        }
    }

    fn send_status(&mut self, m: &mut Mechanism, at: Duration) {
        let status = status::automatic(m, self.etb, false);
        m.outbox.send(status.to_vec(), at);
        // "Cleared when received at the host."
        self.etb.executed = false;
        self.last_status = status::automatic(m, self.etb, false);
    }
}

impl Interpreter for Star {
    fn hear(&mut self, byte: u8, m: &mut Mechanism, now: Duration) -> Heard {
        self.last_byte_at = now;
        let mut commands = std::mem::take(&mut self.commands);
        self.hearing.push(byte, &mut commands);
        let mut heard = Heard::Nothing;
        for command in commands.drain(..) {
            match command {
                StarCommand::AskStatus => self.send_status(m, now),
                StarCommand::AskEnq => m.outbox.send(vec![status::enq(m, m.done_at <= now)], now),
                StarCommand::AskEot => m.outbox.send(vec![status::eot(m)], now),
                StarCommand::Reset => heard = Heard::Clear(&[]),
                _ => {}
            }
        }
        self.commands = commands;
        heard
    }

    fn take(&mut self, byte: u8, m: &mut Mechanism) {
        let mut commands = std::mem::take(&mut self.commands);
        self.parser.push(byte, &mut commands);
        for command in commands.drain(..) {
            self.execute(command, m);
        }
        self.commands = commands;
    }

    fn report(&mut self, m: &mut Mechanism, at: Duration) {
        if m.is_offline() && self.document == Document::Open {
            self.document = Document::Dropped;
        }
        if self.document == Document::Dropped && at > self.last_byte_at + DOCUMENT_TIMEOUT {
            self.document = Document::None;
        }
        let status = status::automatic(m, self.etb, false);
        if status != self.last_status {
            self.last_status = status;
            if self.auto_status {
                self.send_status(m, at);
            }
        }
    }

    fn clear(&mut self, _m: &mut Mechanism) {
        self.hearing.reset();
        self.parser.reset();
        self.style = Style::default();
        self.document = Document::None;
    }

    fn power_on(&mut self, m: &mut Mechanism) {
        self.clear(m);
        self.auto_status = false;
        self.etb = Etb::default();
        self.document_counter = 0;
        self.last_status = status::automatic(m, self.etb, false);
    }
}

/// Parses without printing.
pub(super) fn parse(bytes: &[u8]) -> Parsed {
    let (mut parser, mut out, mut parsed) = (StarParser::default(), Vec::new(), Parsed::default());
    for byte in bytes {
        parser.push(*byte, &mut out);
        parsed.most_held = parsed.most_held.max(parser.held());
        parsed.commands += out.len();
        parsed.unknown += out.drain(..).filter(|command| matches!(command, StarCommand::Unknown(_))).count();
    }
    parsed.inside_command = parser.is_inside_command();
    parsed
}
