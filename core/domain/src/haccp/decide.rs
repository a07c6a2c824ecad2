//! What may be written about temperatures.

use super::event::{MinuteRead, ProbeReturned, ReadingRecorded};
use super::fold::State;
use super::probe::{Change, DOCUMENT, Probe};
use super::{Command, MAX_PROBES};
use crate::document::{DocumentEdit, Fields, Value};
use crate::{Context, Decision, Event, MilliCelsius, Refusal};

pub fn decide(state: &State, standing: Option<&Fields>, command: &Command, context: &dyn Context) -> Decision {
    let subject = command.subject(context.origin());
    let event: Event = match (command, state) {
        (Command::ChangeProbe { change, .. }, _) => {
            let edit = DocumentEdit::of(DOCUMENT, standing, puts(change, standing)?);
            return Ok(if edit.puts.is_empty() { Vec::new() } else { vec![(subject, Event::Document(edit))] });
        }
        (Command::RecordMinute { minute, readings }, state) => {
            if readings.len() > MAX_PROBES {
                return Err(Refusal::full(format!("a box has at most {MAX_PROBES} probes")));
            }
            let roster: Vec<_> = readings.iter().map(|(probe, _)| *probe).collect();
            let known = matches!(state, State::Hour(hour) if hour.roster == roster);
            let readings = readings.iter().map(|(_, reading)| reading.clone()).collect();
            MinuteRead { minute: *minute, readings, roster: (!known).then_some(roster) }.into()
        }
        (Command::OpenBreach { opened, .. }, State::Nothing) => opened.clone().into(),
        (Command::CloseBreach { closed, .. }, State::Breach(breach)) if breach.closed_at_ms.is_none() => {
            closed.clone().into()
        }
        (Command::LoseProbe { lost, .. }, State::Nothing) => lost.clone().into(),
        (Command::ReturnProbe { .. }, State::Outage(outage)) if outage.returned_at_ms.is_none() => {
            ProbeReturned {}.into()
        }
        (Command::Record { probe, value, measured_at_ms, source, .. }, State::Nothing) => {
            let known = Probe::in_force(context, *probe)
                .ok_or_else(|| Refusal::invalid("sensorId", "there is no such probe"))?;
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
                min: known.limits.min,
                max: known.limits.max,
            }
            .into()
        }
        (Command::OpenBreach { .. } | Command::LoseProbe { .. } | Command::Record { .. }, _) => {
            return Err(Refusal::conflict("this was recorded already"));
        }
        (Command::CloseBreach { .. } | Command::ReturnProbe { .. }, _) => return Ok(Vec::new()),
    };
    Ok(vec![(subject, event)])
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
    Ok(puts)
}
