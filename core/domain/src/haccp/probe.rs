//! A probe as people know it: a document with a name, a kind of unit and limits.

use serde::{Deserialize, Serialize};
use trivet_log::Id;

use crate::document::{Conflict, Fields, Value};
use crate::{Context, MilliCelsius};

pub const DOCUMENT: u16 = 0x0601;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitKind {
    #[default]
    Fridge,
    Freezer,
    HotHold,
    Ambient,
}

impl UnitKind {
    pub const ALL: [UnitKind; 4] = [UnitKind::Fridge, UnitKind::Freezer, UnitKind::HotHold, UnitKind::Ambient];

    pub fn name(self) -> &'static str {
        match self {
            UnitKind::Fridge => "fridge",
            UnitKind::Freezer => "freezer",
            UnitKind::HotHold => "hot_hold",
            UnitKind::Ambient => "ambient",
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    pub min: Option<MilliCelsius>,
    pub max: Option<MilliCelsius>,
}

/// How far outside a value lies. The steps are ours, for the order of an alarm list; the verdict is the limit's alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Less than 1 °C beyond.
    Warn,
    /// Less than 3 °C beyond.
    High,
    Critical,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Within,
    Above(Severity),
    Below(Severity),
}

impl Limits {
    /// A value at its limit is within it ("5 °C or less").
    pub fn judge(&self, value: MilliCelsius) -> Verdict {
        let severity = |beyond: i32| match beyond {
            ..1_000 => Severity::Warn,
            1_000..3_000 => Severity::High,
            _ => Severity::Critical,
        };
        match (self.min, self.max) {
            (_, Some(max)) if value > max => Verdict::Above(severity(value.0.saturating_sub(max.0))),
            (Some(min), _) if value < min => Verdict::Below(severity(min.0.saturating_sub(value.0))),
            _ => Verdict::Within,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    pub name: Option<String>,
    pub unit_kind: Option<UnitKind>,
    pub min: Option<Option<MilliCelsius>>,
    pub max: Option<Option<MilliCelsius>>,
    /// The name of the box's input that it is wired to.
    pub input: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Probe {
    pub name: String,
    pub unit_kind: UnitKind,
    pub limits: Limits,
    pub input: String,
    pub conflicts: Vec<Conflict>,
}

impl Probe {
    pub fn from_fields(fields: &Fields) -> Probe {
        let limit = |field: &str| {
            let values = fields.all(field).into_iter().filter_map(Value::integer).filter_map(|n| i32::try_from(n).ok());
            values.map(MilliCelsius).collect::<Vec<_>>()
        };
        let kind = fields.text("unit_kind").and_then(|name| UnitKind::ALL.into_iter().find(|kind| kind.name() == name));
        Probe {
            name: fields.text("name").unwrap_or_default().to_owned(),
            unit_kind: kind.unwrap_or_default(),
            // Set apart on two boxes: the stricter, until a person decides. A limit taken away on one box stays.
            limits: Limits { min: limit("min").into_iter().max(), max: limit("max").into_iter().min() },
            input: fields.text("input").unwrap_or_default().to_owned(),
            conflicts: fields.conflicts(),
        }
    }

    pub fn in_force(context: &dyn Context, id: Id) -> Option<Probe> {
        context.document(DOCUMENT, id).map(|fields| Probe::from_fields(&fields))
    }
}
