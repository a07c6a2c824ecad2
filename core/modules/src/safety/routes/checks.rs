//! Checks: what is due, and the answers.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use trivet_domain::MilliCelsius;
use trivet_domain::safety::{self, Answered, CheckAnswer, Command, Measured};
use trivet_log::Id;
use trivet_replica::http::Parsed;
use trivet_replica::{App, Caller, Key, Problem};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{DAY, Span, moment, standing, submit};
use crate::plans;
use crate::safety::view::{self, CheckView, DueView};

/// A list of due times.
const LONGEST_DUE: i64 = 32 * DAY;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(checks, do_check)).routes(routes!(correct_check))
}

#[derive(Serialize, ToSchema)]
struct CheckList {
    due: Vec<DueView>,
    /// What was answered or missed in the period, the newest first; at most 200.
    done: Vec<CheckView>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewCheck {
    /// The check's id in the plan.
    check: String,
    /// Which due time is answered; left out for a check on an event.
    due_at: Option<String>,
    #[serde(default)]
    values: Vec<NewValue>,
    #[serde(default)]
    answers: Vec<NewAnswer>,
    product: Option<String>,
    supplier: Option<String>,
    lot: Option<String>,
    /// Of a delivery.
    accepted: Option<bool>,
    note: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewValue {
    /// The id of a limit of the check's control point.
    rule: String,
    milli_c: i32,
    held_seconds: Option<u32>,
    took_minutes: Option<u32>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAnswer {
    ask: String,
    yes: Option<bool>,
    text: Option<String>,
}

/// The whole answer as it should have been.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewCheckCorrection)]
struct Corrected {
    #[serde(default)]
    values: Vec<NewValue>,
    #[serde(default)]
    answers: Vec<NewAnswer>,
    product: Option<String>,
    supplier: Option<String>,
    lot: Option<String>,
    /// Of a delivery.
    accepted: Option<bool>,
    note: Option<String>,
    /// 1 to 500 characters.
    why: String,
}

/// What is due and what was done in a period; today and the day before, if it is left out.
#[utoipa::path(get, path = "/api/v1/haccp/checks", tag = "safety", params(Span),
    responses((status = 200, body = CheckList), (status = 422, body = Problem)))]
async fn checks(State(app): State<App>, Query(span): Query<Span>) -> Result<Json<CheckList>, Problem> {
    let now = app.wall.now_ms();
    let span = match (&span.from, &span.to) {
        (None, None) => (now - DAY, now + DAY),
        _ => span.read(now, LONGEST_DUE)?,
    };
    let location = app.identity.certificate.location;
    let read = move |view: &trivet_replica::View<'_>| {
        let due = view::due(view.conn, location, span, view.now_ms)?;
        Ok(CheckList { due, done: view::checks(view.conn, span)? })
    };
    Ok(Json(app.read(read).await?))
}

/// Answers a check. It counts from the moment of this request: one that comes late is marked late.
#[utoipa::path(post, path = "/api/v1/haccp/checks", tag = "safety", request_body = NewCheck,
    responses((status = 201, body = CheckView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn do_check(
    State(app): State<App>,
    caller: Caller,
    Key(key): Key,
    Parsed(body): Parsed<NewCheck>,
) -> Result<(StatusCode, Json<CheckView>), Problem> {
    let due_ms = moment("dueAt", body.due_at.as_deref())?;
    let (version, plan, slot) = match due_ms {
        None => standing(&app).await.map(|(version, plan)| (version, plan, key))?,
        Some(due_ms) => of_slot(&app, &body.check, due_ms).await?,
    };
    let planned = plan.check(&body.check);
    let planned = planned.ok_or_else(|| Problem::invalid("check", "the plan in force has no such check"))?;
    if due_ms.is_none() && matches!(planned.schedule, safety::Schedule::Times { .. }) {
        return Err(Problem::invalid("dueAt", "this check has times of day: say which one is answered"));
    }
    let NewCheck { values, answers, product, supplier, lot, accepted, note, .. } = body;
    let answered = Answered {
        values: values.into_iter().map(Measured::from).collect(),
        answers: answers.into_iter().map(CheckAnswer::from).collect(),
        product,
        supplier,
        lot,
        accepted,
        note,
    };
    let command = Command::DoCheck {
        slot,
        rules: plan.limits_of(planned).to_vec(),
        planned: Box::new(planned.clone()),
        due_ms,
        plan_version: Some(version),
        answered: Box::new(answered),
    };
    submit(&app, caller, key, command).await?;
    let shown = app.read(move |view| view::check(view.conn, slot)).await?;
    shown.map(|check| (StatusCode::CREATED, Json(check))).ok_or_else(|| Problem::not_found("check"))
}

impl From<NewValue> for Measured {
    fn from(value: NewValue) -> Measured {
        Measured {
            rule: value.rule,
            value: MilliCelsius(value.milli_c),
            held_seconds: value.held_seconds,
            took_minutes: value.took_minutes,
        }
    }
}

impl From<NewAnswer> for CheckAnswer {
    fn from(answer: NewAnswer) -> CheckAnswer {
        CheckAnswer { ask: answer.ask, yes: answer.yes, text: answer.text }
    }
}

/// Corrects what was mistyped (HAC-04). The first answer stays beside it, and whether it was in time goes by that one; a
/// record that was opened about it is closed as any other.
#[utoipa::path(post, path = "/api/v1/haccp/checks/{id}/corrections", tag = "safety", params(("id" = Uuid, Path)),
    request_body = Corrected,
    responses((status = 200, body = CheckView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn correct_check(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Key(key): Key,
    Parsed(body): Parsed<Corrected>,
) -> Result<Json<CheckView>, Problem> {
    let (slot, location) = (Id(id), app.identity.certificate.location);
    let found = app.read(move |view| view::plan_of_check(view.conn, location, slot)).await?;
    let (check, plan) = found.ok_or_else(|| Problem::not_found("check"))?;
    let planned = plan.check(&check).ok_or_else(|| Problem::not_found("check"))?;
    let Corrected { values, answers, product, supplier, lot, accepted, note, why } = body;
    let answered = Answered {
        values: values.into_iter().map(Measured::from).collect(),
        answers: answers.into_iter().map(CheckAnswer::from).collect(),
        product,
        supplier,
        lot,
        accepted,
        note,
    };
    let command = Command::CorrectCheck {
        slot,
        rules: plan.limits_of(planned).to_vec(),
        planned: Box::new(planned.clone()),
        answered: Box::new(answered),
        why,
    };
    submit(&app, caller, key, command).await?;
    let shown = app.read(move |view| view::check(view.conn, slot)).await?;
    shown.map(Json).ok_or_else(|| Problem::not_found("check"))
}

/// The plan that asked for a check at a due time, and the id of that time.
async fn of_slot(app: &App, check: &str, due_ms: i64) -> Result<(u32, safety::Plan, Id), Problem> {
    let location = app.identity.certificate.location;
    let check = check.to_owned();
    let found = app
        .read(move |view| {
            let due = plans::due(view.conn, location, due_ms, due_ms + 1)?;
            let due = due.into_iter().find(|due| due.check.id == check);
            let plan = plans::in_force(view.conn, location, due_ms)?;
            Ok(due.zip(plan).map(|(due, (_, plan))| (due.version, plan, due.slot)))
        })
        .await?;
    found.ok_or_else(|| Problem::not_found("check with this due time"))
}
