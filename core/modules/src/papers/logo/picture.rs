//! A logo: a PNG in colours becomes dots that fit every printer, and dots a PNG to look at.

use png::{BitDepth, ColorType, Encoder};
use trivet_paper::Bitmap;
use trivet_paper::raster::{Dither, Grey};

/// Dots: what a printer of 58 mm has across.
const MAX_WIDTH: u32 = 384;
const MAX_HEIGHT: u32 = 512;

/// Within the paper's size, in its own proportions; a small picture stays as it is. The error says what is wrong, for a
/// person.
pub(super) fn from_png(bytes: &[u8]) -> Result<Bitmap, String> {
    let grey = Grey::from_png(bytes).map_err(|error| error.to_string())?;
    let (mut width, height) = (u32::from(grey.width()).min(MAX_WIDTH), u32::from(grey.height()).max(1));
    let scaled = height * width / u32::from(grey.width()).max(1);
    if scaled > MAX_HEIGHT {
        width = (u32::from(grey.width()) * MAX_HEIGHT / height).max(1);
    }
    let grey = if width < u32::from(grey.width()) { grey.scaled(width as u16) } else { grey };
    Ok(grey.dithered(Dither::FloydSteinberg))
}

pub(super) fn to_png(bitmap: &Bitmap) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, bitmap.width.into(), bitmap.height().into());
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::One);
    let mut writer = encoder.write_header()?;
    // Black is 0 in a PNG.
    let inverted: Vec<u8> = bitmap.packed.iter().map(|byte| !byte).collect();
    writer.write_image_data(&inverted)?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn png(width: u32, height: u32, color: ColorType, pixels: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, width, height);
        encoder.set_color(color);
        encoder.set_depth(BitDepth::Eight);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(pixels).unwrap();
        writer.finish().unwrap();
        bytes
    }

    fn black(bitmap: &Bitmap) -> u32 {
        bitmap.packed.iter().map(|byte| byte.count_ones()).sum()
    }

    #[test]
    fn a_picture_fits_the_paper() {
        for ((width, height), fitted) in [
            ((100, 50), (100, 50)),
            ((384, 512), (384, 512)),
            ((768, 100), (384, 50)),
            ((400, 2_000), (102, 510)),
            ((4_000, 1), (384, 1)),
        ] {
            let bytes = png(width, height, ColorType::Grayscale, &vec![0; (width * height) as usize]);
            let bitmap = from_png(&bytes).unwrap();
            assert_eq!((bitmap.width, bitmap.height()), fitted);
            assert_eq!(black(&bitmap), u32::from(fitted.0) * u32::from(fitted.1), "black stays black");
        }
    }

    #[test]
    fn gray_becomes_as_many_dots_as_it_is_dark() {
        let bitmap = from_png(&png(64, 64, ColorType::Grayscale, &[64; 64 * 64])).unwrap();
        let share = f64::from(black(&bitmap)) / (64.0 * 64.0);
        assert!((share - 0.75).abs() < 0.02, "{share}");
    }

    #[test]
    fn what_is_transparent_is_paper() {
        let bitmap = from_png(&png(2, 1, ColorType::Rgba, &[0, 0, 0, 0, 0, 0, 0, 255])).unwrap();
        assert_eq!((bitmap.is_black(0, 0), bitmap.is_black(1, 0)), (false, true));
    }

    #[test]
    fn dots_survive_being_sent_back() {
        let mut bitmap = Bitmap::new(13, 3);
        [(0, 0), (12, 0), (5, 1), (12, 2)].into_iter().for_each(|(x, y)| bitmap.blacken(x, y));
        let again = from_png(&to_png(&bitmap).unwrap()).unwrap();
        assert_eq!(again, bitmap);
    }

    #[test]
    fn a_picture_that_would_unfold_too_far_is_refused() {
        let wide = png(4_097, 1, ColorType::Grayscale, &[0; 4_097]);
        let large = png(4_096, 1_025, ColorType::Grayscale, &vec![0; 4_096 * 1_025]);
        for bytes in [wide, large, b"GIF89a".to_vec(), Vec::new()] {
            assert!(from_png(&bytes).is_err());
        }
    }

    proptest! {
        #[test]
        fn damaged_bytes_are_refused_in_words(at in 0usize..200, byte in any::<u8>()) {
            let mut bytes = png(8, 8, ColorType::Rgb, &[90; 192]);
            if let Some(damaged) = bytes.get_mut(at) {
                *damaged = byte;
            }
            drop(from_png(&bytes));
        }
    }
}
