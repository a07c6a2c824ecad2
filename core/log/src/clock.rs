//! The hybrid logical clock, and how far a replica's wall clock is believed.

use std::fmt;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970 in the upper 48 bits, a counter in the lower 16. Strictly rising per origin, whatever the
/// wall clock does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct Hlc(#[n(0)] pub u64);

impl Hlc {
    pub fn from_ms(ms: u64) -> Hlc {
        Hlc(ms << 16)
    }
    pub fn ms(self) -> u64 {
        self.0 >> 16
    }
}

impl fmt::Debug for Hlc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}", self.ms(), self.0 & 0xffff)
    }
}

/// What stands behind the wall clock that an entry was stamped with. The box has no battery clock of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum TimeQuality {
    /// Nothing has set the clock since the box was started.
    #[default]
    #[n(0)]
    Unset,
    /// A battery-backed clock.
    #[n(1)]
    Rtc,
    #[n(2)]
    Ntp,
    /// Compared with the relay's.
    #[n(3)]
    Relay,
}

/// Another replica that is further ahead than this does not move our clock (its entries are kept all the same).
pub const MAX_LEAD_MS: u64 = 5 * 60 * 1000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    last: Hlc,
}

impl Clock {
    /// Goes on from the newest stamp in the log.
    pub fn resume(last: Hlc) -> Clock {
        Clock { last }
    }

    pub fn last(&self) -> Hlc {
        self.last
    }

    /// The stamp of the next entry.
    pub fn tick(&mut self, wall_ms: u64) -> Hlc {
        self.last = Hlc(self.last.0 + 1).max(Hlc::from_ms(wall_ms));
        self.last
    }

    /// Takes note of another replica's stamp. A clock that nobody has set adopts nothing: it ticks on by itself, and
    /// the entry's frontier tells what came before what.
    pub fn receive(&mut self, remote: Hlc, wall_ms: u64, quality: TimeQuality) {
        let believable = remote.ms() <= wall_ms.saturating_add(MAX_LEAD_MS);
        if quality != TimeQuality::Unset && believable {
            self.last = self.last.max(remote);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rises_through_steps_of_the_wall_clock() {
        let mut clock = Clock::default();
        let stamps: Vec<_> = [1_000, 1_000, 500, 0, 5_000, 4_999].map(|ms| clock.tick(ms)).into();
        assert!(stamps.is_sorted_by(|a, b| a < b), "{stamps:?}");
        assert_eq!(stamps[4].ms(), 5_000);
    }

    #[test]
    fn a_replica_far_ahead_moves_nobody() {
        let mut clock = Clock::default();
        clock.tick(1_000);
        clock.receive(Hlc::from_ms(1_000 + MAX_LEAD_MS + 1), 1_000, TimeQuality::Ntp);
        assert_eq!(clock.last().ms(), 1_000);
        clock.receive(Hlc::from_ms(60_000), 1_000, TimeQuality::Unset);
        assert_eq!(clock.last().ms(), 1_000);
        clock.receive(Hlc::from_ms(60_000), 1_000, TimeQuality::Ntp);
        assert_eq!(clock.last().ms(), 60_000);
    }
}
