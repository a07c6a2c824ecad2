//! A field of a label: text, a code, a box or a picture at its place.

use super::super::bitmap::Bitmap;
use super::super::symbols::code128::{FNC1, FNC2, FNC3, SHIFT, Set, Writer};
use super::super::symbols::{self, Bars, Correction, Symbology};
use super::format::Defaults;
use super::graphic::box_dot;
use super::lettering::{Lettering, Orientation, broken};

/// Characters of one text; more have no room on any label.
const MOST_CHARACTERS: usize = 3_072;
/// Dots of the highest bars.
const HIGHEST_BARS: u32 = 3_000;

/// `^FB`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    pub(super) width: u32,
    pub(super) lines: u32,
    pub(super) spacing: i32,
    pub(super) justify: u8,
    pub(super) indent: u32,
}

/// A bar code or QR code that the data becomes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Code {
    Code128 { height: Option<u32>, below: bool, above: bool, mode: u8 },
    Code39 { check: bool, height: Option<u32>, below: bool, above: bool },
    Ean13 { height: Option<u32>, below: bool, above: bool },
    Itf { height: Option<u32>, below: bool, above: bool },
    Qr { magnification: u32 },
}

/// `^GB` and `^GF`.
#[derive(Clone, Debug)]
pub(super) enum Graphic {
    Box { width: u32, height: u32, thick: u32, white: bool, rounding: u32 },
    Picture(Bitmap),
}

/// What has come of a field.
#[derive(Clone, Debug, Default)]
pub(super) struct Field {
    pub(super) at: Option<(u32, u32)>,
    /// `^FT`: the place is where the base line begins.
    pub(super) by_base_line: bool,
    /// The place is the right end.
    pub(super) right: bool,
    pub(super) font: Option<(u8, u32, u32)>,
    pub(super) orientation: Option<Orientation>,
    pub(super) block: Option<Block>,
    pub(super) hex: Option<u8>,
    pub(super) reversed: bool,
    pub(super) code: Option<Code>,
    pub(super) graphic: Option<Graphic>,
    pub(super) data: Option<Vec<u8>>,
}

/// How dots are put on the label.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ink {
    Black,
    White,
    /// `^FR`: black on white and white on black.
    Turned,
}

fn put(canvas: &mut Bitmap, ink: Ink, x: u32, y: u32) {
    match ink {
        Ink::Black => canvas.blacken(x, y),
        Ink::White => canvas.whiten(x, y),
        Ink::Turned => canvas.turn(x, y),
    }
}

fn stamp(canvas: &mut Bitmap, ink: Ink, picture: &Bitmap, at: (u32, u32)) {
    if at.0 >= canvas.width() || at.1 >= canvas.height() {
        return;
    }
    for (x, y) in picture.black() {
        put(canvas, ink, at.0.saturating_add(x), at.1.saturating_add(y));
    }
}

impl Field {
    pub(super) fn is_empty(&self) -> bool {
        self.data.is_none() && self.graphic.is_none()
    }

    /// The data with `^FH`'s hexadecimal bytes put in.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let data = self.data.as_deref().unwrap_or_default();
        let Some(mark) = self.hex else {
            return data.to_vec();
        };
        let mut out = Vec::new();
        let mut rest = data;
        while let Some((byte, after)) = rest.split_first() {
            let value = match after {
                [high, low, ..] if *byte == mark => {
                    let digit = |byte: u8| char::from(byte).to_digit(16);
                    digit(*high).zip(digit(*low)).and_then(|(high, low)| u8::try_from(high * 16 + low).ok())
                }
                _ => None,
            };
            match value {
                Some(value) => {
                    out.push(value);
                    rest = after.get(2..).unwrap_or_default();
                }
                None => {
                    out.push(*byte);
                    rest = after;
                }
            }
        }
        out
    }

    /// Draws it; `false` when no symbol stands for its data.
    pub(super) fn draw(
        &self,
        canvas: &mut Bitmap,
        at: (u32, u32),
        defaults: &Defaults,
        bytes: &[u8],
        text: &str,
        entries: &mut Vec<(u32, u32, String)>,
    ) -> bool {
        let ink = if self.reversed { Ink::Turned } else { Ink::Black };
        if let Some(graphic) = &self.graphic {
            self.draw_graphic(graphic, canvas, at, ink, entries);
            return true;
        }
        let orientation = self.orientation.unwrap_or(defaults.orientation);
        match self.code {
            None => {
                self.draw_text(canvas, at, orientation, defaults.lettering(self.font), ink, text, entries);
                true
            }
            Some(Code::Qr { magnification }) => {
                let Some((code, shown)) = qr(bytes) else {
                    return false;
                };
                let mut picture = Bitmap::white(code.width() * magnification, code.height() * magnification);
                for (x, y) in code.black() {
                    for dy in 0..magnification {
                        for dx in 0..magnification {
                            picture.blacken(x * magnification + dx, y * magnification + dy);
                        }
                    }
                }
                let at = self.corner(at, (picture.width(), picture.height()), picture.height(), Orientation::Normal);
                entries.push((at.1, at.0, format!("[QR: {shown}]")));
                stamp(canvas, ink, &picture, at);
                true
            }
            Some(code) => self.draw_bars(code, canvas, at, orientation, defaults, ink, bytes, entries),
        }
    }

    /// Top left of a turned field of `size`, whose base line lies `ascent` below its top.
    fn corner(&self, at: (u32, u32), size: (u32, u32), ascent: u32, orientation: Orientation) -> (u32, u32) {
        let (width, height) = orientation.turned(size);
        let (x, y) = at;
        let descent = size.1.saturating_sub(ascent);
        let (x, y) = if self.by_base_line {
            match orientation {
                Orientation::Normal => (x, y.saturating_sub(ascent)),
                Orientation::Rotated => (x.saturating_sub(descent), y),
                Orientation::Inverted => (x.saturating_sub(width), y.saturating_sub(descent)),
                Orientation::BottomUp => (x.saturating_sub(ascent), y.saturating_sub(height)),
            }
        } else {
            (x, y)
        };
        if self.right { (x.saturating_sub(width), y) } else { (x, y) }
    }

    fn draw_graphic(
        &self,
        graphic: &Graphic,
        canvas: &mut Bitmap,
        at: (u32, u32),
        ink: Ink,
        entries: &mut Vec<(u32, u32, String)>,
    ) {
        match graphic {
            Graphic::Box { width, height, thick, white, rounding } => {
                let (width, height) = (*width, *height);
                let at = self.corner(at, (width, height), height, Orientation::Normal);
                let ink = if *white && ink == Ink::Black { Ink::White } else { ink };
                let (right, below) = (canvas.width().saturating_sub(at.0), canvas.height().saturating_sub(at.1));
                for y in 0..height.min(below) {
                    for x in 0..width.min(right) {
                        if box_dot(x, y, width, height, *thick, *rounding) {
                            put(canvas, ink, at.0 + x, at.1 + y);
                        }
                    }
                }
            }
            Graphic::Picture(picture) => {
                let at = self.corner(at, (picture.width(), picture.height()), picture.height(), Orientation::Normal);
                entries.push((at.1, at.0, format!("[picture {}x{}]", picture.width(), picture.height())));
                stamp(canvas, ink, picture, at);
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a place, a look and two outputs; a struct would only rename them")]
    fn draw_text(
        &self,
        canvas: &mut Bitmap,
        at: (u32, u32),
        orientation: Orientation,
        lettering: Lettering,
        ink: Ink,
        text: &str,
        entries: &mut Vec<(u32, u32, String)>,
    ) {
        let text: String = text.chars().filter(|character| !character.is_control()).take(MOST_CHARACTERS).collect();
        let lines = match self.block.filter(|block| block.width > 0) {
            Some(block) => broken(&text, lettering, block.width),
            None => vec![text],
        };
        let block = self.block.filter(|block| block.width > 0);
        let step = block.map_or(lettering.height, |block| lettering.height.saturating_add_signed(block.spacing).max(1));
        let most = block.map_or(1, |block| block.lines);
        let last = u32::try_from(lines.len()).unwrap_or(1).min(most).saturating_sub(1);
        let width =
            block.map_or_else(|| lettering.width_of(lines.first().map_or("", String::as_str)), |block| block.width);
        let size = (width, last.saturating_mul(step).saturating_add(lettering.height));
        let corner = self.corner(at, size, lettering.ascent() + last.saturating_mul(step), orientation);
        let count = lines.len();
        for (number, line) in (0u32..).zip(&lines) {
            // "Text that exceeds the maximum number of lines overwrites the last line."
            let y = number.min(last).saturating_mul(step);
            let indent = block.filter(|_| number > 0).map_or(0, |block| block.indent);
            let free = width.saturating_sub(lettering.width_of(line));
            let words = u32::try_from(line.matches(' ').count()).unwrap_or(0);
            let is_last = usize::try_from(number).is_ok_and(|number| number + 1 == count);
            let (mut x, wider) = match block.map_or(b'L', |block| block.justify) {
                b'C' => (free / 2, 0),
                b'R' => (free, 0),
                b'J' if words > 0 && !is_last => (indent, free.saturating_sub(indent) / words),
                _ => (indent, 0),
            };
            for character in line.chars() {
                let advance = lettering.advance(character);
                if character != ' ' {
                    let letter_size = (advance, lettering.height);
                    let place = orientation.place((x, y), letter_size, size);
                    let place = (corner.0.saturating_add(place.0), corner.1.saturating_add(place.1));
                    if place.0 < canvas.width() && place.1 < canvas.height() {
                        stamp(canvas, ink, &lettering.letter(character).turned(orientation.quarters()), place);
                    }
                }
                x = x.saturating_add(advance).saturating_add(if character == ' ' { wider } else { 0 });
            }
            if !line.is_empty() {
                entries.push((corner.1.saturating_add(y), corner.0, line.trim().to_owned()));
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a place, a look and two outputs; a struct would only rename them")]
    fn draw_bars(
        &self,
        code: Code,
        canvas: &mut Bitmap,
        at: (u32, u32),
        orientation: Orientation,
        defaults: &Defaults,
        ink: Ink,
        bytes: &[u8],
        entries: &mut Vec<(u32, u32, String)>,
    ) -> bool {
        let (bars, height, below, above) = match code {
            Code::Code128 { height, below, above, mode } => (code_128(bytes, mode), height, below, above),
            Code::Code39 { check, height, below, above } => (code_39(bytes, check), height, below, above),
            Code::Ean13 { height, below, above } => (ean_13(bytes), height, below, above),
            Code::Itf { height, below, above } => {
                (symbols::linear::encode(Symbology::Itf, bytes), height, below, above)
            }
            Code::Qr { .. } => return false,
        };
        let Some(bars) = bars else {
            return false;
        };
        let height = height.unwrap_or(defaults.bar_height).clamp(1, HIGHEST_BARS);
        let module = defaults.module;
        let picture = bars.draw(module, module * defaults.ratio / 10, height);
        let lettering = Lettering::new(b'A', 9 * module, 5 * module);
        let written = below || above;
        let line = if written { lettering.height + 2 * module } else { 0 };
        let size = (picture.width().max(if written { lettering.width_of(bars.text()) } else { 0 }), height + line);
        let top = if above { line } else { 0 };
        let corner = self.corner(at, size, top + height, orientation);
        let place = |place: (u32, u32), part: (u32, u32)| {
            let (x, y) = orientation.place(place, part, size);
            (corner.0.saturating_add(x), corner.1.saturating_add(y))
        };
        let turned = picture.turned(orientation.quarters());
        stamp(canvas, ink, &turned, place((0, top), (picture.width(), height)));
        if written {
            let y = if above { 0 } else { height + 2 * module };
            let mut x = picture.width().saturating_sub(lettering.width_of(bars.text())) / 2;
            for character in bars.text().chars() {
                let advance = lettering.advance(character);
                let letter = lettering.letter(character);
                let part = (letter.width(), letter.height());
                stamp(canvas, ink, &letter.turned(orientation.quarters()), place((x, y), part));
                x += advance;
            }
        }
        entries.push((corner.1, corner.0, format!("[barcode: {}]", bars.text().trim_matches('*'))));
        true
    }
}

/// "^BQ": error correction, `A` or `M`, a comma, the data; with `M` the kind of characters stands before it.
fn qr(data: &[u8]) -> Option<(Bitmap, String)> {
    let (correction, rest) = match data {
        [level @ (b'H' | b'Q' | b'M' | b'L'), mode @ (b'A' | b'M'), b',', rest @ ..] => {
            let rest = match (mode, rest) {
                (b'M', [b'N' | b'A', rest @ ..]) => rest,
                (b'M', [b'B', _, _, _, _, rest @ ..]) => rest,
                _ => rest,
            };
            let correction = match level {
                b'H' => Correction::High,
                b'Q' => Correction::Quartile,
                b'M' => Correction::Medium,
                _ => Correction::Low,
            };
            (correction, rest)
        }
        _ => (Correction::Quartile, data),
    };
    let code = symbols::qr(rest, correction)?;
    Some((code, String::from_utf8_lossy(rest).into_owned()))
}

/// "^BE": twelve digits; fewer are filled up with zeros on the left, of more the last are dropped.
fn ean_13(data: &[u8]) -> Option<Bars> {
    let digits: Vec<u8> = data.iter().copied().take(12).collect();
    let padded = [vec![b'0'; 12 - digits.len()], digits].concat();
    symbols::linear::encode(Symbology::Ean13, &padded)
}

/// "^B3", with its check digit modulo 43 on request.
fn code_39(data: &[u8], check: bool) -> Option<Bars> {
    const VALUES: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%";
    let mut data = data.to_ascii_uppercase();
    if check {
        let mut sum = 0;
        for byte in &data {
            sum += VALUES.iter().position(|known| known == byte)?;
        }
        data.push(*VALUES.get(sum % 43)?);
    }
    symbols::linear::encode(Symbology::Code39, &data)
}

/// "^BC": subset B unless the data begins with `>9`, `>:` or `>;`; other characters behind `>` are special. Mode A
/// chooses the subsets, U and D make a GS1 code.
fn code_128(data: &[u8], mode: u8) -> Option<Bars> {
    let mut writer = Writer::default();
    if matches!(mode, b'A' | b'U' | b'D') {
        let plain: Vec<u8> = data.iter().copied().filter(|byte| mode != b'D' || !b"() ".contains(byte)).collect();
        if mode != b'A' {
            writer.select(Set::C);
            writer.special(FNC1);
        }
        writer.automatic(&plain);
        return writer.finish();
    }
    let mut bytes = data.iter();
    while let Some(byte) = bytes.next() {
        if *byte != b'>' {
            writer.byte(*byte);
            continue;
        }
        let special = bytes.next()?;
        if writer.set().is_none() && !matches!(special, b'9' | b':' | b';') {
            writer.select(Set::B);
        }
        match special {
            b'9' => writer.select(Set::A),
            b':' => writer.select(Set::B),
            b';' => writer.select(Set::C),
            b'0' => writer.byte(b'>'),
            b'=' => writer.byte(b'~'),
            b'1' => writer.byte(0x7f),
            b'2' => writer.special(FNC3),
            b'3' => writer.special(FNC2),
            b'4' => writer.special(SHIFT),
            b'5' => writer.select(Set::C),
            b'6' if writer.set() == Some(Set::B) => writer.fnc4(),
            b'6' => writer.select(Set::B),
            b'7' if writer.set() == Some(Set::A) => writer.fnc4(),
            b'7' => writer.select(Set::A),
            b'8' => writer.special(FNC1),
            _ => return None,
        }
    }
    writer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_of_codes() {
        for (data, mode, text) in [
            (&b"Lot 7"[..], b'N', Some("Lot 7")),
            (b">;1234>6a", b'N', Some("1234a")),
            (b"a>0b", b'N', Some("a>b")),
            (b"12345", b'A', Some("12345")),
            (b"(01)09501101530003", b'D', Some("0109501101530003")),
            (b">", b'N', None),
            ("é".as_bytes(), b'N', None),
        ] {
            assert_eq!(code_128(data, mode).as_ref().map(Bars::text), text, "{data:?}");
        }
        assert_eq!(ean_13(b"12345").map(|bars| bars.text().to_owned()).as_deref(), Some("0000000123457"));
        assert_eq!(code_39(b"ab", true).map(|bars| bars.text().to_owned()).as_deref(), Some("*ABL*"));
        assert_eq!(qr(b"QA,soup").map(|(_, shown)| shown).as_deref(), Some("soup"));
        assert_eq!(qr(b"MM,B0004soup").map(|(_, shown)| shown).as_deref(), Some("soup"));
    }

    #[test]
    fn hexadecimal_bytes() {
        let field = Field { hex: Some(b'_'), data: Some(b"10_7e_7E _zz_4".to_vec()), ..Field::default() };
        assert_eq!(field.bytes(), b"10~~ _zz_4");
    }
}
