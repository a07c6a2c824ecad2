//! A piece of paper in somebody's hand.

use serde_json::Value;
use std::io;

/// Why a paper ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The blade.
    Cut,
    /// The gap after a label.
    Label,
    /// Nothing more came for two seconds: someone tears it off.
    Idle,
    /// The power went.
    PowerOff,
    /// Four metres without a cut.
    Full,
}

impl End {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Label => "label",
            Self::Idle => "idle",
            Self::PowerOff => "power_off",
            Self::Full => "full",
        }
    }
}

/// What came out of the printer.
#[derive(Clone, Debug)]
pub struct Paper {
    pub(super) bytes: Vec<u8>,
    pub(super) rows: Vec<u8>,
    pub(super) width: u32,
    pub(super) margin: u32,
    pub(super) dpi: u32,
    pub(super) events: Vec<Value>,
    pub(super) text: String,
    pub(super) end: End,
}

impl Paper {
    /// The bytes that the printer consumed for it, up to 4 MiB.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// One JSON object for each event, in order.
    pub fn events(&self) -> &[Value] {
        &self.events
    }

    /// What a person reads from it, a line for each printed line; pictures and codes in brackets.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Why it ended.
    pub fn end(&self) -> End {
        self.end
    }

    /// Dots that the head printed across.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in dots.
    pub fn height(&self) -> u32 {
        u32::try_from(self.rows.len() / self.row_bytes()).unwrap_or(u32::MAX)
    }

    /// The printed rows, each of [`Self::width`] / 8 bytes, the leftmost dot in the top bit, black is 1.
    pub fn rows(&self) -> &[u8] {
        &self.rows
    }

    fn row_bytes(&self) -> usize {
        usize::try_from(self.width / 8).unwrap_or(1).max(1)
    }

    /// A PNG of one bit a dot, with the white margins beside the head.
    pub fn png(&self) -> Vec<u8> {
        self.encode().unwrap_or_else(|error| {
            tracing::error!(%error, "a paper's picture");
            Vec::new()
        })
    }

    fn encode(&self) -> io::Result<Vec<u8>> {
        let margin = usize::try_from(self.margin / 8).unwrap_or(0);
        // A picture without rows is no PNG.
        let height = self.height().max(1);
        let mut white = Vec::with_capacity(self.rows.len() + margin * 2);
        for row in self.rows.chunks(self.row_bytes()) {
            white.resize(white.len() + margin, 0xff);
            white.extend(row.iter().map(|byte| !byte));
            white.resize(white.len() + margin, 0xff);
        }
        if white.is_empty() {
            white.resize(self.row_bytes() + 2 * margin, 0xff);
        }
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, self.width / 8 * 8 + self.margin / 8 * 16, height);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        let per_metre = (f64::from(self.dpi) / 0.0254).round() as u32;
        encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: per_metre, yppu: per_metre, unit: png::Unit::Meter }));
        let mut writer = encoder.write_header().map_err(io::Error::other)?;
        writer.write_image_data(&white).map_err(io::Error::other)?;
        writer.finish().map_err(io::Error::other)?;
        Ok(out)
    }
}
