//! Laid-out lines become Star Line Mode. Pure. Commands: Star Micronics, "Star Line Mode Command Specifications".

use trivet_paper::raster;
use trivet_paper::{Bitmap, Line, PictureId, Style, Symbology};

use super::escpos::{DOT_MICROMETRES, LINE, QUIET, below, left_of_line, line_micrometres};
use super::job::{Art, Job};
use super::profile::{Buzzer, Cutter, Profile};
use super::raster::{centred, fitted};
use super::text::{Pages, Words};

const ESC: u8 = 0x1b;
const GS: u8 = 0x1d;
const CUT_MICROMETRES: u32 = 15_000;
const LONGEST_QR: usize = 700;

const WORDS: Words = Words {
    select_page: |out, slot| out.extend([ESC, GS, b't', slot]), // ESC GS t
    kanji_on: &[ESC, b'p'],
    kanji_off: &[ESC, b'q'],
};

pub fn encode(lines: &[Line], profile: &Profile, art: &dyn Art) -> Job {
    let pages = Pages::of(profile);
    let page = pages.first();
    let out = Job::with_capacity(lines.len() * 64 + 64);
    let mut encoder = Encoder { profile, art, page, pages, style: Style::NORMAL, text: String::new(), out };
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
    style: Style,
    text: String,
    out: Job,
}

impl Encoder<'_> {
    /// `ESC @` initialises; `ESC RS a 3` reports changes by itself.
    fn prologue(&mut self) {
        let bytes = self.out.buffer();
        bytes.extend([ESC, b'@']);
        bytes.extend(REPORT_CHANGES);
        if let Some(slot) = self.page {
            (WORDS.select_page)(bytes, slot);
        }
        self.out.end_frame(0);
    }

    fn line(&mut self, line: &Line) {
        match line {
            Line::Text { style, .. } => self.text(line, *style),
            Line::Feed(0) => {}
            // ESC a n: feed n lines.
            Line::Feed(count) => {
                self.out.frame(&[ESC, b'a', *count], u32::from(*count) * u32::from(LINE) * DOT_MICROMETRES);
            }
            Line::Cut => self.cut(),
            Line::Picture(id) => self.picture(id),
            Line::Qr { data, module } => self.qr(data, *module),
            Line::Barcode { symbology, data, height } => self.barcode(*symbology, data, *height),
            Line::Buzz => match self.profile.buzzer {
                // SUB: the second connector.
                Buzzer::Drawer2 => self.out.frame(&[0x1a], 0),
                Buzzer::EscB | Buzzer::None => {}
            },
        }
    }

    fn text(&mut self, line: &Line, style: Style) {
        self.text.clear();
        line.write_text(&mut self.text);
        if !self.profile.draws_text {
            let trimmed = if style.reversed { self.text.as_str() } else { self.text.trim_end() };
            let before = self.style;
            let bytes = self.out.buffer();
            let start = bytes.len();
            set_style(bytes, before, style);
            if let Some(page) = self.pages.write(bytes, trimmed, self.page, &WORDS) {
                bytes.push(b'\n');
                self.page = page;
                self.style = style;
                return self.out.end_frame(line_micrometres(style));
            }
            bytes.truncate(start);
        }
        match self.art.draw(line, self.profile.grid()) {
            Some((bitmap, missing)) => {
                if !missing.is_empty() {
                    self.out.warn(format!("no font has {missing:?}"));
                }
                self.raster(&fitted(&bitmap, self.profile.dots), left_of_line(line, bitmap.height()));
            }
            None => {
                let lacking = self.pages.write_lossy(self.out.buffer(), &self.text, self.page);
                self.out.buffer().push(b'\n');
                self.out.end_frame(line_micrometres(self.style));
                self.out.warn(format!("this printer has no {lacking:?} and there are no fonts to draw it"));
            }
        }
    }

    fn picture(&mut self, id: &PictureId) {
        match self.art.picture(id) {
            Some(picture) => self.raster(&centred(&picture, self.profile.dots), 0),
            None => self.out.warn("a picture is not here".to_owned()),
        }
    }

    /// Raster mode: `ESC * r A` enters, `E 1` has it leave without a cut, `P 0` is a page without end, `b nL nH` is a
    /// row, `Y n` skips n, `B` leaves ("executing raster EOT mode", whose default cuts). In bands, each one frame that
    /// enters and leaves, so that a real-time command between them is none inside.
    fn raster(&mut self, bitmap: &Bitmap, skip: u16) {
        let stride = bitmap.stride().max(1);
        let rows = usize::from(self.profile.raster_band_rows.max(1));
        let bands = bitmap.packed.len().div_ceil(stride * rows).max(1);
        for (n, band) in bitmap.packed.chunks(stride * rows).enumerate() {
            let mut dots = (band.len() / stride) as u32;
            let bytes = self.out.buffer();
            bytes.extend(b"\x1b*rA\x1b*rE1\0\x1b*rP0\0");
            for row in band.chunks(stride) {
                bytes.push(b'b');
                bytes.extend((row.len() as u16).to_le_bytes());
                bytes.extend_from_slice(row);
            }
            if n + 1 == bands && skip > 0 {
                bytes.extend(format!("\x1b*rY{skip}\0").bytes());
                dots += u32::from(skip);
            }
            bytes.extend(b"\x1b*rB");
            self.out.end_frame(dots * DOT_MICROMETRES);
        }
    }

    /// ESC GS y: model 2 (S 0), level M (S 1), size of a module (S 2), data (D 1), print (P).
    fn qr(&mut self, data: &str, module: u8) {
        if data.is_empty() || data.len() > LONGEST_QR {
            return self.out.warn(format!("a QR code holds 1 to {LONGEST_QR} bytes"));
        }
        if !self.profile.native_codes {
            return match raster::qr(data, module, QUIET) {
                Some(bitmap) => self.raster(&centred(&bitmap, self.profile.dots), 0),
                None => self.out.warn("this QR code does not fit".to_owned()),
            };
        }
        let bytes = self.out.buffer();
        bytes.extend([ESC, GS, b'a', 1]); // ESC GS a 1: in the middle
        bytes.extend([ESC, GS, b'y', b'S', b'0', 2]);
        bytes.extend([ESC, GS, b'y', b'S', b'1', 1]);
        bytes.extend([ESC, GS, b'y', b'S', b'2', module.clamp(1, 8)]);
        bytes.extend([ESC, GS, b'y', b'D', b'1', 0]);
        bytes.extend((data.len() as u16).to_le_bytes());
        bytes.extend(data.bytes().map(|byte| if byte < b' ' { b' ' } else { byte }));
        bytes.extend([ESC, GS, b'y', b'P']);
        // A line below: the white that a reader needs.
        bytes.extend([ESC, b'a', 1]);
        bytes.extend([ESC, GS, b'a', 0]);
        self.out.end_frame(u32::from(module) * 60 * DOT_MICROMETRES);
    }

    /// `ESC b n1 n2 n3 n4 data RS`: kind, text below and line feed (2), mode, height.
    fn barcode(&mut self, symbology: Symbology, data: &str, height: u8) {
        let digits = data.bytes().all(|byte| byte.is_ascii_digit());
        let printable = data.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        let (kind, fits) = match symbology {
            Symbology::Code128 => (b'6', printable && data.len() <= 40),
            Symbology::Ean13 => (b'3', digits && matches!(data.len(), 12 | 13)),
            Symbology::Code39 => (b'4', printable && data.len() <= 30),
        };
        if data.is_empty() || !fits {
            return self.out.warn(format!("`{data}` is no {symbology:?}"));
        }
        if !self.profile.native_codes {
            return match raster::barcode(symbology, data, height, 2) {
                Ok(bitmap) => {
                    self.raster(&centred(&bitmap, self.profile.dots), 0);
                    self.line(&below(data, usize::from(self.profile.columns)));
                }
                Err(why) => self.out.warn(format!("`{data}`: {why}")),
            };
        }
        let bytes = self.out.buffer();
        bytes.extend([ESC, GS, b'a', 1, ESC, b'b', kind, b'2', b'1', height]);
        bytes.extend(data.bytes());
        bytes.extend([0x1e, ESC, GS, b'a', 0]);
        self.out.end_frame((u32::from(height) + 30) * DOT_MICROMETRES);
    }

    /// `ESC d`: feed to the blade, then cut; 2 all through, 3 leaving a point.
    fn cut(&mut self) {
        match self.profile.cutter {
            Cutter::Full => self.out.frame(&[ESC, b'd', 2], CUT_MICROMETRES),
            Cutter::Partial => self.out.frame(&[ESC, b'd', 3], CUT_MICROMETRES),
            Cutter::None => self.out.frame(&[ESC, b'a', 4], 4 * u32::from(LINE) * DOT_MICROMETRES),
        }
    }
}

fn set_style(bytes: &mut Vec<u8>, from: Style, to: Style) {
    if from.bold != to.bold {
        bytes.extend([ESC, if to.bold { b'E' } else { b'F' }]);
    }
    if from.reversed != to.reversed {
        bytes.extend([ESC, if to.reversed { b'4' } else { b'5' }]);
    }
    // ESC i n1 n2: height and width, 0 to 5.
    let size = |style: Style| (style.tall.clamp(1, 6) - 1, style.wide.clamp(1, 6) - 1);
    if size(from) != size(to) {
        let (tall, wide) = size(to);
        bytes.extend([ESC, b'i', tall, wide]);
    }
}

/// `ESC RS a 3`: status by itself, whatever the memory switches say.
pub(super) const REPORT_CHANGES: [u8; 4] = [ESC, 0x1e, b'a', 3];
/// `ESC ACK SOH`: status now.
pub const ASK_STATUS: [u8; 3] = [ESC, 0x06, 0x01];
/// `ETB`: once the motor has stopped, the counter in the status rises by one.
pub const ETB: u8 = 0x17;
/// `ESC RS E 0`: the counter to zero.
pub const ZERO_COUNTER: [u8; 4] = [ESC, 0x1e, b'E', 0];

/// `ESC BEL n1 n2` sets the pulse in steps of 10 ms, `BEL` and `SUB` give it.
pub fn pulse(connector: u8, on_ms: u16, off_ms: u16) -> [u8; 5] {
    let steps = |ms: u16| (ms / 10).clamp(1, 127) as u8;
    [ESC, 0x07, steps(on_ms), steps(off_ms), if connector == 0 { 0x07 } else { 0x1a }]
}

#[cfg(test)]
mod tests {
    use trivet_paper::{Paper, layout};

    use super::super::job::NoArt;
    use super::*;

    #[test]
    fn a_ticket() {
        let profile = Profile::named("star-80").unwrap();
        let mut paper = Paper::default();
        paper.text("Crème €", Style::LARGE).text("Ж", Style::NORMAL.reversed()).cut();
        let job = encode(&layout(&paper, 48), &profile, &NoArt);
        let frames: Vec<&[u8]> = job.frames().collect();
        assert_eq!(frames[0], b"\x1b@\x1b\x1ea\x03\x1b\x1dt\x20");
        assert_eq!(frames[1], b"\x1bE\x1bi\x01\x01Cr\xe8me \x80\n");
        assert!(frames[2].starts_with(b"\x1bF\x1b4\x1bi\x00\x00\x1b\x1dt\x0a\x86 "));
        assert_eq!(frames[3], b"\x1bd\x03");
    }
}
