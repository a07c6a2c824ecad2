//! What each command does to line, paper, drawer and replies.

use super::super::bitmap::Bitmap;
use super::super::code_pages::{self, CodePage};
use super::super::font::{FONT_A, FONT_B};
use super::super::mechanism::Mechanism;
use super::super::settings::TwoByte;
use super::super::symbols::code128::{self, Set, Writer};
use super::super::symbols::{self, Bars, Correction, Symbology};
use super::super::text::{Line, Look, wide};
use super::parser::{Command, Qr};
use super::{EscPos, status};
use serde_json::json;

/// `ESC 2`: 30 dots.
const DEFAULT_LINE_SPACING: u8 = 30;
/// Pictures that the model keeps without power, and their bytes in all.
const MOST_NV: usize = 16;
const MOST_NV_BYTES: usize = 1024 * 1024;

/// Everything that `ESC @` resets.
#[derive(Clone, Debug)]
pub(super) struct Style {
    align: u8,
    look: Look,
    spacing: u8,
    page: u8,
    set: u8,
    line_spacing: u8,
    left_margin: u32,
    area_width: u32,
    upside_down: bool,
    tabs: Option<Vec<u8>>,
    two_byte: TwoByte,
    /// `FS &` and `FS .`.
    two_byte_on: bool,
    shift_jis: bool,
    /// Bytes of a character that is not complete.
    lead: Vec<u8>,
    barcode_height: u8,
    barcode_module: u8,
    barcode_text: u8,
    qr_dots: u8,
    qr_correction: Correction,
    qr_data: Vec<u8>,
    graphics: Option<(Bitmap, u8, u8)>,
    downloaded: Option<Bitmap>,
    raster: Raster,
    pub(super) line: Line,
}

#[derive(Clone, Copy, Debug, Default)]
struct Raster {
    x: u32,
    scale_x: u32,
    scale_y: usize,
}

impl Style {
    /// As after `ESC @`.
    pub(super) fn fresh(two_byte: TwoByte) -> Self {
        Self {
            align: 0,
            look: Look::default(),
            spacing: 0,
            page: 0,
            set: 0,
            line_spacing: DEFAULT_LINE_SPACING,
            left_margin: 0,
            area_width: u32::MAX,
            upside_down: false,
            tabs: None,
            two_byte,
            // Japanese models begin with alphabets, the others with two-byte characters.
            two_byte_on: !matches!(two_byte, TwoByte::None | TwoByte::Japanese),
            shift_jis: false,
            lead: Vec::new(),
            barcode_height: 162,
            barcode_module: 3,
            barcode_text: 0,
            qr_dots: 3,
            qr_correction: Correction::Low,
            qr_data: Vec::new(),
            graphics: None,
            downloaded: None,
            raster: Raster::default(),
            line: Line::default(),
        }
    }

    /// The width that the margins leave of a head.
    fn area(&self, head: u32) -> u32 {
        self.area_width.min(head.saturating_sub(self.left_margin)).max(1)
    }

    /// Where something `width` dots wide starts.
    fn start(&self, head: u32, width: u32) -> u32 {
        let room = self.area(head).saturating_sub(width);
        self.left_margin
            + match self.align {
                1 => room / 2,
                2 => room,
                _ => 0,
            }
    }

    /// Whether `byte` begins a character of several bytes.
    fn is_lead(&self, byte: u8) -> bool {
        self.two_byte_on
            && match self.two_byte {
                TwoByte::None => false,
                TwoByte::Japanese if self.shift_jis => matches!(byte, 0x81..=0x9f | 0xe0..=0xfc),
                TwoByte::Japanese => (0x21..=0x7e).contains(&byte),
                TwoByte::Chinese | TwoByte::Taiwanese | TwoByte::Korean => byte >= 0x81,
            }
    }

    /// The character of complete bytes; `None` while more must come.
    fn several(&self, bytes: &[u8]) -> Option<char> {
        let encoding = match self.two_byte {
            TwoByte::Japanese if self.shift_jis => encoding_rs::SHIFT_JIS,
            TwoByte::Japanese => encoding_rs::EUC_JP,
            TwoByte::Taiwanese => encoding_rs::BIG5,
            TwoByte::Korean => encoding_rs::EUC_KR,
            TwoByte::None | TwoByte::Chinese => encoding_rs::GB18030,
        };
        // Four bytes of GB 18030 have a digit in the second.
        let need = if encoding == encoding_rs::GB18030 && matches!(bytes, [_, b'0'..=b'9', ..]) { 4 } else { 2 };
        if bytes.len() < need {
            return None;
        }
        let jis = self.two_byte == TwoByte::Japanese && !self.shift_jis;
        let bytes: Vec<u8> = bytes.iter().map(|byte| if jis { byte | 0x80 } else { *byte }).collect();
        let (text, _) = encoding.decode_without_bom_handling(&bytes);
        Some(text.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER))
    }
}

impl EscPos {
    /// Executes one command; everything before it is on paper.
    pub(super) fn execute(&mut self, command: Command, m: &mut Mechanism) {
        match command {
            Command::Text(code) => self.text(code, m),
            Command::LineFeed => self.print_line(m),
            Command::Tab => self.tab(m),
            Command::Buzzer => m.note("buzzer", json!({})),
            // The receive buffer stays, the collected line goes; "ASB is disabled" too.
            Command::Initialize => {
                self.style = Style::fresh(self.model(m));
                self.auto_status = 0;
                m.note("initialize", json!({}));
            }
            Command::CarriageReturn | Command::Executed | Command::Accepted(_) => {}
            Command::FeedLines(n) => {
                // "Prints the data in the buffer and feeds n lines": with n = 1 the same as LF.
                let mut lines = usize::from(n);
                if !self.style.line.is_empty() {
                    if lines == 0 {
                        self.print_line_or(0, m)
                    } else {
                        self.print_line(m)
                    }
                    lines = lines.saturating_sub(1);
                }
                self.feed_blank(lines, m);
            }
            Command::FeedDots(n) if self.style.line.is_empty() => m.feed(usize::from(n)),
            Command::FeedDots(n) => self.print_line_or(usize::from(n), m),
            // "Enabled only when processed at the beginning of the line."
            Command::Cut { .. } if !self.style.line.is_empty() => {
                m.note("cut_ignored", json!({"why": "not at the beginning of a line"}));
            }
            Command::Cut { full, feed } => m.cut(full, feed.map(usize::from)),
            Command::Pulse { connector, on_ms, off_ms } => m.pulse(connector, on_ms, off_ms, false),
            Command::RasterStart { .. }
            | Command::RasterRow(_)
            | Command::Columns { .. }
            | Command::GraphicsStore { .. }
            | Command::GraphicsPrint
            | Command::DownloadImage(_)
            | Command::DownloadedPrint(_) => self.graphics(command, m),
            Command::NvDefine { .. }
            | Command::NvPrint { .. }
            | Command::NvDelete(_)
            | Command::NvDeleteAll
            | Command::NvAsk(_)
            | Command::NvImage { .. }
            | Command::NvImagePrint { .. } => self.stored(command, m),
            Command::Qr(qr) => self.qr(qr, m),
            Command::Barcode { system, data } => self.barcode(system, &data, m),
            Command::AutoStatus(_)
            | Command::TransmitStatus(_)
            | Command::TransmitId(_)
            | Command::TransmitCounter(_)
            | Command::ResetCounter(_)
            | Command::ProcessId(_)
            | Command::OfflineResponse(_) => self.answer(command, m),
            // A page that the model lacks: "out of range is ignored", and the encoder's profile is wrong.
            Command::CodePage(n) if slot(n).is_none() => m.note_unknown(vec![0x1b, b't', n]),
            Command::Unknown(bytes) => m.note_unknown(bytes),
            setting => self.set(setting, m),
        }
    }

    /// Commands that ask for bytes back.
    fn answer(&mut self, command: Command, m: &mut Mechanism) {
        match command {
            Command::AutoStatus(_) | Command::ProcessId(_) | Command::OfflineResponse(_) if m.clone => {
                m.note_unknown(vec![0x1d]);
            }
            Command::AutoStatus(n) => {
                self.auto_status = n;
                if n != 0 {
                    self.last_status = status::automatic(m);
                    m.reply(self.last_status);
                }
            }
            Command::TransmitStatus(n) => {
                let byte = status::transmitted(m, n);
                m.reply(byte.into_iter().collect::<Vec<u8>>());
            }
            Command::TransmitId(n) => m.reply(status::identity(n).unwrap_or_default()),
            Command::TransmitCounter(n) => m.reply(status::counter(m, n).unwrap_or_default()),
            Command::ResetCounter(20) => m.lines_fed_at_reset = m.lines_fed,
            Command::ResetCounter(50) => m.cuts_at_reset = m.cuts,
            Command::ProcessId(id) => {
                m.note("process_id", json!({"id": String::from_utf8_lossy(&id)}));
                // "If the host cannot receive, only the latest process id is sent."
                if m.outbox.is_ready() {
                    m.reply(status::process_id(id));
                } else {
                    self.held_id = Some(id);
                }
            }
            Command::OfflineResponse(on) => self.offline_response = on,
            _ => {}
        }
    }

    /// Commands that only change how the next characters look.
    fn set(&mut self, command: Command, m: &Mechanism) {
        let head = m.sheet.width();
        let style = &mut self.style;
        let at_line_start = style.line.is_empty();
        let look = &mut style.look;
        match command {
            // "Enabled only at the beginning of a line."
            Command::Align(n) if at_line_start => style.align = n,
            Command::LeftMargin(dots) if at_line_start => style.left_margin = u32::from(dots).min(head),
            Command::AreaWidth(dots) if at_line_start => style.area_width = u32::from(dots),
            Command::UpsideDown(on) if at_line_start => style.upside_down = on,
            Command::PrintMode(n) => {
                look.face = if n & 0x01 != 0 { FONT_B } else { FONT_A };
                look.bold = n & 0x08 != 0;
                look.height = if n & 0x10 != 0 { 2 } else { 1 };
                look.width = if n & 0x20 != 0 { 2 } else { 1 };
                look.underline = u8::from(n & 0x80 != 0);
            }
            Command::Emphasized(on) => look.bold = on,
            Command::Underline(dots) => look.underline = dots,
            Command::Font(n) => look.face = if n != 0 { FONT_B } else { FONT_A },
            Command::Size { width, height } => {
                look.width = u32::from(width);
                look.height = u32::from(height);
            }
            Command::Inverse(on) => look.inverse = on,
            Command::CharacterSpacing(dots) => style.spacing = dots,
            Command::CodePage(n) => style.page = n,
            Command::International(n) => style.set = n,
            Command::LineSpacing(dots) => style.line_spacing = dots.unwrap_or(DEFAULT_LINE_SPACING),
            Command::Position(dots) => style.line.x = u32::from(dots).min(head),
            Command::RelativePosition(dots) => {
                style.line.x = style.line.x.saturating_add_signed(i32::from(dots)).min(head);
            }
            Command::TabStops(columns) => style.tabs = Some(columns),
            Command::BarcodeHeight(n) => style.barcode_height = n.max(1),
            Command::BarcodeModule(n) => style.barcode_module = n.clamp(2, 6),
            Command::BarcodeText(n) => style.barcode_text = n,
            Command::Kanji(on) => {
                style.two_byte_on = on && style.two_byte != TwoByte::None;
                style.lead.clear();
            }
            Command::KanjiCode(n) => style.shift_jis = n != 0,
            _ => {}
        }
    }

    fn text(&mut self, code: u8, m: &mut Mechanism) {
        let style = &mut self.style;
        let mut look = style.look;
        let character = if !style.lead.is_empty() || style.is_lead(code) {
            style.lead.push(code);
            let Some(character) = style.several(&style.lead) else {
                return;
            };
            style.lead.clear();
            look = wide(look);
            character
        } else {
            // A clone numbers its pages otherwise: the trap behind most "wrong characters" reports.
            let page = if m.clone { clone_slot(style.page) } else { style.page };
            code_pages::character(slot(page), style.set, code)
        };
        let spacing = u32::from(style.spacing);
        let width = (look.face.width + spacing) * look.width;
        if style.line.x + width > style.area(m.sheet.width()) && !style.line.is_empty() {
            self.print_line(m);
        }
        self.style.line.character(character, look, spacing);
    }

    fn tab(&mut self, m: &Mechanism) {
        let style = &mut self.style;
        let column = style.look.face.width.max(1);
        let x = style.line.x;
        let next = match &style.tabs {
            None => Some((x / (column * 8) + 1) * column * 8),
            Some(stops) => stops.iter().map(|stop| u32::from(*stop) * column).find(|stop| *stop > x),
        };
        if let Some(next) = next {
            style.line.x = next.min(m.sheet.width());
        }
    }

    /// LF: prints the collected line, or feeds an empty one.
    fn print_line(&mut self, m: &mut Mechanism) {
        self.print_line_or(usize::from(self.style.line_spacing), m);
        m.lines_fed += 1;
    }

    /// Prints the collected line and feeds at least `rows`.
    fn print_line_or(&mut self, rows: usize, m: &mut Mechanism) {
        let top = m.sheet.height();
        if self.style.line.is_empty() {
            if rows > 0 {
                m.sheet.line(top, "");
            }
            self.style.line.clear();
            m.feed(rows);
            return;
        }
        let head = m.sheet.width();
        let (width, tall) = self.style.line.size();
        let left = self.style.start(head, width);
        let rows = rows.max(usize::try_from(tall).unwrap_or(0));
        m.sheet.feed(rows);
        let turned = self.style.upside_down.then(|| self.style.area(head));
        let left = if turned.is_some() { self.style.left_margin } else { left };
        let text = self.style.line.print(&mut m.sheet, left, top, turned);
        m.moved(rows);
        m.note("text", json!({"text": text, "row": top}));
    }

    fn feed_blank(&mut self, lines: usize, m: &mut Mechanism) {
        for _ in 0..lines {
            let top = m.sheet.height();
            m.feed(usize::from(self.style.line_spacing));
            m.sheet.line(top, "");
            m.lines_fed += 1;
        }
    }

    // ---- pictures --------------------------------------------------------------------------------------------

    fn graphics(&mut self, command: Command, m: &mut Mechanism) {
        match command {
            Command::RasterStart { width_bytes, rows, wide, tall } => {
                if !self.style.line.is_empty() {
                    self.print_line(m);
                }
                let (scale_x, scale_y) = (if wide { 2 } else { 1 }, if tall { 2 } else { 1 });
                let width = u32::from(width_bytes) * 8;
                let x = self.style.start(m.sheet.width(), width * scale_x);
                self.style.raster = Raster { x, scale_x, scale_y };
                let top = m.sheet.height();
                m.note("raster", json!({"width": width, "height": rows, "row": top}));
                m.sheet.picture(top, width, u32::from(rows), top + usize::from(rows) * scale_y);
            }
            Command::RasterRow(row) => {
                let raster = self.style.raster;
                let top = m.sheet.height();
                m.sheet.feed(raster.scale_y);
                m.sheet.draw_row(&row, raster.x, top, raster.scale_x, raster.scale_y);
                m.moved(raster.scale_y);
            }
            // 8-dot columns are a third as fine down, single density half as fine across ("ESC *", table of m).
            Command::Columns { tall, dense, data } => {
                let (height, bytes) = if tall { (24, 3) } else { (8, 1) };
                let picture = Bitmap::of_columns(height, bytes, &data);
                m.note("columns", json!({"width": picture.width(), "height": height}));
                self.style.line.strip(picture, if dense { 1 } else { 2 }, if tall { 1 } else { 3 });
            }
            Command::GraphicsStore { picture, scale_x, scale_y } => {
                self.style.graphics = Some((picture, scale_x, scale_y));
            }
            Command::GraphicsPrint => {
                if let Some((picture, scale_x, scale_y)) = self.style.graphics.take() {
                    self.picture(&picture, scale_x, scale_y, m);
                }
            }
            Command::DownloadImage(picture) => self.style.downloaded = Some(picture),
            Command::DownloadedPrint(mode) => {
                if let Some(picture) = self.style.downloaded.clone() {
                    self.picture(&picture, 1 + (mode & 1), 1 + (mode >> 1 & 1), m);
                }
            }
            _ => {}
        }
    }

    /// Pictures that the printer keeps without power.
    fn stored(&mut self, command: Command, m: &mut Mechanism) {
        match command {
            Command::NvDefine { key, picture } => {
                self.nv.retain(|(known, _)| *known != key);
                if self.nv.len() < MOST_NV && self.nv_bytes() + picture.held() <= MOST_NV_BYTES {
                    self.nv.push((key, picture));
                } else {
                    m.note("nv_full", json!({}));
                }
            }
            Command::NvPrint { key, scale_x, scale_y } => {
                match self.nv.iter().find(|(known, _)| *known == key).map(|(_, picture)| picture.clone()) {
                    Some(picture) => self.picture(&picture, scale_x, scale_y, m),
                    None => m.note("nv_missing", json!({"key": String::from_utf8_lossy(&key)})),
                }
            }
            Command::NvDelete(key) => self.nv.retain(|(known, _)| *known != key),
            Command::NvDeleteAll => self.nv.clear(),
            // "Header 37H, identifier, data, NUL": digits of a size, or 40H and the keys.
            Command::NvAsk(function) => {
                let mut answer = match function {
                    48 => [b"\x370".as_slice(), MOST_NV_BYTES.to_string().as_bytes()].concat(),
                    51 => [b"\x371".as_slice(), (MOST_NV_BYTES - self.nv_bytes()).to_string().as_bytes()].concat(),
                    _ => {
                        let keys = self.nv.iter().flat_map(|(key, _)| *key);
                        [0x37, 0x72, 0x40].into_iter().chain(keys).collect()
                    }
                };
                answer.push(0);
                m.reply(answer);
            }
            // The first image of a command replaces what earlier commands defined.
            Command::NvImage { left, picture } => {
                if self.nv_images_left != left + 1 {
                    self.nv_images.clear();
                }
                self.nv_images_left = left;
                if self.nv_images.len() < MOST_NV && self.nv_bytes() + picture.held() <= MOST_NV_BYTES {
                    self.nv_images.push(picture);
                }
            }
            Command::NvImagePrint { number, mode } => {
                let found = usize::from(number).checked_sub(1).and_then(|at| self.nv_images.get(at)).cloned();
                match found {
                    Some(picture) => self.picture(&picture, 1 + (mode & 1), 1 + (mode >> 1 & 1), m),
                    None => m.note("nv_missing", json!({"number": number})),
                }
            }
            _ => {}
        }
    }

    fn nv_bytes(&self) -> usize {
        self.nv.iter().map(|(_, picture)| picture).chain(&self.nv_images).map(Bitmap::held).sum()
    }

    fn picture(&mut self, picture: &Bitmap, scale_x: u8, scale_y: u8, m: &mut Mechanism) {
        if !self.style.line.is_empty() {
            self.print_line(m);
        }
        let (scale_x, scale_y) = (u32::from(scale_x.max(1)), usize::from(scale_y.max(1)));
        let left = self.style.start(m.sheet.width(), picture.width().saturating_mul(scale_x));
        let top = m.sheet.height();
        m.note("graphics", json!({"width": picture.width(), "height": picture.height(), "row": top}));
        for y in 0..picture.height() {
            let at = m.sheet.height();
            m.sheet.feed(scale_y);
            m.sheet.draw_row(picture.row(y), left, at, scale_x, scale_y);
            m.moved(scale_y);
        }
        let end = m.sheet.height();
        m.sheet.picture(top, picture.width(), picture.height(), end);
    }

    // ---- symbols ---------------------------------------------------------------------------------------------

    fn qr(&mut self, qr: Qr, m: &mut Mechanism) {
        let style = &mut self.style;
        match qr {
            Qr::Model(_) => {}
            Qr::ModuleDots(n) => style.qr_dots = n.clamp(1, 16),
            Qr::ErrorCorrection(n) => {
                style.qr_correction = match n {
                    49 => Correction::Medium,
                    50 => Correction::Quartile,
                    51 => Correction::High,
                    _ => Correction::Low,
                }
            }
            Qr::Store(data) => style.qr_data = data,
            Qr::Print => self.print_qr(m),
        }
    }

    fn print_qr(&mut self, m: &mut Mechanism) {
        if !self.style.line.is_empty() {
            self.print_line(m);
        }
        let shown = String::from_utf8_lossy(&self.style.qr_data).into_owned();
        let dots = u32::from(self.style.qr_dots);
        let head = m.sheet.width();
        let code = symbols::qr(&self.style.qr_data, self.style.qr_correction);
        // "The printer prints nothing when the data does not fit the symbol, or the symbol the area."
        let Some(code) = code.filter(|code| code.width() * dots <= self.style.area(head)) else {
            m.note("qr_too_long", json!({"bytes": self.style.qr_data.len()}));
            return;
        };
        let left = self.style.start(head, code.width() * dots);
        let top = m.sheet.height();
        let step = usize::try_from(dots).unwrap_or(1);
        for y in 0..code.height() {
            let at = m.sheet.height();
            m.sheet.feed(step);
            m.sheet.draw_row(code.row(y), left, at, dots, step);
        }
        m.moved(m.sheet.height() - top);
        m.note("qr", json!({"data": shown, "row": top}));
        m.sheet.line(top, format!("[QR: {shown}]"));
    }

    fn barcode(&mut self, system: u8, data: &[u8], m: &mut Mechanism) {
        if !self.style.line.is_empty() {
            self.print_line(m);
        }
        let Some(bars) = bars(system, data) else {
            m.note_unknown([&[0x1d, b'k', system], data].concat());
            return;
        };
        let module = u32::from(self.style.barcode_module);
        // "GS w n": wide elements are 5, 8, 10, 13 and 15 dots.
        let picture = bars.draw(module, (5 * module).div_ceil(2), u32::from(self.style.barcode_height));
        let head = m.sheet.width();
        if picture.width() > self.style.area(head) {
            m.note("barcode_too_wide", json!({"system": system, "dots": picture.width()}));
            return;
        }
        let shown = bars.text().trim_matches('*').to_owned();
        let first = m.sheet.height();
        let left = self.style.start(head, picture.width());
        if self.style.barcode_text & 1 != 0 {
            Self::below_bars(bars.text(), left, picture.width(), m);
        }
        let top = m.sheet.height();
        let rows = usize::from(self.style.barcode_height);
        m.sheet.feed(rows);
        m.sheet.draw(&picture, left, top);
        m.moved(rows);
        if self.style.barcode_text & 2 != 0 {
            Self::below_bars(bars.text(), left, picture.width(), m);
        }
        m.note("barcode", json!({"system": system, "data": shown, "row": top}));
        m.sheet.line(first, format!("[barcode: {shown}]"));
    }

    /// The characters that a person reads, centred on the bars.
    fn below_bars(text: &str, left: u32, width: u32, m: &mut Mechanism) {
        let mut line = Line::default();
        for character in text.chars() {
            line.character(character, Look::default(), 0);
        }
        let (wide, tall) = line.size();
        let x = left + width.saturating_sub(wide) / 2;
        let top = m.sheet.height();
        let rows = usize::try_from(tall).unwrap_or(0) + 2;
        m.sheet.feed(rows);
        line.draw(&mut m.sheet, x, top + 1);
        m.moved(rows);
    }
}

/// "ESC t: select character code table", the slots that this model has.
pub(super) fn slot(n: u8) -> Option<CodePage> {
    let number = match n {
        0 => 437,
        1 => 897,
        2 => 850,
        3 => 860,
        4 => 863,
        5 => 865,
        13 => 857,
        14 => 737,
        15 => 28597,
        16 => 1252,
        17 => 866,
        18 => 852,
        19 => 858,
        32 => 720,
        33 => 775,
        34 => 855,
        35 => 861,
        36 => 862,
        37 => 864,
        38 => 869,
        39 => 28592,
        40 => 28605,
        45 => 1250,
        46 => 1251,
        47 => 1253,
        48 => 1254,
        49 => 1255,
        50 => 1256,
        51 => 1257,
        52 => 1258,
        53 => 1048,
        _ => return None,
    };
    code_pages::page(number)
}

/// A clone's slots: its WPC1252 sits where the original has PC437, and the other way round.
fn clone_slot(slot: u8) -> u8 {
    match slot {
        16 => 0,
        0 => 16,
        19 => 2,
        other => other,
    }
}

/// "GS k": the systems of functions A (0 to 6) and B (65 to 74).
fn bars(system: u8, data: &[u8]) -> Option<Bars> {
    let symbology = match system {
        0 | 65 => Symbology::UpcA,
        1 | 66 => Symbology::UpcE,
        2 | 67 => Symbology::Ean13,
        3 | 68 => Symbology::Ean8,
        4 | 69 => Symbology::Code39,
        5 | 70 => Symbology::Itf,
        6 | 71 => Symbology::Codabar,
        72 => Symbology::Code93,
        73 => return code_128(data),
        74 => return gs1_128(data),
        _ => return None,
    };
    symbols::linear::encode(symbology, data)
}

/// "CODE128: the first two bytes select the set, `{A`, `{B` or `{C`"; `{S`, `{1` to `{4` and `{{` may follow.
fn code_128(data: &[u8]) -> Option<Bars> {
    let mut writer = Writer::default();
    let mut bytes = data.iter();
    while let Some(byte) = bytes.next() {
        match (byte, writer.set()) {
            (b'{', set) => match (bytes.next()?, set) {
                (b'A', _) => writer.select(Set::A),
                (b'B', _) => writer.select(Set::B),
                (b'C', _) => writer.select(Set::C),
                (_, None) => return None,
                (b'S', _) => writer.special(code128::SHIFT),
                (b'1', _) => writer.special(code128::FNC1),
                (b'2', _) => writer.special(code128::FNC2),
                (b'3', _) => writer.special(code128::FNC3),
                (b'4', _) => writer.fnc4(),
                (b'{', _) => writer.byte(b'{'),
                _ => return None,
            },
            (_, None) => return None,
            // Set C takes the pairs as values, 0 to 99.
            (value, Some(Set::C)) => writer.pair(*value),
            (byte, Some(_)) => writer.byte(*byte),
        }
    }
    writer.finish()
}

/// GS1-128: application identifiers in brackets that are not encoded.
fn gs1_128(data: &[u8]) -> Option<Bars> {
    let shown = String::from_utf8_lossy(data).into_owned();
    let plain: Vec<u8> = data.iter().copied().filter(|byte| !b"()* ".contains(byte)).collect();
    let mut writer = Writer::default();
    writer.select(if plain.iter().take(4).filter(|byte| byte.is_ascii_digit()).count() == 4 { Set::C } else { Set::B });
    writer.special(code128::FNC1);
    writer.automatic(&plain);
    Some(writer.finish()?.with_text(shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_128_needs_its_set_first() {
        for (data, text) in [
            (&b"{BNo. {C\x0c\x22"[..], Some("No. 1234")),
            (b"{Aab", None),
            (b"AB", None),
            (b"{B{{", Some("{")),
            (b"{C\x64", None),
            (b"{B", None),
        ] {
            assert_eq!(code_128(data).as_ref().map(Bars::text), text, "{data:?}");
        }
    }
}
