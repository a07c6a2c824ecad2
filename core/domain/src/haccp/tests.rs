use trivet_log::Id;

use super::event::Reading;
use super::watch::{LOST_AFTER, Notice};
use super::*;
use crate::document::Value;
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

#[test]
fn what_is_watched() {
    let opened =
        |value| Notice::Opened { kind: BreachKind::High, value: MilliCelsius(value), limit: MilliCelsius(5_000) };
    let mut watch = Watch::default();
    let timeout = Err(NoData::Timeout);
    for (step, (sample, notices)) in [
        (Ok(4_000), vec![]),
        (Ok(5_100), vec![opened(5_100)]),
        (Ok(7_000), vec![]),
        // No data opens nothing and closes nothing.
        (timeout, vec![]),
        (Ok(4_900), vec![]),
        (Ok(4_800), vec![Notice::Closed { peak: MilliCelsius(7_000) }]),
        (timeout, vec![]),
        (timeout, vec![]),
        (timeout, vec![Notice::Lost(NoData::Timeout)]),
        (timeout, vec![]),
        (Ok(6_000), vec![Notice::Returned, opened(6_000)]),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(watch.look(sample.map(MilliCelsius), &FRIDGE), notices, "step {step}");
    }
    assert_eq!(LOST_AFTER, 3);
}

#[test]
fn a_minute_adds_up() {
    let mut minute = Minute::default();
    [Ok(4_000), Ok(3_000), Err(NoData::Malformed), Ok(4_500), Ok(4_100)]
        .into_iter()
        .for_each(|sample| minute.add(sample.map(MilliCelsius)));
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
        let readings = probes.into_iter().map(|n| (id(n), reading.clone())).collect();
        run(&mut kitchen, Command::RecordMinute { minute: minute + at, readings }).unwrap();
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
fn a_reading_that_a_person_gives() {
    let mut kitchen = Kitchen::open();
    let change = Change { name: Some("Fridge".into()), max: Some(FRIDGE.max), ..Change::default() };
    run(&mut kitchen, Command::ChangeProbe { probe: id(1), change }).unwrap();
    let record = |reading: u8, probe: u8, value: i32| Command::Record {
        reading: id(reading),
        probe: id(probe),
        value: MilliCelsius(value),
        measured_at_ms: NOW,
        source: "hand".into(),
    };
    run(&mut kitchen, record(50, 1, 6_000)).unwrap();
    let State::Manual(manual) = fold(kitchen.history(id(50))) else { panic!("a manual reading") };
    assert_eq!(manual.recorded.max, FRIDGE.max);
    let refusal = run(&mut kitchen, record(51, 9, 6_000)).unwrap_err();
    assert_eq!((refusal.why, refusal.field.as_deref()), (Why::Invalid, Some("sensorId")));
    assert_eq!(run(&mut kitchen, record(52, 1, 900_000)).unwrap_err().field.as_deref(), Some("value"));
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
