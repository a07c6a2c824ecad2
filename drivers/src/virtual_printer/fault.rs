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
    /// `recoverable_error`: a mechanical error that stops it until `DLE ENQ`, or until someone repairs it (`false`).
    RecoverableError(bool),
    /// `unrecoverable_error`: stops it until the power is switched off and on.
    UnrecoverableError(bool),
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
    /// `cut_at_byte`: the connection is reset after so many more received bytes; `None` (`false`) takes that back.
    CutAtByte(Option<u64>),
    /// `close_at_byte`: the connection is closed in order (FIN) after so many more received bytes.
    CloseAtByte(Option<u64>),
    /// `black_hole_at_byte`: after so many more bytes nothing gets through in either direction and no connection
    /// ends; `None` (`false`) lets the connections that hang break and new ones work.
    BlackHoleAtByte(Option<u64>),
    /// `slow`: bytes received a second; `None` is the full rate again.
    Slow(Option<u32>),
    /// `small_buffer`: a receive buffer of so many bytes (45) without flow control: what does not fit is lost;
    /// `None` is the model's own again.
    SmallBuffer(Option<usize>),
    /// `refuse`: connections are refused; one that exists stays.
    Refuse(bool),
    /// `busy`: another host has the connection. One that exists is reset; new ones are taken and get no answer.
    Busy(bool),
    /// `vanish`: the device is gone from its address.
    Vanish(Vanish),
    /// `clone`: a cheap copy of the model. ESC/POS: no `GS ( H`, no ASB, other code pages, two-byte characters until
    /// `FS .`; Star: prints nothing but raster; ZPL: no answers.
    Clone(bool),
    /// `drawer`: open or closed.
    Drawer(bool),
    /// `none`: all is well again: roll, cover, cutter, power; the drawer and an address moved to stay as they are.
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

/// How a device goes and comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Vanish {
    /// Gone until it is told to come back.
    Gone,
    /// Back at the same address.
    Back,
    /// Gone for so many milliseconds.
    For(u64),
    /// Gone, and at once there under another name: of a link or socket in the same folder, or a port.
    As(String),
}

impl Fault {
    /// Reads `{"fault": NAME, "value": …}`; the error is a sentence for the caller.
    ///
    /// # Errors
    /// When there is no such fault or the value is not of its kind.
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
            "recoverable_error" => Self::RecoverableError(switch(name, value)?),
            "unrecoverable_error" => Self::UnrecoverableError(switch(name, value)?),
            "mute" => Self::Mute(switch(name, value)?),
            "late" => Self::Late(number(name, value, Some(2000), 600_000)?),
            "garbage" => Self::Garbage(switch(name, value)?),
            "power_cycle" => Self::PowerCycle(number(name, value, Some(1500), 600_000)?),
            "power_off" => Self::PowerOff(switch(name, value)?),
            "cut_at_byte" => Self::CutAtByte(at_byte(name, value)?),
            "close_at_byte" => Self::CloseAtByte(at_byte(name, value)?),
            "black_hole_at_byte" => Self::BlackHoleAtByte(at_byte(name, value)?),
            "slow" => match value {
                Value::Bool(false) => Self::Slow(None),
                _ => Self::Slow(
                    u32::try_from(number(name, value, Some(100), 100_000_000)?).ok().filter(|rate| *rate > 0),
                ),
            },
            "small_buffer" => match value {
                Value::Bool(false) => Self::SmallBuffer(None),
                _ => Self::SmallBuffer(
                    usize::try_from(number(name, value, Some(45), 1_000_000)?).ok().filter(|bytes| *bytes > 0),
                ),
            },
            "refuse" => Self::Refuse(switch(name, value)?),
            "busy" => Self::Busy(switch(name, value)?),
            "vanish" => Self::Vanish(vanish(value)?),
            "clone" => Self::Clone(switch(name, value)?),
            "drawer" => Self::Drawer(switch(name, value)?),
            other => return Err(format!("unknown fault \"{other}\"; known are {NAMES}")),
        })
    }
}

const NAMES: &str = "paper_out, paper_near_end, cover, cutter, recoverable_error, unrecoverable_error, mute, late, \
    garbage, power_cycle, power_off, cut_at_byte, close_at_byte, black_hole_at_byte, slow, small_buffer, refuse, busy, \
    vanish, clone, drawer and none";

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

fn at_byte(name: &str, value: &Value) -> Result<Option<u64>, String> {
    match value {
        Value::Bool(false) => Ok(None),
        _ => number(name, value, None, u64::MAX).map(Some),
    }
}

fn vanish(value: &Value) -> Result<Vanish, String> {
    match value {
        Value::Null | Value::Bool(true) => Ok(Vanish::Gone),
        Value::Bool(false) => Ok(Vanish::Back),
        Value::Number(_) => Ok(Vanish::For(number("vanish", value, None, 600_000)?)),
        // A name, not a path: the control address must not make files elsewhere.
        Value::String(name)
            if !name.is_empty()
                && name.len() <= 64
                && !name.starts_with('.')
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) =>
        {
            Ok(Vanish::As(name.clone()))
        }
        _ => Err("\"value\" of vanish must be true, false, milliseconds, or the new name in the same folder \
            (over TCP the new port)"
            .to_owned()),
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
