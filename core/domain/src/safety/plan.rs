//! The HACCP plan: hazards, control points with their limits, monitoring, corrective choices and verification. It is
//! data, never code: a limit names its clause, its edition and where it can be read, and whether that was confirmed.
//!
//! The draft is a document (its JSON stands in one field). What a person approves is written as a fact and never
//! changes; the plan in force is the last approved whose time has come.

mod effective;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use trivet_log::Id;

pub use effective::{Effective, MAX_GAP_MINUTES};

use crate::Refusal;
use crate::haccp::{Limit, UnitKind};

/// Bytes of a plan as JSON: with its envelope an approved plan stays below the 64 KiB of an entry.
pub const MAX_PLAN: usize = 40 * 1024;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Plan {
    pub name: String,
    pub jurisdiction: Jurisdiction,
    /// Which site and which foods it is about.
    #[serde(default)]
    pub scope: String,
    pub hazards: Vec<Hazard>,
    pub control_points: Vec<ControlPoint>,
    #[serde(default)]
    pub checks: Vec<PlannedCheck>,
    #[serde(default)]
    pub cooling: Vec<CoolingRule>,
    #[serde(default)]
    pub timers: Vec<TimerRule>,
    /// How food is kept by time instead of temperature, in the words of the establishment; empty: there is no written
    /// procedure.
    #[serde(default)]
    pub time_procedure: String,
    #[serde(default)]
    pub calibration: CalibrationPlan,
    #[serde(default)]
    pub verification: Vec<Verification>,
}

/// States adopt editions of the model code years apart: which one counts is a field, not a fact of this release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Jurisdiction {
    /// `US`, `GB-ENG`, `EU`…
    pub code: String,
    pub edition: String,
    #[serde(default)]
    pub note: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Hazard {
    pub id: String,
    pub kind: HazardKind,
    pub name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HazardKind {
    Biological,
    Chemical,
    Physical,
    Allergen,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ControlPoint {
    pub id: String,
    pub name: String,
    pub kind: ControlKind,
    pub step: Step,
    #[serde(default)]
    pub food_class: String,
    /// Ids of hazards.
    #[serde(default)]
    pub hazards: Vec<String>,
    /// Every probe of these kinds of unit, unless another control point names the probe.
    #[serde(default)]
    pub units: Vec<UnitKind>,
    #[serde(default)]
    pub probes: Vec<Id>,
    #[serde(default)]
    pub limits: Vec<Rule>,
    pub monitoring: Monitoring,
    #[serde(default)]
    pub corrective: Vec<Choice>,
    /// What is left out is the default of the kind of unit.
    #[serde(default)]
    pub alarm: Option<Alarm>,
    #[serde(default)]
    pub hold: Option<Hold>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ControlKind {
    Ccp,
    Oprp,
    Prp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Receiving,
    ColdHold,
    Frozen,
    HotHold,
    Thaw,
    Cook,
    Cool,
    Reheat,
    TimeControl,
    Cleaning,
    Other,
}

/// A critical limit with where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    pub id: String,
    pub name: String,
    pub limit: Limit,
    #[serde(default)]
    pub basis: Basis,
    /// How long the limit must hold without a break.
    #[serde(default)]
    pub hold_seconds: Option<u32>,
    /// Within how many minutes it must be reached.
    #[serde(default)]
    pub within_minutes: Option<u32>,
    pub source: Source,
}

/// What the limit is about: the food, the air around it, or a simulated product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    #[default]
    Food,
    Air,
    Simulated,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Source {
    /// The clause, or "operator's target" where no rule gives a number.
    pub clause: String,
    pub edition: String,
    #[serde(default)]
    pub url: String,
    /// False: nobody has compared it with the rule's text; it is printed so.
    #[serde(default)]
    pub confirmed: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Monitoring {
    Auto {
        period_seconds: u32,
        max_gap_minutes: u32,
    },
    /// By planned checks, whose schedule, role and grace stand with them.
    Manual {
        checks: Vec<String>,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Choice {
    pub id: String,
    pub text: String,
    #[serde(default)]
    pub requires: Vec<Need>,
}

/// What a corrective action must say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    ProductTemperature,
    Disposition,
    Quantity,
    Cause,
}

/// When a person is called. It never decides what is recorded: an excursion is listed from its first sample on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Alarm {
    pub delay_minutes: u16,
    /// Thousandths of a degree Celsius that a value must come back inside.
    pub deadband_milli: u16,
    /// A second limit further out, never muted by defrost.
    #[serde(default)]
    pub far: Option<SecondLimit>,
    /// The other side: a fridge that freezes its food.
    #[serde(default)]
    pub other_side: Option<SecondLimit>,
    #[serde(default)]
    pub rate: Option<Rate>,
    #[serde(default)]
    pub door_minutes: Option<u16>,
    #[serde(default)]
    pub defrost: Option<Defrost>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecondLimit {
    pub limit: Limit,
    pub delay_minutes: u16,
}

/// Moving toward the limit this fast for this long is a warning before the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rate {
    pub milli_per_minute: u16,
    pub minutes: u16,
}

/// Mutes the near limit's alarm alone, at most so often a day. The excursion is recorded all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Defrost {
    pub mute_minutes: u16,
    pub recovery_minutes: u16,
    pub per_day: u8,
}

/// What is stored at a control point goes on hold when the time beyond the limit reaches the budget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Hold {
    pub budget_minutes: u32,
    /// Counted beyond this limit; beyond the control point's own where it is left out.
    #[serde(default)]
    pub beyond: Option<Limit>,
    #[serde(default)]
    pub items: Vec<Id>,
    #[serde(default)]
    pub categories: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlannedCheck {
    pub id: String,
    pub name: String,
    pub kind: CheckKind,
    /// Its limits judge the temperatures of the check.
    #[serde(default)]
    pub control_point: Option<String>,
    pub schedule: Schedule,
    /// Minutes after the due time until the check counts as missed.
    pub grace_minutes: u16,
    #[serde(default)]
    pub role: Option<crate::Role>,
    #[serde(default)]
    pub asks: Vec<Ask>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    #[n(0)]
    Delivery,
    #[n(1)]
    Cooking,
    #[n(2)]
    Reheating,
    #[n(3)]
    HotHolding,
    #[n(4)]
    ColdHolding,
    #[n(5)]
    Cleaning,
    #[n(6)]
    ProbeCalibration,
    #[n(7)]
    Other,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Schedule {
    /// Local times of day, `HH:MM`; days 1 (Monday) to 7, every day if there are none.
    Times {
        at: Vec<String>,
        #[serde(default)]
        days: Vec<u8>,
    },
    /// Whenever it happens: a delivery, a pot that is done.
    OnEvent {},
}

/// A question of a check beside its temperatures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ask {
    pub id: String,
    pub text: String,
    pub answer: AnswerKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerKind {
    /// "No" fails the check.
    YesNo,
    Text,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CoolingRule {
    pub id: String,
    pub name: String,
    /// The clock starts when the food has come down to here; at the start of the run if it is left out.
    #[serde(default)]
    pub from: Option<Limit>,
    /// Each counted from the start, so that the last is the total.
    pub stages: Vec<Stage>,
    #[serde(default = "default_gap")]
    pub max_gap_minutes: u16,
    pub source: Source,
}

fn default_gap() -> u16 {
    15
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Stage {
    #[n(0)]
    pub to: Limit,
    #[n(1)]
    pub within_minutes: u16,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TimerRule {
    pub id: String,
    pub name: String,
    pub minutes: u16,
    /// The food begins within one of these.
    pub starts_within: Vec<Limit>,
    /// One measurement beyond it ends the time at once.
    #[serde(default)]
    pub never_beyond: Option<Limit>,
    /// It may be used only where the plan has a written procedure (Food Code 3-501.19(A)).
    #[serde(default)]
    pub needs_procedure: bool,
    pub source: Source,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CalibrationPlan {
    pub every_days: u16,
    /// Days before the due day from which it is shown as due.
    pub warn_days: u16,
    /// An error beyond this, as found, puts the readings since the last good calibration in doubt.
    pub tolerance_milli: u16,
    /// Above the sea, for the boiling point.
    #[serde(default)]
    pub altitude_metres: u16,
}

impl Default for CalibrationPlan {
    fn default() -> CalibrationPlan {
        CalibrationPlan { every_days: 90, warn_days: 14, tolerance_milli: 1_000, altitude_metres: 0 }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Verification {
    pub id: String,
    pub text: String,
    pub every_days: u16,
    #[serde(default)]
    pub role: Option<crate::Role>,
}

impl Plan {
    /// Reads a plan as a person or a program sent it. A refusal names the place: `controlPoints[2].limits[0].limit`.
    pub fn read(json: &str) -> Result<Plan, Refusal> {
        if json.len() > MAX_PLAN {
            return Err(Refusal::invalid("plan", format!("at most {MAX_PLAN} bytes")));
        }
        let mut reader = serde_json::Deserializer::from_str(json);
        let plan: Plan = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let path = error.path().to_string();
            Refusal::invalid(
                if matches!(path.as_str(), "." | "?") { "plan".to_owned() } else { path },
                error.into_inner().to_string(),
            )
        })?;
        reader.end().map_err(|error| Refusal::invalid("plan", error.to_string()))?;
        super::validate::validate(&plan)?;
        Ok(plan)
    }

    /// As it is stored.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a plan has nothing that JSON has not")
    }

    /// One that names the probe comes before one that names its kind of unit.
    pub fn control_point_for(&self, probe: Id, unit: UnitKind) -> Option<&ControlPoint> {
        let named = self.control_points.iter().find(|point| point.probes.contains(&probe));
        named.or_else(|| self.control_points.iter().find(|point| point.units.contains(&unit)))
    }

    pub fn control_point(&self, id: &str) -> Option<&ControlPoint> {
        self.control_points.iter().find(|point| point.id == id)
    }

    /// The rule of a timer that is to be started.
    pub fn timer(&self, id: &str) -> Result<&TimerRule, Refusal> {
        let rule = self.timers.iter().find(|rule| rule.id == id);
        let rule = rule.ok_or_else(|| Refusal::invalid("rule", "the plan in force has no such timer"))?;
        if rule.needs_procedure && self.time_procedure.trim().is_empty() {
            let clause = &rule.source.clause;
            let why = format!("{clause} wants a written procedure before food is kept by time, and the plan has none");
            return Err(Refusal::invalid("rule", why));
        }
        Ok(rule)
    }

    pub fn check(&self, id: &str) -> Option<&PlannedCheck> {
        self.checks.iter().find(|check| check.id == id)
    }

    /// The limits by which a check's temperatures are judged.
    pub fn limits_of(&self, check: &PlannedCheck) -> &[Rule] {
        let point = check.control_point.as_deref().and_then(|id| self.control_point(id));
        point.map(|point| point.limits.as_slice()).unwrap_or_default()
    }
}
