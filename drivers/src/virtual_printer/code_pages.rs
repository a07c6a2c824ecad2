//! What the character codes above 7Fh mean, page by page.
//!
//! Numbers are those of `ESC t n` (ESC/POS reference, "ESC t: select character code table"); the tables are the
//! published code pages, written out here so that no table is shared with the encoder under test.
//! A code without a meaning is U+FFFD: a test sees it at once in the paper's text.

/// The upper half of the page in slot `n` of `ESC t n`, or `None` for a slot that this model lacks.
fn upper_half(slot: u8) -> Option<&'static str> {
    Some(match slot {
        0 => PC437,
        2 => PC850,
        3 => PC860,
        4 => PC863,
        5 => PC865,
        13 => PC857,
        14 => PC737,
        15 => ISO8859_7,
        16 => WPC1252,
        17 => PC866,
        18 => PC852,
        19 => PC858,
        45 => WPC1250,
        46 => WPC1251,
        47 => WPC1253,
        48 => WPC1254,
        _ => return None,
    })
}

/// Whether `ESC t slot` selects a page that this model has.
pub(super) fn has_page(slot: u8) -> bool {
    upper_half(slot).is_some()
}

/// The character that `code` prints with page `slot` and international set `set` (`ESC R n`).
pub(super) fn character(slot: u8, set: u8, code: u8) -> char {
    if code < 0x80 {
        return international(set, char::from(code));
    }
    upper_half(slot).and_then(|page| page.chars().nth(usize::from(code & 0x7f))).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Twelve ASCII places change with the country (ESC/POS reference, "ESC R"). Sets past Spain I print as the USA.
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
        _ => return ascii,
    };
    PLACES.chars().position(|place| place == ascii).and_then(|at| replaced.chars().nth(at)).unwrap_or(ascii)
}

const PC437: &str = "\
ÇüéâäàåçêëèïîìÄÅ\
ÉæÆôöòûùÿÖÜ¢£¥₧ƒ\
áíóúñÑªº¿⌐¬½¼¡«»\
░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
└┴┬├─┼╞╟╚╔╩╦╠═╬╧\
╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
αßΓπΣσµτΦΘΩδ∞φε∩\
≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

const PC850: &str = "\
ÇüéâäàåçêëèïîìÄÅ\
ÉæÆôöòûùÿÖÜø£Ø×ƒ\
áíóúñÑªº¿®¬½¼¡«»\
░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
└┴┬├─┼ãÃ╚╔╩╦╠═╬¤\
ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀\
ÓßÔÒõÕµþÞÚÛÙýÝ¯´\
\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";

const PC860: &str = "\
ÇüéâãàÁçêÊèÍÔìÃÂ\
ÉÀÈôõòÚùÌÕÜ¢£Ù₧Ó\
áíóúñÑªº¿Ò¬½¼¡«»\
░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
└┴┬├─┼╞╟╚╔╩╦╠═╬╧\
╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
αßΓπΣσµτΦΘΩδ∞φε∩\
≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

const PC863: &str = "\
ÇüéâÂà¶çêëèïî‗À§\
ÉÈÊôËÏûù¤ÔÜ¢£ÙÛƒ\
¦´óú¨¸³¯Î⌐¬½¼¾«»\
░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
└┴┬├─┼╞╟╚╔╩╦╠═╬╧\
╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
αßΓπΣσµτΦΘΩδ∞φε∩\
≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

const PC865: &str = "\
ÇüéâäàåçêëèïîìÄÅ\
ÉæÆôöòûùÿÖÜø£Ø₧ƒ\
áíóúñÑªº¿⌐¬½¼¡«¤\
░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
└┴┬├─┼╞╟╚╔╩╦╠═╬╧\
╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
αßΓπΣσµτΦΘΩδ∞φε∩\
≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

const PC857: &str = "\
ÇüéâäàåçêëèïîıÄÅ\
ÉæÆôöòûùİÖÜø£ØŞş\
áíóúñÑĞğ¿®¬½¼¡«»\
░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
└┴┬├─┼ãÃ╚╔╩╦╠═╬¤\
ºªÊËÈ\u{fffd}ÍÎÏ┘┌█▄¦Ì▀\
ÓßÔÒõÕµ\u{fffd}×ÚÛÙìÿ¯´\
\u{ad}±\u{fffd}¾¶§÷¸°¨·¹³²■\u{a0}";

const PC737: &str = "\
ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠ\
ΡΣΤΥΦΧΨΩαβγδεζηθ\
ικλμνξοπρσςτυφχψ\
░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
└┴┬├─┼╞╟╚╔╩╦╠═╬╧\
╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
ωάέήϊίόύϋώΆΈΉΊΌΎ\
Ώ±≥≤ΪΫ÷≈°∙·√ⁿ²■\u{a0}";

const ISO8859_7: &str = "\
\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\
\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\
\u{a0}‘’£€₯¦§¨©ͺ«¬\u{ad}\u{fffd}―\
°±²³΄΅Ά·ΈΉΊ»Ό½ΎΏ\
ΐΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟ\
ΠΡ\u{fffd}ΣΤΥΦΧΨΩΪΫάέήί\
ΰαβγδεζηθικλμνξο\
πρςστυφχψωϊϋόύώ\u{fffd}";

const WPC1252: &str = "\
€\u{fffd}‚ƒ„…†‡ˆ‰Š‹Œ\u{fffd}Ž\u{fffd}\
\u{fffd}‘’“”•–—˜™š›œ\u{fffd}žŸ\
\u{a0}¡¢£¤¥¦§¨©ª«¬\u{ad}®¯\
°±²³´µ¶·¸¹º»¼½¾¿\
ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏ\
ÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞß\
àáâãäåæçèéêëìíîï\
ðñòóôõö÷øùúûüýþÿ";

const PC866: &str = "\
АБВГДЕЖЗИЙКЛМНОП\
РСТУФХЦЧШЩЪЫЬЭЮЯ\
абвгдежзийклмноп\
░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
└┴┬├─┼╞╟╚╔╩╦╠═╬╧\
╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
рстуфхцчшщъыьэюя\
ЁёЄєЇїЎў°∙·√№¤■\u{a0}";

const PC852: &str = "\
ÇüéâäůćçłëŐőîŹÄĆ\
ÉĹĺôöĽľŚśÖÜŤťŁ×č\
áíóúĄąŽžĘę¬źČş«»\
░▒▓│┤ÁÂĚŞ╣║╗╝Żż┐\
└┴┬├─┼Ăă╚╔╩╦╠═╬¤\
đĐĎËďŇÍÎě┘┌█▄ŢŮ▀\
ÓßÔŃńňŠšŔÚŕŰýÝţ´\
\u{ad}˝˛ˇ˘§÷¸°¨˙űŘř■\u{a0}";

const PC858: &str = "\
ÇüéâäàåçêëèïîìÄÅ\
ÉæÆôöòûùÿÖÜø£Ø×ƒ\
áíóúñÑªº¿®¬½¼¡«»\
░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
└┴┬├─┼ãÃ╚╔╩╦╠═╬¤\
ðÐÊËÈ€ÍÎÏ┘┌█▄¦Ì▀\
ÓßÔÒõÕµþÞÚÛÙýÝ¯´\
\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";

const WPC1250: &str = "\
€\u{fffd}‚\u{fffd}„…†‡\u{fffd}‰Š‹ŚŤŽŹ\
\u{fffd}‘’“”•–—\u{fffd}™š›śťžź\
\u{a0}ˇ˘Ł¤Ą¦§¨©Ş«¬\u{ad}®Ż\
°±˛ł´µ¶·¸ąş»Ľ˝ľż\
ŔÁÂĂÄĹĆÇČÉĘËĚÍÎĎ\
ĐŃŇÓÔŐÖ×ŘŮÚŰÜÝŢß\
ŕáâăäĺćçčéęëěíîď\
đńňóôőö÷řůúűüýţ˙";

const WPC1251: &str = "\
ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏ\
ђ‘’“”•–—\u{fffd}™љ›њќћџ\
\u{a0}ЎўЈ¤Ґ¦§Ё©Є«¬\u{ad}®Ї\
°±Ііґµ¶·ё№є»јЅѕї\
АБВГДЕЖЗИЙКЛМНОП\
РСТУФХЦЧШЩЪЫЬЭЮЯ\
абвгдежзийклмноп\
рстуфхцчшщъыьэюя";

const WPC1253: &str = "\
€\u{fffd}‚ƒ„…†‡\u{fffd}‰\u{fffd}‹\u{fffd}\u{fffd}\u{fffd}\u{fffd}\
\u{fffd}‘’“”•–—\u{fffd}™\u{fffd}›\u{fffd}\u{fffd}\u{fffd}\u{fffd}\
\u{a0}΅Ά£¤¥¦§¨©\u{fffd}«¬\u{ad}®―\
°±²³΄µ¶·ΈΉΊ»Ό½ΎΏ\
ΐΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟ\
ΠΡ\u{fffd}ΣΤΥΦΧΨΩΪΫάέήί\
ΰαβγδεζηθικλμνξο\
πρςστυφχψωϊϋόύώ\u{fffd}";

const WPC1254: &str = "\
€\u{fffd}‚ƒ„…†‡ˆ‰Š‹Œ\u{fffd}\u{fffd}\u{fffd}\
\u{fffd}‘’“”•–—˜™š›œ\u{fffd}\u{fffd}Ÿ\
\u{a0}¡¢£¤¥¦§¨©ª«¬\u{ad}®¯\
°±²³´µ¶·¸¹º»¼½¾¿\
ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏ\
ĞÑÒÓÔÕÖ×ØÙÚÛÜİŞß\
àáâãäåæçèéêëìíîï\
ğñòóôõö÷øùúûüışÿ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_128_characters() {
        for slot in 0..=255 {
            if let Some(page) = upper_half(slot) {
                assert_eq!(page.chars().count(), 128, "slot {slot}");
            }
        }
    }

    #[test]
    fn known_places() {
        for (slot, code, expected) in [
            (0, 0x82, 'é'),
            (0, 0xe1, 'ß'),
            (2, 0xd5, 'ı'),
            (19, 0xd5, '€'),
            (16, 0x80, '€'),
            (16, 0xe9, 'é'),
            (17, 0x80, 'А'),
            (17, 0xef, 'я'),
            (16, 0x81, '\u{fffd}'),
            (9, 0x80, '\u{fffd}'),
        ] {
            assert_eq!(character(slot, 0, code), expected, "slot {slot} code {code:#x}");
        }
        assert_eq!(character(0, 2, b'['), 'Ä');
        assert_eq!(character(0, 3, b'#'), '£');
        assert_eq!(character(0, 0, b'#'), '#');
    }
}
