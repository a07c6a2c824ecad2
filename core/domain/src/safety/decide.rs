//! What may be written about food safety. What the plan says arrives in the command, because the plan is another
//! subject; who builds the command reads it from the plan in force.

use std::collections::BTreeSet;

use super::calibration::{Compared, Correction, references};
use super::event::*;
use super::fold::{Check, Cooling, State};
use super::plan::{AnswerKind, CheckKind, Choice, Need, Plan, PlannedCheck, Rule};
use super::timer::TimerState;
use super::{Command, DOCUMENT, MAX_HISTORY, MAX_NAME, MAX_NOTE, plan_document};
use crate::document::{DocumentEdit, Fields};
use crate::{Context, Decision, Event, History, MilliCelsius, Refusal};

/// A check may be done so long before it is due.
pub const EARLY_MS: i64 = 60 * 60_000;
/// A clock of a tablet may run ahead of the box's.
const AHEAD_MS: i64 = 60_000;
const FIELD: &str = "plan";
/// Entries of a record past which it goes to nobody else: what is done about it has room.
const MAX_ASSIGNED: usize = 100;
/// Of one check.
const MAX_CORRECTIONS: usize = 20;

/// What a person answers to a check.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answered {
    pub values: Vec<Measured>,
    pub answers: Vec<CheckAnswer>,
    pub product: Option<String>,
    pub supplier: Option<String>,
    pub lot: Option<String>,
    /// Of a delivery.
    pub accepted: Option<bool>,
    pub note: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The id of a limit of the check's control point.
    pub rule: String,
    pub value: MilliCelsius,
    /// How long it was held, where the limit says how long.
    pub held_seconds: Option<u32>,
    /// How long it took, where the limit says within what time.
    pub took_minutes: Option<u32>,
}

pub fn decide(history: &History, state: &State, command: &Command, context: &dyn Context) -> Decision {
    let subject = command.subject();
    if grows(command) && history.facts.len() >= MAX_HISTORY {
        return Err(Refusal::full(format!("this holds {MAX_HISTORY} entries; it takes no more")));
    }
    let one = |event: Event| Ok(vec![(subject, event)]);
    match (command, state) {
        (Command::ChangePlan { plan, .. }, _) => change_plan(history, subject, plan),
        (Command::ApprovePlan { .. }, State::Plans(_) | State::Nothing) => approve(state, command, context),
        (Command::DoCheck { .. }, State::Nothing | State::Check(_)) => do_check(state, command, context),
        (Command::CorrectCheck { .. }, State::Check(check)) => {
            correct_check(check, command).and_then(|c| one(c.into()))
        }
        (Command::MissCheck { missed, grace_minutes, .. }, state) => {
            let end_ms = missed.due_ms + i64::from(*grace_minutes) * 60_000;
            match state {
                State::Nothing if context.now_ms() > end_ms => one(missed.clone().into()),
                _ => Ok(Vec::new()),
            }
        }
        (Command::StartCooling { started, .. }, State::Nothing) => {
            name("product", &started.product)?;
            optional("lot", started.lot.as_deref(), MAX_NAME)?;
            optional("quantity", started.quantity.as_deref(), MAX_NAME)?;
            let ago = context.now_ms() - started.began_ms;
            if !(-AHEAD_MS..=6 * 3_600_000).contains(&ago) {
                return Err(Refusal::invalid("beganAt", "between six hours ago and now"));
            }
            one(started.clone().into())
        }
        (command, State::Cooling(cooling)) => cooling_step(cooling, command, context).map(|event| on(subject, event)),
        (Command::StartTimer { .. }, State::Nothing) => start_timer(command).and_then(|started| one(started.into())),
        (command, State::Timer(timer)) => {
            timer_step(timer, command).map(|events| events.into_iter().map(|event| (subject, event)).collect())
        }
        (Command::Calibrate { .. }, State::Nothing) => calibrate(command).and_then(|calibrated| one(calibrated.into())),
        (Command::OpenRecord { opened, .. }, state) => {
            name("summary", &opened.summary)?;
            // Whoever was first has opened it; a second word about the same is nothing new.
            if *state == State::Nothing { one(opened.clone().into()) } else { Ok(Vec::new()) }
        }
        (command, State::Record(record)) => match command {
            Command::TakeAction { choice, action, .. } => {
                if record.closed.is_some() {
                    return Err(Refusal::conflict("this record is closed"));
                }
                one(take_action(choice, action)?.into())
            }
            Command::AssignRecord { .. } if history.facts.len() >= MAX_ASSIGNED => {
                Err(Refusal::full(format!("a record of {MAX_ASSIGNED} entries goes to nobody else")))
            }
            Command::AssignRecord { .. } if record.closed.is_some() => Err(Refusal::conflict("this record is closed")),
            Command::AssignRecord { to, .. } if record.responsible == *to => Ok(Vec::new()),
            Command::AssignRecord { to, .. } => one(RecordAssigned { to: *to }.into()),
            Command::CloseRecord { .. } if record.closed.is_some() => Ok(Vec::new()),
            Command::CloseRecord { .. } if record.actions.is_empty() => {
                Err(Refusal::conflict("a record is closed with a corrective action: say what was done"))
            }
            Command::CloseRecord { .. } => one(RecordClosed {}.into()),
            Command::VerifyRecord { .. } if record.closed.is_none() => {
                Err(Refusal::conflict("a record is verified after it is closed"))
            }
            Command::VerifyRecord { .. } if record.verified.is_some() => Ok(Vec::new()),
            Command::VerifyRecord { note, .. } => {
                optional("note", note.as_deref(), MAX_NOTE)?;
                one(RecordVerified { note: note.clone() }.into())
            }
            _ => Err(other()),
        },
        (Command::Review { reviewed, .. }, State::Nothing) => {
            name("meaning", &reviewed.meaning)?;
            optional("note", reviewed.note.as_deref(), MAX_NOTE)?;
            if reviewed.from_ms >= reviewed.to_ms || reviewed.to_ms > context.now_ms() + AHEAD_MS {
                return Err(Refusal::invalid("to", "after `from` and not in the future"));
            }
            one(reviewed.clone().into())
        }
        (
            Command::StartCooling { .. }
            | Command::StartTimer { .. }
            | Command::Calibrate { .. }
            | Command::Review { .. }
            | Command::ApprovePlan { .. }
            | Command::DoCheck { .. },
            _,
        ) => Err(other()),
        (_, State::Nothing) => Err(Refusal::unknown("there is no such thing")),
        _ => Err(other()),
    }
}

/// What people may do again and again. What ends or closes a thing is never refused for its length.
fn grows(command: &Command) -> bool {
    matches!(
        command,
        Command::ApprovePlan { .. }
            | Command::StartCooling { .. }
            | Command::MeasureCooling { .. }
            | Command::StartTimer { .. }
            | Command::MeasureTimer { .. }
            | Command::OpenRecord { .. }
            | Command::TakeAction { .. }
    )
}

fn other() -> Refusal {
    Refusal::conflict("this id belongs to something else")
}

fn on(subject: trivet_log::Id, event: Option<Event>) -> Vec<(trivet_log::Id, Event)> {
    event.into_iter().map(|event| (subject, event)).collect()
}

fn change_plan(history: &History, document: trivet_log::Id, plan: &str) -> Decision {
    let plan = Plan::read(plan)?.to_json();
    let edit = DocumentEdit::of(DOCUMENT, history.document_of(DOCUMENT), vec![(FIELD.to_owned(), plan.into())]);
    Ok(if edit.puts.is_empty() { Vec::new() } else { vec![(document, Event::Document(edit))] })
}

fn approve(state: &State, command: &Command, context: &dyn Context) -> Decision {
    let Command::ApprovePlan { location, draft_version, from_ms, note } = command else { return Err(other()) };
    let fields = context.document(DOCUMENT, plan_document(*location));
    let fields = fields.ok_or_else(|| Refusal::unknown("there is no draft to approve"))?;
    if fields.version() != *draft_version {
        let why = "the draft was changed since you read it; read it again";
        return Err(Refusal::conflict(why).at("draftVersion"));
    }
    if !fields.conflicts().is_empty() {
        return Err(Refusal::conflict("the draft was changed on two boxes apart; save the one that counts first"));
    }
    let content = draft(&fields).ok_or_else(|| Refusal::unknown("there is no draft to approve"))?;
    Plan::read(content)?;
    optional("note", note.as_deref(), MAX_NOTE)?;
    let now = context.now_ms();
    let from_ms = from_ms.unwrap_or(now);
    if from_ms < now - AHEAD_MS {
        return Err(Refusal::invalid("from", "a plan is not approved for the past"));
    }
    let version = match state {
        State::Plans(approvals) => approvals.iter().map(|approval| approval.version).max().unwrap_or(0) + 1,
        _ => 1,
    };
    let approved = PlanApproved { version, content: content.to_owned(), from_ms, note: note.clone() };
    Ok(vec![(command.subject(), approved.into())])
}

/// The draft's JSON.
pub fn draft(fields: &Fields) -> Option<&str> {
    fields.text(FIELD)
}

fn do_check(state: &State, command: &Command, context: &dyn Context) -> Decision {
    let Command::DoCheck { planned, rules, due_ms, plan_version, answered, .. } = command else {
        return Err(other());
    };
    if matches!(state, State::Check(check) if check.done.is_some()) {
        return Err(Refusal::conflict("this check is done already"));
    }
    if due_ms.is_some_and(|due| context.now_ms() < due - EARLY_MS) {
        return Err(Refusal::conflict("it is too early for this check: at most an hour before it is due"));
    }
    let done = answer(planned, rules, answered, *due_ms, *plan_version)?;
    Ok(vec![(command.subject(), done.into())])
}

/// What was answered was mistyped: the whole answer anew, judged as the first was. Whether it was in time stays.
fn correct_check(check: &Check, command: &Command) -> Result<CheckCorrected, Refusal> {
    let (Command::CorrectCheck { planned, rules, answered, why, .. }, Some(first)) = (command, &check.done) else {
        return Err(Refusal::conflict("this check is not done: there is nothing to correct"));
    };
    if check.corrections.len() >= MAX_CORRECTIONS {
        return Err(Refusal::full(format!("a check is corrected at most {MAX_CORRECTIONS} times")));
    }
    name("why", why)?;
    let first = &first.what;
    let judged = answer(planned, rules, answered, first.due_ms, first.plan_version)?;
    let done = CheckDone { grace_minutes: first.grace_minutes, ..judged };
    if check.stands() == Some(&done) {
        return Err(Refusal::conflict("this stands already"));
    }
    Ok(CheckCorrected { done, why: why.clone(), answer: check.answer })
}

fn answer(
    planned: &PlannedCheck,
    rules: &[Rule],
    answered: &Answered,
    due_ms: Option<i64>,
    plan_version: Option<u32>,
) -> Result<CheckDone, Refusal> {
    let values = values(planned, rules, &answered.values)?;
    let answers = answers(planned, &answered.answers)?;
    for (field, text) in [("product", &answered.product), ("supplier", &answered.supplier), ("lot", &answered.lot)] {
        optional(field, text.as_deref(), MAX_NAME)?;
    }
    optional("note", answered.note.as_deref(), MAX_NOTE)?;
    if planned.kind == CheckKind::Delivery {
        if answered.supplier.as_deref().is_none_or(|supplier| supplier.trim().is_empty()) {
            return Err(Refusal::invalid("supplier", "whose delivery it is"));
        }
        if answered.accepted.is_none() {
            return Err(Refusal::invalid("accepted", "whether the delivery was accepted"));
        }
    }
    let yes = answers.iter().all(|answer| answer.yes != Some(false));
    Ok(CheckDone {
        check: planned.id.clone(),
        name: planned.name.clone(),
        kind: planned.kind,
        passed: yes && values.iter().all(|value| value.within) && answered.accepted != Some(false),
        values,
        answers,
        due_ms,
        grace_minutes: due_ms.map(|_| planned.grace_minutes),
        plan_version,
        product: answered.product.clone(),
        supplier: answered.supplier.clone(),
        lot: answered.lot.clone(),
        accepted: answered.accepted,
        note: answered.note.clone(),
    })
}

fn values(planned: &PlannedCheck, rules: &[Rule], measured: &[Measured]) -> Result<Vec<CheckValue>, Refusal> {
    let measures = matches!(
        planned.kind,
        CheckKind::Cooking | CheckKind::Reheating | CheckKind::HotHolding | CheckKind::ColdHolding
    );
    if measured.is_empty() && measures && !rules.is_empty() {
        return Err(Refusal::invalid("values", "this check takes a temperature"));
    }
    if measured.len() > 50 {
        return Err(Refusal::invalid("values", "at most 50"));
    }
    let judged = measured.iter().enumerate().map(|(index, measured)| {
        let at = |field: &str| format!("values[{index}].{field}");
        let rule = rules.iter().find(|rule| rule.id == measured.rule);
        let rule = rule.ok_or_else(|| {
            let known = rules.iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>().join(", ");
            Refusal::invalid(at("rule"), format!("one of {known}"))
        })?;
        plausible(at("milliC"), measured.value)?;
        if rule.hold_seconds.is_some() && measured.held_seconds.is_none() {
            return Err(Refusal::invalid(at("heldSeconds"), "how long it was held"));
        }
        if rule.within_minutes.is_some() && measured.took_minutes.is_none() {
            return Err(Refusal::invalid(at("tookMinutes"), "how long it took"));
        }
        let long_enough =
            rule.hold_seconds.is_none_or(|needed| measured.held_seconds.is_some_and(|held| held >= needed));
        let soon_enough = rule.within_minutes.is_none_or(|most| measured.took_minutes.is_some_and(|took| took <= most));
        Ok(CheckValue {
            rule: rule.id.clone(),
            value: measured.value,
            limit: rule.limit,
            within: rule.limit.holds(measured.value) && long_enough && soon_enough,
            held_seconds: measured.held_seconds,
            needed_seconds: rule.hold_seconds,
            took_minutes: measured.took_minutes,
            allowed_minutes: rule.within_minutes,
        })
    });
    judged.collect()
}

fn answers(planned: &PlannedCheck, given: &[CheckAnswer]) -> Result<Vec<CheckAnswer>, Refusal> {
    let mut seen = BTreeSet::new();
    for (index, answer) in given.iter().enumerate() {
        let at = |field: &str| format!("answers[{index}].{field}");
        let ask = planned.asks.iter().find(|ask| ask.id == answer.ask);
        let ask = ask.ok_or_else(|| Refusal::invalid(at("ask"), "this check does not ask that"))?;
        if !seen.insert(&answer.ask) {
            return Err(Refusal::invalid(at("ask"), "answered twice"));
        }
        match ask.answer {
            AnswerKind::YesNo if answer.yes.is_none() => return Err(Refusal::invalid(at("yes"), "yes or no")),
            AnswerKind::Text => match answer.text.as_deref().map(str::trim) {
                None | Some("") => return Err(Refusal::invalid(at("text"), "an answer in words")),
                text => optional(&at("text"), text, MAX_NOTE)?,
            },
            AnswerKind::YesNo => optional(&at("text"), answer.text.as_deref(), MAX_NOTE)?,
        }
    }
    match planned.asks.iter().find(|ask| !seen.contains(&ask.id)) {
        Some(ask) => Err(Refusal::invalid("answers", format!("`{}` is not answered", ask.id))),
        None => Ok(given.to_vec()),
    }
}

fn cooling_step(cooling: &Cooling, command: &Command, context: &dyn Context) -> Result<Option<Event>, Refusal> {
    match command {
        Command::MeasureCooling { value, .. } => {
            if cooling.settled.is_some() {
                return Err(Refusal::conflict("this run is settled"));
            }
            plausible("milliC", *value)?;
            Ok(Some(CoolingMeasured { value: *value, at_ms: context.now_ms() }.into()))
        }
        Command::WarnCooling { warned, .. } => {
            let known = |before: &CoolingWarned| before.stage == warned.stage && before.percent >= warned.percent;
            let told = cooling.ended.is_some() || cooling.warned.iter().any(known);
            Ok((!told).then(|| warned.clone().into()))
        }
        Command::EndCooling { ended, .. } => Ok(cooling.ended.is_none().then(|| ended.clone().into())),
        Command::SettleCooling { settled, .. } => {
            settle(cooling, settled)?;
            Ok(Some(settled.clone().into()))
        }
        _ => Err(other()),
    }
}

fn settle(cooling: &Cooling, settled: &CoolingSettled) -> Result<(), Refusal> {
    if cooling.settled.is_some() {
        return Err(Refusal::conflict("this run is settled"));
    }
    optional("quantity", settled.quantity.as_deref(), MAX_NAME)?;
    optional("note", settled.note.as_deref(), MAX_NOTE)?;
    settled.product_temperature.map_or(Ok(()), |value| plausible("milliC", value))?;
    let verdict = cooling.ended.as_ref().map(|ended| ended.what.verdict);
    match settled.outcome {
        CoolingOutcome::Kept if verdict != Some(CoolingVerdict::Passed) => {
            Err(Refusal::conflict("food is kept after a run that passed; this one did not").at("outcome"))
        }
        CoolingOutcome::Reheated if settled.product_temperature.is_none() => {
            Err(Refusal::invalid("milliC", "what the food was heated to"))
        }
        CoolingOutcome::Reheated => {
            let last = cooling.started.what.stages.len().saturating_sub(1);
            let stage = cooling.ended.as_ref().and_then(|ended| ended.what.stage).map(usize::from);
            match last > 0 && stage == Some(last) && verdict == Some(CoolingVerdict::Failed) {
                true => Err(Refusal::conflict("the total time was missed: this food is discarded").at("outcome")),
                false => Ok(()),
            }
        }
        CoolingOutcome::Discarded if settled.quantity.as_deref().is_none_or(|text| text.trim().is_empty()) => {
            Err(Refusal::invalid("quantity", "how much was discarded"))
        }
        _ => Ok(()),
    }
}

fn start_timer(command: &Command) -> Result<TimerStarted, Refusal> {
    let Command::StartTimer { rule, product, value, probe, lot, quantity, plan_version, clock, .. } = command else {
        return Err(other());
    };
    name("product", product)?;
    optional("lot", lot.as_deref(), MAX_NAME)?;
    optional("quantity", quantity.as_deref(), MAX_NAME)?;
    plausible("milliC", *value)?;
    if !rule.starts_within.iter().any(|limit| limit.holds(*value)) {
        let why = "this food does not start within the limits: time cannot control it";
        return Err(Refusal::invalid("milliC", why));
    }
    Ok(TimerStarted {
        product: product.clone(),
        rule: rule.id.clone(),
        minutes: rule.minutes,
        value: *value,
        started_ms: clock.wall_ms,
        boot: clock.boot,
        up_ms: clock.boot.map(|_| clock.up_ms),
        never_beyond: rule.never_beyond,
        probe: *probe,
        plan_version: *plan_version,
        lot: lot.clone(),
        quantity: quantity.clone(),
    })
}

fn timer_step(timer: &super::Timer, command: &Command) -> Result<Vec<Event>, Refusal> {
    let state = timer.state();
    let over = || Refusal::conflict(format!("this food was {} already", state.name()));
    match command {
        Command::WarnTimer { .. } if state == TimerState::Running => Ok(vec![TimerWarned {}.into()]),
        Command::WarnTimer { .. } => Ok(Vec::new()),
        Command::ExpireTimer { expired, .. } if timer.expired.is_none() && !state.is_over() => {
            Ok(vec![expired.clone().into()])
        }
        Command::ExpireTimer { .. } => Ok(Vec::new()),
        Command::MeasureTimer { value, .. } => {
            if state.is_over() {
                return Err(over());
            }
            plausible("milliC", *value)?;
            let measured = TimerMeasured { value: *value }.into();
            let too_warm = timer.started.what.never_beyond.is_some_and(|limit| !limit.holds(*value));
            let expired = (too_warm && timer.expired.is_none())
                .then(|| TimerExpired { why: Expiry::TooWarm, value: Some(*value) }.into());
            Ok(std::iter::once(measured).chain(expired).collect())
        }
        Command::EndTimer { ended, clock, .. } => {
            if state.is_over() {
                return Err(over());
            }
            optional("quantity", ended.quantity.as_deref(), MAX_NAME)?;
            optional("note", ended.note.as_deref(), MAX_NOTE)?;
            let late = state == TimerState::Expired || timer.started.what.left_ms(clock) <= 0;
            if ended.how == TimerEnd::Served && late {
                return Err(Refusal::conflict("its time is over: this food is discarded").at("how"));
            }
            if ended.how == TimerEnd::Discarded && ended.quantity.as_deref().is_none_or(|text| text.trim().is_empty()) {
                return Err(Refusal::invalid("quantity", "how much was discarded"));
            }
            Ok(vec![ended.clone().into()])
        }
        _ => Err(other()),
    }
}

fn calibrate(command: &Command) -> Result<Calibrated, Refusal> {
    let Command::Calibrate {
        probe,
        method,
        points,
        reference,
        altitude_metres,
        tolerance_milli,
        due_ms,
        plan_version,
        note,
        before,
        ..
    } = command
    else {
        return Err(other());
    };
    name("reference", reference)?;
    optional("note", note.as_deref(), MAX_NOTE)?;
    let references = references(*method, points, *altitude_metres)?;
    let pairs = || references.iter().copied().zip(points.iter());
    let after = Correction::of(pairs().map(|(reference, point)| (reference, point.read)));
    let error = |value: MilliCelsius, reference: MilliCelsius| value.0.saturating_sub(reference.0);
    let point = |(reference, point): (MilliCelsius, &Compared)| Point {
        reference,
        read: point.read,
        found: error(before.apply(point.read), reference),
        left: error(point.left.unwrap_or_else(|| after.apply(point.read)), reference),
    };
    Ok(Calibrated {
        probe: *probe,
        method: *method,
        points: pairs().map(point).collect(),
        reference: reference.clone(),
        tolerance_milli: *tolerance_milli,
        due_ms: *due_ms,
        altitude_metres: matches!(method, Method::Boil | Method::IceAndBoil).then_some(*altitude_metres),
        plan_version: *plan_version,
        note: note.clone(),
    })
}

fn take_action(choice: &Choice, action: &CorrectiveActionTaken) -> Result<CorrectiveActionTaken, Refusal> {
    name("text", &action.text)?;
    for (field, text) in [("quantity", &action.quantity), ("cause", &action.cause)] {
        optional(field, text.as_deref(), MAX_NOTE)?;
    }
    optional("note", action.note.as_deref(), MAX_NOTE)?;
    action.product_temperature.map_or(Ok(()), |value| plausible("productMilliC", value))?;
    let empty = |text: &Option<String>| text.as_deref().is_none_or(|text| text.trim().is_empty());
    // Where there was no food there is none to measure.
    let no_food = action.disposition == Some(Disposition::NoFood);
    for need in &choice.requires {
        let missing = match need {
            Need::ProductTemperature => (!no_food && action.product_temperature.is_none())
                .then_some(("productMilliC", "the temperature of the food")),
            Need::Disposition => action.disposition.is_none().then_some(("disposition", "what became of the food")),
            Need::Quantity => (!no_food && empty(&action.quantity)).then_some(("quantity", "how much")),
            Need::Cause => empty(&action.cause).then_some(("cause", "what the cause was")),
        };
        if let Some((field, what)) = missing {
            return Err(Refusal::invalid(field, what));
        }
    }
    if action.disposition == Some(Disposition::Discard) && empty(&action.quantity) {
        return Err(Refusal::invalid("quantity", "how much was discarded"));
    }
    Ok(action.clone())
}

pub(super) fn plausible(field: impl Into<String>, value: MilliCelsius) -> Result<(), Refusal> {
    match MilliCelsius::PLAUSIBLE.contains(&value) {
        true => Ok(()),
        false => Err(Refusal::invalid(field, "no temperature of a kitchen")),
    }
}

fn name(field: &str, text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::invalid(field, "must not be empty"));
    }
    optional(field, Some(text), MAX_NOTE)
}

fn optional(field: &str, text: Option<&str>, longest: usize) -> Result<(), Refusal> {
    match text.is_some_and(|text| text.chars().count() > longest) {
        true => Err(Refusal::invalid(field, format!("at most {longest} characters"))),
        false => Ok(()),
    }
}
