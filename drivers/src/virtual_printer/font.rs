//! The glyphs: X11's fixed fonts (public domain) in the cells of a receipt printer.
//!
//! Font A is a cell of 12 × 24 dots with a 10 × 20 glyph, font B one of 9 × 17 with a 9 × 15 glyph. Lines and
//! shades of the PC code pages reach the edge of their cell, so they are drawn, not looked up.

use embedded_graphics::geometry::Point;
use embedded_graphics::image::GetPixel;
use embedded_graphics::mono_font::{MonoFont, iso_8859_1, iso_8859_2, iso_8859_5, iso_8859_7, iso_8859_9, iso_8859_15};
use embedded_graphics::pixelcolor::BinaryColor;

/// One of the printer's two built-in fonts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Face {
    pub(super) width: u32,
    pub(super) height: u32,
    fonts: [&'static MonoFont<'static>; 6],
    inset: Point,
}

pub(super) const FONT_A: Face = Face {
    width: 12,
    height: 24,
    fonts: [
        &iso_8859_1::FONT_10X20,
        &iso_8859_15::FONT_10X20,
        &iso_8859_2::FONT_10X20,
        &iso_8859_5::FONT_10X20,
        &iso_8859_7::FONT_10X20,
        &iso_8859_9::FONT_10X20,
    ],
    inset: Point::new(1, 3),
};

pub(super) const FONT_B: Face = Face {
    width: 9,
    height: 17,
    fonts: [
        &iso_8859_1::FONT_9X15,
        &iso_8859_15::FONT_9X15,
        &iso_8859_2::FONT_9X15,
        &iso_8859_5::FONT_9X15,
        &iso_8859_7::FONT_9X15,
        &iso_8859_9::FONT_9X15,
    ],
    inset: Point::new(0, 1),
};

impl Face {
    /// Whether the dot at (`x`, `y`) of the cell is black.
    pub(super) fn dot(&self, character: char, x: u32, y: u32) -> bool {
        if let Some(black) = self.drawn(character, x, y) {
            return black;
        }
        let found = self.fonts.iter().find_map(|font| Some((*font, glyph_index(font, character)?)));
        let Some((font, index)) = found else {
            // A hollow box: what a printer shows for a code without a glyph.
            return x == 1
                || x == self.width.saturating_sub(3)
                || y == 3
                || y == self.height.saturating_sub(6)
                || y > self.height.saturating_sub(6)
                || y < 3;
        };
        let (Ok(x), Ok(y)) = (i32::try_from(x), i32::try_from(y)) else {
            return false;
        };
        let at = Point::new(x, y) - self.inset;
        glyph_dot(font, index, at)
    }

    /// Box drawing and blocks: arms from the cell's centre to its edges, single or double.
    fn drawn(&self, character: char, x: u32, y: u32) -> Option<bool> {
        let (width, height) = (self.width, self.height);
        match character {
            '█' => return Some(true),
            '▀' => return Some(y < height / 2),
            '▄' => return Some(y >= height / 2),
            '▌' => return Some(x < width / 2),
            '▐' => return Some(x >= width / 2),
            '■' => {
                return Some((2..width - 2).contains(&x) && (height / 3..height * 3 / 4).contains(&y));
            }
            '░' => return Some(x.is_multiple_of(2) && (y + x).is_multiple_of(4)),
            '▒' => return Some((x + y).is_multiple_of(2)),
            '▓' => return Some(!(x.is_multiple_of(2) && (y + x).is_multiple_of(4))),
            _ => {}
        }
        let [up, down, left, right] = arms(character)?;
        let (middle_x, middle_y) = (width / 2, height / 2);
        let near = |value: u32, middle: u32, arm: u8| match arm {
            0 => false,
            1 => value == middle || value + 1 == middle,
            _ => value == middle + 2 || value == middle + 1 || value + 2 == middle || value + 3 == middle,
        };
        let thick = |arm: u8, other: u8| u32::from(arm.max(other)) * 2;
        let reach_y = thick(left, right);
        let reach_x = thick(up, down);
        Some(
            (near(x, middle_x, up) && y < middle_y + reach_y.min(3))
                || (near(x, middle_x, down) && y + reach_y.min(4) >= middle_y)
                || (near(y, middle_y, left) && x < middle_x + reach_x.min(3))
                || (near(y, middle_y, right) && x + reach_x.min(4) >= middle_x),
        )
    }
}

/// Thickness of the arms of a box character: up, down, left, right.
fn arms(character: char) -> Option<[u8; 4]> {
    const BOXES: [(char, [u8; 4]); 40] = [
        ('─', [0, 0, 1, 1]),
        ('│', [1, 1, 0, 0]),
        ('┌', [0, 1, 0, 1]),
        ('┐', [0, 1, 1, 0]),
        ('└', [1, 0, 0, 1]),
        ('┘', [1, 0, 1, 0]),
        ('├', [1, 1, 0, 1]),
        ('┤', [1, 1, 1, 0]),
        ('┬', [0, 1, 1, 1]),
        ('┴', [1, 0, 1, 1]),
        ('┼', [1, 1, 1, 1]),
        ('═', [0, 0, 2, 2]),
        ('║', [2, 2, 0, 0]),
        ('╔', [0, 2, 0, 2]),
        ('╗', [0, 2, 2, 0]),
        ('╚', [2, 0, 0, 2]),
        ('╝', [2, 0, 2, 0]),
        ('╠', [2, 2, 0, 2]),
        ('╣', [2, 2, 2, 0]),
        ('╦', [0, 2, 2, 2]),
        ('╩', [2, 0, 2, 2]),
        ('╬', [2, 2, 2, 2]),
        ('╒', [0, 1, 0, 2]),
        ('╓', [0, 2, 0, 1]),
        ('╕', [0, 1, 2, 0]),
        ('╖', [0, 2, 1, 0]),
        ('╘', [1, 0, 0, 2]),
        ('╙', [2, 0, 0, 1]),
        ('╛', [1, 0, 2, 0]),
        ('╜', [2, 0, 1, 0]),
        ('╞', [1, 1, 0, 2]),
        ('╟', [2, 2, 0, 1]),
        ('╡', [1, 1, 2, 0]),
        ('╢', [2, 2, 1, 0]),
        ('╤', [0, 1, 2, 2]),
        ('╥', [0, 2, 1, 1]),
        ('╧', [1, 0, 2, 2]),
        ('╨', [2, 0, 1, 1]),
        ('╪', [1, 1, 2, 2]),
        ('╫', [2, 2, 1, 1]),
    ];
    BOXES.iter().find(|(c, _)| *c == character).map(|(_, arms)| *arms)
}

/// The glyph's place in the font, or `None`: the mapping answers an unknown character with that of `?`.
fn glyph_index(font: &MonoFont<'_>, character: char) -> Option<usize> {
    let character = match character {
        '’' | '‘' => '\'',
        '“' | '”' => '"',
        '–' | '—' => '-',
        other => other,
    };
    let index = font.glyph_mapping.index(character);
    (character == '?' || index != font.glyph_mapping.index('?')).then_some(index)
}

fn glyph_dot(font: &MonoFont<'_>, index: usize, at: Point) -> bool {
    let size = font.character_size;
    let inside = |value: i32, length: u32| u32::try_from(value).is_ok_and(|value| value < length);
    if !inside(at.x, size.width) || !inside(at.y, size.height) {
        return false;
    }
    let per_row = (embedded_graphics::geometry::OriginDimensions::size(&font.image).width / size.width).max(1);
    let Ok(index) = u32::try_from(index) else {
        return false;
    };
    let (Ok(column), Ok(row)) =
        (i32::try_from(index % per_row * size.width), i32::try_from(index / per_row * size.height))
    else {
        return false;
    };
    font.image.pixel(Point::new(column, row) + at) == Some(BinaryColor::On)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn black(face: Face, character: char) -> usize {
        (0..face.height)
            .flat_map(|y| (0..face.width).map(move |x| (x, y)))
            .filter(|(x, y)| face.dot(character, *x, *y))
            .count()
    }

    #[test]
    fn western_cyrillic_and_greek_have_glyphs_of_their_own() {
        for face in [FONT_A, FONT_B] {
            let missing = black(face, '\u{fffd}');
            assert_eq!(black(face, ' '), 0);
            for character in "AéßøñŁčжЯαΩ€£º½─╬█".chars() {
                let dots = black(face, character);
                assert!(dots > 0 && dots != missing, "{character} prints {dots} dots");
            }
        }
    }
}
