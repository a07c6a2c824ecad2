//! An alert's history becomes its state. Facts that come before the one that raised it are kept until that arrives.

use trivet_log::{Id, Origin};

use super::AGAIN_MS;
use super::event::{Event, Raised, Severity, Suppression};
use super::routing::Routing;
use crate::{Event as AnyEvent, Fact, History, Stamp};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alert {
    /// As it was raised last. None while that has not arrived.
    pub raised: Option<Raised>,
    pub severity: Option<Severity>,
    /// The facts that raised it.
    pub causes: Vec<Id>,
    /// How often it was raised.
    pub times: u32,
    /// Who raised it first, whose timers it has.
    pub origin: Origin,
    pub first_raised_ms: i64,
    /// When it was raised last, by the clock of the box that did: escalation counts from here.
    pub activated_ms: i64,
    pub lasts: bool,
    pub returned_at_ms: Option<i64>,
    pub acknowledgements: Vec<Acknowledgement>,
    pub shelved: Option<Shelved>,
    pub suppressed: Option<Suppression>,
    pub escalations: Vec<Escalation>,
    pub closed: Option<Closed>,
    pub entries: usize,
    pub by_people: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Acknowledgement {
    pub by: Id,
    pub device: Id,
    pub at_ms: i64,
    pub comment: Option<String>,
    /// Up to which recurrence.
    pub times: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Shelved {
    pub until_ms: i64,
    pub by: Id,
    pub at_ms: i64,
    pub why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Escalation {
    pub level: u8,
    pub at_ms: i64,
    pub times: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Closed {
    /// Nil: by itself, or by the box.
    pub by: Id,
    pub at_ms: i64,
    pub comment: Option<String>,
    pub action: Option<Id>,
}

/// Where an alert stands, in the order of ISA-18.2: what keeps it quiet counts before what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    ActiveUnacknowledged,
    ActiveAcknowledged,
    /// Over, and nobody has said that they saw it.
    ReturnedUnacknowledged,
    /// Over and seen; the corrective action is missing.
    AwaitingAction,
    Shelved,
    Suppressed,
    OutOfService,
    Closed,
}

impl Status {
    pub const ALL: [Status; 8] = [
        Status::ActiveUnacknowledged,
        Status::ActiveAcknowledged,
        Status::ReturnedUnacknowledged,
        Status::AwaitingAction,
        Status::Shelved,
        Status::Suppressed,
        Status::OutOfService,
        Status::Closed,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Status::ActiveUnacknowledged => "active_unacknowledged",
            Status::ActiveAcknowledged => "active_acknowledged",
            Status::ReturnedUnacknowledged => "returned_unacknowledged",
            Status::AwaitingAction => "awaiting_action",
            Status::Shelved => "shelved",
            Status::Suppressed => "suppressed",
            Status::OutOfService => "out_of_service",
            Status::Closed => "closed",
        }
    }
}

pub fn fold(history: &History) -> Alert {
    let mut alert = Alert::default();
    for fact in history.facts.iter().filter(|fact| !fact.twin) {
        alert.entries += 1;
        alert.by_people += usize::from(fact.stamp.actor != Id::NIL);
        alert.apply(fact);
    }
    alert
}

impl Alert {
    fn apply(&mut self, fact: &Fact) {
        let AnyEvent::Alerts(event) = &fact.event else { return };
        let Stamp { actor: by, device, .. } = fact.stamp;
        let at_ms = fact.stamp.ms();
        match event {
            Event::Raised(raised) => self.raise(raised, &fact.stamp),
            Event::AlertChanged(changed) => self.severity = Some(changed.severity),
            Event::AlertAcknowledged(acknowledged) => self.acknowledgements.push(Acknowledgement {
                by,
                device,
                at_ms,
                comment: acknowledged.comment.clone(),
                times: acknowledged.times.unwrap_or(1),
            }),
            Event::AlertReturned(returned) => {
                self.lasts = false;
                self.returned_at_ms.get_or_insert(returned.at_ms);
            }
            Event::AlertShelved(shelved) => {
                self.shelved = Some(Shelved { until_ms: shelved.until_ms, by, at_ms, why: shelved.why.clone() });
            }
            Event::AlertUnshelved(_) => self.shelved = None,
            Event::AlertSuppressed(suppressed) => self.suppressed = suppressed.by,
            Event::AlertEscalated(escalated) => {
                let times = escalated.times.unwrap_or(1);
                if !self.escalations.iter().any(|done| (done.level, done.times) == (escalated.level, times)) {
                    self.escalations.push(Escalation { level: escalated.level, at_ms, times });
                }
            }
            Event::AlertClosed(closed) if self.closed.is_none() => {
                let (comment, action) = (closed.comment.clone(), closed.action);
                self.closed = Some(Closed { by, at_ms, comment, action });
            }
            Event::AlertClosed(_) => {}
        }
    }

    fn raise(&mut self, raised: &Raised, stamp: &Stamp) {
        if self.causes.contains(&raised.cause) {
            // Two boxes saw the same: the worse word counts.
            self.severity = self.severity.max(Some(raised.severity));
            return;
        }
        self.causes.push(raised.cause);
        if self.raised.is_none() {
            (self.origin, self.first_raised_ms) = (stamp.origin, stamp.ms());
        } else if self.lasts {
            // It had not ended: another sight of the same.
            self.severity = self.severity.max(Some(raised.severity));
            return;
        }
        self.raised = Some(raised.clone());
        self.severity = Some(raised.severity);
        self.times += 1;
        self.activated_ms = stamp.ms();
        self.lasts = raised.momentary != Some(true);
        self.returned_at_ms = (!self.lasts).then_some(raised.at_ms);
    }

    pub fn is_acknowledged(&self) -> bool {
        self.acknowledgements.iter().any(|acknowledgement| acknowledgement.times >= self.times)
    }

    fn is_momentary(&self) -> bool {
        self.raised.as_ref().is_some_and(|raised| raised.momentary == Some(true))
    }

    pub fn needs_action(&self) -> bool {
        self.raised.as_ref().is_some_and(|raised| raised.needs_action == Some(true))
    }

    /// Closed by somebody, or over and seen with nothing left to do.
    pub fn is_closed(&self) -> bool {
        self.closed.is_some()
            || (self.raised.is_some() && !self.lasts && self.is_acknowledged() && !self.needs_action())
    }

    /// When people are told again of a condition that goes on though somebody closed its alert.
    pub fn again_ms(&self) -> Option<i64> {
        let closed = self.closed.as_ref().filter(|_| self.lasts)?;
        Some(closed.at_ms.saturating_add(AGAIN_MS))
    }

    pub fn is_shelved(&self, now_ms: i64) -> bool {
        self.shelved.as_ref().is_some_and(|shelved| now_ms < shelved.until_ms)
    }

    /// `out_of_service`: what it is about was taken out of service.
    pub fn status(&self, now_ms: i64, out_of_service: bool) -> Status {
        match (self.lasts, self.is_acknowledged()) {
            _ if self.is_closed() => Status::Closed,
            _ if out_of_service => Status::OutOfService,
            _ if self.is_shelved(now_ms) => Status::Shelved,
            _ if self.suppressed.is_some() => Status::Suppressed,
            (true, false) => Status::ActiveUnacknowledged,
            (true, true) => Status::ActiveAcknowledged,
            (false, false) => Status::ReturnedUnacknowledged,
            (false, true) => Status::AwaitingAction,
        }
    }

    /// The highest level that was told of the alert as it stands; 0: none.
    pub fn level(&self) -> u8 {
        let of_this = self.escalations.iter().filter(|escalation| escalation.times == self.times);
        of_this.map(|escalation| escalation.level).max().unwrap_or(0)
    }

    /// The next level, and when it is to be told, if nothing happens until then.
    ///
    /// Level 1 (the manager) comes when nobody has acknowledged in time. Level 2 (the owner) comes a second period
    /// later, also of an alert that was acknowledged, as long as its condition lasts: to have seen it is not to have
    /// mended it. Whatever keeps an alert quiet keeps it from escalating.
    pub fn next_escalation(&self, routing: &Routing, now_ms: i64, out_of_service: bool) -> Option<(u8, i64)> {
        if self.severity? < Severity::High {
            return None;
        }
        let status = self.status(now_ms, out_of_service);
        let open = matches!(
            status,
            Status::ActiveUnacknowledged | Status::ActiveAcknowledged | Status::ReturnedUnacknowledged
        );
        let [first, second] = routing.escalate_after_ms;
        let unseen = status != Status::ActiveAcknowledged;
        match self.level() {
            _ if !open => None,
            0 if unseen => Some((1, self.activated_ms.saturating_add(first))),
            0 | 1 => Some((2, self.activated_ms.saturating_add(first).saturating_add(second))),
            _ => None,
        }
    }

    /// Whether the buzzer sounds: for what is critical at once, for what is high when nobody came in time. Never for a
    /// condition that is over, nor for what somebody has acknowledged.
    pub fn sounds(&self, now_ms: i64, out_of_service: bool) -> bool {
        let status = self.status(now_ms, out_of_service);
        let unseen =
            status == Status::ActiveUnacknowledged || (status == Status::ReturnedUnacknowledged && self.is_momentary());
        let loud = match self.severity {
            Some(Severity::Critical) => true,
            Some(Severity::High) => self.level() > 0,
            _ => false,
        };
        self.raised.is_some() && unseen && loud
    }
}
