//! Counter scales: an actor each, and what it weighs now. No request waits for a scale.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use trivet_domain::{Permission, Quantity};
use trivet_drivers::scale::{Scale, ScaleError, Weighing};
use trivet_modules::checks::Weights;
use trivet_replica::module::{EMPTY, Read};
use trivet_replica::{App, Module, Problem};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::config;
use crate::devices::Devices;

pub(crate) const MODULE: Module = Module {
    name: "scales",
    routes: || OpenApiRouter::new().routes(routes!(list)),
    reads: &[Read { path: "/api/v1/scales", permission: Permission::OrdersRead }],
    ..EMPTY
};

const ASK_EVERY: Duration = Duration::from_millis(300);
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(2);
/// An older weight is no weight: something else may lie on the pan by now.
const FRESH_FOR: Duration = Duration::from_secs(1);
/// So many equal answers in a row, each called stable by the scale.
const ALIKE: u32 = 2;

#[derive(Clone, Default)]
pub(crate) struct Scales(Arc<Mutex<BTreeMap<String, Reading>>>);

#[derive(Clone)]
struct Reading {
    at: Instant,
    /// Grams, and how often in a row.
    stable: Option<(i64, u32)>,
    words: String,
}

impl Scales {
    /// For orders: the weight on the pan now, in thousandths of a kilogram; or why there is none.
    pub(crate) fn weights(&self) -> Weights {
        let scales = self.clone();
        Weights(Arc::new(move |name| scales.weight(name)))
    }

    fn weight(&self, name: &str) -> Result<Quantity, String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let reading = known.get(name).ok_or_else(|| format!("there is no scale `{name}`"))?;
        if reading.at.elapsed() > FRESH_FOR {
            return Err(format!("the scale `{name}` does not answer"));
        }
        match reading.stable {
            Some((grams, alike)) if alike >= ALIKE && grams > 0 => Ok(Quantity(grams)),
            Some((grams, _)) if grams <= 0 => Err(format!("nothing lies on the scale `{name}`")),
            Some(_) => Err(format!("the scale `{name}` is not at rest")),
            None => Err(format!("the scale `{name}`: {}", reading.words)),
        }
    }

    fn note(&self, name: &str, weighed: &Result<Weighing, ScaleError>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = known.get(name).and_then(|reading| reading.stable);
        let (stable, words) = match weighed {
            Ok(Weighing::Stable(grams)) => {
                let alike = before.filter(|(last, _)| last == grams).map_or(1, |(_, alike)| alike.saturating_add(1));
                (Some((*grams, alike)), String::new())
            }
            Ok(Weighing::Moving) => (None, "not at rest".to_owned()),
            Ok(Weighing::Over) => (None, "too heavy".to_owned()),
            Ok(Weighing::Under) => (None, "below zero: set it to zero".to_owned()),
            Err(error) => (None, error.to_string()),
        };
        known.insert(name.to_owned(), Reading { at: Instant::now(), stable, words });
    }
}

pub(crate) fn start(app: &App, devices: &Devices, scales: &Scales, configured: &[config::Scale]) {
    for scale in configured {
        scales.note(&scale.name, &Err(ScaleError::Silent));
        devices.add("scale", &scale.name, &format!("serial:{}@{}", scale.path.display(), scale.baud));
        tokio::spawn(run(app.clone(), devices.clone(), scales.clone(), scale.clone()));
    }
}

async fn run(app: App, devices: Devices, scales: Scales, configured: config::Scale) {
    let name = configured.name.as_str();
    let path = configured.path.to_string_lossy().into_owned();
    loop {
        match Scale::open(&path, configured.baud, configured.protocol) {
            Ok(mut scale) => loop {
                let weighed = scale.weigh().await;
                scales.note(name, &weighed);
                match &weighed {
                    Ok(_) => devices.set(name, "up", "", app.wall.now_ms()),
                    Err(error) => devices.set(name, "attention", &error.to_string(), app.wall.now_ms()),
                };
                if matches!(weighed, Err(ScaleError::Link(_))) {
                    break;
                }
                tokio::time::sleep(ASK_EVERY).await;
            },
            Err(error) => {
                devices.set(name, "down", &error.to_string(), app.wall.now_ms());
            }
        }
        tokio::time::sleep(TRY_AGAIN_AFTER).await;
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ScaleView {
    name: String,
    /// On the pan and at rest; null if not.
    grams: Option<i64>,
    /// Why there is no weight.
    detail: String,
}

#[derive(Serialize, ToSchema)]
struct ScaleList {
    scales: Vec<ScaleView>,
}

/// The scales of this box, with what lies on them now.
#[utoipa::path(get, path = "/api/v1/scales", tag = "printing", responses((status = 200, body = ScaleList)))]
async fn list(State(app): State<App>) -> Result<Json<ScaleList>, Problem> {
    let scales = app.more.get::<Scales>().cloned().unwrap_or_default();
    let names: Vec<String> = scales.0.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect();
    let view = |name: String| match scales.weight(&name) {
        Ok(weight) => ScaleView { name, grams: Some(weight.0), detail: String::new() },
        Err(detail) => ScaleView { name, grams: None, detail },
    };
    Ok(Json(ScaleList { scales: names.into_iter().map(view).collect() }))
}
