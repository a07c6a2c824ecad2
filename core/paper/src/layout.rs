//! Blocks become lines of a width in characters.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::block::{Align, Block, Cell, Paper, PictureId, Style, Symbology};
use crate::sanitise::sanitise;

#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// Pieces beside each other, from left to right, on a line of `width` characters of this style.
    Text {
        pieces: Vec<Piece>,
        style: Style,
        width: usize,
    },
    Picture(PictureId),
    Qr {
        data: String,
        module: u8,
    },
    Barcode {
        symbology: Symbology,
        data: String,
        height: u8,
    },
    Feed(u8),
    Cut,
    Buzz,
}

/// Text in its place. A driver that draws it keeps it within `at..at + width`; one that writes characters pads.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// Characters from the left.
    pub at: usize,
    pub width: usize,
    /// Sanitised; no wider than `width`.
    pub text: String,
    pub align: Align,
}

/// Lays a paper out for a printer of this many normal characters a line. Words wrap; a word longer than the line is
/// broken between graphemes; places are whole characters, so that every printer keeps them.
pub fn layout(paper: &Paper, columns: usize) -> Vec<Line> {
    let mut lines = Vec::with_capacity(paper.blocks.len() + 8);
    for block in &paper.blocks {
        match block {
            Block::Text { text, style } => {
                let width = line_width(columns, *style);
                for text in wrap(text, width) {
                    lines.push(one(Piece { at: 0, width, text, align: style.align }, *style, width));
                }
            }
            Block::Columns { left, right, style } => side_by_side(&mut lines, left, right, *style, columns),
            Block::Row { cells, style } => row(&mut lines, cells, *style, columns),
            Block::Rule => {
                let piece = Piece { at: 0, width: columns, text: "-".repeat(columns), align: Align::Left };
                lines.push(one(piece, Style::NORMAL, columns));
            }
            Block::Feed(count) => lines.push(Line::Feed(*count)),
            Block::Cut => lines.push(Line::Cut),
            Block::Picture(id) => lines.push(Line::Picture(*id)),
            Block::Qr { data, module } => lines.push(Line::Qr { data: data.clone(), module: (*module).clamp(1, 16) }),
            Block::Barcode { symbology, data, height } => {
                lines.push(Line::Barcode { symbology: *symbology, data: data.clone(), height: (*height).max(16) });
            }
            Block::Buzz => lines.push(Line::Buzz),
        }
    }
    lines
}

/// How many characters' places a text takes: two for an ideograph.
pub fn width_of(text: &str) -> usize {
    plain_width(text).unwrap_or_else(|| text.width())
}

/// Of a text that is all signs of one place each, as nearly all are here: ASCII, Latin letters, and the euro. It needs no
/// sanitising. Marks that combine begin behind them.
fn plain_width(text: &str) -> Option<usize> {
    let mut width = 0;
    for c in text.chars() {
        if !matches!(c, ' '..='~' | '\u{ae}'..'\u{300}' | '€') {
            return None;
        }
        width += 1;
    }
    Some(width)
}

/// The text sanitised, and its places.
fn measured(text: &str) -> (Cow<'_, str>, usize) {
    if let Some(width) = plain_width(text) {
        return (Cow::Borrowed(text), width);
    }
    let text = sanitise(text);
    let width = text.width();
    (text, width)
}

impl Line {
    /// The line as characters, padded with spaces; a reversed one to its full width, so that it is black across the
    /// whole paper and nobody overlooks it.
    pub fn write_text(&self, out: &mut String) {
        let Line::Text { pieces, style, width } = self else { return };
        let mut at = 0;
        for piece in pieces {
            let used = width_of(&piece.text);
            let room = piece.width.saturating_sub(used);
            let before = match piece.align {
                Align::Left => 0,
                Align::Centre => room / 2,
                Align::Right => room,
            };
            let start = piece.at + before;
            spaces(out, start.saturating_sub(at));
            out.push_str(&piece.text);
            at = start.max(at) + used;
        }
        if style.reversed {
            spaces(out, width.saturating_sub(at));
        }
    }
}

fn spaces(out: &mut String, mut count: usize) {
    const SPACES: &str = "                                                                ";
    while count > 0 {
        let some = count.min(SPACES.len());
        out.push_str(SPACES.get(..some).unwrap_or_default());
        count -= some;
    }
}

/// The lines as plain text.
pub fn to_text(lines: &[Line]) -> String {
    let mut text = String::new();
    for line in lines {
        match line {
            Line::Text { .. } => {
                let mut one = String::new();
                line.write_text(&mut one);
                text.push_str(one.trim_end());
                text.push('\n');
            }
            Line::Feed(count) => text.extend(std::iter::repeat_n('\n', usize::from(*count))),
            Line::Cut => text.push_str("✂\n"),
            Line::Picture(_) => text.push_str("[picture]\n"),
            Line::Qr { data, .. } => text.push_str(&format!("[QR {}]\n", sanitise(data))),
            Line::Barcode { data, .. } => text.push_str(&format!("[{}]\n", sanitise(data))),
            Line::Buzz => {}
        }
    }
    text
}

fn one(piece: Piece, style: Style, width: usize) -> Line {
    Line::Text { pieces: vec![piece], style, width }
}

fn line_width(columns: usize, style: Style) -> usize {
    (columns / usize::from(style.wide.clamp(1, 8))).max(1)
}

fn side_by_side(lines: &mut Vec<Line>, left: &str, right: &str, style: Style, columns: usize) {
    let width = line_width(columns, style);
    let ((left_text, left_wide), (right_text, right_wide)) = (measured(left), measured(right));
    if left_wide + right_wide < width {
        let pieces = vec![
            Piece { at: 0, width: width - right_wide, text: left_text.into_owned(), align: Align::Left },
            Piece { at: width - right_wide, width: right_wide, text: right_text.into_owned(), align: Align::Right },
        ];
        lines.push(Line::Text { pieces, style, width });
        return;
    }
    let put = |text, align| one(Piece { at: 0, width, text, align }, style, width);
    lines.extend(wrap(left, width).into_iter().map(|text| put(text, Align::Left)));
    lines.extend(wrap(right, width).into_iter().map(|text| put(text, Align::Right)));
}

/// Each cell wraps within its own column, one character apart from the next.
fn row(lines: &mut Vec<Line>, cells: &[Cell], style: Style, columns: usize) {
    let width = line_width(columns, style);
    let gaps = cells.len().saturating_sub(1);
    let fixed: usize = cells.iter().map(|cell| usize::from(cell.width)).sum();
    let sharing = cells.iter().filter(|cell| cell.width == 0).count();
    let share = width.saturating_sub(fixed + gaps).checked_div(sharing).unwrap_or(0).max(1);
    let mut at = 0;
    let mut height = 0;
    let mut places = Vec::with_capacity(cells.len());
    for cell in cells {
        let wanted = if cell.width == 0 { share } else { usize::from(cell.width) };
        let own = wanted.min(width.saturating_sub(at));
        if own == 0 {
            break;
        }
        let texts = wrap(&cell.text, own);
        height = height.max(texts.len());
        places.push((at, own, cell.align, texts));
        at += own + 1;
    }
    for below in 0..height {
        let piece = |(at, width, align, texts): &mut (usize, usize, Align, Vec<String>)| {
            let text = texts.get_mut(below).map(std::mem::take)?;
            Some(Piece { at: *at, width: *width, text, align: *align })
        };
        lines.push(Line::Text { pieces: places.iter_mut().filter_map(piece).collect(), style, width });
    }
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let (text, wide) = measured(text);
    if wide <= width && !text.ends_with(' ') {
        return vec![text.into_owned()];
    }
    // Leading spaces indent the first line.
    let indent = text.chars().take_while(|c| *c == ' ').count().min(width / 4);
    let mut lines = vec![" ".repeat(indent)];
    let mut used = indent;
    for word in text.split_whitespace() {
        for (part, piece) in pieces(word, width).into_iter().enumerate() {
            let gap = usize::from(used > indent || lines.len() > 1);
            let wide = width_of(piece);
            match lines.last_mut() {
                Some(line) if part == 0 && used + gap + wide <= width => {
                    line.push_str(if gap == 1 { " " } else { "" });
                    line.push_str(piece);
                    used += gap + wide;
                }
                _ => {
                    lines.push(piece.to_owned());
                    used = wide;
                }
            }
        }
    }
    lines
}

/// A word in pieces that fit a line; a grapheme that is wider than the line itself is a piece of its own.
fn pieces(word: &str, width: usize) -> Vec<&str> {
    if width_of(word) <= width {
        return vec![word];
    }
    let mut pieces = Vec::new();
    let (mut from, mut used) = (0, 0);
    for (at, grapheme) in word.grapheme_indices(true) {
        let wide = width_of(grapheme);
        if used + wide > width && at > from {
            pieces.extend(word.get(from..at));
            (from, used) = (at, 0);
        }
        used += wide;
    }
    pieces.extend(word.get(from..));
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_ticket_at_32_characters() {
        let mut paper = Paper::default();
        paper.text("GRILL", Style::LARGE.centred()).rule();
        paper.columns("A12  Table 7", "19:04", Style::NORMAL);
        paper.text("2 x Burger with a very long name of its own", Style::LARGE);
        paper.text("  + onions", Style::NORMAL).cut();
        expect_test::expect![[r#"
                 GRILL
            --------------------------------
            A12  Table 7               19:04
            2 x Burger with
            a very long name
            of its own
              + onions
            ✂
        "#]]
        .assert_eq(&to_text(&layout(&paper, 32)));
    }

    #[test]
    fn a_table_keeps_its_columns() {
        let cell = |text: &str, width, align| Cell { text: text.to_owned(), width, align };
        let mut paper = Paper::default();
        for (count, name, price) in [("2", "Sashimi 刺身 of the day, for two", "48.00"), ("10", "Tea", "1,000.00")] {
            let cells = vec![cell(count, 2, Align::Right), cell(name, 0, Align::Left), cell(price, 9, Align::Right)];
            paper.row(cells, Style::NORMAL);
        }
        expect_test::expect![[r#"
             2 Sashimi 刺身 of the     48.00
               day, for two
            10 Tea                  1,000.00
        "#]]
        .assert_eq(&to_text(&layout(&paper, 32)));
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_paper(
            text in ".{0,200}", right in ".{0,60}", columns in 12usize..60, wide in 1u8..4, cell in 0u8..30,
        ) {
            let mut paper = Paper::default();
            let style = Style { wide, ..Style::NORMAL };
            paper.text(text.clone(), style).columns(text.clone(), right.clone(), style);
            let cells = [(right, cell), (text, 0)].map(|(text, width)| Cell { text, width, align: Align::Right });
            paper.row(cells.to_vec(), style);
            for line in layout(&paper, columns) {
                let mut text = String::new();
                line.write_text(&mut text);
                // A single ideograph may be wider than a narrow cell.
                prop_assert!(width_of(&text) <= columns / usize::from(wide) + 1, "{text:?}");
            }
        }
    }
}
