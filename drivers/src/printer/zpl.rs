//! Laid-out lines become labels in ZPL II. Pure. Commands: Zebra, "ZPL II Programming Guide".

use trivet_paper::raster;
use trivet_paper::{Align, Bitmap, Line, Style, Symbology};

use super::encoder::{DOT_MICROMETRES, LONGEST_QR, QUIET};
use super::job::{Art, Job};
use super::profile::Profile;
use super::raster::{centred, fitted};

/// Height of a normal character and of its line.
const CELL: u16 = 24;
const LINE: u16 = 30;

/// Each label is one frame. A paper that is longer than a label goes on on the next.
pub fn encode(lines: &[Line], profile: &Profile, art: &dyn Art) -> Job {
    let mut encoder = Encoder {
        profile,
        art,
        out: Job::with_capacity(1_024, 1),
        label: Vec::new(),
        y: 0,
        rows: profile.label_rows.max(LINE),
    };
    for line in lines {
        encoder.line(line);
    }
    encoder.finish();
    encoder.out
}

struct Encoder<'a> {
    profile: &'a Profile,
    art: &'a dyn Art,
    out: Job,
    label: Vec<u8>,
    y: u16,
    rows: u16,
}

impl Encoder<'_> {
    fn line(&mut self, line: &Line) {
        match line {
            Line::Text { pieces, style, .. } => {
                let tall = CELL * u16::from(style.tall.clamp(1, 8));
                self.room(tall.max(LINE));
                let native = |text: &str| text.chars().all(|c| matches!(c, ' '..='~' | '\u{a0}'..='\u{24f}' | '€'));
                if pieces.iter().all(|piece| native(&piece.text)) {
                    let cell = self.profile.cell() * u16::from(style.wide.clamp(1, 8));
                    if style.reversed {
                        // ^GB: a black bar across the label; ^FR writes in white on it.
                        self.put(format!("^FO0,{}^GB{},{tall},{tall}^FS", self.y, self.profile.dots));
                    }
                    for piece in pieces {
                        self.piece(piece.at as u16 * cell, piece.width as u16 * cell, &piece.text, piece.align, *style);
                    }
                } else {
                    self.draw(line);
                }
                self.y += tall.max(LINE);
            }
            Line::Feed(count) => {
                self.y = self.y.saturating_add(u16::from(*count) * LINE);
            }
            Line::Cut => self.finish(),
            Line::Picture(id) => match self.art.picture(id) {
                Some(picture) => self.raster(&centred(&picture, self.profile.dots)),
                None => self.out.warn("a picture is not here".to_owned()),
            },
            Line::Qr { data, module } => self.qr(data, *module),
            Line::Barcode { symbology, data, height } => self.barcode(*symbology, data, *height),
            Line::Buzz => {}
        }
    }

    /// Begins the next label when this one is full.
    fn room(&mut self, rows: u16) {
        if self.y > 0 && self.y.saturating_add(rows) > self.rows {
            self.finish();
        }
    }

    fn put(&mut self, text: String) {
        self.label.extend(text.into_bytes());
    }

    /// `^FB` keeps a text in its place: one line, left, centred or to the right.
    fn piece(&mut self, x: u16, width: u16, text: &str, align: Align, style: Style) {
        if text.trim().is_empty() {
            return;
        }
        if text.len() > 2 && text.bytes().all(|byte| byte == b'-') {
            // Its hyphens are narrow too: a rule is a bar.
            self.put(format!("^FO{x},{}^GB{width},2,2^FS", self.y + LINE / 2));
            return;
        }
        // The printer's own spaces are narrow: an indent is a place.
        let indent = text.chars().take_while(|c| *c == ' ').count() as u16 * self.profile.cell();
        let high = CELL * u16::from(style.tall.clamp(1, 8));
        // Font 0 is narrower than its height; twice as wide as tall looks as it does on a receipt.
        let wide = self.profile.cell() * u16::from(style.wide.clamp(1, 8)) * 3 / 2;
        let align = match align {
            Align::Left => 'L',
            Align::Centre => 'C',
            Align::Right => 'R',
        };
        let reversed = if style.reversed { "^FR" } else { "" };
        let (x, width) = (x + indent, width.saturating_sub(indent).max(1));
        let text = escaped(text.trim());
        self.put(format!("^FO{x},{}{reversed}^A0N,{high},{wide}^FB{width},1,0,{align},0^FH^FD{text}^FS", self.y));
        if style.bold && !style.reversed {
            // Once more, one dot to the right.
            self.put(format!("^FO{},{}^A0N,{high},{wide}^FB{width},1,0,{align},0^FH^FD{text}^FS", x + 1, self.y));
        }
    }

    fn draw(&mut self, line: &Line) {
        match self.art.draw(line, self.profile.grid()) {
            Some((bitmap, missing)) => {
                if !missing.is_empty() {
                    self.out.warn(format!("no font has {missing:?}"));
                }
                self.graphic(&fitted(&bitmap, self.profile.dots));
            }
            None => self.out.warn("there are no fonts to draw a line of this label".to_owned()),
        }
    }

    fn raster(&mut self, bitmap: &Bitmap) {
        self.room(bitmap.height());
        self.graphic(bitmap);
        self.y += bitmap.height();
    }

    /// `^GFA`: a picture as hexadecimal digits, so that no byte of it is a command.
    fn graphic(&mut self, bitmap: &Bitmap) {
        let total = bitmap.packed.len();
        self.put(format!("^FO0,{}^GFA,{total},{total},{},", self.y, bitmap.stride()));
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        let digit = |nibble: u8| DIGITS.get(usize::from(nibble & 15)).copied().unwrap_or(b'0');
        self.label.extend(bitmap.packed.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]));
        self.put("^FS".to_owned());
    }

    /// `^BQ`: model 2; `MM,A` in the data: level M, automatic.
    fn qr(&mut self, data: &str, module: u8) {
        if data.is_empty() || data.len() > LONGEST_QR {
            return self.out.warn(format!("a QR code holds 1 to {LONGEST_QR} bytes"));
        }
        let Some(size) = raster::qr(data, module, QUIET).map(|bitmap| bitmap.height()) else {
            return self.out.warn("this QR code does not fit".to_owned());
        };
        self.room(size);
        let x = self.profile.dots.saturating_sub(size) / 2;
        self.put(format!("^FO{x},{}^BQN,2,{}^FH^FDMA,{}^FS", self.y, module.clamp(1, 10), escaped(data)));
        self.y = self.y.saturating_add(size);
    }

    fn barcode(&mut self, symbology: Symbology, data: &str, height: u8) {
        if let Err(why) = raster::barcode(symbology, data, height, 2) {
            return self.out.warn(format!("`{data}`: {why}"));
        }
        self.room(u16::from(height) + LINE);
        let command = match symbology {
            Symbology::Code128 => format!("^BCN,{height},Y,N,N,A"),
            Symbology::Ean13 => format!("^BEN,{height},Y,N"),
            Symbology::Code39 => format!("^B3N,N,{height},Y,N"),
        };
        let x = self.profile.cell() * 2;
        self.put(format!("^FO{x},{}^BY2{command}^FH^FD{}^FS", self.y, escaped(data)));
        self.y = self.y.saturating_add(u16::from(height) + LINE);
    }

    fn finish(&mut self) {
        if !self.label.is_empty() {
            let label = std::mem::take(&mut self.label);
            let (dots, rows) = (self.profile.dots, self.rows);
            // ^CI28: UTF-8.
            self.out.buffer().extend(format!("^XA^CI28^PW{dots}^LL{rows}^LH0,0").into_bytes());
            self.out.buffer().extend(label);
            self.out.buffer().extend(b"^XZ\n");
            self.out.end_frame(u32::from(rows) * DOT_MICROMETRES);
        }
        self.y = 0;
    }
}

/// `^FH`: what would be a command is written as its code.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '^' | '~' | '_' | '\\' => out.push_str(&format!("_{:02X}", c as u32)),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// `~HS`: status, in three lines between STX and ETX.
pub const ASK_STATUS: [u8; 3] = *b"~HS";
/// `~JA`: drops every label that has not been printed.
pub const CANCEL_ALL: [u8; 3] = *b"~JA";

#[cfg(test)]
mod tests {
    use trivet_paper::{Paper, layout};

    use super::super::job::NoArt;
    use super::*;

    #[test]
    fn a_label_and_the_one_after_it() {
        let profile = Profile::named("zpl-203").unwrap();
        let mut paper = Paper::default();
        paper.text("Soup ^XZ", Style::LARGE).columns("Use by", "Fri 27 Nov", Style::NORMAL).feed(9);
        paper.text("next", Style::NORMAL).cut();
        let job = encode(&layout(&paper, 37), &profile, &NoArt);
        let labels: Vec<String> = job.frames().map(|f| String::from_utf8(f.to_vec()).unwrap()).collect();
        assert_eq!(labels.len(), 2);
        assert!(labels[0].starts_with("^XA^CI28^PW448^LL320^LH0,0^FO0,0^A0N,48,36^FB432,1,0,L,0^FH^FDSoup _5EXZ^FS"));
        assert!(labels[0].contains("^FO324,48^A0N,24,18^FB120,1,0,R,0^FH^FDFri 27 Nov^FS"), "{}", labels[0]);
        assert!(labels[1].contains("^FDnext^FS^XZ"));
    }
}
