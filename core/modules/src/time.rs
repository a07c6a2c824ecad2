//! Times in answers: RFC 3339 in UTC.

use jiff::Timestamp;

pub fn text(ms: i64) -> String {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}

/// Milliseconds since 1970 of an RFC 3339 text.
pub fn parse(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(|time| time.as_millisecond())
}

/// The wall time of a place, for paper: `19:04`.
pub fn hour_and_minute(ms: i64, time_zone: &str) -> String {
    let time = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    match time.in_tz(time_zone) {
        Ok(zoned) => zoned.strftime("%H:%M").to_string(),
        Err(_) => time.strftime("%H:%M UTC").to_string(),
    }
}
