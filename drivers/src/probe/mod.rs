//! Probes: pure decoders that give a temperature or a reason, and the lines that ask wired ones.

pub mod bus;
pub mod judge;
pub mod modbus;
pub mod mqtt;
pub mod own;
pub mod w1;

use std::path::PathBuf;
use std::str::FromStr;

/// Why there is no temperature. It is never compared with a limit, and it clears no alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoData {
    /// The device did not answer.
    Timeout,
    /// Noise, a cut frame, no JSON.
    Malformed,
    /// The value by which a device says that its sensor is open or shorted.
    Sentinel,
    /// Outside of what any probe in a kitchen can mean.
    Implausible,
    /// `nan`, `null`, `unavailable` or nothing.
    NotANumber,
    /// A retained message without a young time of its own.
    StaleRetained,
    /// The message's own time is too old.
    StaleDevice,
    /// The device took its leave, or its line is away.
    Offline,
    /// The device answered with an exception, or its status says that it is out of order.
    DeviceFault,
    /// The expected key is not in the message.
    Missing,
    /// A wrong checksum.
    Crc,
    /// A DS18B20 that lost its power: 85 °C, and never measured.
    PowerOnReset,
    /// A DS18B20 that has too little power to measure.
    InsufficientPower,
    /// The sensor is not on its bus.
    Disconnected,
    /// Nothing but zeros: a line that hangs low.
    AllZero,
    /// A number that nothing says the unit of.
    UnitMissing,
    /// An answer that came after its time.
    LateReply,
    /// Only the question itself came back.
    BusEcho,
    /// The device's own time lies ahead.
    FutureTime,
    /// Outside of what this model of sensor can measure.
    OutOfRange,
}

/// A value that is compared with limits and yet not to be believed without a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Doubt {
    /// The same raw value for hours, on a probe whose values vary.
    Frozen,
    /// It changes faster than what it measures can.
    RateImplausible,
    /// The device has just started.
    WarmUp,
    /// It was taken before one that came already.
    OutOfOrder,
    /// It waited somewhere: taken well before it came.
    Late,
}

/// Thousandths of a degree Celsius, or why not.
pub type Value = Result<i32, NoData>;

/// The bytes as a device sent them, at most [`Raw::MOST`]; of longer ones the beginning.
#[derive(Clone, Copy)]
pub struct Raw {
    length: u8,
    bytes: [u8; Raw::MOST],
}

impl Raw {
    pub const MOST: usize = 64;
    pub const NONE: Raw = Raw { length: 0, bytes: [0; Raw::MOST] };

    pub fn of(seen: &[u8]) -> Raw {
        let mut raw = Raw::NONE;
        for (to, from) in raw.bytes.iter_mut().zip(seen) {
            *to = *from;
            raw.length += 1;
        }
        raw
    }

    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }

    pub fn is_empty(&self) -> bool {
        self.length == 0
    }
}

impl Default for Raw {
    fn default() -> Raw {
        Raw::NONE
    }
}

impl PartialEq for Raw {
    fn eq(&self, other: &Raw) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for Raw {}

impl std::fmt::Debug for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Raw({})", self.as_slice().escape_ascii())
    }
}

/// The number of a sample, from a device that numbers them: it counts anew at each start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source {
    pub boot: u32,
    pub seq: u32,
}

/// What a probe gave, under the name of its input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    pub input: String,
    pub value: Value,
    pub doubt: Option<Doubt>,
    pub raw: Raw,
    /// The device's own time, milliseconds since 1970, where it has one and it is believed.
    pub taken_ms: Option<i64>,
    pub source: Option<Source>,
    pub battery_percent: Option<u8>,
}

impl Sample {
    pub fn new(input: impl Into<String>, value: Value) -> Sample {
        Sample {
            input: input.into(),
            value,
            doubt: None,
            raw: Raw::NONE,
            taken_ms: None,
            source: None,
            battery_percent: None,
        }
    }
}

/// How an input other than a temperature is: a door's switch, a defrost contact, a compressor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InputState {
    Closed,
    Open,
    On,
    Off,
    Unknown(NoData),
}

/// What a line tells: what its devices gave, and how the line itself is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    Sample(Sample),
    Input { input: String, state: InputState },
    Line(Result<(), String>),
}

/// What any probe in a kitchen can mean.
const PLAUSIBLE: std::ops::RangeInclusive<i32> = -90_000..=400_000;

fn plausible(milli: i64) -> Value {
    i32::try_from(milli).ok().filter(|milli| PLAUSIBLE.contains(milli)).ok_or(NoData::Implausible)
}

/// Where a probe is: `modbus:PATH@BAUD[/8E1],UNIT[,PROFILE[#CHANNEL]]`, `w1:ID[@ROOT]` or
/// `mqtt:TOPIC,CONVENTION[;…]` (see [`mqtt::Place`]).
#[derive(Clone, Debug, PartialEq)]
pub enum Address {
    Modbus {
        path: String,
        baud: u32,
        parity: Parity,
        unit: u8,
        profile: String,
        channel: Option<String>,
    },
    OneWire {
        root: PathBuf,
        id: String,
    },
    /// A sensor of our own firmware on a serial line.
    Own {
        path: String,
        baud: u32,
        rom: trivet_wire::Rom,
    },
    Mqtt(Box<mqtt::Place>),
}

/// What follows the eight data bits: `8N1`, `8E1` or `8O1`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Parity {
    #[default]
    None,
    Even,
    Odd,
}

impl FromStr for Address {
    type Err = String;
    fn from_str(text: &str) -> Result<Address, String> {
        let wrong = |why: &str| {
            let forms = "modbus:PATH@BAUD,UNIT[,PROFILE[#CHANNEL]], w1:ID[@ROOT] or mqtt:TOPIC,CONVENTION";
            let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
            format!("`{text}` is no probe address: {forms}{why}")
        };
        let (kind, rest) = text.split_once(':').ok_or_else(|| wrong(""))?;
        match kind {
            "modbus" => {
                let (path, rest) = rest.rsplit_once('@').ok_or_else(|| wrong(""))?;
                let mut parts = rest.split(',');
                let speed = parts.next().unwrap_or_default();
                let (baud, parity) = speed.split_once('/').unwrap_or((speed, "8N1"));
                let baud = baud.parse().ok().filter(|baud| *baud > 0).ok_or_else(|| wrong("the speed"))?;
                let parity = match parity {
                    "8N1" => Parity::None,
                    "8E1" => Parity::Even,
                    "8O1" => Parity::Odd,
                    _ => return Err(wrong("8N1, 8E1 or 8O1")),
                };
                let unit = parts.next().and_then(|text| text.parse().ok()).filter(|unit| (1..=247).contains(unit));
                let unit = unit.ok_or_else(|| wrong("a unit is 1 to 247"))?;
                let profile = parts.next().unwrap_or("generic");
                if parts.next().is_some() || path.is_empty() {
                    return Err(wrong(""));
                }
                let (profile, channel) = match profile.split_once('#') {
                    Some((profile, channel)) => (profile, Some(channel.to_owned())),
                    None => (profile, None),
                };
                Ok(Address::Modbus { path: path.to_owned(), baud, parity, unit, profile: profile.to_owned(), channel })
            }
            "w1" => {
                let (id, root) = rest.split_once('@').unwrap_or((rest, w1::ROOT));
                w1::family(id).ok_or_else(|| wrong("a sensor is named as in 28-0316a2793b21"))?;
                Ok(Address::OneWire { root: PathBuf::from(root), id: id.to_owned() })
            }
            "serial" => {
                let (line, sensor) = rest.rsplit_once(',').ok_or_else(|| wrong(""))?;
                let (path, baud) = own::address(&format!("serial:{line}"))?;
                let rom = own::rom(sensor).ok_or_else(|| wrong("a sensor is called 28-0316a2793b21"))?;
                Ok(Address::Own { path, baud, rom })
            }
            "mqtt" => Ok(Address::Mqtt(Box::new(rest.parse().map_err(|why: String| wrong(&why))?))),
            _ => Err(wrong("")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let modbus = |parity, profile: &str, channel: Option<&str>| Address::Modbus {
            path: "/dev/ttyS0".to_owned(),
            baud: 9_600,
            parity,
            unit: 5,
            profile: profile.to_owned(),
            channel: channel.map(str::to_owned),
        };
        for (text, expected) in [
            ("modbus:/dev/ttyS0@9600,5", Some(modbus(Parity::None, "generic", None))),
            ("modbus:/dev/ttyS0@9600/8E1,5,r4dcb08#3", Some(modbus(Parity::Even, "r4dcb08", Some("3")))),
            ("modbus:/dev/ttyS0@9600,0", None),
            ("modbus:/dev/ttyS0@9600,5,generic,6", None),
            ("modbus:/dev/ttyS0@0,5", None),
            ("w1:28-0316a2793b21", Some(Address::OneWire { root: w1::ROOT.into(), id: "28-0316a2793b21".into() })),
            (
                "w1:28-0316a2793b21@/tmp/w1",
                Some(Address::OneWire { root: "/tmp/w1".into(), id: "28-0316a2793b21".into() }),
            ),
            ("w1:../../etc", None),
            ("mqtt:a/b,plain", "a/b,plain".parse().ok().map(|place| Address::Mqtt(Box::new(place)))),
            ("mqtt:a/b", None),
            ("serial:/dev/ttyS0", None),
            (
                "serial:/dev/ttyACM0@9600,28-0316a2793b21",
                own::rom("28-0316a2793b21").map(|rom| Address::Own { path: "/dev/ttyACM0".into(), baud: 9_600, rom }),
            ),
        ] {
            assert_eq!(text.parse::<Address>().ok(), expected, "{text}");
        }
    }

    #[test]
    fn of_a_long_message_the_beginning_is_kept() {
        assert_eq!(Raw::of(&[7; 100]).as_slice(), [7; Raw::MOST]);
        assert_eq!(Raw::of(b"4.0").as_slice(), b"4.0");
        assert!(Raw::NONE.is_empty());
    }
}
