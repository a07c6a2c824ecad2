//! What holds for the virtual printer in every language.

use trivet_drivers::virtual_printer::{Language, MOST_HELD_BYTES, Settings, develop, parse};

/// Papers that [`develop`] returns at most.
const MOST_PAPERS: usize = 256;

pub(crate) fn check(language: Language, bytes: &[u8]) {
    let parsed = parse(language, bytes);
    assert!(parsed.most_held <= MOST_HELD_BYTES, "{} bytes held", parsed.most_held);
    assert!(parsed.unknown <= parsed.commands, "{parsed:?}");
    let papers = develop(&Settings::of(language), bytes);
    assert!(papers.len() <= MOST_PAPERS, "{} papers", papers.len());
}
