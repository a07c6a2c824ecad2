//! The facts of temperature. Body fields are numbered: only added, always optional, never renumbered.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use trivet_log::Id;

use crate::{Event as AnyEvent, MilliCelsius};

crate::events! {
    0x0610 => MinuteRead,
    0x0611 => BreachOpened,
    0x0612 => BreachClosed,
    0x0613 => ProbeLost,
    0x0614 => ProbeReturned,
    0x0615 => ReadingRecorded,
}

impl From<Event> for AnyEvent {
    fn from(event: Event) -> AnyEvent {
        AnyEvent::Haccp(event)
    }
}

/// One minute of all probes of a box.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct MinuteRead {
    /// Minutes since 1970, by the box's clock; its quality stands in the header.
    #[n(0)]
    pub minute: i64,
    /// One a probe, in the order of the roster.
    #[n(1)]
    pub readings: Vec<Reading>,
    /// The probes; left out while they are those of the hour's fact before.
    #[n(2)]
    pub roster: Option<Vec<Id>>,
}

/// A probe's minute. The other figures are kept as distances from the last value, because those are small.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Reading {
    /// None when there was no good sample; then `no_data` says why.
    #[n(0)]
    pub last: Option<MilliCelsius>,
    #[n(1)]
    pub samples: Option<u16>,
    /// last − lowest.
    #[n(2)]
    pub below: Option<u32>,
    /// highest − last.
    #[n(3)]
    pub above: Option<u32>,
    /// mean − last.
    #[n(4)]
    pub mean: Option<i32>,
    /// Why some or all samples of the minute were no data: the latest reason.
    #[n(5)]
    pub no_data: Option<NoData>,
    /// How many samples were no data.
    #[n(6)]
    pub bad: Option<u16>,
}

impl Reading {
    pub fn lowest(&self) -> Option<MilliCelsius> {
        Some(MilliCelsius(self.last?.0.saturating_sub_unsigned(self.below.unwrap_or(0))))
    }
    pub fn highest(&self) -> Option<MilliCelsius> {
        Some(MilliCelsius(self.last?.0.saturating_add_unsigned(self.above.unwrap_or(0))))
    }
    pub fn mean(&self) -> Option<MilliCelsius> {
        Some(MilliCelsius(self.last?.0.saturating_add(self.mean.unwrap_or(0))))
    }
}

/// Why there is no temperature. Missing data is a value with a reason, never a number and never "OK".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum NoData {
    /// The device did not answer.
    #[n(0)]
    Timeout,
    /// An answer that does not read: noise, a wrong checksum, a cut frame, no JSON.
    #[n(1)]
    Malformed,
    /// The value by which the device says that its sensor is open or shorted.
    #[n(2)]
    Sentinel,
    /// Outside of what a kitchen probe can mean.
    #[n(3)]
    Implausible,
    /// `nan`, `null`, `unavailable` or nothing.
    #[n(4)]
    NotANumber,
    /// A retained message: it may be of last week.
    #[n(5)]
    StaleRetained,
    /// The message's own time is too old.
    #[n(6)]
    StaleDevice,
    /// The device said that it goes, or its link is down.
    #[n(7)]
    Offline,
    /// The device answered with an exception.
    #[n(8)]
    DeviceFault,
    /// The message does not hold the expected key.
    #[n(9)]
    Missing,
    /// The box itself was off or starting.
    #[n(10)]
    BoxOff,
    /// A wrong checksum.
    #[n(11)]
    Crc,
    /// A sensor that lost its power and has not measured since: a DS18B20's 85 °C.
    #[n(12)]
    PowerOnReset,
    /// A sensor that has too little power to measure.
    #[n(13)]
    InsufficientPower,
    /// The sensor is not on its bus.
    #[n(14)]
    Disconnected,
    /// Nothing but zeros: a line that hangs low.
    #[n(15)]
    AllZero,
    /// A number that nothing says the unit of.
    #[n(16)]
    UnitMissing,
    /// An answer that came after its time.
    #[n(17)]
    LateReply,
    /// Only the question itself came back.
    #[n(18)]
    BusEcho,
    /// The device's own time lies ahead.
    #[n(19)]
    FutureTime,
    /// Outside of what this model of sensor can measure.
    #[n(20)]
    OutOfRange,
}

impl NoData {
    pub fn name(self) -> &'static str {
        match self {
            NoData::Timeout => "timeout",
            NoData::Malformed => "malformed",
            NoData::Sentinel => "sentinel",
            NoData::Implausible => "implausible",
            NoData::NotANumber => "not_a_number",
            NoData::StaleRetained => "stale_retained",
            NoData::StaleDevice => "stale_device",
            NoData::Offline => "offline",
            NoData::DeviceFault => "device_fault",
            NoData::Missing => "missing",
            NoData::BoxOff => "box_off",
            NoData::Crc => "crc",
            NoData::PowerOnReset => "power_on_reset",
            NoData::InsufficientPower => "insufficient_power",
            NoData::Disconnected => "disconnected",
            NoData::AllZero => "all_zero",
            NoData::UnitMissing => "unit_missing",
            NoData::LateReply => "late_reply",
            NoData::BusEcho => "bus_echo",
            NoData::FutureTime => "future_time",
            NoData::OutOfRange => "out_of_range",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum BreachKind {
    #[n(0)]
    High,
    #[n(1)]
    Low,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct BreachOpened {
    #[n(0)]
    pub probe: Id,
    #[n(1)]
    pub kind: BreachKind,
    #[n(2)]
    pub value: MilliCelsius,
    /// The limit that was in force.
    #[n(3)]
    pub limit: MilliCelsius,
    /// When the sample was taken, milliseconds since 1970.
    #[n(4)]
    pub at_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct BreachClosed {
    /// The value furthest beyond the limit.
    #[n(0)]
    pub peak: MilliCelsius,
    #[n(1)]
    pub at_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ProbeLost {
    #[n(0)]
    pub probe: Id,
    #[n(1)]
    pub reason: NoData,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ProbeReturned {}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ReadingRecorded {
    #[n(0)]
    pub probe: Id,
    #[n(1)]
    pub value: MilliCelsius,
    /// When it was measured, as its giver says. When it was entered is the header's clock.
    #[n(2)]
    pub measured_at_ms: i64,
    #[n(3)]
    pub source: String,
    /// The limits that it was judged by.
    #[n(4)]
    pub min: Option<MilliCelsius>,
    #[n(5)]
    pub max: Option<MilliCelsius>,
}
