//! Zebra's ZPL II: labels.

mod field;
mod format;
mod graphic;
mod lettering;
mod parser;
mod status;

pub use parser::{ZplCommand, ZplParser};

use super::language::{Heard, Interpreter, Parsed};
use super::mechanism::Mechanism;
use super::paper::End;
use super::settings::Settings;
use format::{Format, Label};
use serde_json::json;
use status::Work;
use std::time::Duration;

/// The interpreter.
#[derive(Debug)]
pub(super) struct Zpl {
    /// Sees the bytes as they arrive: commands with a tilde act at once.
    hearing: ZplParser,
    parser: ZplParser,
    commands: Vec<ZplCommand>,
    format: Format,
    /// The label that is printing, and how many more of it.
    printing: Option<(Label, u32)>,
    formats_heard: u32,
    formats_done: u32,
}

impl Zpl {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            hearing: ZplParser::forgetful(),
            parser: ZplParser::default(),
            commands: Vec::new(),
            format: Format::new(settings),
            printing: None,
            formats_heard: 0,
            formats_done: 0,
        }
    }

    fn work_ahead(&self) -> Work {
        Work {
            label_rows: self.format.label_rows(),
            formats: self.formats_heard.saturating_sub(self.formats_done),
            partial: self.format.is_open(),
            labels_left: self.printing.as_ref().map_or(0, |(_, left)| *left),
        }
    }

    fn execute(&mut self, command: ZplCommand, m: &mut Mechanism) {
        match (&command.name, command.control) {
            // Executed on receipt.
            (b"HS" | b"HI" | b"JA" | b"PS" | b"PP", true) => {}
            (b"XZ", false) => {
                self.formats_done = self.formats_done.wrapping_add(1);
                if let Some((label, copies)) = self.format.end() {
                    m.note("label", json!({"rows": label.picture.height(), "copies": copies}));
                    self.printing = (copies > 0).then_some((label, copies));
                }
            }
            _ => {
                if let Some(unknown) = self.format.execute(&command, self.parser.delimiter(), m) {
                    m.note_unknown(unknown);
                }
            }
        }
    }
}

impl Interpreter for Zpl {
    fn hear(&mut self, byte: u8, m: &mut Mechanism, now: Duration) -> Heard {
        let mut commands = std::mem::take(&mut self.commands);
        self.hearing.push(byte, &mut commands);
        let mut heard = Heard::Nothing;
        for command in commands.drain(..) {
            match (&command.name, command.control) {
                (b"HS", true) if !m.clone => m.outbox.send(status::host_status(m, self.work_ahead()), now),
                (b"HI", true) if !m.clone => m.outbox.send(status::identity(m), now),
                (b"JA", true) => heard = Heard::Clear(&[]),
                (b"PP", true) => m.paused = true,
                (b"PS", true) => {
                    m.paused = false;
                    m.done_at = m.done_at.max(now);
                }
                (b"XZ", false) => self.formats_heard = self.formats_heard.wrapping_add(1),
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

    /// Prints the next copy.
    fn work(&mut self, m: &mut Mechanism) -> bool {
        let Some((label, left)) = self.printing.take() else {
            return false;
        };
        let rows = usize::try_from(label.picture.height()).unwrap_or(0);
        m.sheet.set_width(label.picture.width());
        m.sheet.feed(rows);
        m.sheet.draw(&label.picture, 0, 0);
        for (row, text) in &label.lines {
            m.sheet.line(usize::try_from(*row).unwrap_or(0), text.clone());
        }
        m.moved(rows);
        m.lines_fed += 1;
        m.finish_paper(m.sheet.height(), End::Label);
        self.printing = (left > 1).then(|| (label, left - 1));
        true
    }

    fn has_work(&self) -> bool {
        self.printing.is_some()
    }

    fn report(&mut self, _m: &mut Mechanism, _at: Duration) {}

    /// "~JA cancels all format commands in the buffer" and the batch that is printing.
    fn clear(&mut self, _m: &mut Mechanism) {
        self.parser.reset();
        self.hearing.reset();
        self.printing = None;
        self.formats_done = self.formats_heard;
        self.format.cancel();
    }

    fn power_on(&mut self, m: &mut Mechanism) {
        self.clear(m);
        m.paused = false;
        self.format = Format::new(&m.settings);
    }
}

/// Parses without printing.
pub(super) fn parse(bytes: &[u8]) -> Parsed {
    let (mut parser, mut out, mut parsed) = (ZplParser::default(), Vec::new(), Parsed::default());
    for byte in bytes {
        parser.push(*byte, &mut out);
        parsed.most_held = parsed.most_held.max(parser.held());
        parsed.commands += out.len();
        parsed.unknown += out.drain(..).filter(|command| !format::is_known(command)).count();
    }
    parsed.inside_command = parser.is_inside_command();
    parsed
}
