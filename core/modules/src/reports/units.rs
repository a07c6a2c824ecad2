//! The units of a report: what each probe's minutes of the period add up to, by the clock on the wall.

use std::collections::HashMap;

use trivet_domain::haccp::HourReading;
use trivet_log::{Id, TimeQuality};

use super::model::{Band, ClockNotes, Gap};
use super::site::Site;
use crate::haccp::counting::{Missing, Span, Sum};

pub use crate::haccp::counting::MOST_GAPS;
pub(super) use crate::haccp::counting::{Counting, Slots, Standing, hours_about};

const MINUTE_MS: i64 = 60_000;

impl Slots {
    /// The days of a period, or its hours where it is short.
    pub(super) fn of(site: &Site, from_minute: i64, end_minute: i64) -> Slots {
        let by_hour = end_minute - from_minute <= 4 * 1_440;
        let mut starts = vec![from_minute];
        let mut at = from_minute;
        while let Some(next) = site.next_slot(at, by_hour).filter(|next| *next < end_minute && *next > at) {
            starts.push(next);
            at = next;
        }
        starts.push(end_minute.max(from_minute + 1));
        Slots::new(starts)
    }
}

impl Counting {
    pub(super) fn gaps(&self, site: &Site) -> Vec<Gap> {
        let before_first = |gap: &Span| self.first_ever.is_none_or(|first| gap.to <= first);
        let shown = |gap: &Span| {
            let mut reasons: Vec<(Missing, u64)> = gap.reasons.iter().map(|(why, count)| (*why, *count)).collect();
            reasons.sort_by_key(|(why, count)| (std::cmp::Reverse(*count), *why));
            Gap {
                from: site.time(gap.from * MINUTE_MS),
                to: site.time(gap.to * MINUTE_MS),
                minutes: (gap.to - gap.from).unsigned_abs(),
                reasons: reasons.into_iter().map(|(why, _)| why.words(before_first(gap))).collect(),
            }
        };
        self.gaps.iter().map(shown).collect()
    }

    pub(super) fn bands(&self, site: &Site, slots: &Slots) -> Vec<Band> {
        let band = |(place, sum): (usize, &Sum)| Band {
            at: site.time(slots.start(place) * MINUTE_MS),
            place: u32::try_from(place).unwrap_or(u32::MAX),
            lowest_milli_c: sum.lowest,
            highest_milli_c: sum.highest,
            minutes: sum.minutes + sum.between,
            of_minutes: u32::try_from(slots.start(place + 1) - slots.start(place)).unwrap_or(0),
            beyond_minutes: sum.beyond,
        };
        self.sums.iter().enumerate().filter(|(_, sum)| sum.minutes > 0).map(band).collect()
    }
}

/// What stood behind the clock in the period, by whatever probe.
#[derive(Default)]
pub(super) struct Clock {
    hour: i64,
    /// Of the hour that is being read: a bit a minute.
    unset: u64,
    unconfirmed: u64,
    counted: (u64, u64),
    first: Option<i64>,
    last: Option<i64>,
}

impl Clock {
    pub(super) fn add(&mut self, hour: i64, readings: &[HourReading], span: &std::ops::Range<i64>) {
        if hour != self.hour {
            self.count();
            self.hour = hour;
        }
        for at in readings.iter().filter(|at| span.contains(&at.minute)) {
            let bit = 1_u64 << at.minute.rem_euclid(60);
            match at.quality {
                TimeQuality::Unset => {
                    self.unset |= bit;
                    self.first = Some(self.first.map_or(at.minute, |first| first.min(at.minute)));
                    self.last = Some(self.last.map_or(at.minute, |last| last.max(at.minute)));
                }
                TimeQuality::Rtc => self.unconfirmed |= bit,
                TimeQuality::Ntp | TimeQuality::Relay => {}
            }
        }
    }

    fn count(&mut self) {
        self.counted.0 += u64::from(std::mem::take(&mut self.unset).count_ones());
        self.counted.1 += u64::from(std::mem::take(&mut self.unconfirmed).count_ones());
    }

    pub(super) fn notes(mut self, site: &Site) -> ClockNotes {
        self.count();
        ClockNotes {
            unset_minutes: self.counted.0,
            first: self.first.map(|minute| site.time(minute * MINUTE_MS)),
            last: self.last.map(|minute| site.time((minute + 1) * MINUTE_MS)),
            unconfirmed_minutes: self.counted.1,
        }
    }
}

pub(super) type Countings = HashMap<Id, Counting>;

#[cfg(test)]
mod tests {
    use super::*;
    use trivet_domain::MilliCelsius;
    use trivet_domain::haccp::{NoData, Reading};

    fn reading(minute: i64, last: Option<i32>, no_data: Option<NoData>, late: bool) -> HourReading {
        let samples = last.map(|_| 1);
        let reading = Reading { last: last.map(MilliCelsius), samples, no_data, ..Reading::default() };
        HourReading { minute, reading, quality: TimeQuality::Ntp, late }
    }

    #[test]
    fn gaps_are_the_longest_with_all_that_is_missing_counted() {
        let site = Site::utc();
        let slots = Slots::of(&site, 0, 300);
        let mut counting = Counting::new(Vec::new(), 0, 300, &slots, Some(0));
        // Every other minute of the first hours; then an hour of a probe that does not answer, and nothing more.
        let known: Vec<HourReading> = (0..100).step_by(2).map(|at| reading(at, Some(4_000), None, false)).collect();
        counting.add(&known, &slots);
        counting.add(&known, &slots);
        let silent: Vec<HourReading> = (100..160).map(|at| reading(at, None, Some(NoData::Timeout), false)).collect();
        counting.add(&silent, &slots);
        counting.finish();
        let gaps = counting.gaps(&site);
        assert_eq!((counting.known, gaps.len(), counting.more_gaps), (50, MOST_GAPS, 30));
        let first = &gaps[0];
        assert_eq!((first.minutes, first.reasons.join(", ")), (201, "no record, timeout".to_owned()));
        let listed: u64 = gaps.iter().map(|gap| gap.minutes).sum();
        assert_eq!(listed + counting.more_gap_minutes + counting.known, 300, "every minute is known or missing");
    }

    #[test]
    fn a_late_sample_fills_the_minute_that_had_none() {
        let site = Site::utc();
        let slots = Slots::of(&site, 0, 2);
        let mut counting = Counting::new(Vec::new(), 0, 2, &slots, Some(0));
        let hour = [
            reading(0, None, Some(NoData::BoxOff), false),
            reading(0, Some(6_000), None, true),
            reading(1, Some(4_000), None, false),
        ];
        counting.add(&hour, &slots);
        counting.finish();
        assert_eq!((counting.known, counting.late, counting.mean()), (2, 1, Some(5_000)));
        assert!(counting.gaps(&site).is_empty());
    }
}
