//! What a command language is to the machine.

use super::mechanism::Mechanism;
use super::settings::{Language, Settings};
use super::{escpos, star, zpl};
use std::time::Duration;

/// What a byte asks for on receipt, besides what the language did itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// It waits in the receive buffer.
    Nothing,
    /// The buffers are to be emptied; this is the answer.
    Clear(&'static [u8]),
    /// The printer switches itself off.
    PowerOff,
}

/// A command language: bytes in, movements of the mechanism and replies out.
pub(super) trait Interpreter: std::fmt::Debug + Send {
    /// A byte arrived. What acts on receipt acts here.
    fn hear(&mut self, byte: u8, mechanism: &mut Mechanism, now: Duration) -> Heard;

    /// The buffer has reached this byte: everything before it is on paper.
    fn take(&mut self, byte: u8, mechanism: &mut Mechanism);

    /// Does work that needs no further byte, such as the next copy of a label; whether there was any.
    fn work(&mut self, _mechanism: &mut Mechanism) -> bool {
        false
    }

    /// Whether [`Self::work`] has something to do.
    fn has_work(&self) -> bool {
        false
    }

    /// Sends what a change of state sends by itself.
    fn report(&mut self, mechanism: &mut Mechanism, at: Duration);

    /// The host takes bytes again, or for the first time.
    fn host_ready(&mut self, _mechanism: &mut Mechanism, _now: Duration) {}

    /// The receive buffer was emptied: a half-received command and the collected line are gone.
    fn clear(&mut self, mechanism: &mut Mechanism);

    /// As after switching on.
    fn power_on(&mut self, mechanism: &mut Mechanism);
}

/// The interpreter of the language that the settings name.
pub(super) fn interpreter(settings: &Settings) -> Box<dyn Interpreter> {
    match settings.language {
        Language::EscPos => Box::new(escpos::EscPos::new(settings)),
        Language::Star => Box::new(star::Star::new(settings)),
        Language::Zpl => Box::new(zpl::Zpl::new(settings)),
    }
}

/// What a parser made of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// Commands, printed characters included.
    pub commands: usize,
    /// Of these, not in the manual or not on this model.
    pub unknown: usize,
    /// Whether the bytes end inside a command.
    pub inside_command: bool,
    /// The most bytes that the parser held at a time.
    pub most_held: usize,
}

/// The most bytes that the parser of any language holds, whatever it is fed: one command's data, of which
/// 512 KiB are kept and the rest counted, and what is before it.
pub const MOST_HELD_BYTES: usize = 512 * 1024 + 1024;

/// Parses bytes without printing: the entry for fuzzers. It never panics and never holds more than
/// [`MOST_HELD_BYTES`].
pub fn parse(language: Language, bytes: &[u8]) -> Parsed {
    match language {
        Language::EscPos => escpos::parse(bytes),
        Language::Star => star::parse(bytes),
        Language::Zpl => zpl::parse(bytes),
    }
}
