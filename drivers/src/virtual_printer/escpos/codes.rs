//! Bar codes and QR codes.

use super::super::mechanism::Mechanism;
use super::super::symbols::code128::{self, Set, Writer};
use super::super::symbols::{self, Bars, Correction, Symbology};
use super::super::text::{Line, Look};
use super::EscPos;
use super::command::Qr;
use serde_json::json;

impl EscPos {
    pub(super) fn qr(&mut self, qr: Qr, m: &mut Mechanism) {
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

    pub(super) fn barcode(&mut self, system: u8, data: &[u8], m: &mut Mechanism) {
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
