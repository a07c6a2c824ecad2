//! Whether a unit wears out, told by its days before it is warm (HAC-15): a compressor that runs longer or starts more
//! often, a chamber that needs longer to be cold again, a mean that creeps up within its limits.
//!
//! The last three days are compared with those before, each by its median: one day of a delivery or a broken contact
//! moves neither. A measure of which too few days are known says nothing.

use super::probe::{Limits, Verdict};
use crate::MilliCelsius;

/// The newest days, all of which must be known.
pub const RECENT_DAYS: usize = 3;
/// Days before them of which at least so many must be known.
pub const LEAST_BEFORE: usize = 7;
/// Older days are of another season.
pub const MOST_DAYS: i64 = 35;

/// Thousandths of a degree.
const MEAN_RISE: i64 = 1_000;
/// Percent of the figure before.
const DUTY_RISE: i64 = 30;
const STARTS_RISE: i64 = 50;
const PULL_DOWN_RISE: i64 = 50;
/// A compressor that runs this much of the time has nothing left for a warm day.
const DUTY_FULL: i64 = 90;

/// What a unit did on one day. None: not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnitDay {
    /// Days since 1970.
    pub day: i64,
    pub mean: Option<MilliCelsius>,
    /// Of the time in which its compressor was known to run or not.
    pub duty_percent: Option<u8>,
    pub starts: Option<u32>,
    /// The longest time from the end of a defrost, or a door's closing, until the compressor stopped.
    pub pull_down_minutes: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wear {
    /// In thousandths of a degree Celsius.
    Mean,
    /// In percent of the time.
    Duty,
    /// A day.
    Starts,
    /// In minutes.
    PullDown,
}

impl Wear {
    pub const ALL: [Wear; 4] = [Wear::Mean, Wear::Duty, Wear::Starts, Wear::PullDown];

    pub fn name(self) -> &'static str {
        match self {
            Wear::Mean => "mean",
            Wear::Duty => "duty",
            Wear::Starts => "starts",
            Wear::PullDown => "pull_down",
        }
    }
}

/// A unit that wants looking at, with both medians.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warning {
    pub wear: Wear,
    pub before: i64,
    pub now: i64,
}

/// What the days say, in any order given; the newest is the last of the three. A mean beyond the limits warns of
/// nothing: that is an excursion, and was told.
pub fn warnings(days: &[UnitDay], limits: &Limits) -> Vec<Warning> {
    let judged = |milli: i64| i32::try_from(milli).ok().map(|milli| limits.judge(MilliCelsius(milli)));
    let risen = |at: &Warning, percent: i64| {
        at.before > 0 && at.now.saturating_mul(100) > at.before.saturating_mul(100 + percent)
    };
    let of = |wear: Wear, figure: fn(&UnitDay) -> Option<i64>| {
        medians(days, figure).map(|(before, now)| Warning { wear, before, now })
    };
    let mean = of(Wear::Mean, |day| day.mean.map(|mean| i64::from(mean.0)));
    let duty = of(Wear::Duty, |day| day.duty_percent.map(i64::from));
    let starts = of(Wear::Starts, |day| day.starts.map(i64::from));
    let pull_down = of(Wear::PullDown, |day| day.pull_down_minutes.map(i64::from));
    let found = [
        mean.filter(|at| at.now - at.before > MEAN_RISE && judged(at.now) == Some(Verdict::Within)),
        duty.filter(|at| risen(at, DUTY_RISE) || (at.now >= DUTY_FULL && at.now > at.before)),
        starts.filter(|at| risen(at, STARTS_RISE)),
        pull_down.filter(|at| risen(at, PULL_DOWN_RISE)),
    ];
    found.into_iter().flatten().collect()
}

/// Of the days before the newest three, and of those three.
fn medians(days: &[UnitDay], figure: fn(&UnitDay) -> Option<i64>) -> Option<(i64, i64)> {
    let newest = days.iter().map(|day| day.day).max()?;
    let recent_days = i64::try_from(RECENT_DAYS).ok()?;
    let is_near = |day: &&UnitDay| newest - day.day < MOST_DAYS;
    let (recent, before): (Vec<&UnitDay>, Vec<&UnitDay>) =
        days.iter().filter(is_near).partition(|day| newest - day.day < recent_days);
    let figures = |days: Vec<&UnitDay>| days.into_iter().filter_map(figure).collect::<Vec<i64>>();
    let (recent, before) = (figures(recent), figures(before));
    if recent.len() < RECENT_DAYS || before.len() < LEAST_BEFORE {
        return None;
    }
    Some((median(before)?, median(recent)?))
}

/// Of an even number of figures, what lies between the two in the middle.
fn median(mut figures: Vec<i64>) -> Option<i64> {
    figures.sort_unstable();
    let upper = *figures.get(figures.len() / 2)?;
    let lower = *figures.get(figures.len().checked_sub(1)? / 2)?;
    Some(lower + (upper - lower) / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Put = fn(&mut UnitDay, i32);

    /// A measure of so many days before and of the last three.
    fn days(before: &[i32], recent: &[i32], put: Put) -> Vec<UnitDay> {
        let all = before.iter().chain(recent).enumerate();
        let day = |(place, figure): (usize, &i32)| {
            let mut day = UnitDay { day: i64::try_from(place).unwrap(), ..UnitDay::default() };
            put(&mut day, *figure);
            day
        };
        all.map(day).collect()
    }

    #[test]
    fn what_creeps_up_is_told_with_both_figures() {
        let limits = Limits { min: None, max: Some(MilliCelsius(5_000)) };
        let mean: Put = |day, figure| day.mean = Some(MilliCelsius(figure));
        let duty: Put = |day, figure| day.duty_percent = u8::try_from(figure).ok();
        let starts: Put = |day, figure| day.starts = u32::try_from(figure).ok();
        let pull_down: Put = |day, figure| day.pull_down_minutes = u32::try_from(figure).ok();
        let odd = vec![3_000, 9_000, 2_900, 3_000, 3_100, 3_000, 3_000];
        for (wear, put, before, recent, told) in [
            (Wear::Mean, mean, vec![3_000; 7], vec![4_001, 4_100, 3_000], Some((3_000, 4_001))),
            (Wear::Mean, mean, vec![3_000; 7], vec![4_000; 3], None),
            // Beyond its limit it is an excursion.
            (Wear::Mean, mean, vec![3_000; 7], vec![5_001; 3], None),
            // One warm day says nothing, whichever it was; nor do too few days.
            (Wear::Mean, mean, vec![3_000; 7], vec![3_000, 3_100, 4_900], None),
            (Wear::Mean, mean, odd, vec![4_200; 3], Some((3_000, 4_200))),
            (Wear::Mean, mean, vec![3_000; 6], vec![4_900; 3], None),
            (Wear::Duty, duty, vec![50; 7], vec![65; 3], None),
            (Wear::Duty, duty, vec![50; 7], vec![66; 3], Some((50, 66))),
            (Wear::Duty, duty, vec![80; 7], vec![90; 3], Some((80, 90))),
            (Wear::Duty, duty, vec![95; 7], vec![95; 3], None),
            (Wear::Starts, starts, vec![40; 7], vec![60; 3], None),
            (Wear::Starts, starts, vec![40, 41, 39, 40, 42, 38, 40, 40], vec![61; 3], Some((40, 61))),
            (Wear::Starts, starts, vec![0; 7], vec![5; 3], None),
            (Wear::PullDown, pull_down, vec![20; 7], vec![31, 12, 40], Some((20, 31))),
            (Wear::PullDown, pull_down, vec![20; 7], vec![30; 3], None),
        ] {
            let found = warnings(&days(&before, &recent, put), &limits);
            let expected: Vec<Warning> = told.map(|(before, now)| Warning { wear, before, now }).into_iter().collect();
            assert_eq!(found, expected, "{} {before:?} {recent:?}", wear.name());
        }
    }

    #[test]
    fn a_day_that_is_not_known_and_one_of_another_season_count_for_nothing() {
        let starts: Put = |day, figure| day.starts = u32::try_from(figure).ok();
        let mut worn = days(&[40; 7], &[80; 3], starts);
        assert_eq!(warnings(&worn, &Limits::default()).len(), 1);
        worn[8].starts = None;
        assert_eq!(warnings(&worn, &Limits::default()), [], "one of the three is not known");
        let mut old = days(&[40; 7], &[80; 3], starts);
        old.iter_mut().take(7).for_each(|day| day.day -= MOST_DAYS);
        assert_eq!(warnings(&old, &Limits::default()), []);
    }
}
