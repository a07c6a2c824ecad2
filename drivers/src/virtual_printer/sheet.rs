//! The paper in the machine: rows of dots, the text that a person would read, and what happened while it printed.
//!
//! The cutter sits [`Sheet::cutter_gap`] rows past the head, so a cut made without feeding leaves the last lines on
//! the *next* paper, as it does on a counter.

use super::bitmap::{Bitmap, bits};
use super::paper::{End, Paper};
use super::settings::Settings;
use serde_json::{Value, json};

/// From the head to the blade.
const CUTTER_GAP_MM: f64 = 12.0;
/// 4 m at 203 dpi. A longer sheet ends by itself, so that a host that never cuts cannot fill the memory.
pub(super) const MOST_ROWS: usize = 32_000;
/// Bytes kept for the `.bin`; what follows is printed and not kept.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// Events kept for the `.jsonl`.
const MOST_EVENTS: usize = 20_000;
/// Lines of text kept for the `.txt`.
const MOST_LINES: usize = 20_000;

/// What stands in the text at a row of the paper.
#[derive(Debug)]
enum Entry {
    Line(String),
    /// Dots as sent, and the row below the last of them.
    Picture {
        width: u32,
        height: u32,
        end: usize,
    },
}

impl Entry {
    fn is_blank(&self) -> bool {
        matches!(self, Self::Line(text) if text.is_empty())
    }

    fn text(&self) -> String {
        match self {
            Self::Line(text) => text.trim_end().to_owned(),
            Self::Picture { width, height, .. } => format!("[picture {width}x{height}]"),
        }
    }
}

/// The paper in the machine.
#[derive(Debug)]
pub(super) struct Sheet {
    width: u32,
    row_bytes: usize,
    margin: u32,
    dpi: u32,
    cutter_gap: usize,
    rows: Vec<u8>,
    entries: Vec<(usize, Entry)>,
    bytes: Vec<u8>,
    events: Vec<Value>,
    has_print: bool,
    left_out: u64,
}

impl Sheet {
    pub(super) fn new(settings: &Settings) -> Self {
        let width = (settings.width_dots / 8 * 8).clamp(8, 2048);
        Self {
            width,
            row_bytes: usize::try_from(width / 8).unwrap_or(1),
            margin: settings.margin_dots.min(1024),
            dpi: settings.dpi.clamp(100, 600),
            cutter_gap: (CUTTER_GAP_MM * settings.dots_per_mm()).round() as usize,
            rows: Vec::new(),
            entries: Vec::new(),
            bytes: Vec::new(),
            events: Vec::new(),
            has_print: false,
            left_out: 0,
        }
    }

    /// Paper of another width is in the machine: only before anything of it was fed.
    pub(super) fn set_width(&mut self, width: u32) {
        if self.rows.is_empty() {
            self.width = width.next_multiple_of(8).clamp(8, 2048);
            self.row_bytes = usize::try_from(self.width / 8).unwrap_or(1);
        }
    }

    /// Dots across.
    pub(super) fn width(&self) -> u32 {
        self.width
    }

    /// Rows from the head to the blade.
    pub(super) fn cutter_gap(&self) -> usize {
        self.cutter_gap
    }

    pub(super) fn height(&self) -> usize {
        self.rows.len() / self.row_bytes
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
        self.rows.resize(self.rows.len() + rows * self.row_bytes, 0);
    }

    /// Blackens one dot, growing the paper as far as `y`.
    pub(super) fn dot(&mut self, x: u32, y: usize) {
        if x >= self.width || y >= MOST_ROWS {
            return;
        }
        if y >= self.height() {
            self.feed(y + 1 - self.height());
        }
        let Ok(column) = usize::try_from(x / 8) else {
            return;
        };
        if let Some(byte) = self.rows.get_mut(y * self.row_bytes + column) {
            *byte |= 0x80 >> (x % 8);
            self.has_print = true;
        }
    }

    /// Blackens a rectangle.
    pub(super) fn fill(&mut self, x: u32, y: usize, width: u32, height: usize) {
        for row in y..y.saturating_add(height).min(MOST_ROWS) {
            for column in x..x.saturating_add(width).min(self.width) {
                self.dot(column, row);
            }
        }
    }

    /// Draws a row of packed dots, each `scale_x` × `scale_y` as large.
    pub(super) fn draw_row(&mut self, row: &[u8], x: u32, y: usize, scale_x: u32, scale_y: usize) {
        for (at, _) in (0u32..).zip(bits(row)).filter(|(_, black)| *black) {
            let left = x.saturating_add(at.saturating_mul(scale_x));
            if left >= self.width {
                break;
            }
            self.fill(left, y, scale_x, scale_y);
        }
    }

    /// Draws a picture with its top left dot at (`x`, `y`).
    pub(super) fn draw(&mut self, picture: &Bitmap, x: u32, y: usize) {
        for row in 0..picture.height() {
            self.draw_row(picture.row(row), x, y.saturating_add(usize::try_from(row).unwrap_or(0)), 1, 1);
        }
    }

    /// Turns white to black and back in a rectangle.
    pub(super) fn invert(&mut self, x: u32, y: usize, width: u32, height: usize) {
        for row in y..(y + height).min(self.height()) {
            for column in x..(x + width).min(self.width) {
                let Ok(at) = usize::try_from(column / 8) else {
                    continue;
                };
                if let Some(byte) = self.rows.get_mut(row * self.row_bytes + at) {
                    *byte ^= 0x80 >> (column % 8);
                    self.has_print = true;
                }
            }
        }
    }

    /// Records the text of the line whose top is at row `y`.
    pub(super) fn line(&mut self, y: usize, text: impl Into<String>) {
        let text = text.into();
        self.has_print |= !text.is_empty();
        self.entry(y, Entry::Line(text));
    }

    /// Records a picture of so many dots from row `y` to before row `end`. One that goes on where the last one ended
    /// is part of it: encoders send pictures in bands.
    pub(super) fn picture(&mut self, y: usize, width: u32, height: u32, end: usize) {
        self.has_print = true;
        if let Some((_, Entry::Picture { width: known, height: so_far, end: last })) = self.entries.last_mut()
            && *last == y
            && *known == width
        {
            *so_far = so_far.saturating_add(height);
            *last = end;
            return;
        }
        self.entry(y, Entry::Picture { width, height, end });
    }

    /// Records rows of raster at row `y`, whose trimmed width may differ from that of the rows above.
    pub(super) fn raster_rows(&mut self, y: usize, width: u32, rows: usize) {
        let height = u32::try_from(rows).unwrap_or(u32::MAX);
        if let Some((_, Entry::Picture { width: known, height: so_far, end })) = self.entries.last_mut()
            && *end == y
        {
            *known = width.max(*known);
            *so_far = so_far.saturating_add(height);
            *end = y + rows;
        } else if width > 0 {
            self.picture(y, width, height, y + rows);
        }
    }

    fn entry(&mut self, y: usize, entry: Entry) {
        if self.entries.len() < MOST_LINES {
            self.entries.push((y, entry));
        }
    }

    /// Takes the sheet out as far as row `until`; the rest stays in the machine.
    pub(super) fn take(&mut self, until: usize, end: End, printed_mm: f64) -> Paper {
        let rest = self.rows.split_off((until * self.row_bytes).min(self.rows.len()));
        let rows = std::mem::replace(&mut self.rows, rest);
        let (entries, below): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.entries).into_iter().partition(|(y, _)| *y < until);
        self.entries = below;
        self.move_entries(until);
        self.has_print =
            self.rows.iter().any(|byte| *byte != 0) || self.entries.iter().any(|(_, entry)| !entry.is_blank());
        let mut events = std::mem::take(&mut self.events);
        events.push(json!({"event": "paper_end", "reason": end.name(), "printed_mm": printed_mm,
            "rows": rows.len() / self.row_bytes, "events_left_out": std::mem::take(&mut self.left_out)}));
        let mut text = entries.iter().map(|(_, entry)| entry.text()).collect::<Vec<_>>().join("\n");
        text.push('\n');
        Paper {
            bytes: std::mem::take(&mut self.bytes),
            rows,
            width: self.width,
            margin: self.margin,
            dpi: self.dpi,
            events,
            text,
            end,
        }
    }

    /// What has come out of the slot so far.
    pub(super) fn seen(&self) -> Paper {
        Paper {
            bytes: Vec::new(),
            rows: self.rows.clone(),
            width: self.width,
            margin: self.margin,
            dpi: self.dpi,
            events: Vec::new(),
            text: String::new(),
            end: End::Idle,
        }
    }

    /// Whether a cut at row `until` would give a paper with something on it.
    pub(super) fn has_print_above(&self, until: usize) -> bool {
        self.rows.iter().take(until * self.row_bytes).any(|byte| *byte != 0)
            || self.entries.iter().any(|(y, entry)| *y < until && !entry.is_blank())
    }

    /// Drops blank rows that were cut off.
    pub(super) fn discard(&mut self, until: usize) {
        let rest = self.rows.split_off((until * self.row_bytes).min(self.rows.len()));
        self.rows = rest;
        self.entries.retain(|(y, _)| *y >= until);
        self.move_entries(until);
    }

    fn move_entries(&mut self, up: usize) {
        for (y, entry) in &mut self.entries {
            *y -= up.min(*y);
            if let Entry::Picture { end, .. } = entry {
                *end -= up.min(*end);
            }
        }
    }
}
