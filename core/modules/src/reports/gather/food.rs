//! What people measured and answered: readings by hand, checks, cooling runs, food under time control.

use trivet_domain::{MilliCelsius, haccp};
use trivet_log::Id;

use super::{Gathering, MOST};
use crate::haccp::view::{CorrectionView, ManualFilter, ManualView, manuals};
use crate::reports::answer::Checks;
use crate::reports::model::{CheckLine, CoolingLine, ReadingLine, TimerLine};
use crate::reports::site::limit_words;
use crate::safety::{view, work};

impl Gathering<'_> {
    pub(super) fn readings(&mut self) -> rusqlite::Result<Vec<ReadingLine>> {
        if !self.asked.wants("readings") {
            return Ok(Vec::new());
        }
        let (from, to) = self.span();
        let filter = ManualFilter { from_ms: Some(from), to_ms: Some(to), limit: MOST + 1, ..ManualFilter::default() };
        let mut found = manuals(self.conn(), &filter)?;
        if found.len() > MOST {
            found.truncate(MOST);
            let sql = "SELECT count(*) FROM haccp_manual WHERE measured_ms>=?1 AND measured_ms<?2";
            let all: i64 = self.conn().prepare_cached(sql)?.query_row([from, to], |row| row.get(0))?;
            self.leave_out("readings", all.unsigned_abs() - MOST as u64);
        }
        found.retain(|reading| self.is_wanted(Some(reading.sensor_id)));
        found.sort_by(|a, b| a.measured_at.cmp(&b.measured_at));
        let corrected = |correction: &CorrectionView| {
            let before = correction.before_milli_c.map(|milli| self.site.degrees(&self.site.temperature(milli, None)));
            let before = before.unwrap_or_else(|| "taken back".to_owned());
            format!("{before} before; {}", self.correction(&correction.at, correction.by.as_deref(), &correction.why))
        };
        let line = |reading: ManualView| {
            let limits = haccp::Limits {
                min: reading.min_milli_c.map(MilliCelsius),
                max: reading.max_milli_c.map(MilliCelsius),
            };
            ReadingLine {
                unit: reading.sensor_name,
                value: reading.value_milli_c.map(|milli| self.site.judged(milli, limits)),
                corrections: reading.corrections.iter().map(corrected).collect(),
                measured_at: self.site.retime(&reading.measured_at),
                entered_at: self.site.retime(&reading.entered_at),
                by: reading.recorded_by.unwrap_or_else(|| "the box".to_owned()),
                source: reading.source,
                compliant: reading.compliant,
            }
        };
        Ok(found.into_iter().map(line).collect())
    }

    /// The first lines, and how many there are of all.
    pub(super) fn checks(&mut self) -> rusqlite::Result<(Vec<CheckLine>, Checks)> {
        let sql = "SELECT id FROM safety_check
            WHERE coalesce(due_ms, at_ms)>=?1 AND coalesce(due_ms, at_ms)<?2 ORDER BY coalesce(due_ms, at_ms), id";
        let (from, to) = self.span();
        let mut statement = self.view.conn.prepare_cached(sql)?;
        let mut rows = statement.query([from, to])?;
        let (mut lines, mut checks, mut more) = (Vec::new(), Checks::default(), 0);
        while let Some(row) = rows.next()? {
            let Some(check) = view::check(self.conn(), Id::from_bytes(row.get(0)?))? else { continue };
            checks.add(&check.punctual, check.passed);
            if lines.len() == MOST {
                more += 1;
                continue;
            }
            let missed = check.punctual == "missed";
            lines.push(CheckLine {
                found: self.found(&check),
                name: check.name,
                kind: check.kind.replace('_', " "),
                due_at: check.due_at.as_deref().map(|at| self.site.retime(at)),
                entered_at: check.entered_at.as_deref().map(|at| self.site.retime(at)),
                by: if missed { String::new() } else { check.by.unwrap_or_else(|| "the box".to_owned()) },
                punctual: check.punctual,
                passed: check.passed,
            });
        }
        drop(rows);
        self.leave_out("checks", more);
        Ok((lines, checks))
    }

    fn correction(&self, at: &str, by: Option<&str>, why: &str) -> String {
        format!("corrected {} by {}: {why}", self.site.retime(at), by.unwrap_or("the box"))
    }

    /// What stands, and what stood before each correction.
    fn found(&self, check: &view::CheckView) -> String {
        let mut parts = self.answered(&check.stands());
        for correction in &check.corrections {
            let before = &correction.before;
            let passed = if before.passed { "passed" } else { "not passed" };
            let stood: Vec<String> = std::iter::once(passed.to_owned()).chain(self.answered(before)).collect();
            let what = self.correction(&correction.at, correction.by.as_deref(), &correction.why);
            parts.push(format!("{what} (before: {})", stood.join(", ")));
        }
        parts.join("; ")
    }

    fn answered(&self, stands: &view::CheckBeforeView) -> Vec<String> {
        let value = |value: &view::CheckValueView| {
            let shown = self.site.temperature(value.milli_c, Some(value.limit));
            let within = if value.within { "" } else { ": not met" };
            let held = value
                .needed_seconds
                .map(|needed| format!(", held {} s of {needed}", value.held_seconds.unwrap_or_default()));
            let took = value.allowed_minutes.map(|allowed| match value.took_minutes {
                Some(took) => format!(", in {took} min of {allowed}"),
                None => format!(", within {allowed} min not said"),
            });
            let limit = limit_words(value.limit);
            let (held, took) = (held.unwrap_or_default(), took.unwrap_or_default());
            format!("{} ({limit}{held}{took}{within})", self.site.degrees(&shown))
        };
        let answer = |answer: &view::CheckAnswerView| match (answer.yes, &answer.text) {
            (Some(yes), text) => {
                let text = text.as_ref().map(|text| format!(", {text}")).unwrap_or_default();
                format!("{}: {}{text}", answer.ask, if yes { "yes" } else { "no" })
            }
            (None, Some(text)) => format!("{}: {text}", answer.ask),
            (None, None) => answer.ask.clone(),
        };
        let named = |name: &str, text: &Option<String>| text.as_ref().map(|text| format!("{name} {text}"));
        let mut parts: Vec<String> = stands.values.iter().map(value).collect();
        parts.extend(stands.answers.iter().map(answer));
        parts.extend(stands.product.clone());
        parts.extend(named("from", &stands.supplier));
        parts.extend(named("lot", &stands.lot));
        parts.extend(stands.accepted.map(|yes| if yes { "accepted".to_owned() } else { "rejected".to_owned() }));
        parts.extend(stands.note.clone());
        parts
    }

    pub(super) fn cooling(&mut self) -> rusqlite::Result<Vec<CoolingLine>> {
        let sql = "SELECT id FROM safety_cooling WHERE at_ms>=?1 AND at_ms<?2 ORDER BY at_ms, id";
        let mut lines = Vec::new();
        for id in self.ids("cooling", sql)? {
            let Some(run) = view::cooling(self.conn(), id, self.view.now_ms)? else { continue };
            if !self.is_wanted(run.probe_id) {
                continue;
            }
            let stage = |stage: &view::StageView| {
                let limit = limit_words(stage.to);
                let passed = stage.passed_at.as_deref().map(|at| format!("passed {}", self.site.retime(at)));
                let passed = passed.unwrap_or_else(|| "not passed".to_owned());
                format!("{limit} within {} min: {passed}", stage.within_minutes)
            };
            lines.push(CoolingLine {
                stages: run.stages.iter().map(stage).collect::<Vec<_>>().join("; "),
                product: run.product,
                lot: run.lot,
                rule: run.rule,
                began_at: self.site.retime(&run.began_at),
                by: run.started_by.unwrap_or_else(|| "the box".to_owned()),
                state: match run.doubt.filter(|_| run.state == "indeterminate") {
                    Some(doubt) => format!("{} ({})", run.state, doubt.replace('_', " ")),
                    None => run.state,
                },
                outcome: run.outcome,
                settled_by: run.settled_by,
            });
        }
        Ok(lines)
    }

    pub(super) fn timers(&mut self) -> rusqlite::Result<Vec<TimerLine>> {
        let sql = "SELECT id FROM safety_timer WHERE at_ms>=?1 AND at_ms<?2 ORDER BY at_ms, id";
        let clock = work::clock(self.view.now_ms);
        let mut lines = Vec::new();
        for id in self.ids("timers", sql)? {
            let Some(timer) = view::timer(self.conn(), id, &clock)? else { continue };
            lines.push(TimerLine {
                product: timer.product,
                lot: timer.lot,
                quantity: timer.quantity,
                rule: timer.rule,
                start: self.site.temperature(timer.start_milli_c, None),
                started_at: self.site.retime(&timer.started_at),
                by: timer.started_by.unwrap_or_else(|| "the box".to_owned()),
                deadline: self.site.retime(&timer.deadline),
                state: timer.state,
                expired: timer.expired.map(|why| why.replace('_', " ")),
                ended_by: timer.ended_by,
            });
        }
        Ok(lines)
    }
}
