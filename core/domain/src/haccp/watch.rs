//! What is watched between two facts: a probe's samples against its limits, and the minute that they add up to.
//!
//! An *excursion* is what happened to the food: it opens at the first good sample beyond a limit and ends at the last.
//! An *alarm* is what people are told: it waits, so that a door or a defrost rings nobody, and it never hides an
//! excursion. Time is counted by the box's running clock; the wall's is only written down.

use std::collections::VecDeque;

use super::event::{BreachKind, Cause, Doubt, NoData, Part, Reading};
use super::limit::Limit;
use super::probe::Severity;
use crate::MilliCelsius;

/// A sample, or why there is none.
pub type Sample = Result<MilliCelsius, NoData>;

/// This many samples without data in a row make a probe lost.
pub const LOST_AFTER: u32 = 3;
/// An excursion that stays within its limit but not by the deadband ends after this.
const INSIDE_ENDS_MS: i64 = 5 * 60_000;
/// An alarm returns after values have been inside its limit, by the deadband, this long.
const OFF_DELAY_MS: i64 = 60_000;
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// A time between two good samples that is no longer than this is no silence, whatever the probe. Of a longer one so
/// much counts as inside a limit.
const SHORT_GAP_MS: i64 = 3 * MINUTE_MS;
/// The longest of a probe's last times between good samples says how often it gives one; more than so many of them
/// without any are a silence.
const SILENT_AFTER: i64 = 3;
/// A time between two good samples counts up to this.
const MAX_GAP_MS: i64 = 2 * HOUR_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
/// A rise is looked at over so many minutes.
const RATE_MINUTES: usize = 10;

/// When a sample was taken: by the wall's clock, to be written down, and by one that nobody sets, to be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    pub wall_ms: i64,
    pub running_ms: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlarmKind {
    High,
    /// Far above: no defrost mutes it.
    HighHigh,
    Low,
    /// It rises so fast that it will be beyond its limit.
    Rate,
    Door,
}

impl AlarmKind {
    pub fn name(self) -> &'static str {
        match self {
            AlarmKind::High => "high",
            AlarmKind::HighHigh => "high_high",
            AlarmKind::Low => "low",
            AlarmKind::Rate => "rate",
            AlarmKind::Door => "door",
        }
    }
}

/// A limit with how long a value must be beyond it before it alarms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    pub limit: Limit,
    pub delay_ms: i64,
}

/// What a probe is watched by. Its figures are the plan's or the defaults' (`safety::Effective`); this one knows none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// The critical limits: a value beyond one of them opens an excursion.
    pub high: Option<Tier>,
    pub low: Option<Tier>,
    /// Alarms alone.
    pub high_high: Option<Tier>,
    pub low_alarm: Option<Tier>,
    /// A value must come back this far inside, thousandths of a degree.
    pub deadband: i32,
    /// Thousandths of a degree a minute, for [`RATE_MINUTES`].
    pub rate: Option<i32>,
    pub door_ms: i64,
    /// While its unit defrosts, and so long after, a high alarm waits; so often a day.
    pub defrost_ms: i64,
    pub recovery_ms: i64,
    pub defrosts_a_day: u32,
    /// Thousandths of a degree times minutes beyond a critical limit; what is kept there bears no more.
    pub budget: Option<i64>,
    /// And so long, in all, beyond this limit.
    pub hold_after: Option<Tier>,
    /// The version of the plan that these are of.
    pub plan: Option<u32>,
}

impl Rules {
    fn critical(&self, kind: BreachKind) -> Option<Limit> {
        match kind {
            BreachKind::High => self.high.map(|tier| tier.limit),
            BreachKind::Low => self.low.map(|tier| tier.limit),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    Opened {
        kind: BreachKind,
        value: MilliCelsius,
        limit: Limit,
    },
    /// The box then writes it down with the bytes of its peak.
    Closed(Excursion),
    /// What is kept there has borne what it may.
    Spent {
        kind: BreachKind,
    },
    Alarm {
        kind: AlarmKind,
        severity: Severity,
        value: Option<MilliCelsius>,
        limit: Option<Limit>,
    },
    /// What alarms already became worse.
    Worse {
        kind: AlarmKind,
        severity: Severity,
    },
    Calm {
        kind: AlarmKind,
    },
    Lost(NoData),
    /// A fault of the probe: it gives values that cannot be.
    Faulty(Doubt),
    Returned,
}

/// What goes on beyond a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excursion {
    pub kind: BreachKind,
    pub opened_ms: i64,
    pub last_ms: i64,
    pub peak: MilliCelsius,
    pub peak_at_ms: i64,
    pub beyond_ms: i64,
    pub cause: Option<Cause>,
    inside_ms: i64,
    /// Thousandths of a degree times milliseconds.
    dose: i64,
    held_ms: i64,
    spent: bool,
}

impl Excursion {
    pub fn resume(kind: BreachKind, opened_ms: i64, peak: MilliCelsius) -> Excursion {
        let (last_ms, peak_at_ms) = (opened_ms, opened_ms);
        Excursion {
            kind,
            opened_ms,
            last_ms,
            peak,
            peak_at_ms,
            beyond_ms: 0,
            cause: None,
            inside_ms: 0,
            dose: 0,
            held_ms: 0,
            spent: false,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Pending {
    beyond_ms: i64,
    inside_ms: i64,
    active: Option<Severity>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Unit {
    /// Since when, by the running clock.
    door_open: Option<i64>,
    door_alarms: bool,
    defrosting: Option<i64>,
    defrost_ended: Option<i64>,
    defrosts: u32,
    day: i64,
}

/// One probe, as its box watches it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watch {
    excursion: Option<Excursion>,
    /// Went on when the box stopped: the time that it was off counts.
    resumed: bool,
    lost: bool,
    missing: u32,
    /// The last good sample.
    last: Option<(At, MilliCelsius)>,
    /// The last times between good samples, the latest at the end.
    gaps: [i64; 4],
    high: Pending,
    high_high: Pending,
    low: Pending,
    rate: bool,
    minutes: VecDeque<(i64, MilliCelsius)>,
    unit: Unit,
}

impl Watch {
    /// Goes on from what was open when the box stopped.
    pub fn resume(excursion: Option<Excursion>, lost: bool, active: &[(AlarmKind, Severity)]) -> Watch {
        let of = |kind| {
            let active = active.iter().find(|(known, _)| *known == kind).map(|(_, severity)| *severity);
            Pending { active, ..Pending::default() }
        };
        Watch {
            resumed: excursion.is_some(),
            excursion,
            lost,
            high: of(AlarmKind::High),
            high_high: of(AlarmKind::HighHigh),
            low: of(AlarmKind::Low),
            rate: active.iter().any(|(kind, _)| *kind == AlarmKind::Rate),
            unit: Unit { door_alarms: active.iter().any(|(kind, _)| *kind == AlarmKind::Door), ..Unit::default() },
            ..Watch::default()
        }
    }

    pub fn excursion(&self) -> Option<&Excursion> {
        self.excursion.as_ref()
    }

    /// Looks at each sample. A sample without data, or one that cannot be, never opens an excursion and never ends one.
    pub fn look(&mut self, at: At, sample: Sample, doubt: Option<Doubt>, rules: &Rules) -> Vec<Notice> {
        let fault = doubt.filter(|doubt| !doubt.is_judged());
        let value = match (sample, fault) {
            (Ok(value), None) => value,
            (sample, fault) => {
                self.missing = self.missing.saturating_add(1);
                let now_lost = self.missing == LOST_AFTER && !self.lost;
                self.lost |= now_lost;
                let notice = match (sample, fault) {
                    (Err(reason), _) => Notice::Lost(reason),
                    (_, Some(fault)) => Notice::Faulty(fault),
                    (Ok(_), None) => return Vec::new(),
                };
                return if now_lost { vec![notice] } else { Vec::new() };
            }
        };
        let mut notices = Vec::new();
        self.missing = 0;
        if std::mem::take(&mut self.lost) {
            notices.push(Notice::Returned);
        }
        let before = self.last.replace((at, value));
        let gap = before.map_or(0, |(then, _)| self.counted(at.running_ms - then.running_ms));
        let before = before.map(|(_, value)| value);
        self.follow(at, value, before, gap, rules, &mut notices);
        self.alarm(at, value, before, gap, rules, &mut notices);
        self.rise(at, value, rules, &mut notices);
        notices
    }

    /// What counts of the time since the last good sample, whatever came between: nothing if it was a silence for this
    /// probe, because nobody knows how warm it was. How often it gives a value is learnt anew after each start.
    fn counted(&mut self, gap: i64) -> i64 {
        let gap = gap.max(0);
        let [_, third, second, latest] = self.gaps;
        let usual = self.gaps.into_iter().fold(0, i64::max);
        self.gaps = [third, second, latest, gap];
        if gap <= usual.saturating_mul(SILENT_AFTER).max(SHORT_GAP_MS) { gap.min(MAX_GAP_MS) } else { 0 }
    }

    /// The excursion.
    fn follow(
        &mut self,
        at: At,
        value: MilliCelsius,
        before: Option<MilliCelsius>,
        gap: i64,
        rules: &Rules,
        notices: &mut Vec<Notice>,
    ) {
        if let Some(excursion) = &mut self.excursion {
            let limit = rules.critical(excursion.kind);
            let beyond = limit.is_some_and(|limit| !limit.holds(value));
            if beyond {
                // Time between two samples that were both beyond.
                let was = before.is_some_and(|before| limit.is_some_and(|limit| !limit.holds(before)));
                let off = if self.resumed { (at.wall_ms - excursion.opened_ms).max(0) } else { 0 };
                let lasted = if was { gap } else { off };
                excursion.beyond_ms += if was { gap } else { 0 };
                let beyond =
                    limit.map_or(0, |limit| limit.beyond(value).max(before.map_or(0, |before| limit.beyond(before))));
                excursion.dose = excursion.dose.saturating_add(i64::from(beyond).saturating_mul(lasted));
                let held = |value| rules.hold_after.is_some_and(|tier| !tier.limit.holds(value));
                if held(value) {
                    excursion.held_ms += if before.is_none_or(held) { lasted } else { lasted.min(SHORT_GAP_MS) };
                }
                let spent = rules.budget.is_some_and(|budget| excursion.dose / MINUTE_MS >= budget)
                    || rules.hold_after.is_some_and(|tier| excursion.held_ms >= tier.delay_ms);
                if !excursion.spent && spent {
                    excursion.spent = true;
                    notices.push(Notice::Spent { kind: excursion.kind });
                }
                excursion.last_ms = excursion.last_ms.max(at.wall_ms);
                excursion.inside_ms = 0;
                let further = match excursion.kind {
                    BreachKind::High => value > excursion.peak,
                    BreachKind::Low => value < excursion.peak,
                };
                if further {
                    (excursion.peak, excursion.peak_at_ms) = (value, at.wall_ms);
                }
                excursion.cause = excursion.cause.or(self.unit.cause());
            } else {
                excursion.inside_ms += gap.min(SHORT_GAP_MS);
            }
            let back = limit.is_none_or(|limit| is_well_inside(limit, value, rules.deadband));
            if !beyond && (back || excursion.inside_ms >= INSIDE_ENDS_MS) {
                notices.extend(self.excursion.take().map(Notice::Closed));
            }
        }
        if self.excursion.is_none() {
            let open = |kind| {
                let limit = rules.critical(kind)?;
                (!limit.holds(value)).then_some((kind, limit))
            };
            if let Some((kind, limit)) = open(BreachKind::High).or_else(|| open(BreachKind::Low)) {
                let mut excursion = Excursion::resume(kind, at.wall_ms, value);
                excursion.cause = self.unit.cause();
                self.excursion = Some(excursion);
                notices.push(Notice::Opened { kind, value, limit });
            }
        }
    }

    /// The alarms of limits.
    fn alarm(
        &mut self,
        at: At,
        value: MilliCelsius,
        before: Option<MilliCelsius>,
        gap: i64,
        rules: &Rules,
        notices: &mut Vec<Notice>,
    ) {
        let off = match (self.resumed, &self.excursion) {
            (true, Some(excursion)) => (at.wall_ms - excursion.opened_ms).max(0),
            _ => 0,
        };
        self.resumed = false;
        let muted = self.unit.is_muted(at, rules);
        let tiers = [
            (AlarmKind::High, rules.high, &mut self.high, muted),
            (AlarmKind::HighHigh, rules.high_high, &mut self.high_high, false),
            (AlarmKind::Low, rules.low.or(rules.low_alarm), &mut self.low, false),
        ];
        for (kind, tier, pending, muted) in tiers {
            let Some(tier) = tier else {
                if pending.active.take().is_some() {
                    notices.push(Notice::Calm { kind });
                }
                continue;
            };
            if tier.limit.holds(value) {
                let back = is_well_inside(tier.limit, value, rules.deadband);
                pending.inside_ms += gap.min(SHORT_GAP_MS);
                if pending.active.is_none() && (back || pending.inside_ms >= OFF_DELAY_MS) {
                    *pending = Pending::default();
                } else if (back && pending.inside_ms >= OFF_DELAY_MS) || pending.inside_ms >= INSIDE_ENDS_MS {
                    *pending = Pending::default();
                    notices.push(Notice::Calm { kind });
                }
                continue;
            }
            let was = before.is_some_and(|before| !tier.limit.holds(before));
            pending.beyond_ms += if was { gap } else { off };
            pending.inside_ms = 0;
            let mut severity = Severity::of(tier.limit.beyond(value), pending.beyond_ms);
            if kind == AlarmKind::HighHigh {
                severity = Severity::Critical;
            }
            match pending.active {
                None if pending.beyond_ms >= tier.delay_ms && !muted => {
                    pending.active = Some(severity);
                    let (value, limit) = (Some(value), Some(tier.limit));
                    notices.push(Notice::Alarm { kind, severity, value, limit });
                }
                Some(told) if severity > told => {
                    pending.active = Some(severity);
                    notices.push(Notice::Worse { kind, severity });
                }
                _ => {}
            }
        }
    }

    /// One value a minute; a rise that goes on is told before the limit is reached.
    fn rise(&mut self, at: At, value: MilliCelsius, rules: &Rules, notices: &mut Vec<Notice>) {
        let Some(rate) = rules.rate else { return };
        let minute = at.running_ms.div_euclid(MINUTE_MS);
        match self.minutes.back() {
            Some((known, _)) if *known == minute => return,
            // A minute without a value: begin anew.
            Some((known, _)) if *known + 1 != minute => self.minutes.clear(),
            _ => {}
        }
        self.minutes.push_back((minute, value));
        if self.minutes.len() > RATE_MINUTES + 1 {
            self.minutes.pop_front();
        }
        let mut pairs = self.minutes.iter().zip(self.minutes.iter().skip(1));
        let rises =
            self.minutes.len() > RATE_MINUTES && pairs.clone().all(|((_, a), (_, b))| b.0.saturating_sub(a.0) > rate);
        let still = pairs.next_back().is_some_and(|((_, a), (_, b))| b > a);
        let muted = self.unit.is_muted(at, rules);
        if rises && !self.rate && !muted && self.excursion.is_none() {
            self.rate = true;
            let limit = rules.high.map(|tier| tier.limit);
            notices.push(Notice::Alarm { kind: AlarmKind::Rate, severity: Severity::Warn, value: Some(value), limit });
        } else if self.rate && !still {
            self.rate = false;
            notices.push(Notice::Calm { kind: AlarmKind::Rate });
        }
    }

    /// A door, a defrost or a compressor changed. None: nobody knows any more.
    pub fn part(&mut self, at: At, part: Part, on: Option<bool>) {
        let since = (on == Some(true)).then_some(at.running_ms);
        match part {
            Part::Door => self.unit.door_open = self.unit.door_open.filter(|_| since.is_some()).or(since),
            Part::Defrost => {
                if self.unit.defrosting.is_some() && since.is_none() {
                    self.unit.defrost_ended = Some(at.running_ms);
                }
                if self.unit.defrosting.is_none() && since.is_some() {
                    let day = at.wall_ms.div_euclid(DAY_MS);
                    self.unit.defrosts = if self.unit.day == day { self.unit.defrosts + 1 } else { 1 };
                    self.unit.day = day;
                }
                self.unit.defrosting = self.unit.defrosting.filter(|_| since.is_some()).or(since);
            }
            Part::Compressor => {}
        }
    }

    /// What time alone brings: a door that stands open.
    pub fn tick(&mut self, at: At, rules: &Rules) -> Option<Notice> {
        let kind = AlarmKind::Door;
        let open = self.unit.door_open.is_some_and(|since| at.running_ms - since >= rules.door_ms);
        if open == self.unit.door_alarms {
            return None;
        }
        self.unit.door_alarms = open;
        Some(match open {
            true => Notice::Alarm { kind, severity: Severity::Warn, value: None, limit: None },
            false => Notice::Calm { kind },
        })
    }

    /// Nothing more will come: what was beyond a limit to the end.
    pub fn finish(&mut self) -> Option<Excursion> {
        self.excursion.take()
    }
}

impl Unit {
    fn cause(&self) -> Option<Cause> {
        match (self.defrosting, self.door_open) {
            (Some(_), _) => Some(Cause::Defrost),
            (None, Some(_)) => Some(Cause::Door),
            (None, None) => None,
        }
    }

    fn is_muted(&self, at: At, rules: &Rules) -> bool {
        let defrosting = self.defrosting.is_some_and(|since| at.running_ms - since <= rules.defrost_ms);
        let recovering = self.defrost_ended.is_some_and(|ended| at.running_ms - ended <= rules.recovery_ms);
        let today = self.day == at.wall_ms.div_euclid(DAY_MS);
        (defrosting || recovering) && !(today && self.defrosts > rules.defrosts_a_day)
    }
}

fn is_well_inside(limit: Limit, value: MilliCelsius, deadband: i32) -> bool {
    let toward = if limit.is_upper() { deadband } else { -deadband };
    limit.holds(MilliCelsius(value.0.saturating_add(toward)))
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
    doubt: Option<Doubt>,
    doubted: u16,
    /// The latest that is not judged.
    doubtful: Option<i32>,
}

impl Minute {
    /// True for the first of its reason in the minute: its bytes are kept.
    pub fn add(&mut self, sample: Sample, doubt: Option<Doubt>) -> bool {
        let first = match (sample, doubt) {
            (Err(reason), _) => self.no_data != Some(reason),
            (Ok(_), Some(doubt)) => self.doubt.is_none_or(|known| known < doubt),
            (Ok(_), None) => false,
        };
        if let (Ok(_), Some(doubt)) = (sample, doubt) {
            self.doubt = self.doubt.max(Some(doubt));
            self.doubted = self.doubted.saturating_add(1);
        }
        match sample {
            Ok(MilliCelsius(value)) if doubt.is_some_and(|doubt| !doubt.is_judged()) => self.doubtful = Some(value),
            Ok(MilliCelsius(value)) if self.samples < u16::MAX => {
                self.lowest = if self.samples == 0 { value } else { self.lowest.min(value) };
                self.highest = if self.samples == 0 { value } else { self.highest.max(value) };
                // What was overtaken on its way counts, and is not the latest.
                if doubt != Some(Doubt::OutOfOrder) || self.last.is_none() {
                    self.last = Some(value);
                }
                self.sum += i64::from(value);
                self.samples += 1;
            }
            Ok(_) => {}
            Err(reason) => {
                self.no_data = Some(reason);
                self.bad = self.bad.saturating_add(1);
            }
        }
        first
    }

    pub fn is_empty(&self) -> bool {
        *self == Minute::default()
    }

    /// The reading of the minute, and an empty minute in its place. `silent` is the reason if nothing came at all.
    pub fn close(&mut self, silent: NoData) -> Reading {
        let minute = std::mem::take(self);
        let (doubt, doubted) = (minute.doubt, Some(minute.doubted).filter(|n| *n > 0));
        let bad = Some(minute.bad).filter(|n| *n > 0);
        let Some(last) = minute.last else {
            let last = minute.doubtful.map(MilliCelsius);
            let no_data = minute.no_data.or((last.is_none()).then_some(silent));
            return Reading { last, no_data, bad, doubt, doubted, ..Reading::default() };
        };
        let mean = i32::try_from(minute.sum.div_euclid(i64::from(minute.samples))).unwrap_or(last);
        Reading {
            last: Some(MilliCelsius(last)),
            samples: Some(minute.samples),
            below: Some(last.abs_diff(minute.lowest)).filter(|d| *d > 0),
            above: Some(minute.highest.abs_diff(last)).filter(|d| *d > 0),
            mean: Some(mean.saturating_sub(last)).filter(|d| *d != 0),
            no_data: minute.no_data,
            bad,
            doubt,
            doubted,
        }
    }
}
