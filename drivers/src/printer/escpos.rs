//! Laid-out lines become ESC/POS. Pure. Commands: Epson, "ESC/POS Command Reference".

use trivet_paper::raster;
use trivet_paper::{Align, Bitmap, Line, PictureId, Piece, Style, Symbology};

use super::job::{Art, Job};
use super::profile::{Buzzer, Cutter, Profile, Raster, Reports};
use super::raster::{centred, disarm, fitted};
use super::text::{Pages, Words};

/// A dot at 203 dpi.
pub(super) const DOT_MICROMETRES: u32 = 125;
/// Height of a character of Font A, and of its line (`ESC 2`).
pub(super) const CELL: u16 = 24;
pub(super) const LINE: u16 = 30;
/// Modules of white around a QR code (ISO/IEC 18004).
pub(super) const QUIET: u8 = 4;
/// What a blade sits above the head.
const CUT_MICROMETRES: u32 = 15_000;
/// The most that a symbol holds here: version 40 with level M takes 2,331 bytes, but no waiter's phone reads it.
const LONGEST_QR: usize = 700;

const WORDS: Words = Words {
    select_page: |out, slot| out.extend([0x1b, b't', slot]), // ESC t
    kanji_on: &[0x1c, b'&'],                                 // FS &
    kanji_off: &[0x1c, b'.'],                                // FS .
};

/// A paper, without the ids that a session puts around it.
pub fn encode(lines: &[Line], profile: &Profile, art: &dyn Art) -> Job {
    let pages = Pages::of(profile);
    let page = pages.first();
    let mut encoder = Encoder {
        profile,
        art,
        page,
        pages,
        style: Style::NORMAL,
        text: String::new(),
        out: Job::with_capacity(lines.len() * 64 + 64),
    };
    encoder.prologue();
    let last_cut = lines.iter().rposition(|line| matches!(line, Line::Cut));
    for (n, line) in lines.iter().enumerate() {
        if Some(n) == last_cut {
            encoder.out.body_ends();
        }
        encoder.line(line);
    }
    encoder.out
}

struct Encoder<'a> {
    profile: &'a Profile,
    art: &'a dyn Art,
    pages: Pages,
    page: Option<u8>,
    /// What the printer is set to.
    style: Style,
    text: String,
    out: Job,
}

impl Encoder<'_> {
    /// `ESC @` initialises and switches the automatic status off, so that one comes after it. `FS .` leaves the kanji
    /// mode in which some models eat accented letters.
    fn prologue(&mut self) {
        let bytes = self.out.buffer();
        bytes.extend([0x1b, b'@', 0x1c, b'.']);
        if let Some(slot) = self.page {
            (WORDS.select_page)(bytes, slot);
        }
        if self.profile.status == Reports::Asb {
            bytes.extend(REPORT_CHANGES);
        }
        self.out.end_frame(0);
    }

    fn line(&mut self, line: &Line) {
        match line {
            Line::Text { style, .. } => self.text(line, *style),
            Line::Feed(0) => {}
            // ESC d n: print and feed n lines.
            Line::Feed(count) => {
                self.out.frame(&[0x1b, b'd', *count], u32::from(*count) * u32::from(LINE) * DOT_MICROMETRES);
            }
            Line::Cut => self.cut(),
            Line::Picture(id) => self.picture(id),
            Line::Qr { data, module } => self.qr(data, *module),
            Line::Barcode { symbology, data, height } => self.barcode(*symbology, data, *height),
            Line::Buzz => self.buzz(),
        }
    }

    fn text(&mut self, line: &Line, style: Style) {
        self.text.clear();
        line.write_text(&mut self.text);
        if self.profile.draws_text {
            return self.draw(line);
        }
        let trimmed = if style.reversed { self.text.as_str() } else { self.text.trim_end() };
        let before = self.style;
        let bytes = self.out.buffer();
        let start = bytes.len();
        set_style(bytes, before, style);
        match self.pages.write(bytes, trimmed, self.page, &WORDS) {
            Some(page) => {
                bytes.push(b'\n');
                self.page = page;
                self.style = style;
                self.out.end_frame(line_micrometres(style));
            }
            None if self.profile.raster == Raster::None => self.question_marks(style),
            None => {
                bytes.truncate(start);
                self.draw(line);
            }
        }
    }

    fn question_marks(&mut self, style: Style) {
        let lacking = self.pages.write_lossy(self.out.buffer(), &self.text, self.page);
        self.out.buffer().push(b'\n');
        self.style = style;
        self.out.end_frame(line_micrometres(style));
        self.out.warn(format!("this printer has no {lacking:?} and prints no pictures"));
    }

    fn draw(&mut self, line: &Line) {
        match self.art.draw(line, self.profile.grid()) {
            Some((bitmap, missing)) => {
                if !missing.is_empty() {
                    self.out.warn(format!("no font has {missing:?}"));
                }
                self.raster(&fitted(&bitmap, self.profile.dots));
                // ESC J: what is left of the line.
                let rest = left_of_line(line, bitmap.height());
                if rest > 0 {
                    self.out.frame(&[0x1b, b'J', rest as u8], u32::from(rest) * DOT_MICROMETRES);
                }
            }
            None => {
                let style = self.style;
                let lacking = self.pages.write_lossy(self.out.buffer(), &self.text, self.page);
                self.out.buffer().push(b'\n');
                self.out.end_frame(line_micrometres(style));
                self.out.warn(format!("this printer has no {lacking:?} and there are no fonts to draw it"));
            }
        }
    }

    fn picture(&mut self, id: &PictureId) {
        if self.profile.nv_graphics
            && let Some([k1, k2]) = self.art.stored(id)
        {
            let rows = self.art.picture(id).map_or(100, |picture| picture.height());
            // GS ( L, function 69: print what is kept under a key.
            let print = [0x1d, b'(', b'L', 6, 0, 48, 69, k1, k2, 1, 1];
            self.centred_frame(&print, u32::from(rows) * DOT_MICROMETRES);
        } else if let Some(picture) = self.art.picture(id) {
            self.raster(&centred(&picture, self.profile.dots));
        } else {
            self.out.warn("a picture is not here".to_owned());
        }
    }

    /// ESC a 1 and back: in the middle.
    fn centred_frame(&mut self, bytes: &[u8], micrometres: u32) {
        let buffer = self.out.buffer();
        buffer.extend([0x1b, b'a', 1]);
        buffer.extend_from_slice(bytes);
        buffer.extend([0x1b, b'a', 0]);
        self.out.end_frame(micrometres);
    }

    fn raster(&mut self, bitmap: &Bitmap) {
        let stride = bitmap.stride().max(1);
        let rows = usize::from(self.profile.raster_band_rows.max(1));
        match self.profile.raster {
            Raster::EscStar => self.columns(bitmap),
            Raster::GsV0 | Raster::GsL | Raster::Star | Raster::Zpl => {
                for band in bitmap.packed.chunks(stride * rows) {
                    let high = band.len() / stride;
                    let start = self.out.buffer().len();
                    let header = match self.profile.raster {
                        Raster::GsL => graphics_header(stride, high),
                        _ => [&[0x1d, b'v', b'0', 0][..], &word(stride), &word(high)].concat(),
                    };
                    let data = start + header.len();
                    let buffer = self.out.buffer();
                    buffer.extend(header);
                    buffer.extend_from_slice(band);
                    disarm(buffer.get_mut(data..).unwrap_or_default());
                    if self.profile.raster == Raster::GsL {
                        // Function 50: print what was stored.
                        buffer.extend([0x1d, b'(', b'L', 2, 0, 48, 50]);
                    }
                    self.out.end_frame(high as u32 * DOT_MICROMETRES);
                }
            }
            Raster::None => self.out.warn("this printer prints no pictures".to_owned()),
        }
    }

    /// `ESC * 33`: 24 rows at a time, column by column, the line spacing set to their height.
    fn columns(&mut self, bitmap: &Bitmap) {
        self.out.frame(&[0x1b, b'3', 24], 0);
        let width = bitmap.width.min(self.profile.dots);
        for top in (0..bitmap.height()).step_by(24) {
            let start = self.out.buffer().len();
            let mut bytes = vec![0x1b, b'*', 33];
            bytes.extend(word(usize::from(width)));
            let header = bytes.len();
            for x in 0..width {
                for third in 0..3 {
                    let bit = |row: u16| u8::from(bitmap.is_black(x, top + third * 8 + row)) << (7 - row);
                    bytes.push((0..8).map(bit).fold(0, |byte, bit| byte | bit));
                }
            }
            disarm(bytes.get_mut(header..).unwrap_or_default());
            bytes.push(b'\n');
            self.out.buffer().extend(bytes);
            debug_assert!(start < self.out.buffer().len());
            self.out.end_frame(24 * DOT_MICROMETRES);
        }
        self.out.frame(&[0x1b, b'2'], 0);
    }

    /// GS ( k, cn = 49: model 2, size of a module, level M, store, print.
    fn qr(&mut self, data: &str, module: u8) {
        if data.is_empty() || data.len() > LONGEST_QR {
            return self.out.warn(format!("a QR code holds 1 to {LONGEST_QR} bytes"));
        }
        if !self.profile.native_codes {
            return match raster::qr(data, module, QUIET) {
                Some(bitmap) => self.raster(&centred(&bitmap, self.profile.dots)),
                None => self.out.warn("this QR code does not fit".to_owned()),
            };
        }
        let mut bytes = Vec::with_capacity(data.len() + 48);
        bytes.extend([0x1d, b'(', b'k', 4, 0, 49, 65, 50, 0]);
        bytes.extend([0x1d, b'(', b'k', 3, 0, 49, 67, module.clamp(1, 16)]);
        bytes.extend([0x1d, b'(', b'k', 3, 0, 49, 69, 49]);
        bytes.extend([0x1d, b'(', b'k']);
        bytes.extend(word(data.len() + 3));
        bytes.extend([49, 80, 48]);
        bytes.extend(data.bytes().map(|byte| if byte < b' ' { b' ' } else { byte }));
        bytes.extend([0x1d, b'(', b'k', 3, 0, 49, 81, 48]);
        // ESC J: the white that a reader needs above and below is not the printer's to give.
        let quiet = module.clamp(1, 16) * QUIET;
        let bytes = [&[0x1b, b'J', quiet][..], &bytes, &[0x1b, b'J', quiet]].concat();
        self.centred_frame(&bytes, u32::from(module) * 60 * DOT_MICROMETRES);
    }

    /// GS k with its height (GS h), width of a module (GS w) and the text below (GS H).
    fn barcode(&mut self, symbology: Symbology, data: &str, height: u8) {
        let Some((system, bytes, modules)) = barcode_bytes(symbology, data) else {
            return self.out.warn(format!("`{data}` is no {symbology:?}"));
        };
        let module = if modules * 3 <= u32::from(self.profile.dots) { 3 } else { 2 };
        if modules * module > u32::from(self.profile.dots) {
            return self.out.warn(format!("`{data}` is too wide for this paper"));
        }
        if !self.profile.native_codes {
            return match raster::barcode(symbology, data, height, module as u8) {
                Ok(bitmap) => {
                    self.raster(&centred(&bitmap, self.profile.dots));
                    self.line(&below(data, usize::from(self.profile.columns)));
                }
                Err(why) => self.out.warn(format!("`{data}`: {why}")),
            };
        }
        let mut all = vec![0x1d, b'h', height, 0x1d, b'w', module as u8, 0x1d, b'H', 2, 0x1d, b'k', system];
        all.push(bytes.len() as u8);
        all.extend(bytes);
        self.centred_frame(&all, (u32::from(height) + 30) * DOT_MICROMETRES);
    }

    fn cut(&mut self) {
        // GS V 65, 66: feed to the blade and n dots, then cut.
        let m = match self.profile.cutter {
            Cutter::Full => 65,
            Cutter::Partial => 66,
            Cutter::None => return self.out.frame(&[0x1b, b'd', 4], 4 * u32::from(LINE) * DOT_MICROMETRES),
        };
        self.out.frame(&[0x1d, b'V', m, self.profile.feed_to_cutter_dots], CUT_MICROMETRES);
    }

    fn buzz(&mut self) {
        match self.profile.buzzer {
            // ESC B n t: n times, t × 100 ms.
            Buzzer::EscB => self.out.frame(&[0x1b, b'B', 3, 2], 0),
            Buzzer::Drawer2 => self.out.frame(&pulse(1, 200, 200), 0),
            Buzzer::None => {}
        }
    }
}

/// Dots that a drawn line leaves of its pitch.
pub(super) fn left_of_line(line: &Line, drawn: u16) -> u16 {
    let tall = if let Line::Text { style, .. } = line { u16::from(style.tall.clamp(1, 8)) } else { 1 };
    (CELL * tall).max(LINE).saturating_sub(drawn)
}

/// What stands under the bars, for people.
pub(super) fn below(data: &str, columns: usize) -> Line {
    let piece = Piece { at: 0, width: columns, text: data.to_owned(), align: Align::Centre };
    Line::Text { pieces: vec![piece], style: Style::NORMAL, width: columns }
}

/// Only what changes is sent: at 9600 baud each byte is a millisecond.
fn set_style(bytes: &mut Vec<u8>, from: Style, to: Style) {
    if from.bold != to.bold {
        bytes.extend([0x1b, b'E', u8::from(to.bold)]); // ESC E
    }
    if from.reversed != to.reversed {
        bytes.extend([0x1d, b'B', u8::from(to.reversed)]); // GS B
    }
    let size = |style: Style| (style.wide.clamp(1, 8) - 1) << 4 | (style.tall.clamp(1, 8) - 1);
    if size(from) != size(to) {
        bytes.extend([0x1d, b'!', size(to)]); // GS !
    }
}

pub(super) fn line_micrometres(style: Style) -> u32 {
    u32::from((CELL * u16::from(style.tall.clamp(1, 8))).max(LINE)) * DOT_MICROMETRES
}

fn word(number: usize) -> [u8; 2] {
    (number.min(usize::from(u16::MAX)) as u16).to_le_bytes()
}

/// `GS ( L` (or `GS 8 L` for what is longer), function 112: keep raster for printing, one colour, at its size.
fn graphics_header(stride: usize, rows: usize) -> Vec<u8> {
    let length = stride * rows + 10;
    let mut header = match u16::try_from(length) {
        Ok(length) => [&[0x1d, b'(', b'L'][..], &length.to_le_bytes()].concat(),
        Err(_) => [&[0x1d, b'8', b'L'][..], &(length as u32).to_le_bytes()].concat(),
    };
    header.extend([48, 112, 48, 1, 1, 49]);
    header.extend(word(stride * 8));
    header.extend(word(rows));
    header
}

/// System, data and width in modules with quiet zones. Code 128 goes in set B, digits of an even number in C.
fn barcode_bytes(symbology: Symbology, data: &str) -> Option<(u8, Vec<u8>, u32)> {
    let digits = !data.is_empty() && data.bytes().all(|byte| byte.is_ascii_digit());
    match symbology {
        Symbology::Code128 if digits && data.len().is_multiple_of(2) && data.len() <= 80 => {
            let pairs = data.as_bytes().chunks(2).filter_map(|pair| std::str::from_utf8(pair).ok()?.parse::<u8>().ok());
            let bytes: Vec<u8> = b"{C".iter().copied().chain(pairs).collect();
            // A pair that looks like a real-time command: set B spells it out.
            let risky = bytes
                .windows(3)
                .any(|b| matches!(b, [0x10, second, third] if super::raster::is_real_time(*second, *third)));
            if risky { code_128_b(data) } else { Some((73, bytes, data.len() as u32 / 2 * 11 + 55)) }
        }
        Symbology::Code128 => code_128_b(data),
        Symbology::Ean13 if digits && matches!(data.len(), 12 | 13) => Some((67, data.as_bytes().to_vec(), 113)),
        Symbology::Code39 => {
            let known = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b" $%+-./".contains(&byte);
            let fits = !data.is_empty() && data.len() <= 40 && data.bytes().all(known);
            fits.then(|| (69, data.as_bytes().to_vec(), (data.len() as u32 + 2) * 16 + 20))
        }
        Symbology::Ean13 => None,
    }
}

fn code_128_b(data: &str) -> Option<(u8, Vec<u8>, u32)> {
    let fits = !data.is_empty() && data.len() <= 60 && data.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let escaped = data.replace('{', "{{");
    fits.then(|| (73, [b"{B", escaped.as_bytes()].concat(), data.len() as u32 * 11 + 55))
}

/// `GS a`: report changes of drawer, online, error and paper by itself.
pub(super) const REPORT_CHANGES: [u8; 3] = [0x1d, b'a', 0x0f];

/// `ESC p m t1 t2`: always all five bytes, or the printer takes the two that follow for times.
pub fn pulse(connector: u8, on_ms: u16, off_ms: u16) -> [u8; 5] {
    let steps = |ms: u16| (ms / 2).clamp(1, 255) as u8;
    [0x1b, b'p', connector & 1, steps(on_ms), steps(off_ms)]
}

/// `GS ( H` function 48: the printer sends the id back once everything before it is on paper.
pub fn process_id(id: [u8; 4]) -> [u8; 11] {
    let [d1, d2, d3, d4] = id;
    [0x1d, b'(', b'H', 6, 0, 48, 48, d1, d2, d3, d4]
}

/// `GS ( L` function 67: keep a picture under a key. The printer's flash wears: not once a paper, but once a logo.
pub fn keep_picture(key: [u8; 2], bitmap: &Bitmap) -> Vec<u8> {
    let length = bitmap.packed.len() + 11;
    let mut bytes = match u16::try_from(length) {
        Ok(length) => [&[0x1d, b'(', b'L'][..], &length.to_le_bytes()].concat(),
        Err(_) => [&[0x1d, b'8', b'L'][..], &(length as u32).to_le_bytes()].concat(),
    };
    bytes.extend([48, 67, 48, key[0], key[1], 1]);
    bytes.extend(word(bitmap.stride() * 8));
    bytes.extend(word(usize::from(bitmap.height())));
    bytes.push(49);
    let data = bytes.len();
    bytes.extend_from_slice(&bitmap.packed);
    disarm(bytes.get_mut(data..).unwrap_or_default());
    bytes
}

/// `DLE EOT n`: printer (1), offline cause (2), error cause (3), paper (4).
pub fn ask_status(n: u8) -> [u8; 3] {
    [0x10, 0x04, n]
}

/// `DLE DC4 8`: clears both buffers and recovers; answered by `37 25 00`.
pub const CLEAR: [u8; 10] = [0x10, 0x14, 0x08, 0x01, 0x03, 0x14, 0x01, 0x06, 0x02, 0x08];

#[cfg(test)]
mod tests {
    use trivet_paper::{Paper, layout};

    use super::super::job::NoArt;
    use super::*;

    fn encoded(profile: &str, build: impl FnOnce(&mut Paper)) -> Job {
        let profile = Profile::named(profile).unwrap();
        let mut paper = Paper::default();
        build(&mut paper);
        encode(&layout(&paper, usize::from(profile.columns)), &profile, &NoArt)
    }

    #[test]
    fn a_line_is_one_frame_and_sets_what_changes() {
        let job = encoded("epson-80", |paper| {
            paper.text("2 x Crème €", Style::LARGE).text("Tea", Style::LARGE).text("Ж", Style::NORMAL).cut();
        });
        let frames: Vec<&[u8]> = job.frames().collect();
        let expected: [&[u8]; 5] = [
            b"\x1b@\x1c.\x1bt\x10\x1da\x0f",
            b"\x1bE\x01\x1d!\x112 x Cr\xe8me \x80\n",
            b"Tea\n",
            b"\x1bE\x00\x1d!\x00\x1bt\x11\x86\n",
            b"\x1dVB\x00",
        ];
        assert_eq!(frames, expected);
        assert_eq!(job.parts().1.collect::<Vec<_>>(), [b"\x1dVB\x00"]);
        assert_eq!(job.warnings, [""; 0]);
    }

    #[test]
    fn what_cannot_be_printed_is_marked_and_said() {
        let job = encoded("epson-u220", |paper| {
            paper.text("شاي 2", Style::NORMAL);
        });
        assert!(job.bytes().ends_with(b"??? 2\n"));
        assert_eq!(job.warnings, ["this printer has no ['ش', 'ا', 'ي'] and prints no pictures"]);
    }

    #[test]
    fn codes() {
        for (symbology, data, expected) in [
            (Symbology::Code128, "A-12", Some((73, &b"{BA-12"[..]))),
            (Symbology::Code128, "1234", Some((73, b"{C\x0c\x22"))),
            (Symbology::Code128, "160401", Some((73, b"{B160401"))),
            (Symbology::Ean13, "4006381333931", Some((67, b"4006381333931"))),
            (Symbology::Ean13, "40063", None),
            (Symbology::Code39, "ab", None),
        ] {
            let got = barcode_bytes(symbology, data);
            assert_eq!(got.as_ref().map(|(system, bytes, _)| (*system, bytes.as_slice())), expected, "{data}");
        }
        assert_eq!(pulse(0, 100, 200), [0x1b, b'p', 0, 50, 100]);
    }
}
