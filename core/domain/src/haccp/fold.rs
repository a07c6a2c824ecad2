//! The subjects of temperature: a probe's document, a box's hour, a breach, an outage, a manual reading.

use std::collections::BTreeMap;

use trivet_log::{Id, Origin, TimeQuality};

use super::event::{
    BreachClosed, BreachOpened, Event, Mark, NoData, PartChanged, Reading, ReadingCorrected, ReadingRecorded,
};
use super::limit::Scale;
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
    Day(Day),
}

/// What the parts of a probe's unit did on one day.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Day {
    pub probe: Id,
    pub parts: Vec<PartChanged>,
}

/// One hour of one box.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hour {
    pub origin: Origin,
    /// Those of the latest fact that was in time.
    pub roster: Vec<Id>,
    pub calibrations: Option<Vec<Option<Id>>>,
    pub plan: Option<u32>,
    /// Of each line the last, with the number of its fact in the stream.
    pub marks: BTreeMap<String, (u64, Mark)>,
    /// Of each probe, its minutes in order.
    pub probes: BTreeMap<Id, Vec<HourReading>>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct HourReading {
    pub minute: i64,
    pub reading: Reading,
    pub quality: TimeQuality,
    pub late: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Breach {
    pub opened: BreachOpened,
    pub closed_at_ms: Option<i64>,
    pub peak: MilliCelsius,
    pub closed: Option<BreachClosed>,
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
    /// The last is what stands.
    pub corrections: Vec<Correction>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Correction {
    pub corrected: ReadingCorrected,
    pub at_ms: i64,
    pub by: Id,
}

impl Manual {
    /// None: it was taken back.
    pub fn value(&self) -> Option<MilliCelsius> {
        self.corrections.last().map_or(Some(self.recorded.value), |last| last.corrected.value)
    }

    pub fn scale(&self) -> Option<Scale> {
        self.corrections.last().and_then(|last| last.corrected.scale).or(self.recorded.scale)
    }
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
                *self = State::Breach(Breach {
                    opened: opened.clone(),
                    closed_at_ms: None,
                    peak: opened.value,
                    closed: None,
                });
            }
            (Event::BreachClosed(closed), State::Breach(breach)) => {
                breach.peak = closed.peak;
                breach.closed_at_ms.get_or_insert(closed.at_ms);
                breach.closed.get_or_insert_with(|| closed.clone());
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
                    corrections: Vec::new(),
                });
            }
            (Event::ReadingCorrected(corrected), State::Manual(manual)) => {
                let (at_ms, by) = (fact.stamp.ms(), fact.stamp.actor);
                manual.corrections.push(Correction { corrected: corrected.clone(), at_ms, by });
            }
            (Event::PartChanged(changed), State::Day(day)) => day.parts.push(changed.clone()),
            (Event::PartChanged(changed), State::Nothing) => {
                *self = State::Day(Day { probe: changed.probe, parts: vec![changed.clone()] });
            }
            // The end of something whose beginning has not arrived: it is folded again when it does.
            _ => {}
        }
    }
}

impl Hour {
    fn add(&mut self, read: &super::MinuteRead, fact: &Fact) {
        let late = read.late.unwrap_or(false);
        for mark in read.marks.iter().flatten() {
            let of = self.marks.entry(mark.line.clone()).or_insert_with(|| (fact.stamp.seq, mark.clone()));
            if of.0 <= fact.stamp.seq {
                *of = (fact.stamp.seq, mark.clone());
            }
        }
        let own = read.roster.as_ref();
        if let Some(roster) = own.filter(|_| !late) {
            self.roster.clone_from(roster);
            self.calibrations.clone_from(&read.calibrations);
            self.plan = read.plan;
        }
        let roster = own.unwrap_or(&self.roster);
        for (probe, reading) in roster.iter().zip(&read.readings) {
            let minutes = self.probes.entry(*probe).or_default();
            let reading = reading.clone();
            minutes.push(HourReading { minute: read.minute, reading, quality: fact.stamp.quality, late });
            // The clock may have been set back: the order of a chart is that of the minutes.
            minutes.sort_by_key(|at| (at.minute, at.late));
        }
    }
}
