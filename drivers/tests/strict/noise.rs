//! Papers of anything, with pictures that look like commands.

use std::sync::Arc;

use proptest::char::range;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use trivet_drivers::printer::Art;
use trivet_paper::raster::Grid;
use trivet_paper::{Align, Bitmap, Block, Cell, Line, Paper, PictureId, Style, Symbology};

/// What stands for the shop's pictures, the fonts and the printer's memory.
#[derive(Clone, Debug)]
pub(crate) struct Noise {
    pub(crate) pictures: Vec<Bitmap>,
    /// Text is drawn as these bytes; none: there are no fonts.
    drawn: Option<Vec<u8>>,
    stored: bool,
}

impl Noise {
    pub(crate) fn any() -> impl Strategy<Value = Noise> {
        // Rows that do not fill the last byte, and a last row that is cut short, too.
        let picture = (0u16..700, vec(telling_byte(), 0..3_000)).prop_map(|(width, packed)| Bitmap { width, packed });
        (vec(picture, 1..3), option::weighted(0.8, vec(telling_byte(), 1..400)), any::<bool>())
            .prop_map(|(pictures, drawn, stored)| Noise { pictures, drawn, stored })
    }
}

impl Art for Noise {
    fn picture(&self, id: &PictureId) -> Option<Arc<Bitmap>> {
        self.pictures.get(usize::from(id.0[0])).map(|picture| Arc::new(picture.clone()))
    }

    fn stored(&self, _: &PictureId) -> Option<[u8; 2]> {
        self.stored.then_some(*b"TA")
    }

    fn draw(&self, _: &Line, grid: Grid) -> Option<(Bitmap, Vec<char>)> {
        let bytes = usize::from(grid.dots.div_ceil(8)) * usize::from(grid.cell_height);
        let packed = self.drawn.as_ref()?.iter().copied().cycle().take(bytes).collect();
        Some((Bitmap { width: grid.dots, packed }, Vec::new()))
    }
}

/// Bytes that commands are made of, more often than others.
fn telling_byte() -> impl Strategy<Value = u8> {
    prop_oneof![
        6 => select(&[0x10u8, 0x04, 0x14, 0x05, 0x01, 0x02, 0x08, 0x03, 0x06][..]),
        1 => select(&[0x1bu8, 0x1c, 0x1d, 0x0a, 0x0c, 0x18, 0x1e, 0x00, 0xff][..]),
        2 => any::<u8>(),
    ]
}

fn letter() -> impl Strategy<Value = char> {
    prop_oneof![
        4 => range(' ', '~'),
        2 => range('\u{a0}', '\u{24f}'),
        2 => range('\0', '\u{a0}'),
        1 => range('\u{370}', '\u{58f}'),
        1 => range('\u{590}', '\u{6ff}'),
        1 => range('\u{e00}', '\u{e7f}'),
        2 => range('\u{3000}', '\u{9fff}'),
        1 => range('\u{ac00}', '\u{d7a3}'),
        1 => range('\u{ff00}', '\u{ffef}'),
        1 => range('\u{1f300}', '\u{1f6ff}'),
        2 => any::<char>(),
    ]
}

fn text() -> impl Strategy<Value = String> {
    vec(letter(), 0..50).prop_map(String::from_iter)
}

fn align() -> impl Strategy<Value = Align> {
    select(&[Align::Left, Align::Centre, Align::Right][..])
}

fn style() -> impl Strategy<Value = Style> {
    (any::<bool>(), any::<bool>(), 0u8..10, 0u8..10, align()).prop_map(|(bold, reversed, wide, tall, align)| Style {
        bold,
        reversed,
        wide,
        tall,
        align,
    })
}

fn code() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{0,14}",
        // Pairs of digits that are bytes of a real-time command in set C.
        vec(select(&["16", "04", "20", "01", "02", "05", "08"][..]), 1..9).prop_map(|pairs| pairs.concat()),
        "[A-Z0-9 $%+./-]{1,20}",
        "[ -~]{1,30}",
        text(),
        vec(letter(), 200..720).prop_map(String::from_iter),
    ]
}

fn block() -> impl Strategy<Value = Block> {
    let symbology = select(&[Symbology::Code128, Symbology::Ean13, Symbology::Code39][..]);
    let cell = (text(), any::<u8>(), align()).prop_map(|(text, width, align)| Cell { text, width: width % 24, align });
    prop_oneof![
        4 => (text(), style()).prop_map(|(text, style)| Block::Text { text, style }),
        2 => (text(), text(), style()).prop_map(|(left, right, style)| Block::Columns { left, right, style }),
        2 => (vec(cell, 0..5), style()).prop_map(|(cells, style)| Block::Row { cells, style }),
        1 => Just(Block::Rule),
        1 => any::<u8>().prop_map(Block::Feed),
        1 => Just(Block::Cut),
        2 => (0u8..3).prop_map(|n| Block::Picture(PictureId([n; 32]))),
        2 => (code(), any::<u8>()).prop_map(|(data, module)| Block::Qr { data, module }),
        3 => (symbology, code(), any::<u8>())
            .prop_map(|(symbology, data, height)| Block::Barcode { symbology, data, height }),
        1 => Just(Block::Buzz),
    ]
}

pub(crate) fn paper() -> impl Strategy<Value = Paper> {
    vec(block(), 0..8).prop_map(|blocks| Paper { blocks })
}
