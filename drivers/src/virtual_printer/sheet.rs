//! The paper itself: rows of dots, the text that a person would read from it, and what happened while it printed.
//!
//! 203 dpi, 576 dots wide. The cutter sits [`CUTTER_GAP_ROWS`] past the head, so a cut made without feeding
//! leaves the last lines on the *next* paper, as it does on a counter.

use super::parser::ROW_BYTES;
use serde_json::{Value, json};

/// Dots across the paper.
pub(super) const WIDTH: u32 = 576;
/// 203 dpi is 8 dots a millimetre.
pub(super) const DOTS_PER_MM: f64 = 8.0;
/// From the head to the blade: 12 mm.
pub(super) const CUTTER_GAP_ROWS: usize = 96;
/// 4 m. A longer sheet ends by itself, so that a host that never cuts cannot fill the memory.
const MOST_ROWS: usize = 32_000;
/// Bytes kept for the `.bin`; what follows is printed and not kept.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// Events kept for the `.jsonl`.
const MOST_EVENTS: usize = 20_000;

/// Why a paper ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The blade.
    Cut,
    /// Nothing more came for two seconds: someone tears it off.
    Idle,
    /// The power went.
    PowerOff,
    /// Four metres without a cut.
    Full,
}

impl End {
    fn name(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Idle => "idle",
            Self::PowerOff => "power_off",
            Self::Full => "full",
        }
    }
}

/// A piece of paper in somebody's hand.
#[derive(Clone, Debug)]
pub struct Paper {
    /// The bytes that the printer consumed for it.
    pub bytes: Vec<u8>,
    /// Rows of [`ROW_BYTES`] bytes, black is 1.
    pub rows: Vec<u8>,
    /// One JSON object for each event, in order.
    pub events: Vec<Value>,
    /// The text, a line for each printed line.
    pub text: String,
    /// Why it ended.
    pub end: End,
}

impl Paper {
    /// Height in dots.
    pub fn height(&self) -> u32 {
        u32::try_from(self.rows.len() / ROW_BYTES).unwrap_or(u32::MAX)
    }
}

/// The paper in the machine.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    rows: Vec<u8>,
    lines: Vec<(usize, String)>,
    bytes: Vec<u8>,
    events: Vec<Value>,
    has_print: bool,
    left_out: u64,
}

impl Sheet {
    pub(super) fn height(&self) -> usize {
        self.rows.len() / ROW_BYTES
    }

    /// Whether anything black or any text is on it.
    pub(super) fn has_print(&self) -> bool {
        self.has_print
    }

    pub(super) fn is_full(&self) -> bool {
        self.height() >= MOST_ROWS
    }

    pub(super) fn consumed(&mut self, byte: u8) {
        if self.bytes.len() < MOST_BYTES {
            self.bytes.push(byte);
        }
    }

    pub(super) fn event(&mut self, event: Value) {
        if self.events.len() < MOST_EVENTS {
            self.events.push(event);
        } else {
            self.left_out += 1;
        }
    }

    /// Moves the paper by `rows` blank rows.
    pub(super) fn feed(&mut self, rows: usize) {
        let rows = rows.min(MOST_ROWS.saturating_sub(self.height()));
        self.rows.resize(self.rows.len() + rows * ROW_BYTES, 0);
    }

    /// Blackens one dot, growing the paper as far as `y`.
    pub(super) fn dot(&mut self, x: u32, y: usize) {
        if x >= WIDTH || y >= MOST_ROWS {
            return;
        }
        if y >= self.height() {
            self.feed(y + 1 - self.height());
        }
        let Ok(column) = usize::try_from(x / 8) else {
            return;
        };
        if let Some(byte) = self.rows.get_mut(y * ROW_BYTES + column) {
            *byte |= 0x80 >> (x % 8);
            self.has_print = true;
        }
    }

    /// Turns white to black and back in a rectangle (`GS B`).
    pub(super) fn invert(&mut self, x: u32, y: usize, width: u32, height: usize) {
        for row in y..(y + height).min(self.height()) {
            for column in x..(x + width).min(WIDTH) {
                let Ok(at) = usize::try_from(column / 8) else {
                    continue;
                };
                if let Some(byte) = self.rows.get_mut(row * ROW_BYTES + at) {
                    *byte ^= 0x80 >> (column % 8);
                    self.has_print = true;
                }
            }
        }
    }

    /// Records the text of the line whose top is at row `y`.
    pub(super) fn line(&mut self, y: usize, text: String) {
        self.has_print |= !text.is_empty();
        self.lines.push((y, text));
    }

    /// Takes the sheet out as far as row `until`; the rest stays in the machine.
    pub(super) fn take(&mut self, until: usize, end: End, printed_mm: f64) -> Paper {
        let rest = self.rows.split_off((until * ROW_BYTES).min(self.rows.len()));
        let rows = std::mem::replace(&mut self.rows, rest);
        let (lines, mut below): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.lines).into_iter().partition(|(y, _)| *y < until);
        for (y, _) in &mut below {
            *y -= until;
        }
        self.lines = below;
        self.has_print = self.rows.iter().any(|byte| *byte != 0) || self.lines.iter().any(|(_, text)| !text.is_empty());
        let mut events = std::mem::take(&mut self.events);
        events.push(json!({"event": "paper_end", "reason": end.name(), "printed_mm": printed_mm,
            "rows": rows.len() / ROW_BYTES, "events_left_out": std::mem::take(&mut self.left_out)}));
        let mut text: String = lines.iter().map(|(_, line)| line.trim_end()).collect::<Vec<_>>().join("\n");
        text.push('\n');
        Paper { bytes: std::mem::take(&mut self.bytes), rows, events, text, end }
    }

    /// Whether a cut at row `until` would give a paper with something on it.
    pub(super) fn has_print_above(&self, until: usize) -> bool {
        self.rows.iter().take(until * ROW_BYTES).any(|byte| *byte != 0)
            || self.lines.iter().any(|(y, text)| *y < until && !text.is_empty())
    }

    /// Drops blank rows that were cut off.
    pub(super) fn discard(&mut self, until: usize) {
        let rest = self.rows.split_off((until * ROW_BYTES).min(self.rows.len()));
        self.rows = rest;
        self.lines.retain_mut(|(y, _)| {
            let stays = *y >= until;
            *y = y.saturating_sub(until);
            stays
        });
    }
}
