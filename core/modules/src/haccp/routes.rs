//! `/api/v1/haccp/…` and `/api/v1/temperature` (HAC-01, HAC-02; `/api/temperature` is an alias).

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use trivet_domain::haccp::{Change, Command, Scale, UnitKind};
use trivet_domain::{Command as AnyCommand, MilliCelsius, Permission};
use trivet_log::Id;
use trivet_replica::http::{Parsed, given};
use trivet_replica::{App, Caller, Key, Problem, View};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::chart::{self, GapView, MarkView};
use super::view::{self, BreachView, DayView, ManualFilter, ManualView, PointView, ProbeView};
use crate::{menu, time};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, adopt))
        .routes(routes!(change))
        .routes(routes!(history))
        .routes(routes!(days))
        .routes(routes!(breaches))
        .routes(routes!(release))
        .routes(routes!(temperatures, record))
        .routes(routes!(correct))
        .merge(super::record::routes())
        .route("/api/temperature", axum::routing::get(temperatures).post(record))
}

#[derive(Serialize, ToSchema)]
struct ProbeList {
    probes: Vec<ProbeView>,
}

#[derive(Serialize, ToSchema)]
struct BreachList {
    breaches: Vec<BreachView>,
}

#[derive(Serialize, ToSchema)]
struct Released {
    items: Vec<Uuid>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct History {
    probe_id: Uuid,
    from: String,
    to: String,
    /// Minutes that a point stands for.
    step: u32,
    points: Vec<PointView>,
    /// Where there is no data, to the minute whatever the step.
    gaps: Vec<GapView>,
    /// When its door was open and its defrost or compressor ran.
    marks: Vec<MarkView>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Span {
    /// RFC 3339; a day before `to` if left out.
    from: Option<String>,
    /// Now, if left out.
    to: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct HistoryQuery {
    /// RFC 3339; a day before `to` if left out.
    from: Option<String>,
    /// Now, if left out.
    to: Option<String>,
    /// Minutes to a point, 1 to 60; 1 if left out.
    step: Option<u32>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HistoryDays {
    probe_id: Uuid,
    days: Vec<DayView>,
}

/// The fields of a probe. What is left out stays; a limit of null is taken away.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ProbeChange {
    name: Option<String>,
    #[schema(value_type = Option<String>, example = "fridge")]
    unit_kind: Option<UnitKind>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i32>)]
    min_milli_c: Option<Option<i32>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i32>)]
    max_milli_c: Option<Option<i32>>,
    /// The box's input that it is wired to.
    input: Option<String>,
    /// `equipment`, `place`, `model`, `serial_number`; `door`, `defrost` and `compressor` name inputs. An empty text
    /// takes one away.
    #[serde(default)]
    details: BTreeMap<String, String>,
    /// Null: what its kind of unit has.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i64>)]
    alarm_delay_seconds: Option<Option<i64>>,
    retired: Option<bool>,
    /// What is kept there: categories of the menu, or ids of its items. They are put on hold when they have been warm
    /// for too long.
    stores: Option<Vec<String>>,
    /// Thousandths of a degree times minutes that what is kept there bears beyond the limit; null: 240,000, which is
    /// one degree for four hours.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i64>)]
    hold_budget: Option<Option<i64>>,
}

impl ProbeChange {
    fn change(self) -> Change {
        Change {
            name: self.name,
            unit_kind: self.unit_kind,
            min: self.min_milli_c.map(|limit| limit.map(MilliCelsius)),
            max: self.max_milli_c.map(|limit| limit.map(MilliCelsius)),
            input: self.input,
            details: self.details.into_iter().collect(),
            alarm_delay_ms: self.alarm_delay_seconds.map(|delay| delay.map(|s| s.saturating_mul(1_000))),
            retired: self.retired,
            stores: self.stores,
            hold_budget: self.hold_budget,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct BreachQuery {
    /// Only those that go on.
    #[serde(default)]
    open: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewTemperature {
    #[serde(alias = "sensor_id")]
    sensor_id: Uuid,
    #[serde(alias = "location_id")]
    location_id: Option<Uuid>,
    value: f64,
    /// `C` or `F`.
    unit: String,
    /// RFC 3339.
    #[serde(alias = "measured_at")]
    measured_at: String,
    /// What it was measured with, or who sent it.
    #[serde(default)]
    source: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewCorrection {
    /// What was measured; left out: nothing was, and the reading is taken back.
    value: Option<f64>,
    /// `C` or `F`, of the value.
    unit: Option<String>,
    /// 1 to 500 characters.
    why: String,
}

#[derive(Serialize, ToSchema)]
struct TemperatureList {
    temperatures: Vec<ManualView>,
    next: Option<Uuid>,
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct TemperatureQuery {
    location_id: Option<Uuid>,
    sensor_id: Option<Uuid>,
    from: Option<String>,
    to: Option<String>,
    compliant: Option<bool>,
    /// `warn`, `high` or `critical`.
    severity: Option<String>,
    after: Option<Uuid>,
    /// 1 to 200, 50 if left out.
    limit: Option<usize>,
}

/// Probes with their current values.
#[utoipa::path(get, path = "/api/v1/haccp/probes", tag = "haccp", responses((status = 200, body = ProbeList)))]
async fn list(State(app): State<App>) -> Result<Json<ProbeList>, Problem> {
    Ok(Json(ProbeList { probes: app.read(view::probes).await? }))
}

/// Adopts a probe; the Idempotency-Key becomes its id.
#[utoipa::path(post, path = "/api/v1/haccp/probes", tag = "haccp", request_body = ProbeChange,
    responses((status = 201, body = ProbeView), (status = 422, body = Problem)))]
async fn adopt(
    State(app): State<App>,
    caller: Caller,
    Key(key): Key,
    Parsed(body): Parsed<ProbeChange>,
) -> Result<(StatusCode, Json<ProbeView>), Problem> {
    let probe = edit(app, caller, key, key, body.change()).await?;
    Ok((StatusCode::CREATED, probe))
}

/// Changes a probe's name or limits.
#[utoipa::path(put, path = "/api/v1/haccp/probes/{id}", tag = "haccp", params(("id" = Uuid, Path)),
    request_body = ProbeChange,
    responses((status = 200, body = ProbeView), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn change(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Key(key): Key,
    Parsed(body): Parsed<ProbeChange>,
) -> Result<Json<ProbeView>, Problem> {
    let known = app.read(move |view| view::probe(view, Id(id))).await?;
    known.ok_or_else(|| Problem::not_found("probe"))?;
    edit(app, caller, key, Id(id), body.change()).await
}

async fn edit(app: App, caller: Caller, key: Id, probe: Id, change: Change) -> Result<Json<ProbeView>, Problem> {
    app.submit(caller.actor(), key, AnyCommand::Haccp(Command::ChangeProbe { probe, change })).await?;
    let shown = app.read(move |view| view::probe(view, probe)).await?;
    shown.map(Json).ok_or_else(|| Problem::not_found("probe"))
}

/// A probe's minutes. Minutes without data are points without a value, with the reason.
#[utoipa::path(get, path = "/api/v1/haccp/probes/{id}/history", tag = "haccp", params(("id" = Uuid, Path), HistoryQuery),
    responses((status = 200, body = History), (status = 422, body = Problem)))]
async fn history(
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Query(span): Query<HistoryQuery>,
) -> Result<Json<History>, Problem> {
    const DAY: i64 = 24 * 3_600_000;
    let to = time_of("to", span.to)?.unwrap_or(app.wall.now_ms() + 60_000);
    let from = time_of("from", span.from)?.unwrap_or(to - DAY);
    if to <= from || to - from > 32 * DAY {
        let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "a span of at most 32 days");
        return Err(problem.field("from", "at most 32 days before `to`"));
    }
    let step = span.step.unwrap_or(1);
    if !(1..=60).contains(&step) {
        return Err(
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "1 to 60 minutes to a point").field("step", "1 to 60")
        );
    }
    let location = app.identity.certificate.location;
    let read = move |view: &View<'_>| {
        let points = view::history(view.conn, Id(id), from, to)?;
        let max_between = view::max_between(view.conn, location, Id(id), to.min(view.now_ms))?;
        Ok(History {
            probe_id: id,
            from: time::text(from),
            to: time::text(to),
            step,
            gaps: chart::gaps(&points, from, to, view.now_ms, max_between),
            marks: chart::marks(view.conn, Id(id), from, to)?,
            points: chart::thinned(points, i64::from(step)),
        })
    };
    Ok(Json(app.read(read).await?))
}

/// What a probe's minutes add up to by day, for charts of months and years.
#[utoipa::path(get, path = "/api/v1/haccp/probes/{id}/days", tag = "haccp", params(("id" = Uuid, Path), Span),
    responses((status = 200, body = HistoryDays), (status = 422, body = Problem)))]
async fn days(
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Query(span): Query<Span>,
) -> Result<Json<HistoryDays>, Problem> {
    const DAY: i64 = 24 * 3_600_000;
    let to = time_of("to", span.to)?.unwrap_or(app.wall.now_ms());
    let from = time_of("from", span.from)?.unwrap_or(to - DAY);
    if to <= from || to - from > 3_660 * DAY {
        let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "a span of at most 3,660 days");
        return Err(problem.field("from", "at most 3,660 days before `to`"));
    }
    let days = app.read(move |view| view::days(view.conn, Id(id), from, to)).await?;
    Ok(Json(HistoryDays { probe_id: id, days }))
}

/// Times at which a probe was beyond its limits, the newest first.
#[utoipa::path(get, path = "/api/v1/haccp/breaches", tag = "haccp", params(BreachQuery),
    responses((status = 200, body = BreachList)))]
async fn breaches(State(app): State<App>, Query(query): Query<BreachQuery>) -> Result<Json<BreachList>, Problem> {
    let breaches = app.read(move |view| view::breaches(view.conn, query.open)).await?;
    Ok(Json(BreachList { breaches }))
}

/// Puts back on the menu what a breach has taken off it, once a corrective action in a record about the breach says what
/// became of the food.
#[utoipa::path(post, path = "/api/v1/haccp/breaches/{id}/release", tag = "haccp", params(("id" = Uuid, Path)),
    responses((status = 200, body = Released), (status = 409, body = Problem)))]
async fn release(
    State(app): State<App>,
    caller: Caller,
    Path(breach): Path<Uuid>,
    Key(key): Key,
) -> Result<Json<Released>, Problem> {
    if !caller.may(Permission::HaccpConfigure) {
        return Err(Problem::forbidden());
    }
    let read = move |view: &View<'_>| {
        Ok((menu::view::held_by(view.conn, Id(breach))?, view::is_dealt_with(view.conn, Id(breach))?))
    };
    let (items, dealt_with) = app.read(read).await?;
    if !items.is_empty() && !dealt_with {
        let why = "nobody has said yet what became of the food: first write a corrective action in the breach's record";
        return Err(Problem::new(StatusCode::CONFLICT, why));
    }
    for item in &items {
        let command = trivet_domain::menu::Command::Release { item: *item, cause: Id(breach) };
        app.submit(caller.actor(), key.derive(&item.to_string(), 0), AnyCommand::Menu(command)).await?;
    }
    Ok(Json(Released { items: items.into_iter().map(|item| item.0).collect() }))
}

/// Records a reading that a person took or another system sends, and answers whether it is within the limits.
#[utoipa::path(post, path = "/api/v1/temperature", tag = "haccp", request_body = NewTemperature,
    responses((status = 201, body = ManualView), (status = 400, body = Problem)))]
async fn record(
    State(app): State<App>,
    caller: Caller,
    Key(key): Key,
    body: Result<Parsed<NewTemperature>, Problem>,
) -> Result<(StatusCode, Json<ManualView>), Problem> {
    // This route answers every invalid body with 400 (HAC-01).
    let bad = |problem: Problem| match problem.status {
        422 => problem.with_status(StatusCode::BAD_REQUEST),
        _ => problem,
    };
    let invalid = |field: &str, text: &str| Problem::new(StatusCode::BAD_REQUEST, text).field(field, text);
    let Parsed(body) = body.map_err(bad)?;
    let (scale, value) = measured(body.value, &body.unit).map_err(bad)?;
    if body.location_id.is_some_and(|location| Id(location) != app.identity.certificate.location) {
        return Err(invalid("locationId", "this box keeps another location's record"));
    }
    let measured_at_ms = time::parse(&body.measured_at).ok_or_else(|| invalid("measuredAt", "a time as RFC 3339"))?;
    if measured_at_ms > app.wall.now_ms() + 5 * 60_000 {
        return Err(invalid("measuredAt", "lies in the future of the box's clock"));
    }
    let (probe, location) = (Id(body.sensor_id), app.identity.certificate.location);
    let limits = app.read(move |view| view::limits_at(view.conn, location, probe, measured_at_ms)).await?;
    let command = Command::Record { reading: key, probe, value, scale, measured_at_ms, source: body.source, limits };
    app.submit(caller.actor(), key, AnyCommand::Haccp(command)).await.map_err(|rejection| bad(rejection.into()))?;
    let recorded = app.read(move |view| view::manual(view.conn, key)).await?;
    let recorded = recorded.ok_or_else(|| Problem::not_found("reading"))?;
    Ok((StatusCode::CREATED, Json(recorded)))
}

/// A temperature as somebody gives it.
fn measured(value: f64, unit: &str) -> Result<(Scale, MilliCelsius), Problem> {
    let (scale, value) = match unit {
        "C" | "°C" | "celsius" => (Scale::Celsius, MilliCelsius::from_degrees(value)),
        "F" | "°F" | "fahrenheit" => (Scale::Fahrenheit, MilliCelsius::from_fahrenheit(value)),
        _ => return Err(Problem::invalid("unit", "`C` or `F`")),
    };
    Ok((scale, value.ok_or_else(|| Problem::invalid("value", "no temperature of a kitchen"))?))
}

/// Corrects a reading that was mistyped (HAC-04). What was written stays; a record that it opened is closed as any other.
#[utoipa::path(post, path = "/api/v1/temperature/{id}/corrections", tag = "haccp", params(("id" = Uuid, Path)),
    request_body = NewCorrection,
    responses((status = 200, body = ManualView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn correct(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Key(key): Key,
    Parsed(body): Parsed<NewCorrection>,
) -> Result<Json<ManualView>, Problem> {
    let given = body.value.map(|value| measured(value, body.unit.as_deref().unwrap_or_default())).transpose()?;
    let (scale, value) = given.map_or((Scale::Celsius, None), |(scale, value)| (scale, Some(value)));
    let command = Command::Correct { reading: Id(id), value, scale, why: body.why };
    app.submit(caller.actor(), key, AnyCommand::Haccp(command)).await?;
    let shown = app.read(move |view| view::manual(view.conn, Id(id))).await?;
    shown.map(Json).ok_or_else(|| Problem::not_found("reading"))
}

/// Readings given by people and other systems, the newest first.
#[utoipa::path(get, path = "/api/v1/temperature", tag = "haccp", params(TemperatureQuery),
    responses((status = 200, body = TemperatureList), (status = 422, body = Problem)))]
async fn temperatures(
    State(app): State<App>,
    Query(query): Query<TemperatureQuery>,
) -> Result<Json<TemperatureList>, Problem> {
    if query.location_id.is_some_and(|location| Id(location) != app.identity.certificate.location) {
        return Ok(Json(TemperatureList { temperatures: Vec::new(), next: None }));
    }
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let filter = ManualFilter {
        probe: query.sensor_id.map(Id),
        from_ms: time_of("from", query.from)?,
        to_ms: time_of("to", query.to)?,
        compliant: query.compliant,
        severity: query.severity,
        after: query.after.map(Id),
        limit,
    };
    let temperatures = app.read(move |view| view::manuals(view.conn, &filter)).await?;
    let next = temperatures.last().filter(|_| temperatures.len() == limit).map(|reading| reading.id);
    Ok(Json(TemperatureList { temperatures, next }))
}

pub(super) fn time_of(field: &str, text: Option<String>) -> Result<Option<i64>, Problem> {
    text.map(|text| time::of(field, &text)).transpose()
}
