//! A line of text becomes dots.

use super::files::Pitch;
use super::fonts::{Face, Fit, Fonts};
use super::ink::{Ink, Place};
use super::shape::{Content, Placed, Run, Shaped, Size, shape};
use crate::block::{Align, Bitmap, Style};
use crate::layout::{Line, Piece};

/// Where a printer puts its normal characters, in dots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// The width of the paper, at most 2,048.
    pub dots: u16,
    /// A character's, at most 32 by 64.
    pub cell_width: u16,
    pub cell_height: u16,
}

impl Grid {
    /// 80 mm paper at 203 dpi: 48 characters of 12 by 24 dots.
    pub const WIDE: Grid = Grid { dots: 576, cell_width: 12, cell_height: 24 };
    /// 58 mm paper: 32 characters.
    pub const NARROW: Grid = Grid { dots: 384, ..Grid::WIDE };
}

#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// As wide as the paper, and at least as high as a character of the line's size: higher where marks stand above
    /// or below it.
    pub bitmap: Bitmap,
    /// Characters that no font has. Boxes stand in their places.
    pub missing: Vec<char>,
}

/// Draws a line of text; of any other line, nothing.
///
/// Each piece stays within its own place, and text that is wider shrinks sideways. A text that runs from right to left
/// and has the whole line begins at the right, if it would have begun at the left.
pub fn draw_line(fonts: &Fonts, line: &Line, grid: Grid) -> Drawn {
    let Line::Text { pieces, style, width } = line else {
        return Drawn { bitmap: Bitmap::new(grid.dots, 0), missing: Vec::new() };
    };
    let mut canvas = Canvas::new(grid, *style);
    let mut missing = Vec::new();
    for piece in pieces {
        let shaped = shape(fonts, &piece.text, canvas.size, &mut missing);
        let whole = piece.at == 0 && piece.width >= *width;
        let align = match piece.align {
            Align::Left if shaped.right_to_left && whole => Align::Right,
            align => align,
        };
        canvas.draw_piece(piece, align, &shaped);
    }
    missing.sort_unstable();
    missing.dedup();
    Drawn { bitmap: canvas.finish(*style), missing }
}

/// The line with half a line above and below, for what does not keep to it.
struct Canvas {
    bitmap: Bitmap,
    size: Size,
    above: u16,
    baseline: u16,
    /// Dots of a stroke that is drawn without a font.
    stroke: u16,
    /// Dots that strokes become thicker by, to the right.
    bolder: u8,
}

impl Canvas {
    fn new(grid: Grid, style: Style) -> Canvas {
        let (wide, tall) = (u16::from(style.wide.clamp(1, 8)), u16::from(style.tall.clamp(1, 8)));
        let height = grid.cell_height.clamp(1, 64) * tall;
        let size =
            Size { cell: grid.cell_width.clamp(1, 32) * wide, height, stretch: f32::from(wide) / f32::from(tall) };
        let above = height / 2;
        // Black runs into white letters a little, so they are drawn bolder.
        let bolder = if style.bold { style.wide.clamp(1, 8) } else { u8::from(style.reversed) };
        let bitmap = Bitmap::new(grid.dots.min(2048), height + 2 * above);
        Canvas { bitmap, size, above, baseline: above + height * 5 / 6, stroke: wide.min(tall), bolder }
    }

    fn draw_piece(&mut self, piece: &Piece, align: Align, shaped: &Shaped) {
        let cell = f32::from(self.size.cell);
        // What is in cells has some white at its right; other letters end where the next begins.
        let flush = shaped.runs.last().is_some_and(|run| !run.in_cells());
        let room = (piece.width as f32 * cell - if flush { f32::from(self.bolder) } else { 0.0 }).max(0.0);
        let squeeze = Squeeze::new(&shaped.runs, room);
        let width: f32 = shaped.runs.iter().map(|run| squeeze.width(run)).sum();
        let before = match align {
            Align::Left => 0.0,
            Align::Centre => (room - width) / 2.0,
            Align::Right => room - width,
        };
        let mut x = (piece.at as f32 * cell + before).round();
        for run in &shaped.runs {
            let width = squeeze.width(run);
            match &run.content {
                Content::Glyphs(face, glyphs) => self.draw_run(face, glyphs, x, width, squeeze.of(run)),
                Content::Boxes(count) => self.draw_boxes(*count, x, width),
                Content::Blank => {}
            }
            x += width;
        }
    }

    fn draw_run(&mut self, face: &Face, glyphs: &[Placed], left: f32, width: f32, squeeze: f32) {
        let em = self.size.em(face);
        let stretch = self.size.stretch * squeeze;
        let joined = face.file.pitch == Pitch::Joined;
        let fitted = face.fitted(Fit { em, stems: !joined && stretch == 1.0 });
        // Glyphs may reach beyond their run.
        let margin = f32::from(em) * self.size.stretch.max(1.0);
        let start = (left - margin).floor();
        let wide = (width + 2.0 * margin).ceil().clamp(1.0, 4096.0) as usize;
        let mut ink = Ink::new(wide, usize::from(self.bitmap.height()));
        for placed in glyphs {
            let x = left + placed.x * squeeze;
            let x = if joined { x } else { x.round() };
            let y = f32::from(self.baseline) - placed.y;
            ink.draw(&fitted.outline(placed.glyph), Place { x: x - start, y, stretch });
        }
        ink.stamp(&mut self.bitmap, start as i32, face.file.covered);
    }

    fn draw_boxes(&mut self, count: u16, left: f32, width: f32) {
        let each = width / f32::from(count.max(1));
        let top = self.above + self.size.height / 6;
        for place in 0..count {
            let edge = |place: u16| (left + each * f32::from(place)).round().clamp(0.0, 4096.0) as u16;
            let (from, to) = (edge(place) + self.stroke, edge(place + 1).saturating_sub(self.stroke));
            let (inner_from, inner_to) = (from + self.stroke, to.saturating_sub(self.stroke));
            self.bitmap.fill(from..to, top..top + self.stroke);
            self.bitmap.fill(from..to, self.baseline.saturating_sub(self.stroke)..self.baseline);
            self.bitmap.fill(from..inner_from, top..self.baseline);
            self.bitmap.fill(inner_to..to, top..self.baseline);
        }
    }

    fn finish(mut self, style: Style) -> Bitmap {
        (0..self.bolder).for_each(|_| self.bitmap.embolden());
        let (top, bottom) = (usize::from(self.above), usize::from(self.above + self.size.height));
        // White letters need black around them.
        let edge = usize::from(style.reversed);
        let last = usize::from(self.bitmap.height());
        let rows = self.bitmap.inked_rows().map_or(top..bottom, |inked| {
            top.min(inked.start.saturating_sub(edge))..bottom.max((inked.end + edge).min(last))
        });
        let mut bitmap = self.bitmap.rows(rows);
        if style.reversed {
            bitmap.invert();
        }
        bitmap
    }
}

/// How much narrower text is drawn to keep within its place.
struct Squeeze {
    in_cells: f32,
    others: f32,
}

/// Narrower than this, words that are not in cells are hard to read: then all text gives way.
const LEGIBLE: f32 = 0.7;

impl Squeeze {
    fn new(runs: &[Run], room: f32) -> Squeeze {
        let sum = |in_cells: bool| runs.iter().filter(|run| run.in_cells() == in_cells).map(|run| run.width).sum();
        let (cells, others): (f32, f32) = (sum(true), sum(false));
        let alone = (room - cells) / others;
        if cells + others <= room {
            Squeeze { in_cells: 1.0, others: 1.0 }
        } else if others > 0.0 && alone >= LEGIBLE {
            Squeeze { in_cells: 1.0, others: alone }
        } else {
            let all = room / (cells + others);
            Squeeze { in_cells: all, others: all }
        }
    }

    fn of(&self, run: &Run) -> f32 {
        if run.in_cells() { self.in_cells } else { self.others }
    }

    fn width(&self, run: &Run) -> f32 {
        run.width * self.of(run)
    }
}
