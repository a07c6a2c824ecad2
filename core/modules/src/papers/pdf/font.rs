//! The fonts of a PDF: DejaVu as it is installed, cut down to the glyphs that are used. Papers are set in its
//! monospaced face, reports in the other.

use std::collections::BTreeMap;

use miniz_oxide::deflate::compress_to_vec_zlib;
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::writers::FontDescriptor;
use pdf_writer::{Filter, Finish, Name, Pdf, Rect, Ref, Str};
use subsetter::GlyphRemapper;

/// Where distributions put it: Debian, Fedora, Arch.
const FOLDERS: [&str; 3] =
    ["/usr/share/fonts/truetype/dejavu", "/usr/share/fonts/dejavu-sans-mono-fonts", "/usr/share/fonts/TTF"];

const SYSTEM: SystemInfo<'static> = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

pub(crate) struct Fonts {
    pub(crate) regular: Vec<u8>,
    pub(crate) bold: Vec<u8>,
}

impl Fonts {
    /// None if the font is not installed.
    pub(crate) fn load() -> Option<Fonts> {
        Fonts::read("DejaVuSansMono")
    }

    /// For reports. None if it is not installed.
    pub(crate) fn proportional() -> Option<Fonts> {
        Fonts::read("DejaVuSans")
    }

    fn read(family: &str) -> Option<Fonts> {
        let read = |name: &str| FOLDERS.iter().find_map(|folder| std::fs::read(format!("{folder}/{name}.ttf")).ok());
        let regular = read(family)?;
        let bold = read(&format!("{family}-Bold")).unwrap_or_else(|| regular.clone());
        Some(Fonts { regular, bold })
    }
}

/// A face and which of its glyphs are used.
pub(crate) struct Face<'a> {
    data: &'a [u8],
    face: ttf_parser::Face<'a>,
    used: GlyphRemapper,
    /// What the used glyphs stand for, by their number in the subset.
    meaning: BTreeMap<u16, char>,
    /// Their widths in thousandths of the size; empty for a monospaced face.
    widths: BTreeMap<u16, f32>,
    /// Characters that the font has not.
    pub(crate) missing: u64,
}

impl<'a> Face<'a> {
    pub(crate) fn of(data: &'a [u8]) -> Option<Face<'a>> {
        let face = ttf_parser::Face::parse(data, 0).ok()?;
        let (meaning, widths) = (BTreeMap::new(), BTreeMap::new());
        Some(Face { data, face, used: GlyphRemapper::new(), meaning, widths, missing: 0 })
    }

    /// Six letters before the name mark a subset (ISO 32000-1, 9.6.4).
    fn name(&self) -> &'static [u8] {
        match (self.face.is_monospaced(), self.face.is_bold()) {
            (true, true) => b"TRIVET+DejaVuSansMono-Bold",
            (true, false) => b"TRIVET+DejaVuSansMono",
            (false, true) => b"TRIVET+DejaVuSans-Bold",
            (false, false) => b"TRIVET+DejaVuSans",
        }
    }

    /// Of every character, in thousandths of the font's size: whole ones, as a default width must be.
    pub(crate) fn advance(&self) -> f32 {
        let zero = self.face.glyph_index('0').and_then(|glyph| self.face.glyph_hor_advance(glyph));
        (self.em(zero.map_or(600.0, f32::from)) * 1_000.0).round()
    }

    fn em(&self, units: f32) -> f32 {
        units / f32::from(self.face.units_per_em().max(1))
    }

    /// Where letters stand in a line between two heights.
    pub(crate) fn baseline(&self, top: f32, below: f32, size: f32) -> f32 {
        let ascent = self.em(self.face.ascender().into()) * size;
        let descent = self.em(self.face.descender().into()) * size;
        (top + below - ascent - descent) / 2.0
    }

    /// The text as glyph numbers of two bytes. A character that the font lacks is its empty box.
    pub(crate) fn encode(&mut self, text: &str) -> Vec<u8> {
        let mut glyphs = Vec::with_capacity(text.len() * 2);
        for character in text.chars() {
            let glyph = self.face.glyph_index(character).map_or(0, |glyph| glyph.0);
            let own = self.used.remap(glyph);
            if glyph != 0 {
                self.meaning.entry(own).or_insert(character);
            } else {
                self.missing += 1;
            }
            if !self.face.is_monospaced() {
                self.widths.entry(own).or_insert_with(|| {
                    let advance = self.face.glyph_hor_advance(ttf_parser::GlyphId(glyph)).unwrap_or(0);
                    (f32::from(advance) / f32::from(self.face.units_per_em().max(1)) * 1_000.0).round()
                });
            }
            glyphs.extend(own.to_be_bytes());
        }
        glyphs
    }

    /// How wide a text is at a size.
    pub(crate) fn width(&self, text: &str, size: f32) -> f32 {
        let advance = |character: char| {
            let glyph = self.face.glyph_index(character).unwrap_or_default();
            f32::from(self.face.glyph_hor_advance(glyph).unwrap_or(0))
        };
        self.em(text.chars().map(advance).sum()) * size
    }

    fn subset(&self) -> Option<Vec<u8>> {
        subsetter::subset(self.data, 0, &self.used).ok()
    }

    /// From glyphs back to text, for whoever copies or searches it.
    fn unicode(&self) -> Vec<u8> {
        let mut map = UnicodeCmap::new(Name(b"Custom"), SYSTEM);
        for (glyph, character) in &self.meaning {
            map.pair(*glyph, *character);
        }
        map.finish().to_vec()
    }

    fn describe(&self, mut descriptor: FontDescriptor<'_>, file: Ref) {
        let thousandth = |units: i16| self.em(f32::from(units)) * 1_000.0;
        let bounds = self.face.global_bounding_box();
        descriptor
            .name(Name(self.name()))
            .flags(if self.face.is_monospaced() {
                FontFlags::FIXED_PITCH | FontFlags::SYMBOLIC
            } else {
                FontFlags::SYMBOLIC
            })
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

    /// Embeds what was used of the font, under the name `font`.
    pub(crate) fn write(&self, pdf: &mut Pdf, font: Ref, [cid, descriptor, file, unicode]: [Ref; 4]) {
        let Some(subset) = self.subset() else { return };
        let name = Name(self.name());
        pdf.type0_font(font)
            .base_font(name)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(cid)
            .to_unicode(unicode);
        let mut of = pdf.cid_font(cid);
        of.subtype(CidFontType::Type2)
            .base_font(name)
            .system_info(SYSTEM)
            .font_descriptor(descriptor)
            .default_width(self.advance())
            .cid_to_gid_map_predefined(Name(b"Identity"));
        if !self.widths.is_empty() {
            let mut widths = of.widths();
            for (glyph, width) in &self.widths {
                widths.consecutive(*glyph, [*width]);
            }
            widths.finish();
        }
        of.finish();
        self.describe(pdf.font_descriptor(descriptor), file);
        pdf.cmap(unicode, &self.unicode());
        let packed = compress_to_vec_zlib(&subset, 6);
        pdf.stream(file, &packed)
            .filter(Filter::FlateDecode)
            .pair(Name(b"Length1"), i32::try_from(subset.len()).unwrap_or_default());
    }
}
