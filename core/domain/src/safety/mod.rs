//! Food safety beyond the probes: the HACCP plan, manual checks, cooling runs, food under time control, calibrations,
//! compliance records and reviews.
//!
//! In reading order: `plan` (what a person approves), `preset` (plans to begin with), `cooling`, `timer`,
//! `calibration`, `severity` and `score` (pure rules), then events, fold and decision. The plan is a document while it
//! is drafted and a fact once it is approved. All times are the box's: nothing can be entered for earlier.

mod calibration;
pub mod cooling;
mod decide;
mod event;
mod fold;
mod plan;
mod preset;
pub mod score;
pub mod severity;
#[cfg(test)]
mod tests;
mod timer;
mod validate;

use trivet_log::{Id, Lane};

pub use calibration::{Compared, Correction, MAX_OFFSET_MILLI, boiling};
pub use decide::{Answered, EARLY_MS, Measured, decide, draft};
pub use event::*;
pub use fold::{Approval, Check, Cooling, Entered, Punctual, Record, State, Timer, fold, in_force};
pub use plan::*;
pub use preset::{Preset, presets};
pub use timer::{Clock, TimerState, WARN_MS};
pub use validate::time_of_day;

use crate::{MilliCelsius, Permission};

pub const LANE: Lane = Lane::Readings;
/// The draft of a location's plan.
pub const DOCUMENT: u16 = 0x0901;
/// Characters of a name, a lot, a quantity; of a note or a reason.
pub const MAX_NAME: usize = 100;
pub const MAX_NOTE: usize = 500;
/// Facts of one cooling run, timer or record; measured by hand once a minute, a run of six hours has 360.
/// Past it nothing more is measured or done; what ends or closes a thing is never refused for its length.
pub const MAX_HISTORY: usize = 1_000;

#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// The whole draft, as JSON.
    ChangePlan {
        location: Id,
        plan: String,
    },
    /// Approves the draft that the person saw: `draft_version` is the document's.
    ApprovePlan {
        location: Id,
        draft_version: u64,
        from_ms: Option<i64>,
        note: Option<String>,
    },
    /// `slot` is [`check_slot`] of a check with a due time, or the command's own id.
    DoCheck {
        slot: Id,
        planned: Box<PlannedCheck>,
        rules: Vec<Rule>,
        due_ms: Option<i64>,
        plan_version: Option<u32>,
        answered: Box<Answered>,
    },
    /// `planned` and `rules` are those of the plan by which it was answered.
    CorrectCheck {
        slot: Id,
        planned: Box<PlannedCheck>,
        rules: Vec<Rule>,
        answered: Box<Answered>,
        why: String,
    },
    MissCheck {
        slot: Id,
        missed: CheckMissed,
        grace_minutes: u16,
    },
    StartCooling {
        run: Id,
        started: CoolingStarted,
    },
    MeasureCooling {
        run: Id,
        value: MilliCelsius,
    },
    WarnCooling {
        run: Id,
        warned: CoolingWarned,
    },
    EndCooling {
        run: Id,
        ended: CoolingEnded,
    },
    SettleCooling {
        run: Id,
        settled: CoolingSettled,
    },
    StartTimer {
        timer: Id,
        rule: Box<TimerRule>,
        product: String,
        value: MilliCelsius,
        probe: Option<Id>,
        lot: Option<String>,
        quantity: Option<String>,
        plan_version: Option<u32>,
        clock: Clock,
    },
    WarnTimer {
        timer: Id,
    },
    MeasureTimer {
        timer: Id,
        value: MilliCelsius,
    },
    ExpireTimer {
        timer: Id,
        expired: TimerExpired,
    },
    EndTimer {
        timer: Id,
        ended: TimerEnded,
        clock: Clock,
    },
    Calibrate {
        calibration: Id,
        probe: Id,
        method: Method,
        points: Vec<Compared>,
        reference: String,
        altitude_metres: u16,
        tolerance_milli: u16,
        due_ms: i64,
        plan_version: Option<u32>,
        note: Option<String>,
        /// What was in force until now.
        before: Correction,
    },
    OpenRecord {
        record: Id,
        opened: RecordOpened,
    },
    /// `choice` is the plan's; it says what must be given.
    TakeAction {
        record: Id,
        choice: Choice,
        action: CorrectiveActionTaken,
    },
    AssignRecord {
        record: Id,
        to: Option<Id>,
    },
    CloseRecord {
        record: Id,
    },
    VerifyRecord {
        record: Id,
        note: Option<String>,
    },
    Review {
        review: Id,
        reviewed: Reviewed,
    },
}

/// Under which a location keeps its draft.
pub fn plan_document(location: Id) -> Id {
    location.derive("safety plan", 0)
}

/// Under which the approvals of its plan lie.
pub fn approvals(location: Id) -> Id {
    location.derive("safety approvals", 0)
}

/// One due time of a check: one answer, whoever gives it on whichever box.
pub fn check_slot(location: Id, check: &str, due_ms: i64) -> Id {
    location.derive(&format!("safety check {check}"), u64::try_from(due_ms).unwrap_or(0))
}

/// The record about a breach, a check, a run, a timer or a calibration: one, whoever opens it.
pub fn record_about(about: Id) -> Id {
    about.derive("safety record", 0)
}

impl Command {
    pub fn permission(&self) -> Permission {
        match self {
            Command::ChangePlan { .. } => Permission::HaccpConfigure,
            Command::ApprovePlan { .. } | Command::VerifyRecord { .. } | Command::Review { .. } => {
                Permission::HaccpVerify
            }
            _ => Permission::HaccpRecord,
        }
    }

    pub fn subject(&self) -> Id {
        match self {
            Command::ChangePlan { location, .. } => plan_document(*location),
            Command::ApprovePlan { location, .. } => approvals(*location),
            Command::DoCheck { slot, .. } | Command::CorrectCheck { slot, .. } | Command::MissCheck { slot, .. } => {
                *slot
            }
            Command::StartCooling { run, .. }
            | Command::MeasureCooling { run, .. }
            | Command::WarnCooling { run, .. }
            | Command::EndCooling { run, .. }
            | Command::SettleCooling { run, .. } => *run,
            Command::StartTimer { timer, .. }
            | Command::WarnTimer { timer }
            | Command::MeasureTimer { timer, .. }
            | Command::ExpireTimer { timer, .. }
            | Command::EndTimer { timer, .. } => *timer,
            Command::Calibrate { calibration, .. } => *calibration,
            Command::OpenRecord { record, .. }
            | Command::TakeAction { record, .. }
            | Command::AssignRecord { record, .. }
            | Command::CloseRecord { record }
            | Command::VerifyRecord { record, .. } => *record,
            Command::Review { review, .. } => *review,
        }
    }
}
