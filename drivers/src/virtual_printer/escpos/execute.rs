//! What each command does to line, paper, drawer and replies.

use super::super::bitmap::Bitmap;
use super::super::code_pages::{self, CodePage};
use super::super::font::{FONT_A, FONT_B};
use super::super::mechanism::Mechanism;
use super::super::settings::TwoByte;
use super::super::symbols::Correction;
use super::super::text::{Line, Look, wide};
use super::command::Command;
use super::{EscPos, status};
use serde_json::json;

/// `ESC 2`: 30 dots.
const DEFAULT_LINE_SPACING: u8 = 30;

/// Everything that `ESC @` resets.
#[derive(Clone, Debug)]
pub(super) struct Style {
    pub(super) align: u8,
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
    pub(super) barcode_height: u8,
    pub(super) barcode_module: u8,
    pub(super) barcode_text: u8,
    pub(super) qr_dots: u8,
    pub(super) qr_correction: Correction,
    pub(super) qr_data: Vec<u8>,
    pub(super) graphics: Option<(Bitmap, u8, u8)>,
    pub(super) downloaded: Option<Bitmap>,
    pub(super) raster: Raster,
    pub(super) line: Line,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Raster {
    pub(super) x: u32,
    pub(super) scale_x: u32,
    pub(super) scale_y: usize,
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
    pub(super) fn area(&self, head: u32) -> u32 {
        self.area_width.min(head.saturating_sub(self.left_margin)).max(1)
    }

    /// Where something `width` dots wide starts.
    pub(super) fn start(&self, head: u32, width: u32) -> u32 {
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
    pub(super) fn print_line(&mut self, m: &mut Mechanism) {
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
