//! What probes publish: a message becomes a sample, a state, or nothing (a repeat). What a device writes is data
//! ([`shape`]); what is the same for all of them is here: whether a message is news, its order, its age. Pure but for
//! the small memory of what was last seen.

pub mod discover;
pub mod json;
pub mod shape;
pub mod time;

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::str::FromStr;

use serde_json::Value as Json;

use super::{Doubt, InputState, NoData, Raw, Report, Sample, Source, Value};
use shape::{Found, Shape, Unit};

/// A retained message is believed only if its own time is this young.
const RETAINED_FRESH_MS: i64 = 60_000;
/// A message whose own time is older than this waited somewhere.
const DEVICE_FRESH_MS: i64 = 120_000;
/// The oldest that a device may send after; beyond it lies somebody's mistake.
const OLDEST_MS: i64 = 7 * 86_400_000;
const MAX_AHEAD_MS: i64 = 300_000;
/// Messages of which a repeat is recognised.
const WINDOW: usize = 256;
/// So many messages in a row, each after the other and all behind the last one, are a count that began anew.
const ANEW_AFTER: u32 = 20;
/// So many messages in a row without the value, of a device that may leave it out, mean that it is gone.
const PARTIAL_AT_MOST: u32 = 20;

/// Where an input is on a broker: `TOPIC,CONVENTION[;key=…][;unit=C|F][;state=PATH][;invert][;availability=TOPIC]
/// [;where.KEY=VALUE …]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    pub topic: String,
    pub shape: Shape,
    pub key: Option<String>,
    pub unit: Option<Unit>,
    /// It is no temperature: the path of a contact or a switch; empty for a bare word.
    pub state: Option<String>,
    /// The contact is wired the other way round.
    pub invert: bool,
    pub availability: Option<String>,
    /// What a message must say to be this device's.
    pub only: Vec<(String, String)>,
}

impl FromStr for Place {
    type Err = String;
    fn from_str(text: &str) -> Result<Place, String> {
        let (text, options) = text.split_once(';').unwrap_or((text, ""));
        let (topic, name) = text.rsplit_once(',').ok_or("mqtt:TOPIC,CONVENTION")?;
        if topic.is_empty() || topic.contains(['+', '#', '\0']) {
            return Err(format!("`{topic}` is not the topic of one device"));
        }
        let shape = Shape::named(name).ok_or_else(|| {
            let known: Vec<&str> = Shape::shipped().iter().map(|shape| shape.name.as_str()).collect();
            format!("`{name}` is no convention: {}", known.join(", "))
        })?;
        let mut place = Place {
            topic: topic.to_owned(),
            shape,
            key: None,
            unit: None,
            state: None,
            invert: false,
            availability: None,
            only: Vec::new(),
        };
        for option in options.split(';').filter(|option| !option.is_empty()) {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            match name {
                "key" => place.key = Some(value.to_owned()),
                "unit" => place.unit = Some(Unit::named(value).ok_or_else(|| format!("unit `{value}`: C or F"))?),
                "state" => place.state = Some(value.to_owned()),
                "invert" => place.invert = true,
                "availability" => place.availability = Some(value.to_owned()),
                _ => match name.strip_prefix("where.") {
                    Some(key) => place.only.push((key.to_owned(), value.to_owned())),
                    None => {
                        let known = "key, unit, state, invert, availability, where.KEY";
                        return Err(format!("`{name}` is no option of a topic: {known}"));
                    }
                },
            }
        }
        let told_apart = |key: &String| place.only.iter().any(|(name, _)| name == key);
        if !place.shape.shared_by.is_empty() && !place.shape.shared_by.iter().any(told_apart) {
            let keys = place.shape.shared_by.join(" or ");
            return Err(format!("several devices share {topic}: say which by where.{keys}"));
        }
        Ok(place)
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{},{}", self.topic, self.shape.name)?;
        let text = |name: &str, value: &Option<String>| value.as_ref().map(|value| format!(";{name}={value}"));
        let options = [
            text("key", &self.key),
            self.unit.map(|unit| format!(";unit={}", unit.name())),
            text("state", &self.state),
            self.invert.then(|| ";invert".to_owned()),
            text("availability", &self.availability),
        ];
        options.into_iter().flatten().try_for_each(|option| f.write_str(&option))?;
        self.only.iter().try_for_each(|(key, value)| write!(f, ";where.{key}={value}"))
    }
}

impl Place {
    fn availability(&self) -> Vec<String> {
        if let Some(topic) = &self.availability {
            return vec![topic.clone()];
        }
        let base = self.shape.base(&self.topic);
        let topics = self.shape.availability.iter();
        topics.map(|at| at.topic.replace("{topic}", &self.topic).replace("{base}", base)).collect()
    }
}

/// What was passed over, and what never came. Shown with the input; nothing is lost without being counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub messages: u64,
    pub repeats: u64,
    pub out_of_order: u64,
    /// Numbers that were left out and have not come since.
    pub missing: u64,
    /// Too far behind to know whether it is a repeat.
    pub too_late: u64,
}

/// One input that listens to the broker.
#[derive(Clone, Debug)]
pub struct Subscription {
    pub input: String,
    pub place: Place,
    pub counts: Counts,
    availability: Vec<String>,
    seen: VecDeque<u64>,
    last: Option<(Option<u32>, i64, Option<i64>)>,
    /// The newest of those in a row that lie behind `last`, and how many they are.
    behind: Option<(Option<u32>, i64, u32)>,
    last_ms: Option<i64>,
    without_value: u32,
}

/// What a message says beside its value.
struct Stamp {
    /// Its own time, where it is an absolute one.
    ms: Option<i64>,
    /// Its own time as it is written, to recognise a repeat.
    written: Option<String>,
    seq: Option<i64>,
    boot: Option<u32>,
}

enum Order {
    News,
    Repeat,
    Straggler,
    TooLate,
}

impl Subscription {
    pub fn new(input: impl Into<String>, place: Place) -> Subscription {
        Subscription {
            input: input.into(),
            availability: place.availability(),
            place,
            counts: Counts::default(),
            seen: VecDeque::new(),
            last: None,
            behind: None,
            last_ms: None,
            without_value: 0,
        }
    }

    /// What it must be subscribed to.
    pub fn filters(&self) -> Vec<String> {
        std::iter::once(self.place.topic.clone()).chain(self.availability.iter().cloned()).collect()
    }

    /// A message of the broker. None: it is not for this input, or no news.
    pub fn hear(&mut self, topic: &str, payload: &[u8], retained: bool, now_ms: i64) -> Option<Report> {
        if self.place.topic == topic {
            self.message(payload, retained, now_ms)
        } else if self.availability.iter().any(|known| known == topic) {
            is_gone(payload).then(|| self.without(NoData::Offline))
        } else {
            None
        }
    }

    /// The broker is away, or what came does not read.
    pub fn without(&self, reason: NoData) -> Report {
        self.report(Err(reason), InputState::Unknown(reason), Raw::NONE)
    }

    fn report(&self, value: Value, state: InputState, raw: Raw) -> Report {
        match self.place.state {
            Some(_) => Report::Input { input: self.input.clone(), state },
            None => Report::Sample(Sample { raw, ..Sample::new(&self.input, value) }),
        }
    }

    fn message(&mut self, payload: &[u8], retained: bool, now_ms: i64) -> Option<Report> {
        let raw = Raw::of(payload);
        let Ok(text) = std::str::from_utf8(payload) else {
            let reason = NoData::Malformed;
            return Some(self.report(Err(reason), InputState::Unknown(reason), raw));
        };
        let json = match json::read(text) {
            Some(json) => json,
            // A bare word is no JSON, and for some devices the message.
            None if !text.contains(['{', '[', '"']) => Json::String(text.trim().to_owned()),
            None => return Some(self.report(Err(NoData::Malformed), InputState::Unknown(NoData::Malformed), raw)),
        };
        if !self.place.only.iter().all(|(key, value)| json::one(&json, key).is_some_and(|found| says(found, value))) {
            return None;
        }
        self.counts.messages += 1;
        let stamp = self.stamp(&json);
        let ahead = stamp.ms.is_some_and(|ms| ms > now_ms.saturating_add(MAX_AHEAD_MS));
        // A device whose clock is ahead has no clock: believed, its next messages would count as old.
        let taken_ms = stamp.ms.filter(|_| !ahead);
        let age = taken_ms.map(|ms| now_ms.saturating_sub(ms));
        // Before it can count as a repeat: that the broker has nothing newer is news.
        if retained && age.is_none_or(|age| age > RETAINED_FRESH_MS) {
            let reason = if ahead { NoData::FutureTime } else { NoData::StaleRetained };
            return Some(self.report(Err(reason), InputState::Unknown(reason), raw));
        }
        let doubt = match self.order(&stamp, taken_ms, payload) {
            Order::Repeat => {
                self.counts.repeats += 1;
                return None;
            }
            Order::TooLate => {
                self.counts.too_late += 1;
                return None;
            }
            Order::Straggler => {
                self.counts.out_of_order += 1;
                Some(Doubt::OutOfOrder)
            }
            Order::News => None,
        };
        if let Some(path) = self.place.state.clone() {
            let found = if path.is_empty() { Some(&json) } else { json::one(&json, &path) };
            let state = found.map(|found| state(found, &path, self.place.invert));
            let state = self.unless_partial(state)?.unwrap_or(InputState::Unknown(NoData::Missing));
            return doubt.is_none().then(|| Report::Input { input: self.input.clone(), state });
        }
        let found = match self.place.shape.value(&json, self.place.key.as_deref(), self.place.unit) {
            Found::Value(value, text) => Some((value, text)),
            Found::Nothing => None,
            Found::Several => Some((Err(NoData::Missing), String::new())),
        };
        let (value, text) = self.unless_partial(found)?.unwrap_or((Err(NoData::Missing), String::new()));
        let queues = stamp.seq.is_some();
        let (value, doubt) = match age {
            // A device that numbers its samples kept it for us; of any other it is a state that somebody repeats.
            Some(age) if age > OLDEST_MS || (age > DEVICE_FRESH_MS && !queues) => (Err(NoData::StaleDevice), None),
            Some(age) if age > DEVICE_FRESH_MS => (value, doubt.or(Some(Doubt::Late))),
            _ => (value, doubt),
        };
        let source = stamp.boot.zip(stamp.seq.and_then(|seq| u32::try_from(seq).ok()));
        Some(Report::Sample(Sample {
            input: self.input.clone(),
            value,
            doubt,
            raw: if payload.len() <= Raw::MOST || text.is_empty() { raw } else { Raw::of(text.as_bytes()) },
            taken_ms,
            source: source.map(|(boot, seq)| Source { boot, seq }),
            battery_percent: self.place.shape.battery_percent(&json),
        }))
    }

    /// None: the message lacks the value, as messages of this device may.
    fn unless_partial<T>(&mut self, found: Option<T>) -> Option<Option<T>> {
        if found.is_some() {
            self.without_value = 0;
            return Some(found);
        }
        self.without_value = self.without_value.saturating_add(1);
        (!self.place.shape.partial || self.without_value > PARTIAL_AT_MOST).then_some(None)
    }

    fn stamp(&self, json: &Json) -> Stamp {
        let shape = &self.place.shape;
        let number =
            |path: &Option<String>| path.as_ref().and_then(|path| json::one(json, path)).and_then(Json::as_i64);
        let time = shape.time.iter().find_map(|path| json::one(json, path));
        Stamp {
            ms: time.and_then(time::absolute_ms),
            written: time.map(Json::to_string),
            seq: number(&shape.seq).filter(|seq| *seq >= 0),
            boot: number(&shape.boot).and_then(|boot| u32::try_from(boot).ok()),
        }
    }

    /// A message with a number is known by it, one with a time by that and its bytes. One with neither is always news:
    /// a fridge at 4.0 °C says so each time.
    fn order(&mut self, stamp: &Stamp, taken_ms: Option<i64>, payload: &[u8]) -> Order {
        let mut hasher = DefaultHasher::new();
        match (stamp.seq, &stamp.written) {
            // Without a count of its starts, a device's numbers come again after one; its time then tells them apart.
            (Some(seq), written) if stamp.boot.is_none() => (seq, written).hash(&mut hasher),
            (Some(seq), _) => (stamp.boot, seq).hash(&mut hasher),
            (None, Some(written)) => (written, payload).hash(&mut hasher),
            (None, None) => return Order::News,
        }
        let id = hasher.finish();
        if self.seen.contains(&id) && !self.counts_anew(stamp, taken_ms) {
            return Order::Repeat;
        }
        if self.seen.len() >= WINDOW {
            self.seen.pop_front();
        }
        self.seen.push_back(id);
        let before = match stamp.seq {
            Some(seq) => self.count_gap(stamp.boot, seq, taken_ms),
            None => {
                let before = taken_ms.zip(self.last_ms).is_some_and(|(ms, last)| ms < last);
                if before { Order::Straggler } else { Order::News }
            }
        };
        if !matches!(before, Order::Straggler | Order::TooLate) {
            self.last_ms = taken_ms.or(self.last_ms);
        }
        before
    }

    /// A number that was seen, at a later time: the device was replaced, or set back, and counts once more.
    fn counts_anew(&self, stamp: &Stamp, taken_ms: Option<i64>) -> bool {
        self.last.zip(stamp.seq).is_some_and(|((last_boot, last, last_ms), seq)| {
            let is_later = taken_ms.zip(last_ms).is_some_and(|(ms, last)| ms > last);
            is_later && compare(stamp.boot, last_boot).then(seq.cmp(&last)) == Ordering::Less
        })
    }

    fn count_gap(&mut self, boot: Option<u32>, seq: i64, ms: Option<i64>) -> Order {
        let Some((last_boot, last, last_ms)) = self.last else {
            self.last = Some((boot, seq, ms));
            return Order::News;
        };
        let starts = compare(boot, last_boot);
        let is_behind = starts.then(seq.cmp(&last)) != Ordering::Greater;
        let far_behind = last - seq > WINDOW as i64;
        let counts_anew = is_behind
            && match ms.zip(last_ms) {
                Some((ms, last_ms)) => ms > last_ms,
                // From so low that it cannot be a straggler, where starts are not counted; or for so long.
                None => (far_behind && boot.zip(last_boot).is_none()) || self.goes_on_behind(boot, seq),
            };
        if !is_behind || counts_anew {
            if starts == Ordering::Equal && !is_behind {
                self.counts.missing = self.counts.missing.saturating_add(seq.abs_diff(last).saturating_sub(1));
            }
            self.last = Some((boot, seq, ms));
            self.behind = None;
            return Order::News;
        }
        if starts == Ordering::Less {
            return Order::Straggler;
        }
        if far_behind {
            return Order::TooLate;
        }
        self.counts.missing = self.counts.missing.saturating_sub(1);
        Order::Straggler
    }

    fn goes_on_behind(&mut self, boot: Option<u32>, seq: i64) -> bool {
        let before = self.behind.filter(|(before_boot, before, _)| (*before_boot, *before) < (boot, seq));
        let count = before.map_or(0, |(.., count)| count) + 1;
        self.behind = Some((boot, seq, count));
        count >= ANEW_AFTER
    }
}

/// Of two starts of a device, where both were counted.
fn compare(boot: Option<u32>, last: Option<u32>) -> Ordering {
    boot.zip(last).map_or(Ordering::Equal, |(boot, last)| boot.cmp(&last))
}

/// `Offline`, `false`, `{"state": "offline"}`.
fn is_gone(payload: &[u8]) -> bool {
    let text = String::from_utf8_lossy(payload);
    let json = json::read(&text).unwrap_or_else(|| Json::String(text.trim().to_owned()));
    match json.get("state").unwrap_or(&json) {
        Json::Bool(there) => !there,
        Json::String(text) => matches!(text.to_ascii_lowercase().as_str(), "offline" | "false" | "lost"),
        _ => false,
    }
}

fn says(found: &Json, value: &str) -> bool {
    let told = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
    told == value
}

/// A contact or a switch. `true` at a key that speaks of a contact means that it is made: the door is closed.
fn state(json: &Json, path: &str, invert: bool) -> InputState {
    let word = match json {
        Json::Bool(yes) => yes.to_string(),
        Json::Number(number) => number.to_string(),
        Json::String(text) => text.trim().to_ascii_lowercase(),
        _ => return InputState::Unknown(NoData::Malformed),
    };
    let (is_contact, tells_open) = (path.contains("contact") || path.contains("reed"), path.ends_with("_open"));
    let state = match word.as_str() {
        "open" | "opened" => InputState::Open,
        "closed" | "close" => InputState::Closed,
        "on" | "true" | "1" if is_contact => {
            if tells_open {
                InputState::Open
            } else {
                InputState::Closed
            }
        }
        "off" | "false" | "0" if is_contact => {
            if tells_open {
                InputState::Closed
            } else {
                InputState::Open
            }
        }
        "on" | "true" | "1" => InputState::On,
        "off" | "false" | "0" => InputState::Off,
        word if json::is_no_number(word) => InputState::Unknown(NoData::NotANumber),
        _ => InputState::Unknown(NoData::Malformed),
    };
    match state {
        InputState::Open if invert => InputState::Closed,
        InputState::Closed if invert => InputState::Open,
        InputState::On if invert => InputState::Off,
        InputState::Off if invert => InputState::On,
        state => state,
    }
}

#[cfg(test)]
mod tests;
