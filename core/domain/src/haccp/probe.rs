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

impl Severity {
    pub fn name(self) -> &'static str {
        match self {
            Severity::Warn => "warn",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }

    /// By distance beyond the limit, in thousandths of a degree, and by how long: what lasts becomes worse.
    pub fn of(beyond: i32, lasted_ms: i64) -> Severity {
        const HOUR: i64 = 3_600_000;
        match (beyond, lasted_ms) {
            (3_000.., _) => Severity::Critical,
            (_, lasted) if lasted >= 4 * HOUR => Severity::Critical,
            (1_000.., _) => Severity::High,
            (_, lasted) if lasted >= HOUR => Severity::High,
            _ => Severity::Warn,
        }
    }
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
        let severity = |beyond: i32| Severity::of(beyond, 0);
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
    /// The name of the box's input that it is wired to. A broken probe is replaced by giving its place another input:
    /// the history is the place's.
    pub input: Option<String>,
    /// Words by field name, each in [`DETAILS`]; empty takes one away.
    pub details: Vec<(String, String)>,
    /// How long a value may be beyond its limit before it alarms.
    pub alarm_delay_ms: Option<Option<i64>>,
    pub retired: Option<bool>,
    /// What is kept there: categories of the menu, or ids of its items.
    pub stores: Option<Vec<String>>,
    /// Thousandths of a degree times minutes beyond the limit that what is kept there bears before it is held.
    pub hold_budget: Option<Option<i64>>,
}

/// What else is known of a probe: words. `door`, `defrost` and `compressor` name inputs of the box.
pub const DETAILS: [&str; 7] = ["equipment", "place", "model", "serial_number", "door", "defrost", "compressor"];
/// What is kept in one place: so many entries.
pub(super) const MAX_STORED: usize = 64;
pub(super) const MAX_ALARM_DELAY_MS: i64 = 24 * 3_600_000;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Probe {
    pub name: String,
    pub unit_kind: UnitKind,
    pub limits: Limits,
    pub input: String,
    /// By field name, of [`DETAILS`].
    pub details: Vec<(String, String)>,
    pub alarm_delay_ms: Option<i64>,
    pub retired: bool,
    pub stores: Vec<String>,
    pub hold_budget: Option<i64>,
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
            details: DETAILS
                .into_iter()
                .filter_map(|field| Some((field.to_owned(), fields.text(field)?.to_owned())))
                .collect(),
            // Of delays set apart the shorter.
            alarm_delay_ms: fields.all("alarm_delay_ms").into_iter().filter_map(Value::integer).min(),
            retired: fields.bool("retired").unwrap_or(false),
            stores: fields.text("stores").unwrap_or_default().lines().map(str::to_owned).collect(),
            // Of budgets set apart the smaller.
            hold_budget: fields.all("hold_budget").into_iter().filter_map(Value::integer).min(),
            conflicts: fields.conflicts(),
        }
    }

    /// The input of a part of its unit.
    pub fn part(&self, part: super::Part) -> Option<&str> {
        self.details.iter().find(|(field, _)| field == part.name()).map(|(_, input)| input.as_str())
    }

    pub fn in_force(context: &dyn Context, id: Id) -> Option<Probe> {
        context.document(DOCUMENT, id).map(|fields| Probe::from_fields(&fields))
    }
}
