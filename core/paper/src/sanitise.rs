//! Text from people becomes text on paper, and nothing else.

use std::borrow::Cow;

/// Drops control characters (C0, DEL, C1), so that no text holds a printer's command, and marks that would turn the
/// direction of what follows (bidi embeddings and overrides). Tabs and line ends become spaces.
pub fn sanitise(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| kept(c) == Some(c)) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter_map(kept).collect())
}

fn kept(c: char) -> Option<char> {
    match c {
        '\t' | '\n' | '\r' => Some(' '),
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => None,
        c if c.is_control() => None,
        c => Some(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_open_the_drawer() {
        assert_eq!(sanitise("An\u{1b}p\0\u{32}\u{fa}n\u{9b}\u{202e}\tB"), "Anp2ún B");
        assert!(matches!(sanitise("Crème brûlée 6 €, 麻婆豆腐"), Cow::Borrowed(_)));
    }
}
