//! Probes: pure decoders that give a temperature or a reason, and the bus that asks wired ones.

pub mod bus;
pub mod modbus;
pub mod mqtt;

use std::str::FromStr;

/// Why there is no temperature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoData {
    Timeout,
    Malformed,
    Sentinel,
    Implausible,
    NotANumber,
    StaleRetained,
    StaleDevice,
    Offline,
    DeviceFault,
    Missing,
}

/// Thousandths of a degree Celsius, or why not.
pub type Value = Result<i32, NoData>;

/// What a probe gave, under the name of its input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    pub input: String,
    pub value: Value,
}

/// What any probe in a kitchen can mean.
const PLAUSIBLE: std::ops::RangeInclusive<i32> = -90_000..=400_000;

fn plausible(milli: i64) -> Value {
    i32::try_from(milli).ok().filter(|milli| PLAUSIBLE.contains(milli)).ok_or(NoData::Implausible)
}

/// Where a probe is: `modbus:PATH@BAUD,UNIT[,PROFILE]` or `mqtt:TOPIC,CONVENTION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    Modbus { path: String, baud: u32, unit: u8, profile: String },
    Mqtt { topic: String, convention: mqtt::Convention },
}

impl FromStr for Address {
    type Err = String;
    fn from_str(text: &str) -> Result<Address, String> {
        let wrong =
            || format!("`{text}` is no probe address: modbus:PATH@BAUD,UNIT[,PROFILE] or mqtt:TOPIC,CONVENTION");
        let (kind, rest) = text.split_once(':').ok_or_else(wrong)?;
        match kind {
            "modbus" => {
                let (path, rest) = rest.rsplit_once('@').ok_or_else(wrong)?;
                let mut parts = rest.split(',');
                let mut next = || parts.next();
                let baud = next().and_then(|text| text.parse().ok()).ok_or_else(wrong)?;
                let unit = next().and_then(|text| text.parse().ok()).ok_or_else(wrong)?;
                let profile = next().unwrap_or("generic").to_owned();
                Ok(Address::Modbus { path: path.to_owned(), baud, unit, profile })
            }
            "mqtt" => {
                let (topic, convention) = rest.rsplit_once(',').ok_or_else(wrong)?;
                Ok(Address::Mqtt { topic: topic.to_owned(), convention: convention.parse()? })
            }
            _ => Err(wrong()),
        }
    }
}
