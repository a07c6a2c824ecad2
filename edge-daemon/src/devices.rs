//! How each device of the box is, as last seen: for the status page and health. A state that nobody reported is
//! unknown.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use serde::Serialize;
use utoipa::ToSchema;

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Device)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Device {
    pub(crate) name: String,
    /// `printer`, `probe_bus` or `mqtt`.
    pub(crate) kind: String,
    pub(crate) address: String,
    /// `up`, `down`, `busy`, `attention` or `unknown`.
    pub(crate) state: String,
    pub(crate) detail: String,
    pub(crate) last_heard: Option<String>,
    #[serde(skip)]
    heard_ms: Option<i64>,
}

#[derive(Clone, Default)]
pub(crate) struct Devices(Arc<RwLock<BTreeMap<String, Device>>>);

impl Devices {
    pub(crate) fn add(&self, kind: &str, name: &str, address: &str) {
        let device = Device {
            name: name.to_owned(),
            kind: kind.to_owned(),
            address: address.to_owned(),
            state: "unknown".to_owned(),
            detail: String::new(),
            last_heard: None,
            heard_ms: None,
        };
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), device);
    }

    /// True if the state is another than before.
    pub(crate) fn set(&self, name: &str, state: &str, detail: &str, now_ms: i64) -> bool {
        let mut devices = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let Some(device) = devices.get_mut(name) else { return false };
        if state == "up" || state == "attention" {
            device.heard_ms = Some(now_ms);
        }
        // Each sample comes by here.
        let changed = device.state != state || device.detail != detail;
        if changed {
            (device.state, device.detail) = (state.to_owned(), detail.to_owned());
            tracing::info!(device = name, state, detail, "device");
        }
        changed
    }

    pub(crate) fn all(&self) -> Vec<Device> {
        let shown =
            |device: &Device| Device { last_heard: device.heard_ms.map(trivet_modules::time::text), ..device.clone() };
        self.0.read().unwrap_or_else(PoisonError::into_inner).values().map(shown).collect()
    }
}
