//! The record for an inspector (HAC-04, AUD-04): a bundle of the log, alone or in a page that checks it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use rusqlite::Connection;
use serde::Deserialize;
use trivet_log::{Id, TimeQuality};
use trivet_replica::record::{Base64, Bundle, Request, body, page_body};
use trivet_replica::{App, Identity, Problem};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::routes::time_of;
use crate::{access, settings, time};

const DAY_MS: i64 = 24 * 3_600_000;
/// A page holds its bundle in memory while it is looked at.
const MAX_PAGE_DAYS: i64 = 32;

/// What stands before a bundle in base64, and after it. The scripts are those of `core/verify`, held to its corpus.
const PAGE: [&str; 2] = [
    include_str!("../../../verify/page/head.html"),
    concat!(
        "</script>\n<script>\n",
        include_str!("../../../verify/page/verify.js"),
        include_str!("../../../verify/page/view.js"),
        "</script>\n</body>\n</html>\n"
    ),
];

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(record)).routes(routes!(page))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Period {
    /// RFC 3339. If left out: the first entry; for the page, 31 days before `to`.
    from: Option<String>,
    /// RFC 3339. The newest entry, if left out.
    to: Option<String>,
}

/// The record of temperatures as the boxes wrote it, to be checked with `trivet-verify`.
#[utoipa::path(get, path = "/api/v1/haccp/record", tag = "haccp", params(Period),
    responses((status = 200, content_type = "application/octet-stream"), (status = 422, body = Problem)))]
async fn record(State(app): State<App>, Query(period): Query<Period>) -> Result<Response, Problem> {
    let (from, to) = (time_of("from", period.from)?, time_of("to", period.to)?);
    let bundle = open(&app, from, to).await?;
    Ok(file("application/octet-stream", "record", body(app, bundle)))
}

/// The same in a page that checks and shows it, in any browser, without us: at most 32 days.
#[utoipa::path(get, path = "/api/v1/haccp/record.html", tag = "haccp", params(Period),
    responses((status = 200, content_type = "text/html"), (status = 422, body = Problem)))]
async fn page(State(app): State<App>, Query(period): Query<Period>) -> Result<Response, Problem> {
    let to = time_of("to", period.to)?;
    let end = to.unwrap_or_else(|| app.wall.now_ms());
    let from = time_of("from", period.from)?.unwrap_or(end - 31 * DAY_MS);
    is_for_a_page(from, end)?;
    let bundle = open(&app, Some(from), to).await?;
    Ok(file("text/html; charset=utf-8", "html", page_body(app, bundle, PAGE)))
}

fn is_for_a_page(from: i64, to: i64) -> Result<(), Problem> {
    match from < to && to - from <= MAX_PAGE_DAYS * DAY_MS {
        true => Ok(()),
        false => {
            let text = format!("a page holds at most {MAX_PAGE_DAYS} days; the bundle itself holds any period");
            let why = format!("at most {MAX_PAGE_DAYS} days before `to`");
            Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, text).field("from", why))
        }
    }
}

/// A page in a browser would run its script under our address: it is only given as a file.
fn file(kind: &'static str, ending: &str, body: axum::body::Body) -> Response {
    let disposition = format!("attachment; filename=\"temperatures.{ending}\"");
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], body).into_response()
}

async fn open(app: &App, from_ms: Option<i64>, to_ms: Option<i64>) -> Result<Bundle, Problem> {
    if from_ms.zip(to_ms).is_some_and(|(from, to)| to <= from) {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no period").field("from", "lies before `to`"));
    }
    let app = app.clone();
    let (held, restored, quality) = (app.sync.witnessed(), app.sync.report().forked, app.wall.quality());
    let (identity, version) = (app.identity.clone(), app.version);
    app.read(move |view| {
        let request = Request { held, restored, quality, ..request(view.conn, from_ms, to_ms, view.now_ms, version)? };
        Bundle::open(view.conn, identity, &request)
    })
    .await
}

fn request(
    conn: &Connection,
    from_ms: Option<i64>,
    to_ms: Option<i64>,
    written_ms: i64,
    version: &str,
) -> rusqlite::Result<Request> {
    let settings = settings::in_force(conn)?;
    let place = [settings.organization_name, settings.location_name].into_iter().filter(|name| !name.is_empty());
    let place = place.collect::<Vec<_>>().join(", ");
    Ok(Request {
        from_ms,
        to_ms,
        place: Some(place).filter(|place| !place.is_empty()),
        time_zone: Some(settings.time_zone).filter(|zone| !zone.is_empty()),
        names,
        held: BTreeMap::new(),
        restored: false,
        written_ms,
        quality: TimeQuality::Unset,
        software: format!("trivet {version}"),
    })
}

/// Probes, and the people who did something.
fn names(conn: &Connection, actors: &BTreeSet<Id>) -> rusqlite::Result<Vec<(Id, String)>> {
    let mut statement = conn.prepare_cached("SELECT id, name FROM haccp_probe ORDER BY id")?;
    let probes = statement.query_map([], |row| Ok((Id::from_bytes(row.get(0)?), row.get(1)?)))?;
    let mut names: Vec<(Id, String)> = probes.collect::<rusqlite::Result<_>>()?;
    for actor in actors {
        names.extend(access::name_of(conn, *actor)?.map(|name| (*actor, name)));
    }
    Ok(names)
}

/// What an export from a command line is asked for.
pub struct Export<'a> {
    pub from: Option<&'a str>,
    pub to: Option<&'a str>,
    pub html: bool,
    pub now_ms: i64,
    pub version: &'a str,
}

/// Writes a bundle, or a page with one, from a box's database; the daemon may be running. Who else holds the entries is
/// not known here, so the bundle says that nobody does.
pub fn export(conn: &Connection, identity: Identity, export: &Export<'_>, out: &mut impl Write) -> anyhow::Result<()> {
    let time = |text: &str| time::parse(text).ok_or_else(|| anyhow::anyhow!("{text} is no time as RFC 3339"));
    let (mut from, to) = (export.from.map(time).transpose()?, export.to.map(time).transpose()?);
    if export.html {
        let end = to.unwrap_or(export.now_ms);
        from = from.or(Some(end - 31 * DAY_MS));
        is_for_a_page(from.unwrap_or(end), end).map_err(|problem| anyhow::anyhow!(problem.detail))?;
    }
    anyhow::ensure!(from.zip(to).is_none_or(|(from, to)| from < to), "the period ends before it begins");
    let request = request(conn, from, to, export.now_ms, export.version)?;
    let mut bundle = Bundle::open(conn, identity.into(), &request)?;
    let mut text = Base64::default();
    let [before, after] = PAGE;
    if export.html {
        out.write_all(before.as_bytes())?;
    }
    while let Some(piece) = bundle.next(conn)? {
        match export.html {
            true => out.write_all(text.next(&piece).as_bytes())?,
            false => out.write_all(&piece)?,
        }
    }
    if export.html {
        out.write_all(text.end().as_bytes())?;
        out.write_all(after.as_bytes())?;
    }
    Ok(())
}
