//! Temperatures: integer thousandths of a degree Celsius. Never a float in a record.

use std::fmt;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Encode, Decode, Serialize, Deserialize)]
#[cbor(transparent)]
#[serde(transparent)]
pub struct MilliCelsius(#[n(0)] pub i32);

impl MilliCelsius {
    /// What any probe in a kitchen can mean; a value outside is a fault of the probe, not of the food.
    pub const PLAUSIBLE: std::ops::RangeInclusive<MilliCelsius> = MilliCelsius(-90_000)..=MilliCelsius(400_000);

    /// From a decimal number of degrees as a device or a person wrote it; None if it is no number or out of range.
    pub fn from_degrees(degrees: f64) -> Option<MilliCelsius> {
        let milli = (degrees * 1_000.0).round();
        (milli.is_finite() && milli.abs() < 2_000_000.0).then_some(MilliCelsius(milli as i32))
    }

    /// (°F − 32) × 5/9, to the nearest.
    pub fn from_fahrenheit(degrees: f64) -> Option<MilliCelsius> {
        MilliCelsius::from_degrees((degrees - 32.0) * 5.0 / 9.0)
    }

    /// The same of whole thousandths, as limits have them: ninths, of which none lies in the middle.
    pub fn from_milli_fahrenheit(milli: i32) -> MilliCelsius {
        let ninths = (i64::from(milli) - 32_000) * 5;
        MilliCelsius(i32::try_from((ninths + 4).div_euclid(9)).unwrap_or(i32::MAX))
    }
}

impl fmt::Display for MilliCelsius {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{:03} °C", self.0.unsigned_abs() / 1_000, self.0.unsigned_abs() % 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degrees_become_thousandths() {
        for (given, expected) in [(3.97, Some(3_970)), (-18.0, Some(-18_000)), (f64::NAN, None), (1e9, None)] {
            assert_eq!(MilliCelsius::from_degrees(given).map(|t| t.0), expected);
        }
        assert_eq!(MilliCelsius::from_fahrenheit(41.0), Some(MilliCelsius(5_000)));
        assert_eq!(MilliCelsius::from_fahrenheit(135.0), Some(MilliCelsius(57_222)));
        assert_eq!(MilliCelsius(-500).to_string(), "-0.500 °C");
    }

    #[test]
    fn a_decimal_and_whole_thousandths_of_fahrenheit_round_alike() {
        for (milli, expected) in [(135_000, 57_222), (155_000, 68_333), (165_000, 73_889), (0, -17_778), (32_000, 0)] {
            assert_eq!(MilliCelsius::from_milli_fahrenheit(milli), MilliCelsius(expected), "{milli}");
        }
        for tenths in -1_300..=7_500 {
            let whole = MilliCelsius::from_milli_fahrenheit(tenths * 100);
            assert_eq!(MilliCelsius::from_fahrenheit(f64::from(tenths) / 10.0), Some(whole), "{tenths}");
        }
    }
}
