//! Outlines become dots.

use skrifa::font::glyph::outline::PathElement;

use crate::block::Bitmap;

/// Outlines are filled by signed areas: an edge adds to its row how much of each dot lies to its right, up to where the
/// edge back takes it away again. Outlines that overlap stay filled as long as they turn the same way, as those of one
/// font do, so each font has its own.
pub(super) struct Ink {
    width: usize,
    height: usize,
    /// A place more a row than dots: what lies to the right of all.
    areas: Vec<f32>,
    place: Place,
    start: (f32, f32),
    at: (f32, f32),
}

/// Where a glyph goes: its origin in dots, y downwards, and how far it is stretched sideways.
#[derive(Clone, Copy, Default)]
pub(super) struct Place {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) stretch: f32,
}

impl Ink {
    pub(super) fn new(width: usize, height: usize) -> Ink {
        let areas = vec![0.0; (width + 1) * height];
        Ink { width, height, areas, place: Place::default(), start: (0.0, 0.0), at: (0.0, 0.0) }
    }

    /// Adds an outline.
    pub(super) fn draw(&mut self, outline: &[PathElement], place: Place) {
        self.place = place;
        for element in outline {
            match *element {
                PathElement::MoveTo { x, y } => {
                    self.close();
                    self.start = self.put(x, y);
                    self.at = self.start;
                }
                PathElement::LineTo { x, y } => self.edge(self.put(x, y)),
                PathElement::QuadTo { cx0, cy0, x, y } => self.quadratic(self.put(cx0, cy0), self.put(x, y)),
                PathElement::CurveTo { cx0, cy0, cx1, cy1, x, y } => {
                    self.cubic(self.put(cx0, cy0), self.put(cx1, cy1), self.put(x, y));
                }
                PathElement::Close => self.close(),
            }
        }
        self.close();
    }

    /// Blackens dots that are covered so far, in hundredths. Ours begin at this place of the bitmap.
    pub(super) fn stamp(&self, bitmap: &mut Bitmap, left: i32, covered: u8) {
        let covered = f32::from(covered) / 100.0;
        for (y, row) in self.areas.chunks_exact(self.width + 1).enumerate() {
            let mut area = 0.0;
            for (x, change) in row.iter().take(self.width).enumerate() {
                area += change;
                if area.abs() >= covered
                    && let (Ok(x), Ok(y)) = (u16::try_from(left.saturating_add(x as i32)), u16::try_from(y))
                {
                    bitmap.blacken(x, y);
                }
            }
        }
    }

    fn put(&self, x: f32, y: f32) -> (f32, f32) {
        (self.place.x + x * self.place.stretch, self.place.y - y)
    }

    fn close(&mut self) {
        self.edge(self.start);
    }

    fn quadratic(&mut self, b: (f32, f32), c: (f32, f32)) {
        let a = self.at;
        let count = pieces(distance(a, b) + distance(b, c));
        for step in 1..=count {
            let t = f32::from(step) / f32::from(count);
            let mix = |a: f32, b: f32, c: f32| (1.0 - t) * (1.0 - t) * a + 2.0 * t * (1.0 - t) * b + t * t * c;
            self.edge((mix(a.0, b.0, c.0), mix(a.1, b.1, c.1)));
        }
    }

    fn cubic(&mut self, b: (f32, f32), c: (f32, f32), d: (f32, f32)) {
        let a = self.at;
        let count = pieces(distance(a, b) + distance(b, c) + distance(c, d));
        for step in 1..=count {
            let t = f32::from(step) / f32::from(count);
            let s = 1.0 - t;
            let mix = |a: f32, b: f32, c: f32, d: f32| {
                s * s * s * a + 3.0 * s * s * t * b + 3.0 * s * t * t * c + t * t * t * d
            };
            self.edge((mix(a.0, b.0, c.0, d.0), mix(a.1, b.1, c.1, d.1)));
        }
    }

    /// An edge, row by row.
    fn edge(&mut self, to: (f32, f32)) {
        let from = std::mem::replace(&mut self.at, to);
        let (turn, top, bottom) = if from.1 < to.1 { (1.0, from, to) } else { (-1.0, to, from) };
        let slope = (bottom.0 - top.0) / (bottom.1 - top.1);
        // No slope: it lies flat, or a font is broken.
        if !slope.is_finite() || !top.0.is_finite() {
            return;
        }
        let first = top.1.max(0.0) as usize;
        let last = (bottom.1.max(0.0).ceil() as usize).min(self.height);
        for (y, row) in self.areas.chunks_exact_mut(self.width + 1).enumerate().take(last).skip(first) {
            let (above, below) = (top.1.max(y as f32), bottom.1.min(y as f32 + 1.0));
            let wide = self.width as f32;
            let across = |y: f32| (top.0 + (y - top.1) * slope).clamp(0.0, wide);
            let (a, b) = (across(above), across(below));
            cross(row, a.min(b), a.max(b), turn * (below - above));
        }
    }
}

/// An edge that goes down by `fall` within a row between two places.
fn cross(row: &mut [f32], left: f32, right: f32, fall: f32) {
    let first = left as usize;
    let last = right as usize;
    let mut add = |x: usize, area: f32| {
        if let Some(place) = row.get_mut(x) {
            *place += area;
        }
    };
    if first == last {
        // The part of the dot that is to the right of the edge; the rest comes with the next.
        let beyond = 1.0 - ((left + right) / 2.0 - first as f32);
        add(first, fall * beyond);
        add(first + 1, fall * (1.0 - beyond));
        return;
    }
    let steep = fall / (right - left);
    let mut x = left;
    for dot in first..=last {
        let end = right.min((dot + 1) as f32);
        let part = (end - x) * steep;
        let beyond = 1.0 - ((x + end) / 2.0 - dot as f32);
        add(dot, part * beyond);
        add(dot + 1, part * (1.0 - beyond));
        x = end;
    }
}

/// Straight pieces that a curve of this extent is drawn with: a quarter of a dot off at most.
fn pieces(extent: f32) -> u16 {
    (extent.sqrt() * 1.5).clamp(2.0, 24.0) as u16
}

fn distance(a: (f32, f32), b: (f32, f32)) -> f32 {
    (a.0 - b.0).abs() + (a.1 - b.1).abs()
}
