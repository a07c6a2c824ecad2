//! When which sensor is asked: a period has up to five measurements, evenly apart; of each sensor their median is the
//! period's reading.
//!
//! A measurement is a conversion of all sensors at once, and, when it has had its time, a read of each. Between the two
//! nothing waits. Sensors are searched at the beginning of each period; one that is gone keeps its place and gives
//! readings without a temperature, until a new sensor needs the place.

use embedded_hal::delay::DelayNs;
use embedded_hal::digital::{InputPin, OutputPin};
use trivet_wire::{Fault, Quality, Rom, Scratchpad};

use crate::MAX_PROBES;
use crate::ds18b20::{self, FAMILY, crc8};
use crate::filter::{MOST, Period};
use crate::line::{LineError, OneWire, Search};

/// Reads of a scratchpad until its check fits.
const TRIES: usize = 3;
/// A measurement, with its reads of four sensors, takes no longer than its conversion and this.
const SPARE_MS: u64 = 150;
pub const PERIODS_S: core::ops::RangeInclusive<u16> = 1..=3_600;
pub const RESOLUTIONS: core::ops::RangeInclusive<u8> = 9..=12;

/// What a period gave of one sensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    pub rom: Rom,
    pub raw: Scratchpad,
    pub quality: Quality,
}

#[derive(Clone, Copy, Default)]
struct Place {
    rom: Rom,
    period: Period,
    lost: bool,
}

pub struct Probes<P, D> {
    line: OneWire<P, D>,
    places: [Option<Place>; MAX_PROBES],
    line_fault: Option<LineError>,
    crowded: bool,
    period_ms: u64,
    resolution_bits: u8,
    begun_ms: u64,
    measured: u64,
    converting_until: Option<u64>,
}

/// What a poll brought about.
pub enum Step {
    Nothing,
    /// All readings of a period, to be fetched with [`Probes::take`].
    PeriodEnded,
}

impl<P: InputPin + OutputPin, D: DelayNs> Probes<P, D> {
    pub fn new(line: OneWire<P, D>, period_s: u16, resolution_bits: u8, now_ms: u64) -> Probes<P, D> {
        Probes {
            line,
            places: [None; MAX_PROBES],
            line_fault: None,
            crowded: false,
            period_ms: u64::from(period_s) * 1_000,
            resolution_bits,
            begun_ms: now_ms,
            measured: 0,
            converting_until: None,
        }
    }

    /// Begins a period anew. Whether this can be done.
    pub fn configure(&mut self, period_s: u16, resolution_bits: u8, now_ms: u64) -> bool {
        let can = PERIODS_S.contains(&period_s) && RESOLUTIONS.contains(&resolution_bits);
        if can && (self.period_s(), self.resolution_bits) != (period_s, resolution_bits) {
            self.period_ms = u64::from(period_s) * 1_000;
            self.resolution_bits = resolution_bits;
            self.begin(now_ms);
            self.places.iter_mut().flatten().for_each(|place| place.period = Period::default());
        }
        can
    }

    pub fn period_s(&self) -> u16 {
        u16::try_from(self.period_ms / 1_000).unwrap_or(u16::MAX)
    }

    pub fn resolution_bits(&self) -> u8 {
        self.resolution_bits
    }

    /// Sensors that answered last.
    pub fn count(&self) -> u8 {
        let there = self.places.iter().flatten().filter(|place| !place.lost).count();
        u8::try_from(there).unwrap_or(u8::MAX)
    }

    /// When there will be something to do.
    pub fn wake_ms(&self) -> u64 {
        self.converting_until.unwrap_or_else(|| self.begun_ms + self.measured * self.period_ms / self.per_period())
    }

    pub fn poll(&mut self, now_ms: u64, mut tell: impl FnMut(Fault)) -> Step {
        if now_ms < self.wake_ms() {
            return Step::Nothing;
        }
        if self.converting_until.is_none() {
            if self.measured == 0 {
                self.search(&mut tell);
            }
            // Whether or not anybody hears it: a measurement ends in its time, with or without a value.
            let begun = self.line.select_all().and_then(|()| self.line.write(&[ds18b20::CONVERT]));
            self.note_line(begun, &mut tell);
            self.converting_until = Some(now_ms + ds18b20::conversion_ms(self.resolution_bits));
            return Step::Nothing;
        }
        self.converting_until = None;
        self.read_all();
        self.measured += 1;
        if self.measured < self.per_period() {
            return Step::Nothing;
        }
        // The next period begins where this one ends; after a long pause, now.
        let next = self.begun_ms + self.period_ms;
        self.begin(if next + self.period_ms < now_ms { now_ms } else { next });
        Step::PeriodEnded
    }

    /// The readings of the period that ended, each once.
    pub fn take(&mut self, mut tell: impl FnMut(Fault), mut give: impl FnMut(Reading)) {
        for place in self.places.iter_mut().flatten() {
            let Some((raw, quality)) = core::mem::take(&mut place.period).end() else { continue };
            let lost = matches!(quality, Quality::Disconnected | Quality::Short);
            if lost != place.lost {
                let rom = place.rom;
                tell(if lost { Fault::ProbeLost { rom } } else { Fault::ProbeFound { rom } });
                place.lost = lost;
            }
            give(Reading { rom: place.rom, raw, quality });
        }
    }

    fn begin(&mut self, at_ms: u64) {
        self.begun_ms = at_ms;
        self.measured = 0;
        self.converting_until = None;
    }

    fn per_period(&self) -> u64 {
        let one = ds18b20::conversion_ms(self.resolution_bits) + SPARE_MS;
        (self.period_ms / one).clamp(1, MOST as u64)
    }

    fn search(&mut self, tell: &mut impl FnMut(Fault)) {
        let mut search = Search::default();
        // Each round finds one more; a disturbed line must not keep it going.
        for _ in 0..=2 * MAX_PROBES {
            match self.line.search(&mut search) {
                Ok(Some(rom)) if rom.first() == Some(&FAMILY) => self.know(rom, tell),
                Ok(_) => {}
                Err(error) => return self.note_line(Err(error), tell),
            }
            if search.is_done() {
                return;
            }
        }
    }

    fn know(&mut self, rom: Rom, tell: &mut impl FnMut(Fault)) {
        if self.places.iter().flatten().any(|place| place.rom == rom) {
            return;
        }
        let free = self.places.iter().position(Option::is_none);
        let lost = || self.places.iter().position(|place| place.is_some_and(|place| place.lost));
        match free.or_else(lost).and_then(|at| self.places.get_mut(at)) {
            Some(place) => {
                *place = Some(Place { rom, ..Place::default() });
                tell(Fault::ProbeFound { rom });
            }
            None if !self.crowded => {
                self.crowded = true;
                tell(Fault::TooManyProbes { most: MAX_PROBES as u8 });
            }
            None => {}
        }
    }

    fn note_line(&mut self, result: Result<(), LineError>, tell: &mut impl FnMut(Fault)) {
        let fault = result.err();
        if fault == self.line_fault {
            return;
        }
        self.line_fault = fault;
        tell(match fault {
            None => Fault::LineRecovered,
            Some(LineError::Empty) => Fault::LineEmpty,
            Some(LineError::Short | LineError::Pin) => Fault::LineShort,
        });
    }

    fn read_all(&mut self) {
        let config = ds18b20::config(self.resolution_bits);
        for place in self.places.iter_mut().flatten() {
            match read(&mut self.line, &place.rom) {
                Ok(raw) => {
                    place.period.add(raw);
                    let [_, _, high, low, set, ..] = raw;
                    if crc8(&raw) == 0 && set & 0x9f == 0x1f && set != config {
                        // The next conversion is of this resolution; what failed is written again then.
                        let selected = self.line.select(&place.rom);
                        let _ = selected.and_then(|()| self.line.write(&[ds18b20::WRITE, high, low, config]));
                    }
                }
                Err(LineError::Empty) => place.period.add_bad(Quality::Disconnected),
                Err(LineError::Short | LineError::Pin) => place.period.add_bad(Quality::Short),
            }
        }
    }
}

fn read<P: InputPin + OutputPin, D: DelayNs>(line: &mut OneWire<P, D>, rom: &Rom) -> Result<Scratchpad, LineError> {
    let mut raw = [0; 9];
    for _ in 0..TRIES {
        line.select(rom)?;
        line.write(&[ds18b20::READ])?;
        raw = line.read::<9>()?;
        if crc8(&raw) == 0 && raw != [0; 9] {
            break;
        }
    }
    Ok(raw)
}
