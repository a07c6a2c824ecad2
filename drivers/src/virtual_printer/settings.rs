//! What kind of printer it is.

use std::time::Duration;

/// The command language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Epson's ESC/POS.
    #[default]
    EscPos,
    /// Star Line Mode.
    Star,
    /// Zebra's ZPL II: labels.
    Zpl,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::EscPos, Self::Star, Self::Zpl];

    /// The word on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::EscPos => "escpos",
            Self::Star => "star",
            Self::Zpl => "zpl",
        }
    }
}

impl std::str::FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|language| language.name() == text)
            .ok_or_else(|| format!("unknown language {text}; known are escpos, star and zpl"))
    }
}

/// How a full receive buffer is told to the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FlowControl {
    /// The link holds the host back: TCP's window, or CTS on a serial line. Nothing is lost.
    #[default]
    Hold,
    /// XOFF (13h) when little room is left, XON (11h) when there is room again; what arrives at a full buffer is lost.
    XonXoff,
    /// Nobody tells; what arrives at a full buffer is lost.
    None,
}

/// Two-byte characters, as models for East Asia have them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TwoByte {
    /// The model has none.
    #[default]
    None,
    /// Japan: JIS or Shift-JIS, by `FS C`; off until `FS &`.
    Japanese,
    /// Mainland China: GB 18030; on from the start, off with `FS .`.
    Chinese,
    /// Taiwan: Big5; on from the start.
    Taiwanese,
    /// Korea: KS X 1001; on from the start.
    Korean,
}

/// What kind of printer it is. Begin with [`Settings::default`], [`Settings::star`] or [`Settings::label`].
#[derive(Clone, Debug)]
pub struct Settings {
    /// The command language.
    pub language: Language,
    /// Dots that the head prints across: a multiple of 8, at most 2,048.
    pub width_dots: u32,
    /// White paper beside the head at either side, in dots; a multiple of 8. Only pictures show it.
    pub margin_dots: u32,
    /// Dots an inch: 180, 203 or 300.
    pub dpi: u32,
    /// Length of a label in millimetres, until `^LL` says otherwise.
    pub label_mm: u32,
    /// Receive buffer in bytes (4096 or 45 on a serial printer).
    pub buffer_bytes: usize,
    /// How a full buffer is told.
    pub flow: FlowControl,
    /// How fast the buffer is worked off; `None` is faster than any link.
    pub drain_bytes_per_s: Option<u32>,
    /// Speed of the paper.
    pub mm_per_s: u32,
    /// Length of a new roll.
    pub roll_mm: f64,
    /// The near-end sensor sees the roll below this.
    pub near_end_mm: f64,
    /// Two-byte characters.
    pub two_byte: TwoByte,
    /// A connection that sends nothing for so long is closed (five minutes on a UB-E02).
    pub idle_close: Option<Duration>,
    /// Lists unknown commands in the state (for the encoder's tests), instead of only counting them.
    pub strict: bool,
}

impl Default for Settings {
    /// ESC/POS, 80 mm paper at 203 dpi, an Ethernet model's buffer.
    fn default() -> Self {
        Self {
            language: Language::EscPos,
            width_dots: 576,
            margin_dots: 32,
            dpi: 203,
            label_mm: 50,
            buffer_bytes: 64 * 1024,
            flow: FlowControl::Hold,
            drain_bytes_per_s: None,
            mm_per_s: 150,
            roll_mm: 80_000.0,
            near_end_mm: 3_000.0,
            two_byte: TwoByte::None,
            idle_close: None,
            strict: false,
        }
    }
}

impl Settings {
    /// A Star printer in Line Mode, 80 mm paper at 203 dpi.
    pub fn star() -> Self {
        Self { language: Language::Star, ..Self::default() }
    }

    /// A label printer for ZPL II: labels of 4 inches by 50 mm at 203 dpi.
    pub fn label() -> Self {
        Self { language: Language::Zpl, width_dots: 832, margin_dots: 0, ..Self::default() }
    }

    /// The usual printer of a language.
    pub fn of(language: Language) -> Self {
        match language {
            Language::EscPos => Self::default(),
            Language::Star => Self::star(),
            Language::Zpl => Self::label(),
        }
    }

    /// The same with 58 mm paper, of which the head prints 384 dots.
    #[must_use]
    pub fn narrow(self) -> Self {
        Self { width_dots: 384, margin_dots: 40, ..self }
    }

    pub(super) fn dots_per_mm(&self) -> f64 {
        match self.dpi {
            203 => 8.0,
            dpi => f64::from(dpi) / 25.4,
        }
    }
}
