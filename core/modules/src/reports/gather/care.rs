//! What the record stands on: plans, calibrations, outages, amendments, reviews.

use std::collections::HashMap;

use trivet_domain::safety::{self, Approval};
use trivet_domain::{Value, haccp, settings};
use trivet_log::Id;
use trivet_replica::store::log;
use uuid::Uuid;

use super::{Gathering, MOST};
use crate::reports::model::{Amendment, CalibrationLine, FaultLine, LimitLine, PlanLine, Review};
use crate::reports::site::limit_words;
use crate::safety::view;
use crate::time;

impl Gathering<'_> {
    pub(super) fn plans(&self) -> rusqlite::Result<Vec<PlanLine>> {
        let (from, to) = self.span();
        let mut lines = Vec::new();
        for approval in &self.approvals {
            let first = safety::in_force(&self.approvals, from).is_some_and(|one| one.id == approval.id);
            let began = (from..to).contains(&approval.from_ms)
                && safety::in_force(&self.approvals, approval.from_ms).is_some_and(|one| one.id == approval.id);
            let Some(plan) = approval.plan().filter(|_| first || began) else { continue };
            let limits: Vec<LimitLine> = plan.control_points.iter().flat_map(limits_of).collect();
            lines.push(PlanLine {
                version: approval.version,
                name: plan.name,
                jurisdiction: plan.jurisdiction.code,
                edition: plan.jurisdiction.edition,
                from: self.site.time(approval.from_ms),
                approved_at: self.site.time(approval.at_ms),
                approved_by: self.person(approval.by)?,
                unconfirmed: limits.iter().filter(|limit| !limit.confirmed).count() as u64,
                limits,
            });
        }
        Ok(lines)
    }

    /// Of each unit the calibrations of the period; the newest one also when it is older.
    pub(super) fn calibrations(&mut self) -> rusqlite::Result<Vec<CalibrationLine>> {
        let plan = safety::in_force(&self.approvals, self.view.now_ms).and_then(Approval::plan);
        let warn_days = plan.map_or(14, |plan| plan.calibration.warn_days);
        let states = view::calibration_states(self.conn(), warn_days, self.view.now_ms)?;
        let sql = "SELECT id FROM safety_calibration WHERE at_ms>=?1 AND at_ms<?2 ORDER BY at_ms DESC, id DESC";
        let mut of_period: HashMap<Uuid, Vec<view::CalibrationView>> = HashMap::new();
        for id in self.ids("calibrations", sql)? {
            let calibration = view::calibration(self.conn(), id, self.view.now_ms)?;
            calibration.into_iter().for_each(|one| of_period.entry(one.probe_id).or_default().push(one));
        }
        let mut lines = Vec::new();
        for state in states {
            let Some(unit) = self.names.get(&Id(state.probe_id)).cloned() else { continue };
            let known = of_period.remove(&state.probe_id).unwrap_or_default();
            let newest = state.last.filter(|last| known.iter().all(|one| one.id != last.id));
            let older: Vec<view::CalibrationView> = newest.into_iter().chain(known).collect();
            let nothing = CalibrationLine {
                unit,
                state: Some(state.state),
                at: None,
                by: None,
                method: None,
                reference: None,
                as_found: None,
                as_left: None,
                next_due: None,
                in_doubt: None,
            };
            if older.is_empty() {
                lines.push(nothing.clone());
            }
            for (place, one) in older.into_iter().enumerate() {
                let errors = |of: fn(&view::PointView) -> i32, good: bool| {
                    let errors: Vec<String> = one.points.iter().map(|point| kelvin(of(point))).collect();
                    format!("{}{}", errors.join(", "), if good { "" } else { " beyond tolerance" })
                };
                let doubt = one.in_doubt.as_ref().map(|doubt| {
                    let from = doubt.from.as_deref().map_or_else(|| "ever".to_owned(), |at| self.site.retime(at));
                    format!("{from} to {}", self.site.retime(&doubt.to))
                });
                lines.push(CalibrationLine {
                    state: nothing.state.clone().filter(|_| place == 0),
                    at: Some(self.site.retime(&one.at)),
                    as_found: Some(errors(|point| point.found_milli, one.found_good)),
                    as_left: Some(errors(|point| point.left_milli, one.left_good)),
                    next_due: Some(self.site.retime(&one.due_at)),
                    by: Some(one.by.unwrap_or_else(|| "the box".to_owned())),
                    method: Some(one.method.replace('_', " ")),
                    reference: Some(one.reference),
                    in_doubt: doubt,
                    ..nothing.clone()
                });
            }
        }
        Ok(lines)
    }

    pub(super) fn faults(&mut self) -> rusqlite::Result<Vec<FaultLine>> {
        if !self.asked.wants("faults") {
            return Ok(Vec::new());
        }
        let sql = "SELECT probe, reason, lost_ms, returned_ms FROM haccp_outage
            WHERE lost_ms<?2 AND (returned_ms IS NULL OR returned_ms>=?1) ORDER BY lost_ms, id";
        let (from, to) = self.span();
        let mut statement = self.view.conn.prepare_cached(sql)?;
        let mut rows = statement.query([from, to])?;
        let (mut lines, mut more) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            let Some(unit) = self.names.get(&Id::from_bytes(row.get(0)?)) else { continue };
            if lines.len() == MOST {
                more += 1;
                continue;
            }
            let (lost, returned): (i64, Option<i64>) = (row.get(2)?, row.get(3)?);
            lines.push(FaultLine {
                unit: unit.clone(),
                reason: row.get::<_, String>(1)?.replace('_', " "),
                lost_at: self.site.time(lost),
                returned_at: returned.map(|at| self.site.time(at)),
                minutes: returned.map(|at| ((at - lost).max(0).unsigned_abs()).div_ceil(60_000)),
            });
        }
        drop(rows);
        self.leave_out("faults", more);
        Ok(lines)
    }

    pub(super) fn amendments(&mut self, location: Id) -> rusqlite::Result<Vec<Amendment>> {
        let mut lines: Vec<(i64, Amendment)> = Vec::new();
        if !self.asked.wants("amendments") {
            return Ok(Vec::new());
        }
        let (from, to) = self.span();
        let documents = self.names.iter().map(|(id, name)| (*id, haccp::DOCUMENT, name.clone()));
        let documents: Vec<_> = documents.chain([(location, settings::DOCUMENT, "settings".to_owned())]).collect();
        for (id, kind, what) in documents {
            for edit in log::edits(self.conn(), id, kind, from, to)? {
                let by = self.person(edit.by)?;
                lines.extend(edit.changes.into_iter().map(|(field, before, after)| {
                    let amendment = Amendment {
                        at: self.site.time(edit.at_ms),
                        by: by.clone(),
                        what: what.clone(),
                        before: self.values(&field, &before),
                        after: self.values(&field, &after),
                        field: field.replace('_', " "),
                    };
                    (edit.at_ms, amendment)
                }));
            }
        }
        for approval in self.approvals.iter().filter(|approval| (from..to).contains(&approval.at_ms)) {
            let amendment = Amendment {
                at: self.site.time(approval.at_ms),
                by: self.person(approval.by)?,
                what: "HACCP plan".to_owned(),
                field: "version approved".to_owned(),
                before: String::new(),
                after: format!("version {} from {}", approval.version, self.site.time(approval.from_ms)),
            };
            lines.push((approval.at_ms, amendment));
        }
        lines.sort_by_key(|(at_ms, _)| *at_ms);
        let more = lines.len().saturating_sub(MOST);
        lines.truncate(MOST);
        self.leave_out("amendments", more as u64);
        Ok(lines.into_iter().map(|(_, amendment)| amendment).collect())
    }

    /// Values that stand side by side were written apart.
    fn values(&self, field: &str, values: &[Value]) -> String {
        let shown = |value: &Value| match value {
            Value::Nothing => String::new(),
            Value::Text(text) => text.clone(),
            Value::Integer(number) if matches!(field, "min" | "max") => {
                let milli = i32::try_from(*number).unwrap_or_default();
                self.site.degrees(&self.site.temperature(milli, None))
            }
            Value::Integer(number) => number.to_string(),
            Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
            Value::Bytes(bytes) => format!("{} bytes", bytes.len()),
        };
        values.iter().map(shown).collect::<Vec<_>>().join(" / ")
    }

    pub(super) fn reviews(&mut self) -> rusqlite::Result<Vec<Review>> {
        let mut lines = Vec::new();
        let (from, to) = self.span();
        let sql = "SELECT id FROM safety_review WHERE at_ms>=?1 AND ?2 IS NOT NULL ORDER BY at_ms, id";
        for id in self.ids("reviews", sql)? {
            let Some(review) = view::review(self.conn(), id)? else { continue };
            let span = (time::parse(&review.from).unwrap_or_default(), time::parse(&review.to).unwrap_or_default());
            if span.0 < to && span.1 > from {
                lines.push(Review {
                    name: review.by.unwrap_or_else(|| "name not held here".to_owned()),
                    meaning: review.meaning,
                    note: review.note,
                    at: self.site.retime(&review.at),
                    from: self.site.time(span.0),
                    to: self.site.time(span.1),
                    whole: span.0 <= from && span.1 >= to,
                });
            }
        }
        Ok(lines)
    }
}

fn limits_of(point: &safety::ControlPoint) -> impl Iterator<Item = LimitLine> {
    let kind = match point.kind {
        safety::ControlKind::Ccp => "ccp",
        safety::ControlKind::Oprp => "oprp",
        safety::ControlKind::Prp => "prp",
    };
    point.limits.iter().map(move |rule| {
        let held = rule.hold_seconds.map(|seconds| format!(" for {seconds} s")).unwrap_or_default();
        let within = rule.within_minutes.map(|minutes| format!(" within {minutes} min")).unwrap_or_default();
        LimitLine {
            control_point: point.name.clone(),
            kind: kind.to_owned(),
            name: rule.name.clone(),
            limit: format!("{}{held}{within}", limit_words(rule.limit)),
            clause: rule.source.clause.clone(),
            edition: rule.source.edition.clone(),
            confirmed: rule.source.confirmed,
        }
    })
}

/// An error of a probe, rounded away from zero: 1.01 is not shown as 1.0.
fn kelvin(milli: i32) -> String {
    let hundredths = milli.unsigned_abs().div_ceil(10);
    format!("{}{}.{:02} °C", if milli < 0 { "-" } else { "+" }, hundredths / 100, hundredths % 100)
}
