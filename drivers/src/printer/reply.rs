//! What a printer sends back. Pure, byte at a time, of bounded memory; what no rule knows is passed over.
//!
//! ESC/POS replies tell themselves apart by fixed bits (Epson, "Transmission status identification"): `0xx1xx10` answers
//! `DLE EOT`; `0xx1xx00` and three `0xx0xxxx` are an automatic status, in which XON and XOFF may stand; `37 22 d1 d2 d3
//! d4 00` is a process id; `37 25 00` says that the buffers were cleared. Star: a header `0xx0xxx1` that holds the number
//! of bytes. ZPL: lines between STX and ETX.

use super::profile::Language;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The answer to `DLE EOT`; it does not say which.
    Status(u8),
    /// `GS a`: the four bytes.
    Automatic([u8; 4]),
    ProcessId([u8; 4]),
    Cleared,
    Star(Star),
    Zpl(Zpl),
}

/// Star's automatic status, as far as it is used ("Automatic Status", printer status 1, 2, 4 and 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Star {
    pub offline: bool,
    pub cover_open: bool,
    pub drawer_switch: bool,
    pub cutter_error: bool,
    pub mechanical_error: bool,
    pub unrecoverable: bool,
    pub near_end: bool,
    pub paper_end: bool,
    /// 0 to 31.
    pub etb_counter: u8,
}

/// `~HS` ("Host Status Return"), strings 1 and 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zpl {
    First { paper_out: bool, paused: bool, buffer_full: bool, waiting_formats: u32 },
    Second { head_open: bool, ribbon_out: bool, labels_left: u32 },
}

#[derive(Debug)]
pub struct Decoder {
    language: Language,
    held: Vec<u8>,
}

/// The most bytes that are waited for, of any language: a line of `~HS`.
pub const LONGEST_REPLY: usize = 96;

const XON: u8 = 0x11;
const XOFF: u8 = 0x13;

/// How many bytes are done with, and what they said. None: more is needed.
type Step = Option<(usize, Option<Reply>)>;

impl Decoder {
    pub fn new(language: Language) -> Decoder {
        Decoder { language, held: Vec::new() }
    }

    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Reply> {
        let mut replies = Vec::new();
        for byte in bytes {
            self.held.push(*byte);
            while let Some((taken, reply)) = self.step() {
                self.held.drain(..taken.min(self.held.len()));
                replies.extend(reply);
            }
        }
        replies
    }

    /// Bytes of a reply that has begun.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    fn step(&self) -> Step {
        match self.language {
            Language::Escpos => escpos(&self.held),
            Language::Star => star(&self.held),
            Language::Zpl => zpl(&self.held),
        }
    }
}

fn escpos(held: &[u8]) -> Step {
    match held {
        [] => None,
        [0x37, 0x22, d1, d2, d3, d4, 0x00, ..] => Some((7, Some(Reply::ProcessId([*d1, *d2, *d3, *d4])))),
        [0x37, 0x25, 0x00, ..] => Some((3, Some(Reply::Cleared))),
        [0x37] | [0x37, 0x25] => None,
        [0x37, 0x22, rest @ ..] if rest.len() < 5 && rest.iter().take(4).all(|b| (0x20..=0x7e).contains(b)) => None,
        [byte, ..] if byte & 0b1001_0011 == 0b0001_0010 => Some((1, Some(Reply::Status(*byte)))),
        [byte, rest @ ..] if byte & 0b1001_0011 == 0b0001_0000 => automatic(*byte, rest),
        _ => Some((1, None)),
    }
}

/// The three bytes that follow, past any XON and XOFF. Another byte in their place: the first one was none.
fn automatic(first: u8, rest: &[u8]) -> Step {
    let mut bytes = [first, 0, 0, 0];
    let mut have = 1;
    for (at, byte) in rest.iter().enumerate() {
        match byte {
            &XON | &XOFF if at < 16 => {}
            byte if byte & 0b1001_0000 == 0 => {
                if let Some(place) = bytes.get_mut(have) {
                    *place = *byte;
                }
                have += 1;
                if have == bytes.len() {
                    return Some((at + 2, Some(Reply::Automatic(bytes))));
                }
            }
            _ => return Some((1, None)),
        }
    }
    None
}

fn star(held: &[u8]) -> Step {
    let [header, ..] = held else { return None };
    if header & 0b1001_0001 != 1 {
        return Some((1, None));
    }
    let length = usize::from((header >> 1) & 7 | (header >> 2) & 8);
    if length < 7 {
        return Some((1, None));
    }
    // Bytes after the first have bits 0, 4 and 7 off; XON and XOFF have bit 0 on.
    if held.iter().skip(1).take(length - 1).any(|byte| byte & 0b1001_0001 != 0) {
        return Some((1, None));
    }
    let status = held.get(..length)?;
    let byte = |at: usize| status.get(at).copied().unwrap_or(0);
    let bit = |at: usize, bit: u8| byte(at) & (1 << bit) != 0;
    let counter = byte(7);
    let star = Star {
        drawer_switch: bit(2, 2),
        offline: bit(2, 3),
        cover_open: bit(2, 5),
        mechanical_error: bit(3, 2),
        cutter_error: bit(3, 3),
        unrecoverable: bit(3, 5),
        near_end: bit(5, 1) || bit(5, 2),
        paper_end: bit(5, 3),
        etb_counter: (counter >> 1) & 7 | (counter >> 2) & 0x18,
    };
    Some((length, Some(Reply::Star(star))))
}

fn zpl(held: &[u8]) -> Step {
    match held {
        [] => None,
        [0x02, rest @ ..] => match rest.iter().position(|byte| *byte == 0x03) {
            Some(end) => Some((end + 2, rest.get(..end).and_then(zpl_line))),
            None if held.len() >= LONGEST_REPLY => Some((1, None)),
            None => None,
        },
        _ => Some((1, None)),
    }
}

fn zpl_line(line: &[u8]) -> Option<Reply> {
    let text = std::str::from_utf8(line).ok()?;
    let fields: Vec<&str> = text.split(',').map(str::trim).collect();
    let number = |at: usize| fields.get(at)?.parse::<u32>().ok();
    match fields.len() {
        12 => Some(Reply::Zpl(Zpl::First {
            paper_out: number(1)? != 0,
            paused: number(2)? != 0,
            waiting_formats: number(4)?,
            buffer_full: number(5)? != 0,
        })),
        11 => Some(Reply::Zpl(Zpl::Second {
            head_open: number(2)? != 0,
            ribbon_out: number(3)? != 0,
            labels_left: number(8)?,
        })),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_told_apart_through_noise() {
        for (bytes, expected) in [
            (&b"\x12"[..], vec![Reply::Status(0x12)]),
            (b"\xff\x37\x22E001\x00\x37\x25\x00", vec![Reply::ProcessId(*b"E001"), Reply::Cleared]),
            (b"\x37\x22\x01\x37\x22S00a\x00", vec![Reply::ProcessId(*b"S00a")]),
            (b"\x10\x00\x00\x00", vec![Reply::Automatic([0x10, 0, 0, 0])]),
            (b"\x18\x13\x00\x11\x0c\x0f", vec![Reply::Automatic([0x18, 0, 0x0c, 0x0f])]),
            // Broken off by another reply: that one counts.
            (b"\x10\x00\x16", vec![Reply::Status(0x16)]),
            (b"\x10\x00\x37\x25\x00", vec![Reply::Cleared]),
        ] {
            assert_eq!(Decoder::new(Language::Escpos).feed(bytes), expected, "{bytes:x?}");
        }
    }

    #[test]
    fn a_star_tells_all_at_once() {
        let replies = Decoder::new(Language::Star).feed(b"\x00\x23\x06\x28\x08\x00\x0c\x00\x46\x00\x11");
        let expected = Star {
            offline: true,
            cover_open: true,
            drawer_switch: false,
            cutter_error: true,
            mechanical_error: false,
            unrecoverable: false,
            near_end: true,
            paper_end: true,
            etb_counter: 0b10011,
        };
        assert_eq!(replies, [Reply::Star(expected)]);
    }

    #[test]
    fn a_label_printer_answers_in_lines() {
        let answer = b"\x02030,1,0,1245,000,0,0,0,000,0,0,0\x03\r\n\x02001,0,1,0,0,2,4,0,00000002,1,000\x03\r\n\x021234,0\x03\r\n";
        let replies = Decoder::new(Language::Zpl).feed(answer);
        assert_eq!(
            replies,
            [
                Reply::Zpl(Zpl::First { paper_out: true, paused: false, buffer_full: false, waiting_formats: 0 }),
                Reply::Zpl(Zpl::Second { head_open: true, ribbon_out: false, labels_left: 2 }),
            ]
        );
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_leave_no_more_than_one_reply_behind(bytes: Vec<u8>) {
            for language in [Language::Escpos, Language::Star, Language::Zpl] {
                let mut decoder = Decoder::new(language);
                decoder.feed(&bytes);
                assert!(decoder.held() <= LONGEST_REPLY, "{language:?}");
            }
        }

        /// Whatever came before, a printer that is asked again is understood again.
        #[test]
        fn noise_ends(noise in proptest::collection::vec(0u8..=255, 0..40)) {
            let mut decoder = Decoder::new(Language::Escpos);
            decoder.feed(&noise);
            let replies: Vec<Reply> = (0..3).flat_map(|_| decoder.feed(b"\x37\x22E001\x00\x12")).collect();
            assert!(replies.contains(&Reply::ProcessId(*b"E001")));
            assert!(replies.contains(&Reply::Status(0x12)));
        }
    }
}
