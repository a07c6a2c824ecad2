//! Calibrations of probes.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use trivet_domain::MilliCelsius;
use trivet_domain::safety::{self, Command, Compared, Method};
use trivet_log::Id;
use trivet_replica::http::Parsed;
use trivet_replica::{App, Caller, Key, Problem};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{DAY, known_probe, moment, submit};
use crate::plans;
use crate::safety::view::{self, CalibrationStateView, CalibrationView};
use crate::safety::work;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(calibrations, calibrate)).routes(routes!(calibrations_due))
}

#[derive(Serialize, ToSchema)]
struct CalibrationList {
    calibrations: Vec<CalibrationView>,
}

#[derive(Serialize, ToSchema)]
struct CalibrationsDue {
    probes: Vec<CalibrationStateView>,
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct CalibrationQuery {
    probe_id: Option<Uuid>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewCalibration {
    probe_id: Uuid,
    /// `ice`, `boil`, `bath` or `ice_and_boil`.
    #[schema(value_type = String, example = "ice")]
    method: Method,
    /// What it was compared with: an ice bath, the number of a reference thermometer.
    reference: String,
    points: Vec<NewPoint>,
    /// For the boiling point; the plan's, if left out.
    altitude_metres: Option<u16>,
    /// RFC 3339; by the plan's days, if left out.
    due_at: Option<String>,
    note: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewPoint {
    /// What the reference showed; given by the method for ice and boiling water.
    reference_milli_c: Option<i32>,
    /// What the probe gives without any correction.
    read_milli_c: i32,
    /// What was shown after this calibration, if somebody looked.
    left_milli_c: Option<i32>,
}

/// Calibrations, the newest first; at most 200.
#[utoipa::path(get, path = "/api/v1/haccp/calibrations", tag = "safety", params(CalibrationQuery),
    responses((status = 200, body = CalibrationList)))]
async fn calibrations(
    State(app): State<App>,
    Query(query): Query<CalibrationQuery>,
) -> Result<Json<CalibrationList>, Problem> {
    let probe = query.probe_id.map(Id);
    let calibrations = app.read(move |view| view::calibrations(view.conn, probe, view.now_ms)).await?;
    Ok(Json(CalibrationList { calibrations }))
}

/// Of every probe: whether its calibration is valid, due or overdue.
#[utoipa::path(get, path = "/api/v1/haccp/calibrations/due", tag = "safety",
    responses((status = 200, body = CalibrationsDue)))]
async fn calibrations_due(State(app): State<App>) -> Result<Json<CalibrationsDue>, Problem> {
    let location = app.identity.certificate.location;
    let read = move |view: &trivet_replica::View<'_>| {
        let plan = plans::in_force(view.conn, location, view.now_ms)?;
        let warn_days = plan.map_or_else(safety::CalibrationPlan::default, |(_, plan)| plan.calibration).warn_days;
        view::calibration_states(view.conn, warn_days, view.now_ms)
    };
    Ok(Json(CalibrationsDue { probes: app.read(read).await? }))
}

/// Records a calibration: from now on the probe's readings are corrected by it.
#[utoipa::path(post, path = "/api/v1/haccp/calibrations", tag = "safety", request_body = NewCalibration,
    responses((status = 201, body = CalibrationView), (status = 422, body = Problem)))]
async fn calibrate(
    State(app): State<App>,
    caller: Caller,
    Key(key): Key,
    Parsed(body): Parsed<NewCalibration>,
) -> Result<(StatusCode, Json<CalibrationView>), Problem> {
    let location = app.identity.certificate.location;
    let probe = known_probe(&app, Some(body.probe_id)).await?.unwrap_or_default();
    let (before, plan) = app
        .read(move |view| {
            let plan = plans::in_force(view.conn, location, view.now_ms)?;
            Ok((work::correction(view.conn, probe)?, plan))
        })
        .await?;
    let plan_version = plan.as_ref().map(|(approval, _)| approval.version);
    let planned = plan.map(|(_, plan)| plan.calibration).unwrap_or_default();
    let now = app.wall.now_ms();
    let due_ms = moment("dueAt", body.due_at.as_deref())?.unwrap_or(now + i64::from(planned.every_days) * DAY);
    if due_ms <= now || due_ms > now + 1_000 * DAY {
        return Err(Problem::invalid("dueAt", "after now, within 1,000 days"));
    }
    let compared = |point: NewPoint| Compared {
        reference: point.reference_milli_c.map(MilliCelsius),
        read: MilliCelsius(point.read_milli_c),
        left: point.left_milli_c.map(MilliCelsius),
    };
    let command = Command::Calibrate {
        calibration: key,
        probe,
        method: body.method,
        points: body.points.into_iter().map(compared).collect(),
        reference: body.reference,
        altitude_metres: body.altitude_metres.unwrap_or(planned.altitude_metres),
        tolerance_milli: planned.tolerance_milli,
        due_ms,
        plan_version,
        note: body.note,
        before,
    };
    submit(&app, caller, key, command).await?;
    let shown = app.read(move |view| view::calibration(view.conn, key, view.now_ms)).await?;
    shown.map(|shown| (StatusCode::CREATED, Json(shown))).ok_or_else(|| Problem::not_found("calibration"))
}
