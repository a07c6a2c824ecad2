//! ZPL II, byte by byte: bytes in, commands with their parameters out.
//!
//! Written from Zebra's "ZPL II Programming Guide". A command is a prefix, two letters and what follows up to the
//! next prefix. The parser never fails and keeps at most [`LONGEST_DATA`] bytes of one command.

/// The most that is kept of one command's parameters; the rest is counted and dropped.
const LONGEST_DATA: usize = 512 * 1024;

/// One command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZplCommand {
    /// Whether it began with the control prefix (`~`), not the format prefix (`^`).
    pub control: bool,
    /// Its two letters; for `^A`, the second is the font.
    pub name: [u8; 2],
    /// What followed, line ends left out.
    pub data: Vec<u8>,
    /// Binary data that came with it, which is not kept.
    pub binary: bool,
}

/// The state machine. Feed it with [`ZplParser::push`].
#[derive(Debug)]
pub struct ZplParser {
    state: State,
    command: ZplCommand,
    format_prefix: u8,
    control_prefix: u8,
    delimiter: u8,
    /// Keeps no parameters.
    forgetful: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    /// Outside of commands: ignored up to a prefix.
    #[default]
    Outside,
    /// This many letters of the name have come.
    Name(u8),
    Data,
    /// So many binary bytes of `^GFB` are left.
    Binary(u32),
}

impl Default for ZplParser {
    fn default() -> Self {
        Self {
            state: State::Outside,
            command: empty(),
            format_prefix: b'^',
            control_prefix: b'~',
            delimiter: b',',
            forgetful: false,
        }
    }
}

fn empty() -> ZplCommand {
    ZplCommand { control: false, name: [0; 2], data: Vec::new(), binary: false }
}

impl ZplParser {
    /// A parser that follows the commands and keeps no parameters of them, but for the prefixes.
    pub(super) fn forgetful() -> Self {
        Self { forgetful: true, ..Self::default() }
    }

    /// What separates parameters (`^CD`).
    pub fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// Takes one byte; what it completes is appended to `out`.
    pub fn push(&mut self, byte: u8, out: &mut Vec<ZplCommand>) {
        if let State::Binary(left) = self.state {
            self.state = if left > 1 { State::Binary(left - 1) } else { State::Data };
            return;
        }
        if self.takes_prefix_itself(byte) {
            self.change_prefix(byte);
            return;
        }
        if byte == self.format_prefix || byte == self.control_prefix {
            self.finish(out);
            self.command.control = byte == self.control_prefix;
            self.state = State::Name(0);
            return;
        }
        match self.state {
            State::Outside | State::Binary(_) => {}
            State::Name(letter) => {
                if byte.is_ascii_whitespace() && letter == 0 {
                    return;
                }
                if let Some(place) = self.command.name.get_mut(usize::from(letter)) {
                    *place = byte.to_ascii_uppercase();
                }
                self.state = if letter == 0 { State::Name(1) } else { State::Data };
                if letter > 0 && is_bare(self.command.control, self.command.name) {
                    self.finish(out);
                }
            }
            State::Data => {
                if !matches!(byte, b'\r' | b'\n') {
                    // Enough of `^GFB` to count its bytes.
                    let most = if self.forgetful { 64 } else { LONGEST_DATA };
                    if self.command.data.len() < most {
                        self.command.data.push(byte);
                    }
                    self.look_for_binary();
                }
            }
        }
    }

    /// Drops a half-received command; the prefixes are the usual ones again.
    pub fn reset(&mut self) {
        *self = Self { forgetful: self.forgetful, ..Self::default() };
    }

    /// Whether a command has begun and not ended.
    pub fn is_inside_command(&self) -> bool {
        self.state != State::Outside
    }

    /// Bytes held at the moment.
    pub fn held(&self) -> usize {
        self.command.data.len() + 2
    }

    fn finish(&mut self, out: &mut Vec<ZplCommand>) {
        if self.state == State::Data {
            out.push(std::mem::replace(&mut self.command, empty()));
        } else if let State::Name(1..) = self.state {
            // A prefix and one letter: shown as it came.
            out.push(std::mem::replace(&mut self.command, empty()));
        }
        self.command = empty();
        self.state = State::Outside;
    }

    /// `^CC`, `^CD` and `^CT` (and their `~` forms) take the next byte whatever it is.
    fn takes_prefix_itself(&self, _byte: u8) -> bool {
        self.state == State::Data
            && self.command.data.is_empty()
            && matches!(self.command.name, [b'C', b'C' | b'D' | b'T'])
    }

    fn change_prefix(&mut self, byte: u8) {
        match self.command.name {
            [_, b'C'] => self.format_prefix = byte,
            [_, b'T'] => self.control_prefix = byte,
            _ => self.delimiter = byte,
        }
        self.command = empty();
        self.state = State::Outside;
    }

    /// `^GFB,b,…` and `^GFC,b,…`: after the fourth comma come b bytes of any value.
    fn look_for_binary(&mut self) {
        let data = self.command.data.as_slice();
        let is_graphic = self.command.name == *b"GF" && !self.command.control;
        if !is_graphic || data.last() != Some(&self.delimiter) || !matches!(data.first(), Some(b'B' | b'C')) {
            return;
        }
        let parts: Vec<&[u8]> = data.split(|byte| *byte == self.delimiter).collect();
        if let [_, count, _, _, []] = parts.as_slice() {
            let count = std::str::from_utf8(count).ok().and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
            self.command.binary = true;
            if count > 0 {
                self.state = State::Binary(count);
            }
        }
    }
}

/// Commands without parameters act as soon as their name is complete.
fn is_bare(control: bool, name: [u8; 2]) -> bool {
    match &name {
        b"XA" | b"XZ" | b"FS" | b"FR" => !control,
        b"HS" | b"HI" | b"HM" | b"JA" | b"JX" | b"PS" | b"PP" | b"JR" | b"PH" => control,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(bytes: &[u8]) -> Vec<String> {
        let mut parser = ZplParser::default();
        let mut out = Vec::new();
        for byte in bytes {
            parser.push(*byte, &mut out);
        }
        out.iter()
            .map(|command| {
                let prefix = if command.control { '~' } else { '^' };
                let name = String::from_utf8_lossy(&command.name).into_owned();
                format!("{prefix}{name}{}", String::from_utf8_lossy(&command.data))
            })
            .collect()
    }

    #[test]
    fn commands() {
        for (bytes, expected) in [
            (
                &b"^XA^FO50,60^A0N,30,30^FDSoup^FS^XZ"[..],
                vec!["^XA", "^FO50,60", "^A0N,30,30", "^FDSoup", "^FS", "^XZ"],
            ),
            (b"^xa\r\n^fdtwo\r\nlines^fs^xz", vec!["^XA", "^FDtwolines", "^FS", "^XZ"]),
            (b"~HS~JA", vec!["~HS", "~JA"]),
            (b"^CC+x+XA+CC^^XZ", vec!["^XA", "^XZ"]),
            (b"^XA^GFB,3,3,1,^~^^FS", vec!["^XA", "^GFB,3,3,1,", "^FS"]),
            (b"rubbish^XZ", vec!["^XZ"]),
        ] {
            assert_eq!(parse(bytes), expected, "{}", String::from_utf8_lossy(bytes));
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_stays_bounded(
            bytes in proptest::collection::vec(
                prop_oneof![
                    Just(b'^'), Just(b'~'), Just(b'G'), Just(b'F'), Just(b'B'), Just(b','), Just(b'C'), Just(b'9'),
                    any::<u8>()
                ],
                0..4000,
            )
        ) {
            let mut parser = ZplParser::default();
            let mut out = Vec::new();
            for byte in bytes {
                parser.push(byte, &mut out);
                prop_assert!(parser.held() <= LONGEST_DATA + 2);
                prop_assert!(out.len() <= 1);
                out.clear();
            }
        }
    }
}
