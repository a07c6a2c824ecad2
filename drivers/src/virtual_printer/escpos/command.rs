//! What the command language can say.

use super::super::bitmap::Bitmap;
#[cfg(doc)]
use super::parser::ROW_BYTES;

/// One command that the printer executes when its buffer reaches it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A printable code; its meaning depends on the code page.
    Text(u8),
    /// LF: print the line and feed.
    LineFeed,
    /// CR: ignored with auto line feed off, which is the default.
    CarriageReturn,
    /// HT.
    Tab,
    /// BEL, or `ESC ( A`.
    Buzzer,
    /// `ESC @`.
    Initialize,
    /// `ESC a n`: 0 left, 1 centre, 2 right.
    Align(u8),
    /// `ESC ! n`.
    PrintMode(u8),
    /// `ESC E n` and `ESC G n`: both print heavier.
    Emphasized(bool),
    /// `ESC - n`: thickness in dots.
    Underline(u8),
    /// `ESC M n`: 0 is font A (12 × 24 dots), else font B (9 × 17).
    Font(u8),
    /// `ESC SP n`: dots to the right of each character.
    CharacterSpacing(u8),
    /// `ESC t n`.
    CodePage(u8),
    /// `ESC R n`.
    International(u8),
    /// `ESC d n`.
    FeedLines(u8),
    /// `ESC J n`.
    FeedDots(u8),
    /// `ESC 3 n`, or `None` for `ESC 2`.
    LineSpacing(Option<u8>),
    /// `ESC p m t1 t2`, times already in milliseconds.
    Pulse { connector: u8, on_ms: u32, off_ms: u32 },
    /// `ESC $ nL nH`: dots from the left margin.
    Position(u16),
    /// `ESC \ nL nH`.
    RelativePosition(i16),
    /// `ESC D n1 … NUL`: tab stops in columns.
    TabStops(Vec<u8>),
    /// `GS ! n`: both 1 to 8.
    Size { width: u8, height: u8 },
    /// `GS B n`.
    Inverse(bool),
    /// `GS L nL nH`.
    LeftMargin(u16),
    /// `GS W nL nH`.
    AreaWidth(u16),
    /// `GS V`: `feed` is dots past the cutter position (m = 65, 66), `None` cuts where the paper stands.
    Cut { full: bool, feed: Option<u8> },
    /// `GS v 0 m`: an image of `rows` rows follows, `wide`/`tall` doubled.
    RasterStart { width_bytes: u16, rows: u16, wide: bool, tall: bool },
    /// One row of it, at most [`ROW_BYTES`] long.
    RasterRow(Vec<u8>),
    /// `ESC * m`: columns of 8 or 24 dots, top bit first.
    Columns { tall: bool, dense: bool, data: Vec<u8> },
    /// `GS ( L` / `GS 8 L` function 112: keep raster for printing.
    GraphicsStore { picture: Bitmap, scale_x: u8, scale_y: u8 },
    /// Function 50: print it.
    GraphicsPrint,
    /// Function 67: define NV graphics under a two-byte key.
    NvDefine { key: [u8; 2], picture: Bitmap },
    /// Function 69: print NV graphics.
    NvPrint { key: [u8; 2], scale_x: u8, scale_y: u8 },
    /// Function 66: delete one.
    NvDelete([u8; 2]),
    /// Function 65: delete all.
    NvDeleteAll,
    /// Functions 48, 51 and 64: capacity, remaining capacity, keys.
    NvAsk(u8),
    /// `FS q`: one NV bit image of several; `left` follow.
    NvImage { left: u8, picture: Bitmap },
    /// `FS p n m`.
    NvImagePrint { number: u8, mode: u8 },
    /// `GS *`: define the downloaded bit image.
    DownloadImage(Bitmap),
    /// `GS / m`: print it.
    DownloadedPrint(u8),
    /// `ESC { n`.
    UpsideDown(bool),
    /// `GS ( k` for QR codes.
    Qr(Qr),
    /// `GS k`.
    Barcode { system: u8, data: Vec<u8> },
    /// `GS h n`.
    BarcodeHeight(u8),
    /// `GS w n`.
    BarcodeModule(u8),
    /// `GS H n`: 0 none, 1 above, 2 below, 3 both.
    BarcodeText(u8),
    /// `GS a n`: automatic status back.
    AutoStatus(u8),
    /// `GS r n`.
    TransmitStatus(u8),
    /// `GS I n`.
    TransmitId(u8),
    /// `GS g 2 0 nL nH`.
    TransmitCounter(u8),
    /// `GS g 0 0 nL nH`: sets a counter to zero.
    ResetCounter(u8),
    /// `GS ( H` function 48.
    ProcessId([u8; 4]),
    /// `GS ( H` function 49: offline responses on or off.
    OfflineResponse(bool),
    /// `FS &` (true) and `FS .` (false).
    Kanji(bool),
    /// `FS C n`: 0 is JIS, else Shift-JIS.
    KanjiCode(u8),
    /// A real-time command's bytes, already executed on receipt.
    Executed,
    /// A setting that changes nothing on this model (`ESC U`, `GS P`, …).
    Accepted(u8),
    /// Not in the reference, or not on this model. At most 16 bytes are shown.
    Unknown(Vec<u8>),
}

/// `GS ( k`, cn = 49 ("QR Code").
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Qr {
    Model(u8),
    ModuleDots(u8),
    ErrorCorrection(u8),
    Store(Vec<u8>),
    Print,
}
