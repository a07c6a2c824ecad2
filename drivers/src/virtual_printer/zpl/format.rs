//! A format: the commands between `^XA` and `^XZ` that make a label ("ZPL II Programming Guide").

use super::super::bitmap::Bitmap;
use super::super::code_pages;
use super::super::mechanism::Mechanism;
use super::super::settings::Settings;
use super::field::{Block, Code, Field, Graphic};
use super::graphic::MOST_ROWS;
use super::lettering::{Lettering, Orientation};
use super::parser::ZplCommand;

/// Copies of one label.
const MOST_COPIES: u32 = 99_999_999;
/// Entries of one label's text.
const MOST_ENTRIES: usize = 2_000;

/// A finished label, as wide as `^PW` says.
#[derive(Clone, Debug)]
pub(super) struct Label {
    pub(super) picture: Bitmap,
    /// What a reader sees, with the row where it begins.
    pub(super) lines: Vec<(u32, String)>,
}

/// What the text is encoded in (`^CI`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Page(u16),
    Utf8,
}

/// What formats leave behind for the next one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Defaults {
    pub(super) font: (u8, u32, u32),
    pub(super) orientation: Orientation,
    pub(super) module: u32,
    /// Wide to narrow, in tenths.
    pub(super) ratio: u32,
    pub(super) bar_height: u32,
    home: (u32, u32),
    width: u32,
    rows: u32,
    upside_down: bool,
    encoding: Encoding,
}

/// The format that is being received.
#[derive(Debug)]
pub(super) struct Format {
    defaults: Defaults,
    open: bool,
    canvas: Option<Bitmap>,
    entries: Vec<(u32, u32, String)>,
    field: Field,
    copies: u32,
    head: u32,
}

impl Format {
    pub(super) fn new(settings: &Settings) -> Self {
        let rows = (f64::from(settings.label_mm) * settings.dots_per_mm()).round() as u32;
        let head = (settings.width_dots / 8 * 8).clamp(8, 2048);
        Self {
            defaults: Defaults {
                font: (b'A', 9, 5),
                orientation: Orientation::Normal,
                module: 2,
                ratio: 30,
                bar_height: 10,
                home: (0, 0),
                width: head,
                rows: rows.clamp(1, MOST_ROWS),
                upside_down: false,
                encoding: Encoding::Page(850),
            },
            open: false,
            canvas: None,
            entries: Vec::new(),
            field: Field::default(),
            copies: 1,
            head,
        }
    }

    pub(super) fn label_rows(&self) -> u32 {
        self.defaults.rows
    }

    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    pub(super) fn cancel(&mut self) {
        self.open = false;
        self.canvas = None;
        self.entries.clear();
        self.field = Field::default();
        self.copies = 1;
    }

    /// `^XZ`: the label and its copies, if anything was drawn.
    pub(super) fn end(&mut self) -> Option<(Label, u32)> {
        let copies = self.copies;
        let canvas = self.canvas.take();
        let mut entries = std::mem::take(&mut self.entries);
        self.cancel();
        let canvas = canvas?;
        let Defaults { rows, width, upside_down, .. } = self.defaults;
        let mut picture = canvas.cropped(width, rows);
        if upside_down {
            picture = picture.turned(2);
        }
        // Fields that begin on the same height stand in one line.
        entries.sort_by_key(|(y, x, _)| (*y, *x));
        let mut lines: Vec<(u32, String)> = Vec::new();
        let mut row: Vec<(u32, u32, String)> = Vec::new();
        for entry in entries {
            if row.first().is_some_and(|(y, ..)| entry.0 > y + 8) {
                lines.extend(joined(&mut row));
            }
            row.push(entry);
        }
        lines.extend(joined(&mut row));
        Some((Label { picture, lines }, copies))
    }

    /// Executes a command; the answer is the bytes of one that is unknown.
    pub(super) fn execute(&mut self, command: &ZplCommand, delimiter: u8, m: &mut Mechanism) -> Option<Vec<u8>> {
        if !is_known(command) || command.binary {
            return Some(shown(command));
        }
        if command.control {
            return None;
        }
        let parts = Parts { data: &command.data, delimiter };
        match &command.name {
            b"XA" => {
                self.cancel();
                self.open = true;
            }
            b"FS" => self.end_field(m),
            // The data and everything that draws or places it.
            b"FO" | b"FT" | b"FD" | b"FV" | b"FH" | b"FB" | b"FR" | b"GB" | b"GF" | b"BC" | b"BE" | b"B3" | b"BQ"
            | b"B2" => return self.field_command(command, parts),
            [b'A', font] => {
                let letter = parts.bytes(0).first().copied().unwrap_or(0);
                self.field.font = Some((*font, parts.number(1).unwrap_or(0), parts.number(2).unwrap_or(0)));
                self.field.orientation = Orientation::of(letter);
            }
            _ => return self.setting(command, parts),
        }
        None
    }

    fn field_command(&mut self, command: &ZplCommand, parts: Parts<'_>) -> Option<Vec<u8>> {
        let orientation = parts.bytes(0).first().and_then(|letter| Orientation::of(*letter));
        let yes = |at: usize, default: bool| parts.bytes(at).first().map_or(default, |letter| *letter == b'Y');
        let field = &mut self.field;
        match &command.name {
            name @ (b"FO" | b"FT") => {
                field.at = Some((parts.number(0).unwrap_or(0), parts.number(1).unwrap_or(0)));
                field.by_base_line = *name == *b"FT";
                field.right = parts.number(2) == Some(1);
            }
            b"FD" | b"FV" => field.data = Some(command.data.clone()),
            b"FH" => field.hex = Some(command.data.first().copied().unwrap_or(b'_')),
            b"FR" => field.reversed = true,
            b"FB" => {
                field.block = Some(Block {
                    width: parts.number(0).unwrap_or(0).min(9999),
                    lines: parts.number(1).unwrap_or(1).clamp(1, 9999),
                    spacing: parts.signed(2).unwrap_or(0),
                    justify: parts.bytes(3).first().copied().unwrap_or(b'L'),
                    indent: parts.number(4).unwrap_or(0).min(9999),
                });
            }
            b"GB" => {
                let thick = parts.number(2).unwrap_or(1).clamp(1, 32_000);
                field.graphic = Some(Graphic::Box {
                    width: parts.number(0).unwrap_or(thick).clamp(thick, 32_000),
                    height: parts.number(1).unwrap_or(thick).clamp(thick, 32_000),
                    thick,
                    white: parts.bytes(3).first() == Some(&b'W'),
                    rounding: parts.number(4).unwrap_or(0).min(8),
                });
            }
            b"GF" => {
                let (bytes, row) = (parts.number(2), parts.number(3));
                let data = parts.rest(4);
                let decoded = match (parts.bytes(0), bytes, row) {
                    (b"A", Some(bytes), Some(row)) => super::graphic::decoded(
                        data,
                        usize::try_from(row).unwrap_or(0).min(9999),
                        usize::try_from(bytes).unwrap_or(0),
                    ),
                    _ => None,
                };
                match decoded {
                    Some(picture) => field.graphic = Some(Graphic::Picture(picture)),
                    None => return Some(shown(command)),
                }
            }
            b"BC" => {
                field.orientation = orientation;
                field.code = Some(Code::Code128 {
                    height: parts.number(1),
                    below: yes(2, true),
                    above: yes(3, false),
                    mode: parts.bytes(5).first().copied().unwrap_or(b'N'),
                });
            }
            b"BE" => {
                field.orientation = orientation;
                field.code = Some(Code::Ean13 { height: parts.number(1), below: yes(2, true), above: yes(3, false) });
            }
            b"B2" => {
                field.orientation = orientation;
                field.code = Some(Code::Itf { height: parts.number(1), below: yes(2, true), above: yes(3, false) });
            }
            b"B3" => {
                field.orientation = orientation;
                field.code = Some(Code::Code39 {
                    check: yes(1, false),
                    height: parts.number(2),
                    below: yes(3, true),
                    above: yes(4, false),
                });
            }
            b"BQ" => field.code = Some(Code::Qr { magnification: parts.number(2).unwrap_or(3).clamp(1, 20) }),
            _ => {}
        }
        None
    }

    fn setting(&mut self, command: &ZplCommand, parts: Parts<'_>) -> Option<Vec<u8>> {
        let defaults = &mut self.defaults;
        match &command.name {
            b"CF" => {
                let (font, height, width) = defaults.font;
                let font = parts.bytes(0).first().copied().unwrap_or(font);
                defaults.font = match (parts.number(1), parts.number(2)) {
                    (None, None) => (font, height, width),
                    (height, width) => (font, height.unwrap_or(0), width.unwrap_or(0)),
                };
            }
            b"BY" => {
                defaults.module = parts.number(0).unwrap_or(defaults.module).clamp(1, 10);
                let ratio = std::str::from_utf8(parts.bytes(1)).ok().and_then(|text| text.trim().parse::<f64>().ok());
                if let Some(ratio) = ratio.filter(|ratio| (2.0..=3.0).contains(ratio)) {
                    defaults.ratio = (ratio * 10.0).round() as u32;
                }
                defaults.bar_height = parts.number(2).unwrap_or(defaults.bar_height).clamp(1, 3000);
            }
            b"PW" => defaults.width = parts.number(0).unwrap_or(defaults.width).clamp(2, self.head),
            b"LL" => defaults.rows = parts.number(0).unwrap_or(defaults.rows).clamp(1, MOST_ROWS),
            b"LH" => {
                let (x, y) = defaults.home;
                defaults.home = (parts.number(0).unwrap_or(x).min(32_000), parts.number(1).unwrap_or(y).min(32_000));
            }
            b"FW" => {
                let letter = parts.bytes(0).first().copied().unwrap_or(0);
                defaults.orientation = Orientation::of(letter).unwrap_or(defaults.orientation);
            }
            b"PO" => defaults.upside_down = parts.bytes(0).first() == Some(&b'I'),
            b"PQ" => self.copies = parts.number(0).unwrap_or(1).clamp(1, MOST_COPIES),
            b"CI" => {
                defaults.encoding = match parts.number(0) {
                    Some(0..=13) => Encoding::Page(850),
                    Some(27) => Encoding::Page(1252),
                    Some(28) => Encoding::Utf8,
                    Some(31) => Encoding::Page(1250),
                    Some(33) => Encoding::Page(1251),
                    Some(34) => Encoding::Page(1253),
                    Some(35) => Encoding::Page(1254),
                    Some(36) => Encoding::Page(1255),
                    _ => return Some(shown(command)),
                };
            }
            _ => {}
        }
        None
    }

    /// `^FS`: draws the field.
    fn end_field(&mut self, m: &mut Mechanism) {
        let field = std::mem::take(&mut self.field);
        if field.is_empty() || !self.open {
            return;
        }
        let bytes = field.bytes();
        let text = self.decoded(&bytes);
        let at = field.at.unwrap_or((0, 0));
        let at = (at.0.saturating_add(self.defaults.home.0), at.1.saturating_add(self.defaults.home.1));
        let head = self.head;
        let canvas = self.canvas.get_or_insert_with(|| Bitmap::white(head, MOST_ROWS));
        let mut entries = Vec::new();
        let drawn = field.draw(canvas, at, &self.defaults, &bytes, &text, &mut entries);
        if !drawn {
            // No bars stand for this data.
            m.note_unknown([b"^FD".as_slice(), &bytes].concat());
        }
        let room = MOST_ENTRIES.saturating_sub(self.entries.len());
        self.entries.extend(entries.into_iter().take(room));
    }

    fn decoded(&self, bytes: &[u8]) -> String {
        match self.defaults.encoding {
            Encoding::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            Encoding::Page(number) => {
                let page = code_pages::page(number);
                bytes.iter().map(|byte| code_pages::character(page, 0, *byte)).collect()
            }
        }
    }
}

impl Defaults {
    pub(super) fn lettering(&self, font: Option<(u8, u32, u32)>) -> Lettering {
        // What `^A` leaves out, `^CF` says, if it is of the same font.
        let (font, height, width) = match (font, self.font) {
            (None, default) => default,
            (Some((font, 0, 0)), (known, height, width)) if font == known => (font, height, width),
            (Some(given), _) => given,
        };
        Lettering::new(font, height, width)
    }
}

fn joined(row: &mut Vec<(u32, u32, String)>) -> Option<(u32, String)> {
    let top = row.first()?.0;
    row.sort_by_key(|(_, x, _)| *x);
    let text = row.drain(..).map(|(_, _, text)| text).collect::<Vec<_>>().join("  ");
    Some((top, text))
}

fn shown(command: &ZplCommand) -> Vec<u8> {
    let prefix = if command.control { b'~' } else { b'^' };
    std::iter::once(prefix).chain(command.name).chain(command.data.iter().copied().take(16)).collect()
}

/// Whether the device executes the command, or takes it without effect.
pub(super) fn is_known(command: &ZplCommand) -> bool {
    const CONTROL: [&[u8; 2]; 7] = [b"HS", b"HI", b"JA", b"PS", b"PP", b"SD", b"TA"];
    const FORMAT: [&[u8; 2]; 43] = [
        b"XA", b"XZ", b"FO", b"FT", b"FD", b"FV", b"FS", b"FH", b"FB", b"FR", b"FX", b"FW", b"GB", b"GF", b"BC", b"BE",
        b"B3", b"B2", b"BQ", b"BY", b"CF", b"CI", b"PW", b"LL", b"LH", b"PQ", b"PO",
        // Speed, darkness, media and the like: taken without effect.
        b"PR", b"MD", b"MM", b"MN", b"MT", b"MU", b"MF", b"ML", b"LS", b"LT", b"LR", b"PM", b"PF", b"JM", b"JU", b"XB",
    ];
    if command.control {
        return CONTROL.contains(&&command.name);
    }
    FORMAT.contains(&&command.name) || matches!(command.name, [b'A', font] if font.is_ascii_alphanumeric())
}

/// The parameters of a command.
#[derive(Clone, Copy)]
pub(super) struct Parts<'a> {
    data: &'a [u8],
    delimiter: u8,
}

impl<'a> Parts<'a> {
    fn bytes(self, at: usize) -> &'a [u8] {
        self.data.split(|byte| *byte == self.delimiter).nth(at).unwrap_or_default().trim_ascii()
    }

    fn number(self, at: usize) -> Option<u32> {
        std::str::from_utf8(self.bytes(at)).ok()?.parse().ok()
    }

    fn signed(self, at: usize) -> Option<i32> {
        std::str::from_utf8(self.bytes(at)).ok()?.parse().ok()
    }

    /// Everything from the parameter on.
    fn rest(self, at: usize) -> &'a [u8] {
        self.data.splitn(at + 1, |byte| *byte == self.delimiter).nth(at).unwrap_or_default()
    }
}
