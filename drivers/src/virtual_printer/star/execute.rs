//! What each command does to line, paper, drawer and replies.

use super::super::bitmap::Bitmap;
use super::super::code_pages::{self, CodePage};
use super::super::font::{FONT_A, FONT_NARROW};
use super::super::mechanism::Mechanism;
use super::super::symbols::{self, Correction};
use super::super::text::{Line, Look};
use super::command::StarCommand as Command;
use super::status::Etb;
use super::{Document, Star};
use serde_json::json;

/// 4 mm.
const DEFAULT_LINE_SPACING: u8 = 32;
/// "ESC C n": a page has 42 lines until it is told otherwise.
const PAGE_LINES: usize = 42;

/// Everything that `ESC @` resets.
#[derive(Clone, Debug)]
pub(super) struct Style {
    pub(super) align: u8,
    look: Look,
    spacing: u8,
    page: u8,
    set: u8,
    pub(super) line_spacing: u8,
    left_margin: u32,
    right_margin: Option<u32>,
    upside_down: bool,
    /// Whether the line that is being collected began upside down.
    line_turned: bool,
    tabs: Option<Vec<u8>>,
    /// Times of external device 1 in ms.
    pub(super) pulse: (u32, u32),
    pub(super) qr_dots: u8,
    pub(super) qr_correction: Correction,
    pub(super) qr_data: Vec<u8>,
    pub(super) raster: Raster,
    line: Line,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Raster {
    pub(super) left: u32,
    /// "ESC * r E n": what `ESC FF EOT` does, and "F" for `ESC FF NUL`.
    pub(super) eot_mode: u32,
    pub(super) ff_mode: u32,
    /// Dots of the row that is not fed yet.
    pub(super) row: Vec<u8>,
    /// Rows came since the last end of a page.
    pub(super) open: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            align: 0,
            look: Look::default(),
            spacing: 0,
            page: 0,
            set: 0,
            line_spacing: DEFAULT_LINE_SPACING,
            left_margin: 0,
            right_margin: None,
            upside_down: false,
            line_turned: false,
            tabs: None,
            pulse: (200, 200),
            qr_dots: 3,
            qr_correction: Correction::Low,
            qr_data: Vec::new(),
            raster: Raster::default(),
            line: Line::default(),
        }
    }
}

impl Style {
    pub(super) fn area(&self, head: u32) -> u32 {
        self.right_margin.unwrap_or(head).min(head).saturating_sub(self.left_margin).max(1)
    }

    pub(super) fn start(&self, head: u32, width: u32) -> u32 {
        let room = self.area(head).saturating_sub(width);
        self.left_margin
            + match self.align {
                1 => room / 2,
                2 => room,
                _ => 0,
            }
    }

    fn pitch(&self) -> u32 {
        self.look.face.width + u32::from(self.spacing)
    }
}

impl Star {
    /// Executes one command; everything before it is on paper.
    pub(super) fn execute(&mut self, command: Command, m: &mut Mechanism) {
        if self.document == Document::Dropped {
            if matches!(command, Command::Document { what: 4, .. }) {
                self.document = Document::None;
                m.note("document_dropped", json!({}));
            }
            return;
        }
        // A TSP100 prints raster and nothing else; text is lost without a word.
        if m.clone && !is_raster(&command) {
            return;
        }
        match command {
            Command::Text(code) => self.text(code, m),
            Command::LineFeed => self.print_line(m),
            Command::Tab => self.tab(m),
            Command::FormFeed => {
                self.flush(m);
                let page = PAGE_LINES * usize::from(self.style.line_spacing);
                m.feed(page - m.sheet.height() % page.max(1));
            }
            Command::FeedLines(n) => {
                self.flush_without_feed(m);
                m.feed(usize::from(n) * usize::from(self.style.line_spacing));
            }
            Command::FeedEighths(n) => {
                self.flush_without_feed(m);
                m.feed((f64::from(n) / 8.0 * m.settings.dots_per_mm()).round() as usize);
            }
            Command::Cut { full, feed } => {
                self.flush(m);
                m.cut(full, feed.then_some(0));
            }
            Command::Pulse(0) => m.pulse(0, self.style.pulse.0, self.style.pulse.1, false),
            Command::Pulse(device) => m.pulse(device, 200, 200, false),
            Command::Buzzer => m.note("buzzer", json!({})),
            Command::Initialize => {
                self.style = Style::default();
                m.note("initialize", json!({}));
            }
            Command::Cancel => {
                self.style = Style::default();
                self.etb = Etb::default();
                m.note("initialize", json!({}));
            }
            Command::Columns { tall, dense, data } => {
                let (height, bytes) = if tall { (24, 3) } else { (8, 1) };
                let picture = Bitmap::of_columns(height, bytes, &data);
                self.style.line.strip(picture, if dense { 1 } else { 2 }, if tall { 1 } else { 3 });
            }
            Command::Band { width_bytes, data } => {
                self.style.line.strip(Bitmap::of_rows(u32::from(width_bytes) * 8, 24, data), 1, 1);
            }
            Command::Picture { width_bytes, rows, data } => self.picture(width_bytes, rows, data, m),
            Command::Barcode { system, under, mode, height, data } => {
                self.barcode(system, under, mode, height, &data, m);
            }
            Command::QrPrint => self.print_qr(m),
            Command::QrAsk => {
                let dots = symbols::qr(&self.style.qr_data, self.style.qr_correction)
                    .map_or(0, |code| code.width() * u32::from(self.style.qr_dots));
                let [low, high] = u16::try_from(dots).unwrap_or(0).to_le_bytes();
                m.reply([0x1b, 0x1d, b'y', b'I', low, high]);
            }
            Command::Etb => {
                self.etb.counter = (self.etb.counter + 1) % 32;
                self.etb.executed = true;
                m.note("etb", json!({"counter": self.etb.counter}));
            }
            Command::EtbReset => {
                self.etb = Etb::default();
                self.last_status = super::status::automatic(m, self.etb, false);
            }
            Command::AutoStatus(on) => self.auto_status = on,
            Command::Document { what, n1, n2 } => self.document(what, n1, n2, m),
            Command::RasterEnter
            | Command::RasterQuit
            | Command::RasterClear
            | Command::RasterSetting { .. }
            | Command::RasterRow { .. }
            | Command::RasterFormFeed
            | Command::RasterEnd => self.raster(command, m),
            // A page that the model lacks: the encoder's profile is wrong.
            Command::CodePage(n) if page(n).is_none() => m.note_unknown(vec![0x1b, 0x1d, b't', n]),
            Command::Logo(n) => m.note_unknown(vec![0x1b, 0x1c, b'p', n]),
            Command::Unknown(bytes) => m.note_unknown(bytes),
            setting => self.set(setting, m),
        }
    }

    /// Commands that only change how the next characters look.
    fn set(&mut self, command: Command, m: &Mechanism) {
        let head = m.sheet.width();
        let pitch = self.style.pitch();
        let style = &mut self.style;
        let look = &mut style.look;
        match command {
            Command::Font(n) => look.face = if n == 0 { FONT_A } else { FONT_NARROW },
            Command::Size { width, height } => {
                look.width = width.map_or(look.width, |n| u32::from(n) + 1);
                look.height = height.map_or(look.height, |n| u32::from(n) + 1);
            }
            Command::Emphasized(on) => look.bold = on,
            Command::Underline(on) => look.underline = if on { 2 } else { 0 },
            Command::Upperline(on) => look.upperline = if on { 2 } else { 0 },
            Command::Inverse(on) => look.inverse = on,
            Command::UpsideDown(on) => style.upside_down = on,
            Command::Spacing(n) => style.spacing = n.min(15),
            Command::CodePage(n) => style.page = n,
            Command::International(n) => style.set = n,
            Command::Align(n) => style.align = n,
            // "Ignored if settings are for a printing region less than 36 mm."
            Command::LeftMargin(n) if u32::from(n) * pitch + 288 <= head => style.left_margin = u32::from(n) * pitch,
            Command::RightMargin(n) if u32::from(n) * pitch >= style.left_margin + 288 => {
                style.right_margin = Some(u32::from(n) * pitch);
            }
            Command::Position(dots) if u32::from(dots) <= head => style.line.x = u32::from(dots),
            Command::RelativePosition(dots) => {
                style.line.x = style.line.x.saturating_add_signed(i32::from(dots)).min(head);
            }
            Command::TabStops(columns) => style.tabs = (!columns.is_empty()).then_some(columns),
            Command::LineSpacing(dots) => style.line_spacing = dots,
            Command::PulseTimes { on, off } if on > 0 && off > 0 => {
                style.pulse = (u32::from(on.min(127)) * 10, u32::from(off.min(127)) * 10);
            }
            Command::QrCell(n) => style.qr_dots = n.clamp(1, 8),
            Command::QrCorrection(n) => {
                style.qr_correction = match n {
                    1 => Correction::Medium,
                    2 => Correction::Quartile,
                    3 => Correction::High,
                    _ => Correction::Low,
                }
            }
            Command::QrData(data) => style.qr_data = data,
            _ => {}
        }
    }

    // ---- lines -----------------------------------------------------------------------------------------------

    fn text(&mut self, code: u8, m: &mut Mechanism) {
        let style = &self.style;
        let look = style.look;
        let character = code_pages::character(page(style.page), style.set, code);
        if style.line.x + style.pitch() * look.width > style.area(m.sheet.width()) && !style.line.is_empty() {
            self.print_line(m);
        }
        let spacing = u32::from(self.style.spacing);
        if self.style.line.is_empty() {
            self.style.line_turned = self.style.upside_down;
        }
        self.style.line.character(character, look, spacing);
    }

    fn tab(&mut self, m: &Mechanism) {
        let style = &mut self.style;
        let column = style.pitch().max(1);
        let x = style.line.x;
        let next = match &style.tabs {
            None => Some((x / (column * 8) + 1) * column * 8),
            Some(stops) => stops.iter().map(|stop| u32::from(*stop) * column).find(|stop| *stop > x),
        };
        if let Some(next) = next {
            style.line.x = next.min(m.sheet.width());
        }
    }

    fn print_line(&mut self, m: &mut Mechanism) {
        self.print_line_or(usize::from(self.style.line_spacing), m);
        m.lines_fed += 1;
    }

    /// "Print data in line buffer is printed before": when there is any.
    pub(super) fn flush(&mut self, m: &mut Mechanism) {
        if !self.style.line.is_empty() {
            self.print_line(m);
        }
    }

    /// The same before a feed that says itself how far.
    fn flush_without_feed(&mut self, m: &mut Mechanism) {
        if !self.style.line.is_empty() {
            self.print_line_or(0, m);
        }
    }

    fn print_line_or(&mut self, rows: usize, m: &mut Mechanism) {
        let top = m.sheet.height();
        if self.style.line.is_empty() {
            m.sheet.line(top, "");
            self.style.line.clear();
            m.feed(rows);
            return;
        }
        let head = m.sheet.width();
        let (width, tall) = self.style.line.size();
        let rows = rows.max(usize::try_from(tall).unwrap_or(0));
        m.sheet.feed(rows);
        let turned = std::mem::take(&mut self.style.line_turned).then(|| self.style.area(head));
        let left = if turned.is_some() { self.style.left_margin } else { self.style.start(head, width) };
        let text = self.style.line.print(&mut m.sheet, left, top, turned);
        m.moved(rows);
        m.note("text", json!({"text": text, "row": top}));
    }

    // ---- counters --------------------------------------------------------------------------------------------

    /// "ESC GS ETX s n1 n2": the print end counter, and documents.
    fn document(&mut self, what: u8, n1: u8, n2: u8, m: &mut Mechanism) {
        match what {
            // The answer is due when the line is printed and the motor stands.
            1 => {
                self.flush(m);
                self.document_counter = self.document_counter.wrapping_add(1);
            }
            2 => self.document_counter = 0,
            3 => {
                self.style = Style::default();
                self.document = Document::Open;
            }
            4 => {
                self.flush(m);
                self.document = Document::None;
            }
            _ => {}
        }
        m.note("document", json!({"what": what, "n1": n1, "n2": n2, "counter": self.document_counter}));
        if what < 2 {
            m.reply([0x1b, 0x1d, 0x03, what, n1, n2, self.document_counter, 0]);
        }
    }
}

fn is_raster(command: &Command) -> bool {
    matches!(
        command,
        Command::RasterEnter
            | Command::RasterQuit
            | Command::RasterClear
            | Command::RasterSetting { .. }
            | Command::RasterRow { .. }
            | Command::RasterFormFeed
            | Command::RasterEnd
            | Command::AutoStatus(_)
            | Command::Etb
            | Command::EtbReset
            | Command::Document { .. }
            | Command::Pulse(_)
            | Command::Initialize
            | Command::Cancel
    )
}

/// "ESC GS t n", the pages that this model has.
pub(super) fn page(n: u8) -> Option<CodePage> {
    let number = match n {
        0 | 1 | 3 => 437,
        2 => 897,
        4 => 858,
        5 => 852,
        6 => 860,
        7 => 861,
        8 => 863,
        9 => 865,
        10 => 866,
        11 => 855,
        12 => 857,
        13 => 862,
        14 => 864,
        15 => 737,
        17 => 869,
        18 => 28597,
        21 => 874,
        32 => 1252,
        33 => 1250,
        34 => 1251,
        _ => return None,
    };
    code_pages::page(number)
}
