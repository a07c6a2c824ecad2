//! What is watched between two facts: a probe's samples against its limits, and the minute that they add up to.

use super::event::{BreachKind, NoData, Reading};
use super::probe::{Limits, Verdict};
use crate::MilliCelsius;

/// A sample, or why there is none.
pub type Sample = Result<MilliCelsius, NoData>;

/// A value must come back this far inside before a breach closes, so that a compressor at its limit writes no
/// hundred facts an hour.
pub const DEADBAND: i32 = 200;

/// This many samples without data in a row make a probe lost.
pub const LOST_AFTER: u32 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    Opened { kind: BreachKind, value: MilliCelsius, limit: MilliCelsius },
    Closed { peak: MilliCelsius },
    Lost(NoData),
    Returned,
}

/// One probe, as its box watches it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watch {
    breach: Option<(BreachKind, MilliCelsius)>,
    lost: bool,
    missing: u32,
}

impl Watch {
    /// Goes on from what was open when the box stopped.
    pub fn resume(breach: Option<(BreachKind, MilliCelsius)>, lost: bool) -> Watch {
        Watch { breach, lost, missing: 0 }
    }

    /// Looks at each sample. A sample without data never opens a breach and never closes one.
    pub fn look(&mut self, sample: Sample, limits: &Limits) -> Vec<Notice> {
        let value = match sample {
            Err(reason) => {
                self.missing = self.missing.saturating_add(1);
                let now_lost = self.missing == LOST_AFTER && !self.lost;
                self.lost |= now_lost;
                return if now_lost { vec![Notice::Lost(reason)] } else { Vec::new() };
            }
            Ok(value) => value,
        };
        let mut notices = Vec::new();
        self.missing = 0;
        if std::mem::take(&mut self.lost) {
            notices.push(Notice::Returned);
        }
        if let Some((kind, peak)) = self.breach {
            let back = match kind {
                BreachKind::High => limits.max.is_none_or(|max| value.0 <= max.0.saturating_sub(DEADBAND)),
                BreachKind::Low => limits.min.is_none_or(|min| value.0 >= min.0.saturating_add(DEADBAND)),
            };
            let peak = match kind {
                BreachKind::High => peak.max(value),
                BreachKind::Low => peak.min(value),
            };
            self.breach = (!back).then_some((kind, peak));
            if back {
                notices.push(Notice::Closed { peak });
            }
        }
        if self.breach.is_none() {
            let breach = match (limits.judge(value), limits) {
                (Verdict::Above(_), Limits { max: Some(limit), .. }) => Some((BreachKind::High, *limit)),
                (Verdict::Below(_), Limits { min: Some(limit), .. }) => Some((BreachKind::Low, *limit)),
                _ => None,
            };
            if let Some((kind, limit)) = breach {
                self.breach = Some((kind, value));
                notices.push(Notice::Opened { kind, value, limit });
            }
        }
        notices
    }
}

/// A probe's minute in the making.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Minute {
    last: Option<i32>,
    lowest: i32,
    highest: i32,
    sum: i64,
    samples: u16,
    bad: u16,
    no_data: Option<NoData>,
}

impl Minute {
    pub fn add(&mut self, sample: Sample) {
        match sample {
            Ok(MilliCelsius(value)) if self.samples < u16::MAX => {
                self.lowest = if self.samples == 0 { value } else { self.lowest.min(value) };
                self.highest = if self.samples == 0 { value } else { self.highest.max(value) };
                self.last = Some(value);
                self.sum += i64::from(value);
                self.samples += 1;
            }
            Ok(_) => {}
            Err(reason) => {
                self.no_data = Some(reason);
                self.bad = self.bad.saturating_add(1);
            }
        }
    }

    /// The reading of the minute, and an empty minute in its place. `silent` is the reason if nothing came at all.
    pub fn close(&mut self, silent: NoData) -> Reading {
        let minute = std::mem::take(self);
        let Some(last) = minute.last else {
            let no_data = Some(minute.no_data.unwrap_or(silent));
            return Reading { no_data, bad: Some(minute.bad).filter(|n| *n > 0), ..Reading::default() };
        };
        let mean = i32::try_from(minute.sum.div_euclid(i64::from(minute.samples))).unwrap_or(last);
        Reading {
            last: Some(MilliCelsius(last)),
            samples: Some(minute.samples),
            below: Some(last.abs_diff(minute.lowest)).filter(|d| *d > 0),
            above: Some(minute.highest.abs_diff(last)).filter(|d| *d > 0),
            mean: Some(mean.saturating_sub(last)).filter(|d| *d != 0),
            no_data: minute.no_data,
            bad: Some(minute.bad).filter(|n| *n > 0),
        }
    }
}
