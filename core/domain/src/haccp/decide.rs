//! What may be written about temperatures.

use trivet_log::Id;

use super::event::{Kept, MAX_KEPT, MinuteRead, ProbeReturned, ReadingCorrected, ReadingRecorded};
use super::fold::State;
use super::probe::{Change, DETAILS, DOCUMENT, MAX_ALARM_DELAY_MS, MAX_STORED, Probe};
use super::{Command, MAX_PROBES, Readings};
use crate::document::{DocumentEdit, Fields, Value};
use crate::{Context, Decision, Event, MilliCelsius, Refusal};

pub fn decide(state: &State, standing: Option<&Fields>, command: &Command, context: &dyn Context) -> Decision {
    let subject = command.subject(context.origin());
    let event: Event = match (command, state) {
        (Command::ChangeProbe { change, .. }, _) => {
            let edit = DocumentEdit::of(DOCUMENT, standing, puts(change, standing)?);
            return Ok(if edit.puts.is_empty() { Vec::new() } else { vec![(subject, Event::Document(edit))] });
        }
        (Command::RecordMinute(readings), state) => minute(readings, state)?,
        (Command::ChangePart(changed), state) => {
            if matches!(state, State::Day(day) if day.parts.len() >= MAX_PART_CHANGES) {
                return Err(Refusal::full(format!("of a unit at most {MAX_PART_CHANGES} changes a day are written")));
            }
            changed.clone().into()
        }
        (Command::OpenBreach { opened, .. }, State::Nothing) => opened.clone().into(),
        (Command::CloseBreach { closed, .. }, State::Breach(breach)) if breach.closed_at_ms.is_none() => {
            closed.clone().into()
        }
        (Command::LoseProbe { lost, .. }, State::Nothing) => lost.clone().into(),
        (Command::ReturnProbe { .. }, State::Outage(outage)) if outage.returned_at_ms.is_none() => {
            ProbeReturned {}.into()
        }
        (Command::Record { probe, value, scale, measured_at_ms, source, limits, .. }, State::Nothing) => {
            if Probe::in_force(context, *probe).is_none() {
                return Err(Refusal::invalid("sensorId", "there is no such probe"));
            }
            if !MilliCelsius::PLAUSIBLE.contains(value) {
                return Err(Refusal::invalid("value", "no temperature of a kitchen"));
            }
            if source.chars().count() > 50 {
                return Err(Refusal::invalid("source", "at most 50 characters"));
            }
            ReadingRecorded {
                probe: *probe,
                value: *value,
                measured_at_ms: *measured_at_ms,
                source: source.clone(),
                min: limits.min,
                max: limits.max,
                scale: Some(*scale),
            }
            .into()
        }
        (Command::Correct { value, scale, why, .. }, State::Manual(manual)) => {
            if manual.corrections.len() >= MAX_CORRECTIONS {
                return Err(Refusal::full(format!("a reading is corrected at most {MAX_CORRECTIONS} times")));
            }
            if why.trim().is_empty() || why.chars().count() > 500 {
                return Err(Refusal::invalid("why", "why it is corrected, in 1 to 500 characters"));
            }
            if value.is_some_and(|value| !MilliCelsius::PLAUSIBLE.contains(&value)) {
                return Err(Refusal::invalid("value", "no temperature of a kitchen"));
            }
            if *value == manual.value() {
                return Err(Refusal::conflict("this stands already"));
            }
            ReadingCorrected { value: *value, scale: value.map(|_| *scale), why: why.clone() }.into()
        }
        (Command::Correct { .. }, _) => return Err(Refusal::unknown("there is no such reading")),
        (Command::OpenBreach { .. } | Command::LoseProbe { .. } | Command::Record { .. }, _) => {
            return Err(Refusal::conflict("this was recorded already"));
        }
        (Command::CloseBreach { .. } | Command::ReturnProbe { .. }, _) => return Ok(Vec::new()),
    };
    Ok(vec![(subject, event)])
}

/// Of one reading.
const MAX_CORRECTIONS: usize = 20;
/// Of a unit's door, defrost and compressor so many changes a day are written.
pub(super) const MAX_PART_CHANGES: usize = 2_000;

fn minute(given: &Readings, state: &State) -> Result<Event, Refusal> {
    if given.probes.len() > MAX_PROBES {
        return Err(Refusal::full(format!("a box has at most {MAX_PROBES} probes")));
    }
    let roster: Vec<Id> = given.probes.iter().map(|at| at.probe).collect();
    let calibrations: Vec<Option<Id>> = given.probes.iter().map(|at| at.calibration).collect();
    let calibrations = Some(calibrations).filter(|of| of.iter().any(Option::is_some));
    let known = matches!(state, State::Hour(hour)
        if hour.roster == roster && hour.calibrations == calibrations && hour.plan == given.plan);
    let named = given.late || !known;
    let kept: Vec<Kept> = given.kept.iter().take(MAX_KEPT).cloned().collect();
    Ok(MinuteRead {
        minute: given.minute,
        readings: given.probes.iter().map(|at| at.reading.clone()).collect(),
        roster: named.then_some(roster),
        calibrations: if named { calibrations } else { None },
        plan: if named { given.plan } else { None },
        late: given.late.then_some(true),
        kept: Some(kept).filter(|kept| !kept.is_empty()),
        marks: Some(given.marks.clone()).filter(|marks| !marks.is_empty()),
    }
    .into())
}

fn puts(change: &Change, standing: Option<&Fields>) -> Result<Vec<(String, Value)>, Refusal> {
    if standing.is_none() && change.name.is_none() {
        return Err(Refusal::unknown("there is no such probe"));
    }
    if change.name.as_deref().is_some_and(|name| name.trim().is_empty() || name.chars().count() > 100) {
        return Err(Refusal::invalid("name", "1 to 100 characters"));
    }
    let before = standing.map(Probe::from_fields).unwrap_or_default().limits;
    let (min, max) = (change.min.unwrap_or(before.min), change.max.unwrap_or(before.max));
    for (field, limit) in [("minMilliC", min), ("maxMilliC", max)] {
        if limit.is_some_and(|limit| !MilliCelsius::PLAUSIBLE.contains(&limit)) {
            return Err(Refusal::invalid(field, "no temperature of a kitchen"));
        }
    }
    for (field, text) in &change.details {
        if !DETAILS.contains(&field.as_str()) {
            return Err(Refusal::invalid(field, "no such detail of a probe"));
        }
        if text.chars().count() > 100 {
            return Err(Refusal::invalid(field, "at most 100 characters"));
        }
    }
    if change.input.as_ref().is_some_and(|input| input.chars().count() > 200) {
        return Err(Refusal::invalid("input", "at most 200 characters"));
    }
    if change.alarm_delay_ms.flatten().is_some_and(|delay| !(0..=MAX_ALARM_DELAY_MS).contains(&delay)) {
        return Err(Refusal::invalid("alarmDelaySeconds", "0 to a day"));
    }
    if let Some(stores) = &change.stores
        && (stores.len() > MAX_STORED
            || stores.iter().any(|of| of.trim().is_empty() || of.chars().count() > 100 || of.contains('\n')))
    {
        return Err(Refusal::invalid("stores", format!("at most {MAX_STORED} lines of 1 to 100 characters")));
    }
    if change.hold_budget.flatten().is_some_and(|budget| budget < 0) {
        return Err(Refusal::invalid("holdBudget", "0 or more"));
    }
    if let (Some(min), Some(max)) = (min, max)
        && min >= max
    {
        return Err(Refusal::invalid("minMilliC", format!("{min} is not below the upper limit of {max}")));
    }
    let limit = |limit: Option<MilliCelsius>| Value::from(limit.map(|milli| i64::from(milli.0)));
    let mut puts: Vec<(String, Value)> = Vec::new();
    puts.extend(change.name.as_deref().map(|name| ("name".to_owned(), name.into())));
    puts.extend(change.unit_kind.map(|kind| ("unit_kind".to_owned(), kind.name().into())));
    puts.extend(change.input.as_deref().map(|input| ("input".to_owned(), input.into())));
    puts.extend(change.min.map(|value| ("min".to_owned(), limit(value))));
    puts.extend(change.max.map(|value| ("max".to_owned(), limit(value))));
    let detail =
        |(field, text): &(String, String)| (field.clone(), Some(text.clone()).filter(|t| !t.is_empty()).into());
    puts.extend(change.details.iter().map(detail));
    puts.extend(change.alarm_delay_ms.map(|delay| ("alarm_delay_ms".to_owned(), delay.into())));
    puts.extend(change.stores.as_ref().map(|stores| ("stores".to_owned(), stores.join("\n").into())));
    puts.extend(change.hold_budget.map(|budget| ("hold_budget".to_owned(), budget.into())));
    puts.extend(change.retired.map(|retired| ("retired".to_owned(), retired.into())));
    Ok(puts)
}
