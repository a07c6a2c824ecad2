//! Saved reports (AUD-09): which units and sections, and how often the box makes them by itself. What it made lies
//! beside the store; the routes for those files are the box's.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::ToSpan;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use trivet_domain::reports::{Change, Command, DOCUMENT, Every, Saved};
use trivet_domain::{Command as AnyCommand, History};
use trivet_log::Id;
use trivet_replica::http::Parsed;
use trivet_replica::module::Projecting;
use trivet_replica::store::log;
use trivet_replica::{App, Caller, Key, Problem};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::routes::{all_tables, scale_of, sections_of};
use super::{Asked, Filter, Picks, SECTIONS};
use crate::time;

pub(super) const SCHEMA: &str =
    "CREATE TABLE reports_saved(id BLOB PRIMARY KEY, name TEXT NOT NULL, retired INTEGER NOT NULL) WITHOUT ROWID;";

/// Saved reports that are listed, and that a box makes.
pub const MOST_SAVED: usize = 200;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, save)).routes(routes!(change, remove))
}

pub(super) fn project(projecting: &Projecting<'_>, id: Id, history: &History) -> rusqlite::Result<()> {
    let Some(saved) = history.document_of(DOCUMENT).map(Saved::from_fields) else { return Ok(()) };
    let sql = "INSERT OR REPLACE INTO reports_saved VALUES(?1, ?2, ?3)";
    projecting.conn.prepare_cached(sql)?.execute(params![id.as_bytes(), saved.name, saved.retired])?;
    Ok(())
}

/// Those that are in use, by name.
pub fn saved(conn: &Connection) -> rusqlite::Result<Vec<(Id, Saved)>> {
    let sql = "SELECT id FROM reports_saved WHERE retired=0 ORDER BY name, id LIMIT ?1";
    let mut statement = conn.prepare_cached(sql)?;
    let ids = statement.query_map([i64::try_from(MOST_SAVED).unwrap_or(1)], |row| row.get(0).map(Id::from_bytes))?;
    let mut found = Vec::new();
    for id in ids.collect::<rusqlite::Result<Vec<Id>>>()? {
        let fields = log::fields(conn, id)?.filter(|(kind, _)| *kind == DOCUMENT);
        found.extend(fields.map(|(_, fields)| (id, Saved::from_fields(&fields))));
    }
    Ok(found)
}

/// What a saved report asks for in a period. Sections that this release does not know are passed over.
pub fn asked(saved: &Saved, from_ms: i64, to_ms: i64) -> Asked {
    let known = |section: &&String| SECTIONS.contains(&section.as_str());
    let asked = Asked::all(from_ms, to_ms);
    Asked {
        units: Some(saved.units.clone()).filter(|units| !units.is_empty()),
        sections: match saved.sections.is_empty() {
            true => asked.sections,
            false => saved.sections.iter().filter(known).cloned().collect(),
        },
        scale: scale_of(Some(saved.scale.as_str()).filter(|scale| !scale.is_empty())).ok().flatten(),
        picks: Picks { fields: saved.fields.clone(), filters: saved.filters.iter().cloned().map(filter).collect() },
        ..asked
    }
}

fn filter((column, is): (String, String)) -> Filter {
    Filter { column, is }
}

/// The day, week or month that was over last, by the clock on the wall; from and to.
fn last_period(every: Every, now_ms: i64, time_zone: &str) -> Option<(i64, i64)> {
    let today = time::local(now_ms, time_zone).start_of_day().ok()?;
    let (from, to) = match every {
        Every::Never => return None,
        Every::Day => (today.checked_sub(1.day()).ok()?, today),
        Every::Week => {
            let since = i64::from(today.weekday().to_monday_zero_offset());
            let monday = today.checked_sub(since.days()).ok()?;
            (monday.checked_sub(7.days()).ok()?, monday)
        }
        Every::Month => {
            let first = today.first_of_month().ok()?;
            (first.checked_sub(1.month()).ok()?, first)
        }
    };
    let start = |zoned: jiff::Zoned| zoned.start_of_day().ok().map(|start| start.timestamp().as_millisecond());
    Some((start(from)?, start(to)?))
}

/// The periods that are over, the last first.
pub fn periods(every: Every, now_ms: i64, time_zone: &str) -> impl Iterator<Item = (i64, i64)> {
    std::iter::successors(last_period(every, now_ms, time_zone), move |period| last_period(every, period.0, time_zone))
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SavedReport)]
#[serde(rename_all = "camelCase")]
struct SavedView {
    id: Uuid,
    name: String,
    /// Probes; empty: all.
    units: Vec<Uuid>,
    /// Empty: all.
    sections: Vec<String>,
    /// Columns, `table.column`; of a table that is not named all.
    fields: Vec<String>,
    filters: Vec<Filter>,
    scale: Option<String>,
    /// `never`, `day`, `week` or `month`.
    every: String,
    /// Files of each form that a box keeps.
    keep: i64,
}

#[derive(Serialize, ToSchema)]
struct SavedReports {
    reports: Vec<SavedView>,
}

/// The fields of a saved report. What is left out stays.
#[derive(Deserialize, ToSchema)]
#[schema(as = SavedReportChange)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SavedChange {
    name: Option<String>,
    units: Option<Vec<Uuid>>,
    sections: Option<Vec<String>>,
    /// Of a table that is named only these columns are there, in this order.
    fields: Option<Vec<String>>,
    filters: Option<Vec<Filter>>,
    /// `C`, `F`, or nothing for the scale of the plan's limits.
    scale: Option<String>,
    /// `never`, `day`, `week` (from Monday on) or `month`: the box makes the one that is over, as CSV and PDF.
    every: Option<String>,
    /// 1 to 400; 24 if nobody has said.
    keep: Option<i64>,
}

impl SavedChange {
    fn change(self) -> Result<Change, Problem> {
        if let Some(sections) = &self.sections {
            sections_of(Some(&sections.join(",")))?;
        }
        let every = |text: &String| {
            let known = Every::ALL.into_iter().find(|every| every.name() == text);
            known.ok_or_else(|| Problem::invalid("every", "`never`, `day`, `week` or `month`"))
        };
        Ok(Change {
            every: self.every.as_ref().map(every).transpose()?,
            name: self.name,
            units: self.units.map(|units| units.into_iter().map(Id).collect()),
            sections: self.sections,
            fields: self.fields,
            filters: self.filters.map(|all| all.into_iter().map(|filter| (filter.column, filter.is)).collect()),
            scale: self.scale,
            keep: self.keep,
            retired: None,
        })
    }
}

/// Reports that somebody has saved.
#[utoipa::path(get, path = "/api/v1/haccp/reports", tag = "haccp", responses((status = 200, body = SavedReports)))]
async fn list(State(app): State<App>) -> Result<Json<SavedReports>, Problem> {
    let found = app.read(|view| saved(view.conn)).await?;
    Ok(Json(SavedReports { reports: found.into_iter().map(show).collect() }))
}

fn show((id, saved): (Id, Saved)) -> SavedView {
    SavedView {
        id: id.0,
        name: saved.name,
        units: saved.units.into_iter().map(|unit| unit.0).collect(),
        sections: saved.sections,
        fields: saved.fields,
        filters: saved.filters.into_iter().map(filter).collect(),
        scale: Some(saved.scale).filter(|scale| !scale.is_empty()),
        every: saved.every.name().to_owned(),
        keep: saved.keep,
    }
}

/// Saves a report; the Idempotency-Key becomes its id.
#[utoipa::path(post, path = "/api/v1/haccp/reports", tag = "haccp", request_body = SavedChange,
    responses((status = 201, body = SavedView), (status = 422, body = Problem)))]
async fn save(
    State(app): State<App>,
    caller: Caller,
    Key(key): Key,
    Parsed(body): Parsed<SavedChange>,
) -> Result<(StatusCode, Json<SavedView>), Problem> {
    let saved = edit(&app, caller, key, key, body.change()?).await?;
    Ok((StatusCode::CREATED, Json(saved)))
}

/// Changes the fields that are given.
#[utoipa::path(put, path = "/api/v1/haccp/reports/{id}", tag = "haccp", params(("id" = Uuid, Path)),
    request_body = SavedChange,
    responses((status = 200, body = SavedView), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn change(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Key(key): Key,
    Parsed(body): Parsed<SavedChange>,
) -> Result<Json<SavedView>, Problem> {
    Ok(Json(edit(&app, caller, key, Id(id), body.change()?).await?))
}

/// Takes a saved report away. The files that were made of it stay.
#[utoipa::path(delete, path = "/api/v1/haccp/reports/{id}", tag = "haccp", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
async fn remove(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Key(key): Key,
) -> Result<StatusCode, Problem> {
    let change = Change { retired: Some(true), ..Change::default() };
    let command = Command::Save { report: Id(id), change };
    app.submit(caller.actor(), key, AnyCommand::Reports(command)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn edit(app: &App, caller: Caller, key: Id, report: Id, change: Change) -> Result<SavedView, Problem> {
    let fields = change.fields.clone().unwrap_or_default();
    let filters = change.filters.iter().flatten().cloned().map(filter).collect();
    let picks = Picks { fields, filters };
    if !picks.is_empty() {
        picks.check(&all_tables(app).await?)?;
    }
    app.submit(caller.actor(), key, AnyCommand::Reports(Command::Save { report, change })).await?;
    let fields = app.read(move |view| log::fields(view.conn, report)).await?;
    let saved = fields.map(|(_, fields)| (report, Saved::from_fields(&fields)));
    saved.map(show).ok_or_else(|| Problem::not_found("report"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_period_is_that_of_the_wall() {
        for (every, now, from, to) in [
            (Every::Day, "2026-03-30T00:30:00+03:00", "2026-03-29T00:00:00+02:00", "2026-03-30T00:00:00+03:00"),
            (Every::Week, "2026-03-30T00:00:00+03:00", "2026-03-23T00:00:00+02:00", "2026-03-30T00:00:00+03:00"),
            (Every::Week, "2026-04-05T23:59:00+03:00", "2026-03-23T00:00:00+02:00", "2026-03-30T00:00:00+03:00"),
            (Every::Month, "2026-04-15T12:00:00+03:00", "2026-03-01T00:00:00+02:00", "2026-04-01T00:00:00+03:00"),
            (Every::Month, "2026-03-31T12:00:00+03:00", "2026-02-01T00:00:00+02:00", "2026-03-01T00:00:00+02:00"),
        ] {
            let at = |text: &str| time::parse(text).unwrap();
            assert_eq!(last_period(every, at(now), "Europe/Helsinki"), Some((at(from), at(to))), "{every:?} {now}");
        }
        assert_eq!(periods(Every::Never, 0, "UTC").count(), 0);
        let months: Vec<_> =
            periods(Every::Month, time::parse("2026-01-15T12:00:00Z").unwrap(), "UTC").take(3).collect();
        assert_eq!(months[0].0, months[1].1);
        assert_eq!((months[1].0, months[2].0), (1_761_955_200_000, 1_759_276_800_000), "November and October");
    }
}
