//! The probes of one process and the faults that they are asked for.

use super::modbus::{Bank, SENSOR_OPEN, temperature_register};
use super::temperature::Temperature;
use serde_json::{Map, Value, json};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How a probe is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Modbus RTU with this unit number.
    Modbus(u8),
    /// A 1-Wire sensor with this name.
    OneWire(String),
    /// A topic of its own.
    Mqtt,
}

impl Kind {
    /// `modbus`, `w1` or `mqtt`.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Modbus(_) => "modbus",
            Kind::OneWire(_) => "w1",
            Kind::Mqtt => "mqtt",
        }
    }
}

/// What is wrong with a probe.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Fault {
    #[default]
    None,
    /// No reply, no message.
    Silent,
    /// Random bytes between frames, or messages of random bytes.
    Noise,
    /// The request comes back before the reply (RS-485 without echo suppression).
    Echo,
    /// Reply or message after this time.
    Late(Duration),
    /// Reply or message cut short.
    Truncate,
    BadCrc,
    /// The value by which the device says "sensor open".
    Sentinel,
    /// `NaN` or `null`; 7FFFh over Modbus.
    Nan,
    /// Each message twice.
    Duplicate,
    /// Each second message after the one that followed it.
    OutOfOrder,
    /// The value stays as it is, with fresh times.
    Frozen(f64),
    /// This Modbus exception to every request.
    Exception(u8),
    /// The sensor is not on its bus.
    Gone,
    /// The door is open.
    Open,
}

/// One probe.
#[derive(Debug)]
pub struct Probe {
    /// Its name, unique in the fleet.
    pub name: String,
    /// How it is reached.
    pub kind: Kind,
    /// `modbus:PATH@BAUD,UNIT` or `mqtt:TOPIC,CONVENTION`.
    pub address: String,
    temperature: Temperature,
    fault: Fault,
    fault_name: String,
    /// Retained messages to send (`true`) or to clear (`false`), once.
    stale_retained: Option<bool>,
    has_stale: bool,
    requests: u64,
}

impl Probe {
    /// A healthy probe at its set point.
    pub fn new(name: String, kind: Kind, address: String, set_point_c: f64) -> Self {
        let phase = name.bytes().fold(0u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
        Self {
            temperature: Temperature::new(set_point_c, f64::from(phase % 97) / 97.0),
            name,
            kind,
            address,
            fault: Fault::None,
            fault_name: "none".to_owned(),
            stale_retained: None,
            has_stale: false,
            requests: 0,
        }
    }

    /// What it measures now, in °C.
    pub fn celsius(&self, now: Duration) -> f64 {
        match self.fault {
            Fault::Frozen(value) => value,
            _ => self.temperature.at(now),
        }
    }

    /// What is wrong with it.
    pub fn fault(&self) -> Fault {
        self.fault
    }

    /// Its Modbus registers.
    pub fn bank(&self, now: Duration) -> Bank {
        let (temperature, status) = match self.fault {
            Fault::Sentinel => (SENSOR_OPEN, 1),
            Fault::Nan => (0x7fff, 1),
            _ => (temperature_register(self.celsius(now)), 0),
        };
        let exception = match self.fault {
            Fault::Exception(code) => Some(code),
            _ => None,
        };
        Bank { temperature, status, exception, closed: self.fault != Fault::Open }
    }

    pub(super) fn take_stale_retained(&mut self) -> Option<bool> {
        self.stale_retained.take()
    }

    pub(super) fn count(&mut self) {
        self.requests += 1;
    }

    /// Does what `{"fault": …, "value": …, "jump": …}` asks; the error is a sentence for the caller.
    pub fn order(&mut self, body: &Value, now: Duration) -> Result<(), String> {
        let name = body.get("fault").and_then(Value::as_str).ok_or("\"fault\" must be a text, such as \"value\"")?;
        let value = body.get("value").unwrap_or(&Value::Null);
        let jump = body.get("jump").and_then(Value::as_bool).unwrap_or(false);
        let is_modbus = matches!(self.kind, Kind::Modbus(_));
        let is_mqtt = self.kind == Kind::Mqtt;
        let is_w1 = matches!(self.kind, Kind::OneWire(_));
        if name != "none" && *value == Value::Bool(false) && name != "value" {
            // A switch turned off is the end of that fault.
            self.fault = Fault::None;
            "none".clone_into(&mut self.fault_name);
            return Ok(());
        }
        let fault = match name {
            "value" => {
                let celsius = value.as_f64().filter(|c| (-273.0..=1000.0).contains(c));
                let celsius = celsius.ok_or("\"value\" must be °C from -273 to 1000")?;
                self.temperature.aim(Some(celsius), jump, now);
                return Ok(());
            }
            "none" => {
                self.temperature.aim(None, jump, now);
                if self.has_stale {
                    self.stale_retained = Some(false);
                    self.has_stale = false;
                }
                Fault::None
            }
            "stale_retained" if is_mqtt => {
                self.stale_retained = Some(true);
                self.has_stale = true;
                return Ok(());
            }
            "silent" => Fault::Silent,
            "noise" => Fault::Noise,
            "late" if !is_w1 => Fault::Late(Duration::from_millis(whole(value, 2000, 60_000)?)),
            "truncate" => Fault::Truncate,
            "sentinel" => Fault::Sentinel,
            "nan" => Fault::Nan,
            "frozen" => Fault::Frozen(self.celsius(now)),
            "echo" if is_modbus => Fault::Echo,
            "bad_crc" if is_modbus || is_w1 => Fault::BadCrc,
            "exception" if is_modbus => {
                Fault::Exception(u8::try_from(whole(value, 4, 255)?).map_err(|_| "\"value\" must be 0 to 255")?)
            }
            "duplicate" if is_mqtt => Fault::Duplicate,
            "out_of_order" if is_mqtt => Fault::OutOfOrder,
            "gone" if is_w1 => Fault::Gone,
            "open" if !is_w1 => Fault::Open,
            "gone" | "late" | "open" => {
                return Err(format!("\"{name}\" is not for this kind of probe"));
            }
            "echo" | "bad_crc" | "exception" => {
                return Err(format!("\"{name}\" is for Modbus probes only"));
            }
            "stale_retained" | "duplicate" | "out_of_order" => {
                return Err(format!("\"{name}\" is for MQTT probes only"));
            }
            other => return Err(format!("unknown fault \"{other}\"; known are {NAMES}")),
        };
        self.fault = fault;
        name.clone_into(&mut self.fault_name);
        Ok(())
    }

    fn state(&self, now: Duration) -> Value {
        json!({
            "kind": self.kind.name(),
            "address": self.address,
            "c": (self.celsius(now) * 100.0).round() / 100.0,
            "fault": self.fault_name,
            "answered": self.requests,
        })
    }
}

const NAMES: &str = "value, silent, noise, echo, late, truncate, bad_crc, sentinel, nan, stale_retained, duplicate, \
    out_of_order, frozen, exception, gone, open and none";

fn whole(value: &Value, default: u64, most: u64) -> Result<u64, String> {
    match value {
        Value::Null | Value::Bool(true) => Ok(default),
        _ => value
            .as_u64()
            .filter(|n| *n <= most)
            .ok_or_else(|| format!("\"value\" must be a whole number up to {most}")),
    }
}

/// All probes of the process, with their clock.
#[derive(Debug)]
pub struct Fleet {
    probes: Mutex<Vec<Probe>>,
    start: Instant,
}

impl Fleet {
    /// The fleet's clock starts now.
    pub fn new(probes: Vec<Probe>) -> Self {
        Self { probes: Mutex::new(probes), start: Instant::now() }
    }

    pub(super) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    pub(super) fn probes(&self) -> MutexGuard<'_, Vec<Probe>> {
        self.probes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `action` on the probe of this name.
    pub(super) fn with<T>(&self, name: &str, action: impl FnOnce(&mut Probe, Duration) -> T) -> Option<T> {
        let now = self.now();
        self.probes().iter_mut().find(|probe| probe.name == name).map(|probe| action(probe, now))
    }

    /// Runs `action` on the probe with this Modbus unit.
    pub(super) fn with_unit<T>(&self, unit: u8, action: impl FnOnce(&mut Probe, Duration) -> T) -> Option<T> {
        let now = self.now();
        self.probes().iter_mut().find(|probe| probe.kind == Kind::Modbus(unit)).map(|probe| action(probe, now))
    }

    /// Does what a `POST` asks. `"probe"` may be left out when there is only one.
    ///
    /// # Errors
    /// A sentence for the caller.
    pub fn order(&self, body: &Value) -> Result<Value, String> {
        let name = match body.get("probe") {
            Some(name) => name.as_str().ok_or("\"probe\" must be a name")?.to_owned(),
            None => match self.probes().as_slice() {
                [only] => only.name.clone(),
                _ => return Err("\"probe\" is missing; GET lists the names".to_owned()),
            },
        };
        self.with(&name, |probe, now| probe.order(body, now))
            .unwrap_or_else(|| Err(format!("there is no probe \"{name}\"; GET lists the names")))?;
        Ok(self.state())
    }

    /// All probes as JSON.
    pub fn state(&self) -> Value {
        let now = self.now();
        let probes: Map<String, Value> =
            self.probes().iter().map(|probe| (probe.name.clone(), probe.state(now))).collect();
        json!({"kind": "probes", "probes": probes})
    }
}
