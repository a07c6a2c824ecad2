//! Text becomes glyphs from left to right: fonts are chosen, directions sorted out, letters joined.

use std::sync::Arc;

use harfrust::{Direction, GlyphId, Language};
use unicode_bidi::ParagraphBidiInfo;
use unicode_segmentation::UnicodeSegmentation;

use super::files::Pitch;
use super::fonts::{Face, Fonts};
use crate::layout::width_of;

/// A piece of text, shaped.
#[derive(Default)]
pub(super) struct Shaped {
    /// From left to right.
    pub(super) runs: Vec<Run>,
    /// The text as a whole runs from right to left.
    pub(super) right_to_left: bool,
}

/// Glyphs of one font beside each other.
pub(super) struct Run {
    pub(super) content: Content,
    /// Dots.
    pub(super) width: f32,
}

pub(super) enum Content {
    Glyphs(Arc<Face>, Vec<Placed>),
    /// No font has them.
    Boxes(u16),
    Blank,
}

/// A glyph and its origin in dots, from that of its run, y upwards.
pub(super) struct Placed {
    pub(super) glyph: GlyphId,
    pub(super) x: f32,
    pub(super) y: f32,
}

/// The size of characters in dots, magnified.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub(super) cell: u16,
    pub(super) height: u16,
    /// Of the magnification, wide by tall.
    pub(super) stretch: f32,
}

impl Size {
    /// The em of a font, upright.
    pub(super) fn em(&self, face: &Face) -> u16 {
        ((u32::from(face.file.em) * u32::from(self.height) + 500) / 1000).clamp(1, 2048) as u16
    }

    fn cells(&self, count: usize) -> f32 {
        count as f32 * f32::from(self.cell)
    }
}

impl Run {
    /// It keeps to the cells, so that it is never wider than it was laid out.
    pub(super) fn in_cells(&self) -> bool {
        !matches!(&self.content, Content::Glyphs(face, _) if face.file.pitch != Pitch::Cells)
    }
}

/// Characters that no font has are added to `missing`.
pub(super) fn shape(fonts: &Fonts, text: &str, size: Size, missing: &mut Vec<char>) -> Shaped {
    let (text, clusters) = choose_fonts(fonts, text, missing);
    if text.is_empty() {
        return Shaped::default();
    }
    let bidi = ParagraphBidiInfo::new(&text, None);
    let language = language(&text);
    let (levels, stretches) = bidi.visual_runs(0..text.len());
    let mut runs = Vec::new();
    for stretch in stretches {
        let right_to_left = levels.get(stretch.start).is_some_and(|level| level.is_rtl());
        let direction = if right_to_left { Direction::RightToLeft } else { Direction::LeftToRight };
        let mut own: Vec<&[Cluster]> = within(&clusters, stretch.start, stretch.end)
            .chunk_by(|a, b| a.blank == b.blank && a.font.as_ref().map(Arc::as_ptr) == b.font.as_ref().map(Arc::as_ptr))
            .collect();
        if right_to_left {
            own.reverse();
        }
        runs.extend(own.into_iter().filter_map(|clusters| run(&text, clusters, size, direction, language.as_ref())));
    }
    Shaped { runs, right_to_left: bidi.paragraph_level.is_rtl() }
}

/// What is drawn with one font as a unit: a letter with its marks, an emoji of several.
struct Cluster {
    start: usize,
    end: usize,
    font: Option<Arc<Face>>,
    /// No font has it, and none is needed.
    blank: bool,
}

/// The text as it can be drawn, and the font of each cluster.
fn choose_fonts(fonts: &Fonts, text: &str, missing: &mut Vec<char>) -> (String, Vec<Cluster>) {
    let mut drawn = String::with_capacity(text.len());
    let mut clusters: Vec<Cluster> = Vec::new();
    let mut seen = Vec::new();
    for grapheme in text.graphemes(true) {
        let start = drawn.len();
        seen.clear();
        for c in grapheme.chars().filter(|c| !is_dropped(*c)) {
            // The colour of a skin is none on paper.
            if drawn.len() > start && ('\u{1f3fb}'..='\u{1f3ff}').contains(&c) {
                continue;
            }
            drawn.push(c);
            seen.extend((!is_invisible(c)).then_some(c));
        }
        let before = clusters.last().and_then(|cluster| cluster.font.clone());
        let font = match seen.as_slice() {
            [] => before.or_else(|| fonts.with(' ')),
            [c] if c.is_whitespace() => before.filter(|font| font.has(*c)).or_else(|| fonts.with(*c)),
            [first, marks @ ..] => fonts.with_all(&seen).or_else(|| {
                // A letter without its mark is better than none.
                let font = fonts.with(*first)?;
                missing.extend(marks.iter().filter(|c| !font.has(**c)));
                drawn.truncate(start);
                drawn.push(*first);
                drawn.extend(marks.iter().filter(|c| font.has(**c)));
                Some(font)
            }),
        };
        if font.is_none() {
            missing.extend(seen.iter().filter(|c| !c.is_whitespace()));
        }
        if drawn.len() > start {
            let blank = font.is_none() && seen.iter().all(|c| c.is_whitespace());
            clusters.push(Cluster { start, end: drawn.len(), font, blank });
        }
    }
    (drawn, clusters)
}

/// Has a say in what its neighbours look like, and no shape of its own.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200f}' | '\u{61c}')
}

/// Would say something to a screen: where to hyphenate, which of two pictures to take.
fn is_dropped(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

/// Chinese, Japanese and Korean share characters that each writes in its own way.
fn language(text: &str) -> Option<Language> {
    let of = |c: char| match c {
        '\u{3040}'..='\u{30ff}' | '\u{ff66}'..='\u{ff9f}' => Language::new("ja"),
        '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7ff}' => Language::new("ko"),
        _ => None,
    };
    text.chars().find_map(of)
}

fn within(clusters: &[Cluster], start: usize, end: usize) -> &[Cluster] {
    let from = clusters.partition_point(|cluster| cluster.start < start);
    let to = clusters.partition_point(|cluster| cluster.start < end);
    clusters.get(from..to).unwrap_or_default()
}

fn run(text: &str, clusters: &[Cluster], size: Size, direction: Direction, language: Option<&Language>) -> Option<Run> {
    let (first, last) = (clusters.first()?, clusters.last()?);
    let own = text.get(first.start..last.end)?;
    let Some(face) = &first.font else {
        let places = width_of(own);
        let content = if first.blank { Content::Blank } else { Content::Boxes(clusters.len() as u16) };
        return Some(Run { content, width: size.cells(places.max(clusters.len())) });
    };
    let buffer = face.shape(own, direction, language);
    let up = f32::from(size.em(face)) / face.units_per_em();
    let across = up * size.stretch;
    let glyphs: Vec<_> = buffer.glyph_infos().iter().zip(buffer.glyph_positions()).collect();
    let mut placed = Vec::with_capacity(glyphs.len());
    let mut x = 0.0;
    for cluster in glyphs.chunk_by(|a, b| a.0.cluster == b.0.cluster) {
        let natural: f32 = cluster.iter().map(|(_, position)| position.x_advance as f32 * across).sum();
        let width = match face.file.pitch {
            Pitch::Cells => in_cells(size.cells(places_of(own, &glyphs, cluster)), natural),
            Pitch::Proportional | Pitch::Joined => natural,
        };
        let mut pen = x + (width - natural) / 2.0;
        for (info, position) in cluster {
            placed.push(Placed {
                glyph: GlyphId::new(info.glyph_id),
                x: pen + position.x_offset as f32 * across,
                y: position.y_offset as f32 * up,
            });
            pen += position.x_advance as f32 * across;
        }
        x += width;
    }
    Some(Run { content: Content::Glyphs(Arc::clone(face), placed), width: x })
}

type Glyph<'a> = (&'a harfrust::GlyphInfo, &'a harfrust::GlyphPosition);

/// The places of a cluster's own text.
fn places_of(text: &str, all: &[Glyph<'_>], cluster: &[Glyph<'_>]) -> usize {
    let Some(start) = cluster.first().map(|(info, _)| info.cluster) else { return 0 };
    let next = all.iter().map(|(info, _)| info.cluster).filter(|other| *other > start).min();
    let end = next.map_or(text.len(), |next| next as usize);
    text.get(start as usize..end).map_or(0, width_of)
}

/// A glyph that is much wider than its cells (a sign that counts as one, emoji in a row) takes the room it needs.
fn in_cells(cells: f32, natural: f32) -> f32 {
    if cells > 0.0 && natural > cells * 1.2 { natural } else { cells }
}
