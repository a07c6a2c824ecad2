//! An hour of one probe, packed: what tables keep and reports read. It is no record: the log is, and these bytes are
//! written anew from it whenever their form changes.
//!
//! A minute is how far its last value lies from that of the minute before, in steps of which all distances of the hour
//! are multiples. What repeats (minutes in a row, the number of samples) stands once an hour; lowest, highest and mean
//! cost nothing while they are the last value. What is rare (no data with its reason, an unset clock, every further
//! field of a reading) stands beside the figures in runs, each as long as it stays the same.

use minicbor::{Decode, Encode};
use trivet_log::TimeQuality;

use super::{HourReading, Reading};
use crate::MilliCelsius;

/// Each minute follows the one before it.
const IN_A_ROW: u8 = 1;
/// Lowest, highest or mean differ from the last value.
const SPREAD: u8 = 2;
/// The number of samples changes within the hour.
const COUNTED: u8 = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a packed hour is damaged")]
pub struct Damaged;

/// What readings in a row have in common beside their figures.
#[derive(Clone, Debug, Default, PartialEq, Encode, Decode)]
struct Run {
    #[n(0)]
    length: u64,
    /// None where there is a value.
    #[n(1)]
    no_value: Option<bool>,
    /// None while the clock was compared with another.
    #[n(2)]
    quality: Option<TimeQuality>,
    /// The reading without its figures.
    #[n(3)]
    rest: Option<Reading>,
    /// See [`HourReading::late`].
    #[n(4)]
    late: Option<bool>,
}

impl Run {
    fn of(at: &HourReading) -> Run {
        let zero = |distance: Option<u32>| distance.filter(|distance| *distance == 0);
        let rest = Reading {
            last: None,
            samples: None,
            below: zero(at.reading.below),
            above: zero(at.reading.above),
            mean: at.reading.mean.filter(|mean| *mean == 0),
            ..at.reading.clone()
        };
        Run {
            length: 1,
            no_value: at.reading.last.is_none().then_some(true),
            quality: Some(at.quality).filter(|quality| *quality != TimeQuality::Ntp),
            rest: Some(rest).filter(|rest| *rest != Reading::default()),
            late: at.late.then_some(true),
        }
    }

    fn all(minutes: &[HourReading]) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for next in minutes.iter().map(Run::of) {
            match runs.last_mut() {
                Some(run) if Run { length: 1, ..run.clone() } == next => run.length += 1,
                _ => runs.push(next),
            }
        }
        runs
    }
}

/// The figures of a minute as they are packed: distances, and nothing for what is missing.
#[derive(Clone, Copy, Default, PartialEq)]
struct Figures {
    last: i64,
    /// One more than there were; 0 if the reading does not say.
    samples: u64,
    below: u64,
    above: u64,
    mean: i64,
}

impl Figures {
    /// A minute without a value repeats the one before.
    fn all(minutes: &[HourReading]) -> Vec<Figures> {
        let known = minutes.iter().find_map(|at| at.reading.last);
        let mut last = known.map_or(0, |milli| i64::from(milli.0));
        minutes
            .iter()
            .map(|HourReading { reading, .. }| {
                last = reading.last.map_or(last, |milli| i64::from(milli.0));
                Figures {
                    last,
                    samples: reading.samples.map_or(0, |samples| u64::from(samples) + 1),
                    below: reading.below.unwrap_or(0).into(),
                    above: reading.above.unwrap_or(0).into(),
                    mean: reading.mean.unwrap_or(0).into(),
                }
            })
            .collect()
    }

    /// The largest that divides all distances; 1 if there are none.
    fn step(all: &[Figures]) -> u64 {
        let between = all.windows(2).filter_map(|pair| match pair {
            [a, b] => Some(b.last.abs_diff(a.last)),
            _ => None,
        });
        between.chain(all.iter().flat_map(|figures| [figures.below, figures.above])).fold(0, divisor).max(1)
    }
}

fn divisor(a: u64, b: u64) -> u64 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Packs a probe's readings in their order. `hour` counts from 1970.
pub fn pack(hour: i64, minutes: &[HourReading]) -> Vec<u8> {
    let figures = Figures::all(minutes);
    let Some((first, at)) = figures.first().zip(minutes.first()) else { return Vec::new() };
    let in_a_row = minutes.windows(2).all(|pair| matches!(pair, [a, b] if a.minute.wrapping_add(1) == b.minute));
    let spread = figures.iter().any(|f| (f.below, f.above, f.mean) != (0, 0, 0));
    let counted = figures.iter().any(|f| f.samples != first.samples);
    let flag = |set: bool, flag: u8| if set { flag } else { 0 };
    let step = Figures::step(&figures);
    let runs = match Run::all(minutes) {
        runs if runs.iter().all(|run| Run { length: 0, ..run.clone() } == Run::default()) => Vec::new(),
        runs => trivet_log::entry::encode(&runs),
    };
    let mut out = Out(vec![flag(in_a_row, IN_A_ROW) | flag(spread, SPREAD) | flag(counted, COUNTED)]);
    out.number(minutes.len() as u64);
    out.signed(at.minute.wrapping_sub(hour.wrapping_mul(60)));
    out.signed(first.last);
    out.number(step);
    out.number(first.samples);
    out.number(runs.len() as u64);
    out.0.extend_from_slice(&runs);
    let (mut minute, mut last) = (at.minute, first.last);
    for (at, figures) in minutes.iter().zip(&figures) {
        if !in_a_row {
            out.signed(at.minute.wrapping_sub(minute));
        }
        out.signed((figures.last - last) / step.cast_signed());
        if counted {
            out.number(figures.samples);
        }
        if spread {
            out.number(figures.below / step);
            out.number(figures.above / step);
            out.signed(figures.mean);
        }
        (minute, last) = (at.minute, figures.last);
    }
    out.0
}

/// Adds the readings of a packed hour. What is damaged ends it with an error; those before it are added.
pub fn unpack(hour: i64, bytes: &[u8], into: &mut Vec<HourReading>) -> Result<(), Damaged> {
    let mut rest = In(bytes);
    let Some(flags) = rest.byte() else { return Ok(()) };
    let left = rest.number()?;
    let from = rest.signed()?;
    let minute = hour.wrapping_mul(60).wrapping_add(from);
    let (last, step, samples) = (rest.signed()?, rest.number()?.cast_signed(), rest.number()?);
    let length = rest.number()?;
    let packed = rest.take(length)?;
    // Each reading is a byte at least.
    if left > rest.0.len() as u64 || flags & !(IN_A_ROW | SPREAD | COUNTED) != 0 {
        return Err(Damaged);
    }
    // Without runs there is one of nothing in particular, as long as the hour.
    let whole = || vec![Run { length: left, ..Run::default() }];
    let runs: Vec<Run> = if packed.is_empty() { whole() } else { minicbor::decode(packed).map_err(|_| Damaged)? };
    if runs.iter().try_fold(0_u64, |sum, run| sum.checked_add(run.length)) != Some(left) {
        return Err(Damaged);
    }
    into.reserve(usize::try_from(left).map_err(|_| Damaged)?);
    let minute = if flags & IN_A_ROW == 0 { minute } else { minute.wrapping_sub(1) };
    let mut before = Before { minute, last, samples };
    for run in runs {
        // What is usual has a loop of its own, without a question at each reading.
        if flags == IN_A_ROW && run.no_value.is_none() {
            run.values(&mut rest, &mut before, step, into)?;
        } else {
            (0..run.length).try_for_each(|_| run.next(&mut rest, flags, &mut before, step).map(|at| into.push(at)))?;
        }
    }
    Ok(())
}

/// The reading before the one that is read next.
struct Before {
    minute: i64,
    last: i64,
    samples: u64,
}

impl Before {
    fn last(&mut self, rest: &mut In<'_>, step: i64) -> Result<i64, Damaged> {
        let away = rest.signed()?.checked_mul(step).ok_or(Damaged)?;
        self.last = self.last.checked_add(away).ok_or(Damaged)?;
        Ok(self.last)
    }

    fn samples(&self) -> Result<Option<u16>, Damaged> {
        self.samples.checked_sub(1).map(|samples| u16::try_from(samples).map_err(|_| Damaged)).transpose()
    }
}

impl Run {
    fn reading(&self, minute: i64) -> HourReading {
        let quality = self.quality.unwrap_or(TimeQuality::Ntp);
        HourReading { minute, reading: self.rest.clone().unwrap_or_default(), quality, late: self.late.is_some() }
    }

    /// Its readings, each a minute after the one before, of which only the last value differs.
    fn values(
        &self,
        rest: &mut In<'_>,
        before: &mut Before,
        step: i64,
        into: &mut Vec<HourReading>,
    ) -> Result<(), Damaged> {
        let mut at = self.reading(before.minute);
        at.reading.samples = before.samples()?;
        for _ in 0..self.length {
            at.minute = at.minute.wrapping_add(1);
            let last = before.last(rest, step)?;
            at.reading.last = Some(MilliCelsius(i32::try_from(last).map_err(|_| Damaged)?));
            into.push(at.clone());
        }
        before.minute = at.minute;
        Ok(())
    }

    fn next(&self, rest: &mut In<'_>, flags: u8, before: &mut Before, step: i64) -> Result<HourReading, Damaged> {
        let minutes = if flags & IN_A_ROW == 0 { rest.signed()? } else { 1 };
        before.minute = before.minute.wrapping_add(minutes);
        let last = before.last(rest, step)?;
        if flags & COUNTED != 0 {
            before.samples = rest.number()?;
        }
        let mut at = self.reading(before.minute);
        let reading = &mut at.reading;
        if self.no_value.is_none() {
            reading.last = Some(MilliCelsius(i32::try_from(last).map_err(|_| Damaged)?));
        }
        reading.samples = before.samples()?;
        if flags & SPREAD != 0 {
            let mut distance = || {
                let distance = rest.number()?.checked_mul(step.cast_unsigned()).ok_or(Damaged)?;
                u32::try_from(distance).map_err(|_| Damaged)
            };
            let (below, above) = (distance()?, distance()?);
            let mean = i32::try_from(rest.signed()?).map_err(|_| Damaged)?;
            reading.below = Some(below).filter(|below| *below > 0).or(reading.below);
            reading.above = Some(above).filter(|above| *above > 0).or(reading.above);
            reading.mean = Some(mean).filter(|mean| *mean != 0).or(reading.mean);
        }
        Ok(at)
    }
}

/// Seven bits a byte, the lowest first; the eighth says that more follow. Signed numbers fold their sign into the
/// lowest bit.
struct Out(Vec<u8>);

impl Out {
    fn number(&mut self, mut number: u64) {
        while number > 0x7f {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn signed(&mut self, number: i64) {
        self.number(((number << 1) ^ (number >> 63)).cast_unsigned());
    }
}

struct In<'a>(&'a [u8]);

impl<'a> In<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    #[inline]
    fn number(&mut self) -> Result<u64, Damaged> {
        // Most are one byte.
        if let Some((byte @ ..0x80, rest)) = self.0.split_first() {
            self.0 = rest;
            return Ok((*byte).into());
        }
        self.long_number()
    }

    fn long_number(&mut self) -> Result<u64, Damaged> {
        let mut number = 0;
        for place in (0..64).step_by(7) {
            let byte = self.byte().ok_or(Damaged)?;
            number |= u64::from(byte & 0x7f) << place;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Damaged)
    }

    fn signed(&mut self) -> Result<i64, Damaged> {
        let number = self.number()?;
        Ok((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], Damaged> {
        let (taken, rest) =
            usize::try_from(length).ok().and_then(|length| self.0.split_at_checked(length)).ok_or(Damaged)?;
        self.0 = rest;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::haccp::{Doubt, NoData};

    const HOUR: i64 = 497_222;

    fn reading() -> impl Strategy<Value = Reading> {
        let no_data =
            prop_oneof![8 => Just(None), 1 => Just(Some(NoData::Timeout)), 1 => Just(Some(NoData::Malformed))];
        let small = || prop_oneof![Just(None), (0_u32..3).prop_map(Some), any::<u32>().prop_map(Some)];
        let last =
            prop_oneof![1 => Just(None), 6 => (-20_000_i32..9_000).prop_map(Some), 1 => any::<i32>().prop_map(Some)];
        let mean = prop_oneof![Just(None), (-2_i32..3).prop_map(Some), any::<i32>().prop_map(Some)];
        let samples = prop_oneof![Just(None), Just(Some(60)), any::<u16>().prop_map(Some)];
        (last, samples, small(), small(), mean, no_data, samples_or_none()).prop_map(
            |(last, samples, below, above, mean, no_data, bad)| Reading {
                last: last.map(MilliCelsius),
                samples,
                below,
                above,
                mean,
                no_data,
                bad,
                doubt: bad.and_then(|n| Doubt::ALL.get(usize::from(n)).copied()),
                doubted: bad.filter(|n| n % 2 == 0),
            },
        )
    }

    fn samples_or_none() -> impl Strategy<Value = Option<u16>> {
        prop_oneof![9 => Just(None), 1 => any::<u16>().prop_map(Some)]
    }

    /// As most hours are: a value each minute from as many samples, of which some are late, doubted or missing.
    fn usual() -> impl Strategy<Value = Vec<HourReading>> {
        let minute = (3_000_i32..9_000, prop::bool::weighted(0.05), prop::bool::weighted(0.05), 0_u8..20);
        prop::collection::vec(minute, 0..61).prop_map(|minutes| {
            let at = |(n, (milli, late, unset, odd)): (i64, _)| {
                let mut at = HourReading { late, ..quiet(n, milli) };
                if unset {
                    at.quality = TimeQuality::Unset;
                }
                match odd {
                    0 => (at.reading.last, at.reading.no_data) = (None, Some(NoData::Timeout)),
                    1 => (at.reading.doubt, at.reading.doubted) = (Doubt::ALL.first().copied(), Some(1)),
                    _ => {}
                }
                at
            };
            (0..).zip(minutes).map(at).collect()
        })
    }

    fn minutes() -> impl Strategy<Value = Vec<HourReading>> {
        prop_oneof![usual(), unusual()]
    }

    fn unusual() -> impl Strategy<Value = Vec<HourReading>> {
        let quality = prop_oneof![Just(TimeQuality::Ntp), Just(TimeQuality::Relay), Just(TimeQuality::Unset)];
        let far = prop_oneof![6 => Just(1_i64), 2 => -3_i64..5, 1 => any::<i64>()];
        prop::collection::vec((far, reading(), quality, prop::bool::weighted(0.1)), 0..70).prop_map(|minutes| {
            let mut minute = HOUR * 60;
            let at = |(far, reading, quality, late)| {
                minute = minute.wrapping_add(far);
                HourReading { minute, reading, quality, late }
            };
            minutes.into_iter().map(at).collect()
        })
    }

    proptest! {
        #[test]
        fn an_hour_comes_back_as_it_was(minutes in minutes()) {
            let mut back = Vec::new();
            prop_assert_eq!(unpack(HOUR, &pack(HOUR, &minutes), &mut back), Ok(()));
            prop_assert_eq!(back, minutes);
        }

        #[test]
        fn damaged_bytes_give_an_error_or_readings_but_no_panic(
            minutes in minutes(), at: prop::sample::Index, with: u8, cut: prop::sample::Index, noise: Vec<u8>,
        ) {
            let mut bytes = pack(HOUR, &minutes);
            for bytes in [&bytes[..cut.index(bytes.len() + 1)], &noise] {
                let _ = unpack(HOUR, bytes, &mut Vec::new());
            }
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = with;
                let mut back = Vec::new();
                let _ = unpack(HOUR, &bytes, &mut back);
                prop_assert!(back.capacity() <= bytes.len().max(8));
            }
        }
    }

    fn quiet(minute: i64, milli: i32) -> HourReading {
        let reading = Reading { last: Some(MilliCelsius(milli)), samples: Some(1), ..Reading::default() };
        HourReading { minute: HOUR * 60 + minute, reading, quality: TimeQuality::Ntp, late: false }
    }

    #[test]
    fn a_fridge_takes_little_more_than_a_byte_a_minute() {
        let wave = [0, 60, 120, 60, 0, -60, -180, -60, 240, 60];
        let mut minutes: Vec<_> = (0..60).map(|n| quiet(n, 3_940 + wave[n as usize % 10] * 3)).collect();
        assert_eq!(pack(HOUR, &minutes).len(), 69);
        for at in &mut minutes[20..40] {
            at.reading = Reading { no_data: Some(NoData::Timeout), ..Reading::default() };
        }
        assert!(pack(HOUR, &minutes).len() < 150, "twenty minutes of silence are one run");
    }
}
