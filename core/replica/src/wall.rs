//! The wall clock, and what stands behind it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use trivet_log::TimeQuality;

/// A wall clock that a rehearsal can set wrong. Cheap to clone.
#[derive(Clone, Default)]
pub struct Wall(Arc<Inner>);

#[derive(Default)]
struct Inner {
    offset_ms: AtomicI64,
    /// A quality learnt from the relay, as its number + 1.
    learnt: AtomicU8,
}

impl Wall {
    pub fn now_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX) + self.0.offset_ms.load(Ordering::Relaxed)
    }

    pub fn step(&self, by_ms: i64) {
        self.0.offset_ms.fetch_add(by_ms, Ordering::Relaxed);
    }

    /// The relay was asked for the time and agrees with this clock.
    pub fn agrees_with_relay(&self, yes: bool) {
        self.0.learnt.store(u8::from(yes), Ordering::Relaxed);
    }

    /// What the operating system says of its clock: systemd-timesyncd and chrony leave a mark once they have
    /// synchronised; a battery-backed clock is a device.
    pub fn quality(&self) -> TimeQuality {
        let exists = |path: &str| std::path::Path::new(path).exists();
        if self.0.learnt.load(Ordering::Relaxed) == 1 {
            TimeQuality::Relay
        } else if exists("/run/systemd/timesync/synchronized") || exists("/run/chrony/chronyd.sock") {
            TimeQuality::Ntp
        } else if exists("/dev/rtc0") {
            TimeQuality::Rtc
        } else {
            TimeQuality::Unset
        }
    }
}
