//! Reports that the box makes by itself, as files beside the store. Which are made is read from the folder: a restart
//! forgets nothing and makes nothing twice, and a box that was off makes each period that was over meanwhile.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{Path as OfPath, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use trivet_domain::Permission;
use trivet_domain::reports::Saved;
use trivet_log::Id;
use trivet_modules::reports::{self, Desk, saved};
use trivet_modules::{settings, time};
use trivet_replica::module::{EMPTY, Read};
use trivet_replica::{App, Module, Problem};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::files;

const TICK: Duration = Duration::from_secs(60);
const TRY_AGAIN: Duration = Duration::from_secs(3_600);
/// Of one report before it waits.
const MOST_FAILURES: u32 = 3;
/// After the end of a period: until then late minutes arrive.
const AFTER_MS: i64 = 15 * 60_000;
/// Files that are listed, the newest.
const MOST_FILES: usize = 1_000;

/// On top of the shared module of reports: the files of this box.
pub(crate) const MODULE: Module = Module {
    name: "reports_here",
    routes: || OpenApiRouter::new().routes(routes!(list)).routes(routes!(file)),
    reads: &[
        Read { path: "/api/v1/haccp/reports/files", permission: Permission::HaccpRead },
        Read { path: "/api/v1/haccp/reports/files/{id}", permission: Permission::HaccpRead },
    ],
    ..EMPTY
};

pub(crate) fn start(app: &App) {
    tokio::spawn(run(app.clone()));
}

async fn run(app: App) {
    let Some(desk) = app.more.get::<Desk>().cloned() else { return };
    let mut tick = tokio::time::interval(TICK);
    let mut failed = HashMap::new();
    loop {
        tick.tick().await;
        if let Err(error) = make_due(&app, &desk, &mut failed).await {
            tracing::error!(error = format!("{error:#}"), "looking for reports that are due");
        }
    }
}

fn folder(app: &App) -> PathBuf {
    app.store.path.with_file_name("reports")
}

/// One that fails holds up no other, and waits before it is tried again.
async fn make_due(app: &App, desk: &Desk, failed: &mut HashMap<Id, Instant>) -> anyhow::Result<()> {
    let read = app.read(|view| Ok((saved::saved(view.conn)?, settings::in_force(view.conn)?.time_zone)));
    let (all, zone) = read.await.map_err(|problem| anyhow::anyhow!(problem.detail))?;
    for (id, wanted) in all {
        if failed.get(&id).is_some_and(|at| at.elapsed() < TRY_AGAIN) {
            continue;
        }
        failed.remove(&id);
        if let Err(error) = make_one(app, desk, id, &wanted, &zone).await {
            tracing::error!(report = wanted.name, error = format!("{error:#}"), "a report was not made");
            failed.insert(id, Instant::now());
        }
    }
    Ok(())
}

/// Of the periods that are over the last that are kept, from the first that was ever made; of a report that is new, the
/// last alone.
async fn make_one(app: &App, desk: &Desk, id: Id, wanted: &Saved, zone: &str) -> anyhow::Result<()> {
    let folder = folder(app);
    let now = app.wall.now_ms() - AFTER_MS;
    let day = |ms: i64| time::local(ms, zone).strftime("%Y-%m-%d").to_string();
    let keep = usize::try_from(wanted.keep).unwrap_or(1);
    let made = tokio::task::block_in_place(|| forget(&folder, id, keep, &day(app.wall.now_ms())))?;
    let first = made.iter().filter_map(|name| end_of(name)).min();
    let most = if first.is_some() { keep } else { 1 };
    let (mut failed, mut failures) = (Ok(()), 0);
    for (from_ms, to_ms) in saved::periods(wanted.every, now, zone).take(most) {
        let (begins, ends) = (day(from_ms), day(to_ms));
        let name = format!("{id}_{begins}_{ends}");
        if first.is_some_and(|first| ends.as_str() < first) || failures == MOST_FAILURES {
            break;
        }
        if made.contains(&format!("{name}.pdf")) {
            continue;
        }
        match make_period(app, desk, wanted, (from_ms, to_ms), &folder.join(&name)).await {
            Ok(()) => tracing::info!(report = wanted.name, name, "a report was made"),
            Err(error) => (failed, failures) = (Err(error), failures + 1),
        }
    }
    tokio::task::block_in_place(|| forget(&folder, id, keep, &day(app.wall.now_ms())))?;
    failed
}

async fn make_period(app: &App, desk: &Desk, wanted: &Saved, span: (i64, i64), path: &Path) -> anyhow::Result<()> {
    let (csv, pdf) = {
        let _turn = desk.wait().await;
        let made = reports::make(app, saved::asked(wanted, span.0, span.1)).await;
        let (report, language) = made.map_err(|problem| anyhow::anyhow!(problem.detail))?;
        let csv = reports::csv::write(&report, None).unwrap_or_default();
        (csv, reports::pdf_of(desk, report, language).await)
    };
    // What does not draw as PDF is to be had as CSV all the same.
    tokio::task::block_in_place(|| {
        files::write(&path.with_extension("csv"), csv.as_bytes())?;
        let pdf = pdf.map_err(|problem| anyhow::anyhow!(problem.detail))?;
        files::write(&path.with_extension("pdf"), &pdf)?;
        Ok(())
    })
}

/// The day after the last, out of a file's name.
fn end_of(name: &str) -> Option<&str> {
    name.rsplit_once('.')?.0.rsplit_once('_').map(|(_, to)| to)
}

/// Leaves the newest files of a report, and gives them. The names have the date in them: the first are the oldest. What
/// ends after today was made by a clock that was ahead, if this one is right: it neither counts nor goes.
fn forget(folder: &Path, id: Id, keep: usize, today: &str) -> anyhow::Result<Vec<String>> {
    let mut stay = Vec::new();
    for ending in [".csv", ".pdf"] {
        let mut names: Vec<String> = names(folder);
        names.retain(|name| name.starts_with(&id.to_string()) && name.ends_with(ending));
        let ahead = names.iter().position(|name| end_of(name).is_some_and(|end| end > today)).unwrap_or(names.len());
        let old = ahead.saturating_sub(keep);
        for name in names.iter().take(old) {
            std::fs::remove_file(folder.join(name))?;
        }
        stay.extend(names.into_iter().take(ahead).skip(old));
    }
    Ok(stay)
}

/// A folder that is not there yet is empty.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.retain(|name| name.ends_with(".csv") || name.ends_with(".pdf"));
    names.sort_unstable();
    names
}

#[derive(Serialize, ToSchema)]
#[schema(as = ReportFile)]
#[serde(rename_all = "camelCase")]
struct FileView {
    /// Its name: the saved report, the first day and the day after the last.
    id: String,
    report_id: String,
    from: String,
    to: String,
    /// `csv` or `pdf`.
    form: String,
    bytes: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ReportFiles)]
struct FileList {
    files: Vec<FileView>,
}

fn show(folder: &Path, name: &str) -> Option<FileView> {
    let (stem, form) = name.rsplit_once('.')?;
    let mut parts = stem.split('_');
    let (report, from, to) = (parts.next()?, parts.next()?, parts.next()?);
    Some(FileView {
        id: name.to_owned(),
        report_id: report.to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
        form: form.to_owned(),
        bytes: std::fs::metadata(folder.join(name)).ok()?.len(),
    })
}

/// Files of reports that this box has made by itself, the newest first.
#[utoipa::path(get, path = "/api/v1/haccp/reports/files", tag = "haccp", responses((status = 200, body = FileList)))]
async fn list(State(app): State<App>) -> Json<FileList> {
    let folder = folder(&app);
    let mut files: Vec<FileView> = names(&folder).iter().filter_map(|name| show(&folder, name)).collect();
    files.sort_by(|a, b| b.to.cmp(&a.to).then_with(|| a.id.cmp(&b.id)));
    files.truncate(MOST_FILES);
    Json(FileList { files })
}

/// One of them.
#[utoipa::path(get, path = "/api/v1/haccp/reports/files/{id}", tag = "haccp", params(("id" = String, Path)),
    responses((status = 200, content((String = "text/csv"), (String = "application/pdf"))),
        (status = 404, body = Problem)))]
async fn file(State(app): State<App>, OfPath(id): OfPath<String>) -> Result<Response, Problem> {
    let folder = folder(&app);
    // Only a name of the list: no path leads out of the folder.
    let known = names(&folder).into_iter().find(|name| *name == id).ok_or_else(|| Problem::not_found("file"))?;
    let bytes = std::fs::read(folder.join(&known)).map_err(|error| Problem::internal(&error))?;
    let kind = if known.ends_with(".pdf") { "application/pdf" } else { reports::csv::MEDIA_TYPE };
    let disposition = format!("attachment; filename=\"{known}\"");
    Ok(([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes).into_response())
}
