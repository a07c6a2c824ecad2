//! What speaks and belongs to nobody yet: on the broker, on 1-Wire and as serial adapters; and what was passed over of
//! the inputs that there are. A list to adopt from; no request waits for a device.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use trivet_domain::Permission;
use trivet_drivers::probe::mqtt::Counts;
use trivet_drivers::probe::mqtt::discover::{Now, Seen};
use trivet_drivers::probe::{InputState, w1};
use trivet_modules::time;
use trivet_replica::module::{EMPTY, Read};
use trivet_replica::{App, Module, Problem};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::lines::{self, Lines};

pub(crate) const MODULE: Module = Module {
    name: "probes",
    routes: || OpenApiRouter::new().routes(routes!(discovered)),
    reads: &[Read { path: "/api/v1/haccp/discovered", permission: Permission::BoxRead }],
    ..EMPTY
};

/// Serial adapters that are listed.
const MOST_SERIAL: usize = 32;
/// Where udev names serial adapters by what they are, whichever socket they are in.
const SERIAL: &str = "/dev/serial/by-id";

/// What was heard on the broker, for whoever asks.
#[derive(Clone, Default)]
pub(crate) struct Board(Arc<Heard>);

#[derive(Default)]
struct Heard {
    seen: Mutex<Seen>,
    counts: Mutex<BTreeMap<String, Counts>>,
    lines: OnceLock<Lines>,
}

impl Board {
    pub(super) fn serve(&self, lines: Lines) {
        drop(self.0.lines.set(lines));
    }

    pub(super) fn lines(&self) -> Option<&Lines> {
        self.0.lines.get()
    }

    pub(crate) fn filters(&self) -> Vec<String> {
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner).filters()
    }

    pub(crate) fn hear(&self, topic: &str, payload: &[u8], now_ms: i64) {
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner).hear(topic, payload, now_ms);
    }

    pub(crate) fn count(&self, input: &str, counts: Counts) {
        let mut all = self.0.counts.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get_mut(input) {
            Some(known) => *known = counts,
            None => drop(all.insert(input.to_owned(), counts)),
        }
    }
}

/// A device that speaks.
#[derive(Serialize, ToSchema)]
#[schema(as = DiscoveredDevice)]
#[serde(rename_all = "camelCase")]
struct Device {
    /// What a probe's `input` is set to, to adopt it; or the name of the input that it is already.
    input: String,
    /// Whether it is an input of this box already.
    wired: bool,
    address: String,
    /// `temperature`, or `contact` for doors, contacts and switches.
    kind: &'static str,
    convention: String,
    name: String,
    milli_c: Option<i32>,
    /// Why there is no value.
    reason: Option<String>,
    /// `closed`, `open`, `on` or `off`.
    state: Option<&'static str>,
    battery_percent: Option<u8>,
    first_seen: Option<String>,
    last_seen: Option<String>,
    /// What is to be seen to before it is adopted.
    note: Option<&'static str>,
}

/// An input of this box, and what was passed over of it.
#[derive(Serialize, ToSchema)]
#[schema(as = WiredInput)]
#[serde(rename_all = "camelCase")]
struct Input {
    name: String,
    address: String,
    messages: u64,
    repeats: u64,
    out_of_order: u64,
    /// Numbers that the device left out and that have not come since.
    missing: u64,
    too_late: u64,
}

#[derive(Default, Serialize, ToSchema)]
#[schema(as = Discovered)]
#[serde(rename_all = "camelCase")]
struct List {
    devices: Vec<Device>,
    inputs: Vec<Input>,
    /// Serial adapters by their own names, for `modbus:PATH@BAUD,UNIT`.
    serial: Vec<String>,
}

/// Devices that speak, and the inputs of this box.
#[utoipa::path(get, path = "/api/v1/haccp/discovered", tag = "haccp", responses((status = 200, body = List)))]
async fn discovered(State(app): State<App>) -> Result<Json<List>, Problem> {
    let Some((board, lines)) = app.more.get::<Board>().and_then(|board| Some((board, board.lines()?))) else {
        return Ok(Json(List::default()));
    };
    let inputs = lines.inputs();
    let tag = lines::tag(&app);
    let adopt = |address: &str| {
        let wired = inputs.iter().find(|(_, known)| known.as_str() == address).map(|(input, _)| input.clone());
        (wired.is_some(), wired.unwrap_or_else(|| format!("{address};box={tag}")))
    };
    let seen = board.0.seen.lock().unwrap_or_else(PoisonError::into_inner).found();
    let mut devices: Vec<Device> = seen
        .into_iter()
        .map(|found| {
            let (wired, input) = adopt(&found.address);
            let (kind, value, state) = match found.now {
                Now::Temperature(value) => ("temperature", value, None),
                Now::State(state) => ("contact", None, state.and_then(word)),
            };
            Device {
                input,
                wired,
                address: found.address,
                kind,
                convention: found.convention,
                name: found.name,
                milli_c: value.and_then(Result::ok),
                reason: value.and_then(Result::err).map(|why| super::reasons::reason(why).name().to_owned()),
                state,
                battery_percent: found.battery_percent,
                first_seen: Some(time::text(found.first_ms)),
                last_seen: Some(time::text(found.last_ms)),
                note: found.note,
            }
        })
        .collect();
    let roots = lines.roots();
    let listed = tokio::task::spawn_blocking(move || {
        let sensors = roots.into_iter().flat_map(|root| {
            let found = w1::list(&root).unwrap_or_default();
            found.into_iter().map(move |id| (root.clone(), id))
        });
        (sensors.collect::<Vec<_>>(), serial())
    });
    let (sensors, serial) = listed.await.unwrap_or_default();
    devices.extend(sensors.into_iter().map(|(root, id)| {
        let usual = root == std::path::Path::new(w1::ROOT);
        let address = if usual { format!("w1:{id}") } else { format!("w1:{id}@{}", root.display()) };
        let (wired, input) = adopt(&address);
        Device {
            input,
            wired,
            address,
            kind: "temperature",
            convention: "w1".to_owned(),
            name: id,
            milli_c: None,
            reason: None,
            state: None,
            battery_percent: None,
            first_seen: None,
            last_seen: None,
            note: None,
        }
    }));
    let counts = board.0.counts.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let inputs = inputs.into_iter().map(|(name, address)| {
        let counts = counts.get(&name).copied().unwrap_or_default();
        Input {
            name,
            address,
            messages: counts.messages,
            repeats: counts.repeats,
            out_of_order: counts.out_of_order,
            missing: counts.missing,
            too_late: counts.too_late,
        }
    });
    Ok(Json(List { devices, inputs: inputs.collect(), serial }))
}

fn word(state: InputState) -> Option<&'static str> {
    match state {
        InputState::Closed => Some("closed"),
        InputState::Open => Some("open"),
        InputState::On => Some("on"),
        InputState::Off => Some("off"),
        InputState::Unknown(_) => None,
    }
}

fn serial() -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(SERIAL) else { return Vec::new() };
    let names = entries.filter_map(|entry| Some(entry.ok()?.path().to_string_lossy().into_owned()));
    let mut names: Vec<String> = names.take(MOST_SERIAL).collect();
    names.sort();
    names
}
