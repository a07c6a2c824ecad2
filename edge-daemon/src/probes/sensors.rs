//! Sensors of our own firmware: what their lines say becomes samples and facts, and people give them another firmware
//! (HAC-10). An image lies in a file beside the store, its signature checked, before the register names it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use trivet_domain::sensors::{
    Command, ImageRegistered, Outcome, ReadingsLost, SensorSeen, Slot, UpdateEnded, UpdateStarted, hex, image_id,
    sensor_id,
};
use trivet_domain::{Command as AnyCommand, Permission};
use trivet_drivers::probe::judge::Judge;
use trivet_drivers::probe::own::{Device, Fault, Image, LineCommand, Progress, Report, ResetCause, Slot as OnBoard};
use trivet_log::Id;
use trivet_modules::sensors::{self, ImageView, Live, LiveSensor, SensorView, UpdateView};
use trivet_replica::http::{Parsed, RawUpTo};
use trivet_replica::module::EMPTY;
use trivet_replica::{Actor, App, Caller, Draft, Key, Module, Problem, sealing};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::Said;
use super::discovered::Board;
use super::lines::Lines;
use crate::devices::Devices;
use crate::files;

/// Images that a box keeps.
const MOST_IMAGES: usize = 64;
/// The longest image with its manifest and signature.
const MAX_FILE: usize = (1 << 20) + 256;
const MAX_COUNTERFEITS: usize = 8;

pub(crate) const MODULE: Module = Module {
    name: "sensors_here",
    routes: || {
        OpenApiRouter::new()
            .routes(routes!(register))
            .routes(routes!(update))
            .routes(routes!(cancel))
            .routes(routes!(identify))
    },
    ..EMPTY
};

/// The Ed25519 public key by which this box knows firmware images; None: it takes none.
#[derive(Clone, Copy)]
pub(crate) struct FirmwareKey(pub(crate) Option<[u8; 32]>);

/// Of 64 hexadecimal digits.
pub(crate) fn key(digits: &str) -> anyhow::Result<[u8; 32]> {
    let wrong = || anyhow::anyhow!("firmware_key: 64 hexadecimal digits, an Ed25519 public key");
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = digits.as_bytes().chunks(2).map(byte).collect();
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(wrong)
}

// ---- what a line says

/// One line with a sensor of ours. Nothing is dropped: a sensor keeps what is not taken.
pub(super) struct Line {
    pub(super) name: Arc<str>,
    pub(super) said: mpsc::Sender<Said>,
    pub(super) devices: Devices,
    pub(super) app: App,
}

impl Line {
    pub(super) async fn listen(self, mut reports: mpsc::Receiver<Report>) {
        let live = self.app.more.get::<Live>().cloned().unwrap_or_default();
        let mut judges: HashMap<String, Judge> = HashMap::new();
        let mut sensor = None;
        while let Some(report) = reports.recv().await {
            let now = self.app.wall.now_ms();
            let line = &*self.name;
            let change = |change: &dyn Fn(&mut LiveSensor)| {
                sensor.is_some_and(|sensor| live.change(sensor, |live| change(live)))
            };
            let changed = match report {
                Report::Sample(mut sample) => {
                    judges.entry(sample.input.clone()).or_default().look(&mut sample, now);
                    drop(self.said.send(Said::Sample { line: Some(self.name.clone()), sample }).await);
                    false
                }
                Report::Line(Ok(())) => {
                    self.devices.set(line, "up", "", now);
                    change(&|live| (live.up, live.detail) = (true, String::new()))
                }
                Report::Line(Err(error)) => {
                    self.devices.set(line, "down", &error, now);
                    change(&|live| (live.up, live.detail) = (false, error.clone()))
                }
                Report::Device(device) => {
                    let id = sensor_id(&device.serial);
                    sensor = Some(id);
                    self.meet(id, &device, &live).await;
                    true
                }
                Report::Fault(fault) => {
                    tracing::warn!(line, ?fault, "a sensor's fault");
                    change(&|live| live.fault = words(fault))
                }
                Report::Lost { boot, first, last } => {
                    tracing::error!(line, boot, first, last, "readings that a sensor could not keep");
                    let lost = ReadingsLost { line: line.to_owned(), boot, first, last };
                    if let Some(sensor) = sensor {
                        self.submit(Command::Lose { sensor, lost }).await;
                    }
                    false
                }
                Report::Counterfeit { input } => change(&|live| {
                    if live.counterfeits.len() < MAX_COUNTERFEITS && !live.counterfeits.contains(&input) {
                        live.counterfeits.push(input.clone());
                    }
                }),
                Report::Counts(counts) => change(&|live| {
                    (live.damaged, live.duplicates) = (counts.damaged, counts.duplicates);
                    (live.missed, live.contradicted) = (counts.missed, counts.contradicted);
                }),
                Report::Update(progress) => match sensor {
                    Some(sensor) => self.progress(sensor, progress, &live).await,
                    None => false,
                },
            };
            if let Some(sensor) = sensor.filter(|_| changed) {
                self.show(sensor).await;
            }
        }
    }

    async fn meet(&self, id: Id, device: &Device, live: &Live) {
        tracing::info!(line = &*self.name, firmware = device.firmware, boot = device.boot, "a sensor of ours");
        live.change(id, |live| {
            (live.line, live.up) = (self.name.to_string(), true);
            (live.battery_percent, live.trial) = (device.battery_percent, device.trial);
            (live.slot, live.probes) = (slot(device.running).name(), device.probes);
        });
        let seen = SensorSeen {
            serial: hex(&device.serial),
            line: self.name.to_string(),
            hardware: device.hardware.clone(),
            firmware: device.firmware.clone(),
            boot: device.boot,
            reset_cause: cause(device.reset_cause).to_owned(),
        };
        self.submit(Command::See { sensor: id, seen }).await;
        // An update whose end nobody was there to hear: what runs now says how it ended.
        let open = self.app.read(move |view| sensors::open_update(view.conn, id)).await;
        let Ok(Some(open)) = open else { return };
        let driven = live.of(id).is_some_and(|live| live.updating == Some(Id(open.id)));
        if driven || device.trial {
            return;
        }
        let (outcome, detail) = match slot(device.running) == open.slot {
            true => (Outcome::Done, None),
            false => (Outcome::Interrupted, Some("the box was not there until its end".to_owned())),
        };
        let ended = UpdateEnded { outcome, detail, firmware: Some(device.firmware.clone()) };
        self.submit(Command::EndUpdate { update: Id(open.id), ended }).await;
    }

    /// True if there is something new to show that the log does not tell.
    async fn progress(&self, sensor: Id, progress: Progress, live: &Live) -> bool {
        let phase = |phase| {
            live.change(sensor, |live| {
                let sent = live.progress.map_or((0, 0), |sent| (sent.blocks, sent.of));
                live.progress = Some(sensors::Progress { phase, blocks: sent.0, of: sent.1 });
            })
        };
        let (outcome, detail, firmware) = match progress {
            Progress::Sending { blocks, of } => {
                let sent = sensors::Progress { phase: "sending", blocks, of };
                return live.change(sensor, |live| live.progress = Some(sent));
            }
            Progress::Restarting => return phase("restarting"),
            Progress::Trial => return phase("trial"),
            Progress::Done { firmware } => (Outcome::Done, None, Some(firmware)),
            Progress::Refused(why) => (Outcome::Refused, Some(why), None),
            Progress::Cancelled => (Outcome::Interrupted, Some("somebody called it off".to_owned()), None),
            Progress::RolledBack => (Outcome::RolledBack, None, None),
        };
        let mut update = None;
        live.change(sensor, |live| (update, live.progress) = (live.updating.take(), None));
        if let Some(update) = update {
            self.submit(Command::EndUpdate { update, ended: UpdateEnded { outcome, detail, firmware } }).await;
        }
        true
    }

    async fn submit(&self, command: Command) {
        let id = sealing::new_id(self.app.wall.now_ms());
        let actor = Actor::the_box(Id::from_bytes(self.app.identity.origin().0));
        if let Err(error) = self.app.submit(actor, id, AnyCommand::Sensors(command)).await {
            tracing::error!(line = &*self.name, %error, "a sensor's fact was not recorded");
        }
    }

    async fn show(&self, sensor: Id) {
        if let Ok(Some(shown)) = self.app.read(move |view| sensors::sensor(view, sensor)).await {
            self.app.hub.tell(&Draft::new("admin", "haccp:sensor:updated", &shown));
        }
    }
}

fn slot(slot: OnBoard) -> Slot {
    match slot {
        OnBoard::A => Slot::A,
        OnBoard::B => Slot::B,
    }
}

fn cause(cause: ResetCause) -> &'static str {
    match cause {
        ResetCause::Unknown => "unknown",
        ResetCause::Power => "power",
        ResetCause::Pin => "pin",
        ResetCause::Watchdog => "watchdog",
        ResetCause::Software => "software",
        ResetCause::BrownOut => "brown_out",
    }
}

/// Of a fault that goes on; None: all is well again.
fn words(fault: Fault) -> Option<String> {
    Some(match fault {
        Fault::LineShort => "line_short".to_owned(),
        Fault::LineEmpty => "line_empty".to_owned(),
        Fault::ProbeLost { .. } => "probe_lost".to_owned(),
        Fault::TooManyProbes { .. } => "too_many_probes".to_owned(),
        Fault::LogOverrun { .. } => "log_overrun".to_owned(),
        Fault::ConfigRefused { .. } => "config_refused".to_owned(),
        Fault::LineRecovered | Fault::ProbeFound { .. } | Fault::RolledBack => return None,
    })
}

// ---- what people ask for

fn folder(app: &App) -> PathBuf {
    app.store.path.with_file_name("firmware")
}

fn file_of(app: &App, sha256: &str) -> PathBuf {
    folder(app).join(format!("{sha256}.tvf"))
}

/// `major.minor.patch` of a manifest's number.
fn version(number: u32) -> String {
    let [major, minor, high, low] = number.to_be_bytes();
    format!("{major}.{minor}.{}", u16::from_be_bytes([high, low]))
}

fn may_configure(caller: Caller) -> Result<(), Problem> {
    if caller.may(Permission::HaccpConfigure) { Ok(()) } else { Err(Problem::forbidden()) }
}

fn trusted(app: &App) -> Result<[u8; 32], Problem> {
    let key = app.more.get::<FirmwareKey>().and_then(|key| key.0);
    key.ok_or_else(|| {
        Problem::new(StatusCode::CONFLICT, "this box trusts no firmware: its configuration names no firmware_key")
    })
}

/// Registers a signed firmware image, the file as its maker gives it: manifest, signature, image; at most 1 MiB.
/// One that is registered already is answered as it stands.
#[utoipa::path(post, path = "/api/v1/haccp/firmware", tag = "haccp",
    request_body(content = trivet_modules::papers::Binary, content_type = "application/octet-stream"),
    responses((status = 201, body = ImageView), (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
async fn register(
    State(app): State<App>,
    caller: Caller,
    Key(key): Key,
    RawUpTo(bytes): RawUpTo<MAX_FILE>,
) -> Result<(StatusCode, Json<ImageView>), Problem> {
    may_configure(caller)?;
    let trusted = trusted(&app)?;
    let image = Image::read(&bytes, &trusted).map_err(|why| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("the image is refused: {why}")).field("image", why)
    })?;
    let manifest = image.manifest();
    let hardware = String::from_utf8_lossy(&manifest.hardware).trim_end_matches('\0').to_owned();
    let registered = ImageRegistered {
        sha256: manifest.sha256.into(),
        hardware,
        version: version(manifest.version),
        slot: slot(manifest.slot),
        length: manifest.length,
    };
    let id = image_id(&manifest.sha256);
    let known = app.read(|view| sensors::images(view.conn)).await?;
    if known.len() >= MOST_IMAGES && !known.iter().any(|known| Id(known.id) == id) {
        let full = format!("a box keeps {MOST_IMAGES} firmware images");
        return Err(Problem::new(StatusCode::CONFLICT, full));
    }
    let path = file_of(&app, &hex(&manifest.sha256));
    let written = tokio::task::spawn_blocking(move || files::write(&path, &bytes)).await;
    written.map_err(|panic| Problem::internal(&panic))?.map_err(|error| Problem::internal(&error))?;
    let command = Command::RegisterImage { image: id, registered };
    app.submit(caller.actor(), key, AnyCommand::Sensors(command)).await?;
    let shown = app.read(move |view| sensors::image(view.conn, id)).await?;
    Ok((StatusCode::CREATED, Json(shown.ok_or_else(|| Problem::not_found("image"))?)))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = SensorUpdateAsked)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// Of the register; the image for the sensor's board and for the slot that it does not run from is taken.
    version: String,
}

/// What is known of a sensor at this box.
async fn at_hand(app: &App, id: Id) -> Result<(SensorView, LiveSensor), Problem> {
    let sensor = app.read(move |view| sensors::sensor(view, id)).await?;
    let sensor = sensor.ok_or_else(|| Problem::not_found("sensor"))?;
    let live = sensor.live.clone().filter(|live| live.up);
    let absent = || Problem::new(StatusCode::CONFLICT, "the sensor is not heard at this box now");
    Ok((sensor, live.ok_or_else(absent)?))
}

fn lines(app: &App) -> Result<Lines, Problem> {
    let lines = app.more.get::<Board>().and_then(Board::lines);
    lines.cloned().ok_or_else(|| Problem::not_found("sensor"))
}

/// Gives a sensor another firmware. The answer says that it has begun; the sensor's card shows how far it is and how it
/// ended. One that does not prove itself is rolled back by the sensor.
#[utoipa::path(post, path = "/api/v1/haccp/sensors/{id}/update", tag = "haccp", params(("id" = Uuid, Path)),
    request_body = Asked,
    responses((status = 202, body = UpdateView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn update(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Key(key): Key,
    Parsed(asked): Parsed<Asked>,
) -> Result<(StatusCode, Json<UpdateView>), Problem> {
    may_configure(caller)?;
    let (id, trusted) = (Id(id), trusted(&app)?);
    let shown = |app: App| async move {
        let shown = app.read(move |view| sensors::update(view.conn, key)).await?;
        shown.map(|shown| (StatusCode::ACCEPTED, Json(shown))).ok_or_else(|| Problem::not_found("update"))
    };
    // The same request again.
    if let Ok(known) = shown(app.clone()).await {
        return Ok(known);
    }
    let (sensor, live) = at_hand(&app, id).await?;
    let other = if live.slot == Slot::A.name() { Slot::B } else { Slot::A };
    let images = app.read(|view| sensors::images(view.conn)).await?;
    let fits = |image: &&ImageView| {
        image.version == asked.version && image.hardware == sensor.hardware && image.slot == other.name()
    };
    let found = images.iter().find(fits).ok_or_else(|| {
        let (board, slot) = (&sensor.hardware, other.name());
        let why = format!("no image {} for a `{board}` and its slot {slot} is registered", asked.version);
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, &why).field("version", why)
    })?;
    let path = file_of(&app, &found.sha256);
    let read = tokio::task::spawn_blocking(move || std::fs::read(path)).await;
    let bytes = read.map_err(|panic| Problem::internal(&panic))?.map_err(|_| {
        Problem::new(StatusCode::CONFLICT, "the image was registered at another box: register it here as well")
    })?;
    let image = Image::read(&bytes, &trusted).map_err(|why| Problem::new(StatusCode::CONFLICT, why))?;
    let at = app.more.get::<Live>().cloned().unwrap_or_default();
    if !at.begin_update(id, key) {
        return Err(Problem::new(StatusCode::CONFLICT, "an update of this sensor is under way"));
    }
    let started = UpdateStarted {
        sensor: id,
        line: live.line.clone(),
        from: sensor.firmware,
        version: asked.version,
        slot: other,
    };
    let begun =
        app.submit(caller.actor(), key, AnyCommand::Sensors(Command::StartUpdate { update: key, started })).await;
    let sent = begun.is_ok() && lines(&app)?.command(&live.line, LineCommand::Update(vec![Arc::new(image)]));
    if !sent {
        at.change(id, |live| live.updating = None);
    }
    begun?;
    if !sent {
        let detail = Some("the line takes no command now".to_owned());
        let ended = UpdateEnded { outcome: Outcome::Refused, detail, firmware: None };
        let command = AnyCommand::Sensors(Command::EndUpdate { update: key, ended });
        let again = sealing::new_id(app.wall.now_ms());
        app.submit(Actor::the_box(Id::from_bytes(app.identity.origin().0)), again, command).await?;
    }
    shown(app).await
}

/// What was told to a sensor.
#[derive(Serialize, ToSchema)]
#[schema(as = SensorTold)]
struct Told {
    told: bool,
}

async fn tell(app: &App, id: Uuid, command: LineCommand) -> Result<(StatusCode, Json<Told>), Problem> {
    let (_, live) = at_hand(app, Id(id)).await?;
    let told = lines(app)?.command(&live.line, command);
    Ok((StatusCode::ACCEPTED, Json(Told { told })))
}

/// Calls an update off that has not been sent whole yet: the sensor goes on with what it has.
#[utoipa::path(post, path = "/api/v1/haccp/sensors/{id}/update/cancel", tag = "haccp", params(("id" = Uuid, Path)),
    responses((status = 202, body = Told), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<(StatusCode, Json<Told>), Problem> {
    may_configure(caller)?;
    tell(&app, id, LineCommand::CancelUpdate).await
}

/// The sensor's lamp blinks for ten seconds, so that people see which one it is.
#[utoipa::path(post, path = "/api/v1/haccp/sensors/{id}/identify", tag = "haccp", params(("id" = Uuid, Path)),
    responses((status = 202, body = Told), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn identify(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<(StatusCode, Json<Told>), Problem> {
    may_configure(caller)?;
    tell(&app, id, LineCommand::Identify).await
}
