//! What devices publish, by every convention, and what discovery makes of it: no panic, no temperature outside of a
//! kitchen, no address that does not read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trivet_drivers::probe::mqtt::discover::{MOST_FOUND, Seen};
use trivet_drivers::probe::mqtt::{Place, Subscription};
use trivet_drivers::probe::{Address, Report};

const NOW: i64 = 1_790_000_000_000;
const PLACES: [&str; 12] = [
    "t,plain",
    "zigbee2mqtt/t,zigbee2mqtt",
    "zigbee2mqtt/t,zigbee2mqtt;state=contact",
    "tele/t/SENSOR,tasmota",
    "tele/t/SENSOR,tasmota;key=01131B55A1AA",
    "t/sensor/x/state,esphome;unit=C",
    "t/events/rpc,shelly",
    "t/events/rpc,shelly;state=params.input:0.state",
    "rtl_433/t/events,rtl_433;where.id=12",
    "t,json;key=a.b;unit=F",
    "t,text;unit=C",
    "t,plain;state=state;invert",
];
const TOPICS: [&str; 7] = [
    "trivet/probe/t",
    "zigbee2mqtt/t",
    "tele/t/SENSOR",
    "t/sensor/x/state",
    "t/events/rpc",
    "rtl_433/t/events",
    "homeassistant/sensor/t/config",
];

fuzz_target!(|bytes: &[u8]| {
    let Some((pick, rest)) = bytes.split_first() else { return };
    let place: Place = PLACES[usize::from(*pick) % PLACES.len()].parse().expect("a place");
    let topic = place.topic.clone();
    let mut subscription = Subscription::new("fridge", place);
    // Several messages to the same input: its memory is tried, too.
    for (n, payload) in rest.split(|byte| *byte == 0).enumerate() {
        let retained = n % 3 == 2;
        if let Some(Report::Sample(sample)) = subscription.hear(&topic, payload, retained, NOW + n as i64) {
            if let Ok(milli) = sample.value {
                assert!((-90_000..=400_000).contains(&milli), "{milli}");
            }
            assert!(sample.taken_ms.is_none_or(|ms| ms <= NOW + 400_000));
        }
    }
    let mut seen = Seen::default();
    for topic in TOPICS {
        seen.hear(topic, rest, NOW);
    }
    let found = seen.found();
    assert!(found.len() <= MOST_FOUND);
    for found in &found {
        assert!(found.address.parse::<Address>().is_ok(), "{}", found.address);
    }
});
