//! Devices that publish and that nobody has adopted yet: seen on the broker, with the address that an input would have.
//! Pure; what it hears is given to it.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::shape::{Bare, Shape, Unit, degrees};
use super::{Place, json, state};
use crate::broker::topics::matches;
use crate::probe::{InputState, Value};

/// What is remembered; past it, what was heard longest ago goes.
pub const MOST_FOUND: usize = 200;
/// Topics whose last look is remembered.
const MOST_TOPICS: usize = 1_000;
/// A topic is looked at this often.
const LOOK_EVERY_MS: i64 = 10_000;
/// Longer messages are no probe's; Home Assistant's descriptions of a whole device are the longest.
pub const MOST_BYTES: usize = 64 * 1024;

#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// What an input would be wired to: `mqtt:TOPIC,CONVENTION…`.
    pub address: String,
    pub topic: String,
    pub convention: String,
    /// What the device calls itself, if it does.
    pub name: String,
    pub now: Now,
    pub battery_percent: Option<u8>,
    pub first_ms: i64,
    pub last_ms: i64,
    /// What is to be seen to before it can be adopted.
    pub note: Option<&'static str>,
}

/// What it says now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Now {
    Temperature(Option<Value>),
    State(Option<InputState>),
}

#[derive(Debug)]
pub struct Seen {
    shapes: Vec<Shape>,
    found: Vec<Found>,
    looked: HashMap<String, i64>,
}

impl Default for Seen {
    fn default() -> Seen {
        let shapes = Shape::shipped().iter().filter(|shape| !shape.topics.is_empty()).cloned().collect();
        Seen { shapes, found: Vec::new(), looked: HashMap::new() }
    }
}

/// Where Home Assistant is told of devices, with and without a node.
const DESCRIPTIONS: [&str; 2] = ["homeassistant/+/+/config", "homeassistant/+/+/+/config"];

impl Seen {
    /// What discovery must be subscribed to.
    pub fn filters(&self) -> Vec<String> {
        let shapes = self.shapes.iter().flat_map(|shape| shape.topics.iter().cloned());
        shapes.chain(DESCRIPTIONS.map(str::to_owned)).collect()
    }

    /// The latest first.
    pub fn found(&self) -> Vec<Found> {
        let mut found = self.found.clone();
        found.sort_by(|a, b| b.last_ms.cmp(&a.last_ms).then_with(|| a.address.cmp(&b.address)));
        found
    }

    pub fn hear(&mut self, topic: &str, payload: &[u8], now_ms: i64) {
        if payload.is_empty() || payload.len() > MOST_BYTES {
            return;
        }
        let looked = self.looked.get(topic).is_some_and(|at| now_ms.saturating_sub(*at) < LOOK_EVERY_MS);
        // Devices that share a topic each want to be seen.
        let is_shared = self.shapes.iter().any(|shape| !shape.shared_by.is_empty() && shape.publishes(topic));
        if looked && !is_shared {
            return;
        }
        if self.looked.len() >= MOST_TOPICS {
            self.looked.clear();
        }
        self.looked.insert(topic.to_owned(), now_ms);
        let Ok(text) = std::str::from_utf8(payload) else { return };
        let Some(json) = json::read(text) else { return };
        let mut found = Vec::new();
        if DESCRIPTIONS.iter().any(|filter| matches(filter, topic)) {
            found.extend(self.described(topic, &json));
        } else {
            for shape in self.shapes.iter().filter(|shape| shape.publishes(topic)) {
                found.extend(of_message(shape, topic, &json));
            }
        }
        found.into_iter().for_each(|found| self.note(found, now_ms));
    }

    fn note(&mut self, new: Found, now_ms: i64) {
        let new = Found { last_ms: now_ms, first_ms: now_ms, ..new };
        if new.convention == "esphome" && self.found.iter().any(|old| old.topic == new.topic && old.note.is_none()) {
            return;
        }
        if let Some(old) = self.found.iter_mut().find(|old| old.address == new.address) {
            *old = Found { first_ms: old.first_ms, ..new };
            return;
        }
        // A topic that was only a number until now has been described.
        self.found.retain(|old| old.topic != new.topic || old.note.is_none());
        if self.found.len() >= MOST_FOUND
            && let Some(oldest) = (0..self.found.len()).min_by_key(|at| self.found.get(*at).map(|found| found.last_ms))
        {
            self.found.swap_remove(oldest);
        }
        self.found.push(new);
    }

    /// What Home Assistant is told of a device, or of all parts of one.
    fn described(&self, topic: &str, json: &Json) -> Vec<Found> {
        let parts = either(json, "components", "cmps").and_then(Json::as_object);
        match parts {
            Some(parts) => parts.values().filter_map(|part| self.part("", part, json)).collect(),
            None => self.part(topic.split('/').nth(1).unwrap_or_default(), json, json).into_iter().collect(),
        }
    }

    fn part(&self, component: &str, part: &Json, whole: &Json) -> Option<Found> {
        let text = |json, long, short| either(json, long, short).and_then(Json::as_str);
        let root = either(part, "~", "~").or_else(|| whole.get("~")).and_then(Json::as_str).unwrap_or_default();
        let whole_topic = |topic: &str| match topic.strip_prefix('~') {
            Some(rest) => format!("{root}{rest}"),
            None => topic.strip_suffix('~').map_or_else(|| topic.to_owned(), |rest| format!("{rest}{root}")),
        };
        let class = text(part, "device_class", "dev_cla").unwrap_or_default();
        let topic = whole_topic(text(part, "state_topic", "stat_t").or_else(|| text(whole, "state_topic", "stat_t"))?);
        // What has a convention of its own says more by that, and is seen when it speaks.
        if self.shapes.iter().any(|shape| shape.bare != Some(Bare::Named) && shape.publishes(&topic)) {
            return None;
        }
        let component = if component.is_empty() { text(part, "platform", "p").unwrap_or_default() } else { component };
        let availability = either(part, "availability", "avty").or_else(|| either(whole, "availability", "avty"));
        let listed = availability.and_then(|list| list.get(0).or(Some(list))).and_then(|at| text(at, "topic", "t"));
        let availability = text(part, "availability_topic", "avty_t").or(listed).map(whole_topic);
        let path = path_of(text(part, "value_template", "val_tpl").unwrap_or("{{ value }}"));
        let unit = text(part, "unit_of_measurement", "unit_of_meas").and_then(Unit::named);
        let is_door = matches!(class, "door" | "garage_door" | "opening" | "window");
        let (now, state) = match (component, class) {
            ("sensor", "temperature") => (Now::Temperature(None), None),
            ("sensor", _) if unit.is_some() => (Now::Temperature(None), None),
            ("binary_sensor", _) if is_door || class == "running" || class == "power" => {
                (Now::State(None), Some(path.clone().unwrap_or_default()))
            }
            _ => return None,
        };
        let is_json = path.as_ref().is_some_and(|path| !path.is_empty());
        let place = Place {
            topic,
            shape: Shape::named(if is_json { "json" } else { "text" })?,
            key: path.clone().filter(|path| !path.is_empty() && state.is_none()),
            unit: unit.filter(|_| state.is_none()),
            state,
            // There, on means open.
            invert: false,
            availability,
            only: Vec::new(),
        };
        let device = either(part, "device", "dev").or_else(|| either(whole, "device", "dev"));
        let names = [device.and_then(|device| text(device, "name", "name")), text(part, "name", "name")];
        let note = match (&path, now, unit) {
            (None, ..) => Some("its template is not understood: name the value with key"),
            (_, Now::Temperature(_), None) => Some("nothing says whether it is °C or °F: name the unit"),
            _ if is_door => Some("its word for open may be ON: look at it before it is relied on"),
            _ => None,
        };
        found(place, names.into_iter().flatten().collect::<Vec<_>>().join(" "), now, None, note)
    }
}

impl Shape {
    fn publishes(&self, topic: &str) -> bool {
        self.topics.iter().any(|filter| matches(filter, topic))
    }
}

fn either<'json>(json: &'json Json, long: &str, short: &str) -> Option<&'json Json> {
    json.get(long).or_else(|| json.get(short))
}

/// `{{ value_json.a['b'] | float }}` is the path `a.b`, `{{ value }}` the empty one; of more than that nothing is made.
fn path_of(template: &str) -> Option<String> {
    let inner = template.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    let mut parts = inner.split('|').map(str::trim);
    let value = parts.next()?;
    let harmless = |filter: &str| {
        let name = filter.split('(').next().unwrap_or_default().trim();
        matches!(name, "float" | "is_defined" | "round" | "default")
    };
    if !parts.all(harmless) {
        return None;
    }
    if value == "value" {
        return Some(String::new());
    }
    let path =
        value.strip_prefix("value_json")?.replace("['", ".").replace("[\"", ".").replace("']", "").replace("\"]", "");
    let path = path.strip_prefix('.')?;
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    (!path.is_empty() && path.chars().all(plain)).then(|| path.to_owned())
}

/// None: what the device says makes an address that would not be read back as this place.
fn found(
    place: Place,
    name: String,
    now: Now,
    battery_percent: Option<u8>,
    note: Option<&'static str>,
) -> Option<Found> {
    let address = place.to_string();
    (address.parse::<Place>().as_ref() == Ok(&place)).then(|| Found {
        address: format!("mqtt:{address}"),
        convention: place.shape.name.clone(),
        topic: place.topic,
        name,
        now,
        battery_percent,
        first_ms: 0,
        last_ms: 0,
        note,
    })
}

fn of_message(shape: &Shape, topic: &str, json: &Json) -> Vec<Found> {
    let only: Vec<(String, String)> = shape
        .shared_by
        .iter()
        .filter_map(|key| {
            let found = json.get(key)?;
            let told = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
            (!told.contains(';')).then(|| (key.clone(), told))
        })
        .collect();
    if only.is_empty() && !shape.shared_by.is_empty() {
        return Vec::new();
    }
    let place = |key: Option<String>, state: Option<String>| Place {
        topic: topic.to_owned(),
        shape: shape.clone(),
        key,
        unit: None,
        state,
        invert: false,
        availability: None,
        only: only.clone(),
    };
    let battery = shape.battery_percent(json);
    let name = || {
        let told: Vec<&str> = only.iter().map(|(_, value)| value.as_str()).collect();
        let base = shape.base(topic);
        if told.is_empty() { base.rsplit('/').next().unwrap_or(base).to_owned() } else { told.join(" ") }
    };
    let mut all = Vec::new();
    for value in &shape.values {
        let unit = value.unit_at.as_ref().and_then(|path| json::one(json, path)).and_then(Json::as_str);
        let unit = unit.and_then(Unit::named).or(value.unit);
        for (star, number) in json::at(json, &value.path) {
            let is_one_of = value.path.contains('*');
            let id = is_one_of.then(|| id_of(json, &value.path, star).unwrap_or_else(|| star.to_owned()));
            let name = if is_one_of { format!("{} {star}", name()) } else { name() };
            let now = Now::Temperature(Some(degrees(number, unit)));
            all.extend(found(place(id, None), name, now, battery, None));
        }
        if !all.is_empty() {
            break;
        }
    }
    for path in &shape.states {
        let told = json::one(json, path).map(|told| state(told, path, false));
        if let Some(told) = told.filter(|told| !matches!(told, InputState::Unknown(_))) {
            all.extend(found(place(None, Some(path.clone())), name(), Now::State(Some(told)), battery, None));
        }
    }
    if all.is_empty() && matches!(json, Json::Number(_)) {
        let (now, note) = match shape.bare {
            Some(Bare::Celsius) => (Some(degrees(json, Some(Unit::Celsius))), None),
            Some(Bare::Fahrenheit) => (Some(degrees(json, Some(Unit::Fahrenheit))), None),
            Some(Bare::Named) => (None, Some("nothing says whether it is °C or °F: name the unit")),
            None => return all,
        };
        all.extend(found(place(None, None), name(), Now::Temperature(now), None, note));
    }
    all
}

/// The id of one of several sensors: names may move from one to the other.
fn id_of(json: &Json, path: &str, star: &str) -> Option<String> {
    let before = path.split_once('*')?.0.trim_end_matches(|c| c != '.').trim_end_matches('.');
    let holder = if before.is_empty() { Some(json) } else { json::one(json, before) };
    let object = holder?.get(star)?;
    ["Id", "Address"].iter().find_map(|key| object.get(key)?.as_str()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::NoData;

    fn addresses(messages: &[(&str, &str)]) -> Vec<String> {
        let mut seen = Seen::default();
        messages.iter().for_each(|(topic, payload)| seen.hear(topic, payload.as_bytes(), 1_000));
        let mut addresses: Vec<String> = seen.found().into_iter().map(|found| found.address).collect();
        addresses.sort();
        addresses
    }

    #[test]
    fn what_devices_say_becomes_an_address() {
        for (topic, payload, expected) in [
            ("zigbee2mqtt/bar", r#"{"temperature":3.9,"battery":80}"#, vec!["mqtt:zigbee2mqtt/bar,zigbee2mqtt"]),
            ("zigbee2mqtt/door", r#"{"contact":true}"#, vec!["mqtt:zigbee2mqtt/door,zigbee2mqtt;state=contact"]),
            ("zigbee2mqtt/bridge/devices", r#"{"temperature":3.9}"#, vec![]),
            (
                "tele/bar/SENSOR",
                r#"{"DS18B20-1":{"Id":"AA","Temperature":4},"DS18B20-2":{"Temperature":5},"TempUnit":"C"}"#,
                vec!["mqtt:tele/bar/SENSOR,tasmota;key=AA", "mqtt:tele/bar/SENSOR,tasmota;key=DS18B20-2"],
            ),
            (
                "shelly-1/events/rpc",
                r#"{"params":{"ts":1,"temperature:100":{"tC":4},"switch:0":{"output":true}}}"#,
                vec![
                    "mqtt:shelly-1/events/rpc,shelly;key=temperature:100",
                    "mqtt:shelly-1/events/rpc,shelly;state=params.switch:0.output",
                ],
            ),
            (
                "rtl_433/box/events",
                r#"{"model":"Acurite","id":12,"temperature_C":3.9}"#,
                vec!["mqtt:rtl_433/box/events,rtl_433;where.model=Acurite;where.id=12"],
            ),
            ("trivet/probe/bar", "4.0", vec!["mqtt:trivet/probe/bar,plain"]),
            ("kitchen/sensor/a/state", "4.0", vec!["mqtt:kitchen/sensor/a/state,esphome"]),
            ("kitchen/sensor/a/state", "warm", vec![]),
            ("trivet/probe/a,b", "4.0", vec!["mqtt:trivet/probe/a,b,plain"]),
            ("trivet/probe/a;b", "4.0", vec![]),
            (
                "tele/bar/SENSOR",
                r#"{"a;b":{"Temperature":4},"c=d":{"Temperature":5},"TempUnit":"C"}"#,
                vec!["mqtt:tele/bar/SENSOR,tasmota;key=c=d"],
            ),
            (
                "homeassistant/sensor/x/config",
                r#"{"stat_t":"garden/+/state","dev_cla":"temperature","unit_of_meas":"°C"}"#,
                vec![],
            ),
            (
                "homeassistant/sensor/x/config",
                r#"{"stat_t":"garden/x","dev_cla":"temperature","unit_of_meas":"°C","avty_t":"a;b"}"#,
                vec![],
            ),
            (
                "homeassistant/sensor/x/config",
                r#"{"~":"garden/x","stat_t":"~/state","dev_cla":"temperature","unit_of_meas":"°F",
                    "val_tpl":"{{ value_json.air['t'] | float }}","avty_t":"~/lwt"}"#,
                vec!["mqtt:garden/x/state,json;key=air.t;unit=F;availability=garden/x/lwt"],
            ),
            (
                "homeassistant/device/x/config",
                r#"{"dev":{"name":"X"},"stat_t":"x/state","cmps":{"t":{"p":"sensor","dev_cla":"temperature",
                    "unit_of_meas":"°C","val_tpl":"{{value_json.t}}"},"h":{"p":"sensor","dev_cla":"humidity"}}}"#,
                vec!["mqtt:x/state,json;key=t;unit=C"],
            ),
            // Zigbee2MQTT tells Home Assistant, too: once is enough.
            (
                "homeassistant/sensor/0x1/temperature/config",
                r#"{"state_topic":"zigbee2mqtt/bar","device_class":"temperature","unit_of_measurement":"°C"}"#,
                vec![],
            ),
        ] {
            let found = addresses(&[(topic, payload)]);
            assert_eq!(found, expected, "{topic} {payload}");
            for address in found {
                address.parse::<crate::probe::Address>().unwrap();
            }
        }
    }

    #[test]
    fn a_number_gets_its_unit_from_what_home_assistant_is_told() {
        let number = ("kitchen/sensor/a/state", "4.0");
        let description = (
            "homeassistant/sensor/kitchen/a/config",
            r#"{"stat_t":"kitchen/sensor/a/state","dev_cla":"temperature","unit_of_meas":"°C","avty_t":"kitchen/status"}"#,
        );
        let expected = ["mqtt:kitchen/sensor/a/state,text;unit=C;availability=kitchen/status"];
        assert_eq!(addresses(&[number, description]), expected);
        assert_eq!(addresses(&[description, number]), expected);
    }

    #[test]
    fn templates() {
        for (template, expected) in [
            ("{{ value_json.temperature }}", Some("temperature")),
            ("{{ value_json['a b'] }}", None),
            ("{{ value_json.a[\"b\"] | round(1) }}", Some("a.b")),
            ("{{ value }}", Some("")),
            ("{{ value_json.t * 2 }}", None),
            ("{% if x %}{{ value }}{% endif %}", None),
        ] {
            assert_eq!(path_of(template).as_deref(), expected, "{template}");
        }
    }

    #[test]
    fn the_list_is_bounded_and_keeps_what_speaks() {
        let mut seen = Seen::default();
        seen.hear("trivet/probe/first", b"4.0", 0);
        for n in 0..2 * MOST_FOUND {
            let now = n as i64 * LOOK_EVERY_MS;
            seen.hear("trivet/probe/first", b"nan", now);
            seen.hear(&format!("trivet/probe/{n}"), b"4.0", now);
            seen.hear("trivet/probe/first", b"4.0", now + LOOK_EVERY_MS);
        }
        let found = seen.found();
        assert_eq!(found.len(), MOST_FOUND);
        let first = found.iter().find(|found| found.topic == "trivet/probe/first").unwrap();
        assert_eq!((first.first_ms, first.now), (0, Now::Temperature(Some(Ok(4_000)))));
        assert!(!found.iter().any(|found| found.topic == "trivet/probe/0"));
    }

    #[test]
    fn a_value_that_is_none_is_shown_as_that() {
        let mut seen = Seen::default();
        seen.hear("zigbee2mqtt/bar", br#"{"temperature":null}"#, 5);
        assert_eq!(seen.found()[0].now, Now::Temperature(Some(Err(NoData::NotANumber))));
    }

    proptest::proptest! {
        #[test]
        fn no_message_panics(payload: Vec<u8>, description in "\\{\"(stat_t|val_tpl|~|avty|cmps)\":[\"{}a-z~\\[\\]:]*\\}") {
            let mut seen = Seen::default();
            seen.hear("zigbee2mqtt/bar", &payload, 0);
            seen.hear("homeassistant/sensor/x/config", description.as_bytes(), 0);
        }
    }
}
