//! Laid-out lines become frames of a language that prints line by line. Pure. A [`Dialect`] is what such languages do
//! not have in common.

use std::marker::PhantomData;

use trivet_paper::raster;
use trivet_paper::{Align, Bitmap, Line, PictureId, Piece, Style, Symbology};

use super::job::{Art, Job};
use super::profile::{Buzzer, Cutter, Profile, Raster};
use super::raster::{centred, fitted};
use super::text::{Pages, Words};

/// A dot at 203 dpi.
pub(super) const DOT_MICROMETRES: u32 = 125;
/// Height of a character of Font A, and of its line.
pub(super) const CELL: u16 = 24;
pub(super) const LINE: u16 = 30;
/// Modules of white around a QR code (ISO/IEC 18004).
pub(super) const QUIET: u8 = 4;
/// The most that a symbol holds here: version 40 with level M takes 2,331 bytes, but no waiter's phone reads it.
pub(super) const LONGEST_QR: usize = 700;
/// What a blade sits above the head.
const CUT_MICROMETRES: u32 = 15_000;

/// Commands of a language: each is written whole, into the frame that the encoder ends.
pub(super) trait Dialect {
    const WORDS: Words;
    /// Around what stands in the middle.
    const CENTRED: [&'static [u8]; 2];

    /// Initialises, selects the page in this slot and has changes reported.
    fn prologue(out: &mut Vec<u8>, profile: &Profile, slot: Option<u8>);

    /// Only what changes is sent: at 9600 baud each byte is a millisecond.
    fn set_style(out: &mut Vec<u8>, from: Style, to: Style);

    fn feed(lines: u8) -> [u8; 3];

    /// A picture in bands of a frame each, and so many dots of white below.
    fn raster(out: &mut Job, profile: &Profile, bitmap: &Bitmap, skip: u16);

    /// Prints what the printer keeps under a key. None: it keeps nothing.
    fn kept(key: [u8; 2]) -> Option<[u8; 11]>;

    fn qr(out: &mut Vec<u8>, data: &str, module: u8);

    /// The command, and the dots of a module if the bars are drawn; or why there are none.
    fn barcode(profile: &Profile, symbology: Symbology, data: &str, height: u8) -> Result<(Vec<u8>, u8), String>;

    /// Feeds to the blade and cuts: all through, or leaving a point.
    fn cut(out: &mut Vec<u8>, profile: &Profile, through: bool);

    /// Nothing, if this language has no such buzzer.
    fn buzz(out: &mut Vec<u8>, buzzer: Buzzer);
}

pub(super) fn encode<D: Dialect>(lines: &[Line], profile: &Profile, art: &dyn Art) -> Job {
    let mut encoder = Encoder {
        dialect: PhantomData::<D>,
        profile,
        art,
        pages: Pages::of(profile),
        style: Style::NORMAL,
        text: String::new(),
        out: Job::with_capacity(lines.len() * 64 + 64, lines.len() + 1),
    };
    let slot = encoder.pages.slot();
    D::prologue(encoder.out.buffer(), profile, slot);
    encoder.out.end_frame(0);
    let last_cut = lines.iter().rposition(|line| matches!(line, Line::Cut));
    for (n, line) in lines.iter().enumerate() {
        if Some(n) == last_cut {
            encoder.out.body_ends();
        }
        encoder.line(line);
    }
    encoder.out
}

struct Encoder<'a, D> {
    dialect: PhantomData<D>,
    profile: &'a Profile,
    art: &'a dyn Art,
    pages: Pages<'a>,
    /// What the printer is set to.
    style: Style,
    /// The line's, padded.
    text: String,
    out: Job,
}

impl<D: Dialect> Encoder<'_, D> {
    fn line(&mut self, line: &Line) {
        match line {
            Line::Text { style, .. } => self.text(line, *style),
            Line::Feed(0) => {}
            Line::Feed(count) => self.feed(*count),
            Line::Cut => self.cut(),
            Line::Picture(id) => self.picture(id),
            Line::Qr { data, module } => self.qr(data, *module),
            Line::Barcode { symbology, data, height } => self.barcode(*symbology, data, *height),
            Line::Buzz => {
                D::buzz(self.out.buffer(), self.profile.buzzer);
                self.out.end_frame(0);
            }
        }
    }

    fn text(&mut self, line: &Line, style: Style) {
        self.text.clear();
        line.write_text(&mut self.text);
        if self.profile.draws_text {
            return self.draw(line);
        }
        let text = if style.reversed { self.text.as_str() } else { self.text.trim_end() };
        let bytes = self.out.buffer();
        let start = bytes.len();
        D::set_style(bytes, self.style, style);
        if self.pages.write(bytes, text, &D::WORDS) {
            bytes.push(b'\n');
            self.style = style;
            self.out.end_frame(line_micrometres(style));
        } else if self.profile.raster == Raster::None {
            self.style = style;
            self.question_marks("prints no pictures");
        } else {
            bytes.truncate(start);
            self.draw(line);
        }
    }

    fn question_marks(&mut self, why: &str) {
        let bytes = self.out.buffer();
        let lacking = self.pages.write_lossy(bytes, &self.text);
        bytes.push(b'\n');
        self.out.end_frame(line_micrometres(self.style));
        self.out.warn(format!("this printer has no {lacking:?} and {why}"));
    }

    fn draw(&mut self, line: &Line) {
        let Some((bitmap, missing)) = self.art.draw(line, self.profile.grid()) else {
            return self.question_marks("there are no fonts to draw it");
        };
        if !missing.is_empty() {
            self.out.warn(format!("no font has {missing:?}"));
        }
        let skip = left_of_line(line, bitmap.height());
        D::raster(&mut self.out, self.profile, &fitted(&bitmap, self.profile.dots), skip);
    }

    fn picture(&mut self, id: &PictureId) {
        let (profile, picture) = (self.profile, self.art.picture(id));
        let key = if profile.nv_graphics { self.art.stored(id) } else { None };
        if let Some(print) = key.and_then(D::kept) {
            let rows = picture.map_or(100, |picture| picture.height());
            self.in_the_middle(u32::from(rows) * DOT_MICROMETRES, |out| out.extend(print));
        } else if let Some(picture) = picture {
            let make = || {
                let mut part = Job::default();
                D::raster(&mut part, profile, &centred(&picture, profile.dots), 0);
                part
            };
            self.out.append(&self.art.encoded(id, profile, &make));
        } else {
            self.out.warn("a picture is not here".to_owned());
        }
    }

    /// A code that is drawn.
    fn drawn(&mut self, bitmap: &Bitmap) {
        D::raster(&mut self.out, self.profile, &centred(bitmap, self.profile.dots), 0);
    }

    fn in_the_middle(&mut self, micrometres: u32, write: impl FnOnce(&mut Vec<u8>)) {
        let [on, off] = D::CENTRED;
        let bytes = self.out.buffer();
        bytes.extend_from_slice(on);
        write(bytes);
        bytes.extend_from_slice(off);
        self.out.end_frame(micrometres);
    }

    fn qr(&mut self, data: &str, module: u8) {
        if data.is_empty() || data.len() > LONGEST_QR {
            return self.out.warn(format!("a QR code holds 1 to {LONGEST_QR} bytes"));
        }
        if self.profile.native_codes {
            self.in_the_middle(u32::from(module) * 60 * DOT_MICROMETRES, |out| D::qr(out, data, module));
            return;
        }
        match raster::qr(data, module, QUIET) {
            Some(bitmap) => self.drawn(&bitmap),
            None => self.out.warn("this QR code does not fit".to_owned()),
        }
    }

    fn barcode(&mut self, symbology: Symbology, data: &str, height: u8) {
        let (command, module) = match D::barcode(self.profile, symbology, data, height) {
            Ok(code) => code,
            Err(why) => return self.out.warn(why),
        };
        if self.profile.native_codes {
            self.in_the_middle((u32::from(height) + 30) * DOT_MICROMETRES, |out| out.extend(command));
            return;
        }
        match raster::barcode(symbology, data, height, module) {
            Ok(bitmap) => {
                self.drawn(&bitmap);
                self.line(&below(data, usize::from(self.profile.columns)));
            }
            Err(why) => self.out.warn(format!("`{data}`: {why}")),
        }
    }

    fn feed(&mut self, lines: u8) {
        self.out.frame(&D::feed(lines), u32::from(lines) * u32::from(LINE) * DOT_MICROMETRES);
    }

    fn cut(&mut self) {
        let through = match self.profile.cutter {
            Cutter::Full => true,
            Cutter::Partial => false,
            Cutter::None => return self.feed(4),
        };
        D::cut(self.out.buffer(), self.profile, through);
        self.out.end_frame(CUT_MICROMETRES);
    }
}

/// What a QR code holds: no byte of it is a command.
pub(super) fn qr_bytes(data: &str) -> impl Iterator<Item = u8> {
    data.bytes().map(|byte| byte.max(b' '))
}

fn line_height(style: Style) -> u16 {
    (CELL * u16::from(style.tall.clamp(1, 8))).max(LINE)
}

fn line_micrometres(style: Style) -> u32 {
    u32::from(line_height(style)) * DOT_MICROMETRES
}

/// Dots that a drawn line leaves of its pitch.
fn left_of_line(line: &Line, drawn: u16) -> u16 {
    let style = if let Line::Text { style, .. } = line { *style } else { Style::NORMAL };
    line_height(style).saturating_sub(drawn)
}

/// What stands under the bars, for people.
fn below(data: &str, columns: usize) -> Line {
    let piece = Piece { at: 0, width: columns, text: data.to_owned(), align: Align::Centre };
    Line::Text { pieces: vec![piece], style: Style::NORMAL, width: columns }
}
