//! The glyphs: X11's fixed fonts (public domain) in the cells of a receipt printer.
//!
//! Lines and shades of the PC code pages reach the edge of their cell, so they are drawn, not looked up. A character
//! without a glyph is a box with its Unicode number in it, so that the picture still says which it is.

use embedded_graphics::geometry::{OriginDimensions, Point};
use embedded_graphics::image::GetPixel;
use embedded_graphics::mono_font::{
    MonoFont, iso_8859_1, iso_8859_2, iso_8859_4, iso_8859_5, iso_8859_7, iso_8859_9, iso_8859_13, iso_8859_15,
    iso_8859_16, jis_x0201,
};
use embedded_graphics::pixelcolor::BinaryColor;

/// Rows of a glyph; the leftmost dot is the top bit.
pub(super) type Glyph = [u32; 24];

/// The fonts of one size, for every alphabet.
type Family = [&'static MonoFont<'static>; 10];

const LARGE: Family = [
    &iso_8859_1::FONT_10X20,
    &iso_8859_15::FONT_10X20,
    &iso_8859_2::FONT_10X20,
    &iso_8859_5::FONT_10X20,
    &iso_8859_7::FONT_10X20,
    &iso_8859_9::FONT_10X20,
    &iso_8859_13::FONT_10X20,
    &iso_8859_16::FONT_10X20,
    &iso_8859_4::FONT_10X20,
    &jis_x0201::FONT_10X20,
];
const SMALL: Family = [
    &iso_8859_1::FONT_9X15,
    &iso_8859_15::FONT_9X15,
    &iso_8859_2::FONT_9X15,
    &iso_8859_5::FONT_9X15,
    &iso_8859_7::FONT_9X15,
    &iso_8859_9::FONT_9X15,
    &iso_8859_13::FONT_9X15,
    &iso_8859_16::FONT_9X15,
    &iso_8859_4::FONT_9X15,
    &jis_x0201::FONT_9X15,
];

/// One of the built-in fonts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Face {
    pub(super) width: u32,
    pub(super) height: u32,
    family: &'static Family,
    inset: (i32, i32),
}

/// Epson's font A, Star's 12 × 24: a cell of 12 × 24 dots with a 10 × 20 glyph.
pub(super) const FONT_A: Face = Face { width: 12, height: 24, family: &LARGE, inset: (1, 3) };
/// Epson's font B: 9 × 17 with a 9 × 15 glyph.
pub(super) const FONT_B: Face = Face { width: 9, height: 17, family: &SMALL, inset: (0, 1) };
/// Star's small font: 9 × 24.
pub(super) const FONT_NARROW: Face = Face { width: 9, height: 24, family: &SMALL, inset: (0, 5) };
/// The raw glyphs that labels scale: 10 × 20.
pub(super) const FONT_SCALED: Face = Face { width: 10, height: 20, family: &LARGE, inset: (0, 0) };
/// A two-byte character: 24 × 24.
pub(super) const FONT_WIDE: Face = Face { width: 24, height: 24, family: &LARGE, inset: (7, 3) };

impl Face {
    /// The dots of a character.
    pub(super) fn glyph(&self, character: char) -> Glyph {
        let mut glyph = [0; 24];
        let looked_up = self.family.iter().find_map(|font| Some((*font, glyph_index(font, character)?)));
        for (y, row) in (0..self.height).zip(glyph.iter_mut()) {
            for x in 0..self.width {
                let black = match (self.drawn(character, x, y), looked_up) {
                    (Some(black), _) => black,
                    (None, Some((font, index))) => self.looked_up(font, index, x, y),
                    (None, None) => self.unknown(character, x, y),
                };
                if black {
                    *row |= 0x8000_0000 >> x;
                }
            }
        }
        glyph
    }

    fn looked_up(&self, font: &MonoFont<'_>, index: usize, x: u32, y: u32) -> bool {
        let (Ok(x), Ok(y)) = (i32::try_from(x), i32::try_from(y)) else {
            return false;
        };
        glyph_dot(font, index, Point::new(x - self.inset.0, y - self.inset.1))
    }

    /// A box with the four or more digits of the character's number.
    fn unknown(&self, character: char, x: u32, y: u32) -> bool {
        let (top, bottom) = (self.height / 8, self.height - self.height / 8 - 1);
        if !(top..=bottom).contains(&y) || x == 0 || x + 1 == self.width {
            return false;
        }
        if y == top || y == bottom || x == 1 || x + 2 == self.width {
            return true;
        }
        if character == char::REPLACEMENT_CHARACTER {
            return false;
        }
        // Two digits above two, each 3 × 5 dots, as large as the box allows.
        let scale_x = if self.width >= 20 { 2 } else { 1 };
        let scale_y = if self.height >= 20 { if self.width >= 20 { 2 } else { 1 } } else { 1 };
        let (step_x, step_y) = (4 * scale_x, 6 * scale_y);
        let left = (self.width - 2 * step_x + scale_x) / 2;
        let above = (self.height - 2 * step_y + scale_y) / 2;
        let (Some(dx), Some(dy)) = (x.checked_sub(left), y.checked_sub(above)) else {
            return false;
        };
        let (column, line) = (dx / step_x, dy / step_y);
        if column > 1 || line > 1 {
            return false;
        }
        let digit = (u32::from(character) >> (12 - 4 * (line * 2 + column))) & 0xf;
        digit_dot(digit, dx % step_x / scale_x, dy % step_y / scale_y)
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
            '\u{a0}' | '\u{3000}' => return Some(false),
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

/// Hexadecimal digits of 3 × 5 dots, a bit a dot, top left first.
fn digit_dot(digit: u32, x: u32, y: u32) -> bool {
    const DIGITS: [u16; 16] = [
        0b111_101_101_101_111,
        0b010_110_010_010_111,
        0b111_001_111_100_111,
        0b111_001_111_001_111,
        0b101_101_111_001_001,
        0b111_100_111_001_111,
        0b111_100_111_101_111,
        0b111_001_001_010_010,
        0b111_101_111_101_111,
        0b111_101_111_001_111,
        0b010_101_111_101_101,
        0b110_101_110_101_110,
        0b011_100_100_100_011,
        0b110_101_101_101_110,
        0b111_100_110_100_111,
        0b111_100_110_100_100,
    ];
    if x > 2 || y > 4 {
        return false;
    }
    let dots = usize::try_from(digit).ok().and_then(|digit| DIGITS.get(digit)).copied().unwrap_or(0);
    dots & (0b100_0000_0000_0000 >> (y * 3 + x)) != 0
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
        // Full-width forms of ASCII.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character),
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
    let per_row = (OriginDimensions::size(&font.image).width / size.width).max(1);
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

    fn black(face: Face, character: char) -> u32 {
        face.glyph(character).iter().map(|row| row.count_ones()).sum()
    }

    #[test]
    fn western_cyrillic_and_greek_have_glyphs_of_their_own() {
        for face in [FONT_A, FONT_B, FONT_NARROW, FONT_SCALED] {
            let missing = face.glyph('\u{fffd}');
            assert_eq!(black(face, ' '), 0);
            for character in "AéßøñŁčžЯαΩ€£º½─╬█ﾃ".chars() {
                assert!(black(face, character) > 0 && face.glyph(character) != missing, "{character}");
            }
        }
    }

    #[test]
    fn a_character_without_a_glyph_shows_its_number() {
        let (soup, tea) = (FONT_WIDE.glyph('汤'), FONT_WIDE.glyph('茶'));
        assert_ne!(soup, tea);
        assert!(black(FONT_WIDE, '茶') > black(FONT_WIDE, '\u{fffd}'));
    }
}
