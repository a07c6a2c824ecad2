//! The receipt that every encoder prints: a logo, a title, 37 lines, a QR code, a cut.

use anyhow::ensure;
use trivet_paper::{Bitmap, Block, Paper, PictureId, Style};

/// Characters a line of the paper.
pub(crate) const COLUMNS: usize = 48;
pub(crate) const TITLE: &str = "Ravintola Trivet";
pub(crate) const QR: &str = "https://trivet.example/r/0192f0c1-7a2e-7c31-9b54-3f8f6a0c2d11";
/// Dots a module.
pub(crate) const MODULE: u8 = 5;
pub(crate) const LOGO: PictureId = PictureId([7; 32]);

const DISHES: [&str; 4] = ["Crème brûlée", "Purée à 65 °C", "Entrecôte 250 g", "Rosé 12 cl, 8 °C"];

pub(crate) struct Receipt {
    pub(crate) logo: Bitmap,
    /// Left and right of each line.
    pub(crate) lines: Vec<(String, String)>,
    /// The same as whole lines, for encoders that lay nothing out.
    pub(crate) whole: Vec<String>,
}

impl Receipt {
    pub(crate) fn new() -> Receipt {
        let mut logo = Bitmap::new(384, 128);
        for (x, y) in (0..128).flat_map(|y| (0..384).map(move |x| (x, y))).filter(|(x, y)| (x + y) % 16 < 8) {
            logo.blacken(x, y);
        }
        let line = |(n, dish): (usize, &&str)| (format!("{} x {dish}", n % 9 + 1), format!("{},{:02} €", n + 3, n * 5));
        let lines: Vec<_> = DISHES.iter().cycle().take(37).enumerate().map(|(n, dish)| line((n % 20, dish))).collect();
        let whole = lines
            .iter()
            .map(|(left, right)| format!("{left}{right:>room$}", room = COLUMNS.saturating_sub(left.chars().count())));
        Receipt { logo, whole: whole.collect(), lines }
    }

    pub(crate) fn paper(&self) -> Paper {
        let mut paper = Paper::default();
        paper.blocks.push(Block::Picture(LOGO));
        paper.text(TITLE, Style::LARGE.centred());
        for (left, right) in &self.lines {
            paper.columns(left.as_str(), right.as_str(), Style::NORMAL);
        }
        paper.qr(QR, MODULE).cut();
        paper
    }

    /// Whether these bytes print it all, so that nobody is quick by leaving something out.
    pub(crate) fn check(&self, who: &str, bytes: &[u8], raster: bool) -> anyhow::Result<()> {
        let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
        for line in &self.whole {
            ensure!(holds(&windows_1252(line)), "{who} does not print `{line}`");
        }
        ensure!(holds(TITLE.as_bytes()) && holds(QR.as_bytes()), "{who} does not print the title or the QR code");
        ensure!(bytes.windows(2).any(|window| window == b"\x1dV"), "{who} does not cut");
        let row = self.logo.packed.get(..self.logo.stride()).unwrap_or_default();
        ensure!(holds(row) == raster, "{who}: the logo's bits in the bytes: {}", !raster);
        Ok(())
    }
}

/// Of what the receipt has, only the euro stands elsewhere than in Latin-1.
fn windows_1252(text: &str) -> Vec<u8> {
    text.chars().map(|c| if c == '€' { 0x80 } else { u8::try_from(u32::from(c)).unwrap_or(b'?') }).collect()
}
