//! The open-drain line: low while anybody pulls. Its time moves when the master waits.

use core::cell::RefCell;
use core::convert::Infallible;

use embedded_hal::delay::DelayNs;
use embedded_hal::digital::{ErrorType, InputPin, OutputPin};

use crate::noise::Noise;
use crate::sensor::{Sensor, Slot};

/// Sensors on a line.
pub const MOST: usize = 8;
/// A low of this length is a reset (DS18B20 data sheet, "tRSTL": at least 480 µs).
const RESET_NS: u64 = 480_000;
/// Longest low of a written zero ("tLOW0": 60 to 120 µs).
const LOW_ZERO_NS: core::ops::RangeInclusive<u64> = 60_000..=120_000;
/// Longest low of a written one or of a read ("tLOW1": 1 to 15 µs).
const LOW_ONE_NS: core::ops::RangeInclusive<u64> = 1_000..=15_000;
/// A slot and its recovery ("tSLOT" at least 60 µs, "tREC" at least 1 µs).
const SLOT_NS: u64 = 61_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineFault {
    #[default]
    None,
    /// To ground.
    Short,
    /// The wire is broken behind the pull-up.
    Open,
}

pub struct Line {
    now_ns: u64,
    pulled: bool,
    fell_ns: u64,
    /// A slot or a reset must have ended by then.
    busy_until_ns: u64,
    pub sensors: [Option<Sensor>; MOST],
    pub fault: LineFault,
    /// Of a million reads of the line, so many are wrong.
    pub noise_per_million: u32,
    noise: Noise,
    violations: u32,
}

impl Line {
    pub fn new(seed: u64) -> Line {
        Line {
            now_ns: 0,
            pulled: false,
            fell_ns: 0,
            busy_until_ns: 0,
            sensors: [const { None }; MOST],
            fault: LineFault::None,
            noise_per_million: 0,
            noise: Noise::new(seed),
            violations: 0,
        }
    }

    /// Takes the first free place; a line that is full stays as it is.
    pub fn plug(&mut self, sensor: Sensor) {
        if let Some(place) = self.sensors.iter_mut().find(|place| place.is_none()) {
            *place = Some(sensor);
        }
    }

    pub fn now_ms(&self) -> u64 {
        self.now_ns / 1_000_000
    }

    /// Moves the line's time forward to this, if it is not there yet.
    pub fn wait_until_ms(&mut self, ms: u64) {
        self.now_ns = self.now_ns.max(ms * 1_000_000);
    }

    /// Lows and slots of a length that no DS18B20 is bound to understand.
    pub fn violations(&self) -> u32 {
        self.violations
    }

    fn reachable(&mut self) -> impl Iterator<Item = &mut Sensor> {
        let connected = self.fault == LineFault::None;
        self.sensors.iter_mut().flatten().filter(move |_| connected)
    }

    fn pull(&mut self) {
        if self.pulled {
            return;
        }
        self.pulled = true;
        self.fell_ns = self.now_ns;
        self.violations += u32::from(self.now_ns < self.busy_until_ns);
        let now = self.now_ns;
        self.reachable().for_each(|sensor| sensor.fall(now));
    }

    fn release(&mut self) {
        if !self.pulled {
            return;
        }
        self.pulled = false;
        let (now, low) = (self.now_ns, self.now_ns - self.fell_ns);
        if low >= RESET_NS {
            self.busy_until_ns = now + RESET_NS;
            self.reachable().for_each(|sensor| sensor.reset(now));
            return;
        }
        self.busy_until_ns = self.fell_ns + SLOT_NS;
        let slot = match low {
            low if LOW_ONE_NS.contains(&low) => Slot::One,
            low if LOW_ZERO_NS.contains(&low) => Slot::Zero,
            low => {
                self.violations += 1;
                if low < 30_000 { Slot::One } else { Slot::Zero }
            }
        };
        self.reachable().for_each(|sensor| sensor.slot(slot, now));
    }

    fn is_low(&mut self) -> bool {
        let now = self.now_ns;
        let held = self.reachable().any(|sensor| sensor.holds(now));
        let low = self.pulled || held || self.fault == LineFault::Short;
        let per_million = self.noise_per_million;
        low != self.noise.strikes(per_million)
    }
}

/// The master's pin on the line.
pub struct Pin<'a>(pub &'a RefCell<Line>);
/// The master's way to let time pass.
pub struct Wait<'a>(pub &'a RefCell<Line>);

impl ErrorType for Pin<'_> {
    type Error = Infallible;
}

impl OutputPin for Pin<'_> {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.0.borrow_mut().pull();
        Ok(())
    }
    fn set_high(&mut self) -> Result<(), Infallible> {
        self.0.borrow_mut().release();
        Ok(())
    }
}

impl InputPin for Pin<'_> {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(!self.0.borrow_mut().is_low())
    }
    fn is_low(&mut self) -> Result<bool, Infallible> {
        Ok(self.0.borrow_mut().is_low())
    }
}

impl DelayNs for Wait<'_> {
    fn delay_ns(&mut self, ns: u32) {
        self.0.borrow_mut().now_ns += u64::from(ns);
    }
}
