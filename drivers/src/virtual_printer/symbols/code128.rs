//! Code 128 (ISO/IEC 15417): symbol values to bars. Which values the data stands for differs with the language.

use super::linear::Bars;

/// The three code sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Set {
    A,
    B,
    C,
}

impl Set {
    /// The start character.
    pub(in super::super) fn start(self) -> u8 {
        match self {
            Self::A => 103,
            Self::B => 104,
            Self::C => 105,
        }
    }

    /// The character that changes to it.
    fn change(self) -> u8 {
        match self {
            Self::A => 101,
            Self::B => 100,
            Self::C => 99,
        }
    }

    /// The value of one byte in sets A and B.
    fn value(self, byte: u8) -> Option<u8> {
        match (self, byte) {
            (Self::A | Self::B, 0x20..=0x5f) => Some(byte - 0x20),
            (Self::A, 0..=0x1f) => Some(byte + 0x40),
            (Self::B, 0x60..=0x7f) => Some(byte - 0x20),
            _ => None,
        }
    }
}

pub(in super::super) const SHIFT: u8 = 98;
pub(in super::super) const FNC1: u8 = 102;
pub(in super::super) const FNC2: u8 = 97;
pub(in super::super) const FNC3: u8 = 96;

/// Values of one symbol: more has no room on any head.
const MOST_VALUES: usize = 256;

/// Builds the symbol character by character.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Writer {
    values: Vec<u8>,
    set: Option<Set>,
    shifted: bool,
    /// The first digit of a pair in set C.
    half: Option<u8>,
    text: String,
    broken: bool,
}

impl Writer {
    /// Starts with a set, or changes to it.
    pub(in super::super) fn select(&mut self, set: Set) {
        self.broken |= self.half.is_some();
        match self.set {
            None => self.push(set.start()),
            Some(now) if now == set => {}
            Some(_) => self.push(set.change()),
        }
        self.set = Some(set);
    }

    /// The set in use.
    pub(in super::super) fn set(&self) -> Option<Set> {
        self.set
    }

    /// A function or shift character by its value.
    pub(in super::super) fn special(&mut self, value: u8) {
        self.shifted = value == SHIFT;
        self.push(value);
    }

    /// FNC4, whose value is the change to the set that is in use.
    pub(in super::super) fn fnc4(&mut self) {
        if let Some(set @ (Set::A | Set::B)) = self.set {
            self.push(set.change());
        }
    }

    /// A value as it is (Epson's set C takes binary values).
    pub(in super::super) fn pair(&mut self, value: u8) {
        if value > 99 {
            self.broken = true;
            return;
        }
        self.text.push_str(&format!("{value:02}"));
        self.push(value);
    }

    /// A character of the set in use; in set C, a digit of a pair.
    pub(in super::super) fn byte(&mut self, byte: u8) {
        let set = match self.set {
            Some(set) => set,
            None => {
                self.select(Set::B);
                Set::B
            }
        };
        if set == Set::C {
            match (byte, self.half.take()) {
                (b'0'..=b'9', None) => self.half = Some(byte & 0x0f),
                (b'0'..=b'9', Some(first)) => self.pair(first * 10 + (byte & 0x0f)),
                _ => self.broken = true,
            }
            return;
        }
        let shifted = std::mem::take(&mut self.shifted);
        let set = match (set, shifted) {
            (Set::A, true) => Set::B,
            (Set::B, true) => Set::A,
            (set, _) => set,
        };
        match set.value(byte) {
            Some(value) => {
                self.text.push(if byte < 0x20 || byte == 0x7f { ' ' } else { char::from(byte) });
                self.push(value);
            }
            None => self.broken = true,
        }
    }

    /// Characters in whatever sets make them short: pairs for four digits and more, A for control characters.
    pub(in super::super) fn automatic(&mut self, data: &[u8]) {
        let mut rest = data;
        while let Some(byte) = rest.first() {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count() / 2 * 2;
            if digits >= if self.set == Some(Set::C) { 2 } else { 4 } {
                self.select(Set::C);
                let (pairs, after) = rest.split_at(digits);
                pairs.iter().for_each(|digit| self.byte(*digit));
                rest = after;
                continue;
            }
            match (self.set, byte) {
                (_, 0..=0x1f) => self.select(Set::A),
                (_, 0x60..=0x7f) | (None | Some(Set::C), _) => self.select(Set::B),
                _ => {}
            }
            self.byte(*byte);
            rest = rest.get(1..).unwrap_or_default();
        }
    }

    fn push(&mut self, value: u8) {
        if self.values.len() < MOST_VALUES {
            self.values.push(value);
        } else {
            self.broken = true;
        }
    }

    /// The bars with check and stop characters; `None` when the data has no symbol.
    pub(in super::super) fn finish(self) -> Option<Bars> {
        let (start, rest) = self.values.split_first()?;
        if self.broken || self.half.is_some() || rest.is_empty() {
            return None;
        }
        let sum: usize = rest.iter().zip(1..).map(|(value, weight)| usize::from(*value) * weight).sum();
        let check = (usize::from(*start) + sum) % 103;
        let mut bars = Bars::default();
        for value in self.values.iter().map(|value| usize::from(*value)).chain([check]) {
            bars.modules(WIDTHS.get(value)?);
        }
        bars.modules("2331112");
        Some(bars.with_text(self.text))
    }
}

const WIDTHS: [&str; 106] = [
    "212222", "222122", "222221", "121223", "121322", "131222", "122213", "122312", "132212", "221213", "221312",
    "231212", "112232", "122132", "122231", "113222", "123122", "123221", "223211", "221132", "221231", "213212",
    "223112", "312131", "311222", "321122", "321221", "312212", "322112", "322211", "212123", "212321", "232121",
    "111323", "131123", "131321", "112313", "132113", "132311", "211313", "231113", "231311", "112133", "112331",
    "132131", "113123", "113321", "133121", "313121", "211331", "231131", "213113", "213311", "213131", "311123",
    "311321", "331121", "312113", "312311", "332111", "314111", "221411", "431111", "111224", "111422", "121124",
    "121421", "141122", "141221", "112214", "112412", "122114", "122411", "142112", "142211", "241211", "221114",
    "413111", "241112", "134111", "111242", "121142", "121241", "114212", "124112", "124211", "411212", "421112",
    "421211", "212141", "214121", "412121", "111143", "111341", "131141", "114113", "114311", "411113", "411311",
    "113141", "114131", "311141", "411131", "211412", "211214", "211232",
];
