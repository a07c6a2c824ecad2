//! Papers that have everything we print.

use std::sync::{Arc, LazyLock};

use serde_json::{Value, json};
use trivet_drivers::printer::Art;
use trivet_paper::raster::{FONT_FILES, Fonts, Grid, draw_line};
use trivet_paper::{Align, Bitmap, Block, Cell, Line, Paper, PictureId, Style, Symbology};

pub(crate) struct Sample {
    pub(crate) name: &'static str,
    pub(crate) paper: Paper,
    pub(crate) cuts: usize,
    pub(crate) buzzes: bool,
    /// For the virtual printer alone.
    pub(crate) ours_only: bool,
    /// Kind, as the reader names it, and content.
    pub(crate) codes: Vec<Value>,
}

const LOGO: PictureId = PictureId([7; 32]);

/// One logo, and lines drawn with the fonts of the product.
pub(crate) struct ShopArt;

static FONTS: LazyLock<Fonts> = LazyLock::new(|| {
    Fonts::new(FONT_FILES, |file| match std::fs::read(file.path) {
        Ok(bytes) => Some(bytes),
        Err(error) => panic!("{}: {error}; install the Debian package {}", file.path, file.package),
    })
});

impl Art for ShopArt {
    fn picture(&self, id: &PictureId) -> Option<Arc<Bitmap>> {
        (*id == LOGO).then(|| Arc::new(logo()))
    }

    fn draw(&self, line: &Line, grid: Grid) -> Option<(Bitmap, Vec<char>)> {
        let drawn = draw_line(&FONTS, line, grid);
        Some((drawn.bitmap, drawn.missing))
    }
}

/// A ring on a chequered ground.
fn logo() -> Bitmap {
    let mut logo = Bitmap::new(200, 80);
    for x in 0..200u16 {
        for y in 0..80u16 {
            let from_middle = (i32::from(x) - 100).pow(2) + (i32::from(y) - 40).pow(2);
            if (900..1400).contains(&from_middle) || (x / 8 + y / 8) % 4 == 0 {
                logo.blacken(x, y);
            }
        }
    }
    logo
}

pub(crate) fn all() -> Vec<Sample> {
    vec![ticket(), receipt(), codes(), digits()]
}

pub(crate) fn ticket() -> Sample {
    let mut paper = Paper::default();
    paper.text("GRILL", Style::LARGE.centred());
    paper.columns("Table 7", "12:40", Style::TALL);
    paper.rule();
    paper.text("2 x Crème brûlée", Style::LARGE);
    paper.text("  no sugar – {really} ^~_\\", Style::NORMAL.bold());
    paper.text("ALLERGY: NUTS", Style { wide: 2, tall: 2, ..Style::NORMAL }.reversed());
    paper.text("1 x Żurek, 1 x Борщ", Style::NORMAL);
    paper.text("1 x شاورما دجاج", Style::LARGE);
    paper.text("3 x 麻婆豆腐", Style::TALL.bold());
    paper.text("2 x حمص", Style::NORMAL.reversed());
    paper.text("8 times as large", Style { wide: 8, tall: 8, ..Style::NORMAL });
    paper.blocks.push(Block::Buzz);
    paper.feed(2).cut();
    Sample { name: "ticket", paper, cuts: 1, buzzes: true, ours_only: false, codes: Vec::new() }
}

fn receipt() -> Sample {
    const LINK: &str = "https://trivet.example/r/7K2?t=12&q=1";
    let mut paper = Paper::default();
    paper.blocks.push(Block::Picture(LOGO));
    paper.text("Café Zum Löffel", Style::LARGE.centred());
    paper.text("Straße 5, 10115 Berlin", Style::NORMAL.centred());
    let cell = |text: &str, width, align| Cell { text: text.to_owned(), width, align };
    for (quantity, name, amount) in [("2", "Weißbier vom Faß, alkoholfrei, kalt", "9,80"), ("10", "مشاوي", "124,00")]
    {
        let cells = vec![cell(quantity, 3, Align::Right), cell(name, 0, Align::Left), cell(amount, 8, Align::Right)];
        paper.row(cells, Style::NORMAL);
    }
    paper.rule();
    paper.columns("Summe", "€ 133,80", Style::LARGE);
    paper.columns("enthalten 19 % USt", "21,36", Style::NORMAL);
    paper.qr(LINK, 5);
    paper.text("Merci – Спасибо – 谢谢 – شكرا", Style::NORMAL.centred());
    paper.cut();
    // The merchant's copy comes with it.
    paper.text("Händlerbeleg", Style::LARGE).columns("VISA ****1234", "133,80", Style::NORMAL).cut();
    Sample { name: "receipt", paper, cuts: 2, buzzes: false, ours_only: false, codes: vec![json!(["QRCode", LINK])] }
}

fn codes() -> Sample {
    let mut paper = Paper::default();
    paper.barcode(Symbology::Code128, "Ticket-1042", 60).feed(1);
    paper.barcode(Symbology::Ean13, "4006381333931", 80).feed(1);
    paper.barcode(Symbology::Code39, "TABLE-7", 60).feed(1);
    paper.qr("Crème 麻婆豆腐 {^~}", 6).feed(1).cut();
    let codes = vec![
        json!(["Code128", "Ticket-1042"]),
        json!(["EAN13", "4006381333931"]),
        json!(["Code39", "TABLE-7"]),
        json!(["QRCode", "Crème 麻婆豆腐 {^~}"]),
    ];
    Sample { name: "codes", paper, cuts: 1, buzzes: false, ours_only: false, codes }
}

/// Set C of Code 128 takes a byte from 0 to 99 for two digits (Epson, `GS k`: the example `{C 12 34 56`). The strict
/// parser wants two digits in ASCII, which a printer would take for other numbers.
fn digits() -> Sample {
    let mut paper = Paper::default();
    paper.barcode(Symbology::Code128, "10040142", 60).feed(1).cut();
    let codes = vec![json!(["Code128", "10040142"])];
    Sample { name: "digits", paper, cuts: 1, buzzes: false, ours_only: true, codes }
}
