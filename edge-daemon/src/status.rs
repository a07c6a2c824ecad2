//! `GET /api/v1/box/status`: what a technician wants to see at one glance (EDG-01, the page of EDG-05); and enrolling
//! another replica.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use trivet_domain::Permission;
use trivet_log::ReplicaKind;
use trivet_modules::time;
use trivet_replica::module::{EMPTY, Read};
use trivet_replica::store::log;
use trivet_replica::{App, Caller, Module, Problem};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::devices::{Device, Devices};
use crate::{alerts, printing};

pub(crate) const MODULE: Module = Module {
    name: "box",
    routes,
    reads: &[Read { path: "/api/v1/box/status", permission: Permission::BoxRead }],
    ..EMPTY
};

/// The box's name, as its configuration gives it.
#[derive(Clone)]
pub(crate) struct Name(pub(crate) String);

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(status)).routes(routes!(new_code))
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct BoxStatus {
    name: String,
    /// What order numbers of this box begin with.
    letter: String,
    version: String,
    started_at: String,
    now: String,
    /// `unset`, `rtc`, `ntp` or `relay`.
    time_quality: String,
    epoch: String,
    /// The local arrival number that was reached.
    arrival: u64,
    resident_bytes: Option<u64>,
    storage: Storage,
    devices: Vec<Device>,
    queues: Vec<Queue>,
    sync: Sync,
    replicas: Vec<Replica>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Storage {
    database_bytes: u64,
    wal_bytes: u64,
    disk_free_bytes: Option<u64>,
    disk_total_bytes: Option<u64>,
    /// Since the start.
    commits: u64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Queue {
    name: String,
    length: i64,
    oldest_at: Option<String>,
    /// What happens to what does not fit, or waits too long.
    limit: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Sync {
    enrolled: bool,
    relay_url: Option<String>,
    connected: bool,
    last_contact: Option<String>,
    /// Entries that exist on this box alone.
    unsent: u64,
    error: Option<String>,
    /// This box was cloned or restored and must be enrolled anew.
    forked: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Replica {
    letter: String,
    /// `box` or `dashboard`.
    kind: String,
    /// How many of its entries are held here.
    entries: u64,
    this: bool,
}

/// The state of the box and of all that hangs on it.
#[utoipa::path(get, path = "/api/v1/box/status", tag = "box", responses((status = 200, body = BoxStatus)))]
async fn status(State(app): State<App>) -> Result<Json<BoxStatus>, Problem> {
    let (waiting, to_send, certificates, heads) = app
        .read(|view| {
            let (waiting, to_send) = (printing::waiting(view.conn)?, alerts::waiting(view.conn)?);
            Ok((waiting, to_send, log::certificates(view.conn)?, log::heads(view.conn)?))
        })
        .await?;
    let figures = app.store.figures();
    let now = app.wall.now_ms();
    let sync = app.sync.report();
    let size = |suffix: &str| {
        let path = format!("{}{suffix}", app.store.path.display());
        std::fs::metadata(path).map_or(0, |file| file.len())
    };
    let disk = app.store.path.parent().and_then(|folder| nix::sys::statvfs::statvfs(folder).ok());
    let blocks = |count: u64| disk.as_ref().map(|disk| count * disk.fragment_size());
    let mut queues = vec![Queue {
        name: "commands".to_owned(),
        length: figures.queued_jobs.cast_signed(),
        oldest_at: None,
        limit: format!("{} wait, then callers wait", trivet_replica::store::MAX_QUEUED_JOBS),
    }];
    queues.extend(waiting.into_iter().map(|waiting| Queue {
        name: format!("paper: {}", waiting.printer),
        length: waiting.waiting + waiting.held,
        oldest_at: waiting.oldest_ms.map(time::text),
        limit: "older than 30 minutes is held for a person".to_owned(),
    }));
    queues.push(Queue {
        name: "alerts to be sent".to_owned(),
        length: to_send.0,
        oldest_at: to_send.1.map(time::text),
        limit: "10,000 wait, then the oldest goes".to_owned(),
    });
    let replicas = certificates.iter().map(|certificate| Replica {
        letter: certificate.letter.clone(),
        kind: if certificate.kind == ReplicaKind::Box { "box" } else { "dashboard" }.to_owned(),
        entries: heads.iter().filter(|(_, h)| h.stream.origin == certificate.origin()).map(|(_, h)| h.seq).sum(),
        this: certificate.origin() == app.identity.origin(),
    });
    Ok(Json(BoxStatus {
        name: app.more.get::<Name>().map(|name| name.0.clone()).unwrap_or_default(),
        letter: app.identity.certificate.letter.clone(),
        version: app.version.to_owned(),
        started_at: time::text(app.started_ms),
        now: time::text(now),
        time_quality: format!("{:?}", app.wall.quality()).to_lowercase(),
        epoch: app.hub.epoch().to_owned(),
        arrival: app.hub.reached(),
        resident_bytes: trivet_modules::health::resident_bytes(),
        storage: Storage {
            database_bytes: size(""),
            wal_bytes: size("-wal"),
            disk_free_bytes: disk.as_ref().and_then(|disk| blocks(disk.blocks_available())),
            disk_total_bytes: disk.as_ref().and_then(|disk| blocks(disk.blocks())),
            commits: figures.commits,
        },
        devices: app.more.get::<Devices>().map(Devices::all).unwrap_or_default(),
        queues,
        sync: Sync {
            enrolled: sync.relay_url.is_some(),
            relay_url: sync.relay_url,
            connected: sync.connected,
            last_contact: sync.last_contact_ms.map(time::text),
            unsent: sync.unsent,
            error: sync.error,
            forked: sync.forked,
        },
        replicas: replicas.collect(),
    }))
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct EnrolmentCode {
    /// For one replica, within 15 minutes.
    code: String,
}

/// Makes a one-time code by which another box, or a dashboard, is enrolled. Only the box that has the tenant's root
/// can.
#[utoipa::path(post, path = "/api/v1/replicas/enrolment-codes", tag = "box",
    responses((status = 201, body = EnrolmentCode), (status = 403, body = Problem), (status = 409, body = Problem)))]
async fn new_code(
    State(app): State<App>,
    caller: Caller,
) -> Result<(axum::http::StatusCode, Json<EnrolmentCode>), Problem> {
    if !caller.may(Permission::ReplicasEnrol) {
        return Err(Problem::forbidden());
    }
    let conflict = |text: &str| Problem::new(axum::http::StatusCode::CONFLICT, text);
    if app.identity.root().is_none() {
        return Err(conflict("this box does not have the tenant's root key: make the code at the first box"));
    }
    if !app.sync.report().connected {
        return Err(conflict("the relay, which carries the request, is not connected"));
    }
    let code = app.sync.new_code(&app.identity.root_public_key, app.wall.now_ms());
    Ok((axum::http::StatusCode::CREATED, Json(EnrolmentCode { code })))
}
