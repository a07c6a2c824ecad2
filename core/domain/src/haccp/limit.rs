//! A limit in the unit that its rule states. 135 °F is 57.222… °C, and no value can be that: values are whole
//! thousandths of a degree Celsius. So the limit is rounded as every value is, to the nearest thousandth, and then
//! compared: what reads 135 °F is at the limit, whichever unit it came in.

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

    /// To the nearest thousandth of a degree Celsius, as values are rounded.
    pub fn celsius(self) -> MilliCelsius {
        match self.scale {
            Scale::Celsius => MilliCelsius(self.milli),
            Scale::Fahrenheit => MilliCelsius::from_milli_fahrenheit(self.milli),
        }
    }

    pub fn holds(self, value: MilliCelsius) -> bool {
        let limit = self.celsius();
        match self.bound {
            Bound::AtMost => value <= limit,
            Bound::AtLeast => value >= limit,
            Bound::MoreThan => value > limit,
            Bound::LessThan => value < limit,
        }
    }

    pub fn is_upper(self) -> bool {
        matches!(self.bound, Bound::AtMost | Bound::LessThan)
    }

    /// Of limits of one side the one that orders first is the stricter; of two at one figure, that which shuts it out.
    pub fn strictness(self) -> (i64, bool) {
        let celsius = i64::from(self.celsius().0);
        let toward = if self.is_upper() { celsius } else { -celsius };
        (toward, matches!(self.bound, Bound::AtMost | Bound::AtLeast))
    }

    /// How far beyond the limit, in thousandths of a degree Celsius; 0 if it holds.
    pub fn beyond(self, value: MilliCelsius) -> i32 {
        if self.holds(value) {
            return 0;
        }
        i32::try_from(value.0.abs_diff(self.celsius().0)).unwrap_or(i32::MAX)
    }
}

/// In fifths of a thousandth of a degree: exact in both scales (°F = °C × 9/5 + 32). A value at the limit is the limit's
/// own figure.
fn fifths(value: MilliCelsius, scale: Scale, limit: Option<Limit>) -> i64 {
    if let Some(limit) = limit.filter(|limit| limit.scale == scale && limit.celsius() == value) {
        return i64::from(limit.milli) * 5;
    }
    match scale {
        Scale::Celsius => i64::from(value.0) * 5,
        Scale::Fahrenheit => i64::from(value.0) * 9 + 160_000,
    }
}

/// A value as a decimal of a scale, rounded to tenths toward the violation: 41.04 °F at a limit of 41 must not read
/// "41.0". Without a limit, or within it, to the nearest.
pub fn shown(value: MilliCelsius, scale: Scale, limit: Option<Limit>) -> String {
    let tenth = 500_i64;
    let exact = fifths(value, scale, limit);
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

    fn f(bound: Bound, milli: i32) -> Limit {
        Limit { bound, milli, scale: Scale::Fahrenheit }
    }

    #[test]
    fn a_limit_is_judged_at_the_nearest_thousandth() {
        for (limit, value, holds, beyond) in [
            (Limit::at_most(MilliCelsius(5_000)), 5_000, true, 0),
            (Limit::at_most(MilliCelsius(5_000)), 5_001, false, 1),
            (f(Bound::AtMost, 41_000), 5_000, true, 0),
            (f(Bound::AtLeast, 135_000), 57_221, false, 1),
            (f(Bound::AtLeast, 135_000), 57_222, true, 0),
            (f(Bound::AtLeast, 165_000), 73_888, false, 1),
            (f(Bound::AtLeast, 165_000), 73_889, true, 0),
            (f(Bound::AtMost, 70_000), 21_111, true, 0),
            (f(Bound::AtMost, 70_000), 21_112, false, 1),
            (Limit { bound: Bound::MoreThan, milli: 63_000, scale: Scale::Celsius }, 63_000, false, 0),
            (Limit { bound: Bound::MoreThan, milli: 63_000, scale: Scale::Celsius }, 63_001, true, 0),
            (f(Bound::LessThan, 0), -17_779, true, 0),
            (f(Bound::LessThan, 0), -17_778, false, 0),
            (f(Bound::LessThan, 0), -17_777, false, 1),
        ] {
            assert_eq!(limit.holds(MilliCelsius(value)), holds, "{limit:?} {value}");
            assert_eq!(limit.beyond(MilliCelsius(value)), beyond, "{limit:?} {value}");
        }
    }

    #[test]
    fn what_is_typed_in_fahrenheit_at_the_limit_is_at_the_limit() {
        for degrees in [135, 155, 165, 41, 70, 145, 0] {
            let typed = |tenths: i32| MilliCelsius::from_fahrenheit(f64::from(degrees * 10 + tenths) / 10.0).unwrap();
            for (bound, below, at, above) in [
                (Bound::AtMost, true, true, false),
                (Bound::AtLeast, false, true, true),
                (Bound::MoreThan, false, false, true),
                (Bound::LessThan, true, false, false),
            ] {
                let limit = f(bound, degrees * 1_000);
                let held = [-1, 0, 1].map(|tenths| limit.holds(typed(tenths)));
                assert_eq!(held, [below, at, above], "{limit:?}");
            }
        }
    }

    #[test]
    fn of_two_limits_at_one_figure_the_stricter_shuts_it_out() {
        let at_least = f(Bound::AtLeast, 135_000);
        assert_eq!(at_least.strictness(), Limit::at_least(MilliCelsius(57_222)).strictness());
        assert!(f(Bound::MoreThan, 135_000).strictness() < at_least.strictness());
        assert!(Limit::at_least(MilliCelsius(57_223)).strictness() < at_least.strictness());
    }

    #[test]
    fn a_violation_never_reads_as_the_limit() {
        let limit = f(Bound::AtMost, 41_000);
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
        for degrees in [135, 155, 165, 41, 70, 145] {
            for (bound, beyond) in
                [(Bound::AtMost, 1), (Bound::AtLeast, -1), (Bound::MoreThan, -1), (Bound::LessThan, 1)]
            {
                let limit = f(bound, degrees * 1_000);
                let read = |apart: i32| shown(MilliCelsius(limit.celsius().0 + apart), Scale::Fahrenheit, Some(limit));
                let tenths = degrees * 10 + beyond;
                assert_eq!(read(0), format!("{degrees}.0 °F"), "{limit:?}");
                assert_eq!(read(beyond), format!("{}.{} °F", tenths / 10, tenths % 10), "{limit:?}");
            }
        }
    }
}
