//! Lines as they come out on paper, with the fonts of [`FONT_FILES`].

use std::sync::{Arc, LazyLock, Mutex};

use proptest::prelude::*;

use super::{Drawn, FONT_FILES, FontFile, Fonts, Grid, draw_line};
use crate::block::{Align, Bitmap, Style};
use crate::layout::{Line, Piece};

static FONTS: LazyLock<Fonts> = LazyLock::new(|| Fonts::new(FONT_FILES, read));

#[expect(clippy::disallowed_methods, reason = "who uses the crate reads the fonts; here that is the tests")]
fn read(file: &FontFile) -> Option<Vec<u8>> {
    match std::fs::read(file.path) {
        Ok(bytes) => Some(bytes),
        Err(error) => panic!("{}: {error}; install the Debian package {}", file.path, file.package),
    }
}

fn line(pieces: &[(usize, usize, &str, Align)], style: Style) -> Line {
    let piece = |(at, width, text, align): &(usize, usize, &str, Align)| Piece {
        at: *at,
        width: *width,
        text: (*text).to_owned(),
        align: *align,
    };
    Line::Text { pieces: pieces.iter().map(piece).collect(), style, width: 48 / usize::from(style.wide) }
}

fn styled(text: &str, style: Style) -> Drawn {
    draw_line(&FONTS, &line(&[(0, 48 / usize::from(style.wide), text, style.align)], style), Grid::WIDE)
}

fn drawn(text: &str) -> Bitmap {
    let drawn = styled(text, Style::NORMAL);
    assert_eq!(drawn.missing, [], "{text}");
    drawn.bitmap
}

fn black(bitmap: &Bitmap) -> u32 {
    bitmap.packed.iter().map(|byte| byte.count_ones()).sum()
}

/// The first and the last column with ink.
fn extent(bitmap: &Bitmap) -> Option<(u16, u16)> {
    let inked = |x: &u16| (0..bitmap.height()).any(|y| bitmap.is_black(*x, y));
    Some(((0..bitmap.width).find(inked)?, (0..bitmap.width).rev().find(inked)?))
}

/// How many marks of ink do not touch each other.
fn marks(bitmap: &Bitmap) -> usize {
    let (width, height) = (i32::from(bitmap.width), i32::from(bitmap.height()));
    let is_black = |x: i32, y: i32| x >= 0 && y >= 0 && bitmap.is_black(x as u16, y as u16);
    let mut seen = vec![false; (width * height) as usize];
    let mut marks = 0;
    for at in 0..width * height {
        let mut todo = vec![(at % width, at / width)];
        let mut found = false;
        while let Some((x, y)) = todo.pop() {
            if is_black(x, y) && !std::mem::replace(&mut seen[(y * width + x) as usize], true) {
                found = true;
                todo.extend((-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (x + dx, y + dy))));
            }
        }
        marks += usize::from(found);
    }
    marks
}

#[test]
fn every_font_draws_its_script() {
    let samples = [
        ("DejaVuSansMono", "Crêpe Œufs Ελλάδα Борщ 12.50 €"),
        ("DejaVuSans", "Phở Trần ế խորոված ხაჭაპური"),
        ("Arabic", "شاورما دجاج، چلوکباب ٣"),
        ("Hebrew", "שווארמה שָׁלוֹם"),
        ("Thai", "ต้มยำกุ้ง"),
        ("Devanagari", "पनीर टिक्का क्षत्रिय"),
        ("Bengali", "বিরিয়ানি"),
        ("Gurmukhi", "ਪਨੀਰ"),
        ("Gujarati", "ઢોકળા"),
        ("Tamil", "தோசை"),
        ("Telugu", "దోస"),
        ("Kannada", "ದೋಸೆ"),
        ("Malayalam", "ദോശ"),
        ("Sinhala", "කොත්තු"),
        ("Lao", "ຕຳໝາກຫຸ່ງ"),
        ("Myanmar", "မုန့်ဟင်းခါး"),
        ("Ethiopic", "ዶሮ ወጥ"),
        ("Khmer", "អាម៉ុក"),
        ("CJK", "麻婆豆腐 ラーメン 비빔밥 ￥"),
        ("Symbola", "☕ 🍺 🔥 🌶️ 🥗 🍕 ⚠️ 👩‍🍳 👍🏽 1️⃣"),
    ];
    assert_eq!(samples.len(), FONT_FILES.len());
    for ((name, sample), file) in samples.into_iter().zip(FONT_FILES) {
        assert!(file.path.contains(name), "{name} {}", file.path);
        assert!(black(&drawn(sample)) > 100, "{sample}");
    }
}

#[test]
fn letters_join() {
    assert_eq!(marks(&drawn("سلس")), 1);
    assert_eq!(marks(&drawn("س\u{200c}ل\u{200c}س")), 3, "kept apart");
    assert_eq!(marks(&drawn("لا")), 1, "lam and alef are one");
    assert_eq!(marks(&drawn("पलक")), 1, "hang from one line");
}

#[test]
fn marks_stand_on_their_letters() {
    assert_eq!(drawn("e\u{301}te\u{301}"), drawn("été"));
    let (plain, marked) = (drawn("ก"), drawn("กี่"));
    let right = |bitmap: &Bitmap| extent(bitmap).unwrap().1;
    assert!(right(&marked) <= right(&plain) + 2, "above, not beside");
    assert!(black(&marked) > black(&plain));
    assert!(drawn("ปู่").height() > 24, "a tall letter is not cut off");
}

#[test]
fn direction_is_that_of_the_text() {
    let from = |text: &str| extent(&drawn(text)).unwrap();
    let (start, end) = from("שלום");
    assert!(start > 400 && end > 570, "{start} {end}");
    assert!(from("2 x שלום").0 < 12);
    // Right to left, the number goes to the left; and a bracket opens towards what it holds.
    let lone = |bitmap: &Bitmap, x: u16| {
        (0..12).map(|dx| (0..24).filter(|y| bitmap.is_black(x + dx, *y)).count()).collect::<Vec<_>>()
    };
    let (left, right) = (drawn("שלום 7"), drawn("7"));
    let seven = lone(&right, 0);
    let start = from("שלום 7").0;
    assert_eq!(lone(&left, start - from("7").0), seven);
    assert_eq!(lone(&drawn("א)"), from("א)").0 - from("(").0), lone(&drawn("("), 0));
}

#[test]
fn a_piece_begins_where_its_column_does() {
    let pieces = [(4, 20, "كباب", Align::Left), (38, 10, "24.00", Align::Right)];
    let bitmap = draw_line(&FONTS, &line(&pieces, Style::NORMAL), Grid::WIDE).bitmap;
    let (start, end) = extent(&bitmap).unwrap();
    assert!((48..54).contains(&start), "{start}");
    assert!((570..576).contains(&end), "{end}");
    let price = draw_line(&FONTS, &line(&pieces[1..], Style::NORMAL), Grid::WIDE).bitmap;
    assert!(extent(&price).unwrap().0 >= 43 * 12, "a character is as wide as the printer's");
}

#[test]
fn characters_keep_to_their_cells() {
    let bitmap = drawn(&"M".repeat(48));
    let column = |x: u16| (0..bitmap.height()).map(|y| bitmap.is_black(x, y)).collect::<Vec<_>>();
    assert!((12..576).all(|x| column(x) == column(x % 12)));
    let (start, end) = extent(&drawn("麻豆")).unwrap();
    assert!(start < 4 && (40..48).contains(&end), "an ideograph has two: {start} {end}");
}

#[test]
fn what_no_font_has_is_a_box_and_told() {
    let drawn = styled("A 𓀀ꡀ𓀀", Style::NORMAL);
    assert_eq!(drawn.missing, ['ꡀ', '𓀀']);
    assert_eq!(marks(&drawn.bitmap), 4);
    let none =
        draw_line(&Fonts::new(FONT_FILES, |_| None), &line(&[(0, 48, "ab c", Align::Left)], Style::NORMAL), Grid::WIDE);
    assert_eq!((none.missing.as_slice(), marks(&none.bitmap)), (['a', 'b', 'c'].as_slice(), 3));
}

#[test]
fn large_is_drawn_large() {
    let text = "Sé شاورما";
    let (small, large) =
        (styled(text, Style::NORMAL).bitmap, styled(text, Style { bold: false, ..Style::LARGE }).bitmap);
    assert!(large.height() >= 48);
    let doubled = |x: u16, y: u16| small.is_black(x / 2, y / 2);
    let differs = (0..48).any(|y| (0..576).any(|x| large.is_black(x, y) != doubled(x, y)));
    assert!(differs, "curves are as fine as the paper's dots");
    let width = |bitmap: &Bitmap| extent(bitmap).map(|(start, end)| end - start).unwrap();
    assert!(width(&large).abs_diff(2 * width(&small)) < 12);
    assert!(width(&styled(text, Style::TALL).bitmap).abs_diff(width(&small)) < 12);
}

#[test]
fn bold_and_reversed() {
    let plain = styled("Nüsse فول", Style::NORMAL).bitmap;
    assert!(black(&styled("Nüsse فول", Style::NORMAL.bold()).bitmap) > black(&plain) * 5 / 4);
    let reversed = styled("Nüsse فول", Style::NORMAL.reversed()).bitmap;
    let edges = (0..reversed.height()).map(|y| (0, y)).chain((0..576).map(|x| (x, 0)));
    assert!(edges.chain((0..576).map(|x| (x, reversed.height() - 1))).all(|(x, y)| reversed.is_black(x, y)));
    assert!(black(&reversed) < 576 * u32::from(reversed.height()) - black(&plain));
    assert_eq!(black(&styled("", Style::NORMAL.reversed()).bitmap), 576 * 24);
    assert_eq!(draw_line(&FONTS, &Line::Cut, Grid::WIDE).bitmap.height(), 0);
}

#[test]
fn a_font_is_read_when_a_text_needs_it() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let fonts = Fonts::new(FONT_FILES, move |file| {
        log.lock().unwrap().push(file.path.rsplit_once('/').unwrap().1);
        read(file)
    });
    let draw = |text: &str| {
        draw_line(&fonts, &line(&[(0, 48, text, Align::Left)], Style::NORMAL), Grid::WIDE);
        std::mem::take(&mut *asked.lock().unwrap())
    };
    assert_eq!(draw("2 x Tea"), ["DejaVuSansMono.ttf"]);
    assert_eq!(draw("2 x שלום"), ["NotoSansHebrew-Regular.ttf"]);
    assert_eq!(draw("Tea שלום"), [""; 0]);
    fonts.release();
    assert_eq!(draw("Tea"), ["DejaVuSansMono.ttf"]);
}

fn dish() -> impl Strategy<Value = String> {
    let words =
        ["Crêpe", "شاورما", "دجاج", "שווארמה", "麻婆豆腐", "ラーメン", "ต้มยำกุ้ง", "पनीर", "🔥", "2", "(x)", "մածուն"];
    prop::collection::vec(prop::sample::select(words.to_vec()), 1..9).prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn text_that_is_too_wide_stays_in_its_place(text in dish(), at in 2usize..20, width in 8usize..20, right: bool) {
        let align = if right { Align::Right } else { Align::Left };
        let bitmap = draw_line(&FONTS, &line(&[(at, width, &text, align)], Style::NORMAL), Grid::WIDE).bitmap;
        let (start, end) = extent(&bitmap).unwrap();
        // A stroke may lean over by a little.
        prop_assert!(usize::from(start) + 4 > at * 12 && usize::from(end) < (at + width) * 12 + 4, "{start} {end}");
    }

    #[test]
    fn any_text_is_drawn(
        text in ".{0,40}", style in (0u8..10, 0u8..10, any::<bool>(), any::<bool>()), at in 0usize..60,
        (dots, cell_width, cell_height) in (0u16..900, 0u16..20, 0u16..40),
    ) {
        let (wide, tall, bold, reversed) = style;
        let style = Style { bold, reversed, wide, tall, align: Align::Centre };
        let pieces = vec![Piece { at, width: 20, text, align: Align::Centre }];
        let line = Line::Text { pieces, style, width: 20 };
        let bitmap = draw_line(&FONTS, &line, Grid { dots, cell_width, cell_height }).bitmap;
        let height = cell_height.max(1) * u16::from(tall.clamp(1, 8));
        prop_assert_eq!(bitmap.width, dots);
        prop_assert!(dots == 0 || (height..=2 * height).contains(&bitmap.height()));
    }
}
