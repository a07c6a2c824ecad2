//! Code pages: which byte prints a character. The tables are those of `oem_cp` (DOS) and `encoding_rs` (Windows, ISO).

use std::sync::LazyLock;

use encoding_rs::Encoding;

use super::profile::Kanji;

/// The upper half of a page; the lower is ASCII in all of them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) name: &'static str,
    /// From U+00A0 to U+00FF, where most of a text is that is not ASCII; 0 for what it lacks.
    latin: [u8; 96],
    /// Sorted by character.
    high: Vec<(char, u8)>,
}

static PAGES: LazyLock<Vec<Page>> = LazyLock::new(|| {
    let dos = [437, 720, 737, 850, 852, 855, 857, 858, 860, 861, 862, 863, 864, 865, 866, 869, 874];
    let dos = dos.into_iter().filter_map(|number: u16| {
        let table = oem_cp::code_table::DECODING_TABLE_CP_MAP.get(&number)?;
        let decode = |byte: u8| table.decode_char_checked(byte);
        Some(Page::new(dos_name(number)?, decode))
    });
    let others = [
        "windows-1250",
        "windows-1251",
        "windows-1252",
        "windows-1253",
        "windows-1254",
        "windows-1255",
        "windows-1256",
        "windows-1257",
        "windows-1258",
        "iso-8859-2",
        "iso-8859-7",
        "iso-8859-15",
    ];
    let others = others.into_iter().filter_map(|name| {
        let encoding = Encoding::for_label(name.as_bytes())?;
        let decode = |byte: u8| {
            let bytes = [byte];
            let (text, _) = encoding.decode_without_bom_handling(&bytes);
            text.chars().next().filter(|c| *c != '\u{fffd}' && !c.is_control())
        };
        Some(Page::new(name, decode))
    });
    dos.chain(others).collect()
});

fn dos_name(number: u16) -> Option<&'static str> {
    Some(match number {
        437 => "cp437",
        720 => "cp720",
        737 => "cp737",
        850 => "cp850",
        852 => "cp852",
        855 => "cp855",
        857 => "cp857",
        858 => "cp858",
        860 => "cp860",
        861 => "cp861",
        862 => "cp862",
        863 => "cp863",
        864 => "cp864",
        865 => "cp865",
        866 => "cp866",
        869 => "cp869",
        874 => "cp874",
        _ => return None,
    })
}

impl Page {
    fn new(name: &'static str, decode: impl Fn(u8) -> Option<char>) -> Page {
        let mut high: Vec<(char, u8)> = (0x80..=0xff).filter_map(|byte| Some((decode(byte)?, byte))).collect();
        high.sort_unstable();
        high.dedup_by_key(|(c, _)| *c);
        let mut latin = [0; 96];
        for (c, byte) in &high {
            if let Some(place) = (*c as usize).checked_sub(0xa0).and_then(|at| latin.get_mut(at)) {
                *place = *byte;
            }
        }
        Page { name, latin, high }
    }

    pub(super) fn named(name: &str) -> Option<&'static Page> {
        PAGES.iter().find(|page| page.name == name)
    }

    /// What it has beyond ASCII, in the order of its bytes.
    pub(super) fn characters(&self) -> String {
        let mut high = self.high.clone();
        high.sort_unstable_by_key(|(_, byte)| *byte);
        high.into_iter().map(|(c, _)| c).filter(|c| !c.is_whitespace() && *c != '\u{ad}').collect()
    }

    /// The byte of a character; none for what the page lacks and for what is no printable character.
    pub(super) fn byte(&self, c: char) -> Option<u8> {
        match c {
            ' '..='~' => Some(c as u8),
            '\u{a0}'..='\u{ff}' => self.latin.get(c as usize - 0xa0).copied().filter(|byte| *byte != 0),
            _ => {
                let at = self.high.binary_search_by_key(&c, |(known, _)| *known).ok()?;
                self.high.get(at).map(|(_, byte)| *byte)
            }
        }
    }
}

/// A text in a double-byte set, if it has all of it.
pub(super) fn kanji(kanji: Kanji, text: &str) -> Option<Vec<u8>> {
    let encoding = match kanji {
        Kanji::None => return None,
        Kanji::ShiftJis => encoding_rs::SHIFT_JIS,
        Kanji::Gb18030 => encoding_rs::GB18030,
        Kanji::Big5 => encoding_rs::BIG5,
        Kanji::EucKr => encoding_rs::EUC_KR,
    };
    let (bytes, _, failed) = encoding.encode(text);
    // Sequences of four bytes are in the standard and not in the printers' fonts.
    let printable = !failed && (kanji != Kanji::Gb18030 || bytes.len() == 2 * text.chars().count());
    printable.then(|| bytes.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_and_their_bytes() {
        for (page, c, expected) in [
            ("cp437", 'é', Some(0x82)),
            ("cp437", '€', None),
            ("cp858", '€', Some(0xd5)),
            ("cp850", 'å', Some(0x86)),
            ("cp850", 'ÿ', Some(0x98)),
            ("cp437", 'Ã', None),
            ("windows-1252", '\u{a0}', Some(0xa0)),
            ("cp852", 'ł', Some(0x88)),
            ("cp866", 'Ж', Some(0x86)),
            ("windows-1252", '€', Some(0x80)),
            ("windows-1252", 'Ж', None),
            ("windows-1251", 'Ж', Some(0xc6)),
            ("windows-1252", '\u{81}', None),
            ("windows-1252", '\u{1b}', None),
        ] {
            assert_eq!(Page::named(page).unwrap().byte(c), expected, "{page} {c:?}");
        }
        assert_eq!(PAGES.len(), 29);
    }

    #[test]
    fn double_byte_sets_have_two_bytes_a_character() {
        for (text, expected) in [("刺身", Some(&b"\xb4\xcc\xc9\xed"[..])), ("ก", None), ("㭂", None), ("🔥", None)]
        {
            assert_eq!(kanji(Kanji::Gb18030, text).as_deref(), expected, "{text}");
        }
    }
}
