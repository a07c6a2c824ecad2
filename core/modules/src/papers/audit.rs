//! Who had papers printed again and who opened drawers, for whoever counts the till (PRN-07).

use axum::Json;
use axum::extract::{Query, State};
use rusqlite::params;
use serde::{Deserialize, Serialize};
use trivet_domain::papers::{self, PaperKind};
use trivet_domain::{Event, History, Stamp};
use trivet_log::Id;
use trivet_replica::module::Projecting;
use trivet_replica::{App, Problem};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::time;

const MAX_PAGE: u32 = 200;

pub(super) fn project(projecting: &Projecting<'_>, subject: Id, history: &History) -> rusqlite::Result<()> {
    // Most subjects are checks that nothing of this happened to.
    if !history.facts.iter().any(|fact| matches!(fact.event, Event::Papers(_))) {
        return Ok(());
    }
    projecting.conn.execute("DELETE FROM papers_audit WHERE subject=?1", [subject.as_bytes()])?;
    let mut insert =
        projecting.conn.prepare_cached("INSERT INTO papers_audit VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?;
    let mut write = |row: Row<'_>| {
        insert.execute(params![
            row.stamp.command.as_bytes(),
            subject.as_bytes(),
            row.action,
            row.paper.as_ref().map(Id::as_bytes),
            row.check.as_ref().map(Id::as_bytes),
            row.drawer,
            row.reason,
            row.stamp.actor.as_bytes(),
            row.stamp.device.as_bytes(),
            row.stamp.ms(),
        ])
    };
    let folded = papers::fold(history);
    for papers::Copied { stamp, copy } in &folded.copies {
        let action = match copy.kind {
            PaperKind::Ticket => "ticket_copied",
            PaperKind::VoidSlip => "void_slip_copied",
            PaperKind::Receipt => "receipt_copied",
        };
        let (paper, check) = (Some(copy.paper), Some(subject));
        write(Row { stamp, action, paper, check, drawer: None, reason: &copy.reason })?;
    }
    if let Some((stamp, opened)) = &folded.opened {
        let drawer = Some(opened.drawer.as_str());
        let (check, reason) = (opened.check, opened.reason.as_str());
        write(Row { stamp, action: "drawer_opened", paper: None, check, drawer, reason })?;
    }
    Ok(())
}

struct Row<'a> {
    stamp: &'a Stamp,
    action: &'a str,
    paper: Option<Id>,
    check: Option<Id>,
    drawer: Option<&'a str>,
    reason: &'a str,
}

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

#[derive(Serialize, ToSchema)]
struct PaperAudit {
    events: Vec<PaperAuditView>,
    /// The `after` of the next page.
    next: Option<Uuid>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PaperAuditEvent)]
#[serde(rename_all = "camelCase")]
struct PaperAuditView {
    id: Uuid,
    /// `ticket_copied`, `void_slip_copied`, `receipt_copied` or `drawer_opened`.
    action: String,
    paper_id: Option<Uuid>,
    check_id: Option<Uuid>,
    drawer: Option<String>,
    reason: String,
    person: Uuid,
    person_name: Option<String>,
    device: Uuid,
    at: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AuditQuery {
    after: Option<Uuid>,
    /// 1 to 200, 50 if left out.
    limit: Option<u32>,
}

/// Copies of papers and openings of drawers, the latest first.
#[utoipa::path(get, path = "/api/v1/printing/audit", tag = "papers", params(AuditQuery),
    responses((status = 200, body = PaperAudit)))]
async fn list(State(app): State<App>, Query(query): Query<AuditQuery>) -> Result<Json<PaperAudit>, Problem> {
    let limit = query.limit.unwrap_or(50).clamp(1, MAX_PAGE);
    let events = app
        .read(move |view| {
            let sql =
                "SELECT a.id, a.action, a.paper, a.check_id, a.drawer, a.reason, a.person, p.name, a.device, a.at_ms
                FROM papers_audit a LEFT JOIN access_person p ON p.id=a.person
                WHERE ?1 IS NULL OR (a.at_ms, a.id) < (SELECT at_ms, id FROM papers_audit WHERE id=?1)
                ORDER BY a.at_ms DESC, a.id DESC LIMIT ?2";
            let mut statement = view.conn.prepare_cached(sql)?;
            let after = query.after.map(Uuid::into_bytes);
            let id = |bytes: Option<[u8; 16]>| bytes.map(Uuid::from_bytes);
            let rows = statement.query_map(params![after, limit], |row| {
                Ok(PaperAuditView {
                    id: Uuid::from_bytes(row.get(0)?),
                    action: row.get(1)?,
                    paper_id: id(row.get(2)?),
                    check_id: id(row.get(3)?),
                    drawer: row.get(4)?,
                    reason: row.get(5)?,
                    person: Uuid::from_bytes(row.get(6)?),
                    person_name: row.get(7)?,
                    device: Uuid::from_bytes(row.get(8)?),
                    at: time::text(row.get(9)?),
                })
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        })
        .await?;
    let next = events.last().filter(|_| events.len() == limit as usize).map(|event| event.id);
    Ok(Json(PaperAudit { events, next }))
}
