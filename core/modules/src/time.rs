//! Times in answers: RFC 3339 in UTC.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use trivet_replica::Problem;

pub fn text(ms: i64) -> String {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}

/// Milliseconds since 1970 of an RFC 3339 text.
pub fn parse(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(|time| time.as_millisecond())
}

/// The same of a request's field.
pub fn of(field: &str, text: &str) -> Result<i64, Problem> {
    parse(text).ok_or_else(|| Problem::invalid(field, "a time as RFC 3339"))
}

/// The wall time of a place; in UTC if the zone is not known.
pub fn local(ms: i64, time_zone: &str) -> Zoned {
    let time = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    time.in_tz(time_zone).unwrap_or_else(|_| time.to_zoned(TimeZone::UTC))
}
