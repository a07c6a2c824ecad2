//! What a kind of device publishes: a data file each, under `drivers/profiles/probes/mqtt`.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value as Json;

use super::json;
use crate::probe::{NoData, Value, plausible};

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    pub name: String,
    /// Filters under which discovery looks for such devices.
    #[serde(default)]
    pub topics: Vec<String>,
    /// Where a temperature may be; the first path that leads to something counts.
    #[serde(default)]
    pub values: Vec<ValueAt>,
    /// A bare number is taken, in this unit; `?`: in the one that the input names.
    pub bare: Option<Bare>,
    #[serde(default)]
    pub time: Vec<String>,
    pub seq: Option<String>,
    pub boot: Option<String>,
    #[serde(default)]
    pub battery: Vec<BatteryAt>,
    /// Where a contact or a switch may be. What an input reads is its own choice; these are what discovery shows.
    #[serde(default)]
    pub states: Vec<String>,
    /// What of the topic is no longer the device's name: `{base}` is what stands before it.
    #[serde(default)]
    pub cut: Vec<String>,
    #[serde(default)]
    pub availability: Vec<Availability>,
    /// A message without the value is no fault, unless none has it.
    #[serde(default)]
    pub partial: bool,
    /// Several devices publish on one topic; these keys tell them apart.
    #[serde(default)]
    pub shared_by: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueAt {
    pub path: String,
    pub unit: Option<Unit>,
    /// Where the message names the unit.
    pub unit_at: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatteryAt {
    pub path: String,
    /// A flag: true means that it is low.
    #[serde(default)]
    pub low: bool,
    /// What makes a percentage of it.
    #[serde(default = "one")]
    pub scale: u8,
}

fn one() -> u8 {
    1
}

/// Where a device says whether it is there: `{topic}` is the input's, `{base}` without what `cut` names. What counts as
/// gone is the same everywhere: `offline`, `false`, or JSON whose `state` is that.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Availability {
    pub topic: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Unit {
    #[serde(rename = "C")]
    Celsius,
    #[serde(rename = "F")]
    Fahrenheit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Bare {
    #[serde(rename = "C")]
    Celsius,
    #[serde(rename = "F")]
    Fahrenheit,
    #[serde(rename = "?")]
    Named,
}

const SHIPPED: [&str; 8] = [
    include_str!("../../../profiles/probes/mqtt/plain.toml"),
    include_str!("../../../profiles/probes/mqtt/zigbee2mqtt.toml"),
    include_str!("../../../profiles/probes/mqtt/tasmota.toml"),
    include_str!("../../../profiles/probes/mqtt/esphome.toml"),
    include_str!("../../../profiles/probes/mqtt/shelly.toml"),
    include_str!("../../../profiles/probes/mqtt/rtl_433.toml"),
    include_str!("../../../profiles/probes/mqtt/json.toml"),
    include_str!("../../../profiles/probes/mqtt/text.toml"),
];

static READ: LazyLock<Vec<Shape>> =
    LazyLock::new(|| SHIPPED.iter().filter_map(|text| toml::from_str(text).ok()).collect());

impl Shape {
    pub fn shipped() -> &'static [Shape] {
        &READ
    }

    pub fn named(name: &str) -> Option<Shape> {
        Shape::shipped().iter().find(|shape| shape.name == name).cloned()
    }

    /// What stands before the part that `cut` names.
    pub fn base<'topic>(&self, topic: &'topic str) -> &'topic str {
        let cut = self.cut.iter().find_map(|cut| topic.rfind(cut.as_str()));
        cut.and_then(|at| topic.get(..at)).unwrap_or(topic)
    }

    /// The temperature in a message. `key` names the value, or which of several sensors it is.
    pub fn value(&self, json: &Json, key: Option<&str>, unit: Option<Unit>) -> Found {
        let several = self.values.iter().any(|value| value.path.contains('*'));
        if let Some(key) = key.filter(|_| !several) {
            let of_shape = self.values.iter().find(|value| value.path == key).or(self.values.first());
            let unit = unit.or_else(|| of_shape.and_then(|value| value.unit));
            return match json::one(json, key) {
                Some(found) => Found::at(key, found, unit),
                None => Found::Nothing,
            };
        }
        for value in &self.values {
            let found = json::at(json, &value.path);
            let of_key = |name: &str| key.is_none_or(|key| name == key || has_id(json, &value.path, name, key));
            let found: Vec<_> = found.into_iter().filter(|(name, _)| of_key(name)).collect();
            let named = value.unit_at.as_ref().and_then(|path| json::one(json, path)).and_then(Json::as_str);
            let named = named.and_then(Unit::named).or(value.unit).or(unit);
            match found.as_slice() {
                [] => {}
                [(_, found)] => return Found::at(&value.path, found, named),
                // Two sensors, and nothing says which: the wrong one of them is worse than none.
                _ => return Found::Several,
            }
        }
        match (self.bare, json) {
            (Some(bare), Json::Number(_) | Json::String(_) | Json::Null) if key.is_none() => {
                let unit = match bare {
                    Bare::Celsius => Some(Unit::Celsius),
                    Bare::Fahrenheit => Some(Unit::Fahrenheit),
                    Bare::Named => unit,
                };
                Found::at("", json, unit)
            }
            _ => Found::Nothing,
        }
    }

    pub fn battery_percent(&self, json: &Json) -> Option<u8> {
        self.battery.iter().find_map(|battery| {
            let found = json::one(json, &battery.path)?;
            if battery.low {
                return found.as_bool()?.then_some(0);
            }
            let percent = found.as_f64()? * f64::from(battery.scale);
            (0.0..=100.0).contains(&percent).then_some(percent.round() as u8)
        })
    }
}

/// What was found of a temperature.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    Value(Value, String),
    Nothing,
    Several,
}

impl Found {
    fn at(path: &str, json: &Json, unit: Option<Unit>) -> Found {
        Found::Value(degrees(json, unit), format!("{path}={json}"))
    }
}

impl Unit {
    pub fn named(text: &str) -> Option<Unit> {
        match text.trim().trim_start_matches('°') {
            "C" | "c" | "Celsius" | "celsius" => Some(Unit::Celsius),
            "F" | "f" | "Fahrenheit" | "fahrenheit" => Some(Unit::Fahrenheit),
            _ => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Unit::Celsius => "C",
            Unit::Fahrenheit => "F",
        }
    }
}

/// Whether the object that stood for `*` has this id.
fn has_id(json: &Json, path: &str, name: &str, key: &str) -> bool {
    let Some(object) = path.split_once('*').map(|(before, _)| before) else { return false };
    let holder = match object.trim_end_matches(|c| c != '.').trim_end_matches('.') {
        "" => Some(json),
        before => json::one(json, before),
    };
    let object = holder.and_then(|holder| holder.get(name));
    let says = |found: &Json| match found {
        Json::String(text) => text.eq_ignore_ascii_case(key),
        Json::Number(number) => number.as_u64().is_some_and(|number| key.parse() == Ok(number)),
        _ => false,
    };
    ["Id", "Address", "id"].iter().any(|id| object.and_then(|object| object.get(id)).is_some_and(says))
}

/// What DS18B20 libraries report for a sensor that is not there.
const DISCONNECTED_C: f64 = -127.0;

/// Degrees as thousandths of a degree Celsius. Without a unit a number is none: 39 may be a fridge or a fever.
pub fn degrees(json: &Json, unit: Option<Unit>) -> Value {
    let degrees = match json {
        Json::Number(number) => number.as_f64(),
        Json::String(text) if json::is_no_number(text) => None,
        Json::String(text) => Some(text.trim().parse::<f64>().map_err(|_| NoData::Malformed)?),
        Json::Null => None,
        _ => return Err(NoData::Malformed),
    };
    let degrees = degrees.filter(|degrees| degrees.is_finite()).ok_or(NoData::NotANumber)?;
    let celsius = match unit {
        None => return Err(NoData::UnitMissing),
        Some(Unit::Celsius) => degrees,
        Some(Unit::Fahrenheit) => (degrees - 32.0) * 5.0 / 9.0,
    };
    if (celsius - DISCONNECTED_C).abs() < 0.005 {
        return Err(NoData::Sentinel);
    }
    plausible((celsius * 1_000.0).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_shipped_file_reads() {
        for text in SHIPPED {
            toml::from_str::<Shape>(text).unwrap();
        }
    }

    #[test]
    fn degrees_of_two_scales_and_of_none() {
        for (json, unit, expected) in [
            (json!(3.97), Some(Unit::Celsius), Ok(3_970)),
            (json!("39.2"), Some(Unit::Fahrenheit), Ok(4_000)),
            // To the nearest thousandth, as limits are: 135 °F is at a limit of 135 °F.
            (json!(135), Some(Unit::Fahrenheit), Ok(57_222)),
            (json!("155.0"), Some(Unit::Fahrenheit), Ok(68_333)),
            (json!(165), Some(Unit::Fahrenheit), Ok(73_889)),
            (json!(0), Some(Unit::Fahrenheit), Ok(-17_778)),
            (json!(3.97), None, Err(NoData::UnitMissing)),
            (json!(null), None, Err(NoData::NotANumber)),
            (json!("unavailable"), Some(Unit::Celsius), Err(NoData::NotANumber)),
            (json!("warm"), Some(Unit::Celsius), Err(NoData::Malformed)),
            (json!(true), Some(Unit::Celsius), Err(NoData::Malformed)),
            (json!(-127.0), Some(Unit::Celsius), Err(NoData::Sentinel)),
            (json!(-196.6), Some(Unit::Fahrenheit), Err(NoData::Sentinel)),
            (json!(1e308), Some(Unit::Celsius), Err(NoData::Implausible)),
        ] {
            assert_eq!(degrees(&json, unit), expected, "{json}");
        }
    }

    #[test]
    fn which_of_several_sensors() {
        let tasmota = Shape::named("tasmota").unwrap();
        let both = json!({
            "DS18B20-1": {"Id": "01131B55A1AA", "Temperature": 3.9},
            "DS18B20-2": {"Id": "01131B55A1BB", "Temperature": -18.0},
            "TempUnit": "C",
        });
        let one = json!({"DS18B20": {"Id": "01131B55A1BB", "Temperature": -18.0}, "TempUnit": "C"});
        let old = json!({"DS18x20": {"DS1": {"Address": "28FF", "Temperature": 4.5}}, "TempUnit": "C"});
        for (message, key, expected) in [
            (&both, None, None),
            (&both, Some("DS18B20-2"), Some(Ok(-18_000))),
            (&both, Some("01131B55A1AA"), Some(Ok(3_900))),
            (&one, None, Some(Ok(-18_000))),
            (&one, Some("01131B55A1BB"), Some(Ok(-18_000))),
            (&one, Some("01131B55A1AA"), None),
            (&old, None, Some(Ok(4_500))),
            (&old, Some("28FF"), Some(Ok(4_500))),
        ] {
            let found = match tasmota.value(message, key, None) {
                Found::Value(value, _) => Some(value),
                Found::Nothing | Found::Several => None,
            };
            assert_eq!(found, expected, "{message} {key:?}");
        }
    }
}
