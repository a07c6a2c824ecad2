//! Star Line Mode, byte by byte: bytes in, commands out.
//!
//! Written from Star's "Line Mode Command Specifications" (sections are quoted beside the commands). It never fails
//! and holds at most [`LONGEST_PAYLOAD`] bytes, whatever arrives: lengths that a command announces are counted, not
//! allocated.

use super::command::StarCommand;

const ESC: u8 = 0x1b;
const GS: u8 = 0x1d;
const RS: u8 = 0x1e;
const FS: u8 = 0x1c;
const NUL: u8 = 0x00;
const LF: u8 = 0x0a;

/// The most that is kept of one command's data; the rest is counted and dropped.
const LONGEST_PAYLOAD: usize = 512 * 1024;
/// Commands that end with a mark end by themselves after so many bytes.
const LONGEST_MARKED: usize = 512;

/// The state machine. Feed it with [`StarParser::push`].
#[derive(Debug, Default)]
pub struct StarParser {
    state: State,
    head: Vec<u8>,
    raster: bool,
    /// Counts data and keeps none of it.
    forgetful: bool,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Head,
    Payload {
        left: u32,
        kept: Vec<u8>,
    },
    /// Data up to a mark of one or two bytes.
    Marked {
        mark: Mark,
        kept: Vec<u8>,
    },
    /// Column widths and data of so many logos: skipped.
    Logos {
        left: u8,
        size: Vec<u8>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Nul,
    Rs,
    LfNul,
}

enum Shape {
    More,
    Complete,
    Payload(u32),
    Marked(Mark),
    Logos(u8),
    Unknown,
}

impl StarParser {
    /// A parser that follows the commands and keeps no data of them.
    pub(super) fn forgetful() -> Self {
        Self { forgetful: true, ..Self::default() }
    }

    /// Takes one byte; what it completes is appended to `out`.
    pub fn push(&mut self, byte: u8, out: &mut Vec<StarCommand>) {
        match std::mem::take(&mut self.state) {
            State::Head => self.push_head(byte, out),
            State::Payload { left, mut kept } => {
                if kept.len() < LONGEST_PAYLOAD && !self.forgetful {
                    kept.push(byte);
                }
                self.payload(left.saturating_sub(1), kept, out);
            }
            State::Marked { mark, mut kept } => {
                kept.push(byte);
                let ends = match mark {
                    Mark::Nul => byte == NUL,
                    Mark::Rs => byte == RS,
                    Mark::LfNul => kept.ends_with(&[LF, NUL]),
                };
                if ends || kept.len() >= LONGEST_MARKED {
                    if ends {
                        kept.truncate(kept.len() - if mark == Mark::LfNul { 2 } else { 1 });
                    }
                    let command = marked(&self.head, kept);
                    self.complete(command, out);
                } else {
                    self.state = State::Marked { mark, kept };
                }
            }
            State::Logos { left, mut size } => {
                size.push(byte);
                if let [xl, xh, yl, yh] = *size.as_slice() {
                    self.head = vec![ESC, FS, b'q', left];
                    let (x, y) = (u32::from(word(xl, xh)), u32::from(word(yl, yh)));
                    self.payload(x.saturating_mul(y).saturating_mul(8), Vec::new(), out);
                } else {
                    self.state = State::Logos { left, size };
                }
            }
        }
    }

    /// Drops a half-received command and leaves raster mode.
    pub fn reset(&mut self) {
        *self = Self { forgetful: self.forgetful, ..Self::default() };
    }

    /// Whether a command has begun and not ended.
    pub fn is_inside_command(&self) -> bool {
        !self.head.is_empty() || !matches!(self.state, State::Head)
    }

    /// Bytes held at the moment.
    pub fn held(&self) -> usize {
        self.head.len()
            + match &self.state {
                State::Head => 0,
                State::Payload { kept, .. } | State::Marked { kept, .. } => kept.len(),
                State::Logos { size, .. } => size.len(),
            }
    }

    fn push_head(&mut self, byte: u8, out: &mut Vec<StarCommand>) {
        if self.head.is_empty() && byte != ESC && !(self.raster && matches!(byte, b'b' | b'k')) {
            out.extend(single(byte, self.raster));
            return;
        }
        self.head.push(byte);
        match shape(&self.head) {
            Shape::More => {}
            Shape::Complete => {
                let command = fixed(&self.head);
                self.complete(command, out);
            }
            Shape::Payload(left) => self.payload(left, Vec::new(), out),
            Shape::Marked(mark) => self.state = State::Marked { mark, kept: Vec::new() },
            Shape::Logos(left) => self.state = State::Logos { left, size: Vec::new() },
            Shape::Unknown => {
                let command = unknown(&self.head);
                self.complete(command, out);
            }
        }
    }

    fn payload(&mut self, left: u32, kept: Vec<u8>, out: &mut Vec<StarCommand>) {
        if left > 0 {
            self.state = State::Payload { left, kept };
            return;
        }
        match self.head.as_slice() {
            // One logo of several: the next begins with its own size.
            [ESC, FS, b'q', more @ 2..=255] => {
                self.state = State::Logos { left: more - 1, size: Vec::new() };
                self.head = vec![ESC];
            }
            [ESC, FS, b'q', ..] => self.complete(StarCommand::Unknown(vec![ESC, FS, b'q']), out),
            head => {
                let command = with_payload(head, kept);
                self.complete(command, out);
            }
        }
    }

    fn complete(&mut self, command: StarCommand, out: &mut Vec<StarCommand>) {
        self.head.clear();
        match command {
            StarCommand::RasterEnter => self.raster = true,
            StarCommand::RasterQuit | StarCommand::Reset => self.raster = false,
            _ => {}
        }
        out.push(command);
    }
}

fn word(low: u8, high: u8) -> u16 {
    u16::from_le_bytes([low, high])
}

fn single(byte: u8, raster: bool) -> Option<StarCommand> {
    Some(match byte {
        NUL => return None,
        // Real-time commands work in raster mode too, between its commands.
        0x04 => StarCommand::AskEot,
        0x05 => StarCommand::AskEnq,
        0x17 => StarCommand::Etb,
        LF | 0x0d if raster => return None,
        _ if raster => StarCommand::Unknown(vec![byte]),
        0x07 | FS => StarCommand::Pulse(0),
        0x19 | 0x1a => StarCommand::Pulse(1),
        0x09 => StarCommand::Tab,
        LF => StarCommand::LineFeed,
        0x0c => StarCommand::FormFeed,
        0x0d => StarCommand::CarriageReturn,
        0x0e => StarCommand::Size { width: Some(1), height: None },
        0x14 => StarCommand::Size { width: Some(0), height: None },
        0x0f => StarCommand::UpsideDown(true),
        0x12 => StarCommand::UpsideDown(false),
        0x18 => StarCommand::Cancel,
        RS => StarCommand::Buzzer,
        0x20.. => StarCommand::Text(byte),
        _ => StarCommand::Unknown(vec![byte]),
    })
}

fn until(have: usize, need: usize) -> Shape {
    if have >= need { Shape::Complete } else { Shape::More }
}

/// The length rules of the specification.
fn shape(head: &[u8]) -> Shape {
    match head {
        [b'b' | b'k', low, high] => Shape::Payload(u32::from(word(*low, *high))),
        [b'b' | b'k', ..] | [ESC] => Shape::More,
        [ESC, GS, rest @ ..] => gs_shape(rest),
        [ESC, b'*', rest @ ..] => raster_shape(rest),
        [ESC, rest @ ..] => esc_shape(rest),
        _ => Shape::Unknown,
    }
}

fn esc_shape(rest: &[u8]) -> Shape {
    match rest {
        [b'@' | b'M' | b'p' | b'P' | b':' | b'E' | b'F' | b'4' | b'5' | b'0' | b'1' | b'O' | 0x0e | 0x14] => {
            Shape::Complete
        }
        [b'C', 0, ..] => until(rest.len(), 3),
        [
            b' ' | b'-' | b'/' | b'%' | b'A' | b'C' | b'I' | b'J' | b'N' | b'Q' | b'R' | b'W' | b'_' | b'a' | b'd'
            | b'h' | b'j' | b'l' | b's' | b'y' | b'z' | 0x06 | 0x0c,
            ..,
        ] => until(rest.len(), 2),
        [b'i' | 0x07, ..] | [RS, ..] => until(rest.len(), 3),
        [b'B' | b'D'] => Shape::Marked(Mark::Nul),
        [b'?' | b'#', ..] => Shape::Marked(Mark::LfNul),
        [b'b', _, _, _, _] => Shape::Marked(Mark::Rs),
        [b'K' | b'L', low, high] => Shape::Payload(u32::from(word(*low, *high))),
        [b'X', low, high] => Shape::Payload(u32::from(word(*low, *high)) * 3),
        [b'k', bytes, _] => Shape::Payload(u32::from(*bytes) * 24),
        // "ESC & c1 c2 n d1 … d48": a character of 12 × 24 dots.
        [b'&', _, _, 0 | b'0'] => Shape::Payload(36),
        [b'&', _, _, _] => Shape::Payload(48),
        [FS, b'p', ..] => until(rest.len(), 4),
        [FS, b'q', 0] => Shape::Unknown,
        [FS, b'q', n] => Shape::Logos(*n),
        [FS] | [FS, b'q'] | [b'b' | b'K' | b'L' | b'X' | b'k' | b'&', ..] => Shape::More,
        _ => Shape::Unknown,
    }
}

fn gs_shape(rest: &[u8]) -> Shape {
    match rest {
        [b't' | b'a' | b'b' | b'P' | b'c', ..] => until(rest.len(), 2),
        [b'A' | b'R', ..] => until(rest.len(), 3),
        [0x03 | 0x07, ..] => until(rest.len(), 4),
        [0x19, 0x11 | 0x12, ..] => until(rest.len(), 5),
        [b'y', b'P' | b'I'] | [b'x', b'P' | b'I'] => Shape::Complete,
        [b'y', b'S', ..] => until(rest.len(), 4),
        [b'x', b'S', b'0', ..] => until(rest.len(), 6),
        [b'x', b'S', ..] => until(rest.len(), 4),
        [b'y', b'D', b'1', _, low, high] => Shape::Payload(u32::from(word(*low, *high))),
        // "ESC GS y D 2 a [kind nL nH …] × a": the first block's length is enough for one block.
        [b'y', b'D', b'2', 1, _, low, high] => Shape::Payload(u32::from(word(*low, *high))),
        [b'y', b'D', b'2', 0 | 2.., ..] => Shape::Unknown,
        [b'x', b'D', low, high] => Shape::Payload(u32::from(word(*low, *high))),
        [b'S', _, xl, xh, yl, yh, _] => {
            Shape::Payload(u32::from(word(*xl, *xh)).saturating_mul(u32::from(word(*yl, *yh))))
        }
        [b'#', ..] => Shape::Marked(Mark::LfNul),
        [b')', _, low, high] => Shape::Payload(u32::from(word(*low, *high))),
        [] | [b'y' | b'x' | b'S' | b')' | 0x19, ..] => Shape::More,
        _ => Shape::Unknown,
    }
}

fn raster_shape(rest: &[u8]) -> Shape {
    match rest {
        [] | [b'r'] | [b'r', b'm'] => Shape::More,
        [b'r', b'A' | b'B' | b'C' | b'R'] => Shape::Complete,
        [b'r', b'D' | b'E' | b'F' | b'K' | b'N' | b'P' | b'Q' | b'T' | b'Y' | b'V'] | [b'r', b'm', _] => {
            Shape::Marked(Mark::Nul)
        }
        _ => Shape::Unknown,
    }
}

/// Commands whose parameters are all in the head.
fn fixed(head: &[u8]) -> StarCommand {
    match head {
        [ESC, GS, rest @ ..] => gs_command(head, rest),
        [ESC, b'*', b'r', b'A'] => StarCommand::RasterEnter,
        [ESC, b'*', b'r', b'B'] => StarCommand::RasterQuit,
        [ESC, b'*', b'r', b'C'] => StarCommand::RasterClear,
        [ESC, b'*', b'r', b'R'] => StarCommand::RasterSetting { what: [b'R', 0], value: 0 },
        [ESC, rest @ ..] => esc_command(head, rest),
        _ => unknown(head),
    }
}

/// Numbers of one digit also come as the digit.
fn digit(n: u8) -> u8 {
    if n.is_ascii_digit() { n & 0x0f } else { n }
}

fn esc_command(head: &[u8], rest: &[u8]) -> StarCommand {
    match rest {
        [b'@'] => StarCommand::Initialize,
        [0x07, on, off] => StarCommand::PulseTimes { on: *on, off: *off },
        [b'R', n] => StarCommand::International(digit(*n)),
        [RS, b'F', n] => StarCommand::Font(digit(*n)),
        [RS, b'a', n] => StarCommand::AutoStatus(digit(*n) != 0),
        [RS, b'E', _] => StarCommand::EtbReset,
        // "3-3-4 character spacing": pitches of 12, 14, 15 and 16 dots.
        [b'M'] => StarCommand::Spacing(0),
        [b'p'] => StarCommand::Spacing(2),
        [b'P'] => StarCommand::Spacing(3),
        [b':'] => StarCommand::Spacing(4),
        [b' ', n] => StarCommand::Spacing(digit(*n)),
        [b'i', height, width] => {
            StarCommand::Size { width: Some(digit(*width).min(5)), height: Some(digit(*height).min(5)) }
        }
        [b'W', n] => StarCommand::Size { width: Some(digit(*n).min(5)), height: None },
        [b'h', n] => StarCommand::Size { width: None, height: Some(digit(*n).min(5)) },
        [0x0e] => StarCommand::Size { width: None, height: Some(1) },
        [0x14] => StarCommand::Size { width: None, height: Some(0) },
        [b'E'] => StarCommand::Emphasized(true),
        [b'F'] => StarCommand::Emphasized(false),
        [b'-', n] => StarCommand::Underline(digit(*n) != 0),
        [b'_', n] => StarCommand::Upperline(digit(*n) != 0),
        [b'4'] => StarCommand::Inverse(true),
        [b'5'] => StarCommand::Inverse(false),
        [b'l', n] => StarCommand::LeftMargin(*n),
        [b'Q', n] => StarCommand::RightMargin(*n),
        [b'z', n] => StarCommand::LineSpacing(if digit(*n) == 0 { 24 } else { 32 }),
        [b'0'] => StarCommand::LineSpacing(24),
        [b'a', n] => StarCommand::FeedLines(*n),
        [b'J', n] => StarCommand::FeedEighths(u16::from(*n) * 2),
        [b'I', n] => StarCommand::FeedEighths(u16::from(*n)),
        [b'd', n] if digit(*n) <= 3 => StarCommand::Cut { full: digit(*n).is_multiple_of(2), feed: digit(*n) >= 2 },
        [0x06, 0x01] => StarCommand::AskStatus,
        [0x06, 0x18] => StarCommand::Reset,
        [0x0c, 0x00] => StarCommand::RasterFormFeed,
        [0x0c, 0x04] => StarCommand::RasterEnd,
        [FS, b'p', n, _] => StarCommand::Logo(*n),
        [b'd' | 0x06 | 0x0c | b'j' | b'%' | FS, ..] => unknown(head),
        [code, ..] => StarCommand::Accepted(*code),
        [] => unknown(head),
    }
}

fn gs_command(head: &[u8], rest: &[u8]) -> StarCommand {
    match rest {
        [b't', n] => StarCommand::CodePage(*n),
        [b'a', n] => StarCommand::Align(digit(*n)),
        [b'A', low, high] => StarCommand::Position(word(*low, *high)),
        [b'R', low, high] => StarCommand::RelativePosition(i16::from_le_bytes([*low, *high])),
        [0x03, what @ 0..=4, n1, n2] => StarCommand::Document { what: *what, n1: *n1, n2: *n2 },
        [0x07 | 0x19, ..] => StarCommand::Buzzer,
        [b'y', b'P'] => StarCommand::QrPrint,
        [b'y', b'I'] => StarCommand::QrAsk,
        [b'y', b'S', b'0', n] => StarCommand::QrModel(*n),
        [b'y', b'S', b'1', n] => StarCommand::QrCorrection(digit(*n)),
        [b'y', b'S', b'2', n] => StarCommand::QrCell(*n),
        [b'b' | b'c', ..] => StarCommand::Accepted(GS),
        _ => unknown(head),
    }
}

fn marked(head: &[u8], kept: Vec<u8>) -> StarCommand {
    match head {
        [ESC, b'D'] => StarCommand::TabStops(kept),
        [ESC, b'b', system, under, mode, height] => StarCommand::Barcode {
            system: digit(*system),
            under: digit(*under),
            mode: digit(*mode),
            height: *height,
            data: kept,
        },
        [ESC, b'*', b'r', what @ ..] => {
            let letters = [what.first().copied().unwrap_or(0), what.get(1).copied().unwrap_or(0)];
            // "n is a decimal description": digits; some hosts send the value as a byte.
            let value = match kept.as_slice() {
                [byte] if !byte.is_ascii_digit() => Some(u32::from(*byte)),
                digits => std::str::from_utf8(digits).ok().and_then(|text| text.parse().ok()),
            };
            match value {
                Some(value) => StarCommand::RasterSetting { what: letters, value },
                None => unknown(head),
            }
        }
        [ESC, b'B' | b'?' | b'#', ..] | [ESC, GS, b'#', ..] => StarCommand::Accepted(b'#'),
        _ => unknown(head),
    }
}

fn with_payload(head: &[u8], data: Vec<u8>) -> StarCommand {
    match head {
        [b'b', ..] => StarCommand::RasterRow { feed: true, data },
        [b'k', ..] => StarCommand::RasterRow { feed: false, data },
        [ESC, b'K', ..] => StarCommand::Columns { tall: false, dense: false, data },
        [ESC, b'L', ..] => StarCommand::Columns { tall: false, dense: true, data },
        [ESC, b'X', ..] => StarCommand::Columns { tall: true, dense: true, data },
        [ESC, b'k', bytes, _] => StarCommand::Band { width_bytes: *bytes, data },
        [ESC, GS, b'S', _, xl, xh, yl, yh, _] => {
            StarCommand::Picture { width_bytes: word(*xl, *xh), rows: word(*yl, *yh), data }
        }
        [ESC, GS, b'y', b'D', ..] => StarCommand::QrData(data),
        [ESC, GS, b')', ..] => StarCommand::Accepted(b')'),
        _ => unknown(head),
    }
}

fn unknown(bytes: &[u8]) -> StarCommand {
    StarCommand::Unknown(bytes.iter().copied().take(16).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(bytes: &[u8]) -> Vec<StarCommand> {
        let mut parser = StarParser::default();
        let mut out = Vec::new();
        for byte in bytes {
            parser.push(*byte, &mut out);
        }
        assert!(!parser.is_inside_command(), "{bytes:x?} leaves the parser inside a command");
        out
    }

    #[test]
    fn commands() {
        use StarCommand::*;
        for (bytes, expected) in [
            (&b"\x1b@A\n"[..], vec![Initialize, Text(b'A'), LineFeed]),
            (b"\x1b\x1dt\x20", vec![CodePage(32)]),
            (b"\x1bi\x01\x02", vec![Size { width: Some(2), height: Some(1) }]),
            (b"\x1bi12", vec![Size { width: Some(2), height: Some(1) }]),
            (b"\x0e\x14", vec![Size { width: Some(1), height: None }, Size { width: Some(0), height: None }]),
            (b"\x1bd\x02\x1bd3", vec![Cut { full: true, feed: true }, Cut { full: false, feed: true }]),
            (b"\x07\x1a", vec![Pulse(0), Pulse(1)]),
            (b"\x1b\x07\x14\x14", vec![PulseTimes { on: 20, off: 20 }]),
            (b"\x1b\x1d\x03\x01\x02\x11", vec![Document { what: 1, n1: 2, n2: 0x11 }]),
            (b"\x1b\x1ea\x01\x17", vec![AutoStatus(true), Etb]),
            (b"\x1b\x06\x01", vec![AskStatus]),
            (
                b"\x1bb\x06\x02\x02\x50ABC\x1e",
                vec![Barcode { system: 6, under: 2, mode: 2, height: 80, data: b"ABC".to_vec() }],
            ),
            (b"\x1b\x1dyD1\x00\x02\x00ab\x1b\x1dyP", vec![QrData(b"ab".to_vec()), QrPrint]),
            (
                b"\x1b*rA\x1b*rP0\x00b\x02\x00\xff\x01k\x01\x00\x80\x1b\x0c\x00\x1b*rBb",
                vec![
                    RasterEnter,
                    RasterSetting { what: *b"P\0", value: 0 },
                    RasterRow { feed: true, data: vec![0xff, 1] },
                    RasterRow { feed: false, data: vec![0x80] },
                    RasterFormFeed,
                    RasterQuit,
                    Text(b'b'),
                ],
            ),
            (b"\x1b#W20000\n\0x", vec![Accepted(b'#'), Text(b'x')]),
            (b"\x1b\x01x", vec![Unknown(vec![0x1b, 1]), Text(b'x')]),
        ] {
            assert_eq!(parse(bytes), expected, "{bytes:x?}");
        }
    }

    proptest! {
        /// Bytes that begin commands or carry lengths: the paths that random bytes seldom reach.
        #[test]
        fn never_panics_and_stays_bounded(
            bytes in proptest::collection::vec(
                prop_oneof![
                    Just(0x1bu8), Just(0x1d), Just(0x1c), Just(0x1e), Just(b'*'), Just(b'r'), Just(b'A'), Just(b'b'),
                    Just(b'q'), Just(b'y'), Just(b'D'), Just(b'S'), Just(b'&'), 0u8..10, any::<u8>()
                ],
                0..4000,
            )
        ) {
            let mut parser = StarParser::default();
            let mut out = Vec::new();
            for byte in bytes {
                parser.push(byte, &mut out);
                prop_assert!(parser.held() <= LONGEST_PAYLOAD + 16);
                prop_assert!(out.len() <= 1);
                out.clear();
            }
        }
    }
}
