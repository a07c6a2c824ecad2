//! Calibrations: what a probe reads is corrected by the last comparison with a reference. The raw reading is kept, so
//! history can be stated anew and is never rewritten.

use super::decide::plausible;
use super::event::{Calibrated, Method};
use crate::{MilliCelsius, Refusal};

/// A probe that is further off is replaced, not corrected.
pub const MAX_OFFSET_MILLI: u32 = 2_000;
/// Two references that lie closer give no slope.
const MIN_APART_MILLI: u32 = 10_000;

/// Water boils at, in thousandths of a degree Celsius, every 500 m up: from the standard atmosphere (ISO 2533) and the
/// Antoine equation of water. The weather moves it by up to half a degree.
const BOILING: [i32; 9] = [100_000, 98_340, 96_680, 95_020, 93_360, 91_700, 90_030, 88_360, 86_680];

const ICE: MilliCelsius = MilliCelsius(0);

pub fn boiling(altitude_metres: u16) -> MilliCelsius {
    let (step, rest) = (usize::from(altitude_metres / 500), i32::from(altitude_metres % 500));
    let at = |index: usize| BOILING.get(index).or(BOILING.last()).copied().unwrap_or(100_000);
    MilliCelsius(at(step) + (at(step + 1) - at(step)) * rest / 500)
}

/// The correction of a probe: none, an offset, or an offset and a slope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Correction(Vec<(MilliCelsius, MilliCelsius)>);

impl Correction {
    /// From pairs of (reference, read); more than two are refused where they are recorded.
    pub fn of(points: impl IntoIterator<Item = (MilliCelsius, MilliCelsius)>) -> Correction {
        Correction(points.into_iter().take(2).collect())
    }

    /// The corrected value, to the nearest thousandth.
    pub fn apply(&self, raw: MilliCelsius) -> MilliCelsius {
        let wide = |value: MilliCelsius| i64::from(value.0);
        let corrected = match self.0.as_slice() {
            [] => wide(raw),
            [(reference, read), (high_reference, high_read), ..] if high_read != read => {
                let above = (wide(raw) - wide(*read)) * (wide(*high_reference) - wide(*reference));
                wide(*reference) + rounded(above, wide(*high_read) - wide(*read))
            }
            [(reference, read), ..] => wide(raw) + wide(*reference) - wide(*read),
        };
        MilliCelsius(i32::try_from(corrected).unwrap_or(if corrected < 0 { i32::MIN } else { i32::MAX }))
    }
}

/// a ÷ b, half away from zero.
fn rounded(a: i64, b: i64) -> i64 {
    let (whole, rest) = (a / b, a % b);
    if rest.abs() * 2 >= b.abs() { whole + (a.signum() * b.signum()) } else { whole }
}

impl Calibrated {
    pub fn correction(&self) -> Correction {
        Correction::of(self.points.iter().map(|point| (point.reference, point.read)))
    }

    /// As found within the tolerance: nothing that was read since the last calibration is in doubt.
    pub fn found_good(&self) -> bool {
        self.points.iter().all(|point| point.found.unsigned_abs() <= u32::from(self.tolerance_milli))
    }

    pub fn left_good(&self) -> bool {
        self.points.iter().all(|point| point.left.unsigned_abs() <= u32::from(self.tolerance_milli))
    }
}

/// What a person compared: the reference, what the probe gave, and what it gave after the correction if they looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compared {
    /// None: given by the method.
    pub reference: Option<MilliCelsius>,
    pub read: MilliCelsius,
    /// As shown afterwards.
    pub left: Option<MilliCelsius>,
}

/// The references of a comparison, in the order of its points.
pub(super) fn references(method: Method, points: &[Compared], altitude: u16) -> Result<Vec<MilliCelsius>, Refusal> {
    let wants = match method {
        Method::Ice | Method::Boil => 1..=1,
        Method::IceAndBoil => 2..=2,
        Method::Bath => 1..=2,
    };
    if !wants.contains(&points.len()) {
        let (from, to) = wants.into_inner();
        let many = if from == to { from.to_string() } else { format!("{from} or {to}") };
        return Err(Refusal::invalid("points", format!("this method has {many} points")));
    }
    let of = |(index, point): (usize, &Compared)| match (method, index) {
        (Method::Ice, _) | (Method::IceAndBoil, 0) => Ok(ICE),
        (Method::Boil | Method::IceAndBoil, _) => Ok(boiling(altitude)),
        (Method::Bath, index) => {
            let missing = || Refusal::invalid(format!("points[{index}].referenceMilliC"), "what the reference showed");
            point.reference.ok_or_else(missing)
        }
    };
    let references: Vec<MilliCelsius> = points.iter().enumerate().map(of).collect::<Result<_, _>>()?;
    for (index, (point, reference)) in points.iter().zip(&references).enumerate() {
        let at = format!("points[{index}].readMilliC");
        for value in [point.read, *reference] {
            plausible(&at, value)?;
        }
        point.left.map_or(Ok(()), |left| plausible(format!("points[{index}].leftMilliC"), left))?;
        if point.read.0.abs_diff(reference.0) > MAX_OFFSET_MILLI {
            let why = format!("{} at {reference}: more than 2 °C off, replace the probe", point.read);
            return Err(Refusal::invalid(at, why));
        }
    }
    if let [low, high] = references.as_slice()
        && low.0.abs_diff(high.0) < MIN_APART_MILLI
    {
        return Err(Refusal::invalid("points[1].referenceMilliC", "at least 10 °C from the first"));
    }
    Ok(references)
}
