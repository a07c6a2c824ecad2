//! `/api/v1/print-jobs`: what waits for paper, and letting go what was held.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use trivet_domain::Permission;
use trivet_log::Id;
use trivet_replica::{App, Caller, Problem};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::spool::{self, JobView};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(release))
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PrintJobList {
    jobs: Vec<JobView>,
}

/// Print jobs: what is not finished first, then the latest.
#[utoipa::path(get, path = "/api/v1/print-jobs", tag = "printing", responses((status = 200, body = PrintJobList)))]
async fn list(State(app): State<App>) -> Result<Json<PrintJobList>, Problem> {
    Ok(Json(PrintJobList { jobs: app.read(|view| spool::jobs(view.conn)).await? }))
}

/// Prints a job that was held because it had waited too long.
#[utoipa::path(post, path = "/api/v1/print-jobs/{id}/release", tag = "printing", params(("id" = Uuid, Path)),
    responses((status = 200, body = PrintJobList), (status = 404, body = Problem)))]
async fn release(State(app): State<App>, caller: Caller, Path(id): Path<Uuid>) -> Result<Json<PrintJobList>, Problem> {
    if !caller.may(Permission::KitchenUpdateStatus) {
        return Err(Problem::forbidden());
    }
    let now = app.wall.now_ms();
    let released = app
        .store
        .write(move |writing| {
            let check = spool::release(writing.conn, Id(id), now)?;
            check.map(|check| writing.touch(check)).transpose()
        })
        .await
        .map_err(|closed| Problem::internal(&closed))?
        .map_err(|error: rusqlite::Error| Problem::internal(&error))?;
    released.ok_or_else(|| Problem::not_found("held print job"))?;
    list(State(app)).await
}
