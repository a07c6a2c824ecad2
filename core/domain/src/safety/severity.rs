//! How bad a deviation is, by how far and how long (G-01): [`Severity::of`]. It orders lists and escalation; whether there
//! is a deviation is the limit's word alone.
//!
//! | beyond the limit | under 1 h | under 4 h | 4 h and more |
//! |---|---|---|---|
//! | under 1 °C | warn | high | critical |
//! | under 3 °C | high | high | critical |
//! | 3 °C and more | critical | critical | critical |
//!
//! 4 h is the model code's own time without temperature control (3-501.19); the other steps are ours.

use minicbor::decode::{self as reading, Decoder};
use minicbor::encode::{self as writing, Encoder};

use crate::haccp::Severity;

/// By when a deviation is to be dealt with.
pub fn due_ms(severity: Severity, opened_ms: i64) -> i64 {
    const HOUR: i64 = 3_600_000;
    opened_ms
        + match severity {
            Severity::Critical => 2 * HOUR,
            Severity::High => 4 * HOUR,
            Severity::Warn => 24 * HOUR,
        }
}

/// In a body: 0 warn, 1 high, 2 critical.
pub(super) fn encode<C, W: writing::Write>(
    severity: &Severity,
    e: &mut Encoder<W>,
    _: &mut C,
) -> Result<(), writing::Error<W::Error>> {
    let number = match severity {
        Severity::Warn => 0,
        Severity::High => 1,
        Severity::Critical => 2,
    };
    e.u8(number)?.ok()
}

pub(super) fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Severity, reading::Error> {
    match d.u8()? {
        0 => Ok(Severity::Warn),
        1 => Ok(Severity::High),
        2 => Ok(Severity::Critical),
        number => Err(reading::Error::message(format!("severity {number}"))),
    }
}
