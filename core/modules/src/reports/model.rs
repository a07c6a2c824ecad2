//! What a report says (JSON). Every temperature stands beside its decimal of the site's scale, rounded once, here,
//! toward the violation; every time is RFC 3339 with the site's offset.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::picks::Picks;

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HaccpReport)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub establishment: Establishment,
    pub from: String,
    /// Before this.
    pub to: String,
    /// How far the period has come; earlier than `to` when it goes on.
    pub until: String,
    pub time_zone: String,
    /// `C` or `F`: the scale of the plan's limits, or as asked for.
    pub scale: String,
    pub made_at: String,
    pub answer: Answer,
    pub score: Score,
    pub plans: Vec<PlanLine>,
    pub units: Vec<Unit>,
    pub excursions: Vec<Excursion>,
    /// Compliance records of the period that are about no excursion, and all that were open in it.
    pub records: Vec<RecordLine>,
    pub readings: Vec<ReadingLine>,
    pub checks: Vec<CheckLine>,
    pub cooling: Vec<CoolingLine>,
    pub timers: Vec<TimerLine>,
    pub calibrations: Vec<CalibrationLine>,
    pub faults: Vec<FaultLine>,
    pub clock: ClockNotes,
    pub amendments: Vec<Amendment>,
    pub reviews: Vec<Review>,
    pub audit: Vec<AuditLine>,
    pub seal: Seal,
    /// The sections that were asked for.
    pub sections: Vec<String>,
    /// Sections with more lines than a report holds.
    pub left_out: Vec<LeftOut>,
    /// Of the tables alone: the figures here are whole.
    #[serde(skip)]
    pub picks: Picks,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HaccpReportEstablishment)]
#[serde(rename_all = "camelCase")]
pub struct Establishment {
    pub organization: String,
    pub location: String,
    pub address: String,
    pub phone: String,
    pub box_id: String,
    pub box_letter: String,
    pub version: String,
}

/// What the first page says.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HaccpReportAnswer)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// `no_data`, `open`, `deviations`, `gaps` or `clear`. `clear` is said only of a period that is covered.
    pub state: String,
    /// One sentence. Where it says that there was no excursion, it says the coverage.
    pub sentence: String,
    pub coverage: Part,
    pub within: Part,
    pub excursions: u64,
    pub checks_on_time: u64,
    pub checks_late: u64,
    pub checks_missed: u64,
    pub checks_failed: u64,
    /// What somebody still has to do.
    pub open: Vec<String>,
    pub worst: Vec<String>,
    pub gaps: Vec<String>,
}

/// So many of so many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = HaccpReportPart)]
pub struct Part {
    pub part: u64,
    pub of: u64,
    /// Rounded down to hundredths: 99.999 is never shown as 100. None of nothing.
    pub percent: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = HaccpReportTemperature)]
#[serde(rename_all = "camelCase")]
pub struct Temperature {
    pub milli_c: i32,
    /// A decimal of the report's scale, rounded to tenths toward the violation.
    pub shown: String,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HaccpReportScore)]
#[serde(rename_all = "camelCase")]
pub struct Score {
    /// 0 to 100; none without any reading.
    pub score: Option<String>,
    pub formula: String,
    pub readings_in_range: Part,
    pub corrections_in_time: Part,
    pub calibrations_valid: Part,
    pub sensors_online: Part,
    pub open_violations: u64,
    pub overdue_corrections: u64,
    pub calibrations_due: u64,
}

/// A version of the plan that was in force in the period.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HaccpReportPlan)]
#[serde(rename_all = "camelCase")]
pub struct PlanLine {
    pub version: u32,
    pub name: String,
    pub jurisdiction: String,
    pub edition: String,
    pub from: String,
    pub approved_at: String,
    pub approved_by: String,
    pub limits: Vec<LimitLine>,
    /// Limits that nobody has compared with the rule's text, or that are the operator's own.
    pub unconfirmed: u64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HaccpReportLimit)]
#[serde(rename_all = "camelCase")]
pub struct LimitLine {
    pub control_point: String,
    /// `ccp`, `oprp` or `prp`.
    pub kind: String,
    pub name: String,
    /// In the unit of its rule.
    pub limit: String,
    pub clause: String,
    pub edition: String,
    pub confirmed: bool,
}

/// A unit with its probe in the period.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HaccpReportUnit)]
#[serde(rename_all = "camelCase")]
pub struct Unit {
    pub probe_id: Uuid,
    pub name: String,
    pub kind: String,
    pub retired: bool,
    /// The limits in force at the end of the period, in words, with the clause.
    pub limits: Vec<String>,
    pub lowest: Option<Temperature>,
    pub highest: Option<Temperature>,
    /// Of the minutes' mean values.
    pub mean: Option<Temperature>,
    /// Minutes whose whole range lay within the limits in force then, of those that are covered.
    pub within: Part,
    /// Minutes with a value, and those between two samples that lie no further apart than allowed, of all of the period.
    pub coverage: Part,
    pub beyond_minutes: u64,
    pub excursions: u64,
    /// The longest first.
    pub gaps: Vec<Gap>,
    pub more_gaps: u64,
    pub more_gap_minutes: u64,
    /// Minutes that samples came for after the minute's own reading.
    pub late_minutes: u64,
    /// Of those that are covered, the minutes between two samples.
    pub between_minutes: u64,
    /// Values that are recorded and not believed; they count as missing.
    pub doubted_minutes: u64,
    pub unset_clock_minutes: u64,
    /// By day, or by hour in a short period.
    pub bands: Vec<Band>,
    /// Days, or hours, of the period.
    pub places: u32,
    #[serde(skip)]
    pub upper: Option<i32>,
    #[serde(skip)]
    pub lower: Option<i32>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HaccpReportGap)]
#[serde(rename_all = "camelCase")]
pub struct Gap {
    pub from: String,
    pub to: String,
    pub minutes: u64,
    /// The commonest first.
    pub reasons: Vec<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HaccpReportBand)]
#[serde(rename_all = "camelCase")]
pub struct Band {
    /// Where it begins; its place in the period's days or hours.
    pub at: String,
    pub place: u32,
    pub lowest_milli_c: i32,
    pub highest_milli_c: i32,
    /// With a value, of all that it has.
    pub minutes: u32,
    pub of_minutes: u32,
    pub beyond_minutes: u32,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HaccpReportExcursion)]
#[serde(rename_all = "camelCase")]
pub struct Excursion {
    pub id: Uuid,
    pub probe_id: Uuid,
    pub unit: String,
    /// `high` or `low`.
    pub kind: String,
    pub start: String,
    /// None: it goes on.
    pub end: Option<String>,
    pub peak: Temperature,
    pub peak_at: Option<String>,
    pub limit: String,
    /// How long good samples showed it beyond the limit.
    pub beyond_minutes: Option<u64>,
    /// `defrost` or `door`.
    pub cause: Option<String>,
    /// Whether anybody was called. False: its time stayed below the alarm's delay, or a defrost muted it.
    pub alarmed: bool,
    /// It was found so much later, in samples that a device had kept.
    pub late_minutes: Option<u64>,
    pub plan_version: Option<u32>,
    pub record: Option<RecordLine>,
    #[serde(skip)]
    pub start_ms: i64,
    #[serde(skip)]
    pub end_ms: i64,
}

/// A compliance record with what was done.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HaccpReportRecord)]
#[serde(rename_all = "camelCase")]
pub struct RecordLine {
    pub id: Uuid,
    pub kind: String,
    pub severity: String,
    pub summary: String,
    pub opened_at: String,
    pub due_at: String,
    pub overdue: bool,
    pub actions: Vec<ActionLine>,
    pub closed_at: Option<String>,
    pub closed_by: Option<String>,
    pub verified_at: Option<String>,
    pub verified_by: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HaccpReportAction)]
#[serde(rename_all = "camelCase")]
pub struct ActionLine {
    pub text: String,
    pub food: Option<Temperature>,
    pub disposition: Option<String>,
    pub quantity: Option<String>,
    pub cause: Option<String>,
    pub note: Option<String>,
    pub at: String,
    pub by: String,
}

/// A reading that a person or another system gave.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HaccpReportReading)]
#[serde(rename_all = "camelCase")]
pub struct ReadingLine {
    pub unit: String,
    /// What stands; missing: it was taken back.
    pub value: Option<Temperature>,
    pub measured_at: String,
    pub entered_at: String,
    pub by: String,
    pub source: String,
    pub compliant: Option<bool>,
    /// What stood before, who corrected it, when and why.
    pub corrections: Vec<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HaccpReportCheck)]
#[serde(rename_all = "camelCase")]
pub struct CheckLine {
    pub name: String,
    pub kind: String,
    pub due_at: Option<String>,
    pub entered_at: Option<String>,
    pub by: String,
    /// `on_time`, `late` or `missed`.
    pub punctual: String,
    pub passed: Option<bool>,
    /// Temperatures with their limits, answers, product, lot, note.
    pub found: String,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HaccpReportCooling)]
#[serde(rename_all = "camelCase")]
pub struct CoolingLine {
    pub product: String,
    pub lot: Option<String>,
    pub rule: String,
    pub began_at: String,
    pub by: String,
    /// Each with its deadline and when it was passed.
    pub stages: String,
    /// `running`, `passed`, `failed` or `indeterminate`.
    pub state: String,
    pub outcome: Option<String>,
    pub settled_by: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HaccpReportTimer)]
#[serde(rename_all = "camelCase")]
pub struct TimerLine {
    pub product: String,
    pub lot: Option<String>,
    pub quantity: Option<String>,
    pub rule: String,
    pub start: Temperature,
    pub started_at: String,
    pub by: String,
    pub deadline: String,
    /// `running`, `warned`, `expired`, `served` or `discarded`.
    pub state: String,
    pub expired: Option<String>,
    pub ended_by: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HaccpReportCalibration)]
#[serde(rename_all = "camelCase")]
pub struct CalibrationLine {
    pub unit: String,
    /// `never`, `valid`, `due` or `overdue`, now, on a unit's newest line.
    pub state: Option<String>,
    pub at: Option<String>,
    pub by: Option<String>,
    pub method: Option<String>,
    pub reference: Option<String>,
    /// The error in degrees Celsius, point by point.
    pub as_found: Option<String>,
    pub as_left: Option<String>,
    pub next_due: Option<String>,
    /// Found too far off: what the probe read in this time is in doubt.
    pub in_doubt: Option<String>,
}

/// A time in which a probe gave nothing, apart from what became of the food.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HaccpReportFault)]
#[serde(rename_all = "camelCase")]
pub struct FaultLine {
    pub unit: String,
    pub reason: String,
    pub lost_at: String,
    pub returned_at: Option<String>,
    pub minutes: Option<u64>,
}

#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[schema(as = HaccpReportClock)]
#[serde(rename_all = "camelCase")]
pub struct ClockNotes {
    /// Minutes of the period that a box wrote while nothing had set its clock: their times are not proven.
    pub unset_minutes: u64,
    pub first: Option<String>,
    pub last: Option<String>,
    /// Minutes by a clock of its own (a battery-backed one) that no other time had confirmed.
    pub unconfirmed_minutes: u64,
}

/// A change of what the record is judged by. Facts are never changed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HaccpReportAmendment)]
#[serde(rename_all = "camelCase")]
pub struct Amendment {
    pub at: String,
    pub by: String,
    pub what: String,
    pub field: String,
    pub before: String,
    pub after: String,
}

/// How often somebody did something in the period. What the box did by itself is not in it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HaccpReportAudit)]
#[serde(rename_all = "camelCase")]
pub struct AuditLine {
    pub by: String,
    pub what: String,
    pub times: u64,
    pub first_at: String,
    pub last_at: String,
}

/// A signature: who stands behind which period, in which sense.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HaccpReportReview)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    pub name: String,
    pub meaning: String,
    pub note: Option<String>,
    pub at: String,
    pub from: String,
    pub to: String,
    /// It covers the whole period of this report.
    pub whole: bool,
}

/// The last signed checkpoints of this box's record of the location.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[schema(as = HaccpReportSeal)]
#[serde(rename_all = "camelCase")]
pub struct Seal {
    /// `ORIGIN/SCOPE/LANE/SEQ:CHAIN`, as `verify --seen` takes it; the readings' first.
    pub checkpoints: Vec<String>,
    /// The readings' number and the first letters of their chain.
    pub fingerprint: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HaccpReportLeftOut)]
pub struct LeftOut {
    pub section: String,
    pub rows: u64,
}
