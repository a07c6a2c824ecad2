//! The time that a device writes into its messages.

use serde_json::Value as Json;

/// Milliseconds since 1970, if it is an absolute time: a number of seconds or milliseconds, or a text with a zone. A
/// local time without a zone is none: nobody knows by how much it is off, and twice a year it jumps.
pub fn absolute_ms(json: &Json) -> Option<i64> {
    match json {
        Json::Number(number) => unix(number.as_f64()?),
        Json::String(text) => text.trim().parse().ok().and_then(unix).or_else(|| rfc3339(text.trim())),
        _ => None,
    }
}

/// Seconds, unless there are too many of them: 10¹¹ s is the year 5138, 10¹¹ ms was in 1973.
fn unix(number: f64) -> Option<i64> {
    let ms = if number.abs() < 1e11 { number * 1_000.0 } else { number };
    (0.0..1e15).contains(&ms).then_some(ms.round() as i64)
}

/// `2026-11-21T10:34:00[.123](Z|±hh:mm|±hhmm)`; a space may stand for the T.
fn rfc3339(text: &str) -> Option<i64> {
    let (date, rest) = text.split_once(['T', 't', ' '])?;
    let zone = rest.find(['Z', 'z', '+', '-'])?;
    let (time, zone) = rest.split_at_checked(zone)?;
    let mut date = date.split('-').map(digits);
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut time = time.split(':').map(digits);
    let (hour, minute, second) = (time.next()??, time.next()??, time.next().unwrap_or(Some(0))?);
    let in_range = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second);
    if !in_range {
        return None;
    }
    let ms = fraction.chars().chain("000".chars()).take(3).collect::<String>().parse::<i64>().ok()?;
    let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset(zone)?;
    Some(seconds * 1_000 + ms)
}

fn offset(zone: &str) -> Option<i64> {
    let sign = match zone.chars().next()? {
        'Z' | 'z' => return (zone.len() == 1).then_some(0),
        '+' => 1,
        _ => -1,
    };
    let zone: String = zone.chars().skip(1).filter(|c| *c != ':').collect();
    let (hours, minutes) = zone.split_at_checked(2)?;
    let minutes = if minutes.is_empty() { 0 } else { digits(minutes)? };
    let hours = digits(hours)?;
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

fn digits(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then_some(text).filter(|text| text.len() <= 4)?.parse().ok()
}

/// Days since 1970 of a date of the Gregorian calendar, by eras of 400 years that begin in March.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + (153 * month + 2) / 5 + day - 719_469
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times() {
        for (json, expected) in [
            (json!(1_790_000_000), Some(1_790_000_000_000)),
            (json!(1_790_000_000.25), Some(1_790_000_000_250)),
            (json!(1_790_000_000_000_i64), Some(1_790_000_000_000)),
            (json!("1790000000"), Some(1_790_000_000_000)),
            (json!("1970-01-01T00:00:00Z"), Some(0)),
            (json!("2000-02-29T00:00:00Z"), Some(951_782_400_000)),
            (json!("2026-11-21T12:00:00.123Z"), Some(1_795_262_400_123)),
            (json!("2026-11-21 14:00:00+02:00"), Some(1_795_262_400_000)),
            (json!("2026-11-21T10:30:00.5-0130"), Some(1_795_262_400_500)),
            (json!("2026-11-21T12:00:00"), None),
            (json!("2026-11-21 12:00:00"), None),
            (json!("2026-13-21T12:00:00Z"), None),
            (json!("yesterday"), None),
            (json!(-5), None),
            (json!(null), None),
        ] {
            assert_eq!(absolute_ms(&json), expected, "{json}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text: String) {
            let _ = absolute_ms(&Json::String(text));
        }
    }
}
