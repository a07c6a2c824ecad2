//! `GET /api/v1/pos/orders/{id}/receipt`: figures, a text or a PDF, all of one layout.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rusqlite::Connection;
use trivet_domain::checks;
use trivet_domain::papers::{LayoutId, receipt::figures};
use trivet_log::Id;
use trivet_paper::{Bitmap, Line, Paper, PictureId, layout, to_text};
use trivet_replica::store::log;
use trivet_replica::{App, Problem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::accept::Form;
use super::view::{self, ReceiptView};
use super::{Stationery, data, servers, sold_at};
use crate::checks::routes::check_of;
use crate::papers::apply::apply;
use crate::papers::{Binary, pdf, stationery};

/// Of a receipt as text and as PDF: what an 80 mm paper has.
const COLUMNS: usize = 42;

pub(in crate::papers) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(read))
}

/// The receipt of the order's check: one for all its orders but the cancelled ones.
///
/// JSON has the figures; `text/plain` and `application/pdf` are laid out as on the printer, 42 characters wide.
#[utoipa::path(get, path = "/api/v1/pos/orders/{id}/receipt", tag = "papers", params(("id" = Uuid, Path)),
    responses(
        (status = 200, content(
            (ReceiptView = "application/json"), (String = "text/plain"), (Binary = "application/pdf"))),
        (status = 404, body = Problem), (status = 406, body = Problem), (status = 409, body = Problem)))]
async fn read(State(app): State<App>, Path(id): Path<Uuid>, headers: HeaderMap) -> Result<Response, Problem> {
    let wanted: Vec<&str> = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let form = Form::accepted(&wanted.join(",")).ok_or_else(|| {
        Problem::new(StatusCode::NOT_ACCEPTABLE, "a receipt comes as application/json, text/plain or application/pdf")
    })?;
    let check = check_of(&app, Id(id)).await?;
    let made = app.read(move |view| Made::of(view.conn, check, form)).await?;
    let mut response = match made {
        Made::Nothing => return Err(Problem::new(StatusCode::CONFLICT, "every order of this check was cancelled")),
        Made::NoFont => {
            let text = "a PDF needs the font DejaVu Sans Mono on this machine (Debian: fonts-dejavu-core)";
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, text));
        }
        Made::Json(view) => Json(view).into_response(),
        Made::Text(text) => text.into_response(),
        Made::Pdf(bytes, number) => {
            // Letters and digits alone: the number comes from a history that another box may have written.
            let number: String = number.chars().filter(char::is_ascii_alphanumeric).collect();
            let disposition = HeaderValue::try_from(format!("inline; filename=\"receipt-{number}.pdf\""));
            let mut response = ([(header::CONTENT_TYPE, "application/pdf")], bytes).into_response();
            disposition.ok().map(|value| response.headers_mut().insert(header::CONTENT_DISPOSITION, value));
            response
        }
    };
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    Ok(response)
}

enum Made {
    Nothing,
    NoFont,
    Json(Box<ReceiptView>),
    Text(String),
    Pdf(Vec<u8>, String),
}

impl Made {
    fn of(conn: &Connection, check_id: Id, form: Form) -> rusqlite::Result<Made> {
        let check = checks::fold(&log::facts_of(conn, check_id)?);
        let Some(figures) = figures(&check) else { return Ok(Made::Nothing) };
        let stationery = Stationery::in_force(conn, LayoutId::Receipt)?;
        let served_by = servers(conn, &figures)?;
        let at = sold_at(&figures);
        if form == Form::Json {
            return Ok(Made::Json(Box::new(view::show(&stationery, check_id, &figures, &served_by, at))));
        }
        let paper = apply(&stationery.layout, &data(&stationery, &figures, &served_by, at), stationery.language);
        if form == Form::Text {
            return Ok(Made::Text(text(&paper)));
        }
        let number = super::numbers(&figures).into_iter().next().unwrap_or_default();
        let title = format!("{} {number}", stationery.word("receipt"));
        let logo = stationery::logo(conn)?;
        let picture = |id: PictureId| -> Option<&Bitmap> {
            logo.as_ref().filter(|(known, _)| *known == id).map(|(_, bitmap)| bitmap)
        };
        let Some(fonts) = pdf::Fonts::load() else { return Ok(Made::NoFont) };
        let lines = layout(&paper, COLUMNS);
        let pdf = pdf::write(&lines, COLUMNS, &fonts, &title, &stationery.settings.language, picture);
        Ok(pdf.map_or(Made::NoFont, |bytes| Made::Pdf(bytes, number)))
    }
}

/// Without what is the printer's alone.
fn text(paper: &Paper) -> String {
    let mut lines = layout(paper, COLUMNS);
    lines.retain(|line| !matches!(line, Line::Cut | Line::Buzz | Line::Picture(_)));
    to_text(&lines).trim_end().to_owned() + "\n"
}
