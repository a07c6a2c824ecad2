//! The facts of temperature. Body fields are numbered: only added, always optional, never renumbered.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use trivet_log::Id;

use super::limit::{Limit, Scale};
use crate::{Event as AnyEvent, MilliCelsius};

crate::events! {
    0x0610 => MinuteRead,
    0x0611 => BreachOpened,
    0x0612 => BreachClosed,
    0x0613 => ProbeLost,
    0x0614 => ProbeReturned,
    0x0615 => ReadingRecorded,
    0x0616 => PartChanged,
    0x0617 => ReadingCorrected,
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
    /// The probes; left out while they, their calibrations and the plan are those of the hour's fact before.
    #[n(2)]
    pub roster: Option<Vec<Id>>,
    /// The calibration in force of each probe of the roster; left out where none has any.
    #[n(3)]
    pub calibrations: Option<Vec<Option<Id>>>,
    /// The version of the HACCP plan in force; written with the roster.
    #[n(4)]
    pub plan: Option<u32>,
    /// Samples of this minute that came after its own fact. They stand beside it and change nothing of it; a late fact
    /// always has its roster, which holds for it alone.
    #[n(5)]
    pub late: Option<bool>,
    /// Samples that were bad or in doubt, as the box saw them: of each probe and reason the first of the minute.
    #[n(6)]
    pub kept: Option<Vec<Kept>>,
    /// Up to where the samples of lines that number theirs are in the record with this fact.
    #[n(7)]
    pub marks: Option<Vec<Mark>>,
}

/// The last sample of a line that is safe: the device may forget it and those before.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Mark {
    #[n(0)]
    pub line: String,
    /// The device's start, and the number since.
    #[n(1)]
    pub boot: u32,
    #[n(2)]
    pub seq: u32,
}

/// The bytes of a sample.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Kept {
    /// The probe's place in the roster.
    #[n(0)]
    pub place: u8,
    /// Milliseconds into the minute.
    #[n(1)]
    pub at: u16,
    #[n(2)]
    pub no_data: Option<NoData>,
    #[n(3)]
    pub doubt: Option<Doubt>,
    /// At most [`MAX_RAW`].
    #[n(4)]
    #[cbor(with = "minicbor::bytes")]
    pub raw: Vec<u8>,
}

/// Of a sample's bytes so many are kept.
pub const MAX_RAW: usize = 64;
/// Of a minute so many samples are kept; the others are counted in their reading.
pub const MAX_KEPT: usize = 256;

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
    /// The worst doubt of the minute. Without any good sample `last` is the latest doubtful one.
    #[n(7)]
    pub doubt: Option<Doubt>,
    /// How many samples were in doubt.
    #[n(8)]
    pub doubted: Option<u16>,
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

    /// Nothing came, and nothing was overdue: a probe that reports less than once a minute leaves such minutes between
    /// two samples. Of one that is silent for longer than it should each minute says so, as a bad sample.
    pub fn is_between(&self) -> bool {
        self.last.is_none() && self.no_data == Some(NoData::Timeout) && self.bad.is_none()
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

/// Why a temperature is not believed as it stands. The worse stands later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// The probe's calibration is overdue. The value is judged all the same.
    #[n(0)]
    CalibrationOverdue,
    /// It came after a later one.
    #[n(1)]
    OutOfOrder,
    /// The probe has just started.
    #[n(2)]
    WarmUp,
    /// The very same raw value for hours, from a probe whose history varies.
    #[n(3)]
    Frozen,
    /// No food and no air changes so quickly.
    #[n(4)]
    RateImplausible,
    /// What the device made of its raw value is not what the box makes of it.
    #[n(5)]
    Mismatch,
}

impl Doubt {
    pub const ALL: [Doubt; 6] = [
        Doubt::CalibrationOverdue,
        Doubt::OutOfOrder,
        Doubt::WarmUp,
        Doubt::Frozen,
        Doubt::RateImplausible,
        Doubt::Mismatch,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Doubt::CalibrationOverdue => "calibration_overdue",
            Doubt::OutOfOrder => "out_of_order",
            Doubt::WarmUp => "warm_up",
            Doubt::Frozen => "frozen",
            Doubt::RateImplausible => "rate_implausible",
            Doubt::Mismatch => "mismatch",
        }
    }

    /// Whether the value is compared with limits nevertheless. One that is not is a fault of the probe.
    pub fn is_judged(self) -> bool {
        matches!(self, Doubt::CalibrationOverdue | Doubt::OutOfOrder)
    }
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
    /// The limit in the unit of its rule.
    #[n(5)]
    pub rule: Option<Limit>,
    /// The version of the HACCP plan in force.
    #[n(6)]
    pub plan: Option<u32>,
    /// The sample's bytes.
    #[n(7)]
    #[cbor(with = "minicbor::bytes")]
    pub raw: Option<Vec<u8>>,
    /// It was found so much later, in samples that a device had kept.
    #[n(8)]
    pub late_ms: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct BreachClosed {
    /// The value furthest beyond the limit.
    #[n(0)]
    pub peak: MilliCelsius,
    /// The last sample beyond the limit.
    #[n(1)]
    pub at_ms: i64,
    #[n(2)]
    pub peak_at_ms: Option<i64>,
    /// How long good samples showed it beyond the limit; without data nothing is counted.
    #[n(3)]
    pub beyond_ms: Option<i64>,
    /// The bytes of the peak's sample, and of the one that ended it.
    #[n(4)]
    #[cbor(with = "minicbor::bytes")]
    pub peak_raw: Option<Vec<u8>>,
    #[n(5)]
    #[cbor(with = "minicbor::bytes")]
    pub end_raw: Option<Vec<u8>>,
    /// What went on meanwhile and may be why.
    #[n(6)]
    pub cause: Option<Cause>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    #[n(0)]
    Defrost,
    #[n(1)]
    Door,
}

impl Cause {
    pub fn name(self) -> &'static str {
        match self {
            Cause::Defrost => "defrost",
            Cause::Door => "door",
        }
    }
}

/// What a unit has beside its probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    #[n(0)]
    Door,
    #[n(1)]
    Defrost,
    #[n(2)]
    Compressor,
}

impl Part {
    pub const ALL: [Part; 3] = [Part::Door, Part::Defrost, Part::Compressor];

    pub fn name(self) -> &'static str {
        match self {
            Part::Door => "door",
            Part::Defrost => "defrost",
            Part::Compressor => "compressor",
        }
    }
}

/// A door opened or closed, a defrost or a compressor started or stopped. The subject is the probe's day.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PartChanged {
    #[n(0)]
    pub probe: Id,
    #[n(1)]
    pub part: Part,
    /// Open, or running. Missing: nobody knows any more; then `no_data` says why.
    #[n(2)]
    pub on: Option<bool>,
    #[n(3)]
    pub no_data: Option<NoData>,
    #[n(4)]
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
    /// In which it was given; the value is that, rounded. None: a release before this one did not say.
    #[n(6)]
    pub scale: Option<Scale>,
}

/// A reading that a person gave was mistyped. What was written stays, and this stands beside it: by whom and when is the
/// header's. It is judged by the limits that the first was judged by.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ReadingCorrected {
    /// What was measured; None: nothing was, or not there.
    #[n(0)]
    pub value: Option<MilliCelsius>,
    #[n(1)]
    pub scale: Option<Scale>,
    #[n(2)]
    pub why: String,
}
