//! One-bit pictures.

/// A one-bit picture; rows are packed to bytes, the leftmost dot in the top bit, black is 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bitmap {
    width: u32,
    height: u32,
    data: Vec<u8>,
}

impl Bitmap {
    /// A white picture. What it takes is `width` / 8 × `height` bytes: callers bound both.
    pub fn white(width: u32, height: u32) -> Self {
        let mut picture = Self { width, height, data: Vec::new() };
        picture.data.resize(picture.row_bytes().saturating_mul(usize::try_from(height).unwrap_or(0)), 0);
        picture
    }

    /// A picture of received rows; rows that did not come are not there.
    pub fn of_rows(width: u32, height: u32, data: Vec<u8>) -> Self {
        let mut picture = Self { width, height, data };
        let row = picture.row_bytes().max(1);
        let come = u32::try_from(picture.data.len().div_ceil(row)).unwrap_or(u32::MAX);
        picture.height = height.min(come);
        picture
    }

    /// A picture of columns of `height` dots in `bytes` bytes each, the topmost dot in the top bit.
    pub fn of_columns(height: u32, bytes: usize, data: &[u8]) -> Self {
        let width = u32::try_from(data.len() / bytes.max(1)).unwrap_or(0);
        let mut picture = Self::white(width, height);
        for (x, column) in (0..).zip(data.chunks_exact(bytes.max(1))) {
            for (y, black) in (0..height).zip(bits(column)) {
                if black {
                    picture.blacken(x, y);
                }
            }
        }
        picture
    }

    /// Dots across.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Dots down.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Bytes that its rows take.
    pub fn held(&self) -> usize {
        self.data.len()
    }

    fn row_bytes(&self) -> usize {
        usize::try_from(self.width.div_ceil(8)).unwrap_or(0)
    }

    fn place(&self, x: u32, y: u32) -> Option<(usize, u8)> {
        if x >= self.width || y >= self.height {
            return None;
        }
        let at = usize::try_from(y).ok()? * self.row_bytes() + usize::try_from(x / 8).ok()?;
        Some((at, 0x80 >> (x % 8)))
    }

    /// Whether the dot is black; outside all is white.
    pub fn dot(&self, x: u32, y: u32) -> bool {
        self.place(x, y).and_then(|(at, bit)| Some(self.data.get(at)? & bit != 0)).unwrap_or(false)
    }

    /// Makes one dot black.
    pub fn blacken(&mut self, x: u32, y: u32) {
        if let Some((at, bit)) = self.place(x, y)
            && let Some(byte) = self.data.get_mut(at)
        {
            *byte |= bit;
        }
    }

    /// Makes one dot white.
    pub fn whiten(&mut self, x: u32, y: u32) {
        if let Some((at, bit)) = self.place(x, y)
            && let Some(byte) = self.data.get_mut(at)
        {
            *byte &= !bit;
        }
    }

    /// Turns one dot to the other colour.
    pub fn turn(&mut self, x: u32, y: u32) {
        if let Some((at, bit)) = self.place(x, y)
            && let Some(byte) = self.data.get_mut(at)
        {
            *byte ^= bit;
        }
    }

    /// The row's bytes.
    pub fn row(&self, y: u32) -> &[u8] {
        let start = usize::try_from(y).unwrap_or(usize::MAX).saturating_mul(self.row_bytes());
        let rest = self.data.get(start..).unwrap_or_default();
        rest.get(..self.row_bytes().min(rest.len())).unwrap_or_default()
    }

    /// The black dots.
    pub fn black(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        (0..self.height).flat_map(move |y| {
            (0u32..)
                .zip(bits(self.row(y)))
                .take_while(|(x, _)| *x < self.width)
                .filter_map(move |(x, black)| black.then_some((x, y)))
        })
    }

    /// Its top left corner.
    #[must_use]
    pub fn cropped(&self, width: u32, height: u32) -> Self {
        let mut out = Self::white(width, height);
        for y in 0..height.min(self.height) {
            for (x, _) in (0..width.min(self.width)).zip(bits(self.row(y))).filter(|(_, black)| *black) {
                out.blacken(x, y);
            }
        }
        out
    }

    /// Turned clockwise by so many quarters.
    #[must_use]
    pub fn turned(&self, quarters: u8) -> Self {
        let (width, height) = (self.width, self.height);
        let mut out = if quarters % 2 == 1 { Self::white(height, width) } else { Self::white(width, height) };
        for (x, y) in self.black() {
            match quarters % 4 {
                0 => out.blacken(x, y),
                1 => out.blacken(height - 1 - y, x),
                2 => out.blacken(width - 1 - x, height - 1 - y),
                _ => out.blacken(y, width - 1 - x),
            }
        }
        out
    }
}

/// The dots of packed bytes, left or top first.
pub(super) fn bits(bytes: &[u8]) -> impl Iterator<Item = bool> + '_ {
    bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte & (0x80 >> bit) != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turning() {
        let mut picture = Bitmap::white(3, 2);
        picture.blacken(2, 0);
        assert_eq!(picture.turned(1).black().collect::<Vec<_>>(), [(1, 2)]);
        assert_eq!(picture.turned(2).black().collect::<Vec<_>>(), [(0, 1)]);
        assert_eq!(picture.turned(3).black().collect::<Vec<_>>(), [(0, 0)]);
        assert_eq!(picture.turned(1).turned(3), picture);
    }

    #[test]
    fn columns_and_missing_rows() {
        let picture = Bitmap::of_columns(8, 1, &[0x80, 0x01]);
        assert_eq!(picture.black().collect::<Vec<_>>(), [(0, 0), (1, 7)]);
        let picture = Bitmap::of_rows(16, 9, vec![0xff; 5]);
        assert_eq!((picture.height(), picture.black().count()), (3, 40));
    }
}
