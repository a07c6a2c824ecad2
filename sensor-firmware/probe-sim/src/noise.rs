//! Random numbers that a seed gives again (xorshift64*, S. Vigna 2016).

#[derive(Clone, Copy, Debug)]
pub struct Noise(u64);

impl Noise {
    pub const fn new(seed: u64) -> Noise {
        Noise(seed | 1)
    }

    pub fn draw(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// True in so many of a million cases.
    pub fn strikes(&mut self, per_million: u32) -> bool {
        per_million > 0 && (self.draw() >> 33) % 1_000_000 < u64::from(per_million)
    }
}
