//! What must happen because of another module's fact and cannot be derived: a table, fact → wish. A wish is noted once,
//! by the box whose fact it is, with the fact; a worker carries it out, keyed by the fact, so that to be interrupted
//! and to begin again does it once.

use minicbor::{Decode, Encode};
use trivet_log::Id;

use crate::alerts::{self, BreachAlert, Raised, Severity};
use crate::haccp::Verdict;
use crate::safety::{self, RecordKind};
use crate::{Event, Fact, History, Role, access, checks, haccp, papers};

/// What a policy wants of the alerts.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub enum Wish {
    #[n(0)]
    Raise(#[n(0)] Raised),
    /// The condition of this key is over.
    #[n(1)]
    Return(#[n(0)] String, #[n(1)] i64),
    /// What had to be done about the conditions of these keys was done: the record of it, and what raised the alert
    /// that it ends. One that something else has raised since goes on.
    #[n(2)]
    Close(#[n(0)] Vec<String>, #[n(1)] Id, #[n(2)] Option<Id>),
}

/// What a new fact of a subject's history asks for. `name_of` knows what people call a probe.
pub fn of_fact(subject: Id, history: &History, fact: &Fact, name_of: &dyn Fn(Id) -> Option<String>) -> Vec<Wish> {
    let at_ms = fact.stamp.ms();
    let mut wishes = Vec::new();
    match &fact.event {
        Event::Haccp(haccp::Event::ProbeLost(lost)) => {
            let name = name_of(lost.probe).unwrap_or_default();
            wishes.push(Wish::Raise(alerts::raise_for_sensor(subject, lost.probe, &name, lost.reason.name(), at_ms)));
        }
        Event::Haccp(haccp::Event::ProbeReturned(_)) => {
            // The fact does not name the probe; its outage does.
            if let haccp::State::Outage(outage) = haccp::fold(history) {
                wishes.push(Wish::Return(alerts::key_of("sensor_offline", outage.probe), at_ms));
            }
        }
        Event::Haccp(haccp::Event::ReadingRecorded(read)) => {
            let limits = haccp::Limits { min: read.min, max: read.max };
            let (too_warm, beyond, limit) = match limits.judge(read.value) {
                Verdict::Above(beyond) => (true, beyond, read.max),
                Verdict::Below(beyond) => (false, beyond, read.min),
                Verdict::Within => (false, haccp::Severity::Warn, None),
            };
            wishes.extend(limit.map(|limit| {
                let name = name_of(read.probe).unwrap_or_default();
                let alert = BreachAlert {
                    breach: subject,
                    probe: read.probe,
                    name: &name,
                    too_warm,
                    value: read.value,
                    limit,
                    severity: severity(beyond),
                    at_ms: read.measured_at_ms,
                    late_ms: None,
                    needs_action: true,
                };
                // It is a moment's measurement: nothing will say that it is over.
                Wish::Raise(Raised { momentary: Some(true), ..alerts::raise_for_breach(&alert) })
            }));
        }
        // The watcher tells of a breach as soon as it alarms.
        Event::Safety(safety::Event::RecordOpened(opened)) if opened.kind != RecordKind::Breach => {
            let (about, rule) = (opened.about.unwrap_or(subject), rule(opened.kind));
            let severity = severity(opened.severity);
            let name = &opened.summary;
            wishes.push(Wish::Raise(alerts::raise_for_compliance(subject, about, name, rule, severity, at_ms)));
        }
        Event::Safety(safety::Event::RecordClosed(_)) => {
            if let safety::State::Record(record) = safety::fold(history) {
                let opened = &record.opened.what;
                let about = opened.about.unwrap_or(subject);
                let (keys, cause) = match (opened.kind, opened.probe) {
                    (RecordKind::Breach, Some(probe)) => {
                        let kinds = ["temperature_high", "temperature_low"];
                        (kinds.map(|kind| alerts::key_of(kind, probe)).to_vec(), about)
                    }
                    (kind, _) => (vec![alerts::key_of(&format!("compliance:{}", rule(kind)), about)], subject),
                };
                wishes.push(Wish::Close(keys, subject, Some(cause)));
            }
        }
        _ => {}
    }
    if let Some((risk, what)) = risk(&fact.event).filter(|(risk, _)| *risk >= Risk::High)
        // What the box does of itself while it is set up is nobody's doing.
        && fact.stamp.actor != Id::NIL
    {
        let severity = if risk == Risk::Critical { Severity::Critical } else { Severity::High };
        let cause = subject.derive("risk", fact.stamp.seq);
        wishes.push(Wish::Raise(alerts::raise_for_risk(cause, what, severity, subject, at_ms)));
    }
    wishes
}

pub fn severity(severity: haccp::Severity) -> Severity {
    match severity {
        haccp::Severity::Warn => Severity::Warn,
        haccp::Severity::High => Severity::High,
        haccp::Severity::Critical => Severity::Critical,
    }
}

/// The name of a record's words.
fn rule(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::Breach => "breach",
        RecordKind::CheckFailed => "check_failed",
        RecordKind::CheckMissed => "check_missed",
        RecordKind::Cooling => "cooling_failed",
        RecordKind::Timer => "timer_expired",
        RecordKind::Calibration => "calibration_failed",
        RecordKind::Other => "other",
    }
}

/// How much harm a deed can do if it was the wrong person's (AUD-02).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Risk {
    Low,
    Medium,
    High,
    Critical,
}

/// The published mapping (docs/alerts.md), with the name of its words. None: a measurement or a step of the work, that
/// carries no risk of its own.
pub fn risk(event: &Event) -> Option<(Risk, &'static str)> {
    Some(match event {
        Event::Access(access::Event::PersonAdded(added)) => match added.role {
            Role::Owner => (Risk::Critical, "owner_added"),
            Role::Manager => (Risk::High, "manager_added"),
            _ => (Risk::Medium, "person_added"),
        },
        Event::Access(access::Event::PersonDisabled(_)) => (Risk::Medium, "person_disabled"),
        Event::Papers(papers::Event::DrawerOpened(_)) => (Risk::Medium, "drawer_opened"),
        Event::Papers(papers::Event::PaperCopied(_)) => (Risk::Low, "paper_copied"),
        Event::Checks(checks::Event::OrderMoved(moved)) if moved.to == checks::Status::Cancelled => {
            (Risk::Low, "order_cancelled")
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::haccp::{NoData, ProbeLost, ProbeReturned};
    use crate::{Stamp, testing};
    use trivet_log::{Hlc, Lane, Origin, TimeQuality};

    fn fact(event: Event, actor: Id) -> Fact {
        let stamp = Stamp {
            origin: Origin([1; 16]),
            lane: Lane::Readings,
            seq: 7,
            hlc: Hlc::from_ms(testing::NOW.unsigned_abs()),
            quality: TimeQuality::Ntp,
            actor,
            device: Id::NIL,
            command: Id::NIL,
        };
        Fact { stamp, event, twin: false }
    }

    /// The wishes of the last of these facts.
    fn wishes(subject: Id, facts: Vec<Fact>, name_of: &dyn Fn(Id) -> Option<String>) -> Vec<Wish> {
        let history = History { facts, ..History::default() };
        of_fact(subject, &history, history.facts.last().unwrap(), name_of)
    }

    #[test]
    fn a_lost_probe_is_told_of_by_its_name_and_when_it_is_back() {
        let (outage, probe) = (testing::id(1), testing::id(2));
        let lost = fact(ProbeLost { probe, reason: NoData::Offline }.into(), Id::NIL);
        let named = |id: Id| (id == probe).then(|| "Walk-in".to_owned());
        let told = wishes(outage, vec![lost.clone()], &named);
        let [Wish::Raise(raised)] = &told[..] else { panic!("{told:?}") };
        assert_eq!((raised.cause, raised.about, raised.severity), (outage, probe, Severity::Warn));
        let words = alerts::message("en", &raised.words, &raised.parameters, |at| at.to_string());
        assert_eq!(words, "Walk-in gives no data (offline): take a manual temperature");
        let back = fact(ProbeReturned {}.into(), Id::NIL);
        assert_eq!(wishes(outage, vec![lost, back], &named), [Wish::Return(raised.key.clone(), testing::NOW)]);
    }

    #[test]
    fn a_record_ends_the_alert_of_what_it_is_about_and_of_nothing_else() {
        let (record, about, probe) = (testing::id(1), testing::id(2), testing::id(3));
        let kinds = [(RecordKind::Breach, about), (RecordKind::Cooling, record), (RecordKind::Other, record)];
        for (kind, cause) in kinds {
            let opened = safety::RecordOpened {
                kind,
                severity: haccp::Severity::High,
                due_ms: testing::NOW,
                summary: "too warm".into(),
                about: Some(about),
                control_point: None,
                plan_version: None,
                probe: Some(probe),
            };
            let raised = wishes(record, vec![fact(opened.clone().into(), Id::NIL)], &|_| None);
            let closed = vec![fact(opened.into(), Id::NIL), fact(safety::RecordClosed {}.into(), Id::NIL)];
            let told = wishes(record, closed, &|_| None);
            let [Wish::Close(keys, by, Some(of))] = &told[..] else { panic!("{told:?}") };
            assert_eq!((*by, *of), (record, cause), "{kind:?}");
            if let [Wish::Raise(raised)] = &raised[..] {
                assert_eq!((&raised.key, raised.cause), (&keys[0], cause), "{kind:?}");
            }
        }
    }

    #[test]
    fn whoever_is_given_power_is_told_of_unless_the_box_was_being_set_up() {
        let added = |role| access::PersonAdded { role, sealed: vec![] };
        let owner = testing::id(9);
        for (role, actor, severity) in [
            (Role::Owner, owner, Some(Severity::Critical)),
            (Role::Manager, owner, Some(Severity::High)),
            (Role::Cook, owner, None),
            (Role::Owner, Id::NIL, None),
        ] {
            let wishes = wishes(testing::id(3), vec![fact(added(role).into(), actor)], &|_| None);
            let raised = wishes.iter().find_map(|wish| match wish {
                Wish::Raise(raised) => Some(raised.severity),
                Wish::Return(..) | Wish::Close(..) => None,
            });
            assert_eq!(raised, severity, "{role:?}");
        }
    }
}
