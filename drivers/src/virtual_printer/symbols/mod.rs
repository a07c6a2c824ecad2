//! Bar codes and QR codes as their standards describe them, so that a scanner reads the paper.

pub(super) mod code128;
pub(super) mod linear;

pub(super) use linear::{Bars, Symbology};

use super::bitmap::Bitmap;
use qrcodegen::{QrCode, QrCodeEcc, QrSegment, Version};

/// Error correction of a QR code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Correction {
    #[default]
    Low,
    Medium,
    Quartile,
    High,
}

/// A QR code of one dot a module, or `None` when the data does not fit. Like the printers, it takes the shortest of
/// the modes that the data allows and does not raise the error correction by itself.
pub(super) fn qr(data: &[u8], correction: Correction) -> Option<Bitmap> {
    let level = match correction {
        Correction::Low => QrCodeEcc::Low,
        Correction::Medium => QrCodeEcc::Medium,
        Correction::Quartile => QrCodeEcc::Quartile,
        Correction::High => QrCodeEcc::High,
    };
    let segments = match std::str::from_utf8(data) {
        Ok(text) if text.is_ascii() => QrSegment::make_segments(text),
        _ => vec![QrSegment::make_bytes(data)],
    };
    let code = QrCode::encode_segments_advanced(&segments, level, Version::MIN, Version::MAX, None, false).ok()?;
    let size = u32::try_from(code.size()).ok()?;
    let mut picture = Bitmap::white(size, size);
    for (y, row) in (0..size).zip(0..) {
        for (x, column) in (0..size).zip(0..) {
            if code.get_module(column, row) {
                picture.blacken(x, y);
            }
        }
    }
    Some(picture)
}
