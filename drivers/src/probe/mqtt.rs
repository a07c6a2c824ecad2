//! What probes publish, by convention: a message becomes a temperature, a reason, or nothing (a repeat). Pure but for
//! the small memory of what was last seen on a topic.

use std::str::FromStr;

use serde_json::Value as Json;

use super::{NoData, Value, plausible};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Convention {
    /// `{"c":3.97,"ts":<unix ms>,"seq":N}` or a bare number of degrees Celsius.
    Plain,
    /// `{"temperature":3.97,…}`; `<topic>/availability` says whether it is there.
    Zigbee2Mqtt,
    /// `{"DS18B20":{"Temperature":3.9},"TempUnit":"C"}` on `tele/<t>/SENSOR`; `tele/<t>/LWT` says Online or Offline.
    Tasmota,
}

impl FromStr for Convention {
    type Err = String;
    fn from_str(text: &str) -> Result<Convention, String> {
        match text {
            "plain" => Ok(Convention::Plain),
            "zigbee2mqtt" => Ok(Convention::Zigbee2Mqtt),
            "tasmota" => Ok(Convention::Tasmota),
            _ => Err(format!("`{text}` is no convention: plain, zigbee2mqtt or tasmota")),
        }
    }
}

/// A retained message is believed only if its own time is this young.
const RETAINED_FRESH_MS: i64 = 60_000;
/// A message whose own time is older than this comes from a queue.
const DEVICE_FRESH_MS: i64 = 120_000;

const MAX_AHEAD_MS: i64 = 300_000;

#[derive(Clone, Debug, PartialEq)]
pub struct Topic {
    pub topic: String,
    pub convention: Convention,
    last: Option<(i64, i64)>,
    /// Repeats and stragglers that were passed over.
    pub dropped: u64,
}

impl Topic {
    pub fn new(topic: impl Into<String>, convention: Convention) -> Topic {
        Topic { topic: topic.into(), convention, last: None, dropped: 0 }
    }

    /// Where the device says whether it is there.
    pub fn availability(&self) -> Option<String> {
        match self.convention {
            Convention::Plain => None,
            Convention::Zigbee2Mqtt => Some(format!("{}/availability", self.topic)),
            Convention::Tasmota => Some(format!("{}/LWT", self.topic.trim_end_matches("/SENSOR"))),
        }
    }

    /// A message on the availability topic.
    pub fn available(&self, payload: &[u8]) -> Option<Value> {
        let text = String::from_utf8_lossy(payload).to_lowercase();
        text.contains("offline").then_some(Err(NoData::Offline))
    }

    /// A message on the topic itself.
    pub fn message(&mut self, payload: &[u8], retained: bool, now_ms: i64) -> Option<Value> {
        let Ok(text) = std::str::from_utf8(payload) else { return Some(Err(NoData::Malformed)) };
        let (value, time, seq) = self.read(text);
        // A device whose clock is ahead has no clock: believed, its next messages would count as old.
        let time = time.filter(|time| *time <= now_ms.saturating_add(MAX_AHEAD_MS));
        let age = time.map(|time| now_ms.saturating_sub(time));
        // Before it can count as a repeat: that the broker has nothing newer is news.
        if retained && age.is_none_or(|age| age > RETAINED_FRESH_MS) {
            return Some(Err(NoData::StaleRetained));
        }
        if let (Some(time), Some(seq)) = (time, seq) {
            if self.last.is_some_and(|(last_time, last_seq)| time <= last_time && seq <= last_seq) {
                self.dropped += 1;
                return None;
            }
            self.last = Some((time, seq));
        }
        match age {
            Some(age) if age > DEVICE_FRESH_MS => Some(Err(NoData::StaleDevice)),
            _ => Some(value),
        }
    }

    /// The value, and the device's own time and number where it gives them.
    fn read(&self, text: &str) -> (Value, Option<i64>, Option<i64>) {
        let json: Json = match serde_json::from_str(text.trim()) {
            Ok(json) => json,
            Err(_) => return (Err(unreadable(text)), None, None),
        };
        match self.convention {
            Convention::Plain if json.is_number() => (degrees(&json, Unit::Celsius), None, None),
            Convention::Plain => {
                let value = json.get("c").map_or(Err(NoData::Missing), |c| degrees(c, Unit::Celsius));
                (value, json.get("ts").and_then(Json::as_i64), json.get("seq").and_then(Json::as_i64))
            }
            Convention::Zigbee2Mqtt => {
                let value = json.get("temperature").map_or(Err(NoData::Missing), |c| degrees(c, Unit::Celsius));
                (value, None, None)
            }
            Convention::Tasmota => {
                let unit = match json.get("TempUnit").and_then(Json::as_str) {
                    Some("F") => Unit::Fahrenheit,
                    _ => Unit::Celsius,
                };
                let sensors = json.as_object().into_iter().flatten();
                let found = sensors.filter_map(|(_, sensor)| sensor.get("Temperature")).next();
                (found.map_or(Err(NoData::Missing), |value| degrees(value, unit)), None, None)
            }
        }
    }
}

/// `nan` is what firmware in C prints for a broken sensor, quoted or not; `unavailable` is Home Assistant's.
fn unreadable(text: &str) -> NoData {
    let text = text.trim().to_lowercase();
    let no_number = text.is_empty() || text == "unavailable" || text == "unknown" || text.contains("nan");
    if no_number { NoData::NotANumber } else { NoData::Malformed }
}

#[derive(Clone, Copy)]
enum Unit {
    Celsius,
    Fahrenheit,
}

fn degrees(json: &Json, unit: Unit) -> Value {
    let degrees = match json {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => text.trim().parse::<f64>().ok(),
        _ => None,
    };
    let degrees = degrees.filter(|degrees| degrees.is_finite()).ok_or(NoData::NotANumber)?;
    let celsius = match unit {
        Unit::Celsius => degrees,
        Unit::Fahrenheit => (degrees - 32.0) * 5.0 / 9.0,
    };
    plausible((celsius * 1_000.0).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_790_000_000_000;

    #[test]
    fn messages() {
        use Convention::{Plain, Tasmota, Zigbee2Mqtt};
        for (convention, payload, retained, expected) in [
            (Plain, "3.97", false, Ok(3_970)),
            (Plain, r#"{"c":3.97,"ts":1790000000000,"seq":1}"#, false, Ok(3_970)),
            (Plain, r#"{"c":3.97,"ts":1789000000000,"seq":1}"#, false, Err(NoData::StaleDevice)),
            (Plain, r#"{"c":90.0,"ts":1789000000000}"#, true, Err(NoData::StaleRetained)),
            (Plain, r#"{"c":4.0,"ts":1789999990000}"#, true, Ok(4_000)),
            (Plain, "4.0", true, Err(NoData::StaleRetained)),
            (Plain, "nan", false, Err(NoData::NotANumber)),
            (Plain, r#"{"c":nan,"ts":1790000000000}"#, false, Err(NoData::NotANumber)),
            (Plain, r#"{"c":null}"#, false, Err(NoData::NotANumber)),
            (Plain, r#"{"ts":1790000000000}"#, false, Err(NoData::Missing)),
            (Plain, r#"{"c":3.9"#, false, Err(NoData::Malformed)),
            (Plain, "", false, Err(NoData::NotANumber)),
            (Plain, "1e308", false, Err(NoData::Implausible)),
            (Zigbee2Mqtt, r#"{"temperature":-18.2,"battery":87}"#, false, Ok(-18_200)),
            (Zigbee2Mqtt, r#"{"battery":87}"#, false, Err(NoData::Missing)),
            (Zigbee2Mqtt, r#"{"temperature":"unavailable"}"#, false, Err(NoData::NotANumber)),
            (
                Tasmota,
                r#"{"Time":"2026-11-21T10:00:00","DS18B20":{"Temperature":3.9},"TempUnit":"C"}"#,
                false,
                Ok(3_900),
            ),
            (Tasmota, r#"{"DS18B20":{"Temperature":39.2},"TempUnit":"F"}"#, false, Ok(4_000)),
            (Tasmota, r#"{"Time":"2026-11-21T10:00:00","TempUnit":"C"}"#, false, Err(NoData::Missing)),
        ] {
            let value = Topic::new("t", convention).message(payload.as_bytes(), retained, NOW);
            assert_eq!(value, Some(expected), "{convention:?} {payload} {retained}");
        }
    }

    #[test]
    fn a_repeat_and_a_straggler_are_no_samples() {
        let mut topic = Topic::new("t", Convention::Plain);
        let mut message = |seq: i64, c: f64| {
            let payload = format!(r#"{{"c":{c},"ts":{},"seq":{seq}}}"#, NOW + seq);
            topic.message(payload.as_bytes(), false, NOW)
        };
        assert_eq!(message(5, 4.0), Some(Ok(4_000)));
        assert_eq!(message(5, 4.0), None);
        assert_eq!(message(4, 9.0), None);
        assert_eq!(message(6, 4.1), Some(Ok(4_100)));
        assert_eq!(topic.dropped, 2);
    }

    /// After the line to the broker was away: what it kept is old, whatever came before.
    #[test]
    fn an_old_retained_message_is_no_repeat() {
        let mut topic = Topic::new("t", Convention::Plain);
        let mut message = |age_ms: i64, seq: i64, retained: bool| {
            let payload = format!(r#"{{"c":4.0,"ts":{},"seq":{seq}}}"#, NOW - age_ms);
            topic.message(payload.as_bytes(), retained, NOW)
        };
        assert_eq!(message(30_000, 7, false), Some(Ok(4_000)));
        assert_eq!(message(30_000, 7, true), None, "the one that was the last, and is young");
        assert_eq!(message(86_400_000, 1, true), Some(Err(NoData::StaleRetained)));
        assert_eq!(message(20_000, 8, false), Some(Ok(4_000)), "its number does not count");
    }

    #[test]
    fn a_device_that_takes_its_leave_is_offline_at_once() {
        let topic = Topic::new("tele/bar/SENSOR", Convention::Tasmota);
        assert_eq!(topic.availability().as_deref(), Some("tele/bar/LWT"));
        assert_eq!(topic.available(b"Offline"), Some(Err(NoData::Offline)));
        assert_eq!(topic.available(b"Online"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_payload_panics(payload: Vec<u8>, retained: bool) {
            for convention in [Convention::Plain, Convention::Zigbee2Mqtt, Convention::Tasmota] {
                let _ = Topic::new("t", convention).message(&payload, retained, NOW);
            }
        }
    }
}
