//! Letters of any size: the device's scalable font 0, and its bitmap fonts A to H, all drawn from one family.

use super::super::bitmap::Bitmap;
use super::super::font::FONT_SCALED;

/// The largest letter, in dots.
const LARGEST: u32 = 1000;
/// Row of the base line in the 20 rows of a glyph.
const BASE_ROW: u32 = 16;

/// How a field stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Orientation {
    #[default]
    Normal,
    Rotated,
    Inverted,
    BottomUp,
}

impl Orientation {
    pub(super) fn of(letter: u8) -> Option<Self> {
        Some(match letter {
            b'N' => Self::Normal,
            b'R' => Self::Rotated,
            b'I' => Self::Inverted,
            b'B' => Self::BottomUp,
            _ => return None,
        })
    }

    /// Quarters clockwise.
    pub(super) fn quarters(self) -> u8 {
        match self {
            Self::Normal => 0,
            Self::Rotated => 1,
            Self::Inverted => 2,
            Self::BottomUp => 3,
        }
    }

    /// Where a box of a field `width` × `height` lies when the field is turned.
    pub(super) fn place(self, at: (u32, u32), size: (u32, u32), field: (u32, u32)) -> (u32, u32) {
        let (x, y) = at;
        let right = field.0.saturating_sub(x.saturating_add(size.0));
        let below = field.1.saturating_sub(y.saturating_add(size.1));
        match self {
            Self::Normal => (x, y),
            Self::Rotated => (below, x),
            Self::Inverted => (right, below),
            Self::BottomUp => (y, right),
        }
    }

    /// Width and height when turned.
    pub(super) fn turned(self, (width, height): (u32, u32)) -> (u32, u32) {
        if self.quarters() % 2 == 1 { (height, width) } else { (width, height) }
    }
}

/// A font at a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lettering {
    /// Of the cell, in dots.
    pub(super) height: u32,
    width: u32,
    /// Letters are as wide as they need; else each takes `width` and `gap`.
    proportional: bool,
    gap: u32,
}

impl Lettering {
    /// `^A` with a font, a height and a width, where 0 is not given.
    pub(super) fn new(font: u8, height: u32, width: u32) -> Self {
        /// Cells of the bitmap fonts at 8 dots a millimetre, and the gap between two.
        const BITMAP: [(u8, u32, u32, u32); 8] = [
            (b'A', 9, 5, 1),
            (b'B', 11, 7, 2),
            (b'C', 18, 10, 2),
            (b'D', 18, 10, 2),
            (b'E', 28, 15, 5),
            (b'F', 26, 13, 3),
            (b'G', 60, 40, 8),
            (b'H', 21, 13, 6),
        ];
        if let Some((_, cell_height, cell_width, gap)) = BITMAP.iter().find(|(letter, ..)| *letter == font) {
            // Bitmap fonts grow by whole factors.
            let factor = |given: u32, cell: u32| (given + cell / 2) / cell;
            let (by_height, by_width) = (factor(height, *cell_height), factor(width, *cell_width));
            let down = if by_height > 0 { by_height } else { by_width }.clamp(1, 10);
            let across = if by_width > 0 { by_width } else { by_height }.clamp(1, 10);
            return Self {
                height: cell_height * down,
                width: cell_width * across,
                proportional: false,
                gap: gap * across,
            };
        }
        let (height, width) = match (height, width) {
            (0, 0) => (15, 12),
            (0, width) => (width, width),
            (height, 0) => (height, height),
            both => both,
        };
        Self { height: height.clamp(1, LARGEST), width: width.clamp(1, LARGEST), proportional: true, gap: 0 }
    }

    /// From the top of the cell to the base line.
    pub(super) fn ascent(self) -> u32 {
        self.height * BASE_ROW / FONT_SCALED.height
    }

    /// First column and number of columns of a glyph that are drawn.
    fn columns(self, character: char) -> (u32, u32) {
        if !self.proportional {
            return (0, FONT_SCALED.width);
        }
        let ink = FONT_SCALED.glyph(character).iter().fold(0, |ink, row| ink | row);
        if ink == 0 {
            return (0, 5);
        }
        // Figures are as wide as each other, so that columns of them stand straight.
        if character.is_ascii_digit() {
            return (0, FONT_SCALED.width);
        }
        let first = ink.leading_zeros();
        let last = 31 - ink.trailing_zeros();
        (first, (last - first + 2).min(FONT_SCALED.width + 1))
    }

    /// From one letter to the next.
    pub(super) fn advance(self, character: char) -> u32 {
        if !self.proportional {
            return self.width + self.gap;
        }
        // The family's letters are half as wide as high.
        let (_, columns) = self.columns(character);
        (columns * self.width).div_ceil(FONT_SCALED.height).max(1)
    }

    pub(super) fn width_of(self, text: &str) -> u32 {
        text.chars().fold(0, |width: u32, character| width.saturating_add(self.advance(character)))
    }

    /// One letter. Between the dots of the small glyph it is smoothed, so that large letters are round.
    pub(super) fn letter(self, character: char) -> Bitmap {
        let glyph = FONT_SCALED.glyph(character);
        let (first, columns) = self.columns(character);
        let width = if self.proportional { self.advance(character) } else { self.width };
        let dot = |x: i64, y: i64| -> f64 {
            let (Ok(x), Ok(y)) = (u32::try_from(x), usize::try_from(y)) else {
                return 0.0;
            };
            let row = glyph.get(y).copied().unwrap_or(0);
            if x < columns && first + x < 32 && row & (0x8000_0000 >> (first + x)) != 0 { 1.0 } else { 0.0 }
        };
        let mut picture = Bitmap::white(width, self.height);
        for y in 0..self.height {
            let source_y = (f64::from(y) + 0.5) * f64::from(FONT_SCALED.height) / f64::from(self.height) - 0.5;
            let (top, down) = (source_y.floor(), source_y - source_y.floor());
            for x in 0..width {
                let source_x = (f64::from(x) + 0.5) * f64::from(columns) / f64::from(width) - 0.5;
                let (left, right) = (source_x.floor(), source_x - source_x.floor());
                let (column, row) = (left as i64, top as i64);
                let ink = dot(column, row) * (1.0 - right) * (1.0 - down)
                    + dot(column + 1, row) * right * (1.0 - down)
                    + dot(column, row + 1) * (1.0 - right) * down
                    + dot(column + 1, row + 1) * right * down;
                if ink >= 0.45 {
                    picture.blacken(x, y);
                }
            }
        }
        picture
    }
}

/// Text in lines of at most `width` dots, broken between words; `\&` ends a line.
pub(super) fn broken(text: &str, lettering: Lettering, width: u32) -> Vec<String> {
    /// Lines of one block.
    const MOST_LINES: usize = 256;
    let mut lines = Vec::new();
    for paragraph in text.split("\\&") {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if !line.is_empty() && lettering.width_of(&longer) > width {
                lines.push(std::mem::replace(&mut line, word.to_owned()));
            } else {
                line = longer;
            }
            if lines.len() >= MOST_LINES {
                return lines;
            }
        }
        lines.push(line);
    }
    lines.truncate(MOST_LINES);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_grow_with_the_size_and_narrow_ones_stay_narrow() {
        let (small, large) = (Lettering::new(b'0', 30, 30), Lettering::new(b'0', 90, 90));
        assert!(small.advance('.') < small.advance('m'));
        assert_eq!(small.advance('1'), small.advance('8'));
        assert!((280..320).contains(&(large.width_of("Onion soup") * 100 / small.width_of("Onion soup"))));
        let black = |lettering: Lettering| lettering.letter('S').black().count();
        assert!((700..1100).contains(&(black(large) * 100 / black(small))), "{} {}", black(large), black(small));
        assert_eq!(Lettering::new(b'A', 18, 10).advance('x'), 12);
    }

    #[test]
    fn blocks_break_between_words() {
        let lettering = Lettering::new(b'A', 9, 5);
        assert_eq!(broken("use by Friday noon", lettering, 6 * 9), ["use by", "Friday", "noon"]);
        assert_eq!(broken("a\\&b", lettering, 600), ["a", "b"]);
    }
}
