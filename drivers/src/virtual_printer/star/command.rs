//! What the command language can say.

/// One command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StarCommand {
    /// A printable code.
    Text(u8),
    /// LF.
    LineFeed,
    /// CR: ignored.
    CarriageReturn,
    /// HT.
    Tab,
    /// FF: prints and feeds to the top of the next page.
    FormFeed,
    /// CAN: drops the collected line and initializes.
    Cancel,
    /// `ESC @`.
    Initialize,
    /// BEL and FS (device 1), SUB and EM (device 2).
    Pulse(u8),
    /// `ESC BEL n1 n2`: times of device 1 in units of 10 ms.
    PulseTimes {
        on: u8,
        off: u8,
    },
    /// `ESC GS BEL m n1 n2`, `ESC GS EM …`, RS.
    Buzzer,
    /// `ESC GS t n`.
    CodePage(u8),
    /// `ESC R n`.
    International(u8),
    /// `ESC RS F n`: 0 is 12 × 24, 1 is 9 × 24 dots.
    Font(u8),
    /// `ESC SP n`, and `ESC M`, `p`, `P`, `:` as the dots that they add to 12.
    Spacing(u8),
    /// `ESC i n1 n2`, `ESC W n`, `ESC h n`, SO, DC4: what is given changes.
    Size {
        width: Option<u8>,
        height: Option<u8>,
    },
    /// `ESC E`, `ESC F`.
    Emphasized(bool),
    /// `ESC - n`.
    Underline(bool),
    /// `ESC _ n`.
    Upperline(bool),
    /// `ESC 4`, `ESC 5`.
    Inverse(bool),
    /// SI, DC2.
    UpsideDown(bool),
    /// `ESC GS a n`.
    Align(u8),
    /// `ESC l n`, in characters.
    LeftMargin(u8),
    /// `ESC Q n`, in characters.
    RightMargin(u8),
    /// `ESC GS A n1 n2`.
    Position(u16),
    /// `ESC GS R n1 n2`.
    RelativePosition(i16),
    /// `ESC D n1 … NUL`.
    TabStops(Vec<u8>),
    /// `ESC z 1`, `ESC 0`: in dots.
    LineSpacing(u8),
    /// `ESC a n`.
    FeedLines(u8),
    /// `ESC J n` (n/4 mm) and `ESC I n` (n/8 mm): in eighths of a millimetre.
    FeedEighths(u16),
    /// `ESC d n`.
    Cut {
        full: bool,
        feed: bool,
    },
    /// `ESC K`, `ESC L`, `ESC X`: columns of 8 or 24 dots.
    Columns {
        tall: bool,
        dense: bool,
        data: Vec<u8>,
    },
    /// `ESC k n1 0 …`: 24 rows of n1 bytes.
    Band {
        width_bytes: u8,
        data: Vec<u8>,
    },
    /// `ESC GS S m xL xH yL yH n …`.
    Picture {
        width_bytes: u16,
        rows: u16,
        data: Vec<u8>,
    },
    /// `ESC FS q n …` is skipped; `ESC FS p n m` prints what it defined.
    Logo(u8),
    /// `ESC b n1 n2 n3 n4 … RS`.
    Barcode {
        system: u8,
        under: u8,
        mode: u8,
        height: u8,
        data: Vec<u8>,
    },
    /// `ESC GS y S 0`, `1`, `2`.
    QrModel(u8),
    QrCorrection(u8),
    QrCell(u8),
    /// `ESC GS y D 1` and `2`.
    QrData(Vec<u8>),
    /// `ESC GS y P`.
    QrPrint,
    /// `ESC GS y I`.
    QrAsk,
    /// `ESC * r A`.
    RasterEnter,
    /// `ESC * r B`.
    RasterQuit,
    /// `ESC * r C`.
    RasterClear,
    /// `ESC * r` with a letter (two for margins) and a number.
    RasterSetting {
        what: [u8; 2],
        value: u32,
    },
    /// `b n1 n2 …` (true: with line feed) and `k n1 n2 …`, in raster mode.
    RasterRow {
        feed: bool,
        data: Vec<u8>,
    },
    /// `ESC FF NUL`, in raster mode.
    RasterFormFeed,
    /// `ESC FF EOT`, in raster mode.
    RasterEnd,
    /// ENQ and EOT: status in one byte, executed on receipt.
    AskEnq,
    AskEot,
    /// `ESC ACK SOH`: automatic status, executed on receipt.
    AskStatus,
    /// `ESC ACK CAN`: reset, executed on receipt.
    Reset,
    /// `ESC RS a n`.
    AutoStatus(bool),
    /// ETB.
    Etb,
    /// `ESC RS E n`.
    EtbReset,
    /// `ESC GS ETX s n1 n2`.
    Document {
        what: u8,
        n1: u8,
        n2: u8,
    },
    /// A setting that changes nothing on this model.
    Accepted(u8),
    /// Not in the specification, or not on this model. At most 16 bytes are shown.
    Unknown(Vec<u8>),
}
