//! Blocks become lines of a width in characters.

use crate::block::{Align, Block, Paper, Style};
use crate::sanitise::sanitise;

#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    Text { text: String, style: Style },
    Feed(u8),
    Cut,
}

/// Lays a paper out for a printer of this many normal characters a line. Words wrap; a word longer than the line is
/// broken; alignment is made with spaces, so that every printer keeps it.
pub fn layout(paper: &Paper, columns: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for block in &paper.blocks {
        match block {
            Block::Text { text, style } => {
                let width = width(columns, *style);
                for text in wrap(&sanitise(text), width) {
                    lines.push(Line::Text { text: align(&text, width, *style), style: *style });
                }
            }
            Block::Columns { left, right, style } => lines.extend(side_by_side(left, right, *style, columns)),
            Block::Rule => lines.push(Line::Text { text: "-".repeat(columns), style: Style::NORMAL }),
            Block::Feed(count) => lines.push(Line::Feed(*count)),
            Block::Cut => lines.push(Line::Cut),
        }
    }
    lines
}

/// The lines as plain text: a preview.
pub fn to_text(lines: &[Line]) -> String {
    let mut text = String::new();
    for line in lines {
        match line {
            Line::Text { text: line, .. } => {
                text.push_str(line.trim_end());
                text.push('\n');
            }
            Line::Feed(count) => text.push_str(&"\n".repeat(usize::from(*count))),
            Line::Cut => text.push_str("✂\n"),
        }
    }
    text
}

fn width(columns: usize, style: Style) -> usize {
    (columns / usize::from(style.wide.clamp(1, 8))).max(1)
}

fn align(text: &str, width: usize, style: Style) -> String {
    let room = width.saturating_sub(text.chars().count());
    let before = match style.align {
        Align::Left => 0,
        Align::Centre => room / 2,
        Align::Right => room,
    };
    // A reversed line is black across the whole paper: nobody overlooks it.
    let after = if style.reversed { room - before } else { 0 };
    format!("{}{text}{}", " ".repeat(before), " ".repeat(after))
}

fn side_by_side(left: &str, right: &str, style: Style, columns: usize) -> Vec<Line> {
    let width = width(columns, style);
    let (left, right) = (sanitise(left), sanitise(right));
    let line = |text: String| Line::Text { text, style };
    let used = left.chars().count() + right.chars().count();
    if used < width {
        return vec![line(format!("{left}{}{right}", " ".repeat(width - used)))];
    }
    let mut lines: Vec<Line> = wrap(&left, width).into_iter().map(line).collect();
    lines.extend(wrap(&right, width).into_iter().map(|text| line(format!("{text:>width$}"))));
    lines
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    // Leading spaces indent the first line.
    let indent = text.chars().take_while(|c| *c == ' ').count().min(width / 4);
    let mut lines = vec![" ".repeat(indent)];
    for word in text.split_whitespace() {
        for (part, piece) in pieces(word, width).into_iter().enumerate() {
            let line = lines.last_mut().expect("there is always a line");
            let used = line.chars().count();
            let gap = usize::from(!line.trim().is_empty() && part == 0);
            if used + gap + piece.chars().count() <= width && part == 0 {
                line.push_str(&" ".repeat(gap));
                line.push_str(&piece);
            } else {
                lines.push(piece);
            }
        }
    }
    lines
}

fn pieces(word: &str, width: usize) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    letters.chunks(width).map(|piece| piece.iter().collect()).collect()
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
        paper.text("2 x Burger with a very long name of its own", Style::LARGE).cut();
        expect_test::expect![[r#"
                 GRILL
            --------------------------------
            A12  Table 7               19:04
            2 x Burger with
            a very long name
            of its own
            ✂
        "#]]
        .assert_eq(&to_text(&layout(&paper, 32)));
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_paper(text in ".{0,200}", right in ".{0,60}", columns in 12usize..60, wide in 1u8..4) {
            let mut paper = Paper::default();
            let style = Style { wide, ..Style::NORMAL };
            paper.text(text.clone(), style).columns(text, right, style);
            for line in layout(&paper, columns) {
                if let Line::Text { text, .. } = line {
                    prop_assert!(text.chars().count() <= columns / usize::from(wide));
                }
            }
        }
    }
}
