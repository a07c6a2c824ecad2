//! The readings that the box has not acknowledged: a ring in memory. When it is full the oldest goes, and is counted.
//!
//! Numbers begin with 1 at each start and have no holes, so a reading's number is its place.

use trivet_wire::{Quality, Rom, Scratchpad};

use crate::ds18b20::FAMILY;

/// 20 bytes: 28,800 for a day of one sensor at a reading a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Tenths of a second: 13 years.
    uptime_ds: u32,
    raw: Scratchpad,
    /// The sensor's number, less family and check.
    serial: [u8; 6],
    quality: Quality,
}

impl Entry {
    pub fn new(uptime_ms: u64, rom: &Rom, raw: Scratchpad, quality: Quality) -> Entry {
        let [_, a, b, c, d, e, f, _] = *rom;
        let uptime_ds = u32::try_from(uptime_ms / 100).unwrap_or(u32::MAX);
        Entry { uptime_ds, raw, serial: [a, b, c, d, e, f], quality }
    }

    pub fn uptime_ms(&self) -> u64 {
        u64::from(self.uptime_ds) * 100
    }

    pub fn rom(&self) -> Rom {
        let [a, b, c, d, e, f] = self.serial;
        let body = [FAMILY, a, b, c, d, e, f];
        [FAMILY, a, b, c, d, e, f, crate::ds18b20::crc8(&body)]
    }

    pub fn raw(&self) -> Scratchpad {
        self.raw
    }

    pub fn quality(&self) -> Quality {
        self.quality
    }
}

const NOTHING: Entry = Entry { uptime_ds: 0, raw: [0; 9], serial: [0; 6], quality: Quality::Good };

pub struct Log<const N: usize> {
    entries: [Entry; N],
    oldest: u32,
    next: u32,
}

impl<const N: usize> Default for Log<N> {
    fn default() -> Log<N> {
        Log::new()
    }
}

impl<const N: usize> Log<N> {
    pub const fn new() -> Log<N> {
        Log { entries: [NOTHING; N], oldest: 1, next: 1 }
    }

    /// Whether an older reading, not yet acknowledged, was lost for it.
    pub fn push(&mut self, entry: Entry) -> bool {
        let lost = self.len() as usize >= N;
        if lost {
            self.oldest = self.oldest.wrapping_add(1);
        }
        let at = Self::place(self.next);
        if let Some(place) = self.entries.get_mut(at) {
            *place = entry;
        }
        self.next = self.next.wrapping_add(1);
        lost
    }

    /// Forgets what is safe. A number that was never given is not believed.
    pub fn acknowledge(&mut self, upto: u32) {
        if (self.oldest..self.next).contains(&upto) {
            self.oldest = upto.wrapping_add(1);
        }
    }

    pub fn get(&self, seq: u32) -> Option<&Entry> {
        (self.oldest..self.next).contains(&seq).then(|| self.entries.get(Self::place(seq))).flatten()
    }

    pub fn oldest(&self) -> u32 {
        self.oldest
    }

    /// The number of the reading to come.
    pub fn next(&self) -> u32 {
        self.next
    }

    pub fn len(&self) -> u32 {
        self.next.wrapping_sub(self.oldest)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn place(seq: u32) -> usize {
        (seq as usize).checked_rem(N).unwrap_or_default()
    }
}
