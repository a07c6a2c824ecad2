//! Pictures on their way into commands.

use trivet_paper::Bitmap;

/// Real-time commands act on receipt, even inside a picture's data (Epson, ESC/POS reference, DLE EOT, "Notes"). Sets
/// one isolated dot wherever the data look like one, so that no picture opens a drawer or turns the printer off.
pub(super) fn disarm(data: &mut [u8]) {
    let mut from = 0;
    while let Some(at) = data.get(from..).and_then(|rest| rest.iter().position(|byte| *byte == 0x10)) {
        let at = from + at;
        if let Some([first, second, third, ..]) = data.get_mut(at..)
            && is_real_time(*second, *third)
        {
            *first |= 0x01;
        }
        from = at + 1;
    }
}

/// Whether `DLE second third` begins a command that acts on receipt.
pub(super) fn is_real_time(second: u8, third: u8) -> bool {
    matches!((second, third), (0x04, 1..=8 | 18) | (0x05, 0..=3) | (0x14, 1..=3 | 6..=8))
}

/// The picture without its white right-hand side, no wider than the paper. A row that lacks bytes is left out: the
/// command announces whole ones.
pub(super) fn fitted(bitmap: &Bitmap, dots: u16) -> Bitmap {
    let stride = bitmap.stride().max(1);
    if bitmap.width == 0 {
        return Bitmap::new(8, 0);
    }
    let whole = bitmap.packed.len() / stride * stride;
    let Some(packed) = bitmap.packed.get(..whole) else { return Bitmap::new(8, 0) };
    let most = usize::from(dots.div_ceil(8)).min(stride);
    let used = |row: &[u8]| row.get(..most).unwrap_or(row).iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
    let width = packed.chunks(stride).map(used).max().unwrap_or(0).max(1);
    if width == stride {
        return Bitmap { width: bitmap.width, packed: packed.to_vec() };
    }
    Bitmap { width: (width * 8) as u16, packed: rows(packed, stride, 0, width) }
}

/// Each row's first `width` bytes, behind `before` white ones.
fn rows(packed: &[u8], stride: usize, before: usize, width: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(packed.len() / stride * (before + width));
    for row in packed.chunks(stride) {
        out.resize(out.len() + before, 0);
        out.extend_from_slice(row.get(..width).unwrap_or(row));
    }
    out
}

/// The picture in the middle of the paper.
pub(super) fn centred(bitmap: &Bitmap, dots: u16) -> Bitmap {
    let bitmap = fitted(bitmap, dots);
    let before = usize::from(dots.saturating_sub(bitmap.width) / 16);
    let stride = bitmap.stride();
    let packed = rows(&bitmap.packed, stride.max(1), before, stride);
    Bitmap { width: ((before + stride) * 8) as u16, packed }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn no_picture_holds_a_real_time_command(mut data in proptest::collection::vec(
            proptest::prop_oneof![proptest::strategy::Just(0x10u8), proptest::strategy::Just(4u8),
                proptest::strategy::Just(0x14u8), 0u8..9, proptest::prelude::any::<u8>()], 0..400)) {
            disarm(&mut data);
            for bytes in data.windows(3) {
                assert!(!(bytes[0] == 0x10 && is_real_time(bytes[1], bytes[2])), "{bytes:x?}");
            }
        }
    }

    #[test]
    fn a_picture_fits_the_paper() {
        let mut wide = Bitmap::new(1_000, 2);
        wide.blacken(20, 1);
        assert_eq!(fitted(&wide, 384), Bitmap { width: 24, packed: vec![0, 0, 0, 0, 0, 0x08] });
        assert_eq!(centred(&wide, 384).stride(), 3 + 22);
        assert_eq!(fitted(&Bitmap::new(16, 2), 384).stride(), 1);
        let cut_short = Bitmap { width: 16, packed: vec![1, 2, 3, 4, 5] };
        assert_eq!(fitted(&cut_short, 384).packed, [1, 2, 3, 4]);
        assert!(centred(&Bitmap { width: 0, packed: vec![1] }, 384).packed.is_empty());
    }
}
