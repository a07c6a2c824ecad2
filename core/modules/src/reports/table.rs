//! A report as tables of words: what a CSV file holds and what the pages of a PDF show are the same cells.

use serde::{Deserialize, Serialize};

use super::answer::{day, long};
use super::model::*;
use super::picks::Filter;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Table {
    pub section: String,
    pub title: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<String>>,
    /// What stands there when there is no row.
    pub empty: String,
    /// Below the table: what was left out.
    pub note: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Column {
    /// In a CSV file.
    pub id: String,
    pub head: String,
    /// Its share of a page's width; 0: in CSV files alone.
    pub weight: u16,
    /// A time, which people read without its offset.
    pub time: bool,
}

fn columns(of: &[(&str, &str, u16)]) -> Vec<Column> {
    let column = |&(id, head, weight): &(&str, &str, u16)| Column {
        id: id.to_owned(),
        head: head.to_owned(),
        weight,
        time: id.ends_with("_at"),
    };
    of.iter().map(column).collect()
}

fn text(value: Option<&String>) -> String {
    value.cloned().unwrap_or_default()
}

fn number(value: Option<u64>) -> String {
    value.map(|number| number.to_string()).unwrap_or_default()
}

fn yes(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}

fn degrees(value: Option<&Temperature>) -> String {
    value.map(|value| value.shown.clone()).unwrap_or_default()
}

/// Makes a section's tables of a report, in a language.
type Section = fn(&Report, &str) -> Vec<Table>;

impl Report {
    /// The tables of the sections that were asked for, in the order in which they are read.
    pub fn tables(&self) -> Vec<Table> {
        let unit = if self.scale == "F" { "°F" } else { "°C" };
        let mut tables = vec![self.summary()];
        let all: [(&str, Section); 13] = [
            ("units", |report, unit| vec![report.unit_table(unit), report.gap_table()]),
            ("excursions", |report, unit| vec![report.excursion_table(unit)]),
            ("records", |report, unit| vec![report.record_table(), report.action_table(unit)]),
            ("readings", |report, unit| vec![report.reading_table(unit)]),
            ("checks", |report, _| vec![report.check_table()]),
            ("cooling", |report, _| vec![report.cooling_table()]),
            ("timers", |report, unit| vec![report.timer_table(unit)]),
            ("calibrations", |report, _| vec![report.calibration_table()]),
            ("faults", |report, _| vec![report.fault_table()]),
            ("amendments", |report, _| vec![report.amendment_table()]),
            ("plan", |report, _| vec![report.plan_table()]),
            ("reviews", |report, _| vec![report.review_table()]),
            ("audit", |report, _| vec![report.audit_table()]),
        ];
        for (section, of) in all {
            if self.sections.iter().any(|asked| asked == section) {
                tables.extend(of(self, unit));
            }
        }
        for table in &mut tables {
            let left = self.left_out.iter().find(|left| left.section == table.section);
            table.note =
                left.map(|left| format!("{} more lines are not in this report: ask for a shorter period", left.rows));
            self.picks.apply(table);
        }
        tables
    }

    fn table(
        &self,
        section: &str,
        title: &str,
        of: &[(&str, &str, u16)],
        rows: Vec<Vec<String>>,
        empty: &str,
    ) -> Table {
        let (section, title, empty) = (section.to_owned(), title.to_owned(), empty.to_owned());
        Table { section, title, columns: columns(of), rows, empty, note: None }
    }

    /// Beside "no …" there always stands how much is known at all.
    fn covered(&self, nothing: &str) -> String {
        let coverage = &self.answer.coverage;
        match coverage.part {
            0 => format!("{nothing} No minute of the period is recorded: this proves nothing."),
            _ => format!("{nothing} Coverage: {} of the minutes are recorded.", coverage.words()),
        }
    }

    fn summary(&self) -> Table {
        let (answer, place) = (&self.answer, &self.establishment);
        let row = |name: &str, value: String| vec![name.to_owned(), value];
        let mut rows = vec![
            row("state", answer.state.clone()),
            row("answer", answer.sentence.clone()),
            row("establishment", format!("{} {}", place.organization, place.location).trim().to_owned()),
            row("address", place.address.clone()),
            row("from", self.from.clone()),
            row("to", self.to.clone()),
            row("recorded until", self.until.clone()),
            row("time zone", self.time_zone.clone()),
            row("temperatures in", self.scale.clone()),
            row("box", format!("{} {}", place.box_letter, place.box_id)),
            row("software", place.version.clone()),
            row("made at", self.made_at.clone()),
            row("coverage %", text(answer.coverage.percent.as_ref())),
            row("within limits %", text(answer.within.percent.as_ref())),
            row("excursions", answer.excursions.to_string()),
            row("checks on time", answer.checks_on_time.to_string()),
            row("checks late", answer.checks_late.to_string()),
            row("checks missed", answer.checks_missed.to_string()),
            row("checks failed", answer.checks_failed.to_string()),
            row("score", text(self.score.score.as_ref())),
            row("score formula", self.score.formula.clone()),
            row("minutes written with an unset clock", self.clock.unset_minutes.to_string()),
            row("last checkpoint", text(self.seal.checkpoints.first())),
        ];
        rows.extend(answer.open.iter().map(|line| row("open", line.clone())));
        let picked = |filter: &Filter| row("lines picked", format!("{} is “{}”", filter.column, filter.is));
        rows.extend(self.picks.filters.iter().map(picked));
        self.table("summary", "Summary", &[("name", "", 0), ("value", "", 0)], rows, "")
    }

    fn unit_table(&self, unit: &str) -> Table {
        let row = |one: &Unit| {
            vec![
                one.name.clone(),
                one.kind.replace('_', " "),
                one.limits.join("; "),
                degrees(one.lowest.as_ref()),
                degrees(one.mean.as_ref()),
                degrees(one.highest.as_ref()),
                unit.to_owned(),
                text(one.within.percent.as_ref()),
                text(one.coverage.percent.as_ref()),
                one.beyond_minutes.to_string(),
                one.excursions.to_string(),
                (one.coverage.of - one.coverage.part).to_string(),
                one.late_minutes.to_string(),
                one.between_minutes.to_string(),
                one.doubted_minutes.to_string(),
                one.unset_clock_minutes.to_string(),
            ]
        };
        let of = [
            ("unit", "Unit", 16),
            ("kind", "Kind", 0),
            ("limits", "Limits", 26),
            ("lowest", "Lowest", 8),
            ("mean", "Mean", 8),
            ("highest", "Highest", 8),
            ("temperature_unit", "", 0),
            ("within_percent", "Within %", 9),
            ("coverage_percent", "Coverage %", 10),
            ("beyond_minutes", "Min beyond", 8),
            ("excursions", "Excursions", 7),
            ("missing_minutes", "Min missing", 8),
            ("late_minutes", "Min late", 6),
            ("between_minutes", "", 0),
            ("doubted_minutes", "", 0),
            ("unset_clock_minutes", "", 0),
        ];
        let rows = self.units.iter().map(row).collect();
        self.table("units", &format!("Units (in {unit})"), &of, rows, "No unit was in use.")
    }

    fn gap_table(&self) -> Table {
        let row = |unit: &Unit, gap: &Gap| {
            let reasons = gap.reasons.join(", ");
            vec![
                unit.name.clone(),
                gap.from.clone(),
                gap.to.clone(),
                gap.minutes.to_string(),
                long(gap.minutes),
                reasons,
            ]
        };
        let mut rows = Vec::new();
        for unit in &self.units {
            rows.extend(unit.gaps.iter().map(|gap| row(unit, gap)));
            if unit.more_gaps > 0 {
                let reason = format!("{} shorter gaps together", unit.more_gaps);
                let (minutes, long) = (unit.more_gap_minutes.to_string(), long(unit.more_gap_minutes));
                rows.push(vec![unit.name.clone(), String::new(), String::new(), minutes, long, reason]);
            }
        }
        let of = [
            ("unit", "Unit", 18),
            ("from_at", "From", 16),
            ("to_at", "To", 16),
            ("minutes", "", 0),
            ("duration", "How long", 16),
            ("reasons", "Reason", 34),
        ];
        self.table("gaps", "Gaps in the record", &of, rows, "No minute is missing.")
    }

    fn excursion_table(&self, unit: &str) -> Table {
        let row = |one: &Excursion| {
            let record = one.record.as_ref();
            let last = record.and_then(|record| record.actions.last());
            let state = match record {
                None => "no record".to_owned(),
                Some(record) => match (&record.closed_at, &record.verified_at) {
                    (None, _) => "open".to_owned(),
                    (Some(_), None) => "closed, not verified".to_owned(),
                    (Some(_), Some(at)) => {
                        format!("verified by {} {}", text(record.verified_by.as_ref()), day(at))
                    }
                },
            };
            vec![
                one.unit.clone(),
                one.kind.clone(),
                one.start.clone(),
                one.end.clone().unwrap_or_else(|| "goes on".to_owned()),
                number(one.beyond_minutes),
                one.peak.shown.clone(),
                unit.to_owned(),
                one.limit.clone(),
                text(one.cause.as_ref()),
                yes(one.alarmed),
                degrees(last.and_then(|action| action.food.as_ref())),
                last.map(|action| action.text.clone()).unwrap_or_default(),
                last.map(|action| {
                    [text(action.disposition.as_ref()), text(action.quantity.as_ref())]
                        .join(" ")
                        .trim()
                        .replace('_', " ")
                })
                .unwrap_or_default(),
                last.map(|action| action.by.clone()).unwrap_or_default(),
                last.map(|action| action.at.clone()).unwrap_or_default(),
                state,
                number(one.late_minutes),
                one.plan_version.map(|version| version.to_string()).unwrap_or_default(),
                one.id.to_string(),
            ]
        };
        let of = [
            ("unit", "Unit", 10),
            ("kind", "", 0),
            ("start_at", "Start", 9),
            ("end_at", "End", 9),
            ("beyond_minutes", "Min beyond", 7),
            ("peak", "Peak", 6),
            ("temperature_unit", "", 0),
            ("limit", "Limit", 9),
            ("cause", "Cause", 7),
            ("alarmed", "Called", 6),
            ("food_temperature", "Food", 6),
            ("action", "Action", 15),
            ("disposition", "Food was", 9),
            ("by", "By", 9),
            ("action_at", "When", 9),
            ("state", "State", 11),
            ("found_late_minutes", "", 0),
            ("plan_version", "", 0),
            ("id", "", 0),
        ];
        let rows = self.excursions.iter().map(row).collect();
        let empty = self.covered("No excursion is recorded.");
        self.table("excursions", &format!("Excursions (in {unit})"), &of, rows, &empty)
    }

    fn record_table(&self) -> Table {
        let row = |record: &RecordLine| {
            vec![
                record.summary.clone(),
                record.kind.replace('_', " "),
                record.severity.clone(),
                record.opened_at.clone(),
                record.due_at.clone(),
                text(record.closed_at.as_ref()),
                text(record.closed_by.as_ref()),
                text(record.verified_at.as_ref()),
                text(record.verified_by.as_ref()),
                if record.closed_at.is_none() && record.overdue { "overdue" } else { "" }.to_owned(),
                record.id.to_string(),
            ]
        };
        let of = [
            ("summary", "What", 26),
            ("kind", "Kind", 9),
            ("severity", "How bad", 8),
            ("opened_at", "Opened", 12),
            ("due_at", "Due", 12),
            ("closed_at", "Closed", 12),
            ("closed_by", "By", 10),
            ("verified_at", "Verified", 12),
            ("verified_by", "By", 10),
            ("overdue", "State", 7),
            ("id", "", 0),
        ];
        let rows = self.records.iter().map(row).collect();
        self.table("records", "Other compliance records", &of, rows, &self.covered("No other record was open."))
    }

    fn action_table(&self, unit: &str) -> Table {
        let of_excursions = self.excursions.iter().filter_map(|one| Some((&one.unit, one.record.as_ref()?)));
        let all = of_excursions.chain(self.records.iter().map(|record| (&record.summary, record)));
        let row = |what: &String, record: &RecordLine, action: &ActionLine| {
            vec![
                what.clone(),
                action.at.clone(),
                action.by.clone(),
                action.text.clone(),
                degrees(action.food.as_ref()),
                unit.to_owned(),
                text(action.disposition.as_ref()).replace('_', " "),
                text(action.quantity.as_ref()),
                text(action.cause.as_ref()),
                text(action.note.as_ref()),
                record.id.to_string(),
            ]
        };
        let rows = all.flat_map(|(what, record)| record.actions.iter().map(move |action| row(what, record, action)));
        let of = [
            ("about", "About", 18),
            ("taken_at", "When", 12),
            ("by", "By", 11),
            ("action", "Action", 20),
            ("food_temperature", "Food", 6),
            ("temperature_unit", "", 0),
            ("disposition", "Food was", 9),
            ("quantity", "Quantity", 9),
            ("cause", "Cause", 12),
            ("note", "Note", 14),
            ("record", "", 0),
        ];
        self.table("actions", "Corrective actions", &of, rows.collect(), "No corrective action was taken.")
    }

    fn reading_table(&self, unit: &str) -> Table {
        let row = |one: &ReadingLine| {
            vec![
                one.unit.clone(),
                one.measured_at.clone(),
                one.value.as_ref().map_or_else(|| "taken back".to_owned(), |value| value.shown.clone()),
                unit.to_owned(),
                one.compliant.map_or_else(String::new, yes),
                one.by.clone(),
                one.entered_at.clone(),
                one.source.clone(),
                one.corrections.join("; "),
            ]
        };
        let of = [
            ("unit", "Unit", 17),
            ("measured_at", "Measured", 14),
            ("value", "Value", 8),
            ("temperature_unit", "", 0),
            ("within", "Within", 7),
            ("by", "By", 12),
            ("entered_at", "Entered", 14),
            ("source", "With", 10),
            ("corrected", "Corrected", 18),
        ];
        let rows = self.readings.iter().map(row).collect();
        self.table("readings", &format!("Readings by hand (in {unit})"), &of, rows, "None was entered.")
    }

    fn check_table(&self) -> Table {
        let row = |one: &CheckLine| {
            let passed = match one.passed {
                Some(true) => "passed",
                Some(false) => "FAILED",
                None => "",
            };
            vec![
                one.name.clone(),
                one.kind.clone(),
                text(one.due_at.as_ref()),
                text(one.entered_at.as_ref()),
                one.punctual.replace('_', " "),
                passed.to_owned(),
                one.by.clone(),
                one.found.clone(),
            ]
        };
        let of = [
            ("check", "Check", 18),
            ("kind", "", 0),
            ("due_at", "Due", 12),
            ("entered_at", "Done", 12),
            ("punctual", "In time", 8),
            ("passed", "Result", 8),
            ("by", "By", 12),
            ("found", "Found", 34),
        ];
        let rows = self.checks.iter().map(row).collect();
        self.table("checks", "Checks", &of, rows, "No check was due and none was done.")
    }

    fn cooling_table(&self) -> Table {
        let row = |one: &CoolingLine| {
            vec![
                one.product.clone(),
                text(one.lot.as_ref()),
                one.rule.clone(),
                one.began_at.clone(),
                one.by.clone(),
                one.stages.clone(),
                one.state.clone(),
                text(one.outcome.as_ref()),
                text(one.settled_by.as_ref()),
            ]
        };
        let of = [
            ("product", "Product", 14),
            ("lot", "Lot", 8),
            ("rule", "Rule", 10),
            ("began_at", "Began", 12),
            ("by", "By", 10),
            ("stages", "Stages", 34),
            ("state", "Verdict", 12),
            ("outcome", "Food was", 10),
            ("settled_by", "By", 10),
        ];
        self.table("cooling", "Cooling", &of, self.cooling.iter().map(row).collect(), "No cooling was recorded.")
    }

    fn timer_table(&self, unit: &str) -> Table {
        let row = |one: &TimerLine| {
            vec![
                one.product.clone(),
                text(one.lot.as_ref()),
                text(one.quantity.as_ref()),
                one.rule.clone(),
                one.start.shown.clone(),
                unit.to_owned(),
                one.started_at.clone(),
                one.by.clone(),
                one.deadline.clone(),
                one.state.clone(),
                text(one.expired.as_ref()),
                text(one.ended_by.as_ref()),
            ]
        };
        let of = [
            ("product", "Product", 16),
            ("lot", "Lot", 8),
            ("quantity", "Quantity", 10),
            ("rule", "Rule", 10),
            ("start_temperature", "Start", 7),
            ("temperature_unit", "", 0),
            ("started_at", "Out since", 12),
            ("by", "By", 11),
            ("deadline_at", "Until", 12),
            ("state", "State", 10),
            ("expired", "Expired by", 9),
            ("ended_by", "Ended by", 11),
        ];
        let rows = self.timers.iter().map(row).collect();
        self.table("timers", &format!("Food under time control (in {unit})"), &of, rows, "None was recorded.")
    }

    fn calibration_table(&self) -> Table {
        let row = |one: &CalibrationLine| {
            vec![
                one.unit.clone(),
                one.at.clone().unwrap_or_else(|| "never".to_owned()),
                text(one.by.as_ref()),
                text(one.method.as_ref()),
                text(one.reference.as_ref()),
                text(one.as_found.as_ref()),
                text(one.as_left.as_ref()),
                text(one.next_due.as_ref()),
                text(one.state.as_ref()),
                text(one.in_doubt.as_ref()),
            ]
        };
        let of = [
            ("unit", "Unit", 16),
            ("calibrated_at", "Calibrated", 12),
            ("by", "By", 11),
            ("method", "Method", 8),
            ("reference", "Reference", 11),
            ("as_found", "As found", 11),
            ("as_left", "As left", 11),
            ("next_due_at", "Next due", 12),
            ("state", "State", 9),
            ("in_doubt", "Readings in doubt", 18),
        ];
        let rows = self.calibrations.iter().map(row).collect();
        self.table("calibrations", "Calibration", &of, rows, "There is no unit.")
    }

    fn fault_table(&self) -> Table {
        let row = |one: &FaultLine| {
            let back = one.returned_at.clone().unwrap_or_else(|| "still lost".to_owned());
            vec![one.unit.clone(), one.reason.clone(), one.lost_at.clone(), back, number(one.minutes)]
        };
        let of = [
            ("unit", "Unit", 24),
            ("reason", "Why", 24),
            ("lost_at", "Lost", 18),
            ("returned_at", "Back", 18),
            ("minutes", "Minutes", 10),
        ];
        let rows = self.faults.iter().map(row).collect();
        self.table("faults", "Faults of sensors (nothing is known of the food)", &of, rows, "No probe was lost.")
    }

    fn amendment_table(&self) -> Table {
        let row = |one: &Amendment| {
            vec![
                one.at.clone(),
                one.by.clone(),
                one.what.clone(),
                one.field.clone(),
                one.before.clone(),
                one.after.clone(),
            ]
        };
        let of = [
            ("changed_at", "When", 13),
            ("by", "By", 14),
            ("what", "What", 18),
            ("field", "Field", 15),
            ("before", "Before", 20),
            ("after", "After", 20),
        ];
        let rows = self.amendments.iter().map(row).collect();
        let title = "Changes of limits, units and settings (facts are never changed)";
        self.table("amendments", title, &of, rows, "Nothing was changed.")
    }

    fn plan_table(&self) -> Table {
        let mut rows = Vec::new();
        for plan in &self.plans {
            rows.extend(plan.limits.iter().map(|limit| {
                vec![
                    plan.version.to_string(),
                    limit.control_point.clone(),
                    limit.kind.to_uppercase(),
                    limit.name.clone(),
                    limit.limit.clone(),
                    limit.clause.clone(),
                    limit.edition.clone(),
                    if limit.confirmed { "yes" } else { "NOT CONFIRMED" }.to_owned(),
                    plan.from.clone(),
                    plan.approved_by.clone(),
                ]
            }));
        }
        let of = [
            ("plan_version", "Plan", 5),
            ("control_point", "Control point", 16),
            ("kind", "Kind", 6),
            ("name", "Limit of", 20),
            ("limit", "Limit", 16),
            ("clause", "Clause", 16),
            ("edition", "Edition", 14),
            ("confirmed", "Confirmed", 12),
            ("in_force_at", "", 0),
            ("approved_by", "", 0),
        ];
        let empty = "No plan was approved: units went by limits set for them or by the defaults of their kind.";
        self.table("plan", "Limits of the HACCP plan", &of, rows, empty)
    }

    fn audit_table(&self) -> Table {
        let row = |one: &AuditLine| {
            vec![one.by.clone(), one.what.clone(), one.times.to_string(), one.first_at.clone(), one.last_at.clone()]
        };
        let of = [
            ("by", "Who", 24),
            ("what", "What", 34),
            ("times", "Times", 8),
            ("first_at", "First", 16),
            ("last_at", "Last", 16),
        ];
        let rows = self.audit.iter().map(row).collect();
        self.table("audit", "Who did what", &of, rows, "Nobody did anything that stands in the record.")
    }

    fn review_table(&self) -> Table {
        let row = |one: &Review| {
            vec![
                one.name.clone(),
                one.meaning.clone(),
                one.at.clone(),
                one.from.clone(),
                one.to.clone(),
                if one.whole { "whole period" } else { "part of it" }.to_owned(),
                text(one.note.as_ref()),
            ]
        };
        let of = [
            ("name", "Name", 18),
            ("meaning", "Meaning", 26),
            ("signed_at", "Signed", 13),
            ("from_at", "From", 13),
            ("to_at", "To", 13),
            ("covers", "Covers", 10),
            ("note", "Note", 16),
        ];
        let rows = self.reviews.iter().map(row).collect();
        self.table("reviews", "Signatures of reviewers", &of, rows, "Nobody has reviewed this period.")
    }
}
