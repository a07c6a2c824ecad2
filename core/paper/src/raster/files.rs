//! Which fonts draw which characters.

use std::ops::RangeInclusive;

/// A font and what it is asked for. The first of a list that covers a character and has it draws it.
#[derive(Clone, Debug)]
pub struct FontFile {
    /// The Debian package that brings it.
    pub package: &'static str,
    pub path: &'static str,
    /// Which font of a collection (.ttc).
    pub index: u32,
    /// Scripts that are shaped differently (Arabic, Hebrew) are files of their own, even where one font has both.
    pub covers: &'static [RangeInclusive<char>],
    /// The size of its em, in thousandths of the height of a cell.
    pub em: u16,
    /// How much of a dot a letter must cover to make it black, in hundredths: less than half where strokes are thin.
    pub covered: u8,
    pub pitch: Pitch,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pitch {
    /// Each character in its cells, two for an ideograph, as the printer itself would do it.
    Cells,
    /// As wide as the letters are.
    Proportional,
    /// The same, and letters touch: they are placed to a fraction of a dot, so that no gap opens between them.
    Joined,
}

const LATIN: &[RangeInclusive<char>] = &[
    '\u{20}'..='\u{58f}',
    '\u{10a0}'..='\u{10ff}',
    '\u{1d00}'..='\u{20cf}',
    '\u{2100}'..='\u{25ff}',
    '\u{fb00}'..='\u{fb17}',
];
const ARABIC: &[RangeInclusive<char>] = &[
    '\u{600}'..='\u{6ff}',
    '\u{750}'..='\u{77f}',
    '\u{8a0}'..='\u{8ff}',
    '\u{fb50}'..='\u{fdff}',
    '\u{fe70}'..='\u{fefc}',
];
const CJK: &[RangeInclusive<char>] = &[
    '\u{1100}'..='\u{11ff}',
    '\u{2e80}'..='\u{9fff}',
    '\u{a960}'..='\u{a97f}',
    '\u{ac00}'..='\u{d7ff}',
    '\u{f900}'..='\u{faff}',
    '\u{fe30}'..='\u{fe4f}',
    '\u{ff00}'..='\u{ffef}',
    '\u{20000}'..='\u{323af}',
];
const SYMBOLS: &[RangeInclusive<char>] = &[
    '#'..='9',
    '\u{a9}'..='\u{ae}',
    '\u{2000}'..='\u{2bff}',
    '\u{3030}'..='\u{303d}',
    '\u{3297}'..='\u{3299}',
    '\u{1f000}'..='\u{1faff}',
];

/// Latin, Greek, Cyrillic, Armenian, Georgian; Arabic, Hebrew; scripts of India, South-East Asia and Ethiopia; Chinese,
/// Japanese, Korean; symbols and emoji. The large one (20 MB) stands behind the small ones.
pub const FONT_FILES: &[FontFile] = &[
    // As wide as the printer's own characters: at an em of 20 dots each takes 12.
    dejavu("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"),
    dejavu("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"),
    noto("/usr/share/fonts/truetype/noto/NotoSansArabic-Regular.ttf", ARABIC, 1000, Pitch::Joined),
    noto(
        "/usr/share/fonts/truetype/noto/NotoSansHebrew-Regular.ttf",
        &['\u{591}'..='\u{5f4}', '\u{fb1d}'..='\u{fb4f}'],
        917,
        Pitch::Proportional,
    ),
    noto(
        "/usr/share/fonts/truetype/noto/NotoSansThai-Regular.ttf",
        &['\u{e01}'..='\u{e5b}'],
        1000,
        Pitch::Proportional,
    ),
    noto(
        "/usr/share/fonts/truetype/noto/NotoSansDevanagari-Regular.ttf",
        &['\u{900}'..='\u{97f}', '\u{1cd0}'..='\u{1cff}', '\u{a8e0}'..='\u{a8ff}'],
        917,
        Pitch::Joined,
    ),
    noto("/usr/share/fonts/truetype/noto/NotoSansBengali-Regular.ttf", &['\u{980}'..='\u{9ff}'], 917, Pitch::Joined),
    noto("/usr/share/fonts/truetype/noto/NotoSansGurmukhi-Regular.ttf", &['\u{a00}'..='\u{a7f}'], 917, Pitch::Joined),
    noto("/usr/share/fonts/truetype/noto/NotoSansGujarati-Regular.ttf", &['\u{a80}'..='\u{aff}'], 917, Pitch::Joined),
    noto("/usr/share/fonts/truetype/noto/NotoSansTamil-Regular.ttf", &['\u{b80}'..='\u{bff}'], 917, Pitch::Joined),
    noto("/usr/share/fonts/truetype/noto/NotoSansTelugu-Regular.ttf", &['\u{c00}'..='\u{c7f}'], 917, Pitch::Joined),
    noto("/usr/share/fonts/truetype/noto/NotoSansKannada-Regular.ttf", &['\u{c80}'..='\u{cff}'], 917, Pitch::Joined),
    noto("/usr/share/fonts/truetype/noto/NotoSansMalayalam-Regular.ttf", &['\u{d00}'..='\u{d7f}'], 917, Pitch::Joined),
    noto("/usr/share/fonts/truetype/noto/NotoSansSinhala-Regular.ttf", &['\u{d80}'..='\u{dff}'], 917, Pitch::Joined),
    noto("/usr/share/fonts/truetype/noto/NotoSansLao-Regular.ttf", &['\u{e80}'..='\u{eff}'], 1000, Pitch::Proportional),
    noto("/usr/share/fonts/truetype/noto/NotoSansMyanmar-Regular.ttf", &['\u{1000}'..='\u{109f}'], 1000, Pitch::Joined),
    noto(
        "/usr/share/fonts/truetype/noto/NotoSansEthiopic-Regular.ttf",
        &['\u{1200}'..='\u{139f}'],
        917,
        Pitch::Proportional,
    ),
    noto("/usr/share/fonts/truetype/noto/NotoSansKhmer-Regular.ttf", &['\u{1780}'..='\u{17ff}'], 1000, Pitch::Joined),
    FontFile {
        package: "fonts-noto-cjk",
        path: "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
        // Simplified Chinese where a text has no sign of Japanese or Korean.
        index: 2,
        covers: CJK,
        em: 1000,
        covered: 42,
        pitch: Pitch::Cells,
    },
    FontFile {
        package: "fonts-symbola",
        path: "/usr/share/fonts/truetype/ancient-scripts/Symbola_hint.ttf",
        index: 0,
        covers: SYMBOLS,
        em: 1000,
        covered: 25,
        pitch: Pitch::Cells,
    },
];

const fn dejavu(path: &'static str) -> FontFile {
    FontFile { package: "fonts-dejavu-core", path, index: 0, covers: LATIN, em: 833, covered: 45, pitch: Pitch::Cells }
}

const fn noto(path: &'static str, covers: &'static [RangeInclusive<char>], em: u16, pitch: Pitch) -> FontFile {
    FontFile { package: "fonts-noto-core", path, index: 0, covers, em, covered: 40, pitch }
}
