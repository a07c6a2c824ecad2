//! A probe's minutes of a period, counted once for the report and the score: which are known, which lay beyond the
//! limits that were in force at that minute, and where the others are missing and why.

use std::collections::BTreeMap;

use trivet_domain::MilliCelsius;
use trivet_domain::haccp::{Bound, Doubt, HourReading, Limit, Limits, NoData, Probe, Verdict};
use trivet_domain::safety::{Approval, Effective, MAX_GAP_MINUTES, Plan, Rule, in_force};
use trivet_log::{Id, TimeQuality};

/// Gaps of a unit that are listed, the longest; the others are counted.
pub const MOST_GAPS: usize = 20;
/// Beyond it no minute lies between two samples, where no plan says what gap is allowed.
pub(crate) const MAX_BETWEEN: i64 = MAX_GAP_MINUTES as i64;
/// A minute's fact is written when it is over: one that is younger is not missing yet.
pub(crate) const SETTLES_MS: i64 = 90_000;
const MINUTE_MS: i64 = 60_000;

/// The hours of a period, with the one before and the one after.
pub(crate) fn hours_about(from_minute: i64, end_minute: i64) -> std::ops::Range<i64> {
    from_minute.div_euclid(60) - 1..(end_minute + 59).div_euclid(60) + 1
}

/// The greatest (or, of a lower limit, the smallest) thousandth of a degree that a limit allows.
fn last_allowed(limit: Limit) -> i32 {
    let at = limit.celsius().0;
    match limit.bound {
        Bound::AtMost | Bound::AtLeast => at,
        Bound::MoreThan => at.saturating_add(1),
        Bound::LessThan => at.saturating_sub(1),
    }
}

/// What a probe goes by, in thousandths that it allows.
pub(crate) fn limits(effective: &Effective) -> Limits {
    let allowed = |upper| effective.limit(upper).map(last_allowed).map(MilliCelsius);
    Limits { min: allowed(false), max: allowed(true) }
}

/// What a probe goes by from some moment on.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    from_minute: i64,
    pub(crate) limits: Limits,
    pub(crate) rules: Vec<Rule>,
    /// From one sample to the next at most so many minutes.
    max_gap: i64,
}

impl Standing {
    fn of(plan: Option<&Plan>, id: Id, probe: &Probe, from_minute: i64) -> Standing {
        let effective = Effective::of(plan, id, probe);
        let max_gap = i64::from(effective.max_gap_minutes);
        Standing { from_minute, limits: limits(&effective), rules: effective.rules, max_gap }
    }

    /// The limits of a period, in the order of time: those of each plan from when it was in force.
    pub(crate) fn timeline(approvals: &[Approval], id: Id, probe: &Probe, span: (i64, i64)) -> Vec<Standing> {
        let changes = approvals.iter().map(|approval| approval.from_ms).filter(|at| (span.0..span.1).contains(at));
        let mut moments: Vec<i64> = std::iter::once(span.0).chain(changes).collect();
        moments.sort_unstable();
        moments.dedup();
        let standing = |at_ms: i64| {
            let plan = in_force(approvals, at_ms).and_then(Approval::plan);
            Standing::of(plan.as_ref(), id, probe, at_ms.div_euclid(MINUTE_MS))
        };
        moments.into_iter().map(standing).collect()
    }
}

/// The parts of a period that are counted apart.
pub(crate) struct Slots {
    /// The first minute of each, and one past the end.
    starts: Vec<i64>,
}

impl Slots {
    /// The first minute of each, in order, and one past the end of the last.
    pub(crate) fn new(starts: Vec<i64>) -> Slots {
        Slots { starts }
    }

    /// One for the whole of a period.
    pub(crate) fn one(from_minute: i64, end_minute: i64) -> Slots {
        Slots::new(vec![from_minute, end_minute.max(from_minute + 1)])
    }

    pub(crate) fn count(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Minutes mostly come in order: the place before, or the next, is the usual answer.
    fn place(&self, minute: i64, before: usize) -> usize {
        let within = |place: usize| {
            self.starts.get(place).is_some_and(|start| *start <= minute)
                && self.starts.get(place + 1).is_some_and(|end| minute < *end)
        };
        [before, before + 1].into_iter().find(|place| within(*place)).unwrap_or_else(|| {
            self.starts.partition_point(|start| *start <= minute).saturating_sub(1).min(self.count().saturating_sub(1))
        })
    }

    pub(crate) fn start(&self, place: usize) -> i64 {
        self.starts.get(place).copied().unwrap_or_default()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Missing {
    NoRecord,
    /// No sample was due: a probe that reports each five minutes leaves four such.
    Between,
    NoData(&'static str),
    Doubt(&'static str),
}

impl Missing {
    fn of(data: Option<NoData>, doubt: Option<Doubt>) -> Missing {
        match (data, doubt) {
            (Some(reason), _) => Missing::NoData(reason.name()),
            (None, Some(doubt)) => Missing::Doubt(doubt.name()),
            (None, None) => Missing::NoData("silent"),
        }
    }

    pub(crate) fn words(self, before_first: bool) -> String {
        match self {
            Missing::NoRecord if before_first => "before its first reading".to_owned(),
            Missing::NoRecord => "no record".to_owned(),
            Missing::Between => "between two samples".to_owned(),
            Missing::NoData(name) => name.replace('_', " "),
            Missing::Doubt(name) => format!("not believed: {}", name.replace('_', " ")),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) reasons: BTreeMap<Missing, u64>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sum {
    pub(crate) lowest: i32,
    pub(crate) highest: i32,
    pub(crate) minutes: u32,
    /// Between two samples.
    pub(crate) between: u32,
    pub(crate) beyond: u32,
}

/// What a probe's minutes add up to.
pub(crate) struct Counting {
    standing: Vec<Standing>,
    from: i64,
    /// The minute that is expected next.
    next: i64,
    end: i64,
    /// Before it the probe had no reading at all.
    pub(crate) first_ever: Option<i64>,
    gap: Option<Span>,
    pub(crate) gaps: Vec<Span>,
    pub(crate) more_gaps: u64,
    pub(crate) more_gap_minutes: u64,
    /// Minutes with a value, and those between two samples that are no further apart than allowed.
    pub(crate) known: u64,
    /// Of them, those without a sample of their own.
    pub(crate) between: u64,
    /// Minutes with a value beyond a limit, and those between two of which one is.
    pub(crate) beyond: u64,
    was_beyond: bool,
    /// The last minute with a value, while nothing but minutes between samples has followed.
    last: Option<i64>,
    /// The minute after the last that was looked at, in the period or beside it.
    looked: i64,
    pub(crate) lowest: Option<i32>,
    pub(crate) highest: Option<i32>,
    sum: i64,
    pub(crate) late: u64,
    pub(crate) doubted: u64,
    pub(crate) unset: u64,
    pub(crate) sums: Vec<Sum>,
    slot: usize,
}

/// A minute by which it was read, whether or not its samples came in time.
struct Seen {
    lowest: i32,
    highest: i32,
    mean: i32,
}

impl Counting {
    pub(crate) fn new(
        standing: Vec<Standing>,
        from: i64,
        end: i64,
        slots: &Slots,
        first_ever: Option<i64>,
    ) -> Counting {
        Counting {
            standing,
            from,
            next: from,
            end,
            first_ever,
            gap: None,
            gaps: Vec::new(),
            more_gaps: 0,
            more_gap_minutes: 0,
            known: 0,
            between: 0,
            beyond: 0,
            was_beyond: false,
            last: None,
            looked: i64::MIN,
            lowest: None,
            highest: None,
            sum: 0,
            late: 0,
            doubted: 0,
            unset: 0,
            sums: vec![Sum::default(); slots.count()],
            slot: 0,
        }
    }

    /// All readings of an hour, by minute; several of one minute stand side by side. Those right before and after the
    /// period tell what its first and last minutes lie between.
    pub(crate) fn add(&mut self, hour: &[HourReading], slots: &Slots) {
        for minute in hour.chunk_by(|a, b| a.minute == b.minute) {
            let Some(at) = minute.first().map(|at| at.minute) else { continue };
            // It was counted with its hour already.
            if at < self.looked {
                continue;
            }
            let is_next = std::mem::replace(&mut self.looked, at + 1) == at;
            self.last = self.last.filter(|_| is_next);
            if !(self.from..self.end).contains(&at) {
                self.look_beside(at, minute, slots);
                continue;
            }
            self.miss(at, Missing::NoRecord);
            self.late += u64::from(minute.iter().any(|reading| reading.late));
            self.unset += u64::from(minute.iter().any(|reading| reading.quality == TimeQuality::Unset));
            match seen(minute) {
                Ok(seen) => self.know(at, &seen, slots),
                Err(missing) => {
                    self.doubted += u64::from(matches!(missing, Missing::Doubt(_)));
                    self.miss(at + 1, missing);
                }
            }
        }
    }

    /// A minute before the period or after it.
    fn look_beside(&mut self, at: i64, minute: &[HourReading], slots: &Slots) {
        if at >= self.end {
            self.miss(self.end, Missing::NoRecord);
        }
        match seen(minute) {
            Ok(seen) => {
                let beyond = self.is_beyond(at, &seen);
                self.end_gap(at, beyond, slots);
                (self.was_beyond, self.last) = (beyond, Some(at));
            }
            Err(Missing::Between) => {}
            Err(_) => self.last = None,
        }
    }

    fn is_beyond(&self, at: i64, seen: &Seen) -> bool {
        let limits = self.limits(at);
        let within = |milli| limits.judge(MilliCelsius(milli)) == Verdict::Within;
        !(within(seen.lowest) && within(seen.highest))
    }

    fn know(&mut self, at: i64, seen: &Seen, slots: &Slots) {
        let beyond = self.is_beyond(at, seen);
        self.end_gap(at, beyond, slots);
        (self.was_beyond, self.last) = (beyond, Some(at));
        self.next = at + 1;
        self.known += 1;
        self.beyond += u64::from(beyond);
        self.sum += i64::from(seen.mean);
        self.lowest = Some(self.lowest.map_or(seen.lowest, |known| known.min(seen.lowest)));
        self.highest = Some(self.highest.map_or(seen.highest, |known| known.max(seen.highest)));
        self.slot = slots.place(at, self.slot);
        let Some(sum) = self.sums.get_mut(self.slot) else { return };
        (sum.lowest, sum.highest) = match sum.minutes {
            0 => (seen.lowest, seen.highest),
            _ => (sum.lowest.min(seen.lowest), sum.highest.max(seen.highest)),
        };
        sum.minutes += 1;
        sum.beyond += u32::from(beyond);
    }

    fn standing(&self, minute: i64) -> Option<&Standing> {
        let standing = self.standing.iter().rev().find(|standing| standing.from_minute <= minute);
        standing.or(self.standing.first())
    }

    fn limits(&self, minute: i64) -> Limits {
        self.standing(minute).map(|standing| standing.limits).unwrap_or_default()
    }

    /// At a minute with a value. Minutes between two samples count as the worse of the two.
    fn end_gap(&mut self, at: i64, beyond: bool, slots: &Slots) {
        let Some(gap) = self.gap.take() else { return };
        let allowed = self.standing(gap.from).map_or(MAX_BETWEEN, |standing| standing.max_gap);
        match self.last.is_some_and(|last| at - last <= allowed) {
            true => {
                let minutes = (gap.to - gap.from).unsigned_abs();
                self.known += minutes;
                self.between += minutes;
                self.beyond += if beyond || self.was_beyond { minutes } else { 0 };
                for minute in gap.from..gap.to {
                    self.slot = slots.place(minute, self.slot);
                    if let Some(sum) = self.sums.get_mut(self.slot) {
                        sum.between += 1;
                    }
                }
            }
            false => self.keep(gap),
        }
    }

    /// No value from the expected minute until before this one.
    fn miss(&mut self, until: i64, why: Missing) {
        let until = until.min(self.end);
        let Some(minutes) = u64::try_from(until - self.next).ok().filter(|minutes| *minutes > 0) else { return };
        self.last = self.last.filter(|_| why == Missing::Between);
        let from = self.next;
        let gap = self.gap.get_or_insert_with(|| Span { from, to: from, reasons: BTreeMap::new() });
        gap.to = until;
        *gap.reasons.entry(why).or_default() += minutes;
        self.next = until;
    }

    fn keep(&mut self, mut gap: Span) {
        // It lay between no two samples after all: nothing came.
        if let Some(minutes) = gap.reasons.remove(&Missing::Between) {
            *gap.reasons.entry(Missing::NoData(NoData::Timeout.name())).or_default() += minutes;
        }
        self.gaps.push(gap);
        if self.gaps.len() > 2 * MOST_GAPS {
            self.shorten();
        }
    }

    fn shorten(&mut self) {
        self.gaps.sort_by_key(|gap| (gap.from - gap.to, gap.from));
        for gap in self.gaps.drain(MOST_GAPS.min(self.gaps.len())..) {
            self.more_gaps += 1;
            self.more_gap_minutes += (gap.to - gap.from).unsigned_abs();
        }
    }

    pub(crate) fn finish(&mut self) {
        self.miss(self.end, Missing::NoRecord);
        if let Some(gap) = self.gap.take() {
            self.keep(gap);
        }
        self.shorten();
    }

    pub(crate) fn mean(&self) -> Option<i32> {
        let known = i64::try_from(self.known - self.between).ok().filter(|known| *known > 0)?;
        i32::try_from(self.sum.div_euclid(known)).ok()
    }

    pub(crate) fn last_standing(&self) -> Option<&Standing> {
        self.standing.last()
    }
}

/// A value that nobody believes is none: without any good sample a minute holds the latest doubtful one.
fn seen(minute: &[HourReading]) -> Result<Seen, Missing> {
    let mut found: Option<Seen> = None;
    let mut means = (0_i64, 0_i64);
    let mut missing = None;
    for HourReading { reading, .. } in minute {
        let believed = reading.samples.is_some() || reading.doubt.is_none_or(Doubt::is_judged);
        let values = (reading.lowest(), reading.highest(), reading.mean());
        let (Some(lowest), Some(highest), Some(mean), true) = (values.0, values.1, values.2, believed) else {
            let between = reading.is_between().then_some(Missing::Between);
            // Whichever box said it first: a reason counts for more than none.
            missing = missing.max(Some(between.unwrap_or_else(|| Missing::of(reading.no_data, reading.doubt))));
            continue;
        };
        means = (means.0 + i64::from(mean.0), means.1 + 1);
        let seen = found.get_or_insert(Seen { lowest: lowest.0, highest: highest.0, mean: mean.0 });
        seen.lowest = seen.lowest.min(lowest.0);
        seen.highest = seen.highest.max(highest.0);
        seen.mean = i32::try_from(means.0.div_euclid(means.1)).unwrap_or(mean.0);
    }
    found.ok_or(missing.unwrap_or(Missing::NoRecord))
}

#[cfg(test)]
mod tests {
    use super::*;
    use trivet_domain::haccp::{Reading, Scale};

    #[test]
    fn a_limit_becomes_the_last_thousandth_that_it_allows() {
        let limit = |bound, milli, scale| Limit { bound, milli, scale };
        for (limit, last) in [
            (limit(Bound::AtMost, 41_000, Scale::Fahrenheit), 5_000),
            (limit(Bound::AtLeast, 135_000, Scale::Fahrenheit), 57_222),
            (limit(Bound::AtLeast, 165_000, Scale::Fahrenheit), 73_889),
            (limit(Bound::AtMost, 70_000, Scale::Fahrenheit), 21_111),
            (limit(Bound::MoreThan, 63_000, Scale::Celsius), 63_001),
            (limit(Bound::LessThan, 0, Scale::Fahrenheit), -17_779),
            (limit(Bound::LessThan, 5_000, Scale::Celsius), 4_999),
        ] {
            assert_eq!(last_allowed(limit), last, "{limit:?}");
            let step = if limit.is_upper() { 1 } else { -1 };
            let held = [last, last + step].map(|milli| limit.holds(MilliCelsius(milli)));
            assert_eq!(held, [true, false], "{limit:?}");
        }
    }

    #[test]
    fn a_minute_is_counted_once_by_the_limits_of_its_time_and_only_if_it_is_believed() {
        let reading = |minute: i64, milli: i32, doubt: Option<Doubt>, late: bool| {
            let samples = doubt.is_none_or(Doubt::is_judged).then_some(1);
            let reading = Reading { last: Some(MilliCelsius(milli)), samples, doubt, ..Reading::default() };
            HourReading { minute, reading, quality: TimeQuality::Ntp, late }
        };
        let standing = |from_minute, max| Standing {
            from_minute,
            limits: Limits { min: None, max: Some(MilliCelsius(max)) },
            rules: Vec::new(),
            max_gap: 5,
        };
        let slots = Slots::one(0, 10);
        let mut counting = Counting::new(vec![standing(0, 8_000), standing(5, 5_000)], 0, 10, &slots, None);
        let hour = [
            reading(1, 7_000, None, false),
            reading(2, 4_000, None, false),
            // What came late for it: the minute was beyond its limit, and is one.
            reading(2, 9_000, None, true),
            reading(3, 20_000, Some(Doubt::RateImplausible), false),
            reading(4, 4_000, Some(Doubt::CalibrationOverdue), false),
            // By now another plan is in force.
            reading(5, 7_000, None, false),
        ];
        counting.add(&hour, &slots);
        counting.finish();
        assert_eq!((counting.known, counting.beyond, counting.doubted, counting.late), (4, 2, 1, 1));
    }

    #[test]
    fn a_probe_that_reports_each_five_minutes_covers_the_minutes_between_and_one_that_fell_silent_does_not() {
        let value = |milli| Reading { last: Some(MilliCelsius(milli)), samples: Some(1), ..Reading::default() };
        let none = |bad| Reading { no_data: Some(NoData::Timeout), bad, ..Reading::default() };
        let standing = Standing {
            from_minute: 0,
            limits: Limits { min: None, max: Some(MilliCelsius(5_000)) },
            rules: Vec::new(),
            max_gap: 5,
        };
        let counted = |readings: Vec<Reading>| {
            let end = i64::try_from(readings.len()).unwrap();
            let slots = Slots::one(0, end);
            let of = |(minute, reading)| HourReading { minute, reading, quality: TimeQuality::Ntp, late: false };
            let hour: Vec<HourReading> = (0..).zip(readings).map(of).collect();
            let mut counting = Counting::new(vec![standing.clone()], 0, end, &slots, None);
            // Wherever an hour ends.
            for part in hour.chunks(7) {
                counting.add(part, &slots);
            }
            counting.finish();
            (counting.known, counting.between, counting.beyond, counting.gaps.len(), counting.mean())
        };
        let five = |milli| [vec![value(milli)], vec![none(None); 4]].concat();
        // Nobody knows yet what follows the last.
        assert_eq!(counted([five(4_000), five(4_000), five(4_000)].concat()), (11, 8, 0, 1, Some(4_000)));
        // Beyond the limit from the sample before it until the one after it.
        assert_eq!(counted([five(4_000), five(7_000), five(4_000)].concat()), (11, 8, 9, 1, Some(5_000)));
        // Further apart than the plan allows, overdue, or unknown why: a gap.
        let longer = [vec![value(4_000)], vec![none(None); 5], vec![value(4_000)]].concat();
        assert_eq!(counted(longer), (2, 0, 0, 1, Some(4_000)));
        let overdue = [five(4_000), vec![none(Some(1)), value(4_000)]].concat();
        assert_eq!(counted(overdue), (2, 0, 0, 1, Some(4_000)));
        // What lies before and after a period tells of its ends, unless the probe was new, or fell silent.
        let of = |from: i64, end: i64, readings: &[Reading]| {
            let slots = Slots::one(from, end);
            let of = |(minute, reading): (i64, &Reading)| HourReading {
                minute,
                reading: reading.clone(),
                quality: TimeQuality::Ntp,
                late: false,
            };
            let hour: Vec<HourReading> = (0..).zip(readings).map(of).collect();
            let mut counting = Counting::new(vec![standing.clone()], from, end, &slots, None);
            counting.add(&hour, &slots);
            counting.finish();
            (counting.known, counting.beyond, counting.gaps.len())
        };
        let warm_first = [five(7_000), five(4_000), five(4_000), vec![value(4_000)]].concat();
        assert_eq!(of(2, 12, &warm_first), (10, 3, 0));
        let new = [vec![none(None); 5], five(4_000), five(4_000), vec![value(4_000)]].concat();
        assert_eq!(of(2, 12, &new), (7, 0, 1));
        assert_eq!(of(2, 12, &[five(4_000), five(4_000), vec![value(4_000), none(None), none(Some(1))]].concat()).0, 9);
    }
}
