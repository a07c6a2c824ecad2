//! The first page: what is open, what was worst, what nobody knows. A period without data, one with gaps and one that
//! is covered and good are three different answers.

use super::model::{Answer, Excursion, Part, Report};
use super::site::Site;

/// Lines of each list of the first page.
const MOST: usize = 8;

/// How many checks of the period there are of each sort, whatever their list holds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Checks {
    on_time: u64,
    late: u64,
    missed: u64,
    failed: u64,
}

impl Checks {
    pub(super) fn add(&mut self, punctual: &str, passed: Option<bool>) {
        match punctual {
            "on_time" => self.on_time += 1,
            "late" => self.late += 1,
            _ => self.missed += 1,
        }
        self.failed += u64::from(passed == Some(false));
    }
}

pub(super) fn nothing(within: Part, coverage: Part) -> Answer {
    Answer {
        state: "no_data".to_owned(),
        sentence: String::new(),
        coverage,
        within,
        excursions: 0,
        checks_on_time: 0,
        checks_late: 0,
        checks_missed: 0,
        checks_failed: 0,
        open: Vec::new(),
        worst: Vec::new(),
        gaps: Vec::new(),
    }
}

pub(super) fn of(report: &Report, checks: Checks, site: &Site) -> Answer {
    let excursions = report.units.iter().map(|unit| unit.excursions).sum();
    let beyond: u64 = report.units.iter().map(|unit| unit.beyond_minutes).sum();
    let open = open(report);
    let coverage = report.answer.coverage.clone();
    let deviates = excursions > 0 || beyond > 0 || checks.failed > 0 || checks.missed > 0;
    let state = match () {
        () if coverage.part == 0 && report.checks.is_empty() && excursions == 0 => "no_data",
        () if !open.is_empty() => "open",
        () if deviates => "deviations",
        () if !coverage.is_full() => "gaps",
        () => "clear",
    };
    Answer {
        state: state.to_owned(),
        sentence: sentence(report, state, &coverage, excursions, beyond),
        excursions,
        checks_on_time: checks.on_time,
        checks_late: checks.late,
        checks_missed: checks.missed,
        checks_failed: checks.failed,
        open,
        worst: worst(report, site),
        gaps: gaps(report),
        within: report.answer.within.clone(),
        coverage,
    }
}

fn sentence(report: &Report, state: &str, coverage: &Part, excursions: u64, beyond: u64) -> String {
    let units = report.units.len();
    if state == "no_data" {
        return "No data: nothing was recorded in this period. Nothing can be said about the food.".to_owned();
    }
    let of_units = format!("{units} {}", if units == 1 { "unit" } else { "units" });
    let covered = format!("{} of the minutes of {of_units} are recorded", coverage.words());
    let first = match (excursions, beyond) {
        _ if coverage.part == 0 => format!("No temperature of {of_units} is recorded: nothing can be said of them."),
        (0, 0) => format!("No excursion is recorded; {covered}."),
        (0, beyond) => format!("No excursion is recorded, but {beyond} minutes beyond a limit; {covered}."),
        (1, _) => format!("1 excursion; {covered}."),
        (count, _) => format!("{count} excursions; {covered}."),
    };
    let rest = match state {
        "clear" => " Every minute lay within its limits and nothing is open.".to_owned(),
        "gaps" => " What is recorded lay within its limits; of the rest nothing is known.".to_owned(),
        _ => String::new(),
    };
    first + &rest
}

fn listed(mut lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(MOST);
    lines.truncate(MOST);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}

fn open(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    let overdue = |overdue: bool| if overdue { ", overdue" } else { "" };
    for excursion in &report.excursions {
        match &excursion.record {
            Some(record) if record.closed_at.is_none() => lines.push(format!(
                "{}: excursion of {} without a closed record{}",
                excursion.unit,
                day(&excursion.start),
                overdue(record.overdue)
            )),
            Some(_) => {}
            None if excursion.end.is_none() => {
                lines.push(format!("{}: beyond its limit since {}", excursion.unit, day(&excursion.start)));
            }
            None => lines.push(format!(
                "{}: excursion of {} without a compliance record",
                excursion.unit,
                day(&excursion.start)
            )),
        }
    }
    for record in report.records.iter().filter(|record| record.closed_at.is_none()) {
        lines.push(format!("{} ({}{})", record.summary, record.severity, overdue(record.overdue)));
    }
    let unverified = report.records.iter().chain(report.excursions.iter().filter_map(|one| one.record.as_ref()));
    let unverified = unverified.filter(|record| record.closed_at.is_some() && record.verified_at.is_none()).count();
    if unverified > 0 {
        lines.push(format!("closed and not verified: {unverified}"));
    }
    for line in report.calibrations.iter().filter(|line| matches!(line.state.as_deref(), Some("overdue" | "never"))) {
        lines.push(format!("{}: calibration {}", line.unit, line.state.as_deref().unwrap_or_default()));
    }
    let running = |run: &&super::model::CoolingLine| run.outcome.is_none() && run.state != "running";
    for run in report.cooling.iter().filter(running) {
        lines.push(format!("cooling of {}: {}, and nobody said what became of it", run.product, run.state));
    }
    for timer in report.timers.iter().filter(|timer| timer.state == "expired") {
        lines.push(format!("{}: its time is over and it is not thrown away", timer.product));
    }
    listed(lines)
}

/// The longest excursions; among equals those furthest beyond.
fn worst(report: &Report, site: &Site) -> Vec<String> {
    let mut worst: Vec<&Excursion> = report.excursions.iter().collect();
    worst.sort_by_key(|excursion| (excursion.start_ms - excursion.end_ms, excursion.start_ms));
    let line = |excursion: &Excursion| {
        let long = match excursion.beyond_minutes {
            Some(minutes) => format!("{minutes} min beyond"),
            None => "still going on or not measured to its end".to_owned(),
        };
        let cause = excursion.cause.as_ref().map(|cause| format!(", {cause}")).unwrap_or_default();
        let (unit, start, peak) = (&excursion.unit, day(&excursion.start), site.degrees(&excursion.peak));
        format!("{unit}: {peak} on {start} ({}), {long}{cause}", excursion.limit)
    };
    let mut lines: Vec<String> = worst.into_iter().map(line).collect();
    let failed = report.checks.iter().filter(|check| check.passed == Some(false));
    lines.extend(failed.map(|check| {
        let at = check.entered_at.as_deref().map(day).unwrap_or_default();
        format!("{} failed on {at}: {}", check.name, check.found)
    }));
    listed(lines)
}

fn gaps(report: &Report) -> Vec<String> {
    let mut gaps: Vec<(u64, String)> = Vec::new();
    for unit in &report.units {
        gaps.extend(unit.gaps.iter().map(|gap| {
            let (from, reasons) = (day(&gap.from), gap.reasons.join(", "));
            (gap.minutes, format!("{}: {} from {from} ({reasons})", unit.name, long(gap.minutes)))
        }));
    }
    gaps.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let more: u64 = report.units.iter().map(|unit| unit.more_gaps).sum();
    let (shown, rest) = (gaps.len().min(MOST), gaps.len().saturating_sub(MOST) as u64 + more);
    let mut lines: Vec<String> = gaps.into_iter().take(shown).map(|(_, line)| line).collect();
    if rest > 0 {
        lines.push(format!("and {rest} shorter ones"));
    }
    lines
}

/// A time to the minute, as people read it.
pub(super) fn day(text: &str) -> String {
    text.get(..16).unwrap_or(text).replace('T', " ")
}

pub(super) fn long(minutes: u64) -> String {
    match minutes {
        0..120 => format!("{minutes} min"),
        120..2_880 => format!("{} h {:02} min", minutes / 60, minutes % 60),
        _ => format!("{} days {} h", minutes / 1_440, minutes % 1_440 / 60),
    }
}
