//! What a plan must hold together: ids that are one, references that lead somewhere, figures within reason.

use std::collections::BTreeSet;

use super::plan::{Alarm, ControlKind, ControlPoint, Monitoring, Plan, PlannedCheck, Schedule, Source};
use crate::haccp::Limit;
use crate::{MilliCelsius, Refusal};

const MAX_LIST: usize = 100;
const MAX_TEXT: usize = 500;
const MAX_PROCEDURE: usize = 4_000;
/// A mute that lasts longer than a defrost hides what it was made for.
const MAX_MUTE_MINUTES: u16 = 45;
const MAX_RECOVERY_MINUTES: u16 = 60;

type Checked = Result<(), Refusal>;

pub(super) fn validate(plan: &Plan) -> Checked {
    text("name", &plan.name)?;
    text("jurisdiction.code", &plan.jurisdiction.code)?;
    text("jurisdiction.edition", &plan.jurisdiction.edition)?;
    let hazards = ids("hazards", plan.hazards.iter().map(|hazard| (hazard.id.as_str(), hazard.name.as_str())))?;
    let points = plan.control_points.iter().map(|point| (point.id.as_str(), point.name.as_str()));
    let points = ids("controlPoints", points)?;
    let checks = ids("checks", plan.checks.iter().map(|check| (check.id.as_str(), check.name.as_str())))?;
    ids("cooling", plan.cooling.iter().map(|rule| (rule.id.as_str(), rule.name.as_str())))?;
    ids("timers", plan.timers.iter().map(|rule| (rule.id.as_str(), rule.name.as_str())))?;
    ids("verification", plan.verification.iter().map(|one| (one.id.as_str(), one.text.as_str())))?;
    if plan.control_points.is_empty() {
        return Err(Refusal::invalid("controlPoints", "a plan has at least one control point"));
    }
    let mut probes = BTreeSet::new();
    for (index, point) in plan.control_points.iter().enumerate() {
        let at = format!("controlPoints[{index}]");
        control_point(&at, point, &hazards, &checks)?;
        if let Some(twice) = point.probes.iter().find(|probe| !probes.insert(**probe)) {
            return Err(Refusal::invalid(format!("{at}.probes"), format!("probe {twice} has a control point already")));
        }
    }
    for (index, check) in plan.checks.iter().enumerate() {
        planned_check(&format!("checks[{index}]"), check, &points)?;
    }
    for (index, rule) in plan.cooling.iter().enumerate() {
        let at = format!("cooling[{index}]");
        source(&format!("{at}.source"), &rule.source)?;
        if rule.stages.is_empty() || rule.stages.len() > 4 {
            return Err(Refusal::invalid(format!("{at}.stages"), "1 to 4 stages"));
        }
        range(&format!("{at}.maxGapMinutes"), rule.max_gap_minutes, 1, 60)?;
        let mut before = (0, i32::MAX);
        for (number, stage) in rule.stages.iter().enumerate() {
            let at = format!("{at}.stages[{number}]");
            upper(&format!("{at}.to"), stage.to)?;
            if stage.within_minutes <= before.0 || stage.to.celsius().0 >= before.1 {
                let why = "each stage ends later and colder than the one before; times count from the start";
                return Err(Refusal::invalid(at, why));
            }
            before = (stage.within_minutes, stage.to.celsius().0);
        }
        if let Some(from) = rule.from {
            upper(&format!("{at}.from"), from)?;
            if rule.stages.first().is_some_and(|first| first.to.celsius() >= from.celsius()) {
                return Err(Refusal::invalid(format!("{at}.from"), "warmer than the first stage's end"));
            }
        }
    }
    for (index, rule) in plan.timers.iter().enumerate() {
        let at = format!("timers[{index}]");
        source(&format!("{at}.source"), &rule.source)?;
        range(&format!("{at}.minutes"), rule.minutes, 1, 24 * 60)?;
        if rule.starts_within.is_empty() {
            return Err(Refusal::invalid(format!("{at}.startsWithin"), "at least one temperature to begin at"));
        }
    }
    if plan.time_procedure.chars().count() > MAX_PROCEDURE {
        return Err(Refusal::invalid("timeProcedure", format!("a text of at most {MAX_PROCEDURE} characters")));
    }
    range("calibration.everyDays", plan.calibration.every_days, 1, 1_000)?;
    range("calibration.warnDays", plan.calibration.warn_days, 0, plan.calibration.every_days)?;
    range("calibration.toleranceMilli", plan.calibration.tolerance_milli, 100, 2_000)?;
    range("calibration.altitudeMetres", plan.calibration.altitude_metres, 0, 4_000)?;
    for (index, verification) in plan.verification.iter().enumerate() {
        range(&format!("verification[{index}].everyDays"), verification.every_days, 1, 1_000)?;
    }
    Ok(())
}

fn control_point(at: &str, point: &ControlPoint, hazards: &BTreeSet<&str>, checks: &BTreeSet<&str>) -> Checked {
    for (index, hazard) in point.hazards.iter().enumerate() {
        if !hazards.contains(hazard.as_str()) {
            return Err(Refusal::invalid(format!("{at}.hazards[{index}]"), format!("there is no hazard `{hazard}`")));
        }
    }
    ids(&format!("{at}.limits"), point.limits.iter().map(|rule| (rule.id.as_str(), rule.name.as_str())))?;
    for (index, rule) in point.limits.iter().enumerate() {
        let at = format!("{at}.limits[{index}]");
        plausible(&format!("{at}.limit"), rule.limit)?;
        source(&format!("{at}.source"), &rule.source)?;
    }
    ids(&format!("{at}.corrective"), point.corrective.iter().map(|one| (one.id.as_str(), one.text.as_str())))?;
    if point.kind == ControlKind::Ccp && point.corrective.is_empty() {
        let why = "a critical control point has at least one corrective action";
        return Err(Refusal::invalid(format!("{at}.corrective"), why));
    }
    match &point.monitoring {
        Monitoring::Auto { period_seconds, max_gap_minutes } => {
            range(&format!("{at}.monitoring.auto.periodSeconds"), *period_seconds, 1, 3_600)?;
            range(&format!("{at}.monitoring.auto.maxGapMinutes"), *max_gap_minutes, 1, 24 * 60)?;
            if point.limits.is_empty() || (point.units.is_empty() && point.probes.is_empty()) {
                let why = "what is measured by itself has a limit and units or probes";
                return Err(Refusal::invalid(format!("{at}.monitoring"), why));
            }
        }
        Monitoring::Manual { checks: named } => {
            for (index, check) in named.iter().enumerate() {
                if !checks.contains(check.as_str()) {
                    let path = format!("{at}.monitoring.manual.checks[{index}]");
                    return Err(Refusal::invalid(path, format!("there is no check `{check}`")));
                }
            }
        }
    }
    if let Some(set) = &point.alarm {
        alarm(&format!("{at}.alarm"), set, point)?;
    }
    if let Some(hold) = &point.hold {
        range(&format!("{at}.hold.budgetMinutes"), hold.budget_minutes, 1, 24 * 60)?;
    }
    Ok(())
}

fn alarm(at: &str, alarm: &Alarm, point: &ControlPoint) -> Checked {
    range(&format!("{at}.delayMinutes"), alarm.delay_minutes, 0, 4 * 60)?;
    range(&format!("{at}.deadbandMilli"), alarm.deadband_milli, 0, 5_000)?;
    if let Some(defrost) = alarm.defrost {
        range(&format!("{at}.defrost.muteMinutes"), defrost.mute_minutes, 0, MAX_MUTE_MINUTES)?;
        range(&format!("{at}.defrost.recoveryMinutes"), defrost.recovery_minutes, 0, MAX_RECOVERY_MINUTES)?;
        range(&format!("{at}.defrost.perDay"), defrost.per_day, 0, 12)?;
    }
    for (name, second) in [("far", alarm.far), ("otherSide", alarm.other_side)] {
        let Some(second) = second else { continue };
        plausible(&format!("{at}.{name}.limit"), second.limit)?;
        let Some(first) = point.limits.first().map(|rule| rule.limit) else { continue };
        let fits = match name {
            "far" => second.limit.is_upper() == first.is_upper(),
            _ => second.limit.is_upper() != first.is_upper(),
        };
        if !fits {
            return Err(Refusal::invalid(format!("{at}.{name}.limit"), "bounds the wrong side"));
        }
        let (second, first) = (second.limit.celsius(), (first.celsius(), first.is_upper()));
        if name == "far" && (if first.1 { second <= first.0 } else { second >= first.0 }) {
            return Err(Refusal::invalid(format!("{at}.far.limit"), "lies beyond the control point's own limit"));
        }
    }
    Ok(())
}

fn planned_check(at: &str, check: &PlannedCheck, points: &BTreeSet<&str>) -> Checked {
    if let Some(point) = check.control_point.as_deref().filter(|point| !points.contains(point)) {
        return Err(Refusal::invalid(format!("{at}.controlPoint"), format!("there is no control point `{point}`")));
    }
    range(&format!("{at}.graceMinutes"), check.grace_minutes, 0, 24 * 60)?;
    ids(&format!("{at}.asks"), check.asks.iter().map(|ask| (ask.id.as_str(), ask.text.as_str())))?;
    if let Schedule::Times { at: times, days } = &check.schedule {
        if times.is_empty() || times.len() > 24 {
            return Err(Refusal::invalid(format!("{at}.schedule.times.at"), "1 to 24 times"));
        }
        for (index, time) in times.iter().enumerate() {
            let path = || format!("{at}.schedule.times.at[{index}]");
            time_of_day(time).ok_or_else(|| Refusal::invalid(path(), "a time of day as HH:MM"))?;
            if times.iter().take(index).any(|other| other == time) {
                return Err(Refusal::invalid(path(), "stands there twice"));
            }
        }
        if let Some(index) = days.iter().position(|day| !(1..=7).contains(day)) {
            return Err(Refusal::invalid(format!("{at}.schedule.times.days[{index}]"), "1 (Monday) to 7"));
        }
    }
    Ok(())
}

/// Hour and minute of `HH:MM`.
pub fn time_of_day(text: &str) -> Option<(u8, u8)> {
    let (hour, minute) = text.split_once(':')?;
    let two = |part: &str| (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok());
    let (hour, minute): (u8, u8) = (two(hour)??, two(minute)??);
    (hour < 24 && minute < 60).then_some((hour, minute))
}

/// The ids of a list: each once, short, in letters, digits, `-` and `_`.
fn ids<'a>(at: &str, list: impl Iterator<Item = (&'a str, &'a str)>) -> Result<BTreeSet<&'a str>, Refusal> {
    let mut seen = BTreeSet::new();
    for (index, (id, name)) in list.enumerate() {
        if index >= MAX_LIST {
            return Err(Refusal::invalid(at, format!("at most {MAX_LIST}")));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if id.is_empty() || id.len() > 40 || !id.chars().all(plain) {
            let why = "1 to 40 letters, digits, `-` and `_`";
            return Err(Refusal::invalid(format!("{at}[{index}].id"), why));
        }
        if !seen.insert(id) {
            return Err(Refusal::invalid(format!("{at}[{index}].id"), format!("`{id}` stands there twice")));
        }
        text(&format!("{at}[{index}]"), name)?;
    }
    Ok(seen)
}

fn text(at: &str, text: &str) -> Checked {
    match text.trim().is_empty() || text.chars().count() > MAX_TEXT {
        true => Err(Refusal::invalid(at, format!("a text of 1 to {MAX_TEXT} characters"))),
        false => Ok(()),
    }
}

fn source(at: &str, source: &Source) -> Checked {
    text(&format!("{at}.clause"), &source.clause)
}

fn plausible(at: &str, limit: Limit) -> Checked {
    match MilliCelsius::PLAUSIBLE.contains(&limit.celsius()) {
        true => Ok(()),
        false => Err(Refusal::invalid(at, "no temperature of a kitchen")),
    }
}

fn upper(at: &str, limit: Limit) -> Checked {
    plausible(at, limit)?;
    if limit.is_upper() { Ok(()) } else { Err(Refusal::invalid(at, "an upper limit (`at_most` or `less_than`)")) }
}

fn range<T: PartialOrd + std::fmt::Display>(at: &str, value: T, from: T, to: T) -> Checked {
    match value < from || value > to {
        true => Err(Refusal::invalid(at, format!("{from} to {to}"))),
        false => Ok(()),
    }
}
