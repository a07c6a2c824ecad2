//! The command language, byte by byte: bytes in, commands out, nothing else.
//!
//! Written from the ESC/POS reference (section names are quoted beside the commands). It never fails and holds
//! at most [`LONGEST_PAYLOAD`] bytes plus one raster row, whatever arrives: lengths that a command announces are
//! counted, not allocated.

use super::super::bitmap::Bitmap;
use super::command::{Command, Qr};

const HT: u8 = 0x09;
const LF: u8 = 0x0a;
const CR: u8 = 0x0d;
const DLE: u8 = 0x10;
const ESC: u8 = 0x1b;
const FS: u8 = 0x1c;
const GS: u8 = 0x1d;

/// The most that is kept of one command's data; the rest is counted and dropped.
pub(super) const LONGEST_PAYLOAD: usize = 512 * 1024;
/// Bytes kept of one raster row: 2,048 dots, the widest head.
pub(super) const ROW_BYTES: usize = 256;
/// `GS k m … NUL` and `ESC D … NUL` end by themselves after this many bytes.
const LONGEST_TERMINATED: usize = 256;
/// How much of an unknown command is shown.
const SHOWN_UNKNOWN: usize = 16;

/// The state machine. Feed it with [`Parser::push`].
#[derive(Debug, Default)]
pub struct Parser {
    state: State,
    head: Vec<u8>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Head,
    /// Data of an announced length.
    Payload {
        left: u32,
        kept: Vec<u8>,
    },
    /// Data up to NUL.
    Terminated {
        kept: Vec<u8>,
    },
    /// `ESC &`: so many characters of their own widths, each column of `bytes` bytes. Skipped.
    Glyphs {
        bytes: u8,
        characters_left: u16,
        bytes_left: u16,
    },
    Raster {
        row: Vec<u8>,
        column: u32,
        width: u32,
        rows_left: u32,
    },
}

/// What the bytes of a command so far ask for.
enum Shape {
    More,
    Complete,
    Payload(u32),
    Terminated,
    Glyphs { bytes: u8, characters: u16 },
    Raster { width: u32, rows: u32 },
    Unknown,
}

impl Parser {
    /// Takes one byte; what it completes is appended to `out`.
    pub fn push(&mut self, byte: u8, out: &mut Vec<Command>) {
        match std::mem::take(&mut self.state) {
            State::Head => self.push_head(byte, out),
            State::Payload { left, mut kept } => {
                if kept.len() < LONGEST_PAYLOAD {
                    kept.push(byte);
                }
                self.continue_payload(left.saturating_sub(1), kept, out);
            }
            State::Terminated { mut kept } => {
                if byte == 0 || kept.len() >= LONGEST_TERMINATED {
                    out.push(terminated(&self.head, kept));
                    self.head.clear();
                } else {
                    kept.push(byte);
                    self.state = State::Terminated { kept };
                }
            }
            State::Glyphs { bytes, characters_left, bytes_left } => {
                let (characters_left, bytes_left) = match bytes_left {
                    0 => (characters_left.saturating_sub(1), u16::from(byte) * u16::from(bytes)),
                    left => (characters_left, left - 1),
                };
                if characters_left > 0 || bytes_left > 0 {
                    self.state = State::Glyphs { bytes, characters_left, bytes_left };
                } else {
                    out.push(unknown(&self.head));
                    self.head.clear();
                }
            }
            State::Raster { mut row, mut column, width, mut rows_left } => {
                if row.len() < ROW_BYTES {
                    row.push(byte);
                }
                column += 1;
                if column >= width {
                    out.push(Command::RasterRow(std::mem::take(&mut row)));
                    column = 0;
                    rows_left = rows_left.saturating_sub(1);
                }
                if rows_left > 0 {
                    self.state = State::Raster { row, column, width, rows_left };
                }
            }
        }
    }

    /// Drops a half-received command (power cycle, `DLE DC4 8`).
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Whether a command has begun and not ended: what follows would be swallowed by it.
    pub fn is_inside_command(&self) -> bool {
        !self.head.is_empty() || !matches!(self.state, State::Head)
    }

    /// Bytes held at the moment, for the bound that the tests check.
    pub fn held(&self) -> usize {
        self.head.len()
            + match &self.state {
                State::Head | State::Glyphs { .. } => 0,
                State::Payload { kept, .. } | State::Terminated { kept } => kept.len(),
                State::Raster { row, .. } => row.len(),
            }
    }

    fn push_head(&mut self, byte: u8, out: &mut Vec<Command>) {
        if self.head.is_empty() {
            match byte {
                DLE | ESC | FS | GS => self.head.push(byte),
                _ => out.extend(single(byte)),
            }
            return;
        }
        self.head.push(byte);
        match shape(&self.head) {
            Shape::More => {}
            Shape::Complete => {
                out.push(fixed(&self.head));
                self.head.clear();
            }
            Shape::Payload(left) => self.continue_payload(left, Vec::new(), out),
            Shape::Terminated => self.state = State::Terminated { kept: Vec::new() },
            Shape::Glyphs { bytes, characters } => {
                self.state = State::Glyphs { bytes, characters_left: characters, bytes_left: 0 };
            }
            Shape::Raster { width, rows } => {
                out.push(raster_start(&self.head));
                self.head.clear();
                if width > 0 && rows > 0 {
                    self.state = State::Raster { row: Vec::new(), column: 0, width, rows_left: rows };
                }
            }
            // The prefix and its code are dropped, what follows prints: that is what the manuals say of undefined
            // codes, and why a missing parameter shows up on paper.
            Shape::Unknown => {
                out.push(Command::Unknown(std::mem::take(&mut self.head)));
            }
        }
    }

    fn continue_payload(&mut self, left: u32, kept: Vec<u8>, out: &mut Vec<Command>) {
        if left == 0 {
            out.push(with_payload(&self.head, kept));
            // "FS q n": the next image begins with its own size.
            match self.head.get(2) {
                Some(images @ 2..) if self.head.starts_with(&[FS, b'q']) => self.head = vec![FS, b'q', images - 1],
                _ => self.head.clear(),
            }
        } else {
            self.state = State::Payload { left, kept };
        }
    }
}

fn single(byte: u8) -> Option<Command> {
    Some(match byte {
        0x00 => return None,
        LF => Command::LineFeed,
        CR => Command::CarriageReturn,
        HT => Command::Tab,
        0x07 => Command::Buzzer,
        0x20.. => Command::Text(byte),
        _ => Command::Unknown(vec![byte]),
    })
}

fn word(low: u8, high: u8) -> u16 {
    u16::from_le_bytes([low, high])
}

/// The length rules of the reference, one line for each family.
fn shape(head: &[u8]) -> Shape {
    match head {
        [DLE, rest @ ..] => real_time_shape(rest),
        [ESC, rest @ ..] => esc_shape(rest),
        [FS, rest @ ..] => fs_shape(rest),
        [GS, rest @ ..] => gs_shape(rest),
        _ => Shape::Unknown,
    }
}

/// Complete once `have` reaches `need`.
fn until(have: usize, need: usize) -> Shape {
    if have >= need { Shape::Complete } else { Shape::More }
}

fn real_time_shape(rest: &[u8]) -> Shape {
    match rest {
        [0x04 | 0x05 | 0x14] => Shape::More,
        [0x04, 7 | 8, ..] => until(rest.len(), 3),
        [0x04 | 0x05, ..] => until(rest.len(), 2),
        [0x14, 1 | 2, ..] => until(rest.len(), 4),
        [0x14, 7, ..] => until(rest.len(), 3),
        [0x14, 8, ..] => until(rest.len(), 9),
        _ => Shape::Unknown,
    }
}

fn esc_shape(rest: &[u8]) -> Shape {
    match rest {
        [b'@' | b'2' | b'<' | b'L' | b'S' | 0x0c] => Shape::Complete,
        [
            b' ' | b'!' | b'%' | b'-' | b'3' | b'=' | b'?' | b'E' | b'G' | b'J' | b'K' | b'M' | b'R' | b'T' | b'U'
            | b'V' | b'a' | b'd' | b'e' | b'r' | b't' | b'{',
            ..,
        ] => until(rest.len(), 2),
        [b'$' | b'\\' | b'c', ..] => until(rest.len(), 3),
        [b'p', ..] => until(rest.len(), 4),
        [b'W', ..] => until(rest.len(), 9),
        [b'&', bytes, from, to] if from <= to && *bytes > 0 => {
            Shape::Glyphs { bytes: *bytes, characters: u16::from(to - from) + 1 }
        }
        [b'&', _, _, _] => Shape::Unknown,
        [b'&', ..] => Shape::More,
        [b'D'] => Shape::Terminated,
        [b'*', m, low, high] => {
            let column = if matches!(m, 32 | 33) { 3 } else { 1 };
            Shape::Payload(u32::from(word(*low, *high)) * column)
        }
        [b'(', _, low, high] => Shape::Payload(u32::from(word(*low, *high))),
        [b'*' | b'(', ..] => Shape::More,
        _ => Shape::Unknown,
    }
}

fn fs_shape(rest: &[u8]) -> Shape {
    match rest {
        [b'.' | b'&'] => Shape::Complete,
        [b'!' | b'-' | b'C' | b'W', ..] => until(rest.len(), 2),
        [b'S' | b'p', ..] => until(rest.len(), 3),
        [b'(', _, low, high] => Shape::Payload(u32::from(word(*low, *high))),
        [b'q', 0] => Shape::Unknown,
        [b'q', _, xl, xh, yl, yh] => {
            Shape::Payload(u32::from(word(*xl, *xh)).saturating_mul(u32::from(word(*yl, *yh))).saturating_mul(8))
        }
        [b'(' | b'q', ..] => Shape::More,
        _ => Shape::Unknown,
    }
}

fn gs_shape(rest: &[u8]) -> Shape {
    match rest {
        [b':' | b'c'] => Shape::Complete,
        [b'!' | b'B' | b'H' | b'I' | b'T' | b'a' | b'b' | b'f' | b'h' | b'j' | b'r' | b'w' | b'/', ..] => {
            until(rest.len(), 2)
        }
        [b'$' | b'\\' | b'L' | b'P' | b'W', ..] => until(rest.len(), 3),
        [b'^', ..] => until(rest.len(), 4),
        [b'g', ..] => until(rest.len(), 5),
        [b'V', 65 | 66 | 97 | 98 | 103 | 104, ..] => until(rest.len(), 3),
        [b'V', ..] => until(rest.len(), 2),
        [b'k', 0..=6] => Shape::Terminated,
        [b'k', 65..=79, n] => Shape::Payload(u32::from(*n)),
        [b'k'] | [b'k', 65..=79] => Shape::More,
        [b'v', b'0', _, xl, xh, yl, yh] => {
            Shape::Raster { width: u32::from(word(*xl, *xh)), rows: u32::from(word(*yl, *yh)) }
        }
        [b'v'] | [b'v', b'0', ..] => Shape::More,
        [b'(', _, low, high] => Shape::Payload(u32::from(word(*low, *high))),
        [b'8', b'L', a, b, c, d] => Shape::Payload(u32::from_le_bytes([*a, *b, *c, *d])),
        [b'*', x, y] => Shape::Payload(u32::from(*x) * u32::from(*y) * 8),
        [b'(' | b'*', ..] | [b'8'] | [b'8', b'L', ..] => Shape::More,
        _ => Shape::Unknown,
    }
}

/// Commands whose parameters are all in the head.
fn fixed(head: &[u8]) -> Command {
    match head {
        [DLE, ..] => Command::Executed,
        [ESC, rest @ ..] => esc_command(rest),
        [FS, b'&'] => Command::Kanji(true),
        [FS, b'.'] => Command::Kanji(false),
        [FS, b'C', n] => Command::KanjiCode(n % 48),
        [FS, b'p', number, mode] => Command::NvImagePrint { number: *number, mode: mode % 48 },
        [FS, code, ..] => Command::Accepted(*code),
        [GS, rest @ ..] => gs_command(rest),
        _ => unknown(head),
    }
}

fn esc_command(rest: &[u8]) -> Command {
    match rest {
        [b'@'] => Command::Initialize,
        [b'2'] => Command::LineSpacing(None),
        [b'3', n] => Command::LineSpacing(Some(*n)),
        // Justification, underline, font and connector also take their ASCII digit.
        [b'a', n] => Command::Align(n % 48),
        [b'-', n] => Command::Underline((n % 48).min(2)),
        [b'M', n] => Command::Font(n % 48),
        [b'!', n] => Command::PrintMode(*n),
        [b'E' | b'G', n] => Command::Emphasized(n & 1 == 1),
        [b' ', n] => Command::CharacterSpacing(*n),
        [b't', n] => Command::CodePage(*n),
        [b'R', n] => Command::International(*n),
        [b'{', n] => Command::UpsideDown(n & 1 == 1),
        // Turned characters and characters of its own: this model has none.
        [b'V', n] if n % 48 != 0 => unknown_after(ESC, rest),
        [b'%', n] if n & 1 == 1 => unknown_after(ESC, rest),
        [b'd', n] => Command::FeedLines(*n),
        [b'J', n] => Command::FeedDots(*n),
        [b'$', low, high] => Command::Position(word(*low, *high)),
        [b'\\', low, high] => Command::RelativePosition(i16::from_le_bytes([*low, *high])),
        [b'p', m @ (0 | 1 | 48 | 49), t1, t2] => {
            Command::Pulse { connector: m % 48, on_ms: u32::from(*t1) * 2, off_ms: u32::from(*t2) * 2 }
        }
        [b'p', ..] | [0x0c | b'L', ..] => unknown_after(ESC, rest),
        [code, ..] => Command::Accepted(*code),
        [] => unknown(&[ESC]),
    }
}

fn gs_command(rest: &[u8]) -> Command {
    match rest {
        [b'!', n] => Command::Size { width: ((n >> 4) & 7) + 1, height: (n & 7) + 1 },
        [b'B', n] => Command::Inverse(n & 1 == 1),
        [b'H', n] => Command::BarcodeText((n % 48).min(3)),
        [b'h', n] => Command::BarcodeHeight(*n),
        [b'w', n] => Command::BarcodeModule(*n),
        [b'I', n] => Command::TransmitId(*n),
        [b'a', n] => Command::AutoStatus(*n),
        [b'r', n] => Command::TransmitStatus(*n),
        [b'L', low, high] => Command::LeftMargin(word(*low, *high)),
        [b'W', low, high] => Command::AreaWidth(word(*low, *high)),
        // 103 and 104 cut at the top of the form: without black marks that is the cutter position.
        [b'V', m @ (65 | 66 | 97 | 98 | 103 | 104), n] => {
            Command::Cut { full: matches!(m, 65 | 97 | 103), feed: Some(*n) }
        }
        [b'V', m @ (0 | 1 | 48 | 49)] => Command::Cut { full: m % 48 == 0, feed: None },
        [b'g', b'2', 0 | 48, low, high] if *high == 0 => Command::TransmitCounter(*low),
        [b'g', b'0', 0 | 48, low, high] if *high == 0 => Command::ResetCounter(*low),
        [b'/', m] => Command::DownloadedPrint(m % 48),
        [b'V' | b'g' | b':' | b'^' | b'c', ..] => unknown_after(GS, rest),
        [code, ..] => Command::Accepted(*code),
        [] => unknown(&[GS]),
    }
}

fn raster_start(head: &[u8]) -> Command {
    match head {
        [GS, b'v', b'0', m, xl, xh, yl, yh] => Command::RasterStart {
            width_bytes: word(*xl, *xh),
            rows: word(*yl, *yh),
            wide: matches!(m % 48, 1 | 3),
            tall: matches!(m % 48, 2 | 3),
        },
        _ => unknown(head),
    }
}

fn terminated(head: &[u8], kept: Vec<u8>) -> Command {
    match head {
        [ESC, b'D'] => Command::TabStops(kept),
        [GS, b'k', system] => Command::Barcode { system: *system, data: kept },
        _ => unknown(head),
    }
}

fn with_payload(head: &[u8], data: Vec<u8>) -> Command {
    match (head, data.as_slice()) {
        ([ESC, b'*', m @ (0 | 1 | 32 | 33), ..], _) => Command::Columns { tall: *m >= 32, dense: m % 2 == 1, data },
        ([ESC, b'(', b'A', ..], _) => Command::Buzzer,
        ([FS, b'q', images, _, _, yl, yh], _) => {
            Command::NvImage { left: images - 1, picture: columns(*yl, *yh, &data) }
        }
        ([GS, b'*', _, y], _) => Command::DownloadImage(columns(*y, 0, &data)),
        ([GS, b'k', system, _], _) => Command::Barcode { system: *system, data },
        ([GS, b'(' | b'8', b'L', ..], [b'0', function, rest @ ..]) => graphics(head, *function, rest),
        ([GS, b'(', b'k', ..], [b'1', function, rest @ ..]) => qr(head, *function, rest),
        // "GS ( H: request transmission of response": m is 48 in both functions.
        ([GS, b'(', b'H', ..], [b'0', b'0', a, b, c, d]) => Command::ProcessId([*a, *b, *c, *d]),
        ([GS, b'(', b'H', ..], [b'1', b'0', n, ..]) => Command::OfflineResponse(n % 48 == 1),
        // User settings, code conversion, response requests of other kinds: taken without effect.
        ([GS, b'(', code @ (b'A' | b'D' | b'E' | b'K'), ..], _) => Command::Accepted(*code),
        ([FS, b'(', code, ..], _) => Command::Accepted(*code),
        _ => {
            let mut bytes = head.to_vec();
            bytes.extend_from_slice(&data);
            unknown(&bytes)
        }
    }
}

/// A picture of columns that are `y` bytes high.
fn columns(low: u8, high: u8, data: &[u8]) -> Bitmap {
    let bytes = word(low, high);
    Bitmap::of_columns(u32::from(bytes) * 8, usize::from(bytes), data)
}

/// "GS ( L: specify graphics data". Colour 1 only, as on every one-colour model.
fn graphics(head: &[u8], function: u8, rest: &[u8]) -> Command {
    match (function, rest) {
        (112, [_, bx, by, _, xl, xh, yl, yh, data @ ..]) => Command::GraphicsStore {
            picture: raster(*xl, *xh, *yl, *yh, data),
            scale_x: (*bx).clamp(1, 2),
            scale_y: (*by).clamp(1, 2),
        },
        (113, [_, bx, by, _, _, _, yl, yh, data @ ..]) => Command::GraphicsStore {
            picture: Bitmap::of_columns(u32::from(word(*yl, *yh)), usize::from(word(*yl, *yh).div_ceil(8)), data),
            scale_x: (*bx).clamp(1, 2),
            scale_y: (*by).clamp(1, 2),
        },
        (2 | 50, _) => Command::GraphicsPrint,
        (67, [_, k1, k2, _, xl, xh, yl, yh, _, data @ ..]) => {
            Command::NvDefine { key: [*k1, *k2], picture: raster(*xl, *xh, *yl, *yh, data) }
        }
        (66, [k1, k2]) => Command::NvDelete([*k1, *k2]),
        (65, b"CLR") => Command::NvDeleteAll,
        (69, [k1, k2, x, y]) => {
            Command::NvPrint { key: [*k1, *k2], scale_x: (*x).clamp(1, 2), scale_y: (*y).clamp(1, 2) }
        }
        (0 | 48, _) => Command::NvAsk(48),
        (3 | 51, _) => Command::NvAsk(51),
        (64, _) => Command::NvAsk(64),
        (1 | 49, _) => Command::Accepted(b'L'),
        _ => unknown(head),
    }
}

fn raster(xl: u8, xh: u8, yl: u8, yh: u8, data: &[u8]) -> Bitmap {
    Bitmap::of_rows(u32::from(word(xl, xh)), u32::from(word(yl, yh)), data.to_vec())
}

/// "GS ( k: set up and print the symbol", cn = 49.
fn qr(head: &[u8], function: u8, rest: &[u8]) -> Command {
    match (function, rest) {
        (65, [model, ..]) => Command::Qr(Qr::Model(*model)),
        (67, [n, ..]) => Command::Qr(Qr::ModuleDots(*n)),
        (69, [n, ..]) => Command::Qr(Qr::ErrorCorrection(*n)),
        (80, [_, data @ ..]) => Command::Qr(Qr::Store(data.to_vec())),
        (81, _) => Command::Qr(Qr::Print),
        _ => unknown(head),
    }
}

fn unknown(bytes: &[u8]) -> Command {
    Command::Unknown(bytes.iter().copied().take(SHOWN_UNKNOWN).collect())
}

fn unknown_after(prefix: u8, rest: &[u8]) -> Command {
    Command::Unknown(std::iter::once(prefix).chain(rest.iter().copied()).take(SHOWN_UNKNOWN).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(bytes: &[u8]) -> Vec<Command> {
        let mut parser = Parser::default();
        let mut out = Vec::new();
        for byte in bytes {
            parser.push(*byte, &mut out);
        }
        assert!(!parser.is_inside_command(), "{bytes:x?} leaves the parser inside a command");
        out
    }

    #[test]
    fn commands() {
        use Command::{
            Align, Cut, Initialize, Kanji, LineFeed, ProcessId, Pulse, RasterRow, RasterStart, Size, Text, Unknown,
        };
        for (bytes, expected) in [
            (&b"\x1b@A\n"[..], vec![Initialize, Text(b'A'), LineFeed]),
            (b"\x1ba1\x1ba\x02", vec![Align(1), Align(2)]),
            (b"\x1d!\x11", vec![Size { width: 2, height: 2 }]),
            (b"\x1bp\x00\x19\xfa", vec![Pulse { connector: 0, on_ms: 50, off_ms: 500 }]),
            (b"\x1dV\x00\x1dVB\x03", vec![Cut { full: true, feed: None }, Cut { full: false, feed: Some(3) }]),
            (b"\x1c.", vec![Kanji(false)]),
            (b"\x1d(H\x06\x0000S001", vec![ProcessId(*b"S001")]),
            (
                b"\x1dv0\x00\x01\x00\x02\x00\xff\x01",
                vec![
                    RasterStart { width_bytes: 1, rows: 2, wide: false, tall: false },
                    RasterRow(vec![0xff]),
                    RasterRow(vec![1]),
                ],
            ),
            (b"\x1dk\x04AB\x00", vec![Command::Barcode { system: 4, data: b"AB".to_vec() }]),
            (b"\x1dkI\x02AB", vec![Command::Barcode { system: 73, data: b"AB".to_vec() }]),
            (b"\x1d(k\x05\x001P0ab", vec![Command::Qr(Qr::Store(b"ab".to_vec()))]),
            (
                b"\x1cq\x02\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x01x",
                vec![
                    Command::NvImage { left: 1, picture: Bitmap::of_columns(8, 1, &[0x80, 0, 0, 0, 0, 0, 0, 0]) },
                    Command::NvImage { left: 0, picture: Bitmap::of_columns(8, 1, &[0, 0, 0, 0, 0, 0, 0, 1]) },
                    Text(b'x'),
                ],
            ),
            (b"\x1b&\x03AB\x01abc\x02defghix", vec![Unknown(b"\x1b&\x03AB".to_vec()), Text(b'x')]),
            (b"\x1b\x01x", vec![Unknown(vec![0x1b, 1]), Text(b'x')]),
            (b"\x10\x04\x01x", vec![Command::Executed, Text(b'x')]),
        ] {
            assert_eq!(parse(bytes), expected, "{bytes:x?}");
        }
    }

    /// A drawer command without its times takes them from the text that follows: `ORDER` prints as `DER`.
    #[test]
    fn a_short_drawer_command_eats_the_text_after_it() {
        let out = parse(b"\x1bp\x00ORDER");
        assert_eq!(out.iter().filter(|c| matches!(c, Command::Text(_))).count(), 3);
    }

    proptest! {
        #[test]
        fn never_panics_and_stays_bounded(bytes in proptest::collection::vec(any::<u8>(), 0..4000)) {
            let mut parser = Parser::default();
            let mut out = Vec::new();
            for byte in bytes {
                parser.push(byte, &mut out);
                prop_assert!(parser.held() <= LONGEST_PAYLOAD + 16);
                prop_assert!(out.len() <= 2);
                out.clear();
            }
        }

        /// Bytes that all begin a command or carry a length: the paths that random bytes seldom reach.
        #[test]
        fn never_panics_on_command_like_bytes(
            bytes in proptest::collection::vec(
                prop_oneof![
                    Just(0x10u8), Just(0x1b), Just(0x1c), Just(0x1d), Just(b'('), Just(b'L'), Just(b'k'), Just(b'v'),
                    Just(b'0'), Just(b'*'), Just(b'V'), 0u8..10, any::<u8>()
                ],
                0..4000,
            )
        ) {
            let mut parser = Parser::default();
            let mut out = Vec::new();
            for byte in bytes {
                parser.push(byte, &mut out);
                prop_assert!(parser.held() <= LONGEST_PAYLOAD + 16);
                out.clear();
            }
        }
    }
}
