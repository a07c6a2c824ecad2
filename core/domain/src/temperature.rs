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

    /// (°F − 32) × 5/9, half up.
    pub fn from_fahrenheit(degrees: f64) -> Option<MilliCelsius> {
        MilliCelsius::from_degrees((degrees - 32.0) * 5.0 / 9.0)
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
}
