//! `/api/v1/haccp/report`, `…/report.pdf` and `…/report.csv`.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use trivet_domain::haccp::Scale;
use trivet_log::Id;
use trivet_replica::{App, Problem};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::table::{Column, Table};
use super::{Asked, Desk, MAX_SHEET, Picks, Report, SECTIONS, csv};
use crate::{settings, time};

const DAY: i64 = 86_400_000;
pub const MAX_DAYS: i64 = 366;
/// Units that one request names; without any it is of all.
const MAX_UNITS: usize = 150;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(tables))
        .routes(routes!(figures))
        .routes(routes!(as_pdf))
        .routes(routes!(as_csv))
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asking {
    /// RFC 3339.
    from: String,
    /// Before this; at most 366 days after `from`.
    to: String,
    /// Ids of probes, with commas between; all if left out.
    units: Option<String>,
    /// With commas between: `plan`, `units`, `excursions`, `records`, `readings`, `checks`, `cooling`, `timers`,
    /// `calibrations`, `faults`, `amendments`, `reviews`, `audit`; all if left out.
    sections: Option<String>,
    /// `C` or `F`; the scale of the plan's limits if left out.
    scale: Option<String>,
    /// Of tables: `checks.name,checks.state`. Of a table that is named only these columns are there, in this order.
    fields: Option<String>,
    /// Of tables: only lines whose cell is this, `checks.state=missed;excursions.unit=Walk-in`.
    filters: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OneSection {
    /// Only this table, with its heads in the first line: a section, or `summary`, `gaps` or `actions`.
    section: Option<String>,
}

pub(super) fn units_of(units: Option<&str>) -> Result<Option<Vec<Id>>, Problem> {
    let Some(units) = units else { return Ok(None) };
    let ids = units.split(',').filter(|text| !text.is_empty()).map(|text| text.trim().parse::<Uuid>().map(Id));
    let ids = ids.collect::<Result<Vec<Id>, _>>().map_err(|_| Problem::invalid("units", "ids with commas between"))?;
    if ids.is_empty() || ids.len() > MAX_UNITS {
        return Err(Problem::invalid("units", format!("1 to {MAX_UNITS} ids")));
    }
    Ok(Some(ids))
}

pub(super) fn sections_of(sections: Option<&str>) -> Result<BTreeSet<String>, Problem> {
    let Some(sections) = sections else { return Ok(SECTIONS.iter().map(ToString::to_string).collect()) };
    let asked: BTreeSet<String> =
        sections.split(',').map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect();
    match asked.iter().find(|section| !SECTIONS.contains(&section.as_str())) {
        Some(unknown) => Err(Problem::invalid("sections", format!("`{unknown}` is none of {}", SECTIONS.join(", ")))),
        None => Ok(asked),
    }
}

pub(super) fn scale_of(scale: Option<&str>) -> Result<Option<Scale>, Problem> {
    match scale {
        None => Ok(None),
        Some("C") => Ok(Some(Scale::Celsius)),
        Some("F") => Ok(Some(Scale::Fahrenheit)),
        Some(_) => Err(Problem::invalid("scale", "`C` or `F`")),
    }
}

impl Asking {
    fn asked(&self) -> Result<Asked, Problem> {
        let (from_ms, to_ms) = (time::of("from", &self.from)?, time::of("to", &self.to)?);
        if to_ms <= from_ms || to_ms - from_ms > MAX_DAYS * DAY {
            return Err(Problem::invalid("from", format!("before `to`, and at most {MAX_DAYS} days")));
        }
        Ok(Asked {
            from_ms,
            to_ms,
            units: units_of(self.units.as_deref())?,
            sections: sections_of(self.sections.as_deref())?,
            scale: scale_of(self.scale.as_deref())?,
            picks: Picks::read(self.fields.as_deref(), self.filters.as_deref())?,
        })
    }
}

/// A report, and the language of the site.
pub async fn make(app: &App, asked: Asked) -> Result<(Report, String), Problem> {
    if !asked.picks.is_empty() {
        asked.picks.check(&all_tables(app).await?)?;
    }

    let (identity, version) = (app.identity.clone(), app.version);
    app.read(move |view| {
        let report = super::report(view, &identity, version, &asked)?;
        Ok((report, settings::in_force(view.conn)?.language))
    })
    .await
}

/// The tables that there are: those of a report of next to no time.
pub(super) async fn all_tables(app: &App) -> Result<Vec<Table>, Problem> {
    let (identity, version, now_ms) = (app.identity.clone(), app.version, app.wall.now_ms());
    let asked = Asked::all(now_ms - 1, now_ms);
    Ok(app.read(move |view| super::report(view, &identity, version, &asked)).await?.tables())
}

#[derive(Serialize, ToSchema)]
#[schema(as = ReportTables)]
struct Tables {
    tables: Vec<TableView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ReportTable)]
struct TableView {
    section: String,
    title: String,
    columns: Vec<ColumnView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ReportColumn)]
struct ColumnView {
    id: String,
    head: String,
}

/// The tables of a report and their columns, to pick from.
#[utoipa::path(get, path = "/api/v1/haccp/report/tables", tag = "haccp", responses((status = 200, body = Tables)))]
async fn tables(State(app): State<App>) -> Result<Json<Tables>, Problem> {
    let column = |column: Column| {
        let head = if column.head.is_empty() { column.id.replace('_', " ") } else { column.head };
        ColumnView { id: column.id, head }
    };
    let table = |table: Table| TableView {
        section: table.section,
        title: table.title,
        columns: table.columns.into_iter().map(column).collect(),
    };
    Ok(Json(Tables { tables: all_tables(&app).await?.into_iter().map(table).collect() }))
}

/// A sheet is written on a thread that may be busy.
pub async fn pdf_of(desk: &Desk, report: Report, language: String) -> Result<Vec<u8>, Problem> {
    let written = tokio::task::spawn_blocking(move || serde_json::to_vec(&report.sheet(&language)));
    let sheet = match written.await {
        Ok(Ok(sheet)) => sheet,
        Ok(Err(error)) => return Err(Problem::internal(&error)),
        Err(panic) => return Err(Problem::internal(&panic)),
    };
    if sheet.len() > MAX_SHEET {
        let text = "this report is too long for a PDF: ask for a shorter period, fewer units or sections, or for CSV";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, text));
    }
    desk.draw(sheet).await
}

/// The figures of a period, with all that an inspector asks for. One report is made at a time.
#[utoipa::path(get, path = "/api/v1/haccp/report", tag = "haccp", params(Asking),
    responses((status = 200, body = Report), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn figures(State(app): State<App>, Query(asking): Query<Asking>) -> Result<Json<Report>, Problem> {
    let asked = asking.asked()?;
    let _turn = app.more.get::<Desk>().map(Desk::take).transpose()?;
    Ok(Json(make(&app, asked).await?.0))
}

/// The report as pages to print. A process of its own draws them.
#[utoipa::path(get, path = "/api/v1/haccp/report.pdf", tag = "haccp", params(Asking),
    responses((status = 200, body = crate::papers::Binary, content_type = "application/pdf"),
        (status = 422, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem)))]
async fn as_pdf(State(app): State<App>, Query(asking): Query<Asking>) -> Result<Response, Problem> {
    let asked = asking.asked()?;
    let desk = app.more.get::<Desk>().ok_or_else(|| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "only a box draws PDFs; the CSV file is to be had here")
    })?;
    let _turn = desk.take()?;
    let (report, language) = make(&app, asked).await?;
    let name = file_name(&report, "pdf");
    Ok(file(pdf_of(desk, report, language).await?, "application/pdf", &name))
}

/// The report as CSV (RFC 4180, UTF-8): all its tables one below the other, or one `section`.
#[utoipa::path(get, path = "/api/v1/haccp/report.csv", tag = "haccp", params(Asking, OneSection),
    responses((status = 200, body = String, content_type = "text/csv"),
        (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn as_csv(
    State(app): State<App>,
    Query(asking): Query<Asking>,
    Query(one): Query<OneSection>,
) -> Result<Response, Problem> {
    let asked = asking.asked()?;
    let _turn = app.more.get::<Desk>().map(Desk::take).transpose()?;
    let (report, _) = make(&app, asked).await?;
    let name = file_name(&report, "csv");
    let text = csv::write(&report, one.section.as_deref())
        .ok_or_else(|| Problem::invalid("section", "no table of this report; `sections` says which it has"))?;
    Ok(file(text.into_bytes(), csv::MEDIA_TYPE, &name))
}

fn file_name(report: &Report, ending: &str) -> String {
    let day = |text: &str| text.get(..10).unwrap_or_default().to_owned();
    format!("haccp-{}-{}.{ending}", day(&report.from), day(&report.to))
}

fn file(bytes: Vec<u8>, kind: &'static str, name: &str) -> Response {
    let mut response = ([(header::CONTENT_TYPE, kind)], bytes).into_response();
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
    disposition.ok().map(|value| response.headers_mut().insert(header::CONTENT_DISPOSITION, value));
    response
}
