//! The compliance score (G-04): 100 × (0.6 × readings in range + 0.2 × corrections closed in time + 0.1 × calibrations
//! valid + 0.1 × sensors online), in whole numbers. A share of nothing is full, but without any reading there is no
//! score: no data is never "OK".

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    pub part: u64,
    pub of: u64,
}

impl Share {
    pub fn new(part: u64, of: u64) -> Share {
        Share { part: part.min(of), of }
    }

    /// In ten-thousandths, rounded down: 99.99 % is never shown as 100. None of nothing.
    pub fn basis_points(self) -> Option<u32> {
        let share = u128::from(self.part) * 10_000 / u128::from(self.of).max(1);
        (self.of > 0).then(|| u32::try_from(share).unwrap_or(10_000))
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    pub readings_in_range: Share,
    pub corrections_in_time: Share,
    pub calibrations_valid: Share,
    pub sensors_online: Share,
}

impl Shares {
    /// In hundredths of a point, 0 to 10,000, rounded down.
    pub fn score(&self) -> Option<u32> {
        if self.readings_in_range.of == 0 {
            return None;
        }
        let weighted = [
            (6_000, self.readings_in_range),
            (2_000, self.corrections_in_time),
            (1_000, self.calibrations_valid),
            (1_000, self.sensors_online),
        ];
        // Millionths of a hundredth, each part rounded down.
        let parts = weighted.map(|(weight, share)| match share.of {
            0 => weight * 1_000_000,
            of => weight * 1_000_000 * u128::from(share.part.min(of)) / u128::from(of),
        });
        u32::try_from(parts.iter().sum::<u128>() / 1_000_000).ok()
    }
}
