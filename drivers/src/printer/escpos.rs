//! ESC/POS. Pure. Commands: Epson, "ESC/POS Command Reference".

use trivet_paper::{Bitmap, Style, Symbology};

use super::encoder::{DOT_MICROMETRES, Dialect, QUIET, qr_bytes};
use super::job::Job;
use super::profile::{Buzzer, Profile, Raster, Reports};
use super::raster::{disarm, is_real_time};
use super::text::Words;

pub(super) struct Escpos;

impl Dialect for Escpos {
    const WORDS: Words = Words {
        select_page: |out, slot| out.extend([0x1b, b't', slot]), // ESC t
        kanji_on: &[0x1c, b'&'],                                 // FS &
        kanji_off: &[0x1c, b'.'],                                // FS .
    };
    /// ESC a.
    const CENTRED: [&'static [u8]; 2] = [&[0x1b, b'a', 1], &[0x1b, b'a', 0]];

    /// `ESC @` switches the automatic status off, so that one comes after it. `FS .` leaves the kanji mode in which some
    /// models eat accented letters.
    fn prologue(out: &mut Vec<u8>, profile: &Profile, slot: Option<u8>) {
        out.extend([0x1b, b'@', 0x1c, b'.']);
        if let Some(slot) = slot {
            (Self::WORDS.select_page)(out, slot);
        }
        if profile.status == Reports::Asb {
            out.extend(REPORT_CHANGES);
        }
    }

    fn set_style(out: &mut Vec<u8>, from: Style, to: Style) {
        if from.bold != to.bold {
            out.extend([0x1b, b'E', u8::from(to.bold)]); // ESC E
        }
        if from.reversed != to.reversed {
            out.extend([0x1d, b'B', u8::from(to.reversed)]); // GS B
        }
        let size = |style: Style| (style.wide.clamp(1, 8) - 1) << 4 | (style.tall.clamp(1, 8) - 1);
        if size(from) != size(to) {
            out.extend([0x1d, b'!', size(to)]); // GS !
        }
    }

    /// ESC d n: print and feed n lines.
    fn feed(lines: u8) -> [u8; 3] {
        [0x1b, b'd', lines]
    }

    fn raster(out: &mut Job, profile: &Profile, bitmap: &Bitmap, skip: u16) {
        match profile.raster {
            Raster::EscStar => columns(out, profile, bitmap),
            Raster::GsV0 | Raster::GsL | Raster::Star | Raster::Zpl => bands(out, profile, bitmap),
            Raster::None => out.warn("this printer prints no pictures".to_owned()),
        }
        if skip > 0 {
            // ESC J.
            out.frame(&[0x1b, b'J', skip as u8], u32::from(skip) * DOT_MICROMETRES);
        }
    }

    /// GS ( L, function 69.
    fn kept([k1, k2]: [u8; 2]) -> Option<[u8; 11]> {
        Some([0x1d, b'(', b'L', 6, 0, 48, 69, k1, k2, 1, 1])
    }

    /// GS ( k, cn = 49: model 2, size of a module, level M, store, print.
    fn qr(out: &mut Vec<u8>, data: &str, module: u8) {
        let module = module.clamp(1, 16);
        // ESC J: the white that a reader needs above and below is not the printer's to give.
        let quiet = [0x1b, b'J', module * QUIET];
        out.extend(quiet);
        out.extend([0x1d, b'(', b'k', 4, 0, 49, 65, 50, 0]);
        out.extend([0x1d, b'(', b'k', 3, 0, 49, 67, module]);
        out.extend([0x1d, b'(', b'k', 3, 0, 49, 69, 49]);
        out.extend([0x1d, b'(', b'k']);
        out.extend(word(data.len() + 3));
        out.extend([49, 80, 48]);
        out.extend(qr_bytes(data));
        out.extend([0x1d, b'(', b'k', 3, 0, 49, 81, 48]);
        out.extend(quiet);
    }

    /// GS k with its height (GS h), width of a module (GS w) and the text below (GS H).
    fn barcode(profile: &Profile, symbology: Symbology, data: &str, height: u8) -> Result<(Vec<u8>, u8), String> {
        let Some((system, bytes, modules)) = barcode_bytes(symbology, data) else {
            return Err(format!("`{data}` is no {symbology:?}"));
        };
        let fits = |module: u8| modules * u32::from(module) <= u32::from(profile.dots);
        let Some(module) = [3, 2].into_iter().find(|module| fits(*module)) else {
            return Err(format!("`{data}` is too wide for this paper"));
        };
        let mut command = vec![0x1d, b'h', height, 0x1d, b'w', module, 0x1d, b'H', 2, 0x1d, b'k', system];
        command.push(bytes.len() as u8);
        command.extend(bytes);
        Ok((command, module))
    }

    /// GS V 65, 66: feed to the blade and n dots, then cut.
    fn cut(out: &mut Vec<u8>, profile: &Profile, through: bool) {
        out.extend([0x1d, b'V', if through { 65 } else { 66 }, profile.feed_to_cutter_dots]);
    }

    fn buzz(out: &mut Vec<u8>, buzzer: Buzzer) {
        match buzzer {
            // ESC B n t: n times, t × 100 ms.
            Buzzer::EscB => out.extend([0x1b, b'B', 3, 2]),
            Buzzer::Drawer2 => out.extend(pulse(1, 200, 200)),
            Buzzer::None => {}
        }
    }
}

/// `GS v 0`, or `GS ( L` with functions 112 and 50: keep, and print what was kept.
fn bands(out: &mut Job, profile: &Profile, bitmap: &Bitmap) {
    let stride = bitmap.stride().max(1);
    let rows = usize::from(profile.raster_band_rows.max(1));
    for band in bitmap.packed.chunks(stride * rows) {
        let high = band.len() / stride;
        let bytes = out.buffer();
        if profile.raster == Raster::GsL {
            graphics_header(bytes, stride, high);
        } else {
            bytes.extend([0x1d, b'v', b'0', 0]);
            bytes.extend(word(stride));
            bytes.extend(word(high));
        }
        let data = bytes.len();
        bytes.extend_from_slice(band);
        disarm(bytes.get_mut(data..).unwrap_or_default());
        if profile.raster == Raster::GsL {
            bytes.extend([0x1d, b'(', b'L', 2, 0, 48, 50]);
        }
        out.end_frame(high as u32 * DOT_MICROMETRES);
    }
}

/// `ESC * 33`: 24 rows at a time, column by column, the line spacing set to their height.
fn columns(out: &mut Job, profile: &Profile, bitmap: &Bitmap) {
    out.frame(&[0x1b, b'3', 24], 0);
    let width = bitmap.width.min(profile.dots);
    for top in (0..bitmap.height()).step_by(24) {
        let bytes = out.buffer();
        bytes.extend([0x1b, b'*', 33]);
        bytes.extend(word(usize::from(width)));
        let data = bytes.len();
        for x in 0..width {
            for third in 0..3 {
                let bit = |row: u16| u8::from(bitmap.is_black(x, top + third * 8 + row)) << (7 - row);
                bytes.push((0..8).map(bit).fold(0, |byte, bit| byte | bit));
            }
        }
        disarm(bytes.get_mut(data..).unwrap_or_default());
        bytes.push(b'\n');
        out.end_frame(24 * DOT_MICROMETRES);
    }
    out.frame(&[0x1b, b'2'], 0);
}

fn word(number: usize) -> [u8; 2] {
    (number.min(usize::from(u16::MAX)) as u16).to_le_bytes()
}

/// `GS ( L`, or `GS 8 L` for what is longer, with its length.
fn graphics(out: &mut Vec<u8>, length: usize) {
    match u16::try_from(length) {
        Ok(length) => {
            out.extend([0x1d, b'(', b'L']);
            out.extend(length.to_le_bytes());
        }
        Err(_) => {
            out.extend([0x1d, b'8', b'L']);
            out.extend((length as u32).to_le_bytes());
        }
    }
}

/// Function 112: keep raster for printing, one colour, at its size.
fn graphics_header(out: &mut Vec<u8>, stride: usize, rows: usize) {
    graphics(out, stride * rows + 10);
    out.extend([48, 112, 48, 1, 1, 49]);
    out.extend(word(stride * 8));
    out.extend(word(rows));
}

/// System, data and width in modules with quiet zones. Code 128 goes in set B, digits of an even number in C.
fn barcode_bytes(symbology: Symbology, data: &str) -> Option<(u8, Vec<u8>, u32)> {
    let digits = !data.is_empty() && data.bytes().all(|byte| byte.is_ascii_digit());
    match symbology {
        Symbology::Code128 if digits && data.len().is_multiple_of(2) && data.len() <= 80 => {
            let pairs = data.as_bytes().chunks(2).filter_map(|pair| std::str::from_utf8(pair).ok()?.parse::<u8>().ok());
            let bytes: Vec<u8> = b"{C".iter().copied().chain(pairs).collect();
            // A pair that looks like a real-time command: set B spells it out.
            let risky = bytes.windows(3).any(|b| matches!(b, [0x10, second, third] if is_real_time(*second, *third)));
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
    let mut bytes = Vec::with_capacity(bitmap.packed.len() + 24);
    graphics(&mut bytes, bitmap.packed.len() + 11);
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

    use super::super::encoder::encode;
    use super::super::job::NoArt;
    use super::*;

    fn encoded(profile: &str, build: impl FnOnce(&mut Paper)) -> Job {
        let profile = Profile::named(profile).unwrap();
        let mut paper = Paper::default();
        build(&mut paper);
        encode::<Escpos>(&layout(&paper, usize::from(profile.columns)), &profile, &NoArt)
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
