//! The blocks that a paper is made of.

use minicbor::{Decode, Encode};

#[derive(Clone, Debug, Default, PartialEq, Encode, Decode)]
pub struct Paper {
    #[n(0)]
    pub blocks: Vec<Block>,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub enum Block {
    #[n(0)]
    Text {
        #[n(0)]
        text: String,
        #[n(1)]
        style: Style,
    },
    /// Left and right on one line; what does not fit beside each other goes below.
    #[n(1)]
    Columns {
        #[n(0)]
        left: String,
        #[n(1)]
        right: String,
        #[n(2)]
        style: Style,
    },
    /// A line across the paper.
    #[n(2)]
    Rule,
    /// Empty lines.
    #[n(3)]
    Feed(#[n(0)] u8),
    #[n(4)]
    Cut,
    /// Cells beside each other, as in a table: columns hold from row to row.
    #[n(5)]
    Row {
        #[n(0)]
        cells: Vec<Cell>,
        #[n(1)]
        style: Style,
    },
    /// A picture, by the hash of its bits: the spool keeps one copy of a logo, not one a receipt.
    #[n(6)]
    Picture(#[n(0)] PictureId),
    #[n(7)]
    Qr {
        #[n(0)]
        data: String,
        /// Dots a module, 1 to 16.
        #[n(1)]
        module: u8,
    },
    #[n(8)]
    Barcode {
        #[n(0)]
        symbology: Symbology,
        #[n(1)]
        data: String,
        /// Dots.
        #[n(2)]
        height: u8,
    },
    /// Calls the cook.
    #[n(9)]
    Buzz,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Cell {
    #[n(0)]
    pub text: String,
    /// Characters; cells of width 0 share what the others leave.
    #[n(1)]
    pub width: u8,
    #[n(2)]
    pub align: Align,
}

/// SHA-256 of [`Bitmap::packed`] behind its width as two bytes, big-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct PictureId(#[cbor(with = "minicbor::bytes")] pub [u8; 32]);

/// A one-bit picture: rows packed to bytes, the leftmost dot in the highest bit, black is 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Bitmap {
    /// Dots.
    #[n(0)]
    pub width: u16,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub packed: Vec<u8>,
}

impl Bitmap {
    /// A white one.
    pub fn new(width: u16, height: u16) -> Bitmap {
        let stride = usize::from(width).div_ceil(8);
        Bitmap { width, packed: vec![0; stride * usize::from(height)] }
    }

    /// Bytes a row.
    pub fn stride(&self) -> usize {
        usize::from(self.width).div_ceil(8)
    }

    pub fn height(&self) -> u16 {
        (self.packed.len() / self.stride().max(1)) as u16
    }

    /// Outside it is white.
    pub fn is_black(&self, x: u16, y: u16) -> bool {
        let at = usize::from(y) * self.stride() + usize::from(x / 8);
        x < self.width && self.packed.get(at).is_some_and(|byte| byte & (0x80 >> (x % 8)) != 0)
    }

    /// Outside nothing happens.
    pub fn blacken(&mut self, x: u16, y: u16) {
        let at = usize::from(y) * self.stride() + usize::from(x / 8);
        if x < self.width
            && let Some(byte) = self.packed.get_mut(at)
        {
            *byte |= 0x80 >> (x % 8);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Symbology {
    #[n(0)]
    Code128,
    #[n(1)]
    Ean13,
    #[n(2)]
    Code39,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Style {
    #[n(0)]
    pub bold: bool,
    /// White on black: allergies.
    #[n(1)]
    pub reversed: bool,
    /// Magnification, 1 to 8.
    #[n(2)]
    pub wide: u8,
    #[n(3)]
    pub tall: u8,
    #[n(4)]
    pub align: Align,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Align {
    #[default]
    #[n(0)]
    Left,
    #[n(1)]
    Centre,
    #[n(2)]
    Right,
}

impl Style {
    pub const NORMAL: Style = Style { bold: false, reversed: false, wide: 1, tall: 1, align: Align::Left };
    /// Legible from the pass.
    pub const LARGE: Style = Style { bold: true, wide: 2, tall: 2, ..Style::NORMAL };
    pub const TALL: Style = Style { tall: 2, ..Style::NORMAL };

    #[must_use]
    pub fn centred(self) -> Style {
        Style { align: Align::Centre, ..self }
    }
    #[must_use]
    pub fn bold(self) -> Style {
        Style { bold: true, ..self }
    }
    #[must_use]
    pub fn reversed(self) -> Style {
        Style { reversed: true, ..self }
    }
}

impl Default for Style {
    fn default() -> Style {
        Style::NORMAL
    }
}

impl Paper {
    pub fn text(&mut self, text: impl Into<String>, style: Style) -> &mut Paper {
        self.blocks.push(Block::Text { text: text.into(), style });
        self
    }
    pub fn columns(&mut self, left: impl Into<String>, right: impl Into<String>, style: Style) -> &mut Paper {
        self.blocks.push(Block::Columns { left: left.into(), right: right.into(), style });
        self
    }
    pub fn row(&mut self, cells: Vec<Cell>, style: Style) -> &mut Paper {
        self.blocks.push(Block::Row { cells, style });
        self
    }
    pub fn qr(&mut self, data: impl Into<String>, module: u8) -> &mut Paper {
        self.blocks.push(Block::Qr { data: data.into(), module });
        self
    }
    pub fn barcode(&mut self, symbology: Symbology, data: impl Into<String>, height: u8) -> &mut Paper {
        self.blocks.push(Block::Barcode { symbology, data: data.into(), height });
        self
    }
    pub fn rule(&mut self) -> &mut Paper {
        self.blocks.push(Block::Rule);
        self
    }
    pub fn feed(&mut self, lines: u8) -> &mut Paper {
        self.blocks.push(Block::Feed(lines));
        self
    }
    pub fn cut(&mut self) -> &mut Paper {
        self.blocks.push(Block::Cut);
        self
    }
}
