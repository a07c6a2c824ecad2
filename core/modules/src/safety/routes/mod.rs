//! `/api/v1/haccp/…` of the plan, checks, cooling runs, timers, calibrations, records and reviews.

mod calibrations;
mod checks;
mod cooling;
mod plan;
mod records;
mod reviews;
mod timers;

use axum::http::StatusCode;
use serde::Deserialize;
use trivet_domain::Command as AnyCommand;
use trivet_domain::safety::{self, Command};
use trivet_log::Id;
use trivet_replica::{App, Caller, Problem, Receipt};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use uuid::Uuid;

use crate::plans;
use crate::time;

const DAY: i64 = 24 * 3_600_000;
/// A period that is asked for.
const LONGEST: i64 = 400 * DAY;

pub(super) fn routes() -> OpenApiRouter<App> {
    plan::routes()
        .merge(checks::routes())
        .merge(cooling::routes())
        .merge(timers::routes())
        .merge(calibrations::routes())
        .merge(records::routes())
        .merge(reviews::routes())
}

async fn submit(app: &App, caller: Caller, key: Id, command: Command) -> Result<Receipt, Problem> {
    Ok(app.submit(caller.actor(), key, AnyCommand::Safety(command)).await?)
}

fn moment(field: &str, text: Option<&str>) -> Result<Option<i64>, Problem> {
    text.map(|text| time::of(field, text)).transpose()
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Span {
    /// RFC 3339; seven days before `to` if left out.
    from: Option<String>,
    /// Now, if left out.
    to: Option<String>,
}

impl Span {
    fn read(&self, now_ms: i64, longest: i64) -> Result<(i64, i64), Problem> {
        let to = moment("to", self.to.as_deref())?.unwrap_or(now_ms + 1);
        let from = moment("from", self.from.as_deref())?.unwrap_or(to - 7 * DAY);
        if to <= from || to - from > longest {
            return Err(Problem::invalid("from", format!("before `to`, by at most {} days", longest / DAY)));
        }
        Ok((from, to))
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewMeasurement {
    milli_c: i32,
}

/// The plan in force, or a refusal that says what is missing.
async fn standing(app: &App) -> Result<(u32, safety::Plan), Problem> {
    let location = app.identity.certificate.location;
    let found = app.read(move |view| plans::in_force(view.conn, location, view.now_ms)).await?;
    let none = || Problem::new(StatusCode::CONFLICT, "no HACCP plan is in force: approve one first");
    found.map(|(approval, plan)| (approval.version, plan)).ok_or_else(none)
}

async fn known_probe(app: &App, probe: Option<Uuid>) -> Result<Option<Id>, Problem> {
    let Some(probe) = probe else { return Ok(None) };
    let known = app.read(move |view| crate::haccp::view::probe(view, Id(probe))).await?;
    known.map(|probe| Some(Id(probe.id))).ok_or_else(|| Problem::invalid("probeId", "there is no such probe"))
}
