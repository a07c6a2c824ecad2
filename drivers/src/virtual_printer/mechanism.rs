//! Print head, paper, blade and drawer: what every language moves, on the mechanism's own clock.

use super::paper::{End, Paper};
use super::replies::Outbox;
use super::settings::Settings;
use super::sheet::Sheet;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::time::Duration;

/// One stroke of the blade.
const CUT_TIME: Duration = Duration::from_millis(300);
/// Papers that wait to be taken, by number and by size; more are lost.
const MOST_FINISHED: usize = 256;
const MOST_FINISHED_BYTES: usize = 64 * 1024 * 1024;
/// Unknown commands that a strict machine lists.
const MOST_LISTED: usize = 256;
/// Bytes shown of an unknown command.
const SHOWN_UNKNOWN: usize = 16;

/// What stops a printer besides cover and paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The blade did not come back.
    Cutter,
    /// A recoverable mechanical error: a paper jam.
    Mechanical,
    /// Only a power cycle ends it.
    Unrecoverable,
}

/// A cut that the blade has not made yet.
#[derive(Clone, Copy, Debug)]
struct UnfinishedCut {
    full: bool,
}

/// The working parts.
#[derive(Debug)]
pub(super) struct Mechanism {
    pub(super) settings: Settings,
    pub(super) sheet: Sheet,
    pub(super) outbox: Outbox,
    /// Done with everything it was told at this time.
    pub(super) done_at: Duration,
    pub(super) paper_left_mm: f64,
    pub(super) near_end_forced: bool,
    pub(super) cover_open: bool,
    pub(super) cutter_jam: bool,
    /// The model behaves as a cheap copy of itself.
    pub(super) clone: bool,
    /// The host said to wait (`~PP`).
    pub(super) paused: bool,
    pub(super) trouble: Option<Trouble>,
    unfinished_cut: Option<UnfinishedCut>,
    pub(super) drawer_open: bool,
    /// Millimetres of paper moved since the start.
    pub(super) printed_mm: f64,
    /// Lines fed and cuts made: for good, and since a host reset them.
    pub(super) lines_fed: u64,
    pub(super) lines_fed_at_reset: u64,
    pub(super) cuts: u64,
    pub(super) cuts_at_reset: u64,
    pub(super) pulses: u64,
    pub(super) papers: u64,
    pub(super) papers_lost: u64,
    pub(super) unknown_commands: u64,
    listed_unknown: VecDeque<Vec<u8>>,
    finished: VecDeque<Paper>,
    finished_bytes: usize,
}

impl Mechanism {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            sheet: Sheet::new(&settings),
            outbox: Outbox::default(),
            done_at: Duration::ZERO,
            paper_left_mm: settings.roll_mm,
            near_end_forced: false,
            cover_open: false,
            cutter_jam: false,
            clone: false,
            paused: false,
            trouble: None,
            unfinished_cut: None,
            drawer_open: false,
            printed_mm: 0.0,
            lines_fed: 0,
            lines_fed_at_reset: 0,
            cuts: 0,
            cuts_at_reset: 0,
            pulses: 0,
            papers: 0,
            papers_lost: 0,
            unknown_commands: 0,
            listed_unknown: VecDeque::new(),
            finished: VecDeque::new(),
            finished_bytes: 0,
            settings,
        }
    }

    // ---- sensors ---------------------------------------------------------------------------------------------

    pub(super) fn is_offline(&self) -> bool {
        self.cover_open || self.is_paper_out() || self.trouble.is_some() || self.paused
    }

    pub(super) fn is_paper_out(&self) -> bool {
        self.paper_left_mm <= 0.0
    }

    pub(super) fn is_near_end(&self) -> bool {
        self.near_end_forced || self.paper_left_mm < self.settings.near_end_mm
    }

    pub(super) fn has(&self, trouble: Trouble) -> bool {
        self.trouble == Some(trouble)
    }

    /// Whether it waits for a word or a hand to go on.
    pub(super) fn is_recoverable(&self) -> bool {
        matches!(self.trouble, Some(Trouble::Cutter | Trouble::Mechanical))
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
        let mm = rows / self.settings.dots_per_mm();
        let had_paper = !self.is_paper_out();
        self.printed_mm += mm;
        self.paper_left_mm -= mm;
        self.done_at += Duration::from_secs_f64(mm / f64::from(self.settings.mm_per_s.max(1)));
        if had_paper && self.is_paper_out() {
            self.note("paper_out", json!({}));
        }
    }

    /// Feeds to the blade and `extra` rows more when asked to, and cuts.
    pub(super) fn cut(&mut self, full: bool, feed: Option<usize>) {
        if let Some(extra) = feed {
            self.feed(self.sheet.cutter_gap() + extra);
        }
        if self.cutter_jam {
            self.trouble = Some(Trouble::Cutter);
            self.unfinished_cut = Some(UnfinishedCut { full });
            self.note("cutter_error", json!({}));
            return;
        }
        self.cuts += 1;
        self.done_at += CUT_TIME;
        self.note("cut", json!({"mode": if full { "full" } else { "partial" }}));
        // What is between head and blade stays in the machine.
        let until = self.sheet.height().saturating_sub(self.sheet.cutter_gap());
        if self.sheet.has_print_above(until) {
            self.finish_paper(until, End::Cut);
        } else {
            self.sheet.discard(until);
        }
    }

    /// Leaves a recoverable error; `resume` repeats a cut that failed, which fails again while the blade is jammed.
    pub(super) fn recover(&mut self, resume: bool) {
        if self.is_recoverable() {
            self.trouble = None;
        }
        if let (Some(cut), true) = (self.unfinished_cut.take(), resume) {
            // The paper already stands at the blade.
            self.cut(cut.full, None);
        }
    }

    /// Without power nothing is remembered, and an error that only the power ends has ended.
    pub(super) fn power_off(&mut self, lost_bytes: usize) {
        self.sheet.event(json!({"event": "power_off", "lost_bytes": lost_bytes, "printed_mm": self.printed_mm}));
        if self.sheet.has_print() {
            self.finish_paper(self.sheet.height(), End::PowerOff);
        }
        self.trouble = None;
        self.unfinished_cut = None;
        self.outbox.forget();
    }

    pub(super) fn finish_paper(&mut self, until: usize, end: End) {
        let paper = self.sheet.take(until, end, self.printed_mm);
        self.papers += 1;
        let bytes = paper.rows.len() + paper.bytes.len();
        if self.finished.len() < MOST_FINISHED && self.finished_bytes + bytes <= MOST_FINISHED_BYTES {
            self.finished_bytes += bytes;
            self.finished.push_back(paper);
        } else {
            self.papers_lost += 1;
        }
    }

    /// The whole sheet, if there is something on it.
    pub(super) fn tear_off(&mut self, end: End) {
        if self.sheet.has_print() {
            self.finish_paper(self.sheet.height(), end);
        }
    }

    pub(super) fn take_papers(&mut self) -> Vec<Paper> {
        self.finished_bytes = 0;
        self.finished.drain(..).collect()
    }

    // ---- drawer, replies, events -----------------------------------------------------------------------------

    pub(super) fn pulse(&mut self, connector: u8, on_ms: u32, off_ms: u32, real_time: bool) {
        self.pulses += 1;
        self.drawer_open = true;
        if !real_time {
            self.done_at += Duration::from_millis(u64::from(on_ms));
        }
        self.note("pulse", json!({"connector": connector, "on_ms": on_ms, "off_ms": off_ms, "real_time": real_time}));
    }

    /// Sends when everything so far is done.
    pub(super) fn reply(&mut self, bytes: impl Into<Vec<u8>>) {
        self.outbox.send(bytes.into(), self.done_at);
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

    pub(super) fn note_unknown(&mut self, mut bytes: Vec<u8>) {
        bytes.truncate(SHOWN_UNKNOWN);
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

    /// Unknown commands, oldest first; only a strict machine lists them.
    pub(super) fn listed_unknown(&self) -> impl Iterator<Item = &[u8]> {
        self.listed_unknown.iter().map(Vec::as_slice)
    }
}
