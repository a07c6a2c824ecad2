//! `/api/v1/printing/logo`: a picture for the top of receipts, kept in the dots that a printer prints.

mod picture;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use trivet_domain::papers::{self, Logo};
use trivet_domain::{Command, Permission};
use trivet_replica::http::Raw;
use trivet_replica::{App, Caller, Key, Problem};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Binary, stationery};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(read, change, remove))
}

/// What became of the picture.
#[derive(Serialize, ToSchema)]
struct LogoSize {
    /// Dots, 203 of which are an inch on most printers.
    width: u16,
    height: u16,
}

/// The logo as it is printed.
#[utoipa::path(get, path = "/api/v1/printing/logo", tag = "papers",
    responses((status = 200, body = Binary, content_type = "image/png"), (status = 404, body = Problem)))]
async fn read(State(app): State<App>) -> Result<Response, Problem> {
    let logo = app.read(|view| stationery::logo(view.conn)).await?;
    let (_, bitmap) = logo.ok_or_else(|| Problem::not_found("logo"))?;
    let bytes = picture::to_png(&bitmap).map_err(|error| Problem::internal(&error))?;
    Ok(([(header::CONTENT_TYPE, "image/png")], bytes).into_response())
}

/// Sets the logo: a PNG of at most 256 KiB, made black and white and no wider than 384 dots.
#[utoipa::path(put, path = "/api/v1/printing/logo", tag = "papers",
    request_body(content = Binary, content_type = "image/png"),
    responses((status = 200, body = LogoSize), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem)))]
async fn change(
    State(app): State<App>,
    caller: Caller,
    Key(key): Key,
    headers: HeaderMap,
    Raw(bytes): Raw,
) -> Result<Json<LogoSize>, Problem> {
    // Before the picture is looked at, which costs more than asking.
    if !caller.rights.may(Permission::PrintingManage) {
        return Err(Problem::forbidden());
    }
    if headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind != "image/png") {
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "a logo is sent as image/png"));
    }
    let reading = tokio::task::spawn_blocking(move || picture::from_png(&bytes)).await;
    let bitmap = reading.map_err(|panic| Problem::internal(&panic))?.map_err(|why| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("the picture does not read: {why}")).field("logo", why)
    })?;
    let size = LogoSize { width: bitmap.width, height: bitmap.height() };
    let location = app.identity.certificate.location;
    let logo = Logo { width: bitmap.width, packed: bitmap.packed };
    app.submit(caller.actor(), key, Command::Papers(papers::Command::ChangeLogo { location, logo })).await?;
    Ok(Json(size))
}

#[utoipa::path(delete, path = "/api/v1/printing/logo", tag = "papers", responses((status = 204)))]
async fn remove(State(app): State<App>, caller: Caller, Key(key): Key) -> Result<StatusCode, Problem> {
    let location = app.identity.certificate.location;
    app.submit(caller.actor(), key, Command::Papers(papers::Command::RemoveLogo { location })).await?;
    Ok(StatusCode::NO_CONTENT)
}
