//! Temperatures: probes and their limits, the readings of each minute, and breaches.
//!
//! A probe is a document (its name and limits are edited side by side; of two limits the stricter is in force until a
//! person decides). A *sample* is what a probe sends; a *reading* is a probe's minute. All probes of a box share one
//! fact a minute, under the box's hour. A breach, a lost or returned probe and a manual reading are facts of their
//! own, committed at once.

mod decide;
mod event;
mod fold;
pub mod limit;
pub mod pack;
mod probe;
#[cfg(test)]
mod tests;
pub mod trend;
pub mod watch;

use trivet_log::{Id, Lane, Origin};

pub use decide::decide;
pub use event::{
    BreachClosed, BreachKind, BreachOpened, Cause, Doubt, Event, Kept, MAX_KEPT, MAX_RAW, Mark, MinuteRead, NoData,
    Part, PartChanged, ProbeLost, ProbeReturned, Reading, ReadingCorrected, ReadingRecorded,
};
pub use fold::{Breach, Day, Hour, HourReading, Manual, Outage, State, fold};
pub use limit::{Bound, Limit, Scale};
pub use probe::{Change, DETAILS, DOCUMENT, Limits, Probe, Severity, UnitKind, Verdict};
pub use watch::{AlarmKind, At, Excursion, Minute, Notice, Rules, Tier, Watch};

use crate::{MilliCelsius, Permission};

pub const LANE: Lane = Lane::Readings;
pub const MAX_PROBES: usize = 150;

#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    ChangeProbe {
        probe: Id,
        change: Change,
    },
    /// The readings of one minute of this box.
    RecordMinute(Readings),
    ChangePart(PartChanged),
    OpenBreach {
        breach: Id,
        opened: BreachOpened,
    },
    CloseBreach {
        breach: Id,
        closed: BreachClosed,
    },
    LoseProbe {
        outage: Id,
        lost: ProbeLost,
    },
    ReturnProbe {
        outage: Id,
    },
    /// A reading that a person or another system gives (HAC-01).
    Record {
        reading: Id,
        probe: Id,
        value: MilliCelsius,
        /// In which it was given.
        scale: Scale,
        measured_at_ms: i64,
        source: String,
        /// In force when it was measured, by plan and probe: another subject, so whoever records reads them.
        limits: Limits,
    },
    /// What a person gave was mistyped: it was this, or nothing.
    Correct {
        reading: Id,
        value: Option<MilliCelsius>,
        scale: Scale,
        why: String,
    },
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Readings {
    pub minute: i64,
    /// One a probe, by id.
    pub probes: Vec<ProbeMinute>,
    pub plan: Option<u32>,
    /// See [`MinuteRead::late`].
    pub late: bool,
    pub kept: Vec<Kept>,
    /// See [`MinuteRead::marks`].
    pub marks: Vec<Mark>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ProbeMinute {
    pub probe: Id,
    pub calibration: Option<Id>,
    pub reading: Reading,
}

/// The subject of what a unit's parts did on one day: `day` counts from 1970.
pub fn day_id(probe: Id, day: i64) -> Id {
    probe.derive("haccp day", u64::try_from(day).unwrap_or(0))
}

/// The subject of a box's readings of one hour: `hour` counts from 1970.
pub fn hour_id(origin: Origin, hour: i64) -> Id {
    let ms = u64::try_from(hour.saturating_mul(3_600_000)).unwrap_or(0);
    let mut near = [0; 10];
    near.iter_mut().zip(origin.0).for_each(|(to, from)| *to = from);
    Id::at(ms, near).derive("haccp hour", 0)
}

impl Command {
    pub fn permission(&self) -> Permission {
        match self {
            Command::ChangeProbe { .. } => Permission::HaccpConfigure,
            _ => Permission::HaccpRecord,
        }
    }

    pub fn subject(&self, origin: Origin) -> Id {
        match self {
            Command::ChangeProbe { probe, .. } => *probe,
            Command::RecordMinute(readings) => hour_id(origin, readings.minute.div_euclid(60)),
            Command::ChangePart(changed) => day_id(changed.probe, changed.at_ms.div_euclid(24 * 3_600_000)),
            Command::OpenBreach { breach, .. } | Command::CloseBreach { breach, .. } => *breach,
            Command::LoseProbe { outage, .. } | Command::ReturnProbe { outage } => *outage,
            Command::Record { reading, .. } | Command::Correct { reading, .. } => *reading,
        }
    }
}
