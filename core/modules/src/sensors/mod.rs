//! Sensors of our own firmware, the register of firmware images, and updates. What a sensor says between two facts is
//! in [`Live`]; the routes that reach a sensor are the box's.

mod view;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::State as Of;
use rusqlite::params;
use serde::Serialize;
use trivet_domain::sensors::{self, State};
use trivet_domain::{History, Permission};
use trivet_log::Id;
use trivet_replica::module::{EMPTY, Projecting, Reach, Read};
use trivet_replica::{App, Draft, Module, Problem, View};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use view::{ImageView, SensorView, UpdateView, image, images, open_update, sensor, update};

pub const MODULE: Module = Module {
    name: "sensors",
    lane: sensors::LANE,
    reach: Reach::Location,
    facts: sensors::Event::KINDS,
    follows: &[sensors::Event::KINDS],
    schema: include_str!("schema.sql"),
    tables: &["sensors_device", "sensors_image", "sensors_update"],
    project,
    routes: || OpenApiRouter::new().routes(routes!(list)).routes(routes!(firmware)),
    reads: &[
        Read { path: "/api/v1/haccp/sensors", permission: Permission::HaccpRead },
        Read { path: "/api/v1/haccp/firmware", permission: Permission::HaccpRead },
    ],
    frames,
    ..EMPTY
};

/// Of a sensor at this box: what it and its line said last. Lost at a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SensorLive)]
#[serde(rename_all = "camelCase")]
pub struct LiveSensor {
    pub line: String,
    /// Whether it is heard.
    pub up: bool,
    /// Why it is not.
    pub detail: String,
    pub battery_percent: Option<u8>,
    /// The slot that it runs from: `a` or `b`.
    pub slot: &'static str,
    /// A new firmware runs and has not proved itself yet.
    pub trial: bool,
    /// Chips on its line.
    pub probes: u8,
    /// Frames that were damaged or cut, and dropped.
    pub damaged: u64,
    /// Readings that came twice, and were taken once.
    pub duplicates: u64,
    /// Times that a reading was missing and asked for again.
    pub missed: u64,
    /// Readings whose bytes do not say what the sensor says; none was taken for a temperature.
    pub contradicted: u64,
    /// Its last word of a fault.
    pub fault: Option<String>,
    /// Chips that do not keep to the data sheet.
    pub counterfeits: Vec<String>,
    pub progress: Option<Progress>,
    /// The update that this box drives now.
    #[serde(skip)]
    pub updating: Option<Id>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SensorUpdateProgress)]
pub struct Progress {
    /// `sending`, `restarting` or `trial`.
    pub phase: &'static str,
    /// Blocks that were sent, and of how many.
    pub blocks: u32,
    pub of: u32,
}

/// The sensors that are wired to this box, by their ids.
#[derive(Clone, Default)]
pub struct Live(Arc<Mutex<BTreeMap<Id, LiveSensor>>>);

impl Live {
    /// True if that has changed anything.
    pub fn change(&self, sensor: Id, change: impl FnOnce(&mut LiveSensor)) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let live = all.entry(sensor).or_default();
        let before = live.clone();
        change(live);
        *live != before
    }

    /// Begins an update, unless one is under way.
    pub fn begin_update(&self, sensor: Id, update: Id) -> bool {
        self.change(sensor, |live| live.updating = live.updating.or(Some(update)))
    }

    /// The line is served anew: nobody drives its sensor's update any more.
    pub fn forget_updates(&self, line: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for live in all.values_mut().filter(|live| live.line == line) {
            (live.updating, live.progress) = (None, None);
        }
    }

    pub fn of(&self, sensor: Id) -> Option<LiveSensor> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&sensor).cloned()
    }
}

fn project(projecting: &Projecting<'_>, id: Id, history: &History) -> rusqlite::Result<()> {
    let conn = projecting.conn;
    match sensors::fold(history) {
        State::Nothing => {}
        State::Sensor(sensor) => {
            let serial = sensor.seen.map(|seen| seen.what.serial).unwrap_or_default();
            let sql = "INSERT OR REPLACE INTO sensors_device VALUES(?1, ?2)";
            conn.prepare_cached(sql)?.execute(params![id.as_bytes(), serial])?;
        }
        State::Image(image) => {
            let sql = "INSERT OR REPLACE INTO sensors_image VALUES(?1, ?2, ?3, ?4)";
            let what = image.what;
            conn.prepare_cached(sql)?.execute(params![id.as_bytes(), what.hardware, what.version, image.at_ms])?;
        }
        State::Update(update) => {
            let sql = "INSERT OR REPLACE INTO sensors_update VALUES(?1, ?2, ?3, ?4)";
            let sensor = update.started.what.sensor;
            let row = params![id.as_bytes(), sensor.as_bytes(), update.started.at_ms, update.ended.is_some()];
            conn.prepare_cached(sql)?.execute(row)?;
        }
    }
    Ok(())
}

fn frames(view: &View<'_>, id: Id) -> rusqlite::Result<Vec<Draft>> {
    let sensor = update(view.conn, id)?.map_or(id, |update| Id(update.sensor));
    let shown = view::sensor(view, sensor)?;
    Ok(shown.map(|sensor| Draft::new("admin", "haccp:sensor:updated", &sensor)).into_iter().collect())
}

#[derive(Serialize, ToSchema)]
#[schema(as = Sensors)]
struct List {
    sensors: Vec<SensorView>,
}

/// Sensors of our own firmware, by serial number.
#[utoipa::path(get, path = "/api/v1/haccp/sensors", tag = "haccp", responses((status = 200, body = List)))]
async fn list(Of(app): Of<App>) -> Result<Json<List>, Problem> {
    Ok(Json(List { sensors: app.read(view::sensors).await? }))
}

#[derive(Serialize, ToSchema)]
#[schema(as = FirmwareImages)]
struct Images {
    images: Vec<ImageView>,
}

/// The register of firmware images, the newest first.
#[utoipa::path(get, path = "/api/v1/haccp/firmware", tag = "haccp", responses((status = 200, body = Images)))]
async fn firmware(Of(app): Of<App>) -> Result<Json<Images>, Problem> {
    Ok(Json(Images { images: app.read(|view| images(view.conn)).await? }))
}
