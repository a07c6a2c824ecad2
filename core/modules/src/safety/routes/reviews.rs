//! Reviews of the record by a person, and the score of a period.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use trivet_domain::safety::{Command, Reviewed};
use trivet_replica::http::Parsed;
use trivet_replica::{App, Caller, Key, Problem};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{DAY, Span, submit};
use crate::safety::view::{self, ReviewView};
use crate::safety::{ComplianceView, compliance};
use crate::time;

/// A score reads each minute of each probe.
const LONGEST_SCORE: i64 = 32 * DAY;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(reviews, review)).routes(routes!(score))
}

#[derive(Serialize, ToSchema)]
struct ReviewList {
    reviews: Vec<ReviewView>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewReview {
    /// RFC 3339.
    from: String,
    to: String,
    /// What the name stands for: "reviewed and found complete".
    meaning: String,
    note: Option<String>,
}

/// Reviews of the records, the newest first; at most 200.
#[utoipa::path(get, path = "/api/v1/haccp/reviews", tag = "safety", responses((status = 200, body = ReviewList)))]
async fn reviews(State(app): State<App>) -> Result<Json<ReviewList>, Problem> {
    Ok(Json(ReviewList { reviews: app.read(|view| view::reviews(view.conn)).await? }))
}

/// A manager reviews the records of a period and says what their name stands for.
#[utoipa::path(post, path = "/api/v1/haccp/reviews", tag = "safety", request_body = NewReview,
    responses((status = 201, body = ReviewView), (status = 422, body = Problem)))]
async fn review(
    State(app): State<App>,
    caller: Caller,
    Key(key): Key,
    Parsed(body): Parsed<NewReview>,
) -> Result<(StatusCode, Json<ReviewView>), Problem> {
    let (from_ms, to_ms) = (time::of("from", &body.from)?, time::of("to", &body.to)?);
    let reviewed = Reviewed { from_ms, to_ms, meaning: body.meaning, note: body.note };
    submit(&app, caller, key, Command::Review { review: key, reviewed }).await?;
    let shown = app.read(move |view| view::review(view.conn, key)).await?;
    shown.map(|shown| (StatusCode::CREATED, Json(shown))).ok_or_else(|| Problem::not_found("review"))
}

/// The compliance score of a period and the figures behind it; 32 days at most.
#[utoipa::path(get, path = "/api/v1/haccp/compliance", tag = "safety", params(Span),
    responses((status = 200, body = ComplianceView), (status = 422, body = Problem)))]
async fn score(State(app): State<App>, Query(span): Query<Span>) -> Result<Json<ComplianceView>, Problem> {
    let (from, to) = span.read(app.wall.now_ms(), LONGEST_SCORE)?;
    let location = app.identity.certificate.location;
    Ok(Json(app.read(move |view| compliance(view, location, from, to)).await?))
}
