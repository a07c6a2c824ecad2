//! Excursions, and the records of what was done about them and about all else.

use std::collections::HashSet;

use trivet_domain::MilliCelsius;
use trivet_domain::haccp::Limit;
use trivet_log::Id;
use uuid::Uuid;

use super::Gathering;
use crate::haccp::view::RuleView;
use crate::reports::model::{ActionLine, Excursion, RecordLine};
use crate::reports::site::limit_words;
use crate::safety::view;
use crate::time;

impl Gathering<'_> {
    pub(super) fn excursions(&mut self) -> rusqlite::Result<Vec<Excursion>> {
        let sql = "SELECT id FROM haccp_breach
            WHERE opened_ms<?2 AND (closed_ms IS NULL OR closed_ms>=?1) ORDER BY opened_ms, id";
        let ids = self.ids("excursions", sql)?;
        let mut lines = Vec::new();
        for id in ids {
            let Some(breach) = crate::haccp::view::breach(self.conn(), id)? else { continue };
            let Some(unit) = self.names.get(&Id(breach.probe_id)).cloned() else { continue };
            let rule = breach.rule.as_ref().and_then(limit_of);
            let limit = rule.unwrap_or(match breach.kind.as_str() {
                "low" => Limit::at_least(MilliCelsius(breach.limit_milli_c)),
                _ => Limit::at_most(MilliCelsius(breach.limit_milli_c)),
            });
            let ms = |text: &str| time::parse(text).unwrap_or_default();
            let about = "SELECT id FROM safety_record WHERE about=?1 ORDER BY opened_ms, id LIMIT 1";
            let mut statement = self.view.conn.prepare_cached(about)?;
            let record = statement.query_map([id.as_bytes()], |row| row.get(0).map(Id::from_bytes))?.next();
            let record = match record.transpose()? {
                Some(record) => view::record(self.conn(), record, self.view.now_ms)?.map(|record| self.record(record)),
                None => None,
            };
            lines.push(Excursion {
                id: breach.id,
                probe_id: breach.probe_id,
                unit,
                start: self.site.retime(&breach.opened_at),
                end: breach.closed_at.as_deref().map(|at| self.site.retime(at)),
                peak: self.site.temperature(breach.peak_milli_c, Some(limit)),
                peak_at: breach.peak_at.as_deref().map(|at| self.site.retime(at)),
                limit: limit_words(limit),
                beyond_minutes: breach.beyond_seconds.map(|seconds| (seconds.unsigned_abs()).div_ceil(60)),
                cause: breach.cause,
                alarmed: self.is_alarmed(id)?,
                late_minutes: breach.late_seconds.map(|seconds| seconds.unsigned_abs() / 60),
                plan_version: breach.plan_version,
                start_ms: ms(&breach.opened_at),
                end_ms: breach.closed_at.as_deref().map_or(self.view.now_ms, ms),
                kind: breach.kind,
                record,
            });
        }
        Ok(lines)
    }

    /// Whether somebody was called about an excursion.
    fn is_alarmed(&self, breach: Id) -> rusqlite::Result<bool> {
        self.conn().prepare_cached("SELECT 1 FROM alerts_cause WHERE cause=?1")?.exists([breach.as_bytes()])
    }

    fn record(&self, record: view::RecordView) -> RecordLine {
        let action = |action: view::ActionView| ActionLine {
            text: action.text,
            food: action.product_milli_c.map(|milli| self.site.temperature(milli, None)),
            disposition: action.disposition,
            quantity: action.quantity,
            cause: action.cause,
            note: action.note,
            at: self.site.retime(&action.at),
            by: action.by.unwrap_or_else(|| "the box".to_owned()),
        };
        RecordLine {
            id: record.id,
            kind: record.kind,
            severity: record.severity,
            summary: record.summary,
            opened_at: self.site.retime(&record.opened_at),
            due_at: self.site.retime(&record.due_at),
            overdue: record.overdue,
            actions: record.actions.into_iter().map(action).collect(),
            closed_at: record.closed_at.as_deref().map(|at| self.site.retime(at)),
            closed_by: record.closed_by,
            verified_at: record.verified_at.as_deref().map(|at| self.site.retime(at)),
            verified_by: record.verified_by,
        }
    }

    pub(super) fn records(&mut self, excursions: &[Excursion]) -> rusqlite::Result<Vec<RecordLine>> {
        let shown: HashSet<Uuid> =
            excursions.iter().filter_map(|excursion| excursion.record.as_ref()).map(|record| record.id).collect();
        let sql = "SELECT id FROM safety_record
            WHERE opened_ms<?2 AND (closed_ms IS NULL OR closed_ms>=?1) ORDER BY opened_ms, id";
        let mut lines = Vec::new();
        for id in self.ids("records", sql)? {
            if shown.contains(&id.0) {
                continue;
            }
            let record = view::record(self.conn(), id, self.view.now_ms)?;
            lines.extend(record.filter(|record| self.is_wanted(record.probe_id)).map(|record| self.record(record)));
        }
        Ok(lines)
    }
}

/// The view of a rule is a limit in JSON.
fn limit_of(rule: &RuleView) -> Option<Limit> {
    serde_json::to_value(rule).and_then(serde_json::from_value).ok()
}
