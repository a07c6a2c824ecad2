//! `^GF` with ASCII data and `^GB` ("ZPL II Programming Guide": Graphic Field, Graphic Box, compression scheme).

use super::super::bitmap::Bitmap;

/// Rows of the longest label: 1 m at 203 dpi.
pub(super) const MOST_ROWS: u32 = 8_000;
/// Bytes of the widest row.
const MOST_ROW_BYTES: usize = 256;

/// Hexadecimal digits with their repeat counts, `bytes_per_row` a row.
pub(super) fn decoded(data: &[u8], bytes_per_row: usize, bytes: usize) -> Option<Bitmap> {
    if bytes_per_row == 0 || data.starts_with(b":") {
        return None;
    }
    let rows = bytes.div_ceil(bytes_per_row).min(usize::try_from(MOST_ROWS).ok()?);
    let kept = bytes_per_row.min(MOST_ROW_BYTES);
    let mut out: Vec<u8> = Vec::new();
    // Nibbles of the row that is being filled.
    let mut row: Vec<u8> = Vec::new();
    let full = bytes_per_row * 2;
    let mut repeat = 0usize;
    let mut last: Vec<u8> = vec![0; kept];
    let mut done = 0;
    let finish = |row: &mut Vec<u8>, out: &mut Vec<u8>, last: &mut Vec<u8>, done: &mut usize| {
        row.resize(full.min(MOST_ROW_BYTES * 2), 0);
        *last = row.chunks(2).map(|pair| pair.iter().fold(0, |byte, nibble| byte << 4 | nibble)).collect();
        out.extend_from_slice(last);
        row.clear();
        *done += 1;
    };
    for byte in data {
        if done >= rows {
            break;
        }
        let nibble = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'F' => byte - b'A' + 10,
            b'a'..=b'f' => byte - b'a' + 10,
            // "G to Y are 1 to 19, g to z are 20 to 400 in steps of 20": they add up.
            b'G'..=b'Y' => {
                repeat = repeat.saturating_add(usize::from(byte - b'F'));
                continue;
            }
            b'g'..=b'z' => {
                repeat = repeat.saturating_add(usize::from(byte - b'f') * 20);
                continue;
            }
            // The rest of the row is white, or black; the row above again.
            b',' => {
                finish(&mut row, &mut out, &mut last, &mut done);
                continue;
            }
            b'!' => {
                row.resize(full.min(MOST_ROW_BYTES * 2), 0x0f);
                finish(&mut row, &mut out, &mut last, &mut done);
                continue;
            }
            b':' => {
                out.extend_from_slice(&last);
                done += 1;
                continue;
            }
            _ => continue,
        };
        for _ in 0..std::mem::take(&mut repeat).max(1) {
            if done >= rows {
                break;
            }
            row.push(nibble);
            if row.len() >= full {
                row.truncate(MOST_ROW_BYTES * 2);
                finish(&mut row, &mut out, &mut last, &mut done);
            }
        }
    }
    if !row.is_empty() && done < rows {
        finish(&mut row, &mut out, &mut last, &mut done);
    }
    let width = u32::try_from(kept * 8).ok()?;
    Some(Bitmap::of_rows(width, u32::try_from(done).ok()?, out))
}

/// Whether a dot of a `width` × `height` box with lines of `thick` dots and corners rounded by `rounding` eighths of
/// half its shorter side is coloured.
pub(super) fn box_dot(x: u32, y: u32, width: u32, height: u32, thick: u32, rounding: u32) -> bool {
    let radius = f64::from(width.min(height)) / 2.0 * f64::from(rounding.min(8)) / 8.0;
    let inside = |inset: f64, radius: f64| {
        let (x, y) = (f64::from(x) + 0.5, f64::from(y) + 0.5);
        let (w, h) = (f64::from(width), f64::from(height));
        if x < inset || y < inset || x > w - inset || y > h - inset {
            return false;
        }
        // Distance into the corner's square, if the dot lies in one.
        let dx = (inset + radius - x).max(x - (w - inset - radius)).max(0.0);
        let dy = (inset + radius - y).max(y - (h - inset - radius)).max(0.0);
        radius <= 0.0 || dx * dx + dy * dy <= radius * radius
    };
    let thick = f64::from(thick);
    inside(0.0, radius) && !inside(thick, (radius - thick).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compressed_rows() {
        let rows = |data: &[u8], width: usize, bytes: usize| -> Vec<Vec<u8>> {
            let picture = decoded(data, width, bytes).unwrap();
            (0..picture.height()).map(|y| picture.row(y).to_vec()).collect()
        };
        assert_eq!(rows(b"FF00", 1, 2), [[0xff], [0x00]]);
        assert_eq!(rows(b"8,!:", 2, 8), [[0x80, 0], [0xff, 0xff], [0xff, 0xff]]);
        assert_eq!(rows(b"IF0", 2, 2), [[0xff, 0xf0]]);
        assert_eq!(rows(b"gFgF", 10, 20), [[0xff; 10], [0xff; 10]]);
        assert_eq!(rows(b"F", 2, 2), [[0xf0, 0]]);
        assert!(decoded(b":Z64:abc:1234", 2, 2).is_none());
    }

    #[test]
    fn boxes() {
        let black = |w, h, t, r| {
            (0..h).flat_map(|y| (0..w).map(move |x| (x, y))).filter(|(x, y)| box_dot(*x, *y, w, h, t, r)).count()
        };
        assert_eq!(black(10, 10, 1, 0), 36);
        assert_eq!(black(10, 4, 4, 0), 40);
        assert!((70..86).contains(&black(10, 10, 10, 8)));
    }
}
