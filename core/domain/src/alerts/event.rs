//! The facts of alerts. Body fields are numbered: only added, always optional, never renumbered.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use trivet_log::Id;

use crate::{Event as AnyEvent, MilliCelsius};

crate::events! {
    0x0810 => Raised,
    0x0811 => AlertChanged,
    0x0812 => AlertAcknowledged,
    0x0813 => AlertReturned,
    0x0814 => AlertShelved,
    0x0815 => AlertUnshelved,
    0x0816 => AlertSuppressed,
    0x0817 => AlertEscalated,
    0x0818 => AlertClosed,
}

impl From<Event> for AnyEvent {
    fn from(event: Event) -> AnyEvent {
        AnyEvent::Alerts(event)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Food may be too warm or too cold.
    #[n(0)]
    TemperatureViolation,
    /// A rule of the plan was not kept; it takes a corrective action.
    #[n(1)]
    ComplianceViolation,
    /// A probe gives no data: the state of the food is unknown.
    #[n(2)]
    SensorOffline,
    #[n(3)]
    Security,
    /// The box, or a device of it, needs somebody's hand.
    #[n(4)]
    Maintenance,
}

impl Category {
    pub const ALL: [Category; 5] = [
        Category::TemperatureViolation,
        Category::ComplianceViolation,
        Category::SensorOffline,
        Category::Security,
        Category::Maintenance,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Category::TemperatureViolation => "temperature_violation",
            Category::ComplianceViolation => "compliance_violation",
            Category::SensorOffline => "sensor_offline",
            Category::Security => "security",
            Category::Maintenance => "maintenance",
        }
    }

    pub fn named(name: &str) -> Option<Category> {
        Category::ALL.into_iter().find(|category| category.name() == name)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    #[n(0)]
    Warn,
    #[n(1)]
    High,
    #[n(2)]
    Critical,
}

impl Severity {
    pub const ALL: [Severity; 3] = [Severity::Warn, Severity::High, Severity::Critical];

    pub fn name(self) -> &'static str {
        match self {
            Severity::Warn => "warn",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }

    pub fn named(name: &str) -> Option<Severity> {
        Severity::ALL.into_iter().find(|severity| severity.name() == name)
    }
}

/// Why an alert is kept quiet by design, while its condition goes on and is recorded. Read, and written by nothing: a
/// defrost keeps the alert from being raised, and maintenance takes the equipment out of service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Suppression {
    #[n(0)]
    Defrost,
    #[n(1)]
    Door,
    #[n(2)]
    Maintenance,
}

impl Suppression {
    pub fn name(self) -> &'static str {
        match self {
            Suppression::Defrost => "defrost",
            Suppression::Door => "door",
            Suppression::Maintenance => "maintenance",
        }
    }
}

/// Something that the words of an alert name.
#[derive(Clone, Debug, PartialEq, Encode, Decode, Serialize, Deserialize)]
pub struct Parameter {
    #[n(0)]
    pub name: String,
    #[n(1)]
    pub value: ParameterValue,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterValue {
    /// A name as people gave it.
    #[n(0)]
    Text(#[n(0)] String),
    #[n(1)]
    Integer(#[n(0)] i64),
    #[n(2)]
    Temperature(#[n(0)] MilliCelsius),
    /// Milliseconds since 1970.
    #[n(3)]
    Time(#[n(0)] i64),
    /// The name of a word that each language has, such as a reason for no data.
    #[n(4)]
    Word(#[n(0)] String),
}

/// An alert was raised; once more under the same id, it recurred.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Raised {
    /// What the condition is called; see [`super::key_of`].
    #[n(0)]
    pub key: String,
    /// The fact that caused it (a breach, an outage), or an id made for it.
    #[n(1)]
    pub cause: Id,
    #[n(2)]
    pub category: Category,
    #[n(3)]
    pub severity: Severity,
    /// A probe, a piece of equipment, a person; nil for the box.
    #[n(4)]
    pub about: Id,
    /// The name of its words.
    #[n(5)]
    pub words: String,
    #[n(6)]
    pub parameters: Vec<Parameter>,
    /// When the condition began, milliseconds since 1970. When it was recorded is the header's clock.
    #[n(7)]
    pub at_ms: i64,
    /// It came to light so much later, from readings that arrived late.
    #[n(8)]
    pub late_ms: Option<i64>,
    /// Where in the house, as people call it.
    #[n(9)]
    pub place: Option<String>,
    /// It happened and is over: acknowledging it ends it.
    #[n(10)]
    pub momentary: Option<bool>,
    /// It does not close without a corrective action.
    #[n(11)]
    pub needs_action: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AlertChanged {
    #[n(0)]
    pub severity: Severity,
}

/// Who and when stand in the header.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AlertAcknowledged {
    #[n(0)]
    pub comment: Option<String>,
    /// How often it had been raised by then: a recurrence that nobody had seen is not acknowledged by this.
    #[n(1)]
    pub times: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AlertReturned {
    #[n(0)]
    pub at_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AlertShelved {
    #[n(0)]
    pub until_ms: i64,
    #[n(1)]
    pub why: String,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AlertUnshelved {}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AlertSuppressed {
    /// None: no longer.
    #[n(0)]
    pub by: Option<Suppression>,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AlertEscalated {
    #[n(0)]
    pub level: u8,
    /// Of which recurrence.
    #[n(1)]
    pub times: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AlertClosed {
    #[n(0)]
    pub comment: Option<String>,
    #[n(1)]
    pub action: Option<Id>,
}
