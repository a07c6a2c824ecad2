//! Bar codes and QR codes.

use super::super::mechanism::Mechanism;
use super::super::symbols::code128::{FNC1, FNC2, FNC3, Set, Writer};
use super::super::symbols::{self, Bars, Symbology};
use super::super::text::{Line, Look};
use super::Star;
use serde_json::json;

impl Star {
    pub(super) fn print_qr(&mut self, m: &mut Mechanism) {
        self.flush(m);
        let shown = String::from_utf8_lossy(&self.style.qr_data).into_owned();
        let dots = u32::from(self.style.qr_dots);
        let head = m.sheet.width();
        let code = symbols::qr(&self.style.qr_data, self.style.qr_correction);
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

    pub(super) fn barcode(&mut self, system: u8, under: u8, mode: u8, height: u8, data: &[u8], m: &mut Mechanism) {
        self.flush(m);
        let refused = || [&[0x1b, b'b', system, under, mode, height], data].concat();
        let (Some(bars), Some((module, wide))) = (bars(system, data), widths(system, mode)) else {
            m.note_unknown(refused());
            return;
        };
        let picture = bars.draw(module, wide, u32::from(height.max(1)));
        let head = m.sheet.width();
        if picture.width() > self.style.area(head) {
            m.note("barcode_too_wide", json!({"system": system, "dots": picture.width()}));
            return;
        }
        let left = self.style.start(head, picture.width());
        let top = m.sheet.height();
        let mut rows = usize::from(height.max(1));
        m.sheet.feed(rows);
        m.sheet.draw(&picture, left, top);
        if matches!(under, 2 | 4) {
            let mut line = Line::default();
            for character in bars.text().chars() {
                line.character(character, Look::default(), 0);
            }
            let (wide, tall) = line.size();
            let tall = usize::try_from(tall).unwrap_or(0) + 2;
            m.sheet.feed(tall);
            line.draw(&mut m.sheet, left + picture.width().saturating_sub(wide) / 2, top + rows + 1);
            rows += tall;
        }
        m.moved(rows);
        if matches!(under, 1 | 2) {
            m.feed(usize::from(self.style.line_spacing) / 4);
        }
        let shown = bars.text().trim_matches('*').to_owned();
        m.note("barcode", json!({"system": system, "data": shown, "row": top}));
        m.sheet.line(top, format!("[barcode: {shown}]"));
    }
}

fn bars(system: u8, data: &[u8]) -> Option<Bars> {
    let symbology = match system {
        0 => Symbology::UpcE,
        1 => Symbology::UpcA,
        2 => Symbology::Ean8,
        3 => Symbology::Ean13,
        4 => Symbology::Code39,
        5 => Symbology::Itf,
        6 => return code_128(data),
        7 => Symbology::Code93,
        8 => Symbology::Codabar,
        _ => return None,
    };
    symbols::linear::encode(symbology, data)
}

/// "n3: mode selection": dots of a narrow and a wide element.
fn widths(system: u8, mode: u8) -> Option<(u32, u32)> {
    const BINARY: [(u32, u32); 9] = [(2, 6), (3, 9), (4, 12), (2, 5), (3, 8), (4, 10), (2, 4), (3, 6), (4, 8)];
    const ITF: [(u32, u32); 9] = [(2, 5), (4, 10), (6, 15), (2, 4), (4, 8), (6, 12), (2, 6), (3, 9), (4, 12)];
    let at = usize::from(mode).checked_sub(1)?;
    match system {
        4 | 8 => BINARY.get(at).copied(),
        5 => ITF.get(at).copied(),
        _ if at < 3 => Some((u32::from(mode) + 1, 0)),
        _ => None,
    }
}

/// "5.1.4 Code 128": the printer chooses the sets. `%` begins a special character: `%0` is itself, `%1` to `%4` are
/// FNC1 to FNC4, `%5` is DEL, `%6` to `%8` start sets A to C, `%@` to `%_` are the control characters.
fn code_128(data: &[u8]) -> Option<Bars> {
    let mut writer = Writer::default();
    let mut plain = Vec::new();
    let mut bytes = data.iter();
    while let Some(byte) = bytes.next() {
        if *byte != b'%' {
            plain.push(*byte);
            continue;
        }
        match bytes.next()? {
            b'0' => plain.push(b'%'),
            b'5' => plain.push(0x7f),
            control @ 0x40..=0x5f => plain.push(control - 0x40),
            special => {
                writer.automatic(&std::mem::take(&mut plain));
                if writer.set().is_none() && special.is_ascii_digit() && *special < b'6' {
                    writer.select(Set::B);
                }
                match special {
                    b'1' => writer.special(FNC1),
                    b'2' => writer.special(FNC2),
                    b'3' => writer.special(FNC3),
                    b'4' => writer.fnc4(),
                    b'6' => writer.select(Set::A),
                    b'7' => writer.select(Set::B),
                    b'8' => writer.select(Set::C),
                    _ => return None,
                }
            }
        }
    }
    writer.automatic(&plain);
    writer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_128_takes_special_characters_behind_a_per_cent_sign() {
        for (data, text) in [
            (&b"No.1"[..], Some("No.1")),
            (b"10%0", Some("10%")),
            (b"%7ab%1c", Some("abc")),
            (b"%812", Some("12")),
            (b"a%Ib", Some("a b")),
            (b"%9", None),
            (b"%", None),
        ] {
            assert_eq!(code_128(data).as_ref().map(Bars::text), text, "{data:?}");
        }
    }
}
