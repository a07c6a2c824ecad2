//! What the character codes mean: code pages above 7Fh, and the twelve places of ASCII that change with the country.
//!
//! Written out here so that no table is shared with the encoder under test. A code without a meaning is U+FFFD: a
//! test sees it at once in the paper's text.

mod tables;

/// The upper half of a code page.
pub(super) type CodePage = &'static str;

/// A code page by its number: IBM's below 1250, Windows' above, 8859-n as 28590 + n.
pub(super) fn page(number: u16) -> Option<CodePage> {
    Some(match number {
        437 => tables::PC437,
        720 => tables::PC720,
        737 => tables::PC737,
        775 => tables::PC775,
        850 => tables::PC850,
        852 => tables::PC852,
        855 => tables::PC855,
        857 => tables::PC857,
        858 => tables::PC858,
        860 => tables::PC860,
        861 => tables::PC861,
        862 => tables::PC862,
        863 => tables::PC863,
        864 => tables::PC864,
        865 => tables::PC865,
        866 => tables::PC866,
        869 => tables::PC869,
        874 => tables::PC874,
        897 => tables::KATAKANA,
        1048 => tables::KZ1048,
        1250 => tables::WPC1250,
        1251 => tables::WPC1251,
        1252 => tables::WPC1252,
        1253 => tables::WPC1253,
        1254 => tables::WPC1254,
        1255 => tables::WPC1255,
        1256 => tables::WPC1256,
        1257 => tables::WPC1257,
        1258 => tables::WPC1258,
        28592 => tables::ISO8859_2,
        28597 => tables::ISO8859_7,
        28605 => tables::ISO8859_15,
        _ => return None,
    })
}

/// The character that `code` prints with `page` and international set `set` (`ESC R n`). A no-break space prints as
/// any other.
pub(super) fn character(page: Option<CodePage>, set: u8, code: u8) -> char {
    if code < 0x80 {
        return international(set, char::from(code));
    }
    match page.and_then(|page| page.chars().nth(usize::from(code & 0x7f))) {
        Some('\u{a0}') => ' ',
        found => found.unwrap_or(char::REPLACEMENT_CHARACTER),
    }
}

/// Twelve ASCII places change with the country (ESC/POS reference, "ESC R"; Star, "ESC R n", has the same first
/// eight). Sets past these print as the USA.
fn international(set: u8, ascii: char) -> char {
    const PLACES: &str = "#$@[\\]^`{|}~";
    let replaced = match set {
        1 => "#$à°ç§^`éùè¨",
        2 => "#$§ÄÖÜ^`äöüß",
        3 => "£$@[\\]^`{|}~",
        4 => "#$@ÆØÅ^`æøå~",
        5 => "#¤ÉÄÖÅÜéäöåü",
        6 => "#$@°\\é^ùàòèì",
        7 => "₧$@¡Ñ¿^`¨ñ}~",
        8 => "#$@[¥]^`{|}~",
        9 => "#¤ÉÆØÅÜéæøåü",
        _ => return ascii,
    };
    PLACES.chars().position(|place| place == ascii).and_then(|at| replaced.chars().nth(at)).unwrap_or(ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_128_places() {
        for number in 0..=u16::MAX {
            if let Some(page) = page(number) {
                assert_eq!(page.chars().count(), 128, "page {number}");
            }
        }
    }
}
