//! The alerts that there are, each made in one place: what raises one names its facts, and gets the command.

use trivet_log::Id;

use super::event::{Category, Parameter, ParameterValue, Raised, Severity};
use super::{Command, id_of, key_of};
use crate::MilliCelsius;
use crate::haccp::trend::Wear;

/// A battery below this is told of (G-03); below the second, more loudly.
pub const BATTERY_WARN_PERCENT: u8 = 20;
pub const BATTERY_HIGH_PERCENT: u8 = 10;
/// Maintenance that is overdue by more than this is no reminder any more.
const FORGOTTEN_MS: i64 = 7 * 24 * 3_600_000;

/// Food may be beyond its limit: an alarm of a control point.
#[derive(Clone, Debug, PartialEq)]
pub struct BreachAlert<'a> {
    /// The breach or excursion: the alert's cause.
    pub breach: Id,
    pub probe: Id,
    pub name: &'a str,
    pub too_warm: bool,
    pub value: MilliCelsius,
    pub limit: MilliCelsius,
    pub severity: Severity,
    /// When it began.
    pub at_ms: i64,
    /// It came to light so much later.
    pub late_ms: Option<i64>,
    /// It is a critical control point: the alert closes with a corrective action.
    pub needs_action: bool,
}

impl Raised {
    fn new(kind: &str, cause: Id, category: Category, severity: Severity, about: Id, at_ms: i64) -> Raised {
        Raised {
            key: key_of(kind, about),
            cause,
            category,
            severity,
            about,
            words: kind.to_owned(),
            parameters: Vec::new(),
            at_ms,
            late_ms: None,
            place: None,
            momentary: None,
            needs_action: None,
        }
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: ParameterValue) -> Raised {
        self.parameters.push(Parameter { name: name.to_owned(), value });
        self
    }

    #[must_use]
    pub fn named(self, name: &str) -> Raised {
        self.with("name", ParameterValue::Text(name.to_owned()))
    }

    /// Under the id that its cause gives it.
    pub fn command(self) -> Command {
        Command::Raise { alert: id_of(&self.key, self.cause), raised: self }
    }
}

/// `temperature_high` or `temperature_low`. Returned by [`key_of`] of the same words and the probe.
pub fn raise_for_breach(breach: &BreachAlert<'_>) -> Raised {
    let words = if breach.too_warm { "temperature_high" } else { "temperature_low" };
    let category = Category::TemperatureViolation;
    let raised = Raised::new(words, breach.breach, category, breach.severity, breach.probe, breach.at_ms)
        .named(breach.name)
        .with("value", ParameterValue::Temperature(breach.value))
        .with("limit", ParameterValue::Temperature(breach.limit));
    Raised { late_ms: breach.late_ms, needs_action: breach.needs_action.then_some(true), ..raised }
}

/// What [`raise_for_breach`] told of goes on though that alert was closed: the same condition, in another alert.
pub fn raise_again_for_breach(breach: &BreachAlert<'_>) -> Raised {
    let words = if breach.too_warm { "temperature_still_high" } else { "temperature_still_low" };
    Raised { words: words.to_owned(), ..raise_for_breach(breach) }
}

/// It rises so fast that it will be beyond its limit. `cause` is an id made when it was seen.
pub fn raise_for_rise(cause: Id, probe: Id, name: &str, value: MilliCelsius, at_ms: i64) -> Raised {
    Raised::new("temperature_rising", cause, Category::TemperatureViolation, Severity::Warn, probe, at_ms)
        .named(name)
        .with("value", ParameterValue::Temperature(value))
}

/// The door of a unit stands open.
pub fn raise_for_door(cause: Id, probe: Id, name: &str, at_ms: i64) -> Raised {
    Raised::new("door_open", cause, Category::TemperatureViolation, Severity::Warn, probe, at_ms).named(name)
}

/// A probe gives no data: the state of the food is unknown. `reason` is the name of a reason for no data.
pub fn raise_for_sensor(outage: Id, probe: Id, name: &str, reason: &str, at_ms: i64) -> Raised {
    Raised::new("sensor_offline", outage, Category::SensorOffline, Severity::Warn, probe, at_ms)
        .named(name)
        .with("reason", ParameterValue::Word(reason.to_owned()))
}

/// A rule was not kept: a check that is missing or failed, a timer that ran out, a cooling that took too long. `record`
/// is the fact of it, `rule` the name of its words (`check_missed`, `cooling_failed`…); it takes a corrective action.
pub fn raise_for_compliance(record: Id, about: Id, name: &str, rule: &str, severity: Severity, at_ms: i64) -> Raised {
    let mut raised = Raised::new("compliance", record, Category::ComplianceViolation, severity, about, at_ms)
        .named(name)
        .with("rule", ParameterValue::Word(rule.to_owned()));
    raised.key = key_of(&format!("compliance:{rule}"), about);
    Raised { needs_action: Some(true), ..raised }
}

/// A probe's calibration is due. The cause is derived from the due date, so that each one is told of once.
pub fn raise_for_calibration(probe: Id, name: &str, due_ms: i64, at_ms: i64) -> Raised {
    let cause = probe.derive("calibration due", due_ms.unsigned_abs());
    Raised::new("calibration_due", cause, Category::Maintenance, Severity::Warn, probe, at_ms)
        .named(name)
        .with("due", ParameterValue::Time(due_ms))
}

/// How bad a battery is; None while it is good.
pub fn battery_severity(percent: u8) -> Option<Severity> {
    match percent {
        _ if percent < BATTERY_HIGH_PERCENT => Some(Severity::High),
        _ if percent < BATTERY_WARN_PERCENT => Some(Severity::Warn),
        _ => None,
    }
}

/// A battery is low. `cause` is an id made when it fell; `Change` makes it worse, `Return` ends it.
pub fn raise_battery(cause: Id, probe: Id, name: &str, percent: u8, at_ms: i64) -> Option<Raised> {
    let severity = battery_severity(percent)?;
    let raised = Raised::new("battery_low", cause, Category::Maintenance, severity, probe, at_ms).named(name);
    Some(raised.with("percent", ParameterValue::Integer(i64::from(percent))))
}

/// What was locked after too many wrong tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// A login from one address.
    Pair,
    /// An address that tried many logins.
    Address,
    /// A login that many addresses tried.
    Login,
}

/// Somebody guesses passwords or PINs. `person` is whose login it was, nil for one that nobody has: what was typed is
/// nowhere in the record, because people type their password there too.
pub fn raise_for_lockout(cause: Id, lock: Lock, person: Id, address: &str, at_ms: i64) -> Raised {
    let (words, severity) = match lock {
        Lock::Pair => ("lockout_login", Severity::High),
        Lock::Address => ("lockout_address", Severity::Critical),
        Lock::Login => ("lockout_spread", Severity::Critical),
    };
    let mut raised = Raised::new(words, cause, Category::Security, severity, person, at_ms)
        .with("address", ParameterValue::Text(address.to_owned()));
    raised.key = format!("{words}:{person}:{}", if lock == Lock::Login { "" } else { address });
    Raised { momentary: Some(true), ..raised }
}

/// A fact whose risk is high or critical (AUD-02). `what` is the name of its words.
pub fn raise_for_risk(cause: Id, what: &str, severity: Severity, about: Id, at_ms: i64) -> Raised {
    let mut raised = Raised::new("risk", cause, Category::Security, severity, about, at_ms)
        .with("what", ParameterValue::Word(what.to_owned()));
    raised.key = key_of(&format!("risk:{what}"), about);
    Raised { momentary: Some(true), ..raised }
}

/// A printer, a probes' bus or the broker has not been reached for a while. `device` is an id of its name.
pub fn raise_for_device(cause: Id, device: Id, kind: &str, name: &str, at_ms: i64) -> Raised {
    // Without its bus or broker a box sees no probe; a printer has others beside it.
    let severity = if kind == "printer" { Severity::Warn } else { Severity::High };
    Raised::new("device_down", cause, Category::Maintenance, severity, device, at_ms)
        .named(name)
        .with("kind", ParameterValue::Word(kind.to_owned()))
}

pub fn raise_for_disk(cause: Id, the_box: Id, free_percent: u8, at_ms: i64) -> Raised {
    let severity = if free_percent < 3 { Severity::Critical } else { Severity::High };
    Raised::new("disk_full", cause, Category::Maintenance, severity, the_box, at_ms)
        .with("percent", ParameterValue::Integer(i64::from(free_percent)))
}

/// Nothing has set the box's clock. Every screen says so too.
pub fn raise_for_clock(cause: Id, the_box: Id, at_ms: i64) -> Raised {
    Raised::new("clock_unset", cause, Category::Maintenance, Severity::Warn, the_box, at_ms)
}

/// A piece of equipment is to be maintained (KDS-11): once for each date. What has waited for a week is forgotten.
pub fn raise_for_maintenance(equipment: Id, name: &str, due_ms: i64, at_ms: i64) -> Raised {
    let cause = equipment.derive("maintenance due", due_ms.unsigned_abs());
    let forgotten = at_ms.saturating_sub(due_ms) > FORGOTTEN_MS;
    let severity = if forgotten { Severity::High } else { Severity::Warn };
    Raised::new("maintenance_due", cause, Category::Maintenance, severity, equipment, at_ms)
        .named(name)
        .with("due", ParameterValue::Time(due_ms))
}

/// A unit works harder than it did (HAC-15): told of before its food is warm. `before` and `now` are medians of days.
pub fn raise_for_wear(cause: Id, probe: Id, name: &str, wear: Wear, (before, now): (i64, i64), at_ms: i64) -> Raised {
    let figure = |figure: i64| match wear {
        Wear::Mean => ParameterValue::Temperature(MilliCelsius(i32::try_from(figure).unwrap_or_default())),
        Wear::Duty | Wear::Starts | Wear::PullDown => ParameterValue::Integer(figure),
    };
    Raised::new(wear_words(wear), cause, Category::Maintenance, Severity::Warn, probe, at_ms)
        .named(name)
        .with("before", figure(before))
        .with("now", figure(now))
}

pub fn wear_words(wear: Wear) -> &'static str {
    match wear {
        Wear::Mean => "wear_mean",
        Wear::Duty => "wear_duty",
        Wear::Starts => "wear_starts",
        Wear::PullDown => "wear_pull_down",
    }
}
