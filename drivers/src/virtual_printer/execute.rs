//! What each command does to line, paper, drawer and replies.

use super::code_pages;
use super::font::{FONT_A, FONT_B, Face};
use super::machine::Machine;
use super::parser::{Command, Picture, Qr, ROW_BYTES};
use super::sheet::{CUTTER_GAP_ROWS, WIDTH};
use qrcodegen::{QrCode, QrCodeEcc};
use serde_json::json;
use std::time::Duration;

/// `ESC 2`: 30 dots.
const DEFAULT_LINE_SPACING: u8 = 30;
/// NV graphics that the model holds.
const MOST_NV: usize = 16;
/// Characters waiting in one line; more cannot fit on the paper.
const MOST_IN_LINE: usize = 256;

/// Everything that `ESC @` resets.
#[derive(Clone, Debug)]
pub(super) struct Style {
    align: u8,
    font_b: bool,
    bold: bool,
    underline: u8,
    inverse: bool,
    width: u8,
    height: u8,
    spacing: u8,
    page: u8,
    set: u8,
    line_spacing: u8,
    left_margin: u32,
    area_width: u32,
    tabs: Option<Vec<u8>>,
    /// Two bytes a character above 7Fh: what a clone does until `FS .`.
    pub(super) kanji: bool,
    kanji_lead: bool,
    barcode_height: u8,
    barcode_module: u8,
    barcode_text: u8,
    qr_dots: u8,
    qr_correction: u8,
    qr_data: Vec<u8>,
    graphics: Option<Picture>,
    raster: Raster,
    line: Vec<Cell>,
    x: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Raster {
    x: u32,
    wide: bool,
    tall: bool,
}

#[derive(Clone, Debug)]
struct Cell {
    character: char,
    x: u32,
    face: Face,
    width: u32,
    height: u32,
    bold: bool,
    underline: u8,
    inverse: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            align: 0,
            font_b: false,
            bold: false,
            underline: 0,
            inverse: false,
            width: 1,
            height: 1,
            spacing: 0,
            page: 0,
            set: 0,
            line_spacing: DEFAULT_LINE_SPACING,
            left_margin: 0,
            area_width: WIDTH,
            tabs: None,
            kanji: false,
            kanji_lead: false,
            barcode_height: 162,
            barcode_module: 3,
            barcode_text: 0,
            qr_dots: 3,
            qr_correction: 48,
            qr_data: Vec::new(),
            graphics: None,
            raster: Raster::default(),
            line: Vec::new(),
            x: 0,
        }
    }
}

impl Style {
    /// As after `ESC @`; a clone starts in two-byte mode.
    pub(super) fn fresh(kanji: bool) -> Self {
        Self { kanji, ..Self::default() }
    }

    pub(super) fn line_is_empty(&self) -> bool {
        self.line.is_empty()
    }

    pub(super) fn clear_line(&mut self) {
        self.line.clear();
        self.x = 0;
    }

    fn face(&self) -> Face {
        if self.font_b { FONT_B } else { FONT_A }
    }

    fn cell_width(&self) -> u32 {
        (self.face().width + u32::from(self.spacing)) * u32::from(self.width)
    }

    fn area(&self) -> u32 {
        self.area_width.min(WIDTH.saturating_sub(self.left_margin)).max(1)
    }

    /// Where something `width` dots wide starts.
    fn start(&self, width: u32) -> u32 {
        let room = self.area().saturating_sub(width);
        self.left_margin
            + match self.align {
                1 => room / 2,
                2 => room,
                _ => 0,
            }
    }

    /// The text of the line as a person reads it: gaps become spaces.
    fn text(&self) -> String {
        let mut cells: Vec<&Cell> = self.line.iter().collect();
        cells.sort_by_key(|cell| cell.x);
        let mut text = String::new();
        let mut end = 0;
        for cell in cells {
            let gap = cell.x.saturating_sub(end);
            let spaces = (gap + FONT_B.width / 2) / FONT_A.width;
            text.extend(std::iter::repeat_n(' ', usize::try_from(spaces).unwrap_or(0)));
            text.push(cell.character);
            end = cell.x + cell.face.width * cell.width;
        }
        text.trim_end().to_owned()
    }
}

impl Machine {
    /// Executes one command; everything before it is on paper.
    pub(super) fn execute(&mut self, command: Command) {
        match command {
            Command::Text(code) => self.text(code),
            Command::LineFeed => {
                self.print_line();
            }
            Command::Tab => self.tab(),
            Command::Buzzer => self.note("buzzer", json!({})),
            // The receive buffer stays, the collected line goes; "ASB is disabled" too.
            Command::Initialize => {
                self.style = Style::fresh(self.standing.clone);
                self.auto_status = 0;
                self.note("initialize", json!({}));
            }
            Command::CarriageReturn | Command::Executed | Command::Accepted(_) => {}
            Command::FeedLines(n) => {
                // "Prints the data in the buffer and feeds n lines": with n = 1 the same as LF.
                let mut lines = usize::from(n);
                if !self.style.line_is_empty() {
                    if lines == 0 {
                        self.print_line_or(0)
                    } else {
                        self.print_line()
                    }
                    lines = lines.saturating_sub(1);
                }
                self.feed_blank(lines);
            }
            Command::FeedDots(n) => {
                if !self.style.line_is_empty() {
                    self.print_line_or(usize::from(n));
                } else {
                    self.feed(usize::from(n));
                }
            }
            Command::Cut { full, feed } => self.execute_cut(full, feed),
            Command::Pulse { connector, on_ms, off_ms } => self.pulse(connector, on_ms, off_ms, false),
            Command::RasterStart { width_bytes, rows, wide, tall } => {
                self.raster_start(width_bytes, rows, wide, tall);
            }
            Command::RasterRow(row) => self.raster_row(&row),
            Command::Columns { tall, dense, data } => self.columns(tall, dense, &data),
            Command::GraphicsStore(picture) => self.style.graphics = Some(picture),
            Command::GraphicsPrint => {
                if let Some(picture) = self.style.graphics.take() {
                    self.picture(&picture);
                }
            }
            Command::NvDefine { key, picture } => {
                self.nv.retain(|(known, _)| *known != key);
                if self.nv.len() < MOST_NV {
                    self.nv.push((key, picture));
                }
            }
            Command::NvPrint(key) => {
                let found = self.nv.iter().find(|(known, _)| *known == key).map(|(_, picture)| picture.clone());
                if let Some(picture) = found {
                    self.picture(&picture);
                }
            }
            Command::Qr(qr) => self.qr(qr),
            Command::Barcode { system, data } => self.barcode(system, &data),
            Command::AutoStatus(_) | Command::ProcessId(_) | Command::OfflineResponse(_) if self.standing.clone => {
                self.note_unknown(vec![0x1d]);
            }
            Command::AutoStatus(n) => {
                self.auto_status = n;
                if n != 0 {
                    let status = self.status_bytes();
                    self.reply(status.to_vec(), self.done_at);
                }
            }
            Command::TransmitStatus(n) => {
                if let Some(byte) = self.transmitted_status(n) {
                    self.reply(vec![byte], self.done_at);
                }
            }
            Command::TransmitId(n) => self.reply(Self::identity(n).unwrap_or_default(), self.done_at),
            Command::TransmitCounter(n) => self.reply(self.counter(n).unwrap_or_default(), self.done_at),
            Command::ProcessId(id) => {
                self.note("process_id", json!({"id": String::from_utf8_lossy(&id)}));
                self.reply_id(id, self.done_at);
            }
            Command::OfflineResponse(on) => self.offline_response = on,
            // A page that the model lacks: "out of range is ignored", and the encoder's profile is wrong.
            Command::CodePage(n) if !code_pages::has_page(n) => self.note_unknown(vec![0x1b, b't', n]),
            Command::Unknown(bytes) => self.note_unknown(bytes),
            setting => self.set(setting),
        }
    }

    /// Commands that only change how the next characters look.
    fn set(&mut self, command: Command) {
        let at_line_start = self.style.line_is_empty();
        let style = &mut self.style;
        match command {
            // "Enabled only at the beginning of a line."
            Command::Align(n) if at_line_start => style.align = n,
            Command::LeftMargin(dots) if at_line_start => style.left_margin = u32::from(dots).min(WIDTH),
            Command::AreaWidth(dots) if at_line_start => style.area_width = u32::from(dots),
            Command::PrintMode(n) => {
                style.font_b = n & 0x01 != 0;
                style.bold = n & 0x08 != 0;
                style.height = if n & 0x10 != 0 { 2 } else { 1 };
                style.width = if n & 0x20 != 0 { 2 } else { 1 };
                style.underline = u8::from(n & 0x80 != 0);
            }
            Command::Emphasized(on) => style.bold = on,
            Command::Underline(dots) => style.underline = dots,
            Command::Font(n) => style.font_b = n != 0,
            Command::CharacterSpacing(dots) => style.spacing = dots,
            Command::CodePage(n) => style.page = n,
            Command::International(n) => style.set = n,
            Command::LineSpacing(dots) => style.line_spacing = dots.unwrap_or(DEFAULT_LINE_SPACING),
            Command::Position(dots) => style.x = u32::from(dots).min(WIDTH),
            Command::RelativePosition(dots) => {
                style.x = style.x.saturating_add_signed(i32::from(dots)).min(WIDTH);
            }
            Command::TabStops(columns) => style.tabs = Some(columns),
            Command::Size { width, height } => {
                style.width = width;
                style.height = height;
            }
            Command::Inverse(on) => style.inverse = on,
            Command::BarcodeHeight(n) => style.barcode_height = n.max(1),
            Command::BarcodeModule(n) => style.barcode_module = n.clamp(2, 6),
            Command::BarcodeText(n) => style.barcode_text = n,
            Command::Kanji(on) => {
                // This model has no kanji; only its clone has.
                style.kanji = on && self.standing.clone;
                style.kanji_lead = false;
            }
            _ => {}
        }
    }

    fn text(&mut self, code: u8) {
        let style = &mut self.style;
        let character = if style.kanji_lead {
            style.kanji_lead = false;
            '\u{fffd}'
        } else if style.kanji && code >= 0x81 {
            style.kanji_lead = true;
            return;
        } else {
            // A clone numbers its pages otherwise: the trap behind most "wrong characters" reports.
            let page = if self.standing.clone { clone_page(style.page) } else { style.page };
            code_pages::character(page, style.set, code)
        };
        let (width, area) = (style.cell_width(), style.area());
        if style.x + width > area && !style.line.is_empty() {
            self.print_line();
        }
        let style = &mut self.style;
        if style.line.len() < MOST_IN_LINE {
            style.line.push(Cell {
                character,
                x: style.x,
                face: style.face(),
                width: u32::from(style.width),
                height: u32::from(style.height),
                bold: style.bold,
                underline: style.underline,
                inverse: style.inverse,
            });
        }
        style.x += width;
    }

    fn tab(&mut self) {
        let style = &mut self.style;
        let column = style.face().width.max(1);
        let next = match &style.tabs {
            None => Some((style.x / (column * 8) + 1) * column * 8),
            Some(stops) => stops.iter().map(|stop| u32::from(*stop) * column).find(|stop| *stop > style.x),
        };
        if let Some(next) = next {
            style.x = next.min(WIDTH);
        }
    }

    /// LF: prints the collected line, or feeds an empty one.
    pub(super) fn print_line(&mut self) {
        self.print_line_or(usize::from(self.style.line_spacing));
        self.lines_fed += 1;
    }

    /// Prints the collected line and feeds at least `rows`.
    fn print_line_or(&mut self, rows: usize) {
        let top = self.sheet.height();
        if self.style.line_is_empty() {
            if rows > 0 {
                self.sheet.line(top, String::new());
            }
            self.style.x = 0;
            self.feed(rows);
            return;
        }
        let text = self.style.text();
        let line = std::mem::take(&mut self.style.line);
        self.style.x = 0;
        let width = line.iter().map(|cell| cell.x + cell.face.width * cell.width).max().unwrap_or(0);
        let tall = line.iter().map(|cell| cell.face.height * cell.height).max().unwrap_or(0);
        let left = self.style.start(width);
        let rows = rows.max(usize::try_from(tall).unwrap_or(0));
        self.sheet.feed(rows);
        for cell in &line {
            self.draw(cell, left, top, tall);
        }
        self.moved(rows);
        self.note("text", json!({"text": text, "row": top}));
        self.sheet.line(top, text);
    }

    fn feed_blank(&mut self, lines: usize) {
        for _ in 0..lines {
            let top = self.sheet.height();
            self.feed(usize::from(self.style.line_spacing));
            self.sheet.line(top, String::new());
            self.lines_fed += 1;
        }
    }

    fn draw(&mut self, cell: &Cell, left: u32, top: usize, tall: u32) {
        let (width, height) = (cell.face.width * cell.width, cell.face.height * cell.height);
        let drop = usize::try_from(tall.saturating_sub(height)).unwrap_or(0);
        let x0 = left + cell.x;
        for y in 0..height {
            let row = top + drop + usize::try_from(y).unwrap_or(0);
            for x in 0..width {
                let (gx, gy) = (x / cell.width, y / cell.height);
                // The head's heavy dots: strokes run together to the right, twice as far when emphasized.
                let black = cell.face.dot(cell.character, gx, gy)
                    || (cell.bold && gx > 0 && cell.face.dot(cell.character, gx - 1, gy));
                let underlined = cell.underline > 0 && y + u32::from(cell.underline) >= height;
                if black || underlined {
                    self.sheet.dot(x0 + x, row);
                }
            }
        }
        if cell.inverse {
            self.sheet.invert(x0, top + drop, width, usize::try_from(height).unwrap_or(0));
        }
    }

    fn execute_cut(&mut self, full: bool, feed: Option<u8>) {
        // "Enabled only when processed at the beginning of the line."
        if !self.style.line_is_empty() {
            self.note("cut_ignored", json!({"why": "not at the beginning of a line"}));
            return;
        }
        if let Some(extra) = feed
            && self.unfinished_cut.is_none()
        {
            self.feed(CUTTER_GAP_ROWS + usize::from(extra));
        }
        if self.standing.cutter_jam {
            self.cutter_error = true;
            // The paper already stands at the blade when the cut is repeated.
            self.unfinished_cut = Some((full, None));
            self.note("cutter_error", json!({}));
            self.status_changed(self.done_at);
            return;
        }
        self.cut(full);
    }

    pub(super) fn pulse(&mut self, connector: u8, on_ms: u32, off_ms: u32, real_time: bool) {
        self.pulses += 1;
        self.drawer_open = true;
        if !real_time {
            self.done_at += Duration::from_millis(u64::from(on_ms));
        }
        self.note(
            "pulse",
            json!({"connector": connector, "on_ms": on_ms, "off_ms": off_ms,
            "real_time": real_time}),
        );
        self.status_changed(self.done_at);
    }

    // ---- pictures --------------------------------------------------------------------------------------------

    fn raster_start(&mut self, width_bytes: u16, rows: u16, wide: bool, tall: bool) {
        if !self.style.line_is_empty() {
            self.print_line();
        }
        let width = u32::from(width_bytes) * 8;
        let shown = if wide { width * 2 } else { width };
        self.style.raster = Raster { x: self.style.start(shown), wide, tall };
        let top = self.sheet.height();
        self.note("raster", json!({"width": width, "height": rows, "row": top}));
        self.sheet.line(top, format!("[image {width}x{rows}]"));
    }

    fn raster_row(&mut self, row: &[u8]) {
        let raster = self.style.raster;
        let (scale_x, scale_y) = (if raster.wide { 2 } else { 1 }, if raster.tall { 2 } else { 1 });
        self.draw_row(row, raster.x, scale_x, scale_y);
    }

    /// Draws one row of dots at the head and moves the paper past it.
    fn draw_row(&mut self, row: &[u8], left: u32, scale_x: u32, scale_y: usize) {
        let top = self.sheet.height();
        self.sheet.feed(scale_y);
        for (x, bit) in dots(row) {
            if bit {
                for dy in 0..scale_y {
                    for dx in 0..scale_x {
                        self.sheet.dot(left + x * scale_x + dx, top + dy);
                    }
                }
            }
        }
        self.moved(scale_y);
    }

    fn picture(&mut self, picture: &Picture) {
        let row_bytes = usize::from(picture.width).div_ceil(8).max(1);
        let left = self.style.start(u32::from(picture.width) * u32::from(picture.scale_x));
        let top = self.sheet.height();
        self.note("graphics", json!({"width": picture.width, "height": picture.height, "row": top}));
        self.sheet.line(top, format!("[image {}x{}]", picture.width, picture.height));
        for row in picture.data.chunks(row_bytes).take(usize::from(picture.height)) {
            let shown = row.get(..row.len().min(ROW_BYTES)).unwrap_or(row);
            self.draw_row(shown, left, u32::from(picture.scale_x), usize::from(picture.scale_y));
        }
    }

    /// `ESC *`: drawn at once as a band of its own; a line of text beside it is printed first.
    fn columns(&mut self, tall: bool, dense: bool, data: &[u8]) {
        if !self.style.line_is_empty() {
            self.print_line();
        }
        let bytes = if tall { 3 } else { 1 };
        // 8-dot columns are a third as fine down, single density half as fine across ("ESC *", table of m).
        let (scale_x, scale_y) = (if dense { 1 } else { 2 }, if tall { 1 } else { 3 });
        let width = u32::try_from(data.len() / bytes).unwrap_or(u32::MAX).saturating_mul(scale_x);
        let left = self.style.start(width);
        let top = self.sheet.height();
        self.sheet.feed(24);
        for (x, column) in (0u32..).zip(data.chunks(bytes)) {
            for (y, bit) in dots(column) {
                if bit {
                    for dy in 0..scale_y {
                        for dx in 0..scale_x {
                            let row = top + usize::try_from(y * scale_y + dy).unwrap_or(0);
                            self.sheet.dot(left.saturating_add(x.saturating_mul(scale_x)) + dx, row);
                        }
                    }
                }
            }
        }
        self.moved(24);
        self.note("columns", json!({"width": width, "row": top}));
    }

    // ---- symbols ---------------------------------------------------------------------------------------------

    fn qr(&mut self, qr: Qr) {
        match qr {
            Qr::Model(_) => {}
            Qr::ModuleDots(n) => self.style.qr_dots = n.clamp(1, 16),
            Qr::ErrorCorrection(n) => self.style.qr_correction = n,
            Qr::Store(data) => self.style.qr_data = data,
            Qr::Print => self.print_qr(),
        }
    }

    fn print_qr(&mut self) {
        let data = self.style.qr_data.clone();
        let shown = String::from_utf8_lossy(&data).into_owned();
        let level = match self.style.qr_correction {
            49 => QrCodeEcc::Medium,
            50 => QrCodeEcc::Quartile,
            51 => QrCodeEcc::High,
            _ => QrCodeEcc::Low,
        };
        let Ok(code) = QrCode::encode_binary(&data, level) else {
            // "The printer prints nothing when the data does not fit the symbol."
            self.note("qr_too_long", json!({"bytes": data.len()}));
            return;
        };
        let dots = u32::from(self.style.qr_dots);
        let size = u32::try_from(code.size()).unwrap_or(0);
        let left = self.style.start(size * dots);
        let top = self.sheet.height();
        let rows = usize::try_from(size * dots).unwrap_or(0);
        self.sheet.feed(rows);
        for y in 0..size * dots {
            for x in 0..size * dots {
                let module = |at: u32| i32::try_from(at / dots).unwrap_or(-1);
                if code.get_module(module(x), module(y)) {
                    self.sheet.dot(left + x, top + usize::try_from(y).unwrap_or(0));
                }
            }
        }
        self.moved(rows);
        self.note("qr", json!({"data": shown, "row": top}));
        self.sheet.line(top, format!("[QR: {shown}]"));
    }

    /// Bars that look like bars: one module pattern for each byte, not one that a scanner reads.
    fn barcode(&mut self, system: u8, data: &[u8]) {
        if !self.style.line_is_empty() {
            self.print_line();
        }
        // CODE128 begins with its code set, `{B`.
        let shown = String::from_utf8_lossy(data.strip_prefix(b"{B").unwrap_or(data)).into_owned();
        let module = u32::from(self.style.barcode_module);
        let length = u32::try_from(data.len()).unwrap_or(0);
        let width = length.saturating_mul(11 * module);
        let left = self.style.start(width);
        let top = self.sheet.height();
        let rows = usize::from(self.style.barcode_height);
        self.sheet.feed(rows);
        for (at, byte) in (0u32..).zip(data) {
            let pattern = 0b100_0000_0000 | (u32::from(*byte) << 2) | 0b1;
            for bar in (0..11).filter(|bar| pattern & (0x400 >> bar) != 0) {
                for dx in 0..module {
                    for y in 0..rows {
                        self.sheet.dot(left.saturating_add((at * 11 + bar) * module + dx), top + y);
                    }
                }
            }
        }
        self.moved(rows);
        self.note("barcode", json!({"system": system, "data": shown, "row": top}));
        self.sheet.line(top, format!("[barcode: {shown}]"));
        if self.style.barcode_text & 2 != 0 {
            for byte in shown.bytes() {
                self.text(byte);
            }
            self.print_line();
        }
    }
}

/// A clone's slots: its WPC1252 sits where the original has PC437, and the other way round.
fn clone_page(slot: u8) -> u8 {
    match slot {
        16 => 0,
        0 => 16,
        19 => 2,
        other => other,
    }
}

/// The dots of packed bytes with their number, left or top first.
fn dots(bytes: &[u8]) -> impl Iterator<Item = (u32, bool)> + '_ {
    (0u32..).zip(bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte & (0x80 >> bit) != 0)))
}
