//! What may be done with alerts.

use trivet_log::Id;

use super::event::{
    AlertAcknowledged, AlertChanged, AlertClosed, AlertEscalated, AlertReturned, AlertShelved, AlertUnshelved,
    ParameterValue, Raised,
};
use super::fold::{Alert, fold};
use super::routing::ESCALATION_LEVELS;
use super::{
    Command, EQUIPMENT, MAX_BY_PEOPLE, MAX_COMMENT, MAX_HISTORY, MAX_PARAMETERS, MAX_SHELVED_MS, MAX_TEXT, MAX_WHY,
    ROUTING, equipment, routing,
};
use crate::document::{DocumentEdit, Value};
use crate::{Context, Decision, Event, History, Refusal};

pub fn decide(history: &History, command: &Command, context: &dyn Context) -> Decision {
    let subject = command.subject();
    match command {
        Command::Route { change, .. } => return edit(history, ROUTING, subject, routing::puts(change)?),
        Command::ChangeEquipment { change, .. } => {
            let standing = history.document_of(EQUIPMENT);
            return edit(history, EQUIPMENT, subject, equipment::puts(change, standing)?);
        }
        _ => {}
    }
    let event = of_alert(&fold(history), command, context.now_ms())?;
    Ok(event.map(|event| (subject, event)).into_iter().collect())
}

/// The fact that a command gives; none where nothing changes.
fn of_alert(alert: &Alert, command: &Command, now_ms: i64) -> Result<Option<Event>, Refusal> {
    if let Command::Raise { raised, .. } = command {
        return raise(alert, raised);
    }
    if alert.raised.is_none() {
        return Err(Refusal::unknown("there is no such alert"));
    }
    let by_a_person =
        matches!(command, Command::Acknowledge { .. } | Command::Shelve { .. } | Command::Unshelve { .. });
    if by_a_person && alert.by_people >= MAX_BY_PEOPLE {
        return Err(Refusal::full(format!("an alert keeps {MAX_BY_PEOPLE} words of people; close it")));
    }
    let (closed, full) = (alert.is_closed(), alert.entries >= MAX_HISTORY);
    Ok(match command {
        Command::Raise { .. } | Command::Route { .. } | Command::ChangeEquipment { .. } => None,
        Command::Change { severity, .. } => {
            (!closed && !full && alert.severity != Some(*severity)).then(|| AlertChanged { severity: *severity }.into())
        }
        Command::Acknowledge { comment, .. } => {
            let comment = said("comment", comment.as_deref(), MAX_COMMENT)?;
            // Once seen it is seen; another may still add a word.
            (comment.is_some() || (!closed && !alert.is_acknowledged()))
                .then(|| AlertAcknowledged { comment, times: Some(alert.times) }.into())
        }
        Command::Return { at_ms, .. } => alert.lasts.then(|| AlertReturned { at_ms: *at_ms }.into()),
        Command::Shelve { until_ms, why, .. } => {
            must_be_open(closed)?;
            if *until_ms <= now_ms || *until_ms > now_ms.saturating_add(MAX_SHELVED_MS) {
                return Err(Refusal::invalid("until", "a time within the next 24 hours"));
            }
            let why = said("why", Some(why), MAX_WHY)?.ok_or_else(|| Refusal::invalid("why", "say why"))?;
            Some(AlertShelved { until_ms: *until_ms, why }.into())
        }
        Command::Unshelve { .. } => alert.shelved.as_ref().map(|_| AlertUnshelved {}.into()),
        Command::Close { comment, action, cause, .. } => {
            let comment = said("comment", comment.as_deref(), MAX_COMMENT)?;
            let last = alert.raised.as_ref().map(|raised| raised.cause);
            let came_back = cause.is_some() && *cause != last;
            if alert.closed.is_some() || (closed && action.is_none()) || came_back {
                return Ok(None);
            }
            if alert.needs_action() && action.is_none() {
                return Err(
                    Refusal::conflict("this alert closes with the corrective action that was taken").at("action")
                );
            }
            if alert.lasts && comment.is_none() && action.is_none() {
                return Err(Refusal::invalid("comment", "the condition lasts: say why the alert ends nevertheless"));
            }
            Some(AlertClosed { comment, action: *action }.into())
        }
        Command::Escalate { level, .. } => {
            if !(1..=ESCALATION_LEVELS).contains(level) {
                return Err(Refusal::invalid("level", format!("1 to {ESCALATION_LEVELS}")));
            }
            let in_vain = closed || full || alert.level() >= *level || (*level == 1 && alert.is_acknowledged());
            (!in_vain).then(|| AlertEscalated { level: *level, times: Some(alert.times) }.into())
        }
    })
}

fn raise(alert: &Alert, raised: &Raised) -> Result<Option<Event>, Refusal> {
    check(raised)?;
    let is_known = alert.causes.contains(&raised.cause);
    // Told twice, by a worker that was interrupted or by another box.
    if is_known && (alert.is_closed() || !alert.lasts) {
        return Ok(None);
    }
    if alert.is_closed() {
        return Err(Refusal::conflict("this alert is closed: what happened since opens another"));
    }
    let full = alert.entries >= MAX_HISTORY;
    Ok(match alert.raised {
        Some(_) if full => None,
        // It goes on. What is new is at most that it has become worse.
        Some(_) if alert.lasts => {
            (Some(raised.severity) > alert.severity).then(|| AlertChanged { severity: raised.severity }.into())
        }
        _ => Some(raised.clone().into()),
    })
}

/// Alerts are raised by programs: this catches the programmer, and a name that is a novel.
fn check(raised: &Raised) -> Result<(), Refusal> {
    let long = |text: &str| text.chars().count() > MAX_TEXT;
    let wordy = |value: &ParameterValue| match value {
        ParameterValue::Text(text) | ParameterValue::Word(text) => long(text),
        _ => false,
    };
    if raised.key.is_empty() || long(&raised.key) || raised.words.is_empty() || long(&raised.words) {
        return Err(Refusal::invalid("key", format!("key and words have 1 to {MAX_TEXT} characters")));
    }
    if raised.place.as_deref().is_some_and(long) || raised.parameters.iter().any(|p| long(&p.name) || wordy(&p.value)) {
        return Err(Refusal::invalid("parameters", format!("at most {MAX_TEXT} characters each")));
    }
    match raised.parameters.len() {
        ..=MAX_PARAMETERS => Ok(()),
        _ => Err(Refusal::invalid("parameters", format!("at most {MAX_PARAMETERS}"))),
    }
}

fn must_be_open(closed: bool) -> Result<(), Refusal> {
    if closed { Err(Refusal::conflict("this alert is closed")) } else { Ok(()) }
}

/// What a person says: without the white space around it; None if that is all.
fn said(field: &str, text: Option<&str>, longest: usize) -> Result<Option<String>, Refusal> {
    let text = text.unwrap_or_default().trim();
    if text.chars().count() > longest {
        return Err(Refusal::invalid(field, format!("at most {longest} characters")));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

fn edit(history: &History, kind: u16, subject: Id, puts: Vec<(String, Value)>) -> Decision {
    let edit = DocumentEdit::of(kind, history.document_of(kind), puts);
    Ok(if edit.puts.is_empty() { Vec::new() } else { vec![(subject, Event::Document(edit))] })
}
