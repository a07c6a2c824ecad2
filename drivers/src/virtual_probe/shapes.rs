//! What the conventions put on the wire: pure, from a temperature to messages.

use super::fleet::Fault;

/// How a value is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Convention {
    /// Our own firmware's bridge: `{"c":3.97,"ts":<unix ms>,"seq":N}` at QoS 1.
    Plain,
    /// `zigbee2mqtt/<name>` with `last_seen`, and a retained availability.
    Zigbee2Mqtt,
    /// `tele/<t>/SENSOR` with a DS18B20, and a retained LWT.
    Tasmota,
    /// `<node>/sensor/<id>/state`, a bare number, with a retained status.
    Esphome,
    /// `<id>/events/rpc`: a NotifyStatus with what has changed.
    Shelly,
    /// `rtl_433/<host>/events`, each frame three times.
    Rtl433,
    /// A door's contact on Zigbee2MQTT: open while it is asked to be.
    Door,
}

impl Convention {
    const ALL: [Self; 7] =
        [Self::Plain, Self::Zigbee2Mqtt, Self::Tasmota, Self::Esphome, Self::Shelly, Self::Rtl433, Self::Door];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Zigbee2Mqtt => "zigbee2mqtt",
            Self::Tasmota => "tasmota",
            Self::Esphome => "esphome",
            Self::Shelly => "shelly",
            Self::Rtl433 => "rtl_433",
            Self::Door => "door",
        }
    }

    /// The convention of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|convention| convention.name() == name)
    }

    /// The topic that carries the values: what was given, completed by what the convention prescribes.
    pub fn value_topic(self, given: &str) -> String {
        match self {
            Self::Plain => given.to_owned(),
            Self::Zigbee2Mqtt | Self::Door if given.contains('/') => given.to_owned(),
            Self::Zigbee2Mqtt | Self::Door => format!("zigbee2mqtt/{given}"),
            Self::Tasmota if given.starts_with("tele/") => given.to_owned(),
            Self::Tasmota => format!("tele/{given}/SENSOR"),
            Self::Esphome | Self::Shelly | Self::Rtl433 if given.contains('/') => given.to_owned(),
            Self::Esphome => format!("{given}/sensor/temperature/state"),
            Self::Shelly => format!("{given}/events/rpc"),
            Self::Rtl433 => format!("rtl_433/{given}/events"),
        }
    }

    /// What an input is wired to.
    pub fn address(self, name: &str, value_topic: &str) -> String {
        match self {
            Self::Esphome => format!("mqtt:{value_topic},esphome;unit=C"),
            Self::Rtl433 => format!("mqtt:{value_topic},rtl_433;where.model={name}"),
            Self::Door => format!("mqtt:{value_topic},zigbee2mqtt;state=contact"),
            _ => format!("mqtt:{value_topic},{}", self.name()),
        }
    }

    /// So often each message is sent: radio repeats what it says.
    pub fn times(self) -> usize {
        if self == Self::Rtl433 { 3 } else { 1 }
    }

    /// Topic, payload when it lives and payload when it is gone, both retained.
    pub fn availability(self, value_topic: &str) -> Option<(String, &'static str, &'static str)> {
        match self {
            Self::Plain | Self::Rtl433 => None,
            Self::Esphome => {
                let node = value_topic.split("/sensor/").next().unwrap_or(value_topic);
                Some((format!("{node}/status"), "online", "offline"))
            }
            Self::Shelly => {
                let id = value_topic.strip_suffix("/events/rpc").unwrap_or(value_topic);
                Some((format!("{id}/online"), "true", "false"))
            }
            Self::Zigbee2Mqtt | Self::Door => {
                Some((format!("{value_topic}/availability"), r#"{"state":"online"}"#, r#"{"state":"offline"}"#))
            }
            Self::Tasmota => {
                let base = value_topic.strip_suffix("/SENSOR").unwrap_or(value_topic);
                Some((format!("{base}/LWT"), "Online", "Offline"))
            }
        }
    }

    /// The payload of one reading.
    pub fn payload(self, name: &str, celsius: f64, fault: Fault, unix_ms: u64, seq: u64) -> String {
        let number = |digits: usize, no_number: &str| match fault {
            Fault::Nan => no_number.to_owned(),
            // What a DS18B20 library reports for an unplugged sensor.
            Fault::Sentinel => format!("{:.digits$}", -127.0),
            _ => format!("{celsius:.digits$}"),
        };
        match self {
            // A bare NaN is no JSON, and real devices send it all the same.
            Self::Plain => format!(r#"{{"c":{},"ts":{unix_ms},"seq":{seq}}}"#, number(2, "NaN")),
            Self::Zigbee2Mqtt => format!(
                r#"{{"battery":87,"last_seen":"{}Z","linkquality":120,"temperature":{}}}"#,
                time_text(unix_ms, true),
                number(2, "null"),
            ),
            Self::Esphome => number(2, "nan"),
            // Only what has changed: each fourth message has no temperature.
            Self::Shelly if seq.is_multiple_of(4) => format!(
                r#"{{"src":"{name}","method":"NotifyStatus","params":{{"ts":{}.{:03},"wifi":{{"rssi":-60}}}}}}"#,
                unix_ms / 1000,
                unix_ms % 1000,
            ),
            Self::Shelly => format!(
                r#"{{"src":"{name}","method":"NotifyStatus","params":{{"ts":{}.{:03},"temperature:100":{{"id":100,"tC":{},"tF":{}}}}}}}"#,
                unix_ms / 1000,
                unix_ms % 1000,
                number(1, "null"),
                if fault == Fault::Nan { "null".to_owned() } else { format!("{:.1}", celsius * 1.8 + 32.0) },
            ),
            Self::Rtl433 => format!(
                r#"{{"time":"{}","model":"{name}","id":12,"battery_ok":1,"temperature_C":{}}}"#,
                time_text(unix_ms, false).replace('T', " "),
                number(1, "null"),
            ),
            Self::Door => format!(
                r#"{{"battery":87,"contact":{},"last_seen":"{}Z"}}"#,
                fault != Fault::Open,
                time_text(unix_ms, true),
            ),
            // The sensor's key vanishes when it is unplugged.
            Self::Tasmota if fault == Fault::Sentinel => {
                format!(r#"{{"Time":"{}","TempUnit":"C"}}"#, time_text(unix_ms, false))
            }
            Self::Tasmota => format!(
                r#"{{"Time":"{}","DS18B20":{{"Id":"01131B55A1AA","Temperature":{}}},"TempUnit":"C"}}"#,
                time_text(unix_ms, false),
                number(1, "null"),
            ),
        }
    }
}

/// `2026-11-21T10:34:00[.123]`, in UTC.
fn time_text(unix_ms: u64, milliseconds: bool) -> String {
    let seconds = unix_ms / 1000;
    let (year, month, day) = civil(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if milliseconds {
        text.push_str(&format!(".{:03}", unix_ms % 1000));
    }
    text
}

/// Year, month and day of a day since 1970-01-01, by counting 400-year eras that begin in March.
fn civil(day: u64) -> (u64, u64, u64) {
    let shifted = day + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: u64 = 1_795_262_400_123;

    #[test]
    fn payloads() {
        for (convention, fault, expected) in [
            (Convention::Plain, Fault::None, r#"{"c":3.97,"ts":1795262400123,"seq":7}"#),
            (Convention::Plain, Fault::Nan, r#"{"c":NaN,"ts":1795262400123,"seq":7}"#),
            (Convention::Plain, Fault::Sentinel, r#"{"c":-127.00,"ts":1795262400123,"seq":7}"#),
            (
                Convention::Zigbee2Mqtt,
                Fault::None,
                r#"{"battery":87,"last_seen":"2026-11-21T12:00:00.123Z","linkquality":120,"temperature":3.97}"#,
            ),
            (
                Convention::Tasmota,
                Fault::None,
                r#"{"Time":"2026-11-21T12:00:00","DS18B20":{"Id":"01131B55A1AA","Temperature":4.0},"TempUnit":"C"}"#,
            ),
            (Convention::Esphome, Fault::None, "3.97"),
            (Convention::Esphome, Fault::Nan, "nan"),
            (
                Convention::Shelly,
                Fault::None,
                r#"{"src":"bar","method":"NotifyStatus","params":{"ts":1795262400.123,"temperature:100":{"id":100,"tC":4.0,"tF":39.1}}}"#,
            ),
            (
                Convention::Rtl433,
                Fault::None,
                r#"{"time":"2026-11-21 12:00:00","model":"bar","id":12,"battery_ok":1,"temperature_C":4.0}"#,
            ),
            (Convention::Door, Fault::Open, r#"{"battery":87,"contact":false,"last_seen":"2026-11-21T12:00:00.123Z"}"#),
            (Convention::Tasmota, Fault::Sentinel, r#"{"Time":"2026-11-21T12:00:00","TempUnit":"C"}"#),
        ] {
            assert_eq!(convention.payload("bar", 3.97, fault, NOON, 7), expected);
        }
    }

    #[test]
    fn topics() {
        for (convention, given, value, availability) in [
            (Convention::Plain, "kitchen/fridge", "kitchen/fridge", None),
            (Convention::Zigbee2Mqtt, "walk-in", "zigbee2mqtt/walk-in", Some("zigbee2mqtt/walk-in/availability")),
            (Convention::Tasmota, "bar", "tele/bar/SENSOR", Some("tele/bar/LWT")),
            (Convention::Esphome, "bar", "bar/sensor/temperature/state", Some("bar/status")),
            (Convention::Shelly, "bar", "bar/events/rpc", Some("bar/online")),
            (Convention::Rtl433, "bar", "rtl_433/bar/events", None),
            (Convention::Door, "bar", "zigbee2mqtt/bar", Some("zigbee2mqtt/bar/availability")),
            (Convention::Tasmota, "tele/bar/SENSOR", "tele/bar/SENSOR", Some("tele/bar/LWT")),
        ] {
            let topic = convention.value_topic(given);
            assert_eq!(topic, value);
            assert_eq!(convention.availability(&topic).map(|(topic, ..)| topic).as_deref(), availability);
        }
    }

    #[test]
    fn days() {
        for (day, date) in [(0, (1970, 1, 1)), (59, (1970, 3, 1)), (11_016, (2000, 2, 29)), (20_778, (2026, 11, 21))] {
            assert_eq!(civil(day), date, "{day}");
        }
    }
}
