//! A line of text as bytes of the pages that a printer has.

use super::code_page::{self, Page};
use super::profile::Profile;

/// The pages of a profile, and which of them is selected.
pub(super) struct Pages<'a> {
    profile: &'a Profile,
    selected: Option<(u8, &'static Page)>,
}

/// The language's own words around the bytes.
pub(super) struct Words {
    pub(super) select_page: fn(&mut Vec<u8>, u8),
    pub(super) kanji_on: &'static [u8],
    pub(super) kanji_off: &'static [u8],
}

impl<'a> Pages<'a> {
    /// With the first one selected.
    pub(super) fn of(profile: &'a Profile) -> Pages<'a> {
        Pages { profile, selected: profile.pages_to_try().next() }
    }

    pub(super) fn slot(&self) -> Option<u8> {
        self.selected.map(|(slot, _)| slot)
    }

    /// Appends a text. False, with nothing appended, if the pages do not have all of it: stays on the selected page where
    /// it can, and goes to the one that reaches farthest.
    pub(super) fn write(&mut self, out: &mut Vec<u8>, text: &str, words: &Words) -> bool {
        let (start, selected) = (out.len(), self.selected);
        let written = self.write_all(out, text, words).is_some();
        if !written {
            out.truncate(start);
            self.selected = selected;
        }
        written
    }

    /// None at what the pages do not have.
    fn write_all(&mut self, out: &mut Vec<u8>, mut rest: &str, words: &Words) -> Option<()> {
        loop {
            let ascii = rest.bytes().take_while(|byte| (b' '..=b'~').contains(byte)).count();
            let (ascii, others) = rest.split_at_checked(ascii)?;
            out.extend_from_slice(ascii.as_bytes());
            let Some(c) = others.chars().next() else { return Some(()) };
            // The printers write from left to right only.
            if is_right_to_left(c) {
                return None;
            }
            rest = others;
            if let Some(byte) = self.selected.and_then(|(_, page)| page.byte(c)) {
                out.push(byte);
                rest = rest.get(c.len_utf8()..)?;
                continue;
            }
            let reach = |page: &Page| rest.chars().take_while(|c| page.byte(*c).is_some()).count();
            // Of equals the first: `max_by_key` gives the last.
            let best = self.profile.pages_to_try().rev().max_by_key(|(_, page)| reach(page));
            if let Some((slot, page)) = best.filter(|(_, page)| page.byte(c).is_some()) {
                (words.select_page)(out, slot);
                self.selected = Some((slot, page));
                continue;
            }
            let run: String = rest.chars().take_while(|c| self.all_lack(*c)).collect();
            let bytes = code_page::kanji(self.profile.kanji, &run).filter(|bytes| !bytes.is_empty())?;
            out.extend_from_slice(words.kanji_on);
            out.extend(bytes);
            out.extend_from_slice(words.kanji_off);
            rest = rest.get(run.len()..)?;
        }
    }

    fn all_lack(&self, c: char) -> bool {
        !c.is_ascii() && self.profile.code_pages.values().all(|page| page.byte(c).is_none())
    }

    /// The text with `?` for what the selected page lacks, and what that is.
    pub(super) fn write_lossy(&self, out: &mut Vec<u8>, text: &str) -> Vec<char> {
        let mut lacking = Vec::new();
        for c in text.chars() {
            let byte = self.selected.and_then(|(_, page)| page.byte(c));
            let byte = byte.or_else(|| (' '..='~').contains(&c).then_some(c as u8));
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
            let name = profile;
            let profile = Profile::named(name).unwrap();
            let mut pages = Pages::of(&profile);
            let (first, mut out) = (pages.slot(), Vec::new());
            let written = pages.write(&mut out, text, &WORDS);
            assert_eq!(written.then_some(out.as_slice()), expected, "{name} {text}");
            assert!(written || out.is_empty() && pages.slot() == first);
        }
    }
}
