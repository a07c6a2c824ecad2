//! Faults on request: the words that `POST` on the control address understands.

use serde_json::Value;

/// What a test or a person asks of the virtual printer.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// `paper_out`: `true` takes the roll out, `false` puts a new one in, a number lets so many millimetres print.
    PaperOut(PaperLeft),
    /// `paper_near_end`.
    PaperNearEnd(bool),
    /// `cover`: open or closed.
    Cover(bool),
    /// `cutter`: the blade jams at the next cut; `false` clears the jam and the error.
    Cutter(bool),
    /// `mute`: no replies.
    Mute(bool),
    /// `late`: replies after so many milliseconds.
    Late(u64),
    /// `garbage`: replies are replaced by noise of the same length.
    Garbage(bool),
    /// `power_cycle`: buffers lost, connection dropped, back after so many milliseconds.
    PowerCycle(u64),
    /// `power_off`; `false` is on again.
    PowerOff(bool),
    /// `cut_at_byte`: the connection is reset after so many more received bytes.
    CutAtByte(u64),
    /// `slow`: bytes received a second; `None` is the full rate again.
    Slow(Option<u32>),
    /// `refuse`: connections are refused; one that exists stays.
    Refuse(bool),
    /// `clone`: no `GS ( H`, no ASB, other code pages, two-byte characters until `FS .`.
    Clone(bool),
    /// `drawer`: open or closed.
    Drawer(bool),
    /// `none`: all is well again: roll, cover, cutter, power; the drawer stays as it is.
    None,
}

/// How much paper is left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PaperLeft {
    /// A new roll.
    Full,
    /// This many millimetres.
    Millimetres(f64),
}

impl Fault {
    /// Reads `{"fault": NAME, "value": …}`; the error is a sentence for the caller.
    pub fn from_json(body: &Value) -> Result<Self, String> {
        let name =
            body.get("fault").and_then(Value::as_str).ok_or("\"fault\" must be a text, such as \"paper_out\"")?;
        let value = body.get("value").unwrap_or(&Value::Null);
        Ok(match name {
            "none" => Self::None,
            "paper_out" => Self::PaperOut(paper_left(value)?),
            "paper_near_end" => Self::PaperNearEnd(switch(name, value)?),
            "cover" => Self::Cover(switch(name, value)?),
            "cutter" => Self::Cutter(switch(name, value)?),
            "mute" => Self::Mute(switch(name, value)?),
            "late" => Self::Late(number(name, value, Some(2000), 600_000)?),
            "garbage" => Self::Garbage(switch(name, value)?),
            "power_cycle" => Self::PowerCycle(number(name, value, Some(1500), 600_000)?),
            "power_off" => Self::PowerOff(switch(name, value)?),
            "cut_at_byte" => Self::CutAtByte(number(name, value, None, u64::MAX)?),
            "slow" => match value {
                Value::Bool(false) => Self::Slow(None),
                _ => Self::Slow(
                    u32::try_from(number(name, value, Some(100), 100_000_000)?).ok().filter(|rate| *rate > 0),
                ),
            },
            "refuse" => Self::Refuse(switch(name, value)?),
            "clone" => Self::Clone(switch(name, value)?),
            "drawer" => Self::Drawer(switch(name, value)?),
            other => return Err(format!("unknown fault \"{other}\"; known are {NAMES}")),
        })
    }
}

const NAMES: &str = "paper_out, paper_near_end, cover, cutter, mute, late, garbage, power_cycle, power_off, \
    cut_at_byte, slow, refuse, clone, drawer and none";

fn paper_left(value: &Value) -> Result<PaperLeft, String> {
    match value {
        Value::Null | Value::Bool(true) => Ok(PaperLeft::Millimetres(0.0)),
        Value::Bool(false) => Ok(PaperLeft::Full),
        Value::Number(n) => match n.as_f64() {
            Some(mm) if (0.0..=1e6).contains(&mm) => Ok(PaperLeft::Millimetres(mm)),
            _ => Err("\"value\" of paper_out must be 0 to 1000000 millimetres".to_owned()),
        },
        _ => Err("\"value\" of paper_out must be true, false or the millimetres left".to_owned()),
    }
}

fn switch(name: &str, value: &Value) -> Result<bool, String> {
    match value {
        Value::Null => Ok(true),
        Value::Bool(on) => Ok(*on),
        Value::String(word) if matches!(word.as_str(), "open" | "on" | "jam" | "jammed") => Ok(true),
        Value::String(word) if matches!(word.as_str(), "closed" | "close" | "off" | "ok") => Ok(false),
        _ => Err(format!("\"value\" of {name} must be true or false")),
    }
}

fn number(name: &str, value: &Value, default: Option<u64>, most: u64) -> Result<u64, String> {
    match (value, default) {
        (Value::Null | Value::Bool(true), Some(default)) => Ok(default),
        (Value::Bool(false), Some(_)) => Ok(0),
        _ => value
            .as_u64()
            .filter(|n| *n <= most)
            .ok_or_else(|| format!("\"value\" of {name} must be a whole number from 0 to {most}")),
    }
}
