//! `/api/v1/printing/layouts`: how papers look, for the person who edits them.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trivet_domain::papers::{self, Language, LayoutId};
use trivet_domain::{Command, Refusal};
use trivet_replica::http::Parsed;
use trivet_replica::store::log;
use trivet_replica::{App, Caller, Key, Problem, View};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::stationery;
use crate::settings;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(change, reset))
}

#[derive(Serialize, ToSchema)]
struct LayoutList {
    layouts: Vec<LayoutView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Layout)]
#[serde(rename_all = "camelCase")]
struct LayoutView {
    /// `kitchen_ticket`, `void_slip`, `receipt`, `prep_label` or `haccp_label`.
    id: String,
    name: String,
    /// From top to bottom.
    #[schema(value_type = Vec<LayoutElement>)]
    elements: Value,
    /// The restaurant has not changed it.
    is_default: bool,
    /// It was changed on two boxes that were apart; the later change is in force.
    conflict: bool,
    /// What may stand in braces.
    fields: Vec<FieldView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = LayoutField)]
struct FieldView {
    /// Written as `{name}`; `words.…` is a word in the location's language.
    name: String,
    description: String,
    example: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LayoutChange {
    #[schema(value_type = Vec<LayoutElement>)]
    elements: Value,
}

/// An element of a layout. Texts hold fields in braces: `{table}`, `{words.total}`; a brace itself is written twice.
#[derive(ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(dead_code, reason = "describes what `trivet_domain::papers` reads and writes")]
enum LayoutElement {
    Logo {},
    /// Left out if it has fields and all of them are empty.
    Text {
        text: String,
        size: Option<LayoutSize>,
        align: Option<LayoutAlign>,
        bold: Option<bool>,
        reversed: Option<bool>,
    },
    /// Left and right on one line.
    Columns {
        left: String,
        right: String,
        size: Option<LayoutSize>,
        bold: Option<bool>,
    },
    /// A line across the paper.
    Rule {},
    /// 1 to 20 empty lines.
    Feed {
        lines: Option<u8>,
    },
    /// What was ordered.
    Lines {
        size: Option<LayoutSize>,
        prices: Option<bool>,
        modifiers: Option<bool>,
        notes: Option<bool>,
    },
    /// What was asked for the whole order; allergies in white on black.
    Notes {
        size: Option<LayoutSize>,
    },
    /// The tax of each rate.
    Taxes {},
    /// From the subtotal to the total.
    Totals {},
    /// `module` in dots, 1 to 16.
    Qr {
        data: String,
        module: Option<u8>,
    },
    /// Code 128; `height` in dots, 16 to 240.
    Barcode {
        data: String,
        height: Option<u8>,
    },
    /// Calls the cook.
    Buzz {},
    Cut {},
}

#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "as above")]
enum LayoutSize {
    Normal,
    Tall,
    Large,
    Huge,
}

#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "as above")]
enum LayoutAlign {
    Left,
    Centre,
    Right,
}

/// All layouts, as they are in force.
#[utoipa::path(get, path = "/api/v1/printing/layouts", tag = "papers", responses((status = 200, body = LayoutList)))]
async fn list(State(app): State<App>) -> Result<Json<LayoutList>, Problem> {
    let layouts = app.read(|view| LayoutId::ALL.into_iter().map(|id| show(view, id)).collect()).await?;
    Ok(Json(LayoutList { layouts }))
}

/// Changes a layout. A refusal names the element: `elements[3].text`.
#[utoipa::path(put, path = "/api/v1/printing/layouts/{id}", tag = "papers", params(("id" = String, Path)),
    request_body = LayoutChange,
    responses((status = 200, body = LayoutView), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn change(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Key(key): Key,
    Parsed(body): Parsed<LayoutChange>,
) -> Result<Json<LayoutView>, Problem> {
    let layout = known(&id)?;
    let location = app.identity.certificate.location;
    let command = papers::Command::ChangeLayout { location, layout, elements: body.elements.to_string() };
    app.submit(caller.actor(), key, Command::Papers(command)).await?;
    Ok(Json(app.read(move |view| show(view, layout)).await?))
}

/// Back to the layout that came with this release.
#[utoipa::path(delete, path = "/api/v1/printing/layouts/{id}", tag = "papers", params(("id" = String, Path)),
    responses((status = 200, body = LayoutView), (status = 404, body = Problem)))]
async fn reset(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Key(key): Key,
) -> Result<Json<LayoutView>, Problem> {
    let layout = known(&id)?;
    let location = app.identity.certificate.location;
    let command = papers::Command::ResetLayout { location, layout };
    app.submit(caller.actor(), key, Command::Papers(command)).await?;
    Ok(Json(app.read(move |view| show(view, layout)).await?))
}

fn known(id: &str) -> Result<LayoutId, Problem> {
    id.parse().map_err(|refusal: Refusal| refusal.into())
}

fn show(view: &View<'_>, id: LayoutId) -> rusqlite::Result<LayoutView> {
    let (location, settings) = settings::of_location(view.conn)?.unzip();
    let language = Language::of(&settings.unwrap_or_default().language);
    let changed = location.map(|location| stationery::layout(view.conn, location, id)).transpose()?.flatten();
    let fields = location.map(|location| log::fields(view.conn, papers::layout_document(location, id))).transpose()?;
    let form = id.form();
    let of_paper = form.fields.iter().map(|field| FieldView {
        name: field.name.clone(),
        description: field.description.clone(),
        example: field.example.clone(),
    });
    let words = language.words().map(|(name, word)| FieldView {
        name: format!("words.{name}"),
        description: format!("the word `{word}`, in the location's language"),
        example: word.to_owned(),
    });
    Ok(LayoutView {
        id: id.name().to_owned(),
        name: form.name.clone(),
        is_default: changed.is_none(),
        conflict: fields.flatten().is_some_and(|(_, fields)| !fields.conflicts().is_empty()),
        elements: serde_json::to_value(changed.as_ref().unwrap_or(&form.default)).unwrap_or_default(),
        fields: of_paper.chain(words).collect(),
    })
}
