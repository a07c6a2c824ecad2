//! Messages as devices write them.

use super::*;

const NOW: i64 = 1_790_000_000_000;

fn listen(place: &str) -> Subscription {
    Subscription::new("fridge", place.parse().unwrap())
}

fn sample(report: Option<Report>) -> Option<Sample> {
    match report? {
        Report::Sample(sample) => Some(sample),
        other => panic!("{other:?}"),
    }
}

fn value(place: &str, payload: &str, retained: bool) -> Option<Value> {
    let mut subscription = listen(place);
    let topic = subscription.place.topic.clone();
    sample(subscription.hear(&topic, payload.as_bytes(), retained, NOW)).map(|sample| sample.value)
}

#[test]
fn messages() {
    let tasmota = "tele/bar/SENSOR,tasmota";
    let z2m = "zigbee2mqtt/bar,zigbee2mqtt";
    let esphome = "kitchen/sensor/fridge/state,esphome";
    let shelly = "shelly-1/events/rpc,shelly";
    let rtl = "rtl_433/box/events,rtl_433;where.id=12;where.model=Acurite-606TX";
    for (place, payload, retained, expected) in [
        ("t,plain", "3.97", false, Some(Ok(3_970))),
        ("t,plain", r#"{"c":3.97,"ts":1790000000000,"seq":1}"#, false, Some(Ok(3_970))),
        ("t,plain", r#"{"f":39.2}"#, false, Some(Ok(4_000))),
        ("t,plain", r#"{"c":3.97,"ts":1789000000000,"seq":1}"#, false, Some(Err(NoData::StaleDevice))),
        ("t,plain", r#"{"c":90.0,"ts":1789000000000}"#, true, Some(Err(NoData::StaleRetained))),
        ("t,plain", r#"{"c":90.0,"ts":1799000000000}"#, true, Some(Err(NoData::FutureTime))),
        ("t,plain", r#"{"c":4.0,"ts":1789999990000}"#, true, Some(Ok(4_000))),
        ("t,plain", "4.0", true, Some(Err(NoData::StaleRetained))),
        ("t,plain", "nan", false, Some(Err(NoData::NotANumber))),
        ("t,plain", r#"{"c":nan,"ts":1790000000000}"#, false, Some(Err(NoData::NotANumber))),
        ("t,plain", r#"{"c":null}"#, false, Some(Err(NoData::NotANumber))),
        ("t,plain", r#"{"ts":1790000000000}"#, false, Some(Err(NoData::Missing))),
        ("t,plain", r#"{"c":3.9"#, false, Some(Err(NoData::Malformed))),
        ("t,plain", "", false, Some(Err(NoData::NotANumber))),
        ("t,plain", "warm", false, Some(Err(NoData::Malformed))),
        ("t,plain", "1e308", false, Some(Err(NoData::Implausible))),
        (z2m, r#"{"temperature":-18.2,"battery":87}"#, false, Some(Ok(-18_200))),
        (z2m, r#"{"temperature":4,"last_seen":"2026-09-21T14:13:00Z"}"#, true, Some(Ok(4_000))),
        (z2m, r#"{"temperature":4,"last_seen":"2026-09-21T10:13:00Z"}"#, false, Some(Err(NoData::StaleDevice))),
        (z2m, r#"{"temperature":4}"#, true, Some(Err(NoData::StaleRetained))),
        (z2m, r#"{"battery":87}"#, false, None),
        (z2m, r#"{"temperature":"unavailable"}"#, false, Some(Err(NoData::NotANumber))),
        ("zigbee2mqtt/bar,zigbee2mqtt;key=probe", r#"{"temperature":21,"probe":4.5}"#, false, Some(Ok(4_500))),
        (
            tasmota,
            r#"{"Time":"2026-11-21T10:00:00","DS18B20":{"Temperature":3.9},"TempUnit":"C"}"#,
            false,
            Some(Ok(3_900)),
        ),
        (tasmota, r#"{"DS18B20":{"Temperature":39.2},"TempUnit":"F"}"#, false, Some(Ok(4_000))),
        (tasmota, r#"{"DS18B20":{"Temperature":3.9}}"#, false, Some(Err(NoData::UnitMissing))),
        (tasmota, r#"{"Time":"2026-11-21T10:00:00","TempUnit":"C"}"#, false, Some(Err(NoData::Missing))),
        (esphome, "3.9", false, Some(Err(NoData::UnitMissing))),
        ("kitchen/sensor/fridge/state,esphome;unit=F", "39.2", false, Some(Ok(4_000))),
        ("kitchen/sensor/fridge/state,esphome;unit=C", "nan", false, Some(Err(NoData::NotANumber))),
        ("kitchen/sensor/fridge/state,esphome;unit=C", "3.9", true, Some(Err(NoData::StaleRetained))),
        (
            shelly,
            r#"{"method":"NotifyStatus","params":{"ts":1790000000.1,"temperature:100":{"id":100,"tC":3.9,"tF":39.0}}}"#,
            false,
            Some(Ok(3_900)),
        ),
        (shelly, r#"{"method":"NotifyStatus","params":{"ts":1790000000.1,"humidity:100":{"rh":50}}}"#, false, None),
        ("shelly-1/status/temperature:100,shelly", r#"{"id":100,"tC":3.9,"tF":39.0}"#, false, Some(Ok(3_900))),
        (
            rtl,
            r#"{"time":"2026-11-21 10:00:00","model":"Acurite-606TX","id":12,"battery_ok":1,"temperature_C":3.9}"#,
            false,
            Some(Ok(3_900)),
        ),
        (rtl, r#"{"model":"Acurite-606TX","id":12,"temperature_F":39.2}"#, false, Some(Ok(4_000))),
        (rtl, r#"{"model":"Acurite-606TX","id":13,"temperature_C":30.0}"#, false, None),
        ("a/b,json;key=x.y;unit=C", r#"{"x":{"y":"3.5"}}"#, false, Some(Ok(3_500))),
        ("a/b,json;key=x.y", r#"{"x":{"y":3.5}}"#, false, Some(Err(NoData::UnitMissing))),
        ("a/b,text;unit=C", "3.5", false, Some(Ok(3_500))),
    ] {
        assert_eq!(value(place, payload, retained), expected, "{place} {payload} {retained}");
    }
}

#[test]
fn places_that_are_none() {
    for (place, word) in [
        ("t,homie", "no convention"),
        ("t", "TOPIC,CONVENTION"),
        ("a/+/b,plain", "one device"),
        ("t,plain;unit=K", "C or F"),
        ("t,plain;colour=red", "no option"),
        ("rtl_433/box/events,rtl_433", "where.model"),
    ] {
        let error = place.parse::<Place>().unwrap_err();
        assert!(error.contains(word), "{place}: {error}");
    }
    let whole = "a/b,json;key=x.y;unit=F;state=c;invert;availability=a/lwt;where.id=3";
    assert_eq!(whole.parse::<Place>().unwrap().to_string(), whole);
}

fn plain(topic: &mut Subscription, age_ms: i64, seq: i64, c: f64, retained: bool) -> Option<(Value, Option<Doubt>)> {
    let payload = format!(r#"{{"c":{c},"ts":{},"seq":{seq}}}"#, NOW - age_ms);
    sample(topic.hear("t", payload.as_bytes(), retained, NOW)).map(|sample| (sample.value, sample.doubt))
}

#[test]
fn a_repeat_is_no_sample_and_a_straggler_a_doubtful_one() {
    let mut topic = listen("t,plain");
    assert_eq!(plain(&mut topic, 5_000, 5, 4.0, false), Some((Ok(4_000), None)));
    assert_eq!(plain(&mut topic, 5_000, 5, 4.0, false), None);
    assert_eq!(plain(&mut topic, 2_000, 8, 4.1, false), Some((Ok(4_100), None)));
    assert_eq!(topic.counts.missing, 2);
    assert_eq!(plain(&mut topic, 4_000, 6, 9.0, false), Some((Ok(9_000), Some(Doubt::OutOfOrder))));
    assert_eq!(plain(&mut topic, 4_000, 6, 9.0, false), None, "stored once, in whatever order it comes");
    let counts = Counts { messages: 5, repeats: 2, out_of_order: 1, missing: 1, too_late: 0 };
    assert_eq!(topic.counts, counts);
    // It was started anew: its numbers begin again, its time goes on.
    assert_eq!(plain(&mut topic, 1_000, 1, 4.2, false), Some((Ok(4_200), None)));
    assert_eq!(topic.counts.missing, 1);
}

#[test]
fn numbers_with_a_count_of_starts() {
    let mut topic = listen("t,plain");
    let mut hear = |boot: u32, seq: u32| {
        let payload = format!(r#"{{"c":4,"boot":{boot},"seq":{seq},"battery":41}}"#);
        sample(topic.hear("t", payload.as_bytes(), false, NOW)).map(|sample| {
            assert_eq!(sample.source, Some(Source { boot, seq }));
            assert_eq!(sample.battery_percent, Some(41));
            sample.doubt
        })
    };
    assert_eq!(hear(7, 900), Some(None));
    assert_eq!(hear(8, 0), Some(None));
    assert_eq!(hear(7, 901), Some(Some(Doubt::OutOfOrder)), "of before the start, sent after it");
    assert_eq!(hear(8, 0), None);
    assert_eq!(hear(8, 600), Some(None));
    assert_eq!(hear(8, 1), None, "too far behind to be known from a repeat");
    assert_eq!(topic.counts.too_late, 1);
}

/// A new device of the same name, or one that was set back to how it left the works.
#[test]
fn a_count_that_begins_anew_is_believed() {
    let hear = |topic: &mut Subscription, boot: u32, seq: u32, age_ms: Option<i64>| {
        let time = age_ms.map(|age| format!(r#","ts":{}"#, NOW - age)).unwrap_or_default();
        let payload = format!(r#"{{"c":4,"boot":{boot},"seq":{seq}{time}}}"#);
        sample(topic.hear("t", payload.as_bytes(), false, NOW)).map(|sample| sample.doubt)
    };
    let straggler = Some(Some(Doubt::OutOfOrder));
    // Its time says so at once.
    let mut topic = listen("t,plain");
    for (boot, seq, age_ms, expected) in [
        (5, 900, 60_000, Some(None)),
        (1, 3, 50_000, Some(None)),
        (1, 4, 40_000, Some(None)),
        (1, 3, 30_000, Some(None)),
        (1, 3, 30_000, None),
        (1, 2, 35_000, straggler),
        (1, 4, 40_000, None),
        (1, 900, 20_000, Some(None)),
        (1, 5, 10_000, Some(None)),
    ] {
        assert_eq!(hear(&mut topic, boot, seq, Some(age_ms)), expected, "{boot}/{seq} of {age_ms} ms ago");
    }
    // Without a time, that they go on does.
    for (last, boot, before) in [((7, 5_000), 7, None), ((9, 10), 3, straggler)] {
        let mut topic = listen("t,plain");
        hear(&mut topic, last.0, last.1, None);
        let heard: Vec<_> = (1..=22).map(|seq| hear(&mut topic, boot, seq, None)).collect();
        assert_eq!(heard[..19], [before; 19]);
        assert_eq!(heard[19..], [Some(None); 3]);
    }
}

#[test]
fn what_a_device_kept_while_the_line_was_away_comes_late() {
    let mut topic = listen("t,plain");
    assert_eq!(plain(&mut topic, 3_600_000, 1, 8.0, false), Some((Ok(8_000), Some(Doubt::Late))));
    assert_eq!(plain(&mut topic, 0, 2, 4.0, false), Some((Ok(4_000), None)));
}

/// rtl_433 sends a frame several times; its time is local and still says that it is the same frame.
#[test]
fn a_repeat_without_a_number_is_known_by_time_and_bytes() {
    let mut topic = listen("r,rtl_433;where.id=1");
    let mut hear = |second: u8, c: f64| {
        let payload = format!(r#"{{"time":"2026-11-21 10:00:{second:02}","id":1,"temperature_C":{c}}}"#);
        sample(topic.hear("r", payload.as_bytes(), false, NOW)).map(|sample| (sample.value, sample.taken_ms))
    };
    assert_eq!(hear(0, 4.0), Some((Ok(4_000), None)));
    assert_eq!(hear(0, 4.0), None);
    assert_eq!(hear(0, 4.1), Some((Ok(4_100), None)));
    assert_eq!(hear(30, 4.1), Some((Ok(4_100), None)));
}

#[test]
fn an_unnumbered_value_that_stays_is_news_each_time() {
    let mut topic = listen("t,text;unit=C");
    for _ in 0..3 {
        assert!(topic.hear("t", b"4.0", false, NOW).is_some());
    }
}

/// After the line to the broker was away: what it kept is old, whatever came before.
#[test]
fn an_old_retained_message_is_no_repeat() {
    let mut topic = listen("t,plain");
    assert_eq!(plain(&mut topic, 30_000, 7, 4.0, false), Some((Ok(4_000), None)));
    assert_eq!(plain(&mut topic, 30_000, 7, 4.0, true), None, "the one that was the last, and is young");
    assert_eq!(plain(&mut topic, 86_400_000, 1, 4.0, true), Some((Err(NoData::StaleRetained), None)));
    assert_eq!(plain(&mut topic, 20_000, 8, 4.0, false), Some((Ok(4_000), None)), "its number does not count");
}

#[test]
fn a_device_that_takes_its_leave_is_offline_at_once() {
    for (place, topic, gone, here) in [
        ("tele/bar/SENSOR,tasmota", "tele/bar/LWT", "Offline", "Online"),
        (
            "zigbee2mqtt/bar,zigbee2mqtt",
            "zigbee2mqtt/bar/availability",
            r#"{"state":"offline"}"#,
            r#"{"state":"online"}"#,
        ),
        ("zigbee2mqtt/bar,zigbee2mqtt", "zigbee2mqtt/bridge/state", "offline", "online"),
        ("kitchen/sensor/a/state,esphome", "kitchen/status", "offline", "online"),
        ("shelly-1/events/rpc,shelly", "shelly-1/online", "false", "true"),
        ("shelly-1/status/temperature:100,shelly", "shelly-1/online", "false", "true"),
        ("a,text;availability=b/lwt", "b/lwt", "offline", "online"),
    ] {
        let mut subscription = listen(place);
        assert!(subscription.filters().contains(&topic.to_owned()), "{place}");
        let report = sample(subscription.hear(topic, gone.as_bytes(), true, NOW));
        assert_eq!(report.map(|sample| sample.value), Some(Err(NoData::Offline)), "{place}");
        assert_eq!(subscription.hear(topic, here.as_bytes(), true, NOW), None, "{place}");
    }
}

/// A Shelly tells what has changed; one that never tells a temperature has none.
#[test]
fn a_value_that_never_comes_is_missing() {
    let mut topic = listen("s/events/rpc,shelly");
    let mut hear = |n: i64| {
        let payload = format!(r#"{{"params":{{"ts":{},"wifi":{{}}}}}}"#, NOW / 1_000 + n);
        sample(topic.hear("s/events/rpc", payload.as_bytes(), false, NOW)).map(|sample| sample.value)
    };
    assert!((0..i64::from(PARTIAL_AT_MOST)).all(|n| hear(n).is_none()));
    assert_eq!(hear(50), Some(Err(NoData::Missing)));
}

#[test]
fn doors_and_contacts() {
    let z2m = "zigbee2mqtt/door,zigbee2mqtt;state=contact";
    for (place, payload, retained, expected) in [
        (z2m, r#"{"contact":true}"#, false, InputState::Closed),
        (z2m, r#"{"contact":false}"#, false, InputState::Open),
        (z2m, r#"{"contact":true}"#, true, InputState::Unknown(NoData::StaleRetained)),
        ("zigbee2mqtt/door,zigbee2mqtt;state=contact;invert", r#"{"contact":true}"#, false, InputState::Open),
        ("t,plain;state=state", r#"{"state":"open"}"#, false, InputState::Open),
        ("t,plain;state=state", r#"{"state":"ON"}"#, false, InputState::On),
        ("t,plain;state=state", r#"{"state":null}"#, false, InputState::Unknown(NoData::Malformed)),
        ("t,plain;state=state", r#"{}"#, false, InputState::Unknown(NoData::Missing)),
        ("n/binary_sensor/defrost/state,esphome;state=", "ON", false, InputState::On),
        ("r,rtl_433;where.id=1;state=reed_open", r#"{"id":1,"reed_open":1}"#, false, InputState::Open),
        (
            "s/events/rpc,shelly;state=params.switch:0.output",
            r#"{"params":{"switch:0":{"output":true}}}"#,
            false,
            InputState::On,
        ),
    ] {
        let mut subscription = listen(place);
        let topic = subscription.place.topic.clone();
        let report = subscription.hear(&topic, payload.as_bytes(), retained, NOW);
        assert_eq!(report, Some(Report::Input { input: "fridge".to_owned(), state: expected }), "{place} {payload}");
    }
}

proptest::proptest! {
    #[test]
    fn no_payload_panics(payload: Vec<u8>, retained: bool) {
        for shape in Shape::shipped() {
            let place = format!("t,{};unit=C;where.id=1", shape.name);
            let _ = listen(&place).hear("t", &payload, retained, NOW);
        }
    }

    /// Whatever the order in which they come, and however often: each number is a sample once, and nothing is missing.
    #[test]
    fn each_number_counts_once(mut order in proptest::collection::vec(0usize..40, 40..120)) {
        order.extend(0..40);
        let mut topic = listen("t,plain");
        let mut heard = Vec::new();
        for seq in order {
            let payload = format!(r#"{{"c":4,"boot":1,"seq":{seq}}}"#);
            heard.extend(sample(topic.hear("t", payload.as_bytes(), false, NOW)).and_then(|sample| sample.source));
        }
        heard.sort();
        let seqs: Vec<u32> = heard.iter().map(|source| source.seq).collect();
        proptest::prop_assert_eq!(seqs, (0..40).collect::<Vec<u32>>());
    }
}
