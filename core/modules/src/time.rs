//! Times in answers: RFC 3339 in UTC.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

pub fn text(ms: i64) -> String {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}

/// Milliseconds since 1970 of an RFC 3339 text.
pub fn parse(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(|time| time.as_millisecond())
}

/// The wall time of a place; in UTC if the zone is not known.
pub fn local(ms: i64, time_zone: &str) -> Zoned {
    let time = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    time.in_tz(time_zone).unwrap_or_else(|_| time.to_zoned(TimeZone::UTC))
}
