//! The facts of food safety. Body fields are numbered: only added, always optional, never renumbered.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use trivet_log::Id;

use super::plan::{CheckKind, Stage};
use super::severity;
use crate::haccp::{Limit, Severity};
use crate::{Event as AnyEvent, MilliCelsius};

crate::events! {
    0x0910 => PlanApproved,
    0x0911 => CheckDone,
    0x0912 => CheckMissed,
    0x0913 => CoolingStarted,
    0x0914 => CoolingMeasured,
    0x0915 => CoolingWarned,
    0x0916 => CoolingEnded,
    0x0917 => CoolingSettled,
    0x0918 => TimerStarted,
    0x0919 => TimerWarned,
    0x091a => TimerMeasured,
    0x091b => TimerExpired,
    0x091c => TimerEnded,
    0x091d => Calibrated,
    0x091e => RecordOpened,
    0x091f => CorrectiveActionTaken,
    0x0920 => RecordClosed,
    0x0921 => RecordVerified,
    0x0922 => Reviewed,
    0x0923 => CheckCorrected,
    0x0924 => RecordAssigned,
}

impl From<Event> for AnyEvent {
    fn from(event: Event) -> AnyEvent {
        AnyEvent::Safety(event)
    }
}

/// A person approved the plan as it stood. Who and when is the header's.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PlanApproved {
    #[n(0)]
    pub version: u32,
    /// The plan, as JSON.
    #[n(1)]
    pub content: String,
    /// From when on it is in force.
    #[n(2)]
    pub from_ms: i64,
    #[n(3)]
    pub note: Option<String>,
}

/// A planned check was answered. When it was entered is the header's clock; there is no other time to give.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CheckDone {
    /// The check's id in the plan.
    #[n(0)]
    pub check: String,
    #[n(1)]
    pub name: String,
    #[n(2)]
    pub kind: CheckKind,
    #[n(3)]
    pub passed: bool,
    #[n(4)]
    pub values: Vec<CheckValue>,
    #[n(5)]
    pub answers: Vec<CheckAnswer>,
    /// Of a check with a time of day.
    #[n(6)]
    pub due_ms: Option<i64>,
    #[n(7)]
    pub grace_minutes: Option<u16>,
    #[n(8)]
    pub plan_version: Option<u32>,
    #[n(9)]
    pub product: Option<String>,
    #[n(10)]
    pub supplier: Option<String>,
    #[n(11)]
    pub lot: Option<String>,
    /// Of a delivery.
    #[n(12)]
    pub accepted: Option<bool>,
    #[n(13)]
    pub note: Option<String>,
}

/// The answer to a check was mistyped. What was answered first stays, with its time, and this stands beside it.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CheckCorrected {
    /// The whole answer as it should have been.
    #[n(0)]
    pub done: CheckDone,
    #[n(1)]
    pub why: String,
    /// The command of the answer that it corrects: boxes apart may both have answered, and one answer counts.
    #[n(2)]
    pub answer: Id,
}

/// A temperature of a check with the limit that it was judged by.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CheckValue {
    /// The limit's id in the plan.
    #[n(0)]
    pub rule: String,
    #[n(1)]
    pub value: MilliCelsius,
    #[n(2)]
    pub limit: Limit,
    #[n(3)]
    pub within: bool,
    #[n(4)]
    pub held_seconds: Option<u32>,
    #[n(5)]
    pub needed_seconds: Option<u32>,
    #[n(6)]
    pub took_minutes: Option<u32>,
    #[n(7)]
    pub allowed_minutes: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CheckAnswer {
    #[n(0)]
    pub ask: String,
    #[n(1)]
    pub yes: Option<bool>,
    #[n(2)]
    pub text: Option<String>,
}

/// Nobody answered a check within its grace.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CheckMissed {
    #[n(0)]
    pub check: String,
    #[n(1)]
    pub name: String,
    #[n(2)]
    pub kind: CheckKind,
    #[n(3)]
    pub due_ms: i64,
    #[n(4)]
    pub plan_version: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CoolingStarted {
    #[n(0)]
    pub product: String,
    /// The rule's id in the plan; what it says stands in the following fields.
    #[n(1)]
    pub rule: String,
    #[n(2)]
    pub stages: Vec<Stage>,
    #[n(3)]
    pub max_gap_minutes: u16,
    /// When the food left the heat, or was made.
    #[n(4)]
    pub began_ms: i64,
    /// Where the clock starts; None: at `began_ms`.
    #[n(5)]
    pub from: Option<Limit>,
    /// None: measured by hand.
    #[n(6)]
    pub probe: Option<Id>,
    #[n(7)]
    pub plan_version: Option<u32>,
    #[n(8)]
    pub lot: Option<String>,
    #[n(9)]
    pub quantity: Option<String>,
    /// The run before the food was heated again.
    #[n(10)]
    pub restarts: Option<Id>,
}

/// Measured by hand, at the header's time.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CoolingMeasured {
    #[n(0)]
    pub value: MilliCelsius,
    #[n(1)]
    pub at_ms: i64,
}

/// The forecast misses a stage.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CoolingWarned {
    /// From 0.
    #[n(0)]
    pub stage: u8,
    /// How much of the stage's time was gone: 50 or 75.
    #[n(1)]
    pub percent: u8,
    /// When the limit would be reached; None: never.
    #[n(2)]
    pub forecast_ms: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CoolingEnded {
    #[n(0)]
    pub verdict: CoolingVerdict,
    #[n(1)]
    pub at_ms: i64,
    /// The stage that was missed, or cannot be judged.
    #[n(2)]
    pub stage: Option<u8>,
    #[n(3)]
    pub doubt: Option<Doubt>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum CoolingVerdict {
    #[n(0)]
    Passed,
    #[n(1)]
    Failed,
    /// Neither can be said: never taken for a pass.
    #[n(2)]
    Indeterminate,
}

/// Why a run's samples prove nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// Longer without a sample than allowed.
    #[n(0)]
    Gap,
    /// Faster than food changes: the probe was pulled.
    #[n(1)]
    Jump,
    /// More than a fifth of the samples were no data.
    #[n(2)]
    BadSamples,
    /// The clock was set back.
    #[n(3)]
    ClockStep,
    #[n(4)]
    NoSamples,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CoolingSettled {
    #[n(0)]
    pub outcome: CoolingOutcome,
    #[n(1)]
    pub product_temperature: Option<MilliCelsius>,
    #[n(2)]
    pub quantity: Option<String>,
    #[n(3)]
    pub note: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum CoolingOutcome {
    #[n(0)]
    Kept,
    /// Heated through; a new run begins.
    #[n(1)]
    Reheated,
    #[n(2)]
    Discarded,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct TimerStarted {
    #[n(0)]
    pub product: String,
    /// The rule's id in the plan.
    #[n(1)]
    pub rule: String,
    #[n(2)]
    pub minutes: u16,
    /// Of the food when it left temperature control.
    #[n(3)]
    pub value: MilliCelsius,
    #[n(4)]
    pub started_ms: i64,
    /// The same by the box's running time since its start, which no clock setting moves: which start, and how long.
    #[n(5)]
    pub boot: Option<Id>,
    #[n(6)]
    pub up_ms: Option<i64>,
    #[n(7)]
    pub never_beyond: Option<Limit>,
    #[n(8)]
    pub probe: Option<Id>,
    #[n(9)]
    pub plan_version: Option<u32>,
    #[n(10)]
    pub lot: Option<String>,
    #[n(11)]
    pub quantity: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct TimerWarned {}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct TimerMeasured {
    #[n(0)]
    pub value: MilliCelsius,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct TimerExpired {
    #[n(0)]
    pub why: Expiry,
    #[n(1)]
    pub value: Option<MilliCelsius>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Expiry {
    #[n(0)]
    TimeUp,
    #[n(1)]
    TooWarm,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct TimerEnded {
    #[n(0)]
    pub how: TimerEnd,
    #[n(1)]
    pub quantity: Option<String>,
    #[n(2)]
    pub note: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum TimerEnd {
    #[n(0)]
    Served,
    #[n(1)]
    Discarded,
}

/// A probe was compared with a reference.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Calibrated {
    #[n(0)]
    pub probe: Id,
    #[n(1)]
    pub method: Method,
    #[n(2)]
    pub points: Vec<Point>,
    /// What it was compared with: the ice bath, or the reference thermometer's number.
    #[n(3)]
    pub reference: String,
    /// Thousandths of a degree that the reading may be off as found.
    #[n(4)]
    pub tolerance_milli: u16,
    #[n(5)]
    pub due_ms: i64,
    #[n(6)]
    pub altitude_metres: Option<u16>,
    #[n(7)]
    pub plan_version: Option<u32>,
    #[n(8)]
    pub note: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    #[n(0)]
    Ice,
    /// Its reference falls with the altitude.
    #[n(1)]
    Boil,
    /// Beside a reference thermometer.
    #[n(2)]
    Bath,
    #[n(3)]
    IceAndBoil,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Point {
    #[n(0)]
    pub reference: MilliCelsius,
    /// As the probe gave it, without any correction.
    #[n(1)]
    pub read: MilliCelsius,
    /// Its error with the correction that was in force: as found.
    #[n(2)]
    pub found: i32,
    /// Its error after this calibration: as left.
    #[n(3)]
    pub left: i32,
}

/// Something went wrong, or may have: it is not closed without a corrective action.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct RecordOpened {
    #[n(0)]
    pub kind: RecordKind,
    #[n(1)]
    #[cbor(with = "severity")]
    pub severity: Severity,
    /// Until when it is to be closed.
    #[n(2)]
    pub due_ms: i64,
    /// In words, for the list and the report.
    #[n(3)]
    pub summary: String,
    /// The breach, check, cooling run, timer or calibration.
    #[n(4)]
    pub about: Option<Id>,
    #[n(5)]
    pub control_point: Option<String>,
    #[n(6)]
    pub plan_version: Option<u32>,
    #[n(7)]
    pub probe: Option<Id>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    #[n(0)]
    Breach,
    #[n(1)]
    CheckFailed,
    #[n(2)]
    CheckMissed,
    #[n(3)]
    Cooling,
    #[n(4)]
    Timer,
    #[n(5)]
    Calibration,
    /// Opened by a person.
    #[n(6)]
    Other,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CorrectiveActionTaken {
    /// The choice's id in the plan; `other` for what the plan does not foresee.
    #[n(0)]
    pub choice: String,
    #[n(1)]
    pub text: String,
    #[n(2)]
    pub product_temperature: Option<MilliCelsius>,
    #[n(3)]
    pub disposition: Option<Disposition>,
    #[n(4)]
    pub quantity: Option<String>,
    #[n(5)]
    pub cause: Option<String>,
    #[n(6)]
    pub note: Option<String>,
}

/// What became of the food.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    #[n(0)]
    Keep,
    #[n(1)]
    Rework,
    #[n(2)]
    Discard,
    /// There was none.
    #[n(3)]
    NoFood,
}

/// Who sees to a record.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct RecordAssigned {
    /// None: nobody any more.
    #[n(0)]
    pub to: Option<Id>,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct RecordClosed {}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct RecordVerified {
    #[n(0)]
    pub note: Option<String>,
}

/// A person reviewed the records of a period and says what their name stands for.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Reviewed {
    #[n(0)]
    pub from_ms: i64,
    #[n(1)]
    pub to_ms: i64,
    #[n(2)]
    pub meaning: String,
    #[n(3)]
    pub note: Option<String>,
}
