//! A paper as a PDF: a page of the paper's width with text that can be selected, from the same lines that a printer
//! gets. A bar code is given as its text, as in a plain text.

pub(crate) mod font;

use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use qrcodegen::{QrCode, QrCodeEcc};
use trivet_paper::{Align, Bitmap, Line, PictureId, Piece, Style, width_of};

use font::Face;
pub(super) use font::Fonts;

const POINTS_PER_MM: f32 = 72.0 / 25.4;
const PAGE_WIDTH: f32 = 80.0 * POINTS_PER_MM;
const MARGIN: f32 = 4.0 * POINTS_PER_MM;
const WIDTH: f32 = PAGE_WIDTH - 2.0 * MARGIN;
/// A dot of a printer with 203 dots an inch.
const DOT: f32 = 72.0 / 203.0;
/// Of the font's size.
const LEADING: f32 = 1.2;
/// A page may be 14,400 points high (ISO 32000-1, annex C.2).
const MAX_PAGE: f32 = 14_000.0;

/// None if the fonts do not read.
pub(super) fn write<'a>(
    lines: &[Line],
    columns: usize,
    fonts: &'a Fonts,
    title: &str,
    language: &str,
    picture: impl Fn(PictureId) -> Option<&'a Bitmap>,
) -> Option<Vec<u8>> {
    let faces = [Face::of(&fonts.regular)?, Face::of(&fonts.bold)?];
    let cell = WIDTH / columns.max(1) as f32;
    let size = cell * 1_000.0 / faces.first()?.advance();
    let mut writer = Writer { faces, cell, size, pictures: Vec::new(), picture };
    let pages: Vec<(Vec<u8>, f32)> = writer.pages_of(lines).into_iter().map(|page| writer.draw(page)).collect();
    Some(writer.finish(pages, title, language))
}

struct Writer<'a, P> {
    /// Regular and bold.
    faces: [Face<'a>; 2],
    /// The width of a character.
    cell: f32,
    /// The font's size.
    size: f32,
    /// Those on the pages, by their place.
    pictures: Vec<(PictureId, &'a Bitmap)>,
    picture: P,
}

impl<'a, P: Fn(PictureId) -> Option<&'a Bitmap>> Writer<'a, P> {
    fn pages_of<'l>(&self, lines: &'l [Line]) -> Vec<&'l [Line]> {
        let mut height = 0.0;
        let breaks = |line: &Line| {
            height += self.height(line);
            let full = height > MAX_PAGE;
            if full {
                height = self.height(line);
            }
            full
        };
        let starts: Vec<usize> =
            lines.iter().map(breaks).enumerate().filter_map(|(at, full)| full.then_some(at)).collect();
        let from = std::iter::once(0).chain(starts.iter().copied());
        let to = starts.iter().copied().chain([lines.len()]);
        from.zip(to).filter_map(|(from, to)| lines.get(from..to)).collect()
    }

    fn height(&self, line: &Line) -> f32 {
        let row = self.size * LEADING;
        match line {
            Line::Text { style, .. } => row * f32::from(style.tall.clamp(1, 8)),
            Line::Feed(count) => row * f32::from(*count),
            Line::Barcode { .. } => row,
            Line::Picture(id) => (self.picture)(*id).map_or(0.0, |bitmap| picture_size(bitmap).1),
            Line::Qr { data, module } => qr(data).map_or(row, |code| qr_size(&code, *module)),
            Line::Cut | Line::Buzz => 0.0,
        }
    }

    fn draw(&mut self, lines: &[Line]) -> (Vec<u8>, f32) {
        let height = lines.iter().map(|line| self.height(line)).sum::<f32>() + 2.0 * MARGIN;
        let mut content = Content::new();
        let mut top = height - MARGIN;
        for line in lines {
            let below = top - self.height(line);
            match line {
                Line::Text { pieces, style, .. } => self.text(&mut content, pieces, *style, top, below),
                Line::Barcode { data, .. } => self.centred(&mut content, data, top, below),
                Line::Picture(id) => self.place(&mut content, *id, below),
                Line::Qr { data, module } => match qr(data) {
                    Some(code) => draw_qr(&mut content, &code, *module, top),
                    None => self.centred(&mut content, data, top, below),
                },
                Line::Feed(_) | Line::Cut | Line::Buzz => {}
            }
            top = below;
        }
        (content.finish().to_vec(), height)
    }

    fn centred(&mut self, content: &mut Content, text: &str, top: f32, below: f32) {
        let width = (WIDTH / self.cell) as usize;
        let piece = Piece { at: 0, width, text: trivet_paper::sanitise(text).into_owned(), align: Align::Centre };
        self.text(content, &[piece], Style::NORMAL, top, below);
    }

    fn text(&mut self, content: &mut Content, pieces: &[Piece], style: Style, top: f32, below: f32) {
        if style.reversed {
            content.set_fill_gray(0.0).rect(MARGIN, below, WIDTH, top - below).fill_nonzero();
        }
        let (wide, tall) = (f32::from(style.wide.clamp(1, 8)), f32::from(style.tall.clamp(1, 8)));
        let Some(face) = self.faces.get_mut(usize::from(style.bold)) else { return };
        let size = self.size * tall;
        let baseline = face.baseline(top, below, size);
        content.set_fill_gray(if style.reversed { 1.0 } else { 0.0 });
        for piece in pieces.iter().filter(|piece| !piece.text.is_empty()) {
            let room = piece.width.saturating_sub(width_of(&piece.text));
            let before = match piece.align {
                Align::Left => 0.0,
                Align::Centre => room as f32 / 2.0,
                Align::Right => room as f32,
            };
            let left = MARGIN + (piece.at as f32 + before) * self.cell * wide;
            let glyphs = face.encode(&piece.text);
            content.begin_text().set_font(Name(if style.bold { b"B" } else { b"R" }), size);
            content.set_horizontal_scaling(100.0 * wide / tall).next_line(left, baseline);
            content.show(Str(&glyphs)).end_text();
        }
    }

    fn place(&mut self, content: &mut Content, id: PictureId, below: f32) {
        let Some(bitmap) = (self.picture)(id) else { return };
        let (width, height) = picture_size(bitmap);
        let place = self.pictures.iter().position(|(known, _)| *known == id).unwrap_or_else(|| {
            self.pictures.push((id, bitmap));
            self.pictures.len() - 1
        });
        content.save_state().transform([width, 0.0, 0.0, height, (PAGE_WIDTH - width) / 2.0, below]);
        content.x_object(Name(picture_name(place).as_bytes())).restore_state();
    }

    fn finish(self, pages: Vec<(Vec<u8>, f32)>, title: &str, language: &str) -> Vec<u8> {
        let mut last = 0;
        let mut next = || {
            last += 1;
            Ref::new(last)
        };
        let (catalog, tree, info) = (next(), next(), next());
        let mut pdf = Pdf::new();
        pdf.catalog(catalog).pages(tree).lang(TextStr(language));
        pdf.document_info(info).title(TextStr(title));
        let fonts: Vec<(&[u8], Ref)> = [b"R", b"B"].into_iter().map(|name| (name.as_slice(), next())).collect();
        for (face, (_, font)) in self.faces.iter().zip(&fonts) {
            face.write(&mut pdf, *font, [next(), next(), next(), next()]);
        }
        let mut pictures: Vec<(String, Ref)> = Vec::new();
        for (place, (_, bitmap)) in self.pictures.iter().enumerate() {
            let id = next();
            let mut image = pdf.image_xobject(id, &bitmap.packed);
            image.width(bitmap.width.into()).height(bitmap.height().into()).bits_per_component(1);
            // Black is 1 in ours.
            image.color_space().device_gray();
            image.decode([1.0, 0.0]);
            image.finish();
            pictures.push((picture_name(place), id));
        }
        let places: Vec<(Ref, Ref)> = pages.iter().map(|_| (next(), next())).collect();
        pdf.pages(tree).kids(places.iter().map(|(page, _)| *page)).count(i32::try_from(pages.len()).unwrap_or(1));
        for ((content, height), (page_id, content_id)) in pages.iter().zip(places) {
            let mut page = pdf.page(page_id);
            page.parent(tree).contents(content_id).media_box(Rect::new(0.0, 0.0, PAGE_WIDTH, *height));
            let mut resources = page.resources();
            resources.fonts().pairs(fonts.iter().map(|(name, font)| (Name(name), *font)));
            resources.x_objects().pairs(pictures.iter().map(|(name, id)| (Name(name.as_bytes()), *id)));
            resources.finish();
            page.finish();
            pdf.stream(content_id, content);
        }
        pdf.finish()
    }
}

fn picture_name(place: usize) -> String {
    format!("P{place}")
}

/// In points; a picture that is too wide is made smaller.
fn picture_size(bitmap: &Bitmap) -> (f32, f32) {
    let (width, height) = (f32::from(bitmap.width) * DOT, f32::from(bitmap.height()) * DOT);
    let scale = (WIDTH / width.max(1.0)).min(1.0);
    (width * scale, height * scale)
}

fn qr(data: &str) -> Option<QrCode> {
    QrCode::encode_text(data, QrCodeEcc::Medium).ok()
}

/// With four modules of white around it (ISO/IEC 18004).
fn qr_size(code: &QrCode, module: u8) -> f32 {
    (code.size() + 8) as f32 * qr_module(code, module)
}

fn qr_module(code: &QrCode, module: u8) -> f32 {
    (f32::from(module) * DOT).min(WIDTH / (code.size() + 8) as f32)
}

fn draw_qr(content: &mut Content, code: &QrCode, module: u8, top: f32) {
    let side = qr_module(code, module);
    let left = (PAGE_WIDTH - qr_size(code, module)) / 2.0;
    content.set_fill_gray(0.0);
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            content.rect(left + (x + 4) as f32 * side, top - (y + 5) as f32 * side, side, side);
        }
    }
    content.fill_nonzero();
}

#[cfg(test)]
mod tests {
    use super::*;
    use trivet_paper::{Paper, layout};

    fn pdf(paper: &Paper, picture: Option<&Bitmap>) -> String {
        let fonts = Fonts::load().expect("DejaVu Sans Mono is installed (Debian: fonts-dejavu-core)");
        let bytes = write(&layout(paper, 42), 42, &fonts, "Receipt A1", "fi", |_| picture).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[test]
    fn a_page_is_as_high_as_its_lines_and_a_long_paper_has_several() {
        let mut paper = Paper::default();
        for _ in 0..3_000 {
            paper.text("Käpylä 刺身", Style::NORMAL);
        }
        let text = pdf(&paper, None);
        assert!(text.starts_with("%PDF-1.7") && text.contains("/Count 3"), "{}", text.len());
        assert!(text.contains("/FontFile2") && text.contains("/ToUnicode"));
        assert!(text.contains("/DW 602\n"), "readers pass over a width with a fraction");
    }

    #[test]
    fn pictures_and_codes() {
        let mut paper = Paper::default();
        paper.blocks.push(trivet_paper::Block::Picture(PictureId([1; 32])));
        paper.blocks.push(trivet_paper::Block::Qr { data: "https://trivet.example/r/1".into(), module: 6 });
        let text = pdf(&paper, Some(&Bitmap::new(384, 100)));
        assert!(text.contains("/P0 ") && text.contains("/Width 384") && text.contains("/Height 100"));
    }
}
