//! The plan: in force, drafted, approved.

use rusqlite::Connection;
use serde::Serialize;
use serde_json::Value;
use trivet_domain::safety;
use trivet_log::Id;
use trivet_replica::store::log;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::name_of;
use crate::plans;
use crate::time;

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PlanState)]
#[serde(rename_all = "camelCase")]
pub struct PlanView {
    pub in_force: Option<ApprovalView>,
    pub draft: Option<DraftView>,
    /// All approvals, the newest first, without their content.
    pub approvals: Vec<ApprovalView>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PlanApproval)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalView {
    pub id: Uuid,
    /// Every later fact names it.
    pub version: u32,
    pub from: String,
    pub approved_at: String,
    pub approved_by: Option<String>,
    pub note: Option<String>,
    /// Two boxes that were apart approved this number both; the later in the record is in force.
    pub conflict: bool,
    #[schema(value_type = Option<Object>)]
    pub plan: Option<Value>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PlanDraft)]
#[serde(rename_all = "camelCase")]
pub struct DraftView {
    /// To be named when it is approved.
    pub version: u64,
    /// It was changed on two boxes apart: save the one that counts.
    pub conflict: bool,
    #[schema(value_type = Object)]
    pub plan: Value,
}

pub fn plan(conn: &Connection, location: Id, now_ms: i64) -> rusqlite::Result<PlanView> {
    let approvals = plans::approvals(conn, location)?;
    let conflict = |version: u32| approvals.iter().filter(|approval| approval.version == version).count() > 1;
    let show = |approval: &safety::Approval, with_plan: bool| -> rusqlite::Result<ApprovalView> {
        Ok(ApprovalView {
            id: approval.id.0,
            version: approval.version,
            from: time::text(approval.from_ms),
            approved_at: time::text(approval.at_ms),
            approved_by: name_of(conn, approval.by)?,
            note: approval.note.clone(),
            conflict: conflict(approval.version),
            plan: with_plan.then(|| serde_json::from_str(&approval.content).unwrap_or_default()),
        })
    };
    let in_force = safety::in_force(&approvals, now_ms).map(|approval| show(approval, true)).transpose()?;
    let fields = log::fields(conn, safety::plan_document(location))?.filter(|(kind, _)| *kind == safety::DOCUMENT);
    let draft = fields.and_then(|(_, fields)| {
        Some(DraftView {
            version: fields.version(),
            conflict: !fields.conflicts().is_empty(),
            plan: serde_json::from_str(safety::draft(&fields)?).ok()?,
        })
    });
    let approvals = approvals.iter().rev().map(|approval| show(approval, false)).collect::<rusqlite::Result<_>>()?;
    Ok(PlanView { in_force, draft, approvals })
}

/// An approval with its content.
pub fn approval(conn: &Connection, location: Id, id: Id) -> rusqlite::Result<Option<ApprovalView>> {
    let known = plan(conn, location, i64::MAX)?.approvals.into_iter().find(|approval| approval.id == id.0);
    let content = plans::approvals(conn, location)?.into_iter().find(|approval| approval.id == id);
    Ok(known
        .zip(content)
        .map(|(known, content)| ApprovalView { plan: serde_json::from_str(&content.content).ok(), ..known }))
}
