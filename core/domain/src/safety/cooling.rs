//! Cooling runs: whether food came down in time, judged on what was measured and never on what lies between.
//!
//! The clock starts at the last sample *above* the starting limit (the food may have passed it right after), a stage is
//! passed by the first sample at or below its limit, and all times count from the start, so that the last stage is the
//! total. Samples prove nothing after a gap, a jump or too much missing data, until somebody measures by hand: such a
//! run is indeterminate, never a pass.

use super::event::{CoolingVerdict, Doubt};
use super::plan::Stage;
use crate::MilliCelsius;
use crate::haccp::Limit;

/// Thousandths of a degree Celsius a minute: food in a container does not change faster, a pulled probe does. Between two
/// samples that lie further apart it does not go on so: after some minutes the slower figure counts.
const JUMP_MILLI_PER_MINUTE: i64 = 5_000;
const JUMP_MINUTES: i64 = 3;
const LATER_MILLI_PER_MINUTE: i64 = 1_000;
/// Of the samples, in percent.
const MAX_BAD_PERCENT: usize = 20;
/// Fewer samples are no share.
const FEWEST_FOR_SHARE: usize = 5;
/// What the forecast looks at.
const FORECAST_MS: i64 = 30 * 60_000;
const MINUTE: i64 = 60_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    pub at_ms: i64,
    /// None: there was no data.
    pub value: Option<MilliCelsius>,
    pub by_hand: bool,
}

/// What a run is judged by.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    pub began_ms: i64,
    pub from: Option<Limit>,
    pub stages: Vec<Stage>,
    pub max_gap_minutes: u16,
    /// False: measured by hand alone, where a gap is no gap of a probe.
    pub by_probe: bool,
    /// A sample stands for so much time before it: a minute's highest value carries the time of the minute's end.
    pub resolution_ms: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// When the clock started; None while the food is above the starting limit.
    pub start_ms: Option<i64>,
    /// When each stage that is passed was passed.
    pub passed_ms: Vec<i64>,
    /// Standing now: the samples prove nothing until somebody measures.
    pub doubt: Option<Doubt>,
    pub verdict: Option<Ended>,
    pub last: Option<Sample>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    pub verdict: CoolingVerdict,
    pub stage: Option<u8>,
    pub at_ms: i64,
    pub doubt: Option<Doubt>,
}

/// Where a run stands at `now_ms`; samples in the order in which they were recorded.
pub fn judge(course: &Course, samples: &[Sample], now_ms: i64) -> Progress {
    let mut judge = Judge {
        course,
        progress: Progress {
            start_ms: course.from.is_none().then_some(course.began_ms),
            passed_ms: Vec::new(),
            doubt: None,
            verdict: None,
            last: None,
        },
        good: None,
        heard_ms: course.began_ms,
        seen: 0,
        bad: 0,
    };
    for sample in samples {
        judge.look(sample);
        if judge.progress.verdict.is_some() {
            return judge.progress;
        }
    }
    judge.end(now_ms);
    judge.progress
}

struct Judge<'a> {
    course: &'a Course,
    progress: Progress,
    /// The last sample with a value.
    good: Option<(i64, MilliCelsius)>,
    heard_ms: i64,
    seen: usize,
    bad: usize,
}

impl Judge<'_> {
    fn look(&mut self, sample: &Sample) {
        let unknown = self.progress.doubt.is_some() || sample.at_ms - self.heard_ms > self.gap_ms();
        if sample.by_hand {
            // Somebody looked: what comes is compared with this.
            self.progress.doubt = None;
            (self.seen, self.bad) = (0, 0);
        } else {
            self.seen += 1;
            self.bad += usize::from(sample.value.is_none());
            if let Some(doubt) = self.doubt_of(sample) {
                self.progress.doubt.get_or_insert(doubt);
            }
        }
        self.progress.last = Some(*sample);
        let Some(value) = sample.value else { return };
        self.start(sample.at_ms, value);
        self.pass(sample, value, unknown);
        self.good = Some((sample.at_ms, value));
        self.heard_ms = sample.at_ms;
    }

    fn doubt_of(&self, sample: &Sample) -> Option<Doubt> {
        let jumped = |value: MilliCelsius| {
            let (at_ms, before) = self.good?;
            let apart = i64::from(value.0).abs_diff(i64::from(before.0));
            let quick = (sample.at_ms - at_ms).clamp(MINUTE, JUMP_MINUTES * MINUTE);
            let later = (sample.at_ms - at_ms - JUMP_MINUTES * MINUTE).max(0);
            let most = JUMP_MILLI_PER_MINUTE * quick + LATER_MILLI_PER_MINUTE * later;
            (apart.cast_signed() * MINUTE > most).then_some(Doubt::Jump)
        };
        if sample.at_ms <= self.heard_ms && self.good.is_some() {
            return Some(Doubt::ClockStep);
        }
        if sample.at_ms - self.heard_ms > self.gap_ms() {
            return Some(Doubt::Gap);
        }
        if self.seen >= FEWEST_FOR_SHARE && self.bad * 100 > self.seen * MAX_BAD_PERCENT {
            return Some(Doubt::BadSamples);
        }
        sample.value.and_then(jumped)
    }

    fn gap_ms(&self) -> i64 {
        i64::from(self.course.max_gap_minutes) * MINUTE
    }

    fn start(&mut self, at_ms: i64, value: MilliCelsius) {
        let Some(from) = self.course.from.filter(|_| self.progress.start_ms.is_none()) else { return };
        if from.holds(value) {
            // The sample before was above it; without one, the food was there when it left the heat.
            let before = self.good.map_or(self.course.began_ms, |(before_ms, _)| before_ms);
            let before = (before.min(at_ms) - self.course.resolution_ms).max(self.course.began_ms);
            self.progress.start_ms = Some(before);
        }
    }

    fn pass(&mut self, sample: &Sample, value: MilliCelsius, unknown: bool) {
        let Some(start_ms) = self.progress.start_ms.filter(|_| self.progress.doubt.is_none()) else { return };
        while let Some(stage) = self.course.stages.get(self.progress.passed_ms.len()) {
            let deadline = start_ms + i64::from(stage.within_minutes) * MINUTE;
            match (stage.to.holds(value), sample.at_ms <= deadline) {
                (true, true) => self.progress.passed_ms.push(sample.at_ms),
                // Cold enough after the deadline, and nobody looked in between: it may have been in time.
                (true, false) if unknown => {
                    return self.close(CoolingVerdict::Indeterminate, sample.at_ms, Some(Doubt::Gap));
                }
                (_, false) => return self.close(CoolingVerdict::Failed, sample.at_ms, None),
                (false, true) => return,
            }
        }
        self.close(CoolingVerdict::Passed, sample.at_ms, None);
    }

    /// What the time alone says, when no more samples are there. It fails nothing: that takes a sample.
    fn end(&mut self, now_ms: i64) {
        if self.heard_ms > now_ms && self.good.is_some() {
            self.progress.doubt.get_or_insert(Doubt::ClockStep);
        }
        let silent = now_ms - self.heard_ms > self.gap_ms();
        let why = if self.good.is_none() { Doubt::NoSamples } else { Doubt::Gap };
        if self.course.by_probe && silent {
            self.progress.doubt.get_or_insert(why);
        }
        let start_ms = match (self.progress.start_ms, self.good) {
            (Some(start_ms), _) => start_ms,
            (None, None) => self.course.began_ms,
            // It may have begun right after the last sample.
            (None, Some((last_ms, _))) if silent => last_ms,
            (None, Some(_)) => return,
        };
        let Some(stage) = self.course.stages.get(self.progress.passed_ms.len()) else { return };
        // A gap's worth of patience for somebody who measures.
        if now_ms > start_ms + i64::from(stage.within_minutes) * MINUTE + self.gap_ms() {
            let doubt = self.progress.doubt.unwrap_or(why);
            self.close(CoolingVerdict::Indeterminate, now_ms, Some(doubt));
        }
    }

    fn close(&mut self, verdict: CoolingVerdict, at_ms: i64, doubt: Option<Doubt>) {
        let missed = u8::try_from(self.progress.passed_ms.len()).unwrap_or(u8::MAX);
        let stage = (verdict != CoolingVerdict::Passed).then_some(missed);
        self.progress.verdict = Some(Ended { verdict, stage, at_ms, doubt });
    }
}

impl Progress {
    /// The deadline of the stage that runs.
    pub fn deadline_ms(&self, course: &Course) -> Option<i64> {
        let stage = course.stages.get(self.passed_ms.len())?;
        Some(self.start_ms? + i64::from(stage.within_minutes) * MINUTE)
    }

    /// A warning that is due: the stage, how much of its time is gone, and when the limit would be reached (None: never).
    /// The forecast decides no verdict.
    pub fn warning(&self, course: &Course, samples: &[Sample], now_ms: i64) -> Option<(u8, u8, Option<i64>)> {
        let stage = course.stages.get(self.passed_ms.len())?;
        let (start_ms, deadline_ms) = (self.start_ms?, self.deadline_ms(course)?);
        let from_ms = self.passed_ms.last().copied().unwrap_or(start_ms);
        let gone = (now_ms - from_ms).max(0).saturating_mul(100) / (deadline_ms - from_ms).max(1);
        let percent = match gone {
            ..50 => return None,
            50..75 => 50,
            _ => 75,
        };
        let forecast = forecast(samples, stage.to, now_ms);
        let misses = forecast.is_none_or(|at_ms| at_ms > deadline_ms);
        misses.then(|| (u8::try_from(self.passed_ms.len()).unwrap_or(u8::MAX), percent, forecast))
    }
}

/// When a limit is reached, by Newton's law of cooling: dT/dt = −k·(T − room), fitted on the last half hour. None: not at
/// all, or nothing can be said.
pub fn forecast(samples: &[Sample], to: Limit, now_ms: i64) -> Option<i64> {
    let recent: Vec<(f64, f64)> = samples
        .iter()
        .filter(|sample| (now_ms - FORECAST_MS..=now_ms).contains(&sample.at_ms))
        .filter_map(|sample| Some(((sample.at_ms - now_ms) as f64 / 60_000.0, f64::from(sample.value?.0))))
        .collect();
    let target = f64::from(to.celsius().0);
    let (first, last) = (recent.first()?, recent.last()?);
    if last.1 <= target {
        return Some(now_ms + (last.0 * 60_000.0) as i64);
    }
    let minutes = match newton(&recent) {
        Some((_, room)) if room >= target => return None,
        Some((k, room)) => last.0 + ((last.1 - room) / (target - room)).ln() / k,
        // No curve to be seen: a straight line, which is never later than the truth.
        None if last.0 > first.0 && last.1 < first.1 => {
            last.0 + (target - last.1) * (last.0 - first.0) / (last.1 - first.1)
        }
        None => return None,
    };
    (minutes.is_finite() && minutes < 10_000.0).then(|| now_ms + (minutes * 60_000.0) as i64)
}

/// k and the room's temperature. T = c − k·∫T + k·room·t is linear in its unknowns, and an integral forgives the steps of
/// a sensor that a difference does not.
fn newton(samples: &[(f64, f64)]) -> Option<(f64, f64)> {
    if samples.len() < 6 {
        return None;
    }
    let mut area = 0.0;
    let mut rows = Vec::with_capacity(samples.len());
    let mut before: Option<(f64, f64)> = None;
    for (at, value) in samples.iter().copied() {
        area += before.map_or(0.0, |(from, was)| (value + was) / 2.0 * (at - from));
        before = Some((at, value));
        rows.push((area, at, value));
    }
    let count = rows.len() as f64;
    let mean = rows.iter().fold((0.0, 0.0, 0.0), |sum, row| (sum.0 + row.0, sum.1 + row.1, sum.2 + row.2));
    let mean = (mean.0 / count, mean.1 / count, mean.2 / count);
    let (mut aa, mut at, mut tt, mut av, mut tv) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for row in rows {
        let (area, time, value) = (row.0 - mean.0, row.1 - mean.1, row.2 - mean.2);
        aa += area * area;
        at += area * time;
        tt += time * time;
        av += area * value;
        tv += time * value;
    }
    let both = aa * tt - at * at;
    if both <= 1e-12 * aa * tt {
        return None;
    }
    let (k, warmth) = (-(av * tt - tv * at) / both, (tv * aa - av * at) / both);
    let last = samples.last()?.1;
    (k > 1e-5 && warmth / k < last).then_some((k, warmth / k))
}
