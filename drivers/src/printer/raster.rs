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
    Fitted::new(bitmap, dots).behind(0)
}

/// The picture in the middle of the paper.
pub(super) fn centred(bitmap: &Bitmap, dots: u16) -> Bitmap {
    let fitted = Fitted::new(bitmap, dots);
    let before = usize::from(dots.saturating_sub(fitted.width) / 16);
    Bitmap { width: ((before + fitted.used) * 8) as u16, ..fitted.behind(before) }
}

/// What is printed of a picture.
struct Fitted<'a> {
    /// Whole rows.
    packed: &'a [u8],
    stride: usize,
    /// Bytes of each row, and dots.
    used: usize,
    width: u16,
}

impl Fitted<'_> {
    fn new(bitmap: &Bitmap, dots: u16) -> Fitted<'_> {
        let stride = bitmap.stride();
        if stride == 0 {
            return Fitted { packed: &[], stride: 1, used: 1, width: 8 };
        }
        let whole = bitmap.packed.len() / stride * stride;
        let packed = bitmap.packed.get(..whole).unwrap_or_default();
        let most = usize::from(dots.div_ceil(8)).min(stride);
        let black = |row: &[u8]| row.iter().take(most).rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
        let used = packed.chunks(stride).map(black).max().unwrap_or(0).max(1);
        let width = if used == stride { bitmap.width } else { (used * 8) as u16 };
        Fitted { packed, stride, used, width }
    }

    /// So many white bytes before each row.
    fn behind(&self, before: usize) -> Bitmap {
        let mut packed = Vec::with_capacity(self.packed.len() / self.stride * (before + self.used));
        for row in self.packed.chunks(self.stride) {
            packed.resize(packed.len() + before, 0);
            packed.extend(row.iter().take(self.used));
        }
        Bitmap { width: self.width, packed }
    }
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
