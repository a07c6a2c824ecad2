//! Bytes that look random and are the same at every run.

#[derive(Debug)]
pub(super) struct Noise(u32);

impl Default for Noise {
    fn default() -> Self {
        Self(0x1234_5677)
    }
}

impl Noise {
    pub(super) fn bytes(&mut self, count: usize) -> Vec<u8> {
        std::iter::repeat_with(|| {
            self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            self.0.to_be_bytes()[0]
        })
        .take(count)
        .collect()
    }
}
