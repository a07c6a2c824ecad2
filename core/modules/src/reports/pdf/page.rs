//! Pages under the pen: where the next line goes, and what is on them. A page that is full is packed at once.

use miniz_oxide::deflate::compress_to_vec_zlib;
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};

use crate::papers::pdf::font::Face;
use crate::reports::sheet::Sheet;

/// A4, landscape (ISO 216), in points.
const PAGE: [f32; 2] = [841.89, 595.28];
pub(super) const LEFT: f32 = 36.0;
pub(super) const WIDTH: f32 = PAGE[0] - 2.0 * LEFT;
pub(super) const TOP: f32 = PAGE[1] - 34.0;
pub(super) const BOTTOM: f32 = 44.0;

pub(super) struct Pages<'a> {
    /// Regular and bold.
    faces: [Face<'a>; 2],
    packed: Vec<Vec<u8>>,
    content: Content,
    is_empty: bool,
    /// Below what is drawn already.
    pub(super) y: f32,
}

impl<'a> Pages<'a> {
    pub(super) fn new(faces: [Face<'a>; 2]) -> Pages<'a> {
        Pages { faces, packed: Vec::new(), content: Content::new(), is_empty: true, y: TOP }
    }

    pub(super) fn missing(&self) -> u64 {
        self.faces.iter().map(|face| face.missing).sum()
    }

    /// Turns the page if so much does not fit any more.
    pub(super) fn need(&mut self, height: f32) {
        if self.y - height < BOTTOM {
            self.turn();
        }
    }

    pub(super) fn turn(&mut self) {
        if !self.is_empty {
            let content = std::mem::replace(&mut self.content, Content::new());
            self.packed.push(compress_to_vec_zlib(&content.finish(), 6));
        }
        (self.is_empty, self.y) = (true, TOP);
    }

    pub(super) fn text(&mut self, left: f32, baseline: f32, size: f32, bold: bool, text: &str) {
        self.is_empty = false;
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let Some(face) = self.faces.get_mut(usize::from(bold)) else { return };
        let glyphs = face.encode(&text);
        self.content.set_fill_gray(0.0).begin_text();
        self.content.set_font(Name(if bold { b"B" } else { b"R" }), size).next_line(left, baseline);
        self.content.show(Str(&glyphs)).end_text();
    }

    pub(super) fn width(&self, text: &str, size: f32, bold: bool) -> f32 {
        self.faces.get(usize::from(bold)).map_or(0.0, |face| face.width(text, size))
    }

    /// Lines no wider than this; a word that is wider is broken.
    pub(super) fn wrap(&self, text: &str, width: f32, size: f32, bold: bool) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = String::new();
        let mut used = 0.0;
        let space = self.width(" ", size, bold);
        for word in text.split_whitespace() {
            let wide = self.width(word, size, bold);
            if !line.is_empty() && used + space + wide <= width {
                line.push(' ');
                line.push_str(word);
                used += space + wide;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            used = 0.0;
            if wide <= width {
                line.push_str(word);
                used = wide;
                continue;
            }
            for letter in word.chars() {
                let wide = self.width(letter.encode_utf8(&mut [0; 4]), size, bold);
                if used + wide > width && !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                    used = 0.0;
                }
                line.push(letter);
                used += wide;
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }

    pub(super) fn paragraph(&mut self, text: &str, size: f32, bold: bool) {
        for line in self.wrap(text, WIDTH, size, bold) {
            self.need(size * 1.3);
            self.y -= size * 1.3;
            let y = self.y;
            self.text(LEFT, y, size, bold, &line);
        }
        self.y -= 3.0;
    }

    pub(super) fn rule(&mut self, left: f32, y: f32, width: f32, grey: f32) {
        self.content.set_stroke_gray(grey).set_line_width(0.5);
        self.content.move_to(left, y).line_to(left + width, y).stroke();
    }

    pub(super) fn line(&mut self, from: [f32; 2], to: [f32; 2], colour: [f32; 3], dashed: bool) {
        let [r, g, b] = colour;
        self.content.save_state().set_stroke_rgb(r, g, b).set_line_width(0.7);
        if dashed {
            self.content.set_dash_pattern([3.0, 2.0], 0.0);
        }
        self.content.move_to(from[0], from[1]).line_to(to[0], to[1]).stroke().restore_state();
    }

    pub(super) fn fill(&mut self, left: f32, below: f32, width: f32, height: f32, colour: [f32; 3]) {
        self.is_empty = false;
        let [r, g, b] = colour;
        self.content.set_fill_rgb(r, g, b).rect(left, below, width, height).fill_nonzero();
    }

    pub(super) fn black(&mut self, left: f32, below: f32, width: f32, height: f32) {
        self.fill(left, below, width, height, [0.0; 3]);
    }

    #[expect(clippy::too_many_arguments, reason = "a rectangle has four sides, a filling and a frame")]
    pub(super) fn frame(
        &mut self,
        left: f32,
        below: f32,
        width: f32,
        height: f32,
        fill: [f32; 3],
        line: f32,
        dashed: bool,
    ) {
        self.fill(left, below, width, height, fill);
        self.content.save_state().set_stroke_gray(0.0).set_line_width(line);
        if dashed {
            self.content.set_dash_pattern([9.0, 5.0], 0.0);
        }
        self.content.rect(left, below, width, height).stroke().restore_state();
    }

    pub(super) fn finish(mut self, sheet: &Sheet) -> Vec<u8> {
        self.turn();
        let count = self.packed.len();
        let foots: Vec<Vec<u8>> = (1..=count).map(|page| self.foot(sheet, page, count)).collect();
        let mut last = 0;
        let mut next = || {
            last += 1;
            Ref::new(last)
        };
        let (catalog, tree, info) = (next(), next(), next());
        let mut pdf = Pdf::new();
        pdf.catalog(catalog).pages(tree).lang(TextStr(&sheet.language));
        pdf.document_info(info).title(TextStr(&sheet.title)).creator(TextStr("Trivet"));
        let fonts = [next(), next()];
        for (face, font) in self.faces.iter().zip(fonts) {
            face.write(&mut pdf, font, [next(), next(), next(), next()]);
        }
        let places: Vec<[Ref; 3]> = (0..count).map(|_| [next(), next(), next()]).collect();
        let kids = places.iter().map(|[page, _, _]| *page);
        pdf.pages(tree).kids(kids).count(i32::try_from(count).unwrap_or(1));
        for ((body, foot), [page_id, body_id, foot_id]) in self.packed.iter().zip(foots).zip(places) {
            let mut page = pdf.page(page_id);
            page.parent(tree).contents_array([body_id, foot_id]).media_box(Rect::new(0.0, 0.0, PAGE[0], PAGE[1]));
            let names = [Name(b"R"), Name(b"B")];
            page.resources().fonts().pairs(names.into_iter().zip(fonts));
            page.finish();
            pdf.stream(body_id, body).filter(Filter::FlateDecode);
            pdf.stream(foot_id, &foot);
        }
        pdf.finish()
    }

    fn foot(&mut self, sheet: &Sheet, page: usize, count: usize) -> Vec<u8> {
        self.rule(LEFT, 32.0, WIDTH, 0.6);
        let number = format!("{page} of {count}");
        let left = LEFT + WIDTH - self.width(&number, 7.0, false);
        self.text(LEFT, 22.0, 7.0, false, &sheet.foot);
        self.text(left, 22.0, 7.0, false, &number);
        std::mem::replace(&mut self.content, Content::new()).finish().to_vec()
    }
}
