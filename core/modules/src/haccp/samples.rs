//! The latest sample of each probe of this box, between two minutes. Lost at a restart; the record is the log.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use trivet_domain::haccp::Doubt;
use trivet_domain::haccp::watch::Sample;
use trivet_log::Id;

#[derive(Clone, Copy, Debug)]
pub struct Latest {
    pub sample: Sample,
    pub doubt: Option<Doubt>,
    pub at_ms: i64,
    /// It is current for so long.
    pub fresh_ms: i64,
    pub battery_percent: Option<u8>,
}

#[derive(Clone, Default)]
pub struct Samples(Arc<RwLock<HashMap<Id, Latest>>>);

impl Samples {
    pub fn put(&self, probe: Id, latest: Latest) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(probe, latest);
    }

    pub fn of(&self, probe: Id) -> Option<Latest> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&probe).copied()
    }
}
