//! A PNG becomes dots: read within limits, over white, made smaller by the mean of its parts, dithered after Floyd and
//! Steinberg (An adaptive algorithm for spatial grey scale, 1976).

use std::io::Cursor;

use png::{BitDepth, ColorType, Decoder, Encoder, Limits, Transformations};
use trivet_paper::Bitmap;

/// Dots: what a printer of 58 mm has across.
const MAX_WIDTH: u32 = 384;
const MAX_HEIGHT: u32 = 512;
/// Of the picture that is sent.
const MAX_SIDE: u32 = 4_096;
const MAX_PIXELS: u64 = 4_000_000;

/// The error says what is wrong, for a person.
pub(super) fn from_png(bytes: &[u8]) -> Result<Bitmap, String> {
    let limits = Limits { bytes: 8 * 1024 * 1024 };
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_transformations(Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(|error| error.to_string())?;
    let (width, height) = reader.info().size();
    if width == 0 || height == 0 || width.max(height) > MAX_SIDE || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(format!("at most {MAX_SIDE} dots a side and {MAX_PIXELS} in all"));
    }
    let mut pixels = vec![0; reader.output_buffer_size().ok_or("too large")?];
    let frame = reader.next_frame(&mut pixels).map_err(|error| error.to_string())?;
    let samples = frame.color_type.samples();
    let gray = Gray {
        width,
        height,
        levels: pixels.chunks_exact(samples).map(|pixel| level(pixel, frame.color_type)).collect(),
    };
    Ok(dither(gray.fitted()))
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

/// 0 is black, 255 white; what is transparent shows the paper.
struct Gray {
    width: u32,
    height: u32,
    levels: Vec<u8>,
}

fn level(pixel: &[u8], color: ColorType) -> u8 {
    let (gray, alpha) = match (color, pixel) {
        (ColorType::Grayscale, [gray]) => (u32::from(*gray), 255),
        (ColorType::GrayscaleAlpha, [gray, alpha]) => (u32::from(*gray), u32::from(*alpha)),
        (ColorType::Rgb, [r, g, b]) => (luma(*r, *g, *b), 255),
        (ColorType::Rgba, [r, g, b, alpha]) => (luma(*r, *g, *b), u32::from(*alpha)),
        _ => (255, 255),
    };
    ((gray * alpha + 255 * (255 - alpha)) / 255) as u8
}

/// ITU-R BT.601.
fn luma(r: u8, g: u8, b: u8) -> u32 {
    (u32::from(r) * 299 + u32::from(g) * 587 + u32::from(b) * 114) / 1_000
}

impl Gray {
    /// Within the paper's size, in its own proportions; a small picture stays as it is.
    fn fitted(self) -> Gray {
        let (mut width, mut height) = (self.width, self.height);
        if width > MAX_WIDTH {
            (width, height) = (MAX_WIDTH, (height * MAX_WIDTH / width).max(1));
        }
        if height > MAX_HEIGHT {
            (width, height) = ((width * MAX_HEIGHT / height).max(1), MAX_HEIGHT);
        }
        if (width, height) == (self.width, self.height) {
            return self;
        }
        let mut levels = Vec::with_capacity((width * height) as usize);
        for y in 0..height {
            let rows = (y * self.height / height)..((y + 1) * self.height).div_ceil(height);
            for x in 0..width {
                let columns = (x * self.width / width)..((x + 1) * self.width).div_ceil(width);
                levels.push(self.mean(columns, rows.clone()));
            }
        }
        Gray { width, height, levels }
    }

    fn mean(&self, columns: std::ops::Range<u32>, rows: std::ops::Range<u32>) -> u8 {
        let (mut sum, mut count) = (0, 0);
        for y in rows {
            let start = (y * self.width) as usize;
            let row = self.levels.get(start + columns.start as usize..start + columns.end as usize).unwrap_or_default();
            sum += row.iter().map(|level| u32::from(*level)).sum::<u32>();
            count += row.len() as u32;
        }
        (sum / count.max(1)) as u8
    }
}

fn dither(gray: Gray) -> Bitmap {
    let (width, height) = (gray.width as usize, gray.height as usize);
    let mut bitmap = Bitmap::new(gray.width as u16, gray.height as u16);
    let mut row: Vec<i32> = vec![0; width + 2];
    let mut below = row.clone();
    for y in 0..height {
        for x in 0..width {
            let wanted = gray.levels.get(y * width + x).copied().map_or(255, i32::from);
            // Shifted by one, so that the first dot has a neighbour on the left.
            let wanted = wanted + row.get(x + 1).copied().unwrap_or_default() / 16;
            let given = if wanted < 128 { 0 } else { 255 };
            if given == 0 {
                bitmap.blacken(x as u16, y as u16);
            }
            let error = wanted - given;
            let give = |to: &mut Vec<i32>, at: usize, share: i32| {
                if let Some(cell) = to.get_mut(at) {
                    *cell += error * share;
                }
            };
            give(&mut row, x + 2, 7);
            give(&mut below, x, 3);
            give(&mut below, x + 1, 5);
            give(&mut below, x + 2, 1);
        }
        std::mem::swap(&mut row, &mut below);
        below.fill(0);
    }
    bitmap
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
            ((400, 2_000), (102, 512)),
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
        let large = png(4_000, 1_001, ColorType::Grayscale, &vec![0; 4_000 * 1_001]);
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
