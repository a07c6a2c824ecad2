//! Pictures: a PNG becomes grey, grey becomes dots.

use std::io::Cursor;

use png::{ColorType, Decoder, Limits, Transformations};

use crate::block::Bitmap;

/// A side of a picture, in dots.
const MAX_SIDE: u32 = 4_096;
/// Four million dots are 16 MiB while a PNG is decoded.
const MAX_DOTS: u32 = 4 << 20;
const MAX_DECODER_BYTES: usize = 4 << 20;

/// A picture in shades of grey: 0 is black, 255 white; rows from above, without gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grey {
    width: u16,
    height: u16,
    shades: Vec<u8>,
}

/// How shades of grey become dots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dither {
    /// Black below this shade: logos, drawings.
    Threshold(u8),
    /// As many dots as it is dark, spread evenly: photographs.
    FloydSteinberg,
}

#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    #[error("not a PNG that can be read: {0}")]
    Png(#[from] png::DecodingError),
    #[error("the picture is {0} by {1} dots; up to {MAX_SIDE} a side and 4 million in all are read")]
    TooLarge(u32, u32),
    #[error("the picture is empty or cut off")]
    Incomplete,
}

impl Grey {
    /// None unless there is exactly a shade for every dot, and a dot at least.
    pub fn new(width: u16, height: u16, shades: Vec<u8>) -> Option<Grey> {
        let whole = shades.len() == usize::from(width) * usize::from(height) && !shades.is_empty();
        whole.then_some(Grey { width, height, shades })
    }

    pub fn width(&self) -> u16 {
        self.width
    }

    pub fn height(&self) -> u16 {
        self.height
    }

    pub fn shades(&self) -> &[u8] {
        &self.shades
    }

    /// Decodes a PNG of any kind; of an animation, the first picture. What is transparent lies on white.
    pub fn from_png(bytes: &[u8]) -> Result<Grey, PictureError> {
        let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: MAX_DECODER_BYTES });
        decoder.set_transformations(Transformations::normalize_to_color8());
        let mut reader = decoder.read_info()?;
        let (width, height) = (reader.info().width, reader.info().height);
        if width.max(height) > MAX_SIDE || width * height > MAX_DOTS {
            return Err(PictureError::TooLarge(width, height));
        }
        let mut buffer = vec![0; reader.output_buffer_size().ok_or(PictureError::Incomplete)?];
        let frame = reader.next_frame(&mut buffer)?;
        let samples = buffer.get(..frame.buffer_size()).unwrap_or_default();
        let shades = match frame.color_type {
            ColorType::Grayscale => samples.to_vec(),
            ColorType::GrayscaleAlpha => {
                samples.as_chunks().0.iter().map(|[grey, alpha]| on_white(*grey, *alpha)).collect()
            }
            ColorType::Rgb => samples.as_chunks().0.iter().map(|[r, g, b]| luma(*r, *g, *b)).collect(),
            ColorType::Rgba => {
                samples.as_chunks().0.iter().map(|[r, g, b, alpha]| on_white(luma(*r, *g, *b), *alpha)).collect()
            }
            // Palettes have become colours.
            ColorType::Indexed => return Err(PictureError::Incomplete),
        };
        Grey::new(frame.width as u16, frame.height as u16, shades).ok_or(PictureError::Incomplete)
    }

    /// Scaled to a width, each shade the average of the area that it stands for. A picture that would become higher
    /// than 4,096 dots becomes less wide instead.
    #[must_use]
    pub fn scaled(&self, width: u16) -> Grey {
        let (own_width, own_height) = (u32::from(self.width), u32::from(self.height));
        let width = u32::from(width).clamp(1, (MAX_SIDE * own_width / own_height).clamp(1, MAX_SIDE));
        let height = ((width * own_height + own_width / 2) / own_width).clamp(1, MAX_SIDE);
        let (from, to) = (usize::from(self.width), width as usize);
        let across: Vec<u8> = self.shades.chunks_exact(from).flat_map(|row| averages(row.to_vec(), to)).collect();
        let mut shades = vec![0; to * height as usize];
        for x in 0..to {
            let column = across.iter().skip(x).step_by(to).copied().collect();
            let down = averages(column, height as usize);
            shades.iter_mut().skip(x).step_by(to).zip(down).for_each(|(place, shade)| *place = shade);
        }
        Grey { width: width as u16, height: height as u16, shades }
    }

    pub fn dithered(&self, dither: Dither) -> Bitmap {
        match dither {
            Dither::Threshold(shade) => self.threshold(shade),
            Dither::FloydSteinberg => self.floyd_steinberg(),
        }
    }

    fn threshold(&self, shade: u8) -> Bitmap {
        let mut bitmap = Bitmap::new(self.width, self.height);
        for (y, row) in (0..).zip(self.shades.chunks_exact(usize::from(self.width))) {
            (0..).zip(row).filter(|(_, own)| **own < shade).for_each(|(x, _)| bitmap.blacken(x, y));
        }
        bitmap
    }

    /// Each dot is black or white, and what that is off goes to its neighbours that are still to come: 7/16 to the
    /// next, 3, 5 and 1/16 to the three below. Every second row goes backwards, so that no worms crawl.
    fn floyd_steinberg(&self) -> Bitmap {
        let mut bitmap = Bitmap::new(self.width, self.height);
        let width = usize::from(self.width);
        // A place more at each end, for what falls beyond the edge.
        let mut below = vec![0i32; width + 2];
        for (y, row) in (0..).zip(self.shades.chunks_exact(width)) {
            let mut carried = std::mem::replace(&mut below, vec![0; width + 2]);
            let backwards = y % 2 == 1;
            for step in 0..width {
                let x = if backwards { width - 1 - step } else { step };
                let (ahead, behind) = if backwards { (x, x + 2) } else { (x + 2, x) };
                let shade =
                    row.get(x).map_or(0, |shade| i32::from(*shade)) + carried.get(x + 1).map_or(0, |sum| sum / 16);
                let black = shade < 128;
                if black {
                    bitmap.blacken(x as u16, y);
                }
                let off = shade - if black { 0 } else { 255 };
                let give = |row: &mut [i32], at: usize, part: i32| {
                    if let Some(place) = row.get_mut(at) {
                        *place += off * part;
                    }
                };
                give(&mut carried, ahead, 7);
                give(&mut below, behind, 3);
                give(&mut below, x + 1, 5);
                give(&mut below, ahead, 1);
            }
        }
        bitmap
    }
}

/// As the eye weighs colours (ITU-R BT.601).
fn luma(r: u8, g: u8, b: u8) -> u8 {
    ((u32::from(r) * 299 + u32::from(g) * 587 + u32::from(b) * 114 + 500) / 1000) as u8
}

fn on_white(shade: u8, alpha: u8) -> u8 {
    let (shade, alpha) = (u32::from(shade), u32::from(alpha));
    ((shade * alpha + 255 * (255 - alpha) + 127) / 255) as u8
}

/// So many averages of a row, each over its share. In parts of which a shade given has `count` and one asked for has
/// as many as shades are given, all is whole.
fn averages(shades: Vec<u8>, count: usize) -> Vec<u8> {
    let given = shades.len();
    if given == count {
        return shades;
    }
    let mut shades = shades.into_iter().map(u64::from);
    let (mut shade, mut left) = (0, 0);
    let mut average = || {
        let (mut sum, mut wanted) = (0, given);
        while wanted > 0 {
            if left == 0 {
                (shade, left) = (shades.next().unwrap_or(shade), count);
            }
            let part = wanted.min(left);
            sum += shade * part as u64;
            wanted -= part;
            left -= part;
        }
        ((sum + given as u64 / 2) / given.max(1) as u64) as u8
    };
    (0..count).map(|_| average()).collect()
}

#[cfg(test)]
mod tests {
    use png::{BitDepth, Encoder};
    use proptest::prelude::*;

    use super::*;

    fn png(color: ColorType, width: u32, height: u32, palette: Option<&[u8]>, samples: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, width, height);
        encoder.set_color(color);
        encoder.set_depth(BitDepth::Eight);
        if let Some(palette) = palette {
            encoder.set_palette(palette.to_vec());
        }
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(samples).unwrap();
        drop(writer);
        bytes
    }

    #[test]
    fn colours_become_grey_on_white() {
        let check = |bytes: &[u8], expected: &[u8]| assert_eq!(Grey::from_png(bytes).unwrap().shades(), expected);
        check(&png(ColorType::Rgb, 2, 1, None, &[255, 0, 0, 255, 255, 255]), &[76, 255]);
        check(&png(ColorType::Rgba, 3, 1, None, &[0, 0, 0, 0, 0, 0, 0, 255, 0, 0, 0, 128]), &[255, 0, 127]);
        check(&png(ColorType::GrayscaleAlpha, 1, 2, None, &[10, 255, 10, 0]), &[10, 255]);
        check(&png(ColorType::Indexed, 2, 1, Some(&[0, 0, 0, 0, 255, 0]), &[1, 0]), &[150, 0]);
    }

    #[test]
    fn what_is_no_logo_is_refused() {
        let large = png(ColorType::Grayscale, 4_097, 1, None, &[0; 4_097]);
        assert!(matches!(Grey::from_png(&large), Err(PictureError::TooLarge(4_097, 1))));
        let mut cut = png(ColorType::Grayscale, 64, 64, None, &[7; 64 * 64]);
        cut.truncate(60);
        assert!(Grey::from_png(&cut).is_err());
        assert!(Grey::from_png(b"GIF89a").is_err());
        assert_eq!(Grey::new(2, 2, vec![0; 3]), None);
        assert_eq!(Grey::new(0, 5, vec![]), None);
    }

    #[test]
    fn a_shade_stands_for_its_area() {
        let grey = Grey::new(4, 2, vec![0, 100, 200, 200, 100, 200, 200, 200]).unwrap();
        assert_eq!(grey.scaled(2), Grey::new(2, 1, vec![100, 200]).unwrap());
        let three = Grey::new(3, 1, vec![0, 90, 240]).unwrap();
        assert_eq!(three.scaled(2).shades(), [30, 190]);
        assert_eq!(three.scaled(6).shades(), [0, 0, 90, 90, 240, 240].repeat(2));
    }

    #[test]
    fn dots_are_as_dark_as_the_grey() {
        let grey = Grey::new(64, 64, vec![192; 64 * 64]).unwrap();
        let black: u32 = grey.dithered(Dither::FloydSteinberg).packed.iter().map(|byte| byte.count_ones()).sum();
        assert!((960..1080).contains(&black), "{black} of 4,096 dots for a quarter");
        assert_eq!(grey.dithered(Dither::Threshold(192)), Bitmap::new(64, 64));
        let logo = Grey::new(9, 1, vec![255, 0, 255, 0, 255, 0, 0, 0, 0]).unwrap();
        assert_eq!(logo.dithered(Dither::FloydSteinberg).packed, [0b0101_0111, 0b1000_0000]);
        assert_eq!(logo.dithered(Dither::Threshold(128)).packed, [0b0101_0111, 0b1000_0000]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_decoded_or_refused(mut at in 0usize..200, byte: u8, width in 1u16..700) {
            let mut bytes = png(ColorType::Rgba, 9, 7, None, &[90; 9 * 7 * 4]);
            at %= bytes.len();
            bytes[at] = byte;
            if let Ok(grey) = Grey::from_png(&bytes) {
                let scaled = grey.scaled(width);
                prop_assert_eq!(scaled.shades().len(), usize::from(scaled.width()) * usize::from(scaled.height()));
                prop_assert!(scaled.height() <= 4_096 && scaled.width() <= width);
            }
        }
    }
}
