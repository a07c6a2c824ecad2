//! Of several measurements of a period, the one that is told: the median, which one wrong value does not move, and
//! which is a scratchpad that the sensor really gave.

use trivet_wire::{Quality, Scratchpad};

use crate::ds18b20::decode;

/// Measurements of a period.
pub const MOST: usize = 5;

#[derive(Clone, Copy, Debug, Default)]
pub struct Period {
    /// Those with a temperature, in the order of it.
    good: [(i32, Scratchpad); MOST],
    count: usize,
    bad: Option<(Scratchpad, Quality)>,
}

impl Period {
    /// One more than [`MOST`] is passed over.
    pub fn add(&mut self, raw: Scratchpad) {
        match decode(&raw) {
            (Some(milli), _) => {
                let at = self.good.iter().take(self.count).take_while(|(other, _)| *other <= milli).count();
                if self.count < MOST {
                    if let Some(behind) = self.good.get_mut(at..=self.count) {
                        behind.rotate_right(1);
                    }
                    if let Some(place) = self.good.get_mut(at) {
                        *place = (milli, raw);
                    }
                    self.count += 1;
                }
            }
            (None, quality) => self.bad = Some((raw, quality)),
        }
    }

    /// A measurement that did not even come to bytes.
    pub fn add_bad(&mut self, quality: Quality) {
        self.bad = Some(([0; 9], quality));
    }

    /// `None` if nothing was added. A single good measurement outweighs all bad ones.
    pub fn end(self) -> Option<(Scratchpad, Quality)> {
        match self.count.checked_sub(1).and_then(|last| self.good.get(last / 2)) {
            Some((_, raw)) => Some((*raw, decode(raw).1)),
            None => self.bad,
        }
    }
}
