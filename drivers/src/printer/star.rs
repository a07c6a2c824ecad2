//! Star Line Mode. Pure. Commands: Star Micronics, "Star Line Mode Command Specifications".

use trivet_paper::{Bitmap, Style, Symbology};

use super::encoder::{DOT_MICROMETRES, Dialect, qr_bytes};
use super::job::Job;
use super::profile::{Buzzer, Profile};
use super::text::Words;

const ESC: u8 = 0x1b;
const GS: u8 = 0x1d;

pub(super) struct Star;

impl Dialect for Star {
    const WORDS: Words = Words {
        select_page: |out, slot| out.extend([ESC, GS, b't', slot]), // ESC GS t
        kanji_on: &[ESC, b'p'],
        kanji_off: &[ESC, b'q'],
    };
    /// ESC GS a.
    const CENTRED: [&'static [u8]; 2] = [&[ESC, GS, b'a', 1], &[ESC, GS, b'a', 0]];

    fn prologue(out: &mut Vec<u8>, _: &Profile, slot: Option<u8>) {
        out.extend([ESC, b'@']);
        out.extend(REPORT_CHANGES);
        if let Some(slot) = slot {
            (Self::WORDS.select_page)(out, slot);
        }
    }

    fn set_style(out: &mut Vec<u8>, from: Style, to: Style) {
        if from.bold != to.bold {
            out.extend([ESC, if to.bold { b'E' } else { b'F' }]);
        }
        if from.reversed != to.reversed {
            out.extend([ESC, if to.reversed { b'4' } else { b'5' }]);
        }
        // ESC i n1 n2: height and width, 0 to 5.
        let size = |style: Style| (style.tall.clamp(1, 6) - 1, style.wide.clamp(1, 6) - 1);
        if size(from) != size(to) {
            let (tall, wide) = size(to);
            out.extend([ESC, b'i', tall, wide]);
        }
    }

    /// ESC a n: feed n lines.
    fn feed(lines: u8) -> [u8; 3] {
        [ESC, b'a', lines]
    }

    /// Raster mode: `ESC * r A` enters, `E 1` has it leave without a cut, `P 0` is a page without end, `b nL nH` is a
    /// row, `Y n` skips n, `B` leaves ("executing raster EOT mode", whose default cuts). Each band enters and leaves, so
    /// that a real-time command between two of them is none inside.
    fn raster(out: &mut Job, profile: &Profile, bitmap: &Bitmap, skip: u16) {
        let stride = bitmap.stride().max(1);
        let rows = usize::from(profile.raster_band_rows.max(1));
        let bands = bitmap.packed.len().div_ceil(stride * rows).max(1);
        for (n, band) in bitmap.packed.chunks(stride * rows).enumerate() {
            let mut dots = (band.len() / stride) as u32;
            let bytes = out.buffer();
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
            out.end_frame(dots * DOT_MICROMETRES);
        }
    }

    fn kept(_: [u8; 2]) -> Option<[u8; 11]> {
        None
    }

    /// ESC GS y: model 2 (S 0), level M (S 1), size of a module (S 2), data (D 1), print (P).
    fn qr(out: &mut Vec<u8>, data: &str, module: u8) {
        out.extend([ESC, GS, b'y', b'S', b'0', 2]);
        out.extend([ESC, GS, b'y', b'S', b'1', 1]);
        out.extend([ESC, GS, b'y', b'S', b'2', module.clamp(1, 8)]);
        out.extend([ESC, GS, b'y', b'D', b'1', 0]);
        out.extend((data.len() as u16).to_le_bytes());
        out.extend(qr_bytes(data));
        out.extend([ESC, GS, b'y', b'P']);
        // A line below: the white that a reader needs.
        out.extend(Self::feed(1));
    }

    /// `ESC b n1 n2 n3 n4 data RS`: kind, text below and line feed (2), mode, height.
    fn barcode(_: &Profile, symbology: Symbology, data: &str, height: u8) -> Result<(Vec<u8>, u8), String> {
        let digits = data.bytes().all(|byte| byte.is_ascii_digit());
        let printable = data.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        let (kind, fits) = match symbology {
            Symbology::Code128 => (b'6', printable && data.len() <= 40),
            Symbology::Ean13 => (b'3', digits && matches!(data.len(), 12 | 13)),
            Symbology::Code39 => (b'4', printable && data.len() <= 30),
        };
        if data.is_empty() || !fits {
            return Err(format!("`{data}` is no {symbology:?}"));
        }
        let mut command = vec![ESC, b'b', kind, b'2', b'1', height];
        command.extend(data.bytes());
        command.push(0x1e);
        Ok((command, 2))
    }

    /// `ESC d`: 2 all through, 3 leaving a point.
    fn cut(out: &mut Vec<u8>, _: &Profile, through: bool) {
        out.extend([ESC, b'd', if through { 2 } else { 3 }]);
    }

    fn buzz(out: &mut Vec<u8>, buzzer: Buzzer) {
        match buzzer {
            // SUB: the second connector.
            Buzzer::Drawer2 => out.push(0x1a),
            Buzzer::EscB | Buzzer::None => {}
        }
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

    use super::super::encoder::encode;
    use super::super::job::NoArt;
    use super::*;

    #[test]
    fn a_ticket() {
        let profile = Profile::named("star-80").unwrap();
        let mut paper = Paper::default();
        paper.text("Crème €", Style::LARGE).text("Ж", Style::NORMAL.reversed()).cut();
        let job = encode::<Star>(&layout(&paper, 48), &profile, &NoArt);
        let frames: Vec<&[u8]> = job.frames().collect();
        assert_eq!(frames[0], b"\x1b@\x1b\x1ea\x03\x1b\x1dt\x20");
        assert_eq!(frames[1], b"\x1bE\x1bi\x01\x01Cr\xe8me \x80\n");
        assert!(frames[2].starts_with(b"\x1bF\x1b4\x1bi\x00\x00\x1b\x1dt\x0a\x86 "));
        assert_eq!(frames[3], b"\x1bd\x03");
    }
}
