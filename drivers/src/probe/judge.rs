//! Values that read well and are still not to be believed: one that has not moved for hours, one that jumps as no
//! kitchen does, and the 85 °C of a sensor that has just been powered. Pure: one [`Judge`] an input, the caller's clock.

use super::{Doubt, NoData, Sample};

/// An air probe whose values vary does not stand still for so long.
const FROZEN_AFTER_MS: i64 = 6 * 3_600_000;
/// It varies if it changed so often before.
const CHANGES: u32 = 20;
/// A probe that has stood still before, as one with coarse steps does, is given so many times as long.
const LONGEST_RUN_TIMES: i64 = 3;
/// Nothing in a kitchen warms or cools a probe faster (thousandths of a degree a second): one that is carried from ice
/// to boiling water needs some seconds, too.
const FASTEST: i64 = 10_000;
/// A smaller step may be noise of the sensor.
const SMALLEST_JUMP: i32 = 15_000;
/// What a DS18B20 says until it has measured (DS18B20, "Power-up").
const POWER_ON: i32 = 85_000;
/// A pause after which nothing is known of the rate.
const FORGET_AFTER_MS: i64 = 600_000;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judge {
    last: Option<(i64, i32)>,
    same_since_ms: i64,
    changes: u32,
    longest_run_ms: i64,
}

impl Judge {
    /// Looks at a sample as it comes, and says in it what is to be doubted. One that comes late or out of order says
    /// nothing of the present and is left as it is; so is one without a value.
    pub fn look(&mut self, sample: &mut Sample, now_ms: i64) {
        let Ok(value) = sample.value else { return };
        if matches!(sample.doubt, Some(Doubt::OutOfOrder | Doubt::Late)) {
            return;
        }
        let Some((last_ms, last)) = self.last else {
            self.last = Some((now_ms, value));
            self.same_since_ms = now_ms;
            if value == POWER_ON {
                sample.doubt.get_or_insert(Doubt::WarmUp);
            }
            return;
        };
        let passed_ms = now_ms.saturating_sub(last_ms).max(0);
        let jump = value.abs_diff(last);
        let jumps = jump >= SMALLEST_JUMP.unsigned_abs()
            && passed_ms < FORGET_AFTER_MS
            && i64::from(jump) * 1_000 > FASTEST * passed_ms.max(1_000);
        if jumps && value == POWER_ON {
            // Not taken for the last value: as long as it says 85, it has not measured.
            sample.value = Err(NoData::PowerOnReset);
            return;
        }
        if jumps {
            sample.doubt.get_or_insert(Doubt::RateImplausible);
        }
        if value == last {
            let same_ms = now_ms.saturating_sub(self.same_since_ms);
            let patience = FROZEN_AFTER_MS.max(self.longest_run_ms.saturating_mul(LONGEST_RUN_TIMES));
            if self.changes >= CHANGES && same_ms >= patience {
                sample.doubt.get_or_insert(Doubt::Frozen);
            }
        } else {
            let run_ms = last_ms.saturating_sub(self.same_since_ms);
            // A fault that has ended is no measure of how long a sound probe stands still.
            if run_ms < FROZEN_AFTER_MS || self.changes < CHANGES {
                self.longest_run_ms = self.longest_run_ms.max(run_ms);
            }
            self.changes = self.changes.saturating_add(1);
            self.same_since_ms = now_ms;
        }
        self.last = Some((now_ms, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn look(judge: &mut Judge, at_ms: i64, value: i32) -> (Result<i32, NoData>, Option<Doubt>) {
        let mut sample = Sample::new("fridge", Ok(value));
        judge.look(&mut sample, at_ms);
        (sample.value, sample.doubt)
    }

    fn tell(judge: &mut Judge, at_ms: i64, value: i32) {
        judge.look(&mut Sample::new("fridge", Ok(value)), at_ms);
    }

    #[test]
    fn jumps() {
        // From 4 °C: after so many seconds another value.
        for (name, after_s, value, expected) in [
            ("a door", 60, 12_000, (Ok(12_000), None)),
            ("carried into boiling water", 30, 95_000, (Ok(95_000), None)),
            ("a spike", 1, 60_000, (Ok(60_000), Some(Doubt::RateImplausible))),
            ("a small step", 1, 16_000, (Ok(16_000), None)),
            ("after a long silence", 900, 90_000, (Ok(90_000), None)),
            ("a power-on", 1, 85_000, (Err(NoData::PowerOnReset), None)),
            ("hot holding, slowly", 300, 85_000, (Ok(85_000), None)),
        ] {
            let mut judge = Judge::default();
            tell(&mut judge, 0, 4_000);
            assert_eq!(look(&mut judge, after_s * 1_000, value), expected, "{name}");
        }
    }

    #[test]
    fn a_sensor_that_stays_at_its_power_on_value_never_measures() {
        let mut judge = Judge::default();
        assert_eq!(look(&mut judge, 0, 85_000), (Ok(85_000), Some(Doubt::WarmUp)), "nothing is known of it yet");
        let mut judge = Judge::default();
        tell(&mut judge, 0, 4_000);
        for s in 1..5 {
            assert_eq!(look(&mut judge, s * 1_000, 85_000).0, Err(NoData::PowerOnReset));
        }
        assert_eq!(look(&mut judge, 6_000, 4_100), (Ok(4_100), None));
    }

    #[test]
    fn a_probe_that_varied_and_stands_still_is_frozen() {
        let mut judge = Judge::default();
        let mut at = 0;
        for n in 0..30 {
            at += MINUTE;
            assert_eq!(look(&mut judge, at, 4_000 + n % 7 * 62).1, None);
        }
        let began = at;
        let mut doubted = None;
        while doubted.is_none() {
            at += MINUTE;
            doubted = look(&mut judge, at, 4_500).1.map(|doubt| (doubt, at - began));
        }
        assert_eq!(doubted, Some((Doubt::Frozen, FROZEN_AFTER_MS + MINUTE)));
        assert_eq!(look(&mut judge, at + MINUTE, 4_062).1, None, "it moves again");
    }

    #[test]
    fn a_probe_that_never_varied_is_not_frozen() {
        let mut judge = Judge::default();
        for hour in 0..48 {
            assert_eq!(look(&mut judge, hour * 60 * MINUTE, -18_000).1, None);
        }
        // Coarse steps: it stood still for five hours before, and may for fifteen.
        let mut judge = Judge::default();
        for n in 0..30 {
            tell(&mut judge, n * 300 * MINUTE, -18_000);
            tell(&mut judge, n * 300 * MINUTE + 299 * MINUTE, -18_000);
            tell(&mut judge, n * 300 * MINUTE + 299 * MINUTE + 1, -18_500);
        }
        let began = 30 * 300 * MINUTE;
        tell(&mut judge, began, -18_000);
        assert_eq!(look(&mut judge, began + 7 * 60 * MINUTE, -18_000).1, None);
        assert_eq!(look(&mut judge, began + 15 * 60 * MINUTE, -18_000).1, Some(Doubt::Frozen));
    }

    #[test]
    fn late_samples_say_nothing_of_the_present() {
        let mut judge = Judge::default();
        tell(&mut judge, 0, 4_000);
        let mut late = Sample { doubt: Some(Doubt::Late), ..Sample::new("fridge", Ok(60_000)) };
        judge.look(&mut late, 1_000);
        assert_eq!(late.doubt, Some(Doubt::Late));
        assert_eq!(look(&mut judge, 2_000, 4_000), (Ok(4_000), None));
    }
}
