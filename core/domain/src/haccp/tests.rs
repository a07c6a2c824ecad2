use trivet_log::Id;

use super::event::Reading;
use super::watch::LOST_AFTER;
use super::*;
use crate::document::Value;
use crate::safety::Effective;
use crate::testing::{Kitchen, NOW, apart, id};
use crate::{Command as AnyCommand, Why};

const FRIDGE: Limits = Limits { min: None, max: Some(MilliCelsius(5_000)) };

fn run(kitchen: &mut Kitchen, command: Command) -> Result<usize, crate::Refusal> {
    kitchen.run(&AnyCommand::Haccp(command))
}

#[test]
fn a_value_at_its_limit_is_within_it() {
    use Severity::*;
    let hot = Limits { min: Some(MilliCelsius(57_222)), max: None };
    for (limits, value, verdict) in [
        (FRIDGE, 5_000, Verdict::Within),
        (FRIDGE, 5_001, Verdict::Above(Warn)),
        (FRIDGE, 6_000, Verdict::Above(High)),
        (FRIDGE, 8_000, Verdict::Above(Critical)),
        (hot, 57_222, Verdict::Within),
        (hot, 57_221, Verdict::Below(Warn)),
        (Limits::default(), 90_000, Verdict::Within),
    ] {
        assert_eq!(limits.judge(MilliCelsius(value)), verdict, "{value}");
    }
}

#[test]
fn of_limits_set_apart_the_stricter_is_in_force() {
    let max = apart("max", &[(Value::Integer(8_000), 20), (Value::Integer(5_000), 10), (Value::Nothing, 30)]);
    let probe = Probe::from_fields(&max);
    assert_eq!((probe.limits.max, probe.conflicts.len()), (Some(MilliCelsius(5_000)), 1));
    let min = apart("min", &[(Value::Integer(57_000), 20), (Value::Integer(63_000), 10)]);
    assert_eq!(Probe::from_fields(&min).limits.min, Some(MilliCelsius(63_000)));
}

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// Of a unit that no plan knows.
fn rules(unit_kind: UnitKind, limits: Limits) -> Rules {
    let probe = Probe { unit_kind, limits, ..Probe::default() };
    Effective::of(None, id(1), &probe).watched_by(&probe, None)
}

/// A watch with its rules and both clocks, which go on together.
struct Watched {
    watch: Watch,
    rules: Rules,
    at: At,
}

impl Watched {
    fn fridge() -> Watched {
        let at = At { wall_ms: NOW, running_ms: 0 };
        Watched { watch: Watch::default(), rules: rules(UnitKind::Fridge, FRIDGE), at }
    }

    fn pass(&mut self, ms: i64) {
        self.at.wall_ms += ms;
        self.at.running_ms += ms;
    }

    fn look(&mut self, sample: Result<i32, NoData>) -> Vec<Notice> {
        self.watch.look(self.at, sample.map(MilliCelsius), None, &self.rules)
    }

    /// The same value each ten seconds, for so long.
    fn hold(&mut self, value: i32, ms: i64) -> Vec<Notice> {
        let mut notices = Vec::new();
        for _ in 0..ms / (10 * SECOND) {
            self.pass(10 * SECOND);
            notices.extend(self.look(Ok(value)));
        }
        notices
    }

    /// The same value so often, so many times, with so many bad samples before each.
    fn give(&mut self, value: i32, every: i64, times: i64, bad: i64) -> Vec<Notice> {
        let mut notices = Vec::new();
        for _ in 0..times {
            for _ in 0..bad {
                self.pass(every / (bad + 1));
                notices.extend(self.look(Err(NoData::Timeout)));
            }
            self.pass(every / (bad + 1));
            notices.extend(self.look(Ok(value)));
        }
        notices
    }
}

/// Their names, for tables.
fn said(notices: &[Notice]) -> Vec<String> {
    let words = |notice: &Notice| match notice {
        Notice::Opened { value, .. } => format!("opened {}", value.0),
        Notice::Closed(excursion) => format!("closed {} after {} s", excursion.peak.0, excursion.beyond_ms / 1_000),
        Notice::Alarm { kind, severity, .. } => format!("alarm {} {}", kind.name(), severity.name()),
        Notice::Worse { kind, severity } => format!("worse {} {}", kind.name(), severity.name()),
        Notice::Calm { kind } => format!("calm {}", kind.name()),
        Notice::Spent { .. } => "spent".to_owned(),
        Notice::Lost(reason) => format!("lost {}", reason.name()),
        Notice::Faulty(doubt) => format!("faulty {}", doubt.name()),
        Notice::Returned => "returned".to_owned(),
    };
    notices.iter().map(words).collect()
}

#[test]
fn an_excursion_is_what_happened_and_no_data_is_nothing() {
    let mut fridge = Watched::fridge();
    let timeout = Err(NoData::Timeout);
    for (step, (sample, notices)) in [
        (Ok(4_000), vec![]),
        (Ok(5_000), vec![]),
        (Ok(5_001), vec!["opened 5001"]),
        (Ok(7_000), vec![]),
        (timeout, vec![]),
        (Ok(7_000), vec![]),
        // Within the limit, but not by the deadband.
        (Ok(4_900), vec![]),
        (Ok(4_500), vec!["closed 7000 after 30 s"]),
        (timeout, vec![]),
        (timeout, vec![]),
        (timeout, vec!["lost timeout"]),
        (timeout, vec![]),
        (Ok(6_000), vec!["returned", "opened 6000"]),
    ]
    .into_iter()
    .enumerate()
    {
        fridge.pass(10 * SECOND);
        assert_eq!(said(&fridge.look(sample)), notices, "step {step}");
    }
    assert_eq!(LOST_AFTER, 3);
}

#[test]
fn an_alarm_waits_for_its_delay_and_never_hides_the_excursion() {
    let mut fridge = Watched::fridge();
    assert_eq!(said(&fridge.hold(6_500, 29 * MINUTE)), ["opened 6500"]);
    assert_eq!(said(&fridge.hold(6_500, 2 * MINUTE)), ["alarm high high"]);
    // Four hours beyond: worse, however near.
    assert_eq!(said(&fridge.hold(5_500, 4 * 60 * MINUTE)), ["worse high critical"]);
    assert_eq!(said(&fridge.hold(3_000, 2 * MINUTE)), ["closed 6500 after 16250 s", "calm high"]);
    // A door for ten minutes is an excursion and no alarm.
    assert_eq!(said(&fridge.hold(7_000, 10 * MINUTE)), ["opened 7000"]);
    assert_eq!(said(&fridge.hold(4_000, 10 * MINUTE)), ["closed 7000 after 590 s"]);
}

#[test]
fn far_above_alarms_sooner_and_no_defrost_mutes_it() {
    let mut fridge = Watched::fridge();
    fridge.watch.part(fridge.at, Part::Defrost, Some(true));
    assert_eq!(said(&fridge.hold(9_000, 11 * MINUTE)), ["opened 9000", "alarm high_high critical"]);
}

#[test]
fn a_defrost_mutes_the_message_and_names_the_cause() {
    let mut fridge = Watched::fridge();
    fridge.hold(4_000, MINUTE);
    fridge.watch.part(fridge.at, Part::Defrost, Some(true));
    assert_eq!(said(&fridge.hold(7_000, 40 * MINUTE)), ["opened 7000"]);
    fridge.watch.part(fridge.at, Part::Defrost, Some(false));
    assert_eq!(said(&fridge.hold(6_000, 59 * MINUTE)), [""; 0]);
    // The recovery is over and it is still warm.
    assert_eq!(said(&fridge.hold(6_000, 2 * MINUTE)), ["alarm high high"]);
    let closed = fridge.hold(4_000, 10 * SECOND);
    let [Notice::Closed(excursion)] = closed.as_slice() else { panic!("{closed:?}") };
    assert_eq!((excursion.cause, excursion.peak), (Some(Cause::Defrost), MilliCelsius(7_000)));
}

#[test]
fn too_many_defrosts_a_day_mute_nothing() {
    let mut fridge = Watched::fridge();
    for _ in 0..5 {
        fridge.watch.part(fridge.at, Part::Defrost, Some(true));
        fridge.pass(MINUTE);
        fridge.watch.part(fridge.at, Part::Defrost, Some(false));
    }
    assert_eq!(said(&fridge.hold(7_000, 31 * MINUTE)), ["opened 7000", "alarm high high"]);
}

#[test]
fn what_is_kept_there_bears_so_much_and_no_more() {
    let mut fridge = Watched::fridge();
    fridge.rules.budget = Some(60_000);
    // 2 °C beyond for half an hour is one degree for an hour.
    assert_eq!(said(&fridge.hold(7_000, 30 * MINUTE)), ["opened 7000"]);
    assert_eq!(said(&fridge.hold(7_000, MINUTE)), ["spent", "alarm high high"]);
    assert_eq!(said(&fridge.hold(7_000, 20 * MINUTE)), [""; 0], "once an excursion");
    fridge.hold(3_000, 10 * MINUTE);
    assert_eq!(said(&fridge.hold(8_500, 5 * MINUTE)), ["opened 8500"], "the next begins anew");
}

#[test]
fn samples_without_data_stop_the_delay_and_clear_nothing() {
    let mut fridge = Watched::fridge();
    fridge.hold(7_000, 20 * MINUTE);
    for _ in 0..60 {
        fridge.pass(10 * SECOND);
        fridge.look(Err(NoData::Timeout));
    }
    let first: Vec<_> = said(&fridge.hold(7_000, 9 * MINUTE));
    assert_eq!(first, ["returned"], "ten minutes without data do not count");
    assert_eq!(said(&fridge.hold(7_000, 2 * MINUTE)), ["alarm high high"]);
    for _ in 0..60 {
        fridge.pass(10 * SECOND);
        assert!(!said(&fridge.look(Err(NoData::Timeout))).contains(&"calm high".to_owned()));
    }
}

#[test]
fn an_alarm_comes_after_its_delay_however_often_a_probe_gives_a_value() {
    let far = vec!["high_high 10", "high 30"];
    for (every, bad, heard_before, value, expected) in [
        (10 * SECOND, 0, true, 12_000, far.clone()),
        // Bad samples between good ones change nothing.
        (20 * SECOND, 1, true, 12_000, far.clone()),
        (20 * SECOND, 1, false, 12_000, far.clone()),
        (30 * SECOND, 2, false, 12_000, far.clone()),
        (MINUTE, 5, true, 12_000, far),
        (5 * MINUTE, 0, true, 6_500, vec!["high 30"]),
        (5 * MINUTE, 1, true, 6_500, vec!["high 30"]),
        // How often it gives a value must be learnt first.
        (5 * MINUTE, 0, false, 6_500, vec!["high 35"]),
        (15 * MINUTE, 2, true, 6_500, vec!["high 30"]),
        // The box misses a probe that is so slow, and says so, between its values.
        (HOUR, 0, true, 6_500, vec!["high 60"]),
        (HOUR, 3, true, 6_500, vec!["high 60"]),
        (HOUR, 3, false, 6_500, vec!["high 120"]),
        (3 * HOUR, 0, true, 6_500, vec!["high 180"]),
    ] {
        let mut fridge = Watched::fridge();
        if heard_before {
            fridge.give(4_000, every, 3, bad);
        }
        let mut alarms = Vec::new();
        let first = fridge.at.running_ms + every;
        while fridge.at.running_ms < first + HOUR.max(3 * every) {
            for notice in fridge.give(value, every, 1, bad) {
                if let Notice::Alarm { kind, .. } = notice {
                    alarms.push(format!("{} {}", kind.name(), (fridge.at.running_ms - first) / MINUTE));
                }
            }
        }
        assert_eq!(alarms, expected, "each {} s, {bad} bad, heard before: {heard_before}", every / SECOND);
    }
}

#[test]
fn a_silence_that_is_long_for_a_probe_does_not_count() {
    for (every, before, after) in [(10 * SECOND, 120, 59), (5 * MINUTE, 5, 2)] {
        let seconds = every / SECOND;
        let mut fridge = Watched::fridge();
        fridge.give(4_000, every, 3, 0);
        // Twenty minutes beyond, an hour of which nobody knows, and ten minutes beyond.
        let warm = said(&fridge.give(6_500, every, before, 0));
        assert_eq!(warm, ["opened 6500"], "each {seconds} s");
        fridge.pass(HOUR);
        assert_eq!(said(&fridge.give(6_500, every, after, 0)), [""; 0], "each {seconds} s");
        assert_eq!(said(&fridge.give(6_500, every, 3, 0)), ["alarm high high"], "each {seconds} s");
    }
}

#[test]
fn what_is_beyond_and_what_is_inside_is_told_of_a_probe_that_is_slow_or_flaky() {
    for (every, bad, lasted) in [(20 * SECOND, 1, 31 * MINUTE), (5 * MINUTE, 0, HOUR), (HOUR, 0, 5 * HOUR)] {
        let seconds = every / SECOND;
        let mut fridge = Watched::fridge();
        fridge.give(4_000, every, 3, bad);
        let mut notices = fridge.give(5_500, every, lasted / every + 1, bad);
        notices.retain(|notice| !matches!(notice, Notice::Alarm { .. } | Notice::Worse { .. }));
        assert_eq!(said(&notices), ["opened 5500"], "each {seconds} s");
        // One value within the limit, but not by the deadband, ends nothing.
        assert_eq!(said(&fridge.give(4_900, every, 1, bad)), [""; 0], "each {seconds} s");
        let closed = format!("closed 5500 after {} s", lasted / SECOND);
        assert_eq!(said(&fridge.give(3_000, every, 3, bad)), [closed.as_str(), "calm high"], "each {seconds} s");
    }
}

#[test]
fn what_is_kept_with_a_slow_probe_bears_no_more() {
    let mut fridge = Watched::fridge();
    fridge.rules.budget = Some(60_000);
    fridge.give(4_000, 5 * MINUTE, 3, 0);
    // 2 °C beyond for half an hour is one degree for an hour.
    assert_eq!(said(&fridge.give(7_000, 5 * MINUTE, 6, 0)), ["opened 7000"]);
    assert_eq!(said(&fridge.give(7_000, 5 * MINUTE, 1, 0)), ["spent", "alarm high high"]);
    let mut fridge = Watched::fridge();
    fridge.rules.hold_after = Some(Tier { limit: Limit::at_most(MilliCelsius(8_000)), delay_ms: 2 * HOUR });
    fridge.give(4_000, HOUR, 3, 0);
    let spent = |notices: Vec<Notice>| notices.iter().any(|notice| matches!(notice, Notice::Spent { .. }));
    // Between a value within that limit and one beyond nobody knows when it was left.
    fridge.give(7_000, HOUR, 2, 0);
    assert!(!spent(fridge.give(9_000, HOUR, 2, 0)));
    assert!(spent(fridge.give(9_000, HOUR, 1, 0)));
}

#[test]
fn after_a_stop_of_the_box_the_time_that_it_was_off_counts() {
    let mut fridge = Watched::fridge();
    let opened = fridge.at.wall_ms - 40 * MINUTE;
    let excursion = Excursion::resume(BreachKind::High, opened, MilliCelsius(6_500));
    fridge.watch = Watch::resume(Some(excursion), false, &[]);
    assert_eq!(said(&fridge.look(Ok(6_500))), ["alarm high high"]);
    // It was told before the stop: it is not told again, and it returns.
    let excursion = Excursion::resume(BreachKind::High, opened, MilliCelsius(6_500));
    fridge.watch = Watch::resume(Some(excursion), false, &[(AlarmKind::High, Severity::High)]);
    assert_eq!(said(&fridge.look(Ok(6_500))), [""; 0]);
    assert_eq!(said(&fridge.hold(4_000, 3 * MINUTE)), ["closed 6500 after 0 s", "calm high"]);
}

#[test]
fn a_clock_that_is_set_changes_no_delay() {
    let mut fridge = Watched::fridge();
    fridge.hold(7_000, 10 * MINUTE);
    fridge.at.wall_ms += 24 * 60 * MINUTE;
    assert_eq!(said(&fridge.hold(7_000, 10 * MINUTE)), [""; 0]);
    fridge.at.wall_ms -= 48 * 60 * MINUTE;
    assert_eq!(said(&fridge.hold(7_000, 11 * MINUTE)), ["alarm high high"]);
}

#[test]
fn what_cannot_be_is_a_fault_of_the_probe_and_no_warm_food() {
    let mut fridge = Watched::fridge();
    let mut notices = Vec::new();
    for _ in 0..5 {
        fridge.pass(10 * SECOND);
        let doubt = Some(Doubt::RateImplausible);
        notices.extend(fridge.watch.look(fridge.at, Ok(MilliCelsius(85_000)), doubt, &fridge.rules));
    }
    assert_eq!(said(&notices), ["faulty rate_implausible"]);
    // An overdue calibration is a note, no excuse.
    let overdue = Some(Doubt::CalibrationOverdue);
    let notices = fridge.watch.look(fridge.at, Ok(MilliCelsius(6_000)), overdue, &fridge.rules);
    assert_eq!(said(&notices), ["returned", "opened 6000"]);
}

#[test]
fn a_steady_rise_is_told_before_the_limit_is_reached() {
    let mut freezer = Watched::fridge();
    let limits = Limits { min: None, max: Some(MilliCelsius(-15_000)) };
    freezer.rules = rules(UnitKind::Freezer, limits);
    let mut notices = Vec::new();
    for minute in 0..12 {
        freezer.pass(MINUTE);
        notices.extend(freezer.look(Ok(-23_000 + minute * 600)));
    }
    assert_eq!(said(&notices), ["alarm rate warn"]);
    freezer.pass(MINUTE);
    assert_eq!(said(&freezer.look(Ok(-17_000))), ["calm rate"]);
}

#[test]
fn a_door_that_stands_open() {
    let mut fridge = Watched::fridge();
    fridge.watch.part(fridge.at, Part::Door, Some(true));
    for (ms, expected) in [(119 * SECOND, vec![]), (SECOND, vec!["alarm door warn"]), (SECOND, vec![])] {
        fridge.pass(ms);
        let notices: Vec<Notice> = fridge.watch.tick(fridge.at, &fridge.rules).into_iter().collect();
        assert_eq!(said(&notices), expected);
    }
    fridge.watch.part(fridge.at, Part::Door, Some(false));
    assert_eq!(fridge.watch.tick(fridge.at, &fridge.rules), Some(Notice::Calm { kind: AlarmKind::Door }));
}

proptest::proptest! {
    /// Whatever comes: excursions open and close in turn, so do alarms, and a sample without data does neither.
    #[test]
    fn every_beginning_has_one_end(samples: Vec<(i16, u8, u16)>) {
        let mut fridge = Watched::fridge();
        let (mut open, mut alarms) = (false, std::collections::BTreeSet::new());
        for (value, what, passed) in samples {
            fridge.pass(i64::from(passed) * 100);
            let missing = what % 4 == 0;
            let notices = fridge.look(if missing { Err(NoData::Timeout) } else { Ok(i32::from(value)) });
            for notice in &notices {
                match notice {
                    Notice::Opened { .. } => assert!(!std::mem::replace(&mut open, true)),
                    Notice::Closed(_) => assert!(std::mem::replace(&mut open, false)),
                    Notice::Alarm { kind, .. } => assert!(alarms.insert(*kind)),
                    Notice::Worse { kind, .. } => assert!(alarms.contains(kind)),
                    Notice::Calm { kind } => assert!(alarms.remove(kind)),
                    Notice::Spent { .. } => assert!(open),
                    Notice::Lost(_) | Notice::Faulty(_) | Notice::Returned => {}
                }
                assert!(!missing || matches!(notice, Notice::Lost(_)));
            }
        }
    }
}

#[test]
fn a_minute_adds_up() {
    let mut minute = Minute::default();
    [Ok(4_000), Ok(3_000), Err(NoData::Malformed), Ok(4_500), Ok(4_100)]
        .into_iter()
        .for_each(|sample| assert_eq!(minute.add(sample.map(MilliCelsius), None), sample.is_err()));
    let reading = minute.close(NoData::Timeout);
    let milli = |value: Option<MilliCelsius>| value.map(|milli| milli.0);
    assert_eq!(milli(reading.last), Some(4_100));
    assert_eq!((milli(reading.lowest()), milli(reading.highest())), (Some(3_000), Some(4_500)));
    assert_eq!((milli(reading.mean()), reading.samples, reading.bad), (Some(3_900), Some(4), Some(1)));
    assert_eq!(minute.close(NoData::Timeout), Reading { no_data: Some(NoData::Timeout), ..Reading::default() });
}

#[test]
fn the_roster_is_written_when_it_changes() {
    let mut kitchen = Kitchen::open();
    let reading = Reading { last: Some(MilliCelsius(4_000)), samples: Some(1), ..Reading::default() };
    let minute = NOW / 60_000 / 60 * 60;
    for (at, probes) in [(0, vec![1, 2]), (1, vec![1, 2]), (2, vec![1, 2, 3])] {
        let probe = |n| ProbeMinute { probe: id(n), calibration: None, reading: reading.clone() };
        let probes = probes.into_iter().map(probe).collect();
        run(&mut kitchen, Command::RecordMinute(Readings { minute: minute + at, probes, ..Readings::default() }))
            .unwrap();
    }
    let history = kitchen.history(hour_id(crate::Context::origin(&kitchen), minute / 60));
    let rosters: Vec<bool> = history
        .facts
        .iter()
        .filter_map(|fact| match &fact.event {
            crate::Event::Haccp(Event::MinuteRead(read)) => Some(read.roster.is_some()),
            _ => None,
        })
        .collect();
    assert_eq!(rosters, [true, false, true]);
    let State::Hour(hour) = fold(history) else { panic!("an hour") };
    let minutes: Vec<usize> = hour.probes.values().map(Vec::len).collect();
    assert_eq!(minutes, [3, 3, 1]);
}

#[test]
fn late_samples_stand_beside_their_minute() {
    let mut kitchen = Kitchen::open();
    let minute = NOW / 60_000 / 60 * 60;
    let mut record = |n: u8, last: Option<i32>, late: bool| {
        let no_data = last.is_none().then_some(NoData::Offline);
        let reading = Reading { last: last.map(MilliCelsius), no_data, ..Reading::default() };
        let probes = vec![ProbeMinute { probe: id(n), calibration: None, reading }];
        run(&mut kitchen, Command::RecordMinute(Readings { minute, probes, late, ..Readings::default() })).unwrap();
    };
    record(1, None, false);
    record(1, Some(4_000), true);
    record(1, Some(4_100), true);
    let State::Hour(hour) = fold(kitchen.history(hour_id(crate::Context::origin(&kitchen), minute / 60))) else {
        panic!("an hour")
    };
    let shown: Vec<_> = hour.probes[&id(1)].iter().map(|at| (at.reading.last.map(|milli| milli.0), at.late)).collect();
    assert_eq!(shown, [(None, false), (Some(4_000), true), (Some(4_100), true)]);
}

#[test]
fn a_reading_that_a_person_gives() {
    let mut kitchen = Kitchen::open();
    let change = Change { name: Some("Fridge".into()), max: Some(FRIDGE.max), ..Change::default() };
    run(&mut kitchen, Command::ChangeProbe { probe: id(1), change }).unwrap();
    let record = |reading: u8, probe: u8, value: i32| Command::Record {
        reading: id(reading),
        probe: id(probe),
        value: MilliCelsius(value),
        scale: Scale::Fahrenheit,
        measured_at_ms: NOW,
        source: "hand".into(),
        limits: FRIDGE,
    };
    run(&mut kitchen, record(50, 1, 6_000)).unwrap();
    let State::Manual(manual) = fold(kitchen.history(id(50))) else { panic!("a manual reading") };
    assert_eq!((manual.recorded.max, manual.recorded.scale), (FRIDGE.max, Some(Scale::Fahrenheit)));
    let refusal = run(&mut kitchen, record(51, 9, 6_000)).unwrap_err();
    assert_eq!((refusal.why, refusal.field.as_deref()), (Why::Invalid, Some("sensorId")));
    assert_eq!(run(&mut kitchen, record(52, 1, 900_000)).unwrap_err().field.as_deref(), Some("value"));
    // It was mistyped: what was written stays, and what stands is the last word.
    let correct = |value: Option<i32>, why: &str| Command::Correct {
        reading: id(50),
        value: value.map(MilliCelsius),
        scale: Scale::Celsius,
        why: why.into(),
    };
    assert_eq!(run(&mut kitchen, correct(Some(4_000), " ")).unwrap_err().field.as_deref(), Some("why"));
    assert_eq!(run(&mut kitchen, correct(Some(900_000), "typo")).unwrap_err().field.as_deref(), Some("value"));
    assert_eq!(run(&mut kitchen, correct(Some(6_000), "typo")).unwrap_err().why, Why::Conflict);
    run(&mut kitchen, correct(Some(4_000), "typo")).unwrap();
    run(&mut kitchen, correct(None, "the other fridge")).unwrap();
    let State::Manual(manual) = fold(kitchen.history(id(50))) else { panic!("a manual reading") };
    assert_eq!((manual.recorded.value, manual.value()), (MilliCelsius(6_000), None));
    assert_eq!(manual.corrections.first().map(|first| first.corrected.value), Some(Some(MilliCelsius(4_000))));
    let missing = Command::Correct { reading: id(51), value: None, scale: Scale::Celsius, why: "typo".into() };
    assert_eq!(run(&mut kitchen, missing).unwrap_err().why, Why::Unknown);
}

#[test]
fn limits_that_leave_no_room_are_refused() {
    let mut kitchen = Kitchen::open();
    let change = Change {
        name: Some("Fridge".into()),
        min: Some(Some(MilliCelsius(5_000))),
        max: Some(Some(MilliCelsius(5_000))),
        ..Change::default()
    };
    let refusal = run(&mut kitchen, Command::ChangeProbe { probe: Id::NIL, change }).unwrap_err();
    assert_eq!(refusal.field.as_deref(), Some("minMilliC"));
}
