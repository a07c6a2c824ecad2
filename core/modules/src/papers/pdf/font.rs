//! The font of a PDF: DejaVu Sans Mono as it is installed, cut down to the glyphs that a paper uses.

use std::collections::BTreeMap;

use pdf_writer::types::{FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::writers::FontDescriptor;
use pdf_writer::{Name, Rect, Ref, Str};
use subsetter::GlyphRemapper;

/// Where distributions put it: Debian, Fedora, Arch.
const FOLDERS: [&str; 3] =
    ["/usr/share/fonts/truetype/dejavu", "/usr/share/fonts/dejavu-sans-mono-fonts", "/usr/share/fonts/TTF"];

pub(super) const SYSTEM: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

pub(in crate::papers) struct Fonts {
    pub(super) regular: Vec<u8>,
    pub(super) bold: Vec<u8>,
}

impl Fonts {
    /// None if the font is not installed.
    pub(in crate::papers) fn load() -> Option<Fonts> {
        let read = |name: &str| FOLDERS.iter().find_map(|folder| std::fs::read(format!("{folder}/{name}")).ok());
        let regular = read("DejaVuSansMono.ttf")?;
        let bold = read("DejaVuSansMono-Bold.ttf").unwrap_or_else(|| regular.clone());
        Some(Fonts { regular, bold })
    }
}

/// A face and which of its glyphs are used.
pub(super) struct Face<'a> {
    data: &'a [u8],
    face: ttf_parser::Face<'a>,
    used: GlyphRemapper,
    /// What the used glyphs stand for, by their number in the subset.
    meaning: BTreeMap<u16, char>,
}

impl<'a> Face<'a> {
    pub(super) fn of(data: &'a [u8]) -> Option<Face<'a>> {
        let face = ttf_parser::Face::parse(data, 0).ok()?;
        Some(Face { data, face, used: GlyphRemapper::new(), meaning: BTreeMap::new() })
    }

    /// Six letters before the name mark a subset (ISO 32000-1, 9.6.4).
    pub(super) fn name(&self) -> &'static [u8] {
        if self.face.is_bold() { b"TRIVET+DejaVuSansMono-Bold" } else { b"TRIVET+DejaVuSansMono" }
    }

    /// Of every character, in thousandths of the font's size: whole ones, as a default width must be.
    pub(super) fn advance(&self) -> f32 {
        let zero = self.face.glyph_index('0').and_then(|glyph| self.face.glyph_hor_advance(glyph));
        (self.em(zero.map_or(600.0, f32::from)) * 1_000.0).round()
    }

    fn em(&self, units: f32) -> f32 {
        units / f32::from(self.face.units_per_em().max(1))
    }

    /// Where letters stand in a line between two heights.
    pub(super) fn baseline(&self, top: f32, below: f32, size: f32) -> f32 {
        let ascent = self.em(self.face.ascender().into()) * size;
        let descent = self.em(self.face.descender().into()) * size;
        (top + below - ascent - descent) / 2.0
    }

    /// The text as glyph numbers of two bytes. A character that the font lacks is its empty box.
    pub(super) fn encode(&mut self, text: &str) -> Vec<u8> {
        let mut glyphs = Vec::with_capacity(text.len() * 2);
        for character in text.chars() {
            let glyph = self.face.glyph_index(character).map_or(0, |glyph| glyph.0);
            let own = self.used.remap(glyph);
            if glyph != 0 {
                self.meaning.entry(own).or_insert(character);
            }
            glyphs.extend(own.to_be_bytes());
        }
        glyphs
    }

    pub(super) fn subset(&self) -> Option<Vec<u8>> {
        subsetter::subset(self.data, 0, &self.used).ok()
    }

    /// From glyphs back to text, for whoever copies or searches it.
    pub(super) fn unicode(&self) -> Vec<u8> {
        let mut map = UnicodeCmap::new(Name(b"Custom"), SYSTEM);
        for (glyph, character) in &self.meaning {
            map.pair(*glyph, *character);
        }
        map.finish().to_vec()
    }

    pub(super) fn describe(&self, mut descriptor: FontDescriptor<'_>, file: Ref) {
        let thousandth = |units: i16| self.em(f32::from(units)) * 1_000.0;
        let bounds = self.face.global_bounding_box();
        descriptor
            .name(Name(self.name()))
            .flags(FontFlags::FIXED_PITCH | FontFlags::SYMBOLIC)
            .bbox(Rect::new(
                thousandth(bounds.x_min),
                thousandth(bounds.y_min),
                thousandth(bounds.x_max),
                thousandth(bounds.y_max),
            ))
            .italic_angle(0.0)
            .ascent(thousandth(self.face.ascender()))
            .descent(thousandth(self.face.descender()))
            .cap_height(thousandth(self.face.capital_height().unwrap_or(self.face.ascender())))
            .stem_v(if self.face.is_bold() { 140.0 } else { 80.0 })
            .font_file2(file);
    }
}
