//! What `POST` on the control address understands.

use serde_json::Value;

/// What a test or a person does to the scale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// `weight`: what lies on the platform, in milligrams (over HTTP in grams). It settles before it is stable.
    Weight(i64),
    /// `tare`: what lies there counts as the dish; `false` forgets it.
    Tare(bool),
    /// `zero`: takes what lies there as nothing, within the capture range.
    Zero,
    /// `motion`: it does not come to rest.
    Motion(bool),
    /// `overload`: more lies there than it can weigh.
    Overload(bool),
    /// `under_zero`: the platform was lifted off.
    UnderZero(bool),
    /// `zero_error`: it could not find its zero when it was switched on.
    ZeroError(bool),
    /// `mute`: no answers.
    Mute(bool),
    /// `late`: answers after so many milliseconds.
    Late(u64),
    /// `garbage`: answers are replaced by noise of the same length.
    Garbage(bool),
    /// `truncate`: answers end in the middle.
    Truncate(bool),
    /// `power_off`: no answers; zero and tare are lost.
    PowerOff(bool),
    /// `unplug`: the device is gone from its link.
    Unplug(bool),
    /// `none`: all is well again; what lies on the platform stays there.
    None,
}

const NAMES: &str = "weight, tare, zero, motion, overload, under_zero, zero_error, mute, late, garbage, truncate, \
    power_off, unplug and none";

impl Order {
    /// Reads `{"fault": NAME, "value": …}`; the error is a sentence for the caller.
    ///
    /// # Errors
    /// When there is no such order or the value is not of its kind.
    pub fn from_json(body: &Value) -> Result<Self, String> {
        let name = body.get("fault").and_then(Value::as_str).ok_or("\"fault\" must be a text, such as \"weight\"")?;
        let value = body.get("value").unwrap_or(&Value::Null);
        let switch = || match value {
            Value::Null => Ok(true),
            Value::Bool(on) => Ok(*on),
            _ => Err(format!("\"value\" of {name} must be true or false")),
        };
        Ok(match name {
            "weight" => match value.as_f64().filter(|grams| grams.abs() <= 1e6) {
                Some(grams) => Self::Weight((grams * 1000.0).round() as i64),
                None => return Err("\"value\" of weight must be grams, -1000000 to 1000000".to_owned()),
            },
            "tare" => Self::Tare(switch()?),
            "zero" => Self::Zero,
            "motion" => Self::Motion(switch()?),
            "overload" => Self::Overload(switch()?),
            "under_zero" => Self::UnderZero(switch()?),
            "zero_error" => Self::ZeroError(switch()?),
            "mute" => Self::Mute(switch()?),
            "late" => match value {
                Value::Null | Value::Bool(true) => Self::Late(2000),
                Value::Bool(false) => Self::Late(0),
                _ => match value.as_u64().filter(|ms| *ms <= 600_000) {
                    Some(ms) => Self::Late(ms),
                    None => return Err("\"value\" of late must be milliseconds, 0 to 600000".to_owned()),
                },
            },
            "garbage" => Self::Garbage(switch()?),
            "truncate" => Self::Truncate(switch()?),
            "power_off" => Self::PowerOff(switch()?),
            "unplug" => Self::Unplug(switch()?),
            "none" => Self::None,
            other => return Err(format!("unknown order \"{other}\"; known are {NAMES}")),
        })
    }
}
