//! The units of a report: what each probe's minutes of the period add up to, read hour by hour.

use std::collections::{BTreeMap, HashMap};

use trivet_domain::MilliCelsius;
use trivet_domain::haccp::{Doubt, HourReading, Limit, Limits, NoData, Probe, Verdict};
use trivet_domain::safety::{Approval, Effective, Plan, Rule, in_force};
use trivet_log::{Id, TimeQuality};

use super::model::{Band, ClockNotes, Gap};
use super::site::Site;

/// Gaps of a unit that are listed, the longest; the others are counted.
pub const MOST_GAPS: usize = 20;
const MINUTE_MS: i64 = 60_000;

/// The greatest (or, of a lower limit, the smallest) thousandth of a degree that a limit allows.
fn last_allowed(limit: Limit) -> i32 {
    let step = if limit.is_upper() { 1 } else { -1 };
    let mut milli = limit.celsius().0;
    while !limit.holds(MilliCelsius(milli)) {
        milli -= step;
    }
    while limit.holds(MilliCelsius(milli + step)) {
        milli += step;
    }
    milli
}

/// What a probe goes by from some moment on.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    from_minute: i64,
    pub(super) limits: Limits,
    pub(super) rules: Vec<Rule>,
}

impl Standing {
    fn of(plan: Option<&Plan>, id: Id, probe: &Probe, from_minute: i64) -> Standing {
        let effective = Effective::of(plan, id, probe.unit_kind);
        let own = probe.limits.min.is_some() || probe.limits.max.is_some();
        if effective.control_point.is_none() && own {
            // A limit that a person has set for the probe stands in for the default of its kind.
            return Standing { from_minute, limits: probe.limits, rules: Vec::new() };
        }
        let allowed = |upper: bool| {
            let limits = effective.rules.iter().map(|rule| rule.limit).filter(move |limit| limit.is_upper() == upper);
            limits.map(last_allowed)
        };
        let limits = Limits { min: allowed(false).max().map(MilliCelsius), max: allowed(true).min().map(MilliCelsius) };
        Standing { from_minute, limits, rules: effective.rules }
    }

    /// The limits of a period, in the order of time: those of each plan from when it was in force.
    pub(super) fn timeline(approvals: &[Approval], id: Id, probe: &Probe, span: (i64, i64)) -> Vec<Standing> {
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

/// The days of a period by the clock on the wall, or its hours where it is short.
pub(super) struct Slots {
    /// The first minute of each, and one past the end.
    starts: Vec<i64>,
}

impl Slots {
    pub(super) fn of(site: &Site, from_minute: i64, end_minute: i64) -> Slots {
        let by_hour = end_minute - from_minute <= 4 * 1_440;
        let mut starts = vec![from_minute];
        let mut at = from_minute;
        while let Some(next) = site.next_slot(at, by_hour).filter(|next| *next < end_minute && *next > at) {
            starts.push(next);
            at = next;
        }
        starts.push(end_minute.max(from_minute + 1));
        Slots { starts }
    }

    pub(super) fn count(&self) -> usize {
        self.starts.len() - 1
    }

    /// Minutes mostly come in order: the place before, or the next, is the usual answer.
    fn place(&self, minute: i64, before: usize) -> usize {
        let within = |place: usize| {
            self.starts.get(place).is_some_and(|start| *start <= minute)
                && self.starts.get(place + 1).is_some_and(|end| minute < *end)
        };
        [before, before + 1].into_iter().find(|place| within(*place)).unwrap_or_else(|| {
            self.starts.partition_point(|start| *start <= minute).saturating_sub(1).min(self.count() - 1)
        })
    }

    fn start(&self, place: usize) -> i64 {
        self.starts.get(place).copied().unwrap_or_default()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Missing {
    NoRecord,
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

    fn words(self, before_first: bool) -> String {
        match self {
            Missing::NoRecord if before_first => "before its first reading".to_owned(),
            Missing::NoRecord => "no record".to_owned(),
            Missing::NoData(name) => name.replace('_', " "),
            Missing::Doubt(name) => format!("not believed: {}", name.replace('_', " ")),
        }
    }
}

#[derive(Clone, Debug)]
struct Span {
    from: i64,
    to: i64,
    reasons: BTreeMap<Missing, u64>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    lowest: i32,
    highest: i32,
    minutes: u32,
    beyond: u32,
}

/// What a probe's minutes add up to.
pub(super) struct Counting {
    standing: Vec<Standing>,
    /// The minute that is expected next.
    next: i64,
    end: i64,
    /// Before it the probe had no reading at all.
    first_ever: Option<i64>,
    gap: Option<Span>,
    gaps: Vec<Span>,
    pub(super) more_gaps: u64,
    pub(super) more_gap_minutes: u64,
    pub(super) known: u64,
    pub(super) beyond: u64,
    pub(super) lowest: Option<i32>,
    pub(super) highest: Option<i32>,
    sum: i64,
    pub(super) late: u64,
    pub(super) doubted: u64,
    pub(super) unset: u64,
    sums: Vec<Sum>,
    slot: usize,
}

/// A minute by which it was read, whether or not its samples came in time.
struct Seen {
    lowest: i32,
    highest: i32,
    mean: i32,
}

impl Counting {
    pub(super) fn new(
        standing: Vec<Standing>,
        from: i64,
        end: i64,
        slots: &Slots,
        first_ever: Option<i64>,
    ) -> Counting {
        Counting {
            standing,
            next: from,
            end,
            first_ever,
            gap: None,
            gaps: Vec::new(),
            more_gaps: 0,
            more_gap_minutes: 0,
            known: 0,
            beyond: 0,
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

    /// All readings of an hour, by minute; several of one minute stand side by side.
    pub(super) fn add(&mut self, hour: &[HourReading], slots: &Slots) {
        for minute in hour.chunk_by(|a, b| a.minute == b.minute) {
            let Some(at) = minute.first().map(|at| at.minute) else { continue };
            // A minute before the expected one was counted with its hour already.
            if at < self.next || at >= self.end {
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

    fn know(&mut self, at: i64, seen: &Seen, slots: &Slots) {
        if let Some(gap) = self.gap.take() {
            self.keep(gap);
        }
        self.next = at + 1;
        let limits = self.limits(at);
        let within = |milli| limits.judge(MilliCelsius(milli)) == Verdict::Within;
        let beyond = !(within(seen.lowest) && within(seen.highest));
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

    fn limits(&self, minute: i64) -> Limits {
        let standing = self.standing.iter().rev().find(|standing| standing.from_minute <= minute);
        standing.or(self.standing.first()).map(|standing| standing.limits).unwrap_or_default()
    }

    /// No value from the expected minute until before this one.
    fn miss(&mut self, until: i64, why: Missing) {
        let until = until.min(self.end);
        let Some(minutes) = u64::try_from(until - self.next).ok().filter(|minutes| *minutes > 0) else { return };
        let from = self.next;
        let gap = self.gap.get_or_insert_with(|| Span { from, to: from, reasons: BTreeMap::new() });
        gap.to = until;
        *gap.reasons.entry(why).or_default() += minutes;
        self.next = until;
    }

    fn keep(&mut self, gap: Span) {
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

    pub(super) fn finish(&mut self) {
        self.miss(self.end, Missing::NoRecord);
        if let Some(gap) = self.gap.take() {
            self.keep(gap);
        }
        self.shorten();
    }

    pub(super) fn mean(&self) -> Option<i32> {
        let known = i64::try_from(self.known).ok().filter(|known| *known > 0)?;
        i32::try_from(self.sum.div_euclid(known)).ok()
    }

    pub(super) fn last_standing(&self) -> Option<&Standing> {
        self.standing.last()
    }

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
            minutes: sum.minutes,
            of_minutes: u32::try_from(slots.start(place + 1) - slots.start(place)).unwrap_or(0),
            beyond_minutes: sum.beyond,
        };
        self.sums.iter().enumerate().filter(|(_, sum)| sum.minutes > 0).map(band).collect()
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
            missing = Some(Missing::of(reading.no_data, reading.doubt));
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
    use trivet_domain::haccp::{Bound, Reading, Scale};

    #[test]
    fn a_limit_becomes_the_last_thousandth_that_it_allows() {
        let limit = |bound, milli, scale| Limit { bound, milli, scale };
        for (limit, last) in [
            (limit(Bound::AtMost, 41_000, Scale::Fahrenheit), 5_000),
            (limit(Bound::AtLeast, 135_000, Scale::Fahrenheit), 57_223),
            (limit(Bound::AtMost, 70_000, Scale::Fahrenheit), 21_111),
            (limit(Bound::MoreThan, 63_000, Scale::Celsius), 63_001),
            (limit(Bound::LessThan, 0, Scale::Fahrenheit), -17_778),
            (limit(Bound::LessThan, 5_000, Scale::Celsius), 4_999),
        ] {
            assert_eq!(last_allowed(limit), last, "{limit:?}");
        }
    }

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
