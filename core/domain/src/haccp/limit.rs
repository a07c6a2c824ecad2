//! A limit in the unit that its rule states. 135 °F is 57.222… °C: compared as a rounded figure, a value at the limit
//! would be judged wrongly.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::MilliCelsius;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
pub enum Scale {
    #[default]
    #[n(0)]
    #[serde(rename = "C")]
    Celsius,
    #[n(1)]
    #[serde(rename = "F")]
    Fahrenheit,
}

impl Scale {
    pub fn name(self) -> &'static str {
        match self {
            Scale::Celsius => "C",
            Scale::Fahrenheit => "F",
        }
    }
}

/// Which side of the limit is beyond it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// "41 °F or less": above is beyond.
    #[n(0)]
    AtMost,
    /// "135 °F or above": below is beyond.
    #[n(1)]
    AtLeast,
    /// "above 63 °C": the value itself is beyond already.
    #[n(2)]
    MoreThan,
    #[n(3)]
    LessThan,
}

impl Bound {
    pub fn name(self) -> &'static str {
        match self {
            Bound::AtMost => "at_most",
            Bound::AtLeast => "at_least",
            Bound::MoreThan => "more_than",
            Bound::LessThan => "less_than",
        }
    }
}

/// A threshold of so many thousandths of a degree of its scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
pub struct Limit {
    #[n(0)]
    pub bound: Bound,
    #[n(1)]
    pub milli: i32,
    #[n(2)]
    pub scale: Scale,
}

impl Limit {
    pub const fn at_most(celsius: MilliCelsius) -> Limit {
        Limit { bound: Bound::AtMost, milli: celsius.0, scale: Scale::Celsius }
    }

    pub const fn at_least(celsius: MilliCelsius) -> Limit {
        Limit { bound: Bound::AtLeast, milli: celsius.0, scale: Scale::Celsius }
    }

    /// Ninths of a thousandth of a degree Celsius: both scales are whole numbers of them.
    fn ninths(self) -> i64 {
        match self.scale {
            Scale::Celsius => i64::from(self.milli) * 9,
            Scale::Fahrenheit => (i64::from(self.milli) - 32_000) * 5,
        }
    }

    pub fn holds(self, value: MilliCelsius) -> bool {
        let value = i64::from(value.0) * 9;
        match self.bound {
            Bound::AtMost => value <= self.ninths(),
            Bound::AtLeast => value >= self.ninths(),
            Bound::MoreThan => value > self.ninths(),
            Bound::LessThan => value < self.ninths(),
        }
    }

    pub fn is_upper(self) -> bool {
        matches!(self.bound, Bound::AtMost | Bound::LessThan)
    }

    /// Of limits of one side the one that orders first is the stricter; of two at one figure, that which shuts it out.
    pub fn strictness(self) -> (i64, bool) {
        let toward = if self.is_upper() { self.ninths() } else { -self.ninths() };
        (toward, matches!(self.bound, Bound::AtMost | Bound::AtLeast))
    }

    /// How far beyond the limit, in thousandths of a degree Celsius, rounded away from it; 0 if it holds.
    pub fn beyond(self, value: MilliCelsius) -> i32 {
        if self.holds(value) {
            return 0;
        }
        let apart = (i64::from(value.0) * 9 - self.ninths()).abs();
        i32::try_from((apart + 8) / 9).unwrap_or(i32::MAX)
    }

    /// Nearest thousandth of a degree Celsius, for charts alone.
    pub fn celsius(self) -> MilliCelsius {
        let ninths = self.ninths();
        MilliCelsius(i32::try_from((ninths + ninths.signum() * 4) / 9).unwrap_or(i32::MAX))
    }
}

/// A value as a decimal of a scale, rounded to tenths toward the violation: 41.04 °F at a limit of 41 must not read
/// "41.0". Without a limit, or within it, to the nearest.
pub fn shown(value: MilliCelsius, scale: Scale, limit: Option<Limit>) -> String {
    // In fiftieths of a thousandth: exact in both scales (°F = °C × 9/5 + 32).
    let tenth = 500_i64;
    let exact = match scale {
        Scale::Celsius => i64::from(value.0) * 5,
        Scale::Fahrenheit => i64::from(value.0) * 9 + 160_000,
    };
    let tenths = match limit.filter(|limit| !limit.holds(value)) {
        Some(limit) if limit.is_upper() => -(-exact).div_euclid(tenth),
        Some(_) => exact.div_euclid(tenth),
        None => (exact + tenth / 2).div_euclid(tenth),
    };
    let sign = if tenths < 0 { "-" } else { "" };
    let unit = match scale {
        Scale::Celsius => "°C",
        Scale::Fahrenheit => "°F",
    };
    format!("{sign}{}.{} {unit}", tenths.abs() / 10, tenths.abs() % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_judged_in_its_own_unit() {
        let f = |bound, milli| Limit { bound, milli, scale: Scale::Fahrenheit };
        for (limit, value, holds, beyond) in [
            (Limit::at_most(MilliCelsius(5_000)), 5_000, true, 0),
            (Limit::at_most(MilliCelsius(5_000)), 5_001, false, 1),
            (f(Bound::AtMost, 41_000), 5_000, true, 0),
            // 135 °F = 57.2222… °C: 57.222 is below it, 57.223 is not.
            (f(Bound::AtLeast, 135_000), 57_222, false, 1),
            (f(Bound::AtLeast, 135_000), 57_223, true, 0),
            (f(Bound::AtMost, 70_000), 21_111, true, 0),
            (f(Bound::AtMost, 70_000), 21_112, false, 1),
            (Limit { bound: Bound::MoreThan, milli: 63_000, scale: Scale::Celsius }, 63_000, false, 0),
            (f(Bound::LessThan, 0), -17_778, true, 0),
            (f(Bound::LessThan, 0), -17_777, false, 1),
        ] {
            assert_eq!(limit.holds(MilliCelsius(value)), holds, "{limit:?} {value}");
            assert_eq!(limit.beyond(MilliCelsius(value)), beyond, "{limit:?} {value}");
        }
        assert_eq!(f(Bound::AtLeast, 135_000).celsius(), MilliCelsius(57_222));
    }

    #[test]
    fn a_violation_never_reads_as_the_limit() {
        let limit = Limit { bound: Bound::AtMost, milli: 41_000, scale: Scale::Fahrenheit };
        for (value, scale, expected) in [
            (5_000, Scale::Fahrenheit, "41.0 °F"),
            (5_022, Scale::Fahrenheit, "41.1 °F"),
            (5_001, Scale::Celsius, "5.1 °C"),
            (4_960, Scale::Celsius, "5.0 °C"),
            (-18_040, Scale::Celsius, "-18.0 °C"),
        ] {
            assert_eq!(shown(MilliCelsius(value), scale, Some(limit)), expected, "{value}");
        }
        let hot = Limit { bound: Bound::AtLeast, milli: 57_000, scale: Scale::Celsius };
        assert_eq!(shown(MilliCelsius(56_990), Scale::Celsius, Some(hot)), "56.9 °C");
    }
}
