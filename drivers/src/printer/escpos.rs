//! Laid-out lines become ESC/POS: frames, each an indivisible run of bytes. Real-time commands may be written only
//! between frames, because inside one they would be taken for data. Pure.

use trivet_paper::{Line, Style};

use super::Profile;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub bytes: Vec<u8>,
    /// Paper that it moves, for the deadline of its confirmation.
    pub micrometres: u32,
}

/// A line of Font A: 24 dots of text in a spacing of 30 dots (ESC 2), at 203 dpi.
const LINE_MICROMETRES: u32 = 3_750;
/// What a blade sits above the head.
const CUT_MICROMETRES: u32 = 15_000;

/// The lines of a paper, without the frame of ids that a session puts around them.
pub fn encode(lines: &[Line], profile: &Profile) -> Vec<Frame> {
    lines.iter().filter_map(|line| frame(line, profile)).collect()
}

fn frame(line: &Line, profile: &Profile) -> Option<Frame> {
    match line {
        Line::Text { style, .. } => {
            let mut text = String::new();
            line.write_text(&mut text);
            let mut bytes = style_bytes(*style);
            bytes.extend(text.chars().map(windows_1252));
            bytes.push(b'\n');
            let tall = u32::from(style.tall.clamp(1, 8));
            Some(Frame { bytes, micrometres: LINE_MICROMETRES + (tall - 1) * 3_000 })
        }
        Line::Feed(0) => None,
        // ESC d n: print and feed n lines.
        Line::Feed(count) => {
            Some(Frame { bytes: vec![0x1b, b'd', *count], micrometres: u32::from(*count) * LINE_MICROMETRES })
        }
        Line::Cut if !profile.cutter => Some(Frame { bytes: vec![0x1b, b'd', 4], micrometres: 4 * LINE_MICROMETRES }),
        // GS V 66 n: feed to the blade and n dots, then a partial cut.
        // The rest is to come.
        Line::Picture(_) | Line::Qr { .. } | Line::Barcode { .. } | Line::Buzz => None,
        Line::Cut => {
            let bytes = vec![0x1d, b'V', 66, profile.feed_to_cutter_dots];
            Some(Frame { bytes, micrometres: CUT_MICROMETRES })
        }
    }
}

/// Each line sets all of its style: a paper never depends on what was printed before it.
fn style_bytes(style: Style) -> Vec<u8> {
    let size = (style.wide.clamp(1, 8) - 1) << 4 | (style.tall.clamp(1, 8) - 1);
    vec![
        0x1b,
        b'E',
        u8::from(style.bold), // ESC E
        0x1d,
        b'B',
        u8::from(style.reversed), // GS B
        0x1d,
        b'!',
        size, // GS !
    ]
}

/// `ESC @` initialises and switches the automatic status off, so the code page comes after it. `FS .` leaves the kanji
/// mode in which some models eat accented letters.
pub fn prologue(profile: &Profile) -> Frame {
    Frame { bytes: vec![0x1b, b'@', 0x1c, b'.', 0x1b, b't', profile.windows_1252], micrometres: 0 }
}

/// `GS ( H` function 48: the printer sends the id back once everything before it is on paper.
pub fn process_id(id: [u8; 4]) -> Frame {
    let mut bytes = vec![0x1d, b'(', b'H', 6, 0, 48, 48];
    bytes.extend(id);
    Frame { bytes, micrometres: 0 }
}

/// `DLE EOT n`: printer (1), offline cause (2), error cause (3), paper (4).
pub fn ask_status(n: u8) -> [u8; 3] {
    [0x10, 0x04, n]
}

/// `DLE DC4 8`: clears both buffers and recovers; answered by `37 25 00`.
pub const CLEAR: [u8; 10] = [0x10, 0x14, 0x08, 0x01, 0x03, 0x14, 0x01, 0x06, 0x02, 0x08];

/// A character of Windows-1252; `?` for what it has not (a line in another script needs the raster, which is to come).
fn windows_1252(c: char) -> u8 {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘',
        '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match c {
        ' '..='~' | '\u{a0}'..='ÿ' => c as u8,
        _ => HIGH.iter().position(|known| *known == c).map_or(b'?', |index| 0x80 + index as u8),
    }
}

#[cfg(test)]
mod tests {
    use trivet_paper::{Paper, layout};

    use super::*;

    #[test]
    fn a_line_is_one_frame_with_all_of_its_style() {
        let mut paper = Paper::default();
        paper.text("2 x Crème €", Style::LARGE).cut();
        let frames = encode(&layout(&paper, 48), &Profile::named("epson-80").unwrap());
        assert_eq!(frames[0].bytes, b"\x1bE\x01\x1dB\x00\x1d!\x112 x Cr\xe8me \x80\n");
        assert_eq!(frames[1].bytes, [0x1d, b'V', 66, 0]);
    }

    #[test]
    fn what_the_code_page_lacks_is_no_control_byte() {
        for c in ['\u{1b}', '\u{81}', '☕', 'Ж'] {
            assert!(windows_1252(c) >= b' ', "{c:?}");
        }
    }
}
