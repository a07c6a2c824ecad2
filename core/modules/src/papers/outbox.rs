//! Receipts by e-mail (PRN-03): a request is a row, committed before it is answered. Nothing here sends; a row waits
//! as `queued` until something does, so a box without its network takes requests as well.
//!
//! The rows are effects of this box. An address is personal, so it never stands in the log.

use std::fmt;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use trivet_domain::papers::receipt::figures;
use trivet_domain::{Permission, Refusal, checks};
use trivet_log::Id;
use trivet_replica::http::Parsed;
use trivet_replica::store::log;
use trivet_replica::{App, Caller, Key, Problem};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::checks::routes::check_of;
use crate::time;

/// Requests that wait to be sent.
const MAX_QUEUED: i64 = 10_000;
const MAX_PAGE: u32 = 200;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(queue)).routes(routes!(list))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReceiptEmail {
    #[schema(format = Email)]
    email: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Outbox {
    receipts: Vec<QueuedReceipt>,
    /// The `after` of the next page.
    next: Option<Uuid>,
}

/// A receipt that is to be sent.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct QueuedReceipt {
    id: Uuid,
    order_id: Uuid,
    check_id: Uuid,
    email: String,
    /// `queued`.
    state: String,
    requested_by: Uuid,
    created_at: String,
    updated_at: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OutboxQuery {
    after: Option<Uuid>,
    /// 1 to 200, 50 if left out.
    limit: Option<u32>,
}

/// Queues the receipt of the order's check to be sent. The Idempotency-Key makes a repeat the same request.
#[utoipa::path(post, path = "/api/v1/pos/orders/{id}/receipt/email", tag = "papers", params(("id" = Uuid, Path)),
    request_body = ReceiptEmail,
    responses((status = 202, body = QueuedReceipt), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn queue(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Key(key): Key,
    Parsed(body): Parsed<ReceiptEmail>,
) -> Result<(StatusCode, Json<QueuedReceipt>), Problem> {
    // No command, which `submit` would check.
    if !caller.rights.may(Permission::OrdersUpdate) {
        return Err(Problem::forbidden());
    }
    let email = address(&body.email).map_err(|why| Problem::from(Refusal::invalid("email", why)))?;
    let order = Id(id);
    let check = check_of(&app, order).await?;
    let owes = app.read(move |view| Ok(figures(&checks::fold(&log::facts_of(view.conn, check)?)).is_some())).await?;
    if !owes {
        return Err(Problem::new(StatusCode::CONFLICT, "every order of this check was cancelled"));
    }
    let request = Request { id: key, order, check, email, person: caller.person, now_ms: app.wall.now_ms() };
    let queued = app.store.write(move |writing| put(writing.conn, &request)).await;
    match queued.map_err(|closed| Problem::internal(&closed))? {
        Ok(row) => Ok((StatusCode::ACCEPTED, Json(row))),
        Err(Rejected::Refused(refusal)) => Err(refusal.into()),
        Err(Rejected::Store(error)) => Err(Problem::internal(&error)),
    }
}

/// Receipts that were asked for by e-mail, the latest first.
#[utoipa::path(get, path = "/api/v1/printing/outbox", tag = "papers", params(OutboxQuery),
    responses((status = 200, body = Outbox)))]
async fn list(State(app): State<App>, Query(query): Query<OutboxQuery>) -> Result<Json<Outbox>, Problem> {
    let limit = query.limit.unwrap_or(50).clamp(1, MAX_PAGE);
    let receipts = app
        .read(move |view| {
            let sql = format!(
                "SELECT {COLUMNS} FROM papers_outbox
                 WHERE ?1 IS NULL OR (created_ms, id) < (SELECT created_ms, id FROM papers_outbox WHERE id=?1)
                 ORDER BY created_ms DESC, id DESC LIMIT ?2"
            );
            let mut statement = view.conn.prepare_cached(&sql)?;
            let rows = statement.query_map(params![query.after.map(Uuid::into_bytes), limit], from_row)?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        })
        .await?;
    let next = receipts.last().filter(|_| receipts.len() == limit as usize).map(|receipt| receipt.id);
    Ok(Json(Outbox { receipts, next }))
}

struct Request {
    id: Id,
    order: Id,
    check: Id,
    email: String,
    person: Id,
    now_ms: i64,
}

enum Rejected {
    Refused(Refusal),
    Store(rusqlite::Error),
}

impl From<rusqlite::Error> for Rejected {
    fn from(error: rusqlite::Error) -> Rejected {
        Rejected::Store(error)
    }
}

impl fmt::Debug for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rejected::Refused(refusal) => write!(f, "{refusal}"),
            Rejected::Store(error) => write!(f, "{error}"),
        }
    }
}

const COLUMNS: &str = "id, order_id, check_id, email, state, person, created_ms, updated_ms";

/// One row a key, however often it is asked for.
fn put(conn: &Connection, request: &Request) -> Result<QueuedReceipt, Rejected> {
    let read = || {
        let sql = format!("SELECT {COLUMNS} FROM papers_outbox WHERE id=?1");
        conn.query_row(&sql, [request.id.as_bytes()], from_row).optional()
    };
    if let Some(row) = read()? {
        let same = (row.order_id, row.requested_by, &row.email) == (request.order.0, request.person.0, &request.email);
        return match same {
            true => Ok(row),
            false => {
                let refusal = Refusal::conflict("this Idempotency-Key was used for something else");
                Err(Rejected::Refused(refusal.at("Idempotency-Key")))
            }
        };
    }
    let waiting: i64 =
        conn.query_row("SELECT count(*) FROM papers_outbox WHERE state='queued'", [], |row| row.get(0))?;
    if waiting >= MAX_QUEUED {
        let text = format!("{MAX_QUEUED} receipts wait to be sent; no more are taken until some have been");
        return Err(Rejected::Refused(Refusal::full(text)));
    }
    conn.execute(
        "INSERT INTO papers_outbox VALUES(?1, ?2, ?3, ?4, ?5, 'queued', ?6, ?6)",
        params![
            request.id.as_bytes(),
            request.order.as_bytes(),
            request.check.as_bytes(),
            request.email,
            request.person.as_bytes(),
            request.now_ms
        ],
    )?;
    read()?.ok_or(Rejected::Store(rusqlite::Error::QueryReturnedNoRows))
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<QueuedReceipt> {
    Ok(QueuedReceipt {
        id: Uuid::from_bytes(row.get(0)?),
        order_id: Uuid::from_bytes(row.get(1)?),
        check_id: Uuid::from_bytes(row.get(2)?),
        email: row.get(3)?,
        state: row.get(4)?,
        requested_by: Uuid::from_bytes(row.get(5)?),
        created_at: time::text(row.get(6)?),
        updated_at: time::text(row.get(7)?),
    })
}

/// An address as people have them: a local part of dots and the characters of RFC 5322, section 3.2.3, at a domain
/// of two labels at least; lengths by RFC 5321, section 4.5.3.1. Quoted local parts and address literals are refused.
fn address(text: &str) -> Result<String, &'static str> {
    const WRONG: &str = "an e-mail address such as ann@example.com";
    let text = text.trim();
    let (local, domain) = text.rsplit_once('@').ok_or(WRONG)?;
    let is_local = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let dots_hold = |part: &str| !part.starts_with('.') && !part.ends_with('.') && !part.contains("..");
    let local_fits = (1..=64).contains(&local.len()) && local.chars().all(is_local) && dots_hold(local);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let labels: Vec<&str> = domain.split('.').collect();
    let top = labels.last().copied().unwrap_or_default();
    let domain_fits =
        labels.len() >= 2 && labels.iter().all(|label| is_label(label)) && !top.chars().all(|c| c.is_ascii_digit());
    if text.len() > 254 || !local_fits || !domain_fits {
        return Err(WRONG);
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let long = format!("{}@example.com", "a".repeat(65));
        let longer = format!("a@{}com", "example.".repeat(40));
        for (text, right) in [
            ("ann@example.com", true),
            (" ann@example.com ", true),
            ("ann.b+tag@mail.example.co.uk", true),
            ("änn@exämple.fi", true),
            ("o'neil@example.com", true),
            ("", false),
            ("ann", false),
            ("@example.com", false),
            ("ann@", false),
            ("ann@localhost", false),
            ("ann@example..com", false),
            ("ann@-example.com", false),
            ("ann@127.0.0.1", false),
            (".ann@example.com", false),
            ("a..b@example.com", false),
            ("ann b@example.com", false),
            ("ann@b@example.com", false),
            ("ann@example.com\r\nBcc: all@example.com", false),
            ("ann@example.com,bob@example.com", false),
            ("<ann@example.com>", false),
            (long.as_str(), false),
            (longer.as_str(), false),
        ] {
            assert_eq!(address(text).is_ok(), right, "{text:?}");
        }
    }

    #[test]
    fn a_key_is_one_row() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("outbox.sql")).unwrap();
        let id = |n: u8| Id::from_bytes([n; 16]);
        let request = |key, order, email: &str, now_ms| Request {
            id: id(key),
            order: id(order),
            check: id(9),
            email: email.to_owned(),
            person: id(8),
            now_ms,
        };
        let first = put(&conn, &request(1, 2, "ann@example.com", 10)).unwrap();
        let again = put(&conn, &request(1, 2, "ann@example.com", 20)).unwrap();
        assert_eq!((&first, first.state.as_str()), (&again, "queued"));
        for other in [request(1, 3, "ann@example.com", 30), request(1, 2, "bob@example.com", 30)] {
            assert!(matches!(put(&conn, &other), Err(Rejected::Refused(_))));
        }
        put(&conn, &request(2, 2, "ann@example.com", 40)).unwrap();
        let rows: i64 = conn.query_row("SELECT count(*) FROM papers_outbox", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 2);
    }
}
