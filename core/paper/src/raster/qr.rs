//! QR codes.

use qrcodegen::{QrCode, QrCodeEcc};

use crate::block::Bitmap;

/// A QR code with modules of 1 to 16 dots in a white margin of up to 16 modules (readers expect 4: ISO/IEC 18004, 6.3.8);
/// a sixth of it may be damaged. None if that is more than a code can hold, 2,331 bytes.
pub fn qr(data: &str, module: u8, margin: u8) -> Option<Bitmap> {
    let code = QrCode::encode_text(data, QrCodeEcc::Medium).ok()?;
    let (module, margin) = (u16::from(module.clamp(1, 16)), u16::from(margin.min(16)));
    let count = u16::try_from(code.size()).ok()?;
    let side = (count + 2 * margin) * module;
    let mut bitmap = Bitmap::new(side, side);
    for y in 0..count {
        for x in (0..count).filter(|x| code.get_module(i32::from(*x), i32::from(y))) {
            let (left, top) = ((x + margin) * module, (y + margin) * module);
            bitmap.fill(left..left + module, top..top + module);
        }
    }
    Some(bitmap)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_with_its_margin() {
        let code = qr("https://example.org/r/7KQ2", 4, 4).unwrap();
        assert_eq!((code.width, code.height()), (132, 132));
        // The corner of the first finder pattern: 7 modules black, 1 white.
        let black: Vec<u16> = (0..56).filter(|x| code.is_black(*x, 16)).collect();
        assert_eq!(black.first().zip(black.get(27)), Some((&16, &43)));
        assert!(!code.is_black(44, 16));
        assert_eq!(qr(&"x".repeat(2_332), 1, 4), None);
        assert_eq!(qr(&"x".repeat(2_331), 16, 255).unwrap().width, (177 + 32) * 16);
    }
}
