//! One-dimensional bar codes: UPC and EAN (ISO/IEC 15420), Code 39 (16388), interleaved 2 of 5 (16390), Codabar
//! (EN 798), Code 93 (AIM BC5) and the bars of Code 128.

use super::super::bitmap::Bitmap;

/// What the bars mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Symbology {
    UpcA,
    UpcE,
    Ean13,
    Ean8,
    Code39,
    Itf,
    Codabar,
    Code93,
}

/// Characters of one bar code; a head of 2,048 dots has no room for more.
const MOST_CHARACTERS: usize = 256;

/// How wide a bar or a space is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Width {
    Modules(u8),
    /// The wide element of a code that has only two widths.
    Wide,
}

/// Bars and spaces by turns, and the characters below them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Bars {
    widths: Vec<Width>,
    text: String,
}

impl Bars {
    /// What is written below the bars, check digits included.
    pub(in super::super) fn text(&self) -> &str {
        &self.text
    }

    pub(in super::super) fn with_text(self, text: String) -> Self {
        Self { text, ..self }
    }

    /// The drawn bars; `wide` is the wide element's width where there is one.
    pub(in super::super) fn draw(&self, module: u32, wide: u32, height: u32) -> Bitmap {
        let dots: Vec<u32> = self
            .widths
            .iter()
            .map(|width| match width {
                Width::Modules(n) => u32::from(*n) * module,
                Width::Wide => wide,
            })
            .collect();
        let mut picture = Bitmap::white(dots.iter().sum(), height);
        let mut x = 0;
        for (width, black) in dots.into_iter().zip([true, false].into_iter().cycle()) {
            for column in x..x + width {
                for y in 0..if black { height } else { 0 } {
                    picture.blacken(column, y);
                }
            }
            x += width;
        }
        picture
    }

    /// Appends widths in modules, written as digits.
    pub(super) fn modules(&mut self, digits: &str) {
        self.widths.extend(digits.bytes().map(|digit| Width::Modules(digit & 0x0f)));
    }

    /// Appends widths in modules, the last first.
    fn modules_reversed(&mut self, digits: &str) {
        self.widths.extend(digits.bytes().rev().map(|digit| Width::Modules(digit & 0x0f)));
    }

    /// Appends narrow and wide elements, written as `n` and `w`.
    fn elements(&mut self, letters: &str) {
        self.widths.extend(letters.bytes().map(|letter| if letter == b'w' { Width::Wide } else { Width::Modules(1) }));
    }
}

/// The bars for the data, or `None` when the symbology has no bars for it.
pub(in super::super) fn encode(symbology: Symbology, data: &[u8]) -> Option<Bars> {
    if data.is_empty() || data.len() > MOST_CHARACTERS {
        return None;
    }
    match symbology {
        Symbology::UpcA => {
            let bars = ean13(&[&[0], digits(data, 11..=12)?.as_slice()].concat())?;
            let text = bars.text.get(1..)?.to_owned();
            Some(bars.with_text(text))
        }
        Symbology::UpcE => upc_e(&digits(data, 6..=12)?),
        Symbology::Ean13 => ean13(&digits(data, 12..=13)?),
        Symbology::Ean8 => ean8(&digits(data, 7..=8)?),
        Symbology::Code39 => code39(data),
        Symbology::Itf => itf(&digits(data, 1..=MOST_CHARACTERS)?),
        Symbology::Codabar => codabar(data),
        Symbology::Code93 => code93(data),
    }
}

fn digits(data: &[u8], lengths: std::ops::RangeInclusive<usize>) -> Option<Vec<u8>> {
    let digits: Vec<u8> = data.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| byte & 0x0f).collect();
    (digits.len() == data.len() && lengths.contains(&digits.len())).then_some(digits)
}

fn written(digits: &[u8]) -> String {
    digits.iter().map(|digit| char::from(b'0' + digit)).collect()
}

/// The check digit of UPC and EAN: weights 3 and 1 from the right.
fn check_digit(digits: &[u8]) -> u8 {
    let sum: u32 =
        digits.iter().rev().zip([3, 1].into_iter().cycle()).map(|(digit, weight)| u32::from(*digit) * weight).sum();
    u8::try_from((10 - sum % 10) % 10).unwrap_or(0)
}

/// The first digits and the check digit; one that came with them must be right.
fn checked(all: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut digits = all.get(..length)?.to_vec();
    let check = check_digit(&digits);
    if all.get(length).is_some_and(|given| *given != check) {
        return None;
    }
    digits.push(check);
    Some(digits)
}

/// Digits of UPC and EAN, set A; set B is the same read backwards, set C the same with colours changed.
const EAN: [&str; 10] = ["3211", "2221", "2122", "1411", "1132", "1231", "1114", "1312", "1213", "3112"];

impl Bars {
    /// A digit of set A (`false`) or B (`true`), or of C, which has the widths of A.
    fn ean(&mut self, digit: u8, backwards: bool) {
        let widths = EAN.get(usize::from(digit)).copied().unwrap_or_default();
        if backwards { self.modules_reversed(widths) } else { self.modules(widths) }
    }
}

fn ean13(all: &[u8]) -> Option<Bars> {
    /// Which of the left digits are of set B, by the first digit.
    const SETS: [&str; 10] =
        ["AAAAAA", "AABABB", "AABBAB", "AABBBA", "ABAABB", "ABBAAB", "ABBBAA", "ABABAB", "ABABBA", "ABBABA"];
    let digits = checked(all, 12)?;
    let (first, rest) = digits.split_first()?;
    let sets = SETS.get(usize::from(*first))?;
    let mut bars = Bars::default();
    bars.modules("111");
    for (digit, set) in rest.iter().zip(sets.bytes()) {
        bars.ean(*digit, set == b'B');
    }
    bars.modules("11111");
    for digit in rest.iter().skip(6) {
        bars.ean(*digit, false);
    }
    bars.modules("111");
    Some(bars.with_text(written(&digits)))
}

fn ean8(all: &[u8]) -> Option<Bars> {
    let digits = checked(all, 7)?;
    let mut bars = Bars::default();
    bars.modules("111");
    for digit in digits.iter().take(4) {
        bars.ean(*digit, false);
    }
    bars.modules("11111");
    for digit in digits.iter().skip(4) {
        bars.ean(*digit, false);
    }
    bars.modules("111");
    Some(bars.with_text(written(&digits)))
}

/// Six digits, seven with the number system, eight with the check digit, or the eleven or twelve of a UPC-A that can
/// be shortened.
fn upc_e(digits: &[u8]) -> Option<Bars> {
    const SETS: [&str; 10] =
        ["BBBAAA", "BBABAA", "BBAABA", "BBAAAB", "BABBAA", "BAABBA", "BAAABB", "BABABA", "BABAAB", "BAABAB"];
    let (system, short) = match digits {
        [a, b, c, d, e, f] => (0, [*a, *b, *c, *d, *e, *f]),
        [system @ (0 | 1), a, b, c, d, e, f] | [system @ (0 | 1), a, b, c, d, e, f, _] => {
            (*system, [*a, *b, *c, *d, *e, *f])
        }
        [system @ (0 | 1), long @ ..] => (*system, shortened(long)?),
        _ => return None,
    };
    let mut long = vec![system];
    long.extend(lengthened(short));
    let check = check_digit(&long);
    if let [.., given] = digits
        && matches!(digits.len(), 8 | 12)
        && *given != check
    {
        return None;
    }
    let mut bars = Bars::default();
    bars.modules("111");
    for (digit, set) in short.iter().zip(SETS.get(usize::from(check))?.bytes()) {
        bars.ean(*digit, (set == b'B') == (system == 0));
    }
    bars.modules("111111");
    Some(bars.with_text(format!("{system}{}{check}", written(&short))))
}

/// The ten digits after the number system that six stand for.
fn lengthened([a, b, c, d, e, last]: [u8; 6]) -> [u8; 10] {
    match last {
        0..=2 => [a, b, last, 0, 0, 0, 0, c, d, e],
        3 => [a, b, c, 0, 0, 0, 0, 0, d, e],
        4 => [a, b, c, d, 0, 0, 0, 0, 0, e],
        _ => [a, b, c, d, e, 0, 0, 0, 0, last],
    }
}

fn shortened(long: &[u8]) -> Option<[u8; 6]> {
    Some(match *long.get(..10)? {
        [a, b, c @ 0..=2, 0, 0, 0, 0, x, y, z] => [a, b, x, y, z, c],
        [a, b, c, 0, 0, 0, 0, 0, y, z] => [a, b, c, y, z, 3],
        [a, b, c, d, 0, 0, 0, 0, 0, z] => [a, b, c, d, z, 4],
        [a, b, c, d, e, 0, 0, 0, 0, z @ 5..=9] => [a, b, c, d, e, z],
        _ => return None,
    })
}

fn code39(data: &[u8]) -> Option<Bars> {
    const CHARACTERS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%*";
    const ELEMENTS: [&str; 44] = [
        "nnnwwnwnn",
        "wnnwnnnnw",
        "nnwwnnnnw",
        "wnwwnnnnn",
        "nnnwwnnnw",
        "wnnwwnnnn",
        "nnwwwnnnn",
        "nnnwnnwnw",
        "wnnwnnwnn",
        "nnwwnnwnn",
        "wnnnnwnnw",
        "nnwnnwnnw",
        "wnwnnwnnn",
        "nnnnwwnnw",
        "wnnnwwnnn",
        "nnwnwwnnn",
        "nnnnnwwnw",
        "wnnnnwwnn",
        "nnwnnwwnn",
        "nnnnwwwnn",
        "wnnnnnnww",
        "nnwnnnnww",
        "wnwnnnnwn",
        "nnnnwnnww",
        "wnnnwnnwn",
        "nnwnwnnwn",
        "nnnnnnwww",
        "wnnnnnwwn",
        "nnwnnnwwn",
        "nnnnwnwwn",
        "wwnnnnnnw",
        "nwwnnnnnw",
        "wwwnnnnnn",
        "nwnnwnnnw",
        "wwnnwnnnn",
        "nwwnwnnnn",
        "nwnnnnwnw",
        "wwnnnnwnn",
        "nwwnnnwnn",
        "nwnwnwnnn",
        "nwnwnnnwn",
        "nwnnnwnwn",
        "nnnwnwnwn",
        "nwnnwnwnn",
    ];
    // The asterisks at both ends are added when they did not come.
    let inner = data.strip_prefix(b"*").unwrap_or(data);
    let inner = inner.strip_suffix(b"*").unwrap_or(inner);
    let text: String = std::iter::once('*').chain(inner.iter().map(|byte| char::from(*byte))).chain(['*']).collect();
    let mut bars = Bars::default();
    for (at, character) in text.bytes().enumerate() {
        let index = CHARACTERS.iter().position(|known| *known == character)?;
        if at > 0 {
            bars.modules("1");
        }
        bars.elements(ELEMENTS.get(index)?);
    }
    Some(bars.with_text(text))
}

fn itf(digits: &[u8]) -> Option<Bars> {
    const ELEMENTS: [&str; 10] =
        ["nnwwn", "wnnnw", "nwnnw", "wwnnn", "nnwnw", "wnwnn", "nwwnn", "nnnww", "wnnwn", "nwnwn"];
    let mut even = digits.to_vec();
    if !even.len().is_multiple_of(2) {
        even.insert(0, 0);
    }
    let mut bars = Bars::default();
    bars.elements("nnnn");
    for pair in even.chunks_exact(2) {
        if let [bar, space] = pair {
            let (bar, space) = (ELEMENTS.get(usize::from(*bar))?, ELEMENTS.get(usize::from(*space))?);
            for (b, s) in bar.chars().zip(space.chars()) {
                bars.elements(&format!("{b}{s}"));
            }
        }
    }
    bars.elements("wnn");
    Some(bars.with_text(written(&even)))
}

fn codabar(data: &[u8]) -> Option<Bars> {
    const CHARACTERS: &[u8] = b"0123456789-$:/.+ABCD";
    const ELEMENTS: [&str; 20] = [
        "nnnnnww", "nnnnwwn", "nnnwnnw", "wwnnnnn", "nnwnnwn", "wnnnnwn", "nwnnnnw", "nwnnwnn", "nwwnnnn", "wnnwnnn",
        "nnnwwnn", "nnwwnnn", "wnnnwnw", "wnwnnnw", "wnwnwnn", "nnwnwnw", "nnwwnwn", "nwnwnnw", "nnnwnww", "nnnwwwn",
    ];
    let text = String::from_utf8_lossy(data).to_ascii_uppercase();
    let ends = |letter: Option<char>| letter.is_some_and(|letter| matches!(letter, 'A'..='D'));
    if text.len() < 3 || !ends(text.chars().next()) || !ends(text.chars().next_back()) {
        return None;
    }
    let mut bars = Bars::default();
    for (at, character) in text.bytes().enumerate() {
        let index = CHARACTERS.iter().position(|known| *known == character)?;
        if at > 0 {
            bars.modules("1");
        }
        bars.elements(ELEMENTS.get(index)?);
    }
    Some(bars.with_text(text))
}

fn code93(data: &[u8]) -> Option<Bars> {
    const WIDTHS: [&str; 48] = [
        "131112", "111213", "111312", "111411", "121113", "121212", "121311", "111114", "131211", "141111", "211113",
        "211212", "211311", "221112", "221211", "231111", "112113", "112212", "112311", "122112", "132111", "111123",
        "111222", "111321", "121122", "131121", "212112", "212211", "211122", "211221", "221121", "222111", "112122",
        "112221", "122121", "123111", "121131", "311112", "311211", "321111", "112131", "113121", "211131", "121221",
        "312111", "311121", "122211", "111141",
    ];
    let mut values = Vec::new();
    for byte in data {
        let (shift, character) = code93_pair(*byte)?;
        values.extend(shift);
        values.push(code93_value(character)?);
    }
    for longest in [20, 15] {
        let sum: usize = values.iter().rev().zip((1..=longest).cycle()).map(|(value, weight)| value * weight).sum();
        values.push(sum % 47);
    }
    let mut bars = Bars::default();
    bars.modules("111141");
    for value in values {
        bars.modules(WIDTHS.get(value)?);
    }
    bars.modules("1111411");
    Some(bars.with_text(data.iter().map(|byte| if *byte < 0x20 { ' ' } else { char::from(*byte) }).collect()))
}

fn code93_value(character: u8) -> Option<usize> {
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%".iter().position(|known| *known == character)
}

/// Full ASCII: a character alone, or one after a shift (43 is `($)`, 44 `(%)`, 45 `(/)`, 46 `(+)`).
fn code93_pair(byte: u8) -> Option<(Option<usize>, u8)> {
    let letter = |base: u8, offset: u8| base + (byte - offset);
    Some(match byte {
        _ if code93_value(byte).is_some() => (None, byte),
        0 => (Some(44), b'U'),
        1..=26 => (Some(43), letter(b'A', 1)),
        27..=31 => (Some(44), letter(b'A', 27)),
        b'!'..=b',' => (Some(45), letter(b'A', b'!')),
        b':' => (Some(45), b'Z'),
        b';'..=b'?' => (Some(44), letter(b'F', b';')),
        b'@' => (Some(44), b'V'),
        b'['..=b'_' => (Some(44), letter(b'K', b'[')),
        b'`' => (Some(44), b'W'),
        b'a'..=b'z' => (Some(46), letter(b'A', b'a')),
        b'{'..=127 => (Some(44), letter(b'P', b'{')),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_added_or_must_be_right() {
        let text = |symbology, data: &[u8]| encode(symbology, data).map(|bars| bars.text().to_owned());
        for (symbology, data, expected) in [
            (Symbology::Ean13, &b"400638133393"[..], Some("4006381333931")),
            (Symbology::Ean13, b"4006381333931", Some("4006381333931")),
            (Symbology::Ean13, b"4006381333930", None),
            (Symbology::Ean8, b"7351353", Some("73513537")),
            (Symbology::UpcA, b"03600029145", Some("036000291452")),
            (Symbology::UpcE, b"425261", Some("04252614")),
            (Symbology::UpcE, b"04210000526", Some("04252614")),
            (Symbology::UpcE, b"12345678905", None),
            (Symbology::Code39, b"AB-1", Some("*AB-1*")),
            (Symbology::Code39, b"ab", None),
            (Symbology::Itf, b"123", Some("0123")),
            (Symbology::Codabar, b"A40156B", Some("A40156B")),
            (Symbology::Codabar, b"40156", None),
            (Symbology::Ean13, b"", None),
        ] {
            assert_eq!(text(symbology, data).as_deref(), expected, "{symbology:?} {data:?}");
        }
    }
}
