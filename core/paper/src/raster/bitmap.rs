//! What is done to a bitmap as a whole.

use std::ops::Range;

use crate::block::Bitmap;

impl Bitmap {
    /// From the first black row to behind the last; none if it is white.
    pub(super) fn inked_rows(&self) -> Option<Range<usize>> {
        let stride = self.stride().max(1);
        let inked = |row: &[u8]| row.iter().any(|byte| *byte != 0);
        let first = self.packed.chunks_exact(stride).position(inked)?;
        let last = self.packed.chunks_exact(stride).rposition(inked)?;
        Some(first..last + 1)
    }

    pub(super) fn rows(&self, rows: Range<usize>) -> Bitmap {
        let bytes = rows.start * self.stride()..rows.end * self.stride();
        Bitmap { width: self.width, packed: self.packed.get(bytes).unwrap_or_default().to_vec() }
    }

    /// Makes strokes one dot thicker, to the right. A gap of a single dot stays, or letters would fill up.
    pub(super) fn embolden(&mut self) {
        let stride = self.stride().max(1);
        for row in self.packed.chunks_exact_mut(stride) {
            let mut before = 0;
            for x in 0..row.len() {
                let after = row.get(x + 1).map_or(0, |next| next >> 7);
                let Some(byte) = row.get_mut(x) else { continue };
                let old = *byte;
                let right = old >> 1 | before << 7;
                let left = old << 1 | after;
                *byte = old | right & !left;
                before = old & 1;
            }
        }
        self.clear_beyond();
    }

    pub(super) fn invert(&mut self) {
        self.packed.iter_mut().for_each(|byte| *byte = !*byte);
        self.clear_beyond();
    }

    pub(super) fn fill(&mut self, x: Range<u16>, y: Range<u16>) {
        for y in y {
            x.clone().for_each(|x| self.blacken(x, y));
        }
    }

    /// The last byte of a row may reach beyond the width: nothing is black there.
    fn clear_beyond(&mut self) {
        let used = self.width % 8;
        if used == 0 {
            return;
        }
        let stride = self.stride().max(1);
        for byte in self.packed.chunks_exact_mut(stride).filter_map(<[u8]>::last_mut) {
            *byte &= 0xff << (8 - used);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bitmap(rows: &[&str]) -> Bitmap {
        let mut bitmap = Bitmap::new(rows[0].len() as u16, rows.len() as u16);
        for (y, row) in rows.iter().enumerate() {
            let black = row.bytes().enumerate().filter(|(_, dot)| *dot == b'#');
            black.for_each(|(x, _)| bitmap.blacken(x as u16, y as u16));
        }
        bitmap
    }

    #[test]
    fn bold_is_a_dot_thicker_and_fills_no_gap() {
        let mut thin = bitmap(&["#..#.#.....#", "......#.....", "#########..#"]);
        thin.embolden();
        assert_eq!(thin, bitmap(&["##.#.##....#", "......##....", "##########.#"]));
    }

    #[test]
    fn white_on_black_ends_with_the_paper() {
        let mut all = bitmap(&["#..", "..."]);
        all.invert();
        assert_eq!(all.packed, [0b0110_0000, 0b1110_0000]);
        assert_eq!(bitmap(&["...", ".#.", "...", "#..", "..."]).inked_rows(), Some(1..4));
        assert_eq!(bitmap(&["..."]).inked_rows(), None);
    }
}
