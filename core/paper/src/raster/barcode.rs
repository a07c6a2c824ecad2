//! Barcodes, as bars without the text below them.

use crate::block::{Bitmap, Symbology};

/// Longer than any paper has room for.
const MAX_CHARACTERS: usize = 80;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BarcodeError {
    #[error("a barcode of nothing")]
    Empty,
    #[error("a barcode has at most {MAX_CHARACTERS} characters")]
    TooLong,
    #[error("{0:?} cannot stand in this kind of barcode")]
    Character(char),
    #[error("an EAN-13 has 12 digits, and its check digit behind them")]
    NotThirteen,
    #[error("the check digit of this EAN-13 is {0}")]
    CheckDigit(u8),
}

/// Bars of a height in dots, the narrowest one 1 to 16 dots wide, with the white margins that the standard asks for.
///
/// Code 128 takes ASCII; Code 39 takes digits, capitals and `-. $/+%`; EAN-13 takes 12 digits and adds the check digit,
/// or 13 and checks it.
pub fn barcode(symbology: Symbology, data: &str, height: u8, module: u8) -> Result<Bitmap, BarcodeError> {
    if data.is_empty() {
        return Err(BarcodeError::Empty);
    }
    if data.chars().count() > MAX_CHARACTERS {
        return Err(BarcodeError::TooLong);
    }
    let bars = match symbology {
        Symbology::Code128 => code_128(data)?,
        Symbology::Ean13 => ean_13(data)?,
        Symbology::Code39 => code_39(data)?,
    };
    let module = u16::from(module.clamp(1, 16));
    let mut bitmap = Bitmap::new(bars.0.len() as u16 * module, u16::from(height.max(1)));
    let rows = 0..bitmap.height();
    for (at, _) in bars.0.iter().enumerate().filter(|(_, black)| **black) {
        let left = at as u16 * module;
        bitmap.fill(left..left + module, rows.clone());
    }
    Ok(bitmap)
}

/// Modules from left to right; black is true.
struct Bars(Vec<bool>);

impl Bars {
    fn with_margin(modules: usize) -> Bars {
        Bars(vec![false; modules])
    }

    fn add(&mut self, black: bool, modules: usize) {
        self.0.extend(std::iter::repeat_n(black, modules));
    }

    /// Bar, space, bar …, each so many modules wide.
    fn widths(&mut self, widths: impl IntoIterator<Item = usize>) {
        widths.into_iter().enumerate().for_each(|(at, modules)| self.add(at % 2 == 0, modules));
    }

    /// The lowest `count` bits, the highest of them first.
    fn bits(&mut self, bits: u8, count: u8) {
        (0..count).rev().for_each(|at| self.add(bits >> at & 1 == 1, 1));
    }
}

/// The elements of the symbol characters 0 to 105 and of the stop character (ISO/IEC 15417, table 1).
const CODE_128: [&str; 107] = [
    "212222", "222122", "222221", "121223", "121322", "131222", "122213", "122312", "132212", "221213", "221312",
    "231212", "112232", "122132", "122231", "113222", "123122", "123221", "223211", "221132", "221231", "213212",
    "223112", "312131", "311222", "321122", "321221", "312212", "322112", "322211", "212123", "212321", "232121",
    "111323", "131123", "131321", "112313", "132113", "132311", "211313", "231113", "231311", "112133", "112331",
    "132131", "113123", "113321", "133121", "313121", "211331", "231131", "213113", "213311", "213131", "311123",
    "311321", "331121", "312113", "312311", "332111", "314111", "221411", "431111", "111224", "111422", "121124",
    "121421", "141122", "141221", "112214", "112412", "122114", "122411", "142112", "142211", "241211", "221114",
    "413111", "241112", "134111", "111242", "121142", "121241", "114212", "124112", "124211", "411212", "421112",
    "421211", "212141", "214121", "412121", "111143", "111341", "131141", "114113", "114311", "411113", "411311",
    "113141", "114131", "311141", "411131", "211412", "211214", "211232", "2331112",
];

fn code_128(data: &str) -> Result<Bars, BarcodeError> {
    if let Some(c) = data.chars().find(|c| !c.is_ascii()) {
        return Err(BarcodeError::Character(c));
    }
    let mut bars = Bars::with_margin(10);
    let mut put = |symbol: u8| {
        let widths = CODE_128.get(usize::from(symbol)).copied().unwrap_or_default();
        bars.widths(widths.bytes().map(|width| usize::from(width - b'0')));
    };
    let symbols = code_128_symbols(data.as_bytes());
    symbols.iter().for_each(|symbol| put(*symbol));
    let weighted = symbols.iter().enumerate().map(|(at, symbol)| at.max(1) * usize::from(*symbol));
    put((weighted.sum::<usize>() % 103) as u8);
    put(106);
    bars.add(false, 10);
    Ok(bars)
}

/// The code sets: A has capitals and controls, B has capitals and small letters, C has pairs of digits.
#[derive(Clone, Copy, PartialEq)]
enum Set {
    A,
    B,
    C,
}

const SETS: [Set; 3] = [Set::C, Set::B, Set::A];
const SHIFT: u8 = 98;

impl Set {
    fn start(self) -> u8 {
        match self {
            Set::A => 103,
            Set::B => 104,
            Set::C => 105,
        }
    }

    /// The symbol that changes into this set from another.
    fn change(self) -> u8 {
        match self {
            Set::A => 101,
            Set::B => 100,
            Set::C => 99,
        }
    }

    /// The symbol for what comes next, and how many characters it takes.
    fn symbol(self, rest: &[u8]) -> Option<(u8, usize)> {
        match (self, rest) {
            (Set::C, [tens @ b'0'..=b'9', ones @ b'0'..=b'9', ..]) => Some(((tens - b'0') * 10 + ones - b'0', 2)),
            (Set::A, [c @ 0..=31, ..]) => Some((c + 64, 1)),
            (Set::A, [c @ 32..=95, ..]) | (Set::B, [c @ 32..=127, ..]) => Some((c - 32, 1)),
            _ => None,
        }
    }

    /// For a single character of the other alphabet there is a shift.
    fn shifted(self) -> Option<Set> {
        match self {
            Set::A => Some(Set::B),
            Set::B => Some(Set::A),
            Set::C => None,
        }
    }
}

/// The fewest symbols, from the start character on. What is shortest for the rest, being in a set, is found from the
/// end.
fn code_128_symbols(data: &[u8]) -> Vec<u8> {
    let mut shortest: Vec<[Vec<u8>; 3]> = vec![Default::default(); data.len() + 1];
    let of = |shortest: &[[Vec<u8>; 3]], at: usize, set: Set| -> Vec<u8> {
        shortest.get(at).and_then(|ways| ways.get(set as usize)).cloned().unwrap_or_default()
    };
    for at in (0..data.len()).rev() {
        let rest = data.get(at..).unwrap_or_default();
        let stay = |shortest: &[[Vec<u8>; 3]], set: Set| -> Option<Vec<u8>> {
            let plain = set.symbol(rest).map(|(symbol, taken)| [vec![symbol], of(shortest, at + taken, set)].concat());
            let shift = || {
                let (symbol, taken) = set.shifted()?.symbol(rest)?;
                Some([vec![SHIFT, symbol], of(shortest, at + taken, set)].concat())
            };
            plain.or_else(shift)
        };
        let ways = SETS.map(|set| (set, stay(&shortest, set)));
        for set in SETS {
            let change = |(other, way): &(Set, Option<Vec<u8>>)| {
                let way = way.as_ref()?;
                Some(if *other == set { way.clone() } else { [vec![other.change()], way.clone()].concat() })
            };
            let best = ways.iter().filter_map(change).min_by_key(Vec::len).unwrap_or_default();
            if let Some(place) = shortest.get_mut(at).and_then(|ways| ways.get_mut(set as usize)) {
                *place = best;
            }
        }
    }
    let begin = |set: Set| {
        let way = of(&shortest, 0, set);
        // A start character and then at once another set would be a symbol too many.
        [vec![set.start()], way].concat()
    };
    SETS.map(begin).into_iter().min_by_key(Vec::len).unwrap_or_default()
}

/// The digits of set A (GS1 General Specifications, 5.2.1); set C is its inverse and set B that mirrored.
const EAN_DIGITS: [u8; 10] =
    [0b0001101, 0b0011001, 0b0010011, 0b0111101, 0b0100011, 0b0110001, 0b0101111, 0b0111011, 0b0110111, 0b0001011];
/// Which of the six digits on the left are of set B, by the first digit, which has no bars of its own.
const EAN_LEFT: [u8; 10] =
    [0b000000, 0b001011, 0b001101, 0b001110, 0b010011, 0b011001, 0b011100, 0b010101, 0b010110, 0b011010];

fn ean_13(data: &str) -> Result<Bars, BarcodeError> {
    if let Some(c) = data.chars().find(|c| !c.is_ascii_digit()) {
        return Err(BarcodeError::Character(c));
    }
    let mut digits: Vec<u8> = data.bytes().map(|digit| digit - b'0').collect();
    let given = match digits.len() {
        12 => None,
        13 => digits.pop(),
        _ => return Err(BarcodeError::NotThirteen),
    };
    let weighted = digits.iter().enumerate().map(|(at, digit)| u16::from(*digit) * if at % 2 == 0 { 1 } else { 3 });
    let check = ((10 - weighted.sum::<u16>() % 10) % 10) as u8;
    if given.is_some_and(|given| given != check) {
        return Err(BarcodeError::CheckDigit(check));
    }
    digits.push(check);
    let pattern = |digit: u8| EAN_DIGITS.get(usize::from(digit)).copied().unwrap_or_default();
    let left = digits.first().and_then(|first| EAN_LEFT.get(usize::from(*first))).copied().unwrap_or_default();
    let mut bars = Bars::with_margin(11);
    bars.bits(0b101, 3);
    for (at, digit) in digits.iter().enumerate().skip(1) {
        let even = !pattern(*digit) & 0b111_1111;
        match at {
            1..=6 if left >> (6 - at) & 1 == 1 => bars.bits(even.reverse_bits() >> 1, 7),
            1..=6 => bars.bits(pattern(*digit), 7),
            _ => bars.bits(even, 7),
        }
        if at == 6 {
            bars.bits(0b01010, 5);
        }
    }
    bars.bits(0b101, 3);
    bars.add(false, 7);
    Ok(bars)
}

/// Nine elements a character, bar first, three of them wide (ISO/IEC 16388, table 1).
const CODE_39: [(char, &str); 44] = [
    ('0', "nnnwwnwnn"),
    ('1', "wnnwnnnnw"),
    ('2', "nnwwnnnnw"),
    ('3', "wnwwnnnnn"),
    ('4', "nnnwwnnnw"),
    ('5', "wnnwwnnnn"),
    ('6', "nnwwwnnnn"),
    ('7', "nnnwnnwnw"),
    ('8', "wnnwnnwnn"),
    ('9', "nnwwnnwnn"),
    ('A', "wnnnnwnnw"),
    ('B', "nnwnnwnnw"),
    ('C', "wnwnnwnnn"),
    ('D', "nnnnwwnnw"),
    ('E', "wnnnwwnnn"),
    ('F', "nnwnwwnnn"),
    ('G', "nnnnnwwnw"),
    ('H', "wnnnnwwnn"),
    ('I', "nnwnnwwnn"),
    ('J', "nnnnwwwnn"),
    ('K', "wnnnnnnww"),
    ('L', "nnwnnnnww"),
    ('M', "wnwnnnnwn"),
    ('N', "nnnnwnnww"),
    ('O', "wnnnwnnwn"),
    ('P', "nnwnwnnwn"),
    ('Q', "nnnnnnwww"),
    ('R', "wnnnnnwwn"),
    ('S', "nnwnnnwwn"),
    ('T', "nnnnwnwwn"),
    ('U', "wwnnnnnnw"),
    ('V', "nwwnnnnnw"),
    ('W', "wwwnnnnnn"),
    ('X', "nwnnwnnnw"),
    ('Y', "wwnnwnnnn"),
    ('Z', "nwwnwnnnn"),
    ('-', "nwnnnnwnw"),
    ('.', "wwnnnnwnn"),
    (' ', "nwwnnnwnn"),
    ('$', "nwnwnwnnn"),
    ('/', "nwnwnnnwn"),
    ('+', "nwnnnwnwn"),
    ('%', "nnnwnwnwn"),
    // Start and stop.
    ('*', "nwnnwnwnn"),
];

fn code_39(data: &str) -> Result<Bars, BarcodeError> {
    if data.contains('*') {
        return Err(BarcodeError::Character('*'));
    }
    let mut bars = Bars::with_margin(10);
    for c in ['*'].into_iter().chain(data.chars()).chain(['*']) {
        let elements = CODE_39.iter().find(|(known, _)| *known == c).map(|(_, elements)| *elements);
        let elements = elements.ok_or(BarcodeError::Character(c))?;
        bars.widths(elements.bytes().map(|element| if element == b'w' { 3 } else { 1 }));
        bars.add(false, 1);
    }
    // The gap behind the last character is part of the margin.
    bars.add(false, 9);
    Ok(bars)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    /// The modules without their margins, black as `#`.
    fn modules(symbology: Symbology, data: &str) -> String {
        let bitmap = barcode(symbology, data, 1, 1).unwrap();
        let dots = (0..bitmap.width).map(|x| if bitmap.is_black(x, 0) { '#' } else { '.' });
        dots.collect::<String>().trim_matches('.').to_owned()
    }

    fn bits(text: &str) -> String {
        text.chars().filter(|c| *c != ' ').map(|c| if c == '1' { '#' } else { '.' }).collect()
    }

    #[test]
    fn tables_are_what_the_standards_say_of_them() {
        let symbols: HashSet<&str> = CODE_128.into_iter().collect();
        assert_eq!(symbols.len(), 107);
        for symbol in &CODE_128[..106] {
            let widths: Vec<u8> = symbol.bytes().map(|width| width - b'0').collect();
            assert_eq!(widths.iter().sum::<u8>(), 11, "{symbol}");
            assert_eq!((widths[0] + widths[2] + widths[4]) % 2, 0, "{symbol}: bars are even");
        }
        assert_eq!(CODE_39.iter().map(|(_, elements)| elements).collect::<HashSet<_>>().len(), 44);
        for (c, elements) in CODE_39 {
            assert_eq!((elements.len(), elements.matches('w').count()), (9, 3), "{c}");
        }
        assert_eq!(EAN_LEFT.iter().collect::<HashSet<_>>().len(), 10);
    }

    #[test]
    fn code_128_as_published() {
        // Start B, P J J 1 2 3 C, check 55, stop.
        let expected = "11010010000 11101110110 10110111000 10110111000 10011100110 11001110010 11001011100 10001000110 \
                        11101000110 1100011101011";
        assert_eq!(modules(Symbology::Code128, "PJJ123C"), bits(expected));
        // Check 88, stop.
        assert!(modules(Symbology::Code128, "Wikipedia").ends_with(&bits("11110010010 1100011101011")));
    }

    #[test]
    fn code_128_takes_the_shortest_way() {
        let check = |data: &str, expected: &[u8]| assert_eq!(code_128_symbols(data.as_bytes()), expected, "{data:?}");
        check("AB", &[104, 33, 34]);
        check("1234", &[105, 12, 34]);
        check("12345", &[105, 12, 34, 100, 21]);
        check("A1234", &[104, 33, 99, 12, 34]);
        check("ab\tcd", &[104, 65, 66, 98, 73, 67, 68]);
        check("\t\tA", &[103, 73, 73, 33]);
        check("A12B", &[104, 33, 17, 18, 34]);
        check("7", &[104, 23]);
    }

    #[test]
    fn ean_13_as_published() {
        let code = modules(Symbology::Ean13, "5901234123457");
        assert_eq!(
            code,
            bits(
                "101 0001011 0100111 0110011 0010011 0111101 0011101 01010 1100110 1101100 1000010 1011100 1001110 1000100 101"
            )
        );
        assert_eq!(modules(Symbology::Ean13, "590123412345"), code, "the check digit is added");
    }

    #[test]
    fn code_39_as_published() {
        // *A1*, wide elements three times the narrow ones.
        let expected = "1000101110111010 1110101000101110 1110100010101110 100010111011101";
        assert_eq!(modules(Symbology::Code39, "A1"), bits(expected));
    }

    #[test]
    fn what_cannot_be_coded() {
        let check =
            |symbology, data: &str, expected| assert_eq!(barcode(symbology, data, 40, 2), Err(expected), "{data:?}");
        check(Symbology::Code128, "", BarcodeError::Empty);
        check(Symbology::Code128, &"x".repeat(81), BarcodeError::TooLong);
        check(Symbology::Code128, "Crêpe", BarcodeError::Character('ê'));
        check(Symbology::Code39, "abc", BarcodeError::Character('a'));
        check(Symbology::Code39, "A*B", BarcodeError::Character('*'));
        check(Symbology::Ean13, "590123412345X", BarcodeError::Character('X'));
        check(Symbology::Ean13, "5901234", BarcodeError::NotThirteen);
        check(Symbology::Ean13, "5901234123450", BarcodeError::CheckDigit(7));
    }

    #[test]
    fn bars_have_their_size_and_margins() {
        let code = barcode(Symbology::Ean13, "5901234123457", 60, 2).unwrap();
        assert_eq!((code.width, code.height()), ((11 + 95 + 7) * 2, 60));
        assert!(!code.is_black(21, 59) && code.is_black(22, 59) && code.is_black(23, 0));
    }

    /// Reads symbols as a scanner would.
    fn read_code_128(symbols: &[u8]) -> Vec<u8> {
        let mut set = match symbols[0] {
            103 => Set::A,
            104 => Set::B,
            _ => Set::C,
        };
        let mut text = Vec::new();
        let mut shift = None;
        for symbol in &symbols[1..] {
            let now = shift.take().unwrap_or(set);
            match (now, symbol) {
                (Set::C, pair @ 0..=99) => text.extend(format!("{pair:02}").bytes()),
                (Set::A, c @ 64..=95) => text.push(c - 64),
                (Set::A | Set::B, c @ 0..=95) => text.push(c + 32),
                (_, 98) => shift = set.shifted(),
                (_, 99) => set = Set::C,
                (_, 100) => set = Set::B,
                (_, 101) => set = Set::A,
                other => panic!("{:?}", other.1),
            }
        }
        text
    }

    proptest! {
        #[test]
        fn code_128_says_what_was_given(data in "[0-9]{0,6}[\\x00-\\x7f]{1,8}[0-9]{0,7}[a-z\\t]{0,4}") {
            let symbols = code_128_symbols(data.as_bytes());
            prop_assert_eq!(read_code_128(&symbols), data.as_bytes());
        }
    }
}
