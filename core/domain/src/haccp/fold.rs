//! The subjects of temperature: a probe's document, a box's hour, a breach, an outage, a manual reading.

use std::collections::BTreeMap;

use trivet_log::{Id, Origin, TimeQuality};

use super::event::{BreachOpened, Event, NoData, Reading, ReadingRecorded};
use super::probe::{DOCUMENT, Probe};
use crate::{Event as AnyEvent, Fact, History, MilliCelsius};

#[derive(Clone, Debug, Default, PartialEq)]
pub enum State {
    #[default]
    Nothing,
    Probe(Probe),
    Hour(Hour),
    Breach(Breach),
    Outage(Outage),
    Manual(Manual),
}

/// One hour of one box.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hour {
    pub origin: Origin,
    /// Those of the latest fact.
    pub roster: Vec<Id>,
    /// Of each probe, its minutes in order.
    pub probes: BTreeMap<Id, Vec<HourReading>>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct HourReading {
    pub minute: i64,
    pub reading: Reading,
    pub quality: TimeQuality,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Breach {
    pub opened: BreachOpened,
    pub closed_at_ms: Option<i64>,
    pub peak: MilliCelsius,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Outage {
    pub probe: Id,
    pub reason: NoData,
    pub lost_at_ms: i64,
    pub returned_at_ms: Option<i64>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Manual {
    pub recorded: ReadingRecorded,
    pub entered_at_ms: i64,
    pub by: Id,
}

pub fn fold(history: &History) -> State {
    if let Some(fields) = history.document_of(DOCUMENT) {
        return State::Probe(Probe::from_fields(fields));
    }
    let mut state = State::Nothing;
    history.facts.iter().filter(|fact| !fact.twin).for_each(|fact| state.apply(fact));
    state
}

impl State {
    fn apply(&mut self, fact: &Fact) {
        let AnyEvent::Haccp(event) = &fact.event else { return };
        match (event, &mut *self) {
            (Event::MinuteRead(read), State::Hour(hour)) => hour.add(read, fact),
            (Event::MinuteRead(read), State::Nothing) => {
                let mut hour = Hour { origin: fact.stamp.origin, ..Hour::default() };
                hour.add(read, fact);
                *self = State::Hour(hour);
            }
            (Event::BreachOpened(opened), State::Nothing) => {
                *self = State::Breach(Breach { opened: opened.clone(), closed_at_ms: None, peak: opened.value });
            }
            (Event::BreachClosed(closed), State::Breach(breach)) => {
                breach.peak = closed.peak;
                breach.closed_at_ms.get_or_insert(closed.at_ms);
            }
            (Event::ProbeLost(lost), State::Nothing) => {
                let lost_at_ms = fact.stamp.ms();
                *self =
                    State::Outage(Outage { probe: lost.probe, reason: lost.reason, lost_at_ms, returned_at_ms: None });
            }
            (Event::ProbeReturned(_), State::Outage(outage)) => {
                outage.returned_at_ms.get_or_insert(fact.stamp.ms());
            }
            (Event::ReadingRecorded(recorded), State::Nothing) => {
                *self = State::Manual(Manual {
                    recorded: recorded.clone(),
                    entered_at_ms: fact.stamp.ms(),
                    by: fact.stamp.actor,
                });
            }
            // The end of something whose beginning has not arrived: it is folded again when it does.
            _ => {}
        }
    }
}

impl Hour {
    fn add(&mut self, read: &super::MinuteRead, fact: &Fact) {
        if let Some(roster) = &read.roster {
            self.roster.clone_from(roster);
        }
        for (probe, reading) in self.roster.iter().zip(&read.readings) {
            let minutes = self.probes.entry(*probe).or_default();
            minutes.push(HourReading { minute: read.minute, reading: reading.clone(), quality: fact.stamp.quality });
            // The clock may have been set back: the order of a chart is that of the minutes.
            minutes.sort_by_key(|at| at.minute);
        }
    }
}
