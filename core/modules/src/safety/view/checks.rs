//! Checks that are due, and those that were answered or missed.

use rusqlite::Connection;
use serde::Serialize;
use trivet_domain::haccp::Limit;
use trivet_domain::safety::{self, Punctual};
use trivet_log::Id;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{check_state, ids, word};
use crate::access::name_of;
use crate::haccp::view::RuleView;
use crate::plans;
use crate::time;

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = DueCheck)]
#[serde(rename_all = "camelCase")]
pub struct DueView {
    pub id: Uuid,
    pub check: String,
    pub name: String,
    pub kind: String,
    pub due_at: String,
    /// Until when it is on time.
    pub until: String,
    /// `upcoming`, `due`, `done`, `late` or `missed`.
    pub state: String,
    pub role: Option<String>,
    pub plan_version: u32,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SafetyCheck)]
#[serde(rename_all = "camelCase")]
pub struct CheckView {
    pub id: Uuid,
    pub check: String,
    pub name: String,
    pub kind: String,
    pub due_at: Option<String>,
    /// By the box's clock.
    pub entered_at: Option<String>,
    pub by: Option<String>,
    /// `on_time`, `late` or `missed`.
    pub punctual: String,
    pub passed: Option<bool>,
    pub values: Vec<CheckValueView>,
    pub answers: Vec<CheckAnswerView>,
    pub product: Option<String>,
    pub supplier: Option<String>,
    pub lot: Option<String>,
    pub accepted: Option<bool>,
    pub note: Option<String>,
    pub plan_version: Option<u32>,
    /// The first one first; above stands what they came to.
    pub corrections: Vec<CheckCorrectionView>,
}

impl CheckView {
    /// The answer alone.
    pub fn stands(&self) -> CheckBeforeView {
        CheckBeforeView {
            passed: self.passed.unwrap_or_default(),
            values: self.values.clone(),
            answers: self.answers.clone(),
            product: self.product.clone(),
            supplier: self.supplier.clone(),
            lot: self.lot.clone(),
            accepted: self.accepted,
            note: self.note.clone(),
        }
    }
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CheckCorrection)]
#[serde(rename_all = "camelCase")]
pub struct CheckCorrectionView {
    pub at: String,
    pub by: Option<String>,
    pub why: String,
    pub before: CheckBeforeView,
}

/// What stood until a correction.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CheckBefore)]
#[serde(rename_all = "camelCase")]
pub struct CheckBeforeView {
    pub passed: bool,
    pub values: Vec<CheckValueView>,
    pub answers: Vec<CheckAnswerView>,
    pub product: Option<String>,
    pub supplier: Option<String>,
    pub lot: Option<String>,
    pub accepted: Option<bool>,
    pub note: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CheckValue)]
#[serde(rename_all = "camelCase")]
pub struct CheckValueView {
    pub rule: String,
    pub milli_c: i32,
    /// In the unit that its rule states.
    #[schema(value_type = RuleView)]
    pub limit: Limit,
    pub held_seconds: Option<u32>,
    pub needed_seconds: Option<u32>,
    pub took_minutes: Option<u32>,
    pub allowed_minutes: Option<u32>,
    pub within: bool,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CheckAnswer)]
#[serde(rename_all = "camelCase")]
pub struct CheckAnswerView {
    pub ask: String,
    pub yes: Option<bool>,
    pub text: Option<String>,
}

/// Whether a check was answered or found missed at its due time.
pub(in crate::safety) fn is_noted(conn: &Connection, slot: Id) -> rusqlite::Result<bool> {
    conn.prepare_cached("SELECT 1 FROM safety_check WHERE id=?1")?.exists([slot.as_bytes()])
}

/// The check that was answered, and the plan by which it was.
pub(in crate::safety) fn plan_of_check(
    conn: &Connection,
    location: Id,
    slot: Id,
) -> rusqlite::Result<Option<(String, safety::Plan)>> {
    let Some(done) = check_state(conn, slot)?.and_then(|check| check.done) else { return Ok(None) };
    let approvals = plans::approvals(conn, location)?;
    // Boxes apart may have approved two of one version.
    let of_version = |approval: &safety::Approval| Some(approval.version) == done.what.plan_version;
    let approvals: Vec<safety::Approval> = approvals.into_iter().filter(of_version).collect();
    let approval = safety::in_force(&approvals, done.what.due_ms.unwrap_or(done.at_ms));
    Ok(approval.and_then(safety::Approval::plan).map(|plan| (done.what.check, plan)))
}

pub fn due(conn: &Connection, location: Id, span: (i64, i64), now_ms: i64) -> rusqlite::Result<Vec<DueView>> {
    let mut shown = Vec::new();
    for due in plans::due(conn, location, span.0, span.1)? {
        let until_ms = due.due_ms + i64::from(due.check.grace_minutes) * 60_000;
        let state = match check_state(conn, due.slot)? {
            Some(check) => match check.punctual() {
                Punctual::OnTime => "done",
                Punctual::Late => "late",
                Punctual::Missed => "missed",
            },
            None if now_ms > until_ms => "missed",
            None if now_ms >= due.due_ms - safety::EARLY_MS => "due",
            None => "upcoming",
        };
        shown.push(DueView {
            id: due.slot.0,
            check: due.check.id,
            name: due.check.name,
            kind: word(&due.check.kind),
            due_at: time::text(due.due_ms),
            until: time::text(until_ms),
            state: state.to_owned(),
            role: due.check.role.map(|role| role.name().to_owned()),
            plan_version: due.version,
        });
    }
    Ok(shown)
}

pub fn checks(conn: &Connection, span: (i64, i64)) -> rusqlite::Result<Vec<CheckView>> {
    let sql = "SELECT id FROM safety_check WHERE at_ms BETWEEN ?1 AND ?2 ORDER BY at_ms DESC, id LIMIT 200";
    ids(conn, sql, span)?.into_iter().filter_map(|id| check(conn, id).transpose()).collect()
}

pub fn check(conn: &Connection, id: Id) -> rusqlite::Result<Option<CheckView>> {
    let Some(check) = check_state(conn, id)? else { return Ok(None) };
    let punctual = match check.punctual() {
        Punctual::OnTime => "on_time",
        Punctual::Late => "late",
        Punctual::Missed => "missed",
    };
    let empty = CheckView {
        id: id.0,
        check: String::new(),
        name: String::new(),
        kind: String::new(),
        due_at: None,
        entered_at: None,
        by: None,
        punctual: punctual.to_owned(),
        passed: None,
        values: Vec::new(),
        answers: Vec::new(),
        product: None,
        supplier: None,
        lot: None,
        accepted: None,
        note: None,
        plan_version: None,
        corrections: Vec::new(),
    };
    let stands = check.stands().cloned();
    let Some((done, what)) = check.done.zip(stands) else {
        return Ok(check.missed.map(|missed| CheckView {
            check: missed.what.check,
            name: missed.what.name,
            kind: word(&missed.what.kind),
            due_at: Some(time::text(missed.what.due_ms)),
            plan_version: missed.what.plan_version,
            ..empty
        }));
    };
    let mut corrections = Vec::new();
    let mut before = done.what;
    for correction in check.corrections {
        let safety::CheckDone { passed, values, answers, product, supplier, lot, accepted, note, .. } = before;
        corrections.push(CheckCorrectionView {
            at: time::text(correction.at_ms),
            by: name_of(conn, correction.by)?,
            why: correction.what.why,
            before: CheckBeforeView {
                passed,
                values: values.into_iter().map(value).collect(),
                answers: answers.into_iter().map(answer).collect(),
                product,
                supplier,
                lot,
                accepted,
                note,
            },
        });
        before = correction.what.done;
    }
    Ok(Some(CheckView {
        check: what.check,
        name: what.name,
        kind: word(&what.kind),
        due_at: what.due_ms.map(time::text),
        entered_at: Some(time::text(done.at_ms)),
        by: name_of(conn, done.by)?,
        passed: Some(what.passed),
        values: what.values.into_iter().map(value).collect(),
        answers: what.answers.into_iter().map(answer).collect(),
        product: what.product,
        supplier: what.supplier,
        lot: what.lot,
        accepted: what.accepted,
        note: what.note,
        plan_version: what.plan_version,
        corrections,
        ..empty
    }))
}

fn value(value: safety::CheckValue) -> CheckValueView {
    CheckValueView {
        rule: value.rule,
        milli_c: value.value.0,
        limit: value.limit,
        held_seconds: value.held_seconds,
        needed_seconds: value.needed_seconds,
        took_minutes: value.took_minutes,
        allowed_minutes: value.allowed_minutes,
        within: value.within,
    }
}

fn answer(answer: safety::CheckAnswer) -> CheckAnswerView {
    CheckAnswerView { ask: answer.ask, yes: answer.yes, text: answer.text }
}
