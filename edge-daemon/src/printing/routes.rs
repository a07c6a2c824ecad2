//! `/api/v1/print-jobs` and `/api/v1/printing`: what waits for paper, how the printers are, and what a technician does.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use trivet_domain::papers::{self, LayoutId, PaperKind};
use trivet_domain::{Command as AnyCommand, MilliCelsius, Permission};
use trivet_drivers::printer::{self, Kanji, Language, Profile, usb_printers};
use trivet_drivers::virtual_printer::{self, TwoByte};
use trivet_log::Id;
use trivet_modules::papers::{self as layouts, Label, Stationery};
use trivet_paper::{Paper, layout};
use trivet_replica::http::{Parsed, Raw};
use trivet_replica::store::log;
use trivet_replica::{App, Caller, Key, Problem};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::actor::{BoxArt, headed};
use super::noted::{self, LABELS, RECEIPTS};
use super::printers::{PrinterView, Printers};
use super::sheets::{self, Sheet};
use super::spool::{self, Action, JobView, Kind, NewJob};

/// Of a reason that a person gives.
const MAX_REASON: usize = 200;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(picture))
        .routes(routes!(release))
        .routes(routes!(cancel))
        .routes(routes!(move_to))
        .routes(routes!(reprint))
        .routes(routes!(printers))
        .routes(routes!(found))
        .routes(routes!(sheet))
        .routes(routes!(keep_logo))
        .routes(routes!(open_drawer))
        .routes(routes!(opening))
        .routes(routes!(preview))
        .routes(routes!(print_receipt))
        .routes(routes!(print_label))
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PrintJobList {
    jobs: Vec<JobView>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OneJob {
    job: JobView,
}

#[derive(Deserialize, IntoParams)]
struct Which {
    /// A printer's name.
    printer: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Reason {
    #[schema(example = "the cook lost it", max_length = 200)]
    reason: String,
}

/// Print jobs: what is not finished first, in its order, then the latest.
#[utoipa::path(get, path = "/api/v1/print-jobs", tag = "printing", params(Which),
    responses((status = 200, body = PrintJobList)))]
async fn list(State(app): State<App>, Query(which): Query<Which>) -> Result<Json<PrintJobList>, Problem> {
    let jobs = app.read(move |view| spool::jobs(view.conn, which.printer.as_deref())).await?;
    Ok(Json(PrintJobList { jobs }))
}

/// A job's paper, as its printer prints it.
#[utoipa::path(get, path = "/api/v1/print-jobs/{id}/picture", tag = "printing", params(("id" = Uuid, Path)),
    responses((status = 200, content_type = "image/png"), (status = 404, body = Problem)))]
async fn picture(State(app): State<App>, Path(id): Path<Uuid>) -> Result<impl IntoResponse, Problem> {
    let found = app
        .read(move |view| {
            let printer = spool::job_view(view.conn, Id(id))?.map(|job| job.printer().to_owned());
            Ok(spool::job(view.conn, Id(id))?.zip(printer))
        })
        .await?;
    let (job, printer) = found.ok_or_else(|| Problem::not_found("print job"))?;
    let paper = headed(&job).ok_or_else(|| Problem::not_found("paper"))?;
    develop(&app, paper, Some(&printer)).await
}

/// Prints a job that was held, or tries one again now. A reason may be given.
#[utoipa::path(post, path = "/api/v1/print-jobs/{id}/release", tag = "printing", params(("id" = Uuid, Path)),
    request_body = Option<Reason>,
    responses((status = 200, body = PrintJobList), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn release(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Raw(body): Raw,
) -> Result<Json<PrintJobList>, Problem> {
    let given: Option<Reason> = serde_json::from_slice(&body).ok();
    let reason = given.map(|given| given.reason.chars().take(MAX_REASON).collect::<String>()).unwrap_or_default();
    act(app, caller, id, Action::Release, &reason).await
}

/// Has a job not printed.
#[utoipa::path(post, path = "/api/v1/print-jobs/{id}/cancel", tag = "printing", params(("id" = Uuid, Path)),
    request_body = Reason,
    responses((status = 200, body = PrintJobList), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Parsed(body): Parsed<Reason>,
) -> Result<Json<PrintJobList>, Problem> {
    act(app, caller, id, Action::Cancel, &body.reason).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Move {
    printer: String,
    #[schema(max_length = 200)]
    reason: String,
}

/// Has a job printed by another printer.
#[utoipa::path(post, path = "/api/v1/print-jobs/{id}/move", tag = "printing", params(("id" = Uuid, Path)),
    request_body = Move,
    responses((status = 200, body = PrintJobList), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn move_to(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Parsed(body): Parsed<Move>,
) -> Result<Json<PrintJobList>, Problem> {
    act(app, caller, id, Action::Move { printer: body.printer }, &body.reason).await
}

enum Refused {
    Forbidden,
    Conflict(&'static str),
}

async fn act(app: App, caller: Caller, id: Uuid, action: Action, reason: &str) -> Result<Json<PrintJobList>, Problem> {
    let needs_reason = !matches!(action, Action::Release);
    let reason = if needs_reason { given("reason", reason)? } else { reason.to_owned() };
    let (person, now) = (caller.person, app.wall.now_ms());
    let done = app
        .store
        .write(move |writing| {
            let Some(job) = spool::job(writing.conn, Id(id))? else { return Ok(None) };
            // A guest's receipt is the waiter's, all other paper the kitchen's.
            let whose = match job.kind {
                Kind::Receipt => Permission::OrdersUpdate,
                _ => Permission::KitchenUpdateStatus,
            };
            if !caller.rights.may(whose) {
                return Ok(Some(Err(Refused::Forbidden)));
            }
            let done = spool::act(writing.conn, Id(id), &action, (person, &reason), now)?;
            if let Ok(check) = done {
                writing.touch(check)?;
            }
            Ok(Some(done.map(drop).map_err(Refused::Conflict)))
        })
        .await
        .map_err(|closed| Problem::internal(&closed))?
        .map_err(|error: rusqlite::Error| Problem::internal(&error))?;
    match done {
        None => return Err(Problem::not_found("print job")),
        Some(Err(Refused::Forbidden)) => return Err(Problem::forbidden()),
        Some(Err(Refused::Conflict(why))) => return Err(Problem::new(StatusCode::CONFLICT, why)),
        Some(Ok(())) => stir(&app),
    }
    list(State(app), Query(Which { printer: None })).await
}

/// Prints a paper once more, with COPY on it. Who asked, and why, is in the record.
#[utoipa::path(post, path = "/api/v1/print-jobs/{id}/reprint", tag = "printing", params(("id" = Uuid, Path)),
    request_body = Reason,
    responses((status = 200, body = PrintJobList), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn reprint(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Key(key): Key,
    Parsed(body): Parsed<Reason>,
) -> Result<Json<PrintJobList>, Problem> {
    let found = app.read(move |view| spool::original(view.conn, Id(id))).await?;
    let original = found.ok_or_else(|| Problem::not_found("print job"))?;
    let kind = match original.kind {
        Kind::Ticket => PaperKind::Ticket,
        Kind::Void => PaperKind::VoidSlip,
        Kind::Receipt => PaperKind::Receipt,
        Kind::Label | Kind::Test => {
            return Err(Problem::new(StatusCode::CONFLICT, "labels and test sheets are asked for anew"));
        }
    };
    let command = papers::Command::Copy { check: original.check, kind, paper: original.paper, reason: body.reason };
    app.submit(caller.actor(), key, AnyCommand::Papers(command)).await?;
    list(State(app), Query(Which { printer: None })).await
}

#[derive(Serialize, ToSchema)]
struct PrinterList {
    printers: Vec<PrinterView>,
}

/// The printers of this box, each by its own word.
#[utoipa::path(get, path = "/api/v1/printing/printers", tag = "printing",
    responses((status = 200, body = PrinterList)))]
async fn printers(State(app): State<App>) -> Result<Json<PrinterList>, Problem> {
    let known = known(&app);
    let printers = app.read(move |view| known.views(view.conn)).await?;
    Ok(Json(PrinterList { printers }))
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Found {
    /// For the configuration: by identity, not by where it happens to be plugged in.
    address: String,
    /// `usb`, `serial` or `network`.
    kind: &'static str,
    identity: String,
    description: String,
    /// The printer that has this address already.
    configured: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct FoundList {
    found: Vec<Found>,
}

/// What is plugged in, and what answers at port 9100 in this box's own network. It touches no printer: USB and serial
/// devices are read from the kernel's lists, and a network address is only connected to and let go.
#[utoipa::path(get, path = "/api/v1/printing/found", tag = "printing", responses((status = 200, body = FoundList)))]
async fn found(State(app): State<App>) -> Result<Json<FoundList>, Problem> {
    let configured = known(&app).all();
    let owner = |address: &str| {
        configured.iter().find(|(_, printer)| printer.address.to_string() == address).map(|(name, _)| name.clone())
    };
    let usb = usb_printers(std::path::Path::new("/sys"), std::path::Path::new("/dev")).into_iter().map(|usb| Found {
        configured: owner(&usb.address().to_string()),
        address: usb.address().to_string(),
        kind: "usb",
        identity: usb.serial,
        description: usb.description,
    });
    let serial = printer::serial_ports(std::path::Path::new("/dev")).into_iter().map(|path| {
        let address = format!("serial:{}@9600", path.display());
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let taken = configured.iter().find(|(_, p)| p.address.to_string().contains(&*path.to_string_lossy()));
        Found {
            configured: taken.map(|(name, _)| name.clone()),
            address,
            kind: "serial",
            description: "serial adapter: a printer, a scale or a probe".to_owned(),
            identity: name,
        }
    });
    let mut found: Vec<Found> = usb.chain(serial).collect();
    for (address, own) in super::discover::network(&configured).await {
        found.push(Found {
            configured: own,
            address: format!("tcp:{address}"),
            kind: "network",
            identity: String::new(),
            description: "answers at the printers' port".to_owned(),
        });
    }
    Ok(Json(FoundList { found }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WantedSheet {
    sheet: Sheet,
}

/// Prints a sheet for the technician.
#[utoipa::path(post, path = "/api/v1/printing/printers/{name}/test", tag = "printing", params(("name" = String, Path)),
    request_body = WantedSheet, responses((status = 202, body = OneJob), (status = 404, body = Problem)))]
async fn sheet(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    Key(key): Key,
    Parsed(body): Parsed<WantedSheet>,
) -> Result<(StatusCode, Json<OneJob>), Problem> {
    permit(caller, Permission::KitchenUpdateStatus)?;
    let printer = known(&app).get(&name).ok_or_else(|| Problem::not_found("printer"))?;
    let now = app.wall.now_ms();
    let settings = app.read(|view| trivet_modules::settings::in_force(view.conn)).await?;
    let paper = sheets::paper(body.sheet, &name, &printer.profile, &settings, now);
    add(
        &app,
        Wanted {
            key,
            kind: Kind::Test,
            check: Id::NIL,
            original: key,
            station: "",
            printer: Some(name),
            number: "test".to_owned(),
            paper,
        },
    )
    .await
}

/// A paper that no entry of the log asks for.
struct Wanted {
    key: Id,
    kind: Kind,
    check: Id,
    original: Id,
    station: &'static str,
    printer: Option<String>,
    number: String,
    paper: Paper,
}

async fn add(app: &App, wanted: Wanted) -> Result<(StatusCode, Json<OneJob>), Problem> {
    let (now, station) = (app.wall.now_ms(), wanted.station);
    let added = app
        .store
        .write(move |writing| {
            noted::keep_pictures(writing.conn, &wanted.paper)?;
            let job = NewJob {
                id: wanted.key,
                kind: wanted.kind,
                check: wanted.check,
                original: wanted.original,
                station: wanted.station,
                printer: wanted.printer.as_deref(),
                number: &wanted.number,
                paper: &wanted.paper,
                copy: false,
                at_ms: now,
            };
            spool::add(writing.conn, &job)?;
            spool::job_view(writing.conn, wanted.key)
        })
        .await
        .map_err(|closed| Problem::internal(&closed))?
        .map_err(|error: rusqlite::Error| Problem::internal(&error))?;
    stir(app);
    let nobody = || Problem::new(StatusCode::CONFLICT, format!("no printer of this box has the station `{station}`"));
    Ok((StatusCode::ACCEPTED, Json(OneJob { job: added.ok_or_else(nobody)? })))
}

/// Has a printer keep the logo in its own memory: a receipt is then 6 kB shorter, which is 6 s at 9600 baud. Once a
/// logo, because a printer's memory wears.
#[utoipa::path(post, path = "/api/v1/printing/printers/{name}/keep-logo", tag = "printing",
    params(("name" = String, Path)),
    responses((status = 202), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn keep_logo(State(app): State<App>, caller: Caller, Path(name): Path<String>) -> Result<StatusCode, Problem> {
    permit(caller, Permission::PrintingManage)?;
    let printer = known(&app).get(&name).ok_or_else(|| Problem::not_found("printer"))?;
    if !printer.profile.nv_graphics {
        return Err(Problem::new(StatusCode::CONFLICT, "this model keeps no pictures"));
    }
    let kept = app
        .store
        .write(move |writing| spool::want_logo(writing.conn, &name))
        .await
        .map_err(|closed| Problem::internal(&closed))?
        .map_err(|error: rusqlite::Error| Problem::internal(&error))?;
    stir(&app);
    if kept { Ok(StatusCode::ACCEPTED) } else { Err(Problem::new(StatusCode::CONFLICT, "there is no logo")) }
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Opening {
    #[schema(max_length = 200)]
    reason: String,
    /// The check that money is taken for.
    check_id: Option<Uuid>,
}

#[derive(Serialize, ToSchema)]
struct OpeningState {
    id: Uuid,
    /// `wanted`, `sent`, `not_opened` or `in_doubt`.
    state: String,
    note: String,
}

/// Opens the drawer at a printer: once, or not at all. Who opened it, and why, is in the record.
#[utoipa::path(post, path = "/api/v1/printing/drawers/{printer}/open", tag = "printing",
    params(("printer" = String, Path)), request_body = Opening,
    responses((status = 202, body = OpeningState), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn open_drawer(
    State(app): State<App>,
    caller: Caller,
    Path(printer): Path<String>,
    Key(key): Key,
    Parsed(body): Parsed<Opening>,
) -> Result<(StatusCode, Json<OpeningState>), Problem> {
    let known = known(&app).get(&printer).ok_or_else(|| Problem::not_found("printer"))?;
    if known.profile.language == Language::Zpl {
        return Err(Problem::new(StatusCode::CONFLICT, "a label printer has no drawer"));
    }
    let command = papers::Command::OpenDrawer {
        opening: key,
        drawer: printer,
        reason: body.reason,
        check: body.check_id.map(Id),
    };
    app.submit(caller.actor(), key, AnyCommand::Papers(command)).await?;
    Ok((StatusCode::ACCEPTED, opening(State(app), Path(key.0)).await?))
}

/// What became of it.
#[utoipa::path(get, path = "/api/v1/printing/drawers/openings/{id}", tag = "printing", params(("id" = Uuid, Path)),
    responses((status = 200, body = OpeningState), (status = 404, body = Problem)))]
async fn opening(State(app): State<App>, Path(id): Path<Uuid>) -> Result<Json<OpeningState>, Problem> {
    let found = app.read(move |view| spool::drawer(view.conn, Id(id))).await?;
    let (state, note) = found.ok_or_else(|| Problem::not_found("opening"))?;
    Ok(Json(OpeningState { id, state, note }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Draft {
    /// The elements of a layout, as `PUT /api/v1/printing/layouts/{id}` takes them.
    #[schema(value_type = Vec<Object>)]
    elements: serde_json::Value,
}

/// A layout with figures of a made-up day, exactly as the printer prints it: encoded for it, and developed by the
/// virtual printer.
#[utoipa::path(post, path = "/api/v1/printing/layouts/{id}/preview", tag = "printing",
    params(("id" = String, Path), Which), request_body = Draft,
    responses((status = 200, content_type = "image/png"), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn preview(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Query(which): Query<Which>,
    Parsed(body): Parsed<Draft>,
) -> Result<impl IntoResponse, Problem> {
    permit(caller, Permission::SettingsRead)?;
    let layout_id = LayoutId::ALL.into_iter().find(|known| known.name() == id);
    let layout_id = layout_id.ok_or_else(|| Problem::not_found("layout"))?;
    let layout = layouts::validate(layout_id, &body.elements.to_string())?;
    let paper = app
        .read(move |view| {
            let mut stationery = Stationery::in_force(view.conn, layout_id)?;
            stationery.logo = layouts::logo(view.conn)?.map(|(id, _)| id);
            stationery.layout = layout;
            Ok(layouts::sample(&stationery))
        })
        .await?;
    develop(&app, paper, which.printer.as_deref()).await
}

/// The picture of a paper: as this printer prints it, or one of 80 mm.
async fn develop(app: &App, paper: Paper, printer: Option<&str>) -> Result<impl IntoResponse + use<>, Problem> {
    let profile = match printer.and_then(|name| known(app).get(name)) {
        Some(printer) => printer.profile,
        None => Profile::named("epson-80").map_err(|error| Problem::internal(&error))?,
    };
    let shown = paper.clone();
    let art = app.read(move |view| BoxArt::of_preview(view.conn, &shown)).await?;
    // Fonts may have to be read, and a long paper drawn.
    let developed = tokio::task::spawn_blocking(move || {
        let lines = layout(&paper, usize::from(profile.columns));
        picture_of(&profile, printer::encode(&lines, &profile, &art).bytes())
    });
    let png = developed.await.map_err(|error| Problem::internal(&error))?;
    Ok(([(header::CONTENT_TYPE, "image/png"), (header::CACHE_CONTROL, "no-store")], png))
}

/// Of several papers the first.
fn picture_of(profile: &Profile, bytes: &[u8]) -> Vec<u8> {
    let language = match profile.language {
        Language::Escpos => virtual_printer::Language::EscPos,
        Language::Star => virtual_printer::Language::Star,
        Language::Zpl => virtual_printer::Language::Zpl,
    };
    let settings = virtual_printer::Settings {
        width_dots: u32::from(profile.dots.next_multiple_of(8)),
        label_mm: u32::from(profile.label_rows / 8).max(1),
        two_byte: if profile.kanji == Kanji::Gb18030 { TwoByte::Chinese } else { TwoByte::None },
        ..virtual_printer::Settings::of(language)
    };
    virtual_printer::develop(&settings, bytes).first().map(virtual_printer::Paper::png).unwrap_or_default()
}
/// Prints the receipt of an order's check. A second call prints a copy, and says so on it.
#[utoipa::path(post, path = "/api/v1/pos/orders/{id}/receipt/print", tag = "printing", params(("id" = Uuid, Path)),
    responses((status = 202, body = OneJob), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn print_receipt(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Key(key): Key,
) -> Result<(StatusCode, Json<OneJob>), Problem> {
    permit(caller, Permission::OrdersUpdate)?;
    let found = app.read(move |view| receipt_of(view.conn, Id(id))).await?;
    let receipt = found.ok_or_else(|| Problem::not_found("order"))?;
    let nothing = || Problem::new(StatusCode::CONFLICT, "nothing on this check is to be paid");
    let paper = receipt.paper.ok_or_else(nothing)?;
    let original = papers::receipt_id(receipt.check);
    let printed = app.read(move |view| spool::job(view.conn, original)).await?;
    if printed.is_none() && !receipt.was_copied {
        return add(
            &app,
            Wanted {
                key: original,
                kind: Kind::Receipt,
                check: receipt.check,
                original,
                station: RECEIPTS,
                printer: None,
                number: receipt.number,
                paper,
            },
        )
        .await;
    }
    let reason = "asked for again at the till".to_owned();
    let command = papers::Command::Copy { check: receipt.check, kind: PaperKind::Receipt, paper: original, reason };
    app.submit(caller.actor(), key, AnyCommand::Papers(command)).await?;
    let job = app.read(move |view| spool::latest_of(view.conn, original)).await?;
    Ok((StatusCode::ACCEPTED, Json(OneJob { job: job.ok_or_else(|| Problem::not_found("print job"))? })))
}

struct Receipt {
    check: Id,
    number: String,
    /// None if nothing is to be paid.
    paper: Option<Paper>,
    /// The record knows of a print before, if not of the first.
    was_copied: bool,
}

fn receipt_of(conn: &Connection, order: Id) -> rusqlite::Result<Option<Receipt>> {
    let Some(order) = trivet_modules::checks::view::order(conn, order)? else { return Ok(None) };
    let check = Id(order.check_id);
    let folded = papers::fold(&log::facts_of(conn, check)?);
    let was_copied = folded.copies_of(PaperKind::Receipt, papers::receipt_id(check)).next().is_some();
    let paper = layouts::receipt_in_force(conn, &folded.board.check)?;
    Ok(Some(Receipt { check, number: order.order_number, paper, was_copied }))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WantedLabel {
    /// `prep_label` or `haccp_label`.
    layout: String,
    #[schema(max_length = 100)]
    item: String,
    /// In words: `2 kg`.
    #[serde(default)]
    quantity: String,
    #[serde(default)]
    batch: String,
    /// RFC 3339; now, if it is left out.
    made_at: Option<String>,
    use_by: Option<String>,
    temperature_milli_c: Option<i32>,
    #[serde(default)]
    note: String,
    /// 1 to 50.
    #[serde(default = "one")]
    copies: u8,
}

fn one() -> u8 {
    1
}

/// Prints labels for what was prepared.
#[utoipa::path(post, path = "/api/v1/labels", tag = "printing", request_body = WantedLabel,
    responses((status = 202, body = OneJob), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn print_label(
    State(app): State<App>,
    caller: Caller,
    Key(key): Key,
    Parsed(body): Parsed<WantedLabel>,
) -> Result<(StatusCode, Json<OneJob>), Problem> {
    permit(caller, Permission::PrintingReprint)?;
    let now = app.wall.now_ms();
    let layout_id = match body.layout.as_str() {
        "prep_label" => LayoutId::PrepLabel,
        "haccp_label" => LayoutId::HaccpLabel,
        _ => return Err(Problem::invalid("layout", "prep_label or haccp_label")),
    };
    if !(1..=50).contains(&body.copies) {
        return Err(Problem::invalid("copies", "1 to 50"));
    }
    let item = given("item", &body.item)?;
    let moment = |field: &str, text: Option<&str>| match text.map(trivet_modules::time::parse) {
        None => Ok(None),
        Some(Some(ms)) => Ok(Some(ms)),
        Some(None) => Err(Problem::invalid(field, "a time as RFC 3339 writes it")),
    };
    let made_at_ms = moment("madeAt", body.made_at.as_deref())?.unwrap_or(now);
    let use_by_ms = moment("useBy", body.use_by.as_deref())?;
    let short = |field: &str, text: String| match text.chars().count() {
        0..=100 => Ok(text),
        _ => Err(Problem::invalid(field, "at most 100 characters")),
    };
    let label = Label {
        item: item.clone(),
        quantity: short("quantity", body.quantity)?,
        batch: short("batch", body.batch)?,
        temperature: body.temperature_milli_c.map(MilliCelsius),
        made_at_ms,
        use_by_ms,
        who: String::new(),
        note: short("note", body.note)?,
    };
    let person = caller.person;
    let one = app
        .read(move |view| {
            let who = trivet_modules::access::name_of(view.conn, person)?.unwrap_or_default();
            Ok(layouts::label(&Stationery::in_force(view.conn, layout_id)?, &Label { who, ..label }))
        })
        .await?;
    let blocks = std::iter::repeat_n(one.blocks, usize::from(body.copies)).flatten().collect();
    add(
        &app,
        Wanted {
            key,
            kind: Kind::Label,
            check: Id::NIL,
            original: key,
            station: LABELS,
            printer: None,
            number: item,
            paper: Paper { blocks },
        },
    )
    .await
}

/// A HACCP label for what another module has begun to watch. The key is the job's id: asked for again, it is the same.
pub(crate) async fn queue_label(app: App, key: Id, label: Label) -> Result<(), Problem> {
    let number = label.item.clone();
    let made = move |view: &trivet_replica::View<'_>| {
        Ok(layouts::label(&Stationery::in_force(view.conn, LayoutId::HaccpLabel)?, &label))
    };
    let paper = app.read(made).await?;
    let (kind, check, original, printer) = (Kind::Label, Id::NIL, key, None);
    add(&app, Wanted { key, kind, check, original, station: LABELS, printer, number, paper }).await.map(drop)
}

fn permit(caller: Caller, permission: Permission) -> Result<(), Problem> {
    if caller.rights.may(permission) { Ok(()) } else { Err(Problem::forbidden()) }
}

fn given(field: &str, text: &str) -> Result<String, Problem> {
    match text.trim() {
        "" => Err(Problem::invalid(field, "must not be empty")),
        text if text.chars().count() > MAX_REASON => Err(Problem::invalid(field, "at most 200 characters")),
        text => Ok(text.to_owned()),
    }
}

fn known(app: &App) -> Printers {
    app.more.get::<Printers>().cloned().unwrap_or_default()
}

fn stir(app: &App) {
    known(app).stir();
}
