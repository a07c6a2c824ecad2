//! What a probe goes by: one answer for the watcher, the score and the report.
//!
//! Of the plan's limits and the probe's own the stricter of each side is in force. Where no plan says anything of the
//! probe, a side of which it says nothing itself has the default of its kind of unit. That table is the only one.

use trivet_log::Id;

use super::{Alarm, Basis, Choice, ControlKind, Defrost, Hold, Monitoring, Plan, Rate, Rule, SecondLimit, Source};
use crate::MilliCelsius;
use crate::haccp::{Limit, Probe, Rules, Tier, UnitKind};

const MINUTE_MS: i64 = 60_000;
/// A door that is open for so long alarms where nothing says otherwise.
const DOOR_MINUTES: u16 = 2;
/// From one sample to the next, where no plan says anything.
pub const MAX_GAP_MINUTES: u32 = 15;
/// What is kept in a place bears so much where nobody says otherwise: a degree for four hours, in thousandths of a
/// degree times minutes.
const HOLD_BUDGET: i64 = 240_000;

#[derive(Clone, Debug, PartialEq)]
pub struct Effective {
    /// None: no plan is approved, or none of its control points is about this probe.
    pub control_point: Option<String>,
    pub kind: Option<ControlKind>,
    /// The plan's; the probe's own where they are stricter; the defaults.
    pub rules: Vec<Rule>,
    pub alarm: Alarm,
    pub max_gap_minutes: u32,
    pub hold: Option<Hold>,
    /// Which corrective choices a breach offers.
    pub corrective: Vec<Choice>,
}

impl Effective {
    pub fn of(plan: Option<&Plan>, id: Id, probe: &Probe) -> Effective {
        let unit = probe.unit_kind;
        let point = plan.and_then(|plan| plan.control_point_for(id, unit));
        let mut rules = point.map(|point| point.limits.clone()).unwrap_or_default();
        let is_planned = !rules.is_empty();
        let own = [probe.limits.min.map(Limit::at_least), probe.limits.max.map(Limit::at_most)];
        for limit in own.into_iter().flatten() {
            let known = strictest(&rules, limit.is_upper());
            if known.is_none_or(|known| limit.strictness() < known.strictness()) {
                rules.push(rule("own", "own limit", limit, "set for this unit", true));
            }
        }
        // A default that leaves no room beside the probe's own limit is none: that limit says another kind of unit.
        let fits = |default: &Rule| {
            let beside = |own: &Rule| own.limit.is_upper() != default.limit.is_upper();
            rules.iter().all(|own| beside(own) && default.limit.holds(own.limit.celsius()))
        };
        let default = default_rule(unit).filter(|default| !is_planned && fits(default));
        rules.extend(default);
        let near = strictest(&rules, true);
        Effective {
            control_point: point.map(|point| point.id.clone()),
            kind: point.map(|point| point.kind),
            rules,
            alarm: point.and_then(|point| point.alarm).unwrap_or_else(|| default_alarm(unit, near)),
            max_gap_minutes: match point.map(|point| &point.monitoring) {
                Some(Monitoring::Auto { max_gap_minutes, .. }) => *max_gap_minutes,
                Some(Monitoring::Manual { .. }) | None => MAX_GAP_MINUTES,
            },
            hold: point.and_then(|point| point.hold.clone()),
            corrective: point.map(|point| point.corrective.clone()).unwrap_or_default(),
        }
    }

    /// The limit of a side.
    pub fn limit(&self, upper: bool) -> Option<Limit> {
        strictest(&self.rules, upper)
    }

    /// The same as the watcher reads it; `plan` is the version of the plan in force.
    pub fn watched_by(&self, probe: &Probe, plan: Option<u32>) -> Rules {
        let alarm = &self.alarm;
        let own_ms = probe.alarm_delay_ms;
        let delay_ms = own_ms.unwrap_or(minutes(alarm.delay_minutes));
        let near = |upper| self.limit(upper).map(|limit| Tier { limit, delay_ms });
        let (high, low) = (near(true), near(false));
        // A delay of the probe's own is that of its near limits; that of the others it can only shorten.
        let second = |SecondLimit { limit, delay_minutes }| {
            let delay_ms = minutes(delay_minutes);
            Tier { limit, delay_ms: own_ms.map_or(delay_ms, |own_ms| own_ms.min(delay_ms)) }
        };
        // Neither lies within what the near limit allows: a unit with a limit of its own may be kept warmer or colder.
        let further = |far: &SecondLimit| {
            far.limit.is_upper() && high.is_some_and(|near| near.limit.strictness() < far.limit.strictness())
        };
        let apart = |other: &SecondLimit| {
            !other.limit.is_upper() && high.is_some_and(|near| other.limit.holds(near.limit.celsius()))
        };
        let hold_after = self.hold.as_ref().and_then(|hold| {
            let limit = hold.beyond.or(high.or(low).map(|tier| tier.limit))?;
            Some(Tier { limit, delay_ms: i64::from(hold.budget_minutes) * MINUTE_MS })
        });
        let defrost = alarm.defrost.unwrap_or(Defrost { mute_minutes: 0, recovery_minutes: 0, per_day: 0 });
        Rules {
            high,
            low,
            high_high: alarm.far.filter(further).map(second),
            low_alarm: alarm.other_side.filter(apart).map(second),
            deadband: alarm.deadband_milli.into(),
            rate: alarm.rate.map(|rate| rate.milli_per_minute.into()),
            door_ms: minutes(alarm.door_minutes.unwrap_or(DOOR_MINUTES)),
            defrost_ms: minutes(defrost.mute_minutes),
            recovery_ms: minutes(defrost.recovery_minutes),
            defrosts_a_day: defrost.per_day.into(),
            budget: (!probe.stores.is_empty()).then(|| probe.hold_budget.unwrap_or(HOLD_BUDGET)),
            hold_after,
            plan,
        }
    }
}

fn minutes(minutes: u16) -> i64 {
    i64::from(minutes) * MINUTE_MS
}

fn strictest(rules: &[Rule], upper: bool) -> Option<Limit> {
    let limits = rules.iter().map(|rule| rule.limit).filter(|limit| limit.is_upper() == upper);
    limits.min_by_key(|limit| limit.strictness())
}

fn rule(id: &str, name: &str, limit: Limit, clause: &str, confirmed: bool) -> Rule {
    let source = Source { clause: clause.to_owned(), edition: String::new(), url: String::new(), confirmed };
    Rule {
        id: id.to_owned(),
        name: name.to_owned(),
        limit,
        basis: Basis::Air,
        hold_seconds: None,
        within_minutes: None,
        source,
    }
}

/// What a unit of this kind goes by when nobody says otherwise. The figures are the operator's, not a rule's.
fn default_rule(unit: UnitKind) -> Option<Rule> {
    let (name, limit) = match unit {
        UnitKind::Fridge => ("fridge", Limit::at_most(MilliCelsius(5_000))),
        UnitKind::Freezer => ("freezer", Limit::at_most(MilliCelsius(-15_000))),
        // The strictest of the rules that we know, because nobody has said where this is.
        UnitKind::HotHold => ("hot holding", Limit::at_least(MilliCelsius(63_000))),
        UnitKind::Ambient => return None,
    };
    Some(rule(unit.name(), name, limit, "operator's target", false))
}

/// A fridge that may be as warm as the far limit, or warmer, is far beyond its own as many degrees further out.
fn default_alarm(unit: UnitKind, near: Option<Limit>) -> Alarm {
    let far = Limit::at_most(MilliCelsius(8_000));
    let far = match near.filter(|near| near.strictness() >= far.strictness()) {
        Some(near) => Limit::at_most(MilliCelsius(near.celsius().0.saturating_add(3_000))),
        None => far,
    };
    let defrost = Some(Defrost { mute_minutes: 45, recovery_minutes: 60, per_day: 4 });
    let rate = Some(Rate { milli_per_minute: 500, minutes: 10 });
    let second = |limit, delay_minutes| Some(SecondLimit { limit, delay_minutes });
    let plain = Alarm {
        delay_minutes: 30,
        deadband_milli: 500,
        far: None,
        other_side: None,
        rate,
        door_minutes: None,
        defrost: None,
    };
    match unit {
        UnitKind::Fridge => Alarm {
            far: second(far, 10),
            other_side: second(Limit::at_least(MilliCelsius(0)), 30),
            door_minutes: Some(2),
            defrost,
            ..plain
        },
        UnitKind::Freezer => Alarm { delay_minutes: 60, door_minutes: Some(2), defrost, ..plain },
        UnitKind::HotHold => Alarm { delay_minutes: 15, rate: None, ..plain },
        UnitKind::Ambient => Alarm { rate: None, ..plain },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::haccp::Limits;
    use crate::safety::presets;
    use crate::testing::id;

    fn preset(name: &str) -> Plan {
        presets().into_iter().find(|preset| preset.id == name).unwrap().plan
    }

    fn probe(unit_kind: UnitKind, min: Option<i32>, max: Option<i32>) -> Probe {
        let limits = Limits { min: min.map(MilliCelsius), max: max.map(MilliCelsius) };
        Probe { unit_kind, limits, ..Probe::default() }
    }

    #[test]
    fn of_the_plan_and_the_probe_the_stricter_side_is_in_force_and_else_the_default() {
        use UnitKind::*;
        let england = preset("uk-england");
        for (plan, kind, own, expected) in [
            (None, Fridge, (None, None), (None, Some(5_000))),
            (None, Fridge, (None, Some(8_000)), (None, Some(8_000))),
            (None, Fridge, (Some(1_000), None), (Some(1_000), Some(5_000))),
            // Nobody has said that this fridge is a hot cupboard, and it is one.
            (None, Fridge, (Some(57_000), None), (Some(57_000), None)),
            (None, Freezer, (None, None), (None, Some(-15_000))),
            (None, HotHold, (None, None), (Some(63_000), None)),
            (None, HotHold, (Some(57_222), None), (Some(57_222), None)),
            (None, Ambient, (None, None), (None, None)),
            (None, Ambient, (None, Some(25_000)), (None, Some(25_000))),
            (Some(&england), Fridge, (None, None), (None, Some(8_000))),
            (Some(&england), Fridge, (None, Some(5_000)), (None, Some(5_000))),
            (Some(&england), Fridge, (None, Some(10_000)), (None, Some(8_000))),
            (Some(&england), Fridge, (Some(0), None), (Some(0), Some(8_000))),
            (Some(&england), Ambient, (None, None), (None, None)),
        ] {
            let effective = Effective::of(plan, id(1), &probe(kind, own.0, own.1));
            let found = [false, true].map(|upper| effective.limit(upper).map(|limit| limit.celsius().0));
            assert_eq!(found, [expected.0, expected.1], "{} {own:?}, plan: {}", kind.name(), plan.is_some());
        }
    }

    #[test]
    fn the_watcher_has_the_same_limits_with_their_delays() {
        use UnitKind::*;
        let at_most = |milli| Limit::at_most(MilliCelsius(milli));
        let at_least = |milli| Limit::at_least(MilliCelsius(milli));
        let tier = |limit, delay_minutes| Some(Tier { limit, delay_ms: minutes(delay_minutes) });
        for (kind, own, high, high_high, low, low_alarm) in [
            (Fridge, None, tier(at_most(5_000), 30), tier(at_most(8_000), 10), None, tier(at_least(0), 30)),
            (Fridge, Some(6_000), tier(at_most(6_000), 30), tier(at_most(8_000), 10), None, tier(at_least(0), 30)),
            (Fridge, Some(8_000), tier(at_most(8_000), 30), tier(at_most(11_000), 10), None, tier(at_least(0), 30)),
            (Fridge, Some(-1_000), tier(at_most(-1_000), 30), tier(at_most(8_000), 10), None, None),
            (Freezer, None, tier(at_most(-15_000), 60), None, None, None),
            (HotHold, None, None, None, tier(at_least(63_000), 15), None),
            (Ambient, None, None, None, None, None),
        ] {
            let probe = probe(kind, None, own);
            let rules = Effective::of(None, id(1), &probe).watched_by(&probe, Some(3));
            let found = (rules.high, rules.high_high, rules.low, rules.low_alarm, rules.plan);
            assert_eq!(found, (high, high_high, low, low_alarm, Some(3)), "{} {own:?}", kind.name());
        }
        let soon = Probe { alarm_delay_ms: Some(0), stores: vec!["Desserts".into()], ..Probe::default() };
        let rules = Effective::of(None, id(1), &soon).watched_by(&soon, None);
        assert_eq!((rules.high, rules.high_high), (tier(at_most(5_000), 0), tier(at_most(8_000), 0)));
        assert_eq!((rules.budget, rules.door_ms, rules.defrost_ms), (Some(HOLD_BUDGET), minutes(2), minutes(45)));
    }
}
