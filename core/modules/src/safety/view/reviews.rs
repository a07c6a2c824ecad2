//! Reviews of the record by a person.

use rusqlite::Connection;
use serde::Serialize;
use trivet_log::Id;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{EVER, ids, review_state};
use crate::access::name_of;
use crate::time;

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SafetyReview)]
#[serde(rename_all = "camelCase")]
pub struct ReviewView {
    pub id: Uuid,
    pub from: String,
    pub to: String,
    /// What the name stands for.
    pub meaning: String,
    pub note: Option<String>,
    pub at: String,
    pub by: Option<String>,
}

pub fn reviews(conn: &Connection) -> rusqlite::Result<Vec<ReviewView>> {
    let sql = "SELECT id FROM safety_review WHERE at_ms BETWEEN ?1 AND ?2 ORDER BY at_ms DESC, id LIMIT 200";
    ids(conn, sql, EVER)?.into_iter().filter_map(|id| review(conn, id).transpose()).collect()
}

pub fn review(conn: &Connection, id: Id) -> rusqlite::Result<Option<ReviewView>> {
    let Some(review) = review_state(conn, id)? else { return Ok(None) };
    Ok(Some(ReviewView {
        id: id.0,
        from: time::text(review.what.from_ms),
        to: time::text(review.what.to_ms),
        meaning: review.what.meaning,
        note: review.what.note,
        at: time::text(review.at_ms),
        by: name_of(conn, review.by)?,
    }))
}
