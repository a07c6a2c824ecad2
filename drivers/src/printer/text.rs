//! A line of text as bytes of the pages that a printer has.

use super::code_page::{self, Page};
use super::profile::{Kanji, Profile};

/// The pages of a profile, in the order in which they are tried.
pub(super) struct Pages {
    pages: Vec<(u8, &'static Page)>,
    kanji: Kanji,
}

/// The language's own words around the bytes.
pub(super) struct Words {
    pub(super) select_page: fn(&mut Vec<u8>, u8),
    pub(super) kanji_on: &'static [u8],
    pub(super) kanji_off: &'static [u8],
}

impl Pages {
    pub(super) fn of(profile: &Profile) -> Pages {
        let rest = profile.code_pages.keys().filter(|slot| !profile.preferred_pages.contains(slot));
        let named = |slot: &u8| Some((*slot, Page::named(profile.code_pages.get(slot)?)?));
        Pages { pages: profile.preferred_pages.iter().chain(rest).filter_map(named).collect(), kanji: profile.kanji }
    }

    pub(super) fn first(&self) -> Option<u8> {
        self.pages.first().map(|(slot, _)| *slot)
    }

    /// Appends a text and gives the page that is selected after it. None, with nothing appended, if the pages do not
    /// have all of it: stays on the current page where it can, and goes to the one that reaches farthest.
    pub(super) fn write(
        &self,
        out: &mut Vec<u8>,
        text: &str,
        selected: Option<u8>,
        words: &Words,
    ) -> Option<Option<u8>> {
        if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            out.extend_from_slice(text.as_bytes());
            return Some(selected);
        }
        let start = out.len();
        let written = self.write_mixed(out, text, selected, words);
        if written.is_none() {
            out.truncate(start);
        }
        written
    }

    fn write_mixed(&self, out: &mut Vec<u8>, text: &str, selected: Option<u8>, words: &Words) -> Option<Option<u8>> {
        // The printers write from left to right only.
        if text.chars().any(is_right_to_left) {
            return None;
        }
        let mut current = self.pages.iter().find(|(slot, _)| Some(*slot) == selected).copied();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if let Some(byte) = current.and_then(|(_, page)| page.byte(c)) {
                out.push(byte);
                rest = rest.get(c.len_utf8()..)?;
                continue;
            }
            let reach = |page: &Page| rest.chars().take_while(|c| page.byte(*c).is_some()).count();
            // Of equals the first: `max_by_key` gives the last.
            let best = self.pages.iter().rev().max_by_key(|(_, page)| reach(page));
            match best.filter(|(_, page)| page.byte(c).is_some()) {
                Some((slot, page)) => {
                    (words.select_page)(out, *slot);
                    current = Some((*slot, *page));
                }
                None => {
                    let lacking =
                        |c: &char| !c.is_ascii() && self.pages.iter().all(|(_, page)| page.byte(*c).is_none());
                    let run: String = rest.chars().take_while(lacking).collect();
                    let bytes = code_page::kanji(self.kanji, &run)?;
                    out.extend_from_slice(words.kanji_on);
                    out.extend(bytes);
                    out.extend_from_slice(words.kanji_off);
                    rest = rest.get(run.len()..)?;
                }
            }
        }
        Some(current.map(|(slot, _)| slot))
    }

    /// The text with `?` for what the pages lack, and what that is.
    pub(super) fn write_lossy(&self, out: &mut Vec<u8>, text: &str, selected: Option<u8>) -> Vec<char> {
        let page = self.pages.iter().find(|(slot, _)| Some(*slot) == selected).map(|(_, page)| *page);
        let mut lacking = Vec::new();
        for c in text.chars() {
            let byte = page.and_then(|page| page.byte(c)).or_else(|| (' '..='~').contains(&c).then_some(c as u8));
            out.push(byte.unwrap_or(b'?'));
            if byte.is_none() {
                lacking.push(c);
            }
        }
        lacking
    }
}

fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{200f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: Words = Words {
        select_page: |out, slot| out.extend([b'<', b'0' + slot / 10, b'0' + slot % 10, b'>']),
        kanji_on: b"(",
        kanji_off: b")",
    };

    #[test]
    fn a_line_changes_its_page_as_seldom_as_it_can() {
        for (profile, text, expected) in [
            ("epson-80", "Plain", Some(&b"Plain"[..])),
            ("epson-80", "Cr\u{ea}pe 3 \u{20ac}", Some(b"Cr\xeape 3 \x80")),
            ("epson-80", "Борщ", Some(b"<17>\x81\xae\xe0\xe9")),
            // Polish and a euro: one page has both.
            ("epson-80", "żurek 5 €", Some(b"<45>\xbfurek 5 \x80")),
            ("epson-80", "é Ж é", Some(b"\xe9 <17>\x86 <16>\xe9")),
            ("epson-80", "شاي", None),
            ("epson-80", "刺身", None),
            ("generic-80-chinese", "刺身 x", Some(b"(\xb4\xcc\xc9\xed) x")),
            ("generic-80", "Борщ", None),
        ] {
            let pages = Pages::of(&Profile::named(profile).unwrap());
            let mut out = Vec::new();
            let written = pages.write(&mut out, text, pages.first(), &WORDS);
            assert_eq!(written.is_some().then_some(out.as_slice()), expected, "{profile} {text}");
            assert!(written.is_some() || out.is_empty());
        }
    }
}
