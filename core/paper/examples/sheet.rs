//! Draws a paper of many scripts as the printer would get it, to look at: `cargo run -p trivet-paper --example sheet
//! -- sheet.png [dots a dot]`.
#![expect(clippy::disallowed_methods, reason = "a programme that reads fonts and writes a file")]

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;

use trivet_paper::raster::{Dither, FONT_FILES, FontFile, Fonts, Grey, Grid, barcode, draw_line, qr};
use trivet_paper::{Align, Bitmap, Cell, Line, Paper, Style, Symbology, layout};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let out = PathBuf::from(arguments.next().unwrap_or_else(|| "sheet.png".to_owned()));
    let zoom = arguments.next().map_or(Ok(1), |zoom| zoom.parse())?;
    let fonts = Fonts::new(FONT_FILES, |file: &FontFile| std::fs::read(file.path).ok());
    let mut rows = Vec::new();
    for line in layout(&paper(), 48) {
        let pictures = match &line {
            Line::Text { .. } => vec![draw_line(&fonts, &line, Grid::WIDE).bitmap, Bitmap::new(576, 6)],
            Line::Feed(count) => vec![Bitmap::new(576, u16::from(*count) * 30)],
            Line::Qr { data, module } => qr(data, *module, 4).into_iter().collect(),
            Line::Barcode { symbology, data, height } => vec![barcode(*symbology, data, *height, 2)?],
            Line::Picture(_) => vec![shades().dithered(Dither::FloydSteinberg)],
            Line::Cut | Line::Buzz => Vec::new(),
        };
        for bitmap in &pictures {
            rows.extend((0..bitmap.height()).map(|y| (0..576).map(|x| bitmap.is_black(x, y)).collect::<Vec<_>>()));
        }
    }
    write(&out, &rows, zoom)
}

fn paper() -> Paper {
    let mut paper = Paper::default();
    let cell = |text: &str, width, align| Cell { text: text.to_owned(), width, align };
    let texts = [
        "The quick brown fox, 0123456789 @ $ € £ [|] {gjpqy}",
        "2 x شاورما دجاج",
        "شاورما دجاج (حار) × 2",
        "بدون بصل، مع لبنة - لا إله آلاف الأطباق مُحَمَّد",
        "שווארמה בפיתה × 2 (בלי בצל) שָׁלוֹם",
        "2 x שניצל עם צ'יפס 12.50 ₪",
        "3 x 麻婆豆腐 / ラーメン",
        "寿司 かつ丼 鰻 饕餮 비빔밥 ① ￥1,200",
        "ต้มยำกุ้ง ผัดไทย น้ำ ปู่ กี่ ที่นี่",
        "2 x पनीर टिक्का मसाला, क्षत्रिय हिन्दी",
        "Crêpe ☕ 🍺 🔥 🌶 ⚠ ✔ 🍕 👩‍🍳 👍🏽 1️⃣ → 🥗 ❄ ★",
        "Ελληνική σαλάτα, Борщ українська ї є ґ",
        "Phở bò tái Trần Hưng Đạo ế ợ",
        "বিরিয়ানি ਪਨੀਰ ઢોકળા தோசை దోస ದೋಸೆ ദോശ කොත්තු",
        "ຕຳໝາກຫຸ່ງ မုန့်ဟင်းခါး ዶሮ ወጥ អាម៉ុក ხაჭაპური խորոված",
        "2 x چلوکباب کوبیده، دوغ ٣ ۴",
        "none has them: 𓀀 ꡀ",
    ];
    for text in texts {
        paper.text(text, Style::NORMAL);
    }
    paper.rule().columns("2 x شاورما دجاج", "24.00", Style::NORMAL).columns("كباب", "1,124.00", Style::NORMAL);
    for (count, name, price) in
        [("2", "刺身盛り合わせ", "48.00"), ("10", "ชาเย็น", "5.00"), ("1", "Tea ☕ سلطة فتوش بالرمان والنعناع", "4.50")]
    {
        let cells = vec![cell(count, 3, Align::Right), cell(name, 20, Align::Left), cell(price, 9, Align::Right)];
        paper.row(cells, Style::NORMAL);
    }
    let styles = [
        Style::LARGE,
        Style::TALL,
        Style { wide: 2, ..Style::NORMAL },
        Style::NORMAL.bold(),
        Style::NORMAL.reversed(),
        Style::LARGE.reversed().centred(),
    ];
    for style in styles {
        paper.text("شاورما 麻婆豆腐 ปี่ Été g", style);
    }
    paper.text("حساسية: فول سوداني", Style::LARGE.reversed());
    paper.blocks.push(trivet_paper::Block::Picture(trivet_paper::PictureId([0; 32])));
    paper.blocks.push(trivet_paper::Block::Qr { data: "https://example.org/r/7KQ2".to_owned(), module: 5 });
    for (symbology, data) in
        [(Symbology::Code128, "A12-00042"), (Symbology::Ean13, "5901234123457"), (Symbology::Code39, "TABLE 7")]
    {
        paper.blocks.push(trivet_paper::Block::Barcode { symbology, data: data.to_owned(), height: 60 });
        paper.feed(1);
    }
    paper
}

/// From black to white, with a hole.
fn shades() -> Grey {
    let shade = |at: u32| {
        let (x, y) = (at % 256, at / 256);
        if (x.abs_diff(128).pow(2) + y.abs_diff(40).pow(2)) < 900 { 255 } else { x as u8 }
    };
    let grey = Grey::new(256, 80, (0..256 * 80).map(shade).collect());
    grey.map(|grey| grey.scaled(576)).unwrap_or_else(|| unreachable!("a shade for every dot"))
}

fn write(out: &PathBuf, rows: &[Vec<bool>], zoom: usize) -> Result<(), Box<dyn std::error::Error>> {
    let width = rows.first().map_or(0, Vec::len) * zoom;
    let mut encoder = png::Encoder::new(BufWriter::new(File::create(out)?), width as u32, (rows.len() * zoom) as u32);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header()?;
    let shade = |black: &bool| if *black { 0 } else { 255 };
    let zoomed =
        |row: &Vec<bool>| row.iter().flat_map(|dot| std::iter::repeat_n(shade(dot), zoom)).collect::<Vec<u8>>();
    let samples: Vec<u8> = rows.iter().flat_map(|row| zoomed(row).repeat(zoom)).collect();
    writer.write_image_data(&samples)?;
    Ok(())
}
