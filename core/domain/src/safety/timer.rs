//! Time as a control: food outside of temperature control until a deadline, by two clocks of which the earlier wins.
//! There is no pause, no extension and no way back.

use trivet_log::Id;

use super::event::{TimerEnd, TimerStarted};

/// Before the deadline.
pub const WARN_MS: i64 = 30 * 60_000;

/// The box's clocks at one moment: the wall clock that can be set, and its running time that cannot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    pub wall_ms: i64,
    /// Which start of the machine the running time counts from; None if the system does not say.
    pub boot: Option<Id>,
    pub up_ms: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimerState {
    Running,
    Warned,
    Expired,
    Served,
    Discarded,
}

impl TimerState {
    pub fn name(self) -> &'static str {
        match self {
            TimerState::Running => "running",
            TimerState::Warned => "warned",
            TimerState::Expired => "expired",
            TimerState::Served => "served",
            TimerState::Discarded => "discarded",
        }
    }

    pub fn is_over(self) -> bool {
        matches!(self, TimerState::Served | TimerState::Discarded)
    }
}

impl From<TimerEnd> for TimerState {
    fn from(end: TimerEnd) -> TimerState {
        match end {
            TimerEnd::Served => TimerState::Served,
            TimerEnd::Discarded => TimerState::Discarded,
        }
    }
}

impl TimerStarted {
    fn allowed_ms(&self) -> i64 {
        i64::from(self.minutes) * 60_000
    }

    pub fn deadline_ms(&self) -> i64 {
        self.started_ms + self.allowed_ms()
    }

    /// What is left; 0 or less: it is over. After a restart of the machine its running time says nothing, and the wall
    /// clock alone counts.
    pub fn left_ms(&self, clock: &Clock) -> i64 {
        let by_wall = self.deadline_ms() - clock.wall_ms;
        let by_running = match (self.boot, self.up_ms) {
            (Some(boot), Some(up_ms)) if clock.boot == Some(boot) => Some(self.allowed_ms() - (clock.up_ms - up_ms)),
            _ => None,
        };
        by_running.map_or(by_wall, |by_running| by_running.min(by_wall))
    }
}
