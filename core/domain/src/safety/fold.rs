//! The subjects of food safety: the approvals of a location's plan, a check's due time, a cooling run, a timer, a
//! calibration, a compliance record, a review.

use trivet_log::Id;

use super::cooling::{Course, Sample};
use super::event::{
    Calibrated, CheckCorrected, CheckDone, CheckMissed, CoolingEnded, CoolingSettled, CoolingStarted, CoolingWarned,
    CorrectiveActionTaken, Event, RecordOpened, RecordVerified, Reviewed, TimerEnded, TimerExpired, TimerStarted,
};
use super::plan::Plan;
use super::timer::TimerState;
use crate::{Event as AnyEvent, Fact, History, MilliCelsius};

#[derive(Clone, Debug, Default, PartialEq)]
pub enum State {
    #[default]
    Nothing,
    /// In the fold's order.
    Plans(Vec<Approval>),
    Check(Check),
    Cooling(Cooling),
    Timer(Timer),
    Calibration(Entered<Calibrated>),
    Record(Record),
    Review(Entered<Reviewed>),
}

/// A fact with who entered it and when, by the box's clock.
#[derive(Clone, Debug, PartialEq)]
pub struct Entered<T> {
    pub at_ms: i64,
    pub by: Id,
    pub what: T,
}

impl<T: Clone> Entered<T> {
    fn of(fact: &Fact, what: &T) -> Entered<T> {
        Entered { at_ms: fact.stamp.ms(), by: fact.stamp.actor, what: what.clone() }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Approval {
    /// The command's id.
    pub id: Id,
    pub version: u32,
    pub from_ms: i64,
    pub at_ms: i64,
    pub by: Id,
    pub note: Option<String>,
    pub content: String,
}

impl Approval {
    /// None if this release does not read it: then nothing of it is in force here.
    pub fn plan(&self) -> Option<Plan> {
        Plan::read(&self.content).ok()
    }
}

/// Of several approvals the last whose time has come.
pub fn in_force(approvals: &[Approval], now_ms: i64) -> Option<&Approval> {
    approvals.iter().rev().find(|approval| approval.from_ms <= now_ms)
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Check {
    /// As it was answered first: whether it was in time goes by this.
    pub done: Option<Entered<CheckDone>>,
    /// Its command.
    pub answer: Id,
    pub missed: Option<Entered<CheckMissed>>,
    /// The last is what stands.
    pub corrections: Vec<Entered<CheckCorrected>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Punctual {
    OnTime,
    /// Entered after its grace, whatever time somebody may have had in mind.
    Late,
    Missed,
}

impl Check {
    /// The answer that stands.
    pub fn stands(&self) -> Option<&CheckDone> {
        let done = self.done.as_ref()?;
        Some(self.corrections.last().map_or(&done.what, |last| &last.what.done))
    }

    /// A check without a due time is on time whenever it is done.
    pub fn punctual(&self) -> Punctual {
        let Some(done) = &self.done else { return Punctual::Missed };
        let end = done.what.due_ms.map(|due| due + i64::from(done.what.grace_minutes.unwrap_or(0)) * 60_000);
        if end.is_some_and(|end| done.at_ms > end) { Punctual::Late } else { Punctual::OnTime }
    }

    /// Nobody answered in time: a person must say why, also when the answer came late.
    pub fn was_missed(&self) -> bool {
        self.missed.is_some() && self.punctual() != Punctual::OnTime
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Cooling {
    pub started: Entered<CoolingStarted>,
    /// By hand.
    pub measured: Vec<(i64, MilliCelsius)>,
    pub warned: Vec<CoolingWarned>,
    pub ended: Option<Entered<CoolingEnded>>,
    pub settled: Option<Entered<CoolingSettled>>,
}

impl Cooling {
    pub fn course(&self) -> Course {
        let started = &self.started.what;
        Course {
            began_ms: started.began_ms,
            from: started.from,
            stages: started.stages.clone(),
            max_gap_minutes: started.max_gap_minutes,
            by_probe: started.probe.is_some(),
            resolution_ms: if started.probe.is_some() { 60_000 } else { 0 },
        }
    }

    /// A probe's samples with those by hand among them.
    pub fn with_measured(&self, mut samples: Vec<Sample>) -> Vec<Sample> {
        let by_hand =
            |(at_ms, value): &(i64, MilliCelsius)| Sample { at_ms: *at_ms, value: Some(*value), by_hand: true };
        if !self.measured.is_empty() {
            samples.extend(self.measured.iter().map(by_hand));
            samples.sort_by_key(|sample| sample.at_ms);
        }
        samples
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Timer {
    pub started: Entered<TimerStarted>,
    pub warned: bool,
    pub measured: Vec<(i64, MilliCelsius)>,
    pub expired: Option<Entered<TimerExpired>>,
    pub ended: Option<Entered<TimerEnded>>,
}

impl Timer {
    pub fn state(&self) -> TimerState {
        match (&self.ended, &self.expired) {
            (Some(ended), _) => ended.what.how.into(),
            (None, Some(_)) => TimerState::Expired,
            (None, None) if self.warned => TimerState::Warned,
            (None, None) => TimerState::Running,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub opened: Entered<RecordOpened>,
    pub actions: Vec<Entered<CorrectiveActionTaken>>,
    pub responsible: Option<Id>,
    pub closed: Option<(i64, Id)>,
    pub verified: Option<Entered<RecordVerified>>,
}

impl Record {
    pub fn closed_in_time(&self) -> bool {
        self.closed.is_some_and(|(at_ms, _)| at_ms <= self.opened.what.due_ms)
    }

    pub fn is_overdue(&self, now_ms: i64) -> bool {
        self.closed.is_none() && now_ms > self.opened.what.due_ms
    }
}

pub fn fold(history: &History) -> State {
    let mut state = State::Nothing;
    history.facts.iter().filter(|fact| !fact.twin).for_each(|fact| state.apply(fact));
    state
}

impl State {
    fn apply(&mut self, fact: &Fact) {
        let AnyEvent::Safety(event) = &fact.event else { return };
        match (event, &mut *self) {
            (Event::PlanApproved(approved), state) => {
                let approval = Approval {
                    id: fact.stamp.command,
                    version: approved.version,
                    from_ms: approved.from_ms,
                    at_ms: fact.stamp.ms(),
                    by: fact.stamp.actor,
                    note: approved.note.clone(),
                    content: approved.content.clone(),
                };
                match state {
                    State::Plans(approvals) => approvals.push(approval),
                    State::Nothing => *state = State::Plans(vec![approval]),
                    _ => {}
                }
            }
            (Event::CheckDone(done), State::Nothing) => {
                let answer = fact.stamp.command;
                *self = State::Check(Check { done: Some(Entered::of(fact, done)), answer, ..Check::default() });
            }
            (Event::CheckDone(done), State::Check(check)) if check.done.is_none() => {
                (check.done, check.answer) = (Some(Entered::of(fact, done)), fact.stamp.command);
            }
            (Event::CheckMissed(missed), State::Nothing) => {
                *self = State::Check(Check { missed: Some(Entered::of(fact, missed)), ..Check::default() });
            }
            (Event::CheckMissed(missed), State::Check(check)) => {
                check.missed.get_or_insert_with(|| Entered::of(fact, missed));
            }
            (Event::CheckCorrected(corrected), State::Check(check))
                if check.done.is_some() && check.answer == corrected.answer =>
            {
                check.corrections.push(Entered::of(fact, corrected));
            }
            (Event::CoolingStarted(started), State::Nothing) => {
                *self = State::Cooling(Cooling {
                    started: Entered::of(fact, started),
                    measured: Vec::new(),
                    warned: Vec::new(),
                    ended: None,
                    settled: None,
                });
            }
            (event, State::Cooling(cooling)) => cooling.apply(event, fact),
            (Event::TimerStarted(started), State::Nothing) => {
                *self = State::Timer(Timer {
                    started: Entered::of(fact, started),
                    warned: false,
                    measured: Vec::new(),
                    expired: None,
                    ended: None,
                });
            }
            (event, State::Timer(timer)) => timer.apply(event, fact),
            (Event::Calibrated(calibrated), State::Nothing) => {
                *self = State::Calibration(Entered::of(fact, calibrated));
            }
            (Event::RecordOpened(opened), State::Nothing) => {
                *self = State::Record(Record {
                    opened: Entered::of(fact, opened),
                    actions: Vec::new(),
                    responsible: None,
                    closed: None,
                    verified: None,
                });
            }
            (event, State::Record(record)) => record.apply(event, fact),
            (Event::Reviewed(reviewed), State::Nothing) => *self = State::Review(Entered::of(fact, reviewed)),
            // The end of something whose beginning has not arrived: it is folded again when it does.
            _ => {}
        }
    }
}

impl Cooling {
    fn apply(&mut self, event: &Event, fact: &Fact) {
        match event {
            Event::CoolingMeasured(measured) => self.measured.push((measured.at_ms, measured.value)),
            Event::CoolingWarned(warned) => self.warned.push(warned.clone()),
            Event::CoolingEnded(ended) => {
                self.ended.get_or_insert_with(|| Entered::of(fact, ended));
            }
            Event::CoolingSettled(settled) => {
                self.settled.get_or_insert_with(|| Entered::of(fact, settled));
            }
            _ => {}
        }
    }
}

impl Timer {
    fn apply(&mut self, event: &Event, fact: &Fact) {
        match event {
            Event::TimerWarned(_) => self.warned = true,
            Event::TimerMeasured(measured) => self.measured.push((fact.stamp.ms(), measured.value)),
            Event::TimerExpired(expired) => {
                self.expired.get_or_insert_with(|| Entered::of(fact, expired));
            }
            Event::TimerEnded(ended) => {
                self.ended.get_or_insert_with(|| Entered::of(fact, ended));
            }
            _ => {}
        }
    }
}

impl Record {
    fn apply(&mut self, event: &Event, fact: &Fact) {
        match event {
            Event::CorrectiveActionTaken(action) => self.actions.push(Entered::of(fact, action)),
            Event::RecordAssigned(assigned) => self.responsible = assigned.to,
            Event::RecordClosed(_) => {
                self.closed.get_or_insert((fact.stamp.ms(), fact.stamp.actor));
            }
            Event::RecordVerified(verified) => {
                self.verified.get_or_insert_with(|| Entered::of(fact, verified));
            }
            _ => {}
        }
    }
}
