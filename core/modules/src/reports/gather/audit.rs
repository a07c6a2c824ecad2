//! Who did what: counted from the lists of the report, before any of them is left out.

use std::collections::BTreeMap;

use crate::reports::model::{AuditLine, Report};
use crate::time;

const THE_BOX: &str = "the box";

pub(super) fn audit(report: &Report) -> Vec<AuditLine> {
    let mut found: BTreeMap<(String, &'static str), AuditLine> = BTreeMap::new();
    let mut note = |by: &str, what: &'static str, at: &str| {
        if by.is_empty() || by == THE_BOX {
            return;
        }
        let new = || AuditLine {
            by: by.to_owned(),
            what: what.to_owned(),
            times: 0,
            first_at: at.to_owned(),
            last_at: at.to_owned(),
        };
        let line = found.entry((by.to_owned(), what)).or_insert_with(new);
        line.times += 1;
        // Offsets differ over a change of clocks: texts do not compare.
        if time::parse(at) < time::parse(&line.first_at) {
            line.first_at = at.to_owned();
        }
        if time::parse(at) > time::parse(&line.last_at) {
            line.last_at = at.to_owned();
        }
    };
    for plan in &report.plans {
        note(&plan.approved_by, "approved the plan", &plan.approved_at);
    }
    let of_excursions = report.excursions.iter().filter_map(|excursion| excursion.record.as_ref());
    for record in of_excursions.chain(&report.records) {
        for action in &record.actions {
            note(&action.by, "wrote a corrective action", &action.at);
        }
        if let (Some(by), Some(at)) = (&record.closed_by, &record.closed_at) {
            note(by, "closed a record", at);
        }
        if let (Some(by), Some(at)) = (&record.verified_by, &record.verified_at) {
            note(by, "verified a record", at);
        }
    }
    for reading in &report.readings {
        note(&reading.by, "gave a reading", &reading.entered_at);
    }
    for check in &report.checks {
        if let Some(at) = &check.entered_at {
            note(&check.by, "did a check", at);
        }
    }
    for cooling in &report.cooling {
        note(&cooling.by, "began a cooling", &cooling.began_at);
    }
    for timer in &report.timers {
        note(&timer.by, "put food under time control", &timer.started_at);
    }
    for calibration in &report.calibrations {
        if let (Some(by), Some(at)) = (&calibration.by, &calibration.at) {
            note(by, "calibrated a probe", at);
        }
    }
    for change in &report.amendments {
        note(&change.by, "changed a limit, a unit or a setting", &change.at);
    }
    for review in &report.reviews {
        note(&review.name, "signed the record", &review.at);
    }
    found.into_values().collect()
}
