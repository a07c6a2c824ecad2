//! The line that is being collected: characters and strips of dots side by side, until a line feed prints them.

use super::bitmap::Bitmap;
use super::font::{FONT_A, FONT_B, FONT_WIDE, Face};
use super::sheet::Sheet;

/// Characters waiting in one line; more cannot fit on the paper.
const MOST_IN_LINE: usize = 512;
/// Dots of strips waiting in one line.
const MOST_STRIP_BYTES: usize = 64 * 1024;

/// How a character looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) face: Face,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) bold: bool,
    /// Thickness in dots.
    pub(super) underline: u8,
    pub(super) upperline: u8,
    pub(super) inverse: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self { face: FONT_A, width: 1, height: 1, bold: false, underline: 0, upperline: 0, inverse: false }
    }
}

#[derive(Clone, Debug)]
enum Shape {
    Character(char),
    /// Dots of `ESC *` and its like, each so many times as wide and high.
    Strip {
        picture: Bitmap,
        scale_x: u32,
        scale_y: u32,
    },
}

#[derive(Clone, Debug)]
struct Cell {
    shape: Shape,
    x: u32,
    /// From `x` to where the next character may begin.
    advance: u32,
    look: Look,
}

impl Cell {
    fn size(&self) -> (u32, u32) {
        match &self.shape {
            Shape::Character(_) => (self.look.face.width * self.look.width, self.look.face.height * self.look.height),
            Shape::Strip { picture, scale_x, scale_y } => {
                (picture.width().saturating_mul(*scale_x), picture.height().saturating_mul(*scale_y))
            }
        }
    }
}

/// The collected line.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    cells: Vec<Cell>,
    strip_bytes: usize,
    /// Where the next character begins, in dots from the left margin.
    pub(super) x: u32,
}

impl Line {
    pub(super) fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Appends a character; `spacing` dots stay free to its right.
    pub(super) fn character(&mut self, character: char, look: Look, spacing: u32) {
        let advance = (look.face.width + spacing) * look.width;
        if self.cells.len() < MOST_IN_LINE {
            self.cells.push(Cell { shape: Shape::Character(character), x: self.x, advance, look });
        }
        self.x = self.x.saturating_add(advance);
    }

    /// Appends a strip of dots.
    pub(super) fn strip(&mut self, picture: Bitmap, scale_x: u32, scale_y: u32) {
        let advance = picture.width().saturating_mul(scale_x);
        let bytes = picture.held();
        if self.cells.len() < MOST_IN_LINE && self.strip_bytes + bytes <= MOST_STRIP_BYTES {
            self.strip_bytes += bytes;
            let shape = Shape::Strip { picture, scale_x, scale_y };
            self.cells.push(Cell { shape, x: self.x, advance, look: Look::default() });
        }
        self.x = self.x.saturating_add(advance);
    }

    /// Width and height of what is on it.
    pub(super) fn size(&self) -> (u32, u32) {
        let mut size = (0, 0);
        for cell in &self.cells {
            let (width, height) = cell.size();
            size = (size.0.max(cell.x.saturating_add(width)), size.1.max(height));
        }
        size
    }

    /// What a person reads: gaps become spaces.
    fn text(&self) -> String {
        let mut cells: Vec<&Cell> = self.cells.iter().collect();
        cells.sort_by_key(|cell| cell.x);
        let mut text = String::new();
        let mut end = 0;
        for cell in cells {
            let Shape::Character(character) = cell.shape else {
                continue;
            };
            let gap = cell.x.saturating_sub(end);
            let spaces = (gap + FONT_B.width / 2) / FONT_A.width;
            text.extend(std::iter::repeat_n(' ', usize::try_from(spaces).unwrap_or(0)));
            text.push(character);
            end = cell.x.saturating_add(cell.advance);
        }
        text.trim_end().to_owned()
    }

    /// Only draws it.
    pub(super) fn draw(&self, sheet: &mut Sheet, left: u32, top: usize) {
        let (_, tall) = self.size();
        for cell in &self.cells {
            draw(sheet, cell, left.saturating_add(cell.x), top, tall, false);
        }
    }

    /// Draws the line from row `top` with its left edge at dot `left`, empties it and records what it says. Upside
    /// down, it begins at the right edge of an area `turned` dots wide.
    pub(super) fn print(&mut self, sheet: &mut Sheet, left: u32, top: usize, turned: Option<u32>) -> String {
        let (_, tall) = self.size();
        for cell in &self.cells {
            let (width, _) = cell.size();
            let x = match turned {
                None => left.saturating_add(cell.x),
                Some(area) => left.saturating_add(area.saturating_sub(cell.x.saturating_add(width))),
            };
            draw(sheet, cell, x, top, tall, turned.is_some());
        }
        let text = self.text();
        let strips = self.cells.iter().filter_map(|cell| match &cell.shape {
            Shape::Strip { picture, scale_y, .. } => Some((picture.width(), picture.height(), scale_y)),
            Shape::Character(_) => None,
        });
        let (mut width, mut height, mut rows) = (0, 0, 0);
        for (w, h, scale) in strips {
            width += w;
            height = height.max(h);
            rows = rows.max(h * scale);
        }
        if width > 0 {
            sheet.picture(top, width, height, top + usize::try_from(rows).unwrap_or(0));
        }
        if width == 0 || !text.is_empty() {
            sheet.line(top, text.clone());
        }
        self.clear();
        text
    }
}

fn draw(sheet: &mut Sheet, cell: &Cell, x: u32, top: usize, tall: u32, turned: bool) {
    let (width, height) = cell.size();
    let rows = |value: u32| usize::try_from(value).unwrap_or(0);
    // Characters stand on one base line; turned, they hang from it.
    let drop = if turned { 0 } else { tall.saturating_sub(height) };
    let top = top + rows(drop);
    let look = cell.look;
    match &cell.shape {
        Shape::Strip { picture, scale_x, scale_y } => {
            let picture = if turned { &picture.turned(2) } else { picture };
            for (y, row) in (0..picture.height()).zip(0..) {
                sheet.draw_row(picture.row(y), x, top + row * rows(*scale_y), *scale_x, rows(*scale_y));
            }
            return;
        }
        Shape::Character(character) => {
            let glyph = look.face.glyph(*character);
            for (y, row) in (0u32..).zip(glyph.into_iter().take(rows(look.face.height))) {
                // The head's heavy dots: strokes run together to the right.
                let row = if look.bold { row | (row >> 1) } else { row };
                for column in (0..look.face.width).filter(|column| row & (0x8000_0000 >> column) != 0) {
                    let (column, y) =
                        if turned { (look.face.width - 1 - column, look.face.height - 1 - y) } else { (column, y) };
                    sheet.fill(x + column * look.width, top + rows(y * look.height), look.width, rows(look.height));
                }
            }
        }
    }
    let advance = cell.advance;
    let x = if turned { (x + width).saturating_sub(advance) } else { x };
    for (thickness, at_bottom) in [(u32::from(look.underline), !turned), (u32::from(look.upperline), turned)] {
        if thickness > 0 {
            let y = if at_bottom { height.saturating_sub(thickness) } else { 0 };
            sheet.fill(x, top + rows(y), advance, rows(thickness));
        }
    }
    if look.inverse {
        sheet.invert(x, top, advance, rows(height));
    }
}

/// The face of a two-byte character in a line of `face`.
pub(super) fn wide(look: Look) -> Look {
    Look { face: FONT_WIDE, ..look }
}
