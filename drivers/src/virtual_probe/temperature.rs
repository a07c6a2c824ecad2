//! What the probe measures: a cold room whose compressor comes and goes.

use std::time::Duration;

/// The air swings by so much around the set point.
const SWING_C: f64 = 0.6;
/// One round of the compressor: it cools for two fifths of it.
const CYCLE: Duration = Duration::from_secs(1200);
const COOLING_PART: f64 = 0.4;
/// How fast a new target is reached, unless at once.
const DRIFT_C_PER_S: f64 = 0.5;

/// A temperature over time. A target that somebody asked for is met exactly; the set point with the compressor's
/// swing.
#[derive(Clone, Debug)]
pub struct Temperature {
    set_point_c: f64,
    phase: f64,
    target_c: Option<f64>,
    from_c: f64,
    since: Duration,
}

impl Temperature {
    /// A room at its set point; `phase` (0 to 1) keeps several rooms from swinging together.
    pub fn new(set_point_c: f64, phase: f64) -> Self {
        Self { set_point_c, phase: phase.fract().abs(), target_c: None, from_c: f64::NAN, since: Duration::ZERO }
    }

    /// Degrees Celsius at `now`.
    pub fn at(&self, now: Duration) -> f64 {
        let goal = self.target_c.unwrap_or_else(|| self.swinging(now));
        if self.from_c.is_nan() {
            return goal;
        }
        let reach = DRIFT_C_PER_S * now.saturating_sub(self.since).as_secs_f64();
        self.from_c + (goal - self.from_c).clamp(-reach, reach)
    }

    /// Moves to `target_c` (or back to the set point), at once or by half a degree a second.
    pub fn aim(&mut self, target_c: Option<f64>, at_once: bool, now: Duration) {
        self.from_c = if at_once { f64::NAN } else { self.at(now) };
        self.since = now;
        self.target_c = target_c;
    }

    fn swinging(&self, now: Duration) -> f64 {
        let place = (now.as_secs_f64() / CYCLE.as_secs_f64() + self.phase).fract();
        let height = if place < COOLING_PART {
            1.0 - place / COOLING_PART
        } else {
            (place - COOLING_PART) / (1.0 - COOLING_PART)
        };
        self.set_point_c + SWING_C * (2.0 * height - 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swings_by_no_more_than_it_says_and_does_swing() {
        let room = Temperature::new(3.0, 0.2);
        let values: Vec<f64> = (0..1200).map(|s| room.at(Duration::from_secs(s))).collect();
        let (low, high) = values.iter().fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
        assert!((2.4..2.45).contains(&low) && high > 3.55 && high <= 3.6, "{low} {high}");
    }

    #[test]
    fn moves_by_half_a_degree_a_second_or_at_once() {
        let mut room = Temperature::new(3.0, 0.0);
        let start = room.at(Duration::ZERO);
        room.aim(Some(12.0), false, Duration::ZERO);
        assert!((room.at(Duration::from_secs(2)) - (start + 1.0)).abs() < 1e-9);
        assert_eq!(room.at(Duration::from_secs(60)), 12.0);
        room.aim(Some(-4.0), true, Duration::from_secs(60));
        assert_eq!(room.at(Duration::from_secs(60)), -4.0);
        room.aim(None, true, Duration::from_secs(61));
        assert!((room.at(Duration::from_secs(61)) - 3.0).abs() <= 0.6);
    }
}
