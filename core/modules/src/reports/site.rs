//! Where the report is about: its clock on the wall and its scale.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Unit, Zoned};
use trivet_domain::MilliCelsius;
use trivet_domain::haccp::limit::shown;
use trivet_domain::haccp::{Bound, Limit, Limits, Scale, Verdict};

use super::model::{Part, Temperature};

#[derive(Clone)]
pub(super) struct Site {
    pub(super) zone: TimeZone,
    pub(super) scale: Scale,
}

impl Site {
    #[cfg(test)]
    pub(super) fn utc() -> Site {
        Site { zone: TimeZone::UTC, scale: Scale::Celsius }
    }

    fn local(&self, ms: i64) -> Zoned {
        Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(self.zone.clone())
    }

    /// RFC 3339, to the second, with the offset of the site.
    pub(super) fn time(&self, ms: i64) -> String {
        self.local(ms).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// A time that an answer of another module gives in UTC.
    pub(super) fn retime(&self, text: &str) -> String {
        crate::time::parse(text).map_or_else(|| text.to_owned(), |ms| self.time(ms))
    }

    /// The minute at which the next local day begins, or the next hour.
    pub(super) fn next_slot(&self, minute: i64, by_hour: bool) -> Option<i64> {
        let at = self.local(minute.checked_mul(60_000)?);
        let next = match by_hour {
            true => at
                .checked_add(1.hour())
                .ok()?
                .round(jiff::ZonedRound::new().smallest(Unit::Hour).mode(jiff::RoundMode::Floor))
                .ok()?,
            false => at.start_of_day().ok()?.checked_add(1.day()).ok()?.start_of_day().ok()?,
        };
        Some(next.timestamp().as_millisecond().div_euclid(60_000))
    }

    pub(super) fn temperature(&self, milli: i32, limit: Option<Limit>) -> Temperature {
        let text = shown(MilliCelsius(milli), self.scale, limit);
        Temperature { milli_c: milli, shown: text.split(' ').next().unwrap_or_default().to_owned() }
    }

    /// By whichever of two limits it is beyond.
    pub(super) fn judged(&self, milli: i32, limits: Limits) -> Temperature {
        let limit = match limits.judge(MilliCelsius(milli)) {
            Verdict::Within => None,
            Verdict::Above(_) => limits.max.map(Limit::at_most),
            Verdict::Below(_) => limits.min.map(Limit::at_least),
        };
        self.temperature(milli, limit)
    }

    /// A value with its unit, for a sentence.
    pub(super) fn degrees(&self, value: &Temperature) -> String {
        format!("{} {}", value.shown, unit(self.scale))
    }
}

pub(super) fn unit(scale: Scale) -> &'static str {
    match scale {
        Scale::Celsius => "°C",
        Scale::Fahrenheit => "°F",
    }
}

/// In the unit of its rule: `at most 41 °F`.
pub(super) fn limit_words(limit: Limit) -> String {
    let bound = match limit.bound {
        Bound::AtMost => "at most",
        Bound::AtLeast => "at least",
        Bound::MoreThan => "above",
        Bound::LessThan => "below",
    };
    let sign = if limit.milli < 0 { "-" } else { "" };
    let (whole, rest) = (limit.milli.unsigned_abs() / 1_000, limit.milli.unsigned_abs() % 1_000);
    let decimals = format!("{rest:03}");
    let decimals = decimals.trim_end_matches('0');
    let point = if decimals.is_empty() { "" } else { "." };
    format!("{bound} {sign}{whole}{point}{decimals} {}", unit(limit.scale))
}

impl Part {
    pub(super) fn of(part: u64, of: u64) -> Part {
        let hundredths = u128::from(part.min(of)) * 10_000 / u128::from(of.max(1));
        Part { part, of, percent: (of > 0).then(|| format!("{}.{:02}", hundredths / 100, hundredths % 100)) }
    }

    /// For a sentence.
    pub(super) fn words(&self) -> String {
        self.percent.as_ref().map_or_else(|| "nothing".to_owned(), |percent| format!("{percent} %"))
    }

    pub(super) fn is_full(&self) -> bool {
        self.of > 0 && self.part == self.of
    }
}
