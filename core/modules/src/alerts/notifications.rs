//! What a person has been told of and has not read yet (ALR-08). What was told follows from the alerts; what was read is
//! kept here, on this box, and is nobody's fact.

use axum::Json;
use axum::extract::{Query, State};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use trivet_domain::Permission;
use trivet_domain::alerts::Category;
use trivet_log::Id;
use trivet_replica::http::Parsed;
use trivet_replica::{App, Caller, Problem, View};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::view::{self, AlertView};
use crate::time;

/// What is older is no news: it is neither listed nor unread.
pub(super) const KEPT_MS: i64 = 30 * 24 * 3_600_000;
pub(super) const MAX_PAGE: usize = 200;
/// Of a person; past it the oldest are forgotten, which are older than what is listed or were many.
const MAX_READ: i64 = 5_000;

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Notification {
    id: Uuid,
    /// `raised` or `escalated`.
    kind: String,
    /// 1: the manager was called; 2: the owner.
    level: u8,
    at: String,
    read: bool,
    alert: AlertView,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NotificationList {
    notifications: Vec<Notification>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct NotificationQuery {
    /// Only those that this person has not read.
    unread: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadBody {
    /// At most 200.
    ids: Vec<Uuid>,
}

/// What the caller was told of in the last 30 days, the newest first, at most 200. Unread ones are kept and come again
/// with each new connection of the live feed.
#[utoipa::path(get, path = "/api/v1/notifications", tag = "alerts", params(NotificationQuery),
    responses((status = 200, body = NotificationList)))]
pub(super) async fn notifications(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<NotificationQuery>,
) -> Result<Json<NotificationList>, Problem> {
    // `?unread` alone means yes.
    let unread = query.unread.is_some_and(|text| text != "false");
    let notifications = app.read(move |view| list(view, caller, unread, MAX_PAGE)).await?;
    Ok(Json(NotificationList { notifications }))
}

/// Marks notifications as read by the caller. Those that are not there are passed over.
#[utoipa::path(post, path = "/api/v1/notifications/read", tag = "alerts", request_body = ReadBody,
    responses((status = 200, body = NotificationList), (status = 422, body = Problem)))]
pub(super) async fn mark_read(
    State(app): State<App>,
    caller: Caller,
    Parsed(body): Parsed<ReadBody>,
) -> Result<Json<NotificationList>, Problem> {
    // No command, which `submit` would check.
    if !caller.may(Permission::AlertsRead) {
        return Err(Problem::forbidden());
    }
    if body.ids.len() > MAX_PAGE {
        let problem = Problem::new(axum::http::StatusCode::UNPROCESSABLE_ENTITY, "too many at once");
        return Err(problem.field("ids", format!("at most {MAX_PAGE}")));
    }
    let (person, now_ms) = (caller.person, app.wall.now_ms());
    let marked = app.store.write(move |writing| mark(writing.conn, person, &body.ids, now_ms)).await;
    marked.map_err(|closed| Problem::internal(&closed))?.map_err(|error| Problem::internal(&error))?;
    let notifications = app.read(move |view| list(view, caller, true, MAX_PAGE)).await?;
    Ok(Json(NotificationList { notifications }))
}

fn mark(conn: &Connection, person: Id, ids: &[Uuid], now_ms: i64) -> rusqlite::Result<()> {
    let sql = "INSERT OR IGNORE INTO alerts_read SELECT ?1, id, ?3 FROM alerts_notice WHERE id=?2";
    let mut insert = conn.prepare_cached(sql)?;
    for id in ids {
        insert.execute(params![person.as_bytes(), id.as_bytes(), now_ms])?;
    }
    let sql = "DELETE FROM alerts_read WHERE person=?1 AND (at_ms<?2 OR notice IN (SELECT notice FROM alerts_read
        WHERE person=?1 ORDER BY at_ms DESC LIMIT -1 OFFSET ?3))";
    // A notice is listed for 30 days; that it was read is remembered for longer than that.
    conn.prepare_cached(sql)?.execute(params![person.as_bytes(), now_ms - 2 * KEPT_MS, MAX_READ]).map(drop)
}

pub(super) fn list(view: &View<'_>, caller: Caller, unread: bool, limit: usize) -> rusqlite::Result<Vec<Notification>> {
    let routing = super::routing(view.conn)?;
    let sql = "SELECT n.id, n.alert, n.level, n.at_ms, a.category, r.person IS NOT NULL
        FROM alerts_notice n JOIN alerts_alert a ON a.id=n.alert
        LEFT JOIN alerts_read r ON r.person=?1 AND r.notice=n.id
        WHERE n.at_ms>=?2 AND (?3=0 OR r.person IS NULL) ORDER BY n.at_ms DESC, n.id DESC";
    let mut statement = view.conn.prepare_cached(sql)?;
    let since = view.now_ms - KEPT_MS;
    let mut rows = statement.query(params![caller.person.as_bytes(), since, unread])?;
    let mut told = Vec::new();
    while let Some(row) = rows.next()? {
        let (level, category): (u8, String) = (row.get(2)?, row.get(4)?);
        let for_them =
            Category::named(&category).is_some_and(|category| routing.is_told(caller.rights.role, category, level));
        if !for_them {
            continue;
        }
        let Some(alert) = view::alert(view, Id::from_bytes(row.get(1)?))? else { continue };
        told.push(Notification {
            id: Uuid::from_bytes(row.get(0)?),
            kind: if level == 0 { "raised" } else { "escalated" }.to_owned(),
            level,
            at: time::text(row.get(3)?),
            read: row.get(5)?,
            alert,
        });
        if told.len() == limit {
            break;
        }
    }
    Ok(told)
}
