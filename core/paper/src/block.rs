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
